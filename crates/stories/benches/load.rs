//! The load: many terminals, each with a connection of its own and one payment at a time.
//!
//! Closed loop: every terminal asks again as soon as it is answered. Open loop: payments are due on a fixed
//! schedule, and latency counts from the moment that one was due, so a stalled center is not spared.

use crate::machine;
use crate::programs::local;
use crate::reader::Prepared;
use anyhow::{Context, Result, bail};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Barrier, mpsc};
use tokio::task::JoinSet;

/// What became of a round.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Payments that the center said are approved.
    pub(crate) acknowledged: usize,
    /// Their sum.
    pub(crate) yen: i64,
    /// Answers that were anything else.
    pub(crate) other: usize,
    /// One of those.
    pub(crate) example: Option<String>,
    /// From the first request to the last answer.
    pub(crate) time: Duration,
    /// Of every payment, microseconds, sorted.
    pub(crate) latencies_us: Vec<u64>,
    /// The same with the moment at which each was due; of an open loop only.
    pub(crate) due: Vec<(Instant, u64)>,
}

impl Outcome {
    fn note(&mut self, payment: &Prepared, answer: Answer, latency: Duration) {
        self.latencies_us.push(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        if answer.approved {
            self.acknowledged += 1;
            self.yen += payment.yen;
        } else {
            self.other += 1;
            self.example.get_or_insert(answer.text);
        }
    }

    fn join(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.yen += other.yen;
        self.other += other.other;
        self.example = self.example.take().or(other.example);
        self.latencies_us.extend(other.latencies_us);
        self.due.extend(other.due);
    }

    fn finish(mut self, time: Duration) -> Self {
        self.time = time;
        self.latencies_us.sort_unstable();
        self
    }
}

struct Answer {
    approved: bool,
    text: String,
}

/// A connection to the center.
struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
}

const APPROVED: &[u8] = b"\"state\":\"approved\"";

impl Line {
    async fn connect(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(local(port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(8192) })
    }

    async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8_lossy(self.buffer.get(..head).unwrap_or_default()).into_owned();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.context("an answer without its length")?.parse()?;
        while self.buffer.len() < head + length {
            self.more().await?;
        }
        let body = self.buffer.get(head..).unwrap_or_default();
        let approved =
            text.starts_with("HTTP/1.1 200") && body.windows(APPROVED.len()).any(|at| at == APPROVED);
        let text = if approved { String::new() } else { format!("{text}{}", String::from_utf8_lossy(body)) };
        Ok(Answer { approved, text })
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the center closed a connection");
        }
        Ok(())
    }
}

/// Every terminal takes its payments one after the other as fast as it is answered.
pub(crate) async fn closed(port: u16, work: Vec<Vec<Prepared>>) -> Result<Outcome> {
    let start = Arc::new(Barrier::new(work.len() + 1));
    let mut tasks = JoinSet::new();
    for payments in work {
        let mut line = Line::connect(port).await?;
        let start = Arc::clone(&start);
        tasks.spawn(async move {
            let mut outcome = Outcome::default();
            start.wait().await;
            for payment in payments {
                let asked = Instant::now();
                let answer = line.ask(&payment.bytes).await?;
                outcome.note(&payment, answer, asked.elapsed());
            }
            Ok::<_, anyhow::Error>(outcome)
        });
    }
    start.wait().await;
    let begun = Instant::now();
    let whole = collect(tasks).await?;
    Ok(whole.finish(begun.elapsed()))
}

/// So many payments a second in all, whatever the center does.
pub(crate) async fn open(port: u16, work: Vec<Vec<Prepared>>, rate: usize) -> Result<Outcome> {
    let count = work.iter().map(Vec::len).sum::<usize>();
    let mut tasks = JoinSet::new();
    let mut lines = Vec::new();
    for payments in work {
        let mut line = Line::connect(port).await?;
        let (due, mut dues) = mpsc::unbounded_channel::<Instant>();
        lines.push(due);
        tasks.spawn(async move {
            let mut outcome = Outcome::default();
            for payment in payments {
                let Some(due) = dues.recv().await else { break };
                let answer = line.ask(&payment.bytes).await?;
                let latency = due.elapsed();
                outcome.due.push((due, u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)));
                outcome.note(&payment, answer, latency);
            }
            Ok::<_, anyhow::Error>(outcome)
        });
    }
    let begun = Instant::now();
    // A thread of its own: the runtime's timers are a millisecond coarse.
    let pace = std::thread::spawn(move || {
        for (number, line) in (0..count).zip(lines.iter().cycle()) {
            let nanos = u64::try_from(number).unwrap_or(0).saturating_mul(1_000_000_000);
            let due = begun + Duration::from_nanos(nanos / u64::try_from(rate).unwrap_or(1).max(1));
            let wait = due.saturating_duration_since(Instant::now());
            if !wait.is_zero() {
                machine::rest(wait);
            }
            // A terminal that is gone has failed, which ends the run elsewhere.
            let _ = line.send(due);
        }
    });
    let whole = collect(tasks).await?;
    drop(pace.join());
    Ok(whole.finish(begun.elapsed()))
}

async fn collect(mut tasks: JoinSet<Result<Outcome>>) -> Result<Outcome> {
    let mut whole = Outcome::default();
    while let Some(done) = tasks.join_next().await {
        whole.join(done??);
    }
    Ok(whole)
}
