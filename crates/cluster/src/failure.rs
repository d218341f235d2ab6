//! Why the objects of a kind cannot be read now, and what would mend it.

use kube::Error;

use crate::access::with_causes;
use crate::kind::Kind;

/// A failed list or watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The server does not let us (403); what it said.
    Forbidden(String),
    /// It does not know us (401).
    Unknown(String),
    /// What it was asked to go on from is too long ago (410): everything has to be read again.
    Expired,
    /// It does not understand the request (400, 422): perhaps one that is too new for it.
    NotUnderstood(String),
    /// Any other refusal.
    Refused(String),
    /// It cannot be reached, or breaks off.
    Away(String),
    /// It says nothing for too long.
    Silent,
    /// What it says makes no sense.
    Garbled(String),
}

impl Failure {
    /// Whether it is the server that is not there for us, and not this kind alone.
    pub fn is_of_server(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Unknown(_) | Self::Silent | Self::Refused(_))
    }

    /// As a sentence with its mend.
    pub fn told(&self, kind: &Kind) -> String {
        self.told_of(kind.resource, kind.group)
    }

    /// As a sentence with its mend, of a resource in a group.
    pub fn told_of(&self, resource: &str, group: &str) -> String {
        let group = if group.is_empty() { "\"\"" } else { group };
        match self {
            Self::Forbidden(said) => format!(
                "not allowed to read {resource}: {said}; mend: a ClusterRole with verbs [list, watch] on resources \
                 [{resource}] of apiGroups [{group}], bound to who asks"
            ),
            Self::Unknown(said) => {
                format!("the API server does not know us: {said}; mend the token or certificate")
            }
            Self::Expired => format!("{resource} have to be listed again"),
            Self::NotUnderstood(said) => {
                format!("the API server does not understand how we ask for {resource}: {said}")
            }
            Self::Refused(said) => format!("the API server refuses to tell of {resource}: {said}"),
            Self::Away(why) => format!("the API server is away: {why}"),
            Self::Silent => format!("the API server says nothing about {resource} for too long"),
            Self::Garbled(why) => format!("what the API server says about {resource} makes no sense: {why}"),
        }
    }

    /// By the code of an answer and what it says.
    pub fn of_code(code: u64, said: String) -> Self {
        match code {
            400 | 422 => Self::NotUnderstood(said),
            401 => Self::Unknown(said),
            403 => Self::Forbidden(said),
            410 => Self::Expired,
            _ => Self::Refused(said),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Api(status) => Self::of_code(u64::from(status.code), status.message.clone()),
            Error::Auth(error) => Self::Unknown(with_causes(error)),
            Error::FromUtf8(_) | Error::SerdeError(_) => Self::Garbled(with_causes(&error)),
            _ => Self::Away(away(&error)),
        }
    }
}

/// Without the words that only say which layer of the client was at work.
fn away(error: &Error) -> String {
    let told = with_causes(error);
    ["ServiceError: ", "HyperError: "]
        .iter()
        .find_map(|layer| told.strip_prefix(layer))
        .unwrap_or(&told)
        .to_owned()
}
