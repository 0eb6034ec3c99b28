//! The position and the warnings as people read them in a terminal: what asks for something stands first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diagnostics::{Severity, printable};
use crate::domain::Currency;
use crate::licenses::{
    Figures, LineKind, Number, Position, Status, Warning, money_text, number_text,
};

use super::whole::LicenseReports;

/// Lines of a table that is not asked for in full.
const MOST_LINES: usize = 40;
/// A table of this many columns.
type Row<const N: usize> = [String; N];

impl LicenseReports<'_> {
    /// Owned against used: a sum, then lines that are over, unknown, near and fine. `is_asked` picks products.
    #[must_use]
    pub fn position_text(&self, is_asked: &dyn Fn(&Position) -> bool, is_whole: bool) -> String {
        let all = &self.outcome.positions;
        let mut lines: Vec<&Position> = all.iter().filter(|line| is_asked(line)).collect();
        let spare = lines.iter().filter(|line| is_plain_spare(line)).count();
        lines.retain(|line| !is_plain_spare(line));
        lines.sort_by_key(|line| (rank(line), &line.key));
        let mut text =
            format!("{}: licenses on {}\n", printable(self.organisation), self.outcome.day);
        let _ = writeln!(text, "  {}", counts(&lines));
        let exposure = exposure(&lines);
        if !exposure.is_empty() {
            let _ = writeln!(text, "  what is lacking costs {exposure}");
        }
        let shown = if is_whole { lines.len() } else { lines.len().min(MOST_LINES) };
        let header = ["", "product", "metric", "for", "owned", "used", "free", "costs", "since"];
        let rows: Vec<Row<9>> = lines[..shown].iter().map(|line| row(line)).collect();
        if !rows.is_empty() {
            text.push('\n');
            text += &table(&header.map(str::to_owned), &rows, &[4, 5, 6, 7]);
        }
        if shown < lines.len() {
            let _ = writeln!(text, "  … and {} lines more: --all", lines.len() - shown);
        }
        if spare > 0 {
            let _ = writeln!(
                text,
                "  {} of rights that several could draw on, or nobody needs: license_position.csv",
                counted(spare, "line")
            );
        }
        text
    }

    /// Warnings, the gravest first. Those that are silenced are counted, and shown where asked.
    #[must_use]
    pub fn warnings_text(&self, is_asked: &dyn Fn(&Warning) -> bool, is_whole: bool) -> String {
        let all = self.outcome.warnings.iter().filter(|warning| is_asked(warning));
        let (open, silent): (Vec<&Warning>, Vec<&Warning>) =
            all.partition(|warning| warning.silenced_by.is_none());
        let count = |severity| open.iter().filter(|it| it.severity == severity).count();
        let mut text = format!(
            "{}: {} on {}: {}, {}, {}; {} silenced\n",
            printable(self.organisation),
            counted(open.len(), "warning"),
            self.outcome.day,
            counted(count(Severity::Error), "error"),
            counted(count(Severity::Warning), "warning"),
            counted(count(Severity::Note), "note"),
            silent.len()
        );
        let silent = if is_whole { silent } else { Vec::new() };
        for warning in open.into_iter().chain(silent) {
            text += &of_warning(warning);
        }
        text
    }
}

/// Rights that no line claims; those of whose use nothing is known ask for something.
fn is_plain_spare(line: &Position) -> bool {
    line.key.kind == LineKind::Spare && line.status == Status::Ok
}

fn rank(line: &Position) -> u8 {
    match line.status {
        Status::Over => 0,
        Status::Unknown if line.is_over() => 1,
        Status::Unknown => 2,
        Status::Warning => 3,
        Status::Ok => 4,
    }
}

fn counts(lines: &[&Position]) -> String {
    let of = |status| lines.iter().filter(|line| line.status == status).count();
    let certain = lines.iter().filter(|line| rank(line) == 1).count();
    let certain =
        if certain > 0 { format!(" ({certain} of them over for certain)") } else { String::new() };
    format!(
        "{} over, {} unknown{certain}, {} near their limit, {} fine",
        of(Status::Over),
        of(Status::Unknown),
        of(Status::Warning),
        of(Status::Ok)
    )
}

/// By currency, of the dearest reading of each product and metric for each holder: readings are alternatives.
fn exposure(lines: &[&Position]) -> String {
    let mut dearest: BTreeMap<_, (Number, Currency)> = BTreeMap::new();
    let mut sums: BTreeMap<Currency, (Number, Number)> = BTreeMap::new();
    let mut cheapest: BTreeMap<_, (Number, Currency)> = BTreeMap::new();
    for line in lines {
        let Some(price) = &line.price else { continue };
        let key = &line.key;
        let subject = (&key.product, &key.metric, &key.legal_entity, &key.pool);
        let [low, high] = line.exposure();
        let Some(low) = low else { continue };
        let high = high.unwrap_or_else(|| low.clone());
        let most = dearest.entry(subject).or_insert_with(|| (high.clone(), price.currency));
        most.0 = most.0.clone().max(high);
        let least = cheapest.entry(subject).or_insert_with(|| (low.clone(), price.currency));
        least.0 = least.0.clone().min(low);
    }
    for (subject, (most, currency)) in dearest {
        let sum = sums.entry(currency).or_default();
        sum.0 += &cheapest[&subject].0;
        sum.1 += most;
    }
    let zero = Number::default();
    let shown = sums.into_iter().filter(|(_, (_, most))| *most > zero).map(|(currency, sums)| {
        let [low, high] = [&sums.0, &sums.1].map(|sum| money_text(sum, currency));
        if low == high {
            high
        } else {
            format!("{low} to {high}, by how terms and missing inputs are read")
        }
    });
    shown.collect::<Vec<_>>().join(" and ")
}

