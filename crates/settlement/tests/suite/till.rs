//! A tenant in a real database: payments, refunds and voids as acquiring writes them, each fill one unit.

use center_base::Base;
use center_base::testing::base;
use jiff::civil::Date;
use ledger::{Kind, Transfer};
use money::Yen;
use payment::{Brand, PaymentId};
use settlement::rows::{batches, terms};
use settlement::rules::{Level, Overlay};
use settlement::{CloseReport, Settlement};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use store::testing::TestDb;
use store::{Migration, TenantId, Tx, params};

pub(crate) const T: TenantId = TenantId(1);

pub(crate) fn migrations() -> Vec<Migration> {
    [
        center_base::MIGRATIONS,
        tenancy::MIGRATIONS,
        staff::MIGRATIONS,
        fleet::MIGRATIONS,
        books::MIGRATIONS,
        acquiring::row::MIGRATIONS,
        acquiring::cases::MIGRATIONS,
        acquiring::refund::MIGRATIONS,
        acquiring::cases::REFUND_MIGRATIONS,
        acquiring::totals::MIGRATIONS,
        acquiring::taken::MIGRATIONS,
        settlement::MIGRATIONS,
    ]
    .concat()
}

/// A payment's id by its number.
pub(crate) fn id(number: u128) -> PaymentId {
    PaymentId::mint(store::testing::START, (number << 16).to_be_bytes()[6..].try_into().unwrap())
}

/// A company of this id and name, unless it is there.
pub(crate) fn company(tx: &mut Tx<'_>, id: &str) {
    let known = tenancy::companies(tx, T, &center_base::Scope::Company(id.into())).unwrap();
    if known.is_empty() {
        let company = tenancy::Company { id: id.into(), name: id.to_owned(), invoice_reg_no: None };
        tenancy::put_company(tx, "cast", &company).unwrap();
    }
}

/// What is written in one unit.
pub(crate) enum Act {
    /// A payment: number, company, brand, business date, yen, state.
    Pay(u128, &'static str, Brand, &'static str, i64, &'static str),
    /// A payment in doubt is approved.
    Approve(u128),
    /// A payment is voided at once.
    Void(u128),
    /// A refund: number, payment, business date, yen.
    Back(u128, u128, &'static str, i64),
}

pub(crate) fn sale(number: u128, company: &'static str, brand: Brand, on: &'static str, yen: i64) -> Act {
    Act::Pay(number, company, brand, on, yen, "approved")
}

const PAY: &str = "INSERT INTO payment (tenant, id, seq, company_id, shop_id, terminal_id, business_date, method, class,
        amount_yen, completion_follows, state, given_back_yen, version, sent_at_us, changed_at_us, instance,
        merchant_no, slip_no, order_code, public_id, brand, receipt_secret, posted_seq)
     VALUES ($1, $2, $3, $4, $4, 't', $5, $6, 'lump', $7, 0, $8, 0, 0, $9, $9, 'a-1', 'm', 1, $10, $10, $11, $2, $12)";
const APPROVE: &str = "UPDATE payment SET state = 'approved', posted_seq = $3 WHERE tenant = $1 AND id = $2";
const VOID: &str =
    "UPDATE payment SET given_back_yen = amount_yen, voided_seq = $3 WHERE tenant = $1 AND id = $2";
const BACK: &str =
    "INSERT INTO refund (tenant, id, seq, payment, kind, method, amount_yen, state, version, sent_at_us,
        changed_at_us, business_date, instance, who, slip_no, posted_seq)
     VALUES ($1, $2, $3, $4, 'return', 'card', $5, 'approved', 0, $6, $6, $7, 'a-1', 'terminal', 1, $3)";
const OF: &str = "SELECT company_id, brand, amount_yen FROM payment WHERE tenant = $1 AND id = $2";

fn of(tx: &mut Tx<'_>, id: PaymentId) -> (String, String, Yen) {
    tx.query_one(OF, params![T, id.bytes()], |row| {
        Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), Yen::new(row.i64(2)?).unwrap()))
    })
    .unwrap()
}

fn book_sale(tx: &mut Tx<'_>, id: PaymentId) {
    let (company, brand, amount) = of(tx, id);
    books::record(tx, &Transfer::sale(id, Kind::Posted, &brand, &company, amount).unwrap()).unwrap();
}

fn do_one(tx: &mut Tx<'_>, act: &Act) {
    let (seq, now_us) = (tx.seq(), tx.now_us());
    match *act {
        Act::Pay(number, company, brand, on, yen, state) => {
            let (pay, text) = (id(number), format!("{number}"));
            let method = brand.row().unwrap().method.word();
            let posted = if state == "approved" { seq } else { 0 };
            let start = store::testing::START;
            let values = params![
                T,
                pay.bytes(),
                seq,
                company,
                on,
                method,
                yen,
                state,
                start,
                &text,
                brand.word(),
                posted
            ];
            tx.execute(PAY, values).unwrap();
            if state == "approved" {
                book_sale(tx, pay);
            }
        }
        Act::Approve(number) => {
            tx.execute(APPROVE, params![T, id(number).bytes(), seq]).unwrap();
            book_sale(tx, id(number));
        }
        Act::Void(number) => {
            tx.execute(VOID, params![T, id(number).bytes(), seq]).unwrap();
            let (company, brand, amount) = of(tx, id(number));
            // As acquiring makes a void's id from its payment's.
            let hash =
                Sha256::new().chain_update(b"choba void\0").chain_update(id(number).bytes()).finalize();
            let void = PaymentId::mint(store::testing::START, hash[..10].try_into().unwrap());
            books::record(tx, &Transfer::refund(void, &brand, &company, amount).unwrap()).unwrap();
        }
        Act::Back(number, payment, on, yen) => {
            let (back, pay) = (id(number), id(payment));
            let values = params![T, back.bytes(), seq, pay.bytes(), yen, now_us, on];
            tx.execute(BACK, values).unwrap();
            let (company, brand, _) = of(tx, id(payment));
            let amount = Yen::new(yen).unwrap();
            books::record(tx, &Transfer::refund(id(number), &brand, &company, amount).unwrap()).unwrap();
        }
    }
}

