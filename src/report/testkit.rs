//! A small company for tests: charges in, the facts of a run out.
//!
//! Allocation is done in the plainest way (every pool is split evenly among all owners), so that
//! tests of reports do not hang on the rooms that do it for real.

use std::collections::{BTreeMap, BTreeSet};

use num_bigint::BigUint;
use num_rational::Ratio;

use crate::allocate::{
    Allocation, Bearer, ConservationRow, Cube, CubeParts, Flow, Group, Line, NameId, Party,
    PeriodTotal, Reason, TraceStep, UnallocatedItem, Verdict,
};
use crate::diagnostics::{Code, Finding, Span};
use crate::domain::{
    Amount, CostCenter, CostMetric, Costs, Currency, DateRange, Org, Period, split,
};
use crate::ingest::{FileReport, QuarantinedRow, ScanReport};
use crate::rules::{
    Base, CaseRule, ClassifyRule, Condition, Dimension, DimensionId, Field, FieldId, FormatName,
    OnInvalid, Outcome, OwnerChoice, Pool, PoolId, Project, Receivers, RuleId, RuleSet, SourceDecl,
    SplitMethod, ValueSet, ZeroDriver,
};

use super::{Facts, InputFile};

/// One charge. The bearer is `owner:x`, `pool:x`, `unknown:x`, `case:x` or `none`.
#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub(super) month: &'static str,
    pub(super) day: u32,
    pub(super) bearer: String,
    pub(super) sub_account: String,
    pub(super) service: &'static str,
    pub(super) component: &'static str,
    pub(super) currency: &'static str,
    pub(super) billed: String,
    pub(super) effective: String,
}

