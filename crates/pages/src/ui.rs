//! Buttons, forms, fields, notices, status chips, amounts: what every surface is made of.

use crate::icon::Icon;
use crate::text::texts;
use maud::{Markup, Render, html};
use money::Yen;

/// What a block means, in colour; an icon and a word always say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Done. Green.
    Ok,
    /// Refused, failed. Red.
    Ng,
    /// In doubt, needs a person. Amber.
    Ask,
    /// To know. Indigo.
    Info,
    /// Over, nothing to do. Grey.
    Quiet,
}

impl Tone {
    /// The CSS class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Ok => "tone-ok",
            Self::Ng => "tone-ng",
            Self::Ask => "tone-ask",
            Self::Info => "tone-info",
            Self::Quiet => "tone-quiet",
        }
    }

    /// The icon that stands for the tone.
    pub fn icon(self) -> Icon {
        match self {
            Self::Ok => Icon::Check,
            Self::Ng => Icon::Cross,
            Self::Ask => Icon::Question,
            Self::Info => Icon::Info,
            Self::Quiet => Icon::Released,
        }
    }
}

/// A button, or a link that looks like one. A long label wraps at a phrase.
#[derive(Clone, Debug)]
#[must_use]
pub struct Button<'a> {
    text: &'a str,
    class: String,
    icon: Option<Icon>,
    name: Option<(&'a str, &'a str)>,
    href: Option<&'a str>,
    kind: &'a str,
    flag: Option<&'a str>,
    echo: bool,
    disabled: bool,
}

impl<'a> Button<'a> {
    fn new(text: &'a str, class: &str) -> Self {
        let class = class.to_owned();
        Self {
            text,
            class,
            icon: None,
            name: None,
            href: None,
            kind: "submit",
            flag: None,
            echo: false,
            disabled: false,
        }
    }

    /// The one clear action of a screen.
    pub fn primary(text: &'a str) -> Self {
        Self::new(text, "btn btn-primary")
    }

    /// Any other action.
    pub fn second(text: &'a str) -> Self {
        Self::new(text, "btn")
    }

    /// An action that takes something away.
    pub fn danger(text: &'a str) -> Self {
        Self::new(text, "btn btn-danger")
    }

    /// An action that looks like a link.
    pub fn plain(text: &'a str) -> Self {
        Self::new(text, "btn btn-plain")
    }

    /// With a pictogram before the word.
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Posts `name=value` with the form.
    pub fn name(mut self, name: &'a str, value: &'a str) -> Self {
        self.name = Some((name, value));
        self
    }

    /// A link, not a button.
    pub fn link(mut self, href: &'a str) -> Self {
        self.href = Some(href);
        self
    }

    /// Does nothing by itself; `flag` (`data-open`, `data-close`, `data-clear`) tells the element around
    /// it what it means.
    pub fn inert(mut self, flag: &'a str) -> Self {
        self.kind = "button";
        self.flag = Some(flag);
        self
    }

    /// Submits, and carries a flag (`data-unsigned` on "sign on paper").
    pub fn flag(mut self, flag: &'a str) -> Self {
        self.flag = Some(flag);
        self
    }

    /// Carries the amount of the amount field: お会計 ¥1,360.
    pub fn amount_echo(mut self) -> Self {
        self.echo = true;
        self
    }

    /// 60 px high.
    pub fn large(mut self) -> Self {
        self.class.push_str(" btn-l");
        self
    }

    /// 44 px high.
    pub fn small(mut self) -> Self {
        self.class.push_str(" btn-s");
        self
    }

    /// As wide as its place.
    pub fn block(mut self) -> Self {
        self.class.push_str(" btn-block");
        self
    }

    /// Cannot be pressed now. Say why beside it.
    pub fn disabled(mut self) -> Self {
        self.disabled = true;
        self
    }
}

