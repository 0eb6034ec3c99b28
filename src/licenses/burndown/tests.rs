use super::*;
use crate::licenses::made_up::{amount, contract, day, days};
use crate::rules::RuleText;
use crate::rules::licenses::duty_rules;
use proptest::prelude::*;

fn month(month: &str, spent: &str) -> Spent {
    let days = month.parse::<Period>().unwrap().days();
    row(days, spent)
}

fn row(days: DateRange, spent: &str) -> Spent {
    let currency = "EUR".parse().unwrap();
    Spent { contract: "C-1".into(), days, amount: amount(spent), currency }
}

fn committed(rule: Option<&str>, stretches: &[(&str, &str, &str)]) -> Contract {
    Contract {
        commitments: stretches
            .iter()
            .map(|(from, to, committed)| (days(from, to), amount(committed)))
            .collect(),
        shortfall_rule: rule.map(Into::into),
        ..contract("C-1")
    }
}

fn by(method: &str) -> Vec<ThresholdRule> {
    let text = format!("thresholds: [{{ name: a, forecast: {method} }}]");
    duty_rules(&[RuleText { path: "a.yaml".into(), text }]).unwrap().thresholds
}

fn text(number: Option<&Number>) -> String {
    number.map_or_else(|| "unknown".to_owned(), number_text)
}

#[test]
fn a_shortfall_is_told_before_the_end() {
    let year = committed(Some("pay"), &[("2026-01-01", "2027-01-01", "1200")]);
    let spent = [month("2026-01", "31"), month("2026-02", "28"), month("2026-03", "91")];
    let burn = burn_downs(std::slice::from_ref(&year), &spent, &[], day("2026-03-31")).remove(0);
    // 150 in 90 days are 5/3 a day.
    assert_eq!((burn.told_days, burn.total_days), (90, 365));
    assert_eq!(text(burn.forecast.as_ref()), "608.333333333333");
    assert_eq!(burn.forecast, Some(Number::new(1825.into(), 3.into())));
    assert_eq!(burn.due.as_ref().unwrap().amount, Number::new(1775.into(), 3.into()));
    assert_eq!(burn.months.len(), 12);
    let sum = burn.months.iter().map(|it| it.forecast.clone().unwrap());
    assert_eq!(Some(sum.fold(Number::zero(), |sum, next| sum + next)), burn.forecast);

    let last = by("{ method: last_months, months: 1 }");
    let burn = burn_downs(std::slice::from_ref(&year), &spent, &last, day("2026-03-31")).remove(0);
    assert_eq!(burn.forecast, Some(whole(150) + Number::new((91 * 275).into(), 31.into())));
    assert_eq!(burn.forecasts.len(), 2, "the run rate stands beside it");

    // 10, 20, 30 go on as 40, 50, …, 120.
    let trend = by("{ method: trend, months: 3 }");
    let spent = [month("2026-01", "10"), month("2026-02", "20"), month("2026-03", "30")];
    let burn = burn_downs(&[year], &spent, &trend, day("2026-03-31")).remove(0);
    assert_eq!(text(burn.forecast.as_ref()), "780");
    assert_eq!(text(burn.shortfall.as_ref()), "420");
}

#[test]
fn a_method_that_has_too_little_gives_way_to_the_run_rate() {
    let year = committed(Some("pay"), &[("2026-01-01", "2027-01-01", "1200")]);
    let trend = by("{ method: trend, months: 3 }");
    let burn = burn_downs(
        std::slice::from_ref(&year),
        &[month("2026-01", "31")],
        &trend,
        day("2026-01-31"),
    );
    assert_eq!(burn[0].method, ForecastMethod::RunRate);
    assert_eq!(text(burn[0].forecast.as_ref()), "365");
    let none = burn_downs(&[year], &[], &trend, day("2026-01-31")).remove(0);
    assert_eq!(
        (none.forecast, none.shortfall, none.due),
        (None, None, None),
        "not known, not zero"
    );
}

#[test]
fn what_a_shortfall_costs_is_the_rules_to_say() {
    let due = |rule: Option<&str>| {
        let year = committed(rule, &[("2026-01-01", "2026-02-01", "100")]);
        let burn = burn_downs(&[year], &[month("2026-01", "60")], &[], day("2026-02-01")).remove(0);
        assert!(burn.has_ended);
        let due = burn.due.unwrap();
        (number_text(&due.amount), due.basis)
    };
    assert_eq!(due(Some("pay")).0, "40");
    assert_eq!(due(Some("pay 12.5 %")).0, "5");
    assert_eq!(due(Some("none")).0, "0");
    assert_eq!(due(Some("carry_over")).0, "40", "nothing follows");
    assert!(due(None).1.starts_with("at most 40"));
    assert!(due(Some("as agreed")).1.contains("`as agreed`"));
}

