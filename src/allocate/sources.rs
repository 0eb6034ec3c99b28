//! What is behind a division: the cells and earlier divisions whose money it divides, and the driver
//! rows that it goes by.

use crate::domain::Period;
use crate::ingest::DriverRow;
use crate::rules::{DriverUse, FieldId, PoolName, RuleSet, SplitMethod};

use super::cube::{Cell, Cube};
use super::holdings::lot_key;
use super::model::{Allocation, Division, LotKey, Party, When};
use super::pools::{Setting, held, segment_of};
use super::usage::{Asked, Receiver, Usage};

/// Which division of a month divides what.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    pub cube: &'a Cube,
    pub rules: &'a RuleSet,
    pub allocation: &'a Allocation,
}

impl Sources<'_> {
    /// The division, by its index, that divides a cell; `None` where no pool bears the cell.
    #[must_use]
    pub fn of_cell(&self, cell: &Cell<'_>) -> Option<u32> {
        let lots = &self.allocation.lots;
        // A pool keeps either its days apart or its segments.
        [When::Day(cell.day), When::Segment(cell.group.segment)]
            .into_iter()
            .find_map(|when| lots.get(&lot_key(self.cube, self.rules, cell.group, when)?).copied())
    }

    /// The division that goes on with what `division` gave to a pool.
    #[must_use]
    pub fn of_given(&self, division: &Division, to: &PoolName) -> Option<u32> {
        let segment = match division.when {
            When::Day(day) => When::Segment(segment_of(&self.cube.segments, day)),
            segment @ When::Segment(_) => segment,
        };
        [division.when, segment].into_iter().find_map(|when| {
            let key = LotKey {
                pool: to.clone(),
                when,
                component: division.component.clone(),
                currency: division.currency,
                traits: Vec::new(),
            };
            self.allocation.lots.get(&key).copied()
        })
    }
}

/// The rows of driver tables, as the divisions of a month go by them.
#[derive(Debug)]
pub struct DriverRows<'d> {
    rules: &'d RuleSet,
    month: Period,
    usage: Usage<'d>,
}

impl<'d> DriverRows<'d> {
    #[must_use]
    pub fn of(cube: &Cube, setting: Setting<'d>, month: Period) -> Self {
        let Setting { rules, org, drivers, .. } = setting;
        let usage = Usage::of(drivers, rules, org, month, &held(cube, month));
        Self { rules, month, usage }
    }

    /// What a driver's quantities are counted in; empty where it is not known.
    #[must_use]
    pub fn unit(&self, driver: &DriverUse) -> &str {
        self.usage.unit(driver)
    }

    /// The rows of a driver by which a division weighs a receiver, in the table's order.
    #[must_use]
    pub fn behind(
        &self,
        driver: &DriverUse,
        division: &Division,
        to: &Party,
    ) -> Vec<&'d DriverRow> {
        let declared = self.rules.pool(division.pool.pool);
        let fields = declared.lot_fields();
        let value = |field: &FieldId| {
            let at = fields.iter().position(|known| known == field)?;
            division.traits.get(at)?.as_deref()
        };
        let is_price = matches!(declared.split, SplitMethod::Rate { .. });
        let scope: Vec<Option<&str>> =
            if is_price { Vec::new() } else { driver.scope.iter().map(value).collect() };
        let day = match division.when {
            When::Day(day) if !is_price && self.month.days().contains(day) => Some(day),
            _ => None,
        };
        let of = |day| {
            let asked = Asked { pool: &division.pool, day, scope: &scope };
            let counted = self.usage.counted(driver, asked, self.rules);
            let weighed = counted.iter().any(|(row, _)| !row.quantity.is_zero());
            let ours = counted.into_iter().filter(|(_, consumer)| self.is(consumer, to));
            (weighed, ours.map(|(row, _)| *row).collect::<Vec<_>>())
        };
        match of(day) {
            // Where a day has no quantity at all, the pool may go by the whole month.
            (false, _) => of(None).1,
            (true, rows) => rows,
        }
    }

    fn is(&self, consumer: &Receiver, party: &Party) -> bool {
        match (consumer, party) {
            (Receiver::Owner(owner), Party::Owner(name)) => owner == name,
            (Receiver::Pool(pool), Party::Pool(label)) => {
                self.rules.pool(pool.pool).label(pool.value.as_deref()) == *label
            }
            (Receiver::Nobody, Party::Unallocated) => true,
            _ => false,
        }
    }
}
