//! Tables, totals, key-value lists, timelines, tabs, empty states.

use crate::icon::Icon;
use crate::ui::Tone;
use maud::{Markup, html};

/// A column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    title: &'a str,
    class: &'static str,
}

impl<'a> Column<'a> {
    /// Text, at the left.
    pub fn text(title: &'a str) -> Self {
        Self { title, class: "" }
    }

    /// Money and counts, at the right.
    pub fn number(title: &'a str) -> Self {
        Self { title, class: "num" }
    }

    /// Text that a narrow screen leaves out.
    pub fn wide_only(title: &'a str) -> Self {
        Self { title, class: "hide-narrow" }
    }

    /// A narrow screen leaves it out.
    pub fn only_wide(self) -> Self {
        let class = if self.class == "num" { "num hide-narrow" } else { "hide-narrow" };
        Self { class, ..self }
    }

    /// Text that a phone shows inside of another cell, in a `span.only-phone`.
    pub fn not_on_phones(title: &'a str) -> Self {
        Self { title, class: "hide-phone" }
    }
}

/// A table in a scroll region that the keyboard can reach. Each row is `(class, cells)`: the class is
/// empty, or `is-faded` for what no longer counts. A row has as many cells as there are columns.
pub fn table(caption: &str, columns: &[Column<'_>], rows: &[(&str, Vec<Markup>)]) -> Markup {
    table_summed(caption, columns, rows, &[])
}

/// The same with a last row that sums the others up; an empty one is left out.
pub fn table_summed(
    caption: &str,
    columns: &[Column<'_>],
    rows: &[(&str, Vec<Markup>)],
    foot: &[Markup],
) -> Markup {
    html! {
        div.table-scroll role="region" aria-label=(caption) tabindex="0" {
            table.table {
                caption.sr-only { (caption) }
                thead { tr { @for column in columns { th scope="col" class=(column.class) { (column.title) } } } }
                tbody {
                    @for (class, cells) in rows {
                        tr class=(class) {
                            @for (column, cell) in columns.iter().zip(cells) { td class=(column.class) { (cell) } }
                        }
                    }
                }
                @if !foot.is_empty() {
                    tfoot { tr { @for (column, cell) in columns.iter().zip(foot) { td class=(column.class) { (cell) } } } }
                }
            }
        }
    }
}

/// One figure of a totals row.
#[derive(Clone, Debug)]
pub struct Total<'a> {
    label: &'a str,
    figure: Markup,
    aside: &'a str,
    class: &'static str,
}

impl<'a> Total<'a> {
    /// A figure, and a small line under it (a count).
    pub fn new(label: &'a str, figure: Markup, aside: &'a str) -> Self {
        Self { label, figure, aside, class: "" }
    }

    /// The figure that matters most.
    pub fn main(mut self) -> Self {
        self.class = "is-main";
        self
    }

    /// A figure that needs a person.
    pub fn ask(mut self) -> Self {
        self.class = "tone-ask";
        self
    }
}

/// The totals above a table.
pub fn totals(figures: &[Total<'_>]) -> Markup {
    html! {
        dl.totals {
            @for total in figures {
                div class=(total.class) {
                    dt { (total.label) }
                    dd { (total.figure) div.sub { (total.aside) } }
                }
            }
        }
    }
}

/// Names and values, one a line.
pub fn key_values(rows: &[(impl AsRef<str>, Markup)]) -> Markup {
    html! {
        dl.kv { @for (key, value) in rows { div { dt { (key.as_ref()) } dd { (value) } } } }
    }
}

/// One event of a timeline.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    /// What it means, in colour.
    pub tone: Tone,
    /// Its sign.
    pub icon: Icon,
    /// What happened.
    pub what: &'a str,
    /// When, as text of Asia/Tokyo.
    pub when: &'a str,
    /// Who, codes, amounts; may hold a `<details>` with a message.
    pub more: Markup,
}

/// What happened, oldest first.
pub fn timeline(moments: &[Moment<'_>]) -> Markup {
    html! {
        ol.timeline {
            @for moment in moments {
                li.(moment.tone.class()) {
                    span.dot { (moment.icon) }
                    div {
                        p.what { span { (moment.what) } time { (moment.when) } }
                        div.more { (moment.more) }
                    }
                }
            }
        }
    }
}

/// One entry of tabs or of a navigation.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Where it leads.
    pub href: &'a str,
    /// Its pictogram (tabs leave it out).
    pub icon: Icon,
    /// Its word.
    pub text: &'a str,
    /// It is the page we are on.
    pub here: bool,
    /// What waits there: a number, and the same in words (tabs leave it out).
    pub count: Option<(&'a str, &'a str)>,
}

fn current(here: bool) -> Option<&'static str> {
    here.then_some("page")
}

