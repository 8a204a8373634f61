//! The twin: a second, slow implementation of matching and decisions on bars.
//!
//! It is written from the contract alone and shares no code with the engine. Prices and money
//! are exact fractions, a position is the list of its fills, and average, stop, target, fees,
//! margin and equity are made from that list each time. Only indicators are arrays. What must
//! never be here: anything of the engine, any shortcut for speed.
//!
//! `types` data in and out · `number` exact arithmetic and mirroring · `series` indicators ·
//! `cycle` prices made from fills · `ladder` which entries rest · `book` wallet and bookings ·
//! `venue` one bar · `round` decisions and slots · `switch` kill switches.
//!
//! # Readings
//!
//! Where the contract can be read in two ways: the rule, the reading *taken*, the one *not*
//! taken, and why. A difference with the engine is first looked for here.
//!
//! ## Numbers (rule 0)
//!
//! | # | Taken | Not taken | Why |
//! |---|---|---|---|
//! | 1 | Every price snaps within 1e-6 (inclusive) before it rounds: levels, T, S, taker fills, liquidation | Only indicator prices | "when a price is made" names no exception |
//! | 2 | Lots are floored without snapping | Snapped as well | Only prices snap |
//! | 3 | A level that rounds to 0 is not quoted | Raw value above 0 suffices | A price of 0 cannot rest |
//! | 4 | Minimums are tested at the level's price; a level below them is left out, the others stay | No ladder at all | "below the minimum no order" is said of an order |
//! | 5 | M is held when the ladder changes side or every order is requoted at one close | Released, since no old order remains | "from nothing to quoted"; "on either side" |
//! | 6 | M of a flat symbol that loses its last order at a close is released at that close and made anew later | Kept until the cycle ends | "flat, no order remains" |
//! | 7 | M at a close uses the balance after that round's bookings | Balance at the last open | Closes are booked before slots are given |
//! | 8 | Market mode: quantity from the level's price | From the price paid | "floor(M · leverage / P)", P the level |
//! | 9 | `min_atr_pct` and `min_profit_pct` are ignored by the 4 h grid | Applied | They "do not exist" there (DECISIONS, formulas) |
//!
//! ## In force (rule 1)
//!
//! | # | Taken | Not taken | Why |
//! |---|---|---|---|
//! | 10 | `from` gates quoting: an order exists from the close whose next bar opens at or after it | Orders rest earlier and are only barred from filling | Such an order would lie on the wrong side of the market |
//! | 11 | Tolerance inclusive, of the new price, the old one being the resting price | Against the last computed price | "a resting order whose new price differs" |
//! | 12 | Market mode: an unchanged price is kept, any other is requoted | All are new at each close | "without tolerance" leaves equality |
//! | 13 | "Shallower" = lower index; the test uses the price and lots at which the order will rest | Higher price | Levels are tested in index order |
//! | 14 | A kept order that the prospective stop reaches is withdrawn | Stays until it fills | It "is not quoted" |
//! | 15 | The stop of the formed cycle uses booked prices | The in-bar prices of market mode | The bar is over |
//! | 16 | Supertrend direction exists at the first bar with an ATR, known at its close | One bar later ("last bar: no output") | Adding a bar must not change a decision |
//! | 17 | 4 h direction: undefined from the end of an incomplete bucket to the next complete one; a cycle then quotes no deeper level, and keeps target and stop | Undefined from its start | The bucket in progress is never used |
//! | 18 | After a turn of the 4 h trend, an empty side stays empty when it is not in `sides` | Other side quoted | Direction must be in `sides` |
//!
//! ## At the open (rule 2)
//!
//! | # | Taken | Not taken | Why |
//! |---|---|---|---|
//! | 19 | Funding only when settlement = open time to the millisecond; all symbols of the wallet before any match | Each with its own bar | Same instant; matters in cross margin only |
//! | 20 | A close at O still pays the funding of that O | Closed first | (a) before (b), quantity of bar t |
//! | 21 | Kept entry in a gap: limit needs O < P, market O ≤ P, whatever C(t) was | Only when C(t) ≥ P | Differs only after bars without volume |
//! | 22 | In the gap too, index order, stop in front of a level only when strictly nearer | Sorted by price | Same order unless kept prices cross |
//! | 23 | Stops at O use `slippage` in both runs | `stop_percent` in the pessimistic one | "here" in rule 4 is the stop inside the bar |
//! | 24 | A grid target is new at the open after the bar of the first fill, kept when its price equals the last one | Kept from the fill on | Nothing rested while that bar ran: T was made after it |
//! | 25 | A mono target is kept from its first open on | New there | Set from the fill price, rests since the fill |
//! | 26 | (d) and the kept target of (c) are barred in the pessimistic run by any entry of (c), for a cycle already open | Only (d) | Rule 6: any entry bars the target |
//! | 27 | (c) with O > T fills a kept target, O = T does not, nor does (d) | O = T fills | "kept: O > T"; (d) is for new or moved |
//! | 28 | The stop is tested after all of (e), not between its fills | Between | "After (c) and (e)" |
//! | 29 | Market mode at O: fill stamped with the open though the pessimistic price knows C | End of the bar | "A fill at O carries the open time" |
//! | 30 | Both sides reached by one open: longs first | Shorts first | Domain: long before short |
//!
//! ## On the path (rules 3 to 6, 9)
//!
//! | # | Taken | Not taken | Why |
//! |---|---|---|---|
//! | 31 | The in-bar price min(O,P)·(1+s) of the stop is rounded like a fill | Exact | Optimistic: it then equals the price booked |
//! | 32 | T of a fresh cycle is made from booked prices | In-bar prices | The optimistic run, alone concerned, has one price |
//! | 33 | Fresh cycle of the optimistic run: low first even if its fill was at O | High first | "Open at O" = a fill of an earlier bar |
//! | 34 | Fresh T at or below O still fills at T, maker, when H > T | Taker at O | Rule 5 knows one price |
//! | 35 | Order of extremes with both sides holds in both runs; a fill at O makes the book one-sided for the path | Optimistic picks its own | Stated after both |
//! | 36 | A cycle of the first leg may reach its target on the second (optimistic) | Never | Only "the second extreme" is excluded |
//! | 37 | Mono: rules 5 and 6 hold, so no target in the entry bar of the pessimistic run; optimistic: stop, then target in that bar | Target allowed there | Rule 9 adds, does not repeal |
//! | 38 | Mono: lots from C, exact sl/100 and the balance at the decision; entry lapses on a bar without volume; honours `sides` and `cooldown_candles` | Sized at the fill; carried over | One order, decided at C; design decision 12 |
//!
//! ## At the close (rules 7, 8, 10, switches)
//!
//! | # | Taken | Not taken | Why |
//! |---|---|---|---|
//! | 39 | Every bar counts for cooldown and age, those without volume too | Traded bars only | "bars" |
//! | 40 | A flat symbol without a bar in the round has no orders and no slot; an open cycle keeps its fills, loses its levels | Both stay | No close, no competition |
//! | 41 | Slots = `max_live_grids` − open cycles (mono cycles included; mono entries compete at distance 0, with cap, group and round-trip tests) | Grids only | One guard per wallet |
//! | 42 | A cycle about to close still counts and reserves its fills | Freed at the decision | It closes at O |
//! | 43 | Distance from the new level-0 price even when a kept order differs or level 0 is not quotable | From the resting price | "made at this close" |
//! | 44 | Round trip and group count must hold for each quoted side, else the symbol is skipped whole | Side dropped | "its ladder counts whole" |
//! | 45 | Round trip: fills at order prices and lots, fees each rounded up, entry without slippage | Slippage included | "entry fee by mode" |
//! | 46 | Group share and free margin: (reserved + this ladder) against equity at C | Against the cap's base | Design 14 |
//! | 47 | Limits count one wallet | All wallets of a mode | "Books of other strategies do not matter" |
//! | 48 | Session loss = balance at 00:00 UTC before funding and fills of that instant − balance now, so open entries' fees and funding count | Results of closed cycles | "wallet balance"; fees change it when they happen |
//! | 49 | The bar that ends at 00:00 is judged on the old day; a trip then is released 24 h later | Judged on the new day, or released at once | Its fills are before midnight; "next" is strictly later |
//! | 50 | While latched nothing is evaluated; a release takes balance (session) or window (global) as the new reference, and that round may quote | Evaluated in the round of release | "a release sets a new reference" |
//! | 51 | Global window: samples at closes with age ≤ window, plus initial capital at the first open; sum of all books | Age < window, no first sample | "the peak of a sliding 24 h window" |
//! | 52 | A trip withdraws the deeper levels of open cycles too; targets, stops and decisions go on | Only flat symbols | `cancel_entries`, every level |
//! | 53 | Trips are stamped with the close of the round | Last millisecond of the bar | The round is at the close |
//!
//! ## Liquidation (rule 11)
//!
//! | # | Taken | Not taken | Why |
//! |---|---|---|---|
//! | 54 | Its price rounds like a stop; at a tie the stop fires; a tie with a level lets the level go first | Liquidation first | It is an event of the same walk |
//! | 55 | Fill at min(O, price)·(1−s) with `slippage` in both runs; `liquidation_fee` replaces the taker fee | `stop_percent`; both fees | "with slippage and the liquidation fee" |
//! | 56 | Cross: last price of the others = C of this bar for symbols matched before (by name), C(t) for those after | C(t) for all | "their last price", bars arriving by name |
//! | 57 | Cross: the others close at their last price, stamped like the trigger; their bar is over; orders of flat symbols stay | All orders withdrawn | "every position is closed" |
//! | 58 | Maintenance on notional at the price of the moment; in-bar prices of market mode as for the stop | At entry cost | Mark valuation |
//!
//! ## Finer bars (rule 6)
//!
//! | # | Taken | Not taken | Why |
//! |---|---|---|---|
//! | 59 | What is new or requoted at a close is new at the open of the first finer bar only, what a finer bar makes at the open of the next | New during the whole slow bar | Rule 2 applies per fine bar |
//! | 60 | T follows P̄ from finer bar to finer bar in the slow bar of the first fill, and is fixed in later ones | Fixed from the first fill on | "a cycle that was open at O" of the slow bar; ladders stay |
//! | 61 | A close or a mono entry that meets a finer bar without volume lapses | Waits for the next finer bar | Rule 12 per fine bar, decided anew at the slow close |
//! | 62 | A symbol without finer bars opens before, and walks after, those of the others | Between them | All opens before all paths |
//!
//! Not covered: metrics, minimum history checks; bars are trusted to be contiguous.

