//! A disk that runs full: refused before anybody is asked, what is under way ends, and service comes back by
//! itself (issue item 6).

use super::refunds::wanted;
use super::*;
use crate::refund::path::Giver;
use codes::{MoneyTaken, api};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicU64;
use store::{RESERVE_BYTES, Space};

/// A center that is told how much room there is.
fn center(db: &TestDb, network: &Network, free: &Arc<AtomicU64>) -> Center {
    let mut center = Center::start(db, &network.address, "a-1");
    let free = Arc::clone(free);
    let space = Space::told_by(move || Some(free.load(Ordering::Relaxed)));
    center.acquiring = center.acquiring.clone().within(space);
    center
}

async fn refused(center: &Center, id: PaymentId) {
    let view = center.paid(ask(id, 880)).await;
    assert_eq!((view.state, view.money_taken), (StateName::Failed, MoneyTaken::No));
    assert_eq!(view.code, Some(api::NO_SPACE));
}

#[tokio::test(flavor = "multi_thread")]
async fn below_the_reserve_nothing_begins_and_what_is_under_way_ends() {
    for (db, network) in each().await {
        let free = Arc::new(AtomicU64::new(RESERVE_BYTES));
        let center = center(&db, &network, &free);
        center.paid(ask(id(1), 880)).await;
        center.paid(signed_ask(id(2), 880)).await;
        free.store(RESERVE_BYTES - 1, Ordering::Relaxed);
        refused(&center, id(3)).await;
        let back = || center.acquiring.give_back(Giver::Terminal(by()), wanted(id(9), id(1), 880));
        let view = back().await.unwrap();
        assert_eq!((view.state, view.money_returned), (StateName::Failed, MoneyTaken::No));
        assert_eq!(view.code, Some(api::NO_SPACE));
        assert_eq!(network.mtis(), ["0200", "0100"], "nobody was asked");
        // The signature is there, and the tombstone of a doubt has its place.
        assert_eq!(center.complete(id(2)).await.unwrap().standing.state.name(), StateName::Approved);
        assert_eq!(center.reverse(id(4), 880).await.unwrap().standing.state.name(), StateName::Reversed);
        free.store(u64::MAX, Ordering::Relaxed);
        refused(&center, id(3)).await;
        assert_eq!(back().await.unwrap().state, StateName::Failed, "a copy hears the same");
        assert_eq!(center.paid(ask(id(5), 880)).await.state, StateName::Approved);
        let again = center.acquiring.give_back(Giver::Terminal(by()), wanted(id(8), id(1), 880)).await;
        assert_eq!(again.unwrap().state, StateName::Approved);
        let now_us = db.clock.now_us();
        let faults = center.base.read(move |tx| Ok(crate::check::check(tx, T, now_us)?.faults)).await;
        assert_eq!(faults.unwrap(), Vec::<String>::new());
    }
}

/// A file system of a few megabytes in memory, gone when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Nothing where this machine does not let one be mounted.
    fn mount(at: &Path, mebibytes: u64) -> Option<Self> {
        let size = format!("size={mebibytes}m");
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        match done {
            Ok(done) if done.status.success() => Some(Self(at.to_owned())),
            Ok(done) => {
                let why = String::from_utf8_lossy(&done.stderr).into_owned();
                eprintln!("NOT TESTED: no small file system can be mounted here: {why}");
                None
            }
            Err(why) => {
                eprintln!("NOT TESTED: no small file system can be mounted here: {why}");
                None
            }
        }
    }

    /// Fills it but for so many bytes.
    fn fill(&self, name: &str, bytes: usize) {
        let mut file = std::fs::File::create(self.0.join(name)).unwrap();
        let block = vec![0; 64 * 1024];
        let mut written = 0;
        while written < bytes && std::io::Write::write_all(&mut file, &block).is_ok() {
            written += block.len();
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_really_full_refuses_and_takes_payments_again_by_itself() {
    let at = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(at.path(), 96) else { return };
    let folder = at.path().to_owned();
    let open = move || with_terminal(store::testing::sqlite_on(&folder, &migrations()));
    let db = tokio::task::spawn_blocking(open).await.unwrap();
    let network = Network::start().await;
    let mut center = Center::start(&db, &network.address, "a-1");
    center.acquiring = center.acquiring.clone().within(Space::of(at.path()));
    center.paid(ask(id(1), 880)).await;
    center.paid(signed_ask(id(2), 880)).await;

    // Into the reserve: refused and written down, while the hold becomes a charge.
    disk.fill("into the reserve", 40 << 20);
    refused(&center, id(3)).await;
    assert_eq!(center.complete(id(2)).await.unwrap().standing.state.name(), StateName::Approved);

    // Not one page is left: nothing can be written, so nothing is asked.
    disk.fill("to the brim", usize::MAX);
    let mut outcome = Ok(());
    for number in 10..200 {
        outcome = center.pay(ask(id(number), 880)).await.unwrap().map(drop);
        if outcome.is_err() {
            break;
        }
    }
    assert_eq!(outcome.unwrap_err().code, api::NO_SPACE);
    assert_eq!(center.state(id(1)).await, StateName::Approved, "what is there can be read");
    assert_eq!(network.mtis(), ["0200", "0100"], "nobody was asked");

    std::fs::remove_file(at.path().join("to the brim")).unwrap();
    refused(&center, id(4)).await;
    std::fs::remove_file(at.path().join("into the reserve")).unwrap();
    assert_eq!(center.paid(ask(id(5), 880)).await.state, StateName::Approved);
    refused(&center, id(3)).await;
    let now_us = db.clock.now_us();
    let faults = center.base.read(move |tx| Ok(crate::check::check(tx, T, now_us)?.faults)).await;
    assert_eq!(faults.unwrap(), Vec::<String>::new());
}
