//! The day at a glance: its totals, a bar by brand, bars by hour. Drawn here as SVG, so that they print,
//! follow light and dark, and need no script; the numbers stand beside them as text.

use super::rows::Sum;
use super::words::{add, count, number};
use i18n::{Lang, t, ta};
use maud::{Markup, html};
use money::Yen;
use pages::list::{Total, totals};
use pages::ui::yen;
use payment::{Brand, StateName};

/// Width of the bars' picture in its own units.
const WIDE: i64 = 1000;
/// Height of the bars by hour in their own units.
const HIGH: i64 = 100;

/// A number of payments and what they come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) count: i64,
    pub(crate) amount: Yen,
}

impl Part {
    fn of<'a>(sums: impl Iterator<Item = &'a Sum>) -> Self {
        sums.fold(Self::default(), |part, sum| Self {
            count: part.count.saturating_add(sum.count),
            amount: add(part.amount, sum.amount),
        })
    }
}

/// The totals of a list. Sales are what the ledger moved; nothing else counts as money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) sales: Part,
    pub(crate) open: Part,
    pub(crate) in_doubt: Part,
    pub(crate) refused: Part,
    pub(crate) all: i64,
    by_brand: Vec<(Brand, Part)>,
    by_hour: [Part; 24],
}

impl Totals {
    /// Adds up the parts of a day.
    pub(crate) fn new(sums: &[Sum]) -> Self {
        use StateName as S;
        let of = |states: &'static [S]| Part::of(sums.iter().filter(|sum| states.contains(&sum.state)));
        let sold = || sums.iter().filter(|sum| sum.state == S::Approved);
        let mut by_brand: Vec<(Brand, Part)> = Brand::ALL
            .iter()
            .map(|brand| (*brand, Part::of(sold().filter(|sum| sum.brand == Some(*brand)))))
            .filter(|(_, part)| part.count > 0)
            .collect();
        by_brand.sort_by_key(|(_, part)| std::cmp::Reverse(part.amount));
        Self {
            sales: of(&[S::Approved]),
            open: of(&[S::Started, S::Sent, S::Authorized]),
            in_doubt: of(&[S::InDoubt]),
            refused: of(&[S::Declined, S::Failed, S::Reversed, S::Released, S::Abandoned]),
            all: Part::of(sums.iter()).count,
            by_brand,
            by_hour: std::array::from_fn(|hour| Part::of(sold().filter(|sum| sum.hour == hour))),
        }
    }

    /// The row of figures (A-012, M-075).
    pub(crate) fn figures(&self, lang: Lang) -> Markup {
        let [sales, open, refused, in_doubt] =
            ["payments-total-sales", "payments-total-open", "payments-total-refused", "payments-total-in-doubt"]
                .map(|key| t(lang, key));
        let [no_sale, not_charged, no_doubt] =
            ["payments-total-no-sale", "payments-total-not-charged", "payments-total-no-doubt"].map(|key| t(lang, key));
        let said = |part: Part| count(lang, part.count);
        let sold = if self.sales.count == 0 { no_sale } else { said(self.sales) };
        let doubts = said(self.in_doubt);
        let waiting = said(self.open);
        let doubt = if self.in_doubt.count == 0 {
            Total::new(&in_doubt, html! { "0" }, &no_doubt)
        } else {
            Total::new(&in_doubt, yen(self.in_doubt.amount), &doubts).ask()
        };
        totals(&[
            Total::new(&sales, yen(self.sales.amount), &sold).main(),
            doubt,
            Total::new(&open, yen(self.open.amount), &waiting),
            Total::new(&refused, html! { (number(lang, self.refused.count)) }, &not_charged),
        ])
    }

    /// Both charts; nothing without a sale.
    pub(crate) fn charts(&self, lang: Lang, now_hour: Option<usize>) -> Markup {
        if self.sales.count == 0 {
            return html! {};
        }
        html! { (self.brands(lang)) (self.hours(lang, now_hour)) }
    }

    /// One bar, a piece for each brand, and the same as a list.
    fn brands(&self, lang: Lang) -> Markup {
        let whole = self.sales.amount.get().max(1);
        let mut from = 0_i64;
        let pieces: Vec<(usize, i64, i64, String)> = self
            .by_brand
            .iter()
            .enumerate()
            .map(|(place, (brand, part))| {
                let x = scaled(from, WIDE, whole);
                from = from.saturating_add(part.amount.get());
                let title = format!("{} ¥{} · {}", brand.name(), part.amount.grouped(), count(lang, part.count));
                (place, x, scaled(from, WIDE, whole).saturating_sub(x), title)
            })
            .collect();
        html! {
            section.chart aria-labelledby="by-brand" {
                h2 #by-brand { (t(lang, "payments-by-brand")) }
                svg.stack-bar viewBox=(format!("0 0 {WIDE} 20")) preserveAspectRatio="none" aria-hidden="true"
                    focusable="false" {
                    @for (place, x, wide, title) in &pieces {
                        rect.(format!("share-{place}")) x=(x) y="0" width=((wide - 4).max(2)) height="20" {
                            title { (title) }
                        }
                    }
                }
                ul.legend {
                    @for (place, (brand, part)) in self.by_brand.iter().enumerate() {
                        li {
                            span.(format!("swatch share-{place}")) {}
                            span.name { (brand.name()) }
                            span.sub.num { (number(lang, part.count)) }
                            b.num { (yen(part.amount)) }
                            span.sub.num { (scaled(part.amount.get(), 100, whole)) "%" }
                        }
                    }
                }
            }
        }
    }

