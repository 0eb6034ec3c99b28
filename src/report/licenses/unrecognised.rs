//! `license_unrecognised.csv`: products that no rule knows, with their use and what was paid for them.

use std::io;

use num_bigint::BigInt;

use crate::licenses::{Number, RawProduct, Told, Unrecognised};

const HEADER: [&str; 13] = [
    "publisher",
    "product",
    "edition",
    "sku",
    "rows",
    "rows_owned",
    "rows_used",
    "uses",
    "paid",
    "currency",
    "rights_without_price",
    "first_file",
    "first_row",
];
/// Kinds of tables that tell what is owned.
const OWNED: &str = "entitlements";
/// Prices and quantities are decimals, so that no product of the two has more digits than this.
const MOST_DIGITS: usize = 200;

/// Writes the table: what most rows name first, then by name. A product with rights in several currencies has
/// a line for each; its rows are counted in the first of them.
///
/// # Errors
/// What `out` cannot take.
pub fn write_unrecognised(told: &Told, out: impl io::Write) -> csv::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(HEADER)?;
    let mut all: Vec<(&RawProduct, &Unrecognised)> = told.unrecognised.iter().collect();
    all.sort_by(|(one, a), (other, b)| {
        let rows = |found: &Unrecognised| found.rows.values().sum::<u64>();
        rows(b).cmp(&rows(a)).then_with(|| one.cmp(other))
    });
    for (raw, found) in all {
        let paid: Vec<(String, String)> = found
            .paid
            .iter()
            .map(|(currency, paid)| (decimal(paid), currency.code().to_owned()))
            .collect();
        let blank = [(String::new(), String::new())];
        let lines = if paid.is_empty() { blank.as_slice() } else { paid.as_slice() };
        for (at, line) in lines.iter().enumerate() {
            table.write_record(fields(raw, found, line, at == 0))?;
        }
    }
    table.flush()?;
    Ok(())
}

fn fields(
    raw: &RawProduct,
    found: &Unrecognised,
    (paid, currency): &(String, String),
    is_first: bool,
) -> [String; 13] {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let rows: u64 = found.rows.values().sum();
    let owned = found.rows.get(OWNED).copied().unwrap_or_default();
    let uses: Vec<String> =
        found.rows.iter().map(|(kind, rows)| format!("{kind}={rows}")).collect();
    let count = |number: u64| if is_first { number.to_string() } else { "0".to_owned() };
    [
        text(raw.publisher.as_deref()),
        raw.product.to_string(),
        text(raw.edition.as_deref()),
        text(raw.sku.as_deref()),
        count(rows),
        count(owned),
        count(rows - owned),
        if is_first { uses.join("; ") } else { String::new() },
        paid.clone(),
        currency.clone(),
        count(found.unpriced),
        text(found.first.as_ref().map(|origin| &*origin.path)),
        found.first.as_ref().map_or(String::new(), |origin| origin.row.to_string()),
    ]
}

/// A fraction of powers of ten in full; as a fraction where it is none of those.
fn decimal(number: &Number) -> String {
    let ten = BigInt::from(10);
    let (mut scaled, mut digits) = (number.clone(), 0);
    while !scaled.is_integer() && digits < MOST_DIGITS {
        scaled *= &ten;
        digits += 1;
    }
    if !scaled.is_integer() {
        return number.to_string();
    }
    let text = scaled.numer().magnitude().to_string();
    let sign = if scaled.numer().sign() == num_bigint::Sign::Minus { "-" } else { "" };
    if digits == 0 {
        return format!("{sign}{text}");
    }
    let padded = format!("{text:0>width$}", width = digits + 1);
    let (whole, fraction) = padded.split_at(padded.len() - digits);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;
    use crate::licenses::Origin;

    fn raw(product: &str) -> RawProduct {
        RawProduct {
            publisher: Some("Initech".into()),
            product: product.into(),
            edition: None,
            sku: None,
        }
    }

    #[test]
    fn what_most_rows_name_stands_first_and_no_row_is_told_twice() {
        let mut told = Told::default();
        let origin = |row| Some(Origin { path: "e.csv".into(), row });
        let money = |text: &str| {
            let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
            let all: BigInt = format!("{whole}{digits}").parse().unwrap();
            let power = u32::try_from(digits.len()).unwrap();
            Number::new(all, BigInt::from(10).pow(power))
        };
        let [eur, usd] = ["EUR", "USD"].map(|code| Currency::parse(code).unwrap());
        let used = Unrecognised {
            rows: [("installs", 7)].into(),
            first: origin(9),
            ..Unrecognised::default()
        };
        let bought = Unrecognised {
            rows: [("entitlements", 3), ("seats", 2)].into(),
            paid: [(eur, money("3.30")), (usd, money("1200"))].into(),
            unpriced: 1,
            first: origin(2),
        };
        told.unrecognised.insert(raw("Used, never bought"), used);
        told.unrecognised.insert(raw("TPS"), bought);
        let mut out = Vec::new();
        write_unrecognised(&told, &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "publisher,product,edition,sku,rows,rows_owned,rows_used,uses,paid,currency,rights_without_price,first_file,first_row\n\
             Initech,\"Used, never bought\",,,7,0,7,installs=7,,,0,e.csv,9\n\
             Initech,TPS,,,5,3,2,entitlements=3; seats=2,3.3,EUR,1,e.csv,2\n\
             Initech,TPS,,,0,0,0,,1200,USD,0,e.csv,2\n"
        );
    }

    #[test]
    fn decimals_are_written_in_full() {
        let shown = |numerator: i64, denominator: i64| {
            decimal(&Number::new(numerator.into(), denominator.into()))
        };
        assert_eq!([shown(-5, 100), shown(1, 1000), shown(12, 1)], ["-0.05", "0.001", "12"]);
        assert_eq!(shown(1, 3), "1/3");
    }
}
