//! Draws a session: what this is, the symbol in focus with its chart, every symbol, the wallets,
//! the last events. Only drawing; every word comes from the view-model.

mod chart;
mod palette;
mod panels;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::session::Session;
use super::view;
pub use palette::Palette;

/// The smallest terminal that shows everything.
pub const LEAST: (u16, u16) = (80, 24);

/// Rows of the parts that do not grow: header, focus title, two sentences, table head, wallet
/// head, keys.
const FIXED: u16 = 2 + 1 + 2 + 1 + 1 + 1;
/// Rows of chart, table and log on the smallest terminal.
const GROWING: [u16; 3] = [7, 4, 3];

/// Draws one frame.
pub fn draw(frame: &mut Frame<'_>, session: &Session, palette: Palette) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        return too_small(frame, area);
    }
    let demo = session.demo();
    let rows = view::rows(demo);
    let wallets = view::wallets(demo);
    let count = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
    let [chart, table, log] = heights(area.height, count(rows.len()), count(wallets.len()));
    let [head, focus, table, wallet, log, keys] = Layout::vertical([
        Constraint::Length(2),
        Constraint::Length(1 + chart + 2),
        Constraint::Length(1 + table),
        Constraint::Length(1 + count(wallets.len())),
        Constraint::Length(log),
        Constraint::Length(1),
    ])
    .areas(area);
    panels::header(frame, head, session, palette);
    panels::focus(frame, focus, session, palette);
    panels::table(frame, table, &rows, session.focus().0, palette);
    panels::wallets(frame, wallet, &wallets, palette);
    panels::log(frame, log, demo, palette);
    panels::keys(frame, keys, session, palette);
}

/// Rows of chart, table and log: a larger terminal shows more symbols, then a taller chart and a
/// longer log.
fn heights(height: u16, symbols: u16, wallets: u16) -> [u16; 3] {
    let [chart, table, log] = GROWING;
    let least = FIXED + wallets + chart + table + log;
    let spare = height.saturating_sub(least);
    let more_rows = (spare / 2).min(symbols.saturating_sub(table));
    let more_chart = (spare - more_rows) * 3 / 5;
    let more_log = spare - more_rows - more_chart;
    [chart + more_chart, table + more_rows, log + more_log]
}

fn too_small(frame: &mut Frame<'_>, area: Rect) {
    let lines = vec![
        Line::from("gardefou demo"),
        Line::from(format!("This terminal is {} x {}.", area.width, area.height)),
        Line::from(format!("The demo needs {} x {}:", LEAST.0, LEAST.1)),
        Line::from("enlarge it, or press q and use --plain."),
    ];
    frame.render_widget(Paragraph::new(lines), area);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_height_is_used_to_the_last_row() {
        for height in 24..200 {
            for wallets in 1..=2 {
                let [chart, table, log] = heights(height, 18, wallets);
                assert!(chart >= 7 && table >= 4 && log >= 3);
                let used = FIXED + wallets + chart + table + log;
                assert!(used <= height, "{height}: {used}");
                assert!(used == height || height < 26, "{height}: {used}");
            }
        }
    }
}
