//! costbook beside DuckDB on the same files: time, memory and, above all, the same sums.
//!
//! ```text
//! process   runs a program and measures it
//! sql       DuckDB's statement, from the same rules as costbook's
//! totals    both programs' grand totals, digit by digit
//! table     what was to be reached, and what was
//! ```

pub mod process;
mod sql;
mod table;
mod totals;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::bulk::rules::rules;
use crate::bulk::{Format, RULE_COUNTS, project};
use process::Run;
pub use process::median;
use table::Figures;
pub use table::Table;

const PERIOD: &str = "2026-10";
const DUCKDB: &str = include_str!("../../sql/run.py");

/// What is compared, and how often.
#[derive(Args, Debug)]
pub struct Options {
    /// The directory that `data` wrote
    #[arg(long)]
    data: PathBuf,
    /// A second such directory with ten times the rows, for growth
    #[arg(long)]
    larger: Option<PathBuf>,
    #[arg(long, default_value = "target/release/costbook")]
    costbook: PathBuf,
    /// A Python that has `duckdb`
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// The sample project, whose `check` measures the start
    #[arg(long, default_value = "samples/acme")]
    sample: PathBuf,
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Format::ALL)]
    formats: Vec<Format>,
    #[arg(long, default_value_t = 3)]
    runs: usize,
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

/// Runs everything that there are files for and prints the table.
///
/// # Errors
/// If a program cannot be started or fails, or the sums differ.
pub fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let bench = Bench::new(options)?;
    let mut table = Table::default();
    for &format in &options.formats {
        if !project(&options.data, format, RULE_COUNTS[0]).exists() {
            println!("{}: no files, skipped", format.name());
            continue;
        }
        bench.format(format, &mut table)?;
    }
    bench.growth(&mut table)?;
    bench.start(&mut table)?;
    table.print();
    if table.sums_differ { Err("the sums of costbook and DuckDB differ".into()) } else { Ok(()) }
}

struct Bench<'a> {
    options: &'a Options,
    scratch: PathBuf,
    has_duckdb: bool,
}

impl<'a> Bench<'a> {
    fn new(options: &'a Options) -> Result<Self, Box<dyn Error>> {
        let scratch = fs::canonicalize(&options.data)?.join("scratch");
        fs::create_dir_all(&scratch)?;
        fs::write(scratch.join("run.py"), DUCKDB)?;
        let asked = Command::new(&options.python).args(["-c", "import duckdb"]).output();
        let has_duckdb = asked.is_ok_and(|output| output.status.success());
        if !has_duckdb {
            println!(
                "{} has no DuckDB, so costbook runs alone. To compare: python3 -m venv venv && \
                 venv/bin/pip install duckdb, then give --python venv/bin/python",
                options.python.display()
            );
        }
        Ok(Self { options, scratch, has_duckdb })
    }

    fn format(&self, format: Format, table: &mut Table) -> Result<(), Box<dyn Error>> {
        let name = format.name();
        let root = project(&self.options.data, format, RULE_COUNTS[0]);
        warm(&root.join("data"))?;
        let costbook = self.repeat(name, || self.costbook(&root))?;
        let found = totals::of_costbook(&self.out())?;
        let duckdb = if self.has_duckdb {
            Some(self.repeat(name, || self.duckdb(&root, format))?)
        } else {
            None
        };
        if let Some(duckdb) = &duckdb {
            table.sums(name, &found, &totals::of_duckdb(&duckdb.stdout)?);
        }
        let floor = if format == Format::Parquet {
            Some(self.repeat("floor", || self.floor(&root))?)
        } else {
            None
        };
        table.format(
            name,
            &Figures { costbook: &costbook, duckdb: duckdb.as_ref(), floor: floor.as_ref() },
        );
        if format == Format::Parquet {
            table.after_the_cube(&costbook);
            let more = project(&self.options.data, format, RULE_COUNTS[1]);
            let many = self.repeat("500 rules", || self.costbook(&more))?;
            table.rules(&costbook, &many);
        }
        Ok(())
    }

    fn growth(&self, table: &mut Table) -> Result<(), Box<dyn Error>> {
        let Some(larger) = &self.options.larger else { return Ok(()) };
        let [small, large] = [&self.options.data, larger];
        let run_of = |dir: &Path| self.costbook(&project(dir, Format::Parquet, RULE_COUNTS[0]));
        let small = self.repeat("rows", || run_of(small))?;
        let large = self.repeat("ten times the rows", || run_of(large))?;
        table.growth(&small, &large);
        Ok(())
    }

    fn start(&self, table: &mut Table) -> Result<(), Box<dyn Error>> {
        if self.options.sample.exists() {
            let check = || {
                let mut command = Command::new(&self.options.costbook);
                self.measure(command.arg("check").arg("--project").arg(&self.options.sample))
            };
            match self.repeat("check", check) {
                Ok(run) => table.start(&run),
                Err(error) => println!("check: {error}"),
            }
        }
        Ok(())
    }

    /// Several runs, and the one in the middle.
    fn repeat(
        &self,
        name: &str,
        once: impl Fn() -> Result<Run, Box<dyn Error>>,
    ) -> Result<Run, Box<dyn Error>> {
        let mut runs = Vec::new();
        for _ in 0..self.options.runs.max(1) {
            let run = once()?;
            println!("{name}: {:.2} s, {:.0} MB", run.wall_seconds, run.peak_megabytes);
            runs.push(run);
        }
        median(&runs).ok_or_else(|| "no runs".into())
    }

    fn costbook(&self, root: &Path) -> Result<Run, Box<dyn Error>> {
        let out = self.out();
        if out.exists() {
            fs::remove_dir_all(&out)?;
        }
        let mut command = Command::new(&self.options.costbook);
        command
            .arg("run")
            .arg("--project")
            .arg(root)
            .args(["--period", PERIOD])
            .arg("--out")
            .arg(out);
        self.measure(command.args(["--timings", "--threads", &self.options.threads.to_string()]))
    }

    fn duckdb(&self, root: &Path, format: Format) -> Result<Run, Box<dyn Error>> {
        let statement = self.scratch.join(format!("{}.sql", format.name()));
        let root = fs::canonicalize(root)?;
        fs::write(&statement, sql::cube(&root, format, &rules(RULE_COUNTS[0])))?;
        let mut command = Command::new(&self.options.python);
        command
            .arg(self.scratch.join("run.py"))
            .arg(statement)
            .arg(self.options.threads.to_string());
        self.measure(&mut command)
    }

    fn floor(&self, root: &Path) -> Result<Run, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("floor").arg("--file").arg(root.join("data/bill-000.parquet"));
        self.measure(command.args(["--threads", &self.options.threads.to_string()]))
    }

    /// Exit code 1 means findings, which a benchmark's made-up tags have.
    fn measure(&self, command: &mut Command) -> Result<Run, Box<dyn Error>> {
        let name = format!("{command:?}");
        let run = process::run(command, &self.scratch)?;
        if matches!(run.exit_code, Some(0 | 1)) {
            return Ok(run);
        }
        Err(format!("{name} failed with {:?}:\n{}", run.exit_code, run.stderr).into())
    }

    fn out(&self) -> PathBuf {
        self.scratch.join("out")
    }
}

/// Reads the files once, so that no run pays for the disk.
fn warm(data: &Path) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(data)? {
        std::io::copy(&mut fs::File::open(entry?.path())?, &mut std::io::sink())?;
    }
    Ok(())
}
