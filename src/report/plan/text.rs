//! The comparison for who reads it on a terminal: who pays more, and why.

use std::fmt::Write;

use crate::diagnostics::printable;
use crate::domain::{Amount, Currency};

use super::super::decimal::fixed;
use super::effects::Effect;
use super::{
    Comparison, MoveRow, PartyRow, PriceRow, Row, ServiceRow, ShareRow, change, money, top as cut,
};

/// The comparison in tables, each with so many rows at most.
#[must_use]
pub fn text(plan: &Comparison, top: usize) -> String {
    let subject = &plan.subject;
    let mut out = format!(
        "{}: {} against {}, {}\n",
        subject.period,
        printable(&subject.after),
        printable(&subject.before),
        subject.metric
    );
    for note in &subject.notes {
        let _ = writeln!(out, "  note: {}", printable(note));
    }
    if !plan.has_anything() {
        out.push_str("Nothing changes.\n");
        return out;
    }
    for (currency, total) in &plan.totals {
        parties(plan, *currency, total, top, &mut out);
    }
    list(
        "Charges that another rule decides, as they were billed",
        &plan.moves,
        top,
        moved,
        &mut out,
    );
    list("What services charged otherwise", &plan.services, top, service, &mut out);
    list("What was bought otherwise, as it was billed", &plan.prices, top, price, &mut out);
    let mut last = None;
    let shares = |row: &&ShareRow| share(row, &mut last);
    list("What pools give otherwise", &plan.largest_shares(), top, shares, &mut out);
    out.push_str("\nShown to the cent; --format csv and json have every digit.\n");
    out
}

fn parties(plan: &Comparison, currency: Currency, total: &Row, top: usize, out: &mut String) {
    let changed = plan.changed(currency);
    let (passed_on, parties): (Vec<_>, Vec<_>) =
        changed.iter().copied().partition(|party| party.passes_on());
    let columns = Columns::of(plan, currency);
    let mut lines = vec![columns.header(currency.code())];
    let (shown, rest) = cut(&parties, top);
    lines.extend(shown.iter().map(|party| columns.line(&party.label(), &party.row)));
    if !rest.is_empty() {
        lines.push(columns.line(&format!("{} more", rest.len()), &sum(rest)));
    }
    if !passed_on.is_empty() {
        let label = match &passed_on[..] {
            [one] => one.label(),
            pools => format!("{} pools, passed on", pools.len()),
        };
        lines.push(columns.line(&label, &sum(&passed_on)));
    }
    let same = plan.unchanged(currency);
    lines.push(columns.line("total", total));
    let _ = writeln!(out, "\n{}", headline(plan, currency, total));
    out.push_str(&aligned(&lines));
    if same > 0 {
        let _ = writeln!(out, "  {same} unchanged, which the total holds too");
    }
}

/// The month in a line: how much more, and what of it is which cause.
pub(super) fn headline(plan: &Comparison, currency: Currency, total: &Row) -> String {
    let delta = total.delta();
    if delta.is_zero() {
        let up = plan.rows.iter().filter(|party| party.currency == currency);
        let up = up.map(|party| party.row.delta()).filter(|delta| !delta.is_negative());
        return format!(
            "{} {currency} are borne by others, the total is the same",
            money(up.sum())
        );
    }
    let hundred: Amount = (0..100).map(|_| Amount::ONE).sum();
    let over = delta.to_units() * hundred.to_units();
    let under = total.before.to_units() * Amount::ONE.to_units();
    let part = fixed(&over, &under, 1);
    let sign = if part.as_deref().is_some_and(|part| part.starts_with('-')) { "" } else { "+" };
    let part = part.map(|part| format!(" ({sign}{part} %)")).unwrap_or_default();
    let mut causes: Vec<(&str, Amount)> =
        plan.causes.iter().copied().zip(total.effects.iter().copied()).collect();
    causes.retain(|(_, effect)| is_shown(*effect));
    causes.sort_by_key(|(_, effect)| std::cmp::Reverse(effect.abs()));
    let causes: Vec<String> =
        causes.iter().map(|(cause, effect)| format!("{cause} {}", change(*effect))).collect();
    format!("{} {currency}{part}: {}", change(delta), causes.join(", "))
}

