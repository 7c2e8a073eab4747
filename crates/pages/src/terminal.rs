//! Blocks of the payment terminal: tiles, the result panel, what to do next, rows of the history.

use crate::icon::Icon;
use crate::text::texts;
use crate::ui::{Status, Tone, chip};
use maud::{Markup, Render, html};
use money::Yen;

/// A big choice: a payment method, a way to take the receipt, a room of the home screen.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Tile<'a> {
    icon: Icon,
    text: &'a str,
    aside: &'a str,
    count: u32,
    target: Target<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Target<'a> {
    Link(&'a str),
    Press(&'a str, &'a str),
}

impl<'a> Tile<'a> {
    /// A tile that leads somewhere.
    pub fn link(icon: Icon, text: &'a str, href: &'a str) -> Self {
        Self { icon, text, aside: "", count: 0, target: Target::Link(href) }
    }

    /// A tile that submits the form around it with `name=value`.
    pub fn press(icon: Icon, text: &'a str, name: &'a str, value: &'a str) -> Self {
        Self { icon, text, aside: "", count: 0, target: Target::Press(name, value) }
    }

    /// A second, small line: brands, a limit, a reason.
    pub fn aside(mut self, text: &'a str) -> Self {
        self.aside = text;
        self
    }

    /// How many things wait behind it; nothing is shown for none.
    pub fn count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }
}

impl Render for Tile<'_> {
    fn render(&self) -> Markup {
        let inner = html! {
            (self.icon)
            span { (self.text) }
            @if !self.aside.is_empty() { small { (self.aside) } }
            @if self.count > 0 { span.count { (self.count) } }
        };
        match self.target {
            Target::Link(href) => html! { a.tile href=(href) { (inner) } },
            Target::Press(name, value) => {
                html! { button.tile type="submit" name=(name) value=(value) { (inner) } }
            }
        }
    }
}

/// Whether money was taken: every error says it (invariant 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyTaken {
    /// Money was taken.
    Yes,
    /// No money was taken.
    No,
    /// Nobody knows yet.
    Unknown,
}

/// The panel at the top of a result: sign, title, amount, whether money was taken.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Outcome<'a> {
    lang: &'a str,
    tone: Tone,
    title: &'a str,
    amount: Option<Yen>,
    money: Option<MoneyTaken>,
    gives_back: bool,
    aside: &'a str,
}

impl<'a> Outcome<'a> {
    /// A result with its heading, which takes the focus and is announced.
    pub fn new(lang: &'a str, tone: Tone, title: &'a str) -> Self {
        Self { lang, tone, title, amount: None, money: None, gives_back: false, aside: "" }
    }

    /// With the amount.
    pub fn amount(mut self, amount: Yen) -> Self {
        self.amount = Some(amount);
        self
    }

    /// With the sentence on the money.
    pub fn money(mut self, money: MoneyTaken) -> Self {
        self.money = Some(money);
        self
    }

    /// The sentence is on money that goes back to the customer.
    pub fn gives_back(mut self, gives_back: bool) -> Self {
        self.gives_back = gives_back;
        self
    }

    /// With a line under the heading: what happened.
    pub fn aside(mut self, text: &'a str) -> Self {
        self.aside = text;
        self
    }
}

impl Render for Outcome<'_> {
    fn render(&self) -> Markup {
        let t = texts(self.lang);
        let icon = if self.tone == Tone::Ng { Icon::Cross } else { self.tone.icon() };
        let [yes, no, unknown] = if self.gives_back {
            [t.back_yes, t.back_no, t.back_unknown]
        } else {
            [t.money_yes, t.money_no, t.money_unknown]
        };
        html! {
            section.result.(self.tone.class()) {
                span.badge { (icon) }
                h1 tabindex="-1" { (self.title) }
                @if let Some(amount) = self.amount { p.yen { small { "¥" } (amount.grouped()) } }
                @if !self.aside.is_empty() { p { (self.aside) } }
                @match self.money {
                    Some(MoneyTaken::Yes) => p.money-taken { (Icon::Check) (yes) },
                    Some(MoneyTaken::No) => p.money-taken { (Icon::Released) (no) },
                    Some(MoneyTaken::Unknown) => p.money-taken { (Icon::Question) (unknown) },
                    None => {}
                }
            }
        }
    }
}

/// What to do next, in order; under it the code to tell the help line.
pub fn next_steps(steps: &[&str], code: &str) -> Markup {
    html! {
        ol.todo-steps { @for step in steps { li { span { (step) } } } }
        @if !code.is_empty() { p.error-code { (code) } }
    }
}

/// One payment in the history.
#[derive(Clone, Copy, Debug)]
pub struct HistoryRow<'a> {
    /// Its detail page.
    pub href: &'a str,
    /// When, as text of Asia/Tokyo.
    pub when: &'a str,
    /// How: the brand and the last four digits.
    pub how: &'a str,
    /// How much.
    pub amount: Yen,
    /// It goes back to the customer.
    pub gives_back: bool,
    /// How it stands.
    pub status: Status,
    /// The status word.
    pub word: &'a str,
}

/// The history, newest first.
pub fn history(rows: &[HistoryRow<'_>]) -> Markup {
    html! {
        ul.history {
            @for row in rows {
                li {
                    a href=(row.href) {
                        span { (row.how) }
                        span.yen { @if row.gives_back { "-" } "¥" (row.amount.grouped()) }
                        span.sub { (row.when) }
                        (chip(row.status, row.word))
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_says_whether_money_was_taken() {
        for (money, sentence) in [
            (MoneyTaken::Yes, "The money was taken"),
            (MoneyTaken::No, "No money was taken"),
            (MoneyTaken::Unknown, "It is not known yet"),
        ] {
            let html = Outcome::new("en", Tone::Ng, "x").money(money).render().into_string();
            assert!(html.contains(sentence), "{html}");
        }
    }
}
