//! What a reconciliation found and what it will do: plain data, printable before anything happens.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::snapshot::{Failure, Listed, PartName, Settlement};
use crate::event::Fill;
use crate::ids::{BookId, FillId, OrderId, OrderKind, SymbolId};
use crate::money::{Cash, Direction, Lots, Ticks};
use crate::time::Timestamp;

/// The outcome of comparing a book with one snapshot. Symbols on which both sides agree are not in
/// it: agreement is silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which book.
    pub book: BookId,
    /// The instant of the snapshot.
    pub at: Timestamp,
    /// Parts that are missing; nothing is concluded from them.
    pub failed: Vec<(PartName, Failure)>,
    /// Another instance writes under our prefix: its epoch. Entries stop (decision 21).
    pub writer: Option<u32>,
    /// The balances differ.
    pub balance: Option<BalanceDiffers>,
    /// By symbol, ours first and in their order.
    pub symbols: Vec<SymbolPlan>,
    /// Symbols on which something moved so recently that the snapshot may not show it: they are
    /// compared next time.
    pub moving: Vec<SymbolId>,
}

/// One symbol of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SymbolPlan {
    /// Which symbol.
    pub symbol: Listed,
    /// In what the two sides differ.
    pub findings: Vec<Finding>,
    /// What follows, in this order.
    pub actions: Vec<Action>,
}

/// The wallet's balance here and there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceDiffers {
    /// What the book's facts add up to.
    pub ours: Cash,
    /// What the exchange says.
    pub theirs: Cash,
    /// The difference is taken over as a deposit: the book has no history of its own. Otherwise it
    /// is only told.
    pub adopt: bool,
}

impl BalanceDiffers {
    /// Which of the two is larger, and by how many binary digits: what a difference is told by. It
    /// changes a little with every fee, and twice as much is news.
    fn gist(self) -> Self {
        let apart = i128::from(i128::BITS - self.ours.0.abs_diff(self.theirs.0).leading_zeros());
        let digits = |is: bool| if is { Cash(apart) } else { Cash::ZERO };
        let (ours, theirs) = (digits(self.ours > self.theirs), digits(self.theirs > self.ours));
        Self { ours, theirs, ..self }
    }
}

/// In what the two sides differ on one symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The exchange holds what our orders bought and the book has no record of: it is rebuilt.
    Rebuilt {
        /// Long or short.
        direction: Direction,
        /// How much is held.
        lots: Lots,
        /// Levels that filled.
        levels: u8,
    },
    /// An entry filled that was not told.
    EntryFilled {
        /// Which order.
        id: OrderId,
        /// How much.
        lots: Lots,
    },
    /// An exit executed that was not told.
    ExitFilled {
        /// Stop, target or close; a forced close counts as the last.
        kind: OrderKind,
        /// How much.
        lots: Lots,
    },
    /// The cycle ended and nobody was told: its result is booked from its fills.
    Closed {
        /// Number of the cycle.
        cycle: u32,
    },
    /// Funding was settled that was not told.
    FundingMissed {
        /// How many settlements.
        settlements: u32,
    },
    /// Somebody else's position. It is left alone; no entries here.
    Foreign {
        /// Long or short.
        direction: Direction,
        /// How much.
        lots: Lots,
    },
    /// Ours and somebody else's in one position. Ours is managed; no entries here.
    Mixed {
        /// What our fills add up to, above zero for a long.
        ours: Lots,
        /// What the exchange holds.
        theirs: Lots,
    },
    /// The exchange holds less than our fills add up to, and no fill explains it. Nothing is
    /// booked and nothing removed; it is asked again.
    Missing {
        /// What our fills add up to, above zero for a long.
        ours: Lots,
        /// What the exchange holds.
        theirs: Lots,
        /// How many answers have said so, this one included.
        times: u8,
    },
    /// Something differs that only a part could explain which failed.
    Unknown {
        /// Which part.
        part: PartName,
    },
    /// Somebody else's order. It is left alone; no entries here.
    ForeignOrder {
        /// The exchange's number of it.
        number: u64,
    },
    /// An order of another instance under our prefix. It is left alone.
    OtherWriters {
        /// Which order.
        id: OrderId,
    },
    /// A stop that was believed in is not there.
    StopMissing {
        /// Which stop.
        id: OrderId,
    },
    /// A stop of ours is not what it must be.
    StopWrong {
        /// Which stop.
        id: OrderId,
        /// In what.
        wrong: Wrong,
    },
    /// An order of ours without a place here.
    Leftover {
        /// Which order.
        id: OrderId,
    },
    /// An order that is believed to rest is not there: it is asked for.
    OrderMissing {
        /// Which order.
        id: OrderId,
    },
    /// An order stands with other figures, or has an answer that was not told.
    OrderDiffers {
        /// Which order.
        id: OrderId,
    },
    /// The exchange has other settings than the configuration: no entries here until it has not.
    SettingsDiverged {
        /// Leverage at the exchange.
        leverage: u32,
        /// Leverage of the configuration.
        wanted: u32,
        /// The margin mode is another.
        margin_mode: bool,
        /// Long and short are held side by side.
        hedged: bool,
    },
    /// The exchange did not list the settings of this symbol.
    SettingsUnknown,
    /// Something of ours on a symbol that the book does not run (any more).
    NotConfigured {
        /// The order; none for a position.
        id: Option<OrderId>,
    },
}

