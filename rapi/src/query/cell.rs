//! One cell of a query: a result state and a value.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

/// A cell, with the reason where it has no value (`rs` of the answer).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<T> {
    /// The value.
    Value(T),
    /// The field is not known to this version of Ganeti (1).
    UnknownField,
    /// The node that should know did not answer (2).
    NoData,
    /// There is no such value on this object (3).
    Unavailable,
    /// The node that should know is marked offline (4).
    Offline,
}

impl<T> Cell<T> {
    /// The value, whatever the reason is for not having it.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Cell<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Pair<T> {
            type Value = Cell<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pair of result state and value")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Cell<T>, A::Error> {
                let state: u8 = pair.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
                let missing = match state {
                    0 => {
                        let value = pair.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
                        return Ok(Cell::Value(value));
                    }
                    1 => Cell::UnknownField,
                    2 => Cell::NoData,
                    3 => Cell::Unavailable,
                    4 => Cell::Offline,
                    _ => return Err(A::Error::custom(format_args!("unknown result state {state}"))),
                };
                pair.next_element::<IgnoredAny>()?;
                Ok(missing)
            }
        }
        deserializer.deserialize_tuple(2, Pair(PhantomData))
    }
}

/// The cells of one row, taken one by one in the order of [`crate::QueryRow::FIELDS`].
pub struct Cells<A> {
    row: A,
    taken: usize,
}

impl<'de, A: SeqAccess<'de>> Cells<A> {
    pub(crate) fn new(row: A) -> Self {
        Self { row, taken: 0 }
    }

    /// The next cell with its state.
    ///
    /// # Errors
    /// When the row ends or the value has another type.
    pub fn cell<T: Deserialize<'de>>(&mut self) -> Result<Cell<T>, A::Error> {
        let cell =
            self.row.next_element()?.ok_or_else(|| A::Error::invalid_length(self.taken, &"more cells"))?;
        self.taken += 1;
        Ok(cell)
    }

    /// The next cell's value; `None` when it has none or the value is null.
    ///
    /// # Errors
    /// As [`Self::cell`].
    pub fn optional<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, A::Error> {
        Ok(self.cell::<Option<T>>()?.value().flatten())
    }

    /// The next cell's value, which must be there.
    ///
    /// # Errors
    /// As [`Self::cell`], and when there is no value.
    pub fn required<T: Deserialize<'de>>(&mut self) -> Result<T, A::Error> {
        let at = self.taken;
        self.cell()?.value().ok_or_else(|| A::Error::custom(format_args!("cell {at} has no value")))
    }

    pub(crate) fn end(mut self) -> Result<(), A::Error> {
        match self.row.next_element::<IgnoredAny>()? {
            None => Ok(()),
            Some(_) => Err(A::Error::invalid_length(self.taken + 1, &"fewer cells")),
        }
    }
}
