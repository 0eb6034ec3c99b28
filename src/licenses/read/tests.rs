//! Tables as people keep them → inventory.

use std::fs;
use std::path::Path;

use super::*;
use crate::licenses::inventory::{ContractKind, UseKind, UseRight};
use crate::rules::Project;
use crate::rules::licenses::{LicensesDecl, Named, shipped_format_examples};

const DAY: &str = "2026-10-31";

fn declared(inputs: &str) -> LicensesDecl {
    let text = format!(
        "organisation: Acme\ncurrency: EUR\nsources: [ {{ name: a, format: focus, files: a.csv }} ]\nlicenses:\n  inputs:\n{inputs}"
    );
    Project::parse("costbook.yaml", &text)
        .map_err(|found| format!("{found:#?}"))
        .unwrap()
        .licenses
        .unwrap()
}

fn shown(found: &[Finding]) -> Vec<String> {
    found
        .iter()
        .map(|f| format!("{} {}: {}", f.code, f.place.as_ref().unwrap(), f.message))
        .collect()
}

/// Reads each input's file of its own, named as the input declares it.
fn told(inputs: &str, files: &[(&str, &str)]) -> Result<Told, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    read_all(folder.path(), inputs, DAY).map_err(|found| shown(&found))
}

fn read_all(folder: &Path, inputs: &str, day: &str) -> Result<Told, Vec<Finding>> {
    let products = ProductRules::with_shipped(Vec::new());
    let (mut parts, mut errors) = (Vec::new(), Vec::new());
    for input in &declared(inputs).inputs {
        let path = input.files[0].0.as_str();
        let location = folder.join(path);
        let day = day.parse().unwrap();
        let file = LicenseFile { location: &location, path, declared: input, day, reader: None };
        match read_file(&file, &products) {
            Ok(part) => parts.push(part),
            Err(found) => errors.extend(found),
        }
    }
    if errors.is_empty() { gather(parts) } else { Err(errors) }
}

fn text(row: &UseRow, field: &str) -> String {
    match row.fields.get(field) {
        None => "-".to_owned(),
        Some(Value::Text(text)) => text.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Date(day)) => day.to_string(),
        Some(Value::Time(time)) => time.to_string(),
        Some(Value::Truth(truth)) => truth.to_string(),
    }
}

#[test]
fn entitlements_are_read_with_packs_rights_days_and_prices() {
    let inputs = "    - { name: own, kind: entitlements, files: e.csv, prices: pack }\n";
    let csv = "id,contract,publisher,product,edition,metric,quantity,pack size,license type,start,end,use rights,assigned,unit price,currency,legal entity,x_site,base\n\
        E1,,Microsoft,SQL Server,Enterprise,sql_server_core,8,2,Perpetual,2024-01-01,,failover; Mobility,h1;h2,10000,USD,ACME DE,Munich,\n\
        E2,,,SPE_E3,,named_seat,unlimited,,subscription,2026-01-01,2026-12-31,,,,,,,\n\
        E3,,Microsoft,SQL Server,Enterprise,sql_server_core,16,,maintenance,2026-01-01,2026-12-31,,,,,,,E1\n";
    let told = told(inputs, &[("e.csv", csv)]).unwrap();
    let [one, two, three] = told.inventory.entitlements.as_slice() else { panic!() };
    assert_eq!(one.quantity.as_ref().unwrap().to_string(), "16");
    assert_eq!(one.unit_price.unwrap().to_string(), "5000");
    assert_eq!(one.rights, [UseRight::Failover, UseRight::Mobility].into());
    assert_eq!(one.assigned, ["h1".into(), "h2".into()]);
    assert_eq!(
        (one.days.from().unwrap().to_string().as_str(), one.days.to()),
        ("2024-01-01", None)
    );
    assert_eq!(one.holder.legal_entity.as_deref(), Some("ACME DE"));
    assert_eq!((two.quantity.as_ref(), &*two.product.name), (None, "Microsoft 365 E3"));
    assert_eq!(two.product.publisher.as_deref(), Some("Microsoft"));
    assert_eq!(two.days.to().unwrap().to_string(), "2027-01-01");
    assert_eq!(three.base.as_deref(), Some("E1"));
    let further = &told.further[&(InputKind::Entitlements, "E1".into())];
    assert_eq!(further["x_site"], Value::Text("Munich".into()));
    assert!(told.notes.is_empty(), "{:?}", shown(&told.notes));
}

