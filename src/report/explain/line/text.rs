//! Explained lines for people.

use std::fmt::Write;

use crate::diagnostics::printable;

use super::quantity::{Quantity, shown};
use super::told::Told;
use super::{Explainer, LineTold};

/// Terms that are shown one by one; what follows is added up in one line.
const SHOWN: usize = 12;
/// The same where a term is followed further.
const SHOWN_BELOW: usize = 4;

/// How far a figure is followed, and how far that was at first.
#[derive(Clone, Copy)]
struct Level {
    depth: usize,
    of: usize,
}

/// Lines with all their fields; terms only where one column was asked, or lines have few.
#[must_use]
pub fn lines_text(explainer: &Explainer<'_>, lines: &[LineTold], depth: usize) -> String {
    let mut drawn = String::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            drawn.push('\n');
        }
        let key: Vec<String> =
            line.key.iter().map(|(name, value)| format!("{name} {value}")).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(drawn, "{}, line {}: {}", line.file, line.line, line.line_is);
        let _ = writeln!(drawn, "  {}", printable(&key.join(" · ")));
        for field in line.fields.iter().filter(|field| !field.value.is_empty()) {
            let how = Some(field.how.as_str()).filter(|how| !how.is_empty());
            let how = how.map_or_else(String::new, |how| format!("  = {}", printable(how)));
            let _ = writeln!(drawn, "{}  {}{how}", field.column, printable(&field.value));
            below(explainer, &mut drawn, "", field, Level { depth, of: depth });
        }
        let blank: Vec<&str> = line
            .fields
            .iter()
            .filter(|field| field.value.is_empty())
            .map(|field| field.column.as_str())
            .collect();
        if !blank.is_empty() {
            let _ = writeln!(drawn, "blank, unknown or not applicable: {}", blank.join(", "));
        }
    }
    drawn
}

fn below(explainer: &Explainer<'_>, drawn: &mut String, lead: &str, field: &Told, level: Level) {
    if let Some(why) = &field.broken {
        let _ = writeln!(drawn, "{lead}!! this does not hold: {}", printable(why));
    }
    let most = if level.depth == level.of { SHOWN } else { SHOWN_BELOW };
    let shown_terms = if field.terms.len() > most + 1 { most } else { field.terms.len() };
    let (one_by_one, rest) = field.terms.split_at(shown_terms);
    let (inputs, notes) = (field.inputs.len(), field.notes.len());
    let mut left = inputs + notes + shown_terms + usize::from(!rest.is_empty());
    let mut tee = || {
        left -= 1;
        if left == 0 { ("└─ ", "   ") } else { ("├─ ", "│  ") }
    };
    for note in &field.notes {
        let _ = writeln!(drawn, "{lead}{}{}", tee().0, printable(note));
    }
    // Peers that make up a whole with it are made as it is.
    let is_sum = field.is_sum;
    let terms = one_by_one.iter().map(|term| (term, if is_sum { "" } else { "one of: " }, is_sum));
    for (part, what, is_followed) in
        field.inputs.iter().map(|term| (term, "of ", true)).chain(terms)
    {
        let (tee, bar) = tee();
        let label = printable(&part.label);
        let _ = write!(drawn, "{lead}{tee}{what}{}  {label}", shown(&part.amount));
        if let Some(at) = &part.at {
            let _ = write!(drawn, "  {}:{} {}", at.file, at.line, at.column);
        }
        let deeper = part.at.as_ref().filter(|_| is_followed && level.depth > 1);
        let deeper = deeper.and_then(|at| explainer.below(at));
        if let Some(told) = &deeper {
            let _ = write!(drawn, "  = {}", printable(&told.how));
        }
        drawn.push('\n');
        if let Some(told) = &deeper {
            let level = Level { depth: level.depth - 1, ..level };
            below(explainer, drawn, &format!("{lead}{bar}"), told, level);
        }
    }
    if !rest.is_empty() {
        let sum: Quantity = rest.iter().map(|term| &term.amount).sum();
        let more = format!("{} more (--format json shows them)", rest.len());
        let _ = writeln!(drawn, "{lead}{}{}  {more}", tee().0, shown(&sum));
    }
}
