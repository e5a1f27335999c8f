//! The book: links lead somewhere, every page is in the table of contents, every reason has its cure.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use cyclades_crds::condition::Reason;
use cyclades_house::tree::{self, File};

#[test]
fn every_link_leads_to_a_file() -> Result<()> {
    let mut dead = Vec::new();
    let mut seen = 0;
    for page in pages()? {
        let links = links(&page.text).into_iter();
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            seen += 1;
            let path = link.split('#').next().unwrap_or(&link);
            if !tree::root().join(beside(&page.path, path)).exists() {
                dead.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert!(seen > 30, "links are found");
    assert_eq!(dead, Vec::<String>::new(), "these links lead nowhere");
    Ok(())
}

#[test]
fn every_page_is_in_the_table_of_contents() -> Result<()> {
    let summary = std::fs::read_to_string(tree::root().join("docs/SUMMARY.md"))?;
    let listed: BTreeSet<_> = links(&summary).iter().map(|link| beside("docs/SUMMARY.md", link)).collect();
    let unlisted = pages()?
        .into_iter()
        .map(|page| PathBuf::from(page.path))
        .filter(|path| path.starts_with("docs") && !path.ends_with("SUMMARY.md") && !listed.contains(path));
    assert_eq!(unlisted.collect::<Vec<_>>(), Vec::<PathBuf>::new(), "name these in docs/SUMMARY.md");
    Ok(())
}

#[test]
fn every_reason_has_its_cure() -> Result<()> {
    let mut text = String::new();
    for page in ["docs/user/conditions.md", "docs/operator/bad-days.md"] {
        text.push_str(&std::fs::read_to_string(tree::root().join(page))?);
    }
    let silent = Reason::ALL.iter().map(|reason| reason.as_str());
    let silent: Vec<_> = silent.filter(|reason| !text.contains(&format!("`{reason}`"))).collect();
    assert_eq!(silent, Vec::<&str>::new(), "say what to do about these on one of the two pages");
    Ok(())
}

/// All Markdown files.
fn pages() -> Result<Vec<File>> {
    Ok(tree::files(".")?.into_iter().filter(|file| file.is("md")).collect())
}

/// The targets of `[text](target)`, outside of code.
fn links(text: &str) -> Vec<String> {
    let prose: String = text.split('`').step_by(2).collect();
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    targets.filter(|link| !link.is_empty()).map(str::to_owned).collect()
}

/// A link of a page as a path from the root.
fn beside(page: &str, link: &str) -> PathBuf {
    let folder = Path::new(page).parent().unwrap_or(Path::new(""));
    let mut path = PathBuf::new();
    for part in folder.join(link).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::Normal(part) => path.push(part),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    path
}
