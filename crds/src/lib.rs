//! Custom resources of Cyclades: spec, status, conditions, CEL rules, printer columns, every string name.
