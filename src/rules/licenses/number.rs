//! Exact numbers of rule files and of their tables.

use num_bigint::BigInt;
use num_rational::Ratio;

use crate::diagnostics::Code;
use crate::rules::decode::text;
use crate::rules::node::Node;
use crate::rules::sink::Sink;

/// Digits of one number.
const DIGITS: usize = 60;

/// A decimal, a percentage or a fraction: `12`, `-0.5`, `5%`, `1/3`.
#[must_use]
pub fn number(text: &str) -> Option<Ratio<BigInt>> {
    let text = text.trim();
    if text.len() > DIGITS {
        return None;
    }
    if let Some((over, under)) = text.split_once('/') {
        let (over, under) = (decimal(over.trim())?, decimal(under.trim())?);
        return (*under.numer() != BigInt::ZERO).then(|| over / under);
    }
    match text.strip_suffix('%') {
        Some(percent) => Some(decimal(percent.trim())? / Ratio::from_integer(BigInt::from(100))),
        None => decimal(text),
    }
}

fn decimal(text: &str) -> Option<Ratio<BigInt>> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_short = whole.is_empty() || (digits.contains('.') && part.is_empty());
    if is_short || !is_number(whole) || !is_number(part) {
        return None;
    }
    let units: BigInt = format!("{whole}{part}").parse().ok()?;
    let scale = BigInt::from(10).pow(u32::try_from(part.len()).ok()?);
    Some(Ratio::new(if is_negative { -units } else { units }, scale))
}

pub(super) fn read_number(node: &Node, what: &str, sink: &mut Sink) -> Option<Ratio<BigInt>> {
    let found = text(node, what, sink)?;
    let made = number(found);
    if made.is_none() {
        let message = format!("{what} must be a number such as 12, 0.5, 5% or 1/3, not `{found}`");
        sink.report(Code::InvalidValue, &node.span, message);
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_none() {
        let of = |over: i64, under: i64| Some(Ratio::new(BigInt::from(over), BigInt::from(under)));
        for (text, expected) in [
            ("12", of(12, 1)),
            ("-0.5", of(-1, 2)),
            ("5%", of(1, 20)),
            ("1/3", of(1, 3)),
            (" 0.10 ", of(1, 10)),
            ("", None),
            ("1.", None),
            (".5", None),
            ("1e3", None),
            ("1/0", None),
            ("1,000", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
