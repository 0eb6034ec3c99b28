//! The process that reads a workbook: this program again, with little memory.
//!
//! A workbook of two kilobytes can ask its reader for half a terabyte, and a process that cannot
//! have its memory dies. So it is not this one that asks. Where no program is named, in tests of
//! the library, the answer is made here.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Seek};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;
use std::process::{Child, ChildStdout, ExitStatus, Stdio};

use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use super::frames::{Frame, Refusal};
use super::reader::{Question, answer};

/// The hidden command that makes this program a reader.
pub const WORKBOOK_COMMAND: &str = "read-workbook";
/// Bytes of address space that a reader may have.
const MEMORY: u64 = 1 << 30;
/// Seconds of processor time that a reader may take. The largest sheet takes one or two minutes.
const SECONDS: u64 = 1200;

/// Frames on their way from a reader.
pub(super) enum Frames {
    Process { child: Child, output: BufReader<ChildStdout> },
    Memory(Cursor<Vec<u8>>),
}

impl Frames {
    /// Begins to read a workbook. The file's position is the reader's from here on.
    pub(super) fn ask(
        file: &File,
        executable: Option<&Path>,
        question: &Question,
    ) -> Result<Self, Refusal> {
        let Some(executable) = executable else {
            let mut frames = Vec::new();
            answer(file, question, &mut frames).map_err(|error| not_started(&error))?;
            return Ok(Self::Memory(Cursor::new(frames)));
        };
        let handle = file.try_clone().and_then(|mut handle| handle.rewind().map(|()| handle));
        let handle = handle.map_err(|error| not_started(&error))?;
        let mut command = Command::new(executable);
        command.arg(WORKBOOK_COMMAND).args(question.arguments());
        command.stdin(handle).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| not_started(&error))?;
        match child.stdout.take() {
            Some(output) => Ok(Self::Process { child, output: BufReader::new(output) }),
            None => Err(not_started(&io::Error::other("it has no output"))),
        }
    }

    /// The next frame. There is one until the end or a failure was told.
    pub(super) fn next(&mut self) -> Result<Frame, Refusal> {
        let frame = match self {
            Self::Process { output, .. } => Frame::read(output),
            Self::Memory(frames) => Frame::read(frames),
        };
        match (frame, self) {
            (Ok(Some(frame)), _) => Ok(frame),
            (_, Self::Process { child, .. }) => {
                // What was read is no answer; how the process ended says more.
                let _ = child.kill();
                Err(child.wait().map_or_else(|error| not_started(&error), died))
            }
            (_, Self::Memory(_)) => Err(not_started(&io::Error::other("it gave no answer"))),
        }
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        if let Self::Process { child, .. } = self {
            // It may have ended long ago; what matters is that nothing is left of it.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn not_started(error: &io::Error) -> Refusal {
    Refusal::new(
        format!("the process that reads workbooks cannot do its work: {error}"),
        "check that the costbook binary may be started, and that processes and memory are left",
    )
}

/// What the end of a process without an answer means.
fn died(end: ExitStatus) -> Refusal {
    let help = "open it in a spreadsheet program and save it anew, or export the sheet as CSV";
    let signal = end.signal();
    let text = if signal == Some(Signal::ABORT.as_raw()) {
        "the workbook asks for more memory than 1 GiB, the limit of its reader".to_owned()
    } else if signal == Some(Signal::XCPU.as_raw()) {
        "the workbook keeps its reader busy for more than 20 minutes".to_owned()
    } else {
        format!("the workbook broke its reader ({end})")
    };
    Refusal::new(text, help)
}

/// Puts the limits on this process. Nothing that a workbook says is believed before.
pub(super) fn limit_this_process() -> io::Result<()> {
    let limit = |value| Rlimit { current: Some(value), maximum: Some(value) };
    setrlimit(Resource::As, limit(MEMORY))?;
    setrlimit(Resource::Cpu, limit(SECONDS))?;
    // An abort is an answer, not something to be looked into.
    setrlimit(Resource::Core, limit(0))?;
    Ok(())
}
