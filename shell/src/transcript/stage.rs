//! The stage: an engine, the clock, the orders that were asked for, and an exchange if one is
//! attached. Every event goes through [`Stage::tell`], which writes down the answer.

use gardefou_core::command::Command;
use gardefou_core::config::EngineConfig;
use gardefou_core::engine::Engine;
use gardefou_core::event::{Event, Liquidity};
use gardefou_core::ids::{FillId, SymbolId};
use gardefou_core::market::{Bar, Instrument};
use gardefou_core::money::{Cash, Lots, Ticks};
use gardefou_core::step::Wake;
use gardefou_core::time::{Span, Timeframe, Timestamp};

use super::exchange::Exchange;
use super::fault::Fault;
use super::orders::Orders;
use super::settings::range;
use super::values::{instant, time};
use super::words::{Line, Word};
use super::{say, say_notice, state};

/// How often a wake may repeat at one instant before it is called an error.
const PATIENCE: u32 = 1_000;

/// An engine and what surrounds it.
pub(super) struct Stage {
    pub(super) config: EngineConfig,
    pub(super) engine: Engine,
    pub(super) orders: Orders,
    pub(super) exchange: Option<Box<dyn Exchange>>,
    /// The clock; it stands at 1970 until a directive sets it.
    pub(super) now: Timestamp,
    /// The last bar told, by symbol.
    pub(super) last: Vec<Option<Bar>>,
    /// The last liquidation told.
    pub(super) liquidated: Option<Event>,
    /// No process runs: what the exchange says is not heard.
    down: bool,
    wake: Option<Wake>,
    shown_wake: Option<Wake>,
    shown_time: Timestamp,
    lines: Vec<String>,
    fills: u64,
}

impl Stage {
    pub(super) fn new(config: EngineConfig) -> Self {
        Self {
            engine: Engine::new(config.clone()),
            orders: Orders::new(&config),
            exchange: None,
            now: Timestamp(0),
            last: vec![None; config.instruments.len()],
            liquidated: None,
            down: false,
            wake: None,
            shown_wake: None,
            shown_time: Timestamp(0),
            lines: Vec::new(),
            fills: 0,
            config,
        }
    }

    /// What was answered since the last call.
    pub(super) fn take_answer(&mut self) -> Vec<String> {
        if self.wake != self.shown_wake {
            self.write(say::wake(self.wake));
            self.shown_wake = self.wake;
        }
        std::mem::take(&mut self.lines)
    }

    /// Writes a line below the time at which it was said.
    pub(super) fn write(&mut self, line: impl Into<String>) {
        if self.shown_time != self.now {
            self.shown_time = self.now;
            self.lines.push(format!("@ {}", time(self.now)));
        }
        self.lines.push(line.into());
    }

    /// Tells the engine a fact, writes down its answer, and lets the exchange carry it out.
    pub(super) fn tell(&mut self, event: &Event) {
        let commands = self.tell_only(event);
        self.send(&commands);
        self.settle();
    }

    /// Tells the engine a fact and writes down its answer; the caller carries out the commands.
    pub(super) fn tell_only(&mut self, event: &Event) -> Vec<Command> {
        self.orders.note_event(event);
        if self.down {
            return Vec::new();
        }
        let step = self.engine.step(self.now, event);
        for command in &step.commands {
            self.orders.note_command(command);
            self.write(format!("> {}", say::command(&self.orders, command)));
        }
        for line in say_notice::notices(&self.orders, &step.notices) {
            self.write(format!("! {line}"));
        }
        self.wake = step.wake;
        for broken in state::broken(self) {
            self.write(format!("!! {broken}"));
        }
        step.commands
    }

    /// Writes down what an exchange says, and tells it.
    pub(super) fn hear(&mut self, event: &Event) -> Vec<Command> {
        if let Some(line) = say::event(&self.orders, event) {
            let mark = if self.down { '~' } else { '<' };
            self.write(format!("{mark} {line}"));
        }
        self.tell_only(event)
    }

    fn send(&mut self, commands: &[Command]) {
        let now = self.now;
        if let Some(exchange) = &mut self.exchange {
            commands.iter().for_each(|command| exchange.take(now, command));
        }
    }

    /// Lets the exchange say what is due.
    pub(super) fn settle(&mut self) {
        while let Some(event) = self.exchange.as_mut().and_then(|e| e.next(self.now)) {
            let commands = self.hear(&event);
            self.send(&commands);
        }
    }

