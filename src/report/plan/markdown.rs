//! The comparison for a merge request.

use std::fmt::Write;

use crate::diagnostics::printable;
use crate::domain::Amount;

use super::text::{Side, headline, how, named, of_whole, sum};
use super::{Comparison, MoveRow, PriceRow, Row, ServiceRow, ShareRow, change, money, top as cut};

/// The comparison as Markdown: tables of who pays more, and what moved it, folded up.
#[must_use]
pub fn markdown(plan: &Comparison, top: usize) -> String {
    let subject = &plan.subject;
    let mut out = format!("### What changes in {}\n\n", subject.period);
    let _ = writeln!(
        out,
        "{} against {}, `{}`.",
        code(&subject.after),
        code(&subject.before),
        subject.metric
    );
    for note in &subject.notes {
        let _ = writeln!(out, "\n> {}", safe(note));
    }
    if !plan.has_anything() {
        out.push_str("\nNothing changes.\n");
        return out;
    }
    let causes = plan.working();
    for (currency, total) in &plan.totals {
        let _ = writeln!(out, "\n**{}**", safe(&headline(plan, *currency, total)));
        let mut header = vec![currency.code().to_owned()];
        header.extend(["before", "after", "delta"].map(str::to_owned));
        header.extend(causes.iter().map(|at| plan.causes[*at].to_owned()));
        let changed = plan.changed(*currency);
        let (shown, rest) = cut(&changed, top);
        let mut lines: Vec<Vec<String>> =
            shown.iter().map(|party| line(&safe(&party.label()), &party.row, &causes)).collect();
        if !rest.is_empty() {
            lines.push(line(&format!("{} more", rest.len()), &sum(rest), &causes));
        }
        lines.push(line("**total**", total, &causes));
        table(&header, 1, &lines, &mut out);
        let same = plan.unchanged(*currency);
        if same > 0 {
            let _ = writeln!(out, "\n{same} unchanged, which the total holds too.");
        }
    }
    folded(
        "Charges that another rule decides, as they were billed",
        &plan.moves,
        top,
        &MOVES,
        moved,
        &mut out,
    );
    let title = "What services charged otherwise";
    folded(title, &plan.services, top, &SERVICES, service, &mut out);
    let title = "What was bought otherwise, as it was billed";
    folded(title, &plan.prices, top, &PRICES, price, &mut out);
    folded(
        "What pools give otherwise",
        &plan.largest_shares(),
        top,
        &SHARES,
        |row| share(row),
        &mut out,
    );
    out
}

/// Columns, and how many of the first are words, not figures.
const MOVES: ([&str; 6], usize) =
    (["from", "to", "rule before", "rule after", "rows", "amount"], 4);
const SERVICES: ([&str; 6], usize) =
    (["borne by", "service", "currency", "before", "after", "delta"], 3);
const PRICES: ([&str; 6], usize) =
    (["borne by", "service", "product", "unit price", "quantity", "delta"], 3);
const SHARES: ([&str; 6], usize) =
    (["pool", "to", "how", "share before", "share after", "delta"], 3);

fn line(name: &str, row: &Row, causes: &[usize]) -> Vec<String> {
    let mut fields = vec![name.to_owned(), money(row.before), money(row.after)];
    fields.push(format!("**{}**", change(row.delta())));
    fields.extend(causes.iter().map(|at| change(row.effects[*at])));
    fields
}

fn moved(row: &MoveRow) -> Vec<String> {
    let amount = format!("{} {}", money(row.amount()), row.currency);
    vec![
        safe(&row.before.party()),
        safe(&row.after.party()),
        safe(&row.before.by()),
        safe(&row.after.by()),
        row.rows.to_string(),
        amount,
    ]
}

fn service(row: &ServiceRow) -> Vec<String> {
    vec![
        safe(&row.party()),
        safe(named(&row.service)),
        row.currency.to_string(),
        money(row.row.before),
        money(row.row.after),
        change(row.row.delta()),
    ]
}

fn price(row: &PriceRow) -> Vec<String> {
    let part = |text: Option<String>| match text {
        None => "·".to_owned(),
        Some(text) if text.contains('.') => {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Some(text) => text,
    };
    let [was, is] = row.unit_prices();
    let quantity = |amount: Option<Amount>| part(amount.map(|amount| amount.to_string()));
    let (before, after) = (quantity(row.quantity_before), quantity(row.quantity_after));
    vec![
        safe(&row.party()),
        safe(named(&row.service)),
        safe(&format!("{} {}", row.sku, row.region)),
        format!("{} → {}", part(was), part(is)),
        format!("{before} → {after} {}", safe(&row.unit)),
        format!("{} {}", change(row.delta()), row.currency),
    ]
}

fn share(row: &ShareRow) -> Vec<String> {
    vec![
        safe(&row.pool),
        safe(&row.receiver()),
        safe(&how(row)),
        of_whole(row, Side::Before),
        of_whole(row, Side::After),
        format!("{} {}", change(row.delta()), row.currency),
    ]
}

fn folded<T>(
    title: &str,
    rows: &[T],
    top: usize,
    (header, left): &([&str; 6], usize),
    row: fn(&T) -> Vec<String>,
    out: &mut String,
) {
    if rows.is_empty() {
        return;
    }
    let (shown, rest) = cut(rows, top);
    let _ = writeln!(out, "\n<details><summary>{title}: {}</summary>", rows.len());
    let lines: Vec<Vec<String>> = shown.iter().map(row).collect();
    table(&header.map(str::to_owned), *left, &lines, out);
    if !rest.is_empty() {
        let _ = writeln!(out, "\nand {} more", rest.len());
    }
    out.push_str("\n</details>\n");
}

/// A table whose first columns stand to the left, and all others to the right.
fn table(header: &[String], left: usize, lines: &[Vec<String>], out: &mut String) {
    let sides: Vec<String> =
        (0..header.len()).map(|at| if at < left { "---" } else { "---:" }.to_owned()).collect();
    out.push('\n');
    for line in [header, &sides].into_iter().chain(lines.iter().map(Vec::as_slice)) {
        let _ = writeln!(out, "| {} |", line.join(" | "));
    }
}

/// A text that cannot leave its cell nor become markup.
fn safe(text: &str) -> String {
    let mut shown = String::new();
    for letter in printable(text).chars() {
        match letter {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '|' | '\\' | '*' | '_' | '[' | ']' | '`' | '#' | '~' | '@' | '!' => {
                shown.push('\\');
                shown.push(letter);
            }
            letter => shown.push(letter),
        }
    }
    shown
}

fn code(text: &str) -> String {
    format!("`{}`", printable(text).replace('`', "'"))
}