/// Whether an amount is seen where cents are the least.
fn is_shown(amount: Amount) -> bool {
    !matches!(money(amount).as_str(), "0.00" | "-0.00")
}

/// The causes that a reader is shown side by side; all others are one column.
struct Columns {
    names: Vec<&'static str>,
    shown: Vec<usize>,
    others: Vec<usize>,
}

/// Causes that fit beside each other on a terminal.
const CAUSES_SHOWN: usize = 6;

impl Columns {
    /// The causes that move most; those that are less than a cent everywhere are no column.
    fn of(plan: &Comparison, currency: Currency) -> Self {
        let rows = || plan.rows.iter().filter(|party| party.currency == currency);
        let size = |at: usize| rows().map(|party| party.row.effects[at].abs()).sum::<Amount>();
        let is_seen = |at: &usize| rows().any(|party| is_shown(party.row.effects[*at]));
        let mut causes: Vec<usize> = (0..plan.causes.len()).filter(is_seen).collect();
        let mut others = Vec::new();
        if causes.len() > CAUSES_SHOWN + 1 {
            causes.sort_by_cached_key(|at| (std::cmp::Reverse(size(*at)), *at));
            others = causes.split_off(CAUSES_SHOWN);
            causes.sort_unstable();
        }
        // What is too small for a column of its own is part of what the others come to.
        let is_left = |at: &usize| !others.is_empty() && !causes.contains(at);
        let others = (0..plan.causes.len()).filter(is_left).collect();
        Self { names: plan.causes.clone(), shown: causes, others }
    }

    fn header(&self, first: &str) -> Vec<String> {
        let names = ["before", "after", "delta"].into_iter();
        let causes = self.shown.iter().map(|at| self.names[*at]);
        let others = (!self.others.is_empty()).then_some("others");
        let names = std::iter::once(first).chain(names).chain(causes).chain(others);
        names.map(str::to_owned).collect()
    }

    fn line(&self, name: &str, row: &Row) -> Vec<String> {
        let mut fields = vec![printable(name).into_owned(), money(row.before), money(row.after)];
        fields.push(change(row.delta()));
        let effect = |at: &usize| row.effects.get(*at).copied().unwrap_or_default();
        fields.extend(self.shown.iter().map(|at| change(effect(at))));
        if !self.others.is_empty() {
            fields.push(change(self.others.iter().map(effect).sum()));
        }
        fields
    }
}

/// What rows come to that are not shown.
pub(super) fn sum(rows: &[&PartyRow]) -> Row {
    let mut sum = Row::default();
    for party in rows {
        sum.add(&party.row);
    }
    sum
}

/// Columns under each other: the first to the left, all others to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        let fields = lines.iter().filter_map(|line| line.get(at));
        fields.map(|field| field.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for line in lines {
        for (at, (field, width)) in line.iter().zip(&widths).enumerate() {
            let _ = match at {
                0 => write!(out, "{field:width$}"),
                _ => write!(out, "  {field:>width$}"),
            };
        }
        out.push('\n');
    }
    out
}

fn list<T>(
    title: &str,
    rows: &[T],
    top: usize,
    row: impl FnMut(&T) -> Vec<String>,
    out: &mut String,
) {
    if rows.is_empty() {
        return;
    }
    let (shown, rest) = cut(rows, top);
    let _ = writeln!(out, "\n{title}:");
    let fields: Vec<Vec<String>> = shown.iter().map(row).collect();
    let width = fields.iter().map(|fields| fields[0].chars().count()).max().unwrap_or(0);
    for fields in fields {
        let _ = writeln!(out, "  {:>width$}  {}", fields[0], printable(&fields[1]));
        for more in &fields[2..] {
            let _ = writeln!(out, "  {:>width$}    {}", "", printable(more));
        }
    }
    if !rest.is_empty() {
        let _ = writeln!(out, "  and {} more", rest.len());
    }
}

