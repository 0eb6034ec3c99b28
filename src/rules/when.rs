//! From the node of a `when:` to a [`Condition`].
//!
//! Order: the field of a test is resolved before its operators are read, because a dimension's
//! case rule decides how texts are compared. Every part is read whatever is wrong with the others.

use std::collections::BTreeSet;

use crate::diagnostics::{Code, Span};

use super::condition::{CaseRule, Condition, Test};
use super::dated::{DatedTexts, is_dated};
use super::decode::{boolean, choice, date, entries, items, parsed, text, word, words};
use super::model::FieldId;
use super::names::{NamedList, Names};
use super::node::{Key, Kind, Node};
use super::pattern;
use super::shape::{FROM_KEYS, KeyShape, Shape, key, words_of};
use super::sink::Sink;

pub(super) const OPERATORS: &[KeyShape] = &[
    key("equals", Shape::Text),
    key("in", Shape::Texts),
    key("not", Shape::Test),
    key("glob", Shape::Texts),
    key("prefix", Shape::Texts),
    key("suffix", Shape::Texts),
    key("contains", Shape::Texts),
    key("regex", Shape::Texts),
    key("present", Shape::Choice(|| vec!["true"])),
    key("absent", Shape::Choice(|| vec!["true"])),
    key("empty", Shape::Choice(|| vec!["true"])),
    key("before", Shape::Day),
    key("after", Shape::Day),
    key("lt", Shape::Number),
    key("le", Shape::Number),
    key("gt", Shape::Number),
    key("ge", Shape::Number),
    key("case", Shape::Choice(|| words_of(CASE_RULES))),
];
/// What stands in a condition beside fields.
pub(super) const GROUPS: &[KeyShape] = &[
    key("all", Shape::List(&Shape::Condition)),
    key("any", Shape::List(&Shape::Condition)),
    key("not", Shape::Condition),
];
const CASE_RULES: &[(&str, CaseRule)] =
    &[("sensitive", CaseRule::Sensitive), ("insensitive", CaseRule::Insensitive)];
const TEXT_OPERATORS: &[&str] =
    &["equals", "in", "not", "glob", "prefix", "suffix", "contains", "regex"];

/// Compiles a condition; reports everything that is wrong with it.
pub(super) fn condition(node: &Node, names: &mut Names<'_>, sink: &mut Sink) -> Option<Condition> {
    let found = entries(node, "a condition", sink)?;
    if found.is_empty() {
        let message = "an empty condition would match every charge";
        let help = "leave `when` out to match every charge";
        sink.report_with_help(Code::InvalidValue, &node.span, message, help);
        return None;
    }
    let parts = found.iter().map(|(key, value)| part(key, value, names, sink)).collect();
    together(parts)
}

/// All of the parts, if all could be compiled.
fn together(parts: Vec<Option<Condition>>) -> Option<Condition> {
    let mut good: Vec<Condition> = parts.into_iter().collect::<Option<_>>()?;
    if good.len() == 1 { good.pop() } else { Some(Condition::All(good)) }
}

fn part(key: &Key, value: &Node, names: &mut Names<'_>, sink: &mut Sink) -> Option<Condition> {
    match key.text.as_str() {
        "all" => group(value, names, sink).map(Condition::All),
        "any" => group(value, names, sink).map(Condition::Any),
        "not" => condition(value, names, sink).map(|inner| Condition::Not(Box::new(inner))),
        _ => {
            let field = names.fields.resolve(key, sink);
            let case = field.map_or(CaseRule::Sensitive, |id| names.fields.case_of(id));
            // The value is looked through even where the field is unknown.
            let asked = Asked { field: field.unwrap_or(FieldId(0)), case };
            let compiled = asked.tests(value, names, sink);
            field.and(compiled)
        }
    }
}

fn group(node: &Node, names: &mut Names<'_>, sink: &mut Sink) -> Option<Vec<Condition>> {
    let nodes = items(node, "`all` and `any`", sink)?;
    if nodes.is_empty() {
        sink.report(Code::InvalidValue, &node.span, "an empty list of conditions");
        return None;
    }
    let parts: Vec<_> = nodes.iter().map(|node| condition(node, names, sink)).collect();
    parts.into_iter().collect()
}

