//! How money is taken: method, entry mode, cardholder verification, and the masked card number.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An enum of stored words: `ALL` in order, `word`, `from_word`, and serde by the same words, for which
/// `Serialize` and `Deserialize` of serde are in scope.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }
        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The stored word, also where it is told outside.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
            /// Reads [`Self::word`].
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.word() == word)
            }
        }
    };
}

words! {
    /// The kind of medium that pays.
    Method {
        /// A card of an acquired brand.
        Card = "card",
        /// A code that the customer's phone shows (CPM, コード決済).
        Code = "code",
    }
}

words! {
    /// How a code came in (M-041).
    CodeEntry {
        /// A frame of the camera.
        Camera = "camera",
        /// A scanner that types.
        Scanner = "scanner",
        /// Typed by the clerk.
        Typed = "typed",
    }
}

words! {
    /// How the card was read (カード種別, M-029; ISO 8583:1987 DE 22).
    EntryMode {
        /// The chip, inserted: DE 22 `05x`.
        ContactIc = "contact_ic",
        /// The stripe, swiped: DE 22 `90x`; `80x` as fallback after a failed chip.
        Magstripe = "magstripe",
        /// The chip, tapped: DE 22 `07x`.
        Contactless = "contactless",
    }
}

words! {
    /// How the cardholder was verified.
    Cvm {
        /// Online PIN, checked by the issuer.
        Pin = "pin",
        /// Signature on screen.
        Signature = "signature",
        /// Nothing asked (small amounts; サインレス).
        NoCvm = "no_cvm",
        /// Verified by the customer's own device.
        DeviceCvm = "device_cvm",
        /// PIN entry skipped by policy; a signature follows.
        PinBypassed = "pin_bypassed",
    }
}

/// What may be kept of a card number: first six and last four digits at most (X-013, invariant 4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskedPan {
    /// The first six digits.
    pub first6: String,
    /// The last four digits.
    pub last4: String,
}

impl MaskedPan {
    /// Takes two digit groups, or nothing when they are not six and four digits.
    pub fn new(first6: &str, last4: &str) -> Option<Self> {
        let digits =
            |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        (digits(first6, 6) && digits(last4, 4))
            .then(|| Self { first6: first6.to_owned(), last4: last4.to_owned() })
    }

    /// `****1012` (USEN, R-045; the default of customer copies, X-013).
    pub fn last4_only(&self) -> String {
        format!("****{}", self.last4)
    }

    /// `527934*****03`: first six and last two (mPOS, M-060).
    pub fn first6_last2(&self) -> String {
        format!("{}*****{}", self.first6, self.last4.get(2..).unwrap_or(""))
    }

    /// `527934******1003`: first six and last four (merchant copies, X-013).
    pub fn first6_last4(&self) -> String {
        format!("{}******{}", self.first6, self.last4)
    }
}

impl fmt::Display for MaskedPan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.last4_only())
    }
}

/// The clerk at the device (係員), as printed on the slip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Login id.
    pub id: String,
    /// Name on the slip.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_show_what_the_profile_allows_and_no_more() {
        // M-060, R-045, X-013
        let pan = MaskedPan::new("527934", "1003").unwrap();
        assert_eq!(pan.first6_last2(), "527934*****03");
        assert_eq!(pan.last4_only(), "****1003");
        assert_eq!(pan.first6_last4(), "527934******1003");
        assert_eq!(MaskedPan::new("5279", "1003"), None);
        assert_eq!(MaskedPan::new("52793a", "1003"), None);
    }
}
