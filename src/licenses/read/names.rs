//! The product of a row, asked once for each name: inventories name few products on many rows.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::licenses::inventory::Product;
use crate::rules::licenses::{Named, ProductRules};

use super::RawProduct;
use super::row::{Fault, Row};

/// A product, and the metric of rights of it that name none.
type Recognised = (Product, Option<Arc<str>>);
/// None where no rule knows the name; an error where two do that mean different products.
type Answer = Result<Option<Recognised>, String>;

/// Names that are remembered; forgetting changes nothing but time.
const MEMO_LIMIT: usize = 1 << 18;

pub(super) struct Names<'r> {
    rules: &'r ProductRules,
    known: HashMap<(RawProduct, NaiveDate), Answer>,
}

impl<'r> Names<'r> {
    pub(super) fn new(rules: &'r ProductRules) -> Self {
        Self { rules, known: HashMap::new() }
    }

    /// The product of a row; as the row calls it where no rule knows it. Two rules that mean different
    /// products are a fault.
    pub(super) fn of_row(
        &mut self,
        raw: &RawProduct,
        row: &Row,
        day: NaiveDate,
        faults: &mut Vec<Fault>,
    ) -> Recognised {
        match self.find(raw, row.day("snapshot").unwrap_or(day)) {
            Ok(Some(found)) => found,
            Ok(None) => (raw.as_product(), None),
            Err(message) => {
                let help = "take the name out of one of the two, or write one that is exact";
                faults.push(Fault { column: None, message, help: help.to_owned() });
                (raw.as_product(), None)
            }
        }
    }

    pub(super) fn find(&mut self, raw: &RawProduct, day: NaiveDate) -> Answer {
        let key = (raw.clone(), day);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let found = find(raw, day, self.rules);
        if self.known.len() >= MEMO_LIMIT {
            self.known.clear();
        }
        self.known.insert(key, found.clone());
        found
    }
}

fn find(raw: &RawProduct, day: NaiveDate, rules: &ProductRules) -> Answer {
    let named = Named {
        publisher: raw.publisher.as_deref(),
        product: &raw.product,
        edition: raw.edition.as_deref(),
        sku: raw.sku.as_deref(),
        day,
    };
    let found = rules.find(&named).map_err(|[one, other]| {
        format!(
            "`{}` is `{}` by {} and `{}` by {}, which fit alike",
            raw.product, one.name, one.place, other.name, other.place
        )
    })?;
    Ok(found.map(|rule| {
        let product = Product {
            publisher: rule.publisher.clone().or_else(|| raw.publisher.clone()),
            name: rule.name.clone(),
            edition: rule.edition.clone().or_else(|| raw.edition.clone()),
        };
        (product, rule.metric.clone())
    }))
}

/// The product of a name that no table told; as it is called where no rule knows it, or two do.
pub(in crate::licenses) fn product_of(
    raw: &RawProduct,
    day: NaiveDate,
    rules: &ProductRules,
) -> Product {
    find(raw, day, rules).ok().flatten().map_or_else(|| raw.as_product(), |found| found.0)
}
