//! Real Ganeti clusters on one machine, each in namespaces of its own.