/// What is wrong with a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    /// It would add to the position.
    Side,
    /// The last price triggers it, not the mark price.
    TriggerType,
    /// It could open a position.
    NotReduceOnly,
    /// Price or quantity.
    Figures,
}

/// Why a symbol, or a whole book, takes no entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// The account has not been compared since the connection was made.
    NotCompared,
    /// Another instance writes under our prefix.
    OtherWriter,
    /// Somebody else's position or order on the symbol.
    Foreign,
    /// The exchange does not hold what our fills say, or could not be asked.
    Unexplained,
    /// The exchange's leverage or modes are not those of the configuration.
    Settings,
}

/// What follows from a finding. Applied through the executor, which decides on the commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Executions and settlements up to here are history that is not booked.
    Skip {
        /// The last execution that is skipped.
        fill: (Timestamp, FillId),
        /// The last settlement that is skipped.
        funding: Timestamp,
    },
    /// A stop that is not there is not believed in any more.
    DropStop {
        /// Which stop.
        id: OrderId,
    },
    /// A stop of ours takes its place.
    AdoptStop {
        /// Which stop.
        id: OrderId,
        /// Its trigger.
        trigger: Ticks,
        /// Its quantity.
        lots: Lots,
    },
    /// A stop of ours that cannot stay leaves as soon as another one covers the position.
    ReplaceStop {
        /// Which stop.
        id: OrderId,
    },
    /// An execution is booked.
    Book(Fill),
    /// A forced close is booked.
    BookForced(Fill),
    /// A settlement is booked.
    Fund(Settlement),
    /// The stop is made right.
    Protect {
        /// The trigger that it needs.
        trigger: Ticks,
        /// The quantity that it needs.
        lots: Lots,
    },
    /// An order works, with these figures.
    Confirm {
        /// Which order.
        id: OrderId,
        /// Its price.
        price: Ticks,
        /// What is left of it.
        lots: Lots,
    },
    /// A target of ours takes its place.
    AdoptTarget {
        /// Which order.
        id: OrderId,
        /// Its price.
        price: Ticks,
        /// What is left of it.
        lots: Lots,
    },
    /// An order of ours is withdrawn.
    Withdraw {
        /// Which order.
        id: OrderId,
    },
    /// An order is asked for.
    Ask {
        /// Which order.
        id: OrderId,
    },
    /// Leverage is set; the symbol is flat and without orders.
    SetLeverage {
        /// To this.
        leverage: u32,
    },
    /// No entries here until a comparison says otherwise.
    Block(Withheld),
    /// Entries are allowed again.
    Unblock,
}

impl Action {
    /// When what is booked happened; none where nothing is booked.
    #[must_use]
    pub fn happened(&self) -> Option<Timestamp> {
        match self {
            Self::Book(fill) | Self::BookForced(fill) => Some(fill.at),
            Self::Fund(paid) => Some(paid.at),
            Self::Skip { .. }
            | Self::DropStop { .. }
            | Self::AdoptStop { .. }
            | Self::ReplaceStop { .. }
            | Self::Protect { .. }
            | Self::Confirm { .. }
            | Self::AdoptTarget { .. }
            | Self::Withdraw { .. }
            | Self::Ask { .. }
            | Self::SetLeverage { .. }
            | Self::Block(_)
            | Self::Unblock => None,
        }
    }
}

