//! Rules that would give unallocated cost an owner, each with its evidence.
//!
//! A suggestion is one line of YAML that can be pasted and a comment that says why. It is made
//! from what is allocated already, so it is never more than a proposal.

use std::fmt::Write;

use num_bigint::BigInt;

use crate::allocate::{Cube, NameId, Reason, UnallocatedItem};
use crate::diagnostics::{did_you_mean, printable};
use crate::domain::{Currency, Org, Standing};
use crate::rules::{Field, Outcome, OwnerChoice, RuleId, RuleSet, SplitMethod, ZeroDriver};

use super::decimal::fixed;
use super::digest::{Bearers, Leader, Leaders};

/// What suggestions are made from.
pub(super) struct Evidence<'a> {
    rules: &'a RuleSet,
    org: &'a Org,
    cube: &'a Cube,
    sub_accounts: Leaders,
    services: Leaders,
}

impl<'a> Evidence<'a> {
    /// From what the rules made of a month.
    pub(super) fn of(rules: &'a RuleSet, org: &'a Org, cube: &'a Cube) -> Self {
        Self::new(rules, org, cube, &Bearers::of(cube))
    }

    pub(super) fn new(rules: &'a RuleSet, org: &'a Org, cube: &'a Cube, bearers: &Bearers) -> Self {
        let sub_accounts = bearers.of_sub_account(cube);
        Self { rules, org, cube, sub_accounts, services: bearers.of_service(cube) }
    }

    /// A rule for charges like this one; empty where nothing speaks for any.
    pub(super) fn rule_for(&self, item: &UnallocatedItem) -> String {
        let asked = self.cube.text(item.reason.asked());
        let mended = match item.reason {
            Reason::UnknownOwner(_) => self.known_spelling(asked, item.rule),
            Reason::OwnerCase(_) => self.known_case(asked, item.rule),
            Reason::NoRule | Reason::ClosedOwner(_) => None,
        };
        mended.or_else(|| self.by_neighbours(item, asked)).unwrap_or_default()
    }

    /// A setting for a pool that could not be split.
    pub(super) fn setting_for(&self, pool: &str) -> String {
        let declared = self.rules.pools.iter().find(|declared| declared.name == pool);
        let unallocated = ZeroDriver::Unallocated;
        match declared.map(|pool| &pool.split) {
            Some(SplitMethod::Proportional { by, on_zero, .. }) if *on_zero == unallocated => {
                let pool = quoted(pool);
                format!(
                    "pools: {{ {pool}: {{ on_zero_driver: even }} }} \
                     # no receiver has positive {by} to split by"
                )
            }
            _ => String::new(),
        }
    }

    fn known_spelling(&self, asked: &str, rule: Option<RuleId>) -> Option<String> {
        let known = did_you_mean(asked, self.org.ids())?;
        let near = format!("nearest cost center to {} is {}", quoted(asked), quoted(&known));
        self.dimension(rule, &format!("map: {{ {}: {} }}", quoted(asked), quoted(&known)), &near)
    }

    fn known_case(&self, asked: &str, rule: Option<RuleId>) -> Option<String> {
        let standing = self.org.standing(asked, self.cube.period.last());
        let Standing::CaseDiffers(known) = standing else {
            return None;
        };
        let setting = if known == asked.to_lowercase() {
            "case: lower".to_owned()
        } else if known == asked.to_uppercase() {
            "case: upper".to_owned()
        } else {
            format!("map: {{ {}: {} }}", quoted(asked), quoted(known))
        };
        let differs = format!("{} differs from {} in case only", quoted(asked), quoted(known));
        self.dimension(rule, &setting, &differs)
    }

    /// A setting of the dimension that the rule inherits its owner from.
    fn dimension(&self, rule: Option<RuleId>, setting: &str, why: &str) -> Option<String> {
        let rule = self.rules.rule(rule?);
        let Outcome::Owner(OwnerChoice::Inherited(field)) = &rule.outcome else {
            return None;
        };
        if let Field::Dimension(id) = self.rules.field(*field) {
            let name = quoted(&self.rules.dimension(*id).name);
            return Some(format!("dimensions: {{ {name}: {{ {setting} }} }} # {why}"));
        }
        // The rule reads the bill as it is: a dimension must come between to mend values.
        let (from, rule) = (quoted(&self.rules.field_name(*field)), quoted(&rule.name));
        Some(format!(
            "dimensions: {{ \"owner\": {{ from: [ {from} ], {setting} }} }} \
             # {why}; let rule {rule} inherit from this dimension"
        ))
    }

