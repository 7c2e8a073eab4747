//! Posts two-sided transactions to cala-ledger as fast as so many tasks can: `cala-peer URL TASKS SECONDS SHOPS`.
//!
//! Each post debits one receivable account and credits one of SHOPS payable accounts in yen, as a card sale
//! does in Choba's book. Prints one line of JSON. The database must be empty; it gets the library's tables.

use anyhow::{Context, Result};
use cala_ledger::account::NewAccount;
use cala_ledger::job::{JobSvcConfig, Jobs};
use cala_ledger::journal::NewJournal;
use cala_ledger::tx_template::{
    NewParamDefinition, NewTxTemplate, NewTxTemplateEntry, NewTxTemplateTransaction, ParamDataType, Params,
};
use cala_ledger::{AccountId, CalaLedger, CalaLedgerConfig, JournalId, TransactionId};
use std::time::{Duration, Instant};

const SALE: &str = "CARD_SALE";

fn template() -> Result<NewTxTemplate> {
    let param = |name: &str, kind: ParamDataType| {
        NewParamDefinition::builder().name(name).r#type(kind).build()
    };
    let params = vec![
        param("journal_id", ParamDataType::Uuid)?,
        param("receivable", ParamDataType::Uuid)?,
        param("payable", ParamDataType::Uuid)?,
        NewParamDefinition::builder()
            .name("effective")
            .r#type(ParamDataType::Date)
            .default_expr("date()")
            .build()?,
    ];
    let entry = |kind: &str, account: &str, direction: &str| {
        NewTxTemplateEntry::builder()
            .entry_type(kind)
            .account_id(account)
            .layer("SETTLED")
            .direction(direction)
            .units("decimal('880')")
            .currency("'JPY'")
            .build()
    };
    let entries = vec![
        entry("'SALE_DR'", "params.receivable", "DEBIT")?,
        entry("'SALE_CR'", "params.payable", "CREDIT")?,
    ];
    let transaction = NewTxTemplateTransaction::builder()
        .journal_id("params.journal_id")
        .effective("params.effective")
        .build()?;
    Ok(NewTxTemplate::builder()
        .id(cala_ledger::TxTemplateId::new())
        .code(SALE)
        .params(params)
        .transaction(transaction)
        .entries(entries)
        .build())
}

async fn account(cala: &CalaLedger, code: &str) -> Result<AccountId> {
    let new = NewAccount::builder().id(AccountId::new()).name(code).code(code).build();
    Ok(cala.accounts().create(new).await?.id())
}

async fn post(cala: &CalaLedger, journal: JournalId, receivable: AccountId, payable: AccountId) -> Result<()> {
    let mut params = Params::new();
    params.insert("journal_id", journal);
    params.insert("receivable", receivable);
    params.insert("payable", payable);
    cala.post_transaction(TransactionId::new(), SALE, params).await?;
    Ok(())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let url = words.next().context("URL of an empty PostgreSQL database")?;
    let mut number = |usual: u64| words.next().map_or(Ok(usual), |word| word.parse());
    let (tasks, seconds, shops) = (number(32)?, number(10)?, number(64)?);
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(u32::try_from(tasks)?).connect(&url).await?;
    let mut jobs = Jobs::init(JobSvcConfig::builder().pool(pool.clone()).build()?).await?;
    let config = CalaLedgerConfig::builder().pool(pool).exec_migrations(true).build()?;
    let cala = CalaLedger::init(config, &mut jobs).await?;
    let journal = NewJournal::builder().id(JournalId::new()).name("bench").build();
    let journal = cala.journals().create(journal).await?.id();
    cala.tx_templates().create(template()?).await?;
    let mut payables = Vec::new();
    let mut receivables = Vec::new();
    for number in 0..shops.max(1) {
        payables.push(account(&cala, &format!("merchant_payable:{number}")).await?);
        receivables.push(account(&cala, &format!("network_receivable:{number}")).await?);
    }
    // Once, so that the clock does not count what is prepared at the first post.
    post(&cala, journal, receivables[0], payables[0]).await?;
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let mut all = tokio::task::JoinSet::new();
    for task in 0..tasks {
        let (cala, payables, receivables) = (cala.clone(), payables.clone(), receivables.clone());
        all.spawn(async move {
            let (mut done, mut refused) = (0_u64, 0_u64);
            while Instant::now() < until {
                let at = usize::try_from(task * 7919 + done * 31).unwrap_or(0) % payables.len();
                match post(&cala, journal, receivables[at], payables[at]).await {
                    Ok(()) => done += 1,
                    Err(_) => refused += 1,
                }
            }
            (done, refused)
        });
    }
    let (mut done, mut refused) = (0, 0);
    while let Some(one) = all.join_next().await {
        let one = one?;
        (done, refused) = (done + one.0, refused + one.1);
    }
    let millis = u64::try_from(begun.elapsed().as_millis())?.max(1);
    println!("{{\"posts\":{done},\"refused\":{refused},\"per_s\":{}}}", done * 1000 / millis);
    Ok(())
}
