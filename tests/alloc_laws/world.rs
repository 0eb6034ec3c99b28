//! Made-up pools of every kind, how they are written down, and their charges.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{Bill, Charge};

pub(crate) const OWNERS: [&str; 4] = ["payments", "retail", "labs", "gone"];
pub(crate) const POOLS: usize = 4;
pub(crate) const VALUES: [&str; 3] = ["Svc/A", "c", "svc/a"];
/// `labs` closes on it.
pub(crate) const CLOSING: u32 = 15;

/// Who receives: an owner, a plain pool, or a value of the family; by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum To {
    Owner(usize),
    Pool(usize),
    Value(usize),
    Nobody,
}

#[derive(Clone, Debug)]
pub(crate) enum Split {
    Even {
        over: bool,
    },
    /// Before a day, and from it on.
    Fixed(u32, Vec<(To, u32)>, Vec<(To, u32)>),
    Proportional {
        of: bool,
        within: bool,
        widen: bool,
        accumulated: bool,
    },
    Driver {
        daily: bool,
    },
    /// 60 % by month, 40 % by day.
    Drivers,
    Rate {
        usd: bool,
        remainder: To,
    },
}

/// Who takes the shares of owners below a tenth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cutoff {
    Into(usize),
    Others,
}

#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) split: Split,
    pub(crate) cutoff: Option<Cutoff>,
}

/// A row of a driver: of the month or of a day.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    pub(crate) pool: To,
    pub(crate) day: Option<u32>,
    pub(crate) consumer: To,
    pub(crate) quantity: u32,
    /// Only of what is of this sub account.
    pub(crate) scope: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Pools only give to pools after them.
    Chain,
    Reciprocal,
    /// Later ones do not give to earlier ones.
    Precedence,
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) to: To,
    pub(crate) day: u32,
    pub(crate) usd: bool,
    pub(crate) sub: u32,
    pub(crate) service: u32,
    /// Effective and billed, in hundredths.
    pub(crate) costs: [i32; 2],
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) order: Order,
    pub(crate) pools: Vec<Pool>,
    pub(crate) uses: Vec<Use>,
    pub(crate) items: Vec<Item>,
}

/// The place of a pool in the order in which pools are emptied.
pub(crate) fn rank(to: To) -> Option<usize> {
    match to {
        To::Pool(index) => Some(index),
        To::Value(index) => Some(POOLS + index),
        To::Owner(_) | To::Nobody => None,
    }
}

pub(crate) fn pool_at(rank: usize) -> To {
    if rank < POOLS { To::Pool(rank) } else { To::Value(rank - POOLS) }
}

pub(crate) fn name(to: To) -> String {
    match to {
        To::Owner(index) => OWNERS[index].to_owned(),
        To::Pool(index) => format!("p{index}"),
        To::Value(index) => format!("fam/{}", VALUES[index]),
        To::Nobody => "unallocated".to_owned(),
    }
}

impl Item {
    pub(crate) fn charge(&self) -> Charge {
        let amount = |cents: i32| {
            let sign = if cents < 0 { "-" } else { "" };
            format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
        };
        // The last days of September are billed in October.
        let day =
            if self.day == 0 { "2026-09-29".into() } else { format!("2026-10-{:02}", self.day) };
        Charge::sound()
            .on("2026-10", &day)
            .costs(&amount(self.costs[0]))
            .with("BilledCost", &amount(self.costs[1]))
            .with("BillingCurrency", if self.usd { "USD" } else { "EUR" })
            .with("SubAccountId", &format!("sub{}", self.sub))
            .with("ServiceName", &format!("service{}", self.service))
            .with("ResourceId", &name(self.to))
    }
}

impl World {
    pub(crate) fn bill(&self) -> Bill {
        Bill::of(self.items.iter().map(Item::charge))
    }

    /// Rows of the driver by month, or of the one by day.
    pub(crate) fn driver(&self, is_daily: bool) -> String {
        let mut csv = if is_daily {
            "day,pool,consumer,quantity\n".to_owned()
        } else {
            "period,pool,consumer,quantity,sub_account_id\n".to_owned()
        };
        for row in self.uses.iter().filter(|row| row.day.is_some() == is_daily) {
            let consumer = match row.consumer {
                To::Owner(_) => format!("owner:{}", name(row.consumer)),
                pool => format!("pool:{}", name(pool)),
            };
            let (pool, quantity) = (name(row.pool), row.quantity);
            let (when, scope) = match row.day {
                Some(day) => (format!("-{day:02}"), String::new()),
                None => (String::new(), row.scope.map_or(",".into(), |sub| format!(",sub{sub}"))),
            };
            let _ = writeln!(csv, "2026-10{when},{pool},{consumer},{quantity}{scope}");
        }
        csv
    }

