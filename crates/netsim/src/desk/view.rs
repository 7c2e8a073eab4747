//! The desk as a picture: pure, from what is there to markup.

use super::bench::Shown;
use crate::cards::{Profile, Way};
use crate::code::book::Charge;
use crate::code::rules::Rules;
use crate::code::shown::Shown as PhoneCode;
use crate::faults::{Fault, Network, Order};
use crate::host::book::{Entry, State};
use crate::host::step::PIN_TRIES;
use crate::log::{Logged, Way as LogWay};
use crate::printer::Sheet;
use emv::Scheme;
use emv::bench::{Hint, Interfaces};
use escpos::{PaperRow, Raster};
use i18n::{Lang, t, ta};
use jiff::Timestamp;
use maud::{Markup, html};
use pages::desk::{self, CardFace, CardLook};
use pages::icon::Icon;
use pages::live::Rev;
use pages::pads::CodePad;
use pages::paper::{PaperLine, PaperWidth};
use pages::ui::{self, Button, Status, Tone};

/// Charges on the page.
pub(super) const CHARGES_SHOWN: u32 = 30;
/// Log lines on the page.
pub(super) const LINES_SHOWN: usize = 40;
/// Papers that hang out of a printer.
const PAPERS_SHOWN: usize = 4;
/// The answer codes that the desk offers for a refusal.
const REFUSALS: [&str; 9] = ["05", "51", "54", "57", "61", "41", "91", "96", "Q9"];

/// Everything that is drawn.
#[derive(Clone, Debug)]
pub(super) struct View<'a> {
    pub(super) lang: Lang,
    pub(super) rules: &'a Rules,
    /// The wallet on the phone that is looked at, and its code.
    pub(super) wallet: String,
    pub(super) phone: Option<PhoneCode>,
    pub(super) code_charges: Vec<Charge>,
    pub(super) rev: Rev,
    pub(super) now: Timestamp,
    pub(super) cards: &'a [Profile],
    pub(super) picked: String,
    pub(super) readers: Vec<Shown>,
    /// The terminal that is looked at.
    pub(super) terminal: String,
    pub(super) papers: Option<Vec<Sheet>>,
    pub(super) orders: Vec<Order>,
    pub(super) charges: Vec<Entry>,
    pub(super) wrong_pins: Vec<(String, u8)>,
    pub(super) lines: Vec<Logged>,
    pub(super) mails: usize,
    pub(super) clock_moves: bool,
}

/// The month on the face of a card: `12/30`.
pub(super) fn month(card: &Profile) -> String {
    let (year, month) = card.expiry_yymm.split_at_checked(2).unwrap_or_default();
    format!("{month}/{year}")
}

