//! Weights of receivers: cost, driver rows, declared shares, prices.

use crate::allocate::Bearer;
use crate::domain::{Amount, CostMetric};
use crate::report::party::of_party;
use crate::rules::{Base, Price, SplitMethod};

use super::super::quantity::{Quantity, leading, of_amount, quantity, shown};
use super::super::registry::Asked;
use super::super::told::{Term, Told};
use super::super::{Explainer, column_of, term};
use super::trace::{Line, drivers};
use super::{detail, place};

/// The receiver's weight, down to what it is made of.
pub(super) fn of(this: &Explainer<'_>, asked: &Asked<'_>, line: &Line<'_>) -> Told {
    let method = line.step.method;
    if asked.value().contains(BELOW) {
        return with_small(this, asked, line);
    }
    let told = match &line.pool.split {
        _ if method.contains("zero driver: even") || method == "even" => {
            return asked.says("every receiver weighs the same");
        }
        SplitMethod::Fixed(_) => {
            return asked.says("the share that the pool declares").note(place(&line.pool.span));
        }
        SplitMethod::Proportional { by, of, base, .. } if !method.starts_with("zero driver") => {
            return weighed(this, asked, line, (*by, *of, *base));
        }
        SplitMethod::DroppedUsage { .. } => {
            asked.says("by how much its use of the commitment fell against the month before")
        }
        _ => asked.says("what the driver's table says the receiver used"),
    };
    by_driver(this, told, asked, line)
}

/// How a weight tells of small shares that a cutoff put to the receiver.
pub(super) const BELOW: &str = " below ";

/// The weight that a receiver has beside the small shares that were put to it.
pub(super) fn own(text: &str) -> Option<&str> {
    if text.contains(BELOW) { Some(text.rsplit_once(" + ")?.0) } else { Some(text) }
}

/// Its own weight and those of all who are below the cutoff, which is put to it.
fn with_small(this: &Explainer<'_>, asked: &Asked<'_>, line: &Line<'_>) -> Told {
    let mut told = asked.says("its own weight, and those of all who are below the pool's cutoff");
    let mut terms = Vec::new();
    let shares = &line.division.shares[line.step.metric as usize];
    let ours = own(asked.value()).map(|text| (line.step.to, text, ""));
    let small = shares.cut_off.iter().map(|(to, text)| (to, text.as_str(), ", below the cutoff"));
    for (to, text, what) in ours.into_iter().chain(small) {
        let (_, name) = of_party(to);
        let (Some(weight), false) = (leading(text), text.contains(" + ")) else {
            told = told.note(format!("{name}{what}: {text}"));
            continue;
        };
        let rows = match drivers(line.pool).collect::<Vec<_>>().as_slice() {
            [driver] => this.drivers.behind(driver, line.division, to),
            _ => Vec::new(),
        };
        let parts = rows
            .iter()
            .map(|row| Term::new(format!("{name}{what}: {}", row.place), of_amount(row.quantity)));
        let parts: Vec<Term> = parts.collect();
        if parts.iter().map(|part| &part.amount).sum::<Quantity>() == weight {
            terms.extend(parts);
        } else {
            terms.push(Term::new(format!("{name}{what}"), weight));
        }
    }
    if !told.notes.is_empty() {
        return told;
    }
    let whole = terms.iter().map(|term| &term.amount).sum();
    told.made_of(whole, terms)
}

/// The rows of one driver, or of each of several.
fn by_driver(this: &Explainer<'_>, told: Told, asked: &Asked<'_>, line: &Line<'_>) -> Told {
    let uses: Vec<_> = drivers(line.pool).collect();
    let row_term =
        |row: &&crate::ingest::DriverRow| Term::new(row.place.to_string(), of_amount(row.quantity));
    match uses.as_slice() {
        [] => told,
        [driver] => {
            let rows = this.drivers.behind(driver, line.division, line.step.to);
            let terms: Vec<Term> = rows.iter().map(row_term).collect();
            let sum: Quantity = terms.iter().map(|term| &term.amount).sum();
            match leading(asked.value()) {
                // Small shares that a cutoff put with this receiver stand behind its own.
                Some(value) if sum == value => told.made_of(value, terms),
                _ => told,
            }
        }
        several => several.iter().fold(told, |told, driver| {
            let rows = this.drivers.behind(driver, line.division, line.step.to);
            rows.iter().fold(told, |told, row| {
                let (name, unit) = (&driver.name, this.drivers.unit(driver));
                let (quantity, part) = (row.quantity, &driver.share);
                told.note(format!("{name}: {quantity} {unit} of part {part}, {}", row.place))
            })
        }),
    }
}