/// The field that is being tested, and how its texts are compared.
#[derive(Clone, Copy, Debug)]
struct Asked {
    field: FieldId,
    case: CaseRule,
}

impl Asked {
    /// What stands behind the field's name: a value, a list of values, or operators.
    fn tests(self, node: &Node, names: &mut Names<'_>, sink: &mut Sink) -> Option<Condition> {
        match &node.kind {
            Kind::Scalar(_) | Kind::List(_) => {
                let values = words(node, "the value of a field", sink)?;
                Some(self.one_of(&values))
            }
            Kind::Map(operators) => self.operators(operators, &node.span, names, sink),
            Kind::Null => {
                let help = "write `{ absent: true }` to ask for charges without a value";
                let message = "the field has no value to be compared with";
                sink.report_with_help(Code::WrongType, &node.span, message, help);
                None
            }
        }
    }

    fn operators(
        self,
        operators: &[(Key, Node)],
        span: &Span,
        names: &mut Names<'_>,
        sink: &mut Sink,
    ) -> Option<Condition> {
        let case = operators.iter().find(|(key, _)| key.text == "case");
        let asked = match case {
            None => Some(self),
            Some((key, node)) => self.with_case(key, node, operators, sink),
        };
        let tests = operators.iter().filter(|(key, _)| key.text != "case");
        let asked_or_self = asked.unwrap_or(self);
        let parts: Vec<_> =
            tests.map(|(key, node)| asked_or_self.operator(key, node, names, sink)).collect();
        if parts.is_empty() {
            let message = "a test needs at least one operator";
            sink.report_unknown(Code::MissingKey, span, message, "", OPERATORS);
            return None;
        }
        asked.and(together(parts))
    }

    fn with_case(
        self,
        key: &Key,
        node: &Node,
        operators: &[(Key, Node)],
        sink: &mut Sink,
    ) -> Option<Self> {
        let case = choice(node, "case rule of a test", CASE_RULES, sink)?;
        let is_text = |(key, _): &(Key, Node)| TEXT_OPERATORS.contains(&key.text.as_str());
        if !operators.iter().any(is_text) {
            let message = "`case` stands beside an operator that compares text";
            sink.report(Code::InvalidValue, &key.span, message);
            return None;
        }
        Some(Self { case, ..self })
    }

    fn operator(
        self,
        key: &Key,
        node: &Node,
        names: &mut Names<'_>,
        sink: &mut Sink,
    ) -> Option<Condition> {
        let name = key.text.as_str();
        let test = match name {
            "not" => {
                let inner = self.tests(node, names, sink)?;
                return Some(Condition::Not(Box::new(inner)));
            }
            "in" => return self.membership(node, names, sink),
            "equals" => return Some(self.one_of(&[word(node, "`equals`", sink)?])),
            "glob" | "regex" => self.patterns(name, node, names, sink)?,
            "prefix" => Test::Prefix(self.texts(node, "`prefix`", sink)?),
            "suffix" => Test::Suffix(self.texts(node, "`suffix`", sink)?),
            "contains" => Test::Contains(self.texts(node, "`contains`", sink)?),
            "present" => holds(node, "`present`", sink).then_some(Test::Present)?,
            "absent" => holds(node, "`absent`", sink).then_some(Test::Absent)?,
            "empty" => holds(node, "`empty`", sink).then_some(Test::Empty)?,
            "before" => Test::Before(date(node, "`before`", sink)?),
            "after" => Test::After(date(node, "`after`", sink)?),
            "lt" => Test::Less(parsed(node, "`lt`", sink)?),
            "le" => Test::LessOrEqual(parsed(node, "`le`", sink)?),
            "gt" => Test::Greater(parsed(node, "`gt`", sink)?),
            "ge" => Test::GreaterOrEqual(parsed(node, "`ge`", sink)?),
            _ => {
                let message = format!("there is no operator `{name}`");
                sink.report_unknown(Code::UnknownKey, &key.span, message, name, OPERATORS);
                return None;
            }
        };
        Some(self.field_test(test))
    }

