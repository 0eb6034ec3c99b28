//! From installations to machines, from machines to hosts, from hosts to clusters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_traits::Zero;

use crate::licenses::{Extent, Number, Subject, SubjectKind, UseRow, Value};
use crate::rules::licenses::{Lone, Step, WidenTo};

use super::engine::Engine;
use super::item::{Content, Item, merge};
use super::machines::number_of;
use super::range::{Bound, Range};
use super::show;

impl Engine<'_> {
    pub(super) fn widen(
        &mut self,
        items: Vec<Item>,
        to: WidenTo,
        lone: Lone,
        step: &Step,
    ) -> Vec<Item> {
        let mut groups: BTreeMap<Subject, Vec<Item>> = BTreeMap::new();
        let mut alone = Vec::new();
        for mut item in items {
            if let Some(subject) = self.wider(&item, to) {
                groups.entry(subject).or_default().push(item);
                continue;
            }
            if lone == Lone::Unknown {
                let what = match to {
                    WidenTo::Device => "device",
                    WidenTo::Host => "host",
                    WidenTo::Cluster | WidenTo::ClusterHosts => "cluster",
                };
                self.miss(&item, what);
            }
            count_members(&mut item, &[]);
            alone.push(item);
        }
        let mut wide = Vec::new();
        for (subject, members) in groups {
            let counts: Vec<(Subject, bool, Option<Content>)> = members
                .iter()
                .map(|item| {
                    let vcpus = item.fields.get("vcpus").cloned();
                    (item.subject.clone(), item.is_unsure, vcpus)
                })
                .collect();
            let Some(mut item) = merge(members, subject) else { continue };
            item.fields.remove("vcpus");
            count_members(&mut item, &counts);
            self.tell(&mut item);
            let text = format!("{} on {}", count(&counts), item.subject.id);
            let value = item.counted();
            self.trace(step, &item, text, value);
            match to {
                WidenTo::ClusterHosts => wide.extend(self.hosts_of(&item)),
                _ => wide.push(item),
            }
        }
        wide.append(&mut alone);
        wide
    }

    fn wider(&self, item: &Item, to: WidenTo) -> Option<Subject> {
        let subject = |kind: SubjectKind, id: Arc<str>| Some(Subject { kind, id });
        if item.subject.kind == SubjectKind::Cluster {
            return Some(item.subject.clone());
        }
        if to == WidenTo::Device {
            return (!item.subject.id.is_empty()).then(|| item.subject.clone());
        }
        let host = self.machines.host_of(&item.subject, item.text("host"));
        if to == WidenTo::Host {
            return subject(SubjectKind::Host, host?);
        }
        let cluster = self.machines.cluster_of(host.as_deref(), item.text("cluster"));
        match (cluster, host) {
            (Some(cluster), _) => subject(SubjectKind::Cluster, cluster),
            // A host in no cluster is all the hosts there are.
            (None, Some(host)) if to == WidenTo::ClusterHosts => subject(SubjectKind::Host, host),
            (None, _) => None,
        }
    }

    /// What is known of a host or cluster; its own word counts before that of what is on it.
    fn tell(&mut self, item: &mut Item) {
        const PHYSICAL: &[&str] = &["sockets", "cores", "cores_per_socket", "threads"];
        match item.subject.kind {
            SubjectKind::Host => {
                item.fields.retain(|name, _| !PHYSICAL.contains(&&**name));
                let name = Value::Text(Arc::clone(&item.subject.id));
                item.fields.insert("host".into(), Content::Told(name));
                match self.machines.hosts.get(&item.subject.id) {
                    Some(row) => tell_host(item, row),
                    None => self.miss(item, "the host's own row"),
                }
            }
            SubjectKind::Cluster => {
                item.fields.retain(|name, _| !PHYSICAL.contains(&&**name) && &**name != "host");
                let name = Value::Text(Arc::clone(&item.subject.id));
                item.fields.insert("cluster".into(), Content::Told(name));
                let hosts = self.machines.clusters.get(&item.subject.id);
                let rows: Vec<&UseRow> = hosts
                    .into_iter()
                    .flatten()
                    .filter_map(|host| self.machines.hosts.get(host).copied())
                    .collect();
                if rows.is_empty() {
                    self.miss(item, "hosts of the cluster");
                    return;
                }
                let hosts = Content::Computed(Range::whole(rows.len()));
                item.fields.insert("hosts".into(), hosts);
                for name in ["sockets", "cores", "threads"] {
                    let all: Option<Vec<Number>> =
                        rows.iter().map(|row| physical(row, name)).collect();
                    if let Some(all) = all {
                        let sum = all.into_iter().fold(Number::zero(), |sum, one| sum + one);
                        item.fields.insert(name.into(), Content::Computed(Range::known(sum)));
                    }
                }
            }
            _ => {}
        }
    }

    fn hosts_of(&self, cluster: &Item) -> Vec<Item> {
        if cluster.subject.kind != SubjectKind::Cluster {
            return vec![cluster.clone()];
        }
        let hosts = self.machines.clusters.get(&cluster.subject.id);
        let rows = hosts.into_iter().flatten();
        let rows = rows.filter_map(|host| Some((host, *self.machines.hosts.get(host)?)));
        let host = |(id, row): (&Arc<str>, &UseRow)| {
            let mut item = cluster.clone();
            item.subject = Subject { kind: SubjectKind::Host, id: Arc::clone(id) };
            for name in ["sockets", "cores", "threads"] {
                item.fields.remove(name);
            }
            item.fields.insert("host".into(), Content::Told(Value::Text(Arc::clone(id))));
            tell_host(&mut item, row);
            item.origins.push(row.origin.clone());
            item.origins.sort();
            item.quantity = Extent::known(num_traits::One::one());
            item
        };
        let found: Vec<Item> = rows.map(host).collect();
        if found.is_empty() { vec![cluster.clone()] } else { found }
    }
}

