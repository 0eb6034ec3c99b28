//! Records of other systems' exports: which window, whose, how much.
//!
//! Order: what a record is (a workload's usage, idle capacity, usage without a name) is decided before
//! its quantity is judged, because what does not weigh may be anything.

use std::collections::{BTreeMap, btree_map};

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::diagnostics::{Code, Finding};
use crate::domain::{Amount, DateRange, Period};
use crate::rules::{
    DriverExport, KeyedColumns, Property, SpecialPolicy, header_position, header_spellings,
};

use super::driver_source::{self, Source, Wanted};
use super::drivers::{Claim, Consumer, DriverFile, DriverPart, DriverRow, at_file, name, quantity};
use crate::ingest::json::scan::{Value, object, unescaped};
use crate::ingest::json::table::Sets;
use crate::ingest::values::dates::utc_day;

/// Reads the records of an export; what is wrong with them is added to `errors`.
///
/// # Errors
/// A file that is no such export, or lacks what the driver asks of it.
pub(super) fn read(
    file: &DriverFile<'_>,
    export: &DriverExport,
    errors: &mut Vec<Finding>,
) -> Result<DriverPart, Vec<Finding>> {
    let source = source(file, export)?;
    let reader = Reader::new(&source, export, file)?;
    reader.refuse_untold()?;
    Ok(reader.part(errors))
}

fn source(file: &DriverFile<'_>, export: &DriverExport) -> Result<Source, Vec<Finding>> {
    let format = &export.format;
    let mut known: Vec<String> = Vec::new();
    known.extend(
        [&format.start, &format.end, &format.day, &format.record].into_iter().flatten().cloned(),
    );
    known.extend(format.identity().flatten().cloned());
    let mut prefixes = Vec::new();
    for property in [Some(&export.consumer), export.pool.as_ref()].into_iter().flatten() {
        if let Property::Keyed { columns, .. } = property {
            known.extend(columns.json.iter().cloned());
            prefixes.extend(columns.prefixes.iter().cloned());
        }
    }
    let needed = [header_spellings(&export.measure.1.headers)];
    let record = format.record.first().map_or("name", String::as_str);
    let wanted = Wanted {
        needed: &needed,
        known: &known,
        prefixes: &prefixes,
        sets: Some(Sets { key: &format.sets, name: record }),
    };
    driver_source::read(file, &wanted)
}

/// Where a property of a record is found.
enum Spot {
    Column(usize),
    /// An object as JSON, and the key in it.
    Key(usize, String),
}

/// Where the parts of a record stand.
struct Reader<'a> {
    source: &'a Source,
    export: &'a DriverExport,
    file: &'a DriverFile<'a>,
    measure: usize,
    start: Option<usize>,
    end: Option<usize>,
    day: Option<usize>,
    record: Option<usize>,
    identity: Vec<usize>,
    realm: Option<usize>,
    consumer: Vec<Spot>,
    pool: Vec<Spot>,
}

/// A record and its number.
#[derive(Clone, Copy)]
struct Record<'a> {
    number: u64,
    fields: &'a [String],
}

/// What a record is.
enum Standing<'a> {
    Workload(String),
    /// Of a kind that is no workload's.
    Special(&'a str),
}

/// From the first moment of a window to the moment behind it.
type Window = (DateTime<Utc>, DateTime<Utc>);

impl<'a> Reader<'a> {
    fn new(
        source: &'a Source,
        export: &'a DriverExport,
        file: &'a DriverFile<'a>,
    ) -> Result<Self, Vec<Finding>> {
        let headers = &source.table.headers;
        let format = &export.format;
        let find = |names: &[String]| names.iter().find_map(|name| header_position(name, headers));
        let mut errors = Vec::new();
        let mut lacks = |text: String, help: String| {
            errors.push(Finding::new(Code::DriverBroken, text).help(help).at(at_file(file)));
        };
        let measure = find(&export.measure.1.headers);
        if source.table.rows.is_empty() {
            let text = format!("the file holds no record of {}", format.title);
            lacks(
                text,
                "an export without records is not taken for no usage; fetch it again".to_owned(),
            );
        } else if measure.is_none() {
            let all: Vec<String> = headers.iter().chain(&source.others).cloned().collect();
            let known: Vec<&str> = format.measures_in(&all).collect();
            let text = format!("no record tells the measure `{}`", export.measure.0);
            let help = if known.is_empty() {
                format!(
                    "the file is no export of {}; its columns are {}",
                    format.title,
                    source.columns()
                )
            } else {
                format!("the file has {}; name one as `measure`", known.join(", "))
            };
            lacks(text, help);
        }
        let (start, end, day) = (find(&format.start), find(&format.end), find(&format.day));
        let is_dated = day.is_some() || (start.is_some() && end.is_some());
        if measure.is_some() && !is_dated && file.month.is_none() {
            let text =
                "nothing tells the month: the records have neither window nor day".to_owned();
            lacks(text, "export them, or let `files` tell the month: k8s-{period}.json".to_owned());
        }
        let spots = |property: &Property| spots(property, headers);
        let consumer = spots(&export.consumer);
        let pool = export.pool.as_ref().map(spots).unwrap_or_default();
        let found = measure.filter(|_| errors.is_empty());
        let Some(measure) = found else { return Err(errors) };
        let identity = format.identity().filter_map(|names| find(names)).collect();
        let (record, realm) = (find(&format.record), find(format.realm()));
        Ok(Self {
            source,
            export,
            file,
            measure,
            start,
            end,
            day,
            record,
            identity,
            realm,
            consumer,
            pool,
        })
    }

