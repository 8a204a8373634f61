//! The work that is measured: the history driver over many symbols, prepared beforehand. The
//! benchmark and the example share it.

use std::collections::BTreeMap;
use std::ops::Range;

use gardefou::config::{Selection, load_from, shipped};
use gardefou::data::{SeededHour, SeededMarket, SeededSymbol};
use gardefou_core::config::{EngineConfig, EntryOrder, Facts, Mode};
use gardefou_core::event::Feed;
use gardefou_core::ids::SymbolId;
use gardefou_core::market::Bar;
use gardefou_core::money::{Cash, Fraction, Ticks};
use gardefou_core::notice::Notice;
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::history::{History, OnTrip};
use gardefou_world::case::{Case, START};

use crate::recorded;

const HOUR: Span = Span::hours(1);
const SYMBOLS: usize = 26;
const HOURS: usize = 3 * 365 * 24;

/// A market and a configuration, ready to run.
pub struct Work {
    /// What it is.
    pub name: &'static str,
    config: EngineConfig,
    bars: Vec<(SymbolId, Bar)>,
    hours: Vec<Range<usize>>,
    /// Settlements by instant, in the order of symbols.
    funding: Vec<(Timestamp, SymbolId, Fraction)>,
    starts: Vec<(Timestamp, SymbolId, Feed)>,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Executions.
    pub fills: u64,
    /// Equity at the end.
    pub equity: Cash,
    /// Times that a switch tripped.
    pub trips: u64,
}

impl Work {
    /// 26 symbols × 3 years of the seeded market, the shipped `grid_atr` parameter sets in turn.
    pub fn seeded() -> Self {
        let settings = load_from(&shipped(), &BTreeMap::new()).expect("the shipped configuration");
        let mut selection = Selection::everything(Mode::Paper, Facts::WithBars);
        selection.strategies = Some(vec!["grid_atr".into()]);
        let config = settings.engine(&selection, &BTreeMap::new()).expect("an engine");
        let config = repeated(&config, SYMBOLS);
        let names = config.instruments.iter().map(|instrument| instrument.symbol);
        let symbols: Vec<_> = names.map(|name| SeededSymbol::new(name, Ticks(20_000))).collect();
        let mut market = SeededMarket::new(1, &symbols, START);
        let mut case = Case {
            config,
            path: Path::Pessimistic,
            on_trip: OnTrip::Resume,
            bars: vec![Vec::new(); SYMBOLS],
            funding: vec![Vec::new(); SYMBOLS],
        };
        let mut hour: Vec<SeededHour> = Vec::new();
        for _ in 0..HOURS {
            market.next_hour(&mut hour);
            for (symbol, hour) in hour.iter().enumerate() {
                case.bars[symbol].push(hour.bar);
                case.funding[symbol].extend(hour.funding.map(|rate| (hour.bar.at, rate)));
            }
        }
        Self::new("seeded, 26 symbols × 3 years", &case)
    }

    /// Every recorded symbol of one venue, when there are any.
    pub fn recorded() -> Option<Self> {
        let folder = recorded::folder()?;
        let case = recorded::case(&folder, "binance-perp", &["grid_atr"]);
        Some(Self::new("recorded, 16 symbols", &case))
    }

    fn new(name: &'static str, case: &Case) -> Self {
        let config = unlimited(case.config.clone());
        let mut bars: Vec<(SymbolId, Bar)> = each(&case.bars).map(|(s, bar)| (s, *bar)).collect();
        bars.sort_by_key(|(symbol, bar)| (bar.at, *symbol));
        let mut hours: Vec<Range<usize>> = Vec::new();
        for (index, (_, bar)) in bars.iter().enumerate() {
            match hours.last_mut() {
                Some(hour) if bars[hour.start].1.at == bar.at => hour.end = index + 1,
                _ => hours.push(index..index + 1),
            }
        }
        let mut funding: Vec<_> =
            each(&case.funding).map(|(s, &(at, rate))| (at, s, rate)).collect();
        funding.sort_by_key(|&(at, symbol, _)| (at, symbol));
        let mut starts = Vec::new();
        for (symbol, bars) in case.bars.iter().enumerate() {
            let symbol = SymbolId(symbol as u16);
            starts.extend(bars.first().map(|bar| (bar.at, symbol, Feed::Streaming)));
            starts.extend(bars.last().map(|bar| (bar.at + HOUR, symbol, Feed::Silent)));
        }
        starts.sort_by_key(|&(at, symbol, _)| (at, symbol));
        Self { name, config, bars, hours, funding, starts }
    }

    /// How many bars a run takes.
    pub fn bars(&self) -> usize {
        self.bars.len()
    }

    /// One run of the whole engine. A function of its own, so that a profiler can find it.
    #[inline(never)]
    pub fn run(&self, order: EntryOrder, path: Path) -> Done {
        let mut done = Done::default();
        let mut config = self.config.clone();
        config.entry_order = order;
        let sink = |_: Timestamp, notice: &Notice| match notice {
            Notice::Filled { .. } => done.fills += 1,
            Notice::SwitchTripped { .. } => done.trips += 1,
            _ => {}
        };
        let mut history = History::new(config, path, OnTrip::Resume, sink);
        let (mut funding, mut starts) =
            (self.funding.iter().peekable(), self.starts.iter().peekable());
        for hour in &self.hours {
            let bars = &self.bars[hour.clone()];
            let at = bars[0].1.at;
            while let Some(&(_, symbol, feed)) = starts.next_if(|(due, ..)| *due <= at) {
                history.feed(at, symbol, feed);
            }
            while let Some(&(due, symbol, rate)) = funding.next_if(|(due, ..)| *due <= at) {
                let bar = bars.binary_search_by_key(&symbol, |(symbol, _)| *symbol);
                if let (true, Ok(index)) = (due == at, bar) {
                    history.settle(at, symbol, rate, bars[index].1.open);
                }
            }
            history.round(bars, HOUR);
        }
        let equity = history.engine().books()[0].equity();
        drop(history);
        Done { equity, ..done }
    }
}

fn each<T>(columns: &[Vec<T>]) -> impl Iterator<Item = (SymbolId, &T)> {
    let numbered = columns.iter().enumerate();
    numbered
        .flat_map(|(symbol, column)| column.iter().map(move |item| (SymbolId(symbol as u16), item)))
}

/// The instruments and parameter sets of the one book, repeated under new names.
fn repeated(config: &EngineConfig, count: usize) -> EngineConfig {
    let mut wide = config.clone();
    let runs = &config.books[0].symbols;
    wide.instruments.clear();
    wide.books[0].symbols.clear();
    for (index, run) in runs.iter().cycle().take(count).enumerate() {
        let mut instrument = config.instruments[usize::from(run.symbol.0)].clone();
        instrument.symbol = format!("S{index:02}USDT").parse().expect("a name");
        wide.instruments.push(instrument);
        let mut run = run.clone();
        run.symbol = SymbolId(index as u16);
        wide.books[0].symbols.push(run);
    }
    wide
}

/// As many slots as symbols and no correlation groups. The margin cap stays the shipped one. The
/// wallet is large, so that a minimum order never makes a symbol idle.
fn unlimited(mut config: EngineConfig) -> EngineConfig {
    let symbols = config.instruments.len() as u32;
    config.risk.max_live_grids = symbols;
    config.risk.max_concurrent_positions = symbols;
    config.risk.groups.clear();
    config.books.truncate(1);
    config.books[0].capital = Cash::usdt(1_000_000_000);
    config
}
