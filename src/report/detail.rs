//! `showback_detail.csv`: every cell of the period, then what pools gave, so that per party the
//! file sums to `showback.csv`.
//!
//! The largest file of a run, so it is streamed, by several threads: the fields of a group are kept
//! as bytes and only day, costs and rows are written anew for each of its cells.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};

use chrono::{Datelike, NaiveDate};

use crate::allocate::{Allocation, Bearer, Flow, Group, Line, Party};
use crate::diagnostics::Finding;
use crate::domain::{CostMetric, Costs, Currency, MetricSet};

use super::Facts;
use super::decimal::{push_amount, push_number};
use super::party::{Kind, of_bearer, of_party};
use super::sink::{HashedFile, Sink};

/// Cells that a thread writes in one go: half a megabyte of text or so.
const STRETCH: u32 = 1 << 11;
/// More threads than this would only wait for the one that writes.
const THREADS: usize = 8;

const BEFORE: [&str; 12] = [
    "period",
    "owner",
    "kind",
    "stage",
    "rule",
    "provider",
    "source",
    "billing_account_id",
    "sub_account_id",
    "service_name",
    "charge_category",
    "component",
];
const AFTER: [&str; 12] = [
    "day",
    "currency",
    "billed_cost",
    "effective_cost",
    "list_cost",
    "contracted_cost",
    "rows",
    "report_currency",
    "report_billed_cost",
    "report_effective_cost",
    "report_list_cost",
    "report_contracted_cost",
];

pub(super) fn write(facts: &Facts, threads: usize, sink: &mut Sink) -> Result<(), Finding> {
    let dimensions = dimension_columns(facts);
    let header = BEFORE.into_iter().chain(dimensions.iter().map(String::as_str)).chain(AFTER);
    let mut first = Vec::new();
    header.for_each(|name| push_field(&mut first, name.as_bytes()));
    end_record(&mut first);
    let row = || Row::new(facts, dimensions.len());
    sink.stream("showback_detail.csv", |file| {
        file.write_all(&first)?;
        write_cells(facts, threads, &row, file)?;
        let (mut row, mut text) = (row(), Vec::new());
        let month = facts.months.get(&facts.period);
        if let Some(month) = month {
            let known = known_of_pools(facts, month);
            for line in &month.lines {
                push_shared(line, &known, &mut row, &mut text);
            }
        }
        file.write_all(&text)
    })
}

/// Cells as text, stretch by stretch, by so many threads: each has every so-manieth stretch, and
/// they are written in their order.
fn write_cells(
    facts: &Facts<'_>,
    threads: usize,
    row: &(impl Fn() -> Row + Sync),
    file: &mut HashedFile,
) -> io::Result<()> {
    let threads = threads.clamp(1, THREADS);
    let stretches = &facts.cube.stretches(facts.period, STRETCH);
    std::thread::scope(|scope| {
        let formatted: Vec<Receiver<Vec<u8>>> = (0..threads)
            .map(|thread| {
                let (send, receive) = sync_channel(1);
                scope.spawn(move || {
                    let mut row = row();
                    let mut room = 0;
                    for stretch in stretches.iter().skip(thread).step_by(threads) {
                        let mut text = Vec::with_capacity(room);
                        push_cells(facts, stretch.clone(), &mut row, &mut text);
                        room = room.max(text.len());
                        // Nobody listens any more where writing failed.
                        if send.send(text).is_err() {
                            return;
                        }
                    }
                });
                receive
            })
            .collect();
        let ended = |_| io::Error::other("a thread ended early");
        let piece = |stretch: usize| formatted[stretch % threads].recv().map_err(ended);
        file.write_pieces((0..stretches.len()).map(piece))
    })
}

/// The detail dimensions by name; one that is called like another column is told apart.
fn dimension_columns(facts: &Facts) -> Vec<String> {
    let ids = facts.rules.detail_dimensions();
    let names = ids.into_iter().map(|id| &facts.rules.dimension(id).name);
    names
        .map(|name| {
            let taken = BEFORE.contains(&name.as_str()) || AFTER.contains(&name.as_str());
            if taken { format!("dimension_{name}") } else { name.clone() }
        })
        .collect()
}

