//! One value of every screen, from one small shop.

use center_api::{Activation, CardData, Contract, Shop, TerminalConfig};
use codes::{Code, pay};
use money::Yen;
use payment::{
    Approval, Brand, Cvm, EntryMode, MaskedPan, Method, Operator, PaymentClass, PaymentId, Policy, Profile,
    State,
};
use receipt::{CardFacts, Copy, SlipFacts};
use terminal::attempt::{Attempt, Origin};
use terminal::context::{Clerk, Context, LocalSettings, Reader};
use terminal::event::NewPayment;
use terminal::screen::*;

/// 2026-11-21 10:15:30 in Tokyo.
pub(crate) const NOW: i64 = 1_795_223_730_000_000;
/// The reader of the shop.
pub(crate) const READER: &str = "BENCH-1";

pub(crate) fn yen(amount: i64) -> Yen {
    Yen::new(amount).unwrap()
}

pub(crate) fn config() -> TerminalConfig {
    let twelve = |brand| Contract {
        brand,
        classes: vec![PaymentClass::Lump, PaymentClass::Installments(3), PaymentClass::Installments(12)],
    };
    let lump = |brand| Contract { brand, classes: vec![PaymentClass::Lump] };
    TerminalConfig {
        terminal_id: "000000358002".into(),
        shop: Shop {
            id: "000358".into(),
            code: "CHB1".into(),
            merchant: receipt::samples::chip_sale().merchant,
        },
        contracts: vec![twelve(Brand::Visa), twelve(Brand::Mastercard), lump(Brand::Amex)],
        policy: Policy::profile(Profile::Mpos).unwrap(),
        reader_serial: READER.into(),
        support_phone: "0120-000-000".into(),
    }
}

pub(crate) fn clerk() -> Clerk {
    Clerk {
        operator: Operator { id: "hanako".into(), name: "佐藤 花子".into() },
        since_us: NOW - 600_000_000,
        seen_us: NOW,
        must_change_password: false,
    }
}

pub(crate) fn context(lang: i18n::Lang) -> Context {
    Context {
        config: Some(config()),
        clerk: Some(clerk()),
        settings: LocalSettings { lang, ..LocalSettings::default() },
        reader: Reader::Online { serial: READER.into() },
        center_up: true,
        open: Vec::new(),
        printer: true,
        last_mail: None,
        version: "0.1.0",
        center_url: "http://127.0.0.1:8700".into(),
    }
}

pub(crate) fn id(n: u128) -> PaymentId {
    PaymentId::from_u128(0x019a_a000_0000_7000_8000_0000_0000_0000 + n)
}

pub(crate) fn card() -> CardData {
    CardData {
        entry_mode: EntryMode::ContactIc,
        fallback: false,
        brand: Brand::Visa,
        pan: MaskedPan::new("476173", "0010").unwrap(),
        cvm: Cvm::Pin,
        pan_seq: Some("01".into()),
        aid: Some("A0000000031010".into()),
        app_label: Some("VISA CREDIT".into()),
        atc: Some("001C".into()),
        emv: String::new(),
        ksn: "00".repeat(12),
        ciphertext: "00".repeat(32),
        fingerprint: "00".repeat(16),
        pin: None,
        reader_serial: READER.into(),
    }
}

pub(crate) fn facts() -> CardFacts {
    receipt::samples::chip_sale().card.unwrap()
}

pub(crate) fn slip(attempt: &Attempt) -> SlipFacts {
    SlipFacts {
        payment: attempt.id,
        amount: attempt.amount,
        class: attempt.class,
        ..receipt::samples::chip_sale()
    }
}

pub(crate) fn planned() -> Attempt {
    let new = NewPayment {
        id: id(1),
        amount: yen(880),
        class: PaymentClass::Lump,
        note: Some("ブレンドとトースト".into()),
        origin: Origin::Keypad,
        since_us: NOW,
    };
    let attempt = Attempt::planned(&new, Some(clerk().operator), NOW);
    Attempt { slip_no: 250, method: Method::Card, ..attempt }
}

pub(crate) fn in_state(state: State) -> Attempt {
    let mut attempt = Attempt { card: Some(facts()), state, ..planned() };
    if matches!(attempt.state, State::Approved(_) | State::Authorized(_)) {
        attempt.slip = Some(Box::new(slip(&attempt)));
    }
    attempt
}

pub(crate) fn approved() -> Attempt {
    in_state(State::Approved(Approval { code: Some("123456".into()) }))
}

pub(crate) fn authorized() -> Attempt {
    let state = State::Authorized(Approval { code: Some("123456".into()) });
    Attempt { signature_follows: true, ..in_state(state) }
}

pub(crate) fn present(stage: Stage) -> Screen {
    Screen::Present(Present { attempt: Box::new(planned()), since_us: NOW, armed_us: NOW, stage })
}

