//! From the parser's events to nodes.
//!
//! Invariant: the stack of open lists and mappings is never deeper than the limit, so neither
//! reading the tree nor dropping it can exhaust the call stack.

use std::collections::HashSet;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Mark, StrInput};

use crate::diagnostics::{Code, Span};
use crate::rules::limits;
use crate::rules::sink::Sink;

use super::{Key, Kind, Node};

/// For what stands in one place of a file and takes effect in another.
const WRITE_OUT: &str = "write the values out where they are meant";

/// A list or mapping whose end has not come yet.
#[derive(Debug)]
struct Open {
    start: Span,
    items: Items,
}

#[derive(Debug)]
enum Items {
    List(Vec<Node>),
    Map { entries: Vec<(Key, Node)>, seen: HashSet<String>, key: PendingKey },
}

/// The key whose value comes next.
#[derive(Debug)]
enum PendingKey {
    None,
    Kept(Key),
    /// Refused already; its value is read and forgotten.
    Refused,
}

#[derive(Debug)]
pub(super) struct Builder<'a> {
    path: Arc<str>,
    lines: Vec<&'a str>,
    sink: &'a mut Sink,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
    /// Something was found after which the tree would not be what the text means.
    pub(super) is_refused: bool,
}

impl<'a> Builder<'a> {
    pub(super) fn new(path: Arc<str>, text: &'a str, sink: &'a mut Sink) -> Self {
        let lines = text.split('\n').collect();
        let (open, root) = (Vec::new(), None);
        Self { path, lines, sink, open, root, documents: 0, nodes: 0, is_refused: false }
    }

