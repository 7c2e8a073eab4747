//! The line to a network: a few persistent TCP connections, many open requests on each, answers paired
//! by key (docs/networks/card-iso8583.md, 1 and 5).
//!
//! What matters for the money is the difference between [`NoAnswer::NotSent`] (not one byte left, the
//! payment failed and nothing was taken) and [`NoAnswer::Lost`] (somebody may have been asked).

use super::card_iso8583::{acknowledges, management, stan_of};
use super::hearing::{Hearing, Waiting};
use crate::limits;
use bytes::{Bytes, BytesMut};
use clock::Clock;
use iso8583::{Class, Dialect, Message};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot, watch};

/// In front of an address whose network speaks with packed digits and BCD lengths.
const PACKED: &str = "packed://";

/// The line. Clones share it; its connections live as long as [`Line::run`].
#[derive(Clone)]
pub struct Line(Arc<Inner>);

struct Inner {
    address: String,
    dialect: Dialect,
    clock: Clock,
    connections: Vec<Connection>,
    turn: AtomicUsize,
    management_stan: AtomicI64,
    hearing: Hearing,
}

struct Connection {
    queue: mpsc::Sender<Outgoing>,
    /// Taken by the task that runs the connection.
    queued: Mutex<Option<mpsc::Receiver<Outgoing>>>,
    up: watch::Sender<bool>,
    open: Mutex<BTreeMap<Key, oneshot::Sender<Result<Message, NoAnswer>>>>,
    /// Frames read, for the echo: whatever arrives shows that the line lives.
    frames: AtomicU64,
    /// When bytes last went either way, UTC microseconds.
    busy_us: AtomicI64,
}

struct Outgoing {
    key: Key,
    bytes: Vec<u8>,
    reply: oneshot::Sender<Result<Message, NoAnswer>>,
}

/// What pairs an answer with its request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    class: Class,
    advice: bool,
    /// DE 11.
    stan: [u8; 6],
    /// DE 37; zeros in network management.
    rrn: [u8; 12],
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// Not one byte of it left this program.
    NotSent(&'static str),
    /// Some of it may have left: nobody knows what became of it.
    Lost(&'static str),
    /// It left, and nobody answered in time.
    TimedOut,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(why) => write!(f, "not sent: {why}"),
            Self::Lost(why) => write!(f, "no answer: {why}"),
            Self::TimedOut => f.write_str("no answer in time"),
        }
    }
}

impl std::error::Error for NoAnswer {}

/// Why a connection ended.
#[derive(Debug)]
struct Ended(String);

impl From<std::io::Error> for Ended {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl Line {
    /// A line to `address` (`host:port`, or `packed://host:port` for a network that writes digits and lengths
    /// in BCD) with so many connections. Nothing happens before [`Line::run`].
    pub fn new(address: &str, connections: usize, clock: Clock) -> Self {
        let connection = || {
            let (queue, queued) = mpsc::channel(limits::LINE_QUEUE);
            Connection {
                queue,
                queued: Mutex::new(Some(queued)),
                up: watch::Sender::new(false),
                open: Mutex::new(BTreeMap::new()),
                frames: AtomicU64::new(0),
                busy_us: AtomicI64::new(0),
            }
        };
        let (host, dialect) = match address.strip_prefix(PACKED) {
            Some(host) => (host, Dialect::PACKED),
            None => (address, Dialect::TEXT),
        };
        Self(Arc::new(Inner {
            address: host.to_owned(),
            dialect,
            clock,
            connections: (0..connections.max(1)).map(|_| connection()).collect(),
            turn: AtomicUsize::new(0),
            management_stan: AtomicI64::new(0),
            hearing: Hearing::default(),
        }))
    }

    /// Keeps the connections up until the future is dropped.
    pub async fn run(&self) {
        futures_util::future::join_all(self.0.connections.iter().map(|connection| self.keep(connection)))
            .await;
    }

    /// Whether a request could be sent now.
    pub fn is_up(&self) -> bool {
        self.0.connections.iter().any(|connection| *connection.up.borrow())
    }

    /// Resolves when a request could be sent: a connection is signed on.
    pub async fn up(&self) {
        let waits = self.0.connections.iter().map(|connection| {
            Box::pin(async move {
                let mut up = connection.up.subscribe();
                up.wait_for(|up| *up).await.is_ok()
            })
        });
        futures_util::future::select_all(waits).await;
    }

