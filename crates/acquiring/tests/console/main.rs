//! The console's pages of payments as people see them: a day, one payment.

// Marked as tests so that the lints allow their helpers what they allow tests.
#[cfg(test)]
mod day;
#[cfg(test)]
mod one;
#[cfg(test)]
mod readable;
#[cfg(test)]
mod world;
