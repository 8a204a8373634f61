//! The engine and the twin on one case, compared to the last digit.

use gardefou_core::config::{EntryOrder, MarginMode, Params};
use gardefou_core::event::{Feed, Liquidity};
use gardefou_core::ids::{BookId, OrderKind, SymbolId};
use gardefou_core::market::Bar;
use gardefou_core::money::{Cash, Fraction};
use gardefou_core::notice::{FillReason, Notice, Switch};
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::history::{History, OnTrip, Sink};
use num_bigint::BigInt;
use num_rational::BigRational;
use rust_decimal::Decimal;

use crate::case::{self, Case};
use crate::twin;

/// One comparable line: an execution, a settlement, a trip, or a final figure.
pub type Row = (i64, String);

/// What the engine did with a case.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// Every notice with its time.
    pub notices: Vec<(Timestamp, Notice)>,
}

impl Sink for Recorder {
    fn hear(&mut self, now: Timestamp, notice: &Notice) {
        if !matches!(notice, Notice::Refused { .. }) {
            self.notices.push((now, notice.clone()));
        }
    }
}

/// Finer bars by symbol and bar; none where a bar is matched whole.
pub type Fine = [Vec<Vec<Bar>>];

/// Runs the engine over a case; `after` sees it after every close.
pub fn run_engine(case: &Case, after: impl FnMut(&History<Recorder>)) -> History<Recorder> {
    run_engine_on(case, &[], after)
}

/// The same, matched on finer bars.
pub fn run_engine_on(
    case: &Case,
    fine: &Fine,
    mut after: impl FnMut(&History<Recorder>),
) -> History<Recorder> {
    let mut history =
        History::new(case.config.clone(), case.path, case.on_trip, Recorder::default());
    let (span, length) = (Span::hours(1), fine_length(fine));
    let first = case.bars.iter().flatten().map(|bar| bar.at).min();
    let last = case.bars.iter().flatten().map(|bar| bar.at).max();
    let (Some(first), Some(last)) = (first, last) else { return history };
    let mut at = first;
    let mut next = vec![0usize; case.bars.len()];
    let mut settled = vec![0usize; case.bars.len()];
    let mut now: Vec<(SymbolId, Bar)> = Vec::new();
    while at <= last {
        now.clear();
        for (index, bars) in case.bars.iter().enumerate() {
            let symbol = SymbolId(index as u16);
            match bars.get(next[index]) {
                Some(bar) if bar.at == at => {
                    if next[index] == 0 {
                        history.feed(at, symbol, Feed::Streaming);
                    }
                    now.push((symbol, *bar));
                    next[index] += 1;
                }
                None if next[index] == bars.len() => {
                    next[index] += 1;
                    history.feed(at, symbol, Feed::Silent);
                }
                _ => {}
            }
        }
        for (symbol, bar) in &now {
            let index = usize::from(symbol.0);
            while let Some(&(due, rate)) = case.funding[index].get(settled[index])
                && due <= bar.at
            {
                settled[index] += 1;
                if due == bar.at {
                    history.settle(due, *symbol, rate, bar.open);
                }
            }
        }
        let inside = |symbol: &SymbolId| {
            let index = usize::from(symbol.0);
            fine.get(index).map_or(&[][..], |fine| &fine[next[index] - 1])
        };
        match_hour(&mut history, &now, span, length, inside);
        history.close_bars(&now, span);
        after(&history);
        at = at + span;
    }
    history
}

/// The length of the finer bars: from the first to the second of an hour.
fn fine_length(fine: &Fine) -> Span {
    let hours = fine.iter().flatten();
    let length = hours.filter_map(|bars| Some(bars.get(1)?.at - bars.first()?.at)).next();
    length.unwrap_or(case::FINE)
}

/// One hour: whole bars open before and end after what is matched on finer ones.
fn match_hour<'a>(
    history: &mut History<Recorder>,
    bars: &[(SymbolId, Bar)],
    span: Span,
    length: Span,
    inside: impl Fn(&SymbolId) -> &'a [Bar],
) {
    let (whole, finer): (Vec<_>, Vec<_>) =
        bars.iter().copied().partition(|(symbol, _)| inside(symbol).is_empty());
    history.open_bars(&whole);
    let steps = finer.iter().map(|(symbol, _)| inside(symbol).len()).max().unwrap_or(0);
    for step in 0..steps {
        let bar = |&(symbol, _): &(SymbolId, Bar)| Some((symbol, *inside(&symbol).get(step)?));
        history.match_bars(&finer.iter().filter_map(bar).collect::<Vec<_>>(), length);
    }
    history.path_bars(&whole, span);
}

