//! The outside world over its real protocols: the card network, the cards in people's hands, the reader's
//! hardware, the receipt printer, the mailbox; and a desk to act on them and to break things.
//!
//! It shares words, wires and ground with the product and nothing else, so that it can disagree with it.
//!
//! ```no_run
//! # async fn run(settings: netsim::Settings) -> Result<(), Box<dyn std::error::Error>> {
//! let bound = netsim::Networks::open(settings)?.bind().await?;
//! println!("desk http://{}", bound.addresses()?.desk);
//! bound.serve(std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```

pub mod cards;
pub mod code;
pub mod desk;
pub mod export;
pub mod faults;
pub mod host;
mod limits;
pub mod log;
pub mod magic;
pub mod mail;
mod networks;
pub mod printer;
mod tcp;

pub use networks::{Addresses, Bound, Keys, Listen, Networks, Settings, StartError, Terminal, book_url};

#[cfg(test)]
mod testing;
