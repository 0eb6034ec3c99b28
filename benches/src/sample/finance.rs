//! What Acme's accounting has beside the bills: exchange rates.

/// Rates of the last working day of each month.
pub const RATES: &str = "\
date,from,to,rate,source
2026-08-31,USD,EUR,0.8573,treasury
2026-08-31,CHF,EUR,1.0664,treasury
2026-09-30,USD,EUR,0.8519,treasury
2026-09-30,CHF,EUR,1.0702,treasury
2026-10-30,USD,EUR,0.8612,treasury
2026-10-30,CHF,EUR,1.0687,treasury
";
