//! End-to-end tests: kubectl, a real API server, the operator, Ganeti.
