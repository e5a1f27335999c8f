//! Writing answers straight from the state.

use super::cell::Cell;
use super::field::{Field, Fields, Type, UNKNOWN};
use super::filter::Filter;
use crate::json;

/// The fields of a query that exist, in the order asked for.
pub(crate) struct Selection<'f, C: 'static, T: 'static> {
    columns: Vec<(&'f str, Option<&'f Field<C, T>>)>,
}

impl<'f, C, T> Selection<'f, C, T> {
    pub fn new(fields: &'f Fields<C, T>, names: &'f [String]) -> Self {
        Self { columns: names.iter().map(|name| (name.as_str(), fields.get(name))).collect() }
    }

    /// `{"fields": […], "data": [[[status, value], …], …]}`.
    pub fn write_query<'a>(&self, context: &'a C, rows: impl Iterator<Item = &'a T>, out: &mut Vec<u8>)
    where
        T: 'a,
    {
        out.extend_from_slice(b"{\"fields\":");
        json::list(out, &self.columns, |out, (name, field)| write_definition(out, name, *field));
        out.extend_from_slice(b",\"data\":");
        json::list(out, rows, |out, row| {
            json::list(out, &self.columns, |out, (_, field)| match field {
                Some(field) => field.value(context, row).write(out),
                None => UNKNOWN.write(out),
            });
        });
        out.push(b'}');
    }

    /// One object, as the classic resources give it.
    pub fn write_object(&self, context: &C, row: &T, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, (name, field)) in self.columns.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            json::text(out, name);
            out.push(b':');
            field.map_or(UNKNOWN, |field| field.value(context, row)).write_value(out);
        }
        out.push(b'}');
    }

    /// The values of one row as a list.
    pub fn write_values(&self, context: &C, row: &T, out: &mut Vec<u8>) {
        json::list(out, &self.columns, |out, (_, field)| {
            field.map_or(UNKNOWN, |field| field.value(context, row)).write_value(out);
        });
    }
}

fn write_definition<C, T>(out: &mut Vec<u8>, name: &str, field: Option<&Field<C, T>>) {
    let unknown = format!("Unknown field '{name}'");
    let (title, kind, doc) =
        field.map_or((name, Type::Unknown, unknown.as_str()), |f| (&*f.title, f.kind, &*f.doc));
    out.extend_from_slice(b"{\"name\":");
    json::text(out, name);
    out.extend_from_slice(b",\"title\":");
    json::text(out, title);
    out.extend_from_slice(b",\"kind\":");
    json::text(out, kind.as_str());
    out.extend_from_slice(b",\"doc\":");
    json::text(out, doc);
    out.push(b'}');
}

/// The answer to a query of the fields themselves. Names that do not exist are listed as unknown.
pub(crate) fn write_fields<C, T>(fields: &Fields<C, T>, names: Option<&[String]>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"fields\":");
    match names {
        Some(names) if !names.is_empty() => {
            json::list(out, names, |out, name| write_definition(out, name, fields.get(name)));
        }
        _ => json::list(out, fields.ordered(), |out, field| write_definition(out, &field.name, Some(field))),
    }
    out.push(b'}');
}

/// A filter whose fields all exist.
pub(crate) struct Matcher<'f, C: 'static, T: 'static> {
    filter: &'f Filter,
    fields: &'f Fields<C, T>,
}

impl<'f, C, T> Matcher<'f, C, T> {
    /// The error names the first field that does not exist.
    pub fn new(fields: &'f Fields<C, T>, filter: &'f Filter) -> Result<Self, String> {
        match filter.fields().into_iter().find(|name| fields.get(name).is_none()) {
            Some(name) => Err(format!("Can't find field named '{name}'")),
            None => Ok(Self { filter, fields }),
        }
    }

    pub fn is_empty(&self) -> bool {
        matches!(self.filter, Filter::Empty)
    }

    /// Whether a row matches; the error is about types that do not fit.
    pub fn matches(&self, context: &C, row: &T) -> Result<bool, String> {
        let failure = std::cell::RefCell::new(None);
        let outcome = self.filter.evaluate(&|test| {
            let field = self.fields.get(test.field())?;
            let cell: Cell<'_> = field.value(context, row);
            match cell.test(&test, field.hostname) {
                Ok(holds) => Some(holds),
                Err(error) => {
                    failure.replace(Some(error));
                    None
                }
            }
        });
        match (outcome, failure.into_inner()) {
            (_, Some(error)) => Err(error),
            (outcome, None) => Ok(outcome.unwrap_or(true)),
        }
    }

    /// The rows that match, in their order.
    pub fn select<R: AsRef<T>>(&self, context: &C, rows: Vec<R>) -> Result<Vec<R>, String> {
        if self.is_empty() {
            return Ok(rows);
        }
        let mut selected = Vec::with_capacity(rows.len());
        for row in rows {
            if self.matches(context, row.as_ref())? {
                selected.push(row);
            }
        }
        Ok(selected)
    }
}
