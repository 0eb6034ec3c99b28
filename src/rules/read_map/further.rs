//! Further charges: rows that stand for another charge beside their own.

use std::collections::{BTreeMap, HashSet};

use crate::diagnostics::Code;
use crate::domain::Column;
use crate::rules::column_map::{ColumnSource, FurtherCharge, MapColumn};
use crate::rules::decode::{Mapping, entries, is_name, items, word};
use crate::rules::node::{Key, Kind, Node};
use crate::rules::shape::{KeyShape, Shape, key, needed};
use crate::rules::sink::Sink;
use crate::rules::when::condition;

use super::columns::{COLUMN, Scope, source};
use super::named_column;

/// Charges that one row may stand for beside its own: a batch must be able to hold them all.
const MOST: usize = 8;

/// What all charges of one row have in common: one row is in one currency, of one time, and is
/// refused as a whole where its tags are broken.
const COMMON: [Column; 6] = [
    Column::BillingCurrency,
    Column::BillingPeriodStart,
    Column::BillingPeriodEnd,
    Column::ChargePeriodStart,
    Column::ChargePeriodEnd,
    Column::Tags,
];

const COSTS: [Column; 4] =
    [Column::BilledCost, Column::EffectiveCost, Column::ListCost, Column::ContractedCost];

pub(super) const KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    key("when", Shape::Condition),
    needed("columns", Shape::Columns(&Shape::Optional(&COLUMN))),
];

/// Read before derived columns may be asked, as columns are.
pub(super) fn further(node: &Node, scope: &mut Scope<'_>, sink: &mut Sink) -> Vec<FurtherCharge> {
    let nodes = items(node, "`further_charges`", sink).unwrap_or_default();
    if nodes.len() > MOST {
        let message = format!("a row stands for at most {MOST} further charges");
        sink.report(Code::InvalidValue, &node.span, message);
    }
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for node in nodes {
        let Some(map) = Mapping::read(node, "a further charge", KEYS, sink) else { continue };
        let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
        let name = name.filter(|name| is_name(name, "the name of a further charge", sink));
        let when = map.get("when").map(|node| condition(node, &mut scope.names, sink));
        let columns = map.need("columns", sink).map(|node| columns(node, scope, sink));
        let (Some(name), Some(columns)) = (name, columns) else { continue };
        if !seen.insert(name.text.clone()) {
            let message = format!("there is another further charge named `{}`", name.text);
            sink.report(Code::DuplicateName, &name.span, message);
        }
        let when = match when {
            // What is wrong with the condition is told.
            Some(None) => continue,
            Some(when) => when,
            None => None,
        };
        found.push(FurtherCharge { name: name.text, when, columns });
    }
    found
}

fn columns(
    node: &Node,
    scope: &mut Scope<'_>,
    sink: &mut Sink,
) -> BTreeMap<MapColumn, ColumnSource> {
    let mut found = BTreeMap::new();
    let nodes = entries(node, "`columns`", sink).unwrap_or_default();
    for (key, value) in nodes {
        let is_custom = key.text.len() > 2 && key.text.starts_with("x_");
        let column = if is_custom {
            MapColumn::Custom(key.text.clone())
        } else {
            let Some(column) = named_column(key, sink) else { continue };
            if COMMON.contains(&column) {
                let message = format!("{column} is the same for all charges of a row");
                sink.report(Code::InvalidValue, &key.span, message);
                continue;
            }
            MapColumn::Focus(column)
        };
        let made = match value.kind {
            // No case holds: there is no value, whatever the row has.
            Kind::Null => ColumnSource::Derived(Vec::new()),
            _ => match source(value, scope, sink) {
                None => continue,
                Some((made, required)) => {
                    if let Some(span) = required {
                        let message = "`required` has a meaning at the columns of the map only";
                        sink.report(Code::InvalidValue, &span, message);
                    }
                    made
                }
            },
        };
        if found.insert(column, made).is_some() {
            let message = format!("the column {} is mapped a second time", key.text);
            sink.report(Code::DuplicateName, &key.span, message);
        }
    }
    let is_cost = |key: &Key| COSTS.iter().any(|cost| Column::named(&key.text) == Some(*cost));
    if !nodes.iter().any(|(key, _)| is_cost(key)) {
        let message = "a further charge has no cost: it needs one of the costs under `columns`";
        sink.report(Code::ColumnMapBroken, &node.span, message);
    }
    found
}
