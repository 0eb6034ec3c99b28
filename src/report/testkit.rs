//! A small company for tests: charges in, the facts of a run out.
//!
//! Charges are classified, summed and allocated by the rooms that do it for real, so that what
//! the reports are tested on is what they are lent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::allocate::{
    Allocation, ConservationRow, Conversions, Cube, Kernel, PeriodTotal, Plan, Setting, allocate,
    assemble, convert, period_totals, prove, prove_conversion,
};
use crate::diagnostics::{Code, Finding};
use crate::domain::{CostCenter, DateRange, Exchange, Org, Period};
use crate::ingest::{ScanOptions, ScanReport, Silent, SourceFile, scan};
use crate::reconcile::{Reconciled, reconcile};
use crate::rules::{ColumnMap, Project, RuleSet, RuleText, Scope, compile};

use super::{Facts, InputFile};

const PROJECT: &str = "
organisation: Acme <& Söhne>
currency: EUR
sources: [ { name: aws, format: focus, files: [ '*.csv' ] } ]
rounding: { digits: 2 }
";
/// A dimension is called like a column of the detail file, to be told apart.
pub(super) const RULES: &str = "
dimensions:
  cost_center: { from: [ tag.cc ], detail: false }
  rule: { from: [ tag.env ], default: none }
components:
  - { name: commitment_amortized, when: { tag.kind: commitment_amortized } }
  - { name: unused_commitment, when: { tag.kind: unused_commitment } }
  - { name: credits, when: { tag.kind: credits } }
  - { name: tax, when: { tag.kind: tax } }
  - { name: support, when: { tag.kind: support } }
classify:
  - { name: for support, when: { tag.pool: support }, pool: support }
  - { name: for net, when: { tag.pool: net }, pool: net }
  - { name: by tag, when: { cost_center: { present: true } }, owner: { from: cost_center } }
pools:
  support: { split: proportional, on_zero_driver: unallocated }
  net: { split: even }
";

/// One charge. The bearer is `owner:x`, `pool:x`, `unknown:x` or `none`.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub(super) month: &'static str,
    pub(super) day: u64,
    pub(super) bearer: String,
    pub(super) sub_account: String,
    pub(super) component: &'static str,
    pub(super) currency: &'static str,
    pub(super) billed: String,
    pub(super) effective: String,
}

/// A charge of 2026-10 in EUR whose costs are all the same.
pub(super) fn charge(bearer: &str, sub_account: &str, amount: &str) -> Charge {
    Charge {
        month: "2026-10",
        day: 5,
        bearer: bearer.to_owned(),
        sub_account: sub_account.to_owned(),
        component: "usage",
        currency: "EUR",
        billed: amount.to_owned(),
        effective: amount.to_owned(),
    }
}

/// Everything that [`Facts`] borrow.
#[derive(Debug)]
pub(super) struct World {
    pub(super) project: Project,
    pub(super) rules: RuleSet,
    pub(super) org: Org,
    pub(super) scan: ScanReport,
    pub(super) cube: Cube,
    pub(super) months: BTreeMap<Period, Allocation>,
    pub(super) conversions: Conversions,
    pub(super) conservation: Vec<ConservationRow>,
    pub(super) totals: Vec<PeriodTotal>,
    pub(super) reconciled: Reconciled,
    pub(super) findings: Vec<Finding>,
    pub(super) inputs: Vec<InputFile>,
}

impl World {
    /// The company with these charges, in 2026-10.
    pub(super) fn of(charges: &[Charge]) -> Self {
        Self::converted(charges, &Exchange::undeclared("EUR".parse().unwrap()))
    }

    /// [`World::of`] with rates into EUR.
    pub(super) fn converted(charges: &[Charge], exchange: &Exchange) -> Self {
        let period: Period = "2026-10".parse().unwrap();
        let project = Project::parse("costbook.yaml", PROJECT).unwrap();
        let org = org(charges);
        let rules = rules(&org, RULES).unwrap();
        let (scan, cube) = read(charges, &rules, &org, period);
        let setting = Setting { rules: &rules, org: &org, drivers: &[], rounding_digits: Some(2) };
        let mut months: BTreeMap<Period, Allocation> = cube
            .months()
            .into_iter()
            .chain([period])
            .map(|month| (month, allocate(&cube, setting, month)))
            .collect();
        let conversions = convert(&cube, &rules, &mut months, exchange, None).unwrap();
        let mut conservation = prove(&scan, &cube, &months[&period]);
        conservation.extend(prove_conversion(&scan, period, &months[&period], &conversions));
        let totals = period_totals(&scan, period, &months[&period]);
        let reconciled = reconcile(&scan, &cube, &conversions, &[], &[]);
        let findings = vec![
            Finding::new(Code::RowsQuarantined, "1 row of `bill.csv`"),
            Finding::new(Code::Unallocated, "some cost"),
            Finding::new(Code::Unallocated, "some cost").count(2),
        ];
        let inputs = vec![input("rules", "rules/a.yaml"), input("project", "costbook.yaml")];
        Self {
            project,
            rules,
            org,
            scan,
            cube,
            months,
            conversions,
            conservation,
            totals,
            reconciled,
            findings,
            inputs,
        }
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            project: &self.project,
            rules: &self.rules,
            org: &self.org,
            period: self.cube.period,
            scan: &self.scan,
            cube: &self.cube,
            months: &self.months,
            conversions: &self.conversions,
            conservation: &self.conservation,
            totals: &self.totals,
            reconciled: &self.reconciled,
            findings: &self.findings,
            inputs: &self.inputs,
            license_charges: None,
            licenses: None,
        }
    }
}

