//! How the rows of a file are valued whose columns are not all read where they stand.
//!
//! Order: a row's terms are read first, once each; then it is excluded or its texts, costs and days
//! are made; what cannot be made is told with the header and the text at fault.

use std::borrow::Cow;
use std::cell::OnceCell;

use chrono::NaiveDate;

use crate::diagnostics::Code;
use crate::domain::CostMetric;
use crate::rules::{Exclusion, Spread, View};

use super::binding::{Binding, Spot};
use super::case_memo::CaseMemo;
use super::further::{self, Further};
use super::valuation::{
    Asked, Clock, Fault, Fields, From, Input, Read, RowValues, Show, Valuation,
};
use crate::ingest::charge::{RowPlace, Sink};
use crate::ingest::desk::Desk;
use crate::ingest::json::literal::{Literal, write_string};
use crate::ingest::tally::{Part, Row, Source};

/// What makes up the tags of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum TagPart {
    /// A JSON object in a field.
    Object { at: usize, strip: String, may_lack_braces: bool },
    /// A list of objects with `key` and `value`.
    List { at: usize, strip: String },
    /// A column per key.
    Columns(Vec<(String, usize)>),
}

/// How to value the rows of one file.
#[derive(Clone, Debug)]
pub(in crate::ingest) struct Recipe {
    pub(in crate::ingest) valuation: Valuation,
    /// One per wanted text.
    pub(in crate::ingest) texts: Vec<Asked>,
    /// One per wanted text: its name, for complaints.
    pub(in crate::ingest) names: Vec<String>,
    /// Index of the wanted text that is the tags, and what they are made of.
    pub(in crate::ingest) tags: Option<(usize, Vec<TagPart>)>,
    /// What names a row, under the names that it is shown by.
    pub(in crate::ingest) identity: Vec<(String, Input)>,
    /// Index of the wanted text that is the identity.
    pub(super) identity_text: Option<usize>,
    pub(super) exclusions: Vec<Exclusion>,
    /// Charges that rows stand for beside their own.
    pub(super) further: Vec<Further>,
    pub(in crate::ingest) spread: Option<Spread>,
    pub(super) views: Vec<View>,
    /// `ChargePeriodEnd`, as the first day that is out.
    pub(in crate::ingest) end: Asked,
}

/// What is known of a row beside its fields.
#[derive(Clone, Copy, Debug)]
pub(in crate::ingest) struct Given {
    pub(in crate::ingest) place: RowPlace,
    /// A field that is read and holds no value but an error, as cells of sheets can.
    pub(in crate::ingest) broken: Option<usize>,
}

/// What valuing needs from row to row, so that it is not made anew.
#[derive(Default)]
pub(in crate::ingest) struct Scratch {
    bytes: Vec<u8>,
    spans: Vec<Option<(usize, usize)>>,
    terms: Vec<Read>,
    cells: Vec<OnceCell<Option<String>>>,
    keys: Vec<String>,
    memo: CaseMemo,
}

impl Recipe {
    /// The name of a wanted text.
    pub(in crate::ingest) fn name_of(&self, text: usize) -> Option<&str> {
        self.names.get(text).map(String::as_str)
    }

    /// Columns of the file that anything reads.
    pub(in crate::ingest) fn used_columns(&self) -> Vec<usize> {
        let terms = self.valuation.terms.iter().map(|term| term.kind.input());
        let cases = self.valuation.derived.iter().flatten();
        let cases = cases.filter_map(|case| match &case.from {
            From::Input(input) => Some(input),
            _ => None,
        });
        let inputs = terms.chain(cases).chain(self.identity.iter().map(|(_, input)| input));
        let mut used: Vec<usize> = inputs.filter_map(Input::position).collect();
        let further = self.further.iter().flat_map(|charge| &charge.texts);
        let asked = self.valuation.asked.iter().chain(&self.texts).chain([&self.end]);
        let asked = asked.chain(further.map(|(_, asked)| asked));
        used.extend(asked.filter_map(|asked| asked.spot.index()));
        for part in self.tags.iter().flat_map(|(_, parts)| parts) {
            match part {
                TagPart::Object { at, .. } | TagPart::List { at, .. } => used.push(*at),
                TagPart::Columns(columns) => used.extend(columns.iter().map(|(_, at)| *at)),
            }
        }
        used
    }

