//! What Acme's accounting has beside the bills: exchange rates, and the invoices as they were
//! booked.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::calendar::Month;
use super::columns::{Value, value};
use super::company::{AWS, AZURE, Provider};
use super::meter::decimal;
use super::{bill, cur, gcp, oci, purchases};

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

/// What Oracle's invoice of October has and its cost report has not: a fee for moving data out.
pub const ORACLE_EXTRA: &str = "12.30";

/// The invoices of a month as they were booked: whole cents, tax apart. Oracle's of October is
/// [`ORACLE_EXTRA`] higher than its report.
#[must_use]
pub fn invoices(month: Month) -> String {
    let mut text = "invoice_id,issuer,billing_account,period,currency,amount,tax\n".to_owned();
    let mut add = |id: &str, [issuer, account, currency]: [&str; 3], net: Decimal, tax: Decimal| {
        let (net, tax) = (net.round_dp(2), tax.round_dp(2));
        text.push_str(&format!(
            "{id},{issuer},{account},{},{currency},{net:.2},{tax:.2}\n",
            month.name()
        ));
    };
    for provider in [&AWS, &AZURE] {
        let party = [provider.invoice_issuer, provider.billing_account_id, provider.currency];
        for (id, (net, tax)) in of_provider(provider, month) {
            add(&id, party, net, tax);
        }
    }
    let (net, tax) = cur::invoiced(month);
    add(&cur::invoice(month), ["Amazon Web Services Inc.", "500060007000", "USD"], net, tax);
    let (net, tax) = gcp::invoiced(month);
    let google = ["Google Cloud EMEA Limited", gcp::BILLING_ACCOUNT, "EUR"];
    add(&format!("GCP-{}", month.name()), google, net, tax);
    let oracle = ["Oracle America Inc.", oci::TENANCY, "USD"];
    let extra = if month == Month::of(10) { ORACLE_EXTRA } else { "0" };
    let net = oci::invoiced(month) + decimal(extra);
    add(&format!("ORCL-{}", month.name()), oracle, net, decimal("0"));
    for (invoice, supplier, currency, net) in purchases::invoiced(month) {
        add(invoice, [supplier, "", currency], net, decimal("0"));
    }
    text
}

/// Net and tax per invoice of a bill in FOCUS, of the rows that belong to the month.
fn of_provider(provider: &'static Provider, month: Month) -> BTreeMap<String, (Decimal, Decimal)> {
    let mut sums: BTreeMap<String, (Decimal, Decimal)> = BTreeMap::new();
    let rows = bill::rows(provider, month);
    for row in rows.iter().filter(|row| row.billed_in == month && row.spoiled.is_empty()) {
        let column = if *provider == AWS { "InvoiceId" } else { "x_InvoiceId" };
        let Value::Text(invoice) = value(row, column) else { continue };
        let (net, tax) = sums.entry(invoice.into_owned()).or_default();
        let side = if row.category == "Tax" { tax } else { net };
        *side += row.costs.billed;
    }
    sums
}
