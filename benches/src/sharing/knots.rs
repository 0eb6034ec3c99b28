//! Pools that do nothing but give to each other.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::random::Random;

const OWNERS: usize = 10;
const COSTBOOK: &str = "\
organisation: Benchmark
currency: EUR
sources: [ { name: bill, format: focus, files: bill.csv, days: any } ]
owners: owners.csv
rules: rules.yaml
";
/// One charge.
const BILL: &str = "\
BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingAccountId,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ChargeDescription,ProviderName,PublisherName,InvoiceIssuerName,ServiceName,ServiceCategory,SubAccountId,Tags
1000,1000,1000,1000,EUR,payer,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-05T00:00:00Z,2026-10-05T01:00:00Z,Usage,Use,Cloud,Cloud,Cloud,Service,Compute,account,
";

/// How pools are tied to each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Knot {
    /// Each uses the next, and five others: solved together.
    Ring(usize),
    /// Each gives to the next.
    Chain(usize),
}

impl Knot {
    pub(super) fn name(self) -> String {
        match self {
            Self::Ring(size) => format!("ring-{size}"),
            Self::Chain(size) => format!("chain-{size}"),
        }
    }

    /// # Errors
    /// If a file cannot be written.
    pub(super) fn write(self, root: &Path) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(root)?;
        let mut project = COSTBOOK.to_owned();
        let rules = match self {
            Self::Ring(size) => {
                let (rules, usage) = ring(size);
                project.push_str("drivers: [ { name: use, files: use.csv } ]\n");
                let usage = format!("period,pool,consumer,quantity\n{usage}");
                fs::write(root.join("use.csv"), usage)?;
                rules
            }
            Self::Chain(size) => chain(size),
        };
        fs::write(root.join("costbook.yaml"), project)?;
        fs::write(root.join("rules.yaml"), rules)?;
        let owners: String = (0..OWNERS).map(|owner| format!("o{owner}\n")).collect();
        fs::write(root.join("owners.csv"), format!("id\n{owners}"))?;
        fs::write(root.join("bill.csv"), BILL)?;
        Ok(())
    }
}

fn ring(size: usize) -> (String, String) {
    let names: Vec<String> = (0..size).map(|index| format!("p{index}")).collect();
    let mut rules = "classify: [ { name: all, pool: p0 } ]\npools:\n".to_owned();
    let mut usage = String::new();
    for (index, name) in names.iter().enumerate() {
        let random = &mut Random::of(&format!("ring {index}"));
        put(
            &mut rules,
            format_args!("  {name}: {{ split: driver, driver: use, on_zero_driver: fail }}\n"),
        );
        let others = (0..6).map(|hop| (index + 1 + hop * (1 + size / 7)) % size);
        let mut others: Vec<usize> = others.filter(|other| *other != index).collect();
        others.sort_unstable();
        others.dedup();
        let pools = others.into_iter().map(|other| names[other].clone());
        for to in pools.chain((0..OWNERS).map(|owner| format!("o{owner}"))) {
            let (whole, part) = (random.below(900), 1 + random.below(99));
            put(&mut usage, format_args!("2026-10,{name},{to},{whole}.{part:02}\n"));
        }
    }
    put(&mut rules, format_args!("stages: [ {{ reciprocal: [ {} ] }} ]\n", names.join(", ")));
    (rules, usage)
}

fn chain(size: usize) -> String {
    let mut rules = "classify: [ { name: all, pool: p0 } ]\npools:\n".to_owned();
    for index in 0..size {
        let (next, owner) = (index + 1, index % OWNERS);
        let split = if next == size {
            format!("{{ o{owner}: 1 }}")
        } else {
            format!("{{ o{owner}: 0.1%, p{next}: 99.9% }}")
        };
        put(&mut rules, format_args!("  p{index}: {{ split: fixed, shares: {split} }}\n"));
    }
    rules
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    // A text in memory takes whatever is written.
    let _ = text.write_fmt(line);
}
