//! Decisions taken from the bytes of a fuzzer.
//!
//! Whatever the engine, its input is a string of bytes; making structured input from them here
//! lets it be steered, kept and shrunk byte by byte. Bytes that have run out read as zero, so the
//! first option is always the simplest one.

use std::time::Duration;

/// How long a target runs where the environment does not say.
pub(crate) const SHORT: Duration = Duration::from_secs(2);
/// Bytes that a target is given at most.
pub(crate) const LONGEST: usize = 1024;

pub(crate) struct Choices<'a> {
    rest: &'a [u8],
}

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// A number below `end`, which is not zero.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let mut number = usize::from(self.byte());
        let mut range = 256;
        while range < end {
            number = number << 8 | usize::from(self.byte());
            range <<= 8;
        }
        number % end
    }

    pub(crate) fn one_of<T: Copy>(&mut self, options: &[T]) -> T {
        options[self.below(options.len())]
    }

    /// True once in `times`, roughly.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// Up to `most` of the pieces, put together.
    pub(crate) fn text(&mut self, pieces: &[&str], most: usize) -> String {
        let count = self.below(most + 1);
        (0..count).map(|_| self.one_of(pieces)).collect()
    }

    /// A few bytes set, removed, doubled or cut off.
    pub(crate) fn damage(&mut self, bytes: &mut Vec<u8>, most: usize) {
        for _ in 0..=self.below(most) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            match self.below(8) {
                0..=2 => bytes[at] ^= 1 << self.below(8),
                3 | 4 => bytes[at] = self.byte(),
                5 => {
                    bytes.remove(at);
                }
                6 => {
                    let length = 1 + self.below((bytes.len() - at).min(64));
                    let copy = bytes[at..at + length].to_vec();
                    bytes.splice(at..at, copy);
                }
                _ => bytes.truncate(at),
            }
        }
    }
}
