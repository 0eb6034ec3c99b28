//! Whole numbers by their remainders of many primes.
//!
//! Owns the arithmetic of remainders and the way back to whole numbers. Knows nothing of pools.

use num_bigint::BigInt;
use num_traits::{ToPrimitive, Zero};

const LOW: u64 = 0xffff_ffff;

/// A prime between 2³⁰ and 2³¹. Numbers are kept as `n · 2³² mod p` (Montgomery), where a product
/// takes no division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prime {
    p: u64,
    /// `−1/p mod 2³²`
    negative_inverse: u64,
    /// `2⁶⁴ mod p`
    square: u64,
}

/// Primes from 2³¹ downwards: 50 million of them, far more than are ever asked for.
pub(super) fn primes() -> impl Iterator<Item = Prime> {
    let odd = (1_u64 << 30..1 << 31).rev().filter(|number| number % 2 == 1);
    odd.filter(|number| is_prime(*number)).map(Prime::new)
}

fn is_prime(odd: u64) -> bool {
    let mut divisors = (3..).step_by(2).take_while(|divisor| divisor * divisor <= odd);
    !divisors.any(|divisor| odd.is_multiple_of(divisor))
}

impl Prime {
    fn new(p: u64) -> Self {
        // Newton's iteration doubles the digits that are right, of which any odd number has three.
        let inverse = (0..4).fold(p, |inverse, _| {
            inverse.wrapping_mul(2_u64.wrapping_sub(p.wrapping_mul(inverse))) & LOW
        });
        let one = (1 << 32) % p;
        Self { p, negative_inverse: inverse.wrapping_neg() & LOW, square: one * one % p }
    }

    fn product(self, a: u64, b: u64) -> u64 {
        let product = a * b;
        let times = (product & LOW).wrapping_mul(self.negative_inverse) & LOW;
        let found = (product + times * self.p) >> 32;
        if found >= self.p { found - self.p } else { found }
    }

    fn less(self, a: u64, b: u64) -> u64 {
        if a >= b { a - b } else { a + self.p - b }
    }

    fn negative(self, a: u64) -> u64 {
        self.less(0, a)
    }

    fn one(self) -> u64 {
        self.enter(1)
    }

    /// `n` below the prime, as it is kept.
    fn enter(self, n: u64) -> u64 {
        self.product(n, self.square)
    }

    /// What is kept, as it is.
    fn leave(self, kept: u64) -> u64 {
        self.product(kept, 1)
    }

    fn of(self, number: &BigInt) -> u64 {
        let p = BigInt::from(self.p);
        let rest = ((number % &p + &p) % &p).to_u64().unwrap_or_default();
        self.enter(rest)
    }

    /// By Fermat: the power of `p − 2`.
    fn inverse(self, a: u64) -> u64 {
        let (mut found, mut power, mut rest) = (self.one(), a, self.p - 2);
        while rest > 0 {
            if rest % 2 == 1 {
                found = self.product(found, power);
            }
            power = self.product(power, power);
            rest /= 2;
        }
        found
    }

    /// The remainders of the adjugate, row by row, and then of the determinant; `None` where the
    /// prime divides the determinant.
    pub(super) fn invert(self, matrix: &[Vec<BigInt>]) -> Option<Vec<u64>> {
        let size = matrix.len();
        let mut rows: Vec<Vec<u64>> =
            matrix.iter().map(|row| row.iter().map(|entry| self.of(entry)).collect()).collect();
        let mut determinant = self.one();
        let mut swaps = Vec::new();
        for step in 0..size {
            let pivot = (step..size).find(|row| rows[*row][step] != 0)?;
            if pivot != step {
                rows.swap(step, pivot);
                swaps.push((step, pivot));
                determinant = self.negative(determinant);
            }
            determinant = self.product(determinant, rows[step][step]);
            let inverse = self.inverse(rows[step][step]);
            // In place: the column of the pivot becomes that of the inverse.
            rows[step][step] = self.one();
            for entry in &mut rows[step] {
                *entry = self.product(*entry, inverse);
            }
            let pivot_row = rows[step].clone();
            for (index, row) in rows.iter_mut().enumerate() {
                let factor = row[step];
                if index == step || factor == 0 {
                    continue;
                }
                row[step] = 0;
                for (entry, above) in row.iter_mut().zip(&pivot_row) {
                    *entry = self.less(*entry, self.product(factor, *above));
                }
            }
        }
        // Rows that were swapped before are columns that are swapped behind.
        for (step, pivot) in swaps.into_iter().rev() {
            for row in &mut rows {
                row.swap(step, pivot);
            }
        }
        let entries = rows.into_iter().flatten();
        let scaled = entries.map(|entry| self.leave(self.product(entry, determinant)));
        Some(scaled.chain([self.leave(determinant)]).collect())
    }
}

/// Numbers from their remainders, digit by digit in mixed radix (Garner).
#[derive(Debug)]
pub(super) struct Garner {
    primes: Vec<Prime>,
    /// For each prime but the first, the inverse of the product of those before it.
    inverses: Vec<u64>,
    /// For each prime, those before it as it keeps them.
    before: Vec<Vec<u64>>,
    product: BigInt,
}

impl Garner {
    pub(super) fn of(primes: Vec<Prime>) -> Self {
        let before = |(at, prime): (usize, &Prime)| -> Vec<u64> {
            primes[..at].iter().map(|other| prime.enter(other.p % prime.p)).collect()
        };
        let before: Vec<Vec<u64>> = primes.iter().enumerate().map(before).collect();
        let inverse = |(prime, before): (&Prime, &Vec<u64>)| {
            let product = before.iter().fold(prime.one(), |all, other| prime.product(all, *other));
            prime.inverse(product)
        };
        let inverses = primes.iter().zip(&before).map(inverse).collect();
        let product = primes.iter().map(|prime| BigInt::from(prime.p)).product();
        Self { primes, inverses, before, product }
    }

    /// The number of least size that has these remainders, one of each prime.
    pub(super) fn number(&self, remainders: impl Iterator<Item = u64>) -> BigInt {
        let mut digits: Vec<u64> = Vec::with_capacity(self.primes.len());
        for (at, remainder) in remainders.enumerate() {
            let prime = self.primes[at];
            // What the digits before come to, by Horner's rule from the last one.
            let known = digits.iter().zip(&self.before[at]).rev();
            let known = known.fold(0, |sum, (digit, radix)| {
                let sum = prime.product(sum, *radix) + digit % prime.p;
                if sum >= prime.p { sum - prime.p } else { sum }
            });
            let missing = prime.enter(prime.less(remainder, known));
            digits.push(prime.leave(prime.product(missing, self.inverses[at])));
        }
        let digits = digits.iter().zip(&self.primes).rev();
        let found = digits.fold(BigInt::zero(), |sum, (digit, prime)| sum * prime.p + digit);
        if &found + &found > self.product { found - &self.product } else { found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn primes_are_those_below_two_to_the_31st() {
        let first: Vec<u64> = primes().take(4).map(|prime| prime.p).collect();
        assert_eq!(first, [2_147_483_647, 2_147_483_629, 2_147_483_587, 2_147_483_579]);
    }

    proptest! {
        #[test]
        fn numbers_come_back_from_their_remainders(high in any::<i64>(), low in any::<i128>()) {
            let number = BigInt::from(high) * BigInt::from(low);
            let primes: Vec<Prime> = primes().take(7).collect();
            let remainders: Vec<u64> = primes.iter().map(|prime| prime.leave(prime.of(&number))).collect();
            prop_assert_eq!(Garner::of(primes).number(remainders.into_iter()), number);
        }
    }
}
