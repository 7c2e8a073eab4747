//! One value of every screen, from one small shop.

use center_api::{Activation, CardData, CodeToken, Contract, RefundOffer, Shop, Suspect, TerminalConfig};
use codes::{Code, pay};
use money::Yen;
use payment::{
    Approval, Brand, CharClass, CodeEntry, Cvm, EntryMode, MaskedPan, Medium, Method, Operator, PasswordLack,
    PasswordStanding, PaymentClass, PaymentId, Policy, Profile, RefundKind, State,
};
use receipt::{CardFacts, Copy, RefundFacts, SlipFacts};
use terminal::attempt::{Attempt, CodeFacts, Purpose};
use terminal::context::{Clerk, Context, LocalSettings, Reader};
use terminal::event::{NewPayment, Offered, ReadCode, RefundTerms};
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
        contracts: vec![
            twelve(Brand::Visa),
            twelve(Brand::Mastercard),
            lump(Brand::Amex),
            lump(Brand::PayPay),
            lump(Brand::DBarai),
            lump(Brand::AlipayPlus),
        ],
        policy: Policy { register_wait_s: 30, ..Policy::profile(Profile::Mpos).unwrap() },
        reader_serial: READER.into(),
        support_phone: "0120-000-000".into(),
    }
}

pub(crate) fn clerk() -> Clerk {
    Clerk {
        operator: Operator { id: "hanako".into(), name: "佐藤 花子".into() },
        since_us: NOW - 600_000_000,
        seen_us: NOW,
        password: payment::PasswordStanding::Good,
    }
}

