//! Charges of rights held against what sources charge: nothing twice, and nothing that is left to a source that lacks it.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostics::{Code, Finding, Place};
use crate::rules::licenses::LICENSE_SOURCE;

use super::LicenseCharges;

/// The name of the table of charges, in reports and findings.
pub const CHARGES_TABLE: &str = "license_charges.csv";

/// What a source charges in the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChargedBySource<'a> {
    pub source: &'a str,
    pub provider: &'a str,
    pub issuer: &'a str,
    pub service: &'a str,
}

impl LicenseCharges {
    /// What is charged here and by a source too, as errors; and sources that rights are left to and that charge
    /// nothing of their publishers.
    #[must_use]
    pub fn against<'a>(&self, seen: impl Iterator<Item = ChargedBySource<'a>>) -> Vec<Finding> {
        let seen: BTreeSet<ChargedBySource<'a>> =
            seen.filter(|charge| charge.source != LICENSE_SOURCE).collect();
        let mut twice: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        let mut told: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for charge in &seen {
            let names = [charge.provider, charge.issuer].map(str::to_lowercase);
            let service = charge.service.to_lowercase();
            let of_publisher = names.iter().cloned().map(Some).chain([None]);
            let mut products = of_publisher.map(|publisher| (publisher, service.clone()));
            if products.any(|product| self.products.contains(&product)) {
                twice.insert((charge.source, charge.service), charge.provider);
            }
            told.entry(charge.source).or_default().extend(names);
        }
        let mut findings: Vec<Finding> = twice
            .into_iter()
            .map(|((source, service), provider)| {
                let text = format!(
                    "`{service}` of {provider} is charged by source `{source}` and by its rights, so that it would count twice"
                );
                let help = "say of the rights `billed: invoice`, with that source; or take the rows out of the source";
                let finding = Finding::new(Code::LicenseBroken, text).help(help);
                finding.at(Place::File(CHARGES_TABLE.into()))
            })
            .collect();
        for (source, (place, publishers)) in &self.in_sources {
            let found = told.get(source.as_str());
            let lacking: Vec<&str> = publishers
                .iter()
                .filter(|publisher| !found.is_some_and(|found| found.contains(*publisher)))
                .map(String::as_str)
                .collect();
            if !lacking.is_empty() {
                let text = format!(
                    "rights are left to source `{source}`, which has no charge of {} in the month",
                    lacking.join(", ")
                );
                let help = "the cost of these rights may be in no figure; check whether the invoice has come";
                let finding = Finding::new(Code::LicenseReference, text).help(help);
                findings.push(finding.at(place.clone()));
            }
        }
        findings
    }
}
