//! Cases on real databases: each difference opens one, a person or the books themselves end it.

use super::network::Act;
use super::*;
use crate::cases::rows::{self, Case, CaseState};
use crate::cases::settle::{self, Word};
use crate::cases::{Action, Kind as Case_, read_folder, reconcile_file, sweep};
use crate::refund::path::Giver;
use center_api::{AttemptSummary, JournalStanding};
use center_base::{Actor, Person, Role, Scope};
use fleet::Point;

fn operator() -> (Actor, Scope) {
    let person = Person {
        id: center_base::UserId([1; 16]),
        login_id: "kanri".into(),
        name: "管理 花子".into(),
        role: Role::Operator,
        scope: Scope::Tenant,
        must_change_password: false,
        session: [0; 32],
    };
    (Actor::Person(person), Scope::Tenant)
}

fn word(outcome: &str) -> Word {
    Word::read(outcome, "the network told us so", "call 4711").unwrap()
}

/// The terminal says how a refund stands there.
async fn tells_of_refund(center: &Center, refund: PaymentId, of: PaymentId, state: StateName) {
    let by = by();
    let amount = Yen::new(880).unwrap();
    let summary = AttemptSummary { id: refund, refund_of: Some(of), state, amount, slip_no: 1, code: None };
    center.base.write(move |tx| Ok(rows::report(tx, &by.terminal, &summary)?)).await.unwrap();
}

impl Center {
    async fn given_back(&self, refund: PaymentId, of: PaymentId) -> StateName {
        let wanted = super::refunds::wanted(refund, of, 880);
        self.acquiring.give_back(Giver::Terminal(by()), wanted).await.unwrap().state
    }
}

/// A network's file of the clock's day.
fn day_file(db: &TestDb, network: &str, lines: &[String]) -> String {
    let sum = |mark: &str| -> i64 {
        let moved = lines.iter().filter(|line| line.contains(mark));
        moved.map(|line| line.split('\t').nth(4).unwrap().parse::<i64>().unwrap()).sum()
    };
    let (day, count) = (db.clock.today(), lines.len());
    let (charged, refunded) = (sum("\tcharged\t"), sum("\trefunded\n"));
    format!("CHOBA-NETWORK-FILE\t2\t{network}\t{day}\n{}E\t{count}\t{charged}\t{refunded}\n", lines.concat())
}

/// The terminal's journal grows by one entry.
async fn tells(center: &Center, seq: i64, attempt: Option<(PaymentId, StateName, i64)>) -> JournalStanding {
    told(center, (seq - 1, 0), (seq, 0), attempt).await
}

async fn told(
    center: &Center,
    after: (i64, u8),
    last: (i64, u8),
    attempt: Option<(PaymentId, StateName, i64)>,
) -> JournalStanding {
    let point = |(seq, branch): (i64, u8)| {
        let mut hash = [branch; 32];
        hash[0] = u8::try_from(seq).unwrap();
        Point { seq, hash }
    };
    let by = by();
    center
        .base
        .write(move |tx| {
            let judged = fleet::follow_journal(tx, &by, point(after), &[point(last)])?;
            if let Some((id, state, yen)) = attempt.filter(|_| judged.standing == JournalStanding::Fine) {
                let amount = Yen::new(yen).unwrap();
                let summary = AttemptSummary { id, refund_of: None, state, amount, slip_no: 1, code: None };
                rows::report(tx, &by.terminal, &summary)?;
            }
            Ok(judged.standing)
        })
        .await
        .unwrap()
}

async fn cases(center: &Center) -> Vec<Case> {
    center.base.read(|tx| Ok(rows::list(tx, T, &Scope::Tenant, (None, None), 100)?)).await.unwrap()
}

async fn kinds(center: &Center) -> Vec<(Case_, CaseState)> {
    cases(center).await.into_iter().map(|case| (case.kind, case.state)).collect()
}

async fn settled(center: &Center, id: [u8; 16], word: Word) -> Result<Case, Refusal> {
    let (actor, scope) = operator();
    center.base.write(move |tx| settle::settle(tx, (&actor, &scope), &id, &word)).await
}

