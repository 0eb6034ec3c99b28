use super::super::testing::{compile_files, compiled, entity, faults, helps, org, shown};
use super::super::{
    Base, CaseRule, Condition, Expected, Outcome, OwnerChoice, PoolId, PoolName, SplitMethod,
    Stage, Test, ValueChoice, ValueSet, ZeroDriver,
};
use super::*;
use crate::domain::Column::{BilledCost, RegionId, ResourceId, ServiceName, SubAccountId};
use crate::domain::CostMetric;

#[test]
fn fields_have_one_id_however_they_are_spelt() {
    let text = "classify:
  - { name: a, owner: data, when: { ServiceName: x, service: x, service_name: x } }
  - { name: b, owner: { from: x_Team }, when: { X_TEAM: x, column.x_team: x } }
  - { name: c, owner: { from: column.Id }, when: { provider: x, source: x, tag.a.b c: x } }
  - { name: d, pool: p, when: { sub_account.name: x, region: x, column.billedcost: x } }
pools: { p: { split: even } }
components: [ { name: usage } ]
";
    let rules = compiled(text).unwrap();
    let custom = |name: &str| Field::Custom(name.into());
    let of = |entity: &str, attribute: &str| Field::Metadata {
        entity: entity.into(),
        attribute: attribute.into(),
    };
    let expected = [
        Field::Column(SubAccountId),
        Field::Column(ResourceId),
        of("resource", "resource_group"),
        Field::Column(ServiceName),
        custom("X_TEAM"),
        Field::Provider,
        Field::Source,
        Field::Tag("a.b c".into()),
        custom("Id"),
        of("sub_account", "name"),
        Field::Column(RegionId),
        Field::Column(BilledCost),
    ];
    assert_eq!(rules.fields, expected);
    assert_eq!(rules.classify[1].outcome, Outcome::Owner(OwnerChoice::Inherited(FieldId(4))));
    assert_eq!(rules.field_id(&Field::Provider), Some(FieldId(5)));
    assert_eq!(rules.joins["resource_group"], FieldId(2));
}

#[test]
fn a_dimension_reads_its_sources_in_order() {
    let text = "dimensions:
  cost_center:
    tag: cost-center
    aliases: [ CostCenter, cc ]
    inherit: [ resource, resource_group, sub_account, billing_account ]
    case: upper
    values: { in: cost_centers }
  environment:
    from: [ tag.env, sub_account.environment ]
    case: insensitive
    map: { PRD: Prod }
    values: [ PROD, dev ]
    default: unknown
    detail: false
  product:
    rules:
      - { when: { environment: Prod }, value: { from: sub_account.name } }
      - { value: other }
";
    let rules = compiled(text).unwrap();
    let [center, environment, product] = &rules.dimensions[..] else { panic!() };
    let names: Vec<&Field> = center.from.iter().map(|id| rules.field(*id)).collect();
    let tag = |key: &str| Field::Tag(key.into());
    let of =
        |entity: &str| Field::Metadata { entity: entity.into(), attribute: "cost_center".into() };
    let expected =
        [tag("cost-center"), tag("CostCenter"), tag("cc"), of("resource"), of("sub_account")];
    assert_eq!(names, expected.iter().collect::<Vec<_>>());
    assert!(matches!(center.values, ValueSet::CostCenters));
    assert_eq!(environment.map["prd"], "prod");
    assert!(matches!(&environment.values, ValueSet::Listed(v) if v.contains("prod")));
    assert_eq!((environment.default.as_deref(), environment.detail), (Some("unknown"), false));
    // A dimension with a case rule is compared without regard to case.
    let Condition::Field { test: Test::OneOf(texts), case, .. } = &product.rules[0].when else {
        panic!()
    };
    assert_eq!((texts.contains("prod"), *case), (true, CaseRule::Insensitive));
    assert!(matches!(&product.rules[1].value, ValueChoice::Fixed(text) if text == "other"));
    assert!(matches!(product.rules[1].when, Condition::Always));
}

