//! Codes that end a payment: the app's payment errors of inventory 1.1.9 and our own few.

use crate::{Code, MoneyTaken::No, MoneyTaken::Unknown, MoneyTaken::Yes, Retry, Row};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $cause:literal, $money:expr, $retry:expr, $source:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code(&Row {
            family: "payment", id: $id, cause: $cause, money: $money, retry: $retry, status: 422, source: $source,
        });)*
        /// The family in order.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    /// The issuer said no.
    CARD_REFUSED = "101", "card refused by its issuer", No, Retry::Different, "1.1.9";
    /// The credit line does not reach.
    OVER_CREDIT_LIMIT = "102", "over the credit limit", No, Retry::Different, "1.1.9";
    /// The service code says: use the chip.
    SWIPE_NOT_ALLOWED = "103", "magstripe not allowed for this card", No, Retry::Different, "1.1.9, ISO 7813 service code";
    /// The chip cannot be used.
    CHIP_NOT_ALLOWED = "104", "chip not allowed for this card", No, Retry::Different, "1.1.9";
    /// The PIN was wrong; tries are left.
    WRONG_PIN = "106", "wrong PIN", No, Retry::Same, "1.1.9";
    /// Contactless is not allowed for this card.
    TAP_NOT_ALLOWED = "107", "contactless not allowed for this card", No, Retry::Different, "1.1.9";
    /// The contactless reading failed; insert the card.
    TAP_FAILED = "108", "contactless failed, insert the card", No, Retry::Different, "1.1.9";
    /// The PIN was wrong too often.
    PIN_BLOCKED = "109", "PIN tried too often, card blocked", No, Retry::Never, "1.1.9";
    /// The shop does not accept this brand.
    BRAND_NOT_ACCEPTED = "201", "brand not accepted here", No, Retry::Different, "1.1.9";
    /// The network is busy or closed.
    CENTER_BUSY = "202", "payment centre congested or in maintenance", No, Retry::Same, "1.1.9";
    /// The stripe could not be read.
    BAD_STRIPE = "203", "bad magstripe data", No, Retry::Same, "1.1.9";
    /// The amount is above the limit of this card, brand or shop.
    ABOVE_LIMIT = "207", "amount above the limit", No, Retry::Different, "1.1.9";
    /// The amount has too many digits for a payment.
    AMOUNT_TOO_LARGE = "208", "amount too large", No, Retry::Different, "1.1.9";
    /// The issuer reports the card lost or stolen.
    LOST_CARD = "301", "lost or stolen card", No, Retry::Never, "1.1.9";
    /// The payment was started and left too long before it was sent.
    SESSION_EXPIRED = "401", "payment expired before a card was read", No, Retry::Same, "1.1.9, M-033";
    /// Nobody presented a card in time.
    WAIT_EXPIRED = "404", "waiting time for the card exceeded", No, Retry::Same, "1.1.9, M-033";
    /// The center or the network could not be reached, and nothing was sent.
    NO_CONNECTION = "901", "connection error before anything was sent", No, Retry::Same, "1.1.9";
    /// The reader is not bound to this account.
    READER_NOT_BOUND = "991", "reader not bound to this account", No, Retry::Never, "1.1.9, M-014";
    /// Another card was shown than the one that paid.
    DIFFERENT_CARD = "506", "not the card that paid", No, Retry::Same, "1.1.9, P1245";
    /// The card's validity has ended (answer code 54).
    EXPIRED_CARD = "E01", "expired card", No, Retry::Different, "ISO 8583:1987 DE 39 54";
    /// The payment class is not in the contract or not allowed for this card.
    CLASS_NOT_ALLOWED = "E02", "payment class not allowed", No, Retry::Different, "X-019";
    /// The card company takes no bonus lump sum on this day.
    BONUS_CLOSED = "E08", "bonus lump sum not taken on this day", No, Retry::Different, "X-020";
    /// The card's cryptogram is wrong, or the card refused the answer.
    CRYPTOGRAM_REFUSED = "E03", "cryptogram refused", No, Retry::Different, "EMV Book 2";
    /// The card was taken out before the payment ended.
    CARD_REMOVED = "E04", "card removed too early", No, Retry::Same, "EMV Book 3";
    /// A card that needs a PIN got none.
    PIN_REQUIRED = "E05", "PIN required and not entered", No, Retry::Same, "X-010";
    /// The reader or its PIN pad cannot be reached.
    READER_OFFLINE = "E06", "card reader not connected", No, Retry::Same, "own";
    /// The id was reversed before it arrived (tombstone).
    REVERSED_BEFORE = "E07", "reversed before it arrived", No, Retry::Same, "model 3.3 rule 9";
    /// The clerk stopped after the warning that such a card has just paid the same sum.
    DUPLICATE_STOPPED = "E31", "stopped after the duplicate warning", No, Retry::Never, "R-074";
    /// Nobody answered; the center inquires and reverses.
    NO_ANSWER = "E10", "no answer from the network, being reversed", Unknown, Retry::Never, "model 3.3";
    /// An answer that cannot be understood; treated as no answer.
    UNCLEAR_ANSWER = "E11", "unclear answer from the network, being reversed", Unknown, Retry::Never, "model 3.3";
    /// The program stopped while the payment was under way.
    INTERRUPTED = "E12", "interrupted while under way, being settled", Unknown, Retry::Never, "model 3.3";
    /// The clerk or the customer stopped before a card was read.
    CANCELLED = "E13", "cancelled before a card was read", No, Retry::Same, "R-031";
    /// The payment cannot be given back: it is no approved payment, or all of it is given back already.
    NOT_CANCELLABLE = "501", "not cancellable, or given back already", Yes, Retry::Never, "1.1.9, P1241";
    /// The time to give it back is over.
    CANCEL_EXPIRED = "504", "cancel period expired", Yes, Retry::Never, "1.1.9";
    /// This person may not give back.
    NO_CANCEL_PERMISSION = "505", "no permission to cancel", Yes, Retry::Never, "1.1.9";
    /// The card that paid must be shown at the terminal.
    REFUND_CARD_NEEDED = "E20", "the card that paid is needed", Yes, Retry::Different, "R-058";
    /// More than is left of the payment.
    ABOVE_REST = "E21", "more than is left of the payment", Yes, Retry::Different, "model 3.4";
    /// The parts by tax rate do not fit into what is left of the payment.
    PARTS_ABOVE_REST = "E29", "the parts by tax rate do not fit into what is left", Yes, Retry::Different, "X-082";
    /// Only the whole amount is given back.
    PARTIAL_NOT_ALLOWED = "E22", "only the whole amount can be given back", Yes, Retry::Different, "model 3.4";
    /// The rest of the payment is being given back at this moment.
    REFUND_UNDER_WAY = "E23", "another refund is under way", Yes, Retry::Same, "model 3.4";
    /// The network has still to acknowledge something about the payment.
    REFUND_NOT_YET = "E24", "the payment is not settled yet", Yes, Retry::Same, "model 3.4";
    /// As often given back as the brand allows.
    REFUNDED_TOO_OFTEN = "E25", "given back too often", Yes, Retry::Never, "X-050";
    /// The network refused to give back.
    REFUND_REFUSED = "E26", "refund refused by the network", Yes, Retry::Different, "own, P1243";
    /// The network could not be asked to give back; nothing was given back.
    REFUND_NOT_SENT = "E27", "refund not sent, nothing was given back", Yes, Retry::Same, "own, P1243";
    /// Nobody answered whether it was given back; the center finds out.
    REFUND_UNKNOWN = "E28", "no clear answer about a refund, being settled", Unknown, Retry::Never, "model 3.3 rule 4";
}
