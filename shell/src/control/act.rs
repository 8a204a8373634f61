//! Requests to what the daemon's loop does with them: an answer at once, an event for the engine
//! whose answer waits until it is durable, or the end.

use gardefou_core::config::Mode;
use gardefou_core::engine::{Book, Engine};
use gardefou_core::event::{Event, Request as Asked};
use gardefou_core::ids::BookId;
use gardefou_core::notice::{Notice, Switch};
use gardefou_core::step::Step;

use super::answers::{Changed, ChangedFormat};
use super::look::{self, Vitals};
use super::protocol::{Refused, RefusedKind, Release, Request};
use super::server::Reply;
use crate::store::{Snapshot, StoreError};
use crate::{text, words};

/// What the loop does with a request.
#[derive(Debug)]
pub enum Task {
    /// Answers.
    Answer(Box<Reply>),
    /// Gives the engine this event in its turn; once the step is durable, answers with [`outcome`].
    Step(Event),
    /// Ends in good order; answers with [`stopping`] when it has begun to.
    Stop,
}

/// Turns a request into a task. `ledger` opens the view of the store that an export reads.
pub fn take(
    engine: &Engine,
    vitals: &Vitals,
    request: &Request,
    by: &str,
    ledger: impl FnOnce() -> Result<Snapshot, StoreError>,
) -> Task {
    let answer = |reply| Task::Answer(Box::new(reply));
    match request {
        Request::Status => answer(Reply::Status(Box::new(look::status(engine, vitals)))),
        Request::Positions => answer(Reply::Positions(look::positions(engine, vitals))),
        Request::Orders => answer(Reply::Orders(look::orders(engine, vitals))),
        Request::Export => answer(match ledger() {
            Ok(snapshot) => Reply::Ledger(Box::new(snapshot)),
            Err(error) => Reply::Refused(Refused::new(RefusedKind::Store, error.to_string())),
        }),
        Request::Pause(_) | Request::Resume(_) | Request::Kill(_) | Request::Release(_) => {
            match event(engine, request, by) {
                Ok(event) => Task::Step(event),
                Err(refused) => answer(Reply::Refused(refused)),
            }
        }
        Request::Stop => Task::Stop,
    }
}

/// The event of a request that changes something.
fn event(engine: &Engine, request: &Request, by: &str) -> Result<Event, Refused> {
    let book = |name: &Option<String>| name.as_deref().map(|name| named(engine, name)).transpose();
    let request = match request {
        Request::Pause(of) => Asked::Pause { book: book(&of.book)?, reason: of.reason.clone() },
        Request::Resume(of) => Asked::Resume { book: book(&of.book)?, reason: of.reason.clone() },
        Request::Kill(of) => Asked::Kill { book: book(&of.book)?, reason: of.reason.clone() },
        Request::Release(of) => {
            Asked::Release { switch: switch(engine, of)?, reason: of.reason.clone() }
        }
        Request::Status
        | Request::Positions
        | Request::Orders
        | Request::Export
        | Request::Stop => {
            return Err(Refused::new(RefusedKind::Invalid, "this changes nothing"));
        }
    };
    Ok(Event::RequestMade { request, by: by.to_owned() })
}

fn switch(engine: &Engine, release: &Release) -> Result<Switch, Refused> {
    match (&release.book, release.global) {
        (Some(name), None) => named(engine, name).map(Switch::Session),
        (None, Some(mode)) => Ok(Switch::Global(mode)),
        (Some(_), Some(_)) | (None, None) => {
            let text = "name one switch: that of a book, or the global one";
            Err(Refused::new(RefusedKind::Invalid, text))
        }
    }
}

/// The book of a name: `grid_atr`, or `grid_atr/live` where both modes have one.
fn named(engine: &Engine, name: &str) -> Result<BookId, Refused> {
    let full = |book: &&Book| format!("{}/{}", book.name, mode(book.mode)) == name;
    let mut found = engine.books().iter().filter(|book| book.name == name || full(book));
    match (found.next(), found.next()) {
        (Some(book), None) => Ok(book.id),
        (Some(_), Some(_)) => {
            let text = format!("there are two books {name}; write {name}/paper or {name}/live");
            Err(Refused::new(RefusedKind::UnknownBook, text))
        }
        (None, _) => {
            let all = text::list(engine.books().iter().map(|book| &book.name));
            let text = format!("there is no book {name:?}; there are {all}");
            Err(Refused::new(RefusedKind::UnknownBook, text))
        }
    }
}

fn mode(mode: Mode) -> &'static str {
    super::answers::BookMode::from(mode).name()
}

fn label(book: &Book) -> String {
    format!("{} ({})", book.name, mode(book.mode))
}

/// The answer to a request that changes something, after its step.
#[must_use]
pub fn outcome(engine: &Engine, event: &Event, step: &Step) -> Reply {
    let mut said = Vec::new();
    for notice in &step.notices {
        let about = match notice {
            Notice::Paused { book, .. } | Notice::Resumed { book, .. } => Some(*book),
            Notice::SwitchTripped { .. } | Notice::SwitchReleased { .. } => None,
            Notice::Filled { .. }
            | Notice::Funded { .. }
            | Notice::CycleClosed(_)
            | Notice::Refused { .. }
            | Notice::Unprotected { .. }
            | Notice::Anomaly { .. }
            | Notice::Reconciled(_)
            | Notice::Readiness { .. } => continue,
        };
        let sentence = words::notice(engine.config(), notice);
        let book = about.and_then(|id| engine.books().get(usize::from(id.0)));
        said.push(match book {
            Some(book) => format!("{}: {sentence}", label(book)),
            None => sentence,
        });
    }
    let changed = !said.is_empty();
    if !changed {
        said = standing(engine, event);
    }
    Reply::Changed(Changed { format: ChangedFormat::V1, changed, said })
}

/// How it was already, where a request changed nothing.
fn standing(engine: &Engine, event: &Event) -> Vec<String> {
    let Event::RequestMade { request, .. } = event else { return Vec::new() };
    let books = |only: &Option<BookId>| {
        let only = *only;
        engine.books().iter().filter(move |book| only.is_none_or(|only| only == book.id))
    };
    let not_paused = |book| format!("{} was not paused", label(book));
    match request {
        Asked::Pause { book, .. } => books(book)
            .map(|book| match &book.pause {
                Some(pause) => format!(
                    "{} was paused already, since {} by {}: {}",
                    label(book),
                    text::instant(pause.at),
                    pause.by,
                    pause.reason
                ),
                None => not_paused(book),
            })
            .collect(),
        Asked::Resume { book, .. } => books(book).map(not_paused).collect(),
        Asked::Kill { book, .. } => books(book)
            .map(|book| format!("the session switch of {} was tripped already", label(book)))
            .collect(),
        Asked::Reconcile { .. } => vec!["the account is being compared".into()],
        Asked::Release { switch, .. } => vec![match switch {
            Switch::Session(id) => {
                let book = engine.books().get(usize::from(id.0)).map(label);
                let book = book.unwrap_or_else(|| format!("book {}, which is not here,", id.0));
                format!("the session switch of {book} was not tripped")
            }
            Switch::Global(of) => format!("the global {} switch was not tripped", mode(*of)),
        }],
    }
}

/// The answer to `stop`.
#[must_use]
pub fn stopping() -> Reply {
    let said = vec!["the daemon is ending; positions keep their stops on the exchange".to_owned()];
    Reply::Changed(Changed { format: ChangedFormat::V1, changed: true, said })
}
