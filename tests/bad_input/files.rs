//! Files: torn, empty, compressed, mixed, huge; and what is no file.

use std::fs;
use std::sync::Arc;

use costbook::diagnostics::Code;
use costbook::ingest::{ScanOptions, Silent, SourceFile, scan};
use costbook::rules::{ColumnMap, shipped};

use super::answer::Expected::{Fine, Quarantined, Refused, Told};
use super::answer::{Case, case, check};
use super::support::{Bill, Charge, Project, Shape, gzip, parquet};

const BILL: &str = "data/bill.csv";
const PACKED: &str = "data/bill.csv.gz";

fn bytes(content: impl AsRef<[u8]>) -> Project {
    Project::sound().file(BILL, content)
}

fn packed(content: impl AsRef<[u8]>) -> Project {
    Project::sound().file(PACKED, content)
}

fn two() -> String {
    Bill::of([Charge::sound(), Charge::sound().costs("2")]).csv()
}

/// A sound bill with one more row, of which a column has this as raw text.
fn raw(column: &str, raw: &str) -> String {
    raw_rows(column, raw, 1)
}

fn raw_rows(column: &str, raw: &str, rows: usize) -> String {
    let marked = vec![Charge::sound().with(column, "@"); rows];
    let charges = std::iter::once(Charge::sound()).chain(marked).chain([Charge::sound()]);
    Bill::of(charges).csv().replace('@', raw)
}

/// A member that unpacks to a megabyte, so many times.
fn bomb(megabyte: &str, times: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, megabyte.repeat(1 << 20).as_bytes())
        .expect("memory takes all");
    let member = encoder.finish().expect("memory takes all");
    [gzip(two()), member.repeat(times)].concat()
}

const TORN: &[Case] = &[
    case("no byte", || bytes(""), Refused(Code::EmptyFile, "no content at all")),
    case("a header only", || bytes(Bill::of([]).csv()), Refused(Code::EmptyFile, "no row")),
    case("gzip of nothing", || packed(gzip("")), Refused(Code::EmptyFile, "no header")),
    case(
        "gzip cut in the middle",
        || packed(&gzip(two())[..100]),
        Refused(Code::BrokenFile, PACKED),
    ),
    case(
        "gzip cut within its trailer",
        || {
            let whole = gzip(two());
            packed(&whole[..whole.len() - 3])
        },
        Refused(Code::BrokenFile, PACKED),
    ),
    case(
        "gzip with another checksum",
        || {
            let mut whole = gzip(two());
            let at = whole.len() - 6;
            whole[at] ^= 0x40;
            packed(whole)
        },
        Refused(Code::BrokenFile, PACKED),
    ),
    case(
        "gzip with another length",
        || {
            let mut whole = gzip(two());
            let at = whole.len() - 1;
            whole[at] ^= 0x40;
            packed(whole)
        },
        Refused(Code::BrokenFile, PACKED),
    ),
    case(
        "gzip with garbage behind it",
        || packed([gzip(two()), b"garbage".to_vec()].concat()),
        Refused(Code::BrokenFile, PACKED),
    ),
    case(
        "gzip with a few zeros behind it",
        || packed([gzip(two()), vec![0; 512]].concat()),
        Refused(Code::BrokenFile, PACKED),
    ),
    case(
        "gzip with the begin of another member behind it",
        || packed([gzip(two()), vec![0x1f]].concat()),
        Refused(Code::BrokenFile, PACKED),
    ),
    case(
        "two gzip members, the second one torn",
        || {
            let second = gzip(two());
            packed([gzip(two()), second[..second.len() - 9].to_vec()].concat())
        },
        Refused(Code::BrokenFile, PACKED),
    ),
    case(
        "a gzip bomb of empty lines",
        || packed(bomb("\n", 80)),
        Refused(Code::BrokenFile, "unpacks to more than 250 times its size"),
    ),
    case(
        "a gzip bomb of zeros",
        || packed(bomb("\0", 80)),
        Refused(Code::BrokenFile, "unpacks to more than 250 times its size"),
    ),
    case(
        "a quote that never closes",
        || bytes(two() + "\"torn,1,2\n3,4\n"),
        Refused(Code::BrokenFile, "a quote is opened and never closed"),
    ),
    case(
        "a quote in the header that never closes",
        || bytes(format!("\"{}", two())),
        Refused(Code::BrokenFile, "a quote is opened in the header and never closed"),
    ),
    case(
        "a quote that closes some rows later, in the same column",
        || {
            let text = raw_rows("ResourceName", "@", 30);
            bytes(
                text.replacen('@', "\"opened", 1)
                    .replace('@', "name")
                    .replacen("name", "name\"", 1),
            )
        },
        Refused(Code::BrokenFile, "a quote that opens in row 3 takes in at least 1 more"),
    ),
    case(
        "a quote that closes many rows later",
        || {
            let text = raw_rows("ResourceName", "@", 30);
            let (first, rest) = text.split_once('@').expect("a mark");
            let (rest, last) = rest.rsplit_once('@').expect("a mark");
            bytes(format!("{first}\"opened{}name\"{last}", rest.replace('@', "name")))
        },
        Refused(Code::BrokenFile, "a quote that opens in row 3 takes in at least 29 more"),
    ),
    case(
        "a quote that closes where another one opens",
        || {
            let text = raw_rows("ResourceName", "@", 30);
            let (first, rest) = text.split_once('@').expect("a mark");
            let (rest, last) = rest.rsplit_once('@').expect("a mark");
            bytes(format!("{first}\"opened{}\"a, b\"{last}", rest.replace('@', "name")))
        },
        Refused(Code::BrokenFile, "a quote that opens in row 3"),
    ),
    case(
        "a row cut off at the end of the file",
        || {
            let text = two();
            bytes(&text[..text.len() - 40])
        },
        Refused(Code::BrokenFile, "ends in the middle of its last row"),
    ),
    case(
        "a field of 100 MB",
        || bytes(raw("ResourceName", &"x".repeat(100 << 20))),
        Refused(Code::BrokenFile, "a row has more than 64 MiB"),
    ),
    case(
        "a field of 65 MiB in quotes, the last of the file",
        || bytes(two() + "\"" + &"x".repeat(65 << 20) + "\""),
        Refused(Code::BrokenFile, "a row has more than 64 MiB"),
    ),
    case(
        "50,000 columns",
        || {
            let columns: Vec<String> = (0..50_000).map(|number| format!("c{number}")).collect();
            bytes(columns.join(",") + "\n1\n")
        },
        Refused(Code::BrokenFile, "50000 columns; 10000 are the limit"),
    ),
    case(
        "a header of more than a megabyte",
        || bytes(format!("{}\n1\n", "column,".repeat(300_000))),
        Refused(Code::BrokenFile, "the header is longer than 1 MiB"),
    ),
    case(
        "a header without an end",
        || bytes("c".repeat(2 << 20)),
        Refused(Code::BrokenFile, "the header is longer than 1 MiB"),
    ),
    case(
        "a header that is not UTF-8",
        || {
            let mut text = two().into_bytes();
            text[2] = 0xfc;
            bytes(text)
        },
        Refused(Code::BrokenFile, "the header is not UTF-8"),
    ),
];