fn push_cells(facts: &Facts<'_>, groups: Range<usize>, row: &mut Row, out: &mut Vec<u8>) {
    for cells in facts.cube.groups_in(groups) {
        let group = cells.group;
        let rates = facts.conversions.rates(group.month, group.currency);
        row.set_group(facts, group);
        for cell in cells.cells() {
            let report = rates.costs(cell.day, &cell.costs);
            let costs = Shown { costs: &cell.costs, report: report.as_ref(), known: cell.known };
            row.push(Some(cell.day), &costs, cell.rows, out);
        }
    }
}

/// What a line received from a pool or, as a pool, gave away. Direct lines are the cells.
fn push_shared(line: &Line, known: &KnownOfPools, row: &mut Row, out: &mut Vec<u8>) {
    let (kind, name) = of_party(&line.party);
    let pool = match &line.flow {
        Flow::Direct => return,
        Flow::SharedIn(pool) => pool,
        Flow::SharedOut => name,
    };
    let known = known.get(&(pool.to_owned(), line.currency)).copied().unwrap_or_default();
    // A price charges what no charge of its pool may tell.
    let known = known.or(line.costs.told());
    row.set_shared(kind, name, &format!("pool:{pool}"), line);
    let costs = Shown { costs: &line.costs, report: line.report_costs.as_ref(), known };
    row.push(None, &costs, line.rows, out);
}

/// The metrics that any charge of a pool tells, by pool and currency.
type KnownOfPools = BTreeMap<(String, Currency), MetricSet>;

/// What one line says of costs.
struct Shown<'a> {
    costs: &'a Costs,
    report: Option<&'a Costs>,
    /// All other metrics are blank.
    known: MetricSet,
}

/// The fields that stay the same from cell to cell, as they are written.
struct Row {
    period: String,
    dimensions: usize,
    /// All fields before the day.
    begin: Vec<u8>,
    currency: Currency,
    report_currency: Currency,
}

impl Row {
    fn new(facts: &Facts, dimensions: usize) -> Self {
        Self {
            period: facts.period.to_string(),
            dimensions,
            begin: Vec::new(),
            currency: facts.conversions.report_currency,
            report_currency: facts.conversions.report_currency,
        }
    }

    fn set_group(&mut self, facts: &Facts, group: &Group) {
        let text = |name| facts.cube.text(name);
        let (kind, owner) = of_bearer(group.verdict.bearer, facts.cube, facts.rules);
        let rule = group.verdict.rule.map_or("", |rule| &facts.rules.rule(rule).name);
        let keys = [&*self.period, &owner, kind.name(), "direct", rule];
        let accounts = [group.provider, group.source, group.billing_account, group.sub_account];
        let charge = [group.service, group.charge_category, group.component];
        let names = (0..self.dimensions).map(|at| group.dimensions.get(at).copied());
        let names = names.map(|name| text(name.unwrap_or_default()));
        let fixed = keys.into_iter().chain(accounts.into_iter().chain(charge).map(text));
        self.begin.clear();
        fixed.chain(names).for_each(|field| push_field(&mut self.begin, field.as_bytes()));
        self.currency = group.currency;
    }

    fn set_shared(&mut self, kind: Kind, name: &str, stage: &str, line: &Line) {
        let keys = [&*self.period, name, kind.name(), stage, "", "", "", "", "", "", ""];
        let fields = keys.into_iter().chain([line.component.as_str()]);
        let fields = fields.chain(std::iter::repeat_n("", self.dimensions));
        self.begin.clear();
        fields.for_each(|field| push_field(&mut self.begin, field.as_bytes()));
        self.currency = line.currency;
    }

