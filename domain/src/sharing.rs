//! Who does what among several operators: rendezvous hashing, and when a backend is taken, kept or given away.

/// What stands for the decisions that concern no single backend: where new machines go, the catalog's statuses.
pub const LEADER: &str = "cyclades.io/leader";

/// The replica that something falls to: each replica and thing have a number, the highest wins. A replica that comes
/// takes only what falls to it, one that goes leaves only what it had; all who see the same replicas agree.
pub fn winner<'a>(thing: &str, replicas: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    replicas.into_iter().max_by_key(|replica| (weight(thing, replica), *replica))
}

/// The same in every version and on every machine, or replicas of two versions would disagree: FNV-1a over both names,
/// mixed by SplitMix64's last step, as names that differ only at their end would else have numbers close to each other.
fn weight(thing: &str, replica: &str) -> u64 {
    let bytes = thing.bytes().chain([0]).chain(replica.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mixed = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A backend as a live replica sees it that might hold it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// This replica.
    pub me: &'a str,
    /// Who the backend falls to.
    pub winner: &'a str,
    /// Who holds it, by its status.
    pub holder: Option<&'a str>,
    /// Whether that one lives.
    pub holder_lives: bool,
    /// The epoch of its status; 0 where it never had one.
    pub epoch: u64,
    /// The epoch that this process holds it under.
    pub held: Option<u64>,
    /// Whether this process has held it before: what it began then may still be under way.
    pub was_held: bool,
}

/// What a replica does about holding a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tenure {
    /// It holds it, and goes on.
    Keep,
    /// It takes it, under the next epoch.
    Take,
    /// A former life of this replica held it: it goes on under the same epoch, and nothing has to be written.
    Resume,
    /// It lets go of it and says so: it falls to somebody else who waits for that.
    Yield,
    /// Somebody else has taken it: it lets go of it.
    Lost,
    /// It is somebody else's.
    Leave,
}

/// Decides about holding a backend. Only the status counts, whatever this process thinks that it holds.
#[must_use]
pub fn tenure(view: View<'_>) -> Tenure {
    let mine = view.holder == Some(view.me);
    let falls_to_me = view.winner == view.me;
    match view.held {
        Some(epoch) if !mine || epoch != view.epoch => Tenure::Lost,
        Some(_) if falls_to_me => Tenure::Keep,
        Some(_) => Tenure::Yield,
        // A former life of this replica held it.
        None if mine && !falls_to_me => Tenure::Yield,
        None if mine && !view.was_held => Tenure::Resume,
        None if falls_to_me && (mine || !view.holder_lives) => Tenure::Take,
        None => Tenure::Leave,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::btree_set, prelude::*};

    use super::*;

    fn names(prefix: &str, count: usize) -> Vec<String> {
        (0..count).map(|n| format!("{prefix}-{n}")).collect()
    }

    fn shares(things: &[String], replicas: &[String]) -> BTreeMap<String, String> {
        let of = |thing: &String| winner(thing, replicas.iter().map(String::as_str)).unwrap_or("").to_owned();
        things.iter().map(|thing| (thing.clone(), of(thing))).collect()
    }

    proptest! {
        #[test]
        fn only_what_falls_to_a_newcomer_moves(replicas in btree_set("[a-z0-9-]{1,20}", 1..6), newcomer in "[A-Z]{1,9}") {
            let things = names("ganeti", 200);
            let mut replicas: Vec<String> = replicas.into_iter().collect();
            let before = shares(&things, &replicas);
            replicas.push(newcomer.clone());
            for (thing, now) in shares(&things, &replicas) {
                prop_assert!(now == newcomer || now == before[&thing], "{} went from {} to {}", thing, before[&thing], now);
            }
        }

        #[test]
        fn the_order_in_which_replicas_are_seen_does_not_matter(mut replicas in proptest::collection::vec("[a-z]{1,9}", 1..6), thing in ".*") {
            let first = winner(&thing, replicas.iter().map(String::as_str)).map(str::to_owned);
            replicas.reverse();
            prop_assert_eq!(first.as_deref(), winner(&thing, replicas.iter().map(String::as_str)));
        }

        /// Any two replicas that see the same never both hold, and one of those that live does in the end.
        #[test]
        fn one_of_those_who_live_holds_it(
            holder in 0usize..4, epoch in 0u64..9, winner_is in 0usize..3, held in proptest::collection::vec(any::<bool>(), 3), was_held in proptest::collection::vec(any::<bool>(), 3),
        ) {
            let all = ["a", "b", "c"];
            let mut status = (all.get(holder).copied(), epoch);
            let mut held: Vec<Option<u64>> = held.iter().map(|held| held.then_some(epoch)).collect();
            for _ in 0..3 {
                for (at, me) in all.into_iter().enumerate() {
                    let view = View {
                        me, winner: all[winner_is], holder: status.0, holder_lives: status.0.is_some(), epoch: status.1, held: held[at], was_held: was_held[at],
                    };
                    match tenure(view) {
                        Tenure::Take => { status = (Some(me), status.1 + 1); held[at] = Some(status.1); }
                        Tenure::Resume => held[at] = Some(status.1),
                        Tenure::Yield => { status.0 = None; held[at] = None; }
                        Tenure::Lost => held[at] = None,
                        Tenure::Keep | Tenure::Leave => {}
                    }
                }
            }
            prop_assert_eq!(status.0, Some(all[winner_is]));
            let holding: Vec<_> = (0..3).filter(|at| held[*at] == Some(status.1)).collect();
            prop_assert_eq!(holding, vec![winner_is]);
        }
    }

    #[test]
    fn shares_are_even() {
        let things = names("ganeti", 3000);
        for count in 2..6 {
            let mut by_replica = BTreeMap::<String, usize>::new();
            for replica in shares(&things, &names("cyclades-operator-5d9c8b7f6", count)).into_values() {
                *by_replica.entry(replica).or_default() += 1;
            }
            let fair = things.len() / count;
            assert_eq!(by_replica.len(), count);
            assert!(by_replica.values().all(|has| has.abs_diff(fair) < fair / 5), "{by_replica:?}");
        }
    }

    #[test]
    fn nothing_falls_to_nobody_and_numbers_stay_as_they_are() {
        assert_eq!(winner("ganeti-1", []), None);
        // Replicas of two versions must agree.
        assert_eq!(weight("ganeti-1", "a"), 0xbf30_c7a6_28db_6458);
    }

    #[test]
    fn who_lives_and_holds_is_waited_for_and_who_is_gone_is_not() {
        let view = View {
            me: "a",
            winner: "a",
            holder: Some("b"),
            holder_lives: true,
            epoch: 7,
            held: None,
            was_held: false,
        };
        assert_eq!(tenure(view), Tenure::Leave);
        assert_eq!(tenure(View { holder_lives: false, ..view }), Tenure::Take);
        assert_eq!(tenure(View { held: Some(7), ..view }), Tenure::Lost);
        let restarted = View { holder: Some("a"), ..view };
        assert_eq!(tenure(restarted), Tenure::Resume, "a former life of this replica had it");
        let lapsed = View { was_held: true, ..restarted };
        assert_eq!(tenure(lapsed), Tenure::Take, "what this life had under way must be fenced off");
        assert_eq!(tenure(View { held: Some(6), ..restarted }), Tenure::Lost, "under an epoch that is over");
    }
}
