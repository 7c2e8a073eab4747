//! The page around every surface: head, bar with shop, clock, lamp, language and person, bands for
//! training and trouble, the main part, the help line.

use crate::assets;
use crate::icon::{Icon, mark};
use crate::text::texts;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

/// Which program's pages these are; decides the script and the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// The payment terminal's touch screen.
    Terminal,
    /// The center's console.
    Console,
    /// The desk of the simulated outside world.
    Desk,
    /// The public receipt page.
    Receipt,
}

impl Surface {
    fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Console => "console",
            Self::Desk => "desk",
            Self::Receipt => "receipt",
        }
    }
}

/// Light, dark, or as the device is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the device is set.
    #[default]
    Device,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

/// What the lamp in the bar says about the line to the center.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// The program reaches whom it needs.
    Up,
    /// The program runs but cannot reach the center.
    Down,
}

impl Link {
    /// `up` or `down`, as the heartbeat carries it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// One page. Build it, then call [`Frame::page`].
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    surface: Surface,
    lang: &'a str,
    title: &'a str,
    theme: Theme,
    shop: &'a str,
    home: &'a str,
    user: Option<(&'a str, &'a str)>,
    now: Option<Timestamp>,
    link: Option<Link>,
    live: Option<&'a str>,
    language_switch: Option<&'a str>,
    help: Option<(&'a str, &'a str)>,
    training: bool,
    nav: Option<Markup>,
}

impl<'a> Frame<'a> {
    /// A page of a surface in a language (`ja`, `en`) with the title of its window.
    pub fn new(surface: Surface, lang: &'a str, title: &'a str) -> Self {
        Self {
            surface,
            lang,
            title,
            theme: Theme::Device,
            shop: "Choba",
            home: "/",
            user: None,
            now: None,
            link: None,
            live: None,
            language_switch: None,
            help: None,
            training: false,
            nav: None,
        }
    }

    /// Light or dark whatever the device says.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// The name in the bar: the shop, or the program.
    pub fn shop(mut self, name: &'a str) -> Self {
        self.shop = name;
        self
    }

    /// Where the name in the bar leads.
    pub fn home(mut self, path: &'a str) -> Self {
        self.home = path;
        self
    }

    /// Who is signed in, and the page about them (log out).
    pub fn user(mut self, name: &'a str, path: &'a str) -> Self {
        self.user = Some((name, path));
        self
    }

    /// Shows the clock, starting at the program's time.
    pub fn clock(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// Shows the lamp.
    pub fn link(mut self, link: Link) -> Self {
        self.link = Some(link);
        self
    }

    /// Keeps `#screen` up to date from this SSE path (see [`crate::live`]).
    pub fn live(mut self, path: &'a str) -> Self {
        self.live = Some(path);
        self
    }

    /// Shows the switch to the other language; `path` is this page, to come back to.
    pub fn language_switch(mut self, path: &'a str) -> Self {
        self.language_switch = Some(path);
        self
    }

    /// The help line at the foot: who to ask, and their phone number.
    pub fn help(mut self, who: &'a str, phone: &'a str) -> Self {
        self.help = Some((who, phone));
        self
    }

    /// Marks the whole page as training.
    pub fn training(mut self) -> Self {
        self.training = true;
        self
    }

    /// Navigation under the main part (terminal) or beside it (console, [`crate::list::menu`]).
    pub fn nav(mut self, nav: Markup) -> Self {
        self.nav = Some(nav);
        self
    }

    /// The whole document around `body`, which holds the `#screen` (see [`screen`]).
    pub fn page(self, body: &Markup) -> Markup {
        let t = texts(self.lang);
        let theme = match self.theme {
            Theme::Device => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        };
        html! {
            (DOCTYPE)
            html lang=(self.lang) data-theme=[theme] data-training[self.training] {
                (self.head())
                body class=(self.surface.name()) {
                    a.btn.skip href="#screen" { (t.skip) }
                    div.frame {
                        header {
                            (self.bar())
                            @if self.training { p.band-training { (t.training) } }
                        }
                        div #trouble .band-trouble role="alert" hidden
                            data-failed=(t.press_failed) data-lost=(t.press_lost) {}
                        (self.middle(body))
                        (self.foot())
                    }
                    div #announce .sr-only role="status" aria-live="polite" {}
                    @if let Some(path) = self.live {
                        div #live hidden hx-sse:connect=(path) hx-target="#screen" hx-swap="outerMorph" {}
                    }
                }
            }
        }
    }

    fn head(&self) -> Markup {
        let live = self.live.is_some();
        html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                meta name="format-detection" content="telephone=no";
                meta name="htmx-config" content=(HTMX_CONFIG);
                title { (self.title) }
                link rel="icon" type="image/svg+xml" href=(assets::url("mark.svg"));
                link rel="stylesheet" href=(assets::url("app.css"));
                script defer src=(assets::url(&format!("{}.js", self.surface.name()))) {}
                @if live { noscript { meta http-equiv="refresh" content="3"; } }
            }
        }
    }

    fn bar(&self) -> Markup {
        let t = texts(self.lang);
        html! {
            div.bar {
                @if self.has_menu() {
                    button.btn.btn-s.menu-open type="button" popovertarget="menu" { (Icon::Menu) (t.menu) }
                }
                a.brand href=(self.home) { (mark()) span { (self.shop) } }
                @if let Some(now) = self.now {
                    live-clock {
                        time datetime=(now.to_string()) { (clock::tokyo_text(now).get(11..16).unwrap_or_default()) }
                    }
                }
                @if let Some(link) = self.link {
                    net-status role="status" data-state=(link.name())
                        data-word-up=(t.up) data-word-down=(t.down) data-word-lost=(t.lost) {
                        span data-text { (match link { Link::Up => t.up, Link::Down => t.down }) }
                    }
                }
                @if let Some(path) = self.language_switch {
                    @let other = if self.lang.starts_with("en") { "ja" } else { "en" };
                    a.lang href=(format!("/lang/{other}?back={path}")) lang=(other) { (t.other_language) }
                }
                @if let Some((name, path)) = self.user {
                    a.bar-link href=(path) { span.who { (Icon::Person) span { (name) } } }
                }
            }
        }
    }

    /// The console's menu stands beside the page; a narrow screen opens it from the bar.
    fn has_menu(&self) -> bool {
        self.surface == Surface::Console && self.nav.is_some()
    }

    fn middle(&self, body: &Markup) -> Markup {
        let t = texts(self.lang);
        if let (Some(nav), true) = (&self.nav, self.has_menu()) {
            html! {
                div.shell {
                    div #menu .menu popover {
                        button.btn.btn-plain.menu-close type="button" popovertarget="menu" popovertargetaction="hide" {
                            (Icon::Cross) (t.menu_close)
                        }
                        (nav)
                    }
                    (body)
                }
            }
        } else {
            html! { (body) }
        }
    }

    fn foot(&self) -> Markup {
        let t = texts(self.lang);
        html! {
            footer {
                @if let (Some(nav), Surface::Terminal) = (&self.nav, self.surface) { (nav) }
                @if let Some((who, phone)) = self.help {
                    p.foot {
                        span { (t.help) }
                        span { (who) }
                        a href=(format!("tel:{}", phone.replace('-', ""))) { (phone) }
                    }
                }
            }
        }
    }
}

