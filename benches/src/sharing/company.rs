//! A company that shares two fifths of its cost by 200 pools of every kind.

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use crate::random::Random;

pub(super) const OWNERS: usize = 300;
const POOLS: usize = 200;
const STAGES: usize = 12;
/// The stage whose pools use each other, and how many they are.
const RECIPROCAL: (usize, usize) = (6, 20);
const DAYS: u64 = 31;
const SERVICES: u64 = 40;

const COSTBOOK: &str = "\
organisation: Benchmark
currency: EUR
sources:
  - name: bill
    format: focus
    files: \"data/*\"
owners: owners.csv
rules: rules.yaml
exchange: { rates: rates.csv, policy: month_end }
drivers:
  - { name: monthly, files: monthly.csv }
  - { name: daily, files: daily.csv }
";

/// Writes the project, with a row for each cell of the cube.
///
/// # Errors
/// If a file cannot be written.
pub(super) fn write(root: &Path, cells: u64) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(root.join("data"))?;
    fs::write(root.join("costbook.yaml"), COSTBOOK)?;
    fs::write(root.join("owners.csv"), owners())?;
    fs::write(root.join("rates.csv"), "date,from,to,rate\n2026-10-30,USD,EUR,0.8652\n")?;
    fs::write(root.join("rules.yaml"), rules())?;
    fs::write(root.join("monthly.csv"), monthly())?;
    fs::write(root.join("daily.csv"), daily())?;
    bill(&root.join("data/bill.csv"), cells)
}

pub(super) fn owner(index: usize) -> String {
    format!("CC{:04}", index + 1)
}

pub(super) fn owners() -> String {
    let mut text = "id,name,parent\nALL,Benchmark,\n".to_owned();
    for unit in 1..=20 {
        put(&mut text, format_args!("UNIT{unit:02},Unit {unit},ALL\n"));
    }
    for index in 0..OWNERS {
        let unit = 1 + index % 20;
        put(&mut text, format_args!("{},Cost center {index},UNIT{unit:02}\n", owner(index)));
    }
    text
}

fn pool(index: usize) -> String {
    format!("pool-{index:03}")
}

/// How many pools stand in each stage, first to last.
fn stage_of(index: usize) -> usize {
    let (stage, size) = RECIPROCAL;
    let others = POOLS - size;
    let before = others * stage / (STAGES - 1);
    if index < before {
        index * stage / before
    } else if index < before + size {
        stage
    } else {
        stage + 1 + (index - before - size) * (STAGES - stage - 1) / (others - before)
    }
}

/// How a pool is split. Pools of a kind stand in every stage, so that each kind feeds others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Proportional,
    Within,
    Accumulated,
    Even,
    Fixed,
    Monthly,
    Daily,
    Rate,
}

fn kind(index: usize) -> Kind {
    match (stage_of(index), index % 10) {
        (stage, _) if stage == RECIPROCAL.0 => Kind::Monthly,
        // Whatever gives to a pool that is divided by day is divided by day, too.
        (0 | 1, 0..=2) => Kind::Daily,
        (_, 0 | 1) => Kind::Proportional,
        (_, 2) => Kind::Within,
        (_, 3) => Kind::Accumulated,
        (_, 4) => Kind::Even,
        (_, 5 | 6) => Kind::Fixed,
        (_, 7) => Kind::Rate,
        _ => Kind::Monthly,
    }
}

/// A pool of a later stage, where there is one.
fn later(index: usize, random: &mut Random) -> Option<String> {
    let stage = stage_of(index);
    let first = (index..POOLS).find(|other| stage_of(*other) > stage.max(1))?;
    Some(pool(first + below(random, POOLS - first)))
}

fn below(random: &mut Random, limit: usize) -> usize {
    usize::try_from(random.below(limit as u64)).unwrap_or_default()
}

fn rules() -> String {
    let mut text = "classify:\n".to_owned();
    for index in 0..POOLS {
        let name = pool(index);
        put(
            &mut text,
            format_args!("  - {{ name: {name}, when: {{ tag.pool: {name} }}, pool: {name} }}\n"),
        );
    }
    text.push_str("  - { name: owner, owner: { from: tag.owner } }\npools:\n");
    for index in 0..POOLS {
        put(&mut text, format_args!("  {}: {}\n", pool(index), split(index)));
    }
    text.push_str("stages:\n");
    for stage in 0..STAGES {
        let members = (0..POOLS).filter(|index| stage_of(*index) == stage).map(pool);
        let members = members.collect::<Vec<_>>().join(", ");
        let line = if stage == RECIPROCAL.0 {
            format!("  - reciprocal: [ {members} ]\n")
        } else {
            format!("  - [ {members} ]\n")
        };
        text.push_str(&line);
    }
    text
}

