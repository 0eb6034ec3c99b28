//! How long a process ran, what it computed and how much memory it had at its worst.

use std::error::Error;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Linux counts processor time in these, whatever its own clock is.
const TICKS_PER_SECOND: f64 = 100.0;

/// A finished process.
#[derive(Clone, Debug)]
pub struct Run {
    pub wall_seconds: f64,
    pub cpu_seconds: f64,
    pub peak_megabytes: f64,
    pub exit_code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command to its end. Its output goes through files, so that it never waits for us.
///
/// # Errors
/// If it cannot be started, or this system has no `/proc`.
pub fn run(command: &mut Command, scratch: &Path) -> Result<Run, Box<dyn Error>> {
    if !Path::new("/proc/self/stat").exists() {
        return Err("memory and processor time are read from /proc, which only Linux has".into());
    }
    let paths = ["stdout.txt", "stderr.txt"].map(|name| scratch.join(name));
    command.stdin(Stdio::null()).stdout(File::create(&paths[0])?).stderr(File::create(&paths[1])?);
    let name = command.get_program().to_string_lossy().into_owned();
    let begun = Instant::now();
    let mut child = command.spawn().map_err(|error| format!("cannot start {name}: {error}"))?;
    let (cpu_seconds, peak_megabytes) = watch(&child, begun);
    let wall_seconds = begun.elapsed().as_secs_f64();
    let exit_code = child.wait()?.code();
    let [stdout, stderr] = paths.map(|path| fs::read_to_string(path).unwrap_or_default());
    Ok(Run { wall_seconds, cpu_seconds, peak_megabytes, exit_code, stdout, stderr })
}

/// Looks until the process has ended but is not yet waited for: only then its times are whole.
fn watch(child: &Child, begun: Instant) -> (f64, f64) {
    let proc = Path::new("/proc").join(child.id().to_string());
    let mut peak = 0.0_f64;
    loop {
        let stat = fs::read_to_string(proc.join("stat")).unwrap_or_default();
        // The name in brackets may hold spaces and brackets.
        let fields: Vec<&str> =
            stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |field: usize| {
            fields.get(field).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0)
        };
        if fields.first().is_none_or(|state| matches!(*state, "Z" | "X")) {
            return ((ticks(11) + ticks(12)) / TICKS_PER_SECOND, peak);
        }
        peak = peak.max(high_water_mark(&proc));
        // Short runs are looked at more closely.
        let pause = if begun.elapsed() < Duration::from_millis(500) { 1 } else { 5 };
        thread::sleep(Duration::from_millis(pause));
    }
}

fn high_water_mark(proc: &Path) -> f64 {
    let status = fs::read_to_string(proc.join("status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) * 1024.0 / 1e6
}

/// The run in the middle, by each of its figures.
#[must_use]
pub fn median(runs: &[Run]) -> Option<Run> {
    let middle = |figure: fn(&Run) -> f64| {
        let mut figures: Vec<f64> = runs.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied()
    };
    Some(Run {
        wall_seconds: middle(|run| run.wall_seconds)?,
        cpu_seconds: middle(|run| run.cpu_seconds)?,
        peak_megabytes: middle(|run| run.peak_megabytes)?,
        ..runs.last()?.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_taken_figure_by_figure() {
        let run = |wall_seconds, peak_megabytes| Run {
            wall_seconds,
            cpu_seconds: 0.0,
            peak_megabytes,
            exit_code: Some(0),
            stdout: String::new(),
            stderr: String::new(),
        };
        let middle = median(&[run(3.0, 10.0), run(1.0, 30.0), run(2.0, 20.0)]).unwrap();
        assert!(
            (middle.wall_seconds - 2.0).abs() < 1e-9 && (middle.peak_megabytes - 20.0).abs() < 1e-9
        );
        assert!(median(&[]).is_none());
    }
}
