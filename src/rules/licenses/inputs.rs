//! One entry of `inputs`: tables of one kind, and how their columns become our fields.

use std::collections::BTreeMap;

use crate::diagnostics::{Code, Span};
use crate::domain::Currency;
use crate::rules::column_map::{DateSpelling, NumberSpelling};
use crate::rules::decode::{
    Mapping, choice, date, entries, is_identifier, parsed, text, word, words,
};
use crate::rules::node::{Key, Kind, Node};
use crate::rules::project::read_patterns;
use crate::rules::read_delivery::is_pattern;
use crate::rules::read_map::spelling::{self, dates, numbers};
use crate::rules::shape::{KeyShape, Shape, key, needed, words_of};
use crate::rules::sink::Sink;
use crate::rules::workbook::{LAST_ROW, SheetPlace, read_place};

use super::fields::{FieldType, InputField, InputKind};
use super::formats;

/// Tables of licenses that are read alike.
#[derive(Clone, Debug)]
pub struct InputDecl {
    pub name: String,
    pub span: Span,
    pub kind: InputKind,
    /// Patterns of files, which may hold placeholders of the month as those of sources do.
    pub files: Vec<(String, Span)>,
    pub place: SheetPlace,
    /// Where each field comes from; a field that is not among them is not known.
    pub columns: Vec<InputColumn>,
    pub spelling: CellSpelling,
    pub currency: Option<Currency>,
    pub unit: Option<String>,
    /// The day that rows tell of which do not say it themselves.
    pub snapshot: Option<chrono::NaiveDate>,
    pub end: EndDay,
    pub prices: PricePer,
    /// Headers that are known and not needed.
    pub ignored: Vec<String>,
    pub on_invalid: OnBadRow,
}

/// Where a field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputColumn {
    pub field: String,
    pub kind: FieldType,
    pub from: ColumnFrom,
    /// What a blank cell means.
    pub or: Option<String>,
    /// Their words in lower case → ours.
    pub values: BTreeMap<String, String>,
    /// What stands between several values of a cell.
    pub split: Option<String>,
    /// Whether the project names it, so that it must be there.
    pub is_own: bool,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnFrom {
    /// The first of these headers that the table has.
    Headers(Vec<String>),
    /// Several columns, one behind the other.
    Joined(Vec<String>, String),
    /// The latest day of several columns.
    Latest(Vec<String>),
    /// No column: the same for all rows.
    Constant,
}

/// How cells are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellSpelling {
    pub numbers: NumberSpelling,
    pub dates: Vec<DateSpelling>,
    /// What is written where nothing is known, whatever the case.
    pub nulls: Vec<String>,
    /// What is written for a right without a number.
    pub unlimited: Vec<String>,
}

/// What an end day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndDay {
    /// The last day on which it holds.
    LastDay,
    /// The first day on which it does not.
    FirstDayOut,
}

/// What prices of entitlements are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PricePer {
    Unit,
    Pack,
}

/// What becomes of a row that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBadRow {
    /// Nothing is read.
    Refuse,
    /// The row is listed, and what it is about is not known.
    Quarantine,
}

const KINDS: fn() -> Vec<&'static str> = || InputKind::ALL.map(InputKind::name).to_vec();
const ENDS: &[(&str, EndDay)] =
    &[("last_day", EndDay::LastDay), ("first_day_out", EndDay::FirstDayOut)];
const PRICES: &[(&str, PricePer)] = &[("unit", PricePer::Unit), ("pack", PricePer::Pack)];
const BAD_ROWS: &[(&str, OnBadRow)] =
    &[("error", OnBadRow::Refuse), ("quarantine", OnBadRow::Quarantine)];
/// Types of further fields.
const TYPES: &[(&str, FieldType)] = &[
    ("text", FieldType::Text),
    ("number", FieldType::Number),
    ("day", FieldType::Day),
    ("time", FieldType::Time),
    ("truth", FieldType::Truth),
];

