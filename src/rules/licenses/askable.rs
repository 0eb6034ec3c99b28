//! What metrics can ask of rows of use.

use super::fields::InputKind;
use super::step::RowKind;

/// Fields by kind of rows. Columns of the project's own begin with `x_`.
fn fields_of(kind: RowKind) -> Vec<&'static str> {
    let input = match kind {
        RowKind::Install => InputKind::Installs,
        RowKind::Host => InputKind::Hosts,
        RowKind::Vm => InputKind::Vms,
        RowKind::Seat => InputKind::Seats,
        RowKind::Sample => InputKind::Samples,
        RowKind::Counter => InputKind::Counters,
        RowKind::Billing => return BILLING.to_vec(),
    };
    input.fields().iter().map(|field| field.name).collect()
}

/// What a charge of a cloud bill tells of its license.
const BILLING: &[&str] =
    &["resource", "license_model", "operation", "value", "unit", "cloud", "instance_type", "vcpus"];

/// What every row has.
const COMMON: &[&str] = &[
    "publisher",
    "product",
    "edition",
    "raw_product",
    "version",
    "legal_entity",
    "region",
    "pool",
    "environment",
    // What was counted so far.
    "quantity",
];

/// What widening tells of what it brought together.
const WIDENED: &[&str] = &["installs", "vms", "on_host", "hosts"];

/// All that a metric which begins with such rows can ask.
pub(super) fn askable(kind: RowKind) -> Vec<&'static str> {
    let mut found = COMMON.to_vec();
    let machines: &[RowKind] = match kind {
        RowKind::Install | RowKind::Host | RowKind::Vm => {
            &[RowKind::Install, RowKind::Host, RowKind::Vm]
        }
        _ => &[],
    };
    if !machines.is_empty() {
        found.extend(WIDENED);
    }
    for kind in [kind].iter().chain(machines) {
        found.extend(fields_of(*kind));
    }
    found.sort_unstable();
    found.dedup();
    found
}
