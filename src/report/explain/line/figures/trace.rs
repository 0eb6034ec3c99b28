//! Divisions of pools: what was divided, by what weights, and what rounding made of it.

use num_bigint::BigInt;
use num_traits::{Signed, Zero};

use crate::allocate::{Division, TraceStep};
use crate::report::decimal::raw_part;
use crate::rules::{CutoffInto, DriverUse, Pool, SplitMethod};

use super::super::arithmetic::is_charge;
use super::super::quantity::{Quantity, leading, of_amount, quantity, rounded as round, shown};
use super::super::registry::Asked;
use super::super::told::{Term, Told};
use super::super::{Explainer, column_of, counted, term};
use super::{detail, exchange, place, weights};

/// Where the pool is declared.
pub(in super::super) fn rule(_: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    asked.says("where the pool is declared")
}

/// A line of the trace, as it was made.
pub(super) struct Line<'a> {
    pub(super) at: u32,
    pub(super) step: TraceStep<'a>,
    pub(super) division: &'a Division,
    pub(super) pool: &'a Pool,
    /// Records of the trace that are parts of the same division of the same metric.
    pub(super) siblings: Vec<usize>,
}

pub(super) fn line<'a>(this: &'a Explainer<'_>, record: usize) -> Line<'a> {
    let (at, step) = this.trace[record];
    let is_sibling =
        |other: &usize| this.trace[*other].0 == at && this.trace[*other].1.metric == step.metric;
    let begin = (0..=record).rev().take_while(is_sibling).last().unwrap_or(record);
    let siblings = (begin..this.trace.len()).take_while(is_sibling).collect();
    let pool = this.facts.rules.pool(step.division.pool.pool);
    Line { at, step, division: step.division, pool, siblings }
}

/// What was divided: the charges of the pool, and what other pools gave it.
pub(in super::super) fn pool_amount(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let line = line(this, asked.record);
    let report = asked.column.starts_with("report_");
    let column = column_of(line.step.metric);
    let column = if report { format!("report_{column}") } else { column.to_owned() };
    let (cells, given) = this.divided(line.at);
    let mut terms: Vec<Term> =
        cells.iter().filter_map(|at| detail::line(this, *at, &column)).collect();
    let direct = terms.len();
    let got = if report { "report_rounded" } else { "rounded" };
    let of_metric = given.iter().filter(|at| this.trace[**at].1.metric == line.step.metric);
    terms.extend(of_metric.filter_map(|at| term(asked.table, *at, got)));
    let (direct, given) = (counted(direct), counted(terms.len() - direct));
    let how = if line.division.costs == crate::domain::Costs::ZERO && terms.is_empty() {
        "nothing is divided here: a price is charged".to_owned()
    } else {
        format!(
            "what the pool held of this: {direct} of the detail, and {given} of other pools' trace"
        )
    };
    asked.says(how).sum(terms)
}

pub(in super::super) fn method(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let line = line(this, asked.record);
    let mut told = asked
        .says("how the pool declares to be divided, and what became of it")
        .note(place(&line.pool.span));
    for (small, weight) in &line.step.division.shares[line.step.metric as usize].cut_off {
        let gets = match line.pool.cutoff.as_ref().map(|cutoff| &cutoff.into) {
            Some(CutoffInto::Owner(owner)) => format!("its part goes to {owner}"),
            _ => "gets nothing".to_owned(),
        };
        let (_, name) = crate::report::party::of_party(small);
        let note = format!("below the cutoff, {gets}: {name} weighs {weight}");
        told = told.note(note);
    }
    told
}

/// The receiver's weight.
pub(in super::super) fn driver_value(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    weights::of(this, asked, &line(this, asked.record))
}

/// The weights of all receivers of a division, and of those that are below its cutoff.
fn all_weights(this: &Explainer<'_>, asked: &Asked<'_>, line: &Line<'_>) -> Option<Vec<Term>> {
    let is_plain = |text: &str| !text.contains(" + ");
    let mut terms = Vec::new();
    for at in &line.siblings {
        let text = asked.table.field(*at, "driver_value");
        // Small shares that are put to a receiver count by themselves below.
        let Some(text) = weights::own(text).filter(|text| !text.is_empty()) else { continue };
        let weight = leading(text).filter(|_| is_plain(text))?;
        let named = term(asked.table, *at, "rounded").map(|term| term.label);
        terms.push(Term::new(named.unwrap_or_default(), weight));
    }
    let shares = &line.division.shares[this.trace[asked.record].1.metric as usize];
    for (small, text) in &shares.cut_off {
        let (_, name) = crate::report::party::of_party(small);
        let weight = leading(text).filter(|_| is_plain(text))?;
        terms.push(Term::new(format!("{name}, below the cutoff"), weight));
    }
    Some(terms)
}

pub(in super::super) fn driver_total(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let line = line(this, asked.record);
    let told = asked.says("the weights of all receivers");
    let whole = leading(asked.value()).filter(|_| !asked.value().contains(" + "));
    match (whole, all_weights(this, asked, &line)) {
        (Some(whole), Some(terms)) => {
            let sum: Quantity = terms.iter().map(|term| &term.amount).sum();
            if sum == whole || is_whole(&line) {
                return told.made_of(whole, terms);
            }
            let missing = shown(&(whole - sum));
            told.note(format!(
                "{missing} of it is of pools that get nothing here, by an order that was declared"
            ))
        }
        _ => told.note("weights of several kinds; each line of the division has its own"),
    }
}

/// Whether nobody was left out of a division who has a weight.
fn is_whole(line: &Line<'_>) -> bool {
    !line.step.method.contains("by precedence") && !matches!(line.pool.split, SplitMethod::Fixed(_))
}