    /// Values a row and brings it to the desk.
    pub(in crate::ingest) fn serve<F: Fields, S: Sink>(
        &self,
        binding: &Binding,
        fields: &F,
        given: Given,
        scratch: &mut Scratch,
        desk: &mut Desk<'_, S>,
    ) {
        let Scratch { bytes, spans, terms, cells, keys, memo } = scratch;
        memo.begin(&self.valuation.groups);
        self.begin(fields, bytes, spans, terms, cells);
        let values = RowValues { valuation: &self.valuation, fields, terms, cells, memo };
        if let Some(rule) = self.exclusions.iter().find(|rule| rule.when.holds(&values)) {
            return desk.exclude(&rule.name);
        }
        for (index, view) in self.views.iter().enumerate() {
            if !desk.has_view(index) && view.when.holds(&values) {
                desk.view(index);
            }
        }
        let mut fault = self.write_texts(&values, bytes, spans, keys);
        let currency = values.text(&binding.currency).ok().flatten();
        let end = match &self.spread {
            Some(spread) if spread.when.as_ref().is_none_or(|when| when.holds(&values)) => {
                let end = self.end_day(&values).unwrap_or_else(|Fault(code)| {
                    fault = fault.or(Some((Part::ChargeEnd, code)));
                    None
                });
                end.map(|end| (spread.by, end))
            }
            _ => None,
        };
        let begin = bytes.len();
        self.write_identity(&values, bytes);
        let identity = (begin < bytes.len()).then_some((begin, bytes.len()));
        let costs = CostMetric::ALL.map(|metric| values.amount(&binding.costs[metric as usize]));
        let (beside, odd) = further::make(&self.further, &values, &costs, spans, bytes);
        fault = fault.or(odd);
        let texts: Vec<Option<&[u8]>> =
            spans.iter().map(|span| span.map(|(from, to)| &bytes[from..to])).collect();
        let beside = beside.charges(bytes);
        let row = Row {
            costs,
            currency: currency.as_deref(),
            billing_day: values.day(&binding.billing_start, Clock::Calendar),
            charge_day: values.day(&binding.charge_start, Clock::Zoned),
            texts: &texts,
            beside: &beside,
            fault,
            spread: end,
            terms,
            identity: identity.map(|(from, to)| &bytes[from..to]),
            ..Row::unknown(given.place)
        };
        let served = Served { binding, recipe: self, values: &values, texts: &texts };
        match given.broken {
            Some(at) => desk.refuse(&row, Part::Field(at), Code::BadCell, &served),
            None => desk.take(&row, &served),
        }
    }

    /// The texts of a row, for a look at it.
    pub(in crate::ingest) fn texts_of<F: Fields>(
        &self,
        fields: &F,
        scratch: &mut Scratch,
    ) -> Vec<Option<String>> {
        let Scratch { bytes, spans, terms, cells, keys, memo } = scratch;
        memo.begin(&self.valuation.groups);
        self.begin(fields, bytes, spans, terms, cells);
        let values = RowValues { valuation: &self.valuation, fields, terms, cells, memo };
        self.write_texts(&values, bytes, spans, keys);
        let text = |(from, to): (usize, usize)| String::from_utf8(bytes[from..to].to_vec()).ok();
        spans.iter().map(|span| span.and_then(text)).collect()
    }

    fn begin(
        &self,
        fields: &impl Fields,
        bytes: &mut Vec<u8>,
        spans: &mut Vec<Option<(usize, usize)>>,
        terms: &mut Vec<Read>,
        cells: &mut Vec<OnceCell<Option<String>>>,
    ) {
        bytes.clear();
        spans.clear();
        cells.clear();
        cells.resize_with(self.valuation.asked.len(), OnceCell::new);
        self.valuation.read_terms(fields, terms);
    }

