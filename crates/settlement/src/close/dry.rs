//! A dry run: what a closing would do, by the same scan and the same rules, without a row written.

use super::assemble::{Adjusted, Sheets, document, others, sheets};
use super::report::{Blocked, CloseReport, PayDayReport};
use super::{Plan, Settlement, follow};
use crate::rows::batches::{self, Stored};
use crate::rows::windows::Odd;
use crate::rows::{adjustments, payees};
use crate::rules::{Gathered, Net, PayDayState, Window, payday_hash};
use center_base::Refusal;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{ReadTx, TenantId};

/// What a dry run changes in memory instead of in rows.
#[derive(Default)]
struct Ledger {
    carries: BTreeMap<String, Net>,
    adjusted: Adjusted,
    banks: BTreeMap<String, String>,
}

/// Of a document: its hash, what it pays, what it carries on, whether no account is known.
type Sums = ([u8; 32], Net, Net, bool);

/// Everything that a dry run begins with, in one snapshot.
struct Start {
    plan: Plan,
    due: Vec<Window>,
    odd: Vec<Odd>,
    others: Vec<String>,
}

fn start(tx: &mut ReadTx<'_>, tenant: TenantId, on: Date) -> Result<Start, Refusal> {
    let mut plan = Plan::load(tx, tenant)?;
    let due = plan.due(on);
    let odd = as_if_cut(tx, tenant, &mut plan, &due)?;
    Ok(Start { plan, due, odd, others: others(tx, tenant)? })
}

/// As if these windows were cut now: changes the plan, and tells what is not in its own window.
pub(super) fn as_if_cut(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    plan: &mut Plan,
    windows: &[Window],
) -> Result<Vec<Odd>, Refusal> {
    plan.as_if_cut(windows, tx.head_seq(tenant)?);
    follow::not_noted(tx, tenant, plan)
}

impl Settlement {
    /// What [`Settlement::close`] would do now. Documents that are made already count as they are.
    pub async fn dry_run(&self, on: Date) -> Result<CloseReport, Refusal> {
        let tenant = self.base.tenant;
        let Start { plan, due, odd, others } = self.base.read(move |tx| start(tx, tenant, on)).await?;
        let plan = Arc::new(plan);
        let mut report = CloseReport { on, cut: due, pay_days: Vec::new() };
        let (mut ledger, mut blocked_before) = (Ledger::default(), BTreeSet::new());
        for pay_on in plan.ready() {
            let windows = plan.of_pay_day(pay_on);
            let mut all = self.gather(&plan, &windows, odd.clone()).await?;
            let waiting = std::mem::take(&mut all.waiting).len();
            let carried: Vec<String> =
                ledger.carries.iter().filter(|(_, yen)| !yen.is_zero()).map(|(id, _)| id.clone()).collect();
            let sheets = sheets(all, others.iter().cloned().chain(carried), &blocked_before);
            ledger = self.loaded(ledger, &sheets.companies).await?;
            let mut pay_day = self.would_be(&plan, pay_on, sheets, &mut ledger).await?;
            pay_day.waiting = waiting;
            blocked_before.extend(pay_day.blocked.iter().map(|blocked| blocked.company.clone()));
            report.pay_days.push(pay_day);
        }
        Ok(report)
    }

    /// Reads what is not in memory yet of these companies.
    async fn loaded(&self, mut ledger: Ledger, companies: &[(String, Gathered)]) -> Result<Ledger, Refusal> {
        let tenant = self.base.tenant;
        let fresh: Vec<String> = companies
            .iter()
            .map(|(company, _)| company.clone())
            .filter(|company| !ledger.banks.contains_key(company))
            .collect();
        let rows = self
            .base
            .read(move |tx| {
                let mut rows = Vec::new();
                for company in &fresh {
                    let account = payees::payee(tx, tenant, company)?.and_then(|payee| payee.account);
                    let adjusted = adjustments::of_company(tx, tenant, company, "")?;
                    let bank = account.unwrap_or_default().bank;
                    rows.push((company.clone(), batches::carry(tx, tenant, company)?, adjusted, bank));
                }
                Ok(rows)
            })
            .await?;
        for (company, carry, adjusted, bank) in rows {
            ledger.carries.insert(company.clone(), carry);
            ledger.adjusted.insert(company.clone(), adjusted);
            ledger.banks.insert(company, bank);
        }
        Ok(ledger)
    }

    /// A pay day as it would be.
    async fn would_be(
        &self,
        plan: &Plan,
        pay_on: Date,
        sheets: Sheets,
        ledger: &mut Ledger,
    ) -> Result<PayDayReport, Refusal> {
        let tenant = self.base.tenant;
        let stored: Vec<Stored> = self.base.read(move |tx| Ok(batches::batches(tx, tenant, pay_on)?)).await?;
        let mut documents: BTreeMap<String, Sums> = BTreeMap::new();
        for stored in stored {
            let no_account = stored.bank.is_empty();
            let sums = (stored.hash, stored.batch.paid, stored.batch.carried_out, no_account);
            documents.insert(stored.company, sums);
        }
        let mut made = 0_usize;
        for (company, gathered) in &sheets.companies {
            if documents.contains_key(company) {
                continue;
            }
            let adjusted: Vec<Net> =
                ledger.adjusted.remove(company).unwrap_or_default().into_iter().map(|(_, yen)| yen).collect();
            let carried_in = ledger.carries.get(company).copied().unwrap_or_default();
            let bank = ledger.banks.get(company).cloned().unwrap_or_default();
            let document = document(plan, pay_on, company, gathered, &adjusted, carried_in, &bank)
                .map_err(|error| Refusal::internal(format!("company {company}: {error}")))?;
            let Some(document) = document else { continue };
            made = made.saturating_add(1);
            ledger.carries.insert(company.clone(), document.batch.carried_out);
            let sums = (document.hash, document.batch.paid, document.batch.carried_out, bank.is_empty());
            documents.insert(company.clone(), sums);
        }
        let sum = |part: fn(&Sums) -> Net| {
            documents.values().fold(0_i64, |sum, one| sum.saturating_add(part(one).get()))
        };
        let no_account = documents.iter().filter(|(_, one)| one.3 && !one.1.is_zero());
        let without_account = no_account.map(|(company, _)| company.clone()).collect();
        let blocked: Vec<Blocked> =
            sheets.blocked.into_iter().map(|(company, why)| Blocked { company, why }).collect();
        Ok(PayDayReport {
            pay_on,
            state: if blocked.is_empty() { PayDayState::Closed } else { PayDayState::Closing },
            documents: documents.len(),
            made,
            paid_yen: sum(|one| one.1),
            carried_yen: sum(|one| one.2),
            hash: payday_hash(pay_on, documents.values().map(|one| one.0)),
            blocked,
            waiting: 0,
            without_account,
        })
    }
}
