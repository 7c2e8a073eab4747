//! Receipts at `/r/…` and by mail: what people see, what goes over the wire, what rests in rows.

// Marked as tests so that the lints allow their helpers what they allow tests.
#[cfg(test)]
mod approved;
#[cfg(test)]
mod asking;
#[cfg(test)]
mod mails;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod sending;
#[cfg(test)]
mod smtp;
#[cfg(test)]
mod world;
