//! Cost by owner and month, one set of series per currency: the largest owners, the rest of them,
//! and what has no owner. Where there are several currencies and each has a rate, one set of all of
//! them in the report currency comes first.

use std::collections::{BTreeMap, BTreeSet};

use plotters::style::RGBColor;

use crate::allocate::Party;
use crate::diagnostics::Finding;
use crate::domain::{Amount, Currency, Period};
use crate::report::Facts;
use crate::report::frame::Long;
use crate::report::party::{Kind, of_party};

use super::canvas::{NOBODY, OTHERS, PALETTE};
use super::label::digits_for;

/// Months that a chart shows at most, the period being the last.
const MONTHS: usize = 13;
/// Owners with a colour of their own; one more is still drawn than the rest is put together.
const OWNERS: usize = 7;

/// Stands for all currencies together, and sorts before any.
const TOGETHER: &str = "";

/// The series of one currency, or of all in the report currency.
pub(super) struct Panel {
    /// What the panel is headed by.
    pub(super) currency: String,
    /// Largest first, then the rest of the owners, then what is unallocated.
    pub(super) series: Vec<Series>,
    /// Digits after the point of all figures.
    pub(super) digits: u32,
}

pub(super) struct Series {
    pub(super) label: String,
    pub(super) color: RGBColor,
    /// Cost per month, in the metric of the view.
    pub(super) amounts: Vec<Amount>,
}

/// A party's amounts, month by month.
type Row<'a> = (Kind, &'a str, Vec<Amount>);

/// The months at hand up to the period, ascending.
pub(super) fn months(facts: &Facts) -> Vec<Period> {
    let mut months: Vec<Period> =
        facts.months.keys().copied().filter(|month| *month <= facts.period).collect();
    months.drain(..months.len().saturating_sub(MONTHS));
    months
}

pub(super) fn panels(facts: &Facts, months: &[Period]) -> Result<Vec<Panel>, Finding> {
    let wide = pushed(facts, months).pivot(u32::try_from(months.len()).unwrap_or(0).max(1))?;
    let wide = wide.sort(&["currency", "kind", "owner"])?;
    let (currencies, kinds) = (wide.texts("currency")?, wide.texts("kind")?);
    let owners = wide.texts("owner")?;
    let columns: Vec<Vec<Amount>> =
        (0..).take(months.len()).map(|month| wide.amounts(month)).collect::<Result<_, _>>()?;
    let mut panels: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    for (at, currency) in currencies.iter().enumerate() {
        let amounts = columns.iter().map(|column| column[at]).collect();
        panels.entry(currency).or_default().push((Kind::named(kinds[at]), owners[at], amounts));
    }
    let mut colors = Colors::default();
    let panel = |(currency, rows): (&str, Vec<_>)| {
        let series = series(facts, rows, &mut colors);
        let amounts = series.iter().flat_map(|series| &series.amounts);
        let largest = amounts.map(|amount| amount.abs()).max().unwrap_or_default();
        let currency = match currency {
            TOGETHER => together(facts),
            currency => currency.to_owned(),
        };
        Panel { currency, series, digits: digits_for(largest) }
    };
    Ok(panels.into_iter().map(panel).collect())
}

fn pushed(facts: &Facts, months: &[Period]) -> Long {
    let mut long = Long::new(&["currency", "kind", "owner"]);
    let is_converted = is_converted(facts, months);
    for (at, month) in (0..).zip(months) {
        let lines = facts.months.get(month).into_iter().flat_map(|month| &month.lines);
        // Pools net to zero over the month and are not drawn.
        for line in lines.filter(|line| !matches!(line.party, Party::Pool(_))) {
            let (kind, owner) = match of_party(&line.party) {
                // A rounding rest is too small to draw and has no owner either.
                (Kind::Rounding, _) => (Kind::Unallocated, ""),
                known => known,
            };
            let metric = facts.rules.view.metric();
            long.push(&[line.currency.code(), kind.name(), owner], at, line.costs[metric]);
            if let Some(report) = line.report_costs.filter(|_| is_converted) {
                long.push(&[TOGETHER, kind.name(), owner], at, report[metric]);
            }
        }
    }
    long
}

/// Whether there are several currencies, all of them with rates.
fn is_converted(facts: &Facts, months: &[Period]) -> bool {
    let lines = || months.iter().filter_map(|month| facts.months.get(month)).flat_map(|m| &m.lines);
    let currencies: BTreeSet<Currency> = lines().map(|line| line.currency).collect();
    currencies.len() > 1 && lines().all(|line| line.report_costs.is_some())
}

