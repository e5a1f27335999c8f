//! The life of a Network: what it takes before machines can be in it, and in which order that goes back.

use cyclades_crds::condition::Reason;

use super::Flaw;
use crate::ipam::MacPrefix;

/// Machines that a network in use names in its message.
const NAMED: usize = 5;

/// What is observed of a Network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// The object is being deleted.
    pub deleting: bool,
    /// The object is paused: nothing is done to it.
    pub paused: bool,
    /// Our finalizer is on the object.
    pub finalizer: bool,
    /// What its MACs begin with, as its status tells.
    pub told: Option<MacPrefix>,
    /// The same as a LinkPool says, which is the truth.
    pub held: Option<MacPrefix>,
    /// Another network has in a LinkPool what the status tells.
    pub lost: bool,
    /// A LinkPool has a prefix that is free.
    pub room: bool,
    /// Machines that name it, in order.
    pub users: Vec<String>,
    /// Backends whose cluster still has it.
    pub clusters: Vec<String>,
    /// Its IPBlocks.
    pub blocks: usize,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Write the finalizer: nothing is taken for an object that may go unnoticed.
    Guard,
    /// Take the lowest free prefix of a LinkPool or, where the status tells one that no pool says it has, that one.
    Take {
        /// The one that the status tells.
        told: Option<MacPrefix>,
    },
    /// It is ready, with this prefix.
    Ready {
        /// What its MACs begin with.
        prefix: MacPrefix,
    },
    /// It waits for what the message names.
    Wait(Flaw),
    /// Only a person can go on.
    Stall(Flaw),
    /// Delete its IPBlocks.
    DropBlocks,
    /// Give its prefix back.
    Return,
    /// Take the finalizer off.
    Release,
    /// It is gone, or goes by itself.
    Gone,
}

/// What is to be done next about a Network.
#[must_use]
pub fn plan(observed: &Observed) -> Decision {
    if observed.paused {
        return Decision::Wait(Flaw {
            reason: Reason::Paused,
            message: "Nothing is done to it while it carries the annotation cyclades.io/paused.".to_owned(),
        });
    }
    if observed.deleting {
        return leave(observed);
    }
    if !observed.finalizer {
        return Decision::Guard;
    }
    match (observed.held, observed.told) {
        // What the pool says outranks what was told: machines that have MACs of another prefix are not moved, but none is
        // ever given one of two.
        (Some(prefix), told) if told.is_none_or(|told| told == prefix) => Decision::Ready { prefix },
        (None, Some(told)) if !observed.lost => Decision::Take { told: Some(told) },
        (None, None) if observed.room => Decision::Take { told: None },
        (None, None) => Decision::Wait(Flaw {
            reason: Reason::LinkPoolExhausted,
            message: "No LinkPool has a MAC prefix that is free: make one, or raise the count of one; the network goes on then."
                .to_owned(),
        }),
        (held, told) => Decision::Stall(two_prefixes(held, told)),
    }
}

fn two_prefixes(held: Option<MacPrefix>, told: Option<MacPrefix>) -> Flaw {
    let shown = |prefix: Option<MacPrefix>| prefix.map_or_else(|| "none".to_owned(), |it| it.to_string());
    Flaw {
        reason: Reason::LinkPoolConflict,
        message: format!(
            "Its MACs begin with {}, and the LinkPools say {} for it: somebody has changed a status, or it was restored from an earlier time. Make the value in the LinkPool's status.taken the network's again, or delete this Network.",
            shown(told),
            shown(held)
        ),
    }
}

