//! A terminal that stops after any journal entry: what it does when it starts again.

use crate::fakes::{Bench, FakeCenter, approval};
use crate::samples::{facts, id, slip, yen};
use clock::Clock;
use codes::pay;
use expect_test::expect;
use payment::{PaymentClass, StateName};
use receipt::{Copy, Strokes};
use terminal::attempt::{Attempt, remedy};
use terminal::event::NewPayment;
use terminal::journal::{Fact, Journal, Sent, export, verify};

fn clock() -> Clock {
    Clock::by_hand("2026-11-21T01:15:30Z".parse().unwrap())
}

fn new() -> NewPayment {
    NewPayment::sale(id(1), yen(880), PaymentClass::Lump, 0)
}

fn sent(signature_follows: bool) -> Fact {
    let card = Some(facts());
    Fact::Sent(Box::new(Sent { class: PaymentClass::Lump, card, code_paid: None, signature_follows }))
}

fn sent_code() -> Fact {
    let code_paid = crate::samples::code_in_state(payment::State::Sent).code_paid;
    Fact::Sent(Box::new(Sent { class: PaymentClass::Lump, card: None, code_paid, signature_follows: false }))
}

fn told() -> Fact {
    Fact::Told { brand: Some(payment::Brand::PayPay), center_txn_id: None, waits_for_user: true }
}

fn with_slip(approved: bool) -> Fact {
    let slip = Some(Box::new(slip(&crate::samples::planned())));
    if approved {
        Fact::Approved { approval: approval(), slip }
    } else {
        Fact::Authorized { approval: approval(), slip }
    }
}

fn signature() -> Strokes {
    Strokes(vec![vec![(1, 1), (9, 9)]])
}

/// Every story a payment can have, entry by entry.
fn stories() -> Vec<(&'static str, Vec<Fact>)> {
    let printing = Fact::Printing { copy: Copy::Customer, again: false };
    vec![
        (
            "approved and printed",
            vec![
                sent(false),
                with_slip(true),
                printing,
                Fact::Printed { copy: Copy::Customer },
                Fact::Closed,
            ],
        ),
        (
            "signed",
            vec![sent(true), with_slip(false), Fact::Signed { signature: signature() }, with_slip(true)],
        ),
        ("refused", vec![sent(false), Fact::Declined { code: pay::CARD_REFUSED }]),
        ("silent", vec![sent(false), Fact::InDoubt { code: pay::NO_ANSWER }, Fact::Reversed]),
        (
            "the chip refused",
            vec![
                sent(false),
                Fact::UndoWanted { code: pay::CRYPTOGRAM_REFUSED },
                Fact::InDoubt { code: pay::CRYPTOGRAM_REFUSED },
                Fact::Reversed,
            ],
        ),
        (
            "given back",
            vec![sent(true), with_slip(false), Fact::UndoWanted { code: pay::CANCELLED }, Fact::Released],
        ),
        ("cancelled", vec![Fact::Abandoned { code: pay::CANCELLED }]),
        ("confirmed on the phone", vec![sent_code(), told(), with_slip(true), Fact::Closed]),
        (
            "cancelled on the phone's wait",
            vec![
                sent_code(),
                told(),
                Fact::UndoWanted { code: pay::CANCELLED },
                Fact::InDoubt { code: pay::CANCELLED },
                Fact::Reversed,
            ],
        ),
    ]
}

