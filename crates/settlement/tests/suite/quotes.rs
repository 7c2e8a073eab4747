//! What a contract costs on a day, and when it is paid.

use crate::till::{T, Till, sale};
use crate::world::rates;
use payment::Brand;
use settlement::Quote;
use settlement::rules::{Level, Net, Overlay};

async fn quote(till: &Till, brand: Brand, yen: i64, on: &'static str) -> Result<Quote, String> {
    let amount = Net::new(yen).unwrap();
    let read = till.base.read(move |tx| settlement::quote(tx, T, "a", brand, amount, on.parse().unwrap()));
    read.await.map_err(|refusal| refusal.detail.unwrap_or_default())
}

fn told(quote: &Quote) -> String {
    let days = quote.window.as_ref().map_or("no notice".to_owned(), |window| {
        format!("{} {}..{} paid {}", window.cycle, window.first, window.last, window.pay)
    });
    let Quote { fee, tax, net, terms, .. } = quote;
    format!(
        "{} {} fee {} = {} + {}, tax {tax}, net {net}; {days}",
        terms.group,
        terms.rates.total().percent(),
        fee.total,
        fee.exempt,
        fee.taxable
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_is_what_a_document_of_this_payment_alone_would_say() {
    // U-061, U-063, U-070, X-084: 14,140 × 3.24 % = 458.136 → 458.
    for till in Till::each_without_rates().await {
        let why = quote(&till, Brand::Visa, 14_140, "2026-12-02").await.unwrap_err();
        assert_eq!(why, "company a has no rate for visa on 2026-12-02");
        till.term(Level::Contract("a".into(), Brand::Visa), "2026-11-22", rates(26_000, 6_400)).await;
        till.term(Level::Contract("a".into(), Brand::PayPay), "2026-11-22", rates(0, 19_800)).await;
        let direct = Overlay { direct: Some(true), ..Overlay::default() };
        till.term(Level::Contract("a".into(), Brand::Amex), "2026-11-22", direct).await;
        for (brand, yen, expected) in [
            (
                Brand::Visa,
                14_140,
                "visa_master 3.24% fee 458 = 368 + 90, tax 9, net 13,682; card 2026-12-01..2026-12-15 paid 2026-12-30",
            ),
            (
                Brand::PayPay,
                10_000,
                "paypay 1.98% fee 198 = 0 + 198, tax 19, net 9,802; code 2026-12-01..2026-12-31 paid 2027-01-29",
            ),
            (Brand::Amex, 10_000, "jcb_other 0% fee 0 = 0 + 0, tax 0, net 10,000; no notice"),
        ] {
            assert_eq!(told(&quote(&till, brand, yen, "2026-12-02").await.unwrap()), expected);
        }
        // A window that is cut keeps its days.
        till.write(vec![sale(1, "a", Brand::Visa, "2026-12-02", 1_000)]).await;
        till.close("2026-12-16").await;
        let close = |tx: &mut store::Tx<'_>| {
            let day = "2026-12-30".parse().unwrap();
            settlement::rows::calendar::change_day(tx, "person sato", day, "臨時休業", true)
        };
        till.base.write(close).await.unwrap();
        let kept = quote(&till, Brand::Visa, 14_140, "2026-12-02").await.unwrap();
        assert_eq!(kept.window.unwrap().pay.to_string(), "2026-12-30");
    }
}
