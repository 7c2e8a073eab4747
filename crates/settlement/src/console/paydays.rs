//! `/settlement/paydays/{id}`: a pay day from closed to paid. A second person approves what they see, a third makes the bank
//! file; what cannot be transferred is said before.

use super::document::masked;
use super::words::{counted, crumbs, date, pay_day_chip, payout_chip, person, refusal, trouble, yen};
use super::{Console, answered, board, name_of};
use crate::payee_check::{PayeeTrouble, payee_check};
use crate::rows::batches::{self, PayDay};
use crate::rows::payouts::{self, BankFile, Payout};
use crate::rules::{Net, PayDayState, PayoutState};
use acquiring::console::{day, moment};
use axum::extract::{Form, Path, State};
use axum::response::Response;
use center_base::{Caller, Refusal, Scope};
use codes::{api, settle};
use i18n::{Lang, t, ta};
use jiff::civil::Date;
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, Total, empty, key_values, panel, table, totals};
use pages::ui::{Button, Tone, confirm, form, notice};
use serde::Deserialize;
use store::{DbError, ReadTx, TenantId};
use tenancy::Company;

/// Where pay days are.
pub(super) const PATH: &str = "/settlement/paydays";
/// Payouts that one page lists.
const ROWS: usize = 500;
/// Payouts whose payees are checked for the page; the export checks them all.
const CHECKED: usize = 200;

/// The form of the approval.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Seen {
    hash: String,
}

/// A pay day with everything that stands on its page.
struct Shown {
    day: PayDay,
    payouts: Vec<Payout>,
    files: Vec<BankFile>,
    companies: Vec<Company>,
    /// What is wrong with the payees of those that wait, by company.
    troubles: Vec<(String, Vec<PayeeTrouble>)>,
}

fn load(tx: &mut ReadTx<'_>, tenant: TenantId, pay_on: Date) -> Result<Option<Shown>, DbError> {
    let Some(day) = batches::pay_day(tx, tenant, pay_on)? else { return Ok(None) };
    let payouts = payouts::of_day(tx, tenant, pay_on)?;
    let mut troubles = Vec::new();
    for one in payouts.iter().filter(|one| one.state == PayoutState::Waiting).take(CHECKED) {
        let company = one.key.company.as_str();
        let found = payee_check(tx, tenant, company, Net::new(one.yen).ok())?;
        if !found.is_empty() {
            troubles.push((company.to_owned(), found));
        }
    }
    Ok(Some(Shown {
        files: payouts::files_of_day(tx, tenant, pay_on)?,
        companies: tenancy::companies(tx, tenant, &Scope::Tenant)?,
        day,
        payouts,
        troubles,
    }))
}

/// The day of an address.
pub(super) fn read_day(id: &str) -> Result<Date, Refusal> {
    let day: Option<Date> = id.parse().ok();
    day.filter(|day| day.to_string() == id).ok_or_else(|| api::NOT_FOUND.into())
}

