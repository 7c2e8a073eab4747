//! Settlement struck at every call that writes, syncs or changes a file: closing, and the bank file. The command is
//! begun again, and what is there then must be, byte for byte, what a run without trouble leaves.

use crate::fault::{Control, Mode};
use crate::flow::{Act, Person, TAP};
use crate::point;
use crate::tools::{Tools, pause, shuffled};
use crate::town::{Template, Town, copy_folder};
use anyhow::{Context as _, Result, bail};
use choba::programs::center as center_program;
use clock::Clock;
use jiff::ToSpan as _;
use jiff::civil::Date;
use rusqlite::Connection;
use settlement::rules::PayDayState;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use store::Url;

/// The ways in which a command without a line can be struck.
const MODES: [Mode; 5] = [Mode::Before, Mode::After, Mode::Torn, Mode::Enospc, Mode::Eio];
/// The programs' clocks are so far ahead that every window of today's payments is over.
const AHEAD_DAYS: i64 = 75;
/// What is paid before: sales of two brands' groups, and one given back.
const SALES: &[Act<'static>] =
    &[Act::Pay(8_800, TAP), Act::Code(1_500, "aoi-paypay"), Act::Pay(24_000, TAP), Act::Back(None)];
/// How long the disk stays full, and how long a command may take.
const FULL: Duration = Duration::from_millis(1_500);
const LONGEST: Duration = Duration::from_secs(30);

/// What is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// `choba admin close`.
    Close,
    /// `choba admin bank-file`.
    File,
}

impl Step {
    const ALL: [Self; 2] = [Self::Close, Self::File];

    /// Its word in the table.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::File => "bank-file",
        }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Settled {
    /// Points that were struck, by step and mode.
    pub points: BTreeMap<(Step, Mode), u32>,
    /// What was wrong, a sentence each.
    pub problems: Vec<String>,
}

/// One struck run.
#[derive(Clone, Copy, Debug)]
struct Struck {
    step: Step,
    mode: Mode,
    at: u32,
}

/// Folders before each step, and what each leaves.
struct Ground {
    before: [tempfile::TempDir; 2],
    after: [String; 2],
    on: Date,
    pay_on: Date,
}

/// Strikes every call of both steps, or a sample of them, `jobs` at a time.
pub fn sweep(
    tools: &Tools,
    sample: Option<usize>,
    seed: u64,
    jobs: usize,
    out: &mut (dyn Write + Send),
) -> Result<Settled> {
    let template = Template::prepare(tools)?;
    let (ground, mut points) = prepare(&template, tools, out)?;
    shuffled(&mut points, seed);
    points.truncate(sample.unwrap_or(usize::MAX));
    let (points, settled) = (Mutex::new(points), Mutex::new(Settled::default()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some(point) = points.lock().unwrap_or_else(PoisonError::into_inner).pop() {
                    let done = strike(&template, tools, &ground, point);
                    let mut settled = settled.lock().unwrap_or_else(PoisonError::into_inner);
                    let problem = match done {
                        Ok(false) => continue,
                        Ok(true) => None,
                        Err(error) => Some(format!(
                            "{} {} {}: {error:#}",
                            point.step.word(),
                            point.mode.word(),
                            point.at
                        )),
                    };
                    *settled.points.entry((point.step, point.mode)).or_default() += 1;
                    settled.problems.extend(problem);
                }
            });
        }
    });
    let settled = settled.into_inner().unwrap_or_else(PoisonError::into_inner);
    table(out, &settled)?;
    Ok(settled)
}

fn table(out: &mut dyn Write, settled: &Settled) -> Result<()> {
    writeln!(out, "\n| step | {} |", MODES.map(Mode::word).join(" | "))?;
    writeln!(out, "|---|{}", "---:|".repeat(MODES.len()))?;
    for step in Step::ALL {
        let cells = MODES.map(|mode| settled.points.get(&(step, mode)).copied().unwrap_or(0).to_string());
        writeln!(out, "| {} | {} |", step.word(), cells.join(" | "))?;
    }
    for problem in &settled.problems {
        writeln!(out, "✗ {problem}")?;
    }
    let points: u32 = settled.points.values().sum();
    writeln!(out, "{points} points, {} violations", settled.problems.len())?;
    Ok(())
}