#[test]
fn every_bad_cell_is_told_with_its_place_and_nothing_is_read() {
    let inputs = "    - { name: own, kind: entitlements, files: e.csv }\n";
    let csv = "id,product,metric,quantity,license type,start,end,unit price,currency\n\
        E1,SQL Server,core,eight,perpetual,2024-01-01,,,\n\
        E2,SQL Server,core,,perpetual,2024-02-30,,,\n\
        E3,SQL Server,core,-3,perpetul,,,,\n\
        E4,SQL Server,core,1,perpetual,2026-05-01,2026-04-01,5,\n\
        E5,SQL Server,,1,perpetual,,,5,EURO\n\
        E6,SQL Server,,1,perpetual,,,5,EUR\n";
    let found = told(inputs, &[("e.csv", csv)]).unwrap_err();
    let expected = [
        "row 2, column quantity: `eight` is no number",
        "row 3, column quantity: the row does not tell `quantity`",
        "row 3, column start: `2024-02-30` is no day",
        "row 4, column quantity: `-3` is negative",
        "row 4, column license type: `perpetul` is not known here",
        "row 5, column end: `end` lies before `start`",
        "row 5, column unit price: the price has no currency",
        "row 6, column currency: `EURO` is no currency",
        "row 7, column metric: the right names no metric",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for part in expected {
        let is_told =
            |text: &String| text.starts_with("license-broken e.csv, ") && text.contains(part);
        assert!(found.iter().any(is_told), "{part}: {found:#?}");
    }
}

#[test]
fn quarantine_lists_bad_rows_and_makes_their_products_doubtful() {
    let inputs = "    - { name: hw, kind: installs, files: i.csv, on_invalid: quarantine }\n";
    let csv =
        "device,product,last used\nd1,Jira,2026-10-01\nd2,Jira,yesterday\n,SLES 15,2026-10-01\n";
    let told = told(inputs, &[("i.csv", csv)]).unwrap();
    assert_eq!(told.inventory.uses.len(), 1);
    let aside: Vec<_> = told
        .quarantined
        .iter()
        .map(|row| (row.origin.row, row.column.as_deref(), row.product.as_ref().map(|p| &*p.name)))
        .collect();
    assert_eq!(
        aside,
        [
            (3, Some("last used"), Some("Jira Software")),
            (4, Some("device"), Some("SUSE Linux Enterprise Server"))
        ]
    );
    let jira = told.inventory.uses[0].product.clone().unwrap();
    assert_eq!(told.doubts(&jira).count(), 1);
    assert!(
        shown(&told.notes)[0].starts_with("license-quarantined i.csv, row 3"),
        "{:?}",
        told.notes
    );
}

#[test]
fn ids_stand_once_and_references_lead_somewhere() {
    let inputs = "    - { name: own, kind: entitlements, files: e.csv }\n    - { name: reg, kind: contracts, files: c.csv }\n    - { name: hw, kind: hosts, files: h.csv }\n";
    let e = "id,product,metric,quantity,license_type,base,contract\nE1,Jira,s,1,subscription,,C-10\nE1,Jira,s,1,subscription,,C-1\nE2,Jira,s,1,maintenance,E9,\n";
    let c = "id,kind,currency,commitment,commitment start,commitment end\nC-1,edp,USD,100,2026-01-01,2026-12-31\nC-1,edp,USD,200,2026-12-01,2027-12-31\n";
    let h = "host,cores,sockets,cores per socket\nh1,16,2,8\nH1,16,,\n";
    let found = told(inputs, &[("e.csv", e), ("c.csv", c), ("h.csv", h)]).unwrap_err();
    assert_eq!(
        found,
        [
            "license-broken e.csv, row 3: the right `E1` stands in e.csv, row 2 already",
            "license-broken c.csv, row 3: the contract `C-1` has two commitments for the same days",
            "license-broken h.csv, row 3: `h1` of 2026-10-31 stands in h.csv, row 2 already",
        ]
    );
    let e = e.replace(
        "E1,Jira,s,1,subscription,,C-1\n",
        "E3,Jira,s,1,upgrade,E4,\nE4,Jira,s,1,upgrade,E3,\n",
    );
    let c = c.replace("2026-12-01", "2027-01-01");
    let h = "host,cores,sockets,cores per socket\nh1,16,2,8\n";
    let told = told(inputs, &[("e.csv", &e), ("c.csv", &c), ("h.csv", h)]).unwrap();
    let [contract] = told.inventory.contracts.as_slice() else { panic!() };
    assert_eq!((contract.kind, contract.commitments.len()), (ContractKind::EnterpriseDiscount, 2));
    assert_eq!(
        shown(&told.notes),
        [
            "license-reference e.csv, row 2: `E1` is under the contract `C-10`, which no row tells of",
            "license-reference e.csv, row 5: `E2` stands on `E9`, which no row tells of",
            "license-reference e.csv, row 3: `E3` stands on itself",
            "license-reference e.csv, row 4: `E4` stands on itself",
        ]
    );
}

#[test]
fn hosts_derive_cores_and_refuse_a_contradiction() {
    let inputs = "    - { name: hw, kind: hosts, files: h.csv, snapshot: 2026-09-30 }\n";
    let row = |line: &str| {
        let csv = format!(
            "host,sockets,cores per socket,cores,cpu model,hyper-threading,as of\n{line}\n"
        );
        told(inputs, &[("h.csv", &csv)])
    };
    let good = row("h1,2,10,,Xeon,yes,").unwrap();
    let host = &good.inventory.uses[0];
    assert_eq!(
        (text(host, "cores").as_str(), text(host, "hyper_threading").as_str()),
        ("20", "true")
    );
    assert_eq!(host.snapshot.to_string(), "2026-09-30");
    assert_eq!(
        row("h1,2,10,20,,,2026-10-15").unwrap().inventory.uses[0].snapshot.to_string(),
        "2026-10-15"
    );
    let bad = row("h1,2,10,16,,,").unwrap_err();
    assert!(
        bad[0].contains("column cores: the host has 16 cores, and 2 sockets of 10 cores"),
        "{bad:?}"
    );
}

#[test]
fn foreign_headers_words_numbers_and_dates_become_ours_by_a_map() {
    let inputs = r#"    - name: bestand
      kind: entitlements
      files: e.csv
      numbers: { decimal: ",", group: "." }
      dates: day/month/year
      nulls: [ "-", k.A. ]
      unlimited: unbegrenzt
      currency: EUR
      end: first_day_out
      ignored: [ Bemerkung ]
      columns:
        id: Lfd. Nr.
        product: { join: [ Titel, Ausgabe ] }
        metric: { value: named_seat }
        quantity: Stück
        license_type: { header: Art, values: { Miete: subscription, Kauf: perpetual } }
        start: ab
        end: bis
        unit_price: Preis
        pool: { header: KSt, value: zentral }
        x_floors: { header: Etagen, type: number }
"#;
    let csv = "Lfd. Nr.;Titel;Ausgabe;Stück;Art;ab;bis;Preis;KSt;Etagen;Bemerkung;Farbe\n\
        1;Visio;Plan 2;1.200;MIETE;01.03.2026;01.03.2027;12,50;-;3;x;rot\n\
        2;Eigenbau;k.A.;unbegrenzt;Kauf;-;-;-;4711;;;\n";
    let told = told(inputs, &[("e.csv", csv)]).unwrap();
    let [one, two] = told.inventory.entitlements.as_slice() else { panic!() };
    assert_eq!(&*one.product.name, "Visio Plan 2");
    assert_eq!(one.quantity.as_ref().unwrap().to_string(), "1200");
    assert_eq!(
        (one.days.to().unwrap().to_string().as_str(), one.unit_price.unwrap().to_string().as_str()),
        ("2027-03-01", "12.5")
    );
    assert_eq!(
        (one.holder.pool.as_deref(), two.holder.pool.as_deref()),
        (Some("zentral"), Some("4711"))
    );
    assert_eq!((two.quantity.as_ref(), two.unit_price), (None, None));
    let further = &told.further[&(InputKind::Entitlements, "1".into())];
    assert!(matches!(&further["x_floors"], Value::Number(number) if number.to_string() == "3"));
    let notes = shown(&told.notes);
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].starts_with("license-unrecognised e.csv, row 3: no rule recognises `Eigenbau`")
    );
    assert_eq!(notes[1], "license-column-unread e.csv: columns that nothing reads: Farbe");
}

