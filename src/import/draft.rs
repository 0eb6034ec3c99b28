//! The rules that an import makes, before they are written, and what it could not make of them.

use std::collections::HashSet;

use crate::diagnostics::Span;
use crate::domain::Column;

use super::condition::Condition;
use super::tree::Tree;

/// Everything that is to be written, in the order of the source.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// What stands at the head of the file, line by line.
    pub(super) head: Vec<String>,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) classify: Vec<Rule>,
    pub(super) pools: Vec<Pool>,
    /// Tables of quantities that pools go by, and what is meant by them: the source does not have
    /// them, so that the project must.
    pub(super) drivers: Vec<(String, String)>,
    pub(super) losses: Vec<Loss>,
    /// What shared cost is split within, by the source's name, and where it first is.
    pub(super) view: Option<(String, Span)>,
    taken_pools: HashSet<String>,
}

/// Something that is not written, or written with another meaning.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    pub(super) span: Span,
    /// What it is, such as "rule 3 of `Team`".
    pub(super) what: String,
    pub(super) why: String,
    pub(super) kind: LossKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LossKind {
    LeftOut,
    Otherwise,
}

#[derive(Debug)]
pub(super) struct Dimension {
    pub(super) name: String,
    /// What the source calls it.
    pub(super) title: String,
    pub(super) notes: Vec<String>,
    pub(super) entries: Vec<Entry>,
    /// Fields that are asked where no rule answers.
    pub(super) from: Vec<String>,
    /// `lower` or `upper`, of what `from` finds.
    pub(super) case: Option<&'static str>,
    pub(super) default: Option<String>,
    pub(super) detail: bool,
}

#[derive(Debug)]
pub(super) enum Entry {
    Rule {
        note: String,
        when: Condition,
        value: Value,
    },
    /// Where a rule of the source is missing.
    Gap(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    From(String),
}

#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) note: String,
    pub(super) when: Condition,
    pub(super) outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The value of a field.
    Owner(String),
    Pool(String),
}

