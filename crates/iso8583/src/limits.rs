//! What is refused for its size alone.

/// The longest message that is decoded or encoded, in bytes. The longest of ours has under 2,000.
pub const MAX_MESSAGE: usize = 8192;

/// The longest ciphertext of card data in DE 63, in bytes.
pub const MAX_CARD_CIPHERTEXT: usize = 256;

/// The longest name of a device model in DE 63, in characters.
pub const MAX_DEVICE_MODEL: usize = 64;
