//! What the venue says of a wallet when it is asked, and what others do on it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::desk::{Order, OrderType, Position, reduces};
use super::{Desk, PriceVenue};
use crate::event::{Event, Fill, Liquidity};
use crate::ids::{BookId, OrderId, OrderKind, SymbolId};
use crate::money::{Direction, Lots, Ticks};
use crate::reconcile::{
    AccountSnapshot, Execution, HeldPosition, Listed, Maker, OpenOrder, OpenTrigger, Part,
    Settlement, SymbolSettings,
};
use crate::time::Timestamp;
use crate::venue::bars::walk::Place;

/// Records that are kept, per wallet and symbol.
const REMEMBERED: usize = 512;

/// What happened on a wallet and symbol besides the orders of its book.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Forced closes.
    pub forced: VecDeque<Fill>,
    /// Settlements.
    pub funded: VecDeque<Settlement>,
    /// Executions of somebody else.
    pub others: VecDeque<Execution>,
    /// Orders of somebody else; they rest and never fill.
    pub foreign: Vec<ForeignOrder>,
    /// The newest execution or settlement that was forgotten to make room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgotten: Option<Timestamp>,
}

impl Record {
    /// Something of this instant was forgotten.
    pub(super) fn forget(&mut self, at: Timestamp) {
        self.forgotten = self.forgotten.max(Some(at));
    }
}

/// An order of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignOrder {
    /// The exchange's number of it.
    pub number: u64,
    /// True when it buys.
    pub buys: bool,
    /// Limit price or trigger.
    pub price: Ticks,
    /// Quantity.
    pub lots: Lots,
    /// It waits for a trigger.
    pub trigger: bool,
}

/// Keeps the latest; the answer is the one that was forgotten for it.
pub(super) fn keep<T>(record: &mut VecDeque<T>, item: T) -> Option<T> {
    let forgotten = if record.len() == REMEMBERED { record.pop_front() } else { None };
    record.push_back(item);
    forgotten
}

impl PriceVenue {
    /// Answers with everything that a wallet holds at this instant; orders that are younger than
    /// the visibility lag are not in it yet.
    pub(super) fn show_account(&mut self, at: Timestamp, book: BookId, since: Timestamp) {
        if let Some(snapshot) = self.account(at, book, since) {
            self.answer(at, Event::AccountSeen(snapshot.into()));
        }
    }

    /// The same, as it is.
    #[must_use]
    pub fn account(
        &self,
        at: Timestamp,
        book: BookId,
        since: Timestamp,
    ) -> Option<AccountSnapshot> {
        let account = self.accounts.get(usize::from(book.0))?;
        let lag = self.settings.delays.visibility;
        let seen = |order: &&Order| order.made + lag <= at;
        // Older than this it may not say everything.
        let forgotten = account.desks.iter().filter_map(|desk| desk.record.forgotten).max();
        let reaches = forgotten.map_or(since, |at| since.max(Timestamp(at.0 + 1)));
        let (mut positions, mut orders, mut triggers) = (Vec::new(), Vec::new(), Vec::new());
        let (mut fills, mut funding, mut settings) = (Vec::new(), Vec::new(), Vec::new());
        for (symbol, desk) in (0..).map(|index| Listed::Symbol(SymbolId(index))).zip(&account.desks)
        {
            if let Some(Position { direction, lots, .. }) = desk.position {
                positions.push(HeldPosition { symbol, direction, lots });
            }
            for order in desk.orders.iter().filter(seen) {
                match order.kind {
                    OrderType::Limit(_) | OrderType::Market => orders.push(open(symbol, order)),
                    OrderType::Stop(trigger) => triggers.push(stop(symbol, order, trigger)),
                    OrderType::Triggered => {} // It is being executed.
                }
            }
            for order in &desk.record.foreign {
                let (maker, lots) = (Maker::Other(order.number), order.lots);
                let (buys, price) = (order.buys, order.price);
                if order.trigger {
                    let (by_mark, reduce_only) = (false, true);
                    let trigger = price;
                    let trigger =
                        OpenTrigger { symbol, maker, buys, trigger, lots, by_mark, reduce_only };
                    triggers.push(trigger);
                } else {
                    orders.push(OpenOrder { symbol, maker, price, lots, filled: Lots::ZERO });
                }
            }
            executions(&mut fills, symbol, desk, since);
            funding.extend(desk.record.funded.iter().filter(|paid| paid.at >= since));
            let Desk { leverage, margin_mode, .. } = *desk;
            settings.push(SymbolSettings { symbol, leverage, margin_mode, one_way: true });
        }
        Some(AccountSnapshot {
            book,
            at,
            lag,
            since: reaches,
            positions: Part::Known(positions),
            orders: Part::Known(orders),
            triggers: Part::Known(triggers),
            fills: Part::Known(fills),
            funding: Part::Known(funding),
            balance: Part::Known(account.balance),
            settings: Part::Known(settings),
        })
    }

