//! Books of a `config`: a strategy in a mode, its symbols and their parameters.

use gardefou_core::config::{
    BookConfig, EngineConfig, Facts, GridParams, Mode, MonoParams, Params, Sides, SymbolConfig,
    TrendParams,
};
use gardefou_core::ids::SymbolId;
use gardefou_core::money::Cash;
use gardefou_core::time::Timeframe;

use super::fault::Fault;
use super::presets;
use super::settings::{pairs, range, shipped};
use super::values::{cash, factor, percent, whole};
use super::words::{Line, Word};

/// A configuration in the making.
pub(super) struct Draft {
    pub(super) config: EngineConfig,
    books: Vec<DraftBook>,
}

/// A book whose symbols are still names.
struct DraftBook {
    settings: BookConfig,
    params: Params,
    only: Vec<String>,
    overrides: Vec<(String, Params)>,
}

impl Draft {
    pub(super) fn new() -> Self {
        Self { config: shipped(), books: Vec::new() }
    }

    /// Sorts instruments and resolves names.
    pub(super) fn finish(mut self, line: &Line<'_>) -> Result<EngineConfig, Fault> {
        let instruments = &mut self.config.instruments;
        instruments.sort_by(|a, b| a.symbol.as_str().cmp(b.symbol.as_str()));
        if instruments.windows(2).any(|two| two[0].symbol == two[1].symbol) {
            return Err(line.fault("a symbol is declared twice", "declare it once"));
        }
        if instruments.is_empty() {
            return Err(line.fault("no symbol", "add `  symbol BTCUSDT tick=0.1 lot=0.0001`"));
        }
        if self.books.is_empty() {
            return Err(line.fault("no book", "add `  book grid_atr live capital=1000`"));
        }
        for draft in std::mem::take(&mut self.books) {
            let book = resolve(&self.config, draft);
            self.config.books.push(book);
        }
        Ok(self.config)
    }

    fn last(&mut self, word: &Word<'_>) -> Result<&mut DraftBook, Fault> {
        let fault = word.fault("no book stands above", "write `book` first");
        self.books.last_mut().ok_or(fault)
    }
}

fn resolve(config: &EngineConfig, draft: DraftBook) -> BookConfig {
    let DraftBook { mut settings, params, only, overrides } = draft;
    for (index, instrument) in config.instruments.iter().enumerate() {
        let name = instrument.symbol.as_str();
        if only.is_empty() || only.iter().any(|chosen| chosen == name) {
            let own = overrides.iter().rev().find(|(symbol, _)| symbol == name);
            let params = own.map_or(&params, |(_, params)| params).clone();
            settings.symbols.push(SymbolConfig::new(SymbolId(index as u16), params));
        }
    }
    settings
}

/// `book grid_atr live capital=1000 levels=3 …`.
pub(super) fn book(draft: &mut Draft, line: &mut Line<'_>) -> Result<(), Fault> {
    let strategy = line.word(presets::STRATEGIES)?;
    let mut params =
        presets::strategy(strategy.text).ok_or_else(|| strategy.unknown(presets::STRATEGIES))?;
    let mode = line.word("live or paper")?;
    let mode = match mode.text {
        "live" => Mode::Live,
        "paper" => Mode::Paper,
        _ => return Err(mode.unknown("live or paper")),
    };
    let mut settings = BookConfig {
        name: strategy.text.to_owned(),
        mode,
        facts: Facts::Continuous,
        capital: Cash::usdt(1_000),
        timeframe: Timeframe::H1,
        symbols: Vec::new(),
    };
    pairs(line, |key, value| match key.text {
        "capital" => cash(value).map(|capital| settings.capital = capital),
        "facts" => facts(value).map(|facts| settings.facts = facts),
        _ => param(&mut params, key, value),
    })?;
    draft.books.push(DraftBook { settings, params, only: Vec::new(), overrides: Vec::new() });
    Ok(())
}

fn facts(value: &Word<'_>) -> Result<Facts, Fault> {
    match value.text {
        "continuous" => Ok(Facts::Continuous),
        "with_bars" => Ok(Facts::WithBars),
        _ => Err(value.unknown("continuous or with_bars")),
    }
}