/// What all currencies together are headed by.
pub(super) fn together(facts: &Facts) -> String {
    format!("All currencies in {}", facts.conversions.report_currency)
}

fn series<'a>(facts: &Facts, rows: Vec<Row<'a>>, colors: &mut Colors<'a>) -> Vec<Series> {
    let (mut owners, nobody): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|(kind, ..)| *kind == Kind::Owner);
    // The sum of sizes, so that an owner whose months cancel out does not vanish.
    let size = |amounts: &[Amount]| amounts.iter().map(|amount| amount.abs()).sum::<Amount>();
    owners.sort_by(|a, b| size(&b.2).cmp(&size(&a.2)).then(a.1.cmp(b.1)));
    let shown = if owners.len() <= OWNERS + 1 { owners.len() } else { OWNERS };
    let rest = owners.split_off(shown);
    let ids: Vec<&str> = owners.iter().map(|(_, owner, _)| *owner).collect();
    let labels = labels(facts, &ids).into_iter().zip(colors.of(&ids)).zip(owners);
    let mut series: Vec<Series> =
        labels.map(|((label, color), (_, _, amounts))| Series { label, color, amounts }).collect();
    if !rest.is_empty() {
        let label = format!("other owners ({})", rest.len());
        series.push(Series { label, color: OTHERS, amounts: summed(rest) });
    }
    let nobody = summed(nobody);
    if nobody.iter().any(|amount| !amount.is_zero()) {
        let label = "unallocated".to_owned();
        series.push(Series { label, color: NOBODY, amounts: nobody });
    }
    series
}

/// The colour of each owner: it keeps it from panel to panel, unless another owner of a panel has
/// the same, because there are more owners than colours.
#[derive(Default)]
struct Colors<'a>(BTreeMap<&'a str, usize>);

impl<'a> Colors<'a> {
    fn of(&mut self, owners: &[&'a str]) -> Vec<RGBColor> {
        let mut taken = [false; PALETTE.len()];
        let mut kept: Vec<Option<usize>> = Vec::with_capacity(owners.len());
        for owner in owners {
            let known = self.0.get(owner).copied().filter(|color| !taken[*color]);
            if let Some(color) = known {
                taken[color] = true;
            }
            kept.push(known);
        }
        let mut colors = Vec::with_capacity(owners.len());
        for (owner, kept) in owners.iter().zip(kept) {
            let color = kept.unwrap_or_else(|| {
                // One that no owner of any panel has, or else none of this panel.
                let unused = |color: &usize| !self.0.values().any(|known| known == color);
                let free = || (0..PALETTE.len()).filter(|color| !taken[*color]);
                free().find(unused).or_else(|| free().next()).unwrap_or(0)
            });
            taken[color] = true;
            self.0.entry(owner).or_insert(color);
            colors.push(PALETTE[color]);
        }
        colors
    }
}

/// The owners' names; where two have the same, with their ids.
fn labels(facts: &Facts, owners: &[&str]) -> Vec<String> {
    let name = |owner: &str| {
        let center = facts.org.named(owner, facts.period.last());
        center.map_or_else(|| owner.to_owned(), |center| center.name.clone())
    };
    let names: Vec<String> = owners.iter().map(|owner| name(owner)).collect();
    let twice = |name: &String| names.iter().filter(|other| *other == name).count() > 1;
    let label = |(name, owner): (&String, &&str)| {
        if twice(name) { format!("{owner} ({name})") } else { name.clone() }
    };
    names.iter().zip(owners).map(label).collect()
}

fn summed(rows: Vec<Row>) -> Vec<Amount> {
    let mut sums: Vec<Amount> = Vec::new();
    for (_, _, amounts) in rows {
        sums.resize(amounts.len(), Amount::ZERO);
        sums.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_owners_of_a_panel_have_one_colour_and_each_keeps_its_own_while_it_can() {
        let names: Vec<String> = (0..40).map(|at| format!("owner {at}")).collect();
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut colors = Colors::default();
        let first = colors.of(&all[..OWNERS]);
        for panel in [&all[5..13], &all[12..20], &all[19..27], &all[30..38]] {
            colors.of(panel);
        }
        let mixed = [all[0], all[14], all[2], all[20], all[31], all[6], all[22], all[37]];
        let of_mixed = colors.of(&mixed);
        let distinct = |panel: &[RGBColor]| {
            let seen: BTreeSet<_> = panel.iter().map(|RGBColor(r, g, b)| (*r, *g, *b)).collect();
            seen.len() == panel.len()
        };
        assert!(distinct(&of_mixed) && distinct(&first));
        assert_eq!(colors.of(&all[..OWNERS]), first);
    }
}
