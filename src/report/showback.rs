//! `showback.csv`: who bears what of the period, cut two ways.
//!
//! The metric is that of the view. Every line of the allocation is pushed once per cut (flow,
//! component, total, other metrics), once as it was billed and once in the report currency, and one
//! pivot makes the table of it.

use std::collections::BTreeSet;

use crate::allocate::{Flow, Line, USAGE};
use crate::diagnostics::Finding;
use crate::domain::{Amount, CostMetric, Currency};
use crate::rules::CostView;

use super::Facts;
use super::exchange::text;
use super::frame::{Long, Texts, Wide};
use super::party::{Kind, OwnerCard, of_party};
use super::sink::Sink;

/// The components that have a column in every run.
pub(super) const COMPONENTS: [&str; 7] =
    ["usage", "commitment_amortized", "unused_commitment", "credits", "tax", "support", "license"];
const KEYS: [&str; 4] = ["rank", "kind", "owner", "currency"];
const CARD: [&str; 7] =
    ["kind", "owner", "order", "path", "cost_center", "legal_entity", "manager"];
const DIRECT: u32 = 0;
const SHARED_IN: u32 = 1;
const SHARED_OUT: u32 = 2;
const TOTAL: u32 = 3;
const BILLED: u32 = 4;
const EFFECTIVE: u32 = 5;
const PRIOR: u32 = 6;
const USED: u32 = 7;
const UNUSED: u32 = 8;
const FIRST_COMPONENT: u32 = 9;

/// One party's cost of the period in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShowbackRow {
    pub(super) kind: Kind,
    pub(super) owner: String,
    pub(super) card: OwnerCard,
    pub(super) currency: String,
    pub(super) billed: Figures,
    /// The same in the report currency; `None` where no rate is known.
    pub(super) report: Option<Figures>,
}

/// Figures of one currency. `direct + shared_in + shared_out = total`, and the components sum to
/// the total as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) direct: Amount,
    pub(super) shared_in: Amount,
    pub(super) shared_out: Amount,
    pub(super) total: Amount,
    /// In the order of [`Showback::components`].
    pub(super) components: Vec<Amount>,
    pub(super) billed_cost: Amount,
    pub(super) effective_cost: Amount,
    /// `EffectiveCost` of used and unused commitments, whichever metric the others are in.
    pub(super) commitments: [Amount; 2],
    /// `None` where the month before is not at hand, or no rate of it is known.
    pub(super) prior: Option<Amount>,
}

/// The table: owners by their path in the organisation, then pools, unallocated, rounding.
#[derive(Clone, Debug, Default)]
pub(super) struct Showback {
    pub(super) components: Vec<String>,
    pub(super) rows: Vec<ShowbackRow>,
}

impl Showback {
    pub(super) fn of(facts: &Facts) -> Result<Self, Finding> {
        let components = components(facts);
        let measures = FIRST_COMPONENT + u32::try_from(components.len()).unwrap_or(0);
        let cards = cards(facts);
        let wide = pushed(facts, &components, measures)
            .pivot(2 * measures)?
            .join(cards, &["kind", "owner"])?
            .sort(&["rank", "order", "owner", "currency"])?;
        let rows = rows(facts, &wide, components.len())?;
        Ok(Self { components, rows })
    }

    pub(super) fn write(&self, facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
        let view = facts.rules.view;
        let header = Self::header(&self.components, view);
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let period = facts.period.to_string();
        let declared = |name: &String| {
            name == USAGE || facts.rules.components.iter().any(|rule| rule.name == *name)
        };
        let declared: Vec<bool> = self.components.iter().map(declared).collect();
        let report = facts.conversions.report_currency.code();
        sink.table("showback.csv", &header, |table| {
            let mut rows = self.rows.iter();
            rows.try_for_each(|row| {
                table.write_record(row.fields(&period, &declared, (view, report)))
            })
        })
    }

