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
//! The desk copies what it keeps of a row, so nothing of a row need outlive the call.

use super::charge::{Charge, Charges, Rejection, RowPlace, Sink, Span, TextColumn};
use super::report::FileId;
use super::tally::{Part, Row, Source, Tally};
use super::values::binding::Binding;
use super::values::spread::{NoPeriod, spread};
use super::values::valuation::Read;
use crate::diagnostics::Code;

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
        match self.tally.judge(row) {
            Err((part, code)) => self.refuse(row, part, code, source),
            Ok(charge) => match (row.fault, row.spread) {
                (Some((part, code)), _) => self.refuse(row, part, code, source),
                (None, None) => self.lay(row, charge),
                (None, Some((by, until))) => match spread(&charge, until, by) {
                    Ok(shares) => {
                        for share in shares {
                            self.lay(row, share);
                        }
                    }
                    Err(NoPeriod) => self.refuse(row, Part::ChargeEnd, Code::BadDate, source),
                },
            },
        }
    }

    fn lay(&mut self, row: &Row<'_>, charge: Charge) {
        self.tray.charges.push(charge);
        let mut fits = self.tray.lay(row.texts);
        if let Some(recipe) = &self.job.binding.recipe {
            let terms = recipe.valuation.terms.iter().zip(row.terms);
            let money = terms.filter(|(term, _)| term.is_money).map(|(_, read)| *read);
            self.tray.terms.extend(money);
            if let Some(identity) = row.identity {
                let span = Span::new(self.tray.bytes.len(), identity.len());
                fits &= span.is_some();
                self.tray.bytes.extend_from_slice(identity);
                self.tray.identities.push(span.unwrap_or(Span::NULL));
            }
        }
        debug_assert!(fits, "a batch is handed on long before its texts fill 32 bits");
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
    let mut from = 0;
    let ends = refused.iter().map(|(index, _)| *index).chain([charges.len()]);
    for (position, end) in ends.enumerate() {
        tally.accept(&charges[from..end]);
        for (charge, index) in charges[from..end].iter().zip(from..) {
            let terms = (beside.terms)(index);
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
            tally.send_back(&charges[*index], fault, texts, identity);
        }
        from = end + 1;
    }
}
