//! `unallocated_pareto.svg`: what has no owner, largest first, with the cumulative part of it.

use std::collections::BTreeMap;
use std::fmt::Write;

use num_bigint::BigInt;

use crate::diagnostics::Finding;
use crate::domain::Amount;
use crate::report::Facts;
use crate::report::decimal::fixed;
use crate::report::unallocated::Unallocated;

use super::canvas::{Align, BLUE, Canvas, FAINT, Frame, INK, OTHERS, VERMILLION, draw as draw_on};
use super::label::{digits_for, figure, short};
use super::scale::{Scale, ends, float, ticks};
use super::series::together as heading;

const WIDTH: u32 = 1000;
const HEAD: i32 = 64;
const ROW: i32 = 26;
/// Room of a panel above and below its bars.
const ABOVE: i32 = 52;
const BELOW: i32 = 40;
/// The plot: bars begin at the left and the line reaches the right.
const LEFT: i32 = 390;
const RIGHT: i32 = 770;
/// Right edges of the columns of figures.
const AMOUNTS: i32 = 890;
const PERCENTS: i32 = 970;
const LABEL_LETTERS: usize = 54;
/// Bars of a panel, besides the one of all smaller ones.
const BARS: usize = 12;

/// The bars of one currency.
struct Panel {
    currency: String,
    /// Label and amount, largest first; all are positive.
    bars: Vec<(String, Amount)>,
    /// The last bar is all smaller ones together.
    has_rest: bool,
    /// Sum of the bars.
    total: Amount,
    /// Credits that stay unallocated; they are no part of a whole.
    credits: Amount,
    /// Digits after the point of all figures.
    digits: u32,
}

pub(super) fn draw(facts: &Facts, unallocated: &[Unallocated]) -> Result<String, Finding> {
    let panels = panels(facts, unallocated);
    let bars: usize = panels.iter().map(|panel| panel.bars.len()).sum();
    let panel_room = (ABOVE + BELOW) * count(panels.len());
    let height = HEAD + (panel_room + ROW * count(bars)).max(80);
    let frame = Frame {
        id: "unallocated-pareto",
        size: (WIDTH, height.unsigned_abs()),
        title: format!("Unallocated cost, {}", facts.period),
        description: description(facts, &panels),
    };
    draw_on(&frame, |canvas| {
        canvas.bold(&frame.title, (24, 26), Align::Left, 18)?;
        let organisation = short(&facts.project.organisation, 60);
        let metric = facts.rules.view.metric();
        let subtitle = format!("{organisation} · {metric} by reason and sub account");
        canvas.text(&subtitle, (24, 50), Align::Left, 13)?;
        if panels.is_empty() {
            let nothing = nothing(facts);
            return canvas.text(&nothing, (24, HEAD + 40), Align::Left, 15);
        }
        let mut top = HEAD;
        for panel in &panels {
            draw_panel(canvas, panel, top)?;
            top += ABOVE + BELOW + ROW * count(panel.bars.len());
        }
        Ok(())
    })
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX / ROW)
}

fn nothing(facts: &Facts) -> String {
    format!("Nothing is unallocated in {}.", facts.period)
}

fn description(facts: &Facts, panels: &[Panel]) -> String {
    if panels.is_empty() {
        return nothing(facts);
    }
    let mut text = String::from("Bars of unallocated cost with a line of the cumulative part.");
    for panel in panels {
        let total = figure(panel.total, panel.digits);
        // Writing to a String cannot fail.
        let _ = write!(text, " {}: {total} in all", panel.currency);
        for (label, amount) in &panel.bars {
            let (name, amount) = (short(label, LABEL_LETTERS), figure(*amount, panel.digits));
            let _ = write!(text, "; {name} {amount}");
        }
        text.push('.');
    }
    text
}

/// A panel per currency; before them, where there are several with rates, one of all together.
fn panels(facts: &Facts, unallocated: &[Unallocated]) -> Vec<Panel> {
    let mut sums: BTreeMap<&str, BTreeMap<String, Amount>> = BTreeMap::new();
    let mut together: Option<BTreeMap<String, Amount>> = Some(BTreeMap::new());
    for row in unallocated {
        let bars = sums.entry(row.currency.code()).or_default();
        *bars.entry(label(row)).or_default() += row.amount(facts.rules.view);
        match (&mut together, row.report) {
            (Some(bars), Some(report)) => {
                *bars.entry(label(row)).or_default() += report.amount(facts.rules.view);
            }
            (together, _) => *together = None,
        }
    }
    let together = together.filter(|_| sums.len() > 1).map(|bars| panel(&heading(facts), bars));
    let single = sums.into_iter().map(|(currency, bars)| panel(currency, bars));
    together.into_iter().chain(single).collect()
}

