//! Who used how much: driver tables, with their consumers looked up.
//!
//! Owns the meaning of a driver's names and which of its rows speak of a part of a pool.
//!
//! A consumer is an owner or a pool; `owner:` or `pool:` in front says which, where both have the
//! name. Nothing is guessed: a consumer that is neither is an error at its row.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::diagnostics::{Code, Finding, did_you_mean};
use crate::domain::{Amount, Org, Period};
use crate::ingest::{Consumer, DriverRow, DriverTable};
use crate::rules::{DriverUse, Pool, PoolId, PoolName, RuleSet};

use super::dropped::Dropped;

/// One who receives by a driver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Receiver {
    Owner(String),
    Pool(PoolName),
    /// The table says that nobody bears it.
    Nobody,
}

/// The driver tables of a run, for one month.
#[derive(Debug)]
pub(super) struct Usage<'d> {
    tables: BTreeMap<&'d str, Table<'d>>,
    /// Who used less of commitments, where a pool goes by that.
    pub(super) dropped: Dropped,
    pub(super) findings: Vec<Finding>,
}

#[derive(Debug)]
struct Table<'d> {
    read: &'d DriverTable,
    /// By the pool that they name, nothing for all: a pool is asked for often, and a table can have
    /// rows of many.
    rows: BTreeMap<&'d str, Vec<(&'d DriverRow, Receiver)>>,
    /// Whether rows of the month could not be used, which is told of each.
    has_faults: bool,
}

/// The part of a pool whose quantities are asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) pool: &'a PoolName,
    /// `None`: the whole month.
    pub(super) day: Option<NaiveDate>,
    /// Values of the driver's scope fields.
    pub(super) scope: &'a [Option<&'a str>],
}

impl<'d> Usage<'d> {
    /// Nobody used anything.
    pub(super) fn none() -> Self {
        let (tables, dropped) = (BTreeMap::new(), Dropped::default());
        Self { tables, dropped, findings: Vec::new() }
    }

    pub(super) fn of(
        tables: &'d [DriverTable],
        rules: &RuleSet,
        org: &Org,
        month: Period,
        held: &BTreeSet<PoolName>,
    ) -> Self {
        let (tables_found, dropped) = (BTreeMap::new(), Dropped::default());
        let mut found = Self { tables: tables_found, dropped, findings: Vec::new() };
        let used: BTreeSet<&str> =
            rules.pools.iter().flat_map(Pool::drivers).map(|driver| driver.name.as_str()).collect();
        for table in tables.iter().filter(|table| used.contains(table.name.as_str())) {
            let names = Consumers { rules, org, table, held };
            let mut rows: BTreeMap<&str, Vec<_>> = BTreeMap::new();
            let mut has_faults = false;
            let mut seen = BTreeSet::new();
            for row in table.rows.iter().filter(|row| row.days.overlaps(month.days())) {
                let consumer = names.find(row).and_then(|consumer| {
                    let about = (row.days, &row.pool, &row.scope, consumer.clone());
                    let is_new = consumer == Receiver::Nobody || seen.insert(about);
                    if is_new { Ok(consumer) } else { Err(names.repeated(row)) }
                });
                match consumer {
                    Ok(consumer) => {
                        rows.entry(row.pool.as_deref().unwrap_or_default())
                            .or_default()
                            .push((row, consumer));
                    }
                    Err(finding) => {
                        found.findings.push(finding);
                        has_faults = true;
                    }
                }
            }
            found.tables.insert(&table.name, Table { read: table, rows, has_faults });
        }
        found
    }

    /// Whether the driver has a table with rows by day.
    pub(super) fn has_days(&self, driver: &DriverUse) -> bool {
        self.tables.get(driver.name.as_str()).is_some_and(|table| table.read.has_days)
    }

    pub(super) fn unit(&self, driver: &DriverUse) -> &str {
        let table = self.tables.get(driver.name.as_str());
        table.and_then(|table| table.read.unit.as_deref()).unwrap_or("")
    }

