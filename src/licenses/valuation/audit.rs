//! What an audit costs that finds more use than was reported.

use std::sync::Arc;

use num_traits::{Signed, Zero};

use crate::domain::{Amount, Currency};
use crate::licenses::extent::Number;
use crate::licenses::inventory::Contract;
use crate::licenses::solver::number;
use crate::rules::licenses::{AuditTerms, HouseRounding};

use super::{plain, rounded};

/// What was reported against what is used, by the audit clause of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFinding {
    pub contract: Arc<str>,
    pub reported: Number,
    pub actual: Number,
    /// Less was reported than terms let pass.
    pub is_material: bool,
    /// The least report that is not material.
    pub least_report: Number,
    /// Units to order.
    pub shortfall: Number,
    /// The order at the price, the penalty on the current list price, and the audit; the last two only where it is
    /// material. `None` where the price is not known.
    pub order: Option<Number>,
    pub penalty: Option<Number>,
    pub audit_cost: Option<Amount>,
    pub currency: Option<Currency>,
    /// Rounded once.
    pub amount: Option<Amount>,
    pub remainder: Option<Number>,
    pub working: String,
    pub clause: Option<String>,
}

/// By the terms that are declared for the contract, else by those of the register; `None` where neither tells a
/// materiality. `list` is the current list price of a unit, which is what is ordered at.
#[must_use]
pub fn audit(
    contract: &Contract,
    terms: &[AuditTerms],
    reported: &Number,
    actual: &Number,
    list: Option<(Amount, Currency)>,
    rounding: HouseRounding,
) -> Option<AuditFinding> {
    let declared = terms.iter().find(|terms| *terms.contract == *contract.id);
    let hundred = Number::from_integer(100.into());
    let materiality = declared.map(|terms| &terms.materiality).or(contract.materiality.as_ref())?;
    let none = Number::zero();
    let percent = declared.map(|terms| &terms.penalty).or(contract.penalty.as_ref());
    let least_report = (&hundred - materiality) * actual / &hundred;
    let is_material = *reported < least_report;
    let shortfall = (actual - reported).max(Number::zero());
    let price = list.map(|(price, _)| number(price));
    let order = price.as_ref().map(|price| &shortfall * price);
    let penalty = order.as_ref().map(|order| {
        if is_material { order * percent.unwrap_or(&none) / &hundred } else { none.clone() }
    });
    let currency = list.map(|(_, currency)| currency);
    let told = declared.and_then(|terms| Some((terms.audit_cost?, terms.currency?)));
    let audit_cost = told.filter(|(_, own)| is_material && Some(*own) == currency);
    let audit_cost = audit_cost.map(|(cost, _)| cost);
    let exact = order
        .as_ref()
        .zip(penalty.as_ref())
        .map(|(order, penalty)| order + penalty + audit_cost.map_or_else(Number::zero, number));
    let amount =
        exact.as_ref().zip(currency).and_then(|(exact, own)| rounded(exact, own, rounding));
    let mut working = Vec::new();
    if let (Some(price), Some(order)) = (&price, &order) {
        working.push(format!("{} × {} = {}", plain(&shortfall), plain(price), plain(order)));
    }
    if let Some(penalty) = penalty.as_ref().filter(|penalty| penalty.is_positive()) {
        let percent = percent.map(plain).unwrap_or_default();
        working.push(format!("{percent} % of it = {}", plain(penalty)));
    }
    match (audit_cost, told) {
        (Some(cost), _) => working.push(format!("audit {cost}")),
        _ if !is_material => {}
        (None, Some((cost, own))) => working.push(format!("the audit's {cost} {own} come on top")),
        (None, None) => working.push("the cost of the audit comes on top".to_owned()),
    }
    Some(AuditFinding {
        contract: Arc::clone(&contract.id),
        reported: reported.clone(),
        actual: actual.clone(),
        is_material,
        least_report,
        shortfall,
        remainder: exact.zip(amount).map(|(exact, amount)| exact - number(amount)),
        order,
        penalty,
        audit_cost,
        currency,
        amount,
        working: working.join("; "),
        clause: declared
            .and_then(|terms| terms.clause.clone())
            .or_else(|| contract.clause.as_deref().map(str::to_owned)),
    })
}
