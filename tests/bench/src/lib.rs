//! Benchmarks of the operator with the bed's raw ceiling beside each figure.
