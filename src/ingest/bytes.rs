//! Finding bytes that are near: eight at a time, without the start-up of a search made for long
//! stretches. Fields of a bill have some twenty bytes, and between quotes there are fewer still.

use memchr::{memchr, memchr3};

/// Bytes after which a search is left to what is made for long stretches.
const NEAR: usize = 64;

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// The top bit of each byte that is zero, and perhaps of bytes above such a one.
#[inline]
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & TOPS
}

#[inline]
const fn all(byte: u8) -> u64 {
    ONES * byte as u64
}

/// The place of the first hit within eight bytes, of which the first is the lowest.
#[inline]
fn lowest(hits: u64) -> usize {
    (hits.trailing_zeros() / 8) as usize
}

#[inline]
fn near(
    text: &[u8],
    hits: impl Fn(u64) -> u64,
    is_hit: impl Fn(u8) -> bool,
    far: impl Fn(&[u8]) -> Option<usize>,
) -> Option<usize> {
    let (words, tail) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        if index * 8 == NEAR {
            return far(&text[NEAR..]).map(|at| NEAR + at);
        }
        let hits = hits(u64::from_le_bytes(*word));
        if hits != 0 {
            return Some(index * 8 + lowest(hits));
        }
    }
    tail.iter().position(|byte| is_hit(*byte)).map(|at| words.len() * 8 + at)
}

/// Where a byte stands first.
#[inline]
pub(super) fn find(byte: u8, text: &[u8]) -> Option<usize> {
    let pattern = all(byte);
    near(text, |word| zeros(word ^ pattern), |found| found == byte, |rest| memchr(byte, rest))
}

/// Where any of three bytes stands first.
#[inline]
pub(super) fn find_any(bytes: [u8; 3], text: &[u8]) -> Option<usize> {
    let [a, b, c] = bytes;
    let patterns = bytes.map(all);
    near(
        text,
        |word| patterns.iter().fold(0, |hits, pattern| hits | zeros(word ^ pattern)),
        |found| bytes.contains(&found),
        |rest| memchr3(a, b, c, rest),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_found_is_the_first(text in proptest::collection::vec(0_u8..4, 0..200)) {
            prop_assert_eq!(find(3, &text), memchr(3, &text));
            prop_assert_eq!(find_any([1, 2, 3], &text), memchr3(1, 2, 3, &text));
        }

        #[test]
        fn any_bytes_may_stand_around(text in proptest::collection::vec(any::<u8>(), 0..200), byte: u8) {
            prop_assert_eq!(find(byte, &text), memchr(byte, &text));
            let bytes = [byte, byte.wrapping_add(1), 0x80];
            prop_assert_eq!(find_any(bytes, &text), memchr3(byte, byte.wrapping_add(1), 0x80, &text));
        }
    }
}
