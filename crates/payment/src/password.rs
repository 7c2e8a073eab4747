//! Passwords of people by policy: which characters, how long they last, what a new one lacks.
//!
//! The rule is data (D-01 … D-04), the same at the console and at a terminal. Hashes, history and locks
//! belong to whoever keeps people.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The longest password, in characters, whatever a policy says.
pub const MAX_CHARS: usize = 128;
/// The longest shortest length that a policy may ask for, in characters.
const MIN_LENGTH_MOST: usize = 64;
/// The deepest history: each earlier password costs a hash when a new one is chosen.
const HISTORY_MOST: usize = 24;
/// The shortest lock that ends by itself, in minutes (X-087).
const LOCK_LEAST_MIN: i64 = 30;
/// The longest age that a policy may name, in days: a hundred years.
const MAX_AGE_MOST_DAYS: i64 = 36_500;

/// A kind of character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CharClass {
    /// 0 to 9.
    Digit,
    /// Lower-case letters.
    Lower,
    /// Upper-case letters.
    Upper,
    /// Letters of either case, and of scripts without cases.
    Letter,
    /// What is neither letter nor digit nor space.
    Symbol,
}

impl CharClass {
    /// The catalogue key of its name.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Digit => "password-class-digit",
            Self::Lower => "password-class-lower",
            Self::Upper => "password-class-upper",
            Self::Letter => "password-class-letter",
            Self::Symbol => "password-class-symbol",
        }
    }

    /// Whether a character is of this kind.
    pub fn has(self, c: char) -> bool {
        match self {
            Self::Digit => c.is_ascii_digit(),
            Self::Lower => c.is_lowercase(),
            Self::Upper => c.is_uppercase(),
            Self::Letter => c.is_alphabetic(),
            Self::Symbol => !c.is_alphanumeric() && !c.is_whitespace(),
        }
    }
}

/// Passwords and locks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordPolicy {
    /// Shortest length in characters (D-01).
    pub min_length: usize,
    /// Shortest length for people who also sign in at terminals; 0 = as for everybody (W-033).
    pub clerk_min_length: usize,
    /// The kinds of characters that count (D-01, D-02).
    pub classes: Vec<CharClass>,
    /// How many of `classes` must occur.
    pub min_classes: usize,
    /// Characters that must not occur (U-080).
    pub forbidden: String,
    /// Only half-width letters, digits and symbols may be typed (U-080, W-006).
    pub half_width: bool,
    /// Besides the current one, so many earlier passwords cannot be used again (D-03).
    pub history_depth: usize,
    /// A password must be changed once it is so many days old, by the date in Tokyo; 0 = never (D-04).
    pub max_age_days: i64,
    /// In the last so many of those days the person is reminded; 0 = not reminded (D-04).
    pub warn_days: i64,
    /// The so-manieth wrong password in a row locks (D-05).
    pub lock_threshold: i64,
    /// A lock ends by itself after so many minutes, 30 at least; 0 = only an administrator unlocks (D-06).
    pub unlock_after_min: i64,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            min_length: 8,
            clerk_min_length: 0,
            classes: vec![CharClass::Digit, CharClass::Lower, CharClass::Upper, CharClass::Symbol],
            min_classes: 3,
            forbidden: String::new(),
            half_width: false,
            history_depth: 4,
            max_age_days: 0,
            warn_days: 14,
            lock_threshold: 5,
            unlock_after_min: 30,
        }
    }
}

/// What a new password lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "lack")]
pub enum PasswordLack {
    /// Too few characters.
    TooShort {
        /// Characters that it needs.
        at_least: usize,
    },
    /// More characters than anybody types.
    TooLong {
        /// Characters that it may have.
        at_most: usize,
    },
    /// Characters that the rule forbids.
    Forbidden {
        /// All of those.
        symbols: String,
    },
    /// Characters that are not half-width.
    FullWidth,
    /// Too few kinds of characters.
    Classes {
        /// How many more kinds it needs.
        more: usize,
        /// The kinds that do not occur yet.
        of: Vec<CharClass>,
    },
    /// The login id stands in it (D-07).
    LikeLogin,
    /// The current one, or one of the last ones (D-03).
    UsedBefore,
}

/// How long a person may go on with their password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "standing")]
pub enum PasswordStanding {
    /// It is good.
    #[default]
    Good,
    /// It is good and ends soon: the person is reminded (U-081).
    EndsSoon {
        /// The last day on which it is good, in Tokyo.
        last_day: Date,
    },
    /// It is too old and must be changed before anything else (U-081).
    Expired,
    /// It was given by somebody else and must be changed before anything else (D-07).
    Initial,
}

impl PasswordStanding {
    /// Whether nothing else is open before it is changed.
    pub const fn must_change(self) -> bool {
        match self {
            Self::Good | Self::EndsSoon { .. } => false,
            Self::Expired | Self::Initial => true,
        }
    }
}

impl PasswordPolicy {
    /// The same rule for people who also sign in at terminals (W-033).
    #[must_use]
    pub fn for_clerks(&self) -> Self {
        Self { min_length: self.min_length.max(self.clerk_min_length), ..self.clone() }
    }

