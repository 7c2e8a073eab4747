//! `/settlement`: what a company is paid and when. What is open, with its sums as of now, and the documents, newest first,
//! by pay day and amount.

use super::rows::{self, Listed, Wanted};
use super::words::{company_field, cycle, date, document_chip, field, mark, net, period, read_day, why};
use super::{Choice, Console};
use crate::close::{Coming, Own, Would};
use crate::rules::{Batch, Line, Net, tax_rows};
use axum::extract::{Query, State};
use center_base::{Caller, Refusal, Scope};
use i18n::{Lang, t, ta};
use jiff::civil::Date;
use maud::{Markup, html};
use money::Yen;
use pages::icon::Icon;
use pages::list::{Column, empty, table};
use pages::ui::{Button, Field, Tone, notice, tag};
use serde::Deserialize;

/// The page's path.
pub(super) const PATH: &str = "/settlement";
/// Documents on a page.
const ROWS: i64 = 50;

/// The address as it comes; every part may be missing or nonsense.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    company: String,
    from: String,
    to: String,
    min: String,
    max: String,
    after: String,
}

/// A sum as it was typed, and as it was understood.
struct Sum {
    typed: String,
    yen: Option<Yen>,
}

impl Sum {
    fn read(typed: &str) -> Self {
        let typed = pages::typed::text(typed);
        Self { yen: pages::typed::yen(&typed).ok(), typed }
    }

    const fn is_bad(&self) -> bool {
        self.yen.is_none() && !self.typed.is_empty()
    }

    /// What stands in its field.
    fn shown(&self) -> String {
        self.yen.map_or_else(|| self.typed.clone(), Yen::grouped)
    }
}

/// The question, made plain.
struct Filter {
    from: Option<Date>,
    to: Option<Date>,
    min: Sum,
    max: Sum,
    after: Option<(Date, String)>,
}

impl Filter {
    fn read(asked: &Asked) -> Self {
        Self {
            from: read_day(&asked.from),
            to: read_day(&asked.to),
            min: Sum::read(&asked.min),
            max: Sum::read(&asked.max),
            after: super::document::read_id(&asked.after),
        }
    }

    const fn narrows(&self) -> bool {
        self.from.is_some() || self.to.is_some() || self.min.yen.is_some() || self.max.yen.is_some()
    }

    fn wanted(&self, company: Option<String>) -> Wanted {
        Wanted {
            company,
            from: self.from.unwrap_or(Date::ZERO),
            to: self.to.unwrap_or(jiff::civil::date(9999, 12, 31)),
            min: self.min.yen.map_or(0, Yen::get),
            max: self.max.yen.map_or(i64::MAX, Yen::get),
            after: self.after.clone(),
            // One more tells whether there are more.
            limit: ROWS.saturating_add(1),
        }
    }

    /// The same question, with another place in the list.
    fn address(&self, company: &str, after: Option<&str>) -> String {
        let fields = [
            ("company", Some(company.to_owned()).filter(|id| !id.is_empty())),
            ("from", self.from.map(|day| day.to_string())),
            ("to", self.to.map(|day| day.to_string())),
            ("min", self.min.yen.map(|yen| yen.get().to_string())),
            ("max", self.max.yen.map(|yen| yen.get().to_string())),
            ("after", after.map(str::to_owned)),
        ];
        let mut address = PATH.to_owned();
        let mut sign = '?';
        for (name, value) in fields {
            if let Some(value) = value {
                address.push_str(&format!("{sign}{name}={}", acquiring::console::encoded(&value)));
                sign = '&';
            }
        }
        address
    }
}

