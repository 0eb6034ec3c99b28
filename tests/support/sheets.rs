//! Sheets of the kinds that nothing here can write: ODS, XLSB and XLS, as few bytes as make one.

use super::Zip;

/// A cell of a sheet. Row and column are where it stands among the others.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell {
    Empty,
    Text(&'static str),
    Number(f64),
    /// A day of October 2026.
    Day(u32),
    /// A formula, and a number as its result.
    Computed(f64),
    /// `1/0`.
    Failed,
    /// The text of that number among those that cells share: of an XLS, which has one.
    Shared(u32),
}

/// The serial number of 30 September 2026.
const OCTOBER: u32 = 46_295;

/// An ODS with one sheet.
pub(crate) fn ods(rows: &[Vec<Cell>]) -> Vec<u8> {
    let cell = |cell: &Cell| {
        match cell {
        Cell::Empty => "<table:table-cell/>".to_owned(),
        Cell::Shared(_) => unreachable!("texts of an ODS are not shared"),
        Cell::Text(text) => format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        ),
        Cell::Number(value) => {
            format!("<table:table-cell office:value-type=\"float\" office:value=\"{value}\"/>")
        }
        Cell::Day(day) => format!(
            "<table:table-cell office:value-type=\"date\" office:date-value=\"2026-10-{day:02}\"/>"
        ),
        Cell::Computed(value) => format!(
            "<table:table-cell table:formula=\"of:=1\" office:value-type=\"float\" \
             office:value=\"{value}\"/>"
        ),
        Cell::Failed => "<table:table-cell table:formula=\"of:=1/0\" office:value-type=\"string\" \
                         office:string-value=\"\" calcext:value-type=\"error\"><text:p>#DIV/0!</text:p>\
                         </table:table-cell>"
            .to_owned(),
    }
    };
    let row = |cells: &Vec<Cell>| {
        if cells.is_empty() {
            "<table:table-row table:number-rows-repeated=\"2\"><table:table-cell/></table:table-row>"
                .to_owned()
        } else {
            let cells: String = cells.iter().map(cell).collect();
            format!("<table:table-row>{cells}</table:table-row>")
        }
    };
    ods_of(&rows.iter().map(row).collect::<String>())
}

