//! A simulated exchange that outlives the daemon.
//!
//! It is the core's venue on single prices ([`PriceVenue`]) with a record: a file to which every
//! command, every recorded hour and every settlement is appended before it takes effect. Its state
//! at an instant is a function of that file and the instant, so a process that dies at any point
//! leaves an exchange that goes on as if nothing had happened: orders rest, stops stand, what was
//! sent arrives. Only what was under way *to* the daemon is lost, as with any exchange: a fill that
//! nobody heard is found by asking ([`Command::Query`]).
//!
//! [`prints`] makes prices of an hour, [`record`] is the file, [`checkpoint`] spares reading all of
//! it, [`audit`] goes through the file as an auditor would: every order with its life, every fill,
//! every interval in which a position had no stop.
//!
//! Decided here: an hour without trades has no prices; a command is never earlier than the prices
//! that the exchange has seen; the record is bound to the instruments and books it was begun with,
//! whose parameters may change.

pub mod audit;
pub mod checkpoint;
pub mod error;
pub mod prints;
pub mod record;

#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use gardefou_core::command::{Command, NewOrder};
use gardefou_core::config::EngineConfig;
use gardefou_core::event::Event;
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::{Cash, Fraction, Ticks};
use gardefou_core::time::Timestamp;
use gardefou_core::venue::delay::DelayQueue;
use gardefou_core::venue::prices::{PriceVenue, Settings};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::store::RecordMark;
pub use audit::{Audit, Bare, Doubled, OrderLife};
pub use error::{ExchangeError, Fault};
use record::{Entered, Entry, Header, RecordFile};

/// The name of the record in a data directory.
pub const RECORD_FILE: &str = "exchange.record";

/// The name of its checkpoint.
pub const CHECKPOINT_FILE: &str = "exchange.checkpoint";

/// How the exchange is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Every entry is synced to the disk before it takes effect. Without it a record survives the
    /// death of the process, not that of the machine.
    pub sync: bool,
    /// Entries between two checkpoints.
    pub checkpoint_every: u64,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { sync: false, checkpoint_every: 8_192 }
    }
}

/// The exchange.
#[derive(Debug)]
pub struct Simulated {
    dir: PathBuf,
    keeping: Keeping,
    file: RecordFile,
    state: State,
    /// Entries since the last checkpoint.
    since: u64,
}

/// Everything that the record determines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    venue: PriceVenue,
    /// Prices of hours that are known, not seen yet.
    prints: DelayQueue<(SymbolId, Ticks)>,
    /// The instant that it has come to.
    now: Timestamp,
    /// By symbol: open time of the last hour that entered.
    hours: Vec<Option<Timestamp>>,
    /// By symbol: the last settlement.
    settled: Vec<Option<Timestamp>>,
    /// The highest epoch in the id of an order.
    epoch: u32,
}

impl Simulated {
    /// Opens the exchange of a data directory, or makes one for the books of `config`. What was
    /// under way to whoever had it open before is lost; a last entry that was being written when
    /// that process died never entered.
    ///
    /// # Errors
    /// The record is damaged, of another version, or of other instruments or books; or the system
    /// refuses. Nothing was changed then.
    pub fn open(
        dir: &Path,
        config: &EngineConfig,
        settings: &Settings,
        keeping: Keeping,
    ) -> Result<Self, ExchangeError> {
        let path = dir.join(RECORD_FILE);
        let header = Header::new(config, settings);
        let mut file = RecordFile::open(&path, &header, keeping.sync)?;
        file.header().check(&path, config)?;
        let checkpoint = dir.join(CHECKPOINT_FILE);
        // One beside a new record is of a record that is not there any more.
        let known = (!file.is_new())
            .then(|| Ok(checkpoint::read(&checkpoint, file.identity(), file.bytes()?)))
            .transpose()?
            .flatten();
        let passed_over = known.is_none();
        let (start, mut state) = match known {
            Some((position, state)) => (Some(position), state),
            None => (None, State::new(file.header())),
        };
        let mut since = 0;
        file.replay(start, |entry| {
            since += 1;
            state.enter(entry);
        })?;
        if passed_over {
            // Once the record has grown as far, it would be taken for a state of it.
            checkpoint::remove(&checkpoint)
                .map_err(|why| ExchangeError::new(&checkpoint, Fault::Io(why)))?;
        }
        state.venue.disconnect();
        Ok(Self { dir: dir.into(), keeping, file, state, since })
    }

