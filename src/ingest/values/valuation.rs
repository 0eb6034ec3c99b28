//! What a column map derives: cases, sums, keys of objects, other spellings, row by row.
//!
//! ```text
//! Valuation           the derivations of a map, bound to the columns of one file
//!   Derived           the cases of one column
//!   Input             a field, or a key of an object in one
//!   Term              what sums add up, read once per row
//! RowValues           one row, of which conditions ask
//! ```
//!
//! Knows neither CSV nor Parquet: a row is anything that has [`Fields`]. A file whose map derives
//! nothing is never brought here; its columns are read where they stand.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use chrono::{Days, NaiveDate};

use crate::diagnostics::Code;
use crate::domain::{Amount, AmountError, Org};
use crate::rules::{Condition, FieldId, NumberSpelling, Substitution, Values};

use super::binding::Spot;
use super::case_memo::{CaseGroups, CaseMemo};
use super::dates::DateReader;
use super::numbers;
use crate::ingest::json::literal::Literal;

/// The fields of one row, by their position in the header.
pub(in crate::ingest) trait Fields {
    /// The field as text; `None` where the file has null.
    fn text(&self, at: usize) -> Option<Cow<'_, [u8]>>;
    /// The amount of a field that the file keeps as a number; `None` where it is text.
    fn number(&self, at: usize) -> Option<Result<Option<Amount>, AmountError>>;
    fn day(&self, at: usize) -> DayField;
}

/// The day of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum DayField {
    /// The file keeps it as text.
    Text,
    /// The file keeps it as a point in time.
    Day(NaiveDate),
    /// As a point in time that is null, or beyond all days of bills.
    Unknown,
}

/// What is wrong with a value that has no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct Fault(pub(in crate::ingest) Code);

/// A field, or a key of an object in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Input {
    At(usize),
    Key(usize, String),
    /// The file has none of the headers.
    Missing,
}

impl Input {
    pub(in crate::ingest) fn position(&self) -> Option<usize> {
        match self {
            Self::At(at) | Self::Key(at, _) => Some(*at),
            Self::Missing => None,
        }
    }
}

/// One way in which a column comes about.
#[derive(Clone, Debug)]
pub(in crate::ingest) struct DerivedCase {
    pub(in crate::ingest) when: Option<Condition>,
    pub(in crate::ingest) from: From,
    pub(super) substitution: Option<Substitution>,
}

#[derive(Clone, Debug)]
pub(in crate::ingest) enum From {
    Input(Input),
    Constant(Arc<str>),
    /// Positions in [`Valuation::terms`].
    Sum {
        plus: Vec<usize>,
        minus: Vec<usize>,
        is_complete: bool,
    },
}

/// What a sum adds up, or a cost reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct Term {
    pub(in crate::ingest) kind: TermKind,
    /// The header, with the field of a list behind it.
    pub(in crate::ingest) name: String,
    /// Whether a cost is made of it, so that its total is told.
    pub(in crate::ingest) is_money: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum TermKind {
    Input(Input),
    /// A list of objects, and the field of them that is summed.
    List(Input, String),
}

impl TermKind {
    pub(in crate::ingest) fn input(&self) -> &Input {
        match self {
            Self::Input(input) | Self::List(input, _) => input,
        }
    }
}

/// How the text of a column is handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Show {
    AsIs,
    /// A day, as `2026-10-03`.
    Day(Clock),
    /// The last day that is in, as the first day that is out.
    DayAfter(Clock),
}

/// By which clock a time without a zone is a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Clock {
    /// That of the zone which the map declares.
    Zoned,
    /// The day as it stands: billing periods are months of the provider's calendar.
    Calendar,
}

/// What conditions or sinks ask of a row.
#[derive(Clone, Debug)]
pub(in crate::ingest) struct Asked {
    pub(in crate::ingest) spot: Spot,
    pub(in crate::ingest) show: Show,
}

pub(in crate::ingest) type Read = Result<Option<Amount>, AmountError>;

