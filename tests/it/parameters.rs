//! Every parameter that exists is effective, per symbol where it is one of a symbol, in every
//! driver: changed for the first of two symbols it changes what that one does, and not what the
//! other one decides. The lists below name every field: a new one does not compile without a line.

use gardefou_core::command::Command;
use gardefou_core::config::{
    Costs, EngineConfig, EntryOrder, GridParams, Group, MarginMode, MonoParams, OnKill, Params,
    RiskConfig, Sides, TrendParams,
};
use gardefou_core::event::{Event, Feed, Reject};
use gardefou_core::ids::{BookId, OrderKind, SymbolId};
use gardefou_core::money::{Cash, Fraction};
use gardefou_core::notice::Notice;
use gardefou_core::time::{Span, Timestamp};
use gardefou_core::venue::bars::Path;
use gardefou_core::venue::history::OnTrip;
use gardefou_core::venue::live::{Delivery, Fates, Live};
use gardefou_core::venue::prices::Settings;
use gardefou_world::case::{Case, START};
use gardefou_world::driver::{Driver, HOUR, Scene};

use crate::small;

const WARM: usize = 500;
const HOURS: usize = 900;

/// What an engine did, line by line: all of it, and its decisions without the quantities, which
/// depend on the wallet that symbols share.
#[derive(Clone, Debug, Default, PartialEq)]
struct Deeds {
    all: [Vec<String>; small::SYMBOLS],
    decisions: [Vec<String>; small::SYMBOLS],
}

impl Deeds {
    fn both_act(&self) -> bool {
        self.all[..2].iter().all(|lines| lines.len() > 20)
    }

    fn command(&mut self, now: Timestamp, command: &Command) {
        match command {
            Command::Place(order) => {
                let (id, at) = (order.id, usize::from(order.id.symbol.0));
                let (kind, side, level) = (id.kind, id.direction, id.level);
                let what = format!("{} {kind:?} {side:?} L{level} {:?}", now.0, order.limit);
                self.all[at].push(format!("{what} {:?} x {:?}", order.preset, order.lots));
                if kind == OrderKind::Entry {
                    self.decisions[at].push(what);
                }
            }
            Command::Amend { id, price, lots }
            | Command::PlaceStop { id, trigger: price, lots } => {
                let what = format!("{} {:?} {price:?} x {lots:?}", now.0, id.kind);
                self.all[usize::from(id.symbol.0)].push(what);
            }
            Command::Cancel { id } => {
                let what = format!("{} cancel {:?} L{}", now.0, id.kind, id.level);
                self.all[usize::from(id.symbol.0)].push(what);
            }
            _ => {}
        }
    }

