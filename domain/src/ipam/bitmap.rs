//! A set of small numbers that finds its lowest gap in a few steps, however full it is.

/// Numbers in a word.
const WORD: usize = 64;

/// A bitmap with summaries: a bit of a higher level says that a whole word below is full. 65,536 numbers take three
/// levels, so three words are looked at to find a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    /// The numbers themselves first; the last level is one word.
    levels: Vec<Vec<u64>>,
    size: u32,
    free: u32,
}

impl Bitmap {
    /// An empty set of numbers below `size`.
    #[must_use]
    pub fn new(size: u32) -> Self {
        let mut levels = Vec::new();
        let mut bits = size as usize;
        loop {
            let mut level = vec![0; bits.div_ceil(WORD).max(1)];
            let last = level.len() - 1;
            // What lies beyond the end is never free.
            level[last] = beyond(bits, last);
            levels.push(level);
            if last == 0 {
                break;
            }
            bits = last + 1;
        }
        Self { levels, size, free: size }
    }

    /// How many numbers below its size are not in the set.
    #[must_use]
    pub fn free(&self) -> u32 {
        self.free
    }

    /// The lowest number that is not in the set.
    #[must_use]
    pub fn lowest_free(&self) -> Option<u32> {
        let mut at = 0;
        for level in self.levels.iter().rev() {
            let gap = (!*level.get(at)?).trailing_zeros() as usize;
            if gap == WORD {
                return None;
            }
            at = at * WORD + gap;
        }
        u32::try_from(at).ok()
    }

    /// Whether a number is in the set; those beyond its size count as if they were.
    #[must_use]
    pub fn has(&self, number: u32) -> bool {
        let (at, bit) = place(number);
        self.word(at).is_none_or(|word| word & bit != 0)
    }

    /// Takes a number in. One beyond the size is in already.
    pub fn insert(&mut self, number: u32) {
        let (at, bit) = place(number);
        if let Some(word) = self.word(at) {
            self.set_word(at, word | bit);
        }
    }

    /// Lets a number go. One beyond the size stays.
    pub fn remove(&mut self, number: u32) {
        let (at, bit) = place(number);
        if let Some(word) = self.word(at) {
            self.set_word(at, word & !bit);
        }
    }

    /// The 64 numbers from `64 * at` on, the lowest one as the lowest bit; `None` beyond the end.
    #[must_use]
    pub fn word(&self, at: usize) -> Option<u64> {
        self.levels.first()?.get(at).copied()
    }

    /// Replaces 64 numbers at once.
    pub fn set_word(&mut self, at: usize, bits: u64) {
        let Some((words, summaries)) = self.levels.split_first_mut() else { return };
        let Some(word) = words.get_mut(at) else { return };
        let bits = bits | beyond(self.size as usize, at);
        self.free = self.free + bits.count_zeros() - word.count_zeros();
        *word = bits;
        let (mut full, mut below) = (bits == u64::MAX, at);
        for level in summaries {
            let Some(word) = level.get_mut(below / WORD) else { return };
            let bit = 1 << (below % WORD);
            *word = if full { *word | bit } else { *word & !bit };
            full = *word == u64::MAX;
            below /= WORD;
        }
    }
}

fn place(number: u32) -> (usize, u64) {
    let number = number as usize;
    (number / WORD, 1 << (number % WORD))
}

/// The bits of a word that lie beyond the end of `size` bits.
fn beyond(size: usize, at: usize) -> u64 {
    match size.saturating_sub(at * WORD) {
        inside @ 0..WORD => u64::MAX << inside,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_is_free_in_a_set_without_room() {
        assert_eq!(Bitmap::new(0).lowest_free(), None);
        let mut one = Bitmap::new(1);
        assert_eq!((one.lowest_free(), one.has(1)), (Some(0), true));
        one.insert(0);
        one.remove(1);
        assert_eq!((one.lowest_free(), one.free()), (None, 0));
    }

    #[test]
    fn the_last_of_many_is_found() {
        let mut many = Bitmap::new(65_536);
        (0..1024).for_each(|word| many.set_word(word, u64::MAX));
        assert_eq!((many.lowest_free(), many.free()), (None, 0));
        many.remove(65_535);
        assert_eq!((many.lowest_free(), many.free()), (Some(65_535), 1));
        many.remove(4_096);
        assert_eq!(many.lowest_free(), Some(4_096));
    }

    #[derive(Clone, Debug)]
    enum Change {
        Insert(u32),
        Remove(u32),
        Word(usize, u64),
    }

    fn change(size: u32) -> impl Strategy<Value = Change> {
        let number = 0..size + 70;
        let words = 0..size as usize / WORD + 2;
        prop_oneof![
            number.clone().prop_map(Change::Insert),
            number.prop_map(Change::Remove),
            (words, prop_oneof![Just(u64::MAX), Just(0), any::<u64>()])
                .prop_map(|(at, bits)| Change::Word(at, bits)),
        ]
    }

    proptest! {
        #[test]
        fn it_is_a_set((size, changes) in (0u32..5_000).prop_flat_map(|size| (Just(size), proptest::collection::vec(change(size), 0..200)))) {
            let (mut bitmap, mut set) = (Bitmap::new(size), BTreeSet::new());
            for change in changes {
                match change {
                    Change::Insert(number) => {
                        bitmap.insert(number);
                        if number < size { set.insert(number); }
                    }
                    Change::Remove(number) => {
                        bitmap.remove(number);
                        set.remove(&number);
                    }
                    Change::Word(at, bits) => {
                        bitmap.set_word(at, bits);
                        for bit in 0..WORD {
                            let number = u32::try_from(at * WORD + bit).unwrap();
                            if bits >> bit & 1 == 0 { set.remove(&number); } else if number < size { set.insert(number); }
                        }
                    }
                }
                let gap = (0..size).find(|number| !set.contains(number));
                prop_assert_eq!(bitmap.lowest_free(), gap);
                prop_assert_eq!(bitmap.free() as usize, size as usize - set.len());
            }
            prop_assert!((0..size).all(|number| bitmap.has(number) == set.contains(&number)));
        }
    }
}
