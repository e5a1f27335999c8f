//! What was asked of RAPI.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many requests of each kind were answered or cut since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// All requests.
    pub total: u64,
    /// Requests that submit a job or change a filter: PUT, POST and DELETE, but for queries.
    pub changes: u64,
    /// `/2/query/instance`.
    pub instance_queries: u64,
    /// `/2/query/job`.
    pub job_queries: u64,
    /// `/2/query/…` of anything else.
    pub other_queries: u64,
    /// `GET /2/instances`, plain or bulk.
    pub instance_lists: u64,
    /// `GET /2/instances/NAME`.
    pub instance_reads: u64,
    /// `GET /2/jobs…`.
    pub job_reads: u64,
    /// `GET /2/info`.
    pub infos: u64,
    /// `POST /2/instances`.
    pub creates: u64,
    /// Answers with 401 or 403.
    pub denied: u64,
}

macro_rules! counters {
    ($($field:ident),*) => {
        /// The same, while it is counted.
        #[derive(Debug, Default)]
        pub(crate) struct Counters { $(pub $field: AtomicU64,)* }

        impl Counters {
            pub fn read(&self) -> Counts {
                Counts { $($field: self.$field.load(Ordering::Relaxed),)* }
            }
        }
    };
}

counters!(
    total,
    changes,
    instance_queries,
    job_queries,
    other_queries,
    instance_lists,
    instance_reads,
    job_reads,
    infos,
    creates,
    denied
);

impl Counters {
    pub fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request by its method and path.
    pub fn request(&self, method: &str, path: &str) {
        Self::add(&self.total);
        let query = path.strip_prefix("/2/query/");
        if matches!(method, "PUT" | "POST" | "DELETE") && query.is_none() {
            Self::add(&self.changes);
        }
        let counter = match (method, query, path) {
            (_, Some("instance"), _) => &self.instance_queries,
            (_, Some("job"), _) => &self.job_queries,
            (_, Some(_), _) => &self.other_queries,
            ("GET", _, "/2/instances") => &self.instance_lists,
            ("POST", _, "/2/instances") => &self.creates,
            ("GET", _, "/2/info") => &self.infos,
            ("GET", _, path) if path.starts_with("/2/jobs") => &self.job_reads,
            ("GET", _, path) if is_instance(path) => &self.instance_reads,
            _ => return,
        };
        Self::add(counter);
    }
}

fn is_instance(path: &str) -> bool {
    path.strip_prefix("/2/instances/").is_some_and(|name| !name.contains('/'))
}
