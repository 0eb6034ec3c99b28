//! A sheet as a stream of CSV bytes.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::ingest::made::Made;
use crate::ingest::open::hex;
use crate::ingest::report::{Content, SheetTable};
use crate::ingest::row_numbers::RowNumbers;

use super::child::{Frames, limit_this_process};
use super::frames::{Frame, Refusal, SheetHead, Summary};
use super::reader::{Question, answer};

/// A workbook that is there to be asked.
#[derive(Clone, Debug)]
pub(in crate::ingest) struct Workbook {
    file: Arc<File>,
    executable: Option<PathBuf>,
}

impl Workbook {
    pub(in crate::ingest) fn new(file: File, executable: Option<&Path>) -> Self {
        Self { file: Arc::new(file), executable: executable.map(Path::to_owned) }
    }

    /// The begin of every sheet, and what holds for all; `also` is a row that is wanted wherever it
    /// stands.
    pub(in crate::ingest) fn heads(
        &self,
        also: Option<u32>,
    ) -> Result<(Vec<SheetHead>, Summary), Refusal> {
        let mut frames = self.ask(&Question::Heads { also })?;
        let mut heads = Vec::new();
        loop {
            match frames.next()? {
                Frame::Sheet(head) => heads.push(head),
                Frame::End(summary) => return Ok((heads, summary)),
                Frame::Failed(refusal) => return Err(refusal),
                Frame::Csv(_) | Frame::Row { .. } => return Err(confused()),
            }
        }
    }

    fn ask(&self, question: &Question) -> Result<Frames, Refusal> {
        Frames::ask(&self.file, self.executable.as_deref(), question)
    }
}

fn confused() -> Refusal {
    Refusal::new(
        "the process that reads workbooks answers another question than it was asked",
        "the costbook binary may have been replaced while it ran; run again",
    )
}

/// The CSV of one sheet. It is read in two goes, so that not every workbook of a project has a
/// process waiting while the first is read: see [`SheetStream::park`].
pub(in crate::ingest) struct SheetStream {
    workbook: Workbook,
    question: Question,
    frames: Option<Frames>,
    csv: Made,
    /// Bytes handed out in all.
    given: u64,
    /// Bytes to be passed over, because an earlier process gave them.
    known: u64,
    hash: Sha256,
    rows: RowNumbers,
    summary: Option<Summary>,
}

impl SheetStream {
    pub(in crate::ingest) fn new(workbook: Workbook, layout: &SheetTable, comma: bool) -> Self {
        let (sheet, header_row) = (layout.sheet.clone(), layout.header_row);
        let question = Question::Table { sheet, header_row, comma };
        Self {
            workbook,
            question,
            frames: None,
            csv: Made::default(),
            given: 0,
            known: 0,
            hash: Sha256::new(),
            rows: RowNumbers::default(),
            summary: None,
        }
    }

    /// Lets the process go until more is read. What was not handed out yet is asked for again.
    pub(in crate::ingest) fn park(&mut self) {
        if self.summary.is_none() && self.frames.take().is_some() {
            self.known = self.given;
            self.csv = Made::default();
            self.rows = RowNumbers::default();
        }
    }

    /// The text as a content, the numbers of its rows, and what was seen; once it was read to its end.
    pub(in crate::ingest) fn end(self) -> (Content, RowNumbers, Summary) {
        let content = Content { bytes: self.given, sha256: Some(hex(&self.hash.finalize())) };
        (content, self.rows, self.summary.unwrap_or_default())
    }

    /// Fills the buffer. False at the end.
    fn fill(&mut self) -> Result<bool, Refusal> {
        while self.csv.is_spent() {
            if self.summary.is_some() {
                return Ok(false);
            }
            let frames = match &mut self.frames {
                Some(frames) => frames,
                None => self.frames.insert(self.workbook.ask(&self.question)?),
            };
            match frames.next()? {
                Frame::Csv(bytes) => {
                    let skipped = usize::try_from(self.known).unwrap_or(usize::MAX);
                    let skipped = skipped.min(bytes.len());
                    self.known -= skipped as u64;
                    self.csv.replace(bytes, skipped);
                }
                Frame::Row { counted, shown } => self.rows.jump(counted, shown),
                Frame::End(summary) => {
                    self.summary = Some(summary);
                    self.frames = None;
                }
                Frame::Failed(refusal) => return Err(refusal),
                Frame::Sheet(_) => return Err(confused()),
            }
        }
        Ok(true)
    }
}

impl Read for SheetStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.fill()? {
            return Ok(0);
        }
        let size = self.csv.hand_out(buffer);
        self.hash.update(&buffer[..size]);
        self.given += size as u64;
        Ok(size)
    }
}

/// The reading process: the workbook is its standard input, the answer goes to `output`. The
/// arguments are those that the asking process gave it.
///
/// # Errors
/// Where limits cannot be set, the arguments are no question, or the output is closed.
pub fn serve_workbook(arguments: &[String], output: &mut impl io::Write) -> io::Result<()> {
    limit_this_process()?;
    let question = Question::parse(arguments)
        .ok_or_else(|| io::Error::other("this command is for costbook's own use"))?;
    let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    answer(&file, &question, output)
}
