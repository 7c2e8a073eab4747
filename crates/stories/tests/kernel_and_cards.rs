//! The reader's kernel and the simulated cards, with the issuer on the other side: every card of the shelf
//! by every way it can be read.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test's helpers fail by panicking, as the test does"
)]

use cardkeys::dukpt::{self, Ksn, Usage};
use cardkeys::{CardData, cardcipher, pinblock, test_keys};
use device::fakes::{AtPad, FakeReader, MemoryCounters};
use device::hardware::CardEvent;
use device::secure_reader::{KeyScheme, ReaderKeys};
use device::{
    CardVerdict, Deal, HostAnswer, HostDecision, ReaderPolicy, Reading, Refusal, SecureReader, Session,
    TerminalData, Turn,
};
use emv::bench::{Hint, Interfaces, Pin};
use emv::dictionary::tags;
use emv::{Pan, Scheme, tlv};
use expect_test::expect;
use money::Yen;
use netsim::cards::{Card, Profile, Standing, Way, issuer, shelf};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

fn card(name: &str) -> Card {
    let profile = shelf().unwrap().into_iter().find(|p| p.name == name).expect("a card of the shelf");
    Card::new(profile, &test_keys::issuer())
}

fn terminal() -> TerminalData {
    TerminalData {
        terminal_id: "00358002".into(),
        merchant_id: "9000009".into(),
        merchant_name: "CHOBA".into(),
        merchant_category: 5812,
        reader_serial: "MP200085".into(),
    }
}

fn deal(yen: i64) -> Deal {
    let mut n = 0_u8;
    Deal::new(Yen::new(yen).unwrap(), "2026-11-21T01:15:30Z".parse().unwrap(), 42, || {
        n += 1;
        [n, 0xBF, 0x45, 0x85]
    })
}

/// The network as these tests need it: opens what the reader sealed, checks cryptogram and PIN, decides.
struct Network {
    /// The proof in tag 91 is damaged on the way.
    damaged_proof: bool,
    /// No answer comes.
    silent: bool,
    /// A number that is on no card of the shelf is refused instead of being a mistake of the test.
    tolerant: bool,
    tries_left: u8,
    /// Counters that were seen: a second time is a replay.
    seen: Vec<u16>,
    log: String,
}

impl Network {
    fn new() -> Self {
        Self {
            damaged_proof: false,
            silent: false,
            tolerant: false,
            tries_left: 3,
            seen: Vec::new(),
            log: String::new(),
        }
    }

    fn ask(&mut self, reading: &Reading) -> HostAnswer {
        let data = open_card(reading);
        let pan = Pan::new(&data.pan().expose()).unwrap();
        let Some(profile) = shelf().unwrap().into_iter().find(|p| p.pan == pan) else {
            assert!(self.tolerant, "{pan} is on no card of the shelf");
            return HostAnswer {
                decision: HostDecision::Declined,
                response_code: *b"14",
                ..HostAnswer::none()
            };
        };
        let sequence = reading.pan_sequence.unwrap_or(0);
        let chip = (!reading.emv_data.is_empty())
            .then(|| issuer::verify(&test_keys::issuer(), &pan, sequence, &reading.emv_data));
        let code = self.decide(&profile, reading, &data, chip.as_ref());
        let _ = write!(
            self.log,
            "{:?} {:?} {} {} -> {code}; ",
            reading.entry_mode,
            reading.cvm,
            reading.card.masked,
            match &chip {
                None => "no cryptogram".into(),
                Some(Ok(good)) => format!("cryptogram {} good", good.counter),
                Some(Err(bad)) => bad.to_string(),
            }
        );
        if self.silent {
            return HostAnswer::none();
        }
        let response_code: [u8; 2] = code.as_bytes().try_into().unwrap();
        let mut proof = match &chip {
            Some(Ok(good)) => good.proof(response_code),
            _ => Vec::new(),
        };
        if let (true, Some(first)) = (self.damaged_proof, proof.first_mut()) {
            *first ^= 1;
        }
        let decision = match code {
            "00" => HostDecision::Approved,
            "55" => HostDecision::WrongPin,
            _ => HostDecision::Declined,
        };
        HostAnswer { decision, response_code, issuer_authentication: proof, scripts: Vec::new() }
    }

