//! Arbitrary companies: an organisation that changes, rules of a small grammar, and charges.
//!
//! Names are few on purpose, so that rules, tags and cost centers often meet.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::support::{Bill, Charge};

/// The days on which something may change or be charged: October, the last of September and the
/// first of November.
pub(crate) const FIRST_DAY: u32 = 0;
pub(crate) const LAST_DAY: u32 = 32;

/// Day 1 is the first of October 2026.
pub(crate) fn date(day: u32) -> String {
    match day {
        0 => "2026-09-30".to_owned(),
        1..=31 => format!("2026-10-{day:02}"),
        _ => format!("2026-11-{:02}", day - 31),
    }
}

pub(crate) const METRICS: [&str; 4] = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"];
const METRIC_KEYS: [&str; 4] = ["billed_cost", "effective_cost", "list_cost", "contracted_cost"];
/// Index of the month that is asked for among [`MONTHS`].
pub(crate) const OCTOBER: usize = 1;
pub(crate) const MONTHS: [&str; 3] = ["2026-09", "2026-10", "2026-11"];
const CENTERS: [&str; 8] = ["acme", "north", "south", "a", "b", "c", "d", "e"];
const LEAVES: [&str; 5] = ["a", "b", "c", "d", "e"];
const SERVICES: [&str; 5] = ["Machines", "Storage", "AWS Support", "Supporting Services", "Mail"];
const ACCOUNTS: [&str; 4] = ["pay-prod", "pay-dev", "shop", "lab"];
const CATEGORIES: [&str; 5] = ["Usage", "Usage", "Purchase", "Tax", "Credit"];
const TAG_VALUES: [&str; 9] = ["a", "b", "c", "A", " d ", "ghost", "x", "", "e"];
const POOL_NAMES: [&str; 3] = ["one", "two", "three"];

/// A version of a cost center; days are half-open.
#[derive(Clone, Debug)]
pub(crate) struct Center {
    pub(crate) id: &'static str,
    pub(crate) parent: &'static str,
    pub(crate) from: Option<u32>,
    pub(crate) to: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Sensitive,
    Lower,
    Insensitive,
    Upper,
}

