//! A simulated Ganeti cluster behind a real RAPI socket: thousands of instances, calibrated latencies, switchable faults.