/// A charge of 2026-10 in EUR whose two costs are the same.
pub(super) fn charge(bearer: &str, sub_account: &str, amount: &str) -> Charge {
    Charge {
        month: "2026-10",
        day: 5,
        bearer: bearer.to_owned(),
        sub_account: sub_account.to_owned(),
        service: "Compute",
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
    pub(super) conservation: Vec<ConservationRow>,
    pub(super) totals: Vec<PeriodTotal>,
    pub(super) findings: Vec<Finding>,
    pub(super) inputs: Vec<InputFile>,
}

impl World {
    /// The company with these charges. Pools are declared as charges name them.
    pub(super) fn of(charges: &[Charge]) -> Self {
        let rules = rules(charges);
        let period: Period = "2026-10".parse().unwrap();
        let months = months(charges, &rules);
        let totals = totals(&months, period);
        Self {
            project: project(),
            org: org(),
            scan: scan(charges),
            cube: cube(charges, &rules, period),
            conservation: conservation(&totals),
            findings: vec![
                Finding::new(Code::RowsQuarantined, "1 row of `bill.csv`"),
                Finding::new(Code::Unallocated, "some cost"),
                Finding::new(Code::Unallocated, "some cost").count(2),
            ],
            inputs: vec![input("rules", "rules/a.yaml"), input("project", "costbook.yaml")],
            rules,
            months,
            totals,
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
            conservation: &self.conservation,
            totals: &self.totals,
            findings: &self.findings,
            inputs: &self.inputs,
        }
    }
}

fn span(line: u32) -> Span {
    Span { path: "rules/a.yaml".into(), line, column: 3, length: 4 }
}

fn input(kind: &'static str, path: &str) -> InputFile {
    InputFile { kind, path: path.to_owned(), sha256: "0f".repeat(32), bytes: 120 }
}

fn project() -> Project {
    Project {
        organisation: "Acme <& Söhne>".to_owned(),
        currency: Currency::parse("EUR").unwrap(),
        sources: vec![SourceDecl {
            name: "aws".to_owned(),
            span: span(1),
            format: FormatName::Shipped("focus".to_owned()),
            format_span: span(1),
            files: vec![("*.csv".to_owned(), span(1))],
        }],
        owners: None,
        metadata: Vec::new(),
        rules: Vec::new(),
        rounding_digits: Some(2),
    }
}

/// acme > retail > (payments, web); acme > data.
fn org() -> Org {
    let center = |id: &str, name: &str, parent: Option<&str>| CostCenter {
        id: id.to_owned(),
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
        legal_entity: (id == "acme").then(|| "Acme SE".to_owned()),
        manager: (id == "retail").then(|| "Ada".to_owned()),
        valid: DateRange::ALWAYS,
    };
    Org::new(vec![
        center("acme", "Acme", None),
        center("retail", "Retail", Some("acme")),
        center("payments", "Payments", Some("retail")),
        center("web", "Web, shop", Some("retail")),
        center("data", "Data", Some("acme")),
    ])
    .unwrap()
}

fn rules(charges: &[Charge]) -> RuleSet {
    let pools: BTreeSet<&str> =
        charges.iter().filter_map(|charge| charge.bearer.strip_prefix("pool:")).collect();
    let pool = |name: &&str| Pool {
        name: (*name).to_owned(),
        span: span(12),
        split: SplitMethod::Proportional {
            by: CostMetric::EffectiveCost,
            base: Base::Direct,
            on_zero_driver: ZeroDriver::Unallocated,
        },
        receivers: Receivers::default(),
    };
    let dimension = |name: &str, detail| Dimension {
        name: name.to_owned(),
        span: span(2),
        rules: Vec::new(),
        from: Vec::new(),
        map: BTreeMap::new(),
        case: CaseRule::Sensitive,
        values: ValueSet::Any,
        on_invalid: OnInvalid::Drop,
        default: None,
        detail,
    };
    let classify = ClassifyRule {
        name: "by tag".to_owned(),
        span: span(8),
        when: Condition::Always,
        valid: DateRange::ALWAYS,
        outcome: Outcome::Owner(OwnerChoice::Inherited(FieldId(0))),
    };
    RuleSet {
        fields: vec![Field::Dimension(DimensionId(0))],
        dimensions: vec![dimension("cost_center", false), dimension("rule", true)],
        classify: vec![classify],
        pools: pools.iter().map(pool).collect(),
        order: (0..pools.len()).map(|at| PoolId(u16::try_from(at).unwrap())).collect(),
        ..RuleSet::default()
    }
}

/// Names in the order of their text, the absent one first.
struct Names(Vec<Box<str>>);

impl Names {
    fn of(charges: &[Charge]) -> Self {
        let fixed = ["AWS", "invoice-1", "billing", "Usage", "aws", "prod"];
        let texts = charges.iter().flat_map(|charge| {
            let bearer = charge.bearer.split_once(':').map_or("", |(_, name)| name);
            [bearer, &charge.sub_account, charge.service, charge.component]
        });
        let texts: BTreeSet<&str> = fixed.into_iter().chain(texts).collect();
        let texts = texts.into_iter().filter(|text| !text.is_empty());
        Self([""].into_iter().chain(texts).map(Into::into).collect())
    }

    fn id(&self, text: &str) -> NameId {
        let at = self.0.iter().position(|name| &**name == text).unwrap();
        NameId(u32::try_from(at).unwrap())
    }
}

fn bearer(charge: &Charge, names: &Names, rules: &RuleSet) -> Bearer {
    match charge.bearer.split_once(':') {
        Some(("owner", name)) => Bearer::Owner(names.id(name)),
        Some(("unknown", name)) => Bearer::Unallocated(Reason::UnknownOwner(names.id(name))),
        Some(("case", name)) => Bearer::Unallocated(Reason::OwnerCase(names.id(name))),
        Some(("pool", name)) => {
            let at = rules.pools.iter().position(|pool| pool.name == name).unwrap();
            Bearer::Pool(PoolId(u16::try_from(at).unwrap()))
        }
        _ => Bearer::Unallocated(Reason::NoRule),
    }
}

fn costs(charge: &Charge) -> Costs {
    let (billed, effective) = (charge.billed.parse().unwrap(), charge.effective.parse().unwrap());
    Costs::new([billed, effective, effective, effective])
}

fn cube(charges: &[Charge], rules: &RuleSet, period: Period) -> Cube {
    let names = Names::of(charges);
    let mut cells: BTreeMap<(Group, u32), (u64, Costs)> = BTreeMap::new();
    for charge in charges {
        let cell = cells.entry((group(charge, &names, rules), charge.day)).or_default();
        cell.0 += 1;
        cell.1 += costs(charge);
    }
    let mut groups: Vec<Group> = cells.keys().map(|(group, _)| group.clone()).collect();
    groups.dedup();
    let cell = |((group, day), (rows, costs)): ((Group, u32), (u64, Costs))| {
        let at = groups.iter().position(|known| *known == group).unwrap();
        let day = group.month.first() + chrono::Days::new(u64::from(day) - 1);
        (u32::try_from(at).unwrap(), day, rows, costs)
    };
    let cells = cells.into_iter().map(cell).collect();
    let nobody = charges.iter().filter(|charge| {
        charge.month == "2026-10"
            && !charge.bearer.starts_with("owner")
            && !charge.bearer.starts_with("pool")
    });
    let provenances = vec![
        vec!["absent".to_owned(), "default".to_owned()],
        vec!["tag.cost-center".to_owned(), "tag.env".to_owned()],
    ];
    let unallocated = nobody.map(|charge| item(charge, &names, rules)).collect();
    CubeParts { period, names: names.0, groups, cells, provenances, unallocated }.into()
}

fn group(charge: &Charge, names: &Names, rules: &RuleSet) -> Group {
    let bearer = bearer(charge, names, rules);
    let has_rule = bearer != Bearer::Unallocated(Reason::NoRule);
    Group {
        month: charge.month.parse().unwrap(),
        verdict: Verdict { bearer, rule: has_rule.then_some(RuleId(0)) },
        currency: Currency::parse(charge.currency).unwrap(),
        component: names.id(charge.component),
        segment: 0,
        source: names.id("aws"),
        provider: names.id("AWS"),
        invoice_issuer: NameId::ABSENT,
        invoice: names.id("invoice-1"),
        billing_account: names.id("billing"),
        sub_account: names.id(&charge.sub_account),
        service: names.id(charge.service),
        charge_category: names.id("Usage"),
        dimensions: Box::new([names.id("prod")]),
        provenance: u32::from(has_rule),
    }
}

fn item(charge: &Charge, names: &Names, rules: &RuleSet) -> UnallocatedItem {
    let group = group(charge, names, rules);
    let Bearer::Unallocated(reason) = group.verdict.bearer else {
        panic!("{charge:?} is allocated");
    };
    UnallocatedItem {
        reason,
        rule: group.verdict.rule,
        provider: group.provider,
        billing_account: group.billing_account,
        sub_account: group.sub_account,
        service: group.service,
        resource: String::new(),
        currency: group.currency,
        since: "2026-09".parse().unwrap(),
        rows: 1,
        costs: costs(charge),
    }
}

fn months(charges: &[Charge], rules: &RuleSet) -> BTreeMap<Period, Allocation> {
    let mut months: BTreeMap<Period, Allocation> = BTreeMap::new();
    for charge in charges {
        let month: Period = charge.month.parse().unwrap();
        months.entry(month).or_default().lines.push(direct(charge, month));
    }
    for allocation in months.values_mut() {
        for (at, pool) in rules.pools.iter().enumerate() {
            empty_pool(allocation, PoolId(u16::try_from(at).unwrap()), &pool.name);
        }
    }
    months
}

fn direct(charge: &Charge, month: Period) -> Line {
    let party = match charge.bearer.split_once(':') {
        Some(("owner", name)) => Party::Owner(name.to_owned()),
        Some(("pool", name)) => Party::Pool(name.to_owned()),
        _ => Party::Unallocated,
    };
    Line {
        month,
        party,
        flow: Flow::Direct,
        component: charge.component.to_owned(),
        currency: Currency::parse(charge.currency).unwrap(),
        rows: 1,
        costs: costs(charge),
    }
}

/// Splits every amount of a pool evenly among the owners that the month has, in cents.
fn empty_pool(allocation: &mut Allocation, pool: PoolId, name: &str) {
    let owners: BTreeSet<Party> = allocation
        .lines
        .iter()
        .map(|line| line.party.clone())
        .filter(|p| matches!(p, Party::Owner(_)))
        .collect();
    let received: Vec<Line> = allocation
        .lines
        .iter()
        .filter(|line| line.party == Party::Pool(name.to_owned()))
        .cloned()
        .collect();
    for line in received {
        let receivers: Vec<Party> = if owners.is_empty() {
            vec![Party::Unallocated]
        } else {
            owners.iter().cloned().chain([Party::Rounding]).collect()
        };
        let gone = Line { flow: Flow::SharedOut, rows: 0, costs: -line.costs, ..line.clone() };
        let mut given = vec![Costs::ZERO; receivers.len()];
        for (metric, amount) in line.costs.iter() {
            let weights = vec![BigUint::from(1_u32); owners.len().max(1)];
            let digits = if owners.is_empty() { 36 } else { 2 };
            let parts = split(amount, &weights, digits).unwrap();
            let all = parts.parts.iter().copied().chain([parts.residual]);
            for (at, part) in all.take(receivers.len()).enumerate() {
                given[at][metric] = part;
                allocation.trace.push(step(
                    &line,
                    pool,
                    name,
                    &receivers[at],
                    metric,
                    part,
                    owners.len(),
                ));
            }
        }
        for (to, costs) in receivers.into_iter().zip(given) {
            let flow = Flow::SharedIn(name.to_owned());
            allocation.lines.push(Line { party: to, flow, rows: 0, costs, ..line.clone() });
        }
        allocation.lines.push(gone);
    }
}

fn step(
    line: &Line,
    pool: PoolId,
    name: &str,
    to: &Party,
    metric: CostMetric,
    rounded: Amount,
    owners: usize,
) -> TraceStep {
    let weight = u32::from(matches!(to, Party::Owner(_)));
    let total = u32::try_from(owners.max(1)).unwrap();
    TraceStep {
        step: 1,
        pool,
        pool_name: name.to_owned(),
        to: to.clone(),
        currency: line.currency,
        component: line.component.clone(),
        metric,
        days: line.month.days(),
        pool_amount: line.costs[metric],
        method: "even".to_owned(),
        driver_value: weight.to_string(),
        driver_total: total.to_string(),
        share: Ratio::new(weight.into(), total.into()),
        rounded,
    }
}

fn totals(months: &BTreeMap<Period, Allocation>, period: Period) -> Vec<PeriodTotal> {
    let mut sums: BTreeMap<(Currency, CostMetric), [Amount; 3]> = BTreeMap::new();
    for line in months.get(&period).into_iter().flat_map(|month| &month.lines) {
        for (metric, amount) in line.costs.iter() {
            let sum = sums.entry((line.currency, metric)).or_default();
            let at = match line.party {
                Party::Owner(_) | Party::Pool(_) => 0,
                Party::Unallocated => 1,
                Party::Rounding => 2,
            };
            sum[at] += amount;
        }
    }
    let total =
        |((currency, metric), [allocated, unallocated, rounding]): (_, [Amount; 3])| PeriodTotal {
            currency,
            metric,
            accepted: allocated + unallocated + rounding,
            allocated,
            unallocated,
            rounding,
        };
    sums.into_iter().map(total).collect()
}

fn conservation(totals: &[PeriodTotal]) -> Vec<ConservationRow> {
    let row = |total: &PeriodTotal| ConservationRow {
        stage: "allocate".to_owned(),
        currency: total.currency,
        metric: total.metric,
        amount_in: total.accepted,
        amount_out: total.allocated + total.unallocated + total.rounding,
        rows_in: 1,
        rows_out: 1,
    };
    totals.iter().map(row).collect()
}

fn scan(charges: &[Charge]) -> ScanReport {
    let mut totals: BTreeMap<(Currency, Period), crate::ingest::MonthTotals> = BTreeMap::new();
    for charge in charges {
        let key = (Currency::parse(charge.currency).unwrap(), charge.month.parse().unwrap());
        let month = totals.entry(key).or_default();
        month.rows += 1;
        month.costs += costs(charge);
    }
    let accepted = charges.len() as u64;
    let quarantined = QuarantinedRow {
        row: 7,
        column: "BilledCost".to_owned(),
        code: Code::BadAmount,
        text: "=1+1,\"x\"".to_owned(),
        currency: Some("EUR".to_owned()),
        billed_cost: None,
        effective_cost: "1.50".parse().ok(),
    };
    ScanReport {
        files: vec![FileReport {
            source: "aws".to_owned(),
            format: "focus".to_owned(),
            version: Some("1.2".to_owned()),
            path: "data/bill.csv".into(),
            sha256: "ab".repeat(32),
            content_sha256: "cd".repeat(32),
            bytes: 1_000,
            rows: accepted + 3,
            accepted,
            quarantined: 1,
            excluded: BTreeMap::from([("totals".to_owned(), 2)]),
            duplicate_of: None,
            totals,
            quarantine: vec![quarantined],
            findings: Vec::new(),
        }],
    }
}

pub(super) fn inflate(world: &mut World, cells: usize) {
    let amount = |n: u64| Amount::from_scaled(i128::from(n) * 1_234_567_891_011, 12).unwrap();
    let names: Vec<Box<str>> = (0..3000).map(|n| if n == 0 { "".into() } else { format!("some-name-of-usual-length-{n}").into() }).collect();
    let groups = cells / 20;
    let period = world.cube.period;
    let mut all = Vec::new();
    for n in 0..groups as u32 {
        all.push(Group {
            month: period,
            verdict: Verdict { bearer: if n % 10 == 0 { Bearer::Unallocated(Reason::NoRule) } else { Bearer::Owner(NameId(1 + n % 300)) }, rule: Some(RuleId(0)) },
            currency: Currency::parse("EUR").unwrap(),
            component: NameId(2), segment: 0, source: NameId(3), provider: NameId(4), invoice_issuer: NameId(4),
            invoice: NameId(5 + n % 50), billing_account: NameId(60), sub_account: NameId(100 + n % 300), service: NameId(500 + n % 40), charge_category: NameId(9),
            dimensions: Box::new([NameId(10 + n % 5)]), provenance: n % 2,
        });
    }
    let first = period.first();
    let list = (0..cells).map(|n| {
        let a = amount(n as u64 % 100_000);
        ((n / 20).min(groups - 1) as u32, first + chrono::Days::new(n as u64 % 20), 3, Costs::new([a, a, a, a]))
    }).collect();
    let item = |n: u32| UnallocatedItem { reason: Reason::UnknownOwner(NameId(1 + n % 7)), rule: Some(RuleId(0)), provider: NameId(4), billing_account: NameId(60), sub_account: NameId(100 + n % 300), service: NameId(500 + n % 40), resource: format!("arn:aws:ec2:eu-central-1:1234:instance/i-{n:08}"), currency: Currency::parse("EUR").unwrap(), since: period, rows: 1, costs: Costs::new([amount(u64::from(n)); 4]) };
    world.cube = CubeParts { period, names, groups: all, cells: list, provenances: world.cube.provenances.clone(), unallocated: (0..200_000).map(item).collect() }.into();
}