/// The derivations of a map, bound to one file.
#[derive(Clone, Debug)]
pub(in crate::ingest) struct Valuation {
    /// Cases by [`Spot::Derived`].
    pub(in crate::ingest) derived: Vec<Vec<DerivedCase>>,
    pub(in crate::ingest) groups: CaseGroups,
    pub(in crate::ingest) terms: Vec<Term>,
    /// One per field that the map's conditions ask.
    pub(in crate::ingest) asked: Vec<Asked>,
    pub(in crate::ingest) dates: DateReader,
    pub(in crate::ingest) numbers: NumberSpelling,
    pub(super) null_words: Vec<String>,
    pub(in crate::ingest) org: Org,
}

impl Valuation {
    pub(in crate::ingest) fn is_null(&self, field: &[u8]) -> bool {
        field.is_empty() || self.null_words.iter().any(|word| word.as_bytes() == field)
    }

    /// Reads all terms of a row.
    pub(super) fn read_terms(&self, fields: &impl Fields, into: &mut Vec<Read>) {
        into.clear();
        into.extend(self.terms.iter().map(|term| match &term.kind {
            TermKind::Input(input) => self.input_amount(input, fields),
            TermKind::List(list, field) => self.list_amount(list, field, fields),
        }));
    }

    fn input_amount(&self, input: &Input, fields: &impl Fields) -> Read {
        if let Input::At(at) = input
            && let Some(number) = fields.number(*at)
        {
            return number;
        }
        let text = self.input_text(input, fields).map_err(|_| AmountError::NotANumber)?;
        text.map(|text| numbers::amount(&text, self.numbers)).transpose()
    }

    /// The sum of one field of the objects in a list; `None` where the list is empty. An object
    /// without the field would be missing from the sum.
    fn list_amount(&self, list: &Input, field: &str, fields: &impl Fields) -> Read {
        let text = self.input_text(list, fields).map_err(|_| AmountError::NotANumber)?;
        let Some(text) = text.filter(|text| text.trim_ascii() != b"[]") else { return Ok(None) };
        let text = std::str::from_utf8(&text).map_err(|_| AmountError::NotANumber)?;
        let items = match Literal::parse(text).map_err(|_| AmountError::NotANumber)? {
            Literal::Null => return Ok(None),
            Literal::List(items) => items,
            _ => return Err(AmountError::NotANumber),
        };
        let mut sum = None;
        for item in &items {
            // Money under two spellings of one name is money that may be counted half.
            let entry = item.get_of_one_case(field).map_err(|_| AmountError::NotANumber)?;
            let amount = match entry {
                Some(Literal::Word(number)) => Amount::parse(number.as_bytes())?,
                Some(Literal::Text(text)) => numbers::amount(text.as_bytes(), self.numbers)?,
                _ => return Err(AmountError::NotANumber),
            };
            sum = Some(add(sum, amount)?);
        }
        Ok(sum)
    }

    /// The text of an input; `None` where null.
    pub(super) fn input_text<'f>(
        &self,
        input: &Input,
        fields: &'f impl Fields,
    ) -> Result<Option<Cow<'f, [u8]>>, Fault> {
        let field = |at: usize| fields.text(at).filter(|text| !self.is_null(text));
        match input {
            Input::Missing => Ok(None),
            Input::At(at) => Ok(field(*at)),
            Input::Key(at, key) => {
                let Some(object) = field(*at) else { return Ok(None) };
                let broken = Fault(Code::BadTags);
                let text = std::str::from_utf8(&object).map_err(|_| Fault(Code::BadText))?;
                let object = Literal::parse(text).map_err(|_| broken)?;
                if !matches!(object, Literal::Object(_) | Literal::Null) {
                    return Err(broken);
                }
                let value = object.get(key).map_err(|_| broken)?.and_then(Literal::to_text);
                let value = value.filter(|value| !self.is_null(value.as_bytes()));
                Ok(value.map(|value| Cow::Owned(value.into_owned().into_bytes())))
            }
        }
    }
}

fn add(sum: Option<Amount>, amount: Amount) -> Result<Amount, AmountError> {
    match sum {
        None => Ok(amount),
        Some(sum) => sum.checked_add(amount).ok_or(AmountError::TooLarge),
    }
}

