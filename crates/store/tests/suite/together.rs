//! Many units at once: groups, order, isolation, closing.

use crate::{ADD_PURSE, ADD_YEN, MIGRATIONS, T1, T2, journal, note, purse};
use clock::Clock;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use store::testing::{both, each, postgres_place, sqlite_place};
use store::{Db, DbError, Kind, ReadTx, TenantId, Tx, WriteError, params};

/// Keeps every writer thread busy inside a unit until it is let go, so that what is queued meanwhile forms
/// one group.
struct Held {
    release: Vec<Sender<()>>,
    units: Vec<JoinHandle<()>>,
}

impl Held {
    /// Tenants 1001 and up, so that nobody waits for the head rows of the held units.
    fn all_writers(db: &Db) -> Self {
        let writers = if db.kind() == Kind::Sqlite { 1 } else { 2 };
        let (release, units) = (0..writers).map(|n| hold(db, TenantId(1001 + n), |_| Ok(()))).unzip();
        Self { release, units }
    }

    fn let_go(self) {
        for release in self.release {
            release.send(()).unwrap();
        }
        for unit in self.units {
            unit.join().unwrap();
        }
    }
}

/// Runs `first` in a unit and returns when it has run, with the unit still open.
fn hold(
    db: &Db,
    tenant: TenantId,
    first: impl Fn(&mut Tx<'_>) -> Result<(), DbError> + Send + 'static,
) -> (Sender<()>, JoinHandle<()>) {
    let (release, wait) = mpsc::channel();
    let (inside, entered) = mpsc::channel();
    let db = db.clone();
    let unit = thread::spawn(move || {
        db.write_blocking(tenant, move |tx| {
            first(tx)?;
            inside.send(()).unwrap();
            wait.recv().unwrap();
            Ok::<_, DbError>(())
        })
        .unwrap();
    });
    entered.recv().unwrap();
    (release, unit)
}

/// Starts a write on a thread of its own and returns when it is in the queue.
fn enqueue<T: Send + 'static>(
    db: &Db,
    tenant: TenantId,
    unit: impl FnMut(&mut Tx<'_>) -> Result<T, DbError> + Send + 'static,
) -> Receiver<thread::Result<Result<T, WriteError<DbError>>>> {
    let before = db.health().writes_waiting;
    let (answer, answered) = mpsc::channel();
    let writer = db.clone();
    thread::spawn(move || {
        let said =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| writer.write_blocking(tenant, unit)));
        answer.send(said).unwrap();
    });
    while db.health().writes_waiting == before {
        thread::yield_now();
    }
    answered
}

#[test]
fn what_waits_while_a_commit_runs_shares_the_next_one_and_everybody_is_answered() {
    both(MIGRATIONS, |t| {
        let held = Held::all_writers(t);
        let writers = u64::try_from(held.units.len()).unwrap();
        let answers: Vec<_> =
            (0..60).map(|n| enqueue(t, T1, move |tx| note(tx, &format!("unit {n}")))).collect();
        held.let_go();
        let seqs: Vec<i64> = answers.iter().map(|answer| answer.recv().unwrap().unwrap().unwrap()).collect();
        assert_eq!(seqs, (1..=60).collect::<Vec<_>>(), "in the order of their coming");
        let health = t.health();
        assert_eq!((health.commits, health.units), (writers + 1, writers + 60));
    });
}

