//! The Cyclades operator: custom resources reconciled against Ganeti clusters.
