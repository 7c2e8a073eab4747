//! The deliveries of receipts in rows: asked for, under way, ended, and in the end without the address.

use crate::address::MailAddress;
use crate::limits;
use center_api::{MailStatus, ReceiptMail};
use center_base::{CompanyId, Scope, ShopId, TerminalId};
use i18n::Lang;
use payment::PaymentId;
use std::fmt;
use store::{DbError, Inconsistent, Migration, ReadTx, Row, TenantId, Tx, params};

pub(crate) const MIGRATION: Migration = Migration {
    name: "delivery/0001_receipt_delivery",
    sql: "-- Who was sent which copy of a receipt, and how it went. The address goes when it is not needed.
        CREATE TABLE receipt_delivery (
            tenant BIGINT NOT NULL,
            payment_id BYTEA NOT NULL,
            id BYTEA NOT NULL,
            company_id TEXT NOT NULL,
            shop_id TEXT NOT NULL,
            terminal_id TEXT NOT NULL,
            kind TEXT NOT NULL,
            request_key TEXT NOT NULL,
            asked_by TEXT NOT NULL,
            asked_us BIGINT NOT NULL,
            lang TEXT NOT NULL,
            again BIGINT NOT NULL,
            address TEXT NOT NULL,
            masked TEXT NOT NULL,
            forget_us BIGINT NOT NULL,
            status TEXT NOT NULL,
            trouble TEXT NOT NULL,
            ended_us BIGINT NOT NULL,
            PRIMARY KEY (tenant, payment_id, id)
        ) /*sqlite: STRICT, WITHOUT ROWID */;
        CREATE UNIQUE INDEX receipt_delivery_key ON receipt_delivery (tenant, payment_id, kind, request_key);
        CREATE INDEX receipt_delivery_forget ON receipt_delivery (tenant, forget_us);",
};

const INSERT: &str = "INSERT INTO receipt_delivery (tenant, payment_id, id, company_id, shop_id, terminal_id,
            kind, request_key, asked_by, asked_us, lang, again, address, masked, forget_us,
            status, trouble, ended_us)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'queued', '', 0)";
const LOAD: &str = "SELECT kind, lang, again, address, asked_us, status
       FROM receipt_delivery WHERE tenant = $1 AND payment_id = $2 AND id = $3";
const LIST: &str = "SELECT id, kind, masked, status, trouble, asked_us, asked_by, address, request_key, lang
       FROM receipt_delivery
      WHERE tenant = $1 AND payment_id = $2
        AND (company_id = $3 OR $3 IS NULL)
        AND (shop_id = $4 OR $4 IS NULL)
        AND (terminal_id = $5 OR $5 IS NULL)
      ORDER BY asked_us DESC, id DESC LIMIT $6";
const END: &str = "UPDATE receipt_delivery SET status = $4, trouble = $5, ended_us = $6
      WHERE tenant = $1 AND payment_id = $2 AND id = $3 AND status = 'queued'";
const NOTE: &str = "UPDATE receipt_delivery SET trouble = $4
      WHERE tenant = $1 AND payment_id = $2 AND id = $3 AND status = 'queued'";
const FORGET: &str = "UPDATE receipt_delivery SET address = '', forget_us = $3
      WHERE tenant = $1 AND forget_us <= $2 AND (payment_id, id) IN (
            SELECT payment_id, id FROM receipt_delivery
             WHERE tenant = $1 AND forget_us <= $2 AND status <> 'queued'
             ORDER BY forget_us LIMIT $4)";

pub(crate) const STATEMENTS: [&str; 6] = [INSERT, LOAD, LIST, END, NOTE, FORGET];

/// A forgotten address is not looked for again.
const NEVER: i64 = i64::MAX;

/// Whose copy was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryKind {
    /// The customer's copy by mail (M-050, M-055).
    CustomerMail,
    /// The merchant's copy by mail to the shop's own address (M-054).
    MerchantMail,
}

impl DeliveryKind {
    /// The stored word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CustomerMail => "customer_mail",
            Self::MerchantMail => "merchant_mail",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::CustomerMail, Self::MerchantMail].into_iter().find(|kind| kind.word() == word)
    }
}

/// What stands between a mail and its reader. Holds no words of the mail server: they may name the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server will never take it (RFC 5321 4.2.1: 5yz).
    Refused(u16),
    /// The server cannot take it now (4yz).
    Later(u16),
    /// No answer, no connection, or one that broke.
    Unreachable,
    /// The encryption that the settings ask for could not be had.
    Tls,
    /// The mail could not be made.
    Unmade,
    /// The payment has no slip any more.
    NoSlip,
}

