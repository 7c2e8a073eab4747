//! Closing a pay day of a million payments of ten thousand companies, beside a raw scan of the same rows and a raw write
//! of the same results; killed and repeated; and with payments going on.

use crate::cast::{self, Terminal};
use crate::limit::Writes;
use crate::load::{self, Outcome};
use crate::machine::{self, median, percentiles, ratio};
use crate::options::Options;
use crate::programs::{Program, first_200, free_port};
use crate::reader::{Till, prepare};
use crate::store_speed;
use crate::verdict;
use acquiring::row::{self, Payment};
use anyhow::{Context, Result, anyhow, bail};
use center_base::{Base, Person, Role, Scope, Secrets, UserId};
use clock::Clock;
use futures_util::StreamExt as _;
use jiff::civil::{Date, date};
use ledger::{Kind, Transfer};
use rusqlite::Connection;
use serde_json::{Value, json};
use settlement::Settlement;
use settlement::rows::terms;
use settlement::rules::{Level, Overlay, Ppm};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use store::{Db, TenantId, Tx, Url, Value as Sql};
use tower::ServiceExt as _;

const TENANT: TenantId = TenantId(1);
/// Payments and companies unless `--rows` and `--companies` say otherwise.
const ROWS: usize = 1_000_000;
const COMPANIES: usize = 10_000;
/// The days of the window, 1 to 15 November 2026.
const DAYS: usize = 15;
const CLOSED_ON: Date = date(2026, 11, 16);
const PAID_ON: Date = date(2026, 11, 30);
/// Payments in one commit while filling.
const GROUP: usize = 2_000;
/// The promise: closing beside scan and write, in thousandths.
const PROMISED: u64 = 1_500;
/// The promise: p99 of payments while it closes beside p99 without, in thousandths.
const TAIL_PROMISED: u64 = 2_000;
/// The promise: a file of items beside a raw loop, in thousandths.
const ITEMS_PROMISED: u64 = 1_300;
/// Payments a second while it closes.
const RATE: usize = 1_000;

pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(all(options))
}

async fn all(options: &Options) -> Result<()> {
    let rows = options.number("rows", ROWS)?;
    let companies = options.number("companies", COMPANIES)?;
    let folder = options.folder()?;
    let before = folder.path().join("before.sqlite");
    let cast = cast::terminals(64);
    cast::seed(&Url::Sqlite(before.clone()), &cast)?;
    let begun = Instant::now();
    fill(&before, rows, companies)?;
    let size = std::fs::metadata(&before)?.len();
    println!(
        "{}",
        json!({ "bench": "settle", "payments": rows, "companies": companies, "filled_in_s": begun.elapsed().as_secs(),
                "database_mib": size / 1_048_576 })
    );
    if options.part("closing") {
        let hash = beside_the_limit(options, folder.path(), &before).await?;
        killed(options, folder.path(), &before, &hash)?;
    }
    if options.part("beside") {
        beside_payments(options, folder.path(), &before, &cast).await?;
    }
    if options.part("items") {
        items(options, folder.path(), rows).await?;
    }
    Ok(())
}

/// A closing by its own statements, recorded once, then measured beside scan and write in turn.
async fn beside_the_limit(options: &Options, root: &Path, before: &Path) -> Result<String> {
    let recorded = root.join("recorded.sqlite");
    let (_, hash, units) = close(before, &recorded, true).await?;
    let documents = count(&recorded, "settle_batch")?;
    let writes = Writes::of(&units, documents, before, "settle_batch");
    drop(units);
    std::fs::remove_file(&recorded)?;
    let (mut ratios, mut counts) = (Vec::new(), Vec::new());
    for number in 1..=options.number("rounds", 3)? {
        let idle = machine::idle();
        let (scanned, digest) = scan(before)?;
        let (took, again, _) = close(before, &root.join("round.sqlite"), false).await?;
        if again != hash {
            bail!("closed twice, the pay day has {hash} and {again}");
        }
        let written = writes.replay(root)?.time;
        let limit = millis(scanned + written);
        ratios.push(millis(took).saturating_mul(1_000).checked_div(limit).unwrap_or(0));
        counts.push(idle >= 90);
        println!(
            "{}",
            json!({
                "bench": "settle", "round": number, "idle_percent": idle, "documents": documents,
                "closing_ms": millis(took), "raw_scan_ms": millis(scanned), "raw_write_ms": millis(written),
                "ratio": ratio(millis(took), limit), "memory_kib": machine::memory_kib(std::process::id(), "VmHWM"),
                "scanned": digest,
            })
        );
    }
    verdict::ratio_at_most(
        &format!("settle: closing {documents} documents beside raw scan and raw write"),
        median(ratios),
        PROMISED,
        counts.contains(&true),
    );
    Ok(hash)
}

