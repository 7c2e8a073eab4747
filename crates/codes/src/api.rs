//! Codes with which the center (and the terminal's local API) answers a request that it does not carry out.

use crate::{Code, MoneyTaken::No, MoneyTaken::Unknown, Retry, Row};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $status:literal, $cause:literal, $money:expr, $retry:expr;)*) => {
        $($(#[$doc])* pub const $name: Code = Code(&Row {
            family: "center", id: $id, cause: $cause, money: $money, retry: $retry, status: $status, source: "own",
        });)*
        /// The family in order.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    /// The body or a parameter is not what the operation takes.
    BAD_REQUEST = "400", 400, "request not understood", No, Retry::Different;
    /// No valid signature, session or password.
    NOT_SIGNED_IN = "401", 401, "not signed in or signature invalid", No, Retry::Different;
    /// Same-origin, role or state forbids it.
    NOT_ALLOWED = "403", 403, "not allowed", No, Retry::Never;
    /// Not there, or not visible to the asker.
    NOT_FOUND = "404", 404, "not found", No, Retry::Different;
    /// The same id came with another amount, method, terminal or class.
    ID_REUSED = "409", 409, "same id with different content", No, Retry::Different;
    /// The state does not allow the step.
    WRONG_STATE = "410", 409, "the state does not allow this step", No, Retry::Different;
    /// Too many bytes.
    TOO_LARGE = "413", 413, "request too large", No, Retry::Different;
    /// Not JSON.
    NOT_JSON = "415", 415, "JSON expected", No, Retry::Different;
    /// Locked after too many wrong passwords.
    LOCKED = "423", 423, "locked after too many wrong tries", No, Retry::Never;
    /// Too many requests.
    TOO_MANY = "429", 429, "too many requests", No, Retry::Same;
    /// The terminal's request counter went backwards: a copy of its data is in use.
    COUNTER_REPLAYED = "430", 401, "request counter not larger than the last one", No, Retry::Never;
    /// The terminal's journal goes on in two ways: a copy of its data is in use.
    TERMINAL_COPIED = "431", 403, "two devices use the data of one terminal", No, Retry::Never;
    /// The terminal's journal ends before what the center has seen.
    TERMINAL_BEHIND = "432", 403, "the terminal's data is older than what the center has seen", No, Retry::Never;
    /// The terminal knows more than the center.
    CENTER_BEHIND = "433", 403, "the center's data is older than what the terminal knows", No, Retry::Never;
    /// Our own fault; what happened to the payment must be asked by its id.
    INTERNAL = "500", 500, "internal error", Unknown, Retry::Same;
    /// The database has no room; nothing was asked of any network.
    NO_SPACE = "507", 507, "no space left, refused before any authorization", No, Retry::Same;
    /// The database cannot be reached; nothing was asked of any network.
    UNAVAILABLE = "503", 503, "not available now, refused before any authorization", No, Retry::Same;
}