fn split(index: usize) -> String {
    let random = &mut Random::of(&format!("split {index}"));
    match kind(index) {
        Kind::Proportional => "{ split: proportional }".to_owned(),
        Kind::Within => {
            "{ split: proportional, within: [ sub_account_id ], on_zero_driver: widen }".to_owned()
        }
        Kind::Accumulated => {
            "{ split: proportional, base: accumulated, cutoff: { below: 0.01%, into: others } }"
                .to_owned()
        }
        Kind::Even => "{ split: even }".to_owned(),
        Kind::Fixed => {
            let first = below(random, OWNERS - 5);
            let to = later(index, random).unwrap_or_else(|| owner(first + 4));
            let [a, b, c] = [first, first + 1, first + 2].map(owner);
            format!("{{ split: fixed, shares: {{ {a}: 30%, {b}: 25.5%, {c}: 1/4, {to}: 0.195 }} }}")
        }
        Kind::Monthly => {
            "{ split: driver, driver: monthly, on_zero_driver: unallocated }".to_owned()
        }
        Kind::Daily => "{ split: driver, driver: daily, on_zero_driver: unallocated }".to_owned(),
        Kind::Rate => {
            let to = later(index, random).unwrap_or_else(|| owner(below(random, OWNERS)));
            format!(
                "{{ split: rate, driver: monthly, tiers: [ {{ to: 100, price: 0.235 EUR }}, {{ price: 0.2 EUR }} ], remainder: {to} }}"
            )
        }
    }
}

fn quantity(random: &mut Random) -> String {
    format!("{}.{:03}", random.below(900), random.below(1000))
}

fn monthly() -> String {
    let mut text = "period,pool,consumer,quantity\n".to_owned();
    let group: Vec<usize> = (0..POOLS).filter(|index| stage_of(*index) == RECIPROCAL.0).collect();
    for index in 0..POOLS {
        if !matches!(kind(index), Kind::Monthly | Kind::Rate) {
            continue;
        }
        let name = pool(index);
        let random = &mut Random::of(&format!("monthly {index}"));
        for number in 0..OWNERS {
            let (to, quantity) = (owner(number), quantity(random));
            put(&mut text, format_args!("2026-10,{name},{to},{quantity}\n"));
        }
        let mut pools: Vec<String> = Vec::new();
        if group.contains(&index) {
            pools.extend(group.iter().filter(|other| **other != index).map(|other| pool(*other)));
        }
        pools.extend(later(index, random));
        for to in pools {
            let quantity = quantity(random);
            put(&mut text, format_args!("2026-10,{name},{to},{quantity}\n"));
        }
    }
    text
}

fn daily() -> String {
    let mut text = "day,pool,consumer,quantity\n".to_owned();
    for index in (0..POOLS).filter(|index| kind(*index) == Kind::Daily) {
        let name = pool(index);
        let random = &mut Random::of(&format!("daily {index}"));
        for day in 1..=DAYS {
            for number in 0..OWNERS {
                let (to, quantity) = (owner(number), quantity(random));
                put(&mut text, format_args!("2026-10-{day:02},{name},{to},{quantity}\n"));
            }
        }
    }
    text
}

/// One row for each cell: who bears it, the day, the service, the sub account.
fn bill(path: &Path, cells: u64) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(
        out,
        "BilledCost,EffectiveCost,ListCost,ContractedCost,BillingCurrency,BillingAccountId,\
         BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,\
         ChargeDescription,ProviderName,PublisherName,InvoiceIssuerName,ServiceName,ServiceCategory,\
         SubAccountId,Tags"
    )?;
    let bearers = (OWNERS + POOLS) as u64;
    for cell in 0..cells {
        let random = &mut Random::of(&format!("cell {cell}"));
        let (bearer, rest) = (cell % bearers, cell / bearers);
        let (day, rest) = (1 + rest % DAYS, rest / DAYS);
        let (service, account) = (rest % SERVICES, rest / SERVICES);
        let bearer = usize::try_from(bearer)?;
        let tag = match bearer.checked_sub(OWNERS) {
            Some(index) => format!("pool\"\":\"\"{}", pool(index)),
            None => format!("owner\"\":\"\"{}", owner(bearer)),
        };
        let currency = if bearer % 5 == 0 { "USD" } else { "EUR" };
        let cost = format!("{}.{:09}", random.below(40), random.below(1_000_000_000));
        writeln!(
            out,
            "{cost},{cost},{cost},{cost},{currency},payer,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,\
             2026-10-{day:02}T00:00:00Z,2026-10-{day:02}T01:00:00Z,Usage,Use,Cloud,Cloud,Cloud,\
             Service {service:02},Compute,account-{account:02},\"{{\"\"{tag}\"\"}}\"",
        )?;
    }
    out.flush()?;
    Ok(())
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    // A text in memory takes whatever is written.
    let _ = text.write_fmt(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_as_many_as_promised() {
        let of_stage = |stage: usize| (0..POOLS).filter(|index| stage_of(*index) == stage).count();
        assert!((0..STAGES).all(|stage| of_stage(stage) > 0));
        assert_eq!(of_stage(RECIPROCAL.0), RECIPROCAL.1);
        assert_eq!((0..STAGES).map(of_stage).sum::<usize>(), POOLS);
    }
}
