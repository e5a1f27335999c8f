//! What each scenario tells, word by word.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // a test tells which stories differ

use std::path::Path;

use cyclades_chaos::{scenarios, story};

/// Fewer would not show all that a user or an administrator can do.
const STORIES_MIN: usize = 30;

#[test]
fn every_scenario_tells_the_story_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let renew = std::env::var_os("UPDATE_GOLDEN").is_some();
    let scenarios = scenarios().unwrap();
    assert!(scenarios.len() >= STORIES_MIN);
    let mut differ = Vec::new();
    for scenario in &scenarios {
        let file = folder.join(format!("{}.story", scenario.name));
        let text = match story(scenario) {
            Ok(text) => text,
            Err((failure, text)) => panic!("{}: {failure}\n{text}", scenario.name),
        };
        if renew {
            std::fs::write(&file, &text).unwrap();
        } else if std::fs::read_to_string(&file).unwrap_or_default() != text {
            eprintln!("{} is now:\n{text}", file.display());
            differ.push(scenario.name.as_str());
        }
    }
    assert_eq!(
        differ,
        Vec::<&str>::new(),
        "UPDATE_GOLDEN=1 writes them anew, to be read before they are kept"
    );
}
