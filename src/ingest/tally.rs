//! The account of one file while it is read: what became of each row, and the sums of the accepted.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::diagnostics::Code;
use crate::domain::{
    Amount, AmountError, CostMetric, CostSums, Costs, Currency, MetricSet, PackedCosts, Period,
};
use crate::rules::SpreadBy;

use super::charge::{Charge, RowPlace};
use super::report::{MonthTotals, QuarantinedRow, day_bit};
use super::values::binding::InvoiceTexts;
use super::values::valuation::Read;

/// Quarantined rows that a file keeps apart; a file with more is refused.
pub(super) const QUARANTINE_LIMIT: usize = 1_000_000;
/// Characters of a text at fault that are shown.
const SHOWN: usize = 120;

/// A row, its values found but not yet judged.
pub(super) struct Row<'a> {
    pub(super) place: RowPlace,
    /// In the order of [`CostMetric::ALL`]; `None` where null.
    pub(super) costs: [Result<Option<Amount>, AmountError>; CostMetric::COUNT],
    pub(super) currency: Option<&'a [u8]>,
    /// `None` where null or not a date.
    pub(super) billing_day: Option<NaiveDate>,
    pub(super) charge_day: Option<NaiveDate>,
    pub(super) texts: &'a [Option<&'a [u8]>],
    /// Charges that the row stands for beside its own.
    pub(super) beside: &'a [RowCharge<'a>],
    /// A text that cannot be made.
    pub(super) fault: Option<(Part, Code)>,
    /// The first day after the charge period, where the row is to be spread up to it.
    pub(super) spread: Option<(SpreadBy, NaiveDate)>,
    /// What the row's costs are made of, in the order of the recipe's terms.
    pub(super) terms: &'a [Read],
    /// What names the row by its column map.
    pub(super) identity: Option<&'a [u8]>,
}

/// A further charge of a row: what it has otherwise.
pub(super) struct RowCharge<'a> {
    /// Among the further charges of the recipe.
    pub(super) index: usize,
    pub(super) costs: [Result<Option<Amount>, AmountError>; CostMetric::COUNT],
    pub(super) texts: Vec<Option<&'a [u8]>>,
}

impl Row<'_> {
    /// A row of which nothing is known but its place.
    pub(super) fn unknown(place: RowPlace) -> Self {
        let costs = [Ok(None); CostMetric::COUNT];
        let (currency, billing_day, charge_day) = (None, None, None);
        let (fault, spread, identity) = (None, None, None);
        let (texts, terms, beside) = (&[], &[], &[]);
        Self {
            place,
            costs,
            currency,
            billing_day,
            charge_day,
            texts,
            beside,
            fault,
            spread,
            terms,
            identity,
        }
    }

    /// What all charges of the row cost together; `None` where one does not know it.
    fn together(&self, metric: CostMetric) -> Option<Amount> {
        let mut sum = self.costs[metric as usize].ok().flatten()?;
        for charge in self.beside {
            sum = sum.checked_add(charge.costs[metric as usize].ok().flatten()?)?;
        }
        Some(sum)
    }
}

/// The part of a row that a complaint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Cost(CostMetric),
    /// Of a further charge, by its index in the recipe.
    FurtherCost(usize, CostMetric),
    Currency,
    BillingStart,
    ChargeStart,
    ChargeEnd,
    /// Index of a wanted text.
    Text(usize),
    /// Index of a field of the file.
    Field(usize),
    /// The record as a whole.
    Record,
}

/// How the text and the header name of a part are told, once something is wrong with it.
pub(super) trait Source {
    fn name(&self, part: Part) -> String;
    fn text(&self, part: Part) -> Vec<u8>;
    /// What names the row by its column map; empty where the map does not say.
    fn identity(&self) -> Vec<u8> {
        Vec::new()
    }
}

