//! The flow of a month's cost: from providers, by way of pools, to those who bear it. A graph with exact
//! amounts, for pictures and for text that draws pictures.
//!
//! Invariant: nothing is left out: what is too small to be shown by itself is merged, and the merged
//! flows sum to it; what is negative stays apart from what is positive.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::allocate::{Flow, Line};
use crate::domain::{Amount, Currency};

use super::Facts;
use super::party::{Kind, of_bearer, of_party};

/// Nodes of a column that are shown by themselves; one more is still shown than the rest is merged.
const MOST: usize = 14;

/// Whose flow is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowScope {
    Month,
    /// What comes to an owner.
    Owner(String),
    /// What comes to a pool, or the pools of a family, and where it goes; by label.
    Pool(String),
}

/// The flow in one currency, or in that of the report.
pub(super) struct FlowGraph {
    pub(super) heading: String,
    /// By column, largest first.
    pub(super) nodes: Vec<FlowNode>,
    /// By where they begin and end; negative ones apart.
    pub(super) edges: Vec<FlowEdge>,
    pub(super) columns: usize,
}

pub(super) struct FlowNode {
    pub(super) label: String,
    pub(super) column: usize,
    pub(super) is_others: bool,
}

pub(super) struct FlowEdge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) amount: Amount,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Provider(String),
    Pool(String),
    Bearer(Kind, String),
    /// So many of a column.
    Others(usize, usize),
}

type Edges = BTreeMap<(Key, Key, bool), Amount>;

/// One graph per currency; before them one of all together, where each has a rate.
pub(super) fn graphs(facts: &Facts<'_>, scope: &FlowScope) -> Vec<FlowGraph> {
    let all = || facts.months.get(&facts.period).into_iter().flat_map(|month| &month.lines);
    let currencies: BTreeSet<Currency> = all().map(|line| line.currency).collect();
    let together = currencies.len() > 1 && all().all(|line| line.report_costs.is_some());
    let report = facts.conversions.report_currency;
    let whole = together.then(|| (format!("All currencies in {report}"), None));
    let single = currencies.iter().map(|currency| (currency.to_string(), Some(*currency)));
    whole
        .into_iter()
        .chain(single)
        .map(|(heading, currency)| graph(heading, edges(facts, scope, currency)))
        .filter(|graph| !graph.edges.is_empty())
        .collect()
}

fn edges(facts: &Facts<'_>, scope: &FlowScope, currency: Option<Currency>) -> Edges {
    let metric = facts.rules.view.metric();
    let is_wanted = |found: Currency| currency.is_none_or(|currency| currency == found);
    let mut net: BTreeMap<(Key, Key), Amount> = BTreeMap::new();
    for cells in facts.cube.groups_of(facts.period) {
        let group = cells.group;
        if !is_wanted(group.currency) {
            continue;
        }
        let (kind, name) = of_bearer(group.verdict.bearer, facts.cube, facts.rules);
        let provider = facts.cube.name(group.provider).unwrap_or("no provider");
        let costs = match currency {
            Some(_) => Some(cells.costs()),
            None => facts.conversions.group(&cells),
        };
        let ends = (Key::Provider(provider.to_owned()), party(kind, &name));
        *net.entry(ends).or_default() += costs.unwrap_or_default()[metric];
    }
    let lines = facts.months.get(&facts.period).into_iter().flat_map(|month| &month.lines);
    for line in lines.filter(|line| is_wanted(line.currency)) {
        if let Flow::SharedIn(pool) = &line.flow {
            let (kind, name) = of_party(&line.party);
            let ends = (Key::Pool(pool.clone()), party(kind, name));
            *net.entry(ends).or_default() += costs_of(line, currency)[metric];
        }
    }
    let kept = net.into_iter().filter(|((from, to), amount)| {
        !amount.is_zero()
            && (is_in(scope, to) || (matches!(scope, FlowScope::Pool(_)) && is_in(scope, from)))
    });
    kept.map(|((from, to), amount)| ((from, to, amount.is_negative()), amount)).collect()
}

fn costs_of(line: &Line, currency: Option<Currency>) -> crate::domain::Costs {
    match currency {
        Some(_) => line.costs,
        None => line.report_costs.unwrap_or_default(),
    }
}

fn party(kind: Kind, name: &str) -> Key {
    match kind {
        Kind::Pool => Key::Pool(name.to_owned()),
        kind => Key::Bearer(kind, name.to_owned()),
    }
}

fn is_in(scope: &FlowScope, key: &Key) -> bool {
    match (scope, key) {
        (FlowScope::Month, _) => true,
        (FlowScope::Owner(owner), Key::Bearer(Kind::Owner, name)) => owner == name,
        (FlowScope::Pool(label), Key::Pool(name)) => {
            let of_family =
                || name.strip_prefix(label.as_str()).is_some_and(|r| r.starts_with('/'));
            label == name || of_family()
        }
        _ => false,
    }
}