    fn decide(
        &mut self,
        profile: &Profile,
        reading: &Reading,
        data: &CardData,
        chip: Option<&Result<issuer::Believed, issuer::NotBelieved>>,
    ) -> &'static str {
        match chip {
            Some(Err(_)) => return "88",
            Some(Ok(good)) if self.seen.contains(&good.counter) => return "88",
            Some(Ok(good)) => self.seen.push(good.counter),
            None => {}
        }
        match profile.standing {
            Standing::Good => {}
            Standing::Lost => return "41",
            Standing::Stolen => return "43",
            Standing::Refused => return "05",
            Standing::PinBlocked => return "75",
        }
        if data.expiry_yymm() < "2611" {
            return "54";
        }
        if let Some(sealed) = &reading.pin {
            let key = working_key(&sealed.ksn, Usage::PinEncryption);
            let pin = pinblock::decode(&sealed.block[..].try_into().unwrap(), data.pan(), &key)
                .expect("the block is of this card");
            if !profile.is_pin(&Pin::new(&pin.expose()).unwrap()) {
                self.tries_left -= 1;
                return if self.tries_left == 0 { "75" } else { "55" };
            }
        }
        let amount = if reading.emv_data.is_empty() { 0 } else { amount_of(&reading.emv_data) };
        if amount > profile.limit.get() { "51" } else { "00" }
    }
}

fn amount_of(de_55: &[u8]) -> i64 {
    let chip = tlv::parse(de_55).unwrap();
    i64::try_from(emv::numeric::to_u64(tlv::find_bytes(&chip, tags::AMOUNT).unwrap()).unwrap()).unwrap()
}

fn initial_key() -> cardkeys::Key {
    dukpt::derive_initial_key(&test_keys::bdk(), test_keys::INITIAL_KEY_ID)
}

fn working_key(ksn: &[u8], usage: Usage) -> cardkeys::Key {
    dukpt::working_key(&initial_key(), Ksn::from_bytes(ksn.try_into().unwrap()), usage).unwrap()
}

fn open_card(reading: &Reading) -> CardData {
    let key = working_key(&reading.card.ksn, Usage::DataEncryption);
    CardData::from_plain(&cardcipher::decrypt(&key, &reading.card.ciphertext).unwrap()).unwrap()
}

/// What a payment came to.
struct Outcome {
    verdict: CardVerdict,
    readings: Vec<Reading>,
    shown: Vec<Hint>,
    asked: Vec<u8>,
    network: String,
}

struct Payment {
    yen: i64,
    policy: ReaderPolicy,
    at_pad: Vec<AtPad>,
    network: Network,
    /// The card is pulled when the n-th command comes, from 1.
    pulled_at: Option<usize>,
    /// The card's answers are damaged by chance, from this seed on.
    damage: Option<u64>,
}

fn payment(yen: i64) -> Payment {
    Payment {
        yen,
        policy: ReaderPolicy::default(),
        at_pad: Vec::new(),
        network: Network::new(),
        pulled_at: None,
        damage: None,
    }
}

fn pin(digits: &str) -> AtPad {
    AtPad::Pin(Pin::new(digits).unwrap())
}

impl Payment {
    fn with_pins(mut self, pins: &[&str]) -> Self {
        self.at_pad = pins.iter().map(|digits| pin(digits)).collect();
        self
    }

