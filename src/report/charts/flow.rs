//! The flow of cost: bands from providers by way of pools to those who bear it, as wide as they are
//! large. What is negative has a colour of its own, is hatched and has its sign.

use std::fmt::Write;

use plotters::style::RGBColor;

use crate::diagnostics::Finding;
use crate::domain::Amount;
use crate::report::Facts;
use crate::report::flow::{FlowGraph, FlowScope, graphs};

use super::canvas::{
    Align, Canvas, Frame, INK, NOBODY, OTHERS, PALETTE, PAPER, VERMILLION, draw as draw_on,
};
use super::label::{digits_for, figure, short};
use super::scale::{Scale, float};

const WIDTH: i32 = 1100;
const HEAD: i32 = 84;
/// Room of a panel above and below its nodes.
const ABOVE: i32 = 40;
const BELOW: i32 = 30;
/// The nodes of the largest column, without the gaps between them.
const TALL: i32 = 420;
/// A node takes as much room as its label at least.
const LEAST: i32 = 16;
const GAP: i32 = 8;
const NODE: i32 = 12;
/// Left edges of the first and the last column; labels stand outside of them.
const LEFT: i32 = 260;
const RIGHT: i32 = 820;
const LETTERS: usize = 24;
const POOL_LETTERS: usize = 20;
/// Points of a band's edge.
const STEPS: i32 = 24;
const HATCH: i32 = 7;
const ALPHA: f64 = 0.45;
/// What takes away is seen however small it is.
const NEGATIVE_ALPHA: f64 = 0.9;
const NEGATIVE_LEAST: i32 = 3;
/// A letter of a label, about.
const LETTER: i32 = 7;
/// Flows that are told in words.
const TOLD: usize = 60;

/// Where a node stands.
struct Place {
    left: i32,
    top: i32,
    height: i32,
    color: RGBColor,
}

pub(in crate::report) fn draw(facts: &Facts<'_>, scope: &FlowScope) -> Result<String, Finding> {
    let graphs = graphs(facts, scope);
    let layouts: Vec<(Vec<Place>, i32)> = graphs.iter().map(layout).collect();
    let height: i32 = layouts.iter().map(|(_, height)| ABOVE + height + BELOW).sum();
    let frame = Frame {
        id: "flow",
        size: (WIDTH.unsigned_abs(), (HEAD + height.max(60)).unsigned_abs()),
        title: title(facts, scope),
        description: description(facts, &graphs),
    };
    draw_on(&frame, |canvas| {
        canvas.bold(&short(&frame.title, 90), (24, 26), Align::Left, 18)?;
        let organisation = short(&facts.project.organisation, 60);
        let metric = facts.rules.view.metric();
        let subtitle = format!("{organisation} · {metric}; red, hatched bands take away");
        canvas.text(&subtitle, (24, 50), Align::Left, 13)?;
        if graphs.is_empty() {
            canvas.text("Nothing flows.", (24, HEAD + 20), Align::Left, 14)?;
        }
        let mut top = HEAD;
        for (graph, (places, height)) in graphs.iter().zip(&layouts) {
            draw_panel(canvas, graph, places, top)?;
            top += ABOVE + height + BELOW;
        }
        Ok(())
    })
}

fn title(facts: &Facts<'_>, scope: &FlowScope) -> String {
    match scope {
        FlowScope::Month => format!("Flow of cost, {}", facts.period),
        FlowScope::Owner(owner) => format!("What {owner} bears, {}", facts.period),
        FlowScope::Pool(pool) => format!("Pool {pool}, {}", facts.period),
    }
}

