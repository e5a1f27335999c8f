//! How many requests the API server answered: its counter `apiserver_request_total`.

use std::collections::BTreeMap;

const COUNTER: &str = "apiserver_request_total{";

/// The counter summed by verb and `resource` or `resource/subresource`, without dry runs.
pub(crate) fn request_counts(text: &str) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    for (labels, value) in text.lines().filter_map(sample) {
        let label = |name: &str| labels.get(name).map_or("", String::as_str);
        if !label("dry_run").is_empty() {
            continue;
        }
        let resource = match label("subresource") {
            "" => label("resource").to_owned(),
            subresource => format!("{}/{subresource}", label("resource")),
        };
        *counts.entry((label("verb").to_owned(), resource)).or_default() += value;
    }
    counts
}

/// The labels and the value of a line that is a sample of the counter.
fn sample(line: &str) -> Option<(BTreeMap<String, String>, u64)> {
    let mut rest = line.strip_prefix(COUNTER)?;
    let mut labels = BTreeMap::new();
    while !rest.starts_with('}') {
        let (name, tail) = rest.split_once("=\"")?;
        let (value, tail) = quoted(tail)?;
        labels.insert(name.trim_start_matches(',').to_owned(), value);
        rest = tail;
    }
    let value: f64 = rest.trim_start_matches('}').split_whitespace().next()?.parse().ok()?;
    Some((labels, whole(value)))
}

/// The text up to the closing quote, and what follows it. Prometheus escapes `\`, `"` and newline.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

/// Counters are written as floats ("1.2e+06"); a count of requests is exact in one up to 2^53.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a counter is a whole number >= 0"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_add_up_subresources_and_dry_runs_do_not() {
        let text = r#"# TYPE apiserver_request_total counter
apiserver_request_total{code="200",component="apiserver",dry_run="",group="cyclades.io",resource="vms",scope="resource",subresource="",verb="PATCH",version="v1"} 3
apiserver_request_total{code="409",component="apiserver",dry_run="",group="cyclades.io",resource="vms",scope="resource",subresource="",verb="PATCH",version="v1"} 1.5e+06
apiserver_request_total{code="200",component="apiserver",dry_run="All",group="cyclades.io",resource="vms",scope="resource",subresource="",verb="PATCH",version="v1"} 9
apiserver_request_total{code="200",component="apiserver",dry_run="",group="cyclades.io",resource="vms",scope="resource",subresource="status",verb="PATCH",version="v1"} 2
apiserver_request_total{code="200",odd="a\"},b",verb="GET",resource="x"} 1
apiserver_request_total_other{verb="PATCH"} 5
"#;
        let key = |verb: &str, resource: &str| (verb.to_owned(), resource.to_owned());
        let expected = BTreeMap::from([
            (key("PATCH", "vms"), 1_500_003),
            (key("PATCH", "vms/status"), 2),
            (key("GET", "x"), 1),
        ]);
        assert_eq!(request_counts(text), expected);
    }
}
