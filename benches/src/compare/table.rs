//! What was to be reached, and what was.

use super::process::Run;
use super::totals::Totals;

/// The runs over one format.
#[derive(Debug)]
pub struct Figures<'a> {
    pub costbook: &'a Run,
    pub duckdb: Option<&'a Run>,
    pub floor: Option<&'a Run>,
}

/// Two tables: the runs, and the goals.
#[derive(Debug, Default)]
pub struct Table {
    runs: Vec<[String; 4]>,
    goals: Vec<[String; 4]>,
    sums: Vec<String>,
    pub sums_differ: bool,
}

impl Table {
    pub fn format(&mut self, name: &str, figures: &Figures<'_>) {
        let costbook = figures.costbook;
        self.run(&format!("{name}: costbook"), costbook);
        if let Some(duckdb) = figures.duckdb {
            self.run(&format!("{name}: DuckDB, one straight SQL"), duckdb);
            let goal = if name == "csv.gz" { 0.45 } else { 0.40 };
            self.ratio(&format!("{name}: time of DuckDB's"), costbook, duckdb, goal);
        }
        if let Some(floor) = figures.floor {
            self.run(&format!("{name}: decode ten columns"), floor);
            self.ratio(&format!("{name}: times the decode floor"), costbook, floor, 3.0);
        }
        let peak = costbook.peak_megabytes;
        self.goal(
            format!("{name}: peak memory"),
            "≤ 600 MB",
            format!("{peak:.0} MB"),
            peak <= 600.0,
        );
    }

    /// What comes after the scan and after its sums were put together, by the run's own timings.
    pub fn after_the_cube(&mut self, run: &Run) {
        let seconds = seconds_after_the_cube(run);
        let measured = format!("{seconds:.2} s");
        self.goal("after the cube".to_owned(), "≤ 10 s", measured, seconds <= 10.0);
    }

    /// The company with much shared cost.
    pub fn shared_cost(&mut self, run: &Run) {
        self.run("200 pools: costbook", run);
        let seconds = seconds_after_the_cube(run);
        let measured = format!("{seconds:.2} s");
        self.goal("200 pools: after the cube".to_owned(), "≤ 10 s", measured, seconds <= 10.0);
        let peak = run.peak_megabytes;
        let measured = format!("{peak:.0} MB");
        self.goal("200 pools: peak memory".to_owned(), "≤ 1000 MB", measured, peak <= 1000.0);
    }

    /// Pools that give to each other and nothing else.
    pub fn knot(&mut self, name: &str, run: &Run) {
        self.run(&format!("{name}: costbook"), run);
        let seconds = run.wall_seconds;
        self.goal(name.to_owned(), "≤ 10 s", format!("{seconds:.2} s"), seconds <= 10.0);
    }

    pub fn rules(&mut self, few: &Run, many: &Run) {
        self.run("parquet: costbook, 500 rules", many);
        self.ratio("parquet: 500 rules, times 50 rules", many, few, 1.3);
    }

    pub fn growth(&mut self, small: &Run, large: &Run) {
        self.run("parquet: costbook, ten times the rows", large);
        self.ratio("parquet: ten times the rows, times", large, small, 10.5);
        let ratio = large.peak_megabytes / small.peak_megabytes;
        let reached = format!("{:+.0} %", (ratio - 1.0) * 100.0);
        self.goal(
            "parquet: ten times the rows, memory".to_owned(),
            "within 10 %",
            reached,
            ratio <= 1.1,
        );
    }

    pub fn start(&mut self, check: &Run) {
        let milliseconds = check.wall_seconds * 1000.0;
        let reached = format!("{milliseconds:.0} ms");
        self.goal("check of the sample".to_owned(), "≤ 50 ms", reached, milliseconds <= 50.0);
    }

    pub fn sums(&mut self, name: &str, costbook: &Totals, duckdb: &Totals) {
        for (metric, expected) in duckdb {
            let found = costbook.get(metric).map_or("nothing", String::as_str);
            if found == expected {
                self.sums.push(format!("{name}: {metric} {found} in both"));
            } else {
                self.sums_differ = true;
                self.sums
                    .push(format!("{name}: {metric} DIFFERS: costbook {found}, DuckDB {expected}"));
            }
        }
    }

    pub fn print_runs(&self) {
        print_rows(["process", "wall s", "CPU s", "peak MB"], &self.runs);
        print_rows(["work", "goal", "measured", "reached"], &self.goals);
    }

    pub fn print(&self) {
        self.print_runs();
        println!("\nGrand totals:");
        for line in &self.sums {
            println!("  {line}");
        }
        if self.sums.is_empty() {
            println!("  nothing to compare with");
        }
    }

    fn run(&mut self, name: &str, run: &Run) {
        let figures = [
            format!("{:.2}", run.wall_seconds),
            format!("{:.1}", run.cpu_seconds),
            format!("{:.0}", run.peak_megabytes),
        ];
        let [wall, cpu, peak] = figures;
        self.runs.push([name.to_owned(), wall, cpu, peak]);
    }

    fn ratio(&mut self, name: &str, run: &Run, beside: &Run, goal: f64) {
        let ratio = run.wall_seconds / beside.wall_seconds;
        self.goal(
            name.to_owned(),
            &format!("≤ {goal:.2} ×"),
            format!("{ratio:.2} ×"),
            ratio <= goal,
        );
    }

    fn goal(&mut self, name: String, goal: &str, measured: String, reached: bool) {
        let reached = if reached { "yes" } else { "no" };
        self.goals.push([name, goal.to_owned(), measured, reached.to_owned()]);
    }
}

fn seconds_after_the_cube(run: &Run) -> f64 {
    let milliseconds = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, time, unit) = (words.next()?, words.next()?, words.next()?);
        let before = ["load", "discover", "plan", "scan", "assemble", "total"];
        let counts = unit == "ms" && !before.contains(&name);
        time.parse::<u32>().ok().filter(|_| counts)
    };
    f64::from(run.stderr.lines().filter_map(milliseconds).sum::<u32>()) / 1000.0
}

/// As Markdown, so that the figures can be put into `docs/performance.md` as they are.
fn print_rows(head: [&str; 4], rows: &[[String; 4]]) {
    println!("\n| {} |\n|---|---|---|---|", head.join(" | "));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
}
