//! Whose an id is, where several machines name the same one.

use std::cmp::Reverse;

/// How good a machine's right to an id is: of two that name the same, the greater one has it, after every restart alike.
///
/// Whose instance exists comes first, then who was placed, then who is older; only the operator writes the first, only it and
/// administrators the second.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank<Time, Name> {
    /// An instance of it exists, by its status.
    pub made: bool,
    /// It is placed.
    pub placed: bool,
    /// Our finalizer is on it.
    pub guarded: bool,
    /// When it was created: the earlier, the better.
    pub created: Reverse<Time>,
    /// What it is called: the earlier in the alphabet, the better.
    pub name: Reverse<Name>,
}

/// What is said to a machine that does not have the id it names. `rival` has it; `None` where that is in another namespace,
/// since what other namespaces have is not told.
#[must_use]
pub fn outranked(rival: Option<&str>) -> String {
    let who = match rival {
        Some(name) => format!("VirtualMachine {name}"),
        None => "A VirtualMachine of another namespace".to_owned(),
    };
    format!("{who} has the same spec.id: delete this one and create it with another id.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_instance_exists_has_the_id_whoever_is_older() {
        let rank = |made, placed, created| Rank {
            made,
            placed,
            guarded: false,
            created: Reverse(created),
            name: Reverse("web"),
        };
        assert!(rank(true, true, 9) > rank(false, true, 1));
        assert!(rank(false, true, 9) > rank(false, false, 1));
        assert!(rank(false, false, 1) > rank(false, false, 9), "the older one");
    }
}
