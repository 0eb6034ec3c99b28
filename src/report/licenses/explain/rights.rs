//! Rights of a product with their terms and contracts, and where each unit of them stands.

use std::collections::BTreeSet;

use crate::domain::Amount;
use crate::licenses::{
    Contract, Entitlement, LicenseKind, NotUsed, Number, Position, PositionKey, Product,
    contract_kind_name, plain,
};

use super::figures::{open, place_label};
use super::node::Node;
use super::{Trace, held_by, named, place, shown};

impl<'a> Trace<'a> {
    /// Rights that serve a product or are of it, those that hold no more too, by id.
    pub(in crate::report::licenses) fn rights_of(
        &self,
        product: &Product,
    ) -> impl Iterator<Item = &'a Entitlement> {
        let lines = self.lines(product).flat_map(|line| &line.entitlements);
        let serving: BTreeSet<&str> = lines.map(|id| &**id).collect();
        let rights = self.trail.inventory.entitlements.iter();
        let own =
            move |right: &&Entitlement| serving.contains(&*right.id) || right.product == *product;
        let mut found: Vec<&Entitlement> = rights.filter(own).collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found.into_iter()
    }

    pub(in crate::report::licenses) fn contract(
        &self,
        right: &Entitlement,
    ) -> Option<&'a Contract> {
        let id = right.contract.as_ref()?;
        self.trail.inventory.contracts.iter().find(|contract| contract.id == *id)
    }

    pub(super) fn rights(&self, line: &Position) -> Vec<Node> {
        let rights = self.rights_of(&line.key.product);
        let own = rights.filter(|right| {
            line.entitlements.contains(&right.id) || right.product == line.key.product
        });
        own.map(|right| self.right(right, line)).collect()
    }

    fn right(&self, right: &'a Entitlement, line: &Position) -> Node {
        let node = Node::figure(&*right.id, right.quantity.clone(), &line.unit);
        let mut node = open(node, "without limit").at(place(&right.origin)).facts(terms(right));
        if right.metric != line.key.metric {
            node = node.how(format!("counts by `{}`, and not in this line", right.metric));
        } else if self.is_one(line) {
            node = node.sum("where its units are", self.units(right, line, 0));
        } else {
            for (bound, name) in [(0, "low"), (1, "high")] {
                let by = format!("where its units are, at the {name} bound");
                node = node.sum(by, self.units(right, line, bound));
            }
        }
        let contract = self.contract(right).map(|contract| {
            let title = contract.title.as_ref().map_or(String::new(), |title| format!(", {title}"));
            let label = format!("contract {}{title}", contract.id);
            Node::told(label).at(place(&contract.origin)).facts(agreed(contract))
        });
        let node = node.beside("contract", contract.into_iter().collect());
        let cells = self.trail.cells.get(&right.origin);
        let cells = cells.map(|_| self.row(&right.origin));
        node.beside("row", cells.into_iter().collect())
    }

    /// All units of a right in the world of a line: given, left, or out.
    fn units(&self, right: &'a Entitlement, line: &Position, bound: usize) -> Vec<Node> {
        let (key, unit) = (&line.key, &*line.unit);
        let cover = self.cover(key, bound);
        let given = cover.into_iter().flat_map(|cover| &cover.matches);
        let given = given.filter(|found| found.entitlement == right.id && found.kind.takes());
        let given = given.map(|found| {
            let label = format!("{}, {}", named(&found.demand.product), place_label(&found.demand));
            Node::figure(label, Some(found.quantity.clone()), unit).how(&found.reason)
        });
        let left = cover.into_iter().flat_map(|cover| &cover.not_used);
        let left = left.chain(&self.trail.matched.idle).filter(|left| left.entitlement == right.id);
        let mut found: Vec<Node> = given.chain(left.map(|left| left_node(left, unit))).collect();
        found.extend(self.not_held(right, key, &found));
        found
    }

    /// Units that give no right of their own, because an upgrade lifted them or its base has fewer.
    fn not_held(&self, right: &Entitlement, key: &PositionKey, found: &[Node]) -> Option<Node> {
        let held: Option<Number> = found.iter().map(|node| node.value.clone()).sum();
        let rest = right.quantity.as_ref()? - held?;
        let upgrades = self.trail.inventory.entitlements.iter().filter(|other| {
            other.kind == LicenseKind::Upgrade
                && other.base.as_ref() == Some(&right.id)
                && other.days.contains(self.trail.day)
        });
        let upgrades: Vec<&str> = upgrades.map(|other| &*other.id).collect();
        let why = match (&upgrades[..], right.kind, &right.base) {
            ([_, ..], ..) => format!("lifted by {}, where they stand", upgrades.join(", ")),
            (_, LicenseKind::Upgrade | LicenseKind::AddOn, Some(base)) => {
                format!("more than {base} has, which it stands on")
            }
            _ => return None,
        };
        let is_none = rest == Number::default() || right.metric != key.metric;
        (!is_none).then(|| Node::figure("no right of its own", Some(rest), "").how(why))
    }
}

