//! The proof: both sides of each stage, down to files, lines or parties.

use std::collections::BTreeMap;

use crate::allocate::Flow;
use crate::domain::{CostMetric, Costs, Period};
use crate::report::party::of_party;

use super::super::quantity::{of_amount, of_count};
use super::super::registry::Asked;
use super::super::told::{Term, Told};
use super::super::{Explainer, counted, metric_column};

const DETAIL: &str = "showback_detail.csv";

/// A sum of rows and costs under a name.
type Sums = BTreeMap<String, (u64, Costs)>;

pub(in super::super) fn side(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let is_in = asked.base == "in" || asked.base == "rows_in";
    let stage = asked.field("stage");
    if let Some(pool) = stage.strip_prefix("period: pool ") {
        return of_pool(this, asked, pool, is_in);
    }
    match (stage, is_in) {
        ("all months: read to cells" | "all months: read to files", true) => {
            told(asked, "control totals of the files, of all months", files(this, asked, None))
        }
        ("all months: read to cells", false) => {
            told(asked, "sums of cells, by month", months(this, asked))
        }
        ("all months: read to files", false) => {
            told(asked, "what was decided of each file's charges", lineage(this, asked))
        }
        ("period: read to cells" | "period: allocate", true) => of_period(this, asked),
        ("period: in the report currency", true) if asked.base == "rows_in" => {
            of_period(this, asked)
        }
        ("period: read to cells", false) | ("period: classify", true) => direct(this, asked),
        ("period: classify", false) => {
            told(asked, "what parties were charged by rule", parties(this, asked))
        }
        ("period: in the report currency", _) => converted(this, asked, is_in),
        _ if asked.base == "rows_out" => same_rows(asked),
        _ => borne(this, asked),
    }
}

fn of_period(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    let found = files(this, asked, Some(this.facts.period));
    told(asked, "control totals of the files, of the period", found)
}

/// What the rounding of converted cells took; nothing else rounds.
pub(in super::super) fn rounding(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    if asked.field("report_currency").is_empty() {
        return asked.says("zero: no stage rounds but that of the report currency").sum(Vec::new());
    }
    asked.says("what rounding took of each rate's cells").sum(exchange(this, asked, "rounding"))
}

fn metric(asked: &Asked<'_>) -> Option<CostMetric> {
    CostMetric::ALL.into_iter().find(|metric| metric.name() == asked.field("metric"))
}

fn told(asked: &Asked<'_>, how: &str, sums: Sums) -> Told {
    let is_rows = asked.base.starts_with("rows");
    let term = |(label, (rows, costs)): (String, (u64, Costs))| {
        let amount = match metric(asked) {
            Some(metric) if !is_rows => of_amount(costs[metric]),
            _ => of_count(rows),
        };
        Term::new(label, amount)
    };
    asked.says(how).sum(sums.into_iter().map(term).collect())
}

fn add(sums: &mut Sums, label: String, rows: u64, costs: Costs) {
    let sum = sums.entry(label).or_default();
    sum.0 += rows;
    sum.1 += costs;
}

fn files(this: &Explainer<'_>, asked: &Asked<'_>, of: Option<Period>) -> Sums {
    let mut sums = Sums::new();
    for file in &this.facts.scan.files {
        for ((currency, month), totals) in &file.totals {
            if currency.code() == asked.field("currency") && of.is_none_or(|of| of == *month) {
                add(&mut sums, file.path.to_string(), totals.rows, totals.costs);
            }
        }
    }
    sums
}

fn months(this: &Explainer<'_>, asked: &Asked<'_>) -> Sums {
    let mut sums = Sums::new();
    for cells in this.facts.cube.groups() {
        if cells.group.currency.code() == asked.field("currency") {
            add(&mut sums, cells.group.month.to_string(), cells.rows(), cells.costs());
        }
    }
    sums
}

fn lineage(this: &Explainer<'_>, asked: &Asked<'_>) -> Sums {
    let mut sums = Sums::new();
    for (key, (rows, costs)) in &this.facts.cube.lineage {
        if key.currency.code() == asked.field("currency") {
            let file = this.facts.scan.files.get(key.file.0 as usize);
            add(&mut sums, file.map_or(String::new(), |f| f.path.to_string()), *rows, *costs);
        }
    }
    sums
}

fn parties(this: &Explainer<'_>, asked: &Asked<'_>) -> Sums {
    let mut sums = Sums::new();
    for line in this.month().into_iter().flat_map(|month| &month.lines) {
        if line.flow == Flow::Direct && line.currency.code() == asked.field("currency") {
            let (kind, owner) = of_party(&line.party);
            let label = format!("{} {owner}", kind.name());
            add(&mut sums, label.trim_end().to_owned(), line.rows, line.costs);
        }
    }
    sums
}

/// Rows, or the metric, of lines of the detail that a condition holds of.
fn detail(
    this: &Explainer<'_>,
    asked: &Asked<'_>,
    how: &str,
    wanted: impl Fn(&dyn Fn(&str) -> String) -> bool,
) -> Told {
    let column = if asked.base.starts_with("rows") {
        "rows".to_owned()
    } else {
        let column = metric_column(asked.field("metric"));
        let report = !asked.field("report_currency").is_empty();
        if report { format!("report_{column}") } else { column.to_owned() }
    };
    let terms = this.terms(DETAIL, &column, |their, at| {
        their.field(at, "currency") == asked.field("currency")
            && wanted(&|column| their.field(at, column).to_owned())
    });
    let lines = counted(terms.len());
    asked.says(format!("{how}: {column} over {lines} of the detail")).sum(terms)
}

fn direct(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    detail(this, asked, "the cells of the period", |field| field("stage") == "direct")
}

fn borne(this: &Explainer<'_>, asked: &Asked<'_>) -> Told {
    detail(this, asked, "what all bear but pools", |field| field("kind") != "pool")
}

fn same_rows(asked: &Asked<'_>) -> Told {
    let rows = super::super::quantity::quantity(asked.field("rows_in")).unwrap_or_default();
    asked
        .says("as many as went in: money is divided, charges are not")
        .sum(vec![Term::new("rows_in", rows)])
}

fn of_pool(this: &Explainer<'_>, asked: &Asked<'_>, pool: &str, is_in: bool) -> Told {
    if asked.base == "rows_out" {
        return same_rows(asked);
    }
    let stage = format!("pool:{pool}");
    let is_pool =
        |field: &dyn Fn(&str) -> String| field("kind") == "pool" && field("owner") == pool;
    if is_in {
        return detail(this, asked, "what the pool was charged and received", |field| {
            is_pool(field) && field("stage") != stage
        });
    }
    detail(this, asked, "what came from the pool", |field| {
        field("stage") == stage && !is_pool(field)
    })
}

fn exchange(this: &Explainer<'_>, asked: &Asked<'_>, column: &str) -> Vec<Term> {
    this.terms("exchange.csv", column, |their, at| {
        ["currency", "metric"].iter().all(|same| their.field(at, same) == asked.field(same))
    })
}

fn converted(this: &Explainer<'_>, asked: &Asked<'_>, is_in: bool) -> Told {
    if asked.base == "rows_out" {
        return asked.says("rows of the cells of each rate").sum(exchange(this, asked, "rows"));
    }
    if is_in {
        let terms = exchange(this, asked, "report_amount_exact");
        return asked.says("each rate's amount times the rate, exactly").sum(terms);
    }
    borne(this, asked)
}
