//! The answer of a query, read row by row.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Cells, QueryRow};
use crate::failure::Garbled;

/// The answer of a query as it came. Rows are made only while [`Self::for_each`] runs and may borrow
/// from it.
#[derive(Clone)]
pub struct QueryBody {
    body: Bytes,
}

impl fmt::Debug for QueryBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QueryBody({} bytes)", self.body.len())
    }
}

impl QueryBody {
    /// Wraps the JSON of a query's answer, `{"fields": […], "data": [[[rs, value], …], …]}`.
    #[must_use]
    pub fn new(body: Bytes) -> Self {
        Self { body }
    }

    /// Its size in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.body.len()
    }

    /// Whether it is empty, which no answer is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// Hands every row to `each` and returns how many there were.
    ///
    /// # Errors
    /// [`Garbled`] when the answer is cut off, is no query answer, or has other cells than `R` takes;
    /// rows before that place have been handed over.
    pub fn for_each<'de, R: QueryRow<'de>>(&'de self, each: impl FnMut(R)) -> Result<usize, Garbled> {
        let garbled = |error: serde_json::Error| Garbled { bytes: self.body.len(), why: error.to_string() };
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        let count = json.deserialize_map(Answer { each, row: PhantomData::<R> }).map_err(garbled)?;
        json.end().map_err(garbled)?;
        Ok(count)
    }
}

/// The outer object; of its keys only `data` matters.
struct Answer<F, R> {
    each: F,
    row: PhantomData<R>,
}

impl<'de, F: FnMut(R), R: QueryRow<'de>> Visitor<'de> for Answer<F, R> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer of a query")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<usize, A::Error> {
        let mut count = None;
        while let Some(is_data) = map.next_key_seed(IsData)? {
            if is_data {
                count = Some(map.next_value_seed(Rows { each: &mut self.each, row: PhantomData::<R> })?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        count.ok_or_else(|| A::Error::missing_field("data"))
    }
}

/// Compares a key without keeping it.
struct IsData;

impl<'de> DeserializeSeed<'de> for IsData {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for IsData {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == "data")
    }
}

/// The list of rows.
struct Rows<'f, F, R> {
    each: &'f mut F,
    row: PhantomData<R>,
}

impl<'de, F: FnMut(R), R: QueryRow<'de>> DeserializeSeed<'de> for Rows<'_, F, R> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(R), R: QueryRow<'de>> Visitor<'de> for Rows<'_, F, R> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while let Some(row) = rows.next_element_seed(Row(PhantomData::<R>))? {
            (self.each)(row);
            count += 1;
        }
        Ok(count)
    }
}

/// One row.
struct Row<R>(PhantomData<R>);

impl<'de, R: QueryRow<'de>> DeserializeSeed<'de> for Row<R> {
    type Value = R;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, R: QueryRow<'de>> Visitor<'de> for Row<R> {
    type Value = R;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a row of {} cells", R::FIELDS.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, row: A) -> Result<R, A::Error> {
        let mut cells = Cells::new(row);
        let row = R::from_cells(&mut cells)?;
        cells.end()?;
        Ok(row)
    }
}
