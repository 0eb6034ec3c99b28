//! Workbooks as bills: the same rows as CSV give the same figures; what people write around tables
//! is passed over; what cannot be known is quarantined; what is hostile is refused in bounded memory.

mod support;

use std::time::{Duration, Instant};

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use support::{Cell, PERIOD, Project, RawXlsx, Row, Zip, container, ods, ods_of, xls, xlsb};

const MAP: &str = "format: phone\ntitle: Phone bills\ncolumns:\n  BilledCost: Amount\n  \
    EffectiveCost: Amount\n  BillingCurrency: Currency\n  BillingPeriodStart: Month\n  \
    ChargePeriodStart: Date\n  ChargeCategory: { value: Usage }\n  ServiceName: Product\n  \
    ResourceId: Line\nworkbook:\n  skip: [ { name: total row, when: { service_name: { prefix: Total } } } ]\n";
const HEADER: [&str; 6] = ["Date", "Month", "Product", "Line", "Amount", "Currency"];

/// A project whose one source has bills by the map above, and more to say of it.
fn project(more: &str) -> Project {
    Project::sound().file("maps/phone.yaml", MAP).file(
        "costbook.yaml",
        format!(
            "organisation: Acme\ncurrency: EUR\nsources:\n  - name: phone\n    format: \
             maps/phone.yaml\n    files: \"data/*\"\n{more}owners: owners.csv\nrules: [ \
             \"rules/*.yaml\" ]\n"
        ),
    )
}

/// Project, run, and what is said on stderr.
fn refused(workbook: &[u8], more: &str) -> String {
    let project = project(more).file("data/bill.xlsx", workbook);
    let begun = Instant::now();
    let answer = project.run();
    assert_eq!(answer.exit, Some(3), "{}", answer.stderr);
    assert!(begun.elapsed() < Duration::from_mins(2), "{:?}", begun.elapsed());
    assert!(!project.path("out").join(PERIOD).exists());
    answer.stderr
}

#[track_caller]
fn says(stderr: &str, parts: &[&str]) {
    for part in parts {
        assert!(stderr.contains(part), "{part:?} is not in:\n{stderr}");
    }
}

fn saved(mut workbook: Workbook) -> Vec<u8> {
    workbook.save_to_buffer().expect("memory takes all")
}

fn day(text: &str) -> ExcelDateTime {
    ExcelDateTime::parse_from_str(text).expect("a day")
}

/// Writes the header at a row, counted from 0.
fn header(sheet: &mut Worksheet, row: u32) {
    sheet.write_row(row, 0, HEADER).expect("a row");
}

/// Writes a line of the bill at a row, counted from 0: dates as dates, money as a number.
fn line(sheet: &mut Worksheet, row: u32, product: &str, line: &str, amount: f64) {
    let date = Format::new().set_num_format("dd.mm.yyyy");
    sheet.write_with_format(row, 0, day("2026-10-05"), &date).expect("a date");
    sheet.write_with_format(row, 1, day("2026-10-01"), &date).expect("a date");
    sheet.write(row, 2, product).expect("a text");
    sheet.write(row, 3, line).expect("a text");
    sheet.write(row, 4, amount).expect("a number");
    sheet.write(row, 5, "EUR").expect("a text");
}

/// A workbook as a phone company sends it.
fn phone_bill() -> Vec<u8> {
    let mut book = Workbook::new();
    let cover = book.add_worksheet().set_name("Cover").expect("a name");
    cover.write(0, 0, "Dear customer, the Amount is on the next sheet").expect("a text");
    let sheet = book.add_worksheet().set_name("Lines").expect("a name");
    sheet.write(0, 0, "Acme Telecom").expect("a text");
    sheet.write(1, 0, "Month").expect("a text");
    sheet.write(1, 1, "October").expect("a text");
    header(sheet, 3);
    line(sheet, 4, "Mobile", "0049 170 1", 0.1);
    line(sheet, 5, "Mobile", "0049 170 2", 0.2);
    line(sheet, 8, "Landline", "0049 30 1", -12.5);
    sheet.write(9, 2, "Total").expect("a text");
    sheet.write_formula(9, 4, Formula::new("SUM(E5:E9)").set_result("-12.2")).expect("a formula");
    let old = book.add_worksheet().set_name("Old").expect("a name");
    header(old, 0);
    line(old, 1, "Mobile", "0049 170 1", 99.0);
    old.set_hidden(true);
    saved(book)
}

