//! The container of old Office files: sectors, a table that chains them, a directory of streams.
//!
//! The layout: <https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-cfb/>

const FREE: u32 = u32::MAX;
/// From here on a number is no sector.
const NO_SECTOR: u32 = 0xffff_fffa;
/// Sectors of the table that the header names; more hold files beyond 7 MiB.
const IN_HEADER: usize = 109;
/// Bytes of an entry of the directory, and of a sector of small streams.
const ENTRY: usize = 128;
const SMALL: usize = 64;

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let found = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(found.try_into().ok()?))
}

fn sector_size(bytes: &[u8]) -> Option<usize> {
    match bytes.get(30) {
        Some(9) => Some(512),
        Some(12) => Some(4096),
        _ => None,
    }
}

/// Whether a container is as long as its allocation table says, which its reader does not look at. A
/// header that means nothing is left to that reader.
pub(super) fn holds_all_sectors(bytes: &[u8]) -> bool {
    let Some(size) = sector_size(bytes) else { return true };
    let begin_of = |sector: u32| (sector as usize + 1).checked_mul(size);
    let mut last = None;
    for at in 0..IN_HEADER {
        let table = number(bytes, 76 + 4 * at).filter(|sector| *sector < NO_SECTOR);
        let Some(table) = table else { break };
        for entry in 0..size / 4 {
            let used = begin_of(table).and_then(|begin| number(bytes, begin + 4 * entry));
            match used {
                None => return false,
                Some(FREE) => {}
                Some(_) => last = Some(at * (size / 4) + entry),
            }
        }
    }
    last.is_none_or(|last| bytes.len() >= (last + 2) * size)
}

/// The first stream that has one of these names; `None` where the container is not what it says.
pub(super) fn stream(bytes: &[u8], names: &[&str]) -> Option<Vec<u8>> {
    let size = sector_size(bytes)?;
    let table = table(bytes, size)?;
    let directory = chain(bytes, size, &table, number(bytes, 48)?)?;
    let entry = |name: &str| {
        let wanted: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        directory.chunks_exact(ENTRY).find(|entry| {
            let length = usize::from(entry[64]) | usize::from(entry[65]) << 8;
            length == wanted.len() + 2 && entry.starts_with(&wanted)
        })
    };
    let found = names.iter().find_map(|name| entry(name))?;
    let (begin, length) = (number(found, 116)?, number(found, 120)?);
    let mut stream = if length >= number(bytes, 56)? {
        chain(bytes, size, &table, begin)?
    } else {
        let room = chain(bytes, size, &table, number(entry("Root Entry")?, 116)?)?;
        let small = chain(bytes, size, &table, number(bytes, 60)?)?;
        let small: Vec<u32> =
            small.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
        // The first small sector stands at the begin, not behind a header.
        let mut found = Vec::new();
        for sector in Chain::new(&small, begin) {
            let at = (sector? as usize).checked_mul(SMALL)?;
            found.extend_from_slice(room.get(at..at.checked_add(SMALL)?)?);
        }
        found
    };
    stream.truncate(usize::try_from(length).ok()?);
    Some(stream)
}

/// The allocation table: by sector, the one that follows it.
fn table(bytes: &[u8], size: usize) -> Option<Vec<u32>> {
    let mut sectors: Vec<u32> =
        (0..IN_HEADER).map(|at| number(bytes, 76 + 4 * at)).collect::<Option<_>>()?;
    let mut more = number(bytes, 68)?;
    while more < NO_SECTOR {
        let begin = (more as usize + 1).checked_mul(size)?;
        let named = (0..size / 4 - 1).map(|at| number(bytes, begin + 4 * at));
        sectors.extend(named.collect::<Option<Vec<u32>>>()?);
        more = number(bytes, begin + size - 4)?;
        // More sectors than the file has are a circle.
        if sectors.len() > bytes.len() / size + IN_HEADER + size {
            return None;
        }
    }
    let mut table = Vec::new();
    for sector in sectors.into_iter().filter(|sector| *sector < NO_SECTOR) {
        let begin = (sector as usize + 1).checked_mul(size)?;
        let entries = bytes.get(begin..begin.checked_add(size)?)?;
        table.extend(entries.as_chunks::<4>().0.iter().map(|entry| u32::from_le_bytes(*entry)));
    }
    Some(table)
}

fn chain(bytes: &[u8], size: usize, table: &[u32], first: u32) -> Option<Vec<u8>> {
    let mut found = Vec::new();
    for sector in Chain::new(table, first) {
        let begin = (sector? as usize + 1).checked_mul(size)?;
        // The last sector of a file may be cut where its content ends.
        let end = begin.checked_add(size)?.min(bytes.len());
        found.extend_from_slice(bytes.get(begin..end)?);
    }
    Some(found)
}

/// Sectors that follow each other; `None` among them where they go round in a circle.
struct Chain<'t> {
    table: &'t [u32],
    next: u32,
    left: usize,
}

impl<'t> Chain<'t> {
    fn new(table: &'t [u32], first: u32) -> Self {
        Self { table, next: first, left: table.len() }
    }
}

impl Iterator for Chain<'_> {
    type Item = Option<u32>;

    fn next(&mut self) -> Option<Option<u32>> {
        if self.next >= NO_SECTOR {
            return None;
        }
        let sector = self.next;
        let follower = self.table.get(sector as usize).filter(|_| self.left > 0);
        self.left = self.left.saturating_sub(1);
        self.next = follower.copied().unwrap_or(FREE);
        Some(follower.map(|_| sector))
    }
}
