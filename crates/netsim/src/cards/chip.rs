//! A simulated card at work: selection, processing options, records, cryptograms.

use super::files;
use super::issuer::{self, SIGNED};
use super::profile::{Chip, Profile, Verify, Way};
use cardkeys::{TdesKey, cryptogram};
use emv::apdu::{Command, Response, StatusWord};
use emv::bench::SwipedTrack;
use emv::bits::Cryptogram;
use emv::dictionary::tags;
use emv::dol::Dol;
use emv::tlv::{self, Tlv};
use emv::{Scheme, Tag};
use std::collections::BTreeMap;

/// An answer to reset that says T=0 (a common test card's).
const ATR: [u8; 12] = [0x3B, 0x68, 0x00, 0x00, 0x00, 0x73, 0xC8, 0x40, 0x13, 0x00, 0x90, 0x00];
/// PIN tries that GET DATA tells. The chip itself checks no PIN.
const PIN_TRIES: u8 = 3;

/// A card that answers. Its counter grows over resets, as a card's does.
#[derive(Debug)]
pub struct Card {
    profile: Profile,
    key: Option<TdesKey>,
    counter: u16,
    state: State,
}

/// What a reset forgets.
#[derive(Debug, Default)]
struct State {
    contactless: bool,
    selected: Selected,
    /// GET PROCESSING OPTIONS was answered.
    started: bool,
    /// What the terminal told and the card signed over.
    known: BTreeMap<Tag, Vec<u8>>,
    arqc: Option<[u8; 8]>,
    /// `Some(false)`: the issuer's proof was wrong.
    issuer_proved: Option<bool>,
    ended: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Selected {
    #[default]
    Nothing,
    Directory,
    Application,
}

type Answer = Result<Vec<u8>, StatusWord>;

impl Card {
    /// A card of this profile, personalised under its issuer's key.
    pub fn new(profile: Profile, issuer: &TdesKey) -> Self {
        let key = match profile.chip {
            // A forger does not have the issuer's key.
            Chip::Forged => {
                issuer::card_key(&TdesKey::from_bytes([0x5A; 16]), &profile.pan, profile.sequence)
            }
            Chip::Good | Chip::Broken | Chip::Refuses => {
                issuer::card_key(issuer, &profile.pan, profile.sequence)
            }
        };
        Self { profile, key, counter: 0, state: State::default() }
    }

    /// How the card was made.
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Inserts the card: its answer to reset. `None` without a chip; empty when the chip is mute.
    pub fn insert(&mut self) -> Option<Vec<u8>> {
        self.state = State::default();
        let mute = self.profile.chip == Chip::Broken;
        self.profile.can(Way::Insert).then(|| if mute { Vec::new() } else { ATR.to_vec() })
    }

    /// Holds the card to the field; whether anything answers there.
    pub fn tap(&mut self) -> bool {
        self.state = State { contactless: true, ..State::default() };
        self.profile.can(Way::Tap)
    }

    /// Swipes the card: what the head reads, when there is a stripe.
    pub fn swipe(&self) -> Option<SwipedTrack> {
        self.profile.stripe()
    }

    /// Answers a command. A mute chip answers nothing.
    pub fn apdu(&mut self, command: &[u8]) -> Vec<u8> {
        if self.profile.chip == Chip::Broken || self.profile.aid.is_none() {
            return Vec::new();
        }
        let answer = match Command::parse(command) {
            Ok(command) => self.answer(&command),
            Err(_) => Err(StatusWord::WRONG_LENGTH),
        };
        match answer {
            Ok(data) => Response::ok(data).to_bytes(),
            Err(status) => Response::only(status).to_bytes(),
        }
    }

    fn answer(&mut self, command: &Command) -> Answer {
        match (command.cla, command.ins) {
            (0x00, 0xA4) => self.select(command),
            (0x00, 0xB2) => self.read_record(command),
            (0x80, 0xA8) => self.processing_options(command.data()),
            (0x80, 0xAE) => self.generate_ac(command),
            (0x00, 0x82) => self.external_authenticate(command.data()),
            (0x80, 0xCA) => self.get_data(command),
            // Scripts need secure messaging, for which this card has no keys.
            (0x84, _) => Err(StatusWord(0x6982)),
            (0x00 | 0x80, _) => Err(StatusWord::NO_INSTRUCTION),
            _ => Err(StatusWord::NO_CLASS),
        }
    }

