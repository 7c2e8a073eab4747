//! What a payment notice says: every printed value, and the sums that must agree before anything is printed.

use crate::limits;
use jiff::civil::Date;
use std::fmt::{self, Display};

/// A notice's number: nine digits of the company, three of the issue, the pay day (U-068).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number {
    company: u32,
    issue: u16,
    pay_on: Date,
}

impl Number {
    /// The number of a company's document; nothing when a part has too many digits.
    pub fn new(company: u32, issue: u16, pay_on: Date) -> Option<Self> {
        let fits = company <= 999_999_999 && issue <= 999 && (1980..=2107).contains(&pay_on.year());
        fits.then_some(Self { company, issue, pay_on })
    }

    /// Reads a number as it is printed; nothing when it is not written exactly so.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let (company, issue) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let pay_on = Date::strptime("%Y%m%d", parts.next()?).ok()?;
        Self::new(company, issue, pay_on).filter(|number| number.to_string() == text)
    }

    /// The same document, issued again.
    pub fn with_issue(self, issue: u16) -> Option<Self> {
        Self::new(self.company, issue, self.pay_on)
    }

    /// The name of the PDF inside the ZIP.
    pub fn pdf_name(&self) -> String {
        format!("{self}.pdf")
    }

    /// The name of the ZIP that is mailed.
    pub fn zip_name(&self) -> String {
        format!("{self}.zip")
    }
}

impl Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}-{:03}-{}", self.company, self.issue, self.pay_on.strftime("%Y%m%d"))
    }
}

/// A payment notice (支払通知書). Amounts are whole yen with their sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The number, also the file's name.
    pub number: Number,
    /// The day on the paper; also the file's time inside the ZIP.
    pub issued_on: Date,
    /// The company that is paid.
    pub company: String,
    /// The person at the company; empty when none is known.
    pub contact: String,
    /// Who pays.
    pub issuer: Issuer,
    /// Sales, late items and red slips, in the order of printing.
    pub lines: Vec<Line>,
    /// The tax on fees, one row per rate.
    pub fee_taxes: Vec<FeeTax>,
    /// Corrections, one row each.
    pub adjustments: Vec<Adjustment>,
    /// What the document before left over, of either sign.
    pub carried_in_yen: i64,
    /// What comes of it.
    pub outcome: Outcome,
    /// The invoice's figures, where fees are taxable.
    pub invoice: Option<Invoice>,
    /// Where the money goes.
    pub bank: Bank,
}

/// Who pays, and the items that an invoice asks of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The name.
    pub name: String,
    /// The address, one string a line.
    pub address: Vec<String>,
    /// The phone number.
    pub phone: String,
    /// T and thirteen digits; empty when not registered.
    pub invoice_reg_no: String,
}

/// What a line is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Payments of the window.
    Sales,
    /// Payments of an earlier window that were settled after its cut, marked `*2`.
    Late,
    /// Cancels and changes of what was paid before, marked `*1` (U-072).
    Red,
}

/// One row of the table (U-069).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Sales, late or red.
    pub kind: LineKind,
    /// The name of the card group.
    pub group: String,
    /// The first day of the handling period.
    pub first: Date,
    /// The last day of the handling period.
    pub last: Date,
    /// Payments; of a red line, give-backs.
    pub count: u32,
    /// Give-backs that were netted inside.
    pub backs: u32,
    /// The sum of sales.
    pub sales_yen: i64,
    /// The whole rate in millionths.
    pub rate_ppm: u32,
    /// The fee, of the sales' sign.
    pub fee_yen: i64,
    /// Sales less fee.
    pub net_yen: i64,
}

/// The tax on fees at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeTax {
    /// The tax rate in millionths.
    pub rate_ppm: u32,
    /// The tax; positive where the company pays it.
    pub tax_yen: i64,
}

/// A correction with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// What the notice says about it; may be empty.
    pub text: String,
    /// The amount, of either sign, not zero.
    pub yen: i64,
}

/// Paid, or carried to the next document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A transfer is planned.
    Paid {
        /// The fee of the transfer without tax.
        transfer_fee_yen: i64,
        /// The tax on that fee.
        transfer_tax_yen: i64,
        /// What is transferred.
        paid_yen: i64,
        /// The planned day.
        transfer_on: Date,
    },
    /// Nothing is transferred.
    Carried {
        /// What the next document begins with, of either sign.
        carried_yen: i64,
    },
}

