//! What one payment of a contract costs on a day and when it is paid: the fee of its sales alone, by the rules that a
//! document is made by.

use crate::close::Plan;
use crate::rules::{Fee, Net, Ppm, Terms, Window, cut, fee, tax_at};
use center_base::Refusal;
use codes::settle;
use jiff::civil::Date;
use payment::Brand;
use store::{ReadTx, TenantId};

/// What a contract costs. A brand that pays the company itself costs nothing here and is in no notice (U-072).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The terms of the day.
    pub terms: Terms,
    /// Sales, whole yen.
    pub amount: Net,
    /// The fee and its parts.
    pub fee: Fee,
    /// The consumption tax on the taxable part, parts per million.
    pub tax_ppm: Ppm,
    /// The tax, whole yen; a document rounds it once for all of its lines.
    pub tax: Net,
    /// Sales less the fee.
    pub net: Net,
    /// The window of the day, with the pay day that it keeps when it is cut; none for a direct contract.
    pub window: Option<Window>,
}

/// What sales of a company's brand on a day cost; refused where the contract has no rate.
pub fn quote(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    company: &str,
    brand: Brand,
    amount: Net,
    on: Date,
) -> Result<Quote, Refusal> {
    let plan = Plan::load(tx, tenant)?;
    let terms = plan
        .book
        .at(company, brand, on)
        .map_err(|none| Refusal::from(settle::NO_RATE).detail(none.to_string()))?;
    if terms.direct {
        let (fee, tax) = (Fee::default(), Net::default());
        return Ok(Quote { terms, amount, fee, tax_ppm: tax_at(on), tax, net: amount, window: None });
    }
    let cycle = plan.cycles.get(&terms.cycle).map_err(|bad| Refusal::internal(bad.to_string()))?;
    let window = cycle.window_of(on, &plan.calendar);
    let kept = plan.windows.iter().find(|it| it.span == window.span());
    let window = match kept {
        Some(kept) => Window { pay: kept.pay_on, notice: kept.notice_on, ..window },
        None => plan.payable(cycle, window),
    };
    let (fee, tax_ppm) = (fee(amount, terms.rates), tax_at(window.last));
    let net = amount.minus(fee.total).map_err(|error| Refusal::bad(error.to_string()))?;
    Ok(Quote { terms, amount, fee, tax_ppm, tax: cut(fee.taxable, tax_ppm), net, window: Some(window) })
}
