//! The TCP side of the card network: frames in, decisions on disk, answers out, and trouble on order.
//!
//! Requests of one line are served side by side, so that a late answer holds nobody up; each is decided
//! in its own unit of work, and units that meet are committed together.

use super::back;
use super::issuer::Accounts;
use super::opened::{self, BaseKeys, Opened};
use super::request::{self, Request};
use super::step::{self, Done, Forced, World};
use super::tables::{self, TENANT};
use super::totals;
use crate::faults::{Exchange, Faults, Network, Strike};
use crate::log::{Log, Way};
use crate::{limits, magic};
use bytes::BytesMut;
use cardkeys::TdesKey;
use clock::Clock;
use iso8583::{Dialect, Message};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::{Db, DbError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};

/// What all lines of the network share.
pub struct Host {
    /// The book.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// The issuers' cards.
    pub accounts: Accounts,
    /// The base derivation keys of the readers.
    pub bdk: BaseKeys,
    /// The issuers' key for cryptograms.
    pub issuer_key: TdesKey,
    /// Whether amounts of [`magic::TABLE`] do what it says.
    pub magic: bool,
    /// How long an answer of `late` waits unless told: longer than the center does.
    pub late: Duration,
    /// Trouble on order.
    pub faults: Faults,
    /// The live log.
    pub log: Log,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Host")
    }
}

/// What goes out on a line.
#[derive(Debug)]
enum Out {
    Bytes(Vec<u8>),
    Cut,
}

/// What the line does to one exchange.
type Trouble = Option<(Strike, Option<Duration>)>;

/// Serves centers until the task is dropped.
pub async fn serve(listener: TcpListener, host: Arc<Host>) {
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
    loop {
        let stream = crate::tcp::accept(&listener, &host.clock).await;
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let host = Arc::clone(&host);
        tokio::spawn(async move {
            host.log.note(host.clock.now(), "a center connected");
            if let Err(error) = talk(stream, &host).await {
                tracing::debug!(%error, "a line to the card network ended");
            }
            host.log.note(host.clock.now(), "the line to a center ended");
            drop(place);
        });
    }
}

async fn talk(stream: TcpStream, host: &Arc<Host>) -> io::Result<()> {
    let (reader, writer) = stream.into_split();
    let (answers, waiting) = mpsc::channel(limits::ANSWERS_WAITING);
    let mut writing = tokio::spawn(write(writer, waiting));
    tokio::select! {
        read = read(reader, host, answers) => read,
        // Whoever cuts the line ends the reading too.
        written = &mut writing => written.unwrap_or(Ok(())),
    }
}

/// Answers that are ready together leave in one write: a commit makes many of them ready at once.
async fn write(mut writer: OwnedWriteHalf, mut waiting: mpsc::Receiver<Out>) -> io::Result<()> {
    let mut ready = Vec::with_capacity(limits::ANSWERS_AT_ONCE);
    let mut bytes = Vec::new();
    while waiting.recv_many(&mut ready, limits::ANSWERS_AT_ONCE).await > 0 {
        tokio::task::yield_now().await;
        while ready.len() < limits::ANSWERS_AT_ONCE
            && let Ok(out) = waiting.try_recv()
        {
            ready.push(out);
        }
        bytes.clear();
        let mut cut = false;
        for out in ready.drain(..) {
            match out {
                Out::Bytes(answer) if !cut => bytes.extend_from_slice(&answer),
                // What comes after a cut line goes nowhere.
                Out::Bytes(_) => {}
                Out::Cut => cut = true,
            }
        }
        writer.write_all(&bytes).await?;
        if cut {
            return writer.shutdown().await;
        }
    }
    Ok(())
}

