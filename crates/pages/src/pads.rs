//! Pads for hands: the amount keys, the code keys, the signature sheet.

use crate::icon::Icon;
use crate::text::texts;
use crate::ui::Button;
use crate::wait::Picture;
use maud::{Markup, html};
use money::Yen;

/// Which way round the digits stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keypad {
    /// 1-2-3 on top: terminals, phones, every PIN and ID.
    #[default]
    Phone,
    /// 7-8-9 on top: the till's habit.
    Calculator,
}

impl Keypad {
    fn digits(self) -> [&'static str; 9] {
        match self {
            Self::Phone => ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
            Self::Calculator => ["7", "8", "9", "4", "5", "6", "1", "2", "3"],
        }
    }
}

/// The amount field with its keys. Stands in a [`crate::ui::live_form`] of class `till`; the field is
/// called `amount` and arrives as typed (`28,000`), see [`crate::typed::yen`].
#[derive(Clone, Copy, Debug)]
pub struct AmountPad<'a> {
    /// The page's language.
    pub lang: &'a str,
    /// What the amount is: お支払い金額(税込).
    pub label: &'a str,
    /// What stands in it.
    pub value: Yen,
    /// The order of the keys.
    pub keypad: Keypad,
    /// The most digits that may be typed.
    pub digits: u8,
    /// What is wrong with it.
    pub error: Option<&'a str>,
}

impl maud::Render for AmountPad<'_> {
    fn render(&self) -> Markup {
        let t = texts(self.lang);
        let value = if self.value.is_zero() { String::new() } else { self.value.grouped() };
        html! {
            amount-pad digits=(self.digits) {
                div.amount-line {
                    label for="amount" { (self.label) }
                    div.entry {
                        span aria-hidden="true" { "¥" }
                        input #amount name="amount" type="text" inputmode="numeric" autocomplete="off" placeholder="0"
                            value=(value) data-amount-field data-keep maxlength="20" enterkeyhint="done"
                            aria-invalid=[self.error.map(|_| "true")] aria-describedby=[self.error.map(|_| "amount-error")];
                    }
                    button.key-clear type="button" data-key="clear" aria-label=(t.clear) { "C" }
                }
                @if let Some(error) = self.error {
                    div.field { p.error #amount-error { (Icon::Warning) span { (error) } } }
                }
                div.keys role="group" aria-label=(t.keys) {
                    @for digit in self.keypad.digits() { (key(digit)) }
                    (key("0"))
                    (key("00"))
                    button.key type="button" data-key="back" aria-label=(t.back) { (Icon::Backspace) }
                }
            }
        }
    }
}

fn key(text: &str) -> Markup {
    html! { button.key type="button" data-key=(text) { (text) } }
}

/// Keys for a code of digits. The field is called `name`.
#[derive(Clone, Copy, Debug)]
pub struct CodePad<'a> {
    /// The page's language.
    pub lang: &'a str,
    /// The field's name and id.
    pub name: &'a str,
    /// What the code is.
    pub label: &'a str,
    /// How many digits it has.
    pub digits: u8,
    /// Shows dots only (the desk's PIN pad, which stands for the hardware).
    pub secret: bool,
    /// Sends the form when the last digit is in.
    pub sends_when_full: bool,
}

impl maud::Render for CodePad<'_> {
    fn render(&self) -> Markup {
        let t = texts(self.lang);
        let kind = if self.secret { "password" } else { "text" };
        html! {
            code-pad digits=(self.digits) full[self.sends_when_full] {
                div.field {
                    label for=(self.name) { (self.label) }
                    input.input id=(self.name) name=(self.name) type=(kind) inputmode="numeric" autocomplete="off"
                        maxlength=(self.digits) data-code-field;
                }
                @if self.secret {
                    div.dots aria-hidden="true" { @for _ in 0..self.digits { span.pin-dot data-dot {} } }
                }
                div.keys role="group" aria-label=(t.keys) {
                    @for digit in Keypad::Phone.digits() { (key(digit)) }
                    button.key.key-clear-all type="button" data-key="clear" aria-label=(t.clear) { "C" }
                    (key("0"))
                    button.key type="button" data-key="back" aria-label=(t.back) { (Icon::Backspace) }
                }
            }
        }
    }
}