    /// Whether the month has any row that speaks of the pool.
    pub(super) fn is_there(&self, driver: &DriverUse, pool: &PoolName, rules: &RuleSet) -> bool {
        self.rows(driver, pool, rules).next().is_some()
    }

    /// Whether it is worth telling that the driver has no row: not where rows are wrong.
    pub(super) fn is_whole(&self, driver: &DriverUse) -> bool {
        self.tables.get(driver.name.as_str()).is_none_or(|table| !table.has_faults)
    }

    /// Rows that speak of a pool: those that name no pool, or this one in any of its names.
    fn rows<'u>(
        &'u self,
        driver: &DriverUse,
        pool: &PoolName,
        rules: &RuleSet,
    ) -> impl Iterator<Item = &'u (&'d DriverRow, Receiver)> {
        let rows = self.tables.get(driver.name.as_str()).map(|table| &table.rows);
        let declared = rules.pool(pool.pool);
        let label = declared.label(pool.value.as_deref());
        let value = pool.value.as_deref().unwrap_or_default();
        let names: BTreeSet<&str> = ["", value, &declared.name, &label].into();
        let found = names.into_iter().filter_map(|name| rows?.get(name));
        found.collect::<Vec<_>>().into_iter().flatten()
    }

    /// The pools that a pool may give to by this driver.
    pub(super) fn pools_fed(
        &self,
        driver: &DriverUse,
        pool: &PoolName,
        rules: &RuleSet,
    ) -> BTreeSet<PoolName> {
        let fed = self.rows(driver, pool, rules).filter_map(|(_, consumer)| match consumer {
            Receiver::Pool(name) if name != pool => Some(name.clone()),
            _ => None,
        });
        fed.collect()
    }

    /// Quantities by consumer. Of rows that speak of a part of the pool, those count that say most
    /// about it: a row for its day and its scope before one for the month or for all. What a pool
    /// uses of itself is left out: it comes back, and is shared like the rest.
    pub(super) fn quantities(
        &self,
        driver: &DriverUse,
        asked: Asked<'_>,
        rules: &RuleSet,
    ) -> BTreeMap<Receiver, Amount> {
        let mut found: BTreeMap<Receiver, Amount> = BTreeMap::new();
        for (row, consumer) in self.counted(driver, asked, rules) {
            *found.entry(consumer.clone()).or_default() += row.quantity;
        }
        found
    }

    /// The rows that [`Usage::quantities`] adds up.
    pub(super) fn counted<'u>(
        &'u self,
        driver: &DriverUse,
        asked: Asked<'u>,
        rules: &'u RuleSet,
    ) -> Vec<&'u (&'d DriverRow, Receiver)> {
        let mut found = Vec::new();
        let mut most = None;
        for row in self.rows(driver, asked.pool, rules) {
            let Some(said) = said_of(row.0, &asked) else { continue };
            if most.is_none_or(|most| said > most) {
                found.clear();
                most = Some(said);
            }
            let is_itself = matches!(&row.1, Receiver::Pool(name) if name == asked.pool);
            if most == Some(said) && !is_itself {
                found.push(row);
            }
        }
        found
    }
}

/// How much a row says of a part of a pool: fields of its scope, and whether it is for the very
/// day; `None` where it speaks of another part.
fn said_of(row: &DriverRow, asked: &Asked<'_>) -> Option<(usize, bool)> {
    let mut fields = 0;
    for (said, value) in row.scope.iter().zip(asked.scope) {
        match said {
            None => {}
            Some(said) if Some(said.as_str()) == *value => fields += 1,
            Some(_) => return None,
        }
    }
    // Where the whole month is asked, its days are added up with what is told of the month.
    match asked.day {
        None => Some((fields, false)),
        Some(day) => row.days.contains(day).then_some((fields, is_of_a_day(row))),
    }
}

fn is_of_a_day(row: &DriverRow) -> bool {
    let after = row.days.from().and_then(|day| day.succ_opt());
    after.is_some() && after == row.days.to()
}

