//! Pictures that move: how to present a card, where to enter a PIN, that work is going on. Under
//! reduced motion they stand still and show the same.

use crate::icon::Icon;
use crate::text::texts;
use jiff::Timestamp;
use maud::{Markup, PreEscaped, Render, html};

/// A way to present a card, or another thing that a person does at the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// Insert the chip.
    Insert,
    /// Hold the card or phone to the reader.
    Touch,
    /// Draw the card through the slit.
    Swipe,
    /// Enter the PIN on the reader's own pad.
    PinPad,
    /// Take the card out.
    Remove,
    /// Paper comes out of the printer.
    Print,
    /// The customer shows a code on the phone.
    ShowCode,
    /// The customer confirms on the phone.
    ConfirmPhone,
    /// The terminal is at work: an abacus.
    Work,
}

impl Picture {
    fn drawing(self) -> (&'static str, &'static str) {
        match self {
            Self::Insert => ("pic pic-insert", INSERT),
            Self::Touch => ("pic pic-tap", TOUCH),
            Self::Swipe => ("pic pic-swipe", SWIPE),
            Self::PinPad => ("pic pic-pin", PIN_PAD),
            Self::Remove => ("pic pic-remove", INSERT),
            Self::Print => ("pic pic-print", PRINT),
            Self::ShowCode => ("pic pic-code", SHOW_CODE),
            Self::ConfirmPhone => ("pic pic-confirm", CONFIRM_PHONE),
            Self::Work => ("pic abacus", WORK),
        }
    }
}

impl Render for Picture {
    fn render(&self) -> Markup {
        let (class, drawing) = self.drawing();
        html! {
            svg class=(class) viewBox="0 0 120 120" width="120" height="120" fill="none" aria-hidden="true"
                focusable="false" { (PreEscaped(drawing)) }
        }
    }
}

/// Two or three ways side by side, each a picture and its word (M-032).
pub fn ways(ways: &[(Picture, &str)]) -> Markup {
    html! {
        ul.wait-stage { @for (picture, word) in ways { li.way { (picture) span { (word) } } } }
    }
}

/// How long the reader still waits. `left_s` is what stands there without script.
pub fn count_down(lang: &str, until: Timestamp, total_s: u32, left_s: u32) -> Markup {
    let t = texts(lang);
    html! {
        count-down until=(until.to_string()) total=(total_s) {
            svg viewBox="0 0 36 36" aria-hidden="true" focusable="false" {
                circle cx="18" cy="18" r="15.5" {}
                circle cx="18" cy="18" r="15.5" pathLength="100" stroke-dasharray="100" data-ring {}
            }
            span { (t.seconds_left) " " b data-left { (left_s) } }
        }
    }
}

/// How long something has been going on. Without script only what `text` says stands there: the instant it
/// began; the drawing itself never changes with time, so that no press on it goes stale.
pub fn elapsed(lang: &str, since: Timestamp, text: &str) -> Markup {
    let t = texts(lang);
    html! {
        elapsed-time since=(since.to_string()) data-s=(t.elapsed_s) data-min=(t.elapsed_min) data-h=(t.elapsed_h) {
            span { (text) } " " b data-elapsed {}
        }
    }
}

/// The signal when this screen comes. `key` is the event it belongs to: the same key sounds once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Rising two-tone: paid.
    Ok,
    /// Low double buzz: refused.
    Ng,
    /// Triple: nobody knows yet.
    Unknown,
    /// A short click: read.
    Click,
}

impl Sound {
    /// The element that plays it.
    pub fn once(self, key: impl std::fmt::Display) -> Markup {
        let kind = match self {
            Self::Ok => "ok",
            Self::Ng => "ng",
            Self::Unknown => "unknown",
            Self::Click => "click",
        };
        html! { play-sound kind=(kind) key=(key) {} }
    }
}

/// Keeps the screen lit while it is in the page.
pub fn wake_lock() -> Markup {
    html! { wake-lock {} }
}

/// A button that prints the page.
pub fn print_button(text: &str) -> Markup {
    html! { print-button { button.btn type="button" { (Icon::Printer) span { (text) } } } }
}

/// A button that copies a text.
pub fn copy_button(text: &str, word: &str, done: &str) -> Markup {
    html! { copy-text text=(text) done=(done) { button.btn.btn-s type="button" { (Icon::Copy) span { (word) } } } }
}

// Each file is the inside of a 120 by 120 drawing.
const INSERT: &str = include_str!("pictures/insert.svg");
const TOUCH: &str = include_str!("pictures/touch.svg");
const SWIPE: &str = include_str!("pictures/swipe.svg");
const PIN_PAD: &str = include_str!("pictures/pin_pad.svg");
const PRINT: &str = include_str!("pictures/print.svg");
const SHOW_CODE: &str = include_str!("pictures/show_code.svg");
const CONFIRM_PHONE: &str = include_str!("pictures/confirm_phone.svg");
const WORK: &str = include_str!("pictures/work.svg");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_shows_only_the_ways_that_are_open() {
        let html = ways(&[(Picture::Insert, "差し込む"), (Picture::Touch, "かざす")]).into_string();
        assert_eq!(html.matches("class=\"way\"").count(), 2, "{html}");
    }

    #[test]
    fn a_sound_knows_the_event_it_belongs_to() {
        assert_eq!(
            Sound::Unknown.once("a1").into_string(),
            "<play-sound kind=\"unknown\" key=\"a1\"></play-sound>"
        );
    }
}