    fn header(components: &[String], view: CostView) -> Vec<String> {
        let keys = "period,kind,owner,owner_path,cost_center,legal_entity,manager,currency,metric";
        let names = |list: &str| list.split(',').map(str::to_owned).collect::<Vec<_>>();
        let components = components.iter().map(|name| {
            let known = COMPONENTS.contains(&name.as_str());
            if known { name.clone() } else { format!("x_{name}") }
        });
        let last = match view {
            CostView::Amortized => "billed_cost,prior_period,delta",
            CostView::Cash => "billed_cost,effective_cost,prior_period,delta",
        };
        let flows = names("direct,shared_in,shared_out,total").into_iter();
        let figures: Vec<String> = flows.chain(components).chain(names(last)).collect();
        let report: Vec<String> = figures.iter().map(|name| format!("report_{name}")).collect();
        [names(keys), figures, names("budget,variance,report_currency"), report].concat()
    }
}

impl ShowbackRow {
    /// `declared` tells of each component whether any rule looks for it.
    fn fields(
        &self,
        period: &str,
        declared: &[bool],
        (view, report): (CostView, &str),
    ) -> Vec<String> {
        let card = &self.card;
        let mut fields: Vec<String> =
            vec![period.to_owned(), self.kind.name().to_owned(), self.owner.clone()];
        let texts =
            [&card.path, &card.cost_center, &card.legal_entity, &card.manager, &self.currency];
        fields.extend(texts.into_iter().cloned());
        fields.push(view.metric().name().to_owned());
        let own = self.billed.fields(declared, view);
        let width = own.len();
        fields.extend(own);
        // No budget is declared yet; unknown is not zero.
        fields.extend([String::new(), String::new(), report.to_owned()]);
        match &self.report {
            Some(figures) => fields.extend(figures.fields(declared, view)),
            None => fields.extend(std::iter::repeat_n(String::new(), width)),
        }
        fields
    }
}

impl Figures {
    fn fields(&self, declared: &[bool], view: CostView) -> Vec<String> {
        let amounts = [self.direct, self.shared_in, self.shared_out, self.total];
        let mut fields: Vec<String> = amounts.iter().map(ToString::to_string).collect();
        // What no rule looks for is not known to be zero.
        let found = self.components.iter().zip(declared);
        fields.extend(found.map(|(amount, declared)| {
            if *declared || !amount.is_zero() { amount.to_string() } else { String::new() }
        }));
        fields.push(self.billed_cost.to_string());
        if view == CostView::Cash {
            fields.push(self.effective_cost.to_string());
        }
        fields.extend([text(self.prior), text(self.prior.map(|prior| self.total - prior))]);
        fields
    }
}

/// The components that always have a column, then any other that a line has.
fn components(facts: &Facts) -> Vec<String> {
    let seen: BTreeSet<&str> = lines(facts).map(|line| line.component.as_str()).collect();
    let others = seen.into_iter().filter(|name| !COMPONENTS.contains(name));
    COMPONENTS.into_iter().chain(others).map(str::to_owned).collect()
}

fn lines<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Line> {
    facts.months.get(&facts.period).into_iter().flat_map(|month| &month.lines)
}

fn prior_lines<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Line> {
    facts.months.get(&facts.period.prior()).into_iter().flat_map(|month| &month.lines)
}

/// Measures of the report currency stand behind those of the billing currency.
fn pushed(facts: &Facts, components: &[String], measures: u32) -> Long {
    let mut long = Long::new(&KEYS);
    let metric = facts.rules.view.metric();
    let mut push = |line: &Line, measure: u32, metric: CostMetric| {
        let (kind, owner) = of_party(&line.party);
        let keys = [rank(kind), kind.name(), owner, line.currency.code()];
        long.push(&keys, measure, line.costs[metric]);
        if let Some(report) = &line.report_costs {
            long.push(&keys, measures + measure, report[metric]);
        }
    };
    for line in lines(facts) {
        let flow = match line.flow {
            Flow::Direct => DIRECT,
            Flow::SharedIn(_) => SHARED_IN,
            Flow::SharedOut => SHARED_OUT,
        };
        let component = components.iter().position(|name| *name == line.component);
        let component = component.and_then(|index| u32::try_from(index).ok()).unwrap_or(0);
        push(line, flow, metric);
        push(line, TOTAL, metric);
        push(line, FIRST_COMPONENT + component, metric);
        push(line, BILLED, CostMetric::BilledCost);
        push(line, EFFECTIVE, CostMetric::EffectiveCost);
        match line.component.as_str() {
            "commitment_amortized" => push(line, USED, CostMetric::EffectiveCost),
            "unused_commitment" => push(line, UNUSED, CostMetric::EffectiveCost),
            _ => {}
        }
    }
    for line in prior_lines(facts) {
        push(line, PRIOR, metric);
    }
    long
}

