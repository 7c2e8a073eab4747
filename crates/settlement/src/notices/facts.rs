//! What a notice says: the document's immutable rows, and the names that were true when it was issued.

use super::rows::Issued;
use crate::rows::{adjustments, batches};
use crate::rules::{Batch, Line, LineKind, Ppm, cut, tax_at, tax_rows};
use i18n::{Lang, t};
use jiff::civil::Date;
use notice::{
    Adjustment, Bank, Confirmation, FeeTax, Invoice, InvoiceRate, InvoiceReturn, Issuer, Notice, Number,
    Outcome,
};
use payment::Brand;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::{DbError, Inconsistent, ReadTx, TenantId};

/// What a notice prints beside its document: kept with it, since names, addresses and accounts change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Printed {
    pub(super) company: String,
    pub(super) contact: String,
    pub(super) issuer: String,
    pub(super) address: Vec<String>,
    pub(super) phone: String,
    pub(super) invoice_reg_no: String,
    pub(super) silence_days: u8,
    /// Names of groups by their codes.
    pub(super) groups: BTreeMap<String, String>,
    pub(super) account: Option<Account>,
    pub(super) transfer_on: Date,
    /// Of red lines with taxable fees, by their place: first and last day of the payments that they give back.
    pub(super) originals: BTreeMap<u32, (Date, Date)>,
}

/// An account as it is printed: never its whole number (U-073).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub(super) bank: String,
    pub(super) branch: String,
    pub(super) kind: String,
    pub(super) last_digits: String,
    pub(super) holder: String,
}

/// A document with everything that a notice is made of.
pub(super) struct Source {
    pub(super) batch: Batch,
    pub(super) lines: Vec<Line>,
    pub(super) adjustments: Vec<Adjustment>,
}

impl Source {
    /// Reads a company's document of a pay day.
    pub(super) fn load(
        tx: &mut ReadTx<'_>,
        tenant: TenantId,
        pay_on: Date,
        company: &str,
    ) -> Result<Self, DbError> {
        let stored = batches::of_company(tx, tenant, pay_on, company)?;
        let stored = stored
            .ok_or_else(|| Inconsistent::new(format!("notice of {company} on {pay_on}"), "of a document"))?;
        let shown = adjustments::shown_of(tx, tenant, company, pay_on)?.into_iter();
        Ok(Self {
            batch: stored.batch,
            lines: batches::lines_of(tx, tenant, pay_on, company)?,
            adjustments: shown.map(|(text, yen)| Adjustment { text, yen: yen.get() }).collect(),
        })
    }

    /// What a notice of this number says.
    pub(super) fn notice(
        self,
        number: Number,
        pay_on: Date,
        issued_on: Date,
        printed: Printed,
    ) -> Result<Notice, DbError> {
        let Self { batch, lines, adjustments } = self;
        let taxes = tax_rows(&lines).map_err(|error| Inconsistent::new("taxable fees", error.to_string()))?;
        let rates: Vec<(Ppm, i64, i64)> =
            taxes.iter().map(|row| (row.rate, row.taxable.get(), row.tax.get())).collect();
        let outcome = if batch.paid.is_zero() {
            Outcome::Carried { carried_yen: batch.carried_out.get() }
        } else {
            Outcome::Paid {
                transfer_fee_yen: batch.transfer_fee.get(),
                transfer_tax_yen: batch.transfer_tax.get(),
                paid_yen: batch.paid.get(),
                transfer_on: printed.transfer_on,
            }
        };
        Ok(Notice {
            number,
            issued_on,
            invoice: invoice(&batch, &lines, &rates, pay_on, &printed),
            lines: lines.iter().map(|line| printed_line(line, &printed.groups)).collect(),
            fee_taxes: rates
                .iter()
                .map(|(rate, _, tax)| FeeTax { rate_ppm: rate.get(), tax_yen: *tax })
                .collect(),
            adjustments,
            carried_in_yen: batch.carried_in.get(),
            outcome,
            bank: bank(printed.account),
            company: printed.company,
            contact: printed.contact,
            issuer: Issuer {
                name: printed.issuer,
                address: printed.address,
                phone: printed.phone,
                invoice_reg_no: printed.invoice_reg_no,
            },
        })
    }
}

