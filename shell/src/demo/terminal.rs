//! The demo on a terminal: frames and keys until it is over. The terminal is given back as it
//! was, whatever happens: on the way out, on an error, on a panic, on Ctrl-C.

use std::io;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::pacing::Stopwatch;
use super::screen::{self, Palette};
use super::session::{Key, Session};

/// Between two frames.
const FRAME: Duration = Duration::from_millis(40);

/// Gives the terminal back when it goes out of scope.
struct Borrowed;

impl Drop for Borrowed {
    fn drop(&mut self) {
        // Nothing can be told on a terminal that does not answer.
        let _ = ratatui::try_restore();
    }
}

/// Shows a session until it ends or a person leaves.
///
/// # Errors
/// The terminal cannot be set up, drawn on or read from.
pub fn watch(session: &mut Session, palette: Palette) -> io::Result<()> {
    let borrowed = Borrowed;
    // Also restores the terminal before a panic is printed.
    let mut terminal = ratatui::try_init()?;
    let mut stopwatch = Stopwatch::start();
    while !session.is_over() {
        terminal.draw(|frame| screen::draw(frame, session, palette))?;
        if event::poll(FRAME)? {
            let pressed = event::read()?;
            if let Some(key) = key(&pressed) {
                session.press(key);
            }
        }
        session.advance(stopwatch.lap());
    }
    drop(borrowed);
    Ok(())
}

/// What a terminal event asks for; a resize is drawn with the next frame.
fn key(event: &Event) -> Option<Key> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => pressed(key),
        Event::Key(_)
        | Event::Resize(..)
        | Event::FocusGained
        | Event::FocusLost
        | Event::Mouse(_)
        | Event::Paste(_) => None,
    }
}

fn pressed(key: &KeyEvent) -> Option<Key> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return (key.code == KeyCode::Char('c')).then_some(Key::Quit);
    }
    // The terminal's vocabulary, not ours: what is not listed does nothing.
    #[allow(clippy::wildcard_enum_match_arm)]
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => Some(Key::Quit),
        KeyCode::Char(' ') => Some(Key::Pause),
        KeyCode::Right | KeyCode::Down | KeyCode::Tab => Some(Key::Next),
        KeyCode::Left | KeyCode::Up | KeyCode::BackTab => Some(Key::Previous),
        KeyCode::Char('a') => Some(Key::Auto),
        KeyCode::Char('+' | '=') => Some(Key::Faster),
        KeyCode::Char('-' | '_') => Some(Key::Slower),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
        key(&Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn control_c_quits_like_q() {
        assert_eq!(on(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Quit));
        assert_eq!(on(KeyCode::Char('q'), KeyModifiers::NONE), Some(Key::Quit));
        assert_eq!(on(KeyCode::Char('c'), KeyModifiers::NONE), None);
        assert_eq!(on(KeyCode::Char('+'), KeyModifiers::SHIFT), Some(Key::Faster));
        assert_eq!(on(KeyCode::BackTab, KeyModifiers::SHIFT), Some(Key::Previous));
        assert_eq!(key(&Event::Resize(10, 10)), None);
    }
}
