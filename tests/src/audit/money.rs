//! initial + deposits + realised + unrealised = equity = free + reserved, on three sets of books:
//! the engine's, the venue's and the auditor's (decision 15).

use gardefou_core::config::{EngineConfig, EntryOrder};
use gardefou_core::engine::{Book, Engine};
use gardefou_core::executor::Lane;
use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::money::{Direction, Ticks};
use gardefou_core::venue::bars::BarVenue;
use gardefou_core::venue::desk::Desk;

use super::Verdict;
use super::accounts::Accounts;
use super::exact;

/// The least common multiple of 1..=20: notional / leverage is whole in units of one over it.
const WHOLE: i128 = 232_792_560;

/// After every event, whatever is in flight.
pub fn adds_up(accounts: &Accounts, engine: &Engine) -> Verdict {
    for book in engine.books() {
        let (own, wallet, standing) =
            (&accounts.wallets[usize::from(book.id.0)], &book.wallet, book.standing());
        let unrealised = accounts.unrealised(book.id);
        let equity = own.initial + own.deposits + own.realised + unrealised;
        let pairs = [
            ("initial", wallet.initial.0, own.initial),
            ("deposits", wallet.deposits.0, own.deposits),
            ("realised", wallet.realised.0, own.realised),
            ("balance", wallet.balance.0, own.initial + own.deposits + own.realised),
            ("balance standing", standing.balance.0, wallet.balance.0),
            ("unrealised", standing.unrealised.0, unrealised),
            ("equity", standing.equity.0, equity),
            ("free + reserved", standing.free.0 + standing.reserved.0, equity),
        ];
        for (what, is, should) in pairs {
            if is != should {
                return Err(format!("{} of {}: {is}, should be {should}", what, book.name));
            }
        }
        positions(accounts, book)?;
    }
    Ok(())
}

/// position = sum of fills.
fn positions(accounts: &Accounts, book: &Book) -> Verdict {
    for lane in &book.lanes {
        let engine = lane.cycle.as_ref().map(|c| (c.direction, c.basis.lots.0, c.basis.cost.0));
        let own = accounts.position(book.id, lane.symbol);
        let own = own.map(|held| (held.direction, held.lots, held.cost));
        if engine != own {
            return Err(format!(
                "{} {:?}: cycle {engine:?}, fills {own:?}",
                book.name, lane.symbol
            ));
        }
    }
    Ok(())
}

/// While nothing is in flight, the venue knows what the engine knows.
pub fn both_sides_agree(accounts: &Accounts, engine: &Engine, venue: &BarVenue) -> Verdict {
    for book in engine.books() {
        let deposits = accounts.wallets[usize::from(book.id.0)].deposits;
        let venues = venue.balance(book.id).map(|balance| balance.0 + deposits);
        if venues != Some(book.wallet.balance.0) {
            return Err(format!("{}: balance {:?} at the venue", book.name, venues));
        }
        for symbol in (0..accounts.instruments.len()).map(|index| SymbolId(index as u16)) {
            let own = accounts.position(book.id, symbol);
            let own = own.map(|held| (held.direction, held.lots, held.cost));
            let desk = venue.desk(book.id, symbol).and_then(|desk| desk.position);
            let desk = desk.map(|held| (held.direction, held.lots.0, held.cost.0));
            if own != desk {
                return Err(format!("{} {symbol:?}: {desk:?} at the venue, {own:?}", book.name));
            }
        }
    }
    Ok(())
}

/// While nothing is in flight, what is reserved is the margin of what the venue holds (and, where
/// entries are market orders, of the rungs that wait for a touch).
pub fn reserved(accounts: &Accounts, engine: &Engine, venue: &BarVenue) -> Verdict {
    for book in engine.books() {
        let total: i128 = book
            .lanes
            .iter()
            .map(|lane| margin(accounts, engine.config(), book.id, lane, venue))
            .sum();
        let (is, should) = (book.standing().reserved.0, -(-total).div_euclid(WHOLE));
        if is != should {
            return Err(format!("{} reserves {is}, the venue says {should}", book.name));
        }
    }
    Ok(())
}

/// Margin that a symbol uses, in units of 1e-8 USDT / [`WHOLE`].
pub fn margin(
    accounts: &Accounts,
    config: &EngineConfig,
    book: BookId,
    lane: &Lane,
    venue: &BarVenue,
) -> i128 {
    let Some(desk) = venue.desk(book, lane.symbol) else { return 0 };
    let sides =
        Direction::BOTH.map(|direction| side(accounts, config, (book, lane, desk), direction));
    let notional = match desk.position {
        Some(position) => position.cost.0 + sides[0] + sides[1],
        None => sides[0].max(sides[1]),
    };
    notional * (WHOLE / i128::from(lane.params.leverage()))
}

/// Notional of what one side may still buy (sell).
fn side(
    accounts: &Accounts,
    config: &EngineConfig,
    (book, lane, desk): (BookId, &Lane, &Desk),
    direction: Direction,
) -> i128 {
    let buying = direction == Direction::Long;
    let slipped = |price| exact::slipped(price, accounts.costs.slippage, buying).0;
    let worth = |price: i64, lots: i64| accounts.notional(lane.symbol, price, lots);
    let resting = desk.entries.iter().filter(|order| order.id.direction == direction);
    let resting: i128 = resting.map(|order| worth(order.price.0, order.lots.0)).sum();
    let deferred = desk.deferred.iter().filter(|order| order.id.direction == direction);
    let deferred: i128 = deferred.map(|order| worth(slipped(order.touched), order.lots.0)).sum();
    let market = desk.market.iter().filter(|o| o.preset.is_some() && o.id.direction == direction);
    let expected = slipped(Ticks(accounts.decided_at(book, lane.symbol)));
    let market: i128 = market.map(|order| worth(expected, order.lots.0)).sum();
    let waiting: i128 = match config.entry_order {
        EntryOrder::Limit => 0,
        EntryOrder::Market => lane.wanted[direction.index()]
            .iter()
            .flatten()
            .map(|rung| worth(rung.price.0, rung.lots.0))
            .sum(),
    };
    resting + deferred + market + waiting
}