#[test]
fn a_bill_is_found_between_what_is_there_for_people() {
    let project = project("").file("data/october.xlsx", phone_bill());
    let output = project.published();
    let total: Vec<String> =
        output.table("showback.csv").iter().map(|row| row["total"].clone()).collect();
    assert_eq!(total, ["-12.2"], "{}", output.text("showback.csv"));
    assert_eq!(output.table("quarantine.csv"), Vec::<Row>::new());
    let excluded = output.findings("rows-excluded");
    assert_eq!(excluded.len(), 1);
    assert!(excluded[0].0.starts_with("1 of 4 rows are excluded as `total row`"), "{excluded:?}");
    assert_eq!(output.findings("binary-source").len(), 1);
    let bill = &output.json("manifest.json")["bills"][0];
    assert_eq!((bill["sheet"].as_str(), bill["header_row"].as_u64()), (Some("Lines"), Some(4)));
}

#[test]
fn numbers_and_dates_of_cells_do_not_go_by_the_spelling_of_texts() {
    let map = MAP.replace(
        "columns:",
        "numbers: { decimal: \",\", group: \".\" }\ndates: [ day/month/year ]\ncolumns:",
    );
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    header(sheet, 0);
    line(sheet, 1, "Mobile", "1", 1.234);
    line(sheet, 2, "Mobile", "2", 0.0);
    sheet.write(2, 4, "1.234,5").expect("a text");
    sheet.write(2, 0, "6/10/2026").expect("a text");
    let project = project("").file("maps/phone.yaml", map).file("data/bill.xlsx", saved(book));
    let output = project.published();
    let days: Vec<String> = output
        .table("showback_detail.csv")
        .iter()
        .map(|row| format!("{} {}", row["day"], row["effective_cost"]))
        .collect();
    assert_eq!(days, ["2026-10-05 1.234", "2026-10-06 1234.5"]);
    assert_eq!(output.findings("binary-source").len(), 1);
}

#[test]
fn rows_are_shown_by_their_number_in_the_sheet() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    header(sheet, 2);
    line(sheet, 3, "Mobile", "1", 1.0);
    line(sheet, 7, "Mobile", "2", 2.0);
    sheet.write(7, 4, "two").expect("a text");
    line(sheet, 9, "Mobile", "3", 3.0);
    sheet.write_formula(9, 3, Formula::new("1/0").set_result("#DIV/0!")).expect("a formula");
    line(sheet, 10, "Mobile", "4", 4.0);
    sheet.write(10, 3, 1_234_567_890_123_456.0).expect("a number");
    line(sheet, 11, "Mobile", "5", 5.0);
    sheet.write(11, 8, "a note beside the table").expect("a text");
    let project = project("").file("data/bill.xlsx", saved(book));
    let output = project.published();
    let rows: Vec<[String; 4]> = output
        .table("quarantine.csv")
        .iter()
        .map(|row| ["row", "column", "code", "text"].map(|column| row[column].clone()))
        .collect();
    let expected = [
        ["8", "Amount", "bad-amount", "two"],
        ["10", "Line", "bad-cell", "#DIV/0!"],
        ["11", "Line", "bad-cell", "#DIGITS LOST! 1234567890123456"],
    ];
    assert_eq!(rows, expected.map(|row| row.map(str::to_owned)));
    let beside = output.findings("unknown-column");
    assert_eq!(beside.len(), 1, "{beside:?}");
    assert!(beside[0].0.ends_with("the first is I12"), "{beside:?}");
    let explained = project.command([
        "explain",
        "--project",
        ".",
        "--period",
        PERIOD,
        "--owner",
        "payments",
        "--rows",
    ]);
    says(&explained.stdout, &["data/bill.xlsx,4,", "data/bill.xlsx,12,"]);
}

/// Rows of the phone bill by hand: serial days, a number, texts in their cells.
fn raw_line(row: u32, date: &str, month: &str, amount: &str) -> String {
    let text = |column: char, text: &str| {
        format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
    };
    format!(
        "<row r=\"{row}\"><c r=\"A{row}\" s=\"1\"><v>{date}</v></c><c r=\"B{row}\" s=\"1\"><v>{month}\
         </v></c>{}{}<c r=\"E{row}\">{amount}</c>{}</row>",
        text('C', "Mobile"),
        text('D', "0049"),
        text('F', "EUR")
    )
}

fn raw(rows: &str) -> RawXlsx {
    RawXlsx::table(&HEADER, rows)
}

/// The one good line: 5 October 2026, one and a half euros.
fn good_line(row: u32) -> String {
    raw_line(row, "46300", "46296", "<v>1.5</v>")
}

