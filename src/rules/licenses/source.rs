//! Where terms come from, and whether anybody looked.

use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::diagnostics::Code;
use crate::rules::decode::{Mapping, date, word};
use crate::rules::node::Node;
use crate::rules::shape::{KeyShape, Shape, key, needed};
use crate::rules::sink::Sink;

/// A citation of terms. At least one of `read` and `via` is there: a page that nobody opened is
/// cited by who tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub url: Arc<str>,
    /// The day on which the page, or a stored copy of it, was read for this.
    pub read: Option<NaiveDate>,
    /// Who tells what the page says, where it was not read itself or only as a copy.
    pub via: Option<Arc<str>>,
    /// What of it a metric leans on.
    pub clause: Option<Arc<str>>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.url)?;
        match (self.read, &self.via) {
            (Some(day), None) => write!(f, "(read {day})"),
            (Some(day), Some(via)) => write!(f, "(read {day}, {via})"),
            (None, Some(via)) => write!(f, "(not read; {via})"),
            (None, None) => write!(f, "(not read)"),
        }
    }
}

pub(super) const SOURCE_KEYS: &[KeyShape] = &[
    needed("url", Shape::Text),
    key("read", Shape::Day),
    key("via", Shape::Text),
    key("clause", Shape::Text),
];

pub(super) fn read_source(node: &Node, sink: &mut Sink) -> Option<Source> {
    let map = Mapping::read(node, "`source`", SOURCE_KEYS, sink)?;
    let url = map.need("url", sink).and_then(|node| word(node, "`url`", sink));
    let read = map.get("read").map(|node| date(node, "`read`", sink));
    let via = map.get("via").map(|node| word(node, "`via`", sink));
    let clause = map.get("clause").and_then(|node| word(node, "`clause`", sink));
    if read.is_none() && via.is_none() {
        let message = "a source needs the day on which it was `read`, or `via`: who tells of it";
        sink.report(Code::MissingKey, &node.span, message);
        return None;
    }
    // Outer `None`: it is there, and wrong.
    let read = match read {
        Some(day) => Some(day?),
        None => None,
    };
    let via = match via {
        Some(via) => Some(via?.text.into()),
        None => None,
    };
    Some(Source {
        url: url?.text.into(),
        read,
        via,
        clause: clause.map(|clause| clause.text.into()),
    })
}
