//! Ganeti's filter language, a tree written as JSON lists.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A value to compare with. Ganeti refuses fractions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
}

impl From<&str> for Operand {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Operand {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Operand {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<crate::JobId> for Operand {
    fn from(id: crate::JobId) -> Self {
        Self::Number(i64::try_from(id.0).unwrap_or(i64::MAX))
    }
}

/// A comparison's field.
type Field = Cow<'static, str>;

/// A filter of rows, also used in the predicates of job filters.
///
/// Traps of Ganeti: a comparison with missing data counts as a match; `name` compares as a host name
/// (`web` equals `web.example.com`); an `Or` of nothing but equal names becomes a look-up that fails
/// as a whole when one name is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Filter {
    /// All of these.
    And(Vec<Filter>),
    /// Any of these.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// The field is true.
    IsTrue(Field),
    /// `=`
    Equal(Field, Operand),
    /// `!=`
    NotEqual(Field, Operand),
    /// `<`
    Less(Field, Operand),
    /// `<=`
    LessOrEqual(Field, Operand),
    /// `>`
    Greater(Field, Operand),
    /// `>=`
    GreaterOrEqual(Field, Operand),
    /// `=~`, a regular expression; keep it POSIX-simple.
    Matches(Field, String),
    /// `=[]`, the list holds the value.
    Contains(Field, Operand),
}

impl Filter {
    /// `field = value`
    #[must_use]
    pub fn equal(field: impl Into<Field>, value: impl Into<Operand>) -> Self {
        Self::Equal(field.into(), value.into())
    }

    /// `field < value`
    #[must_use]
    pub fn less(field: impl Into<Field>, value: impl Into<Operand>) -> Self {
        Self::Less(field.into(), value.into())
    }

    /// `field > value`
    #[must_use]
    pub fn greater(field: impl Into<Field>, value: impl Into<Operand>) -> Self {
        Self::Greater(field.into(), value.into())
    }

    /// `field >= value`
    #[must_use]
    pub fn at_least(field: impl Into<Field>, value: impl Into<Operand>) -> Self {
        Self::GreaterOrEqual(field.into(), value.into())
    }

    /// The list in `field` holds `value`.
    #[must_use]
    pub fn contains(field: impl Into<Field>, value: impl Into<Operand>) -> Self {
        Self::Contains(field.into(), value.into())
    }

    /// `field` equals one of the values.
    #[must_use]
    pub fn any_of<V: Into<Operand>>(field: &'static str, values: impl IntoIterator<Item = V>) -> Self {
        Self::Or(values.into_iter().map(|value| Self::equal(field, value)).collect())
    }
}

impl Serialize for Operand {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_i64(*number),
        }
    }
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let operator = self.operator();
        match self {
            Self::And(parts) | Self::Or(parts) => {
                use serde::ser::SerializeSeq;
                let mut list = serializer.serialize_seq(Some(parts.len() + 1))?;
                list.serialize_element(operator)?;
                parts.iter().try_for_each(|part| list.serialize_element(part))?;
                list.end()
            }
            Self::Not(inner) => (operator, inner).serialize(serializer),
            Self::IsTrue(field) => (operator, field).serialize(serializer),
            Self::Matches(field, expression) => (operator, field, expression).serialize(serializer),
            Self::Equal(field, value)
            | Self::NotEqual(field, value)
            | Self::Less(field, value)
            | Self::LessOrEqual(field, value)
            | Self::Greater(field, value)
            | Self::GreaterOrEqual(field, value)
            | Self::Contains(field, value) => (operator, field, value).serialize(serializer),
        }
    }
}

impl Filter {
    fn operator(&self) -> &'static str {
        match self {
            Self::And(_) => "&",
            Self::Or(_) => "|",
            Self::Not(_) => "!",
            Self::IsTrue(_) => "?",
            Self::Equal(..) => "=",
            Self::NotEqual(..) => "!=",
            Self::Less(..) => "<",
            Self::LessOrEqual(..) => "<=",
            Self::Greater(..) => ">",
            Self::GreaterOrEqual(..) => ">=",
            Self::Matches(..) => "=~",
            Self::Contains(..) => "=[]",
        }
    }

    /// Reads the list form; `None` when it is none.
    fn from_list(list: &[Value]) -> Option<Self> {
        let (operator, rest) = list.split_first()?;
        let part = |value: &Value| Self::from_list(value.as_array()?);
        let parts = || rest.iter().map(part).collect::<Option<Vec<_>>>();
        Some(match (operator.as_str()?, rest) {
            ("&", _) => Self::And(parts()?),
            ("|", _) => Self::Or(parts()?),
            ("!", [inner]) => Self::Not(Box::new(part(inner)?)),
            ("?", [field]) => Self::IsTrue(field.as_str()?.to_owned().into()),
            ("=~", [field, expression]) => {
                Self::Matches(field.as_str()?.to_owned().into(), expression.as_str()?.to_owned())
            }
            (operator, [field, value]) => {
                let field = field.as_str()?.to_owned().into();
                let value = match value {
                    Value::String(text) => Operand::Text(text.clone()),
                    other => Operand::Number(other.as_i64()?),
                };
                comparison(operator, field, value)?
            }
            _ => return None,
        })
    }
}

fn comparison(operator: &str, field: Field, value: Operand) -> Option<Filter> {
    Some(match operator {
        "=" | "==" => Filter::Equal(field, value),
        "!=" => Filter::NotEqual(field, value),
        "<" => Filter::Less(field, value),
        "<=" => Filter::LessOrEqual(field, value),
        ">" => Filter::Greater(field, value),
        ">=" => Filter::GreaterOrEqual(field, value),
        "=[]" => Filter::Contains(field, value),
        _ => return None,
    })
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<Value>::deserialize(deserializer)?;
        Self::from_list(&list).ok_or_else(|| D::Error::custom("not a filter this client knows"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Filter, Operand};
    use crate::JobId;

    #[test]
    fn filters_are_lists() {
        let filter = Filter::And(vec![
            Filter::contains("tags", "mine"),
            Filter::Not(Box::new(Filter::IsTrue("offline".into()))),
            Filter::any_of("id", [JobId(1), JobId(2)]),
            Filter::Matches("name".into(), "^web".to_owned()),
        ]);
        let json = json!([
            "&",
            ["=[]", "tags", "mine"],
            ["!", ["?", "offline"]],
            ["|", ["=", "id", 1], ["=", "id", 2]],
            ["=~", "name", "^web"],
        ]);
        assert_eq!(serde_json::to_value(&filter).unwrap(), json);
    }

    fn any_filter() -> impl Strategy<Value = Filter> {
        let operand = prop_oneof![".{0,8}".prop_map(Operand::Text), any::<i64>().prop_map(Operand::Number)];
        let leaf = ("[a-z.]{1,8}", operand, 0..7).prop_map(|(field, value, kind)| {
            let field = field.into();
            match kind {
                0 => Filter::Equal(field, value),
                1 => Filter::NotEqual(field, value),
                2 => Filter::Less(field, value),
                3 => Filter::LessOrEqual(field, value),
                4 => Filter::GreaterOrEqual(field, value),
                5 => Filter::Contains(field, value),
                _ => Filter::IsTrue(field),
            }
        });
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::And),
                prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Or),
                inner.prop_map(|inner| Filter::Not(Box::new(inner))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(filter in any_filter()) {
            let json = serde_json::to_string(&filter).unwrap();
            prop_assert_eq!(serde_json::from_str::<Filter>(&json).unwrap(), filter);
        }
    }
}
