//! Declarations as they are written: shapes checked, names not yet looked up.
//!
//! A declaration that has a name is kept even where its inside is wrong, so that the rest of the
//! files is not told that it does not exist.

use crate::diagnostics::{Code, Span};
use crate::domain::DateRange;
use crate::rules::condition::CaseRule;
use crate::rules::dated::{MEMBERS, Member, read_members};
use crate::rules::decode::{
    Mapping, boolean, choice, entries, is_identifier, is_name, items, read_valid, word, words,
};
use crate::rules::limits;
use crate::rules::model::OnInvalid;
use crate::rules::node::{Key, Kind, Node};
use crate::rules::shape::{GIVEN, KeyShape, Shape, VALID_KEYS, key, needed, words_of};
use crate::rules::sink::Sink;

use super::outcome::COMPONENTS;
use super::{dimension, example, policy, pool, stage};

#[derive(Debug, Default)]
pub(super) struct RawRules<'a> {
    pub(super) lists: Vec<RawList<'a>>,
    pub(super) dimensions: Vec<RawDimension<'a>>,
    pub(super) components: Vec<RawComponent<'a>>,
    pub(super) classify: Vec<RawRule<'a>>,
    pub(super) pools: Vec<RawPool<'a>>,
    pub(super) stages: Option<RawStages<'a>>,
    pub(super) policies: Option<RawPolicies<'a>>,
    pub(super) tests: Vec<&'a Node>,
}

#[derive(Debug)]
pub(super) struct RawList<'a> {
    pub(super) name: &'a Key,
    pub(super) values: Vec<Member>,
}

#[derive(Debug)]
pub(super) struct RawDimension<'a> {
    pub(super) name: &'a Key,
    pub(super) from: Vec<Key>,
    pub(super) tag: Option<Key>,
    pub(super) aliases: Vec<Key>,
    pub(super) inherit: Vec<Key>,
    pub(super) rules: Vec<RawDimensionRule<'a>>,
    pub(super) map: Vec<(&'a Key, Key)>,
    pub(super) case: CaseRule,
    pub(super) values: Option<&'a Node>,
    pub(super) on_invalid: OnInvalid,
    pub(super) default: Option<Key>,
    pub(super) detail: bool,
}

#[derive(Debug)]
pub(super) struct RawDimensionRule<'a> {
    pub(super) when: Option<&'a Node>,
    pub(super) value: Option<&'a Node>,
}

#[derive(Debug)]
pub(super) struct RawComponent<'a> {
    pub(super) name: Option<Key>,
    pub(super) when: Option<&'a Node>,
}

#[derive(Debug)]
pub(super) struct RawRule<'a> {
    pub(super) name: Option<Key>,
    pub(super) when: Option<&'a Node>,
    pub(super) owner: Option<&'a Node>,
    pub(super) pool: Option<&'a Node>,
    pub(super) valid: DateRange,
}

#[derive(Debug)]
pub(super) struct RawPool<'a> {
    pub(super) name: &'a Key,
    pub(super) body: &'a Node,
}

impl RawPool<'_> {
    /// Whether it declares one pool for each value of a field.
    pub(super) fn is_family(&self) -> bool {
        matches!(&self.body.kind, Kind::Map(keys) if keys.iter().any(|(key, _)| key.text == "each"))
    }
}

#[derive(Debug)]
pub(super) struct RawStages<'a> {
    pub(super) span: &'a Span,
    pub(super) items: &'a [Node],
}

/// The policies of one file.
#[derive(Debug)]
pub(super) struct RawPolicies<'a> {
    pub(super) span: &'a Span,
    pub(super) body: &'a Node,
}

pub(in crate::rules) const KEYS: &[KeyShape] = &[
    key("lists", Shape::Identified { dash: true, shape: &MEMBERS }),
    key("dimensions", Shape::Identified { dash: false, shape: &Shape::Map(DIMENSION_KEYS) }),
    key("components", Shape::List(&Shape::Map(COMPONENT_KEYS))),
    key("policies", Shape::Map(policy::KEYS)),
    key("classify", Shape::List(&Shape::Map(RULE_KEYS))),
    key("pools", Shape::Named(&Shape::Map(pool::KEYS))),
    key("stages", Shape::List(&Shape::Either(&[Shape::Texts, Shape::Map(stage::KEYS)]))),
    key("tests", Shape::List(&Shape::Map(example::KEYS))),
];
pub(super) const DIMENSION_KEYS: &[KeyShape] = &[
    key("from", Shape::Texts),
    key("tag", Shape::Text),
    key("aliases", Shape::Texts),
    key("inherit", Shape::Texts),
    key("rules", Shape::List(&Shape::Map(DIMENSION_RULE_KEYS))),
    key("map", Shape::Named(&Shape::Text)),
    key("synonyms", Shape::Named(&Shape::Text)),
    key("case", Shape::Choice(|| words_of(CASE_RULES))),
    key("values", dimension::VALUES),
    key("invalid", Shape::Choice(|| words_of(ON_INVALID))),
    key("default", Shape::Text),
    key("detail", Shape::Flag),
];
const DIMENSION_RULE_KEYS: &[KeyShape] = &[key("when", Shape::Condition), needed("value", GIVEN)];
const COMPONENT_KEYS: &[KeyShape] =
    &[needed("name", Shape::Choice(|| COMPONENTS.to_vec())), key("when", Shape::Condition)];
