use super::*;
use crate::diagnostics::Code;
use crate::rules::RuleText;

fn rules(text: &str) -> LicenseRules {
    let file = RuleText { path: "own.yaml".into(), text: text.into() };
    LicenseRules::read(&[file], &[]).unwrap_or_else(|found| panic!("{found:#?}"))
}

/// A metric, its steps and its examples, with nothing around them.
fn metric(of: &str, steps: &str, examples: &str) -> LicenseRules {
    rules(&format!(
        "metrics:\n  own:\n    unit: thing\n    of: {of}\n    versions:\n      - source: {{ url: x, read: \
         2026-01-01 }}\n        steps:\n{steps}\n    examples:\n{examples}\n"
    ))
}

#[test]
fn the_examples_of_shipped_metrics_come_out() {
    let rules = LicenseRules::shipped().expect("sound packs");
    let found = check_examples(&rules);
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn an_example_that_does_not_come_out_is_told() {
    let rules = metric(
        "hosts",
        "          - measure: cores",
        "      - { name: wrong, day: 2026-01-01, given: { hosts: [ { host: h, cores: 4 } ] }, expect: { default: 5 } }",
    );
    let found = check_examples(&rules);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, Code::RuleTestFailed);
    assert!(found[0].message.contains("comes to 4 by `default`, not 5"), "{}", found[0].message);
}

/// No vendor has such a metric: pairs of busy cluster cores beyond a free allowance, at least three
/// a site, in packs of five, by tiers, and not more than twice the users.
#[test]
fn a_metric_that_nobody_thought_of_needs_no_code() {
    let rules = rules(
        "\
tables:
  zones:
    source: { url: 'https://example.com', read: 2026-01-01 }
    columns: { region: glob, load: range, weight: number }
    rows:
      - { region: 'eu-* | uk', load: '<=50', weight: 1/2 }
      - { region: 'eu-* | uk', load: '>50', weight: 1 }
      - { region: '*', weight: 2 }
metrics:
  busy_pairs:
    unit: pair
    of: installs
    versions:
      - source: { url: 'https://example.com', read: 2026-01-01 }
        params: { free: 4, least: 3 }
        steps:
          - select: like(product, 'Grid*') and days_since(last_used) <= 30
          - dedupe: { by: [ device ], keep: most }
          - widen: cluster
          - measure: { value: 'max(0, cores - free) / 2', as: pairs }
          - factor: { table: zones, key: { region: x_zone, load: x_load }, value: weight, as: zone }
          - measure: pairs * zone
          - floor: { value: least, scope: [ x_site ] }
          - round: { mode: up, to: '5', scope: [ x_site ] }
          - tiers: { mode: graduated, tiers: [ { to: 10, factor: 1 }, { factor: 0.5 } ], scope: total }
          - round: { mode: half_up, scope: total }
    examples:
      - name: two clusters of one site
        day: 2026-10-31
        given:
          hosts:
            - { host: a1, cores: 20, cluster: a }
            - { host: a2, cores: 20, cluster: a }
            - { host: b1, cores: 8, cluster: b }
          installs:
            - { device: a1, product: Grid Engine, last_used: 2026-10-30, x_zone: eu-west, x_load: 80, x_site: one }
            - { device: a2, product: Grid Engine, last_used: 2026-10-30, x_zone: eu-west, x_load: 80, x_site: one }
            - { device: b1, product: Grid Engine, last_used: 2026-10-30, x_zone: uk, x_load: 50, x_site: one }
            - { device: b1, product: Grid Engine, last_used: 2026-01-01, x_zone: uk, x_load: 50, x_site: one }
        # (36/2 × 1 + 4/2 × 1/2) = 19 → 20 → 10 + 10 × 0.5 = 15
        expect: { default: 15 }
",
    );
    assert_eq!(check_examples(&rules), []);
}

#[test]
fn every_way_to_aggregate_comes_out() {
    let given = "{ samples: [ { time: '2026-10-01T00:00', value: 4, product: P, user: a }, { time: \
                 '2026-10-01T00:00', value: 6, product: P, user: b }, { time: '2026-10-02T00:00', value: 1, \
                 product: P, user: a }, { time: '2026-09-30T00:00', value: 7, product: P, user: c } ] }";
    for (how, expected) in [
        ("sum", "11"),
        ("count", "3"),
        ("max", "10"),
        ("max, same_time: max", "6"),
        ("mean", "5.5"),
        ("last", "1"),
        ("month_end", "1"),
        ("month_end, window: quarter", "1"),
        ("month_end, window: year", "7"),
        ("distinct_count, of: user", "2"),
        ("distinct_count, of: user, window: 60", "3"),
        ("top_rank, percent: 50, drop: floor", "1"),
        ("top_rank, percent: 40, drop: floor", "10"),
        ("top_rank, percent: 40, drop: ceil", "1"),
        ("rolling_mean, days: 2", "5.5"),
        ("rolling_mean, days: 1, window: 60", "10"),
        ("breach_days, over: '3', days: 7", "1"),
        ("breach_days, over: '0', days: 7, window: 60", "3"),
        ("breach_days, over: '0', days: 2, window: 60", "2"),
        ("sum, by: [ user ]", "11"),
    ] {
        let steps = format!("          - aggregate: {{ how: {how} }}");
        let example = format!(
            "      - {{ name: e, day: 2026-10-31, given: {given}, expect: {{ default: {expected} }} }}"
        );
        let found = check_examples(&metric("samples", &steps, &example));
        assert!(found.is_empty(), "{how}: {}", found[0].message);
    }
}

