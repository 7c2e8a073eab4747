//! The crate from outside: messages as registers send them, and bytes as nobody should.

mod damage;
mod messages;
