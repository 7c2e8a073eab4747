//! Result codes and the JSON of answers (docs/networks/code-http.md, sections 3 and 5).

use super::book::{Charge, Refund};
use serde_json::{Value, json};

/// A result code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResultCode {
    /// Its word.
    pub word: &'static str,
    /// The HTTP status that goes with it.
    pub status: u16,
    /// For the shop's log, in English.
    pub message: &'static str,
}

macro_rules! results {
    ($($name:ident = $status:literal, $message:literal;)*) => {
        $(#[doc = $message] pub const $name: ResultCode =
            ResultCode { word: stringify!($name), status: $status, message: $message };)*
        /// Every result code.
        pub const ALL: &[ResultCode] = &[$($name),*];
    };
}

results! {
    SUCCESS = 200, "Success";
    REQUEST_ACCEPTED = 200, "The payment is cancelled";
    UNSUPPORTED_CODE = 400, "This code cannot pay here";
    UNAUTHORIZED = 401, "The authorization is not valid";
    BANK_SYSTEM_ERROR = 400, "The customer's bank does not answer";
    MERCHANT_NOT_ENROLLED = 403, "The merchant is not enrolled";
    NO_SUFFICIENT_FUND = 400, "The customer's balance is short";
    LIMIT_EXCEEDED = 400, "A limit is exceeded";
    PAYMENT_CANCELED = 400, "Cancelled before it came";
    CODE_EXPIRED = 400, "The code has expired";
    CODE_USED = 400, "The code has paid before";
    CODE_INVALID = 400, "Not a code of this brand";
    DUPLICATE_MERCHANT_PAYMENT_ID = 400, "The id names another payment";
    TERMINAL_SUSPENDED = 403, "The terminal is suspended";
    MAINTENANCE_MODE = 503, "Under maintenance, nothing was done";
    INVALID_MERCHANT_PAYMENT_ID = 400, "The id is not usable";
    INVALID_PARAMS = 400, "A parameter is missing or wrong";
    PAYMENT_FAILED = 400, "The payment failed";
    USER_REFUSED = 400, "The customer refused";
    PAYMENT_NOT_FOUND = 404, "There is no such payment";
    REFUND_NOT_FOUND = 404, "There is no such refund";
    CANCEL_PERIOD_EXPIRED = 400, "The time for a cancel is over";
    REFUND_PERIOD_EXPIRED = 400, "The time for a refund is over";
    ALREADY_REFUNDED = 400, "Refunded before";
    DUPLICATE_REFUND_REQUEST = 400, "The id names another refund";
    INVALID_REFUND_AMOUNT = 400, "The amount of the refund is not possible";
    REFUND_EXCEEDS_PAYMENT = 400, "More than is left of the payment";
    TOO_MANY_REFUNDS = 400, "No further refund of this payment";
    GATEWAY_ERROR = 400, "Not possible now, nothing was done";
    NO_SUCH_CALL = 404, "There is no such call";
    INTERNAL_SERVER_ERROR = 500, "Something failed; the outcome is not said";
}

/// A result code by its word.
pub fn find(word: &str) -> Option<ResultCode> {
    ALL.iter().copied().find(|code| code.word == word)
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What it says.
    pub result: ResultCode,
    /// The payment or refund.
    pub data: Option<Value>,
}

impl Reply {
    /// An answer without data.
    pub const fn of(result: ResultCode) -> Self {
        Self { result, data: None }
    }

    /// The whole body.
    pub fn body(&self) -> Value {
        let ResultCode { word, status, message } = self.result;
        let code_id = format!("{}", u32::from(status).saturating_mul(100_000).saturating_add(1));
        json!({
            "resultInfo": { "code": word, "message": message, "codeId": code_id },
            "data": self.data,
        })
    }
}

fn yen(amount: money::Yen) -> Value {
    json!({ "amount": amount.get(), "currency": "JPY" })
}

/// A payment as an answer says it.
pub fn payment(charge: &Charge, refunds: &[Refund]) -> Reply {
    let refunds: Vec<Value> = refunds.iter().map(|given| refund_value(given, charge)).collect();
    let mut data = json!({
        "paymentId": charge.payment_id,
        "status": charge.status.word(),
        "acceptedAt": charge.accepted_at.as_second(),
        "merchantPaymentId": charge.key.id,
        "amount": yen(charge.amount),
        "requestedAt": charge.requested_at,
        "terminalId": charge.terminal,
        "refunds": { "data": refunds },
    });
    if let (Value::Object(fields), false) = (&mut data, charge.failure.is_empty()) {
        fields.insert("failure".into(), charge.failure.as_str().into());
    }
    Reply { result: SUCCESS, data: Some(data) }
}

fn refund_value(given: &Refund, charge: &Charge) -> Value {
    json!({
        "status": "CREATED",
        "acceptedAt": given.accepted_at.as_second(),
        "merchantRefundId": given.key.id,
        "paymentId": charge.payment_id,
        "amount": yen(given.amount),
        "requestedAt": given.requested_at,
        "reason": given.reason,
    })
}

/// A refund as an answer says it.
pub fn refund(given: &Refund, charge: &Charge) -> Reply {
    Reply { result: SUCCESS, data: Some(refund_value(given, charge)) }
}
