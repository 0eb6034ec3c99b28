//! The organisation: an effective-dated tree of cost centers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::NaiveDate;

use super::period::DateRange;

/// One version of a cost center: what was true of it on the days of `valid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostCenter {
    pub id: String,
    pub name: String,
    pub parent: Option<String>,
    pub legal_entity: Option<String>,
    pub manager: Option<String>,
    /// What the organisation calls centers of this kind, such as `business unit`.
    pub level: Option<String>,
    pub valid: DateRange,
}

/// What makes a set of cost centers not an organisation. The id names the row at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrgError {
    /// Two versions of one id share a day.
    Overlap { id: String },
    /// The parent does not exist at all.
    UnknownParent { id: String, parent: String },
    /// Following parents from `id` on `day` comes back to it.
    Cycle { path: Vec<String>, day: NaiveDate },
}

impl fmt::Display for OrgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlap { id } => {
                write!(f, "cost center `{id}` has two rows that are valid on the same day")
            }
            Self::UnknownParent { id, parent } => {
                write!(f, "cost center `{id}` has the parent `{parent}`, which is not in the list")
            }
            Self::Cycle { path, day } => {
                let on = if *day == NaiveDate::MIN { String::new() } else { format!(" on {day}") };
                write!(f, "cost centers are their own ancestors{on}: {}", path.join(" → "))
            }
        }
    }
}

