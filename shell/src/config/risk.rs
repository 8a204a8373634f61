//! risk.yaml as written: limits, switches, fees and slippage, with their places.

use gardefou_core::config::{EntryOrder, MarginMode, OnKill};
use gardefou_core::money::Fraction;
use rust_decimal::Decimal;

use super::document::Node;
use super::keys;
use super::refusal::Refusals;
use super::section::{Field, Section};

/// The contents of risk.yaml.
#[derive(Clone, Debug)]
pub(super) struct RiskFile {
    pub(super) initial_capital: Field<Decimal>,
    pub(super) max_margin_ratio: Field<Fraction>,
    pub(super) max_live_grids: Field<u32>,
    pub(super) entry_order: Field<EntryOrder>,
    pub(super) requote_tolerance: Field<Fraction>,
    pub(super) cold_start_cooldown: Field<u32>,
    pub(super) stop_confirm_seconds: Field<u32>,
    pub(super) max_loss_at_stop: Option<Field<Fraction>>,
    pub(super) kill_switch: KillSwitch,
    pub(super) position: Position,
    pub(super) costs: Costs,
    pub(super) margin_mode: Field<MarginMode>,
    pub(super) min_free_margin: Field<Fraction>,
}

/// The section `kill_switch`.
#[derive(Clone, Debug)]
pub(super) struct KillSwitch {
    pub(super) session_loss_mono: Field<Fraction>,
    pub(super) session_loss_grid: Field<Fraction>,
    pub(super) global_loss: Field<Fraction>,
    pub(super) global_window: Field<u32>,
    pub(super) on_kill: Field<OnKill>,
}

/// The section `position`.
#[derive(Clone, Debug)]
pub(super) struct Position {
    pub(super) max_risk_per_trade: Field<Fraction>,
    pub(super) max_concurrent: Field<u32>,
    pub(super) default_leverage: Field<u32>,
    pub(super) max_leverage: Field<u32>,
}

/// The sections `fees` and `slippage`.
#[derive(Clone, Debug)]
pub(super) struct Costs {
    pub(super) maker: Field<Fraction>,
    pub(super) taker: Field<Fraction>,
    pub(super) liquidation: Field<Fraction>,
    pub(super) slippage: Field<Fraction>,
    pub(super) stop_slippage: Field<Fraction>,
}

impl RiskFile {
    pub(super) fn read(node: &Node, refusals: &Refusals) -> Self {
        let file = Section::open(String::new(), node, refusals);
        let margin = file.table("margin");
        let risk = Self {
            initial_capital: file.get(&keys::INITIAL_CAPITAL),
            max_margin_ratio: file.get(&keys::MAX_MARGIN_RATIO),
            max_live_grids: file.get(&keys::MAX_LIVE_GRIDS),
            entry_order: file.get(&keys::ENTRY_ORDER),
            requote_tolerance: file.get(&keys::REQUOTE_TOLERANCE),
            cold_start_cooldown: file.get(&keys::COLD_START_COOLDOWN),
            stop_confirm_seconds: file.get(&keys::STOP_CONFIRM_SECONDS),
            max_loss_at_stop: file.maybe(&keys::MAX_LOSS_AT_STOP),
            kill_switch: KillSwitch::read(file.table("kill_switch")),
            position: Position::read(file.table("position")),
            costs: Costs::read(file.table("fees"), file.table("slippage")),
            margin_mode: margin.get(&keys::MARGIN_MODE),
            min_free_margin: margin.get(&keys::MIN_FREE_MARGIN),
        };
        margin.finish();
        file.finish();
        risk
    }
}

impl KillSwitch {
    fn read(section: Section<'_>) -> Self {
        let switch = Self {
            session_loss_mono: section.get(&keys::SESSION_LOSS_MONO),
            session_loss_grid: section.get(&keys::SESSION_LOSS_GRID),
            global_loss: section.get(&keys::GLOBAL_LOSS),
            global_window: section.get(&keys::GLOBAL_WINDOW),
            on_kill: section.get(&keys::ON_KILL),
        };
        section.finish();
        switch
    }
}

impl Position {
    fn read(section: Section<'_>) -> Self {
        let position = Self {
            max_risk_per_trade: section.get(&keys::MAX_RISK_PER_TRADE),
            max_concurrent: section.get(&keys::MAX_CONCURRENT_POSITIONS),
            default_leverage: section.get(&keys::DEFAULT_LEVERAGE),
            max_leverage: section.get(&keys::MAX_LEVERAGE),
        };
        section.finish();
        position
    }
}

impl Costs {
    fn read(fees: Section<'_>, slippage: Section<'_>) -> Self {
        let costs = Self {
            maker: fees.get(&keys::MAKER),
            taker: fees.get(&keys::TAKER),
            liquidation: fees.get(&keys::LIQUIDATION),
            slippage: slippage.get(&keys::SLIPPAGE),
            stop_slippage: slippage.get(&keys::STOP_SLIPPAGE),
        };
        fees.finish();
        slippage.finish();
        costs
    }
}