/// Pays in a running town, counts the calls of both steps without trouble, and lists the points.
fn prepare(template: &Template, tools: &Tools, out: &mut dyn Write) -> Result<(Ground, Vec<Struck>)> {
    let first = template.copy()?;
    pay(first.path(), tools)?;
    configure(first.path())?;
    let on = Clock::real().today().saturating_add(AHEAD_DAYS.days());
    let mut points = Vec::new();
    let done = template.beside()?;
    copy_folder(first.path(), done.path())?;
    let pay_on = |folder: &Path| -> Result<Date> {
        let sql = "SELECT MIN(pay_on) FROM settle_payout";
        let day: String = open(folder)?.query_row(sql, [], |row| row.get(0)).context("nothing is paid")?;
        Ok(day.parse()?)
    };
    count(tools, done.path(), &close_words(on), Step::Close, &mut points, out)?;
    let (closed, pay_on) = (state(done.path())?, pay_on(done.path())?);
    // As if the center had closed it at night: who closes by a command does not make the bank file by one.
    open(done.path())?.execute("UPDATE settle_payday SET closed_by = 'center'", [])?;
    approve(done.path(), pay_on)?;
    let second = template.beside()?;
    copy_folder(done.path(), second.path())?;
    count(tools, done.path(), &file_words(pay_on, done.path()), Step::File, &mut points, out)?;
    let exported = state(done.path())?;
    Ok((Ground { before: [first, second], after: [closed, exported], on, pay_on }, points))
}

fn close_words(on: Date) -> Vec<String> {
    ["close", "--json", "--on", &on.to_string()].map(str::to_owned).to_vec()
}

fn file_words(pay_on: Date, folder: &Path) -> Vec<String> {
    let out = folder.join("out.txt").display().to_string();
    ["bank-file", "--json", "--pay-date", &pay_on.to_string(), "--out", &out].map(str::to_owned).to_vec()
}

fn again_words(pay_on: Date, folder: &Path) -> Vec<String> {
    let (number, out) =
        (format!("{}-1", pay_on.strftime("%Y%m%d")), folder.join("out.txt").display().to_string());
    ["bank-file", "--json", "--number", &number, "--out", &out].map(str::to_owned).to_vec()
}

fn pay(folder: &Path, tools: &Tools) -> Result<()> {
    let mut town = Town::start(folder.to_owned(), tools, &[])?;
    let mut person = Person::new(&mut town);
    person.town.until_connected()?;
    for act in SALES {
        person.act(*act)?;
    }
    point::settled(&mut person)?;
    drop(person);
    town.end_gently()
}

/// The demo's cast has all that settlement needs but the second person who confirms the account.
fn configure(folder: &Path) -> Result<()> {
    with_center(folder, async |opened| {
        let cast = choba::cast::Cast::read(choba::cast::DEMO)?;
        Ok(cast.confirm_payee(opened).await?)
    })
}

fn approve(folder: &Path, pay_on: Date) -> Result<()> {
    with_center(folder, async |opened| {
        let tenant = opened.base.tenant;
        let day =
            opened.base.read(move |tx| Ok(settlement::rows::batches::pay_day(tx, tenant, pay_on)?)).await;
        let day = day.map_err(|refusal| anyhow::anyhow!("{refusal}"))?.context("no pay day")?;
        if day.state != PayDayState::Closed {
            bail!("the pay day is {}", day.state.word());
        }
        let done = opened.settlement.approve("person sato", pay_on, day.hash).await;
        done.map_err(|refusal| anyhow::anyhow!("{refusal}"))
    })
}

fn with_center(folder: &Path, work: impl AsyncFnOnce(&center::Center) -> Result<()>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let opened = center_program::open(&center_program::Settings::unserved(&folder.join("center")))?;
        let done = work(&opened).await;
        opened.base.db.clone().close();
        done
    })
}

/// Runs a step without trouble and lists the points of its calls.
fn count(
    tools: &Tools,
    folder: &Path,
    words: &[String],
    step: Step,
    points: &mut Vec<Struck>,
    out: &mut dyn Write,
) -> Result<()> {
    let control = Control::new(folder, step.word())?;
    control.arm(Mode::Before, 0)?;
    if !run(tools, folder, words, Some(&control))? {
        bail!("{} fails without any fault", step.word());
    }
    let calls = control.calls();
    writeln!(out, "{:<10} {:>3} calls", step.word(), calls.lines().count())?;
    for mode in MODES {
        points.extend((1..=mode.points(&calls)).map(|at| Struck { step, mode, at }));
    }
    Ok(())
}

