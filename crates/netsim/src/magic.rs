//! Magic amounts: the last four digits of a payment's amount pick what the card network does with it.
//!
//! `40` and an answer code refuse the payment with it; `41` and a number make trouble on the line. Every
//! other ending is an ordinary amount. The table below is the only one: the network obeys it, the desk
//! and `docs/integrators/test-inputs.md` print it, tests run through it.

use crate::faults::Strike;
use money::Yen;

/// What happens to a payment with a magic amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Refused with this answer code; no money moves.
    Refuse(&'static str),
    /// Decided as always, and then this happens to request or answer.
    Line(Strike),
    /// Approved, without an approval code.
    NoApprovalCode,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The last four digits of the amount.
    pub ending: i64,
    /// What happens.
    pub outcome: Outcome,
    /// In a few words of English, for the table in the documents.
    pub words: &'static str,
}

const fn refuse(ending: i64, code: &'static str, words: &'static str) -> Row {
    Row { ending, outcome: Outcome::Refuse(code), words }
}

const fn line(ending: i64, strike: Strike, words: &'static str) -> Row {
    Row { ending, outcome: Outcome::Line(strike), words }
}

/// Every magic amount, in order.
pub const TABLE: &[Row] = &[
    refuse(4003, "03", "shop not permitted for this brand"),
    refuse(4005, "05", "refused by the issuer"),
    refuse(4013, "13", "amount not possible"),
    refuse(4041, "41", "lost card"),
    refuse(4043, "43", "stolen card"),
    refuse(4051, "51", "over the credit line"),
    refuse(4054, "54", "expired card"),
    refuse(4055, "55", "wrong PIN"),
    refuse(4057, "57", "payment class not permitted"),
    refuse(4061, "61", "above a limit"),
    refuse(4065, "65", "tap refused, insert the card"),
    refuse(4075, "75", "PIN tries used up"),
    refuse(4084, "N4", "chip not permitted"),
    refuse(4087, "N7", "contactless not permitted"),
    refuse(4088, "88", "cryptogram wrong"),
    refuse(4091, "91", "issuer not available, nothing was done"),
    refuse(4096, "96", "network out of order, nothing was done"),
    refuse(4099, "Q9", "a code that nobody knows: the payment is in doubt"),
    line(4101, Strike::DropAnswer, "charged, the answer never comes"),
    line(4102, Strike::DropRequest, "the request never arrives, nothing is charged"),
    line(4103, Strike::Late, "charged, the answer comes after the time-out"),
    line(4104, Strike::Duplicate, "charged, the answer comes twice"),
    line(4105, Strike::Garbage, "charged, the answer is garbage"),
    line(4106, Strike::Close, "charged, the line is cut instead of an answer"),
    line(4107, Strike::Delay, "charged, the answer takes three seconds"),
    Row {
        ending: 4108,
        outcome: Outcome::NoApprovalCode,
        words: "approved without an approval code (the slip prints 000000)",
    },
];

/// What happens to a payment of this amount, when it is magic.
pub fn outcome(amount: Yen) -> Option<Outcome> {
    let ending = amount.get().rem_euclid(10_000);
    TABLE.iter().find(|row| row.ending == ending).map(|row| row.outcome)
}

/// The table as Markdown, for `docs/integrators/test-inputs.md`.
pub fn markdown() -> String {
    let mut out =
        String::from("| amount ends in | for example | what the card network does |\n|---|---|---|\n");
    for row in TABLE {
        let example = money::group(row.ending);
        let what = match row.outcome {
            Outcome::Refuse(code) => format!("answers `{code}`: {}", row.words),
            Outcome::Line(_) | Outcome::NoApprovalCode => row.words.to_owned(),
        };
        out.push_str(&format!("| `{}` | ¥{example} | {what} |\n", row.ending));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yen(amount: i64) -> Yen {
        Yen::new(amount).unwrap()
    }

    #[test]
    fn the_last_four_digits_decide_and_ordinary_sums_are_left_alone() {
        assert_eq!(outcome(yen(4_051)), Some(Outcome::Refuse("51")));
        assert_eq!(outcome(yen(24_051)), Some(Outcome::Refuse("51")));
        assert_eq!(outcome(yen(14_101)), Some(Outcome::Line(Strike::DropAnswer)));
        for amount in [1, 880, 1_000, 1_360, 4_000, 4_100, 10_000, 15_000, 15_001, 28_000, 999_999] {
            assert_eq!(outcome(yen(amount)), None, "{amount}");
        }
    }

    #[test]
    fn endings_are_unique_and_refusals_have_codes_that_fit_the_field() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].ending < pair[1].ending, "{}", pair[1].ending);
        }
        for row in TABLE {
            if let Outcome::Refuse(code) = row.outcome {
                assert!(code.len() == 2 && code != "00", "{}", row.ending);
            }
        }
    }

    #[test]
    fn the_document_has_this_table() {
        crate::testing::check_section("magic amounts", &markdown());
    }
}