/// What consumers of a table may be.
struct Consumers<'a> {
    rules: &'a RuleSet,
    org: &'a Org,
    table: &'a DriverTable,
    /// Pools that charges were classified to.
    held: &'a BTreeSet<PoolName>,
}

impl Consumers<'_> {
    fn find(&self, row: &DriverRow) -> Result<Receiver, Finding> {
        let Consumer::Named(name) = &row.consumer else { return Ok(Receiver::Nobody) };
        let unknown = || self.unknown(name, row);
        if let Some(owner) = name.strip_prefix("owner:") {
            return self.owner(owner).ok_or_else(unknown);
        }
        if let Some(pool) = name.strip_prefix("pool:") {
            return self.pool(pool).map(Receiver::Pool).ok_or_else(unknown);
        }
        let (owner, pool) = (self.owner_declared(name), self.pool(name));
        match (owner, pool) {
            (true, Some(_)) => {
                let text = format!("`{name}` is an owner and a pool");
                let help = format!("write owner:{name} or pool:{name}");
                Err(Finding::new(Code::DriverConsumer, text).help(help).at(row.place.clone()))
            }
            (_, Some(pool)) => Ok(Receiver::Pool(pool)),
            (_, None) => self.owner(name).ok_or_else(unknown),
        }
    }

    /// Who is named in two ways would weigh twice.
    fn repeated(&self, row: &DriverRow) -> Finding {
        let name = match &row.consumer {
            Consumer::Named(name) => name,
            Consumer::Unallocated => "nobody",
        };
        let text = format!(
            "driver `{}` has `{name}` a second time, under another spelling, for the same days and part",
            self.table.name
        );
        let help = "keep one of the two rows, or add them up";
        Finding::new(Code::DriverConsumer, text).help(help).at(row.place.clone())
    }

    fn owner_declared(&self, name: &str) -> bool {
        self.org.ids().any(|id| id == name)
    }

    /// In a project without cost centers, any name is one.
    fn owner(&self, name: &str) -> Option<Receiver> {
        let is_owner = self.org.is_undeclared() || self.owner_declared(name);
        (is_owner && !name.is_empty()).then(|| Receiver::Owner(name.to_owned()))
    }

    /// A pool by its name, one of a family by `family/value`, or by its value alone where a family
    /// goes by this table, and charges or rows of it have that value.
    fn pool(&self, name: &str) -> Option<PoolName> {
        let find = |name: &str| self.rules.pools.iter().position(|pool| pool.name == name);
        let id = |index: usize| u16::try_from(index).ok().map(PoolId);
        if let Some(index) = find(name)
            && self.rules.pools[index].each.is_none()
        {
            return id(index).map(|pool| PoolName { pool, value: None });
        }
        if let Some((family, value)) = name.split_once('/')
            && let Some(index) = find(family)
            && self.rules.pools[index].each.is_some()
        {
            return id(index).map(|pool| PoolName { pool, value: Some(value.to_owned()) });
        }
        let by_table = |pool: &Pool| {
            pool.each.is_some() && pool.drivers().any(|driver| driver.name == self.table.name)
        };
        let pool = id(self.rules.pools.iter().position(by_table)?)?;
        let found = PoolName { pool, value: Some(name.to_owned()) };
        let is_named = |row: &DriverRow| row.pool.as_deref() == Some(name);
        let is_known = self.held.contains(&found) || self.table.rows.iter().any(is_named);
        is_known.then_some(found)
    }

    fn unknown(&self, name: &str, row: &DriverRow) -> Finding {
        let text = format!(
            "driver `{}` has the consumer `{name}`, which is neither a cost center nor a pool",
            self.table.name
        );
        let pools = self.rules.pools.iter().map(|pool| pool.name.as_str());
        let near = did_you_mean(name, self.org.ids().chain(pools));
        let help = near.map_or_else(
            || "add it to the table of cost centers, or correct the driver's table".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Finding::new(Code::DriverConsumer, text).help(help).at(row.place.clone())
    }
}
