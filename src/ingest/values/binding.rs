//! A column map meets the header of a file: where each column is found, or how it is made.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostics::{Finding, Place};
use crate::domain::{Column, CostMetric, Org};
use crate::rules::{
    Case, ColumnMap, ColumnSource, DateSpelling, DerivedFrom, Field, FurtherCharge, InputRef,
    MapColumn, NumberSpelling, PeriodEnd, TagShape,
};

use super::case_memo::CaseGroups;
use super::dates::DateReader;
use super::further::Further;
use super::header::Finder;
use super::recipe::{Recipe, TagPart};
use super::valuation::{Asked, Clock, DerivedCase, From, Input, Show, Term, TermKind, Valuation};
use crate::ingest::charge::WantedText;
use crate::ingest::tally::Part;

/// Where a value is found in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum Spot {
    At(usize),
    Constant(Arc<str>),
    /// Index of the cases that make it; only in files with a [`Recipe`].
    Derived(usize),
    Missing,
}

impl Spot {
    pub(in crate::ingest) fn index(&self) -> Option<usize> {
        match self {
            Self::At(index) => Some(*index),
            _ => None,
        }
    }
}

/// What the content of a file says beside its header.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ingest) struct Circumstances {
    /// The order of slashed dates, where the head of the file proves it.
    pub(in crate::ingest) order: Option<DateSpelling>,
    /// Columns lie within others.
    pub(in crate::ingest) is_nested: bool,
}

/// What tells whose invoice a row is on.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ingest) struct InvoiceTexts<T> {
    pub(in crate::ingest) invoice: T,
    pub(in crate::ingest) billing_account: T,
    pub(in crate::ingest) issuer: T,
    pub(in crate::ingest) provider: T,
}

impl InvoiceTexts<Column> {
    const COLUMNS: Self = Self {
        invoice: Column::InvoiceId,
        billing_account: Column::BillingAccountId,
        issuer: Column::InvoiceIssuerName,
        provider: Column::ProviderName,
    };
}

impl<T> InvoiceTexts<T> {
    pub(in crate::ingest) fn map<U>(self, mut of: impl FnMut(T) -> U) -> InvoiceTexts<U> {
        InvoiceTexts {
            invoice: of(self.invoice),
            billing_account: of(self.billing_account),
            issuer: of(self.issuer),
            provider: of(self.provider),
        }
    }
}

/// A file's header, understood.
#[derive(Clone, Debug)]
pub(in crate::ingest) struct Binding {
    pub(in crate::ingest) headers: Vec<String>,
    /// In the order of [`CostMetric::ALL`].
    pub(in crate::ingest) costs: [Spot; CostMetric::COUNT],
    pub(in crate::ingest) currency: Spot,
    pub(in crate::ingest) billing_start: Spot,
    pub(in crate::ingest) charge_start: Spot,
    /// One per wanted text.
    pub(in crate::ingest) texts: Vec<Spot>,
    pub(in crate::ingest) invoice_texts: InvoiceTexts<Option<usize>>,
    pub(super) null_words: Vec<String>,
    pub(in crate::ingest) version: Option<String>,
    /// Where rows must be valued rather than read; without it every column is read where it stands.
    pub(in crate::ingest) recipe: Option<Box<Recipe>>,
}