    // ---- what enters ----

    /// A command on its way to the exchange, which it reaches after its latency whatever becomes of
    /// the daemon.
    ///
    /// # Errors
    /// It could not be recorded, and never entered.
    pub fn handle(&mut self, now: Timestamp, command: &Command) -> Result<(), ExchangeError> {
        let at = now.max(self.state.now);
        self.enter([Entry { at, what: Entered::Command(*command) }])
    }

    /// Hours of the market that begin; each is seen at the instants that [`prints`] says, from now
    /// on. Hours that entered before are passed over, so that a feed may begin again anywhere.
    ///
    /// # Errors
    /// They could not be recorded, and none of them entered.
    pub fn advance(&mut self, hours: &[(SymbolId, Bar)]) -> Result<(), ExchangeError> {
        let at = self.state.now;
        let new = hours.iter().filter(|(symbol, bar)| {
            let last = self.state.hours.get(usize::from(symbol.0)).copied().flatten();
            last.is_none_or(|last| last < bar.at) && bar.check().is_ok()
        });
        let hour =
            |&(symbol, bar): &(SymbolId, Bar)| Entry { at, what: Entered::Hour { symbol, bar } };
        let entries: Vec<Entry> = new.map(hour).collect();
        self.enter(entries)
    }

    /// Funding is settled on every position of a symbol. A settlement that entered before is passed
    /// over, as hours are.
    ///
    /// # Errors
    /// It could not be recorded, and nothing was settled.
    pub fn settle(
        &mut self,
        now: Timestamp,
        symbol: SymbolId,
        rate: Fraction,
        mark: Ticks,
    ) -> Result<(), ExchangeError> {
        let last = self.state.settled.get(usize::from(symbol.0)).copied().flatten();
        if last.is_some_and(|last| last >= now) {
            return Ok(());
        }
        let at = now.max(self.state.now);
        self.enter([Entry { at, what: Entered::Settlement { symbol, rate, mark } }])
    }

    /// Money comes into a wallet (negative: leaves it).
    ///
    /// # Errors
    /// It could not be recorded, and none came.
    pub fn deposit(
        &mut self,
        now: Timestamp,
        book: BookId,
        amount: Cash,
    ) -> Result<(), ExchangeError> {
        let at = now.max(self.state.now);
        self.enter([Entry { at, what: Entered::Deposit { book, amount } }])
    }

    fn enter(&mut self, entries: impl AsRef<[Entry]>) -> Result<(), ExchangeError> {
        let entries = entries.as_ref();
        self.file.append(entries)?;
        entries.iter().for_each(|entry| self.state.enter(*entry));
        self.since += entries.len() as u64;
        if self.since >= self.keeping.checkpoint_every {
            self.checkpoint();
        }
        Ok(())
    }

    /// Writes a checkpoint. Without one only opening takes longer, so a failure is told to the log
    /// and to nobody else.
    fn checkpoint(&mut self) {
        self.since = 0;
        let path = self.dir.join(CHECKPOINT_FILE);
        let (identity, end) = (self.file.identity(), self.file.end());
        if let Err(why) = checkpoint::write(&path, identity, end, &self.state) {
            tracing::warn!(path = %path.display(), %why, "the exchange has no new checkpoint");
        }
    }

    // ---- what leaves ----