#[derive(Debug)]
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) note: String,
    pub(super) split: Split,
    /// Fields of which each value is split by itself.
    pub(super) within: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Split {
    /// Names and shares as texts.
    Fixed(Vec<(String, String)>),
    /// By the cost of these, or of all where none is named.
    Proportional { by: &'static str, include: Vec<String> },
    /// By a table of quantities; where it has none, by the other one.
    Driver { driver: String, otherwise: Option<String> },
    /// By prices: up to a quantity where one is told. The remainder is an owner's, or nobody's.
    Rate { driver: String, tiers: Vec<(Option<String>, String)>, remainder: Option<String> },
}

impl Dimension {
    pub(super) fn new(name: String, title: &str) -> Self {
        let (notes, entries, from) = (Vec::new(), Vec::new(), Vec::new());
        let title = title.to_owned();
        Self { name, title, notes, entries, from, case: None, default: None, detail: true }
    }

    /// Whether nothing could ever give it a value, so that it cannot be declared.
    pub(super) fn is_empty(&self) -> bool {
        let is_rule = |entry: &Entry| matches!(entry, Entry::Rule { .. });
        !self.entries.iter().any(is_rule) && self.from.is_empty() && self.default.is_none()
    }
}

impl Draft {
    pub(super) fn leave_out(
        &mut self,
        span: &Span,
        what: impl Into<String>,
        why: impl Into<String>,
    ) {
        self.lose(span, what.into(), why.into(), LossKind::LeftOut);
    }

    pub(super) fn write_otherwise(
        &mut self,
        span: &Span,
        what: impl Into<String>,
        why: impl Into<String>,
    ) {
        self.lose(span, what.into(), why.into(), LossKind::Otherwise);
    }

    fn lose(&mut self, span: &Span, what: String, why: String, kind: LossKind) {
        self.losses.push(Loss { span: span.clone(), what, why, kind });
    }

    /// Tells where cost that is split within one view of the source is split within another too:
    /// there each view splits all cost for itself, here a charge goes to one pool.
    pub(super) fn tell_view(&mut self, span: &Span, what: &str, view: &str) {
        let (first, _) = self.view.get_or_insert_with(|| (view.to_owned(), span.clone()));
        if first != view {
            let why = format!(
                "a charge goes to the first pool that takes it, while `{first}` and `{view}` each split all cost for themselves in the source"
            );
            self.write_otherwise(span, what, why);
        }
    }

    /// Tells every key of a mapping that nobody reads.
    pub(super) fn tell_unread(&mut self, tree: &Tree, known: &[&str], what: &str) {
        for (key, _) in tree.entries() {
            if !known.contains(&key.text.as_str()) {
                let why = "the importer does not know this key";
                self.leave_out(&key.span, format!("`{}` of {what}", key.text), why);
            }
        }
    }

    /// A name for a dimension, made of what the source calls it.
    pub(super) fn dimension_name(&self, wanted: &str) -> String {
        let is_taken =
            |name: &str| is_field(name) || self.dimensions.iter().any(|known| known.name == name);
        let slug = slug(wanted, '_');
        // What begins so is a column of the bill.
        let slug = if slug.starts_with("x_") { format!("of_{slug}") } else { slug };
        unique(&slug, '_', is_taken)
    }

    /// A name for a pool, also of a proposal; it is not given twice.
    pub(super) fn pool_name(&mut self, wanted: &str) -> String {
        let name = unique(&slug(wanted, '-'), '-', |name| self.taken_pools.contains(name));
        self.taken_pools.insert(name.clone());
        name
    }

    /// A name for a table of quantities, made of what the source calls it. What means the same is
    /// one table.
    pub(super) fn driver_name(&mut self, wanted: &str, means: &str) -> String {
        if let Some((known, _)) = self.drivers.iter().find(|(_, known)| known == means) {
            return known.clone();
        }
        let is_taken = |name: &str| self.drivers.iter().any(|(known, _)| known == name);
        let name = unique(&slug(wanted, '-'), '-', is_taken);
        self.drivers.push((name.clone(), means.to_owned()));
        name
    }

    pub(super) fn rule_name(&self, wanted: &str) -> String {
        let wanted: String = wanted.chars().filter(|c| !c.is_control()).take(150).collect();
        let wanted = wanted.trim();
        let wanted = if wanted.is_empty() { "rule" } else { wanted };
        unique(wanted, ' ', |name| self.classify.iter().any(|rule| rule.name == name))
    }
}

/// Short names of fields beside those of columns.
const SHORT_NAMES: [&str; 4] = ["service", "provider", "region", "source"];

fn is_field(name: &str) -> bool {
    SHORT_NAMES.contains(&name) || Column::ALL.iter().any(|column| column.snake_name() == name)
}

/// Lower-case letters and digits, with `gap` for all else.
fn slug(text: &str, gap: char) -> String {
    let mut slug = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with(gap) {
            slug.push(gap);
        }
    }
    slug.truncate(120);
    let slug = slug.trim_end_matches(gap);
    if slug.is_empty() { "imported".to_owned() } else { slug.to_owned() }
}

fn unique(wanted: &str, gap: char, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(wanted) {
        return wanted.to_owned();
    }
    let mut numbered = (2..u32::MAX).map(|number| format!("{wanted}{gap}{number}"));
    numbered.find(|name| !is_taken(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_identifiers_and_no_fields() {
        let mut draft = Draft::default();
        for (wanted, name) in [
            ("Team", "team"),
            ("Team", "team_2"),
            ("Cost Center / Région", "cost_center_r_gion"),
            ("Service", "service_2"),
            ("x_Y", "of_x_y"),
            ("Sub Account Id", "sub_account_id_2"),
            ("東京", "imported"),
        ] {
            let found = draft.dimension_name(wanted);
            assert_eq!(found, name, "{wanted}");
            draft.dimensions.push(Dimension::new(found, wanted));
        }
    }
}