    fn part(&self, errors: &mut Vec<Finding>) -> DriverPart {
        let mut part = DriverPart::new(self.file, &self.source.table);
        part.is_binary = self.export.format.is_binary;
        let mut sums: BTreeMap<(DateRange, Option<String>, Consumer), DriverRow> = BTreeMap::new();
        let mut undeclared: BTreeMap<&str, (Record<'_>, u64)> = BTreeMap::new();
        for (number, fields) in &self.source.table.rows {
            let record = Record { number: *number, fields };
            match self.row(record, &mut part, &mut undeclared) {
                Ok(Some(row)) => {
                    match sums.entry((row.days, row.pool.clone(), row.consumer.clone())) {
                        btree_map::Entry::Vacant(slot) => {
                            slot.insert(row);
                        }
                        btree_map::Entry::Occupied(mut slot) => {
                            if !slot.get_mut().add(&row) {
                                errors.push(self.fault(
                                    record,
                                    Some(self.measure),
                                    "the sum is too large",
                                ));
                            }
                        }
                    }
                }
                Ok(None) => {}
                Err(findings) => errors.extend(findings),
            }
        }
        part.rows = sums.into_values().collect();
        errors.extend(undeclared.into_iter().map(|(kind, (first, count))| {
            let special = &self.export.format.special[kind];
            let records = if count == 1 { "1 record is" } else { &format!("{count} records are") };
            let text = format!(
                "{records} `{special}`, which is no workload's usage, and nothing says who bears it"
            );
            let help = format!(
                "say it at the driver: `idle: spread` (shared like the rest), `idle: {{ owner: X }}` or `idle: unallocated`; of this kind alone: `idle: {{ {kind}: spread }}`"
            );
            self.fault(first, None, text).help(help).count(count)
        }));
        part
    }

    /// The row, `None` where it does not weigh.
    fn row(
        &self,
        record: Record<'a>,
        part: &mut DriverPart,
        undeclared: &mut BTreeMap<&'a str, (Record<'a>, u64)>,
    ) -> Result<Option<DriverRow>, Vec<Finding>> {
        let mut errors = Vec::new();
        let window = self.window(record).map_err(|finding| errors.push(finding));
        let days = match window {
            Ok(window) => self.days(record, window).map_err(|finding| errors.push(finding)),
            Err(()) => Err(()),
        };
        if let (Ok(days), Some(month)) = (days, self.file.month)
            && !days.overlaps(month.days())
        {
            part.other_months += 1;
            return Ok(None);
        }
        let standing = self.standing(record).map_err(|finding| errors.push(finding));
        let consumer = match standing {
            Ok(Standing::Workload(name)) => Some(Consumer::Named(name)),
            Ok(Standing::Special(kind)) => match self.export.special.get(kind) {
                Some(SpecialPolicy::Owner(owner)) => Some(Consumer::Named(owner.clone())),
                Some(SpecialPolicy::Unallocated) => Some(Consumer::Unallocated),
                Some(SpecialPolicy::Spread) => {
                    self.spread(record, kind, part).map_err(|finding| errors.push(finding)).ok();
                    None
                }
                None => {
                    undeclared.entry(kind).or_insert((record, 0)).1 += 1;
                    None
                }
            },
            Err(()) => None,
        };
        let Some(consumer) = consumer else {
            return if errors.is_empty() { Ok(None) } else { Err(errors) };
        };
        let quantity = quantity(&record.fields[self.measure]).map_err(|(text, help)| {
            let text = format!("{}: {text}", self.called(record));
            errors.push(self.fault(record, Some(self.measure), text).help(help));
        });
        let pool = property(record, &self.pool);
        let pool = pool.map(|pool| name(&pool)).transpose();
        let pool = pool.map_err(|text| errors.push(self.fault(record, None, text)));
        match (window, days, quantity, pool) {
            (Ok(window), Ok(days), Ok(quantity), Ok(pool)) if errors.is_empty() => {
                self.claim(record, window, part);
                Ok(Some(DriverRow {
                    days,
                    pool,
                    consumer,
                    quantity,
                    scope: Vec::new(),
                    place: self.source.table.place(record.number, Some(self.measure)),
                    records: 1,
                }))
            }
            _ => Err(errors),
        }
    }

