//! The scan again, for an allocated FOCUS dataset: every charge of the period with who bears it, and
//! in place of a charge that a pool bore, its parts.
//!
//! Threads come to charges in no order, so each writes records behind each other into a place of its
//! own and remembers where each batch of them stands; who takes them puts the batches into the order
//! of files and rows. Nothing but these places is held in memory.
//!
//! Invariant: the records of a charge sum to it, per metric; whatever is not divided is the charge's
//! own in all of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::sync::Arc;

use crate::domain::{Amount, Column, CostMetric, Costs, Currency};
use crate::ingest::{
    Charge, Charges, FileId, Rejection, RowPlace, ScanReport, Sink, WantedText, json_object,
};

use super::cube::Bearer;
use super::final_shares::{FinalBearers, FinalShares, borne};
use super::focus_columns::{
    FocusColumns, OWN_COLUMNS, ValueKind, is_shared_beside, kind_of, metric_of, number, time,
};
use super::holdings::lot_key_named;
use super::kernel::Kernel;
use super::model::{LotKey, Party, When};
use super::plan::Plan;
use super::shared::{Registry, Target};

/// Records of one file in the order of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    pub file: FileId,
    pub first: RowPlace,
    /// Where its records begin in what was written, and how many bytes they are.
    pub begin: u64,
    pub bytes: u64,
}

/// What was seen of a column of numbers or times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The most digits after the point, and the largest value.
    pub digits: u32,
    pub largest: Amount,
    /// Texts that are no number of at most 36 digits after the point, or no point in time. They are
    /// left blank.
    pub unreadable: u64,
}

/// What one thread wrote, or all of them together.
#[derive(Clone, Debug, Default)]
pub struct RowTotals {
    /// By column of FOCUS.
    pub seen: Vec<Seen>,
    pub charges: u64,
    /// Those of them that were divided.
    pub divided: u64,
    pub records: u64,
    pub sums: BTreeMap<(Party, Currency), Costs>,
}

impl RowTotals {
    pub fn add(&mut self, other: &Self) {
        self.seen.resize(self.seen.len().max(other.seen.len()), Seen::default());
        for (mine, theirs) in self.seen.iter_mut().zip(&other.seen) {
            mine.digits = mine.digits.max(theirs.digits);
            mine.largest = mine.largest.max(theirs.largest);
            mine.unreadable += theirs.unreadable;
        }
        self.charges += other.charges;
        self.divided += other.divided;
        self.records += other.records;
        for (key, costs) in &other.sums {
            *self.sums.entry(key.clone()).or_default() += *costs;
        }
    }
}

/// A thread's share of the dataset.
pub struct RowAllocator<'p, W> {
    kernel: Kernel<'p>,
    plan: &'p Plan<'p>,
    shares: &'p FinalShares<'p>,
    report: &'p ScanReport,
    /// The columns of FOCUS, and where each stands among the texts of a charge.
    columns: Vec<(Column, usize)>,
    /// Where columns beside FOCUS stand.
    customs: Vec<usize>,
    told: HashMap<u32, Told>,
    names: HashMap<Party, Name>,
    pub written: Written<W>,
}

/// What a thread wrote.
pub struct Written<W> {
    /// The first error, after which nothing is written.
    pub out: io::Result<W>,
    pub pieces: Vec<Piece>,
    pub totals: RowTotals,
    bytes: u64,
}

/// What the rules say of a group of charges.
struct Told {
    party: Party,
    lot: Option<LotKey>,
    pool: String,
    rule: String,
    component: String,
}

/// Who bears a charge, as it is written.
#[derive(Clone, Default)]
struct Name {
    id: String,
    shown: String,
    path: String,
}

/// A charge as it stands in a batch.
struct Row<'a> {
    charge: &'a Charge,
    /// By column, FOCUS only.
    fields: Vec<Cow<'a, str>>,
    /// What is divided with it, by column.
    numbers: Vec<(usize, Column, Amount)>,
    id: String,
    file: &'a str,
    number: String,
}