/// The engine's run as rows.
#[must_use]
pub fn engine_rows(case: &Case, history: &History<Recorder>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (now, notice) in &history.sink().notices {
        rows.extend(row(case, *now, notice));
    }
    rows.sort();
    for book in history.engine().books() {
        let name = &book.name;
        rows.push((i64::MAX, format!("balance {name} {}", book.wallet.balance)));
        rows.push((i64::MAX, format!("unrealised {name} {}", book.unrealised())));
    }
    rows
}

fn row(case: &Case, now: Timestamp, notice: &Notice) -> Option<Row> {
    let book = |id: BookId| case.config.books[usize::from(id.0)].name.as_str();
    let symbol = |id: SymbolId| case.config.instruments[usize::from(id.0)].symbol;
    match notice {
        Notice::Filled { fill, cycle, reason } => {
            let liquidation = *reason == FillReason::Liquidation;
            let kind = match fill.id.kind {
                _ if liquidation => "liquidation",
                OrderKind::Entry => "entry",
                OrderKind::Target => "target",
                OrderKind::Stop => "stop",
                OrderKind::Close => "close",
            };
            let by = if fill.liquidity == Liquidity::Maker { "maker" } else { "taker" };
            let side = if fill.id.buys() { "buy" } else { "sell" };
            let level = if kind == "entry" { fill.id.level.to_string() } else { "-".into() };
            let (b, s) = (book(fill.id.book), symbol(fill.id.symbol));
            let (price, lots, fee) = (fill.price.0, fill.lots.0, fill.fee);
            Some((
                fill.at.0,
                format!(
                    "fill {b} {s} #{cycle} {side} L{level} {kind} {by} {price} x {lots} fee {fee}"
                ),
            ))
        }
        Notice::Funded { book: b, symbol: s, cycle, at, amount, .. } => {
            Some((at.0, format!("funding {} {} #{cycle} {amount}", book(*b), symbol(*s))))
        }
        Notice::SwitchTripped { switch, .. } => {
            let name = match switch {
                Switch::Session(id) => format!("session {}", book(*id)),
                Switch::Global(_) => "global".into(),
            };
            Some((now.0, format!("trip {name}")))
        }
        Notice::CycleClosed(_)
        | Notice::Refused { .. }
        | Notice::SwitchReleased { .. }
        | Notice::Paused { .. }
        | Notice::Resumed { .. }
        | Notice::Unprotected { .. }
        | Notice::Anomaly { .. }
        | Notice::Reconciled(_)
        | Notice::Readiness { .. } => None,
    }
}

/// The twin's run as rows.
#[must_use]
pub fn twin_rows(case: &Case) -> Vec<Row> {
    twin_rows_on(case, &[])
}

/// The same, matched on finer bars.
#[must_use]
pub fn twin_rows_on(case: &Case, fine: &Fine) -> Vec<Row> {
    let output = twin::run(&twin_input(case, fine));
    let mut rows: Vec<Row> = Vec::new();
    for f in &output.fills {
        let kind = match f.kind {
            _ if f.reason == "liquidation" => "liquidation",
            twin::FillKind::Entry => "entry",
            twin::FillKind::Target => "target",
            twin::FillKind::Stop => "stop",
            twin::FillKind::Close => "close",
        };
        let by = if f.maker { "maker" } else { "taker" };
        let side = if f.side == twin::Side::Buy { "buy" } else { "sell" };
        // A mono entry has no level; the engine calls it level 0.
        let level = match (f.level, kind) {
            (Some(level), _) => level.to_string(),
            (None, "entry") => "0".into(),
            (None, _) => "-".into(),
        };
        let (fee, price, lots) = (cash(&f.fee), f.price_ticks, f.lots);
        rows.push((
            f.ms,
            format!(
                "fill {} {} #{} {side} L{level} {kind} {by} {price} x {lots} fee {fee}",
                f.strategy, f.symbol, f.cycle
            ),
        ));
    }
    for f in &output.funding {
        let amount = cash(&f.amount);
        rows.push((f.ms, format!("funding {} {} #{} {amount}", f.strategy, f.symbol, f.cycle)));
    }
    for trip in &output.trips {
        let name = if trip.scope == "global" {
            "global".to_owned()
        } else {
            format!("session {}", trip.scope)
        };
        rows.push((trip.ms, format!("trip {name}")));
    }
    rows.sort();
    for ((name, balance), (_, unrealised)) in
        output.final_balance.iter().zip(&output.final_unrealised)
    {
        rows.push((i64::MAX, format!("balance {name} {}", cash(balance))));
        rows.push((i64::MAX, format!("unrealised {name} {}", cash(unrealised))));
    }
    rows
}