/// `GET /settlement`.
pub(super) async fn page(
    State(console): State<Console>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Markup, Refusal> {
    let choice = console.choice(&caller, &asked.company).await?;
    let filter = Filter::read(&asked);
    let company = choice.company.as_ref().map(|company| company.id.clone());
    let (tenant, wanted) = (console.base.tenant, filter.wanted(company.clone().map(String::from)));
    // A number that nobody has shows nothing, not everything.
    let mut found = if choice.is_unknown {
        Vec::new()
    } else {
        console.base.read(move |tx| Ok(rows::documents(tx, tenant, &wanted)?)).await?
    };
    let limit = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let has_more = found.len() > limit;
    found.truncate(limit);
    let coming = match (&company, filter.after.is_none() && !filter.narrows()) {
        (Some(id), true) => {
            let (of, tenant) = (id.clone(), console.base.tenant);
            let scope = Scope::Company(of.clone());
            let shops = console.base.read(move |tx| Ok(tenancy::shops(tx, tenant, &scope)?)).await?;
            let shops = shops.into_iter().map(|shop| shop.id).collect();
            let own = Own { company: of, shops };
            Some(console.settlement.outlook(own, console.base.clock.today()).await?)
        }
        _ => None,
    };
    let here = filter.address(company.as_ref().map_or("", |id| id.as_str()), None);
    let view = Page { lang: caller.lang, choice: &choice, filter: &filter, found: &found, has_more };
    let body = view.body(coming.as_deref());
    console.page(&caller, (PATH, &here), &t(caller.lang, "settlement-title"), &body).await
}

struct Page<'a> {
    lang: Lang,
    choice: &'a Choice,
    filter: &'a Filter,
    found: &'a [Listed],
    has_more: bool,
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn body(&self, coming: Option<&[Coming]>) -> Markup {
        let company = self.choice.company.as_ref();
        html! {
            div.page-head {
                div.stack-s {
                    h1 tabindex="-1" { (self.t("settlement-title")) }
                    @if let Some(company) = company { p.sub { (company.name) " · " span.mono { (company.id) } } }
                }
            }
            (self.filters())
            @if let Some(coming) = coming { (self.coming(coming)) }
            div.stack {
                h2 { (self.t("settlement-documents")) }
                @if self.found.is_empty() { (self.nothing()) } @else { (self.list()) (self.pager()) }
            }
        }
    }

    fn filters(&self) -> Markup {
        let filter = self.filter;
        let day = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let (from, to, min, max) = (day(filter.from), day(filter.to), filter.min.shown(), filter.max.shown());
        let [from_label, to_label, min_label, max_label, bad] = [
            "settlement-filter-from",
            "settlement-filter-to",
            "settlement-filter-min",
            "settlement-filter-max",
            "payments-filter-amount-bad",
        ]
        .map(|key| self.t(key));
        let sum = |name, label, value, of: &Sum| {
            let sum = Field::text(name, label).value(value).inputmode("numeric");
            field(sum, of.is_bad().then_some(&bad))
        };
        let company = self.choice.company.as_ref().map_or("", |company| company.id.as_str());
        html! {
            form.filters.filter-box method="get" action=(PATH) role="search" {
                (company_field(self.lang, self.choice, Some(&self.t("settlement-company-all"))))
                (Field::text("from", &from_label).kind("date").value(&from))
                (Field::text("to", &to_label).kind("date").value(&to))
                (sum("min", &min_label, &min, &filter.min))
                (sum("max", &max_label, &max, &filter.max))
                div.filter-go {
                    (Button::primary(&self.t("payments-filter-go")).icon(Icon::Search).small())
                    @if filter.narrows() {
                        (Button::plain(&self.t("payments-filter-clear")).link(&plain(company)).small())
                    }
                }
            }
        }
    }

    /// What is not closed, as of now.
    fn coming(&self, coming: &[Coming]) -> Markup {
        html! {
            div.stack {
                h2 { (self.t("settlement-coming")) }
                @if coming.is_empty() {
                    div.panel { (empty(Icon::Calendar, &self.t("settlement-coming-none"), &html! { (self.t("settlement-coming-none-next")) })) }
                } @else {
                    p.sub { (self.t("settlement-coming-about")) }
                    div.coming { @for one in coming { (self.pay_day(one)) } }
                }
            }
        }
    }

    fn pay_day(&self, one: &Coming) -> Markup {
        let lang = self.lang;
        html! {
            article.panel.stack-s {
                h3.row.spread {
                    span { (ta(lang, "settlement-paid-on", &[("day", &acquiring::console::day(lang, one.pay_on))])) }
                    span.sub { (ta(lang, "settlement-notice-on", &[("day", &acquiring::console::day(lang, one.notice_on))])) }
                }
                ul.windows {
                    @for window in &one.windows {
                        li {
                            b { (cycle(lang, &window.span.cycle)) }
                            span.nowrap { (period(window.span.first, window.span.last)) }
                            @if window.is_cut {
                                (tag(Tone::Info, Icon::Lock, &self.t("settlement-window-cut")))
                            } @else {
                                (tag(Tone::Quiet, Icon::Clock, &self.t("settlement-window-open")))
                            }
                        }
                    }
                }
                @match &one.would {
                    Would::Be(lines, batch) => (self.would_be(lines, batch)),
                    Would::BeNone => p.sub { (self.t("settlement-would-be-none")) },
                    Would::BeMade => p.sub { (self.t("settlement-would-be-made")) },
                    Would::BeBlocked(reason) => (notice(Tone::Ask, &self.t("settlement-blocked"), &html! {
                        p { (why(lang, reason)) }
                        p { (self.t(if self.choice.chooses { "settlement-blocked-next" } else { "settlement-blocked-ask" })) }
                    })),
                }
                @if !one.waiting.is_empty() {
                    ul.blockers { li.tone-ask { (Icon::Question) span { (super::words::counted(lang, "settlement-waiting-count", one.waiting.len())) } } }
                }
            }
        }
    }

    fn would_be(&self, lines: &[Line], batch: &Batch) -> Markup {
        let lang = self.lang;
        let tax = tax_rows(lines).ok().and_then(|rows| Net::sum(rows.into_iter().map(|row| row.tax)).ok());
        let fees = tax.and_then(|tax| batch.fee.total.plus(tax).ok()).unwrap_or(batch.fee.total).opposite();
        let transfer = batch.transfer_fee.plus(batch.transfer_tax).unwrap_or_default();
        let mut steps = vec![("settlement-sales", batch.sales), ("settlement-fee-and-tax", fees)];
        steps.extend(
            [
                ("settlement-adjustments", batch.adjusted),
                ("settlement-carried-in", batch.carried_in),
                ("settlement-transfer-fee-taxed", transfer.opposite()),
            ]
            .into_iter()
            .filter(|(_, yen)| !yen.is_zero()),
        );
        let (key, last) = if batch.paid.is_zero() {
            ("settlement-would-carry", batch.carried_out)
        } else {
            ("settlement-would-pay", batch.paid)
        };
        html! {
            dl.sums {
                @for (key, yen) in &steps { div { dt { (self.t(key)) } dd.num { (net(*yen)) } } }
                div.is-end { dt { (self.t(key)) } dd.num { (net(last)) } }
            }
            @if !lines.is_empty() {
                details {
                    summary { (self.t("settlement-lines")) }
                    (line_table(lang, lines, None))
                }
            }
        }
    }

    fn list(&self) -> Markup {
        let lang = self.lang;
        let heads = [
            "settlement-pay-day",
            "settlement-company",
            "settlement-sales",
            "settlement-fee-and-tax",
            "settlement-paid",
            "settlement-state",
        ]
        .map(|key| self.t(key));
        let [day, company, sales, fee, paid, state] = &heads;
        let with_company = self.choice.company.is_none();
        let mut columns = vec![Column::text(day)];
        if with_company {
            columns.push(Column::text(company));
        }
        columns.extend([
            Column::number(sales).only_wide(),
            Column::number(fee).only_wide(),
            Column::number(paid),
            Column::not_on_phones(state),
        ]);
        let rows: Vec<(&str, Vec<Markup>)> =
            self.found.iter().map(|one| ("", self.cells(lang, one, with_company))).collect();
        html! { div.payments { (table(&self.t("settlement-documents"), &columns, &rows)) } }
    }

    fn cells(&self, lang: Lang, one: &Listed, with_company: bool) -> Vec<Markup> {
        let fees = one.fee.plus(one.fee_tax).unwrap_or_default().opposite();
        let mut cells = vec![html! {
            a.open.row-link href=(address(one)) { (date(lang, one.pay_on)) }
        }];
        if with_company {
            cells.push(html! { (self.choice.name(&one.company)) span.sub.mono { (one.company) } });
        }
        cells.extend([
            net(one.sales),
            net(fees),
            html! {
                b { (net(one.paid)) }
                @if !one.carried_out.is_zero() {
                    span.sub { (self.t("settlement-carried-out")) " " (net(one.carried_out)) }
                }
                span.only-phone { (document_chip(lang, one.state, one.payout)) }
            },
            document_chip(lang, one.state, one.payout),
        ]);
        cells
    }

    fn pager(&self) -> Markup {
        let company = self.choice.company.as_ref().map_or("", |company| company.id.as_str());
        let older = self.found.last().filter(|_| self.has_more).map(id_of);
        html! {
            @if older.is_some() || self.filter.after.is_some() {
                nav.pager aria-label=(self.t("payments-pages")) {
                    @if self.filter.after.is_some() {
                        (Button::plain(&self.t("payments-newest")).link(&self.filter.address(company, None)).small())
                    }
                    @if let Some(older) = older {
                        (Button::second(&self.t("payments-next")).icon(Icon::Next).link(&self.filter.address(company, Some(&older))).small())
                    }
                }
            }
        }
    }

    /// No document yet, or none like that.
    fn nothing(&self) -> Markup {
        let [title, advice] = match () {
            () if self.choice.is_unknown => ["settlement-company-unknown", "settlement-company-hint"],
            () if self.filter.narrows() => ["settlement-none-like", "settlement-none-like-next"],
            () => ["settlement-none", "settlement-none-next"],
        }
        .map(|key| self.t(key));
        let icon = if self.filter.narrows() { Icon::Search } else { Icon::Bank };
        html! { div.panel { (empty(icon, &title, &html! { p { (advice) } })) } }
    }
}

