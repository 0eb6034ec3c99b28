//! Which sheet is the table, and in which of its rows the header stands.
//!
//! Rows above the header are there for people: titles, instructions, addresses. The header is the
//! row with most of the names that are looked for, the first of those. Where more than one sheet
//! has such a row, it is not guessed.

use std::collections::BTreeSet;

use crate::diagnostics::did_you_mean;

use super::frames::{Refusal, SheetHead};
use super::reader::HEAD_ROWS;
use crate::ingest::report::SheetTable;

/// Names that a row must have to be taken for a header that lacks some.
const FEW: usize = 2;
/// Names that a message lists.
const LISTED: usize = 12;

/// What is looked for in a workbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::ingest) struct Wanted {
    /// The sheet, where a source names it.
    pub(in crate::ingest) sheet: Option<String>,
    /// Sheets that the format usually has; others are looked at where none of these is there.
    pub(in crate::ingest) usual_sheets: Vec<String>,
    /// The row of the header, counted from 1, where a source names it.
    pub(in crate::ingest) header_row: Option<u32>,
    /// Names of which a header has at least one of each group.
    pub(in crate::ingest) needed: Vec<Vec<String>>,
    /// Further names that it may have.
    pub(in crate::ingest) known: Vec<String>,
    /// Amounts are read with a decimal comma.
    pub(in crate::ingest) comma: bool,
}

/// A row that may be the header of a sheet.
#[derive(Clone, Copy, Debug)]
struct Candidate<'h> {
    sheet: &'h SheetHead,
    row: u32,
    /// Names that it has.
    names: usize,
    /// It has one of each needed group.
    whole: bool,
}

impl Wanted {
    /// Finds the table.
    pub(in crate::ingest) fn find(&self, heads: &[SheetHead]) -> Result<SheetTable, Refusal> {
        let sheets = self.sheets(heads)?;
        if let (Some(_), Some(header_row)) = (&self.sheet, self.header_row) {
            let sheet = sheets[0].name.clone();
            return if sheets[0].rows.iter().any(|(row, _)| *row == header_row) {
                Ok(SheetTable { sheet, header_row })
            } else {
                let text = format!("row {header_row} of the sheet `{sheet}` is empty");
                Err(Refusal::unclear(text, "name the row of the header with `header_row:`"))
            };
        }
        let best: Vec<Candidate<'_>> = sheets.iter().filter_map(|head| self.best(head)).collect();
        let whole: Vec<&Candidate<'_>> = best.iter().filter(|found| found.whole).collect();
        let most = best.iter().map(|found| found.names).max().unwrap_or_default();
        let partly: Vec<&Candidate<'_>> = best.iter().filter(|found| found.names == most).collect();
        match (whole.as_slice(), partly.as_slice()) {
            ([one], _) => Ok(one.layout()),
            // A header that lacks a name is told as such by who reads it.
            ([], [one]) if most >= FEW => Ok(one.layout()),
            ([], _) if most < FEW => Err(self.none(&sheets)),
            ([], several) | (several, _) => Err(ambiguous(several)),
        }
    }

