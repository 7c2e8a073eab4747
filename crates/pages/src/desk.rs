//! Blocks of the simulator desk: cards on a shelf, the reader, the paper that comes out, switches.

use crate::icon::{Icon, mark};
use maud::{Markup, PreEscaped, html};

/// The colours of a card: by card scheme, with invented brands (no trade marks).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardLook {
    /// Visa-like: indigo waves.
    Indigo,
    /// Mastercard-like: vermilion and amber.
    Vermilion,
    /// JCB-like: pine green.
    Pine,
    /// Amex-like: steel blue.
    Steel,
    /// Diners-like: silver.
    Silver,
    /// `UnionPay`-like: plum.
    Plum,
}

impl CardLook {
    fn class(self) -> &'static str {
        match self {
            Self::Indigo => "look-indigo",
            Self::Vermilion => "look-vermilion",
            Self::Pine => "look-pine",
            Self::Steel => "look-steel",
            Self::Silver => "look-silver",
            Self::Plum => "look-plum",
        }
    }
}

/// One card of the shelf.
#[derive(Clone, Copy, Debug)]
pub struct CardFace<'a> {
    /// The name that the desk API uses.
    pub name: &'a str,
    /// The invented brand printed on it.
    pub brand: &'a str,
    /// The published test number, grouped.
    pub number: &'a str,
    /// Month/year.
    pub expires: &'a str,
    /// Who holds it.
    pub holder: &'a str,
    /// What it does, told under the card: 承認, 暗証番号 1234…
    pub does: &'a str,
    /// Its colours.
    pub look: CardLook,
    /// It has a chip.
    pub chip: bool,
    /// It can be tapped.
    pub contactless: bool,
    /// It is the chosen one.
    pub chosen: bool,
}

/// A card as a radio button (`card=NAME`) that looks like a card.
pub fn card_face(card: &CardFace<'_>) -> Markup {
    html! {
        label.card-slot {
            input.sr-only type="radio" name="card" value=(card.name) checked[card.chosen] required;
            span.card-face.(card.look.class()) {
                span.card-brand { (card.brand) @if card.contactless { (Icon::Touch) } }
                @if card.chip { span.card-chip aria-hidden="true" { (PreEscaped(CHIP)) } }
                span.card-number { (card.number) }
                span.card-foot { span { (card.holder) } span { (card.expires) } }
            }
            span.card-does { (card.does) }
        }
    }
}

const CHIP: &str = r##"<svg viewBox="0 0 40 30" width="40" height="30" aria-hidden="true"><rect x="1" y="1" width="38" height="28" rx="5" fill="#e8c766" stroke="#9a7b22"/><path d="M1 11h12v8H1M39 11H27v8h12M13 1v28M27 1v28M13 15h14" fill="none" stroke="#9a7b22"/></svg>"##;

/// The shelf with its cards.
pub fn shelf(title: &str, cards: &Markup) -> Markup {
    html! { fieldset.shelf { legend { (title) } div.shelf-cards { (cards) } } }
}

/// A terminal with its reader: `says` is what it waits for, `lit` that it waits for a card, `actions`
/// the buttons (insert, tap, swipe).
pub fn reader(name: &str, says: &Markup, lit: bool, actions: &Markup) -> Markup {
    html! {
        section.reader.is-lit[lit] {
            header.reader-head { (mark()) h2 { (name) } }
            div.reader-screen { (says) }
            div.reader-leds aria-hidden="true" { span {} span {} span {} span {} }
            div.reader-actions { (actions) }
            div.reader-slot aria-hidden="true" {}
        }
    }
}

/// The printer: papers come out of the slit, the newest first.
pub fn printer(title: &str, papers: &Markup) -> Markup {
    html! {
        section.printer {
            h2 { (Icon::Printer) (title) }
            div.printer-slit aria-hidden="true" {}
            div.printer-paper tabindex="0" role="region" aria-label=(title) { (papers) }
        }
    }
}

/// A switch for trouble: a button that posts `fault=NAME`, pressed while the fault is in force.
pub fn trouble_switch(name: &str, text: &str, aside: &str, on: bool) -> Markup {
    html! {
        button.switch type="submit" name="fault" value=(name) aria-pressed=(if on { "true" } else { "false" }) {
            span.switch-knob aria-hidden="true" {}
            span { b { (text) } small { (aside) } }
        }
    }
}

/// One mail in the catcher's list.
pub fn mail_row(href: &str, to: &str, subject: &str, when: &str) -> Markup {
    html! { a.mail-row href=(href) { (Icon::Mail) b { (subject) } span.dim { (to) } time.dim { (when) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_chosen_by_keyboard_and_names_no_trade_mark() {
        let card = CardFace {
            name: "indigo-chip",
            brand: "AIZOME",
            number: "4111 1111 1111 1111",
            expires: "12/30",
            holder: "AOI TANAKA",
            does: "承認",
            look: CardLook::Indigo,
            chip: true,
            contactless: true,
            chosen: true,
        };
        let html = card_face(&card).into_string();
        assert!(html.contains("type=\"radio\" name=\"card\" value=\"indigo-chip\" checked"), "{html}");
    }
}
