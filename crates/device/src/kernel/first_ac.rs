//! Terminal risk, action analysis and the first GENERATE AC (EMV 4.4 Book 3, 10.6 to 10.8).

use super::card::Awaiting;
use super::{Effect, Kernel, Step, Stop};
use crate::reading::{CardRead, EntryMode};
use crate::verdict::Refusal;
use emv::apdu::{Command, Response};
use emv::bench::Hint;
use emv::bits::{Cryptogram, Tsi, Tvr};
use emv::dictionary::tags;
use emv::dol::Dol;
use emv::tlv;

/// A cryptogram and what came with it.
pub(super) struct Generated {
    pub(super) kind: Cryptogram,
}

impl Kernel {
    pub(super) fn first_ac(&mut self) -> Step {
        // An online-only terminal has a floor limit of zero: every amount is above it (10.6.1).
        if self.card.aip.risk_management() {
            self.card.tsi.set(Tsi::TERMINAL_RISK_MANAGEMENT);
        }
        self.card.tvr.set(Tvr::ABOVE_FLOOR_LIMIT);
        // 10.7: only the denial codes can change anything here, since all else goes online.
        let denial = self.card.objects.array::<5>(tags::IAC_DENIAL).unwrap_or_default();
        let refuse = self.card.tvr.matches(denial);
        let kind = if refuse { Cryptogram::Aac } else { Cryptogram::Arqc };
        let list = self.card.objects.get(tags::CDOL1).ok_or(Stop::Broken)?;
        let list = Dol::parse(list).map_err(|_| Stop::Broken)?;
        let command = Command::generate_ac(kind, &self.fill(&list)).map_err(|_| Stop::Broken)?;
        self.card.tsi.set(Tsi::CARD_RISK_MANAGEMENT);
        Ok(vec![self.send(command, Awaiting::FirstAc { refuse })])
    }

    pub(super) fn on_first_ac(&mut self, response: &Response, refuse: bool) -> Step {
        let generated = self.read_cryptogram(response)?;
        match generated.kind {
            Cryptogram::Aac => Err(Stop::Refuse(Refusal::ByCard)),
            // A card must not give more than it was asked for (10.8).
            Cryptogram::Tc => Err(Stop::Broken),
            Cryptogram::Arqc if refuse => Err(Stop::Broken),
            Cryptogram::Arqc => {
                let effects = self.go_online()?;
                Ok(self.after_chip_answer(effects))
            }
        }
    }

    /// Reads the answer to GENERATE AC in both formats (Book 3, 6.5.5.4) and keeps its data.
    pub(super) fn read_cryptogram(&mut self, response: &Response) -> Result<Generated, Stop> {
        if !response.status.is_ok() {
            return Err(Stop::Broken);
        }
        let objects = tlv::parse(&response.data).map_err(|_| Stop::Broken)?;
        let kept = &mut self.card.objects;
        match objects.as_slice() {
            [only] if only.tag == tags::FORMAT_1 => {
                let bytes = only.primitive().unwrap_or_default();
                let ([information], rest) = bytes.split_first_chunk::<1>().ok_or(Stop::Broken)?;
                let (atc, rest) = rest.split_first_chunk::<2>().ok_or(Stop::Broken)?;
                let (cryptogram, issuer_data) = rest.split_first_chunk::<8>().ok_or(Stop::Broken)?;
                kept.set(tags::CRYPTOGRAM_INFO, &[*information]);
                kept.set(tags::ATC, atc);
                kept.set(tags::CRYPTOGRAM, cryptogram);
                if !issuer_data.is_empty() {
                    kept.set(tags::ISSUER_DATA, issuer_data);
                }
            }
            [only] if only.tag == tags::FORMAT_2 => {
                for object in only.inner() {
                    kept.set(object.tag, object.primitive().ok_or(Stop::Broken)?);
                }
            }
            _ => return Err(Stop::Broken),
        }
        self.cryptogram_kind()
    }

    /// The kind of the cryptogram that the card gave last.
    pub(super) fn cryptogram_kind(&self) -> Result<Generated, Stop> {
        let objects = &self.card.objects;
        let [information] = objects.array::<1>(tags::CRYPTOGRAM_INFO).ok_or(Stop::Broken)?;
        let complete =
            objects.array::<2>(tags::ATC).is_some() && objects.array::<8>(tags::CRYPTOGRAM).is_some();
        match Cryptogram::of(information) {
            Some(kind) if complete => Ok(Generated { kind }),
            _ => Err(Stop::Broken),
        }
    }

    /// Everything for the host, from the chip.
    pub(super) fn go_online(&self) -> Step {
        let card = &self.card;
        let chosen = card.chosen.as_ref().ok_or(Stop::Broken)?;
        let contactless = matches!(card.interface, super::Interface::Contactless);
        let read = CardRead {
            entry_mode: if contactless { EntryMode::Contactless } else { EntryMode::ContactIc },
            fallback: false,
            brand: chosen.scheme,
            track2: card.track2.clone().ok_or(Stop::Broken)?,
            pin_attempt: if card.pin_entered { card.attempt } else { 0 },
            pan_sequence: card.objects.array::<1>(tags::PAN_SEQUENCE).map(|[n]| n),
            application: card.application(),
            atc: card.objects.array(tags::ATC),
            emv_data: self.issuer_data(),
            cvm: card.cvm,
        };
        Ok(vec![Effect::Show(Hint::Asking), Effect::GoOnline(Box::new(read))])
    }
}