/// One closing on a copy: how long, the pay day's hash, and what was committed.
async fn close(
    before: &Path,
    file: &Path,
    records: bool,
) -> Result<(Duration, String, Vec<store::testing::RecordedUnit>)> {
    fresh(before, file)?;
    // Four in the morning in Tokyo.
    let now = CLOSED_ON.at(4, 0, 0, 0).to_zoned(clock::tokyo())?.timestamp();
    let clock = Clock::by_hand(now);
    let db = center::open_db(&Url::Sqlite(file.to_owned()), clock.clone())?;
    let base = base(&db, clock);
    let settlement = Settlement::new(&base);
    if records {
        db.record();
    }
    let begun = Instant::now();
    let report = settlement.close(CLOSED_ON, "center").await.map_err(|error| anyhow!("{error}"))?;
    let took = begun.elapsed();
    let units = if records { db.recorded() } else { Vec::new() };
    db.close();
    let day = report.pay_days.iter().find(|day| day.pay_on == PAID_ON).context("no pay day")?;
    if report.is_blocked() {
        bail!("companies are left out: {:?}", day.blocked.first());
    }
    Ok((took, hex::encode(day.hash), units))
}

fn base(db: &Db, clock: Clock) -> Base {
    Base::new(db.clone(), clock, TENANT, "bench-1", "http://127.0.0.1", Secrets::new([7; 32]))
}

fn fresh(before: &Path, file: &Path) -> Result<()> {
    for end in ["", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        drop(std::fs::remove_file(PathBuf::from(name)));
    }
    std::fs::copy(before, file)?;
    // What the copy left to be written is not the closing's.
    std::fs::File::open(file)?.sync_all()?;
    Ok(())
}

/// The product's own queries of the days, by bare rusqlite on one thread, with a sum and one hash over everything.
fn scan(file: &Path) -> Result<(Duration, String)> {
    let conn = Connection::open(file)?;
    let [of_day, backs, ..] = acquiring::taken::STATEMENTS else { bail!("the queries of a day") };
    let (of_day, backs) = (of_day.replace('$', "?"), backs.replace('$', "?"));
    let (mut of_day, mut backs) = (conn.prepare(&of_day)?, conn.prepare(&backs)?);
    let begun = Instant::now();
    let (mut hash, mut sum, mut rows_seen) = (Sha256::new(), 0_i64, 0_u64);
    for number in 0..DAYS {
        let day = store_speed::day(number)?.to_string();
        for statement in [&mut of_day, &mut backs] {
            let columns = statement.column_count();
            let mut rows = statement.query(rusqlite::params![TENANT.0, day])?;
            while let Some(row) = rows.next()? {
                for column in 0..columns {
                    std::hint::black_box(row.get_ref(column)?);
                }
                let yen: i64 = row.get(5)?;
                sum += yen;
                rows_seen += 1;
                hash.update(row.get_ref(0)?.as_blob()?);
                hash.update(yen.to_be_bytes());
            }
        }
    }
    let took = begun.elapsed();
    Ok((took, format!("{rows_seen} rows, {sum} yen, {}", hex::encode(hash.finalize()))))
}

/// `choba admin close`, killed at ten moments, then run to its end: the same bytes.
fn killed(options: &Options, root: &Path, before: &Path, hash: &str) -> Result<()> {
    let (binary, data) = (options.binary()?, root.join("killed"));
    std::fs::create_dir_all(&data)?;
    fresh(before, &data.join("center.sqlite"))?;
    let kills = options.number("kills", 10)?;
    let mut cut_short = 0;
    for number in 0..kills {
        let mut child = command(&binary, &data).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        // From its first unit to the moments behind its end.
        machine::rest(Duration::from_millis(300 + 400 * u64::try_from(number)?));
        cut_short += usize::from(child.try_wait()?.is_none());
        child.kill()?;
        child.wait()?;
    }
    let done = command(&binary, &data).output()?;
    let report: Value = serde_json::from_slice(&done.stdout).context("the closing said nothing")?;
    let found = pay_day_hash(&data.join("center.sqlite"))?;
    println!("{}", json!({ "bench": "settle", "kills": kills, "cut_short": cut_short, "hash": found }));
    if found != hash {
        bail!("killed {cut_short} times, the pay day has {found} and not {hash}: {report}");
    }
    println!("verdict settle: killed {cut_short} times and repeated: the same bytes: kept");
    Ok(())
}