    async fn with(mut self, card: Card, ways: &[Way]) -> Outcome {
        let mut reader = FakeReader { at_pad: self.at_pad.into(), ..FakeReader::default() };
        let card = Arc::new(Mutex::new(card));
        for way in ways {
            let mut card = card.lock().unwrap();
            reader.events.push_back(match way {
                Way::Insert => CardEvent::Inserted { atr: card.insert().unwrap_or_default() },
                Way::Tap => {
                    card.tap();
                    CardEvent::Tapped
                }
                Way::Swipe => CardEvent::Swiped(card.swipe().unwrap()),
            });
        }
        let (mut sent, pulled_at, mut damage) = (0, self.pulled_at, self.damage);
        let answering = card.clone();
        reader.card = Some(Box::new(move |command| {
            sent += 1;
            let mut answer = answering.lock().unwrap().apdu(command);
            if let Some(seed) = &mut damage {
                damage_answer(seed, &mut answer);
            }
            (Some(sent) != pulled_at).then_some(answer)
        }));
        let keys = ReaderKeys {
            scheme: KeyScheme::Aes { initial_key_id: test_keys::INITIAL_KEY_ID, initial: initial_key() },
            fingerprint: test_keys::fingerprint(),
        };
        let mut secure = SecureReader::new(keys, MemoryCounters::default(), Box::new(|| [9; 8]));
        let mut readings = Vec::new();
        let verdict = {
            let mut session = Session::start(
                &mut reader,
                &mut secure,
                self.policy,
                terminal(),
                deal(self.yen),
                "ja",
                Box::new(|_| ()),
            )
            .await
            .unwrap();
            let mut turn = session.next().await;
            loop {
                turn = match turn {
                    Ok(Turn::Online(reading)) => {
                        let answer = self.network.ask(&reading);
                        readings.push(*reading);
                        session.answer(answer).await
                    }
                    Ok(Turn::Choose(_)) => session.choose(0).await,
                    Ok(Turn::Done(verdict)) => break verdict,
                    // Nothing more happens at the reader: the clerk gives up.
                    Err(_) => break session.cancel().await.expect("before the host there is a cancel"),
                }
            }
        };
        assert_eq!(reader.armed, None, "the reader is disarmed at the end");
        let (shown, asked) = (reader.shown, reader.asked);
        Outcome { verdict, readings, shown, asked, network: self.network.log }
    }
}

/// One answer in four has a byte changed, is cut, or grows (xorshift64, so that a seed tells all).
fn damage_answer(seed: &mut u64, answer: &mut Vec<u8>) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    let [kind, at, byte, ..] = seed.to_be_bytes();
    let at = usize::from(at) % answer.len().max(1);
    match kind % 16 {
        0 => answer.truncate(at),
        1 => answer.insert(at, byte),
        2 | 3 => answer.iter_mut().skip(at).take(1).for_each(|b| *b = byte),
        _ => {}
    }
}

fn short(verdict: &CardVerdict) -> String {
    match verdict {
        CardVerdict::Approved(c) if c.issuer_authenticated => "approved, issuer proved".into(),
        CardVerdict::Approved(_) => "approved".into(),
        CardVerdict::Declined(_) => "declined".into(),
        CardVerdict::Unanswered(_) => "unanswered".into(),
        CardVerdict::NotHonoured(why, _) => format!("not honoured: {why:?}"),
        CardVerdict::Refused(why) => format!("refused {} {why:?}", why.code()),
        CardVerdict::Cancelled => "cancelled".into(),
    }
}

/// Every card by every way it has: what the network saw and how it ended.
async fn shelf_transcript() -> String {
    let mut lines = String::new();
    for profile in shelf().unwrap() {
        for way in profile.ways.clone() {
            let mut payment = payment(1_360);
            payment.at_pad = profile.pin.iter().cloned().map(AtPad::Pin).collect();
            let card = Card::new(profile.clone(), &test_keys::issuer());
            let fallback = [Way::Insert, Way::Swipe];
            let ways =
                if profile.name == "broken-chip" && way == Way::Insert { &fallback[..] } else { &[way] };
            let outcome = payment.with(card, ways).await;
            let ending = short(&outcome.verdict);
            let _ = writeln!(lines, "{} {way:?}: {}{ending}", profile.name, outcome.network);
        }
    }
    lines
}

