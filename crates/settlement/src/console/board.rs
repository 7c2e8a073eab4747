//! `/settlement/board`: every pay day with its windows and documents, what blocks it, and the button that closes now.
//!
//! It shows what the last closing left in the rows. What a closing would make now is found by a dry run, which reads every
//! item of the pay days that are not closed, so it is asked for by a button.

use super::rows::{self, DaySum};
use super::words::{counted, cycle, date, pay_day_chip, period, refusal, why, yen};
use super::{Console, answered, name_of, on_to, paydays};
use crate::close::{Blocked, PayDayReport, Plan};
use crate::limits;
use crate::rows::batches::{self, PayDay};
use crate::rows::left_out;
use crate::rows::windows::{self, Waiting};
use crate::rules::{PayDayState, Window};
use acquiring::cases::rows::{compared, open_by_day};
use axum::extract::{Form, Path, Query, State};
use axum::response::Response;
use center_base::{Caller, Refusal, Scope};
use i18n::{Lang, t, ta};
use jiff::ToSpan as _;
use jiff::civil::Date;
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, empty, table};
use pages::ui::{Button, Field, Tone, confirm, form, notice, tag};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use store::{DbError, ReadTx, TenantId};
use tenancy::Company;

/// The page's path.
pub(super) const PATH: &str = "/settlement/board";
/// Payouts without an account that are looked at.
const WITHOUT_ACCOUNT: i64 = 500;
/// Names that one line lists.
const NAMES: usize = 5;
/// Pay days of the past that are listed, in days.
const PAST_DAYS: i64 = 400;

/// What the page begins with, in one snapshot.
struct Facts {
    plan: Plan,
    begun: Vec<Window>,
    pay_days: Vec<PayDay>,
    sums: Vec<DaySum>,
    waiting: Vec<Waiting>,
    without: Vec<(Date, String)>,
    /// Who the last closing left out.
    left_out: BTreeMap<Date, Vec<Blocked>>,
    companies: Vec<Company>,
    /// Networks whose file of a day was compared.
    compared: Vec<(String, String)>,
    /// Open cases by day.
    cases: BTreeMap<String, i64>,
}

fn facts(tx: &mut ReadTx<'_>, tenant: TenantId, today: Date) -> Result<Facts, DbError> {
    let plan = Plan::load(tx, tenant)?;
    let since = today.saturating_sub(PAST_DAYS.days());
    Ok(Facts {
        begun: plan.begun(today),
        pay_days: batches::pay_days(tx, tenant)?,
        sums: rows::day_sums(tx, tenant, since)?,
        waiting: windows::waiting(tx, tenant)?,
        without: rows::without_account(tx, tenant, WITHOUT_ACCOUNT)?,
        left_out: left_out::all(tx, tenant, limits::LEFT_OUT_READ)?,
        companies: tenancy::companies(tx, tenant, &Scope::Tenant)?,
        compared: compared(tx, tenant, (&since.to_string(), &today.to_string()))?,
        cases: open_by_day(tx, tenant)?.into_iter().collect(),
        plan,
    })
}

/// A window of a pay day, cut or not.
struct Shown {
    first: Date,
    last: Date,
    cycle: crate::rules::CycleCode,
    stands: Stands,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    Cut,
    Ended,
    Running,
}

impl Facts {
    /// The pay days that are not over, each with its windows.
    fn open(&self, today: Date) -> BTreeMap<Date, Vec<Shown>> {
        let over: BTreeSet<Date> = self
            .pay_days
            .iter()
            .filter(|day| {
                matches!(day.state, PayDayState::Paid)
                    || (day.state == PayDayState::Closed && day.documents == 0)
            })
            .map(|day| day.pay_on)
            .collect();
        let mut open: BTreeMap<Date, Vec<Shown>> = BTreeMap::new();
        for window in self.plan.windows.iter().filter(|window| !over.contains(&window.pay_on)) {
            let (span, stands) = (window.span.clone(), Stands::Cut);
            let shown = Shown { first: span.first, last: span.last, cycle: span.cycle, stands };
            open.entry(window.pay_on).or_default().push(shown);
        }
        for window in &self.begun {
            let stands = if window.last < today { Stands::Ended } else { Stands::Running };
            let (first, last, cycle) = (window.first, window.last, window.cycle.clone());
            open.entry(window.pay).or_default().push(Shown { first, last, cycle, stands });
        }
        open
    }

    fn state(&self, pay_on: Date) -> PayDayState {
        self.pay_days.iter().find(|day| day.pay_on == pay_on).map_or(PayDayState::Open, |day| day.state)
    }
}

/// The address as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Not empty: what a closing would make now is counted.
    count: String,
}