impl Binding {
    /// Finds every column; what is odd about the header comes back beside it.
    ///
    /// # Errors
    /// What makes the file unreadable: required columns missing, duplicate columns.
    pub(in crate::ingest) fn new(
        map: &ColumnMap,
        headers: Vec<String>,
        wanted: &[WantedText],
        given: Circumstances,
        path: &Arc<str>,
    ) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let finder = Finder { map, headers: &headers };
        let errors = finder.errors();
        if !errors.is_empty() {
            return Err(errors.into_iter().map(|e| e.at(Place::File(path.clone()))).collect());
        }
        let version = finder.version();
        let notes = finder.unknown_columns(wanted).into_iter();
        let notes = notes.chain(finder.absent_columns(version.as_deref()));
        let notes = notes.map(|note| note.at(Place::File(path.clone()))).collect();
        let mut binder = Binder::new(finder);
        let costs = CostMetric::ALL.map(|metric| binder.cost_spot(metric));
        let currency = binder.column(Column::BillingCurrency);
        let billing_start = binder.column(Column::BillingPeriodStart);
        let charge_start = binder.column(Column::ChargePeriodStart);
        let texts: Vec<Spot> = wanted.iter().map(|text| binder.text(text)).collect();
        let recipe = binder.recipe(wanted, &texts, given);
        let binding = Self {
            costs,
            currency,
            billing_start,
            charge_start,
            texts,
            invoice_texts: InvoiceTexts::COLUMNS
                .map(|column| wanted.iter().position(|text| *text == WantedText::Column(column))),
            null_words: map.null_words.clone(),
            version,
            recipe,
            headers,
        };
        Ok((binding, notes))
    }

    /// Whether the whole field means "no value".
    pub(in crate::ingest) fn is_null(&self, field: &[u8]) -> bool {
        field.is_empty() || self.null_words.iter().any(|word| word.as_bytes() == field)
    }

    /// The header name of a part of a row, else the name of the FOCUS column it stands for.
    pub(in crate::ingest) fn name_of(&self, part: Part) -> String {
        let header = |spot: &Spot, name: &str| match spot.index() {
            Some(index) => self.headers[index].clone(),
            None => name.to_owned(),
        };
        match part {
            Part::Cost(metric) => header(&self.costs[metric as usize], metric.name()),
            Part::FurtherCost(_, metric) => metric.name().to_owned(),
            Part::Currency => header(&self.currency, Column::BillingCurrency.name()),
            Part::BillingStart => header(&self.billing_start, Column::BillingPeriodStart.name()),
            Part::ChargeStart => header(&self.charge_start, Column::ChargePeriodStart.name()),
            Part::ChargeEnd => {
                let end = self.recipe.as_ref().map_or(&Spot::Missing, |recipe| &recipe.end.spot);
                header(end, Column::ChargePeriodEnd.name())
            }
            Part::Text(index) => {
                let name = self.recipe.as_ref().and_then(|recipe| recipe.name_of(index));
                header(&self.texts[index], name.unwrap_or(Column::Tags.name()))
            }
            Part::Field(index) => self.headers[index].clone(),
            Part::Record => String::new(),
        }
    }

    /// Columns of the file that hold money.
    pub(in crate::ingest) fn money_columns(&self) -> Vec<usize> {
        let terms = self.recipe.iter().flat_map(|recipe| &recipe.valuation.terms);
        let money = terms.filter(|term| term.is_money).filter_map(|term| match &term.kind {
            TermKind::Input(input) => input.position(),
            TermKind::List(..) => None,
        });
        let mut found: Vec<usize> =
            self.costs.iter().filter_map(Spot::index).chain(money).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Columns of the file that anything reads.
    pub(in crate::ingest) fn used_columns(&self) -> Vec<usize> {
        let roles = [&self.currency, &self.billing_start, &self.charge_start];
        let spots = self.costs.iter().chain(roles).chain(&self.texts);
        let mut used: Vec<usize> = spots.filter_map(Spot::index).collect();
        used.extend(self.recipe.iter().flat_map(|recipe| recipe.used_columns()));
        used.sort_unstable();
        used.dedup();
        used
    }
}

/// Whether a map reads amounts in a spelling of its own, or asks more of a row than its fields.
fn asks_of_rows(map: &ColumnMap) -> bool {
    let has_none = [map.exclusions.is_empty(), map.further.is_empty(), map.views.is_empty()];
    map.numbers != NumberSpelling::default()
        || map.spread.is_some()
        || !map.identity.is_empty()
        || has_none.contains(&false)
}

/// The column that a metric stands in.
fn column_of(metric: CostMetric) -> Column {
    match metric {
        CostMetric::BilledCost => Column::BilledCost,
        CostMetric::EffectiveCost => Column::EffectiveCost,
        CostMetric::ListCost => Column::ListCost,
        CostMetric::ContractedCost => Column::ContractedCost,
    }
}

/// Gathers what is derived while columns are found.
struct Binder<'a> {
    finder: Finder<'a>,
    derived: Vec<Vec<DerivedCase>>,
    known: HashMap<String, Spot>,
    terms: Vec<Term>,
}

