//! To come.

use super::Begun;
use crate::opcode::{Op, OpError};
use crate::state::State;

pub(super) fn add(_state: &mut State, op: &Op, _m: &mut Vec<String>) -> Result<Begun, OpError> {
    Err(OpError::exec(format!("{} is not simulated", op.spec.id)))
}

pub(super) fn remove(_state: &mut State, op: &Op, _m: &mut Vec<String>) -> Result<Begun, OpError> {
    Err(OpError::exec(format!("{} is not simulated", op.spec.id)))
}

pub(super) fn set_params(_state: &mut State, op: &Op, _m: &mut Vec<String>) -> Result<Begun, OpError> {
    Err(OpError::exec(format!("{} is not simulated", op.spec.id)))
}

pub(super) fn connect(_state: &mut State, op: &Op, _m: &mut Vec<String>) -> Result<Begun, OpError> {
    Err(OpError::exec(format!("{} is not simulated", op.spec.id)))
}

pub(super) fn disconnect(_state: &mut State, op: &Op, _m: &mut Vec<String>) -> Result<Begun, OpError> {
    Err(OpError::exec(format!("{} is not simulated", op.spec.id)))
}
