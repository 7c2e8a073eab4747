//! Mutated messages against the running programs, while payments go on: nobody panics, hangs or starves, and
//! the books are right afterwards.
//!
//! Every message takes a line of its own and ends it; a program that has not closed that line in
//! [`PATIENCE`] hangs. The same seed sends the same messages.

use crate::books::Books;
use crate::flow::{Act, Card, Person, word};
use crate::http;
use crate::nexo::Register;
use crate::point;
use crate::tools::Tools;
use crate::town::{Party, Ports, Template, Town};
use anyhow::{Context as _, Result, bail};
use fuzzing::{Dice, TARGETS, mutate};
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a program may hold a line that said all it will say.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// How long a payment may take among all this.
pub const PAYMENT: Duration = Duration::from_secs(30);
/// More than this is not kept of an answer.
const ANSWER: usize = 64 * 1024;
/// Lines at a time.
const THREADS: u64 = 6;
/// What a program may have grown by: the limit of the reliability page.
const GROWTH_KIB: u64 = 64 * 1024;

/// Where messages come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// The terminal's local API.
    Local,
    /// The terminal's server for registers.
    Nexo,
    /// The center: API, console, receipts.
    Center,
    /// The card network, ISO 8583.
    Host,
    /// The code brands, HTTP.
    Brands,
}

impl Door {
    /// All.
    pub const ALL: [Self; 5] = [Self::Local, Self::Nexo, Self::Center, Self::Host, Self::Brands];

    /// For people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Local => "terminal, local API",
            Self::Nexo => "terminal, registers (TLS)",
            Self::Center => "center",
            Self::Host => "card network (ISO 8583)",
            Self::Brands => "code brands",
        }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Hammered {
    /// Messages by door: sent, and answered with anything.
    pub doors: BTreeMap<Door, (usize, usize)>,
    /// Payments that were approved meanwhile.
    pub approved: usize,
    /// Payments that ended otherwise, because a message had taken or stopped them.
    pub otherwise: usize,
    /// The longest payment.
    pub slowest: Duration,
    /// What is wrong, a sentence each.
    pub problems: Vec<String>,
    /// The whole.
    pub took: Duration,
}

/// A sample of a door: what stands before the body, and the body.
type Sample = (String, Vec<u8>);

/// Sends so many messages.
pub fn hammer(tools: &Tools, messages: usize, seed: u64, out: &mut dyn Write) -> Result<Hammered> {
    let begun = Instant::now();
    let template = Template::prepare(tools)?;
    let folder = template.copy()?;
    let mut town = Town::start(folder.path().to_owned(), tools, &[])?;
    town.until_connected()?;
    let mut hammered = Hammered::default();
    let before = memory(&mut town)?;
    let (ports, register) = (town.ports, Register::of(&town)?);
    let (next, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    let mut person = Person::new(&mut town);
    person.clears_the_way = true;
    let paying = std::thread::scope(|scope| {
        let sent: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (next, register) = (&next, &register);
                let dice = Dice::new(seed.wrapping_mul(1_000).wrapping_add(thread));
                scope.spawn(move || throw(ports, register, dice, next, messages))
            })
            .collect();
        let (watched, next) = (&done, &next);
        scope.spawn(move || probe(ports, watched));
        let paying = pays_on(&mut person, next, messages, &mut hammered);
        done.store(true, Ordering::Relaxed);
        for thread in sent {
            let (doors, problems) = thread.join().unwrap_or_else(|_| {
                (BTreeMap::new(), vec!["a thread of the harness ended early".to_owned()])
            });
            hammered.problems.extend(problems);
            for (door, (sent, answered)) in doors {
                let sum = hammered.doors.entry(door).or_default();
                *sum = (sum.0 + sent, sum.1 + answered);
            }
        }
        paying
    });
    let ended = paying.and_then(|()| person.last_customer()).and_then(|()| point::settled(&mut person));
    if let Err(error) = ended {
        hammered.problems.push(format!("payments do not go on: {error:#}"));
    }
    let mut seen = std::mem::take(&mut person.seen);
    drop(person);
    aftermath(&mut town, &before, &mut hammered, out)?;
    town.end();
    let books = Books::read(folder.path())?;
    // What a damaged message began was begun by nobody of ours, and told to nobody.
    for id in books.terminal.payments.keys().chain(books.terminal.refunds.keys()) {
        seen.entry(id.clone()).or_default();
    }
    hammered.problems.extend(books.differences(&seen));
    hammered.took = begun.elapsed();
    if !hammered.problems.is_empty() {
        writeln!(out, "the folder is kept: {}", folder.keep().display())?;
    }
    report(&hammered, out)?;
    Ok(hammered)
}

