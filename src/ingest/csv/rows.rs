//! Rows of CSV: from a block of records to judged rows.

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::diagnostics::Code;
use crate::domain::{Amount, AmountError, CostMetric};

use super::batch::Batch;
use super::blocks::Block;
use super::marks::Letters;
use super::quotes;
use super::records::{RawField, Records, Split};
use crate::ingest::charge::{RowPlace, Sink};
use crate::ingest::desk::{Desk, Job};
use crate::ingest::json::lines::BROKEN_LINE;
use crate::ingest::quality::Look;
use crate::ingest::report::FileId;
use crate::ingest::tally::{Part, Row, Source};
use crate::ingest::values::binding::{Binding, Spot};
use crate::ingest::values::dates::{ReadDay, utc_day, written_day};
use crate::ingest::values::recipe::{self, Given};
use crate::ingest::values::valuation::{DayField, Fields};
use crate::ingest::workbook::is_error;

/// What reading rows of one file needs to know of it.
#[derive(Debug)]
pub(in crate::ingest) struct CsvFormat {
    pub(in crate::ingest) file: FileId,
    pub(in crate::ingest) binding: Binding,
    pub(in crate::ingest) delimiter: u8,
    /// Where rows are cells of a sheet: the columns that are read, of which none may be an error.
    pub(in crate::ingest) cells: Vec<usize>,
}

impl CsvFormat {
    pub(in crate::ingest) fn job(&self) -> Job<'_> {
        Job { file: self.file, binding: &self.binding }
    }
}

/// Looks at the whole records of the head of a file, with a binding made for that.
pub(in crate::ingest) fn look_at_head(
    binding: Binding,
    delimiter: u8,
    head: &[u8],
    look: &mut Look<'_>,
) {
    let format = CsvFormat { file: FileId(0), binding, delimiter, cells: Vec::new() };
    let mut scratch = recipe::Scratch::default();
    let mut records = Records::new(head, delimiter);
    let mut fields = Vec::new();
    while records.read(&mut fields) {
        // The last record may be cut in two by the end of the head.
        let whole = records.remaining() > 0 || head.ends_with(b"\n");
        let record = Record { format: &format, fields: Split::Made(&fields) };
        if !whole || record.fault(true).is_some() {
            continue;
        }
        if let Some(recipe) = &format.binding.recipe {
            let texts = recipe.texts_of(&record, &mut scratch);
            look.at(&texts.iter().map(Option::as_deref).collect::<Vec<_>>());
        } else {
            let values: Vec<_> =
                format.binding.texts.iter().map(|spot| record.value(spot)).collect();
            let known = |value: &&Cow<'_, [u8]>| !format.binding.is_null(value);
            let text = |value| Some(value).filter(known).and_then(|v| std::str::from_utf8(v).ok());
            look.at(&values.iter().map(text).collect::<Vec<_>>());
        }
    }
}

/// Reads all records of a block and tells how many they are. The header is not among them.
pub(in crate::ingest) fn read_block<S: Sink>(
    format: &CsvFormat,
    block: &Block,
    index: u32,
    desk: &mut Desk<'_, S>,
) -> u64 {
    let Block { bytes, marks } = block;
    let suspect = match marks.letters {
        Letters::Ascii => false,
        Letters::Beyond => std::str::from_utf8(bytes).is_err(),
        Letters::Zero => true,
    };
    let (scratch, valued) = (Scratch::default(), recipe::Scratch::default());
    let texts = Vec::with_capacity(format.binding.texts.len());
    let days = [Day::default(), Day::default()];
    let mut reader =
        Reader { format, desk, index, count: 0, suspect, scratch, valued, texts, days };
    let is_whole = bytes.ends_with(b"\n") || bytes.ends_with(b"\r");
    if marks.tell_fields() && !suspect {
        let mut batch = Batch::new(bytes, &format.binding);
        let mut lines = marks.lines(bytes.len());
        let mut begins = Vec::with_capacity(format.binding.headers.len() + 1);
        while lines.read(&mut begins) {
            let fields = Split::Marked { block: bytes, begins: &begins };
            if !reader.lay(fields, &mut batch) {
                reader.take(fields, false, !is_whole && lines.remaining() == 0);
            }
        }
        batch.hand_on(reader.desk);
    } else {
        let mut records = Records::new(bytes, format.delimiter);
        let mut fields = Vec::with_capacity(format.binding.headers.len());
        while records.read(&mut fields) {
            let is_cut = !is_whole && records.remaining() == 0;
            reader.take(Split::Made(&fields), records.has_lines(), is_cut);
        }
    }
    u64::from(reader.count)
}

/// What reading the records of one block needs.
struct Reader<'f, 'd, 'a, S> {
    format: &'f CsvFormat,
    desk: &'d mut Desk<'a, S>,
    index: u32,
    count: u32,
    /// Some text of the block is no text.
    suspect: bool,
    scratch: Scratch,
    valued: recipe::Scratch,
    /// No texts: their room.
    texts: Vec<Option<&'static [u8]>>,
    days: [Day; 2],
}

