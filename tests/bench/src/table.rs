//! The figures for people.

use comfy_table::{Cell, CellAlignment, Table, presets::UTF8_BORDERS_ONLY};

use crate::figures::{Kind, Numbers};

/// Key, value, goal, and whether it is met.
pub(crate) fn table(kinds: &[Kind], numbers: &Numbers) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_header(["figure", "value", "", "goal", "met"]);
    for kind in kinds {
        let (key, unit, _) = *kind;
        let (goal, met) = numbers.judge(*kind);
        let value = numbers.get(key).map_or_else(|| "–".to_owned(), shown);
        let met = match met {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        };
        table.add_row([
            Cell::new(key),
            Cell::new(value).set_alignment(CellAlignment::Right),
            Cell::new(unit),
            Cell::new(goal),
            Cell::new(met),
        ]);
    }
    table.to_string()
}

fn shown(value: f64) -> String {
    if value >= 100.0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
