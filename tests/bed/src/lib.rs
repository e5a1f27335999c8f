//! The whole test bed in one piece: control plane, chart, Ganeti clusters and the operator.