fn graph(heading: String, edges: Edges) -> FlowGraph {
    let depths = depths(&edges);
    let last = depths.values().copied().max().unwrap_or(0) + 1;
    let column = |key: &Key| match key {
        Key::Provider(_) => 0,
        Key::Pool(label) => depths.get(label).copied().unwrap_or(1),
        Key::Bearer(..) => last,
        Key::Others(column, _) => *column,
    };
    let edges = merged(edges, &column);
    let sizes = sizes(&edges);
    let mut keys: Vec<&Key> = sizes.keys().collect();
    let is_last = |key: &Key| match key {
        Key::Others(..) => 1,
        Key::Bearer(Kind::Unallocated | Kind::Rounding, _) => 2,
        _ => 0,
    };
    keys.sort_by(|a, b| {
        let order = |key: &Key| (column(key), is_last(key));
        (order(a), sizes[*b], *a).cmp(&(order(b), sizes[*a], *b))
    });
    let position: BTreeMap<&Key, usize> =
        keys.iter().enumerate().map(|(at, key)| (*key, at)).collect();
    let nodes = keys.iter().map(|key| FlowNode {
        label: label(key),
        column: column(key),
        is_others: matches!(key, Key::Others(..)),
    });
    let (nodes, columns) = (nodes.collect(), last + 1);
    let mut drawn: Vec<FlowEdge> = edges
        .iter()
        .map(|((from, to, _), amount)| FlowEdge {
            from: position[from],
            to: position[to],
            amount: *amount,
        })
        .collect();
    drawn.sort_by_key(|edge| (edge.from, edge.to, edge.amount.is_negative()));
    FlowGraph { heading, nodes, edges: drawn, columns }
}

/// How many pools stand before each pool, itself included.
fn depths(edges: &Edges) -> BTreeMap<String, usize> {
    let mut depths: BTreeMap<String, usize> = BTreeMap::new();
    for (from, to, _) in edges.keys() {
        for key in [from, to] {
            if let Key::Pool(label) = key {
                depths.insert(label.clone(), 1);
            }
        }
    }
    // Pools were emptied in an order, so no chain is longer than there are pools.
    for _ in 0..depths.len() {
        for (from, to, _) in edges.keys() {
            if let (Key::Pool(from), Key::Pool(to)) = (from, to) {
                let next = depths[from] + 1;
                if depths[to] < next {
                    depths.insert(to.clone(), next);
                }
            }
        }
    }
    depths
}

/// What flows through each node: the larger of what comes and what goes, each without its sign.
fn sizes(edges: &Edges) -> BTreeMap<Key, Amount> {
    let mut sums: BTreeMap<&Key, [Amount; 2]> = BTreeMap::new();
    for ((from, to, _), amount) in edges {
        sums.entry(from).or_default()[0] += amount.abs();
        sums.entry(to).or_default()[1] += amount.abs();
    }
    sums.into_iter().map(|(key, [out, into])| (key.clone(), out.max(into))).collect()
}

/// Puts the smallest nodes of a column together, where there are too many to be read.
fn merged(edges: Edges, column: &impl Fn(&Key) -> usize) -> Edges {
    let sizes = sizes(&edges);
    let mut columns: BTreeMap<usize, Vec<&Key>> = BTreeMap::new();
    for key in sizes.keys() {
        if !matches!(key, Key::Bearer(Kind::Unallocated | Kind::Rounding, _)) {
            columns.entry(column(key)).or_default().push(key);
        }
    }
    let mut instead: BTreeMap<Key, Key> = BTreeMap::new();
    for (column, mut keys) in columns {
        keys.sort_by(|a, b| (sizes[*b], *a).cmp(&(sizes[*a], *b)));
        if keys.len() > MOST + 1 {
            let rest = keys.split_off(MOST);
            let others = Key::Others(column, rest.len());
            instead.extend(rest.into_iter().map(|key| (key.clone(), others.clone())));
        }
    }
    let mut found = Edges::new();
    for ((from, to, is_negative), amount) in edges {
        let one = |key: Key| instead.get(&key).cloned().unwrap_or(key);
        *found.entry((one(from), one(to), is_negative)).or_default() += amount;
    }
    found
}

fn label(key: &Key) -> String {
    match key {
        Key::Pool(label) => format!("pool {label}"),
        Key::Provider(name) | Key::Bearer(Kind::Owner, name) => name.clone(),
        Key::Bearer(kind, _) => kind.name().to_owned(),
        Key::Others(_, count) => format!("{count} others"),
    }
}

impl FlowGraph {
    /// What comes to a node and what goes from it, with their signs.
    pub(super) fn balance(&self, node: usize) -> (Amount, Amount) {
        let sum = |end: fn(&FlowEdge) -> usize| {
            self.edges.iter().filter(|edge| end(edge) == node).map(|edge| edge.amount).sum()
        };
        (sum(|edge| edge.to), sum(|edge| edge.from))
    }
}

/// The flow as a Mermaid flowchart, with all digits. Where there are several currencies, each has a
/// chart of its own.
#[must_use]
pub fn flow_mermaid(facts: &Facts<'_>, scope: &FlowScope) -> String {
    let mut text = String::from("flowchart LR\n");
    for (at, graph) in graphs(facts, scope).iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  subgraph g{at}[\"{}\"]", inert(&graph.heading));
        for (node, found) in graph.nodes.iter().enumerate() {
            let _ = writeln!(text, "    g{at}n{node}[\"{}\"]", inert(&found.label));
        }
        for edge in &graph.edges {
            // What is taken off is dotted.
            let arrow = if edge.amount.is_negative() { "-.->" } else { "-->" };
            let (from, to) = (edge.from, edge.to);
            let _ = writeln!(text, "    g{at}n{from} {arrow}|\"{}\"| g{at}n{to}", edge.amount);
        }
        text.push_str("  end\n");
    }
    text
}

/// A name that no reader of such charts takes for anything but a name.
fn inert(name: &str) -> String {
    const LETTERS: usize = 60;
    let mut text = String::new();
    for (at, letter) in name.chars().enumerate() {
        if at == LETTERS {
            text.push('…');
            break;
        }
        if letter.is_alphanumeric() || " ._-/".contains(letter) {
            text.push(letter);
        } else {
            let _ = write!(text, "#{};", u32::from(letter));
        }
    }
    text
}
