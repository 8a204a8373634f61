//! The price chart: one column per hour, two steps per row, and the prices that matter as
//! labelled lines. A line beyond the chart keeps its label at the edge.

use gardefou_core::market::Bar;
use gardefou_core::money::Ticks;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Palette;
use crate::demo::focus::{Focus, Line, LineKind, Mark};
use crate::demo::market::HOUR;

/// Columns of the labels: mark, name, price, distance. The smallest screen has room for 48 hours.
pub(super) const LABELS: u16 = 31;

/// Which prices the rows stand for.
struct Scale {
    top: f64,
    step: f64,
    /// Rows of the chart, and the one that `top` belongs to: a row stays free at an edge that a
    /// line lies beyond.
    rows: u16,
    first: u16,
    last: u16,
}

/// Draws hours and lines.
pub(super) fn chart(buffer: &mut Buffer, area: Rect, focus: &Focus, palette: Palette) {
    let (hours, lines) = (&focus.candles, &focus.lines);
    let plot = Rect { width: area.width.saturating_sub(LABELS), ..area };
    let Some(scale) = Scale::new(hours, lines, area.height) else { return };
    for line in lines {
        if let Some(row) = scale.row(line.price) {
            rule(buffer, plot, row, line.kind, palette);
        }
    }
    let shown = usize::from(plot.width).saturating_sub(1).min(hours.len());
    let first = plot.width.saturating_sub(1 + u16::try_from(shown).unwrap_or(0));
    for (column, bar) in (first..).zip(&hours[hours.len() - shown..]) {
        candle(buffer, plot, column, bar, &scale, palette);
        let inside = |mark: &&Mark| mark.at >= bar.at && (mark.at - bar.at).0 < HOUR.0;
        for mark in focus.marks.iter().filter(inside) {
            execution(buffer, plot, column, mark, &scale, palette);
        }
    }
    labels(
        buffer,
        Rect { x: plot.right(), width: LABELS.min(area.width), ..area },
        lines,
        &scale,
        palette,
    );
}

impl Scale {
    /// From the hours and every line but the stop, which is usually far away.
    fn new(hours: &[Bar], lines: &[Line], rows: u16) -> Option<Self> {
        let near = lines.iter().filter(|line| line.kind != LineKind::Stop).map(|line| line.price);
        let low = hours.iter().map(|bar| bar.low).chain(near.clone()).min()?;
        let high = hours.iter().map(|bar| bar.high).chain(near).max()?;
        let span = ((high - low).0.max(1)) as f64;
        let beyond = |is: &dyn Fn(Ticks) -> bool| lines.iter().any(|line| is(line.price));
        let spare = rows > 3;
        let first = u16::from(spare && beyond(&|price| price > high));
        let last = rows.checked_sub(1 + u16::from(spare && beyond(&|price| price < low)))?;
        let step = span / f64::from(last + 1 - first);
        Some(Self { top: high.0 as f64, step, rows, first, last })
    }

    /// Row of a price, from the top; none beyond the edges.
    fn row(&self, price: Ticks) -> Option<u16> {
        let row = ((self.top - price.0 as f64) / self.step).floor();
        let count = f64::from(self.last + 1 - self.first);
        if row == count {
            return Some(self.last);
        }
        (0.0..count).contains(&row).then_some(self.first + row as u16)
    }

    /// Where a price lies, in half rows from the top.
    fn half(&self, price: Ticks) -> f64 {
        2.0 * ((self.top - price.0 as f64) / self.step + f64::from(self.first))
    }
}

fn rule(buffer: &mut Buffer, plot: Rect, row: u16, kind: LineKind, palette: Palette) {
    let mark = match kind {
        LineKind::Price => return,
        LineKind::Target | LineKind::Stop | LineKind::Average => "─",
        LineKind::Level => "┈",
    };
    for column in 0..plot.width {
        let at = (plot.x + column, plot.y + row);
        if let Some(cell) = buffer.cell_mut(at) {
            cell.set_symbol(mark).set_style(palette.line(kind));
        }
    }
}

/// What half a cell shows of an hour.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Half {
    Nothing,
    Wick,
    Body,
}