fn label(row: &Unallocated) -> String {
    let place = match row.sub_account.as_str() {
        "" => row.asked.as_str(),
        sub_account => sub_account,
    };
    if place.is_empty() { row.reason.to_owned() } else { format!("{} · {place}", row.reason) }
}

fn panel(currency: &str, sums: BTreeMap<String, Amount>) -> Panel {
    let credits: Amount = sums.values().copied().filter(|amount| amount.is_negative()).sum();
    let mut bars: Vec<(String, Amount)> =
        sums.into_iter().filter(|(_, amount)| *amount > Amount::ZERO).collect();
    bars.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let total: Amount = bars.iter().map(|(_, amount)| *amount).sum();
    let has_rest = bars.len() > BARS + 1;
    if has_rest {
        let rest = bars.split_off(BARS);
        let amount = rest.iter().map(|(_, amount)| *amount).sum();
        bars.push((format!("other ({})", rest.len()), amount));
    }
    let digits = digits_for(total.max(credits.abs()));
    Panel { currency: currency.to_owned(), bars, has_rest, total, credits, digits }
}

fn draw_panel(canvas: &Canvas, panel: &Panel, top: i32) -> Result<(), Finding> {
    let first = top + ABOVE;
    let last = first + ROW * count(panel.bars.len());
    let heading = format!("{} {}", panel.currency, figure(panel.total, panel.digits));
    canvas.bold(&heading, (24, top + 18), Align::Left, 15)?;
    canvas.text("amount", (AMOUNTS, first - 12), Align::Right, 12)?;
    canvas.text("cumulative", (PERCENTS, first - 12), Align::Right, 12)?;
    let scale = draw_grid(canvas, panel, first, last)?;
    let part = Scale::new((0.0, 1.0), (LEFT, RIGHT));
    let mut sum = Amount::ZERO;
    let mut line = Vec::with_capacity(panel.bars.len());
    let heights = (0..).map(|row: i32| first + ROW * row + ROW / 2);
    for ((at, (label, amount)), height) in panel.bars.iter().enumerate().zip(heights) {
        sum += *amount;
        let is_rest = panel.has_rest && at + 1 == panel.bars.len();
        let color = if is_rest { OTHERS } else { BLUE };
        canvas.text(&short(label, LABEL_LETTERS), (LEFT - 10, height), Align::Right, 12)?;
        canvas.rectangle((LEFT, height - 9), (scale.pixel(float(*amount)), height + 9), color)?;
        canvas.text(&figure(*amount, panel.digits), (AMOUNTS, height), Align::Right, 12)?;
        canvas.text(&percent(sum, panel.total), (PERCENTS, height), Align::Right, 12)?;
        line.push((part.pixel(float(sum) / float(panel.total)), height));
    }
    for point in &line {
        canvas.dot(*point, 3, VERMILLION)?;
    }
    canvas.line(line, VERMILLION, 2)?;
    if !panel.credits.is_zero() {
        let note =
            format!("Not drawn: unallocated credits of {}", figure(panel.credits, panel.digits));
        canvas.text(&note, (24, last + 26), Align::Left, 12)?;
    }
    Ok(())
}

/// The axes: amounts below the bars, the cumulative part above them.
fn draw_grid(canvas: &Canvas, panel: &Panel, first: i32, last: i32) -> Result<Scale, Finding> {
    let largest = panel.bars.first().map_or(0.0, |(_, amount)| float(*amount));
    let ticks = ticks(0.0, largest);
    let scale = Scale::new(ends(&ticks), (LEFT, RIGHT));
    for (value, text) in &ticks {
        let at = scale.pixel(*value);
        canvas.line(vec![(at, first), (at, last)], FAINT, 1)?;
        canvas.text(text, (at, last + 12), Align::Middle, 11)?;
    }
    for quarter in [0_i32, 25, 50, 75, 100] {
        let at = LEFT + (RIGHT - LEFT) * quarter / 100;
        canvas.line(vec![(at, first - 4), (at, first)], VERMILLION, 1)?;
        canvas.text(&format!("{quarter} %"), (at, first - 12), Align::Middle, 11)?;
    }
    canvas.line(vec![(LEFT, first), (LEFT, last)], INK, 1)?;
    Ok(scale)
}

fn percent(part: Amount, whole: Amount) -> String {
    let percent = fixed(&(part.to_units() * BigInt::from(100)), &whole.to_units(), 1);
    percent.map_or_else(String::new, |text| format!("{text} %"))
}
