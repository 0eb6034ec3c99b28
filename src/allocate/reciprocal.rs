//! Pools that use each other, solved together and exactly.
//!
//! Each pool of a group divides what it has by whole-number weights `w`, some of them for pools of
//! the group. With `B = diag(Σw) − w` over the group, what one unit that reaches a pool comes to
//! with those outside is `B⁻¹ w(outside)`. `B` has whole numbers only, so it is inverted without
//! fractions, as adjugate and determinant; no digit is rounded anywhere. Large groups are inverted
//! by remainders, since what elimination makes of hundreds of rows has thousands of digits.

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer as _;
use num_rational::Ratio;
use num_traits::{One, Signed, Zero};

use super::remainders::{Garner, primes};

/// The inverse of a matrix as `adjugate / determinant`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inverse {
    pub(super) adjugate: Vec<Vec<BigInt>>,
    pub(super) determinant: BigInt,
}

/// A group that is solved: for each pool its weights within the group and outside.
#[derive(Clone, Debug)]
pub(super) struct Solved {
    inverse: Inverse,
    /// Σ of all weights of each pool.
    sums: Vec<BigInt>,
    /// Weights of each pool for those outside, in one order for all.
    outside: Vec<Vec<BigInt>>,
}

/// Solves a group; `None` where its pools only give to each other, so that nothing ever leaves.
pub(super) fn solve(inside: &[Vec<BigUint>], outside: &[Vec<BigUint>]) -> Option<Solved> {
    let signed = |row: &Vec<BigUint>| row.iter().cloned().map(BigInt::from).collect::<Vec<_>>();
    let inside: Vec<Vec<BigInt>> = inside.iter().map(signed).collect();
    let outside: Vec<Vec<BigInt>> = outside.iter().map(signed).collect();
    let sum = |(inside, outside): (&Vec<BigInt>, &Vec<BigInt>)| {
        inside.iter().chain(outside).sum::<BigInt>()
    };
    let sums: Vec<BigInt> = inside.iter().zip(&outside).map(sum).collect();
    let row = |(index, weights): (usize, &Vec<BigInt>)| {
        let entry = |(column, weight): (usize, &BigInt)| {
            let whole = if column == index { sums[index].clone() } else { BigInt::zero() };
            whole - weight
        };
        weights.iter().enumerate().map(entry).collect()
    };
    let matrix = inside.iter().enumerate().map(row).collect();
    Some(Solved { inverse: invert(matrix)?, sums, outside })
}

impl Solved {
    /// The weights outside of something of which the group's pools get `inside` and those outside
    /// `outside`; they sum to the sum of both, times the determinant.
    pub(super) fn weights(&self, inside: &[BigUint], outside: &[BigUint]) -> Vec<BigUint> {
        let reached = self.reached(inside);
        let total = |index: usize, direct: &BigUint| {
            let from_group: BigInt =
                reached.iter().zip(&self.outside).map(|(times, row)| times * &row[index]).sum();
            let whole = BigInt::from(direct.clone()) * &self.inverse.determinant + from_group;
            whole.magnitude().clone()
        };
        outside.iter().enumerate().map(|(index, direct)| total(index, direct)).collect()
    }

    /// `inside · B⁻¹ · determinant`: what reaches each pool, as a part of its own sum of weights.
    fn reached(&self, inside: &[BigUint]) -> Vec<BigInt> {
        let of = |column: usize| -> BigInt {
            let rows = inside.iter().zip(&self.inverse.adjugate);
            let rows = rows.filter(|(weight, _)| !weight.is_zero());
            rows.map(|(weight, row)| BigInt::from(weight.clone()) * &row[column]).sum()
        };
        (0..self.sums.len()).map(of).collect()
    }

