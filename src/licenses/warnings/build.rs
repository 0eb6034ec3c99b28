//! How warnings are made, so that each place says only what is its own.

use std::sync::Arc;

use chrono::NaiveDate;

use crate::diagnostics::Severity;
use crate::licenses::contracts::Terms;
use crate::licenses::extent::{Extent, Number};
use crate::licenses::inventory::{Origin, Product};
use crate::licenses::money::Money;
use crate::rules::licenses::WarningKind;

use super::given::Standing;
use super::warning::{About, Warning};

impl Warning {
    pub(super) fn new(kind: WarningKind, about: About, text: String) -> Self {
        Self {
            id: String::new(),
            kind,
            severity: kind.severity(),
            about,
            figure: None,
            limit: None,
            unit: None,
            date: None,
            money: None,
            owner: None,
            text,
            to_do: String::new(),
            evidence: None,
            silenced_by: None,
        }
    }

    pub(super) fn figure(self, figure: Extent) -> Self {
        Self { figure: Some(figure), ..self }
    }

    pub(super) fn known(self, figure: Number) -> Self {
        self.figure(Extent::known(figure))
    }

    pub(super) fn limit(self, limit: Number) -> Self {
        Self { limit: Some(limit), ..self }
    }

    pub(super) fn unit(self, unit: &str) -> Self {
        Self { unit: Some(unit.into()), ..self }
    }

    pub(super) fn on(self, date: Option<NaiveDate>) -> Self {
        Self { date, ..self }
    }

    pub(super) fn money(self, money: Option<Money>) -> Self {
        Self { money, ..self }
    }

    pub(super) fn advice(self, to_do: impl Into<String>) -> Self {
        Self { to_do: to_do.into(), ..self }
    }

    pub(super) fn severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    pub(super) fn evidence(self, evidence: Option<Arc<str>>) -> Self {
        Self { evidence, ..self }
    }

    pub(super) fn row(self, origin: &Origin) -> Self {
        self.evidence(Some(row_text(origin)))
    }

    pub(super) fn by_standing(self, standing: &Standing) -> Self {
        self.unit(&standing.unit.clone()).evidence(standing.evidence.clone())
    }
}

pub(super) fn row_text(origin: &Origin) -> Arc<str> {
    format!("{}, row {}", origin.path, origin.row).into()
}

/// A product as people say it.
pub(super) fn product_text(product: &Product) -> String {
    let publisher = product.publisher.iter().map(|text| &**text);
    let parts = publisher.chain([&*product.name]).chain(product.edition.as_deref());
    parts.collect::<Vec<_>>().join(" ")
}

impl About {
    pub(super) fn standing(standing: &Standing) -> Self {
        Self {
            product: Some(standing.product.clone()),
            contract: match standing.by_contract.as_slice() {
                [(contract, _)] => Some(contract.clone()),
                _ => None,
            },
            holder: standing.holder.clone(),
            metric: Some(standing.metric.clone()),
            interpretation: Some(standing.interpretation.clone()),
            ..Self::default()
        }
    }

    pub(super) fn terms(terms: &Terms) -> Self {
        Self { contract: Some(terms.contract.id.clone()), ..Self::default() }
    }

    pub(super) fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}
