//! Splits a list while it streams in: its items one by one, and what is around them.
//!
//! A list of ten thousand objects has tens of megabytes. Read whole, it would be the peak of the operator's memory; a
//! streaming watch avoids that and costs the API server twice as much. So the plain list is cut where its items end.

/// The key whose array holds the items.
const ITEMS: &[u8] = b"\"items\"";

/// Cuts the JSON of a list into items.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    /// What is not in an item: the list's own fields, with an empty array of items.
    envelope: Vec<u8>,
    /// The item that has begun.
    item: Vec<u8>,
    depth: u32,
    in_items: bool,
    in_string: bool,
    escaped: bool,
}

/// Depth inside the list's own object.
const IN_LIST: u32 = 1;
/// Depth inside the array of items.
const IN_ARRAY: u32 = 2;

impl Splitter {
    /// Takes the next bytes; `each` is given every item that they complete.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8])) {
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    if self.in_items && self.depth == IN_ARRAY {
                        from = at;
                    } else if self.depth == IN_LIST && *byte == b'[' {
                        self.envelope.extend_from_slice(&bytes[from..=at]);
                        from = at + 1;
                        self.in_items = self.follows_items();
                    }
                    self.depth += 1;
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.in_items && self.depth == IN_ARRAY {
                        self.complete(&bytes[from..=at], &mut each);
                        from = at + 1;
                    } else if self.in_items && self.depth == IN_LIST {
                        // The comma between items, or nothing, stands before this bracket.
                        self.in_items = false;
                        from = at;
                    }
                }
                _ => {}
            }
        }
        self.keep(&bytes[from.min(bytes.len())..]);
    }

    fn complete(&mut self, end: &[u8], each: &mut impl FnMut(&[u8])) {
        if self.item.is_empty() {
            each(end);
        } else {
            self.item.extend_from_slice(end);
            each(&self.item);
            self.item.clear();
        }
    }

    /// Keeps what the next bytes go on with.
    fn keep(&mut self, rest: &[u8]) {
        if !self.in_items {
            self.envelope.extend_from_slice(rest);
        } else if self.depth > IN_ARRAY {
            self.item.extend_from_slice(rest);
        }
    }

    /// Whether the array that has just begun is that of the items.
    fn follows_items(&self) -> bool {
        let before = self.envelope.trim_ascii_end();
        let before = before.strip_suffix(b"[").unwrap_or(before).trim_ascii_end();
        before.strip_suffix(b":").is_some_and(|key| key.trim_ascii_end().ends_with(ITEMS))
    }

    /// The list without its items; whether the list was complete shows when this is parsed.
    pub(crate) fn envelope(&self) -> &[u8] {
        &self.envelope
    }
}

#[cfg(test)]
mod tests {
    use super::Splitter;

    const LIST: &str = r#"{"apiVersion":"v1","other":[1,{"items":[]}],"items":[{"a":"]}\"{","b":[{"c":1}]},{"d":"\\"} , {}],"kind":"List","metadata":{"resourceVersion":"42"}}"#;

    fn split(list: &str, chunk: usize) -> (Vec<String>, String) {
        let mut splitter = Splitter::default();
        let mut items = Vec::new();
        for bytes in list.as_bytes().chunks(chunk) {
            splitter.feed(bytes, |item| items.push(String::from_utf8(item.to_vec()).unwrap()));
        }
        (items, String::from_utf8(splitter.envelope().to_vec()).unwrap())
    }

    #[test]
    fn items_are_cut_wherever_the_bytes_break() {
        for chunk in 1..LIST.len() {
            let (items, envelope) = split(LIST, chunk);
            assert_eq!(items, [r#"{"a":"]}\"{","b":[{"c":1}]}"#, r#"{"d":"\\"}"#, "{}"], "chunks of {chunk}");
            let envelope: serde_json::Value = serde_json::from_str(&envelope).unwrap();
            assert_eq!(envelope["metadata"]["resourceVersion"], "42", "chunks of {chunk}");
            assert_eq!(
                envelope["other"][1]["items"],
                serde_json::json!([]),
                "only the list's own items are cut"
            );
        }
    }

    #[test]
    fn an_empty_list_and_a_cut_one_are_told_apart() {
        let (items, envelope) = split(r#"{"items":[],"metadata":{"resourceVersion":"1"}}"#, 7);
        assert!(items.is_empty() && serde_json::from_str::<serde_json::Value>(&envelope).is_ok());
        let (_, envelope) = split(&LIST[..LIST.len() - 20], 7);
        assert!(serde_json::from_str::<serde_json::Value>(&envelope).is_err());
    }
}