/// What an issued notice says.
pub(super) fn of(tx: &mut ReadTx<'_>, tenant: TenantId, issued: &Issued) -> Result<Notice, DbError> {
    let source = Source::load(tx, tenant, issued.pay_on, &issued.company)?;
    source.notice(issued.number, issued.pay_on, issued.issued_on, issued.printed.clone())
}

fn printed_line(line: &Line, groups: &BTreeMap<String, String>) -> notice::Line {
    let code = line.key.group.word();
    notice::Line {
        kind: match line.key.kind {
            LineKind::Sales => notice::LineKind::Sales,
            LineKind::Late => notice::LineKind::Late,
            LineKind::Red => notice::LineKind::Red,
        },
        group: groups.get(code).cloned().unwrap_or_else(|| code.to_owned()),
        first: line.from,
        last: line.to,
        count: line.count,
        backs: line.backs,
        sales_yen: line.sales.get(),
        rate_ppm: line.key.rates.total().get(),
        fee_yen: line.fee.total.get(),
        net_yen: line.net.get(),
    }
}

fn bank(account: Option<Account>) -> Bank {
    account.map_or(Bank::Missing, |account| Bank::Account {
        bank: account.bank,
        branch: account.branch,
        kind: account.kind,
        last_digits: account.last_digits,
        holder: account.holder,
    })
}

/// The invoice's figures where a fee is taxable, the transfer fee included: per rate what is taxed after
/// returns, and the tax once.
fn invoice(
    batch: &Batch,
    lines: &[Line],
    rates: &[(Ppm, i64, i64)],
    pay_on: Date,
    printed: &Printed,
) -> Option<Invoice> {
    let mut sums: BTreeMap<Ppm, (i64, i64)> =
        rates.iter().map(|(rate, taxable, tax)| (*rate, (*taxable, *tax))).collect();
    if !batch.transfer_fee.is_zero() {
        let (amount, tax) = sums.entry(tax_at(pay_on)).or_default();
        *amount = amount.saturating_add(batch.transfer_fee.get());
        *tax = tax.saturating_add(batch.transfer_tax.get());
    }
    if sums.is_empty() {
        return None;
    }
    let of_rate = |(rate, (amount_yen, tax_yen)): (Ppm, (i64, i64))| InvoiceRate {
        rate_ppm: rate.get(),
        amount_yen,
        tax_yen,
    };
    Some(Invoice {
        rates: sums.into_iter().map(of_rate).collect(),
        exempt_yen: batch.fee.exempt.get(),
        returns: returns(lines, &printed.originals),
        confirmation: match printed.silence_days {
            0 => Confirmation::NotAsked,
            days => Confirmation::AfterDays(days),
        },
    })
}

/// Taxable fees that red lines give back, with the days of their payments.
fn returns(lines: &[Line], originals: &BTreeMap<u32, (Date, Date)>) -> Vec<InvoiceReturn> {
    let red = (0_u32..).zip(lines).filter(|(_, line)| gives_tax_back(line));
    red.map(|(at, line)| {
        let (first, last) = originals.get(&at).copied().unwrap_or((line.from, line.to));
        let (taxable, rate) = (line.fee.taxable, line.key.tax);
        let (amount_yen, tax_yen) = (taxable.get(), cut(taxable, rate).get());
        InvoiceReturn { first, last, rate_ppm: rate.get(), amount_yen, tax_yen }
    })
    .collect()
}

/// A red line with taxable fees.
pub(super) fn gives_tax_back(line: &Line) -> bool {
    line.key.kind == LineKind::Red && !line.fee.taxable.is_zero()
}

/// Groups of more than one brand, and those whose brand is no row yet.
const GROUPS: [(&str, &str); 4] = [
    ("visa_master", "notice-group-visa-master"),
    ("jcb_other", "notice-group-jcb-other"),
    ("unionpay", "notice-group-unionpay"),
    ("emoney", "notice-group-emoney"),
];

/// The name of a group of brands (U-069): its own text, or that of the brand whose word it is, or its code.
pub fn group_name(lang: Lang, code: &str) -> String {
    if let Some((_, key)) = GROUPS.iter().find(|(group, _)| *group == code) {
        return t(lang, key);
    }
    Brand::from_word(code).map_or_else(|| code.to_owned(), |brand| brand.name().to_owned())
}