/// An ODS with one sheet of these rows, as they are written in it.
pub(crate) fn ods_of(rows: &str) -> Vec<u8> {
    let manifest = "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>";
    Zip::default()
        .part("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        .part("META-INF/manifest.xml", manifest)
        .part(
            "content.xml",
            format!(
                "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\" \
                 xmlns:calcext=\"c\"><office:body><office:spreadsheet><table:table \
                 table:name=\"Bill\">{rows}</table:table></office:spreadsheet></office:body>\
                 </office:document-content>"
            ),
        )
        .bytes()
}

/// Rows as they are numbered in a sheet: an empty one stands for two.
fn numbered(rows: &[Vec<Cell>]) -> impl Iterator<Item = (u32, &Vec<Cell>)> {
    let mut next = 0;
    rows.iter().map(move |cells| {
        let row = next;
        next += if cells.is_empty() { 2 } else { 1 };
        (row, cells)
    })
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = u32::try_from(units.len() / 2).expect("a short text");
    [length.to_le_bytes().to_vec(), units].concat()
}

/// A record of XLSB.
fn binary(kind: u16, body: &[u8]) -> Vec<u8> {
    let seven = |number: usize| u8::try_from(number & 0x7f).expect("seven bits");
    let mut record = match kind {
        0..0x80 => vec![seven(kind.into())],
        _ => vec![seven(kind.into()) | 0x80, seven(usize::from(kind >> 7))],
    };
    let length = body.len();
    assert!(length < 1 << 14);
    if length < 0x80 {
        record.push(seven(length));
    } else {
        record.extend([seven(length) | 0x80, seven(length >> 7)]);
    }
    record.extend(body);
    record
}

/// An XLSB with one sheet, and cells that are merged: first and last row, first and last column.
pub(crate) fn xlsb(rows: &[Vec<Cell>], merged: Option<[u32; 4]>) -> Vec<u8> {
    // 1/0 as tokens.
    let tokens = [0x1e, 1, 0, 0x1e, 0, 0, 6];
    let formula = [&[0, 0][..], &7_u32.to_le_bytes(), &tokens].concat();
    let mut sheet = [binary(0x94, &[0; 16]), binary(0x91, &[])].concat();
    for (row, cells) in numbered(rows) {
        sheet.extend(binary(0, &[&row.to_le_bytes()[..], &[0; 13]].concat()));
        for (column, cell) in (0_u32..).zip(cells) {
            let style = u32::from(matches!(cell, Cell::Day(_)));
            let head = [column.to_le_bytes(), style.to_le_bytes()].concat();
            let (kind, value) = match cell {
                Cell::Empty => continue,
                Cell::Shared(at) => (7, at.to_le_bytes().to_vec()),
                Cell::Text(text) => (6, wide(text)),
                Cell::Number(value) => (5, value.to_le_bytes().to_vec()),
                Cell::Day(day) => (5, f64::from(OCTOBER + day).to_le_bytes().to_vec()),
                Cell::Computed(value) => (9, [&value.to_le_bytes()[..], &formula].concat()),
                Cell::Failed => (11, [&[7][..], &formula].concat()),
            };
            sheet.extend(binary(kind, &[head, value].concat()));
        }
    }
    sheet.extend(binary(0x92, &[]));
    if let Some(area) = merged {
        sheet.extend(binary(0xb1, &1_u32.to_le_bytes()));
        sheet.extend(binary(0xb0, &area.map(u32::to_le_bytes).concat()));
        sheet.extend(binary(0xb2, &[]));
    }
    let bundle = [&[0; 4][..], &1_u32.to_le_bytes(), &wide("rId1"), &wide("Bill")].concat();
    let workbook =
        [binary(0x99, &[0; 12]), binary(0x9c, &bundle), binary(0x90, &[]), binary(0x9d, &[])];
    let format = |number: u16| [&[0, 0][..], &number.to_le_bytes(), &[0; 12]].concat();
    let styles =
        [binary(0x269, &2_u32.to_le_bytes()), binary(0x2f, &format(0)), binary(0x2f, &format(14))];
    Zip::default()
        .part("[Content_Types].xml", "<Types/>")
        .part(
            "xl/_rels/workbook.bin.rels",
            "<Relationships><Relationship Id=\"rId1\" Target=\"worksheets/sheet1.bin\"/>\
             </Relationships>",
        )
        .part("xl/workbook.bin", workbook.concat())
        .part("xl/styles.bin", styles.concat())
        .part("xl/worksheets/sheet1.bin", sheet)
        .bytes()
}

/// A record of XLS.
fn biff(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("a short record");
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), body].concat()
}

