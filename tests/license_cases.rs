//! The worked examples of license terms, A01 to A24, against the shipped metrics, through the public
//! door: rows in, demands out, once per reading.
//!
//! What a case asks beyond measuring (the cheapest cover, the price of over-use, pools that share
//! rights, plans that contain each other, clauses of audits) is held where that is decided; here is
//! what they start from.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use costbook::licenses::{
    Holder, Inventory, Measured, Number, Origin, Product, UseKind, UseRow, Value, measure,
};
use costbook::rules::licenses::{LicenseRules, number};

fn day(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").expect("a day")
}

fn exact(text: &str) -> Number {
    number(text).expect("a number")
}

/// Rows of use, one after another.
#[derive(Default)]
struct Uses(Vec<UseRow>);

impl Uses {
    fn add(
        mut self,
        kind: UseKind,
        product: Option<(&str, &str, &str)>,
        fields: &[(&str, &str)],
    ) -> Self {
        let text = |text: &str| (!text.is_empty()).then(|| text.into());
        let holder =
            |name: &str| fields.iter().find(|(key, _)| *key == name).and_then(|(_, v)| text(v));
        let names = [
            "device",
            "host",
            "vm",
            "user",
            "counter",
            "cpu_model",
            "server_model",
            "cluster",
            "cloud",
        ];
        let value = |name: &str, said: &str| match (number(said), said) {
            (Some(number), _) if !names.contains(&name) => Value::Number(number),
            (_, "true") => Value::Truth(true),
            (_, "false") => Value::Truth(false),
            _ => Value::Text(said.into()),
        };
        self.0.push(UseRow {
            kind,
            product: product.map(|(publisher, name, edition)| Product {
                publisher: text(publisher),
                name: name.into(),
                edition: text(edition),
            }),
            raw_product: None,
            holder: Holder {
                pool: holder("pool"),
                legal_entity: holder("legal_entity"),
                ..Holder::default()
            },
            fields: fields.iter().map(|(name, said)| ((*name).into(), value(name, said))).collect(),
            snapshot: day("2026-10-31"),
            origin: Origin { path: "uses.csv".into(), row: self.0.len() as u64 + 2 },
        });
        self
    }

    fn host(self, host: &str, sockets: u32, cores: u32, more: &[(&str, &str)]) -> Self {
        let (sockets, cores) = (sockets.to_string(), cores.to_string());
        let mut fields = vec![("host", host), ("sockets", &sockets), ("cores", &cores)];
        fields.extend(more);
        self.add(UseKind::Host, None, &fields)
    }

    fn vm(self, vm: &str, vcpus: u32, more: &[(&str, &str)]) -> Self {
        let vcpus = vcpus.to_string();
        let mut fields = vec![("vm", vm), ("vcpus", &vcpus)];
        fields.extend(more);
        self.add(UseKind::Vm, None, &fields)
    }

    fn install(self, device: &str, product: (&str, &str, &str)) -> Self {
        self.add(UseKind::Install, Some(product), &[("device", device)])
    }

    /// Machines on a host, each with the product.
    fn machines(mut self, count: u32, host: &str, vcpus: u32, product: (&str, &str, &str)) -> Self {
        for number in 1..=count {
            let vm = format!("{host}-vm{number}");
            let on = if host.is_empty() { vec![] } else { vec![("host", host)] };
            self = self.vm(&vm, vcpus, &on).install(&vm, product);
        }
        self
    }

    fn measured(self, metric: &str, product: (&str, &str, &str), on: &str) -> Vec<Measured> {
        let rules = LicenseRules::shipped().expect("sound packs");
        let metric = rules.metric(metric).expect("a shipped metric");
        let inventory = Inventory { uses: self.0, ..Inventory::default() };
        let text = |text: &str| (!text.is_empty()).then(|| text.into());
        let product = Product {
            publisher: text(product.0),
            name: product.1.into(),
            edition: text(product.2),
        };
        measure(&inventory, &rules, metric, &product, day(on))
    }

    /// The sum of demands by reading.
    fn sums(self, metric: &str, product: (&str, &str, &str)) -> BTreeMap<String, Number> {
        let measured = self.measured(metric, product, "2026-10-31");
        let sum = |measured: &Measured| {
            let known = measured.demands.iter();
            known.map(|demand| demand.quantity.exact().expect("a known number").clone()).sum()
        };
        measured.iter().map(|one| (one.reading.interpretation.to_string(), sum(one))).collect()
    }

    #[track_caller]
    fn come_to(self, metric: &str, product: (&str, &str, &str), expected: &[(&str, &str)]) {
        let found = self.sums(metric, product);
        for (reading, number) in expected {
            assert_eq!(
                found.get(*reading),
                Some(&exact(number)),
                "{metric} by {reading}: {found:?}"
            );
        }
    }
}

