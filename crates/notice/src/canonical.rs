//! The facts of a notice as bytes that mean one thing only, and their hash.

use crate::facts::{
    Adjustment, Bank, Confirmation, FeeTax, Invoice, InvoiceRate, InvoiceReturn, Issuer, Line, LineKind,
    Notice, Outcome,
};
use sha2::{Digest, Sha256};
use std::fmt::{Display, Write};

impl Notice {
    /// The facts as bytes: two notices have the same bytes when they say the same, and only then.
    pub fn canonical(&self) -> Vec<u8> {
        // Taken apart field by field, so that a new field does not compile until it stands here.
        let Self {
            number,
            issued_on,
            company,
            contact,
            issuer,
            lines,
            fee_taxes,
            adjustments,
            carried_in_yen,
            outcome,
            invoice,
            bank,
        } = self;
        let mut out = Canonical(String::from("choba notice 1\n"));
        out.put("number", number).put("issued", issued_on).put("company", company).put("contact", contact);
        issuer.write(&mut out);
        out.put("lines", lines.len());
        for line in lines {
            line.write(&mut out);
        }
        out.put("taxes", fee_taxes.len());
        for FeeTax { rate_ppm, tax_yen } in fee_taxes {
            out.put("rate", rate_ppm).put("tax", tax_yen);
        }
        out.put("adjustments", adjustments.len());
        for Adjustment { text, yen } in adjustments {
            out.put("text", text).put("yen", yen);
        }
        out.put("carried in", carried_in_yen);
        outcome.write(&mut out);
        out.put("invoices", u8::from(invoice.is_some()));
        if let Some(invoice) = invoice {
            invoice.write(&mut out);
        }
        bank.write(&mut out);
        out.0.into_bytes()
    }

    /// SHA-256 of the canonical bytes.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.canonical()).into()
    }
}

/// Writes `name length:value` lines, so that no value can look like another field.
struct Canonical(String);

impl Canonical {
    fn put(&mut self, name: &str, value: impl Display) -> &mut Self {
        let value = value.to_string();
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{name} {}:{value}", value.len());
        self
    }
}

impl Issuer {
    fn write(&self, out: &mut Canonical) {
        let Self { name, address, phone, invoice_reg_no } = self;
        out.put("issuer", name).put("address", address.len());
        for line in address {
            out.put("line", line);
        }
        out.put("phone", phone).put("invoice reg no", invoice_reg_no);
    }
}

impl Line {
    fn write(&self, out: &mut Canonical) {
        let Self { kind, group, first, last, count, backs, sales_yen, rate_ppm, fee_yen, net_yen } = self;
        let kind = match kind {
            LineKind::Sales => "sales",
            LineKind::Late => "late",
            LineKind::Red => "red",
        };
        out.put("kind", kind).put("group", group).put("first", first).put("last", last);
        out.put("count", count).put("backs", backs).put("sales", sales_yen);
        out.put("rate", rate_ppm).put("fee", fee_yen).put("net", net_yen);
    }
}

impl Outcome {
    fn write(self, out: &mut Canonical) {
        match self {
            Self::Paid { transfer_fee_yen, transfer_tax_yen, paid_yen, transfer_on } => {
                out.put("transfer fee", transfer_fee_yen).put("transfer tax", transfer_tax_yen);
                out.put("paid", paid_yen).put("on", transfer_on);
            }
            Self::Carried { carried_yen } => {
                out.put("carried", carried_yen);
            }
        }
    }
}

impl Invoice {
    fn write(&self, out: &mut Canonical) {
        let Self { rates, exempt_yen, returns, confirmation } = self;
        out.put("rates", rates.len());
        for InvoiceRate { rate_ppm, amount_yen, tax_yen } in rates {
            out.put("rate", rate_ppm).put("amount", amount_yen).put("tax", tax_yen);
        }
        out.put("exempt", exempt_yen).put("returns", returns.len());
        for InvoiceReturn { first, last, rate_ppm, amount_yen, tax_yen } in returns {
            out.put("first", first).put("last", last).put("rate", rate_ppm);
            out.put("amount", amount_yen).put("tax", tax_yen);
        }
        match confirmation {
            Confirmation::NotAsked => out.put("confirmed", "not asked"),
            Confirmation::AfterDays(days) => out.put("confirmed", days),
        };
    }
}

impl Bank {
    fn write(&self, out: &mut Canonical) {
        match self {
            Self::Missing => {
                out.put("bank", "missing");
            }
            Self::Account { bank, branch, kind, last_digits, holder } => {
                out.put("bank name", bank).put("branch", branch).put("type", kind);
                out.put("digits", last_digits).put("holder", holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::samples;
    use expect_test::expect_file;

    #[test]
    fn the_canonical_bytes_name_every_fact() {
        let bytes = samples::fortnight().canonical();
        expect_file!["../tests/golden/canonical.txt"].assert_eq(&String::from_utf8(bytes).unwrap());
    }

    #[test]
    fn any_changed_fact_changes_the_hash() {
        let before = samples::fortnight();
        let mut after = before.clone();
        after.lines[0].backs = 0;
        assert_ne!(before.hash(), after.hash());
        let mut moved = before.clone();
        moved.contact = String::new();
        moved.company += &before.contact;
        assert_ne!(before.hash(), moved.hash());
        assert_eq!(before.hash(), samples::fortnight().hash());
    }
}
