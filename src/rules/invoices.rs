//! `invoices:` of the project file: tables of provider invoices, and what may differ from them.
//! Which headers such tables have is data, `rules/invoices.yaml`.

use crate::diagnostics::{Code, Finding, Span};
use crate::domain::{Amount, Currency};

use super::column_map::NumberSpelling;
use super::decode::{Mapping, items, parsed, text, word};
use super::headers::{HeaderField, Headers, read_headers};
use super::node::{self, Node};
use super::project::read_patterns;
use super::read_delivery::is_pattern;
use super::read_map::spelling::{self, numbers};
use super::shape::{KeyShape, Shape, key, needed};
use super::sink::Sink;
use super::workbook::{LAST_ROW, SheetPlace, read_place};

/// Tables of invoices that are read alike.
#[derive(Clone, Debug)]
pub struct InvoicesDecl {
    pub span: Span,
    /// Patterns of files, which may hold placeholders of the month as those of sources do.
    pub files: Vec<(String, Span)>,
    /// Where the table stands in files that are workbooks.
    pub place: SheetPlace,
    /// An invoice may differ by so much from what the bill says, either way.
    pub tolerance: Amount,
    pub columns: InvoiceColumns,
    /// How amounts are written.
    pub numbers: NumberSpelling,
    pub accepted: Vec<AcceptedVariance>,
}

/// A variance that somebody has looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedVariance {
    pub span: Span,
    pub invoice: String,
    /// Invoiced less billed.
    pub amount: Amount,
    /// In which currency, where invoices of that name have several.
    pub currency: Option<Currency>,
    pub reason: String,
}

/// What is asked of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InvoiceField {
    Invoice,
    BillingAccount,
    Currency,
    /// Before tax.
    Amount,
    Tax,
    /// With tax.
    Total,
    /// The month that is billed.
    Period,
}

impl HeaderField for InvoiceField {
    const ALL: &'static [Self] = &[
        Self::Invoice,
        Self::BillingAccount,
        Self::Currency,
        Self::Amount,
        Self::Tax,
        Self::Total,
        Self::Period,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Invoice => "invoice",
            Self::BillingAccount => "billing_account",
            Self::Currency => "currency",
            Self::Amount => "amount",
            Self::Tax => "tax",
            Self::Total => "total",
            Self::Period => "period",
        }
    }
}

/// The headers of tables of invoices.
pub type InvoiceColumns = Headers<InvoiceField>;

fn field_names() -> Vec<&'static str> {
    InvoiceField::ALL.iter().map(|field| field.name()).collect()
}

pub(super) const KEYS: &[KeyShape] = &[
    needed("files", Shape::Texts),
    key("sheet", Shape::Text),
    key("header_row", Shape::Whole(LAST_ROW)),
    key("tolerance", Shape::Number),
    key("columns", Shape::Each(field_names, &Shape::Texts)),
    key("numbers", Shape::Map(spelling::NUMBER_KEYS)),
    key("accepted_variances", Shape::List(&Shape::Map(VARIANCE_KEYS))),
];
const VARIANCE_KEYS: &[KeyShape] = &[
    needed("invoice", Shape::Text),
    needed("amount", Shape::Number),
    key("currency", Shape::Text),
    needed("reason", Shape::Text),
];

pub(super) fn read_invoices(node: &Node, sink: &mut Sink) -> Option<Vec<InvoicesDecl>> {
    let nodes = items(node, "`invoices`", sink)?;
    let found: Vec<InvoicesDecl> = nodes.iter().filter_map(|node| read_entry(node, sink)).collect();
    (found.len() == nodes.len()).then_some(found)
}

