//! Charges that wait to be handed on, their texts where they lie in the block.
//!
//! A block outlives the batch, so its texts need no copy. Only a text that has doubled quotes is
//! written anew, and with it the texts of its column that are in the same batch: mostly those of
//! tags.

use super::records::Split;
use crate::ingest::charge::{Charge, Sink, Span, TextColumn};
use crate::ingest::desk::{BATCH, BATCH_BYTES, Desk};
use crate::ingest::values::binding::{Binding, Spot};

pub(super) struct Batch<'b> {
    block: &'b [u8],
    binding: &'b Binding,
    charges: Vec<Charge>,
    /// One per wanted text.
    columns: Vec<Column<'b>>,
    /// Texts that do not lie in the block as they are.
    written: Vec<u8>,
}

enum Column<'b> {
    Same(Option<&'b [u8]>),
    Each {
        field: usize,
        /// One per charge.
        spans: Vec<Span>,
        /// Spans are of what was written, not of the block.
        is_written: bool,
    },
}

impl Column<'_> {
    fn texts<'t>(&'t self, block: &'t [u8], written: &'t [u8]) -> TextColumn<'t> {
        match self {
            Self::Same(text) => TextColumn::Same(*text),
            Self::Each { spans, is_written, .. } => {
                TextColumn::Each { bytes: if *is_written { written } else { block }, spans }
            }
        }
    }
}

impl<'b> Batch<'b> {
    pub(super) fn new(block: &'b [u8], binding: &'b Binding) -> Self {
        let column = |spot: &'b Spot| match spot {
            Spot::At(field) => Column::Each { field: *field, spans: Vec::new(), is_written: false },
            Spot::Constant(text) => {
                Column::Same(Some(text.as_bytes()).filter(|text| !binding.is_null(text)))
            }
            Spot::Derived(_) | Spot::Missing => Column::Same(None),
        };
        let columns = binding.texts.iter().map(column).collect();
        Self { block, binding, charges: Vec::new(), columns, written: Vec::new() }
    }

    /// Lays a charge down with the texts of its row.
    pub(super) fn lay<S: Sink>(
        &mut self,
        charge: Charge,
        fields: Split<'_, 'b>,
        desk: &mut Desk<'_, S>,
    ) {
        self.charges.push(charge);
        for column in &mut self.columns {
            let Column::Each { field, spans, is_written } = column else { continue };
            let Some((begin, text)) = fields.place(*field) else { continue };
            let raw = text.raw();
            if text.borrowed().is_some() && !*is_written {
                let span = Span::new(begin, raw.len()).filter(|_| !self.binding.is_null(raw));
                spans.push(span.unwrap_or(Span::NULL));
                continue;
            }
            if !std::mem::replace(is_written, true) {
                for span in spans.iter_mut() {
                    *span = write(&mut self.written, span.of(self.block));
                }
            }
            let value = text.value();
            let known = Some(&*value).filter(|value| !self.binding.is_null(value));
            spans.push(write(&mut self.written, known));
        }
        if self.charges.len() >= BATCH || self.written.len() > BATCH_BYTES {
            self.hand_on(desk);
        }
    }

    /// Brings all charges to the desk.
    pub(super) fn hand_on<S: Sink>(&mut self, desk: &mut Desk<'_, S>) {
        let texts: Vec<TextColumn<'_>> =
            self.columns.iter().map(|column| column.texts(self.block, &self.written)).collect();
        desk.take_whole(&self.charges, &texts);
        self.charges.clear();
        self.written.clear();
        for column in &mut self.columns {
            if let Column::Each { spans, is_written, .. } = column {
                spans.clear();
                *is_written = false;
            }
        }
    }
}

/// Blocks and batches are long done before they fill 32 bits.
fn write(bytes: &mut Vec<u8>, text: Option<&[u8]>) -> Span {
    let Some(text) = text else { return Span::NULL };
    let begin = bytes.len();
    bytes.extend_from_slice(text);
    Span::new(begin, text.len()).unwrap_or(Span::NULL)
}
