//! Cardholder verification by the card's list (EMV 4.4 Book 3, 10.5) and the shop's policy.

use super::card::Interface;
use super::{Effect, Kernel, Phase, Step, Stop};
use crate::policy::JAPAN;
use crate::reading::Cvm;
use emv::bench::Hint;
use emv::bits::{Tsi, Tvr};
use emv::cvm::{Condition, CvmList, CvmOutcome, CvmResults, CvmRule, Method};
use emv::dictionary::tags;

/// How the pad was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PinResult {
    Entered,
    Bypassed,
}

impl Kernel {
    /// Contactless: the reader decides by amount, before it asks the card for anything.
    pub(super) fn prepare_verification(&mut self) {
        if matches!(self.card.interface, Interface::Contact) {
            return;
        }
        if self.above_contactless_limit() {
            self.card.cvm = Cvm::Signature;
            self.card.cvm_results = CvmResults::CONTACTLESS_SIGNATURE;
        } else {
            self.card.cvm = Cvm::NoCvm;
            self.card.cvm_results = CvmResults::CONTACTLESS_NO_CVM;
        }
    }

    pub(super) fn above_contactless_limit(&self) -> bool {
        self.deal.amount > self.policy.contactless_cvm_limit
    }

    pub(super) fn start_verification(&mut self) -> Step {
        let list = self.card.objects.get(tags::CVM_LIST).map(CvmList::parse);
        match list {
            Some(Ok(list)) if self.card.aip.cardholder_verification() => {
                self.card.tsi.set(Tsi::CARDHOLDER_VERIFICATION);
                self.card.cvm_results = CvmResults::NO_RULE_SUCCEEDED;
                let fitting = list.rules.iter().copied().filter(|rule| self.counts(*rule, &list));
                self.card.rules = fitting.collect();
                self.next_rule()
            }
            Some(Err(_)) => Err(Stop::Broken),
            Some(Ok(_)) | None => {
                if self.card.aip.cardholder_verification() {
                    self.card.tvr.set(Tvr::DATA_MISSING);
                }
                // The card asks nothing of its holder; the slip at least has a signature.
                self.card.cvm = Cvm::Signature;
                self.card.cvm_results = CvmResults::NOT_PERFORMED;
                self.first_ac()
            }
        }
    }

    /// Whether a rule's condition holds for this purchase (annex C3).
    fn counts(&self, rule: CvmRule, list: &CvmList) -> bool {
        let amount = u64::try_from(self.deal.amount.get()).unwrap_or(u64::MAX);
        let home = self.card.objects.array(tags::APPLICATION_CURRENCY) == Some(JAPAN);
        match rule.condition() {
            Condition::Always | Condition::NotCash => true,
            Condition::Supported => {
                matches!(rule.method(), Method::OnlinePin | Method::Signature | Method::NoCvm)
            }
            Condition::UnderX => home && amount < u64::from(list.amount_x),
            Condition::OverX => home && amount > u64::from(list.amount_x),
            Condition::UnderY => home && amount < u64::from(list.amount_y),
            Condition::OverY => home && amount > u64::from(list.amount_y),
            Condition::UnattendedCash | Condition::ManualCash | Condition::Cashback | Condition::Unknown => {
                false
            }
        }
    }

    fn next_rule(&mut self) -> Step {
        let Some(rule) = self.card.rules.front().copied() else { return self.verification_failed() };
        match rule.method() {
            Method::OnlinePin => Ok(self.ask_pin()),
            Method::Signature => self.verified(rule, Cvm::Signature, CvmOutcome::Unknown),
            Method::NoCvm => self.verified(rule, Cvm::NoCvm, CvmOutcome::Successful),
            Method::Unknown => {
                self.card.tvr.set(Tvr::UNKNOWN_METHOD);
                self.rule_failed(rule)
            }
            // Offline PINs are not offered by this terminal.
            Method::Fail | Method::OfflinePin => self.rule_failed(rule),
        }
    }

    fn ask_pin(&mut self) -> Vec<Effect> {
        self.phase = Phase::Pin;
        let hint = if self.card.attempt > 1 { Hint::WrongPin } else { Hint::EnterPin };
        vec![Effect::Show(hint), Effect::AskPin { attempt: self.card.attempt }]
    }

    pub(super) fn on_pin(&mut self, result: PinResult) -> Step {
        let (Phase::Pin, Some(rule)) = (&self.phase, self.card.rules.front().copied()) else {
            return Ok(Vec::new());
        };
        match result {
            PinResult::Entered => {
                self.card.tvr.set(Tvr::ONLINE_PIN);
                self.card.pin_entered = true;
                self.verified(rule, Cvm::Pin, CvmOutcome::Unknown)
            }
            // since 2025-04 a PIN that is asked for is needed.
            PinResult::Bypassed if !self.policy.pin_bypass => {
                let attempt = self.card.attempt;
                Ok(vec![Effect::Show(Hint::PinNeeded), Effect::AskPin { attempt }])
            }
            PinResult::Bypassed => {
                // M-026: skipped; whatever rule follows, the holder signs.
                self.card.tvr.set(Tvr::PIN_NOT_ENTERED);
                self.card.cvm = Cvm::PinBypassed;
                self.rule_failed(rule)
            }
        }
    }

    fn verified(&mut self, rule: CvmRule, cvm: Cvm, outcome: CvmOutcome) -> Step {
        if self.card.cvm != Cvm::PinBypassed {
            self.card.cvm = cvm;
        }
        self.card.cvm_results = CvmResults::of(rule, outcome);
        self.first_ac()
    }

    fn rule_failed(&mut self, rule: CvmRule) -> Step {
        self.card.cvm_results = CvmResults::of(rule, CvmOutcome::Failed);
        self.card.rules.pop_front();
        if self.card.tvr.has(Tvr::PIN_NOT_ENTERED) {
            // A second PIN rule would only ask again for what was just skipped.
            self.card.rules.retain(|r| r.method() != Method::OnlinePin);
        }
        if rule.next_after_failure() { self.next_rule() } else { self.verification_failed() }
    }

    fn verification_failed(&mut self) -> Step {
        self.card.tvr.set(Tvr::VERIFICATION_FAILED);
        if self.card.cvm != Cvm::PinBypassed {
            // The issuer sees the failure and decides; the slip at least has a signature.
            self.card.cvm = Cvm::Signature;
        }
        self.first_ac()
    }
}
