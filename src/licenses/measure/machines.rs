//! The machines that are known: which host a machine is on, and which cluster a host is in.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::licenses::{Number, Subject, SubjectKind, UseKind, UseRow, Value};

/// Rows of machines by their names. Of several rows of one machine, the first counts.
#[derive(Debug, Default)]
pub(super) struct Machines<'a> {
    pub(super) hosts: BTreeMap<Arc<str>, &'a UseRow>,
    pub(super) vms: BTreeMap<Arc<str>, &'a UseRow>,
    pub(super) clusters: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Machines on a host.
    pub(super) counts: BTreeMap<Arc<str>, usize>,
}

impl<'a> Machines<'a> {
    pub(super) fn of(rows: &[&'a UseRow]) -> Self {
        let mut found = Self::default();
        for row in rows {
            let map = match row.kind {
                UseKind::Host => &mut found.hosts,
                UseKind::Vm => &mut found.vms,
                _ => continue,
            };
            if let Some(id) = text_of(row, own_field(row.kind)) {
                map.entry(id).or_insert(*row);
            }
        }
        for host in found.vms.values().filter_map(|row| text_of(row, "host")) {
            *found.counts.entry(host).or_default() += 1;
        }
        for (id, row) in &found.hosts {
            if let Some(cluster) = text_of(row, "cluster") {
                found.clusters.entry(cluster).or_default().push(Arc::clone(id));
            }
        }
        found
    }

    /// What needs a right at first: a known machine, a user, or what the row names.
    pub(super) fn subject(&self, row: &UseRow) -> Subject {
        let id = text_of(row, own_field(row.kind)).unwrap_or_default();
        let kind = match row.kind {
            UseKind::Host => SubjectKind::Host,
            UseKind::Vm => SubjectKind::Vm,
            UseKind::Seat => SubjectKind::User,
            UseKind::Install if self.vms.contains_key(&id) => SubjectKind::Vm,
            UseKind::Install if self.hosts.contains_key(&id) => SubjectKind::Host,
            UseKind::Install => SubjectKind::Device,
            UseKind::Sample | UseKind::Counter | UseKind::Billing => SubjectKind::Total,
        };
        Subject { kind, id }
    }

    /// The host of something on a machine; the machine itself where it is one.
    pub(super) fn host_of(&self, subject: &Subject, told: Option<&Arc<str>>) -> Option<Arc<str>> {
        if subject.kind == SubjectKind::Host {
            return Some(Arc::clone(&subject.id));
        }
        let vm = self.vms.get(&subject.id);
        told.cloned().or_else(|| vm.and_then(|row| text_of(row, "host")))
    }

    pub(super) fn cluster_of(
        &self,
        host: Option<&str>,
        told: Option<&Arc<str>>,
    ) -> Option<Arc<str>> {
        let row = host.and_then(|host| self.hosts.get(host));
        row.and_then(|row| text_of(row, "cluster")).or_else(|| told.cloned())
    }

    /// The row of the machine that something is on.
    pub(super) fn row_of(&self, subject: &Subject) -> Option<&'a UseRow> {
        match subject.kind {
            SubjectKind::Vm => self.vms.get(&subject.id).copied(),
            SubjectKind::Host => self.hosts.get(&subject.id).copied(),
            _ => None,
        }
    }
}

/// The field that names what a row is about.
fn own_field(kind: UseKind) -> &'static str {
    match kind {
        UseKind::Install => "device",
        UseKind::Host => "host",
        UseKind::Vm => "vm",
        UseKind::Seat => "user",
        UseKind::Sample | UseKind::Counter => "counter",
        UseKind::Billing => "resource",
    }
}

pub(super) fn text_of(row: &UseRow, field: &str) -> Option<Arc<str>> {
    match row.fields.get(field) {
        Some(Value::Text(text)) => Some(Arc::clone(text)),
        Some(Value::Number(number)) => Some(number.to_string().into()),
        _ => None,
    }
}

pub(super) fn number_of(row: &UseRow, field: &str) -> Option<Number> {
    match row.fields.get(field) {
        Some(Value::Number(number)) => Some(number.clone()),
        _ => None,
    }
}
