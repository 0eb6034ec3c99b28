//! The tables of a product's evidence.

use std::collections::BTreeSet;

use crate::diagnostics::Finding;
use crate::licenses::{
    Demand, Extent, Holder, Measured, NotUsed, Number, Origin, Part, Position, Product, UsePlace,
    plain,
};

use super::super::super::sink::{Sink, Table};
use super::super::explain::{Trace, agreed, fields_of, named, terms};
use super::super::{number, position, text, valuation};

pub(super) const MATCHES: [&str; 18] = [
    "line",
    "bound",
    "part",
    "entitled",
    "consumed",
    "product",
    "version",
    "subject_kind",
    "subject",
    "legal_entity",
    "region",
    "pool",
    "environment",
    "entitlement",
    "match",
    "quantity",
    "entitlement_pool",
    "reason",
];
pub(super) const USES: [&str; 13] = [
    "metric",
    "interpretation",
    "product",
    "version",
    "subject_kind",
    "subject",
    "legal_entity",
    "region",
    "pool",
    "environment",
    "needs_low",
    "needs_high",
    "rows",
];
pub(super) const STEPS: [&str; 10] = [
    "metric",
    "interpretation",
    "product",
    "number",
    "verb",
    "subject_kind",
    "subject",
    "working",
    "value_low",
    "value_high",
];
pub(super) const GAPS: [&str; 8] =
    ["metric", "interpretation", "product", "missing", "subject_kind", "subject", "file", "row"];
pub(super) const ROWS: [&str; 7] = ["of", "file", "row", "snapshot", "as", "column", "value"];
pub(super) const INPUTS: [&str; 4] = ["kind", "file", "sha256", "bytes"];

pub(super) fn write(
    trace: &Trace<'_>,
    product: &Product,
    folder: &str,
    sink: &mut Sink,
) -> Result<(), Finding> {
    let name = |file: &str| format!("{folder}{file}");
    let lines: Vec<&Position> = trace.lines(product).collect();
    sink.table(&name("position.csv"), &position::HEADER, |table| {
        lines.iter().try_for_each(|line| table.write_record(position::fields(line)))
    })?;
    sink.table(&name("matches.csv"), &MATCHES, |table| matches(trace, product, &lines, table))?;
    let measured: Vec<&Measured> = trace.measured_for(product).collect();
    sink.table(&name("uses.csv"), &USES, |table| uses(&measured, table))?;
    sink.table(&name("steps.csv"), &STEPS, |table| steps(&measured, table))?;
    sink.table(&name("gaps.csv"), &GAPS, |table| gaps(&measured, table))?;
    rights(trace, product, folder, sink)?;
    sink.table(&name("rows.csv"), &ROWS, |table| rows(trace, product, table))?;
    let keys: BTreeSet<_> = lines.iter().map(|line| &line.key).collect();
    let valued = trace.trail.valued.iter().filter(|valued| keys.contains(&valued.key));
    let valued: Vec<_> = valued.collect();
    if !valued.is_empty() {
        sink.table(&name("valuation.csv"), &valuation::HEADER, |table| {
            valued.iter().try_for_each(|valued| table.write_record(valuation::fields(valued)))
        })?;
    }
    sink.table(&name("inputs.csv"), &INPUTS, |table| {
        trace.trail.inputs.iter().try_for_each(|input| {
            let bytes = input.bytes.to_string();
            table.write_record([input.kind, &input.path, &input.sha256, &bytes])
        })
    })
}

fn matches(
    trace: &Trace<'_>,
    product: &Product,
    lines: &[&Position],
    table: &mut Table,
) -> csv::Result<()> {
    for line in lines {
        let one = [(0, "exact")];
        let both = [(0, "low"), (1, "high")];
        let bounds: &[(usize, &str)] = if trace.is_one(line) { &one } else { &both };
        for (bound, name) in bounds {
            for part in trace.parts_of(&line.key, *bound) {
                table.write_record(part_fields(&line.evidence, name, *part))?;
            }
        }
    }
    let rights: BTreeSet<&str> = trace.rights_of(product).map(|right| &*right.id).collect();
    let idle = trace.trail.matched.idle.iter().filter(|left| !left.holds);
    let mut idle = idle.filter(|left| rights.contains(&*left.entitlement));
    idle.try_for_each(|left| table.write_record(out_fields(left)))
}

