//! The seeded simulation: registers, terminals, center, card network and code brand in a world that loses, doubles,
//! delays and reorders their messages and kills them at any write or send; then the faults stop, and a
//! minute later all books must be equal. See docs/simulation.md.
//!
//! The parties decide with the product's own pure functions; storage and wire are the simulation's. One
//! seed is one story: the same in every build, for ever.

mod brand;
mod bug;
mod center;
mod chance;
mod check;
mod disk;
mod doubt;
mod hunt;
mod message;
mod network;
mod register;
mod run;
mod screen;
mod story;
mod terminal;
mod weather;
mod world;

pub use bug::Bug;
pub use doubt::{Ended as Doubts, Lasting};
pub use hunt::{Caught, Report, catch, hashes, hunt, planted, tell};
pub use run::{Ended, run};
pub use story::Story;
pub use world::Broken;
