//! Where a mail goes: typed leniently, kept strictly, shown masked.

use crate::limits;
use std::fmt;

/// A mail address that lettre accepts. `Debug` and `Display` show it masked; [`MailAddress::reveal`] is
/// the one way to read it whole.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(String);

impl MailAddress {
    /// What a person typed: full-width letters, spaces and capitals are welcome (spec screens 1.2).
    pub fn typed(text: &str) -> Option<Self> {
        let text = pages::typed::id(text);
        (text.len() <= limits::ADDRESS_BYTES && text.parse::<lettre::Address>().is_ok()).then_some(Self(text))
    }

    /// The whole address, for sending, storing and prefilling (M-055). Never for logs.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `h*****@example.jp`: the first letter and the domain, always five stars.
    pub fn masked(&self) -> String {
        let (user, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let first: String = user.chars().take(1).collect();
        format!("{first}*****@{domain}")
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_an_address() {
        for typed in
            ["hanako@example.jp", " Ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ ", "HANAKO @example.jp\u{3000}"]
        {
            assert_eq!(MailAddress::typed(typed).unwrap().reveal(), "hanako@example.jp", "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.jp", "a".repeat(250));
        let evil = [
            "",
            "hanako",
            "@example.jp",
            "hanako@",
            "a@b\r\nBcc: c@d.jp",
            "a@b.jp,c@d.jp",
            "<a@b.jp>",
            &long,
        ];
        for typed in evil {
            assert_eq!(MailAddress::typed(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn an_address_is_never_printed_whole() {
        let address = MailAddress::typed("hanako.sato@example.jp").unwrap();
        assert_eq!(format!("{address} {address:?}"), "h*****@example.jp MailAddress(h*****@example.jp)");
    }
}