    /// The scanner takes NUL for the end of the text; what follows it would be lost. A carriage
    /// return within a line is a line's end to it, and to no editor that shows the findings.
    pub(super) fn refuse_control_characters(&mut self) {
        let is_bad = |c: char| c.is_control() && !matches!(c, '\t' | '\u{85}');
        for (index, line) in self.lines.iter().enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if let Some(at) = line.chars().position(is_bad) {
                let span = Span {
                    path: Arc::clone(&self.path),
                    line: small(index + 1),
                    column: small(at + 1),
                    length: 1,
                };
                self.is_refused = true;
                self.sink.report_with_help(
                    Code::YamlSyntax,
                    &span,
                    "a control character",
                    "remove it, or write it in double quotes as \\x1b",
                );
            }
        }
    }

    pub(super) fn read(&mut self, mut parser: Parser<'a, StrInput<'a>>) {
        while let Some(event) = parser.next_event() {
            match event {
                Ok((event, mark)) => {
                    if !self.take(event, mark) {
                        return;
                    }
                }
                Err(error) => {
                    self.refuse_syntax(&error);
                    return;
                }
            }
        }
    }

    fn refuse_syntax(&mut self, error: &ScanError) {
        let span = self.span(Mark::empty(*error.marker()));
        let message = format!("not YAML: {}", error.info());
        self.is_refused = true;
        if error.info().contains("tab") {
            let help = "indent with spaces; a tab is no indentation in YAML";
            self.sink.report_with_help(Code::YamlSyntax, &span, message, help);
        } else {
            self.sink.report(Code::YamlSyntax, &span, message);
        }
    }

    /// Takes one event; `false` ends the reading.
    fn take(&mut self, event: Event<'_>, mark: Mark) -> bool {
        let span = self.span(mark);
        match event {
            Event::DocumentStart(_) => return self.start_document(&span),
            Event::Alias(_) => {
                self.refuse_with_help(&span, "an alias (`*name`)", WRITE_OUT);
                return self.value(Node { kind: Kind::Null, span });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_decoration(&span, anchor, tag.is_some());
                return self.scalar(&text, style, span);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_decoration(&span, anchor, tag.is_some());
                return self.start(span, Items::List(Vec::new()));
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_decoration(&span, anchor, tag.is_some());
                let (entries, seen) = (Vec::new(), HashSet::new());
                return self.start(span, Items::Map { entries, seen, key: PendingKey::None });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    return self.value(closed(open));
                }
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        true
    }

    fn start_document(&mut self, span: &Span) -> bool {
        self.documents += 1;
        if self.documents > 1 {
            self.refuse_with_help(
                span,
                "a second document in one file",
                "make it a file of its own",
            );
        }
        self.documents == 1
    }

    fn refuse(&mut self, span: &Span, message: impl Into<String>) {
        self.is_refused = true;
        self.sink.report(Code::YamlSyntax, span, message);
    }

    fn refuse_with_help(&mut self, span: &Span, message: &str, help: &str) {
        self.is_refused = true;
        self.sink.report_with_help(Code::YamlSyntax, span, message, help);
    }

    fn refuse_decoration(&mut self, span: &Span, anchor: usize, is_tagged: bool) {
        if anchor != 0 {
            self.refuse_with_help(span, "an anchor (`&name`)", WRITE_OUT);
        }
        if is_tagged {
            self.refuse_with_help(
                span,
                "a tag (`!name`)",
                "leave it out: the key decides what its value is",
            );
        }
    }

    fn start(&mut self, span: Span, items: Items) -> bool {
        let span = Span { length: 1, ..span };
        if self.open.len() >= limits::DEPTH {
            let message = format!("mappings and lists nest deeper than {}", limits::DEPTH);
            self.refuse(&span, message);
            return false;
        }
        if let Some(Open { items: Items::Map { key, .. }, .. }) = self.open.last_mut()
            && matches!(key, PendingKey::None)
        {
            *key = PendingKey::Refused;
            self.refuse(&span, "a key that is a list or a mapping");
            return false;
        }
        self.open.push(Open { start: span, items });
        true
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, span: Span) -> bool {
        let is_plain = matches!(style, ScalarStyle::Plain);
        if let Some(Open { items: Items::Map { key, seen, entries }, .. }) = self.open.last_mut()
            && matches!(key, PendingKey::None)
        {
            let found = Key { text: text.to_owned(), span };
            if is_plain && text == "<<" {
                *key = PendingKey::Refused;
                self.refuse_with_help(&found.span, "a merge key (`<<`)", WRITE_OUT);
            } else if is_plain && text.is_empty() {
                *key = PendingKey::Refused;
                self.refuse(&found.span, "a value without a key");
            } else if seen.insert(found.text.clone()) {
                *key = PendingKey::Kept(found);
            } else {
                *key = PendingKey::Refused;
                report_duplicate(self.sink, &found, entries);
            }
            return true;
        }
        let kind = match text {
            "" | "~" | "null" | "Null" | "NULL" if is_plain => Kind::Null,
            _ => Kind::Scalar(text.to_owned()),
        };
        self.value(Node { kind, span })
    }

    fn value(&mut self, node: Node) -> bool {
        self.nodes += 1;
        if self.nodes > limits::NODES {
            self.refuse(&node.span, format!("the file holds more than {} values", limits::NODES));
            return false;
        }
        match self.open.last_mut().map(|open| &mut open.items) {
            None => self.root = Some(node),
            Some(Items::List(nodes)) => nodes.push(node),
            Some(Items::Map { entries, key, .. }) => {
                if let PendingKey::Kept(kept) = std::mem::replace(key, PendingKey::None) {
                    entries.push((kept, node));
                }
            }
        }
        true
    }

    pub(super) fn finish(self) -> Option<Node> {
        let start = Span { path: self.path, line: 1, column: 1, length: 1 };
        let empty = Node { kind: Kind::Null, span: start };
        (!self.is_refused).then(|| self.root.unwrap_or(empty))
    }

    /// The first line of what the parser marked, without the blanks at its end.
    fn span(&self, mark: Mark) -> Span {
        let (line, column) = (mark.start.line().max(1), mark.start.col() + 1);
        let text = self.lines.get(line - 1).copied().unwrap_or_default();
        let is_one_line = mark.end.line() == mark.start.line();
        let length = mark.end.index().saturating_sub(mark.start.index());
        let marked = if is_one_line { length } else { text.len() };
        let length = if text.len() <= LONGEST_MEASURED_LINE {
            let rest: String = text.chars().skip(mark.start.col()).take(marked).collect();
            rest.trim_end().chars().count()
        } else {
            marked
        };
        Span {
            path: Arc::clone(&self.path),
            line: small(line),
            column: small(column),
            length: small(length.max(1)),
        }
    }
}

/// Bytes of a line up to which marks are trimmed: to measure each of many marks in one long line
/// would take the square of its length.
const LONGEST_MEASURED_LINE: usize = 4_000;

fn report_duplicate(sink: &mut Sink, found: &Key, entries: &[(Key, Node)]) {
    let message = format!("the key `{}` stands here a second time", found.text);
    let first = entries.iter().find(|(key, _)| key.text == found.text);
    let line = first.map_or(found.span.line, |(key, _)| key.span.line);
    let help = format!("the first is on line {line}; remove or rename one of them");
    sink.report_with_help(Code::DuplicateKey, &found.span, message, help);
}

/// A mapping is shown by its first key: that is where a reader looks for it.
fn closed(open: Open) -> Node {
    match open.items {
        Items::List(nodes) => Node { kind: Kind::List(nodes), span: open.start },
        Items::Map { entries, .. } => {
            let span = entries.first().map_or(open.start, |(key, _)| key.span.clone());
            Node { kind: Kind::Map(entries), span }
        }
    }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
