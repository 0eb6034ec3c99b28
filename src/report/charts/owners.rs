//! `cost_by_owner.svg`: stacked columns of cost by owner over the months at hand.

use std::fmt::Write;

use chrono::Datelike;

use crate::diagnostics::Finding;
use crate::domain::{Amount, CostMetric, Period};
use crate::report::Facts;

use super::canvas::{Align, Canvas, FAINT, Frame, INK, draw as draw_on};
use super::label::{figure, short};
use super::scale::{Scale, ends, float, ticks};
use super::series::{Panel, Series, months, panels};

const WIDTH: u32 = 1000;
const HEAD: i32 = 64;
const PANEL: i32 = 390;
/// The plot of a panel: left, right, and top and bottom below the panel's own top.
const LEFT: i32 = 110;
const RIGHT: i32 = 660;
const TOP: i32 = 46;
const BOTTOM: i32 = 330;
const WIDEST_COLUMN: i32 = 96;
/// Columns that stand closer than this have no room for a whole month.
const NARROW: i32 = 60;
/// The key of a panel: swatches, names, and figures of the last month.
const KEY: i32 = 690;
const KEY_END: i32 = 980;
const KEY_STEP: i32 = 24;
const KEY_LETTERS: usize = 25;

pub(super) fn draw(facts: &Facts) -> Result<String, Finding> {
    let months = months(facts);
    let panels = panels(facts, &months)?;
    let frame = frame(facts, &months, &panels);
    draw_on(&frame, |canvas| {
        canvas.bold(&short(&frame.title, 90), (24, 26), Align::Left, 18)?;
        let organisation = short(&facts.project.organisation, 60);
        let metric = facts.rules.view.metric();
        let subtitle = format!("{organisation} · {metric} per month, credits negative");
        canvas.text(&subtitle, (24, 50), Align::Left, 13)?;
        if panels.is_empty() {
            canvas.text("No month at hand holds any cost.", (24, HEAD + 40), Align::Left, 14)?;
        }
        let tops = (0..).map(|index: i32| HEAD + index * PANEL);
        panels.iter().zip(tops).try_for_each(|(panel, top)| draw_panel(canvas, panel, &months, top))
    })
}

fn frame(facts: &Facts, months: &[Period], panels: &[Panel]) -> Frame {
    let first = months.first().copied().unwrap_or(facts.period);
    let span = if first == facts.period {
        first.to_string()
    } else {
        format!("{first} to {}", facts.period)
    };
    let height = HEAD + PANEL * i32::try_from(panels.len().max(1)).unwrap_or(1);
    Frame {
        id: "cost-by-owner",
        size: (WIDTH, height.unsigned_abs()),
        title: format!("Cost by owner, {span}"),
        description: description(facts.rules.view.metric(), months, panels),
    }
}

fn description(metric: CostMetric, months: &[Period], panels: &[Panel]) -> String {
    let mut text = format!("Stacked columns of {metric}, one column per month.");
    let Some(last) = months.last() else {
        return text + " No month at hand holds any cost.";
    };
    for panel in panels {
        let total: Amount =
            panel.series.iter().filter_map(|series| series.amounts.last()).copied().sum();
        let total = figure(total, panel.digits);
        // Writing to a String cannot fail.
        let _ = write!(text, " {}, {last}: {total} in all", panel.currency);
        for series in &panel.series {
            let amount = series.amounts.last().copied().unwrap_or_default();
            let (name, amount) = (short(&series.label, KEY_LETTERS), figure(amount, panel.digits));
            let _ = write!(text, "; {name} {amount}");
        }
        text.push('.');
    }
    text
}

fn draw_panel(canvas: &Canvas, panel: &Panel, months: &[Period], top: i32) -> Result<(), Finding> {
    canvas.bold(&panel.currency, (24, top + 18), Align::Left, 15)?;
    let scale = draw_axis(canvas, panel, months.len(), top)?;
    let count = i32::try_from(months.len()).unwrap_or(1).max(1);
    let band = (RIGHT - LEFT) / count;
    for (at, (month, index)) in months.iter().zip(0..).enumerate() {
        let middle = LEFT + band * index + band / 2;
        draw_column(canvas, panel, at, (middle, band), &scale)?;
        draw_month(canvas, *month, at == 0, (middle, top + BOTTOM + 16), band)?;
    }
    let zero = scale.pixel(0.0);
    canvas.line(vec![(LEFT, zero), (RIGHT, zero)], INK, 1)?;
    draw_key(canvas, panel, months, top)
}

