//! The page of a day: what needs a person first, then the totals, then every payment.

use super::charts::Totals;
use super::filter::{Filter, LIST_PATH, choices};
use super::rows::{self, Found, OPEN_ROWS, View};
use super::words::{
    self, age, card_cell, class_word, entry_icon, entry_word, payment_chip, state_word, time,
};
use super::{Console, live_main};
use crate::row::Payment;
use center_base::{Caller, Refusal};
use i18n::{Lang, code_text, t, ta};
use jiff::ToSpan as _;
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, empty, table};
use pages::live::Rev;
use pages::ui::{Button, Field, select, yen};
use payment::{Brand, StateName, StatusProfile};
use std::collections::BTreeMap;
use tenancy::Shop;

/// Everything that the page says.
struct Page<'a> {
    lang: Lang,
    filter: &'a Filter,
    now_us: i64,
    /// The words of the reader's own place: for the filter.
    profile: StatusProfile,
    profiles: BTreeMap<String, StatusProfile>,
    found: Found,
    totals: Totals,
    open: Vec<Payment>,
    shops: Vec<Shop>,
}

/// The page's `main`.
pub(crate) async fn draw(
    console: &Console,
    caller: &Caller,
    filter: &Filter,
    rev: Rev,
) -> Result<Markup, Refusal> {
    let (tenant, scope) = (console.base.tenant, caller.scope()?);
    let profile = console.tenancy.policy_of(&scope).await?.status_profile;
    let view = View { tenant, scope, profile };
    let asked = filter.clone();
    let (found, open, shops) = console
        .base
        .read(move |tx| {
            let found = rows::find(tx, &view, &asked)?;
            // What waits is said on the running day only; a look back is not disturbed.
            let open = if asked.on == asked.today { rows::open(tx, &view)? } else { Vec::new() };
            Ok((found, open, tenancy::shops(tx, tenant, &view.scope)?))
        })
        .await?;
    let profiles = console.profiles(found.rows.iter().chain(&open)).await?;
    let totals = Totals::new(&found.sums);
    let now_us = console.base.clock.now_us();
    let page = Page { lang: caller.lang, filter, now_us, profile, profiles, found, totals, open, shops };
    Ok(live_main("payments", rev, &page.body()))
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn body(&self) -> Markup {
        let running = self.filter.on == self.filter.today;
        let hour = usize::try_from(
            self.now_us.saturating_add(32_400_000_000).div_euclid(3_600_000_000).rem_euclid(24),
        );
        let now_hour = hour.ok().filter(|_| running);
        html! {
            (self.head())
            (self.attention())
            @if self.found.by_id {
                p.found-by { (Icon::Search) span { (self.t("payments-found-by-id")) } }
            } @else {
                div.day { (self.totals.figures(self.lang)) (self.totals.charts(self.lang, now_hour)) }
            }
            (self.filters())
            @if self.found.rows.is_empty() { (self.nothing()) } @else { (self.list()) (self.pager()) }
        }
    }

    /// The day, and the ways to the days beside it.
    fn head(&self) -> Markup {
        let Filter { on, today, .. } = *self.filter;
        let step = |days: i64| on.checked_add(days.days()).ok();
        let next = step(1).filter(|next| *next <= today);
        let href = |day| self.filter.of_day(day).address(LIST_PATH);
        let [before, after, now] =
            ["payments-day-before", "payments-day-after", "payments-today"].map(|key| self.t(key));
        html! {
            div.page-head {
                h1 tabindex="-1" { (ta(self.lang, "payments-of-day", &[("day", &words::day(self.lang, on))])) }
                nav.quick.day-steps aria-label=(self.t("payments-days")) {
                    @if let Some(day) = step(-1) {
                        a href=(href(day)) { (Icon::Previous) span { (before) } }
                    }
                    a href=(href(today)) aria-current=[(on == today).then_some("date")] { (now) }
                    @if let Some(day) = next {
                        a href=(href(day)) { span { (after) } (Icon::Next) }
                    }
                }
            }
        }
    }

    fn profile_of(&self, payment: &Payment) -> StatusProfile {
        self.profiles.get(payment.shop.as_str()).copied().unwrap_or(self.profile)
    }

    fn chip_of(&self, payment: &Payment) -> Markup {
        let same_day = payment.business_date == self.filter.today.to_string();
        payment_chip(self.lang, self.profile_of(payment), payment, same_day)
    }

    fn shop_name(&self, payment: &Payment) -> String {
        let shop = self.shops.iter().find(|shop| shop.id == payment.shop);
        shop.map_or_else(|| payment.shop.to_string(), |shop| shop.merchant.name.clone())
    }

    /// In doubt, or authorized and not completed: whatever the day, the oldest first (spec screens C2).
    fn attention(&self) -> Markup {
        if self.open.is_empty() {
            return html! {};
        }
        let shown = self.open.iter().take(OPEN_ROWS);
        let doubtful = self.open.iter().any(|payment| payment.standing.state.name() == StateName::InDoubt);
        html! {
            section.attention.(if doubtful { "tone-ask" } else { "tone-info" }) aria-labelledby="attention" {
                h2 #attention { (if doubtful { Icon::Question } else { Icon::Reserved }) (self.t("payments-attention")) }
                ul {
                    @for payment in shown {
                        li {
                            a.row-link href=(address(payment)) {
                                b.num { (yen(payment.amount)) }
                                span.sr-only { " " (payment::public_id(payment.id)) }
                            }
                            (self.chip_of(payment))
                            span.why { (self.why(payment)) }
                            span.sub { (self.shop_name(payment)) " · " span.mono { (payment.terminal) } }
                            span.age { (ta(self.lang, "payments-since", &[("age", &self.age_of(payment))])) }
                        }
                    }
                }
                @if self.open.len() > OPEN_ROWS { p.sub { (self.t("payments-attention-more")) } }
            }
        }
    }

    fn age_of(&self, payment: &Payment) -> String {
        age(self.lang, self.now_us.saturating_sub(payment.changed_at_us))
    }

    /// What becomes of an open payment by itself.
    fn why(&self, payment: &Payment) -> String {
        match payment.standing.due_us {
            Some(due_us) => {
                let until = time(due_us).chars().take(5).collect::<String>();
                ta(self.lang, "payments-attention-authorized", &[("until", &until)])
            }
            None => self.t("payments-attention-in-doubt"),
        }
    }

    /// The question as a form; its fields keep what is being chosen while the list moves.
    fn filters(&self) -> Markup {
        let lang = self.lang;
        let filter = self.filter;
        let all = self.t("payments-all");
        let states: Vec<(&str, String)> = choices(self.profile)
            .into_iter()
            .map(|state| (state.word(), state_word(lang, self.profile, state, filter.on == filter.today)))
            .collect();
        let mut state_options = vec![("", all.as_str())];
        state_options.extend(states.iter().map(|(value, text)| (*value, text.as_str())));
        let same = |state: StateName| super::filter::same_word(self.profile, state);
        let chosen = filter.state.and_then(|state| {
            states
                .iter()
                .find(|(word, _)| same(state).iter().any(|other| other.word() == *word))
                .map(|(word, _)| *word)
        });
        let on = filter.on.to_string();
        let further =
            filter.narrowing() - usize::from(!filter.text.is_empty()) - usize::from(filter.state.is_some());
        let (label, hint) = (self.t("payments-filter-text"), self.t("payments-filter-text-hint"));
        let (day, state) = (self.t("payments-filter-day"), self.t("payments-filter-state"));
        html! {
            form.filters.filter-box method="get" action=(LIST_PATH) role="search" hx-morph-skip {
                div.field-wide { (Field::text("q", &label).kind("search").value(&filter.text).placeholder(&hint).max_chars(64)) }
                (Field::text("on", &day).kind("date").value(&on))
                (select("state", &state, &state_options, chosen.unwrap_or_default()))
                div.filter-go {
                    (Button::primary(&self.t("payments-filter-go")).icon(Icon::Search).small())
                    @if filter.narrows() {
                        (Button::plain(&self.t("payments-filter-clear")).link(&filter.without_narrowing().address(LIST_PATH)).small())
                    }
                }
                details open[further > 0 || filter.bad_amount] {
                    summary {
                        (self.t("payments-filter-more"))
                        @if further > 0 { span.chip.tone-info { (further) } }
                    }
                    div.filters { (self.further_filters()) }
                }
            }
        }
    }

    fn further_filters(&self) -> Markup {
        let filter = self.filter;
        let all = self.t("payments-all");
        let mut shop_options = vec![("", all.as_str())];
        shop_options.extend(self.shops.iter().map(|shop| (shop.id.as_str(), shop.merchant.name.as_str())));
        let mut brand_options = vec![("", all.as_str())];
        brand_options.extend(Brand::ALL.iter().map(|brand| (brand.word(), brand.name())));
        let brand = filter.brand.map(Brand::word).unwrap_or_default();
        let amount = |yen: Option<money::Yen>| yen.map(money::Yen::grouped).unwrap_or_default();
        let (min, max) = (amount(filter.min), amount(filter.max));
        let bad = self.t("payments-filter-amount-bad");
        let [shop, terminal, brands, from, to] = [
            "payments-filter-shop",
            "payments-filter-terminal",
            "payments-filter-brand",
            "payments-filter-min",
            "payments-filter-max",
        ]
        .map(|key| self.t(key));
        let from = Field::text("min", &from).value(&min).inputmode("numeric");
        html! {
            @if self.shops.len() > 1 {
                (select("shop", &shop, &shop_options, filter.shop.as_deref().unwrap_or_default()))
            }
            (Field::text("terminal", &terminal).inputmode("numeric").value(filter.terminal.as_deref().unwrap_or_default())
                .placeholder(&self.t("payments-filter-terminal-hint")))
            (select("brand", &brands, &brand_options, brand))
            @if filter.bad_amount { (from.error(&bad)) } @else { (from) }
            (Field::text("max", &to).value(&max).inputmode("numeric"))
        }
    }

    fn list(&self) -> Markup {
        let heads = [
            "payments-column-time",
            "payments-column-shop",
            "payments-column-card",
            "payments-column-entry",
            "payments-column-class",
            "payments-column-amount",
            "payments-column-state",
            "payments-column-operator",
        ]
        .map(|key| self.t(key));
        let [when, shop, card, entry, class, amount, state, operator] = &heads;
        let columns = [
            Column::text(when),
            Column::wide_only(shop),
            Column::text(card),
            Column::wide_only(entry),
            Column::wide_only(class),
            Column::number(amount),
            Column::not_on_phones(state),
            Column::wide_only(operator),
        ];
        let rows: Vec<_> =
            self.found.rows.iter().map(|payment| (row_class(payment), self.cells(payment))).collect();
        html! { div.payments { (table(&self.t("payments-list"), &columns, &rows)) } }
    }

    fn cells(&self, payment: &Payment) -> Vec<Markup> {
        let lang = self.lang;
        let card = payment.card.as_ref();
        let shop = self.shop_name(payment);
        let when =
            if self.found.by_id { words::moment(payment.sent_at_us) } else { time(payment.sent_at_us) };
        let reason = payment.standing.state.code().map(|code| code_text(lang, code).title);
        vec![
            html! {
                a.open.row-link href=(address(payment)) { (when) }
                span.sub.mono { (payment::public_id(payment.id)) }
            },
            html! { span.shop-name { (shop) } span.sub.mono { (payment.terminal) } },
            html! { (card_cell(payment)) @if self.shops.len() > 1 { span.sub.only-narrow { (shop) } } },
            html! {
                @if let Some(card) = card {
                    span.entry { (entry_icon(card.entry_mode)) span { (entry_word(lang, card.entry_mode)) } }
                }
            },
            html! { (class_word(lang, payment.class)) },
            html! { (yen(payment.amount)) span.only-phone { (self.chip_of(payment)) } },
            html! {
                (self.chip_of(payment))
                @if let Some(reason) = reason { span.sub { (reason) } }
            },
            html! { @if let Some(operator) = &payment.operator { span.nowrap { (operator.name) } } @else { span.dim { "–" } } },
        ]
    }

    fn pager(&self) -> Markup {
        let shown = self.found.rows.len();
        let (all, shown) = (money::group(self.totals.all), shown.to_string());
        let older =
            self.found.rows.last().filter(|_| self.found.more).map(|row| self.filter.older_than(row.seq));
        html! {
            nav.pager aria-label=(self.t("payments-pages")) {
                span.dim { (ta(self.lang, "payments-shown", &[("all", &all), ("shown", &shown)])) }
                div.row {
                    @if self.filter.before.is_some() {
                        (Button::plain(&self.t("payments-newest")).link(&self.filter.of_day(self.filter.on).address(LIST_PATH)).small())
                    }
                    @if let Some(older) = older {
                        (Button::second(&self.t("payments-next")).icon(Icon::Next).link(&older.address(LIST_PATH)).small())
                    }
                }
            }
        }
    }

    /// Nothing yet today, nothing on that day, nothing like that.
    fn nothing(&self) -> Markup {
        let [title, advice] = match () {
            () if self.filter.narrows() => ["payments-none-like", "payments-none-like-advice"],
            () if self.filter.on == self.filter.today => {
                ["payments-none-today", "payments-none-today-advice"]
            }
            () => ["payments-none-day", "payments-none-day-advice"],
        }
        .map(|key| self.t(key));
        let clear = self.t("payments-filter-clear");
        let advice = html! {
            p { (advice) }
            @if self.filter.narrows() {
                (Button::second(&clear).link(&self.filter.without_narrowing().address(LIST_PATH)).small())
            }
        };
        let icon = if self.filter.narrows() { Icon::Search } else { Icon::Receipt };
        html! { div.panel { (empty(icon, &title, &advice)) } }
    }
}

/// Where a payment's page is.
fn address(payment: &Payment) -> String {
    format!("{LIST_PATH}/{}", payment.id)
}

/// What no longer counts is pale; what is not known is marked.
fn row_class(payment: &Payment) -> &'static str {
    match payment.shown_state() {
        StateName::Approved | StateName::Started | StateName::Sent | StateName::Authorized => "",
        StateName::InDoubt => "is-ask",
        StateName::Declined
        | StateName::Failed
        | StateName::Reversed
        | StateName::Released
        | StateName::Abandoned => "is-faded",
    }
}
