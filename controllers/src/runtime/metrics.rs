//! Metrics, in Prometheus' text format. Where controller-runtime has a metric of the same meaning, its name is used.

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

/// A kind and what became of something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByKind {
    controller: &'static str,
    result: &'static str,
}

/// A controller.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByController {
    controller: &'static str,
}

/// A write to the API server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByWrite {
    resource: &'static str,
    what: &'static str,
    outcome: &'static str,
}

/// A call to a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByCall {
    backend: String,
    call: &'static str,
    outcome: &'static str,
}

/// A job of ours that ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByJob {
    backend: String,
    step: &'static str,
    outcome: &'static str,
}

/// A backend.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByBackend {
    backend: String,
}

/// An outcome.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

/// All metrics. Cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    passes: Family<ByKind, Counter>,
    pass_seconds: Family<ByController, Histogram>,
    queue_depth: Gauge,
    writes: Family<ByWrite, Counter>,
    calls: Family<ByCall, Counter>,
    call_seconds: Family<ByBackend, Histogram>,
    jobs: Family<ByJob, Counter>,
    jobs_in_flight: Family<ByBackend, Gauge>,
    jobs_queued: Family<ByBackend, Gauge>,
    polls: Family<ByBackend, Counter>,
    undeclared: Family<ByBackend, Gauge>,
    orphans: Family<ByBackend, Gauge>,
    machines: Gauge,
    verified: Gauge,
    unparsed: Counter,
    events: Family<ByOutcome, Counter>,
    renewals: Family<ByOutcome, Counter>,
    held: Gauge,
    leader: Gauge,
    replicas: Gauge,
}

/// Buckets from 1 ms to about 65 s.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 4.0, 9))
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut inner = Inner {
            registry: Registry::default(),
            passes: Family::default(),
            pass_seconds: Family::new_with_constructor(seconds),
            queue_depth: Gauge::default(),
            writes: Family::default(),
            calls: Family::default(),
            call_seconds: Family::new_with_constructor(seconds),
            jobs: Family::default(),
            jobs_in_flight: Family::default(),
            jobs_queued: Family::default(),
            polls: Family::default(),
            undeclared: Family::default(),
            orphans: Family::default(),
            machines: Gauge::default(),
            verified: Gauge::default(),
            unparsed: Counter::default(),
            events: Family::default(),
            renewals: Family::default(),
            held: Gauge::default(),
            leader: Gauge::default(),
            replicas: Gauge::default(),
        };
        inner.register();
        Self(Arc::new(inner))
    }

    /// A pass has ended.
    pub(crate) fn pass(&self, controller: &'static str, result: &'static str, took: Duration) {
        self.0.passes.get_or_create(&ByKind { controller, result }).inc();
        self.0.pass_seconds.get_or_create(&ByController { controller }).observe(took.as_secs_f64());
    }

    /// A write to the API server has been answered.
    pub(crate) fn write(&self, resource: &'static str, what: &'static str, outcome: &'static str) {
        self.0.writes.get_or_create(&ByWrite { resource, what, outcome }).inc();
    }

    /// A call to a cluster has been answered, or not.
    pub(crate) fn rapi(&self, backend: &str, call: &'static str, outcome: &'static str, took: Duration) {
        self.0.calls.get_or_create(&ByCall { backend: backend.into(), call, outcome }).inc();
        self.0.call_seconds.get_or_create(&ByBackend { backend: backend.into() }).observe(took.as_secs_f64());
    }

    /// A job of ours has ended.
    pub(crate) fn job(&self, backend: &str, step: &'static str, outcome: &'static str) {
        self.0.jobs.get_or_create(&ByJob { backend: backend.into(), step, outcome }).inc();
    }

    /// A cluster's configuration has been read.
    pub(crate) fn polled(&self, backend: &str) {
        self.0.polls.get_or_create(&ByBackend { backend: backend.into() }).inc();
    }

    /// An object did not parse.
    pub(crate) fn unparsed(&self) {
        self.0.unparsed.inc();
    }

    /// An event was written, or not.
    pub(crate) fn event(&self, outcome: &'static str) {
        self.0.events.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// The Lease was renewed, or not.
    pub(crate) fn renewal(&self, outcome: &'static str) {
        self.0.renewals.get_or_create(&ByOutcome { outcome }).inc();
    }

    /// Sets the gauges of the replica, just before they are shown.
    pub(crate) fn replica(&self, held: usize, leads: bool, live: usize) {
        self.0.held.set(i64::try_from(held).unwrap_or(i64::MAX));
        self.0.leader.set(i64::from(leads));
        self.0.replicas.set(i64::try_from(live).unwrap_or(i64::MAX));
    }

    /// Sets the gauges of the world, just before they are shown.
    pub(crate) fn world(&self, queue_depth: usize, machines: usize, verified: usize) {
        let gauge = |gauge: &Gauge, value: usize| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        gauge(&self.0.queue_depth, queue_depth);
        gauge(&self.0.machines, machines);
        gauge(&self.0.verified, verified);
    }

    /// Sets the gauges of a backend, just before they are shown.
    pub(crate) fn backend(&self, backend: &str, in_flight: usize, queued: usize, undeclared: (u32, u32)) {
        let label = ByBackend { backend: backend.into() };
        let set = |family: &Family<ByBackend, Gauge>, value: usize| {
            family.get_or_create(&label).set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        set(&self.0.jobs_in_flight, in_flight);
        set(&self.0.jobs_queued, queued);
        let (undeclared, orphans) = undeclared;
        set(&self.0.undeclared, undeclared as usize);
        set(&self.0.orphans, orphans as usize);
    }

    /// Everything, as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.0.registry);
        text
    }
}

