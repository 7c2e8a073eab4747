//! Application selection of a contact card (EMV 4.4 Book 1, 12).

use super::card::{Awaiting, Candidate, DirectoryStep, names};
use super::{Effect, Kernel, Phase, Step, Stop};
use crate::limits::{MAX_CANDIDATES, MAX_DIRECTORY_RECORDS};
use crate::verdict::Refusal;
use emv::aid::{self, SUPPORTED};
use emv::apdu::{Command, Occurrence, Response, StatusWord};
use emv::dictionary::tags;
use emv::tlv::{self, Tlv};

/// The payment system environment's directory.
const DIRECTORY: &[u8] = b"1PAY.SYS.DDF01";

impl Kernel {
    pub(super) fn start_contact_selection(&mut self) -> Step {
        let command = Command::select(DIRECTORY, Occurrence::First).map_err(|_| Stop::Broken)?;
        Ok(vec![self.send(command, Awaiting::Directory(DirectoryStep::Select))])
    }

    pub(super) fn on_directory(&mut self, step: DirectoryStep, response: &Response) -> Step {
        match (step, response.status) {
            (DirectoryStep::Select, StatusWord::CARD_BLOCKED) => Err(Stop::Refuse(Refusal::Blocked)),
            (DirectoryStep::Select, StatusWord::OK) => match directory_file(&response.data) {
                Some(sfi) => Ok(vec![self.read_directory(sfi, 1)]),
                None => self.list_applications(0),
            },
            (DirectoryStep::Record { sfi, record }, StatusWord::OK) => {
                let Ok(objects) = tlv::parse(&response.data) else { return self.list_applications(0) };
                for entry in objects.iter().flat_map(Tlv::inner).filter(|o| o.tag == tags::APPLICATION) {
                    self.add_directory_entry(entry.inner());
                }
                if record < MAX_DIRECTORY_RECORDS {
                    Ok(vec![self.read_directory(sfi, record.saturating_add(1))])
                } else {
                    self.choose()
                }
            }
            // 12.3.2: after the last record the directory counts; any other end means trying the list.
            (DirectoryStep::Record { .. }, StatusWord::NO_RECORD) if !self.card.candidates.is_empty() => {
                self.choose()
            }
            (DirectoryStep::Select | DirectoryStep::Record { .. }, _) => self.list_applications(0),
        }
    }

    fn read_directory(&mut self, sfi: u8, record: u8) -> Effect {
        let awaiting = Awaiting::Directory(DirectoryStep::Record { sfi, record });
        self.send(Command::read_record(sfi, record), awaiting)
    }

    pub(super) fn add_directory_entry(&mut self, entry: &[Tlv]) {
        if let Some(name) = tlv::find_bytes(entry, tags::ADF_NAME) {
            self.add_candidate(name, entry);
        }
    }

    fn add_candidate(&mut self, name: &[u8], described_by: &[Tlv]) {
        let known = self.card.candidates.iter().any(|c| c.name == name);
        let (Some(supported), false) = (aid::supported(name), known) else { return };
        if self.card.candidates.len() >= MAX_CANDIDATES {
            return;
        }
        let (label, preferred_name) = names(described_by);
        let priority = tlv::find_bytes(described_by, tags::PRIORITY).and_then(|b| b.first().copied());
        self.card.candidates.push(Candidate {
            name: name.to_vec(),
            label,
            preferred_name,
            priority: priority.unwrap_or(0),
            scheme: supported.scheme,
            version: supported.version,
        });
    }

    /// 12.3.3: the terminal's applications one by one, from row `row` of its table.
    fn list_applications(&mut self, row: usize) -> Step {
        if row == 0 {
            self.card.candidates.clear();
        }
        match SUPPORTED.get(row) {
            Some(_) => Ok(vec![self.select_listed(row, Occurrence::First)?]),
            None => self.choose(),
        }
    }