#[test]
fn dates_go_by_the_flag_of_the_workbook() {
    let since_1900 = project("").file("data/bill.xlsx", raw(&good_line(2)).bytes());
    let line = raw_line(2, "44838", "44834", "<v>1.5</v>");
    let book = RawXlsx { properties: "date1904=\"1\"".to_owned(), ..raw(&line) };
    let since_1904 = project("").file("data/bill.xlsx", book.bytes());
    let (one, other) = (since_1900.published(), since_1904.published());
    assert_eq!(one.text("showback.csv"), other.text("showback.csv"));
    assert_eq!(one.text("showback_detail.csv"), other.text("showback_detail.csv"));
    assert!(one.text("showback_detail.csv").contains("1.5"));
}

#[test]
fn plain_numbers_are_days_only_where_it_is_known_from_when_they_count() {
    let map = MAP.replace("columns:", "dates: [ iso, excel_serial ]\ncolumns:");
    let plain = |row, date, month| raw_line(row, date, month, "<v>2</v>").replace(" s=\"1\"", "");
    let run = |properties: &str, rows: String| {
        let book = RawXlsx { properties: properties.to_owned(), ..raw(&rows) };
        let project =
            project("").file("maps/phone.yaml", &map).file("data/bill.xlsx", book.bytes());
        let output = project.published();
        let quarantine: Vec<String> = output
            .table("quarantine.csv")
            .iter()
            .map(|row| format!("{} {} {}", row["row"], row["column"], row["code"]))
            .collect();
        (output.table("showback.csv")[0]["total"].clone(), quarantine)
    };
    let since_1900 = run("", good_line(2) + &plain(3, "46300", "46296"));
    assert_eq!(since_1900, ("3.5".to_owned(), vec![]));
    let dates = raw_line(2, "44838", "44834", "<v>1.5</v>");
    let since_1904 = run("date1904=\"1\"", dates + &plain(3, "44838", "44834"));
    assert_eq!(since_1904, ("1.5".to_owned(), vec!["3 Month bad-date".to_owned()]));
}

#[test]
fn a_cell_at_the_far_end_of_the_sheet_costs_nothing() {
    let far = "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>";
    let project = project("").file("data/bill.xlsx", raw(&(good_line(2) + far)).bytes());
    let output = project.published();
    let beside = output.findings("unknown-column");
    assert!(beside[0].0.ends_with("the first is XFD1048576"), "{beside:?}");
}

#[test]
fn values_that_are_not_known_quarantine_their_rows() {
    let rows = [
        good_line(2),
        raw_line(3, "46300", "46296", "<f>SUM(A1)</f>"),
        raw_line(4, "46300", "46296", "<f>1/0</f><v>NaN</v>"),
        raw_line(5, "60", "46296", "<v>1</v>"),
        good_line(6).replace("<c r=\"E6\">", "<c r=\"E6\" t=\"e\">").replace("1.5", "#N/A"),
        good_line(7).replace("<c r=\"E7\">", "<c r=\"E7\" t=\"str\">").replace("1.5", " 1,5 "),
    ];
    let project = project("").file("data/bill.xlsx", raw(&rows.concat()).bytes());
    let output = project.published();
    let shown: Vec<String> = output
        .table("quarantine.csv")
        .iter()
        .map(|row| format!("{} {} {} {}", row["row"], row["column"], row["code"], row["text"]))
        .collect();
    assert_eq!(
        shown,
        [
            "3 Amount bad-cell #NO VALUE!",
            "4 Amount bad-cell NaN",
            "5 Date bad-date 60",
            "6 Amount bad-cell #N/A",
            "7 Amount bad-amount  1,5 ",
        ]
    );
}

#[test]
fn a_sheet_that_is_not_clear_is_asked_for() {
    let two = || {
        let mut book = Workbook::new();
        for name in ["Mobile", "Landline"] {
            let sheet = book.add_worksheet().set_name(name).expect("a name");
            header(sheet, 1);
            line(sheet, 2, name, "1", if name == "Mobile" { 1.0 } else { 2.0 });
        }
        saved(book)
    };
    let stderr = refused(&two(), "");
    says(&stderr, &["sheet-unclear", "`Mobile` (row 2), `Landline` (row 2)", "`sheet:`"]);
    let stderr = refused(&two(), "    sheet: Landlines\n");
    says(&stderr, &["the workbook has no sheet `Landlines`", "did you mean `Landline`?"]);
    let named = project("    sheet: Landline\n    header_row: 2\n").file("data/bill.xlsx", two());
    assert_eq!(named.published().table("showback.csv")[0]["total"], "2");
    let stderr = refused(&two(), "    sheet: Landline\n    header_row: 1\n");
    says(&stderr, &["sheet-unclear", "row 1 of the sheet `Landline` is empty"]);
}