#[test]
fn headers_that_a_map_names_must_be_there() {
    let inputs = "    - { name: own, kind: seats, files: s.csv, columns: { product: Plan Nam, status: Zustand } }\n";
    let found = told(inputs, &[("s.csv", "user,Plan Name\nada,E3\n")]).unwrap_err();
    assert_eq!(
        found,
        [
            "license-broken s.csv: the table has no column `Plan Nam` for the field `product`",
            "license-broken s.csv: the table has no column `Zustand` for the field `status`",
        ]
    );
}

#[test]
fn options_and_several_plans_are_rows_of_their_own() {
    let inputs = "    - { name: db, kind: installs, files: i.csv }\n    - { name: m365, kind: seats, files: s.csv, format: microsoft-365-active-users }\n";
    let i = "device,publisher,product,version,options\ndb1,Oracle,Oracle Database 19c Enterprise Edition,19,Partitioning; Diagnostics Pack\n";
    let s = "Report Refresh Date,User Principal Name,Is Deleted,Exchange Last Activity Date,Teams Last Activity Date,Assigned Products\n\
        2026-10-30,ada@acme.com,False,2026-10-05,2026-10-02,MICROSOFT 365 E3+POWER BI PRO\n";
    let told = told(inputs, &[("i.csv", i), ("s.csv", s)]).unwrap();
    let rows: Vec<String> = told
        .inventory
        .uses
        .iter()
        .map(|row| {
            let product = row.product.as_ref().unwrap();
            let edition = product.edition.as_deref().unwrap_or("-");
            format!(
                "{:?} {} {edition} {} {} {}",
                row.kind,
                product.name,
                text(row, "option_of"),
                text(row, "last_activity"),
                row.snapshot
            )
        })
        .collect();
    let base = "Oracle Database 19c Enterprise Edition";
    assert_eq!(
        rows,
        [
            "Install Oracle Database Enterprise - - 2026-10-31".to_owned(),
            format!("Install Oracle Partitioning - {base} - 2026-10-31"),
            format!("Install Oracle Diagnostics Pack - {base} - 2026-10-31"),
            "Seat Microsoft 365 E3 - - 2026-10-05 2026-10-30".to_owned(),
            "Seat Power BI Pro - - 2026-10-05 2026-10-30".to_owned(),
        ]
    );
}

