//! Charges as reading hands them on, many at a time, and who takes them.

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

/// One readable charge, but for its texts, which stand in its [`Charges`].
#[derive(Clone, Copy, Debug)]
pub struct Charge {
    pub place: RowPlace,
    /// Unknown ones are zero here and counted as unknown in the file's totals.
    pub costs: Costs,
    pub currency: Currency,
    /// UTC day of `ChargePeriodStart`.
    pub day: NaiveDate,
    /// Of `BillingPeriodStart`.
    pub month: Period,
}

/// A text of a [`TextColumn`]: where its bytes begin and how many they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    begin: u32,
    len: u32,
}

impl Span {
    /// Not even an empty text.
    pub const NULL: Self = Self { begin: 0, len: u32::MAX };

    /// `None` where a text would lie beyond what 32 bits can tell.
    #[must_use]
    pub fn new(begin: usize, len: usize) -> Option<Self> {
        let len = u32::try_from(len).ok().filter(|len| *len < u32::MAX)?;
        Some(Self { begin: u32::try_from(begin).ok()?, len })
    }

    #[inline]
    fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        if self == Self::NULL {
            return None;
        }
        let begin = self.begin as usize;
        bytes.get(begin..begin + self.len as usize)
    }
}

/// One wanted text of many charges.
#[derive(Clone, Copy, Debug)]
pub enum TextColumn<'a> {
    /// The same for all of them.
    Same(Option<&'a [u8]>),
    /// One of each, anywhere in `bytes`.
    Each { bytes: &'a [u8], spans: &'a [Span] },
}

impl<'a> TextColumn<'a> {
    #[inline]
    #[must_use]
    pub fn get(&self, charge: usize) -> Option<&'a [u8]> {
        match self {
            Self::Same(text) => *text,
            Self::Each { bytes, spans } => spans[charge].of(bytes),
        }
    }
}

/// Some charges of one file, in the order of its rows.
#[derive(Clone, Copy, Debug)]
pub struct Charges<'a> {
    pub file: FileId,
    pub charges: &'a [Charge],
    /// One per wanted text, in their order. UTF-8 is not proven.
    pub texts: &'a [TextColumn<'a>],
}

impl<'a> Charges<'a> {
    /// A wanted text of a charge; `None` where null.
    #[inline]
    #[must_use]
    pub fn text(&self, charge: usize, wanted: usize) -> Option<&'a [u8]> {
        self.texts[wanted].get(charge)
    }
}

/// A charge that cannot be taken: its row goes to quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Index of the wanted text at fault.
    pub text: usize,
    pub code: Code,
}

/// Takes charges. Each thread has its own; they are put together afterwards, so what they hold
/// must not depend on which charges came to which, nor on where one batch ends.
pub trait Sink: Send {
    /// Takes all of `charges` but those that it adds to `refused`, ascending by their index: their
    /// rows must go to quarantine, and nothing of them is then counted. A charge is refused for its
    /// texts alone.
    fn add(&mut self, charges: &Charges<'_>, refused: &mut Vec<(usize, Rejection)>);
}
