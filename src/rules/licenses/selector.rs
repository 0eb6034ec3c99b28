//! `for:` of thresholds, silences and holidays: which products, pools and contracts are meant.

use crate::rules::decode::{Mapping, boolean, words};
use crate::rules::node::Node;
use crate::rules::pattern::{Glob, glob};
use crate::rules::shape::{KeyShape, Shape, key};
use crate::rules::sink::Sink;

/// What is asked of a warning or a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    Publisher,
    Product,
    Edition,
    Metric,
    Interpretation,
    Contract,
    LegalEntity,
    Pool,
    Owner,
}

impl Aspect {
    pub const ALL: [Self; 9] = [
        Self::Publisher,
        Self::Product,
        Self::Edition,
        Self::Metric,
        Self::Interpretation,
        Self::Contract,
        Self::LegalEntity,
        Self::Pool,
        Self::Owner,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Product => "product",
            Self::Edition => "edition",
            Self::Metric => "metric",
            Self::Interpretation => "interpretation",
            Self::Contract => "contract",
            Self::LegalEntity => "legal_entity",
            Self::Pool => "pool",
            Self::Owner => "owner",
        }
    }
}

/// Globs for some aspects, all of which must match. One that asks nothing matches everything.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    asked: Vec<(Aspect, Vec<Glob>)>,
    /// Whether the contract renews itself.
    auto_renew: Option<bool>,
}

pub(super) const KEYS: &[KeyShape] = &[
    key("publisher", Shape::Texts),
    key("product", Shape::Texts),
    key("edition", Shape::Texts),
    key("metric", Shape::Texts),
    key("interpretation", Shape::Texts),
    key("contract", Shape::Texts),
    key("legal_entity", Shape::Texts),
    key("pool", Shape::Texts),
    key("owner", Shape::Texts),
    key("auto_renew", Shape::Flag),
];

impl Selector {
    /// Whether all that is asked holds. What a subject does not tell matches no glob.
    pub fn matches<'a>(
        &self,
        value: impl Fn(Aspect) -> Option<&'a str>,
        auto_renew: Option<bool>,
    ) -> bool {
        let renews = self.auto_renew.is_none_or(|wanted| auto_renew == Some(wanted));
        renews
            && self.asked.iter().all(|(aspect, globs)| {
                value(*aspect).is_some_and(|text| globs.iter().any(|glob| glob.is_match(text)))
            })
    }
}

/// What stands behind `for`; everything where it is not there.
pub(super) fn read_for(map: &Mapping<'_>, sink: &mut Sink) -> Option<Selector> {
    let Some(node) = map.get("for") else { return Some(Selector::default()) };
    read_selector(node, sink)
}

fn read_selector(node: &Node, sink: &mut Sink) -> Option<Selector> {
    let before = sink.count();
    let map = Mapping::read(node, "`for`", KEYS, sink)?;
    let mut asked = Vec::new();
    for aspect in Aspect::ALL {
        let Some(node) = map.get(aspect.name()) else { continue };
        let globs = words(node, aspect.name(), sink)?;
        let globs = globs.iter().filter_map(|text| glob(text, false, sink)).collect();
        asked.push((aspect, globs));
    }
    let auto_renew = map.get("auto_renew").and_then(|node| boolean(node, "`auto_renew`", sink));
    (sink.count() == before).then_some(Selector { asked, auto_renew })
}