    // ---- what others do ----

    /// Somebody else trades in this wallet, at market. The book is told nothing.
    pub fn trade_by_hand(
        &mut self,
        now: Timestamp,
        place: Place,
        direction: Direction,
        lots: Lots,
        price: Ticks,
    ) {
        let fee = self.notional(place.symbol, price, lots).times_up(self.costs.taker);
        let id = self.own_id(place, OrderKind::Entry, direction);
        let fill = self.next_fill();
        self.move_position(id, price, lots, fee);
        let execution = Execution {
            symbol: Listed::Symbol(place.symbol),
            maker: Maker::Other(u64::from(id.sequence)),
            buys: direction == Direction::Long,
            fill,
            at: now,
            price,
            lots,
            fee,
            liquidity: Liquidity::Taker,
        };
        if let Some(Desk { record, .. }) = self.desk_mut(place)
            && let Some(oldest) = keep(&mut record.others, execution)
        {
            record.forget(oldest.at);
        }
        self.sweep(now, place);
    }

    /// Somebody else rests an order in this wallet; the answer is its number.
    pub fn rest_by_hand(
        &mut self,
        place: Place,
        buys: bool,
        lots: Lots,
        price: Ticks,
        trigger: bool,
    ) -> u64 {
        let id = self.own_id(place, OrderKind::Entry, Direction::Long);
        let number = u64::from(id.sequence);
        if let Some(desk) = self.desk_mut(place) {
            desk.record.foreign.push(ForeignOrder { number, buys, price, lots, trigger });
        }
        number
    }

    /// Somebody else withdraws an order of theirs.
    pub fn withdraw_by_hand(&mut self, place: Place, number: u64) {
        if let Some(desk) = self.desk_mut(place) {
            desk.record.foreign.retain(|order| order.number != number);
        }
    }

    /// Somebody withdraws an order of ours. The book is told nothing.
    pub fn cancel_by_hand(&mut self, place: Place, id: OrderId) {
        if let Some(desk) = self.desk_mut(place) {
            desk.retire(id, Some(crate::event::Ended::ByExchange));
        }
    }
}

fn open(symbol: Listed, order: &Order) -> OpenOrder {
    let (price, filled) = (order.kind.price(), order.filled());
    OpenOrder { symbol, maker: Maker::Us(order.id), price, lots: order.lots, filled }
}

fn stop(symbol: Listed, order: &Order, trigger: Ticks) -> OpenTrigger {
    OpenTrigger {
        symbol,
        maker: Maker::Us(order.id),
        buys: order.id.buys(),
        trigger,
        lots: order.rest(),
        by_mark: true,
        reduce_only: reduces(order.id),
    }
}

/// Executions of a desk since an instant, oldest first.
fn executions(fills: &mut Vec<Execution>, symbol: Listed, desk: &Desk, since: Timestamp) {
    let own = |fill: &Fill, maker: Maker| Execution {
        symbol,
        maker,
        buys: if maker == Maker::Exchange {
            fill.id.direction == Direction::Short
        } else {
            fill.id.buys()
        },
        fill: fill.fill,
        at: fill.at,
        price: fill.price,
        lots: fill.lots,
        fee: fill.fee,
        liquidity: fill.liquidity,
    };
    let ended = desk.ended.iter().chain(&desk.orders).flat_map(|order| &order.fills);
    let from = fills.len();
    fills.extend(ended.map(|fill| own(fill, Maker::Us(fill.id))));
    fills.extend(desk.record.forced.iter().map(|fill| own(fill, Maker::Exchange)));
    fills.extend(desk.record.others.iter().copied());
    let mut fresh = fills.split_off(from);
    fresh.retain(|fill| fill.at >= since);
    fresh.sort_by_key(|fill| (fill.at, fill.fill));
    fills.extend(fresh);
}
