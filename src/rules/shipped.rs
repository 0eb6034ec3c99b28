//! What costbook brings along, as texts: column maps of providers and the default components.
//!
//! They are read like a project's own files; nothing about a provider stands in the code.

use super::RuleText;

/// Column maps by format name, with the name that findings give them.
const COLUMN_MAPS: &[(&str, &str, &str)] = &[
    (
        "aws-cur",
        "shipped:rules/providers/aws-cur.yaml",
        include_str!("../../rules/providers/aws-cur.yaml"),
    ),
    (
        "azure-cost-details",
        "shipped:rules/providers/azure-cost-details.yaml",
        include_str!("../../rules/providers/azure-cost-details.yaml"),
    ),
    (
        "focus",
        "shipped:rules/providers/focus.yaml",
        include_str!("../../rules/providers/focus.yaml"),
    ),
    (
        "gcp-billing",
        "shipped:rules/providers/gcp-billing.yaml",
        include_str!("../../rules/providers/gcp-billing.yaml"),
    ),
    (
        "invoice",
        "shipped:rules/providers/invoice.yaml",
        include_str!("../../rules/providers/invoice.yaml"),
    ),
    (
        "oci-cost",
        "shipped:rules/providers/oci-cost.yaml",
        include_str!("../../rules/providers/oci-cost.yaml"),
    ),
];

/// Path and text of the rules that hold where a project declares no components.
#[must_use]
pub fn components() -> (&'static str, &'static str) {
    ("shipped:rules/components.yaml", include_str!("../../rules/components.yaml"))
}

/// Path and text of what the policies of rule files speak of.
#[must_use]
pub fn policies() -> (&'static str, &'static str) {
    ("shipped:rules/policies.yaml", include_str!("../../rules/policies.yaml"))
}

/// Path and text of the headers that tables of invoices have.
#[must_use]
pub fn invoice_columns() -> (&'static str, &'static str) {
    ("shipped:rules/invoices.yaml", include_str!("../../rules/invoices.yaml"))
}

/// Formats of drivers, with the name that findings give them.
const DRIVER_FORMATS: &[(&str, &str, &str)] = &[(
    "opencost",
    "shipped:rules/drivers/opencost.yaml",
    include_str!("../../rules/drivers/opencost.yaml"),
)];

/// Path and text of the headers that tables of drivers have.
#[must_use]
pub fn driver_columns() -> (&'static str, &'static str) {
    ("shipped:rules/drivers.yaml", include_str!("../../rules/drivers.yaml"))
}

/// Path and text of what is known of that format of drivers.
#[must_use]
pub fn driver_format(name: &str) -> Option<(&'static str, &'static str)> {
    let found = DRIVER_FORMATS.iter().find(|(format, _, _)| *format == name);
    found.map(|(_, path, text)| (*path, *text))
}

/// The formats of drivers that are known.
pub fn driver_format_names() -> impl Iterator<Item = &'static str> {
    DRIVER_FORMATS.iter().map(|(name, _, _)| *name)
}

/// License rule files, and the tables that they name.
const LICENSE_RULES: &[(&str, &str)] = &[
    ("shipped:rules/licenses/duties.yaml", include_str!("../../rules/licenses/duties.yaml")),
    ("shipped:rules/licenses/matching.yaml", include_str!("../../rules/licenses/matching.yaml")),
    (
        "shipped:rules/licenses/products/usual.yaml",
        include_str!("../../rules/licenses/products/usual.yaml"),
    ),
    ("shipped:rules/licenses/generic.yaml", include_str!("../../rules/licenses/generic.yaml")),
    ("shipped:rules/licenses/ibm.yaml", include_str!("../../rules/licenses/ibm.yaml")),
    ("shipped:rules/licenses/microsoft.yaml", include_str!("../../rules/licenses/microsoft.yaml")),
    ("shipped:rules/licenses/oracle.yaml", include_str!("../../rules/licenses/oracle.yaml")),
    ("shipped:rules/licenses/red-hat.yaml", include_str!("../../rules/licenses/red-hat.yaml")),
    ("shipped:rules/licenses/sap.yaml", include_str!("../../rules/licenses/sap.yaml")),
    ("shipped:rules/licenses/vmware.yaml", include_str!("../../rules/licenses/vmware.yaml")),
];

