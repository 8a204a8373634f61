//! Colours, or none of them.

use ratatui::style::{Color, Modifier, Style};

use crate::demo::focus::LineKind;
use crate::demo::view::{Stage, Tone};

/// How things look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// False where colours are unwelcome.
    pub colour: bool,
}

impl Palette {
    fn of(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    /// A text with a feeling.
    pub fn tone(self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => Style::new(),
            Tone::Quiet => self.quiet(),
            Tone::Good => self.of(Color::Green),
            Tone::Bad => self.of(Color::Red),
            Tone::Alert => self.of(Color::Magenta).add_modifier(Modifier::BOLD),
        }
    }

    /// Less important text.
    pub fn quiet(self) -> Style {
        self.of(Color::DarkGray)
    }

    /// A heading.
    pub fn heading(self) -> Style {
        self.of(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// The bar at the top.
    pub fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// What to read first.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// A row of the table.
    pub fn stage(self, stage: Stage) -> Style {
        match stage {
            Stage::Open => self.strong(),
            Stage::Quoted => Style::new(),
            Stage::Waiting => self.quiet(),
        }
    }

    /// A line of the chart.
    pub fn line(self, kind: LineKind) -> Style {
        match kind {
            LineKind::Price => self.strong(),
            LineKind::Target => self.of(Color::Green),
            LineKind::Average => self.of(Color::Yellow),
            LineKind::Stop => self.of(Color::Red),
            LineKind::Level => self.of(Color::Blue),
        }
    }

    /// An hour of the chart.
    pub fn candle(self, rose: bool) -> Style {
        self.of(if rose { Color::Green } else { Color::Red })
    }
}