#[test]
fn pools_stages_and_tests_are_resolved() {
    let text = "classify:
  - { name: help, when: { service: { regex: '(?i)support' } }, pool: support,
      valid: { from: 2026-04-01, to: 2027-01-01 } }
pools:
  support: { split: proportional, by: billed_cost, base: accumulated, on_zero_driver: fail }
  security: { split: fixed, shares: { payments: 1/3, retail: 1/3, data: 1/3 } }
  network: { split: even, include: [ retail ], exclude: data }
stages:
  - [ network ]
  - [ support, security ]
tests:
  - given: { service: AWS Support, effective_cost: 10, sub_account.name: x, tag.a: ~ }
    expect: { pool: support, rule: help }
";
    let rules = compiled(text).unwrap();
    let staged: Vec<PoolId> = rules.stages.iter().flat_map(Stage::pools).collect();
    assert_eq!(staged, [PoolId(2), PoolId(0), PoolId(1)]);
    let SplitMethod::Proportional { by, base, on_zero, .. } = &rules.pools[0].split else {
        panic!()
    };
    let expected = (CostMetric::BilledCost, Base::Accumulated, ZeroDriver::Fail);
    assert_eq!((*by, *base, on_zero.clone()), expected);
    assert!(
        matches!(&rules.pools[1].split, SplitMethod::Fixed(dated) if dated[0].shares.len() == 3)
    );
    assert_eq!(rules.pools[2].receivers.exclude, ["data"]);
    assert_eq!(rules.change_days().len(), 2);
    let example = &rules.tests[0];
    assert_eq!(example.outcome, Some(Expected::Pool(PoolName { pool: PoolId(0), value: None })));
    assert_eq!(example.given.len(), 3);
    assert!(example.given.iter().all(|(field, _)| rules.field_id(field).is_some()));
}

#[test]
fn files_are_merged_in_the_order_of_their_names() {
    let one = "classify: [ { name: one, pool: late } ]\nlists: { l: [ a ] }";
    let two = "classify: [ { name: two, when: { tag.t: { in: l } }, owner: data } ]";
    let three = "pools: { late: { split: even } }\ncomponents: [ { name: tax } ]";
    let files = [("rules/b.yaml", two), ("rules/c.yaml", three), ("rules/a.yaml", one)];
    let rules = compile_files(&files).unwrap();
    let names: Vec<_> = rules.classify.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(rules.components.len(), 1, "the shipped components give way");
    assert_eq!(compiled("").unwrap().components.len(), 6);
    let twice =
        compile_files(&[("rules/a.yaml", one), ("rules/b.yaml", one), ("rules/c.yaml", three)]);
    let findings = twice.unwrap_err();
    assert_eq!(shown(&findings), ["duplicate-name 1:21+3", "duplicate-name 2:10+1"]);
    assert!(helps(&findings).contains(&"the first is at rules/a.yaml:1:21"));
}

#[test]
fn each_fault_is_found_at_its_place() {
    let table = include_str!("faults.txt");
    let cases = table.split("\n\n").skip(1);
    let mut count = 0;
    for case in cases {
        let (expected, text): (Vec<&str>, Vec<&str>) =
            case.lines().partition(|line| line.starts_with("    ^ "));
        let expected: Vec<&str> = expected.iter().map(|line| &line[6..]).collect();
        let text = text.join("\n");
        let mut found = faults(&text);
        found.sort();
        assert_eq!(found, expected, "{text}");
        count += 1;
    }
    assert!(count > 50, "the table is not read as a table");
}

#[test]
fn near_names_are_suggested() {
    for (text, help) in [
        ("classify: [ { name: r, owner: payment } ]", "did you mean `payments`?"),
        ("classify: [ { name: r, owner: DATA } ]", "did you mean `data`?"),
        ("classify: [ { name: r, owner: { from: tags.x } } ]", "did you mean `tag.x`?"),
        ("classify: [ { name: r, owner: { from: ServiceNam } } ]", "did you mean `ServiceName`?"),
        ("classify: [ { name: r, owner: { from: resouce_id } } ]", "did you mean `resource_id`?"),
        (
            "classify: [ { name: r, owner: { from: sub_acount.name } } ]",
            "did you mean `sub_account.name`?",
        ),
        ("classify: [ { name: r, owner: { from: sub_account.nam } } ]", "did you mean `name`?"),
        (
            "dimensions: { team: { tag: t } }\nclassify: [ { name: r, owner: { from: taem } } ]",
            "did you mean `team`?",
        ),
        (
            "pools: { supprt: { split: even } }\nclassify: [ { name: r, pool: support } ]",
            "did you mean `supprt`?",
        ),
    ] {
        assert_eq!(helps(&compiled(text).unwrap_err()), [help], "{text}");
    }
}

