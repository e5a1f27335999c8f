//! JSON as Ganeti writes it: ASCII only.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CharEscape, Formatter};

/// Writes a text with everything outside ASCII as `\uXXXX`.
pub(crate) fn text(out: &mut Vec<u8>, value: &str) {
    let plain = value.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\');
    if plain {
        out.push(b'"');
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
    } else {
        value_of(out, value);
    }
}

/// Writes any serialisable value.
pub(crate) fn value_of<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, Ascii);
    // A Vec takes every byte, and the values written here are maps with text keys.
    if value.serialize(&mut serializer).is_err() {
        out.extend_from_slice(b"null");
    }
}

/// Any serialisable value as bytes.
pub(crate) fn bytes_of<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    value_of(&mut out, value);
    out
}

/// Writes an integer.
pub(crate) fn integer(out: &mut Vec<u8>, value: i64) {
    // Writing to a Vec does not fail.
    let _ = write!(out, "{value}");
}

/// Writes a number with a fraction.
pub(crate) fn float(out: &mut Vec<u8>, value: f64) {
    value_of(out, &value);
}

/// Writes `[a,b,…]` with the given writer for each item.
pub(crate) fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (index, value) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        item(out, value);
    }
    out.push(b']');
}

/// As Ganeti's daemons show a value in their messages: with blanks. They break long ones, which this does not.
pub(crate) fn pretty(value: &Value) -> String {
    let join = |parts: Vec<String>, open, close| format!("{open}{}{close}", parts.join(", "));
    match value {
        Value::Array(items) => join(items.iter().map(pretty).collect(), '[', ']'),
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| format!("{}: {}", shown(key), pretty(value));
            join(map.iter().map(entry).collect(), '{', '}')
        }
        other => shown(other),
    }
}

/// A value as text.
pub(crate) fn shown<T: Serialize + ?Sized>(value: &T) -> String {
    String::from_utf8_lossy(&bytes_of(value)).into_owned()
}

/// Escapes what is outside ASCII, as Python's `json.dumps` does.
struct Ascii;

impl Formatter for Ascii {
    /// Numbers without a fraction have none, whatever they are inside.
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> std::io::Result<()> {
        if value.fract() == 0.0 && value.abs() < 1e15 {
            write!(writer, "{value}")
        } else {
            serde_json::ser::CompactFormatter.write_f64(writer, value)
        }
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> std::io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c: char| !c.is_ascii() || c == '\u{7f}') {
            writer.write_all(&rest.as_bytes()[..at])?;
            let mut units = [0; 2];
            let Some(odd) = rest[at..].chars().next() else { break };
            for unit in odd.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + odd.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> std::io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(writer, escape)
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes_of, pretty, text};

    #[test]
    fn only_ascii_is_written() {
        let mut out = Vec::new();
        text(&mut out, "grüße 😀 \"\n");
        assert_eq!(std::str::from_utf8(&out).unwrap(), r#""gr\u00fc\u00dfe \ud83d\ude00 \"\n""#);
        let read: String = serde_json::from_slice(&out).unwrap();
        assert_eq!(read, "grüße 😀 \"\n");
        assert_eq!(bytes_of(&serde_json::json!({"ü": ["a", 1, null]})), br#"{"\u00fc":["a",1,null]}"#);
    }

    #[test]
    fn numbers_and_lists_look_like_ganetis() {
        assert_eq!(bytes_of(&serde_json::json!([1.0, 1.5, -3])), b"[1,1.5,-3]");
        let value = serde_json::json!(["=", "a", ["b", 1.5, null], {"c": true}]);
        assert_eq!(pretty(&value), r#"["=", "a", ["b", 1.5, null], {"c": true}]"#);
    }
}