/// Each: steps, hosts, and what comes out between bounds.
#[test]
fn what_is_missing_makes_a_stretch() {
    for (steps, host, expected) in [
        ("measure: cores", "cores: 4", "4"),
        ("measure: cores", "sockets: 1", "{ low: 0 }"),
        ("measure: otherwise(cores, 8)", "sockets: 1", "8"),
        ("measure: 'min(cores, 6)'", "sockets: 1", "{ low: 0, high: 6 }"),
        ("measure: 'max(cores, 6)'", "sockets: 1", "{ low: 6 }"),
        ("measure: '10 - min(cores, 6)'", "sockets: 1", "{ low: 4, high: 10 }"),
        ("measure: 'if(cores > 4, 16, 8)'", "sockets: 1", "{ low: 8, high: 16 }"),
        ("measure: 'if(present(cores) and cores > 4, 16, 8)'", "sockets: 1", "8"),
        ("measure: 'if(cores > 4 or sockets = 1, 16, 8)'", "sockets: 1", "16"),
        ("select: cpu_model = 'x'", "sockets: 1", "{ low: 0, high: 1 }"),
        ("exclude: not (cpu_model = 'x')", "cpu_model: y", "0"),
        ("measure: 'sockets / (cores - 4)'", "sockets: 1, cores: 4", "{ low: 0 }"),
        ("measure: 'sockets / cores'", "sockets: 1, cores: 3", "1/3"),
        ("measure: cpu_model", "cpu_model: many", "{ low: 0 }"),
        ("measure: '0 - cores'", "cores: 3", "0"),
        ("repeat: { of: cores, every: '0' }", "cores: 3", "{ low: 0 }"),
        ("round: { mode: up, to: cores }", "sockets: 1", "{ low: 0 }"),
    ] {
        let steps = format!("          - {steps}");
        let example = format!(
            "      - {{ name: e, day: 2026-10-31, given: {{ hosts: [ {{ host: h, {host} }} ] }}, expect: \
             {{ default: {expected} }} }}"
        );
        let found = check_examples(&metric("hosts", &steps, &example));
        assert!(found.is_empty(), "{steps}: {}", found[0].message);
    }
}

#[test]
fn rounding_has_modes_and_a_scope() {
    for (value, mode, expected) in [
        ("5/2", "up", "3"),
        ("5/2", "down", "2"),
        ("5/2", "half_up", "3"),
        ("5/2", "nearest", "2"),
        ("7/2", "nearest", "4"),
        ("9/4", "nearest", "2"),
    ] {
        let steps = format!("          - measure: {value}\n          - round: {mode}");
        let example = format!(
            "      - {{ name: e, day: 2026-10-31, given: {{ hosts: [ {{ host: h }} ] }}, expect: {{ default: {expected} }} }}"
        );
        let found = check_examples(&metric("hosts", &steps, &example));
        assert!(found.is_empty(), "{value} {mode}: {}", found[0].message);
    }
    for (scope, expected) in
        [("row", "4"), ("host", "4"), ("pool", "3"), ("[ pool, x_kind ]", "4"), ("total", "2")]
    {
        let steps =
            format!("          - measure: 1/2\n          - round: {{ mode: up, scope: {scope} }}");
        let example = format!(
            "      - {{ name: e, day: 2026-10-31, given: {{ hosts: [ {{ host: a, pool: p, x_kind: k }}, {{ host: b, \
             pool: p, x_kind: l }}, {{ host: c, pool: q, x_kind: k }}, {{ host: d, pool: r, x_kind: k }} ] }}, \
             expect: {{ default: {expected} }} }}"
        );
        let found = check_examples(&metric("hosts", &steps, &example));
        assert!(found.is_empty(), "{scope}: {}", found[0].message);
    }
}

#[test]
fn a_count_without_a_value_is_not_known() {
    let steps = "          - aggregate: { how: sum }";
    let example = "      - { name: e, day: 2026-10-31, given: { counters: [ { counter: c, value: 3 }, { counter: c } ] }, expect: { default: { low: 3 } } }";
    assert_eq!(check_examples(&metric("counters", steps, example)), []);
}

