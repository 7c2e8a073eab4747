//! Power cuts: what a file system holds that was never told to write the rest.
//!
//! `kill -9` leaves the page cache, so it proves nothing about a lost power supply. Here all three programs
//! keep their books on an ext4 in a file (a loop device). One program is stopped at an exact call, all are
//! killed, and the file under the file system is copied as it is: what the programs had written and not
//! synced is not in it. The copy is mounted, the programs are started on it, and everything that the
//! terminal had acknowledged must be there.

use crate::books::Books;
use crate::fault::Mode;
use crate::flow::{Act, Person, Seen, TAP};
use crate::tools::{Tools, shuffled};
use crate::town::{Party, Template, Town, copy_folder, tail};
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The size of the file system: beyond the reserve below which nothing new begins.
const IMAGE: &str = "160M";
/// Calls among which a cut is chosen: some payments long.
const CALLS: u32 = 150;

/// What came of some cuts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cuts {
    /// Cuts that were made.
    pub made: u32,
    /// Payments that had been acknowledged before them.
    pub acknowledged: usize,
    /// Cuts after which something was wrong.
    pub wrong: u32,
    /// The cut that showed the first.
    pub first: Option<u32>,
}

/// A mounted file system in a file; unmounted when it is dropped.
struct Mounted {
    at: PathBuf,
}

impl Mounted {
    fn new(image: &Path, at: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&at)?;
        quiet(Command::new("mount").args(["-o", "loop"]).arg(image).arg(&at))?;
        Ok(Self { at })
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(quiet(Command::new("umount").arg("-l").arg(&self.at)));
    }
}

fn quiet(command: &mut Command) -> Result<()> {
    let done = command.stdout(Stdio::null()).stderr(Stdio::piped()).output();
    let done = done.with_context(|| format!("{command:?} cannot be run"))?;
    if !done.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}

/// Why this machine cannot do it; `None` when it can.
pub fn impossible() -> Option<String> {
    let tried = || -> Result<()> {
        let folder = tempfile::tempdir()?;
        let image = empty_image(folder.path())?;
        Mounted::new(&image, folder.path().join("mounted")).map(drop)
    };
    tried().err().map(|why| format!("power cuts need root and a loop device: {why:#}"))
}

fn empty_image(folder: &Path) -> Result<PathBuf> {
    let image = folder.join("a.img");
    quiet(Command::new("truncate").args(["-s", IMAGE]).arg(&image))?;
    quiet(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image))?;
    Ok(image)
}

/// Makes so many cuts; stops at the first wrong one when told so.
pub fn cuts(
    tools: &Tools,
    (count, seed): (u32, u64),
    stop_at_first: bool,
    out: &mut dyn Write,
) -> Result<Cuts> {
    let template = Template::prepare(tools)?;
    let mut done = Cuts::default();
    let mut calls: Vec<u32> = (1..=CALLS).collect();
    shuffled(&mut calls, seed);
    for (number, at) in (0..count).zip(calls.iter().cycle()) {
        let party = if number % 3 == 0 { Party::Center } else { Party::Terminal };
        let (seen, problems) = cut(&template, tools, party, *at)?;
        done.made += 1;
        done.acknowledged += seen.values().filter(|seen| seen.last_word.is_some()).count();
        if !problems.is_empty() {
            done.wrong += 1;
            done.first.get_or_insert(done.made);
            writeln!(out, "✗ cut {} at call {at} of {}", done.made, party.word())?;
            for problem in problems {
                writeln!(out, "  {problem}")?;
            }
            if stop_at_first {
                break;
            }
        }
        if done.made.is_multiple_of(10) {
            writeln!(out, "… {} cuts, {} acknowledged, {} wrong", done.made, done.acknowledged, done.wrong)?;
        }
    }
    Ok(done)
}

/// One cut: payments until the call is reached, the copy, the recovery.
fn cut(
    template: &Template,
    tools: &Tools,
    party: Party,
    at: u32,
) -> Result<(BTreeMap<String, Seen>, Vec<String>)> {
    let folder = template.beside()?;
    let image = empty_image(folder.path())?;
    let copy = folder.path().join("b.img");
    let seen = {
        let mounted = Mounted::new(&image, folder.path().join("a"))?;
        copy_folder(template.path(), &mounted.at)?;
        quiet(&mut Command::new("sync"))?;
        let seen = until_struck(&mounted.at, tools, party, at)?;
        std::fs::copy(&image, &copy)?;
        seen
    };
    let mounted = Mounted::new(&copy, folder.path().join("b"))?;
    let problems = recovered(&mounted.at, tools, &seen);
    Ok((seen, problems))
}

/// Pays until the program stops at its call; then everything is killed at once.
fn until_struck(folder: &Path, tools: &Tools, party: Party, at: u32) -> Result<BTreeMap<String, Seen>> {
    let mut town = Town::start(folder.to_owned(), tools, &[party])?;
    town.until_connected()?;
    let control = town.control(party).reader()?;
    let pids: Vec<String> =
        Party::ALL.iter().filter_map(|party| town.pid(*party)).map(|pid| pid.to_string()).collect();
    town.control(party).arm(Mode::Stop, at)?;
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // The person cannot see that a program stands still; this one does and cuts the power.
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                if control.fired().unwrap_or(true) {
                    drop(quiet(Command::new("kill").arg("-9").args(&pids)));
                    return;
                }
                crate::tools::pause(Duration::from_millis(1));
            }
        });
        let mut person = Person::new(&mut town);
        person.leaves_when_struck = true;
        let since = Instant::now();
        let mut amount = 500;
        while since.elapsed() < Duration::from_secs(30) && person.act(Act::Pay(amount, TAP)).is_ok() {
            amount += 1;
        }
        let seen = std::mem::take(&mut person.seen);
        ended.store(true, Ordering::Relaxed);
        if !control.fired()? {
            bail!("call {at} of {} never came:\n{}", party.word(), tail(&person.story.join("\n"), 5));
        }
        Ok(seen)
    })
}

fn recovered(folder: &Path, tools: &Tools, seen: &BTreeMap<String, Seen>) -> Vec<String> {
    let tried = || -> Result<Vec<String>> {
        let mut town = Town::start(folder.to_owned(), tools, &[])?;
        let mut person = Person::new(&mut town);
        person.seen.clone_from(seen);
        let played = person.town.until_connected().and_then(|()| person.last_customer());
        let played = played.and_then(|()| crate::point::settled(&mut person).map(drop));
        let seen = std::mem::take(&mut person.seen);
        drop(person);
        town.end();
        let mut problems: Vec<String> = played.err().map(|error| format!("{error:#}")).into_iter().collect();
        let books = Books::read(folder)?;
        // Begun, and the power went before anybody was told: nobody was promised anything.
        let mut seen = seen;
        for id in books.terminal.payments.keys().chain(books.terminal.refunds.keys()) {
            seen.entry(id.clone()).or_default();
        }
        problems.extend(books.differences(&seen));
        Ok(problems)
    };
    tried().unwrap_or_else(|error| vec![format!("{error:#}")])
}
