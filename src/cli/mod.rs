//! Commands: arguments in, one visible pipeline, an exit code out.
//!
//! ```text
//! args                what can be asked
//! load                a project's texts and tables → checked rules
//! pipeline            the main job, stage by stage
//! run, check, explain, plan, rules, init, import
//! licenses            owned against used
//! states              a project with parts of another one
//! workbook            the process that reads a workbook for another one
//! exit                what the process ends with, and why
//! console             stdout for data, stderr for messages
//! ```
//!
//! Owns wiring, the disk of the project, the clock, progress and exit codes. Computes nothing:
//! arithmetic of any kind stands in the rooms before.

mod args;
mod check;
mod console;
mod dataset;
mod exit;
mod explain;
mod explain_lines;
mod explain_published;
mod import;
mod init;
mod license_money;
mod licenses;
mod load;
mod load_drivers;
mod pipeline;
mod plan;
mod plan_run;
mod progress;
mod rules;
mod run;
mod states;
mod timings;
mod workbook;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use exit::Exit;

/// Parses the arguments of the process and does what they ask.
#[must_use]
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are answers, not errors, and go to stdout.
            let exit = if error.use_stderr() { Exit::Configuration } else { Exit::Fine };
            let _ = error.print();
            return exit.into();
        }
    };
    let command = || match &args.command {
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::check(args),
        Command::Explain(args) => explain::explain(args),
        Command::Rules(args) => rules::rules(args),
        Command::Licenses(args) => licenses::licenses(args),
        Command::Plan(args) => plan::plan(args),
        Command::Init(args) => init::init(args),
        Command::Import(args) => import::import(args),
        Command::ReadWorkbook(args) => workbook::read_workbook(args),
    };
    // A fault of ours must be told apart from one of the input, also by who reads exit codes only.
    let outcome = catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| {
        console::message("costbook: internal error; nothing was published. Please report it with the message above.");
        Exit::Internal
    });
    outcome.into()
}