/// Cost centers that stand side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// So many steps from the top: roots are at 1.
    Depth(u32),
    /// Those that the list of cost centers calls so, wherever they stand.
    Named(String),
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth(depth) => write!(f, "{depth}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// Where an owner's name stands on a given day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    Open(&'a CostCenter),
    /// Known, but not valid on that day.
    Closed,
    Unknown,
    /// Not known as written, but one cost center differs from it in case only.
    CaseDiffers(&'a str),
}

/// All versions of all cost centers, checked: no overlaps, no unknown parents, no cycles.
#[derive(Clone, Debug, Default)]
pub struct Org {
    versions: BTreeMap<String, Vec<CostCenter>>,
}

impl Org {
    /// Checks the whole list and reports everything that is wrong with it.
    ///
    /// # Errors
    /// Every [`OrgError`] found, in the order of ids.
    pub fn new(centers: Vec<CostCenter>) -> Result<Self, Vec<OrgError>> {
        let mut versions: BTreeMap<String, Vec<CostCenter>> = BTreeMap::new();
        for center in centers {
            versions.entry(center.id.clone()).or_default().push(center);
        }
        for rows in versions.values_mut() {
            rows.sort_by_key(|center| center.valid.from());
        }
        let org = Self { versions };
        let mut errors = org.overlaps();
        errors.extend(org.unknown_parents());
        if errors.is_empty() {
            errors.extend(org.cycles());
        }
        if errors.is_empty() { Ok(org) } else { Err(errors) }
    }

    fn overlaps(&self) -> Vec<OrgError> {
        let clash =
            |rows: &&Vec<CostCenter>| rows.windows(2).any(|w| w[0].valid.overlaps(w[1].valid));
        let clashing = self.versions.values().filter(clash);
        clashing.map(|rows| OrgError::Overlap { id: rows[0].id.clone() }).collect()
    }

    fn unknown_parents(&self) -> Vec<OrgError> {
        let rows = self.versions.values().flatten();
        rows.filter_map(|center| {
            let parent = center.parent.as_ref()?;
            (!self.versions.contains_key(parent))
                .then(|| OrgError::UnknownParent { id: center.id.clone(), parent: parent.clone() })
        })
        .collect()
    }

    /// The first cycle, by day and then by id.
    ///
    /// A cycle that is new on a day has a cost center in it whose parent changed on that day; so
    /// after the first day, only what changes is followed upwards.
    fn cycles(&self) -> Option<OrgError> {
        let mut changing: BTreeMap<NaiveDate, Vec<usize>> = BTreeMap::new();
        for (index, rows) in self.versions.values().enumerate() {
            changing.entry(NaiveDate::MIN).or_default().push(index);
            for day in rows.iter().filter_map(|center| center.valid.from()) {
                changing.entry(day).or_default().push(index);
            }
        }
        let ids: Vec<&String> = self.versions.keys().collect();
        let at = |id: &str| ids.binary_search_by(|known| known.as_str().cmp(id)).ok();
        let parent = |index: usize, day: NaiveDate| self.parent_on(ids[index], day).and_then(at);
        // By cost center: the walk that came there last. Walks of a day have higher numbers than
        // those of the days before.
        let mut walked = vec![0_usize; ids.len()];
        let mut walk = 0;
        for (day, changed) in changing {
            let first_of_day = walk + 1;
            for start in changed {
                walk += 1;
                let mut here = Some(start);
                while let Some(index) = here {
                    if walked[index] == walk {
                        let path = around(index, |index| parent(index, day));
                        let path = path.into_iter().map(|index| ids[index].clone()).collect();
                        return Some(OrgError::Cycle { path, day });
                    }
                    if walked[index] >= first_of_day {
                        break;
                    }
                    walked[index] = walk;
                    here = parent(index, day);
                }
            }
        }
        None
    }

    /// A project without a list of cost centers: any owner name is taken as it comes.
    #[must_use]
    pub fn is_undeclared(&self) -> bool {
        self.versions.is_empty()
    }

    /// The days on which anything about any cost center changes, ascending.
    #[must_use]
    pub fn change_days(&self) -> Vec<NaiveDate> {
        let ends = |c: &CostCenter| [c.valid.from(), c.valid.to()];
        let mut days: Vec<_> = self.versions.values().flatten().flat_map(ends).flatten().collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.versions.keys().map(String::as_str)
    }

    #[must_use]
    pub fn on(&self, id: &str, day: NaiveDate) -> Option<&CostCenter> {
        self.versions.get(id)?.iter().find(|center| center.valid.contains(day))
    }

    /// The latest version of `id` that was valid on or before `day`, else its first: for names on
    /// reports, which must show an owner even where it is closed by then.
    #[must_use]
    pub fn named(&self, id: &str, day: NaiveDate) -> Option<&CostCenter> {
        let rows = self.versions.get(id)?;
        let begun = |c: &&CostCenter| c.valid.from().is_none_or(|from| from <= day);
        rows.iter().rev().find(begun).or_else(|| rows.first())
    }

    #[must_use]
    pub fn standing(&self, id: &str, day: NaiveDate) -> Standing<'_> {
        if let Some(center) = self.on(id, day) {
            return Standing::Open(center);
        }
        if self.versions.contains_key(id) {
            return Standing::Closed;
        }
        let folded = id.to_lowercase();
        let near = self.versions.keys().find(|known| known.to_lowercase() == folded);
        near.map_or(Standing::Unknown, |known| Standing::CaseDiffers(known))
    }

    /// Whether `id` is a cost center that is open on `day`: quicker than its whole standing.
    #[must_use]
    pub fn is_open(&self, id: &str, day: NaiveDate) -> bool {
        self.on(id, day).is_some()
    }

    /// Ids from the root to `id` on `day`; just the id where nothing is known of it.
    #[must_use]
    pub fn path(&self, id: &str, day: NaiveDate) -> Vec<String> {
        let mut path = vec![id.to_owned()];
        while let Some(parent) = path.last().and_then(|last| self.parent_on(last, day)) {
            path.push(parent.to_owned());
        }
        path.reverse();
        path
    }

    /// Whether `id` is `ancestor` or stands below it on `day`.
    #[must_use]
    pub fn is_within(&self, id: &str, ancestor: &str, day: NaiveDate) -> bool {
        self.path(id, day).iter().any(|step| step == ancestor)
    }

    /// Cost centers that are open on `day` and parent of none that is open: who bears cost by default.
    #[must_use]
    pub fn leaves(&self, day: NaiveDate) -> Vec<&CostCenter> {
        let open = || self.versions.keys().filter_map(|id| self.on(id, day));
        let parents: Vec<&str> = open().filter_map(|center| center.parent.as_deref()).collect();
        open().filter(|center| !parents.contains(&center.id.as_str())).collect()
    }

    /// Steps from the root, which is at 1, to `id` on `day`; `None` where it is not open then.
    #[must_use]
    pub fn depth(&self, id: &str, day: NaiveDate) -> Option<u32> {
        self.on(id, day)?;
        u32::try_from(self.path(id, day).len()).ok()
    }

    /// Cost centers that are open on `day` and of a level, by id.
    #[must_use]
    pub fn at_level(&self, level: &Level, day: NaiveDate) -> Vec<&CostCenter> {
        let open = self.versions.keys().filter_map(|id| self.on(id, day));
        open.filter(|center| self.is_at(level, &center.id, day)).collect()
    }

    /// Whether `id` is open on `day` and of a level.
    #[must_use]
    pub fn is_at(&self, level: &Level, id: &str, day: NaiveDate) -> bool {
        match level {
            Level::Depth(depth) => self.depth(id, day) == Some(*depth),
            Level::Named(name) => {
                self.on(id, day).is_some_and(|center| center.level.as_ref() == Some(name))
            }
        }
    }

    /// The names of levels on any day, each once.
    #[must_use]
    pub fn level_names(&self) -> BTreeSet<&str> {
        self.versions.values().flatten().filter_map(|center| center.level.as_deref()).collect()
    }

    fn parent_on(&self, id: &str, day: NaiveDate) -> Option<&str> {
        self.named(id, day)?.parent.as_deref()
    }
}