#[test]
fn a_merged_header_is_refused_with_its_cells() {
    let merged = "<mergeCells count=\"1\"><mergeCell ref=\"C1:D1\"/></mergeCells>";
    let book = RawXlsx { after: merged.to_owned(), ..raw(&good_line(2)) };
    says(&refused(&book.bytes(), ""), &["sheet-unclear", "C1:D1 of the sheet `Bill`"]);
    let below = merged.replace("C1:D1", "C2:C3");
    let book = RawXlsx { after: below, ..raw(&(good_line(2) + &good_line(3))) };
    project("").file("data/bill.xlsx", book.bytes()).published();
}

#[test]
fn the_same_table_saved_again_counts_once() {
    let project = project("").file("data/bill.xlsx", raw(&good_line(2)).bytes()).file(
        "data/copy.xlsx",
        RawXlsx { prolog: "<!-- again -->".into(), ..raw(&good_line(2)) }.bytes(),
    );
    let output = project.published();
    assert_eq!(output.findings("same-content").len(), 1);
    assert_eq!(output.table("showback.csv")[0]["total"], "1.5");
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    let bomb = raw(&good_line(2)).zip().bomb("xl/media/image1.png", 20).bytes();
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    says(&refused(&bomb, ""), &["broken-file", "inflates to far more than any sheet does"]);
}

#[test]
fn a_demand_for_memory_ends_the_reader_and_not_the_run() {
    let claim = "<sst xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
                 count=\"1\" uniqueCount=\"20000000000\"><si><t>x</t></si></sst>";
    let book = RawXlsx { strings: claim.to_owned(), ..raw(&good_line(2)) };
    says(&refused(&book.bytes(), ""), &["broken-file", "asks for more memory than 1 GiB"]);
}

#[test]
fn a_workbook_that_contradicts_itself_is_refused_whole() {
    let bill = |rows: &str| raw(&(good_line(2) + rows)).bytes();
    let whole = raw(&good_line(2)).bytes();
    let mut flipped = whole.clone();
    let middle = whole.len() / 3;
    flipped[middle] ^= 0xff;
    let mut locked = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    locked.resize(1024, 0);
    locked.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    let doctype = "<!DOCTYPE worksheet [<!ENTITY a \"aaaaaaaaaa\">]>".to_owned();
    let value = |value: &str| raw(&raw_line(2, "46300", "46296", value)).bytes();
    let line = good_line(3);
    let cases: [(&str, Vec<u8>, &str); 22] = [
        ("a number in two pieces", value("<v>1<!-- -->5</v>"), "a comment or a marked section"),
        ("a number in entities", value("<v>&#49;.5</v>"), "a number is written in entities"),
        ("a text at no place", value("</c><c r=\"H2\" t=\"s\"><v>-1</v>"), "no number"),
        (
            "a column that overflows",
            bill("<row r=\"3\"><c r=\"ZZZZZZZZZ3\"><v>1</v></c></row>"),
            "hold together",
        ),
        (
            "a column that is not there",
            bill("<row r=\"3\"><c r=\"XFE3\"><v>1</v></c></row>"),
            "column 16385",
        ),
        ("row 0", bill("<row r=\"0\"><c r=\"A0\"><v>1</v></c></row>"), "hold together"),
        ("a cell twice", bill(&good_line(2)), "the cell A2 stands twice or out of order"),
        (
            "a string that is not there",
            bill("<row r=\"3\"><c r=\"A3\" t=\"s\"><v>7</v></c></row>"),
            "string",
        ),
        (
            "a document type",
            RawXlsx { prolog: doctype, ..raw(&good_line(2)) }.bytes(),
            "document type",
        ),
        ("cut off", whole[..whole.len() / 2].to_vec(), "ends too early"),
        ("a byte flipped", flipped, "hold together"),
        ("a password", locked, "protected by a password"),
        ("XML that ends early", bill("<row r=\"3\"><c r=\"A3\""), "hold together"),
        ("two values in a cell", value("<v>1</v><v>5</v>"), "a cell has more than one value"),
        (
            "a value and a text",
            value("<v>1</v><is><t>5</t></is>"),
            "a cell has more than one value",
        ),
        (
            "two tables of cells",
            bill(&format!("</sheetData><sheetData>{line}")),
            "it has more than one table of cells",
        ),
        (
            "rows behind the table",
            RawXlsx { after: line.clone(), ..raw(&good_line(2)) }.bytes(),
            "there are cells behind its table of cells",
        ),
        (
            "a choice of rows",
            bill(&format!(
                "<mc:AlternateContent xmlns:mc=\"m\"><mc:Choice>{line}</mc:Choice><mc:Fallback>{}\
                 </mc:Fallback></mc:AlternateContent>",
                good_line(4)
            )),
            "there is a choice of contents among its cells",
        ),
        (
            "a part twice",
            raw(&good_line(2)).zip().part("xl/Worksheets/sheet1.xml", "<worksheet/>").bytes(),
            "two parts of the name `xl/Worksheets/sheet1.xml`",
        ),
        (
            "markup within a shared text",
            RawXlsx {
                strings: "<sst><si><t>1<x>7</x>5</t></si></sst>".to_owned(),
                ..raw(&good_line(2))
            }
            .bytes(),
            "there is markup within a text",
        ),
        ("an archive of something else", Zip::default().part("a.txt", "a").bytes(), "no workbook"),
        (
            "a part that is locked",
            Zip::default().packed("xl/workbook.xml", b"x", 1, 0, 1).bytes(),
            "password",
        ),
    ];
    for (title, bytes, said) in cases {
        let stderr = refused(&bytes, "");
        assert!(stderr.contains("broken-file") && stderr.contains(said), "{title}: {stderr}");
    }
}