#![allow(clippy::expect_used, reason = "a broken oracle must stop the test")]

mod book;
mod cycle;
mod ladder;
mod number;
mod round;
mod series;
mod switch;
mod types;
mod venue;

pub use types::*;

use book::Book;
use number::int;
use switch::Global;

/// Runs the whole history.
pub fn run(input: &Input) -> Output {
    let mut books: Vec<Book<'_>> = input.strategies.iter().map(|s| Book::new(input, s)).collect();
    let mut output = Output::default();
    let mut global = Global::default();
    for (n, open_ms) in open_times(input).into_iter().enumerate() {
        if n == 0 {
            global.start(open_ms, total(&books));
        }
        for book in &mut books {
            match_round(book, open_ms);
        }
        end_round(input, &mut books, &mut global, open_ms + input.timeframe_ms, &mut output);
    }
    finish(books, output)
}

/// Every open time of any symbol, once, in order.
fn open_times(input: &Input) -> Vec<i64> {
    let symbols = input.strategies.iter().flat_map(|s| &s.symbols);
    let mut times: Vec<i64> = symbols.flat_map(|s| s.bars.iter().map(|b| b.open_ms)).collect();
    times.sort_unstable();
    times.dedup();
    times
}

/// Funding of all symbols, then their opens, then their paths, each in order of name.
fn match_round(book: &mut Book<'_>, open_ms: i64) {
    switch::roll_session(book, open_ms);
    for i in 0..book.states.len() {
        let bars = &book.symbol(i).bars;
        let state = &mut book.states[i];
        state.now = bars.get(state.next).filter(|b| b.open_ms == open_ms).map(|_| state.next);
        state.next += usize::from(state.now.is_some());
    }
    for i in book.by_name.clone() {
        venue::settle(book, i);
    }
    let whole = |book: &Book<'_>, i: usize| book.fine(i).is_empty();
    for i in book.by_name.clone() {
        if whole(book, i) {
            venue::open_bar(book, i, None);
        }
    }
    let steps = (0..book.states.len()).map(|i| book.fine(i).len()).max().unwrap_or(0);
    for step in 0..steps {
        for i in book.by_name.clone() {
            if let Some(bar) = book.fine(i).get(step) {
                venue::open_bar(book, i, Some(*bar));
            }
        }
        for i in book.by_name.clone() {
            if let Some(bar) = book.fine(i).get(step) {
                venue::path_bar(book, i, Some(*bar));
            }
        }
    }
    for i in book.by_name.clone() {
        if whole(book, i) {
            venue::path_bar(book, i, None);
        }
    }
}