impl View<'_> {
    pub(super) fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    /// The `#screen` of the desk.
    pub(super) fn screen(&self) -> Markup {
        let body = html! {
            div.row.spread {
                h1 { (self.t("desk-title")) " " span.sim { "SIM" } }
                a.btn.btn-s href="/mail" {
                    (Icon::Mail) (ta(self.lang, "desk-mails", &[("count", &self.mails.to_string())]))
                }
            }
            p.dim { (self.t("desk-lead")) }
            div.bench {
                (self.shelf())
                div.stack { (self.tabs()) (self.reader()) (self.clock()) }
                (self.phone())
                (self.printer())
                (self.trouble())
                (self.book())
                (self.code_book())
                (self.log())
            }
        };
        pages::frame::screen("desk", self.rev, &body)
    }

    pub(super) fn here(&self, path: &str) -> String {
        format!("{path}?t={}", self.terminal)
    }

    /// The cards. Choosing one tells the desk at once, so that every page and redraw knows.
    fn shelf(&self) -> Markup {
        let cards = html! { @for card in self.cards { (self.card(card)) } };
        html! {
            form.shelf-form #present method="post" action=(self.here("/present"))
                hx-post=(self.here("/present")) hx-target="#screen" hx-swap="outerMorph" {
                div hx-post="/pick" hx-trigger="change" hx-include="this" hx-swap="none" {
                    (desk::shelf(&self.t("desk-shelf"), &cards))
                }
            }
        }
    }

    fn card(&self, card: &Profile) -> Markup {
        let (look, brand) = face(card.scheme);
        let wrong = self.wrong_pins.iter().find(|(name, _)| *name == card.name).map_or(0, |(_, n)| *n);
        let does = match self.lang {
            Lang::Ja => &card.does_ja,
            Lang::En => &card.does_en,
        };
        let name = match self.lang {
            Lang::Ja => &card.ja,
            Lang::En => &card.en,
        };
        let does = if wrong >= PIN_TRIES {
            format!("{name} – {}", self.t("desk-card-blocked"))
        } else {
            format!("{name} – {does}")
        };
        desk::card_face(&CardFace {
            name: &card.name,
            brand,
            number: &grouped(card.pan.unmask()),
            expires: &month(card),
            holder: "AOI TANAKA",
            does: &does,
            look,
            chip: card.can(Way::Insert),
            contactless: card.can(Way::Tap),
            chosen: card.name == self.picked,
        })
    }

    fn tabs(&self) -> Markup {
        html! {
            @if self.readers.len() > 1 {
                nav.tabs aria-label=(self.t("desk-terminals")) {
                    @for reader in &self.readers {
                        a href=(format!("/?t={}", reader.id))
                            aria-current=[(reader.id == self.terminal).then_some("page")] { (reader.name) }
                    }
                }
            }
        }
    }

    fn shown(&self) -> Option<&Shown> {
        self.readers.iter().find(|reader| reader.id == self.terminal)
    }

    fn reader(&self) -> Markup {
        let Some(reader) = self.shown() else {
            return ui::notice(
                Tone::Info,
                &self.t("desk-no-terminal"),
                &html! {
                    p { (self.t("desk-no-terminal-next")) }
                },
            );
        };
        let lit = reader.waits_for_card || reader.pad.is_some();
        let actions = if reader.pad.is_some() {
            html! {}
        } else {
            self.gestures(reader)
        };
        html! {
            (desk::reader(&reader.name, &self.display(reader), lit, &actions))
            @if reader.pad.is_some() { (self.pin_pad(reader)) }
        }
    }

    /// The little display of the reader, in the terminal's language.
    fn display(&self, reader: &Shown) -> Markup {
        let lang =
            reader.armed.as_ref().and_then(|armed| Lang::from_tag(&armed.language)).unwrap_or(self.lang);
        let amount = reader.pad.map(|pad| pad.amount).or(reader.armed.as_ref().map(|armed| armed.amount));
        let hint = reader.hint.map(hint_key);
        html! {
            @if !reader.connected {
                p { (self.t("desk-reader-off")) }
                p { small { (self.t("desk-reader-off-next")) } }
            } @else {
                @if let Some(amount) = amount { p.yen { (ui::yen(amount)) } }
                p lang=(lang.tag()) role="status" { (t(lang, hint.unwrap_or("desk-hint-idle"))) }
                @if let (Some(armed), Some(Hint::Present)) = (&reader.armed, reader.hint) {
                    p lang=(lang.tag()) { small { (t(lang, ways_key(armed.interfaces))) } }
                }
                @if let Some(held) = &reader.card {
                    p { small { (ta(self.lang, "desk-card-inside", &[("card", &self.card_name(&held.card))])) } }
                }
            }
        }
    }

    fn card_name(&self, name: &str) -> String {
        let card = self.cards.iter().find(|card| card.name == name);
        card.map_or_else(String::new, |card| match self.lang {
            Lang::Ja => card.ja.clone(),
            Lang::En => card.en.clone(),
        })
    }

    /// Insert, tap and swipe belong to the form of the shelf, whose chosen card they present.
    fn gestures(&self, reader: &Shown) -> Markup {
        if reader.card.is_some() {
            return ui::form(
                "",
                &self.here("/remove"),
                &html! {
                    (Button::second(&self.t("desk-take-card")).icon(Icon::Undo))
                },
            );
        }
        let gesture = |how: &str, icon: Icon, key: &str| {
            html! {
                button.btn type="submit" form="present" name="how" value=(how)
                    disabled[!reader.waits_for_card] { (icon) (self.t(key)) }
            }
        };
        html! {
            (gesture("insert", Icon::Insert, "desk-insert"))
            (gesture("tap", Icon::Touch, "desk-tap"))
            (gesture("swipe", Icon::Swipe, "desk-swipe"))
        }
    }

    fn pin_pad(&self, reader: &Shown) -> Markup {
        let attempt = reader.pad.map_or(1, |pad| pad.attempt);
        let label = if attempt > 1 { "desk-pin-again" } else { "desk-pin" };
        let own = reader.card.as_ref().and_then(|held| self.cards.iter().find(|card| card.name == held.card));
        let pin = own.and_then(|card| card.pin.as_ref());
        html! {
            section.reader aria-label=(self.t("desk-pad")) {
                (ui::live_form("stack", &self.here("/pin"), self.rev, &html! {
                    (CodePad {
                        lang: self.lang.tag(),
                        name: "pin",
                        label: &self.t(label),
                        digits: 12,
                        secret: true,
                        sends_when_full: false,
                    })
                    @if let Some(pin) = pin {
                        p { small { (ta(self.lang, "desk-pin-is", &[("pin", pin.unmask())])) } }
                    }
                    div.buttons-even {
                        button.btn.btn-cancel type="submit" name="key" value="cancelled" formnovalidate {
                            (Icon::Cross) (self.t("desk-pin-cancel"))
                        }
                        button.btn.btn-enter type="submit" name="key" value="entered" {
                            (Icon::Check) (self.t("desk-pin-enter"))
                        }
                    }
                }))
            }
        }
    }

    fn clock(&self) -> Markup {
        html! {
            @if self.clock_moves {
                section.panel {
                    h2 { (Icon::Clock) (self.t("desk-clock")) }
                    p.mono { (clock::tokyo_text(self.now)) }
                    (ui::live_form("clock-buttons", &self.here("/clock"), self.rev, &html! {
                        (Button::second(&self.t("desk-clock-20s")).small().name("by_s", "20"))
                        (Button::second(&self.t("desk-clock-30m")).small().name("by_s", "1800"))
                        (Button::second(&self.t("desk-clock-1d")).small().name("by_s", "86400"))
                    }))
                }
            }
        }
    }

    fn printer(&self) -> Markup {
        let papers = html! {
            @match self.papers.as_deref() {
                None | Some([]) => div.empty {
                    (Icon::Receipt)
                    p { (self.t(if self.papers.is_some() { "desk-no-paper" } else { "desk-no-printer" })) }
                },
                Some(papers) => @for sheet in papers.iter().take(PAPERS_SHOWN) { (self.sheet(sheet)) },
            }
        };
        desk::printer(&self.t("desk-printer"), &papers)
    }

    fn sheet(&self, sheet: &Sheet) -> Markup {
        let cells = sheet.paper.rows.iter().map(|row| match row {
            PaperRow::Text { text, large, .. } => receipt::cells(text) * if *large { 2 } else { 1 },
            PaperRow::Raster(_) | PaperRow::Qr(_) => 0,
        });
        let width = match cells.max().unwrap_or(0) {
            0..=32 => PaperWidth::Cells32,
            33..=42 => PaperWidth::Cells42,
            _ => PaperWidth::Cells48,
        };
        let lines: Vec<PaperLine<'_>> = sheet
            .paper
            .rows
            .iter()
            .map(|row| match row {
                PaperRow::Text { text, large: true, .. } => PaperLine::Big(text),
                PaperRow::Text { text, bold: true, .. } => PaperLine::Bold(text),
                PaperRow::Text { text, .. } => PaperLine::Text(text),
                PaperRow::Qr(code) => PaperLine::Qr(code),
                PaperRow::Raster(raster) => PaperLine::Picture(picture(&self.t("desk-picture"), raster)),
            })
            .collect();
        html! { div id=(format!("paper-{}", sheet.number)) { (pages::paper::paper(self.lang.tag(), width, &lines)) } }
    }

    fn trouble(&self) -> Markup {
        let in_force = |fault: Fault| {
            self.orders.iter().find(|order| order.fault == fault && order.network == Network::Card)
        };
        let options: Vec<(&str, String)> =
            REFUSALS.iter().map(|code| (*code, format!("{code} {}", self.t(&refusal_key(code))))).collect();
        let options: Vec<(&str, &str)> = options.iter().map(|(code, text)| (*code, text.as_str())).collect();
        let chosen = in_force(Fault::Decline).and_then(|order| order.code.as_deref()).unwrap_or("05");
        html! {
            section.panel.trouble {
                h2 { (Icon::Warning) (self.t("desk-trouble")) }
                p.dim { (self.t("desk-trouble-lead")) }
                (ui::live_form("stack", &self.here("/trouble"), self.rev, &html! {
                    div.row {
                        (ui::select("times", &self.t("desk-times"), &[
                            ("1", &self.t("desk-times-once")),
                            ("", &self.t("desk-times-always")),
                        ], "1"))
                        (ui::select("code", &self.t("desk-refusal"), &options, chosen))
                    }
                    div.switches {
                        @for fault in Fault::ALL {
                            (desk::trouble_switch(
                                fault.word(),
                                &self.t(&format!("desk-fault-{}", fault.word().replace('_', "-"))),
                                &self.t(&format!("desk-fault-{}-aside", fault.word().replace('_', "-"))),
                                in_force(fault).is_some(),
                            ))
                        }
                    }
                }))
                details {
                    summary { (self.t("desk-magic")) }
                    p { (self.t("desk-magic-lead")) }
                    (self.magic())
                }
            }
        }
    }

    fn magic(&self) -> Markup {
        html! {
            div.table-scroll tabindex="0" role="region" aria-label=(self.t("desk-magic")) {
                table.table {
                    thead { tr { th scope="col" { (self.t("desk-magic-ending")) } th scope="col" { (self.t("desk-magic-what")) } } }
                    tbody {
                        @for row in crate::magic::TABLE {
                            tr { th.mono scope="row" { "…" (row.ending) } td { (self.t(&format!("desk-magic-{}", row.ending))) } }
                        }
                    }
                }
            }
        }
    }

    fn book(&self) -> Markup {
        html! {
            section.panel.full {
                h2 { (Icon::Sum) (self.t("desk-book")) }
                p.dim { (self.t("desk-book-lead")) }
                @if self.charges.is_empty() {
                    div.empty { (Icon::Card) p { (self.t("desk-book-empty")) } }
                } @else {
                    div.table-scroll tabindex="0" role="region" aria-label=(self.t("desk-book")) {
                        table.table {
                            thead { tr {
                                @for key in ["time", "amount", "state", "card", "answer", "rrn"] {
                                    th.num[key == "amount"] scope="col" { (self.t(&format!("desk-book-{key}"))) }
                                }
                            } }
                            tbody { @for entry in &self.charges { (self.charge(entry)) } }
                        }
                    }
                }
            }
        }
    }

    fn charge(&self, entry: &Entry) -> Markup {
        let undone =
            matches!(entry.state, State::Reversed | State::Declined | State::Tombstone | State::Voided);
        let status = match entry.state {
            State::Charged => Status::Sale,
            State::Held => Status::Authorized,
            State::Reversed => Status::Voided,
            State::Declined => Status::Failed,
            State::Tombstone => Status::Released,
            State::Voided => Status::Voided,
            State::Refunded => Status::Voided,
        };
        let class = if entry.class.is_empty() { "-" } else { entry.class.as_str() };
        html! {
            tr.is-faded[undone] {
                td { (when(entry.first_at)) span.sub { (entry.key.shop) " / " (entry.terminal) } }
                td.num { (ui::yen(entry.amount)) span.sub { (class) } }
                td { (ui::chip(status, &self.t(&format!("desk-state-{}", entry.state.word())))) }
                td.mono { (if entry.card.is_empty() { "–" } else { &entry.card }) }
                td { (entry.answer_code) span.sub lang="en" { (entry.note) } }
                td.mono { (entry.key.rrn) span.sub { (entry.approval) } }
            }
        }
    }

    fn log(&self) -> Markup {
        html! {
            section.panel.full {
                h2 { (Icon::Network) (self.t("desk-log")) }
                p.dim { (self.t("desk-log-lead")) }
                @if self.lines.is_empty() {
                    div.empty { (Icon::Network) p { (self.t("desk-log-empty")) } }
                } @else {
                    ol.stack-s { @for line in &self.lines { (self.line(line)) } }
                }
            }
        }
    }

    fn line(&self, line: &Logged) -> Markup {
        let (icon, way) = match line.way {
            LogWay::In => (Icon::Answer, "desk-log-in"),
            LogWay::Out => (Icon::Send, "desk-log-out"),
            LogWay::Note => (Icon::Info, "desk-log-note"),
        };
        let at = clock::tokyo_text(line.at);
        let head = html! {
            (icon) span.sr-only { (self.t(way)) } time.mono.dim { (at.get(11..).unwrap_or_default()) }
            span lang="en" { (line.title) }
        };
        html! {
            li id=(format!("line-{}", line.number)) {
                @if line.fields.is_empty() { p.log-line { (head) } } @else {
                    details {
                        summary.log-line { (head) }
                        div.table-scroll tabindex="0" role="region" aria-label=(line.title) lang="en" {
                            pre { @for field in &line.fields { (field) "\n" } }
                        }
                    }
                }
            }
        }
    }
}