/// `GET /settlement/paydays/{id}`.
pub(super) async fn page(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Markup, Refusal> {
    draw(&console, &caller, read_day(&id)?, None).await
}

async fn draw(
    console: &Console,
    caller: &Caller,
    pay_on: Date,
    wrong: Option<&Refusal>,
) -> Result<Markup, Refusal> {
    let tenant = console.base.tenant;
    let shown = console.base.read(move |tx| Ok(load(tx, tenant, pay_on)?)).await?;
    let shown = shown.ok_or(api::NOT_FOUND)?;
    let who = caller.actor.label();
    let view = Page { lang: caller.lang, shown: &shown, who: &who };
    let here = format!("{PATH}/{pay_on}");
    console.page(caller, (board::PATH, &here), &t(caller.lang, "settlement-pay-day"), &view.body(wrong)).await
}

/// After a step: the page, or the page with what was wrong.
async fn answer(
    console: &Console,
    caller: &Caller,
    pay_on: Date,
    done: Result<(), Refusal>,
) -> Result<Response, Refusal> {
    let to = done.map(|()| format!("{PATH}/{pay_on}"));
    answered(to, async |wrong| draw(console, caller, pay_on, Some(wrong)).await).await
}

/// `POST /settlement/paydays/{id}/approve`: what was seen is named by its hash.
pub(super) async fn approve(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
    Form(seen): Form<Seen>,
) -> Result<Response, Refusal> {
    let pay_on = read_day(&id)?;
    let mut hash = [0; 32];
    let done = match hex::decode_to_slice(&seen.hash, &mut hash) {
        Ok(()) => console.settlement.approve(&caller.actor.label(), pay_on, hash).await,
        Err(_) => Err(settle::NOT_AS_SEEN.into()),
    };
    answer(&console, &caller, pay_on, done).await
}

/// `POST /settlement/paydays/{id}/export`.
pub(super) async fn export(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let pay_on = read_day(&id)?;
    // What is left out waits on, and the page says why.
    let done = console.settlement.export(&caller.actor.label(), pay_on).await.map(drop);
    answer(&console, &caller, pay_on, done).await
}

struct Page<'a> {
    lang: Lang,
    shown: &'a Shown,
    who: &'a str,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn body(&self, wrong: Option<&Refusal>) -> Markup {
        let (lang, shown) = (self.lang, self.shown);
        let pay_on = shown.day.pay_on;
        html! {
            (crumbs(lang, (board::PATH, &self.t("settlement-board")), &date(lang, pay_on)))
            div.page-head.one-head {
                h1.detail-head tabindex="-1" {
                    (ta(lang, "settlement-paid-on", &[("day", &day(lang, pay_on))])) " " (pay_day_chip(lang, shown.day.state))
                }
            }
            @if let Some(wrong) = wrong { (refusal(lang, wrong)) }
            @if shown.day.left_out > 0 {
                (notice(Tone::Ask, &counted(lang, "settlement-left-out", shown.day.left_out), &html! { p { (shown.day.without) } }))
            }
            (self.figures())
            (self.step())
            (self.troubles())
            div.detail.one {
                div.stack { (panel(&self.t("settlement-files"), &self.files())) }
                div.stack { (panel(&self.t("settlement-four-eyes"), &self.people())) }
            }
            div.stack-s {
                h2 { (self.t("settlement-payouts-of-day")) }
                @if shown.payouts.is_empty() {
                    div.panel { (empty(Icon::Bank, &self.t("settlement-payouts-none"), &html! { (self.t("settlement-payouts-none-next")) })) }
                } @else { (self.payouts()) }
            }
        }
    }

    fn figures(&self) -> Markup {
        let sum = |states: &[PayoutState]| {
            let of = self.shown.payouts.iter().filter(|one| states.contains(&one.state));
            of.fold((0_i64, 0_usize), |(sum, count), one| {
                (sum.saturating_add(one.yen), count.saturating_add(1))
            })
        };
        let [all, wait, sent, paid] = [
            "settlement-paid",
            "settlement-unpaid-payouts",
            "settlement-state-exported",
            "settlement-state-paid",
        ]
        .map(|key| self.t(key));
        let figures = [
            (&wait, sum(&[PayoutState::Waiting, PayoutState::Returned])),
            (&sent, sum(&[PayoutState::Exported])),
            (&paid, sum(&[PayoutState::Paid])),
        ];
        let counts = figures.map(|(_, (_, count))| counted(self.lang, "settlement-payouts-count", count));
        let documents = counted(self.lang, "settlement-documents-count", self.shown.day.documents);
        let mut shown = vec![Total::new(&all, yen(self.shown.day.paid_yen), &documents).main()];
        for ((label, (sum, _)), count) in figures.iter().zip(&counts) {
            shown.push(Total::new(label, yen(*sum), count));
        }
        totals(&shown)
    }

    /// What waits and can be transferred, as far as it is known here.
    fn ready(&self) -> impl Iterator<Item = &Payout> {
        let is_stopped = |company: &str| {
            let of = self.shown.troubles.iter().find(|(of, _)| of == company);
            of.is_some_and(|(_, all)| all.iter().any(|trouble| !trouble.is_warning()))
        };
        let waits = self.shown.payouts.iter().filter(|one| one.state == PayoutState::Waiting);
        waits.filter(move |one| !is_stopped(&one.key.company))
    }

    /// What is to be done next, and by whom.
    fn step(&self) -> Markup {
        let day = &self.shown.day;
        let waits = self.ready().next().is_some();
        match day.state {
            PayDayState::Open | PayDayState::Closing => notice(
                Tone::Ask,
                &self.t("settlement-step-closing"),
                &html! { p { a href=(board::PATH) { (self.t("settlement-step-closing-next")) } } },
            ),
            PayDayState::Closed if day.closed_by == self.who => notice(
                Tone::Info,
                &self.t("settlement-step-approve"),
                &html! { p { (self.t("settlement-step-approve-other")) } },
            ),
            PayDayState::Closed => self.approval(),
            PayDayState::Approved | PayDayState::Exported | PayDayState::Paid if !waits => html! {},
            PayDayState::Approved | PayDayState::Exported | PayDayState::Paid
                if day.approved_by == self.who =>
            {
                notice(
                    Tone::Info,
                    &self.t("settlement-step-export"),
                    &html! { p { (self.t("settlement-step-export-other")) } },
                )
            }
            PayDayState::Approved | PayDayState::Exported | PayDayState::Paid => self.export(),
        }
    }

    fn approval(&self) -> Markup {
        let day = &self.shown.day;
        let (count, sum) = (day.documents.to_string(), money::group(day.paid_yen));
        let what = ta(self.lang, "settlement-step-approve-what", &[("documents", &count), ("yen", &sum)]);
        let [open, question, leave] =
            ["settlement-approve", "settlement-step-approve-question", "settlement-leave"]
                .map(|key| self.t(key));
        notice(
            Tone::Info,
            &self.t("settlement-step-approve"),
            &html! {
                p { (what) }
                (confirm(&Button::primary(&open).icon(Icon::Check), &html! {
                    h2 { (question) }
                    p { (what) }
                    p { (self.t("settlement-step-approve-about")) }
                    (form("", &format!("{PATH}/{}/approve", day.pay_on), &html! {
                        input type="hidden" name="hash" value=(hex::encode(day.hash));
                        (Button::primary(&open).icon(Icon::Check).block())
                    }))
                }, &leave))
            },
        )
    }

    fn export(&self) -> Markup {
        let day = &self.shown.day;
        let (count, sum) = self
            .ready()
            .fold((0_i64, 0_i64), |(count, sum), one| (count.saturating_add(1), sum.saturating_add(one.yen)));
        let what = ta(
            self.lang,
            "settlement-step-export-what",
            &[("payouts", &count.to_string()), ("yen", &money::group(sum))],
        );
        let [open, question, leave] =
            ["settlement-export", "settlement-step-export-question", "settlement-leave"]
                .map(|key| self.t(key));
        notice(
            Tone::Info,
            &self.t("settlement-step-export"),
            &html! {
                p { (what) }
                (confirm(&Button::primary(&open).icon(Icon::Send), &html! {
                    h2 { (question) }
                    p { (what) }
                    p { (self.t("settlement-step-export-about")) }
                    (form("", &format!("{PATH}/{}/export", day.pay_on), &html! { (Button::primary(&open).icon(Icon::Send).block()) }))
                }, &leave))
            },
        )
    }

    /// What keeps payouts out of a bank file, said before it is made.
    fn troubles(&self) -> Markup {
        if self.shown.troubles.is_empty() {
            return html! {};
        }
        let stops = self.shown.troubles.iter().any(|(_, all)| all.iter().any(|one| !one.is_warning()));
        let tone = if stops { Tone::Ask } else { Tone::Info };
        notice(
            tone,
            &self.t("settlement-troubles"),
            &html! {
                ul.blockers {
                    @for (company, all) in &self.shown.troubles {
                        @for one in all {
                            li.tone-ask[!one.is_warning()] {
                                (if one.is_warning() { Icon::Info } else { Icon::Warning })
                                span { a href=(format!("/settlement/payees/{company}")) { (name_of(&self.shown.companies, company)) } " " (trouble(self.lang, one)) }
                            }
                        }
                    }
                }
            },
        )
    }

    fn files(&self) -> Markup {
        let lang = self.lang;
        if self.shown.files.is_empty() {
            return html! { p.sub { (self.t("settlement-files-none")) } };
        }
        let heads = ["settlement-file", "settlement-payouts", "settlement-amount", "settlement-state"]
            .map(|key| self.t(key));
        let [file, items, amount, state] = &heads;
        let columns =
            [Column::text(file), Column::number(items), Column::number(amount), Column::text(state)];
        let rows: Vec<(&str, Vec<Markup>)> = self
            .shown
            .files
            .iter()
            .map(|one| {
                let cells = vec![
                    html! { a.mono href=(format!("{}/{}", super::payouts::FILES, one.number)) { (one.number) } },
                    html! { (money::group(one.items)) },
                    yen(one.yen),
                    super::payouts::file_chip(lang, one),
                ];
                ("", cells)
            })
            .collect();
        table(&self.t("settlement-files"), &columns, &rows)
    }

    fn people(&self) -> Markup {
        let (lang, day) = (self.lang, &self.shown.day);
        let said = |who: &str, at: Option<i64>| {
            html! { @if let Some(at_us) = at { (person(lang, who)) span.sub { (moment(at_us)) } } @else { "–" } }
        };
        let rows = [
            (self.t("settlement-notice-day"), date(lang, day.notice_on)),
            (self.t("settlement-closed-by"), said(&day.closed_by, day.closed_us)),
            (self.t("settlement-approved-by"), said(&day.approved_by, day.approved_us)),
            (self.t("settlement-hash"), html! { span.mono.hash { (hex::encode(day.hash)) } }),
        ];
        key_values(&rows)
    }

    fn payouts(&self) -> Markup {
        let lang = self.lang;
        let heads = [
            "settlement-company",
            "settlement-amount",
            "settlement-account",
            "settlement-state",
            "settlement-file",
        ]
        .map(|key| self.t(key));
        let [company, amount, account, state, file] = &heads;
        let columns = [
            Column::text(company),
            Column::number(amount),
            Column::wide_only(account),
            Column::text(state),
            Column::wide_only(file),
        ];
        let rows: Vec<(&str, Vec<Markup>)> = self
            .shown
            .payouts
            .iter()
            .take(ROWS)
            .map(|one| {
                let cells = vec![
                    html! {
                        a.open.row-link href=(format!("{}/{}", super::payouts::PATH, one.key)) { (name_of(&self.shown.companies, &one.key.company)) }
                        span.sub.mono { (one.key.company) @if one.key.try_no > 1 { " (" (one.key.try_no) ")" } }
                    },
                    html! { b { (yen(one.yen)) } },
                    html! {
                        @if let Some(to) = &one.to { span.mono { (to.bank) "-" (to.branch) " " (masked(&to.account)) } }
                        @else { (self.t("settlement-no-account")) }
                    },
                    payout_chip(lang, one.state),
                    html! { @if one.file.is_empty() { "–" } @else { span.mono { (one.file) } } },
                ];
                (if one.state == PayoutState::Replaced { "is-faded" } else { "" }, cells)
            })
            .collect();
        html! {
            div.payments { (table(&self.t("settlement-payouts-of-day"), &columns, &rows)) }
            @if self.shown.payouts.len() > ROWS { p.sub { (self.t("settlement-payouts-more")) } }
        }
    }
}