/// The one governed dimension, `team`.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key that stands there or does not")]
pub(crate) struct Dimension {
    pub(crate) has_alias: bool,
    pub(crate) inherits: bool,
    pub(crate) case: Case,
    /// Maps `x` to `a`.
    pub(crate) has_map: bool,
    pub(crate) default: Option<&'static str>,
    pub(crate) is_governed: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum When {
    Service(Vec<&'static str>),
    ServicePrefix(&'static str),
    Account(&'static str),
    Category(&'static str),
    Team(&'static str),
    TeamIsOpen,
    Tag(&'static str),
    TagPresent,
    TagAbsent,
    BilledAbove(&'static str),
    BilledBelow(&'static str),
    Before(u32),
    After(u32),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
}

#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Named(&'static str),
    FromTeam,
    FromTag,
    /// An index into the pools, taken around as often as it takes.
    Pool(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) when: Option<When>,
    pub(crate) from: Option<u32>,
    pub(crate) to: Option<u32>,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Debug)]
pub(crate) enum Split {
    Even,
    /// By weight over the sum of weights.
    Fixed(Vec<(&'static str, u32)>),
    Proportional {
        by: usize,
        accumulated: bool,
        even_on_zero: bool,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) split: Split,
    pub(crate) include: Vec<&'static str>,
    pub(crate) exclude: Vec<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// In the order of [`METRICS`]; the last two may be unknown.
    pub(crate) costs: [Option<String>; 4],
    pub(crate) currency: &'static str,
    pub(crate) month: usize,
    pub(crate) day: u32,
    pub(crate) service: Option<&'static str>,
    pub(crate) account: Option<&'static str>,
    pub(crate) category: &'static str,
    pub(crate) commitment: Option<&'static str>,
    /// Key and value; keys differ.
    pub(crate) tags: Vec<(&'static str, &'static str)>,
    pub(crate) resource: Option<&'static str>,
    pub(crate) invoice: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    /// `None`: the project declares no owners.
    pub(crate) centers: Option<Vec<Center>>,
    /// The team of each sub account, and the day from which it is known.
    pub(crate) accounts: Vec<(&'static str, &'static str, Option<u32>)>,
    pub(crate) dimension: Dimension,
    pub(crate) rules: Vec<Rule>,
    pub(crate) pools: Vec<Pool>,
    /// The order in which pools are emptied.
    pub(crate) order: Vec<usize>,
    pub(crate) digits: Option<u32>,
    pub(crate) items: Vec<Item>,
}

impl World {
    pub(crate) fn pool_name(index: usize) -> &'static str {
        POOL_NAMES[index]
    }

    pub(crate) fn pool_of(&self, index: usize) -> usize {
        index % self.pools.len()
    }

    pub(crate) fn bill(&self) -> Bill {
        Bill::of(self.items.iter().map(Item::charge))
    }

    pub(crate) fn project_yaml(&self) -> String {
        let mut yaml = "organisation: Acme\ncurrency: EUR\nsources:\n  - name: bills\n    format: \
                        focus\n    files: [ \"data/*\" ]\n    days: any\n    deliveries: append\nrules: [ \"rules.yaml\" ]\n\
                        metadata:\n  - { entity: sub_account, file: accounts.csv }\n"
            .to_owned();
        if self.centers.is_some() {
            yaml.push_str("owners: owners.csv\n");
        }
        if let Some(digits) = self.digits {
            let _ = writeln!(yaml, "rounding: {{ digits: {digits} }}");
        }
        yaml
    }

    pub(crate) fn owners_csv(&self) -> String {
        let mut csv = "id,parent,valid_from,valid_to\n".to_owned();
        for center in self.centers.iter().flatten() {
            let day = |day: Option<u32>| day.map(date).unwrap_or_default();
            let (from, to) = (day(center.from), day(center.to));
            let _ = writeln!(csv, "{},{},{from},{to}", center.id, center.parent);
        }
        csv
    }

    pub(crate) fn accounts_csv(&self) -> String {
        let mut csv = "id,team,valid_from\n".to_owned();
        for (account, team, from) in &self.accounts {
            let _ = writeln!(csv, "{account},{team},{}", from.map(date).unwrap_or_default());
        }
        csv
    }

    pub(crate) fn rules_yaml(&self) -> String {
        let mut yaml = self.dimension.yaml();
        yaml.push_str("classify:\n");
        for (index, rule) in self.rules.iter().enumerate() {
            let _ = writeln!(yaml, "  - {{ name: rule {index}{} }}", self.rule_yaml(rule));
        }
        if self.rules.is_empty() {
            yaml = yaml.replace("classify:\n", "classify: []\n");
        }
        if self.pools.is_empty() {
            return yaml;
        }
        yaml.push_str("pools:\n");
        for (pool, name) in self.pools.iter().zip(POOL_NAMES) {
            let _ = writeln!(yaml, "  {name}: {{ {} }}", pool.yaml());
        }
        let stages: Vec<String> =
            self.order.iter().map(|index| format!("[ {} ]", POOL_NAMES[*index])).collect();
        let _ = writeln!(yaml, "stages: [ {} ]", stages.join(", "));
        yaml
    }

    fn rule_yaml(&self, rule: &Rule) -> String {
        let mut yaml = String::new();
        if let Some(when) = &rule.when {
            let _ = write!(yaml, ", when: {}", when.yaml(self.centers.is_some()));
        }
        let bounds = [("from", rule.from), ("to", rule.to)];
        let bounds =
            bounds.iter().filter_map(|(key, day)| Some(format!("{key}: {}", date((*day)?))));
        let bounds: Vec<String> = bounds.collect();
        if !bounds.is_empty() {
            let _ = write!(yaml, ", valid: {{ {} }}", bounds.join(", "));
        }
        let _ = match rule.outcome {
            Outcome::Named(owner) => write!(yaml, ", owner: {owner}"),
            Outcome::FromTeam => write!(yaml, ", owner: {{ from: team }}"),
            Outcome::FromTag => write!(yaml, ", owner: {{ from: tag.team }}"),
            Outcome::Pool(index) => write!(yaml, ", pool: {}", POOL_NAMES[self.pool_of(index)]),
        };
        yaml
    }
}

impl Dimension {
    fn yaml(&self) -> String {
        let mut yaml = "dimensions:\n  team:\n    tag: team\n".to_owned();
        if self.has_alias {
            yaml.push_str("    aliases: [ Team ]\n");
        }
        if self.inherits {
            yaml.push_str("    inherit: [ sub_account ]\n");
        }
        let case = match self.case {
            Case::Sensitive => "sensitive",
            Case::Lower => "lower",
            Case::Insensitive => "insensitive",
            Case::Upper => "upper",
        };
        let _ = writeln!(yaml, "    case: {case}");
        if self.has_map {
            yaml.push_str("    map: { x: a }\n");
        }
        if let Some(default) = self.default {
            let _ = writeln!(yaml, "    default: {default}");
        }
        if self.is_governed {
            yaml.push_str("    values: { in: cost_centers }\n");
        }
        yaml
    }
}

impl When {
    /// Without cost centers there is no list of them, and any team will do.
    fn yaml(&self, has_centers: bool) -> String {
        let list = |parts: &[Self]| {
            let parts: Vec<String> = parts.iter().map(|part| part.yaml(has_centers)).collect();
            parts.join(", ")
        };
        match self {
            Self::Service(names) => format!("{{ service: [ {} ] }}", names.join(", ")),
            Self::ServicePrefix(text) => format!("{{ service: {{ prefix: {text} }} }}"),
            Self::Account(id) => format!("{{ sub_account_id: {id} }}"),
            Self::Category(name) => format!("{{ charge_category: {name} }}"),
            Self::Team(value) => format!("{{ team: {value} }}"),
            Self::TeamIsOpen if has_centers => "{ team: { in: cost_centers } }".to_owned(),
            Self::TeamIsOpen => "{ team: { present: true } }".to_owned(),
            Self::Tag(value) => format!("{{ tag.team: {value} }}"),
            Self::TagPresent => "{ tag.team: { present: true } }".to_owned(),
            Self::TagAbsent => "{ tag.team: { absent: true } }".to_owned(),
            Self::BilledAbove(bound) => format!("{{ billed_cost: {{ gt: {bound} }} }}"),
            Self::BilledBelow(bound) => format!("{{ BilledCost: {{ le: {bound} }} }}"),
            Self::Before(day) => format!("{{ charge_period_start: {{ before: {} }} }}", date(*day)),
            Self::After(day) => format!("{{ charge_period_start: {{ after: {} }} }}", date(*day)),
            Self::All(parts) => format!("{{ all: [ {} ] }}", list(parts)),
            Self::Any(parts) => format!("{{ any: [ {} ] }}", list(parts)),
            Self::Not(part) => format!("{{ not: {} }}", part.yaml(has_centers)),
        }
    }
}

impl Pool {
    fn yaml(&self) -> String {
        let mut yaml = match &self.split {
            Split::Even => "split: even".to_owned(),
            Split::Fixed(shares) => {
                let sum: u32 = shares.iter().map(|(_, weight)| weight).sum();
                let shares =
                    shares.iter().map(|(owner, weight)| format!("{owner}: {weight}/{sum}"));
                let shares: Vec<String> = shares.collect();
                format!("split: fixed, shares: {{ {} }}", shares.join(", "))
            }
            Split::Proportional { by, accumulated, even_on_zero } => format!(
                "split: proportional, by: {}, base: {}, on_zero_driver: {}",
                METRIC_KEYS[*by],
                if *accumulated { "accumulated" } else { "direct" },
                if *even_on_zero { "even" } else { "unallocated" }
            ),
        };
        for (key, owners) in [("include", &self.include), ("exclude", &self.exclude)] {
            if !owners.is_empty() {
                let _ = write!(yaml, ", {key}: [ {} ]", owners.join(", "));
            }
        }
        yaml
    }
}

impl Item {
    pub(crate) fn charge(&self) -> Charge {
        let mut charge = Charge::sound().on(MONTHS[self.month], &date(self.day));
        for (metric, amount) in METRICS.iter().zip(&self.costs) {
            charge = charge.with(metric, amount.as_deref().unwrap_or_default());
        }
        let tags: serde_json::Map<String, serde_json::Value> =
            self.tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        let tags = serde_json::Value::Object(tags).to_string();
        let commitment = self.commitment.map(|_| "ri-1");
        charge
            .with("BillingCurrency", self.currency)
            .with("ServiceName", self.service.unwrap_or_default())
            .with("SubAccountId", self.account.unwrap_or_default())
            .with("ChargeCategory", self.category)
            .with("CommitmentDiscountId", commitment.unwrap_or_default())
            .with("CommitmentDiscountStatus", self.commitment.unwrap_or_default())
            .with("Tags", if self.tags.is_empty() { "" } else { &tags })
            .with("ResourceId", self.resource.unwrap_or_default())
            .with("InvoiceId", self.invoice.unwrap_or_default())
    }
}

// ---- Strategies ------------------------------------------------------------------------------

/// Up to 28 digits after the point, of either sign, plain or with an exponent.
pub(crate) fn amount() -> impl Strategy<Value = String> {
    let sign = || select(vec!["", "", "", "-"]);
    let small = (sign(), 0_u32..100, 0_u32..100)
        .prop_map(|(sign, whole, cents)| format!("{sign}{whole}.{cents:02}"));
    let fine = (sign(), 0_u32..1_000_000_000, "[0-9]{1,28}")
        .prop_map(|(sign, whole, fraction)| format!("{sign}{whole}.{fraction}"));
    let powered = (sign(), 1_u32..10_000, select(vec!["E-24", "e-8", "E-9", "E+2", "e3", "e0"]))
        .prop_map(|(sign, digits, power)| {
            format!("{sign}{}.{:03}{power}", digits / 1000, digits % 1000)
        });
    prop_oneof![
        3 => small,
        3 => fine,
        2 => powered,
        1 => select(vec!["0", "-0", "0.000", "1", "-1"]).prop_map(str::to_owned),
    ]
}

fn day() -> impl Strategy<Value = u32> {
    FIRST_DAY..=LAST_DAY
}

/// Cost centers of which some are moved, closed or opened on a day.
fn centers() -> impl Strategy<Value = Vec<Center>> {
    let change = || option::weighted(0.5, day());
    (change(), change(), change(), change(), any::<bool>()).prop_map(
        |(b_moves, c_closes, d_opens, south_moves, has_e)| {
            let center = |id, parent, from, to| Center { id, parent, from, to };
            let mut all = vec![
                center("acme", "", None, None),
                center("north", "acme", None, None),
                center("a", "north", None, None),
                center("c", "south", None, c_closes),
                center("d", "south", d_opens, None),
            ];
            let mut moving = |id, before, after, day: Option<u32>| {
                all.push(center(id, before, None, day));
                if day.is_some() {
                    all.push(center(id, after, day, None));
                }
            };
            moving("south", "acme", "north", south_moves);
            moving("b", "north", "south", b_moves);
            // A cost center below a leaf, which is none any more.
            all.push(center("e", if has_e { "a" } else { "acme" }, None, None));
            all
        },
    )
}

fn dimension() -> impl Strategy<Value = Dimension> {
    let case = select(vec![Case::Sensitive, Case::Lower, Case::Insensitive, Case::Upper]);
    let default = option::weighted(0.2, select(vec!["e", "ghost"]));
    (any::<[bool; 4]>(), case, default).prop_map(|(flags, case, default)| Dimension {
        has_alias: flags[0],
        inherits: flags[1],
        case,
        has_map: flags[2],
        default,
        is_governed: flags[3],
    })
}

fn when() -> impl Strategy<Value = When> {
    let leaf = prop_oneof![
        subsequence(SERVICES.to_vec(), 1..=3).prop_map(When::Service),
        select(vec!["AWS", "Support", "Ma"]).prop_map(When::ServicePrefix),
        select(ACCOUNTS.to_vec()).prop_map(When::Account),
        select(vec!["Usage", "Tax", "Credit"]).prop_map(When::Category),
        select(vec!["a", "b", "A", "ghost"]).prop_map(When::Team),
        Just(When::TeamIsOpen),
        select(vec!["a", "b", "A", "ghost"]).prop_map(When::Tag),
        Just(When::TagPresent),
        Just(When::TagAbsent),
        select(vec!["0", "1.5", "50", "0.000000000000000000001"]).prop_map(When::BilledAbove),
        select(vec!["0", "1", "99.99"]).prop_map(When::BilledBelow),
        day().prop_map(When::Before),
        day().prop_map(When::After),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..=3).prop_map(When::All),
            vec(inner.clone(), 1..=3).prop_map(When::Any),
            inner.prop_map(|part| When::Not(Box::new(part))),
        ]
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let outcome = prop_oneof![
        2 => select(LEAVES.to_vec()).prop_map(Outcome::Named),
        2 => Just(Outcome::FromTeam),
        1 => Just(Outcome::FromTag),
        3 => (0_usize..3).prop_map(Outcome::Pool),
    ];
    let bound = || option::weighted(0.2, day());
    (option::weighted(0.9, when()), bound(), bound(), outcome).prop_map(
        |(when, from, to, outcome)| {
            // A range without a day is refused by the language, and is not what is looked at here.
            let to = to.filter(|to| from.is_none_or(|from| from < *to));
            Rule { when, from, to, outcome }
        },
    )
}

fn pool() -> impl Strategy<Value = Pool> {
    let shares = subsequence(LEAVES.to_vec(), 1..=4)
        .prop_flat_map(|owners| {
            let count = owners.len();
            (Just(owners), vec(1_u32..20, count))
        })
        .prop_map(|(owners, weights)| Split::Fixed(owners.into_iter().zip(weights).collect()));
    let proportional =
        (0_usize..4, any::<bool>(), any::<bool>()).prop_map(|(by, accumulated, even_on_zero)| {
            Split::Proportional { by, accumulated, even_on_zero }
        });
    let some =
        || prop_oneof![3 => Just(Vec::new()), 1 => subsequence(CENTERS[1..].to_vec(), 1..=2)];
    (prop_oneof![Just(Split::Even), shares, proportional], some(), some()).prop_map(
        |(split, include, exclude)| match split {
            Split::Fixed(_) => Pool { split, include: Vec::new(), exclude: Vec::new() },
            _ => Pool { split, include, exclude },
        },
    )
}

fn tags() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let value = || option::weighted(0.6, select(TAG_VALUES.to_vec()));
    // Real keys are known to begin with a blank.
    (select(vec!["team", "team", " team"]), value(), value()).prop_map(|(key, team, alias)| {
        let tags = [(key, team), ("Team", alias)];
        tags.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    })
}

fn item() -> impl Strategy<Value = Item> {
    let costs =
        (amount(), amount(), option::weighted(0.9, amount()), option::weighted(0.9, amount()));
    let texts = (
        option::weighted(0.9, select(SERVICES.to_vec())),
        option::weighted(0.9, select(ACCOUNTS.to_vec())),
        select(CATEGORIES.to_vec()),
        option::weighted(0.2, select(vec!["Used", "Unused"])),
        tags(),
        option::weighted(0.8, select(vec!["vm-1", "vm-2", "disk/1", "=SUM(A1)"])),
        option::weighted(0.9, select(vec!["INV-1", "INV-2"])),
    );
    // Mostly of October, on the month's days; a correction is of the day before.
    let october = || (Just(OCTOBER), prop_oneof![9 => 1_u32..=31, 1 => Just(FIRST_DAY)]);
    let others = select(vec![(OCTOBER - 1, FIRST_DAY), (OCTOBER + 1, LAST_DAY)]);
    let when = prop_oneof![5 => october(), 1 => others];
    (costs, texts, when, select(vec!["EUR", "EUR", "USD"])).prop_map(
        |((billed, effective, list, contracted), texts, (month, day), currency)| {
            let (service, account, category, commitment, tags, resource, invoice) = texts;
            let costs = [Some(billed), Some(effective), list, contracted];
            Item {
                costs,
                currency,
                month,
                day,
                service,
                account,
                category,
                commitment,
                tags,
                resource,
                invoice,
            }
        },
    )
}

/// A company with so many charges.
pub(crate) fn world(charges: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = World> {
    let accounts = subsequence(ACCOUNTS.to_vec(), 0..=4).prop_flat_map(|ids| {
        let count = ids.len();
        let team = select(vec!["a", "b", "B", "ghost", "c"]);
        (Just(ids), vec((team, option::weighted(0.3, day())), count))
    });
    let accounts = accounts.prop_map(|(ids, teams)| {
        ids.into_iter().zip(teams).map(|(id, (team, from))| (id, team, from)).collect()
    });
    let pools = vec(pool(), 1..=3).prop_flat_map(|pools| {
        let order: Vec<usize> = (0..pools.len()).collect();
        (Just(pools), Just(order).prop_shuffle())
    });
    let digits = option::weighted(0.5, 0_u32..=6);
    let deciding = (option::weighted(0.8, centers()), accounts, dimension(), vec(rule(), 0..=6));
    (deciding, pools, digits, vec(item(), charges)).prop_map(
        |((centers, accounts, dimension, rules), (pools, order), digits, items)| {
            let is_governed = dimension.is_governed && centers.is_some();
            let dimension = Dimension { is_governed, ..dimension };
            World { centers, accounts, dimension, rules, pools, order, digits, items }
        },
    )
}