impl<'p, W: Write + Send> RowAllocator<'p, W> {
    /// `report` is of the scan that the shares come from; it knows the numbers of rows.
    #[must_use]
    pub fn new(
        plan: &'p Plan<'p>,
        shares: &'p FinalShares<'p>,
        report: &'p ScanReport,
        focus: &FocusColumns,
        out: io::Result<W>,
    ) -> Self {
        let wanted = plan.wanted_of_focus(focus);
        let place = |sought: WantedText| {
            wanted.iter().position(|text| *text == sought).unwrap_or(usize::MAX)
        };
        let columns = focus.columns.iter().map(|c| (*c, place(WantedText::Column(*c))));
        let columns: Vec<_> = columns.collect();
        let customs = focus.customs.iter().cloned().map(WantedText::Custom).map(place).collect();
        let seen = vec![Seen::default(); columns.len()];
        let totals = RowTotals { seen, ..RowTotals::default() };
        let written = Written { out, pieces: Vec::new(), totals, bytes: 0 };
        let (told, names) = (HashMap::new(), HashMap::new());
        let kernel = Kernel::new(plan);
        Self { kernel, plan, shares, report, columns, customs, told, names, written }
    }

    /// Learns what is told of a group, while the registry is held.
    fn learn(&mut self, registry: &Registry, target: Target) {
        let plan = self.plan;
        self.told.entry(target.group).or_insert_with(|| {
            let group = &registry.groups.values[target.group as usize];
            let text = |name| registry.names.text(name);
            let bearer = group.verdict.bearer;
            let (party, lot, pool) = match bearer {
                Bearer::Owner(name) => {
                    (Party::Owner(text(name).unwrap_or_default().to_owned()), None, String::new())
                }
                Bearer::Unallocated(_) => (Party::Unallocated, None, String::new()),
                Bearer::Pool(pool, value) => {
                    let when = When::Segment(group.segment);
                    let lot = lot_key_named(&plan.lot_fields, text, plan.rules, group, when);
                    (Party::Unallocated, lot, plan.rules.pool(pool).label(text(value)))
                }
            };
            let rule = group.verdict.rule.map(|rule| plan.rules.rule(rule).name.clone());
            let component = text(group.component).unwrap_or_default().to_owned();
            Told { party, lot, pool, rule: rule.unwrap_or_default(), component }
        });
    }

