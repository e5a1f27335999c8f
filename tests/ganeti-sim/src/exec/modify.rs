//! To come.

use super::Begun;
use crate::opcode::{Op, OpError};
use crate::state::State;

pub(super) fn begin(_state: &mut State, op: &Op, _m: &mut Vec<String>) -> Result<Begun, OpError> {
    Err(OpError::exec(format!("{} is not simulated", op.spec.id)))
}
