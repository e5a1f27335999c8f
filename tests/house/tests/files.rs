//! Generated files, manifests, lints and sizes: what a compiler does not look at.

use std::fmt::Write as _;

use anyhow::Result;
use cyclades_house::{sizes, tree};

#[test]
fn generated_files_are_up_to_date() -> Result<()> {
    let mut stale = Vec::new();
    let files = cyclades_crds::generate::files()?;
    for (path, text) in &files {
        if std::fs::read_to_string(tree::root().join(path)).unwrap_or_default() != *text {
            stale.push(path.display().to_string());
        }
    }
    assert_eq!(stale, Vec::<String>::new(), "run `cargo xtask gen` and commit what it writes");
    for folder in ["charts/cyclades/templates/crds", "docs/reference"] {
        for file in tree::files(folder)? {
            let generated = files.iter().any(|(path, _)| path.to_string_lossy() == file.path);
            assert!(generated, "{} is no longer generated: delete it", file.path);
        }
    }
    Ok(())
}

#[test]
fn every_crate_takes_its_lints_and_versions_from_the_workspace() -> Result<()> {
    for file in tree::files(".")?.iter().filter(|file| file.path.ends_with("/Cargo.toml")) {
        assert!(
            file.text.contains("[lints]\nworkspace = true"),
            "{} has no `[lints] workspace = true`",
            file.path
        );
        let mut in_dependencies = false;
        for line in file.text.lines() {
            if line.starts_with('[') {
                in_dependencies = line.ends_with("dependencies]");
            }
            let own = line.contains("version = ") || line.contains("path = ") || line.contains(" = \"");
            assert!(!(in_dependencies && own), "{}: `{line}`: state it in the root manifest", file.path);
        }
    }
    Ok(())
}

#[test]
fn files_and_functions_are_short() -> Result<()> {
    let mut long = String::new();
    let mut seen = 0;
    for file in tree::files(".")?.iter().filter(|file| file.is("rs") && !is_integration_test(&file.path)) {
        let measure = sizes::measure(file)?;
        seen += measure.functions.len();
        if measure.lines > sizes::FILE_LINES_MAX {
            writeln!(long, "{}: {} lines", file.path, measure.lines)?;
        }
        for function in measure.functions.iter().filter(|function| function.lines > sizes::FUNCTION_LINES_MAX)
        {
            writeln!(
                long,
                "{}:{}: {} has {} lines",
                file.path, function.line, function.name, function.lines
            )?;
        }
    }
    assert!(seen > 50, "the walk finds functions");
    let (file, function) = (sizes::FILE_LINES_MAX, sizes::FUNCTION_LINES_MAX);
    assert!(
        long.is_empty(),
        "a file has at most {file} lines and a function {function}, tests apart:\n{long}"
    );
    Ok(())
}

/// `crate/tests/….rs`, as cargo has it, and `build.rs` of nobody.
fn is_integration_test(path: &str) -> bool {
    let folders: Vec<_> = path.split('/').collect();
    let source = folders.iter().position(|folder| *folder == "src");
    source.is_none() && folders.iter().filter(|folder| **folder == "tests").count() > 0
}

#[test]
fn nothing_names_a_place_outside_of_the_repository() -> Result<()> {
    let root = tree::root();
    let checkout = root.to_string_lossy().into_owned();
    let mut wrong = Vec::new();
    for file in tree::files(".")? {
        let depth = file.path.matches('/').count();
        for (number, line) in file.text.lines().enumerate() {
            if climbs(line) > depth || line.contains(&checkout) {
                wrong.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "these name a path outside of the repository");
    Ok(())
}

/// The most `../` in a row of a line.
fn climbs(line: &str) -> usize {
    let mut most = 0;
    let mut rest = line;
    while let Some(start) = rest.find("../") {
        let row = &rest[start..];
        let length = row.as_bytes().chunks(3).take_while(|chunk| *chunk == b"../").count();
        // `…/..` at the end of a path climbs one more.
        let last = usize::from(row[length * 3..].starts_with(".."));
        most = most.max(length + last);
        rest = &row[length * 3..];
    }
    most
}

#[test]
fn steps_up_are_counted() {
    assert_eq!(climbs("no path"), 0);
    assert_eq!(climbs("see ../../a and ../b"), 2);
    assert_eq!(climbs("concat!(DIR, \"/../..\")"), 2);
}