    fn notice(&mut self, now: Timestamp, notice: &Notice) {
        match notice {
            Notice::Filled { fill, reason, .. } => {
                let (price, lots, fee) = (fill.price, fill.lots, fill.fee);
                let what = format!("{} filled {reason:?} {price:?} x {lots:?} {fee:?}", fill.at.0);
                self.all[usize::from(fill.id.symbol.0)].push(what);
            }
            Notice::CycleClosed(result) => {
                let at = usize::from(result.symbol.0);
                self.decisions[at].push(format!("{} closed {:?}", now.0, result.reason));
            }
            Notice::Refused { symbol, refusal, .. } => {
                let what = format!("{} refused {}", now.0, refusal.kind());
                self.all[usize::from(symbol.0)].push(what);
            }
            _ => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Driven {
    Bars,
    Prices,
}

const BOTH: [Driven; 2] = [Driven::Bars, Driven::Prices];

fn run(config: &EngineConfig, driven: Driven) -> Deeds {
    match driven {
        Driven::Bars => on_bars(config),
        Driven::Prices => on_prices(config),
    }
}

fn on_bars(config: &EngineConfig) -> Deeds {
    let case = Case {
        config: config.clone(),
        path: Path::Pessimistic,
        on_trip: OnTrip::Resume,
        bars: small::bars(HOURS),
        funding: vec![Vec::new(); small::SYMBOLS],
    };
    let mut deeds = Deeds::default();
    Driver::run(&case, |scene: &Scene<'_>| {
        scene.step.commands.iter().for_each(|command| deeds.command(scene.now, command));
        scene.step.notices.iter().for_each(|notice| deeds.notice(scene.now, notice));
    });
    deeds
}

/// Every message arrives, stops aside when the exchange refuses them.
struct Sent {
    commands: Vec<(Timestamp, Command)>,
    refuses_stops: bool,
}

impl Fates for Sent {
    fn command(&mut self, now: Timestamp, command: &Command) -> Result<Delivery, Reject> {
        self.commands.push((now, *command));
        let stop = matches!(command, Command::PlaceStop { .. } | Command::AmendStop { .. });
        if stop && self.refuses_stops { Err(Reject::Busy) } else { Ok(Delivery::Once) }
    }
}

fn on_prices(config: &EngineConfig) -> Deeds {
    on_prices_with(config, false)
}

/// Four prices an hour, one after the other, on the price venue.
fn on_prices_with(config: &EngineConfig, refuses_stops: bool) -> Deeds {
    let bars = small::bars(HOURS);
    let mut notices: Vec<(Timestamp, Notice)> = Vec::new();
    let sink = |now: Timestamp, notice: &Notice| notices.push((now, notice.clone()));
    let start = START + Span::hours(WARM as i64);
    let fates = Sent { commands: Vec::new(), refuses_stops };
    let mut live = Live::new(config.clone(), Settings::strict(&config.costs), start, sink, fates);
    let symbols = [SymbolId(0), SymbolId(1)];
    live.tell(&Event::Booted { epoch: 1 });
    for symbol in symbols {
        live.tell(&Event::FeedChanged { symbol, feed: Feed::Streaming });
        for &bar in &bars[usize::from(symbol.0)][..WARM] {
            live.tell(&Event::HistoryLoaded { symbol, bar });
        }
    }
    for pair in bars[0].iter().zip(&bars[1]).skip(WARM) {
        let of = |symbol: SymbolId| if symbol.0 == 0 { *pair.0 } else { *pair.1 };
        for quarter in 0..4 {
            live.advance(of(symbols[0]).at + Span(quarter * 15 * 60_000));
            for symbol in symbols {
                let bar = of(symbol);
                let low_first = bar.open - bar.low <= bar.high - bar.open;
                let (near, far) = if low_first { (bar.low, bar.high) } else { (bar.high, bar.low) };
                live.price(symbol, [bar.open, near, far, bar.close][quarter as usize]);
            }
        }
        live.advance(of(symbols[0]).at + HOUR);
        for symbol in symbols {
            live.tell(&Event::BarClosed { symbol, bar: of(symbol) });
        }
    }
    let mut deeds = Deeds::default();
    let sent = std::mem::take(&mut live.fates_mut().commands);
    drop(live);
    sent.iter().for_each(|(now, command)| deeds.command(*now, command));
    notices.iter().for_each(|(now, notice)| deeds.notice(*now, notice));
    deeds
}

/// The first symbol does something else, the second decides the same.
fn affects_only_its_symbol(name: &str, params: &Params, changed: Params, driven: Driven) {
    let mut config = small::config(params);
    let before = run(&config, driven);
    assert!(before.both_act(), "{name} {driven:?}: nothing happens");
    config.books[0].symbols[0].params = changed;
    let after = run(&config, driven);
    assert_ne!(before.all[0], after.all[0], "{name} {driven:?} has no effect");
    assert_eq!(before.decisions[1], after.decisions[1], "{name} {driven:?} leaks");
}

type GridChange = (&'static str, fn(&mut GridParams));

/// One line for every field.
fn grid_keys(params: &GridParams) -> Vec<GridChange> {
    let GridParams {
        ma_period: _,
        atr_period: _,
        atr_multiplier_start: _,
        atr_multiplier_step: _,
        levels: _,
        stop_loss: _,
        sides: _,
        leverage: _,
        max_hold_bars: _,
        cooldown_bars: _,
        min_grid_spacing_pct: _,
        min_profit: _,
        min_atr_pct: _,
        trend: _,
    } = params;
    vec![
        ("ma_period", |p| p.ma_period = 14),
        ("atr_period", |p| p.atr_period = 20),
        ("atr_multiplier_start", |p| p.atr_multiplier_start = 1.2),
        ("atr_multiplier_step", |p| p.atr_multiplier_step = 0.7),
        ("levels", |p| p.levels = 2),
        ("stop_loss", |p| p.stop_loss = Fraction::percent(3)),
        ("sides", |p| p.sides = Sides { long: false, short: true }),
        ("leverage", |p| p.leverage = 2),
        ("max_hold_bars", |p| p.max_hold_bars = 2),
        ("cooldown_bars", |p| p.cooldown_bars = 8),
        ("min_grid_spacing_pct", |p| p.min_grid_spacing_pct = 2.5),
        ("min_profit", |p| p.min_profit = Fraction::percent(3)),
        ("min_atr_pct", |p| p.min_atr_pct = 1.5),
    ]
}

#[test]
fn every_grid_parameter_is_effective_for_its_symbol_alone() {
    for (name, change) in grid_keys(&small::grid()) {
        for driven in BOTH {
            let mut changed = small::grid();
            change(&mut changed);
            let params = Params::Grid(small::grid());
            affects_only_its_symbol(name, &params, Params::Grid(changed), driven);
        }
    }
}

#[test]
fn every_trend_parameter_is_effective_for_its_symbol_alone() {
    let Some(TrendParams { atr_period, atr_multiplier }) = small::following().trend else {
        panic!("a trend")
    };
    let changes = [
        ("none", None),
        ("atr_period", Some(TrendParams { atr_period: atr_period + 4, atr_multiplier })),
        ("atr_multiplier", Some(TrendParams { atr_period, atr_multiplier: atr_multiplier * 2.0 })),
    ];
    for (name, trend) in changes {
        for driven in BOTH {
            let changed = GridParams { trend: trend.clone(), ..small::following() };
            let params = Params::Grid(small::following());
            affects_only_its_symbol(name, &params, Params::Grid(changed), driven);
        }
    }
}

type MonoChange = (&'static str, fn(&mut MonoParams));

fn mono_keys(params: &MonoParams) -> Vec<MonoChange> {
    let MonoParams {
        atr_period: _,
        atr_multiplier: _,
        take_profit: _,
        stop_loss: _,
        sides: _,
        leverage: _,
        cooldown_bars: _,
    } = params;
    vec![
        ("atr_period", |p| p.atr_period = 11),
        ("atr_multiplier", |p| p.atr_multiplier = 3.0),
        ("take_profit", |p| p.take_profit = Fraction::percent(2)),
        ("stop_loss", |p| p.stop_loss = Fraction::percent(1)),
        ("sides", |p| p.sides = Sides { long: true, short: false }),
        ("cooldown_bars", |p| p.cooldown_bars = 12),
    ]
}

#[test]
fn every_mono_parameter_is_effective_for_its_symbol_alone() {
    for (name, change) in mono_keys(&small::mono()) {
        for driven in BOTH {
            let mut changed = small::mono();
            change(&mut changed);
            let params = Params::Mono(small::mono());
            affects_only_its_symbol(name, &params, Params::Mono(changed), driven);
        }
    }
}

/// The leverage of a mono position is margin only: it decides what fits.
#[test]
fn the_leverage_of_a_mono_symbol_decides_whether_it_fits() {
    for driven in BOTH {
        let mut config = small::config(&Params::Mono(small::mono()));
        config.risk.max_margin_ratio = Fraction::percent(30);
        let before = run(&config, driven);
        let changed = MonoParams { leverage: 1, ..small::mono() };
        config.books[0].symbols[0].params = Params::Mono(changed);
        let after = run(&config, driven);
        let entries = |deeds: &Deeds| deeds.decisions[0].len();
        assert!(entries(&before) > 10 && entries(&after) == 0, "{driven:?}");
    }
}

// ---- what holds for all ----

/// A key that is not of a symbol: what it needs to matter, and its change.
struct Shared {
    name: &'static str,
    mono: bool,
    setting: fn(&mut EngineConfig),
    change: fn(&mut EngineConfig),
    driven: &'static [Driven],
}

const fn key(name: &'static str, change: fn(&mut EngineConfig)) -> Shared {
    Shared { name, mono: false, setting: |_| {}, change, driven: &BOTH }
}

fn with_group(count: u32, percent: i64) -> Vec<Group> {
    vec![Group {
        name: "majors".into(),
        max_same_direction: count,
        max_exposure: Fraction::percent(percent),
    }]
}

fn stops_late(config: &mut EngineConfig) {
    for chosen in &mut config.books[0].symbols {
        if let Params::Grid(params) = &mut chosen.params {
            (params.leverage, params.stop_loss) = (20, Fraction::percent(60));
        }
    }
}

fn trips(config: &mut EngineConfig) {
    config.risk.session_loss_grid = Fraction(500_000);
}

fn falls(config: &mut EngineConfig) {
    config.risk.global_loss = Fraction(1_500_000);
}

/// One line for every field, `stop_deadline` aside, which has a test of its own.
fn shared_keys(config: &EngineConfig) -> Vec<Shared> {
    let RiskConfig {
        max_margin_ratio: _,
        max_live_grids: _,
        max_concurrent_positions: _,
        min_free_margin: _,
        session_loss_grid: _,
        session_loss_mono: _,
        global_loss: _,
        global_window: _,
        max_risk_per_trade: _,
        max_loss_at_stop: _,
        on_kill: _,
        margin_mode: _,
        requote_tolerance: _,
        cold_start_bars: _,
        stop_deadline: _,
        groups: _,
    } = &config.risk;
    let Costs { maker: _, taker: _, slippage: _, stop_slippage: _, liquidation: _ } = &config.costs;
    vec![
        key("max_margin_ratio", |c| c.risk.max_margin_ratio = Fraction::percent(40)),
        key("max_live_grids", |c| c.risk.max_live_grids = 1),
        key("max_concurrent_positions", |c| c.risk.max_concurrent_positions = 1),
        key("min_free_margin", |c| c.risk.min_free_margin = Fraction::percent(60)),
        key("session_loss_grid", trips),
        Shared {
            mono: true,
            ..key("session_loss_mono", |c| c.risk.session_loss_mono = Fraction(500_000))
        },
        key("global_loss", falls),
        Shared {
            setting: falls,
            ..key("global_window", |c| c.risk.global_window = Span::seconds(1))
        },
        Shared {
            mono: true,
            ..key("max_risk_per_trade", |c| c.risk.max_risk_per_trade = Fraction(500_000))
        },
        key("max_loss_at_stop", |c| c.risk.max_loss_at_stop = Some(Fraction::percent(5))),
        Shared { setting: trips, ..key("on_kill block", |c| c.risk.on_kill = OnKill::Block) },
        Shared { setting: trips, ..key("on_kill flatten", |c| c.risk.on_kill = OnKill::Flatten) },
        Shared {
            setting: stops_late,
            ..key("margin_mode", |c| c.risk.margin_mode = MarginMode::Isolated)
        },
        key("requote_tolerance", |c| c.risk.requote_tolerance = Fraction::percent(2)),
        key("cold_start_bars", |c| c.risk.cold_start_bars = 12),
        key("groups: count", |c| c.risk.groups = with_group(1, 100)),
        key("groups: exposure", |c| c.risk.groups = with_group(9, 30)),
        key("maker", |c| c.costs.maker = Fraction(10_000)),
        key("taker", |c| c.costs.taker = Fraction(90_000)),
        key("slippage", |c| c.costs.slippage = Fraction(400_000)),
        // On prices the stop meets the price itself: its slippage is the plain one.
        Shared {
            driven: &[Driven::Bars],
            ..key("stop_slippage", |c| c.costs.stop_slippage = Fraction::percent(2))
        },
        Shared {
            setting: |c| {
                stops_late(c);
                c.risk.margin_mode = MarginMode::Isolated;
            },
            ..key("liquidation", |c| c.costs.liquidation = Fraction::percent(2))
        },
        key("entry_order", |c| c.entry_order = EntryOrder::Market),
        key("capital", |c| c.books[0].capital = Cash::usdt(70_000)),
    ]
}

#[test]
fn every_shared_key_is_effective_in_every_driver() {
    let grids = small::config(&Params::Grid(small::grid()));
    for Shared { name, mono, setting, change, driven } in shared_keys(&grids) {
        for &driven in driven {
            let params =
                if mono { Params::Mono(small::mono()) } else { Params::Grid(small::grid()) };
            let mut config = small::config(&params);
            setting(&mut config);
            let before = run(&config, driven);
            assert!(before.both_act(), "{name}: nothing happens");
            change(&mut config);
            assert_ne!(before, run(&config, driven), "{name} {driven:?} has no effect");
        }
    }
}

/// It matters where a stop can be late, which it cannot on bars.
#[test]
fn the_deadline_of_a_stop_decides_when_its_position_goes() {
    let mut config = small::config(&Params::Grid(small::grid()));
    let before = on_prices_with(&config, true);
    config.risk.stop_deadline = Span::seconds(90);
    let after = on_prices_with(&config, true);
    let first = |deeds: &Deeds| {
        let close = |line: &&String| line.contains("Close");
        deeds.all[0].iter().find(close).and_then(|line| line.split(' ').next()?.parse::<i64>().ok())
    };
    let (Some(soon), Some(late)) = (first(&before), first(&after)) else { panic!("no close") };
    assert_eq!(late - soon, 85_000);
}

/// Books do not share parameters either.
#[test]
fn a_parameter_of_one_book_changes_nothing_of_another() {
    let case = |cooldown: u32| {
        let mut config = small::config(&Params::Grid(small::grid()));
        let mut other = small::config(&Params::Mono(small::mono())).books.remove(0);
        if let Params::Mono(params) = &mut other.symbols[0].params {
            params.cooldown_bars = cooldown;
        }
        config.books.push(other);
        Case {
            config,
            path: Path::Pessimistic,
            on_trip: OnTrip::Resume,
            bars: small::bars(HOURS),
            funding: vec![Vec::new(); small::SYMBOLS],
        }
    };
    let of = |case: &Case, book: BookId| {
        let mut fills = Vec::new();
        Driver::run(case, |scene: &Scene<'_>| {
            for notice in &scene.step.notices {
                if let Notice::Filled { fill, .. } = notice
                    && fill.id.book == book
                {
                    fills.push((fill.at, fill.price, fill.lots, fill.fee));
                }
            }
        });
        fills
    };
    let (one, two) = (case(0), case(12));
    assert_eq!(of(&one, BookId(0)), of(&two, BookId(0)));
    assert_ne!(of(&one, BookId(1)), of(&two, BookId(1)));
}
