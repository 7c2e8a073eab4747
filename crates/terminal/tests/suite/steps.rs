//! Tables of steps: screen, event, next screen, effects.

use crate::samples::*;
use codes::pay;
use expect_test::expect_file;
use i18n::Lang;
use payment::{Brand, MaskedPan, PaymentClass, State};
use receipt::{Copy, Strokes};
use terminal::attempt::{Attempt, Origin};
use terminal::context::{Context, Reader};
use terminal::event::{Done, Effect, Event, Local, Moment, NewPayment, Press, ReaderNews};
use terminal::screen::*;
use terminal::secret::Password;
use terminal::step::{deadline, opening, step};

fn at(now_us: i64) -> Moment {
    Moment { now_us, fresh: id(9) }
}

fn go(ctx: &Context, screen: &Screen, event: Event, now_us: i64) -> (Screen, Vec<Effect>, bool) {
    let step = step(ctx, screen.clone(), event, at(now_us));
    (step.screen, step.effects, step.heard)
}

fn word(effect: &Effect) -> String {
    match effect {
        Effect::Start(new) => format!("start {} {}", new.amount, new.class),
        Effect::Abandon(_, code) => format!("abandon {}", code.row().id),
        Effect::Ask { class, .. } => format!("ask {class}"),
        Effect::AskCode(_, code) => format!("ask code {}", code.brand.map_or("-", Brand::word)),
        Effect::AskRefund { card, signature, .. } => {
            format!("ask refund card={} signed={}", card.is_some(), signature.is_some())
        }
        Effect::Print { copy, from_history, .. } => format!("print {copy:?} history={from_history}"),
        other => {
            let text = format!("{other:?}");
            text.split(['(', ' ', '{']).next().unwrap_or("").to_lowercase()
        }
    }
}