pub(super) const INPUT_KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    needed("kind", Shape::Choice(KINDS)),
    needed("files", Shape::Texts),
    key("format", Shape::Text),
    key("sheet", Shape::Text),
    key("header_row", Shape::Whole(LAST_ROW)),
    key("snapshot", Shape::Day),
    key("on_invalid", Shape::Choice(|| words_of(BAD_ROWS))),
    key("columns", COLUMNS),
    key("numbers", Shape::Map(spelling::NUMBER_KEYS)),
    key("dates", spelling::DATE_WORDS),
    key("nulls", Shape::Texts),
    key("unlimited", Shape::Texts),
    key("currency", Shape::Text),
    key("unit", Shape::Text),
    key("end", Shape::Choice(|| words_of(ENDS))),
    key("prices", Shape::Choice(|| words_of(PRICES))),
    key("ignored", Shape::Texts),
];
/// Of a table of a format.
pub(super) const TABLE_KEYS: &[KeyShape] = &[
    key("columns", COLUMNS),
    key("numbers", Shape::Map(spelling::NUMBER_KEYS)),
    key("dates", spelling::DATE_WORDS),
    key("nulls", Shape::Texts),
    key("unlimited", Shape::Texts),
    key("currency", Shape::Text),
    key("unit", Shape::Text),
    key("end", Shape::Choice(|| words_of(ENDS))),
    key("prices", Shape::Choice(|| words_of(PRICES))),
    key("ignored", Shape::Texts),
];
const COLUMNS: Shape = Shape::Named(&Shape::Either(&[Shape::Texts, Shape::Map(COLUMN_KEYS)]));
const COLUMN_KEYS: &[KeyShape] = &[
    key("header", Shape::Texts),
    key("join", Shape::Texts),
    key("by", Shape::Text),
    key("latest", Shape::Texts),
    key("value", Shape::Text),
    key("values", Shape::Named(&Shape::Text)),
    key("split", Shape::Text),
    key("type", Shape::Choice(|| words_of(TYPES))),
];

/// What a table says of itself, or a format of its tables.
#[derive(Clone, Debug, Default)]
pub(super) struct TableShape {
    columns: Vec<InputColumn>,
    numbers: Option<NumberSpelling>,
    dates: Option<Vec<DateSpelling>>,
    nulls: Option<Vec<String>>,
    unlimited: Option<Vec<String>>,
    currency: Option<Currency>,
    unit: Option<String>,
    end: Option<EndDay>,
    prices: Option<PricePer>,
    ignored: Vec<String>,
}

impl TableShape {
    /// Puts what a project declares before what is known of the format.
    fn under(mut self, own: Self) -> Self {
        let declared = |field: &str| own.columns.iter().any(|column| column.field == field);
        self.columns.retain(|column| !declared(&column.field));
        self.columns.extend(own.columns);
        self.ignored.extend(own.ignored);
        Self {
            columns: self.columns,
            numbers: own.numbers.or(self.numbers),
            dates: own.dates.or(self.dates),
            nulls: own.nulls.or(self.nulls),
            unlimited: own.unlimited.or(self.unlimited),
            currency: own.currency.or(self.currency),
            unit: own.unit.or(self.unit),
            end: own.end.or(self.end),
            prices: own.prices.or(self.prices),
            ignored: self.ignored,
        }
    }

    pub(super) fn into_decl(self, name: Key, kind: InputKind) -> InputDecl {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        InputDecl {
            name: name.text,
            span: name.span,
            kind,
            files: Vec::new(),
            place: SheetPlace::default(),
            columns: self.columns,
            spelling: CellSpelling {
                numbers: self.numbers.unwrap_or_default(),
                dates: self.dates.unwrap_or_else(|| vec![DateSpelling::Iso]),
                nulls: self.nulls.unwrap_or_default(),
                unlimited: self.unlimited.unwrap_or_else(|| owned(&["unlimited"])),
            },
            currency: self.currency,
            unit: self.unit,
            snapshot: None,
            end: self.end.unwrap_or(EndDay::LastDay),
            prices: self.prices.unwrap_or(PricePer::Unit),
            ignored: self.ignored,
            on_invalid: OnBadRow::Refuse,
        }
    }
}