    fn membership(self, node: &Node, names: &mut Names<'_>, sink: &mut Sink) -> Option<Condition> {
        if !matches!(node.kind, Kind::Scalar(_)) {
            return words(node, "`in`", sink).map(|values| self.one_of(&values));
        }
        let name = word(node, "`in`", sink)?;
        match names.list(&name, sink)? {
            NamedList::Values(members) if is_dated(members) => {
                let texts = DatedTexts::of(members, |text| self.fold(text));
                Some(self.field_test(Test::OneOfDated(texts)))
            }
            NamedList::Values(members) => {
                let texts = members.iter().map(|member| self.fold(&member.value.text)).collect();
                Some(self.field_test(Test::OneOf(texts)))
            }
            // Ids of cost centers are what they are; a dimension may fold values onto them.
            NamedList::CostCenters => {
                let (field, case) = (self.field, CaseRule::Sensitive);
                Some(Condition::Field { field, test: Test::OpenCostCenter, case })
            }
        }
    }

    fn patterns(
        self,
        operator: &str,
        node: &Node,
        names: &mut Names<'_>,
        sink: &mut Sink,
    ) -> Option<Test> {
        let patterns = words(node, &format!("`{operator}`"), sink)?;
        let insensitive = self.case != CaseRule::Sensitive;
        if !patterns.iter().all(|_| names.may_add_pattern(sink)) {
            return None;
        }
        if operator == "glob" {
            let globs: Vec<_> =
                patterns.iter().map(|text| pattern::glob(text, insensitive, sink)).collect();
            return globs.into_iter().collect::<Option<_>>().map(Test::Glob);
        }
        let expressions: Vec<_> =
            patterns.iter().map(|text| pattern::regex(text, insensitive, sink)).collect();
        expressions.into_iter().collect::<Option<_>>().map(Test::Regex)
    }

    fn one_of(self, values: &[Key]) -> Condition {
        let texts: BTreeSet<String> = values.iter().map(|value| self.fold(&value.text)).collect();
        self.field_test(Test::OneOf(texts))
    }

    fn texts(self, node: &Node, what: &str, sink: &mut Sink) -> Option<Vec<String>> {
        let values = words(node, what, sink)?;
        if let Some(empty) = values.iter().find(|value| value.text.is_empty()) {
            let message = format!("an empty text in {what} would match every value");
            sink.report_with_help(Code::InvalidValue, &empty.span, message, "use `present: true`");
            return None;
        }
        Some(values.iter().map(|value| self.fold(&value.text)).collect())
    }

    /// Tests compare with the lower-cased value where case does not count.
    fn fold(self, text: &str) -> String {
        if self.case == CaseRule::Sensitive { text.to_owned() } else { text.to_lowercase() }
    }

    fn field_test(self, test: Test) -> Condition {
        Condition::Field { field: self.field, test, case: self.case }
    }
}

/// `present`, `absent` and `empty` are asked with `true` only: two ways to say one thing are one
/// too many.
fn holds(node: &Node, what: &str, sink: &mut Sink) -> bool {
    let is_true = boolean(node, what, sink);
    if is_true == Some(false) {
        let message = format!("{what} is asked with `true`");
        let help = "turn the question round: `present` and `absent` are opposites, or use `not`";
        sink.report_with_help(Code::InvalidValue, &node.span, message, help);
    }
    is_true == Some(true)
}

/// A field's name or a fixed text: `{ from: field }` or `text`.
#[derive(Debug)]
pub(super) enum Given {
    Text(Key),
    Field(FieldId),
}

/// Reads an inherited or a fixed value.
pub(super) fn given(
    node: &Node,
    what: &'static str,
    names: &mut Names<'_>,
    sink: &mut Sink,
) -> Option<Given> {
    if matches!(node.kind, Kind::Map(_)) {
        let map = super::decode::Mapping::read(node, what, FROM_KEYS, sink)?;
        let name = map.need("from", sink).and_then(|node| word(node, "`from`", sink))?;
        return names.fields.resolve(&name, sink).map(Given::Field);
    }
    text(node, what, sink)?;
    word(node, what, sink).map(Given::Text)
}

#[cfg(test)]
mod tests;
