//! A small daemon on a real socket: requests end to end, and everything that must not disturb it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::door::store;
use super::world::World;
use crate::control::act::{Task, outcome, stopping, take};
use crate::control::answers::{Changed, OrderKind, Orders, Positions, Rows, Source, Status};
use crate::control::client::{self, ClientError};
use crate::control::ledger::LedgerRow;
use crate::control::protocol::{
    LINE_MAX, Reasoned, RefusedKind, Release, Request, read_answer, write_request,
};
use crate::control::server::is_owner;
use crate::control::{Ask, Door, Limits, SOCKET_FILE, serve};
use crate::store::{Batch, FillRecord, JournalRecord, Store, Waited, Writer, WriterOptions};

/// How long the disk may take.
const DISK: Duration = Duration::from_secs(20);

struct Daemon {
    dir: TempDir,
    store: Store,
    running: JoinHandle<u64>,
    serving: JoinHandle<()>,
}

impl Daemon {
    fn start(limits: Limits) -> Self {
        let dir = TempDir::new().unwrap();
        let store = store(dir.path());
        let door = Door::open(&store).unwrap();
        let (asks, waiting) = mpsc::channel(4);
        let serving = tokio::spawn(async move { serve(&door, asks, limits).await.unwrap() });
        let writer = store.writer(WriterOptions::default()).unwrap();
        let running = tokio::spawn(run(waiting, World::open(), store.clone(), writer));
        Self { dir, store, running, serving }
    }

    async fn with<T: Send + 'static>(&self, work: impl FnOnce(PathBuf) -> T + Send + 'static) -> T {
        let dir = self.dir.path().to_owned();
        tokio::task::spawn_blocking(move || work(dir)).await.unwrap()
    }

    async fn ask<T: serde::de::DeserializeOwned + Send + 'static>(
        &self,
        request: Request,
    ) -> Result<T, ClientError> {
        self.with(move |dir| client::ask(&dir, &request)).await
    }

    async fn change(&self, request: Request) -> Changed {
        self.ask(request).await.unwrap()
    }

    async fn status(&self) -> Status {
        self.ask(Request::Status).await.unwrap()
    }

    /// Sends bytes as they are, and reads all that comes back.
    async fn raw(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.with(move |dir| {
            let mut stream = UnixStream::connect(dir.join(SOCKET_FILE)).unwrap();
            let mut back = Vec::new();
            // What is refused early closes the connection while we still write.
            drop(stream.write_all(&bytes));
            drop(stream.shutdown(std::net::Shutdown::Write));
            drop(stream.read_to_end(&mut back));
            back
        })
        .await
    }
}

/// One event at a time; a change is answered once its step is durable. The answer: steps taken.
async fn run(mut asks: mpsc::Receiver<Ask>, mut world: World, store: Store, writer: Writer) -> u64 {
    let mut seq = 0;
    while let Some(Ask { request, by, reply }) = asks.recv().await {
        let vitals = world.vitals();
        match take(&world.engine, &vitals, &request, &by, || store.snapshot()) {
            Task::Answer(answer) => drop(reply.send(*answer)),
            Task::Step(event) => {
                let step = world.step(&event);
                seq += 1;
                let mut batch = Batch::new(world.now);
                let record = JournalRecord::new(seq, world.now, &event, &step.commands);
                batch.journal.push(record.unwrap());
                let ticket = writer.submit(batch).unwrap();
                let durable = tokio::task::spawn_blocking(move || ticket.wait(DISK)).await.unwrap();
                assert!(matches!(durable, Waited::Durable(_)), "{durable:?}");
                drop(reply.send(outcome(&world.engine, &event, &step)));
            }
            Task::Stop => {
                drop(reply.send(stopping()));
                return seq;
            }
        }
    }
    seq
}

fn reasoned(book: Option<&str>, reason: &str) -> Reasoned {
    Reasoned { book: book.map(str::to_owned), reason: reason.to_owned() }
}

fn refused(error: ClientError) -> RefusedKind {
    let ClientError::Refused(refused) = error else { panic!("{error}") };
    refused.kind
}