impl Trouble {
    fn from_text(text: &str) -> Option<Self> {
        let (word, code) = text.split_once(' ').unwrap_or((text, ""));
        match (word, code.parse()) {
            ("refused", Ok(code)) => Some(Self::Refused(code)),
            ("later", Ok(code)) => Some(Self::Later(code)),
            ("unreachable", _) => Some(Self::Unreachable),
            ("tls", _) => Some(Self::Tls),
            ("unmade", _) => Some(Self::Unmade),
            ("no-slip", _) => Some(Self::NoSlip),
            _ => None,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => write!(f, "refused {code}"),
            Self::Later(code) => write!(f, "later {code}"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Tls => f.write_str("tls"),
            Self::Unmade => f.write_str("unmade"),
            Self::NoSlip => f.write_str("no-slip"),
        }
    }
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Waiting; what went wrong at the last try, if there was one.
    Queued(Option<Trouble>),
    /// Taken by the mail server.
    Sent,
    /// It will not be tried again.
    Failed(Trouble),
}

impl DeliveryState {
    fn read(status: &str, trouble: &str) -> Option<Self> {
        let trouble = Trouble::from_text(trouble);
        match (status, trouble) {
            ("queued", trouble) => Some(Self::Queued(trouble)),
            ("sent", _) => Some(Self::Sent),
            ("failed", Some(trouble)) => Some(Self::Failed(trouble)),
            _ => None,
        }
    }

    fn trouble(self) -> Option<Trouble> {
        match self {
            Self::Queued(trouble) => trouble,
            Self::Sent => None,
            Self::Failed(trouble) => Some(trouble),
        }
    }

    pub(crate) fn status(self) -> MailStatus {
        match self {
            Self::Queued(_) => MailStatus::Queued,
            Self::Sent => MailStatus::Sent,
            Self::Failed(_) => MailStatus::Failed,
        }
    }
}

/// One delivery, for people.
#[derive(Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: [u8; 16],
    /// Whose copy.
    pub kind: DeliveryKind,
    /// Where to, masked.
    pub masked: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it was asked for, UTC microseconds since 1970.
    pub asked_us: i64,
    /// By whom: `terminal 000000358002`.
    pub asked_by: String,
    /// The whole address, until it is forgotten.
    pub(crate) address: Option<MailAddress>,
    pub(crate) request_key: String,
    pub(crate) lang: Lang,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}: {:?}", self.kind.word(), self.masked, self.state)
    }
}

impl Delivery {
    pub(crate) fn wire(&self) -> ReceiptMail {
        ReceiptMail {
            id: hex::encode(self.id),
            address: self.masked.clone(),
            status: self.state.status(),
            trouble: self.state.trouble().map(|trouble| trouble.to_string()),
            asked_at_us: self.asked_us,
        }
    }

    /// The customer's copy, not failed: what the limit counts.
    pub(crate) fn counts(&self) -> bool {
        self.kind == DeliveryKind::CustomerMail && !matches!(self.state, DeliveryState::Failed(_))
    }
}

impl TryFrom<&Row<'_>> for Delivery {
    type Error = DbError;

    fn try_from(row: &Row<'_>) -> Result<Self, DbError> {
        let id = row.array(0)?;
        let bad = |column: &str, wanted: &str| {
            Inconsistent::new(format!("receipt_delivery.{column} of {}", hex::encode(id)), wanted)
        };
        Ok(Self {
            id,
            kind: DeliveryKind::from_word(row.text(1)?).ok_or_else(|| bad("kind", "a kind of delivery"))?,
            masked: row.text(2)?.to_owned(),
            state: DeliveryState::read(row.text(3)?, row.text(4)?)
                .ok_or_else(|| bad("status", "a status with its trouble"))?,
            asked_us: row.i64(5)?,
            asked_by: row.text(6)?.to_owned(),
            address: MailAddress::typed(row.text(7)?),
            request_key: row.text(8)?.to_owned(),
            lang: Lang::from_tag(row.text(9)?).ok_or_else(|| bad("lang", "a language"))?,
        })
    }
}

/// The deliveries of a payment's receipts inside a scope, the newest first.
pub fn receipt_deliveries(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    scope: &Scope,
    payment: PaymentId,
) -> Result<Vec<Delivery>, DbError> {
    let [company, shop, terminal] = scope.sql();
    let values =
        [tenant.into(), payment.bytes().into(), company, shop, terminal, limits::DELIVERIES_SHOWN.into()];
    tx.query_all(LIST, &values, |row| Delivery::try_from(row))
}

