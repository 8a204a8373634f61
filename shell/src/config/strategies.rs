//! strategies.yaml as written: per strategy its parameters and, per symbol, the parameters with
//! the overrides applied. Precedence: override, then strategy, then default.

use gardefou_core::config::Sides;
use gardefou_core::ids::SymbolName;
use gardefou_core::money::Fraction;
use gardefou_core::time::Timeframe;

use super::document::{Node, shown};
use super::keys::{self, PER_ASSET};
use super::refusal::{Place, Refusals};
use super::risk::RiskFile;
use super::rule::symbol;
use super::section::{Field, Section, nearest};

/// The strategies that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    GridAtr,
    GridMultiTf,
    Supertrend,
}

const KINDS: [(&str, Kind); 3] = [
    ("grid_atr", Kind::GridAtr),
    ("grid_multi_tf", Kind::GridMultiTf),
    ("supertrend", Kind::Supertrend),
];

/// The name of every strategy.
pub(super) fn names() -> Vec<&'static str> {
    KINDS.iter().map(|(name, _)| *name).collect()
}

/// One strategy.
#[derive(Clone, Debug)]
pub(super) struct Strategy {
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) enabled: Field<bool>,
    pub(super) live_eligible: bool,
    pub(super) timeframe: Timeframe,
    pub(super) symbols: Vec<StrategySymbol>,
}

/// One symbol of a strategy.
#[derive(Clone, Debug)]
pub(super) struct StrategySymbol {
    pub(super) symbol: SymbolName,
    pub(super) place: Place,
    pub(super) set: Set,
}

/// The resolved parameters of a symbol, with the place of each.
#[derive(Clone, Debug)]
pub(super) enum Set {
    Grid(Box<GridSet>),
    Mono(Box<MonoSet>),
}

impl Set {
    pub(super) fn leverage(&self) -> &Field<u32> {
        match self {
            Self::Grid(set) => &set.leverage,
            Self::Mono(set) => &set.leverage,
        }
    }

    pub(super) fn stop_loss(&self) -> &Field<Fraction> {
        match self {
            Self::Grid(set) => &set.stop_loss,
            Self::Mono(set) => &set.stop_loss,
        }
    }
}

/// Parameters of a grid.
#[derive(Clone, Debug)]
pub(super) struct GridSet {
    pub(super) ma_period: Field<u32>,
    pub(super) atr_period: Field<u32>,
    pub(super) atr_multiplier_start: Field<f64>,
    pub(super) atr_multiplier_step: Field<f64>,
    pub(super) num_levels: Field<u32>,
    pub(super) stop_loss: Field<Fraction>,
    pub(super) sides: Field<Sides>,
    pub(super) leverage: Field<u32>,
    pub(super) max_hold_candles: Field<u32>,
    pub(super) cooldown_candles: Field<u32>,
    pub(super) min_grid_spacing: Field<f64>,
    pub(super) filter: Filter,
}

/// What tells the two grids apart.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    /// `grid_atr`: least profit and least volatility.
    Least { min_profit: Field<Fraction>, min_atr: Field<f64> },
    /// `grid_multi_tf`: the 4 h Supertrend.
    Trend { atr_period: Field<u32>, atr_multiplier: Field<f64> },
}

/// Parameters of the mono-position strategy.
#[derive(Clone, Debug)]
pub(super) struct MonoSet {
    pub(super) atr_period: Field<u32>,
    pub(super) atr_multiplier: Field<f64>,
    pub(super) take_profit: Field<Fraction>,
    pub(super) stop_loss: Field<Fraction>,
    pub(super) sides: Field<Sides>,
    pub(super) leverage: Field<u32>,
    pub(super) cooldown_candles: Field<u32>,
}

/// Reads every strategy of the file.
pub(super) fn read(node: &Node, risk: &RiskFile, refusals: &Refusals) -> Vec<Strategy> {
    let file = Section::open(String::new(), node, refusals);
    let mut strategies = Vec::new();
    for (entry, section) in file.all() {
        match KINDS.iter().find(|(name, _)| *name == entry.key) {
            Some(&(name, kind)) => {
                strategies.push(Strategy::read(name, kind, section, risk, refusals));
            }
            None => refuse_strategy(&entry.key, &entry.place, refusals),
        }
    }
    strategies
}

fn refuse_strategy(name: &str, place: &Place, refusals: &Refusals) {
    let remedy = match nearest(name, &names()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("use one of {}", names().join(", ")),
    };
    refusals.say(place, shown(name), "not a strategy", "unknown strategies are refused", remedy);
}

