//! What a backtest was run with: parameters, data, the worst case at start.

use std::collections::BTreeMap;

use gardefou_core::config::{
    BookConfig, EngineConfig, EntryOrder, MarginMode, OnKill, Params, SymbolConfig,
};
use gardefou_core::market::Bar;
use gardefou_core::money::Fraction;
use gardefou_core::risk::worst_case::{self, worst_case};
use gardefou_core::time::{Span, Timeframe, Timestamp};
use gardefou_core::venue::history;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Request;
use super::collect::{fraction, usdt};
use super::load::{Feed, Market};
use crate::config::{Resolved, Settings, resolved};
use crate::data::{DataIdentity, Dataset};
use crate::report::result::{
    BookParameters, Costs, DataChoice, DataSeries, Moment, OnTrip, Options, Parameters, Resolution,
    ResolutionRange, SymbolParameters, WorstCase,
};
use crate::words;

/// Logs what is about to run: the resolved parameters of every symbol with their hash, and what
/// each book could lose.
pub fn log(config: &EngineConfig) {
    for set in resolved(config) {
        let Resolved { strategy, symbol, parameters, hash } = set;
        tracing::info!(strategy, symbol, hash, ?parameters, "resolved parameters");
    }
    for book in &config.books {
        let worst = worst_case(config, book);
        tracing::info!("{}", words::worst_case(&book.name, &worst));
    }
}

/// A fraction in percent, for people.
#[must_use]
pub fn percent(value: Fraction) -> Decimal {
    (fraction(value) * Decimal::ONE_HUNDRED).round_dp(2).normalize()
}

/// Everything that the result depends on, data apart.
#[must_use]
pub fn parameters(
    settings: &Settings,
    request: &Request,
    config: &EngineConfig,
    market: &Market,
) -> Parameters {
    let sets = resolved(config);
    Parameters {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        from: moment(market.from),
        to: moment(market.to),
        options: options(request, market),
        risk: risk(settings, config),
        costs: costs(config),
        books: config.books.iter().map(|book| book_parameters(config, book, &sets)).collect(),
        choice: DataChoice {
            venue: market.venue.clone(),
            venues_found: market.venues.clone(),
            without_detail: market.without_detail.iter().map(ToString::to_string).collect(),
        },
    }
}

fn moment(at: Timestamp) -> Moment {
    Moment::from_ms(at.0)
}

fn entry_order(order: EntryOrder) -> &'static str {
    match order {
        EntryOrder::Limit => "limit",
        EntryOrder::Market => "market",
    }
}

fn options(request: &Request, market: &Market) -> Options {
    Options {
        candles: request.candles.display().to_string(),
        funding: request.funding.as_ref().map(|dir| dir.display().to_string()),
        venue: request.venue.clone(),
        strategies: request.strategies.clone().unwrap_or_default(),
        from: request.from.map(moment),
        to: request.to.map(moment),
        detail: request.detail.map(|detail| detail.name().to_owned()),
        entry_order: request.entry_order.map(|order| entry_order(order).to_owned()),
        on_trip: match request.on_trip {
            history::OnTrip::Resume => OnTrip::Resume,
            history::OnTrip::Stop => OnTrip::Stop,
        },
        available_only: request.available_only,
        missing_funding: request.missing_funding.map(fraction),
        symbols: request.symbols.iter().flatten().map(ToString::to_string).collect(),
        left_out: market.left_out.clone(),
    }
}

