//! What each party has of a month before any pool is emptied.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use crate::domain::{Costs, Currency, Period};
use crate::rules::{FieldId, PoolId, PoolName, RuleSet, SplitMethod};

use super::cube::{Bearer, Cube, Group, NameId};
use super::dropped::classified_text;
use super::model::{Flow, Line, LotKey, Party, When};

/// What a pool holds that is divided as one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lot {
    pub(super) costs: Costs,
    /// What of it other pools gave.
    pub(super) received: Costs,
}

/// What an owner bears by what pools ask of its charges: the values of fields, and bits of `bases`.
type Asked = BTreeMap<(Box<[NameId]>, u64), Costs>;

#[derive(Debug)]
pub(super) struct Holdings<'c> {
    cube: &'c Cube,
    direct: BTreeMap<(Party, String, Currency), (u64, Costs)>,
    owners: BTreeMap<(String, Currency), Asked>,
    lots: BTreeMap<PoolName, BTreeMap<LotKey, Lot>>,
}

/// Costs of owners by currency and the values of some fields.
pub(super) type Weighed<'h> = HashMap<(Currency, Vec<Option<&'h str>>), BTreeMap<&'h str, Costs>>;

impl<'c> Holdings<'c> {
    /// Pools that are `daily` have a lot for each day.
    pub(super) fn of(
        cube: &'c Cube,
        rules: &RuleSet,
        month: Period,
        daily: &BTreeSet<PoolId>,
    ) -> Self {
        let (direct, owners, lots) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut found = Self { cube, direct, owners, lots };
        // Texts are compared once per sum, not once per group.
        let mut sums: HashMap<(Bearer, NameId, Currency), (u64, Costs)> = HashMap::new();
        let mut owners: HashMap<(NameId, Currency), Asked> = HashMap::new();
        for cells in cube.groups_of(month) {
            let Group { verdict, component, currency, .. } = *cells.group;
            let costs = cells.costs();
            let sum = sums.entry((verdict.bearer, component, currency)).or_default();
            sum.0 += cells.rows();
            sum.1 += costs;
            match verdict.bearer {
                Bearer::Owner(name) => {
                    let owner = owners.entry((name, currency)).or_default();
                    let asked = (cells.group.traits.clone(), cells.group.bases);
                    *owner.entry(asked).or_default() += costs;
                }
                Bearer::Pool(pool, _) if daily.contains(&pool) => {
                    for cell in cells.cells() {
                        found.hold(rules, cell.group, When::Day(cell.day), &cell.costs);
                    }
                }
                Bearer::Pool(..) => {
                    let group = cells.group;
                    found.hold(rules, group, When::Segment(group.segment), &costs);
                }
                Bearer::Unallocated(_) => {}
            }
        }
        for ((bearer, component, currency), (rows, costs)) in sums {
            let key = (party_of(cube, rules, bearer), cube.text(component).to_owned(), currency);
            let sum = found.direct.entry(key).or_default();
            sum.0 += rows;
            sum.1 += costs;
        }
        for ((name, currency), asked) in owners {
            found.owners.insert((cube.text(name).to_owned(), currency), asked);
        }
        found
    }

    fn hold(&mut self, rules: &RuleSet, group: &Group, when: When, costs: &Costs) {
        if let Some(key) = lot_key(self.cube, rules, group, when) {
            self.lot(key).costs += *costs;
        }
    }

    fn lot(&mut self, key: LotKey) -> &mut Lot {
        self.lots.entry(key.pool.clone()).or_default().entry(key).or_default()
    }

    /// Takes what a pool was given by another one.
    pub(super) fn receive(&mut self, key: LotKey, costs: &Costs) {
        let lot = self.lot(key);
        lot.costs += *costs;
        lot.received += *costs;
    }

    /// What a pool holds now.
    pub(super) fn lots_of(&self, pool: &PoolName) -> impl Iterator<Item = (&LotKey, &Lot)> {
        self.lots.get(pool).into_iter().flatten()
    }

    /// What owners bear directly, of the charges of which that basis holds, by the values of fields.
    pub(super) fn weighed(&self, fields: &[FieldId], basis: Option<u16>) -> Weighed<'_> {
        let at = |field: &FieldId| self.cube.lot_fields.binary_search(field).unwrap_or(usize::MAX);
        let positions: Vec<usize> = fields.iter().map(at).collect();
        let mut found = Weighed::new();
        for ((owner, currency), parts) in &self.owners {
            for ((traits, bases), costs) in parts {
                if basis.is_some_and(|bit| bases >> bit & 1 == 0) {
                    continue;
                }
                let value =
                    |at: &usize| self.cube.name(traits.get(*at).copied().unwrap_or_default());
                let values: Vec<Option<&str>> = positions.iter().map(value).collect();
                let weights = found.entry((*currency, values)).or_default();
                *weights.entry(owner).or_default() += *costs;
            }
        }
        found
    }

    /// Owners that bear anything directly.
    pub(super) fn owners(&self) -> BTreeSet<&str> {
        self.owners.keys().map(|(owner, _)| owner.as_str()).collect()
    }

    pub(super) fn lines(&self, month: Period) -> Vec<Line> {
        let line = |((party, component, currency), (rows, costs)): (
            &(Party, String, Currency),
            &(u64, Costs),
        )| Line {
            month,
            party: party.clone(),
            flow: Flow::Direct,
            component: component.clone(),
            currency: *currency,
            rows: *rows,
            costs: *costs,
            report_costs: None,
        };
        self.direct.iter().map(line).collect()
    }
}

/// The party that a bearer is.
pub(super) fn party_of(cube: &Cube, rules: &RuleSet, bearer: Bearer) -> Party {
    match bearer {
        Bearer::Owner(name) => Party::Owner(cube.text(name).to_owned()),
        Bearer::Pool(pool, value) => Party::Pool(rules.pool(pool).label(cube.name(value))),
        Bearer::Unallocated(_) => Party::Unallocated,
    }
}

/// The lot that the charges of a group go to; `None` where no pool bears them.
pub(super) fn lot_key(cube: &Cube, rules: &RuleSet, group: &Group, when: When) -> Option<LotKey> {
    lot_key_named(&cube.lot_fields, |name| cube.name(name), rules, group, when)
}

/// The same by names that are not yet those of the cube.
pub(super) fn lot_key_named<'n>(
    lot_fields: &[FieldId],
    name: impl Fn(NameId) -> Option<&'n str>,
    rules: &RuleSet,
    group: &Group,
    when: When,
) -> Option<LotKey> {
    let Bearer::Pool(pool, value) = group.verdict.bearer else { return None };
    let owned = |id| name(id).map(str::to_owned);
    let text = |field: &FieldId| {
        let position = lot_fields.binary_search(field).ok()?;
        owned(group.field(position))
    };
    let mut traits: Vec<Option<String>> = rules.pool(pool).lot_fields().iter().map(text).collect();
    if let SplitMethod::DroppedUsage { .. } = rules.pool(pool).split {
        traits.push(classified_text(&name, rules, group));
    }
    Some(LotKey {
        pool: PoolName { pool, value: owned(value) },
        when,
        component: owned(group.component).unwrap_or_default(),
        currency: group.currency,
        traits,
    })
}
