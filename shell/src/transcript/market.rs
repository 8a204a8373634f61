//! The market: history, closed bars, rounds of many symbols, prices between bars.

use gardefou_core::event::{Event, Feed};
use gardefou_core::ids::SymbolId;
use gardefou_core::market::{Bar, Instrument};
use gardefou_core::money::Ticks;
use gardefou_core::time::Timestamp;
use gardefou_core::venue::prices::Print;
use rust_decimal::{Decimal, RoundingStrategy};

use super::fault::Fault;
use super::stage::Stage;
use super::values::{computed, decimal, instant, quantity, whole};
use super::words::{Line, Word};

/// Prices of a bar as far as they were written.
#[derive(Clone, Copy, Default)]
struct Sketch<'a> {
    open: Option<Word<'a>>,
    high: Option<Word<'a>>,
    low: Option<Word<'a>>,
    close: Option<Word<'a>>,
    range: Option<Word<'a>>,
    /// `traded=no`: a bar without volume.
    quiet: bool,
}

impl<'a> Sketch<'a> {
    fn read(mut self, line: &mut Line<'a>) -> Result<Self, Fault> {
        while let Some((key, value)) = line.takes_if(Word::pair) {
            match key.text {
                "o" => self.open = Some(value),
                "h" => self.high = Some(value),
                "l" => self.low = Some(value),
                "c" => self.close = Some(value),
                "range" => self.range = Some(value),
                "traded" => self.quiet = value.text == "no",
                _ => return Err(key.unknown("o=, h=, l=, c=, range= or traded=no")),
            }
        }
        Ok(self)
    }

    /// The bar: an open is the close before, a close the open, high and low enclose both.
    fn bar(&self, at: Timestamp, last: Option<Bar>, i: &Instrument) -> Result<Bar, Fault> {
        let before = last.map(|bar| bar.close);
        let read = |word: Option<Word<'_>>| word.map(|w| relative(&w, before, i)).transpose();
        let open = read(self.open)?.or(before);
        let close = read(self.close)?.or(open);
        let (Some(open), Some(close)) = (open.or(close), close) else {
            let word = self.high.or(self.low).or(self.range);
            let word = word.unwrap_or(Word { text: "", line: 0, column: 0 });
            return Err(word.fault("the first bar of a symbol", "give it c=PRICE"));
        };
        let range = self.range.map(|w| super::values::price(&w, i)).transpose()?;
        let slack = range.map_or(0, |range| (range.0 - (open.0 - close.0).abs()).max(0));
        let high = read(self.high)?.unwrap_or(Ticks(open.max(close).0 + slack / 2));
        let low = read(self.low)?.unwrap_or(Ticks(open.min(close).0 - (slack - slack / 2)));
        Ok(Bar { at, open, high, low, close, traded: !self.quiet })
    }
}

/// A price, or a change of the last close in percent: 58800 or -2%.
fn relative(word: &Word<'_>, before: Option<Ticks>, i: &Instrument) -> Result<Ticks, Fault> {
    let Some(text) = word.text.strip_suffix('%') else { return super::values::price(word, i) };
    let Some(before) = before else {
        return Err(word.fault("a change of a close that is not there", "write a price"));
    };
    let percent = decimal(&Word { text, ..*word })?;
    let change = Decimal::from(before.0).checked_mul(percent).map(|c| c / Decimal::ONE_HUNDRED);
    let ticks = change.and_then(|change| change.checked_add(Decimal::from(before.0)));
    let nearest = RoundingStrategy::MidpointNearestEven;
    let ticks = ticks.and_then(|ticks| computed(ticks.round_dp_with_strategy(0, nearest)));
    ticks.ok_or_else(|| word.fault("out of range", "write a smaller change"))
}

/// The longest history.
const BARS_MAX: i64 = 20_000;

/// `history SYMBOLS N bars at PRICE [to PRICE] atr RANGE until TIME`: closed bars of the past,
/// each RANGE wide; the last one closes at TIME, where the clock is set.
pub(super) fn history(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let symbols = line.word("symbols: BTCUSDT")?;
    let number = line.word("a number of bars")?;
    let count: i64 = whole(&number)?;
    if !(1..=BARS_MAX).contains(&count) {
        return Err(number.fault(format!("{count} bars"), format!("write 1 to {BARS_MAX}")));
    }
    line.takes("bars");
    let from = keyword(line, "at", "a price")?;
    let to = if line.takes("to") { line.word("a price")? } else { from };
    let range = keyword(line, "atr", "the range of each bar")?;
    let until = keyword(line, "until", "a time")?;
    line.done()?;
    let end = instant(&until, stage.now)?;
    let span = stage.span();
    if !end.is_aligned(span) || end < stage.now {
        return Err(until.fault("not the close of a bar to come", "write a full hour, not past"));
    }
    stage.now = end;
    for symbol in stage.symbols(&symbols)? {
        let i = stage.instrument(symbol, &symbols)?;
        let line = (super::values::price(&from, &i)?, super::values::price(&to, &i)?);
        let range = super::values::price(&range, &i)?;
        for index in 0..count {
            let at = Timestamp(end.0 - (count - index) * span.0);
            let bar = walking(at, line, (index, count), range);
            stage.last[usize::from(symbol.0)] = Some(bar);
            stage.tell(&Event::HistoryLoaded { symbol, bar });
        }
    }
    Ok(())
}

