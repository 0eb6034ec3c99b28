//! The examples that rules carry: each is a charge, and what is to become of it.

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Place, Span};
use crate::domain::{Column, Org};
use crate::ingest::{MetadataTable, WantedText};
use crate::rules::{Expected, Field, RuleId, RuleSet, RuleTest};
use crate::tags::{Dimensions, Resolved};

use super::classify::{Decision, classify};
use super::plan::change_days;

/// An example that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleRun {
    pub span: Span,
    /// Fields and their texts.
    pub given: Vec<(String, String)>,
    /// The day that it was decided as of; `None` where nothing ever changes and none is given.
    pub day: Option<NaiveDate>,
    pub expected: String,
    /// What came out; empty where the example could not be run.
    pub found: String,
    /// What is wrong; empty where the example holds.
    pub faults: Vec<String>,
    pub help: Option<&'static str>,
}

impl ExampleRun {
    #[must_use]
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }

    /// What is wrong with the example; `None` where it holds.
    #[must_use]
    pub fn finding(&self) -> Option<Finding> {
        if self.holds() {
            return None;
        }
        let faults = self.faults.join("; ");
        let text = match self.day {
            _ if self.found.is_empty() => faults,
            Some(day) => format!("the example fails as of {day}: {faults}"),
            None => format!("the example fails: {faults}"),
        };
        let finding = Finding::new(Code::RuleTestFailed, text).at(Place::Text(self.span.clone()));
        Some(match self.help {
            Some(help) => finding.help(help),
            None => finding,
        })
    }
}

/// Runs every example of the rules. Without a charge date of its own, an example is dated by the
/// last day on which anything changes, so that it speaks of what holds from then on and no clock
/// decides whether it does.
#[must_use]
pub fn run_examples(rules: &RuleSet, org: &Org, metadata: &[MetadataTable]) -> Vec<ExampleRun> {
    let latest = change_days(rules, org, metadata).last().copied().unwrap_or_default();
    let dimensions = Dimensions::new(rules, metadata, &[]);
    rules.tests.iter().map(|test| run(test, rules, org, &dimensions, latest)).collect()
}

fn run(
    test: &RuleTest,
    rules: &RuleSet,
    org: &Org,
    dimensions: &Dimensions<'_>,
    latest: NaiveDate,
) -> ExampleRun {
    let shown = test
        .given
        .iter()
        .filter_map(|(field, text)| Some((rules.field_name(rules.field_id(field)?), text.clone())));
    let mut outcome = ExampleRun {
        span: test.span.clone(),
        given: shown.collect(),
        day: None,
        expected: expectations(test, rules),
        found: String::new(),
        faults: Vec::new(),
        help: None,
    };
    let given = |field: &Field| {
        test.given.iter().find(|(known, _)| known == field).map(|(_, text)| text.as_str())
    };
    let tags = tags_of(test);
    let texts: Vec<Option<&str>> = dimensions
        .wanted()
        .iter()
        .map(|wanted| match wanted {
            WantedText::Column(Column::Tags) => tags.as_deref(),
            WantedText::Column(Column::ProviderName) => {
                given(&Field::Column(Column::ProviderName)).or_else(|| given(&Field::Provider))
            }
            WantedText::Column(column) => given(&Field::Column(*column)),
            WantedText::Custom(name) => given(&Field::Custom(name.clone())),
            WantedText::Identity => None,
        })
        .collect();
    let source = given(&Field::Source).unwrap_or_default();
    let date = |text: &str| NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok();
    let stated = given(&Field::Column(Column::ChargePeriodStart));
    let Some(day) = stated.map_or(Some(latest), date) else {
        outcome.faults = vec!["the charge_period_start of the example is no date".to_owned()];
        outcome.help = Some("write it as 2026-10-03");
        return outcome;
    };
    let Ok(resolved) = dimensions.resolve(&texts, source, day, org) else {
        outcome.faults = vec!["the tags of the example cannot be read".to_owned()];
        return outcome;
    };
    let resolved = with_given(resolved, test, rules);
    // Where nothing ever changes, the day says nothing.
    outcome.day = (stated.is_some() || latest != NaiveDate::default()).then_some(day);
    outcome.found = found(test, rules, &resolved);
    outcome.faults = faults(test, rules, &resolved);
    outcome
}

/// What an example expects, in a line.
fn expectations(test: &RuleTest, rules: &RuleSet) -> String {
    let outcome = test.outcome.iter().map(|expected| expectation(expected, rules));
    let rule = test.rule.iter().map(|rule| format!("rule `{}`", rules.rule(*rule).name));
    let dimensions = test.dimensions.iter().map(|(id, value)| {
        format!("{} {}", rules.dimension(*id).name, shown_value(value.as_deref()))
    });
    outcome.chain(rule).chain(dimensions).collect::<Vec<_>>().join(", ")
}