const STANDARD: (&str, &str, &str) = ("Microsoft", "Windows Server", "Standard");
const DATACENTER: (&str, &str, &str) = ("Microsoft", "Windows Server", "Datacenter");
const SQL: (&str, &str, &str) = ("Microsoft", "SQL Server", "Enterprise");
const DATABASE: (&str, &str, &str) = ("Oracle", "Oracle Database", "Enterprise");
const DB2: (&str, &str, &str) = ("IBM", "Db2", "");
const PAK: (&str, &str, &str) = ("IBM", "Cloud Pak for Data", "");
const VSPHERE: (&str, &str, &str) = ("VMware", "vSphere", "");
const RHEL: (&str, &str, &str) = ("Red Hat", "Red Hat Enterprise Linux", "");
const JBOSS: (&str, &str, &str) = ("Red Hat", "JBoss Enterprise Application Platform", "");

#[test]
fn a01_to_a04_windows_server() {
    let of = |sockets, cores, machines, product| {
        let uses = Uses::default().host("h", sockets, cores, &[]);
        if machines == 0 {
            uses.install("h", product)
        } else {
            uses.machines(machines, "h", 4, product)
        }
    };
    for (sockets, cores, machines, product, expected) in [
        (2, 12, 2, STANDARD, "16"),
        (4, 16, 0, STANDARD, "32"),
        (4, 32, 10, STANDARD, "160"),
        (4, 32, 10, DATACENTER, "32"),
        (2, 64, 9, STANDARD, "320"),
    ] {
        of(sockets, cores, machines, product).come_to(
            "windows_server_core",
            product,
            &[("default", expected)],
        );
    }
}

/// The rights that the cheapest cover starts from: nine machines of four and two of eight.
#[test]
fn a05_sql_server_needs() {
    let uses = Uses::default().machines(9, "", 2, SQL);
    let uses = uses.vm("x", 8, &[]).install("x", SQL).vm("y", 8, &[]).install("y", SQL);
    let measured = uses.measured("sql_server_core", SQL, "2026-10-31");
    let mut each: Vec<Number> =
        measured[0].demands.iter().map(|d| d.quantity.low().clone()).collect();
    each.sort();
    assert_eq!(each, [4, 4, 4, 4, 4, 4, 4, 4, 4, 8, 8].map(|n: i64| exact(&n.to_string())));
}

#[test]
fn a06_azure_hybrid_benefit_for_windows() {
    for (vcpus, now, older) in [(4, "8", "8"), (12, "12", "16"), (20, "20", "24")] {
        let uses = Uses::default().vm("v", vcpus, &[("cloud", "azure")]).install("v", STANDARD);
        uses.come_to("azure_hybrid_windows", STANDARD, &[("default", now), ("blocks_of_8", older)]);
    }
}

#[test]
fn a07_azure_hybrid_benefit_for_sql_server() {
    let counter = |edition, value| {
        let product = ("Microsoft", "SQL Server", edition);
        let fields = [("counter", "assigned core licenses"), ("value", value)];
        let uses = Uses::default().add(UseKind::Counter, Some(product), &fields);
        uses.sums("azure_hybrid_sql_assigned", product)["default"].clone()
    };
    assert_eq!(counter("Enterprise", "4") + counter("Standard", "7"), exact("23"));
    for (edition, expected) in [("Enterprise", "16"), ("Standard", "4")] {
        let product = ("Microsoft", "SQL Server", edition);
        let uses = Uses::default().vm("v", 2, &[("cloud", "azure")]).install("v", product);
        uses.come_to("azure_hybrid_sql_nc", product, &[("default", expected)]);
    }
}

#[test]
fn a08_and_a09_oracle_processors_are_rounded_once_for_each_factor() {
    let xeon = [("cpu_model", "Intel(R) Xeon(R) Gold 6134")];
    let uses = Uses::default().host("h", 2, 8, &xeon).install("h", DATABASE);
    uses.come_to("oracle_processor", DATABASE, &[("default", "4")]);
    let mut uses = Uses::default();
    for host in ["a", "b", "c"] {
        uses = uses.host(host, 1, 5, &xeon).install(host, DATABASE);
    }
    uses.come_to("oracle_processor", DATABASE, &[("default", "8")]);
    // Another factor is rounded by itself: 1.25 up and 7.5 up.
    let mut uses =
        Uses::default().host("s", 1, 5, &[("cpu_model", "SPARC T3")]).install("s", DATABASE);
    for host in ["a", "b", "c"] {
        uses = uses.host(host, 1, 5, &xeon).install(host, DATABASE);
    }
    uses.come_to("oracle_processor", DATABASE, &[("default", "10")]);
}

