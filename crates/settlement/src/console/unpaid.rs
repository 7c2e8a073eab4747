//! `/settlement/unpaid`: what companies are owed, or owe, and nobody has paid: balances that are carried, and payouts that
//! wait or came back, with their age.

use super::rows::{self, Carried};
use super::words::{counted, date, net, yen};
use super::{Console, name_of, shop, words};
use crate::rows::payouts::{self, Payout};
use crate::rules::PayoutState;
use axum::extract::State;
use center_base::{Caller, Refusal, Scope};
use i18n::{Lang, t};
use jiff::civil::Date;
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, Total, empty, table, totals};
use pages::ui::{Tone, tag};
use tenancy::Company;

/// The page's path.
pub(super) const PATH: &str = "/settlement/unpaid";
/// Rows of each table at most.
const ROWS: i64 = 500;

/// `GET /settlement/unpaid`.
pub(super) async fn page(State(console): State<Console>, caller: Caller) -> Result<Markup, Refusal> {
    let tenant = console.base.tenant;
    let (carried, payouts, companies) = console
        .base
        .read(move |tx| {
            Ok((
                rows::carried(tx, tenant, ROWS)?,
                payouts::waiting(tx, tenant, ROWS)?,
                tenancy::companies(tx, tenant, &Scope::Tenant)?,
            ))
        })
        .await?;
    let view = Page { lang: caller.lang, today: console.base.clock.today(), companies: &companies };
    let body = view.body(&carried, &payouts);
    console.page(&caller, (PATH, PATH), &t(caller.lang, "settlement-unpaid"), &body).await
}

struct Page<'a> {
    lang: Lang,
    today: Date,
    companies: &'a [Company],
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn body(&self, carried: &[Carried], payouts: &[Payout]) -> Markup {
        let sum = |owed: bool| {
            let of = carried.iter().filter(|(_, yen, _)| yen.is_negative() != owed);
            of.fold(0_i64, |sum, (_, yen, _)| sum.saturating_add(yen.get()))
        };
        let waiting = payouts.iter().fold(0_i64, |sum, one| sum.saturating_add(one.yen));
        let [wait, owed, owing] =
            ["settlement-unpaid-payouts", "settlement-unpaid-owed", "settlement-unpaid-owing"]
                .map(|key| self.t(key));
        let count = counted(self.lang, "settlement-payouts-count", payouts.len());
        html! {
            div.page-head {
                div.stack-s { h1 tabindex="-1" { (self.t("settlement-unpaid")) } p.sub { (self.t("settlement-unpaid-about")) } }
            }
            (totals(&[
                Total::new(&wait, yen(waiting), &count).main(),
                Total::new(&owed, yen(sum(true)), ""),
                Total::new(&owing, yen(sum(false)), ""),
            ]))
            div.stack-s {
                h2 { (self.t("settlement-unpaid-payouts")) }
                @if payouts.is_empty() {
                    div.panel { (empty(Icon::Check, &self.t("settlement-unpaid-no-payouts"), &html! { (self.t("settlement-unpaid-no-payouts-next")) })) }
                } @else { (self.payouts(payouts)) }
            }
            div.stack-s {
                h2 { (self.t("settlement-unpaid-carried")) }
                p.sub { (self.t("settlement-unpaid-carried-about")) }
                @if carried.is_empty() {
                    div.panel { (empty(Icon::Check, &self.t("settlement-unpaid-no-carried"), &html! { (self.t("settlement-unpaid-no-carried-next")) })) }
                } @else { (self.carried(carried)) }
            }
        }
    }

    /// `62日` since a day; a day to come has no age.
    fn age(&self, since: Date) -> Markup {
        let days = self.today.since(since).map_or(0, |span| span.get_days());
        html! {
            @if days >= 0 { span.nowrap { (counted(self.lang, "settlement-days", days)) } }
            @else { span.dim.nowrap { (self.t("settlement-not-due")) } }
        }
    }

    fn company(&self, id: &str) -> Markup {
        html! { (name_of(self.companies, id)) span.sub.mono { (id) } }
    }

    fn payouts(&self, payouts: &[Payout]) -> Markup {
        let heads = [
            "settlement-pay-day",
            "settlement-company",
            "settlement-amount",
            "settlement-state",
            "settlement-age",
        ]
        .map(|key| self.t(key));
        let [day, company, amount, state, age] = &heads;
        let columns = [
            Column::text(day),
            Column::text(company),
            Column::number(amount),
            Column::not_on_phones(state),
            Column::not_on_phones(age),
        ];
        let rows: Vec<(&str, Vec<Markup>)> = payouts
            .iter()
            .map(|one| {
                let href = format!("{}/{}", super::payouts::PATH, one.key);
                let cells = vec![
                    html! { a.open.row-link href=(href) { (date(self.lang, one.key.pay_on)) } },
                    self.company(&one.key.company),
                    html! { (yen(one.yen)) span.only-phone { (self.state(one)) } },
                    self.state(one),
                    html! {
                        (self.age(one.key.pay_on))
                        @if one.state == PayoutState::Returned {
                            span.sub { (acquiring::console::moment(one.changed_us)) }
                        }
                    },
                ];
                ("", cells)
            })
            .collect();
        html! { div.payments { (table(&self.t("settlement-unpaid-payouts"), &columns, &rows)) } }
    }

    fn state(&self, one: &Payout) -> Markup {
        html! {
            @if one.state == PayoutState::Returned {
                (tag(Tone::Ng, Icon::Warning, &self.t("settlement-state-returned")))
                span.sub { (words::reason(self.lang, &one.reason)) }
            } @else if one.to.is_none() {
                (tag(Tone::Ask, Icon::Question, &self.t("settlement-no-account")))
            } @else {
                (tag(Tone::Info, Icon::Clock, &self.t("settlement-payout-waiting")))
            }
        }
    }

    fn carried(&self, carried: &[Carried]) -> Markup {
        let heads = ["settlement-company", "settlement-balance", "settlement-since", "settlement-age"]
            .map(|key| self.t(key));
        let [company, balance, since, age] = &heads;
        let columns = [
            Column::text(company),
            Column::number(balance),
            Column::text(since).only_wide(),
            Column::text(age),
        ];
        let rows: Vec<(&str, Vec<Markup>)> = carried
            .iter()
            .map(|(id, yen, since)| {
                let href = format!("{}?company={}", shop::PATH, acquiring::console::encoded(id));
                let cells = vec![
                    html! { a.open.row-link href=(href) { (name_of(self.companies, id)) } span.sub.mono { (id) } },
                    html! { b { (net(*yen)) } },
                    html! { @if let Some(since) = since { (date(self.lang, *since)) } @else { "–" } },
                    html! { @if let Some(since) = since { (self.age(*since)) } @else { "–" } },
                ];
                ("", cells)
            })
            .collect();
        html! { div.payments { (table(&self.t("settlement-unpaid-carried"), &columns, &rows)) } }
    }
}
