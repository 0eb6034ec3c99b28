//! `charges` of `licenses:` in the project file: which rights are charged to the month, and how.
//!
//! Owns keys, words and what they must not say together. Which right a rule is of, and that no two
//! rules charge one right for the same, is seen where rights are known: see the room `licenses`.

use num_bigint::BigInt;
use num_rational::Ratio;

use crate::diagnostics::{Code, Span};
use crate::domain::{Amount, Currency};
use crate::rules::decode::{
    Mapping, choice, is_identifier, parsed, some_items, whole, word, words,
};
use crate::rules::node::{Key, Node};
use crate::rules::pattern::{Glob, glob};
use crate::rules::project::refuse_repeats;
use crate::rules::shape::{KeyShape, Shape, key, needed, words_of};
use crate::rules::sink::Sink;

use super::fields::LICENSE_KINDS;
use super::figures::{each, percent};
use super::valuation::Prorate;

/// The source that charges of licenses are of, in reports and for rules.
pub const LICENSE_SOURCE: &str = "licenses";

/// A rule that charges rights, or says who does already.
#[derive(Clone, Debug)]
pub struct ChargeRule {
    pub name: String,
    pub span: Span,
    pub what: ChargeWhat,
    pub when: RightAsked,
    pub terms: ChargeTerms,
}

/// What of a right is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChargeWhat {
    /// Its unit price.
    Fee,
    /// Its maintenance price, which is for a year.
    Maintenance,
    /// What each unit costs beside the license, by a price of the rule.
    Dependent,
}

impl ChargeWhat {
    /// As rules and reports call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fee => "fee",
            Self::Maintenance => "maintenance",
            Self::Dependent => "dependent",
        }
    }
}

/// How it is charged.
#[derive(Clone, Debug)]
pub enum ChargeTerms {
    /// The vendor's invoice stands among the sources, so nothing is charged here.
    InSource {
        source: String,
        span: Span,
    },
    Charged(Charged),
}

#[derive(Clone, Debug)]
pub struct Charged {
    pub price: PriceFor,
    pub prorate: Prorate,
    pub billed: BilledIn,
    /// Percent that a reseller takes on top.
    pub margin: Option<Ratio<BigInt>>,
    /// Of dependent cost: for one unit.
    pub unit_cost: Option<(Amount, Currency)>,
}

/// How long a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceFor {
    Month,
    /// A year that begins on the day of the right, or its anniversary.
    Year,
    /// All days of the right.
    Term,
    /// So many months from its first day, as what is bought for good is written off.
    Months(u32),
}

/// When the vendor asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BilledIn {
    /// Each month its part.
    Month,
    /// The whole stretch in the month in which it begins.
    Stretch,
}

/// Which rights a rule is of. Of each key one of its patterns holds; keys that are absent ask nothing.
#[derive(Clone, Debug, Default)]
pub struct RightAsked {
    asks: Vec<(RightKey, Vec<Glob>)>,
}

/// What of a right a rule may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RightKey {
    Id,
    Contract,
    Publisher,
    Product,
    Edition,
    Metric,
    LicenseType,
    LegalEntity,
    Pool,
    Reseller,
}

const RIGHT_KEYS: [(&str, RightKey); 10] = [
    ("id", RightKey::Id),
    ("contract", RightKey::Contract),
    ("publisher", RightKey::Publisher),
    ("product", RightKey::Product),
    ("edition", RightKey::Edition),
    ("metric", RightKey::Metric),
    ("license_type", RightKey::LicenseType),
    ("legal_entity", RightKey::LegalEntity),
    ("pool", RightKey::Pool),
    ("reseller", RightKey::Reseller),
];

impl RightAsked {
    /// Whether a right is asked for; `told` says what it has.
    pub fn is_met<'t>(&self, told: impl Fn(RightKey) -> Option<&'t str>) -> bool {
        self.asks.iter().all(|(key, globs)| {
            told(*key).is_some_and(|text| globs.iter().any(|glob| glob.is_match(text)))
        })
    }
}

const WHEN_KEYS: &[KeyShape] = &[
    key("id", Shape::Texts),
    key("contract", Shape::Texts),
    key("publisher", Shape::Texts),
    key("product", Shape::Texts),
    key("edition", Shape::Texts),
    key("metric", Shape::Texts),
    key("license_type", Shape::Texts),
    key("legal_entity", Shape::Texts),
    key("pool", Shape::Texts),
    key("reseller", Shape::Texts),
];

pub(in crate::rules) const CHARGE_KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    needed("what", Shape::Choice(|| words_of(&WHATS))),
    key("when", Shape::Map(WHEN_KEYS)),
    key("price", Shape::Choice(|| words_of(&PRICES))),
    key("months", Shape::Whole(MOST_MONTHS)),
    key("proration", Shape::Choice(|| words_of(&PRORATES))),
    key("billed", Shape::Choice(|| words_of(&BILLED))),
    key("source", Shape::Text),
    key("margin", Shape::Text),
    key("unit_cost", Shape::Text),
    key("currency", Shape::Text),
];