pub(crate) fn finished(attempt: Attempt) -> Screen {
    Screen::Result(Finished::new(attempt))
}

/// Every code of inventory 1.1.9 that a card payment can end with here, and our own.
pub(crate) fn refusals() -> Vec<(String, Screen)> {
    let sent_first: &[Code] = &[
        pay::CARD_REFUSED,
        pay::OVER_CREDIT_LIMIT,
        pay::WRONG_PIN,
        pay::PIN_BLOCKED,
        pay::CENTER_BUSY,
        pay::LOST_CARD,
        pay::EXPIRED_CARD,
        pay::CLASS_NOT_ALLOWED,
        pay::REVERSED_BEFORE,
    ];
    let all = codes::pay::ALL.iter().filter(|code| code.row().money == codes::MoneyTaken::No);
    all.map(|code| {
        let state = if sent_first.contains(code) { State::Declined(*code) } else { State::Abandoned(*code) };
        (format!("refused-{}", code.row().id), finished(in_state(state)))
    })
    .collect()
}

fn activation() -> Vec<(&'static str, Screen)> {
    let shop = Activation {
        terminal_id: "000000358002".into(),
        shop_id: "000358".into(),
        shop_name: "喫茶 帳場 恵比寿店".into(),
        phone: "03-0000-0001".into(),
    };
    vec![
        ("activate", Screen::Activate(Activate::default())),
        (
            "activate-refused",
            Screen::Activate(Activate {
                terminal_id: "000000358002".into(),
                busy: false,
                trouble: Some(Trouble::ActivationRefused),
            }),
        ),
        ("confirm-shop", Screen::ConfirmShop(ConfirmShop { activation: shop, busy: false, trouble: None })),
        ("sign-in", Screen::SignIn(SignIn::default())),
        (
            "sign-in-refused",
            Screen::SignIn(SignIn {
                login_id: "hanako".into(),
                busy: false,
                trouble: Some(Trouble::SignInRefused),
            }),
        ),
        (
            "sign-in-locked",
            Screen::SignIn(SignIn { login_id: "hanako".into(), busy: false, trouble: Some(Trouble::Locked) }),
        ),
    ]
}

fn sale() -> Vec<(&'static str, Screen)> {
    let draft = Draft { amount: yen(28_000), note: None, since_us: NOW };
    let entry = |typed: &str, error| {
        Screen::Amount(AmountEntry { typed: typed.into(), note: String::new(), error: Some(error) })
    };
    vec![
        ("home", Screen::Home),
        ("amount", Screen::Amount(AmountEntry::default())),
        ("amount-missing", entry("", AmountError::Missing)),
        ("amount-207", entry("3,000,001", AmountError::Code(pay::ABOVE_LIMIT))),
        ("amount-208", entry("10,000,000", AmountError::Code(pay::AMOUNT_TOO_LARGE))),
        ("amount-401", entry("", AmountError::Code(pay::SESSION_EXPIRED))),
        ("method", Screen::Method(draft.clone())),
        ("class", Screen::Class(draft)),
    ]
}

fn card_screens() -> Vec<(&'static str, Screen)> {
    let pin = |digits, attempt, needed| present(Stage::Pin { digits, attempt, needed });
    let processing = |card_in, slow| {
        Screen::Processing(Processing {
            attempt: Box::new(in_state(State::Sent)),
            brand: Some(Brand::Visa),
            card_in,
            since_us: NOW,
            slow,
        })
    };
    let sign = |interrupted, stopping, trouble| {
        Screen::Sign(Sign { attempt: Box::new(authorized()), interrupted, stopping, trouble })
    };
    let amex = CardData { brand: Brand::Amex, pan: MaskedPan::new("378282", "0005").unwrap(), ..card() };
    vec![
        ("present-starting", present(Stage::Starting)),
        ("present-arming", present(Stage::Arming)),
        ("present", present(Stage::Waiting(None))),
        ("present-swipe-instead", present(Stage::Waiting(Some(CardHint::SwipeInstead)))),
        ("present-swipe-again", present(Stage::Waiting(Some(CardHint::SwipeAgain)))),
        ("present-tap-not-offered", present(Stage::Waiting(Some(CardHint::TapNotOffered)))),
        ("present-insert-instead", present(Stage::Waiting(Some(CardHint::InsertInstead)))),
        ("present-stopping", present(Stage::Stopping { quietly: true })),
        ("reading", present(Stage::Reading)),
        ("pin", pin(3, 1, false)),
        ("pin-again", pin(0, 2, false)),
        ("pin-needed", pin(0, 1, true)),
        (
            "class-again",
            Screen::ClassAgain(ClassAgain {
                attempt: Box::new(Attempt { class: PaymentClass::Installments(3), ..planned() }),
                since_us: NOW,
                card: Box::new(amex),
                allowed: vec![PaymentClass::Lump],
                stopping: false,
            }),
        ),
        ("processing", processing(true, false)),
        ("processing-slow", processing(false, true)),
        ("sign", sign(false, false, None)),
        ("sign-missing", sign(false, false, Some(Trouble::NoSignature))),
        ("sign-interrupted", sign(true, false, None)),
        ("sign-stopping", sign(false, true, None)),
    ]
}