fn command(binary: &Path, data: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args(["admin", "close", "--json", "--on", &CLOSED_ON.to_string(), "--data"]).arg(data);
    command.env_remove("CHOBA_CONFIG");
    command
}

fn pay_day_hash(file: &Path) -> Result<String> {
    let conn = Connection::open(file)?;
    let sql = "SELECT hash FROM settle_payday WHERE pay_on = ?1 AND state = 'closed'";
    Ok(hex::encode(conn.query_row(sql, [PAID_ON.to_string()], |row| row.get::<_, Vec<u8>>(0))?))
}

/// The center closes by itself when it starts, while terminals pay; afterwards they pay as much again.
async fn beside_payments(options: &Options, root: &Path, before: &Path, cast: &[Terminal]) -> Result<()> {
    let (binary, root) = (options.binary()?, root.join("live"));
    let (data, secs) = (root.join("center"), options.number("secs", 20)?);
    std::fs::create_dir_all(&data)?;
    let file = data.join("center.sqlite");
    fresh(before, &file)?;
    let mut tills = cast.iter().map(Till::new).collect::<Result<Vec<_>>>()?;
    let (port, card) = (free_port()?, free_port()?);
    let each = (RATE * secs).div_ceil(tills.len());
    let first = prepare(&mut tills, each, port).await?;
    let second = prepare(&mut tills, each, port).await?;
    let _networks = Program::networks(&binary, &root.join("networks"), card)?;
    let _center = Program::center(&binary, &data, port, card)?;
    first_200(port, "/readyz", Instant::now())?;
    let wall = (Instant::now(), Clock::real().now_us());
    let during = approved(load::open(port, first, RATE).await?)?;
    let (from, to) = closing(&file)?;
    let at_us = |due: Instant| wall.1 + i64::try_from(due.duration_since(wall.0).as_micros()).unwrap_or(0);
    let of = |within: std::ops::Range<i64>| -> Vec<u64> {
        let due = during.due.iter().filter(|(due, _)| within.contains(&at_us(*due)));
        let mut latencies: Vec<u64> = due.map(|(_, latency)| *latency).collect();
        latencies.sort_unstable();
        latencies
    };
    let beside = of(from..to);
    if beside.len() < RATE {
        bail!(
            "only {} payments were due while it closed; --secs must reach over {} ms",
            beside.len(),
            (to - from) / 1000
        );
    }
    let quiet = approved(load::open(port, second, RATE).await?)?;
    let p99 = |sorted: &[u64]| sorted.get(sorted.len() * 99 / 100).copied().unwrap_or(0);
    let ratio_of = p99(&beside).saturating_mul(1000).checked_div(p99(&quiet.latencies_us)).unwrap_or(0);
    let seconds = (0..=(to - from) / 1_000_000).map(|second| from + second * 1_000_000);
    let by_second: Vec<u64> = seconds.map(|at| p99(&of(at..to.min(at + 1_000_000)))).collect();
    println!(
        "{}",
        json!({
            "bench": "settle", "p99_us_by_second": by_second, "rate": RATE, "closing_ms": (to - from) / 1000, "payments_beside": beside.len(),
            "latency_us_beside": percentiles(&beside), "latency_us_quiet": percentiles(&quiet.latencies_us),
        })
    );
    verdict::ratio_at_most(
        "settle: p99 of payments while it closes beside p99 without",
        ratio_of,
        TAIL_PROMISED,
        true,
    );
    Ok(())
}