const WHATS: [(&str, ChargeWhat); 3] = [
    ("fee", ChargeWhat::Fee),
    ("maintenance", ChargeWhat::Maintenance),
    ("dependent", ChargeWhat::Dependent),
];
const PRICES: [(&str, PriceFor); 3] =
    [("month", PriceFor::Month), ("year", PriceFor::Year), ("term", PriceFor::Term)];
const PRORATES: [(&str, Prorate); 2] = [("months", Prorate::Months), ("days", Prorate::Days)];
/// `invoice` charges nothing here.
const BILLED: [(&str, Option<BilledIn>); 3] =
    [("month", Some(BilledIn::Month)), ("advance", Some(BilledIn::Stretch)), ("invoice", None)];
/// Keys of what is charged, which an invoice among the sources charges.
const CHARGING: [&str; 6] = ["price", "months", "proration", "margin", "unit_cost", "currency"];
/// The longest that anything is written off over.
const MOST_MONTHS: u32 = 240;

pub(super) fn read_charges(node: &Node, sink: &mut Sink) -> Option<Vec<ChargeRule>> {
    let nodes = some_items(node, "`charges`", sink)?;
    let found = each(nodes, sink, read_charge)?;
    refuse_repeats("charge", found.iter().map(|rule| (rule.name.as_str(), &rule.span)), sink);
    Some(found)
}

fn read_charge(node: &Node, sink: &mut Sink) -> Option<ChargeRule> {
    let map = Mapping::read(node, "a charge of licenses", CHARGE_KEYS, sink)?;
    let before = sink.count();
    let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
    let name = name.filter(|name| is_identifier(name, "the name of a charge", true, sink));
    let what = map.need("what", sink);
    let what = what.and_then(|node| choice(node, "part of a right", &WHATS, sink));
    let when = match map.get("when") {
        Some(node) => read_when(node, sink),
        None => Some(RightAsked::default()),
    };
    let billed = match map.get("billed") {
        Some(node) => choice(node, "answer to `billed`", &BILLED, sink)?,
        None => Some(BilledIn::Month),
    };
    let terms = match billed {
        None => read_source(&map, sink),
        Some(billed) => read_charged(&map, what?, billed, sink).map(ChargeTerms::Charged),
    };
    let (name, what, when, terms) = (name?, what?, when?, terms?);
    (sink.count() == before).then(|| ChargeRule {
        name: name.text,
        span: name.span,
        what,
        when,
        terms,
    })
}

fn read_when(node: &Node, sink: &mut Sink) -> Option<RightAsked> {
    let map = Mapping::read(node, "`when` of a charge", WHEN_KEYS, sink)?;
    let mut asks = Vec::new();
    for (name, asked) in RIGHT_KEYS {
        let Some(node) = map.get(name) else { continue };
        let mut texts: Vec<Key> = words(node, &format!("`{name}`"), sink)?;
        if asked == RightKey::LicenseType {
            for text in &mut texts {
                text.text = text.text.replace(['-', ' '], "_");
            }
            for text in texts.iter().filter(|text| !LICENSE_KINDS.contains(&&*text.text)) {
                let message = format!("`{}` is no license type", text.text);
                sink.report_unknown(
                    Code::InvalidValue,
                    &text.span,
                    message,
                    &text.text,
                    LICENSE_KINDS,
                );
            }
        }
        let globs: Vec<Glob> = texts.iter().filter_map(|text| glob(text, true, sink)).collect();
        asks.push((asked, globs));
    }
    Some(RightAsked { asks })
}

fn read_source(map: &Mapping<'_>, sink: &mut Sink) -> Option<ChargeTerms> {
    for (key, span) in CHARGING.iter().filter_map(|key| Some((key, map.key_span(key)?))) {
        let text = format!("`{key}` charges what `billed: invoice` says a source has charged");
        let help = "a right that is charged here and by a source would count twice; take one away";
        sink.report_with_help(Code::InvalidValue, span, text, help);
    }
    let source = map.need("source", sink).and_then(|node| word(node, "`source`", sink))?;
    Some(ChargeTerms::InSource { source: source.text, span: source.span })
}

