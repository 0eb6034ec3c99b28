//! Azure cost allocation rules: the cost of sources goes to targets by fixed percentages.
//!
//! Sources, read 2026-11-21: <https://learn.microsoft.com/rest/api/cost-management/cost-allocation-rules>
//! and <https://learn.microsoft.com/azure/cost-management-billing/costs/allocate-costs>.
//!
//! Order: rules are processed in the order in which they were created, and what one has moved
//! another does not find again, as the first of our rules decides.

use crate::diagnostics::{Code, Finding, Place, Span};

use super::aws::whole;
use super::condition::{Condition, Question, Test};
use super::draft::{Draft, Outcome, Pool, Rule, Split};
use super::tree::Tree;
use super::{Options, Source, json};

pub(super) fn import(
    sources: &[Source],
    options: &Options,
    draft: &mut Draft,
) -> Result<(), Vec<Finding>> {
    let (mut findings, mut rules) = (Vec::new(), Vec::new());
    for source in sources {
        match json::parse(&source.path, &source.text) {
            Ok(root) => {
                let found = root.get("value").unwrap_or(&root).items().to_vec();
                for rule in found {
                    match rule.get("properties").and_then(|found| found.get("details")) {
                        Some(_) => rules.push(rule),
                        None => findings.push(no_rule(&rule)),
                    }
                }
            }
            Err(finding) => findings.push(finding),
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    draft.head.extend(HEAD.iter().map(|line| (*line).to_owned()));
    in_order_of_creation(&mut rules);
    let mut fields = Vec::new();
    for rule in &rules {
        let name = rule.scalar_of("name").unwrap_or("rule").to_owned();
        let what = format!("the rule `{name}`");
        match import_rule(rule, &name, &what, draft) {
            Ok(field) => fields.push(field),
            Err((span, why)) => draft.leave_out(&span, what, why),
        }
    }
    if let (Some(rule), false) = (rules.first(), draft.pools.is_empty()) {
        let why =
            "a target without cost of its own gets its share all the same; Azure leaves it out";
        draft.write_otherwise(&rule.span, "every rule", why);
    }
    if options.as_owners {
        add_owners(fields, draft);
    }
    Ok(())
}

const HEAD: [&str; 2] = [
    "The cost of each rule's sources is a pool; targets are owners of their names, which the table of cost centers must",
    "have. Purchases are not allocated, as in Azure.",
];

fn no_rule(tree: &Tree) -> Finding {
    let message = "this is no cost allocation rule: it has no `properties.details`";
    let help = "export the answer of the API `costAllocationRules`";
    Finding::new(Code::ImportBroken, message).help(help).at(Place::Text(tree.span.clone()))
}

/// By the day of creation where every rule tells it; else as they stand.
fn in_order_of_creation(rules: &mut [Tree]) {
    let created = |rule: &Tree| {
        rule.get("properties").and_then(|p| p.scalar_of("createdDate")).map(str::to_owned)
    };
    if rules.iter().all(|rule| created(rule).is_some()) {
        rules.sort_by_key(created);
    }
}

type Wrong = (Span, String);

/// Adds a rule and its pool; the field of its targets.
fn import_rule(tree: &Tree, name: &str, what: &str, draft: &mut Draft) -> Result<String, Wrong> {
    draft.tell_unread(tree, &["id", "name", "type", "properties", "eTag", "systemData"], what);
    let Some(properties) = tree.get("properties") else {
        return Err((tree.span.clone(), "it has no properties".to_owned()));
    };
    let known = ["description", "status", "details", "createdDate", "updatedDate"];
    draft.tell_unread(properties, &known, what);
    let status = properties.get("status");
    if let Some(status) = status.filter(|status| status.scalar() == Some("NotActive")) {
        return Err((status.span.clone(), "it is not active".to_owned()));
    }
    let Some(details) = properties.get("details") else {
        return Err((properties.span.clone(), "it has no details".to_owned()));
    };
    draft.tell_unread(details, &["sourceResources", "targetResources"], what);
    let source = only(details, "sourceResources")?;
    let target = only(details, "targetResources")?;
    draft.tell_unread(source, &["resourceType", "name", "values"], what);
    draft.tell_unread(target, &["resourceType", "name", "values", "policyType"], what);
    let values: Option<Vec<String>> = source
        .get("values")
        .map(Tree::items)
        .unwrap_or_default()
        .iter()
        .map(|value| value.scalar().map(str::to_owned))
        .collect();
    let values = values.filter(|values| !values.is_empty());
    let values =
        values.ok_or_else(|| (source.span.clone(), "its source has no values".to_owned()))?;
    let (field, case_counts) = field_of(source)?;
    let (target_field, _) = field_of(target)?;
    let shares = shares_of(target)?;
    tell_chain(tree, &shares, what, draft);
    let question = Question { field, test: Test::OneOf(values), case_counts };
    let purchase = Condition::ask("charge_category", Test::OneOf(vec!["Purchase".to_owned()]));
    let when = Condition::All(vec![Condition::Ask(question), purchase.negated()]);
    let pool = draft.pool_name(name);
    let mut note = format!("{what}, {}", tree.span);
    if let Some(description) = properties.scalar_of("description") {
        note = format!("{note}: {description}");
    }
    let rule_name = draft.rule_name(name);
    let outcome = Outcome::Pool(pool.clone());
    draft.classify.push(Rule { name: rule_name, note: note.clone(), when, outcome });
    draft.pools.push(Pool { name: pool, note, split: Split::Fixed(shares), within: Vec::new() });
    Ok(target_field)
}

fn only<'t>(details: &'t Tree, key: &str) -> Result<&'t Tree, Wrong> {
    let found = details.get(key).map(Tree::items).unwrap_or_default();
    if let [one] = found {
        return Ok(one);
    }
    let why = format!("`{key}` has {} resources; Azure documents what one means", found.len());
    Err((details.span.clone(), why))
}