pub(super) fn read_input(node: &Node, sink: &mut Sink) -> Option<InputDecl> {
    let map = Mapping::read(node, "an entry of `inputs`", INPUT_KEYS, sink)?;
    let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
    let name = name.filter(|name| is_identifier(name, "the name of an input", true, sink));
    let kind = map.need("kind", sink).and_then(|node| read_kind(node, sink));
    let files =
        map.need("files", sink).and_then(|node| read_patterns(node, "`files`", is_pattern, sink));
    let snapshot = map.get("snapshot").and_then(|node| date(node, "`snapshot`", sink));
    let on_invalid =
        map.get("on_invalid").and_then(|node| choice(node, "answer to bad rows", BAD_ROWS, sink));
    let place = read_place(&map, sink);
    let kind = kind?;
    let format = match map.get("format") {
        Some(node) => formats::read_format_name(node, kind, sink),
        None => formats::shape_of(formats::TEMPLATE, kind),
    };
    let own = read_shape(&map, kind, true, sink);
    let shape = format?.under(own?);
    let known = shape.columns.iter().map(|column| column.field.as_str());
    let missing = missing_fields(kind, known);
    for field in &missing {
        let message = format!("nothing tells the field `{field}` of {}", kind.name());
        let help = "name its header, or a `value`, under `columns`";
        sink.report_with_help(Code::MissingKey, map.span, message, help);
    }
    let mut decl = shape.into_decl(name?, kind);
    decl.files = files?;
    decl.place = place;
    decl.snapshot = snapshot;
    decl.on_invalid = on_invalid.unwrap_or(OnBadRow::Refuse);
    missing.is_empty().then_some(decl)
}

fn missing_fields<'a>(kind: InputKind, known: impl Iterator<Item = &'a str>) -> Vec<&'static str> {
    let known: Vec<&str> = known.collect();
    let needed = kind.fields().iter().filter(|field| field.is_needed);
    needed.map(|field| field.name).filter(|name| !known.contains(name)).collect()
}

pub(super) fn read_kind(node: &Node, sink: &mut Sink) -> Option<InputKind> {
    choice(node, "kind of input", &InputKind::ALL.map(|kind| (kind.name(), kind)), sink)
}

/// What stands under the keys of [`TABLE_KEYS`].
pub(super) fn read_shape(
    map: &Mapping<'_>,
    kind: InputKind,
    is_own: bool,
    sink: &mut Sink,
) -> Option<TableShape> {
    let before = sink.count();
    let columns = map.get("columns").and_then(|node| read_columns(node, kind, is_own, sink));
    let texts = |key: &str, sink: &mut Sink| {
        let found = words(map.get(key)?, &format!("`{key}`"), sink)?;
        Some(found.into_iter().map(|word| word.text).collect::<Vec<String>>())
    };
    let shape = TableShape {
        columns: columns.unwrap_or_default(),
        numbers: map.get("numbers").and_then(|node| numbers(node, sink)),
        dates: map.get("dates").map(|node| dates(Some(node), sink)),
        nulls: texts("nulls", sink),
        unlimited: texts("unlimited", sink),
        currency: map.get("currency").and_then(|node| parsed(node, "`currency`", sink)),
        unit: map.get("unit").and_then(|node| Some(text(node, "`unit`", sink)?.to_owned())),
        end: map.get("end").and_then(|node| choice(node, "meaning of an end", ENDS, sink)),
        prices: map.get("prices").and_then(|node| choice(node, "basis of prices", PRICES, sink)),
        ignored: texts("ignored", sink).unwrap_or_default(),
    };
    (sink.count() == before).then_some(shape)
}

fn read_columns(
    node: &Node,
    kind: InputKind,
    is_own: bool,
    sink: &mut Sink,
) -> Option<Vec<InputColumn>> {
    let entries = entries(node, "`columns`", sink)?;
    let mut found = Vec::new();
    for (name, node) in entries {
        let field = kind.field(&name.text);
        let is_further = name.text.len() > 2 && name.text.starts_with("x_");
        if field.is_none() && !is_further {
            let message = format!("{} have no field `{}`", kind.name(), name.text);
            let known: Vec<&str> = kind.fields().iter().map(|field| field.name).collect();
            sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
            continue;
        }
        if is_further && !is_identifier(name, "the name of a further field", false, sink) {
            continue;
        }
        found.extend(read_column(name, node, field, is_own, sink));
    }
    (found.len() == entries.len()).then_some(found)
}