    fn row<'a>(&mut self, batch: &Charges<'a>, index: usize, nth: u32) -> Row<'a>
    where
        'p: 'a,
    {
        let charge = &batch.charges[index];
        let mut row = Row {
            charge,
            fields: Vec::with_capacity(self.columns.len() + self.customs.len() + OWN_COLUMNS.len()),
            numbers: Vec::new(),
            id: String::new(),
            file: "",
            number: String::new(),
        };
        for (at, (column, text)) in self.columns.iter().enumerate() {
            let text = batch.texts.get(*text).and_then(|texts| texts.get(index));
            let text = text.map_or(Cow::Borrowed(""), String::from_utf8_lossy);
            let field = if let Some(metric) = metric_of(*column) {
                let amount = (!charge.unknown.has(metric)).then(|| charge.costs.get(metric));
                row.numbers.extend(amount.map(|amount| (at, *column, amount)));
                amount.map(|amount| amount.to_string().into())
            } else if *column == Column::BillingCurrency {
                Some(charge.currency.to_string().into())
            } else if text.is_empty() && kind_of(*column) != ValueKind::Time {
                None
            } else {
                match kind_of(*column) {
                    ValueKind::Text => Some(text),
                    ValueKind::Time => time(*column, &text, charge),
                    // What a row has once counts with its own charge.
                    ValueKind::Number if charge.rows == 0 && is_shared_beside(*column) => {
                        Some(Cow::Borrowed(""))
                    }
                    ValueKind::Number => number(&text).map(|amount| {
                        if is_shared_beside(*column) {
                            row.numbers.push((at, *column, amount));
                        }
                        self.written.totals.seen[at].note(amount);
                        amount.to_string().into()
                    }),
                }
                .or_else(|| {
                    self.written.totals.seen[at].unreadable += 1;
                    None
                })
            };
            row.fields.push(field.unwrap_or_default());
        }
        for text in &self.customs {
            let text = batch.texts.get(*text).and_then(|texts| texts.get(index));
            row.fields.push(text.map_or(Cow::Borrowed(""), String::from_utf8_lossy));
        }
        let file = &self.report.files[batch.file.0 as usize];
        row.file = &file.path;
        row.number = file.row_number(charge.place).to_string();
        row.id = format!("{}#{}", row.file, row.number);
        if nth > 0 {
            row.id = format!("{}.{nth}", row.id);
        }
        row
    }

    /// The charge as it is, borne by one.
    fn push_whole(&mut self, row: &Row<'_>, group: u32, table: &mut Table) -> csv::Result<()> {
        let party = self.told[&group].party.clone();
        for (at, _, amount) in &row.numbers {
            self.written.totals.seen[*at].note(*amount);
        }
        let costs = row.charge.costs.costs();
        self.push(row, row.fields.clone(), group, (&party, costs), table)
    }

    /// The parts of a charge that a pool bore.
    fn push_parts(
        &mut self,
        row: &Row<'_>,
        group: u32,
        bearers: &FinalBearers,
        table: &mut Table,
    ) -> csv::Result<()> {
        self.written.totals.divided += 1;
        let effective = CostMetric::EffectiveCost;
        let divided: Vec<Vec<Amount>> = row
            .numbers
            .iter()
            .map(|(_, column, amount)| {
                let metric = metric_of(*column).unwrap_or(effective);
                borne(*amount, &bearers.weights[metric as usize])
            })
            .collect();
        let tags = row.fields[position(&self.columns, Column::Tags)].clone();
        for (index, party) in bearers.parties.iter().enumerate() {
            let mut fields = row.fields.clone();
            let mut costs = Costs::ZERO;
            for ((at, column, _), parts) in row.numbers.iter().zip(&divided) {
                fields[*at] = parts[index].to_string().into();
                self.written.totals.seen[*at].note(parts[index]);
                if let Some(metric) = metric_of(*column) {
                    costs[metric] = parts[index];
                }
            }
            let name = self.name(party).clone();
            let mut set = |column, text: String| {
                fields[position(&self.columns, column)] = text.into();
            };
            set(Column::AllocatedMethodId, format!("pool/{}", bearers.pool));
            set(Column::AllocatedMethodDetails, details(bearers, index));
            set(Column::AllocatedResourceId, name.id.clone());
            set(Column::AllocatedResourceName, name.shown.clone());
            set(Column::AllocatedTags, allocated_tags(party, &bearers.pool, &tags));
            self.push(row, fields, group, (party, costs), table)?;
        }
        Ok(())
    }

    fn push(
        &mut self,
        row: &Row<'_>,
        mut fields: Vec<Cow<'_, str>>,
        group: u32,
        (party, costs): (&Party, Costs),
        table: &mut Table,
    ) -> csv::Result<()> {
        let kind = if let Party::Owner(_) = party { "owner" } else { "unallocated" };
        let name = self.name(party).clone();
        let told = &self.told[&group];
        let own: [&str; OWN_COLUMNS.len()] = [
            &row.id,
            kind,
            &name.id,
            &name.path,
            &told.pool,
            &told.rule,
            &told.component,
            row.file,
            &row.number,
        ];
        fields.extend(own.map(|text| Cow::Owned(text.to_owned())));
        let totals = &mut self.written.totals;
        totals.records += 1;
        *totals.sums.entry((party.clone(), row.charge.currency)).or_default() += costs;
        table.write_record(fields.iter().map(|field| field.as_bytes()))
    }

    /// A party as the organisation has it at the end of the month.
    fn name(&mut self, party: &Party) -> &Name {
        let plan = self.plan;
        self.names.entry(party.clone()).or_insert_with(|| {
            let Party::Owner(id) = party else { return Name::default() };
            let day = plan.period.last();
            let named = |id: &String| {
                plan.org.named(id, day).map_or_else(|| id.clone(), |center| center.name.clone())
            };
            let path: Vec<String> = plan.org.path(id, day).iter().map(named).collect();
            Name { id: id.clone(), shown: named(id), path: path.join(" / ") }
        })
    }
}

type Table = csv::Writer<Vec<u8>>;

fn position(columns: &[(Column, usize)], column: Column) -> usize {
    columns.iter().position(|(other, _)| *other == column).unwrap_or_default()
}

