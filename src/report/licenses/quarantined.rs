//! `license_quarantine.csv`: rows of inventories that could not be used and stand aside.

use std::io;

use crate::licenses::{Product, Told};

const HEADER: [&str; 8] =
    ["file", "row", "column", "kind", "publisher", "product", "edition", "reason"];

/// Writes the table, by file and row; a row with several faults has a line for each.
///
/// # Errors
/// What `out` cannot take.
pub fn write_license_quarantine(told: &Told, out: impl io::Write) -> csv::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(HEADER)?;
    for row in &told.quarantined {
        let of = |part: fn(&Product) -> Option<&str>| {
            row.product.as_ref().and_then(part).unwrap_or_default()
        };
        table.write_record([
            &*row.origin.path,
            &row.origin.row.to_string(),
            row.column.as_deref().unwrap_or_default(),
            row.kind.name(),
            of(|product| product.publisher.as_deref()),
            of(|product| Some(&product.name)),
            of(|product| product.edition.as_deref()),
            &row.reason,
        ])?;
    }
    table.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::licenses::{Origin, QuarantinedRow};
    use crate::rules::licenses::InputKind;

    #[test]
    fn rows_that_stand_aside_are_told_with_place_and_reason() {
        let row = |row, product: Option<&str>| QuarantinedRow {
            origin: Origin { path: "h.csv".into(), row },
            kind: InputKind::Installs,
            column: product.map(|_| "last used".to_owned()),
            reason: "`soon` is no day".to_owned(),
            product: product.map(|name| Product {
                publisher: Some("Oracle".into()),
                name: name.into(),
                edition: None,
            }),
        };
        let told =
            Told { quarantined: vec![row(2, Some("Java SE")), row(5, None)], ..Told::default() };
        let mut out = Vec::new();
        write_license_quarantine(&told, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "file,row,column,kind,publisher,product,edition,reason\n\
             h.csv,2,last used,installs,Oracle,Java SE,,`soon` is no day\n\
             h.csv,5,,installs,,,,`soon` is no day\n"
        );
    }
}