fn events() -> Vec<(&'static str, Event)> {
    let signature = Strokes(vec![vec![(1, 1), (9, 9)]]);
    let new =
        NewPayment { origin: Origin::Local, ..NewPayment::sale(id(9), yen(500), PaymentClass::Lump, NOW) };
    let press = |press| Event::Press(press);
    let amount = |typed: &str, note: &str| {
        let (typed, note) = (typed.to_owned(), note.to_owned());
        Event::Press(Press::Amount { typed, note, tax: TaxChoice::default() })
    };
    let reader = |news| Event::Reader(id(1), news);
    let changed = |attempt: Attempt| Event::Done(Done::Changed(Box::new(attempt)));
    vec![
        ("press home", press(Press::Home)),
        ("press sale", press(Press::OpenSale)),
        ("press back", press(Press::Back)),
        ("press amount 1360", amount("1,360", "茶")),
        ("press amount 0", amount("0", "")),
        ("press pay lump", press(Press::Pay(PaymentClass::Lump))),
        ("press pay 99", press(Press::Pay(PaymentClass::Installments(99)))),
        ("press classes", press(Press::OpenClasses)),
        ("press choose lump", press(Press::ChooseClass(PaymentClass::Lump))),
        ("press cancel", press(Press::Cancel)),
        ("press sign", press(Press::Sign(signature.clone()))),
        ("press sign nothing", press(Press::Sign(Strokes::default()))),
        ("press give back", press(Press::GiveBack)),
        ("press again", press(Press::Again)),
        ("press other method", press(Press::OtherMethod)),
        ("press finish", press(Press::Finish)),
        ("press another customer", press(Press::AnotherCustomer)),
        ("press check now", press(Press::CheckNow)),
        ("press code PayPay", press(Press::Code(read_code("281012345678901234")))),
        ("press code of nobody", press(Press::Code(read_code("7777000011112222")))),
        ("press a product's code", press(Press::Code(read_code("4901234567894")))),
        ("scanned PayPay", Event::Scanned(read_code("9000818188012345678901230"))),
        ("press pay by code", press(Press::PayByCode)),
        ("press brands", press(Press::OpenBrands)),
        ("press choose PayPay", press(Press::ChooseBrand(Some(Brand::PayPay)))),
        ("press choose automatic", press(Press::ChooseBrand(None))),
        ("press go on", press(Press::GoOn)),
        ("press original", press(Press::Original)),
        ("press refund open", press(Press::OpenRefund)),
        ("press refund all", press(Press::Refund { typed: String::new(), reason: "茶".into() })),
        ("press refund 881", press(Press::Refund { typed: "881".into(), reason: String::new() })),
        ("press refund go", press(Press::ConfirmRefund)),
        ("checked suspect", Event::Done(Done::Checked(id(1), Some(suspect())))),
        ("checked nothing", Event::Done(Done::Checked(id(1), None))),
        ("checked of another", Event::Done(Done::Checked(id(7), None))),
        ("press print", press(Press::Print(Copy::Customer))),
        ("press mail", press(Press::OpenMail)),
        ("press qr", press(Press::ShowQr)),
        ("press sign out", press(Press::SignOut)),
        ("local start", Event::Local(Local::Start(new))),
        ("local cancel", Event::Local(Local::Cancel(id(1)))),
        ("local cancel other", Event::Local(Local::Cancel(id(7)))),
        ("local sign", Event::Local(Local::Sign(id(1), signature))),
        ("reader armed", reader(ReaderNews::Armed)),
        ("reader reading", reader(ReaderNews::Reading)),
        ("reader pin asked", reader(ReaderNews::PinAsked { attempt: 1, needed: false })),
        ("reader read", reader(ReaderNews::Read(Box::new(card())))),
        ("reader failed 103", reader(ReaderNews::Failed(pay::SWIPE_NOT_ALLOWED))),
        ("reader of another", Event::Reader(id(7), ReaderNews::Read(Box::new(card())))),
        ("changed started", changed(planned())),
        ("changed abandoned", changed(in_state(State::Abandoned(pay::CANCELLED)))),
        ("changed authorized", changed(authorized())),
        ("changed approved", changed(approved())),
        ("changed declined", changed(in_state(State::Declined(pay::CARD_REFUSED)))),
        ("changed in doubt", changed(in_state(State::InDoubt(pay::NO_ANSWER)))),
        ("changed reversed", changed(in_state(State::Reversed))),
        ("unanswered", Event::Done(Done::Unanswered(id(1)))),
        ("tick", Event::Tick),
    ]
}

/// The screens of the table: one of each kind.
fn screens() -> Vec<(String, Screen)> {
    let wanted = [
        "home",
        "amount",
        "method",
        "class",
        "present-starting",
        "present-arming",
        "present",
        "reading",
        "pin",
        "present-stopping",
        "class-again",
        "duplicate-checking",
        "duplicate",
        "scan-starting",
        "scan",
        "scan-chosen",
        "brands",
        "brands-unknown",
        "customer",
        "undoing",
        "refund",
        "refund-partial",
        "refund-confirm",
        "refund-present",
        "refund-sign",
        "refund-approved",
        "refund-undone",
        "detail-offer",
        "processing",
        "sign",
        "approved",
        "refused-101",
        "unknown-no-answer",
        "recovering",
        "detail",
    ];
    let all = all();
    wanted
        .iter()
        .map(|name| all.iter().find(|(of, _)| of == name).cloned().unwrap_or_else(|| panic!("{name}")))
        .collect()
}

#[test]
fn the_table_of_screens_and_events_is_the_one_that_was_read() {
    let ctx = context(Lang::Ja);
    let mut table = String::new();
    for (name, screen) in screens() {
        table.push_str(&format!("{name}\n"));
        for (event_name, event) in events() {
            let (next, effects, heard) = go(&ctx, &screen, event, NOW + 1_000_000);
            if !heard {
                continue;
            }
            let effects: Vec<String> = effects.iter().map(word).collect();
            table.push_str(
                &format!("    {event_name:<24} {:<13} {}\n", next.name(), effects.join(", "))
                    .replace(" \n", "\n"),
            );
        }
    }
    expect_file!["../golden/steps.txt"].assert_eq(&table);
}

