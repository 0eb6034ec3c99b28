//! What was, drawn on into what will be: exactly, by a method that is said.

use chrono::{Months, NaiveDate};
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use crate::rules::licenses::ForecastMethod;

use super::extent::Number;

/// `start + slope · x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub start: Number,
    pub slope: Number,
}

impl Line {
    #[must_use]
    pub fn at(&self, x: &Number) -> Number {
        &self.start + &self.slope * x
    }

    /// Through two points; `None` where they are at one place.
    #[must_use]
    pub fn through(one: (&Number, &Number), two: (&Number, &Number)) -> Option<Self> {
        let run = two.0 - one.0;
        if run.is_zero() {
            return None;
        }
        let slope = (two.1 - one.1) / run;
        Some(Self { start: one.1 - &slope * one.0, slope })
    }

    /// The line of which the squares of all distances are least; `None` for fewer than two places.
    #[must_use]
    pub fn of_least_squares(points: &[(Number, Number)]) -> Option<Self> {
        let count = whole(i64::try_from(points.len()).ok()?);
        let sum = |part: fn(&(Number, Number)) -> Number| {
            points.iter().map(part).fold(Number::zero(), |sum, next| sum + next)
        };
        let (xs, ys) = (sum(|(x, _)| x.clone()), sum(|(_, y)| y.clone()));
        let (squares, products) = (sum(|(x, _)| x * x), sum(|(x, y)| x * y));
        let under = &count * &squares - &xs * &xs;
        if under.is_zero() {
            return None;
        }
        let slope = (&count * products - &xs * &ys) / under;
        Some(Self { start: (ys - &slope * xs) / count, slope })
    }
}

/// A whole number as an exact one.
pub(super) fn whole(number: i64) -> Number {
    Number::from_integer(BigInt::from(number))
}

/// A history as a line over days since its first one; with which method, since one that has too few points gives
/// way to the run rate. Points are of different days, ascending.
#[must_use]
pub fn line_of(
    points: &[(NaiveDate, Number)],
    method: ForecastMethod,
) -> Option<(Line, ForecastMethod)> {
    let (first, last) = (points.first()?, points.last()?);
    let x = |day: NaiveDate| whole((day - first.0).num_days());
    let since = |months: u32| {
        let from = last.0.checked_sub_months(Months::new(months)).unwrap_or(first.0);
        points.partition_point(|(day, _)| *day < from)
    };
    let straight = |from: usize| {
        let (day, value) = points.get(from)?;
        Line::through((&x(*day), value), (&x(last.0), &last.1))
    };
    let found = match method {
        ForecastMethod::RunRate => None,
        ForecastMethod::LastMonths(months) => straight(since(months)),
        ForecastMethod::Trend(months) => {
            let recent = &points[since(months)..];
            let recent: Vec<_> = recent.iter().map(|(day, y)| (x(*day), y.clone())).collect();
            if recent.len() < 3 { None } else { Line::of_least_squares(&recent) }
        }
    };
    match found {
        Some(line) => Some((line, method)),
        None => straight(0).map(|line| (line, ForecastMethod::RunRate)),
    }
}

/// The first day after `after` on which the line over days since `start` is above the limit.
#[must_use]
pub fn first_day_above(
    line: &Line,
    start: NaiveDate,
    after: NaiveDate,
    limit: &Number,
) -> Option<NaiveDate> {
    let next = (after - start).num_days() + 1;
    if line.at(&whole(next)) > *limit {
        return start.checked_add_signed(chrono::TimeDelta::try_days(next)?);
    }
    if !line.slope.is_positive() {
        return None;
    }
    let days =
        ((limit - &line.start) / &line.slope).floor().to_integer().to_i64()?.checked_add(1)?;
    start.checked_add_signed(chrono::TimeDelta::try_days(days)?)
}

