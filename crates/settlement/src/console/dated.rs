//! What the pages of issuer and paying account share: their frame, the entries by date, and which of them hold.

use super::words::{date, entered, person, refusal};
use crate::rows::dated::{Entry, FactState};
use center_base::Refusal;
use i18n::{Lang, t, ta};
use jiff::civil::Date;
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, panel, table};
use pages::ui::{Tone, tag};

/// What stands where on such a page.
pub(super) struct Parts<'a> {
    /// What waits for a second person.
    pub(super) waits: Option<Markup>,
    /// What holds today.
    pub(super) now: &'a Markup,
    /// Every entry.
    pub(super) history: &'a Markup,
    /// The form.
    pub(super) form: &'a Markup,
}

/// The page; `of` is `issuer` or `remitter`, with which its texts begin.
pub(super) fn body(lang: Lang, today: Date, of: &str, wrong: Option<&Refusal>, parts: &Parts<'_>) -> Markup {
    let text = |end: &str| t(lang, &format!("settlement-{of}{end}"));
    let day = acquiring::console::day(lang, today);
    let now = ta(lang, &format!("settlement-{of}-now"), &[("day", &day)]);
    html! {
        div.page-head {
            div.stack-s { h1 tabindex="-1" { (text("")) } p.sub { (text("-about")) } }
        }
        @if let Some(wrong) = wrong { (refusal(lang, wrong)) }
        @if let Some(waits) = &parts.waits { (waits) }
        div.detail.one {
            div.stack {
                (panel(&now, parts.now))
                (parts.history)
            }
            div.stack { (panel(&text("-enter"), parts.form)) }
        }
    }
}

/// Under its heading every entry, the latest day first: from when, what it says, who entered it, and whether it holds.
pub(super) fn history<T>(
    lang: Lang,
    entries: &[Entry<T>],
    today: Date,
    says: impl Fn(&T) -> Markup,
) -> Markup {
    let keys = ["settlement-from-day", "settlement-terms-what", "settlement-terms-history"];
    let [from, what, caption] = keys.map(|key| t(lang, key));
    if entries.is_empty() {
        return html! { h2 { (caption) } p.sub { (t(lang, "settlement-terms-history-none")) } };
    }
    let columns = [Column::text(&from), Column::text(&what)];
    // The first that holds by today is the one that is used; what stands behind it does not hold any more.
    let used = |entry: &&Entry<T>| entry.state == FactState::Used && entry.valid_from <= today;
    let in_force = entries.iter().find(used).map(|entry| entry.no);
    let rows: Vec<(&str, Vec<Markup>)> = entries
        .iter()
        .enumerate()
        .map(|(at, entry)| {
            let before = entries.iter().take(at);
            let is_replaced = before
                .filter(|other| other.state == FactState::Used)
                .any(|other| other.valid_from == entry.valid_from);
            let standing = match entry.state {
                FactState::Waits => (Tone::Ask, Icon::Clock, "settlement-entry-waits"),
                FactState::Withdrawn => (Tone::Quiet, Icon::Undo, "settlement-entry-withdrawn"),
                FactState::Used if Some(entry.no) == in_force => {
                    (Tone::Ok, Icon::Check, "settlement-terms-in-force")
                }
                FactState::Used if is_replaced => (Tone::Quiet, Icon::Undo, "settlement-entry-replaced"),
                FactState::Used if entry.valid_from > today => {
                    (Tone::Info, Icon::Clock, "settlement-terms-planned")
                }
                FactState::Used => (Tone::Quiet, Icon::Undo, "settlement-terms-past"),
            };
            let class = if standing.0 == Tone::Quiet { "is-faded" } else { "" };
            (class, cells(lang, entry, standing, &says(&entry.body)))
        })
        .collect();
    html! { div.stack-s { h2 { (caption) } (table(&caption, &columns, &rows)) } }
}

fn cells<T>(
    lang: Lang,
    entry: &Entry<T>,
    (tone, icon, key): (Tone, Icon, &str),
    says: &Markup,
) -> Vec<Markup> {
    let decided = match entry.state {
        _ if entry.decided_by.is_empty() => None,
        FactState::Withdrawn => Some("settlement-entry-withdrawn-by"),
        FactState::Used | FactState::Waits => Some("settlement-entry-confirmed-by"),
    };
    let decider = person(lang, &entry.decided_by);
    vec![
        html! { (date(lang, entry.valid_from)) br; (tag(tone, icon, &t(lang, key))) },
        html! {
            (says)
            span.sub { (entered(lang, &entry.entered_by, entry.entered_us)) }
            @if let Some(key) = decided { span.sub { (ta(lang, key, &[("who", &decider)])) } }
        },
    ]
}
