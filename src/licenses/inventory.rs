//! What was told about licenses: rights, contracts and use, row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use crate::domain::{Amount, Currency, DateRange};

use super::extent::Number;

/// Where a row stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Relative to the project.
    pub path: Arc<str>,
    /// As whoever opens the file sees it.
    pub row: u64,
}

/// A product as packs and projects name it, after its raw name was recognised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Product {
    pub publisher: Option<Arc<str>>,
    pub name: Arc<str>,
    pub edition: Option<Arc<str>>,
}

/// Who holds a right, or where a use is. What is absent in a right restricts nothing; what is absent in a use is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holder {
    pub legal_entity: Option<Arc<str>>,
    pub region: Option<Arc<str>>,
    /// A part of the rights that is set aside, or the part of the house that draws on it.
    pub pool: Option<Arc<str>>,
    pub environment: Option<Environment>,
}

/// What a system is for, in the project's words: `production`, `test`, …
pub type Environment = Arc<str>;

/// Everything that was told.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    pub entitlements: Vec<Entitlement>,
    pub contracts: Vec<Contract>,
    pub uses: Vec<UseRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LicenseKind {
    Perpetual,
    Subscription,
    Maintenance,
    Upgrade,
    AddOn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UseRight {
    /// An older version or a lower edition may be used.
    Downgrade,
    /// A passive replica needs no right of its own.
    Failover,
    /// The right may move to other hardware, or to a provider's.
    Mobility,
    /// On premises and in the cloud at the same time, for a while.
    DualUse,
    SecondDevice,
    /// Any number of machines on a licensed host.
    UnlimitedVms,
}

impl UseRight {
    pub const ALL: [Self; 6] = [
        Self::Downgrade,
        Self::Failover,
        Self::Mobility,
        Self::DualUse,
        Self::SecondDevice,
        Self::UnlimitedVms,
    ];

    /// As rules and inventories call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Downgrade => "downgrade",
            Self::Failover => "failover",
            Self::Mobility => "mobility",
            Self::DualUse => "dual_use",
            Self::SecondDevice => "second_device",
            Self::UnlimitedVms => "unlimited_vms",
        }
    }

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == name)
    }
}

/// A right that is owned.
#[derive(Clone, Debug)]
pub struct Entitlement {
    pub id: Arc<str>,
    pub contract: Option<Arc<str>>,
    pub product: Product,
    /// The newest version that it covers; none where any.
    pub version_max: Option<Arc<str>>,
    /// A metric of a pack or of the project.
    pub metric: Arc<str>,
    /// Units of the metric, packs multiplied out; `None` where unlimited.
    pub quantity: Option<Number>,
    pub kind: LicenseKind,
    /// The right that maintenance, an upgrade or an add-on stands on.
    pub base: Option<Arc<str>>,
    /// Days on which it holds.
    pub days: DateRange,
    pub maintenance: Option<DateRange>,
    pub holder: Holder,
    pub rights: BTreeSet<UseRight>,
    /// What or whom it is explicitly assigned to: ids of devices, hosts or users.
    pub assigned: Vec<Arc<str>>,
    pub currency: Option<Currency>,
    /// Paid for one unit of the metric.
    pub unit_price: Option<Amount>,
    pub list_price: Option<Amount>,
    /// For one unit and year.
    pub maintenance_price: Option<Amount>,
    pub reseller: Option<Arc<str>>,
    pub order: Option<Arc<str>>,
    pub proof: Option<Arc<str>>,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContractKind {
    License,
    Support,
    /// A provider's discount for a committed spend.
    EnterpriseDiscount,
    /// A committed spend on Azure.
    AzureCommitment,
    Reservation,
    SavingsPlan,
    SoftwareService,
}

/// What was agreed.
#[derive(Clone, Debug)]
pub struct Contract {
    pub id: Arc<str>,
    pub kind: ContractKind,
    pub title: Option<Arc<str>>,
    pub publisher: Option<Arc<str>>,
    pub owner: Option<Arc<str>>,
    pub days: DateRange,
    pub auto_renew: Option<bool>,
    pub notice_days: Option<u32>,
    /// Whether the days of notice are business days.
    pub business_days: bool,
    /// Percent.
    pub uplift_cap: Option<Number>,
    /// Percent by which the renewal that is offered is dearer.
    pub renewal_uplift: Option<Number>,
    pub price_hold: Option<NaiveDate>,
    pub currency: Option<Currency>,
    /// Committed spend by stretch of days.
    pub commitments: Vec<(DateRange, Amount)>,
    /// What counts towards the commitment: project words, such as `provider:AWS`.
    pub scope: Vec<Arc<str>>,
    pub shortfall_rule: Option<Arc<str>>,
    pub true_up: Option<NaiveDate>,
    /// Percent above what is owned that is not yet charged.
    pub growth_allowance: Option<Number>,
    pub audit_notice_days: Option<u32>,
    /// Percent of use that a report may lack before it is material.
    pub materiality: Option<Number>,
    pub penalty: Option<Number>,
    pub evidence_retention_days: Option<u32>,
    pub clause: Option<Arc<str>>,
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UseKind {
    /// A product on a device.
    Install,
    /// A physical machine.
    Host,
    /// A virtual machine.
    Vm,
    /// A plan that a user holds.
    Seat,
    /// A value at a time.
    Sample,
    /// A count that somebody tells.
    Counter,
    /// A charge of a cloud bill, with its license model.
    Billing,
}

/// The name of a field of a row of use: `device`, `host`, `cores`, `vcpus`, `user`, `last_used`, …
pub type Field = Arc<str>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Text(Arc<str>),
    Number(Number),
    Date(NaiveDate),
    /// A moment, UTC.
    Time(chrono::NaiveDateTime),
    Truth(bool),
}

/// A row of use. A field that is absent is not known.
#[derive(Clone, Debug)]
pub struct UseRow {
    pub kind: UseKind,
    /// What is used; hosts and machines have none of their own.
    pub product: Option<Product>,
    /// As the row calls it, before it was recognised.
    pub raw_product: Option<Arc<str>>,
    pub holder: Holder,
    pub fields: BTreeMap<Field, Value>,
    /// The day that the row tells of.
    pub snapshot: NaiveDate,
    pub origin: Origin,
}