    fn select(&mut self, command: &Command) -> Answer {
        if command.p1 != 0x04 {
            return Err(StatusWord::WRONG_PARAMETERS);
        }
        let (contactless, name) = (self.state.contactless, command.data());
        let directory = if contactless { files::CONTACTLESS_DIRECTORY } else { files::CONTACT_DIRECTORY };
        let first = command.p2 & 0x02 == 0;
        let own = files::name(&self.profile);
        self.state = State { contactless, ..State::default() };
        if name == directory && first {
            self.state.selected = Selected::Directory;
            Ok(files::directory_information(&self.profile, contactless))
        } else if name.len() >= 5 && own.starts_with(name) && first {
            self.state.selected = Selected::Application;
            Ok(files::application_information(&self.profile, contactless))
        } else {
            Err(StatusWord::NOT_FOUND)
        }
    }

    fn read_record(&self, command: &Command) -> Answer {
        let file = command.p2.rotate_right(3) & 0x1F;
        if command.p2 & 0x07 != 0x04 {
            return Err(StatusWord::WRONG_PARAMETERS);
        }
        match self.state.selected {
            Selected::Directory if file == files::DIRECTORY_FILE && command.p1 == 1 => {
                Ok(files::directory_record(&self.profile))
            }
            Selected::Application if self.state.started && files::RECORDS.contains(&(file, command.p1)) => {
                files::record(&self.profile, file, command.p1).ok_or(StatusWord::NO_RECORD)
            }
            Selected::Application if !self.state.started => Err(StatusWord::CONDITIONS),
            Selected::Nothing | Selected::Directory | Selected::Application => Err(StatusWord::NO_RECORD),
        }
    }

    fn processing_options(&mut self, data: &[u8]) -> Answer {
        if self.state.selected != Selected::Application || self.state.started {
            return Err(StatusWord::CONDITIONS);
        }
        let objects = tlv::parse(data).map_err(|_| StatusWord::WRONG_LENGTH)?;
        let told = tlv::find_bytes(&objects, tags::COMMAND).ok_or(StatusWord::WRONG_PARAMETERS)?;
        let list = files::processing_list(&self.profile, self.state.contactless);
        self.remember(list, told)?;
        // A card that has counted to the end is worn out (Book 3, 10.1).
        self.counter = self.counter.checked_add(1).ok_or(StatusWord::CONDITIONS)?;
        self.state.started = true;
        let aip = files::interchange_profile(&self.profile, self.state.contactless);
        if self.state.contactless && files::taps_like_visa(&self.profile) {
            return self.tap_cryptogram();
        }
        Ok(match self.profile.scheme {
            // Some cards answer in format 1, some in format 2.
            Some(Scheme::Amex | Scheme::Diners) if !self.state.contactless => {
                tlv::encode(tags::FORMAT_1, &[aip.as_slice(), &files::locator()].concat())
            }
            _ => {
                let inner = vec![Tlv::bytes(tags::AIP, aip), Tlv::bytes(tags::AFL, files::locator())];
                tlv::write(&[Tlv::template(tags::FORMAT_2, inner)])
            }
        })
    }

    /// Keeps what the terminal told by a list of the card.
    fn remember(&mut self, list: &[u8], told: &[u8]) -> Result<(), StatusWord> {
        let list = Dol::parse(list).map_err(|_| StatusWord::BROKEN)?;
        if list.data_length() != told.len() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let mut rest = told;
        for entry in list.entries() {
            let (value, after) =
                rest.split_at_checked(usize::from(entry.length)).ok_or(StatusWord::WRONG_LENGTH)?;
            self.state.known.insert(entry.tag, value.to_vec());
            rest = after;
        }
        Ok(())
    }

