//! YAML as other systems write it: anchors, aliases and tags are read, not refused.
//!
//! Tags of `CloudFormation` (`!Sub`) become the mapping that their long form is (`Fn::Sub`). An alias
//! is a copy of what it names; copies are counted, so that a small text cannot ask for a large tree.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Mark, StrInput, Tag};

use crate::diagnostics::{Code, Finding, Place, Span};

use super::tree::{DEPTH, Key, Kind, Tree, repeated, twice};

/// Values of one text, copies by aliases included.
const NODES: usize = 400_000;

/// Reads a YAML text of one document.
///
/// # Errors
/// The first place where the text is no YAML, or too large.
pub(super) fn parse(path: &str, text: &str) -> Result<Tree, Finding> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder {
        path: path.into(),
        lines: text.split('\n').collect(),
        open: Vec::new(),
        root: None,
        anchors: HashMap::new(),
        nodes: 0,
    };
    builder.read(Parser::new_from_str(text))?;
    let start = builder.spot(1, 1);
    Ok(builder.root.unwrap_or(Tree::new(Kind::Null, start)))
}

#[derive(Debug)]
struct Builder<'a> {
    path: Arc<str>,
    lines: Vec<&'a str>,
    open: Vec<Open>,
    root: Option<Tree>,
    anchors: HashMap<usize, (Tree, usize)>,
    nodes: usize,
}

/// A list or mapping whose end has not come yet.
#[derive(Debug)]
struct Open {
    span: Span,
    items: Items,
    anchor: usize,
    tag: Option<String>,
    /// Values that were there before it began.
    before: usize,
}

#[derive(Debug)]
enum Items {
    List(Vec<Tree>),
    Map { entries: Vec<(Key, Tree)>, key: Option<Key> },
}

impl<'a> Builder<'a> {
    fn read(&mut self, mut parser: Parser<'a, StrInput<'a>>) -> Result<(), Finding> {
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, mark) = event.map_err(|error| self.no_yaml(&error))?;
            let span = self.span(mark);
            match event {
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(broken("the file holds a second document", span));
                    }
                }
                Event::Alias(anchor) => {
                    let Some((tree, nodes)) = self.anchors.get(&anchor).cloned() else {
                        return Err(broken("an alias within what it names", span));
                    };
                    self.count(nodes, &span)?;
                    self.value(tree)?;
                }
                Event::Scalar(text, style, anchor, tag) => {
                    self.scalar(&text, style, anchor, tag.as_deref(), span)?;
                }
                Event::SequenceStart(anchor, tag) => {
                    self.start(span, Items::List(Vec::new()), anchor, tag.as_deref())?;
                }
                Event::MappingStart(anchor, tag) => {
                    let items = Items::Map { entries: Vec::new(), key: None };
                    self.start(span, items, anchor, tag.as_deref())?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end()?,
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        Ok(())
    }

    fn no_yaml(&self, error: &ScanError) -> Finding {
        let marker = error.marker();
        let span = self.spot(marker.line().max(1), marker.col() + 1);
        broken(&format!("not YAML: {}", error.info()), span)
    }

    fn spot(&self, line: usize, column: usize) -> Span {
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let path = Arc::clone(&self.path);
        Span { path, line: small(line), column: small(column), length: 1 }
    }

    fn span(&self, mark: Mark) -> Span {
        let spot = self.spot(mark.start.line().max(1), mark.start.col() + 1);
        let is_one_line = mark.end.line() == mark.start.line();
        let length = mark.end.index().saturating_sub(mark.start.index());
        let length = if is_one_line { length.max(1) } else { 1 };
        Span { length: u32::try_from(length).unwrap_or(1), ..spot }
    }

    fn count(&mut self, nodes: usize, span: &Span) -> Result<(), Finding> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > NODES {
            let message = format!("the file holds more than {NODES} values");
            return Err(broken(&message, span.clone()));
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Finding> {
        let is_plain = matches!(style, ScalarStyle::Plain);
        if let Some(Open { items: Items::Map { key: key @ None, .. }, .. }) = self.open.last_mut() {
            if is_plain && text == "<<" {
                return Err(broken("a merge key (`<<`); write the values out", span));
            }
            *key = Some(Key { text: text.to_owned(), span });
            return Ok(());
        }
        let kind = match text {
            "" | "~" | "null" | "Null" | "NULL" if is_plain => Kind::Null,
            _ => Kind::Text(text.to_owned()),
        };
        let lines = matches!(style, ScalarStyle::Literal).then(|| self.first_line_of(text, &span));
        let (kind, span) = match lines.flatten() {
            Some(span) => (Kind::Lines(text.to_owned()), span),
            None => (kind, span),
        };
        self.count(1, &span)?;
        let tree = tagged(Tree::new(kind, span), long_form(tag));
        if anchor != 0 {
            self.anchors.insert(anchor, (tree.clone(), 1));
        }
        self.value(tree)
    }

    /// Where the text behind a `|` begins: the next line, after its indentation.
    fn first_line_of(&self, text: &str, span: &Span) -> Option<Span> {
        let line = usize::try_from(span.line).ok()?;
        let written = self.lines.get(line)?.trim_end_matches('\r');
        let first = text.split('\n').next().filter(|first| !first.is_empty())?;
        let indent = written.strip_suffix(first)?;
        Some(self.spot(line + 1, indent.chars().count() + 1))
    }

    fn start(
        &mut self,
        span: Span,
        items: Items,
        anchor: usize,
        tag: Option<&Tag>,
    ) -> Result<(), Finding> {
        if self.open.len() >= DEPTH {
            return Err(broken(&format!("it nests deeper than {DEPTH}"), span));
        }
        if let Some(Open { items: Items::Map { key: None, .. }, .. }) = self.open.last() {
            return Err(broken("a key that is a list or a mapping", span));
        }
        let (tag, before) = (long_form(tag), self.nodes);
        self.open.push(Open { span: Span { length: 1, ..span }, items, anchor, tag, before });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Finding> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let Open { span, items, anchor, tag, before } = open;
        self.count(1, &span)?;
        let tree = match items {
            Items::List(items) => Tree::new(Kind::List(items), span),
            Items::Map { entries, .. } => {
                if let Some(key) = repeated(&entries) {
                    return Err(twice(key));
                }
                let span = entries.first().map_or(span, |(key, _)| key.span.clone());
                Tree::new(Kind::Map(entries), span)
            }
        };
        let tree = tagged(tree, tag);
        if anchor != 0 {
            self.anchors.insert(anchor, (tree.clone(), self.nodes - before));
        }
        self.value(tree)
    }

    fn value(&mut self, tree: Tree) -> Result<(), Finding> {
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(tree),
            Some(Items::List(items)) => items.push(tree),
            Some(Items::Map { entries, key }) => {
                let Some(key) = key.take() else {
                    return Err(broken("a key that is an alias", tree.span));
                };
                entries.push((key, tree));
            }
        }
        Ok(())
    }
}