    /// Changes whenever the network is there again: a connection is signed on, an answer came after silence,
    /// or an echo came while a request is still unanswered.
    pub fn revivals(&self) -> watch::Receiver<u64> {
        self.0.hearing.revivals()
    }

    /// How long a connection may be quiet before it is asked for an echo.
    fn quiet(&self, connection: &Connection) -> std::time::Duration {
        if self.doubts(connection) { limits::QUIET_WHILE_SILENT } else { limits::QUIET }
    }

    /// Whether an echo would tell something: somebody has no answer, or waits for one.
    fn doubts(&self, connection: &Connection) -> bool {
        self.0.hearing.is_silent() || !connection.open().is_empty()
    }

    /// Sends a message and waits for its answer, at most `limit` on the clock.
    pub async fn ask(&self, message: &Message, limit: std::time::Duration) -> Result<Message, NoAnswer> {
        self.put(message, Waiting::Once(limit)).await
    }

    /// Sends a message that is repeated until it is answered: an advice, or a request asked again. Its wait ends
    /// early when the network was silent and is there again ([`limits::ADVICE_PATIENCE`]).
    pub async fn tell(&self, message: &Message) -> Result<Message, NoAnswer> {
        self.put(message, Waiting::Repeated).await
    }

    async fn put(&self, message: &Message, waiting: Waiting) -> Result<Message, NoAnswer> {
        let key = Key::of(message).ok_or(NoAnswer::NotSent("no trace number"))?;
        let bytes =
            self.0.dialect.framed(message).map_err(|_| NoAnswer::NotSent("the message cannot be written"))?;
        let connection = self.ready().await.ok_or(NoAnswer::NotSent("no connection to the network"))?;
        let (reply, answer) = oneshot::channel();
        let outgoing = Outgoing { key: key.clone(), bytes, reply };
        let (hearing, clock) = (&self.0.hearing, &self.0.clock);
        let since = hearing.revivals();
        if connection.queue.try_send(outgoing).is_err() {
            return Err(NoAnswer::NotSent("too many requests wait for the network"));
        }
        let answered = tokio::select! {
            biased;
            answered = clock.timeout(waiting.limit(), answer) => answered,
            () = hearing.given_up(waiting, since, clock) => {
                connection.open().remove(&key);
                return Err(NoAnswer::TimedOut);
            }
        };
        let answer = match answered {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(NoAnswer::Lost("the connection ended")),
            Err(_) => {
                connection.open().remove(&key);
                Err(NoAnswer::TimedOut)
            }
        };
        hearing.heard(answer.is_ok());
        answer
    }

    /// A connection that is signed on; waits a moment for one while the program starts or reconnects.
    async fn ready(&self) -> Option<&Connection> {
        if let Some(connection) = self.next_up() {
            return Some(connection);
        }
        self.0.clock.timeout(limits::LINE_READY, self.up()).await.ok()?;
        self.next_up()
    }

    fn next_up(&self) -> Option<&Connection> {
        let all = &self.0.connections;
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        (0..all.len())
            .filter_map(|step| all.get(turn.wrapping_add(step) % all.len()))
            .find(|connection| *connection.up.borrow())
    }

    /// One connection, again and again.
    async fn keep(&self, connection: &Connection) {
        let queued = connection.queued.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut queued) = queued else { return };
        let mut pause = limits::RECONNECT_FIRST;
        loop {
            let was_up = self.once(connection, &mut queued, &mut pause).await;
            connection.up.send_replace(false);
            connection.open().clear();
            while let Ok(outgoing) = queued.try_recv() {
                outgoing.refuse();
            }
            if was_up {
                pause = limits::RECONNECT_FIRST;
                continue;
            }
            // Whoever slips in while nothing is connected hears it at once.
            let wait = self.0.clock.sleep(pause);
            tokio::pin!(wait);
            loop {
                tokio::select! {
                    () = &mut wait => break,
                    outgoing = queued.recv() => match outgoing {
                        Some(outgoing) => outgoing.refuse(),
                        None => return,
                    },
                }
            }
            pause = pause.saturating_mul(2).min(limits::RECONNECT_MAX);
        }
    }