    /// A Visa-like tap: everything in one answer.
    fn tap_cryptogram(&mut self) -> Answer {
        let kind = if self.profile.chip == Chip::Refuses { Cryptogram::Aac } else { Cryptogram::Arqc };
        let made = self.sign(kind, [0x03, 0xA0, 0x00, 0x00]).ok_or(StatusWord::BROKEN)?;
        let aip = files::interchange_profile(&self.profile, true);
        let inner = vec![
            Tlv::bytes(tags::AIP, aip),
            files::track2(&self.profile),
            Tlv::bytes(tags::PAN_SEQUENCE, [self.profile.sequence]),
            Tlv::bytes(tags::ISSUER_DATA, made.issuer_data),
            Tlv::bytes(tags::CRYPTOGRAM, made.cryptogram),
            Tlv::bytes(tags::CRYPTOGRAM_INFO, [kind.bits()]),
            Tlv::bytes(tags::ATC, self.counter.to_be_bytes()),
            Tlv::bytes(tags::CTQ, self.qualifiers()),
        ];
        self.state.ended = true;
        Ok(tlv::write(&[Tlv::template(tags::FORMAT_2, inner)]))
    }

    /// Card transaction qualifiers (tag 9F6C): a phone has verified its holder; a card wants a signature
    /// when the reader requires a verification.
    fn qualifiers(&self) -> [u8; 2] {
        let required = self.state.known.get(&tags::TTQ).and_then(|q| q.get(1)).is_some_and(|b| b & 0x40 != 0);
        match (self.profile.verify, required) {
            (Verify::Device, _) => [0x00, 0x80],
            (Verify::Pin | Verify::Signature | Verify::None, true) => [0x40, 0x00],
            (Verify::Pin | Verify::Signature | Verify::None, false) => [0x00, 0x00],
        }
    }

    fn generate_ac(&mut self, command: &Command) -> Answer {
        let asked = Cryptogram::of(command.p1).ok_or(StatusWord::WRONG_PARAMETERS)?;
        if self.state.selected != Selected::Application || !self.state.started || self.state.ended {
            return Err(StatusWord::CONDITIONS);
        }
        if self.state.arqc.is_some() {
            self.second_ac(asked, command.data())
        } else {
            self.first_ac(asked, command.data())
        }
    }

    fn first_ac(&mut self, asked: Cryptogram, told: &[u8]) -> Answer {
        self.remember(files::CDOL1, told)?;
        let refuses = self.profile.chip == Chip::Refuses || asked == Cryptogram::Aac;
        // Online only: a card that is asked for a certificate wants its issuer asked first.
        let (kind, results) = if refuses {
            self.state.ended = true;
            (Cryptogram::Aac, [0x03, 0x80, 0x00, 0x00])
        } else {
            (Cryptogram::Arqc, [0x03, 0xA0, 0x00, 0x00])
        };
        let made = self.sign(kind, results).ok_or(StatusWord::BROKEN)?;
        if kind == Cryptogram::Arqc {
            self.state.arqc = Some(made.cryptogram);
        }
        if self.state.contactless {
            self.state.ended = true;
        }
        Ok(self.cryptogram_answer(kind, &made))
    }

    fn second_ac(&mut self, asked: Cryptogram, told: &[u8]) -> Answer {
        let record = files::record(&self.profile, 2, 2).unwrap_or_default();
        let objects = tlv::parse(&record).map_err(|_| StatusWord::BROKEN)?;
        let list = tlv::find_bytes(&objects, tags::CDOL2).unwrap_or_default().to_vec();
        self.remember(&list, told)?;
        if let Some(proof) = self.state.known.get(&tags::ISSUER_AUTH).cloned()
            && proof.iter().any(|b| *b != 0)
        {
            self.state.issuer_proved = Some(self.is_proof(&proof));
        }
        self.state.ended = true;
        let agrees = asked == Cryptogram::Tc && self.state.issuer_proved != Some(false);
        let (kind, results) = if agrees {
            (Cryptogram::Tc, [0x03, 0x60, 0x00, 0x00])
        } else {
            (Cryptogram::Aac, [0x03, 0x20, 0x00, 0x00])
        };
        let made = self.sign(kind, results).ok_or(StatusWord::BROKEN)?;
        Ok(self.cryptogram_answer(kind, &made))
    }