/// htmx without what a strict policy forbids, and with a quick way back after a cut.
const HTMX_CONFIG: &str = concat!(
    r#"{"includeIndicatorCSS":false,"defaultSwap":"outerMorph","extensions":"sse","defaultTimeout":50000,"#,
    r#""sse":{"reconnectDelay":300,"reconnectMaxDelay":2000}}"#
);

/// The part that live fragments replace: `name` is the screen's name (a change of it moves the focus
/// to the `h1` and announces it), `rev` the revision it was drawn from.
pub fn screen(name: &str, rev: impl std::fmt::Display, body: &Markup) -> Markup {
    html! {
        main #screen data-rev=(rev) data-screen=(name) {
            div.screen.(format!("screen-{name}")) id=(format!("s-{name}")) { (body) }
        }
    }
}

/// The same, with what the frame around it was drawn from: language, theme, who is signed in. A fragment
/// with another `around` than the page's makes the browser load the page anew, frame and all.
pub fn screen_in(name: &str, rev: impl std::fmt::Display, around: &str, body: &Markup) -> Markup {
    html! {
        main #screen data-rev=(rev) data-screen=(name) data-around=(around) {
            div.screen.(format!("screen-{name}")) id=(format!("s-{name}")) { (body) }
        }
    }
}

/// A main part that no stream replaces: console pages, the receipt page.
pub fn still(class: &str, body: &Markup) -> Markup {
    html! { main #screen class=(class) { (body) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_escaped_everywhere_in_the_frame() {
        let evil = "<script>alert(1)</script>\"'";
        let page = Frame::new(Surface::Terminal, "ja", evil)
            .shop(evil)
            .user(evil, "/me")
            .help(evil, evil)
            .language_switch(evil)
            .page(&screen("home", "1.1", &html! { h1 { (evil) } }))
            .into_string();
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(!page.contains("=\"<"), "{page}");
    }

    #[test]
    fn a_page_has_no_inline_script_or_style_and_loads_one_script() {
        let page =
            Frame::new(Surface::Console, "en", "Payments").page(&still("work", &html! {})).into_string();
        assert_eq!(page.matches("<script").count(), 1, "{page}");
        assert!(page.contains("<script defer src=\"/assets/console.js?v="), "{page}");
        assert!(
            !page.contains(" style=") && !page.contains("<style") && !page.contains(" onclick"),
            "{page}"
        );
    }

    #[test]
    fn a_live_page_without_script_asks_again_by_itself() {
        let page = Frame::new(Surface::Terminal, "ja", "x").live("/live").page(&html! {}).into_string();
        assert!(page.contains("<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>"), "{page}");
        assert!(page.contains("hx-sse:connect=\"/live\""), "{page}");
    }

    #[test]
    fn training_is_visible_on_the_page() {
        let page = Frame::new(Surface::Terminal, "en", "x").training().page(&html! {}).into_string();
        assert!(page.contains("data-training") && page.contains("no money moves"), "{page}");
    }
}
