//! From the selected application to its data: processing options and records (EMV 4.4 Book 3, 10.1, 10.2).

use super::card::{Awaiting, Interface, names};
use super::{Effect, Kernel, Step, Stop};
use crate::limits::MAX_RECORDS;
use crate::policy::{CAPABILITIES, JAPAN, MORE_CAPABILITIES, TERMINAL_TYPE};
use crate::verdict::Refusal;
use emv::apdu::{Command, Response, StatusWord};
use emv::bits::Aip;
use emv::dictionary::tags;
use emv::dol::Dol;
use emv::tlv::{self, Tlv};
use emv::{Pan, Tag, Track2, afl, numeric};
use std::collections::BTreeMap;

impl Kernel {
    pub(super) fn on_selected(&mut self, response: &Response) -> Step {
        if !response.status.is_ok() {
            return self.next_candidate(Refusal::ChipUnusable);
        }
        let objects = tlv::parse(&response.data).map_err(|_| Stop::Broken)?;
        if let Some(chosen) = &mut self.card.chosen {
            let (label, preferred_name) = names(&objects);
            if !label.is_empty() {
                chosen.label = label;
            }
            chosen.preferred_name = preferred_name.or(chosen.preferred_name.take());
            if let Some(name) = tlv::find_bytes(&objects, tags::DF_NAME) {
                chosen.name = name.to_vec();
            }
        }
        let pdol = match tlv::find_bytes(&objects, tags::PDOL) {
            Some(bytes) => Dol::parse(bytes).map_err(|_| Stop::Broken)?,
            None => Dol::default(),
        };
        self.prepare_verification();
        let data = self.fill(&pdol);
        let command = Command::get_processing_options(&data).map_err(|_| Stop::Broken)?;
        Ok(vec![self.send(command, Awaiting::ProcessingOptions)])
    }

    pub(super) fn on_processing_options(&mut self, response: &Response) -> Step {
        match (response.status, self.card.interface) {
            (StatusWord::OK, _) => {}
            (StatusWord::CONDITIONS, Interface::Contact) => {
                return self.next_candidate(Refusal::ChipUnusable);
            }
            (_, Interface::Contact | Interface::Contactless) => return Err(Stop::Broken),
        }
        let objects = tlv::parse(&response.data).map_err(|_| Stop::Broken)?;
        match objects.as_slice() {
            // Format 1: interchange profile and locator without tags (Book 3, 6.5.8.4).
            [only] if only.tag == tags::FORMAT_1 => {
                let (aip, afl) = only.primitive().and_then(|b| b.split_at_checked(2)).ok_or(Stop::Broken)?;
                self.card.objects.set(tags::AIP, aip);
                self.card.objects.set(tags::AFL, afl);
            }
            [only] if only.tag == tags::FORMAT_2 => self.card.objects.add_all(only.inner())?,
            _ => return Err(Stop::Broken),
        }
        self.card.aip = Aip(self.card.objects.array(tags::AIP).ok_or(Stop::Broken)?);
        let locator = self.card.objects.get(tags::AFL).unwrap_or_default();
        let entries = afl::parse(locator).map_err(|_| Stop::Broken)?;
        self.card.records = afl::records(&entries).into();
        if self.card.records.len() > MAX_RECORDS {
            return Err(Stop::Broken);
        }
        self.next_record()
    }

    fn next_record(&mut self) -> Step {
        match self.card.records.pop_front() {
            Some((sfi, record)) => Ok(vec![self.send(Command::read_record(sfi, record), Awaiting::Record)]),
            None => self.on_all_records(),
        }
    }

    pub(super) fn on_record(&mut self, response: &Response) -> Step {
        if !response.status.is_ok() {
            return Err(Stop::Broken);
        }
        let objects = tlv::parse(&response.data).map_err(|_| Stop::Broken)?;
        match objects.as_slice() {
            [record] if record.tag == tags::RECORD => self.card.objects.add_all(record.inner())?,
            _ => return Err(Stop::Broken),
        }
        self.next_record()
    }

    fn on_all_records(&mut self) -> Step {
        self.identify()?;
        match self.card.interface {
            Interface::Contact => {
                self.check_restrictions();
                self.start_verification()
            }
            Interface::Contactless => self.finish_tap(),
        }
    }

    /// The card number and what the shop says to its scheme.
    fn identify(&mut self) -> Result<(), Stop> {
        let objects = &self.card.objects;
        // Book 3, 7.2: number and expiry are mandatory; ours is an online world, so is track 2.
        let track2 =
            objects.get(tags::TRACK_2).and_then(|b| Track2::from_tag57(b).ok()).ok_or(Stop::Broken)?;
        if let Some(number) = objects.get(tags::PAN) {
            let pan = Pan::from_compressed(number).map_err(|_| Stop::Broken)?;
            if &pan != track2.pan() {
                return Err(Stop::Broken);
            }
        }
        // A number outside every known range is of a scheme nobody here settles with, whatever the
        // application's name (Discover shares one with Diners).
        let known = track2.pan().scheme().is_some();
        self.card.track2 = Some(track2);
        if known { Ok(()) } else { Err(Stop::Refuse(Refusal::BrandNotAccepted)) }
    }

