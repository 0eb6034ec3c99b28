//! Explanations for people.

use std::fmt::Write;

use crate::diagnostics::printable;
use crate::domain::Costs;
use crate::rules::CostView;

use super::branch::{Branch, Cut};

/// Branches of a cut that are shown one by one; what follows is added up in one line.
const SHOWN: usize = 12;

/// Draws a tree. Amounts are in the metric of the view, and beside it in the other where it differs.
#[must_use]
pub fn text(tree: &Branch, view: CostView) -> String {
    let mut drawn = String::new();
    line(&mut drawn, "", tree, view);
    cuts(&mut drawn, "", &tree.cuts, view);
    drawn
}

fn line(drawn: &mut String, lead: &str, branch: &Branch, view: CostView) {
    let _ = write!(drawn, "{lead}{}  {}", amounts(branch, view), printable(&branch.label));
    if let Some(rows) = branch.rows {
        let _ = write!(drawn, "  [{rows} {}]", if rows == 1 { "row" } else { "rows" });
    }
    if let Some(place) = &branch.declared_at {
        let _ = write!(drawn, "  {place}");
    }
    if let Some(how) = &branch.computed {
        let _ = write!(drawn, "  = {}", printable(how));
    }
    drawn.push('\n');
}

fn amounts(branch: &Branch, view: CostView) -> String {
    let amount = branch.costs[view.metric()];
    let other = branch.costs[view.beside()];
    if amount == other {
        return format!("{amount} {}", branch.currency);
    }
    let named = match view {
        CostView::Amortized => "billed",
        CostView::Cash => "effective",
    };
    format!("{amount} {} ({named} {other})", branch.currency)
}

fn cuts(drawn: &mut String, lead: &str, cuts: &[Cut], view: CostView) {
    for (index, cut) in cuts.iter().enumerate() {
        let last_cut = index + 1 == cuts.len();
        let (tee, bar) = if last_cut { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let _ = writeln!(drawn, "{lead}{tee}{}", cut.by);
        branches(drawn, &format!("{lead}{bar}"), cut, view);
    }
}

fn branches(drawn: &mut String, lead: &str, cut: &Cut, view: CostView) {
    let shown = if cut.branches.len() > SHOWN + 1 { SHOWN } else { cut.branches.len() };
    let (one_by_one, rest) = cut.branches.split_at(shown);
    for (index, branch) in one_by_one.iter().enumerate() {
        let last = index + 1 == shown && rest.is_empty();
        let (tee, bar) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        line(drawn, &format!("{lead}{tee}"), branch, view);
        cuts(drawn, &format!("{lead}{bar}"), &branch.cuts, view);
    }
    if let Some(first) = rest.first() {
        let costs: Costs = rest.iter().map(|branch| branch.costs).sum();
        let rows = rest.iter().map(|branch| branch.rows).sum::<Option<u64>>();
        let label = format!("{} more (--format json shows them)", rest.len());
        let more = Branch { rows, ..Branch::new(label, first.currency, costs) };
        line(drawn, &format!("{lead}└─ "), &more, view);
    }
}
