//! How long files and functions are, without their tests.

use anyhow::{Context as _, Result};
use proc_macro2::Span;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

use crate::tree::File;

/// Most lines of a file, its unit tests apart.
pub const FILE_LINES_MAX: usize = 500;
/// Most lines of a function, from `fn` to its closing brace.
pub const FUNCTION_LINES_MAX: usize = 60;

/// A function and its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line that it begins at.
    pub line: usize,
    /// How many lines it has.
    pub lines: usize,
}

/// The measures of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Lines, those of `#[cfg(test)]` items apart.
    pub lines: usize,
    /// Functions outside of `#[cfg(test)]` items.
    pub functions: Vec<Function>,
}

/// Measures a Rust file.
///
/// # Errors
/// A text that does not parse.
pub fn measure(file: &File) -> Result<Measure> {
    let syntax = syn::parse_file(&file.text).with_context(|| format!("parse {}", file.path))?;
    let mut counter = Counter::default();
    counter.visit_file(&syntax);
    let lines = file.text.lines().count().saturating_sub(counter.test_lines);
    Ok(Measure { lines, functions: counter.functions })
}

#[derive(Default)]
struct Counter {
    test_lines: usize,
    functions: Vec<Function>,
}

impl Counter {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let line = signature.fn_token.span.start().line;
        let lines = block.span().end().line + 1 - line;
        self.functions.push(Function { name: signature.ident.to_string(), line, lines });
    }
}

impl<'ast> Visit<'ast> for Counter {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_test(attributes(item)) {
            self.test_lines += lines(item.span());
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn lines(span: Span) -> usize {
    span.end().line + 1 - span.start().line
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]` or `#[cfg(all(test, …))]`.
fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let named = |name: &str| path.segments.last().is_some_and(|segment| segment.ident == name);
        let condition = || match &attribute.meta {
            syn::Meta::List(list) => list.tokens.to_string(),
            _ => String::new(),
        };
        named("test")
            || (named("cfg") && condition().split(|c: char| !c.is_alphanumeric()).any(|word| word == "test"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_do_not_count() {
        let text = "fn a() {\n    1;\n}\n\n#[cfg(test)]\nmod tests {\n    fn long() {}\n}\n".to_owned();
        let measure = measure(&File { path: "a.rs".into(), text }).unwrap();
        assert_eq!(measure.lines, 4);
        assert_eq!(measure.functions, [Function { name: "a".into(), line: 1, lines: 3 }]);
    }

    #[test]
    fn methods_count_from_their_signature() {
        let text = "struct S;\nimpl S {\n    /// Doc.\n    pub fn b(\n        &self,\n    ) {\n    }\n}\n"
            .to_owned();
        let measure = measure(&File { path: "b.rs".into(), text }).unwrap();
        assert_eq!(measure.functions, [Function { name: "b".into(), line: 4, lines: 4 }]);
    }
}