async fn written(journal: &Journal, facts: &[Fact]) -> Attempt {
    journal.keep_config(&crate::samples::config()).await.unwrap();
    journal.keep_terminal("000000358002".into()).await.unwrap();
    let mut attempt = journal.start(new(), None).await.unwrap();
    for fact in facts {
        attempt = journal.record(attempt.id, fact.clone()).await.unwrap();
    }
    attempt
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_remedy_after_every_entry_is_the_one_that_was_read() {
    let mut table = String::new();
    for (name, facts) in stories() {
        table.push_str(&format!("{name}\n"));
        for n in 0..=facts.len() {
            let folder = tempfile::tempdir().unwrap();
            let journal = Journal::open(folder.path(), clock()).unwrap();
            let attempt = written(&journal, &facts[..n]).await;
            let last = n.checked_sub(1).map_or("started", |n| facts[n].word());
            let remedy = format!("{:?}", remedy(&attempt));
            let remedy = remedy.replace("Code(payment-", "").replace(')', "").replace('(', " ");
            table.push_str(&format!("    {last:<13} {:<11} {remedy}\n", attempt.name().word()));
        }
    }
    expect_test::expect_file!["../golden/remedies.txt"].assert_eq(&table);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_after_any_entry_ends_where_the_center_is_and_charges_nobody_twice() {
    // reliability P2 … P15, against every state in which the center may be.
    use StateName as S;
    for (name, facts) in stories() {
        for n in 0..=facts.len() {
            for at_center in [
                None,
                Some(S::Approved),
                Some(S::Authorized),
                Some(S::Declined),
                Some(S::Reversed),
                Some(S::Released),
            ] {
                let folder = tempfile::tempdir().unwrap();
                let journal = Journal::open(folder.path(), clock()).unwrap();
                let before = written(&journal, &facts[..n]).await;
                drop(journal);
                // The center can only know what was sent.
                let sent = facts[..n].iter().any(|fact| matches!(fact, Fact::Sent(_)));
                let center = FakeCenter::default();
                match at_center {
                    Some(state) if sent && !before.name().is_final() && possible(&before, state) => {
                        center.put(&before, state);
                    }
                    None if sent && before.name() != S::Authorized => {}
                    None if !sent => {}
                    _ => continue,
                }
                let bench = Bench::open(folder.path(), center.clone(), clock()).await;
                let case = format!("{name} after {n}, center {at_center:?}");
                let settled = settle(&bench, before.id).await;
                if before.name().is_final() {
                    assert_eq!(settled, before.name().word(), "{case}");
                }
                let center_has_money = center.state(before.id) == Some(S::Approved);
                if settled == "approved" && !before.name().is_final() {
                    assert!(center_has_money, "{case}");
                }
                if center_has_money {
                    assert_eq!(settled, "approved", "{case}");
                }
                drop(bench);
                let report = verify(folder.path(), clock());
                if let Ok(report) = report {
                    assert!(report.ok, "{case}: {:?}", report.problems);
                }
            }
        }
    }
}

/// Whether the center can be in this state while our journal says that.
fn possible(before: &Attempt, center: StateName) -> bool {
    use StateName as S;
    match (before.name(), center) {
        (S::Authorized, S::Declined) => false,
        (S::Authorized, S::Approved) => before.signature.is_some(),
        (_, S::Authorized) => before.signature_follows,
        _ => true,
    }
}

/// Lets the terminal settle what it found and gives the state it came to.
async fn settle(bench: &Bench, id: payment::PaymentId) -> String {
    let state = std::cell::RefCell::new(String::new());
    let settled = async || {
        let view = bench.look(id).await;
        let waits_for_a_pen = view["state"] == "authorized" && bench.terminal.screen_name() == "sign";
        view["state"].as_str().unwrap_or("").clone_into(&mut state.borrow_mut());
        view["is_final"] == true || waits_for_a_pen
    };
    bench.until("settled", settled).await;
    state.into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_that_was_cut_short_is_shown_when_the_terminal_starts_again() {
    // P14, P15: approved, printing begun and never ended.
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), clock()).unwrap();
    let (_, facts) = &stories()[0];
    written(&journal, &facts[..3]).await;
    drop(journal);
    let bench = Bench::open(folder.path(), FakeCenter::default(), clock()).await;
    bench.reach("approved").await;
    let page = bench.ask("GET", "/", "text/plain", "").await.1;
    for text in ["中断した会計の結果です", "印刷が途中で止まった可能性があります", "（再）"]
    {
        assert!(page.contains(text), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_was_changed_is_found_out() {
    // R7: one changed value, one entry less, the end cut off.
    for (harm, found) in [
        (
            "UPDATE entry SET body = replace(body, '880', '881') WHERE seq = 1",
            "the hash of entry 1 does not fit",
        ),
        ("UPDATE entry SET at_us = at_us + 1 WHERE seq = 2", "the hash of entry 2 does not fit"),
        ("DELETE FROM entry WHERE seq = 2", "entry 2 is missing"),
        ("DELETE FROM entry WHERE seq = 3", "the end was cut off"),
        ("UPDATE attempt SET doc = replace(doc, 'approved', 'reversed')", ""),
        ("DELETE FROM attempt", "is not what the journal tells"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path(), clock()).unwrap();
        written(&journal, &stories()[0].1[..2]).await;
        drop(journal);
        assert!(verify(folder.path(), clock()).unwrap().ok);
        rusqlite::Connection::open(folder.path().join(terminal::journal::FILE))
            .unwrap()
            .execute(harm, [])
            .unwrap();
        match verify(folder.path(), clock()) {
            Ok(report) => {
                assert!(
                    !report.ok && report.problems.join("; ").contains(found),
                    "{harm}: {:?}",
                    report.problems
                );
            }
            Err(error) => assert!(found.is_empty(), "{harm}: {error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_export_has_entries_payments_and_the_proof() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), clock()).unwrap();
    written(&journal, &stories()[2].1).await;
    drop(journal);
    let json = export(folder.path(), clock()).unwrap();
    expect![["declined 880 no payment-101 started,sent,declined true"]].assert_eq(&format!(
        "{} {} {} {} {} {}",
        json["payments"][0]["state"].as_str().unwrap(),
        json["payments"][0]["amount"],
        json["payments"][0]["money_taken"].as_str().unwrap(),
        json["payments"][0]["code"].as_str().unwrap(),
        json["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["fact"]["what"].as_str().unwrap())
            .collect::<Vec<_>>()
            .join(","),
        json["report"]["ok"],
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slip_numbers_and_request_numbers_never_repeat_over_restarts() {
    // R-045, X9.24-3
    let folder = tempfile::tempdir().unwrap();
    let mut slips = Vec::new();
    let mut numbers = Vec::new();
    for n in 1..=3 {
        let journal = Journal::open(folder.path(), clock()).unwrap();
        let attempt = journal.start(NewPayment { id: id(n), ..new() }, None).await.unwrap();
        slips.push(attempt.slip_no);
        numbers.push(journal.reserve_requests(64).unwrap());
    }
    assert_eq!((slips, numbers), (vec![1, 2, 3], vec![1, 65, 129]));
    let mode = std::fs::metadata(folder.path().join(terminal::journal::FILE)).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_after_any_entry_of_a_refund_ends_where_the_center_is_and_returns_nothing_twice() {
    // reliability R: giving back follows the same rules as taking.
    use StateName as S;
    let stories: [&[Fact]; 4] = [
        &[sent(false), with_slip(true), Fact::Closed],
        &[Fact::Signed { signature: signature() }, sent(false), with_slip(true)],
        &[sent(false), Fact::InDoubt { code: pay::NO_ANSWER }, Fact::Reversed],
        &[Fact::Abandoned { code: pay::CANCELLED }],
    ];
    for facts in stories {
        for n in 0..=facts.len() {
            for at_center in [None, Some(S::Approved), Some(S::Declined), Some(S::Reversed)] {
                let sent = facts[..n].iter().any(|fact| matches!(fact, Fact::Sent(_)));
                if at_center.is_some() && !sent {
                    continue;
                }
                let folder = tempfile::tempdir().unwrap();
                let journal = Journal::open(folder.path(), clock()).unwrap();
                let sale = written(&journal, &stories_of_a_sale()).await;
                let terms = crate::samples::terms(payment::Medium::None, false);
                let wish = NewPayment {
                    refund: Some(terms),
                    ..NewPayment::sale(id(2), yen(880), PaymentClass::Lump, 0)
                };
                let mut before = journal.start(wish, None).await.unwrap();
                assert_eq!(before.slip_no, sale.slip_no, "R-049");
                for fact in &facts[..n] {
                    before = journal.record(before.id, fact.clone()).await.unwrap();
                }
                drop(journal);
                let center = FakeCenter::default();
                center.put(&sale, S::Approved);
                if let Some(state) = at_center {
                    if before.name().is_final() {
                        continue;
                    }
                    center.put_refund(id(2), sale.id, yen(880), state);
                }
                let bench = Bench::open(folder.path(), center.clone(), clock()).await;
                let case = format!("{n} of {facts:?}, center {at_center:?}");
                let settled = settle(&bench, id(2)).await;
                let returned = center.refund_state(id(2)) == Some(S::Approved);
                if !before.name().is_final() {
                    assert_eq!(settled == "approved", returned, "{case}");
                }
                let back = async || bench.look(sale.id).await["given_back"].as_i64().unwrap_or(0);
                if settled == "approved" {
                    // The sale is told by an entry of its own, right after the refund's.
                    bench.until(&case, async || back().await == 880).await;
                } else {
                    assert_eq!(back().await, 0, "{case}");
                }
                assert_eq!(bench.look(sale.id).await["state"], "approved", "{case}");
                drop(bench);
                if let Ok(report) = verify(folder.path(), clock()) {
                    assert!(report.ok, "{case}: {:?}", report.problems);
                }
            }
        }
    }
}

fn stories_of_a_sale() -> Vec<Fact> {
    vec![sent(false), with_slip(true), Fact::Closed]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_was_paid_is_never_given_back_and_a_journal_of_before_still_reads() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), clock()).unwrap();
    let sale = written(&journal, &stories_of_a_sale()).await;
    let wish = |n, amount| NewPayment {
        refund: Some(crate::samples::terms(payment::Medium::None, false)),
        ..NewPayment::sale(id(n), yen(amount), PaymentClass::Lump, 0)
    };
    assert!(journal.start(wish(2, 881), None).await.is_err());
    let refund = journal.start(wish(3, 500), None).await.unwrap();
    journal.record(refund.id, sent(false)).await.unwrap();
    journal.record(refund.id, with_slip(true)).await.unwrap();
    assert_eq!(journal.load(sale.id).await.unwrap().unwrap().given_back, yen(500));
    assert!(journal.start(wish(4, 381), None).await.is_err());
    journal.start(wish(5, 380), None).await.unwrap();
    drop(journal);
    assert!(verify(folder.path(), clock()).unwrap().ok);

    // Entries as they were written before there were codes and refunds.
    for old in [
        r#"{"what":"started","amount":880,"method":"card","class":"lump","slip_no":1,"note":null,"operator":null,"origin":"keypad"}"#,
        r#"{"what":"sent","class":"lump","card":{"brand":"visa","pan":{"first6":"476173","last4":"0010"},"entry_mode":"contact_ic","cvm":"pin","aid":null,"atc":null,"pan_seq":null,"app_label":null},"signature_follows":false}"#,
    ] {
        let fact: Fact = serde_json::from_str(old).unwrap();
        assert_eq!(serde_json::to_string(&fact).unwrap(), old, "and is written as before");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_was_written_is_told_though_its_sum_could_not_be_written_yet() {
    // Invariant 1: a journal that takes one entry and not the next hides no approval.
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path(), clock()).unwrap();
    let sale = written(&journal, &stories_of_a_sale()).await;
    let wish = NewPayment {
        refund: Some(crate::samples::terms(payment::Medium::None, false)),
        ..NewPayment::sale(id(3), yen(500), PaymentClass::Lump, 0)
    };
    let refund = journal.start(wish, None).await.unwrap();
    journal.record(refund.id, sent(false)).await.unwrap();
    let file = rusqlite::Connection::open(folder.path().join(terminal::journal::FILE)).unwrap();
    file.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    let trouble = "CREATE TRIGGER full BEFORE INSERT ON entry WHEN NEW.body LIKE '%given_back%'
        BEGIN SELECT RAISE(ABORT, 'no space'); END";
    file.execute_batch(trouble).unwrap();
    let approved = journal.record(refund.id, with_slip(true)).await.unwrap();
    assert_eq!(approved.name(), StateName::Approved);
    file.execute_batch("DROP TRIGGER full").unwrap();
    journal.record(refund.id, Fact::Closed).await.unwrap();
    assert_eq!(journal.load(sale.id).await.unwrap().unwrap().given_back, yen(500));
    drop(journal);
    assert!(verify(folder.path(), clock()).unwrap().ok);
}
