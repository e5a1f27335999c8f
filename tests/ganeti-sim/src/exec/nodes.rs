//! To come.

use super::Begun;
use crate::opcode::{Op, OpError};
use crate::state::State;

pub(super) fn set_params(_state: &mut State, op: &Op) -> Result<Begun, OpError> {
    Err(OpError::exec(format!("{} is not simulated", op.spec.id)))
}
