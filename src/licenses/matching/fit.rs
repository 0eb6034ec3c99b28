//! Whether a right may cover a use, and how closely it is meant for it.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::licenses::inventory::{Holder, Product, UseRight};
use crate::rules::licenses::MatchingRules;

use super::{Need, Right, is_named, is_same_product, shown};

/// How a right that may cover a use does so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::licenses) struct Fit {
    /// The suite that the used product is a part of.
    pub(in crate::licenses) by_suite: bool,
    /// The higher edition that covers the used one.
    pub(in crate::licenses) by_edition: bool,
    /// What the right is restricted to and the use has: the more, the more specific it is.
    pub(in crate::licenses) specific: u8,
}

impl Fit {
    /// `Err` tells why not, in a few words.
    pub(in crate::licenses) fn of(
        right: &Right<'_>,
        need: &Need<'_>,
        rules: &MatchingRules,
    ) -> Result<Self, String> {
        let used = &need.demand.product;
        let mut fit = Err(format!("covers no {}", used.name));
        for (product, newest) in &right.covers {
            let found = product_fits(product, used, right, rules).and_then(|fit| {
                version_fits(newest.as_ref(), need.demand.version.as_ref())?;
                Ok(fit)
            });
            // The reason of the product that it is about is kept, before that of others.
            if found.is_ok() || fit.is_err() && is_same_product(product, used) {
                fit = found;
            }
            if fit.is_ok() {
                break;
            }
        }
        let mut fit = fit?;
        fit.specific += holder_fits(&right.holder, &need.demand.holder)?;
        if let Some(lacking) = need.required.iter().find(|asked| !right.rights.contains(asked)) {
            return Err(format!("holds no right of {} for this use", lacking.name()));
        }
        Ok(fit)
    }
}

fn product_fits(
    owned: &Product,
    used: &Product,
    right: &Right<'_>,
    rules: &MatchingRules,
) -> Result<Fit, String> {
    if is_same_product(owned, used) {
        let by_edition = edition_fits(owned, used, &right.rights, rules)?;
        let exact = u8::from(owned.edition.is_some() && !by_edition);
        return Ok(Fit { by_suite: false, by_edition, specific: 2 + exact });
    }
    let suites = rules.suites.iter().filter(|suite| is_named(owned, &suite.product));
    let mut parts = suites.flat_map(|suite| &suite.parts);
    if parts.any(|part| is_named(used, part)) {
        return Ok(Fit { by_suite: true, by_edition: false, specific: 0 });
    }
    Err(format!("covers no {}", used.name))
}

/// Whether an edition is covered; `true` within where a higher one covers it.
pub(in crate::licenses) fn edition_fits<'r>(
    owned: &Product,
    used: &Product,
    rights: impl IntoIterator<Item = &'r UseRight>,
    rules: &MatchingRules,
) -> Result<bool, String> {
    let Some(own) = &owned.edition else { return Ok(false) };
    if used.edition.as_ref() == Some(own) {
        return Ok(false);
    }
    let ladder = rules.ladders.iter().find(|ladder| is_named(owned, &ladder.product));
    let Some(ladder) = ladder else {
        return Err(match &used.edition {
            Some(edition) => format!("covers {own}, not {edition}"),
            None => format!("covers {own}, and the use tells no edition"),
        });
    };
    let place = |edition: &Arc<str>| ladder.order.iter().position(|step| **step == **edition);
    let is_higher = match (place(own), &used.edition) {
        (Some(own), Some(used)) => place(used).is_some_and(|used| own < used),
        // Whatever the edition is, the highest covers it.
        (Some(own), None) => own == 0,
        (None, _) => false,
    };
    if !is_higher {
        let edition = used.edition.as_deref().unwrap_or("a use that tells no edition");
        return Err(format!("covers {own}, not {edition}"));
    }
    let asked = ladder.right.and_then(UseRight::named);
    let mut held = rights.into_iter();
    match asked {
        Some(asked) if !held.any(|right| *right == asked) => Err(format!(
            "{} covers a lower edition by right of {} only",
            shown(owned),
            asked.name()
        )),
        _ => Ok(true),
    }
}

fn version_fits(newest: Option<&Arc<str>>, used: Option<&Arc<str>>) -> Result<(), String> {
    let Some(newest) = newest else { return Ok(()) };
    let Some(used) = used else {
        return Err(format!("covers versions up to {newest}, and the use tells no version"));
    };
    if compare_versions(used, newest) == Ordering::Greater {
        return Err(format!("covers versions up to {newest}, not {used}"));
    }
    Ok(())
}

/// Numbers within versions by value, what stands between them by text: 9 before 12, 11g before 12c, 2012 before
/// 2012 R2.
pub(super) fn compare_versions(one: &str, other: &str) -> Ordering {
    let (one, other) = (pieces(one), pieces(other));
    one.cmp(&other)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Word(String),
    /// Its digits, counted, so that the longer number is the greater.
    Number(usize, String),
}

fn pieces(version: &str) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    let mut run = String::new();
    let lower = version.to_lowercase();
    let mut letters = lower.chars().peekable();
    while let Some(letter) = letters.next() {
        if !letter.is_alphanumeric() {
            continue;
        }
        run.push(letter);
        let goes_on = letters.peek().is_some_and(|next| {
            next.is_alphanumeric() && next.is_ascii_digit() == letter.is_ascii_digit()
        });
        if !goes_on {
            let word = std::mem::take(&mut run);
            found.push(if letter.is_ascii_digit() {
                let digits = word.trim_start_matches('0').to_owned();
                Piece::Number(digits.len(), digits)
            } else {
                Piece::Word(word)
            });
        }
    }
    // `12.1.0` is `12.1`.
    while found.len() > 1 && found.last().is_some_and(|piece| matches!(piece, Piece::Number(0, _)))
    {
        found.pop();
    }
    found
}

/// How many restrictions of the right the use meets.
fn holder_fits(right: &Holder, used: &Holder) -> Result<u8, String> {
    let pairs = [
        ("legal entity", &right.legal_entity, &used.legal_entity),
        ("region", &right.region, &used.region),
        ("pool", &right.pool, &used.pool),
        ("environment", &right.environment, &used.environment),
    ];
    let mut met = 0;
    for (noun, own, used) in pairs {
        match (own, used) {
            (None, _) => {}
            (Some(own), Some(used)) if own == used => met += 1,
            (Some(own), Some(used)) => return Err(format!("is for {noun} {own}, not {used}")),
            (Some(own), None) => {
                return Err(format!("is for {noun} {own}, and the use tells no {noun}"));
            }
        }
    }
    Ok(met)
}
