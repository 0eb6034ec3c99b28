//! How an auditor redoes the figures of a product.

use std::fmt::Write;

use crate::diagnostics::printable;
use crate::licenses::Product;

use super::super::explain::{Trace, equation, named};

const STEPS: &str = "
How to redo a figure
--------------------

1. Nothing was changed since it was written: run `sha256sum -c SHA256SUMS` in this folder.
2. The inputs are the ones that you were given: hold their checksums against inputs.csv.
3. The rows are the ones of the inputs: rows.csv has the cells of each row that was used (`as` says `cell`), with
   file and row, and beside them the fields that were read from them (`field`).
4. The rule is the one that was agreed: rules.txt has its lines, what it cites and the clause that it leans on.
5. From rows to needs: steps.csv has each number on the way, in order, with its working. The last number
   of a thing, or of the group it was counted in, is what uses.csv says that it needs. What was left out has a step that says so.
6. From needs to the line: of matches.csv take the rows whose `line` is the line's `evidence` in position.csv, at one
   `bound`. The sum of `entitled` is the line's entitled, the sum of `consumed` is its consumed. `covered` counts in
   both, `lacking` in consumed, `left` in entitled, `freed` and `shared` in none. `reason` says why a right was given.
   Rights that hold no more are `out`, with the reason.
7. The line: entitled - consumed = surplus - shortfall, and one of the two is 0.
8. Money: exposure is the shortfall times the unit price, rounded to the currency's minor unit, half up;
   valuation.csv has the working of each policy.

Numbers are exact: decimals where they come out even, else fractions such as 1/3. Where an input is missing there are a
low and a high bound; gaps.csv names the input. What has no upper bound is `unknown`.
explanation.txt tells all of this as one tree. entitlements.csv and contracts.csv have the terms.
";

pub(super) fn text(trace: &Trace<'_>, product: &Product) -> String {
    let publisher = product.publisher.as_deref().unwrap_or("publisher not told");
    let name = named(product);
    let mut text = format!(
        "License position of {} ({}) on {}\n\n",
        printable(&name),
        printable(publisher),
        trace.trail.day
    );
    for line in trace.lines(product) {
        let key = &line.key;
        let part = |name: &str, text: Option<&std::sync::Arc<str>>| {
            text.map_or_else(String::new, |text| format!(", {name} {text}"))
        };
        let about = format!(
            "{} ({}), read as {}{}{}",
            key.metric,
            key.kind.name(),
            key.interpretation,
            part("entity", key.legal_entity.as_ref()),
            part("pool", key.pool.as_ref()),
        );
        let status = line.status.name();
        let _ = writeln!(text, "{}  {}: {status}", line.evidence, printable(&about));
        let bounds = [("exact", &line.low), ("low", &line.low), ("high", &line.high)];
        let bounds = if trace.is_one(line) { &bounds[..1] } else { &bounds[1..] };
        for (bound, figures) in bounds {
            let _ = writeln!(text, "    {bound}: {}", equation(figures));
        }
    }
    text.push_str(STEPS);
    text
}
