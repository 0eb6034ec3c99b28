//! Any field of any table of a run, followed back to what it is made of.
//!
//! ```text
//! registry, outputs   every table and column, as data: how it comes about
//! tables              the tables of the run, in memory
//! figures             what takes more than the sum of another table's lines
//! told                what is said of one field: words, terms that sum to it, calculations
//! Explainer           line → what is said of its fields, and of what those are made of
//! quantity            decimals and fractions without rounding
//! arithmetic          a step of a division in one line, for trees
//! text, json          what is printed
//! ```
//!
//! Invariant: terms sum to what they explain, exactly; where they do not, that is told and no
//! explanation is given out as one.

mod arithmetic;
mod figures;
mod json;
mod outputs;
mod quantity;
mod registry;
mod rows;
mod tables;
mod text;
mod told;

pub(super) use arithmetic::arithmetic;
pub use json::lines_json;
pub use text::lines_text;
pub use told::Told;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::allocate::{Allocation, DriverRows, FoundRow, Setting, Sought, Sources, TraceStep};
use crate::diagnostics::{Code, Finding, did_you_mean, printable};
use crate::domain::CostMetric;
use crate::report::Facts;
use crate::report::allocated_focus::AllocatedFocus;
use crate::report::write::in_memory;

use outputs::OUTPUTS;
use registry::{Asked, How, Output, Pick, Tie, When};
use rows::{Found, Whose};
use tables::{Table, Tables};
use told::{At, Term};

/// Gives the charges of somebody, by reading the bills again.
pub type FindRows<'f> = dyn Fn(&Sought) -> Vec<FoundRow> + 'f;

/// Which lines of a table are explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lines {
    All,
    /// As editors count; the header is line 1.
    At(u64),
    /// The lines of which these columns have these values.
    With(Vec<(String, String)>),
}

/// A line of a table with what is said of its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineTold {
    pub file: String,
    pub line: u64,
    pub line_is: &'static str,
    /// The fields that name it.
    pub key: Vec<(String, String)>,
    pub fields: Vec<Told>,
}

impl LineTold {
    /// What of it does not hold, which is a fault of costbook.
    #[must_use]
    pub fn broken(&self) -> Vec<Finding> {
        let finding = |field: &Told| {
            let why = field.broken.as_ref()?;
            let text = format!(
                "{} of {}, line {}, is {} and cannot be explained: {why}",
                field.column,
                self.file,
                self.line,
                printable(&field.value)
            );
            let help = "please report this with the inputs";
            Some(Finding::new(Code::ConservationBroken, text).help(help))
        };
        self.fields.iter().filter_map(finding).collect()
    }
}

/// Lines of the detail and of the trace that a division divides.
type Divided = (Vec<usize>, Vec<usize>);

/// Explains fields of the tables of one run.
pub struct Explainer<'f> {
    facts: &'f Facts<'f>,
    tables: Tables,
    drivers: DriverRows<'f>,
    find: &'f FindRows<'f>,
    found: RefCell<BTreeMap<Whose, Rc<Found>>>,
    /// The division of each line of the trace, and the step.
    trace: Vec<(u32, TraceStep<'f>)>,
    /// The lines of the detail whose charges each division divides, and the lines of the trace by
    /// which it received anything.
    divided: OnceCell<BTreeMap<u32, Divided>>,
}

impl<'f> Explainer<'f> {
    /// `dataset` is that of a run with `--allocated-focus`, where its tables are asked.
    ///
    /// # Errors
    /// [`Code::OutputFailed`] or [`Code::ConservationBroken`], as when the tables are written.
    pub fn new(
        facts: &'f Facts<'f>,
        setting: Setting<'f>,
        dataset: Option<AllocatedFocus>,
        threads: usize,
        find: &'f FindRows<'f>,
    ) -> Result<Self, Finding> {
        let tables = Tables::of(in_memory(facts, dataset, threads)?)?;
        let drivers = DriverRows::of(facts.cube, setting, facts.period);
        let divisions = facts.months.get(&facts.period).into_iter().flat_map(|m| &m.divisions);
        let steps = (0..)
            .zip(divisions)
            .flat_map(|(at, division)| division.steps().map(move |step| (at, step)));
        let (found, trace) = (RefCell::default(), steps.collect());
        Ok(Self { facts, tables, drivers, find, found, trace, divided: OnceCell::new() })
    }

