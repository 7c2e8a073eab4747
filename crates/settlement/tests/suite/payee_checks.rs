//! What is wrong with a payee is said before a bank file is made; who confirms another holder says why.

use crate::banks::master;
use crate::till::{T, Till};
use center_base::audit;
use settlement::PayeeTrouble;
use settlement::rows::banks;
use settlement::rows::payees::{self, Account, PayeeFacts};
use settlement::rules::Net;
use store::Tx;

fn account(bank: &str, branch: &str, holder: &str) -> Account {
    Account {
        bank: bank.into(),
        branch: branch.into(),
        kind: "1".into(),
        account: "0123456".into(),
        holder: holder.into(),
    }
}

async fn named(till: &Till, kana_name: &str) {
    let facts = PayeeFacts { kana_name: kana_name.into(), ..PayeeFacts::default() };
    let write = move |tx: &mut Tx<'_>| {
        crate::till::company(tx, "a");
        payees::put_payee(tx, "person sato", &"a".into(), &facts)
    };
    till.base.write(write).await.unwrap();
}

/// Enters an account and has it confirmed with this reason; what is refused is told.
async fn confirmed(till: &Till, account: Account, reason: &'static str) -> Result<(), String> {
    let propose = move |tx: &mut Tx<'_>| payees::propose_account(tx, "person sato", &"a".into(), &account);
    till.base.write(propose).await.unwrap();
    let confirm = move |tx: &mut Tx<'_>| payees::confirm_account(tx, "person ito", &"a".into(), reason);
    till.base.write(confirm).await.map_err(|refusal| refusal.detail.unwrap_or_default())
}

async fn troubles(till: &Till, yen: i64) -> Vec<PayeeTrouble> {
    let amount = Net::new(yen).unwrap();
    till.base.read(move |tx| Ok(settlement::payee_check(tx, T, "a", Some(amount))?)).await.unwrap()
}

async fn words(till: &Till) -> Vec<&'static str> {
    troubles(till, 1).await.iter().map(PayeeTrouble::word).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trouble_of_a_payee_has_a_word() {
    //
    for till in Till::each().await {
        assert_eq!(words(&till).await, ["no_payee"]);
        named(&till, "カブシキガイシャ チョウバドウ").await;
        assert_eq!(words(&till).await, ["no_account"]);
        confirmed(&till, account("0001", "001", "カ）チヨウバドウ"), "").await.unwrap();
        assert_eq!(words(&till).await, ["no_bank_master"]);
        banks::import_banks(&till.base, "admin command", master(2, 3, "")).await.unwrap();
        assert_eq!(words(&till).await, Vec::<&str>::new());
        assert_eq!(troubles(&till, 9_999_999_999).await, []);
        let too_large = PayeeTrouble::AmountTooLarge { yen: 10_000_000_000 };
        assert_eq!(troubles(&till, 10_000_000_000).await, [too_large]);
        for (bank, branch, holder, expected) in [
            ("0003", "001", "チヨウバドウ", "the bank master has no bank 0003"),
            ("0002", "004", "チヨウバドウ", "bank 0002 has no branch 004"),
            ("0002", "003", "帳場堂", "'帳' in the holder's name is none of the bank's characters"),
            ("0002", "003", "カ）", "the holder's name does not fit: there is no name"),
            (
                "0002",
                "003",
                "アオモリ",
                "the holder is not the company by its kana name, confirmed with the reason: head office",
            ),
        ] {
            confirmed(&till, account(bank, branch, holder), "head office").await.unwrap();
            let said: Vec<String> = troubles(&till, 1).await.iter().map(ToString::to_string).collect();
            assert_eq!(said, [expected]);
        }
        let long = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマ";
        named(&till, long).await;
        confirmed(&till, account("0002", "003", long), "").await.unwrap();
        assert_eq!(words(&till).await, ["holder_cut"]);
        assert!(troubles(&till, 1).await.iter().all(PayeeTrouble::is_warning));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_who_differs_is_confirmed_with_a_reason_that_ends_with_the_name_it_was_given_for() {
    for till in Till::each().await {
        banks::import_banks(&till.base, "admin command", master(2, 3, "")).await.unwrap();
        // U-073: no log has a whole number.
        assert_eq!(format!("{:?}", account("0001", "001", "チヨウバ")), "Account(0001 001 1 ***456)");
        named(&till, "チョウバドウ").await;
        let other = || account("0001", "001", "カ）アオモリ");
        for short in ["", "abc", "   a   "] {
            assert!(
                confirmed(&till, other(), short).await.unwrap_err().contains("say in 4 to 200 characters")
            );
        }
        assert_eq!(words(&till).await, ["no_account"]);
        confirmed(&till, other(), "the parent company takes it").await.unwrap();
        assert_eq!(words(&till).await, ["holder_differs_by_reason"]);
        assert!(troubles(&till, 1).await[0].is_warning());
        let newest = till.base.read(|tx| Ok(audit::newest(tx, T, 1)?)).await.unwrap();
        assert_eq!(newest[0].what, "payee_account_confirmed");
        named(&till, "チョウバヤ").await;
        assert_eq!(words(&till).await, ["holder_differs"], "nobody said why it is right for the new name");
        assert!(!troubles(&till, 1).await[0].is_warning());
        named(&till, "（株）あおもり").await;
        assert_eq!(words(&till).await, Vec::<&str>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_closed_and_opened_with_a_reason_and_another_account_is_open() {
    // a returned transfer says that an account is closed.
    for till in Till::each().await {
        banks::import_banks(&till.base, "admin command", master(2, 3, "")).await.unwrap();
        let close = async |closed: bool, reason: &'static str| {
            let write =
                move |tx: &mut Tx<'_>| payees::set_closed(tx, "person ito", &"a".into(), closed, reason);
            till.base.write(write).await.map_err(|refusal| refusal.detail.unwrap_or_default())
        };
        named(&till, "チョウバドウ").await;
        assert!(close(true, "came back").await.unwrap_err().contains("no confirmed account"));
        confirmed(&till, account("0001", "001", "チヨウバドウ"), "").await.unwrap();
        assert!(close(true, "no").await.is_err());
        assert_eq!(close(true, "came back").await, Ok(true));
        assert_eq!(close(true, "came back").await, Ok(false), "it is closed already");
        assert_eq!(words(&till).await, ["account_closed"]);
        confirmed(&till, account("0001", "001", "チヨウバドウ"), "").await.unwrap();
        assert_eq!(words(&till).await, ["account_closed"], "it is the same account");
        assert_eq!(close(false, "the bank was wrong").await, Ok(true));
        assert_eq!(words(&till).await, Vec::<&str>::new());
        assert_eq!(close(true, "came back").await, Ok(true));
        confirmed(&till, account("0001", "002", "チヨウバドウ"), "").await.unwrap();
        assert_eq!(words(&till).await, Vec::<&str>::new());
    }
}
