//! Answers of a daemon as a person reads them.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use gardefou_core::time::Timestamp;
use rust_decimal::Decimal;

use crate::control::answers::{
    BookStatus, Changed, Order, OrderKind, OrderState, Orders, Position, Positions, ReadinessKind,
    Side, Source, Status, StoreStatus, SwitchKind, SymbolStatus,
};
use crate::report::words::{self, money, signed};
use crate::text;

/// A line under the heading and nothing else.
const RULED: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// What stands where nothing is.
const NONE: &str = "–";

fn table(columns: &[&str], right: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(RULED).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns);
    for &column in right {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn finish(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn instant(ms: i64) -> String {
    text::instant(Timestamp(ms))
}

fn head(source: Source, at: i64) -> String {
    match source {
        Source::Daemon => format!("{} UTC\n", instant(at).replace('Z', "")),
        Source::Checkpoint => format!(
            "NO DAEMON RUNS HERE. Its last checkpoint, of {}; what happened since is not in it.\n",
            instant(at)
        ),
    }
}

/// `status`.
pub fn status(status: &Status) -> String {
    let mut out = head(status.source, status.at);
    let mut books = table(
        &["book", "mode", "equity", "free", "reserved", "unrealised", "open", "entries"],
        &[2, 3, 4, 5, 6],
    );
    for book in &status.books {
        books.add_row([
            book.book.clone(),
            book.mode.name().to_owned(),
            money(book.equity),
            money(book.free),
            money(book.reserved),
            signed(book.unrealised),
            book.cycles.len().to_string(),
            book.entries.name().to_owned(),
        ]);
    }
    line(&mut out, "");
    out.push_str(&finish(&books));
    for book in &status.books {
        about(&mut out, book);
    }
    line(&mut out, "");
    let feed = status.feed_at.map_or_else(|| NONE.to_owned(), instant);
    line(&mut out, &format!("Newest bar closed {feed}."));
    if let Some(of) = &status.store {
        line(&mut out, &store(of));
    }
    if status.alerts_pending > 0 {
        let alerts = counted(status.alerts_pending, "alert");
        line(&mut out, &format!("{alerts} not delivered yet."));
    }
    out
}

fn counted(number: u64, noun: &str) -> String {
    words::counted(usize::try_from(number).unwrap_or(usize::MAX), noun)
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// What is not as it always is, in sentences.
fn about(out: &mut String, book: &BookStatus) {
    let mut said = Vec::new();
    for switch in &book.switches {
        let name = match switch.switch {
            SwitchKind::Session => "the session switch is",
            SwitchKind::Global => "the global switch is",
        };
        said.push(format!("{name} tripped since {}: {}", instant(switch.since), switch.reason));
    }
    if let Some(paused) = &book.paused {
        let since = instant(paused.since);
        said.push(format!("paused since {since} by {}: {}", paused.by, paused.reason));
    }
    if book.unprotected > 0 {
        said.push(format!("{} WITHOUT A CONFIRMED STOP", counted(book.unprotected, "position")));
    }
    for cycle in &book.cycles {
        let side = side(cycle.side);
        let (symbol, number, opened) = (&cycle.symbol, cycle.cycle, instant(cycle.opened));
        said.push(format!("{symbol} {side}, cycle {number}, open since {opened}"));
    }
    let waiting: Vec<String> = book.symbols.iter().filter_map(waits).collect();
    if !waiting.is_empty() {
        said.push(format!("not deciding: {}", text::list(waiting)));
    }
    for symbol in &book.symbols {
        if let Some(why) = &symbol.withheld {
            said.push(format!("no entries on {}: {why}", symbol.symbol));
        }
    }
    if said.is_empty() {
        return;
    }
    let written = write!(out, "\n{} ({})\n", book.book, book.mode.name());
    debug_assert!(written.is_ok());
    said.iter().for_each(|said| line(out, &format!("  {said}")));
}

/// A symbol that does not decide yet.
fn waits(symbol: &SymbolStatus) -> Option<String> {
    // A daemon of another version may leave the number out.
    let bars = symbol.bars.map_or_else(|| "bars".to_owned(), |bars| counted(bars.into(), "bar"));
    let why = match symbol.readiness {
        ReadinessKind::Ready => return None,
        ReadinessKind::Warming => format!("{bars} missing"),
        ReadinessKind::Cooling => format!("cold start, {bars} left"),
        ReadinessKind::Gap => "a gap".to_owned(),
    };
    Some(format!("{} ({why})", symbol.symbol))
}

fn store(store: &StoreStatus) -> String {
    let mut text = if store.degraded {
        "The store is DEGRADED, no new entries".to_owned()
    } else {
        "The store is well".to_owned()
    };
    if store.queued > 0 {
        text += &format!(", {} not written yet", counted(store.queued, "commit"));
    }
    if let Some(error) = &store.last_error {
        text += &format!("; the last attempt failed: {error}");
    }
    if store.conflicts > 0 {
        text += &format!("; {} in the ledger", counted(store.conflicts, "conflict"));
    }
    text + "."
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Long => "long",
        Side::Short => "short",
    }
}

fn maybe(price: Option<Decimal>) -> String {
    price.map_or_else(|| NONE.to_owned(), |price| price.to_string())
}

/// `positions`.
pub fn positions(positions: &Positions) -> String {
    let mut out = head(positions.source, positions.at);
    line(&mut out, "");
    if positions.positions.is_empty() {
        line(&mut out, "Nothing is held.");
        return out;
    }
    let columns = [
        "book",
        "mode",
        "symbol",
        "side",
        "quantity",
        "average",
        "last",
        "unrealised",
        "stop",
        "target",
        "protection",
        "levels",
    ];
    let mut rows = table(&columns, &[4, 5, 6, 7, 8, 9, 11]);
    positions.positions.iter().for_each(|position| {
        rows.add_row(position_row(position));
    });
    out.push_str(&finish(&rows));
    out
}

fn position_row(position: &Position) -> [String; 12] {
    [
        position.book.clone(),
        position.mode.name().to_owned(),
        position.symbol.clone(),
        side(position.side).to_owned(),
        position.quantity.to_string(),
        position.average.round_dp(6).normalize().to_string(),
        position.last.to_string(),
        signed(position.unrealised),
        maybe(position.stop),
        maybe(position.target),
        position.protection.name().to_owned(),
        format!("{} of {}", position.levels_filled, position.levels),
    ]
}

/// `orders`.
pub fn orders(orders: &Orders) -> String {
    let mut out = head(orders.source, orders.at);
    line(&mut out, "");
    if orders.orders.is_empty() {
        line(&mut out, "Nothing rests.");
        return out;
    }
    let columns = ["book", "mode", "symbol", "order", "side", "quantity", "price", "state", "id"];
    let mut rows = table(&columns, &[5, 6]);
    orders.orders.iter().for_each(|order| {
        rows.add_row(order_row(order));
    });
    out.push_str(&finish(&rows));
    out
}

fn order_row(order: &Order) -> [String; 9] {
    let kind = match order.kind {
        OrderKind::Entry => "entry",
        OrderKind::Target => "target",
        OrderKind::Stop => "stop",
        OrderKind::Close => "close",
    };
    let state = match order.state {
        OrderState::Sent => "sent",
        OrderState::Working => "working",
        OrderState::Cancelling => "cancelling",
        OrderState::InDoubt => "IN DOUBT",
        OrderState::AwaitingFills => "awaiting fills",
    };
    let level = order.level.map_or_else(String::new, |level| format!(" {level}"));
    let market = || "market".to_owned();
    [
        order.book.clone(),
        order.mode.name().to_owned(),
        order.symbol.clone(),
        format!("{kind}{level}"),
        if order.buys { "buy" } else { "sell" }.to_owned(),
        order.quantity.to_string(),
        order.price.map_or_else(market, |price| price.to_string()),
        state.to_owned(),
        order.id.clone(),
    ]
}

/// What became of a change.
pub fn changed(changed: &Changed) -> String {
    let mut out = String::new();
    if !changed.changed {
        line(&mut out, "Nothing changed:");
    }
    changed.said.iter().for_each(|said| line(&mut out, said));
    out
}
