//! One contract suite of RAPI behaviour, run against the real Ganeti and the simulator.
