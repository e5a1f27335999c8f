//! Cancelling jobs.

use super::Status;
use crate::state::State;

impl State {
    /// Cancels a job if it has not begun its work; whether, and Ganeti's words about it.
    pub fn cancel(&mut self, id: u64) -> (bool, String) {
        let Some(job) = self.queue.get(id) else {
            return (false, not_queued(id));
        };
        let priority = job.priority();
        match job.status {
            Status::Queued => {
                self.queue.enqueued.remove(&(priority, id));
                self.queue.held.remove(&id);
                self.cancel_queued(id);
                (true, format!("Dequeued job {id}"))
            }
            Status::Waiting => {
                self.cancel_waiting(id);
                (true, "Job successfully cancelled".to_owned())
            }
            Status::Running => (false, "Job no longer waiting, can't cancel (informed it anyway)".to_owned()),
            Status::Canceled | Status::Success | Status::Error => (false, not_queued(id)),
        }
    }

    fn cancel_waiting(&mut self, id: u64) {
        let now = self.now();
        let Some(active) = self.queue.active.get(&id) else { return };
        let from = active.index;
        if let Some(job) = self.queue.get_mut(id) {
            job.end_remaining(from, Status::Canceled, "\"Job canceled by request\"", now);
        }
        self.end_job(id, Status::Canceled);
    }
}

fn not_queued(id: u64) -> String {
    format!("Job {id} not found in queue")
}
