//! The hunt for card data: payments with every card of the desk and every kind of trouble, then a search
//! of all that the programs left behind, on disk, on paper, on pages, in logs at their most talkative, and in
//! the memory of the running center and terminal.
//!
//! The search proves itself: a text with every needle must be found whole, and the networks' own memory,
//! which holds the cards, must give hits.

use crate::flow::{Act, Card, Person, word};
use crate::http;
use crate::needles::{Hit, Needles};
use crate::tools::Tools;
use crate::town::{Party, TERMINAL, Template, Town};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::io::Write;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// What the hunt looked at and found.
#[derive(Debug, Default)]
pub struct Hunted {
    /// Payments that were made.
    pub payments: usize,
    /// Mails that came with their receipts.
    pub mails: usize,
    /// Shapes that were looked for.
    pub needles: usize,
    /// Places by name, with the bytes that were searched.
    pub places: Vec<(String, u64)>,
    /// What was found where nothing may be.
    pub hits: Vec<Hit>,
    /// What was found in the terminal's memory: on a bench its process holds the simulated reader too, which
    /// must read the card in clear. A reader of its own keeps that outside.
    pub in_the_bench_reader: Vec<Hit>,
    /// Why memory could not be searched, where that was so.
    pub without_memory: Option<String>,
}

/// A card of the desk.
#[derive(Clone, Debug)]
struct Shelf {
    name: String,
    number: String,
    pin: Option<String>,
    ways: Vec<String>,
}

/// Runs the hunt: with every card in every way and every trouble, or quickly, with one card a way and a
/// refusal, a silence and a dead center.
pub fn hunt(tools: &Tools, quick: bool, out: &mut dyn Write) -> Result<Hunted> {
    let template = Template::prepare(tools)?;
    let folder = template.copy()?;
    let tools = Tools { log: "trace".to_owned(), ..tools.clone() };
    let mut town = Town::start(folder.path().to_owned(), &tools, &[])?;
    town.until_connected()?;
    let shelf = shelf(&town)?;
    let cards: Vec<_> =
        shelf.iter().map(|card| (card.name.clone(), card.number.clone(), card.pin.clone())).collect();
    let needles = Needles::of(&cards);
    prove(&needles)?;
    let mut hunted = Hunted { needles: needles.count(), ..Hunted::default() };
    let pages = {
        let mut person = Person::new(&mut town);
        if quick {
            let few: Vec<_> = shelf.into_iter().filter(|card| QUICK.contains(&&*card.name)).collect();
            pay_with_everything(&mut person, &few, &["drop_answer"], out)?;
        } else {
            pay_with_everything(&mut person, &shelf, TROUBLES, out)?;
        }
        hunted.payments = person.seen.len();
        hunted.mails = mails(&person)?;
        pages(&mut person)?
    };
    for (name, text) in &pages {
        hunted.places.push((name.clone(), u64::try_from(text.len()).unwrap_or(0)));
        hunted.hits.extend(needles.search(name, text.as_bytes()));
    }
    writeln!(out, "{} pages and answers", pages.len())?;
    memory(&mut town, &needles, &mut hunted)?;
    town.end();
    writeln!(out, "memory searched")?;
    for entry in std::fs::read_dir(folder.path())? {
        let path = entry?.path();
        let (hits, bytes) = needles.search_path(&path)?;
        hunted.places.push((short(&path), bytes));
        hunted.hits.extend(hits);
    }
    report(&hunted, out)?;
    Ok(hunted)
}

fn short(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The search finds what is there.
fn prove(needles: &Needles) -> Result<()> {
    let missing = needles.missing(&needles.search("control", &needles.planted()));
    if missing.is_empty() { Ok(()) } else { bail!("the search is blind for {missing:?}") }
}

fn shelf(town: &Town) -> Result<Vec<Shelf>> {
    let all = http::get(town.ports.desk, "/desk/cards")?.json();
    let card = |card: &Value| Shelf {
        name: word(card, "name").to_owned(),
        number: word(card, "number").to_owned(),
        pin: card.get("pin").and_then(Value::as_str).map(str::to_owned),
        ways: card
            .get("ways")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|way| way.as_str().map(str::to_owned))
            .collect(),
    };
    Ok(all.as_array().context("no cards on the desk")?.iter().map(card).collect())
}

/// The cards of the quick hunt: one by chip and by tap, one by stripe.
const QUICK: [&str; 2] = ["visa", "visa-stripe"];
/// What the network does to a message.
const TROUBLES: &[&str] = &["drop_answer", "drop_request", "garbage", "close"];

/// Every card in every way, each with its receipt by mail, then trouble: wrong PIN, silence, garbage, a center
/// that dies.
fn pay_with_everything(
    person: &mut Person<'_>,
    shelf: &[Shelf],
    troubles: &[&str],
    out: &mut dyn Write,
) -> Result<()> {
    let mut amount = 1_000;
    for card in shelf {
        for how in &card.ways {
            amount += 1;
            let pin = card.pin.as_deref();
            let (_, state) = person.act(Act::Pay(amount, Card { name: &card.name, how, pin }))?;
            if state == "approved" {
                person.mail_the_receipt(ADDRESS)?;
            }
            writeln!(out, "{} {how}: {state}", card.name)?;
        }
    }
    let visa = Card { name: "visa", how: "insert", pin: Some("1234") };
    person.act(Act::Pay(2_001, Card { pin: Some("9999"), ..visa })).map(drop)?;
    for (amount, trouble) in (2_002..).zip(troubles) {
        let fault = json!({ "network": "card", "fault": trouble, "times": 1 });
        http::post(person.town.ports.desk, "/desk/faults", &fault)?;
        person.act(Act::Pay(amount, visa))?;
    }
    person.town.kill(Party::Center);
    person.act(Act::Pay(2_100, visa))?;
    person.last_customer()
}

