//! A look at the first rows of a file: does it keep to its format where reading does not depend on it?
//!
//! What is found hinders nothing and changes nothing; it tells why figures may look odd. The look
//! is at the head of the file only, so that it costs nothing on a large one.

use std::collections::BTreeMap;

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, Column, CostMetric};
use crate::rules::{ColumnMap, ColumnSource, DateSpelling};

use super::charge::WantedText;
use super::values::dates::{OrderProof, is_order_open};

/// Fractions of `BilledCost` that make a file of whole `EffectiveCost` suspicious.
const FRACTIONS: u64 = 20;

/// The days of a charge.
const DAYS: [Column; 4] = [
    Column::BillingPeriodStart,
    Column::BillingPeriodEnd,
    Column::ChargePeriodStart,
    Column::ChargePeriodEnd,
];

/// What is looked at: the days, the columns with listed values, then the provider and the two costs.
pub(super) fn wanted(map: &ColumnMap) -> Vec<WantedText> {
    let listed = map.values.keys().copied();
    let others = [
        Column::ServiceProviderName,
        Column::ProviderName,
        Column::BilledCost,
        Column::EffectiveCost,
    ];
    DAYS.into_iter().chain(listed).chain(others).map(WantedText::Column).collect()
}

/// The look, row by row.
pub(super) struct Look<'m> {
    map: &'m ColumnMap,
    rows: u64,
    /// Rows by column and value that its list does not have.
    odd: BTreeMap<(Column, String), u64>,
    /// By provider: rows with a fraction in `BilledCost`, and in `EffectiveCost`.
    fractions: BTreeMap<String, (u64, u64)>,
    order: OrderProof,
}

impl<'m> Look<'m> {
    pub(super) fn new(map: &'m ColumnMap) -> Self {
        let (odd, fractions) = (BTreeMap::new(), BTreeMap::new());
        Self { map, rows: 0, odd, fractions, order: OrderProof::default() }
    }

    /// One row, its texts in the order of [`wanted`].
    pub(super) fn at(&mut self, texts: &[Option<&str>]) {
        let (days, texts) = texts.split_at(DAYS.len());
        let (listed, others) = texts.split_at(self.map.values.len());
        if is_header(others) {
            return;
        }
        self.rows += 1;
        days.iter().flatten().for_each(|day| self.order.look(day.as_bytes()));
        for ((column, allowed), text) in self.map.values.iter().zip(listed) {
            if let Some(text) = text.filter(|text| !allowed.iter().any(|value| value == text)) {
                *self.odd.entry((*column, text.to_owned())).or_default() += 1;
            }
        }
        if let [newer, older, billed, effective] = others {
            let provider = newer.or(*older).unwrap_or("").to_owned();
            let counts = self.fractions.entry(provider).or_default();
            counts.0 += u64::from(has_fraction(*billed));
            counts.1 += u64::from(has_fraction(*effective));
        }
    }

    /// The order of slashed dates, where the map leaves it open and the head proves it.
    pub(super) fn order(&self) -> Option<DateSpelling> {
        let is_open = is_order_open(&self.map.dates);
        self.order.order().filter(|_| is_open).map(|(order, _)| order)
    }

    fn date_order(&self) -> Option<Finding> {
        let example = self.order.example.as_ref().filter(|_| is_order_open(&self.map.dates))?;
        let declare = |order| format!("declare `dates: [ {order} ]` in the column map");
        let Some((order, proof)) = self.order.order() else {
            let text = format!(
                "nothing in the first {} rows proves whether the day or the month comes first in `{example}`; rows with such dates cannot be read",
                self.rows
            );
            let help = declare("day/month/year") + ", or month/day/year";
            return Some(Finding::new(Code::DateOrder, text).help(help));
        };
        let order = match order {
            DateSpelling::DayMonthYear => "day/month/year",
            _ => "month/day/year",
        };
        let text = format!(
            "dates are read as {order}, because `{proof}` can be nothing else; the format does not say"
        );
        Some(Finding::new(Code::DateOrder, text).help(declare(order)))
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let odd =
            self.odd.iter().map(|((column, value), rows)| self.odd_value(*column, value, *rows));
        let rounded = self
            .fractions
            .iter()
            .filter(|(_, (billed, effective))| *billed >= FRACTIONS && *effective == 0);
        let rounded = rounded.filter(|_| !self.derives_effective_cost());
        let odd = odd.chain(self.date_order());
        odd.chain(rounded.map(|(provider, (billed, _))| self.rounded(provider, *billed))).collect()
    }

    /// What is derived here was not rounded elsewhere.
    fn derives_effective_cost(&self) -> bool {
        let source = self.map.columns.get(&Column::EffectiveCost);
        matches!(source, Some(ColumnSource::Derived(_)))
    }

    fn odd_value(&self, column: Column, value: &str, rows: u64) -> Finding {
        let allowed =
            self.map.values.get(&column).map(|values| values.join("`, `")).unwrap_or_default();
        let text = format!(
            "{column} is `{value}` on {rows} of the first {} rows; {} has `{allowed}`",
            self.rows, self.map.title
        );
        Finding::new(Code::FocusDefect, text)
            .count(rows)
            .help("rules that ask this column must use the file's own spelling")
    }

    fn rounded(&self, provider: &str, billed: u64) -> Finding {
        let whole = CostMetric::EffectiveCost;
        let text = format!(
            "{whole} of `{provider}` has whole units only in the first {} rows, where BilledCost has {billed} fractions: it was rounded before it came here",
            self.rows
        );
        Finding::new(Code::FocusDefect, text)
            .count(billed)
            .help("showback by EffectiveCost is as coarse as that; ask the provider for an unrounded export")
    }
}

/// A header that stands among the rows is excluded when they are read, and odd in every column.
fn is_header(others: &[Option<&str>]) -> bool {
    let billed = others.get(2).copied().flatten();
    billed.is_some_and(|text| text.eq_ignore_ascii_case(CostMetric::BilledCost.name()))
}

fn has_fraction(text: Option<&str>) -> bool {
    text.and_then(|text| text.parse::<Amount>().ok()).is_some_and(|amount| amount.digits() > 0)
}
