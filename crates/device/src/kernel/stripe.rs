//! The stripe: track 2, its service code, and the swipe that replaces a broken chip.

use super::{Effect, Kernel, Phase};
use crate::limits::MAX_BAD_SWIPES;
use crate::reading::{CardRead, Cvm, EntryMode};
use crate::verdict::{CardVerdict, Refusal};
use emv::Track2;
use emv::bench::{Hint, SwipedTrack};

impl Kernel {
    pub(super) fn on_swiped(&mut self, swiped: &SwipedTrack) -> Vec<Effect> {
        let fallback = match self.phase {
            Phase::Waiting => false,
            Phase::WaitingForFallback => true,
            Phase::Talking { .. } | Phase::Choosing | Phase::Pin | Phase::Online | Phase::Over => {
                return Vec::new();
            }
        };
        let Ok(track2) = Track2::parse(swiped.unmask()) else { return self.on_bad_swipe() };
        let has_chip = track2.service_code().is_some_and(emv::ServiceCode::has_chip);
        let brand = track2.pan().scheme().filter(|s| self.policy.accepted_brands.contains(s));
        let Some(brand) = brand else {
            return self.done(CardVerdict::Refused(Refusal::BrandNotAccepted));
        };
        if has_chip && !fallback {
            // R-032, 103: a card with a chip is inserted.
            return self.done(CardVerdict::Refused(Refusal::MustInsert));
        }
        self.card.inserted = false;
        self.phase = Phase::Online;
        let read = CardRead {
            entry_mode: EntryMode::Magstripe,
            fallback: has_chip,
            brand,
            track2,
            pin_attempt: 0,
            pan_sequence: None,
            application: None,
            atc: None,
            emv_data: Vec::new(),
            // M-022: a swipe is signed.
            cvm: Cvm::Signature,
        };
        vec![Effect::Show(Hint::Asking), Effect::GoOnline(Box::new(read))]
    }

    fn on_bad_swipe(&mut self) -> Vec<Effect> {
        self.bad_swipes = self.bad_swipes.saturating_add(1);
        if self.bad_swipes < MAX_BAD_SWIPES {
            vec![Effect::Show(Hint::SwipeAgain)]
        } else {
            self.done(CardVerdict::Refused(Refusal::BadStripe))
        }
    }
}
