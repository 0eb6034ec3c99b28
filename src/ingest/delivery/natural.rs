//! The order in which people count: `part-9` before `part-10`.

use std::cmp::Ordering;

/// Compares names by their stretches of digits and of other bytes: digits as whole numbers, others
/// byte by byte. Names that are equal so, such as `1` and `01`, are compared byte by byte.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(x), Some(y)) = (left.first(), right.first()) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (number, rest) = digits(left);
            let (other, other_rest) = digits(right);
            let order = number.len().cmp(&other.len()).then_with(|| number.cmp(other));
            if order.is_ne() {
                return order;
            }
            (left, right) = (rest, other_rest);
        } else if x == y {
            (left, right) = (&left[1..], &right[1..]);
        } else {
            return x.cmp(y);
        }
    }
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The number that a text begins with, without zeros before it, and what follows.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let zeros = number.iter().take_while(|byte| **byte == b'0').count();
    (&number[zeros..], rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let sorted = [
            "a",
            "a-",
            "a-1",
            "a-01",
            "a-2",
            "a-9.csv",
            "a-10.csv",
            "a-100000000000000000000000",
            "a1b",
            "a1b2",
            "a2",
            "b",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by(|a, b| natural(a, b));
        for pair in names.windows(2) {
            assert_eq!(natural(pair[0], pair[1]), Ordering::Less, "{pair:?}");
        }
        assert!(natural("a-1", "a-01").is_gt() && natural("a-01", "a-2").is_lt());
        assert_eq!(natural("2026-10-9", "2026-10-10"), Ordering::Less);
        assert_eq!(natural("x", "x"), Ordering::Equal);
    }
}
