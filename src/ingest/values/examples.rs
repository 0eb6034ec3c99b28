//! The examples that column maps carry: a header with fields, and what they are to become. Each is a
//! file of one row that is read like any other.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Column, CostMetric};
use crate::rules::{
    ColumnMap, ColumnSource, Expectation, ExpectedTexts, InputRef, MapColumn, MapExample,
};

use super::binding::{Binding, Circumstances};
use super::dates::{ReadDay, utc_day, written_day};
use crate::ingest::charge::{Charge, Charges, Rejection, Sink, WantedText};
use crate::ingest::csv::blocks::Block;
use crate::ingest::csv::rows::{CsvFormat, look_at_head, read_block};
use crate::ingest::desk::{Desk, Tray};
use crate::ingest::quality::{self, Look};
use crate::ingest::report::FileId;
use crate::ingest::tally::Tally;

/// What a charge must have, for examples that are about something else.
const FILLED_IN: [(Column, &str); 6] = [
    (Column::BilledCost, "0"),
    (Column::EffectiveCost, "0"),
    (Column::BillingCurrency, "USD"),
    (Column::BillingPeriodStart, "2000-01-01"),
    (Column::ChargePeriodStart, "2000-01-01"),
    (Column::ChargeCategory, "Usage"),
];

/// Runs every example of a column map; what fails becomes a finding.
#[must_use]
pub fn run_map_examples(map: &ColumnMap) -> Vec<Finding> {
    let numbered = map.examples.iter().zip(1_u32..);
    let failed = numbered.flat_map(|(example, number)| {
        let place = Place::Text(example.span.clone());
        faults(map, example).into_iter().map(move |fault| (number, fault, place.clone()))
    });
    failed
        .map(|(number, fault, place)| {
            let text = format!("example {number} of the column map fails: {fault}");
            Finding::new(Code::RuleTestFailed, text).at(place)
        })
        .collect()
}

fn faults(map: &ColumnMap, example: &MapExample) -> Vec<String> {
    let wanted: Vec<WantedText> =
        named(&example.expect).into_iter().map(|column| wanted_text(&column)).collect();
    let read = match Reading::of(map, example, &wanted) {
        Ok(read) => read,
        Err(findings) => return findings.into_iter().map(|finding| finding.message).collect(),
    };
    let outcome = read.outcome();
    match &example.expect {
        Expectation::Quarantined(code) if outcome.is_quarantined(*code) => Vec::new(),
        Expectation::Quarantined(code) => {
            vec![format!("expected quarantine as {code}, found {}", outcome.shown())]
        }
        Expectation::Excluded(rule) if outcome.is_excluded(rule) => Vec::new(),
        Expectation::Excluded(rule) => {
            vec![format!("expected exclusion as `{rule}`, found {}", outcome.shown())]
        }
        Expectation::Columns(expected) => match read.charges.as_slice() {
            [charge, ..] => charge.faults(expected, &wanted, false),
            [] => vec![format!("expected a charge, found {}", outcome.shown())],
        },
        Expectation::Charges(expected) if expected.len() == read.charges.len() => {
            let both = expected.iter().zip(&read.charges).zip(1..);
            both.flat_map(|((expected, charge), number)| {
                let faults = charge.faults(expected, &wanted, true);
                faults.into_iter().map(move |fault| format!("charge {number}: {fault}"))
            })
            .collect()
        }
        Expectation::Charges(expected) => {
            vec![format!("expected {} charges, found {}", expected.len(), outcome.shown())]
        }
    }
}

/// The columns that an expectation speaks of.
fn named(expect: &Expectation) -> BTreeSet<MapColumn> {
    let columns = |texts: &ExpectedTexts| texts.iter().map(|(c, _)| c.clone()).collect::<Vec<_>>();
    match expect {
        Expectation::Columns(texts) => columns(texts).into_iter().collect(),
        Expectation::Charges(charges) => charges.iter().flat_map(columns).collect(),
        Expectation::Quarantined(_) | Expectation::Excluded(_) => BTreeSet::new(),
    }
}