    fn cryptogram_answer(&self, kind: Cryptogram, made: &Made) -> Vec<u8> {
        let counter = self.counter.to_be_bytes();
        if matches!(self.profile.scheme, Some(Scheme::Mastercard | Scheme::Jcb)) {
            let inner = vec![
                Tlv::bytes(tags::CRYPTOGRAM_INFO, [kind.bits()]),
                Tlv::bytes(tags::ATC, counter),
                Tlv::bytes(tags::CRYPTOGRAM, made.cryptogram),
                Tlv::bytes(tags::ISSUER_DATA, made.issuer_data),
            ];
            return tlv::write(&[Tlv::template(tags::FORMAT_2, inner)]);
        }
        let body = [&[kind.bits()], counter.as_slice(), &made.cryptogram, &made.issuer_data].concat();
        tlv::encode(tags::FORMAT_1, &body)
    }

    fn external_authenticate(&mut self, proof: &[u8]) -> Answer {
        let by_command = !files::proof_in_second_ac(&self.profile);
        if self.state.arqc.is_none() || self.state.issuer_proved.is_some() || self.state.ended || !by_command
        {
            return Err(StatusWord::CONDITIONS);
        }
        let good = self.is_proof(proof);
        self.state.issuer_proved = Some(good);
        if good { Ok(Vec::new()) } else { Err(StatusWord::AUTHENTICATION_FAILED) }
    }

    /// Whether tag 91 comes from the issuer: ARPC method 1 and its response code.
    fn is_proof(&self, proof: &[u8]) -> bool {
        let (Some(session), Some(arqc)) = (self.session(), self.state.arqc) else { return false };
        match proof.split_first_chunk::<8>() {
            Some((arpc, code)) => code
                .first_chunk::<2>()
                .is_some_and(|code| cryptogram::is_arpc_of(&session, arqc, *code, arpc)),
            None => false,
        }
    }

    fn get_data(&self, command: &Command) -> Answer {
        let tag = Tag::new(u32::from_be_bytes([0, 0, command.p1, command.p2])).ok_or(StatusWord::NO_DATA)?;
        if self.state.selected != Selected::Application {
            return Err(StatusWord::CONDITIONS);
        }
        match tag {
            tags::PIN_TRIES => Ok(tlv::encode(tag, &[PIN_TRIES])),
            tags::ATC => Ok(tlv::encode(tag, &self.counter.to_be_bytes())),
            tags::LAST_ONLINE_ATC => Ok(tlv::encode(tag, &self.counter.saturating_sub(1).to_be_bytes())),
            _ => Err(StatusWord::NO_DATA),
        }
    }

    fn session(&self) -> Option<TdesKey> {
        self.key.as_ref().map(|key| cryptogram::session_key(key, self.counter.to_be_bytes()))
    }

    /// A cryptogram over what the terminal told and the card adds.
    fn sign(&self, kind: Cryptogram, results: [u8; 4]) -> Option<Made> {
        let [a, mut b, c, d] = results;
        if kind == Cryptogram::Aac && self.state.contactless {
            b = 0x80;
        }
        // Issuer application data: length, key index 1, version 18, the card's own results.
        let issuer_data = [0x06, 0x01, 0x12, a, b, c, d];
        let aip = files::interchange_profile(&self.profile, self.state.contactless);
        let counter = self.counter.to_be_bytes();
        let parts: Vec<&[u8]> = SIGNED
            .iter()
            .map(|tag| match *tag {
                tags::AIP => Some(aip.as_slice()),
                tags::ATC => Some(counter.as_slice()),
                tags::ISSUER_DATA => Some(issuer_data.as_slice()),
                told => self.state.known.get(&told).map(Vec::as_slice),
            })
            .collect::<Option<_>>()?;
        let cryptogram = cryptogram::application_cryptogram(&self.session()?, &parts);
        Some(Made { cryptogram, issuer_data })
    }
}

struct Made {
    cryptogram: [u8; 8],
    issuer_data: [u8; 7],
}
