//! The desk at which rows are judged: what passes is laid together and handed to the sink many at a
//! time, because a sink that sees many charges at once can wait for memory for all of them at once.
//!
//! A reader has one `Desk` for a file, made of the thread's `Tray` for each block or row group:
//!
//! ```text
//! let mut desk = Desk::open(&job, tray, tally, sink)
//! desk.take(&row, &source)          a row with its values: accepted later, or refused at once
//! desk.exclude(rule)                a row that the column map declares to be none
//! desk.refuse(&row, part, code, &source)   a row that could not even be split into values
//! desk.take_whole(charges, …)       charges that a reader of columns has judged itself
//! desk.close()                      what still lies in the tray goes to the sink
//! ```
//!
//! All charges of a row are handed on together: what is refused of one is refused of all, and told with
//! what they cost together.
//!
//! The desk copies what it keeps of a row, so nothing of a row need outlive the call.

use super::charge::{Charge, Charges, Rejection, RowPlace, Sink, Span, TextColumn};
use super::report::FileId;
use super::tally::{Part, Row, Source, Tally, known};
use super::values::binding::Binding;
use super::values::spread::{NoPeriod, spread};
use super::values::valuation::Read;
use crate::diagnostics::Code;
use crate::domain::{Costs, PackedCosts};

/// Charges that are handed on together.
pub(super) const BATCH: usize = 1024;
/// Bytes of texts after which a batch is full however few its charges are.
pub(super) const BATCH_BYTES: usize = 1 << 22;

/// Whose rows are judged.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) file: FileId,
    pub(super) binding: &'a Binding,
}

impl Job<'_> {
    fn wanted(&self) -> usize {
        self.binding.texts.len()
    }
}

/// Charges that wait to be handed on. Kept by a thread from block to block.
#[derive(Default)]
pub(super) struct Tray {
    charges: Vec<Charge>,
    bytes: Vec<u8>,
    /// By wanted text, then charge.
    spans: Vec<Vec<Span>>,
    refused: Vec<(usize, Rejection)>,
    /// By charge, then money term of the recipe.
    terms: Vec<Read>,
    /// One per charge, in files whose map says what names a row.
    identities: Vec<Span>,
}

impl Tray {
    fn empty(&mut self, wanted: usize) {
        self.charges.clear();
        self.bytes.clear();
        self.spans.resize_with(wanted, Vec::new);
        self.spans.iter_mut().for_each(Vec::clear);
        self.refused.clear();
        self.terms.clear();
        self.identities.clear();
    }

    /// False where the texts are too long to be kept.
    fn lay(&mut self, texts: &[Option<&[u8]>]) -> bool {
        let mut fits = true;
        for (spans, text) in self.spans.iter_mut().zip(texts) {
            let span = match text {
                None => Span::NULL,
                Some(text) => {
                    let span = Span::new(self.bytes.len(), text.len());
                    fits &= span.is_some();
                    self.bytes.extend_from_slice(text);
                    span.unwrap_or(Span::NULL)
                }
            };
            spans.push(span);
        }
        fits
    }
}

pub(super) struct Desk<'a, S> {
    job: Job<'a>,
    tray: &'a mut Tray,
    tally: &'a mut Tally,
    sink: &'a mut S,
}

impl<'a, S: Sink> Desk<'a, S> {
    pub(super) fn open(
        job: Job<'a>,
        tray: &'a mut Tray,
        tally: &'a mut Tally,
        sink: &'a mut S,
    ) -> Self {
        tray.empty(job.wanted());
        Self { job, tray, tally, sink }
    }

    /// The charge of a row of which nothing is wrong, for a reader that lays batches itself.
    pub(super) fn judge(&mut self, row: &Row<'_>) -> Option<Charge> {
        self.tally.judge(row).ok()
    }

    /// Judges a row: it goes to the sink with its batch, or is refused or excluded at once.
    pub(super) fn take(&mut self, row: &Row<'_>, source: &impl Source) {
        let charge = match self.tally.judge(row) {
            Err((part, code)) => return self.refuse(row, part, code, source),
            Ok(charge) => charge,
        };
        if let Some((part, code)) = row.fault {
            return self.refuse(row, part, code, source);
        }
        if row.spread.is_none() && row.beside.is_empty() {
            self.lay(row, row.texts, charge);
            return self.hand_on_if_full();
        }
        match charges_of(row, charge) {
            Err((part, code)) => self.refuse(row, part, code, source),
            Ok(charges) => {
                for (texts, shares) in charges {
                    let mut shares = shares.into_iter();
                    if let Some(first) = shares.next() {
                        self.lay(row, texts, first);
                    }
                    for share in shares {
                        self.lay_share(row, share);
                    }
                }
                // All charges of a row are handed on together.
                self.hand_on_if_full();
            }
        }
    }