    /// What reaches each pool by way of others, all rounds together, of something of which the
    /// group's pools get these parts: as parts of the pool's own sum of weights, all over one
    /// denominator, since to reduce such fractions takes far longer than to find them.
    pub(super) fn turnover(&self, inside: &[Ratio<BigInt>]) -> (Vec<BigInt>, BigInt) {
        let common = inside.iter().fold(BigInt::one(), |all, part| all.lcm(part.denom()));
        let whole: Vec<BigInt> = inside.iter().map(|part| (part * &common).to_integer()).collect();
        let of = |column: usize| -> BigInt {
            let rows = whole.iter().zip(&self.inverse.adjugate).filter(|(part, _)| !part.is_zero());
            rows.map(|(part, row)| part * &row[column]).sum()
        };
        ((0..self.sums.len()).map(of).collect(), common * &self.inverse.determinant)
    }
}

/// Groups up to this size are inverted without a detour.
const SMALL: usize = 12;

/// Adjugate and determinant; `None` where the determinant is zero. The determinant is made
/// positive.
fn invert(matrix: Vec<Vec<BigInt>>) -> Option<Inverse> {
    let mut found = if matrix.len() <= SMALL { eliminate(matrix) } else { by_remainders(&matrix) }?;
    if found.determinant.sign() == Sign::Minus {
        found.determinant = found.determinant.abs();
        found.adjugate.iter_mut().flatten().for_each(|entry| *entry = -&*entry);
    }
    Some(found)
}

/// By elimination without fractions (Bareiss), rows swapped where a pivot is zero.
fn eliminate(matrix: Vec<Vec<BigInt>>) -> Option<Inverse> {
    let size = matrix.len();
    let identity = |row: usize| {
        (0..size).map(move |column| if row == column { BigInt::one() } else { BigInt::zero() })
    };
    let mut rows: Vec<Vec<BigInt>> = matrix
        .into_iter()
        .enumerate()
        .map(|(index, row)| row.into_iter().chain(identity(index)).collect())
        .collect();
    let mut before = BigInt::one();
    for step in 0..size {
        let pivot = (step..size).find(|row| !rows[*row][step].is_zero())?;
        rows.swap(step, pivot);
        let pivot_row = rows[step].clone();
        for (index, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != step) {
            let factor = row[step].clone();
            for (entry, above) in row.iter_mut().zip(&pivot_row) {
                let product = &*entry * &pivot_row[step] - &factor * above;
                debug_assert!((&product % &before).is_zero(), "row {index} does not divide");
                *entry = product / &before;
            }
        }
        before.clone_from(&pivot_row[step]);
    }
    // Every row now has the same number on the diagonal.
    let adjugate = rows.into_iter().map(|row| row.into_iter().skip(size).collect()).collect();
    Some(Inverse { adjugate, determinant: before })
}