pub(in super::super) fn share(_: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let told = asked.says("share_fraction with twelve digits");
    match quantity(asked.field("share_fraction")) {
        Some(share) => told.is(&round(&share, 12)),
        None => told,
    }
}

pub(in super::super) fn share_fraction(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let line = line(this, asked.record);
    let Some(share) = quantity(asked.value()) else { return asked.says("") };
    if asked.field("to_kind") == "rounding" {
        return asked.says("the rest of rounding has no share");
    }
    if let SplitMethod::Rate { .. } = line.pool.split
        && line.step.method.starts_with("rate by")
    {
        return asked.says("the receiver's charge over all charges; the remainder has no share");
    }
    let (value, total) = (asked.field("driver_value"), asked.field("driver_total"));
    if let (Some(weight), Some(whole)) = (leading(value), leading(total))
        && !whole.is_zero()
        && weight.clone() / whole.clone() == share
        && !value.contains(" + ")
    {
        let note = format!("{} / {}", shown(&weight), shown(&whole));
        return asked.says("driver_value / driver_total").note(note).is(&(weight / whole));
    }
    let told = match asked.field("method") {
        text if text.starts_with("reciprocal") => {
            "solved together with the other pools of the group: see reciprocal.csv"
        }
        text if text.contains("cutoff") => {
            "the weight over the weights that are left by the cutoff"
        }
        text if text.contains("by precedence") => "the weight over the weights that are not barred",
        text if value.contains(" + ") => {
            let _ = text;
            "of each driver the weight over its total, times the driver's part; summed"
        }
        _ if value.is_empty() => "all of it goes to this receiver",
        _ => "the weight over all weights",
    };
    let mut told = asked.says(told);
    let siblings = line.siblings.iter().filter_map(|at| {
        let label = term(asked.table, *at, "rounded")?.label;
        Some(Term::new(label, quantity(asked.table.field(*at, "share_fraction"))?))
    });
    told.part_of(Quantity::from_integer(BigInt::from(1)), siblings.collect())
}

pub(in super::super) fn raw(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let step = line(this, asked.record).step;
    let told = asked.says("pool_amount × share_fraction, with up to 40 significant digits");
    let Some(share) = step.share else { return told };
    let mut told = told.note(format!(
        "{} × {share} = {}",
        step.pool_amount,
        of_amount(step.pool_amount)
            * Quantity::new(share.numer().clone().into(), share.denom().clone().into())
    ));
    if raw_part(step.pool_amount, share) != asked.value() {
        told.broken = Some("it comes to another product".to_owned());
    }
    told
}

/// What the receiver got; over all receivers it is what was divided.
pub(in super::super) fn rounded(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let line = line(this, asked.record);
    let (whole, how) = if asked.column.starts_with("report_") {
        ("report_pool_amount", "the receiver's part of report_pool_amount, as its original is")
    } else if asked.field("to_kind") == "rounding" {
        ("pool_amount", "what the division left below its last digit")
    } else {
        (
            "pool_amount",
            "raw, cut to the last digit, with missing digits given to the largest rests",
        )
    };
    let whole = quantity(asked.field(whole)).unwrap_or_default();
    let terms = line.siblings.iter().filter_map(|at| term(asked.table, *at, asked.column));
    let mut told = asked.says(how);
    told = match line.siblings.as_slice() {
        // A figure is no part of itself.
        [_] => told.note("all of it goes to this receiver").is(&whole),
        _ => told.part_of(whole, terms.collect()),
    };
    let input = |column: &str| term(asked.table, asked.record, column);
    let pool_amount = asked.named_as("pool_amount");
    told = told.of(input(&pool_amount)).of(input("driver_value"));
    if let SplitMethod::Rate { driver, price, .. } = &line.pool.split
        && is_charge(&line.step)
    {
        "quantity × price, tier by tier; over all it is what the remainder is relieved of"
            .clone_into(&mut told.how);
        for note in weights::tiers(asked.field("driver_value"), price, this.drivers.unit(driver)) {
            told = told.note(note);
        }
        if asked.column.starts_with("report_") {
            told = told.of(input("rounded"));
            let last = this.facts.period.last();
            let rates = this.facts.conversions.rates(this.facts.period, line.division.currency);
            // The bearer of the remainder is relieved of what the converted charges come to.
            let used = rates.used(last).filter(|_| !line.step.driver_value.is_empty());
            if let (Some(used), Some(charge)) = (used, quantity(asked.field("rounded"))) {
                let by = quantity(&used.rate.ratio().to_string()).unwrap_or_default();
                let product = exchange::product(&charge, &by);
                told = told.note(format!("{product}, by the rate of the month's last day"));
            }
        }
    } else if !asked.column.starts_with("report_")
        && let (Some(share), Some(got)) = (line.step.share, quantity(asked.value()))
    {
        let share = Quantity::new(share.numer().clone().into(), share.denom().clone().into());
        let exact = of_amount(line.step.pool_amount) * share;
        let off = got - &exact;
        let note = if off.is_zero() {
            "nothing was rounded".to_owned()
        } else {
            format!("exactly {exact}; rounding makes it {}", signed(&off))
        };
        told = told.note(note);
    }
    told
}

fn signed(off: &Quantity) -> String {
    let size = shown(&round(&off.abs(), 20));
    if off < &Quantity::zero() { format!("less by {size}") } else { format!("more by {size}") }
}

/// The drivers that a pool names.
pub(super) fn drivers(pool: &Pool) -> impl Iterator<Item = &DriverUse> {
    pool.drivers()
}
