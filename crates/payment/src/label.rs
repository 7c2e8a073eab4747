//! The manuals' status words as a table of (state, business date, profile); icons and colours with them.

use crate::{Method, StateName};
use serde::{Deserialize, Serialize};

/// Whose words are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusProfile {
    /// mPOS: 売上, 取引失敗, 与信, キャンセル(与信).
    Mpos,
    /// USEN card: 売上予定 today, 支払済み later, 決済不可 …
    Usen,
}

/// The sign beside the word; colour is never alone (spec screens 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Icon {
    /// ✓ green.
    Check,
    /// ↩ grey.
    Return,
    /// × red.
    Cross,
    /// ◔ blue.
    Clock,
    /// ⊘ grey.
    Slash,
    /// ? amber.
    Question,
    /// … grey: under way.
    Dots,
}

/// A status as it is shown: the catalogue key of its word, and its icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Catalogue key, for example `status-sale`.
    pub key: &'static str,
    /// The sign.
    pub icon: Icon,
}

/// The status word of a card payment. `same_day`: its business date is today.
pub const fn label(profile: StatusProfile, state: StateName, same_day: bool) -> Label {
    use StateName as S;
    match (profile, state) {
        (_, S::Started | S::Sent) => Label { key: "status-under-way", icon: Icon::Dots },
        (_, S::InDoubt) => Label { key: "status-in-doubt", icon: Icon::Question },
        (_, S::Abandoned) => Label { key: "status-abandoned", icon: Icon::Slash },
        (StatusProfile::Mpos, S::Approved) => Label { key: "status-sale", icon: Icon::Check },
        (StatusProfile::Mpos, S::Authorized) => Label { key: "status-authorized", icon: Icon::Clock },
        (StatusProfile::Mpos, S::Released) => Label { key: "status-released", icon: Icon::Slash },
        (StatusProfile::Mpos, S::Declined | S::Failed | S::Reversed) => {
            Label { key: "status-failed", icon: Icon::Cross }
        }
        (StatusProfile::Usen, S::Approved) if same_day => Label { key: "status-usen-due", icon: Icon::Check },
        (StatusProfile::Usen, S::Approved) => Label { key: "status-usen-paid", icon: Icon::Check },
        (StatusProfile::Usen, S::Authorized) => Label { key: "status-usen-authorized", icon: Icon::Clock },
        (StatusProfile::Usen, S::Reversed | S::Released) => {
            Label { key: "status-usen-undone", icon: Icon::Cross }
        }
        (StatusProfile::Usen, S::Declined | S::Failed) => {
            Label { key: "status-usen-refused", icon: Icon::Cross }
        }
    }
}

/// What was given back of a payment, for its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Nothing.
    Nothing,
    /// A refund is sent or in doubt.
    Waiting,
    /// A part.
    Part,
    /// All of it.
    Whole,
}

/// The status word of a payment by any method, with what was given back of it (model 3.3 Labels).
pub const fn label_of(
    profile: StatusProfile,
    method: Method,
    state: StateName,
    same_day: bool,
    returned: Returned,
) -> Label {
    use StateName as S;
    match (profile, method, state, returned) {
        (StatusProfile::Mpos, _, S::Approved, Returned::Whole) => {
            Label { key: "status-cancelled", icon: Icon::Return }
        }
        // 売上返品待ち: recorded and not yet answered.
        (StatusProfile::Usen, _, S::Approved, Returned::Waiting) => {
            Label { key: "status-usen-return-waiting", icon: Icon::Dots }
        }
        (StatusProfile::Mpos, _, S::Approved, Returned::Waiting) => {
            Label { key: "status-cancel-waiting", icon: Icon::Dots }
        }
        (_, _, S::Approved, Returned::Part) => Label { key: "status-part-refunded", icon: Icon::Return },
        (StatusProfile::Usen, Method::Card, S::Approved, Returned::Whole) => {
            Label { key: "status-usen-returned", icon: Icon::Return }
        }
        (StatusProfile::Usen, Method::Code, S::Approved, Returned::Whole) => {
            Label { key: "status-usen-refunded", icon: Icon::Return }
        }
        (StatusProfile::Usen, Method::Code, S::Approved, Returned::Nothing) => {
            Label { key: "status-usen-code-done", icon: Icon::Check }
        }
        (StatusProfile::Usen, Method::Code, S::Declined | S::Failed | S::Reversed, _) => {
            Label { key: "status-usen-code-failed", icon: Icon::Cross }
        }
        _ => label(profile, state, same_day),
    }
}

/// Every key that [`label`] and [`label_of`] can give, for the catalogue test.
pub const KEYS: &[&str] = &[
    "status-under-way",
    "status-in-doubt",
    "status-abandoned",
    "status-sale",
    "status-authorized",
    "status-released",
    "status-failed",
    "status-usen-due",
    "status-usen-paid",
    "status-usen-authorized",
    "status-usen-undone",
    "status-usen-refused",
    "status-cancelled",
    "status-cancel-waiting",
    "status-part-refunded",
    "status-usen-return-waiting",
    "status-usen-returned",
    "status-usen-refunded",
    "status-usen-code-done",
    "status-usen-code-failed",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_listed_word_in_every_profile() {
        for profile in [StatusProfile::Mpos, StatusProfile::Usen] {
            for state in StateName::ALL {
                for same_day in [true, false] {
                    assert!(KEYS.contains(&label(profile, state, same_day).key));
                    for method in Method::ALL {
                        for returned in
                            [Returned::Nothing, Returned::Waiting, Returned::Part, Returned::Whole]
                        {
                            let shown = label_of(profile, *method, state, same_day, returned);
                            assert!(KEYS.contains(&shown.key));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn usen_sales_are_due_today_and_paid_later() {
        //
        assert_eq!(label(StatusProfile::Usen, StateName::Approved, true).key, "status-usen-due");
        assert_eq!(label(StatusProfile::Usen, StateName::Approved, false).key, "status-usen-paid");
    }
}