#[test]
fn torn_files_are_refused() {
    check(TORN);
}

const READ: &[Case] = &[
    case(
        "two gzip members cut within a row",
        || {
            let text = two();
            let (first, second) = text.split_at(text.len() - 20);
            packed([gzip(first), gzip(second)].concat())
        },
        Fine,
    ),
    case("a byte order mark", || bytes(format!("\u{feff}{}", two())), Fine),
    case("a byte order mark, compressed", || packed(gzip(format!("\u{feff}{}", two()))), Fine),
    case("CRLF", || bytes(two().replace('\n', "\r\n")), Fine),
    case("CR alone", || bytes(two().replace('\n', "\r")), Fine),
    case(
        "CR, LF and CRLF mixed",
        || {
            let mut ends = ["\r\n", "\r", "\n"].into_iter();
            let text = two();
            bytes(
                text.lines()
                    .flat_map(|line| [line, ends.next().unwrap_or("\n")])
                    .collect::<String>(),
            )
        },
        Fine,
    ),
    case("no last newline", || bytes(two().trim_end()), Fine),
    case("empty lines in between", || bytes(two().replace('\n', "\n\n\r\n")), Fine),
    case(
        "a mark in the middle, where files were put together",
        || bytes(format!("\u{feff}{}\u{feff}{}", two(), two())),
        Told(&[Code::RowsExcluded], "1 of 5 rows are excluded as `repeated header`"),
    ),
    case(
        "an empty gzip member between two",
        || {
            let text = two();
            let (first, second) = text.split_at(text.len() / 2);
            packed([gzip(first), gzip(""), gzip(second)].concat())
        },
        Fine,
    ),
    case(
        "10,000 columns",
        || {
            let mut bill = Bill::sound();
            bill.columns.extend((0..9943).map(|number| format!("x_{number}")));
            Project::sound().bill("bill.csv", &bill)
        },
        Fine,
    ),
    case(
        "letters that end lines elsewhere",
        || bytes(raw("ResourceName", "a\u{85}b\u{2028}c\u{2029}d\u{b}e\u{c}f")),
        Fine,
    ),
    case(
        "a text of several lines",
        || bytes(raw("ResourceName", "\"Dear all,\nsee invoice 7, page 3,\r\nof 2026-10-05\n\"")),
        Fine,
    ),
    case(
        "a tag object of several lines",
        || bytes(raw("Tags", "\"{\n\"\"team\"\": \"\"web\"\",\n\"\"size\"\": 2\n}\"")),
        Fine,
    ),
    case(
        "gzip that is called CSV",
        || bytes(gzip(two())),
        Told(&[Code::WrongSuffix], "the content is gzip, though the name ends in .csv"),
    ),
    case(
        "CSV that is called gzip",
        || packed(two()),
        Told(&[Code::WrongSuffix], "the content is plain text, though the name ends in .gz"),
    ),
    case(
        "a tag that is not UTF-8",
        || {
            let text = raw("Tags", "\"{\"\"a\"\":\"\"@\"\"}\"");
            let at = text.find('@').expect("a mark");
            let mut text = text.into_bytes();
            text[at] = 0xe9;
            bytes(text)
        },
        Quarantined(&[(3, "Tags", Code::BadText, "hex:7b2261223a22e9227d")]),
    ),
    case(
        "a NUL in a text",
        || bytes(raw("ResourceName", "a\0b")),
        Quarantined(&[(3, "ResourceName", Code::BadText, "a\\u{0}b")]),
    ),
    case(
        "a quote within a text, and one behind a closed one",
        || bytes(raw("ResourceName", "8\" disk").replacen("8\" disk", "\"8\" disk", 1)),
        Quarantined(&[(3, "ResourceName", Code::BadText, "8")]),
    ),
];