/// An XLS with one sheet, and cells that are merged: first and last row, first and last column.
pub(crate) fn xls(rows: &[Vec<Cell>], merged: Option<[u16; 4]>) -> Vec<u8> {
    let begin = |kind: u16| {
        biff(0x809, &[&0x600_u16.to_le_bytes()[..], &kind.to_le_bytes(), &[0; 12]].concat())
    };
    let format = |number: u16| biff(0xe0, &[&[0, 0][..], &number.to_le_bytes(), &[0; 16]].concat());
    let mut sheet = begin(0x10);
    sheet.extend(biff(0x200, &[&[0; 4][..], &20_u32.to_le_bytes(), &[0, 0, 8, 0, 0, 0]].concat()));
    for (row, cells) in numbered(rows) {
        for (column, cell) in (0_u16..).zip(cells) {
            let style = u16::from(matches!(cell, Cell::Day(_)));
            let row = u16::try_from(row).expect("few rows");
            let head = [row, column, style].map(u16::to_le_bytes).concat();
            let formula =
                [&[0; 6][..], &7_u16.to_le_bytes(), &[0x1e, 1, 0, 0x1e, 0, 0, 6]].concat();
            let (kind, value) = match cell {
                Cell::Empty => continue,
                Cell::Text(text) => {
                    let length = u16::try_from(text.len()).expect("a short text");
                    (0x204, [&length.to_le_bytes()[..], &[0], text.as_bytes()].concat())
                }
                Cell::Shared(at) => (0xfd, at.to_le_bytes().to_vec()),
                Cell::Number(value) => (0x203, value.to_le_bytes().to_vec()),
                Cell::Day(day) => (0x203, f64::from(OCTOBER + day).to_le_bytes().to_vec()),
                Cell::Computed(value) => (6, [&value.to_le_bytes()[..], &formula].concat()),
                Cell::Failed => (6, [&[2, 0, 7, 0, 0, 0, 0xff, 0xff][..], &formula].concat()),
            };
            sheet.extend(biff(kind, &[head, value].concat()));
        }
    }
    if let Some(area) = merged {
        sheet.extend(biff(0xe5, &[&[1, 0][..], &area.map(u16::to_le_bytes).concat()].concat()));
    }
    sheet.extend(biff(0x0a, &[]));
    let globals = |at: u32| {
        let name = [&at.to_le_bytes()[..], &[0, 0, 4, 0], b"Bill"].concat();
        let code = biff(0x42, &1200_u16.to_le_bytes());
        // All texts, those that differ, and the only one: a letter.
        let texts = [&1_u32.to_le_bytes()[..], &1_u32.to_le_bytes(), &[1, 0, 0, b'x']].concat();
        let texts = biff(0xfc, &texts);
        [begin(5), code, format(0), format(14), biff(0x85, &name), texts, biff(0x0a, &[])].concat()
    };
    let at = u32::try_from(globals(0).len()).expect("a short stream");
    container("Workbook", &[globals(at), sheet].concat())
}

/// A file of old Office with one stream: header, allocation table, directory, the stream.
pub(crate) fn container(name: &str, stream: &[u8]) -> Vec<u8> {
    const SECTOR: usize = 512;
    const NONE: u32 = 0xffff_fffe;
    const FREE: u32 = 0xffff_ffff;
    let sectors = stream.len().max(4096).div_ceil(SECTOR);
    assert!(sectors < 120, "the allocation table has one sector");
    let size = u32::try_from(sectors * SECTOR).expect("a short stream");
    let mut header = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    header.resize(24, 0);
    for half in [0x3e_u16, 3, 0xfffe, 9, 6, 0, 0, 0] {
        header.extend(half.to_le_bytes());
    }
    // Directory sectors, tables, first directory sector, transaction, smallest stream, the rest.
    for whole in [0, 1, 1, 0, 4096, NONE, 0, NONE, 0, 0] {
        header.extend(u32::to_le_bytes(whole));
    }
    header.resize(SECTOR, 0xff);
    let last = u32::try_from(sectors + 1).expect("few sectors");
    let chain = (2..last).map(|sector| sector + 1).chain([NONE]);
    let table: Vec<u32> = [0xffff_fffd, NONE].into_iter().chain(chain).collect();
    let mut file = header;
    file.extend(table.iter().flat_map(|entry| entry.to_le_bytes()));
    file.resize(2 * SECTOR, 0xff);
    let entry = |name: &str, kind: u8, start: u32, size: u32| {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = u16::try_from(entry.len() + 2).expect("a short name");
        entry.resize(64, 0);
        entry.extend(length.to_le_bytes());
        entry.extend([kind, 1]);
        entry.extend([FREE, FREE, if kind == 5 { 1 } else { FREE }].map(u32::to_le_bytes).concat());
        entry.resize(116, 0);
        entry.extend(start.to_le_bytes());
        entry.extend(size.to_le_bytes());
        entry.resize(128, 0);
        entry
    };
    file.extend(entry("Root Entry", 5, NONE, 0));
    file.extend(entry(name, 2, 2, size));
    file.resize(3 * SECTOR, 0);
    file.extend(stream);
    file.resize((3 + sectors) * SECTOR, 0);
    file
}
