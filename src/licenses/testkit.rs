//! Inventories and measures made by hand, for the tests of this room.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use num_bigint::BigInt;

use crate::domain::DateRange;
use crate::rules::RuleText;
use crate::rules::licenses::{LicensePolicies, shipped_policies};

use super::extent::{Extent, Number};
use super::inventory::{
    Entitlement, Holder, Inventory, LicenseKind, Origin, Product, UseKind, UseRight, UseRow, Value,
};
use super::matching::{MatchInput, Matched, match_rights};
use super::measured::{Demand, Measured, Reading, Subject, SubjectKind};
use super::position::{Position, PositionInput, position};

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

pub(super) fn number(whole: i64) -> Number {
    Number::from_integer(BigInt::from(whole))
}

/// `SQL Server/Enterprise`, of `Maker`.
pub(super) fn product(text: &str) -> Product {
    let (name, edition) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
    Product { publisher: Some("Maker".into()), name: name.into(), edition: edition.map(Into::into) }
}

/// `entity=A pool=HR environment=test region=EU`.
pub(super) fn holder(text: &str) -> Holder {
    let mut holder = Holder::default();
    for pair in text.split_whitespace() {
        let (key, value) = pair.split_once('=').expect("key=value");
        let value = Some(value.into());
        match key {
            "entity" => holder.legal_entity = value,
            "pool" => holder.pool = value,
            "environment" => holder.environment = value,
            "region" => holder.region = value,
            _ => panic!("{key}"),
        }
    }
    holder
}

pub(super) fn origin(row: u64) -> Origin {
    Origin { path: "uses.csv".into(), row }
}

/// A perpetual right of the metric `seat` that holds always and restricts nothing.
pub(super) fn right(id: &str, of: &str, quantity: i64) -> Entitlement {
    Entitlement {
        id: id.into(),
        contract: None,
        product: product(of),
        version_max: None,
        metric: "seat".into(),
        quantity: Some(number(quantity)),
        kind: LicenseKind::Perpetual,
        base: None,
        days: DateRange::ALWAYS,
        maintenance: None,
        holder: Holder::default(),
        rights: BTreeSet::new(),
        assigned: vec![],
        currency: None,
        unit_price: None,
        list_price: None,
        maintenance_price: None,
        reseller: None,
        order: None,
        proof: None,
        origin: Origin { path: "rights.csv".into(), row: 2 },
    }
}

pub(super) fn with(mut right: Entitlement, rights: &[UseRight]) -> Entitlement {
    right.rights = rights.iter().copied().collect();
    right
}

pub(super) fn of(mut right: Entitlement, text: &str) -> Entitlement {
    right.holder = holder(text);
    right
}

/// A use of so many units by a user.
pub(super) fn demand(id: &str, of: &str, quantity: i64, holder_text: &str) -> Demand {
    Demand {
        product: product(of),
        version: None,
        subject: Subject { kind: SubjectKind::User, id: id.into() },
        holder: holder(holder_text),
        quantity: Extent::known(number(quantity)),
        used: vec![],
        origins: vec![],
    }
}

pub(super) fn measured(metric: &str, demands: Vec<Demand>) -> Measured {
    Measured {
        product: demands.first().map_or_else(|| product("None"), |demand| demand.product.clone()),
        reading: Reading {
            metric: metric.into(),
            interpretation: "default".into(),
            clause: None,
            rule: "rules/own.yaml:1".into(),
            citation: "".into(),
        },
        unit: "seat".into(),
        demands,
        breaches: vec![],
        gaps: vec![],
        coverage: None,
        steps: vec![],
    }
}

/// A row of use whose place a demand names.
pub(super) fn row(number: u64, fields: &[(&str, &str)]) -> UseRow {
    let field = |(name, value): &(&str, &str)| ((*name).into(), Value::Text((*value).into()));
    UseRow {
        kind: UseKind::Install,
        product: None,
        raw_product: None,
        holder: Holder::default(),
        fields: fields.iter().map(field).collect::<BTreeMap<_, _>>(),
        snapshot: day("2026-10-31"),
        origin: origin(number),
    }
}

pub(super) fn policies(text: &str) -> LicensePolicies {
    let texts = [shipped_policies(), RuleText { path: "own.yaml".into(), text: text.into() }];
    LicensePolicies::read(&texts).unwrap_or_else(|findings| panic!("{findings:?}"))
}

/// A position of one day, with all that led to it.
pub(super) struct Case {
    pub(super) inventory: Inventory,
    pub(super) measured: Vec<Measured>,
    pub(super) policies: LicensePolicies,
}

impl Case {
    pub(super) fn new(rights: Vec<Entitlement>, demands: Vec<Demand>, rules: &str) -> Self {
        let inventory = Inventory { entitlements: rights, ..Inventory::default() };
        Self { inventory, measured: vec![measured("seat", demands)], policies: policies(rules) }
    }

    pub(super) fn matched(&self) -> Matched {
        match_rights(&MatchInput {
            day: day("2026-10-31"),
            inventory: &self.inventory,
            measured: &self.measured,
            rules: &self.policies.matching,
            offers: &self.policies.valuation.offers,
        })
    }

    pub(super) fn position(&self) -> Vec<Position> {
        self.position_after(&[])
    }

    pub(super) fn position_after(&self, history: &[(NaiveDate, Vec<Position>)]) -> Vec<Position> {
        let matched = self.matched();
        position(&PositionInput {
            day: day("2026-10-31"),
            inventory: &self.inventory,
            measured: &self.measured,
            matched: &matched,
            offers: &self.policies.valuation.offers,
            warning_at: &number(90),
            history,
        })
    }

    /// Each match as `subject <- right x quantity (kind)`, then what is missing and left.
    pub(super) fn shown(&self) -> Vec<String> {
        let matched = self.matched();
        let mut lines = Vec::new();
        for cover in &matched.covers {
            for found in &cover.matches {
                lines.push(format!(
                    "{} <- {} x {} ({})",
                    found.demand.subject.id,
                    found.entitlement,
                    found.quantity,
                    found.kind.name()
                ));
            }
            for lacking in &cover.uncovered {
                let quantity = lacking.quantity.as_ref().map_or("?".into(), ToString::to_string);
                lines.push(format!("{} lacks {quantity}", lacking.demand.subject.id));
            }
            for left in &cover.not_used {
                let quantity = left.quantity.as_ref().map_or("all".into(), ToString::to_string);
                lines.push(format!("{} left {quantity}", left.entitlement));
            }
        }
        for left in &matched.idle {
            lines.push(format!("{} out: {}", left.entitlement, left.reason));
        }
        lines
    }
}

/// A line as `product entity/pool: entitled - consumed = surplus - shortfall`.
pub(super) fn line(position: &Position) -> String {
    let text = |number: &Option<Number>| number.as_ref().map_or("*".into(), ToString::to_string);
    let (key, low) = (&position.key, &position.low);
    let edition = key.product.edition.as_deref().map(|edition| format!("/{edition}"));
    format!(
        "{}{} {}/{} {}: {} - {} = {} - {} {}",
        key.product.name,
        edition.unwrap_or_default(),
        key.legal_entity.as_deref().unwrap_or_default(),
        key.pool.as_deref().unwrap_or_default(),
        key.kind.name(),
        text(&low.entitled),
        text(&low.consumed),
        text(&low.surplus),
        text(&low.shortfall),
        position.status.name()
    )
}
