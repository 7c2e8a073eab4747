//! What people enter by the pages: two persons where money moves, refusals that say what to do, nothing twice.

use crate::cast::{manager, operator};
use crate::till::{T, Till, id};
use settlement::rows::payees;

const ADJUSTMENTS: &str = "/settlement/adjustments";
const PAYEE: &str = "/settlement/payees/00008";

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_is_entered_by_one_person_and_approved_by_another() {
    // U-065: four eyes.
    for till in Till::each_with_companies().await {
        let form = format!(
            "company=00008&sign=minus&amount=１，２００円&reason=二重計上の訂正&shown=訂正&id={}",
            id(7)
        );
        assert_eq!(till.post(operator("sato"), ADJUSTMENTS, &form).await.0, 303);
        assert_eq!(till.post(operator("sato"), ADJUSTMENTS, &form).await.0, 303, "a second press");
        assert_eq!(till.count("SELECT COUNT(*) FROM settle_adjustment WHERE tenant = $1").await, 1);
        let approve = format!("{ADJUSTMENTS}/{}/approve", id(7));
        let (status, text) = till.post(operator("sato"), &approve, "").await;
        assert!(status == 422 && text.contains("Ask another person to approve it"), "{status} {text}");
        assert_eq!(
            till.count("SELECT COUNT(*) FROM transfer WHERE tenant = $1").await,
            0,
            "nothing is booked"
        );
        assert_eq!(till.post(operator("ito"), &approve, "").await.0, 303);
        assert_eq!(
            till.count("SELECT COUNT(*) FROM transfer WHERE tenant = $1 AND amount_yen = 1200").await,
            1
        );
        for again in [approve, format!("{ADJUSTMENTS}/{}/withdraw", id(7))] {
            let (status, text) = till.post(operator("ito"), &again, "").await;
            assert!(status == 422 && text.contains("Already decided"), "{again}: {status} {text}");
        }
        assert_eq!(till.post(operator("ito"), &format!("{ADJUSTMENTS}/{}/approve", id(8)), "").await.0, 404);
        assert_eq!(till.post(operator("ito"), &format!("{ADJUSTMENTS}/x/withdraw"), "").await.0, 404);
        assert_eq!(till.post(manager("00008"), ADJUSTMENTS, &form).await.0, 403, "a company adjusts nothing");
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_that_cannot_be_is_said_to_be_none_and_what_was_typed_stays() {
    for till in Till::each_with_companies().await {
        for (form, says) in [
            ("reason=x", "No company is chosen"),
            ("company=99999&amount=100&reason=abcd", "none has this number"),
            ("company=00008&amount=0&reason=abcd", "not zero"),
            ("company=00008&amount=abc&reason=abcd", "not zero"),
            ("company=00008&amount=99999999999&reason=abcd", "at most ten digits"),
            ("company=00008&amount=100&reason=abc", "4 to 200 characters"),
        ] {
            let (status, text) = till.post(operator("sato"), ADJUSTMENTS, form).await;
            assert!(status == 422 && text.contains(says), "{form}: {status} {text}");
        }
        let (_, text) =
            till.post(operator("sato"), ADJUSTMENTS, "company=00008&amount=100&reason=abc&shown=xyz").await;
        assert!(
            text.contains("[amount: 100]") && text.contains("[reason: abc]") && text.contains("[shown: xyz]"),
            "{text}"
        );
        assert_eq!(till.count("SELECT COUNT(*) FROM settle_adjustment WHERE tenant = $1").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_used_when_a_second_person_has_typed_its_number() {
    // four eyes.
    for till in Till::each_with_companies().await {
        let account = "bank=0005&branch=012&kind=1&account=0123456&holder=カ）ツバメコーヒー";
        let enter = format!("{PAYEE}/account");
        let (status, text) = till.post(operator("sato"), &enter, account).await;
        assert!(status == 422 && text.contains("Save the payee"), "{status} {text}");
        assert_eq!(till.post(operator("sato"), PAYEE, "number=270212122&contact=青木").await.0, 303);
        let (status, text) =
            till.post(operator("sato"), &enter, "bank=5&branch=012&kind=1&account=0123456&holder=カ").await;
        assert!(status == 422 && text.contains("four digits"), "{status} {text}");
        assert!(!text.contains("0123456"), "a number is typed anew");
        assert_eq!(till.post(operator("sato"), &enter, account).await.0, 303);
        let page = till.seen_by(operator("ito")).get(PAYEE).await.text();
        assert!(page.contains("****456") && !page.contains("0123456"), "masked to the last three digits");
        let confirm = format!("{PAYEE}/confirm");
        let (status, text) = till.post(operator("sato"), &confirm, "account=9999999").await;
        assert!(
            status == 422 && text.contains("another person"),
            "who entered it cannot try numbers: {text}"
        );
        let (status, text) = till.post(operator("ito"), &confirm, "account=0123457").await;
        assert!(status == 422 && text.contains("not the number that waits"), "{status} {text}");
        let (status, _) = till.post(operator("ito"), &confirm, "reason=x").await;
        assert_eq!(status, 422);
        let standing = till.base.read(|tx| Ok(payees::payee(tx, T, "00008")?.unwrap())).await.unwrap();
        assert_eq!(standing.account, None);
        let (status, text) = till.post(operator("ito"), &confirm, "account=０１２３４５６").await;
        assert!(status == 422 && text.contains("The holder is not the company"), "X-092: {status} {text}");
        let reasoned = "account=０１２３４５６&reason=屋号の口座と確認";
        assert_eq!(till.post(operator("ito"), &confirm, reasoned).await.0, 303);
        let standing = till.base.read(|tx| Ok(payees::payee(tx, T, "00008")?.unwrap())).await.unwrap();
        assert_eq!(standing.account.unwrap().account, "0123456");
        let (status, text) = till.post(operator("ito"), &confirm, "account=0123456").await;
        assert!(status == 422 && text.contains("No account waits"), "{status} {text}");
        // The log has bank and branch, never the number.
        let log =
            till.count("SELECT COUNT(*) FROM audit WHERE tenant = $1 AND detail LIKE '%0123456%'").await;
        assert_eq!(log, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payee_keeps_its_number_and_cannot_take_another_one_s() {
    // U-066
    for till in Till::each_with_companies().await {
        assert_eq!(till.post(operator("sato"), PAYEE, "number=&contact=青木").await.0, 303);
        assert!(till.reads(operator("sato"), PAYEE, "en").await.contains("[number: 100000001]"));
        let other = "/settlement/payees/00009";
        for (form, says) in [
            ("number=100000001", "Another company has"),
            ("number=12x", "at most nine digits"),
            ("number=0", "at most nine digits"),
        ] {
            let (status, text) = till.post(operator("sato"), other, form).await;
            assert!(status == 422 && text.contains(says), "{form}: {status} {text}");
        }
        assert_eq!(till.post(operator("sato"), "/settlement/payees/99999", "number=").await.0, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_the_calendar_is_changed_by_hand_and_moves_pay_days() {
    // U-064, X-094
    for till in Till::each_with_companies().await {
        let page = "/settlement/calendar?year=2027&cycle=card";
        assert!(till.reads(operator("sato"), page, "en").await.contains("Fri 2027/01/29"));
        let form = "day=2027-01-29&name=臨時休業&closed=closed&cycle=card";
        assert_eq!(till.post(operator("sato"), "/settlement/calendar", form).await.0, 303);
        let text = till.reads(operator("sato"), page, "en").await;
        assert!(text.contains("Thu 2027/01/28") && text.contains("臨時休業"), "{text}");
        for (form, says) in [
            ("reason=x", "one of the years"),
            ("day=2027-02-30&name=x", "one of the years"),
            ("day=2027-02-03&name=", "at most 30 characters"),
        ] {
            let (status, text) = till.post(operator("sato"), "/settlement/calendar", form).await;
            assert!(status == 422 && text.contains(says), "{form}: {status} {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_closes_by_hand_what_ended() {
    // U-060
    for till in Till::each_without_rates().await {
        till.fill().await;
        till.wait_until("2027-01-01");
        let before = till.reads(operator("sato"), "/settlement/board", "en").await;
        assert!(before.contains("Something can be closed"), "{before}");
        assert!(before.contains("Windows to cut: 2") && !before.contains("as of now"), "{before}");
        let counted = till.reads(operator("sato"), "/settlement/board?count=now", "en").await;
        assert!(counted.contains("Statements to make") && counted.contains("as of now"), "{counted}");
        assert_eq!(till.post(operator("sato"), "/settlement/board/close", "reason=x").await.0, 303);
        let after = till.reads(operator("sato"), "/settlement/board", "en").await;
        assert!(
            after.contains("Some companies are left out") && after.contains("There is no rate for Visa"),
            "{after}"
        );
        let by = till
            .count("SELECT COUNT(*) FROM settle_window WHERE tenant = $1 AND cut_by = 'person sato'")
            .await;
        assert!(by > 0);
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pay_day_is_approved_exported_and_paid_by_pages_with_another_person_each_time() {
    // X-090, model.md 3.5: four eyes.
    for till in Till::each_without_rates().await {
        till.fill().await;
        let day = "/settlement/paydays/2026-12-15";
        let seen = async |who: &str| till.seen_by(operator(who)).get(day).await.text();
        let hash = |page: &str| page.split("name=\"hash\" value=\"").nth(1).unwrap()[..64].to_owned();
        let (approve, export) = (format!("{day}/approve"), format!("{day}/export"));
        let (status, text) = till.post(operator("sato"), &export, "").await;
        assert!(status == 422 && text.contains("This cannot be done now"), "not approved: {status} {text}");
        for wrong in ["", "hash=00", &format!("hash={}", "00".repeat(32))] {
            let (status, text) = till.post(operator("sato"), &approve, wrong).await;
            assert!(status == 422 && text.contains("It is not what was shown"), "{wrong}: {status} {text}");
        }
        let form = format!("hash={}", hash(&seen("sato").await));
        assert_eq!(till.post(operator("sato"), &approve, &form).await.0, 303);
        let (status, text) = till.post(operator("sato"), &export, "").await;
        assert!(status == 422 && text.contains("You approved this yourself"), "{status} {text}");
        assert!(
            seen("sato").await.contains("ご自身で承認した")
                && seen("ito").await.contains("確認済みの口座がありません")
        );
        assert_eq!(till.post(operator("ito"), &export, "").await.0, 303);
        let file = "/settlement/files/20261215-1";
        let answer = till.seen_by(operator("ito")).get(&format!("{file}/bytes")).await;
        let read = zengin::read(&answer.body).unwrap();
        let sum: u64 = read.groups.iter().flat_map(|group| &group.transfers).map(|one| one.amount_yen).sum();
        assert_eq!(sum, 24_171 + 25_316, "the company without an account is left out");
        let taken = "SELECT COUNT(*) FROM audit WHERE tenant = $1 AND what = 'bank_file_taken'";
        assert_eq!(till.count(taken).await, 1);
        assert_eq!(till.seen_by(manager("00008")).get(&format!("{file}/bytes")).await.status, 403);
        // It is made on a Sunday behind its pay day: the bank transfers it on Monday.
        let paid = format!("{file}/paid");
        let (status, text) = till.post(operator("ito"), &paid, "").await;
        assert!(status == 422 && text.contains("has not come"), "{status} {text}");
        till.wait_until("2026-12-21");
        assert_eq!(till.post(operator("ito"), &paid, "").await.0, 303);
        assert!(till.reads(operator("ito"), file, "en").await.contains("Paid by"));
        assert_eq!(till.post(operator("ito"), "/settlement/files/20261215-9/paid", "").await.0, 404);
        till.comes_back().await;
        assert_eq!(till.faults().await, Vec::<String>::new());
    }
}

impl Till {
    /// A payout that is paid comes back and is carried over.
    async fn comes_back(&self) {
        let payout = "/settlement/payouts/2026-12-15.00008.1";
        let post = async |what: &str, body: &str| {
            self.post(operator("ito"), &format!("{payout}/{what}"), body).await
        };
        let (status, text) = post("hold", "reason=あとで払う").await;
        assert!(status == 422 && text.contains("This cannot be done now"), "it is paid: {status} {text}");
        let (status, text) = post("returned", "reason=x").await;
        assert!(
            status == 422 && text.contains("A reason is needed") && text.contains("[reason: x]"),
            "{text}"
        );
        assert_eq!(post("returned", "reason=口座なし").await.0, 303);
        let page = self.reads(operator("ito"), payout, "ja").await;
        assert!(
            page.contains("組戻し") && page.contains("口座なし") && page.contains("次回に繰り越す"),
            "{page}"
        );
        let (status, text) = post("readdress", "").await;
        assert!(status == 422 && text.contains("The same person cannot decide on"), "{status} {text}");
        assert!(
            self.reads(operator("ito"), "/settlement/unpaid", "en").await.contains("Returned by the bank")
        );
        let undone = post("undo", "reason=x").await;
        assert!(undone.0 == 422 && undone.1.contains("A reason is needed"), "{}", undone.1);
        assert_eq!(self.post(operator("sato"), &format!("{payout}/carry"), "").await.0, 303);
        let unpaid = self.reads(operator("ito"), "/settlement/unpaid", "en").await;
        assert!(unpaid.contains("¥24,171") && !unpaid.contains("Returned by the bank"), "{unpaid}");
        for odd in ["x", "2026-12-15.00008", "2026-12-15.00008.01", "2026-12-15.00008.7"] {
            let path = format!("/settlement/payouts/{odd}/carry");
            assert_eq!(self.post(operator("ito"), &path, "").await.0, 404, "{odd}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_saved_mailed_again_and_its_password_shown_to_an_operator_alone() {
    // U-066 … U-068, U-075
    for till in Till::each_without_rates().await {
        till.fill().await;
        let page = till.seen_by(operator("sato")).get("/settlement/paydays/2026-12-15").await.text();
        let hash = page.split("name=\"hash\" value=\"").nth(1).unwrap()[..64].to_owned();
        let approve = "/settlement/paydays/2026-12-15/approve";
        assert_eq!(till.post(operator("sato"), approve, &format!("hash={hash}")).await.0, 303);
        till.settlement.issue_notices().await.unwrap();
        let document = "/settlement/documents/2026-12-15.00008";
        let text = till.reads(manager("00008"), document, "en").await;
        let number = "270212122-001-20261215";
        assert!(text.contains(number) && text.contains("To be mailed"), "{text}");
        let path = format!("/settlement/notices/{number}");
        let pdf = till.seen_by(manager("00008")).get(&format!("{path}/pdf")).await;
        assert!(pdf.status == 200 && pdf.body.starts_with(b"%PDF-"), "{}", pdf.status);
        let zip = till.seen_by(manager("00008")).get(&format!("{path}/zip")).await;
        assert!(zip.status == 200 && zip.body.starts_with(b"PK"), "{}", zip.status);
        assert_eq!(till.post(manager("00008"), &format!("{path}/resend"), "").await.0, 303);
        for what in ["pdf", "zip"] {
            let other = till.seen_by(manager("00009")).get(&format!("{path}/{what}")).await;
            assert_eq!(other.status, 404, "{what}");
        }
        assert_eq!(till.post(manager("00009"), &format!("{path}/resend"), "").await.0, 404);
        let (status, shown) = till.post(operator("sato"), &format!("{PAYEE}/password"), "").await;
        assert!(
            status == 200 && shown.lines().any(|line| line.len() == 9 && line.parse::<u32>().is_ok()),
            "{shown}"
        );
        let looked = "SELECT COUNT(*) FROM audit WHERE tenant = $1 AND what = 'notice_password_shown'";
        assert_eq!(till.count(looked).await, 1);
        assert_eq!(till.post(operator("sato"), &format!("{PAYEE}/new-password"), "").await.0, 303);
        let (_, other) = till.post(operator("sato"), &format!("{PAYEE}/password"), "").await;
        assert_ne!(shown, other);
        assert_eq!(till.post(manager("00008"), &format!("{PAYEE}/password"), "").await.0, 403);
        let (status, _) = till.post(operator("sato"), "/settlement/payees/00011/password", "").await;
        assert_eq!(status, 422, "no settlement number, no password");
    }
}