fn part_fields(line: &str, bound: &str, part: Part<'_>) -> [String; MATCHES.len()] {
    let (place, kind, quantity, pool, reason): (Option<&UsePlace>, _, _, _, &str) = match part {
        Part::Covered(found) | Part::Freed(found) => (
            Some(&found.demand),
            found.kind.name(),
            Some(&found.quantity),
            text(found.pool.as_ref()),
            &found.reason,
        ),
        Part::Lacking(lacking) => {
            let reason = "no right that fits is left";
            (Some(&lacking.demand), "", lacking.quantity.as_ref(), String::new(), reason)
        }
        Part::Left(left) | Part::Shared(left) => {
            (None, "", left.quantity.as_ref(), text(left.holder.pool.as_ref()), &left.reason)
        }
    };
    let none = Holder::default();
    let holder = match part {
        Part::Left(left) | Part::Shared(left) => &left.holder,
        _ => place.map_or(&none, |place| &place.holder),
    };
    let product = match part {
        Part::Left(left) | Part::Shared(left) => Some(&left.product),
        _ => place.map(|place| &place.product),
    };
    let open = if matches!(part, Part::Lacking(_)) { "unknown" } else { "unlimited" };
    let units = |units: Option<Number>| number(units.as_ref(), open);
    [
        line.to_owned(),
        bound.to_owned(),
        part.name().to_owned(),
        units(part.entitled()),
        units(part.consumed()),
        product.map_or_else(String::new, named),
        text(place.and_then(|place| place.version.as_ref())),
        place.map_or_else(String::new, |place| place.subject.kind.name().to_owned()),
        place.map_or_else(String::new, |place| place.subject.id.to_string()),
        text(holder.legal_entity.as_ref()),
        text(holder.region.as_ref()),
        text(holder.pool.as_ref()),
        text(holder.environment.as_ref()),
        part.entitlement().unwrap_or_default().to_owned(),
        kind.to_owned(),
        number(quantity, open),
        pool,
        reason.to_owned(),
    ]
}

/// Rights that hold no more are in no line.
fn out_fields(left: &NotUsed) -> [String; MATCHES.len()] {
    let mut fields = part_fields("", "", Part::Left(left));
    (fields[2], fields[3]) = ("out".to_owned(), "0".to_owned());
    fields
}

fn bounds(extent: &Extent) -> [String; 2] {
    [plain(extent.low()), number(extent.high(), "unknown")]
}

fn of(measured: &Measured) -> [String; 3] {
    let reading = &measured.reading;
    [reading.metric.to_string(), reading.interpretation.to_string(), named(&measured.product)]
}

fn uses(measured: &[&Measured], table: &mut Table) -> csv::Result<()> {
    for measured in measured {
        for demand in &measured.demands {
            table.write_record(use_fields(measured, demand))?;
        }
    }
    Ok(())
}

fn use_fields(measured: &Measured, demand: &Demand) -> [String; USES.len()] {
    let ([metric, interpretation, product], [low, high]) = (of(measured), bounds(&demand.quantity));
    let rows: Vec<String> =
        demand.origins.iter().map(|origin| format!("{}:{}", origin.path, origin.row)).collect();
    let holder = &demand.holder;
    [
        metric,
        interpretation,
        product,
        text(demand.version.as_ref()),
        demand.subject.kind.name().to_owned(),
        demand.subject.id.to_string(),
        text(holder.legal_entity.as_ref()),
        text(holder.region.as_ref()),
        text(holder.pool.as_ref()),
        text(holder.environment.as_ref()),
        low,
        high,
        rows.join("; "),
    ]
}

fn steps(measured: &[&Measured], table: &mut Table) -> csv::Result<()> {
    for measured in measured {
        for (at, step) in measured.steps.iter().enumerate() {
            let ([metric, interpretation, product], [low, high]) =
                (of(measured), bounds(&step.value));
            table.write_record([
                &metric,
                &interpretation,
                &product,
                &(at + 1).to_string(),
                &*step.verb,
                step.subject.kind.name(),
                &*step.subject.id,
                &step.text,
                &low,
                &high,
            ])?;
        }
    }
    Ok(())
}