/// The running account of one file in one thread.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) accepted: u64,
    pub(super) quarantined: u64,
    pub(super) wrong_length: u64,
    /// Rows that are spread over months before the one that bills them.
    pub(super) back_dated: u64,
    pub(super) excluded: BTreeMap<String, u64>,
    /// The views of the column map of which there is a row, a bit each.
    pub(super) views: u32,
    totals: Vec<((Currency, Period), MonthTotals)>,
    /// By currency, the sums of the recipe's money terms.
    source_sums: BTreeMap<Currency, Vec<SourceSum>>,
    pub(super) quarantine: Vec<(RowPlace, QuarantinedRow)>,
    /// Records of each block that was read.
    pub(super) block_rows: Vec<(u32, u64)>,
    pub(super) overflow: bool,
    /// Sums of absolute values: they only grow, so whether they fit does not depend on order.
    pub(super) magnitude: Costs,
    /// Pages of Parquet that are read and have no checksum.
    pub(super) unchecked_pages: u64,
    /// The file ends in the middle of a record.
    pub(super) is_torn: bool,
    /// The first row of which a quoted field has taken in others, and how many.
    pub(super) swallowed: Option<(RowPlace, usize)>,
    last_currency: Option<(Vec<u8>, Currency)>,
}

impl Tally {
    /// The charge of a row, or what is wrong with it.
    pub(super) fn judge(&mut self, row: &Row<'_>) -> Result<Charge, (Part, Code)> {
        let (costs, unknown) =
            known(&row.costs).map_err(|metric| (Part::Cost(metric), Code::BadAmount))?;
        let month = row.billing_day.ok_or((Part::BillingStart, Code::BadDate))?;
        let day = row.charge_day.ok_or((Part::ChargeStart, Code::BadDate))?;
        let currency = self.currency(row.currency).ok_or((Part::Currency, Code::BadCurrency))?;
        let (month, costs) = (Period::of(month), PackedCosts::new(&costs));
        Ok(Charge { place: row.place, costs, unknown, currency, day, month, rows: 1 })
    }

    /// Counts charges that the sink took. Those of one currency and month mostly follow each other,
    /// and are summed as integers before anything is looked up.
    pub(super) fn accept(&mut self, charges: &[Charge]) {
        let same = |a: &Charge, b: &Charge| a.currency == b.currency && a.month == b.month;
        for run in charges.chunk_by(same) {
            let mut sums = RunSums::default();
            let (mut rows, mut days) = (0, 0);
            for charge in run {
                sums.add(charge);
                // Shares of a row say nothing about the days that were delivered.
                if charge.rows > 0 {
                    rows += u64::from(charge.rows);
                    days |= day_bit(charge.month, charge.day);
                }
            }
            self.rows += rows;
            self.accepted += rows;
            let Some((costs, magnitude)) = sums.costs() else {
                self.overflow = true;
                continue;
            };
            let shares = run.len() as u64 - rows;
            let (unknown, known) = (sums.unknown, sums.known);
            let totals = MonthTotals { rows, shares, costs, unknown, known, days };
            self.sum(run[0].currency, run[0].month, &totals);
            self.weigh(&magnitude);
        }
    }

    /// Adds what the costs of a row that was accepted are made of.
    pub(super) fn add_terms(&mut self, currency: Currency, terms: &[Read]) {
        let sums = self.source_sums.entry(currency).or_default();
        sums.resize(terms.len(), SourceSum::default());
        for (sum, term) in sums.iter_mut().zip(terms) {
            sum.add(*term);
        }
    }

    /// The exact sums of money terms by currency, in their order; `None` where no row has a value,
    /// or one has what is no amount.
    pub(super) fn source_sums(&self) -> &BTreeMap<Currency, Vec<SourceSum>> {
        &self.source_sums
    }