/// The figures of a qualified invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// One row per tax rate.
    pub rates: Vec<InvoiceRate>,
    /// Fees that no tax is on.
    pub exempt_yen: i64,
    /// Taxable fees that are given back with a red slip.
    pub returns: Vec<InvoiceReturn>,
    /// After how many days silence counts as confirmation.
    pub confirmation: Confirmation,
}

/// Whether silence confirms the invoice's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// The notice says nothing about it.
    NotAsked,
    /// Silence for so many days confirms.
    AfterDays(u8),
}

/// Taxable fees at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvoiceRate {
    /// The tax rate in millionths.
    pub rate_ppm: u32,
    /// The amount without tax.
    pub amount_yen: i64,
    /// The tax.
    pub tax_yen: i64,
}

/// A return of taxable fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvoiceReturn {
    /// The first day of the original period.
    pub first: Date,
    /// The last day of the original period.
    pub last: Date,
    /// The tax rate in millionths.
    pub rate_ppm: u32,
    /// The amount without tax.
    pub amount_yen: i64,
    /// The tax.
    pub tax_yen: i64,
}

/// The bank block (U-073).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bank {
    /// No account is known.
    Missing,
    /// An account, its number masked already.
    Account {
        /// The bank's name.
        bank: String,
        /// The branch's name.
        branch: String,
        /// The type of account, as printed.
        kind: String,
        /// The last three digits.
        last_digits: String,
        /// The holder in kana.
        holder: String,
    },
}

/// The sums below the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubTotal {
    /// Payments and give-backs of all lines.
    pub count: u32,
    /// Give-backs netted inside.
    pub backs: u32,
    /// Sales.
    pub sales_yen: i64,
    /// Fees.
    pub fee_yen: i64,
    /// Net.
    pub net_yen: i64,
}