/// Day and time, in one line where there is room for it.
pub(super) fn when(at: Timestamp) -> Markup {
    let text = clock::tokyo_text(at);
    let (day, time) = text.split_once(' ').unwrap_or((&text, ""));
    html! { span.nowrap { (day) } " " span.nowrap { (time) } }
}

/// Colours and the invented brand of a scheme; real ones are trade marks.
const fn face(scheme: Option<Scheme>) -> (CardLook, &'static str) {
    match scheme {
        Some(Scheme::Visa) => (CardLook::Indigo, "AIZOME"),
        Some(Scheme::Mastercard) => (CardLook::Vermilion, "SHUIRO"),
        Some(Scheme::Jcb) => (CardLook::Pine, "MATSUBA"),
        Some(Scheme::Amex) => (CardLook::Steel, "TETSUKON"),
        Some(Scheme::Diners) => (CardLook::Silver, "SHIROGANE"),
        Some(Scheme::UnionPay) => (CardLook::Plum, "BUDOU"),
        None => (CardLook::Silver, "MUMEI"),
    }
}

fn grouped(number: &str) -> String {
    let sizes: &[usize] = if number.len() < 16 { &[4, 6, 5] } else { &[4, 4, 4, 7] };
    let mut rest = number;
    let mut groups = Vec::new();
    for size in sizes {
        let (group, after) = rest.split_at_checked(*size).unwrap_or((rest, ""));
        groups.push(group);
        rest = after;
    }
    groups.retain(|group| !group.is_empty());
    groups.join(" ")
}

