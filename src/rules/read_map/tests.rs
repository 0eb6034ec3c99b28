use super::super::testing::shown;
use super::*;
use crate::rules::{
    ColumnSource, DateSpelling, DerivedFrom, Expectation, Field, MapColumn, NumberSpelling,
    TagShape, Term,
};

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

const DERIVED: &str = "\
format: cloud
title: Cloud
source: [ { url: a, read: 2026-11-21 }, { url: b, read: 2026-11-21 } ]
recognise: [ [ Type, Cost ], [ line_type ] ]
not_with: BilledCost
dates: [ month/day/year, year_month ]
numbers: { decimal: ',', group: ' ' }
inputs:
  type: [ Type, line_type ]
  cost: Cost
  product: [ Product, { in: product, key: name } ]
columns:
  BilledCost: { sum: [ cost, { list: credits, sum: amount } ], minus: [ Rebate ], complete: true }
  EffectiveCost:
    cases:
      - { when: { type: [ Fee, Fee2 ] }, value: '0' }
      - { from: cost }
  BillingCurrency: Currency
  BillingPeriodStart: Month
  ChargePeriodStart: Day
  ChargeCategory: { from: type, map: { Fee: Purchase, None: null }, otherwise: Usage, case: insensitive }
  ServiceName: product
  x_Group: [ Group, group_name ]
tags:
  - { shape: key_value_list, column: labels }
  - { shape: json, strip: user_ }
identity: [ Id, type ]
spread: { by: days, when: { charge_category: Purchase } }
exclude:
  - { name: total, when: { effective_cost: { lt: 0 }, x_group: Total } }
examples:
  - { given: { Cost: x }, expect: { quarantined: bad-amount } }
  - { given: { Cost: 1 }, expect: { excluded: total } }
  - { given: { Cost: 1 }, expect: { charges: [ { BilledCost: 1, x_Group: a }, { EffectiveCost: 2 } ] } }