    /// Writes all wanted texts one behind the other; tells the first that cannot be made.
    fn write_texts<F: Fields>(
        &self,
        values: &RowValues<'_, F>,
        bytes: &mut Vec<u8>,
        spans: &mut Vec<Option<(usize, usize)>>,
        keys: &mut Vec<String>,
    ) -> Option<(Part, Code)> {
        let mut fault = None;
        for (index, asked) in self.texts.iter().enumerate() {
            let begin = bytes.len();
            let written = match &self.tags {
                Some((tags, parts)) if *tags == index => {
                    write_tags(parts, values, keys, bytes).map(|()| true)
                }
                _ if self.identity_text == Some(index) => {
                    self.write_identity(values, bytes);
                    Ok(!self.identity.is_empty())
                }
                _ => values.shown(asked).map(|text| {
                    text.as_deref().map(|text| bytes.extend_from_slice(text)).is_some()
                }),
            };
            match written {
                Ok(is_there) => spans.push(is_there.then_some((begin, bytes.len()))),
                Err(Fault(code)) => {
                    spans.push(None);
                    fault = fault.or(Some((Part::Text(index), code)));
                }
            }
        }
        fault
    }

    /// The first day that is out; an end that is there must be a day.
    fn end_day<F: Fields>(&self, values: &RowValues<'_, F>) -> Result<Option<NaiveDate>, Fault> {
        let day = values.day(&self.end.spot, Clock::Zoned);
        if day.is_none() && values.text(&self.end.spot)?.is_some() {
            return Err(Fault(Code::BadDate));
        }
        let after = matches!(self.end.show, Show::DayAfter(_));
        Ok(day.and_then(|day| if after { day.succ_opt() } else { Some(day) }))
    }

    /// Appends what names the row, as `name=value; name=value`.
    fn write_identity<F: Fields>(&self, values: &RowValues<'_, F>, bytes: &mut Vec<u8>) {
        for (index, (name, input)) in self.identity.iter().enumerate() {
            if index > 0 {
                bytes.extend_from_slice(b"; ");
            }
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(b'=');
            if let Ok(Some(text)) = self.valuation.input_text(input, values.fields) {
                bytes.extend_from_slice(&text);
            }
        }
    }
}

/// Appends the tags as one JSON object. Of a key that several parts have, the first part's holds.
fn write_tags<F: Fields>(
    parts: &[TagPart],
    values: &RowValues<'_, F>,
    keys: &mut Vec<String>,
    bytes: &mut Vec<u8>,
) -> Result<(), Fault> {
    keys.clear();
    bytes.push(b'{');
    let mut writer = TagWriter { begin: bytes.len(), bytes, keys, earlier: 0 };
    for part in parts {
        writer.earlier = writer.keys.len();
        writer.part(part, parts.len() > 1, values)?;
    }
    bytes.push(b'}');
    Ok(())
}

struct TagWriter<'a> {
    bytes: &'a mut Vec<u8>,
    begin: usize,
    keys: &'a mut Vec<String>,
    /// So many of the keys are of earlier parts.
    earlier: usize,
}

impl TagWriter<'_> {
    fn part<F: Fields>(
        &mut self,
        part: &TagPart,
        is_one_of_many: bool,
        values: &RowValues<'_, F>,
    ) -> Result<(), Fault> {
        let broken = Fault(Code::BadTags);
        let field = |at: usize| values.valuation.input_text(&Input::At(at), values.fields);
        match part {
            TagPart::Columns(columns) => {
                for (key, at) in columns {
                    if let Some(value) = field(*at)? {
                        let value =
                            std::str::from_utf8(&value).map_err(|_| Fault(Code::BadText))?;
                        self.tag(key, value, is_one_of_many);
                    }
                }
            }
            TagPart::Object { at, strip, may_lack_braces } => {
                let Some(text) = field(*at)? else { return Ok(()) };
                let text = std::str::from_utf8(&text).map_err(|_| Fault(Code::BadText))?;
                let text = if *may_lack_braces && !text.trim_start().starts_with('{') {
                    Cow::Owned(format!("{{{text}}}"))
                } else {
                    Cow::Borrowed(text)
                };
                let entries = match Literal::parse(&text).map_err(|_| broken)? {
                    Literal::Object(entries) => entries,
                    Literal::Null => return Ok(()),
                    _ => return Err(broken),
                };
                for (key, value) in &entries {
                    self.stripped(key, value, strip, is_one_of_many);
                }
            }
            TagPart::List { at, strip } => {
                let Some(text) = field(*at)? else { return Ok(()) };
                let text = std::str::from_utf8(&text).map_err(|_| Fault(Code::BadText))?;
                let items = match Literal::parse(text).map_err(|_| broken)? {
                    Literal::List(items) => items,
                    Literal::Null => return Ok(()),
                    _ => return Err(broken),
                };
                for item in &items {
                    let of = |name: &str| item.get(name).map_err(|_| broken);
                    let key = of("key")?.and_then(Literal::to_text).ok_or(broken)?;
                    let value = of("value")?.unwrap_or(&Literal::Null);
                    self.stripped(&key, value, strip, is_one_of_many);
                }
            }
        }
        Ok(())
    }

    fn stripped(&mut self, key: &str, value: &Literal<'_>, strip: &str, is_one_of_many: bool) {
        let key = key.trim_start().strip_prefix(strip).unwrap_or(key);
        if let Some(value) = value.to_text() {
            self.tag(key, &value, is_one_of_many);
        }
    }

    fn tag(&mut self, key: &str, value: &str, is_one_of_many: bool) {
        let key = key.trim();
        if is_one_of_many {
            if self.keys[..self.earlier].iter().any(|known| known == key) {
                return;
            }
            self.keys.push(key.to_owned());
        }
        if self.bytes.len() > self.begin {
            self.bytes.push(b',');
        }
        write_string(key, self.bytes);
        self.bytes.push(b':');
        write_string(value, self.bytes);
    }
}

