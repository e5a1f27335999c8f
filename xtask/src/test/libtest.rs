//! What Rust's test programs print.

/// The counts of one or more test programs.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests marked `#[ignore]` and tests that a filter left out.
    pub left_out: u64,
}

/// Adds what a line says to the counts; most lines say nothing.
///
/// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s`
pub fn read(counts: &mut Counts, line: &str) {
    let Some(result) = line.strip_prefix("test result: ") else { return };
    for field in result.split(['.', ';']).map(str::trim) {
        let Some((number, what)) = field.split_once(' ') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        match what {
            "passed" => counts.passed += number,
            "failed" => counts.failed += number,
            "ignored" | "filtered out" => counts.left_out += number,
            _ => {}
        }
    }
}

/// The name of a test that failed, if the line tells of one: `test module::name ... FAILED`.
pub fn failure(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED").map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_programs_add_up() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test a ... FAILED",
            "test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s",
            "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 12.01s",
        ] {
            read(&mut counts, line);
        }
        assert_eq!(counts, Counts { passed: 7, failed: 1, left_out: 5 });
        assert_eq!(failure("test a::b ... FAILED"), Some("a::b"));
        assert_eq!(
            failure("test a::b    ... FAILED"),
            Some("a::b"),
            "as a program with a main of its own aligns them"
        );
        assert_eq!(failure("test a::b ... ok"), None);
    }
}
