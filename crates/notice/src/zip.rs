//! The ZIP around a notice: one file, locked with the company's nine digits (U-067).

use crate::Fault;
use jiff::civil::Date;
use std::fmt;
use std::io::{Cursor, Write};
use zeroize::{Zeroize, ZeroizeOnDrop};
use zip::unstable::write::FileOptionsExt;
use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, DateTime, ZipWriter};

/// How the file is locked. Decision 25 says when which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// AES with 256 bits: some operating systems open it only with a program of its own.
    Aes256,
    /// The cipher of old: weak, but every operating system opens it.
    ZipCrypto,
}

/// Nine digits that open the ZIPs of one company.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Password(String);

impl Password {
    /// A number below 10⁹ with its leading zeros.
    pub fn from_number(number: u32) -> Option<Self> {
        (number <= 999_999_999).then(|| Self(format!("{number:09}")))
    }

    /// Exactly nine digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| Self(text.to_owned()))
    }

    /// The digits, for the letter to the company and for the ZIP.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(*********)")
    }
}

/// A ZIP with one file of this name, dated the day of issue at midnight. Its bytes differ from time to
/// time, since the lock is salted.
///
/// # Errors
/// When the library refuses, for instance a year before 1980.
pub fn zip(
    pdf: &[u8],
    name: &str,
    issued_on: Date,
    password: &Password,
    mode: Mode,
) -> Result<Vec<u8>, Fault> {
    let refused = |reason: &dyn fmt::Display| Fault::Zip(reason.to_string());
    let year = u16::try_from(issued_on.year()).map_err(|error| refused(&error))?;
    let month = u8::try_from(issued_on.month()).map_err(|error| refused(&error))?;
    let day = u8::try_from(issued_on.day()).map_err(|error| refused(&error))?;
    let time = DateTime::from_date_and_time(year, month, day, 0, 0, 0).map_err(|error| refused(&error))?;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(time)
        .unix_permissions(0o644);
    let options = match mode {
        Mode::Aes256 => options.with_aes_encryption(AesMode::Aes256, password.reveal()),
        Mode::ZipCrypto => options
            .with_deprecated_encryption(password.reveal().as_bytes())
            .map_err(|error| refused(&error))?,
    };
    let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(pdf.len())));
    writer.start_file(name, options).map_err(|error| refused(&error))?;
    writer.write_all(pdf).map_err(|error| refused(&error))?;
    Ok(writer.finish().map_err(|error| refused(&error))?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_nine_digits_and_never_printed_by_accident() {
        let password = Password::from_number(12_345).unwrap();
        assert_eq!(password.reveal(), "000012345");
        assert_eq!(format!("{password:?}"), "Password(*********)");
        assert_eq!(Password::parse("000012345"), Some(password));
        for bad in ["", "12345678", "1234567890", "12345678x", "１２３"] {
            assert_eq!(Password::parse(bad), None, "{bad}");
        }
        assert_eq!(Password::from_number(1_000_000_000), None);
    }
}
