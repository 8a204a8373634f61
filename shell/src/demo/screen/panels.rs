//! The parts of the screen around the chart.

use gardefou_core::venue::bars::walk::Place;
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Palette, chart};
use crate::demo::focus;
use crate::demo::market::{Demo, HISTORY_HOURS};
use crate::demo::session::{Milestone, Pace, Session};
use crate::demo::view::{self, Row, Tone, WalletLine};
use crate::words::numbers;

/// What this is, first of all.
const TITLE: &str = " gardefou demo — generated market, simulated exchange, no money, no network ";

/// From this width on there is room for more words.
const WIDE: u16 = 110;

/// What this is, when it is and how fast it goes.
pub(super) fn header(frame: &mut Frame<'_>, area: Rect, session: &Session, palette: Palette) {
    let demo = session.demo();
    let width = usize::from(area.width);
    let mut clock = format!(
        " {} UTC  {}  seed {}  {}",
        numbers::minute(demo.now()),
        view::day(demo),
        session.seed(),
        pace(session)
    );
    if area.width >= WIDE {
        clock.push_str(&format!("   {HISTORY_HOURS} h of history loaded, indicators ready"));
    }
    let alert = matches!(session.pace(), Pace::Holding(_) | Pace::Paused);
    let style = if alert { palette.tone(Tone::Alert) } else { palette.strong() };
    let lines =
        vec![Line::styled(format!("{TITLE:<width$}"), palette.title()), Line::styled(clock, style)];
    frame.render_widget(Paragraph::new(lines), area);
}

fn pace(session: &Session) -> String {
    let speed = session.hours_per_second();
    let speed = if speed >= 10.0 { format!("{speed:.0}") } else { format!("{speed:.1}") };
    match session.pace() {
        Pace::Usual => format!("{speed} h/s"),
        Pace::Quiet => format!("{speed} h/s (no cycle open)"),
        Pace::SlowMotion => format!("{speed} h/s (first cycle: slow motion)"),
        Pace::Holding(Milestone::Cycle) => "FIRST CYCLE COMPLETE".to_owned(),
        Pace::Holding(Milestone::Stop) => "FIRST STOP HIT".to_owned(),
        Pace::Paused => "PAUSED (space goes on)".to_owned(),
    }
}

/// The symbol in focus.
pub(super) fn focus(frame: &mut Frame<'_>, area: Rect, session: &Session, palette: Palette) {
    let plot = area.width.saturating_sub(chart::LABELS + 1);
    let (place, chosen) = session.focus();
    let Some(focus) = focus::focus(session.demo(), place, usize::from(plot)) else { return };
    let mut title = vec![
        Span::styled(format!("━━ {}  ", focus.title), palette.heading()),
        Span::styled(focus.state.clone(), palette.strong()),
    ];
    if let Some((result, good)) = &focus.unrealised {
        let tone = if *good { Tone::Good } else { Tone::Bad };
        title.push(Span::styled(format!("  {result}"), palette.tone(tone)));
    }
    let choice = if chosen { "chosen by you (a: auto)" } else { "" };
    let caption = format!("  last {} h  {choice}", focus.candles.len());
    title.push(Span::styled(caption, palette.quiet()));
    let [head, body, foot] = ratatui::layout::Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(2),
    ])
    .areas(area);
    frame.render_widget(Line::from(title), head);
    chart::chart(frame.buffer_mut(), body, &focus, palette);
    let [next, afterwards] = focus.next.each_ref();
    let room = usize::from(area.width.saturating_sub(1));
    let sentence = |(text, tone): &(String, Tone)| {
        Line::styled(format!(" {}", fitted(text, room)), palette.tone(*tone))
    };
    let sentences = vec![sentence(next).patch_style(palette.strong()), sentence(afterwards)];
    frame.render_widget(Paragraph::new(sentences), foot);
}

/// Every symbol, or those nearest to action.
pub(super) fn table(
    frame: &mut Frame<'_>,
    area: Rect,
    rows: &[Row],
    focus: Place,
    palette: Palette,
) {
    let room = usize::from(area.height.saturating_sub(1));
    let wide = usize::from(area.width).saturating_sub(TABLE);
    let [open, quoted, waiting] = view::census(rows);
    let census = format!("{open} open, {quoted} quoted, {waiting} waiting");
    let head = format!(
        "  {census:<width$}{:>10}{:>13}{:>10}{:>10}",
        "Price",
        "Next level",
        "Stop",
        "Unreal.",
        width = NAMES + wide
    );
    let mut lines = vec![Line::styled(head, palette.heading())];
    let shown = shown(rows, focus, room).into_iter();
    lines.extend(shown.map(|row| table_row(row, row.place == focus, wide, palette)));
    frame.render_widget(Paragraph::new(lines), area);
}

/// Columns of symbol, strategy and state together, and of the whole table, at the least.
const NAMES: usize = 9 + 1 + 10 + 15;
const TABLE: usize = 2 + NAMES + 10 + 13 + 10 + 10;

