//! Parquet: torn, contradicting itself, or asking for what no machine has. A decoder makes room for
//! what headers tell; where there is none the process would end, and every test here with it.

use costbook::diagnostics::Code;

use super::answer::Expected::{Fine, Quarantined, Refused, Told};
use super::answer::{Case, case, check};
use super::hand_made::{Lies, delta_list, lengths, parquet as lying};
use super::support::{
    Bill, Charge, Faults, Money, Project, Shape, Tags, Times, parquet, parquet_of_shared_letters,
};

const BILL: &str = "data/bill.parquet";
const DELTA_LENGTH: i64 = 6;
const DELTA_TEXT: i64 = 7;

fn bytes(content: impl AsRef<[u8]>) -> Project {
    Project::sound().file(BILL, content)
}

/// A sound row, and one whose billed cost is this double.
fn doubles(text: &str) -> Project {
    let shape = Shape { money: Money::Double, ..Shape::TYPED };
    let odd = Charge::sound().with("BilledCost", text);
    let bill = Bill::of([Charge::sound().costs("0.5"), odd]);
    bytes(parquet(&bill, shape))
}

fn lies(lies: &Lies) -> Project {
    bytes(lying(lies))
}

/// More than any machine has, and less than what the decoder would see to be impossible.
const HUGE: i64 = 1 << 50;
const LARGE: i64 = (1 << 31) - 1;

const TORN: &[Case] = &[
    case("what headers tell is so", || lies(&Lies::default()), Fine),
    case("no byte", || bytes(""), Refused(Code::EmptyFile, BILL)),
    case("its first bytes only", || bytes("PAR1"), Refused(Code::BrokenFile, "too short")),
    case(
        "a text between its first and its last bytes",
        || bytes("PAR1 and then nothing of it PAR1"),
        Refused(Code::BrokenFile, "cannot have the length that it tells"),
    ),
    case(
        "without its end",
        || {
            let whole = parquet(&Bill::sound(), Shape::TYPED);
            bytes(&whole[..whole.len() / 2])
        },
        Refused(Code::BrokenFile, "the end is missing"),
    ),
    case(
        "without its middle",
        || {
            let whole = parquet(&Bill::sound(), Shape::TYPED);
            let half = whole.len() / 2;
            bytes([&whole[..half - 200], &whole[half..]].concat())
        },
        Refused(Code::BrokenFile, "does not hold together"),
    ),
    case(
        "pages overwritten",
        || {
            let mut whole = parquet(&Bill::sound(), Shape::TEXT);
            let pages = whole.len() / 4;
            whole[4..pages].fill(0xff);
            bytes(whole)
        },
        Refused(Code::BrokenFile, "does not hold together"),
    ),
    case(
        "without a row",
        || bytes(parquet(&Bill::of([]), Shape::TYPED)),
        Refused(Code::EmptyFile, "no row"),
    ),
    case(
        "a double that is no number",
        || doubles("NaN"),
        Told(&[Code::BinarySource, Code::RowsQuarantined], "the first is row 2, column BilledCost"),
    ),
    case(
        "a double without end",
        || doubles("-inf"),
        Told(&[Code::BinarySource, Code::RowsQuarantined], "the first is row 2, column BilledCost"),
    ),
    case(
        "a NUL in a text that rules ask",
        || {
            let nul = Charge::sound().with("SubAccountId", "a\0b");
            let rules = "classify:\n  - { name: shop, when: { sub_account_id: shop }, owner: retail }\n  \
                 - { name: rest, owner: payments }\n";
            let shop = Charge::sound().with("SubAccountId", "shop");
            let bill = Bill::of([Charge::sound(), nul, shop]);
            Project::ruled(rules).file(BILL, parquet(&bill, Shape::TYPED))
        },
        Quarantined(&[(2, "SubAccountId", Code::BadText, "a\\u{0}b")]),
    ),
    case(
        "CSV in name",
        || Project::sound().file("data/bill.csv", parquet(&Bill::sound(), Shape::TYPED)),
        Told(&[Code::WrongSuffix], "the content is Parquet"),
    ),
];

#[test]
fn torn_files_are_refused() {
    check(TORN);
}

const REFUSED: super::answer::Expected = Refused(Code::BrokenFile, "does not hold together");

