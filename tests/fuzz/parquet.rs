//! Parquet with altered bytes: refused, or every figure is what it was.

use costbook::domain::Column;
use costbook::ingest::WantedText;
use costbook::rules::{ColumnMap, shipped};

use super::choices::{Choices, LONGEST, SHORT};
use super::reading::{self, Reading};
use super::support::{Bill, Charge, Money, Shape, Tags, Times, parquet, parquet_of_shared_letters};

const SHAPES: [Shape; 4] = [
    Shape::TYPED,
    Shape { group_rows: 1024, ..Shape::TEXT },
    Shape { money: Money::Decimal256(36), times: Times::Nanos, tags: Tags::Json, group_rows: 8 },
    Shape { money: Money::Double, times: Times::Millis, tags: Tags::Map, group_rows: 8 },
];

fn bill() -> Bill {
    let columns = [
        "BilledCost",
        "EffectiveCost",
        "ListCost",
        "ContractedCost",
        "BillingCurrency",
        "BillingPeriodStart",
        "ChargePeriodStart",
        "ChargeCategory",
        "ServiceName",
        "Tags",
    ];
    let charges = (0..7).map(|number| {
        let charge = Charge::sound().costs(&format!("{number}.25"));
        charge.with("Tags", &format!("{{\"team\":\"t{number}\"}}")).with("ListCost", "3.5")
    });
    Bill { columns: columns.map(str::to_owned).to_vec(), ..Bill::of(charges) }
}

fn map() -> ColumnMap {
    let (path, text) = shipped::column_map("focus").expect("the map of FOCUS");
    ColumnMap::parse(path, text).expect("the map of FOCUS is sound")
}

fn read(bytes: &[u8], map: &ColumnMap) -> Reading {
    let wanted = [Column::ServiceName, Column::Tags].map(WantedText::Column);
    reading::read("bill.parquet", bytes, map, &wanted)
}

#[test]
fn altered_files_are_refused_or_read_the_same() {
    let map = map();
    let files = SHAPES.map(|shape| parquet(&bill(), shape)).into_iter();
    let sound = files.chain([parquet_of_shared_letters(&bill())]).map(|bytes| {
        let reading = read(&bytes, &map);
        assert!(!reading.is_refused(), "{:?}", reading.report.findings);
        (bytes, reading)
    });
    let sound: Vec<(Vec<u8>, Reading)> = sound.collect();
    bolero::check!().with_test_time(SHORT).with_max_len(LONGEST).for_each(|bytes: &[u8]| {
        let choices = &mut Choices::new(bytes);
        let shape = choices.below(sound.len());
        let mut altered = sound[shape].0.clone();
        // The pages of these files have no checksums, so that only what headers say is held to it.
        if choices.once_in(2) {
            let end = altered.len() - 8;
            let length = u32::from_le_bytes(altered[end..end + 4].try_into().expect("four bytes"));
            let begin = end - usize::try_from(length).expect("a short footer");
            for _ in 0..=choices.below(3) {
                let at = begin + choices.below(altered.len() - begin);
                altered[at] ^= 1 << choices.below(8);
            }
            let found = read(&altered, &map);
            if !found.is_refused() {
                let sound = &sound[shape].1.report;
                assert_eq!(found.report.control_totals(), sound.control_totals());
                assert_eq!(found.report.accepted, sound.accepted);
            }
            return;
        }
        choices.damage(&mut altered, 3);
        let found = read(&altered, &map);
        if !found.is_refused() {
            found.is_accounted_for();
        }
    });
}