/// The physical facts of a host row as fields of an item.
pub(super) fn tell_host(item: &mut Item, row: &UseRow) {
    for (name, value) in &row.fields {
        item.fields.insert(Arc::clone(name), Content::Told(value.clone()));
    }
    if let Some(cores) = physical(row, "cores") {
        item.fields.insert("cores".into(), Content::Told(Value::Number(cores)));
    }
    item.origins.push(row.origin.clone());
    item.origins.sort();
    item.origins.dedup();
}

/// A number of a host; all cores may be told by the processor.
fn physical(row: &UseRow, name: &str) -> Option<Number> {
    let told = number_of(row, name);
    if name != "cores" {
        return told;
    }
    told.or_else(|| Some(number_of(row, "sockets")? * number_of(row, "cores_per_socket")?))
}

/// How many installations, and how many machines they are on.
fn count_members(item: &mut Item, members: &[(Subject, bool, Option<Content>)]) {
    let distinct = |is_sure: bool, kinds: &[SubjectKind]| {
        let members = members
            .iter()
            .filter(|(subject, unsure, _)| kinds.contains(&subject.kind) && !(is_sure && *unsure));
        members.map(|(subject, _, _)| subject).collect::<BTreeSet<_>>().len()
    };
    let range = |kinds: &[SubjectKind]| {
        let (sure, all) = (distinct(true, kinds), distinct(false, kinds));
        Range::whole(sure).either(&Range::whole(all))
    };
    let sure = members.iter().filter(|(_, unsure, _)| !unsure).count();
    let installs = Range::whole(sure.max(usize::from(members.is_empty())))
        .either(&Range::whole(members.len().max(1)));
    let vms = match (members.is_empty(), item.subject.kind) {
        (true, SubjectKind::Vm) => Range::whole(1),
        _ => range(&[SubjectKind::Vm]),
    };
    let on_host = match (members.is_empty(), item.subject.kind) {
        (true, SubjectKind::Host | SubjectKind::Device) => Range::whole(1),
        _ => range(&[SubjectKind::Host, SubjectKind::Device]),
    };
    let made = [("installs", installs), ("vms", vms), ("on_host", on_host)];
    for (name, range) in made {
        item.fields.insert(name.into(), Content::Computed(range));
    }
    if let Some(range) = sum_of_vcpus(members) {
        item.fields.insert("vcpus".into(), Content::Computed(range));
    }
}

/// Of each machine once; nothing where one is not told.
fn sum_of_vcpus(members: &[(Subject, bool, Option<Content>)]) -> Option<Range> {
    let vms: BTreeMap<&Subject, (bool, &Option<Content>)> = members
        .iter()
        .filter(|(subject, _, _)| subject.kind == SubjectKind::Vm)
        .map(|(subject, unsure, vcpus)| (subject, (*unsure, vcpus)))
        .collect();
    if vms.is_empty() {
        return None;
    }
    let mut sum = Range::whole(0);
    for (unsure, vcpus) in vms.into_values() {
        let mut range = match vcpus.as_ref()? {
            Content::Told(Value::Number(number)) => Range::known(number.clone()),
            Content::Computed(range) => range.clone(),
            Content::Told(_) => return None,
        };
        if unsure {
            range.low = Bound::At(Number::zero());
        }
        sum = sum.plus(&range);
    }
    Some(sum)
}

fn count(members: &[(Subject, bool, Option<Content>)]) -> String {
    let different: BTreeSet<&Subject> = members.iter().map(|(subject, _, _)| subject).collect();
    let shown = show::range(&Range::whole(different.len()));
    if different.len() == 1 { format!("{shown} machine") } else { format!("{shown} machines") }
}
