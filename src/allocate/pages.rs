//! Room for many values that are reached in no order, such as sums of cells.
//!
//! Each look at a value that lies far from the one before waits for memory, and before that for the
//! entry of its page; with pages of 4 KiB, there are more entries than a processor remembers. So, from
//! some number of values on, room is taken in large pages where the system has them: that saves a
//! fifth of the time of adding to cells. Values never move, so that growing never holds them twice,
//! and room is given back to the system at once.

use bytemuck::Pod;
use memmap2::MmapMut;

/// Values that are kept in usual memory: a small bill needs no more.
const FIRST: usize = 1 << 11;
/// Bytes of a large page on nearly all machines.
const CHUNK_BYTES: usize = 1 << 21;

/// A list of plain values, all zero at first.
#[derive(Debug)]
pub(super) struct Pages<T> {
    first: Vec<T>,
    chunks: Vec<Chunk<T>>,
    len: usize,
}

#[derive(Debug)]
enum Chunk<T> {
    Mapped(MmapMut),
    /// Where the system maps no memory.
    Usual(Vec<T>),
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { first: Vec::new(), chunks: Vec::new(), len: 0 }
    }
}

impl<T: Pod> Pages<T> {
    const PER_CHUNK: usize = CHUNK_BYTES / size_of::<T>();

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Makes room for a value at the end.
    pub(super) fn push(&mut self) {
        if self.len < FIRST {
            self.first.push(T::zeroed());
        } else if (self.len - FIRST).is_multiple_of(Self::PER_CHUNK) {
            self.chunks.push(Chunk::new());
        }
        self.len += 1;
    }

    /// All values, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let chunks = self.chunks.iter().flat_map(Chunk::values);
        self.first.iter().chain(chunks).take(self.len)
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        if index >= self.len {
            return None;
        }
        match index.checked_sub(FIRST) {
            None => self.first.get(index),
            Some(index) => {
                self.chunks.get(index / Self::PER_CHUNK)?.values().get(index % Self::PER_CHUNK)
            }
        }
    }

    #[inline]
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index >= self.len {
            return None;
        }
        match index.checked_sub(FIRST) {
            None => self.first.get_mut(index),
            Some(index) => {
                let chunk = self.chunks.get_mut(index / Self::PER_CHUNK)?;
                chunk.values_mut().get_mut(index % Self::PER_CHUNK)
            }
        }
    }
}

impl<T: Pod> Chunk<T> {
    /// Room for [`Pages::PER_CHUNK`] values.
    fn new() -> Self {
        let Ok(map) = MmapMut::map_anon(CHUNK_BYTES) else {
            return Self::Usual(vec![T::zeroed(); Pages::<T>::PER_CHUNK]);
        };
        // Where there are no large pages, usual ones do as well.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Self::Mapped(map)
    }

    #[inline]
    fn values(&self) -> &[T] {
        match self {
            Self::Mapped(map) => {
                bytemuck::cast_slice(&map[..Pages::<T>::PER_CHUNK * size_of::<T>()])
            }
            Self::Usual(values) => values,
        }
    }

    #[inline]
    fn values_mut(&mut self) -> &mut [T] {
        match self {
            Self::Mapped(map) => {
                bytemuck::cast_slice_mut(&mut map[..Pages::<T>::PER_CHUNK * size_of::<T>()])
            }
            Self::Usual(values) => values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_where_they_were_put() {
        type Value = [u32; 5];
        let count = FIRST + 2 * Pages::<Value>::PER_CHUNK + 3;
        let mut pages = Pages::<Value>::default();
        for index in 0..count {
            assert_eq!(pages.len(), index);
            pages.push();
            *pages.get_mut(index).unwrap() = [u32::try_from(index).unwrap(); 5];
        }
        assert!(pages.get(count).is_none() && pages.get_mut(count).is_none());
        for index in 0..count {
            assert_eq!(pages.get(index).unwrap()[4] as usize, index);
        }
        pages.push();
        assert_eq!(pages.get(count), Some(&[0; 5]));
    }
}