impl Seen {
    fn note(&mut self, amount: Amount) {
        self.digits = self.digits.max(amount.digits());
        self.largest = self.largest.max(amount.abs());
    }
}

/// `AllocatedMethodDetails` of one part.
fn details(bearers: &FinalBearers, index: usize) -> String {
    let mut element = format!("\"AllocatedRatio\":{}", bearers.ratios[index]);
    if let Some((quantity, unit)) = &bearers.usage[index] {
        let more = format!(",\"UsageUnit\":{},\"UsageQuantity\":{quantity}", quoted(unit));
        element.push_str(&more);
    }
    format!("{{\"Elements\":[{{{element}}}],\"x_Method\":{}}}", quoted(&bearers.method))
}

/// `AllocatedTags` of one part: flat, and without the keys of the charge's own tags.
fn allocated_tags(party: &Party, pool: &str, tags: &str) -> String {
    let Party::Owner(owner) = party else { return String::new() };
    let mut taken = Vec::new();
    // Tags were read as an object before; what is none has no keys.
    let _ = json_object(tags, |key, _| {
        taken.push(key.into_owned());
        Ok(())
    });
    let ours = [("costbook/owner", owner.as_str()), ("costbook/pool", pool)];
    let kept = ours.iter().filter(|(key, _)| !taken.iter().any(|other| other == key));
    let pairs = kept.map(|(key, value)| format!("{}:{}", quoted(key), quoted(value)));
    let pairs: Vec<String> = pairs.collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl<W: Write + Send> Sink for RowAllocator<'_, W> {
    fn add(&mut self, batch: &Charges<'_>, refused: &mut Vec<(usize, Rejection)>) {
        let targets = self.kernel.targets(batch, refused);
        let shared = Arc::clone(&self.kernel.shared);
        let registry = shared.registry();
        for target in targets.iter().flatten() {
            self.learn(&registry, *target);
        }
        drop(registry);
        let mut table = csv::WriterBuilder::new().from_writer(Vec::new());
        let mut first = None;
        let mut before: Option<(RowPlace, u32)> = None;
        for (index, target) in targets.into_iter().enumerate() {
            let charge = &batch.charges[index];
            let nth = before.filter(|(place, _)| *place == charge.place).map_or(0, |(_, n)| n + 1);
            before = Some((charge.place, nth));
            let Some(target) = target.filter(|_| charge.month == self.plan.period) else {
                continue;
            };
            first.get_or_insert(charge.place);
            self.written.totals.charges += 1;
            let row = self.row(batch, index, nth);
            let shares = self.shares;
            let told = &self.told[&target.group];
            let bearers = told.lot.as_ref().and_then(|lot| shares.of_charge(lot, charge.day));
            let pushed = match bearers {
                Some(bearers) => self.push_parts(&row, target.group, bearers, &mut table),
                None => self.push_whole(&row, target.group, &mut table),
            };
            debug_assert!(pushed.is_ok(), "records are written to memory, all of one length");
        }
        if let Some(first) = first {
            self.written.piece(batch.file, first, &table.into_inner().unwrap_or_default());
        }
    }

    fn join(&mut self, first: &Self) {
        self.kernel.join(&first.kernel);
    }
}

impl<W: Write> Written<W> {
    fn piece(&mut self, file: FileId, first: RowPlace, records: &[u8]) {
        let Ok(out) = &mut self.out else { return };
        if let Err(error) = out.write_all(records) {
            self.out = Err(error);
            return;
        }
        let bytes = records.len() as u64;
        self.pieces.push(Piece { file, first, begin: self.bytes, bytes });
        self.bytes += bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_a_part_repeat_no_key() {
        let owner = Party::Owner("pay\"ments".to_owned());
        let all = allocated_tags(&owner, "support", "{\"team\":\"x\"}");
        assert_eq!(all, "{\"costbook/owner\":\"pay\\\"ments\",\"costbook/pool\":\"support\"}");
        let left = allocated_tags(&owner, "support", "{\"costbook/owner\":\"x\"}");
        assert_eq!(left, "{\"costbook/pool\":\"support\"}");
        assert_eq!(allocated_tags(&Party::Unallocated, "support", ""), "");
    }
}
