//! Charges as reading hands them on, many at a time, and who takes them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::NaiveDate;

use crate::diagnostics::Code;
use crate::domain::{Column, Currency, MetricSet, PackedCosts, Period};

use super::report::FileId;

/// A text that the taker of charges asks for. Costs, currency and dates come without asking.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WantedText {
    /// A FOCUS column after the column map. `Tags` comes as one JSON object, whatever its shape in
    /// the file.
    Column(Column),
    /// A column beside FOCUS that the map makes, else one of the file by its header name, in any
    /// case.
    Custom(String),
    /// What names the row by its column map, as `name=value; name=value`.
    Identity,
}

impl WantedText {
    /// The name that complaints give it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Column(column) => column.name().to_owned(),
            Self::Custom(name) => name.clone(),
            Self::Identity => "identity".to_owned(),
        }
    }
}

/// Where a row stands while its number is not known yet, because blocks are read side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowPlace {
    pub block: u32,
    /// Within the block, from 0.
    pub record: u32,
}

/// One readable charge, but for its texts, which stand in its [`Charges`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub place: RowPlace,
    /// Unknown ones are zero here.
    pub costs: PackedCosts,
    pub unknown: MetricSet,
    pub currency: Currency,
    /// UTC day of `ChargePeriodStart`.
    pub day: NaiveDate,
    /// Of `BillingPeriodStart`; of a share of a row that is spread, the month of the share.
    pub month: Period,
    /// 1, or 0 for a share of a row that counts in another month.
    pub rows: u32,
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
    pub(super) fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        if self == Self::NULL {
            return None;
        }
        let begin = self.begin as usize;
        bytes.get(begin..begin + self.len as usize)
    }
}

/// The code of no text in a [`TextColumn::Coded`].
pub const NO_WORD: u32 = u32::MAX;

/// Texts that charges refer to by number: the dictionary of a column.
#[derive(Debug)]
pub struct Words {
    id: u64,
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Words {
    /// Keeps `texts` in their order. `None` where they are too long to be kept.
    #[must_use]
    pub fn new<'t>(texts: impl Iterator<Item = Option<&'t [u8]>>) -> Option<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut words =
            Self { id: NEXT.fetch_add(1, Ordering::Relaxed), bytes: Vec::new(), spans: Vec::new() };
        for text in texts {
            let span = match text {
                None => Span::NULL,
                Some(text) => {
                    let span = Span::new(words.bytes.len(), text.len())?;
                    words.bytes.extend_from_slice(text);
                    span
                }
            };
            words.spans.push(span);
        }
        Some(words)
    }

    /// Different for any two: who remembers something of all words remembers it by this.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// All words by their codes, from 0.
    pub fn iter(&self) -> impl Iterator<Item = Option<&[u8]>> {
        self.spans.iter().map(|span| span.of(&self.bytes))
    }

    #[inline]
    #[must_use]
    pub fn get(&self, code: u32) -> Option<&[u8]> {
        self.spans.get(code as usize).and_then(|span| span.of(&self.bytes))
    }
}

/// Texts wherever a reader has them: looked up when they are asked for, and many never are.
pub trait Texts: fmt::Debug {
    /// The text of a charge of the batch; `None` where null.
    fn text(&self, charge: usize) -> Option<&[u8]>;
}

/// One wanted text of many charges.
#[derive(Clone, Copy, Debug)]
pub enum TextColumn<'a> {
    /// The same for all of them.
    Same(Option<&'a [u8]>),
    /// One of each, anywhere in `bytes`.
    Each { bytes: &'a [u8], spans: &'a [Span] },
    /// One of each, anywhere.
    Lying(&'a dyn Texts),
    /// One of each by its code; [`NO_WORD`] is no text.
    Coded { words: &'a Words, codes: &'a [u32] },
}

impl<'a> TextColumn<'a> {
    #[inline]
    #[must_use]
    pub fn get(&self, charge: usize) -> Option<&'a [u8]> {
        match self {
            Self::Same(text) => *text,
            Self::Each { bytes, spans } => spans[charge].of(bytes),
            Self::Lying(texts) => texts.text(charge),
            Self::Coded { words, codes } => words.get(codes[charge]),
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

    /// Told before the first charge: the sink of the first thread, for what all of them share.
    fn join(&mut self, _first: &Self)
    where
        Self: Sized,
    {
    }
}
