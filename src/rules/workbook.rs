//! What rules say of workbooks: which sheet, which row is the header, which rows are none.

use super::decode::{Mapping, is_name, whole, word, words};
use super::node::Node;
use super::read_map::EXCLUSION_KEYS;
use super::shape::{KeyShape, Shape, key};
use super::sink::Sink;

/// The last row that a sheet can have.
pub(super) const LAST_ROW: u32 = 1_048_576;
/// The key `workbook` of a column map.
pub(super) const KEYS: &[KeyShape] = &[
    key("sheet", Shape::Texts),
    key("header", Shape::Texts),
    key("skip", Shape::List(&Shape::Map(EXCLUSION_KEYS))),
];

/// Where the table of a source's workbooks stands, as far as the source says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetPlace {
    pub sheet: Option<String>,
    /// Counted from 1, as spreadsheet programs show it.
    pub header_row: Option<u32>,
}

/// What a format usually looks like in a workbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkbookShape {
    /// Names of sheets; others are looked at where none of these is there.
    pub sheets: Vec<String>,
    /// Names by which the header is known; the columns of the map where there are none.
    pub header: Vec<String>,
}

/// The keys `sheet` and `header_row` of a source.
pub(super) fn read_place(map: &Mapping<'_>, sink: &mut Sink) -> SheetPlace {
    let sheet = map.get("sheet").and_then(|node| word(node, "`sheet`", sink));
    let sheet = sheet.filter(|sheet| is_name(sheet, "the name of a sheet", sink));
    let header_row = map.get("header_row").and_then(|node| {
        let row = whole(node, "`header_row`", LAST_ROW, sink)?;
        if row == 0 {
            let message = "`header_row` counts from 1, as spreadsheet programs do";
            sink.report(crate::diagnostics::Code::InvalidValue, &node.span, message);
        }
        Some(row)
    });
    SheetPlace { sheet: sheet.map(|sheet| sheet.text), header_row }
}

/// The key `workbook` of a column map; the node of its `skip` is read as exclusions are.
pub(super) fn read_shape<'n>(node: &'n Node, sink: &mut Sink) -> (WorkbookShape, Option<&'n Node>) {
    let Some(map) = Mapping::read(node, "`workbook`", KEYS, sink) else {
        return (WorkbookShape::default(), None);
    };
    let mut texts = |key: &str, what: &str| {
        let found = map.get(key).and_then(|node| words(node, what, sink)).unwrap_or_default();
        found.into_iter().map(|word| word.text).collect()
    };
    let sheets = texts("sheet", "`sheet`");
    let header = texts("header", "`header`");
    (WorkbookShape { sheets, header }, map.get("skip"))
}
