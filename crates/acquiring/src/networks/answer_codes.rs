//! ISO 8583:1987 DE 39 → what it means for the payment, and our code (docs/networks/card-iso8583.md, 4).

use codes::{Code, pay};

/// What an answer code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 00.
    Approved,
    /// The issuer said no.
    Declined(Code),
    /// Nothing was done, for a technical reason.
    Failed(Code),
    /// Not in the table: nobody knows, never a refusal.
    Unknown,
}

/// One row: codes on the wire, and what they mean.
type Row = (&'static [&'static str], Verdict);

/// The table of the network's document, in its order.
pub const TABLE: &[Row] = &[
    (&["00"], Verdict::Approved),
    (&["01", "04", "05", "12", "14", "62"], Verdict::Declined(pay::CARD_REFUSED)),
    (&["51"], Verdict::Declined(pay::OVER_CREDIT_LIMIT)),
    (&["N4"], Verdict::Declined(pay::CHIP_NOT_ALLOWED)),
    (&["55"], Verdict::Declined(pay::WRONG_PIN)),
    (&["N7"], Verdict::Declined(pay::TAP_NOT_ALLOWED)),
    (&["65"], Verdict::Declined(pay::TAP_FAILED)),
    (&["75"], Verdict::Declined(pay::PIN_BLOCKED)),
    (&["03", "58"], Verdict::Declined(pay::BRAND_NOT_ACCEPTED)),
    (&["61"], Verdict::Declined(pay::ABOVE_LIMIT)),
    (&["13"], Verdict::Declined(pay::AMOUNT_TOO_LARGE)),
    (&["07", "41", "43"], Verdict::Declined(pay::LOST_CARD)),
    (&["54"], Verdict::Declined(pay::EXPIRED_CARD)),
    (&["57"], Verdict::Declined(pay::CLASS_NOT_ALLOWED)),
    (&["88"], Verdict::Declined(pay::CRYPTOGRAM_REFUSED)),
    (&["30", "91", "92", "96"], Verdict::Failed(pay::CENTER_BUSY)),
    (&["94"], Verdict::Failed(pay::REVERSED_BEFORE)),
];

/// What `code` says; a code that is not in the table is [`Verdict::Unknown`].
pub fn verdict(code: &str) -> Verdict {
    TABLE.iter().find(|(codes, _)| codes.contains(&code)).map_or(Verdict::Unknown, |(_, verdict)| *verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_code_is_never_a_refusal() {
        for code in ["", "0", "06", "09", "68", "99", "ZZ", "000"] {
            assert_eq!(verdict(code), Verdict::Unknown, "{code}");
        }
    }

    #[test]
    fn the_document_lists_every_code_with_ours() {
        let document = include_str!("../../../../docs/networks/card-iso8583.md");
        let document = document.split("## 4.").nth(1).unwrap();
        for (codes, verdict) in TABLE {
            let (state, ours) = match verdict {
                Verdict::Approved => ("approved (0210), authorized (0110)", "–".to_owned()),
                Verdict::Declined(code) => ("declined", code.key()),
                Verdict::Failed(code) => ("failed", code.key()),
                Verdict::Unknown => unreachable!("the table has no unknown row"),
            };
            let start = format!("| {} |", codes.join(" "));
            let row = document.lines().find(|line| line.starts_with(&start)).expect(&start);
            assert!(row.ends_with(&format!("| {state} | {ours} |")), "{row}");
        }
    }

    #[test]
    fn a_refusal_says_that_no_money_was_taken() {
        for (_, verdict) in TABLE {
            if let Verdict::Declined(code) | Verdict::Failed(code) = verdict {
                assert_eq!(code.row().money, codes::MoneyTaken::No);
            }
        }
    }
}
