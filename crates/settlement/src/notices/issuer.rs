//! Who the notices come from: name, address and phone, the registration number that an invoice asks for,
//! and how its mails go out. One row a tenant.

use crate::limits;
use crate::rows::changed;
use center_base::Refusal;
use delivery::MailAddress;
use serde::{Deserialize, Serialize};
use store::{DbError, Inconsistent, ReadTx, TenantId, Tx, params};

const LOAD: &str = "SELECT name, address, phone, invoice_reg_no, silence_days, sender, reply_to
       FROM settle_issuer WHERE tenant = $1";
const PUT: &str =
    "INSERT INTO settle_issuer (tenant, name, address, phone, invoice_reg_no, silence_days, sender, reply_to)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (tenant) DO UPDATE SET name = $2, address = $3, phone = $4, invoice_reg_no = $5,
         silence_days = $6, sender = $7, reply_to = $8
       WHERE settle_issuer.name <> $2 OR settle_issuer.address <> $3 OR settle_issuer.phone <> $4
          OR settle_issuer.invoice_reg_no <> $5 OR settle_issuer.silence_days <> $6
          OR settle_issuer.sender <> $7 OR settle_issuer.reply_to <> $8";

pub(super) const STATEMENTS: &[&str] = &[LOAD, PUT];

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

/// The issuer as it was entered; before that, the tenant's name and support phone.
pub fn issuer(tx: &mut ReadTx<'_>, tenant: TenantId) -> Result<Issuer, DbError> {
    let found = tx.query_opt(LOAD, params![tenant], |row| {
        let text = |column| row.text(column).map(str::to_owned);
        let days = u8::try_from(row.i64(4)?);
        Ok(Issuer {
            name: text(0)?,
            address: row.text(1)?.lines().map(str::to_owned).collect(),
            phone: text(2)?,
            invoice_reg_no: text(3)?,
            silence_days: days.map_err(|_| Inconsistent::new("settle_issuer.silence_days", "a few days"))?,
            sender: text(5)?,
            reply_to: text(6)?,
        })
    })?;
    if let Some(issuer) = found {
        return Ok(issuer);
    }
    let known = tenancy::tenant(tx, tenant)?;
    let (name, phone) = known.map(|known| (known.name, known.support_phone)).unwrap_or_default();
    Ok(Issuer { name, phone, ..Issuer::default() })
}

impl Issuer {
    fn check(&self) -> Result<(), &'static str> {
        let texts = [&self.name, &self.phone, &self.sender];
        let mut all = texts.into_iter().chain(&self.address);
        let is_one_line = |text: &String| {
            text.chars().count() <= notice::limits::LONGEST_TEXT && !text.chars().any(char::is_control)
        };
        if !all.all(is_one_line) {
            return Err("a text of the issuer is longer than 200 characters, or not one line");
        }
        if self.name.trim().is_empty() {
            return Err("the issuer's name is missing");
        }
        if self.address.len() > notice::limits::MOST_ADDRESS_LINES {
            return Err("the issuer's address has more than six lines");
        }
        let digits = self.invoice_reg_no.strip_prefix('T').unwrap_or_default();
        let is_registration = digits.len() == 13 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if !self.invoice_reg_no.is_empty() && !is_registration {
            return Err("an invoice registration number is T and thirteen digits");
        }
        if self.silence_days > limits::SILENCE_DAYS {
            return Err("silence confirms after 60 days at most");
        }
        if !self.reply_to.is_empty() && MailAddress::typed(&self.reply_to).is_none() {
            return Err("the address for answers is not a mail address");
        }
        Ok(())
    }
}

/// Writes the issuer; true when something changed. Notices that are issued already keep the old one.
pub fn put_issuer(tx: &mut Tx<'_>, who: &str, issuer: &Issuer) -> Result<bool, Refusal> {
    issuer.check().map_err(Refusal::bad)?;
    let tenant = tx.tenant();
    let (address, days) = (issuer.address.join("\n"), i64::from(issuer.silence_days));
    let values = params![
        tenant,
        &issuer.name,
        &address,
        &issuer.phone,
        &issuer.invoice_reg_no,
        days,
        &issuer.sender,
        &issuer.reply_to
    ];
    if tx.execute(PUT, values)? == 0 {
        return Ok(false);
    }
    let detail = serde_json::json!({ "name": issuer.name, "invoice_reg_no": issuer.invoice_reg_no });
    changed(tx, who, "notice_issuer_changed", "issuer", detail)?;
    Ok(true)
}
