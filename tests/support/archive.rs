//! ZIP archives, and workbooks written part by part: what no program would write.

use std::io::Write;

/// An archive under way.
#[derive(Default)]
pub(crate) struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    parts: u16,
}

impl Zip {
    /// Adds a part, deflated.
    pub(crate) fn part(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(content).expect("memory takes all");
        let packed = encoder.finish().expect("memory takes all");
        let mut crc = flate2::Crc::new();
        crc.update(content);
        self.packed(name, &packed, content.len(), crc.sum(), 0)
    }

    /// Adds a part of so many MiB of zeros, by one that was deflated once.
    pub(crate) fn bomb(self, name: &str, mebibytes: usize) -> Self {
        let zeros = vec![0; 1 << 20];
        let mut block = Vec::with_capacity(1 << 16);
        let mut compress = flate2::Compress::new(flate2::Compression::best(), false);
        let done = compress.compress_vec(&zeros, &mut block, flate2::FlushCompress::Full);
        assert!(done.is_ok() && compress.total_in() == 1 << 20);
        let packed = [block.repeat(mebibytes), vec![3, 0]].concat();
        self.packed(name, &packed, mebibytes << 20, 0, 0)
    }

    /// Adds a part of bytes that are deflated already, with any claims about them.
    pub(crate) fn packed(
        mut self,
        name: &str,
        packed: &[u8],
        size: usize,
        crc: u32,
        flags: u16,
    ) -> Self {
        let small = |size: usize| u32::try_from(size).expect("parts of tests are small");
        let at = small(self.bytes.len());
        let name_length = u16::try_from(name.len()).expect("names of tests are short");
        let mut facts = Vec::new();
        for half in [20, flags, 8, 0, 0x21] {
            facts.extend(u16::to_le_bytes(half));
        }
        for whole in [crc, small(packed.len()), small(size)] {
            facts.extend(whole.to_le_bytes());
        }
        for half in [name_length, 0] {
            facts.extend(half.to_le_bytes());
        }
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&facts);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(packed);
        self.directory.extend(b"PK\x01\x02\x14\x00");
        self.directory.extend(&facts);
        self.directory.extend([0; 10]);
        self.directory.extend(at.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.parts += 1;
        self
    }

    pub(crate) fn bytes(mut self) -> Vec<u8> {
        let at = u32::try_from(self.bytes.len()).expect("archives of tests are small");
        let length = u32::try_from(self.directory.len()).expect("archives of tests are small");
        self.bytes.extend(&self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.parts.to_le_bytes());
        self.bytes.extend(self.parts.to_le_bytes());
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(at.to_le_bytes());
        self.bytes.extend([0, 0]);
        self.bytes
    }
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

/// An XLSX of which every part can be wrong.
pub(crate) struct RawXlsx {
    /// What stands in `<sheetData>`.
    pub(crate) rows: String,
    /// What stands behind it.
    pub(crate) after: String,
    /// The whole shared strings, without the declaration.
    pub(crate) strings: String,
    /// Attributes of `<workbookPr>`.
    pub(crate) properties: String,
    /// What stands before the root of the sheet.
    pub(crate) prolog: String,
    /// The formats of cells: style 1 is a date.
    pub(crate) styles: String,
}

impl RawXlsx {
    pub(crate) fn new(rows: impl Into<String>) -> Self {
        Self {
            rows: rows.into(),
            after: String::new(),
            strings: format!("<sst xmlns=\"{MAIN}\"/>"),
            properties: String::new(),
            prolog: String::new(),
            styles: format!(
                "<styleSheet xmlns=\"{MAIN}\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/>\
                 </cellXfs></styleSheet>"
            ),
        }
    }

    /// A header of inline texts in the first row, and these rows below it.
    pub(crate) fn table(header: &[&str], rows: &str) -> Self {
        Self::new(format!("<row r=\"1\">{}</row>{rows}", inline(1, header)))
    }

    /// A sheet of the texts of a CSV. The cell at that row, counted from 1, and column is a formula
    /// without a value.
    pub(crate) fn of_csv(text: &str, (formula_row, formula_column): (usize, &str)) -> Self {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        let records: Vec<csv::StringRecord> =
            reader.records().map(|record| record.expect("the CSV of a bill")).collect();
        let formula = records[0].iter().position(|name| name == formula_column);
        let rows = (1..).zip(&records).map(|(row, record)| {
            let cells = record.iter().enumerate().map(|(at, text)| {
                if row == formula_row && Some(at) == formula {
                    "<c><f>1+1</f></c>".to_owned()
                } else {
                    format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>")
                }
            });
            format!("<row r=\"{row}\">{}</row>", cells.collect::<String>())
        });
        Self::new(rows.collect::<String>())
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.zip().bytes()
    }

    /// All parts; more may be added.
    pub(crate) fn zip(&self) -> Zip {
        let relation = |id: u32, kind: &str, target: &str| {
            format!(
                "<Relationship Id=\"rId{id}\" Type=\"{RELATIONS}/{kind}\" Target=\"{target}\"/>"
            )
        };
        let relations =
            |all: String| format!("<Relationships xmlns=\"{PACKAGE}\">{all}</Relationships>");
        Zip::default()
            .part("[Content_Types].xml", "<Types/>")
            .part("_rels/.rels", relations(relation(1, "officeDocument", "xl/workbook.xml")))
            .part(
                "xl/_rels/workbook.xml.rels",
                relations(
                    relation(1, "worksheet", "worksheets/sheet1.xml")
                        + &relation(2, "sharedStrings", "sharedStrings.xml"),
                ),
            )
            .part(
                "xl/workbook.xml",
                format!(
                    "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\"><workbookPr {}/><sheets>\
                     <sheet name=\"Bill\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
                    self.properties
                ),
            )
            .part("xl/sharedStrings.xml", &self.strings)
            .part("xl/styles.xml", &self.styles)
            .part(
                "xl/worksheets/sheet1.xml",
                format!(
                    "<?xml version=\"1.0\"?>{}<worksheet xmlns=\"{MAIN}\"><sheetData>{}</sheetData>\
                     {}</worksheet>",
                    self.prolog, self.rows, self.after
                ),
            )
    }
}

/// Cells of texts that stand in the cells themselves.
pub(crate) fn inline(row: u32, texts: &[&str]) -> String {
    let letters = ('A'..='Z').map(String::from);
    let cell = |(letter, text): (String, &&str)| {
        format!("<c r=\"{letter}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    letters.zip(texts).map(cell).collect()
}
