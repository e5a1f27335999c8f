//! The flags of one point.

use clap::{ArgGroup, Args};

use crate::{Blow, BlowKind, Point, Weather};

/// One point: a scenario, a seed, and what goes wrong.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("blow").multiple(false))]
pub struct Line {
    /// Only this scenario.
    #[arg(long, env = "CYCLADES_CHAOS_SCENARIO", value_name = "NAME")]
    pub scenario: Option<String>,
    /// What everything that is left to chance follows from.
    #[arg(long, env = "CYCLADES_CHAOS_SEED", default_value_t = 1)]
    pub seed: u64,
    /// Only this weather: calm, lag, breaks, gone, slow, lists, clocks or storm.
    #[arg(long, env = "CYCLADES_CHAOS_WEATHER", value_name = "WEATHER")]
    pub weather: Option<Weather>,
    /// One point: kill the operator before call K has an effect.
    #[arg(long, group = "blow", value_name = "K")]
    pub kill_before: Option<u32>,
    /// One point: kill the operator after the effect of call K.
    #[arg(long, group = "blow", value_name = "K")]
    pub kill_after: Option<u32>,
    /// One point: call K has its effect and its answer is lost.
    #[arg(long, group = "blow", value_name = "K")]
    pub lose: Option<u32>,
    /// One point: the connection ends before call K has an effect.
    #[arg(long, group = "blow", value_name = "K")]
    pub refuse: Option<u32>,
    /// One point: the server fails at call K.
    #[arg(long, group = "blow", value_name = "K")]
    pub fail: Option<u32>,
    /// One point: call K has its effect and no answer ever comes.
    #[arg(long, group = "blow", value_name = "K")]
    pub hang: Option<u32>,
    /// One point: call K meets a conflict.
    #[arg(long, group = "blow", value_name = "K")]
    pub conflict: Option<u32>,
    /// One point: call K is throttled.
    #[arg(long, group = "blow", value_name = "K")]
    pub throttle: Option<u32>,
    /// One point: the answer to call K ends in its middle.
    #[arg(long, group = "blow", value_name = "K")]
    pub truncate: Option<u32>,
    /// One point: call K, for a list of RAPI's, is answered with no rows.
    #[arg(long, group = "blow", value_name = "K")]
    pub empty: Option<u32>,
    /// One point: call K, for a list of RAPI's, is answered with every other row.
    #[arg(long, group = "blow", value_name = "K")]
    pub halve: Option<u32>,
    /// One point: call K, for a list of RAPI's, is answered with every row twice.
    #[arg(long, group = "blow", value_name = "K")]
    pub double: Option<u32>,
    /// One point: nothing is done to any call.
    #[arg(long, group = "blow")]
    pub undisturbed: bool,
}

impl Line {
    /// The blow, if one is given.
    #[must_use]
    pub fn blow(&self) -> Option<Blow> {
        BlowKind::ALL.into_iter().find_map(|kind| {
            let at = match kind {
                BlowKind::KillBefore => self.kill_before,
                BlowKind::KillAfter => self.kill_after,
                BlowKind::Lose => self.lose,
                BlowKind::Refuse => self.refuse,
                BlowKind::Fail => self.fail,
                BlowKind::Hang => self.hang,
                BlowKind::Conflict => self.conflict,
                BlowKind::Throttle => self.throttle,
                BlowKind::Truncate => self.truncate,
                BlowKind::Empty => self.empty,
                BlowKind::Halve => self.halve,
                BlowKind::Double => self.double,
            };
            Some(Blow { kind, at: at? })
        })
    }

    /// The point, where the flags name one.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        let blow = self.blow();
        if blow.is_none() && !self.undisturbed {
            return None;
        }
        let weather = self.weather.unwrap_or(Weather::Calm);
        Some(Point { scenario: self.scenario.clone()?, seed: self.seed, weather, blow })
    }
}