/// The cycle on which `index` lies, from its first member round to it again.
fn around(index: usize, parent: impl Fn(usize) -> Option<usize>) -> Vec<usize> {
    let mut path = vec![index];
    while let Some(next) = parent(path[path.len() - 1]).filter(|next| *next != index) {
        path.push(next);
    }
    let first = (0..path.len()).min_by_key(|at| path[*at]).unwrap_or_default();
    path.rotate_left(first);
    path.push(path[0]);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 10, d).unwrap()
    }

    fn center(id: &str, parent: &str, from: Option<u32>, to: Option<u32>) -> CostCenter {
        CostCenter {
            id: id.into(),
            name: id.to_uppercase(),
            parent: (!parent.is_empty()).then(|| parent.into()),
            legal_entity: None,
            manager: None,
            level: None,
            valid: DateRange::new(from.map(day), to.map(day)).unwrap(),
        }
    }

    #[test]
    fn a_reorganisation_splits_the_month() {
        let org = Org::new(vec![
            center("acme", "", None, None),
            center("retail", "acme", None, None),
            center("data", "acme", None, None),
            center("web", "retail", None, Some(15)),
            center("web", "data", Some(15), None),
        ])
        .unwrap();
        assert_eq!(org.path("web", day(14)), ["acme", "retail", "web"]);
        assert_eq!(org.path("web", day(15)), ["acme", "data", "web"]);
        let leaves: Vec<_> = org.leaves(day(20)).iter().map(|c| c.id.clone()).collect();
        assert_eq!(leaves, ["retail", "web"]);
    }

    #[test]
    fn levels_are_those_of_the_day() {
        let unit = |center: CostCenter| CostCenter { level: Some("unit".to_owned()), ..center };
        let org = Org::new(vec![
            center("acme", "", None, None),
            unit(center("retail", "acme", None, None)),
            unit(center("data", "acme", None, Some(20))),
            center("web", "retail", None, Some(15)),
            unit(center("web", "acme", Some(15), None)),
        ])
        .unwrap();
        let at = |level: Level, d| -> Vec<&str> {
            org.at_level(&level, day(d)).iter().map(|center| center.id.as_str()).collect()
        };
        assert_eq!(at(Level::Depth(1), 14), ["acme"]);
        assert_eq!(at(Level::Depth(2), 14), ["data", "retail"]);
        assert_eq!(at(Level::Depth(3), 14), ["web"]);
        assert_eq!(at(Level::Depth(2), 15), ["data", "retail", "web"]);
        assert_eq!(at(Level::Named("unit".to_owned()), 14), ["data", "retail"]);
        assert_eq!(at(Level::Named("unit".to_owned()), 20), ["retail", "web"]);
        assert_eq!(at(Level::Depth(4), 14), [""; 0]);
        assert_eq!([org.depth("web", day(14)), org.depth("web", day(15))], [Some(3), Some(2)]);
        assert_eq!([org.depth("data", day(20)), org.depth("none", day(1))], [None, None]);
        assert_eq!(org.level_names().into_iter().collect::<Vec<_>>(), ["unit"]);
    }

    #[test]
    fn standing_tells_closed_from_unknown_from_misspelt() {
        let org = Org::new(vec![center("ACM9000", "", None, Some(10))]).unwrap();
        assert!(matches!(org.standing("ACM9000", day(9)), Standing::Open(_)));
        assert_eq!(org.standing("ACM9000", day(10)), Standing::Closed);
        assert_eq!(org.standing("acm9000", day(9)), Standing::CaseDiffers("ACM9000"));
        assert_eq!(org.standing("else", day(9)), Standing::Unknown);
    }

    #[test]
    fn a_broken_list_is_refused_with_all_its_faults() {
        let overlap = Org::new(vec![
            center("a", "", None, Some(10)),
            center("a", "", Some(9), None),
            center("b", "nobody", None, None),
        ]);
        assert_eq!(overlap.unwrap_err().len(), 2);
        let cycle = Org::new(vec![center("a", "b", None, None), center("b", "a", None, None)]);
        assert!(matches!(cycle.unwrap_err()[..], [OrgError::Cycle { .. }]));
        let later = Org::new(vec![
            center("d", "c", None, None),
            center("c", "a", None, None),
            center("a", "", None, Some(9)),
            center("a", "b", Some(9), None),
            center("b", "c", Some(5), None),
        ]);
        let path = ["a", "b", "c", "a"].map(str::to_owned).to_vec();
        assert_eq!(later.unwrap_err(), [OrgError::Cycle { path, day: day(9) }]);
    }
}
