//! Makes the sample company's bills and the benchmark's files, and measures costbook beside DuckDB.

#![forbid(unsafe_code)]

mod bulk;
mod compare;
mod floor;
mod random;
mod sample;
mod sharing;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use bulk::Format;

#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes the bills and lists of the sample company
    Sample {
        /// The sample's directory; its `data/` is written
        #[arg(long, default_value = "samples/acme")]
        out: PathBuf,
    },
    /// Writes the benchmark's files: a month of bills, and a project around each
    Data {
        /// Where to write; 10 million rows take 1 GB as Parquet, 8 GB as CSV and 1.3 GB as CSV.gz
        #[arg(long)]
        out: PathBuf,
        #[arg(long, default_value_t = 10_000_000)]
        rows: u64,
        /// After so many rows the same cells come again, in files of their own: for growth
        #[arg(long, default_value_t = 10_000_000)]
        distinct: u64,
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = Format::ALL)]
        formats: Vec<Format>,
    },
    /// Runs costbook and DuckDB on those files and prints what was reached
    Compare(compare::Options),
    /// Makes companies with much shared cost, runs costbook on them and prints what was reached
    Sharing(sharing::Options),
    /// Decodes the ten columns that the job needs of a Parquet file, and no more
    Floor {
        #[arg(long)]
        file: PathBuf,
        #[arg(long, default_value_t = 2)]
        threads: usize,
        /// Copy every text instead of keeping the file's dictionaries
        #[arg(long)]
        plain: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Sample { out } => sample::write(&out),
        Command::Data { out, rows, distinct, formats } => {
            bulk::write(&out, rows, distinct, &formats)
        }
        Command::Compare(options) => compare::run(&options),
        Command::Sharing(options) => sharing::run(&options),
        Command::Floor { file, threads, plain } => floor::run(&file, threads, plain),
    }
}