/// A tenant.
pub(crate) struct Till {
    pub(crate) db: TestDb,
    pub(crate) base: Base,
    pub(crate) settlement: Settlement,
}

impl Till {
    /// One of each engine, without any terms.
    pub(crate) async fn each_without_rates() -> Vec<Self> {
        let databases = tokio::task::spawn_blocking(|| store::testing::each(&migrations())).await.unwrap();
        databases.into_iter().map(Self::on).collect()
    }

    /// On a database of its own, without any terms.
    pub(crate) fn on(db: TestDb) -> Self {
        let base = base(&db);
        Self { settlement: Settlement::new(&base), base, db }
    }

    /// One of each engine; every brand has these rates from the day after the start on.
    pub(crate) async fn each() -> Vec<Self> {
        let all = Self::each_without_rates().await;
        for till in &all {
            till.term(Level::Tenant, "2026-11-22", crate::world::rates(26_000, 6_400)).await;
        }
        all
    }

    pub(crate) async fn term(&self, level: Level, from: &str, overlay: Overlay) {
        let from: Date = from.parse().unwrap();
        let write = move |tx: &mut Tx<'_>| terms::put_term(tx, "person sato", &level, from, &overlay);
        assert!(self.base.write(write).await.unwrap());
    }

    /// Writes all in one unit.
    pub(crate) async fn write(&self, acts: Vec<Act>) {
        let write = move |tx: &mut Tx<'_>| {
            for act in &acts {
                do_one(tx, act);
            }
            Ok(())
        };
        self.base.write(write).await.unwrap();
    }

    /// Lets time pass until this day begins in Tokyo, and three hours more.
    pub(crate) fn wait_until(&self, day: &str) {
        let day: Date = day.parse().unwrap();
        let then = day.at(3, 0, 0, 0).to_zoned(clock::tokyo()).unwrap().timestamp();
        let wait = then.duration_since(self.db.clock.now());
        self.db.clock.advance(wait.try_into().unwrap());
    }

    /// The clock reaches a day, and the windows that ended before it are closed.
    pub(crate) async fn close(&self, on: &str) -> CloseReport {
        self.wait_until(on);
        self.settlement.close(on.parse().unwrap(), "center").await.unwrap()
    }

    pub(crate) async fn faults(&self) -> Vec<String> {
        self.base.read(|tx| Ok(settlement::check(tx, T)?)).await.unwrap()
    }

    /// Pay days with their hashes, as text.
    pub(crate) async fn hashes(&self) -> Vec<String> {
        let days = self.base.read(|tx| Ok(batches::pay_days(tx, T)?)).await.unwrap();
        let line = |day: &batches::PayDay| {
            format!("{} {} {} {}", day.pay_on, day.state.word(), day.documents, hex::encode(day.hash))
        };
        days.iter().map(line).collect()
    }

    /// A company's document as a reader would see it.
    pub(crate) async fn document(&self, pay_on: &str, company: &str) -> String {
        let pay_on: Date = pay_on.parse().unwrap();
        let (stored, mut lines) = self
            .base
            .read(move |tx| Ok((batches::batches(tx, T, pay_on)?, batches::lines(tx, T, pay_on)?)))
            .await
            .unwrap();
        let Some(stored) = stored.into_iter().find(|stored| stored.company == company) else {
            return "no document\n".to_owned();
        };
        let mut text = String::new();
        for line in lines.remove(company).unwrap_or_default() {
            let (key, backs) = (&line.key, line.backs);
            let backs = if backs > 0 { format!("(-{backs})") } else { String::new() };
            writeln!(
                text,
                "{} {} {}..{} {}{backs} sales {} fee {} ({}) net {}",
                key.kind.word(),
                key.group,
                line.from,
                line.to,
                line.count,
                line.sales,
                line.fee.total,
                line.fee.taxable,
                line.net
            )
            .unwrap();
        }
        let b = &stored.batch;
        writeln!(
            text,
            "fees {} ({}) tax {} adjusted {} carried in {} sum {} fee {}+{} paid {} carried {}",
            b.fee.total,
            b.fee.taxable,
            b.fee_tax,
            b.adjusted,
            b.carried_in,
            b.sum,
            b.transfer_fee,
            b.transfer_tax,
            b.paid,
            b.carried_out
        )
        .unwrap();
        text
    }
}