const LICENSE_TABLES: &[(&str, &str)] = &[
    (
        "shipped:rules/licenses/tables/azure_sql_normalized_cores.csv",
        include_str!("../../rules/licenses/tables/azure_sql_normalized_cores.csv"),
    ),
    (
        "shipped:rules/licenses/tables/ibm_pvu_per_core.csv",
        include_str!("../../rules/licenses/tables/ibm_pvu_per_core.csv"),
    ),
    (
        "shipped:rules/licenses/tables/ibm_rvu_mapc_tiers.csv",
        include_str!("../../rules/licenses/tables/ibm_rvu_mapc_tiers.csv"),
    ),
    (
        "shipped:rules/licenses/tables/oracle_core_factor.csv",
        include_str!("../../rules/licenses/tables/oracle_core_factor.csv"),
    ),
    (
        "shipped:rules/licenses/tables/oracle_java_se_tiers.csv",
        include_str!("../../rules/licenses/tables/oracle_java_se_tiers.csv"),
    ),
    (
        "shipped:rules/licenses/tables/sap_digital_access.csv",
        include_str!("../../rules/licenses/tables/sap_digital_access.csv"),
    ),
];

/// One of the license rule files, by its path below `rules/licenses`.
#[must_use]
pub(super) fn license_rule(name: &str) -> RuleText {
    let is_asked =
        |path: &str| path.strip_prefix("shipped:rules/licenses/").is_some_and(|rest| rest == name);
    let found = LICENSE_RULES.iter().find(|(path, _)| is_asked(path));
    let (path, text) = found.copied().unwrap_or_default();
    RuleText { path: path.into(), text: text.into() }
}

/// License rule files, and the tables that they name.
#[must_use]
pub fn license_rules() -> (Vec<RuleText>, Vec<RuleText>) {
    let texts = |all: &[(&str, &str)]| {
        let text =
            |(path, text): &(&str, &str)| RuleText { path: (*path).into(), text: (*text).into() };
        all.iter().map(text).collect()
    };
    (texts(LICENSE_RULES), texts(LICENSE_TABLES))
}

/// Path and text of the column map of what rights are charged.
#[must_use]
pub fn license_charges() -> (&'static str, &'static str) {
    ("shipped:rules/licenses/charges.yaml", include_str!("../../rules/licenses/charges.yaml"))
}

/// Path and text of the column map of that format.
#[must_use]
pub fn column_map(name: &str) -> Option<(&'static str, &'static str)> {
    let found = COLUMN_MAPS.iter().find(|(format, _, _)| *format == name);
    found.map(|(_, path, text)| (*path, *text))
}

/// The formats that have a shipped column map.
pub fn column_map_names() -> impl Iterator<Item = &'static str> {
    COLUMN_MAPS.iter().map(|(name, _, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Column, Org};
    use crate::rules::{ColumnMap, Scope, compile};

    #[test]
    fn every_shipped_column_map_parses() {
        for name in column_map_names() {
            let (path, text) = column_map(name).unwrap();
            let map = ColumnMap::parse(path, text).unwrap();
            assert_eq!(map.name, name);
            assert!(!map.examples.is_empty(), "{name} carries no example");
        }
    }

    #[test]
    fn the_focus_map_knows_every_column_and_what_each_version_has() {
        let (path, text) = column_map("focus").unwrap();
        let map = ColumnMap::parse(path, text).unwrap();
        assert_eq!(map.columns.len(), Column::ALL.len());
        for (column, source) in &map.columns {
            assert_eq!(source.headers()[0], column.name());
        }
        let counts: Vec<_> =
            map.versions.iter().map(|v| (v.version.as_str(), v.columns.len())).collect();
        assert_eq!(counts, [("1.4", 64), ("1.3", 65), ("1.2", 57), ("1.1", 50), ("1.0", 43)]);
        let newest = &map.versions[0];
        assert!(!newest.columns.contains(&Column::ProviderName));
        for pair in map.versions.windows(2) {
            let older = &pair[1].columns;
            assert!(pair[0].markers.iter().all(|marker| !older.contains(marker)));
            assert!(pair[0].markers.iter().all(|marker| pair[0].columns.contains(marker)));
        }
    }

    #[test]
    fn the_shipped_components_compile() {
        let (path, text) = components();
        let scope = Scope { org: &Org::default(), entities: &[], drivers: &[] };
        let file = RuleText { path: path.into(), text: text.into() };
        let rules = compile(&[file], &scope).unwrap();
        let names: Vec<_> = rules.components.iter().map(|rule| rule.name.as_str()).collect();
        let expected =
            ["tax", "credits", "unused_commitment", "commitment_amortized", "support", "usage"];
        assert_eq!(names, expected);
    }
}
