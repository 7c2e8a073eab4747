//! Codes of code payment: the JT-VS1S list of inventory 1.4.1 and three of our own.
//!
//! The list does not say which operation each code belongs to; the grouping here is inferred from it:
//! `Q1ET0002` … `001B` and `0030` … `0036` payment, `001C` … `002E` giving back, `003C` the customer's
//! confirmation, `0040` … `0045` inquiry, `QRNE01xx` payment, `QRNE02xx` giving back, `QRNE03xx` inquiry.
//! For a code of giving back, [`crate::MoneyTaken`] says whether the charge stands.

use crate::{Code, MoneyTaken::No, MoneyTaken::Unknown, MoneyTaken::Yes, Retry, Row};

/// The groups in which the manual writes its screens (J-008).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The code is not handled: another way.
    A,
    /// Not handled: once more, tell staff if it repeats.
    B,
    /// Failed: once more, tell staff if it repeats.
    C,
    /// Failed: tell staff; whether it was concluded has to be confirmed (J-072).
    D,
    /// Not handled: later.
    E,
    /// The balance is short: another way.
    F,
    /// Already cancelled.
    G,
    /// The amount is not possible.
    H,
    /// The camera.
    I,
    /// No such transaction.
    J,
    /// The code is not recognised.
    K,
    /// The connection cannot start.
    L,
    /// A record cannot be written.
    M,
    /// Initialisation.
    N,
}

impl Group {
    /// Whether the screen stays until somebody presses × (J-013).
    pub const fn stays_until_pressed(self) -> bool {
        matches!(self, Self::A | Self::E | Self::F | Self::G | Self::H)
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $cause:literal, $money:expr, $retry:expr, $group:expr;)*) => {
        $($(#[$doc])* pub const $name: Code = Code(&Row {
            family: "code", id: $id, cause: $cause, money: $money, retry: $retry, status: 422,
            source: "1.4.1",
        });)*
        /// The family in order.
        pub const ALL: &[Code] = &[$($name),*];
        /// The group of each, in the same order.
        const GROUPS: &[Group] = &[$($group),*];
    };
}

/// The group of a code of this family.
pub fn group(code: Code) -> Option<Group> {
    ALL.iter().zip(GROUPS).find(|(known, _)| **known == code).map(|(_, group)| *group)
}

