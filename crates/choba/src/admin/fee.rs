//! `choba admin fee`: what one payment of a contract costs, and when it is paid.

use crate::programs::{StartFault, center as center_program};
use center_base::Scope;
use jiff::civil::Date;
use payment::Brand;
use serde_json::{Value, json};
use settlement::rules::Net;
use settlement::{Quote, quote};

/// The fee of sales of a company's brand on a day, by the rules of documents (docs/admin-json.md). A contract without
/// a rate is refused.
pub async fn fee(
    settings: &center_program::Settings,
    company: &str,
    amount: i64,
    brand: &str,
    on: Date,
) -> Result<Value, StartFault> {
    let known = Brand::from_word(brand).ok_or_else(|| {
        let words: Vec<&str> = Brand::ALL.iter().map(|brand| brand.word()).collect();
        StartFault::new(format!("There is no brand {brand}; these are: {}.", words.join(", ")))
    })?;
    let yen = Net::new(amount).map_err(|why| StartFault::new(format!("--amount {amount}: {why}.")))?;
    let center = center_program::open(settings)?;
    let (tenant, wanted) = (center.base.tenant, company.to_owned());
    let read = center.base.read(move |tx| {
        let companies = tenancy::companies(tx, tenant, &Scope::Tenant)?;
        let is_there = companies.iter().any(|company| company.id.as_str() == wanted);
        Ok((is_there, quote(tx, tenant, &wanted, known, yen, on)))
    });
    let done = read.await;
    center.base.db.clone().close();
    match done.map_err(StartFault::new)? {
        (false, _) => Err(StartFault::new(format!("There is no company {company}."))),
        (true, Ok(quote)) => Ok(shown(company, known, on, &quote)),
        (true, Err(refusal)) => {
            let why = refusal.detail.clone().unwrap_or_else(|| refusal.to_string());
            Err(StartFault::new(format!("{why}: give the contract a rate first.")))
        }
    }
}

fn shown(company: &str, brand: Brand, on: Date, quote: &Quote) -> Value {
    let Quote { terms, amount, fee, tax_ppm, tax, net, window } = quote;
    let window = window.as_ref().map(|window| {
        json!({
            "cycle": window.cycle.word(), "first": window.first, "cut_off": window.last,
            "nominal": window.nominal, "notice": window.notice, "pay": window.pay,
        })
    });
    json!({
        "company": company, "brand": brand.word(), "on": on, "group": terms.group.word(), "direct": terms.direct,
        "exempt_ppm": terms.rates.exempt().get(), "taxable_ppm": terms.rates.taxable().get(),
        "rate": terms.rates.total().percent(), "amount_yen": amount.get(), "fee_yen": fee.total.get(),
        "exempt_yen": fee.exempt.get(), "taxable_yen": fee.taxable.get(), "tax_ppm": tax_ppm.get(),
        "tax_yen": tax.get(), "net_yen": net.get(), "window": window,
    })
}
