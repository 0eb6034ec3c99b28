//! What licenses cost, through a run: the same door, pools by measured use, invoices, nothing twice.

mod support;

use support::{Bill, Charge, Output, Project, plain, sum};

const DECLARED: &str = "organisation: Acme
currency: EUR
sources: [ { name: aws, format: focus, files: \"data/*.csv\", days: any } ]
owners: owners.csv
metadata: [ { entity: user, file: users.csv, join: tag.user } ]
rules: rules/*.yaml
invoices: [ { files: invoices.csv } ]
licenses:
  rules: licenses/own.yaml
  packs: [ generic ]
  inputs:
    - { name: owned, kind: entitlements, files: \"licenses/owned.csv\", currency: EUR }
    - { name: seats, kind: seats, files: \"licenses/seats.csv\", snapshot: 2026-10-31 }
  charges:
    - { name: plans, what: fee, when: { license_type: subscription }, price: year, margin: \"5\" }
drivers:
  - { name: tps, format: licenses, product: TPS Reports, consumer: user.cost_center, idle: { owner: acme } }
";
const RULES: &str = "classify:
  - { name: licenses of TPS, when: { x_LicenseProduct: TPS Reports }, pool: tps }
  - { name: everything, owner: payments }
pools:
  tps: { split: driver, driver: tps, on_zero_driver: unallocated }
";
const OWNED: &str =
    "id,contract,publisher,product,metric,quantity,license_type,start,end,unit_price,reseller
E1,C1,Initech,TPS Reports,named_seat,6,subscription,2026-01-01,2026-12-31,120.00,Shop
";

fn project(rules: &str) -> Project {
    Project::new()
        .file("costbook.yaml", DECLARED)
        .file("rules/rules.yaml", rules)
        .file("owners.csv", "id,name,parent\nacme,Acme,\npayments,Payments,acme\nretail,Retail,acme\n")
        .file("users.csv", "id,cost_center\nu1,payments\nu2,payments\nu3,retail\n")
        .file("invoices.csv", "invoice_id,billing_account,currency,amount,period\nV-1,C1,EUR,63.00,2026-10\n")
        .file("licenses/own.yaml", "products:\n  - { publisher: Initech, product: TPS Reports, names: [ TPS Reports, TPS ] }\n")
        .file("licenses/owned.csv", OWNED)
        .file("licenses/seats.csv", "user,publisher,product\nu1,Initech,TPS\nu2,Initech,TPS\nu3,Initech,TPS\nu4,Initech,TPS\n")
        .bill("bill.csv", &Bill::of([Charge::sound()]))
}

fn effective(output: &Output, owner: &str) -> String {
    let rows = output.table("allocation_trace.csv");
    plain(&sum(&rows, "rounded", |row| row["to"] == owner && row["metric"] == "EffectiveCost"))
}

#[test]
fn owners_and_idle_sum_to_the_fee() {
    let output = project(RULES).published();
    // 6 × 120 a year and 5 % are 63 a month: 10.5 a seat, of which two are idle and one is nobody's.
    assert_eq!(effective(&output, "payments"), "21");
    assert_eq!(effective(&output, "retail"), "10.5");
    assert_eq!(effective(&output, "acme"), "21");
    let told = output.findings("license-reference");
    assert!(told.iter().any(|(text, ..)| text.contains("no owner is known of: u4")), "{told:?}");
}

#[test]
fn charges_are_rows_of_a_file_like_any_other() {
    let project = project(RULES);
    let output = project.published();
    let table = output.table("license_charges.csv");
    let cell = |name: &str| table.iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    assert_eq!(cell("x_LicenseCharge"), ["fee", "margin"]);
    assert_eq!(cell("EffectiveCost"), ["60", "3"]);
    assert_eq!([&cell("x_LicenseFile")[0], &cell("x_LicenseRow")[0]], ["licenses/owned.csv", "2"]);
    // Its hash in the manifest is that of the published table.
    let bill = output.account("license_charges.csv");
    let sums = output.text("SHA256SUMS");
    let hash = bill["sha256"].as_str().unwrap();
    assert!(
        sums.lines().any(|line| line.starts_with(hash) && line.ends_with("license_charges.csv"))
    );
    // The vendor's invoice is met, row by row of its contract.
    let invoice = output.table("reconciliation.csv");
    let of_vendor = invoice.iter().find(|row| row["invoice"] == "V-1").unwrap();
    assert_eq!([&of_vendor["billed_total"], &of_vendor["invoice_net"]], ["63", "63"]);
    let explained = project.command(["explain", "--pool", "tps", "--rows", "--period", "2026-10"]);
    assert!(explained.stdout.contains("license_charges.csv"), "{explained:?}");
}

#[test]
fn what_has_no_price_is_quarantined_with_its_right() {
    let project = project(RULES);
    project.write(
        "licenses/owned.csv",
        format!("{OWNED}E9,C1,Initech,Stapler,named_seat,1,subscription,2026-01-01,,,\n"),
    );
    let output = project.published();
    let rows = output.table("quarantine.csv");
    let texts: Vec<String> =
        rows.iter().map(|row| row.values().cloned().collect::<Vec<_>>().join("|")).collect();
    assert!(
        texts.iter().any(|text| text.contains("unknown: no unit price") && text.contains("E9")),
        "{texts:?}"
    );
}

#[test]
fn what_a_source_charges_too_is_refused() {
    let twice = Charge::sound()
        .with("ServiceName", "TPS Reports")
        .with("ProviderName", "Initech")
        .with("InvoiceIssuerName", "Initech");
    let answer = project(RULES).bill("bill.csv", &Bill::of([twice])).run();
    assert_eq!(answer.exit, Some(3), "{answer:?}");
    assert!(answer.stderr.contains("by its rights, so that it would count twice"), "{answer:?}");
}

#[test]
fn threads_and_runs_give_the_same_bytes() {
    let one = project(RULES).published();
    let many = project(RULES);
    let answer = many.run_with(&["--threads", "7"]);
    assert_eq!(answer.exit, Some(0), "{answer:?}");
    assert_eq!(one.text("license_charges.csv"), many.output().text("license_charges.csv"));
    assert_eq!(one.text("showback.csv"), many.output().text("showback.csv"));
}
