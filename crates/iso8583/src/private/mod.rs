//! What our card network puts into the fields that ISO 8583:1987 leaves to it, shared by both ends of the line.
//!
//! - **DE 48**, the payment class: [`PaymentClass`]. Positions 1-2 the class (`10` lump sum, `21` bonus lump,
//!   `61` instalments, `80` revolving), positions 3-4 the number of instalments, `00` where there are none.
//! - **DE 63**, encrypted card data: [`SecureData`]. A list of tag, length, value as BER-TLV writes it: tag of
//!   two bytes, length of one (up to 127) or two (`81` and the length) bytes.
//!
//!   | tag | length | content |
//!   |---|---|---|
//!   | DF01 | 12 | key serial number of the card data key |
//!   | DF02 | up to 256 | card data under that key (AES-CBC, padding method 2) |
//!   | DF03 | 12 | key serial number of the PIN key |
//!   | DF04 | 16 | PIN block, ISO 9564 format 4 |
//!   | DF05 | 16 | card fingerprint |
//!   | DF06 | up to 64 | device model, printable ASCII |
//!
//!   DF01 and DF02 stand together or not at all, so do DF03 and DF04. Each tag stands once. Other tags of the
//!   form `DFxx` are skipped, so that a newer reader can say more. **DE 2, DE 35 and DE 52 are absent by rule:**
//!   the center passes DE 63 on and cannot read it.
//! - **DE 90**, the original of a reversal: [`OriginalData`], 42 digits: type 4, trace number 6, transmission
//!   date and time 10, acquirer 11, forwarder 11 (zeros in front, all zeros when there is none).

mod original;
mod payment_class;
mod secure_data;

pub use original::OriginalData;
pub use payment_class::{NotAPaymentClass, PaymentClass};
pub use secure_data::{EncryptedCard, EncryptedPin, KeySerial, NotSecureData, SecureData};

/// The fields that no message of ours carries: card number, track 2 and PIN in the open (design, invariant 4).
pub const ABSENT_BY_RULE: [u8; 3] = [2, 35, 52];