impl Inner {
    fn register(&mut self) {
        let Self { registry, .. } = self;
        registry.register(
            "controller_runtime_reconcile",
            "Passes by controller and result",
            self.passes.clone(),
        );
        registry.register(
            "controller_runtime_reconcile_time_seconds",
            "Duration of passes",
            self.pass_seconds.clone(),
        );
        registry.register("workqueue_depth", "Keys that wait for a pass", self.queue_depth.clone());
        registry.register("cyclades_api_writes", "Writes to the API server", self.writes.clone());
        registry.register("cyclades_rapi_requests", "Requests to Ganeti", self.calls.clone());
        registry.register(
            "cyclades_rapi_request_seconds",
            "Duration of requests to Ganeti",
            self.call_seconds.clone(),
        );
        registry.register("cyclades_jobs", "Jobs of ours that ended", self.jobs.clone());
        registry.register("cyclades_jobs_in_flight", "Unfinished jobs of ours", self.jobs_in_flight.clone());
        registry.register(
            "cyclades_jobs_queued",
            "Machines that wait for a job slot",
            self.jobs_queued.clone(),
        );
        registry.register(
            "cyclades_inventory_polls",
            "Readings of a cluster's configuration",
            self.polls.clone(),
        );
        registry.register(
            "cyclades_undeclared_instances",
            "Instances that somebody else made",
            self.undeclared.clone(),
        );
        registry.register(
            "cyclades_orphaned_instances",
            "Instances of ours whose VirtualMachine does not exist",
            self.orphans.clone(),
        );
        registry.register("cyclades_machines", "VirtualMachines", self.machines.clone());
        registry.register(
            "cyclades_machines_verified",
            "VirtualMachines whose last pass found all as declared",
            self.verified.clone(),
        );
        registry.register("cyclades_unparsed_objects", "Objects that did not parse", self.unparsed.clone());
        registry.register("cyclades_events", "Events by outcome", self.events.clone());
        self.register_replica();
    }

    fn register_replica(&mut self) {
        let Self { registry, .. } = self;
        registry.register("cyclades_lease_renewals", "Renewals of the Lease", self.renewals.clone());
        registry.register("cyclades_backends_held", "Backends that this replica works on", self.held.clone());
        registry.register(
            "cyclades_leader",
            "Whether this replica decides what concerns no single backend",
            self.leader.clone(),
        );
        registry.register(
            "cyclades_replicas_live",
            "Replicas whose Leases hold, as this one sees it",
            self.replicas.clone(),
        );
    }
}
