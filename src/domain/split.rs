//! The one function that divides money.

use num_bigint::{BigInt, BigUint, Sign};
use num_traits::Zero;

use super::amount::{Amount, SCALE};

/// What a split gives: one part per weight, in the order of the weights, and what is left below
/// the quantum. `Σ parts + residual` is the amount that was split, always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    pub parts: Vec<Amount>,
    pub residual: Amount,
}

/// Splits `total` by `weights` into multiples of `10^-digits`, by largest remainder.
///
/// Each part is first cut down to the quantum; the quanta that are then missing go, one each, to
/// the parts that lost most, ties to the earlier weight: callers order weights by stable id. A
/// negative total is split like its absolute value. `None` where the weights sum to zero: what
/// happens then is a policy, not arithmetic.
#[must_use]
pub fn split(total: Amount, weights: &[BigUint], digits: u32) -> Option<Parts> {
    let weight_sum: BigUint = weights.iter().sum();
    if weight_sum.is_zero() {
        return None;
    }
    let quantum = BigUint::from(10_u32).pow(SCALE - digits.min(SCALE));
    let units = total.to_units();
    let quanta = units.magnitude() / &quantum;
    let divisor = &weight_sum * &quantum;

    let mut floors: Vec<BigUint> = Vec::with_capacity(weights.len());
    let mut losses: Vec<(BigUint, usize)> = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        // Of the whole amount, not of its whole quanta: the exact share decides who lost most.
        let product = units.magnitude() * weight;
        floors.push(&product / &divisor);
        losses.push((product % &divisor, index));
    }
    let given: BigUint = floors.iter().sum();
    let missing = usize::try_from(&quanta - given).unwrap_or(usize::MAX);
    losses.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in losses.iter().take(missing) {
        floors[*index] += 1_u32;
    }

    let sign = if units.sign() == Sign::Minus { Sign::Minus } else { Sign::Plus };
    let parts: Vec<Amount> = floors
        .into_iter()
        .map(|floor| BigInt::from_biguint(sign, floor * &quantum))
        .map(|part| Amount::from_units(&part).expect("a part is never larger than the whole"))
        .collect();
    let residual = total - parts.iter().copied().sum();
    Some(Parts { parts, residual })
}

/// Divides `total` over parts of either sign, in proportion to their size: those above zero share
/// `above`, those below it the rest. Where all parts have one sign they share all of it; where all
/// are zero, the first takes it. Sums to `total`, always, where `total` and `above` have no more
/// than so many digits.
#[must_use]
pub fn split_signed(
    total: Amount,
    parts: &[Amount],
    above: impl FnOnce(Amount) -> Amount,
    digits: u32,
) -> Vec<Amount> {
    let weights = |wanted: fn(&Amount) -> bool| -> Vec<BigUint> {
        let weight = |part: &Amount| {
            if wanted(part) { part.to_units().magnitude().clone() } else { BigUint::zero() }
        };
        parts.iter().map(weight).collect()
    };
    let over = weights(|part| !part.is_negative());
    let under = weights(|part| part.is_negative());
    let is_some = |weights: &[BigUint]| weights.iter().any(|weight| !weight.is_zero());
    let above = match (is_some(&over), is_some(&under)) {
        (true, true) => above(parts.iter().copied().filter(|part| !part.is_negative()).sum()),
        (true, false) => total,
        (false, true) => Amount::ZERO,
        (false, false) => {
            let rest = parts.iter().skip(1).map(|_| Amount::ZERO);
            return parts.first().map(|_| total).into_iter().chain(rest).collect();
        }
    };
    let share = |total: Amount, weights: &[BigUint]| {
        split(total, weights, digits)
            .map_or_else(|| vec![Amount::ZERO; weights.len()], |done| done.parts)
    };
    let (over, under) = (share(above, &over), share(total - above, &under));
    over.into_iter().zip(under).map(|(over, under)| over + under).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(total: &str, weights: &[u32], digits: u32) -> (Vec<String>, String) {
        let weights: Vec<BigUint> = weights.iter().copied().map(BigUint::from).collect();
        let done = split(total.parse().unwrap(), &weights, digits).unwrap();
        (done.parts.iter().map(ToString::to_string).collect(), done.residual.to_string())
    }

    #[test]
    fn thirds_go_to_the_earlier_on_a_tie() {
        let (shares, rest) = parts("100", &[1, 1, 1], 2);
        assert_eq!((shares.join(" "), rest.as_str()), ("33.34 33.33 33.33".into(), "0"));
    }

    #[test]
    fn the_largest_loss_is_made_good_first() {
        let (shares, _) = parts("1", &[1, 2, 2], 0);
        assert_eq!(shares, ["0", "1", "0"]);
    }

    #[test]
    fn negative_totals_mirror_positive_ones() {
        assert_eq!(parts("-0.05", &[1, 1], 2).0, ["-0.03", "-0.02"]);
    }

    #[test]
    fn what_is_finer_than_the_quantum_stays_as_residual() {
        let (shares, rest) = parts("10.0049", &[1, 1], 2);
        assert_eq!((shares.join(" "), rest.as_str()), ("5 5".into(), "0.0049"));
    }

    #[test]
    fn the_exact_share_decides_who_lost_most() {
        // 35 %, 25 % and 40 % of 1826.30998368: remainders .0084…, .0074… and .0039….
        let (shares, rest) = parts("1826.30998368", &[35, 25, 40], 2);
        assert_eq!(
            (shares.join(" "), rest.as_str()),
            ("639.21 456.57 730.52".into(), "0.00998368")
        );
    }

    #[test]
    fn parts_of_either_sign_sum_to_the_total() {
        let of = |total: &str, parts: &[&str], above: &str| -> String {
            let parts: Vec<Amount> = parts.iter().map(|part| part.parse().unwrap()).collect();
            let done = split_signed(total.parse().unwrap(), &parts, |_| above.parse().unwrap(), 2);
            done.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("2", &["1", "2"], "9"), "0.67 1.33");
        assert_eq!(of("-2", &["-1", "0", "-3"], "9"), "-0.5 0 -1.5");
        assert_eq!(of("1.5", &["2", "-1", "1"], "2.4"), "1.6 -0.9 0.8");
        assert_eq!(of("0.03", &["0", "0"], "9"), "0.03 0");
        assert_eq!(of("0", &[], "9"), "");
    }

    #[test]
    fn no_weight_no_answer() {
        assert_eq!(split(Amount::ZERO, &[BigUint::ZERO], 2), None);
        assert_eq!(split(Amount::ZERO, &[], 2), None);
    }
}