fn row(line: &Position) -> Row<9> {
    let key = &line.key;
    // `Oracle Database` names its publisher already.
    let publisher = key.product.publisher.as_deref();
    let publisher = publisher.filter(|publisher| !key.product.name.starts_with(publisher));
    let product = publisher.into_iter().chain([&*key.product.name]);
    let product = product.chain(key.product.edition.as_deref()).collect::<Vec<_>>().join(" ");
    let metric = if *key.interpretation == *"default" {
        key.metric.to_string()
    } else {
        format!("{} ({})", key.metric, key.interpretation)
    };
    let of = [key.legal_entity.as_deref(), key.pool.as_deref()];
    let of = of.into_iter().flatten().collect::<Vec<_>>().join("/");
    let currency = line.price.as_ref().map(|price| price.currency);
    let [low, high] = line.exposure().map(|exposure| {
        let exposure = exposure.filter(|exposure| *exposure > Number::default());
        exposure.zip(currency).map(|(exposure, currency)| money_text(&exposure, currency))
    });
    let costs = match (low, high) {
        (Some(low), Some(high)) if low == high => Some(high),
        (low, Some(high)) => Some(format!("{}–{high}", low.unwrap_or_else(|| "0".to_owned()))),
        (Some(low), None) if line.high.shortfall.is_none() => Some(format!("{low} or more")),
        _ => None,
    };
    [
        if rank(line) == 1 { "over ±".to_owned() } else { line.status.name().to_owned() },
        printable(&product).into_owned(),
        printable(&metric).into_owned(),
        printable(&of).into_owned(),
        between(line, |figures| figures.entitled.as_ref(), "unlimited"),
        between(line, |figures| figures.consumed.as_ref(), "?"),
        free(line),
        costs.unwrap_or_default(),
        line.since.map(|day| day.to_string()).unwrap_or_default(),
    ]
}

/// What is left, or with a minus what is lacking.
fn free(line: &Position) -> String {
    let of = |figures: &Figures| match (&figures.shortfall, &figures.surplus) {
        (None, _) => "?".to_owned(),
        (Some(lacking), _) if *lacking > Number::default() => format!("-{}", number_text(lacking)),
        (_, None) => "unlimited".to_owned(),
        (_, Some(left)) => number_text(left),
    };
    let (low, high) = (of(&line.low), of(&line.high));
    if low == high { low } else { format!("{low} to {high}") }
}

fn between(line: &Position, of: impl Fn(&Figures) -> Option<&Number>, none: &str) -> String {
    let shown = |figures| of(figures).map_or_else(|| none.to_owned(), number_text);
    let (low, high) = (shown(&line.low), shown(&line.high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// Columns as wide as they need; those of numbers end at one place.
fn table<const N: usize>(header: &Row<N>, rows: &[Row<N>], numbers: &[usize]) -> String {
    let all = || std::iter::once(header).chain(rows);
    let width = |at: usize| all().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut text = String::new();
    for row in all() {
        let mut line = String::from("  ");
        for (at, cell) in row.iter().enumerate().filter(|(at, _)| widths[*at] > 0) {
            let width = widths[at];
            let _ = if numbers.contains(&at) {
                write!(line, "{cell:>width$}  ")
            } else {
                write!(line, "{cell:width$}  ")
            };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn of_warning(warning: &Warning) -> String {
    let mut facts: Vec<String> = Vec::new();
    facts.extend(warning.date.map(|day| day.to_string()));
    facts.extend(warning.money.as_ref().map(|money| money_text(&money.amount, money.currency)));
    facts.extend(warning.owner.as_ref().map(|owner| format!("owner {owner}")));
    facts.extend(warning.silenced_by.as_ref().map(|name| format!("silenced by {name}")));
    let facts = if facts.is_empty() { String::new() } else { format!(" [{}]", facts.join(", ")) };
    let (severity, kind) = (warning.severity.name(), warning.kind);
    let mut text = format!("\n{severity}[{kind}]: {}{facts}\n", warning.text);
    if !warning.to_do.is_empty() {
        let _ = writeln!(text, "  {}", warning.to_do);
    }
    let _ = writeln!(text, "  {}", warning.id);
    text.lines().fold(String::new(), |all, line| all + &printable(line) + "\n")
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
