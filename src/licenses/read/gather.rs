//! All files of a project → one inventory.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, Place, did_you_mean};
use crate::licenses::inventory::{Contract, Inventory, Origin, UseRow, Value};

use super::used::{self, UserRow};
use super::{FINDING_LIMIT, LicensePart, Told};

type Users = BTreeMap<String, BTreeMap<NaiveDate, UserRow>>;

/// Puts the files of a project together.
///
/// # Errors
/// Ids that stand twice, files that are the same, contracts whose rows contradict each other.
pub fn gather(parts: Vec<LicensePart>) -> Result<Told, Vec<Finding>> {
    let mut errors = repeated_files(&parts);
    let mut told = Told::default();
    let (mut contracts, mut users, mut ignored) = (Vec::new(), Vec::new(), BTreeMap::new());
    for part in parts {
        if !part.ignored.is_empty() {
            ignored.insert((part.path.clone(), part.input.clone()), part.ignored);
        }
        told.inventory.entitlements.extend(part.entitlements);
        told.inventory.uses.extend(part.uses);
        contracts.extend(part.contracts);
        users.extend(part.users);
        told.quarantined.extend(part.quarantined);
        for (key, fields) in part.further {
            told.further.entry(key).or_default().extend(fields);
        }
        for (raw, found) in part.unrecognised {
            told.unrecognised.entry(raw).or_default().add(found);
        }
    }
    let inventory = &mut told.inventory;
    inventory.entitlements.sort_by(|a, b| (&a.id, &a.origin).cmp(&(&b.id, &b.origin)));
    // Rows that one line stands for stay in its order.
    inventory.uses.sort_by(|a, b| (a.kind, &a.origin).cmp(&(b.kind, &b.origin)));
    told.quarantined.sort();
    errors.extend(repeated_ids(inventory));
    inventory.contracts = merged(contracts, &mut errors);
    let users = by_user(users, &mut errors);
    errors.extend(repeated_things(&inventory.uses));
    if !errors.is_empty() {
        errors.truncate(FINDING_LIMIT);
        return Err(errors);
    }
    let strangers = complete(&mut inventory.uses, &users);
    told.notes.extend(strangers);
    told.notes.extend(lost_references(&told.inventory));
    told.notes.extend(asides(&told));
    let unread = |((path, input), columns): ((Arc<str>, String), Vec<String>)| {
        let text = format!("columns that nothing reads: {}", columns.join(", "));
        let help = format!(
            "name them under `columns` of `{input}`, as `x_…` where no field fits, or under `ignored`"
        );
        Finding::new(Code::LicenseColumnUnread, text).help(help).at(Place::File(path))
    };
    told.notes.extend(ignored.into_iter().map(unread));
    Ok(told)
}

pub(in crate::licenses) fn place(origin: &Origin) -> Place {
    Place::Cell { path: origin.path.clone(), row: origin.row, column: None }
}

fn repeated_files(parts: &[LicensePart]) -> Vec<Finding> {
    let mut seen: BTreeMap<(&str, &str, NaiveDate), &str> = BTreeMap::new();
    let mut errors = Vec::new();
    for part in parts {
        // One workbook may hold the tables of several inputs, and two months may well be the same.
        if let Some(first) = seen.insert((&part.sha256, &part.input, part.day), &part.path) {
            let text = format!("the file has the same content as {first}");
            let help = "what is told twice counts twice; take one of them away";
            let finding = Finding::new(Code::LicenseBroken, text).help(help);
            errors.push(finding.at(Place::File(part.path.clone())));
        }
    }
    errors
}

fn again(what: &str, first: &Origin, origin: &Origin) -> Finding {
    let text = format!("{what} stands in {} already", place(first));
    let help = "take one of the two away, or give it an id of its own";
    Finding::new(Code::LicenseBroken, text).help(help).at(place(origin))
}

