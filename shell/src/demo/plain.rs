//! The demo as lines of text without control codes: one line per event, a ladder when a cycle
//! opens, and why a symbol is not quoted when that changes. For pipes, files and screen readers.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use gardefou_core::ids::{BookId, SymbolId};
use gardefou_core::notice::Notice;
use gardefou_core::venue::bars::walk::Place;

use super::focus::{Focus, focus};
use super::market::Demo;
use super::summary::worst_cases;
use super::view::{LogLine, is_news, log_line, ready};
use crate::words::numbers;

/// Writes what is new after each minute.
#[derive(Debug, Default)]
pub struct Plain {
    read: usize,
    /// Why nothing was quoted, as told last, by book and symbol.
    told: BTreeMap<(BookId, SymbolId), usize>,
    /// Cycles whose ladder was shown.
    shown: BTreeSet<(BookId, SymbolId, u32)>,
}

impl Plain {
    /// Writes what this is.
    ///
    /// # Errors
    /// The text cannot be written.
    pub fn begin(&self, demo: &Demo, seed: u64, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "gardefou demo: generated market (seed {seed}: the same number, the same market), simulated exchange, no money, no network"
        )?;
        let books = demo.engine().books();
        let lanes: usize = books.iter().map(|book| book.lanes.len()).sum();
        let names: Vec<&str> = books.iter().map(|book| book.name.as_str()).collect();
        writeln!(out, "{} on {lanes} ladders, times in UTC", names.join(" and "))?;
        for sentence in worst_cases(demo) {
            writeln!(out, "{sentence}")?;
        }
        line(&ready(demo), out)
    }

    /// Writes the events since the last call, then the ladders of new cycles.
    ///
    /// # Errors
    /// The text cannot be written.
    pub fn news(&mut self, demo: &Demo, out: &mut dyn Write) -> io::Result<()> {
        let all = demo.notices();
        for (now, notice) in all.get(self.read..).unwrap_or_default() {
            if is_news(notice) || self.is_new_reason(notice) {
                line(&log_line(demo, *now, notice), out)?;
            }
        }
        if self.read < all.len() {
            self.ladders(demo, out)?;
        }
        self.read = all.len();
        Ok(())
    }

    /// True for a refusal of another kind than the one told last of the symbol.
    fn is_new_reason(&mut self, notice: &Notice) -> bool {
        let Notice::Refused { book, symbol, refusal } = notice else { return false };
        self.told.insert((*book, *symbol), refusal.kind()) != Some(refusal.kind())
    }

    fn ladders(&mut self, demo: &Demo, out: &mut dyn Write) -> io::Result<()> {
        for book in demo.engine().books() {
            for lane in &book.lanes {
                let Some(cycle) = &lane.cycle else { continue };
                let place = Place { book: book.id, symbol: lane.symbol };
                if self.shown.insert((place.book, place.symbol, cycle.number))
                    && let Some(focus) = focus(demo, place, 0)
                {
                    ladder(&focus, out)?;
                }
            }
        }
        Ok(())
    }
}

fn line(line: &LogLine, out: &mut dyn Write) -> io::Result<()> {
    let (book, symbol) = (line.book.as_deref(), line.symbol.as_deref());
    let place = [book, symbol].into_iter().flatten().collect::<Vec<_>>().join(" ");
    writeln!(out, "{}  {place:<23} {}", numbers::minute(line.at), line.text)
}

/// The prices of a cycle that opened, from the highest to the lowest.
fn ladder(focus: &Focus, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "    {} {}:", focus.title, focus.state)?;
    for line in &focus.lines {
        let quantity = line.quantity.as_deref().unwrap_or_default();
        let text =
            format!("{:<10} {:>12} {:>9}  {quantity}", line.name, line.figure, line.distance);
        writeln!(out, "      {}", text.trim_end())?;
    }
    Ok(())
}