    fn lay(&mut self, row: &Row<'_>, texts: &[Option<&[u8]>], charge: Charge) {
        let mut fits = self.tray.lay(texts);
        if self.job.binding.recipe.is_some()
            && let Some(identity) = row.identity
        {
            let span = Span::new(self.tray.bytes.len(), identity.len());
            fits &= span.is_some();
            self.tray.bytes.extend_from_slice(identity);
            self.tray.identities.push(span.unwrap_or(Span::NULL));
        }
        debug_assert!(fits, "a batch is handed on long before its texts fill 32 bits");
        self.lay_beside(row, charge);
    }

    /// A charge with the texts of the one before it.
    fn lay_share(&mut self, row: &Row<'_>, charge: Charge) {
        let Tray { spans, identities, .. } = &mut *self.tray;
        for spans in spans.iter_mut().chain(row.identity.map(|_| identities)) {
            spans.extend(spans.last().copied());
        }
        self.lay_beside(row, charge);
    }

    fn lay_beside(&mut self, row: &Row<'_>, charge: Charge) {
        self.tray.charges.push(charge);
        if let Some(recipe) = &self.job.binding.recipe {
            let terms = recipe.valuation.terms.iter().zip(row.terms);
            let money = terms.filter(|(term, _)| term.is_money).map(|(_, read)| *read);
            self.tray.terms.extend(money);
        }
    }

    fn hand_on_if_full(&mut self) {
        if self.tray.charges.len() >= BATCH || self.tray.bytes.len() > BATCH_BYTES {
            self.hand_on();
        }
    }

    /// Puts a row aside that could not even be split into values.
    pub(super) fn refuse(&mut self, row: &Row<'_>, part: Part, code: Code, source: &impl Source) {
        let texts = self.job.binding.invoice_texts;
        let texts = texts.map(|at| at.and_then(|at| row.texts.get(at).copied().flatten()));
        self.tally.refuse(row, part, code, texts, source);
    }

    pub(super) fn exclude(&mut self, rule: &str) {
        self.tally.exclude(rule);
    }

    /// So many pages of the file are not covered by a checksum.
    pub(super) fn unchecked(&mut self, pages: u64) {
        self.tally.unchecked_pages += pages;
    }

    /// Whether a row of that view of the month was seen.
    pub(super) fn has_view(&self, index: usize) -> bool {
        self.tally.views & (1 << index) != 0
    }

    pub(super) fn view(&mut self, index: usize) {
        self.tally.views |= 1 << index;
    }

    /// The file ends in the middle of its last record.
    pub(super) fn tear(&mut self) {
        self.tally.is_torn = true;
    }

    /// A quoted field of that row has taken in so many rows, which is none where it has not.
    pub(super) fn swallow(&mut self, place: RowPlace, rows: usize) {
        if rows > 0 {
            let first = self.tally.swallowed.get_or_insert((place, rows));
            *first = (*first).min((place, rows));
        }
    }

    /// Hands on what still waits, and notes how many records the block had.
    pub(super) fn close(mut self, block: u32, records: u64) {
        self.hand_on();
        self.tally.block_rows.push((block, records));
    }

