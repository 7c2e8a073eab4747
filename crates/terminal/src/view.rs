//! Screens as pages: `body(context, screen)` is a pure drawing; [`page`] puts the frame around it.
//!
//! A drawing has [`REV_MARK`] where the revision goes, so that two drawings of an unchanged screen are
//! equal and the revision grows only when something to be seen has changed.

mod card;
mod code;
mod counter;
mod past;
mod refund;
mod result;
mod sale;
mod tax;

use crate::attempt::Attempt;
use crate::context::{Context, Theme};
use crate::screen::{Screen, Trouble};
use codes::Code;
use i18n::Lang;
use maud::{Markup, PreEscaped, html};
use pages::frame::{Frame, Link, Surface};
use pages::icon::Icon;
use pages::list::{Place, nav};
use pages::live::Rev;
use pages::ui::{Tone, live_form, notice};
use payment::PaymentClass;

/// Stands in a drawing for the revision that it is sent with.
pub const REV_MARK: &str = "@rev@";

/// Texts of one language.
#[derive(Clone, Copy)]
pub(crate) struct Words(pub(crate) Lang);

impl Words {
    pub(crate) fn t(self, key: &str) -> String {
        i18n::t(self.0, key)
    }

    pub(crate) fn ta(self, key: &str, args: &[(&'static str, &str)]) -> String {
        i18n::ta(self.0, key, args)
    }

    pub(crate) const fn tag(self) -> &'static str {
        self.0.tag()
    }

    /// 一括, 3回払い …
    pub(crate) fn class(self, class: PaymentClass) -> String {
        match class {
            PaymentClass::Lump => self.t("terminal-class-lump"),
            PaymentClass::Installments(count) => {
                self.ta("terminal-class-installments", &[("count", &count.to_string())])
            }
            PaymentClass::Revolving => self.t("terminal-class-revolving"),
            PaymentClass::BonusLump => self.t("terminal-class-bonus"),
        }
    }
}

/// The inside of the screen.
pub fn body(ctx: &Context, screen: &Screen, now_us: i64) -> Markup {
    let w = Words(ctx.lang());
    match screen {
        Screen::Activate(form) => counter::activate(w, form),
        Screen::ConfirmShop(form) => counter::confirm(w, form),
        Screen::SignIn(form) => counter::sign_in(w, ctx, form),
        Screen::NewPassword(form) => counter::new_password(w, ctx, form),
        Screen::Home => sale::home(w, ctx),
        Screen::Amount(entry) => sale::amount(w, ctx, entry, now_us),
        Screen::Method(draft) => sale::method(w, ctx, draft, now_us),
        Screen::Class(draft) => sale::class(w, ctx, draft, now_us),
        Screen::Split(screen) => tax::split(w, screen, now_us),
        Screen::Present(present) => card::present(w, ctx, present, now_us),
        Screen::ClassAgain(again) => card::class_again(w, again),
        Screen::Duplicate(asked) => refund::duplicate(w, asked),
        Screen::Scan(screen) => code::scan(w, ctx, screen, now_us),
        Screen::Brands(list) => code::brands(w, list),
        Screen::GiveBack(form) => refund::give_back(w, ctx, form),
        Screen::Processing(processing) if processing.attempt.waits_for_user => code::customer(w, processing),
        Screen::Processing(processing) => card::processing(w, processing),
        Screen::Sign(form) => card::sign(w, form),
        Screen::Result(finished) => result::result(w, ctx, finished),
        Screen::Mail(form) => past::mail(w, form),
        Screen::Qr(shown) => past::qr(w, shown),
        Screen::History(list) => past::history(w, ctx, list, now_us),
        Screen::Detail(detail) => past::detail(w, ctx, detail, now_us),
        Screen::Lookup(form) => past::lookup(w, form),
        Screen::Settings(page) => counter::settings(w, ctx, page),
        Screen::Recovering(recovering) => result::recovering(w, recovering),
    }
}

/// The screen as a fragment with its revision.
pub fn fragment(ctx: &Context, screen: &str, body: &str, rev: Rev) -> Markup {
    let body = PreEscaped(body.replace(REV_MARK, &rev.to_string()));
    pages::frame::screen_in(screen, rev, &around(ctx), &html! { (body) })
}

/// What the frame is drawn from: a page whose frame is another one is loaded anew.
fn around(ctx: &Context) -> String {
    let shop = ctx.config.as_ref().map(|config| config.shop.id.as_str()).unwrap_or_default();
    let clerk = ctx.clerk.as_ref().map(|clerk| clerk.operator.name.as_str()).unwrap_or_default();
    format!("{} {} {shop} {clerk}", ctx.lang().tag(), ctx.settings.theme.word())
}

/// The whole page.
pub fn page(ctx: &Context, screen: &Screen, fragment: &Markup, now: jiff::Timestamp) -> Markup {
    let w = Words(ctx.lang());
    let shop = ctx.config.as_ref().map(|config| config.shop.merchant.name.clone());
    let title = w.t("terminal-title");
    let help = w.t("terminal-help-who");
    let theme = match ctx.settings.theme {
        Theme::Device => pages::frame::Theme::Device,
        Theme::Light => pages::frame::Theme::Light,
        Theme::Dark => pages::frame::Theme::Dark,
    };
    let link = if ctx.center_up { Link::Up } else { Link::Down };
    let mut frame = Frame::new(Surface::Terminal, w.tag(), &title)
        .theme(theme)
        .home("/go/home")
        .clock(now)
        .link(link)
        .live("/live")
        .language_switch("/");
    if let Some(shop) = &shop {
        frame = frame.shop(shop);
    }
    if let Some(config) = &ctx.config {
        frame = frame.help(&help, &config.support_phone);
    }
    if let Some(clerk) = &ctx.clerk {
        // The style sheet shows the menu only where it leads somewhere, on the screens at rest: while a
        // payment runs the room is needed, and the frame stays while the screen changes.
        frame = frame.user(&clerk.operator.name, "/go/settings").nav(foot(w, screen));
    }
    frame.page(fragment)
}

fn foot(w: Words, screen: &Screen) -> Markup {
    let label = w.t("terminal-nav");
    let texts = ["sale", "history", "home"].map(|place| w.t(&format!("terminal-nav-{place}")));
    let [sale, history, home] = &texts;
    let here = screen.name();
    nav(
        &label,
        here,
        &[
            Place { screen: "amount", href: "/go/sale", icon: Icon::Keypad, text: sale },
            Place { screen: "history", href: "/go/history", icon: Icon::History, text: history },
            Place { screen: "home", href: "/go/home", icon: Icon::Home, text: home },
        ],
    )
}

/// A form of this screen: `press` is what the Enter key means, buttons may say otherwise by a field
/// called `press`.
pub(crate) fn form(class: &str, press: &str, body: &Markup) -> Markup {
    live_form(class, &format!("/events/{press}"), REV_MARK, body)
}

/// What went wrong, as a banner.
pub(crate) fn trouble(w: Words, trouble: Option<Trouble>) -> Markup {
    let Some(trouble) = trouble else { return html! {} };
    match trouble.key() {
        Ok(key) => {
            let (title, next) = (w.t(key), w.t(&format!("{key}-next")));
            notice(Tone::Ng, &title, &html! { p { (next) } })
        }
        Err(code) => {
            let text = i18n::code_text(w.0, code);
            notice(
                Tone::Ng,
                &text.title,
                &html! { p { (text.what) " " (text.next) } p.error-code { (code_line(w, code)) } },
            )
        }
    }
}

/// `コード 101`.
pub(crate) fn code_line(w: Words, code: Code) -> String {
    // The ids of the networks' families are their own; a refusal of the center's API is named in full.
    let own = ["payment", "code"].contains(&code.row().family);
    let id = if own { code.row().id.to_owned() } else { code.key() };
    w.ta("terminal-code", &[("code", &id)])
}

/// A text of several sentences as one sentence a line.
pub(crate) fn sentences(text: &str) -> Vec<String> {
    let marked = text.replace("。", "。\n").replace(". ", ".\n");
    marked.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// `Visa ****1012`, `PayPay 2810****1234`, or a dash while nothing was read.
pub(crate) fn card_line(attempt: &Attempt) -> String {
    if let Some(card) = &attempt.card {
        return format!("{} {}", card.brand.name(), card.pan.last4_only());
    }
    attempt.code_paid.as_ref().map_or_else(
        || "–".to_owned(),
        |code| code.brand.map_or_else(String::new, |brand| format!("{} ", brand.name())) + &code.masked,
    )
}

/// What the amount of a payment or a refund is.
pub(crate) fn due_label(w: Words, attempt: &Attempt) -> String {
    match refund::kind_of(attempt) {
        Some(kind) => w.t(&refund::kind_key(kind, "amount")),
        None => w.t("terminal-due"),
    }
}
