//! How an amount is taxed: said by the clerk beside the keypad, by a register, or by the shop's policy.

use crate::samples::*;
use crate::text;
use expect_test::expect_file;
use i18n::Lang;
use payment::{Medium, Method, PaymentClass, SlipTax, TaxKind, TaxParts};
use terminal::attempt::Origin;
use terminal::context::Context;
use terminal::event::{Effect, Event, Local, Moment, NewPayment, Press};
use terminal::screen::*;
use terminal::step::step;
use terminal::view;

/// A shop whose slips state this.
fn shop(lang: Lang, tax: SlipTax) -> Context {
    let mut config = config();
    config.policy.receipt.tax = tax;
    Context { config: Some(config), ..context(lang) }
}

fn go(ctx: &Context, screen: &Screen, event: Event) -> (Screen, Vec<Effect>) {
    let step = step(ctx, screen.clone(), event, Moment { now_us: NOW, fresh: id(9) });
    (step.screen, step.effects)
}

fn press(ctx: &Context, screen: &Screen, press: Press) -> Screen {
    go(ctx, screen, Event::Press(press)).0
}

fn amount(ctx: &Context, tax: TaxChoice) -> Screen {
    let typed = Press::Amount { typed: "5500".into(), note: String::new(), tax };
    press(ctx, &Screen::Amount(AmountEntry::default()), typed)
}

fn parts(reduced: i64, exempt: i64) -> TaxParts {
    TaxParts { reduced: yen(reduced), exempt: yen(exempt) }
}

fn typed(reduced: &str, exempt: &str) -> Press {
    Press::Split(TypedParts { reduced: reduced.into(), exempt: exempt.into() })
}

fn started(effects: &[Effect]) -> Option<&NewPayment> {
    effects.iter().find_map(|effect| match effect {
        Effect::Start(new) => Some(new),
        _ => None,
    })
}

#[test]
fn the_clerk_says_how_an_amount_is_taxed_and_the_payment_begins_with_it() {
    //
    let ctx = shop(Lang::Ja, SlipTax::Entered);
    for (kind, wanted) in [
        (TaxKind::Standard, parts(0, 0)),
        (TaxKind::Reduced, parts(5_500, 0)),
        (TaxKind::Exempt, parts(0, 5_500)),
    ] {
        let method = amount(&ctx, TaxChoice::All(kind));
        let (_, effects) = go(&ctx, &method, Event::Press(Press::Pay(PaymentClass::Lump)));
        assert_eq!(started(&effects).unwrap().tax, Some(wanted));
    }
    let split = amount(&ctx, TaxChoice::Several);
    assert_eq!(split.name(), "split");
    assert!(split.busy_with().is_some(), "nobody takes the terminal away from the clerk");
    let method = press(&ctx, &split, typed("3,240", ""));
    let (_, effects) = go(&ctx, &method, Event::Press(Press::PayByCode));
    let new = started(&effects).unwrap();
    assert_eq!((new.method, new.tax), (Method::Code, Some(parts(3_240, 0))));
    // Back to the keypad, and what was said stands there.
    let back = press(&ctx, &method, Press::Back);
    assert!(matches!(&back, Screen::Amount(entry) if entry.tax == TaxChoice::Several));
    // Also after a slip of the finger, and with the parts when he goes on.
    let again =
        |typed: &str| Press::Amount { typed: typed.into(), note: String::new(), tax: TaxChoice::Several };
    let refused = press(&ctx, &back, again(""));
    let split = press(&ctx, &refused, again("5500"));
    let Screen::Split(said) = &split else { panic!("{}", split.name()) };
    assert_eq!(said.typed, TypedParts { reduced: "3240".into(), exempt: String::new() });
}

#[test]
fn parts_that_cannot_be_are_asked_for_again() {
    //
    let ctx = shop(Lang::Ja, SlipTax::Entered);
    let split = amount(&ctx, TaxChoice::Several);
    for (reduced, exempt) in [("", ""), ("5501", ""), ("3000", "2501"), ("abc", ""), ("-1", "")] {
        let next = press(&ctx, &split, typed(reduced, exempt));
        assert!(matches!(next, Screen::Split(Split { wrong: true, .. })), "{reduced} {exempt}");
    }
    let back = press(&ctx, &split, Press::Back);
    assert!(matches!(back, Screen::Amount(entry) if entry.tax == TaxChoice::Several), "as it was said");
}

