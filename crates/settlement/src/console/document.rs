//! `/settlement/documents/{id}`: one company's document of one pay day as its notice has it, every figure with where it
//! comes from.

use super::words::{counted, crumbs, date, document_chip, net, person};
use super::{Console, name_of, shop, within, words};
use crate::notices::{self, Issued, Wanted};
use crate::rows::adjustments::{self, Adjustment, Which};
use crate::rows::batches::{self, PayDay, Stored};
use crate::rows::payees::{self, Account, Payee};
use crate::rows::payouts::{self, Payout};
use crate::rows::windows::{self, Waiting};
use crate::rules::{Line, LineKind, Net, tax_rows};
use acquiring::console::{day, moment};
use axum::extract::{Path, State};
use center_base::{Caller, CompanyId, Refusal, Scope};
use codes::api;
use i18n::{Lang, t, ta};
use jiff::civil::Date;
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, Total, empty, key_values, panel, table, totals};
use pages::ui::{Button, Tone, notice};
use payment::public_id;
use staff::Right;
use store::{DbError, ReadTx, TenantId};

/// Adjustments of one document that a page shows.
const ADJUSTMENTS: i64 = 500;
/// Notices of one document that a page shows.
const NOTICES: i64 = 50;

/// Pay day and company of a document's id, `2026-02-27.00008`.
pub(super) fn read_id(id: &str) -> Option<(Date, String)> {
    let (day, company) = id.split_once('.')?;
    let day: Date =
        day.parse().ok().filter(|day: &Date| day.to_string() == *id.get(..10).unwrap_or_default())?;
    if company.is_empty() { None } else { Some((day, company.to_owned())) }
}

/// A document with everything that stands beside it.
pub(super) struct Shown {
    pub(super) pay_on: Date,
    pub(super) company: CompanyId,
    pub(super) facts: PayDay,
    pub(super) stored: Stored,
    pub(super) lines: Vec<Line>,
    adjustments: Vec<Adjustment>,
    payouts: Vec<Payout>,
    payee: Option<Payee>,
    waiting: Vec<Waiting>,
    pub(super) notices: Vec<Issued>,
}

fn load(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    pay_on: Date,
    company: &CompanyId,
) -> Result<Option<Shown>, DbError> {
    let id = company.as_str();
    let Some(facts) = batches::pay_day(tx, tenant, pay_on)? else { return Ok(None) };
    let Some(stored) = batches::of_company(tx, tenant, pay_on, id)? else { return Ok(None) };
    let which = Which { company: Some(id), pay_on: Some(pay_on), state: None };
    let windows = windows::windows(tx, tenant)?;
    let mut waiting = windows::waiting(tx, tenant)?;
    waiting.retain(|row| {
        let is_its = windows.iter().any(|window| {
            window.pay_on == pay_on && window.span.cycle == row.cycle && window.span.last == row.last
        });
        row.company == id && is_its
    });
    let wanted = Wanted { company: Some(id.to_owned()), ..Wanted::of_pay_day(pay_on, NOTICES, 0) };
    Ok(Some(Shown {
        pay_on,
        company: company.clone(),
        facts,
        stored,
        lines: batches::lines_of(tx, tenant, pay_on, id)?,
        adjustments: adjustments::list(tx, tenant, which, ADJUSTMENTS)?,
        payouts: payouts::of_company(tx, tenant, pay_on, id)?,
        payee: payees::payee(tx, tenant, id)?,
        notices: notices::find(tx, tenant, &Scope::Company(company.clone()), &wanted)?,
        waiting,
    }))
}

/// The document that the asker may see.
pub(super) async fn shown(console: &Console, caller: &Caller, id: &str) -> Result<Shown, Refusal> {
    let (pay_on, company) = read_id(id).ok_or(api::NOT_FOUND)?;
    let company = CompanyId::from(company);
    within(&caller.scope()?, &company)?;
    let tenant = console.base.tenant;
    let found = console.base.read(move |tx| Ok(load(tx, tenant, pay_on, &company)?)).await?;
    found.ok_or_else(|| api::NOT_FOUND.into())
}