/// Limits and switches under their names in the configuration; percentages as written there.
fn risk(settings: &Settings, config: &EngineConfig) -> BTreeMap<String, Value> {
    let r = &config.risk;
    let hundred = |value: Fraction| json!((fraction(value) * Decimal::ONE_HUNDRED).normalize());
    let groups: BTreeMap<&str, Value> = r
        .groups
        .iter()
        .map(|g| {
            let limits = json!({
                "max_concurrent_same_direction": g.max_same_direction,
                "max_exposure_percent": hundred(g.max_exposure),
            });
            (g.name.as_str(), limits)
        })
        .collect();
    let mut all = BTreeMap::new();
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    put("initial_capital", json!(usdt(settings.capital())));
    put("max_margin_ratio", json!(fraction(r.max_margin_ratio)));
    put("max_live_grids", json!(r.max_live_grids));
    put("max_concurrent_positions", json!(r.max_concurrent_positions));
    put("min_free_margin_percent", hundred(r.min_free_margin));
    put("max_session_loss_percent", hundred(r.session_loss_mono));
    put("grid_max_session_loss_percent", hundred(r.session_loss_grid));
    put("global_max_loss_pct", hundred(r.global_loss));
    put("global_window_hours", json!(r.global_window.0 / Span::hours(1).0));
    put("max_risk_per_trade_percent", hundred(r.max_risk_per_trade));
    put("max_loss_at_stop_percent", r.max_loss_at_stop.map_or(Value::Null, hundred));
    put("requote_tolerance_percent", hundred(r.requote_tolerance));
    put("entry_order", json!(entry_order(config.entry_order)));
    put(
        "on_kill",
        json!(match r.on_kill {
            OnKill::Block => "block",
            OnKill::CancelEntries => "cancel_entries",
            OnKill::Flatten => "flatten",
        }),
    );
    put(
        "margin_mode",
        json!(match r.margin_mode {
            MarginMode::Cross => "cross",
            MarginMode::Isolated => "isolated",
        }),
    );
    put("correlation_groups", json!(groups));
    put("configuration_files", json!(settings.files()));
    all
}

fn costs(config: &EngineConfig) -> Costs {
    let percent = |value: Fraction| (fraction(value) * Decimal::ONE_HUNDRED).normalize();
    let c = &config.costs;
    Costs {
        maker_percent: percent(c.maker),
        taker_percent: percent(c.taker),
        slippage_percent: percent(c.slippage),
        stop_slippage_percent: percent(c.stop_slippage),
        liquidation_percent: percent(c.liquidation),
    }
}

fn book_parameters(config: &EngineConfig, book: &BookConfig, sets: &[Resolved]) -> BookParameters {
    BookParameters {
        name: book.name.clone(),
        kind: kind(book).to_owned(),
        capital: usdt(book.capital),
        entry_order: entry_order(config.entry_order).to_owned(),
        timeframe: book.timeframe.name().to_owned(),
        symbols: book.symbols.iter().filter_map(|s| symbol(config, book, s, sets)).collect(),
        worst_case: Some(worst(&worst_case(config, book), book)),
    }
}

fn kind(book: &BookConfig) -> &'static str {
    match book.symbols.first().map(|s| &s.params) {
        Some(Params::Grid(grid)) if grid.trend.is_some() => "grid_multi_tf",
        Some(Params::Grid(_)) | None => "grid_atr",
        Some(Params::Mono(_)) => "supertrend",
    }
}

fn symbol(
    config: &EngineConfig,
    book: &BookConfig,
    run: &SymbolConfig,
    sets: &[Resolved],
) -> Option<SymbolParameters> {
    let i = config.instrument(run.symbol)?;
    let name = i.symbol.to_string();
    let set = sets.iter().find(|set| set.strategy == book.name && set.symbol == name)?;
    let strategy =
        set.parameters.iter().map(|(key, value)| ((*key).to_owned(), parameter(value))).collect();
    Some(SymbolParameters {
        symbol: name,
        tick: i.tick,
        lot: i.lot,
        min_quantity: i.quantity(i.min_lots),
        min_notional: usdt(i.min_notional),
        maintenance_rate: fraction(i.maintenance),
        max_leverage: i.max_leverage,
        leverage: run.params.leverage(),
        group: (!i.group.is_empty()).then(|| i.group.clone()),
        funding_interval_hours: u32::try_from(i.funding_interval.0 / Span::hours(1).0).unwrap_or(0),
        warmup_bars: run.params.warmup_bars(),
        margin_divisor: book.symbols.len() as u32 * u32::from(run.params.levels()),
        strategy,
        params_hash: set.hash.clone(),
    })
}

/// A parameter as JSON: a list such as `[long, short]` becomes one, decimals stay strings.
fn parameter(value: &str) -> Value {
    match value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(items) => json!(items.split(',').map(str::trim).collect::<Vec<_>>()),
        None => json!(value),
    }
}