    /// The sheets that may hold the table.
    fn sheets<'h>(&self, heads: &'h [SheetHead]) -> Result<Vec<&'h SheetHead>, Refusal> {
        let named = |name: &str| {
            let exact = heads.iter().find(|head| head.name == name);
            exact.or_else(|| heads.iter().find(|head| folded(&head.name) == folded(name)))
        };
        if let Some(name) = &self.sheet {
            let names: Vec<&str> = heads.iter().map(|head| head.name.as_str()).collect();
            let near = || did_you_mean(name, names.iter().copied());
            return named(name).map(|head| vec![head]).ok_or_else(|| {
                Refusal::unclear(
                    format!("the workbook has no sheet `{name}`"),
                    near().map_or_else(
                        || format!("its sheets are {}", quoted(&names)),
                        |near| format!("did you mean `{near}`?"),
                    ),
                )
            });
        }
        let visible = |head: &&SheetHead| head.visible && !head.rows.is_empty();
        let usual: Vec<&SheetHead> =
            self.usual_sheets.iter().filter_map(|name| named(name)).filter(visible).collect();
        if !usual.is_empty() {
            return Ok(usual);
        }
        let all: Vec<&SheetHead> = heads.iter().filter(visible).collect();
        if all.is_empty() {
            let hidden: Vec<&str> = heads
                .iter()
                .filter(|head| !head.rows.is_empty())
                .map(|head| head.name.as_str())
                .collect();
            let help = if hidden.is_empty() {
                "fetch the file again; an empty delivery is not taken for zero cost".to_owned()
            } else {
                format!(
                    "there are hidden sheets: {}; name one with `sheet:` in the source",
                    quoted(&hidden)
                )
            };
            return Err(Refusal::unclear(
                "the workbook has no visible sheet with anything in it",
                help,
            ));
        }
        Ok(all)
    }

    /// The row of a sheet that has most of the names.
    fn best<'h>(&self, sheet: &'h SheetHead) -> Option<Candidate<'h>> {
        let rows = sheet.rows.iter().filter(|(row, _)| match self.header_row {
            Some(named) => *row == named,
            None => *row <= HEAD_ROWS,
        });
        let candidates = rows.map(|(row, texts)| {
            let here: BTreeSet<String> = texts.iter().map(|text| folded(text)).collect();
            let has = |name: &String| here.contains(&folded(name));
            let all = self.needed.iter().flatten().chain(&self.known);
            let found: BTreeSet<String> =
                all.filter(|name| has(name)).map(|name| folded(name)).collect();
            let whole =
                !self.needed.is_empty() && self.needed.iter().all(|group| group.iter().any(has));
            Candidate { sheet, row: *row, names: found.len(), whole }
        });
        candidates.reduce(|best, next| {
            if (next.whole, next.names) > (best.whole, best.names) { next } else { best }
        })
    }

    fn none(&self, sheets: &[&SheetHead]) -> Refusal {
        let sheets_text: Vec<&str> = sheets.iter().map(|head| head.name.as_str()).collect();
        let rows = match self.header_row {
            Some(row) => format!("row {row} is no header"),
            None => format!("none of the first {HEAD_ROWS} rows is a header"),
        };
        let text = format!("{rows} in {} of the workbook", sheet_names(&sheets_text));
        let mut names: Vec<&str> = Vec::new();
        for name in self.needed.iter().flatten() {
            // Two columns may be read from one header.
            if !names.iter().any(|known| folded(known) == folded(name)) {
                names.push(name);
            }
        }
        let cells = || sheets.iter().flat_map(|head| &head.rows).flat_map(|(_, texts)| texts);
        let near = names.iter().find_map(|name| {
            let near = did_you_mean(name, cells().map(|text| text.trim()))?;
            Some(format!("; is `{near}` the column `{name}`?"))
        });
        let help = format!(
            "looked for were {}{}",
            quoted(&names),
            near.unwrap_or_else(|| "; name the row with `header_row:` in the source".to_owned())
        );
        Refusal::unclear(text, help)
    }
}

impl Candidate<'_> {
    fn layout(&self) -> SheetTable {
        SheetTable { sheet: self.sheet.name.clone(), header_row: self.row }
    }
}

