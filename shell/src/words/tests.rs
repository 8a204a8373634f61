//! Every sentence once, as a person would review them.

use std::collections::BTreeMap;

use gardefou_core::config::{EngineConfig, Facts, Mode};
use gardefou_core::event::{Fill, Liquidity, Reject};
use gardefou_core::ids::{BookId, FillId, OrderId, OrderKind, SymbolId};
use gardefou_core::money::{Cash, Direction, Fraction, Lots, Ticks};
use gardefou_core::notice::Exposed;
use gardefou_core::notice::{Anomaly, CycleResult, FillReason, Notice, Readiness, Switch};
use gardefou_core::reconcile::{
    Action, BalanceDiffers, Failure, Finding, Listed, PartName, Plan, SymbolPlan, Withheld, Wrong,
};
use gardefou_core::risk::Refusal;
use gardefou_core::risk::switches::{Cause, Pause};
use gardefou_core::time::{Span, Timestamp};

use super::{notice, refusal, refusal_short, remedy};
use crate::config::{Selection, load_from, shipped};

fn config() -> EngineConfig {
    let settings = load_from(&shipped(), &BTreeMap::new()).unwrap();
    let symbols = Some(vec!["BTCUSDT".parse().unwrap(), "ETHUSDT".parse().unwrap()]);
    let selection = Selection { symbols, ..Selection::everything(Mode::Paper, Facts::WithBars) };
    settings.engine(&selection, &BTreeMap::new()).unwrap()
}

fn refusals() -> [Refusal; Refusal::KINDS] {
    let (a, b) = (Cash::usdt(1_012), Cash(98_760_000_000));
    [
        Refusal::BelowMinimum,
        Refusal::ColdStart { bars: 3 },
        Refusal::Cooldown { bars: 1 },
        Refusal::CorrelationExposure { needed: a, limit: b },
        Refusal::CorrelationGroup { open: 2, limit: 2 },
        Refusal::Disarmed,
        Refusal::FreeMargin { free: b, floor: a },
        Refusal::KillSwitch,
        Refusal::LossAtStop { loss: a, limit: b },
        Refusal::MarginGuard { needed: a, cap: b },
        Refusal::MaxConcurrentPositions { limit: 15 },
        Refusal::MaxLiveGrids { limit: 4 },
        Refusal::NoSignal,
        Refusal::NotReady,
        Refusal::Paused,
        Refusal::RoundTrip { gain: Cash(12_000_000), fees: Cash(34_000_000) },
        Refusal::Unprotected,
        Refusal::Unreconciled { why: Withheld::Foreign },
        Refusal::Volatility { atr: Fraction(412_345) },
    ]
}

fn fill(kind: OrderKind, level: u8) -> Fill {
    let id = OrderId {
        book: BookId(0),
        symbol: SymbolId(0),
        epoch: 1,
        sequence: 7,
        kind,
        direction: Direction::Long,
        level,
    };
    Fill {
        id,
        fill: FillId(9),
        at: Timestamp(0),
        price: Ticks(588_000),
        lots: Lots(121),
        fee: Cash(14_229_600),
        liquidity: if kind == OrderKind::Entry { Liquidity::Maker } else { Liquidity::Taker },
    }
}

fn result(net: i128, reason: FillReason) -> CycleResult {
    CycleResult {
        book: BookId(0),
        symbol: SymbolId(0),
        cycle: 3,
        direction: Direction::Long,
        opened: Timestamp(0),
        closed: Timestamp(0) + Span::hours(29),
        reason,
        lots: Lots(121),
        entry_notional: Cash::usdt(711),
        exit_notional: Cash::usdt(715),
        levels: 2,
        gross: Cash(net + 28_000_000),
        fees: Cash(30_000_000),
        funding: Cash(2_000_000),
        net: Cash(net),
    }
}