impl<S: Sink> Reader<'_, '_, '_, S> {
    /// Lays the next record's charge down, its texts where they are; false where anything is wrong
    /// with it, or where its columns are not all read where they stand.
    fn lay<'b>(&mut self, fields: Split<'_, 'b>, batch: &mut Batch<'b>) -> bool {
        let record = Record { format: self.format, fields };
        if self.format.binding.recipe.is_some()
            || record.fault(false).is_some()
            || record.unknown_cell().is_some()
        {
            return false;
        }
        let place = RowPlace { block: self.index, record: self.count };
        let row = record.row(place, &[], &mut self.days);
        let Some(charge) = self.desk.judge(&row) else { return false };
        self.count += 1;
        batch.lay(charge, fields, self.desk);
        true
    }

    /// Judges the next record. `is_cut` is the last one of a block that lacks its line end.
    fn take(&mut self, fields: Split<'_, '_>, has_lines: bool, is_cut: bool) {
        let (format, desk) = (self.format, &mut *self.desk);
        let place = RowPlace { block: self.index, record: self.count };
        self.count += 1;
        let record = Record { format, fields };
        if has_lines {
            desk.swallow(place, record.rows_within());
        }
        if let Some((part, code)) = record.fault(self.suspect) {
            // A last record that is short and lacks its line end was cut off, not written so.
            if is_cut && fields.len() < format.binding.headers.len() {
                desk.tear();
            }
            // Where the fields are all there, the money may still be known.
            let row = if part == Part::Record {
                Row::unknown(place)
            } else {
                record.row(place, &[], &mut self.days)
            };
            return desk.refuse(&row, part, code, &record);
        }
        if let Some(recipe) = &format.binding.recipe {
            let given = Given { place, broken: record.unknown_cell() };
            return recipe.serve(&format.binding, &record, given, &mut self.valued, desk);
        }
        self.scratch.fill(&record);
        let mut texts = recycled(std::mem::take(&mut self.texts));
        record.texts(&self.scratch, &mut texts);
        let row = record.row(place, &texts, &mut self.days);
        match record.unknown_cell() {
            Some(at) => desk.refuse(&row, Part::Field(at), Code::BadCell, &record),
            None => desk.take(&row, &record),
        }
        self.texts = recycled(texts);
    }
}

/// The same allocation, empty, for values that live differently long.
fn recycled<'b>(mut texts: Vec<Option<&[u8]>>) -> Vec<Option<&'b [u8]>> {
    texts.clear();
    texts.into_iter().map(|_| None).collect()
}

/// Values that do not lie in the block as they are, because they have doubled quotes.
#[derive(Default)]
struct Scratch {
    bytes: Vec<u8>,
    /// Wanted text → its stretch of `bytes`.
    stretches: Vec<(usize, std::ops::Range<usize>)>,
}

impl Scratch {
    fn fill(&mut self, record: &Record<'_, '_>) {
        self.bytes.clear();
        self.stretches.clear();
        let binding = &record.format.binding;
        for (text, spot) in binding.texts.iter().enumerate() {
            let Some(field) = spot.index().and_then(|at| record.fields.get(at)) else { continue };
            if field.borrowed().is_none() {
                let begin = self.bytes.len();
                field.write_to(&mut self.bytes);
                self.stretches.push((text, begin..self.bytes.len()));
            }
        }
    }

    fn get(&self, text: usize) -> Option<&[u8]> {
        let (_, stretch) = self.stretches.iter().find(|(known, _)| *known == text)?;
        Some(&self.bytes[stretch.clone()])
    }
}

/// One record, not yet judged.
struct Record<'r, 'b> {
    format: &'r CsvFormat,
    fields: Split<'r, 'b>,
}

