//! `choba admin verify`: whether the books are sound, and what is still open. Shape: docs/admin-json.md.

use acquiring::check::{Found, Open};
use books::Balance;
use center_base::audit::{self, AuditLog, Verdict};
use serde::Serialize;
use store::{Db, DbError, ReadError, ReadTx, TenantId};

const TENANTS: &str = "SELECT tenant FROM head ORDER BY tenant";

/// What a verification found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Nothing disagrees with anything. Open payments do not make it false.
    pub sound: bool,
    /// Every tenant that has written anything.
    pub tenants: Vec<TenantReport>,
}

/// One tenant's books.
#[derive(Clone, Debug, Serialize)]
pub struct TenantReport {
    /// Which.
    pub tenant: i64,
    /// The newest unit that the tenant committed.
    pub seq: i64,
    /// The hash chain over audit and ledger.
    pub chain: Chain,
    /// Payments that were compared with the ledger.
    pub payments: u64,
    /// Voids, returns and refunds that were compared with the ledger.
    pub refunds: u64,
    /// Value taken by payments, less voids, returns and refunds, whole yen.
    pub taken_yen: i64,
    /// Every account.
    pub accounts: Vec<AccountReport>,
    /// The sum of all accounts; zero in a sound book.
    pub sum_yen: i64,
    /// Every disagreement as a sentence.
    pub faults: Vec<String>,
    /// What is not yet final or not yet acknowledged by the network.
    pub open: Vec<Open>,
    /// Messages that wait in the outbox.
    pub outbox_waiting: i64,
}

/// The chain's verdict.
#[derive(Clone, Debug, Serialize)]
pub struct Chain {
    /// Every row is as it was written.
    pub sound: bool,
    /// Rows walked when it is sound.
    pub rows: u64,
    /// The first row that does not fit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<String>,
}

/// An account's standing.
#[derive(Clone, Debug, Serialize)]
pub struct AccountReport {
    /// Its key, for example `network_receivable:visa`.
    pub account: String,
    /// Debits minus credits, whole yen.
    pub value_yen: i64,
    /// Open holds, whole yen.
    pub held_yen: i64,
}

/// Verifies everything in one snapshot. Blocks; not for a task of a runtime.
pub fn verify(db: &Db, now_us: i64) -> Result<Report, ReadError<DbError>> {
    db.read_blocking(move |tx| {
        let ids = tx.query_all(TENANTS, &[], |row| Ok(TenantId(row.i64(0)?)))?;
        let tenants = ids.into_iter().map(|id| tenant(tx, id, now_us)).collect::<Result<Vec<_>, _>>()?;
        let sound = tenants.iter().all(|tenant| tenant.chain.sound && tenant.faults.is_empty());
        Ok(Report { sound, tenants })
    })
}

fn tenant(tx: &mut ReadTx<'_>, id: TenantId, now_us: i64) -> Result<TenantReport, DbError> {
    let chain = match audit::verify(tx, id, &[&AuditLog, &books::Book])? {
        Verdict::Sound { rows } => Chain { sound: true, rows, broken_at: None },
        Verdict::Broken { at } => Chain { sound: false, rows: 0, broken_at: Some(at) },
    };
    let Found { payments, refunds, taken_yen, mut faults, open } = acquiring::check::check(tx, id, now_us)?;
    faults.extend(books::faults(tx, id)?);
    faults.extend(settlement::check(tx, id)?);
    let balances = books::balances(tx, id)?;
    faults.extend(disagreement(taken_yen, &balances));
    let (outbox_waiting, _) = center_base::outbox::waiting(tx, id)?;
    Ok(TenantReport {
        tenant: id.0,
        seq: tx.head_seq(id)?,
        chain,
        payments,
        refunds,
        taken_yen,
        sum_yen: balances.iter().map(|balance| balance.value_yen).sum(),
        accounts: balances.iter().map(account).collect(),
        faults,
        open,
        outbox_waiting,
    })
}

/// What payments took is what the networks owe, beside what settlement moved.
fn disagreement(taken_yen: i64, balances: &[Balance]) -> Option<String> {
    let owed: i64 = balances
        .iter()
        .filter(|balance| matches!(balance.account, ledger::Account::NetworkReceivable { .. }))
        .map(|balance| balance.value_yen.saturating_sub(balance.moved_yen))
        .sum();
    (owed != taken_yen)
        .then(|| format!("payments took {taken_yen} yen, and the networks owe {owed} yen in the ledger"))
}

fn account(balance: &Balance) -> AccountReport {
    AccountReport {
        account: balance.account.to_string(),
        value_yen: balance.value_yen,
        held_yen: balance.held_yen,
    }
}
