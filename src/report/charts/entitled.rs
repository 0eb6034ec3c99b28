//! `license_entitled.svg`: what is used of what is owned, a bar for each product, in percent of what is owned.
//!
//! A bar is what is used for certain; paler goes on what may be used besides. Other readings of the terms are dots on
//! the bar of the first. What is beyond the axis ends in an arrow; the figures stand beside it.

use std::collections::BTreeMap;
use std::fmt::Write;

use num_traits::Signed;
use plotters::style::RGBColor;

use crate::diagnostics::Finding;
use crate::licenses::{Number, Standing, number_text};
use crate::report::licenses::Duties;
use crate::rules::licenses::WarningKind;

use super::canvas::{
    Align, BLUE, Canvas, FAINT, Frame, INK, NOBODY, PALETTE, VERMILLION, draw as draw_on,
};
use super::label::{grouped, short};
use super::scale::Scale;

const WIDTH: u32 = 1000;
const HEAD: i32 = 96;
const ROW: i32 = 26;
const FOOT: i32 = 44;
const LEFT: i32 = 340;
const RIGHT: i32 = 740;
/// Right edges of the columns of figures.
const FIGURES: i32 = 868;
const SURPLUS: i32 = 976;
const LABEL_LETTERS: usize = 46;
/// Rows that are drawn; the least used are left out and counted.
const ROWS: usize = 60;
/// The longest axis, in percent.
const MOST: f64 = 300.0;
const SKY: RGBColor = PALETTE[4];
const PALE: RGBColor = RGBColor(247, 200, 170);

/// What one bar is of.
type Key<'a> = (&'a crate::licenses::Product, &'a str, Option<&'a str>, Option<&'a str>);

struct Row<'a> {
    label: String,
    first: &'a Standing,
    others: Vec<&'a Standing>,
}

pub(in crate::report) fn draw(duties: &Duties<'_>) -> Result<String, Finding> {
    let (rows, left_out) = rows(duties);
    let end = axis_end(&rows);
    let height = HEAD + ROW * count(rows.len()) + FOOT;
    let frame = Frame {
        id: "license-entitled",
        size: (WIDTH, height.unsigned_abs()),
        title: format!("Licenses: used of what is owned, {}", duties.day),
        description: description(&rows, left_out),
    };
    draw_on(&frame, |canvas| {
        canvas.bold(&frame.title, (24, 26), Align::Left, 18)?;
        let organisation = short(duties.organisation, 60);
        let subtitle = format!("{organisation} · percent of what is owned, by product and holder");
        canvas.text(&subtitle, (24, 50), Align::Left, 13)?;
        draw_key(canvas)?;
        let scale = Scale::new((0.0, end), (LEFT, RIGHT));
        let last = HEAD + ROW * count(rows.len());
        draw_axis(canvas, &scale, end, last)?;
        for (row, top) in rows.iter().zip((0..).map(|at| HEAD + ROW * at)) {
            draw_row(canvas, row, &scale, end, top + ROW / 2)?;
        }
        let owned = scale.pixel(100.0);
        canvas.line(vec![(owned, HEAD - 4), (owned, last)], INK, 2)?;
        draw_warned(canvas, duties, &rows, &scale)?;
        if left_out > 0 {
            let note = format!("Not drawn: {left_out} products of which a smaller part is used");
            canvas.text(&note, (24, last + 32), Align::Left, 12)?;
        }
        Ok(())
    })
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX / ROW - HEAD)
}

fn float(number: &Number) -> f64 {
    number_text(number).parse().unwrap_or(0.0)
}

/// Percent of what is owned; of nothing, everything is beyond the axis.
fn percent(used: &Number, standing: &Standing) -> Option<f64> {
    let entitled = standing.entitled.as_ref()?;
    if entitled.is_positive() {
        let hundred = Number::from_integer(100.into());
        return Some(float(&(used / entitled * hundred)));
    }
    Some(if used.is_positive() { f64::INFINITY } else { 0.0 })
}