    /// Hands on charges that lie in columns as they are.
    pub(super) fn take_whole(&mut self, charges: &[Charge], texts: &[TextColumn<'_>]) {
        let batch = Charges { file: self.job.file, charges, texts };
        self.tray.refused.clear();
        self.sink.add(&batch, &mut self.tray.refused);
        let beside = Beside { terms: &|_| &[], identity: &|_| None };
        settle(self.job.binding, &batch, &beside, &self.tray.refused, self.tally);
        // They are no refusals of what the tray hands on next.
        self.tray.refused.clear();
    }

    fn hand_on(&mut self) {
        let Tray { charges, bytes, spans, refused, terms, identities } = &mut *self.tray;
        let money = terms.len() / charges.len().max(1);
        let column = |spans| TextColumn::Each { bytes, spans };
        let texts: Vec<TextColumn<'_>> = spans.iter().map(|spans| column(spans)).collect();
        let batch = Charges { file: self.job.file, charges, texts: &texts };
        self.sink.add(&batch, refused);
        let terms =
            |index: usize| terms.get(index * money..(index + 1) * money).unwrap_or_default();
        let identity = |index: usize| identities.get(index).and_then(|span| span.of(bytes));
        let beside = Beside { terms: &terms, identity: &identity };
        settle(self.job.binding, &batch, &beside, refused, self.tally);
        self.tray.empty(self.job.wanted());
    }
}

/// The charges that a row stands for, its own first, each with its texts and spread over its months.
type RowCharges<'a> = Vec<(&'a [Option<&'a [u8]>], Vec<Charge>)>;

fn charges_of<'a>(row: &'a Row<'_>, own: Charge) -> Result<RowCharges<'a>, (Part, Code)> {
    let mut charges: Vec<(&[Option<&[u8]>], Charge)> = Vec::with_capacity(1 + row.beside.len());
    for beside in row.beside {
        let part = |metric| (Part::FurtherCost(beside.index, metric), Code::BadAmount);
        let (costs, unknown) = known(&beside.costs).map_err(part)?;
        let costs = PackedCosts::new(&costs);
        charges.push((&beside.texts, Charge { costs, unknown, rows: 0, ..own.clone() }));
    }
    charges.insert(0, (row.texts, own));
    let months = |(texts, charge): (&'a [Option<&'a [u8]>], Charge)| {
        let Some((by, until)) = row.spread else { return Ok((texts, vec![charge])) };
        let mut shares =
            spread(&charge, until, by).map_err(|NoPeriod| (Part::ChargeEnd, Code::BadDate))?;
        if charge.rows == 0 {
            // The row counts with its own charge.
            for share in &mut shares {
                share.rows = 0;
            }
        }
        Ok((texts, shares))
    };
    charges.into_iter().map(months).collect()
}

/// What is known of charges beside what the sink is told, by their index.
struct Beside<'a> {
    /// The money terms of the recipe.
    terms: &'a dyn Fn(usize) -> &'a [Read],
    /// What names the row.
    identity: &'a dyn Fn(usize) -> Option<&'a [u8]>,
}

/// Counts what the sink took, and puts aside what it refused.
fn settle(
    binding: &Binding,
    batch: &Charges<'_>,
    beside: &Beside<'_>,
    refused: &[(usize, Rejection)],
    tally: &mut Tally,
) {
    let charges = batch.charges;
    let spreads = binding.recipe.as_ref().is_some_and(|recipe| recipe.spread.is_some());
    let mut from = 0;
    let ends = refused.iter().map(|(index, _)| *index).chain([charges.len()]);
    for (position, end) in ends.enumerate() {
        tally.accept(&charges[from..end]);
        for (charge, index) in charges[from..end].iter().zip(from..) {
            let terms = (beside.terms)(index);
            tally.back_dated += u64::from(spreads && is_back_dated(charges, index));
            if charge.rows > 0 && !terms.is_empty() {
                tally.add_terms(charge.currency, terms);
            }
        }
        if let Some((index, Rejection { text, code })) = refused.get(position) {
            let column = binding.name_of(Part::Text(*text));
            let shown = batch.text(*index, *text).unwrap_or_default();
            let identity = (beside.identity)(*index).unwrap_or_default();
            let identity = String::from_utf8_lossy(identity).into_owned();
            let fault = (column, *code, shown);
            let texts = binding.invoice_texts.map(|at| at.and_then(|at| batch.text(*index, at)));
            tally.send_back(
                &charges[*index],
                &costs_of_row(charges, *index),
                fault,
                texts,
                identity,
            );
        }
        from = end + 1;
    }
}

/// Whether a charge that counts has a share in a month before its own. Shares are in the order of
/// months: it lies right before the charge, or behind it where it has no share itself.
fn is_back_dated(charges: &[Charge], index: usize) -> bool {
    let charge = &charges[index];
    let is_earlier = |other: &Charge| other.place == charge.place && other.month < charge.month;
    let before = index.checked_sub(1).and_then(|at| charges.get(at));
    charge.rows > 0 && [before, charges.get(index + 1)].into_iter().flatten().any(is_earlier)
}

/// What all charges of a row cost together, which lie side by side in its batch.
fn costs_of_row(charges: &[Charge], index: usize) -> Costs {
    let is_of_row = |charge: &&Charge| charge.place == charges[index].place;
    let before = charges[..index].iter().rev().take_while(is_of_row);
    let mut costs = Costs::ZERO;
    for charge in before.chain(charges[index..].iter().take_while(is_of_row)) {
        for (metric, amount) in charge.costs.costs().iter() {
            // Beyond the range the row shows what comes first; it counts for nothing anyway.
            costs[metric] = costs[metric].checked_add(amount).unwrap_or(costs[metric]);
        }
    }
    costs
}
