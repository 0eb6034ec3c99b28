//! What can be asked on the command line.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use crate::import::Kind;
use crate::ingest::WORKBOOK_COMMAND;
use crate::rules::DatasetForm;

/// Turns cloud bills into showback reports that finance can close the books on.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 fine · 1 findings at or above --fail-on · 2 usage or \
configuration · 3 input rejected · 4 state conflict · 5 internal error · 10 the plan changes \
something (--detailed-exitcode)";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read the bills of a project and write the showback of a month.
    ///
    /// The same command starts and restarts: it reads what is there and replaces the month's
    /// reports by one rename, or touches nothing where they would be the same.
    Run(RunArgs),
    /// Check the project file, rules, column maps and reference tables, and of the bills their headers.
    Check(CheckArgs),
    /// Show where a figure comes from, down to rules, files and rows; or what a code means.
    Explain(ExplainArgs),
    /// Check the rules by themselves and against the bills, or run the examples that they carry.
    Rules(RulesArgs),
    /// Show which licenses are owned, used and lacking, what that costs, and what to look after.
    ///
    /// The tables of what is owned, agreed and used are declared under `licenses:` of the project.
    /// They are looked at as of the last day of a month.
    Licenses(LicensesArgs),
    /// Show what a change would do in money, before it is made: who pays more, and why.
    ///
    /// The month is run as another folder has the project, and then as this one has it; or two months
    /// are run. Nothing is published.
    Plan(PlanArgs),
    /// Make a small project that runs at once.
    Init(InitArgs),
    /// Write other systems' rules as ours, and tell what cannot be said.
    ///
    /// The rules go to stdout, or into a file that is not there yet. What is left out, or means
    /// something else, is told on stderr and in comments at the end of the file.
    Import(ImportArgs),
    /// Read a workbook from standard input, for the costbook that asks.
    #[command(name = WORKBOOK_COMMAND, hide = true)]
    ReadWorkbook(WorkbookArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    #[command(flatten)]
    pub(super) period: PeriodArgs,
    /// Where the month's reports go, instead of out/<PERIOD> in the project.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Write the bill again as FOCUS 1.3, with what pools bore in parts by owner; as Parquet where
    /// no format is named. Without it the project's `outputs` decides.
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, default_missing_value = "parquet")]
    pub(super) allocated_focus: Option<Dataset>,
    /// Exit with 1 where there are findings of this severity or a higher one.
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
    /// Print how long each stage took.
    #[arg(long)]
    pub(super) timings: bool,
    /// Print everything to stderr: findings with notes, durations, and the summary.
    #[arg(long, short)]
    pub(super) verbose: bool,
    /// Print nothing but errors.
    #[arg(long, short, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) threads: ThreadArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    /// Tell of every column of the bills where it is mapped from, and name what is ignored.
    #[arg(long, short)]
    pub(super) verbose: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ExplainArgs {
    /// A code, such as unknown-owner: prints what it means and how it is mended.
    #[arg(value_name = "CODE", exclusive = true)]
    pub(super) code: Option<String>,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    #[command(flatten)]
    pub(super) period: PeriodArgs,
    /// Explain what this owner bears.
    #[arg(long, value_name = "ID", conflicts_with = "pool")]
    pub(super) owner: Option<String>,
    /// Explain what this pool received and who bears it.
    #[arg(long, value_name = "NAME")]
    pub(super) pool: Option<String>,
    /// Explain what has no owner.
    #[arg(long, conflicts_with_all = ["owner", "pool"])]
    pub(super) unallocated: bool,
    /// Explain lines of this table of a run, such as showback.csv; all of them where none is named.
    /// The path of a published table is held against what is explained.
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["owner", "pool", "unallocated", "rows"])]
    pub(super) file: Option<String>,
    /// The line, as editors count; the header is line 1.
    #[arg(long, value_name = "N", requires = "file", conflicts_with_all = ["owner", "pool", "unallocated"])]
    pub(super) line: Option<u64>,
    /// The lines of which these columns have these values, with commas between; a value that
    /// holds `,name=` stands in quotes: group="a,b=c".
    #[arg(
        long,
        value_name = "COLUMN=VALUE",
        requires = "file",
        conflicts_with_all = ["line", "owner", "pool", "unallocated"]
    )]
    pub(super) cell: Vec<String>,
    /// Only this column.
    #[arg(long, value_name = "NAME", requires = "file", conflicts_with_all = ["owner", "pool", "unallocated"])]
    pub(super) column: Option<String>,
    /// Levels down to which figures are followed; where a column is named, down to the rows.
    #[arg(long, value_name = "N", requires = "file", conflicts_with_all = ["owner", "pool", "unallocated"])]
    pub(super) depth: Option<usize>,
    /// Add the source rows, with file and row number.
    #[arg(long)]
    pub(super) rows: bool,
    /// As text, as JSON, or the flow of cost as a picture: of an owner, a pool, or the whole month.
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    pub(super) format: ExplainFormat,
    #[command(flatten)]
    pub(super) threads: ThreadArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    #[command(flatten)]
    pub(super) period: PeriodArgs,
    /// The project as it was: its folder, such as a worktree of the branch before. Or another month
    /// of the same project, such as 2026-09. Or a published run, such as out/2026-09 or its run.json,
    /// whose month is taken then.
    #[arg(long, value_name = "DIR|PERIOD|RUN")]
    pub(super) against: PathBuf,
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    pub(super) format: PlanFormat,
    /// Write the comparison in all formats into this folder too.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Exit with 10 where any money moves.
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// Lines of each table that a reader is shown; the rest is summed.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) top: usize,
    #[command(flatten)]
    pub(super) threads: ThreadArgs,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = LICENSES_HELP)]