fn read_entry(node: &Node, sink: &mut Sink) -> Option<InvoicesDecl> {
    let map = Mapping::read(node, "an entry of `invoices`", KEYS, sink)?;
    let files =
        map.need("files", sink).and_then(|node| read_patterns(node, "`files`", is_pattern, sink));
    let tolerance = match map.get("tolerance") {
        Some(node) => read_tolerance(node, sink),
        None => Some(Amount::ZERO),
    };
    let own = match map.get("columns") {
        Some(node) => read_headers(node, sink),
        None => Some(InvoiceColumns::default()),
    };
    let numbers = match map.get("numbers") {
        Some(node) => numbers(node, sink),
        None => Some(NumberSpelling::default()),
    };
    let accepted = match map.get("accepted_variances") {
        Some(node) => read_accepted(node, sink),
        None => Some(Vec::new()),
    };
    Some(InvoicesDecl {
        span: node.span.clone(),
        files: files?,
        place: read_place(&map, sink),
        tolerance: tolerance?,
        columns: shipped().with(own?),
        numbers: numbers?,
        accepted: accepted?,
    })
}

fn read_tolerance(node: &Node, sink: &mut Sink) -> Option<Amount> {
    let tolerance: Amount = parsed(node, "`tolerance`", sink)?;
    if tolerance.is_negative() {
        sink.report(Code::InvalidValue, &node.span, "a tolerance is not negative");
        return None;
    }
    Some(tolerance)
}

fn read_accepted(node: &Node, sink: &mut Sink) -> Option<Vec<AcceptedVariance>> {
    let nodes = items(node, "`accepted_variances`", sink)?;
    let one = |node: &Node, sink: &mut Sink| {
        let map = Mapping::read(node, "an accepted variance", VARIANCE_KEYS, sink)?;
        let invoice = map.need("invoice", sink).and_then(|node| word(node, "`invoice`", sink));
        let amount = map.need("amount", sink).and_then(|node| parsed(node, "`amount`", sink));
        let currency = match map.get("currency") {
            Some(node) => Some(parsed(node, "`currency`", sink)?),
            None => None,
        };
        let reason = map.need("reason", sink).and_then(|node| text(node, "`reason`", sink));
        Some(AcceptedVariance {
            span: node.span.clone(),
            invoice: invoice?.text,
            amount: amount?,
            currency,
            reason: reason?.to_owned(),
        })
    };
    let found: Vec<AcceptedVariance> = nodes.iter().filter_map(|node| one(node, sink)).collect();
    (found.len() == nodes.len()).then_some(found)
}

/// The headers that are known without a declaration.
fn shipped() -> InvoiceColumns {
    read_shipped(|map, sink| read_headers(map.need("columns", sink)?, sink)).unwrap_or_default()
}

fn read_shipped<T>(
    part: impl FnOnce(&Mapping<'_>, &mut Sink) -> Option<T>,
) -> Result<T, Vec<Finding>> {
    let (path, text) = super::shipped::invoice_columns();
    let mut sink = Sink::default();
    let root = node::parse(path, text, &mut sink);
    let found = root.and_then(|root| {
        let keys = ["source", "columns", "examples"];
        let map = Mapping::read(&root, "columns of invoices", &keys, &mut sink)?;
        part(&map, &mut sink)
    });
    sink.finish(found)
}

/// Texts of an example by their key.
#[cfg(test)]
type Texts = std::collections::BTreeMap<String, String>;

/// The shipped headers, and the examples that they carry: a row, and what must come of it.
#[cfg(test)]
pub(crate) fn shipped_invoices() -> (InvoiceColumns, Vec<(Texts, Texts)>) {
    use super::decode::entries;
    fn texts(node: &Node, sink: &mut Sink) -> Option<Texts> {
        let entries = entries(node, "an example", sink)?.iter();
        let pairs =
            entries.map(|(key, node)| Some((key.text.clone(), text(node, "", sink)?.to_owned())));
        pairs.collect()
    }
    let examples = read_shipped(|map, sink| {
        let nodes = items(map.need("examples", sink)?, "`examples`", sink)?.iter();
        let example = |node: &Node| {
            let map = Mapping::read(node, "an example", &["given", "expect"], sink)?;
            Some((texts(map.need("given", sink)?, sink)?, texts(map.need("expect", sink)?, sink)?))
        };
        nodes.map(example).collect::<Option<Vec<_>>>()
    });
    (shipped(), examples.expect("the shipped headers are sound"))
}
