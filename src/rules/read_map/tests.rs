use super::super::testing::shown;
use super::*;

const OWN: &str = "\
format: our-saas
title: Our SaaS
null_words: [ n/a ]
tags: { shape: columns, prefix: 'tag:' }
period_end: inclusive
columns:
  BilledCost: { from: [ Cost, CostInBillingCurrency ], required: true }
  EffectiveCost: [ Cost ]
  BillingCurrency: Currency
  BillingPeriodStart: { from: Month }
  ChargePeriodStart: Day
  ChargeCategory: { value: Usage }
  ProviderName: { value: Our SaaS }
versions:
  - { version: '1' }
  - { version: '2', markers: [ SkuId ], columns: [ SkuId, BilledCost ] }
exclude:
  - { name: total row, when: { charge_description: { prefix: Total } } }
  - { name: header, when: { x_line: [ Line ], column.Kind: { absent: true } } }
examples:
  - given: { Cost: 1.5, Month: null }
    expect: { BilledCost: 1.5, ResourceId: null }
";

fn faults(text: &str) -> Vec<String> {
    shown(&ColumnMap::parse("own.yaml", text).unwrap_err())
}

#[test]
fn a_map_of_ones_own_is_read() {
    let map = ColumnMap::parse("own.yaml", OWN).unwrap();
    let headers = ["Cost".to_owned(), "CostInBillingCurrency".to_owned()];
    assert_eq!(map.columns[&Column::BilledCost], ColumnSource::Headers(headers.into()));
    assert_eq!(map.columns[&Column::ProviderName], ColumnSource::Constant("Our SaaS".into()));
    // What no charge can be read without is required, said or not; a constant is always there.
    assert!(map.required.contains(&Column::EffectiveCost));
    assert!(!map.required.contains(&Column::ChargeCategory));
    assert_eq!(map.tags, TagShape::Columns { prefix: "tag:".into() });
    assert_eq!(map.period_end, PeriodEnd::Inclusive);
    let versions: Vec<_> = map.versions.iter().map(|found| found.version.as_str()).collect();
    assert_eq!(versions, ["2", "1"]);
    let custom = |name: &str| Field::Custom(name.into());
    let asked = [Field::Column(Column::ChargeDescription), custom("x_line"), custom("Kind")];
    assert_eq!(map.fields, asked);
    assert_eq!(map.examples[0].given[1], ("Month".into(), String::new()));
    assert_eq!(map.examples[0].expect[1], (Column::ResourceId, None));
}

#[test]
fn each_fault_is_found_at_its_place() {
    for (old, new, expected) in [
        ("  BillingCurrency: Currency\n", "", "column-map-broken 1:1+6"),
        ("title: Our SaaS\n", "", "missing-key 1:1+6"),
        ("period_end: inclusive", "period_end: last", "invalid-value 5:13+4"),
        ("{ shape: columns, prefix: 'tag:' }", "{ shape: pairs }", "invalid-value 4:16+5"),
        ("{ shape: columns, prefix: 'tag:' }", "{ shape: columns }", "missing-key 4:9+5"),
        ("shape: columns, prefix", "shape: json, prefix", "unknown-key 4:22+6"),
        ("  ProviderName:", "  ProvidrName:", "unknown-name 13:3+11"),
        ("  ProviderName:", "  billedcost:", "duplicate-name 13:3+10"),
        ("{ value: Usage }", "{ value: Usage, required: true }", "invalid-value 12:35+8"),
        ("markers: [ SkuId ], ", "", "column-map-broken 16:16+3"),
        ("version: '2'", "version: '1'", "duplicate-name 16:16+3"),
        ("charge_description:", "charge_descripton:", "unknown-name 18:32+17"),
        ("charge_description:", "tag.env:", "unknown-name 18:32+7"),
        ("charge_description:", "source:", "unknown-name 18:32+6"),
        ("name: header", "name: total row", "duplicate-name 19:13+9"),
        ("format: our-saas", "format: Our SaaS", "invalid-value 1:9+8"),
    ] {
        assert_eq!(faults(&OWN.replace(old, new)), [expected], "{new}");
    }
}