const RULE_KEYS: &[KeyShape] = &[
    needed("name", Shape::Text),
    key("when", Shape::Condition),
    key("owner", GIVEN),
    key("pool", GIVEN),
    key("valid", Shape::Map(VALID_KEYS)),
];

impl<'a> RawRules<'a> {
    /// Adds the declarations of one file.
    pub(super) fn read(&mut self, root: &'a Node, sink: &mut Sink) {
        if matches!(root.kind, Kind::Null) {
            return;
        }
        let Some(map) = Mapping::read(root, "a rule file", KEYS, sink) else { return };
        self.lists.extend(read_each(map.get("lists"), "`lists`", sink, read_list));
        self.dimensions.extend(read_each(
            map.get("dimensions"),
            "`dimensions`",
            sink,
            read_dimension,
        ));
        self.components.extend(read_items(
            map.get("components"),
            "`components`",
            sink,
            read_component,
        ));
        self.classify.extend(read_items(map.get("classify"), "`classify`", sink, read_rule));
        self.pools.extend(read_each(map.get("pools"), "`pools`", sink, read_pool));
        self.tests.extend(read_items(map.get("tests"), "`tests`", sink, |node, _| Some(node)));
        if let (Some(node), Some(span)) = (map.get("stages"), map.key_span("stages")) {
            self.read_stages(node, span, sink);
        }
        if let (Some(body), Some(span)) = (map.get("policies"), map.key_span("policies")) {
            if let Some(earlier) = &self.policies {
                let help = format!("the first are at {}", earlier.span);
                let message = "the policies are declared a second time";
                sink.report_with_help(Code::DuplicateName, span, message, help);
            } else {
                self.policies = Some(RawPolicies { span, body });
            }
        }
    }

    fn read_stages(&mut self, node: &'a Node, span: &'a Span, sink: &mut Sink) {
        if let Some(earlier) = &self.stages {
            let help = format!("the first are at {}", earlier.span);
            let message = "the stages are declared a second time";
            sink.report_with_help(Code::DuplicateName, span, message, help);
            return;
        }
        let items = items(node, "`stages`", sink).unwrap_or_default();
        self.stages = Some(RawStages { span, items });
    }
}

/// The entries of a mapping of named things.
fn read_each<'a, T>(
    node: Option<&'a Node>,
    what: &str,
    sink: &mut Sink,
    read: impl Fn(&'a Key, &'a Node, &mut Sink) -> T,
) -> Vec<T> {
    let found = node.and_then(|node| entries(node, what, sink)).unwrap_or_default();
    found.iter().map(|(key, value)| read(key, value, sink)).collect()
}

/// The items of a list of things.
fn read_items<'a, T>(
    node: Option<&'a Node>,
    what: &str,
    sink: &mut Sink,
    read: impl Fn(&'a Node, &mut Sink) -> Option<T>,
) -> Vec<T> {
    let found = node.and_then(|node| items(node, what, sink)).unwrap_or_default();
    if let Some(node) = found.get(limits::DECLARATIONS) {
        let message = format!("{what} has more than {} items", limits::DECLARATIONS);
        sink.report(Code::InvalidValue, &node.span, message);
    }
    found.iter().filter_map(|node| read(node, sink)).collect()
}

fn read_list<'a>(name: &'a Key, node: &'a Node, sink: &mut Sink) -> RawList<'a> {
    is_identifier(name, "the name of a list", true, sink);
    RawList { name, values: read_members(node, sink) }
}