    /// When something happens next: a price, a request that arrives, an event.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.state.venue.next_due().into_iter().chain(self.state.prints.next_due()).min()
    }

    /// The next event that has reached the daemon by `now`, and when it did.
    pub fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, Event)> {
        self.state.take_due(now)
    }

    /// Comes back at `now`: what happened since the exchange was opened was heard by nobody.
    pub fn connect(&mut self, now: Timestamp) {
        self.state.reach(now);
        self.state.venue.disconnect();
    }

    // ---- what can be looked at ----

    /// The instant that it has come to.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state.now
    }

    /// How far its record is; what is in it was synced before anybody heard of it.
    #[must_use]
    pub fn mark(&self) -> RecordMark {
        RecordMark { record: self.file.identity(), lines: self.file.end().lines }
    }

    /// Refuses to go on before people who know of more than this record has: orders and positions
    /// of theirs would be nowhere.
    ///
    /// # Errors
    /// It is another record, or behind.
    pub fn require(&self, known: Option<RecordMark>) -> Result<(), ExchangeError> {
        let RecordMark { record, lines } = self.mark();
        let fault = match known {
            Some(known) if known.record != record => Fault::Another,
            Some(known) if known.lines > lines => Fault::Behind { lines, known: known.lines },
            Some(_) | None => return Ok(()),
        };
        Err(ExchangeError::new(self.file.path(), fault))
    }

    /// The highest epoch in the ids of orders that it was ever sent; 0 before the first.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.state.epoch
    }

    /// The exchange as it is at `now`: for those who ask for positions and orders.
    pub fn at(&mut self, now: Timestamp) -> &PriceVenue {
        self.state.reach(now);
        &self.state.venue
    }

    /// A hash of the exchange as it is at `at`, without what is under way to the daemon.
    ///
    /// # Errors
    /// The state has no JSON, which is a bug.
    pub fn state_hash(&self, at: Timestamp) -> Result<String, ExchangeError> {
        let mut state = self.state.clone();
        state.reach(at);
        state.venue.disconnect();
        let bytes = serde_json::to_vec(&state).map_err(|error| {
            ExchangeError::new(self.file.path(), Fault::Unwritable(error.to_string()))
        })?;
        Ok(hex(&Sha256::digest(&bytes)))
    }

    /// Reads its record from the first entry and accounts for everything up to `until`.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn audit(&self, until: Timestamp) -> Result<Audit, ExchangeError> {
        audit::audit(self.file.path(), until)
    }

    /// Where its record is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

impl State {
    pub(crate) fn new(header: &Header) -> Self {
        Self {
            venue: PriceVenue::new(&header.config, header.settings.clone()),
            prints: DelayQueue::default(),
            now: Timestamp::default(),
            hours: vec![None; header.config.instruments.len()],
            settled: vec![None; header.config.instruments.len()],
            epoch: 0,
        }
    }

    /// An entry takes effect. Prices up to its instant come first, whoever heard them.
    pub(crate) fn enter(&mut self, entry: Entry) {
        let Entry { at, what } = entry;
        self.see(at);
        match what {
            Entered::Command(command) => {
                if let Command::Place(NewOrder { id, .. }) | Command::PlaceStop { id, .. } = command
                {
                    self.epoch = self.epoch.max(id.epoch);
                }
                self.venue.handle(at, &command);
            }
            Entered::Hour { symbol, bar } => {
                for (due, price) in prints::of(&bar) {
                    self.prints.push(due.max(at), (symbol, price));
                }
                if let Some(last) = self.hours.get_mut(usize::from(symbol.0)) {
                    *last = Some(bar.at);
                }
            }
            Entered::Settlement { symbol, rate, mark } => {
                self.venue.settle(at, symbol, rate, mark);
                if let Some(last) = self.settled.get_mut(usize::from(symbol.0)) {
                    *last = Some(at);
                }
            }
            Entered::Deposit { book, amount } => self.venue.deposit(at, book, amount),
        }
    }

    /// Prices up to an instant are seen.
    fn see(&mut self, until: Timestamp) {
        while let Some((at, (symbol, price))) = self.prints.take_due(until) {
            self.venue.price(at, symbol, price, price);
        }
        self.now = self.now.max(until);
    }

    /// Everything up to an instant has happened.
    pub(crate) fn reach(&mut self, now: Timestamp) {
        self.see(now);
        self.venue.arrive(now);
    }

    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<(Timestamp, Event)> {
        loop {
            let print = self.prints.next_due().filter(|&at| at <= now);
            // What was heard before the next price is answered before it.
            let until = print.map_or(now, |at| Timestamp(at.0 - 1));
            if let Some((at, event)) = self.venue.take_due(until) {
                self.now = self.now.max(at);
                return Some((at, event));
            }
            match print {
                Some(at) => self.see(at),
                None => {
                    self.now = self.now.max(now);
                    return None;
                }
            }
        }
    }

    pub(crate) fn venue(&self) -> &PriceVenue {
        &self.venue
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.venue.next_due().into_iter().chain(self.prints.next_due()).min()
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Removes what an exchange left in a directory: for rehearsals that begin anew.
///
/// # Errors
/// A file cannot be removed.
pub fn forget(dir: &Path) -> std::io::Result<()> {
    for name in [CHECKPOINT_FILE, RECORD_FILE] {
        match fs::remove_file(dir.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