#[test]
fn the_sum_of_shares_is_shown() {
    for (shares, sum) in [("40%, b: 55%", "95 %"), ("1/3, b: 1/3", "2/3 of the whole")] {
        let text = format!("pools: {{ p: {{ split: fixed, shares: {{ data: {shares} }} }} }}");
        let text = text.replace("b:", "retail:");
        let findings = compiled(&text).unwrap_err();
        assert_eq!(findings[0].message, format!("the shares sum to {sum}, not to 100 %"));
    }
}

#[test]
fn without_cost_centers_any_owner_is_taken_and_none_is_open() {
    let empty = Org::default();
    let scope = Scope { org: &empty, entities: &[], drivers: &[] };
    let file = |text: &str| [RuleText { path: "a.yaml".into(), text: text.into() }];
    assert!(compile(&file("classify: [ { name: r, owner: anyone } ]"), &scope).is_ok());
    let text = "classify: [ { name: r, owner: x, when: { tag.t: { in: cost_centers } } } ]";
    assert_eq!(shown(&compile(&file(text), &scope).unwrap_err()), ["unknown-name 1:55+12"]);
}

#[test]
fn joins_that_lead_nowhere_are_refused() {
    for (entities, expected) in [
        (vec![entity("team", &["x"], Some("tag.team"))], Ok(())),
        (vec![entity("team", &["x"], None)], Err("missing-key")),
        (vec![entity("team", &["x"], Some("tags.team"))], Err("unknown-name 9:11+1")),
        (vec![entity("a", &["x"], Some("a.x"))], Err("invalid-value 9:11+1")),
        (
            vec![entity("a", &["x"], Some("b.y")), entity("b", &["y"], Some("a.x"))],
            Err("invalid-value 9:11+1"),
        ),
        (vec![entity("a", &["x"], Some("d"))], Err("invalid-value 9:11+1")),
    ] {
        let file = RuleText { path: "a.yaml".into(), text: "dimensions: { d: { tag: t } }".into() };
        let made = compile(&[file], &Scope { org: &org(), entities: &entities, drivers: &[] });
        let found = made.map(|_| ()).map_err(|findings| shown(&findings).join(" "));
        assert_eq!(found, expected.map_err(str::to_owned));
    }
}

#[test]
fn many_rules_are_compiled_and_too_many_refused() {
    let rules = |count: usize| -> String {
        let rule = |i| format!("  - {{ name: r{i}, owner: data, when: {{ tag.t: v{i} }} }}\n");
        "classify:\n".to_owned() + &(0..count).map(rule).collect::<String>()
    };
    assert_eq!(compiled(&rules(3_000)).unwrap().classify.len(), 3_000);
    let findings = compiled(&rules(limits::DECLARATIONS + 1)).unwrap_err();
    assert!(findings.iter().all(|finding| finding.code == Code::InvalidValue), "{findings:?}");
}

#[test]
fn lists_hold_values_with_days() {
    let text = "lists:
  a: [ x, { value: Y, valid: { from: 2026-10-15 } }, { value: Y, valid: { to: 2026-01-01 } } ]
  b: { value: x }
  c: [ { value: x, valid: { from: 2026-10-15, to: 2026-10-15 } } ]
  d: [ { value: x } ]
  e: []
";
    let expected =
        ["wrong-type 3:8+5", "invalid-value 4:29+4", "missing-key 5:10+5", "invalid-value 6:6+1"];
    assert_eq!(faults(text), expected);
    let text = "lists: { a: [ x, { value: Y, valid: { from: 2026-10-15 } } ], b: [ x ] }
classify: [ { name: r, owner: data, when: { service: { in: a, case: insensitive } } } ]
";
    let rules = compiled(text).unwrap();
    let Condition::Field { test: Test::OneOfDated(texts), .. } = &rules.classify[0].when else {
        panic!("{:?}", rules.classify[0].when);
    };
    let day = |text: &str| text.parse().unwrap();
    assert!(texts.contains("y", day("2026-10-15")) && !texts.contains("y", day("2026-10-14")));
    assert!(texts.contains("x", day("1999-01-01")) && !texts.contains("Y", day("2026-10-15")));
    assert_eq!(rules.change_days(), [day("2026-10-15")]);
    assert_eq!(rules.lists.iter().map(|list| list.is_used).collect::<Vec<_>>(), [true, false]);
}