/// What came out, as far as the example looks at it.
fn found(test: &RuleTest, rules: &RuleSet, charge: &Resolved<'_>) -> String {
    let decided = (test.outcome.is_some() || test.rule.is_some())
        .then(|| outcome(&classify(rules, charge), rules));
    let dimensions = test.dimensions.iter().map(|(id, _)| {
        format!("{} {}", rules.dimension(*id).name, shown_value(charge.dimension(*id)))
    });
    decided.into_iter().chain(dimensions).collect::<Vec<_>>().join(", ")
}

fn shown_value(value: Option<&str>) -> String {
    value.map_or("no value".to_owned(), |value| format!("`{value}`"))
}

/// Metadata that an example states holds, whatever the tables say.
fn with_given<'a>(mut resolved: Resolved<'a>, test: &'a RuleTest, rules: &RuleSet) -> Resolved<'a> {
    let stated = test.given.iter().filter(|(field, _)| matches!(field, Field::Metadata { .. }));
    let stated: Vec<_> =
        stated.filter_map(|(field, text)| Some((rules.field_id(field)?, text.as_str()))).collect();
    if !stated.is_empty() {
        resolved.state(&stated, rules);
    }
    resolved
}

fn tags_of(test: &RuleTest) -> Option<String> {
    let tags: serde_json::Map<String, serde_json::Value> = test
        .given
        .iter()
        .filter_map(|(field, text)| match field {
            Field::Tag(key) => Some((key.clone(), text.as_str().into())),
            _ => None,
        })
        .collect();
    (!tags.is_empty()).then(|| serde_json::Value::Object(tags).to_string())
}

fn faults(test: &RuleTest, rules: &RuleSet, charge: &Resolved<'_>) -> Vec<String> {
    let decision = classify(rules, charge);
    let mut faults = Vec::new();
    if let Some(expected) = &test.outcome
        && !fits(expected, &decision)
    {
        faults.push(format!(
            "expected {}, found {}",
            expectation(expected, rules),
            outcome(&decision, rules)
        ));
    }
    if let Some(expected) = test.rule
        && rule_of(&decision) != Some(expected)
    {
        let found = rule_of(&decision).map_or("no rule", |rule| rules.rule(rule).name.as_str());
        faults.push(format!("expected rule `{}`, found {found}", rules.rule(expected).name));
    }
    for (dimension, expected) in &test.dimensions {
        let found = charge.dimension(*dimension);
        if found != expected.as_deref() {
            let name = &rules.dimension(*dimension).name;
            faults.push(format!(
                "expected {name} {}, found {}",
                shown_value(expected.as_deref()),
                shown_value(found)
            ));
        }
    }
    faults
}

fn fits(expected: &Expected, decision: &Decision) -> bool {
    match (expected, decision) {
        (Expected::Owner(name), Decision::Owner(_, found)) => name == found,
        (Expected::Pool(name), Decision::Pool(_, found, value)) => {
            name.pool == *found && (name.value.is_none() || name.value == *value)
        }
        (Expected::Unallocated, decision) => {
            !matches!(decision, Decision::Owner(..) | Decision::Pool(..))
        }
        _ => false,
    }
}

fn expectation(expected: &Expected, rules: &RuleSet) -> String {
    match expected {
        Expected::Owner(name) => format!("owner `{name}`"),
        Expected::Pool(name) => {
            format!("pool `{}`", rules.pool(name.pool).label(name.value.as_deref()))
        }
        Expected::Unallocated => "no owner".to_owned(),
    }
}

fn outcome(decision: &Decision, rules: &RuleSet) -> String {
    let by = rule_of(decision)
        .map_or(String::new(), |rule| format!(" by rule `{}`", rules.rule(rule).name));
    match decision {
        Decision::Owner(_, name) => format!("owner `{name}`{by}"),
        Decision::Pool(_, pool, value) => {
            format!("pool `{}`{by}", rules.pool(*pool).label(value.as_deref()))
        }
        Decision::NoRule => "no owner, since no rule matches".to_owned(),
        Decision::UnknownOwner(_, name) => format!("no owner, since `{name}` is unknown{by}"),
        Decision::ClosedOwner(_, name) => format!("no owner, since `{name}` is closed{by}"),
        Decision::OwnerCase(_, name) => format!("no owner, since `{name}` differs in case{by}"),
    }
}

fn rule_of(decision: &Decision) -> Option<RuleId> {
    match decision {
        Decision::NoRule => None,
        Decision::Owner(rule, _)
        | Decision::Pool(rule, ..)
        | Decision::UnknownOwner(rule, _)
        | Decision::ClosedOwner(rule, _)
        | Decision::OwnerCase(rule, _) => Some(*rule),
    }
}