fn twin_input(case: &Case, fine: &Fine) -> twin::Input {
    let (risk, costs) = (&case.config.risk, &case.config.costs);
    twin::Input {
        strategies: (0..case.config.books.len()).map(|book| strategy(case, fine, book)).collect(),
        entry_order: match case.config.entry_order {
            EntryOrder::Limit => twin::EntryOrder::Limit,
            EntryOrder::Market => twin::EntryOrder::Market,
        },
        path: match case.path {
            Path::Pessimistic => twin::Path::Pessimistic,
            Path::Optimistic => twin::Path::Optimistic,
        },
        from_ms: None,
        timeframe_ms: Span::hours(1).0,
        fine_ms: fine_length(fine).0,
        maker: part(costs.maker),
        taker: part(costs.taker),
        slippage: part(costs.slippage),
        stop_slippage: part(costs.stop_slippage),
        max_margin_ratio: part(risk.max_margin_ratio),
        max_live_grids: risk.max_live_grids as usize,
        session_loss_percent_grid: percent(risk.session_loss_grid),
        session_loss_percent_mono: percent(risk.session_loss_mono),
        global_loss_percent: percent(risk.global_loss),
        global_window_ms: risk.global_window.0,
        on_trip: match case.on_trip {
            OnTrip::Resume => twin::OnTrip::Resume,
            OnTrip::Stop => twin::OnTrip::Stop,
        },
        max_risk_per_trade_percent: percent(risk.max_risk_per_trade),
        liquidation_fee: part(costs.liquidation),
        margin_mode: match risk.margin_mode {
            MarginMode::Cross => twin::MarginMode::Cross,
            MarginMode::Isolated => twin::MarginMode::Isolated,
        },
        requote_tolerance_percent: percent(risk.requote_tolerance),
        min_free_margin_percent: percent(risk.min_free_margin),
        max_concurrent_positions: risk.max_concurrent_positions as usize,
        groups: risk
            .groups
            .iter()
            .map(|g| (g.name.clone(), (g.max_same_direction as usize, percent(g.max_exposure))))
            .collect(),
    }
}

fn strategy(case: &Case, fine: &Fine, book: usize) -> twin::Strategy {
    let settings = &case.config.books[book];
    twin::Strategy {
        name: settings.name.clone(),
        kind: match settings.name.as_str() {
            "grid_multi_tf" => twin::Kind::GridMultiTf,
            "supertrend" => twin::Kind::Supertrend,
            _ => twin::Kind::GridAtr,
        },
        initial_capital: money(settings.capital),
        leverage: settings.symbols.first().map_or(1, |s| s.params.leverage()),
        symbols: settings.symbols.iter().map(|s| symbol(case, fine, s.symbol, &s.params)).collect(),
    }
}

fn symbol(case: &Case, fine: &Fine, id: SymbolId, params: &Params) -> twin::Symbol {
    let instrument = &case.config.instruments[usize::from(id.0)];
    let index = usize::from(id.0);
    twin::Symbol {
        name: instrument.symbol.to_string(),
        tick: decimal(instrument.tick),
        lot: decimal(instrument.lot),
        min_quantity: decimal(instrument.quantity(instrument.min_lots)),
        min_notional: money(instrument.min_notional),
        maintenance_rate: part(instrument.maintenance),
        group: instrument.group.clone(),
        params: twin_params(params),
        warmup_bars: params.warmup_bars() as usize,
        bars: case.bars[index].iter().map(twin_bar).collect(),
        fine: fine.get(index).map_or(Vec::new(), |fine| {
            fine.iter().map(|bars| bars.iter().map(twin_bar).collect()).collect()
        }),
        funding: case.funding[index].iter().map(|&(at, rate)| (at.0, part(rate))).collect(),
    }
}

