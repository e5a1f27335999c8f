//! Text that borrows from the answer where it can.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A string of a row. It borrows from the answer unless it holds an escape, as any text outside ASCII
/// does. It dereferences to `str`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl<'a> From<Text<'a>> for String {
    fn from(text: Text<'a>) -> Self {
        text.0.into_owned()
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        &**self == other
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        &**self == *other
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Words)
    }
}

/// A list of strings of a row (tags, a job's summary), read only when iterated. It is the JSON of the
/// answer itself, so equal lists are equal byte for byte.
#[derive(Debug, Clone, Copy)]
pub struct StrList<'a>(&'a str);

impl<'a> StrList<'a> {
    /// The JSON as it came.
    #[must_use]
    pub fn raw(&self) -> &'a str {
        self.0
    }

    /// The strings, in the order of the answer.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        Strings { rest: self.0 }
    }

    /// Whether the list holds this string.
    #[must_use]
    pub fn contains(&self, wanted: &str) -> bool {
        self.iter().any(|text| text == wanted)
    }

    /// The strings as a list of their own.
    #[must_use]
    pub fn to_vec(&self) -> Vec<String> {
        self.iter().map(Cow::into_owned).collect()
    }
}

impl PartialEq for StrList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for StrList<'_> {}

impl Default for StrList<'_> {
    fn default() -> Self {
        Self("[]")
    }
}

impl<'de> Deserialize<'de> for StrList<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        // Checked once here, so that iterating cannot fail.
        serde_json::from_str::<OnlyText>(raw).map_err(D::Error::custom)?;
        Ok(Self(raw))
    }
}

/// Accepts a list of strings and keeps nothing.
struct OnlyText;

impl<'de> Deserialize<'de> for OnlyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Self)
    }
}

impl<'de> Visitor<'de> for OnlyText {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Text<'_>>()?.is_some() {}
        Ok(self)
    }
}

/// Walks over the strings of a JSON list that serde has found to be valid JSON.
struct Strings<'a> {
    rest: &'a str,
}

impl<'a> Strings<'a> {
    /// The next string with its quotes.
    fn quoted(&mut self) -> Option<&'a str> {
        let start = self.rest.find('"')?;
        let text = &self.rest[start..];
        let mut escaped = false;
        let end = text.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        })? + 2;
        self.rest = &text[end..];
        Some(&text[..end])
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        let quoted = self.quoted()?;
        if quoted.contains('\\') {
            return serde_json::from_str(quoted).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(&quoted[1..quoted.len() - 1]))
    }
}