fn read_charged(
    map: &Mapping<'_>,
    what: ChargeWhat,
    billed: BilledIn,
    sink: &mut Sink,
) -> Option<Charged> {
    let before = sink.count();
    if let Some(span) = map.key_span("source") {
        let text = "`source` names where the vendor's invoice stands, with `billed: invoice`";
        sink.report(Code::InvalidValue, span, text);
    }
    let price = map.get("price").and_then(|node| choice(node, "length", &PRICES, sink));
    let months = map.get("months").and_then(|node| whole(node, "`months`", MOST_MONTHS, sink));
    if months == Some(0) {
        sink.report(Code::InvalidValue, map.key_span("months")?, "`months` must be above zero");
    }
    let price = match (price, months) {
        (Some(_), Some(_)) => {
            let text = "`months` says how long the price is for, and so does `price`";
            sink.report(Code::InvalidValue, map.key_span("months")?, text);
            return None;
        }
        (None, Some(months)) => Some(PriceFor::Months(months)),
        (Some(price), None) => Some(price),
        // Prices of maintenance are for a year, as inventories tell them.
        (None, None) if what == ChargeWhat::Maintenance => Some(PriceFor::Year),
        (None, None) => None,
    };
    if price.is_none() && sink.count() == before {
        let text = "it is not said how long the price is for";
        let help =
            "write `price: year`, `month` or `term`, or `months: 36` for what is written off";
        sink.report_with_help(Code::MissingKey, map.span, text, help);
    }
    if what == ChargeWhat::Maintenance && price.is_some_and(|price| price != PriceFor::Year) {
        let text = "prices of maintenance are for a year";
        sink.report(Code::InvalidValue, map.span, text);
    }
    let prorate = map.get("proration");
    let prorate = prorate.and_then(|node| choice(node, "proration", &PRORATES, sink));
    let margin = map.get("margin").and_then(|node| percent(node, "`margin`", sink));
    let cost: Option<Amount> =
        map.get("unit_cost").and_then(|node| parsed(node, "an amount", sink));
    let currency: Option<Currency> =
        map.get("currency").and_then(|node| parsed(node, "a currency", sink));
    let is_dependent = what == ChargeWhat::Dependent;
    if sink.count() == before
        && (cost.is_some() != is_dependent || currency.is_some() != is_dependent)
    {
        let text = if is_dependent {
            "dependent cost needs `unit_cost` and `currency`"
        } else {
            "`unit_cost` and `currency` are of dependent cost; rights tell their own prices"
        };
        sink.report(Code::InvalidValue, map.span, text);
    }
    (sink.count() == before).then(|| Charged {
        price: price.unwrap_or(PriceFor::Year),
        prorate: prorate.unwrap_or(Prorate::Months),
        billed,
        margin,
        unit_cost: cost.zip(currency),
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::Project;

    fn read(charges: &str) -> Result<Vec<super::ChargeRule>, Vec<String>> {
        let text = format!(
            "organisation: Acme\ncurrency: EUR\nsources: [ {{ name: a, format: focus, files: a.csv }} ]\nlicenses:\n  charges:\n{charges}"
        );
        let read = Project::parse("p.yaml", &text);
        read.map(|project| project.licenses.unwrap().charges).map_err(|found| {
            found
                .iter()
                .map(|f| format!("{} {}: {}", f.code, f.place.as_ref().unwrap(), f.message))
                .collect()
        })
    }

    #[test]
    fn a_rule_that_charges_and_leaves_it_to_an_invoice_is_refused() {
        for (rule, told) in [
            ("what: fee, billed: invoice, source: a, price: year", "`price` charges what"),
            ("what: fee, billed: invoice", "needs the key `source`"),
            ("what: fee, price: year, source: a", "`source` names where"),
            ("what: fee", "how long the price is for"),
            ("what: fee, price: year, months: 12", "and so does `price`"),
            ("what: maintenance, price: month", "are for a year"),
            ("what: dependent, price: month", "needs `unit_cost` and `currency`"),
            ("what: fee, price: month, unit_cost: \"1\", currency: EUR", "are of dependent cost"),
            ("what: fee, price: year, margin: \"101\"", "from 0 to 100"),
            ("what: fee, price: year, when: { license_type: abo }", "is no license type"),
        ] {
            let found = read(&format!("    - {{ name: x, {rule} }}\n")).unwrap_err();
            assert!(found.iter().any(|text| text.contains(told)), "{rule}: {found:?}");
        }
        let found = read(
            "    - { name: x, what: fee, price: year }\n    - { name: x, what: maintenance }\n",
        );
        assert!(found.unwrap_err()[0].contains("another charge named `x`"));
    }

    #[test]
    fn conditions_ask_by_patterns_whatever_the_case() {
        let rules = read("    - { name: x, what: fee, price: year, when: { product: \"sql *\", license_type: subscription } }\n").unwrap();
        let is_met = |product: &'static str, kind: &'static str| {
            rules[0].when.is_met(|key| match key {
                super::RightKey::Product => Some(product),
                super::RightKey::LicenseType => Some(kind),
                _ => None,
            })
        };
        assert!(is_met("SQL Server", "subscription"));
        assert!(!is_met("SQL Server", "perpetual") && !is_met("Windows", "subscription"));
    }
}