fn ambiguous(found: &[&Candidate<'_>]) -> Refusal {
    let places: Vec<String> = found
        .iter()
        .map(|candidate| format!("`{}` (row {})", candidate.sheet.name, candidate.row))
        .collect();
    Refusal::unclear(
        format!("more than one sheet may be the bill: {}", places.join(", ")),
        "name the sheet with `sheet:` in the source; each sheet that counts needs a source of its own",
    )
}

/// A name without case and without the white space that sheets break it with.
fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn quoted(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > LISTED { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn sheet_names(names: &[&str]) -> String {
    let word = if names.len() == 1 { "the sheet" } else { "the sheets" };
    format!("{word} {}", quoted(names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(name: &str, rows: &[(u32, &[&str])]) -> SheetHead {
        let rows = rows
            .iter()
            .map(|(row, texts)| (*row, texts.iter().map(|text| (*text).to_owned()).collect()))
            .collect();
        SheetHead { name: name.to_owned(), visible: true, rows }
    }

    fn wanted() -> Wanted {
        let group = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Wanted {
            needed: vec![group(&["Amount", "Betrag"]), group(&["Date"])],
            known: vec!["Product".to_owned()],
            ..Wanted::default()
        }
    }

    fn found(wanted: &Wanted, heads: &[SheetHead]) -> Result<(String, u32), String> {
        match wanted.find(heads) {
            Ok(layout) => Ok((layout.sheet, layout.header_row)),
            Err(refusal) => Err(format!("{}: {}", refusal.text, refusal.help)),
        }
    }

    const HEADER: &[&str] = &["date", "Product", "BETRAG"];

    #[test]
    fn the_header_is_below_what_is_there_for_people() {
        let heads = [
            head("Notes", &[(1, &["Please pay by the end of the month"]), (2, &["Date", "x"])]),
            head("Bill", &[(1, &["Acme", "Date"]), (4, HEADER), (5, HEADER)]),
            head("Empty", &[]),
        ];
        assert_eq!(found(&wanted(), &heads), Ok(("Bill".to_owned(), 4)));
    }

    #[test]
    fn two_sheets_with_a_header_are_not_guessed_between() {
        let heads = [head("A", &[(3, HEADER)]), head("B", &[(1, HEADER)])];
        let text = found(&wanted(), &heads).unwrap_err();
        assert!(text.starts_with("more than one sheet may be the bill: `A` (row 3), `B` (row 1)"));
        let named = Wanted { sheet: Some("b".to_owned()), ..wanted() };
        assert_eq!(found(&named, &heads), Ok(("B".to_owned(), 1)));
        let usual = Wanted { usual_sheets: vec!["C".to_owned(), "A".to_owned()], ..wanted() };
        assert_eq!(found(&usual, &heads), Ok(("A".to_owned(), 3)));
    }

    #[test]
    fn a_header_that_lacks_a_name_is_still_the_header() {
        let heads =
            [head("A", &[(1, &["x"]), (2, &["Date", "Product"])]), head("B", &[(1, &["Date"])])];
        assert_eq!(found(&wanted(), &heads), Ok(("A".to_owned(), 2)));
        let named = Wanted { header_row: Some(1), sheet: Some("A".to_owned()), ..wanted() };
        assert_eq!(found(&named, &heads), Ok(("A".to_owned(), 1)));
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is_near() {
        let heads = [head("Invoices", &[(1, &["Amuont"]), (2, &["17"])])];
        let mut twice = wanted();
        twice.needed.push(vec!["amount".to_owned()]);
        let text = found(&twice, &heads).unwrap_err();
        assert!(text.contains("none of the first 50 rows is a header in the sheet `Invoices`"));
        assert!(
            text.contains("`Amount`, `Betrag`, `Date`; is `Amuont` the column `Amount`?"),
            "{text}"
        );
        let named = Wanted { sheet: Some("Invoice".to_owned()), ..wanted() };
        let text = found(&named, &heads).unwrap_err();
        assert_eq!(text, "the workbook has no sheet `Invoice`: did you mean `Invoices`?");
    }

    #[test]
    fn hidden_sheets_are_read_only_by_name() {
        let hidden = SheetHead { visible: false, ..head("Bill", &[(1, HEADER)]) };
        let text = found(&wanted(), std::slice::from_ref(&hidden)).unwrap_err();
        assert!(text.contains("hidden sheets: `Bill`"), "{text}");
        let named = Wanted { sheet: Some("Bill".to_owned()), ..wanted() };
        assert_eq!(found(&named, &[hidden]), Ok(("Bill".to_owned(), 1)));
    }
}
