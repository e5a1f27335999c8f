//! Names of objects that are made of names of others.

use std::collections::BTreeSet;

/// Longest name of an object that ours refer to.
const LENGTH_MAX: usize = 63;

/// A name that Kubernetes takes, as near as can be to a text that is none.
pub(super) fn of(text: &str) -> String {
    let mut name: String = text
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' { c } else { '-' })
        .collect();
    name.truncate(LENGTH_MAX);
    let name = name.trim_matches(['-', '.']);
    // A dot must stand between letters.
    let name = name.replace(".-", "-").replace("-.", "-").replace("..", ".");
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

/// The name, or the name with a number if it is taken; it is taken from then on.
pub(super) fn free(name: String, taken: &mut BTreeSet<String>) -> String {
    let numbered = |number: u32| {
        let tail = format!("-{number}");
        let head: String = name.chars().take(LENGTH_MAX - tail.len()).collect();
        format!("{}{tail}", head.trim_end_matches(['-', '.']))
    };
    let all = std::iter::once(name.clone()).chain((2..).map(numbered));
    let free = all.into_iter().find(|name| !taken.contains(name)).unwrap_or_else(|| name.clone());
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_a_name_stays_as_it_is() {
        assert_eq!(of("web.example.com"), "web.example.com");
        assert_eq!(of("Web_01"), "web-01");
        assert_eq!(of("_"), "unnamed");
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut taken = BTreeSet::from(["web".to_owned()]);
        assert_eq!(free("web".to_owned(), &mut taken), "web-2");
        assert_eq!(free("web".to_owned(), &mut taken), "web-3");
        assert_eq!(free("db".to_owned(), &mut taken), "db");
        let long = "a".repeat(LENGTH_MAX);
        taken.insert(long.clone());
        assert_eq!(free(long, &mut taken).len(), LENGTH_MAX);
    }

    proptest! {
        #[test]
        fn a_name_is_a_name(text in "[ -~]{0,90}") {
            let name = of(&text);
            prop_assert!(!name.is_empty() && name.len() <= LENGTH_MAX);
            prop_assert!(name.starts_with(|c: char| c.is_ascii_alphanumeric()), "{}", name);
            prop_assert!(name.ends_with(|c: char| c.is_ascii_alphanumeric()), "{}", name);
        }
    }
}