pub(crate) fn context(lang: i18n::Lang) -> Context {
    Context {
        config: Some(config()),
        clerk: Some(clerk()),
        settings: LocalSettings { lang, ..LocalSettings::default() },
        reader: Reader::Online { serial: READER.into() },
        center_up: true,
        blocked: None,
        clock_off_s: None,
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
    let note = Some("ブレンドとトースト".into());
    let new = NewPayment { note, ..NewPayment::sale(id(1), yen(880), PaymentClass::Lump, NOW) };
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
    Screen::Present(Present {
        attempt: Box::new(planned()),
        since_us: NOW,
        armed_us: NOW,
        stage,
        terms: None,
    })
}

/// A code payment before its code.
pub(crate) fn code_planned() -> Attempt {
    Attempt { method: Method::Code, ..planned() }
}

/// A code payment in a state.
pub(crate) fn code_in_state(state: State) -> Attempt {
    let mut attempt = Attempt {
        code_paid: Some(CodeFacts {
            brand: Some(Brand::PayPay),
            masked: "2810****1234".into(),
            entry: CodeEntry::Camera,
            center_txn_id: None,
        }),
        state,
        ..code_planned()
    };
    if matches!(attempt.state, State::Approved(_)) {
        attempt.code_paid.as_mut().unwrap().center_txn_id = Some("2026112100000042".into());
        let code =
            receipt::CodeFacts { brand: Brand::PayPay, center_txn_id: Some("2026112100000042".into()) };
        let slip = slip(&attempt);
        attempt.slip =
            Some(Box::new(SlipFacts { card: None, code: Some(code), method: Method::Code, ..slip }));
    }
    attempt
}

pub(crate) fn read_code(text: &str) -> ReadCode {
    ReadCode { token: CodeToken::new(text), entry: CodeEntry::Scanner, brand: None }
}

pub(crate) fn scan(brand: Option<Brand>, hint: Option<ScanHint>) -> Scan {
    Scan {
        attempt: Box::new(code_planned()),
        since_us: NOW,
        armed_us: NOW,
        ready: true,
        brand,
        hint,
        given: None,
    }
}

pub(crate) fn offer(medium: Medium, partial: bool) -> RefundOffer {
    RefundOffer {
        kind: if partial { RefundKind::Refund } else { RefundKind::Void },
        medium,
        most: yen(880),
        partial,
        until: "2027-05-20".into(),
        signature: medium == Medium::SameCard,
        tax: None,
    }
}

/// Giving the sample sale back.
pub(crate) fn refund_in_state(state: State) -> Attempt {
    let mut attempt = Attempt {
        id: id(2),
        purpose: Purpose::Refund { of: id(1), kind: RefundKind::Void },
        note: Some("商品の返品".into()),
        ..in_state(state)
    };
    if attempt.slip.is_some() {
        attempt.slip = Some(Box::new(cancel_slip(&planned(), id(2))));
    }
    attempt
}

pub(crate) fn cancel_slip(of: &Attempt, refund: PaymentId) -> SlipFacts {
    let refund =
        RefundFacts { kind: RefundKind::Void, id: refund, sold_at_us: NOW - 3_600_000_000, item: None };
    SlipFacts { refund: Some(refund), ..slip(of) }
}

pub(crate) fn terms(medium: Medium, signature: bool) -> Box<RefundTerms> {
    Box::new(RefundTerms {
        of: id(1),
        kind: RefundKind::Void,
        medium,
        signature,
        card: Some(facts()),
        code_paid: None,
    })
}

pub(crate) fn suspect() -> Suspect {
    Suspect {
        at_us: NOW - 130_000_000,
        terminal_id: "000000358001".into(),
        order_code: "CHB1-0000041".into(),
        amount: yen(880),
    }
}

pub(crate) fn duplicate(suspect: Option<Suspect>) -> Screen {
    Screen::Duplicate(Duplicate {
        attempt: Box::new(planned()),
        since_us: NOW,
        class: PaymentClass::Lump,
        card: Box::new(card()),
        suspect,
    })
}

pub(crate) fn giving_back(medium: Medium, partial: bool, confirming: bool) -> Screen {
    Screen::GiveBack(GiveBack {
        of: Box::new(approved()),
        offer: offer(medium, partial),
        amount: yen(880),
        reason: if confirming { "商品の返品".into() } else { String::new() },
        error: None,
        parts: TypedParts::default(),
        parts_wrong: false,
        tax: None,
        page: if confirming { BackPage::Confirm } else { BackPage::Amount },
        back: Place::Home,
    })
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
    .into_iter()
    .chain(passwords())
    .collect()
}

fn passwords() -> Vec<(&'static str, Screen)> {
    let screen = |standing, lack, trouble| {
        let form = NewPassword { login_id: "hanako".into(), standing, busy: false, lack, trouble };
        Screen::NewPassword(form)
    };
    let missing = PasswordLack::Classes { more: 1, of: vec![CharClass::Upper] };
    let soon = PasswordStanding::EndsSoon { last_day: jiff::civil::date(2026, 11, 30) };
    vec![
        ("new-password-initial", screen(PasswordStanding::Initial, None, None)),
        ("new-password-lacks", screen(PasswordStanding::Initial, Some(missing), None)),
        ("new-password-expired", screen(PasswordStanding::Expired, None, Some(Trouble::PasswordWrong))),
        ("new-password-soon", screen(soon, None, Some(Trouble::PasswordDiffers))),
        ("new-password-unanswered", screen(PasswordStanding::Good, None, Some(Trouble::PasswordUnanswered))),
    ]
}

fn sale() -> Vec<(&'static str, Screen)> {
    let draft = Draft { amount: yen(28_000), note: None, tax: None, since_us: NOW };
    let entry = |typed: &str, error| {
        Screen::Amount(AmountEntry { typed: typed.into(), error: Some(error), ..AmountEntry::default() })
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
        Screen::Sign(Sign { attempt: Box::new(authorized()), interrupted, stopping, trouble, before: None })
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
        code_in_state(approved().state),
        refund_in_state(approved().state),
        Attempt { given_back: yen(880), ..approved() },
        Attempt { given_back: yen(300), ..approved() },
        Attempt { state: State::Abandoned(pay::CANCELLED), ..code_planned() },
    ];
    let history = |rows| Screen::History(History { filter: Filter::default(), rows });
    let offering = |attempt, offer| {
        let attempt = Box::new(attempt);
        Screen::Detail(Detail { attempt, printing: PrintState::Idle, back: Place::Home, offer })
    };
    let detail = |attempt| offering(attempt, Offering::Nothing);
    let known = |offer, given_back| Offering::Known(Box::new(Offered { offer, given_back: yen(given_back) }));
    let partly = Attempt { given_back: yen(300), ..approved() };
    let wholly = Attempt { given_back: yen(880), ..approved() };
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
        ("detail-asking", offering(approved(), Offering::Asking)),
        ("detail-unasked", offering(approved(), Offering::Unasked(Trouble::NoCenter))),
        ("detail-offer", offering(approved(), known(Some(offer(Medium::SameCard, false)), 0))),
        ("detail-offer-partial", offering(partly, known(Some(offer(Medium::None, true)), 300))),
        ("detail-offer-gone", offering(wholly, known(None, 880))),
        ("detail-offer-none", offering(approved(), known(None, 0))),
        ("detail-code", detail(code_in_state(approved().state))),
        ("detail-refund", detail(refund_in_state(approved().state))),
        ("detail-refund-open", detail(refund_in_state(State::InDoubt(pay::NO_ANSWER)))),
        ("detail-open", detail(in_state(State::InDoubt(pay::NO_ANSWER)))),
        ("detail-unsigned", detail(authorized())),
        ("lookup", lookup("", None)),
        ("lookup-not-found", lookup("7Kq2Mz", Some(Trouble::NotFound))),
        ("settings", settings(false, Echo::Idle)),
        ("settings-saved", settings(true, Echo::Answered { after_ms: 12 })),
        ("settings-offline", settings(false, Echo::Failed(Trouble::NoCenter))),
    ]
}