#[tokio::test]
async fn every_card_of_the_shelf_does_what_its_label_says() {
    let lines = shelf_transcript().await;
    expect![[r"
        visa Insert: ContactIc Pin 411111*****1111 cryptogram 1 good -> 00; approved, issuer proved
        visa Tap: Contactless NoCvm 411111*****1111 cryptogram 1 good -> 00; approved
        visa Swipe: refused 103 MustInsert
        mastercard Insert: ContactIc Pin 555555*****4444 cryptogram 1 good -> 00; approved, issuer proved
        mastercard Tap: Contactless NoCvm 555555*****4444 cryptogram 1 good -> 00; approved
        mastercard Swipe: refused 103 MustInsert
        jcb Insert: ContactIc Pin 353011*****0000 cryptogram 1 good -> 00; approved, issuer proved
        jcb Tap: Contactless NoCvm 353011*****0000 cryptogram 1 good -> 00; approved
        jcb Swipe: refused 103 MustInsert
        amex Insert: ContactIc Pin 378282*****0005 cryptogram 1 good -> 00; approved, issuer proved
        amex Tap: Contactless NoCvm 378282*****0005 cryptogram 1 good -> 00; approved
        amex Swipe: refused 103 MustInsert
        diners Insert: ContactIc Pin 305693*****5904 cryptogram 1 good -> 00; approved, issuer proved
        diners Tap: Contactless NoCvm 305693*****5904 cryptogram 1 good -> 00; approved
        diners Swipe: refused 103 MustInsert
        unionpay Insert: ContactIc Pin 620000*****0005 cryptogram 1 good -> 00; approved, issuer proved
        unionpay Tap: Contactless NoCvm 620000*****0005 cryptogram 1 good -> 00; approved
        unionpay Swipe: refused 103 MustInsert
        unionpay-19 Insert: ContactIc Pin 620550*****0004 cryptogram 1 good -> 00; approved, issuer proved
        unionpay-19 Swipe: refused 103 MustInsert
        visa-stripe Swipe: Magstripe Signature 401288*****1881 no cryptogram -> 00; approved
        visa-sign Insert: ContactIc Signature 400005*****5556 cryptogram 1 good -> 00; approved, issuer proved
        visa-sign Swipe: refused 103 MustInsert
        visa-phone Tap: Contactless Cdcvm 424242*****4242 cryptogram 1 good -> 00; approved
        mastercard-phone Tap: Contactless NoCvm 510510*****5100 cryptogram 1 good -> 00; approved
        refused Insert: ContactIc Pin 400000*****0002 cryptogram 1 good -> 05; declined
        refused Tap: Contactless NoCvm 400000*****0002 cryptogram 1 good -> 05; declined
        refused Swipe: refused 103 MustInsert
        over-limit Insert: ContactIc Pin 400000*****9995 cryptogram 1 good -> 51; declined
        over-limit Tap: Contactless NoCvm 400000*****9995 cryptogram 1 good -> 51; declined
        over-limit Swipe: refused 103 MustInsert
        lost Insert: ContactIc Pin 400000*****9987 cryptogram 1 good -> 41; declined
        lost Tap: Contactless NoCvm 400000*****9987 cryptogram 1 good -> 41; declined
        lost Swipe: refused 103 MustInsert
        stolen Insert: ContactIc Pin 400000*****9979 cryptogram 1 good -> 43; declined
        stolen Tap: Contactless NoCvm 400000*****9979 cryptogram 1 good -> 43; declined
        stolen Swipe: refused 103 MustInsert
        expired Insert: ContactIc Pin 400000*****0069 cryptogram 1 good -> 54; declined
        expired Tap: Contactless NoCvm 400000*****0069 cryptogram 1 good -> 54; declined
        expired Swipe: refused 103 MustInsert
        pin-blocked Insert: ContactIc Pin 520082*****8210 cryptogram 1 good -> 75; declined
        pin-blocked Swipe: refused 103 MustInsert
        broken-chip Insert: Magstripe Signature 491761*****0000 no cryptogram -> 00; approved
        broken-chip Swipe: refused 103 MustInsert
        chip-refuses Insert: refused 101 ByCard
        chip-refuses Tap: refused 101 ByCard
        chip-refuses Swipe: refused 103 MustInsert
        forged Insert: ContactIc Pin 222300*****3222 the chip's cryptogram is wrong -> 88; declined
        forged Tap: Contactless NoCvm 222300*****3222 the chip's cryptogram is wrong -> 88; declined
        forged Swipe: refused 103 MustInsert
        discover Insert: refused 201 BrandNotAccepted
        discover Tap: refused 201 BrandNotAccepted
        discover Swipe: refused 201 BrandNotAccepted
    "]]
    .assert_eq(&lines);
}

#[tokio::test]
async fn a_wrong_pin_may_be_entered_again_and_is_a_new_transaction_for_the_chip() {
    // 106, 109.
    let outcome = payment(880).with_pins(&["1111", "1234"]).with(card("visa"), &[Way::Insert]).await;
    expect![[r"
        ContactIc Pin 411111*****1111 cryptogram 1 good -> 55; ContactIc Pin 411111*****1111 cryptogram 2 good -> 00; approved, issuer proved
        [Present, Reading, EnterPin, Asking, WrongPin, Asking, Approved, RemoveCard]
    "]].assert_eq(&format!(
        "{}{}\n{:?}\n",
        outcome.network,
        short(&outcome.verdict),
        outcome.shown
    ));
    assert_eq!(outcome.asked, [1, 2]);
    let [first, second] = outcome.readings.as_slice() else { unreachable!("two authorisations") };
    assert_eq!((first.pin_attempt, second.pin_attempt), (1, 2));
    assert_ne!(first.atc, second.atc);
    assert_ne!(first.card.ksn, second.card.ksn);

    let outcome = payment(880).with_pins(&["1111", "2222", "3333"]).with(card("visa"), &[Way::Insert]).await;
    assert_eq!(outcome.asked, [1, 2, 3]);
    assert!(matches!(outcome.verdict, CardVerdict::Declined(_)));

    // Red key at the second try: the first refusal stands.
    let mut red = payment(880).with_pins(&["1111"]);
    red.at_pad.push(AtPad::Red);
    assert!(matches!(red.with(card("visa"), &[Way::Insert]).await.verdict, CardVerdict::Declined(_)));
}

#[tokio::test]
async fn the_green_key_without_digits_skips_the_pin_only_where_the_policy_says_so() {
    // M-026, X-010.
    let mut strict = payment(880);
    strict.at_pad = vec![AtPad::Green, pin("1234")];
    let outcome = strict.with(card("visa"), &[Way::Insert]).await;
    assert!(outcome.shown.contains(&Hint::PinNeeded));
    assert_eq!(outcome.readings[0].cvm, device::Cvm::Pin);

    let mut legacy = payment(880);
    legacy.policy.pin_bypass = true;
    legacy.at_pad = vec![AtPad::Green];
    let outcome = legacy.with(card("visa"), &[Way::Insert]).await;
    let reading = &outcome.readings[0];
    assert!(reading.cvm == device::Cvm::PinBypassed && reading.pin.is_none());
    let chip = tlv::parse(&reading.emv_data).unwrap();
    // EMV 4.4 Book 3, C5: byte 3 bit 4, PIN pad present, PIN not entered.
    assert_eq!(tlv::find_bytes(&chip, tags::TVR).unwrap()[2] & 0x08, 0x08);
    assert!(matches!(outcome.verdict, CardVerdict::Approved(_)));
}

#[tokio::test]
async fn a_chip_card_is_not_swiped_unless_its_chip_is_broken_and_the_policy_allows_it() {
    // R-032, 103, 104.
    let outcome = payment(880).with(card("visa"), &[Way::Swipe]).await;
    assert_eq!(outcome.verdict, CardVerdict::Refused(Refusal::MustInsert));
    let outcome = payment(880).with(card("broken-chip"), &[Way::Insert, Way::Swipe]).await;
    assert!(outcome.shown.contains(&Hint::SwipeInstead) && outcome.readings[0].fallback);
    let mut strict = payment(880);
    strict.policy.magstripe_fallback = false;
    let outcome = strict.with(card("broken-chip"), &[Way::Insert]).await;
    assert_eq!(outcome.verdict, CardVerdict::Refused(Refusal::ChipUnusable));
}

#[tokio::test]
async fn a_tap_counts_only_with_the_three_way_wait() {
    // M-032.
    let mut two = payment(880).with_pins(&["1234"]);
    two.policy.interfaces = Interfaces::Two;
    let outcome = two.with(card("visa"), &[Way::Tap, Way::Insert]).await;
    assert!(outcome.shown.contains(&Hint::TapNotOffered));
    assert_eq!(outcome.readings[0].entry_mode, device::EntryMode::ContactIc);
    let outcome = payment(880).with(card("visa"), &[Way::Tap]).await;
    assert_eq!(outcome.readings[0].entry_mode, device::EntryMode::Contactless);
}

#[tokio::test]
async fn a_tap_is_signed_from_15_001_yen_unless_the_phone_has_verified_its_holder() {
    // X-012, R-034.
    let mut lines = String::new();
    for name in ["visa", "mastercard", "jcb", "amex", "diners", "unionpay", "visa-phone", "mastercard-phone"]
    {
        for yen in [15_000, 15_001] {
            let outcome = payment(yen).with(card(name), &[Way::Tap]).await;
            let _ =
                writeln!(lines, "{name} {yen}: {:?}, {}", outcome.readings[0].cvm, short(&outcome.verdict));
        }
    }
    expect![[r"
        visa 15000: NoCvm, approved
        visa 15001: Signature, approved
        mastercard 15000: NoCvm, approved
        mastercard 15001: Signature, approved
        jcb 15000: NoCvm, approved
        jcb 15001: Signature, approved
        amex 15000: NoCvm, approved
        amex 15001: Signature, approved
        diners 15000: NoCvm, approved
        diners 15001: Signature, approved
        unionpay 15000: NoCvm, approved
        unionpay 15001: Signature, approved
        visa-phone 15000: Cdcvm, approved
        visa-phone 15001: Cdcvm, approved
        mastercard-phone 15000: NoCvm, approved
        mastercard-phone 15001: Cdcvm, approved
    "]]
    .assert_eq(&lines);
}

#[tokio::test]
async fn a_card_that_does_not_believe_the_answer_does_not_honour_it() {
    let pins = ["1234", "5678", "2468", "1357", "9753", "123456"];
    for (scheme, right) in Scheme::ALL.into_iter().zip(pins) {
        for (damaged, expected) in [(false, "approved, issuer proved"), (true, "not honoured: CardRefused")] {
            let mut payment = payment(880).with_pins(&[right]);
            payment.network.damaged_proof = damaged;
            let outcome = payment.with(card(scheme.code()), &[Way::Insert]).await;
            assert_eq!(short(&outcome.verdict), expected, "{scheme}");
            let (CardVerdict::Approved(closing) | CardVerdict::NotHonoured(_, closing)) = &outcome.verdict
            else {
                unreachable!("one of the two")
            };
            // The last cryptogram is the card's too: a certificate, or a refusal.
            let pan = Pan::new(&open_card(&outcome.readings[0]).pan().expose()).unwrap();
            let sequence = outcome.readings[0].pan_sequence.unwrap();
            assert!(
                issuer::verify(&test_keys::issuer(), &pan, sequence, &closing.emv_data).is_ok(),
                "{scheme}"
            );
        }
    }
}

#[tokio::test]
async fn a_silent_host_leaves_the_payment_unanswered_and_the_card_closed() {
    let mut payment = payment(880).with_pins(&["1234"]);
    payment.network.silent = true;
    let outcome = payment.with(card("visa"), &[Way::Insert]).await;
    let CardVerdict::Unanswered(closing) = outcome.verdict else { unreachable!("unanswered") };
    let chip = tlv::parse(&closing.emv_data).unwrap();
    assert_eq!(
        tlv::find_bytes(&chip, tags::CRYPTOGRAM_INFO),
        Some([0x00].as_slice()),
        "the card refused at last"
    );
}

#[tokio::test]
async fn a_card_pulled_at_any_command_never_leaves_an_approval_behind() {
    let mut lines = String::new();
    for n in 1..=12 {
        let mut payment = payment(880).with_pins(&["1234"]);
        payment.pulled_at = Some(n);
        let outcome = payment.with(card("visa"), &[Way::Insert]).await;
        let _ = writeln!(lines, "{n}: asked {}, {}", outcome.readings.len(), short(&outcome.verdict));
    }
    expect![[r"
        1: asked 0, refused 401 Removed
        2: asked 0, refused 401 Removed
        3: asked 0, refused 401 Removed
        4: asked 0, refused 401 Removed
        5: asked 0, refused 401 Removed
        6: asked 0, refused 401 Removed
        7: asked 0, refused 401 Removed
        8: asked 0, refused 401 Removed
        9: asked 0, refused 401 Removed
        10: asked 1, not honoured: CardRemoved
        11: asked 1, not honoured: CardRemoved
        12: asked 1, approved, issuer proved
    "]]
    .assert_eq(&lines);
}

#[tokio::test]
async fn a_brand_without_a_contract_is_refused_before_anything_is_sent() {
    // 201, M-030.
    for way in [Way::Insert, Way::Tap] {
        let mut visa_only = payment(880);
        visa_only.policy.accepted_brands = [Scheme::Visa].into();
        let outcome = visa_only.with(card("jcb"), &[way]).await;
        assert_eq!(outcome.verdict, CardVerdict::Refused(Refusal::BrandNotAccepted));
        assert!(outcome.readings.is_empty());
    }
}

#[tokio::test]
async fn nothing_that_a_reading_shows_has_the_card_number_or_the_track() {
    let outcome = payment(880).with_pins(&["1234"]).with(card("visa"), &[Way::Insert]).await;
    let reading = &outcome.readings[0];
    let shown = format!("{reading:?}");
    assert!(!shown.contains("4111111111"), "{shown}");
    let chip = tlv::parse(&reading.emv_data).unwrap();
    for tag in [tags::TRACK_2, tags::PAN, tags::EXPIRY, tags::HOLDER] {
        assert_eq!(tlv::find(&chip, tag), None, "{tag}");
    }
    assert!(!hex::encode(&reading.emv_data).contains("4111111111111111"));
    assert_eq!(reading.atc_hex().as_deref(), Some("0001"));
    let application = reading.application.as_ref().unwrap();
    assert_eq!(
        (application.aid.to_string(), application.label.as_str()),
        ("A0000000031010".into(), "VISA CREDIT")
    );
}

#[tokio::test]
async fn a_card_that_talks_nonsense_is_never_approved_without_the_host() {
    let (mut asked, mut approved) = (0, 0);
    for seed in 1..=600_u64 {
        let names = ["visa", "mastercard", "jcb", "amex", "diners", "unionpay"];
        let name = names[usize::try_from(seed).unwrap() % names.len()];
        let right = card(name).profile().pin.clone().unwrap();
        let mut payment = payment(880);
        payment.at_pad = vec![AtPad::Pin(right)];
        payment.damage = Some(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        // A damaged number may be no card of the shelf: then this network would not know it.
        payment.network.tolerant = true;
        let way = if seed % 2 == 0 { Way::Insert } else { Way::Tap };
        let outcome = payment.with(card(name), &[way]).await;
        asked += outcome.readings.len();
        if let CardVerdict::Approved(_) = outcome.verdict {
            approved += 1;
            assert!(outcome.network.contains("good -> 00"), "seed {seed}: {}", outcome.network);
        }
    }
    assert!(asked > 50 && approved > 20, "hardly anything came through: {asked} asked, {approved} approved");
}
