//! What tables of licenses tell, by kind: the one list of fields that maps fill, reading goes by and
//! the reference is held to.

/// What a table of an input holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InputKind {
    Entitlements,
    Contracts,
    Installs,
    Hosts,
    Vms,
    Seats,
    Samples,
    Counters,
    /// Who users are: completes rows of use that name them.
    Users,
}

impl InputKind {
    pub const ALL: [Self; 9] = [
        Self::Entitlements,
        Self::Contracts,
        Self::Installs,
        Self::Hosts,
        Self::Vms,
        Self::Seats,
        Self::Samples,
        Self::Counters,
        Self::Users,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entitlements => "entitlements",
            Self::Contracts => "contracts",
            Self::Installs => "installs",
            Self::Hosts => "hosts",
            Self::Vms => "vms",
            Self::Seats => "seats",
            Self::Samples => "samples",
            Self::Counters => "counters",
            Self::Users => "users",
        }
    }

    /// The fields that a table of the kind may tell.
    #[must_use]
    pub const fn fields(self) -> &'static [InputField] {
        match self {
            Self::Entitlements => ENTITLEMENTS,
            Self::Contracts => CONTRACTS,
            Self::Installs => INSTALLS,
            Self::Hosts => HOSTS,
            Self::Vms => VMS,
            Self::Seats => SEATS,
            Self::Samples => SAMPLES,
            Self::Counters => COUNTERS,
            Self::Users => USERS,
        }
    }

    /// The field of that name.
    #[must_use]
    pub fn field(self, name: &str) -> Option<&'static InputField> {
        self.fields().iter().find(|field| field.name == name)
    }
}

/// What a cell of a field is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    Text,
    /// Texts with `;` between them.
    Texts,
    /// An exact number that is not negative.
    Number,
    /// Of percent, with or without the sign.
    Percent,
    /// A whole number that is not negative.
    Whole,
    Money,
    /// An ISO 4217 code.
    Currency,
    Day,
    /// The last day of something, or the first that is out: as the input says.
    End,
    /// A day, with or without a time of day, UTC.
    Time,
    Truth,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// Some of a few words.
    Words(&'static [&'static str]),
}

/// A field of a table.
#[derive(Clone, Copy, Debug)]
pub struct InputField {
    pub name: &'static str,
    pub kind: FieldType,
    /// Whether a table that does not tell it is refused.
    pub is_needed: bool,
}

const fn may(name: &'static str, kind: FieldType) -> InputField {
    InputField { name, kind, is_needed: false }
}

const fn must(name: &'static str, kind: FieldType) -> InputField {
    InputField { name, kind, is_needed: true }
}

use FieldType::{
    Currency, Day, End, Money, Number, Percent, Text, Texts, Time, Truth, Whole, Word, Words,
};

/// Kinds of rights, in the words of tables.
pub const LICENSE_KINDS: &[&str] =
    &["perpetual", "subscription", "maintenance", "upgrade", "add_on"];
pub const USE_RIGHTS: [&str; 6] =
    ["downgrade", "failover", "mobility", "dual_use", "second_device", "unlimited_vms"];
/// Kinds of contracts, in the words of tables.
pub const CONTRACT_KINDS: &[&str] =
    &["license", "support", "edp", "macc", "reservation", "savings_plan", "saas"];

const ENTITLEMENTS: &[InputField] = &[
    must("id", Text),
    may("contract", Text),
    may("publisher", Text),
    must("product", Text),
    may("edition", Text),
    may("sku", Text),
    may("version_max", Text),
    may("metric", Text),
    must("quantity", Number),
    may("pack_size", Number),
    must("license_type", Word(LICENSE_KINDS)),
    may("base", Text),
    may("start", Day),
    may("end", End),
    may("maintenance_start", Day),
    may("maintenance_end", End),
    may("legal_entity", Text),
    may("region", Text),
    may("pool", Text),
    may("environment", Text),
    may("use_rights", Words(&USE_RIGHTS)),
    may("assigned", Texts),
    may("unit_price", Money),
    may("list_price", Money),
    may("maintenance_price", Money),
    may("currency", Currency),
    may("reseller", Text),
    may("order", Text),
    may("proof", Text),
];

