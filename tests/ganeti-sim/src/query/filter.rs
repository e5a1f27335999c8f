//! The filter language of queries and job filters.

use std::cmp::Ordering;

use regex::Regex;
use serde_json::Value;

use crate::json;

/// A value to compare with. Texts come before numbers, as in Ganeti's own order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operand {
    Text(String),
    Number(i64),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Compare {
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// A filter.
#[derive(Debug, Clone)]
pub(crate) enum Filter {
    Empty,
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// `["?", field]`.
    True(String),
    Compare(Compare, String, Operand),
    Regex(String, Regex),
    Contains(String, Operand),
}

/// A leaf of a filter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Test<'a> {
    True(&'a str),
    Compare(Compare, &'a str, &'a Operand),
    Regex(&'a str, &'a Regex),
    Contains(&'a str, &'a Operand),
}

impl<'a> Test<'a> {
    pub fn field(&self) -> &'a str {
        match self {
            Self::True(field)
            | Self::Compare(_, field, _)
            | Self::Regex(field, _)
            | Self::Contains(field, _) => field,
        }
    }

    /// Evaluates it on a JSON value; `None` where the types do not fit.
    pub fn on_json(&self, value: &Value) -> Option<bool> {
        match self {
            Self::True(_) => value.as_bool(),
            Self::Compare(compare, _, operand) => {
                let own = match value {
                    Value::String(text) => Operand::Text(text.clone()),
                    other => Operand::Number(other.as_i64()?),
                };
                Some(compare.holds(own.cmp(operand)))
            }
            Self::Regex(_, regex) => Some(regex.is_match(value.as_str()?)),
            Self::Contains(_, operand) => {
                let items = value.as_array()?;
                Some(items.iter().any(|item| match operand {
                    Operand::Text(text) => item.as_str() == Some(text),
                    Operand::Number(number) => item.as_i64() == Some(*number),
                }))
            }
        }
    }
}

impl Filter {
    /// Reads a filter. The error is what Ganeti's decoder would complain about.
    pub fn parse(value: &Value) -> Result<Self, String> {
        if value.is_null() {
            return Ok(Self::Empty);
        }
        let Some([Value::String(operator), arguments @ ..]) = value.as_array().map(Vec::as_slice) else {
            return Err(format!(
                "Cannot deserialise filter: expected array [string, args], got {}",
                json::pretty(value)
            ));
        };
        match operator.as_str() {
            "&" => arguments.iter().map(Self::parse).collect::<Result<_, _>>().map(Self::And),
            "|" => arguments.iter().map(Self::parse).collect::<Result<_, _>>().map(Self::Or),
            "!" => match arguments {
                [inner] => Ok(Self::Not(Box::new(Self::parse(inner)?))),
                _ => Err(format!("Cannot deserialise field, expected [filter] but got {}", all(arguments))),
            },
            "?" => match arguments {
                [Value::String(field)] => Ok(Self::True(field.clone())),
                [_] => Err("Unable to read String".to_owned()),
                _ => {
                    Err(format!("Cannot deserialise field, expected [fieldname] but got {}", all(arguments)))
                }
            },
            other => Self::parse_binary(other, arguments),
        }
    }

    fn parse_binary(operator: &str, arguments: &[Value]) -> Result<Self, String> {
        let known = ["=", "==", "!=", "<", ">", "<=", ">=", "=~", "=[]"];
        if !known.contains(&operator) {
            return Err(format!("Unknown filter operand '{operator}'"));
        }
        let [field, value] = arguments else {
            let given = all(arguments);
            return Err(format!(
                "Cannot deserialise field/value pair, expected [fieldname, value] but got {given}"
            ));
        };
        let field = field.as_str().ok_or("Unable to read String")?.to_owned();
        let compare = |compare| Ok(Self::Compare(compare, field.clone(), operand(value)?));
        match operator {
            "=" | "==" => compare(Compare::Equal),
            "!=" => compare(Compare::Equal).map(|equal| Self::Not(Box::new(equal))),
            "<" => compare(Compare::Less),
            "<=" => compare(Compare::LessOrEqual),
            ">" => compare(Compare::Greater),
            ">=" => compare(Compare::GreaterOrEqual),
            "=[]" => Ok(Self::Contains(field, operand(value)?)),
            _ => {
                let text = value.as_str().ok_or("Unable to read String")?;
                let regex = Regex::new(text).map_err(|error| broken_regex(text, &error))?;
                Ok(Self::Regex(field, regex))
            }
        }
    }

