//! RAPI escapes the message of an error for HTML although it sends JSON.

use std::borrow::Cow;

/// The entities Python's `html.escape` makes, and the decimal apostrophe of older versions.
const ENTITIES: [(&str, char); 6] =
    [("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#x27;", '\''), ("&#39;", '\''), ("&amp;", '&')];

/// Undoes one level of HTML escaping; what is no known entity stays as it is.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (entity, c) = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity)).unwrap_or(&("&", '&'));
        plain.push(*c);
        rest = &rest[entity.len()..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::unescape;

    #[test]
    fn one_level_is_undone_and_foreign_entities_stay() {
        assert_eq!(unescape("plain"), "plain");
        assert_eq!(
            unescape("&#x27;a&#39; &lt;b&gt; &quot;c&quot; &amp;lt; &nbsp; & &"),
            "'a' <b> \"c\" &lt; &nbsp; & &"
        );
    }

    proptest! {
        #[test]
        fn what_python_escapes_comes_back(text in ".*") {
            let escaped = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#x27;");
            prop_assert_eq!(unescape(&escaped), text);
        }
    }
}
