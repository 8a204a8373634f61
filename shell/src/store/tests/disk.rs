//! A disk that can be cut from power, torn, full or dishonest at the n-th write, length or sync.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

use crate::store::medium::Medium;

/// The disk of one machine; clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What is read: with everything written.
    seen: Vec<u8>,
    /// What a power cut leaves.
    kept: Vec<u8>,
    /// Written and not synced.
    dirty: Vec<Change>,
    points: usize,
    syncs: usize,
    harm: Option<(usize, Harm)>,
    dead: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Length(u64),
    Write(u64, Vec<u8>),
    Sync,
}

/// What happens at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Harm {
    /// Power is cut, and of what was not synced this survives.
    Cut(Keep),
    /// The operation and those after it fail, this many; then all is well.
    Refuse(usize),
    /// The operation fails, and what was not synced can be read but will never be kept.
    Forget,
    /// From now on syncs say yes and do nothing.
    Lie,
}

/// What survives of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    Nothing,
    Everything,
    /// Every other change, the second first.
    Odd,
    /// Every other change, the first first.
    Even,
    /// Everything, and the first half of the write that was cut.
    AllAndHalf,
    /// Nothing but the first half of the write that was cut.
    OnlyHalf,
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Length(length) => bytes.resize(usize::try_from(*length).unwrap(), 0),
            Self::Write(at, data) => {
                let at = usize::try_from(*at).unwrap();
                let end = at + data.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[at..end].copy_from_slice(data);
            }
            Self::Sync => {}
        }
    }

    fn half(&self) -> Self {
        match self {
            Self::Write(at, data) => Self::Write(*at, data[..data.len() / 2].into()),
            Self::Length(_) | Self::Sync => Self::Sync,
        }
    }
}

impl State {
    fn cut(&mut self, keep: Keep, last: &Change) {
        for (number, change) in std::mem::take(&mut self.dirty).into_iter().enumerate() {
            let survives = match keep {
                Keep::Nothing | Keep::OnlyHalf => false,
                Keep::Everything | Keep::AllAndHalf => true,
                Keep::Odd => number % 2 == 1,
                Keep::Even => number % 2 == 0,
            };
            // The length of a file is kept by its journal, in order.
            if survives || (matches!(change, Change::Length(_)) && keep != Keep::Nothing) {
                change.apply(&mut self.kept);
            }
        }
        if matches!(keep, Keep::AllAndHalf | Keep::OnlyHalf) {
            last.half().apply(&mut self.kept);
        }
        self.dead = true;
    }

    fn step(&mut self, change: Change) -> io::Result<()> {
        if self.dead {
            return Err(io::Error::other("no power"));
        }
        let point = self.points;
        self.points += 1;
        match self.harm {
            Some((at, Harm::Cut(keep))) if point == at => {
                self.cut(keep, &change);
                return Err(io::Error::other("no power"));
            }
            Some((at, Harm::Refuse(times))) if (at..at + times).contains(&point) => {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Some((at, Harm::Forget)) if point == at => {
                self.dirty.clear();
                return Err(io::Error::other("the device failed"));
            }
            Some((at, Harm::Lie)) if point >= at && matches!(change, Change::Sync) => return Ok(()),
            Some(_) | None => {}
        }
        change.apply(&mut self.seen);
        if matches!(change, Change::Sync) {
            self.syncs += 1;
            for change in std::mem::take(&mut self.dirty) {
                change.apply(&mut self.kept);
            }
        } else {
            self.dirty.push(change);
        }
        Ok(())
    }
}

impl Disk {
    /// With bytes that are kept.
    pub(super) fn with(bytes: &[u8]) -> Self {
        let disk = Self::default();
        disk.state().seen = bytes.into();
        disk.state().kept = bytes.into();
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Does harm at a point, counted from now.
    pub(super) fn harm(&self, at: usize, harm: Harm) {
        let mut state = self.state();
        state.points = 0;
        state.harm = Some((at, harm));
    }

    /// Power is cut now and comes back: what was not synced is gone.
    pub(super) fn cut(&self) {
        let mut state = self.state();
        if !state.dead {
            state.cut(Keep::Nothing, &Change::Sync);
        }
        state.seen = state.kept.clone();
        state.harm = None;
        state.dead = false;
        state.points = 0;
    }

    pub(super) fn is_dead(&self) -> bool {
        self.state().dead
    }

    /// Writes, lengths and syncs so far.
    pub(super) fn points(&self) -> usize {
        self.state().points
    }

    pub(super) fn syncs(&self) -> usize {
        self.state().syncs
    }

    /// What a power cut would leave.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.state().kept.clone()
    }

    /// Changes a byte that is kept.
    pub(super) fn flip(&self, at: usize) {
        let mut state = self.state();
        state.kept[at] ^= 0x5a;
        state.seen[at] ^= 0x5a;
    }
}

impl Medium for Disk {
    fn open(&self) -> io::Result<Box<dyn StorageBackend>> {
        if self.is_dead() { Err(io::Error::other("no power")) } else { Ok(Box::new(self.clone())) }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let at = usize::try_from(offset).unwrap();
        let there = state.seen.get(at..at + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(there);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.state().step(Change::Length(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.state().step(Change::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.state().step(Change::Write(offset, data.into()))
    }
}