/// The sheet to sign on. Stands in a form; the field `strokes` arrives as
/// `{"width":w,"height":h,"strokes":[[[x,y],…],…]}`. Give a way to go on without a drawing beside it
/// (a [`Button`] with `.flag("data-unsigned")`): nobody is forced to draw (WCAG 2.5.7).
pub fn sign_pad(lang: &str, clear: &str) -> Markup {
    let t = texts(lang);
    html! {
        sign-pad data-empty=(t.sign_empty) {
            div.sign-sheet {
                canvas role="img" aria-label=(t.sign_here) {}
                span.sign-line aria-hidden="true" {}
            }
            p.error data-error role="alert" {}
            input type="hidden" name="strokes" data-strokes;
            (Button::second(clear).inert("data-clear"))
        }
    }
}

/// Where the customer's code comes in: the camera's picture, a scanner that types, and the field that takes
/// a typed number. Stands in a [`crate::ui::live_form`]; the field is called `code`, beside it `entry` says
/// `typed` or `scanner`. The camera may be turned (M-045). Frames of the camera are posted to `frames`, grey, at most 640 wide.
pub fn scan_pad(lang: &str, frames: &str, label: &str, hint: &str, go: &str) -> Markup {
    let t = texts(lang);
    html! {
        qr-scan frames=(frames) {
            div.scan-view {
                (Picture::ShowCode)
                video muted playsinline aria-label=(t.camera_view) {}
                span.scan-frame aria-hidden="true" {}
            }
            p.error data-error data-text=(t.camera_failed) role="alert" {}
            div.row.scan-keys {
                button.btn type="button" data-start { (Icon::Qr) span { (t.camera_on) } }
                button.btn type="button" data-stop { (Icon::Cross) span { (t.camera_off) } }
                button.btn type="button" data-turn { (Icon::Undo) span { (t.camera_turn) } }
            }
        }
        scan-wedge {
            div.field {
                label for="code" { (label) }
                div.row.typed-code {
                    input.input #code name="code" type="text" inputmode="numeric" autocomplete="off" maxlength="512"
                        spellcheck="false" autocapitalize="off" data-keep aria-describedby="code-hint" enterkeyhint="go";
                    (Button::second(go))
                }
                p.hint #code-hint { (hint) }
            }
            input type="hidden" name="entry" value="typed" data-entry;
        }
    }
}

/// The digits that the customer has entered on the reader's own pad: dots, never digits.
pub fn pin_mirror(lang: &str, entered: u8, most: u8) -> Markup {
    let t = texts(lang);
    html! {
        div.pin-mirror role="img" aria-label=(format!("{}: {entered}", t.digits_in)) {
            @for n in 0..most { span.pin-dot.is-on[n < entered] {} }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use maud::Render as _;

    fn order(keypad: Keypad) -> String {
        let pad = AmountPad { lang: "ja", label: "金額", value: Yen::ZERO, keypad, digits: 7, error: None };
        let html = pad.render().into_string();
        html.split("data-key=\"")
            .skip(2)
            .filter_map(|part| part.split('"').next())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn the_telephone_order_is_the_rule_and_the_calculator_order_a_setting() {
        assert_eq!(order(Keypad::default()), "1 2 3 4 5 6 7 8 9 0 00 back");
        assert_eq!(order(Keypad::Calculator), "7 8 9 4 5 6 1 2 3 0 00 back");
    }

    #[test]
    fn the_terminal_mirrors_a_pin_as_dots_only() {
        let html = pin_mirror("ja", 3, 4).into_string();
        assert_eq!(html.matches("is-on").count(), 3);
        assert!(html.contains("入力された桁数: 3"), "{html}");
    }
}
