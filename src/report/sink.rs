//! The directory that a run writes into: every file is hashed while it is written.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use sha2::{Digest, Sha256};

use crate::diagnostics::{Code, Finding};

/// Name of the list of checksums, which covers every other file.
pub(super) const CHECKSUMS: &str = "SHA256SUMS";
const BUFFER_BYTES: usize = 256 * 1024;
/// Bytes of a large file that are sent to the disk together, while the next are made.
const SYNC_BYTES: u64 = 64 << 20;

/// A CSV file under way: UTF-8, no byte order mark, `,`, LF, quoted only where needed.
pub(super) type Table = csv::Writer<HashedFile>;

/// A file that was written. The name is relative to the directory, with `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    pub name: String,
    pub bytes: u64,
    /// In hex.
    pub sha256: String,
}

/// Writes files into one directory and remembers what they hold; or keeps them in memory.
pub(super) struct Sink {
    /// `None`: in memory.
    directory: Option<PathBuf>,
    files: Vec<WrittenFile>,
    /// What was written in memory, by name.
    kept: Vec<(String, Vec<u8>)>,
}

impl Sink {
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: Some(directory.to_owned()), files: Vec::new(), kept: Vec::new() }
    }

    /// For who looks at the reports and publishes nothing.
    pub(super) fn in_memory() -> Self {
        Self { directory: None, files: Vec::new(), kept: Vec::new() }
    }

    /// With what another sink of the same directory wrote.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.files.extend(other.files);
        self.kept.extend(other.kept);
        self
    }

    /// What was written in memory, by name.
    pub(super) fn kept(self) -> Vec<(String, Vec<u8>)> {
        self.kept
    }

    fn keep(&mut self, name: &str, file: HashedFile) {
        let (written, bytes) = file.finish(name);
        self.files.push(written);
        self.kept.extend(bytes.map(|bytes| (name.to_owned(), bytes)));
    }

    /// Writes a table: the header, then what `rows` writes. Every row has as many fields as the
    /// header, or writing fails.
    pub(super) fn table(
        &mut self,
        name: &str,
        header: &[&str],
        rows: impl FnOnce(&mut Table) -> csv::Result<()>,
    ) -> Result<(), Finding> {
        let file = self.create(name)?;
        let mut table = csv::WriterBuilder::new().buffer_capacity(BUFFER_BYTES).from_writer(file);
        let filled = table.write_record(header).and_then(|()| rows(&mut table));
        filled.map_err(|error| failed(name, &error))?;
        let file = table.into_inner().map_err(|error| failed(name, error.error()))?;
        self.keep(name, file);
        Ok(())
    }

    /// Writes a file as `fill` does.
    pub(super) fn stream(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut HashedFile) -> io::Result<()>,
    ) -> Result<(), Finding> {
        let mut file = self.create(name)?;
        fill(&mut file).map_err(|error| failed(name, &error))?;
        self.keep(name, file);
        Ok(())
    }

    /// Writes a small file in one piece.
    pub(super) fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), Finding> {
        let mut file = self.create(name)?;
        file.write_all(bytes).map_err(|error| failed(name, &error))?;
        self.keep(name, file);
        Ok(())
    }

    /// Writes the checksums of all files, sorted by name, as `sha256sum -c` reads them.
    pub(super) fn finish(mut self) -> Result<Vec<WrittenFile>, Finding> {
        self.files.sort_by(|a, b| a.name.cmp(&b.name));
        let line = |file: &WrittenFile| format!("{}  {}\n", file.sha256, file.name);
        let sums: String = self.files.iter().map(line).collect();
        self.bytes(CHECKSUMS, sums.as_bytes())?;
        Ok(self.files)
    }

    /// Writes the checksums of a folder's files, sorted by name as it stands in the folder, as `sha256sum -c` reads them there.
    /// The folder ends in `/`, or is empty for all.
    pub(super) fn checksums_of(&mut self, folder: &str) -> Result<(), Finding> {
        let own = |file: &WrittenFile| {
            Some((file.name.strip_prefix(folder)?.to_owned(), file.sha256.clone()))
        };
        let mut files: Vec<(String, String)> = self.files.iter().filter_map(own).collect();
        files.sort();
        let lines: Vec<String> =
            files.iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
        let sums = lines.concat();
        self.bytes(&format!("{folder}{CHECKSUMS}"), sums.as_bytes())
    }

    fn create(&self, name: &str) -> Result<HashedFile, Finding> {
        let new = |place| HashedFile { place, hash: Sha256::new(), bytes: 0 };
        let Some(directory) = &self.directory else { return Ok(new(Place::Memory(Vec::new()))) };
        let path = directory.join(name);
        let opened = path.parent().map_or(Ok(()), fs::create_dir_all);
        // Never over a file that is already there: the directory was handed over empty.
        let file = opened.and_then(|()| File::create_new(&path));
        let file = file.map_err(|error| failed(name, &error))?;
        Ok(new(Place::Disk(file)))
    }
}

