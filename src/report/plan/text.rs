//! The comparison for who reads it on a terminal: who pays more, and why.

use std::fmt::Write;

use crate::diagnostics::printable;
use crate::domain::Currency;

use super::{Comparison, MoveRow, PartyRow, Row, ServiceRow, ShareRow, change, money, top as cut};

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
    list("What pools give otherwise", &plan.largest_shares(), top, |row| share(row), &mut out);
    out.push_str("\nShown to the cent; --format csv and json have every digit.\n");
    out
}

fn parties(plan: &Comparison, currency: Currency, total: &Row, top: usize, out: &mut String) {
    let causes = plan.working();
    let changed = plan.changed(currency);
    let mut header = vec![currency.code().to_owned()];
    header.extend(["before", "after", "delta"].map(str::to_owned));
    header.extend(causes.iter().map(|at| plan.causes[*at].to_owned()));
    let mut lines = vec![header];
    let (shown, rest) = cut(&changed, top);
    lines.extend(shown.iter().map(|party| line(&printable(&party.label()), &party.row, &causes)));
    if !rest.is_empty() {
        lines.push(line(&format!("{} more", rest.len()), &sum(rest), &causes));
    }
    let same = plan.rows.iter().filter(|row| row.currency == currency).count() - changed.len();
    lines.push(line("total", total, &causes));
    out.push('\n');
    out.push_str(&aligned(&lines));
    if same > 0 {
        let _ = writeln!(out, "  {same} unchanged, which the total holds too");
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

fn line(name: &str, row: &Row, causes: &[usize]) -> Vec<String> {
    let mut fields = vec![name.to_owned(), money(row.before), money(row.after)];
    fields.push(change(row.delta()));
    fields.extend(causes.iter().map(|at| change(row.effects[*at])));
    fields
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

fn list<T>(title: &str, rows: &[T], top: usize, row: fn(&T) -> Vec<String>, out: &mut String) {
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
    let amount = format!("{} {}", change(row.delta()), row.currency);
    let from_to = format!("{} → {}", money(row.before), money(row.after));
    vec![amount, format!("{}, {}: {from_to}", row.party(), named(&row.service))]
}

/// A service, or that charges tell none.
pub(super) fn named(service: &str) -> &str {
    if service.is_empty() { "no service" } else { service }
}

fn share(row: &ShareRow) -> Vec<String> {
    let amount = format!("{} {}", change(row.delta()), row.currency);
    let share = |share: &Option<String>| share.clone().unwrap_or_else(|| "nothing".to_owned());
    let shares = format!("{} → {}", share(&row.share_before), share(&row.share_after));
    let who = format!("pool {} to {}: {shares}", row.pool, row.receiver());
    vec![amount, who, how(row)]
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
