//! Contactless: entry point, and a cryptogram from the processing options or from one GENERATE AC.
//!
//! Written from public material (EMV Contactless Book B's outline and open kernels); the kernels of the
//! schemes are not claimed.

use super::card::Awaiting;
use super::{Kernel, Step, Stop};
use crate::reading::Cvm;
use crate::verdict::Refusal;
use emv::apdu::{Command, Occurrence, Response, StatusWord};
use emv::bits::Cryptogram;
use emv::cvm::CvmResults;
use emv::dictionary::tags;
use emv::dol::Dol;
use emv::tlv::{self, Tlv};

/// The proximity payment system environment's directory.
const DIRECTORY: &[u8] = b"2PAY.SYS.DDF01";

impl Kernel {
    pub(super) fn start_entry_point(&mut self) -> Step {
        let command = Command::select(DIRECTORY, Occurrence::First).map_err(|_| Stop::Broken)?;
        Ok(vec![self.send(command, Awaiting::EntryPoint)])
    }

    pub(super) fn on_entry_point(&mut self, response: &Response) -> Step {
        match response.status {
            StatusWord::OK => {}
            StatusWord::NOT_FOUND => return Err(Stop::Refuse(Refusal::TapNotAllowed)),
            StatusWord::CARD_BLOCKED => return Err(Stop::Refuse(Refusal::Blocked)),
            _ => return Err(Stop::Broken),
        }
        let objects = tlv::parse(&response.data).map_err(|_| Stop::Broken)?;
        let listed = tlv::find(&objects, tags::FCI_DISCRETIONARY).map(Tlv::inner).unwrap_or_default();
        for entry in listed.iter().filter(|o| o.tag == tags::APPLICATION) {
            self.add_directory_entry(entry.inner());
        }
        self.choose()
    }

    /// Terminal transaction qualifiers (tag 9F66): chip data over the air and over contacts, signature
    /// offered, online asked; above the limit a verification is required, a phone's own counts.
    pub(super) fn transaction_qualifiers(&self) -> [u8; 4] {
        let second = if self.above_contactless_limit() { 0xC0 } else { 0x80 };
        [0x32, second, 0x40, 0x00]
    }

    /// All records are read. Either the cryptogram is there already, or the card is asked for it.
    pub(super) fn finish_tap(&mut self) -> Step {
        if self.card.objects.get(tags::CRYPTOGRAM).is_some() {
            self.read_card_qualifiers();
            return self.finish_with_cryptogram();
        }
        if self.card.aip.on_device_verification() && self.above_contactless_limit() {
            self.card.cvm = Cvm::Cdcvm;
            self.card.cvm_results = CvmResults::ON_DEVICE;
        }
        let list = self.card.objects.get(tags::CDOL1).ok_or(Stop::Broken)?;
        let list = Dol::parse(list).map_err(|_| Stop::Broken)?;
        let command = Command::generate_ac(Cryptogram::Arqc, &self.fill(&list)).map_err(|_| Stop::Broken)?;
        Ok(vec![self.send(command, Awaiting::FirstAc { refuse: false })])
    }

    /// Card transaction qualifiers (tag 9F6C): what a Visa-like card wants or has done itself.
    fn read_card_qualifiers(&mut self) {
        let [first, second] = self.card.objects.array::<2>(tags::CTQ).unwrap_or_default();
        if second & 0x80 != 0 {
            self.card.cvm = Cvm::Cdcvm;
            self.card.cvm_results = CvmResults::ON_DEVICE;
        } else if first & 0x40 != 0 {
            self.card.cvm = Cvm::Signature;
            self.card.cvm_results = CvmResults::CONTACTLESS_SIGNATURE;
        }
    }

    fn finish_with_cryptogram(&mut self) -> Step {
        match self.cryptogram_kind()?.kind {
            Cryptogram::Aac => Err(Stop::Refuse(Refusal::ByCard)),
            // Offline approval was not asked for: online only.
            Cryptogram::Tc => Err(Stop::Broken),
            Cryptogram::Arqc => {
                let effects = self.go_online()?;
                Ok(self.after_chip_answer(effects))
            }
        }
    }
}
