//! Grand totals as texts: equal means equal to the last digit.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;

const METRICS: [&str; 4] = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"];

/// A total by cost metric, without trailing zeros.
pub type Totals = BTreeMap<String, String>;

/// What `run.json` says was accepted in the period. The benchmark has one currency.
///
/// # Errors
/// If there is no `run.json` below `out`, or it has no totals.
pub fn of_costbook(out: &Path) -> Result<Totals, Box<dyn Error>> {
    let places = [out.join("run.json"), out.join(super::PERIOD).join("run.json")];
    let place = places.iter().find(|place| place.exists());
    let place = place.ok_or_else(|| format!("costbook wrote no run.json to {}", out.display()))?;
    let run: Value = serde_json::from_str(&fs::read_to_string(place)?)?;
    let totals = run["totals"].as_array().ok_or("run.json has no totals")?;
    let text = |total: &Value, key: &str| total[key].as_str().unwrap_or_default().to_owned();
    Ok(totals
        .iter()
        .map(|total| (text(total, "metric"), plain(&text(total, "accepted"))))
        .collect())
}

/// What DuckDB printed.
///
/// # Errors
/// If it printed no JSON.
pub fn of_duckdb(stdout: &str) -> Result<Totals, Box<dyn Error>> {
    let row: Value = serde_json::from_str(stdout)?;
    let total = |metric: &str| (metric.to_owned(), plain(row[metric].as_str().unwrap_or_default()));
    Ok(METRICS.iter().map(|metric| total(metric)).collect())
}

fn plain(number: &str) -> String {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        number.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_zeros_are_no_difference() {
        let texts = [("10.500", "10.5"), ("100", "100"), ("7.000", "7")];
        for (number, expected) in texts {
            assert_eq!(plain(number), expected);
        }
        let row =
            r#"{"BilledCost":"1.50","EffectiveCost":"2","ListCost":"3.0","ContractedCost":"4"}"#;
        let totals = of_duckdb(row).unwrap();
        assert_eq!(totals["BilledCost"], "1.5");
        assert_eq!(totals["ListCost"], "3");
    }
}
