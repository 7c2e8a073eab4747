//! Activation, shop, sign-in, settings.

use super::{Words, form, trouble};
use crate::context::{Context, Reader, Theme};
use crate::screen::{Activate, ConfirmShop, Echo, LANGUAGES, NewPassword, SettingsPage, SignIn};
use maud::{Markup, html};
use pages::icon::{Icon, mark};
use pages::list::{key_values, panel};
use pages::pads::CodePad;
use pages::ui::{Button, Field, Tone, notice, select, tag};
use payment::{Interfaces, Keypad, PasswordStanding};

pub(super) fn activate(w: Words, screen: &Activate) -> Markup {
    let id = w.t("terminal-activate-id");
    let pad = CodePad {
        lang: w.tag(),
        name: "terminal_id",
        label: &id,
        digits: 12,
        secret: false,
        sends_when_full: false,
    };
    let (password, go) = (w.t("terminal-activate-password"), w.t("terminal-activate-go"));
    html! {
        (form("stack till-code", "activate", &html! {
            div.stack-s {
                h1.screen-title tabindex="-1" { (w.t("terminal-activate-title")) }
                p.dim.screen-title { (w.t("terminal-activate-how")) }
            }
            (trouble(w, screen.trouble))
            (pad)
            (Field::password("password", &password, w.tag()).inputmode("numeric").autocomplete("off").max_chars(64))
            div.actions { (busy(Button::primary(&go).icon(Icon::Next).large(), screen.busy)) }
        }))
    }
}

fn busy(button: Button<'_>, busy: bool) -> Button<'_> {
    if busy { button.disabled() } else { button }
}

pub(super) fn confirm(w: Words, screen: &ConfirmShop) -> Markup {
    let a = &screen.activation;
    let labels = ["terminal", "shop", "name", "phone"].map(|name| w.t(&format!("terminal-confirm-{name}")));
    let [terminal, shop, name, phone] = &labels;
    let (yes, no) = (w.t("terminal-confirm-yes"), w.t("terminal-confirm-no"));
    html! {
        (form("screen-fill stack", "confirm-shop", &html! {
            div.stack-s {
                h1.screen-title tabindex="-1" { (w.t("terminal-confirm-title")) }
                p.dim.screen-title { (w.t("terminal-confirm-how")) }
            }
            div.stack {
                (trouble(w, screen.trouble))
                (key_values(&[
                    (name, html! { strong { (a.shop_name) } }),
                    (shop, html! { (a.shop_id) }),
                    (terminal, html! { (a.terminal_id) }),
                    (phone, html! { (a.phone) }),
                ]))
            }
            div.actions {
                (busy(Button::second(&no).name("press", "back"), screen.busy))
                (busy(Button::primary(&yes).icon(Icon::Check), screen.busy))
            }
        }))
    }
}

pub(super) fn sign_in(w: Words, ctx: &Context, screen: &SignIn) -> Markup {
    let (id, password, go) =
        (w.t("terminal-sign-in-id"), w.t("terminal-sign-in-password"), w.t("terminal-sign-in-go"));
    html! {
        div.sheet-page { div.sheet {
            div.crest {
                (mark())
                h1 tabindex="-1" { (w.t("terminal-sign-in-title")) }
                @if let Some(config) = &ctx.config { p { (config.shop.merchant.name) } }
            }
            (super::sale::stopped(w, ctx))
            (form("stack", "sign-in", &html! {
                (trouble(w, screen.trouble))
                (Field::text("login_id", &id).autocomplete("username").value(&screen.login_id).max_chars(100))
                (Field::password("password", &password, w.tag()).max_chars(128))
                (busy(Button::primary(&go).large().block(), screen.busy))
            }))
        } }
    }
}

pub(super) fn new_password(w: Words, ctx: &Context, screen: &NewPassword) -> Markup {
    let [current, new, again, go, back] =
        ["current", "new", "again", "change", "later"].map(|name| w.t(&format!("password-{name}")));
    let rule = i18n::password_rule(w.0, &ctx.policy().password.for_clerks());
    let lack = screen.lack.as_ref().map(|lack| i18n::password_lack(w.0, lack));
    let field = |name, label| Field::password(name, label, w.tag()).max_chars(400);
    let fresh = field("new", &new).autocomplete("new-password").hint(&rule);
    let must = screen.standing.must_change();
    html! {
        div.sheet-page { div.sheet {
            div.crest { (mark()) h1 tabindex="-1" { (go) } }
            (super::sale::stopped(w, ctx))
            (why_new_password(w, screen.standing))
            (form("stack", "new-password", &html! {
                (trouble(w, screen.trouble))
                input type="hidden" name="username" autocomplete="username" value=(screen.login_id);
                (field("current", &current))
                (match &lack {
                    Some(lack) => fresh.error(lack),
                    None => fresh,
                })
                (field("again", &again).autocomplete("new-password"))
                (busy(Button::primary(&go).large().block(), screen.busy))
            }))
            (form("", "back", &html! {
                @if must {
                    @let leave = w.t("terminal-password-leave");
                    (busy(Button::second(&leave).icon(Icon::Exit).block(), screen.busy))
                } @else {
                    (busy(Button::second(&back).block(), screen.busy))
                }
            }))
        } }
    }
}

/// Why the clerk is asked for a new password.
fn why_new_password(w: Words, standing: PasswordStanding) -> Markup {
    match standing {
        PasswordStanding::Good => html! {},
        PasswordStanding::EndsSoon { last_day } => {
            let day = last_day.strftime("%Y/%m/%d").to_string();
            notice(
                Tone::Info,
                &w.t("password-soon"),
                &html! { p { (w.ta("password-soon-day", &[("day", &day)])) } },
            )
        }
        PasswordStanding::Expired => {
            notice(Tone::Info, &w.t("password-due"), &html! { p { (w.t("password-due-expired")) } })
        }
        PasswordStanding::Initial => {
            notice(Tone::Info, &w.t("password-due"), &html! { p { (w.t("password-due-initial")) } })
        }
    }
}

fn choices<'a>(options: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    options.iter().map(|(value, text)| (*value, text.as_str())).collect()
}