/// The cost of a receiver that weighs.
fn weighed(
    this: &Explainer<'_>,
    asked: &Asked<'_>,
    line: &Line<'_>,
    (by, of, base): (CostMetric, Option<u16>, Base),
) -> Told {
    let told = asked.says(format!("the receiver's {by}, as the pool asks for it"));
    let Some(value) = leading(asked.value()) else { return told };
    let (_, to) = of_party(line.step.to);
    let within = line.pool.within.len();
    let accumulated =
        if base == Base::Accumulated { earlier(this, asked, line, by) } else { Vec::new() };
    // By fewer fields where the pool widens what it goes by.
    for kept in (0..=within).rev() {
        let mut terms = direct(this, line, to, (by, of, kept));
        terms.extend(accumulated.iter().cloned());
        let sum: Quantity = terms.iter().map(|term| &term.amount).sum();
        if sum == value {
            return told.made_of(value, terms);
        }
    }
    let note =
        "of the cost centers below it that receive, or with small shares that were put to it";
    told.note(note)
}

/// Lines of the detail that weigh: of the owner or of those below it, where the pool goes by levels.
fn direct(
    this: &Explainer<'_>,
    line: &Line<'_>,
    to: &str,
    (by, of, kept): (CostMetric, Option<u16>, usize),
) -> Vec<Term> {
    let facts = this.facts;
    let day = line.division.days.from().unwrap_or(facts.period.first());
    let day = day.clamp(facts.period.first(), facts.period.last());
    let is_ours = |owner: &str| {
        owner == to
            || (line.pool.receivers.over.is_some()
                && facts.org.path(owner, day).iter().any(|above| above == to))
    };
    let wanted = &line.pool.within[..kept];
    let at = |field| facts.cube.lot_fields.binary_search(&field).unwrap_or(usize::MAX);
    let mut terms = Vec::new();
    let mut next = 0;
    for cells in facts.cube.groups_of(facts.period) {
        let group = cells.group;
        let ours = match group.verdict.bearer {
            Bearer::Owner(name) => is_ours(facts.cube.text(name)),
            Bearer::Pool(..) | Bearer::Unallocated(_) => false,
        };
        let has_values = || {
            wanted
                .iter()
                .zip(&line.division.traits)
                .all(|(field, value)| facts.cube.name(group.field(at(*field))) == value.as_deref())
        };
        let of_basis = of.is_none_or(|bit| group.bases >> bit & 1 == 1);
        let weighs = ours && of_basis && group.currency == line.division.currency && has_values();
        let cells = cells.cells().count();
        if weighs {
            let lines =
                (next..next + cells).filter_map(|record| detail::line(this, record, column_of(by)));
            terms.extend(lines);
        }
        next += cells;
    }
    terms
}

/// What pools gave to the receiver before this one was emptied.
fn earlier(this: &Explainer<'_>, asked: &Asked<'_>, line: &Line<'_>, by: CostMetric) -> Vec<Term> {
    let before = this.trace.iter().enumerate().filter(|(_, (_, step))| {
        step.division.step < line.division.step
            && step.to == line.step.to
            && step.metric == by
            && step.division.currency == line.division.currency
    });
    before.filter_map(|(at, _)| term(asked.table, at, "rounded")).collect()
}

/// A quantity at its price, tier by tier.
pub(in super::super) fn tiers(used: &str, price: &Price, unit: &str) -> Vec<String> {
    let Some(used) = leading(used) else {
        return vec![
            "the remainder's bearer is relieved of what all others are charged".to_owned(),
        ];
    };
    let mut notes = Vec::new();
    let mut from = Quantity::default();
    let mut sum = Quantity::default();
    for tier in &price.tiers {
        let to = tier.to.map_or_else(|| used.clone(), |to: Amount| of_amount(to).min(used.clone()));
        if to <= from {
            break;
        }
        let part = &to - &from;
        let charge = &part * quantity(&tier.price.to_string()).unwrap_or_default();
        notes.push(format!(
            "{} {unit} from {} to {} × {} = {} {}",
            shown(&part),
            shown(&from),
            shown(&to),
            tier.price,
            shown(&charge),
            price.currency
        ));
        sum += charge;
        from = to;
    }
    notes.push(format!("together {} {}", shown(&sum), price.currency));
    notes
}