#[test]
fn a10_minimum_of_named_users_in_both_readings() {
    let mut uses =
        Uses::default().host("h", 2, 8, &[("cpu_model", "Intel Xeon")]).install("h", DATABASE);
    for user in 0..20 {
        uses = uses.add(UseKind::Seat, Some(DATABASE), &[("user", &format!("u{user}"))]);
    }
    uses.come_to("oracle_nup", DATABASE, &[("after_factor", "100"), ("per_physical_core", "200")]);
}

#[test]
fn a11_oracle_in_authorised_clouds() {
    let of = |vcpus, edition, metric, expected| {
        let product = ("Oracle", "Oracle Database", edition);
        let aws = [("cloud", "aws"), ("hyper_threading", "true")];
        let uses = Uses::default().vm("v", vcpus, &aws).install("v", product);
        uses.come_to(metric, product, &[("default", expected)]);
    };
    of(4, "Enterprise", "oracle_processor", "2");
    of(7, "Standard 2", "oracle_standard_processor", "2");
    of(10, "Standard", "oracle_standard_processor", "3");
}

#[test]
fn a12_to_a14_ibm() {
    let host = || Uses::default().host("h", 2, 16, &[]);
    host().machines(2, "h", 10, PAK).come_to("ibm_vpc", PAK, &[("default", "16")]);
    host().machines(1, "h", 10, PAK).come_to("ibm_vpc", PAK, &[("default", "10")]);
    for (sockets, cores, model, expected) in [(1, 4, "PS700", "280"), (8, 64, "Power 770", "7680")]
    {
        let power = [("cpu_model", "POWER7"), ("server_model", model)];
        let uses = Uses::default().host("h", sockets, cores, &power).install("h", DB2);
        uses.come_to("ibm_pvu", DB2, &[("full_capacity", expected)]);
    }
    let cores = [("counter", "activated cores"), ("value", "150000")];
    let uses = Uses::default().add(UseKind::Counter, Some(DB2), &cores);
    uses.come_to("ibm_rvu_mapc", DB2, &[("default", "72500")]);
}

#[test]
fn a15_vmware() {
    let uses = Uses::default().host("h1", 2, 40, &[]).host("h2", 2, 16, &[]);
    let uses = uses.install("h1", VSPHERE).install("h2", VSPHERE);
    uses.come_to("vmware_core", VSPHERE, &[("default", "72")]);
}

#[test]
fn a16_and_a17_red_hat() {
    let host =
        |name, sockets| Uses::default().host(name, sockets, sockets * 8, &[]).install(name, RHEL);
    host("h", 10).come_to("rhel_socket_pair", RHEL, &[("default", "5")]);
    let free = Uses::default().machines(6, "", 2, RHEL);
    free.come_to("rhel_socket_pair", RHEL, &[("default", "3")]);
    host("h", 10).machines(20, "h", 2, RHEL).come_to(
        "rhel_socket_pair",
        RHEL,
        &[("default", "15")],
    );
    let cluster =
        host("h", 10).host("i", 20, 160, &[]).install("i", RHEL).machines(10, "i", 2, RHEL);
    cluster.come_to("rhel_socket_pair", RHEL, &[("default", "20")]);

    let cores = || Uses::default().host("h", 2, 16, &[]);
    cores().machines(6, "h", 2, JBOSS).come_to("rhel_core", JBOSS, &[("default", "12")]);
    let all = cores().machines(20, "h", 2, JBOSS).install("h", JBOSS);
    all.come_to("rhel_core", JBOSS, &[("default", "16")]);
}

fn sampled(
    product: (&str, &str, &str),
    samples: impl IntoIterator<Item = (NaiveDateTime, String)>,
) -> Uses {
    let mut uses = Uses::default();
    for (time, value) in samples {
        uses = uses.add(
            UseKind::Sample,
            Some(product),
            &[("value", &value), ("x_daily_limit", "100")],
        );
        let row = uses.0.last_mut().expect("the row that was added");
        row.fields.insert("time".into(), Value::Time(time));
        row.snapshot = time.date();
    }
    uses
}

/// The quarters that a true-up is about: the prices are laid on them by the policies.
#[test]
fn a18_the_most_users_of_each_quarter() {
    let product = ("GitLab", "GitLab Premium", "");
    let at = |text: &str| day(text).and_time(chrono::NaiveTime::MIN);
    for (end, peak, dip) in [
        ("2026-03-31", "110", "2026-02-01"),
        ("2026-06-30", "105", "2026-05-01"),
        ("2026-09-30", "120", "2026-08-01"),
        ("2026-12-31", "120", "2026-11-01"),
    ] {
        let all = [
            ("2026-02-20", "110"),
            ("2026-05-20", "105"),
            ("2026-08-20", "120"),
            ("2026-11-20", "120"),
        ];
        let mut samples: Vec<_> = all.iter().map(|(day, n)| (at(day), (*n).to_owned())).collect();
        samples.push((at(dip), "90".to_owned()));
        let measured = sampled(product, samples).measured("seat_quarter_peak", product, end);
        assert_eq!(measured[0].demands[0].quantity.exact(), Some(&exact(peak)), "{end}");
    }
}

