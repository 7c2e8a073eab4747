//! The payment's row and its neighbours: what was sent and answered, the timeline, signatures.
//!
//! One row a payment, lean: slips are made from it on demand. What belongs to the hot path is one
//! insert, one update and one row with both messages; everything else is written when it happens.

mod read;
mod write;

pub(crate) use read::tax_parts;
pub use read::{current, event_list, load, orphans, overdue, payment as payment_row, signature, wires};
pub use write::{Change, append_event, insert, next_serial, put_code, put_signature, put_wire, update};

use crate::networks::card_iso8583::{Subject, stan_of};
use crate::place::Place;
use crate::step::Standing;
use center_base::{CompanyId, ShopId, TerminalId};
use money::Yen;
use payment::{Brand, CodeEntry, Method, Operator, PaymentClass, PaymentId, StateName, TaxParts};
use receipt::CardFacts;
use sha2::{Digest as _, Sha256};
use store::Migration;

/// The tables of this slice.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        name: "acquiring/0001_payment",
        sql: "-- One row a payment. given_back_yen: what voids and refunds gave back. due_us: until when somebody waits; advice: what the network must still acknowledge.
        CREATE TABLE payment (
            tenant BIGINT NOT NULL,
            id BYTEA NOT NULL,
            seq BIGINT NOT NULL,
            company_id TEXT NOT NULL,
            shop_id TEXT NOT NULL,
            terminal_id TEXT NOT NULL,
            business_date TEXT NOT NULL,
            method TEXT NOT NULL,
            class TEXT NOT NULL,
            amount_yen BIGINT NOT NULL CHECK (amount_yen > 0),
            completion_follows BIGINT NOT NULL,
            state TEXT NOT NULL,
            code TEXT,
            approval TEXT,
            advice TEXT,
            given_back_yen BIGINT NOT NULL,
            due_us BIGINT,
            version BIGINT NOT NULL,
            sent_at_us BIGINT NOT NULL,
            changed_at_us BIGINT NOT NULL,
            instance TEXT NOT NULL,
            merchant_no TEXT NOT NULL,
            slip_no BIGINT NOT NULL,
            order_code TEXT NOT NULL,
            public_id TEXT NOT NULL,
            note TEXT,
            operator_id TEXT,
            operator_name TEXT,
            brand TEXT,
            entry_mode TEXT,
            cvm TEXT,
            first6 TEXT,
            last4 TEXT,
            fingerprint BYTEA,
            pan_seq TEXT,
            aid TEXT,
            app_label TEXT,
            atc TEXT,
            receipt_secret BYTEA NOT NULL,
            PRIMARY KEY (tenant, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE INDEX payment_day ON payment (tenant, business_date, shop_id, seq);
        CREATE INDEX payment_due ON payment (tenant, due_us) WHERE due_us IS NOT NULL;
        CREATE INDEX payment_advice ON payment (tenant, changed_at_us) WHERE advice IS NOT NULL;",
    },
    Migration {
        name: "acquiring/0002_neighbours",
        sql: "-- Masked messages, the timeline beyond the row itself, signatures, and each shop's order serial.
        CREATE TABLE payment_wire (
            tenant BIGINT NOT NULL,
            payment BYTEA NOT NULL,
            kind TEXT NOT NULL,
            asked_us BIGINT NOT NULL,
            answered_us BIGINT,
            tries BIGINT NOT NULL,
            request BYTEA NOT NULL,
            answer BYTEA,
            PRIMARY KEY (tenant, payment, kind)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE payment_event (
            tenant BIGINT NOT NULL,
            payment BYTEA NOT NULL,
            seq BIGINT NOT NULL,
            what TEXT NOT NULL,
            at_us BIGINT NOT NULL,
            who TEXT NOT NULL,
            detail TEXT NOT NULL,
            PRIMARY KEY (tenant, payment, seq, what)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE payment_signature (
            tenant BIGINT NOT NULL,
            payment BYTEA NOT NULL,
            strokes TEXT NOT NULL,
            PRIMARY KEY (tenant, payment)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE TABLE order_serial (
            tenant BIGINT NOT NULL,
            shop_id TEXT NOT NULL,
            serial BIGINT NOT NULL,
            PRIMARY KEY (tenant, shop_id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;",
    },
];

/// A payment as it stands in its row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Minted by the terminal.
    pub id: PaymentId,
    /// The unit that wrote it first; trace numbers come from it.
    pub seq: i64,
    /// Whose shop.
    pub company: CompanyId,
    /// Which shop.
    pub shop: ShopId,
    /// At which terminal.
    pub terminal: TerminalId,
    /// `YYYY-MM-DD`, Asia/Tokyo, of the center's clock.
    pub business_date: String,
    /// Method.
    pub method: Method,
    /// Class.
    pub class: PaymentClass,
    /// Amount.
    pub amount: Yen,
    /// The part that decides.
    pub standing: Standing,
    /// Counts the changes.
    pub version: i64,
    /// When it was written first (UTC microseconds).
    pub sent_at_us: i64,
    /// When the state last changed.
    pub changed_at_us: i64,
    /// Which process asks the network.
    pub instance: String,
    /// DE 42.
    pub merchant_no: String,
    /// Slip number of the terminal.
    pub slip_no: i64,
    /// `AAAA-nnnnnnn`; empty for what never was sent to a network.
    pub order_code: String,
    /// Product note.
    pub note: Option<String>,
    /// What is not taxed at the standard rate, where it was stated.
    pub tax: Option<TaxParts>,
    /// The company's registration number then, where the tax was stated.
    pub invoice_reg_no: Option<String>,
    /// The clerk.
    pub operator: Option<Operator>,
    /// The card; `None` for a tombstone, of which no card is known.
    pub card: Option<CardFacts>,
    /// The code, for a payment by code.
    pub code: Option<CodeRow>,
    /// The reader's keyed fingerprint of the number.
    pub fingerprint: Option<[u8; 16]>,
    /// What voids, returns and refunds gave back.
    pub refunded: Yen,
    /// What is being given back: sent or in doubt.
    pub refunding: Yen,
    /// The secret half of the receipt's address.
    pub receipt_secret: [u8; 16],
}

/// What is kept of a code; never the code itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// Brand.
    pub brand: Brand,
    /// How it came in.
    pub entry: CodeEntry,
    /// The number under which the brand knows the payment (M-044).
    pub center_txn_id: Option<String>,
    /// The customer must still confirm on the phone.
    pub waits: bool,
}

impl Payment {
    /// The brand, when it is known.
    pub fn brand(&self) -> Option<Brand> {
        self.card.as_ref().map(|card| card.brand).or(self.code.as_ref().map(|code| code.brand))
    }

    /// What is stated of its tax, and by which number of whom: both stay as they are on this day.
    pub(crate) fn state_tax(&mut self, tax: Option<TaxParts>, place: &Place) {
        self.tax = tax;
        self.invoice_reg_no = tax.and_then(|_| place.merchant.invoice_reg_no.clone());
    }

    /// What the network's messages say about it.
    pub fn subject(&self) -> Subject {
        Subject {
            id: self.id,
            amount: self.amount,
            sent_at_us: self.sent_at_us,
            stan: stan_of(self.seq),
            completion_follows: self.standing.completion_follows,
            terminal: self.terminal.as_str().to_owned(),
            merchant_no: self.merchant_no.clone(),
        }
    }

    /// The state that people are shown: an approval that was voided at once is reversed for them
    /// (決済失敗(与信済), model 3.3 Labels). The stored state stays approved, for final is final.
    pub fn shown_state(&self) -> StateName {
        self.standing.shown_state()
    }

    /// The id of its void: made from its own, so that asking twice is voiding once.
    pub fn void_id(&self) -> PaymentId {
        void_id(self.id, self.sent_at_us)
    }

    /// 処理番号: eight digits of the center's sequence.
    pub fn trace_no(&self) -> String {
        format!("{:08}", self.seq.rem_euclid(100_000_000))
    }
}

/// The id of the void of a payment that was written first at this instant.
pub(crate) fn void_id(payment: PaymentId, sent_at_us: i64) -> PaymentId {
    let hash: [u8; 32] =
        Sha256::new().chain_update(b"choba void\0").chain_update(payment.bytes()).finalize().into();
    let mut random = [0; 10];
    for (to, from) in random.iter_mut().zip(hash) {
        *to = from;
    }
    PaymentId::mint(sent_at_us, random)
}

/// One exchange with the network as it may rest: without ciphertexts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Which exchange.
    pub kind: WireKind,
    /// When it was last asked (UTC microseconds).
    pub asked_us: i64,
    /// When it was answered.
    pub answered_us: Option<i64>,
    /// How often it was sent.
    pub tries: i64,
    /// The request's bytes, `Spec::BINARY`, without DE 63.
    pub request: Vec<u8>,
    /// The answer's bytes.
    pub answer: Option<Vec<u8>>,
}

/// The exchanges of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WireKind {
    /// 0100 or 0200.
    Request,
    /// 0220.
    Completion,
    /// 0420; a cancel at a code brand.
    Reversal,
    /// 0401, or an inquiry at a code brand.
    Inquiry,
}

impl WireKind {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Completion => "completion",
            Self::Reversal => "reversal",
            Self::Inquiry => "inquiry",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Request, Self::Completion, Self::Reversal, Self::Inquiry]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// One line of a payment's story beyond what the row itself says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentEvent {
    /// When (UTC microseconds).
    pub at_us: i64,
    /// A stable word: `in_doubt`, `reversed`, `late_answer` …
    pub what: String,
    /// Who: `terminal 000000358002`, `network card`, `center`, `person tanaka`.
    pub who: String,
    /// Code or reason, may be empty.
    pub detail: String,
}

/// Every statement of these tables.
pub const STATEMENTS: &[&str] = &[
    read::LOAD,
    read::VERSION,
    read::OVERDUE,
    read::ORPHANS,
    read::WIRES,
    read::EVENTS,
    read::SIGNATURE,
    write::INSERT,
    write::UPDATE,
    write::CODE,
    write::SERIAL,
    write::WIRE,
    write::EVENT,
    write::SIGN,
    crate::check::AFTER,
    crate::check::STRAYS,
];
