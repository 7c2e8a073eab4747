//! One SQL text for both engines: what is rewritten, and nothing else.
//!
//! | where | written | SQLite reads | PostgreSQL reads |
//! |---|---|---|---|
//! | statements | `$1` | `?1` | `$1` |
//! | migrations | `BIGINT` | `INT` | `BIGINT` |
//! | migrations | `BYTEA` | `BLOB` | `BYTEA` |
//! | migrations | `TEXT` | `TEXT` | `TEXT COLLATE "C"` |
//! | migrations | `/*sqlite: STRICT, WITHOUT ROWID */` | `STRICT, WITHOUT ROWID` | a comment |
//!
//! String literals, quoted names and comments are left alone. `INT` rather than `INTEGER`, because
//! `INTEGER PRIMARY KEY` is another name of SQLite's hidden row number. `COLLATE "C"` makes PostgreSQL
//! order texts by their bytes, as SQLite does.

/// A stretch of SQL text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// A keyword, a name, a number.
    Word(&'a str),
    /// `$12`, here without the dollar sign.
    Param(&'a str),
    /// `/* … */`, here without its marks.
    Comment(&'a str),
    /// Everything else as it stands: literals, quoted names, line comments, spaces, operators.
    Other(&'a str),
}

/// `$n` becomes `?n`: SQLite would number `$n` by its first appearance and not by n.
pub(crate) fn numbered_for_sqlite(sql: &str) -> String {
    rewrite(sql, |piece, out| match piece {
        Piece::Param(digits) => {
            out.push('?');
            out.push_str(digits);
        }
        Piece::Word(text) | Piece::Other(text) => out.push_str(text),
        Piece::Comment(text) => push_comment(out, text),
    })
}

/// The text of a migration as SQLite reads it.
pub(crate) fn migration_for_sqlite(sql: &str) -> String {
    rewrite(sql, |piece, out| match piece {
        Piece::Word(word) if word.eq_ignore_ascii_case("BIGINT") => out.push_str("INT"),
        Piece::Word(word) if word.eq_ignore_ascii_case("BYTEA") => out.push_str("BLOB"),
        Piece::Word(text) | Piece::Other(text) => out.push_str(text),
        Piece::Param(digits) => push_param(out, digits),
        Piece::Comment(text) => match text.strip_prefix("sqlite:") {
            Some(clause) => out.push_str(clause),
            None => push_comment(out, text),
        },
    })
}

/// The text of a migration as PostgreSQL reads it.
pub(crate) fn migration_for_postgres(sql: &str) -> String {
    rewrite(sql, |piece, out| match piece {
        Piece::Word(word) if word.eq_ignore_ascii_case("TEXT") => out.push_str("TEXT COLLATE \"C\""),
        Piece::Word(text) | Piece::Other(text) => out.push_str(text),
        Piece::Param(digits) => push_param(out, digits),
        Piece::Comment(text) => push_comment(out, text),
    })
}

fn push_comment(out: &mut String, text: &str) {
    out.push_str("/*");
    out.push_str(text);
    out.push_str("*/");
}

fn push_param(out: &mut String, digits: &str) {
    out.push('$');
    out.push_str(digits);
}

fn rewrite(sql: &str, mut put: impl FnMut(Piece<'_>, &mut String)) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while !rest.is_empty() {
        let (piece, after) = first_piece(rest);
        put(piece, &mut out);
        rest = after;
    }
    out
}

/// The first piece of a text that is not empty, and what follows it.
fn first_piece(sql: &str) -> (Piece<'_>, &str) {
    if let Some(body) = sql.strip_prefix("/*") {
        return match body.split_once("*/") {
            Some((text, after)) => (Piece::Comment(text), after),
            None => (Piece::Other(sql), ""),
        };
    }
    if sql.starts_with("--") {
        let (line, after) = cut(sql, sql.find('\n').unwrap_or(sql.len()));
        return (Piece::Other(line), after);
    }
    for quote in ['\'', '"'] {
        if let Some(body) = sql.strip_prefix(quote) {
            // A doubled quote inside reads as the end of one literal and the start of the next.
            let end = body.find(quote).map_or(sql.len(), |at| at.saturating_add(2));
            let (text, after) = cut(sql, end);
            return (Piece::Other(text), after);
        }
    }
    if let Some(body) = sql.strip_prefix('$') {
        let (digits, after) = cut(body, body.find(|c: char| !c.is_ascii_digit()).unwrap_or(body.len()));
        if !digits.is_empty() {
            return (Piece::Param(digits), after);
        }
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if sql.starts_with(is_word) {
        let end = sql.find(|c: char| !is_word(c) && c != '$').unwrap_or(sql.len());
        let (word, after) = cut(sql, end);
        return (Piece::Word(word), after);
    }
    let (text, after) = cut(sql, sql.chars().next().map_or(sql.len(), char::len_utf8));
    (Piece::Other(text), after)
}

/// Cuts at a place that is known to be a character's edge.
fn cut(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollar_numbers_become_question_numbers_outside_literals_and_comments() {
        for (sql, sqlite) in [
            ("SELECT $2, $1, $2, $10", "SELECT ?2, ?1, ?2, ?10"),
            ("SELECT '$1', 'it''s $2', $1", "SELECT '$1', 'it''s $2', ?1"),
            ("SELECT \"a$1\" FROM a$1 -- $1\n WHERE b = $1", "SELECT \"a$1\" FROM a$1 -- $1\n WHERE b = ?1"),
            ("SELECT /* $1 */ $1 /* open $1", "SELECT /* $1 */ ?1 /* open $1"),
            ("SELECT '円 $1' || $1 || '店", "SELECT '円 $1' || ?1 || '店"),
            ("SELECT $ , $$, a=$3;", "SELECT $ , $$, a=?3;"),
            ("", ""),
        ] {
            assert_eq!(numbered_for_sqlite(sql), sqlite);
        }
    }

    #[test]
    fn a_migration_is_rewritten_in_types_and_in_the_sqlite_comment_only() {
        let sql = "-- BIGINT money, TEXT\nCREATE TABLE t (a BIGINT, b BYTEA, c TEXT DEFAULT 'BYTEA TEXT', textual bigint)\
                   /*sqlite: STRICT, WITHOUT ROWID */; /* kept */";
        assert_eq!(
            migration_for_sqlite(sql),
            "-- BIGINT money, TEXT\nCREATE TABLE t (a INT, b BLOB, c TEXT DEFAULT 'BYTEA TEXT', textual INT)\
             \u{20}STRICT, WITHOUT ROWID ; /* kept */"
        );
        assert_eq!(
            migration_for_postgres(sql),
            "-- BIGINT money, TEXT\nCREATE TABLE t (a BIGINT, b BYTEA, c TEXT COLLATE \"C\" DEFAULT 'BYTEA TEXT', \
             textual bigint)/*sqlite: STRICT, WITHOUT ROWID */; /* kept */"
        );
    }
}
