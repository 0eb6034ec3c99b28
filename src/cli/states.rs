//! A project with parts of another one: the states between two versions of a project.

use crate::diagnostics::{Code, Finding};
use crate::domain::Period;
use crate::ingest::{DriverTable, discover};
use crate::report::plan::Cause;
use crate::rules::Project;

use super::load::{Loaded, compiled};
use super::workbook::executable;

/// Which of two versions each part comes from.
#[derive(Clone, Copy)]
pub(super) struct Mix<'a> {
    bills: &'a Loaded,
    owners: &'a Loaded,
    metadata: &'a Loaded,
    drivers: &'a Loaded,
    rules: &'a Loaded,
    rates: &'a Loaded,
}

impl<'a> Mix<'a> {
    /// All of one version.
    pub(super) fn of(one: &'a Loaded) -> Self {
        Self { bills: one, owners: one, metadata: one, drivers: one, rules: one, rates: one }
    }

    /// With one part of another version.
    pub(super) fn exchanged(self, cause: Cause, other: &'a Loaded) -> Self {
        match cause {
            Cause::Bills => Self { bills: other, ..self },
            Cause::Owners => Self { owners: other, ..self },
            Cause::Metadata => Self { metadata: other, ..self },
            Cause::Drivers => Self { drivers: other, ..self },
            Cause::Rules => Self { rules: other, ..self },
            Cause::Rates => Self { rates: other, ..self },
            Cause::Together => self,
        }
    }

    /// The project of these parts, its rules compiled over its tables.
    ///
    /// # Errors
    /// What the rules say of the tables that are not theirs.
    pub(super) fn project(self) -> Result<Loaded, Vec<Finding>> {
        let project = Project {
            currency: self.rates.project.currency,
            exchange: self.rates.project.exchange.clone(),
            metadata: self.metadata.project.metadata.clone(),
            drivers: self.drivers.project.drivers.clone(),
            rounding_digits: self.rules.project.rounding_digits,
            invoices: Vec::new(),
            ..self.bills.project.clone()
        };
        let (org, metadata) = (self.owners.org.clone(), self.metadata.metadata.clone());
        let rule_texts = self.rules.rule_texts.clone();
        let rules = compiled(&rule_texts, &project, &org, &metadata)?;
        Ok(Loaded {
            root: self.bills.root.clone(),
            project,
            org,
            metadata,
            rules,
            rule_texts,
            exchange: self.rates.exchange.clone(),
            invoices: Vec::new(),
            drivers: self.drivers.drivers.clone(),
            licenses: None,
            maps: self.bills.maps.clone(),
            inputs: Vec::new(),
            notes: Vec::new(),
        })
    }
}

/// Whether a part differs between two versions; where that is not told cheaply, it may.
pub(super) fn differs(cause: Cause, before: &Loaded, after: &Loaded) -> bool {
    let inputs = |project: &Loaded, kind: &str| -> Vec<String> {
        let of_kind = project.inputs.iter().filter(|input| input.kind == kind);
        of_kind.map(|input| input.sha256.clone()).collect()
    };
    let read = |kind: &str| inputs(before, kind) != inputs(after, kind);
    let (was, is) = (&before.project, &after.project);
    match cause {
        Cause::Bills => true,
        Cause::Owners => read("owners"),
        Cause::Metadata => {
            let joins = |project: &Project| -> Vec<(String, Option<String>)> {
                let join = project.metadata.iter().map(|declared| {
                    let field = declared.join.as_ref().map(|(field, _)| field.clone());
                    (declared.entity.clone(), field)
                });
                join.collect()
            };
            before.metadata != after.metadata || joins(was) != joins(is)
        }
        Cause::Drivers => {
            let told = |tables: &[DriverTable]| tables.to_vec();
            told(&before.drivers) != told(&after.drivers)
        }
        Cause::Rules => {
            let texts = |project: &Loaded| -> Vec<(String, String)> {
                let texts = project.rule_texts.iter();
                texts.map(|file| (file.path.clone(), file.text.clone())).collect()
            };
            texts(before) != texts(after) || was.rounding_digits != is.rounding_digits
        }
        Cause::Rates => {
            let terms = |project: &Loaded| project.exchange.terms();
            read("exchange rates") || was.currency != is.currency || terms(before) != terms(after)
        }
        Cause::Together => false,
    }
}

/// Whether a version has bills of its own for the month; a worktree of rules often has none.
///
/// # Errors
/// What is wrong with those that are there.
pub(super) fn has_bills(project: &Loaded, period: Period) -> Result<bool, Vec<Finding>> {
    let reader = executable();
    let sources = &project.project.sources;
    match discover(&project.root, sources, &project.maps, Some(period), reader.as_deref()) {
        Ok(_) => Ok(true),
        Err(findings) if findings.iter().all(|finding| finding.code == Code::NoFiles) => Ok(false),
        Err(findings) => Err(findings),
    }
}