/// One row while it is valued: what conditions ask of it, and what becomes of its columns.
pub(super) struct RowValues<'r, F> {
    pub(in crate::ingest) valuation: &'r Valuation,
    pub(in crate::ingest) fields: &'r F,
    pub(in crate::ingest) terms: &'r [Read],
    /// One per field that conditions ask: texts that do not lie in the row as they are.
    pub(in crate::ingest) cells: &'r [OnceCell<Option<String>>],
    pub(super) memo: &'r CaseMemo,
}

impl<F: Fields> RowValues<'_, F> {
    /// The case that holds of the row.
    fn case(&self, derived: usize) -> Option<&DerivedCase> {
        let cases = self.valuation.derived.get(derived)?;
        if let [only] = cases.as_slice()
            && only.when.is_none()
        {
            return Some(only);
        }
        let holds = |case: &DerivedCase| case.when.as_ref().is_none_or(|when| when.holds(self));
        let found = self.memo.case(
            &self.valuation.groups,
            derived,
            |field, tuple| self.write_asked(field, tuple),
            || cases.iter().position(holds),
        );
        found.map(|case| &cases[case])
    }

    /// Whether one of the cases of a derived column holds.
    pub(super) fn holds(&self, derived: usize) -> bool {
        self.case(derived).is_some()
    }

    /// Appends what conditions see of a field, so that no two texts look alike.
    fn write_asked(&self, field: usize, tuple: &mut Vec<u8>) {
        let asked = self.valuation.asked.get(field);
        match asked.and_then(|asked| self.shown(asked).ok().flatten()) {
            Some(text) => {
                tuple.push(1);
                tuple.extend_from_slice(&text);
            }
            None => tuple.push(0),
        }
    }

    /// The text of a column; `None` where it has no value.
    pub(in crate::ingest) fn text<'a>(
        &'a self,
        spot: &'a Spot,
    ) -> Result<Option<Cow<'a, [u8]>>, Fault> {
        let valuation = self.valuation;
        let found = match spot {
            Spot::Missing => None,
            Spot::Constant(text) => Some(Cow::Borrowed(text.as_bytes())),
            Spot::At(at) => self.fields.text(*at),
            Spot::Derived(derived) => match self.case(*derived) {
                None => None,
                Some(case) => self.case_text(case)?,
            },
        };
        Ok(found.filter(|text| !valuation.is_null(text)))
    }

    fn case_text<'a>(&'a self, case: &'a DerivedCase) -> Result<Option<Cow<'a, [u8]>>, Fault> {
        let found = match &case.from {
            From::Input(input) => self.valuation.input_text(input, self.fields)?,
            From::Constant(text) => Some(Cow::Borrowed(text.as_bytes())),
            From::Sum { plus, minus, is_complete } => {
                let sum =
                    self.sum(plus, minus, *is_complete).map_err(|_| Fault(Code::BadAmount))?;
                sum.map(|sum| Cow::Owned(sum.to_string().into_bytes()))
            }
        };
        let (Some(text), Some(other)) = (&found, &case.substitution) else { return Ok(found) };
        let spelling = std::str::from_utf8(text).map_err(|_| Fault(Code::BadText))?;
        match other.replace(spelling) {
            Some(replaced) => Ok(replaced.map(|text| Cow::Borrowed(text.as_bytes()))),
            None => Ok(found),
        }
    }

    /// The amount of a column; `None` where it has no value.
    pub(in crate::ingest) fn amount(&self, spot: &Spot) -> Read {
        let case = match spot {
            Spot::Missing => return Ok(None),
            Spot::Constant(text) => return Amount::parse(text.as_bytes()).map(Some),
            Spot::At(at) => return self.valuation.input_amount(&Input::At(*at), self.fields),
            Spot::Derived(derived) => self.case(*derived),
        };
        let Some(case) = case else { return Ok(None) };
        match &case.from {
            From::Sum { plus, minus, is_complete } if case.substitution.is_none() => {
                self.sum(plus, minus, *is_complete)
            }
            From::Constant(text) => Amount::parse(text.as_bytes()).map(Some),
            From::Input(input) if case.substitution.is_none() => {
                self.valuation.input_amount(input, self.fields)
            }
            _ => {
                let text = self.case_text(case).map_err(|_| AmountError::NotANumber)?;
                text.map(|text| numbers::amount(&text, self.valuation.numbers)).transpose()
            }
        }
    }

    /// Terms without a value count nothing; where all are without, or one where all are needed, so
    /// is the sum.
    fn sum(&self, plus: &[usize], minus: &[usize], is_complete: bool) -> Read {
        let mut sum = None;
        for (terms, is_minus) in [(plus, false), (minus, true)] {
            for term in terms {
                match self.terms[*term]? {
                    Some(amount) => {
                        sum = Some(add(sum, if is_minus { -amount } else { amount })?);
                    }
                    None if is_complete => return Ok(None),
                    None => {}
                }
            }
        }
        Ok(sum)
    }

    /// The day of a column; `None` where it has none, or what is none.
    pub(in crate::ingest) fn day(&self, spot: &Spot, clock: Clock) -> Option<NaiveDate> {
        if let Spot::At(at) = spot {
            match self.fields.day(*at) {
                DayField::Day(day) => return Some(day),
                DayField::Unknown => return None,
                DayField::Text => {}
            }
        }
        let text = self.text(spot).ok().flatten()?;
        match clock {
            Clock::Zoned => self.valuation.dates.day(&text),
            Clock::Calendar => self.valuation.dates.billing_day(&text),
        }
    }

    /// The text of what is asked, days in the one spelling that rules know.
    pub(in crate::ingest) fn shown<'a>(
        &'a self,
        asked: &'a Asked,
    ) -> Result<Option<Cow<'a, [u8]>>, Fault> {
        let day = match asked.show {
            Show::AsIs => return self.text(&asked.spot),
            Show::Day(clock) => self.day(&asked.spot, clock),
            Show::DayAfter(clock) => {
                self.day(&asked.spot, clock).and_then(|day| day.checked_add_days(Days::new(1)))
            }
        };
        match day {
            Some(day) => Ok(Some(Cow::Owned(day.to_string().into_bytes()))),
            None => self.text(&asked.spot),
        }
    }

    /// The input at fault where a value cannot be made, or the first of those that are null; and its
    /// name, where it is a term.
    pub(super) fn culprit(&self, spot: &Spot) -> Option<(&Input, Option<&str>)> {
        let Spot::Derived(derived) = spot else { return None };
        let terms = &self.valuation.terms;
        match &self.case(*derived)?.from {
            From::Constant(_) | From::Input(Input::Missing) => None,
            From::Input(input) => {
                let term = terms.iter().find(|term| term.kind.input() == input);
                Some((input, term.map(|term| term.name.as_str())))
            }
            From::Sum { plus, minus, .. } => {
                let all = || plus.iter().chain(minus).copied();
                let broken = all().find(|term| self.terms[*term].is_err());
                let null = || all().find(|term| self.terms[*term] == Ok(None));
                let term = &terms[broken.or_else(null).or_else(|| all().next())?];
                Some((term.kind.input(), Some(term.name.as_str())))
            }
        }
    }
}

impl<F: Fields> Values for RowValues<'_, F> {
    fn value(&self, field: FieldId) -> Option<&str> {
        let index = usize::from(field.0);
        let asked = self.valuation.asked.get(index)?;
        let found = self.shown(asked).ok().flatten();
        // What lies in the row is lent; only what had to be made is kept.
        match found? {
            Cow::Borrowed(text) => std::str::from_utf8(text).ok(),
            Cow::Owned(text) => {
                let made = || String::from_utf8(text).ok();
                self.cells.get(index)?.get_or_init(made).as_deref()
            }
        }
    }

    fn day(&self) -> NaiveDate {
        NaiveDate::default()
    }

    fn org(&self) -> &Org {
        &self.valuation.org
    }
}