    /// Adds up what does not weigh.
    fn spread(&self, record: Record<'_>, kind: &str, part: &mut DriverPart) -> Result<(), Finding> {
        let text = &record.fields[self.measure];
        let quantity: Result<Amount, _> = text.parse();
        let quantity = quantity.map_err(|error| {
            let text = format!("{}: `{text}`: {error}", self.called(record));
            self.fault(record, Some(self.measure), text)
        })?;
        let sum = part.spread.entry(kind.to_owned()).or_default();
        let added = sum.checked_add(quantity);
        *sum =
            added.ok_or_else(|| self.fault(record, Some(self.measure), "the sum is too large"))?;
        Ok(())
    }

    fn fault(&self, record: Record<'_>, at: Option<usize>, text: impl Into<String>) -> Finding {
        Finding::new(Code::DriverBroken, text).at(self.source.table.place(record.number, at))
    }

    /// The record by its name, for messages.
    fn called(&self, record: Record<'_>) -> String {
        let name = self.record.map(|at| record.fields[at].as_str()).filter(|name| !name.is_empty());
        let name = name.map(str::to_owned).or_else(|| property(record, &self.consumer));
        name.map_or_else(|| "the record".to_owned(), |name| format!("`{name}`"))
    }

    /// The window, or the day, or the month of the file's name.
    fn window(&self, record: Record<'_>) -> Result<Window, Finding> {
        let text =
            |at: Option<usize>| at.map(|at| record.fields[at].as_str()).filter(|t| !t.is_empty());
        let whole_days = |from: NaiveDate, to: NaiveDate| Some((midnight(from)?, midnight(to)?));
        if let Some(found) = text(self.day) {
            let day = utc_day(found.as_bytes());
            let window = day.and_then(|day| whole_days(day, day.succ_opt()?));
            return window.ok_or_else(|| {
                let text = format!("`{found}` is no day");
                self.fault(record, self.day, text).help("write it as 2026-10-31")
            });
        }
        if let (Some(start), Some(end)) = (text(self.start), text(self.end)) {
            let ends = moment(start).zip(moment(end)).filter(|(start, end)| start < end);
            return ends.ok_or_else(|| {
                let text = format!("from `{start}` to `{end}` is no window");
                self.fault(record, self.start, text).help("write moments as 2026-10-01T00:00:00Z")
            });
        }
        let month = self.file.month.map(Period::days);
        let window = month.and_then(|month| whole_days(month.from()?, month.to()?));
        window.ok_or_else(|| {
            let text = format!("{} has neither window nor day", self.called(record));
            self.fault(record, self.start.or(self.day), text)
        })
    }

    /// The days that a window touches.
    fn days(&self, record: Record<'_>, (start, end): Window) -> Result<DateRange, Finding> {
        let first = start.date_naive();
        let last = (end - chrono::TimeDelta::seconds(1)).date_naive();
        let behind = last.checked_add_days(Days::new(1));
        let days = DateRange::new(Some(first), behind).filter(|_| behind.is_some());
        let days = days.filter(|_| Period::of(first) == Period::of(last));
        days.ok_or_else(|| {
            let text = format!("the window from {start} to {end} is not of one month");
            let help =
                "export months or days, in UTC: window=2026-10-01T00:00:00Z,2026-11-01T00:00:00Z";
            self.fault(record, self.start, text).help(help)
        })
    }

