//! What is typed before a payment exists: the amount, its note, and how it is taxed.

use codes::Code;
use money::Yen;
use payment::{TaxKind, TaxParts};

/// Keypad.
#[derive(Clone, Debug, Default)]
pub struct AmountEntry {
    /// The amount to begin with, as typed.
    pub typed: String,
    /// The note to begin with.
    pub note: String,
    /// How it is taxed, where the clerk says it.
    pub tax: TaxChoice,
    /// Its parts as they were said before the clerk went back here.
    pub parts: TypedParts,
    /// Why it was not taken: 207, 208, or nothing typed.
    pub error: Option<AmountError>,
}

/// How the whole amount is taxed, as the clerk says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaxChoice {
    /// All of it so.
    All(TaxKind),
    /// It is of several kinds: the parts are asked for next.
    Several,
}

impl Default for TaxChoice {
    fn default() -> Self {
        Self::All(TaxKind::Standard)
    }
}

impl TaxChoice {
    /// The word in a form.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All(kind) => kind.word(),
            Self::Several => "several",
        }
    }

    /// Reads [`TaxChoice::word`]. What says nothing is asked for.
    pub fn from_word(word: &str) -> Self {
        TaxKind::from_word(word).map_or(Self::Several, Self::All)
    }
}

/// The parts of an amount that are not taxed at the standard rate, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedParts {
    /// At the reduced rate.
    pub reduced: String,
    /// Not taxed.
    pub exempt: String,
}

impl TypedParts {
    /// As somebody would type them: nothing for no part.
    pub fn of(parts: TaxParts) -> Self {
        let typed = |part: Yen| if part.is_zero() { String::new() } else { part.get().to_string() };
        Self { reduced: typed(parts.reduced), exempt: typed(parts.exempt) }
    }
}

/// The parts of a sale's amount.
#[derive(Clone, Debug)]
pub struct Split {
    /// The payment.
    pub draft: Draft,
    /// The parts to begin with.
    pub typed: TypedParts,
    /// Nothing was typed, no amount, or more than the amount.
    pub wrong: bool,
}

/// Why an amount is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmountError {
    /// Nothing, zero, or not a number.
    Missing,
    /// More than is left to give back.
    AboveRest(Yen),
    /// A code with its texts: 207, 208.
    Code(Code),
}

/// A payment before it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Whole yen, above zero.
    pub amount: Yen,
    /// Product note.
    pub note: Option<String>,
    /// What of it is not taxed at the standard rate, where that was said.
    pub tax: Option<TaxParts>,
    /// Since when the clerk has been at it: the session of 401 begins here.
    pub since_us: i64,
}
