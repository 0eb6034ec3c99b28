//! HCL as Terraform uses it: blocks and attributes as a tree, with what can be worked out worked out.
//!
//! Literals, `local.…` of the same file and attributes of resources of the same file are known; what
//! depends on variables, data or functions is known to Terraform only and stays its own text.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey, Traversal, TraversalOperator};
use hcl_edit::structure::{Block, Body, Structure};
use hcl_edit::template::{Element, Template};

use crate::diagnostics::{Code, Finding, Place, Span};

use super::tree::{Key, Kind, Tree};

/// Locals and attributes that lead to each other.
const STEPS: usize = 16;
/// Values of one file that stand where they are named.
const COPIES: u32 = 400_000;
/// Lines up to this many bytes have their columns counted in characters.
const MEASURED_LINE: usize = 4_000;

/// A file of HCL, and what its expressions may name.
#[derive(Debug)]
pub(super) struct File<'a> {
    path: Arc<str>,
    text: &'a str,
    line_starts: Vec<usize>,
    body: Body,
    /// `local.name` and `type.name.attribute`.
    known: HashMap<String, Expression>,
    /// Values that may still be copied to where they are named: locals that name each other
    /// several times could make a large value of a small file.
    copies: Cell<u32>,
}

impl<'a> File<'a> {
    /// # Errors
    /// The place where the text is no HCL.
    pub(super) fn parse(path: &str, text: &'a str) -> Result<Self, Finding> {
        let path: Arc<str> = path.into();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let body = hcl_edit::parser::parse_body(text).map_err(|error| {
            let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            let (line, column) = (small(error.location().line()), small(error.location().column()));
            let span = Span { path: Arc::clone(&path), line, column, length: 1 };
            let message = format!("not HCL: {}", error.message());
            Finding::new(Code::ImportBroken, message).at(Place::Text(span))
        })?;
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        let known = gather(&body);
        Ok(Self { path, text, line_starts, body, known, copies: Cell::new(COPIES) })
    }

    /// Resources of a type, each as a mapping of its attributes and blocks; a block that may stand
    /// several times is a list. Under `(name)` stands what the file calls the resource.
    pub(super) fn resources(&self, kind: &str) -> Vec<Tree> {
        let blocks = self.body.blocks().filter(|block| block.has_ident("resource"));
        let of_kind = blocks.filter(|block| label(block, 0) == Some(kind));
        of_kind.map(|block| self.block(block)).collect()
    }

    fn block(&self, block: &Block) -> Tree {
        let span = self.span(block.ident.span());
        let mut entries: Vec<(Key, Tree)> = Vec::new();
        if let Some(name) = label(block, 1) {
            let key = Key { text: "(name)".to_owned(), span: span.clone() };
            entries.push((key, Tree::text(name, span.clone())));
        }
        for structure in &block.body {
            match structure {
                Structure::Attribute(attribute) => {
                    let key = attribute.key.as_str().to_owned();
                    let key = Key { text: key, span: self.span(attribute.key.span()) };
                    entries.push((key, self.expression(&attribute.value, STEPS)));
                }
                Structure::Block(inner) => {
                    let tree = self.block(inner);
                    let is_dynamic = inner.has_ident("dynamic");
                    let text =
                        if is_dynamic { label(inner, 0) } else { Some(inner.ident.as_str()) };
                    let text = text.unwrap_or("dynamic").to_owned();
                    let tree = if is_dynamic {
                        let unknown = Kind::Unknown(format!("dynamic \"{text}\""));
                        Tree::new(unknown, tree.span)
                    } else {
                        tree
                    };
                    add_block(&mut entries, text, tree);
                }
            }
        }
        Tree::new(Kind::Map(entries), span)
    }

    fn span(&self, range: Option<std::ops::Range<usize>>) -> Span {
        let range = range.unwrap_or(0..0);
        let line = self.line_starts.partition_point(|start| *start <= range.start);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.text.get(start..range.start).unwrap_or_default();
        let column =
            if before.len() <= MEASURED_LINE { before.chars().count() } else { before.len() };
        let marked = self.text.get(range).unwrap_or_default().split('\n').next();
        let length =
            marked.filter(|text| text.len() <= MEASURED_LINE).map_or(1, |t| t.chars().count());
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let path = Arc::clone(&self.path);
        Span { path, line: small(line), column: small(column + 1), length: small(length.max(1)) }
    }