/// `only BTCUSDT C01..C05`: the symbols of the book above.
pub(super) fn only(draft: &mut Draft, line: &mut Line<'_>, at: &Word<'_>) -> Result<(), Fault> {
    while let Some(word) = line.take() {
        let names = range(&word)?;
        draft.last(at)?.only.extend(names);
    }
    Ok(())
}

/// `params BTCUSDT sl=15`: overrides for one symbol of the book above.
pub(super) fn params(draft: &mut Draft, line: &mut Line<'_>, at: &Word<'_>) -> Result<(), Fault> {
    let symbols = range(&line.word("a symbol: BTCUSDT")?)?;
    let book = draft.last(at)?;
    let mut own = book.params.clone();
    pairs(line, |key, value| param(&mut own, key, value))?;
    book.overrides.extend(symbols.into_iter().map(|symbol| (symbol, own.clone())));
    Ok(())
}

fn param(params: &mut Params, key: &Word<'_>, value: &Word<'_>) -> Result<(), Fault> {
    match params {
        Params::Grid(grid) => grid_param(grid, key, value),
        Params::Mono(mono) => mono_param(mono, key, value),
    }
}

fn grid_param(p: &mut GridParams, key: &Word<'_>, value: &Word<'_>) -> Result<(), Fault> {
    match key.text {
        "ma" => p.ma_period = whole(value)?,
        "atr" => p.atr_period = whole(value)?,
        "start" => p.atr_multiplier_start = factor(value)?,
        "step" => p.atr_multiplier_step = factor(value)?,
        "levels" => p.levels = levels(value)?,
        "sl" => p.stop_loss = percent(value)?,
        "sides" => p.sides = sides(value)?,
        "leverage" => p.leverage = leverage(value)?,
        "max_hold" => p.max_hold_bars = whole(value)?,
        "cooldown" => p.cooldown_bars = whole(value)?,
        "min_spacing" => p.min_grid_spacing_pct = factor(value)?,
        "min_profit" => p.min_profit = percent(value)?,
        "min_atr" => p.min_atr_pct = factor(value)?,
        "st_atr" => trend(p, key)?.atr_period = whole(value)?,
        "st_multiplier" => trend(p, key)?.atr_multiplier = factor(value)?,
        _ => return Err(key.unknown("a parameter as fixtures/README.md lists them: levels=3")),
    }
    Ok(())
}

fn trend<'p>(p: &'p mut GridParams, key: &Word<'_>) -> Result<&'p mut TrendParams, Fault> {
    let fault = key.fault("this strategy has no trend", "use it with grid_multi_tf");
    p.trend.as_mut().ok_or(fault)
}

fn mono_param(p: &mut MonoParams, key: &Word<'_>, value: &Word<'_>) -> Result<(), Fault> {
    match key.text {
        "atr" => p.atr_period = whole(value)?,
        "multiplier" => p.atr_multiplier = factor(value)?,
        "tp" => p.take_profit = percent(value)?,
        "sl" => p.stop_loss = percent(value)?,
        "sides" => p.sides = sides(value)?,
        "leverage" => p.leverage = leverage(value)?,
        "cooldown" => p.cooldown_bars = whole(value)?,
        _ => {
            return Err(
                key.unknown("capital, facts, atr, multiplier, tp, sl, sides, leverage or cooldown")
            );
        }
    }
    Ok(())
}

fn levels(value: &Word<'_>) -> Result<u8, Fault> {
    let levels = whole(value)?;
    let most = gardefou_core::config::LEVELS_MAX as u8;
    if (1..=most).contains(&levels) {
        return Ok(levels);
    }
    Err(value.fault(format!("{levels} levels"), format!("write 1 to {most}")))
}

fn leverage(value: &Word<'_>) -> Result<u32, Fault> {
    let leverage = whole(value)?;
    let most = gardefou_core::money::LEVERAGE_MAX;
    if (1..=most).contains(&leverage) {
        return Ok(leverage);
    }
    Err(value.fault(format!("leverage {leverage}"), format!("write 1 to {most}")))
}

fn sides(value: &Word<'_>) -> Result<Sides, Fault> {
    match value.text {
        "long" => Ok(Sides { long: true, short: false }),
        "short" => Ok(Sides { long: false, short: true }),
        "both" => Ok(Sides { long: true, short: true }),
        _ => Err(value.unknown("long, short or both")),
    }
}
