//! Names and tags in Ganeti.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use cyclades_crds::names;
use uuid::Uuid;

/// Name of the instance that is created for a machine: the backend's prefix and the machine's id.
#[must_use]
pub fn instance_name(prefix: &str, id: Uuid) -> String {
    format!("{prefix}{}", id.hyphenated())
}

/// Tags of the instance of a machine. Those that could grow past Ganeti's 128 characters are cut: they are for
/// people, the id alone is matched on.
#[must_use]
pub fn instance_tags(cluster_id: &str, namespace: &str, name: &str, id: Uuid) -> Vec<String> {
    let cut = |tag: String| tag.chars().take(names::TAG_LENGTH_MAX).collect::<String>();
    vec![
        format!("{}{}", names::TAG_ID, id.hyphenated()),
        cut(format!("{}{namespace}", names::TAG_NAMESPACE)),
        cut(format!("{}{name}", names::TAG_NAME)),
        format!("{}{cluster_id}", names::TAG_CLUSTER),
    ]
}

/// The tag of Ganeti that stands for a word of a machine's owner, in Synnefo's encoding: UTF-8, percent-encoded but for
/// letters, digits and `.`, `-`, `:`, blanks as `+`; then `/` for the percent sign and `*` for the underscore.
#[must_use]
pub fn user_tag(word: &str) -> String {
    let mut tag = names::TAG_USER.to_owned();
    for byte in word.bytes() {
        match byte {
            b' ' => tag.push('+'),
            b'_' => tag.push('*'),
            b'.' | b'-' | b':' => tag.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => tag.push(char::from(byte)),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(tag, "/{byte:02X}");
            }
        }
    }
    tag
}

/// An image as a machine's status tells it: its name, or namespace and name where it is not in the machine's own.
#[must_use]
pub fn image_label<'a>(own_namespace: &str, namespace: &str, name: &'a str) -> Cow<'a, str> {
    if namespace == own_namespace { name.into() } else { format!("{namespace}/{name}").into() }
}

/// Namespace and name of the image that a label says.
#[must_use]
pub fn image_of<'a>(own_namespace: &'a str, label: &'a str) -> (&'a str, &'a str) {
    label.split_once('/').unwrap_or((own_namespace, label))
}

/// The word of a machine's owner that a tag of Ganeti stands for: what [`user_tag`] made it of. `None` where it is none.
#[must_use]
pub fn user_word(tag: &str) -> Option<String> {
    let text = tag.strip_prefix(names::TAG_USER)?.as_bytes();
    let (mut word, mut at) = (Vec::with_capacity(text.len()), 0);
    while let Some(byte) = text.get(at) {
        at += 1;
        word.push(match byte {
            b'+' => b' ',
            b'*' => b'_',
            b'/' => {
                let digits = std::str::from_utf8(text.get(at..at + 2)?).ok()?;
                at += 2;
                u8::from_str_radix(digits, 16).ok()?
            }
            other => *other,
        });
    }
    String::from_utf8(word).ok().filter(|word| !word.is_empty())
}

/// Whose instance it is, read from its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A machine of this installation.
    Ours(Uuid),
    /// A machine of another installation, which is never touched.
    Another,
    /// Nobody declared it.
    Nobody,
}

/// Reads the owner of an instance from its tags.
pub fn owner(cluster_id: &str, tags: impl Iterator<Item = impl AsRef<str>>) -> Owner {
    let mut id = None;
    let mut cluster = None;
    for tag in tags {
        let tag = tag.as_ref();
        if let Some(text) = tag.strip_prefix(names::TAG_ID) {
            id = Uuid::try_parse(text).ok();
        } else if let Some(text) = tag.strip_prefix(names::TAG_CLUSTER) {
            cluster = Some(text == cluster_id);
        }
    }
    match (id, cluster) {
        (Some(id), Some(true)) => Owner::Ours(id),
        (Some(_), _) | (None, Some(_)) => Owner::Another,
        (None, None) => Owner::Nobody,
    }
}

/// What a cluster's claim tag says: who manages the instances whose names begin with `prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Prefix of the instance names.
    pub prefix: String,
    /// Installation.
    pub cluster_id: String,
    /// Incarnation of the installation: the uid of `kube-system`.
    pub incarnation: String,
}

impl Claim {
    /// Reads a claim from a cluster's tag; `None` where it is none.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let mut parts = tag.strip_prefix(names::TAG_CLAIM)?.splitn(3, ':');
        Some(Self {
            prefix: parts.next()?.to_owned(),
            cluster_id: parts.next()?.to_owned(),
            incarnation: parts.next()?.to_owned(),
        })
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}:{}:{}", names::TAG_CLAIM, self.prefix, self.cluster_id, self.incarnation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_never_exceed_ganetis_limit() {
        let tags = instance_tags("prod", &"n".repeat(63), &"v".repeat(253), Uuid::nil());
        assert!(tags.iter().all(|tag| tag.chars().count() <= names::TAG_LENGTH_MAX), "{tags:?}");
    }

    #[test]
    fn words_of_owners_are_written_as_synnefo_did() {
        for (word, tag) in [
            ("web", "cyclades:user:web"),
            ("env:prod-1.a", "cyclades:user:env:prod-1.a"),
            ("two words_here", "cyclades:user:two+words*here"),
            ("100%~é*", "cyclades:user:100/25/7E/C3/A9/2A"),
        ] {
            assert_eq!(user_tag(word), tag);
            assert_eq!(user_word(tag).as_deref(), Some(word));
        }
        for tag in ["cyclades:user:", "cyclades:user:a/2", "cyclades:user:/C3", "cyclades:user:/zz", "rack7"]
        {
            assert_eq!(user_word(tag), None, "{tag}");
        }
    }

    #[test]
    fn an_image_is_found_by_its_label() {
        for (namespace, label) in [("team", "debian"), ("images", "images/debian")] {
            assert_eq!(image_label("team", namespace, "debian"), label);
            assert_eq!(image_of("team", label), (namespace, "debian"));
        }
    }

    #[test]
    fn an_instance_of_another_installation_is_not_ours() {
        let tags = instance_tags("prod", "default", "web", Uuid::nil());
        assert_eq!(owner("prod", tags.iter()), Owner::Ours(Uuid::nil()));
        assert_eq!(owner("test", tags.iter()), Owner::Another);
        assert_eq!(owner("prod", ["web", "cyclades:name:web"].into_iter()), Owner::Nobody);
    }

    proptest! {
        #[test]
        fn a_word_reads_back(word in "[^/,]{1,60}") {
            prop_assert_eq!(user_word(&user_tag(&word)), Some(word));
        }

        #[test]
        fn a_claim_reads_back(prefix in "[a-z][a-z0-9-]{0,20}-", cluster_id in "[a-z0-9-]{1,40}", id in any::<u128>()) {
            let claim = Claim { prefix, cluster_id, incarnation: Uuid::from_u128(id).to_string() };
            prop_assert!(claim.to_string().len() <= names::TAG_LENGTH_MAX);
            prop_assert_eq!(Claim::parse(&claim.to_string()), Some(claim));
        }
    }
}
