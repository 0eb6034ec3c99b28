//! What the tests of this room share.

use crate::diagnostics::{Finding, Place, Span};
use crate::domain::{CostCenter, DateRange, Org};

use super::{Entity, RuleSet, RuleText, Scope, compile};

/// Each finding as `code line:column+length`, in the order of places.
pub(super) fn shown(findings: &[Finding]) -> Vec<String> {
    let mut places: Vec<_> = findings.iter().map(|f| (&f.place, f.code)).collect();
    places.sort();
    places
        .into_iter()
        .map(|(place, code)| match place {
            Some(Place::Text(span)) => {
                format!("{code} {}:{}+{}", span.line, span.column, span.length)
            }
            Some(place) => format!("{code} {place}"),
            None => code.to_string(),
        })
        .collect()
}

/// The helps of findings, those without one left out.
pub(super) fn helps(findings: &[Finding]) -> Vec<&str> {
    findings.iter().filter_map(|finding| finding.help.as_deref()).collect()
}

/// Some cost centers, open on all days.
pub(super) fn org() -> Org {
    let ids = ["payments", "retail", "data", "CC1"];
    let centers = ids.map(|id| CostCenter {
        id: id.into(),
        name: id.into(),
        parent: None,
        legal_entity: None,
        manager: None,
        level: None,
        valid: DateRange::ALWAYS,
    });
    Org::new(centers.into()).unwrap()
}

/// A metadata table.
pub(super) fn entity(name: &str, attributes: &[&str], join: Option<&str>) -> Entity {
    let span = Span { path: "costbook.yaml".into(), line: 9, column: 11, length: 1 };
    Entity {
        name: name.into(),
        attributes: attributes.iter().map(|attribute| (*attribute).into()).collect(),
        join: join.map(|join| (join.into(), span)),
    }
}

/// The metadata tables of the project that rules are compiled for.
pub(super) fn entities() -> Vec<Entity> {
    vec![
        entity("sub_account", &["name", "environment", "cost_center"], None),
        entity("resource", &["resource_group", "cost_center"], None),
        entity("resource_group", &["name"], Some("resource.resource_group")),
    ]
}

/// One rule file, compiled.
pub(super) fn compiled(text: &str) -> Result<RuleSet, Vec<Finding>> {
    compile_files(&[("rules/a.yaml", text)])
}

/// Rule files by path, compiled.
pub(super) fn compile_files(files: &[(&str, &str)]) -> Result<RuleSet, Vec<Finding>> {
    let texts: Vec<RuleText> = files
        .iter()
        .map(|(path, text)| RuleText { path: (*path).into(), text: (*text).into() })
        .collect();
    compile(&texts, &Scope { org: &org(), entities: &entities(), drivers: &[] })
}

/// What is wrong with a rule file.
pub(super) fn faults(text: &str) -> Vec<String> {
    shown(&compiled(text).unwrap_err())
}
