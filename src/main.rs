//! The `costbook` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    costbook::cli::main()
}