/// The list of one company, or of all.
fn plain(company: &str) -> String {
    if company.is_empty() {
        PATH.to_owned()
    } else {
        format!("{PATH}?company={}", acquiring::console::encoded(company))
    }
}

/// A document's own id: `2026-02-27.00008`.
fn id_of(one: &Listed) -> String {
    format!("{}.{}", one.pay_on, one.company)
}

fn address(one: &Listed) -> String {
    format!("{PATH}/documents/{}", id_of(one))
}

/// The lines of a document; with `items`, each leads to the file of its items.
pub(super) fn line_table(lang: Lang, lines: &[Line], items: Option<&str>) -> Markup {
    let heads = [
        "settlement-line",
        "settlement-period",
        "settlement-count",
        "settlement-sales",
        "settlement-rate",
        "settlement-fee",
        "settlement-net",
        "settlement-items",
    ]
    .map(|key| t(lang, key));
    let [line, days, count, sales, rate, fee, rest, file] = &heads;
    let mut columns = vec![
        Column::text(line),
        Column::wide_only(days),
        Column::number(count).only_wide(),
        Column::number(sales),
        Column::number(rate).only_wide(),
        Column::number(fee),
        Column::number(rest),
    ];
    if items.is_some() {
        columns.push(Column::wide_only(file));
    }
    let rows: Vec<(&str, Vec<Markup>)> =
        (1_u32..).zip(lines).map(|(number, of)| ("", line_cells(lang, number, of, items))).collect();
    table(&t(lang, "settlement-lines"), &columns, &rows)
}