const LYING: &[Case] = &[
    case(
        "a footer longer than the file",
        || lies(&Lies { footer_length: Some(u32::MAX), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a footer shorter than it is",
        || lies(&Lies { footer_length: Some(100), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "two billion columns in the schema",
        || lies(&Lies { children: Some(LARGE), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "fewer than no columns in the schema",
        || lies(&Lies { children: Some(-1), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a quarter of a million groups inside each other",
        || lies(&Lies { depth: 250_000, ..Lies::default() }),
        REFUSED,
    ),
    case(
        "forty groups inside each other",
        || lies(&Lies { depth: 40, ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a quadrillion columns in the row group",
        || lies(&Lies { columns_in_group: Some(1 << 50), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a quadrillion rows",
        || {
            let rows = Some(HUGE);
            lies(&Lies {
                group_rows: rows,
                chunk_values: rows,
                page_values: rows,
                ..Lies::default()
            })
        },
        REFUSED,
    ),
    case(
        "two billion rows in one page of a few bytes",
        || {
            let rows = Some(LARGE);
            lies(&Lies {
                group_rows: rows,
                chunk_values: rows,
                page_values: rows,
                ..Lies::default()
            })
        },
        REFUSED,
    ),
    case(
        "more rows in the file than in its row groups",
        || lies(&Lies { file_rows: Some(2), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "more values in a column than rows",
        || lies(&Lies { chunk_values: Some(2), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a column of another type than in the schema",
        || lies(&Lies { chunk_type: Some(2), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a column of another name than in the schema",
        || lies(&Lies { chunk_name: Some("AvailabilityZome"), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a column behind the end of the file",
        || lies(&Lies { chunk_begin: Some(HUGE), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a column before the begin of the file",
        || lies(&Lies { chunk_begin: Some(-8), ..Lies::default() }),
        REFUSED,
    ),
];

#[test]
fn footers_that_contradict_themselves_are_refused() {
    check(LYING);
}

/// The first column is read by none of the sound project's rules; these rules ask it.
fn asked(lies: &Lies) -> Project {
    Project::ruled(
        "classify:\n  - { name: zone, when: { availability_zone: z }, owner: retail }\n  \
         - { name: rest, owner: payments }\n",
    )
    .file(BILL, lying(lies))
}

/// As many as are read at once, and some more.
const ROWS: usize = 5000;

/// A column of which the first text has so many letters, and each other one shares so many with the
/// one before it and has none of its own.
fn shared(rows: usize, first: u32, others: u32) -> Project {
    let mut sharing = vec![others; rows];
    sharing[0] = 0;
    let mut own = vec![0; rows];
    own[0] = first;
    let letters = vec![b'x'; first as usize];
    let page = Some([lengths(&sharing), lengths(&own), letters].concat());
    asked(&Lies { encoding: DELTA_TEXT, page, more_rows: rows - 1, ..Lies::default() })
}

const PAGES: &[Case] = &[
    case(
        "what headers tell is so, and is asked",
        || asked(&Lies::default()),
        Told(&[Code::RuleWithoutMatch], "zone"),
    ),
    case(
        "a page that unpacks to two gigabytes",
        || asked(&Lies { page_unpacked: Some(LARGE), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a page that unpacks to less than nothing",
        || asked(&Lies { page_unpacked: Some(-1), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a page longer than its column",
        || asked(&Lies { page_packed: Some(LARGE), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a page shorter than nothing",
        || asked(&Lies { page_packed: Some(-5), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a least value of a petabyte",
        || asked(&Lies { least_length: Some(1 << 50), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a least value of a terabyte",
        || asked(&Lies { least_length: Some(1 << 40), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "a petabyte of lengths of texts",
        || {
            let page = Some(delta_list(1 << 48));
            asked(&Lies { encoding: DELTA_LENGTH, page, ..Lies::default() })
        },
        REFUSED,
    ),
    case(
        "a terabyte of lengths of texts",
        || {
            let page = Some(delta_list(1 << 38));
            asked(&Lies { encoding: DELTA_LENGTH, page, ..Lies::default() })
        },
        REFUSED,
    ),
    case(
        "a petabyte of shared beginnings of texts",
        || {
            let page = Some(delta_list(1 << 48));
            asked(&Lies { encoding: DELTA_TEXT, page, ..Lies::default() })
        },
        REFUSED,
    ),
    case(
        "a petabyte of texts behind shared beginnings",
        || {
            let page = Some([delta_list(1), delta_list(1 << 48)].concat());
            asked(&Lies { encoding: DELTA_TEXT, page, ..Lies::default() })
        },
        REFUSED,
    ),
    case(
        "texts that share their letters, and are what they are",
        || shared(ROWS, 100, 100),
        Told(&[Code::RuleWithoutMatch], "zone"),
    ),
    case(
        "half a megabyte that is two gigabytes of texts",
        || shared(ROWS, 1 << 19, 1 << 19),
        Refused(Code::BrokenFile, "its texts come to more memory than any bill needs"),
    ),
    case(
        "a text that shares more letters than there were",
        || shared(2, 3, 4),
        Refused(Code::BrokenFile, "shares more letters with the one before it than that one has"),
    ),
    case(
        "more values in the pages of a column than in the column",
        || asked(&Lies { page_values: Some(2), ..Lies::default() }),
        REFUSED,
    ),
    case(
        "an encoding that does not exist",
        || asked(&Lies { encoding: 77, ..Lies::default() }),
        REFUSED,
    ),
];

#[test]
fn pages_that_ask_for_too_much_are_refused() {
    check(PAGES);
}

/// What nothing reads is not unpacked, and so not looked at.
#[test]
fn what_stands_in_columns_that_nothing_reads_is_not_judged() {
    let nul = Charge::sound().with("SkuId", "a\0b");
    let project = bytes(parquet(&Bill::of([Charge::sound(), nul]), Shape::TYPED));
    let output = project.published();
    assert_eq!((output.codes(), output.account(BILL)["accepted"].clone()), (vec![], 2.into()));
}

/// The resource decides nothing, and is listed where a charge has no owner.
#[test]
fn a_nul_in_a_resource_that_is_listed_is_quarantined() {
    let nul = Charge::sound().costs("2").with("ResourceId", "a\0b");
    let bill = Bill::of([Charge::sound(), nul, Charge::sound().with("ResourceId", "c")]);
    let rules = "classify: [ { name: some, when: { service: Nothing }, owner: payments } ]\n";
    let output = Project::ruled(rules).file(BILL, parquet(&bill, Shape::TYPED)).published();
    let rows = output.table("quarantine.csv");
    assert_eq!(rows.len(), 1);
    let told = ["row", "column", "code", "text"].map(|name| rows[0][name].as_str());
    assert_eq!(told, ["2", "ResourceId", Code::BadText.name(), "a\\u{0}b"]);
    assert!(!output.text("unallocated.csv").contains('\0'));
    assert_eq!(output.account(BILL)["accepted"], 2);
}

/// What tells a commitment decides nothing, and is shown where a charge has one.
#[test]
fn a_nul_in_a_commitment_is_quarantined_where_a_charge_has_one() {
    let named = |name| Charge::sound().with("CommitmentDiscountName", name);
    let of_one = |name| named(name).with("CommitmentDiscountId", "RI");
    let refused = Charge::sound().with("SubAccountId", "a\0b");
    let bill = Bill::of([of_one("a"), of_one("a\0b"), named("a\0b"), refused, of_one("c\0")]);
    for content in [parquet(&bill, Shape::TYPED), parquet_of_shared_letters(&bill)] {
        let output = bytes(content).published();
        let rows = output.table("quarantine.csv");
        let columns = ["row", "column", "code", "text"];
        let told: Vec<_> = rows.iter().map(|row| columns.map(|name| row[name].as_str())).collect();
        let (name, code) = ("CommitmentDiscountName", Code::BadText.name());
        let expected = [
            ["2", name, code, "a\\u{0}b"],
            ["4", "SubAccountId", code, "a\\u{0}b"],
            ["5", name, code, "c\\u{0}"],
        ];
        assert_eq!(told, expected);
        assert_eq!(output.account(BILL)["accepted"], 2);
        assert_eq!(output.table("commitments.csv").len(), 1);
    }
}

#[test]
fn pages_without_a_checksum_are_counted() {
    let project = lies(&Lies::default());
    let manifest = project.published().json("manifest.json");
    let pages = manifest["bills"][0]["unchecked_pages"].as_u64();
    assert!(pages.is_some_and(|pages| (8..60).contains(&pages)), "{pages:?}");
    let project = Project::sound().bill("bill.csv", &Bill::sound());
    let manifest = project.published().json("manifest.json");
    assert!(manifest["bills"][0].get("unchecked_pages").is_none(), "CSV has no pages");
}

/// A bit of each byte of the footer, turned: the file is refused, or every figure is what it was.
#[test]
fn no_bit_of_a_footer_changes_a_figure() {
    let columns = [
        "BilledCost",
        "EffectiveCost",
        "ListCost",
        "BillingCurrency",
        "BillingPeriodStart",
        "ChargePeriodStart",
        "ChargeCategory",
    ];
    let charges = (0..3).map(|number| Charge::sound().costs(&format!("{number}.25")));
    let bill = Bill { columns: columns.map(str::to_owned).to_vec(), ..Bill::of(charges) };
    let shape = Shape {
        money: Money::Decimal128(9),
        times: Times::Micros,
        tags: Tags::Json,
        group_rows: 8,
    };
    let sound = parquet(&bill, shape);
    let end = sound.len() - 8;
    let length = u32::from_le_bytes(sound[end..end + 4].try_into().expect("four bytes"));
    let begin = end - usize::try_from(length).expect("a short footer");
    let expected = super::columnar::figures(&sound).expect("a sound file");
    let mut faults = Faults::new();
    let mut refused = 0;
    for at in begin..sound.len() {
        let mut turned = sound.clone();
        turned[at] ^= 1 << (at % 8);
        match super::columnar::figures(&turned) {
            None => refused += 1,
            Some(found) => {
                faults.about(format!("byte {at}, {:#04x} to {:#04x}", sound[at], turned[at]));
                faults.same("the figures", found, expected.clone());
            }
        }
    }
    assert!(refused > 100, "{refused} are refused of {length}");
}
