//! How fast things go on a stage.

use std::time::Duration;

/// How long an operator that gets no answer waits for it: a write to Kubernetes.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// The same for RAPI: the client's longest timeout, that of a submission.
pub(crate) const RAPI_TIMEOUT: Duration = Duration::from_secs(60);

/// The operator tries a pass that failed again after 1 to 5 s.
pub(crate) const TRIED_AGAIN_WITHIN: Duration = Duration::from_secs(6);

/// How fast things go on a stage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Seconds between the operator's readings of jobs, configuration and status, and of the cluster.
    pub polling: [u32; 4],
    /// How long a scenario waits for anything: longer than the longest backoff.
    pub within: Duration,
    /// How often it looks.
    pub look_every: Duration,
    /// How long everything must have been still to be at rest: longer than the longest interval between polls.
    pub rest: Duration,
    /// How often that is looked at.
    pub rest_look_every: Duration,
    /// How long a stage may take to come to rest.
    pub rest_within: Duration,
    /// How long the second life of the operator is watched, in which it must change nothing.
    pub second_look: Duration,
    /// How long the operator is away after it was killed, in ms: by turns so that what it left under way is still so, or
    /// over.
    pub away_ms: [u64; 4],
    /// How long jobs take, as a multiple of what was measured on a real cluster.
    pub job_scale: f64,
    /// Between looks at what must hold, beside those after each call.
    pub check_every: Option<Duration>,
    /// How long what the operator has read may be on its way to a status.
    pub told_within: Duration,
}

impl Pace {
    /// By a simulated clock, where waiting costs nothing: the intervals of a large installation.
    pub const SIMULATED: Self = Self {
        polling: [8, 30, 30, 30],
        within: Duration::from_secs(1200),
        look_every: Duration::from_millis(200),
        rest: Duration::from_secs(35),
        rest_look_every: Duration::from_secs(1),
        rest_within: Duration::from_secs(900),
        second_look: Duration::from_secs(20),
        away_ms: [10, 400, 1500, 4000],
        job_scale: 1.0,
        check_every: None,
        told_within: Duration::from_secs(3),
    };

    /// On a real API server, by the clock on the wall, where waiting costs time.
    pub const API_SERVER: Self = Self {
        polling: [1, 1, 1, 5],
        within: Duration::from_secs(150),
        look_every: Duration::from_millis(50),
        rest: Duration::from_millis(2500),
        rest_look_every: Duration::from_millis(70),
        rest_within: Duration::from_secs(100),
        second_look: Duration::from_millis(2500),
        away_ms: [10, 100, 300, 1000],
        job_scale: 0.3,
        check_every: Some(Duration::from_millis(250)),
        told_within: Duration::from_secs(3),
    };

    /// On a real Ganeti, by the clock on the wall: a job is half a second of work for a processor, and a look costs it some,
    /// too.
    pub const GANETI: Self = Self {
        rest: Duration::from_secs(3),
        rest_look_every: Duration::from_millis(500),
        second_look: Duration::from_secs(3),
        away_ms: [10, 400, 1000, 2000],
        look_every: Duration::from_millis(250),
        check_every: Some(Duration::from_millis(400)),
        told_within: Duration::from_secs(10),
        ..Self::API_SERVER
    };

    /// How long what others did in Ganeti may be unknown to the operator. That a guest died is believed after two
    /// readings of its status, up to 1.1 intervals apart (they are jittered), and is written a moment later. Each time that
    /// the operator is killed or gets no answer in between (`interruptions`), it begins anew: it comes back after some
    /// seconds, reads, and reads again after an interval. `unanswered`: what it waited for answers that never came.
    pub fn unseen_for(self, interruptions: u32, unanswered: Duration) -> Duration {
        let interval = Duration::from_secs(u64::from(self.polling[2])) * 11 / 10;
        let anew = interval + Duration::from_secs(12);
        2 * interval + self.told_within + anew * interruptions + unanswered
    }
}