/// The worst case of a book, as it is written.
#[must_use]
pub fn worst(worst: &worst_case::WorstCase, book: &BookConfig) -> WorstCase {
    WorstCase {
        cycles: worst.cycles,
        notional: usdt(worst.notional),
        margin: usdt(book.capital.times_up(worst.margin)),
        loss: usdt(worst.loss),
        loss_percent: worst.loss_ratio.to_f64() * 100.0,
        maintenance: usdt(worst.maintenance),
        tightest_equity: usdt(worst.tightest.equity),
        tightest_maintenance: usdt(worst.tightest.maintenance),
        liquidation_first: !worst.liquidated_first.is_empty(),
        trips_session: worst.trips_session,
        trips_global: worst.trips_global,
    }
}

/// The series that were read.
#[must_use]
pub fn data(market: &Market) -> Vec<DataSeries> {
    market.feeds.iter().flat_map(|feed| series(market, feed)).collect()
}

fn series(market: &Market, feed: &Feed) -> Vec<DataSeries> {
    let one = |file: &DataIdentity| DataSeries {
        symbol: file.symbol.to_string(),
        kind: file.kind.clone(),
        timeframe: file.timeframe.map(|timeframe| timeframe.name().to_owned()),
        file: file.file.clone(),
        set_aside: set_aside(market, file),
        from: moment(file.first),
        to: moment(file.last),
        days_short: file.days_short,
        rows: file.rows as u64,
        gaps: file.gaps as u64,
        sha256: file.sha256.to_string(),
        tick_used: file.tick_used,
        resolution: (file.timeframe == Some(Timeframe::H1)).then(|| resolution(market, feed)),
        funding: file.timeframe.is_none().then_some(feed.funding),
    };
    let mut all: Vec<DataSeries> = feed.files.iter().map(one).collect();
    if !all.iter().any(|series| series.kind == "funding") && feed.funding.filled > 0 {
        all.push(stated_funding(market, feed));
    }
    all
}

/// The files that one stands in for.
fn set_aside(market: &Market, file: &DataIdentity) -> Vec<String> {
    let same = |symbol, dataset: Dataset| {
        symbol == file.symbol && dataset.name() == file.timeframe.map_or("funding", Timeframe::name)
    };
    let of = market.set_aside.iter().filter(|(symbol, dataset, _)| same(*symbol, *dataset));
    of.map(|(_, _, path)| {
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    })
    .collect()
}

/// Funding without a file: every settlement was charged at the stated rate.
fn stated_funding(market: &Market, feed: &Feed) -> DataSeries {
    DataSeries {
        symbol: feed.symbol.to_string(),
        kind: "funding".to_owned(),
        timeframe: None,
        file: "none: the stated rate".to_owned(),
        set_aside: Vec::new(),
        from: moment(market.from),
        to: moment(market.to),
        days_short: 0,
        rows: 0,
        gaps: u64::from(feed.funding.expected > 0),
        sha256: String::new(),
        tick_used: None,
        resolution: None,
        funding: Some(feed.funding),
    }
}

/// True when the finer bars of an hour do not make the prices of its bar.
fn contradict(finer: &[Bar], hour: &Bar) -> bool {
    let (Some(first), Some(last)) = (finer.first(), finer.last()) else { return false };
    let high = finer.iter().map(|bar| bar.high).max();
    let low = finer.iter().map(|bar| bar.low).min();
    let ends = (first.open, last.close) == (hour.open, hour.close);
    !ends || (high, low) != (Some(hour.high), Some(hour.low))
}

/// Which resolution each hour was matched at, as counts and ranges: the hours in which an entry may
/// fill, from `--from` on.
fn resolution(market: &Market, feed: &Feed) -> Resolution {
    let hour = super::drive::HOUR;
    let mut resolution = Resolution::default();
    let mut read = 0;
    for bar in feed.bars.iter().filter(|bar| bar.at >= market.from) {
        let finer =
            market.detail.and_then(|fine| Some((fine, feed.inside(bar.at, fine, &mut read)?)));
        let name = finer.map_or(Timeframe::H1, |(fine, _)| fine).name();
        if finer.is_some_and(|(_, bars)| contradict(bars, bar)) {
            resolution.contradicted.push(moment(bar.at));
        }
        *resolution.bars.entry(name.to_owned()).or_default() += 1;
        let end = moment(bar.at + hour);
        match resolution.ranges.last_mut() {
            Some(range) if range.resolution == name => range.to = end,
            Some(_) | None => resolution.ranges.push(ResolutionRange {
                resolution: name.to_owned(),
                from: moment(bar.at),
                to: end,
            }),
        }
    }
    resolution
}
