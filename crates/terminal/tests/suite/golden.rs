//! Every screen in both languages as a text that was read.

use crate::samples::{self, NOW, all, context, in_state};
use crate::text;
use codes::pay;
use expect_test::expect_file;
use i18n::Lang;
use payment::{Interfaces, State};
use terminal::context::{LocalSettings, Reader};
use terminal::screen::{Screen, Stage};
use terminal::view;

fn check(lang: Lang, name: &str, text: &str) {
    expect_file![format!("../golden/screens/{}/{name}.txt", lang.tag())].assert_eq(text);
}

fn drawn(ctx: &terminal::context::Context, screen: &Screen) -> String {
    text::lines(&view::body(ctx, screen, NOW).into_string())
}

#[test]
fn every_screen_reads_well_in_every_language() {
    for lang in Lang::ALL {
        let ctx = context(lang);
        for (name, screen) in all() {
            check(lang, &name, &drawn(&ctx, &screen));
        }
    }
}

#[test]
fn the_surroundings_are_seen_where_they_matter() {
    // M-032: two ways instead of three; reader and center out of reach; a doubt first of all (T4).
    for lang in Lang::ALL {
        let mut ctx = context(lang);
        ctx.settings = LocalSettings { interfaces: Some(Interfaces::Two), ..ctx.settings };
        check(lang, "present-two-ways", &drawn(&ctx, &samples::present(Stage::Waiting(None))));
        // U-081: the clerk is reminded and may go on.
        let last_day = jiff::civil::date(2026, 11, 30);
        ctx.clerk.as_mut().unwrap().password = payment::PasswordStanding::EndsSoon { last_day };
        check(lang, "home-password-soon", &drawn(&ctx, &Screen::Home));
        ctx.clerk.as_mut().unwrap().password = payment::PasswordStanding::Good;
        ctx.reader = Reader::Offline;
        ctx.center_up = false;
        ctx.open = vec![in_state(State::InDoubt(pay::NO_ANSWER))];
        check(lang, "home-troubles", &drawn(&ctx, &Screen::Home));
        // S9: whoever signs in learns that nothing can be paid here.
        ctx.blocked = Some(codes::api::TERMINAL_BEHIND);
        check(lang, "sign-in-stopped", &drawn(&ctx, &Screen::SignIn(terminal::screen::SignIn::default())));
    }
}

#[test]
fn no_key_of_the_catalogue_is_missing_and_no_mark_is_left() {
    for lang in Lang::ALL {
        let ctx = context(lang);
        for (name, screen) in all() {
            let html = view::body(&ctx, &screen, NOW).into_string();
            let text = text::lines(&html);
            for sign in ["terminal-", "trouble-", "{ $", "code-payment"] {
                assert!(!text.contains(sign), "{lang:?} {name}: {sign}\n{text}");
            }
            assert_eq!(html.matches("<h1").count(), 1, "{name}");
        }
    }
}

#[test]
fn every_result_says_whether_money_was_taken_and_what_to_do() {
    let ctx = context(Lang::En);
    for (name, screen) in all() {
        let Screen::Result(finished) = &screen else { continue };
        let text = drawn(&ctx, &screen);
        let sentence = match (finished.attempt.money_taken(), finished.attempt.is_refund()) {
            (codes::MoneyTaken::Yes, false) => "The money was taken",
            (codes::MoneyTaken::No, false) => "No money was taken",
            (codes::MoneyTaken::Unknown, false) => "It is not known yet whether money was taken",
            (codes::MoneyTaken::Yes, true) => "The money was given back",
            (codes::MoneyTaken::No, true) => "No money was given back",
            (codes::MoneyTaken::Unknown, true) => "Not known yet whether it was given back",
        };
        assert!(text.contains(sentence), "{name}\n{text}");
        if let Some(code) = finished.attempt.code().filter(|code| code.row().money == codes::MoneyTaken::No)
            && finished.tone() == "refused"
        {
            assert!(text.contains(&format!("Code {}", code.row().id)), "{name}\n{text}");
        }
    }
}

#[test]
fn no_pin_is_ever_entered_on_a_page() {
    // M-024, rule 2.5.7: the PIN is on the reader's own pad, the page mirrors dots.
    let ctx = context(Lang::Ja);
    let html = view::body(&ctx, &samples::present(Stage::Pin { digits: 3, attempt: 1, needed: false }), NOW);
    let html = html.into_string();
    assert!(!html.contains("<input") && !html.contains("<form") && !html.contains("data-key"), "{html}");
    assert_eq!(html.matches("is-on").count(), 3);
}