/// `GET /settlement/documents/{id}`.
pub(super) async fn page(
    State(console): State<Console>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Markup, Refusal> {
    let shown = shown(&console, &caller, &id).await?;
    let companies = console.companies(&caller.scope()?).await?;
    let view = Page {
        lang: caller.lang,
        shown: &shown,
        company: name_of(&companies, shown.company.as_str()),
        settles: staff::has(caller.actor.role(), Right::Settle),
    };
    let here = format!("{}/documents/{id}", shop::PATH);
    console.page(&caller, (shop::PATH, &here), &t(caller.lang, "settlement-document"), &view.body()).await
}

struct Page<'a> {
    lang: Lang,
    shown: &'a Shown,
    company: String,
    settles: bool,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn items(&self) -> String {
        format!("{}/documents/{}.{}/items", shop::PATH, self.shown.pay_on, self.shown.company)
    }

    fn body(&self) -> Markup {
        let (lang, shown) = (self.lang, self.shown);
        let back = format!("{}?company={}", shop::PATH, acquiring::console::encoded(shown.company.as_str()));
        let state = document_chip(lang, shown.facts.state, shown.payouts.last().map(|payout| payout.state));
        html! {
            (crumbs(lang, (&back, &self.t("settlement-title")), &date(lang, shown.pay_on)))
            div.page-head.one-head {
                h1.detail-head tabindex="-1" {
                    (ta(lang, "settlement-paid-on", &[("day", &day(lang, shown.pay_on))])) " " (state)
                }
                p.sub.where { (self.company) " · " span.mono { (shown.company) } }
            }
            (self.figures())
            (self.trouble())
            div.stack-s {
                div.row.spread {
                    h2 { (self.t("settlement-lines")) }
                    @if !shown.lines.is_empty() {
                        div.row {
                            (Button::second(&self.t("settlement-items-all")).icon(Icon::Download).link(&self.items()).small())
                            (Button::plain(&self.t("settlement-items-sjis")).link(&format!("{}?charset=sjis", self.items())).small())
                        }
                    }
                }
                @if shown.lines.is_empty() {
                    div.panel { (empty(Icon::Receipt, &self.t("settlement-no-lines"), &html! { (self.t("settlement-no-lines-next")) })) }
                } @else {
                    (shop::line_table(lang, &shown.lines, Some(&self.items())))
                    (self.notes())
                }
            }
            div.detail.one {
                div.stack {
                    (panel(&self.t("settlement-sum-up"), &self.sum_up()))
                    @if !shown.waiting.is_empty() { (panel(&self.t("settlement-waiting"), &self.waiting())) }
                }
                div.stack {
                    (panel(&self.t("settlement-notices"), &super::notices::section(lang, shown)))
                    (panel(&self.t("settlement-transfer"), &self.transfer()))
                    (panel(&self.t("settlement-proof"), &self.proof()))
                }
            }
        }
    }

    fn figures(&self) -> Markup {
        let batch = &self.shown.stored.batch;
        let count = self.shown.lines.iter().fold(0_u32, |sum, line| sum.saturating_add(line.count));
        let count = counted(self.lang, "settlement-payments-count", count);
        let fees = batch.fee.total.plus(batch.fee_tax).unwrap_or_default().opposite();
        let [sales, fee, paid, carried] =
            ["settlement-sales", "settlement-fee-and-tax", "settlement-paid", "settlement-carried-out"]
                .map(|key| self.t(key));
        let last = if batch.paid.is_zero() {
            Total::new(&carried, net(batch.carried_out), "")
        } else {
            Total::new(&paid, net(batch.paid), "")
        };
        totals(&[Total::new(&sales, net(batch.sales), &count), Total::new(&fee, net(fees), ""), last.main()])
    }

    /// What a person must do before this is paid.
    fn trouble(&self) -> Markup {
        let Some(payout) = self.shown.payouts.last() else { return html! {} };
        if payout.to.is_none() {
            let next = if self.settles { "settlement-no-account-next" } else { "settlement-no-account-ask" };
            let href = format!("/settlement/payees/{}", self.shown.company);
            return notice(
                Tone::Ask,
                &self.t("settlement-no-account"),
                &html! {
                    p { (self.t(next)) }
                    @if self.settles { p { a href=(href) { (self.t("settlement-payee-open")) } } }
                },
            );
        }
        if payout.state == crate::rules::PayoutState::Returned {
            return notice(
                Tone::Ng,
                &self.t("settlement-state-returned"),
                &html! { p { (words::reason(self.lang, &payout.reason)) } },
            );
        }
        html! {}
    }

    /// What the marks of the lines mean, as the notice says it (U-072).
    fn notes(&self) -> Markup {
        let has = |kind| self.shown.lines.iter().any(|line| line.key.kind == kind);
        html! {
            ul.notes {
                @if has(LineKind::Red) { li { span.mark { "*1" } " " (self.t("settlement-note-red")) } }
                @if has(LineKind::Late) { li { span.mark { "*2" } " " (self.t("settlement-note-late")) } }
            }
        }
    }

    /// From the sales to what is paid, a step a line.
    fn sum_up(&self) -> Markup {
        let batch = &self.shown.stored.batch;
        let mut steps: Vec<(String, Net)> = vec![
            (self.t("settlement-sales"), batch.sales),
            (self.t("settlement-fee-exempt"), batch.fee.exempt.opposite()),
            (self.t("settlement-fee-taxable"), batch.fee.taxable.opposite()),
        ];
        for row in tax_rows(&self.shown.lines).unwrap_or_default() {
            let text = ta(self.lang, "settlement-fee-tax", &[("rate", &row.rate.percent())]);
            steps.push((text, row.tax.opposite()));
        }
        // The oldest first, as they were entered.
        for of in self.shown.adjustments.iter().rev() {
            let text = if of.shown.is_empty() {
                self.t("settlement-adjustment")
            } else {
                ta(self.lang, "settlement-adjustment-shown", &[("text", &of.shown)])
            };
            steps.push((text, of.yen));
        }
        if !batch.carried_in.is_zero() {
            steps.push((self.t("settlement-carried-in"), batch.carried_in));
        }
        steps.push((self.t("settlement-sum"), batch.sum));
        if !batch.transfer_fee.is_zero() {
            steps.push((self.t("settlement-transfer-fee"), batch.transfer_fee.opposite()));
            steps.push((self.t("settlement-transfer-tax"), batch.transfer_tax.opposite()));
        }
        let end = if batch.paid.is_zero() {
            (self.t("settlement-carried-out"), batch.carried_out)
        } else {
            (self.t("settlement-paid"), batch.paid)
        };
        let sum = self.t("settlement-sum");
        html! {
            dl.sums {
                @for (text, yen) in &steps { div.is-sum[*text == sum] { dt { (text) } dd.num { (net(*yen)) } } }
                div.is-end { dt { (end.0) } dd.num { (net(end.1)) } }
            }
            @if batch.paid.is_zero() { p.sub { (self.t("settlement-carried-about")) } }
        }
    }

    fn waiting(&self) -> Markup {
        let heads = ["settlement-payment", "settlement-amount", "settlement-state"].map(|key| self.t(key));
        let [payment, amount, state] = &heads;
        let columns = [Column::text(payment), Column::number(amount), Column::text(state)];
        let rows: Vec<(&str, Vec<Markup>)> = self
            .shown
            .waiting
            .iter()
            .map(|row| {
                let cells = vec![
                    html! { a.mono href=(format!("/payments/{}", row.id)) { (public_id(row.id)) } },
                    super::words::yen(row.yen),
                    html! { (self.t(&format!("cases-says-{}", row.state.replace('_', "-")))) },
                ];
                ("", cells)
            })
            .collect();
        html! {
            p.sub { (self.t("settlement-waiting-about")) }
            (table(&self.t("settlement-waiting"), &columns, &rows))
        }
    }

    fn transfer(&self) -> Markup {
        let payee = self.shown.payee.as_ref();
        let mut rows: Vec<(String, Markup)> = Vec::new();
        if let Some(payee) = payee {
            rows.push((
                self.t("settlement-number"),
                html! { span.mono { (format!("{:09}", payee.number)) } },
            ));
        }
        match self.shown.payouts.last() {
            None => rows.push((self.t("settlement-paid"), html! { (self.t("settlement-not-paid")) })),
            Some(payout) => {
                rows.extend(account_rows(self.lang, &payout.to.clone().unwrap_or_default()));
                if payout.key.try_no > 1 {
                    rows.push((self.t("settlement-try"), html! { (payout.key.try_no) }));
                }
            }
        }
        key_values(&rows)
    }

    fn proof(&self) -> Markup {
        let (lang, facts) = (self.lang, &self.shown.facts);
        let mut rows = vec![(self.t("settlement-notice-day"), date(lang, facts.notice_on))];
        if let Some(at_us) = facts.closed_us {
            rows.push((self.t("settlement-closed-at"), html! { (moment(at_us)) }));
            rows.push((self.t("settlement-closed-by"), html! { (person(lang, &facts.closed_by)) }));
        }
        rows.push((
            self.t("settlement-hash"),
            html! { span.mono.hash { (hex::encode(self.shown.stored.hash)) } },
        ));
        html! { (key_values(&rows)) p.sub { (self.t("settlement-proof-about")) } }
    }
}