#[test]
fn users_complete_rows_that_name_them() {
    let inputs = "    - { name: staff, kind: users, files: u.csv }\n    - { name: saas, kind: seats, files: s.csv }\n";
    let u = "user,department,company,status,x_grade\nAda@acme.com,R&D,ACME DE,active,7\nbo@acme.com,Sales,ACME US,left,\n";
    let s = "user,plan,pool\nada@acme.com,Jira,\nbo@acme.com,Jira,EMEA\neve@acme.com,Jira,\n";
    let told = told(inputs, &[("u.csv", u), ("s.csv", s)]).unwrap();
    let rows: Vec<String> = told
        .inventory
        .uses
        .iter()
        .map(|row| {
            let holder = &row.holder;
            let pool = holder.pool.as_deref().unwrap_or("-");
            let entity = holder.legal_entity.as_deref().unwrap_or("-");
            format!("{pool} {entity} {} {}", text(row, "user_status"), text(row, "x_grade"))
        })
        .collect();
    assert_eq!(rows, ["R&D ACME DE active 7", "EMEA ACME US left -", "- - - -"]);
    assert_eq!(shown(&told.notes).len(), 1);
    assert!(
        shown(&told.notes)[0].starts_with("license-reference s.csv, row 4: rows of use name users")
    );
}

#[test]
fn what_is_not_recognised_is_listed_with_rows_and_cost() {
    let inputs = "    - { name: own, kind: entitlements, files: e.csv, currency: EUR }\n    - { name: use, kind: installs, files: i.csv }\n";
    let e = "id,publisher,product,metric,quantity,license_type,unit_price\nE1,Initech,TPS,s,3,subscription,1.10\nE2,Initech,TPS,s,2,subscription,\n";
    let i = "device,publisher,product\nd1,Initech,TPS\nd2,Initech,TPS\nd3,Umbrella,TPS\n";
    let told = told(inputs, &[("e.csv", e), ("i.csv", i)]).unwrap();
    let all: Vec<String> = told
        .unrecognised
        .iter()
        .map(|(raw, found)| {
            let cost: Vec<String> = found.paid.iter().map(|(c, a)| format!("{a} {c}")).collect();
            format!("{:?} {:?} {cost:?} {}", raw.publisher, found.rows, found.unpriced)
        })
        .collect();
    assert_eq!(
        all,
        [
            "Some(\"Initech\") {\"entitlements\": 2, \"installs\": 2} [\"33/10 EUR\"] 1",
            "Some(\"Umbrella\") {\"installs\": 1} [] 0",
        ]
    );
    assert_eq!(
        told.inventory.entitlements[0].product,
        told.inventory.uses[0].product.clone().unwrap()
    );
}

