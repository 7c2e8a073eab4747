//! The bank master on both engines: whole or not at all, killed after every unit, two imports at once.

use crate::till::{T, Till};
use settlement::rows::banks::{self, BanksImported, Named};
use std::fmt::Write as _;
use store::params;
use zengin::master::{Master, read};

/// Banks 0001 to `banks`, each with branches 001 to `branches`, whose names end in `word`.
pub(crate) fn master(banks: u32, branches: u32, word: &str) -> Master {
    let rows = |rows: Vec<(String, String)>| {
        let mut text = "{".to_owned();
        for (n, (no, name)) in rows.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(text, "{comma}\"{no}\":{{\"code\":\"{no}\",\"name\":\"{name}\",").unwrap();
            text.push_str("\"kana\":\"アオモリ\",\"hira\":\"\",\"roma\":\"\"}");
        }
        (text + "}").into_bytes()
    };
    let list = rows((1..=banks).map(|no| (format!("{no:04}"), format!("銀行{no}{word}"))).collect());
    let of_bank = rows((1..=branches).map(|no| (format!("{no:03}"), format!("支店{no}{word}"))).collect());
    let names: Vec<String> = (1..=banks).map(|no| format!("{no:04}.json")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &of_bank[..])).collect();
    read(&list, &files).unwrap()
}

/// What readers see: name of the first bank and of its last branch, counts of the master, rows of all editions.
async fn seen(till: &Till) -> String {
    const BANKS: &str = "SELECT COUNT(*) FROM bank WHERE tenant = $1";
    const BRANCHES: &str = "SELECT COUNT(*) FROM bank_branch WHERE tenant = $1";
    let read = till.base.read(|tx| {
        let name =
            |found: Option<Named>| found.map_or("none".to_owned(), |it| format!("{} {}", it.name, it.kana));
        let bank = name(banks::bank(tx, T, "0001")?);
        let branch = name(banks::branch(tx, T, "0001", "100")?);
        let counted = banks::in_force(tx, T)?.map_or((0, 0), |it| (it.banks, it.branches));
        let mut count = |sql| tx.query_one(sql, params![T], |row| row.i64(0));
        let rows = (count(BANKS)?, count(BRANCHES)?);
        Ok(format!("{bank}, {branch}, {counted:?} of {rows:?}"))
    });
    read.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_is_killed_after_any_unit_is_seen_whole_or_not_at_all() {
    // names of banks come from the master.
    const OLD: &str = "銀行1旧 ｱｵﾓﾘ, 支店100旧 ｱｵﾓﾘ, (3, 300)";
    const NEW: &str = "銀行1新 ｱｵﾓﾘ, 支店100新 ｱｵﾓﾘ, (4, 600)";
    for till in Till::each().await {
        assert_eq!(seen(&till).await, "none, none, (0, 0) of (0, 0)");
        let first = banks::import_banks(&till.base, "admin command", master(3, 100, "旧")).await.unwrap();
        assert_eq!(first, BanksImported { banks: 3, branches: 300, before: 0, unchanged: false });
        assert_eq!(seen(&till).await, format!("{OLD} of (3, 300)"));
        let mut units = 0;
        let mut seen_old = 0;
        loop {
            units += 1;
            if !killed_after(&till, units).await {
                break;
            }
            let now = seen(&till).await;
            assert!(now.starts_with(OLD) || now.starts_with(NEW), "killed after unit {units}: {now}");
            seen_old += usize::from(now.starts_with(OLD));
            let again = banks::import_banks(&till.base, "admin command", master(3, 100, "旧")).await.unwrap();
            assert_eq!(again.unchanged, now.starts_with(OLD));
        }
        assert!(seen_old >= 3, "three units write the rows: {seen_old}");
        // What a killed import left is forgotten by the next that comes into force.
        assert_eq!(seen(&till).await, format!("{NEW} of (4, 600)"));
        let again = banks::import_banks(&till.base, "admin command", master(4, 150, "新")).await.unwrap();
        assert!(again.unchanged);
    }
}

/// Whether the import of the new master was still at work when this many units were committed; it is dropped there.
async fn killed_after(till: &Till, units: u64) -> bool {
    let mut commits = till.db.commits();
    let start = *commits.borrow_and_update();
    let reached = async {
        while *commits.borrow_and_update() < start + units {
            commits.changed().await.unwrap();
        }
    };
    tokio::select! {
        biased;
        () = reached => true,
        done = banks::import_banks(&till.base, "admin command", master(4, 150, "新")) => { done.unwrap(); false }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_lost_half_of_its_banks_is_refused_and_nothing_changes() {
    for till in Till::each().await {
        let import = async |banks| {
            let done = banks::import_banks(&till.base, "admin command", master(banks, 100, "")).await;
            done.map_err(|refusal| refusal.detail.unwrap_or_default())
        };
        assert_eq!(import(5).await.map(|done| done.before), Ok(0));
        let why = import(2).await.unwrap_err();
        assert_eq!(why, "banks.json: has 2 banks, and 5 are known: fewer than half are refused");
        assert_eq!(seen(&till).await, "銀行1 ｱｵﾓﾘ, 支店100 ｱｵﾓﾘ, (5, 500) of (5, 500)");
        assert_eq!(import(3).await.map(|done| done.before), Ok(5));
        assert_eq!(seen(&till).await, "銀行1 ｱｵﾓﾘ, 支店100 ｱｵﾓﾘ, (3, 300) of (3, 300)");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_imports_at_once_one_whole_master_is_in_force_and_no_row_of_the_other_stays() {
    for till in Till::each().await {
        let other = center_base::testing::base(&till.db);
        let (one, two) = tokio::join!(
            banks::import_banks(&till.base, "admin command", master(4, 150, "甲")),
            banks::import_banks(&other, "person ito", master(5, 150, "乙")),
        );
        assert!(one.is_ok() || two.is_ok());
        for refused in [one, two].into_iter().filter_map(Result::err) {
            assert!(refused.detail.unwrap().contains("another import"));
        }
        // Another import of a third master forgets what an unlucky one left.
        banks::import_banks(&till.base, "admin command", master(4, 120, "丙")).await.unwrap();
        assert_eq!(seen(&till).await, "銀行1丙 ｱｵﾓﾘ, 支店100丙 ｱｵﾓﾘ, (4, 480) of (4, 480)");
    }
}