fn notices() -> Vec<Notice> {
    let (book, symbol, at) = (BookId(0), SymbolId(0), Timestamp(1_704_067_200_000));
    let (loss, limit) = (Fraction(25_123_456), Fraction::percent(25));
    let exits = [
        FillReason::Signal,
        FillReason::Target,
        FillReason::TargetAtClose,
        FillReason::Stop,
        FillReason::DirectionFlip,
        FillReason::TimeStop,
        FillReason::OppositeFill,
        FillReason::Emergency,
        FillReason::KillSwitch,
        FillReason::Liquidation,
        FillReason::Unheard,
    ];
    let funded = |amount| Notice::Funded {
        book,
        symbol,
        cycle: 3,
        at,
        rate: Fraction(12_345),
        price: Ticks(588_000),
        lots: Lots(121),
        amount,
    };
    let rejects = [
        Reject::BelowMinimum,
        Reject::Precision,
        Reject::InsufficientMargin,
        Reject::NoPosition,
        Reject::WrongSide,
        Reject::Suspended,
        Reject::UnknownOrder,
        Reject::Locked,
        Reject::Busy,
    ];
    let mut all = vec![Notice::Filled {
        fill: fill(OrderKind::Entry, 1),
        cycle: 3,
        reason: FillReason::Level,
    }];
    all.extend(exits.map(|reason| Notice::Filled {
        fill: fill(OrderKind::Close, 0),
        cycle: 3,
        reason,
    }));
    all.extend([funded(Cash(-8_800_000)), funded(Cash(8_800_000))]);
    all.push(Notice::CycleClosed(result(321_000_000, FillReason::Target)));
    all.push(Notice::CycleClosed(result(-7_112_000_000, FillReason::Stop)));
    all.push(Notice::Refused { book, symbol, refusal: Refusal::Cooldown { bars: 2 } });
    for switch in [Switch::Session(book), Switch::Global(Mode::Paper), Switch::Global(Mode::Live)] {
        all.push(Notice::SwitchTripped { switch, at, cause: Cause::Loss { loss, limit } });
    }
    let cause = Cause::Person { reason: "exchange maintenance".into() };
    all.push(Notice::SwitchTripped { switch: Switch::Session(book), at, cause });
    all.push(Notice::SwitchReleased {
        switch: Switch::Session(book),
        at,
        by: "alice".into(),
        reason: String::new(),
    });
    let (by, reason) = ("alice".to_owned(), "the venue is back".to_owned());
    let switch = Switch::Global(Mode::Live);
    all.push(Notice::SwitchReleased { switch, at, by: by.clone(), reason: reason.clone() });
    let pause = Pause { at, by: by.clone(), reason: "holidays".to_owned() };
    all.push(Notice::Paused { book, pause });
    all.push(Notice::Resumed { book, at, by, reason });
    for why in [Exposed::Unconfirmed, Exposed::NotExecuted, Exposed::NoAnswer] {
        all.push(Notice::Unprotected { book, symbol, since: at, why });
    }
    all.extend(
        [
            Anomaly::UnknownOrderFilled(fill(OrderKind::Entry, 0)),
            Anomaly::FillChanged(fill(OrderKind::Stop, 0)),
            Anomaly::TooOld { book, symbol, at },
            Anomaly::Unmatched { book, symbol, at },
            Anomaly::Dust { book, symbol, lots: Lots(1) },
            Anomaly::Gap { symbol, from: at, missing: 2 },
            Anomaly::Impossible,
            Anomaly::BrokenBar { symbol, at },
        ]
        .map(|what| Notice::Anomaly { what }),
    );
    let kinds = [OrderKind::Entry, OrderKind::Target, OrderKind::Stop, OrderKind::Close];
    all.extend(
        rejects.iter().zip(kinds.iter().cycle()).map(|(&why, &kind)| Notice::Anomaly {
            what: Anomaly::Rejected(fill(kind, 0).id, why),
        }),
    );
    let states = [
        Readiness::Warming { missing: 36 },
        Readiness::Cooling { bars: 3 },
        Readiness::Ready,
        Readiness::Gap,
    ];
    all.extend(states.map(|state| Notice::Readiness { book, symbol, state }));
    all
}

