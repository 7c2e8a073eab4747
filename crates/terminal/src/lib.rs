//! The payment terminal: its own screens on loopback, its own journal, reader, printer, and the center.
//!
//! - [`screen`] and [`mod@step`]: screens are values and one pure function moves them; [`view`] draws them.
//! - [`attempt`] and [`journal`]: what happened to each payment, folded from an append-only, chained journal.
//! - `agent` and `tasks`: the actor that owns the screen, and the effects that it sets going: written down
//!   first, then sent; a browser that goes away stops nothing.
//! - [`nexo`]: the server for registers.
//! - `web`: pages, live stream, presses; `POST /local/payments` for programs on the same device.
//!
//! The terminal never sees a card number, a track or a PIN: the reader encrypts them for the network.

mod agent;
pub mod attempt;
pub mod battery;
pub mod center;
pub mod client;
pub mod context;
pub mod event;
mod flows;
pub mod handle;
pub mod journal;
pub mod limits;
pub mod nexo;
pub mod printer;
pub mod reader;
pub mod screen;
pub mod secret;
pub mod settle;
mod shared;
pub mod step;
mod tasks;
mod terminal;
pub mod view;
mod web;

pub use handle::TerminalHandle;
pub use journal::{Report, export, verify};
pub use shared::{Chance, Witness};
pub use terminal::{Hardware, OpenFault, Opened, Settings, Terminal};