pub(super) fn settings(w: Words, ctx: &Context, page: &SettingsPage) -> Markup {
    let chosen = page.chosen.unwrap_or(ctx.settings);
    let languages: Vec<(&str, &str)> = LANGUAGES.iter().map(|lang| (lang.tag(), lang.own_name())).collect();
    let faces = [("three", w.t("terminal-settings-three")), ("two", w.t("terminal-settings-two"))];
    let keys =
        [("phone", w.t("terminal-settings-phone")), ("calculator", w.t("terminal-settings-calculator"))];
    let themes = Theme::ALL
        .iter()
        .map(|theme| (theme.word(), w.t(&format!("terminal-settings-theme-{}", theme.word()))));
    let themes: Vec<(&str, String)> = themes.collect();
    let face = if ctx.interfaces() == Interfaces::Three { "three" } else { "two" };
    let key = if ctx.keypad() == Keypad::Phone { "phone" } else { "calculator" };
    let save = w.t("terminal-settings-save");
    html! {
        h1 tabindex="-1" { (w.t("terminal-settings-title")) }
        @if page.saved { (notice(Tone::Ok, &w.t("terminal-settings-saved"), &html! {})) }
        div.stack.two-panes {
            (form("stack", "save", &html! {
                (select("lang", &w.t("terminal-settings-lang"), &languages, chosen.lang.tag()))
                @if ctx.policy().interfaces == Interfaces::Three {
                    (select("interfaces", &w.t("terminal-settings-interfaces"), &choices(&faces), face))
                }
                (select("keypad", &w.t("terminal-settings-keypad"), &choices(&keys), key))
                (select("theme", &w.t("terminal-settings-theme"), &choices(&themes), chosen.theme.word()))
                (Button::primary(&save).block())
            }))
            div.stack {
                (panel(&w.t("terminal-settings-sound"), &sounds(w)))
                (panel(&w.t("terminal-settings-test"), &online_test(w, page.echo)))
                (panel(&w.t("terminal-settings-info"), &info(w, ctx)))
                (sign_out(w))
            }
        }
    }
}

fn sounds(w: Words) -> Markup {
    html! {
        div.buttons {
            @for kind in ["ok", "ng", "unknown"] {
                play-sound kind=(kind) { button.btn.btn-s type="button" { (w.t(&format!("terminal-settings-sound-{kind}"))) } }
            }
        }
    }
}

fn online_test(w: Words, echo: Echo) -> Markup {
    let go = w.t("terminal-settings-test-go");
    html! {
        (form("stack-s", "echo", &html! {
            @match echo {
                Echo::Idle => {},
                Echo::Running => p role="status" { (w.t("terminal-settings-test-running")) },
                Echo::Answered { after_ms } => (notice(Tone::Ok, &w.ta("terminal-settings-test-ok", &[("ms", &after_ms.to_string())]), &html! {})),
                Echo::Failed(why) => (trouble(w, Some(why))),
            }
            (busy(Button::second(&go).icon(Icon::Network).small(), echo == Echo::Running))
        }))
    }
}

fn info(w: Words, ctx: &Context) -> Markup {
    let labels = ["terminal", "shop", "reader", "printer", "center", "version"]
        .map(|name| w.t(&format!("terminal-info-{name}")));
    let [terminal, shop, reader, printer, center, version] = &labels;
    let (there, missing) = (w.t("terminal-info-there"), w.t("terminal-info-missing"));
    let config = ctx.config.as_ref();
    key_values(&[
        (terminal, html! { (config.map(|config| config.terminal_id.as_str()).unwrap_or_default()) }),
        (shop, html! { (config.map(|config| config.shop.id.as_str()).unwrap_or_default()) }),
        (
            reader,
            match &ctx.reader {
                Reader::Online { serial } => html! { (tag(Tone::Ok, Icon::Check, &there)) " " (serial) },
                Reader::Offline => tag(Tone::Ng, Icon::Cross, &missing),
            },
        ),
        (
            printer,
            if ctx.printer {
                tag(Tone::Ok, Icon::Check, &there)
            } else {
                tag(Tone::Quiet, Icon::Released, &missing)
            },
        ),
        (center, html! { (ctx.center_url) }),
        (version, html! { (ctx.version) }),
    ])
}

fn sign_out(w: Words) -> Markup {
    let (out, change) = (w.t("terminal-sign-out"), w.t("password-change"));
    html! {
        (form("", "change-password", &html! { (Button::second(&change).icon(Icon::Lock).block()) }))
        (form("", "sign-out", &html! { (Button::second(&out).icon(Icon::Exit).block()) }))
    }
}