fn wanted_text(column: &MapColumn) -> WantedText {
    match column {
        MapColumn::Focus(column) => WantedText::Column(*column),
        MapColumn::Custom(name) => WantedText::Custom(name.clone()),
    }
}

/// The map, with what the example need not say filled in: columns that it neither names nor gives
/// anything for.
fn filled_in(map: &ColumnMap, example: &MapExample) -> ColumnMap {
    let mut lenient = ColumnMap { required: Vec::new(), ..map.clone() };
    let named = named(&example.expect);
    let is_given =
        |name: &str| example.given.iter().any(|(header, _)| header.eq_ignore_ascii_case(name));
    for (column, text) in FILLED_IN {
        let Some(source) = map.columns.get(&column) else { continue };
        let refs = source.references();
        let mut names = refs.into_iter().map(InputRef::header);
        let has_any =
            names.any(&is_given) || source.headers().iter().any(|header| is_given(header));
        let is_constant = matches!(source, ColumnSource::Constant(_));
        if !has_any && !is_constant && !named.contains(&MapColumn::Focus(column)) {
            lenient.columns.insert(column, ColumnSource::Constant(text.to_owned()));
        }
    }
    lenient
}

/// What became of the row of an example.
#[derive(Default)]
struct Reading {
    charges: Vec<Taken>,
    tally: Tally,
}

/// A charge, and the texts that were wanted of it.
struct Taken {
    charge: Charge,
    texts: Vec<Option<String>>,
}

struct Collector(Vec<Taken>);

impl Sink for Collector {
    fn add(&mut self, charges: &Charges<'_>, _: &mut Vec<(usize, Rejection)>) {
        for (index, charge) in charges.charges.iter().enumerate() {
            let text = |wanted| charges.text(index, wanted);
            let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
            let texts = (0..charges.texts.len()).map(|wanted| text(wanted).map(shown)).collect();
            self.0.push(Taken { charge: charge.clone(), texts });
        }
    }
}

impl Reading {
    fn of(
        map: &ColumnMap,
        example: &MapExample,
        wanted: &[WantedText],
    ) -> Result<Self, Vec<Finding>> {
        let path: Arc<str> = map.path.as_str().into();
        let map = filled_in(map, example);
        let headers: Vec<String> = example.given.iter().map(|(header, _)| header.clone()).collect();
        let fields = example.given.iter().map(|(_, field)| field.replace('"', "\"\""));
        let row = fields.map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(",") + "\n";
        let mut look = Look::new(&map);
        let looked_at = quality::wanted(&map);
        let first = Circumstances::default();
        let (binding, _) = Binding::new(&map, headers.clone(), &looked_at, first, &path)?;
        look_at_head(binding, b',', row.as_bytes(), &mut look);
        let given = Circumstances { order: look.order(), ..first };
        let (binding, _) = Binding::new(&map, headers, wanted, given, &path)?;
        let format = CsvFormat { file: FileId(0), binding, delimiter: b',', cells: Vec::new() };
        let (mut tally, mut tray, mut sink) =
            (Tally::default(), Tray::default(), Collector(Vec::new()));
        let mut desk = Desk::open(format.job(), &mut tray, &mut tally, &mut sink);
        let records = read_block(&format, &Block::of(row.into_bytes(), b','), 0, &mut desk);
        desk.close(0, records);
        Ok(Self { charges: sink.0, tally })
    }

    fn outcome(&self) -> Outcome<'_> {
        Outcome { read: self }
    }
}

/// How the row ended.
struct Outcome<'a> {
    read: &'a Reading,
}

