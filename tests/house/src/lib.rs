//! Checks of the house: direction of dependencies, generated files, lints a compiler has not.