    /// Moves the clock to `to`, stopping at every deadline before it (and at it, if `including`).
    pub(super) fn advance(&mut self, to: Timestamp, including: bool) {
        let mut repeats = 0;
        while let Some(due) = self.due().filter(|&at| at < to || (including && at == to)) {
            repeats = if due > self.now { 0 } else { repeats + 1 };
            if repeats > PATIENCE {
                self.write("!! the engine asks to be woken at an instant that has passed");
                break;
            }
            self.now = self.now.max(due);
            self.settle();
            if self.wake.is_some_and(|wake| wake.at <= self.now) {
                self.tell(&Event::TimePassed);
            }
        }
        self.now = self.now.max(to);
        self.settle();
    }

    fn due(&self) -> Option<Timestamp> {
        let exchange = self.exchange.as_ref().and_then(|exchange| exchange.due());
        [self.wake.map(|wake| wake.at), exchange].into_iter().flatten().min()
    }

    /// Moves the clock to a time that a transcript names.
    pub(super) fn advance_to(&mut self, word: &Word<'_>, including: bool) -> Result<(), Fault> {
        let to = instant(word, self.now)?;
        if to < self.now {
            let what = format!("the clock stands at {} already", time(self.now));
            return Err(word.fault(what, "write a later time"));
        }
        self.advance(to, including);
        Ok(())
    }

    /// Takes `at TIME` at the end of a directive: the clock goes there before the fact is told.
    pub(super) fn takes_at(&mut self, line: &mut Line<'_>) -> Result<(), Fault> {
        if line.takes("at") {
            let word = line.word("a time: +5s")?;
            self.advance_to(&word, false)?;
        }
        line.done()
    }

    /// The id of the next execution.
    pub(super) fn next_fill(&mut self) -> FillId {
        self.fills += 1;
        FillId(self.fills)
    }

    /// The fee of an execution.
    pub(super) fn fee(&self, symbol: SymbolId, price: Ticks, lots: Lots, by: Liquidity) -> Cash {
        let rate = match by {
            Liquidity::Maker => self.config.costs.maker,
            Liquidity::Taker => self.config.costs.taker,
        };
        let notional =
            self.config.instrument(symbol).map_or(Cash::ZERO, |i| i.notional(price, lots));
        notional.times_up(rate)
    }

    /// The bar length of all books.
    pub(super) fn span(&self) -> Span {
        self.config.books.first().map_or(Timeframe::H1, |book| book.timeframe).span()
    }

    /// The symbol of a name.
    pub(super) fn symbol(&self, word: &Word<'_>) -> Result<SymbolId, Fault> {
        self.find_symbol(word.text).ok_or_else(|| {
            let what = format!("`{}` is not a symbol of this transcript", word.text);
            word.fault(what, "write one that `config` declares")
        })
    }

    pub(super) fn find_symbol(&self, name: &str) -> Option<SymbolId> {
        let at = self.orders.instruments().iter().position(|i| i.symbol.as_str() == name)?;
        Some(SymbolId(at as u16))
    }

    /// The symbols of a name or a range; `all` is every one.
    pub(super) fn symbols(&self, word: &Word<'_>) -> Result<Vec<SymbolId>, Fault> {
        if word.text == "all" {
            return Ok((0..self.config.instruments.len() as u16).map(SymbolId).collect());
        }
        let mut symbols = Vec::new();
        for name in range(word)? {
            let word = Word { text: &name, ..*word };
            symbols.push(self.symbol(&word)?);
        }
        Ok(symbols)
    }

    /// The instrument of a symbol.
    pub(super) fn instrument(
        &self,
        symbol: SymbolId,
        word: &Word<'_>,
    ) -> Result<Instrument, Fault> {
        let fault = word.fault("no such instrument", "write a symbol of `config`");
        self.config.instrument(symbol).cloned().ok_or(fault)
    }

    /// Replaces the engine.
    pub(super) fn replace_engine(&mut self, engine: Engine) {
        self.engine = engine;
        self.down = false;
        self.wake = None;
    }

    /// The process dies, and with it every deadline and every answer that it awaited.
    pub(super) fn go_down(&mut self) {
        self.down = true;
        self.wake = None;
        if let Some(exchange) = &mut self.exchange {
            exchange.hang_up();
        }
    }
}