fn candle(
    buffer: &mut Buffer,
    plot: Rect,
    column: u16,
    bar: &Bar,
    scale: &Scale,
    palette: Palette,
) {
    let (high, low) = (scale.half(bar.high), scale.half(bar.low));
    let (top, bottom) = (scale.half(bar.open.max(bar.close)), scale.half(bar.open.min(bar.close)));
    let half = |index: u16| {
        let (from, to) = (f64::from(index), f64::from(index) + 1.0);
        let middle = (from + to) / 2.0;
        if (top <= middle && middle <= bottom) || (top >= from && bottom < to && top < to) {
            Half::Body
        } else if (high <= middle && middle <= low) || (high >= from && low < to && high < to) {
            Half::Wick
        } else {
            Half::Nothing
        }
    };
    for row in 0..scale.rows {
        let mark = match (half(2 * row), half(2 * row + 1)) {
            (Half::Nothing, Half::Nothing) => continue,
            (Half::Wick, Half::Wick) => "│",
            (Half::Body, Half::Body) => "┃",
            (Half::Nothing, Half::Wick) => "╷",
            (Half::Wick, Half::Nothing) => "╵",
            (Half::Nothing, Half::Body) => "╻",
            (Half::Body, Half::Nothing) => "╹",
            (Half::Wick, Half::Body) => "╽",
            (Half::Body, Half::Wick) => "╿",
        };
        if let Some(cell) = buffer.cell_mut((plot.x + column, plot.y + row)) {
            cell.set_symbol(mark).set_style(palette.candle(bar.close >= bar.open));
        }
    }
}

/// An execution, over the hour that it happened in.
fn execution(
    buffer: &mut Buffer,
    plot: Rect,
    column: u16,
    mark: &Mark,
    scale: &Scale,
    palette: Palette,
) {
    let Some(row) = scale.row(mark.price) else { return };
    if let Some(cell) = buffer.cell_mut((plot.x + column, plot.y + row)) {
        cell.set_symbol(if mark.buys { "▲" } else { "▼" }).set_style(palette.strong());
    }
}

fn labels(buffer: &mut Buffer, area: Rect, lines: &[Line], scale: &Scale, palette: Palette) {
    for (row, line) in arranged(lines, scale) {
        let beyond = scale.row(line.price).is_none();
        let mark = match (beyond, line.kind) {
            (true, _) if (line.price.0 as f64) < scale.top => '↓',
            (true, _) => '↑',
            (false, LineKind::Price) => '◂',
            (false, LineKind::Target | LineKind::Average | LineKind::Stop | LineKind::Level) => '─',
        };
        let far = if line.kind == LineKind::Price { "" } else { line.distance.as_str() };
        let text = format!("{mark} {:<9}{:>10} {far:>9}", line.name, line.figure);
        buffer.set_stringn(
            area.x,
            area.y + row,
            text,
            usize::from(area.width),
            palette.line(line.kind),
        );
    }
}

/// The lines that get a label, with their rows: the most important ones when there are too many,
/// in the order of their prices, as near to their rows as the others let them.
fn arranged<'a>(lines: &'a [Line], scale: &Scale) -> Vec<(u16, &'a Line)> {
    let rows = usize::from(scale.rows);
    let mut important: Vec<(usize, &Line)> = lines.iter().enumerate().collect();
    important.sort_by_key(|(at, line)| (line.kind, nearness(lines, *at)));
    important.truncate(rows);
    important.sort_by_key(|(at, _)| *at);
    let mut free = 0u16;
    let mut placed = Vec::new();
    for (index, (_, line)) in important.iter().enumerate() {
        let below = u16::try_from(important.len() - index).unwrap_or(scale.rows);
        let edge = if (line.price.0 as f64) < scale.top { scale.rows - 1 } else { 0 };
        let wanted = scale.row(line.price).unwrap_or(edge);
        let row = wanted.max(free).min(scale.rows.saturating_sub(below));
        placed.push((row, *line));
        free = row + 1;
    }
    placed
}

/// How many lines lie between a line and the price.
fn nearness(lines: &[Line], at: usize) -> usize {
    let price = lines.iter().position(|line| line.kind == LineKind::Price).unwrap_or(0);
    price.abs_diff(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: LineKind, price: i64) -> Line {
        let text = String::new;
        Line {
            kind,
            price: Ticks(price),
            name: text(),
            figure: text(),
            distance: text(),
            quantity: None,
        }
    }

    #[test]
    fn labels_keep_their_order_and_never_share_a_row() {
        let mut lines: Vec<Line> =
            [990, 980, 979, 978, 977].map(|price| line(LineKind::Level, price)).into();
        lines.insert(0, line(LineKind::Price, 1_000));
        lines.push(line(LineKind::Stop, 700));
        for rows in 1..20 {
            let scale = Scale::new(&[], &lines, rows).unwrap();
            let placed = arranged(&lines, &scale);
            assert_eq!(placed.len(), lines.len().min(usize::from(rows)));
            assert!(placed.windows(2).all(|pair| pair[0].0 < pair[1].0));
            assert!(placed.iter().all(|(row, _)| *row < rows));
            assert!(placed.iter().any(|(_, line)| line.kind == LineKind::Price));
        }
    }

    #[test]
    fn a_price_that_never_moved_still_has_a_row() {
        let lines = [line(LineKind::Price, 1_000)];
        let scale = Scale::new(&[], &lines, 5).unwrap();
        assert_eq!(scale.row(Ticks(1_000)), Some(0));
        assert_eq!(scale.row(Ticks(5)), None);
    }
}