    /// What a new password lacks, without its history. `typed` is the text as it was typed, `text` the same
    /// with full-width characters as the half-width ones.
    pub fn lack(&self, login_id: &str, typed: &str, text: &str) -> Option<PasswordLack> {
        let chars = text.chars().count();
        if chars < self.min_length {
            return Some(PasswordLack::TooShort { at_least: self.min_length });
        }
        if chars > MAX_CHARS {
            return Some(PasswordLack::TooLong { at_most: MAX_CHARS });
        }
        if text.chars().any(|c| self.forbidden.contains(c)) {
            return Some(PasswordLack::Forbidden { symbols: self.forbidden.clone() });
        }
        if self.half_width && !typed.chars().all(|c| c.is_ascii_graphic()) {
            return Some(PasswordLack::FullWidth);
        }
        let missing: Vec<CharClass> =
            self.classes.iter().copied().filter(|class| !text.chars().any(|c| class.has(c))).collect();
        let more = self.min_classes.saturating_sub(self.classes.len().saturating_sub(missing.len()));
        if more > 0 {
            return Some(PasswordLack::Classes { more, of: missing });
        }
        if !login_id.is_empty() && text.to_lowercase().contains(login_id) {
            return Some(PasswordLack::LikeLogin);
        }
        None
    }

    /// The last day on which a password that was chosen on a day is good, both in Tokyo; none when it never ends.
    pub fn last_day(&self, changed_on: Date) -> Option<Date> {
        let days = self.max_age_days.checked_sub(1).filter(|days| *days >= 0)?;
        Some(changed_on.saturating_add(days.days()))
    }

    /// How a password stands that its owner chose on a day, seen from today, both in Tokyo.
    pub fn standing(&self, changed_on: Date, today: Date) -> PasswordStanding {
        let Some(last_day) = self.last_day(changed_on) else { return PasswordStanding::Good };
        if today > last_day {
            PasswordStanding::Expired
        } else if last_day < today.saturating_add(self.warn_days.days()) {
            PasswordStanding::EndsSoon { last_day }
        } else {
            PasswordStanding::Good
        }
    }

    /// Why no people could live by this rule, if so.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let lengths = self.min_length.max(self.clerk_min_length) <= MIN_LENGTH_MOST;
        if !lengths || self.history_depth > HISTORY_MOST {
            return Some("password.min_length is at most 64, password.history_depth at most 24");
        }
        if self.min_classes > self.classes.len() {
            return Some("password.min_classes is at most the number of password.classes");
        }
        if !(0..=MAX_AGE_MOST_DAYS).contains(&self.max_age_days)
            || self.warn_days < 0
            || (self.max_age_days > 0 && self.warn_days >= self.max_age_days)
        {
            return Some("password.warn_days is below password.max_age_days, and both are in order");
        }
        if self.lock_threshold <= 0
            || !(self.unlock_after_min == 0 || self.unlock_after_min >= LOCK_LEAST_MIN)
        {
            return Some("password.lock_threshold is above 0, password.unlock_after_min 0 or at least 30");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, Profile};
    use CharClass::{Digit, Letter, Symbol, Upper};
    use jiff::civil::date;

    fn rule(name: &str) -> PasswordPolicy {
        let all: toml::Table =
            toml::from_str(include_str!("../../../docs/operators/password-rules.toml")).unwrap();
        let overlay = serde_json::to_value(&all[name]).unwrap();
        Policy::profile(Profile::Mpos).unwrap().with(&overlay).unwrap().password
    }

    fn mpos() -> PasswordPolicy {
        Policy::profile(Profile::Mpos).unwrap().password
    }

    fn lack(policy: &PasswordPolicy, text: &str) -> Option<PasswordLack> {
        policy.lack("tanaka", text, text)
    }

    fn classes(more: usize, of: &[CharClass]) -> PasswordLack {
        PasswordLack::Classes { more, of: of.to_vec() }
    }

    #[test]
    fn the_mpos_rule_wants_eight_with_digits_and_both_cases() {
        // A-025, D-01, D-07
        let policy = mpos();
        assert_eq!(policy.history_depth, 4);
        assert_eq!(lack(&policy, "Sakura77"), None);
        assert_eq!(lack(&policy, "Sakura-7"), None, "symbols are welcome");
        assert_eq!(lack(&policy, "Sakura7"), Some(PasswordLack::TooShort { at_least: 8 }));
        assert_eq!(lack(&policy, "sakura77"), Some(classes(1, &[Upper])));
        assert_eq!(lack(&policy, "sakura--"), Some(classes(2, &[Digit, Upper])));
        assert_eq!(lack(&policy, "Tanaka77"), Some(PasswordLack::LikeLogin));
        let long = "Aa1".repeat(50);
        assert_eq!(lack(&policy, &long), Some(PasswordLack::TooLong { at_most: MAX_CHARS }));
    }