    /// The fields it talks about, each as often as it does.
    pub fn fields(&self) -> Vec<&str> {
        match self {
            Self::Empty => Vec::new(),
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::fields).collect(),
            Self::Not(inner) => inner.fields(),
            Self::True(field)
            | Self::Compare(_, field, _)
            | Self::Regex(field, _)
            | Self::Contains(field, _) => {
                vec![field]
            }
        }
    }

    /// Evaluates it with a value for each leaf. A leaf without one makes the whole have none, unless the
    /// leaves before it have decided.
    pub fn evaluate(&self, leaf: &dyn Fn(Test<'_>) -> Option<bool>) -> Option<bool> {
        match self {
            Self::Empty => Some(true),
            Self::And(parts) => {
                for part in parts {
                    if !part.evaluate(leaf)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Self::Or(parts) => {
                for part in parts {
                    if part.evaluate(leaf)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
            Self::Not(inner) => inner.evaluate(leaf).map(|holds| !holds),
            Self::True(field) => leaf(Test::True(field)),
            Self::Compare(compare, field, operand) => leaf(Test::Compare(*compare, field, operand)),
            Self::Regex(field, regex) => leaf(Test::Regex(field, regex)),
            Self::Contains(field, operand) => leaf(Test::Contains(field, operand)),
        }
    }

    /// The values asked for, if the filter is nothing but equalities with the name field, joined by OR
    /// (`requestedNames`): these are looked up directly. An empty list means "all".
    pub fn requested(&self, name_field: &str) -> Option<Vec<&Operand>> {
        match self {
            Self::Empty => Some(Vec::new()),
            Self::Or(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(part.requested(name_field)?);
                }
                Some(all)
            }
            Self::Compare(Compare::Equal, field, operand) if field == name_field => Some(vec![operand]),
            _ => None,
        }
    }
}

fn all(arguments: &[Value]) -> String {
    json::pretty(&Value::from(arguments))
}

/// How Haskell shows what its regular expressions complain about. Only the commonest has PCRE's own words.
fn broken_regex(text: &str, error: &regex::Error) -> String {
    if text.matches('(').count() > text.matches(')').count() {
        return format!("({},\"missing )\")", text.len());
    }
    let last = error.to_string().lines().last().unwrap_or_default().to_owned();
    format!("(0,{})", json::shown(&last))
}

/// A decimal fraction as Haskell shows it: `3 % 2`.
fn ratio(decimal: &str) -> String {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().unwrap_or(0);
    let scale =
        u32::try_from(fraction.len()).ok().and_then(|places| 10_i128.checked_pow(places)).unwrap_or(1);
    let (mut common, mut rest) = (digits.abs(), scale);
    while rest != 0 {
        (common, rest) = (rest, common % rest);
    }
    let (top, bottom) = (digits / common.max(1), scale / common.max(1));
    if top < 0 { format!("({top}) % {bottom}") } else { format!("{top} % {bottom}") }
}

fn operand(value: &Value) -> Result<Operand, String> {
    match value {
        Value::String(text) => Ok(Operand::Text(text.clone())),
        Value::Number(number) => number
            .as_i64()
            .map(Operand::Number)
            .or_else(|| {
                number
                    .as_f64()
                    .filter(|float| float.fract() == 0.0)
                    .map(|float| Operand::Number(float as i64))
            })
            .ok_or_else(|| {
                let given = ratio(&number.to_string());
                let text =
                    "Cannot deserialise numeric filter value, expecting integral but got a fractional value:";
                format!("{text} {given}")
            }),
        other => {
            let given = json::pretty(other);
            Err(format!("Cannot deserialise filter value, expecting string or integer, got {given}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, Operand};
    use serde_json::{Value, json};

    fn holds(filter: Value, object: &Value) -> Option<bool> {
        let filter = Filter::parse(&filter).unwrap();
        filter.evaluate(&|test| test.on_json(object.get(test.field())?))
    }

    #[test]
    fn every_operator_means_what_it_says() {
        let object = json!({"name": "web1", "n": 5, "up": true, "tags": ["a", "b"]});
        for (filter, wanted) in [
            (json!(null), true),
            (json!(["=", "name", "web1"]), true),
            (json!(["==", "n", 5]), true),
            (json!(["!=", "n", 5]), false),
            (json!(["<", "n", 6]), true),
            (json!(["<=", "n", 4]), false),
            (json!([">", "name", "web0"]), true),
            (json!([">=", "n", 5]), true),
            (json!(["=~", "name", "^web[0-9]$"]), true),
            (json!(["=[]", "tags", "b"]), true),
            (json!(["?", "up"]), true),
            (json!(["!", ["?", "up"]]), false),
            (json!(["&", ["?", "up"], ["=", "n", 4]]), false),
            (json!(["|", ["=", "n", 4], ["=", "n", 5]]), true),
            (json!(["&"]), true),
            (json!(["|"]), false),
        ] {
            assert_eq!(holds(filter.clone(), &object), Some(wanted), "{filter}");
        }
        assert_eq!(holds(json!(["=", "gone", 1]), &object), None);
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for filter in [
            json!("name"),
            json!([]),
            json!(["~", "name", "a"]),
            json!(["=", "name"]),
            json!(["=", "name", 1.5]),
            json!(["=", "name", null]),
            json!(["=~", "name", "("]),
            json!(["!", ["?", "a"], ["?", "b"]]),
        ] {
            assert!(Filter::parse(&filter).is_err(), "{filter}");
        }
    }

    #[test]
    fn complaints_are_ganetis() {
        let error = |filter: Value| Filter::parse(&filter).unwrap_err();
        assert_eq!(error(json!(["~", "name", "a"])), "Unknown filter operand '~'");
        assert_eq!(
            error(json!(["=", "name"])),
            "Cannot deserialise field/value pair, expected [fieldname, value] but got [\"name\"]"
        );
        assert_eq!(
            error(json!(["=", "name", 1.5])),
            "Cannot deserialise numeric filter value, expecting integral but got a fractional value: 3 % 2"
        );
        assert_eq!(error(json!(["=~", "name", "("])), "(1,\"missing )\")");
    }

    #[test]
    fn names_are_looked_up_only_when_nothing_else_is_asked() {
        let names = |filter: Value| {
            let filter = Filter::parse(&filter).unwrap();
            filter.requested("name").map(|names| names.into_iter().cloned().collect::<Vec<_>>())
        };
        let both = vec![Operand::Text("a".to_owned()), Operand::Text("b".to_owned())];
        assert_eq!(names(json!(["|", ["=", "name", "a"], ["=", "name", "b"]])), Some(both));
        assert_eq!(names(json!(["=", "uuid", "a"])), None);
        assert_eq!(names(json!(["&", ["=", "name", "a"]])), None);
        assert_eq!(names(Value::Null), Some(vec![]));
    }
}