    /// The owner who bears most of the same sub account, else of the same service.
    fn by_neighbours(&self, item: &UnallocatedItem, asked: &str) -> Option<String> {
        let text = |name| self.cube.text(name);
        let account = ("sub_account_id", text(item.sub_account));
        let service = ("service_name", text(item.service));
        let leader = self.leader(&self.sub_accounts, item.sub_account, item.currency, asked);
        let (leader, words, mut when) = if let Some(leader) = leader {
            (leader, "sub account", vec![account])
        } else {
            let leader = self.leader(&self.services, item.service, item.currency, asked)?;
            (leader, "service", vec![account, service])
        };
        // Other charges of the same place must go on to the rules that decide them today.
        let asking = self.asking(item.rule);
        when.extend(asking.as_ref().map(|(field, _)| (field.as_str(), asked)));
        when.retain(|(_, value)| !value.is_empty());
        let name = when.iter().map(|(_, value)| *value).collect::<Vec<_>>().join(" ");
        let when = when.into_iter().map(|(field, value)| format!("{field}: {}", quoted(value)));
        let (name, owner) = (quoted(&name), quoted(text(leader.owner)));
        let when = when.collect::<Vec<_>>().join(", ");
        let share = percent(leader)?;
        let mut line = format!(
            "classify: [ {{ name: {name}, when: {{ {when} }}, owner: {owner} }} ] # {owner} bears \
             {share} % of the EffectiveCost in this {words} that has an owner"
        );
        if let Some((_, rule)) = asking {
            // Writing to a String cannot fail.
            let _ = write!(line, "; put it before rule {}", quoted(&rule));
        }
        Some(line)
    }

    /// The field that a rule inherits the owner from, as rules name it, and the rule's name.
    fn asking(&self, rule: Option<RuleId>) -> Option<(String, String)> {
        let rule = self.rules.rule(rule?);
        match &rule.outcome {
            Outcome::Owner(OwnerChoice::Inherited(field)) => {
                Some((key(&self.rules.field_name(*field)), rule.name.clone()))
            }
            _ => None,
        }
    }

    /// Not the owner that the charge asked for in vain.
    fn leader(
        &self,
        leaders: &Leaders,
        place: NameId,
        currency: Currency,
        asked: &str,
    ) -> Option<Leader> {
        let leader = leaders.get(&(place, currency)).copied()?;
        (self.cube.text(leader.owner) != asked).then_some(leader)
    }
}

/// The leader's share in percent, with one digit.
fn percent(leader: Leader) -> Option<String> {
    fixed(&(leader.amount.to_units() * BigInt::from(100)), &leader.total.to_units(), 1)
}

/// A field's name as a key of YAML, quoted where it is not a plain word.
fn key(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    if name.chars().all(plain) { name.to_owned() } else { quoted(name) }
}

/// The text as a double-quoted scalar of YAML: it cannot end the line or the comment it stands in.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        let code = u32::from(letter);
        // Writing to a String cannot fail.
        let _ = match letter {
            '"' | '\\' => write!(quoted, "\\{letter}"),
            _ if printable(letter.encode_utf8(&mut [0; 4])).len() == letter.len_utf8() => {
                write!(quoted, "{letter}")
            }
            _ if code > 0xffff => write!(quoted, "\\U{code:08x}"),
            _ => write!(quoted, "\\u{code:04x}"),
        };
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_stays_on_its_line() {
        for (text, expected) in [
            ("pay", "\"pay\""),
            ("a \"b\" \\", r#""a \"b\" \\""#),
            ("x\n# y\u{202e}\u{e0001}", r#""x\u000a# y\u202e\U000e0001""#),
            ("Zürich 東京", "\"Zürich 東京\""),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
