//! `license_expiry.svg`: contracts on a line of time, the first to end on top, with the window in which it is too late for
//! notice.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate};

use crate::diagnostics::Finding;
use crate::domain::Period;
use crate::licenses::{ContractState, Terms};
use crate::report::licenses::Duties;

use super::canvas::{
    Align, BLUE, Canvas, FAINT, Frame, INK, NOBODY, OTHERS, PALETTE, VERMILLION, draw as draw_on,
};
use super::label::short;
use super::scale::Scale;

const WIDTH: u32 = 1000;
const HEAD: i32 = 112;
const ROW: i32 = 26;
const FOOT: i32 = 40;
const LEFT: i32 = 300;
const RIGHT: i32 = 800;
const ENDS: i32 = 976;
const LABEL_LETTERS: usize = 40;
const ROWS: usize = 60;
/// Months that are drawn: some that were, and those that come.
const BEFORE: u32 = 3;
const MONTHS: u32 = 24;

struct Row<'a> {
    terms: &'a Terms,
    last: NaiveDate,
}

pub(in crate::report) fn draw(duties: &Duties<'_>) -> Result<String, Finding> {
    let (rows, left_out) = rows(duties);
    let first = (0..BEFORE).fold(Period::of(duties.day), |month, _| month.prior());
    let height = HEAD + ROW * count(rows.len().max(1)) + FOOT;
    let frame = Frame {
        id: "license-expiry",
        size: (WIDTH, height.unsigned_abs()),
        title: format!("Contracts: until when they hold, {}", duties.day),
        description: description(&rows, left_out),
    };
    draw_on(&frame, |canvas| {
        canvas.bold(&frame.title, (24, 26), Align::Left, 18)?;
        let organisation = short(duties.organisation, 60);
        let subtitle = format!("{organisation} · the first to end on top");
        canvas.text(&subtitle, (24, 50), Align::Left, 13)?;
        draw_key(canvas)?;
        let bottom = HEAD + ROW * count(rows.len());
        let scale = draw_months(canvas, first, bottom)?;
        for (row, top) in rows.iter().zip((0..).map(|at| HEAD + ROW * at)) {
            draw_row(canvas, row, duties.day, &scale, first.first(), top + ROW / 2)?;
        }
        let today = scale.pixel(days(first.first(), duties.day));
        canvas.line(vec![(today, HEAD - 6), (today, bottom + 4)], INK, 2)?;
        canvas.text("today", (today, bottom + 14), Align::Middle, 11)?;
        if rows.is_empty() {
            canvas.text("No contract ends in these months.", (24, HEAD + 14), Align::Left, 14)?;
        }
        if left_out > 0 {
            let note = format!("Not drawn: {left_out} contracts that ended before or end later");
            canvas.text(&note, (24, bottom + 30), Align::Left, 12)?;
        }
        Ok(())
    })
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX / ROW - HEAD)
}

fn days(from: NaiveDate, to: NaiveDate) -> f64 {
    // A pixel is coarser than a day, and no calendar has more days than this.
    f64::from(i32::try_from((to - from).num_days()).unwrap_or(i32::MAX))
}

/// Contracts that end or ended near enough, by their last day.
fn rows<'a>(duties: &Duties<'a>) -> (Vec<Row<'a>>, usize) {
    let with_end =
        duties.terms.iter().filter_map(|terms| Some(Row { terms, last: terms.last_day? }));
    let all: Vec<Row<'a>> = with_end.collect();
    let known = all.len();
    let is_recent = |row: &Row<'_>| (duties.day - row.last).num_days() <= 31 * i64::from(BEFORE);
    let mut rows: Vec<Row<'a>> = all.into_iter().filter(is_recent).collect();
    rows.sort_by(|one, two| {
        (one.last, &one.terms.contract.id).cmp(&(two.last, &two.terms.contract.id))
    });
    rows.truncate(ROWS);
    let left_out = known - rows.len();
    (rows, left_out)
}

