//! Drivers that are made of the measured use of a product: `format: licenses`.

use crate::diagnostics::{Code, Span};

use super::decode::{Mapping, choice, word, words};
use super::driver_export::{SpecialPolicy, read_policy};
use super::node::Key;
use super::shape::words_of;
use super::sink::Sink;

/// A driver of who used how many units of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverOfLicenses {
    pub product: String,
    /// Any where none is named.
    pub publisher: Option<String>,
    /// All where none is named.
    pub edition: Option<String>,
    pub metric: Option<String>,
    pub interpretation: Option<String>,
    /// Who used, asked in this order; the first that answers.
    pub consumer: Vec<UserOf>,
    /// Units that are owned and not used.
    pub idle: Option<SpecialPolicy>,
    /// Units that are used and not owned; whoever uses bears them where nothing is said.
    pub over: Option<SpecialPolicy>,
    pub unknown: UnknownUse,
}

/// Where the owner of a use is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserOf {
    /// `pool`, `legal_entity`, `region`, `environment` of the row of use.
    Holder(HolderField),
    /// A field `x_…` of its rows.
    Own(String),
    /// An attribute of a table of metadata, by the id of that entity: `user.cost_center`.
    Metadata { entity: String, attribute: String, span: Span },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderField {
    Pool,
    LegalEntity,
    Region,
    Environment,
}

/// What becomes of use that is known within bounds only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownUse {
    /// Nothing is published.
    #[default]
    Refuse,
    Low,
    High,
}

/// The word for such drivers.
pub(super) const LICENSES: &str = "licenses";
/// Keys of such drivers alone.
pub(super) const LICENSE_KEYS: &[&str] =
    &["product", "publisher", "edition", "metric", "interpretation", "over", "unknown"];
pub(super) const UNKNOWN: [(&str, UnknownUse); 3] =
    [("refuse", UnknownUse::Refuse), ("low", UnknownUse::Low), ("high", UnknownUse::High)];
const HOLDERS: [(&str, HolderField); 4] = [
    ("pool", HolderField::Pool),
    ("legal_entity", HolderField::LegalEntity),
    ("region", HolderField::Region),
    ("environment", HolderField::Environment),
];

pub(super) fn read_license_driver(map: &Mapping<'_>, sink: &mut Sink) -> Option<DriverOfLicenses> {
    let before = sink.count();
    let product = map.need("product", sink).and_then(|node| word(node, "`product`", sink));
    let mut name = |key: &str| {
        map.get(key).and_then(|node| word(node, &format!("`{key}`"), sink)).map(|word| word.text)
    };
    let (publisher, edition) = (name("publisher"), name("edition"));
    let (metric, interpretation) = (name("metric"), name("interpretation"));
    let consumer = map.need("consumer", sink).and_then(|node| words(node, "`consumer`", sink));
    let consumer: Vec<UserOf> =
        consumer.into_iter().flatten().filter_map(|name| read_user(&name, sink)).collect();
    let idle = map.get("idle").and_then(|node| read_policy(node, sink));
    let over = map.get("over").and_then(|node| read_policy(node, sink));
    let unknown =
        map.get("unknown").and_then(|node| choice(node, "answer to `unknown`", &UNKNOWN, sink));
    let product = product?.text;
    (sink.count() == before).then(|| DriverOfLicenses {
        product,
        publisher,
        edition,
        metric,
        interpretation,
        consumer,
        idle,
        over,
        unknown: unknown.unwrap_or_default(),
    })
}

fn read_user(name: &Key, sink: &mut Sink) -> Option<UserOf> {
    if let Some((_, field)) = HOLDERS.iter().find(|(known, _)| *known == name.text) {
        return Some(UserOf::Holder(*field));
    }
    if name.text.starts_with("x_") {
        return Some(UserOf::Own(name.text.clone()));
    }
    if let Some((entity, attribute)) = name.text.split_once('.') {
        let (entity, attribute) = (entity.to_owned(), attribute.to_owned());
        return Some(UserOf::Metadata { entity, attribute, span: name.span.clone() });
    }
    let text = format!("`{}` tells no user", name.text);
    let help = format!(
        "one of {}, a field x_… of the rows, or an attribute of metadata such as user.cost_center",
        words_of(&HOLDERS).join(", ")
    );
    sink.report_with_help(Code::InvalidValue, &name.span, text, help);
    None
}