/// The most used first; unlimited ones last.
fn rows<'a>(duties: &Duties<'a>) -> (Vec<Row<'a>>, usize) {
    let mut found: BTreeMap<Key<'a>, Vec<&'a Standing>> = BTreeMap::new();
    for standing in duties.standings {
        let holder = &standing.holder;
        let key = (
            &standing.product,
            &*standing.metric,
            holder.legal_entity.as_deref(),
            holder.pool.as_deref(),
        );
        found.entry(key).or_default().push(standing);
    }
    let mut rows: Vec<Row<'a>> = found.into_iter().map(|(key, group)| row(key, group)).collect();
    rows.sort_by(|one, two| {
        let used = |row: &Row<'_>| percent(row.first.consumed.low(), row.first).unwrap_or(-1.0);
        used(two).total_cmp(&used(one)).then_with(|| one.label.cmp(&two.label))
    });
    let left_out = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    (rows, left_out)
}

fn row<'a>((product, metric, entity, pool): Key<'a>, mut group: Vec<&'a Standing>) -> Row<'a> {
    // The plain reading is the bar, the contested ones are marks on it.
    group
        .sort_by_key(|standing| (&*standing.interpretation != "default", &standing.interpretation));
    let parts = [Some(&*product.name), product.edition.as_deref(), Some(metric), entity, pool];
    let label = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let first = group.remove(0);
    Row { label, first, others: group }
}

