//! What Ganeti's `status` of an instance means.

use cyclades_crds::virtual_machine::{ObservedPower, PowerState};

/// Power of an instance as Ganeti reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Power {
    /// It runs.
    Running,
    /// It is shut down, and Ganeti means it to be, or its guest did it.
    Stopped,
    /// Ganeti means it to run, and it does not.
    Crashed,
    /// Its node does not answer.
    Unknown,
}

impl Power {
    /// Maps the `status` field of Ganeti's instance queries (`InstanceStatus` in its constants). An unknown word is
    /// `Unknown`: nothing is done on it.
    #[must_use]
    pub fn from_ganeti(status: &str) -> Self {
        match status {
            "running" | "ERROR_up" | "ERROR_wrongnode" => Self::Running,
            "ADMIN_down" | "ADMIN_offline" | "USER_down" => Self::Stopped,
            "ERROR_down" => Self::Crashed,
            _ => Self::Unknown,
        }
    }

    /// Whether one sample is enough to believe it. Ganeti reports errors for a moment while it migrates, starts or
    /// loses a node's answer, so those need a second look.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Running | Self::Stopped)
    }

    /// The power as the machine's status shows it.
    #[must_use]
    pub fn observed(self) -> ObservedPower {
        match self {
            Self::Running => ObservedPower::Running,
            Self::Stopped => ObservedPower::Stopped,
            Self::Crashed => ObservedPower::Crashed,
            Self::Unknown => ObservedPower::Unknown,
        }
    }

    /// Whether it is what a spec asks for.
    #[must_use]
    pub fn is(self, wanted: PowerState) -> bool {
        matches!((self, wanted), (Self::Running, PowerState::Running) | (Self::Stopped, PowerState::Stopped))
    }
}

#[cfg(test)]
mod tests {
    use super::Power;

    #[test]
    fn every_word_of_ganeti_is_mapped() {
        let words = [
            ("running", Power::Running),
            ("ADMIN_down", Power::Stopped),
            ("ADMIN_offline", Power::Stopped),
            ("USER_down", Power::Stopped),
            ("ERROR_down", Power::Crashed),
            ("ERROR_up", Power::Running),
            ("ERROR_wrongnode", Power::Running),
            ("ERROR_nodedown", Power::Unknown),
            ("ERROR_nodeoffline", Power::Unknown),
            ("a word of a later version", Power::Unknown),
        ];
        for (word, power) in words {
            assert_eq!(Power::from_ganeti(word), power, "{word}");
        }
    }
}