fn repeated_ids(inventory: &Inventory) -> Vec<Finding> {
    let pairs = inventory.entitlements.windows(2).filter(|pair| pair[0].id == pair[1].id);
    pairs
        .map(|pair| again(&format!("the right `{}`", pair[0].id), &pair[0].origin, &pair[1].origin))
        .collect()
}

fn repeated_things(uses: &[UseRow]) -> Vec<Finding> {
    let mut seen = BTreeMap::new();
    let mut errors = Vec::new();
    for row in uses {
        let Some(identity) = used::identity(row) else { continue };
        let key = (identity, row.product.clone());
        if let Some(first) = seen.insert(key.clone(), &row.origin)
            && *first != row.origin
        {
            let what = format!("`{}` of {}", key.0.1, row.snapshot);
            errors.push(again(&what, first, &row.origin));
        }
    }
    errors
}

/// Rows of one contract: the first says what was agreed, further ones add commitments.
fn merged(mut rows: Vec<Contract>, errors: &mut Vec<Finding>) -> Vec<Contract> {
    rows.sort_by(|a, b| (&a.id, &a.origin).cmp(&(&b.id, &b.origin)));
    let mut found: Vec<Contract> = Vec::new();
    for mut row in rows {
        let Some(first) = found.last_mut().filter(|first| first.id == row.id) else {
            found.push(row);
            continue;
        };
        if row.commitments.is_empty() {
            errors.push(again(&format!("the contract `{}`", row.id), &first.origin, &row.origin));
            continue;
        }
        let overlaps = |days| {
            first
                .commitments
                .iter()
                .any(|(known, _): &(crate::domain::DateRange, _)| known.overlaps(days))
        };
        if row.commitments.iter().any(|(days, _)| overlaps(*days)) {
            let text = format!("the contract `{}` has two commitments for the same days", row.id);
            let help = format!(
                "the other stands in {}; tell `commitment_start` and `commitment_end` of each",
                place(&first.origin)
            );
            errors.push(Finding::new(Code::LicenseBroken, text).help(help).at(place(&row.origin)));
            continue;
        }
        if row.currency != first.currency || row.kind != first.kind {
            let text = format!(
                "the contract `{}` has another kind or currency than in {}",
                row.id,
                place(&first.origin)
            );
            let help = "rows that add a commitment repeat kind and currency of the contract";
            errors.push(Finding::new(Code::LicenseBroken, text).help(help).at(place(&row.origin)));
            continue;
        }
        first.commitments.append(&mut row.commitments);
        first.commitments.sort_by_key(|(days, _)| (days.from(), days.to()));
    }
    found
}

fn by_user(rows: Vec<UserRow>, errors: &mut Vec<Finding>) -> Users {
    let mut users = Users::new();
    let mut rows = rows;
    rows.sort_by(|a, b| a.origin.cmp(&b.origin));
    for row in rows {
        let days = users.entry(row.user.to_lowercase()).or_default();
        if let Some(first) = days.get(&row.snapshot) {
            errors.push(again(&format!("the user `{}`", row.user), &first.origin, &row.origin));
        } else {
            days.insert(row.snapshot, row);
        }
    }
    users
}

