//! The address of a receipt: `/r/{token}`. The token names the payment and proves that its holder was
//! given the slip (128 random bits), so it needs no index of its own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use payment::PaymentId;
use subtle::ConstantTimeEq as _;

/// A token as it came in an address.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiptToken {
    /// Whose receipt.
    pub payment: PaymentId,
    secret: [u8; 16],
}

impl std::fmt::Debug for ReceiptToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceiptToken").field("payment", &self.payment).finish_non_exhaustive()
    }
}

impl ReceiptToken {
    /// The token of a payment.
    pub const fn new(payment: PaymentId, secret: [u8; 16]) -> Self {
        Self { payment, secret }
    }

    /// 43 URL-safe characters.
    pub fn text(&self) -> String {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(self.payment.bytes().iter().chain(&self.secret)) {
            *to = *from;
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads [`ReceiptToken::text`]; whether it opens anything is seen by [`ReceiptToken::opens`].
    pub fn read(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (payment, secret) = bytes.split_first_chunk::<16>()?;
        let payment = PaymentId::from_bytes(payment).ok()?;
        Some(Self { payment, secret: secret.try_into().ok()? })
    }

    /// Whether it is the token of the payment with this secret, in constant time.
    pub fn opens(&self, secret: &[u8; 16]) -> bool {
        self.secret.ct_eq(secret).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_opens_only_its_own_receipt() {
        let token = ReceiptToken::new(PaymentId::from_u128(5), [7; 16]);
        assert_eq!(token.text().len(), 43);
        let read = ReceiptToken::read(&token.text()).unwrap();
        assert_eq!(read, token);
        assert!(read.opens(&[7; 16]) && !read.opens(&[8; 16]));
        for text in ["", "AAAA", &"!".repeat(43), &"A".repeat(44)] {
            assert_eq!(ReceiptToken::read(text), None, "{text}");
        }
        assert!(!format!("{token:?}").contains(&token.text()[22..]));
    }
}