#[test]
fn files_and_kinds_in_any_order_give_the_same_inventory() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "host,cores\nh2,4\nh1,8\n").unwrap();
    fs::write(folder.path().join("b.csv"), "host,cores\nh3,4\n").unwrap();
    fs::write(folder.path().join("s.csv"), "time,product,value\n2026-10-03T12:00:00Z,Jira,5\n")
        .unwrap();
    let one = ["a", "b"]
        .map(|name| format!("    - {{ name: {name}, kind: hosts, files: {name}.csv }}\n"));
    let samples = "    - { name: s, kind: samples, files: s.csv, unit: users }\n".to_owned();
    let show = |inputs: &[&String]| {
        let inputs: String = inputs.iter().map(|text| text.as_str()).collect();
        format!("{:?}", read_all(folder.path(), &inputs, DAY).unwrap().inventory.uses)
    };
    let first = show(&[&one[0], &one[1], &samples]);
    assert_eq!(first, show(&[&samples, &one[1], &one[0]]));
    assert!(first.contains("2026-10-03T12:00:00") && first.contains("\"users\""));
}

#[test]
fn a_workbook_and_a_gzip_hold_what_csv_holds() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "user,plan,assigned\nada,Jira,2026-10-03\n";
    fs::write(folder.path().join("s.csv"), csv).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, csv.as_bytes()).unwrap();
    fs::write(folder.path().join("s.csv.gz"), gzip.finish().unwrap()).unwrap();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("Seats").unwrap();
    sheet.write(0, 0, "As of October").unwrap();
    sheet.write_row(2, 0, ["user", "plan", "assigned"]).unwrap();
    sheet.write_row(3, 0, ["ada", "Jira", "2026-10-03"]).unwrap();
    book.save(folder.path().join("s.xlsx")).unwrap();
    let read = |file: &str, row: u64| {
        let inputs = format!("    - {{ name: s, kind: seats, files: {file} }}\n");
        let mut uses = read_all(folder.path(), &inputs, DAY).unwrap().inventory.uses;
        assert_eq!((&*uses[0].origin.path, uses[0].origin.row), (file, row));
        uses[0].origin = Origin { path: "".into(), row: 0 };
        format!("{uses:?}")
    };
    assert_eq!(read("s.csv", 2), read("s.csv.gz", 2));
    assert_eq!(read("s.csv", 2), read("s.xlsx", 4));
}

#[test]
fn the_same_file_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = declared("    - { name: s, kind: seats, files: [ a.csv, b.csv ] }\n");
    let products = ProductRules::default();
    let parts = ["a.csv", "b.csv"].map(|path| {
        let location = folder.path().join(path);
        fs::write(&location, "user,plan\nada,Jira\n").unwrap();
        let (declared, day) = (&inputs.inputs[0], DAY.parse().unwrap());
        read_file(
            &LicenseFile { location: &location, path, declared, day, reader: None },
            &products,
        )
        .unwrap()
    });
    let found = gather(parts.to_vec()).unwrap_err();
    assert_eq!(shown(&found), ["license-broken b.csv: the file has the same content as a.csv"]);
}

#[test]
fn a_table_of_products_goes_before_what_is_shipped() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("p.csv");
    let csv = "name,sku,publisher,product,edition,metric,from,to\nJira*,,Acme,Tickets,,named_seat,2026-01-01,\n,9-X,Acme,Nine,,,,\n";
    fs::write(&location, csv).unwrap();
    let own = read_product_table(&location, "p.csv", None).unwrap();
    let rules = ProductRules::with_shipped(own);
    let find = |product: &str, day: &str| {
        let named =
            Named { publisher: None, product, edition: None, sku: None, day: day.parse().unwrap() };
        rules.find(&named).unwrap().map(|rule| rule.name.to_string())
    };
    assert_eq!(find("jira software cloud", "2026-02-01").as_deref(), Some("Tickets"));
    assert_eq!(find("Jira", "2025-02-01").as_deref(), Some("Jira Software"));
    assert_eq!(find("9-x", "2025-02-01").as_deref(), Some("Nine"));
    fs::write(&location, "name,product,to\nA,,\n,B,\nC,C,soon\n[,D,\n").unwrap();
    let found = shown(&read_product_table(&location, "p.csv", None).unwrap_err());
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found[3].contains("`[` is no glob"), "{found:?}");
}