/// Fills in what is known of users; tells how many rows name one who is not known.
fn complete(uses: &mut [UseRow], users: &Users) -> Option<Finding> {
    if users.is_empty() {
        return None;
    }
    let (mut strangers, mut first) = (0, None);
    for row in uses {
        let Some(Value::Text(user)) = row.fields.get("user") else { continue };
        let Some(days) = users.get(&user.to_lowercase()) else {
            strangers += 1;
            first.get_or_insert_with(|| (row.origin.clone(), user.clone()));
            continue;
        };
        let known = days.range(..=row.snapshot).next_back().or_else(|| days.iter().next());
        let Some((_, known)) = known else { continue };
        let (holder, from) = (&mut row.holder, &known.holder);
        let fill = |own: &mut Option<Arc<str>>, told: &Option<Arc<str>>| {
            if own.is_none() {
                own.clone_from(told);
            }
        };
        fill(&mut holder.legal_entity, &from.legal_entity);
        fill(&mut holder.region, &from.region);
        fill(&mut holder.pool, &from.pool);
        fill(&mut holder.environment, &from.environment);
        for (name, value) in &known.fields {
            row.fields.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    let (origin, user) = first?;
    let text = format!("rows of use name users who are in no table of users, such as `{user}`");
    let help = "add them, or look whether they have left and hold licenses still";
    Some(Finding::new(Code::LicenseReference, text).help(help).count(strangers).at(place(&origin)))
}

/// Rights whose base or contract is not there, or that stand on themselves.
fn lost_references(inventory: &Inventory) -> Vec<Finding> {
    let ids: BTreeMap<&str, Option<&str>> =
        inventory.entitlements.iter().map(|right| (&*right.id, right.base.as_deref())).collect();
    let contracts: Vec<&str> = inventory.contracts.iter().map(|contract| &*contract.id).collect();
    let mut notes = Vec::new();
    let mut tell = |origin: &Origin, text: String, help: String| {
        notes.push(Finding::new(Code::LicenseReference, text).help(help).at(place(origin)));
    };
    let near = |name: &str, known: &[&str], otherwise: &str| {
        did_you_mean(name, known)
            .map_or(otherwise.to_owned(), |near| format!("did you mean `{near}`?"))
    };
    let known: Vec<&str> = ids.keys().copied().collect();
    for right in &inventory.entitlements {
        if let Some(base) = right.base.as_deref() {
            if !ids.contains_key(base) {
                let text = format!("`{}` stands on `{base}`, which no row tells of", right.id);
                tell(
                    &right.origin,
                    text,
                    near(base, &known, "add the right that it extends; without it it gives none"),
                );
            } else if is_circle(&right.id, &ids) {
                let text = format!("`{}` stands on itself", right.id);
                tell(&right.origin, text, "name the right that it extends".to_owned());
            }
        }
        if let Some(contract) = right.contract.as_deref()
            && !contracts.is_empty()
            && !contracts.contains(&contract)
        {
            let text =
                format!("`{}` is under the contract `{contract}`, which no row tells of", right.id);
            tell(
                &right.origin,
                text,
                near(contract, &contracts, "add the contract to the register"),
            );
        }
    }
    notes
}

fn is_circle(id: &str, bases: &BTreeMap<&str, Option<&str>>) -> bool {
    let mut at = bases.get(id).copied().flatten();
    for _ in 0..=bases.len() {
        match at {
            None => return false,
            Some(base) if base == id => return true,
            Some(base) => at = bases.get(base).copied().flatten(),
        }
    }
    false
}

/// What stands aside, and what is not recognised.
fn asides(told: &Told) -> Vec<Finding> {
    let mut notes = Vec::new();
    if let Some(first) = told.quarantined.first() {
        let rows: std::collections::BTreeSet<&Origin> =
            told.quarantined.iter().map(|row| &row.origin).collect();
        let text = format!(
            "a row of {} could not be used and stands aside: {}",
            first.kind.name(),
            first.reason
        );
        let help = "mend the rows; until then the figures of what they are about are not known";
        let finding = Finding::new(Code::LicenseQuarantined, text).help(help);
        notes.push(finding.count(rows.len() as u64).at(place(&first.origin)));
    }
    for (raw, found) in &told.unrecognised {
        let publisher = raw.publisher.as_ref().map_or(String::new(), |name| format!(" of {name}"));
        let text = format!("no rule recognises `{}`{publisher}", raw.product);
        let help = "name it under `names` of a product, in a license rule file or the project's table of products";
        let count = found.rows.values().sum();
        let finding = Finding::new(Code::LicenseUnrecognised, text).help(help).count(count);
        notes.extend(found.first.as_ref().map(|origin| finding.at(place(origin))));
    }
    notes
}