known: [ Rate, product/* ]
";

fn faults(text: &str) -> Vec<String> {
    shown(&ColumnMap::parse("own.yaml", text).unwrap_err())
}

fn header(name: &str) -> InputRef {
    InputRef::Header(name.into())
}

#[test]
fn a_map_of_ones_own_is_read() {
    let map = ColumnMap::parse("own.yaml", OWN).unwrap();
    assert_eq!(map.columns[&Column::BilledCost].headers(), ["Cost", "CostInBillingCurrency"]);
    let provider = &map.columns[&Column::ProviderName];
    assert!(matches!(provider, ColumnSource::Constant(text) if text == "Our SaaS"));
    // What no charge can be read without is required, said or not; a constant is always there.
    assert!(map.required.contains(&Column::EffectiveCost));
    assert!(!map.required.contains(&Column::ChargeCategory));
    assert_eq!(map.tags[0].shape, TagShape::Columns { prefix: "tag:".into() });
    assert_eq!(map.period_end, PeriodEnd::Inclusive);
    assert_eq!(
        (map.dates.as_slice(), map.numbers),
        (&[DateSpelling::Iso][..], NumberSpelling::default())
    );
    let versions: Vec<_> = map.versions.iter().map(|found| found.version.as_str()).collect();
    assert_eq!(versions, ["2", "1"]);
    let custom = |name: &str| Field::Custom(name.into());
    let asked = [Field::Column(Column::ChargeDescription), custom("x_line"), custom("Kind")];
    assert_eq!(map.fields, asked);
    assert_eq!(map.examples[0].given[1], ("Month".into(), String::new()));
    let expected = Expectation::Columns(vec![
        (MapColumn::Focus(Column::BilledCost), Some("1.5".into())),
        (MapColumn::Focus(Column::ResourceId), None),
    ]);
    assert_eq!(map.examples[0].expect, expected);
}

#[test]
fn a_map_that_derives_is_read() {
    let map = ColumnMap::parse("own.yaml", DERIVED).unwrap();
    assert_eq!(map.citations.len(), 2);
    assert_eq!(map.recognition.any_of, [vec!["Type", "Cost"], vec!["line_type"]]);
    assert_eq!(map.recognition.not_with, ["BilledCost"]);
    assert_eq!(map.known, ["Rate", "product/*"]);
    assert_eq!(map.dates, [DateSpelling::MonthDayYear, DateSpelling::YearMonth]);
    assert_eq!(map.numbers, NumberSpelling { decimal: ',', group: Some(' ') });
    let ColumnSource::Derived(billed) = &map.columns[&Column::BilledCost] else { panic!() };
    let list = Term::List { list: vec![header("credits")], field: "amount".into() };
    let plus = vec![Term::Input(vec![header("Cost")]), list];
    let minus = vec![Term::Input(vec![header("Rebate")])];
    assert_eq!(billed[0].value.from, DerivedFrom::Sum { plus, minus, is_complete: true });
    let ColumnSource::Derived(effective) = &map.columns[&Column::EffectiveCost] else { panic!() };
    assert!(effective[0].when.is_some() && effective[1].when.is_none());
    let ColumnSource::Derived(category) = &map.columns[&Column::ChargeCategory] else { panic!() };
    let substitution = category[0].value.substitution.as_ref().unwrap();
    assert_eq!(substitution.pairs["None"], None);
    assert_eq!(substitution.otherwise.as_deref(), Some("Usage"));
    let replaced = ["fee", "NONE", "x"].map(|value| substitution.replace(value));
    assert_eq!(replaced, [Some(Some("Purchase")), Some(None), Some(Some("Usage"))]);
    let ColumnSource::Derived(service) = &map.columns[&Column::ServiceName] else { panic!() };
    let key = InputRef::Key { column: "product".into(), key: "name".into() };
    assert_eq!(service[0].value.from, DerivedFrom::Input(vec![header("Product"), key]));
    // Headers alone stay the fast way, inputs resolved.
    assert_eq!(map.custom("X_GROUP").unwrap().headers(), ["Group", "group_name"]);
    let shapes: Vec<_> = map.tags.iter().map(|source| source.columns.join(",")).collect();
    assert_eq!(shapes, ["labels", "Tags"]);
    assert_eq!(map.identity[1], ("type".into(), vec![header("Type"), header("line_type")]));
    assert!(map.fields.contains(&Field::Input("type".into())));
    assert_eq!(map.examples[0].expect, Expectation::Quarantined(Code::BadAmount));
    assert!(matches!(&map.examples[2].expect, Expectation::Charges(all) if all.len() == 2));
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

#[test]
fn each_fault_of_deriving_is_found_at_its_place() {
    for (old, new, expected) in [
        ("recognise: [ [ Type, Cost ], [ line_type ] ]\n", "", "missing-key 4:1+8"),
        ("month/day/year", "month/year", "invalid-value 6:10+10"),
        ("month/day/year, year_month", "iso, iso", "duplicate-name 6:15+3"),
        ("group: ' '", "group: ','", "invalid-value 7:33+3"),
        ("  type: [", "  any: [", "invalid-value 9:3+3; unknown-name 16:19+4"),
        ("  cost: Cost", "  Cost: Cost", "invalid-value 10:3+4"),
        ("key: name }", "kei: name }", "missing-key 11:25+2; unknown-key 11:38+3"),
        ("  product: [ Product, ", "  product: [ [ a ], ", "wrong-type 11:14+1"),
        ("{ sum: [ cost, {", "{ from: cost, sum: [ cost, {", "invalid-value 13:17+4"),
        ("minus: [ Rebate ]", "minus: []", "invalid-value 13:71+1"),
        ("{ list: credits, sum: amount }", "{ list: credits }", "missing-key 13:32+4"),
        (
            "{ when: { type: [ Fee, Fee2 ] }, value: '0' }",
            "{ value: '0' }",
            "invalid-value 16:11+5",
        ),
        ("{ when: { type: [ Fee", "{ when: { typ: [ Fee", "unknown-name 16:19+3"),
        ("{ when: { type: [ Fee", "{ when: { charge_category: [ Fee", "invalid-value 16:19+15"),
        ("      - { from: cost }", "      - { when: { type: a } }", "invalid-value 17:11+4"),
        ("from: type, map: {", "map: {", "invalid-value 21:21+3"),
        ("map: { Fee: Purchase, None: null }, ", "", "missing-key 21:33+9; missing-key 21:51+4"),
        ("from: type, map: {", "value: type, map: {", "invalid-value 21:34+3"),
        ("  x_Group: [ Group", "  Group: [ Group", "unknown-name 23:3+5"),
        ("[ Group, group_name ]", "{ from: Group, required: true }", "invalid-value 23:27+8"),
        ("shape: json, strip", "shape: json, prefix: a, strip", "unknown-key 26:20+6"),
        ("by: days", "by: weeks", "invalid-value 28:15+5"),
        ("quarantined: bad-amount", "quarantined: bad-amnt", "unknown-name 32:50+8"),
        ("excluded: total", "excluded: total, BilledCost: 1", "invalid-value 33:54+10"),
        ("x_Group: a }", "Group: a }", "unknown-name 34:65+5"),
    ] {
        assert!(DERIVED.contains(old), "{old}");
        let found = faults(&DERIVED.replacen(old, new, 1));
        assert_eq!(found, expected.split("; ").collect::<Vec<_>>(), "{new}");
    }
}

#[test]
fn a_map_may_say_what_its_workbooks_look_like() {
    let own = |more: &str| read_map("map.yaml", &format!("{OWN}{more}"));
    let map = own(
        "workbook:\n  sheet: [ Invoices, Rechnungen ]\n  header: Cost\n  skip: [ { name: signature, when: { \
         column.Kind: signed } } ]\n",
    )
    .unwrap();
    assert_eq!(map.workbook.sheets, ["Invoices", "Rechnungen"]);
    assert_eq!(map.workbook.header, ["Cost"]);
    let names: Vec<&str> = map.exclusions.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["total row", "header", "signature"]);
    let twice = own("workbook: { skip: [ { name: header, when: { column.Kind: a } } ] }\n");
    assert_eq!(shown(&twice.unwrap_err()).len(), 1);
    assert_eq!(shown(&own("workbook: { row: 3 }\n").unwrap_err()), ["unknown-key 23:13+3"]);
}

#[test]
fn a_further_charge_has_a_cost_and_the_time_and_money_of_its_row() {
    let with = |columns: &str| {
        let further = format!("further_charges:\n  - {{ name: more, columns: {columns} }}\n");
        ColumnMap::parse("map.yaml", &format!("{DERIVED}{further}"))
    };
    let map = with("{ EffectiveCost: { minus: cost }, SkuId: null, x_Kind: Type }").unwrap();
    let [charge] = map.further.as_slice() else { panic!("{:?}", map.further) };
    assert_eq!(
        (charge.name.as_str(), charge.when.is_none(), charge.columns.len()),
        ("more", true, 3)
    );
    assert!(map.references().any(|found| found.header() == "Cost"));
    for (columns, message) in [
        (
            "{ EffectiveCost: cost, ChargePeriodStart: Day }",
            "ChargePeriodStart is the same for all charges of a row",
        ),
        ("{ EffectiveCost: cost, Tags: labels }", "Tags is the same for all charges of a row"),
        (
            "{ SkuId: Sku }",
            "a further charge has no cost: it needs one of the costs under `columns`",
        ),
        (
            "{ EffectiveCost: { from: cost, required: true } }",
            "`required` has a meaning at the columns of the map only",
        ),
        (
            "{ EffectiveCost: { cases: [ { when: { BilledCost: { lt: 0 } }, from: cost } ] } }",
            "`BilledCost` is derived, and cannot be asked while columns are",
        ),
    ] {
        let messages: Vec<String> =
            with(columns).unwrap_err().into_iter().map(|finding| finding.message).collect();
        assert_eq!(messages, [message], "{columns}");
    }
}