#[test]
fn shipped_formats_do_what_their_examples_say() {
    let examples = shipped_format_examples();
    assert!(examples.len() > 6);
    for example in examples {
        let folder = tempfile::tempdir().unwrap();
        let location = folder.path().join("x.csv");
        let line = |texts: Vec<&String>| {
            let quoted: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
            quoted.join(",")
        };
        let headers = line(example.given.iter().map(|(header, _)| header).collect());
        let values = line(example.given.iter().map(|(_, value)| value).collect());
        fs::write(&location, format!("{headers}\n{values}\n")).unwrap();
        let (declared, day) = (&example.decl, DAY.parse().unwrap());
        let file = LicenseFile { location: &location, path: "x.csv", declared, day, reader: None };
        let part = read_file(&file, &ProductRules::default()).unwrap();
        assert!(part.ignored.is_empty(), "{}: {:?}", example.format, part.ignored);
        for (key, expected) in &example.expect {
            assert_eq!(&shown_field(&part, key), expected, "{}: {key}", example.format);
        }
    }
}

fn shown_field(part: &LicensePart, key: &str) -> String {
    if let Some(right) = part.entitlements.first() {
        return match key {
            "id" => right.id.to_string(),
            "product" => right.product.name.to_string(),
            "quantity" => right.quantity.as_ref().unwrap().to_string(),
            "unit_price" => right.unit_price.unwrap().to_string(),
            "currency" => right.currency.unwrap().to_string(),
            "kind" => format!("{:?}", right.kind),
            "days" => format!("{} to {}", right.days.from().unwrap(), right.days.to().unwrap()),
            other => panic!("{other}"),
        };
    }
    if let Some(contract) = part.contracts.first() {
        return match key {
            "id" => contract.id.to_string(),
            "notice_days" => contract.notice_days.unwrap().to_string(),
            "owner" => contract.owner.clone().unwrap().to_string(),
            other => panic!("{other}"),
        };
    }
    let row = &part.uses[0];
    match key {
        "raw_product" => row.raw_product.clone().unwrap().to_string(),
        "snapshot" => row.snapshot.to_string(),
        "legal_entity" => row.holder.legal_entity.clone().unwrap().to_string(),
        other => text(row, other),
    }
}

#[test]
fn rows_of_use_are_of_their_kind() {
    for (kind, expected) in [
        (InputKind::Installs, Some(UseKind::Install)),
        (InputKind::Vms, Some(UseKind::Vm)),
        (InputKind::Users, None),
    ] {
        assert_eq!(used::use_kind(kind), expected);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever stands in the cells, a row is read or listed, and never both and never neither.
    #[test]
    fn every_row_is_read_or_stands_aside(
        rows in proptest::collection::vec(
            ("[a-c \"]{0,3}", "(Jira|SLES|[a-z*+;]{0,4})", "(2026-1[0-3]-[0-3][0-9]|[0-9/]{0,5})", "(active|dr|Active|x|)"),
            1..12,
        ),
    ) {
        let quoted = |text: &String| format!("\"{}\"", text.replace('"', "\"\""));
        let lines: Vec<String> = rows
            .iter()
            .map(|(a, b, c, d)| [a, b, c, d].map(quoted).join(","))
            .collect();
        let csv = format!("device,product,last used,role\n{}\n", lines.join("\n"));
        let inputs = "    - { name: i, kind: installs, files: i.csv, on_invalid: quarantine }\n";
        let told = told(inputs, &[("i.csv", &csv)]).unwrap();
        let read: BTreeSet<u64> = told.inventory.uses.iter().map(|row| row.origin.row).collect();
        let aside: BTreeSet<u64> = told.quarantined.iter().map(|row| row.origin.row).collect();
        proptest::prop_assert!(read.is_disjoint(&aside));
        proptest::prop_assert_eq!(read.len() + aside.len(), rows.len(), "{}", csv);
        let refused = inputs.replace(", on_invalid: quarantine", "");
        proptest::prop_assert_eq!(super::tests::told(&refused, &[("i.csv", &csv)]).is_ok(), aside.is_empty());
    }
}
