//! What a code of ours is in the standard's closed list. Registers decide by the condition; the code, the
//! word about the money and the text ride beside it.

use ::nexo::pairs::Pairs;
use ::nexo::response::ErrorCondition;
use codes::{Code, MoneyTaken, api, pay};
use i18n::Lang;

/// The condition of a code with which a payment ended.
pub(crate) fn of_code(code: Code) -> ErrorCondition {
    use ErrorCondition as C;
    let table: [(&[Code], C); 10] = [
        (&[pay::WRONG_PIN, pay::PIN_BLOCKED, pay::PIN_REQUIRED], C::WrongPin),
        (
            &[
                pay::SWIPE_NOT_ALLOWED,
                pay::CHIP_NOT_ALLOWED,
                pay::TAP_NOT_ALLOWED,
                pay::TAP_FAILED,
                pay::BAD_STRIPE,
            ],
            C::InvalidCard,
        ),
        (
            &[pay::BRAND_NOT_ACCEPTED, pay::CLASS_NOT_ALLOWED, pay::ABOVE_LIMIT, pay::AMOUNT_TOO_LARGE],
            C::PaymentRestriction,
        ),
        (&[pay::CENTER_BUSY, pay::NO_CONNECTION], C::UnreachableHost),
        (&[pay::READER_NOT_BOUND, pay::READER_OFFLINE], C::UnavailableDevice),
        (&[pay::CANCELLED, pay::SESSION_EXPIRED, pay::WAIT_EXPIRED, pay::CARD_REMOVED], C::Cancel),
        (&[pay::REVERSED_BEFORE, pay::INTERRUPTED], C::Aborted),
        (&[pay::NO_ANSWER, pay::UNCLEAR_ANSWER, api::UNAVAILABLE, api::NO_SPACE], C::UnavailableService),
        (&[api::WRONG_STATE, api::NOT_ALLOWED], C::NotAllowed),
        (&[api::NOT_FOUND], C::NotFound),
    ];
    // Whatever else ended it was somebody's no; what is not known never reads as one (rule 4).
    let unknown = code.row().money == MoneyTaken::Unknown;
    let otherwise = if unknown { C::UnavailableService } else { C::Refusal };
    table.iter().find(|(codes, _)| codes.contains(&code)).map_or(otherwise, |(_, condition)| *condition)
}

/// The condition of a code with which something was refused before it began: never a word that reads like
/// an issuer's no.
pub(crate) fn of_refused(code: Code) -> ErrorCondition {
    match of_code(code) {
        ErrorCondition::Refusal => ErrorCondition::NotAllowed,
        condition => condition,
    }
}

/// `code`, `money` and the text, as every refusal carries them (rule 10).
pub(crate) fn pairs_of(lang: Lang, code: Code, money: MoneyTaken) -> Pairs {
    let text = i18n::code_text(lang, code);
    Pairs::new()
        .with("code", code.key())
        .with("money", money.word())
        .with("message", text.title)
        .with("what", text.what)
        .with("next", text.next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_of_a_doubt_is_told_as_a_refusal_and_none_that_took_money_as_retry() {
        // Rule 4: what is not known must not read as "no".
        for code in pay::ALL {
            let unknown = code.row().money == MoneyTaken::Unknown;
            let condition = of_code(*code);
            if unknown {
                let doubt = [ErrorCondition::UnavailableService, ErrorCondition::Aborted];
                assert!(doubt.contains(&condition), "{code:?} {condition:?}");
            }
        }
    }

    #[test]
    fn a_refusal_carries_code_money_and_text_in_both_languages() {
        for lang in [Lang::Ja, Lang::En] {
            let pairs = pairs_of(lang, pay::CARD_REFUSED, MoneyTaken::No);
            assert_eq!((pairs.get("code"), pairs.get("money")), (Some("payment-101"), Some("no")));
            assert!(pairs.get("what").is_some_and(|text| !text.is_empty()));
        }
    }
}
