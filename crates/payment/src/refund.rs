//! Giving money back in pure words: what a void, a return and a refund are, the rules as rows, and the
//! one decision (model.md 3.4).
//!
//! The decision is made inside the unit of work that writes the refund, on what that unit has read under
//! the payment's lock; so two refunds of 60 at once on 100 are one refund and one refusal.

use crate::words;
use crate::{Brand, Method, Profile, StateName};
use codes::{Code, pay};
use money::Yen;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

words! {
    /// What gives money back. Each is a record of its own with the states of a payment (model.md 3.3 rule 4).
    RefundKind {
        /// 取消: the deal is removed, on its own business date.
        Void = "void",
        /// 返品: a negative deal, later.
        Return = "return",
        /// 返金: money back on a code or a part of it.
        Refund = "refund",
    }
}

words! {
    /// What the customer must show to get money back (model.md 3.4, Medium needed).
    Medium {
        /// Nothing.
        None = "none",
        /// The card that paid (506, P1241): the reader's fingerprint of its number is compared.
        SameCard = "same_card",
    }
}

/// A rule's row: `data/refund_rules.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundRule {
    /// Payments by this method.
    pub method: Method,
    /// In this profile; none = in every one.
    #[serde(default)]
    pub profile: Option<Profile>,
    /// Of these brands; none = of every one.
    #[serde(default)]
    pub brands: Vec<Brand>,
    /// What it is on the payment's own business date.
    #[serde(default)]
    pub same_day: Option<RefundKind>,
    /// What it is afterwards.
    #[serde(default)]
    pub later: Option<RefundKind>,
    /// What must be shown, by who asks.
    pub medium: MediumRule,
    /// The last day is so many days after the payment's business date.
    pub window_days: i64,
    /// Less than the rest may be given back.
    pub partial: bool,
    /// At most so many, 0 = without limit.
    pub times: u32,
    /// The customer signs at the terminal.
    pub signature: bool,
    /// Where the rule comes from.
    pub source: String,
}

impl RefundRule {
    /// What giving back is, so many days after the payment's business date.
    pub const fn kind(&self, days: i64) -> Option<RefundKind> {
        if days <= 0 { self.same_day } else { self.later }
    }
}

/// What must be shown, by who asks and when.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MediumRule {
    /// At the terminal, on the payment's business date.
    pub terminal_same_day: Medium,
    /// At the terminal, afterwards.
    pub terminal_later: Medium,
    /// In the console, which has no reader.
    pub console: Medium,
}

#[derive(Deserialize)]
struct File {
    rule: Vec<RefundRule>,
}

/// Every rule, the special ones first.
pub fn refund_rules() -> &'static [RefundRule] {
    static ROWS: LazyLock<Vec<RefundRule>> = LazyLock::new(|| {
        toml::from_str::<File>(include_str!("../data/refund_rules.toml"))
            .map(|file| file.rule)
            .unwrap_or_default()
    });
    &ROWS
}

/// The rule of a payment: the first row that fits. Without one nothing is given back.
pub fn refund_rule(method: Method, brand: Brand, profile: Profile) -> Option<&'static RefundRule> {
    refund_rules().iter().find(|rule| {
        rule.method == method
            && rule.profile.is_none_or(|wanted| wanted == profile)
            && (rule.brands.is_empty() || rule.brands.contains(&brand))
    })
}

/// Who wants to give back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundBy {
    /// A terminal: it has a reader.
    Terminal,
    /// A person in the console: there is none.
    Console,
}

/// What the decision rests on, read under the payment's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundFacts {
    /// Who asks.
    pub by: RefundBy,
    /// The payment as people are shown it.
    pub state: StateName,
    /// The network has still to acknowledge something about the payment.
    pub unsettled: bool,
    /// What was paid.
    pub paid: Yen,
    /// Approved refunds together.
    pub given_back: Yen,
    /// Refunds that are sent or in doubt, together: they may still become approved.
    pub under_way: Yen,
    /// How many refunds are approved, sent or in doubt.
    pub count: u32,
    /// Days since the payment's business date, 0 = today.
    pub days: i64,
}

