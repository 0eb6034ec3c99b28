//! Feeds the blocks of a stream to those who read them, and hashes its bytes on the way.
//!
//! Three things can only be done front to back: reading or inflating, cutting, and the hash of the
//! file. The hash of plain text takes longer than the other two together, so it has a thread of its
//! own that gets each block beside its reader; what is inflated is hashed as it lies on disk, which
//! is a small part of it.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::blocks::{Block, BlockError, Blocks};
use crate::ingest::open::{CsvStream, StreamEnd};

/// Bytes of room that are worth to be kept for another block.
const SPARE_LIMIT: usize = 1 << 24;
/// Blocks that wait to be hashed.
const WAITING: usize = 2;

/// A block on its way to a worker.
pub(in crate::ingest) struct Sent {
    pub(in crate::ingest) file: usize,
    pub(in crate::ingest) index: u32,
    pub(in crate::ingest) block: Arc<Block>,
}

/// Room of blocks that were read. Blocks under way are few, so these are.
#[derive(Default)]
pub(in crate::ingest) struct Room(Mutex<Vec<Block>>);

impl Room {
    fn lend(&self) -> Block {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps the room of a block once nobody needs it, unless a huge record made it huge.
    pub(in crate::ingest) fn take_back(&self, block: Arc<Block>) {
        if let Some(block) = Arc::into_inner(block)
            && block.bytes.capacity() <= SPARE_LIMIT
        {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(block);
        }
    }
}

/// Reads a stream to its end and sends its blocks, telling `progress` their lengths. `begun` was
/// read of it already.
pub(in crate::ingest) fn feed(
    mut stream: CsvStream,
    begun: Vec<u8>,
    (file, delimiter): (usize, u8),
    (send, room): (&SyncSender<Sent>, &Room),
    progress: impl Fn(u64),
) -> Result<StreamEnd, BlockError> {
    let hash = stream.lend_hash();
    let hashed = begun.len();
    std::thread::scope(|scope| {
        let hashing = hash.map(|hash| {
            let (tell, told) = sync_channel(WAITING);
            (tell, scope.spawn(move || hash_blocks(hash, hashed, &told, room)))
        });
        let mut blocks = Blocks::new(stream, delimiter, begun);
        let mut index = 0;
        while let Some(block) = blocks.next()? {
            blocks.lend(room.lend());
            progress(block.bytes.len() as u64);
            let block = Arc::new(block);
            if let Some((tell, _)) = &hashing {
                tell.send(block.clone()).expect("hashing ends when nothing more is told");
            }
            if send.send(Sent { file, index, block }).is_err() {
                break;
            }
            index += 1;
        }
        let mut stream = blocks.into_input();
        if let Some((tell, thread)) = hashing {
            drop(tell);
            stream.take_hash(thread.join().expect("hashing cannot fail"));
        }
        Ok(stream.end())
    })
}

/// Adds blocks to a hash, but for the first bytes, which it has.
fn hash_blocks(
    mut hash: Sha256,
    mut hashed: usize,
    blocks: &Receiver<Arc<Block>>,
    room: &Room,
) -> Sha256 {
    for block in blocks {
        hash.update(block.bytes.get(hashed..).unwrap_or_default());
        hashed = hashed.saturating_sub(block.bytes.len());
        room.take_back(block);
    }
    hash
}