impl Render for Button<'_> {
    fn render(&self) -> Markup {
        let inner = html! {
            @if let Some(icon) = self.icon { (icon) }
            span { (self.text) @if self.echo { " " span data-amount-echo {} } }
        };
        if let Some(href) = self.href {
            return html! { a class=(self.class) href=(href) { (inner) } };
        }
        html! {
            button class=(self.class) type=(self.kind) disabled[self.disabled]
                name=[self.name.map(|(name, _)| name)] value=[self.name.map(|(_, value)| value)]
                data-open[self.flag == Some("data-open")]
                data-close[self.flag == Some("data-close")]
                data-clear[self.flag == Some("data-clear")]
                data-unsigned[self.flag == Some("data-unsigned")] { (inner) }
        }
    }
}

/// A form on a live screen: carries the rev it was drawn from, answers into `#screen`, works without
/// script. What was typed is judged by the program, which takes full width and says what is wrong in our
/// words; the browser's own bubbles would refuse it first. `class` is the layout (`till`, `wait`, `sign`, `screen-fill`, or empty).
pub fn live_form(class: &str, action: &str, rev: impl std::fmt::Display, body: &Markup) -> Markup {
    html! {
        form class=(class) method="post" action=(action) hx-post=(action) hx-target="#screen" hx-swap="outerMorph" novalidate {
            input type="hidden" name="rev" value=(rev);
            (body)
        }
    }
}

/// A form that loads a new page: login, console actions.
pub fn form(class: &str, action: &str, body: &Markup) -> Markup {
    html! { form class=(class) method="post" action=(action) novalidate { (body) } }
}

/// One field with its label above and hint and error below.
#[derive(Clone, Debug)]
#[must_use]
pub struct Field<'a> {
    name: &'a str,
    label: &'a str,
    kind: &'a str,
    value: &'a str,
    hint: Option<&'a str>,
    error: Option<&'a str>,
    autocomplete: &'a str,
    inputmode: Option<&'a str>,
    placeholder: Option<&'a str>,
    max_chars: u16,
    required: bool,
    autofocus: bool,
    lines: Option<u8>,
    reveal: Option<&'a str>,
}

impl<'a> Field<'a> {
    /// A line of text. The name is also the element's id.
    pub fn text(name: &'a str, label: &'a str) -> Self {
        Self {
            name,
            label,
            kind: "text",
            value: "",
            hint: None,
            error: None,
            autocomplete: "off",
            inputmode: None,
            placeholder: None,
            max_chars: 200,
            required: false,
            autofocus: false,
            lines: None,
            reveal: None,
        }
    }

    /// A password with a button that shows it; paste and password managers are welcome (WCAG 3.3.8).
    pub fn password(name: &'a str, label: &'a str, lang: &'a str) -> Self {
        let field = Self { kind: "password", reveal: Some(lang), ..Self::text(name, label) };
        field.autocomplete("current-password")
    }

    /// Another input type: `search`, `date`, `email`, `tel`.
    pub fn kind(mut self, kind: &'a str) -> Self {
        self.kind = kind;
        self
    }

    /// What stands in it.
    pub fn value(mut self, value: &'a str) -> Self {
        self.value = value;
        self
    }

    /// A line below: limits, format.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// What is wrong with it.
    pub fn error(mut self, error: &'a str) -> Self {
        self.error = Some(error);
        self
    }

    /// The HTML autocomplete token: `username`, `one-time-code`.
    pub fn autocomplete(mut self, token: &'a str) -> Self {
        self.autocomplete = token;
        self
    }

    /// Which on-screen keyboard: `numeric`, `email`.
    pub fn inputmode(mut self, mode: &'a str) -> Self {
        self.inputmode = Some(mode);
        self
    }

    /// An example in the empty field.
    pub fn placeholder(mut self, text: &'a str) -> Self {
        self.placeholder = Some(text);
        self
    }