#[test]
fn a_unit_that_fails_in_a_group_falls_alone() {
    both(MIGRATIONS, |t| {
        let held = Held::all_writers(t);
        let first = enqueue(t, T1, |tx| {
            tx.execute(ADD_PURSE, params![T1, "till", 1])?;
            note(tx, "first")
        });
        let duplicate = enqueue(t, T1, |tx| {
            note(tx, "undone")?;
            tx.execute(ADD_PURSE, params![T1, "till", 2])
        });
        let panics = enqueue(t, T1, |tx| {
            note(tx, "undone too")?;
            assert_eq!(tx.tenant(), T2, "on purpose");
            Ok(())
        });
        let refuses = enqueue(t, T1, |_| Err::<(), _>(DbError::NoRow));
        let other = enqueue(t, T2, |tx| note(tx, "other tenant"));
        let last = enqueue(t, T1, |tx| note(tx, "last"));
        held.let_go();
        assert_eq!(first.recv().unwrap().unwrap(), Ok(1));
        assert_eq!(duplicate.recv().unwrap().unwrap(), Err(WriteError::Unit(DbError::Duplicate)));
        assert!(panics.recv().unwrap().is_err());
        assert_eq!(refuses.recv().unwrap().unwrap(), Err(WriteError::Unit(DbError::NoRow)));
        assert_eq!(other.recv().unwrap().unwrap(), Ok(1));
        assert_eq!(last.recv().unwrap().unwrap(), Ok(2));
        assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Ok("1 first, 2 last".to_owned()));
        assert_eq!(t.read_blocking(|tx| purse(tx, T1, "till")), Ok(1));
    });
}

#[test]
fn a_read_sees_what_is_committed_and_nothing_else() {
    both(MIGRATIONS, |t| {
        let (release, unit) = hold(t, T1, |tx| note(tx, "open").map(drop));
        assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Ok(String::new()));
        release.send(()).unwrap();
        unit.join().unwrap();
        assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Ok("1 open".to_owned()));
    });
}

#[test]
fn who_reads_much_keeps_no_one_from_reading() {
    both(MIGRATIONS, |t| {
        let (release, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            // More than there are readers of both kinds stand in the background.
            let slow: Vec<_> = (0..8)
                .map(|_| {
                    let (db, gate) = (t.db.clone(), Arc::clone(&gate));
                    tokio::spawn(async move {
                        let unit = move |tx: &mut ReadTx<'_>| {
                            gate.lock().unwrap().recv().unwrap();
                            tx.head_seq(T1)
                        };
                        db.read_behind(unit).await
                    })
                })
                .collect();
            tokio::task::yield_now().await;
            assert_eq!(t.db.read(|tx| journal(tx, T1)).await, Ok(String::new()));
            (0..8).for_each(|_| release.send(()).unwrap());
            for seen in slow {
                assert_eq!(seen.await.unwrap(), Ok(0));
            }
        });
    });
}

#[test]
fn a_read_sees_one_snapshot_from_its_first_statement_to_its_last() {
    both(MIGRATIONS, |t| {
        let writer = t.db.clone();
        let (write, asked) = mpsc::channel::<()>();
        let (written, done) = mpsc::channel::<()>();
        let meanwhile = thread::spawn(move || {
            asked.recv().unwrap();
            writer.write_blocking(T1, |tx| note(tx, "meanwhile")).unwrap();
            written.send(()).unwrap();
        });
        let seen = t.read_blocking(move |tx| {
            let before = journal(tx, T1)?;
            write.send(()).unwrap();
            done.recv().unwrap();
            Ok::<_, DbError>((before, journal(tx, T1)?))
        });
        meanwhile.join().unwrap();
        assert_eq!(seen, Ok((String::new(), String::new())));
    });
}

/// Moves 1 yen if it is there, as a payment would: look, decide, write.
fn pay(tx: &mut Tx<'_>, from: &str, to: &str) -> Result<bool, DbError> {
    let tenant = tx.tenant();
    let enough = purse(tx, tenant, from)? > 0;
    if enough {
        tx.execute(ADD_YEN, params![tenant, from, -1])?;
        tx.execute(ADD_YEN, params![tenant, to, 1])?;
        note(tx, "paid")?;
    }
    Ok(enough)
}