#[test]
fn what_a_screen_does_not_listen_to_changes_nothing_on_it() {
    // An error that the clerk has not read yet, or what he typed, must not go because something else happened.
    let ctx = context(Lang::Ja);
    let seen = |screen: &Screen| terminal::view::body(&ctx, screen, NOW).into_string();
    for (name, screen) in all() {
        let (before, mut events) = (seen(&screen), events());
        events.push(("settings kept", Event::Done(Done::Saved)));
        for (event_name, event) in events {
            let (next, effects, heard) = go(&ctx, &screen, event, NOW);
            if !heard {
                assert!(seen(&next) == before, "{name}: {event_name}");
                assert!(effects.is_empty(), "{name}: {event_name}");
            }
        }
        for event in [Event::Press(Press::Language(Lang::Ja)), Event::Done(Done::Context)] {
            assert!(seen(&go(&ctx, &screen, event, NOW).0) == before, "{name}");
        }
    }
}

#[test]
fn no_payment_is_cancelled_once_its_card_is_read() {
    // cancel until a card is read, by page and by program.
    let ctx = context(Lang::Ja);
    for stage in [Stage::Reading, Stage::Pin { digits: 0, attempt: 1, needed: false }] {
        for event in [Event::Press(Press::Cancel), Event::Local(Local::Cancel(id(1)))] {
            let (_, effects, heard) = go(&ctx, &present(stage), event, NOW);
            assert!(!heard && effects.is_empty(), "{stage:?}");
        }
    }
}

#[test]
fn the_card_is_waited_for_as_long_as_the_policy_says_and_no_longer() {
    // M-033: 404 for the card, 401 for the payment as a whole.
    let ctx = context(Lang::Ja);
    let screen = present(Stage::Waiting(None));
    let due = deadline(&ctx, &screen).unwrap();
    assert_eq!(due, NOW + 60_000_000);
    assert!(!go(&ctx, &screen, Event::Tick, due - 1).2);
    let (_, effects, _) = go(&ctx, &screen, Event::Tick, due);
    assert_eq!(effects.iter().map(word).collect::<Vec<_>>(), ["disarm", "abandon 404"]);

    let pin = present(Stage::Pin { digits: 2, attempt: 1, needed: false });
    assert_eq!(deadline(&ctx, &pin), Some(NOW + 180_000_000));
    let (_, effects, _) = go(&ctx, &pin, Event::Tick, NOW + 180_000_000);
    assert_eq!(effects.iter().map(word).collect::<Vec<_>>(), ["disarm", "abandon 401"]);

    let method = Screen::Method(Draft { amount: yen(880), note: None, tax: None, since_us: NOW });
    let (next, effects, _) = go(&ctx, &method, Event::Tick, NOW + 180_000_000);
    assert!(effects.is_empty());
    assert!(
        matches!(next, Screen::Amount(AmountEntry { error: Some(AmountError::Code(code)), .. }) if code == pay::SESSION_EXPIRED)
    );
}

