//! JSON in pure ASCII. RAPI compares the number of *characters* it has read with the number of *bytes*
//! announced: one byte outside ASCII makes it wait for 10 s and drop the connection without an answer.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// Writes every character outside ASCII as `\uXXXX`, as a surrogate pair where it needs one.
struct AsciiFormatter;

impl Formatter for AsciiFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c: char| !c.is_ascii()) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let mut tail = rest[at..].chars();
            if let Some(c) = tail.next() {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = tail.as_str();
        }
        CompactFormatter.write_string_fragment(writer, rest)
    }
}

/// The value as compact JSON of ASCII characters only.
pub(crate) fn to_ascii_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut body = Vec::with_capacity(256);
    value.serialize(&mut Serializer::with_formatter(&mut body, AsciiFormatter))?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::to_ascii_json;

    #[test]
    fn characters_outside_the_first_plane_become_surrogate_pairs() {
        assert_eq!(to_ascii_json("aü😀\"\n").unwrap(), br#""a\u00fc\ud83d\ude00\"\n""#);
    }

    proptest! {
        #[test]
        fn any_text_is_ascii_and_reads_back_the_same(text in ".*", key in ".*") {
            let value = serde_json::json!({ key: [text] });
            let json = to_ascii_json(&value).unwrap();
            prop_assert!(json.is_ascii());
            prop_assert_eq!(serde_json::from_slice::<Value>(&json).unwrap(), value);
        }
    }
}