fn moved(row: &MoveRow) -> Vec<String> {
    let amount = format!("{} {}", money(row.amount()), row.currency);
    let rows = if row.rows == 1 { "1 row".to_owned() } else { format!("{} rows", row.rows) };
    let who = if row.is_of_another_party() {
        format!("{} → {}, {rows}", row.before.party(), row.after.party())
    } else {
        format!("{}, as before, {rows}", row.after.party())
    };
    vec![amount, who, format!("{} → {}", row.before.by(), row.after.by())]
}

fn service(row: &ServiceRow) -> Vec<String> {
    let amount = format!("{} {}", change(row.row.delta()), row.currency);
    let from_to = format!("{} → {}", money(row.row.before), money(row.row.after));
    vec![amount, format!("{}, {}: {from_to}", row.party(), named(&row.service))]
}

fn price(row: &PriceRow) -> Vec<String> {
    let amount = format!("{} {}", change(row.delta()), row.currency);
    let what = [&row.service, &row.sku, &row.region].map(String::as_str);
    let what: Vec<&str> = what.into_iter().filter(|text| !text.is_empty()).collect();
    let what = if what.is_empty() { row.category.clone() } else { what.join(" ") };
    let causes = Effect::NAMES.iter().zip(row.effects()).filter(|(_, effect)| is_shown(**effect));
    let causes: Vec<String> =
        causes.map(|(cause, effect)| format!("{cause} {}", change(*effect))).collect();
    let first = format!("{}, {what}: {}", row.party(), causes.join(", "));
    let mut lines = vec![amount, first];
    if let ([Some(was), Some(is)], Some(before), Some(after)) =
        (row.unit_prices(), row.quantity_before, row.quantity_after)
    {
        let short = |price: String| price.trim_end_matches('0').trim_end_matches('.').to_owned();
        let quantities = format!("{before} → {after} {}", row.unit);
        lines.push(format!("{quantities} at {} → {}", short(was), short(is)));
    }
    lines
}

/// A service, or that charges tell none.
pub(super) fn named(service: &str) -> &str {
    if service.is_empty() { "no service" } else { service }
}

/// A share, and how its pool gives: only where that is another way, and not what was told last.
fn share(row: &ShareRow, last: &mut Option<(String, String)>) -> Vec<String> {
    let amount = format!("{} {}", change(row.delta()), row.currency);
    let shares = format!("{} → {}", of_whole(row, Side::Before), of_whole(row, Side::After));
    let who = format!("pool {} to {}: {shares}", row.pool, row.receiver());
    let mut lines = vec![amount, who];
    let told = (row.pool.clone(), how(row));
    if row.is_of_another_way() && last.as_ref() != Some(&told) {
        lines.push(told.1.clone());
        *last = Some(told);
    }
    lines
}

/// A side of a [`ShareRow`].
#[derive(Clone, Copy)]
pub(super) enum Side {
    Before,
    After,
}

/// A receiver's part of what a pool gives, or its amount where it is no part.
pub(super) fn of_whole(row: &ShareRow, side: Side) -> String {
    let (share, amount) = match side {
        Side::Before => (&row.share_before, row.before),
        Side::After => (&row.share_after, row.after),
    };
    match share {
        Some(share) => share.clone(),
        None if amount.is_zero() => "nothing".to_owned(),
        None => format!("{} {}", money(amount), row.currency),
    }
}

/// How the pool was emptied, where that is another way.
pub(super) fn how(row: &ShareRow) -> String {
    let side = |method: &str, place: &str| match method {
        "" => "gives nothing".to_owned(),
        method => format!("{method} ({place})"),
    };
    let (was, is) =
        (side(&row.method_before, &row.place_before), side(&row.method_after, &row.place_after));
    if was == is { is } else { format!("{was} → {is}") }
}