/// What is to be done next about a Network that is being deleted: machines go first, then what clusters have of it, then who
/// had which address, and the prefix last, so that no other network has it while a frame of this one may be under way.
fn leave(observed: &Observed) -> Decision {
    if !observed.finalizer {
        return Decision::Gone;
    }
    if !observed.users.is_empty() {
        let named = observed.users.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = match observed.users.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        return Decision::Wait(Flaw {
            reason: Reason::NetworkInUse,
            message: format!(
                "Machines have NICs in it: {named}{more}. It goes when they are deleted, or name it no more."
            ),
        });
    }
    if !observed.clusters.is_empty() {
        return Decision::Wait(Flaw {
            reason: Reason::Deleting,
            message: format!("It is being removed from {}.", observed.clusters.join(", ")),
        });
    }
    match (observed.blocks, observed.held) {
        (1.., _) => Decision::DropBlocks,
        (0, Some(_)) => Decision::Return,
        (0, None) => Decision::Release,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(last: u32) -> MacPrefix {
        MacPrefix::of(0xaa000 + last).unwrap()
    }

    /// Does as decided; false where there is nothing to do.
    fn play(observed: &mut Observed) -> bool {
        match plan(observed) {
            Decision::Guard => observed.finalizer = true,
            Decision::Take { told } => observed.held = Some(told.unwrap_or(prefix(1))),
            Decision::Ready { prefix } if observed.told != Some(prefix) => observed.told = Some(prefix),
            Decision::DropBlocks => observed.blocks = 0,
            Decision::Return => observed.held = None,
            Decision::Release => observed.finalizer = false,
            Decision::Ready { .. } | Decision::Wait(_) | Decision::Stall(_) | Decision::Gone => return false,
        }
        true
    }

    fn settled(mut observed: Observed) -> Observed {
        let mut steps = 0;
        while play(&mut observed) {
            steps += 1;
            assert!(steps < 10, "{observed:?}");
        }
        observed
    }

    fn waits(observed: &Observed) -> Flaw {
        match plan(observed) {
            Decision::Wait(flaw) | Decision::Stall(flaw) => flaw,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn it_gets_a_prefix_and_gives_all_back() {
        let mut observed = settled(Observed { room: true, ..Observed::default() });
        assert_eq!(plan(&observed), Decision::Ready { prefix: prefix(1) });
        assert!(observed.finalizer);
        observed.blocks = 3;
        let gone = settled(Observed { deleting: true, ..observed });
        assert_eq!((plan(&gone), gone.held, gone.blocks), (Decision::Gone, None, 0));
    }

    #[test]
    fn it_says_for_whom_it_waits() {
        let mut observed = settled(Observed { room: true, ..Observed::default() });
        observed.deleting = true;
        observed.clusters = vec!["athens".to_owned()];
        observed.users = (0..7).map(|number| format!("web-{number}")).collect();
        let flaw = waits(&observed);
        assert_eq!(flaw.reason, Reason::NetworkInUse);
        assert!(flaw.message.contains("web-0, web-1, web-2, web-3, web-4 and 2 more."), "{}", flaw.message);
        observed.users.clear();
        assert!(waits(&observed).message.contains("removed from athens"));
    }

    #[test]
    fn it_waits_for_a_pool_and_goes_without_ever_having_had_one() {
        let waiting = settled(Observed::default());
        assert_eq!(waits(&waiting).reason, Reason::LinkPoolExhausted);
        assert_eq!(plan(&settled(Observed { deleting: true, ..waiting })), Decision::Gone);
    }

    #[test]
    fn a_pool_that_forgot_is_reminded_and_one_that_disagrees_is_told() {
        let told = Observed { finalizer: true, told: Some(prefix(7)), room: true, ..Observed::default() };
        assert_eq!(plan(&told), Decision::Take { told: Some(prefix(7)) });
        assert_eq!(settled(told.clone()).held, Some(prefix(7)));
        let lost = Observed { lost: true, ..told.clone() };
        assert_eq!(waits(&lost).reason, Reason::LinkPoolConflict);
        let other = Observed { held: Some(prefix(8)), ..told };
        let message = waits(&other).message;
        assert!(message.contains("begin with aa:00:7") && message.contains("say aa:00:8"), "{message}");
    }

    #[test]
    fn nothing_is_done_to_one_that_is_paused() {
        for deleting in [false, true] {
            let paused = Observed { paused: true, deleting, finalizer: true, ..Observed::default() };
            assert_eq!(waits(&paused).reason, Reason::Paused);
        }
    }
}
