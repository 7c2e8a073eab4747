//! `/settlement/calendar`: the windows of every cycle in two years with their cut-off, notice and pay days, the days on
//! which the banks are closed, and the form that changes one day.

use super::words::{cycle, date, period, read_day, refusal};
use super::{Console, again, on_to, refused, rows, said};
use crate::close::Plan;
use crate::rows::calendar as stored;
use crate::rules::{Cycle, Window};
use acquiring::console::encoded;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse as _, Response};
use center_base::{Caller, Refusal};
use codes::settle;
use i18n::{Lang, t, ta};
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date as on};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, Entry, panel, table, tabs};
use pages::ui::{Button, Field, Tone, choice, confirm, form, tag};
use serde::Deserialize;
use std::collections::BTreeMap;
use store::Tx;

/// The page's path.
pub(super) const PATH: &str = "/settlement/calendar";
/// Characters of a changed day's name at most; three bytes each fit its column's limit.
const NAME_CHARS: usize = 30;

/// The address as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    year: String,
    cycle: String,
}

/// The form as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    day: String,
    name: String,
    closed: String,
    cycle: String,
}

/// A day that a person changed: the day, why, whether it is closed.
type Changed = (Date, String, bool);

/// `GET /settlement/calendar`.
pub(super) async fn page(
    State(console): State<Console>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Markup, Refusal> {
    let year = pages::typed::digits(&asked.year).parse().unwrap_or(console.base.clock.today().year());
    draw(&console, &caller, (year, &asked.cycle), None).await
}

/// What was refused, and what was typed.
type Wrong<'a> = Option<(&'a Refusal, &'a Typed)>;

async fn draw(
    console: &Console,
    caller: &Caller,
    (year, wanted): (i16, &str),
    wrong: Wrong<'_>,
) -> Result<Markup, Refusal> {
    let year = year.clamp(*super::simulator::YEARS.start(), super::simulator::YEARS.end().saturating_sub(1));
    let plan = console.settlement.plan().await?;
    let (tenant, first, last) = (console.base.tenant, on(year, 1, 1), on(year.saturating_add(1), 12, 31));
    let changed = console.base.read(move |tx| Ok(rows::handmade(tx, tenant, (first, last))?)).await?;
    let all = plan.cycles.all();
    let Some(chosen) = all.iter().find(|one| one.code().word() == wanted).or(all.first()) else {
        return Err(Refusal::internal("there is no cycle at all"));
    };
    let today = console.base.clock.today();
    let view = Page { lang: caller.lang, plan: &plan, chosen, year, today, first, last, changed };
    let here = address(year, chosen);
    console.page(caller, (PATH, &here), &t(caller.lang, "settlement-calendar"), &view.body(wrong)).await
}

/// `POST /settlement/calendar`.
pub(super) async fn change(
    State(console): State<Console>,
    caller: Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let who = caller.actor.label();
    let name = pages::typed::text(&typed.name);
    let day = read_day(&typed.day).filter(|day| super::simulator::YEARS.contains(&day.year()));
    let done = match day {
        None => Err(refused(settle::BAD_DAY)),
        Some(_) if name.is_empty() || name.chars().count() > NAME_CHARS => Err(refused(settle::DAY_NAME)),
        Some(day) => {
            let closed = typed.closed != "open";
            let write = move |tx: &mut Tx<'_>| stored::change_day(tx, &who, day, &name, closed);
            console.base.write(write).await.map(|()| day)
        }
    };
    match done {
        Ok(day) => {
            console.base.refresh().await?;
            Ok(on_to(&format!("{PATH}?year={}&cycle={}", day.year(), encoded(&typed.cycle))))
        }
        Err(refusal) => {
            let refusal = said(refusal)?;
            let year = day.map_or(console.base.clock.today().year(), Date::year);
            let page = draw(&console, &caller, (year, &typed.cycle), Some((&refusal, &typed))).await?;
            Ok(again(page).into_response())
        }
    }
}

/// The page of two years and a cycle.
fn address(year: i16, cycle: &Cycle) -> String {
    format!("{PATH}?year={year}&cycle={}", encoded(cycle.code().word()))
}

struct Page<'a> {
    lang: Lang,
    plan: &'a Plan,
    chosen: &'a Cycle,
    year: i16,
    today: Date,
    first: Date,
    last: Date,
    changed: Vec<Changed>,
}