#[test]
fn a_card_that_the_shop_or_its_class_does_not_take_is_never_asked_about() {
    // 201, 207, X-019: the class is asked again for a brand that takes lump sums only.
    let mut ctx = context(Lang::Ja);
    let read = |brand, last4: &str| {
        let pan = MaskedPan::new("378282", last4).unwrap();
        Event::Reader(id(1), ReaderNews::Read(Box::new(center_api::CardData { brand, pan, ..card() })))
    };
    let (_, effects, _) = go(&ctx, &present(Stage::Reading), read(Brand::Jcb, "0000"), NOW);
    assert_eq!(effects.iter().map(word).collect::<Vec<_>>(), ["disarm", "abandon 201"]);

    let Screen::Present(mut three) = present(Stage::Reading) else { unreachable!() };
    three.attempt.class = PaymentClass::Installments(3);
    let (next, effects, _) = go(&ctx, &Screen::Present(three.clone()), read(Brand::Amex, "0005"), NOW);
    assert!(effects.is_empty());
    assert!(matches!(&next, Screen::ClassAgain(again) if again.allowed == [PaymentClass::Lump]));
    let (next, effects, _) = go(&ctx, &next, Event::Press(Press::ChooseClass(PaymentClass::Lump)), NOW);
    assert_eq!(
        (next.name(), effects.iter().map(word).collect::<Vec<_>>()),
        ("processing", vec!["checkduplicate".into()])
    );
    let (next, effects, _) = go(&ctx, &next, Event::Done(Done::Checked(id(1), None)), NOW);
    assert_eq!(
        (next.name(), effects.iter().map(word).collect::<Vec<_>>()),
        ("processing", vec!["ask lump".into()])
    );

    ctx.config.as_mut().unwrap().policy.amount_limit_yen = yen(99_999_999);
    three.attempt.class = PaymentClass::Lump;
    three.attempt.amount = yen(10_000_000);
    let (_, effects, _) = go(&ctx, &Screen::Present(three), read(Brand::Visa, "0010"), NOW);
    assert_eq!(effects.iter().map(word).collect::<Vec<_>>(), ["disarm", "abandon 207"]);
}

#[test]
fn a_reader_of_another_shop_or_no_reader_at_all_is_never_armed() {
    // M-014: 991.
    let started = Event::Done(Done::Changed(Box::new(planned())));
    for (reader, code) in [(Reader::Offline, "E06"), (Reader::Online { serial: "STRANGER".into() }, "991")] {
        let ctx = Context { reader, ..context(Lang::Ja) };
        let (_, effects, _) = go(&ctx, &present(Stage::Starting), started.clone(), NOW);
        assert_eq!(
            effects.iter().map(word).collect::<Vec<_>>(),
            ["disarm".to_owned(), format!("abandon {code}")]
        );
    }
}

#[test]
fn amounts_beyond_what_is_taken_are_refused_before_anything_begins() {
    // 207, 208.
    let ctx = context(Lang::Ja);
    for (typed, error) in [
        ("", AmountError::Missing),
        ("0", AmountError::Missing),
        ("abc", AmountError::Missing),
        ("3000001", AmountError::Code(pay::ABOVE_LIMIT)),
        ("10,000,000", AmountError::Code(pay::AMOUNT_TOO_LARGE)),
        ("12345678901234567890", AmountError::Code(pay::AMOUNT_TOO_LARGE)),
    ] {
        let press = Press::Amount { typed: typed.into(), note: String::new(), tax: TaxChoice::default() };
        let (next, effects, _) = go(&ctx, &Screen::Amount(AmountEntry::default()), Event::Press(press), NOW);
        assert!(effects.is_empty());
        assert!(matches!(next, Screen::Amount(entry) if entry.error == Some(error)), "{typed}");
    }
}

#[test]
fn a_doubt_stands_before_the_next_sale_until_the_clerk_has_seen_it() {
    // model 3.3 rule 1
    let open = in_state(State::InDoubt(pay::NO_ANSWER));
    let mut ctx = Context { open: vec![open.clone()], ..context(Lang::Ja) };
    let (next, effects, _) = go(&ctx, &Screen::Home, Event::Press(Press::OpenSale), NOW);
    assert_eq!((next.name(), effects.len()), ("unknown", 0));
    let draft = Draft { amount: yen(880), note: None, tax: None, since_us: NOW };
    let (next, effects, _) =
        go(&ctx, &Screen::Method(draft), Event::Press(Press::Pay(PaymentClass::Lump)), NOW);
    assert_eq!((next.name(), effects.len()), ("unknown", 0));
    let (next, effects, _) = go(&ctx, &next, Event::Press(Press::AnotherCustomer), NOW);
    assert_eq!((next.name(), word(&effects[0])), ("home", "acknowledge".into()));
    ctx.open = vec![Attempt { acknowledged: true, ..open }];
    assert_eq!(go(&ctx, &Screen::Home, Event::Press(Press::OpenSale), NOW).0.name(), "amount");
}

