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

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use bytes::Bytes;
    use proptest::prelude::*;
    use serde::de::SeqAccess;

    use super::QueryBody;
    use crate::{AdminState, Cell, Cells, ConfigRow, InstanceStatus, LiveRow, QueryRow};

    fn body(data: &str) -> QueryBody {
        QueryBody::new(Bytes::from(format!(r#"{{"data":{data},"fields":[{{"name":"x","doc":"[]"}}]}}"#)))
    }

    const CONFIG: &str = r#"[[0,"web.example.com"],[0,"u-1"],[0,4],[0,1700000000.5],[0,"up"],[0,"node1"],[0,[]],
        [0,"noop"],[0,"fake"],[0,"diskless"],[0,["a:b","caf\u00e9 \"x\""]],[0,128],[0,64],[0,2]]"#;

    #[test]
    fn rows_borrow_from_the_answer() {
        let body = body(&format!("[{CONFIG},{CONFIG}]"));
        let count = body
            .for_each(|row: ConfigRow<'_>| {
                assert!(matches!(row.name.0, Cow::Borrowed("web.example.com")));
                assert_eq!(row.admin_state, AdminState::Up);
                assert_eq!(row.tags.to_vec(), ["a:b", "café \"x\""]);
                assert!(row.tags.contains("a:b") && !row.tags.contains("a"));
                assert!(row.snodes.to_vec().is_empty());
                assert_eq!((row.max_mem_mib, row.min_mem_mib, row.vcpus), (128, 64, 2));
            })
            .unwrap();
        assert_eq!(count, 2);
    }

    #[test]
    fn the_reason_for_a_missing_value_is_kept() {
        let body = body(
            r#"[[[0,"a"],[0,"u"],[0,"ERROR_nodedown"],[2,null]],[[0,"b"],[0,"v"],[0,"ERROR_nodeoffline"],[4,null]],
                [[0,"c"],[0,"w"],[0,"running"],[0,true]]]"#,
        );
        let mut seen = Vec::new();
        body.for_each(|row: LiveRow<'_>| seen.push((row.status, row.oper_state))).unwrap();
        assert_eq!(
            seen,
            [
                (InstanceStatus::ErrorNodeDown, Cell::NoData),
                (InstanceStatus::ErrorNodeOffline, Cell::Offline),
                (InstanceStatus::Running, Cell::Value(true)),
            ]
        );
    }

    proptest! {
        #[test]
        fn no_damage_to_an_answer_does_more_than_an_error(at in 0..CONFIG.len(), byte in any::<u8>(), cut in 0..CONFIG.len()) {
            let mut damaged = CONFIG.as_bytes().to_vec();
            damaged[at] = byte;
            let answer = [b"{\"data\":[", &damaged[..], b"]}"].concat();
            for bytes in [answer.clone(), answer[..cut].to_vec()] {
                let body = QueryBody::new(bytes.into());
                let _ = body.for_each(|row: ConfigRow<'_>| drop(row.tags.to_vec()));
            }
        }
    }

    #[derive(Debug)]
    struct Two<'a>(crate::StrList<'a>, Option<u64>);

    impl<'de> QueryRow<'de> for Two<'de> {
        const FIELDS: &'static [&'static str] = &["list", "number"];

        fn from_cells<A: SeqAccess<'de>>(cells: &mut Cells<A>) -> Result<Self, A::Error> {
            Ok(Self(cells.required()?, cells.optional()?))
        }
    }

    #[test]
    fn what_is_not_as_asked_is_garbled() {
        for data in [
            "[[[0,[]]]]",             // a cell too few
            "[[[0,[]],[0,1],[0,2]]]", // a cell too many
            "[[[0,[1]],[0,1]]]",      // not a list of strings
            "[[[0,\"x\"],[0,1]]]",    // not a list
            "[[[3,null],[0,1]]]",     // a required value missing
            "[[[0,[]],[9,1]]]",       // an unknown result state
            "[[[0,[]],[0,\"1\"]]]",   // a number as text
            "[[[0,[]],[0,1]]",        // cut off
            "{}",
        ] {
            body(data).for_each(|_: Two<'_>| {}).unwrap_err();
        }
        QueryBody::new(Bytes::from_static(b"{\"fields\":[]}")).for_each(|_: Two<'_>| {}).unwrap_err();
        QueryBody::new(Bytes::from_static(b"{\"data\":[]} x")).for_each(|_: Two<'_>| {}).unwrap_err();
        assert_eq!(body("[]").for_each(|_: Two<'_>| {}).unwrap(), 0);
        body("[[[0,[\"\\\\\",\"]\"]],[1,null]]]")
            .for_each(|Two(list, number)| {
                assert_eq!(list.to_vec(), ["\\", "]"]);
                assert_eq!(number, None);
            })
            .unwrap();
    }
}
