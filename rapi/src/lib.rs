//! A typed client of the Ganeti Remote API (RAPI).