/// A valued row, for complaints about it.
struct Served<'a, F> {
    binding: &'a Binding,
    recipe: &'a Recipe,
    values: &'a RowValues<'a, F>,
    texts: &'a [Option<&'a [u8]>],
}

impl<F: Fields> Served<'_, F> {
    fn spot(&self, part: Part) -> Option<&Spot> {
        Some(match part {
            Part::Cost(metric) => &self.binding.costs[metric as usize],
            Part::FurtherCost(charge, metric) => {
                self.recipe.further.get(charge)?.costs[metric as usize].as_ref()?
            }
            Part::Currency => &self.binding.currency,
            Part::BillingStart => &self.binding.billing_start,
            Part::ChargeStart => &self.binding.charge_start,
            Part::ChargeEnd => &self.recipe.end.spot,
            Part::Text(index) => &self.binding.texts[index],
            Part::Field(_) | Part::Record => return None,
        })
    }

    /// The field that holds broken tags.
    fn tag_field(&self, part: Part) -> Option<usize> {
        let (index, parts) = self.recipe.tags.as_ref()?;
        parts.iter().filter(|_| part == Part::Text(*index)).find_map(|part| match part {
            TagPart::Object { at, .. } | TagPart::List { at, .. } => Some(*at),
            TagPart::Columns(_) => None,
        })
    }
}

impl<F: Fields> Source for Served<'_, F> {
    fn name(&self, part: Part) -> String {
        if let Some(at) = self.tag_field(part) {
            return self.binding.headers[at].clone();
        }
        match self.spot(part).and_then(|spot| self.values.culprit(spot)) {
            Some((_, Some(name))) => name.to_owned(),
            Some((input, None)) => match input.position() {
                Some(at) => self.binding.headers[at].clone(),
                None => self.binding.name_of(part),
            },
            None => self.binding.name_of(part),
        }
    }

    fn text(&self, part: Part) -> Vec<u8> {
        let field = |at: usize| self.values.fields.text(at).map(Cow::into_owned);
        if let Some(at) = self.tag_field(part) {
            return field(at).unwrap_or_default();
        }
        if let Part::Field(at) = part {
            return field(at).unwrap_or_default();
        }
        let Some(spot) = self.spot(part) else { return Vec::new() };
        if let Some((input, _)) = self.values.culprit(spot) {
            return input.position().and_then(field).unwrap_or_default();
        }
        let text = match (spot, part) {
            (Spot::At(at), _) => field(*at),
            (_, Part::Text(index)) => self.texts[index].map(<[u8]>::to_vec),
            _ => self.values.text(spot).ok().flatten().map(Cow::into_owned),
        };
        text.unwrap_or_default()
    }

    fn identity(&self) -> Vec<u8> {
        let mut identity = Vec::new();
        self.recipe.write_identity(self.values, &mut identity);
        identity
    }
}
