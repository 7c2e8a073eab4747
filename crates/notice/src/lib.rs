//! The payment notice: facts in, a tagged PDF and a locked ZIP out. No IO, no clock, no rule of settlement.

mod canonical;
mod facts;
mod layout;
pub mod limits;
mod paper;
mod pdf;
pub mod samples;
mod text;
mod zip;

pub use facts::{
    Adjustment, Bank, Confirmation, FeeTax, Invoice, InvoiceRate, InvoiceReturn, Issuer, Line, LineKind,
    Notice, Number, Outcome, SubTotal, Unsound,
};
pub use pdf::{pdf, unprintable};
pub use zip::{Mode, Password, zip};

/// The licence of the embedded font, which goes wherever the font goes.
pub const FONT_LICENCE: &str = include_str!("../../../web/fonts/BIZUDPGothic-LICENSE.txt");

/// Why a notice did not become a file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The facts do not agree.
    #[error("the notice is unsound: {0}")]
    Unsound(#[from] Unsound),
    /// The embedded font cannot be read.
    #[error("the embedded font cannot be read")]
    Font,
    /// The PDF library refused.
    #[error("the PDF was refused: {0}")]
    Pdf(String),
    /// The ZIP library refused.
    #[error("the ZIP was refused: {0}")]
    Zip(String),
}
