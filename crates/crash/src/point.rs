//! One point: the flow with one program struck at one call, up to books that are compared.

use crate::books::{self, Books};
use crate::fault::Mode;
use crate::flow::{Flow, Person};
use crate::http;
use crate::tools::Tools;
use crate::town::{Party, Template, Town, tail};
use anyhow::{Result, bail};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Which call of which program in which flow, and what happens to it.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// The flow.
    pub flow: &'static Flow,
    /// Who is struck.
    pub party: Party,
    /// How.
    pub mode: Mode,
    /// The number of the call.
    pub at: u32,
}

impl Point {
    /// The command that repeats it.
    pub fn again(&self) -> String {
        format!(
            "cargo xtask crash --flow {} --party {} --mode {} --only {}",
            self.flow.name,
            self.party.word(),
            self.mode.word(),
            self.at
        )
    }
}

/// What came of a point.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Whether the call was reached and struck.
    pub fired: bool,
    /// The struck call.
    pub call: String,
    /// Every counted call until the flow ended, by program.
    pub calls: BTreeMap<Party, String>,
    /// What is wrong, a sentence each; empty when all is well.
    pub problems: Vec<String>,
    /// What was done and seen.
    pub story: String,
    /// How long it took.
    pub took: Duration,
    /// From the end of the flow at the counter until nothing was open in any book.
    pub settled: Duration,
    /// The folder of a point with problems, kept.
    pub kept: Option<PathBuf>,
}

/// How long books may stay open after the counter is quiet (R4: at most 60 s).
const SETTLE: Duration = Duration::from_mins(1);

/// Runs one point.
pub fn run(template: &Template, tools: &Tools, point: Point) -> Outcome {
    timed(template, tools, point.flow, Some(point))
}

/// Runs a flow with nobody struck and every program's calls counted.
pub fn count(template: &Template, tools: &Tools, flow: &'static Flow) -> Outcome {
    timed(template, tools, flow, None)
}

fn timed(template: &Template, tools: &Tools, flow: &'static Flow, point: Option<Point>) -> Outcome {
    let begun = Instant::now();
    let mut outcome = Outcome::default();
    match attempt(template, tools, flow, point, &mut outcome) {
        Ok(()) => {}
        Err(error) => outcome.problems.push(format!("{error:#}")),
    }
    outcome.took = begun.elapsed();
    outcome
}

fn attempt(
    template: &Template,
    tools: &Tools,
    flow: &'static Flow,
    point: Option<Point>,
    outcome: &mut Outcome,
) -> Result<()> {
    let folder = template.copy()?;
    let watched = point.map_or(Party::ALL.to_vec(), |point| vec![point.party]);
    let mut town = Town::start(folder.path().to_owned(), tools, &watched)?;
    let mut person = Person::new(&mut town);
    let played = play(&mut person, flow, point, outcome);
    let (seen, story) = (std::mem::take(&mut person.seen), std::mem::take(&mut person.story));
    drop(person);
    if let Some(point) = point {
        outcome.call = town.control(point.party).call(point.at);
    }
    outcome.story = format!("{}\n", story.join("\n"));
    if let Err(error) = played {
        outcome.problems.push(format!("{error:#}"));
    }
    let logs: Vec<String> = Party::ALL
        .iter()
        .map(|party| format!("-- {}\n{}\n", party.word(), tail(&town.said(*party), 12)))
        .collect();
    town.end();
    let books = Books::read(folder.path())?;
    outcome.story.push_str(&books.told_short());
    outcome.problems.extend(books.differences(&seen));
    if !outcome.problems.is_empty() {
        outcome.story.push_str(&logs.concat());
        outcome.kept = Some(folder.keep());
    }
    Ok(())
}

/// The flow, the last customer, and the wait until no book has anything open.
fn play(
    person: &mut Person<'_>,
    flow: &'static Flow,
    point: Option<Point>,
    outcome: &mut Outcome,
) -> Result<()> {
    person.town.until_connected()?;
    for act in flow.before {
        person.act(*act)?;
    }
    if flow.next_day {
        settled(person)?;
        person.town.sleep_until_tomorrow()?;
        person.town.until_connected()?;
        person.say("the next day");
    }
    if let Some(trouble) = flow.trouble {
        let fault = json!({ "network": "card", "fault": trouble, "times": 1 });
        http::post(person.town.ports.desk, "/desk/faults", &fault)?;
    }
    match point {
        Some(point) => person.town.control(point.party).arm(point.mode, point.at)?,
        None => {
            for party in Party::ALL {
                person.town.control(party).arm(Mode::Before, 0)?;
            }
        }
    }
    let acted: Result<()> = flow.acts.iter().try_for_each(|act| person.act(*act).map(drop));
    // What follows at the center (reversals, completions, mails) belongs to the flow.
    let settled = acted.and_then(|()| until_settled(person, outcome));
    outcome.fired = person.town.was_struck()?;
    if point.is_none() {
        let calls = Party::ALL.map(|party| (party, person.town.control(party).calls()));
        outcome.calls = BTreeMap::from(calls);
    }
    settled?;
    person.last_customer()?;
    until_settled(person, outcome)
}

fn until_settled(person: &mut Person<'_>, outcome: &mut Outcome) -> Result<()> {
    outcome.settled = outcome.settled.max(settled(person)?);
    Ok(())
}

/// Waits until no book has anything open, and tells how long that took.
pub fn settled(person: &mut Person<'_>) -> Result<Duration> {
    let since = Instant::now();
    loop {
        person.look_around()?;
        let report = books::verify(&person.town.folder)?;
        let open = books::open(&report);
        if open.is_empty() {
            return Ok(since.elapsed());
        }
        if since.elapsed() > SETTLE {
            bail!("not settled after {} s: {open:?}", SETTLE.as_secs());
        }
        crate::tools::pause(Duration::from_millis(40));
    }
}

/// Points by flow, program and mode, for the tables.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Reached points.
    pub points: u32,
    /// Points where something is wrong.
    pub wrong: u32,
}

/// Tallies by flow, program and mode.
pub type Tallies = BTreeMap<(&'static str, Party, Mode), Tally>;