    /// Puts the row of a charge aside that the sink refused; `costs` are those of all its charges.
    pub(super) fn send_back(
        &mut self,
        charge: &Charge,
        costs: &Costs,
        (column, code, text): (String, Code, &[u8]),
        texts: InvoiceTexts<Option<&[u8]>>,
        identity: String,
    ) {
        // The other shares of a row say nothing more.
        if charge.rows == 0 {
            return;
        }
        self.rows += 1;
        let cost = |metric: CostMetric| (!charge.unknown.has(metric)).then_some(costs[metric]);
        self.quarantine(charge.place, || QuarantinedRow {
            row: 0,
            column,
            code,
            text: shown(text),
            month: Some(charge.month),
            currency: Some(charge.currency.code().to_owned()),
            invoice: texts.invoice.map(shown),
            billing_account: texts.billing_account.map(shown),
            issuer: texts.issuer.or(texts.provider).map(shown),
            billed_cost: cost(CostMetric::BilledCost),
            effective_cost: cost(CostMetric::EffectiveCost),
            identity,
        });
    }

    /// Puts a row aside, or excludes it where it is a header that stands among the rows.
    pub(super) fn refuse(
        &mut self,
        row: &Row<'_>,
        part: Part,
        code: Code,
        texts: InvoiceTexts<Option<&[u8]>>,
        source: &impl Source,
    ) {
        self.rows += 1;
        self.wrong_length += u64::from(code == Code::BadRowLength);
        if code == Code::BadAmount && is_header(source) {
            *self.excluded.entry("repeated header".to_owned()).or_default() += 1;
            return;
        }
        let cost = |metric: CostMetric| row.together(metric);
        self.quarantine(row.place, || QuarantinedRow {
            row: 0,
            column: source.name(part),
            code,
            text: shown(&source.text(part)),
            month: row.billing_day.map(Period::of),
            currency: row.currency.map(shown),
            invoice: texts.invoice.map(shown),
            billing_account: texts.billing_account.map(shown),
            issuer: texts.issuer.or(texts.provider).map(shown),
            billed_cost: cost(CostMetric::BilledCost),
            effective_cost: cost(CostMetric::EffectiveCost),
            identity: shown(&source.identity()),
        });
    }

    fn quarantine(&mut self, place: RowPlace, details: impl FnOnce() -> QuarantinedRow) {
        self.quarantined += 1;
        if self.quarantine.len() < QUARANTINE_LIMIT {
            self.quarantine.push((place, details()));
        }
    }

    pub(super) fn exclude(&mut self, rule: &str) {
        self.rows += 1;
        *self.excluded.entry(rule.to_owned()).or_default() += 1;
    }

    fn currency(&mut self, text: Option<&[u8]>) -> Option<Currency> {
        let text = text?;
        if let Some((last, currency)) = &self.last_currency
            && last == text
        {
            return Some(*currency);
        }
        let currency =
            std::str::from_utf8(text).ok().and_then(|code| Currency::parse(code).ok())?;
        self.last_currency = Some((text.to_vec(), currency));
        Some(currency)
    }

    fn sum(&mut self, currency: Currency, month: Period, row: &MonthTotals) {
        let key = (currency, month);
        let index = self.totals.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
            self.totals.push((key, MonthTotals::default()));
            self.totals.len() - 1
        });
        self.overflow |= !self.totals[index].1.checked_add(row);
    }

    fn weigh(&mut self, costs: &Costs) {
        for (metric, amount) in costs.iter() {
            let sum = self.magnitude[metric].checked_add(amount.abs());
            self.overflow |= sum.is_none();
            self.magnitude[metric] = sum.unwrap_or_default();
        }
    }

    /// Takes over what another thread counted of the same file.
    pub(super) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.accepted += other.accepted;
        self.quarantined += other.quarantined;
        self.wrong_length += other.wrong_length;
        self.unchecked_pages += other.unchecked_pages;
        self.back_dated += other.back_dated;
        self.views |= other.views;
        for (rule, rows) in other.excluded {
            *self.excluded.entry(rule).or_default() += rows;
        }
        for ((currency, month), totals) in other.totals {
            self.sum(currency, month, &totals);
        }
        for (currency, sums) in other.source_sums {
            let mine = self.source_sums.entry(currency).or_default();
            mine.resize(sums.len(), SourceSum::default());
            for (mine, theirs) in mine.iter_mut().zip(sums) {
                mine.merge(theirs);
            }
        }
        self.weigh(&other.magnitude);
        self.quarantine.extend(other.quarantine);
        self.block_rows.extend(other.block_rows);
        self.overflow |= other.overflow;
        self.is_torn |= other.is_torn;
        self.swallowed = self.swallowed.into_iter().chain(other.swallowed).min();
    }

    pub(super) fn totals(&self) -> BTreeMap<(Currency, Period), MonthTotals> {
        self.totals.iter().copied().collect()
    }
}

