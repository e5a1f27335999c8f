//! Job filters.

use serde_json::Value;

use super::Job;
use crate::json;
use crate::opcode::Op;
use crate::query::{Compare, Filter, Operand};

/// What a rule does with the jobs it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Accept,
    Continue,
    Pause,
    Reject,
    RateLimit(usize),
}

impl Action {
    pub fn parse(value: &Value) -> Result<Self, String> {
        match value.as_str() {
            Some("ACCEPT") => return Ok(Self::Accept),
            Some("CONTINUE") => return Ok(Self::Continue),
            Some("PAUSE") => return Ok(Self::Pause),
            Some("REJECT") => return Ok(Self::Reject),
            _ => {}
        }
        if value.get(0).and_then(Value::as_str) != Some("RATE_LIMIT") {
            return Err(format!("malformed FilterAction JSON: {}", json::shown(value)));
        }
        let limit = value.get(1).and_then(Value::as_u64).filter(|limit| *limit > 0);
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        let alone = value.get(2).is_none();
        let limit = limit.filter(|_| alone).ok_or("RATE_LIMIT argument must be a positive integer")?;
        Ok(Self::RateLimit(limit))
    }

    pub fn to_value(self) -> Value {
        match self {
            Self::Accept => Value::from("ACCEPT"),
            Self::Continue => Value::from("CONTINUE"),
            Self::Pause => Value::from("PAUSE"),
            Self::Reject => Value::from("REJECT"),
            Self::RateLimit(limit) => serde_json::json!(["RATE_LIMIT", limit]),
        }
    }
}

/// What a rule looks at.
#[derive(Debug, Clone)]
pub(crate) enum Predicate {
    JobId(Filter),
    OpCode(Filter),
    Reason(Filter),
}

impl Predicate {
    /// Reads `[name, filter]`.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let Some([Value::String(name), params @ ..]) = value.as_array().map(Vec::as_slice) else {
            let text = "malformed FilterPredicate: must be a list with the first entry being a string describing \
                        the predicate type";
            return Err(text.to_owned());
        };
        match (name.as_str(), params) {
            ("jobid", [filter]) => Filter::parse(filter).map(Self::JobId),
            ("opcode", [filter]) => Filter::parse(filter).map(Self::OpCode),
            ("reason", [filter]) => Filter::parse(filter).map(Self::Reason),
            _ => {
                let given = json::shown(params);
                Err(format!("malformed FilterPredicate: bad parameter list for '{name}' predicate: {given}"))
            }
        }
    }

    fn matches(&self, job: &Job, watermark: u64) -> bool {
        let ops = || job.ops.iter().map(|op| op.op.as_ref());
        match self {
            Self::JobId(filter) => comparisons(filter, &|compare, field, operand| {
                let own = Operand::Number(i64::try_from(job.id).ok()?);
                let other = match operand {
                    Operand::Number(number) => Operand::Number(*number),
                    Operand::Text(text) if text == "watermark" => {
                        Operand::Number(i64::try_from(watermark).ok()?)
                    }
                    Operand::Text(_) => return None,
                };
                (field == "id").then(|| compare.holds(own.cmp(&other)))
            }),
            Self::OpCode(filter) => ops().any(|op| matches_opcode(filter, op)),
            Self::Reason(filter) => ops().flat_map(|op| &op.reason).any(|(source, text, time)| {
                comparisons(filter, &|compare, field, operand| {
                    let own = match field {
                        "source" => Operand::Text(source.clone()),
                        "reason" => Operand::Text(text.clone()),
                        "timestamp" => Operand::Number(i64::try_from(*time).ok()?),
                        _ => return None,
                    };
                    Some(compare.holds(own.cmp(operand)))
                })
            }),
        }
    }
}

/// Evaluates a filter of comparisons. Any other operator that is reached makes it false as a whole:
/// Ganeti knows neither regular expressions nor globs here.
fn comparisons(filter: &Filter, compare: &dyn Fn(Compare, &str, &Operand) -> Option<bool>) -> bool {
    fn walk(filter: &Filter, compare: &dyn Fn(Compare, &str, &Operand) -> Option<bool>) -> Option<bool> {
        match filter {
            Filter::Empty => Some(true),
            Filter::And(parts) => {
                for part in parts {
                    if !walk(part, compare)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Filter::Or(parts) => {
                for part in parts {
                    if walk(part, compare)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
            Filter::Not(part) => walk(part, compare).map(|holds| !holds),
            Filter::Compare(operator, field, operand) => compare(*operator, field, operand),
            Filter::True(_) | Filter::Regex(..) | Filter::Contains(..) => None,
        }
    }
    walk(filter, compare).unwrap_or(false)
}

/// Evaluates a filter on an opcode's JSON. A field it does not have makes it false as a whole.
fn matches_opcode(filter: &Filter, op: &Op) -> bool {
    let mut bytes = Vec::new();
    op.write(&mut bytes);
    let Ok(shown) = serde_json::from_slice::<Value>(&bytes) else { return false };
    filter.fields().iter().all(|field| access(&shown, field).is_some())
        && filter.evaluate(&|test| test.on_json(access(&shown, test.field())?)).unwrap_or(false)
}

fn access<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

/// A job filter.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub uuid: String,
    pub watermark: u64,
    pub priority: u64,
    pub predicates: Vec<Predicate>,
    /// The predicates as they were given.
    pub shown: Value,
    pub action: Action,
    pub reason: Value,
}

/// All job filters, in the order they apply.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<Rule>,
}

impl Rules {
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    pub fn get(&self, uuid: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.uuid == uuid)
    }

    /// Adds a rule, or replaces the one with its uuid.
    pub fn put(&mut self, rule: Rule) {
        self.remove(&rule.uuid.clone());
        self.rules.push(rule);
        self.rules
            .sort_by(|a, b| (a.priority, a.watermark, &a.uuid).cmp(&(b.priority, b.watermark, &b.uuid)));
    }

    pub fn remove(&mut self, uuid: &str) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.uuid != uuid);
        self.rules.len() < before
    }

    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// The first rule that matches and decides.
    pub fn applying(&self, job: &Job) -> Option<&Rule> {
        self.rules.iter().find(|rule| {
            rule.action != Action::Continue
                && rule.predicates.iter().all(|predicate| predicate.matches(job, rule.watermark))
        })
    }

    pub fn action_for(&self, job: &Job) -> Action {
        self.applying(job).map_or(Action::Accept, |rule| rule.action)
    }

    /// Whether any rule limits how many jobs run at once.
    pub fn limit_rates(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.action, Action::RateLimit(_)))
    }
}