fn description(facts: &Facts<'_>, graphs: &[FlowGraph]) -> String {
    let metric = facts.rules.view.metric();
    let mut text = format!("Bands of {metric} from providers by way of pools to who bears it.");
    for graph in graphs {
        let digits = digits(graph);
        // Writing to a String cannot fail.
        let _ = write!(text, " {}:", graph.heading);
        for edge in graph.edges.iter().take(TOLD) {
            let name = |node: usize| short(&graph.nodes[node].label, LETTERS);
            let amount = figure(edge.amount, digits);
            let _ = write!(text, " {} to {} {amount};", name(edge.from), name(edge.to));
        }
        if graph.edges.len() > TOLD {
            let rest: Amount = graph.edges[TOLD..].iter().map(|edge| edge.amount).sum();
            let more = graph.edges.len() - TOLD;
            let _ = write!(text, " {more} more flows {}", figure(rest, digits));
        }
        text.push('.');
    }
    text
}

fn digits(graph: &FlowGraph) -> u32 {
    digits_for(graph.edges.iter().map(|edge| edge.amount.abs()).max().unwrap_or_default())
}

/// What a node's bands add up to on its wider side, without signs.
fn size(graph: &FlowGraph, node: usize) -> Amount {
    let sum = |is_end: &dyn Fn(usize, usize) -> bool| -> Amount {
        let ours = graph.edges.iter().filter(|edge| is_end(edge.from, edge.to));
        ours.map(|edge| edge.amount.abs()).sum()
    };
    sum(&|from, _| from == node).max(sum(&|_, to| to == node))
}

/// Where nodes stand below the panel's top, and how high the highest column is.
fn layout(graph: &FlowGraph) -> (Vec<Place>, i32) {
    let scale = scale(graph);
    let last = i32::try_from(graph.columns.max(2) - 1).unwrap_or(1);
    let mut tops = vec![0; graph.columns];
    let mut places = Vec::with_capacity(graph.nodes.len());
    let mut colored = 0;
    for (at, node) in graph.nodes.iter().enumerate() {
        let height = scale.pixel(float(size(graph, at))).max(2);
        let column = i32::try_from(node.column).unwrap_or(0);
        let left = LEFT + (RIGHT - LEFT) * column / last;
        // A node stands in the middle of the room that its label takes.
        let room = height.max(LEAST);
        let top = tops[node.column] + (room - height) / 2;
        tops[node.column] += room + GAP;
        let color = if node.is_others {
            OTHERS
        } else if node.column + 1 == graph.columns {
            NOBODY
        } else {
            colored += 1;
            // Black would hide labels, and vermillion is for what is negative.
            let free =
                PALETTE.iter().filter(|color| **color != VERMILLION && **color != PALETTE[7]);
            free.clone().nth((colored - 1) % free.count()).copied().unwrap_or(OTHERS)
        };
        places.push(Place { left, top, height, color });
    }
    let highest = tops.into_iter().max().unwrap_or(0);
    (places, highest)
}

/// From amounts to pixels, the same for all nodes and bands of a panel.
fn scale(graph: &FlowGraph) -> Scale {
    let mut columns = vec![Amount::ZERO; graph.columns];
    for (at, node) in graph.nodes.iter().enumerate() {
        columns[node.column] += size(graph, at);
    }
    let largest = columns.into_iter().max().unwrap_or_default();
    Scale::new((0.0, float(largest)), (0, TALL))
}

fn draw_panel(
    canvas: &Canvas,
    graph: &FlowGraph,
    places: &[Place],
    top: i32,
) -> Result<(), Finding> {
    canvas.bold(&graph.heading, (24, top + 8), Align::Left, 15)?;
    let top = top + ABOVE;
    draw_bands(canvas, graph, places, top)?;
    let digits = digits(graph);
    for (at, (node, place)) in graph.nodes.iter().zip(places).enumerate() {
        let (upper, lower) = (top + place.top, top + place.top + place.height);
        canvas.rectangle((place.left, upper), (place.left + NODE, lower), place.color)?;
        let (into, out) = graph.balance(at);
        let amount = if node.column == 0 { out } else { into };
        // A pool whose sources are not drawn shows what goes out of it.
        let amount = if amount.is_zero() { out } else { amount };
        let middle = top + place.top + place.height / 2;
        let is_pool = node.column > 0 && node.column + 1 < graph.columns;
        let letters = if is_pool { POOL_LETTERS } else { LETTERS };
        let text = format!("{}  {}", short(&node.label, letters), figure(amount, digits));
        if node.column == 0 {
            canvas.text(&text, (place.left - 8, middle), Align::Right, 12)?;
        } else {
            if is_pool {
                // Bands pass behind it.
                plate(canvas, (place.left + NODE + 4, middle), &text)?;
            }
            canvas.text(&text, (place.left + NODE + 6, middle), Align::Left, 12)?;
        }
    }
    Ok(())
}