/// The kinds in the order of [`Kind`], as text that sorts.
const fn rank(kind: Kind) -> &'static str {
    match kind {
        Kind::Owner => "0",
        Kind::Pool => "1",
        Kind::Unallocated => "2",
        Kind::Rounding => "3",
    }
}

/// A card for every owner of the period or the month before.
fn cards(facts: &Facts) -> Texts {
    let parties = lines(facts).chain(prior_lines(facts)).map(|line| of_party(&line.party));
    let owners: BTreeSet<&str> =
        parties.filter(|(kind, _)| *kind == Kind::Owner).map(|(_, owner)| owner).collect();
    let mut cards = Texts::new(&CARD);
    for owner in owners {
        let card = OwnerCard::of(facts.org, owner, facts.period.last());
        let texts = [card.order, card.path, card.cost_center, card.legal_entity, card.manager];
        let key = [Kind::Owner.name().to_owned(), owner.to_owned()];
        cards.push(key.into_iter().chain(texts));
    }
    cards
}

fn rows(facts: &Facts, wide: &Wide, components: usize) -> Result<Vec<ShowbackRow>, Finding> {
    let texts = |name| wide.texts(name);
    let (kinds, owners, currencies) = (texts("kind")?, texts("owner")?, texts("currency")?);
    let (orders, paths, centers) = (texts("order")?, texts("path")?, texts("cost_center")?);
    let (entities, managers) = (texts("legal_entity")?, texts("manager")?);
    let measures = FIRST_COMPONENT + u32::try_from(components).unwrap_or(0);
    let amounts: Vec<Vec<Amount>> =
        (0..2 * measures).map(|measure| wide.amounts(measure)).collect::<Result<_, _>>()?;
    let prior = facts.period.prior();
    let has_prior = facts.months.contains_key(&prior);
    let figures = |at: usize, first: u32, has_prior: bool| {
        let amount = |measure: u32| amounts[(first + measure) as usize][at];
        Figures {
            direct: amount(DIRECT),
            shared_in: amount(SHARED_IN),
            shared_out: amount(SHARED_OUT),
            total: amount(TOTAL),
            components: (FIRST_COMPONENT..measures).map(amount).collect(),
            billed_cost: amount(BILLED),
            effective_cost: amount(EFFECTIVE),
            commitments: [USED, UNUSED].map(amount),
            prior: has_prior.then(|| amount(PRIOR)),
        }
    };
    let row = |at: usize| {
        let currency = Currency::parse(currencies[at]).ok();
        let is_known =
            |month| currency.is_some_and(|currency| facts.conversions.is_known(month, currency));
        let has_report_prior = has_prior && is_known(prior);
        ShowbackRow {
            kind: Kind::named(kinds[at]),
            owner: owners[at].to_owned(),
            card: OwnerCard {
                order: orders[at].to_owned(),
                path: paths[at].to_owned(),
                cost_center: centers[at].to_owned(),
                legal_entity: entities[at].to_owned(),
                manager: managers[at].to_owned(),
            },
            currency: currencies[at].to_owned(),
            billed: figures(at, 0, has_prior),
            report: is_known(facts.period).then(|| figures(at, measures, has_report_prior)),
        }
    };
    Ok((0..kinds.len()).map(row).collect())
}