/// Why a notice is not printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// A line's net is not its sales less its fee.
    #[error("line {0}: net is not sales less fee")]
    Line(usize),
    /// The sums do not give what is paid or carried.
    #[error("the sums do not give what is paid or carried")]
    Sum,
    /// More rows than a notice may have.
    #[error("too many {0}")]
    Rows(&'static str),
    /// A text longer than a notice may have.
    #[error("{0} is longer than {most} characters", most = limits::LONGEST_TEXT)]
    Text(&'static str),
    /// An amount beyond twelve digits.
    #[error("an amount has more than twelve digits")]
    Amount,
    /// The number of the account would be told.
    #[error("more than three digits of the account's number")]
    Digits,
}

impl Notice {
    /// The sums below the table.
    ///
    /// # Errors
    /// When a sum has no place in an `i64`.
    pub fn sub_total(&self) -> Result<SubTotal, Unsound> {
        let mut total = SubTotal { count: 0, backs: 0, sales_yen: 0, fee_yen: 0, net_yen: 0 };
        for line in &self.lines {
            total.count = total.count.checked_add(line.count).ok_or(Unsound::Amount)?;
            total.backs = total.backs.checked_add(line.backs).ok_or(Unsound::Amount)?;
            total.sales_yen = plus(total.sales_yen, line.sales_yen)?;
            total.fee_yen = plus(total.fee_yen, line.fee_yen)?;
            total.net_yen = plus(total.net_yen, line.net_yen)?;
        }
        Ok(total)
    }

    /// Refuses a notice whose figures do not agree or that has no limits.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), Unsound> {
        self.check_rows()?;
        self.check_texts()?;
        for (at, line) in self.lines.iter().enumerate() {
            if plus(line.net_yen, line.fee_yen)? != line.sales_yen {
                return Err(Unsound::Line(at));
            }
        }
        let mut sum = plus(self.sub_total()?.net_yen, self.carried_in_yen)?;
        for tax in &self.fee_taxes {
            sum = plus(sum, minus(tax.tax_yen)?)?;
        }
        for adjustment in &self.adjustments {
            sum = plus(sum, adjustment.yen)?;
        }
        let told = match self.outcome {
            Outcome::Paid { transfer_fee_yen, transfer_tax_yen, paid_yen, .. } => {
                plus(plus(paid_yen, transfer_fee_yen)?, transfer_tax_yen)?
            }
            Outcome::Carried { carried_yen } => plus(carried_yen, 0)?,
        };
        if sum == told { Ok(()) } else { Err(Unsound::Sum) }
    }

    fn check_rows(&self) -> Result<(), Unsound> {
        let returns = self.invoice.as_ref().map_or(0, |invoice| invoice.returns.len());
        let rates = self.invoice.as_ref().map_or(0, |invoice| invoice.rates.len());
        for (what, rows, most) in [
            ("lines", self.lines.len(), limits::MOST_ROWS),
            ("rates", self.fee_taxes.len().max(rates), limits::MOST_ROWS),
            ("adjustments", self.adjustments.len(), limits::MOST_ROWS),
            ("returns", returns, limits::MOST_ROWS),
            ("lines of address", self.issuer.address.len(), limits::MOST_ADDRESS_LINES),
        ] {
            if rows > most {
                return Err(Unsound::Rows(what));
            }
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), Unsound> {
        let issuer = &self.issuer;
        let mut texts = vec![
            ("company", &self.company),
            ("contact", &self.contact),
            ("issuer", &issuer.name),
            ("phone", &issuer.phone),
            ("registration number", &issuer.invoice_reg_no),
        ];
        texts.extend(issuer.address.iter().map(|line| ("address", line)));
        texts.extend(self.lines.iter().map(|line| ("group", &line.group)));
        texts.extend(self.adjustments.iter().map(|row| ("adjustment", &row.text)));
        if let Bank::Account { bank, branch, kind, last_digits, holder } = &self.bank {
            if last_digits.chars().count() > 3 {
                return Err(Unsound::Digits);
            }
            texts.extend([("bank", bank), ("branch", branch), ("account type", kind), ("holder", holder)]);
        }
        match texts.iter().find(|(_, text)| text.chars().count() > limits::LONGEST_TEXT) {
            Some((what, _)) => Err(Unsound::Text(what)),
            None => Ok(()),
        }
    }
}

fn plus(a: i64, b: i64) -> Result<i64, Unsound> {
    let sum = a.checked_add(b).ok_or(Unsound::Amount)?;
    if sum.unsigned_abs() > limits::LARGEST_YEN { Err(Unsound::Amount) } else { Ok(sum) }
}

fn minus(a: i64) -> Result<i64, Unsound> {
    a.checked_neg().ok_or(Unsound::Amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn a_number_is_nine_digits_three_digits_and_the_pay_day() {
        let day = jiff::civil::date(2019, 10, 31);
        assert_eq!(Number::new(270_212_122, 1, day).unwrap().to_string(), "270212122-001-20191031");
        assert_eq!(Number::new(1, 2, day).unwrap().zip_name(), "000000001-002-20191031.zip");
        assert_eq!(Number::new(1_000_000_000, 1, day), None);
        assert_eq!(Number::new(1, 1_000, day), None);
        let number = Number::new(270_212_122, 1, day).unwrap();
        assert_eq!(Number::parse("270212122-001-20191031"), Some(number));
        assert_eq!(number.with_issue(2).unwrap().to_string(), "270212122-002-20191031");
        for other in [
            "",
            "270212122-1-20191031",
            "270212122-001-20191301",
            "270212122-001-20191031-1",
            "+70212122-001-20191031",
        ] {
            assert_eq!(Number::parse(other), None, "{other}");
        }
    }

    #[test]
    fn figures_that_do_not_agree_are_refused() {
        for sample in samples::all() {
            assert_eq!(sample.1.check(), Ok(()), "{}", sample.0);
        }
        let broken = |change: fn(&mut Notice)| {
            let mut notice = samples::fortnight();
            change(&mut notice);
            notice.check().unwrap_err()
        };
        assert_eq!(broken(|notice| notice.lines[1].fee_yen += 1), Unsound::Line(1));
        assert_eq!(broken(|notice| notice.carried_in_yen += 1), Unsound::Sum);
        assert_eq!(broken(|notice| notice.carried_in_yen = i64::MAX), Unsound::Amount);
        assert_eq!(broken(|notice| notice.fee_taxes[0].tax_yen = i64::MIN), Unsound::Amount);
        assert_eq!(broken(|notice| notice.company = "あ".repeat(201)), Unsound::Text("company"));
        assert_eq!(
            broken(|notice| {
                let line = notice.lines[1].clone();
                notice.lines = vec![line; 2_001];
            }),
            Unsound::Rows("lines")
        );
        assert_eq!(
            broken(|notice| notice.issuer.address = vec![String::new(); 7]),
            Unsound::Rows("lines of address")
        );
        assert_eq!(
            broken(|notice| {
                if let Bank::Account { last_digits, .. } = &mut notice.bank {
                    *last_digits = "1234567".into();
                }
            }),
            Unsound::Digits
        );
    }
}
