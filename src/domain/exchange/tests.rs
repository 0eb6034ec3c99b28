use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::Signed;
use proptest::prelude::*;

use super::*;
use crate::domain::amount::{Amount, SCALE};

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn rate(text: &str) -> Rate {
    Rate::parse(text.as_bytes()).unwrap()
}

fn table(rows: &[(&str, &str, &str, &str)]) -> RateTable {
    let mut table = RateTable::default();
    for (on, from, to, text) in rows {
        let quote = Quote { rate: rate(text), source: "bank".to_owned() };
        assert_eq!(table.add(currency(from), currency(to), day(on), quote), None);
    }
    table
}

fn exchange(rows: &[(&str, &str, &str, &str)], policy: RatePolicy, inverse: bool) -> Exchange {
    let terms = ExchangeTerms { policy, digits: 10, inverse };
    Exchange::new(currency("EUR"), table(rows), terms)
}

fn october() -> Period {
    "2026-10".parse().unwrap()
}

fn used(exchange: &Exchange, code: &str, on: &str) -> String {
    let rates = exchange.rates(currency(code), october(), true).unwrap();
    rates.used(day(on)).map_or("none".to_owned(), |used| used.rate.to_string())
}

fn missing(exchange: &Exchange, code: &str) -> MissingRate {
    exchange.rates(currency(code), october(), true).unwrap_err()
}

#[test]
fn rates_are_exact_and_positive() {
    assert_eq!(rate("0.0000617").inverse().to_string(), "10000000/617");
    assert_eq!(rate("1E-3").to_string(), "0.001");
    let mean = [rate("1"), rate("1.1"), rate("1.3")];
    assert_eq!(Rate::mean(mean.iter()).unwrap().to_string(), "17/15");
    assert_eq!(Rate::mean([].iter()), None);
    for (text, error) in [
        ("0", RateError::Zero),
        ("-0.9", RateError::Negative),
        ("0,9", RateError::NotANumber(crate::domain::AmountError::NotANumber)),
        ("", RateError::NotANumber(crate::domain::AmountError::Empty)),
    ] {
        assert_eq!(Rate::parse(text.as_bytes()), Err(error), "{text}");
    }
}

#[test]
fn a_leap_is_a_leap_both_ways() {
    let ten = rate("10");
    assert!(rate("9").leaps(&rate("0.9"), &ten) && rate("0.9").leaps(&rate("9"), &ten));
    assert!(!rate("8.99").leaps(&rate("0.9"), &ten));
}

#[test]
fn month_end_takes_the_last_quote_of_the_month() {
    let quotes = [
        ("2026-10-29", "USD", "EUR", "0.9"),
        ("2026-10-30", "USD", "EUR", "0.91"),
        ("2026-11-02", "USD", "EUR", "0.92"),
        ("2026-10-23", "GBP", "EUR", "1.1"),
        ("2026-09-30", "CHF", "EUR", "1.05"),
        ("2026-10-30", "EUR", "JPY", "160"),
    ];
    let exchange = exchange(&quotes, RatePolicy::MonthEnd, false);
    assert_eq!(used(&exchange, "USD", "2026-10-05"), "0.91");
    let last = |on| MissingRate::Day(day("2026-10-31"), Some(day(on)));
    assert_eq!(missing(&exchange, "GBP"), last("2026-10-23"));
    assert_eq!(missing(&exchange, "CHF"), last("2026-09-30"));
    assert_eq!(missing(&exchange, "JPY"), MissingRate::Pair, "the other way is not declared");
    assert!(matches!(exchange.rates(currency("EUR"), october(), true), Ok(MonthRates::Same)));
}

#[test]
fn inverse_quotes_serve_where_declared_and_direct_ones_go_first() {
    let quotes = [
        ("2026-10-30", "EUR", "JPY", "160"),
        ("2026-10-30", "EUR", "USD", "1.25"),
        ("2026-10-30", "USD", "EUR", "0.79"),
    ];
    let exchange = exchange(&quotes, RatePolicy::MonthEnd, true);
    assert_eq!(used(&exchange, "JPY", "2026-10-01"), "0.00625");
    assert_eq!(used(&exchange, "USD", "2026-10-01"), "0.79");
}