#[test]
fn where_every_sale_is_alike_nobody_is_asked_and_a_register_may_still_say_otherwise() {
    //
    for (policy, wanted) in [
        (SlipTax::None, None),
        (SlipTax::Standard, Some(parts(0, 0))),
        (SlipTax::Reduced, Some(parts(5_500, 0))),
        (SlipTax::Exempt, Some(parts(0, 5_500))),
    ] {
        let ctx = shop(Lang::Ja, policy);
        let method = amount(&ctx, TaxChoice::Several);
        assert_eq!(method.name(), "method");
        let (_, effects) = go(&ctx, &method, Event::Press(Press::Pay(PaymentClass::Lump)));
        assert_eq!(started(&effects).unwrap().tax, wanted);
        let said = NewPayment {
            origin: Origin::Local,
            tax: Some(parts(540, 0)),
            ..NewPayment::sale(id(9), yen(5_500), PaymentClass::Lump, NOW)
        };
        let (_, effects) = go(&ctx, &Screen::Home, Event::Local(Local::Start(said)));
        assert_eq!(started(&effects).unwrap().tax, Some(parts(540, 0)));
    }
}

/// Giving a payment of ¥880 back of which ¥540 are at the reduced rate.
fn giving(left: Option<TaxParts>) -> Screen {
    let Screen::GiveBack(mut form) = giving_back(Medium::None, true, false) else { unreachable!() };
    form.offer.tax = left;
    Screen::GiveBack(form)
}

fn back(yen: &str) -> Press {
    Press::Refund { typed: yen.into(), reason: String::new() }
}

#[test]
fn a_part_of_several_kinds_is_given_back_by_kind() {
    //
    let ctx = shop(Lang::Ja, SlipTax::Entered);
    let form = giving(Some(parts(540, 0)));
    assert_eq!(press(&ctx, &form, back("")).name(), "refund-confirm", "the whole needs no question");
    let split = press(&ctx, &form, back("300"));
    assert_eq!(split.name(), "refund-split");
    for (reduced, exempt) in [("301", ""), ("", ""), ("", "1"), ("0", "")] {
        // More than the amount; nothing said; not there to be given back; then 0 leaves 300 at the standard rate.
        let next = press(&ctx, &split, typed(reduced, exempt));
        let taken = reduced == "0";
        assert_eq!(next.name() == "refund-confirm", taken, "{reduced} {exempt}");
    }
    let confirm = press(&ctx, &split, typed("200", ""));
    let (_, effects) = go(&ctx, &confirm, Event::Press(Press::ConfirmRefund));
    let new = started(&effects).unwrap();
    assert_eq!((new.amount, new.tax), (yen(300), Some(parts(200, 0))));
    assert_eq!(press(&ctx, &confirm, Press::Back).name(), "refund");
    for alike in [None, Some(parts(0, 0)), Some(parts(880, 0))] {
        assert_eq!(press(&ctx, &giving(alike), back("300")).name(), "refund-confirm");
    }
}

#[test]
fn the_screens_of_the_tax_read_well_in_every_language() {
    //
    for lang in Lang::ALL {
        let ctx = shop(lang, SlipTax::Entered);
        let split = amount(&ctx, TaxChoice::Several);
        let form = giving(Some(parts(540, 0)));
        let refund_split = press(&ctx, &form, back("300"));
        for (name, screen) in [
            ("tax-amount", Screen::Amount(AmountEntry::default())),
            ("tax-split-wrong", press(&ctx, &split, typed("5501", ""))),
            ("tax-method", press(&ctx, &split, typed("3240", "60"))),
            ("tax-split", split),
            ("tax-refund-confirm", press(&ctx, &refund_split, typed("200", ""))),
            ("tax-refund-split", refund_split),
        ] {
            let html = view::body(&ctx, &screen, NOW).into_string();
            let text = text::lines(&html);
            assert_eq!(html.matches("<h1").count(), 1, "{name}");
            assert!(!text.contains("terminal-") && !text.contains("{ $"), "{name}: {text}");
            expect_file![format!("../golden/screens/{}/{name}.txt", lang.tag())].assert_eq(&text);
        }
    }
}
