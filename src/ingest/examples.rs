//! The examples that column maps carry: a header with fields, and what they are to become.

use std::sync::Arc;

use crate::diagnostics::{Code, Finding, Place};
use crate::domain::{Amount, Column, CostMetric};
use crate::rules::{ColumnMap, Expectation, MapColumn, MapExample};

use super::binding::{Binding, Spot};
use super::charge::WantedText;
use super::tags_json;

/// Runs every example of a column map; what fails becomes a finding.
#[must_use]
pub fn run_map_examples(map: &ColumnMap, path: &str) -> Vec<Finding> {
    let path: Arc<str> = path.into();
    let numbered = map.examples.iter().zip(1_u32..);
    let failed = numbered.flat_map(|(example, number)| {
        faults(map, example, &path).into_iter().map(move |fault| (number, fault))
    });
    failed
        .map(|(number, fault)| {
            Finding::new(
                Code::RuleTestFailed,
                format!("example {number} of the column map fails: {fault}"),
            )
            .at(Place::File(path.clone()))
        })
        .collect()
}

fn faults(map: &ColumnMap, example: &MapExample, path: &Arc<str>) -> Vec<String> {
    let Expectation::Columns(expected) = &example.expect else {
        return vec!["such an expectation cannot be checked yet".to_owned()];
    };
    let focus = |column: &MapColumn| match column {
        MapColumn::Focus(column) => Some(*column),
        MapColumn::Custom(_) => None,
    };
    let expected: Vec<_> =
        expected.iter().filter_map(|(c, text)| Some((focus(c)?, text.clone()))).collect();
    let wanted: Vec<WantedText> =
        expected.iter().map(|(column, _)| WantedText::Column(*column)).collect();
    let headers = example.given.iter().map(|(header, _)| header.clone()).collect();
    // An example shows what it is about and may leave out what every file must have.
    let lenient = ColumnMap { required: Vec::new(), ..map.clone() };
    let binding = match Binding::new(&lenient, headers, &wanted, path) {
        Ok((binding, _)) => binding,
        Err(findings) => return findings.into_iter().map(|finding| finding.message).collect(),
    };
    let mut faults = Vec::new();
    for (index, (column, expected)) in expected.iter().enumerate() {
        let found = value(&binding, example, index, *column);
        if found != *expected {
            let show = |value: &Option<String>| {
                value.as_ref().map_or("no value".to_owned(), |text| format!("`{text}`"))
            };
            faults.push(format!("expected {column} {}, found {}", show(expected), show(&found)));
        }
    }
    faults
}

fn value(binding: &Binding, example: &MapExample, index: usize, column: Column) -> Option<String> {
    let given = |at: usize| example.given[at].1.as_str();
    if let Some((tags, columns)) = binding.tag_columns.as_ref().filter(|(tags, _)| *tags == index) {
        debug_assert_eq!(*tags, index);
        let mut text = Vec::new();
        let values = columns.iter().map(|(key, at)| (key.as_str(), given(*at)));
        tags_json::write(values.filter(|(_, v)| !binding.is_null(v.as_bytes())), &mut text);
        return String::from_utf8(text).ok();
    }
    let text = match &binding.texts[index] {
        Spot::At(at) => given(*at),
        Spot::Constant(text) => text,
        Spot::Missing => return None,
    };
    if binding.is_null(text.as_bytes()) {
        return None;
    }
    if binding.braceless_tags == Some(index) {
        return Some(format!("{{{text}}}"));
    }
    let is_cost = CostMetric::ALL.iter().any(|metric| metric.name() == column.name());
    match Amount::parse(text.as_bytes()) {
        Ok(amount) if is_cost => Some(amount.to_string()),
        Err(error) if is_cost => Some(format!("not an amount: {error}")),
        _ => Some(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::shipped;

    #[test]
    fn the_examples_of_all_shipped_maps_hold() {
        for name in shipped::column_map_names() {
            let (path, text) = shipped::column_map(name).unwrap();
            let map = ColumnMap::parse(path, text).unwrap();
            assert_eq!(run_map_examples(&map, path), [], "{name}");
        }
    }
}