#[test]
fn what_can_be_read_is_read() {
    check(READ);
}

const FOREIGN: &[Case] = &[
    case(
        "gzip within gzip",
        || packed(gzip(gzip(two()))),
        Refused(Code::BrokenFile, "compressed with gzip twice"),
    ),
    case(
        "Parquet within gzip",
        || packed(gzip(parquet(&Bill::sound(), Shape::TYPED))),
        Refused(Code::BrokenFile, "Parquet within gzip"),
    ),
    case(
        "zstd",
        || Project::sound().file("data/bill.csv.zst", b"\x28\xb5\x2f\xfd\x04\0\x91\0\0Date"),
        Refused(Code::BrokenFile, "compressed with zstd"),
    ),
    case(
        "bzip2",
        || Project::sound().file("data/bill.csv.bz2", b"BZh91AY&SY\x9f\x01\xff\xf0"),
        Refused(Code::BrokenFile, "compressed with bzip2"),
    ),
    case(
        "a tape archive",
        || bytes([&[b'a'; 257][..], b"ustar\0", &[0; 600]].concat()),
        Refused(Code::BrokenFile, "a tape archive"),
    ),
    case("a PDF", || bytes(b"%PDF-1.7\n1 0 obj"), Refused(Code::BrokenFile, "is a PDF")),
    case(
        "the page of a log-in",
        || bytes("\u{feff}\n<!DOCTYPE HTML>\n<html><body>Please log in</body></html>\n"),
        Refused(Code::BrokenFile, "answered with a page, such as a log-in"),
    ),
    case(
        "what a store says in place of a bill",
        || packed(gzip("<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code></Error>\n")),
        Refused(Code::BrokenFile, "the content is XML"),
    ),
    case(
        "a word to a spreadsheet program before the header",
        || bytes(format!("sep=,\r\n{}", two())),
        Refused(Code::BrokenFile, "take that line out"),
    ),
    case("noise", || bytes(noise(5000)), Refused(Code::BrokenFile, "the header is not UTF-8")),
    case("nothing but NULs", || bytes([0; 5000]), Refused(Code::ColumnMissing, "BilledCost")),
    case("nothing but CR", || bytes("\r\r\r"), Refused(Code::EmptyFile, "no header")),
    case("nothing but a mark", || bytes("\u{feff}"), Refused(Code::EmptyFile, "no header")),
    case(
        "NULs behind its end, as after a crash",
        || bytes([two().as_bytes(), &[0; 4096]].concat()),
        Refused(Code::BrokenFile, "ends in the middle of its last row"),
    ),
    case(
        "an end as DOS wrote it",
        || bytes(two() + "\u{1a}"),
        Refused(Code::BrokenFile, "ends in the middle of its last row"),
    ),
];

/// Bytes without a meaning, the same every time.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[2]
    };
    (0..bytes).map(|_| next()).collect()
}

#[test]
fn what_is_no_bill_is_said_by_name() {
    check(FOREIGN);
}