/// One point; false: the call was never made.
fn strike(template: &Template, tools: &Tools, ground: &Ground, point: Struck) -> Result<bool> {
    let ([first, second], [closed, exported]) = (&ground.before, &ground.after);
    let folder = template.beside()?;
    let (before, after) = match point.step {
        Step::Close => (first, closed),
        Step::File => (second, exported),
    };
    copy_folder(before.path(), folder.path())?;
    let words = match point.step {
        Step::Close => close_words(ground.on),
        Step::File => file_words(ground.pay_on, folder.path()),
    };
    let control = Control::new(folder.path(), point.step.word())?;
    control.arm(point.mode, point.at)?;
    run(tools, folder.path(), &words, Some(&control))?;
    if !control.fired()? {
        return Ok(false);
    }
    // A file that was made is not made again: it is asked for by its number.
    let is_done = run(tools, folder.path(), &words, None)?
        || point.step == Step::File
            && run(tools, folder.path(), &again_words(ground.pay_on, folder.path()), None)?;
    if !is_done {
        bail!("begun again, it fails");
    }
    let found = state(folder.path())?;
    if found != *after {
        bail!("begun again, it leaves\n{found}\nand not\n{after}");
    }
    Ok(true)
}

/// Runs the command to its end; false: it ended with an error, or was killed. A full disk has space again after a while.
fn run(tools: &Tools, folder: &Path, words: &[String], control: Option<&Control>) -> Result<bool> {
    let mut command = Command::new(&tools.choba);
    command.arg("admin").args(words).arg("--data").arg(folder.join("center"));
    command.env("CHOBA_LOG", "error").env("LD_PRELOAD", &tools.preload);
    command.env("CHOBA_FAULT_AHEAD_S", (AHEAD_DAYS * 86_400).to_string());
    if let Some(control) = control {
        command.env("CHOBA_FAULT_CONTROL", &control.path).env("CHOBA_FAULT_LOG", &control.log);
    }
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if begun.elapsed() > FULL
            && let Some(control) = control
        {
            control.disarm()?;
        }
        if begun.elapsed() > LONGEST {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        pause(Duration::from_millis(5));
    }
}

fn open(folder: &Path) -> Result<Connection> {
    Ok(Connection::open(folder.join("center/center.sqlite"))?)
}

/// Everything that settlement has decided, as text: documents, lines, movements, payouts, files; and that the books are
/// sound. Instants and units are left out.
fn state(folder: &Path) -> Result<String> {
    let url = Url::Sqlite(folder.join("center/center.sqlite"));
    let clock = Clock::real();
    let db = center::open_db(&url, clock.clone())?;
    let report = center::verify(&db, clock.now_us());
    db.close();
    let report = report.map_err(|error| anyhow::anyhow!("the books cannot be read: {error}"))?;
    if !report.sound {
        let faults: Vec<&String> = report.tenants.iter().flat_map(|tenant| &tenant.faults).collect();
        bail!("the books are not sound: {faults:?}");
    }
    let conn = open(folder)?;
    let mut text = String::new();
    for sql in [
        "SELECT cycle, last_day, pay_on, notice_on FROM settle_window ORDER BY 1, 2",
        "SELECT pay_on, state, documents, paid_yen, hex(hash) FROM settle_payday ORDER BY 1",
        "SELECT pay_on, company_id, sum_yen, paid_yen, carried_out_yen, hex(hash) FROM settle_batch ORDER BY 1, 2",
        "SELECT pay_on, company_id, line, sales_yen, fee_yen, hex(items_hash) FROM settle_line ORDER BY 1, 2, 3",
        "SELECT pay_on, company_id, try, state, yen, file FROM settle_payout ORDER BY 1, 2, 3",
        "SELECT number, items, yen, hex(hash) FROM settle_file ORDER BY 1",
        "SELECT debit, credit, amount_yen FROM transfer WHERE kind = 'moved' ORDER BY 1, 2, 3",
    ] {
        let mut statement = conn.prepare(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                text.push_str(&format!("{:?} ", row.get_ref(column)?));
            }
            text.push('\n');
        }
    }
    let out: PathBuf = folder.join("out.txt");
    if let Ok(bytes) = std::fs::read(&out) {
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    Ok(text)
}