    /// The tables that can be asked.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.tables.names()
    }

    /// Explains lines of a table; only a column of it, where one is named.
    ///
    /// # Errors
    /// [`Code::UnknownName`] for a table, column or line that is not there.
    pub fn lines(
        &self,
        file: &str,
        lines: &Lines,
        column: Option<&str>,
    ) -> Result<Vec<LineTold>, Finding> {
        let unknown = |what: &str, name: &str, known: Vec<&str>| {
            let text = format!("there is no {what} `{}`", printable(name));
            let help = did_you_mean(name, known.iter().copied()).map_or_else(
                || format!("known are: {}", known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            Finding::new(Code::UnknownName, text).help(help)
        };
        let found = self.tables.get(file).zip(output(file));
        let (table, output) =
            found.ok_or_else(|| unknown("table", file, self.files().collect()))?;
        let is_column = |name: &str| {
            if table.column(name).is_some() {
                return Ok(());
            }
            let known = table.header.iter().map(String::as_str).collect();
            Err(unknown(&format!("column of {file}"), name, known))
        };
        column.map_or(Ok(()), is_column)?;
        let records: Vec<usize> = match lines {
            Lines::All => (0..table.records.len()).collect(),
            Lines::At(line) => table.at_line(*line).into_iter().collect(),
            Lines::With(cells) => {
                cells.iter().try_for_each(|(name, _)| is_column(name))?;
                let has = |at: &usize| cells.iter().all(|(name, v)| table.field(*at, name) == v);
                (0..table.records.len()).filter(has).collect()
            }
        };
        if records.is_empty() && *lines != Lines::All {
            let text = match table.last_line() {
                1 => format!("{file} has no such line: it has none"),
                last => format!("{file} has no such line; its lines are 2 to {last}"),
            };
            return Err(Finding::new(Code::UnknownName, text));
        }
        let told = |record: usize| LineTold {
            file: file.to_owned(),
            line: table.line(record),
            line_is: output.line_is,
            key: key(output, table, record),
            fields: table
                .header
                .iter()
                .filter(|name| column.is_none_or(|column| column == *name))
                .map(|name| self.told(table, record, name))
                .collect(),
        };
        Ok(records.into_iter().map(told).collect())
    }

    /// What is said of a field.
    fn told(&self, table: &Table, record: usize, column: &str) -> Told {
        let found = output(&table.name).and_then(|output| output.how(column));
        let Some((how, base, report)) = found else {
            let mut told = Told::says(column, table.field(record, column), "");
            told.broken = Some("nobody has said how it comes about".to_owned());
            return told;
        };
        let asked = Asked { table, record, column, base, report };
        let is_blank = asked.value().is_empty();
        match how {
            How::Says(text) => asked.says(text),
            _ if is_blank => asked.says("blank: it is unknown, or does not apply to this line"),
            How::Sum(tie) => self.sum(&asked, tie),
            How::Adds(columns) => adds(&asked, columns),
            How::By(figure) => figure(self, &asked),
        }
    }

    /// What a term can be explained by in its turn.
    fn below(&self, at: &At) -> Option<Told> {
        Some(self.told(self.tables.get(&at.file)?, at.record, &at.column))
    }

    fn sum(&self, asked: &Asked<'_>, tie: Tie) -> Told {
        let column = self.column(asked, tie.column);
        let terms = self.terms(tie.file, &column, |their, at| {
            tie.when.iter().all(|when| self.holds(*when, asked, their, at))
        });
        let how = format!("the sum of {column} over {} of {}", counted(terms.len()), tie.file);
        asked.says(how).sum(terms)
    }

    fn column(&self, asked: &Asked<'_>, pick: Pick) -> String {
        let column = match pick {
            Pick::Named(name) => name.to_owned(),
            Pick::View => column_of(self.facts.rules.view.metric()).to_owned(),
            Pick::Metric(named) => metric_column(asked.field(named)).to_owned(),
        };
        // The dataset has the names of FOCUS.
        match (pick, asked.table.name.as_str()) {
            (Pick::Metric(named), "allocated_focus_tie.csv") if asked.base == "in_rows" => {
                asked.field(named).to_owned()
            }
            _ => asked.named(&column),
        }
    }

    /// The lines of a table that a condition holds of, with a column that is not blank.
    fn terms(&self, file: &str, column: &str, wanted: impl Fn(&Table, usize) -> bool) -> Vec<Term> {
        let Some(table) = self.tables.get(file) else { return Vec::new() };
        let found = (0..table.records.len()).filter(|at| wanted(table, *at));
        found.filter_map(|at| term(table, at, column)).collect()
    }

    fn holds(&self, when: When, asked: &Asked<'_>, their: &Table, at: usize) -> bool {
        let field = |column: &str| their.field(at, column);
        let is_pool = asked.field("kind") == "pool";
        let given =
            || is_pool && field("stage").strip_prefix("pool:") == Some(asked.field("owner"));
        match when {
            When::Same(column) => field(column) == asked.field(column),
            When::As(theirs, ours) => field(theirs) == asked.field(ours),
            When::Is(column, value) => field(column) == value,
            When::Component => {
                let named = |name: &str| field("component") == name;
                named(asked.base) || asked.base.strip_prefix("x_").is_some_and(named)
            }
            When::Received => field("stage").starts_with("pool:") && !given(),
            When::Given => given(),
            When::Day => self.is_of_day(asked.field("day"), field("day")),
        }
    }

    /// Whether a charge of a day is converted by the rate of another: charges outside of the month
    /// count as of its nearest day.
    fn is_of_day(&self, rate: &str, charged: &str) -> bool {
        let (first, last) = (self.facts.period.first(), self.facts.period.last());
        rate.is_empty()
            || charged
                .parse()
                .is_ok_and(|day: chrono::NaiveDate| day.clamp(first, last).to_string() == rate)
    }

    fn month(&self) -> Option<&'f Allocation> {
        self.facts.months.get(&self.facts.period)
    }

    /// What each division divides: lines of the detail, and lines of the trace.
    fn divided(&self, division: u32) -> (&[usize], &[usize]) {
        let all = self.divided.get_or_init(|| self.find_divided());
        all.get(&division).map_or((&[], &[]), |(cells, given)| (cells.as_slice(), given))
    }

    fn find_divided(&self) -> BTreeMap<u32, Divided> {
        let mut found: BTreeMap<u32, Divided> = BTreeMap::new();
        let Some(allocation) = self.month() else { return found };
        let Facts { cube, rules, period, .. } = *self.facts;
        let sources = Sources { cube, rules, allocation };
        // The detail begins with all cells, in their order.
        let cells = cube.groups_of(period).flat_map(crate::allocate::GroupCells::cells);
        for (at, cell) in cells.enumerate() {
            if let Some(division) = sources.of_cell(&cell) {
                found.entry(division).or_default().0.push(at);
            }
        }
        for (at, (_, step)) in self.trace.iter().enumerate() {
            let crate::allocate::Party::Pool(label) = step.to else { continue };
            let pool = rules.pool_named(label);
            if let Some(to) = pool.and_then(|pool| sources.of_given(step.division, &pool)) {
                found.entry(to).or_default().1.push(at);
            }
        }
        found
    }
}