/// Rules of this company.
pub(super) fn rules(org: &Org, text: &str) -> Result<RuleSet, Vec<Finding>> {
    let text = RuleText { path: "rules/a.yaml".to_owned(), text: text.to_owned() };
    compile(&[text], &Scope { org, entities: &[], drivers: &[] })
}

fn input(kind: &'static str, path: &str) -> InputFile {
    InputFile { kind, path: path.to_owned(), sha256: "0f".repeat(32), bytes: 120 }
}

/// acme > retail > (payments, web); acme > data; retired until October; and whoever else bears
/// a charge, at the root.
fn org(charges: &[Charge]) -> Org {
    let october = NaiveDate::from_ymd_opt(2026, 10, 1);
    let center = |id: &str, name: &str, parent: Option<&str>, to: Option<NaiveDate>| CostCenter {
        id: id.to_owned(),
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
        legal_entity: (id == "acme").then(|| "Acme SE".to_owned()),
        manager: (id == "retail").then(|| "Ada".to_owned()),
        level: None,
        valid: DateRange::new(None, to).unwrap(),
    };
    let mut centers = vec![
        center("acme", "Acme", None, None),
        center("retail", "Retail", Some("acme"), None),
        center("payments", "Payments", Some("retail"), None),
        center("web", "Web, shop", Some("retail"), None),
        center("data", "Data", Some("acme"), None),
        center("retired", "Retired", None, october),
    ];
    let owners: BTreeSet<&str> =
        charges.iter().filter_map(|charge| charge.bearer.strip_prefix("owner:")).collect();
    let known: BTreeSet<String> = centers.iter().map(|center| center.id.clone()).collect();
    let others = owners.into_iter().filter(|owner| !known.contains(*owner));
    centers.extend(others.map(|owner| center(owner, owner, None, None)));
    Org::new(centers).unwrap()
}

/// Scans a bill of these charges, with a row that cannot be read and a header that is repeated.
fn read(charges: &[Charge], rules: &RuleSet, org: &Org, period: Period) -> (ScanReport, Cube) {
    let directory = tempfile::tempdir().unwrap();
    let location = directory.path().join("bill.csv");
    write_bill(charges, &location);
    let map = include_str!("../../rules/providers/focus.yaml");
    let map = Arc::new(ColumnMap::parse("focus.yaml", map).unwrap());
    let file = SourceFile::alone("aws", "data/bill.csv", location, map);
    let files = [file];
    let plan = Plan::new(rules, org, &[], &files, period);
    let options = ScanOptions { threads: 1, progress: &Silent, reader: None };
    let (report, kernels) = scan(&files, plan.wanted(), options, || Kernel::new(&plan));
    (report, assemble(&plan, kernels).unwrap())
}

const COLUMNS: [&str; 16] = [
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
    "BillingCurrency",
    "BillingPeriodStart",
    "BillingPeriodEnd",
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ProviderName",
    "InvoiceId",
    "BillingAccountId",
    "SubAccountId",
    "ServiceName",
    "ChargeCategory",
    "Tags",
];

fn write_bill(charges: &[Charge], path: &Path) {
    let mut bill = csv::Writer::from_path(path).unwrap();
    bill.write_record(COLUMNS).unwrap();
    for charge in charges {
        bill.write_record(row(charge)).unwrap();
    }
    if let Some(first) = charges.first() {
        bill.write_record(COLUMNS).unwrap();
        let unreadable = Charge { billed: "=1+1,\"x\"".to_owned(), ..first.clone() };
        bill.write_record(row(&unreadable)).unwrap();
    }
    bill.flush().unwrap();
}

fn row(charge: &Charge) -> Vec<String> {
    let month: Period = charge.month.parse().unwrap();
    let day = month.first() + chrono::Days::new(charge.day - 1);
    let moment = |day: NaiveDate| format!("{day}T00:00:00Z");
    let fixed = ["AWS", "invoice-1", "billing", &charge.sub_account, "Compute", "Usage"];
    let effective = || charge.effective.clone();
    let mut row = vec![charge.billed.clone(), effective(), effective(), effective()];
    row.push(charge.currency.to_owned());
    row.extend([month.first(), month.next().first()].map(moment));
    row.extend([day, day + chrono::Days::new(1)].map(moment));
    row.extend(fixed.map(str::to_owned));
    row.push(tags(charge));
    row
}

fn tags(charge: &Charge) -> String {
    let mut tags = serde_json::Map::new();
    tags.insert("kind".to_owned(), charge.component.into());
    match charge.bearer.split_once(':') {
        Some(("pool", pool)) => {
            tags.insert("pool".to_owned(), pool.into());
        }
        Some((_, owner)) => {
            tags.insert("cc".to_owned(), owner.into());
            tags.insert("env".to_owned(), "prod".into());
        }
        None => {}
    }
    serde_json::Value::from(tags).to_string()
}