codes! {
    /// The brand does not take this kind of code.
    CODE_NOT_SUPPORTED = "Q1ET0002", "code not supported for payment", No, Retry::Different, Group::A;
    /// Wrong password or a bank's system error.
    BRAND_AUTH_FAILED = "Q1ET0003", "wrong password or bank system error", No, Retry::Same, Group::B;
    /// This shop is not enrolled with the brand.
    MERCHANT_NOT_ENROLLED = "Q1ET0004", "code not usable at this merchant", No, Retry::Different, Group::B;
    /// The customer's balance does not reach.
    BALANCE_SHORT = "Q1ET0006", "customer balance insufficient", No, Retry::Different, Group::F;
    /// A limit of the brand, the customer or the shop is exceeded.
    PAYMENT_LIMIT = "Q1ET0007", "payment limit exceeded", No, Retry::Different, Group::B;
    /// An error during the payment; it is already cancelled.
    CANCELLED_MEANWHILE = "Q1ET0009", "error during payment, already cancelled", No, Retry::Same, Group::B;
    /// The code has expired, was used, or is not valid.
    CODE_EXPIRED = "Q1ET000A", "code expired, used or invalid", No, Retry::Same, Group::B;
    /// The brand knows this transaction number with other content.
    NUMBER_DUPLICATED = "Q1ET000B", "transaction number duplicated", No, Retry::Same, Group::C;
    /// The brand has suspended the terminal.
    TERMINAL_SUSPENDED = "Q1ET000D", "terminal suspended", No, Retry::Never, Group::B;
    /// The gateway or brand is out of service and has done nothing.
    GATEWAY_ERROR = "Q1ET0012", "gateway server error or maintenance, nothing was done", No, Retry::Same, Group::C;
    /// The merchant's transaction number is invalid.
    NUMBER_INVALID = "Q1ET001B", "merchant transaction number invalid", No, Retry::Same, Group::B;
    /// The time in which it can be cancelled or refunded is over.
    CANCEL_PERIOD_OVER = "Q1ET001C", "cancel or refund period expired", Yes, Retry::Never, Group::B;
    /// Already refunded, or the refund number is in use.
    ALREADY_REFUNDED = "Q1ET001D", "already refunded, or refund number duplicated", No, Retry::Never, Group::G;
    /// The refund's amount or number is not possible.
    REFUND_AMOUNT = "Q1ET001E", "refund amount invalid, above the payment, or too many refunds", Yes, Retry::Different, Group::H;
    /// A parameter of the cancel or refund is wrong.
    CANCEL_REQUEST_DEFECT = "Q1ET0021", "request parameter defect at cancel", Yes, Retry::Same, Group::C;
    /// The terminal is suspended, so it cannot cancel.
    CANCEL_TERMINAL_SUSPENDED = "Q1ET0023", "terminal suspended at cancel", Yes, Retry::Never, Group::C;
    /// The gateway could not cancel and has done nothing.
    CANCEL_GATEWAY_ERROR = "Q1ET0028", "gateway server error at cancel", Yes, Retry::Same, Group::C;
    /// No answer to a cancel or refund in time.
    CANCEL_TIMEOUT = "Q1ET002C", "timeout at cancel", Unknown, Retry::OnceSettled, Group::C;
    /// The brand failed during a cancel or refund.
    CANCEL_BRAND_FAULT = "Q1ET002D", "communication fault or brand-side error at cancel", Unknown, Retry::OnceSettled, Group::C;
    /// The line failed during a cancel or refund.
    CANCEL_NETWORK_ERROR = "Q1ET002E", "network error at cancel", Unknown, Retry::OnceSettled, Group::C;
    /// The brand did not carry the payment out.
    PAYMENT_FAILED = "Q1ET0030", "payment failed at the brand", No, Retry::Same, Group::B;
    /// The payment is already cancelled.
    ALREADY_CANCELLED = "Q1ET0033", "already cancelled", No, Retry::Same, Group::B;
    /// A parameter of the payment is wrong.
    REQUEST_DEFECT = "Q1ET0034", "request parameter defect", No, Retry::Same, Group::B;
    /// The terminal was suspended while the payment was under way.
    RESULT_TERMINAL_SUSPENDED = "Q1ET0036", "terminal suspended while under way", Unknown, Retry::OnceSettled, Group::B;
    /// The customer did not confirm in time; it is being cancelled.
    CONFIRM_TIMEOUT = "Q1ET003C", "timeout while waiting for the customer", Unknown, Retry::OnceSettled, Group::C;
    /// The inquiry itself was refused.
    INQUIRY_DEFECT = "Q1ET0040", "inquiry refused: parameter defect or gateway error", Unknown, Retry::OnceSettled, Group::C;
    /// The brand does not know the payment.
    NO_SUCH_ORDER = "Q1ET0041", "order does not exist", No, Retry::Same, Group::C;
    /// The brand failed; the outcome is unknown.
    OUTCOME_BRAND_FAULT = "Q1ET0042", "communication fault or brand-side error, outcome unknown", Unknown, Retry::Never, Group::D;
    /// No answer in time; the outcome is unknown.
    OUTCOME_TIMEOUT = "Q1ET0043", "timeout, outcome unknown", Unknown, Retry::Never, Group::D;
    /// The line failed; the outcome is unknown.
    OUTCOME_NETWORK_ERROR = "Q1ET0045", "network error, outcome unknown", Unknown, Retry::Never, Group::D;
    /// The customer refused or let it pass.
    USER_DID_NOT_PAY = "Q1ET0050", "unpaid for user-side reason", No, Retry::Same, Group::C;
    /// The camera could not be read.
    CAMERA_ERROR = "QRNE0011", "camera read error", No, Retry::Same, Group::I;
    /// What is to be given back does not exist.
    NO_SUCH_TRANSACTION = "QRNER016", "cancel target does not exist", No, Retry::Different, Group::J;
    /// Nobody's code.
    CODE_NOT_RECOGNISED = "QRNE0018", "code classification failed", No, Retry::Different, Group::K;
    /// A transaction number could not be made.
    SERIAL_FAILED = "QRNE0019", "transaction serial creation failed", No, Retry::Same, Group::E;
    /// The connection could not be started.
    START_FAILED = "QRNE0022", "communication start failed", No, Retry::Same, Group::L;
    /// The payment could not be recorded, so it was not sent.
    RECORD_FAILED = "QRNE0105", "record could not be written before sending", No, Retry::Same, Group::M;
    /// An internal error before a cancel was sent.
    CANCEL_INTERNAL = "QRNE0204", "internal error before a cancel was sent", Yes, Retry::Same, Group::E;
    /// The cancel could not be recorded, so it was not sent.
    CANCEL_RECORD_FAILED = "QRNE0206", "cancel could not be recorded before sending", Yes, Retry::Same, Group::M;
    /// A number for the cancel could not be made.
    CANCEL_SERIAL_FAILED = "QRNE0208", "cancel serial creation failed", Yes, Retry::Same, Group::E;
    /// A number for an inquiry could not be made.
    INQUIRY_SERIAL_FAILED = "QRNE0306", "inquiry serial creation failed", Unknown, Retry::Same, Group::E;
    /// A service could not be initialised (QRNX00**).
    SERVICE_NOT_READY = "QRNX00", "initialisation of a service failed", No, Retry::Never, Group::N;
    /// The shop's own code was scanned.
    SHOPS_CODE = "E01", "shop's own code scanned (merchant-presented)", No, Retry::Different, Group::K;
    /// Something that is no payment code was scanned.
    NOT_A_CODE = "E02", "not a payment code", No, Retry::Different, Group::K;
    /// A service that has ended or is not taken here.
    SERVICE_NOT_TAKEN = "E03", "service ended or not taken", No, Retry::Different, Group::A;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(pick: impl Fn(Code) -> bool) -> Vec<&'static str> {
        ALL.iter().copied().filter(|code| pick(*code)).map(|code| code.row().id).collect()
    }

    #[test]
    fn the_whole_list_is_here() {
        // 1.4.1: 42 rows, and three of our own
        let own = ids(|code| code.row().id.starts_with('E'));
        assert_eq!((ALL.len() - own.len(), own.len()), (42, 3));
    }

    #[test]
    fn a_code_of_an_unknown_outcome_never_offers_to_pay_again_before_it_is_settled() {
        // J-072, 1.4.1
        let unknown = ids(|code| code.row().money == Unknown);
        assert_eq!(
            unknown,
            [
                "Q1ET002C", "Q1ET002D", "Q1ET002E", "Q1ET0036", "Q1ET003C", "Q1ET0040", "Q1ET0042",
                "Q1ET0043", "Q1ET0045", "QRNE0306"
            ]
        );
        let again = ids(|code| code.row().money == Unknown && code.row().retry == Retry::Same);
        assert_eq!(again, ["QRNE0306"], "asking again is safe, paying is not");
        assert_eq!(ids(|code| group(code) == Some(Group::D)), ["Q1ET0042", "Q1ET0043", "Q1ET0045"]);
    }

    #[test]
    fn the_groups_are_those_of_the_manual() {
        // J-008, J-013
        let of = |wanted: Group| ids(|code| group(code) == Some(wanted) && !code.row().id.starts_with('E'));
        assert_eq!(of(Group::E), ["QRNE0019", "QRNE0204", "QRNE0208", "QRNE0306"]);
        assert_eq!(of(Group::M), ["QRNE0105", "QRNE0206"]);
        assert_eq!(of(Group::B).len(), 12);
        assert_eq!(of(Group::C).len(), 12);
        assert!(Group::A.stays_until_pressed() && !Group::D.stays_until_pressed());
        assert!(ALL.iter().all(|code| group(*code).is_some()));
        assert_eq!(group(crate::pay::CARD_REFUSED), None);
    }
}
