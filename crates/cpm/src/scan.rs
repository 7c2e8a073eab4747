//! [`read`]: what a scanned or typed text is.

use crate::limits::{MAX_DIGITS, MAX_TEXT, MIN_DIGITS};
use crate::payload::{self, Format, Payload};
use crate::token::CodeToken;
use std::fmt;

/// A customer's code and what could be read of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Scan {
    /// The text as it goes to the brand: spaces and grouping taken out.
    pub token: CodeToken,
    /// Its form.
    pub form: Form,
}

/// The form of a code.
#[derive(Debug, PartialEq, Eq)]
pub enum Form {
    /// Digits, as every bar code and many QR codes have.
    Digits,
    /// Base64 of data objects.
    Objects(Payload),
    /// A text of no known form. A brand chosen by hand may still understand it (M-042).
    Other,
}

/// Why a text is not a customer's code. None of them shows the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotACode {
    /// Nothing was scanned.
    Empty,
    /// Longer than any code.
    TooLong,
    /// Digits, but too few: a price label, a member's card.
    TooShort,
    /// It begins like a payment code and is cut or changed.
    Damaged,
    /// The shop's own code (merchant-presented mode, X-044): the customer has to show theirs.
    ShopsCode,
    /// A link, as static QR codes in shops have.
    Link,
    /// Characters that no payment code has.
    Unreadable,
}

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing was scanned",
            Self::TooLong => "longer than any payment code",
            Self::TooShort => "too few digits for a payment code",
            Self::Damaged => "a payment code that is cut or changed",
            Self::ShopsCode => "a shop's code, not a customer's",
            Self::Link => "a link, not a customer's code",
            Self::Unreadable => "characters that no payment code has",
        })
    }
}

impl std::error::Error for NotACode {}

/// Reads a text as a scanner, a camera or a finger delivers it.
pub fn read(raw: &str) -> Result<Scan, NotACode> {
    // A scanner may be set to send something before and after; a finger types groups and full-width digits.
    if raw.len() > MAX_TEXT.saturating_mul(4) {
        return Err(NotACode::TooLong);
    }
    let text = tidy(raw);
    if text.is_empty() {
        return Err(NotACode::Empty);
    }
    if text.len() > MAX_TEXT {
        return Err(NotACode::TooLong);
    }
    let form = form(&text)?;
    let token = CodeToken::new(&text).map_err(|_| NotACode::Unreadable)?;
    Ok(Scan { token, form })
}

fn form(text: &str) -> Result<Form, NotACode> {
    if text.starts_with("000201") {
        return Err(NotACode::ShopsCode);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.len() {
            ..MIN_DIGITS => Err(NotACode::TooShort),
            MIN_DIGITS..=MAX_DIGITS => Ok(Form::Digits),
            _ => Err(NotACode::TooLong),
        };
    }
    if [Format::Emv, Format::Jpqr].iter().any(|format| text.starts_with(format.head())) {
        return payload::read(text).map(Form::Objects);
    }
    if text.contains("://") {
        return Err(NotACode::Link);
    }
    if text.len() < MIN_DIGITS {
        return Err(NotACode::TooShort);
    }
    Ok(Form::Other)
}

/// Without control characters, spaces and, between digits, hyphens; full-width digits become plain ones.
fn tidy(raw: &str) -> String {
    let plain: String = raw
        .chars()
        .filter(|c| !c.is_control() && !c.is_whitespace())
        .map(|c| match c {
            '０'..='９' => char::from_digit(u32::from(c).saturating_sub(u32::from('０')), 10).unwrap_or(c),
            _ => c,
        })
        .collect();
    let grouped = plain.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '－' | 'ー' | '−'));
    if grouped { plain.chars().filter(char::is_ascii_digit).collect() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_groups_and_full_width_digits_are_one_code() {
        let plain = read("900081818801234567890123").unwrap();
        for text in [
            "9000 8181 8801 2345 6789 0123",
            "9000-8181-8801-2345-6789-0123\r\n",
            "９０００　８１８１　８８０１　２３４５　６７８９　０１２３",
            "\u{2}900081818801234567890123\u{3}",
        ] {
            assert_eq!(read(text).unwrap(), plain, "{text}");
        }
    }

    #[test]
    fn what_is_no_customers_code_says_which_mistake_it_is() {
        for (text, why) in [
            ("", NotACode::Empty),
            (" \r\n", NotACode::Empty),
            ("4901234567894", NotACode::TooShort),
            (&"9".repeat(33), NotACode::TooLong),
            (&"あ".repeat(9_000), NotACode::TooLong),
            ("0002010102112632", NotACode::ShopsCode),
            ("https://qr.paypay.ne.jp/abcdef", NotACode::Link),
            ("会員番号１２３４５６７８９０１２３", NotACode::Unreadable),
            ("hQVDUFYwMWEaTwegAAAAVVVV", NotACode::Damaged),
            ("hQVKUFFSMWE=", NotACode::Damaged),
            ("hQVDUFYw*", NotACode::Damaged),
        ] {
            assert_eq!(read(text).map(|_| ()), Err(why), "{text}");
        }
    }

    #[test]
    fn a_text_of_no_known_form_is_kept_for_a_brand_chosen_by_hand() {
        // M-042
        assert_eq!(read("AUPAY-OWN-FORM-00112233").unwrap().form, Form::Other);
    }
}
