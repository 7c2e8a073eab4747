//! Decisions of the network, each with its book: what is asked, what is answered, what rests.

use super::book::State;
use super::line::{self, Host};
use super::request;
use super::step::Forced;
use super::tables;
use crate::testing::{Terminal, Try, clock, host};
use expect_test::{Expect, expect};
use iso8583::Message;
use iso8583::private::SecureData;

pub(super) struct Bench {
    pub(super) host: Host,
    pub(super) terminal: Terminal,
    // Deleted with the bench.
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { host: host(folder.path(), &clock()), terminal: Terminal::default(), _folder: folder }
    }

    pub(super) async fn ask(&self, message: &Message) -> Message {
        self.ask_forced(message, None).await
    }

    pub(super) async fn ask_forced(&self, message: &Message, forced: Option<Forced>) -> Message {
        let asked = request::read(message).unwrap();
        line::decide(&self.host, message.clone(), asked, forced).await.unwrap().answer
    }

    pub(super) async fn pay(&mut self, asked: Try<'_>) -> String {
        let message = self.terminal.request(&asked);
        code(&self.ask(&message).await)
    }

    pub(super) async fn advise(&mut self, mti: &str, original: &Message) -> String {
        let message = self.terminal.advice(mti, original);
        code(&self.ask(&message).await)
    }

    pub(super) async fn book(&self) -> String {
        let entries = self.host.db.read(tables::all).await.unwrap();
        let lines = entries.iter().map(|e| {
            let (rrn, state) = (e.key.rrn.trim_start_matches('0'), e.state.word());
            let approved = if e.approval.is_empty() { "-" } else { "approval code" };
            let card = if e.card.is_empty() { "-" } else { &e.card };
            format!(
                "{rrn} {} {} {card} {state} {} {approved}: {}\n",
                e.kind.word(),
                e.amount,
                e.answer_code,
                e.note
            )
        });
        lines.collect()
    }
}

pub(super) fn code(answer: &Message) -> String {
    answer.text(39).unwrap().to_owned()
}

async fn check(asked: Try<'_>, answer: &str, book: Expect) {
    let mut bench = Bench::new();
    assert_eq!(bench.pay(asked).await, answer);
    book.assert_eq(&bench.book().await);
}

