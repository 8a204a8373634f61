//! What a wallet can carry: equity, margin used, and the price at which it is liquidated.

use super::desk::{Account, Desk, Order, OrderType, Position, reduces};
use super::{Market, PriceVenue};
use crate::config::MarginMode;
use crate::ids::SymbolId;
use crate::money::{Cash, Direction, Lots, Margin, SCALE, Ticks};
use crate::venue::bars::walk::Place;
use crate::venue::liquidation::{Backing, Exposure};

/// What an order would add to one side of a symbol.
#[derive(Clone, Copy)]
pub(super) struct Adding {
    pub symbol: SymbolId,
    pub direction: Direction,
    pub notional: Cash,
}

impl PriceVenue {
    pub(super) fn notional(&self, symbol: SymbolId, price: Ticks, lots: Lots) -> Cash {
        self.market(symbol).map_or(Cash::ZERO, |market| market.rules.notional(price, lots))
    }

    /// Unrealised result of a position at the mark price.
    pub(super) fn unrealised(&self, symbol: SymbolId, position: &Position) -> Cash {
        let Some(seen) = self.market(symbol).and_then(|market| market.seen) else {
            return Cash::ZERO;
        };
        let worth = self.notional(symbol, seen.mark, position.lots);
        Cash((worth - position.cost).0 * i128::from(position.direction.sign()))
    }

    /// Balance and unrealised results.
    #[must_use]
    pub fn equity(&self, account: &Account) -> Cash {
        let open = desks(account).filter_map(|(symbol, desk)| {
            desk.position.map(|position| self.unrealised(symbol, &position))
        });
        account.balance + open.sum()
    }

    /// Margin of positions at entry cost and of resting entries, and of an order that `adds` to
    /// one side of a symbol; of two sides the larger.
    pub(super) fn margin_used(&self, account: &Account, adds: Adding) -> Margin {
        desks(account).map(|(symbol, desk)| self.desk_margin(symbol, desk, adds)).sum()
    }

    fn desk_margin(&self, symbol: SymbolId, desk: &Desk, adds: Adding) -> Margin {
        let quoted = |direction: Direction| -> Cash {
            let added = adds.symbol == symbol && adds.direction == direction;
            let entries = desk.orders.iter().filter(|order| !reduces(order.id));
            let resting = entries.filter(|order| order.id.direction == direction);
            let resting: Cash = resting.map(|order| self.quoted(symbol, order)).sum();
            if added { resting + adds.notional } else { resting }
        };
        let [long, short] = Direction::BOTH.map(quoted);
        let notional = match desk.position {
            None => long.max(short),
            Some(Position { direction: Direction::Long, cost, .. }) => cost + long,
            Some(Position { direction: Direction::Short, cost, .. }) => cost + short,
        };
        Margin::of(notional, desk.leverage)
    }

    /// What an entry would be worth if its rest filled now.
    fn quoted(&self, symbol: SymbolId, order: &Order) -> Cash {
        let seen = self.market(symbol).and_then(|market| market.seen);
        let price = match order.kind {
            OrderType::Limit(price) => price,
            OrderType::Market => seen.map_or(Ticks::ZERO, |seen| seen.last),
            OrderType::Stop(_) | OrderType::Triggered => Ticks::ZERO,
        };
        self.notional(symbol, price, order.rest())
    }

    /// The mark price at or beyond which a position is liquidated while the other symbols stay
    /// where they are; none when that cannot happen.
    #[must_use]
    pub fn liquidation_price(&self, place: Place) -> Option<Ticks> {
        let account = self.accounts.get(usize::from(place.book.0))?;
        let desk = self.desk(place)?;
        let position = desk.position?;
        let rules = self.market(place.symbol)?.rules;
        let Position { direction, lots, cost, .. } = position;
        let (value, maintenance) = (rules.value, rules.maintenance);
        let exposure = Exposure { direction, cost, lots, value, maintenance };
        exposure.liquidation(&match desk.margin_mode {
            MarginMode::Isolated => Backing::Isolated(desk.leverage),
            MarginMode::Cross => {
                let (funds, others) = self.shared(account, place.symbol);
                Backing::Cross { funds, others }
            }
        })
    }

    /// What all cross positions of a wallet share, and the maintenance of those other than
    /// `symbol`, times 1e8. Isolated positions keep their own margin to themselves.
    fn shared(&self, account: &Account, symbol: SymbolId) -> (i128, i128) {
        let scale = i128::from(SCALE);
        let (mut backing, mut maintenance) = (account.balance.0 * scale, 0);
        for (other, desk) in desks(account) {
            let Some(position) = desk.position.filter(|_| other != symbol) else { continue };
            match desk.margin_mode {
                MarginMode::Isolated => backing -= own_margin(desk, &position),
                MarginMode::Cross => {
                    backing += self.unrealised(other, &position).0 * scale;
                    maintenance += self.market(other).map_or(0, |market| upkeep(market, &position));
                }
            }
        }
        (backing, maintenance)
    }
}

/// Maintenance margin of a position at the mark price, times 1e8.
fn upkeep(market: &Market, position: &Position) -> i128 {
    let mark = market.seen.map_or(Ticks::ZERO, |seen| seen.mark);
    market.rules.notional(mark, position.lots).0 * i128::from(market.rules.maintenance.0)
}

/// Margin of an isolated position, times 1e8.
fn own_margin(desk: &Desk, position: &Position) -> i128 {
    position.cost.0 * i128::from(SCALE) / i128::from(desk.leverage.max(1))
}

/// The desks of a wallet with their symbols.
fn desks(account: &Account) -> impl Iterator<Item = (SymbolId, &Desk)> {
    account.desks.iter().enumerate().map(|(index, desk)| (SymbolId(index as u16), desk))
}
