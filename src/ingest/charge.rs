//! A charge as reading hands it on, and who takes it.

use chrono::NaiveDate;

use crate::diagnostics::Code;
use crate::domain::{Column, Costs, Currency, Period};

use super::report::FileId;

/// A text that the taker of charges asks for. Costs, currency and dates come without asking.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WantedText {
    /// A FOCUS column after the column map. `Tags` comes as one JSON object, whatever its shape in
    /// the file.
    Column(Column),
    /// A column of the file by its header name, in any case.
    Custom(String),
}

/// Where a row stands while its number is not known yet, because blocks are read side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowPlace {
    pub block: u32,
    /// Within the block, from 0.
    pub record: u32,
}

/// One readable row.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    pub file: FileId,
    pub place: RowPlace,
    /// One per wanted text, in their order; `None` where null. UTF-8.
    pub texts: &'a [Option<&'a [u8]>],
    /// Unknown ones are zero here and counted as unknown in the file's totals.
    pub costs: Costs,
    pub currency: Currency,
    /// UTC day of `ChargePeriodStart`.
    pub day: NaiveDate,
    /// Of `BillingPeriodStart`.
    pub month: Period,
}

/// A charge that cannot be taken: the row goes to quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Index of the wanted text at fault.
    pub text: usize,
    pub code: Code,
}

/// Takes charges. Each thread has its own; they are put together afterwards, so what they hold
/// must not depend on which charges came to which.
pub trait Sink: Send {
    /// # Errors
    /// Where the charge must go to quarantine; nothing of it is then counted.
    fn add(&mut self, charge: &Charge<'_>) -> Result<(), Rejection>;
}
