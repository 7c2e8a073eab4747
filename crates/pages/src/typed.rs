//! What people type, made plain: full-width becomes half-width, spaces at the ends go, dashes of all
//! kinds are one. Lenient in, strict stored (spec screens 1.2).

use unicode_normalization::UnicodeNormalization as _;

/// NFKC, control characters out, outer spaces off.
pub fn text(typed: &str) -> String {
    let plain: String = typed.nfkc().filter(|c| !c.is_control()).collect();
    plain.trim().to_owned()
}

/// An id or an e-mail address: as [`text`], without inner spaces, in lower case.
pub fn id(typed: &str) -> String {
    text(typed).chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}

/// Only the digits, whatever stands between them.
pub fn digits(typed: &str) -> String {
    text(typed).chars().filter(char::is_ascii_digit).collect()
}

/// An amount as [`money::Yen::parse_typed`] reads it.
pub fn yen(typed: &str) -> Result<money::Yen, money::NotAnAmount> {
    money::Yen::parse_typed(&text(typed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_and_spaces_are_welcome() {
        assert_eq!(text("　ｱｲｳ １２３ "), "アイウ 123");
        assert_eq!(id("　Tanaka＠Example.JP \u{0}"), "tanaka@example.jp");
        assert_eq!(digits("０９０−1234ー5678"), "09012345678");
        assert_eq!(yen("１，３６０円").unwrap().get(), 1360);
    }
}
