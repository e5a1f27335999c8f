//! Field selectors: `path=value`, joined by commas.

use serde_json::Value;

/// Whether an object is selected.
pub(crate) fn selects(selector: Option<&str>, object: &Value) -> bool {
    let mut terms = selector.into_iter().flat_map(|text| text.split(',')).filter(|term| !term.is_empty());
    terms.all(|term| {
        let (path, value, equal) = match (term.split_once("!="), term.split_once('=')) {
            (Some((path, value)), _) => (path, value, false),
            (None, Some((path, value))) => (path, value.trim_start_matches('='), true),
            (None, None) => return false,
        };
        let found = path.split('.').fold(object, |value, name| &value[name]);
        (found.as_str().unwrap_or("") == value) == equal
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn all_terms_must_hold() {
        let object = json!({"type": "a/b", "metadata": {"name": "x"}});
        for (selector, selected) in [
            (None, true),
            (Some("type=a/b"), true),
            (Some("type==a/b,metadata.name=x"), true),
            (Some("type=a/b,metadata.name!=x"), false),
            (Some("spec.nothing="), true),
        ] {
            assert_eq!(super::selects(selector, &object), selected, "{selector:?}");
        }
    }
}