    fn push(&self, day: Option<NaiveDate>, shown: &Shown<'_>, rows: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.begin);
        if let Some(day) = day {
            push_day(out, day);
        }
        out.push(b',');
        out.extend_from_slice(&self.currency.bytes());
        out.push(b',');
        let begin = out.len();
        push_costs(Some(shown.costs), shown.known, out);
        let costs = begin..out.len();
        push_number(out, rows);
        out.push(b',');
        out.extend_from_slice(&self.report_currency.bytes());
        out.push(b',');
        if shown.report == Some(shown.costs) {
            // Where nothing was converted, half of all amounts are there as text already.
            out.extend_from_within(costs);
        } else {
            push_costs(shown.report, shown.known, out);
        }
        end_record(out);
    }
}

fn push_costs(costs: Option<&Costs>, known: MetricSet, out: &mut Vec<u8>) {
    for metric in CostMetric::ALL {
        if let Some(costs) = costs.filter(|_| known.has(metric)) {
            push_amount(out, costs[metric]);
        }
        out.push(b',');
    }
}

/// Appends a field and a comma, quoted where it must be.
fn push_field(out: &mut Vec<u8>, field: &[u8]) {
    let is_special = |byte: &u8| matches!(byte, b',' | b'"' | b'\r' | b'\n');
    // All bytes are looked at, several at once: fields are short and hardly ever quoted.
    if field.iter().fold(false, |found, byte| found | is_special(byte)) {
        out.push(b'"');
        for byte in field {
            if *byte == b'"' {
                out.push(b'"');
            }
            out.push(*byte);
        }
        out.push(b'"');
    } else {
        out.extend_from_slice(field);
    }
    out.push(b',');
}

/// Makes the comma behind the last field the end of the line.
fn end_record(out: &mut Vec<u8>) {
    out.pop();
    out.push(b'\n');
}

/// What the shares of each pool know: what any of its own cells does, or what came from another pool.
fn known_of_pools(facts: &Facts, month: &Allocation) -> KnownOfPools {
    let mut known = KnownOfPools::new();
    for cells in facts.cube.groups_of(facts.period) {
        let group = cells.group;
        if let Bearer::Pool(..) = group.verdict.bearer {
            let (_, label) = of_bearer(group.verdict.bearer, facts.cube, facts.rules);
            let key = (label.into_owned(), group.currency);
            let sum = known.entry(key).or_default();
            *sum = sum.or(cells.known());
        }
    }
    // Pools may stand in a row, each giving to the next.
    loop {
        let before = known.clone();
        for line in &month.lines {
            if let (Party::Pool(to), Flow::SharedIn(from)) = (&line.party, &line.flow) {
                let given = before.get(&(from.clone(), line.currency)).copied().unwrap_or_default();
                let sum = known.entry((to.clone(), line.currency)).or_default();
                *sum = sum.or(given).or(line.costs.told());
            }
        }
        if known == before {
            return known;
        }
    }
}

/// Appends `2026-10-31`; `chrono`'s formatting is ten times as slow.
fn push_day(out: &mut Vec<u8>, day: NaiveDate) {
    let two = |number: u32| [digit(number / 10), digit(number % 10)];
    let year = day.year().unsigned_abs();
    out.extend_from_slice(&two(year / 100 % 100));
    out.extend_from_slice(&two(year % 100));
    out.push(b'-');
    out.extend_from_slice(&two(day.month()));
    out.push(b'-');
    out.extend_from_slice(&two(day.day()));
}

fn digit(number: u32) -> u8 {
    b'0' + u8::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fields_are_quoted_as_any_writer_of_csv_does(fields in vec("[a,\"\r\n ü#]{0,4}", 2..5)) {
            let mut out = Vec::new();
            for field in &fields {
                push_field(&mut out, field.as_bytes());
            }
            end_record(&mut out);
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            prop_assert_eq!(out, writer.into_inner().unwrap());
        }
    }

    #[test]
    fn days_are_written_as_iso_dates() {
        for text in ["2026-10-31", "0999-01-01", "2026-02-09"] {
            let mut out = Vec::new();
            push_day(&mut out, text.parse().unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