const fn ways_key(interfaces: Interfaces) -> &'static str {
    match interfaces {
        Interfaces::Two => "desk-ways-two",
        Interfaces::Three => "desk-ways-three",
    }
}

const fn hint_key(hint: Hint) -> &'static str {
    match hint {
        Hint::Present => "desk-hint-present",
        Hint::Reading => "desk-hint-reading",
        Hint::EnterPin => "desk-hint-enter-pin",
        Hint::PinNeeded => "desk-hint-pin-needed",
        Hint::WrongPin => "desk-hint-wrong-pin",
        Hint::Asking => "desk-hint-asking",
        Hint::SwipeInstead => "desk-hint-swipe-instead",
        Hint::TapNotOffered => "desk-hint-tap-not-offered",
        Hint::SwipeAgain => "desk-hint-swipe-again",
        Hint::RemoveCard => "desk-hint-remove-card",
        Hint::Approved => "desk-hint-approved",
        Hint::Refused => "desk-hint-refused",
    }
}

fn refusal_key(code: &str) -> String {
    format!("desk-refusal-{}", code.to_ascii_lowercase())
}

/// A printed picture, one path of a rectangle for each run of black dots.
fn picture(label: &str, raster: &Raster) -> Markup {
    let width = raster.row_bytes * 8;
    let mut path = String::new();
    for y in 0..raster.height {
        let mut x = 0;
        while x < width {
            let start = x;
            while x < width && raster.is_black(x, y) {
                x += 1;
            }
            if x > start {
                path.push_str(&format!("M{start} {y}h{}v1h-{}z", x - start, x - start));
            }
            x += 1;
        }
    }
    html! {
        svg viewBox=(format!("0 0 {width} {}", raster.height)) role="img" aria-label=(label)
            shape-rendering="crispEdges" { path d=(path) fill="currentColor" {} }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_as_on_a_card() {
        assert_eq!(grouped("4111111111111111"), "4111 1111 1111 1111");
        assert_eq!(grouped("378282246310005"), "3782 822463 10005");
        assert_eq!(grouped("30569309025904"), "3056 930902 5904");
        assert_eq!(grouped("6205500000000000004"), "6205 5000 0000 0000004");
    }

    #[test]
    fn the_document_has_every_card() {
        let mut table = String::from(
            "| card | number | until | PIN | ways in | what it does |\n|---|---|---|---|---|---|\n",
        );
        for card in crate::cards::shelf().unwrap() {
            let pin = card.pin.as_ref().map_or("–", |pin| pin.unmask());
            let ways: Vec<&str> = card.ways.iter().map(|way| super::super::api::way_word(*way)).collect();
            let (name, number, until) = (&card.name, grouped(card.pan.unmask()), month(&card));
            table += &format!(
                "| `{name}` | {number} | {until} | {pin} | {} | {} |\n",
                ways.join(", "),
                card.does_en
            );
        }
        crate::testing::check_section("cards", &table);
    }

    #[test]
    fn a_picture_is_drawn_dot_by_dot() {
        let raster = Raster { row_bytes: 1, height: 2, bits: vec![0b1100_0001, 0] };
        let svg = picture("x", &raster).into_string();
        assert!(svg.contains("d=\"M0 0h2v1h-2zM7 0h1v1h-1z\""), "{svg}");
    }
}
