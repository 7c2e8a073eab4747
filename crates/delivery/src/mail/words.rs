//! Texts that come from outside, made fit for one line of a mail; days and links.

use jiff::Timestamp;

/// On one line, without control characters and without those that turn the reading direction around.
pub(crate) fn one_line(text: &str) -> String {
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = |c: char| matches!(c, '\u{2028}' | '\u{2029}');
    let kept: String = text
        .chars()
        .map(|c| if c.is_control() || breaks(c) { ' ' } else { c })
        .filter(|c| !turns(*c))
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `2027/02/19` in Asia/Tokyo.
pub(crate) fn day(at: Timestamp) -> String {
    clock::business_date(at).strftime("%Y/%m/%d").to_string()
}

/// The text as a link, when it is one that a reader may be led to.
pub(crate) fn link(text: &str) -> Option<&str> {
    (text.starts_with("https://") || text.starts_with("http://")).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_start_a_line_or_turn_one_around() {
        assert_eq!(one_line("喫茶\r\nBcc: a@b.jp\u{2028}\u{202e}帳場"), "喫茶 Bcc: a@b.jp 帳場");
    }

    #[test]
    fn only_web_addresses_are_links() {
        assert_eq!(link("https://x.example/r/1"), Some("https://x.example/r/1"));
        for other in ["7Kq2Mz", "javascript:alert(1)", "data:text/html,x", " https://x"] {
            assert_eq!(link(other), None);
        }
    }
}
