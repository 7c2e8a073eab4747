//! Every limit of the register's protocol on this side, by name. Those of the messages themselves are in
//! `::nexo::limits`.

use std::time::Duration;

/// How long a `ServiceID` is remembered: 48 hours (nexo).
pub(crate) const MEMORY_US: i64 = 48 * 3_600 * 1_000_000;
/// Registers connected at once; one more is not taken.
pub(crate) const CONNECTIONS: usize = 16;
/// How long the greeting of TLS may take.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long the head of a request may take.
pub(crate) const HEAD: Duration = Duration::from_secs(5);
/// How long the body may take.
pub(crate) const BODY: Duration = Duration::from_secs(10);
/// Bytes of a request's head.
pub(crate) const HEAD_BYTES: usize = 16 * 1024;
/// The pause after a connection could not be taken at all.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// The longest deadline that a register may set.
pub(crate) const DEADLINE_MAX_S: i64 = 1_800;
/// A register that said nothing for so long is no longer logged in.
pub(crate) const LOGIN_US: i64 = 24 * 3_600 * 1_000_000;
/// Versions of the passphrase that are good at once, so that a register can be moved to the new one.
pub(crate) const KEY_VERSIONS: usize = 2;
/// A register is not let in on a battery of so many percent or less (nexo: Login).
pub(crate) const BATTERY_LEAST: u8 = 10;
