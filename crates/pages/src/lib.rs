//! Pages: the frame, the components, live fragments, embedded assets and the guards of every surface.

pub mod assets;
pub mod cookie;
pub mod desk;
pub mod errors;
pub mod frame;
pub mod icon;
pub mod lang;
pub mod list;
pub mod live;
pub mod pads;
pub mod paper;
pub mod secure;
pub mod terminal;
mod text;
pub mod typed;
pub mod ui;
pub mod wait;
