//! What payment cards speak, as types: bytes in, meaning out, and back. No IO, no clock.
//!
//! A card answers commands ([`apdu`]) with tagged data ([`tlv`], [`dictionary`]), asks the terminal for
//! data by lists ([`dol`]), says where its records lie ([`afl`]) and how its holder is to be verified
//! ([`cvm`]). The terminal keeps its findings in bit fields ([`bits`]). Numbers and tracks live in types
//! that show themselves masked ([`pan`], [`track`]). [`mod@bench`] is the wire between a terminal and the
//! reader on the networks desk.
//!
//! Nothing here panics on what a card says: a malformed answer is an error that names the place.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::as_conversions))]

pub mod afl;
pub mod aid;
pub mod apdu;
pub mod bench;
pub mod bits;
pub mod cvm;
pub mod describe;
pub mod dictionary;
pub mod dol;
pub mod limits;
pub mod numeric;
pub mod pan;
pub mod scheme;
pub mod tag;
pub mod tlv;
pub mod track;

pub use aid::Aid;
pub use pan::{MaskedPan, Pan};
pub use scheme::Scheme;
pub use tag::Tag;
pub use tlv::{Tlv, TlvError};
pub use track::{ServiceCode, Track2};
