//! Where a line of the license position comes from: a tree from the line to rights, contracts, the rule of its metric,
//! each step, and rows with their cells.
//!
//! ```text
//! Trail        everything that figures were made of, lent
//! Trace        a trail with its rows and the parts of lines at hand
//! Node         a figure or a thing, and what it is made of
//! figures      entitled and consumed of a line, at both bounds
//! uses         what needs how much: answers, steps, rows
//! rights       rights and contracts, each unit of them once
//! terms        the rule of the metric: place, citation, parameters, text; policies; gaps
//! text, json   nodes → what is printed
//! ```
//!
//! Owns the shape of explanations; makes no figure that is not a sum of given ones.
//! Invariant: the nodes of a cut that `adds_up` sum to what they hang on, exactly.

mod figures;
mod json;
mod node;
mod rights;
mod terms;
#[cfg(test)]
pub(in crate::report) mod tests;
mod text;
mod uses;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::licenses::{
    Cover, Figures, Holder, Inventory, LineKind, Matched, Measured, Number, Origin, Part, Position,
    PositionKey, Product, QuarantinedRow, RawCells, UseRow, Valued, line_parts, plain,
};
use crate::rules::RuleText;
use crate::rules::licenses::LicenseRules;

use crate::report::InputFile;

pub(super) use rights::{agreed, terms};
pub(super) use uses::fields_of;

pub use json::license_json;
pub use node::{Node, NodeCut};
pub use text::license_text;

/// Everything that figures of licenses were made of.
#[derive(Clone, Copy, Debug)]
pub struct Trail<'a> {
    pub day: NaiveDate,
    pub inventory: &'a Inventory,
    pub rules: &'a LicenseRules,
    /// Rule files as they were read, shipped ones too.
    pub texts: &'a [RuleText],
    pub measured: &'a [Measured],
    pub matched: &'a Matched,
    pub positions: &'a [Position],
    pub valued: &'a [Valued],
    /// Rows that stand aside.
    pub quarantined: &'a [QuarantinedRow],
    /// Cells as files have them; rows that are not there are shown as they were read.
    pub cells: &'a RawCells,
    /// The files that all came from.
    pub inputs: &'a [InputFile],
}

/// A trail with its rows and the parts of lines at hand.
#[derive(Debug)]
pub struct Trace<'a> {
    pub(super) trail: Trail<'a>,
    pub(super) parts: BTreeMap<PositionKey, [Vec<Part<'a>>; 2]>,
    pub(super) rows: BTreeMap<&'a Origin, Vec<&'a UseRow>>,
}

impl<'a> Trace<'a> {
    #[must_use]
    pub fn of(trail: Trail<'a>) -> Self {
        let mut rows: BTreeMap<&Origin, Vec<&UseRow>> = BTreeMap::new();
        for row in &trail.inventory.uses {
            rows.entry(&row.origin).or_default().push(row);
        }
        let parts = line_parts(trail.inventory, trail.measured, trail.matched);
        Self { trail, parts, rows }
    }