fn draw_bands(
    canvas: &Canvas,
    graph: &FlowGraph,
    places: &[Place],
    top: i32,
) -> Result<(), Finding> {
    let scale = scale(graph);
    // Bands leave a node in the order of where they go, and reach one in that of where they come from.
    let mut left: Vec<Amount> = vec![Amount::ZERO; places.len()];
    let mut reached: Vec<Amount> = vec![Amount::ZERO; places.len()];
    for edge in &graph.edges {
        let (from, to) = (&places[edge.from], &places[edge.to]);
        let along = |sum: &mut Amount, place: &Place| {
            let begin = scale.pixel(float(*sum));
            *sum += edge.amount.abs();
            let least = if edge.amount.is_negative() { NEGATIVE_LEAST } else { 1 };
            let end = scale.pixel(float(*sum)).max(begin + least);
            (top + place.top + begin, top + place.top + end)
        };
        let begin = along(&mut left[edge.from], from);
        let end = along(&mut reached[edge.to], to);
        let (x, wide) = (from.left + NODE, to.left - from.left - NODE);
        let upper = curve((x, begin.0), (x + wide, end.0));
        let lower = curve((x, begin.1), (x + wide, end.1));
        let is_negative = edge.amount.is_negative();
        let color = if is_negative { VERMILLION } else { from.color };
        let outline: Vec<_> = upper.iter().copied().chain(lower.iter().rev().copied()).collect();
        canvas.band(outline, color, if is_negative { NEGATIVE_ALPHA } else { ALPHA })?;
        if is_negative {
            hatch(canvas, &upper, &lower)?;
            let (middle, other) = (upper[upper.len() / 2], lower[lower.len() / 2]);
            // Digits of its own: a small credit is no zero.
            let text = figure(edge.amount, digits_for(edge.amount.abs()));
            let at = (middle.0, i32::midpoint(middle.1, other.1) - 9);
            plate(canvas, (at.0 - wide_of(&text) / 2, at.1), &text)?;
            canvas.bold(&text, at, Align::Middle, 11)?;
        }
    }
    Ok(())
}

fn wide_of(text: &str) -> i32 {
    i32::try_from(text.chars().count()).unwrap_or(0) * LETTER
}

/// Lightens what lies behind a label that begins there.
fn plate(canvas: &Canvas, (left, middle): (i32, i32), text: &str) -> Result<(), Finding> {
    let right = left + wide_of(text) + 4;
    let (upper, lower) = (middle - 7, middle + 7);
    canvas.band(vec![(left, upper), (right, upper), (right, lower), (left, lower)], PAPER, 0.75)
}

/// Strokes across a band.
fn hatch(canvas: &Canvas, upper: &[(i32, i32)], lower: &[(i32, i32)]) -> Result<(), Finding> {
    let mut next = i32::MIN;
    for (above, below) in upper.iter().zip(lower) {
        if above.0 >= next {
            canvas.line(vec![*above, (below.0 + 4, below.1)], INK, 1)?;
            next = above.0 + HATCH;
        }
    }
    Ok(())
}

/// A smooth step from one point to another, level at both ends.
fn curve(from: (i32, i32), to: (i32, i32)) -> Vec<(i32, i32)> {
    let across = Scale::new((0.0, f64::from(STEPS)), (from.0, to.0));
    let down = Scale::new((0.0, 1.0), (from.1, to.1));
    let point = |step: i32| {
        let part = f64::from(step) / f64::from(STEPS);
        let eased = part * part * (3.0 - 2.0 * part);
        (across.pixel(f64::from(step)), down.pixel(eased))
    };
    (0..=STEPS).map(point).collect()
}