fn read_column(
    name: &Key,
    node: &Node,
    field: Option<&InputField>,
    is_own: bool,
    sink: &mut Sink,
) -> Option<InputColumn> {
    let mut column = InputColumn {
        field: name.text.clone(),
        kind: field.map_or(FieldType::Text, |field| field.kind),
        from: ColumnFrom::Constant,
        or: None,
        values: BTreeMap::new(),
        split: None,
        is_own,
        span: name.span.clone(),
    };
    if !matches!(node.kind, Kind::Map(_)) {
        column.from = ColumnFrom::Headers(headers(node, sink)?);
        return Some(column);
    }
    let map = Mapping::read(node, "a column", COLUMN_KEYS, sink)?;
    let before = sink.count();
    if let Some(node) = map.get("type") {
        if field.is_some() {
            let message = format!("the type of `{}` is known", name.text);
            sink.report(Code::InvalidValue, &node.span, message);
        } else {
            column.kind = choice(node, "type of a field", TYPES, sink)?;
        }
    }
    column.from = read_from(&map, column.kind, sink)?;
    column.or = map.get("value").and_then(|node| our_word(node, column.kind, sink));
    if let Some(node) = map.get("values") {
        column.values = read_values(node, column.kind, sink);
    }
    if let Some(node) = map.get("split") {
        let is_list = matches!(column.kind, FieldType::Texts | FieldType::Words(_));
        if !is_list && name.text != "product" {
            let message = format!("`{}` is a single value, which is not split", name.text);
            sink.report(Code::InvalidValue, &node.span, message);
        }
        column.split = text(node, "`split`", sink).map(str::to_owned);
    }
    (sink.count() == before).then_some(column)
}

fn headers(node: &Node, sink: &mut Sink) -> Option<Vec<String>> {
    Some(words(node, "a header", sink)?.into_iter().map(|header| header.text).collect())
}

fn read_from(map: &Mapping<'_>, kind: FieldType, sink: &mut Sink) -> Option<ColumnFrom> {
    const WAYS: [&str; 3] = ["header", "join", "latest"];
    let mut declared = WAYS.into_iter().filter(|key| map.key_span(key).is_some());
    let first = declared.next();
    if let Some((key, span)) = declared.next().and_then(|key| Some((key, map.key_span(key)?))) {
        let message =
            format!("a column has one of `header`, `join` and `latest`; `{key}` is a second");
        sink.report(Code::InvalidValue, span, message);
        return None;
    }
    let Some(first) = first else {
        let has_value = map.need("value", sink).is_some();
        return has_value.then_some(ColumnFrom::Constant);
    };
    let names = headers(map.get(first)?, sink)?;
    Some(match first {
        "header" => ColumnFrom::Headers(names),
        "join" => {
            let by = map.get("by").and_then(|node| text(node, "`by`", sink));
            ColumnFrom::Joined(names, by.unwrap_or(" ").to_owned())
        }
        _ if !matches!(kind, FieldType::Day | FieldType::End | FieldType::Time) => {
            let span = map.key_span(first)?;
            sink.report(Code::InvalidValue, span, "only days have a latest one");
            return None;
        }
        _ => ColumnFrom::Latest(names),
    })
}

/// A value of ours, which must be one of the field's words where it has some.
fn our_word(node: &Node, kind: FieldType, sink: &mut Sink) -> Option<String> {
    let found = text(node, "a value", sink)?;
    if let FieldType::Word(known) | FieldType::Words(known) = kind
        && !known.contains(&found)
    {
        let message = format!("`{found}` is no word of the field");
        sink.report_unknown(Code::InvalidValue, &node.span, message, found, known);
        return None;
    }
    Some(found.to_owned())
}

fn read_values(node: &Node, kind: FieldType, sink: &mut Sink) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (theirs, node) in entries(node, "`values`", sink).unwrap_or_default() {
        let Some(ours) = our_word(node, kind, sink) else { continue };
        if values.insert(theirs.text.trim().to_lowercase(), ours).is_some() {
            let message = format!("`{}` stands twice, but for its case", theirs.text);
            sink.report(Code::DuplicateName, &theirs.span, message);
        }
    }
    values
}