#[test]
fn the_process_that_reads_serves_costbook_only() {
    let project = project("");
    let answer = project.command(["read-workbook", "anything"]);
    assert_eq!((answer.exit, answer.stdout.as_str()), (Some(5), ""));
    let help = project.command(["--help"]);
    assert!(!help.stdout.contains("read-workbook"));
}

/// The same sheet in the kinds that are not XLSX: a title, two empty rows, a header, a line of 1.5,
/// two empty rows, a line of 0.25 by a formula, a line that could not be computed.
fn other_kinds() -> [(&'static str, Vec<u8>); 3] {
    let line = |day: u32, amount: Cell| {
        let texts = ["Mobile", "0049"].map(Cell::Text);
        vec![Cell::Day(day), Cell::Day(1), texts[0], texts[1], amount, Cell::Text("EUR")]
    };
    let rows = [
        vec![Cell::Text("Phone bill")],
        vec![],
        HEADER.map(Cell::Text).to_vec(),
        line(5, Cell::Number(1.5)),
        vec![],
        line(6, Cell::Computed(0.25)),
        line(7, Cell::Failed),
        vec![Cell::Empty, Cell::Empty, Cell::Text("Total"), Cell::Empty, Cell::Number(1.75)],
    ];
    [("bill.ods", ods(&rows)), ("bill.xlsb", xlsb(&rows, None)), ("bill.xls", xls(&rows, None))]
}

#[test]
fn every_kind_of_workbook_is_read_alike() {
    for (name, content) in other_kinds() {
        let project = project("").file(&format!("data/{name}"), content);
        let output = project.published();
        let totals: Vec<String> =
            output.table("showback.csv").iter().map(|row| row["total"].clone()).collect();
        assert_eq!(totals, ["1.75"], "{name}");
        let days: Vec<String> = output
            .table("showback_detail.csv")
            .iter()
            .map(|row| format!("{} {}", row["day"], row["effective_cost"]))
            .collect();
        assert_eq!(days, ["2026-10-05 1.5", "2026-10-06 0.25"], "{name}");
        let quarantine: Vec<String> = output
            .table("quarantine.csv")
            .iter()
            .map(|row| format!("{} {} {}", row["row"], row["column"], row["code"]))
            .collect();
        assert_eq!(quarantine, ["9 Amount bad-cell"], "{name}");
        assert_eq!(output.findings("rows-excluded").len(), 1, "{name}");
        assert_eq!(output.findings("wrong-suffix").len(), 0, "{name}");
    }
}

#[test]
fn other_kinds_that_are_cut_off_or_locked_are_refused() {
    for (name, content) in other_kinds() {
        for cut in [content.len() / 2, content.len() - 1, 600] {
            let project = project("").file(&format!("data/{name}"), &content[..cut]);
            let answer = project.run();
            assert_eq!(answer.exit, Some(3), "{name} of {cut} bytes: {}", answer.stderr);
            assert!(answer.stderr.contains("broken-file"), "{name}: {}", answer.stderr);
        }
    }
    let locked = container("EncryptedPackage", &[0; 64]);
    says(&refused(&locked, ""), &["protected by a password"]);
    // What an XLS with a password says of itself.
    let filepass =
        [&[0x09, 8, 16, 0, 0, 6, 5, 0][..], &[0; 12], &[0x2f, 0, 4, 0, 1, 0, 1, 0]].concat();
    says(&refused(&container("Workbook", &filepass), ""), &["protected by a password"]);
}

/// What the other kinds tell of merged cells stands where their reader does not look.
#[test]
fn a_merged_header_is_refused_whatever_the_kind() {
    let rows = [HEADER.map(Cell::Text).to_vec()];
    let merged = |name: &str| {
        let cell = |name: &&str| {
            let spanned = if *name == "Month" { " table:number-columns-spanned='2'" } else { "" };
            format!(
                "<table:table-cell office:value-type=\"string\"{spanned}><text:p>{name}</text:p>\
                 </table:table-cell>"
            )
        };
        let cells = HEADER.iter().map(cell).collect::<Vec<_>>().concat();
        match name {
            "ods" => ods_of(&format!("<table:table-row>{cells}</table:table-row>")),
            "xlsb" => xlsb(&rows, Some([0, 0, 1, 2])),
            _ => xls(&rows, Some([0, 0, 1, 2])),
        }
    };
    for kind in ["ods", "xlsb", "xls"] {
        says(&refused(&merged(kind), ""), &["sheet-unclear", "B1:C1 of the sheet `Bill`"]);
    }
}

/// Two kilobytes that are four billion rows. Rows of nothing may go to the end of the sheet.
#[test]
fn rows_that_are_only_claimed_are_not_made() {
    let text = |text: &str| {
        format!(
            "<table:table-cell office:value-type='string'><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let header: String = HEADER.iter().map(|name| text(name)).collect();
    let day = "<table:table-cell office:value-type='date' office:date-value='2026-10-05'/>";
    let amount = "<table:table-cell office:value-type='float' office:value='1.5'/>";
    let line = [day, day, &text("Mobile"), &text("0049"), amount, &text("EUR")].concat();
    let book = |repeats: &str| {
        let row = |repeats: &str, cells: &str| {
            format!(
                "<table:table-row table:number-rows-repeated='{repeats}'>{cells}</table:table-row>"
            )
        };
        let nothing = "<table:table-cell table:number-columns-repeated='16384'/>";
        ods_of(&[row("1", &header), row(repeats, &line), row("1048000", nothing)].concat())
    };
    for repeats in ["4000000000", "1048575", "99999999999999999999"] {
        let stderr = refused(&book(repeats), "");
        says(&stderr, &["broken-file", "it repeats rows more than 100000 times"]);
    }
    let output = project("").file("data/bill.ods", book("3")).published();
    assert_eq!(output.table("showback.csv")[0]["total"], "4.5");
}

#[test]
fn a_text_that_is_not_there_is_no_empty_cell() {
    let book = |cell: Cell| {
        let line = [
            Cell::Day(5),
            Cell::Day(1),
            cell,
            Cell::Text("1"),
            Cell::Number(1.5),
            Cell::Text("EUR"),
        ];
        xls(&[HEADER.map(Cell::Text).to_vec(), line.to_vec()], None)
    };
    let output = project("").file("data/bill.xls", book(Cell::Shared(0))).published();
    assert_eq!(output.table("showback_detail.csv")[0]["service_name"], "x");
    for at in [1, 7, u32::MAX] {
        let stderr = refused(&book(Cell::Shared(at)), "");
        says(&stderr, &["broken-file", "the cell C2 refers to a text that is not there"]);
    }
}

/// Letters of one text may be written in several ways; to people it is one text.
#[test]
fn a_text_in_parts_is_one_text() {
    let parts = "<is><r><rPr><b/></rPr><t xml:space=\"preserve\">Mob</t></r><r><t>ile</t></r>\
                 <rPh sb=\"0\" eb=\"1\"><t>x</t></rPh></is>";
    let line = good_line(2);
    let begin = line.find("<is>").expect("an inline text");
    let end = line.find("</is>").expect("its end") + 5;
    let line = format!("{}{parts}{}", &line[..begin], &line[end..]);
    let output = project("").file("data/bill.xlsx", raw(&line).bytes()).published();
    assert_eq!(output.table("showback_detail.csv")[0]["service_name"], "Mobile");
}
