//! Steps of scenarios, as they are written.

use std::time::Duration;

use cyclades_crds::names::{TAG_CLAIM, TAG_CLUSTER, TAG_ID};

/// Fields with their values.
pub type Fields = Vec<(String, String)>;

/// What somebody does or waits for. Its text is what a scenario's file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `apply KIND NAME [FIELD=VALUE …]`: a manifest of a `vm`, `flavor` or `network` is applied, with these fields of the
    /// spec, which of a network is its Subnet's.
    Apply {
        /// The kind.
        kind: Kind,
        /// Name of the object.
        name: String,
        /// Fields of its spec.
        fields: Fields,
    },
    /// `set KIND NAME FIELD=VALUE …`: these fields of the spec of a `vm` or `backend` are changed.
    Set {
        /// The kind.
        kind: Kind,
        /// Name of the object.
        name: String,
        /// Fields of its spec.
        fields: Fields,
    },
    /// `annotate KIND NAME KEY=VALUE`: an annotation of ours is set, or taken off where VALUE is empty.
    Annotate {
        /// The kind.
        kind: Kind,
        /// Name of the object.
        name: String,
        /// Key, without `cyclades.io/`.
        key: String,
        /// Value; empty to take it off.
        value: String,
    },
    /// `delete KIND NAME`
    Delete {
        /// The kind.
        kind: Kind,
        /// Name of the object.
        name: String,
    },
    /// `password wrong`, `password right`: that of the first backend's Secret.
    Password {
        /// Whether it is the right one.
        right: bool,
    },
    /// `until KIND NAME [gone] [Ready] [reason=REASON] [FIELD=VALUE …]`: the object says so. Fields are those of its
    /// status; `Placed=False` or `InSync=REASON` are conditions.
    Until {
        /// The kind.
        kind: Kind,
        /// Name of the object.
        name: String,
        /// What must be said of it.
        wanted: Vec<Wanted>,
    },
    /// `until job OPCODE STATUS`: a job has got so far, or farther.
    UntilJob {
        /// Opcode without `OP_`.
        opcode: String,
        /// `queued`, `running` or `ended`.
        status: String,
    },
    /// `until instances N`: there are so many instances.
    UntilInstances(usize),
    /// `until tag TEXT`: an instance has this tag.
    UntilTag(String),
    /// `wait Ns`: seconds pass.
    Wait(Duration),
    /// `no more jobs`: from now on, no job on an instance may be submitted.
    NoMoreJobs,
    /// `operator dies`: it is killed, and started again. Of several: the one that holds the first backend.
    OperatorDies,
    /// `operator freezes`: the one that holds the first backend gets no processor any more.
    OperatorFreezes,
    /// `operator thaws`: it goes on where it was.
    OperatorThaws,
    /// `operator hands over`: the one that holds the first backend is told to end, and started again.
    OperatorHandsOver,
    /// `kubernetes loses everything`: a new, empty Kubernetes cluster, and the operator in it.
    Lost,
    /// `catalog again [taking over]`: everything but the machines is applied anew; `taking over`: with `takeOverFrom`.
    Catalog {
        /// With the former incarnation in `spec.takeOverFrom`.
        taking_over: bool,
    },
    /// Something is done to a Ganeti cluster, or befalls it.
    Ganeti {
        /// What.
        deed: Deed,
        /// To the cluster of this backend, where no machine names one; the first by default.
        backend: usize,
        /// To the instance of this machine.
        vm: Option<String>,
    },
}

/// Kinds that steps are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// VirtualMachine.
    Vm,
    /// Flavor.
    Flavor,
    /// GanetiBackend.
    Backend,
    /// Network, applied with its Subnet and a LinkPool.
    Network,
    /// IPBlock: the operator's own, which no step is about.
    Block,
}

