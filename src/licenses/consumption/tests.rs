use super::*;
use crate::ingest::read_metadata;
use crate::licenses::testkit::{Case, day, demand, holder, number, of, right, row};
use crate::rules::{DriverShape, Project};

fn asked(keys: &str) -> (DriverOfLicenses, Span) {
    let text = format!(
        "organisation: Acme\ncurrency: EUR\nsources: [ {{ name: a, format: focus, files: a.csv }} ]\ndrivers:\n  - {{ name: seats, format: licenses, product: suite, {keys} }}\n"
    );
    let driver = Project::parse("p.yaml", &text).unwrap().drivers.remove(0);
    match driver.shape {
        DriverShape::Licenses(asked) => (*asked, driver.span),
        other => panic!("{other:?}"),
    }
}

/// Each weight as `consumer quantity`, then what was told; or what was refused.
fn shown(case: &Case, keys: &str) -> Result<Vec<String>, String> {
    let (asked, span) = asked(keys);
    let users = "id,cost_center\nada,web\nbob,shop\n";
    let metadata = [read_metadata("user", "users.csv", users.as_bytes()).unwrap()];
    let found = consumption(&Consumption {
        name: "seats",
        span: &span,
        asked: &asked,
        month: "2026-10".parse().unwrap(),
        inventory: &case.inventory,
        measured: &case.measured,
        positions: &case.position(),
        metadata: &metadata,
    });
    let (table, notes) = found.map_err(|findings| findings[0].message.clone())?;
    let consumer = |consumer: &Consumer| match consumer {
        Consumer::Named(name) => name.clone(),
        Consumer::Unallocated => "-".to_owned(),
    };
    let rows = table.rows.iter().map(|row| format!("{} {}", consumer(&row.consumer), row.quantity));
    let spread = table.spread.iter().map(|(kind, units)| format!("{kind} spread {units}"));
    Ok(rows.chain(spread).chain(notes.into_iter().map(|note| note.message)).collect())
}

fn case(owned: i64) -> Case {
    let uses = vec![demand("ada", "Suite", 2, ""), demand("bob", "Suite", 1, "")];
    Case::new(vec![right("E1", "Suite", owned)], uses, "")
}

#[test]
fn what_is_used_weighs_and_what_is_idle_has_a_bearer() {
    let by = "consumer: user.cost_center";
    let found = shown(&case(10), &format!("{by}, idle: {{ owner: it }}"));
    assert_eq!(found.unwrap(), ["it 7", "shop 1", "web 2"]);
    let found = shown(&case(10), &format!("{by}, idle: unallocated"));
    assert_eq!(found.unwrap(), ["shop 1", "web 2", "- 7"]);
    let found = shown(&case(10), &format!("{by}, idle: spread"));
    assert_eq!(found.unwrap(), ["shop 1", "web 2", "idle spread 7"]);
    let refused = shown(&case(10), by).unwrap_err();
    assert_eq!(
        refused,
        "7 units of `suite` are owned and not used, and nobody is said to bear them"
    );
    assert_eq!(shown(&case(3), by).unwrap(), ["shop 1", "web 2"]);
}

#[test]
fn what_is_used_beyond_rights_is_its_users_or_its_bearers() {
    let by = "consumer: user.cost_center";
    assert_eq!(shown(&case(2), by).unwrap(), ["shop 1", "web 2"]);
    let found = shown(&case(2), &format!("{by}, over: {{ owner: it }}"));
    let thirds = ["it 1", "shop 0.666666666666666667", "web 1.333333333333333333"];
    assert_eq!(found.unwrap(), thirds);
}