/// What may be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What it is today.
    pub kind: RefundKind,
    /// What must be shown.
    pub medium: Medium,
    /// The most, above zero.
    pub most: Yen,
    /// Less than the most is possible too.
    pub partial: bool,
    /// The last day is in so many days, 0 = today.
    pub days_left: i64,
    /// The customer signs.
    pub signature: bool,
}

/// What may be given back of a payment now, or why nothing may.
pub fn decide(rule: Option<&RefundRule>, facts: &RefundFacts) -> Result<Offer, Code> {
    // What a refund under way may still take counts as taken: never more back than was paid.
    let rest = facts.paid.minus(facts.given_back).and_then(|rest| rest.minus(facts.under_way));
    let most = rest.unwrap_or(Yen::ZERO);
    if facts.state != StateName::Approved || most.is_zero() {
        return Err(if facts.under_way.is_zero() { pay::NOT_CANCELLABLE } else { pay::REFUND_UNDER_WAY });
    }
    if facts.unsettled {
        return Err(pay::REFUND_NOT_YET);
    }
    let rule = rule.ok_or(pay::NOT_CANCELLABLE)?;
    let same_day = facts.days <= 0;
    let kind = rule.kind(facts.days).ok_or(pay::NOT_CANCELLABLE)?;
    let days_left = rule.window_days.saturating_sub(facts.days.max(0));
    if days_left < 0 {
        return Err(pay::CANCEL_EXPIRED);
    }
    if rule.times > 0 && facts.count >= rule.times {
        return Err(pay::REFUNDED_TOO_OFTEN);
    }
    let medium = match (facts.by, same_day) {
        (RefundBy::Terminal, true) => rule.medium.terminal_same_day,
        (RefundBy::Terminal, false) => rule.medium.terminal_later,
        (RefundBy::Console, _) => rule.medium.console,
    };
    if facts.by == RefundBy::Console && medium == Medium::SameCard {
        return Err(pay::REFUND_CARD_NEEDED);
    }
    // A void removes the whole deal; a part of it cannot be void.
    let partial = rule.partial && kind != RefundKind::Void;
    let signature = rule.signature && facts.by == RefundBy::Terminal;
    Ok(Offer { kind, medium, most, partial, days_left, signature })
}

/// What was shown against what must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// No card.
    Nothing,
    /// The card that paid.
    SameCard,
    /// Another one.
    OtherCard,
}

