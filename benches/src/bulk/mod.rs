//! The benchmark's files: a month of bills as large as wanted, and the projects that read them.
//!
//! ```text
//! world     accounts, services, resources and their tags
//! row       what one row says, drawn from its number
//! columns   the 46 columns
//! csv_file, parquet_file   the files
//! rules     50 or 500 ordered rules; project prints them for costbook, `compare::sql` for DuckDB
//! ```

pub mod columns;
mod csv_file;
mod parquet_file;
mod project;
mod row;
pub mod rules;
pub mod world;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use flate2::{Compression, GzBuilder};

use csv_file::Forms;
use row::Rows;
use world::Resource;

/// Rows of one compressed file: deliveries come in parts, because nobody can read half of a gzip.
const PART: u64 = 1_000_000;

/// The numbers of rules that projects are made for.
pub const RULE_COUNTS: [usize; 2] = [50, 500];

/// A form of the bill; also the name of its project's directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[value(name = "parquet")]
    Parquet,
    #[value(name = "csv")]
    Csv,
    #[value(name = "csv.gz")]
    CsvGz,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Parquet, Self::Csv, Self::CsvGz];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::CsvGz => "csv.gz",
        }
    }
}

/// The project's directory: `DIR/parquet` for 50 rules, `DIR/parquet-500` for 500.
#[must_use]
pub fn project(dir: &Path, format: Format, rules: usize) -> PathBuf {
    let plain = rules == RULE_COUNTS[0];
    dir.join(if plain { format.name().to_owned() } else { format!("{}-{rules}", format.name()) })
}

/// Writes the bills and projects. The 500-rule projects read the same files, by hard links.
///
/// # Errors
/// If a file cannot be written.
pub fn write(
    dir: &Path,
    rows: u64,
    distinct: u64,
    formats: &[Format],
) -> Result<(), Box<dyn Error>> {
    let drawn = Rows { distinct: distinct.max(1) };
    let resources = world::resources();
    for &format in formats {
        let files = bills(
            &project(dir, format, RULE_COUNTS[0]).join("data"),
            format,
            (rows, drawn),
            &resources,
        )?;
        for count in RULE_COUNTS {
            let root = project(dir, format, count);
            fs::create_dir_all(root.join("rules"))?;
            fs::write(root.join("costbook.yaml"), project::COSTBOOK)?;
            fs::write(root.join("owners.csv"), project::owners())?;
            fs::write(root.join("rules/rules.yaml"), project::rule_file(&rules::rules(count)))?;
            link(&files, &root.join("data"))?;
        }
    }
    Ok(())
}

fn bills(
    data: &Path,
    format: Format,
    (rows, drawn): (u64, Rows),
    resources: &[Resource],
) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    fs::create_dir_all(data)?;
    let part_rows = if format == Format::CsvGz { PART } else { rows.min(drawn.distinct) };
    let mut files = Vec::new();
    for (number, from) in (0..rows).step_by(usize::try_from(part_rows.max(1))?).enumerate() {
        let path = data.join(format!("bill-{number:03}.{}", format.name()));
        bill(&path, format, (from..rows.min(from + part_rows), drawn), resources)?;
        println!("{:>14} bytes  {}", fs::metadata(&path)?.len(), path.display());
        files.push(path);
    }
    Ok(files)
}

fn bill(
    path: &Path,
    format: Format,
    (rows, drawn): (Range<u64>, Rows),
    resources: &[Resource],
) -> Result<(), Box<dyn Error>> {
    match format {
        Format::Parquet => return parquet_file::write(path, rows, drawn, resources),
        Format::Csv => {
            let mut out = BufWriter::new(File::create(path)?);
            Forms::new(resources).write((rows, drawn), resources, &mut out)?;
            out.flush()?;
        }
        Format::CsvGz => {
            let mut out =
                GzBuilder::new().mtime(0).write(File::create(path)?, Compression::default());
            Forms::new(resources).write((rows, drawn), resources, &mut out)?;
            out.finish()?;
        }
    }
    Ok(())
}

fn link(files: &[PathBuf], data: &Path) -> io::Result<()> {
    fs::create_dir_all(data)?;
    for file in files {
        let linked = data.join(file.file_name().unwrap_or_default());
        if linked.exists() {
            if linked == *file {
                continue;
            }
            fs::remove_file(&linked)?;
        }
        fs::hard_link(file, linked)?;
    }
    Ok(())
}