fn draw_axis(canvas: &Canvas, panel: &Panel, months: usize, top: i32) -> Result<Scale, Finding> {
    let stack = |at: usize, wanted: fn(Amount) -> bool| {
        let amounts = panel.series.iter().filter_map(|series| series.amounts.get(at).copied());
        float(amounts.filter(|amount| wanted(*amount)).sum())
    };
    let high = (0..months).map(|at| stack(at, |a| !a.is_negative())).fold(0.0, f64::max);
    let low = (0..months).map(|at| stack(at, Amount::is_negative)).fold(0.0, f64::min);
    let ticks = ticks(low, high);
    let scale = Scale::new(ends(&ticks), (top + BOTTOM, top + TOP));
    for (value, text) in &ticks {
        let height = scale.pixel(*value);
        canvas.line(vec![(LEFT, height), (RIGHT, height)], FAINT, 1)?;
        canvas.text(text, (LEFT - 8, height), Align::Right, 12)?;
    }
    Ok(scale)
}

/// One month: what is positive stacked upwards from zero, what is negative downwards, and the
/// total above.
fn draw_column(
    canvas: &Canvas,
    panel: &Panel,
    at: usize,
    (middle, band): (i32, i32),
    scale: &Scale,
) -> Result<(), Finding> {
    let half = (band * 7 / 10).min(WIDEST_COLUMN) / 2;
    let (mut up, mut down) = (Amount::ZERO, Amount::ZERO);
    let of_month = |series: &Series| Some((*series.amounts.get(at)?, series.color));
    for (amount, color) in panel.series.iter().filter_map(of_month) {
        let end = if amount.is_negative() { &mut down } else { &mut up };
        let from = scale.pixel(float(*end));
        *end += amount;
        let to = scale.pixel(float(*end));
        if from != to {
            let (upper, lower) = (from.min(to), from.max(to));
            canvas.rectangle((middle - half, upper), (middle + half, lower), color)?;
        }
    }
    let total = figure(up + down, panel.digits);
    let size = if band < NARROW { 10 } else { 12 };
    // A figure that would run into its neighbour is left out; the key has that of the last month.
    let width = total.chars().count() * size as usize * 2 / 3;
    if i32::try_from(width).is_ok_and(|width| width + 6 <= band) {
        let height = scale.pixel(float(up)) - 10;
        canvas.bold(&total, (middle, height), Align::Middle, size)?;
    }
    Ok(())
}

/// The month below its column; where columns are narrow, the year below its first month only.
fn draw_month(
    canvas: &Canvas,
    month: Period,
    is_first: bool,
    (middle, height): (i32, i32),
    band: i32,
) -> Result<(), Finding> {
    if band >= NARROW {
        return canvas.text(&month.to_string(), (middle, height), Align::Middle, 12);
    }
    let first_day = month.first();
    canvas.text(&first_day.format("%m").to_string(), (middle, height), Align::Middle, 12)?;
    if is_first || first_day.month0() == 0 {
        let year = first_day.format("%Y").to_string();
        canvas.text(&year, (middle, height + 15), Align::Middle, 12)?;
    }
    Ok(())
}

/// The key in the order of the stack, the last month's figure beside each name.
fn draw_key(canvas: &Canvas, panel: &Panel, months: &[Period], top: i32) -> Result<(), Finding> {
    let Some(last) = months.last() else {
        return Ok(());
    };
    let first = top + TOP;
    canvas.bold("owner", (KEY, first), Align::Left, 12)?;
    canvas.bold(&last.to_string(), (KEY_END, first), Align::Right, 12)?;
    let lines = (1..).map(|line: i32| first + line * KEY_STEP);
    for (series, height) in panel.series.iter().rev().zip(lines) {
        canvas.rectangle((KEY, height - 6), (KEY + 12, height + 6), series.color)?;
        let name = short(&series.label, KEY_LETTERS);
        canvas.text(&name, (KEY + 20, height), Align::Left, 12)?;
        let amount = series.amounts.last().copied().unwrap_or_default();
        canvas.text(&figure(amount, panel.digits), (KEY_END, height), Align::Right, 12)?;
    }
    let total: Amount = panel.series.iter().filter_map(|s| s.amounts.last()).copied().sum();
    let height = first + KEY_STEP * (1 + i32::try_from(panel.series.len()).unwrap_or(0));
    canvas.bold("total", (KEY + 20, height), Align::Left, 12)?;
    canvas.bold(&figure(total, panel.digits), (KEY_END, height), Align::Right, 12)
}