fn draw_key(canvas: &Canvas) -> Result<(), Finding> {
    let keys = [
        (BLUE, "holds"),
        (VERMILLION, "too late for notice"),
        (OTHERS, "renews itself"),
        (PALETTE[1], "price hold ends"),
        (NOBODY, "true-up"),
    ];
    let mut at = 24;
    for (color, text) in keys {
        match text {
            "price hold ends" | "true-up" => canvas.dot((at + 6, 72), 4, color)?,
            _ => canvas.rectangle((at, 67), (at + 12, 78), color)?,
        }
        canvas.text(text, (at + 18, 72), Align::Left, 12)?;
        at += 34 + count(text.len()) * 7;
    }
    Ok(())
}

fn draw_months(canvas: &Canvas, first: Period, bottom: i32) -> Result<Scale, Finding> {
    let months: Vec<Period> = std::iter::successors(Some(first), |month| Some(month.next()))
        .take(MONTHS as usize + 1)
        .collect();
    let end = months.last().copied().unwrap_or(first).first();
    let scale = Scale::new((0.0, days(first.first(), end)), (LEFT, RIGHT));
    for month in &months {
        let at = scale.pixel(days(first.first(), month.first()));
        canvas.line(vec![(at, HEAD - 4), (at, bottom)], FAINT, 1)?;
        // A quarter of a year apart there is room for a whole month.
        if month.first().month0().is_multiple_of(3) {
            canvas.text(&month.to_string(), (at, HEAD - 12), Align::Middle, 11)?;
        }
    }
    canvas.text("last day", (ENDS, HEAD - 12), Align::Right, 12)?;
    Ok(scale)
}

fn draw_row(
    canvas: &Canvas,
    row: &Row<'_>,
    today: NaiveDate,
    scale: &Scale,
    first: NaiveDate,
    height: i32,
) -> Result<(), Finding> {
    let contract = &row.terms.contract;
    let at = |day: NaiveDate| scale.pixel(days(first, day)).clamp(LEFT, RIGHT);
    canvas.text(&short(&label(row), LABEL_LETTERS), (LEFT - 10, height), Align::Right, 12)?;
    let begin = contract.days.from().map_or(LEFT, at);
    let end = at(row.last.succ_opt().unwrap_or(row.last)).max(begin + 1);
    let is_over = row.terms.state == ContractState::Ended;
    let color = if is_over { OTHERS } else { BLUE };
    canvas.rectangle((begin, height - 7), (end, height + 7), color)?;
    if row.terms.renews() && end < RIGHT {
        canvas.rectangle((end, height - 2), (RIGHT, height + 2), OTHERS)?;
    }
    if let Some(notice) = &row.terms.notice {
        let from = at(notice.last.succ_opt().unwrap_or(notice.last)).max(begin);
        if from < end && !is_over {
            canvas.rectangle((from, height - 7), (end, height + 7), VERMILLION)?;
        }
    }
    let marks = [(contract.price_hold, PALETTE[1]), (contract.true_up, NOBODY)];
    for (day, color) in marks {
        let Some(day) = day.filter(|day| *day >= first && at(*day) < RIGHT) else { continue };
        canvas.dot((at(day), height), 5, color)?;
    }
    canvas.text(&end_text(row, today), (ENDS, height), Align::Right, 12)
}

fn label(row: &Row<'_>) -> String {
    let contract = &row.terms.contract;
    let parts = [Some(&*contract.id), contract.title.as_deref().or(contract.publisher.as_deref())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn end_text(row: &Row<'_>, today: NaiveDate) -> String {
    let left = (row.last - today).num_days();
    if left < 0 { format!("{}, over", row.last) } else { format!("{}, in {left} days", row.last) }
}

fn description(rows: &[Row<'_>], left_out: usize) -> String {
    let mut text = String::from("Bars of the days on which contracts hold.");
    for row in rows {
        // Writing to a String cannot fail.
        let _ = write!(text, " {}: until {}", short(&label(row), LABEL_LETTERS), row.last);
        if let Some(notice) = &row.terms.notice {
            let _ = write!(text, ", notice until {}", notice.last);
        }
        if row.terms.renews() {
            text.push_str(", renews itself");
        }
        text.push('.');
    }
    if left_out > 0 {
        let _ = write!(text, " {left_out} more are not drawn.");
    }
    text
}
