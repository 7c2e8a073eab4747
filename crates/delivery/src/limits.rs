//! Every limit of this crate, by name.

use std::time::Duration;

/// The longest address that is taken, in bytes (RFC 5321 4.5.3.1.3: a path of 256 with its brackets).
pub(crate) const ADDRESS_BYTES: usize = 254;
/// The longest `Idempotency-Key`, in characters.
pub(crate) const KEY_CHARS: usize = 64;
/// The longest token in a receipt's address that is looked up as it is.
pub(crate) const TOKEN_CHARS: usize = 64;
/// Mails of one receipt, whatever the policy says: nobody's mailbox is filled from a lost terminal.
pub(crate) const MAILS_PER_RECEIPT: i64 = 30;
/// Deliveries that a page shows of one payment: every mail and its merchant's copy.
pub(crate) const DELIVERIES_SHOWN: i64 = 100;
/// Without a key, asking for the same address again within this time is the same request.
pub(crate) const SAME_REQUEST: Duration = Duration::from_mins(1);

/// How long one step of the talk with the mail server may take.
pub(crate) const SMTP_STEP: Duration = Duration::from_secs(20);
/// How long a whole mail may take: less than the outbox's lease of 120 s, so that no mail is under way twice.
pub(crate) const SMTP_WHOLE: Duration = Duration::from_secs(90);
/// Connections kept to the mail server.
pub(crate) const SMTP_CONNECTIONS: u32 = 4;
/// A mail that could not be sent for so long has failed.
pub(crate) const GIVE_UP_AFTER: Duration = Duration::from_hours(24);

/// How often addresses that are not needed any more are forgotten.
pub(crate) const FORGET_EVERY: Duration = Duration::from_hours(1);
/// Addresses that one unit of work forgets.
pub(crate) const FORGET_ROWS: i64 = 500;

/// The width of the signature in a mail, in dots.
pub(crate) const SIGNATURE_DOTS: usize = 384;
/// Dots for each module of a QR code in a mail.
pub(crate) const QR_DOTS: usize = 4;