async fn faults(center: &Center) -> Vec<String> {
    let now_us = center.base.clock.now_us();
    center.base.read(move |tx| Ok(crate::check::check(tx, T, now_us)?.faults)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_without_a_payment_is_one_case_that_a_person_ends_for_good() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        tells(&center, 1, Some((id(7), StateName::Approved, 880))).await;
        assert_eq!(sweep(&center.base).await.unwrap(), 1);
        assert_eq!(sweep(&center.base).await.unwrap(), 0, "a second run opens nothing twice");
        assert_eq!(kinds(&center).await, [(Case_::SlipWithoutPayment, CaseState::Open)]);
        let case = cases(&center).await.remove(0);
        assert_eq!(case.evidence["terminal"]["state"], "approved");
        assert!(case.evidence["center"].is_null());
        assert!(settled(&center, case.id, word("approved")).await.is_err(), "money is not made by a case");
        settled(&center, case.id, word("accepted")).await.unwrap();
        assert!(settled(&center, case.id, word("accepted")).await.is_err(), "once");
        assert_eq!(sweep(&center.base).await.unwrap(), 0, "what a person settled stays settled");
        assert_eq!(kinds(&center).await, [(Case_::SlipWithoutPayment, CaseState::Settled)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_its_terminal_never_acknowledged_is_a_case_until_it_does() {
    // The crash table: the terminal is lost or destroyed for good.
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        tells(&center, 1, None).await;
        center.paid(ask(id(1), 880)).await;
        db.clock.advance(seconds(599));
        assert_eq!(sweep(&center.base).await.unwrap(), 0);
        db.clock.advance(seconds(1));
        assert_eq!(sweep(&center.base).await.unwrap(), 1);
        assert_eq!(kinds(&center).await, [(Case_::AcknowledgementMissing, CaseState::Open)]);
        tells(&center, 2, Some((id(1), StateName::Approved, 880))).await;
        sweep(&center.base).await.unwrap();
        assert_eq!(kinds(&center).await, [(Case_::AcknowledgementMissing, CaseState::Cleared)]);
        tells(&center, 3, Some((id(1), StateName::Reversed, 980))).await;
        assert_eq!(sweep(&center.base).await.unwrap(), 2);
        let mut found = kinds(&center).await;
        found.sort();
        assert_eq!(
            found,
            [
                (Case_::PaymentWithoutSlip, CaseState::Open),
                (Case_::AcknowledgementMissing, CaseState::Cleared),
                (Case_::AmountsDiffer, CaseState::Open),
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_doubt_ends_by_a_persons_word_with_ledger_and_audit_and_is_not_reversed_afterwards() {
    for outcome in ["approved", "declined", "reversed"] {
        for (db, network) in each().await {
            let center = Center::start(&db, &network.address, "a-1");
            network.requests([Act::Ignore]);
            network.advices([Act::Cut]);
            let paying = center.pay(ask(id(1), 880));
            network.seen(1).await;
            db.clock.advance(seconds(25));
            assert_eq!(paying.await.unwrap().unwrap().state, StateName::InDoubt);
            db.clock.advance(seconds(900));
            assert_eq!(sweep(&center.base).await.unwrap(), 1);
            let case = cases(&center).await.remove(0);
            assert_eq!(case.kind, Case_::DoubtTooOld);
            settled(&center, case.id, word(outcome)).await.unwrap();
            assert_eq!(center.state(id(1)).await.word(), outcome);
            let wanted: &[Kind] = if outcome == "approved" { &[Kind::Posted] } else { &[] };
            assert_eq!(center.transfers(id(1)).await, wanted);
            assert_eq!(faults(&center).await, Vec::<String>::new());
            while center.worker.drain().await.unwrap() > 0 {}
            let reversed = network.mtis().iter().any(|mti| mti.starts_with("04"));
            assert_eq!(reversed, outcome != "approved", "what was taken is not taken back");
            assert_eq!(center.state(id(1)).await.word(), outcome, "final is final");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_networks_file_shows_what_only_one_side_has() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        for number in 1..=3 {
            center.paid(ask(id(number), 880)).await;
        }
        let day = db.clock.today().to_string();
        let line = |rrn: &str, yen: i64, state: &str| {
            format!("P\t{}\t{rrn}\t000000358002\t{yen}\t{state}\tA12345\n", place().merchant_no)
        };
        // The first agrees, the second is missing, the third has another amount, and one is unknown here.
        let text = format!(
            "CHOBA-NETWORK-FILE\t2\tcard\t{day}\n{}{}{}E\t3\t2360\t0\n",
            line(&id(1).rrn(), 880, "charged"),
            line(&id(3).rrn(), 980, "charged"),
            line("ZZZZZZZZZZZZ", 500, "charged"),
        );
        let report = reconcile_file(&center.base, &text).await.unwrap();
        assert_eq!((report.lines, report.compared, report.opened), (3, 3, 3));
        assert_eq!(reconcile_file(&center.base, &text).await.unwrap().opened, 0, "read twice");
        let mut found = kinds(&center).await;
        found.sort();
        assert_eq!(
            found,
            [
                (Case_::ChargedNotBooked, CaseState::Open),
                (Case_::BookedNotCharged, CaseState::Open),
                (Case_::AmountsDiffer, CaseState::Open),
            ]
        );
        assert_eq!(sweep(&center.base).await.unwrap(), 0, "the minute's round does not forget the file");
        assert_eq!(kinds(&center).await.iter().filter(|(_, state)| *state == CaseState::Open).count(), 3);
        let right = text.replace("980", "880").replace("E\t3\t2360\t", "E\t3\t2260\t");
        reconcile_file(&center.base, &right).await.unwrap();
        assert!(kinds(&center).await.contains(&(Case_::AmountsDiffer, CaseState::Cleared)));
        assert!(reconcile_file(&center.base, &text[..text.len() - 9]).await.is_err(), "cut off");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_wrong_bytes_is_left_whole_and_the_others_of_the_folder_are_compared() {
    // Issue 4, bad input: refused whole with line and reason; reliability.md, reconciliation.
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let folder = tempfile::tempdir().unwrap();
        let unknown = "P\t9000009\t49414G2G4G92\t00358002\t880\tcharged\tA12345\n".to_owned();
        let good = day_file(&db, "card", &[unknown]);
        let mut wrong = good.clone().into_bytes();
        let place = good.find("00358002").unwrap();
        wrong[place] = 0xff;
        std::fs::write(folder.path().join("card-1.tsv"), &wrong).unwrap();
        let read = || read_folder(&center.base, folder.path().to_owned());
        assert_eq!(read().await.unwrap(), 0);
        assert_eq!(kinds(&center).await, [], "not even the line before it");
        std::fs::write(folder.path().join("card-2.tsv"), &good).unwrap();
        assert_eq!(read().await.unwrap(), 1);
        assert_eq!(read().await.unwrap(), 0, "each once");
        assert_eq!(kinds(&center).await.len(), 1);
        std::fs::write(folder.path().join("card-1.tsv"), good).unwrap();
        assert_eq!(read().await.unwrap(), 1, "again once it has changed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_terminal_is_blocked_shown_as_a_case_and_let_in_by_the_operator() {
    // S9
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        assert_eq!(told(&center, (0, 0), (1, 0), None).await, JournalStanding::Fine);
        assert_eq!(told(&center, (1, 0), (2, 1), None).await, JournalStanding::Fine);
        assert_eq!(told(&center, (1, 0), (2, 2), None).await, JournalStanding::Copied);
        let refusal = center.pay(ask(id(1), 880)).await.unwrap().unwrap_err();
        assert_eq!(refusal.code, codes::api::TERMINAL_COPIED);
        assert!(network.mtis().is_empty(), "refused before anything was asked");
        // The other device is blocked too.
        assert_eq!(told(&center, (2, 1), (3, 1), None).await, JournalStanding::Copied);
        assert_eq!(sweep(&center.base).await.unwrap(), 1);
        let case = cases(&center).await.remove(0);
        assert_eq!((case.kind, case.terminal.as_str()), (Case_::TerminalCopied, "000000358002"));
        settled(&center, case.id, word("let_in")).await.unwrap();
        assert_eq!(told(&center, (2, 1), (3, 1), None).await, JournalStanding::Fine);
        assert_eq!(center.paid(ask(id(1), 880)).await.state, StateName::Approved);
        // The copy still runs: it shows again.
        assert_eq!(told(&center, (2, 2), (3, 2), None).await, JournalStanding::Copied);
        assert_eq!(told(&center, (3, 1), (4, 1), None).await, JournalStanding::Copied);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_terminal_and_center_tell_differently_is_a_case() {
    // Issue item 5
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        for number in [1, 2] {
            center.paid(ask(id(number), 880)).await;
        }
        // Shown as given back, and the center never heard of it.
        tells_of_refund(&center, id(8), id(1), StateName::Approved).await;
        // Given back, and shown as undone.
        assert_eq!(center.given_back(id(9), id(2)).await, StateName::Approved);
        tells_of_refund(&center, id(9), id(2), StateName::Reversed).await;
        assert_eq!(sweep(&center.base).await.unwrap(), 2);
        assert_eq!(sweep(&center.base).await.unwrap(), 0, "a second run opens nothing twice");
        let mut found = cases(&center).await;
        found.sort_by_key(|case| case.kind);
        let told: Vec<_> = found.iter().map(|case| (case.kind, case.payment, case.kind.action())).collect();
        assert_eq!(
            told,
            [
                (Case_::RefundSlipOnly, Some(id(1)), Action::CheckRefund),
                (Case_::RefundNotShown, Some(id(2)), Action::CheckRefund),
            ]
        );
        assert_eq!(found[1].evidence["center"]["kind"], "void");
        assert!(settled(&center, found[0].id, word("given_back")).await.is_err(), "no money by a case");
        settled(&center, found[0].id, word("accepted")).await.unwrap();
        // The terminal has heard of it meanwhile.
        tells_of_refund(&center, id(9), id(2), StateName::Approved).await;
        sweep(&center.base).await.unwrap();
        let mut found = kinds(&center).await;
        found.sort();
        assert_eq!(
            found,
            [(Case_::RefundSlipOnly, CaseState::Settled), (Case_::RefundNotShown, CaseState::Cleared)]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_doubt_about_a_refund_ends_by_a_persons_word_with_ledger_and_sums() {
    for (outcome, state, refunded) in
        [("given_back", StateName::Approved, 880), ("not_given_back", StateName::Declined, 0)]
    {
        for (db, network) in each().await {
            let center = Center::start(&db, &network.address, "a-1");
            center.paid(ask(id(1), 880)).await;
            network.requests([Act::OtherAmount]);
            assert_eq!(center.given_back(id(9), id(1)).await, StateName::InDoubt);
            db.clock.advance(seconds(900));
            assert_eq!(sweep(&center.base).await.unwrap(), 1);
            let case = cases(&center).await.remove(0);
            assert_eq!((case.kind, case.payment), (Case_::RefundDoubtTooOld, Some(id(1))));
            assert_eq!(case.kind.action(), Action::ReverseAgain);
            assert!(settled(&center, case.id, word("approved")).await.is_err(), "the words of a payment");
            settled(&center, case.id, word(outcome)).await.unwrap();
            let refund = center.base.read(|tx| Ok(refund::load(tx, T, id(9))?)).await.unwrap().unwrap();
            assert_eq!(refund.standing.state.name(), state);
            assert_eq!(center.row(id(1)).await.refunded.get(), refunded);
            let asked = network.mtis().len();
            while center.worker.drain().await.unwrap() > 0 {}
            assert_eq!(network.mtis().len(), asked, "nobody asks any more");
            assert_eq!(faults(&center).await, Vec::<String>::new());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_card_networks_file_shows_what_only_one_side_gave_back() {
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        // Paid yesterday and returned today: one agrees, one the network lacks.
        for number in [1, 2] {
            center.paid(ask(id(number), 880)).await;
        }
        db.clock.advance(seconds(86_400));
        for number in [1, 2] {
            assert_eq!(center.given_back(id(100 + number), id(number)).await, StateName::Approved);
        }
        // Paid and voided today: one agrees, one the network lacks, one only the network has.
        for number in [3, 4, 5] {
            center.paid(ask(id(number), 880)).await;
        }
        for number in [3, 4] {
            assert_eq!(center.given_back(id(100 + number), id(number)).await, StateName::Approved);
        }
        let merchant = place().merchant_no;
        let paid = |number, state: &str| {
            format!("P\t{merchant}\t{}\t000000358002\t880\t{state}\tA12345\n", id(number).rrn())
        };
        let back = |rrn: &str| format!("R\t{merchant}\t{rrn}\t000000358002\t880\trefunded\n");
        let mut lines = vec![
            paid(3, "voided"),
            paid(4, "charged"),
            paid(5, "voided"),
            back(&id(101).rrn()),
            back("ZZZZZZZZZZZZ"),
        ];
        let report = reconcile_file(&center.base, &day_file(&db, "card", &lines)).await.unwrap();
        assert_eq!((report.lines, report.opened), (5, 4));
        let mut found = cases(&center).await;
        found.sort_by_key(|case| (case.kind, case.payment));
        let told: Vec<_> = found.iter().map(|case| (case.kind, case.payment)).collect();
        assert_eq!(
            told,
            [
                (Case_::BookedNotCharged, Some(id(5))),
                (Case_::RefundedNotBooked, None),
                (Case_::BookedNotRefunded, Some(id(2))),
                (Case_::BookedNotRefunded, Some(id(4))),
            ]
        );
        assert_eq!(sweep(&center.base).await.unwrap(), 0, "the minute's round does not forget the file");
        // The network has put it right.
        lines[1] = paid(4, "voided");
        lines.push(back(&id(102).rrn()));
        reconcile_file(&center.base, &day_file(&db, "card", &lines)).await.unwrap();
        let cleared = kinds(&center).await.into_iter().filter(|(_, state)| *state == CaseState::Cleared);
        assert_eq!(cleared.count(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_brands_file_is_compared_like_the_card_networks() {
    // cancelled on the day, refunded in part.
    for (db, _) in each().await {
        let brand = super::brand::Brand::start().await;
        let center = super::by_code::center(&db, &brand).await;
        for number in 1..=5 {
            assert_eq!(center.paid_by_code(id(number), 880).await.state, StateName::Approved);
        }
        let back = async |refund, of, yen| {
            let wanted = super::refunds::wanted(id(refund), id(of), yen);
            let wanted = crate::refund::path::Wanted { card: None, ..wanted };
            center.acquiring.give_back(Giver::Terminal(by()), wanted).await.unwrap().state
        };
        assert_eq!(back(11, 1, 880).await, StateName::Approved, "a cancel");
        // Only later may a part be given back.
        db.clock.advance(seconds(86_400));
        assert_eq!(back(12, 2, 300).await, StateName::Approved);
        assert_eq!(back(13, 3, 300).await, StateName::Approved);
        let paid = |number, state: &str| format!("P\tM1\t{}\tT\t880\t{state}\t04000\n", id(number));
        let given = |number, yen: i64| format!("R\tM1\t{}\t\t{yen}\trefunded\n", id(number));
        // The brand lacks one refund, and has one that nobody here made.
        let today = day_file(&db, "paypay", &[given(12, 300), given(99, 100)]);
        assert_eq!(reconcile_file(&center.base, &today).await.unwrap().opened, 2);
        // On the day before, it lacks the fourth payment.
        let yesterday = [paid(1, "voided"), paid(2, "charged"), paid(3, "charged"), paid(5, "charged")];
        let yesterday = day_file(&db, "paypay", &yesterday);
        let days = (db.clock.today().to_string(), db.clock.today().yesterday().unwrap().to_string());
        let report = reconcile_file(&center.base, &yesterday.replace(&days.0, &days.1)).await.unwrap();
        assert_eq!((report.lines, report.opened), (4, 1));
        let mut found = cases(&center).await;
        found.sort_by_key(|case| case.kind);
        let told: Vec<_> = found.iter().map(|case| (case.kind, case.payment)).collect();
        assert_eq!(
            told,
            [
                (Case_::BookedNotCharged, Some(id(4))),
                (Case_::RefundedNotBooked, None),
                (Case_::BookedNotRefunded, Some(id(3))),
            ]
        );
        let card = reconcile_file(&center.base, &day_file(&db, "card", &[])).await.unwrap();
        assert_eq!(card.opened, 0, "the card network is not asked for codes");
    }
}