fn gaps(measured: &[&Measured], table: &mut Table) -> csv::Result<()> {
    for measured in measured {
        for gap in &measured.gaps {
            let [metric, interpretation, product] = of(measured);
            let origin = gap.origin.as_ref();
            table.write_record([
                &metric,
                &interpretation,
                &product,
                &*gap.what,
                gap.subject.kind.name(),
                &*gap.subject.id,
                &origin.map_or_else(String::new, |origin| origin.path.to_string()),
                &origin.map_or_else(String::new, |origin| origin.row.to_string()),
            ])?;
        }
    }
    Ok(())
}

/// Rights, and the contracts that they stand in.
fn rights(
    trace: &Trace<'_>,
    product: &Product,
    folder: &str,
    sink: &mut Sink,
) -> Result<(), Finding> {
    let rights: Vec<_> = trace.rights_of(product).collect();
    let row = |id: &str, origin: &Origin, facts: Vec<(String, String)>| {
        let mut record = vec![("id".to_owned(), id.to_owned())];
        record.extend(facts);
        record.extend([
            ("file".to_owned(), origin.path.to_string()),
            ("row".to_owned(), origin.row.to_string()),
        ]);
        record
    };
    let owned = rights.iter().map(|right| {
        let mut facts = vec![("quantity".to_owned(), number(right.quantity.as_ref(), "unlimited"))];
        facts.extend(terms(right));
        row(&right.id, &right.origin, facts)
    });
    wide(&format!("{folder}entitlements.csv"), &owned.collect::<Vec<_>>(), sink)?;
    let mut contracts: Vec<_> = rights.iter().filter_map(|right| trace.contract(right)).collect();
    contracts.sort_by(|a, b| a.id.cmp(&b.id));
    contracts.dedup_by(|a, b| a.id == b.id);
    let told = contracts.iter().map(|contract| {
        let title = [("title".to_owned(), text(contract.title.as_ref()))];
        let facts = title.into_iter().chain(agreed(contract)).collect();
        row(&contract.id, &contract.origin, facts)
    });
    wide(&format!("{folder}contracts.csv"), &told.collect::<Vec<_>>(), sink)
}

/// A table whose rows all have the same facts. Without rows it has no columns to tell, and is not written.
fn wide(name: &str, rows: &[Vec<(String, String)>], sink: &mut Sink) -> Result<(), Finding> {
    let Some(first) = rows.first() else { return Ok(()) };
    let header: Vec<String> =
        first.iter().map(|(name, _)| name.replace(", ", "_").replace([' ', '-'], "_")).collect();
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    sink.table(name, &header, |table| {
        rows.iter().try_for_each(|row| table.write_record(row.iter().map(|(_, text)| text)))
    })
}

/// Rows that figures came from: cells as files have them, and fields as they were read.
fn rows(trace: &Trace<'_>, product: &Product, table: &mut Table) -> csv::Result<()> {
    let used = trace.origins(product);
    let rights: BTreeSet<&Origin> = trace.rights_of(product).map(|right| &right.origin).collect();
    for origin in &used {
        let uses = trace.rows.get(origin).into_iter().flatten();
        let of = if uses.clone().next().is_some() {
            "use"
        } else if rights.contains(origin) {
            "entitlement"
        } else {
            "contract"
        };
        let day = uses.clone().next().map_or_else(String::new, |row| row.snapshot.to_string());
        let row = origin.row.to_string();
        let mut tell = |kind: &str, name: &str, value: &str| {
            table.write_record([of, &*origin.path, &row, &day, kind, name, value])
        };
        for (name, cell) in trace.trail.cells.get(origin).into_iter().flatten() {
            tell("cell", name, cell)?;
        }
        for (name, value) in uses.flat_map(|row| fields_of(row)) {
            tell("field", &name, &value)?;
        }
    }
    Ok(())
}