#[test]
fn a_session_ends_between_payments_and_never_in_one() {
    let mut ctx = context(Lang::Ja);
    let over = NOW + 16 * 60_000_000;
    assert_eq!(deadline(&ctx, &Screen::Home), Some(NOW + 15 * 60_000_000));
    let (next, effects, _) = go(&ctx, &Screen::Home, Event::Tick, over);
    assert_eq!((next.name(), word(&effects[0])), ("sign-in", "signout".into()));
    assert_eq!(go(&ctx, &Screen::Home, Event::Press(Press::OpenSale), over).0.name(), "sign-in");
    let busy = Screen::Processing(Processing {
        attempt: Box::new(in_state(State::Sent)),
        brand: None,
        card_in: false,
        since_us: NOW,
        slow: true,
    });
    assert_eq!(deadline(&ctx, &busy), None);
    ctx.clerk = None;
    // A program on the device needs no clerk; the slip then names none.
    let new =
        NewPayment { origin: Origin::Local, ..NewPayment::sale(id(9), yen(500), PaymentClass::Lump, over) };
    let (next, _, _) = go(&ctx, &Screen::SignIn(SignIn::default()), Event::Local(Local::Start(new)), over);
    assert!(matches!(next, Screen::Present(present) if present.attempt.operator.is_none()));
}

#[test]
fn activation_asks_for_twelve_digits_then_shows_the_shop() {
    // W-030, W-031
    let ctx = Context { config: None, clerk: None, ..context(Lang::Ja) };
    let press = |terminal_id: &str, password: &str| {
        Event::Press(Press::Activate { terminal_id: terminal_id.into(), password: Password::new(password) })
    };
    let start = Screen::Activate(Activate::default());
    for (terminal_id, password) in [("123", "1234"), ("000000358002", "")] {
        let (next, effects, _) = go(&ctx, &start, press(terminal_id, password), NOW);
        assert!(effects.is_empty());
        assert!(
            matches!(next, Screen::Activate(form) if form.trouble == Some(Trouble::ActivationIncomplete))
        );
    }
    let (next, effects, _) = go(&ctx, &start, press("0000-0035-8002", "1234"), NOW);
    assert_eq!(word(&effects[0]), "activate");
    let shop = center_api::Activation {
        terminal_id: "000000358002".into(),
        shop_id: "000358".into(),
        shop_name: "喫茶".into(),
        phone: "03".into(),
    };
    let (next, _, _) = go(&ctx, &next, Event::Done(Done::Activated(shop)), NOW);
    let (next, effects, _) = go(&ctx, &next, Event::Press(Press::ConfirmShop), NOW);
    assert_eq!(word(&effects[0]), "confirmshop");
    assert_eq!(go(&ctx, &next, Event::Done(Done::Confirmed), NOW).0.name(), "sign-in");
}

#[test]
fn start_up_shows_what_was_interrupted_before_anything_else() {
    // T29, P14, P15
    let ctx = context(Lang::Ja);
    let doubt = in_state(State::InDoubt(pay::INTERRUPTED));
    assert_eq!(opening(&ctx, std::slice::from_ref(&doubt), None, at(NOW)).name(), "recovering");
    let seen = Attempt { acknowledged: true, ..doubt };
    assert_eq!(opening(&ctx, &[seen], None, at(NOW)).name(), "home");
    assert_eq!(opening(&ctx, &[planned()], None, at(NOW)).name(), "home", "nothing was sent");
    assert_eq!(opening(&ctx, &[authorized()], None, at(NOW)).name(), "sign");
    let Screen::Result(result) = opening(&ctx, &[], Some(approved()), at(NOW)) else { panic!("no result") };
    assert!(result.interrupted);
    let fresh = Context { config: None, ..ctx };
    assert_eq!(opening(&fresh, &[], None, at(NOW)).name(), "activate");
}