fn left_node(left: &NotUsed, unit: &str) -> Node {
    let holder = held_by(&left.holder);
    let label = match (left.holds, holder.is_empty()) {
        (true, true) => "left over".to_owned(),
        (true, false) => format!("left over ({holder})"),
        (false, _) => "out".to_owned(),
    };
    open(Node::figure(label, left.quantity.clone(), unit), "without limit").how(&left.reason)
}

const fn kind(kind: LicenseKind) -> &'static str {
    match kind {
        LicenseKind::Perpetual => "perpetual",
        LicenseKind::Subscription => "subscription",
        LicenseKind::Maintenance => "maintenance",
        LicenseKind::Upgrade => "upgrade",
        LicenseKind::AddOn => "add-on",
    }
}

/// What is told of a right.
pub(in crate::report::licenses) fn terms(right: &Entitlement) -> Vec<(String, String)> {
    let money = |amount: Option<Amount>| match (amount, right.currency) {
        (Some(amount), Some(currency)) => format!("{amount} {currency}"),
        (Some(amount), None) => amount.to_string(),
        (None, _) => String::new(),
    };
    let names: Vec<&str> = right.rights.iter().map(|right| right.name()).collect();
    let facts = [
        ("product", named(&right.product)),
        ("newest version", shown(right.version_max.as_ref())),
        ("metric", right.metric.to_string()),
        ("kind", kind(right.kind).to_owned()),
        ("stands on", shown(right.base.as_ref())),
        ("holds", right.days.to_string()),
        ("maintenance", shown(right.maintenance.as_ref())),
        ("for", held_by(&right.holder)),
        ("use rights", names.join(", ")),
        ("assigned to", right.assigned.join(", ")),
        ("paid for one", money(right.unit_price)),
        ("list price of one", money(right.list_price)),
        ("maintenance of one, by year", money(right.maintenance_price)),
        ("contract", shown(right.contract.as_ref())),
        ("reseller", shown(right.reseller.as_ref())),
        ("order", shown(right.order.as_ref())),
        ("proof", shown(right.proof.as_ref())),
    ];
    facts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

/// What was agreed.
pub(in crate::report::licenses) fn agreed(contract: &Contract) -> Vec<(String, String)> {
    let percent = |number: &Option<Number>| {
        number.as_ref().map_or_else(String::new, |number| format!("{} %", plain(number)))
    };
    let notice = contract.notice_days.map_or_else(String::new, |days| {
        let kind = if contract.business_days { "business days" } else { "days" };
        format!("{days} {kind}")
    });
    let facts = [
        ("kind", contract_kind_name(contract.kind).to_owned()),
        ("publisher", shown(contract.publisher.as_ref())),
        ("owner", shown(contract.owner.as_ref())),
        ("holds", contract.days.to_string()),
        ("renews by itself", contract.auto_renew.map_or_else(String::new, yes)),
        ("notice", notice),
        ("price is held until", shown(contract.price_hold.as_ref())),
        ("cap of a dearer renewal", percent(&contract.uplift_cap)),
        ("growth allowance", percent(&contract.growth_allowance)),
        ("true-up", shown(contract.true_up.as_ref())),
        ("audit notice, days", shown(contract.audit_notice_days.as_ref())),
        ("material from", percent(&contract.materiality)),
        ("penalty", percent(&contract.penalty)),
        ("evidence is kept for, days", shown(contract.evidence_retention_days.as_ref())),
        ("clause", shown(contract.clause.as_ref())),
    ];
    facts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}
