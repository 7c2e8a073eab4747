//! Opening and opening again: migrations, locks, and the sentences for what cannot be opened.

use crate::{MIGRATIONS, T1, journal, note};
use clock::Clock;
use std::net::TcpListener;
use store::testing::{Place, both, postgres_place, sqlite_place};
use store::{Db, DbError, Migration, OpenError, Url, params};

const MORE: &[Migration] = &[Migration {
    name: "suite/0003_colour",
    sql: "-- Colours.
        CREATE TABLE colour (tenant BIGINT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (tenant, name))
            /*sqlite: STRICT */;",
}];

fn clock() -> Clock {
    Clock::by_hand(jiff::Timestamp::UNIX_EPOCH)
}

fn open(url: &Url, migrations: &[Migration]) -> Result<Db, OpenError> {
    Db::open(url, migrations, clock())
}

/// Runs a test at an unopened place of each engine.
fn at_both(test: impl Fn(&Url)) {
    let places: [(Url, Place); 2] = [sqlite_place(), postgres_place()];
    for (url, _place) in &places {
        test(url);
    }
}

#[test]
fn what_was_written_is_there_when_the_database_is_opened_again() {
    at_both(|url| {
        for n in 1..=3 {
            let db = open(url, MIGRATIONS).unwrap();
            assert_eq!(db.write_blocking(T1, |tx| note(tx, "day")), Ok(n));
            if n == 1 {
                db.close();
            }
        }
        let db = open(url, MIGRATIONS).unwrap();
        assert_eq!(db.read_blocking(|tx| journal(tx, T1)), Ok("1 day, 2 day, 3 day".to_owned()));
    });
}

#[test]
fn new_migrations_are_applied_to_an_old_database_wherever_they_stand_in_the_list() {
    at_both(|url| {
        drop(open(url, MIGRATIONS).unwrap());
        let all: Vec<Migration> = MORE.iter().chain(MIGRATIONS).copied().collect();
        let db = open(url, &all).unwrap();
        let added = db.write_blocking(T1, |tx| {
            tx.execute("INSERT INTO colour (tenant, name) VALUES ($1, 'red')", params![T1])
        });
        assert_eq!(added, Ok(1));
    });
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    at_both(|url| {
        let all: Vec<Migration> = MIGRATIONS.iter().chain(MORE).copied().collect();
        drop(open(url, &all).unwrap());
        let refused = open(url, MIGRATIONS).unwrap_err();
        assert_eq!(refused, OpenError::UnknownMigration("suite/0003_colour".to_owned()));
        assert!(refused.to_string().contains("newer version"), "{refused}");
    });
}

#[test]
fn an_edited_migration_is_refused() {
    at_both(|url| {
        drop(open(url, MORE).unwrap());
        let edited = [Migration { sql: "CREATE TABLE colour (tenant BIGINT);", ..MORE[0] }];
        assert_eq!(
            open(url, &edited).unwrap_err(),
            OpenError::EditedMigration("suite/0003_colour".to_owned())
        );
    });
}

#[test]
fn a_migration_listed_twice_is_refused() {
    at_both(|url| {
        let twice = [MORE[0], MORE[0]];
        assert_eq!(open(url, &twice).unwrap_err(), OpenError::TwiceMigration("suite/0003_colour".to_owned()));
    });
}

#[test]
fn a_migration_that_fails_leaves_the_database_as_it_was() {
    at_both(|url| {
        let broken = [
            MORE[0],
            Migration { name: "suite/0004_broken", sql: "CREATE TABLE half (a BIGINT); CREATE TABEL x;" },
        ];
        let refused = open(url, &broken).unwrap_err();
        assert!(
            matches!(&refused, OpenError::FailedMigration { name, .. } if name == "suite/0004_broken"),
            "{refused}"
        );
        let edited = [Migration {
            sql: "CREATE TABLE colour (tenant BIGINT); CREATE TABLE half (b TEXT);",
            ..MORE[0]
        }];
        open(url, &edited).unwrap();
    });
}

#[test]
fn centers_that_start_together_migrate_once() {
    let (url, _place) = postgres_place();
    std::thread::scope(|scope| {
        let centers: Vec<_> = (0..6).map(|_| scope.spawn(|| open(&url, MIGRATIONS))).collect();
        for center in centers {
            center.join().unwrap().unwrap();
        }
    });
}

#[test]
fn a_second_program_is_kept_from_the_same_file() {
    let (url, _place) = sqlite_place();
    let db = open(&url, MIGRATIONS).unwrap();
    let refused = open(&url, MIGRATIONS).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    let sentence = refused.to_string();
    assert!(sentence.contains(&format!("(process {})", std::process::id())), "{sentence}");
    drop(db);
    open(&url, MIGRATIONS).unwrap();
}

#[test]
fn a_file_that_cannot_be_used_is_said_in_one_sentence() {
    let refused = open(&Url::Sqlite("/nowhere/at/all.sqlite".into()), &[]).unwrap_err();
    assert!(
        refused.to_string().starts_with("The database file /nowhere/at/all.sqlite cannot be used:"),
        "{refused}"
    );
    let (url, _place) = sqlite_place();
    let Url::Sqlite(path) = &url else { unreachable!("a SQLite place") };
    std::fs::write(
        path,
        "this was a letter to a friend, and it is long enough to have a header of its own, and more",
    )
    .unwrap();
    let refused = open(&url, &[]).unwrap_err();
    assert!(refused.to_string().contains("not a database"), "{refused}");
}

#[test]
fn a_server_that_is_not_there_is_said_without_the_password() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url: Url = format!("postgres://choba:geheim@127.0.0.1:{port}/choba").parse().unwrap();
    let sentence = open(&url, &[]).unwrap_err().to_string();
    assert!(
        sentence.starts_with("The database postgres://choba:***@127.0.0.1") && !sentence.contains("geheim"),
        "{sentence}"
    );
    assert!(sentence.contains("refused"), "{sentence}");
}

#[tokio::test]
async fn a_database_opens_and_closes_on_a_thread_of_a_runtime() {
    for (url, _place) in [sqlite_place(), postgres_place()] {
        let db = open(&url, MIGRATIONS).unwrap();
        assert_eq!(db.write(T1, |tx| note(tx, "async")).await, Ok(1));
        assert_eq!(db.write_blocking(T1, |tx| note(tx, "blocking")), Ok(2));
        assert_eq!(db.read(|tx| tx.head_seq(T1)).await, Ok::<_, store::ReadError<DbError>>(2));
        assert_eq!(db.read_behind(|tx| tx.head_seq(T1)).await, Ok::<_, store::ReadError<DbError>>(2));
        db.close();
    }
}

#[test]
fn both_engines_have_the_same_tables() {
    both(MIGRATIONS, |t| {
        let found = t.read_blocking(|tx| {
            let mut counts = Vec::new();
            for table in ["head", "store_writer", "store_migration", "purse", "journal", "cells", "line"] {
                counts.push(
                    tx.query_one(&format!("SELECT COUNT(*) FROM {table}"), params![], |row| row.i64(0))?,
                );
            }
            Ok::<_, DbError>(counts)
        });
        assert_eq!(found, Ok(vec![0, 0, 5, 0, 0, 0, 0]));
    });
}