fn results() -> Vec<(&'static str, Screen)> {
    let result = |printing, interrupted, mailed| {
        Screen::Result(Finished { attempt: Box::new(approved()), interrupted, printing, mailed })
    };
    let failed = |trouble| result(PrintState::Failed(Copy::Customer, trouble), false, false);
    let mut broken = approved();
    broken.prints.customer_begun = 1;
    vec![
        ("approved", result(PrintState::Idle, false, false)),
        ("approved-printing", result(PrintState::Printing(Copy::Customer), false, false)),
        ("approved-printed", result(PrintState::Done(Copy::Merchant), false, false)),
        ("approved-paper-out", failed(Trouble::PaperOut)),
        ("approved-cover-open", failed(Trouble::CoverOpen)),
        ("approved-printer-offline", failed(Trouble::PrinterOffline)),
        ("approved-mailed", result(PrintState::Idle, false, true)),
        ("approved-interrupted", Screen::Result(Finished { interrupted: true, ..Finished::new(broken) })),
        (
            "reversed-chip",
            finished(Attempt { undo: Some(pay::CRYPTOGRAM_REFUSED), ..in_state(State::Reversed) }),
        ),
        ("reversed", finished(in_state(State::Reversed))),
        ("released", finished(in_state(State::Released))),
        ("unknown-no-answer", finished(in_state(State::InDoubt(pay::NO_ANSWER)))),
        ("unknown-unclear", finished(in_state(State::InDoubt(pay::UNCLEAR_ANSWER)))),
        ("unknown-interrupted", finished(in_state(State::InDoubt(pay::INTERRUPTED)))),
        ("unknown-card-dissent", finished(in_state(State::InDoubt(pay::CRYPTOGRAM_REFUSED)))),
        (
            "recovering",
            Screen::Recovering(Recovering { attempts: vec![in_state(State::InDoubt(pay::INTERRUPTED))] }),
        ),
    ]
}

fn past() -> Vec<(&'static str, Screen)> {
    let delivery = || Delivery { attempt: Box::new(approved()), back: Box::new(finished(approved())) };
    let mail = |address: &str, state| {
        Screen::Mail(MailForm { delivery: delivery(), address: address.into(), state })
    };
    let rows = vec![
        approved(),
        in_state(State::InDoubt(pay::NO_ANSWER)),
        in_state(State::Declined(pay::CARD_REFUSED)),
        authorized(),
        in_state(State::Released),
        in_state(State::Abandoned(pay::CANCELLED)),
    ];
    let history = |rows| Screen::History(History { filter: Filter::default(), rows });
    let detail = |attempt| {
        Screen::Detail(Detail { attempt: Box::new(attempt), printing: PrintState::Idle, back: Place::Home })
    };
    let lookup = |typed: &str, trouble| Screen::Lookup(Lookup { typed: typed.into(), busy: false, trouble });
    let settings = |saved, echo| Screen::Settings(SettingsPage { saved, echo, chosen: None });
    vec![
        ("mail", mail("", MailState::Editing(None))),
        ("mail-bad-address", mail("hanako", MailState::Editing(Some(Trouble::BadAddress)))),
        ("mail-limit", mail("hanako@example.jp", MailState::Editing(Some(Trouble::MailLimit)))),
        ("mail-sending", mail("hanako@example.jp", MailState::Sending)),
        ("mail-sent", mail("hanako@example.jp", MailState::Sent)),
        ("qr", Screen::Qr(delivery())),
        ("history", history(Some(rows))),
        ("history-empty", history(Some(Vec::new()))),
        ("history-loading", history(None)),
        ("detail", detail(approved())),
        ("detail-open", detail(in_state(State::InDoubt(pay::NO_ANSWER)))),
        ("detail-unsigned", detail(authorized())),
        ("lookup", lookup("", None)),
        ("lookup-not-found", lookup("7Kq2Mz", Some(Trouble::NotFound))),
        ("settings", settings(false, Echo::Idle)),
        ("settings-saved", settings(true, Echo::Answered { after_ms: 12 })),
        ("settings-offline", settings(false, Echo::Failed(Trouble::NoCenter))),
    ]
}

/// Every screen with the name of its golden file.
pub(crate) fn all() -> Vec<(String, Screen)> {
    let named = [activation(), sale(), card_screens(), results(), past()].concat();
    named.into_iter().map(|(name, screen)| (name.to_owned(), screen)).chain(refusals()).collect()
}