#[tokio::test]
async fn a_person_looks_pauses_resumes_kills_releases_and_stops() {
    let daemon = Daemon::start(Limits::default());
    let status = daemon.status().await;
    let names: Vec<&str> = status.books.iter().map(|book| book.book.as_str()).collect();
    assert!(names.contains(&"grid_atr"), "{names:?}");
    assert!(status.books.iter().all(|book| book.paused.is_none() && book.switches.is_empty()));
    assert_eq!(status.source, Source::Daemon);
    let positions: Positions = daemon.ask(Request::Positions).await.unwrap();
    assert_eq!(positions.positions.len(), 1);
    let orders: Orders = daemon.ask(Request::Orders).await.unwrap();
    let deeper = orders.orders.iter().filter(|o| o.book == "grid_atr" && o.level.is_some());
    assert!(deeper.count() > 0, "deeper levels rest");

    let pause = || Request::Pause(reasoned(Some("grid_atr"), "new settings"));
    assert!(daemon.change(pause()).await.changed);
    assert_eq!(daemon.store.tip().unwrap().seq, 1, "answered once it is durable");
    let again = daemon.change(pause()).await;
    assert!(!again.changed && again.said[0].contains("new settings"), "{again:?}");
    let status = daemon.status().await;
    let find =
        |status: &Status| status.books.iter().position(|book| book.book == "grid_atr").unwrap();
    let at = find(&status);
    let paused = status.books[at].paused.as_ref().unwrap();
    assert_eq!(paused.reason, "new settings");
    assert!(!paused.by.is_empty());
    assert_eq!(status.books.iter().filter(|book| book.paused.is_some()).count(), 1);
    let orders: Orders = daemon.ask(Request::Orders).await.unwrap();
    let left = orders.orders.iter().filter(|order| order.book == "grid_atr");
    let left: Vec<OrderKind> = left.map(|order| order.kind).collect();
    assert_eq!(left, [OrderKind::Stop, OrderKind::Target], "they stay");
    assert!(daemon.change(Request::Resume(reasoned(None, "done"))).await.changed);
    assert!(daemon.status().await.books[at].paused.is_none());

    assert!(daemon.change(Request::Kill(reasoned(None, "enough"))).await.changed);
    assert!(daemon.status().await.books.iter().all(|book| book.switches.len() == 1));
    let release = |book: Option<&str>, global| {
        let (book, reason) = (book.map(str::to_owned), "looked at it".to_owned());
        Request::Release(Release { book, global, reason })
    };
    let released = daemon.change(release(Some("grid_atr"), None)).await;
    assert!(released.changed && released.said[0].contains("looked at it"), "{released:?}");
    let live = Some(gardefou_core::config::Mode::Live);
    assert!(!daemon.change(release(None, live)).await.changed);
    let unknown = daemon.ask::<Changed>(release(Some("grid_of_dreams"), None)).await.unwrap_err();
    assert!(unknown.to_string().contains("grid_atr"), "the books there are: {unknown}");
    assert_eq!(refused(unknown), RefusedKind::UnknownBook);

    assert!(daemon.change(Request::Stop).await.changed);
    assert_eq!(daemon.running.await.unwrap(), 6);
    daemon.serving.abort();
}

#[tokio::test]
async fn an_export_is_every_row_and_says_that_it_is_whole() {
    let dir = TempDir::new().unwrap();
    let store = store(dir.path());
    let writer = store.writer(WriterOptions::default()).unwrap();
    let mut batch = Batch::new(gardefou_core::time::Timestamp(1));
    batch.fills.extend((0..3_000).map(fill));
    assert!(matches!(writer.submit(batch).unwrap().wait(DISK), Waited::Durable(_)));
    let door = Door::open(&store).unwrap();
    let (asks, waiting) = mpsc::channel(4);
    let serving = tokio::spawn(async move {
        serve(&door, asks, Limits::default()).await.unwrap();
    });
    let running = tokio::spawn(run(waiting, World::cold(), store.clone(), writer));
    let path = dir.path().to_owned();
    let (rows, seen) = tokio::task::spawn_blocking(move || {
        let mut seen = Vec::new();
        let see = |row| {
            seen.push(row);
            Ok(())
        };
        (client::export(&path, see).unwrap(), seen)
    })
    .await
    .unwrap();
    assert_eq!(rows, Rows { rows: 3_000 });
    assert_eq!(seen[2_999], LedgerRow::Fills(fill(2_999)));
    serving.abort();
    assert_eq!(running.await.unwrap(), 0);
}

fn fill(number: u64) -> FillRecord {
    FillRecord {
        book: "grid_atr".into(),
        symbol: "BTCUSDT".into(),
        fill: number,
        order: "gf-0-1-el0-1".into(),
        at: gardefou_core::time::Timestamp(1),
        price: "60000.1".parse().unwrap(),
        quantity: "0.01".parse().unwrap(),
        fee: "0.12".parse().unwrap(),
        liquidity: gardefou_core::event::Liquidity::Maker,
        cycle: 1,
        reason: gardefou_core::notice::FillReason::Level,
    }
}

#[tokio::test]
async fn what_is_no_request_is_answered_and_disturbs_nothing() {
    let daemon = Daemon::start(Limits::default());
    let whole = write_request(&Request::Pause(reasoned(None, "half a request")));
    let cases = [
        (b"\n".to_vec(), RefusedKind::Malformed),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), RefusedKind::Malformed),
        (vec![0xff; 100], RefusedKind::Malformed),
        (whole[..whole.len() - 1].to_vec(), RefusedKind::Malformed),
        (vec![b'x'; LINE_MAX * 40], RefusedKind::TooLong),
        (b"{\"v\":7,\"ask\":\"status\"}\n".to_vec(), RefusedKind::Version),
    ];
    for (bytes, expected) in cases {
        let back = daemon.raw(bytes.clone()).await;
        let line = back.split(|&byte| byte == b'\n').next().unwrap();
        // An end that was never read resets the connection, and may take the answer with it.
        if !line.is_empty() || expected != RefusedKind::TooLong {
            let kind = read_answer::<()>(line).unwrap_err().kind;
            assert_eq!(kind, expected, "{}", String::from_utf8_lossy(&bytes));
        }
    }
    assert_eq!(daemon.raw(Vec::new()).await, b"", "who says nothing hears nothing");
    let status = daemon.status().await;
    assert!(status.books[0].paused.is_none(), "half a request is none");
    assert_eq!(daemon.store.tip().unwrap().seq, 0);
}

