//! What each scenario tells, word by word.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test tells which stories differ

use std::path::Path;

use cyclades_chaos::{Scenario, scenarios, story};

/// Fewer would not show all that a user or an administrator can do.
const STORIES_MIN: usize = 30;

#[test]
fn every_scenario_tells_the_story_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let scenarios = scenarios().unwrap();
    assert!(scenarios.len() >= STORIES_MIN);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = scenarios.len().div_ceil(threads);
    let differ: Vec<&str> = std::thread::scope(|scope| {
        let folder = folder.as_path();
        let parts: Vec<_> = scenarios
            .chunks(share)
            .map(|part| scope.spawn(move || those_that_differ(part, folder)))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    assert_eq!(
        differ,
        Vec::<&str>::new(),
        "UPDATE_GOLDEN=1 writes them anew, to be read before they are kept"
    );
}

fn those_that_differ<'a>(part: &'a [Scenario], folder: &Path) -> Vec<&'a str> {
    part.iter().filter(|it| differs(it, folder)).map(|it| it.name.as_str()).collect()
}

/// Tells a scenario, and compares; with `UPDATE_GOLDEN=1`, writes it anew.
fn differs(scenario: &Scenario, folder: &Path) -> bool {
    let file = folder.join(format!("{}.story", scenario.name));
    let text = match story(scenario) {
        Ok(text) => text,
        Err((failure, text)) => panic!("{}: {failure}\n{text}", scenario.name),
    };
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &text).unwrap();
        return false;
    }
    let differs = std::fs::read_to_string(&file).unwrap_or_default() != text;
    if differs {
        eprintln!("{} is now:\n{text}", file.display());
    }
    differs
}