    pub(crate) fn rules(&self) -> String {
        let mut yaml = "classify:\n  \
            - { name: f, when: { resource_id: { prefix: fam/ } }, pool: { from: family } }\n"
            .to_owned();
        yaml.insert_str(0, "dimensions:\n  family:\n    rules:\n");
        let mut values = String::new();
        for value in VALUES {
            let _ = writeln!(
                values,
                "      - {{ when: {{ resource_id: fam/{value} }}, value: {value} }}"
            );
        }
        yaml = yaml.replacen("    rules:\n", &format!("    rules:\n{values}"), 1);
        for index in 0..POOLS {
            let _ = writeln!(
                yaml,
                "  - {{ name: p{index}, when: {{ resource_id: p{index} }}, pool: p{index} }}"
            );
        }
        for owner in OWNERS {
            let _ = writeln!(
                yaml,
                "  - {{ name: {owner}, when: {{ resource_id: {owner} }}, owner: {owner} }}"
            );
        }
        yaml.push_str("pools:\n");
        for (index, pool) in self.pools.iter().enumerate() {
            let _ = writeln!(yaml, "  p{index}: {{ {} }}", pool.yaml());
        }
        let _ = writeln!(
            yaml,
            "  fam: {{ each: family, split: driver, driver: monthly, on_zero_driver: unallocated }}"
        );
        let names = |ranks: std::ops::Range<usize>| {
            ranks.map(|rank| name(pool_at(rank))).collect::<Vec<_>>().join(", ")
        };
        match self.order {
            Order::Chain => {}
            Order::Reciprocal => {
                yaml.push_str("stages: [ { reciprocal: [ p0, p1, p2, p3, fam ] } ]\n");
            }
            Order::Precedence => {
                let names = names(0..POOLS + VALUES.len());
                let _ = writeln!(yaml, "stages: [ {{ precedence: [ {names} ] }} ]");
            }
        }
        yaml
    }
}

impl Pool {
    fn yaml(&self) -> String {
        let shares = |shares: &[(To, u32)]| {
            let sum: u32 = shares.iter().map(|(_, weight)| weight).sum();
            let shares = shares.iter().map(|(to, weight)| format!("{}: {weight}/{sum}", name(*to)));
            shares.collect::<Vec<_>>().join(", ")
        };
        let mut yaml = match &self.split {
            Split::Even { over } => {
                let over = if *over { ", over: { level: 1 }" } else { "" };
                format!("split: even{over}")
            }
            Split::Fixed(day, before, after) => format!(
                "split: fixed, shares: [ {{ valid: {{ to: 2026-10-{day:02} }}, of: {{ {} }} }}, \
                 {{ valid: {{ from: 2026-10-{day:02} }}, of: {{ {} }} }} ]",
                shares(before),
                shares(after)
            ),
            Split::Proportional { of, within, widen, accumulated } => {
                let mut yaml = "split: proportional".to_owned();
                if *of && !accumulated {
                    yaml.push_str(", of: { service: service0 }");
                }
                if *within {
                    yaml.push_str(", within: [ sub_account_id, service_name ]");
                }
                if *accumulated {
                    yaml.push_str(", base: accumulated");
                }
                yaml.push_str(if *widen {
                    ", on_zero_driver: widen"
                } else {
                    ", on_zero_driver: even"
                });
                yaml
            }
            Split::Driver { daily } => {
                let name = if *daily { "daily" } else { "monthly" };
                format!("split: driver, driver: {name}, on_zero_driver: widen")
            }
            Split::Drivers => "split: driver, drivers: { monthly: 60%, daily: 40% }, \
                on_zero_driver: unallocated"
                .to_owned(),
            Split::Rate { usd, remainder } => format!(
                "split: rate, driver: monthly, remainder: {}, \
                 tiers: [ {{ to: 3, price: 0.7 {usd} }}, {{ price: 0.31 {usd} }} ]",
                name(*remainder),
                usd = if *usd { "USD" } else { "EUR" }
            ),
        };
        if let Some(into) = self.cutoff.filter(|_| !matches!(self.split, Split::Rate { .. })) {
            let into = match into {
                Cutoff::Into(owner) => OWNERS[owner],
                Cutoff::Others => "others",
            };
            let _ = write!(yaml, ", cutoff: {{ below: 10%, into: {into} }}");
        }
        yaml
    }
}

// ---- Strategies ------------------------------------------------------------------------------

/// Somebody outside of pools, or a pool by its rank.
fn somebody() -> impl Strategy<Value = To> {
    prop_oneof![
        3 => (0..OWNERS.len()).prop_map(To::Owner),
        2 => (0..POOLS + VALUES.len()).prop_map(pool_at),
    ]
}

