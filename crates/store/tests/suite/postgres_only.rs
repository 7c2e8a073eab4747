//! What only a server can do: conflict, be shared, go away in the middle of a commit.

use crate::proxy::{Cut, Proxy};
use crate::together::crowd;
use crate::{ADD_PURSE, MIGRATIONS, T1, journal, note, purse};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use store::testing::{TestDb, postgres};
use store::{Db, DbError, State, Tx, WriteError, params};

/// A unit that runs `first` on its first run only, and counts its runs.
fn stumbling(
    first: &'static str,
) -> (Arc<AtomicU32>, impl FnMut(&mut Tx<'_>) -> Result<i64, DbError> + Send + 'static) {
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let unit = move |tx: &mut Tx<'_>| {
        let seq = note(tx, "stumbled")?;
        if counter.fetch_add(1, Ordering::Relaxed) == 0 {
            tx.query_all(first, params![], |_| Ok(()))?;
        }
        Ok(seq)
    };
    (runs, unit)
}

#[test]
fn two_centers_on_one_database_lose_no_yen_and_no_number() {
    let t = postgres(MIGRATIONS);
    let second = Db::open(&t.url, MIGRATIONS, t.clock.clone()).unwrap();
    crowd(&[&t.db, &second]);
}

#[test]
fn conflicts_and_deadlocks_are_run_again_unseen() {
    let t = postgres(MIGRATIONS);
    for (n, trouble) in [
        (1, "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"),
        (2, "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40P01'; END $$"),
        (3, "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '55P03'; END $$"),
    ] {
        let (runs, unit) = stumbling(trouble);
        assert_eq!(t.write_blocking(T1, unit), Ok(n));
        assert_eq!(runs.load(Ordering::Relaxed), 2);
    }
    assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Ok("1 stumbled, 2 stumbled, 3 stumbled".to_owned()));
}

#[test]
fn a_conflict_without_end_is_busy_and_writes_nothing() {
    let t = postgres(MIGRATIONS);
    let said = t.write_blocking(T1, |tx| {
        note(tx, "never")?;
        tx.execute("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$", params![])
    });
    assert_eq!(said, Err(WriteError::Busy));
    assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Ok(String::new()));
}

#[test]
fn a_killed_connection_is_replaced_and_the_unit_happens_once() {
    let t = postgres(MIGRATIONS);
    let (runs, unit) = stumbling("SELECT pg_terminate_backend(pg_backend_pid())");
    assert_eq!(t.write_blocking(T1, unit), Ok(1));
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Ok("1 stumbled".to_owned()));
    assert!(t.health().is_ready());
}

#[test]
fn a_killed_reader_is_replaced() {
    let t = postgres(MIGRATIONS);
    let mut runs = 0;
    let said = t.read_blocking(move |tx| {
        runs += 1;
        if runs == 1 {
            tx.query_all("SELECT pg_terminate_backend(pg_backend_pid())", params![], |_| Ok(()))?;
        }
        Ok::<_, DbError>(runs)
    });
    assert_eq!(said, Ok(2));
}

/// A unit that is not idempotent at all: it adds 5 yen and counts its runs.
pub(crate) fn add_five(db: &Db) -> (Result<i64, WriteError<DbError>>, u32) {
    let runs = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&runs);
    let said = db.write_blocking(T1, move |tx| {
        counter.fetch_add(1, Ordering::Relaxed);
        tx.execute(crate::ADD_YEN, params![T1, "till", 5])?;
        note(tx, "five")
    });
    (said, runs.load(Ordering::Relaxed))
}

fn through_a_proxy() -> (TestDb, Proxy, Db) {
    let t = postgres(MIGRATIONS);
    t.write_blocking(T1, |tx| tx.execute(ADD_PURSE, params![T1, "till", 0])).unwrap();
    let proxy = Proxy::start(&t.url);
    let db = Db::open(&proxy.url, MIGRATIONS, t.clock.clone()).unwrap();
    (t, proxy, db)
}

#[test]
fn a_commit_whose_answer_was_lost_is_found_and_not_done_twice() {
    let (t, proxy, db) = through_a_proxy();
    for n in 1..=3 {
        proxy.cut(Cut::AfterCommit);
        assert_eq!(add_five(&db), (Ok(n), 1), "it is answered with what the first run said");
        assert_eq!(proxy.cuts(), u32::try_from(n).unwrap());
    }
    assert_eq!(t.read_blocking(|tx| purse(tx, T1, "till")), Ok(15));
    assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Ok("1 five, 2 five, 3 five".to_owned()));
}