/// The items of one statement that has them all, as a file, beside a raw loop over the same query.
async fn items(options: &Options, root: &Path, rows: usize) -> Result<()> {
    let (before, closed) = (root.join("one.sqlite"), root.join("one-closed.sqlite"));
    cast::seed(&Url::Sqlite(before.clone()), &cast::terminals(1))?;
    fill(&before, rows, 1)?;
    close(&before, &closed, false).await?;
    let settings = center::Settings {
        tenant: TENANT,
        instance: "bench-1".to_owned(),
        public_url: "http://127.0.0.1:1".to_owned(),
        card_network: "127.0.0.1:1".to_owned(),
        code_brands: Vec::new(),
        connections: 1,
        mail: delivery::MailSettings {
            url: "smtp://127.0.0.1:1".into(),
            from: "bench@choba.example".into(),
            ca_pem: None,
        },
        port: 1,
        tls: false,
        hosts: Vec::new(),
        test_keys: true,
        space: store::Space::unseen(),
        root_key: [7; 32],
    };
    let clock = Clock::real();
    let db = center::open_db(&Url::Sqlite(closed.clone()), clock.clone())?;
    let center = center::Center::open(db.clone(), clock, &settings)?;
    let router = center.table().router(vec![center_base::testing::always(operator())]);
    let path = format!("/settlement/documents/{PAID_ON}.{}/items", company(0));
    let mut ratios = Vec::new();
    for number in 1..=options.number("rounds", 3)? {
        let idle = machine::idle();
        let raw = raw_items(&closed)?;
        let before_kib = machine::memory_kib(std::process::id(), "VmRSS");
        let begun = Instant::now();
        let request = http::Request::get(&path).body(axum::body::Body::empty())?;
        let answer = router.clone().oneshot(request).await?;
        if answer.status() != 200 {
            bail!("the items are not there: {}", answer.status());
        }
        let mut body = answer.into_body().into_data_stream();
        let (mut bytes, mut lines, mut most_kib) = (0_usize, 0_usize, 0_u64);
        while let Some(piece) = body.next().await {
            let piece = piece?;
            bytes += piece.len();
            lines += piece.split(|byte| *byte == b'\n').count() - 1;
            most_kib = most_kib.max(machine::memory_kib(std::process::id(), "VmRSS"));
        }
        let took = begun.elapsed();
        if lines != rows + 1 {
            bail!("the file has {lines} lines for {rows} items");
        }
        ratios.push(millis(took).saturating_mul(1_000).checked_div(millis(raw)).unwrap_or(0));
        println!(
            "{}",
            json!({
                "bench": "settle", "items": rows, "round": number, "idle_percent": idle, "bytes": bytes,
                "file_ms": millis(took), "raw_loop_ms": millis(raw),
                "more_memory_kib": most_kib.saturating_sub(before_kib),
            })
        );
    }
    db.close();
    verdict::ratio_at_most("settle: a file of items beside a raw loop", median(ratios), ITEMS_PROMISED, true);
    Ok(())
}

/// The same query by bare rusqlite, whole, a line of text for each row.
fn raw_items(file: &Path) -> Result<Duration> {
    let conn = Connection::open(file)?;
    let query = acquiring::taken::STATEMENTS.iter().find(|sql| sql.contains("(p.seq, p.id) > ($4, $5)"));
    let query = query.context("the query of a shop's day")?.replace('$', "?");
    let mut statement = conn.prepare(&query)?;
    let columns = statement.column_count();
    let begun = Instant::now();
    let (mut line, mut bytes) = (String::new(), 0_usize);
    for number in 0..DAYS {
        let day = store_speed::day(number)?.to_string();
        let values = rusqlite::params![TENANT.0, day, company(0), -1_i64, Vec::<u8>::new(), i64::MAX];
        let mut rows = statement.query(values)?;
        while let Some(row) = rows.next()? {
            line.clear();
            for column in 0..columns {
                use std::fmt::Write as _;
                match row.get_ref(column)? {
                    rusqlite::types::ValueRef::Integer(number) => write!(line, "{number},"),
                    rusqlite::types::ValueRef::Text(text) => {
                        write!(line, "{},", String::from_utf8_lossy(text))
                    }
                    rusqlite::types::ValueRef::Blob(blob) => write!(line, "{},", hex::encode(blob)),
                    other => write!(line, "{other:?},"),
                }?;
            }
            bytes += std::hint::black_box(line.len());
        }
    }
    std::hint::black_box(bytes);
    Ok(begun.elapsed())
}

/// The bench asks as an operator.
fn operator() -> Person {
    Person {
        id: UserId([1; 16]),
        login_id: "bench".into(),
        name: "bench".into(),
        role: Role::Operator,
        scope: Scope::Tenant,
        session: [0; 32],
        must_change_password: false,
    }
}

fn approved(outcome: Outcome) -> Result<Outcome> {
    if outcome.other > 0 {
        bail!("{} payments were not approved: {:?}", outcome.other, outcome.example);
    }
    Ok(outcome)
}

/// When the center cut the first window and closed the pay day, UTC microseconds.
fn closing(file: &Path) -> Result<(i64, i64)> {
    let conn = Connection::open(file)?;
    let sql =
        "SELECT (SELECT MIN(cut_us) FROM settle_window), closed_us FROM settle_payday WHERE pay_on = ?1";
    let times = conn.query_row(sql, [PAID_ON.to_string()], |row| Ok((row.get(0)?, row.get(1)?)));
    times.context("the center has not closed the pay day; --secs must be longer")
}