#[test]
fn a19_hours_that_are_dropped() {
    let product = ("Datadog", "Datadog Infrastructure Pro", "");
    let hours = |first: &str, count: i64| {
        let first = day(first).and_time(chrono::NaiveTime::MIN);
        // Every hour another count, the highest somewhere in the middle.
        sampled(
            product,
            (0..count)
                .map(move |n| (first + TimeDelta::hours(n), ((n * 7919) % count + 1).to_string())),
        )
    };
    let of = |uses: Uses, on: &str| -> BTreeMap<String, Number> {
        let measured = uses.measured("host_high_water", product, on);
        measured
            .iter()
            .map(|one| {
                assert_eq!(one.coverage, Some(exact("1")));
                let quantity = one.demands[0].quantity.exact().expect("a known number").clone();
                (one.reading.interpretation.to_string(), quantity)
            })
            .collect()
    };
    // Counts are 1 to 720, each once: the eighth highest is 713 and the ninth 712.
    let september = of(hours("2026-09-01", 720), "2026-09-30");
    assert_eq!(september["host_plan"], exact("713"));
    assert_eq!(september["profiler"], exact("712"));
    let february = of(hours("2026-02-01", 672), "2026-02-28");
    assert_eq!(february["host_plan"], exact("666"));
    assert_eq!(february["profiler"], exact("665"));
}

#[test]
fn a20_java_by_all_units() {
    let product = ("Oracle", "Java SE", "");
    let staff = || {
        Uses::default().add(UseKind::Counter, None, &[("counter", "employees"), ("value", "5000")])
    };
    staff().come_to("java_employee", product, &[("default", "5000")]);
    staff().come_to("java_employee_price", product, &[("default", "630000")]);
}

#[test]
fn a21_the_fifth_warning_is_a_violation() {
    let product = ("Splunk", "Splunk Enterprise", "");
    let days = |over: &[u32]| {
        let over = over.to_vec();
        let at =
            |n: u32| day("2026-10-01").and_time(chrono::NaiveTime::MIN) + TimeDelta::days(n.into());
        let value = move |n: u32| if over.contains(&n) { "101" } else { "10" }.to_owned();
        let uses = sampled(product, (0..31).map(move |n| (at(n), value(n))));
        uses.measured("daily_volume_warnings", product, "2026-10-31").remove(0)
    };
    let five = days(&[3, 8, 9, 20, 27]);
    assert_eq!(five.breaches.len(), 1, "{five:?}");
    assert_eq!(five.breaches[0].since, Some(day("2026-10-28")));
    assert!(five.demands.is_empty());
    assert!(days(&[3, 8, 9, 20]).breaches.is_empty());
}

/// What the pools share is matched elsewhere; each pool's need is known here.
#[test]
fn a22_needs_by_pool() {
    let product = ("Vendor", "Tool", "");
    let mut uses = Uses::default();
    for (pool, count) in [("HR", 30), ("Sales", 60)] {
        for user in 0..count {
            let user = format!("{pool}{user}");
            uses = uses.add(UseKind::Seat, Some(product), &[("user", &user), ("pool", pool)]);
        }
    }
    let measured = uses.measured("named_seat", product, "2026-10-31");
    let mut pools: BTreeMap<String, Number> = BTreeMap::new();
    for demand in &measured[0].demands {
        let pool = demand.holder.pool.as_ref().expect("a pool").to_string();
        *pools.entry(pool).or_default() += demand.quantity.low();
    }
    assert_eq!(pools, BTreeMap::from([("HR".into(), exact("30")), ("Sales".into(), exact("60"))]));
}

/// That one plan contains the other is decided by the lists of plans; both are held by one user.
#[test]
fn a23_two_plans_of_one_user_count_in_each() {
    let plans = [("Microsoft", "Office 365 E3", ""), ("Microsoft", "Microsoft 365 E3", "")];
    for plan in plans {
        let mut uses = Uses::default();
        for held in plans {
            uses = uses.add(UseKind::Seat, Some(held), &[("user", "ann")]);
        }
        let measured = uses.measured("m365_user", plan, "2026-10-31");
        let demands = &measured[0].demands;
        assert_eq!((demands.len(), &*demands[0].subject.id), (1, "ann"));
    }
}

/// The actual use that a report of 90 is held against.
#[test]
fn a24_actual_use() {
    let product = ("Vendor", "Hosted Tool", "");
    let mut uses = Uses::default();
    for user in 0..100 {
        uses = uses.add(UseKind::Seat, Some(product), &[("user", &format!("u{user}"))]);
    }
    uses.come_to("named_seat", product, &[("default", "100")]);
}
