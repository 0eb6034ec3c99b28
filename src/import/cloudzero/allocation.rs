//! Allocations: what is split becomes a pool, and its elements the owners who share it.

use crate::domain::Amount;
use crate::import::aws::even;
use crate::import::condition::Condition;
use crate::import::draft::{Outcome, Pool, Rule, Split};
use crate::import::tree::Tree;

use super::origin::Origin;
use super::{Formation, Wrong};

/// Why a dimension that names an allocation cannot ask it; no loss by itself.
pub(super) const IS_A_POOL: &str =
    "it is an allocation: charges are split by it, and have no value of it";

impl Formation<'_> {
    /// Writes an allocation, or tells why not; always says why it is no dimension.
    pub(super) fn allocation(&mut self, id: &str, tree: &Tree) -> String {
        const KNOWN: [&str; 9] = [
            "Id",
            "Name",
            "Type",
            "Hide",
            "Disable",
            "Child",
            "AllocateByRules",
            "AllocateByStreams",
            "ElementCutoff",
        ];
        let what = format!("the allocation `{id}`");
        self.draft.tell_unread(tree, &KNOWN, &what);
        let made = match (tree.get("AllocateByRules"), tree.get("AllocateByStreams")) {
            (Some(rules), None) => self.by_rules(id, rules, &what),
            (None, Some(streams)) => self.by_streams(id, streams, &what),
            _ => {
                Err((tree.span.clone(), "it needs AllocateByRules or AllocateByStreams".to_owned()))
            }
        };
        if let Err((span, why)) = made {
            self.draft.leave_out(&span, what, why);
        } else if let Some(cutoff) = tree.get("ElementCutoff") {
            // Known from https://docs.cloudzero.com/docs/element-cutoff-thresholds, read 2026-11-21.
            let why = "it takes the smallest elements whose shares come to a part of the whole; the pool's key `cutoff` goes by each share alone";
            self.draft.leave_out(&cutoff.span, format!("`ElementCutoff` of {what}"), why);
        }
        IS_A_POOL.to_owned()
    }

    fn by_rules(&mut self, id: &str, tree: &Tree, what: &str) -> Result<(), Wrong> {
        let known = ["AllocationMethod", "SpendToAllocate", "AcrossElements", "ForEachElementOf"];
        self.draft.tell_unread(tree, &known, what);
        let need = |key: &str| {
            tree.get(key).ok_or_else(|| (tree.span.clone(), format!("it has no `{key}`")))
        };
        let spend = need("SpendToAllocate")?;
        let keys = ["Source", "Sources", "CoalesceSources", "Transforms", "Conditions"];
        self.draft.tell_unread(spend, &keys, what);
        let conditions = spend.get("Conditions").unwrap_or(spend);
        let when = self.any_of(conditions, &Origin::of(spend), what)?.simple();
        if when == Condition::Never {
            return Err((conditions.span.clone(), "what it splits can never match".to_owned()));
        }
        let elements = need("AcrossElements")?;
        let split = self.method(need("AllocationMethod")?, elements, what)?;
        let within = match tree.get("ForEachElementOf") {
            Some(partition) => self.partition(partition, &split, what)?,
            None => Vec::new(),
        };
        self.draft.tell_view(&tree.span, what, id);
        let pool = self.draft.pool_name(id);
        let note = format!("{what}, {}", tree.span);
        let name = self.draft.rule_name(&format!("{id} is split"));
        let outcome = Outcome::Pool(pool.clone());
        self.draft.classify.push(Rule { name, note: note.clone(), when, outcome });
        let note = format!("{note}; those who share are owners named as the elements");
        self.draft.pools.push(Pool { name: pool, note, split, within });
        Ok(())
    }

    /// The field of which each value is split by itself.
    fn partition(&mut self, tree: &Tree, split: &Split, what: &str) -> Result<Vec<String>, Wrong> {
        if !matches!(split, Split::Proportional { .. }) {
            let why = "equal shares of each part by itself are equal shares of the whole, but for elements that only some parts have";
            return Err((tree.span.clone(), why.to_owned()));
        }
        let known = ["GroupBy", "Source", "Sources", "CoalesceSources", "Transforms"];
        self.draft.tell_unread(tree, &known, what);
        let group = tree.get("GroupBy").unwrap_or(tree);
        let keys = ["Type", "Source", "Sources", "CoalesceSources", "Transforms"];
        if group
            .entries()
            .iter()
            .any(|(key, _)| !keys.contains(&key.text.as_str()) && key.text != "GroupBy")
        {
            let why = "its parts are told otherwise than by the values of a source";
            return Err((group.span.clone(), why.to_owned()));
        }
        self.fields_of(&Origin::of(group), &group.span, what)
    }

    fn method(&mut self, method: &Tree, elements: &Tree, what: &str) -> Result<Split, Wrong> {
        let names = self.elements(elements, what)?;
        match method.scalar().or(method.scalar_of("Method")) {
            Some("Even") if names.is_empty() => {
                let why = "among how many it is split is known from the bills only; name the elements, or split even among all cost centers";
                Err((elements.span.clone(), why.to_owned()))
            }
            Some("Even") => Ok(even(&names)),
            Some("Proportional") => {
                let by = self.cost_type(method, what);
                let mut why = "it goes by the cost of the month, not of each day".to_owned();
                if !self.options.as_owners {
                    why.push_str(
                        ", of the owners that are named as the elements (`--as owners` makes them)",
                    );
                }
                self.draft.write_otherwise(&method.span, what, why);
                Ok(Split::Proportional { by, include: names })
            }
            other => {
                let why = format!("the method `{}` is not known", other.unwrap_or("?"));
                Err((method.span.clone(), why))
            }
        }
    }

    fn cost_type(&mut self, method: &Tree, what: &str) -> &'static str {
        let Some(found) = method.get("CostType") else { return "effective_cost" };
        match found.scalar().unwrap_or_default() {
            "BilledCost" => "billed_cost",
            "RealCost" | "AmortizedCost" => "effective_cost",
            "OnDemandCost" => "list_cost",
            other => {
                let why = format!("`{other}` is taken for the effective cost");
                self.draft.write_otherwise(&found.span, format!("the cost type of {what}"), why);
                "effective_cost"
            }
        }
    }

    /// The names of elements; none where they are all values of a source.
    fn elements(&mut self, tree: &Tree, what: &str) -> Result<Vec<String>, Wrong> {
        let known =
            ["Rules", "Groups", "GroupBy", "Source", "Sources", "CoalesceSources", "Transforms"];
        self.draft.tell_unread(tree, &known, what);
        if let Some(groups) = tree.get("Groups") {
            self.tell_named(groups, what);
            return Ok(groups.entries().iter().map(|(key, _)| key.text.clone()).collect());
        }
        let rules: Vec<&Tree> = match (tree.get("GroupBy"), tree.get("Rules")) {
            (Some(group_by), _) => vec![group_by],
            (None, Some(rules)) => rules.items().iter().collect(),
            (None, None) => return Err((tree.span.clone(), "it names no elements".to_owned())),
        };
        let mut names = Vec::new();
        for rule in rules {
            if let Some(name) = rule.scalar_of("Name") {
                self.tell_named(rule, what);
                names.push(name.to_owned());
                continue;
            }
            let conditions = rule.get("Conditions").map(Tree::items).unwrap_or_default();
            let [condition] = conditions else {
                if conditions.is_empty() {
                    return Ok(Vec::new());
                }
                return Err((
                    rule.span.clone(),
                    "its elements are told by several conditions".to_owned(),
                ));
            };
            let listed = condition.get("Equals").map(Tree::items);
            let listed = listed.filter(|_| condition.entries().len() == 1);
            let listed = listed.ok_or_else(|| {
                (condition.span.clone(), "its elements are told otherwise than by name".to_owned())
            })?;
            names.extend(listed.iter().filter_map(Tree::scalar).map(str::to_owned));
        }
        names.dedup();
        Ok(names)
    }

    /// Elements with conditions of their own are owners here, whatever else makes them such.
    fn tell_named(&mut self, tree: &Tree, what: &str) {
        let why =
            "an element is the owner of its name; which charges are the owner's, other rules say";
        self.draft.write_otherwise(&tree.span, format!("the elements of {what}"), why);
    }

    /// A pool by tables of quantities. Which charges it splits, the stream says, which the
    /// definition does not hold.
    fn by_streams(&mut self, id: &str, tree: &Tree, what: &str) -> Result<(), Wrong> {
        self.draft.tell_unread(tree, &["Streams", "Rate"], what);
        let streams = tree.get("Streams").map(Tree::items).unwrap_or_default();
        let streams: Vec<&str> = streams.iter().filter_map(Tree::scalar).collect();
        if streams.is_empty() {
            return Err((tree.span.clone(), "it names no stream".to_owned()));
        }
        if let Some(third) = streams.get(2) {
            let why = format!(
                "`{third}` and what stands behind it are left out: a pool goes by one table, and by another where that has nothing"
            );
            self.draft.write_otherwise(&tree.span, what, why);
        }
        let mut names = streams.iter().take(2).map(|stream| {
            self.draft.driver_name(stream, &format!("the telemetry stream `{stream}`"))
        });
        let (driver, otherwise) = (names.next().unwrap_or_default(), names.next());
        drop(names);
        let split = match tree.get("Rate") {
            None => Split::Driver { driver, otherwise },
            Some(rate) => {
                self.draft.tell_unread(rate, &["Type", "Value", "DefaultElement"], what);
                let price = rate.scalar_of("Value").filter(|value| {
                    value.parse::<Amount>().is_ok_and(|amount| !amount.is_negative())
                });
                let Some(price) = price else {
                    return Err((rate.span.clone(), "its rate is no price".to_owned()));
                };
                let why = "CloudZero names no currency of a rate; it is taken for USD";
                self.draft.write_otherwise(&rate.span, format!("the rate of {what}"), why);
                let remainder = rate.scalar_of("DefaultElement").filter(|name| !name.is_empty());
                let remainder = remainder.map(str::to_owned);
                Split::Rate { driver, tiers: vec![(None, format!("{price} USD"))], remainder }
            }
        };
        let why = "which charges it splits, its telemetry says: lead them to the pool by a rule";
        self.draft.write_otherwise(&tree.span, what, why);
        let name = self.draft.pool_name(id);
        let note = format!("{what}, {}", tree.span);
        self.draft.pools.push(Pool { name, note, split, within: Vec::new() });
        Ok(())
    }
}