    fn select_listed(&mut self, row: usize, occurrence: Occurrence) -> Result<Effect, Stop> {
        let name = SUPPORTED.get(row).map_or(&[][..], |s| s.aid);
        let command = Command::select(name, occurrence).map_err(|_| Stop::Broken)?;
        Ok(self.send(command, Awaiting::ListedApplication { row, occurrence }))
    }

    pub(super) fn on_listed(&mut self, row: usize, occurrence: Occurrence, response: &Response) -> Step {
        let next = row.saturating_add(1);
        match (response.status, occurrence, row) {
            (StatusWord::CARD_BLOCKED, Occurrence::First, 0) => Err(Stop::Refuse(Refusal::Blocked)),
            (StatusWord::OK, _, _) => {
                let Ok(objects) = tlv::parse(&response.data) else { return self.list_applications(next) };
                let wanted = SUPPORTED.get(row).map_or(&[][..], |s| s.aid);
                let Some(name) = tlv::find_bytes(&objects, tags::DF_NAME).filter(|n| n.starts_with(wanted))
                else {
                    return self.list_applications(next);
                };
                let before = self.card.candidates.len();
                self.add_candidate(name, &objects);
                // A longer name may have brothers that begin alike; a card that repeats itself has none.
                if name == wanted || before == self.card.candidates.len() {
                    self.list_applications(next)
                } else {
                    Ok(vec![self.select_listed(row, Occurrence::Next)?])
                }
            }
            // 6283: that application is blocked; the others may not be.
            (_, _, _) => self.list_applications(next),
        }
    }

    /// 12.4: one candidate is taken, of several the holder's choice or the card's order decides.
    pub(super) fn choose(&mut self) -> Step {
        let accepted = &self.policy.accepted_brands;
        self.card.candidates.retain(|c| accepted.contains(&c.scheme));
        self.card.candidates.sort_by_key(Candidate::order);
        if self.card.candidates.is_empty() {
            return Err(Stop::Refuse(Refusal::BrandNotAccepted));
        }
        let asks =
            self.card.candidates.len() > 1 || self.card.candidates.iter().any(Candidate::wants_consent);
        let contact = matches!(self.card.interface, super::Interface::Contact);
        if asks && contact && self.policy.application_choice {
            self.phase = Phase::Choosing;
            let shown = |c: &Candidate| c.preferred_name.clone().unwrap_or_else(|| c.label.clone());
            return Ok(vec![Effect::ChooseApplication(self.card.candidates.iter().map(shown).collect())]);
        }
        // Nobody is asked, so an application that wants consent is taken last.
        let n = self.card.candidates.iter().position(|c| !c.wants_consent()).unwrap_or(0);
        self.select(n)
    }

    pub(super) fn on_application_chosen(&mut self, n: usize) -> Step {
        match self.phase {
            Phase::Choosing if n < self.card.candidates.len() => self.select(n),
            _ => Ok(Vec::new()),
        }
    }

    fn select(&mut self, n: usize) -> Step {
        let chosen = self.card.candidates.remove(n);
        self.card.chosen = Some(chosen);
        Ok(vec![self.select_chosen()?])
    }

    pub(super) fn select_chosen(&mut self) -> Result<Effect, Stop> {
        let name = self.card.chosen.as_ref().map_or(&[][..], |c| &c.name);
        let command = Command::select(name, Occurrence::First).map_err(|_| Stop::Broken)?;
        Ok(self.send(command, Awaiting::Selection))
    }

    /// The chosen application cannot be used: the next one, or none.
    pub(super) fn next_candidate(&mut self, none_left: Refusal) -> Step {
        if self.card.candidates.is_empty() || self.card.earlier.is_some() {
            return Err(Stop::Refuse(none_left));
        }
        self.choose()
    }
}

/// The directory's short file identifier, 1 to 10 (Book 1, 12.2.3).
fn directory_file(control_information: &[u8]) -> Option<u8> {
    let objects = tlv::parse(control_information).ok()?;
    match tlv::find_bytes(&objects, tags::SFI) {
        Some([sfi @ 1..=10]) => Some(*sfi),
        _ => None,
    }
}