fn keyword<'a>(line: &mut Line<'a>, key: &str, what: &str) -> Result<Word<'a>, Fault> {
    let word = line.word(key)?;
    if word.text != key {
        return Err(word.unknown(key));
    }
    line.word(what)
}

/// Bar `index` of `count` on a straight line, as wide as `range` around its close.
fn walking(at: Timestamp, line: (Ticks, Ticks), place: (i64, i64), range: Ticks) -> Bar {
    let ((from, to), (index, count)) = (line, place);
    let steps = (count - 1).max(1);
    let close = Ticks(from.0 + (to.0 - from.0) * index / steps);
    let open = Ticks(from.0 + (to.0 - from.0) * (index - 1).max(0) / steps);
    let (half, rest) = (range.0 / 2, range.0 - range.0 / 2);
    let high = Ticks(close.0 + half).max(open);
    let low = Ticks(close.0 - rest).min(open);
    Bar { at, open, high, low, close, traded: true }
}

/// `feed SYMBOLS streaming|silent`.
pub(super) fn feed(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let symbols = stage.symbols(&line.word("symbols: all")?)?;
    let word = line.word("streaming, silent or lost")?;
    let feed = match word.text {
        "streaming" => Some(Feed::Streaming),
        "silent" => Some(Feed::Silent),
        "lost" => None,
        _ => return Err(word.unknown("streaming, silent or lost")),
    };
    stage.takes_at(line)?;
    for symbol in symbols {
        let lost = Event::BarsLost { symbol };
        stage.tell(&feed.map_or(lost, |feed| Event::FeedChanged { symbol, feed }));
    }
    Ok(())
}

/// `bar SYMBOL [TIME] [o=] [h=] [l=] [c=] [range=] [traded=no]`: TIME is the open; without one it
/// is the bar after the last.
pub(super) fn bar(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let word = line.word("a symbol")?;
    let symbol = stage.symbol(&word)?;
    let timed = line.takes_if(|w| (w.pair().is_none() && w.text != "at").then_some(*w));
    let at = match timed {
        Some(time) => instant(&time, stage.now)?,
        None => next_open(stage, symbol, &word)?,
    };
    let sketch = Sketch::default().read(line)?;
    if sketch.close.is_none() && sketch.open.is_none() {
        return Err(line.fault("a bar without a price", "add c=PRICE"));
    }
    let instrument = stage.instrument(symbol, &word)?;
    let bar = sketch.bar(at, stage.last[usize::from(symbol.0)], &instrument)?;
    close_at(stage, line, at)?;
    close(stage, &[(symbol, bar)]);
    Ok(())
}

/// `bars SYMBOL CLOSE CLOSE … [range=]`: one bar after the other.
pub(super) fn bars(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let word = line.word("a symbol")?;
    let symbol = stage.symbol(&word)?;
    let mut closes = Vec::new();
    while let Some(close) = line.takes_if(|w| w.pair().is_none().then_some(*w)) {
        closes.push(close);
    }
    let sketch = Sketch::default().read(line)?;
    line.done()?;
    let instrument = stage.instrument(symbol, &word)?;
    for close_price in closes {
        let at = next_open(stage, symbol, &word)?;
        let sketch = Sketch { close: Some(close_price), ..sketch };
        let bar = sketch.bar(at, stage.last[usize::from(symbol.0)], &instrument)?;
        let end = at + stage.span();
        stage.advance(end, false);
        close(stage, &[(symbol, bar)]);
    }
    Ok(())
}

/// Moves the clock to the close of the bar, or to where `at` says.
fn close_at(stage: &mut Stage, line: &mut Line<'_>, at: Timestamp) -> Result<(), Fault> {
    let end = (at + stage.span()).max(stage.now);
    stage.advance(end, false);
    stage.takes_at(line)
}

fn next_open(stage: &Stage, symbol: SymbolId, word: &Word<'_>) -> Result<Timestamp, Fault> {
    match stage.last[usize::from(symbol.0)] {
        Some(bar) => Ok(bar.at + stage.span()),
        None => Err(word.fault("no bar before this one", "write its open time after the symbol")),
    }
}

