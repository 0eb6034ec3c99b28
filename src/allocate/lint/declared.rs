//! What is declared and leads nowhere: lists and dimensions that nothing asks, pools that no rule
//! fills, owners that are closed when cost would go to them.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Place, Span};
use crate::domain::{DateRange, Org, Period};
use crate::rules::{
    Cutoff, CutoffInto, DatedShares, Field, Outcome, OwnerChoice, Pool, PoolId, RuleSet,
    SplitMethod, Target,
};

pub(super) fn findings(rules: &RuleSet, org: &Org, month: Period) -> Vec<Finding> {
    let mut found = unused(rules);
    found.extend(empty_pools(rules));
    if !org.is_undeclared() {
        found.extend(closed(rules, org, month));
        found.extend(nobody(rules, org, month));
    }
    found
}

fn at(code: Code, text: String, help: &str, span: &Span) -> Finding {
    Finding::new(code, text).help(help).at(Place::Text(span.clone()))
}

fn unused(rules: &RuleSet) -> Vec<Finding> {
    let lists = rules.lists.iter().filter(|list| !list.is_used);
    let lists = lists.map(|list| (format!("nothing asks the list `{}`", list.name), &list.span));
    let asked: BTreeSet<usize> = rules
        .fields
        .iter()
        .filter_map(|field| match field {
            Field::Dimension(id) => Some(usize::from(id.0)),
            _ => None,
        })
        .collect();
    let dimensions = rules.dimensions.iter().enumerate();
    let dimensions = dimensions.filter(|(index, found)| !found.detail && !asked.contains(index));
    let dimensions = dimensions.map(|(_, found)| {
        let text =
            format!("nothing asks the dimension `{}`, and reports do not show it", found.name);
        (text, &found.span)
    });
    let all = lists.chain(dimensions);
    all.map(|(text, span)| {
        at(Code::UnusedDeclaration, text, "ask it in a rule, or remove it", span)
    })
    .collect()
}

fn empty_pools(rules: &RuleSet) -> Vec<Finding> {
    // Who consumes is in the tables of drivers, and may be any pool.
    if rules.pools.iter().any(|pool| pool.drivers().next().is_some()) {
        return Vec::new();
    }
    let of_rules = rules.classify.iter().filter_map(|rule| match &rule.outcome {
        Outcome::Pool(pool) | Outcome::Family(pool, _) => Some(*pool),
        Outcome::Owner(_) => None,
    });
    let of_pools = rules.pools.iter().flat_map(|pool| match &pool.split {
        SplitMethod::Fixed(dated) => {
            dated.iter().flat_map(|shares| &shares.shares).map(|(target, _)| target).collect()
        }
        SplitMethod::Rate { remainder, .. } => vec![remainder],
        SplitMethod::Even
        | SplitMethod::Proportional { .. }
        | SplitMethod::Driver { .. }
        | SplitMethod::DroppedUsage { .. } => Vec::new(),
    });
    let of_pools = of_pools.filter_map(|target| match target {
        Target::Pool(name) => Some(name.pool),
        Target::Owner(_) | Target::Unallocated => None,
    });
    let filled: BTreeSet<PoolId> = of_rules.chain(of_pools).collect();
    let numbered = rules.pools.iter().zip((0..).map(PoolId));
    numbered
        .filter(|(_, id)| !filled.contains(id))
        .map(|(pool, _)| {
            let text = format!("nothing leads to the pool `{}`", pool.name);
            at(
                Code::PoolUnreached,
                text,
                "let a rule lead there with `pool:`, or remove it",
                &pool.span,
            )
        })
        .collect()
}

/// An owner that a rule or pool names, where, and on which days it would get cost.
struct Named<'r> {
    owner: &'r str,
    /// What is below the owner stands for it.
    with_below: bool,
    by: String,
    span: &'r Span,
    days: DateRange,
}