#[test]
fn the_average_is_an_exact_mean_without_gaps() {
    let quotes = |days: &'static [u32]| -> Vec<(String, &'static str)> {
        days.iter().map(|day| (format!("2026-10-{day:02}"), "3")).collect()
    };
    let of = |days: &'static [u32]| {
        let quotes = quotes(days);
        let rows: Vec<_> =
            quotes.iter().map(|(on, text)| (on.as_str(), "EUR", "USD", *text)).collect();
        exchange(&rows, RatePolicy::Average, true)
    };
    assert_eq!(used(&of(&[1, 8, 15, 22, 29]), "USD", "2026-10-01"), "1/3");
    assert_eq!(
        missing(&of(&[1, 8, 16, 22, 29]), "USD"),
        MissingRate::Gap(day("2026-10-08"), day("2026-10-16"))
    );
    assert_eq!(missing(&of(&[31]), "USD"), MissingRate::Gap(day("2026-10-01"), day("2026-10-31")));
    let rates = of(&[1, 8, 15, 22, 29]).rates(currency("USD"), "2026-11".parse().unwrap(), true);
    assert_eq!(rates.unwrap_err(), MissingRate::Month);
}

#[test]
fn daily_rates_reach_over_a_weekend_and_no_further() {
    let quotes = [("2026-09-30", "USD", "EUR", "0.8"), ("2026-10-12", "USD", "EUR", "0.9")];
    let exchange = exchange(&quotes, RatePolicy::Daily, false);
    for (on, expected) in [
        ("2026-10-01", "0.8"),
        ("2026-10-07", "0.8"),
        ("2026-10-08", "none"),
        ("2026-10-12", "0.9"),
        ("2026-10-19", "0.9"),
        ("2026-10-20", "none"),
        // Charged in another month than it is billed in.
        ("2026-08-03", "0.8"),
        ("2026-12-24", "none"),
    ] {
        assert_eq!(used(&exchange, "USD", on), expected, "{on}");
    }
    let why = exchange.missing_day(currency("USD"), day("2026-10-20"));
    assert_eq!(
        why.to_string(),
        "the last one before 2026-10-20 is of 2026-10-12, more than 7 days earlier"
    );
    let whole = exchange.rates(currency("USD"), october(), false);
    assert!(whole.is_err(), "months that are not known by day take the mean");
}

#[test]
fn without_a_declaration_nothing_is_converted() {
    let exchange = Exchange::undeclared(currency("EUR"));
    let rates = exchange.rates(currency("USD"), october(), true).unwrap();
    assert!(matches!(rates, MonthRates::Unknown));
    assert_eq!(rates.costs(day("2026-10-01"), &Costs::ZERO), None);
}

/// Rounds a fraction half to even, by another way than the conversion does.
fn oracle(amount: Amount, rate: &Rate, digits: u32) -> BigInt {
    let ten = |digits: u32| BigInt::from(10).pow(digits);
    let rate = Ratio::new(
        BigInt::from(rate.ratio().numer().clone()),
        BigInt::from(rate.ratio().denom().clone()),
    );
    let exact = Ratio::new(amount.to_units(), ten(SCALE)) * rate * ten(digits);
    let floor = exact.floor().to_integer();
    let over = exact - &floor;
    let half = Ratio::new(BigInt::from(1), BigInt::from(2));
    let up = over > half || (over == half && &floor % 2 != BigInt::from(0));
    floor + i32::from(up)
}

proptest! {
    #[test]
    fn conversions_are_the_rounded_product(
        head in any::<i128>(),
        shift in 20_u32..127,
        tail in prop_oneof![Just(0_i128), 0..1_000_000_000_000_000_000_i128],
        units in 1_u64..u64::MAX,
        scale in 0_u32..20,
        turned in any::<bool>(),
        digits in 0_u32..19,
    ) {
        let amount = Amount::from_sums(head >> shift, tail).unwrap();
        let text = format!("{units}E-{scale}");
        let rate = rate(&text);
        let rate = if turned { rate.inverse() } else { rate };
        let expected = oracle(amount, &rate, digits);
        let expected = Amount::from_big(&expected, i8::try_from(digits).unwrap()).ok();
        let found = Conversion::new(&rate, digits).amount(amount);
        prop_assert_eq!(found, expected);
        if let Some(found) = found {
            let exact = Conversion::new(&rate, SCALE).amount(amount);
            if let Some(exact) = exact {
                let rest = (exact - found).to_units().abs();
                let half = BigInt::from(10).pow(SCALE - digits);
                prop_assert!(rest * 2 <= half);
            }
        }
    }
}

#[test]
fn halves_go_to_the_even_digit() {
    let half = Conversion::new(&rate("0.5"), 0);
    for (text, expected) in [("1", "0"), ("3", "2"), ("5", "2"), ("-3", "-2"), ("-1", "0")] {
        let amount: Amount = text.parse().unwrap();
        assert_eq!(half.amount(amount).unwrap().to_string(), expected, "{text}");
    }
    assert_eq!(Conversion::new(&rate("1E18"), 2).amount("1E19".parse().unwrap()), None);
}
