//! What only a file can do: fill up, be damaged, grow a log.

use crate::{MIGRATIONS, T1, T2, journal, note};
use std::path::PathBuf;
use std::time::Duration;
use store::testing::{TestDb, sqlite};
use store::{Db, DbError, ReadError, State, Tx, Url, Value, WriteError, params};

const ADD_RAW: &str = "INSERT INTO cells (tenant, id, raw) VALUES ($1, $2, $3)";

fn path(t: &TestDb) -> PathBuf {
    let Url::Sqlite(path) = &t.url else { unreachable!("a SQLite database") };
    path.clone()
}

fn limit_pages(tx: &mut Tx<'_>, pages: u32) -> Result<(), DbError> {
    tx.query_all(&format!("PRAGMA max_page_count = {pages}"), params![], |_| Ok(())).map(drop)
}

#[test]
fn a_full_disk_refuses_the_write_keeps_reads_up_and_tries_again() {
    let t = sqlite(MIGRATIONS);
    t.write_blocking(T1, |tx| note(tx, "before")).unwrap();
    t.write_blocking(T1, |tx| limit_pages(tx, 30)).unwrap();
    let big = vec![7_u8; 200_000];
    let said = t.write_blocking(T1, move |tx| {
        note(tx, "too big")?;
        tx.execute(ADD_RAW, params![T1, 1, &big])
    });
    assert_eq!(said, Err(WriteError::NoSpace));
    assert_eq!(t.health().state, State::NoSpace);
    assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Ok("1 before".to_owned()));
    t.write_blocking(T1, |tx| limit_pages(tx, 1_000_000)).unwrap();
    assert_eq!(t.write_blocking(T1, |tx| note(tx, "after")), Ok(2));
    assert_eq!(t.health().state, State::Serving);
}

#[test]
fn a_unit_cannot_hide_that_the_disk_was_full() {
    let t = sqlite(MIGRATIONS);
    t.write_blocking(T1, |tx| limit_pages(tx, 30)).unwrap();
    let big = vec![7_u8; 200_000];
    let said = t.write_blocking(T1, move |tx| {
        assert_eq!(tx.execute(ADD_RAW, params![T1, 1, &big]), Err(DbError::Over));
        Ok::<_, DbError>(())
    });
    assert_eq!(said, Err(WriteError::NoSpace));
}

#[tokio::test]
async fn a_damaged_file_ends_all_writing_for_good() {
    let t = sqlite(MIGRATIONS);
    t.write(T1, |tx| note(tx, "before")).await.unwrap();
    let (path, url, clock) = (path(&t), t.url.clone(), t.clock.clone());
    t.db.clone().close();
    let db = Db::open(&url, MIGRATIONS, clock).unwrap();
    let length = std::fs::metadata(&path).unwrap().len();
    let mut pages = std::fs::read(&path).unwrap();
    pages[4096..].fill(0xEE);
    std::fs::write(&path, &pages).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), length);
    assert_eq!(db.read(|tx| journal(tx, T1)).await, Err(ReadError::Closed));
    let why = db.fatal().await;
    assert!(why.contains("malformed"), "{why}");
    assert_eq!(db.health().state, State::Fatal(why));
    assert_eq!(db.write(T1, |tx| note(tx, "after")).await, Err(WriteError::Closed));
}

#[test]
fn the_log_stays_short_under_steady_writing_and_is_empty_after_closing() {
    let t = sqlite(MIGRATIONS);
    let mut log = path(&t).into_os_string();
    log.push("-wal");
    let log = PathBuf::from(log);
    let megabyte = vec![7_u8; 1_000_000];
    for id in 0..160 {
        let raw = megabyte.clone();
        t.write_blocking(T1, move |tx| {
            tx.execute("DELETE FROM cells WHERE tenant = $1 AND id < $2", params![T1, id - 3])?;
            tx.execute(ADD_RAW, params![T1, id, &raw])
        })
        .unwrap();
        // A megabyte a second: not what counts as a log that grows fast.
        t.clock.advance(Duration::from_secs(1));
    }
    let length = std::fs::metadata(&log).unwrap().len();
    assert!(length < 80_000_000, "160 MB were written and the log holds {length} bytes");
    t.db.clone().close();
    assert!(std::fs::metadata(&log).map_or(0, |log| log.len()) == 0);
}

#[test]
fn tables_are_strict() {
    let t = sqlite(MIGRATIONS);
    let said = t.write_blocking(T2, |tx| {
        tx.execute(
            "INSERT INTO cells (tenant, id, number) VALUES ($1, 1, $2)",
            &[T2.into(), Value::Bytes(b"x")],
        )
    });
    assert!(matches!(said, Err(WriteError::Unit(DbError::Refused(_)))), "{said:?}");
}

#[test]
fn only_the_user_of_the_program_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let t = sqlite(MIGRATIONS);
    t.write_blocking(T1, |tx| note(tx, "private")).unwrap();
    for ending in ["", "-wal", "-shm", ".lock"] {
        let mut file = path(&t).into_os_string();
        file.push(ending);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn a_reader_that_stays_long_stops_no_writer() {
    let t = sqlite(MIGRATIONS);
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let (inside, entered) = std::sync::mpsc::channel();
    let reader = t.db.clone();
    let reading = std::thread::spawn(move || {
        reader.read_blocking(move |tx| {
            let before = journal(tx, T1)?;
            inside.send(()).unwrap();
            wait.recv().unwrap();
            Ok::<_, DbError>((before, journal(tx, T1)?))
        })
    });
    entered.recv().unwrap();
    let megabyte = vec![7_u8; 1_000_000];
    for id in 0..40 {
        let raw = megabyte.clone();
        t.write_blocking(T1, move |tx| tx.execute(ADD_RAW, params![T1, id, &raw])).unwrap();
    }
    release.send(()).unwrap();
    assert_eq!(reading.join().unwrap(), Ok((String::new(), String::new())));
}