impl<'r, 'b> Record<'r, 'b> {
    /// A field of a record that has them all.
    fn field(&self, at: usize) -> RawField<'b> {
        self.fields.get(at).unwrap_or_default()
    }

    /// How many rows a field of it has taken in.
    fn rows_within(&self) -> usize {
        let columns = self.format.binding.headers.len();
        let rows = |(index, field): (usize, RawField<'_>)| {
            quotes::rows_within(field.raw(), index, columns, self.format.delimiter)
        };
        self.fields.iter().enumerate().map(rows).sum()
    }

    /// What keeps the record from being split into values at all.
    fn fault(&self, suspect: bool) -> Option<(Part, Code)> {
        if suspect && self.broken_line().is_some() {
            return Some((Part::Record, Code::BadText));
        }
        if self.fields.len() != self.format.binding.headers.len() {
            return Some((Part::Record, Code::BadRowLength));
        }
        let broken = |field: RawField<'_>| {
            field.is_torn()
                || suspect && {
                    let value = field.value();
                    value.contains(&0) || std::str::from_utf8(&value).is_err()
                }
        };
        let Split::Made(_) = self.fields else { return None };
        let at = self.fields.iter().position(broken)?;
        Some((Part::Field(at), Code::BadText))
    }

    /// What is wrong with a line that was no record, where one stands for it.
    fn broken_line(&self) -> Option<&'b [u8]> {
        let only = self.fields.get(0).filter(|_| self.fields.len() == 1)?;
        only.borrowed()?.strip_prefix(&[BROKEN_LINE])
    }

    /// The first cell that is read and stands for a value that is not known.
    fn unknown_cell(&self) -> Option<usize> {
        let binding = &self.format.binding;
        self.format.cells.iter().copied().find(|at| {
            let value = self.field(*at).value();
            is_error(&value) && !binding.is_null(&value)
        })
    }

    fn texts<'t>(&'t self, scratch: &'t Scratch, texts: &mut Vec<Option<&'t [u8]>>)
    where
        'r: 't,
    {
        let binding = &self.format.binding;
        for (index, spot) in binding.texts.iter().enumerate() {
            let found = match scratch.get(index) {
                None => self.bytes(spot),
                written => written,
            };
            texts.push(found.filter(|text| !binding.is_null(text)));
        }
    }

    /// A value that lies in the block, or a constant of the map.
    fn bytes<'t>(&'t self, spot: &'t Spot) -> Option<&'t [u8]> {
        match spot {
            Spot::At(index) => self.field(*index).borrowed(),
            Spot::Constant(text) => Some(text.as_bytes()),
            Spot::Derived(_) | Spot::Missing => None,
        }
    }

    fn value(&self, spot: &Spot) -> Cow<'_, [u8]> {
        match spot {
            Spot::At(index) => self.field(*index).value(),
            Spot::Constant(text) => Cow::Owned(text.as_bytes().to_vec()),
            Spot::Derived(_) | Spot::Missing => Cow::Borrowed(&[]),
        }
    }

    fn row<'t>(
        &'t self,
        place: RowPlace,
        texts: &'t [Option<&'t [u8]>],
        [billing, charge]: &mut [Day; 2],
    ) -> Row<'t> {
        let binding = &self.format.binding;
        let mut costs = [Ok(None); CostMetric::COUNT];
        // Costs of one row are often the same.
        let mut last: (&[u8], _) = (&[], Ok(None));
        for metric in CostMetric::ALL {
            let spot = &binding.costs[metric as usize];
            let cost = |text: &[u8]| {
                if binding.is_null(text) { Ok(None) } else { Amount::parse(text).map(Some) }
            };
            costs[metric as usize] = match self.bytes(spot) {
                Some(text) if text == last.0 => last.1,
                Some(text) => {
                    last = (text, cost(text));
                    last.1
                }
                None => cost(&self.value(spot)),
            };
        }
        Row {
            costs,
            currency: self.bytes(&binding.currency).filter(|text| !binding.is_null(text)),
            billing_day: billing.of(&self.value(&binding.billing_start), written_day),
            charge_day: charge.of(&self.value(&binding.charge_start), utc_day),
            texts,
            ..Row::unknown(place)
        }
    }
}

/// The day of a text, with that of the last text: rows of one day follow each other, and those of
/// one month are the rule.
#[derive(Default)]
struct Day {
    text: Vec<u8>,
    day: Option<NaiveDate>,
}

impl Day {
    fn of(&mut self, text: &[u8], read: ReadDay) -> Option<NaiveDate> {
        if self.text != text {
            self.text.clear();
            self.text.extend_from_slice(text);
            self.day = read(text.trim_ascii());
        }
        self.day
    }
}

impl Fields for Record<'_, '_> {
    fn text(&self, at: usize) -> Option<Cow<'_, [u8]>> {
        self.fields.get(at).map(RawField::value)
    }

    fn number(&self, _: usize) -> Option<Result<Option<Amount>, AmountError>> {
        None
    }

    fn day(&self, _: usize) -> DayField {
        DayField::Text
    }
}

impl Source for Record<'_, '_> {
    fn name(&self, part: Part) -> String {
        self.format.binding.name_of(part)
    }

    fn text(&self, part: Part) -> Vec<u8> {
        let binding = &self.format.binding;
        match part {
            Part::Cost(metric) => self.value(&binding.costs[metric as usize]).into_owned(),
            Part::Currency => self.value(&binding.currency).into_owned(),
            Part::BillingStart => self.value(&binding.billing_start).into_owned(),
            Part::ChargeStart => self.value(&binding.charge_start).into_owned(),
            // Only rows of a recipe are spread, or stand for further charges.
            Part::ChargeEnd | Part::FurtherCost(..) => Vec::new(),
            Part::Text(index) => self.value(&binding.texts[index]).into_owned(),
            Part::Field(index) => self.field(index).value().into_owned(),
            Part::Record => self.broken_line().map_or_else(
                || {
                    let (found, expected) = (self.fields.len(), binding.headers.len());
                    format!("{found} fields where the header has {expected}").into_bytes()
                },
                <[u8]>::to_vec,
            ),
        }
    }
}