pub(super) struct LicensesArgs {
    #[command(subcommand)]
    pub(super) command: LicensesCommand,
}

const LICENSES_HELP: &str = "Examples:
  costbook licenses check --period 2026-10
      What is wrong with rules and tables, all at once.
  costbook licenses position --period 2026-10
      Owned against used; what is lacking stands first.
  costbook licenses position --period 2026-10 --product \"Oracle Database\" --all
      One product, by each metric and reading of its terms.
  costbook licenses warnings --period 2026-10 --fail-on over_use,notice
      For cron: exits with 1 where more is used than owned, or a last day of notice is near.
  costbook licenses explain \"Oracle Database\" --period 2026-10 --interpretation default
      Where the figures come from: rights, contracts, the rule with its source, each step, rows with their cells.
A run writes the same as files beside its reports: license_position.csv, license_warnings.csv, contracts.ics and more.";

#[derive(Debug, Subcommand)]
pub(super) enum LicensesCommand {
    /// Check license rules, the examples that they carry, and every table of what is owned and used.
    Check(LicensesCheckArgs),
    /// Show owned against used by product, metric and reading of its terms, with what is lacking first.
    Position(LicensesPositionArgs),
    /// Show what somebody should know before it costs money, the gravest first.
    Warnings(LicensesWarningsArgs),
    /// Show where a product's figures come from: rights and contracts, the rule of the metric with its source, each
    /// step that can be redone by hand, down to rows with their cells.
    Explain(LicensesExplainArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct LicensesCheckArgs {
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    #[command(flatten)]
    pub(super) period: PeriodArgs,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Exit with 1 where there are findings of this severity or a higher one.
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
}

/// What questions about licenses share.
#[derive(Debug, ClapArgs)]
pub(super) struct LicensesAsk {
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    #[command(flatten)]
    pub(super) period: PeriodArgs,
    /// Only this product, such as "SQL Server".
    #[arg(long, value_name = "NAME")]
    pub(super) product: Option<String>,
    /// As text, or the columns of the table that a run writes, as CSV or JSON.
    #[arg(long, value_enum, default_value_t = LicensesFormat::Text)]
    pub(super) format: LicensesFormat,
    /// Show every line of the text, and warnings that are silenced.
    #[arg(long)]
    pub(super) all: bool,
    /// Print notes about the tables too.
    #[arg(long, short)]
    pub(super) verbose: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct LicensesPositionArgs {
    #[command(flatten)]
    pub(super) ask: LicensesAsk,
    /// Write all tables, charts and the calendar of licenses into this folder too, which must not hold them yet.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct LicensesWarningsArgs {
    #[command(flatten)]
    pub(super) ask: LicensesAsk,
    /// Exit with 1 where a warning that is not silenced is of one of these kinds, or as grave as one of
    /// these severities, apart by commas: `over_use,notice`, or `error`.
    #[arg(long, value_name = "KIND|SEVERITY")]
    pub(super) fail_on: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct LicensesExplainArgs {
    /// The product, such as "SQL Server"; with its edition too, such as "SQL Server Standard".
    #[arg(value_name = "PRODUCT")]
    pub(super) product: String,
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    #[command(flatten)]
    pub(super) period: PeriodArgs,
    /// Only lines by this metric.
    #[arg(long, value_name = "NAME")]
    pub(super) metric: Option<String>,
    /// Only lines of this reading of the terms, such as `default`.
    #[arg(long, value_name = "NAME")]
    pub(super) interpretation: Option<String>,
    /// Only lines of this legal entity.
    #[arg(long, value_name = "NAME")]
    pub(super) legal_entity: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Show every node of the text, not the first twelve of each heading.
    #[arg(long)]
    pub(super) all: bool,
    /// Write the evidence of the product into this folder too, with checksums that `sha256sum -c` reads; it must
    /// not be there yet.
    #[arg(long, value_name = "DIR")]
    pub(super) evidence: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LicensesFormat {
    Text,
    Csv,
    Json,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    pub(super) command: RulesCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Find rules that never decide, overlap or match nothing, and money that no rule matches.
    ///
    /// What the rules alone tell is proved; the rest is counted in the month's bills, where they are
    /// there.
    Check(RulesCheckArgs),
    /// Run the examples of the rule files and show each: what is given, expected and found.
    Test(RulesTestArgs),
    /// Print the JSON Schema of a kind of file, by which editors complete and check.
    Schema(RulesSchemaArgs),
}

#[derive(Debug, ClapArgs)]
pub(super) struct RulesCheckArgs {
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    #[command(flatten)]
    pub(super) period: PeriodArgs,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Exit with 1 where there are findings of this severity or a higher one.
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
    #[command(flatten)]
    pub(super) threads: ThreadArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RulesTestArgs {
    #[command(flatten)]
    pub(super) project: ProjectArgs,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(super) struct RulesSchemaArgs {
    /// The kind of file.
    #[arg(long = "for", value_name = "KIND", value_enum, default_value_t = SchemaKind::Rules)]
    pub(super) kind: SchemaKind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SchemaKind {
    /// costbook.yaml
    Project,
    /// Rule files
    Rules,
    /// Column maps
    ColumnMap,
    /// License rule files
    LicenseRules,
}

#[derive(Debug, ClapArgs)]
pub(super) struct InitArgs {
    /// The folder to make; nothing in it is ever overwritten.
    pub(super) dir: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ImportArgs {
    /// Whose rules the files hold.
    #[arg(value_parser = kinds())]
    pub(super) kind: String,
    /// The files; those of one command may refer to each other.
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// Write the rules into this file, which must not be there yet, instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Make the values of a dimension owners, instead of a dimension alone.
    #[arg(long = "as", value_enum, value_name = "WHAT")]
    pub(super) what: Option<ImportedAs>,
    /// The dimension whose values are owners, where there are several.
    #[arg(long, value_name = "NAME", requires = "what")]
    pub(super) dimension: Option<String>,
    /// Exit with 1 where something is left out or means something else.
    #[arg(long, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ImportedAs {
    Owners,
}

fn kinds() -> PossibleValuesParser {
    Kind::ALL.map(|(name, _)| name).into()
}

#[derive(Debug, ClapArgs)]
pub(super) struct WorkbookArgs {
    /// What is asked, in words of the asking process.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(super) question: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ProjectArgs {
    /// The project's folder, which holds costbook.yaml.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) project: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct PeriodArgs {
    /// The month, such as 2026-10, or last-month.
    #[arg(long, value_name = "PERIOD", default_value = "last-month")]
    pub(super) period: String,
    /// The day that last-month is counted from, such as 2026-11-03; today where not given.
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ThreadArgs {
    /// Threads to read and write with; as many as processors where not given. The result does not depend on it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) threads: Option<u16>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Dataset {
    Csv,
    Parquet,
    Both,
}

impl From<Dataset> for DatasetForm {
    fn from(asked: Dataset) -> Self {
        match asked {
            Dataset::Csv => Self::Csv,
            Dataset::Parquet => Self::Parquet,
            Dataset::Both => Self::Both,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FailOn {
    Warning,
    Note,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExplainFormat {
    Text,
    Json,
    /// A picture of the flow
    Svg,
    /// The flow as text that Mermaid draws
    Mermaid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanFormat {
    Text,
    Json,
    Markdown,
    Csv,
}

impl ThreadArgs {
    pub(super) fn count(&self) -> usize {
        let here = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(here, usize::from)
    }
}
