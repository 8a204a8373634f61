//! The demo on a terminal: frames and keys until it is over. The terminal is given back as it
//! was, whatever happens: on the way out, on an error, on a panic, on Ctrl-C, on a signal.

use std::io;
use std::mem::ManuallyDrop;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::pacing::Stopwatch;
use super::screen::{self, Palette};
use super::session::{Key, Session};
use super::signals::{Signal, Signals};

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

/// Shows a session until it ends, a person leaves, or a signal ends it, which is returned.
///
/// # Errors
/// The terminal cannot be set up, drawn on or read from.
pub fn watch(session: &mut Session, palette: Palette) -> io::Result<Option<Signal>> {
    let signals = Signals::listen()?;
    let borrowed = Borrowed;
    let shown = show(session, palette, &signals);
    drop(borrowed);
    match signals.came() {
        // A terminal that went away also fails: the signal says why.
        Some(signal) => Ok(Some(signal)),
        None => shown.map(|()| None),
    }
}

fn show(session: &mut Session, palette: Palette, signals: &Signals) -> io::Result<()> {
    // Also restores the terminal before a panic is printed. Left to itself it tells a failure on
    // standard error, which may be the same terminal, gone: hence not dropped.
    let mut terminal = ManuallyDrop::new(ratatui::try_init()?);
    let shown = frames(&mut terminal, session, palette, signals);
    let restored = terminal.show_cursor();
    shown.and(restored)
}

fn frames(
    terminal: &mut DefaultTerminal,
    session: &mut Session,
    palette: Palette,
    signals: &Signals,
) -> io::Result<()> {
    let events = events();
    let mut stopwatch = Stopwatch::start();
    while !session.is_over() && signals.came().is_none() {
        terminal.draw(|frame| screen::draw(frame, session, palette))?;
        // Nothing within a frame: on with the next one.
        if let Ok(event) = events.recv_timeout(FRAME)
            && let Some(key) = key(&event?)
        {
            session.press(key);
        }
        session.advance(stopwatch.lap());
    }
    Ok(())
}

/// What happens on the terminal, read beside the drawing: reading from a terminal that went away
/// never comes back, and must not keep a signal from being seen. It ends with the process.
fn events() -> Receiver<io::Result<Event>> {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        loop {
            let event = event::read();
            let last = event.is_err();
            if send.send(event).is_err() || last {
                return;
            }
        }
    });
    receive
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
