//! Bytes that were made of others and wait to be read.

/// A stretch of bytes, handed out piece by piece: what a `Read` that decodes keeps between calls.
#[derive(Debug, Default)]
pub(super) struct Made {
    bytes: Vec<u8>,
    /// How many of them were handed out.
    given: usize,
}

impl Made {
    /// Nothing is left to be handed out.
    pub(super) fn is_spent(&self) -> bool {
        self.given == self.bytes.len()
    }

    /// Room for the next stretch, empty. What was not handed out is lost.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.bytes.clear();
        self.given = 0;
        &mut self.bytes
    }

    /// Takes a stretch that was made elsewhere, without its first bytes.
    pub(super) fn replace(&mut self, bytes: Vec<u8>, without: usize) {
        self.given = without.min(bytes.len());
        self.bytes = bytes;
    }

    /// Copies what there is room for, and tells how much that was; nothing only where this is spent
    /// or there is no room.
    pub(super) fn hand_out(&mut self, buffer: &mut [u8]) -> usize {
        let rest = &self.bytes[self.given..];
        let size = rest.len().min(buffer.len());
        buffer[..size].copy_from_slice(&rest[..size]);
        self.given += size;
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_handed_out_once() {
        let mut made = Made::default();
        assert!(made.is_spent());
        made.room().extend_from_slice(b"abcde");
        let mut buffer = [0; 2];
        let mut all = Vec::new();
        while !made.is_spent() {
            let size = made.hand_out(&mut buffer);
            all.extend_from_slice(&buffer[..size]);
        }
        assert_eq!(all, b"abcde");
        made.replace(b"xyz".to_vec(), 2);
        assert_eq!((made.hand_out(&mut buffer), buffer[0]), (1, b'z'));
        made.replace(b"xyz".to_vec(), 9);
        assert!(made.is_spent());
    }
}
