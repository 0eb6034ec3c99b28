//! Which rule moved which money.

use std::cmp::Reverse;

use crate::allocate::{Decided, Move};
use crate::domain::{Amount, CostMetric, Costs, Currency};
use crate::rules::RuleSet;

use super::super::party::{Kind, of_party};
use super::label;

/// One side of a move, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stand {
    /// `owner`, `pool`, `unallocated` or `quarantined`.
    pub kind: &'static str,
    pub name: String,
    /// The rule's name; empty where none matched.
    pub rule: String,
    /// `file:line` of the rule, relative to its project.
    pub place: String,
    /// Why there is no owner.
    pub reason: &'static str,
}

/// Charges that were decided alike before and are decided alike now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveRow {
    pub before: Stand,
    pub after: Stand,
    /// As it was billed.
    pub currency: Currency,
    pub rows: u64,
    pub costs: Costs,
    /// Which of its costs the comparison is in.
    metric: CostMetric,
}

impl MoveRow {
    /// In the metric of the comparison.
    #[must_use]
    pub fn amount(&self) -> Amount {
        self.costs[self.metric]
    }

    /// Whether the money is borne by another; else only the rule is another.
    #[must_use]
    pub fn is_of_another_party(&self) -> bool {
        (self.before.kind, &self.before.name) != (self.after.kind, &self.after.name)
    }
}

impl Stand {
    fn of(decided: &Decided, rules: &RuleSet) -> Self {
        match decided {
            Decided::Quarantined => Self {
                kind: "quarantined",
                name: String::new(),
                rule: String::new(),
                place: String::new(),
                reason: "",
            },
            Decided::By { rule, party, reason } => {
                let (kind, name) = of_party(party);
                let rule = rule.map(|id| rules.rule(id));
                let place = rule.map(|rule| format!("{}:{}", rule.span.path, rule.span.line));
                Self {
                    kind: kind.name(),
                    name: name.to_owned(),
                    rule: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
                    place: place.unwrap_or_default(),
                    reason: reason.unwrap_or_default(),
                }
            }
        }
    }

    /// Who, in a word or two.
    pub(super) fn party(&self) -> String {
        match self.kind {
            "quarantined" => self.kind.to_owned(),
            "unallocated" => format!("unallocated ({})", self.reason),
            kind => label(Kind::named(kind), &self.name),
        }
    }

    /// By what, with its place.
    pub(super) fn by(&self) -> String {
        match (self.kind, self.rule.as_str()) {
            ("quarantined", _) => "unreadable".to_owned(),
            (_, "") => "no rule".to_owned(),
            (_, rule) => format!("`{rule}` {}", self.place),
        }
    }
}

/// What is decided otherwise by `after`: other parties first, then the largest.
#[must_use]
pub fn move_rows(
    moves: &[Move],
    metric: CostMetric,
    before: &RuleSet,
    after: &RuleSet,
) -> Vec<MoveRow> {
    let row = |found: &Move| MoveRow {
        before: Stand::of(&found.before, before),
        after: Stand::of(&found.after, after),
        currency: found.currency,
        rows: found.rows,
        costs: found.costs,
        metric,
    };
    // A rule that only stands on another line is the same rule.
    let decides =
        |stand: &Stand| (stand.kind, stand.name.clone(), stand.rule.clone(), stand.reason);
    let rows = moves.iter().map(row);
    let mut rows: Vec<MoveRow> =
        rows.filter(|row| decides(&row.before) != decides(&row.after)).collect();
    rows.sort_by_cached_key(|row| {
        let size = CostMetric::ALL.map(|metric| Reverse(row.costs[metric].abs()));
        let size = (Reverse(row.amount().abs()), size);
        (!row.is_of_another_party(), size, row.currency, row.before.clone(), row.after.clone())
    });
    rows
}