fn broken(message: &str, span: Span) -> Finding {
    Finding::new(Code::ImportBroken, message).at(Place::Text(span))
}

/// The function that a local tag stands for; `!!str` and its like say nothing that is needed.
fn long_form(tag: Option<&Tag>) -> Option<String> {
    let tag = tag.filter(|tag| tag.handle == "!")?;
    let plain = matches!(tag.suffix.as_str(), "Ref" | "Condition");
    Some(if plain { tag.suffix.clone() } else { format!("Fn::{}", tag.suffix) })
}

fn tagged(tree: Tree, function: Option<String>) -> Tree {
    let Some(text) = function else { return tree };
    let span = tree.span.clone();
    Tree::new(Kind::Map(vec![(Key { text, span: span.clone() }, tree)]), span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_tags_and_blocks_are_read() {
        let text = "a: &x [ 1, 2 ]\nb: *x\nc: !Sub 'hi'\nd: |\n  one\n  two\n";
        let tree = parse("x", text).unwrap();
        assert_eq!(tree.get("b").unwrap().items().len(), 2);
        let long = tree.get("c").and_then(|c| c.scalar_of("Fn::Sub"));
        assert_eq!(long, Some("hi"));
        let block = tree.get("d").unwrap();
        assert_eq!((block.scalar(), block.span.to_string()), (Some("one\ntwo\n"), "x:5:3".into()));
    }

    #[test]
    fn a_small_text_cannot_ask_for_a_large_tree() {
        let mut text = "a0: &a0 [ 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 ]\n".to_owned();
        for level in 1..9 {
            let line = format!("*a{}, ", level - 1).repeat(10);
            text = format!("{text}a{level}: &a{level} [ {line} ]\n");
        }
        let finding = parse("x", &text).unwrap_err();
        assert!(finding.message.contains("more than 400000 values"), "{finding:?}");
        assert!(parse("x", &"[".repeat(100_000)).is_err());
    }

    #[test]
    fn what_is_no_yaml_is_refused() {
        for text in ["a: [ 1", "a: 1\na: 2", "a: 1\n---\nb: 2", "? [a]\n: b", "a: *b", "<<: 1"] {
            assert!(parse("x", text).is_err(), "{text}");
        }
    }
}
