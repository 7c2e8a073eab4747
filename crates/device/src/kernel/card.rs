//! What the kernel knows of the card in front of it.

use super::Stop;
use crate::reading::{Application, Cvm};
use crate::verdict::{CardVerdict, Closing, HostAnswer};
use emv::apdu::Occurrence;
use emv::bits::{Aip, Tsi, Tvr};
use emv::cvm::{CvmResults, CvmRule};
use emv::dictionary::tags;
use emv::tlv::{self, Tlv, Value};
use emv::{Scheme, Tag, Track2};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use zeroize::Zeroize;

/// Which way the card talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interface {
    Contact,
    Contactless,
}

/// Which answer of the card is being waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaiting {
    Directory(DirectoryStep),
    ListedApplication { row: usize, occurrence: Occurrence },
    EntryPoint,
    Selection,
    ProcessingOptions,
    Record,
    FirstAc { refuse: bool },
    ExternalAuthenticate,
    Script,
    SecondAc,
}

impl Awaiting {
    /// Whether the host has spoken already.
    pub(super) const fn is_after_host(&self) -> bool {
        matches!(self, Self::ExternalAuthenticate | Self::Script | Self::SecondAc)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DirectoryStep {
    Select,
    Record { sfi: u8, record: u8 },
}

/// An application that both card and terminal have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) name: Vec<u8>,
    pub(super) label: String,
    pub(super) preferred_name: Option<String>,
    /// Tag 87: low nibble is the order (1 first, 0 last), top bit wants the holder's consent.
    pub(super) priority: u8,
    pub(super) scheme: Scheme,
    pub(super) version: [u8; 2],
}

impl Candidate {
    pub(super) const fn wants_consent(&self) -> bool {
        self.priority & 0x80 != 0
    }

    /// The order to offer applications in: 1 to 15, then those without an order.
    pub(super) const fn order(&self) -> u8 {
        match self.priority & 0x0F {
            0 => 16,
            order => order,
        }
    }
}

/// The data objects that a card gave. Shows only their names; wiped when dropped.
#[derive(Default)]
pub(super) struct Objects(BTreeMap<Tag, Vec<u8>>);

impl Objects {
    pub(super) fn get(&self, tag: Tag) -> Option<&[u8]> {
        self.0.get(&tag).map(Vec::as_slice)
    }

    pub(super) fn array<const N: usize>(&self, tag: Tag) -> Option<[u8; N]> {
        self.get(tag).and_then(|bytes| bytes.try_into().ok())
    }

    pub(super) fn set(&mut self, tag: Tag, value: &[u8]) {
        if let Some(mut old) = self.0.insert(tag, value.to_vec()) {
            old.zeroize();
        }
    }

    /// Keeps every primitive object; a second one with the same tag is refused (Book 3, 7.5).
    pub(super) fn add_all(&mut self, objects: &[Tlv]) -> Result<(), Stop> {
        for object in objects {
            match &object.value {
                Value::Primitive(_) if self.0.contains_key(&object.tag) => return Err(Stop::Broken),
                Value::Primitive(bytes) => self.set(object.tag, bytes),
                Value::Constructed(inner) => self.add_all(inner)?,
            }
        }
        Ok(())
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// One command of an issuer script, in the order of sending.
#[derive(Debug)]
pub(super) struct ScriptCommand {
    pub(super) script: usize,
    pub(super) before_second_ac: bool,
    pub(super) number: u8,
    pub(super) bytes: Vec<u8>,
}

/// Everything about the card in front of the reader.
#[derive(Debug)]
pub(super) struct Card {
    pub(super) interface: Interface,
    /// The card is in the slot.
    pub(super) inserted: bool,
    pub(super) candidates: Vec<Candidate>,
    pub(super) chosen: Option<Candidate>,
    pub(super) objects: Objects,
    pub(super) records: VecDeque<(u8, u8)>,
    pub(super) aip: Aip,
    pub(super) tvr: Tvr,
    pub(super) tsi: Tsi,
    pub(super) track2: Option<Track2>,
    pub(super) rules: VecDeque<CvmRule>,
    pub(super) cvm: Cvm,
    pub(super) cvm_results: CvmResults,
    pub(super) attempt: u8,
    pub(super) pin_entered: bool,
    pub(super) host: Option<HostAnswer>,
    pub(super) issuer_authenticated: bool,
    pub(super) scripts: VecDeque<ScriptCommand>,
    pub(super) script_results: Vec<[u8; 5]>,
    /// What ended the earlier try with a wrong PIN, when this is a further one.
    pub(super) earlier: Option<Closing>,
}

impl Card {
    pub(super) fn new(interface: Interface) -> Self {
        Self {
            interface,
            inserted: false,
            candidates: Vec::new(),
            chosen: None,
            objects: Objects::default(),
            records: VecDeque::new(),
            aip: Aip::default(),
            tvr: Tvr::default(),
            tsi: Tsi::default(),
            track2: None,
            rules: VecDeque::new(),
            cvm: Cvm::NoCvm,
            cvm_results: CvmResults::NOT_PERFORMED,
            attempt: 1,
            pin_entered: false,
            host: None,
            issuer_authenticated: false,
            scripts: VecDeque::new(),
            script_results: Vec::new(),
            earlier: None,
        }
    }

    /// The same card from its application selection on, after a wrong PIN: a new transaction for the
    /// chip, with a counter and a cryptogram of its own.
    pub(super) fn again(&mut self, closing: Closing) {
        let mut next = Self::new(self.interface);
        next.inserted = self.inserted;
        next.candidates = std::mem::take(&mut self.candidates);
        next.chosen = self.chosen.take();
        next.attempt = self.attempt.saturating_add(1);
        next.earlier = Some(closing);
        *self = next;
    }

    /// The verdict that stands when this further try comes to nothing.
    pub(super) fn after_wrong_pin(&mut self) -> Option<CardVerdict> {
        self.earlier.take().map(CardVerdict::Declined)
    }

    pub(super) fn application(&self) -> Option<Application> {
        let chosen = self.chosen.as_ref()?;
        Some(Application {
            aid: emv::Aid::new(&chosen.name)?,
            label: chosen.label.clone(),
            preferred_name: chosen.preferred_name.clone(),
        })
    }
}

/// Label and preferred name of an application, from a directory entry or control information. The
/// preferred name counts only in a code table that is read here, ISO 8859-1 (Book 1, 12.2.4).
pub(super) fn names(objects: &[Tlv]) -> (String, Option<String>) {
    let text = |tag| tlv::find_bytes(objects, tag).map(latin_1);
    let preferred = text(tags::PREFERRED_NAME)
        .filter(|_| matches!(tlv::find_bytes(objects, tags::CODE_TABLE), Some([0x01])))
        .filter(|name| !name.is_empty());
    (text(tags::LABEL).unwrap_or_default(), preferred)
}

/// Text of ISO 8859-1 without control characters, at most sixteen characters.
fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().take(16).map(|b| char::from(*b)).filter(|c| !c.is_control()).collect()
}
