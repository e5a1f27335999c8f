//! YAML that every reader understands alike.
//!
//! kubectl reads YAML 1.1, where a bare `no` is a boolean, `012` an octal number and `2026-01-01` a date; the libraries
//! for YAML 1.2 write such texts bare. So what could be anything but a text is quoted here.

use serde_json::Value;

/// Words that are booleans or nothing in YAML 1.1 or 1.2, in lower case.
const WORDS: [&str; 10] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan"];

/// Documents, each with its line `---` before it but for the first.
pub(crate) fn documents(all: &[Value]) -> String {
    let mut text = String::new();
    for (at, document) in all.iter().enumerate() {
        if at > 0 {
            text.push_str("---\n");
        }
        block(&mut text, document, 0);
    }
    text
}

/// A value that begins at the start of a line.
fn block(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (at, (key, value)) in map.iter().enumerate() {
                // The first key of an item of a list stands behind its dash.
                if at > 0 || !text.ends_with("- ") {
                    indent(text, depth);
                }
                text.push_str(&scalar(key));
                text.push(':');
                after_key(text, value, depth);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 || !text.ends_with("- ") {
                    indent(text, depth);
                }
                text.push_str("- ");
                block(text, item, depth + 1);
            }
        }
        leaf => {
            if !text.ends_with("- ") {
                indent(text, depth);
            }
            text.push_str(&inline(leaf));
            text.push('\n');
        }
    }
}

/// The value of a key, whose colon was just written.
fn after_key(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push('\n');
            block(text, value, depth + 1);
        }
        // As kubectl writes them: items stand below their key.
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            block(text, value, depth);
        }
        Value::String(lines) if can_stand_as_lines(lines) => as_lines(text, lines, depth + 1),
        leaf => {
            text.push(' ');
            text.push_str(&inline(leaf));
            text.push('\n');
        }
    }
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// A value that fits into a line.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        // Numbers, booleans, null, `{}` and `[]` are written alike in JSON.
        other => other.to_string(),
    }
}

/// A text of several lines that a literal block shows as it is.
fn can_stand_as_lines(text: &str) -> bool {
    let inner = text.strip_suffix('\n').unwrap_or(text);
    let printable = |c: char| c == '\n' || is_printable(c);
    inner.contains('\n')
        && !inner.ends_with('\n')
        && !inner.starts_with([' ', '\n'])
        && inner.chars().all(printable)
}

fn as_lines(text: &mut String, lines: &str, depth: usize) {
    text.push_str(if lines.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in lines.lines() {
        if !line.is_empty() {
            indent(text, depth);
            text.push_str(line);
        }
        text.push('\n');
    }
}

/// A text within a line: bare where nobody can take it for anything else, else in double quotes.
fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn is_plain(text: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || "._/- ".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text.chars().all(safe)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// What YAML lets stand as it is (`nb-json` and `c-printable` of YAML 1.2, without line breaks and tabs).
fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            c => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(text: &str) -> Value {
        serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
    }

    #[test]
    fn it_looks_as_kubectl_writes_it() {
        let document = json!({
            "metadata": {"name": "web", "labels": {}},
            "spec": {
                "disks": [{"name": "root", "sizes": [1, 2]}, {"name": "data"}],
                "id": "6d1b3ff4-5a4c-4d42-9c3a-8e7f00000001",
                "suspended": false,
                "userData": "#cloud-config\n\nhostname: web\n",
            },
        });
        let wanted = "\
metadata:
  labels: {}
  name: web
spec:
  disks:
  - name: root
    sizes:
    - 1
    - 2
  - name: data
  id: \"6d1b3ff4-5a4c-4d42-9c3a-8e7f00000001\"
  suspended: false
  userData: |
    #cloud-config

    hostname: web
";
        assert_eq!(documents(std::slice::from_ref(&document)), wanted);
        assert_eq!(read(wanted), document);
    }

    #[test]
    fn what_yaml_1_1_takes_for_something_else_is_quoted() {
        for text in [
            "no",
            "Off",
            "y",
            "~",
            "null",
            "NaN",
            "012",
            "1e3",
            "0x1f",
            "1_000",
            "1:30",
            "2026-01-01",
            ".5",
            "",
            " a",
            "a ",
            "a: b",
            "a #b",
            "- a",
            "*a",
            "<<",
            "=",
            "@a",
            "%a",
            "a\tb",
        ] {
            assert!(scalar(text).starts_with('"'), "{text}");
            assert_eq!(read(&scalar(text)), json!(text));
        }
        assert_eq!(scalar("Web server 2"), "Web server 2");
    }

    #[test]
    fn documents_are_separated() {
        let both = documents(&[json!({"a": 1}), json!({"a": 2})]);
        assert_eq!(both, "a: 1\n---\na: 2\n");
        assert_eq!(documents(&[]), "");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![any::<String>(), "[ -~\n\t]{0,40}", "(line[ :#a-z]{0,8}\n){1,4}[a-z]{0,3}",];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map("[a-z]{1,6}|[ -~]{1,8}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_reads_back(value in any_value()) {
            let document = json!({"spec": value});
            prop_assert_eq!(read(&documents(std::slice::from_ref(&document))), document);
        }
    }
}