impl<'a> Binder<'a> {
    fn new(finder: Finder<'a>) -> Self {
        Self { finder, derived: Vec::new(), known: HashMap::new(), terms: Vec::new() }
    }

    fn cost_spot(&mut self, metric: CostMetric) -> Spot {
        let spot = self.column(column_of(metric));
        self.note_money(&spot);
        spot
    }

    /// Marks what a cost is made of.
    fn note_money(&mut self, spot: &Spot) {
        match spot {
            Spot::At(at) => {
                self.term(TermKind::Input(Input::At(*at)), true);
            }
            Spot::Derived(derived) => self.mark_money(*derived),
            Spot::Constant(_) | Spot::Missing => {}
        }
    }

    /// Everything that a derived cost may be made of is money of the provider's.
    fn mark_money(&mut self, derived: usize) {
        let mut inputs = Vec::new();
        for case in &self.derived[derived] {
            match &case.from {
                From::Input(input) => inputs.push(input.clone()),
                From::Constant(_) => {}
                From::Sum { plus, minus, .. } => {
                    for term in plus.iter().chain(minus) {
                        self.terms[*term].is_money = true;
                    }
                }
            }
        }
        for input in inputs.into_iter().filter(|input| *input != Input::Missing) {
            self.term(TermKind::Input(input), true);
        }
    }

    fn column(&mut self, column: Column) -> Spot {
        let map = self.finder.map;
        map.columns.get(&column).map_or(Spot::Missing, |source| self.source(column.name(), source))
    }

    /// A column beside FOCUS: what the map makes of it, else the header of that name.
    fn custom(&mut self, name: &str) -> Spot {
        match self.finder.map.custom(name) {
            Some(source) => self.source(&name.to_lowercase(), source),
            None => self.finder.position(name).map_or(Spot::Missing, Spot::At),
        }
    }

    fn text(&mut self, text: &WantedText) -> Spot {
        match text {
            WantedText::Column(Column::Tags) => self.tags(),
            WantedText::Column(column) => self.column(*column),
            WantedText::Custom(name) => self.custom(name),
            WantedText::Identity => Spot::Missing,
        }
    }

    /// Where tags are one JSON object, they are read where they stand.
    fn tags(&mut self) -> Spot {
        match self.finder.map.tags.as_slice() {
            [] => self.column(Column::Tags),
            [only] if only.shape == TagShape::Json && only.strip.is_none() => {
                self.finder.first(&only.columns).map_or(Spot::Missing, Spot::At)
            }
            _ => Spot::Missing,
        }
    }

    fn source(&mut self, name: &str, source: &ColumnSource) -> Spot {
        match source {
            ColumnSource::Headers(names) => {
                self.finder.first(names).map_or(Spot::Missing, Spot::At)
            }
            ColumnSource::Constant(text) => Spot::Constant(text.as_str().into()),
            ColumnSource::Derived(cases) => {
                if let Some(spot) = self.known.get(name) {
                    return spot.clone();
                }
                let cases = cases.iter().map(|case| self.case(case)).collect();
                let spot = Spot::Derived(self.derived.len());
                self.derived.push(cases);
                self.known.insert(name.to_owned(), spot.clone());
                spot
            }
        }
    }

    fn case(&mut self, case: &Case) -> DerivedCase {
        let from = match &case.value.from {
            DerivedFrom::Input(refs) => From::Input(self.finder.input(refs)),
            DerivedFrom::Constant(text) => From::Constant(text.as_str().into()),
            DerivedFrom::Sum { plus, minus, is_complete } => {
                let mut bind = |terms: &[crate::rules::Term]| {
                    terms.iter().map(|term| self.summand(term)).collect::<Vec<_>>()
                };
                From::Sum { plus: bind(plus), minus: bind(minus), is_complete: *is_complete }
            }
        };
        let substitution = case.value.substitution.clone();
        DerivedCase { when: case.when.clone(), from, substitution }
    }

    fn summand(&mut self, term: &crate::rules::Term) -> usize {
        let kind = match term {
            crate::rules::Term::Input(refs) => TermKind::Input(self.finder.input(refs)),
            crate::rules::Term::List { list, field } => {
                TermKind::List(self.finder.input(list), field.clone())
            }
        };
        let missing = term.references().first().map(InputRef::header).unwrap_or_default();
        self.named_term(kind, missing, false)
    }

