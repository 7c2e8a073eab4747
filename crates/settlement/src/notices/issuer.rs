//! Who the notices come from: name, address and phone, the registration number that an invoice asks for,
//! and how its mails go out. By date: a notice has the issuer of the day that it bears.

use crate::limits;
use crate::rows::dated::{self, Entry, FactKind, FactState};
use crate::rows::{changed, from_today, today};
use center_base::Refusal;
use codes::{Code, settle};
use delivery::MailAddress;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;
use store::{DbError, ReadTx, TenantId, Tx};

const KIND: FactKind = FactKind::Issuer;

/// The issuer of notices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Issuer {
    /// The name on the paper.
    pub name: String,
    /// The address, a string a line.
    pub address: Vec<String>,
    /// The phone number that companies ask at.
    pub phone: String,
    /// `T` and thirteen digits; empty when not registered for invoices.
    pub invoice_reg_no: String,
    /// After how many days silence counts as confirmation; 0: the paper says nothing about it.
    pub silence_days: u8,
    /// The name beside the send-only address of mails; empty: the name on the paper.
    pub sender: String,
    /// The address for answers to the mails; empty: they are for sending only.
    pub reply_to: String,
}

/// The issuer of a day; before one is entered, the tenant's name and support phone.
pub fn issuer(tx: &mut ReadTx<'_>, tenant: TenantId, on: Date) -> Result<Issuer, DbError> {
    if let Some(entry) = in_force(tx, tenant, on)? {
        return Ok(entry.body);
    }
    let known = tenancy::tenant(tx, tenant)?;
    let (name, phone) = known.map(|known| (known.name, known.support_phone)).unwrap_or_default();
    Ok(Issuer { name, phone, ..Issuer::default() })
}

/// The entry that holds on a day.
pub(crate) fn in_force(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    on: Date,
) -> Result<Option<Entry<Issuer>>, DbError> {
    dated::in_force(tx, tenant, KIND, on)
}

/// Every entry, the latest day first.
pub fn entries(tx: &mut ReadTx<'_>, tenant: TenantId, limit: i64) -> Result<Vec<Entry<Issuer>>, DbError> {
    dated::list(tx, tenant, KIND, limit)
}

/// An issuer that no notice can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BadIssuer {
    /// A text is too long, or not one line.
    Text,
    /// The name is missing.
    Name,
    /// Too many lines of address.
    Address,
    /// The registration number is none.
    RegNo,
    /// Too many days of silence.
    Silence,
    /// The address for answers is none.
    ReplyTo,
}

impl fmt::Display for BadIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a text of the issuer is longer than 200 characters, or not one line",
            Self::Name => "the issuer's name is missing",
            Self::Address => "the issuer's address has more than six lines",
            Self::RegNo => "an invoice registration number is T and thirteen digits",
            Self::Silence => "silence confirms after 60 days at most",
            Self::ReplyTo => "the address for answers is not a mail address",
        })
    }
}

impl BadIssuer {
    const fn code(self) -> Code {
        match self {
            Self::Text => settle::ISSUER_TEXT,
            Self::Name => settle::ISSUER_NAME,
            Self::Address => settle::ISSUER_ADDRESS,
            Self::RegNo => settle::ISSUER_REG_NO,
            Self::Silence => settle::ISSUER_SILENCE,
            Self::ReplyTo => settle::ISSUER_REPLY_TO,
        }
    }
}

impl Issuer {
    fn check(&self) -> Result<(), BadIssuer> {
        let texts = [&self.name, &self.phone, &self.sender];
        let mut all = texts.into_iter().chain(&self.address);
        let is_one_line = |text: &String| {
            text.chars().count() <= notice::limits::LONGEST_TEXT && !text.chars().any(char::is_control)
        };
        if !all.all(is_one_line) {
            return Err(BadIssuer::Text);
        }
        if self.name.trim().is_empty() {
            return Err(BadIssuer::Name);
        }
        if self.address.len() > notice::limits::MOST_ADDRESS_LINES {
            return Err(BadIssuer::Address);
        }
        if !self.invoice_reg_no.is_empty() && !payment::tax::is_invoice_reg_no(&self.invoice_reg_no) {
            return Err(BadIssuer::RegNo);
        }
        if self.silence_days > limits::SILENCE_DAYS {
            return Err(BadIssuer::Silence);
        }
        if !self.reply_to.is_empty() && MailAddress::typed(&self.reply_to).is_none() {
            return Err(BadIssuer::ReplyTo);
        }
        Ok(())
    }

    fn checked(&self) -> Result<(), Refusal> {
        self.check().map_err(|bad| Refusal::from(bad.code()).detail(bad.to_string()))
    }
}

/// Says who issues from today on, as a file does; true when something changed. Notices that are issued keep the old one.
pub fn put_issuer(tx: &mut Tx<'_>, who: &str, wanted: &Issuer) -> Result<bool, Refusal> {
    wanted.checked()?;
    let on = today(tx.now_us());
    add(tx, who, wanted, on)
}

/// Enters who issues from a day on, which is today at the earliest.
pub fn enter_issuer(tx: &mut Tx<'_>, who: &str, wanted: &Issuer, valid_from: Date) -> Result<(), Refusal> {
    wanted.checked()?;
    from_today(tx, valid_from)?;
    if add(tx, who, wanted, valid_from)? { Ok(()) } else { Err(settle::NOTHING_NEW.into()) }
}

fn add(tx: &mut Tx<'_>, who: &str, wanted: &Issuer, from: Date) -> Result<bool, Refusal> {
    let tenant = tx.tenant();
    if in_force(tx, tenant, from)?.is_some_and(|entry| entry.body == *wanted) {
        return Ok(false);
    }
    dated::add(tx, who, (KIND, FactState::Used), from, wanted)?;
    let detail = serde_json::json!({
        "name": wanted.name, "invoice_reg_no": wanted.invoice_reg_no, "valid_from": from,
    });
    changed(tx, who, "notice_issuer_changed", "issuer", detail)?;
    Ok(true)
}