    /// Products that have lines, in order.
    #[must_use]
    pub fn products(&self) -> BTreeSet<&'a Product> {
        self.trail.positions.iter().map(|line| &line.key.product).collect()
    }

    /// Lines of a product, in the order of the position.
    pub fn lines(&self, product: &Product) -> impl Iterator<Item = &'a Position> {
        let positions = self.trail.positions.iter();
        positions.filter(move |line| line.key.product == *product)
    }

    /// Where all rows stand that figures of a product came from, with those of its rights and contracts.
    #[must_use]
    pub fn origins(&self, product: &Product) -> BTreeSet<Origin> {
        let mut found: BTreeSet<Origin> = BTreeSet::new();
        for measured in self.measured_for(product) {
            found.extend(measured.demands.iter().flat_map(|demand| demand.origins.iter().cloned()));
            found.extend(measured.gaps.iter().filter_map(|gap| gap.origin.clone()));
        }
        for right in self.rights_of(product) {
            found.insert(right.origin.clone());
            found.extend(self.contract(right).map(|contract| contract.origin.clone()));
        }
        found
    }

    /// A line as a tree.
    #[must_use]
    pub fn line(&self, line: &Position) -> Node {
        let key = &line.key;
        let mut place =
            vec![format!("by `{}`", key.metric), format!("read as `{}`", key.interpretation)];
        place.extend(key.legal_entity.iter().map(|entity| format!("entity {entity}")));
        place.extend(key.pool.iter().map(|pool| format!("pool {pool}")));
        if key.kind == LineKind::Spare {
            place.push("spare".to_owned());
        }
        let label =
            format!("{}, {}: {}", named(&key.product), place.join(", "), line.status.name());
        let mut root = Node::told(label).facts([
            ("line of the position".to_owned(), line.evidence.clone()),
            ("day".to_owned(), self.trail.day.to_string()),
            ("over since".to_owned(), shown(line.since.as_ref())),
            ("samples that are there".to_owned(), super::share_percent(line.coverage.as_ref())),
        ]);
        root = if self.is_one(line) {
            self.at_bound(root, line, 0)
        } else {
            let bounds = [(0, "low"), (1, "high")].map(|(at, name)| {
                self.at_bound(Node::told(format!("at the {name} bound")), line, at)
            });
            root.beside("bounds, since an input is missing", bounds.into())
        };
        root = root.beside("what is missing", self.gaps(line));
        root = root.beside("limits that were passed", self.breaches(line));
        root = root.beside("rights and contracts", self.rights(line));
        root = root.beside("what does not count", self.not_counted(line));
        root = root.beside("the rule", vec![self.rule(line)]);
        root.beside("what over-use costs, by policy", self.policies(key))
    }

    /// Whether both bounds are made of the same.
    pub(super) fn is_one(&self, line: &Position) -> bool {
        line.low == line.high && self.parts.get(&line.key).is_none_or(|[low, high]| low == high)
    }

    pub(super) fn parts_of(&self, key: &PositionKey, bound: usize) -> &[Part<'a>] {
        self.parts.get(key).map_or(&[], |parts| &parts[bound])
    }

    /// What was measured in the world of a line.
    pub(super) fn world(&self, key: &PositionKey) -> impl Iterator<Item = &'a Measured> {
        let (metric, reading) = (key.metric.clone(), key.interpretation.clone());
        self.trail.measured.iter().filter(move |measured| {
            measured.reading.metric == metric && measured.reading.interpretation == reading
        })
    }

    /// The cover of a line's world at a bound, 0 for the low one.
    pub(super) fn cover(&self, key: &PositionKey, bound: usize) -> Option<&'a Cover> {
        use crate::licenses::Bound;
        let wanted = [Bound::Low, Bound::High][bound];
        self.trail.matched.covers.iter().find(|cover| {
            cover.world.metric == key.metric
                && cover.world.interpretation == key.interpretation
                && (cover.bound == wanted || cover.bound == Bound::Exact)
        })
    }

    /// Measures of a product, and of what its rights cover.
    pub(super) fn measured_for(&self, product: &Product) -> impl Iterator<Item = &'a Measured> {
        let matches = self.trail.matched.covers.iter().flat_map(|cover| &cover.matches);
        let mut products: BTreeSet<&Product> = matches
            .filter(|found| found.product == *product)
            .map(|found| &found.demand.product)
            .collect();
        let measured = self.trail.measured.iter();
        products.extend(measured.map(|measured| &measured.product).filter(|own| *own == product));
        self.trail.measured.iter().filter(move |measured| products.contains(&measured.product))
    }

    fn at_bound(&self, node: Node, line: &Position, bound: usize) -> Node {
        let figures = if bound == 0 { &line.low } else { &line.high };
        let node = node.how(equation(figures));
        node.beside("made of", self.figures(line, figures, bound))
    }
}

/// `entitled 8 − consumed 10 = surplus 0 − shortfall 2`.
pub(super) fn equation(figures: &Figures) -> String {
    let number = |figure: &Option<Number>, none: &str| {
        figure.as_ref().map_or_else(|| none.to_owned(), plain)
    };
    format!(
        "entitled {} − consumed {} = surplus {} − shortfall {}",
        number(&figures.entitled, "unlimited"),
        number(&figures.consumed, "unknown"),
        number(&figures.surplus, "unlimited"),
        number(&figures.shortfall, "unknown"),
    )
}

/// `Oracle Database Enterprise`, without its publisher.
pub(super) fn named(product: &Product) -> String {
    match &product.edition {
        Some(edition) => format!("{} {edition}", product.name),
        None => product.name.to_string(),
    }
}

pub(super) fn shown<T: ToString>(found: Option<&T>) -> String {
    found.map_or_else(String::new, ToString::to_string)
}

pub(super) fn place(origin: &Origin) -> String {
    // Sums of a bill stand in no single row.
    if origin.row == 0 {
        origin.path.to_string()
    } else {
        format!("{}:{}", origin.path, origin.row)
    }
}

/// What is told of a holder, as `entity A, pool HR`.
pub(super) fn held_by(holder: &Holder) -> String {
    let parts = [
        ("entity", &holder.legal_entity),
        ("region", &holder.region),
        ("pool", &holder.pool),
        ("environment", &holder.environment),
    ];
    let told = parts.iter().filter_map(|(name, text)| Some(format!("{name} {}", text.as_ref()?)));
    told.collect::<Vec<_>>().join(", ")
}