/// The sum of one of the provider's own money columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceSum {
    /// Of the rows that have a value; `None` where none has.
    Known(Option<Amount>),
    /// A row has what is no amount, or the sum leaves the range.
    Unknown,
}

impl Default for SourceSum {
    fn default() -> Self {
        Self::Known(None)
    }
}

impl SourceSum {
    fn add(&mut self, term: Read) {
        self.merge(term.map_or(Self::Unknown, Self::Known));
    }

    fn merge(&mut self, other: Self) {
        *self = match (*self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::Known(mine), Self::Known(None)) => Self::Known(mine),
            (Self::Known(None), theirs) => theirs,
            (Self::Known(Some(mine)), Self::Known(Some(theirs))) => {
                mine.checked_add(theirs).map_or(Self::Unknown, |sum| Self::Known(Some(sum)))
            }
        };
    }
}

/// Sums of some charges, and of their absolute values.
#[derive(Default)]
struct RunSums {
    sums: CostSums,
    absolute: CostSums,
    /// Rows that do not know a metric, by metric.
    unknown: [u64; CostMetric::COUNT],
    /// What any charge knows.
    known: MetricSet,
    overflow: bool,
}

impl RunSums {
    #[inline]
    fn add(&mut self, charge: &Charge) {
        self.known = self.known.or(charge.unknown.others());
        self.overflow |= !self.sums.add(&charge.costs);
        self.overflow |= !self.absolute.add_absolute(&charge.costs);
        if charge.unknown != MetricSet::NONE {
            for metric in CostMetric::ALL.into_iter().filter(|metric| charge.unknown.has(*metric)) {
                // A row that is spread counts once, with its shares.
                self.unknown[metric as usize] += u64::from(charge.rows);
            }
        }
    }

    /// The sums and those of absolute values; `None` beyond the range.
    fn costs(&self) -> Option<(Costs, Costs)> {
        let sums = self.sums.costs().zip(self.absolute.costs());
        sums.filter(|_| !self.overflow)
    }
}

/// The costs of a charge and which of them are unknown, or the one that is needed or no amount.
pub(super) fn known(
    read: &[Result<Option<Amount>, AmountError>; CostMetric::COUNT],
) -> Result<(Costs, MetricSet), CostMetric> {
    let mut costs = Costs::ZERO;
    let mut unknown = MetricSet::NONE;
    for metric in CostMetric::ALL {
        match read[metric as usize] {
            Ok(Some(amount)) => costs[metric] = amount,
            Ok(None) if matches!(metric, CostMetric::ListCost | CostMetric::ContractedCost) => {
                unknown.insert(metric);
            }
            _ => return Err(metric),
        }
    }
    Ok((costs, unknown))
}

/// Whether the costs of a row are their own headers, both of them: one alone is a broken amount.
fn is_header(source: &impl Source) -> bool {
    [CostMetric::BilledCost, CostMetric::EffectiveCost].into_iter().all(|metric| {
        let part = Part::Cost(metric);
        source.text(part).eq_ignore_ascii_case(source.name(part).as_bytes())
    })
}

/// A text at fault as reports show it: bytes that are no text in hex, long ones cut.
fn shown(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(text) if text.chars().count() <= SHOWN => text.to_owned(),
        Ok(text) => text.chars().take(SHOWN).chain(['…']).collect(),
        Err(_) => {
            let hex = text.iter().take(SHOWN / 2).map(|byte| format!("{byte:02x}"));
            format!("hex:{}", hex.collect::<String>())
        }
    }
}
