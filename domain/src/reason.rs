//! The reasons that jobs carry, by which they are found again, and fences against those that come late.

use std::fmt;

use cyclades_crds::names;
use uuid::Uuid;

use crate::term::Term;

/// Steps that are jobs in Ganeti.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobStep {
    /// `OP_INSTANCE_CREATE`
    Create,
    /// `OP_INSTANCE_STARTUP`
    Start,
    /// `OP_INSTANCE_SHUTDOWN`
    Stop,
    /// `OP_INSTANCE_REMOVE`
    Remove,
    /// `OP_INSTANCE_REBOOT`, soft
    RebootSoft,
    /// `OP_INSTANCE_REBOOT`, hard
    RebootHard,
    /// `OP_INSTANCE_SET_PARAMS`: virtual CPUs, memory and hypervisor parameters
    Modify,
    /// `OP_INSTANCE_GROW_DISK`: the root disk
    Grow,
    /// `OP_INSTANCE_SET_PARAMS`: disks of its own that it lacks
    AddDisk,
    /// `OP_INSTANCE_GROW_DISK`: a disk of its own
    GrowDisk,
    /// `OP_TAGS_DEL`: the instance is nobody's from then on
    Detach,
    /// `OP_TAGS_SET`: the instance is the machine's from then on
    Adopt,
    /// `OP_TAGS_SET`: words of its owner
    Tag,
    /// `OP_TAGS_DEL`: words that its owner has taken back
    Untag,
    /// `OP_INSTANCE_SET_PARAMS`: the OS that is going to be installed, and its parameters
    SetOs,
    /// `OP_INSTANCE_REINSTALL`. RAPI takes no reason for it: its job is known by what it does to whom
    Reinstall,
    /// `OP_INSTANCE_SET_PARAMS`: what the machine boots from
    SetBoot,
}

impl JobStep {
    /// Every step.
    pub const ALL: [Self; 17] = [
        Self::Create,
        Self::Start,
        Self::Stop,
        Self::Remove,
        Self::RebootSoft,
        Self::RebootHard,
        Self::Modify,
        Self::Grow,
        Self::AddDisk,
        Self::GrowDisk,
        Self::Detach,
        Self::Adopt,
        Self::Tag,
        Self::Untag,
        Self::SetOs,
        Self::Reinstall,
        Self::SetBoot,
    ];

    /// The step's word in a job's reason, in metrics and in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Remove => "remove",
            Self::RebootSoft => "reboot-soft",
            Self::RebootHard => "reboot-hard",
            Self::Modify => "modify",
            Self::Grow => "grow",
            Self::AddDisk => "add-disk",
            Self::GrowDisk => "grow-disk",
            Self::Detach => "detach",
            Self::Adopt => "adopt",
            Self::Tag => "tag",
            Self::Untag => "untag",
            Self::SetOs => "set-os",
            Self::Reinstall => "reinstall",
            Self::SetBoot => "set-boot",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == text)
    }
}

/// The reason a job carries. It is deterministic: after a lost answer or a crash the job is found by it, with
/// nothing stored. Terms are in order as texts, so that a job filter can fence former holders off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobReason<'a> {
    /// Installation.
    pub cluster_id: &'a str,
    /// Term of the holder that submitted it.
    pub term: Term,
    /// The machine.
    pub id: Uuid,
    /// Generation of the machine's spec.
    pub generation: i64,
    /// What the job does.
    pub step: JobStep,
}

impl<'a> JobReason<'a> {
    /// Reads a reason; `None` where it is not one of ours.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('/');
        if parts.next()? != names::REASON_ROOT {
            return None;
        }
        let reason = Self {
            cluster_id: parts.next()?,
            term: Term::parse(parts.next()?)?,
            id: Uuid::try_parse(parts.next()?).ok()?,
            generation: parts.next()?.parse().ok()?,
            step: JobStep::parse(parts.next()?)?,
        };
        parts.next().is_none().then_some(reason)
    }
}

impl fmt::Display for JobReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cluster_id, term, id, generation, step } = self;
        write!(
            f,
            "{}/{cluster_id}/{term}/{}/{generation}/{}",
            names::REASON_ROOT,
            id.hyphenated(),
            step.as_str()
        )
    }
}

/// The reasons of all terms of an installation before one: a range in the order of strings, as Ganeti's job filters know
/// equality and order of reasons and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence<'a> {
    /// Installation.
    pub cluster_id: &'a str,
    /// The first term that passes.
    pub term: Term,
}

impl Fence<'_> {
    /// The first reason of the range.
    #[must_use]
    pub fn from(&self) -> String {
        format!("{}/{}/", names::REASON_ROOT, self.cluster_id)
    }

    /// Where the range ends: the first reason that passes is at or after it.
    #[must_use]
    pub fn below(&self) -> String {
        format!("{}{}/", self.from(), self.term)
    }

    /// The term of a range that begins and ends like this, if it is a fence of this installation.
    #[must_use]
    pub fn term_of(cluster_id: &str, from: &str, below: &str) -> Option<Term> {
        let begin = Fence { cluster_id, term: Term::default() }.from();
        let term = below.strip_prefix(&begin).filter(|_| from == begin)?;
        Term::parse(term.strip_suffix('/')?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::tests::term;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_fence_holds_off_exactly_the_former_terms_of_its_installation(
            cluster_id in "[a-z0-9-]{1,12}", other in "[a-z0-9-]{1,12}", term in term(), fence in term(),
        ) {
            let of = |cluster_id: &str| {
                JobReason { cluster_id, term, id: Uuid::nil(), generation: 1, step: JobStep::Stop }.to_string()
            };
            let fence = Fence { cluster_id: &cluster_id, term: fence };
            let held_off = |reason: String| reason >= fence.from() && reason < fence.below();
            prop_assert_eq!(held_off(of(&cluster_id)), term < fence.term);
            prop_assert!(other == cluster_id || !held_off(of(&other)));
            prop_assert_eq!(Fence::term_of(&cluster_id, &fence.from(), &fence.below()), Some(fence.term));
            prop_assert!(other == cluster_id || Fence::term_of(&other, &fence.from(), &fence.below()).is_none());
        }

        #[test]
        fn a_reason_reads_back(cluster in "[a-z0-9-]{1,40}", term in term(), id in any::<u128>(), generation in 1i64..) {
            let reason = JobReason { cluster_id: &cluster, term, id: Uuid::from_u128(id), generation, step: JobStep::Stop };
            let text = reason.to_string();
            prop_assert_eq!(JobReason::parse(&text), Some(reason));
        }
    }
}
