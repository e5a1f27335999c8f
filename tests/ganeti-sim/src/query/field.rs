//! Fields: names, kinds, and how to get their values.

use std::borrow::Cow;
use std::collections::HashMap;

use super::cell::{Cell, Missing};

/// The kind of a field's values (`QFT_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Unknown,
    Text,
    Bool,
    Number,
    Unit,
    Timestamp,
    Other,
}

impl Type {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Text => "text",
            Self::Bool => "bool",
            Self::Number => "number",
            Self::Unit => "unit",
            Self::Timestamp => "timestamp",
            Self::Other => "other",
        }
    }
}

/// Which of a family of fields it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    /// The disk or NIC with this index.
    Index(usize),
    /// The parameter with this name.
    Key(&'static str),
}

/// Gets the value of a field.
pub(crate) type Getter<C, T> = for<'a> fn(&'a C, &'a T, Part) -> Cell<'a>;

/// A field of an object `T` in a context `C`.
pub(crate) struct Field<C, T> {
    pub name: String,
    pub title: Cow<'static, str>,
    pub kind: Type,
    pub doc: Cow<'static, str>,
    pub get: Getter<C, T>,
    pub part: Part,
    /// Whether nodes are asked, or job files read, for it.
    pub live: bool,
    /// Whether equality follows host names.
    pub hostname: bool,
}

impl<C, T> Field<C, T> {
    pub fn new(
        name: impl Into<String>,
        title: impl Into<Cow<'static, str>>,
        kind: Type,
        doc: impl Into<Cow<'static, str>>,
        get: Getter<C, T>,
    ) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            kind,
            doc: doc.into(),
            get,
            part: Part::Whole,
            live: false,
            hostname: false,
        }
    }

    /// The same field with another name.
    pub fn alias(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    pub fn part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    pub fn live(mut self) -> Self {
        self.live = true;
        self
    }

    pub fn hostname(mut self) -> Self {
        self.hostname = true;
        self
    }

    pub fn value<'a>(&self, context: &'a C, object: &'a T) -> Cell<'a> {
        (self.get)(context, object, self.part)
    }
}

/// All fields of a kind of object.
pub(crate) struct Fields<C: 'static, T: 'static> {
    list: Vec<Field<C, T>>,
    by_name: HashMap<String, usize>,
}

impl<C, T> Fields<C, T> {
    pub fn new(list: Vec<Field<C, T>>) -> Self {
        let by_name = list.iter().enumerate().map(|(index, field)| (field.name.clone(), index)).collect();
        Self { list, by_name }
    }

    pub fn get(&self, name: &str) -> Option<&Field<C, T>> {
        self.by_name.get(name).and_then(|index| self.list.get(*index))
    }

    /// All of them, ordered by name.
    pub fn ordered(&self) -> Vec<&Field<C, T>> {
        let mut all: Vec<_> = self.list.iter().collect();
        all.sort_by(|one, other| crate::names::natural(&one.name, &other.name));
        all
    }
}

/// The value of a field nobody knows.
pub(crate) const UNKNOWN: Cell<'static> = Cell::Missing(Missing::Unknown);