/// A method in words.
#[must_use]
pub fn method_text(method: ForecastMethod) -> String {
    match method {
        ForecastMethod::RunRate => "run_rate".to_owned(),
        ForecastMethod::LastMonths(months) => format!("last_months {months}"),
        ForecastMethod::Trend(months) => format!("trend {months}"),
    }
}

#[cfg(test)]
mod tests {
    use super::ForecastMethod::{LastMonths, RunRate, Trend};
    use super::*;
    use chrono::Days;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn points(values: &[(&str, i64)]) -> Vec<(NaiveDate, Number)> {
        values.iter().map(|(at, value)| (day(at), whole(*value))).collect()
    }

    #[test]
    fn a_line_is_drawn_by_the_method_that_is_asked() {
        let history = points(&[
            ("2026-01-01", 10),
            ("2026-02-01", 10),
            ("2026-03-01", 38),
            ("2026-03-11", 48),
        ]);
        let slope = |method| line_of(&history, method).map(|(line, used)| (line.slope, used));
        let ratio = |over: i64, under: i64| Number::new(over.into(), under.into());
        assert_eq!(slope(RunRate), Some((ratio(38, 69), RunRate)));
        assert_eq!(slope(LastMonths(1)), Some((ratio(1, 1), LastMonths(1))));
        // Only two points lie within a month.
        assert_eq!(slope(Trend(1)), Some((ratio(38, 69), RunRate)));
        assert_eq!(slope(Trend(2)).unwrap().1, Trend(2));
        assert_eq!(line_of(&history[..1], RunRate), None);
    }

    #[test]
    fn the_day_of_the_breach_is_the_first_above_the_limit() {
        let line = Line { start: whole(90), slope: whole(1) };
        let (start, after) = (day("2026-01-01"), day("2026-01-05"));
        let breach = |limit| first_day_above(&line, start, after, &whole(limit));
        assert_eq!(breach(100), Some(day("2026-01-12")), "on the 11th it is 100 and no more");
        assert_eq!(breach(50), Some(day("2026-01-06")), "above it already");
        let falling = Line { start: whole(90), slope: whole(-1) };
        assert_eq!(first_day_above(&falling, start, after, &whole(100)), None);
        let slow = Line { start: whole(0), slope: Number::new(1.into(), i64::MAX.into()) };
        assert_eq!(first_day_above(&slow, start, after, &whole(100)), None, "in no calendar");
    }

    proptest! {
        /// Against a walk from day to day.
        #[test]
        fn the_breach_is_as_somebody_walks_to_it(
            start in -50_i64..50, over in -30_i64..30, under in 1_i64..20, limit in -60_i64..120, lead in 0_i64..30,
        ) {
            let line = Line { start: whole(start), slope: Number::new(over.into(), under.into()) };
            let first = day("2026-01-01");
            let after = first + Days::new(lead.unsigned_abs());
            let walked = (lead + 1..4_000)
                .find(|x| start * under + over * x > limit * under)
                .map(|x| first + Days::new(x.unsigned_abs()));
            prop_assert_eq!(first_day_above(&line, first, after, &whole(limit)), walked);
        }

        /// No line near it has smaller squares.
        #[test]
        fn squares_are_least(values in proptest::collection::vec(-40_i64..40, 2..8)) {
            let points: Vec<_> = (0..).zip(&values).map(|(x, y)| (whole(x), whole(*y))).collect();
            let best = Line::of_least_squares(&points).unwrap();
            let squares = |line: &Line| points.iter().fold(Number::zero(), |sum, (x, y)| {
                let rest = y - line.at(x);
                sum + &rest * &rest
            });
            let step = Number::new(1.into(), 97.into());
            for (up, tilt) in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, -1), (-1, 1), (3, 2)] {
                let other = Line {
                    start: &best.start + &step * whole(up),
                    slope: &best.slope + &step * whole(tilt),
                };
                prop_assert!(squares(&other) > squares(&best));
            }
        }
    }
}