#[test]
fn every_refusal_is_a_sentence() {
    let all = refusals();
    assert!(all.iter().enumerate().all(|(kind, refusal)| refusal.kind() == kind));
    let lines: Vec<String> =
        all.iter().map(|r| format!("{:<15} {}", refusal_short(r), refusal(r))).collect();
    assert!(all.iter().all(|r| refusal_short(r).chars().count() <= 15));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_notice_is_a_sentence() {
    let config = config();
    let lines: Vec<String> = notices().iter().map(|n| notice(&config, n)).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

fn findings(id: OrderId) -> Vec<Finding> {
    let (direction, lots) = (Direction::Long, Lots(121));
    let (ours, theirs) = (Lots(121), Lots(80));
    let wrongs = [Wrong::Side, Wrong::TriggerType, Wrong::NotReduceOnly, Wrong::Figures];
    let mut all = vec![
        Finding::Rebuilt { direction, lots, levels: 2 },
        Finding::EntryFilled { id, lots },
        Finding::ExitFilled { kind: OrderKind::Stop, lots },
        Finding::Closed { cycle: 3 },
        Finding::FundingMissed { settlements: 2 },
        Finding::Foreign { direction, lots },
        Finding::Mixed { ours, theirs },
        Finding::Missing { ours, theirs, times: 1 },
        Finding::Unknown { part: PartName::Fills },
        Finding::ForeignOrder { number: 7 },
        Finding::OtherWriters { id },
        Finding::StopMissing { id },
        Finding::Leftover { id },
        Finding::OrderMissing { id },
        Finding::OrderDiffers { id },
        Finding::SettingsDiverged { leverage: 3, wanted: 6, margin_mode: true, hedged: true },
        Finding::SettingsUnknown,
        Finding::NotConfigured { id: Some(id) },
        Finding::NotConfigured { id: None },
    ];
    all.extend(wrongs.map(|wrong| Finding::StopWrong { id, wrong }));
    all
}

fn actions(id: OrderId) -> Vec<Action> {
    let (price, lots) = (Ticks(588_000), Lots(121));
    let at = Timestamp(1_704_067_200_000);
    vec![
        Action::Skip { fill: (at, FillId(9)), funding: at },
        Action::AdoptStop { id, trigger: price, lots },
        Action::ReplaceStop { id },
        Action::Protect { trigger: price, lots },
        Action::Confirm { id, price, lots },
        Action::AdoptTarget { id, price, lots },
        Action::Withdraw { id },
        Action::Ask { id },
        Action::SetLeverage { leverage: 6 },
        Action::Block(Withheld::Foreign),
        Action::Unblock,
    ]
}

#[test]
fn every_comparison_is_a_sentence() {
    let config = config();
    let (book, symbol) = (BookId(0), Listed::Symbol(SymbolId(0)));
    let id = fill(OrderKind::Entry, 1).id;
    let empty = Plan::agreed(book, Timestamp(1_704_067_200_000));
    let found = |findings: Vec<Finding>, actions: Vec<Action>| Plan {
        symbols: vec![SymbolPlan { symbol, findings, actions }],
        ..empty.clone()
    };
    let mut plans = vec![empty.clone()];
    plans.extend(findings(id).into_iter().map(|finding| found(vec![finding], Vec::new())));
    plans.extend(actions(id).into_iter().map(|action| found(Vec::new(), vec![action])));
    for part in PARTS {
        plans.push(Plan { failed: vec![(part, Failure::NoAnswer)], ..empty.clone() });
    }
    plans.push(Plan { failed: vec![(PartName::Fills, Failure::Incomplete)], ..empty.clone() });
    plans.push(Plan { failed: vec![(PartName::Orders, Failure::Refused)], ..empty.clone() });
    plans.push(Plan { writer: Some(7), ..empty.clone() });
    for adopt in [true, false] {
        let balance = BalanceDiffers { ours: Cash::usdt(1_000), theirs: Cash::usdt(990), adopt };
        plans.push(Plan { balance: Some(balance), ..empty.clone() });
    }
    let lines: Vec<String> = plans.iter().map(|plan| super::plan(&config, plan)).collect();
    let distinct: std::collections::BTreeSet<&String> = lines.iter().collect();
    assert_eq!(distinct.len(), lines.len(), "{lines:#?}");
    for why in WITHHELD {
        assert!(!refusal(&Refusal::Unreconciled { why }).is_empty());
    }
}

const PARTS: [PartName; 7] = [
    PartName::Positions,
    PartName::Orders,
    PartName::Triggers,
    PartName::Fills,
    PartName::Funding,
    PartName::Balance,
    PartName::Settings,
];

const WITHHELD: [Withheld; 5] = [
    Withheld::NotCompared,
    Withheld::OtherWriter,
    Withheld::Foreign,
    Withheld::Unexplained,
    Withheld::Settings,
];

/// A rule that a person can do nothing about but wait is in this list on purpose.
#[test]
fn every_rule_says_what_to_change_or_that_only_time_helps() {
    let without: Vec<&str> =
        Refusal::NAMES.into_iter().filter(|name| remedy(name).is_none()).collect();
    assert_eq!(without, ["cold_start", "cooldown", "disarmed", "no_signal", "unprotected"]);
}