/// Where a file lies.
enum Place {
    Disk(File),
    Memory(Vec<u8>),
}

/// A file that is hashed as it is written.
pub(super) struct HashedFile {
    place: Place,
    hash: Sha256,
    bytes: u64,
}

impl HashedFile {
    /// Writes pieces in their order. They are hashed meanwhile, and brought to the disk, which has
    /// to hold them before they are published: waiting for all of them at the end takes a quarter
    /// of a second for half a gigabyte.
    pub(super) fn write_pieces(
        &mut self,
        pieces: impl Iterator<Item = io::Result<Vec<u8>>>,
    ) -> io::Result<()> {
        let Place::Disk(file) = &mut self.place else {
            return pieces.into_iter().try_for_each(|piece| self.write_all(&piece?));
        };
        let mut hash = std::mem::take(&mut self.hash);
        let disk = file.try_clone()?;
        std::thread::scope(|scope| {
            let (full, when_full) = sync_channel::<()>(1);
            let syncer = scope.spawn(move || when_full.iter().try_for_each(|()| disk.sync_data()));
            let (send, receive) = sync_channel::<Arc<Vec<u8>>>(2);
            let hasher = scope.spawn(move || {
                for piece in receive {
                    hash.update(&*piece);
                }
                hash
            });
            for piece in pieces {
                let piece = Arc::new(piece?);
                let synced = self.bytes / SYNC_BYTES;
                self.bytes += piece.len() as u64;
                // The one who hashes ends only after this channel does.
                let sent = send.send(Arc::clone(&piece));
                sent.map_err(|_| io::Error::other("nobody hashes what is written"))?;
                file.write_all(&piece)?;
                if self.bytes / SYNC_BYTES > synced {
                    // Where the disk is behind, the next one takes these along.
                    let _ = full.try_send(());
                }
            }
            drop((send, full));
            self.hash = hasher.join().map_err(|_| io::Error::other("hashing broke off"))?;
            // What the disk refuses it says once, to whoever asks first.
            syncer.join().map_err(|_| io::Error::other("syncing broke off"))?
        })
    }

    fn finish(self, name: &str) -> (WrittenFile, Option<Vec<u8>>) {
        let sha256 = hex(&self.hash.finalize());
        let written = WrittenFile { name: name.to_owned(), bytes: self.bytes, sha256 };
        match self.place {
            Place::Disk(_) => (written, None),
            Place::Memory(bytes) => (written, Some(bytes)),
        }
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.place {
            Place::Disk(file) => file.write(bytes)?,
            Place::Memory(kept) => kept.write(bytes)?,
        };
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.place {
            Place::Disk(file) => file.flush(),
            Place::Memory(_) => Ok(()),
        }
    }
}

/// Bytes as lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

pub(super) fn failed(name: &str, cause: &dyn std::fmt::Display) -> Finding {
    Finding::new(Code::OutputFailed, format!("`{name}` could not be written: {cause}"))
        .help("see that there is space and permission, then run the same command again")
}