/// Lets 64 threads pay 10 times each and proves that no yen and no number was lost or made.
pub(crate) fn crowd(centers: &[&Db]) {
    let first = centers[0];
    first
        .write_blocking(T1, |tx| {
            tx.execute(ADD_PURSE, params![T1, "guest", 500])?;
            tx.execute(ADD_PURSE, params![T1, "shop", 0])
        })
        .unwrap();
    let paid: usize = thread::scope(|scope| {
        let guests: Vec<_> = (0..64)
            .map(|n| {
                let db = centers[n % centers.len()];
                scope.spawn(move || {
                    (0..10).filter(|_| db.write_blocking(T1, |tx| pay(tx, "guest", "shop")).unwrap()).count()
                })
            })
            .collect();
        guests.into_iter().map(|guest| guest.join().unwrap()).sum()
    });
    assert_eq!(paid, 500);
    for db in centers {
        let (guest, shop, seqs) = db
            .read_blocking(|tx| {
                let seqs = "SELECT seq FROM journal WHERE tenant = $1 ORDER BY seq";
                let seqs = tx.query_all(seqs, params![T1], |row| row.i64(0))?;
                Ok::<_, DbError>((purse(tx, T1, "guest")?, purse(tx, T1, "shop")?, seqs))
            })
            .unwrap();
        assert_eq!((guest, shop), (0, 500));
        assert_eq!(seqs, (1..=500).collect::<Vec<i64>>(), "no gap, no number twice");
    }
}

#[test]
fn sixty_four_writers_lose_no_yen_and_no_number() {
    both(MIGRATIONS, |t| crowd(&[&t.db]));
}

#[tokio::test]
async fn a_unit_is_not_cancelled_by_a_caller_who_goes_away() {
    for t in each(MIGRATIONS) {
        let held = Held::all_writers(&t);
        let db = t.db.clone();
        let mut commits = t.commits();
        let caller = tokio::spawn(async move { db.write(T1, |tx| note(tx, "left behind")).await });
        while t.health().writes_waiting == 0 {
            tokio::task::yield_now().await;
        }
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        held.let_go();
        while t.read(|tx| journal(tx, T1)).await.unwrap().is_empty() {
            commits.changed().await.unwrap();
        }
        assert_eq!(t.read(|tx| journal(tx, T1)).await.unwrap(), "1 left behind");
    }
}

#[test]
fn closing_runs_what_waits_and_refuses_the_rest() {
    both(MIGRATIONS, |t| {
        let held = Held::all_writers(t);
        let answers: Vec<_> = (0..3).map(|_| enqueue(t, T1, |tx| note(tx, "waiting"))).collect();
        let closing = thread::spawn({
            let db = t.db.clone();
            move || db.close()
        });
        held.let_go();
        closing.join().unwrap();
        assert!(answers.iter().all(|answer| answer.recv().unwrap().unwrap().is_ok()));
        assert_eq!(t.write_blocking(T1, |tx| note(tx, "late")), Err(WriteError::Closed));
        assert_eq!(t.read_blocking(|tx| journal(tx, T1)), Err(store::ReadError::Closed));
    });
}

#[tokio::test]
async fn the_last_handle_may_be_dropped_by_a_unit() {
    for (url, _place) in [sqlite_place(), postgres_place()] {
        let db = Db::open(&url, MIGRATIONS, Clock::by_hand(jiff::Timestamp::UNIX_EPOCH)).unwrap();
        let (release, wait) = mpsc::channel::<()>();
        let (inside, mut entered) = tokio::sync::mpsc::unbounded_channel();
        let mut last = Some(db.clone());
        let caller = tokio::spawn(async move {
            db.write(T1, move |tx| {
                inside.send("entered").unwrap();
                wait.recv().unwrap();
                drop(last.take());
                inside.send("dropped").unwrap();
                note(tx, "written all the same")
            })
            .await
        });
        assert_eq!(entered.recv().await, Some("entered"));
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        release.send(()).unwrap();
        assert_eq!(entered.recv().await, Some("dropped"));
    }
}

#[test]
fn a_unit_that_waits_for_another_is_told_so_instead_of_waiting_for_ever() {
    both(MIGRATIONS, |t| {
        let inner = t.db.clone();
        let outer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            t.write_blocking(T1, move |_| {
                inner.write_blocking(T1, |tx| note(tx, "inner")).map_err(|_| DbError::NoRow)
            })
        }));
        let sentence = *outer.unwrap_err().downcast::<&str>().unwrap();
        assert!(sentence.contains("must not start another"), "{sentence}");
    });
}