#[tokio::test]
async fn a_chip_with_its_pin_is_charged() {
    check(
        Try::default(),
        "00",
        expect![[r"
            1 sale ¥880 411111******1111 charged 00 approval code: approved
        "]],
    )
    .await;
}

#[tokio::test]
async fn a_reader_with_triple_des_keys_is_read_as_well_and_its_counter_counts() {
    let older = |rrn, pin| Try { older: true, rrn, pin: Some(pin), ..Try::default() };
    let mut bench = Bench::new();
    assert_eq!(bench.pay(older(1, "1234")).await, "00");
    assert_eq!(bench.pay(older(2, "9999")).await, "55");
    assert_eq!(bench.pay(Try { counter: Some(1), ..older(3, "1234") }).await, "30", "a reused key");
    // Card data of one scheme and a PIN of the other come from two readers.
    let mut mixed = bench.terminal.request(&older(4, "1234"));
    let other = bench.terminal.request(&Try { rrn: 4, ..Try::default() });
    let read = |message: &Message| SecureData::decode(message.bytes(63).unwrap()).unwrap();
    let secret = SecureData { pin: read(&other).pin, ..read(&mixed) };
    mixed.set_bytes(63, &secret.encode().unwrap()).unwrap();
    assert_eq!(code(&bench.ask(&mixed).await), "30");
}

#[tokio::test]
async fn a_card_is_refused_for_what_the_issuer_knows_of_it() {
    for (asked, answer) in [
        (Try { card: "lost", ..Try::default() }, "41"),
        (Try { card: "stolen", ..Try::default() }, "43"),
        (Try { card: "refused", ..Try::default() }, "05"),
        (Try { card: "expired", ..Try::default() }, "54"),
        (Try { amount: 300_001, ..Try::default() }, "51"),
        (Try { amount: 0, ..Try::default() }, "13"),
        (Try { class: "6103", ..Try::default() }, "00"),
        (Try { class: "6125", ..Try::default() }, "57"),
        (Try { class: "6103", card: "lump", ..Try::default() }, "57"),
        (Try { class: "8000", ..Try::default() }, "00"),
        (Try { class: "8000", card: "lump", ..Try::default() }, "57"),
        // X-020: no bonus lump sums on the day of these tests, 11/21.
        (Try { class: "2100", ..Try::default() }, "57"),
        (Try { entry: "071", pin: None, ..Try::default() }, "00"),
        (Try { entry: "071", pin: None, card: "lump", ..Try::default() }, "N7"),
        (Try { entry: "901", pin: None, card: "stripe", ..Try::default() }, "00"),
        (Try { entry: "051", pin: None, card: "stripe", ..Try::default() }, "N4"),
        // ISO 7813: service code 2xx, use the chip; allowed when the chip could not be read.
        (Try { entry: "901", pin: None, ..Try::default() }, "62"),
        (Try { entry: "801", pin: None, ..Try::default() }, "00"),
        (Try { entry: "011", pin: None, ..Try::default() }, "57"),
    ] {
        assert_eq!(Bench::new().pay(asked).await, answer, "{} {} {}", asked.card, asked.entry, asked.class);
    }
}

#[tokio::test]
async fn a_cryptogram_over_another_amount_is_refused() {
    check(
        Try { chip_amount: Some(8), ..Try::default() },
        "88",
        expect![[r"
            1 sale ¥880 411111******1111 declined 88 -: wrong cryptogram
        "]],
    )
    .await;
    let mut bench = Bench::new();
    let mut message = bench.terminal.request(&Try::default());
    let mut chip = message.bytes(55).unwrap().to_vec();
    let at = chip.len() - 20;
    let place = chip.windows(3).position(|window| window == [0x9F, 0x26, 0x08]).unwrap();
    chip[place + 3] ^= 1;
    assert!(place < at);
    message.set_bytes(55, &chip).unwrap();
    let answer = bench.ask(&message).await;
    assert_eq!((code(&answer), answer.has(55)), ("88".to_owned(), false), "no answer to a foreign chip");
}

#[tokio::test]
async fn the_issuer_answers_the_chip_also_when_it_refuses() {
    let mut bench = Bench::new();
    for (asked, answer) in [(Try::default(), "00"), (Try { rrn: 2, amount: 300_001, ..Try::default() }, "51")]
    {
        let message = bench.terminal.request(&asked);
        let said = bench.ask(&message).await;
        let issuer = said.bytes(55).unwrap();
        assert_eq!(
            (code(&said).as_str(), &issuer[..2], &issuer[10..]),
            (answer, &[0x91, 10][..], answer.as_bytes())
        );
    }
    let tap = bench.terminal.request(&Try { rrn: 3, entry: "071", pin: None, ..Try::default() });
    assert!(!bench.ask(&tap).await.has(55), "nobody waits for it after a tap");
}

#[tokio::test]
async fn three_wrong_pins_close_the_card_and_a_right_one_starts_anew() {
    let mut bench = Bench::new();
    let mut said = Vec::new();
    for (rrn, pin) in ["9999", "1234", "9999", "9999", "9999", "1234"].into_iter().enumerate() {
        let rrn = u32::try_from(rrn).unwrap() + 1;
        said.push(bench.pay(Try { rrn, pin: Some(pin), ..Try::default() }).await);
    }
    assert_eq!(said, ["55", "00", "55", "55", "75", "75"]);
}

#[tokio::test]
async fn a_pin_that_the_chip_speaks_of_and_nobody_sent_is_missed() {
    let mut bench = Bench::new();
    let with = bench.terminal.request(&Try::default());
    let mut without = bench.terminal.request(&Try { pin: None, ..Try::default() });
    without.set_bytes(55, with.bytes(55).unwrap()).unwrap();
    assert_eq!(code(&bench.ask(&without).await), "55");
}

#[tokio::test]
async fn a_key_is_used_once() {
    let mut bench = Bench::new();
    assert_eq!(bench.pay(Try::default()).await, "00");
    assert_eq!(bench.pay(Try { rrn: 2, counter: Some(1), ..Try::default() }).await, "30");
    assert_eq!(bench.pay(Try { rrn: 3, ..Try::default() }).await, "00");
    expect![[r"
        1 sale ¥880 411111******1111 charged 00 approval code: approved
        2 sale ¥880 - declined 30 -: reused key
        3 sale ¥880 411111******1111 charged 00 approval code: approved
    "]]
    .assert_eq(&bench.book().await);
}

#[tokio::test]
async fn the_same_request_again_gets_the_same_answer_and_charges_nothing() {
    let mut bench = Bench::new();
    let message = bench.terminal.request(&Try::default());
    let first = bench.ask(&message).await;
    assert_eq!(bench.ask(&message).await, first);
    let other = bench.terminal.request(&Try { amount: 881, ..Try::default() });
    assert_eq!(code(&bench.ask(&other).await), "94", "the same name with another amount");
    let hold = bench.terminal.request(&Try { hold: true, ..Try::default() });
    assert_eq!(code(&bench.ask(&hold).await), "94", "the same name held instead of taken");
    assert_eq!(bench.book().await.lines().count(), 1);
}

#[tokio::test]
async fn a_reversal_undoes_once_and_a_late_copy_of_the_request_stays_refused() {
    let mut bench = Bench::new();
    let message = bench.terminal.request(&Try::default());
    bench.ask(&message).await;
    for mti in ["0420", "0421", "0421"] {
        assert_eq!(bench.advise(mti, &message).await, "00");
    }
    assert_eq!(code(&bench.ask(&message).await), "94");
    expect![[r"
        1 sale ¥880 411111******1111 reversed 00 approval code: approved
    "]]
    .assert_eq(&bench.book().await);
}

#[tokio::test]
async fn a_reversal_that_overtakes_its_original_refuses_it() {
    let mut bench = Bench::new();
    let message = bench.terminal.request(&Try::default());
    assert_eq!(bench.advise("0420", &message).await, "00");
    assert_eq!(code(&bench.ask(&message).await), "94");
    assert_eq!(bench.advise("0421", &message).await, "00");
    expect![[r"
        1 unknown ¥880 - tombstone  -: reversed before it came, reason 68
    "]]
    .assert_eq(&bench.book().await);
}

#[tokio::test]
async fn a_reversal_of_another_amount_is_refused_and_of_a_refusal_undoes_nothing() {
    let mut bench = Bench::new();
    let message = bench.terminal.request(&Try::default());
    bench.ask(&message).await;
    let mut wrong = bench.terminal.advice("0420", &message);
    wrong.set_number(4, 881).unwrap();
    assert_eq!(code(&bench.ask(&wrong).await), "30");
    let refused = bench.terminal.request(&Try { rrn: 2, card: "lost", ..Try::default() });
    bench.ask(&refused).await;
    assert_eq!(bench.advise("0420", &refused).await, "00");
    expect![[r"
        1 sale ¥880 411111******1111 charged 00 approval code: approved
        2 sale ¥880 555555******4444 declined 41 -: lost card
    "]]
    .assert_eq(&bench.book().await);
}

#[tokio::test]
async fn a_hold_is_completed_once_or_given_back() {
    let mut bench = Bench::new();
    let hold = bench.terminal.request(&Try {
        hold: true,
        entry: "071",
        pin: None,
        amount: 15_001,
        ..Try::default()
    });
    assert_eq!(code(&bench.ask(&hold).await), "00");
    assert!(bench.book().await.contains("held"));
    let mut more = bench.terminal.advice("0220", &hold);
    more.set_number(4, 20_000).unwrap();
    assert_eq!(code(&bench.ask(&more).await), "30", "more than was held");
    for mti in ["0220", "0221"] {
        assert_eq!(bench.advise(mti, &hold).await, "00");
    }
    assert!(bench.book().await.contains("charged"));
    assert_eq!(bench.advise("0420", &hold).await, "00");
    assert_eq!(bench.advise("0221", &hold).await, "25", "the completion comes after the reversal");
    let sale = bench.terminal.request(&Try { rrn: 2, ..Try::default() });
    bench.ask(&sale).await;
    assert_eq!(bench.advise("0220", &sale).await, "25", "a sale is no hold");
    expect![[r"
        1 hold ¥15,001 411111******1111 reversed 00 approval code: approved
        2 sale ¥880 411111******1111 charged 00 approval code: approved
    "]]
    .assert_eq(&bench.book().await);
}

#[tokio::test]
async fn a_forced_refusal_charges_nothing_and_an_approval_may_lack_its_code() {
    let mut bench = Bench::new();
    let message = bench.terminal.request(&Try::default());
    assert_eq!(code(&bench.ask_forced(&message, Some(Forced::Code("Q9".into()))).await), "Q9");
    let message = bench.terminal.request(&Try { rrn: 2, ..Try::default() });
    let answer = bench.ask_forced(&message, Some(Forced::NoApprovalCode)).await;
    assert_eq!((code(&answer).as_str(), answer.has(38), answer.text(15)), ("00", false, Some("1121")));
    expect![[r"
        1 sale ¥880 411111******1111 declined Q9 -: forced
        2 sale ¥880 411111******1111 charged 00 -: approved
    "]]
    .assert_eq(&bench.book().await);
}

#[tokio::test]
async fn a_message_against_the_contract_says_why() {
    let mut bench = Bench::new();
    let good = bench.terminal.request(&Try::default());
    let why = |change: &dyn Fn(&mut Message)| {
        let mut message = good.clone();
        change(&mut message);
        request::read(&message).unwrap_err().0
    };
    let clear_track = |m: &mut Message| {
        let mut chip = m.bytes(55).unwrap().to_vec();
        chip.extend([0x57, 0x02, 0x41, 0x11]);
        m.set_bytes(55, &chip).unwrap();
    };
    let said = [
        why(&|m| drop(m.set(2, "4111111111111111"))),
        why(&|m| drop(m.set(35, "4111111111111111=30121"))),
        why(&clear_track),
        why(&|m| m.remove(55)),
        why(&|m| m.remove(63)),
        why(&|m| drop(m.set_bytes(63, &[1]))),
        why(&|m| m.remove(48)),
        why(&|m| drop(m.set(48, "6101"))),
        why(&|m| drop(m.set(49, "840"))),
        why(&|m| drop(m.set(3, "200000"))),
        why(&|m| drop(m.set_padded(42, ""))),
        why(&|m| drop(m.set(22, "991"))),
        why(&|m| m.set_mti(iso8583::Mti::RECONCILIATION_REQUEST)),
    ];
    expect![[r"
        DE 2 must be absent
        DE 35 must be absent
        tag 57 must be absent from DE 55
        DE 55 is missing
        DE 63 is missing
        DE 63 cannot be read
        DE 48 is missing
        DE 48 is no class
        DE 49 must be 392
        DE 90 names no original
        DE 37 and DE 42 must name the payment
        DE 22 is unknown
        DE 50 is missing"]]
    .assert_eq(&said.join("\n"));
}

#[tokio::test]
async fn card_data_under_a_foreign_key_is_refused() {
    let mut bench = Bench::new();
    bench.host.bdk.aes = cardkeys::Key::from_bytes([9; 16]);
    assert_eq!(bench.pay(Try::default()).await, "30");
    assert!(bench.book().await.contains("cannot be decrypted"));
}

#[tokio::test]
async fn an_expired_card_was_good_to_the_end_of_its_month_in_tokyo() {
    let folder = tempfile::tempdir().unwrap();
    for (now, answer) in [("2026-10-31T14:59:59Z", "00"), ("2026-10-31T15:00:00Z", "54")] {
        let clock = clock::Clock::by_hand(now.parse().unwrap());
        let place = folder.path().join(answer);
        std::fs::create_dir(&place).unwrap();
        let mut bench = Bench { host: host(&place, &clock), ..Bench::new() };
        assert_eq!(bench.pay(Try { card: "expired", ..Try::default() }).await, answer);
    }
}

#[tokio::test]
async fn what_was_decided_holds_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench { host: host(folder.path(), &clock()), ..Bench::new() };
    let paid = bench.terminal.request(&Try::default());
    let answer = bench.ask(&paid).await;
    let overtaken = bench.terminal.request(&Try { rrn: 2, ..Try::default() });
    bench.advise("0420", &overtaken).await;
    let Bench { host: before, terminal, .. } = bench;
    before.db.close();
    let mut bench = Bench { host: host(folder.path(), &clock()), terminal, ..Bench::new() };
    assert_eq!(bench.ask(&paid).await, answer, "the same request gets the same answer");
    assert_eq!(code(&bench.ask(&overtaken).await), "94");
    assert_eq!(bench.pay(Try { rrn: 3, counter: Some(1), ..Try::default() }).await, "30", "a used key");
    bench.host.db.clone().close();
    let charges = crate::export::of_folder(folder.path(), clock()).unwrap();
    assert_eq!((charges.charged_yen, charges.held_yen, charges.tombstones.len()), (880, 0, 1));
    expect![[r#"
        {
          "shop": "SHOP1",
          "rrn": "000000000001",
          "terminal": "00000001",
          "local_on": "2026-11-21",
          "kind": "sale",
          "amount_yen": 880,
          "class": "1000",
          "given_back_yen": 0,
          "state": "charged",
          "card": "411111******1111",
          "entry_mode": "051",
          "answer_code": "00",
          "approval": "861460",
          "note": "approved",
          "first_at": "2026-11-21T03:00:00Z",
          "changed_at": "2026-11-21T03:00:00Z"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&charges.charges[0]).unwrap());
}

#[tokio::test]
async fn no_number_and_no_pin_rests_in_the_book() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench { host: host(folder.path(), &clock()), ..Bench::new() };
    bench.pay(Try::default()).await;
    bench.pay(Try { rrn: 2, entry: "071", pin: None, ..Try::default() }).await;
    bench.host.db.clone().close();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [&b"4111111111111111"[..], b"30121", &[0x41, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11]]
        {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

#[test]
fn every_statement_is_understood_by_the_engine() {
    let bench = Bench::new();
    store::prepare_all(&bench.host.db, tables::STATEMENTS).unwrap();
}

#[test]
fn every_state_is_called_the_same_on_disk_and_in_json() {
    for state in State::ALL {
        assert_eq!(State::from_word(state.word()), Some(state));
        assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{}\"", state.word()));
    }
}
