//! Points: single runs.

use std::fmt;

use clap::Parser;

use crate::{Blow, Line, Weather};

/// One run of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Name of the scenario.
    pub scenario: String,
    /// What everything that is left to chance follows from.
    pub seed: u64,
    /// What is wrong all the time.
    pub weather: Weather,
    /// What goes wrong once.
    pub blow: Option<Blow>,
}

impl fmt::Display for Point {
    /// The flags that run it again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--scenario {} --seed {}", self.scenario, self.seed)?;
        if self.weather != Weather::Calm {
            write!(f, " --weather {}", self.weather.as_str())?;
        }
        match self.blow {
            Some(blow) => write!(f, " {blow}"),
            None => f.write_str(" --undisturbed"),
        }
    }
}

impl Point {
    /// Reads the flags of a point.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse(flags: &str) -> Result<Self, String> {
        #[derive(Parser)]
        struct Flags {
            #[command(flatten)]
            line: Line,
        }
        let words = ["chaos"].into_iter().chain(flags.split_whitespace());
        let flags = Flags::try_parse_from(words).map_err(|error| error.to_string())?;
        flags.line.point().ok_or_else(|| "names no point: it needs a scenario and what goes wrong".to_owned())
    }
}

/// Points that failed once.
///
/// # Errors
/// The first line that is no point.
pub fn past_failures() -> Result<Vec<Point>, String> {
    let lines = include_str!("../past-failures.txt").lines();
    let lines = lines.map(|line| line.split('#').next().unwrap_or("").trim()).filter(|line| !line.is_empty());
    lines.map(|line| Point::parse(line).map_err(|error| format!("{line}: {error}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BlowKind;

    #[test]
    fn what_is_printed_is_read() {
        for kind in BlowKind::ALL {
            let blow = Some(Blow { kind, at: 7 });
            let point = Point { scenario: "create".into(), seed: 42, weather: Weather::Lag, blow };
            assert_eq!(Point::parse(&point.to_string()), Ok(point));
        }
        let calm = Point { scenario: "create".into(), seed: 1, weather: Weather::Calm, blow: None };
        assert_eq!(Point::parse(&calm.to_string()), Ok(calm));
        assert!(Point::parse("--scenario create").is_err());
        assert!(past_failures().is_ok());
    }
}