/// Switches of all books, then decisions and slots of each.
fn end_round(
    input: &Input,
    books: &mut [Book<'_>],
    global: &mut Global,
    now: i64,
    output: &mut Output,
) {
    for book in books.iter_mut() {
        switch::session(book, now);
        output.trips.append(&mut book.trips);
    }
    output.trips.extend(global.round(input, now, total(books)));
    for book in books {
        let blocked = global.latched() || book.latched_until.is_some();
        round::close_round(book, blocked);
    }
}

fn total(books: &[Book<'_>]) -> Q {
    books.iter().fold(int(0), |sum, book| sum + book.equity())
}

fn finish(books: Vec<Book<'_>>, mut output: Output) -> Output {
    for book in books {
        let name = book.strategy.name.clone();
        output.final_unrealised.push((name.clone(), book.unrealised()));
        output.final_balance.push((name, book.balance));
        output.fills.extend(book.fills);
        output.funding.extend(book.funding);
    }
    output.fills.sort_by(|a, b| (a.ms, &a.symbol).cmp(&(b.ms, &b.symbol)));
    output.funding.sort_by(|a, b| (a.ms, &a.symbol).cmp(&(b.ms, &b.symbol)));
    output
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests_open;
#[cfg(test)]
mod tests_path;
#[cfg(test)]
mod tests_round;
