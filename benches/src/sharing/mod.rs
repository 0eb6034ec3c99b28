//! Much shared cost: how long a month takes from the cube on, and how far circles and chains of
//! pools may go.
//!
//! ```text
//! company   300 owners, 200 pools in 12 stages, 20 of them solved together, a million cells
//! knots     pools that use each other in a ring, or give on in a chain
//! ```

mod company;
mod knots;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::compare::{Table, median, process};
use knots::Knot;

const PERIOD: &str = "2026-10";

/// What is measured.
#[derive(Args, Debug)]
pub struct Options {
    /// Where the projects are made; those that are there are taken as they are
    #[arg(long)]
    out: PathBuf,
    /// Cells of the company's cube, one row each
    #[arg(long, default_value_t = 1_000_000)]
    cells: u64,
    #[arg(long, default_value = "target/release/costbook")]
    costbook: PathBuf,
    /// Pools in a ring, each of which also uses some others
    #[arg(long, value_delimiter = ',', default_values_t = [100, 200])]
    rings: Vec<usize>,
    /// Pools in a chain, each of which gives to the next
    #[arg(long, value_delimiter = ',', default_values_t = [10_000])]
    chains: Vec<usize>,
    #[arg(long, default_value_t = 3)]
    runs: usize,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Make the projects and measure nothing
    #[arg(long)]
    make_only: bool,
}

/// Makes what is not there, runs it and prints the table.
///
/// # Errors
/// If a file cannot be written, or a run fails.
pub fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let company = options.out.join("company");
    if !company.exists() {
        company::write(&company, options.cells)?;
    }
    let of_kind = |knot: fn(usize) -> Knot, sizes: &[usize]| -> Vec<Knot> {
        sizes.iter().map(|size| knot(*size)).collect()
    };
    let mut knots = of_kind(Knot::Ring, &options.rings);
    knots.extend(of_kind(Knot::Chain, &options.chains));
    for knot in &knots {
        let root = options.out.join(knot.name());
        if !root.exists() {
            knot.write(&root)?;
        }
    }
    if options.make_only {
        return Ok(());
    }
    let mut table = Table::default();
    table.shared_cost(&measure(options, &company)?);
    for knot in &knots {
        table.knot(&knot.name(), &measure(options, &options.out.join(knot.name()))?);
    }
    table.print_runs();
    Ok(())
}

fn measure(options: &Options, root: &Path) -> Result<process::Run, Box<dyn Error>> {
    let scratch = options.out.join("scratch");
    fs::create_dir_all(&scratch)?;
    let mut runs = Vec::new();
    for _ in 0..options.runs.max(1) {
        let out = scratch.join("out");
        if out.exists() {
            fs::remove_dir_all(&out)?;
        }
        let mut command = Command::new(&options.costbook);
        command.arg("run").arg("--project").arg(root).args(["--period", PERIOD]).arg("--out");
        command.arg(&out).args(["--timings", "--threads", &options.threads.to_string()]);
        let run = process::run(&mut command, &scratch)?;
        if run.exit_code != Some(0) {
            return Err(format!("{} failed:\n{}", root.display(), run.stderr).into());
        }
        println!("{}: {:.2} s, {:.0} MB", root.display(), run.wall_seconds, run.peak_megabytes);
        runs.push(run);
    }
    median(&runs).ok_or_else(|| "no runs".into())
}
