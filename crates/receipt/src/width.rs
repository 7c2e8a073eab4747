//! Cell widths of slips: half-width cells by JIS, not by Unicode's "ambiguous = 1".

/// How many half-width cells a character takes: 1 for ASCII, `¥` and half-width kana, else 2.
pub const fn cells_of(c: char) -> usize {
    match c {
        '\u{20}'..='\u{7e}' | '\u{a5}' | '\u{ff61}'..='\u{ff9f}' => 1,
        _ => 2,
    }
}

/// How many half-width cells a text takes.
pub fn cells(text: &str) -> usize {
    text.chars().map(cells_of).fold(0, usize::saturating_add)
}

/// Breaks a text into pieces of at most `width` cells, between characters, dropping control characters.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut used = 0usize;
    for c in text.chars().filter(|c| !c.is_control()) {
        let wide = cells_of(c);
        if used.saturating_add(wide) > width && !row.is_empty() {
            rows.push(std::mem::take(&mut row));
            used = 0;
        }
        row.push(c);
        used = used.saturating_add(wide);
    }
    rows.push(row);
    rows
}

/// Spaces that fill up from `text` to `width` cells.
pub fn padding(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(cells(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_follow_jis() {
        // spec screens 4: ¥ half, ￥ full, ｶﾅ half, ―①〒 full.
        for (text, width) in [("¥1,360", 6), ("￥", 2), ("ｶﾅ", 2), ("―①〒", 6), ("売上(CAPTURE)", 13)]
        {
            assert_eq!(cells(text), width, "{text}");
        }
    }

    #[test]
    fn long_texts_break_inside_the_paper() {
        assert_eq!(wrap("あいうえお", 4), ["あい", "うえ", "お"]);
        assert_eq!(wrap("", 4), [""]);
        assert!(wrap(&"東京都".repeat(40), 32).iter().all(|row| cells(row) <= 32));
    }
}