    /// The place of a term; the same one is read once.
    fn term(&mut self, kind: TermKind, is_money: bool) -> usize {
        self.named_term(kind, "", is_money)
    }

    /// `missing` names a term that the file does not have.
    fn named_term(&mut self, kind: TermKind, missing: &str, is_money: bool) -> usize {
        let header = |at: usize| self.finder.headers[at].as_str();
        let mut name = match kind.input() {
            Input::At(at) => header(*at).to_owned(),
            Input::Key(at, key) => format!("{}.{key}", header(*at)),
            Input::Missing => missing.to_owned(),
        };
        if let TermKind::List(_, field) = &kind {
            name = format!("{name}[].{field}");
        }
        let is_known = |known: &Term| known.kind == kind && known.name == name;
        if let Some(at) = self.terms.iter().position(is_known) {
            self.terms[at].is_money |= is_money;
            return at;
        }
        self.terms.push(Term { kind, name, is_money });
        self.terms.len() - 1
    }

    /// What a wanted or asked column is shown as.
    fn show(&self, column: Option<Column>, dates: &DateReader) -> Show {
        let is_last = self.finder.map.period_end == PeriodEnd::Inclusive;
        match column {
            Some(Column::BillingPeriodEnd) if is_last => Show::DayAfter(Clock::Calendar),
            Some(Column::ChargePeriodEnd) if is_last => Show::DayAfter(Clock::Zoned),
            Some(Column::BillingPeriodStart | Column::BillingPeriodEnd) if !dates.is_plain() => {
                Show::Day(Clock::Calendar)
            }
            Some(Column::ChargePeriodStart | Column::ChargePeriodEnd) if !dates.is_plain() => {
                Show::Day(Clock::Zoned)
            }
            _ => Show::AsIs,
        }
    }

    fn asked(&mut self, field: &Field, dates: &DateReader) -> Asked {
        let map = self.finder.map;
        let (spot, column) = match field {
            Field::Column(column) => (self.text(&WantedText::Column(*column)), Some(*column)),
            Field::Custom(name) => (self.custom(name), None),
            Field::Input(name) => {
                let refs = map.inputs.get(name).map(Vec::as_slice).unwrap_or_default();
                let input = self.finder.input(refs);
                let spot = match input {
                    Input::At(at) => Spot::At(at),
                    Input::Missing => Spot::Missing,
                    Input::Key(..) => {
                        let from = From::Input(input);
                        self.derived.push(vec![DerivedCase {
                            when: None,
                            from,
                            substitution: None,
                        }]);
                        Spot::Derived(self.derived.len() - 1)
                    }
                };
                (spot, None)
            }
            // The language offers nothing else to column maps.
            _ => (Spot::Missing, None),
        };
        Asked { spot, show: self.show(column, dates) }
    }

    fn further(&mut self, wanted: &[WantedText], dates: &DateReader) -> Vec<Further> {
        let charges = self.finder.map.further.iter();
        charges.map(|charge| self.further_charge(charge, wanted, dates)).collect()
    }

    /// A further charge of the rows; texts that are not wanted are left out.
    fn further_charge(
        &mut self,
        charge: &FurtherCharge,
        wanted: &[WantedText],
        dates: &DateReader,
    ) -> Further {
        let mut costs = CostMetric::ALL.map(|_| None);
        let mut texts = Vec::new();
        for (column, source) in &charge.columns {
            // Blanks stand in no name of a column, so that none is taken for the row's own.
            let spot = self.source(&format!("{} of {}", column.name(), charge.name), source);
            let metric = CostMetric::ALL
                .into_iter()
                .find(|metric| matches!(column, MapColumn::Focus(c) if *c == column_of(*metric)));
            if let Some(metric) = metric {
                self.note_money(&spot);
                costs[metric as usize] = Some(spot.clone());
            }
            let is_meant = |text: &WantedText| match (text, column) {
                (WantedText::Column(wanted), MapColumn::Focus(column)) => wanted == column,
                (WantedText::Custom(wanted), MapColumn::Custom(name)) => {
                    wanted.eq_ignore_ascii_case(name)
                }
                _ => false,
            };
            let shown = match column {
                MapColumn::Focus(column) => self.show(Some(*column), dates),
                MapColumn::Custom(_) => Show::AsIs,
            };
            let asked = Asked { spot, show: shown };
            let meant = wanted.iter().enumerate().filter(|(_, text)| is_meant(text));
            texts.extend(meant.map(|(index, _)| (index, asked.clone())));
        }
        // Whether the row stands for it is remembered as a case is.
        let from = From::Constant("1".into());
        let case = DerivedCase { when: charge.when.clone(), from, substitution: None };
        self.derived.push(vec![case]);
        Further { holds: self.derived.len() - 1, costs, texts }
    }