#[test]
fn weights_sum_to_what_is_owned_or_used() {
    for owned in 0..8 {
        for keys in ["idle: { owner: it }, over: { owner: it }", "idle: { owner: web }"] {
            let (asked, span) = asked(&format!("consumer: user.cost_center, {keys}"));
            let case = case(owned);
            let users =
                [read_metadata("user", "u.csv", b"id,cost_center\nada,web\nbob,shop\n").unwrap()];
            let (table, _) = consumption(&Consumption {
                name: "seats",
                span: &span,
                asked: &asked,
                month: "2026-10".parse().unwrap(),
                inventory: &case.inventory,
                measured: &case.measured,
                positions: &case.position(),
                metadata: &users,
            })
            .unwrap();
            let sum: Amount = table.rows.iter().map(|row| row.quantity).sum();
            assert_eq!(sum, owned.max(3).to_string().parse().unwrap(), "{owned} {keys}");
        }
    }
}

#[test]
fn a_use_without_an_owner_is_told_and_stays_unallocated() {
    let uses = vec![demand("ada", "Suite", 1, "pool=x"), demand("eve", "Suite", 1, "")];
    let case = Case::new(vec![right("E1", "Suite", 2)], uses, "");
    let found = shown(&case, "consumer: user.cost_center").unwrap();
    assert_eq!(found[..2], ["web 1", "- 1"]);
    assert_eq!(
        found[2],
        "driver `seats`: 1 units of `suite` are used by whom no owner is known of: eve"
    );
    assert_eq!(shown(&case, "consumer: [ pool, user.cost_center ]").unwrap()[..2], ["x 1", "- 1"]);
}

#[test]
fn use_within_bounds_refuses_unless_a_bound_is_chosen() {
    let mut open = demand("ada", "Suite", 1, "");
    open.quantity = Extent::between(number(8), number(16));
    let case = Case::new(vec![right("E1", "Suite", 16)], vec![open], "");
    let by = "consumer: user.cost_center, idle: { owner: it }";
    assert_eq!(shown(&case, by).unwrap_err(), "use of `suite` is known within bounds only: ada");
    assert_eq!(shown(&case, &format!("{by}, unknown: low")).unwrap(), ["it 8", "web 8"]);
    assert_eq!(shown(&case, &format!("{by}, unknown: high")).unwrap(), ["web 16"]);
}

#[test]
fn a_machine_is_of_who_its_newest_rows_name_and_shared_units_follow_use() {
    let mut shared = demand("h1", "Suite", 16, "");
    shared.subject.kind = SubjectKind::Host;
    let vm = |id: &str, used: i64| {
        (Subject { kind: SubjectKind::Vm, id: id.into() }, holder(""), number(used))
    };
    shared.used = vec![vm("v1", 2), vm("v2", 6)];
    let mut case = Case::new(vec![of(right("E1", "Suite", 16), "")], vec![shared], "");
    let mut old = row(2, &[("vm", "v1"), ("user", "bob"), ("x_team", "old")]);
    old.snapshot = day("2026-09-30");
    case.inventory.uses = vec![
        old,
        row(3, &[("vm", "V1"), ("user", "ada"), ("x_team", "one")]),
        row(4, &[("vm", "v2"), ("user", "bob"), ("x_team", "two")]),
    ];
    assert_eq!(shown(&case, "consumer: x_team").unwrap(), ["one 4", "two 12"]);
    assert_eq!(shown(&case, "consumer: user.cost_center").unwrap(), ["shop 12", "web 4"]);
}

#[test]
fn what_is_not_measured_or_not_clear_is_refused() {
    let mut case = case(3);
    let by = "consumer: user.cost_center";
    assert!(
        shown(&case, "consumer: host.team").unwrap_err().contains("no table of metadata of `host`")
    );
    assert!(shown(&case, "consumer: user.team").unwrap_err().contains("has no column `team`"));
    assert!(
        shown(&case, &format!("{by}, publisher: Other"))
            .unwrap_err()
            .starts_with("nothing measures")
    );
    assert!(shown(&case, &format!("{by}, metric: core")).unwrap_err().contains("but by seat"));
    let mut second = case.measured[0].clone();
    second.reading.metric = "core".into();
    case.measured.push(second);
    assert!(shown(&case, by).unwrap_err().contains("by more than one metric: core, seat"));
}
