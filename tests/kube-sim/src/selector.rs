//! Selectors of fields, `path=value`, and of labels, `key`, `!key`, `key=value`, `key!=value`; joined by commas.

use serde_json::Value;

use crate::target::parameter;

/// What a list or a watch is to show.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selector {
    fields: Vec<String>,
    labels: Vec<String>,
}

impl Selector {
    /// Reads the selectors of a query.
    pub fn of(query: &str) -> Self {
        let terms = |name: &str| -> Vec<String> {
            let text = parameter(query, name).unwrap_or_default();
            text.split(',').filter(|term| !term.is_empty()).map(str::to_owned).collect()
        };
        Self { fields: terms("fieldSelector"), labels: terms("labelSelector") }
    }

    /// Whether an object is selected.
    pub fn selects(&self, object: &Value) -> bool {
        let field =
            |path: &str| path.split('.').fold(object, |value, name| &value[name]).as_str().unwrap_or("");
        let label = |key: &str| object["metadata"]["labels"][key].as_str();
        let fields = self.fields.iter().all(|term| match term.split_once("!=") {
            Some((path, value)) => field(path) != value,
            None => equal(term).is_some_and(|(path, value)| field(path) == value),
        });
        let labels = self.labels.iter().all(|term| match (term.split_once("!="), equal(term)) {
            (Some((key, value)), _) => label(key) != Some(value),
            (None, Some((key, value))) => label(key) == Some(value),
            (None, None) => match term.strip_prefix('!') {
                Some(key) => label(key).is_none(),
                None => label(term).is_some(),
            },
        });
        fields && labels
    }

    /// What a watch is told of a change; `None` for nothing. What comes into a selection is new there, and what leaves it
    /// is gone from there.
    pub fn event(&self, what: &'static str, before: Option<&Value>, object: &Value) -> Option<&'static str> {
        let was = before.is_some_and(|before| self.selects(before));
        match (was, self.selects(object), what) {
            (true, false, _) => Some("DELETED"),
            (false, true, "MODIFIED") => Some("ADDED"),
            (_, true, what) => Some(what),
            (false, false, _) => None,
        }
    }
}

fn equal(term: &str) -> Option<(&str, &str)> {
    term.split_once('=').map(|(key, value)| (key, value.trim_start_matches('=')))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Selector;

    #[test]
    fn all_terms_must_hold() {
        let object = json!({"type": "a/b", "metadata": {"name": "x", "labels": {"a/b": "c"}}});
        for (query, selected) in [
            ("", true),
            ("fieldSelector=type=a/b", true),
            ("fieldSelector=type==a/b,metadata.name=x", true),
            ("fieldSelector=type%3Da/b,metadata.name!=x", false),
            ("fieldSelector=spec.nothing=", true),
            ("labelSelector=a/b", true),
            ("labelSelector=a/b,a/b!=false", true),
            ("labelSelector=a/b,a/b!%3Dc", false),
            ("labelSelector=!a/b", false),
            ("labelSelector=a/b==c", true),
            ("labelSelector=d!=e", true),
            ("labelSelector=d", false),
        ] {
            assert_eq!(Selector::of(query).selects(&object), selected, "{query:?}");
        }
    }

    #[test]
    fn who_watches_a_selection_sees_what_comes_and_goes() {
        let selector = Selector::of("labelSelector=a");
        let (with, without) = (json!({"metadata": {"labels": {"a": "1"}}}), json!({"metadata": {}}));
        for (what, before, now, event) in [
            ("ADDED", None, &with, Some("ADDED")),
            ("ADDED", None, &without, None),
            ("MODIFIED", Some(&without), &with, Some("ADDED")),
            ("MODIFIED", Some(&with), &with, Some("MODIFIED")),
            ("MODIFIED", Some(&with), &without, Some("DELETED")),
            ("MODIFIED", Some(&without), &without, None),
            ("DELETED", Some(&with), &with, Some("DELETED")),
        ] {
            assert_eq!(selector.event(what, before, now), event, "{what} {before:?} {now}");
        }
    }
}