fn twin_bar(bar: &Bar) -> twin::Bar {
    twin::Bar {
        open_ms: bar.at.0,
        o: bar.open.0,
        h: bar.high.0,
        l: bar.low.0,
        c: bar.close.0,
        volume_is_zero: !bar.traded,
    }
}

fn twin_params(params: &Params) -> twin::Params {
    let mut twin = twin::Params {
        ma_period: 1,
        atr_period: 1,
        atr_multiplier_start: 0.0,
        atr_multiplier_step: 0.0,
        num_levels: 1,
        sl_percent: percent(params.stop_loss()),
        long: false,
        short: false,
        max_hold_candles: 0,
        cooldown_candles: params.cooldown_bars() as usize,
        min_grid_spacing_pct: 0.0,
        min_atr_pct: 0.0,
        min_profit_pct: percent(Fraction(0)),
        st_atr_period: 1,
        st_atr_multiplier: 0.0,
        tp_percent: percent(Fraction(0)),
    };
    match params {
        Params::Grid(p) => {
            twin.ma_period = p.ma_period as usize;
            twin.atr_period = p.atr_period as usize;
            twin.atr_multiplier_start = p.atr_multiplier_start;
            twin.atr_multiplier_step = p.atr_multiplier_step;
            twin.num_levels = usize::from(p.levels);
            (twin.long, twin.short) = (p.sides.long, p.sides.short);
            twin.max_hold_candles = p.max_hold_bars as usize;
            twin.min_grid_spacing_pct = p.min_grid_spacing_pct;
            twin.min_atr_pct = p.min_atr_pct;
            twin.min_profit_pct = percent(p.min_profit);
            if let Some(trend) = &p.trend {
                twin.st_atr_period = trend.atr_period as usize;
                twin.st_atr_multiplier = trend.atr_multiplier;
            }
        }
        Params::Mono(p) => {
            twin.st_atr_period = p.atr_period as usize;
            twin.st_atr_multiplier = p.atr_multiplier;
            (twin.long, twin.short) = (p.sides.long, p.sides.short);
            twin.tp_percent = percent(p.take_profit);
        }
    }
    twin
}

/// Finds the first row that differs.
#[must_use]
pub fn first_difference(engine: &[Row], twin: &[Row]) -> Option<String> {
    if engine == twin {
        return None;
    }
    let at = engine.iter().zip(twin).take_while(|(one, other)| one == other).count();
    let mut text = format!("rows differ from {at} of {} and {}\n", engine.len(), twin.len());
    for row in at.saturating_sub(6)..at + 4 {
        let show = |rows: &[Row]| rows.get(row).map_or("-".into(), |(ms, t)| format!("{ms} {t}"));
        let mark = if engine.get(row) == twin.get(row) { "  " } else { "! " };
        text.push_str(&format!("{mark}engine {}\n{mark}twin   {}\n", show(engine), show(twin)));
    }
    Some(text)
}

fn q(numerator: impl Into<BigInt>, denominator: impl Into<BigInt>) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

fn part(fraction: Fraction) -> BigRational {
    q(fraction.0, gardefou_core::money::SCALE)
}

fn percent(fraction: Fraction) -> BigRational {
    q(fraction.0, gardefou_core::money::SCALE / 100)
}

fn money(cash: Cash) -> BigRational {
    q(cash.0, gardefou_core::money::SCALE)
}

fn decimal(value: Decimal) -> BigRational {
    q(value.mantissa(), BigInt::from(10).pow(value.scale()))
}

/// A twin's amount in the engine's notation; an amount finer than 1e-8 shows itself as a fraction.
fn cash(value: &BigRational) -> String {
    let scaled = value * BigRational::from_integer(gardefou_core::money::SCALE.into());
    if scaled.is_integer() {
        let units: i128 = scaled.to_integer().try_into().unwrap_or(i128::MAX);
        Cash(units).to_string()
    } else {
        value.to_string()
    }
}
