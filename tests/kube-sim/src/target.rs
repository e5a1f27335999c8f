//! What a request's path names.

use std::borrow::Cow;

use crate::kind::Kind;

/// What a request is about.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub kind: &'a Kind,
    pub namespace: Option<&'a str>,
    pub name: Option<&'a str>,
    /// The status endpoint.
    pub status: bool,
}

/// Finds the kind, namespace and name in a path such as `/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/status`.
pub(crate) fn parse<'a>(kinds: &'a [Kind], path: &'a str) -> Option<Target<'a>> {
    let mut parts: Vec<&str> = path.split('/').skip(1).collect();
    let group = match *parts.first()? {
        "api" => "",
        "apis" => parts.remove(1),
        _ => return None,
    };
    let version = *parts.get(1)?;
    let rest = &parts[2..];
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (Some(*namespace), rest),
        rest => (None, rest),
    };
    let (plural, name, status) = match rest {
        [plural] => (*plural, None, false),
        [plural, name] => (*plural, Some(*name), false),
        [plural, name, "status"] => (*plural, Some(*name), true),
        _ => return None,
    };
    let kind =
        kinds.iter().find(|kind| kind.group == group && kind.version == version && kind.plural == plural)?;
    let fits = kind.namespaced || namespace.is_none();
    (fits && (!status || kind.has_status)).then_some(Target { kind, namespace, name, status })
}

/// A parameter of a query, decoded.
pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| decode(value)).next()
}

fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        let kinds = Kind::built_in();
        let target = parse(&kinds, "/api/v1/namespaces/a/secrets/b").unwrap();
        assert_eq!(
            (target.kind.plural.as_str(), target.namespace, target.name),
            ("secrets", Some("a"), Some("b"))
        );
        let target = parse(&kinds, "/api/v1/namespaces/kube-system").unwrap();
        assert_eq!((target.kind.plural.as_str(), target.name), ("namespaces", Some("kube-system")));
        let target = parse(&kinds, "/apis/events.k8s.io/v1/namespaces/a/events").unwrap();
        assert_eq!((target.kind.plural.as_str(), target.namespace), ("events", Some("a")));
        for unknown in ["/", "/version", "/api/v1/pods", "/api/v1/namespaces/a/secrets/b/status"] {
            assert!(parse(&kinds, unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn parameters_are_decoded() {
        let query = "watch=true&fieldSelector=type%3Da%2Fb";
        assert_eq!(parameter(query, "fieldSelector").as_deref(), Some("type=a/b"));
        assert_eq!(parameter(query, "limit"), None);
    }
}
