//! Magic amounts: the last four digits of a payment's amount pick what the card network does with it.
//!
//! `40` and an answer code refuse the payment with it; `41` and a number make trouble on the line. Every
//! other ending is an ordinary amount. `42` and `43` do the same to code payments, which leave `40` and `41`
//! alone as card payments leave these. The tables below are the only ones: the network obeys it, the desk
//! and `docs/integrators/test-inputs.md` print it, tests run through it.

use crate::code::book::Status;
use crate::code::reply::{self, ResultCode};
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

/// What happens to a code payment with a magic amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeOutcome {
    /// Refused with this result.
    Refuse(ResultCode),
    /// The customer has to confirm, and after two questions this comes of it; nothing: the customer is silent.
    Customer(Option<Status>),
    /// The customer has to confirm, and every question is answered with this result.
    Inquiry(ResultCode),
    /// Decided as always, and then this happens to request or answer.
    Line(Strike),
    /// Decided as always, and then answered with 500.
    ServerError,
    /// Paid; a cancel or refund is refused with this result.
    RefuseBack(ResultCode),
    /// Paid; the first cancel or refund is decided as always, and then this happens.
    LineBack(Strike),
    /// Paid; the first cancel or refund is decided as always, and then answered with 500.
    ServerErrorBack,
}

/// A row of the table of code payments.
#[derive(Clone, Copy, Debug)]
pub struct CodeRow {
    /// The last four digits of the amount.
    pub ending: i64,
    /// What happens.
    pub outcome: CodeOutcome,
    /// The code that comes of it at the center (inventory 1.4.1).
    pub code: &'static str,
    /// In a few words of English, for the table in the documents.
    pub words: &'static str,
}

const fn code(ending: i64, code: &'static str, outcome: CodeOutcome, words: &'static str) -> CodeRow {
    CodeRow { ending, outcome, code, words }
}

/// Every magic amount of code payments, in order.
pub const CODE_TABLE: &[CodeRow] = {
    use CodeOutcome::{Customer, Inquiry, Line, LineBack, Refuse, RefuseBack, ServerError, ServerErrorBack};
    &[
        code(4202, "Q1ET0002", Refuse(reply::UNSUPPORTED_CODE), "code not supported"),
        code(4203, "Q1ET0003", Refuse(reply::BANK_SYSTEM_ERROR), "the customer's bank does not answer"),
        code(4204, "Q1ET0004", Refuse(reply::MERCHANT_NOT_ENROLLED), "merchant not enrolled"),
        code(4206, "Q1ET0006", Refuse(reply::NO_SUFFICIENT_FUND), "balance short"),
        code(4207, "Q1ET0007", Refuse(reply::LIMIT_EXCEEDED), "limit exceeded"),
        code(4209, "Q1ET0009", Refuse(reply::PAYMENT_CANCELED), "cancelled meanwhile"),
        code(4210, "Q1ET000A", Refuse(reply::CODE_EXPIRED), "code expired"),
        code(4211, "Q1ET000B", Refuse(reply::DUPLICATE_MERCHANT_PAYMENT_ID), "id in use"),
        code(4212, "Q1ET0012", Refuse(reply::MAINTENANCE_MODE), "under maintenance, nothing was done"),
        code(4213, "Q1ET000D", Refuse(reply::TERMINAL_SUSPENDED), "terminal suspended"),
        code(4220, "", Customer(Some(Status::Completed)), "the customer confirms after two questions"),
        code(4227, "Q1ET001B", Refuse(reply::INVALID_MERCHANT_PAYMENT_ID), "id not usable"),
        code(4230, "Q1ET0030", Refuse(reply::PAYMENT_FAILED), "the payment fails"),
        code(
            4233,
            "Q1ET0033",
            Customer(Some(Status::Canceled)),
            "cancelled at the brand while the customer thinks",
        ),
        code(4234, "Q1ET0034", Refuse(reply::INVALID_PARAMS), "parameter wrong"),
        code(4236, "Q1ET0036", Inquiry(reply::TERMINAL_SUSPENDED), "every inquiry: terminal suspended"),
        code(4240, "Q1ET0040", Inquiry(reply::INVALID_PARAMS), "every inquiry: parameter wrong"),
        code(
            4241,
            "Q1ET0041",
            Line(Strike::DropRequest),
            "the request never arrives; an inquiry finds nothing",
        ),
        code(4242, "Q1ET0042", ServerError, "paid, and answered 500; an inquiry finds it"),
        code(4243, "Q1ET0043", Line(Strike::DropAnswer), "paid, the answer never comes; an inquiry finds it"),
        code(4244, "Q1ET0043", Line(Strike::Late), "paid, the answer comes after the time-out"),
        code(4245, "Q1ET0045", Line(Strike::Close), "paid, the line is cut; an inquiry finds it"),
        code(4246, "Q1ET0042", Line(Strike::Garbage), "paid, the answer is garbage; an inquiry finds it"),
        code(4247, "", Line(Strike::Delay), "paid, the answer takes three seconds"),
        code(4250, "Q1ET0050", Customer(Some(Status::Failed)), "the customer refuses after two questions"),
        code(4251, "Q1ET0050", Customer(Some(Status::Expired)), "the brand's time for the customer runs out"),
        code(4260, "Q1ET003C", Customer(None), "the customer never answers"),
        code(4316, "QRNER016", RefuseBack(reply::PAYMENT_NOT_FOUND), "paid; giving back: no such payment"),
        code(4321, "Q1ET0021", RefuseBack(reply::INVALID_PARAMS), "paid; giving back: parameter wrong"),
        code(
            4323,
            "Q1ET0023",
            RefuseBack(reply::TERMINAL_SUSPENDED),
            "paid; giving back: terminal suspended",
        ),
        code(4328, "Q1ET0028", RefuseBack(reply::GATEWAY_ERROR), "paid; giving back: not possible now"),
        code(4329, "Q1ET001C", RefuseBack(reply::CANCEL_PERIOD_EXPIRED), "paid; giving back: too late"),
        code(4330, "Q1ET001D", RefuseBack(reply::ALREADY_REFUNDED), "paid; giving back: already refunded"),
        code(
            4331,
            "Q1ET001E",
            RefuseBack(reply::INVALID_REFUND_AMOUNT),
            "paid; giving back: amount not possible",
        ),
        code(
            4342,
            "Q1ET002C",
            LineBack(Strike::DropAnswer),
            "paid; given back, the first answer never comes",
        ),
        code(4343, "Q1ET002D", ServerErrorBack, "paid; given back, the first answer is 500"),
        code(4344, "Q1ET002E", LineBack(Strike::Close), "paid; given back, the line is cut the first time"),
    ]
};

