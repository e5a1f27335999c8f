//! How a backend stands, and what it tells people.

use std::sync::Arc;

use cyclades_crds::condition::{ConditionType, Reason};

use crate::conditions::{Standing, Verdict, kstatus};

/// Health of a backend, as its actor last found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// Its inventory is being read for the first time since the operator started.
    Synchronising,
    /// All is well.
    Ready,
    /// Marked offline by an administrator.
    Offline,
    /// Paused by annotation.
    Paused,
    /// Its cluster is gone for good, says an annotation.
    Forgotten,
    /// Something is wrong; the reason says what, the message the cause and the cure.
    Impaired {
        /// Which kind of trouble.
        reason: Reason,
        /// Cause and cure.
        message: Arc<str>,
    },
}

impl Health {
    /// Trouble with its cause and cure.
    #[must_use]
    pub fn impaired(reason: Reason, message: impl Into<Arc<str>>) -> Self {
        Self::Impaired { reason, message: message.into() }
    }

    /// Whether machines on the backend are worked on.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self == Self::Ready
    }

    /// The reason that the backend's conditions carry.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self {
            Self::Synchronising => Reason::Synchronising,
            Self::Ready => Reason::Ready,
            Self::Offline => Reason::BackendOffline,
            Self::Paused => Reason::Paused,
            Self::Forgotten => Reason::BackendForgotten,
            Self::Impaired { reason, .. } => *reason,
        }
    }

    /// Cause and cure, for people.
    #[must_use]
    pub fn message(&self) -> Arc<str> {
        match self {
            Self::Synchronising => "The inventory is being read.".into(),
            Self::Ready => "The cluster answers and its machines are managed.".into(),
            Self::Offline => {
                "spec.offline is true: no request is sent to the cluster. Set it to false to go on.".into()
            }
            Self::Paused => "The annotation cyclades.io/paused is set: remove it to go on.".into(),
            Self::Forgotten => {
                "The annotation cyclades.io/forget says that the cluster is gone for good: no request is sent to it, and its machines may be deleted.".into()
            }
            Self::Impaired { message, .. } => Arc::clone(message),
        }
    }

    /// Whether RAPI answers us: `None` where it is not known.
    fn reachable(&self) -> Option<bool> {
        match self {
            Self::Ready | Self::Synchronising => Some(true),
            Self::Offline | Self::Paused | Self::Forgotten => None,
            Self::Impaired { reason, .. } => Some(!matches!(
                reason,
                Reason::Unreachable
                    | Reason::UntrustedPeer
                    | Reason::CredentialsRefused
                    | Reason::CredentialsMissing
                    | Reason::RapiFailing
                    | Reason::InvalidSpec
            )),
        }
    }

    /// Whether only a person can change it. Everything that heals by a look at the cluster is looked at again.
    fn standing(&self) -> Standing {
        match self {
            Self::Ready => Standing::Ready,
            Self::Synchronising => Standing::Reconciling,
            Self::Offline | Self::Paused | Self::Forgotten => Standing::Settled,
            Self::Impaired { reason, .. } => match reason {
                Reason::ClusterChanged
                | Reason::ClusterBoundElsewhere
                | Reason::ClaimedByAnother
                | Reason::InvalidSpec => Standing::Stalled,
                _ => Standing::Reconciling,
            },
        }
    }

    /// The backend's conditions.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdict> {
        let message = self.message();
        let mut verdicts = kstatus(self.standing(), self.reason(), &message).to_vec();
        let (reason, text) = match self.reachable() {
            Some(true) => (Reason::RapiAnswers, "RAPI answers, its peer is verified.".into()),
            _ => (self.reason(), message),
        };
        verdicts.push(Verdict {
            kind: ConditionType::Reachable,
            status: self.reachable(),
            reason,
            message: text,
        });
        verdicts
    }
}