    /// Connects, signs on and works until the connection ends. Tells whether it was signed on.
    async fn once(
        &self,
        connection: &Connection,
        queued: &mut mpsc::Receiver<Outgoing>,
        pause: &mut std::time::Duration,
    ) -> bool {
        let clock = &self.0.clock;
        let connected = clock.timeout(limits::CONNECT, TcpStream::connect(&self.0.address)).await;
        let stream = match connected {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                tracing::debug!(network = %self.0.address, %error, "the network cannot be reached");
                return false;
            }
            Err(_) => return false,
        };
        drop(stream.set_nodelay(true));
        let (mut reader, mut writer) = stream.into_split();
        let mut buffer = BytesMut::with_capacity(limits::LINE_BUFFER);
        let signed =
            clock.timeout(limits::SIGN_ON, self.sign_on(&mut reader, &mut writer, &mut buffer)).await;
        if !matches!(signed, Ok(Ok(()))) {
            tracing::warn!(network = %self.0.address, "the network did not accept the sign-on");
            return false;
        }
        tracing::info!(network = %self.0.address, "signed on to the network");
        *pause = limits::RECONNECT_FIRST;
        connection.busy_us.store(clock.now_us(), Ordering::Relaxed);
        connection.up.send_replace(true);
        self.0.hearing.revived();
        let ended = tokio::select! {
            ended = self.read(connection, &mut reader, &mut buffer) => ended,
            ended = self.write(connection, &mut writer, queued) => ended,
        };
        if let Err(Ended(why)) = ended {
            tracing::warn!(network = %self.0.address, why, "the connection to the network ended");
        }
        true
    }

    fn management(&self, code: &str) -> Result<Message, Ended> {
        let stan = stan_of(self.0.management_stan.fetch_add(1, Ordering::Relaxed).saturating_add(1));
        management(code, stan, self.0.clock.now_us()).map_err(|error| Ended(error.to_string()))
    }

    fn framed(&self, message: &Message) -> Result<Vec<u8>, Ended> {
        self.0.dialect.framed(message).map_err(|error| Ended(error.to_string()))
    }

    /// The next whole message; the end of the stream is an end.
    async fn next_frame(
        &self,
        reader: &mut (impl AsyncRead + Unpin),
        buffer: &mut BytesMut,
    ) -> Result<Bytes, Ended> {
        loop {
            let whole = self.0.dialect.deframe(buffer, limits::FRAME_BYTES);
            if let Some(bytes) = whole.map_err(|error| Ended(error.to_string()))? {
                return Ok(bytes);
            }
            if reader.read_buf(buffer).await? == 0 {
                return Err(Ended("closed by the network".to_owned()));
            }
        }
    }

    /// 0800 001 and its 0810.
    async fn sign_on(
        &self,
        reader: &mut (impl AsyncRead + Unpin),
        writer: &mut (impl AsyncWrite + Unpin),
        buffer: &mut BytesMut,
    ) -> Result<(), Ended> {
        let request = self.management("001")?;
        writer.write_all(&self.framed(&request)?).await?;
        loop {
            let bytes = self.next_frame(reader, buffer).await?;
            if let Ok(answer) = self.0.dialect.read(&bytes)
                && Key::of(&answer) == Key::of(&request)
            {
                return if acknowledges(&answer) { Ok(()) } else { Err(Ended("sign-on refused".to_owned())) };
            }
        }
    }

    /// Takes answers off the line and gives each to who waits for it.
    async fn read(
        &self,
        connection: &Connection,
        reader: &mut (impl AsyncRead + Unpin),
        buffer: &mut BytesMut,
    ) -> Result<(), Ended> {
        loop {
            let bytes = self.next_frame(reader, buffer).await?;
            connection.frames.fetch_add(1, Ordering::Relaxed);
            connection.busy_us.store(self.0.clock.now_us(), Ordering::Relaxed);
            let answer = match self.0.dialect.read(&bytes) {
                Ok(answer) => answer,
                Err(error) => {
                    metrics::counter!("choba_network_garbage_total").increment(1);
                    tracing::warn!(%error, bytes = bytes.len(), "a message of the network cannot be read");
                    continue;
                }
            };
            let waiting = Key::of(&answer)
                .filter(|_| answer.mti().is_answer())
                .and_then(|key| connection.open().remove(&key));
            match waiting {
                Some(reply) => drop(reply.send(Ok(answer))),
                // Late, twice, or never asked: the reversal that is under way settles it.
                None if answer.mti().class() == Class::NetworkManagement => {
                    if self.doubts(connection) {
                        self.0.hearing.revived();
                    }
                }
                None => {
                    metrics::counter!("choba_network_late_total").increment(1);
                    tracing::warn!(message = %answer.describe(), "an answer that nobody waits for");
                }
            }
        }
    }

    /// Puts requests on the line, all that wait in one write, and an echo when it is quiet.
    async fn write(
        &self,
        connection: &Connection,
        writer: &mut (impl AsyncWrite + Unpin),
        queued: &mut mpsc::Receiver<Outgoing>,
    ) -> Result<(), Ended> {
        let clock = &self.0.clock;
        let mut batch = Vec::with_capacity(limits::LINE_BATCH);
        let mut bytes = Vec::with_capacity(limits::LINE_BUFFER);
        // The frames that had been read when the open echo was sent, and until when one more must come.
        let mut echo: Option<(u64, i64)> = None;
        loop {
            let quiet_us =
                connection.busy_us.load(Ordering::Relaxed).saturating_add(us(self.quiet(connection)));
            // Silence is noticed by somebody else meanwhile, so it looks up now and then.
            let look_us = clock.now_us().saturating_add(us(limits::QUIET_WHILE_SILENT));
            let wake_us = echo.map_or(quiet_us.min(look_us), |(_, until_us)| until_us);
            let wake = jiff::Timestamp::from_microsecond(wake_us).unwrap_or(jiff::Timestamp::MAX);
            tokio::select! {
                biased;
                taken = queued.recv_many(&mut batch, limits::LINE_BATCH) => {
                    if taken == 0 {
                        return Ok(());
                    }
                    // A commit sets many payments going at once: whoever else is ready comes along.
                    tokio::task::yield_now().await;
                    while batch.len() < limits::LINE_BATCH
                        && let Ok(outgoing) = queued.try_recv()
                    {
                        batch.push(outgoing);
                    }
                    bytes.clear();
                    connection.take_on(&mut batch, &mut bytes);
                }
                () = clock.sleep_until(wake) => {
                    let frames = connection.frames.load(Ordering::Relaxed);
                    match echo.take() {
                        Some((before, _)) if before == frames => return Err(Ended("no answer to the echo".to_owned())),
                        Some(_) => continue,
                        None if clock.now_us() < connection.busy_us.load(Ordering::Relaxed).saturating_add(us(self.quiet(connection))) => continue,
                        None => {}
                    }
                    bytes = self.framed(&self.management("301")?)?;
                    echo = Some((frames, clock.now_us().saturating_add(us(limits::ECHO))));
                }
            }
            if bytes.is_empty() {
                continue;
            }
            match clock.timeout(limits::WRITE, writer.write_all(&bytes)).await {
                Ok(written) => written?,
                Err(_) => return Err(Ended("the network takes no more bytes".to_owned())),
            }
            connection.busy_us.store(clock.now_us(), Ordering::Relaxed);
        }
    }
}

impl Connection {
    fn open(&self) -> MutexGuard<'_, BTreeMap<Key, oneshot::Sender<Result<Message, NoAnswer>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests whose asker still waits become open, and their bytes are put in line.
    fn take_on(&self, batch: &mut Vec<Outgoing>, bytes: &mut Vec<u8>) {
        let mut open = self.open();
        for outgoing in batch.drain(..).filter(|outgoing| !outgoing.reply.is_closed()) {
            if open.contains_key(&outgoing.key) {
                outgoing.refuse();
                continue;
            }
            bytes.extend_from_slice(&outgoing.bytes);
            open.insert(outgoing.key, outgoing.reply);
        }
    }
}

impl Outgoing {
    fn refuse(self) {
        drop(self.reply.send(Err(NoAnswer::NotSent("no connection to the network"))));
    }
}

impl Key {
    fn of(message: &Message) -> Option<Self> {
        let stan = message.bytes(11)?.try_into().ok()?;
        let rrn = message.bytes(37).and_then(|rrn| rrn.try_into().ok()).unwrap_or_default();
        Some(Self { class: message.mti().class(), advice: message.mti().is_advice(), stan, rrn })
    }
}

fn us(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
