//! `/settlement/year`: what a company was paid in a year, month by month of the pay days.

use super::rows::{self, Listed, Wanted};
use super::words::{company_field, net, yen};
use super::{Choice, Console, shop};
use axum::extract::{Query, State};
use center_base::{Caller, Refusal};
use i18n::{Lang, t, ta};
use jiff::civil::{Date, date};
use maud::{Markup, html};
use pages::icon::Icon;
use pages::list::{Column, Total, empty, table_summed, totals};
use pages::ui::Button;
use serde::Deserialize;

/// The page's path.
pub(super) const PATH: &str = "/settlement/year";
/// Documents of a year and company at most: one a pay day.
const ROWS: i64 = 400;
/// The first year that has figures.
const FIRST: i16 = 2020;

/// The address as it comes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    company: String,
    year: String,
}

/// A month's sums in signed whole yen.
#[derive(Clone, Copy, Debug, Default)]
struct Month {
    documents: i64,
    sales: i64,
    fee: i64,
    fee_tax: i64,
    adjusted: i64,
    transfer_fee: i64,
    paid: i64,
    /// The balance behind its last document.
    carried: i64,
}

impl Month {
    fn add(&mut self, one: &Listed) {
        let plus = |sum: &mut i64, of: crate::rules::Net| *sum = sum.saturating_add(of.get());
        self.documents = self.documents.saturating_add(1);
        plus(&mut self.sales, one.sales);
        plus(&mut self.fee, one.fee);
        plus(&mut self.fee_tax, one.fee_tax);
        plus(&mut self.adjusted, one.adjusted);
        plus(&mut self.transfer_fee, one.transfer_fee);
        plus(&mut self.paid, one.paid);
        self.carried = one.carried_out.get();
    }
}

/// `GET /settlement/year`.
pub(super) async fn page(
    State(console): State<Console>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Markup, Refusal> {
    let choice = console.choice(&caller, &asked.company).await?;
    let today = console.base.clock.today();
    let year = pages::typed::digits(&asked.year)
        .parse()
        .unwrap_or(today.year())
        .clamp(FIRST, crate::limits::LAST_YEAR);
    let found = match &choice.company {
        None => Vec::new(),
        Some(company) => {
            let tenant = console.base.tenant;
            let wanted = Wanted {
                company: Some(company.id.as_str().to_owned()),
                from: date(year, 1, 1),
                to: date(year, 12, 31),
                min: 0,
                max: i64::MAX,
                after: None,
                limit: ROWS,
            };
            console.base.read(move |tx| Ok(rows::documents(tx, tenant, &wanted)?)).await?
        }
    };
    let view = Page { lang: caller.lang, choice: &choice, year, today, found: &found };
    let here = view.address(year);
    console.page(&caller, (PATH, &here), &t(caller.lang, "settlement-year"), &view.body()).await
}

struct Page<'a> {
    lang: Lang,
    choice: &'a Choice,
    year: i16,
    today: Date,
    found: &'a [Listed],
}