/// The field of a resource, and whether case counts: names of Azure's resources are compared
/// whatever their case, values of tags are not.
fn field_of(resource: &Tree) -> Result<(String, bool), Wrong> {
    let here = |why: String| Err((resource.span.clone(), why));
    let name = resource.scalar_of("name").unwrap_or_default();
    match (resource.scalar_of("resourceType"), name) {
        (Some("Dimension"), "SubscriptionId") => Ok(("sub_account_id".to_owned(), false)),
        (Some("Dimension"), "ResourceGroupName") => Ok(("x_ResourceGroup".to_owned(), false)),
        (Some("Tag"), key) if !key.is_empty() => Ok((format!("tag.{key}"), true)),
        (Some(kind), name) => here(format!("the {kind} `{name}` is not known")),
        (None, _) => here("a resource has no type".to_owned()),
    }
}

fn shares_of(target: &Tree) -> Result<Vec<(String, String)>, Wrong> {
    let here = |why: String| (target.span.clone(), why);
    let policy = target.scalar_of("policyType").unwrap_or("FixedProportion");
    if policy != "FixedProportion" {
        return Err(here(format!("the policy `{policy}` is not known")));
    }
    let mut shares: Vec<(String, String)> = Vec::new();
    for value in target.get("values").map(Tree::items).unwrap_or_default() {
        let (Some(name), Some(percent)) = (value.scalar_of("name"), value.scalar_of("percentage"))
        else {
            return Err((value.span.clone(), "a target has no name or no percentage".to_owned()));
        };
        if name.is_empty() || shares.iter().any(|(known, _)| known == name) {
            return Err((
                value.span.clone(),
                format!("the target `{name}` stands twice or is empty"),
            ));
        }
        shares.push((name.to_owned(), format!("{percent}%")));
    }
    let texts: Vec<String> = shares.iter().map(|(_, share)| share.clone()).collect();
    whole(&texts).map_err(here)?;
    Ok(shares)
}

/// What comes to a target by an earlier rule is not found by a later one here.
fn tell_chain(tree: &Tree, shares: &[(String, String)], what: &str, draft: &mut Draft) {
    let earlier = draft.classify.iter().find(|rule| {
        let names = shares.iter().map(|(name, _)| name);
        rule.when.asks_for(names)
    });
    if let Some(earlier) = earlier {
        let why = format!(
            "one of its targets is a source of `{}`; what comes to it stays with it, while Azure does not say",
            earlier.name
        );
        draft.write_otherwise(&tree.span, what, why);
    }
    let is_given = draft.pools.iter().any(|pool| match &pool.split {
        Split::Fixed(given) => given.iter().any(|(name, _)| {
            tree.get("properties").is_some_and(|properties| names_source(properties, name))
        }),
        _ => false,
    });
    if is_given {
        let why = "one of its sources is a target of an earlier rule; only its own cost is allocated, while Azure does not say";
        draft.write_otherwise(&tree.span, what, why);
    }
}

fn names_source(properties: &Tree, name: &str) -> bool {
    let sources = properties.get("details").and_then(|details| details.get("sourceResources"));
    let values =
        sources.map(Tree::items).unwrap_or_default().iter().filter_map(|s| s.get("values"));
    values.flat_map(Tree::items).any(|value| value.scalar() == Some(name))
}

/// Who bears what no rule moves: the owner of the targets' kind.
fn add_owners(mut fields: Vec<String>, draft: &mut Draft) {
    fields.sort();
    fields.dedup();
    for field in fields {
        let name = draft.rule_name(&format!("own cost by {field}"));
        let note =
            format!("the values of `{field}` are owners: the table of cost centers must have them");
        let when = Condition::ask(&field, Test::Absent).negated();
        draft.classify.push(Rule { name, note, when, outcome: Outcome::Owner(field) });
    }
}
