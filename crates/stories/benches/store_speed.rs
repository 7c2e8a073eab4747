//! The store with a million payments: the first page of a shop's history.

use crate::machine::{self, percentiles};
use crate::options::Options;
use crate::verdict;
use acquiring::row::{self, Payment};
use acquiring::step::Standing;
use anyhow::{Result, anyhow};
use money::Yen;
use payment::{Approval, Brand, Cvm, EntryMode, MaskedPan, Method, PaymentClass, PaymentId, State};
use serde_json::json;
use std::time::Instant;
use store::{Db, DbError, TenantId, Url};

const TENANT: TenantId = TenantId(1);
/// Payments in the store unless `--rows` says otherwise.
const ROWS: usize = 1_000_000;
const SHOPS: usize = 40;
const DAYS: usize = 25;
/// 2026-11-01 00:00 in Tokyo, UTC microseconds.
const FIRST_DAY_US: i64 = 1_793_458_800_000_000;
const DAY_US: i64 = 86_400_000_000;
/// The first page, in the store.
const PROMISED_US: u64 = 1_000;
const READS: usize = 4_000;
/// One read of so many also asks for the day's sums, which look at all of its payments.
const SUMMED_EVERY: usize = 20;
/// Rows in one commit while filling.
const GROUP: usize = 2_000;

pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = options.folder()?;
    let rows = options.number("rows", ROWS)?;
    let db = center::open_db(&Url::Sqlite(folder.path().join("center.sqlite")), clock::Clock::real())?;
    let begun = Instant::now();
    fill(&db, rows)?;
    println!(
        "{}",
        json!({ "bench": "store", "rows": rows, "shops": SHOPS, "days": DAYS, "filled_in_s": begun.elapsed().as_secs() })
    );
    let idle = machine::idle();
    let (mut pages, mut sums) = (Vec::with_capacity(READS), Vec::with_capacity(READS));
    for number in 0..READS {
        // Large steps over shops and days, so that a page is seldom the one that was just read.
        let (shop, day) = (shop(number * 7 % SHOPS), day(number * 11 % DAYS)?);
        let summed = number % SUMMED_EVERY == 0;
        let (page, both) = db
            .read_blocking(move |tx| {
                let begun = Instant::now();
                let page = acquiring::console::first_page(tx, TENANT, &shop, day)?;
                let listed = begun.elapsed();
                if summed {
                    acquiring::console::day_sums(tx, TENANT, &shop, day)?;
                }
                Ok::<_, DbError>(if page.is_empty() {
                    (None, listed)
                } else {
                    (Some(listed), begun.elapsed())
                })
            })
            .map_err(|error| anyhow!("a page cannot be read: {error}"))?;
        pages.push(micros(page.ok_or_else(|| anyhow!("a shop's day is empty"))?)?);
        if summed {
            sums.push(micros(both)?);
        }
    }
    pages.sort_unstable();
    sums.sort_unstable();
    verdict::line(&json!({
        "bench": "store", "idle_percent": idle, "reads": READS, "first_page_us": percentiles(&pages),
        "with_the_days_sums_us": percentiles(&sums),
    }));
    let p99 = pages.get(pages.len() * 99 / 100).copied().unwrap_or(0);
    verdict::at_most(
        &format!("store: first page of a shop's history among {rows} payments, p99"),
        p99,
        PROMISED_US,
        "us",
    );
    Ok(())
}

fn micros(time: std::time::Duration) -> Result<u64> {
    Ok(u64::try_from(time.as_micros())?)
}

fn shop(number: usize) -> String {
    format!("90{number:05}")
}

pub(crate) fn day(number: usize) -> Result<jiff::civil::Date> {
    let at = jiff::Timestamp::from_microsecond(FIRST_DAY_US + i64::try_from(number)? * DAY_US)?;
    Ok(clock::business_date(at))
}

fn fill(db: &Db, rows: usize) -> Result<()> {
    let mut next = 0;
    while next < rows {
        let until = (next + GROUP).min(rows);
        let payments = (next..until).map(|number| payment(number, rows)).collect::<Result<Vec<_>>>()?;
        db.write_blocking(TENANT, move |tx| payments.iter().try_for_each(|payment| row::insert(tx, payment)))
            .map_err(|error| anyhow!("the store cannot be filled: {error}"))?;
        next = until;
    }
    Ok(())
}

/// Payments in the order of time, shop after shop.
pub(crate) fn payment(number: usize, rows: usize) -> Result<Payment> {
    let at = number * DAYS / rows.max(1);
    let shop = shop(number % SHOPS);
    let step = DAY_US / i64::try_from(rows.div_ceil(DAYS))?.max(1);
    let sent_at_us = FIRST_DAY_US + i64::try_from(number)? * step;
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(|error| anyhow!("no random bytes: {error}"))?;
    let brand = *[Brand::Visa, Brand::Mastercard, Brand::Jcb].get(number % 3).unwrap_or(&Brand::Visa);
    Ok(Payment {
        id: PaymentId::mint(sent_at_us, random),
        seq: i64::try_from(number)? + 1,
        company: "00008".into(),
        shop: shop.as_str().into(),
        terminal: format!("{:012}", 358_000 + number % (SHOPS * 8)).as_str().into(),
        business_date: day(at)?.to_string(),
        method: Method::Card,
        class: PaymentClass::Lump,
        amount: Yen::new(100 + i64::try_from(number % 137)? * 100)?,
        standing: Standing {
            state: State::Approved(Approval { code: Some(format!("{:06}", number % 1_000_000)) }),
            completion_follows: false,
            advice: None,
            voided: false,
            due_us: None,
            doubt: acquiring::step::Doubt::Undo,
        },
        version: 1,
        sent_at_us,
        changed_at_us: sent_at_us,
        instance: "bench-1".into(),
        merchant_no: shop,
        slip_no: i64::try_from(number % 9999)? + 1,
        code: None,
        refunded: Yen::ZERO,
        refunding: Yen::ZERO,
        order_code: payment::order_code("T001", i64::try_from(number)?),
        note: None,
        tax: None,
        invoice_reg_no: None,
        operator: None,
        card: Some(receipt::CardFacts {
            brand,
            pan: MaskedPan::new("411111", "1111").ok_or_else(|| anyhow!("a masked number"))?,
            entry_mode: EntryMode::ContactIc,
            cvm: Cvm::Pin,
            aid: Some("A0000000031010".into()),
            atc: Some("0001".into()),
            pan_seq: Some("01".into()),
            app_label: Some("VISA CREDIT".into()),
        }),
        fingerprint: Some([7; 16]),
        receipt_secret: [9; 16],
    })
}
