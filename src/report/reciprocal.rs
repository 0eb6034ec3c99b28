//! `reciprocal.csv`: what pools that use each other turn over between them, and that it closes.

use num_bigint::BigInt;
use num_rational::Ratio;

use crate::allocate::Turnover;
use crate::diagnostics::Finding;

use super::Facts;
use super::decimal::fixed;
use super::sink::Sink;

const HEADER: [&str; 9] =
    ["period", "group", "pool", "currency", "metric", "flow", "party", "amount", "amount_fraction"];
/// Digits of an amount that does not come out even; the fraction beside it is exact.
const DIGITS: u32 = 18;

type Fraction = Ratio<BigInt>;

/// Writes the table, where any group was solved.
pub(super) fn write(facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
    let Some(month) = facts.months.get(&facts.period).filter(|m| !m.turnover.is_empty()) else {
        return Ok(());
    };
    sink.table("reciprocal.csv", &HEADER, |table| {
        let of_period = facts.period.to_string();
        for turnover in &month.turnover {
            for (flow, party, amount) in flows(turnover) {
                table.write_record([
                    of_period.as_str(),
                    &turnover.group,
                    &turnover.pool,
                    turnover.currency.code(),
                    turnover.metric.name(),
                    flow,
                    party,
                    &decimal(&amount),
                    &amount.to_string(),
                ])?;
            }
        }
        Ok(())
    })
}

/// What came in, what went out, and the rest, which is zero.
fn flows(turnover: &Turnover) -> Vec<(&'static str, &str, Fraction)> {
    let mut flows: Vec<(&'static str, &str, Fraction)> = Vec::new();
    for (index, (from, amount)) in turnover.received.iter().enumerate() {
        let (flow, party) = if index == 0 { ("own", "") } else { ("received", from.as_str()) };
        flows.push((flow, party, amount.clone()));
    }
    flows.push(("given to the group", "", turnover.to_group.clone()));
    flows.push(("given to others", "", turnover.to_others.clone()));
    flows.push(("residual", "", turnover.residual()));
    flows
}

fn decimal(amount: &Fraction) -> String {
    let text = fixed(amount.numer(), amount.denom(), DIGITS).unwrap_or_default();
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if text.contains('.') { short.to_owned() } else { text }
}
