//! What the names in conditions and outcomes may mean: fields, lists, owners.

use std::collections::BTreeMap;

use crate::diagnostics::{Code, Finding};
use crate::domain::Org;

use super::dated::Member;
use super::fields::{Askable, Fields, MapNames};
use super::limits;
use super::model::Field;
use super::node::Key;
use super::sink::Sink;

/// The list that every project with cost centers has: those open on the charge date.
pub(super) const COST_CENTERS: &str = "cost_centers";

/// Everything that a name can resolve to at one place of the rules.
#[derive(Debug)]
pub(super) struct Names<'a> {
    pub(super) fields: Fields<'a>,
    lists: BTreeMap<String, DeclaredList>,
    org: Option<&'a Org>,
    patterns: usize,
}

/// A list as it is declared, and whether anything asks it.
#[derive(Debug)]
pub(super) struct DeclaredList {
    pub(super) name: Key,
    pub(super) members: Vec<Member>,
    pub(super) is_used: bool,
}

/// What a list name stands for.
#[derive(Debug)]
pub(super) enum NamedList<'a> {
    Values(&'a [Member]),
    CostCenters,
}

impl<'a> Names<'a> {
    pub(super) fn new(
        fields: Fields<'a>,
        lists: BTreeMap<String, DeclaredList>,
        org: &'a Org,
    ) -> Self {
        Self { fields, lists, org: Some(org), patterns: 0 }
    }

    /// Names of a column map: its inputs and columns, and nothing of the project.
    pub(super) fn of_map(map: &'a MapNames) -> Self {
        let fields = Fields::new(Askable::Columns(map), Vec::new());
        Self { fields, lists: BTreeMap::new(), org: None, patterns: 0 }
    }

    /// The list of that name; reports a name that is none.
    pub(super) fn list(&mut self, name: &Key, sink: &mut Sink) -> Option<NamedList<'_>> {
        if name.text == COST_CENTERS {
            return self.cost_centers(name, sink);
        }
        if self.lists.contains_key(&name.text) {
            let list = self.lists.get_mut(&name.text)?;
            list.is_used = true;
            return Some(NamedList::Values(&list.members));
        }
        let mut known: Vec<&str> = self.lists.keys().map(String::as_str).collect();
        known.push(COST_CENTERS);
        let message = format!("there is no list `{}`", name.text);
        sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
        None
    }

    /// The lists, in the order of their places.
    pub(super) fn into_parts(self) -> (Vec<Field>, Vec<DeclaredList>) {
        let mut lists: Vec<DeclaredList> = self.lists.into_values().collect();
        lists.sort_by(|a, b| a.name.span.cmp(&b.name.span));
        (self.fields.into_fields(), lists)
    }

    /// Without cost centers none is open, and a rule that asks for one would match nothing.
    fn cost_centers(&self, name: &Key, sink: &mut Sink) -> Option<NamedList<'_>> {
        if self.org.is_some_and(|org| !org.is_undeclared()) {
            return Some(NamedList::CostCenters);
        }
        let message = "the project declares no cost centers";
        let help = "name their table under `owners` in costbook.yaml";
        sink.report_with_help(Code::UnknownName, &name.span, message, help);
        None
    }

    /// Whether an owner may be named; reports one that is not among the declared cost centers.
    pub(super) fn is_owner(&self, name: &Key, sink: &mut Sink) -> bool {
        let Some(org) = self.org.filter(|org| !org.is_undeclared()) else {
            return super::decode::is_name(name, "the name of an owner", sink);
        };
        if org.ids().any(|id| id == name.text) {
            return true;
        }
        let known: Vec<&str> = org.ids().collect();
        let message = format!("there is no cost center `{}`", name.text);
        sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
        false
    }

    /// Whether the project declares a cost center of that name.
    pub(super) fn knows_owner(&self, name: &str) -> bool {
        self.org.is_some_and(|org| org.ids().any(|id| id == name))
    }

    /// Whether the table of cost centers has a level of that name; reports one that it has not.
    pub(super) fn is_level(&self, name: &Key, sink: &mut Sink) -> bool {
        let known: Vec<&str> = self.org.into_iter().flat_map(Org::level_names).collect();
        if known.contains(&name.text.as_str()) {
            return true;
        }
        let message = format!("no cost center is of the level `{}`", name.text);
        let help = "fill in the column `level` of the table of cost centers, or give a number";
        if known.is_empty() {
            sink.report_with_help(Code::UnknownName, &name.span, message, help);
        } else {
            sink.report_unknown(Code::UnknownName, &name.span, message, &name.text, &known);
        }
        false
    }

    /// Counts one more compiled pattern; `false`, and one finding, beyond the limit.
    pub(super) fn may_add_pattern(&mut self, sink: &mut Sink) -> bool {
        self.patterns += 1;
        if self.patterns == limits::PATTERNS + 1 {
            let message = format!("the rules hold more than {} patterns", limits::PATTERNS);
            let finding = Finding::new(Code::InvalidValue, message);
            sink.keep(finding.help("`prefix`, `suffix` and `contains` take lists without a limit"));
        }
        self.patterns <= limits::PATTERNS
    }
}