/// Nobody died, grew or panicked.
fn aftermath(
    town: &mut Town,
    before: &BTreeMap<Party, u64>,
    hammered: &mut Hammered,
    out: &mut dyn Write,
) -> Result<()> {
    if town.restarts > 0 {
        hammered.problems.push(format!("{} times a program had to be started again", town.restarts));
    }
    for (party, kib) in memory(town)? {
        let grown = kib.saturating_sub(before.get(&party).copied().unwrap_or(0));
        writeln!(out, "{}: {kib} KiB, {grown} more than before", party.word())?;
        if grown > GROWTH_KIB {
            hammered.problems.push(format!("{} has grown by {grown} KiB", party.word()));
        }
    }
    for party in Party::ALL {
        let said = town.said(party);
        for line in said.lines().filter(|line| line.contains("panicked")).take(3) {
            hammered.problems.push(format!("{} panicked: {line}", party.word()));
        }
    }
    Ok(())
}

fn report(hammered: &Hammered, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "| door | messages | answered with anything |\n|---|---:|---:|")?;
    for (door, (sent, answered)) in &hammered.doors {
        writeln!(out, "| {} | {sent} | {answered} |", door.word())?;
    }
    writeln!(
        out,
        "{} payments approved meanwhile, {} ended otherwise, the longest {} ms, {} s",
        hammered.approved,
        hammered.otherwise,
        hammered.slowest.as_millis(),
        hammered.took.as_secs()
    )?;
    for problem in &hammered.problems {
        writeln!(out, "✗ {problem}")?;
    }
    Ok(())
}

/// Resident memory in KiB.
fn memory(town: &mut Town) -> Result<BTreeMap<Party, u64>> {
    let mut found = BTreeMap::new();
    for party in Party::ALL {
        let pid = town.pid(party).context("a program has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        found.insert(party, line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0));
    }
    Ok(found)
}

/// Customers come while messages are sent.
fn pays_on(
    person: &mut Person<'_>,
    next: &AtomicUsize,
    messages: usize,
    hammered: &mut Hammered,
) -> Result<()> {
    let tap = Card { name: "jcb", how: "tap", pin: None };
    let mut amount = 400;
    while next.load(Ordering::Relaxed) < messages {
        amount = if amount > 3_000 { 401 } else { amount + 1 };
        let since = Instant::now();
        let act = if amount % 3 == 0 { Act::Code(amount, "aoi-paypay") } else { Act::Pay(amount, tap) };
        let (id, state) = person.act(act)?;
        let took = since.elapsed();
        if state == "approved" {
            hammered.approved += 1;
        } else {
            hammered.otherwise += 1;
        }
        hammered.slowest = hammered.slowest.max(took);
        if took > PAYMENT {
            hammered.problems.push(format!("payment {id} took {} s", took.as_secs()));
        }
    }
    if hammered.approved == 0 {
        bail!("not one payment was approved meanwhile");
    }
    Ok(())
}

/// Looks whether everybody still answers.
fn probe(ports: Ports, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        for at in [ports.center, ports.terminal] {
            drop(http::get(at, "/healthz"));
        }
        crate::tools::pause(Duration::from_millis(200));
    }
}

type Thrown = (BTreeMap<Door, (usize, usize)>, Vec<String>);

fn throw(ports: Ports, register: &Register, mut dice: Dice, next: &AtomicUsize, messages: usize) -> Thrown {
    let (mut doors, mut problems) = (BTreeMap::new(), Vec::new());
    let samples: BTreeMap<Door, Vec<Sample>> =
        Door::ALL.into_iter().map(|door| (door, samples(door))).collect();
    while next.fetch_add(1, Ordering::Relaxed) < messages {
        let door = Door::ALL.get(dice.below(Door::ALL.len())).copied().unwrap_or(Door::Local);
        let known = samples.get(&door).map(Vec::as_slice).unwrap_or_default();
        let bytes = damaged(door, known, &mut dice);
        let since = Instant::now();
        let answered = match door {
            Door::Nexo => register.throw(&bytes, PATIENCE),
            Door::Local => line(ports.terminal, &bytes),
            Door::Center => line(ports.center, &bytes),
            Door::Host => line(ports.card, &bytes),
            Door::Brands => line(ports.code, &bytes),
        };
        let counted: &mut (usize, usize) = doors.entry(door).or_default();
        counted.0 += 1;
        match answered {
            Ok(bytes) => counted.1 += usize::from(bytes > 0),
            Err(why) => problems.push(format!(
                "{}: {why:#} after {} ms: {}",
                door.word(),
                since.elapsed().as_millis(),
                String::from_utf8_lossy(&bytes).chars().take(400).collect::<String>().escape_debug()
            )),
        }
        if problems.len() > 20 {
            break;
        }
    }
    (doors, problems)
}

/// Half of the messages are damaged in their body alone, so that they get past the first door.
fn damaged(door: Door, samples: &[Sample], dice: &mut Dice) -> Vec<u8> {
    let empty = (String::new(), Vec::new());
    let (head, body) = samples.get(dice.below(samples.len())).unwrap_or(&empty);
    let (_, other) = samples.get(dice.below(samples.len())).unwrap_or(&empty);
    let mut body = body.clone();
    if door == Door::Host {
        mutate(&mut body, other, dice);
        return body;
    }
    let whole = dice.below(2) == 0;
    if !whole {
        mutate(&mut body, other, dice);
    }
    let length = format!("content-length: {}\r\n\r\n", body.len());
    let mut bytes = [head.as_bytes(), length.as_bytes(), &body].concat();
    if whole {
        mutate(&mut bytes, other, dice);
    }
    bytes
}