    /// The answer to a card's list, from the terminal's data first and then from the card's own.
    pub(super) fn fill(&self, list: &Dol) -> Vec<u8> {
        let known = self.terminal_objects();
        list.fill(|tag| known.get(&tag).map(Vec::as_slice).or_else(|| self.card.objects.get(tag)))
    }

    /// What the terminal can tell a card, as it stands now.
    pub(super) fn terminal_objects(&self) -> BTreeMap<Tag, Vec<u8>> {
        let (deal, terminal, card) = (&self.deal, &self.terminal, &self.card);
        let n = usize::from(card.attempt.saturating_sub(1));
        let unpredictable = deal.unpredictable.get(n).copied().unwrap_or_default();
        let mut objects = BTreeMap::from([
            (tags::AMOUNT, numeric::amount(deal.amount).to_vec()),
            (tags::AMOUNT_OTHER, vec![0; 6]),
            (tags::COUNTRY, JAPAN.to_vec()),
            (tags::CURRENCY, JAPAN.to_vec()),
            (tags::CURRENCY_EXPONENT, vec![0]),
            (tags::TVR, card.tvr.0.to_vec()),
            (tags::TSI, card.tsi.0.to_vec()),
            (tags::DATE, deal.date.to_vec()),
            (tags::TIME, deal.time.to_vec()),
            // 00: goods and services.
            (tags::TYPE, vec![0x00]),
            (tags::UNPREDICTABLE, unpredictable.to_vec()),
            (tags::CAPABILITIES, CAPABILITIES.to_vec()),
            (tags::MORE_CAPABILITIES, MORE_CAPABILITIES.to_vec()),
            (tags::TERMINAL_TYPE, vec![TERMINAL_TYPE]),
            (tags::CVM_RESULTS, card.cvm_results.0.to_vec()),
            (tags::DEVICE_SERIAL, fixed(&terminal.reader_serial, 8)),
            (tags::TERMINAL_ID, fixed(&terminal.terminal_id, 8)),
            (tags::MERCHANT_ID, fixed(&terminal.merchant_id, 15)),
            (tags::MERCHANT_NAME, terminal.merchant_name.as_bytes().to_vec()),
            (tags::MERCHANT_CATEGORY, digits(u32::from(terminal.merchant_category), 4)),
            (tags::SEQUENCE, digits(deal.sequence, 8)),
            (tags::FLOOR_LIMIT, vec![0; 4]),
            (tags::TTQ, self.transaction_qualifiers().to_vec()),
        ]);
        if let Some(chosen) = &card.chosen {
            objects.insert(tags::VERSION_TERMINAL, chosen.version.to_vec());
            objects.insert(tags::AID_TERMINAL, chosen.name.clone());
        }
        if let Some(answer) = &card.host {
            objects.insert(tags::ARC, answer.response_code.to_vec());
            objects.insert(tags::ISSUER_AUTH, answer.issuer_authentication.clone());
        }
        objects
    }

    /// The data of ISO 8583 DE 55: what the issuer needs to check the cryptogram, in a fixed order;
    /// never the number nor the track.
    pub(super) fn issuer_data(&self) -> Vec<u8> {
        let known = self.terminal_objects();
        let objects: Vec<Tlv> = DE_55
            .iter()
            .filter_map(|tag| {
                let value = known.get(tag).map(Vec::as_slice).or_else(|| self.card.objects.get(*tag))?;
                Some(Tlv::bytes(*tag, value))
            })
            .chain(self.card.application().map(|a| Tlv::bytes(tags::DF_NAME, a.aid.bytes())))
            .collect();
        tlv::write(&objects)
    }

    pub(super) fn after_chip_answer(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        self.phase = super::Phase::Online;
        effects
    }
}

/// The data objects of DE 55 in our order; the application's name follows (docs/networks/card-iso8583.md).
const DE_55: &[Tag] = &[
    tags::CRYPTOGRAM,
    tags::CRYPTOGRAM_INFO,
    tags::ISSUER_DATA,
    tags::UNPREDICTABLE,
    tags::ATC,
    tags::TVR,
    tags::DATE,
    tags::TYPE,
    tags::AMOUNT,
    tags::CURRENCY,
    tags::AIP,
    tags::COUNTRY,
    tags::CAPABILITIES,
    tags::CVM_RESULTS,
    tags::TERMINAL_TYPE,
    tags::DEVICE_SERIAL,
    tags::SEQUENCE,
    tags::AMOUNT_OTHER,
    tags::PAN_SEQUENCE,
    tags::CTQ,
];

/// Text of exactly `length` characters, cut or filled with spaces.
fn fixed(text: &str, length: usize) -> Vec<u8> {
    text.bytes().chain(std::iter::repeat(b' ')).take(length).collect()
}

/// A number as `count` digits, two to a byte.
fn digits(number: u32, count: usize) -> Vec<u8> {
    let text = format!("{number:0count$}");
    let tail = text.len().saturating_sub(count);
    numeric::compressed(text.get(tail..).unwrap_or_default()).unwrap_or_default()
}