    fn expression(&self, expression: &Expression, steps: usize) -> Tree {
        let span = self.span(expression.span());
        if steps < STEPS && !self.may_copy() {
            return Tree::new(Kind::Unknown(self.source_of(expression)), span);
        }
        let kind = match expression {
            Expression::Null(_) => Kind::Null,
            Expression::Bool(value) => Kind::Bool(*value.value()),
            Expression::Number(number) => Kind::Number(number.value().to_string()),
            Expression::String(text) => Kind::Text(text.value().clone()),
            Expression::Array(items) => {
                Kind::List(items.iter().map(|item| self.expression(item, steps)).collect())
            }
            Expression::Object(object) => {
                let mut entries = Vec::new();
                for (key, value) in object {
                    let text = match key {
                        ObjectKey::Ident(ident) => ident.as_str().to_owned(),
                        ObjectKey::Expression(key) => {
                            let key = self.expression(key, steps);
                            key.scalar().unwrap_or("(unknown)").to_owned()
                        }
                    };
                    let value = self.expression(value.expr(), steps);
                    entries.push((Key { text, span: value.span.clone() }, value));
                }
                Kind::Map(entries)
            }
            Expression::StringTemplate(template) => self.template(template, expression, steps),
            Expression::HeredocTemplate(heredoc) => {
                self.template(&heredoc.template, expression, steps)
            }
            Expression::Parenthesis(inner) => self.expression(inner.inner(), steps).kind,
            Expression::Traversal(traversal) => self
                .named(traversal, steps)
                .unwrap_or_else(|| Kind::Unknown(self.source_of(expression))),
            _ => Kind::Unknown(self.source_of(expression)),
        };
        Tree::new(kind, span)
    }

    fn may_copy(&self) -> bool {
        let left = self.copies.get();
        self.copies.set(left.saturating_sub(1));
        left > 0
    }

    /// The text of a template whose parts are all known.
    fn template(&self, template: &Template, whole: &Expression, steps: usize) -> Kind {
        self.joined(template, steps).unwrap_or_else(|| Kind::Unknown(self.source_of(whole)))
    }

    fn joined(&self, template: &Template, steps: usize) -> Option<Kind> {
        if let Some(Element::Interpolation(only)) = template.as_single_element() {
            // `"${[…]}"` is what is within, of whatever type.
            let kind = self.expression(&only.expr, steps).kind;
            return (!matches!(kind, Kind::Unknown(_))).then_some(kind);
        }
        let mut text = String::new();
        for element in template {
            match element {
                Element::Literal(literal) => text.push_str(literal),
                Element::Interpolation(part) => {
                    text.push_str(self.expression(&part.expr, steps).scalar()?);
                }
                Element::Directive(_) => return None,
            }
        }
        Some(Kind::Text(text))
    }

    fn named(&self, traversal: &Traversal, steps: usize) -> Option<Kind> {
        let name = dotted(traversal)?;
        let value = self.known.get(&name).filter(|_| steps > 0)?;
        let kind = self.expression(value, steps - 1).kind;
        (!matches!(kind, Kind::Unknown(_))).then_some(kind)
    }

    fn source_of(&self, expression: &Expression) -> String {
        let text =
            expression.span().and_then(|range| self.text.get(range)).unwrap_or("an expression");
        let line = text.split('\n').next().unwrap_or_default();
        line.trim().chars().take(80).collect()
    }

    /// The value of a string of Terraform's JSON syntax, which is a template too.
    pub(super) fn value_of(text: &str, known: &HashMap<String, Tree>) -> Option<Kind> {
        let template = hcl_edit::parser::parse_template(text).ok()?;
        let mut joined = String::new();
        for element in &template {
            match element {
                Element::Literal(literal) => joined.push_str(literal),
                Element::Interpolation(part) => {
                    let Expression::Traversal(traversal) = &part.expr else { return None };
                    let found = known.get(&dotted(traversal)?)?;
                    if template.len() == 1 {
                        return Some(found.kind.clone());
                    }
                    joined.push_str(found.scalar()?);
                }
                Element::Directive(_) => return None,
            }
        }
        Some(Kind::Text(joined))
    }
}

/// Adds a block; a second one of the name makes a list of them.
fn add_block(entries: &mut Vec<(Key, Tree)>, text: String, tree: Tree) {
    let found = entries.iter_mut().find(|(key, _)| key.text == text);
    if let Some(Kind::List(items)) = found.map(|(_, found)| &mut found.kind) {
        items.push(tree);
        return;
    }
    let span = tree.span.clone();
    entries.push((Key { text, span: span.clone() }, Tree::new(Kind::List(vec![tree]), span)));
}

fn label(block: &Block, index: usize) -> Option<&str> {
    block.labels.get(index).map(hcl_edit::structure::BlockLabel::as_str)
}

/// `a.b.c` where it is that.
fn dotted(traversal: &Traversal) -> Option<String> {
    let Expression::Variable(root) = &traversal.expr else { return None };
    let mut name = root.as_str().to_owned();
    for operator in &traversal.operators {
        let TraversalOperator::GetAttr(part) = operator.value() else { return None };
        name.push('.');
        name.push_str(part.as_str());
    }
    Some(name)
}

fn gather(body: &Body) -> HashMap<String, Expression> {
    let mut known = HashMap::new();
    for block in body.blocks() {
        let prefix = match block.ident.as_str() {
            "locals" => "local".to_owned(),
            "resource" => match (label(block, 0), label(block, 1)) {
                (Some(kind), Some(name)) => format!("{kind}.{name}"),
                _ => continue,
            },
            _ => continue,
        };
        for attribute in block.body.attributes() {
            let name = format!("{prefix}.{}", attribute.key.as_str());
            known.insert(name, attribute.value.clone());
        }
    }
    known
}