/// The axis reaches over the largest bar, and not too far.
fn axis_end(rows: &[Row<'_>]) -> f64 {
    let all = rows.iter().flat_map(|row| std::iter::once(&row.first).chain(&row.others));
    let used = all.filter_map(|it| percent(it.consumed.high().unwrap_or(it.consumed.low()), it));
    let largest = used.filter(|percent| percent.is_finite()).fold(100.0, f64::max);
    ((largest / 25.0).floor() * 25.0 + 25.0).min(MOST)
}

fn draw_axis(canvas: &Canvas, scale: &Scale, end: f64, last: i32) -> Result<(), Finding> {
    let step = if end > 200.0 { 50 } else { 25 };
    for tick in (0..=300).step_by(step).filter(|tick| f64::from(*tick) <= end) {
        let at = scale.pixel(f64::from(tick));
        canvas.line(vec![(at, HEAD - 4), (at, last)], FAINT, 1)?;
        canvas.text(&format!("{tick} %"), (at, last + 12), Align::Middle, 11)?;
    }
    canvas.text("used / owned", (FIGURES, HEAD - 12), Align::Right, 12)?;
    canvas.text("surplus", (SURPLUS, HEAD - 12), Align::Right, 12)
}

fn draw_key(canvas: &Canvas) -> Result<(), Finding> {
    let keys = [
        (BLUE, "used"),
        (VERMILLION, "more than owned"),
        (SKY, "perhaps used"),
        (NOBODY, "another reading"),
        (INK, "owned"),
    ];
    let mut at = 24;
    for (color, text) in keys {
        match text {
            "another reading" => canvas.dot((at + 6, 72), 4, color)?,
            "owned" => canvas.line(vec![(at + 6, 66), (at + 6, 79)], color, 2)?,
            _ => canvas.rectangle((at, 67), (at + 12, 78), color)?,
        }
        canvas.text(text, (at + 18, 72), Align::Left, 12)?;
        at += 30 + count(text.len()) * 7;
    }
    canvas.line(vec![(at + 8, 77), (at + 14, 66), (at + 20, 77)], VERMILLION, 2)?;
    canvas.text("told from here on", (at + 26, 72), Align::Left, 12)
}

fn draw_row(
    canvas: &Canvas,
    row: &Row<'_>,
    scale: &Scale,
    end: f64,
    height: i32,
) -> Result<(), Finding> {
    canvas.text(&short(&row.label, LABEL_LETTERS), (LEFT - 10, height), Align::Right, 12)?;
    let standing = row.first;
    if standing.entitled.is_none() {
        canvas.text("unlimited", (LEFT + 6, height), Align::Left, 12)?;
    }
    if let Some(low) = percent(standing.consumed.low(), standing) {
        let bar = (LEFT, scale.pixel(low.min(end)));
        let owned = scale.pixel(100.0);
        let has_rights = standing.entitled.as_ref().is_some_and(Signed::is_positive);
        let within = if has_rights { bar.1.min(owned) } else { LEFT };
        let high = standing.consumed.high().and_then(|high| percent(high, standing));
        // Nothing bounds it: as far as the axis goes.
        let high = scale.pixel(high.unwrap_or(f64::INFINITY).min(end));
        if high > bar.1 {
            // What may be beyond what is owned is pale red.
            canvas.rectangle((bar.1, height - 8), (high, height + 8), PALE)?;
            if bar.1 < owned {
                canvas.rectangle((bar.1, height - 8), (high.min(owned), height + 8), SKY)?;
            }
        }
        canvas.rectangle((LEFT, height - 8), (within, height + 8), BLUE)?;
        if bar.1 > within {
            canvas.rectangle((within, height - 8), (bar.1, height + 8), VERMILLION)?;
        }
        if low > end || standing.consumed.high().is_none() {
            arrow(canvas, height)?;
        }
    }
    for other in &row.others {
        if let Some(used) = percent(other.consumed.low(), other) {
            canvas.dot((scale.pixel(used.min(end)), height), 4, NOBODY)?;
        }
    }
    canvas.text(&short(&used_text(standing), 20), (FIGURES, height), Align::Right, 12)?;
    canvas.text(&short(&surplus_text(standing), 16), (SURPLUS, height), Align::Right, 12)
}

fn arrow(canvas: &Canvas, height: i32) -> Result<(), Finding> {
    let points = vec![(RIGHT + 3, height - 6), (RIGHT + 9, height), (RIGHT + 3, height + 6)];
    canvas.line(points, VERMILLION, 2)
}

/// Where a threshold was passed, a hook below the bar.
fn draw_warned(
    canvas: &Canvas,
    duties: &Duties<'_>,
    rows: &[Row<'_>],
    scale: &Scale,
) -> Result<(), Finding> {
    for warning in duties.warnings.iter().filter(|it| it.kind == WarningKind::Threshold) {
        let about = &warning.about;
        let is_row = |row: &&(usize, &Row<'_>)| {
            let standing = row.1.first;
            Some(&standing.product) == about.product.as_ref()
                && Some(&standing.metric) == about.metric.as_ref()
                && standing.holder == about.holder
        };
        let rows: Vec<(usize, &Row<'_>)> = rows.iter().enumerate().collect();
        let Some((at, row)) = rows.iter().find(is_row) else { continue };
        let passed = warning.limit.as_ref().and_then(|limit| percent(limit, row.first));
        let Some(passed) = passed else { continue };
        let (x, y) = (scale.pixel(passed), HEAD + ROW * count(*at) + ROW / 2);
        canvas.line(vec![(x - 5, y + 13), (x, y + 6), (x + 5, y + 13)], VERMILLION, 2)?;
    }
    Ok(())
}

fn plain(number: &Number) -> String {
    // Two digits are enough for the eye.
    let hundred = Number::from_integer(100.into());
    grouped(&number_text(&((number * &hundred).round() / hundred)))
}

fn used_text(standing: &Standing) -> String {
    let consumed = &standing.consumed;
    let used = match (consumed.exact(), consumed.high()) {
        (Some(exact), _) => plain(exact),
        (None, Some(high)) => format!("{}–{}", plain(consumed.low()), plain(high)),
        (None, None) => format!("≥ {}", plain(consumed.low())),
    };
    let owned = standing.entitled.as_ref().map_or_else(|| "∞".to_owned(), plain);
    format!("{used} / {owned}")
}

/// What is left for certain, below zero where more is used.
fn surplus_text(standing: &Standing) -> String {
    let Some(entitled) = &standing.entitled else { return "∞".to_owned() };
    let least = standing.consumed.high().map(|high| entitled - high);
    let most = entitled - standing.consumed.low();
    match least {
        Some(least) if least == most => plain(&most),
        Some(least) => format!("{} to {}", plain(&least), plain(&most)),
        None => format!("≤ {}", plain(&most)),
    }
}

fn description(rows: &[Row<'_>], left_out: usize) -> String {
    let mut text = String::from("Bars of what is used in percent of what is owned.");
    for row in rows {
        let (name, used) = (short(&row.label, LABEL_LETTERS), used_text(row.first));
        // Writing to a String cannot fail.
        let _ = write!(text, " {name}: {used}");
        for other in &row.others {
            let reading = short(&other.interpretation, LABEL_LETTERS);
            let _ = write!(text, ", {} as {reading} has it", used_text(other));
        }
        text.push('.');
    }
    if left_out > 0 {
        let _ = write!(text, " {left_out} more are not drawn.");
    }
    text
}