fn named(rules: &RuleSet) -> Vec<Named<'_>> {
    let mut found = Vec::new();
    for rule in &rules.classify {
        if let Outcome::Owner(OwnerChoice::Named(owner)) = &rule.outcome {
            let by = format!("rule `{}` gives to", rule.name);
            found.push(Named { owner, with_below: false, by, span: &rule.span, days: rule.valid });
        }
    }
    for pool in &rules.pools {
        let names = |verb: &str| format!("pool `{}` {verb}", pool.name);
        let named =
            |owner, with_below, by, days| Named { owner, with_below, by, span: &pool.span, days };
        match &pool.split {
            SplitMethod::Fixed(dated) => {
                for DatedShares { valid, shares } in dated {
                    found.extend(shares.iter().filter_map(|(target, _)| match target {
                        Target::Owner(owner) => {
                            Some(named(owner, false, names("gives a share to"), *valid))
                        }
                        Target::Pool(_) | Target::Unallocated => None,
                    }));
                }
            }
            SplitMethod::Rate { remainder: Target::Owner(owner), .. } => {
                found.push(named(owner, false, names("leaves the rest to"), DateRange::ALWAYS));
            }
            SplitMethod::Even
            | SplitMethod::Proportional { .. }
            | SplitMethod::Driver { .. }
            | SplitMethod::DroppedUsage { .. }
            | SplitMethod::Rate { .. } => {}
        }
        if let Some(Cutoff { into: CutoffInto::Owner(owner), .. }) = &pool.cutoff {
            found.push(named(owner, false, names("cuts off into"), DateRange::ALWAYS));
        }
        let included = pool.receivers.include.iter();
        found.extend(included.map(|o| named(o, true, names("includes"), DateRange::ALWAYS)));
    }
    found
}

fn closed(rules: &RuleSet, org: &Org, month: Period) -> Vec<Finding> {
    let mut found = Vec::new();
    for named in named(rules) {
        let Some(days) = named.days.common(month.days()) else { continue };
        let is_open = |day: NaiveDate| {
            let is_below = |id: &str| org.is_open(id, day) && org.is_within(id, named.owner, day);
            org.is_open(named.owner, day) || (named.with_below && org.ids().any(is_below))
        };
        let is_closed = |day: &NaiveDate| days.contains(*day) && !is_open(*day);
        let closed: Vec<NaiveDate> = days_of(month).filter(is_closed).collect();
        let (Some(first), Some(last)) = (closed.first(), closed.last()) else { continue };
        let text =
            format!("{} `{}`, which is closed from {first} to {last}", named.by, named.owner);
        let help = "name its successor, with `valid:` by day where both are right, or mend its dates in the table of cost centers";
        found.push(at(Code::ReceiverClosed, text, help, named.span));
    }
    found
}

/// Pools whose `include` and `exclude` leave nobody on some day.
fn nobody(rules: &RuleSet, org: &Org, month: Period) -> Vec<Finding> {
    let changes: Vec<NaiveDate> = org.change_days();
    let days = days_of(month).filter(|day| *day == month.first() || changes.contains(day));
    let days: Vec<NaiveDate> = days.collect();
    let left = |pool: &Pool, day: NaiveDate| {
        let within = |id: &str, names: &[String]| names.iter().any(|n| org.is_within(id, n, day));
        let (include, exclude) = (&pool.receivers.include, &pool.receivers.exclude);
        let open = org.ids().filter(|id| org.is_open(id, day));
        open.filter(|id| include.is_empty() || within(id, include)).any(|id| !within(id, exclude))
    };
    let narrow =
        |pool: &&Pool| !pool.receivers.include.is_empty() || !pool.receivers.exclude.is_empty();
    let pools = rules.pools.iter().filter(narrow);
    pools
        .filter_map(|pool| {
            let day = days.iter().find(|day| !left(pool, **day))?;
            let text = format!(
                "`include` and `exclude` of the pool `{}` leave no cost center that is open on {day}",
                pool.name
            );
            Some(at(Code::ReceiverClosed, text, "mend the names, or the dates of the cost centers", &pool.span))
        })
        .collect()
}

fn days_of(month: Period) -> impl Iterator<Item = NaiveDate> {
    month.first().iter_days().take_while(move |day| *day <= month.last())
}