#[tokio::test]
async fn several_requests_may_use_one_connection() {
    let daemon = Daemon::start(Limits::default());
    let back = daemon.raw(write_request(&Request::Positions).repeat(3)).await;
    let lines: Vec<&[u8]> = back.split(|&b| b == b'\n').filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| read_answer::<Positions>(line).is_ok()));
}

#[tokio::test]
async fn a_flood_is_bounded_and_leaves_room_again() {
    let limits = Limits { connections: 3, ..Limits::default() };
    let daemon = Daemon::start(limits);
    let held: Vec<UnixStream> = daemon
        .with(move |dir| {
            let path = dir.join(SOCKET_FILE);
            (0..40).map(|_| UnixStream::connect(&path).unwrap()).collect()
        })
        .await;
    // The first three are half-open; whoever came after them was told so.
    let told = daemon.with(move |_| {
        let busy = held.iter().skip(limits.connections).filter(|stream| {
            let mut back = String::new();
            (&**stream).read_to_string(&mut back).unwrap();
            back.contains("busy")
        });
        let busy = busy.count();
        (busy, held)
    });
    let (busy, held) = told.await;
    assert_eq!(busy, 37);
    let turned_away = daemon.ask::<Status>(Request::Status).await.unwrap_err();
    assert_eq!(refused(turned_away), RefusedKind::Busy);
    drop(held);
    // They are gone once the server has noticed: each attempt is a turn for it to do so.
    let mut attempts = 0;
    while let Err(error) = daemon.ask::<Status>(Request::Status).await {
        assert_eq!(refused(error), RefusedKind::Busy);
        attempts += 1;
        assert!(attempts < 1_000);
    }
    assert_eq!(daemon.store.tip().unwrap().seq, 0);
}

#[tokio::test]
async fn who_is_silent_is_left_at_the_deadline() {
    // A deadline of nothing: it has come before the first byte can.
    let limits = Limits { deadline: Duration::ZERO, ..Limits::default() };
    let daemon = Daemon::start(limits);
    let back = daemon
        .with(|dir| {
            let mut stream = UnixStream::connect(dir.join(SOCKET_FILE)).unwrap();
            let mut back = Vec::new();
            stream.read_to_end(&mut back).map(|_| back)
        })
        .await;
    assert_eq!(back.unwrap(), b"", "closed from the other side, without a word");
}

#[tokio::test]
async fn a_loop_that_does_not_take_requests_is_said() {
    let dir = TempDir::new().unwrap();
    let store = store(dir.path());
    let door = Door::open(&store).unwrap();
    let (asks, waiting) = mpsc::channel(1);
    let serving = tokio::spawn({
        let asks = asks.clone();
        async move { serve(&door, asks, Limits::default()).await.unwrap() }
    });
    let ask = |dir: PathBuf| {
        tokio::task::spawn_blocking(move || client::ask::<Status>(&dir, &Request::Status))
    };
    let (reply, _answer) = tokio::sync::oneshot::channel();
    asks.try_send(Ask { request: Request::Status, by: String::new(), reply }).unwrap();
    let full = ask(dir.path().into()).await.unwrap().unwrap_err();
    assert_eq!(refused(full), RefusedKind::Busy);
    drop(waiting);
    let ended = ask(dir.path().into()).await.unwrap().unwrap_err();
    assert_eq!(refused(ended), RefusedKind::Stopping);
    serving.abort();
}

#[tokio::test]
async fn only_the_owner_is_let_in() {
    let dir = TempDir::new().unwrap();
    let door = Door::open(&store(dir.path())).unwrap();
    let (one, _other) = tokio::net::UnixStream::pair().unwrap();
    assert!(is_owner(&one, door.owner()));
    assert!(!is_owner(&one, door.owner() + 1));
}

#[tokio::test]
async fn without_a_daemon_it_is_said() {
    let dir = TempDir::new().unwrap();
    let error = client::ask::<Status>(dir.path(), &Request::Status).unwrap_err();
    assert!(matches!(error, ClientError::NotRunning(_)), "{error}");
    // A socket that nobody listens to any more.
    drop(std::os::unix::net::UnixListener::bind(dir.path().join(SOCKET_FILE)).unwrap());
    let error = client::ask::<Status>(dir.path(), &Request::Status).unwrap_err();
    assert!(matches!(error, ClientError::NotRunning(_)), "{error}");
}