impl Strategy {
    fn read(
        name: &'static str,
        kind: Kind,
        section: Section<'_>,
        risk: &RiskFile,
        refusals: &Refusals,
    ) -> Self {
        let enabled = section.get(&keys::ENABLED);
        let live_eligible = section.get(&keys::LIVE_ELIGIBLE).value;
        let timeframe = section.get(&keys::TIMEFRAME).value;
        let base = Set::read(kind, &section, None, risk);
        let mut symbols: Vec<StrategySymbol> = Vec::new();
        let remedy = "list the symbols that it may trade, such as BTC/USDT: {}";
        for (entry, below) in section.named(PER_ASSET, remedy) {
            let set = Set::read(kind, &below, Some(&base), risk);
            match symbol(&entry.key) {
                Ok(symbol) if symbols.iter().any(|known| known.symbol == symbol) => {
                    let rule = "a symbol stands once";
                    refusals.say(
                        &entry.place,
                        &below.path,
                        "written twice",
                        rule,
                        "keep one of them",
                    );
                }
                Ok(symbol) => {
                    symbols.push(StrategySymbol { symbol, place: entry.place.clone(), set });
                }
                Err(rule) => {
                    let remedy = "write it like BTC/USDT or BTCUSDT";
                    refusals.say(&entry.place, &below.path, "not a symbol", rule, remedy);
                }
            }
            below.finish();
        }
        let place = section.place.clone();
        section.finish();
        Self { name, place, enabled, live_eligible, timeframe, symbols }
    }
}

impl Set {
    /// Reads the parameters of a strategy, or of one of its symbols over `base`.
    fn read(kind: Kind, section: &Section<'_>, base: Option<&Self>, risk: &RiskFile) -> Self {
        let grid = base.and_then(|base| match base {
            Self::Grid(set) => Some(&**set),
            Self::Mono(_) => None,
        });
        let mono = base.and_then(|base| match base {
            Self::Mono(set) => Some(&**set),
            Self::Grid(_) => None,
        });
        match kind {
            Kind::GridAtr | Kind::GridMultiTf => {
                Self::Grid(Box::new(GridSet::read(kind, section, grid)))
            }
            Kind::Supertrend => Self::Mono(Box::new(MonoSet::read(section, mono, risk))),
        }
    }
}

impl GridSet {
    fn read(kind: Kind, at: &Section<'_>, base: Option<&Self>) -> Self {
        let trending = kind == Kind::GridMultiTf;
        let sides = if trending { &keys::SIDES_BOTH } else { &keys::SIDES };
        Self {
            ma_period: at.over(&keys::MA_PERIOD, base.map(|b| &b.ma_period)),
            atr_period: at.over(&keys::ATR_PERIOD, base.map(|b| &b.atr_period)),
            atr_multiplier_start: at
                .over(&keys::ATR_MULTIPLIER_START, base.map(|b| &b.atr_multiplier_start)),
            atr_multiplier_step: at
                .over(&keys::ATR_MULTIPLIER_STEP, base.map(|b| &b.atr_multiplier_step)),
            num_levels: at.over(&keys::NUM_LEVELS, base.map(|b| &b.num_levels)),
            stop_loss: at.over(&keys::SL_PERCENT, base.map(|b| &b.stop_loss)),
            sides: at.over(sides, base.map(|b| &b.sides)),
            leverage: at.over(&keys::LEVERAGE, base.map(|b| &b.leverage)),
            max_hold_candles: at.over(&keys::MAX_HOLD_CANDLES, base.map(|b| &b.max_hold_candles)),
            cooldown_candles: at.over(&keys::COOLDOWN_CANDLES, base.map(|b| &b.cooldown_candles)),
            min_grid_spacing: at.over(&keys::MIN_GRID_SPACING, base.map(|b| &b.min_grid_spacing)),
            filter: Filter::read(trending, at, base.map(|b| &b.filter)),
        }
    }
}

impl Filter {
    fn read(trending: bool, at: &Section<'_>, base: Option<&Self>) -> Self {
        let (least, trend) = match base {
            Some(Self::Least { min_profit, min_atr }) => (Some((min_profit, min_atr)), None),
            Some(Self::Trend { atr_period, atr_multiplier }) => {
                (None, Some((atr_period, atr_multiplier)))
            }
            None => (None, None),
        };
        if trending {
            Self::Trend {
                atr_period: at.over(&keys::ST_ATR_PERIOD, trend.map(|(period, _)| period)),
                atr_multiplier: at.over(&keys::ST_ATR_MULTIPLIER, trend.map(|(_, factor)| factor)),
            }
        } else {
            Self::Least {
                min_profit: at.over(&keys::MIN_PROFIT, least.map(|(profit, _)| profit)),
                min_atr: at.over(&keys::MIN_ATR, least.map(|(_, atr)| atr)),
            }
        }
    }
}

impl MonoSet {
    fn read(at: &Section<'_>, base: Option<&Self>, risk: &RiskFile) -> Self {
        let leverage = base.map_or(&risk.position.default_leverage, |b| &b.leverage);
        Self {
            atr_period: at.over(&keys::MONO_ATR_PERIOD, base.map(|b| &b.atr_period)),
            atr_multiplier: at.over(&keys::MONO_ATR_MULTIPLIER, base.map(|b| &b.atr_multiplier)),
            take_profit: at.over(&keys::MONO_TP_PERCENT, base.map(|b| &b.take_profit)),
            stop_loss: at.over(&keys::MONO_SL_PERCENT, base.map(|b| &b.stop_loss)),
            sides: at.over(&keys::SIDES_BOTH, base.map(|b| &b.sides)),
            leverage: at.over(&keys::MONO_LEVERAGE, Some(leverage)),
            cooldown_candles: at.over(&keys::MONO_COOLDOWN, base.map(|b| &b.cooldown_candles)),
        }
    }
}