/// What is done to a Ganeti cluster, or befalls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// `ganeti shutdown VM`: an administrator's job.
    Shutdown,
    /// `ganeti startup VM`
    Startup,
    /// `ganeti remove VM`
    Remove,
    /// `ganeti gives VM MEMORY`: another size of memory, in MiB.
    Modify(u64),
    /// `guest dies VM`: its process ends, and Ganeti means it to run.
    Dies,
    /// `guest off VM`: the guest shuts itself down.
    PowersOff,
    /// `ganeti adds NAME [memory=MIB] [of=nobody|another]`: an instance that nobody declared, or of another installation.
    Add {
        /// Its name.
        name: String,
        /// Its memory, MiB.
        memory_mib: u64,
        /// Its tags.
        tags: Vec<String>,
    },
    /// `ganeti claimed by another`: the cluster carries the claim of another incarnation of the installation.
    ClaimedBy(String),
    /// `queue drained`, `queue open`
    Drain(bool),
    /// `backend down [NAME]`: RAPI takes no connections.
    Down,
    /// `backend hangs [NAME]`: RAPI takes connections, and answers nothing.
    Hangs,
    /// `backend up [NAME]`: RAPI is well again.
    Up,
    /// `ganeti cancels OPCODE once`: an administrator cancels the next such job while it is queued.
    Cancels(String),
    /// `ganeti kills OPCODE before|after`: the process of the next such job dies before its work, or after it.
    Dead {
        /// Opcode without `OP_`.
        opcode: String,
        /// After its work.
        after_effect: bool,
    },
    /// `ganeti fails OPCODE once|always [start]`: such jobs fail, creations after half of their work: in the script of
    /// the OS, or with `start` when the guest is started.
    Fails {
        /// Opcode without `OP_`.
        opcode: String,
        /// Ganeti's words.
        words: String,
        /// Only the next one.
        once: bool,
    },
    /// `ganeti works`: nothing fails any more.
    Works,
}

impl Deed {
    /// Whether it can be done to a real Ganeti: its jobs fail, die and are cancelled only when they do, and a guest of the
    /// fake hypervisor cannot shut itself down.
    pub(crate) fn can_be_done_to_a_real_one(&self) -> bool {
        match self {
            Self::Shutdown
            | Self::Startup
            | Self::Remove
            | Self::Modify(_)
            | Self::Dies
            | Self::Add { .. }
            | Self::ClaimedBy(_)
            | Self::Down
            | Self::Hangs
            | Self::Up => true,
            Self::PowersOff
            | Self::Drain(_)
            | Self::Cancels(_)
            | Self::Dead { .. }
            | Self::Fails { .. }
            | Self::Works => false,
        }
    }
}

/// What must be said of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// It is gone.
    Gone,
    /// It is ready, and that is said of its present generation.
    Ready,
    /// A condition has this status or reason.
    Condition(String, String),
    /// A field of the status has this value.
    Field(String, String),
}

/// Incarnation of an installation that lives somewhere else.
pub(crate) const ANOTHER_LIFE: &str = "0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a";

impl Step {
    /// Reads a step; `None` where the line is none.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Some(match words[..] {
            ["apply", kind @ ("vm" | "flavor" | "network"), name, ref rest @ ..] => {
                Self::Apply { kind: Kind::parse(kind)?, name: name.into(), fields: fields(rest)? }
            }
            ["set", kind, name, ref rest @ ..] => {
                Self::Set { kind: Kind::parse(kind)?, name: name.into(), fields: fields(rest)? }
            }
            ["annotate", kind, name, pair] => {
                let (key, value) = pair.split_once('=')?;
                let (key, value) = (key.to_owned(), value.to_owned());
                Self::Annotate { kind: Kind::parse(kind)?, name: name.into(), key, value }
            }
            ["delete", kind, name] => Self::Delete { kind: Kind::parse(kind)?, name: name.into() },
            ["password", which @ ("wrong" | "right")] => Self::Password { right: which == "right" },
            ["until", "job", opcode, status @ ("queued" | "running" | "ended")] => {
                Self::UntilJob { opcode: opcode.into(), status: status.into() }
            }
            ["until", "instances", count] => Self::UntilInstances(count.parse().ok()?),
            ["until", "tag", tag] => Self::UntilTag(tag.into()),
            ["until", kind, name, ref rest @ ..] if !rest.is_empty() => Self::Until {
                kind: Kind::parse(kind)?,
                name: name.into(),
                wanted: rest.iter().map(|word| wanted(word)).collect::<Option<_>>()?,
            },
            ["wait", time] => Self::Wait(Duration::from_secs(time.strip_suffix('s')?.parse().ok()?)),
            ["no", "more", "jobs"] => Self::NoMoreJobs,
            ["operator", "dies"] => Self::OperatorDies,
            ["operator", "freezes"] => Self::OperatorFreezes,
            ["operator", "thaws"] => Self::OperatorThaws,
            ["operator", "hands", "over"] => Self::OperatorHandsOver,
            ["kubernetes", "loses", "everything"] => Self::Lost,
            ["catalog", "again"] => Self::Catalog { taking_over: false },
            ["catalog", "again", "taking", "over"] => Self::Catalog { taking_over: true },
            _ => return of_ganeti(&words),
        })
    }
}

