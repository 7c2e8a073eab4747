//! The rule of passwords beside the field, and what a refused one lacks, in words: the console and the terminal
//! say the same.

use crate::{Lang, t, ta};
use payment::{CharClass, PasswordLack, PasswordPolicy};

/// The names of kinds of characters as an enumeration; a policy may name any of them, so it cannot be one text.
fn kinds(lang: Lang, classes: &[CharClass]) -> String {
    let names: Vec<String> = classes.iter().map(|class| t(lang, class.key())).collect();
    names.join(&t(lang, "password-class-between"))
}

/// The rule as sentences, to stand beside the field.
pub fn password_rule(lang: Lang, policy: &PasswordPolicy) -> String {
    let (length, few) = (policy.min_length.to_string(), policy.min_classes.to_string());
    let names = kinds(lang, &policy.classes);
    let mut rule = vec![match policy.min_classes {
        0 => ta(lang, "password-rule-length", &[("length", &length)]),
        all if all == policy.classes.len() => {
            ta(lang, "password-rule-all", &[("length", &length), ("kinds", &names)])
        }
        _ => ta(lang, "password-rule-some", &[("length", &length), ("kinds", &names), ("count", &few)]),
    }];
    if policy.half_width {
        rule.push(t(lang, "password-rule-half-width"));
    }
    let earlier = policy.history_depth.to_string();
    rule.push(match policy.history_depth {
        0 => t(lang, "password-rule-not-current"),
        _ => ta(lang, "password-rule-history", &[("count", &earlier)]),
    });
    if !policy.forbidden.is_empty() {
        rule.push(ta(lang, "password-rule-forbidden", &[("symbols", &spaced(&policy.forbidden))]));
    }
    rule.join(&t(lang, "password-rule-between"))
}

/// What a refused password lacks, as one sentence.
pub fn password_lack(lang: Lang, lack: &PasswordLack) -> String {
    match lack {
        PasswordLack::TooShort { at_least } => {
            ta(lang, "password-lack-short", &[("length", &at_least.to_string())])
        }
        PasswordLack::TooLong { at_most } => {
            ta(lang, "password-lack-long", &[("length", &at_most.to_string())])
        }
        PasswordLack::Forbidden { symbols } => {
            ta(lang, "password-lack-forbidden", &[("symbols", &spaced(symbols))])
        }
        PasswordLack::FullWidth => t(lang, "password-lack-full-width"),
        PasswordLack::Classes { more, of } if *more == of.len() => {
            ta(lang, "password-lack-kinds", &[("kinds", &kinds(lang, of))])
        }
        PasswordLack::Classes { more, of } => {
            ta(lang, "password-lack-more", &[("count", &more.to_string()), ("kinds", &kinds(lang, of))])
        }
        PasswordLack::LikeLogin => t(lang, "password-lack-like-login"),
        PasswordLack::UsedBefore => t(lang, "password-lack-used-before"),
    }
}

/// Symbols one by one.
fn spaced(symbols: &str) -> String {
    let each: Vec<String> = symbols.chars().map(String::from).collect();
    each.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use payment::CharClass::{Digit, Letter, Symbol, Upper};

    fn check(expected: &Expect, said: impl Fn(Lang) -> String) {
        let lines: Vec<String> = Lang::ALL.into_iter().map(said).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn the_rule_stands_in_words_in_every_language() {
        // A-025, U-080, W-006, X-087
        let plain = PasswordPolicy { min_classes: 0, history_depth: 0, ..PasswordPolicy::default() };
        let upay = PasswordPolicy {
            classes: vec![Letter, Digit, Symbol],
            forbidden: "`^¥".to_owned(),
            half_width: true,
            history_depth: 3,
            ..PasswordPolicy::default()
        };
        let rule = |policy: PasswordPolicy| move |lang| password_rule(lang, &policy);
        check(
            &expect![[r"
            8文字以上にしてください。今のパスワードは使えません。
            At least 8 characters. Not your current one."]],
            rule(plain),
        );
        check(
            &expect![[r"
            8文字以上で、数字・英小文字・英大文字・記号のうち3種類以上を入れてください。今のパスワードと、その前の4回分は使えません。
            At least 8 characters, with 3 or more of: digits, lower-case letters, upper-case letters, symbols. Not your current one, nor any of the 4 before it."]],
            rule(PasswordPolicy::default()),
        );
        check(
            &expect![[r"
                8文字以上で、英字・数字・記号をすべて入れてください。半角で入力してください。今のパスワードと、その前の3回分は使えません。次の記号は使えません（ ` ^ ¥ ）。
                At least 8 characters, with each of: letters, digits, symbols. Half-width characters only. Not your current one, nor any of the 3 before it. These cannot be used: ` ^ ¥"]],
            rule(upay),
        );
    }

    #[test]
    fn a_refusal_names_what_is_missing() {
        // A-025, U-080, U-082, W-006, W-033
        let lacks = [
            PasswordLack::TooShort { at_least: 12 },
            PasswordLack::TooLong { at_most: 128 },
            PasswordLack::Forbidden { symbols: "`^¥".to_owned() },
            PasswordLack::FullWidth,
            PasswordLack::Classes { more: 1, of: vec![Upper] },
            PasswordLack::Classes { more: 2, of: vec![Digit, Upper] },
            PasswordLack::Classes { more: 1, of: vec![Digit, Upper] },
            PasswordLack::LikeLogin,
            PasswordLack::UsedBefore,
        ];
        check(
            &expect![[r"
                12文字以上にしてください。
                128文字以内にしてください。
                使えない記号が入っています（ ` ^ ¥ は使えません）。
                半角の英字・数字・記号だけを使ってください。
                英大文字が入っていません。加えてください。
                数字・英大文字が入っていません。加えてください。
                文字の種類が足りません。数字・英大文字のうち、あと1種類を加えてください。
                ログインIDを含むパスワードは使えません。
                今のパスワードか、最近使ったパスワードです。別のものにしてください。
                Make it 12 characters or longer.
                Make it 128 characters or shorter.
                A symbol in it cannot be used. These cannot: ` ^ ¥
                Use half-width letters, digits and symbols only.
                It still needs: upper-case letters.
                It still needs: digits, upper-case letters.
                It still needs 1 of these kinds: digits, upper-case letters.
                It must not contain your login ID.
                This is your current one or one you used recently. Choose another."]],
            |lang| {
                let lines: Vec<String> = lacks.iter().map(|lack| password_lack(lang, lack)).collect();
                lines.join("\n")
            },
        );
    }
}
