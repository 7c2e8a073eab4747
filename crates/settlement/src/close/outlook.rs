//! The outlook of one company: what each open pay day would pay if everything that has begun were cut now, by the scan
//! and the rules of a closing. It is no promise: more payments come, and what waits may still become money.

use super::assemble::document;
use super::dry::as_if_cut;
use super::scan::{Gathering, Own, days, scan_day_of, scan_odd};
use super::{Plan, Settlement, Why, spans};
use crate::rows::windows::{CutWindow, Waiting};
use crate::rows::{adjustments, batches, payees};
use crate::rules::{Batch, Line, Net, Span};
use center_base::Refusal;
use jiff::civil::Date;
use store::{ReadTx, TenantId};

/// An open pay day of a company.
#[derive(Clone, Debug)]
pub struct Coming {
    /// The day.
    pub pay_on: Date,
    /// When its notice is made.
    pub notice_on: Date,
    /// Its windows that have begun.
    pub windows: Vec<ComingWindow>,
    /// What it would be.
    pub would: Would,
    /// Payments of its windows that are neither taken nor not, and in no figure.
    pub waiting: Vec<Waiting>,
}

/// A window of an open pay day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComingWindow {
    /// Its days.
    pub span: Span,
    /// It is cut: its items do not change any more.
    pub is_cut: bool,
}

/// What the company's document of a pay day would be.
#[derive(Clone, Debug)]
pub enum Would {
    /// Its lines and totals as of now.
    Be(Vec<Line>, Batch),
    /// There is nothing to tell.
    BeNone,
    /// It is made already, though the pay day is not closed.
    BeMade,
    /// The company is left out until a person acts: why.
    BeBlocked(Why),
}

/// What passes from one document to the next.
struct Passing {
    carried: Net,
    adjusted: Vec<Net>,
    bank: String,
    blocked: Option<Why>,
}

fn outlook(tx: &mut ReadTx<'_>, tenant: TenantId, own: &Own, today: Date) -> Result<Vec<Coming>, Refusal> {
    let mut plan = Plan::load(tx, tenant)?;
    let cut = plan.windows.len();
    let begun = plan.begun(today);
    let odd = as_if_cut(tx, tenant, &mut plan, &begun)?;
    let company = own.company.as_str();
    let approved = adjustments::of_company(tx, tenant, company, "")?;
    let account = payees::payee(tx, tenant, company)?.and_then(|payee| payee.account).unwrap_or_default();
    let mut passing = Passing {
        carried: batches::carry(tx, tenant, company)?,
        adjusted: approved.into_iter().map(|(_, yen)| yen).collect(),
        bank: account.bank,
        blocked: None,
    };
    let mut all = Vec::new();
    for pay_on in plan.open_pay_days() {
        let windows = plan.of_pay_day(pay_on);
        let wanted = spans(&windows);
        let mut gathering = Gathering::default();
        for day in days(&windows).into_iter().filter(|day| *day <= today) {
            gathering.take(scan_day_of(tx, tenant, &plan, &wanted, (day, own))?);
        }
        gathering.take(scan_odd(tx, tenant, &plan, &wanted, &odd)?);
        let waiting = std::mem::take(&mut gathering.waiting);
        let would = if batches::is_made(tx, tenant, pay_on, company)? {
            Would::BeMade
        } else {
            would_be(&plan, pay_on, company, gathering, &mut passing)?
        };
        let notice_on = windows.iter().map(|window| window.notice_on).min().unwrap_or(pay_on);
        let is_cut = |window: &CutWindow| plan.windows.iter().take(cut).any(|known| known == window);
        let windows =
            windows.iter().map(|window| ComingWindow { span: window.span.clone(), is_cut: is_cut(window) });
        all.push(Coming { pay_on, notice_on, windows: windows.collect(), would, waiting });
    }
    Ok(all)
}

fn would_be(
    plan: &Plan,
    pay_on: Date,
    company: &str,
    mut gathering: Gathering,
    passing: &mut Passing,
) -> Result<Would, Refusal> {
    // A pay day that is open keeps the company's later ones open: its balance goes from one to the next.
    if let Some(why) = passing.blocked.clone().or_else(|| gathering.blocked.remove(company)) {
        passing.blocked = Some(why.clone());
        return Ok(Would::BeBlocked(why));
    }
    let too_large = |error: crate::rules::TooLarge| Refusal::internal(format!("company {company}: {error}"));
    let gathered = gathering.sheets.remove(company).unwrap_or_default().finish().map_err(too_large)?;
    let Passing { carried, adjusted, bank, .. } = passing;
    let made = document(plan, pay_on, company, &gathered, adjusted, *carried, bank).map_err(too_large)?;
    let Some(made) = made else { return Ok(Would::BeNone) };
    *carried = made.batch.carried_out;
    adjusted.clear();
    Ok(Would::Be(made.lines, made.batch))
}

impl Settlement {
    /// What a company's open pay days would pay as of now, in order.
    pub async fn outlook(&self, own: Own, today: Date) -> Result<Vec<Coming>, Refusal> {
        let tenant = self.base.tenant;
        self.base.read(move |tx| outlook(tx, tenant, &own, today)).await
    }
}
