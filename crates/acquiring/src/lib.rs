//! Payments at the center: the money path, the card network, recovery, the terminal API, the console's pages.
mod limits;
pub mod networks;
pub mod step;