/// `round [without SYMBOLS] [shuffled N] c=-1% [range=]`, and below it lines for single symbols
/// (`C03 c=97`) and `order C05 C01`: one bar of every symbol, all closing together.
pub(super) fn round(
    stage: &mut Stage,
    line: &mut Line<'_>,
    body: &[Line<'_>],
) -> Result<(), Fault> {
    let mut symbols = stage.symbols(&Word { text: "all", line: 0, column: 0 })?;
    let head = line.clone();
    let mut common = Sketch::default();
    let mut at = None;
    while let Some(word) = line.peek() {
        if word.pair().is_some() {
            common = common.read(line)?;
        } else if line.takes("without") {
            let absent = stage.symbols(&line.word("symbols")?)?;
            symbols.retain(|symbol| !absent.contains(symbol));
        } else if line.takes("shuffled") {
            shuffle(&mut symbols, whole(&line.word("a number")?)?);
        } else if word.text == "at" {
            break;
        } else if let Some(word) = line.take() {
            at = Some(instant(&word, stage.now)?);
        }
    }
    let (own, order) = single_lines(stage, body)?;
    if !order.is_empty() {
        symbols.sort_by_key(|s| order.iter().position(|o| o == s).unwrap_or(order.len()));
    }
    let mut bars = Vec::new();
    for symbol in symbols {
        let last = stage.last[usize::from(symbol.0)];
        let (Some(at), Some(instrument)) =
            (at.or(last.map(|bar| bar.at + stage.span())), stage.config.instrument(symbol))
        else {
            return Err(head.fault("no bar before this one", "write `round 2026-01-05T10:00Z c=…`"));
        };
        let sketch = own.iter().rev().find(|(s, _)| *s == symbol).map_or(common, |(_, own)| *own);
        bars.push((symbol, sketch.bar(at, last, instrument)?));
    }
    let opens = bars.iter().map(|(_, bar)| bar.at).max().unwrap_or(stage.now);
    close_at(stage, line, opens)?;
    close(stage, &bars);
    Ok(())
}

type Own<'a> = (Vec<(SymbolId, Sketch<'a>)>, Vec<SymbolId>);

fn single_lines<'a>(stage: &Stage, body: &[Line<'a>]) -> Result<Own<'a>, Fault> {
    let (mut own, mut order) = (Vec::new(), Vec::new());
    for line in body {
        let mut line = line.clone();
        if line.takes("order") {
            while let Some(word) = line.take() {
                order.extend(stage.symbols(&word)?);
            }
            continue;
        }
        let symbols = stage.symbols(&line.word("a symbol")?)?;
        let sketch = Sketch::default().read(&mut line)?;
        line.done()?;
        own.extend(symbols.into_iter().map(|symbol| (symbol, sketch)));
    }
    Ok((own, order))
}

/// A shuffle that is the same everywhere, by Fisher and Yates on a fixed generator.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    for last in (1..items.len()).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, (state >> 33) as usize % (last + 1));
    }
}

/// Tells bars that closed: first to the exchange, which matches them, then to the engine.
fn close(stage: &mut Stage, bars: &[(SymbolId, Bar)]) {
    let (now, span) = (stage.now, stage.span());
    if let Some(mut exchange) = stage.exchange.take() {
        exchange.bars(stage, bars, span);
        stage.exchange = Some(exchange);
        stage.now = now;
        stage.settle();
    }
    for (symbol, bar) in bars {
        let last = &mut stage.last[usize::from(symbol.0)];
        if last.is_none_or(|last| last.at < bar.at) {
            *last = Some(*bar);
        }
        stage.tell(&Event::BarClosed { symbol: *symbol, bar: *bar });
    }
}

/// `price SYMBOLS PRICE [mark PRICE] [size QUANTITY]`: the market trades there between two bars.
pub(super) fn price(stage: &mut Stage, line: &mut Line<'_>) -> Result<(), Fault> {
    let word = line.word("symbols: BTCUSDT")?;
    let symbols = stage.symbols(&word)?;
    let last = line.word("a price: 58800 or -2%")?;
    let mark = if line.takes("mark") { Some(line.word("a price")?) } else { None };
    let size = if line.takes("size") { Some(line.word("a quantity")?) } else { None };
    let on_prices = stage.exchange.as_mut().is_some_and(|exchange| exchange.prices().is_some());
    if let Some(word) = mark.or(size).filter(|_| !on_prices) {
        return Err(word.fault("nobody looks at it", "attach `exchange prices` before"));
    }
    stage.takes_at(line)?;
    for symbol in symbols {
        let instrument = stage.instrument(symbol, &word)?;
        let before = stage.last[usize::from(symbol.0)].map(|bar| bar.close);
        let last = relative(&last, before, &instrument)?;
        let mark = mark.map(|mark| relative(&mark, before, &instrument)).transpose()?;
        let size = size.map(|size| quantity(&size, &instrument)).transpose()?;
        trade(stage, symbol, Print { last, mark: mark.unwrap_or(last), size });
    }
    Ok(())
}

fn trade(stage: &mut Stage, symbol: SymbolId, print: Print) {
    let now = stage.now;
    let told = stage.exchange.as_mut().is_some_and(|exchange| exchange.print(now, symbol, print));
    stage.settle();
    if !told {
        stage.tell(&Event::PriceMoved { book: None, symbol, price: print.last });
    }
}