    fn standing(&self, record: Record<'_>) -> Result<Standing<'a>, Finding> {
        let format = &self.export.format;
        let title = self.record.map_or("", |at| record.fields[at].as_str());
        let property = property(record, &self.consumer);
        let is_part = |special: &str| title.split('/').any(|part| part == special);
        let kinds = || format.special.iter();
        let whole = kinds().find(|(kind, special)| format.whole.contains(kind) && is_part(special));
        let told = || kinds().find(|(_, special)| property.as_deref() == Some(special.as_str()));
        if let Some((kind, _)) = whole.or_else(told) {
            return Ok(Standing::Special(kind));
        }
        let Some(property) = property else {
            let named = kinds().find(|(_, special)| is_part(special));
            return Ok(Standing::Special(named.map_or(&format.rest, |(kind, _)| kind)));
        };
        let name = name(&property).map_err(|text| self.fault(record, None, text))?;
        Ok(Standing::Workload(name))
    }

    /// Keeps which usage the record is of, so that none counts twice.
    fn claim(&self, record: Record<'_>, (start, end): Window, part: &mut DriverPart) {
        let realm = self.realm.map_or("", |at| record.fields[at].as_str());
        let mut identity = String::new();
        let mut add = |text: &str| {
            identity.push_str(text);
            identity.push('\0');
        };
        if realm.is_empty() {
            // Of another cluster there may be a record of the same name, but hardly of the same
            // quantities; and what is zero counts nothing twice.
            if record.fields[self.measure].parse().is_ok_and(Amount::is_zero) {
                return;
            }
            record.fields.iter().for_each(|text| add(text));
        } else {
            self.identity.iter().for_each(|at| add(&record.fields[*at]));
        }
        let place = self.source.table.place(record.number, None);
        part.claims.entry(identity).or_default().push(Claim { start, end, place });
    }

    /// Where no record tells anything of the kind that is asked, the export is of something else.
    fn refuse_untold(&self) -> Result<(), Vec<Finding>> {
        let mut records = self.source.table.rows.iter();
        let has_any = |spot: &Spot, fields: &[String]| match spot {
            Spot::Column(at) | Spot::Key(at, _) => !fields[*at].is_empty(),
        };
        if records.any(|(_, fields)| self.consumer.iter().any(|spot| has_any(spot, fields))) {
            return Ok(());
        }
        let text = format!("no record tells `{}`", self.export.consumer.name());
        let help = "the export was made of something else; `consumer: name` takes the names of the records, as `aggregate` made them";
        let finding = Finding::new(Code::DriverBroken, text).help(help);
        Err(vec![finding.at(at_file(self.file))])
    }
}

/// The first that a record has at these spots.
fn property(record: Record<'_>, spots: &[Spot]) -> Option<String> {
    spots.iter().find_map(|spot| match spot {
        Spot::Column(at) => Some(record.fields[*at].clone()).filter(|text| !text.is_empty()),
        Spot::Key(at, key) => key_of(&record.fields[*at], key),
    })
}

fn spots(property: &Property, headers: &[String]) -> Vec<Spot> {
    match property {
        Property::Column { headers: names, .. } => {
            let found = names.iter().filter_map(|name| header_position(name, headers));
            found.map(Spot::Column).collect()
        }
        Property::Keyed { key, columns, .. } => keyed_spots(key, columns, headers),
    }
}

fn keyed_spots(key: &str, columns: &KeyedColumns, headers: &[String]) -> Vec<Spot> {
    let single = headers.iter().enumerate().filter(|(_, header)| {
        let rest =
            columns.prefixes.iter().filter_map(|prefix| header.strip_prefix(prefix.as_str()));
        rest.into_iter().any(|rest| is_same_key(rest, key))
    });
    let json = columns.json.iter().filter_map(|name| header_position(name, headers));
    let single = single.map(|(at, _)| Spot::Column(at));
    single.chain(json.map(|at| Spot::Key(at, key.to_owned()))).collect()
}

/// Prometheus writes `app.kubernetes.io/name` as `app_kubernetes_io_name`.
fn is_same_key(found: &str, key: &str) -> bool {
    let as_metric = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    found.chars().map(as_metric).eq(key.chars().map(as_metric))
}

/// The value of a key in an object that is written as JSON.
fn key_of(text: &str, key: &str) -> Option<String> {
    let mut found = None;
    let read = object(text, |name, value| {
        if is_same_key(&name, key)
            && let Value::Text(text) = value
        {
            found = Some(unescaped(text)?.into_owned());
        }
        Ok(())
    });
    found.filter(|value| read.is_ok() && !value.is_empty())
}

fn midnight(day: NaiveDate) -> Option<DateTime<Utc>> {
    day.and_hms_opt(0, 0, 0).map(|time| time.and_utc())
}

/// A moment with its zone; a day is its beginning.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    time.or_else(|| (text.len() == 10).then(|| midnight(utc_day(text.as_bytes())?)).flatten())
}