/// What a day of the month's leaf is; the stronger first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marked {
    Pay,
    Notice,
    Cut,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    /// The windows of the chosen cycle; one that is cut keeps its days.
    fn windows(&self) -> Vec<(Window, bool)> {
        let windows = self.chosen.windows(self.first, self.last, &self.plan.calendar).into_iter();
        let with_cut = |mut window: Window| {
            let cut = self.plan.windows.iter().find(|known| known.span == window.span());
            if let Some(known) = cut {
                (window.pay, window.notice) = (known.pay_on, known.notice_on);
            }
            (window, cut.is_some())
        };
        windows.map(with_cut).collect()
    }

    fn body(&self, wrong: Wrong<'_>) -> Markup {
        let lang = self.lang;
        let next = self.year.saturating_add(1);
        let years = [("from", self.year.to_string()), ("to", next.to_string())];
        let years: Vec<(&'static str, &str)> =
            years.iter().map(|(key, text)| (*key, text.as_str())).collect();
        let [before, after] = ["settlement-year-before", "settlement-year-after"].map(|key| self.t(key));
        let windows = self.windows();
        html! {
            div.page-head {
                div.stack-s {
                    h1 tabindex="-1" { (ta(lang, "settlement-calendar-of", &years)) }
                    p.sub { (self.t("settlement-calendar-about")) }
                }
                nav.quick.day-steps aria-label=(self.t("settlement-years")) {
                    @if self.year > *super::simulator::YEARS.start() {
                        a href=(address(self.year.saturating_sub(1), self.chosen)) { (Icon::Previous) span { (before) } }
                    }
                    @if next < *super::simulator::YEARS.end() {
                        a href=(address(next, self.chosen)) { span { (after) } (Icon::Next) }
                    }
                }
            }
            @if let Some((refusal_of, _)) = wrong { (refusal(lang, refusal_of)) }
            (self.cycles())
            (self.leaves(&windows))
            div.stack-s {
                h2 { (self.t("settlement-windows")) }
                (self.table(&windows))
            }
            div.detail.one {
                div.stack { (panel(&self.t("settlement-holidays"), &self.holidays())) }
                div.stack { (panel(&self.t("settlement-change-day"), &self.form(wrong.map(|(_, typed)| typed)))) }
            }
        }
    }

    fn cycles(&self) -> Markup {
        let texts: Vec<(String, String, bool)> = self
            .plan
            .cycles
            .all()
            .iter()
            .map(|one| {
                (address(self.year, one), cycle(self.lang, one.code()), one.code() == self.chosen.code())
            })
            .collect();
        let entries: Vec<Entry<'_>> = texts
            .iter()
            .map(|(href, text, here)| Entry { href, icon: Icon::Calendar, text, here: *here, count: None })
            .collect();
        tabs(&self.t("settlement-cycles"), &entries)
    }

    /// Two years of months. The table below says the same in words, so that a screen reader is spared the picture.
    fn leaves(&self, windows: &[(Window, bool)]) -> Markup {
        let mut marks: BTreeMap<Date, Marked> = BTreeMap::new();
        for (window, _) in windows {
            marks.entry(window.last).or_insert(Marked::Cut);
            marks.insert(window.notice, Marked::Notice);
        }
        for (window, _) in windows {
            marks.insert(window.pay, Marked::Pay);
        }
        let months = (0..24_i64).map(|months| self.first.saturating_add(months.months()));
        html! {
            div.leaves aria-hidden="true" {
                @for month in months { (self.leaf(month, &marks)) }
            }
            ul.legend-line aria-hidden="true" {
                li { span.day-cell.is-cut { "15" } (self.t("settlement-cut-off")) }
                li { span.day-cell.is-notice { "26" } (self.t("settlement-notice-day")) }
                li { span.day-cell.is-pay { "30" } (self.t("settlement-pay-day")) }
                li { span.day-cell.is-closed { "3" } (self.t("settlement-bank-closed")) }
            }
        }
    }

    fn leaf(&self, month: Date, marks: &BTreeMap<Date, Marked>) -> Markup {
        let lead = month.weekday().to_sunday_zero_offset();
        let days = (0..i64::from(month.days_in_month())).map(|days| month.saturating_add(days.days()));
        html! {
            div.leaf {
                b { (month.strftime("%Y/%m")) }
                div.days {
                    @for _ in 0..lead { span {} }
                    @for day in days { span.day-cell.(self.day_class(day, marks)) { (day.day()) } }
                }
            }
        }
    }

    fn day_class(&self, day: Date, marks: &BTreeMap<Date, Marked>) -> String {
        let mark = match marks.get(&day) {
            Some(Marked::Pay) => "is-pay",
            Some(Marked::Notice) => "is-notice",
            Some(Marked::Cut) => "is-cut",
            None => "",
        };
        let closed = if self.plan.calendar.is_open(day) { "" } else { "is-closed" };
        let today = if day == self.today { "is-today" } else { "" };
        [mark, closed, today].into_iter().filter(|class| !class.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn table(&self, windows: &[(Window, bool)]) -> Markup {
        let heads =
            ["settlement-window", "settlement-cut-off", "settlement-notice-day", "settlement-pay-day"]
                .map(|key| self.t(key));
        let [window, cut, notice, pay] = &heads;
        let columns =
            [Column::text(window), Column::text(cut).only_wide(), Column::text(notice), Column::text(pay)];
        let rows: Vec<(&str, Vec<Markup>)> = windows
            .iter()
            .map(|(window, is_cut)| {
                let cells = vec![
                    html! {
                        span.nowrap { (period(window.first, window.last)) } " "
                        @if *is_cut { (tag(Tone::Info, Icon::Lock, &self.t("settlement-window-cut"))) }
                    },
                    date(self.lang, window.last),
                    date(self.lang, window.notice),
                    html! {
                        b { (date(self.lang, window.pay)) }
                        @if window.pay != window.nominal {
                            span.sub { (ta(self.lang, "settlement-nominal", &[("day", &acquiring::console::day(self.lang, window.nominal))])) }
                        }
                    },
                ];
                ("", cells)
            })
            .collect();
        table(&self.t("settlement-windows"), &columns, &rows)
    }

    /// The national holidays of both years, and what a person changed.
    fn holidays(&self) -> Markup {
        let years = [self.year, self.year.saturating_add(1)];
        let changed = |day: Date| self.changed.iter().find(|(of, ..)| *of == day);
        html! {
            @if !self.changed.is_empty() {
                ul.holidays.is-changed {
                    @for (day, name, closed) in &self.changed {
                        li {
                            (date(self.lang, *day)) " " b { (name) } " "
                            @if *closed { (tag(Tone::Ask, Icon::Lock, &self.t("settlement-day-closed"))) }
                            @else { (tag(Tone::Ok, Icon::Check, &self.t("settlement-day-open"))) }
                        }
                    }
                }
            }
            @for year in years {
                details open[year == self.today.year()] {
                    summary { (ta(self.lang, "settlement-holidays-of", &[("year", &year.to_string())])) }
                    ul.holidays {
                        @for holiday in self.plan.calendar.holidays(year) {
                            li.is-faded[changed(holiday.day).is_some_and(|(.., closed)| !closed)] {
                                (date(self.lang, holiday.day)) " " span lang="ja" { (holiday.name) }
                                @if holiday.day.weekday() == Weekday::Saturday { " " span.sub { (self.t("settlement-on-saturday")) } }
                            }
                        }
                    }
                }
            }
            p.sub { (self.t("settlement-holidays-about")) }
        }
    }

    fn form(&self, typed: Option<&Typed>) -> Markup {
        let empty = Typed::default();
        let typed = typed.unwrap_or(&empty);
        let [day_label, name_label, hint, go, question, yes, leave] = [
            "settlement-day",
            "settlement-day-name",
            "settlement-day-name-hint",
            "settlement-change-go",
            "settlement-change-question",
            "settlement-change-yes",
            "settlement-leave",
        ]
        .map(|key| self.t(key));
        let [closed, closed_about, open, open_about] = [
            "settlement-day-closed",
            "settlement-day-closed-about",
            "settlement-day-open",
            "settlement-day-open-about",
        ]
        .map(|key| self.t(key));
        let is_open = typed.closed == "open";
        // The dialog stands inside the form, so that without script its button is simply the form's.
        form(
            "stack",
            PATH,
            &html! {
                input type="hidden" name="cycle" value=(self.chosen.code().word());
                (Field::text("day", &day_label).kind("date").value(&typed.day).required())
                (Field::text("name", &name_label).value(&typed.name).hint(&hint).max_chars(30).required())
                div.stack-s role="group" aria-label=(self.t("settlement-day-closed")) {
                    (choice("closed", "closed", &closed, &closed_about, !is_open))
                    (choice("closed", "open", &open, &open_about, is_open))
                }
                (confirm(&Button::second(&go).icon(Icon::Calendar), &html! {
                    h2 { (question) }
                    p { (self.t("settlement-change-about")) }
                    (Button::primary(&yes).block())
                }, &leave))
            },
        )
    }
}