fn output(file: &str) -> Option<&'static Output> {
    OUTPUTS.iter().find(|output| output.file == file).copied()
}

fn key(output: &Output, table: &Table, record: usize) -> Vec<(String, String)> {
    let field = |name: &&str| ((*name).to_owned(), table.field(record, name).to_owned());
    output.keys.iter().map(field).filter(|(_, value)| !value.is_empty()).collect()
}

/// A field as a part of another; `None` where it is blank.
fn term(table: &Table, record: usize, column: &str) -> Option<Term> {
    let amount = quantity::leading(table.field(record, column))?;
    let named: Vec<String> = output(&table.name)
        .map(|output| key(output, table, record))
        .unwrap_or_default()
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    let at = At {
        file: table.name.clone(),
        record,
        line: table.line(record),
        column: column.to_owned(),
    };
    Some(Term { at: Some(at), ..Term::new(named.join(" · "), amount) })
}

fn adds(asked: &Asked<'_>, columns: &[&str]) -> Told {
    let mut said = String::new();
    let mut terms = Vec::new();
    for column in columns {
        let (sign, base) = column.strip_prefix('-').map_or(("+", *column), |base| ("-", base));
        let name = if asked.column == base { base.to_owned() } else { asked.named(base) };
        if !said.is_empty() || sign == "-" {
            said.push_str(if sign == "-" { " − " } else { " + " });
        }
        said.push_str(&name);
        if let Some(mut term) = term(asked.table, asked.record, &name) {
            term.label.clone_from(&name);
            if sign == "-" {
                term.amount = -term.amount;
            }
            terms.push(term);
        }
    }
    asked.says(said).sum(terms)
}

/// The column of a metric in tables of costs.
fn column_of(metric: CostMetric) -> &'static str {
    match metric {
        CostMetric::BilledCost => "billed_cost",
        CostMetric::EffectiveCost => "effective_cost",
        CostMetric::ListCost => "list_cost",
        CostMetric::ContractedCost => "contracted_cost",
    }
}

fn metric_column(name: &str) -> &'static str {
    let metric = CostMetric::ALL.into_iter().find(|metric| metric.name() == name);
    metric.map_or("", column_of)
}

fn counted(lines: usize) -> String {
    if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
}