fn code_screens() -> Vec<(&'static str, Screen)> {
    let list = |read| {
        let offered = vec![Brand::PayPay, Brand::DBarai, Brand::AlipayPlus];
        Screen::Brands(Brands { scan: scan(None, None), read, offered })
    };
    let customer = |undo| {
        Screen::Processing(Processing {
            attempt: Box::new(Attempt { waits_for_user: true, undo, ..code_in_state(State::Sent) }),
            brand: Some(Brand::PayPay),
            card_in: false,
            since_us: NOW,
            slow: false,
        })
    };
    let processing = Screen::Processing(Processing {
        attempt: Box::new(code_in_state(State::Sent)),
        brand: Some(Brand::PayPay),
        card_in: false,
        since_us: NOW,
        slow: false,
    });
    let hinted = |hint| Screen::Scan(scan(None, Some(hint)));
    let cancelled = |state| Attempt { undo: Some(pay::CANCELLED), ..code_in_state(state) };
    vec![
        ("scan-starting", Screen::Scan(Scan { ready: false, ..scan(None, None) })),
        ("scan", Screen::Scan(scan(None, None))),
        ("scan-chosen", Screen::Scan(scan(Some(Brand::DBarai), None))),
        ("scan-not-a-code", hinted(ScanHint::NotACode)),
        ("scan-shops-code", hinted(ScanHint::ShopsCode)),
        ("scan-not-taken", hinted(ScanHint::NotTaken("LINE Pay"))),
        ("scan-not-accepted", hinted(ScanHint::NotAccepted(Brand::Merpay))),
        ("scan-other-brand", hinted(ScanHint::OtherBrand(Brand::PayPay))),
        ("brands", list(None)),
        ("brands-unknown", list(Some(read_code("777700001111222233")))),
        ("processing-code", processing),
        ("customer", customer(None)),
        ("undoing", customer(Some(pay::CANCELLED))),
        ("approved-code", finished(code_in_state(approved().state))),
        ("approved-code-before-cancel", finished(cancelled(approved().state))),
        ("undone-code-by-clerk", finished(cancelled(State::Reversed))),
        (
            "undone-code-not-confirmed",
            finished(Attempt { waits_for_user: true, ..code_in_state(State::Reversed) }),
        ),
        ("unknown-code", finished(code_in_state(State::InDoubt(pay::NO_ANSWER)))),
    ]
}

fn refund_screens() -> Vec<(&'static str, Screen)> {
    let waiting = |stage| {
        Screen::Present(Present {
            attempt: Box::new(refund_in_state(State::Started)),
            since_us: NOW,
            armed_us: NOW,
            stage,
            terms: Some(terms(Medium::SameCard, true)),
        })
    };
    let too_much = {
        let Screen::GiveBack(form) = giving_back(Medium::None, true, false) else { unreachable!() };
        Screen::GiveBack(GiveBack { error: Some(AmountError::AboveRest(yen(880))), ..form })
    };
    let sign = Screen::Sign(Sign {
        attempt: Box::new(refund_in_state(State::Started)),
        interrupted: false,
        stopping: false,
        trouble: None,
        before: Some(Before { card: Some(Box::new(card())), since_us: NOW }),
    });
    let processing = Screen::Processing(Processing {
        attempt: Box::new(refund_in_state(State::Sent)),
        brand: Some(Brand::Visa),
        card_in: false,
        since_us: NOW,
        slow: false,
    });
    vec![
        ("refund", giving_back(Medium::SameCard, false, false)),
        ("refund-partial", giving_back(Medium::None, true, false)),
        ("refund-too-much", too_much),
        ("refund-confirm", giving_back(Medium::SameCard, false, true)),
        ("refund-confirm-code", giving_back(Medium::None, true, true)),
        ("refund-present", waiting(Stage::Waiting(None))),
        ("refund-sign", sign),
        ("refund-processing", processing),
        ("refund-approved", finished(refund_in_state(approved().state))),
        ("refund-refused", finished(refund_in_state(State::Declined(pay::CARD_REFUSED)))),
        ("refund-other-card", finished(refund_in_state(State::Abandoned(pay::DIFFERENT_CARD)))),
        ("refund-undone", finished(refund_in_state(State::Reversed))),
        ("refund-unknown", finished(refund_in_state(State::InDoubt(pay::NO_ANSWER)))),
        ("duplicate-checking", duplicate(None)),
        ("duplicate", duplicate(Some(suspect()))),
    ]
}

/// Every screen with the name of its golden file.
pub(crate) fn all() -> Vec<(String, Screen)> {
    let named =
        [activation(), sale(), card_screens(), code_screens(), refund_screens(), results(), past()].concat();
    named.into_iter().map(|(name, screen)| (name.to_owned(), screen)).chain(refusals()).collect()
}