#[test]
fn a_duplicate_is_warned_of_and_never_decided_by_the_terminal() {
    // R-071 … R-075: abandoned with its own code, or the same payment goes on.
    let ctx = context(Lang::Ja);
    let asked = duplicate(Some(suspect()));
    let (_, effects, _) = go(&ctx, &asked, Event::Press(Press::Cancel), NOW);
    assert_eq!(effects.iter().map(word).collect::<Vec<_>>(), ["disarm", "abandon E31"]);
    let (next, effects, _) = go(&ctx, &asked, Event::Press(Press::GoOn), NOW);
    assert_eq!((next.name(), word(&effects[0])), ("processing", "ask lump".into()));
    // While the center is asked nothing can be pressed, and its silence is no warning.
    for press in [Press::Cancel, Press::GoOn] {
        assert!(!go(&ctx, &duplicate(None), Event::Press(press), NOW).2);
    }
}

#[test]
fn a_code_goes_out_only_when_its_brand_is_known_and_under_contract() {
    // M-041, M-042, X-041, X-042
    let ctx = context(Lang::Ja);
    let scan_with = |brand, text: &str| {
        let (next, effects, _) =
            go(&ctx, &Screen::Scan(scan(brand, None)), Event::Scanned(read_code(text)), NOW);
        let hint = match &next {
            Screen::Scan(scan) => format!("{:?}", scan.hint),
            _ => String::new(),
        };
        format!("{} {} {hint}", next.name(), effects.iter().map(word).collect::<Vec<_>>().join(", "))
    };
    let paypay = "900081818801234567890123";
    assert_eq!(scan_with(None, paypay), "processing ask code paypay ");
    assert_eq!(scan_with(None, "9000 8181 8801 2345 6789 0123"), "processing ask code paypay ");
    assert_eq!(scan_with(Some(Brand::DBarai), paypay), "scan  Some(OtherBrand(PayPay))");
    assert_eq!(scan_with(None, "https://example.jp/pay"), "scan  Some(ShopsCode)");
    assert_eq!(scan_with(None, "123"), "scan  Some(NotACode)");
    assert_eq!(scan_with(None, "7777000011112222"), "brands  ");
    assert_eq!(scan_with(Some(Brand::DBarai), "7777000011112222"), "processing ask code dbarai ");
}

#[test]
fn giving_back_asks_for_what_the_offer_asks_for_and_nothing_is_sent_before() {
    // the card, the signature, or neither.
    use payment::Medium;
    let ctx = context(Lang::Ja);
    let starting = |medium, signature| {
        let Screen::Present(present) = present(Stage::Starting) else { unreachable!() };
        let terms = Some(terms(medium, signature));
        Screen::Present(Present { attempt: Box::new(refund_in_state(State::Started)), terms, ..present })
    };
    let started = || Event::Done(Done::Changed(Box::new(refund_in_state(State::Started))));
    let (next, effects, _) = go(&ctx, &starting(Medium::None, false), started(), NOW);
    assert_eq!((next.name(), word(&effects[0])), ("processing", "ask refund card=false signed=false".into()));
    let (next, effects, _) = go(&ctx, &starting(Medium::SameCard, true), started(), NOW);
    assert_eq!((next.name(), word(&effects[0])), ("preparing", "arm".into()));
    let read = |last4: &str| {
        let pan = MaskedPan::new("476173", last4).unwrap();
        Event::Reader(id(2), ReaderNews::Read(Box::new(center_api::CardData { pan, ..card() })))
    };
    let (_, effects, _) = go(&ctx, &next, read("9999"), NOW);
    assert_eq!(effects.iter().map(word).collect::<Vec<_>>(), ["disarm", "abandon 506"]);
    let (next, effects, _) = go(&ctx, &next, read("0010"), NOW);
    assert_eq!((next.name(), effects.len()), ("sign", 0));
    let (_, effects, _) = go(&ctx, &next, Event::Press(Press::GiveBack), NOW);
    assert_eq!(effects.iter().map(word).collect::<Vec<_>>(), ["disarm", "abandon E13"]);
    let strokes = Strokes(vec![vec![(1, 1), (9, 9)]]);
    let (next, effects, _) = go(&ctx, &next, Event::Press(Press::Sign(strokes)), NOW);
    assert_eq!((next.name(), word(&effects[0])), ("processing", "ask refund card=true signed=true".into()));
}

