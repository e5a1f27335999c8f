//! Query results as Ganeti's commands lay them out.

use serde_json::Value;

/// How a table is to look.
#[derive(Debug, Default)]
pub struct Layout {
    pub no_headers: bool,
    pub separator: Option<String>,
    /// `h` scales sizes, `m`, `g` and `t` do not.
    pub units: Option<String>,
}

struct Column {
    title: String,
    unit: bool,
    right: bool,
}

/// The lines of a query's answer.
pub fn lines(answer: &Value, layout: &Layout) -> Vec<String> {
    let fields = answer["fields"].as_array().map_or(&[][..], Vec::as_slice);
    let columns: Vec<Column> = fields.iter().map(column).collect();
    let units = layout.units.as_deref().unwrap_or(if layout.separator.is_some() { "m" } else { "h" });
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !layout.no_headers {
        rows.push(columns.iter().map(|column| column.title.clone()).collect());
    }
    for row in answer["data"].as_array().into_iter().flatten() {
        let cells = row.as_array().into_iter().flatten().zip(&columns);
        rows.push(cells.map(|(cell, column)| shown(cell, column, units)).collect());
    }
    match &layout.separator {
        Some(separator) => rows.iter().map(|row| row.join(separator)).collect(),
        None => aligned(&rows, &columns),
    }
}

fn column(field: &Value) -> Column {
    let kind = field["kind"].as_str().unwrap_or_default();
    Column {
        title: field["title"].as_str().unwrap_or_default().to_owned(),
        unit: kind == "unit",
        right: matches!(kind, "unit" | "number" | "float"),
    }
}

fn aligned(rows: &[Vec<String>], columns: &[Column]) -> Vec<String> {
    let width =
        |index: usize| rows.iter().filter_map(|row| row.get(index)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns.len()).map(|index| width(index).unwrap_or(0)).collect();
    let last = columns.len().saturating_sub(1);
    let cell = |index: usize, text: &String| match (columns.get(index), widths.get(index)) {
        (Some(column), Some(width)) if column.right => format!("{text:>width$}"),
        // No blanks at the end of a line.
        (Some(_), Some(width)) if index < last => format!("{text:<width$}"),
        _ => text.clone(),
    };
    let line = |row: &Vec<String>| {
        row.iter().enumerate().map(|(index, text)| cell(index, text)).collect::<Vec<_>>().join(" ")
    };
    rows.iter().map(line).collect()
}

fn shown(cell: &Value, column: &Column, units: &str) -> String {
    match cell[0].as_u64() {
        Some(0) => text(&cell[1], column.unit.then_some(units)),
        Some(2) => "?".to_owned(),
        Some(3) => "-".to_owned(),
        Some(4) => "*".to_owned(),
        _ => "??".to_owned(),
    }
}

fn text(value: &Value, units: Option<&str>) -> String {
    match value {
        Value::Bool(true) => "Y".to_owned(),
        Value::Bool(false) => "N".to_owned(),
        Value::String(text) => text.clone(),
        Value::Null => "None".to_owned(),
        Value::Number(number) => match (units, number.as_f64()) {
            (Some(units), Some(mib)) => size(mib, units),
            _ => number.to_string(),
        },
        Value::Array(items) => items.iter().map(|item| text(item, None)).collect::<Vec<_>>().join(","),
        Value::Object(_) => value.to_string(),
    }
}

fn size(mib: f64, units: &str) -> String {
    let scaled = units == "h";
    match units {
        "g" => format!("{:.1}", mib / 1024.0),
        "t" => format!("{:.1}", mib / 1024.0 / 1024.0),
        _ if scaled && mib >= 1024.0 * 1024.0 => format!("{:.1}T", mib / 1024.0 / 1024.0),
        _ if scaled && mib >= 1024.0 => format!("{:.1}G", mib / 1024.0),
        _ if scaled => format!("{mib:.0}M"),
        _ => format!("{mib:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Layout, lines};
    use serde_json::json;

    #[test]
    fn columns_are_aligned_as_ganeti_does() {
        let answer = json!({
            "fields": [
                {"name": "name", "title": "Instance", "kind": "text"},
                {"name": "oper_ram", "title": "Memory", "kind": "unit"},
                {"name": "tags", "title": "Tags", "kind": "other"},
            ],
            "data": [
                [[0, "web1.example.com"], [0, 16], [0, ["a", "b"]]],
                [[0, "db"], [3, null], [0, []]],
                [[0, "big"], [0, 2048], [2, null]],
            ],
        });
        assert_eq!(
            lines(&answer, &Layout::default()),
            [
                "Instance         Memory Tags",
                "web1.example.com    16M a,b",
                "db                    - ",
                "big                2.0G ?",
            ]
        );
        let plain = Layout { no_headers: true, separator: Some(":".to_owned()), units: None };
        assert_eq!(lines(&answer, &plain), ["web1.example.com:16:a,b", "db:-:", "big:2048:?"]);
    }
}