    /// The longest text in characters; 200 unless told.
    pub fn max_chars(mut self, chars: u16) -> Self {
        self.max_chars = chars;
        self
    }

    /// Must be filled in.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Takes the focus when the page or the fragment comes.
    pub fn autofocus(mut self) -> Self {
        self.autofocus = true;
        self
    }

    /// Several lines of text, this many of them in sight.
    pub fn lines(mut self, lines: u8) -> Self {
        self.lines = Some(lines);
        self
    }

    fn input(&self) -> Markup {
        let (hint_id, error_id) = (format!("{}-hint", self.name), format!("{}-error", self.name));
        let described = match (self.hint, self.error) {
            (Some(_), Some(_)) => Some(format!("{error_id} {hint_id}")),
            (Some(_), None) => Some(hint_id),
            (None, Some(_)) => Some(error_id),
            (None, None) => None,
        };
        if let Some(lines) = self.lines {
            return html! {
                textarea.input id=(self.name) name=(self.name) rows=(lines) maxlength=(self.max_chars)
                    autocomplete=(self.autocomplete) spellcheck="false" required[self.required]
                    autofocus[self.autofocus] data-keep
                    aria-invalid=[self.error.map(|_| "true")] aria-describedby=[described] { (self.value) }
            };
        }
        html! {
            input.input id=(self.name) name=(self.name) type=(self.kind) value=(self.value)
                autocomplete=(self.autocomplete) inputmode=[self.inputmode] placeholder=[self.placeholder]
                maxlength=(self.max_chars) required[self.required] autofocus[self.autofocus]
                autocapitalize="none" spellcheck="false" data-keep[self.kind != "password"]
                aria-invalid=[self.error.map(|_| "true")] aria-describedby=[described];
        }
    }
}

impl Render for Field<'_> {
    fn render(&self) -> Markup {
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                @match self.reveal {
                    Some(lang) => {
                        reveal-password {
                            (self.input())
                            button.btn type="button" aria-pressed="false" aria-label=(texts(lang).show_password) {
                                (Icon::Eye)
                            }
                        }
                    }
                    None => (self.input()),
                }
                @if let Some(error) = self.error {
                    p.error id=(format!("{}-error", self.name)) { (Icon::Warning) span { (error) } }
                }
                @if let Some(hint) = self.hint { p.hint id=(format!("{}-hint", self.name)) { (hint) } }
            }
        }
    }
}

/// A drop-down: `options` are `(value, text)`, `chosen` the value that stands.
pub fn select(name: &str, label: &str, options: &[(&str, &str)], chosen: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            select.select id=(name) name=(name) {
                @for (value, text) in options {
                    option value=(value) selected[*value == chosen] { (text) }
                }
            }
        }
    }
}

/// One row of a choice (a radio button as wide as the screen): payment class, card, reason.
pub fn choice(name: &str, value: &str, text: &str, aside: &str, checked: bool) -> Markup {
    html! {
        label.choice {
            input type="radio" name=(name) value=(value) checked[checked] required;
            span { (text) }
            small { (aside) }
        }
    }
}

/// A banner: what happened, then what to do.
pub fn notice(tone: Tone, title: &str, body: &Markup) -> Markup {
    let icon = if tone == Tone::Ng { Icon::Warning } else { tone.icon() };
    html! {
        div.notice.(tone.class()) {
            (icon)
            strong { (title) }
            div { (body) }
        }
    }
}

/// How a payment stands, as staff see it: the same six in terminal and console (M-070, spec screens 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 売上.
    Sale,
    /// 売上取消.
    Voided,
    /// 取引失敗.
    Failed,
    /// 与信.
    Authorized,
    /// キャンセル(与信).
    Released,
    /// 処理未了, 要確認.
    InDoubt,
}

impl Status {
    /// Every status, in the order of a filter.
    pub const ALL: [Self; 6] =
        [Self::Sale, Self::Voided, Self::Failed, Self::Authorized, Self::Released, Self::InDoubt];