#[test]
fn a_shortfall_is_carried_to_the_next_stretch() {
    let two = [("2026-01-01", "2026-02-01", "100"), ("2026-02-01", "2026-03-01", "100")];
    let spent = [month("2026-01", "60"), month("2026-02", "110")];
    let burns = burn_downs(&[committed(Some("carry_over"), &two)], &spent, &[], day("2026-03-01"));
    assert_eq!(text(Some(&burns[1].committed)), "140");
    assert_eq!(text(burns[1].shortfall.as_ref()), "30");
    let due: Vec<_> =
        burns.iter().map(|it| number_text(&it.due.as_ref().unwrap().amount)).collect();
    assert_eq!(due, ["0", "30"]);
}

#[test]
fn what_lies_across_an_edge_counts_by_days_and_what_is_missing_is_said() {
    let odd = committed(Some("pay"), &[("2026-01-16", "2026-05-16", "100")]);
    let usd = Spent { currency: "USD".parse().unwrap(), ..month("2026-03", "7") };
    let spent = [month("2026-01", "31"), month("2026-04", "30"), usd];
    let burn = burn_downs(&[odd], &spent, &[], day("2026-04-30")).remove(0);
    assert_eq!(text(Some(&burn.consumed)), "46", "16 days of January, and April");
    assert_eq!(burn.missing, [days("2026-02-01", "2026-04-01")]);
    assert_eq!(burn.other_currencies.len(), 1);
    // A month that is not over tells of its days so far.
    let open = committed(Some("pay"), &[("2026-04-01", "2026-05-01", "100")]);
    let burn = burn_downs(&[open], &[month("2026-04", "30")], &[], day("2026-04-15")).remove(0);
    assert_eq!((burn.told_days, text(burn.forecast.as_ref())), (15, "60".to_owned()));
}

/// Day by day, with no month, no range and no line.
fn naive(spent: &[Spent], stretch: DateRange, last_months: Option<usize>) -> Option<Number> {
    let on = |day: NaiveDate| {
        let rows = spent.iter().filter(|row| row.days.contains(day));
        rows.map(|row| {
            let length = each(row.days).count();
            number_of(row.amount) / whole(i64::try_from(length).unwrap())
        })
        .reduce(|one, two| one + two)
    };
    let all: Vec<(NaiveDate, Option<Number>)> = each(stretch).map(|day| (day, on(day))).collect();
    let basis: Vec<Number> = match last_months {
        None => all.iter().filter_map(|(_, value)| value.clone()).collect(),
        Some(months) => {
            let mut whole: Vec<Vec<Number>> = Vec::new();
            for chunk in all.chunk_by(|one, two| {
                one.0.format("%Y%m").to_string() == two.0.format("%Y%m").to_string()
            }) {
                let last = Period::of(chunk[0].0).last();
                let told: Option<Vec<Number>> =
                    chunk.iter().map(|(_, value)| value.clone()).collect();
                let is_whole =
                    chunk[0].0.format("%d").to_string() == "01" && chunk[chunk.len() - 1].0 == last;
                whole.extend(told.filter(|_| is_whole));
            }
            let skip = whole.len().saturating_sub(months);
            whole.into_iter().skip(skip).flatten().collect()
        }
    };
    if basis.is_empty() {
        return None;
    }
    let count = whole(i64::try_from(basis.len()).unwrap());
    let rate = basis.into_iter().fold(Number::zero(), |sum, next| sum + next) / count;
    Some(
        all.into_iter()
            .fold(Number::zero(), |sum, (_, value)| sum + value.unwrap_or_else(|| rate.clone())),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn forecasts_are_as_somebody_adds_them_up(
        start in 0_u64..40, length in 20_u64..300,
        amounts in proptest::collection::vec(proptest::option::of(0_u32..5_000), 1..8),
        months in 1_u32..4,
    ) {
        let from = day("2026-01-01") + chrono::Days::new(start);
        let stretch = DateRange::new(Some(from), Some(from + chrono::Days::new(length))).unwrap();
        let mut at: Period = "2026-01".parse().unwrap();
        let mut spent = Vec::new();
        for amount in &amounts {
            if let Some(cents) = amount {
                spent.push(row(at.days(), &format!("{}.{:02}", cents / 100, cents % 100)));
            }
            at = at.next();
        }
        let contract = Contract { commitments: vec![(stretch, amount("100"))], ..contract("C-1") };
        let rules = by(&format!("{{ method: last_months, months: {months} }}"));
        let burn = burn_downs(&[contract], &spent, &rules, day("2027-12-31")).remove(0);
        prop_assert_eq!(&burn.forecasts[0].1, &naive(&spent, stretch, None));
        let last = naive(&spent, stretch, Some(months as usize));
        // A stretch without an open day needs no rate.
        if burn.told_days < burn.total_days {
            prop_assert_eq!(&burn.forecasts[1].1, &last);
        }
        if let (Some(forecast), Some(short)) = (&burn.forecast, &burn.shortfall) {
            let lacking = &burn.committed - forecast;
            prop_assert!(*short == lacking || (short.is_zero() && lacking <= Number::zero()));
        }
    }
}
