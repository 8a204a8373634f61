//! A store is first opened over a copy that is never written: whatever is wrong with it, and
//! whoever wrote it, is found before one byte of the file has changed.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

const BLOCK: u64 = 4096;

/// Reads from below; what is written stays in memory.
#[derive(Debug)]
pub(super) struct Preview {
    below: Box<dyn StorageBackend>,
    over: Mutex<Over>,
}

#[derive(Debug)]
struct Over {
    length: u64,
    /// Up to where the bytes below still count.
    below: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl Preview {
    pub(super) fn new(below: Box<dyn StorageBackend>) -> io::Result<Self> {
        let length = below.len()?;
        let over = Over { length, below: length, blocks: BTreeMap::new() };
        Ok(Self { below, over: Mutex::new(over) })
    }

    fn over(&self) -> MutexGuard<'_, Over> {
        self.over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of one block, with zeros after the end of what is below.
    fn block(&self, over: &Over, number: u64) -> io::Result<Vec<u8>> {
        if let Some(block) = over.blocks.get(&number) {
            return Ok(block.clone());
        }
        let mut block = vec![0; BLOCK as usize];
        let start = number * BLOCK;
        let there = over.below.saturating_sub(start).min(BLOCK) as usize;
        if let Some(there) = block.get_mut(..there).filter(|there| !there.is_empty()) {
            self.below.read(start, there)?;
        }
        Ok(block)
    }
}

/// The blocks that `length` bytes at `offset` touch: number, first byte inside, bytes inside.
fn touched(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let end = offset + length as u64;
    let mut at = offset;
    std::iter::from_fn(move || {
        let number = at / BLOCK;
        let first = at % BLOCK;
        let count = (BLOCK - first).min(end - at);
        at += count;
        (count > 0).then_some((number, first as usize, count as usize))
    })
}

fn outside() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "beyond the end of the file")
}

impl StorageBackend for Preview {
    fn len(&self) -> io::Result<u64> {
        Ok(self.over().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let over = self.over();
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > over.length) {
            return Err(outside());
        }
        if over.blocks.is_empty() && over.length <= over.below {
            return self.below.read(offset, out);
        }
        let mut rest = out;
        for (number, first, count) in touched(offset, rest.len()) {
            let block = self.block(&over, number)?;
            let (now, later) = rest.split_at_mut_checked(count).ok_or_else(outside)?;
            now.copy_from_slice(block.get(first..first + count).ok_or_else(outside)?);
            rest = later;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut over = self.over();
        over.length = length;
        over.below = over.below.min(length);
        over.blocks.retain(|number, _| number * BLOCK < length);
        let last = over.blocks.get_mut(&(length / BLOCK));
        if let Some(tail) = last.and_then(|block| block.get_mut((length % BLOCK) as usize..)) {
            tail.fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut over = self.over();
        let mut rest = data;
        for (number, first, count) in touched(offset, data.len()) {
            let mut block = self.block(&over, number)?;
            let (now, later) = rest.split_at_checked(count).ok_or_else(outside)?;
            block.get_mut(first..first + count).ok_or_else(outside)?.copy_from_slice(now);
            over.blocks.insert(number, block);
            rest = later;
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.below.close()
    }

    fn try_lock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<bool, BackendError> {
        self.below.try_lock_range(from, to)
    }

    fn unlock_range(&self, from: Bound<u64>, to: Bound<u64>) -> Result<(), BackendError> {
        self.below.unlock_range(from, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;

    #[derive(Clone, Debug)]
    enum Act {
        Length(u64),
        Write(u64, Vec<u8>),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            (0..20_000u64).prop_map(Act::Length),
            (0..20_000u64, proptest::collection::vec(1..=u8::MAX, 0..9000))
                .prop_map(|(at, data)| Act::Write(at, data)),
        ]
    }

    fn apply(backend: &dyn StorageBackend, act: &Act) {
        match act {
            Act::Length(length) => backend.set_len(*length).unwrap(),
            Act::Write(at, data) => {
                let end = at + data.len() as u64;
                if backend.len().unwrap() < end {
                    backend.set_len(end).unwrap();
                }
                backend.write(*at, data).unwrap();
            }
        }
    }

    fn all(backend: &dyn StorageBackend) -> Vec<u8> {
        let mut bytes = vec![0; backend.len().unwrap() as usize];
        backend.read(0, &mut bytes).unwrap();
        bytes
    }

    #[derive(Debug)]
    struct Shared(std::sync::Arc<InMemoryBackend>);

    impl StorageBackend for Shared {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.0.set_len(len)
        }
        fn sync_data(&self) -> io::Result<()> {
            self.0.sync_data()
        }
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.0.write(offset, data)
        }
    }

    proptest! {
        #[test]
        fn a_preview_reads_like_the_file_and_never_changes_it(
            start in proptest::collection::vec(1..=u8::MAX, 0..15_000),
            acts in proptest::collection::vec(act(), 0..8),
        ) {
            let below = std::sync::Arc::new(InMemoryBackend::new());
            apply(&*below, &Act::Write(0, start.clone()));
            let preview = Preview::new(Box::new(Shared(std::sync::Arc::clone(&below)))).unwrap();
            let twin = InMemoryBackend::new();
            apply(&twin, &Act::Write(0, start.clone()));
            for act in &acts {
                apply(&preview, act);
                apply(&twin, act);
                prop_assert_eq!(all(&preview), all(&twin));
            }
            prop_assert_eq!(all(&*below), start);
        }
    }
}