    /// The colour.
    pub fn tone(self) -> Tone {
        match self {
            Self::Sale => Tone::Ok,
            Self::Voided | Self::Released => Tone::Quiet,
            Self::Failed => Tone::Ng,
            Self::Authorized => Tone::Info,
            Self::InDoubt => Tone::Ask,
        }
    }

    /// The sign: ✓ ↩ × ◔ ⊘ ?
    pub fn icon(self) -> Icon {
        match self {
            Self::Sale => Icon::Check,
            Self::Voided => Icon::Undo,
            Self::Failed => Icon::Cross,
            Self::Authorized => Icon::Reserved,
            Self::Released => Icon::Released,
            Self::InDoubt => Icon::Question,
        }
    }
}

/// A status chip: icon, word, colour. The word comes from the catalogue.
pub fn chip(status: Status, word: &str) -> Markup {
    html! { span.chip.(status.tone().class()) { (status.icon()) (word) } }
}

/// A chip for anything that is not a payment's status.
pub fn tag(tone: Tone, icon: Icon, word: &str) -> Markup {
    html! { span.chip.(tone.class()) { (icon) (word) } }
}

/// `¥1,360`.
pub fn yen(amount: Yen) -> Markup {
    html! { span.nowrap { "¥" (amount.grouped()) } }
}

/// `-¥1,360`, for what is given back.
pub fn minus_yen(amount: Yen) -> Markup {
    html! { span.nowrap.minus { "-¥" (amount.grouped()) } }
}

/// The amount of a screen, always in sight.
pub fn amount(label: &str, amount: Yen) -> Markup {
    html! {
        p.amount {
            span.label { (label) }
            span.yen { small { "¥" } (amount.grouped()) }
        }
    }
}

/// The amount in a smaller block, where something else is the main thing (signature, choices).
pub fn amount_small(label: &str, amount: Yen) -> Markup {
    html! {
        p.amount.amount-s {
            span.label { (label) }
            span.yen { small { "¥" } (amount.grouped()) }
        }
    }
}

/// A question before something that cannot be undone: `open` shows it, `question` holds a heading, a
/// sentence and a form; `close` is the word of the button that does nothing.
pub fn confirm(open: &Button<'_>, question: &Markup, close: &str) -> Markup {
    html! {
        confirm-dialog {
            (open.clone().inert("data-open"))
            dialog {
                (question)
                (Button::second(close).inert("data-close").block())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_error_is_tied_to_its_field_and_escaped() {
        let html = Field::text("note", "メモ")
            .value("\"><b>")
            .hint("20文字")
            .error("長すぎます")
            .render()
            .into_string();
        assert!(html.contains("aria-describedby=\"note-error note-hint\""), "{html}");
        assert!(
            html.contains("aria-invalid=\"true\"") && html.contains("value=\"&quot;&gt;&lt;b&gt;\""),
            "{html}"
        );
    }

    #[test]
    fn a_password_is_never_carried_over_by_the_page() {
        let html = Field::password("password", "パスワード", "ja").render().into_string();
        assert!(!html.contains("data-keep"), "{html}");
        assert!(html.contains("autocomplete=\"current-password\""), "{html}");
    }

    #[test]
    fn a_live_form_carries_the_rev_and_works_without_script() {
        let html = live_form("till", "/amount", "7.3", &html! {}).into_string();
        assert!(html.contains("name=\"rev\" value=\"7.3\""), "{html}");
        assert!(html.contains("method=\"post\" action=\"/amount\" hx-post=\"/amount\""), "{html}");
    }

    #[test]
    fn each_status_has_its_own_sign() {
        let mut signs: Vec<String> = Status::ALL.iter().map(|s| s.icon().render().into_string()).collect();
        signs.sort();
        signs.dedup();
        assert_eq!(signs.len(), Status::ALL.len());
    }
}
