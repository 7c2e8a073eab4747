//! Networks that approve and refuse, and what their answers are to a payment.

pub mod answer_codes;
pub mod card_iso8583;
pub mod card_refund;
pub mod card_totals;
pub mod code_http;
pub mod hearing;
pub mod line;

use crate::step::Happening;
use card_iso8583::Answered;
use codes::pay;
use line::NoAnswer;

impl From<Answered> for Happening {
    fn from(answered: Answered) -> Self {
        match answered {
            Answered::Approved(approval) => Self::Approved(approval),
            Answered::Declined(code) => Self::Declined(code),
            Answered::Failed(code) => Self::Failed(code),
            Answered::Unclear(code) => Self::Lost(code),
        }
    }
}

impl From<&NoAnswer> for Happening {
    fn from(no_answer: &NoAnswer) -> Self {
        match no_answer {
            // Nobody was asked, so nothing was taken.
            NoAnswer::NotSent(_) => Self::Failed(pay::NO_CONNECTION),
            NoAnswer::Lost(_) | NoAnswer::TimedOut => Self::Lost(pay::NO_ANSWER),
        }
    }
}