impl Page<'_> {
    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }

    fn company(&self) -> &str {
        self.choice.company.as_ref().map_or("", |company| company.id.as_str())
    }

    fn address(&self, year: i16) -> String {
        let company = acquiring::console::encoded(self.company());
        if company.is_empty() {
            format!("{PATH}?year={year}")
        } else {
            format!("{PATH}?company={company}&year={year}")
        }
    }

    fn body(&self) -> Markup {
        let lang = self.lang;
        let heading = ta(lang, "settlement-year-of", &[("year", &self.year.to_string())]);
        let [before, after] = ["settlement-year-before", "settlement-year-after"].map(|key| self.t(key));
        let step = |by: i16| self.year.saturating_add(by);
        html! {
            div.page-head {
                div.stack-s {
                    h1 tabindex="-1" { (heading) }
                    @if let Some(company) = &self.choice.company {
                        p.sub { (company.name) " · " span.mono { (company.id) } }
                    }
                }
                nav.quick.day-steps aria-label=(self.t("settlement-years")) {
                    @if self.year > FIRST { a href=(self.address(step(-1))) { (Icon::Previous) span { (before) } } }
                    @if self.year < self.today.year() { a href=(self.address(step(1))) { span { (after) } (Icon::Next) } }
                }
            }
            @if self.choice.chooses {
                form.filters.filter-box method="get" action=(PATH) {
                    (company_field(lang, self.choice, None))
                    input type="hidden" name="year" value=(self.year);
                    div.filter-go { (Button::primary(&self.t("settlement-show")).icon(Icon::Search).small()) }
                }
            }
            @if self.choice.company.is_none() {
                div.panel { (empty(Icon::Shop, &self.t("settlement-company-choose"), &html! { (self.t("settlement-year-choose-next")) })) }
            } @else if self.found.is_empty() {
                div.panel { (empty(Icon::Sum, &self.t("settlement-year-none"), &html! { (self.t("settlement-year-none-next")) })) }
            } @else {
                (self.months())
            }
        }
    }

    fn months(&self) -> Markup {
        let mut months: Vec<(i8, Month)> = (1..=12).map(|month| (month, Month::default())).collect();
        let mut whole = Month::default();
        // The newest comes first; the balance is that of the last document.
        for one in self.found.iter().rev() {
            whole.add(one);
            if let Some((_, month)) = months.iter_mut().find(|(number, _)| *number == one.pay_on.month()) {
                month.add(one);
            }
        }
        let first = self.found.last().map_or(crate::rules::Net::ZERO, |one| one.carried_in);
        let heads = [
            "settlement-month",
            "settlement-sales",
            "settlement-fee",
            "settlement-tax",
            "settlement-adjustments",
            "settlement-transfer-fee-taxed",
            "settlement-paid",
            "settlement-carried-out",
        ]
        .map(|key| self.t(key));
        let [month, sales, fee, tax, adjusted, transfer, paid, carried] = &heads;
        let columns = [
            Column::text(month),
            Column::number(sales),
            Column::number(fee).only_wide(),
            Column::number(tax).only_wide(),
            Column::number(adjusted).only_wide(),
            Column::number(transfer).only_wide(),
            Column::number(paid),
            Column::number(carried).only_wide(),
        ];
        let rows: Vec<(&str, Vec<Markup>)> =
            months.iter().map(|(number, month)| self.row(*number, month)).collect();
        let mut foot = cells(&whole);
        foot.insert(0, html! { (self.t("settlement-whole-year")) });
        let [sum_sales, sum_paid, sum_fees, end] =
            ["settlement-sales", "settlement-paid", "settlement-fee-and-tax", "settlement-balance-now"]
                .map(|key| self.t(key));
        let fees = whole.fee.saturating_add(whole.fee_tax).saturating_neg();
        let began = ta(self.lang, "settlement-year-began", &[("yen", &first.to_string())]);
        html! {
            (totals(&[
                Total::new(&sum_sales, yen(whole.sales), ""),
                Total::new(&sum_fees, yen(fees), ""),
                Total::new(&sum_paid, yen(whole.paid), "").main(),
                Total::new(&end, yen(whole.carried), if first.is_zero() { "" } else { &began }),
            ]))
            (table_summed(&self.t("settlement-year"), &columns, &rows, &foot))
            p.sub { (self.t("settlement-year-about")) }
        }
    }

    fn row(&self, number: i8, month: &Month) -> (&'static str, Vec<Markup>) {
        let name = self.t(&format!("settlement-month-{number}"));
        if month.documents == 0 {
            let mut row = vec![html! { (name) }];
            row.extend((0..7).map(|_| html! { span.dim { "–" } }));
            return ("", row);
        }
        let first = date(self.year, number, 1);
        let company = acquiring::console::encoded(self.company());
        let href = format!("{}?company={company}&from={first}&to={}", shop::PATH, first.last_of_month());
        let mut row = cells(month);
        row.insert(0, html! { a.open.row-link href=(href) { (name) } });
        ("", row)
    }
}

fn cells(of: &Month) -> Vec<Markup> {
    vec![
        yen(of.sales),
        yen(of.fee.saturating_neg()),
        yen(of.fee_tax.saturating_neg()),
        yen(of.adjusted),
        yen(of.transfer_fee.saturating_neg()),
        html! { b { (yen(of.paid)) } },
        crate::rules::Net::new(of.carried).map_or_else(|_| html! { "–" }, net),
    ]
}
