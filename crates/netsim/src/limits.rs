//! Every limit of the simulators, by name.

use std::time::Duration;

/// The largest mail that is caught, bytes.
pub(crate) const MAIL_BYTES: usize = 10 * 1024 * 1024;
/// Recipients of one mail.
pub(crate) const MAIL_RECIPIENTS: usize = 100;
/// Characters of one address (RFC 5321, 4.5.3.1.3).
pub(crate) const MAIL_ADDRESS: usize = 256;
/// Bytes of one line of an SMTP dialogue; longer lines end it.
pub(crate) const MAIL_LINE: usize = 1_048_576;
/// Mails that are kept; the oldest goes first.
pub(crate) const MAILS_KEPT: usize = 200;
/// Connections of one listener at a time; further ones are closed at once.
pub(crate) const CONNECTIONS: usize = 256;
/// How long a peer may say nothing.
pub(crate) const IDLE: Duration = Duration::from_mins(10);

/// Bytes of one connection to a printer.
pub(crate) const PAPER_BYTES: usize = 1_048_576;
/// Papers that are kept for a printer; the oldest goes first.
pub(crate) const PAPERS_KEPT: usize = 50;

/// Bytes of one ISO 8583 message; the length header could say 65,535.
pub(crate) const MESSAGE_BYTES: usize = 4_096;
/// Answers that wait for their turn on one line to the card network; a peer that does not read stops being
/// read.
pub(crate) const ANSWERS_WAITING: usize = 1_024;
/// Messages of the live log.
pub(crate) const LOG_KEPT: usize = 200;

/// Bytes of the body of one call to a code brand.
pub(crate) const CODE_BODY: usize = 65_536;
/// How long a client may take to shake hands (TLS).
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(10);

/// Faults in force at a time.
pub(crate) const FAULTS: usize = 32;
/// The longest wait that a fault may ask for.
pub(crate) const FAULT_MS: u64 = 600_000;
/// The wait of `delay` when none is given: shorter than every timer of the product.
pub(crate) const DELAY_MS: u64 = 3_000;

/// Terminals that may have connected to the bench.
pub(crate) const BENCHES: usize = 64;
/// Bytes of one bench message.
pub(crate) const BENCH_BYTES: usize = 65_536;
/// Messages to a terminal that wait to be sent.
pub(crate) const BENCH_WAITING: usize = 256;
/// The furthest that the clock is moved by one call.
pub(crate) const CLOCK_MOVE: Duration = Duration::from_hours(24 * 366);
