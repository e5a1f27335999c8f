//! JSON as Ganeti writes it: ASCII only.

use std::io::Write;

use serde::Serialize;
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

/// Escapes what is outside ASCII, as Python's `json.dumps` does.
struct Ascii;

impl Formatter for Ascii {
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
    use super::{bytes_of, text};

    #[test]
    fn only_ascii_is_written() {
        let mut out = Vec::new();
        text(&mut out, "grüße 😀 \"\n");
        assert_eq!(std::str::from_utf8(&out).unwrap(), r#""gr\u00fc\u00dfe \ud83d\ude00 \"\n""#);
        let read: String = serde_json::from_slice(&out).unwrap();
        assert_eq!(read, "grüße 😀 \"\n");
        assert_eq!(bytes_of(&serde_json::json!({"ü": ["a", 1, null]})), br#"{"\u00fc":["a",1,null]}"#);
    }
}