fn read_dimension<'a>(name: &'a Key, node: &'a Node, sink: &mut Sink) -> RawDimension<'a> {
    is_identifier(name, "the name of a dimension", false, sink);
    let map = Mapping::read(node, "a dimension", DIMENSION_KEYS, sink);
    let get = |key: &str| map.and_then(|map| map.get(key));
    let case = get("case").and_then(|node| choice(node, "case rule", CASE_RULES, sink));
    let on_invalid = get("invalid").and_then(|node| choice(node, "answer", ON_INVALID, sink));
    let detail = get("detail").and_then(|node| boolean(node, "`detail`", sink));
    let mut list = |key: &str, what| get(key).and_then(|node| words(node, what, sink));
    let from = list("from", "`from`").unwrap_or_default();
    let aliases = list("aliases", "`aliases`").unwrap_or_default();
    let inherit = list("inherit", "`inherit`").unwrap_or_default();
    refuse_two_ways(map, sink);
    RawDimension {
        name,
        from,
        tag: get("tag").and_then(|node| word(node, "`tag`", sink)),
        aliases,
        inherit,
        rules: read_items(get("rules"), "`rules`", sink, read_dimension_rule),
        map: read_synonyms(get("map").or(get("synonyms")), sink),
        case: case.unwrap_or_default(),
        values: get("values"),
        on_invalid: on_invalid.unwrap_or_default(),
        default: get("default").and_then(|node| word(node, "`default`", sink)),
        detail: detail.unwrap_or(true),
    }
}

const CASE_RULES: &[(&str, CaseRule)] = &[
    ("sensitive", CaseRule::Sensitive),
    ("insensitive", CaseRule::Insensitive),
    ("lower", CaseRule::Lower),
    ("upper", CaseRule::Upper),
];
const ON_INVALID: &[(&str, OnInvalid)] = &[("drop", OnInvalid::Drop), ("keep", OnInvalid::Keep)];

/// Spellings and the values they stand for.
fn read_synonyms<'a>(node: Option<&'a Node>, sink: &mut Sink) -> Vec<(&'a Key, Key)> {
    let pairs = read_each(node, "`map`", sink, |spelling, node, sink| {
        word(node, "a value of `map`", sink).map(|value| (spelling, value))
    });
    pairs.into_iter().flatten().collect()
}

/// Keys that say the same in two ways, of which one would silently win.
fn refuse_two_ways(map: Option<Mapping<'_>>, sink: &mut Sink) {
    let Some(map) = map else { return };
    for (one, other) in
        [("from", "tag"), ("from", "aliases"), ("from", "inherit"), ("map", "synonyms")]
    {
        if let (Some(_), Some(span)) = (map.key_span(one), map.key_span(other)) {
            let message = format!("`{other}` stands beside `{one}`, which says the same");
            sink.report_with_help(Code::InvalidValue, span, message, "keep one of the two");
        }
    }
    if let (None, Some(span)) = (map.key_span("tag"), map.key_span("aliases")) {
        let message = "`aliases` are further keys after `tag`, and there is no `tag`";
        sink.report(Code::MissingKey, span, message);
    }
}

fn read_dimension_rule<'a>(node: &'a Node, sink: &mut Sink) -> Option<RawDimensionRule<'a>> {
    let map = Mapping::read(node, "a rule of a dimension", DIMENSION_RULE_KEYS, sink)?;
    let value = map.need("value", sink);
    Some(RawDimensionRule { when: map.get("when"), value })
}

fn read_component<'a>(node: &'a Node, sink: &mut Sink) -> Option<RawComponent<'a>> {
    let map = Mapping::read(node, "a component", COMPONENT_KEYS, sink)?;
    let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
    Some(RawComponent { name, when: map.get("when") })
}

fn read_rule<'a>(node: &'a Node, sink: &mut Sink) -> Option<RawRule<'a>> {
    let map = Mapping::read(node, "a rule", RULE_KEYS, sink)?;
    let name = map.need("name", sink).and_then(|node| word(node, "`name`", sink));
    let name = name.filter(|name| is_name(name, "the name of a rule", sink));
    match (map.key_span("owner"), map.key_span("pool")) {
        (Some(_), Some(span)) => {
            sink.report(Code::InvalidValue, span, "a rule has an owner or a pool, not both");
        }
        (None, None) => {
            let message = "a rule needs the key `owner` or `pool`";
            sink.report(Code::MissingKey, map.span, message);
        }
        _ => {}
    }
    let pool = map.get("pool");
    let valid = map.get("valid").and_then(|node| read_valid(node, "the rule", sink));
    let valid = valid.unwrap_or(DateRange::ALWAYS);
    Some(RawRule { name, when: map.get("when"), owner: map.get("owner"), pool, valid })
}

fn read_pool<'a>(name: &'a Key, body: &'a Node, sink: &mut Sink) -> RawPool<'a> {
    is_name(name, "the name of a pool", sink);
    RawPool { name, body }
}