fn line_cells(lang: Lang, number: u32, of: &Line, items: Option<&str>) -> Vec<Markup> {
    let group = super::words::group(lang, &of.key.group);
    let marked = mark(of.key.kind);
    let backs = if of.backs > 0 { format!("(-{})", of.backs) } else { String::new() };
    let taxable = of.fee.taxable.opposite();
    let mut cells = vec![
        html! {
            b { (group) } @if !marked.is_empty() { " " span.mark { (marked) } }
            span.sub { (super::words::kind(lang, of.key.kind)) }
            span.sub.only-narrow { (period(of.from, of.to)) }
            @if let Some(items) = items { span.only-narrow { (file_link(lang, number, of, items)) } }
        },
        html! { span.nowrap { (period(of.from, of.to)) } span.sub { (cycle(lang, &of.key.span.cycle)) } },
        html! { span.nowrap { (money::group(i64::from(of.count))) (backs) } },
        net(of.sales),
        html! { (of.key.rates.total().percent()) },
        html! {
            (net(of.fee.total.opposite()))
            @if !taxable.is_zero() {
                span.sub.hide-narrow { (t(lang, "settlement-of-this-taxable")) " " (net(taxable)) }
            }
        },
        html! { b { (net(of.net)) } },
    ];
    if let Some(items) = items {
        cells.push(file_link(lang, number, of, items));
    }
    cells
}

/// The file of a line's items.
fn file_link(lang: Lang, number: u32, of: &Line, items: &str) -> Markup {
    let line = format!("{} {}", super::words::group(lang, &of.key.group), mark(of.key.kind));
    let label = ta(lang, "settlement-items-of", &[("line", line.trim_end())]);
    html! {
        a.file href=(format!("{items}?line={number}")) { (Icon::Download) "CSV" span.sr-only { " " (label) } }
    }
}