#[test]
fn what_a_register_asked_for_is_cleared_at_its_deadline_unless_something_was_sent() {
    let ctx = context(Lang::Ja);
    let due = NOW + 20_000_000;
    let hurried = |attempt: Attempt| Box::new(Attempt { deadline_us: Some(due), ..attempt });
    let Screen::Present(waiting) = present(Stage::Waiting(None)) else { unreachable!() };
    let waiting = Screen::Present(Present { attempt: hurried(planned()), ..waiting });
    let code = Screen::Scan(Scan { attempt: hurried(code_planned()), ..scan(None, None) });
    for screen in [waiting, code] {
        assert_eq!(deadline(&ctx, &screen), Some(due));
        let (next, effects, _) = go(&ctx, &screen, Event::Tick, due);
        assert_eq!(effects.iter().map(word).collect::<Vec<_>>(), ["disarm", "abandon 404"]);
        let gone = Attempt { state: State::Abandoned(pay::WAIT_EXPIRED), ..planned() };
        let (next, _, _) = go(&ctx, &next, Event::Done(Done::Changed(Box::new(gone))), due);
        assert_eq!(next.name(), "home");
    }
}

#[test]
fn a_customer_who_confirms_on_the_phone_is_no_doubt_and_is_never_cancelled_blindly() {
    // cancel = inquire, then undo.
    let ctx = context(Lang::Ja);
    let waiting = Attempt { waits_for_user: true, ..code_in_state(State::Sent) };
    let screen = Screen::Processing(Processing {
        attempt: Box::new(waiting.clone()),
        brand: Some(Brand::PayPay),
        card_in: false,
        since_us: NOW,
        slow: false,
    });
    assert!(!waiting.is_open() && screen.may_cancel());
    assert_eq!(deadline(&ctx, &screen), None);
    let (next, effects, _) = go(&ctx, &screen, Event::Press(Press::Cancel), NOW);
    assert_eq!((next.name(), word(&effects[0])), ("customer", "giveback".into()));
    let undoing = Attempt { undo: Some(pay::CANCELLED), ..waiting };
    let doubt = Attempt { state: State::InDoubt(pay::CANCELLED), ..undoing.clone() };
    for attempt in [undoing, doubt] {
        let (next, _, _) = go(&ctx, &screen, Event::Done(Done::Changed(Box::new(attempt))), NOW);
        assert_eq!((next.name(), next.may_cancel()), ("undoing", false));
    }
}

#[test]
fn a_hold_that_is_given_back_and_not_answered_is_a_doubt_with_a_way_on() {
    // R-033, M-028: seed 76 of the simulation stood before buttons that nothing heard.
    let ctx = context(Lang::Ja);
    let state = State::Authorized(payment::Approval { code: Some("123456".into()) });
    let held = Attempt { state, undo: Some(pay::CANCELLED), ..planned() };
    let screen = finished(held);
    assert_eq!((screen.name(), screen.may_cancel()), ("unknown", false));
    assert_eq!(screen.says(), Some((id(1), codes::MoneyTaken::Unknown)));
    assert!(screen.busy_with().is_some(), "the next sale does not begin over it");
    let (next, effects, heard) = go(&ctx, &screen, Event::Press(Press::CheckNow), NOW);
    assert!(heard);
    assert_eq!((next.name(), word(&effects[0])), ("unknown", "inquire".into()));
    let (next, effects, heard) = go(&ctx, &screen, Event::Press(Press::AnotherCustomer), NOW);
    assert!(heard);
    assert_eq!((next.name(), word(&effects[0])), ("home", "acknowledge".into()));
}
