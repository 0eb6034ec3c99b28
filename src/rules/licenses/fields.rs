//! The fields of rows of use, as inventories and metrics name them.

use super::step::RowKind;

/// Fields by kind of rows. Columns of the project's own begin with `x_`.
pub(super) fn fields_of(kind: RowKind) -> &'static [&'static str] {
    match kind {
        RowKind::Install => &[
            "device",
            "options",
            "user",
            "installed",
            "last_used",
            "role",
            "host",
            "cluster",
            "status",
        ],
        RowKind::Host => &[
            "host",
            "sockets",
            "cores",
            "cores_per_socket",
            "threads",
            "cpu_model",
            "cpu_vendor",
            "server_model",
            "hyper_threading",
            "cluster",
            "cloud",
            "instance_type",
            "status",
        ],
        RowKind::Vm => &[
            "vm",
            "host",
            "cluster",
            "vcpus",
            "cores",
            "memory_gb",
            "hyper_threading",
            "cloud",
            "instance_type",
            "os",
            "role",
            "status",
        ],
        RowKind::Seat => {
            &["user", "assigned", "last_activity", "released", "release_reason", "status", "role"]
        }
        RowKind::Sample => {
            &["time", "value", "denied", "unit", "counter", "device", "user", "host", "vm"]
        }
        RowKind::Counter => &["counter", "value", "unit", "day"],
        RowKind::Billing => &[
            "resource",
            "license_model",
            "operation",
            "value",
            "unit",
            "cloud",
            "instance_type",
            "vcpus",
        ],
    }
}

/// What every row has.
pub(super) const COMMON: &[&str] = &[
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
pub(super) const WIDENED: &[&str] = &["installs", "vms", "on_host", "hosts"];

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
