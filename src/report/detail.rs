//! `showback_detail.csv`: every cell of the period, then what pools gave, so that per party the
//! file sums to `showback.csv`.
//!
//! The largest file of a run, so it is streamed: the fields of a group are kept as bytes and only
//! day, costs and rows are written anew for each of its cells.

use chrono::{Datelike, NaiveDate};

use crate::allocate::{Flow, Group, Line};
use crate::diagnostics::Finding;
use crate::domain::{CostMetric, Costs, MonthRates};

use super::Facts;
use super::decimal::{push_amount, push_number};
use super::party::{Kind, of_bearer, of_party};
use super::sink::{Sink, Table};

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

pub(super) fn write(facts: &Facts, sink: &mut Sink) -> Result<(), Finding> {
    let dimensions = dimension_columns(facts);
    let header: Vec<&str> =
        BEFORE.into_iter().chain(dimensions.iter().map(String::as_str)).chain(AFTER).collect();
    sink.table("showback_detail.csv", &header, |table| {
        let mut row = Row::new(facts, dimensions.len());
        write_cells(facts, &mut row, table)?;
        let month = facts.months.get(&facts.period);
        for line in month.into_iter().flat_map(|month| &month.lines) {
            write_shared(line, &mut row, table)?;
        }
        Ok(())
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

fn write_cells(facts: &Facts, row: &mut Row, table: &mut Table) -> csv::Result<()> {
    let mut known: Option<(&Group, &MonthRates)> = None;
    let cells = facts.cube.cells().filter(|cell| cell.group.month == facts.period);
    for cell in cells {
        let rates = match known {
            Some((group, rates)) if std::ptr::eq(group, cell.group) => rates,
            _ => {
                row.set_group(facts, cell.group);
                let group = cell.group;
                let rates = facts.conversions.rates(group.month, group.currency);
                known.insert((group, rates)).1
            }
        };
        let report = rates.costs(cell.day, &cell.costs);
        row.write(Some(cell.day), &cell.costs, report.as_ref(), cell.rows, table)?;
    }
    Ok(())
}

/// What a line received from a pool or, as a pool, gave away. Direct lines are the cells.
fn write_shared(line: &Line, row: &mut Row, table: &mut Table) -> csv::Result<()> {
    let (kind, name) = of_party(&line.party);
    let stage = match &line.flow {
        Flow::Direct => return Ok(()),
        Flow::SharedIn(pool) => format!("pool:{pool}"),
        Flow::SharedOut => format!("pool:{name}"),
    };
    row.set_shared(kind, name, &stage, line);
    row.write(None, &line.costs, line.report_costs.as_ref(), line.rows, table)
}

/// The fields that stay the same from cell to cell, and room for those that do not.
struct Row {
    period: String,
    dimensions: usize,
    fields: csv::ByteRecord,
    currency: Vec<u8>,
    report_currency: String,
    text: Vec<u8>,
    /// Metrics that the group's source does not tell.
    unknown: [bool; CostMetric::COUNT],
}

impl Row {
    fn new(facts: &Facts, dimensions: usize) -> Self {
        Self {
            period: facts.period.to_string(),
            dimensions,
            fields: csv::ByteRecord::new(),
            currency: Vec::new(),
            report_currency: facts.conversions.report_currency.to_string(),
            text: Vec::new(),
            unknown: [false; CostMetric::COUNT],
        }
    }

    fn set_group(&mut self, facts: &Facts, group: &Group) {
        let text = |name| facts.cube.text(name);
        let (kind, owner) = of_bearer(group.verdict.bearer, facts.cube, facts.rules);
        let rule = group.verdict.rule.map_or("", |rule| &facts.rules.rule(rule).name);
        self.fields.clear();
        let keys = [&*self.period, owner, kind.name(), "direct", rule];
        let accounts = [group.provider, group.source, group.billing_account, group.sub_account];
        let charge = [group.service, group.charge_category, group.component];
        let fixed = keys.into_iter().chain(accounts.into_iter().chain(charge).map(text));
        fixed.for_each(|field| self.fields.push_field(field.as_bytes()));
        let names = (0..self.dimensions).map(|at| group.dimensions.get(at).copied());
        for name in names {
            self.fields.push_field(text(name.unwrap_or_default()).as_bytes());
        }
        self.currency = group.currency.code().into();
        let source = facts.cube.name(group.source);
        self.unknown = source.map_or([false; CostMetric::COUNT], |source| unknown(facts, source));
    }

    fn set_shared(&mut self, kind: Kind, name: &str, stage: &str, line: &Line) {
        self.fields.clear();
        let keys = [&*self.period, name, kind.name(), stage, "", "", "", "", "", "", ""];
        let fields = keys.into_iter().chain([line.component.as_str()]);
        fields.chain(std::iter::repeat_n("", self.dimensions)).for_each(|field| {
            self.fields.push_field(field.as_bytes());
        });
        self.currency = line.currency.code().into();
        self.unknown = [false; CostMetric::COUNT];
    }

    fn write(
        &mut self,
        day: Option<NaiveDate>,
        costs: &Costs,
        report: Option<&Costs>,
        rows: u64,
        table: &mut Table,
    ) -> csv::Result<()> {
        for field in &self.fields {
            table.write_field(field)?;
        }
        self.field(table, |text| day.into_iter().for_each(|day| push_day(text, day)))?;
        table.write_field(&self.currency)?;
        self.costs(Some(costs), table)?;
        self.field(table, |text| push_number(text, rows))?;
        table.write_field(&self.report_currency)?;
        self.costs(report, table)?;
        table.write_record(None::<&[u8]>)
    }

    fn costs(&mut self, costs: Option<&Costs>, table: &mut Table) -> csv::Result<()> {
        for metric in CostMetric::ALL {
            let amount = costs.filter(|_| !self.unknown[metric as usize]).map(|c| c[metric]);
            self.field(table, |text| {
                if let Some(amount) = amount {
                    push_amount(text, amount);
                }
            })?;
        }
        Ok(())
    }

    fn field(&mut self, table: &mut Table, fill: impl FnOnce(&mut Vec<u8>)) -> csv::Result<()> {
        self.text.clear();
        fill(&mut self.text);
        table.write_field(&self.text)
    }
}

/// Of each metric, whether no file of the source tells it: then it is blank, not zero.
fn unknown(facts: &Facts, source: &str) -> [bool; CostMetric::COUNT] {
    let files = facts.scan.files.iter().filter(|file| file.source == source);
    let mut rows = 0;
    let mut unknown = [0_u64; CostMetric::COUNT];
    for totals in files.flat_map(|file| file.totals.values()) {
        rows += totals.rows;
        for (sum, more) in unknown.iter_mut().zip(totals.unknown) {
            *sum += more;
        }
    }
    unknown.map(|unknown| unknown > 0 && unknown == rows)
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

    #[test]
    fn days_are_written_as_iso_dates() {
        for text in ["2026-10-31", "0999-01-01", "2026-02-09"] {
            let mut out = Vec::new();
            push_day(&mut out, text.parse().unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
