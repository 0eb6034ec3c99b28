//! Where terms come from.

use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::rules::decode::{Mapping, date, word};
use crate::rules::node::Node;
use crate::rules::shape::{KeyShape, Shape, key, needed};
use crate::rules::sink::Sink;

/// A citation of terms, with the day on which it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub url: Arc<str>,
    pub read: NaiveDate,
    /// What of it a metric leans on.
    pub clause: Option<Arc<str>>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (read {})", self.url, self.read)
    }
}

pub(super) const SOURCE_KEYS: &[KeyShape] =
    &[needed("url", Shape::Text), needed("read", Shape::Day), key("clause", Shape::Text)];

pub(super) fn read_source(node: &Node, sink: &mut Sink) -> Option<Source> {
    let map = Mapping::read(node, "`source`", SOURCE_KEYS, sink)?;
    let url = map.need("url", sink).and_then(|node| word(node, "`url`", sink));
    let read = map.need("read", sink).and_then(|node| date(node, "`read`", sink));
    let clause = map.get("clause").and_then(|node| word(node, "`clause`", sink));
    let clause = clause.map(|clause| clause.text.into());
    Some(Source { url: url?.text.into(), read: read?, clause })
}