/// A delivery to be written.
#[derive(Clone)]
pub(crate) struct NewDelivery {
    pub(crate) id: [u8; 16],
    pub(crate) payment: PaymentId,
    pub(crate) company: CompanyId,
    pub(crate) shop: ShopId,
    pub(crate) terminal: TerminalId,
    pub(crate) kind: DeliveryKind,
    pub(crate) request_key: String,
    pub(crate) asked_by: String,
    pub(crate) lang: Lang,
    pub(crate) again: bool,
    pub(crate) address: MailAddress,
    pub(crate) forget_us: i64,
}

pub(crate) fn insert(tx: &mut Tx<'_>, new: &NewDelivery) -> Result<(), DbError> {
    let (tenant, now_us, masked) = (tx.tenant(), tx.now_us(), new.address.masked());
    let values = params![
        tenant,
        new.payment.bytes(),
        &new.id,
        &new.company,
        &new.shop,
        &new.terminal,
        new.kind.word(),
        &new.request_key,
        &new.asked_by,
        now_us,
        new.lang.tag(),
        new.again,
        new.address.reveal(),
        &masked,
        new.forget_us,
    ];
    tx.execute(INSERT, values)?;
    Ok(())
}

/// A delivery in the hands of the sender.
pub(crate) struct Waiting {
    pub(crate) kind: DeliveryKind,
    pub(crate) lang: Lang,
    pub(crate) again: bool,
    pub(crate) address: MailAddress,
    pub(crate) asked_us: i64,
}

/// A delivery that waits to be sent; `None` when it has ended.
pub(crate) fn load_waiting(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    payment: PaymentId,
    id: &[u8; 16],
) -> Result<Option<Waiting>, DbError> {
    let found = tx.query_opt(LOAD, params![tenant, payment.bytes(), id], |row| {
        if row.text(5)? != "queued" {
            return Ok(None);
        }
        let bad = |column: &str, wanted: &str| {
            Inconsistent::new(format!("receipt_delivery.{column} of {}", hex::encode(id)), wanted)
        };
        Ok(Some(Waiting {
            kind: DeliveryKind::from_word(row.text(0)?).ok_or_else(|| bad("kind", "a kind of delivery"))?,
            lang: Lang::from_tag(row.text(1)?).ok_or_else(|| bad("lang", "a language"))?,
            again: row.bool(2)?,
            address: MailAddress::typed(row.text(3)?).ok_or_else(|| bad("address", "a mail address"))?,
            asked_us: row.i64(4)?,
        }))
    })?;
    Ok(found.flatten())
}

pub(crate) fn end(
    tx: &mut Tx<'_>,
    payment: PaymentId,
    id: &[u8; 16],
    failed: Option<Trouble>,
) -> Result<(), DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    let status = if failed.is_some() { "failed" } else { "sent" };
    let trouble = failed.map(|trouble| trouble.to_string()).unwrap_or_default();
    tx.execute(END, params![tenant, payment.bytes(), id, status, &trouble, now_us])?;
    Ok(())
}

pub(crate) fn note(
    tx: &mut Tx<'_>,
    payment: PaymentId,
    id: &[u8; 16],
    trouble: Trouble,
) -> Result<(), DbError> {
    let tenant = tx.tenant();
    tx.execute(NOTE, params![tenant, payment.bytes(), id, &trouble.to_string()])?;
    Ok(())
}

/// Forgets addresses whose time has come; tells how many.
pub(crate) fn forget(tx: &mut Tx<'_>) -> Result<u64, DbError> {
    let (tenant, now_us) = (tx.tenant(), tx.now_us());
    tx.execute(FORGET, params![tenant, now_us, NEVER, limits::FORGET_ROWS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_is_read_back_as_it_was_written() {
        let all = [
            Trouble::Refused(550),
            Trouble::Later(451),
            Trouble::Unreachable,
            Trouble::Tls,
            Trouble::Unmade,
            Trouble::NoSlip,
        ];
        for trouble in all {
            assert_eq!(Trouble::from_text(&trouble.to_string()), Some(trouble));
            assert_eq!(
                DeliveryState::read("failed", &trouble.to_string()),
                Some(DeliveryState::Failed(trouble))
            );
        }
        assert_eq!(DeliveryState::read("queued", ""), Some(DeliveryState::Queued(None)));
        assert_eq!(DeliveryState::read("failed", ""), None, "a failure has a reason");
    }
}
