//! One bill in many guises: rows in another order, in several files, as CSV, gzip or Parquet.

use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{Bill, Charge, Money, Project, Shape, Tags, Times, gzip, parquet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Gzip,
    /// Two members, as tools leave behind that append.
    TwoGzip,
    Parquet(Shape),
}

/// Where each row goes: a place in the order of rows, and a file.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Rows in their new order, each with its file.
    rows: Vec<(usize, usize)>,
    files: Vec<Format>,
}

const MOST_FILES: usize = 4;

fn format() -> impl Strategy<Value = Format> {
    let money = select(vec![
        Money::Text,
        Money::Decimal128(28),
        Money::Decimal256(30),
        Money::Decimal256(36),
    ]);
    let times = select(vec![Times::Text, Times::Millis, Times::Micros, Times::Nanos]);
    let tags = select(vec![Tags::Json, Tags::Map]);
    let shape = (money, times, tags, 1_usize..20)
        .prop_map(|(money, times, tags, group_rows)| Shape { money, times, tags, group_rows });
    prop_oneof![
        1 => Just(Format::Csv),
        1 => Just(Format::Gzip),
        1 => Just(Format::TwoGzip),
        3 => shape.prop_map(Format::Parquet),
    ]
}

/// A layout of so many rows.
pub(crate) fn layout(rows: usize) -> impl Strategy<Value = Layout> {
    let order: Vec<usize> = (0..rows).collect();
    let places = proptest::collection::vec(0..MOST_FILES, rows);
    let files = proptest::collection::vec(format(), MOST_FILES);
    (Just(order).prop_shuffle(), places, files).prop_map(|(order, places, files)| Layout {
        rows: order.into_iter().zip(places).collect(),
        files,
    })
}

impl Layout {
    /// Writes the rows of a bill into a project's data; files without a row are left out.
    pub(crate) fn write(&self, bill: &Bill, project: &Project) {
        for (index, format) in self.files.iter().enumerate() {
            let own = self.rows.iter().filter(|(_, file)| *file == index);
            let charges: Vec<Charge> = own.map(|(row, _)| bill.charges[*row].clone()).collect();
            if charges.is_empty() {
                continue;
            }
            // Names sort otherwise than the files were made.
            let name = format!("data/{}", MOST_FILES - index);
            // Two files of the same content would count once; a column of its own tells them apart.
            let bill = Bill::of(charges).with_column(&format!("x_Part{index}"));
            match format {
                Format::Csv => project.write(&format!("{name}.csv"), bill.csv()),
                Format::Gzip => project.write(&format!("{name}.csv.gz"), gzip(bill.csv())),
                Format::TwoGzip => {
                    let text = bill.csv();
                    // Anywhere, even within a row.
                    let (first, second) = text.as_bytes().split_at(text.len() * 2 / 3);
                    let members = [gzip(first), gzip(second)].concat();
                    project.write(&format!("{name}.csv.gz"), members);
                }
                Format::Parquet(shape) => {
                    project.write(&format!("{name}.parquet"), parquet(&bill, *shape));
                }
            }
        }
    }
}