/// Where the receipts go.
const ADDRESS: &str = "hanako@example.jp";
/// How long the mails may take.
const MAILS: Duration = Duration::from_mins(1);

/// Waits until every mail that was asked for is in the catcher, and tells how many came.
fn mails(person: &Person<'_>) -> Result<usize> {
    let begun = Instant::now();
    loop {
        let caught = http::get(person.town.ports.desk, "/desk/mails")?.json();
        let count = caught.as_array().map_or(0, Vec::len);
        if count >= person.mailed && count > 0 {
            return Ok(count);
        }
        if begun.elapsed() > MAILS {
            bail!("{} mails were asked for, {count} came", person.mailed);
        }
        crate::tools::pause(Duration::from_millis(20));
    }
}

/// Pages and answers of the product, as text.
fn pages(person: &mut Person<'_>) -> Result<Vec<(String, String)>> {
    let ports = person.town.ports;
    let mut found = Vec::new();
    let mut keep = |name: String, answer: http::Answer| found.push((name, answer.body));
    for path in ["/", "/history", "/settings"] {
        keep(format!("terminal {path}"), http::get(ports.terminal, path)?);
    }
    for id in person.seen.keys() {
        let view = http::get(ports.terminal, &format!("/local/payments/{id}"))?;
        if let Some(receipt) = view.json().get("receipt_url").and_then(Value::as_str)
            && let Some((_, path)) = receipt.split_once(&ports.center.to_string())
        {
            keep(format!("receipt {id}"), http::get(ports.center, path)?);
        }
        keep(format!("local API {id}"), view);
    }
    let session = http::sign_in(ports.center, "operator", "Choba-demo-1")?;
    for path in
        std::iter::once("/payments".to_owned()).chain(person.seen.keys().map(|id| format!("/payments/{id}")))
    {
        keep(format!("console {path}"), http::get_as(ports.center, &path, &session)?);
    }
    for path in [format!("/desk/paper/{TERMINAL}"), "/desk/mails".to_owned(), "/desk/charges".to_owned()] {
        keep(format!("desk {path}"), http::get(ports.desk, &path)?);
    }
    Ok(found)
}

/// Searches the memory of the running programs: every writable mapping, as a core dump would hold it. The
/// networks are the control, since they hold every card of the shelf.
fn memory(town: &mut Town, needles: &Needles, hunted: &mut Hunted) -> Result<()> {
    for party in [Party::Networks, Party::Center, Party::Terminal] {
        let pid = town.pid(party).context("a program has ended")?;
        let name = format!("memory of {}", party.word());
        let (hits, bytes) = match searched(pid, &name, needles) {
            Ok(found) => found,
            Err(why) => {
                hunted.without_memory = Some(format!("{why:#}"));
                return Ok(());
            }
        };
        hunted.places.push((name, bytes));
        match party {
            Party::Networks if hits.is_empty() => {
                bail!("the control failed: the memory of the networks, which holds the cards, shows none")
            }
            Party::Networks => {}
            Party::Center => hunted.hits.extend(hits),
            Party::Terminal => hunted.in_the_bench_reader.extend(hits),
        }
    }
    Ok(())
}

fn searched(pid: u32, name: &str, needles: &Needles) -> Result<(Vec<Hit>, u64)> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).context("memory of another process")?;
    let (mut hits, mut read) = (Vec::new(), 0_u64);
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some(range), Some(rights)) = (words.next(), words.next()) else { continue };
        let place = words.nth(3).unwrap_or("heap or stack");
        if !rights.starts_with("rw") || place.starts_with("[v") || place.ends_with("-shm") {
            continue;
        }
        let Some((from, to)) = range.split_once('-') else { continue };
        let (from, to) = (u64::from_str_radix(from, 16)?, u64::from_str_radix(to, 16)?);
        let mut bytes = vec![0; usize::try_from(to.saturating_sub(from))?];
        // A mapping may have gone since the list was read.
        if memory.read_exact_at(&mut bytes, from).is_ok() {
            read += to.saturating_sub(from);
            hits.extend(needles.search(&format!("{name} ({place})"), &bytes));
        }
    }
    if read == 0 {
        bail!("nothing of the memory of process {pid} could be read");
    }
    Ok((hits, read))
}

fn report(hunted: &Hunted, out: &mut dyn Write) -> Result<()> {
    writeln!(
        out,
        "{} payments, {} mails, {} shapes looked for",
        hunted.payments, hunted.mails, hunted.needles
    )?;
    let mut pages = (0, 0);
    for (name, bytes) in &hunted.places {
        if ["terminal /", "receipt", "local API", "console", "desk"].iter().any(|kind| name.starts_with(kind))
        {
            pages = (pages.0 + 1, pages.1 + bytes);
        } else {
            writeln!(out, "  {:>9} KiB  {name}", bytes / 1024)?;
        }
    }
    writeln!(out, "  {:>9} KiB  {} pages and answers", pages.1 / 1024, pages.0)?;
    if let Some(why) = &hunted.without_memory {
        writeln!(out, "  memory was not searched: {why}")?;
    }
    for hit in &hunted.hits {
        writeln!(out, "✗ {} in {}, {} times, first at {}", hit.name, hit.place, hit.times, hit.at)?;
    }
    let excused = hunted.in_the_bench_reader.len();
    writeln!(out, "in the terminal's memory, with the bench's reader in it: {excused}")?;
    writeln!(out, "{} hits", hunted.hits.len())?;
    Ok(())
}