impl Outcome<'_> {
    fn is_quarantined(&self, code: Code) -> bool {
        self.read.tally.quarantine.iter().any(|(_, row)| row.code == code)
    }

    fn is_excluded(&self, rule: &str) -> bool {
        self.read.tally.excluded.contains_key(rule)
    }

    fn shown(&self) -> String {
        if let Some((_, row)) = self.read.tally.quarantine.first() {
            return format!("quarantine as {}: {} is `{}`", row.code, row.column, row.text);
        }
        if let Some(rule) = self.read.tally.excluded.keys().next() {
            return format!("exclusion as `{rule}`");
        }
        match self.read.charges.len() {
            1 => "a charge".to_owned(),
            charges => format!("{charges} charges"),
        }
    }
}

impl Taken {
    fn faults(
        &self,
        expected: &ExpectedTexts,
        wanted: &[WantedText],
        is_share: bool,
    ) -> Vec<String> {
        let mut faults = Vec::new();
        for (column, text) in expected {
            let found = self.value(column, wanted, is_share);
            let (text, found) = (plain(column, text.clone()), plain(column, found));
            if text != found {
                let show = |value: &Option<String>| {
                    value.as_ref().map_or("no value".to_owned(), |text| format!("`{text}`"))
                };
                let name = match column {
                    MapColumn::Focus(column) => column.name(),
                    MapColumn::Custom(name) => name,
                };
                faults.push(format!("expected {name} {}, found {}", show(&text), show(&found)));
            }
        }
        faults
    }

    fn value(&self, column: &MapColumn, wanted: &[WantedText], is_share: bool) -> Option<String> {
        let metric = CostMetric::ALL
            .into_iter()
            .find(|metric| matches!(column, MapColumn::Focus(c) if c.name() == metric.name()));
        if let Some(metric) = metric {
            let known = !self.charge.unknown.has(metric);
            return known.then(|| self.charge.costs.get(metric).to_string());
        }
        match column {
            MapColumn::Focus(Column::BillingPeriodStart) if is_share => {
                Some(self.charge.month.first().to_string())
            }
            MapColumn::Focus(Column::ChargePeriodStart) if is_share => {
                Some(self.charge.day.to_string())
            }
            _ => {
                let text = wanted_text(column);
                let index = wanted.iter().position(|known| *known == text)?;
                self.texts[index].clone()
            }
        }
    }
}

/// Spellings that mean the same: days with and without a time, JSON with and without blanks, and
/// an object without tags.
fn plain(column: &MapColumn, text: Option<String>) -> Option<String> {
    let text = text?;
    let day =
        |text: String, read: ReadDay| read(text.as_bytes()).map_or(text, |day| day.to_string());
    match column {
        MapColumn::Focus(Column::BillingPeriodStart | Column::BillingPeriodEnd) => {
            Some(day(text, written_day))
        }
        MapColumn::Focus(Column::ChargePeriodStart | Column::ChargePeriodEnd) => {
            Some(day(text, utc_day))
        }
        MapColumn::Focus(Column::Tags | Column::AllocatedTags) => {
            match serde_json::from_str::<serde_json::Value>(&text) {
                Ok(serde_json::Value::Object(tags)) if tags.is_empty() => None,
                Ok(tags) => Some(tags.to_string()),
                Err(_) => Some(text),
            }
        }
        _ => Some(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::run_manifest_examples;
    use crate::rules::shipped;

    #[test]
    fn the_examples_of_all_shipped_maps_hold() {
        for name in shipped::column_map_names() {
            let (path, text) = shipped::column_map(name).unwrap();
            let map = ColumnMap::parse(path, text).unwrap();
            assert_eq!(run_map_examples(&map), [], "{name}");
            assert_eq!(run_manifest_examples(&map, path), [], "{name}");
        }
    }

    #[test]
    fn the_examples_of_the_reference_hold() {
        let reference = include_str!("../../../docs/rules.md");
        let maps = reference.split("```yaml column-map\n").skip(1);
        let texts: Vec<&str> = maps.filter_map(|text| text.split("\n```").next()).collect();
        assert!(!texts.is_empty());
        for text in texts {
            let map = ColumnMap::parse("docs/rules.md", text).unwrap();
            assert_eq!(run_map_examples(&map), []);
        }
    }
}