    #[test]
    fn the_upay_rule_wants_letters_digits_and_symbols_that_are_allowed() {
        // U-080, D-02; the yen sign is the backslash on Japanese keyboards
        let policy = rule("upay");
        assert_eq!(lack(&policy, "sakura-7"), None);
        assert_eq!(lack(&policy, "sakura77"), Some(classes(1, &[Symbol])));
        assert_eq!(lack(&policy, "1234567-"), Some(classes(1, &[Letter])));
        for symbol in "`^{}~&<>¥'\\".chars() {
            let typed = format!("sakura-7{symbol}");
            let refused = lack(&policy, &typed);
            assert_eq!(
                refused,
                Some(PasswordLack::Forbidden { symbols: policy.forbidden.clone() }),
                "{symbol}"
            );
        }
        assert_eq!(policy.lack("tanaka", "ｓａｋｕｒａ-7", "sakura-7"), Some(PasswordLack::FullWidth));
        assert_eq!(lack(&policy, "sakura -7"), Some(PasswordLack::FullWidth), "a space is none of them");
        // U-013, U-081, U-082, D-05
        assert_eq!((policy.max_age_days, policy.warn_days, policy.history_depth), (90, 14, 3));
        assert_eq!((policy.lock_threshold, policy.unlock_after_min), (6, 0));
    }

    #[test]
    fn letters_and_digits_can_be_asked_for_and_more_of_people_at_terminals() {
        // W-006, W-033
        let policy = rule("wallet");
        assert_eq!(lack(&policy, "sakura77"), None);
        assert_eq!(lack(&policy, "SAKURA77"), None, "either case is a letter");
        assert_eq!(lack(&policy, "12345678"), Some(classes(1, &[Letter])));
        assert_eq!(lack(&policy, "sakurasa"), Some(classes(1, &[Digit])));
        assert_eq!(policy.lack("tanaka", "さくら77777", "さくら77777"), Some(PasswordLack::FullWidth));
        let clerks = policy.for_clerks();
        assert_eq!(lack(&clerks, "sakura77"), Some(PasswordLack::TooShort { at_least: 12 }));
        assert_eq!(lack(&clerks, "sakura777777"), None);
    }

    #[test]
    fn the_rules_of_pci_dss_can_be_asked_for() {
        // X-087
        let three = rule("pci-3");
        assert_eq!(lack(&three, "sakura7"), None);
        assert_eq!(lack(&three, "sakur7"), Some(PasswordLack::TooShort { at_least: 7 }));
        assert_eq!(lack(&three, "sakuras"), Some(classes(1, &[Digit])));
        assert_eq!((three.history_depth, three.max_age_days), (4, 90));
        assert!(three.lock_threshold <= 6 && three.unlock_after_min == 30);
        let four = rule("pci-4");
        assert_eq!(lack(&four, "sakura77777"), Some(PasswordLack::TooShort { at_least: 12 }));
        assert_eq!(lack(&four, "sakura777777"), None);
        assert!(four.lock_threshold <= 10);
    }

    #[test]
    fn a_password_is_good_for_its_days_and_the_last_ones_remind() {
        // D-04, U-081
        let policy = PasswordPolicy { max_age_days: 90, warn_days: 14, ..PasswordPolicy::default() };
        let chosen = date(2026, 4, 1);
        let last_day = date(2026, 6, 29);
        let soon = PasswordStanding::EndsSoon { last_day };
        for (today, standing) in [
            (date(2026, 4, 1), PasswordStanding::Good),
            (date(2026, 6, 15), PasswordStanding::Good),
            (date(2026, 6, 16), soon),
            (last_day, soon),
            (date(2026, 6, 30), PasswordStanding::Expired),
            (date(2027, 6, 30), PasswordStanding::Expired),
        ] {
            assert_eq!(policy.standing(chosen, today), standing, "{today}");
        }
        let quiet = PasswordPolicy { warn_days: 0, ..policy };
        assert_eq!(quiet.standing(chosen, last_day), PasswordStanding::Good);
        let never = PasswordPolicy { max_age_days: 0, ..quiet };
        assert_eq!(never.standing(chosen, date(2099, 1, 1)), PasswordStanding::Good);
    }

    #[test]
    fn a_ready_profile_lets_passwords_last() {
        // D-04: none of the two manuals states an age.
        for profile in [Profile::Mpos, Profile::Usen] {
            assert_eq!(Policy::profile(profile).unwrap().password.max_age_days, 0, "{profile:?}");
        }
    }

    #[test]
    fn a_rule_that_nobody_can_follow_is_refused() {
        // X-087: a lock that ends by itself lasts thirty minutes at least.
        for overlay in [
            r#"{"password": {"min_length": 65}}"#,
            r#"{"password": {"min_classes": 5}}"#,
            r#"{"password": {"classes": ["letter"], "min_classes": 2}}"#,
            r#"{"password": {"classes": ["emoji"]}}"#,
            r#"{"password": {"history_depth": 25}}"#,
            r#"{"password": {"max_age_days": -1}}"#,
            r#"{"password": {"max_age_days": 14}}"#,
            r#"{"password": {"lock_threshold": 0}}"#,
            r#"{"password": {"unlock_after_min": 29}}"#,
        ] {
            let overlay: serde_json::Value = serde_json::from_str(overlay).unwrap();
            assert!(Policy::default().with(&overlay).is_err(), "{overlay}");
        }
    }
}