impl Plan {
    /// A plan in which both sides agree.
    #[must_use]
    pub fn agreed(book: BookId, at: Timestamp) -> Self {
        Self {
            book,
            at,
            failed: Vec::new(),
            writer: None,
            balance: None,
            symbols: Vec::new(),
            moving: Vec::new(),
        }
    }

    /// True when there is nothing to tell and nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.failed.is_empty()
            && self.writer.is_none()
            && self.balance.is_none()
            && self.symbols.is_empty()
    }

    /// True when every part was there and every symbol could be compared.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.moving.is_empty()
    }

    /// True when something is done, not only told.
    #[must_use]
    pub fn acts(&self) -> bool {
        self.symbols.iter().any(|symbol| !symbol.actions.is_empty())
    }

    /// True when an answer is not believed yet and has to be asked for again soon.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        let findings = self.symbols.iter().flat_map(|symbol| &symbol.findings);
        let mut findings = findings
            .filter(|finding| matches!(finding, Finding::Missing { .. } | Finding::Unknown { .. }));
        findings.next().is_some()
    }

    /// True when the other plan says the same of the two sides, whatever its instant.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.gist() == other.gist()
    }

    /// True when the other plan does the same, too.
    #[must_use]
    pub fn does_the_same(&self, other: &Self) -> bool {
        let gists = |plan: &Self| -> Vec<SymbolPlan> {
            plan.symbols.iter().map(SymbolPlan::gist_and_actions).collect()
        };
        gists(self) == gists(other)
    }

    /// What is said, without figures that move by themselves.
    fn gist(&self) -> Self {
        Self {
            at: Timestamp(0),
            moving: Vec::new(),
            symbols: self.symbols.iter().map(SymbolPlan::gist).collect(),
            balance: self.balance.map(BalanceDiffers::gist),
            ..self.clone()
        }
    }

    /// True when it says of the balance what the other one said, and nothing else.
    pub(crate) fn repeats_the_balance_of(&self, other: &Self) -> bool {
        let gist = |plan: &Self| plan.balance.map(BalanceDiffers::gist);
        let alone = Self { balance: None, ..self.clone() };
        alone.is_empty() && self.balance.is_some() && gist(self) == gist(other)
    }
}

impl SymbolPlan {
    /// The same without what counts up, without actions, and without telling one order from its
    /// successor: an attempt that fails as the last one did is no news.
    fn gist(&self) -> Self {
        let mut findings = self.findings.clone();
        for finding in &mut findings {
            match finding {
                Finding::Missing { times, .. } => *times = (*times).min(CONFIRMATIONS),
                Finding::OrderMissing { id }
                | Finding::OrderDiffers { id }
                | Finding::StopMissing { id }
                | Finding::StopWrong { id, .. }
                | Finding::Leftover { id } => *id = any(*id),
                Finding::Rebuilt { .. }
                | Finding::EntryFilled { .. }
                | Finding::ExitFilled { .. }
                | Finding::Closed { .. }
                | Finding::FundingMissed { .. }
                | Finding::Foreign { .. }
                | Finding::Mixed { .. }
                | Finding::Unknown { .. }
                | Finding::ForeignOrder { .. }
                | Finding::OtherWriters { .. }
                | Finding::SettingsDiverged { .. }
                | Finding::SettingsUnknown
                | Finding::NotConfigured { .. } => {}
            }
        }
        Self { symbol: self.symbol, findings, actions: Vec::new() }
    }

    /// The same with what is done about orders in place of the gist's none.
    fn gist_and_actions(&self) -> Self {
        let mut gist = self.gist();
        gist.actions.clone_from(&self.actions);
        for action in &mut gist.actions {
            if let Action::Ask { id } | Action::Withdraw { id } = action {
                *id = any(*id);
            }
        }
        gist
    }
}

/// Any order of this kind, side and level.
fn any(id: OrderId) -> OrderId {
    OrderId { epoch: 0, sequence: 0, ..id }
}

/// Answers in a row that contradict what is known before one of them is believed: the first, and
/// two that confirm it.
pub const CONFIRMATIONS: u8 = 3;
