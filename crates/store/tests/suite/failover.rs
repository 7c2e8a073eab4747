//! The primary is lost and its synchronous standby takes over (R6).

use crate::postgres_only::add_five;
use crate::proxy::{Cut, Proxy};
use crate::{ADD_PURSE, MIGRATIONS, T1, journal, purse};
use clock::Clock;
use postgres::Client;
use store::testing::{Node, Pair};
use store::{Db, Url, params};

/// Looks until a server has so many lines in its journal.
fn until_written(client: &mut Client, lines: i64) {
    let count = "SELECT COUNT(*), pg_sleep(0.01)::text FROM journal";
    while client.query_one(count, &[]).unwrap().get::<_, i64>(0) < lines {}
}

#[test]
fn a_commit_that_only_the_standby_knows_of_is_found_there_and_an_old_primary_is_not_written() {
    let pair = Pair::start();
    let proxy = Proxy::start(&pair.url_of(Node::A));
    let place = |url: &Url| {
        let Url::Postgres(text) = url else { unreachable!("a PostgreSQL database") };
        text.split_once('@').unwrap().1.split_once('/').unwrap().0.to_owned()
    };
    let hosts = format!("{},{}", place(&proxy.url), place(&pair.url_of(Node::B)));
    let url: Url = format!("postgres://choba@{hosts}/postgres").parse().unwrap();
    let clock = Clock::by_hand(jiff::Timestamp::UNIX_EPOCH);
    let db = Db::open(&url, MIGRATIONS, clock.clone()).unwrap();
    db.write_blocking(T1, |tx| tx.execute(ADD_PURSE, params![T1, "till", 0])).unwrap();
    assert_eq!(add_five(&db), (Ok(1), 1));

    // Committed on both, told to nobody; then the primary is gone.
    proxy.cut(Cut::EverythingAfterCommit);
    let writer = db.clone();
    let waiting = std::thread::spawn(move || add_five(&writer));
    until_written(&mut pair.client(Node::B), 2);
    pair.kill(Node::A);
    pair.promote(Node::B);
    assert_eq!(waiting.join().unwrap(), (Ok(2), 1), "it is answered with what the first run said");
    assert_eq!(db.read_blocking(|tx| purse(tx, T1, "till")), Ok(10));

    // The old primary comes back first in the URL and would take everything.
    assert_eq!(add_five(&db), (Ok(3), 1));
    pair.come_back(Node::A);
    proxy.cut(Cut::Never);
    let second = Db::open(&url, MIGRATIONS, clock);
    assert!(second.unwrap_err().to_string().contains("more than one of its servers accepts writes"));
    let kicked = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'choba'";
    pair.client(Node::B).batch_execute(kicked).unwrap();
    assert_eq!(add_five(&db).0, Ok(4));
    for _ in 0..8 {
        assert_eq!(
            db.read_blocking(|tx| journal(tx, T1)),
            Ok("1 five, 2 five, 3 five, 4 five".to_owned()),
            "every reader reads the new primary"
        );
    }
    let old = pair.client(Node::A).query_one("SELECT COUNT(*) FROM journal", &[]).unwrap();
    assert_eq!(old.get::<_, i64>(0), 2, "what the old one had when it was lost");
}