async fn read(mut reader: OwnedReadHalf, host: &Arc<Host>, answers: mpsc::Sender<Out>) -> io::Result<()> {
    let mut buffer = BytesMut::with_capacity(limits::MESSAGE_BYTES);
    let signed_on = Arc::new(AtomicBool::new(false));
    // Text or packed, as the center's first message shows (contract, section 1).
    let mut dialect = None;
    loop {
        dialect = dialect.or_else(|| Dialect::of_caller(&buffer));
        while let Some(dialect) = dialect
            && let Some(bytes) = dialect
                .deframe(&mut buffer, limits::MESSAGE_BYTES)
                .map_err(|error| io::Error::other(error.to_string()))?
        {
            // The place is taken before the work starts: a center that does not read is not read either.
            let Ok(place) = answers.clone().reserve_owned().await else { return Ok(()) };
            let Ok(message) = dialect.read(&bytes) else {
                host.log.note(host.clock.now(), format!("{} bytes that are no message", bytes.len()));
                continue;
            };
            let (host, signed_on, later) = (Arc::clone(host), Arc::clone(&signed_on), answers.clone());
            tokio::spawn(async move {
                exchange(&host, &message, &signed_on, dialect, place, later).await;
            });
        }
        if reader.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

/// One message from its arrival to the end of its answer.
async fn exchange(
    host: &Host,
    message: &Message,
    signed_on: &AtomicBool,
    dialect: Dialect,
    place: mpsc::OwnedPermit<Out>,
    later: mpsc::Sender<Out>,
) {
    let asked = request::read(message);
    let (trouble, forced) = trouble(host, &asked);
    if let Some((Strike::DropRequest, _)) = trouble {
        host.log.message(host.clock.now(), Way::In, message, "lost on its way in, by order");
        return;
    }
    host.log.message(host.clock.now(), Way::In, message, "");
    let done = match &asked {
        Err(malformed) => step::plain(message, step::REFUSED, malformed.0.clone()),
        Ok(Request::Management(code)) => {
            signed_on.fetch_or(code == "001", Ordering::Relaxed);
            step::management(message, code)
        }
        Ok(_) if !signed_on.load(Ordering::Relaxed) => {
            step::plain(message, step::REFUSED, "the line has not signed on")
        }
        Ok(asked) => decide(host, message.clone(), asked.clone(), forced).await,
    };
    let Some(done) = done else {
        host.log.note(host.clock.now(), format!("{} cannot be answered", message.mti()));
        return;
    };
    answer(host, &done, trouble, dialect, place, later).await;
}

/// What strikes this exchange: an order of the desk, else a magic amount. Network management is spared,
/// so that a counted order strikes a payment.
fn trouble(host: &Host, asked: &Result<Request, request::Malformed>) -> (Trouble, Option<Forced>) {
    let payment = match asked {
        Ok(Request::Payment(payment)) => Some(payment),
        // A void has the amount of its payment, which has had its effect.
        Ok(
            Request::Void(_)
            | Request::Return(_)
            | Request::Completion(_)
            | Request::Reversal(_)
            | Request::Day(_),
        ) => None,
        Ok(Request::Management(_)) | Err(_) => return (None, None),
    };
    let about = match asked {
        Ok(Request::Payment(_) | Request::Void(_) | Request::Return(_)) => Exchange::Payment,
        Ok(Request::Day(_)) => Exchange::DayTotals,
        _ => Exchange::Other,
    };
    let struck = host.faults.strike(Network::Card, about);
    let magic_amount = match asked {
        Ok(Request::Return(back)) => Some(back.amount),
        _ => payment.map(|payment| payment.amount),
    };
    let amount = magic_amount.filter(|_| host.magic).and_then(magic::outcome);
    let by_amount = match amount {
        Some(magic::Outcome::Line(strike)) => Some((strike, None)),
        Some(magic::Outcome::Refuse(_) | magic::Outcome::NoApprovalCode) | None => None,
    };
    let forced = struck.decline.map(Forced::Code).or_else(|| amount.and_then(Forced::by));
    let forced = forced.or(struck.other_totals.then_some(Forced::OtherTotals));
    (struck.line.or(by_amount), forced)
}

/// Decides and writes the decision down. Nothing is answered when it cannot be written: to the center
/// the network is silent then, and a reversal follows.
pub(super) async fn decide(
    host: &Host,
    message: Message,
    asked: Request,
    forced: Option<Forced>,
) -> Option<Done> {
    let opened = match &asked {
        Request::Payment(payment) => Some(opened::open(&host.bdk, &payment.secret)),
        Request::Void(back) | Request::Return(back) => {
            back.secret.as_ref().map(|secret| opened::open(&host.bdk, secret))
        }
        Request::Completion(_) | Request::Reversal(_) | Request::Day(_) | Request::Management(_) => None,
    };
    let (accounts, issuer_key, clock) = (host.accounts.clone(), host.issuer_key.clone(), host.clock.clone());
    let written = host.db.write(TENANT, move |tx| {
        let now = clock.now();
        let world = World { accounts: &accounts, issuer_key: &issuer_key, now, forced: forced.as_ref() };
        let done = match &asked {
            Request::Payment(payment) => {
                let opened =
                    opened.as_ref().unwrap_or(&Err(opened::Shut::Empty)).as_ref().map_err(|shut| *shut);
                let (reader, card) = names(&accounts, opened.ok());
                let known = tables::known(tx, &payment.key, reader, card)?;
                step::payment(&message, payment, opened, &known, world)
            }
            Request::Completion(advice) => {
                let known = tables::known(tx, &advice.key, None, None)?;
                step::completion(&message, advice, &known, now)
            }
            Request::Void(asked) | Request::Return(asked) => {
                let card = opened.as_ref().map(|opened| opened.as_ref().map_err(|shut| *shut));
                let reader = card.and_then(Result::ok).map(|opened| opened.reader);
                let known = tables::known_back(tx, &asked.key, &asked.original, reader)?;
                let decide = if asked.key == asked.original { back::void } else { back::giving_back };
                decide(&message, asked, card, &known, forced.as_ref(), now)
            }
            Request::Reversal(advice) => {
                let known = tables::known_back(tx, &advice.key, &advice.key, None)?;
                step::reversal(&message, advice, &known, now)
            }
            Request::Day(day) => {
                let own = tables::day(tx, &totals::day_of(&day.on, now))?;
                totals::compare(&message, day, &own, forced.as_ref())
            }
            Request::Management(code) => step::management(&message, code),
        };
        if let Some(done) = &done {
            tables::save(tx, &done.changes)?;
        }
        Ok::<_, DbError>(done)
    });
    match written.await {
        Ok(done) => done,
        Err(error) => {
            tracing::error!(%error, "a decision of the card network could not be written");
            None
        }
    }
}

/// Reader and card of an opened request, as the book calls them.
fn names<'a>(accounts: &'a Accounts, opened: Option<&Opened>) -> (Option<[u8; 8]>, Option<&'a str>) {
    let card = opened.and_then(|opened| accounts.of(opened.card.pan()));
    (opened.map(|opened| opened.reader), card.map(|account| account.name.as_str()))
}

/// Sends the answer, or does to it what was ordered.
async fn answer(
    host: &Host,
    done: &Done,
    trouble: Trouble,
    dialect: Dialect,
    place: mpsc::OwnedPermit<Out>,
    later: mpsc::Sender<Out>,
) {
    let Ok(bytes) = dialect.framed(&done.answer) else {
        host.log.note(host.clock.now(), "an answer could not be written");
        return;
    };
    let say = |note: &str| {
        let note = if note.is_empty() { done.note.clone() } else { format!("{}; {note}", done.note) };
        host.log.message(host.clock.now(), Way::Out, &done.answer, &note);
    };
    match trouble {
        None => {
            say("");
            place.send(Out::Bytes(bytes));
        }
        Some((Strike::DropRequest | Strike::DropAnswer, _)) => say("never sent, by order"),
        Some((Strike::Delay, wait)) => {
            host.clock.sleep(wait.unwrap_or(Duration::from_millis(limits::DELAY_MS))).await;
            say("delayed, by order");
            place.send(Out::Bytes(bytes));
        }
        Some((Strike::Late, wait)) => {
            host.clock.sleep(wait.unwrap_or(host.late)).await;
            say("late, by order");
            place.send(Out::Bytes(bytes));
        }
        Some((Strike::Duplicate, _)) => {
            say("");
            place.send(Out::Bytes(bytes.clone()));
            say("once more, by order");
            // The line may be gone by now.
            drop(later.send(Out::Bytes(bytes)).await);
        }
        Some((Strike::Garbage, _)) => {
            say("garbled, by order");
            place.send(Out::Bytes(garbled(&bytes)));
        }
        Some((Strike::Close, _)) => {
            say("the line is cut instead, by order");
            place.send(Out::Cut);
        }
    }
}

/// A frame of the same length that is no message.
fn garbled(framed: &[u8]) -> Vec<u8> {
    let (length, message) = framed.split_at_checked(2).unwrap_or((framed, &[]));
    length.iter().copied().chain(message.iter().map(|byte| byte ^ 0xA5)).collect()
}