impl Offer {
    /// Whether this much may be given back to who shows this.
    pub fn take(&self, amount: Yen, shown: Shown) -> Result<(), Code> {
        match (self.medium, shown) {
            // A wrong card is refused also where none is asked for.
            (_, Shown::OtherCard) => return Err(pay::DIFFERENT_CARD),
            (Medium::SameCard, Shown::Nothing) => return Err(pay::REFUND_CARD_NEEDED),
            (Medium::SameCard | Medium::None, Shown::SameCard) | (Medium::None, Shown::Nothing) => {}
        }
        if amount.is_zero() || amount > self.most {
            return Err(pay::ABOVE_REST);
        }
        if amount < self.most && !self.partial {
            return Err(pay::PARTIAL_NOT_ALLOWED);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yen(yen: i64) -> Yen {
        Yen::new(yen).unwrap()
    }

    fn facts() -> RefundFacts {
        RefundFacts {
            by: RefundBy::Terminal,
            state: StateName::Approved,
            unsettled: false,
            paid: yen(1000),
            given_back: Yen::ZERO,
            under_way: Yen::ZERO,
            count: 0,
            days: 0,
        }
    }

    fn card(profile: Profile, brand: Brand) -> Option<&'static RefundRule> {
        refund_rule(Method::Card, brand, profile)
    }

    #[test]
    fn every_brand_has_a_rule_in_every_profile_and_every_rule_names_its_source() {
        toml::from_str::<File>(include_str!("../data/refund_rules.toml")).unwrap();
        for brand in Brand::ALL {
            for profile in [Profile::Mpos, Profile::Usen] {
                let rule = refund_rule(brand.row().unwrap().method, *brand, profile).unwrap();
                assert!(!rule.source.is_empty() && rule.window_days > 0, "{brand:?} {profile:?}");
            }
        }
    }

    #[test]
    fn a_card_is_voided_on_its_day_and_returned_later() {
        // R-058, M-072
        let rule = card(Profile::Usen, Brand::Visa);
        let today = decide(rule, &facts()).unwrap();
        assert_eq!((today.kind, today.medium, today.signature), (RefundKind::Void, Medium::SameCard, true));
        let later = decide(rule, &RefundFacts { days: 1, ..facts() }).unwrap();
        assert_eq!((later.kind, later.medium, later.days_left), (RefundKind::Return, Medium::None, 179));
        let console = decide(rule, &RefundFacts { by: RefundBy::Console, ..facts() }).unwrap();
        assert_eq!((console.medium, console.signature), (Medium::None, false));
    }

    #[test]
    fn unionpay_wants_the_same_card_everywhere() {
        // 506
        let rule = card(Profile::Mpos, Brand::UnionPay);
        let offer = decide(rule, &facts()).unwrap();
        assert_eq!(offer.take(yen(1000), Shown::Nothing), Err(pay::REFUND_CARD_NEEDED));
        assert_eq!(offer.take(yen(1000), Shown::OtherCard), Err(pay::DIFFERENT_CARD));
        assert_eq!(offer.take(yen(1000), Shown::SameCard), Ok(()));
        let console = RefundFacts { by: RefundBy::Console, ..facts() };
        assert_eq!(decide(rule, &console), Err(pay::REFUND_CARD_NEEDED));
    }

    #[test]
    fn the_window_ends_with_its_last_day() {
        // 504
        let rule = card(Profile::Mpos, Brand::Visa);
        assert_eq!(decide(rule, &RefundFacts { days: 180, ..facts() }).unwrap().days_left, 0);
        assert_eq!(decide(rule, &RefundFacts { days: 181, ..facts() }), Err(pay::CANCEL_EXPIRED));
    }

    #[test]
    fn never_more_is_given_back_than_was_paid() {
        let rule = refund_rules().iter().find(|rule| rule.partial && rule.times == 0);
        let open = RefundFacts { paid: yen(100), under_way: yen(60), count: 1, ..facts() };
        let offer = decide(rule, &open).unwrap();
        assert_eq!(offer.most, yen(40));
        assert_eq!(offer.take(yen(60), Shown::Nothing), Err(pay::ABOVE_REST), "two of 60 on 100");
        assert_eq!(offer.take(yen(40), Shown::Nothing), Ok(()));
        assert_eq!(offer.take(Yen::ZERO, Shown::Nothing), Err(pay::ABOVE_REST));
        let taken = RefundFacts { paid: yen(100), given_back: yen(60), under_way: yen(40), ..facts() };
        assert_eq!(decide(rule, &taken), Err(pay::REFUND_UNDER_WAY));
        let gone = RefundFacts { paid: yen(100), given_back: yen(100), ..facts() };
        assert_eq!(decide(rule, &gone), Err(pay::NOT_CANCELLABLE));
    }

    #[test]
    fn a_part_of_a_card_payment_is_not_given_back_by_default() {
        let offer = decide(card(Profile::Mpos, Brand::Visa), &facts()).unwrap();
        assert_eq!(offer.take(yen(999), Shown::Nothing), Err(pay::PARTIAL_NOT_ALLOWED));
    }

    #[test]
    fn only_an_approved_and_settled_payment_is_given_back() {
        // 501
        let rule = card(Profile::Mpos, Brand::Visa);
        for state in StateName::ALL.into_iter().filter(|state| *state != StateName::Approved) {
            assert_eq!(decide(rule, &RefundFacts { state, ..facts() }), Err(pay::NOT_CANCELLABLE));
        }
        assert_eq!(decide(rule, &RefundFacts { unsettled: true, ..facts() }), Err(pay::REFUND_NOT_YET));
        assert_eq!(decide(None, &facts()), Err(pay::NOT_CANCELLABLE));
    }
}