fn shares() -> impl Strategy<Value = Vec<(To, u32)>> {
    vec((somebody(), 1_u32..9), 1..=4)
}

fn pool() -> impl Strategy<Value = Pool> {
    let split = prop_oneof![
        1 => any::<bool>().prop_map(|over| Split::Even { over }),
        2 => (select(vec![2_u32, 15, 20]), shares(), shares())
            .prop_map(|(day, before, after)| Split::Fixed(day, before, after)),
        2 => any::<[bool; 4]>().prop_map(|[of, within, widen, accumulated]| {
            Split::Proportional { of, within, widen, accumulated }
        }),
        2 => any::<bool>().prop_map(|daily| Split::Driver { daily }),
        1 => Just(Split::Drivers),
        2 => (any::<bool>(), somebody())
            .prop_map(|(usd, remainder)| Split::Rate { usd, remainder }),
    ];
    let into = prop_oneof![(0..OWNERS.len()).prop_map(Cutoff::Into), Just(Cutoff::Others)];
    let cutoff = proptest::option::weighted(0.3, into);
    (split, cutoff).prop_map(|(split, cutoff)| Pool { split, cutoff })
}

fn usage() -> impl Strategy<Value = Use> {
    let day = proptest::option::weighted(0.4, select(vec![1_u32, 14, 20]));
    let scope = proptest::option::weighted(0.2, 0_u32..2);
    ((0..POOLS + VALUES.len()).prop_map(pool_at), day, somebody(), 0_u32..9, scope).prop_map(
        |(pool, day, consumer, quantity, scope)| {
            let scope = scope.filter(|_| day.is_none());
            Use { pool, day, consumer, quantity, scope }
        },
    )
}

fn item() -> impl Strategy<Value = Item> {
    let to = prop_oneof![
        1 => (0..2_usize).prop_map(To::Owner),
        1 => (0..POOLS + VALUES.len()).prop_map(pool_at),
    ];
    let day = select(vec![0_u32, 1, 2, 14, 15, 20, 31]);
    // Amounts of the same sign for owners, so that no weight is by chance next to nothing.
    (to, day, any::<bool>(), 0_u32..2, 0_u32..2, -999_i32..9999, 1_i32..9999).prop_map(
        |(to, day, usd, sub, service, effective, billed)| {
            let is_owner = matches!(to, To::Owner(_));
            let effective = if is_owner { effective.abs() + 1 } else { effective };
            Item { to, day, usd, sub, service, costs: [effective, billed] }
        },
    )
}

pub(crate) fn world() -> impl Strategy<Value = World> {
    let order = select(vec![Order::Chain, Order::Reciprocal, Order::Precedence]);
    let parts = (order, vec(pool(), POOLS), vec(usage(), 0..24), vec(item(), 1..16));
    parts.prop_map(|(order, pools, uses, items)| World { order, pools, uses, items }.sound())
}

impl World {
    /// What the language refuses is taken out: circles, rows told twice, names told twice, pools
    /// without a row of their driver, and pools of a group that give to nobody outside.
    fn sound(mut self) -> Self {
        let is_chain = self.order == Order::Chain;
        let may_give =
            |from: usize, to: To| rank(to).is_none_or(|to| to != from && (!is_chain || to > from));
        for (index, pool) in self.pools.iter_mut().enumerate() {
            if self.order == Order::Reciprocal && pool.cutoff == Some(Cutoff::Others) {
                // Else pools alone might share what is cut off of owners.
                pool.cutoff = Some(Cutoff::Into(1));
            }
            match &mut pool.split {
                Split::Fixed(_, before, after) => {
                    for shares in [before, after] {
                        shares.retain(|(to, _)| may_give(index, *to));
                        shares.push((To::Owner(0), 3));
                        shares.sort();
                        shares.dedup_by_key(|(to, _)| *to);
                    }
                }
                // In a group, a pool that bears the rest may lie in a circle that nothing leaves.
                Split::Rate { remainder, .. }
                    if rank(*remainder).is_some()
                        && (self.order == Order::Reciprocal || !may_give(index, *remainder)) =>
                {
                    *remainder = To::Owner(1);
                }
                _ => {}
            }
        }
        self.uses.retain(|row| rank(row.pool).is_some_and(|pool| may_give(pool, row.consumer)));
        // Every pool has a use of each driver that an owner is.
        for pool in (0..POOLS + VALUES.len()).map(pool_at) {
            for day in [None, Some(1), Some(14), Some(20)] {
                let consumer = To::Owner(1);
                self.uses.push(Use { pool, day, consumer, quantity: 2, scope: None });
            }
        }
        self.uses.sort_by_key(|row| (row.pool, row.day, row.consumer, row.scope));
        self.uses.dedup_by_key(|row| (row.pool, row.day, row.consumer, row.scope));
        self
    }
}