#[test]
fn a_commit_that_never_arrived_is_done_again_once() {
    let (t, proxy, db) = through_a_proxy();
    for n in 1..=3 {
        proxy.cut(Cut::BeforeCommit);
        assert_eq!(add_five(&db), (Ok(n), 2));
    }
    assert_eq!(t.read_blocking(|tx| purse(tx, T1, "till")), Ok(15));
    assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Ok("1 five, 2 five, 3 five".to_owned()));
}

#[test]
fn a_commit_that_is_still_under_way_is_waited_for() {
    let (t, proxy, db) = through_a_proxy();
    proxy.cut(Cut::HoldCommit);
    let writer = db.clone();
    let waiting = std::thread::spawn(move || add_five(&writer));
    // The look-up waits for the open transaction.
    let waiters = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted";
    let count = move |tx: &mut store::ReadTx<'_>| tx.query_one(waiters, params![], |row| row.i64(0));
    while t.read_blocking(count).unwrap() == 0 {
        std::thread::yield_now();
    }
    proxy.release();
    assert_eq!(waiting.join().unwrap(), (Ok(1), 1));
    assert_eq!(t.read_blocking(|tx| purse(tx, T1, "till")), Ok(5));
}

#[test]
fn a_server_that_went_away_is_said_and_nothing_was_written() {
    let (t, proxy, db) = through_a_proxy();
    proxy.cut(Cut::Everything);
    let writer = db.clone();
    let waiting = std::thread::spawn(move || add_five(&writer).0);
    while db.health().state != State::Unreachable {
        std::thread::yield_now();
    }
    db.close();
    assert_eq!(waiting.join().unwrap(), Err(WriteError::Unreachable));
    assert_eq!(t.read_blocking(|tx| purse(tx, T1, "till")), Ok(0));
}

#[test]
fn a_commit_that_nobody_can_look_up_any_more_stays_unknown() {
    let (_t, proxy, db) = through_a_proxy();
    proxy.cut(Cut::EverythingAfterCommit);
    let writer = db.clone();
    let waiting = std::thread::spawn(move || add_five(&writer).0);
    while db.health().state != State::Unreachable {
        std::thread::yield_now();
    }
    db.close();
    let said = waiting.join().unwrap().unwrap_err();
    assert_eq!(said, WriteError::Unknown);
    assert!(said.may_be_written());
}

#[test]
fn a_full_disk_of_the_server_refuses_and_the_next_write_tries_again() {
    let t = postgres(MIGRATIONS);
    let said = t.write_blocking(T1, |tx| {
        note(tx, "full")?;
        tx.execute("DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$", params![])
    });
    assert_eq!(said, Err(WriteError::NoSpace));
    assert_eq!(t.health().state, State::NoSpace);
    assert_eq!(t.write_blocking(T1, |tx| note(tx, "after")), Ok(1));
    assert!(t.health().is_ready());
}

#[tokio::test]
async fn an_input_output_error_of_the_server_ends_all_writing() {
    let t = postgres(MIGRATIONS);
    let said = t
        .write(T1, |tx| {
            tx.execute("DO $$ BEGIN RAISE EXCEPTION 'bad disk' USING ERRCODE = '58030'; END $$", params![])
        })
        .await;
    assert_eq!(said, Err(WriteError::Closed));
    assert_eq!(t.fatal().await, "58030 bad disk");
    assert_eq!(t.write(T1, |tx| note(tx, "after")).await, Err(WriteError::Closed));
}

#[test]
fn a_table_that_another_center_changed_is_read_with_a_new_plan() {
    let t = postgres(MIGRATIONS);
    let words =
        |db: &Db| db.read_blocking(|tx| tx.query_all("SELECT words FROM cells", params![], |_| Ok(())));
    // Every reader has the plan.
    for _ in 0..32 {
        words(&t).unwrap();
    }
    t.write_blocking(T1, |tx| tx.execute("ALTER TABLE cells ALTER words TYPE VARCHAR", params![])).unwrap();
    for _ in 0..32 {
        words(&t).unwrap();
    }
}

#[test]
fn writers_take_their_marks_with_them() {
    let t = postgres(MIGRATIONS);
    let second = Db::open(&t.url, MIGRATIONS, t.clock.clone()).unwrap();
    second.write_blocking(T1, |tx| note(tx, "marked")).unwrap();
    let marks = |db: &Db| {
        db.read_blocking(|tx| tx.query_one("SELECT COUNT(*) FROM store_writer", params![], |row| row.i64(0)))
    };
    assert_eq!(marks(&t), Ok(1));
    second.close();
    assert_eq!(marks(&t), Ok(0));
}