    /// A bar for each hour; the running hour stands out.
    fn hours(&self, lang: Lang, now_hour: Option<usize>) -> Markup {
        let most = self.by_hour.iter().map(|part| part.amount.get()).max().unwrap_or(0).max(1);
        let busiest = self.by_hour.iter().position(|part| part.amount.get() == most).unwrap_or(0);
        let bars: Vec<(usize, i64, &Part)> = self
            .by_hour
            .iter()
            .enumerate()
            .map(|(hour, part)| (hour, scaled(part.amount.get(), HIGH, most), part))
            .collect();
        let peak = ta(
            lang,
            "payments-by-hour-peak",
            &[("hour", &busiest.to_string()), ("amount", &format!("¥{}", Yen::new(most).unwrap_or_default().grouped()))],
        );
        html! {
            section.chart aria-labelledby="by-hour" {
                h2 #by-hour { (t(lang, "payments-by-hour")) }
                p.sub { (peak) }
                svg.hour-bars viewBox=(format!("0 0 240 {HIGH}")) preserveAspectRatio="none" aria-hidden="true"
                    focusable="false" {
                    @for (hour, high, part) in &bars {
                        rect.now[now_hour == Some(*hour)].none[part.count == 0]
                            x=(hour * 10 + 1) width="8"
                            y=(if part.count == 0 { HIGH - 2 } else { HIGH - (*high).max(3) })
                            height=(if part.count == 0 { 2 } else { (*high).max(3) }) {
                            title { (hour) ":00 ¥" (part.amount.grouped()) " · " (count(lang, part.count)) }
                        }
                    }
                }
                div.hour-axis aria-hidden="true" { @for hour in [0, 6, 12, 18, 24] { span { (hour) } } }
                table.sr-only {
                    caption { (t(lang, "payments-by-hour")) }
                    @for (hour, _, part) in &bars {
                        @if part.count > 0 {
                            tr { th scope="row" { (hour) ":00" } td { "¥" (part.amount.grouped()) } td { (count(lang, part.count)) } }
                        }
                    }
                }
            }
        }
    }
}

/// `part` of `whole` on a scale of `scale`, rounded down.
fn scaled(part: i64, scale: i64, whole: i64) -> i64 {
    part.saturating_mul(scale).checked_div(whole).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(state: StateName, brand: Brand, hour: usize, count: i64, yen: i64) -> Sum {
        Sum { state, brand: Some(brand), hour, count, amount: Yen::new(yen).unwrap() }
    }

    #[test]
    fn only_approved_payments_are_sales() {
        // A-012, M-075
        let totals = Totals::new(&[
            sum(StateName::Approved, Brand::Visa, 9, 2, 1_760),
            sum(StateName::Approved, Brand::Jcb, 10, 1, 5_000),
            sum(StateName::InDoubt, Brand::Visa, 10, 1, 880),
            sum(StateName::Declined, Brand::Visa, 10, 3, 900_000),
            sum(StateName::Reversed, Brand::Amex, 10, 1, 70),
            sum(StateName::Authorized, Brand::Visa, 10, 1, 20_000),
        ]);
        let part = |count, yen: i64| Part { count, amount: Yen::new(yen).unwrap() };
        assert_eq!((totals.sales, totals.in_doubt), (part(3, 6_760), part(1, 880)));
        assert_eq!((totals.open, totals.refused.count, totals.all), (part(1, 20_000), 4, 9));
        assert_eq!(totals.by_brand, [(Brand::Jcb, part(1, 5_000)), (Brand::Visa, part(2, 1_760))]);
        assert_eq!((totals.by_hour[9], totals.by_hour[11]), (part(2, 1_760), Part::default()));
    }

    #[test]
    fn a_chart_has_its_numbers_as_text_and_no_style() {
        let totals = Totals::new(&[sum(StateName::Approved, Brand::Visa, 9, 2, 1_760)]);
        let html = totals.charts(Lang::Ja, Some(9)).into_string();
        assert!(html.contains("<b class=\"num\"><span class=\"nowrap\">¥1,760</span></b>"), "{html}");
        assert!(!html.contains("style="), "{html}");
        assert_eq!(Totals::new(&[]).charts(Lang::Ja, None).into_string(), "");
    }
}
