//! A value of a field.

use std::collections::BTreeSet;

use serde_json::Value;

use super::filter::{Operand, Test};
use crate::clock::Timestamp;
use crate::json;
use crate::state::Dict;

/// Why there is no value (`RS_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Unknown = 1,
    NoData = 2,
    Unavailable = 3,
    Offline = 4,
}

/// A value of a field, borrowed from the state where it can be.
#[derive(Debug)]
pub(crate) enum Cell<'a> {
    Missing(Missing),
    Text(&'a str),
    Owned(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Texts(Vec<&'a str>),
    MaybeTexts(Vec<Option<&'a str>>),
    MaybeInts(Vec<Option<u64>>),
    Set(&'a BTreeSet<String>),
    Dict(&'a Dict),
    Value(Value),
    /// JSON text.
    Raw(Vec<u8>),
    Time(Timestamp),
}

impl<'a> Cell<'a> {
    pub fn count(number: impl TryInto<i64>) -> Self {
        Self::Int(number.try_into().unwrap_or(i64::MAX))
    }

    /// The text, or "unavailable".
    pub fn maybe_text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Missing(Missing::Unavailable), Self::Text)
    }

    /// The number, or "unavailable".
    pub fn maybe_count(number: Option<u64>) -> Self {
        number.map_or(Self::Missing(Missing::Unavailable), Self::count)
    }

    /// `[status, value]`.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Missing(why) => {
                out.push(b'[');
                json::integer(out, *why as i64);
                out.extend_from_slice(b",null]");
            }
            _ => {
                out.extend_from_slice(b"[0,");
                self.write_value(out);
                out.push(b']');
            }
        }
    }

    /// The value alone; null if there is none.
    pub fn write_value(&self, out: &mut Vec<u8>) {
        match self {
            Self::Missing(_) => out.extend_from_slice(b"null"),
            Self::Text(text) => json::text(out, text),
            Self::Owned(text) => json::text(out, text),
            Self::Int(number) => json::integer(out, *number),
            Self::Float(number) => json::float(out, *number),
            Self::Bool(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            Self::Texts(texts) => json::list(out, texts, |out, text| json::text(out, text)),
            Self::MaybeTexts(texts) => json::list(out, texts, |out, text| match text {
                Some(text) => json::text(out, text),
                None => out.extend_from_slice(b"null"),
            }),
            Self::MaybeInts(numbers) => json::list(out, numbers, json::value_of),
            Self::Set(texts) => json::list(out, texts.iter(), |out, text| json::text(out, text)),
            Self::Dict(dict) => json::value_of(out, dict),
            Self::Value(value) => json::value_of(out, value),
            Self::Raw(bytes) => out.extend_from_slice(bytes),
            Self::Time(time) => json::value_of(out, &time.pair()),
        }
    }

    /// Evaluates a leaf of a filter. A missing value always matches; types that do not fit are an error.
    pub fn test(&self, test: &Test<'_>, hostname: bool) -> Result<bool, String> {
        if matches!(self, Self::Missing(_)) {
            return Ok(true);
        }
        match test {
            Test::True(_) => match self {
                Self::Bool(flag) => Ok(*flag),
                other => Err(format!("Unexpected value '{}' in boolean context", other.shown())),
            },
            Test::Compare(compare, _, operand) => self.compare(*compare, operand, hostname),
            Test::Regex(_, regex) => match self.as_text() {
                Some(text) => Ok(regex.is_match(text)),
                None => Err(format!(
                    "Invalid field value used in regexp matching, expecting string but got '{}'",
                    self.shown()
                )),
            },
            Test::Contains(_, operand) => self.contains(operand),
        }
    }

    fn compare(&self, compare: super::Compare, operand: &Operand, hostname: bool) -> Result<bool, String> {
        match (operand, self) {
            (Operand::Text(wanted), _) if self.as_text().is_some() => {
                let own = self.as_text().unwrap_or_default();
                if hostname && compare == super::Compare::Equal {
                    return Ok(crate::names::is_component(own, wanted));
                }
                Ok(compare.holds(own.cmp(wanted)))
            }
            (Operand::Number(wanted), Self::Int(own)) => Ok(compare.holds(own.cmp(wanted))),
            (Operand::Number(wanted), Self::Float(own)) => {
                #[allow(clippy::cast_precision_loss)]
                let order = own.partial_cmp(&(*wanted as f64));
                Ok(order.is_some_and(|order| compare.holds(order)))
            }
            // Of a timestamp only the seconds are compared.
            (Operand::Number(wanted), Self::Time(own)) => {
                Ok(compare.holds(i64::try_from(own.pair().0).unwrap_or(i64::MAX).cmp(wanted)))
            }
            _ => {
                let shown = match operand {
                    Operand::Text(text) => format!("QuotedString {text:?}"),
                    Operand::Number(number) => format!("NumericValue {number}"),
                };
                Err(format!("Invalid types in comparison, trying to compare {} with '{shown}'", self.shown()))
            }
        }
    }

    fn contains(&self, operand: &Operand) -> Result<bool, String> {
        match (self, operand) {
            (Self::Set(texts), Operand::Text(wanted)) => Ok(texts.contains(wanted)),
            (Self::Texts(texts), Operand::Text(wanted)) => Ok(texts.iter().any(|text| text == wanted)),
            _ => {
                let value = self.to_json();
                let cannot =
                    |why: &str| format!("Cannot convert value '{}', error: {why}", json::pretty(&value));
                let items = value.as_array().ok_or_else(|| cannot("Unable to read list"))?;
                // All items are converted first.
                match operand {
                    Operand::Text(_) if !items.iter().all(Value::is_string) => {
                        Err(cannot("Unable to read String"))
                    }
                    Operand::Number(_) if !items.iter().all(Value::is_number) => {
                        Err(cannot("Unable to read Integer"))
                    }
                    Operand::Text(text) => Ok(items.iter().any(|item| item == text)),
                    Operand::Number(number) => Ok(items.iter().any(|item| item.as_i64() == Some(*number))),
                }
            }
        }
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Owned(text) => Some(text),
            _ => None,
        }
    }

    fn to_json(&self) -> Value {
        let mut out = Vec::new();
        self.write_value(&mut out);
        serde_json::from_slice(&out).unwrap_or_default()
    }

    fn shown(&self) -> String {
        json::pretty(&self.to_json())
    }
}