const NO_FILES: &[Case] = &[
    case(
        "a folder where a bill was expected",
        || bytes(two()).file("data/folder.csv/other.csv", two()),
        Refused(Code::UnreadableFile, "data/folder.csv"),
    ),
    case(
        "a pipe that nobody writes to",
        || {
            let project = bytes(two());
            let made = std::process::Command::new("mkfifo").arg(project.path("data/pipe")).status();
            assert!(made.is_ok_and(|status| status.success()), "mkfifo is part of every Unix");
            project
        },
        Refused(Code::UnreadableFile, "data/pipe"),
    ),
    case(
        "a link to nowhere",
        || {
            let project = bytes(two());
            std::os::unix::fs::symlink("nowhere.csv", project.path("data/link.csv"))
                .expect("a link");
            project
        },
        Refused(Code::UnreadableFile, "data/link.csv"),
    ),
    case(
        "a link out of the project",
        || {
            let project = bytes(two());
            std::os::unix::fs::symlink("/etc/hosts", project.path("data/link.csv"))
                .expect("a link");
            project
        },
        Refused(Code::PathOutsideProject, "data/link.csv"),
    ),
    case("nothing at all", Project::sound, Refused(Code::NoFiles, "nothing matches data/*")),
];

#[test]
fn what_is_no_file_is_named() {
    check(NO_FILES);
}

#[test]
fn folders_on_the_way_of_a_pattern_are_walked_through() {
    let project = Project::sound().file("data/2026/10/bill.csv", two());
    let text = fs::read_to_string(project.path("costbook.yaml")).expect("the project");
    project.write("costbook.yaml", text.replace("data/*", "data/**/*"));
    assert!(project.published().codes().is_empty());
}

#[test]
fn an_unreadable_file_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let project = bytes(two());
    fs::set_permissions(project.path(BILL), fs::Permissions::from_mode(0o000)).expect("a mode");
    if fs::read(project.path(BILL)).is_ok() {
        println!("skipped: whoever runs this may read everything");
        return;
    }
    let answer = project.run();
    assert_eq!(answer.exit, Some(3), "{}", answer.stderr);
    assert!(answer.stderr.contains("error[unreadable-file]") && answer.stderr.contains(BILL));
}

/// Between finding a file and opening it there is time enough for it to go.
#[test]
fn a_file_that_vanished_is_named() {
    let (path, text) = shipped::column_map("focus").expect("the map of FOCUS");
    let map = ColumnMap::parse(path, text).expect("the map of FOCUS");
    let gone = "/nonexistent/data/gone.csv".into();
    let file = SourceFile::alone("bills", "data/gone.csv", gone, Arc::new(map));
    let options = ScanOptions { threads: 1, progress: &Silent, reader: None };
    let (report, _) = scan(&[file], &[], options, || Nobody);
    let finding = &report.files[0].findings[0];
    assert_eq!(finding.code, Code::UnreadableFile);
    assert_eq!(finding.place.as_ref().map(ToString::to_string).as_deref(), Some("data/gone.csv"));
}

/// Writes to a file once some of it was read, as a copy that is still under way does.
struct Writing<'a>(&'a std::path::Path, std::sync::Once);

impl costbook::ingest::Progress for Writing<'_> {
    fn advanced(&self, _: costbook::ingest::FileId, _: u64) {
        self.1.call_once(|| {
            let mut file = fs::OpenOptions::new().append(true).open(self.0).expect("the bill");
            std::io::Write::write_all(&mut file, b"\n").expect("room for a byte");
        });
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_refused() {
    let (path, text) = shipped::column_map("focus").expect("the map of FOCUS");
    let map = Arc::new(ColumnMap::parse(path, text).expect("the map of FOCUS"));
    let bill = Bill::of(vec![Charge::sound(); 10]);
    let kinds = [
        ("bill.csv", bill.csv().into_bytes()),
        ("bill.csv.gz", gzip(bill.csv())),
        ("bill.parquet", parquet(&bill, Shape::TYPED)),
    ];
    for (name, content) in kinds {
        let project = Project::new().file(name, content);
        let location = project.path(name);
        let file = SourceFile::alone("bills", name, location.clone(), map.clone());
        let read = |progress: &dyn costbook::ingest::Progress| {
            let options = ScanOptions { threads: 1, progress, reader: None };
            let (report, _) = scan(std::slice::from_ref(&file), &[], options, || Nobody);
            report.files[0].clone()
        };
        assert!(!read(&Silent).is_refused(), "{name}");
        let report = read(&Writing(&location, std::sync::Once::new()));
        let told = report.findings.iter().any(|finding| {
            finding.code == Code::BrokenFile
                && finding.message.contains("changed while it was read")
        });
        assert!(told, "{name}: {:?}", report.findings);
    }
}

pub(crate) struct Nobody;

impl costbook::ingest::Sink for Nobody {
    fn add(
        &mut self,
        _: &costbook::ingest::Charges<'_>,
        _: &mut Vec<(usize, costbook::ingest::Rejection)>,
    ) {
    }
}