fn of_ganeti(words: &[&str]) -> Option<Step> {
    let on_vm = |deed, vm: &str| Some(Step::Ganeti { deed, backend: 0, vm: Some(vm.to_owned()) });
    let on = |deed, backend| Some(Step::Ganeti { deed, backend, vm: None });
    match *words {
        ["ganeti", "shutdown", vm] => on_vm(Deed::Shutdown, vm),
        ["ganeti", "startup", vm] => on_vm(Deed::Startup, vm),
        ["ganeti", "remove", vm] => on_vm(Deed::Remove, vm),
        ["ganeti", "gives", vm, memory] => on_vm(Deed::Modify(memory.parse().ok()?), vm),
        ["guest", "dies", vm] => on_vm(Deed::Dies, vm),
        ["guest", "off", vm] => on_vm(Deed::PowersOff, vm),
        ["ganeti", "adds", name, ref rest @ ..] => on(add(name, &fields(rest)?)?, 0),
        ["ganeti", "claimed", "by", "another"] => {
            on(Deed::ClaimedBy(format!("{TAG_CLAIM}cyclades-:chaos:{ANOTHER_LIFE}")), 0)
        }
        ["queue", "drained"] => on(Deed::Drain(true), 0),
        ["queue", "open"] => on(Deed::Drain(false), 0),
        ["backend", how, ref name @ ..] => {
            let number = match *name {
                [] => 0,
                [name] => name.strip_prefix("ganeti-")?.parse::<usize>().ok()?.checked_sub(1)?,
                _ => return None,
            };
            on(
                match how {
                    "down" => Deed::Down,
                    "hangs" => Deed::Hangs,
                    "up" => Deed::Up,
                    _ => return None,
                },
                number,
            )
        }
        ["ganeti", "cancels", opcode, "once"] => on(Deed::Cancels(opcode.into()), 0),
        ["ganeti", "kills", opcode, moment @ ("before" | "after")] => {
            on(Deed::Dead { opcode: opcode.into(), after_effect: moment == "after" }, 0)
        }
        ["ganeti", "fails", opcode, times @ ("once" | "always")] => {
            let words = "Could not add os for instance: OS create script failed (exited with exit code 1)";
            on(Deed::Fails { opcode: opcode.into(), words: words.into(), once: times == "once" }, 0)
        }
        ["ganeti", "fails", opcode, times @ ("once" | "always"), "start"] => {
            let words = "Could not start instance: Hypervisor error: the guest ended at once";
            on(Deed::Fails { opcode: opcode.into(), words: words.into(), once: times == "once" }, 0)
        }
        ["ganeti", "works"] => on(Deed::Works, 0),
        _ => None,
    }
}

fn add(name: &str, fields: &Fields) -> Option<Deed> {
    let (mut memory_mib, mut tags) = (128, Vec::new());
    for (field, value) in fields {
        match (field.as_str(), value.as_str()) {
            ("memory", text) => memory_mib = text.parse().ok()?,
            ("of", "nobody") => {}
            ("of", "another") => {
                tags = vec![format!("{TAG_ID}{ANOTHER_LIFE}"), format!("{TAG_CLUSTER}elsewhere")];
            }
            _ => return None,
        }
    }
    Some(Deed::Add { name: name.to_owned(), memory_mib, tags })
}

impl Kind {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "vm" => Self::Vm,
            "flavor" => Self::Flavor,
            "backend" => Self::Backend,
            "network" => Self::Network,
            _ => return None,
        })
    }

    /// As in URLs.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Vm => "virtualmachines",
            Self::Flavor => "flavors",
            Self::Backend => "ganetibackends",
            Self::Network => "networks",
            Self::Block => "ipblocks",
        }
    }
}

fn fields(words: &[&str]) -> Option<Fields> {
    let pair = |word: &&str| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    words.iter().map(pair).collect()
}

fn wanted(word: &str) -> Option<Wanted> {
    Some(match (word, word.split_once('=')) {
        ("gone", _) => Wanted::Gone,
        ("Ready", _) => Wanted::Ready,
        (_, Some(("reason", reason))) => Wanted::Condition("Ready".to_owned(), reason.to_owned()),
        (_, Some((kind @ ("Ready" | "Placed" | "InSync" | "Stalled" | "Reachable"), value))) => {
            Wanted::Condition(kind.to_owned(), value.to_owned())
        }
        (_, Some((field, value))) => Wanted::Field(field.to_owned(), value.to_owned()),
        _ => return None,
    })
}