/// Tabs that are links.
pub fn tabs(label: &str, entries: &[Entry<'_>]) -> Markup {
    html! {
        nav.tabs aria-label=(label) {
            @for entry in entries { a href=(entry.href) aria-current=[current(entry.here)] { (entry.text) } }
        }
    }
}

/// A place of the terminal's navigation.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The name of the screen that it leads to.
    pub screen: &'a str,
    /// Where it leads.
    pub href: &'a str,
    /// Its pictogram.
    pub icon: Icon,
    /// Its word.
    pub text: &'a str,
}

/// The terminal's navigation at the foot; `here` is the name of the screen we are on. It stands outside
/// of the live screen, so each link carries the name of its screen for the script to follow.
pub fn nav(label: &str, here: &str, places: &[Place<'_>]) -> Markup {
    html! {
        nav.nav aria-label=(label) {
            @for place in places {
                a href=(place.href) data-screen=(place.screen) aria-current=[current(place.screen == here)] {
                    (place.icon) span { (place.text) }
                }
            }
        }
    }
}

/// The console's menu: groups of a heading and entries.
pub fn menu(label: &str, groups: &[(&str, Vec<Entry<'_>>)]) -> Markup {
    html! {
        nav aria-label=(label) {
            @for (heading, entries) in groups {
                @if !heading.is_empty() { h2 { (heading) } }
                ul {
                    @for entry in entries {
                        li {
                            a href=(entry.href) aria-current=[current(entry.here)] {
                                (entry.icon) (entry.text)
                                @if let Some((number, words)) = entry.count {
                                    span.count aria-hidden="true" { (number) }
                                    span.sr-only { " " (words) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Nothing to show yet: what would stand here, and how to get it.
pub fn empty(icon: Icon, title: &str, advice: &Markup) -> Markup {
    html! { div.empty { (icon) strong { (title) } div { (advice) } } }
}

/// A sheet with a heading.
pub fn panel(title: &str, body: &Markup) -> Markup {
    html! { section.panel { h2 { (title) } (body) } }
}

/// A masked network message under a summary that opens it.
pub fn message(summary: &str, text: &str) -> Markup {
    html! {
        details {
            summary { (summary) }
            pre.message tabindex="0" { (text) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_can_be_scrolled_by_keyboard_and_has_a_name() {
        let table = table(
            "取引",
            &[Column::text("日時"), Column::number("金額")],
            &[("is-faded", vec![html! { "10:15" }, html! { "¥880" }])],
        );
        expect_test::expect![[r#"<div class="table-scroll" role="region" aria-label="取引" tabindex="0"><table class="table"><caption class="sr-only">取引</caption><thead><tr><th scope="col" class="">日時</th><th scope="col" class="num">金額</th></tr></thead><tbody><tr class="is-faded"><td class="">10:15</td><td class="num">¥880</td></tr></tbody></table></div>"#]]
            .assert_eq(&table.into_string());
    }

    #[test]
    fn the_page_we_are_on_is_marked() {
        let here = Entry { href: "/a", icon: Icon::Home, text: "A", here: true, count: None };
        let there = Entry { href: "/b", here: false, ..here };
        assert_eq!(tabs("x", &[here, there]).into_string().matches("aria-current=\"page\"").count(), 1);
    }
}