/// `GET /settlement/board`.
pub(super) async fn page(
    State(console): State<Console>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Markup, Refusal> {
    draw(&console, &caller, !asked.count.is_empty(), None).await
}

/// The page; with `counts`, what a closing would make now is counted.
async fn draw(
    console: &Console,
    caller: &Caller,
    counts: bool,
    wrong: Option<&Refusal>,
) -> Result<Markup, Refusal> {
    let (tenant, today) = (console.base.tenant, console.base.clock.today());
    let facts = console.base.read(move |tx| Ok(facts(tx, tenant, today)?)).await?;
    let would = if counts { Some(console.settlement.dry_run(today).await?.pay_days) } else { None };
    let view = Page { lang: caller.lang, today, facts: &facts, would: would.as_deref() };
    console.page(caller, (PATH, PATH), &t(caller.lang, "settlement-board"), &view.body(wrong)).await
}

/// `POST /settlement/board/close`.
pub(super) async fn close(State(console): State<Console>, caller: Caller) -> Result<Response, Refusal> {
    let today = console.base.clock.today();
    console.settlement.close(today, &caller.actor.label()).await?;
    Ok(on_to(PATH))
}

/// The form of [`without`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    reason: String,
}

/// `POST /settlement/paydays/{id}/without`: closes a pay day without the companies that are left out.
pub(super) async fn without(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Refusal> {
    let pay_on = paydays::read_day(&id)?;
    let (who, why) = (caller.actor.label(), pages::typed::text(&typed.reason));
    let done = match console.settlement.close_without(&who, pay_on, &why).await {
        Ok(()) => console.settlement.close(console.base.clock.today(), &who).await.map(|_| PATH.to_owned()),
        Err(refusal) => Err(refusal),
    };
    answered(done, async |wrong| draw(&console, &caller, false, Some(wrong)).await).await
}

struct Page<'a> {
    lang: Lang,
    today: Date,
    facts: &'a Facts,
    /// What a closing would make now, where that was asked.
    would: Option<&'a [PayDayReport]>,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn body(&self, wrong: Option<&Refusal>) -> Markup {
        let open = self.facts.open(self.today);
        html! {
            div.page-head {
                div.stack-s { h1 tabindex="-1" { (self.t("settlement-board")) } p.sub { (self.t("settlement-board-about")) } }
            }
            @if let Some(wrong) = wrong { (refusal(self.lang, wrong)) }
            (self.closing())
            div.stack {
                h2 { (self.t("settlement-board-open")) }
                @if open.is_empty() {
                    div.panel { (empty(Icon::Calendar, &self.t("settlement-board-none"), &html! { (self.t("settlement-board-none-next")) })) }
                } @else {
                    div.coming { @for (pay_on, windows) in &open { (self.pay_day(*pay_on, windows)) } }
                }
            }
            @if !self.facts.pay_days.is_empty() {
                div.stack-s {
                    h2 { (self.t("settlement-board-sums")) }
                    (self.sums())
                }
            }
        }
    }

    /// What can be closed now, and the button.
    fn closing(&self) -> Markup {
        let ended = self.facts.begun.iter().filter(|window| window.last < self.today).count();
        let left_out = self.facts.left_out.values().map(Vec::len).fold(0, usize::saturating_add);
        let would = self.would.unwrap_or_default();
        let made: usize = would.iter().fold(0, |sum, day| sum.saturating_add(day.made));
        let is_done = ended == 0 && if self.would.is_some() { made == 0 } else { left_out == 0 };
        if is_done {
            let next = self.facts.begun.iter().map(|window| window.last).min();
            let text = match next {
                Some(day) => ta(
                    self.lang,
                    "settlement-close-next",
                    &[("day", &acquiring::console::day(self.lang, day))],
                ),
                None => self.t("settlement-close-nothing"),
            };
            return notice(Tone::Quiet, &self.t("settlement-close-done"), &html! { p { (text) } });
        }
        let paid = would.iter().fold(0_i64, |sum, day| sum.saturating_add(day.paid_yen));
        let counts = [
            ("windows", ended.to_string()),
            ("documents", made.to_string()),
            ("yen", money::group(paid)),
            ("companies", left_out.to_string()),
        ];
        let args: Vec<(&'static str, &str)> =
            counts.iter().map(|(key, text)| (*key, text.as_str())).collect();
        let key = match (self.would, ended) {
            (Some(_), _) => "settlement-close-what",
            (None, 0) => "settlement-close-left-what",
            (None, _) => "settlement-close-stored",
        };
        let what = ta(self.lang, key, &args);
        let [open, question, go, leave] =
            ["settlement-close", "settlement-close-question", "settlement-close-go", "settlement-leave"]
                .map(|key| self.t(key));
        let title = if ended == 0 && made == 0 { "settlement-close-left" } else { "settlement-close-ready" };
        notice(
            Tone::Info,
            &self.t(title),
            &html! {
                p { (what) }
                @if self.would.is_none() {
                    p { a href=(format!("{PATH}?count=now")) { (self.t("settlement-close-count")) } }
                }
                (confirm(&Button::primary(&open).icon(Icon::Lock), &html! {
                    h2 { (question) }
                    p { (what) }
                    p { (self.t("settlement-close-about")) }
                    (form("", &format!("{PATH}/close"), &html! { (Button::primary(&go).icon(Icon::Lock).block()) }))
                }, &leave))
            },
        )
    }

    fn pay_day(&self, pay_on: Date, windows: &[Shown]) -> Markup {
        let lang = self.lang;
        let state = self.facts.state(pay_on);
        let sum = self.facts.sums.iter().find(|sum| sum.pay_on == pay_on);
        let would = self.would.and_then(|would| would.iter().find(|day| day.pay_on == pay_on));
        html! {
            article.panel.stack-s {
                h3.row.spread {
                    span {
                        @let text = ta(lang, "settlement-paid-on", &[("day", &acquiring::console::day(lang, pay_on))]);
                        @if state == PayDayState::Open { (text) } @else { a href=(pay_day_at(pay_on)) { (text) } }
                    }
                    (pay_day_chip(lang, state))
                }
                ul.windows {
                    @for window in windows {
                        li {
                            b { (cycle(lang, &window.cycle)) }
                            span.nowrap { (period(window.first, window.last)) }
                            @match window.stands {
                                Stands::Cut => (tag(Tone::Info, Icon::Lock, &self.t("settlement-window-cut"))),
                                Stands::Ended => (tag(Tone::Ask, Icon::Clock, &self.t("settlement-window-ended"))),
                                Stands::Running => (tag(Tone::Quiet, Icon::Clock, &self.t("settlement-window-open"))),
                            }
                        }
                    }
                }
                @match (would, sum) {
                    (Some(would), _) => p {
                        (self.documents(would.documents, would.paid_yen))
                        @if would.made > 0 { " " span.sub { (self.t("settlement-as-of-now")) } }
                    },
                    (None, Some(sum)) => p { (self.documents(sum.documents, sum.paid_yen)) },
                    (None, None) => p.sub { (self.t("settlement-not-counted")) },
                }
                (self.blockers(pay_on, windows, would))
            }
        }
    }

    fn documents(&self, documents: impl std::fmt::Display + Copy, paid_yen: i64) -> Markup {
        html! { b { (counted(self.lang, "settlement-documents-count", documents)) } " · " b.num { (yen(paid_yen)) } }
    }

    /// What keeps a pay day from being closed or paid, and what to do about each.
    fn blockers(&self, pay_on: Date, windows: &[Shown], would: Option<&PayDayReport>) -> Markup {
        let lang = self.lang;
        let stored = self.facts.left_out.get(&pay_on).map(Vec::as_slice).unwrap_or_default();
        let blocked = would.map_or(stored, |day| day.blocked.as_slice());
        let of_window = |row: &&Waiting| {
            windows.iter().any(|window| window.last == row.last && window.cycle == row.cycle)
        };
        let waiting =
            would.map_or_else(|| self.facts.waiting.iter().filter(of_window).count(), |day| day.waiting);
        let mut without: Vec<&str> =
            self.facts.without.iter().filter(|(day, _)| *day == pay_on).map(|(_, id)| id.as_str()).collect();
        without.extend(would.into_iter().flat_map(|day| day.without_account.iter().map(String::as_str)));
        without.sort_unstable();
        without.dedup();
        html! {
            ul.blockers {
                @for one in blocked.iter().take(NAMES) {
                    li.tone-ask {
                        (Icon::Warning)
                        span { b { (name_of(&self.facts.companies, &one.company)) } " " span.mono { (one.company) } br; (why(lang, &one.why)) }
                    }
                }
                @if blocked.len() > NAMES {
                    li.tone-ask { (Icon::Warning) span { (counted(lang, "settlement-blocked-more", blocked.len().saturating_sub(NAMES))) } }
                }
                @if !blocked.is_empty() {
                    li { (Icon::Info) span { (self.t("settlement-blocked-next")) } }
                    (self.without(pay_on))
                }
                @if waiting > 0 {
                    li.tone-ask { (Icon::Question) span { (counted(lang, "settlement-waiting-count", waiting)) } }
                }
                @if !without.is_empty() {
                    li.tone-ask {
                        (Icon::Warning)
                        span {
                            (counted(lang, "settlement-without-account", without.len())) " "
                            @for id in without.iter().take(NAMES) {
                                a href=(format!("/settlement/payees/{id}")) { (name_of(&self.facts.companies, id)) } " "
                            }
                        }
                    }
                }
                (self.networks(windows))
            }
        }
    }

    /// Closing a pay day without the companies that are left out.
    fn without(&self, pay_on: Date) -> Markup {
        let lang = self.lang;
        let Some(day) = self.facts.pay_days.iter().find(|day| day.pay_on == pay_on) else { return html! {} };
        if !day.without.is_empty() {
            let text = ta(lang, "settlement-without-given", &[("reason", &day.without)]);
            return html! { li { (Icon::Info) span { (text) } } };
        }
        if day.state != PayDayState::Closing {
            return html! {};
        }
        let [open, about, question, label, hint, leave] = [
            "settlement-without",
            "settlement-without-about",
            "settlement-without-question",
            "settlement-reason",
            "settlement-reason-hint",
            "settlement-leave",
        ]
        .map(|key| t(lang, key));
        let most = u16::try_from(*limits::REASON_CHARS.end()).unwrap_or(u16::MAX);
        html! {
            li {
                (form("stack", &format!("{}/without", pay_day_at(pay_on)), &html! {
                    p.sub { (about) }
                    (Field::text("reason", &label).hint(&hint).max_chars(most).required())
                    (confirm(&Button::second(&open), &html! {
                        h2 { (question) }
                        p { (about) }
                        (Button::danger(&open).block())
                    }, &leave))
                }))
            }
        }
    }

    /// Of how many days of the windows a network's file was compared, and whether cases are open on one of them.
    fn networks(&self, windows: &[Shown]) -> Markup {
        let lang = self.lang;
        let is_in = |day: &str| {
            day.parse::<Date>().is_ok_and(|day| windows.iter().any(|of| (of.first..=of.last).contains(&day)))
        };
        let mut days: BTreeSet<Date> = BTreeSet::new();
        for of in windows {
            let mut day = of.first;
            while day <= of.last && day < self.today {
                days.insert(day);
                let Ok(next) = day.tomorrow() else { break };
                day = next;
            }
        }
        let mut by_network: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, network) in self.facts.compared.iter().filter(|(day, _)| is_in(day)) {
            let count = by_network.entry(network.as_str()).or_default();
            *count = count.saturating_add(1);
        }
        let cases = self.facts.cases.iter().filter(|(day, _)| is_in(day));
        let cases = cases.fold(0_i64, |sum, (_, count)| sum.saturating_add(*count));
        let all = days.len().to_string();
        html! {
            @if cases > 0 {
                li.tone-ask { (Icon::Question) span { a href="/cases" { (counted(lang, "settlement-cases-open", cases)) } } }
            }
            @if by_network.is_empty() && !days.is_empty() {
                li { (Icon::Info) span { (self.t("settlement-not-compared")) } }
            }
            @for (network, count) in &by_network {
                li {
                    (if count.to_string() == all { Icon::Check } else { Icon::Info })
                    span { (ta(lang, "settlement-compared", &[("network", network), ("count", &count.to_string()), ("all", &all)])) }
                }
            }
        }
    }

    /// The totals of each bank day.
    fn sums(&self) -> Markup {
        let heads = [
            "settlement-pay-day",
            "settlement-state",
            "settlement-documents",
            "settlement-payouts",
            "settlement-paid",
            "settlement-carried-out",
        ]
        .map(|key| self.t(key));
        let [day, state, documents, payouts, paid, carried] = &heads;
        let columns = [
            Column::text(day),
            Column::not_on_phones(state),
            Column::number(documents).only_wide(),
            Column::number(payouts),
            Column::number(paid),
            Column::number(carried).only_wide(),
        ];
        let since = self.today.saturating_sub(PAST_DAYS.days());
        let past = self.facts.pay_days.iter().rev().filter(|day| day.pay_on >= since);
        let rows: Vec<(&str, Vec<Markup>)> = past
            .map(|day| {
                let sum = self.facts.sums.iter().find(|sum| sum.pay_on == day.pay_on);
                let (documents, payouts) = sum.map_or((0, 0), |sum| (sum.documents, sum.payouts));
                let (paid, carried) = sum.map_or((0, 0), |sum| (sum.paid_yen, sum.carried_yen));
                let cells = vec![
                    html! {
                        a.open.row-link href=(pay_day_at(day.pay_on)) { (date(self.lang, day.pay_on)) }
                        span.only-phone { (pay_day_chip(self.lang, day.state)) }
                    },
                    pay_day_chip(self.lang, day.state),
                    html! { (money::group(documents)) },
                    html! { (money::group(payouts)) },
                    html! { b { (yen(paid)) } },
                    yen(carried),
                ];
                ("", cells)
            })
            .collect();
        html! { div.payments { (table(&self.t("settlement-board-sums"), &columns, &rows)) } }
    }
}

fn pay_day_at(pay_on: Date) -> String {
    format!("{}/{pay_on}", super::paydays::PATH)
}