    fn tag_parts(&self) -> Vec<TagPart> {
        let map = self.finder.map;
        let mut parts = Vec::new();
        for tags in &map.tags {
            let strip = tags.strip.clone().unwrap_or_default();
            if let TagShape::Columns { prefix } = &tags.shape {
                let headers = self.finder.headers.iter().enumerate();
                let keyed = headers.filter_map(|(at, header)| {
                    let key = Finder::tag_key(header, prefix)?;
                    Some((key.strip_prefix(&strip).map(str::to_owned).unwrap_or(key), at))
                });
                parts.push(TagPart::Columns(keyed.collect()));
            } else if let Some(at) = self.finder.first(&tags.columns) {
                parts.push(match tags.shape {
                    TagShape::KeyValueList => TagPart::List { at, strip },
                    _ => TagPart::Object {
                        at,
                        strip,
                        may_lack_braces: tags.shape == TagShape::JsonWithoutBraces,
                    },
                });
            }
        }
        parts
    }

    /// How rows are valued; `None` where each column is read where it stands.
    fn recipe(
        mut self,
        wanted: &[WantedText],
        texts: &[Spot],
        given: Circumstances,
    ) -> Option<Box<Recipe>> {
        let map = self.finder.map;
        let dates = DateReader::new(&map.dates, given.order, map.zone);
        let asked: Vec<Asked> = map.fields.iter().map(|field| self.asked(field, &dates)).collect();
        let tags_are_made = match map.tags.as_slice() {
            [] => false,
            [only] => only.shape != TagShape::Json || only.strip.is_some(),
            _ => true,
        };
        let tags = wanted.iter().position(|text| *text == WantedText::Column(Column::Tags));
        let tags = tags.filter(|_| tags_are_made).map(|index| (index, self.tag_parts()));
        let end = Asked {
            spot: self.column(Column::ChargePeriodEnd),
            show: self.show(Some(Column::ChargePeriodEnd), &dates),
        };
        let shown: Vec<Asked> = wanted
            .iter()
            .zip(texts)
            .map(|(text, spot)| {
                let column = match text {
                    WantedText::Column(column) => Some(*column),
                    _ => None,
                };
                Asked { spot: spot.clone(), show: self.show(column, &dates) }
            })
            .collect();
        let further = self.further(wanted, &dates);
        let identity = map.identity.iter();
        let identity: Vec<_> =
            identity.map(|(name, refs)| (name.clone(), self.finder.input(refs))).collect();
        let is_plain = !given.is_nested
            && self.derived.is_empty()
            && dates.is_plain()
            && tags.is_none()
            && !asks_of_rows(map)
            && shown.iter().all(|asked| asked.show == Show::AsIs);
        (!is_plain).then(|| {
            let valuation = Valuation {
                groups: CaseGroups::new(&self.derived),
                derived: self.derived,
                terms: self.terms,
                asked,
                dates,
                numbers: map.numbers,
                null_words: map.null_words.clone(),
                org: Org::default(),
            };
            Box::new(Recipe {
                valuation,
                texts: shown,
                names: wanted.iter().map(WantedText::name).collect(),
                tags,
                identity,
                identity_text: wanted.iter().position(|text| *text == WantedText::Identity),
                exclusions: map.exclusions.clone(),
                further,
                spread: map.spread.clone(),
                views: map.views.clone(),
                end,
            })
        })
    }
}
