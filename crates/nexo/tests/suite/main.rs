//! The crate from outside: messages as registers send them, and bytes as nobody should.

#[cfg(test)]
mod damage;
#[cfg(test)]
mod messages;