/// What happens to a code payment of this amount, when it is magic.
pub fn code_outcome(amount: Yen) -> Option<CodeOutcome> {
    let ending = amount.get().rem_euclid(10_000);
    CODE_TABLE.iter().find(|row| row.ending == ending).map(|row| row.outcome)
}

/// The table of code payments as Markdown.
pub fn code_markdown() -> String {
    let mut out = String::from(
        "| amount ends in | for example | what the brand does | code of 1.4.1 |\n|---|---|---|---|\n",
    );
    for row in CODE_TABLE {
        let example = money::group(row.ending);
        let code = if row.code.is_empty() { "–" } else { row.code };
        out.push_str(&format!("| `{}` | ¥{example} | {} | {code} |\n", row.ending, row.words));
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
    fn the_document_has_these_tables() {
        crate::testing::check_section("magic amounts", &markdown());
        crate::testing::check_section("magic amounts of code payments", &code_markdown());
    }

    #[test]
    fn every_code_that_a_brand_can_cause_has_an_amount() {
        // 1.4.1: what begins with Q1ET comes from the brand's side; of QRN only the missing target does.
        let mut caused: Vec<&str> =
            CODE_TABLE.iter().map(|row| row.code).filter(|code| !code.is_empty()).collect();
        caused.sort_unstable();
        caused.dedup();
        assert_eq!(
            caused.join(" "),
            "Q1ET0002 Q1ET0003 Q1ET0004 Q1ET0006 Q1ET0007 Q1ET0009 Q1ET000A Q1ET000B Q1ET000D Q1ET0012 Q1ET001B \
             Q1ET001C Q1ET001D Q1ET001E Q1ET0021 Q1ET0023 Q1ET0028 Q1ET002C Q1ET002D Q1ET002E Q1ET0030 Q1ET0033 \
             Q1ET0034 Q1ET0036 Q1ET003C Q1ET0040 Q1ET0041 Q1ET0042 Q1ET0043 Q1ET0045 Q1ET0050 QRNER016"
        );
        for pair in CODE_TABLE.windows(2) {
            assert!(pair[0].ending < pair[1].ending, "{}", pair[1].ending);
        }
        assert!(CODE_TABLE.iter().all(|row| TABLE.iter().all(|card| card.ending != row.ending)));
    }
}