fn table_row(row: &Row, focused: bool, wide: usize, palette: Palette) -> Line<'static> {
    let mark = if focused { '▸' } else { ' ' };
    let result = row.unrealised.map_or_else(String::new, numbers::signed_cash);
    let tone = palette.tone(row.unrealised.map_or(Tone::Plain, Tone::of));
    // The full name where there is room for it.
    let book = if wide >= 5 { row.book.as_str() } else { row.book.trim_start_matches("grid_") };
    let text = format!(
        "{mark} {:<9} {book:<names$}{:<states$}{:>10}{:>13}{:>10}",
        row.symbol,
        row.state,
        row.price,
        row.next,
        row.stop,
        names = 10 + wide.min(5),
        states = 15 + wide - wide.min(5),
    );
    let figure = Span::styled(format!("{result:>10}"), tone);
    Line::from(vec![Span::raw(text), figure]).style(palette.stage(row.stage))
}

/// All rows when they fit; otherwise those nearest to action, the one in focus among them.
fn shown(rows: &[Row], focus: Place, room: usize) -> Vec<&Row> {
    let mut chosen: Vec<(usize, &Row)> = rows.iter().enumerate().collect();
    if rows.len() > room {
        chosen.sort_by_key(|(_, row)| (row.place != focus, row.stage));
        chosen.truncate(room);
        chosen.sort_by_key(|(at, row)| (row.stage, *at));
    }
    chosen.into_iter().map(|(_, row)| row).collect()
}

/// The money of each strategy.
pub(super) fn wallets(frame: &mut Frame<'_>, area: Rect, wallets: &[WalletLine], palette: Palette) {
    let head = format!(
        "  {:<14}{:>9}{:>9}{:>9}{:>9}{:>18}  {}",
        "Wallet", "Balance", "Equity", "Reserved", "Free", "Today of limit", "Switches"
    );
    let mut lines = vec![Line::styled(head, palette.heading())];
    for wallet in wallets {
        let [balance, equity, reserved, free] = &wallet.figures;
        let (switches, tripped) = &wallet.switches;
        let tone = if *tripped { Tone::Alert } else { Tone::Quiet };
        let figures = format!("  {:<14}{balance:>9}{equity:>9}{reserved:>9}{free:>9}", wallet.book);
        lines.push(Line::from(vec![
            Span::raw(figures),
            Span::styled(format!("{:>18}", wallet.session), palette.tone(Tone::of(wallet.today))),
            Span::styled(format!("  {switches}"), palette.tone(tone)),
        ]));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// The last events.
pub(super) fn log(frame: &mut Frame<'_>, area: Rect, demo: &Demo, palette: Palette) {
    let lines = view::log(demo, usize::from(area.height)).into_iter().map(|line| {
        // On a narrow screen the table says whose symbol it is.
        let book = line.book.as_deref().filter(|_| area.width >= WIDE || line.symbol.is_none());
        let place = [book, line.symbol.as_deref()].into_iter().flatten().collect::<Vec<_>>();
        let place = format!(" {} {} ", numbers::hour(line.at), place.join(" "));
        let room = usize::from(area.width).saturating_sub(place.chars().count());
        let text = fitted(&line.text, room).to_owned();
        Line::from(vec![
            Span::styled(place, palette.quiet()),
            Span::styled(text, palette.tone(line.tone)),
        ])
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), area);
}

/// A text without what stands in brackets at its end, when it is too long with it.
fn fitted(text: &str, room: usize) -> &str {
    match text.rsplit_once(" (") {
        Some((before, _)) if text.chars().count() > room => before,
        Some(_) | None => text,
    }
}

/// What may be pressed.
pub(super) fn keys(frame: &mut Frame<'_>, area: Rect, session: &Session, palette: Palette) {
    let (began, ends) = session.demo().span();
    let done = (session.demo().now() - began).0 as f64 / ((ends - began).0.max(1)) as f64;
    let keys = " q quit  space pause  ← → symbol  a auto  + - speed";
    let bar = progress(done, usize::from(area.width).saturating_sub(keys.chars().count() + 8));
    let line = Line::styled(format!("{keys}  {bar} {:>3.0} %", 100.0 * done), palette.quiet());
    frame.render_widget(line, area);
}

fn progress(done: f64, width: usize) -> String {
    let full = ((done * width as f64) as usize).min(width);
    format!("{}{}", "━".repeat(full), "┄".repeat(width - full))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::view::Stage;
    use gardefou_core::ids::{BookId, SymbolId};

    fn row(symbol: u16, stage: Stage) -> Row {
        let text = String::new;
        Row {
            place: Place { book: BookId(0), symbol: SymbolId(symbol) },
            symbol: text(),
            book: text(),
            stage,
            state: text(),
            price: text(),
            next: text(),
            stop: text(),
            unrealised: None,
        }
    }

    #[test]
    fn a_short_table_shows_the_focus_and_what_is_nearest_to_action() {
        let stages = [Stage::Waiting, Stage::Quoted, Stage::Open, Stage::Waiting, Stage::Quoted];
        let rows: Vec<Row> = (0..).zip(stages).map(|(symbol, stage)| row(symbol, stage)).collect();
        let seen = |focus: usize, room: usize| -> Vec<u16> {
            shown(&rows, rows[focus].place, room).iter().map(|row| row.place.symbol.0).collect()
        };
        assert_eq!(seen(3, 5), [0, 1, 2, 3, 4]);
        assert_eq!(seen(3, 3), [2, 1, 3]);
        assert_eq!(seen(2, 2), [2, 1]);
    }
}
