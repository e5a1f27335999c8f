//! What the weather does to single calls, as it follows from the seed.

use std::time::Duration;

use crate::clocks::{Turn, Whose};
use crate::{BlowKind, Weather};

/// In a storm, one call in so many is hit.
const STORM_ONE_IN: u64 = 9;
/// In a storm, so many calls are hit.
const STORM_BLOWS: u32 = 6;
/// Where lists cannot be trusted, one in so many is wrong.
const WRONG_LISTS_ONE_IN: u64 = 3;
/// So many lists are wrong.
const WRONG_LISTS: u32 = 12;
/// Where time goes back, it does so at one call in so many.
const TURNS_ONE_IN: u64 = 4;
/// It goes back by up to so many seconds at a time.
const TURN_SECONDS_MAX: u64 = 7200;

/// What the weather has in store.
#[derive(Debug)]
pub(crate) struct Fate {
    weather: Weather,
    random: u64,
    /// Calls that it may still hit.
    left: u32,
}

impl Fate {
    pub fn new(weather: Weather, seed: u64) -> Self {
        let left = match weather {
            Weather::Storm => STORM_BLOWS,
            Weather::Lists => WRONG_LISTS,
            _ => u32::MAX,
        };
        Self { weather, random: seed, left }
    }

    /// What happens at a call: a blow to it, or a time of day goes back. `list`: it asks for a list.
    pub fn at_a_call(&mut self, list: bool) -> (Option<BlowKind>, Option<Turn>) {
        match self.weather {
            Weather::Storm => (self.one_of(STORM_ONE_IN, &BlowKind::EVERYWHERE), None),
            Weather::Lists if list => (self.one_of(WRONG_LISTS_ONE_IN, &BlowKind::OF_LISTS), None),
            Weather::Clocks => (None, self.turn()),
            _ => (None, None),
        }
    }

    /// One of these, at one call in so many.
    fn one_of(&mut self, one_in: u64, kinds: &[BlowKind]) -> Option<BlowKind> {
        if self.left == 0 {
            return None;
        }
        let drawn = self.draw();
        if !drawn.is_multiple_of(one_in) {
            return None;
        }
        self.left -= 1;
        let index = usize::try_from(drawn / one_in).unwrap_or(0) % kinds.len();
        kinds.get(index).copied()
    }

    /// A time of day goes back, at one call in some.
    fn turn(&mut self) -> Option<Turn> {
        let drawn = self.draw();
        if !drawn.is_multiple_of(TURNS_ONE_IN) {
            return None;
        }
        let whose = match (drawn / TURNS_ONE_IN) % 3 {
            0 => Whose::Operator,
            1 => Whose::ApiServer,
            _ => Whose::Ganeti,
        };
        Some(Turn { whose, by: Duration::from_secs((drawn >> 32) % TURN_SECONDS_MAX) })
    }

    /// SplitMix64.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
