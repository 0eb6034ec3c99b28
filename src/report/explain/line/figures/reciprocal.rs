//! Pools that use each other: the balance of each.

use super::super::quantity::{Quantity, quantity, rounded, shown};
use super::super::registry::Asked;
use super::super::told::{Term, Told};
use super::super::{Explainer, term};

const DIGITS: u32 = 18;

pub(in super::super) fn amount(_: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let told = asked.says("amount_fraction with 18 digits");
    match quantity(asked.field("amount_fraction")) {
        Some(exact) => told.is(&rounded(&exact, DIGITS)),
        None => told,
    }
}

/// A line of the same group, currency and metric.
fn lines(
    asked: &Asked<'_>,
    wanted: impl Fn(&str, &str, &str) -> bool,
    sign: impl Fn(&str) -> i32,
) -> Vec<Term> {
    let table = asked.table;
    let same = |at: &usize| {
        ["group", "currency", "metric"]
            .iter()
            .all(|column| table.field(*at, column) == asked.field(column))
    };
    let mut found = Vec::new();
    for at in (0..table.records.len()).filter(same) {
        let (pool, flow) = (table.field(at, "pool"), table.field(at, "flow"));
        if wanted(pool, flow, table.field(at, "party"))
            && let Some(mut term) = term(table, at, "amount_fraction")
        {
            term.amount *= Quantity::from_integer(sign(flow).into());
            found.push(term);
        }
    }
    found
}

pub(in super::super) fn fraction(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let pool = asked.field("pool");
    let is_in = |flow: &str| flow == "own" || flow == "received";
    let sign = |flow: &str| if is_in(flow) { 1 } else { -1 };
    let one = |_: &str| 1;
    match asked.field("flow") {
        "own" => own(this, asked),
        "received" => {
            let giver = asked.field("party");
            let whole = lines(asked, |pool, flow, _| pool == giver && is_in(flow), one);
            let whole: Quantity = whole.iter().map(|term| &term.amount).sum();
            let told = asked.says(format!("the part of pool `{giver}` that this pool uses"));
            match quantity(asked.value()) {
                Some(got) if whole != Quantity::default() => told.note(format!(
                    "{} of {} that `{giver}` turns over: a part of {}",
                    shown(&got),
                    shown(&whole),
                    shown(&(&got / &whole))
                )),
                _ => told,
            }
        }
        "given to the group" => {
            let to = lines(asked, |_, flow, party| flow == "received" && party == pool, one);
            asked.says("what other pools of the group received of it").sum(to)
        }
        "given to others" => {
            let ours = |of: &str, flow: &str, _: &str| {
                of == pool && (is_in(flow) || flow == "given to the group")
            };
            asked
                .says("what it had and received, less what it gave to the group")
                .sum(lines(asked, ours, sign))
        }
        _ => {
            let ours = |of: &str, flow: &str, _: &str| of == pool && flow != "residual";
            asked.says("what came in less what went out").sum(lines(asked, ours, sign))
        }
    }
}

/// What the pool had: the divisions of the trace by which it moved to those outside of the group.
fn own(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let mut seen = None;
    let lines = this.terms("allocation_trace.csv", "pool_amount", |their, at| {
        their.field(at, "pool") == asked.field("pool")
            && ["currency", "metric"].iter().all(|c| their.field(at, c) == asked.field(c))
    });
    let mut firsts = Vec::new();
    for found in lines {
        let Some(at) = &found.at else { continue };
        let (division, step) = this.trace[at.record];
        // A price charges its consumers beside what is divided.
        if seen != Some(division) && !step.method.starts_with("rate by") {
            seen = Some(division);
            firsts.push(found);
        }
    }
    asked.says("what the pool held before the group was solved, by division").sum(firsts)
}