fn count(file: &Path, table: &str) -> Result<usize> {
    let conn = Connection::open(file)?;
    let count: i64 = conn.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0))?;
    Ok(usize::try_from(count)?)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A tenant with rates, and every company's payments and account.
fn fill(file: &Path, rows: usize, companies: usize) -> Result<()> {
    // The terms begin before the first payment.
    let db = center::open_db(&Url::Sqlite(file.to_owned()), Clock::real())?;
    let failed = |error: &dyn std::fmt::Display| anyhow!("the store cannot be filled: {error}");
    let rates = Overlay {
        exempt_ppm: Ppm::new(26_000).ok(),
        taxable_ppm: Ppm::new(6_400).ok(),
        ..Overlay::default()
    };
    db.write_blocking(TENANT, move |tx| {
        terms::put_term(tx, "bench", &Level::Tenant, date(2026, 10, 1), &rates)?;
        (0..companies).try_for_each(|number| account(tx, number))?;
        Ok::<_, center_base::Refusal>(())
    })
    .map_err(|error| failed(&error))?;
    let mut next = 0;
    while next < rows {
        let until = (next + GROUP).min(rows);
        let payments = (next..until).map(|at| payment(at, rows, companies)).collect::<Result<Vec<_>>>()?;
        db.write_blocking(TENANT, move |tx| payments.iter().try_for_each(|one| take(tx, one)))
            .map_err(|error| failed(&error))?;
        next = until;
    }
    db.close();
    Ok(())
}

fn company(number: usize) -> String {
    format!("c{number:06}")
}

const ACCOUNT: &str =
    "INSERT INTO settle_payee (tenant, company_id, number, kana_name, contact, mail, bank, branch,
        kind, account, holder, closed, password_version, proposed, proposed_by)
     VALUES ($1, $2, $3, '', '', '', '0005', '001', '1', '1234567', 'チヨウバ', 0, 1, '', '')";

/// The code of a shop, four characters and no other's.
fn code(number: usize) -> String {
    let digit = |place: usize| {
        let value = u32::try_from(number / 36_usize.pow(u32::try_from(place).unwrap_or(0)) % 36).unwrap_or(0);
        char::from_digit(value, 36).unwrap_or('0').to_ascii_uppercase()
    };
    ['C', digit(2), digit(1), digit(0)].iter().collect()
}

fn account(tx: &mut Tx<'_>, number: usize) -> Result<(), center_base::Refusal> {
    let id = company(number);
    tenancy::put_company(
        tx,
        "bench",
        &tenancy::Company { id: id.as_str().into(), name: id.clone(), invoice_reg_no: None },
    )?;
    let merchant = receipt::Merchant {
        name: id.clone(),
        postal_code: "150-0013".into(),
        address: "東京都渋谷区恵比寿1-2-3".into(),
        phone: "03-0000-0000".into(),
        invoice_reg_no: None,
        counter: "001".into(),
        message: String::new(),
    };
    let shop = tenancy::Shop {
        id: id.as_str().into(),
        company_id: id.as_str().into(),
        code: code(number),
        merchant,
    };
    tenancy::put_shop(tx, "bench", &shop)?;
    let (company, number) = (company(number), 100_000_001 + i64::try_from(number).unwrap_or(0));
    tx.execute(ACCOUNT, &[Sql::I64(TENANT.0), Sql::Text(&company), Sql::I64(number)])?;
    Ok(())
}

fn payment(number: usize, rows: usize, companies: usize) -> Result<Payment> {
    let one = store_speed::payment(number, rows)?;
    // The same shops again and again over the days, as shops do.
    let company = company(number * 7_919 % companies);
    let day = store_speed::day(number * DAYS / rows.max(1))?.to_string();
    Ok(Payment { company: company.as_str().into(), shop: company.as_str().into(), business_date: day, ..one })
}

fn take(tx: &mut Tx<'_>, payment: &Payment) -> Result<(), center_base::Refusal> {
    row::insert(tx, payment)?;
    let brand = payment.card.as_ref().map_or("visa", |card| card.brand.word());
    let sale = Transfer::sale(payment.id, Kind::Posted, brand, payment.company.as_str(), payment.amount);
    let sale = sale.map_err(|error| center_base::Refusal::internal(error.to_string()))?;
    Ok(books::record(tx, &sale)?)
}
