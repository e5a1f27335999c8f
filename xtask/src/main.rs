//! The project's one menu.
fn main() {}