/// How long an answer is waited for before our side of the line is ended: a message that was cut short would
/// wait for its rest.
pub(crate) const HALF: Duration = Duration::from_millis(60);

/// Says it, and ends its side when no answer comes; gives how many bytes came back before the other side ended.
fn line(at: SocketAddr, bytes: &[u8]) -> Result<usize> {
    let mut stream = TcpStream::connect_timeout(&at, PATIENCE).context("no connection")?;
    stream.set_read_timeout(Some(HALF))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Who is refused half-way may hear that while still speaking.
    let _ = stream.write_all(bytes);
    let mut ours = stream.try_clone()?;
    drained(&mut ours, || {
        let _ = stream.shutdown(Shutdown::Write);
        Ok(stream.set_read_timeout(Some(PATIENCE))?)
    })
}

/// Reads until the other side ends the line; where it says nothing for a while, `end` ends ours first.
pub(crate) fn drained(stream: &mut impl Read, end: impl FnOnce() -> Result<()>) -> Result<usize> {
    let (mut end, mut buffer, mut read) = (Some(end), [0; 8192], 0_usize);
    loop {
        match stream.read(&mut buffer) {
            Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                match end.take() {
                    Some(end) => end()?,
                    None => bail!("the line is held"),
                }
            }
            Err(why) if why.kind() == ErrorKind::Interrupted => {}
            // A line that is cut has ended as well.
            Ok(0) | Err(_) => return Ok(read),
            Ok(bytes) => read += bytes,
        }
        // A stream of events never ends by itself.
        if read > ANSWER {
            return Ok(read);
        }
    }
}

fn json(method: &str, path: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\n"
    )
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    TARGETS.iter().find(|known| known.name == target).map(|known| (known.seeds)()).unwrap_or_default()
}

fn samples(door: Door) -> Vec<Sample> {
    const ID: &str = "0199c0c8-0000-7000-8000-000000000001";
    let text = |head: String, body: &str| (head, body.as_bytes().to_vec());
    match door {
        Door::Local => vec![
            text(json("POST", "/local/payments"), r#"{"amount":880,"method":"card","class":"lump"}"#),
            text(json("POST", "/local/payments"), r#"{"amount":100,"method":"code","note":"n"}"#),
            text(json("POST", &format!("/local/payments/{ID}/refunds")), r#"{"amount":1,"reason":"x"}"#),
            text(json("POST", &format!("/local/payments/{ID}/cancel")), "{}"),
            text(json("POST", &format!("/local/payments/{ID}/continue")), "{}"),
            text(
                json("POST", &format!("/local/payments/{ID}/signature")),
                r#"{"width":100,"height":50,"strokes":[[[20,15],[120,40]],[[1,2],[3,4]]]}"#,
            ),
            text(json("GET", &format!("/local/payments/{ID}")), ""),
            text(json("GET", "/history?page=2"), ""),
        ],
        Door::Nexo => seeds("nexo_message")
            .into_iter()
            .chain(seeds("nexo_sealed"))
            .map(|body| (json("POST", "/nexo/"), body))
            .collect(),
        Door::Center => seeds("payment_body")
            .into_iter()
            .map(|body| (json("POST", "/api/v1/payments"), body))
            .chain(seeds("center_bodies").into_iter().map(|body| (json("POST", "/api/v1/journal"), body)))
            .chain([
                text(json("GET", &format!("/api/v1/payments/{ID}")), ""),
                text(json("POST", &format!("/api/v1/payments/{ID}/refunds")), r#"{"amount":1}"#),
                text(json("GET", "/payments?from=2026-11-01&q=a"), ""),
                text(
                    "POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
                     content-type: application/x-www-form-urlencoded\r\n"
                        .to_owned(),
                    "login=operator&password=no",
                ),
                text(json("GET", "/r/abcdefghijklmnop"), ""),
            ])
            .collect(),
        Door::Host => ["iso8583_stream", "iso8583_text", "iso8583_packed"]
            .iter()
            .flat_map(|target| seeds(target))
            .map(|body| (String::new(), body))
            .collect(),
        Door::Brands => vec![
            text(
                json("POST", "/paypay/v2/payments"),
                r#"{"merchantPaymentId":"m-1","amount":{"amount":100,"currency":"JPY"},"userAuthorizationCode":"900000","requestedAt":1}"#,
            ),
            text(json("GET", "/paypay/v2/payments/m-1"), ""),
            text(json("DELETE", "/v2/payments/m-1"), ""),
            text(
                json("POST", "/paypay/v2/refunds"),
                r#"{"merchantRefundId":"r-1","merchantPaymentId":"m-1","amount":{"amount":1,"currency":"JPY"},"requestedAt":1}"#,
            ),
        ],
    }
}

/// Whether the terminal's answer says that something else runs, and what: its payment.
pub(crate) fn busy_with(answer: &http::Answer) -> Option<String> {
    let body = answer.json();
    let detail = word(&body, "detail");
    (answer.status == 409).then(|| detail.rsplit(' ').next().unwrap_or_default().to_owned())
}