#[test]
fn huge_numbers_are_no_counts() {
    let steps = "          - measure: { value: cores, as: big }\n".to_owned()
        + &"          - measure: { value: big * big, as: big }\n".repeat(40)
        + "          - measure: big";
    let example = "      - { name: e, day: 2026-10-31, given: { hosts: [ { host: h, cores: 12345678 } ] }, expect: { default: { low: 0 } } }";
    assert_eq!(check_examples(&metric("hosts", &steps, example)), []);
}

fn row(kind: UseKind, product: Option<&str>, fields: &[(&str, &str)], at: u64) -> UseRow {
    let value = |text: &str| match crate::rules::licenses::number(text) {
        Some(number) => Value::Number(number),
        None => Value::Text(text.into()),
    };
    UseRow {
        kind,
        product: product.map(|name| Product {
            publisher: Some("Oracle".into()),
            name: name.into(),
            edition: (name == "Oracle Database").then(|| "Enterprise".into()),
        }),
        raw_product: None,
        holder: super::super::Holder::default(),
        fields: fields.iter().map(|(name, text)| ((*name).into(), value(text))).collect(),
        snapshot: NaiveDate::from_ymd_opt(2026, 10, 31).unwrap(),
        origin: super::super::Origin { path: "uses.csv".into(), row: at },
    }
}

#[test]
fn options_are_products_and_every_number_is_a_step() {
    let rules = LicenseRules::shipped().expect("sound packs");
    let options = "Oracle Partitioning; Oracle Tuning Pack";
    let uses = vec![
        row(UseKind::Host, None, &[("host", "h"), ("sockets", "2"), ("cores", "10")], 2),
        row(UseKind::Install, Some("Oracle Database"), &[("device", "h"), ("options", options)], 3),
        row(UseKind::Install, Some("Something"), &[("device", "h")], 4),
    ];
    let day = NaiveDate::from_ymd_opt(2026, 11, 15).unwrap();
    let inventory = Inventory { uses, ..Inventory::default() };
    let all = measure_all(&inventory, &rules, day);
    let of = |reading: &str| {
        all.iter().filter(|one| &*one.reading.interpretation == reading).collect::<Vec<_>>()
    };
    let names: Vec<&str> = of("default").iter().map(|one| &*one.product.name).collect();
    assert_eq!(names, ["Oracle Database", "Oracle Partitioning", "Oracle Tuning Pack"]);
    let database = of("default")[0];
    // Which processor it is, nobody tells: a quarter up to all of ten cores.
    let quantity = &database.demands[0].quantity;
    assert_eq!((show::extent(quantity), database.gaps.len()), ("3 to 10".to_owned(), 1));
    assert_eq!(&*database.gaps[0].what, "cpu_model");
    let texts: Vec<&str> = database.steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "1 machine on h",
            "in_cloud: 0",
            "core_factor: oracle_core_factor of cpu_model unknown = 0.25 to 1",
            "10 × 0.25 to 1 = 2.5 to 10",
            "2.5 to 10 rounded up = 3 to 10",
        ]
    );
    assert_eq!(
        &*database.reading.clause.clone().unwrap(),
        "cores of all hosts times the factor of their processor, rounded up once for each factor"
    );
    let lines: Vec<u64> = database.demands[0].origins.iter().map(|origin| origin.row).collect();
    assert_eq!(lines, [2, 3]);
}

/// Whatever the order of rows, the same comes out, in the same order.
#[test]
fn the_order_of_rows_changes_nothing() {
    let rules = LicenseRules::shipped().expect("sound packs");
    let mut uses = Vec::new();
    for n in 0..12_u64 {
        let host = format!("h{}", n % 5);
        let vm = format!("v{n}");
        let model = if n % 2 == 0 { "Intel Xeon" } else { "SPARC T3" };
        uses.push(row(UseKind::Vm, None, &[("vm", &vm), ("host", &host), ("vcpus", "3")], n * 3));
        uses.push(row(UseKind::Install, Some("Oracle Database"), &[("device", &vm)], n * 3 + 1));
        let cores = (n + 5).to_string();
        uses.push(row(
            UseKind::Host,
            None,
            &[("host", &host), ("cores", &cores), ("cpu_model", model)],
            n * 3 + 2,
        ));
    }
    let day = NaiveDate::from_ymd_opt(2026, 10, 31).unwrap();
    let shown = |uses: &[UseRow]| {
        let inventory = Inventory { uses: uses.to_vec(), ..Inventory::default() };
        format!("{:?}", measure_all(&inventory, &rules, day))
    };
    let expected = shown(&uses);
    for turn in [1, 7, 20] {
        uses.rotate_left(turn);
        assert_eq!(shown(&uses), expected);
    }
    uses.reverse();
    assert_eq!(shown(&uses), expected);
}

#[test]
fn the_examples_of_the_reference_come_out() {
    let reference = include_str!("../../../docs/licenses.md");
    let blocks = reference.split("```yaml licenses\n").skip(1);
    for text in blocks.filter_map(|text| text.split("\n```").next()) {
        assert_eq!(check_examples(&rules(text)), [], "{text}");
    }
}