/// An account as it is shown once it is saved: of its number the last three digits.
pub(super) fn account_rows(lang: Lang, account: &Account) -> Vec<(String, Markup)> {
    if account.bank.is_empty() {
        return vec![(t(lang, "settlement-account"), html! { (t(lang, "settlement-no-account")) })];
    }
    vec![
        (t(lang, "settlement-bank"), html! { span.mono { (account.bank) } }),
        (t(lang, "settlement-branch"), html! { span.mono { (account.branch) } }),
        (t(lang, "settlement-account-kind"), html! { (account_kind(lang, &account.kind)) }),
        (t(lang, "settlement-account"), html! { span.mono { (masked(&account.account)) } }),
        (t(lang, "settlement-holder"), html! { (account.holder) }),
    ]
}

/// `1`, `2`, `4` of the bank file as words.
pub(super) fn account_kind(lang: Lang, kind: &str) -> String {
    match kind {
        "2" => t(lang, "settlement-account-current"),
        "4" => t(lang, "settlement-account-savings"),
        _ => t(lang, "settlement-account-ordinary"),
    }
}

/// `****123`.
pub(super) fn masked(number: &str) -> String {
    let hidden = number.chars().count().saturating_sub(3);
    number.chars().enumerate().map(|(at, digit)| if at < hidden { '*' } else { digit }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_s_id_is_its_pay_day_and_its_company() {
        assert_eq!(read_id("2026-02-27.00008").unwrap().1, "00008");
        for odd in ["", "2026-02-27", "2026-02-27.", "2026-2-27.00008", "x.00008", "20260227.00008"] {
            assert_eq!(read_id(odd), None, "{odd}");
        }
    }

    #[test]
    fn of_an_account_the_last_three_digits_are_shown() {
        assert_eq!((masked("0123456"), masked("12")), ("****456".to_owned(), "12".to_owned()));
    }
}