/// By remainders of many primes, which stay small where numbers of elimination grow with each step:
/// as many primes as tell every number up to Hadamard's bound from every other.
fn by_remainders(matrix: &[Vec<BigInt>]) -> Option<Inverse> {
    // No determinant of some of the rows is larger than the product of their lengths.
    let length = |row: &Vec<BigInt>| row.iter().map(Signed::abs).sum::<BigInt>().bits();
    let bits: u64 = matrix.iter().map(length).sum::<u64>() + 2;
    let (mut found, mut found_bits, mut singular_bits) = (Vec::new(), 0, 0);
    for prime in primes() {
        // Each prime has 30 bits at least.
        match prime.invert(matrix) {
            Some(remainders) => {
                found.push((prime, remainders));
                found_bits += 30;
            }
            None => singular_bits += 30,
        }
        if singular_bits >= bits {
            return None;
        }
        if found_bits >= bits {
            break;
        }
    }
    let size = matrix.len();
    let whole = Garner::of(found.iter().map(|(prime, _)| *prime).collect());
    let at = |place: usize| whole.number(found.iter().map(|(_, remainders)| remainders[place]));
    let adjugate = (0..size).map(|row| (0..size).map(|column| at(row * size + column)).collect());
    Some(Inverse { adjugate: adjugate.collect(), determinant: at(size * size) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn big(weights: &[u32]) -> Vec<BigUint> {
        weights.iter().copied().map(BigUint::from).collect()
    }

    #[test]
    fn two_pools_that_use_each_other() {
        // A gives half to B and half to x; B gives a quarter to A and three quarters to y.
        let solved = solve(&[big(&[0, 1]), big(&[1, 0])], &[big(&[1, 0]), big(&[0, 3])]).unwrap();
        // Of A's own: x gets 1/2 · 1/(1 − 1/8) = 4/7, y 3/7.
        let weights = solved.weights(&big(&[0, 1]), &big(&[1, 0]));
        let sum: BigUint = weights.iter().sum();
        assert_eq!(Ratio::new(weights[0].clone(), sum), Ratio::new(4_u32.into(), 7_u32.into()));
    }

    #[test]
    fn what_never_leaves_is_not_solved() {
        assert!(solve(&[big(&[0, 1]), big(&[1, 0])], &[big(&[0]), big(&[0])]).is_none());
    }

    proptest! {
        #[test]
        fn remainders_come_to_the_same_as_elimination(
            rows in proptest::collection::vec(proptest::collection::vec(-9_000_000_000_i64..9_000_000_000, 5), 5),
            is_singular in any::<bool>(),
        ) {
            let mut rows = rows;
            if is_singular {
                rows[4] = rows[1].clone();
            }
            let matrix: Vec<Vec<BigInt>> =
                rows.iter().map(|row| row.iter().copied().map(BigInt::from).collect()).collect();
            let (found, expected) = (by_remainders(&matrix), eliminate(matrix));
            // Elimination swaps rows, and with each swap both change their sign.
            let is_same = match (&found, &expected) {
                (None, None) => true,
                (Some(found), Some(expected)) => {
                    let turned = Inverse {
                        adjugate: found.adjugate.iter().map(|row| row.iter().map(|e| -e).collect()).collect(),
                        determinant: -&found.determinant,
                    };
                    found == expected || turned == *expected
                }
                _ => false,
            };
            prop_assert!(is_same, "{:?} {:?}", found, expected);
            prop_assert_eq!(found.is_none(), is_singular);
        }

        #[test]
        fn nothing_is_lost_and_the_circle_closes(
            inside in proptest::collection::vec(proptest::collection::vec(0_u32..50, 4), 4),
            outside in proptest::collection::vec(proptest::collection::vec(1_u32..50, 3), 4),
            own in proptest::collection::vec(0_u32..50, 4),
            direct in proptest::collection::vec(0_u32..50, 3),
        ) {
            let big_rows = |rows: &[Vec<u32>]| rows.iter().map(|row| big(row)).collect::<Vec<_>>();
            let solved = solve(&big_rows(&inside), &big_rows(&outside)).unwrap();
            let weights = solved.weights(&big(&own), &big(&direct));
            let sum: BigUint = weights.iter().sum();
            let whole: u32 = own.iter().chain(&direct).sum();
            prop_assert_eq!(BigInt::from(sum), BigInt::from(whole) * &solved.inverse.determinant);
            // What reaches each pool is what it is given first, and its part of what reached all.
            let first: Vec<Ratio<BigInt>> =
                own.iter().map(|part| Ratio::from_integer(BigInt::from(*part))).collect();
            let (reached, common) = solved.turnover(&first);
            let reached: Vec<Ratio<BigInt>> = reached
                .iter()
                .zip(&solved.sums)
                .map(|(times, sum)| Ratio::new(times * sum, common.clone()))
                .collect();
            for (pool, found) in reached.iter().enumerate() {
                let mut expected = first[pool].clone();
                for (from, reached) in reached.iter().enumerate() {
                    let weight = BigInt::from(inside[from][pool]);
                    expected += reached * Ratio::new(weight, solved.sums[from].clone());
                }
                prop_assert_eq!(found, &expected);
            }
        }
    }
}