const CONTRACTS: &[InputField] = &[
    must("id", Text),
    must("kind", Word(CONTRACT_KINDS)),
    may("title", Text),
    may("publisher", Text),
    may("owner", Text),
    may("start", Day),
    may("end", End),
    may("auto_renew", Truth),
    may("notice_days", Whole),
    may("business_days", Truth),
    may("uplift_cap", Percent),
    may("renewal_uplift", Percent),
    may("price_hold", Day),
    may("currency", Currency),
    may("commitment", Money),
    may("commitment_start", Day),
    may("commitment_end", End),
    may("scope", Texts),
    may("shortfall_rule", Text),
    may("true_up", Day),
    may("growth_allowance", Percent),
    may("audit_notice_days", Whole),
    may("materiality", Percent),
    may("penalty", Percent),
    may("evidence_retention_days", Whole),
    may("clause", Text),
];

const INSTALLS: &[InputField] = &[
    must("device", Text),
    may("publisher", Text),
    must("product", Text),
    may("edition", Text),
    may("sku", Text),
    may("version", Text),
    may("options", Texts),
    may("user", Text),
    may("installed", Day),
    may("last_used", Day),
    may("role", Word(&["active", "passive", "dr", "backup"])),
    may("host", Text),
    may("cluster", Text),
    may("status", Text),
    may("legal_entity", Text),
    may("region", Text),
    may("pool", Text),
    may("environment", Text),
    may("snapshot", Day),
];

const HOSTS: &[InputField] = &[
    must("host", Text),
    may("sockets", Number),
    may("cores", Number),
    may("cores_per_socket", Number),
    may("threads", Number),
    may("cpu_model", Text),
    may("cpu_vendor", Text),
    may("server_model", Text),
    may("hyper_threading", Truth),
    may("memory_gb", Number),
    may("cluster", Text),
    may("cloud", Text),
    may("instance_type", Text),
    may("status", Text),
    may("legal_entity", Text),
    may("region", Text),
    may("pool", Text),
    may("environment", Text),
    may("snapshot", Day),
];

const VMS: &[InputField] = &[
    must("vm", Text),
    may("host", Text),
    may("cluster", Text),
    may("vcpus", Number),
    may("cores", Number),
    may("memory_gb", Number),
    may("hyper_threading", Truth),
    may("cloud", Text),
    may("instance_type", Text),
    may("os", Text),
    may("role", Word(&["active", "passive", "dr", "backup"])),
    may("status", Text),
    may("publisher", Text),
    may("product", Text),
    may("edition", Text),
    may("sku", Text),
    may("version", Text),
    may("legal_entity", Text),
    may("region", Text),
    may("pool", Text),
    may("environment", Text),
    may("snapshot", Day),
];

const SEATS: &[InputField] = &[
    must("user", Text),
    may("publisher", Text),
    must("product", Text),
    may("edition", Text),
    may("sku", Text),
    may("assigned", Day),
    may("last_activity", Day),
    may("released", Day),
    may("release_reason", Word(&["leaver", "hardware_failure", "mobility", "other"])),
    may("status", Text),
    may("role", Text),
    may("legal_entity", Text),
    may("region", Text),
    may("pool", Text),
    may("environment", Text),
    may("snapshot", Day),
];

const SAMPLES: &[InputField] = &[
    must("time", Time),
    may("publisher", Text),
    must("product", Text),
    may("edition", Text),
    may("sku", Text),
    must("value", Number),
    may("denied", Number),
    may("unit", Text),
    may("counter", Text),
    may("device", Text),
    may("user", Text),
    may("host", Text),
    may("vm", Text),
    may("legal_entity", Text),
    may("region", Text),
    may("pool", Text),
    may("environment", Text),
    may("snapshot", Day),
];

const COUNTERS: &[InputField] = &[
    must("counter", Text),
    must("value", Number),
    may("unit", Text),
    may("day", Day),
    may("publisher", Text),
    may("product", Text),
    may("edition", Text),
    may("sku", Text),
    may("legal_entity", Text),
    may("region", Text),
    may("pool", Text),
    may("environment", Text),
    may("snapshot", Day),
];

const USERS: &[InputField] = &[
    must("user", Text),
    may("status", Text),
    may("legal_entity", Text),
    may("region", Text),
    may("pool", Text),
    may("environment", Text),
    may("snapshot", Day),
];
