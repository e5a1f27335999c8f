//! Pure decisions of Cyclades: plan, placement, naming, status mapping.
