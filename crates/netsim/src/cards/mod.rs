//! Simulated payment cards: they speak APDUs to a reader and compute real cryptograms.
//!
//! A [`Profile`] is a card as it was made; [`shelf`] is the list of them, `data/cards.toml`. A [`Card`] is
//! a profile at work: it counts its transactions and remembers what was selected. [`issuer`] is the other
//! side: it checks a card's cryptogram and proves itself to the card.
//!
//! ```text
//! let mut card = Card::new(profile, keys);
//! let atr = card.insert();              // or card.tap(), card.swipe()
//! let answer = card.apdu(&command);
//! ```

mod chip;
mod files;
pub mod issuer;
mod profile;

pub use chip::Card;
pub use profile::{BadShelf, Chip, Profile, Standing, Verify, Way, shelf, shelf_from};
