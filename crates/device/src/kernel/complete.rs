//! After the host: issuer authentication, scripts, second GENERATE AC (EMV 4.4 Book 3, 10.9 to 10.11).

use super::card::{Awaiting, Interface, ScriptCommand};
use super::{Effect, Kernel, Phase};
use crate::limits::{MAX_PIN_ATTEMPTS, MAX_SCRIPT_COMMANDS};
use crate::verdict::{CardVerdict, Closing, Dissent, HostAnswer, HostDecision};
use emv::apdu::{Command, Response};
use emv::bits::{Cryptogram, Tsi, Tvr};
use emv::dictionary::tags;
use emv::dol::Dol;
use emv::tlv::{self, Tlv};
use std::collections::VecDeque;

impl Kernel {
    pub(super) fn on_host(&mut self, answer: HostAnswer) -> Vec<Effect> {
        if !matches!(self.phase, Phase::Online) {
            return Vec::new();
        }
        let chip = matches!(self.card.interface, Interface::Contact) && self.card.chosen.is_some();
        let decision = answer.decision;
        (self.card.scripts, self.card.script_results) = read_scripts(&answer.scripts);
        self.card.host = Some(answer);
        if !chip {
            // A tapped card has gone, a stripe says no more: the host's word is the last.
            return self.finish(decision, None);
        }
        if !self.card.inserted {
            return self.card_gone_after_host();
        }
        self.authenticate_issuer()
    }

    fn authenticate_issuer(&mut self) -> Vec<Effect> {
        let proof = self.card.host.as_ref().map(|a| a.issuer_authentication.clone()).unwrap_or_default();
        if proof.is_empty() {
            return self.scripts_then_second_ac();
        }
        self.card.tsi.set(Tsi::ISSUER_AUTHENTICATION);
        // 10.9: by its own command when the interchange profile says so, else inside the second
        // GENERATE AC, when the card's second list asks for it.
        match Command::external_authenticate(&proof) {
            Ok(command) if self.card.aip.issuer_authentication() => {
                vec![self.send(command, Awaiting::ExternalAuthenticate)]
            }
            _ => self.scripts_then_second_ac(),
        }
    }

    pub(super) fn on_external_authenticate(&mut self, response: Option<&Response>) -> Vec<Effect> {
        match response {
            Some(answer) if answer.status.is_ok() => self.card.issuer_authenticated = true,
            Some(_) => self.card.tvr.set(Tvr::ISSUER_AUTHENTICATION_FAILED),
            None => return self.card_broken_after_host(),
        }
        self.scripts_then_second_ac()
    }

    fn scripts_then_second_ac(&mut self) -> Vec<Effect> {
        if self.card.scripts.front().is_some_and(|c| c.before_second_ac) {
            return self.send_script_command();
        }
        self.second_ac()
    }

    fn send_script_command(&mut self) -> Vec<Effect> {
        self.card.tsi.set(Tsi::SCRIPTS);
        let parsed = self.card.scripts.front().map(|c| Command::parse(&c.bytes));
        match parsed {
            Some(Ok(command)) => vec![self.send(command, Awaiting::Script)],
            // A command that is none counts as failed without being sent.
            Some(Err(_)) | None => self.on_script(Some(&Response::only(emv::apdu::StatusWord::BROKEN))),
        }
    }

    /// 10.10: warnings go on; an error ends that script. The result names the command that failed.
    pub(super) fn on_script(&mut self, response: Option<&Response>) -> Vec<Effect> {
        let Some(response) = response else { return self.card_broken_after_host() };
        let Some(sent) = self.card.scripts.pop_front() else { return self.second_ac() };
        let good = response.status.is_ok() || response.status.is_warning();
        let last = self.card.scripts.front().is_none_or(|next| next.script != sent.script);
        if !good {
            self.card.scripts.retain(|c| c.script != sent.script);
            let failed =
                if sent.before_second_ac { Tvr::SCRIPT_FAILED_BEFORE } else { Tvr::SCRIPT_FAILED_AFTER };
            self.card.tvr.set(failed);
        }
        if let Some([result, ..]) = self.card.script_results.get_mut(sent.script) {
            *result = match (good, last) {
                (false, _) => 0x10 | sent.number.min(0x0F),
                (true, true) => 0x20,
                (true, false) => *result,
            };
        }
        let (before, left) = (sent.before_second_ac, self.card.scripts.front().map(|c| c.before_second_ac));
        match (before, left) {
            (true, Some(true)) | (false, Some(_)) => self.send_script_command(),
            (true, Some(false) | None) => self.second_ac(),
            (false, None) => self.finish_chip(),
        }
    }

    fn second_ac(&mut self) -> Vec<Effect> {
        let approved = self.card.host.as_ref().is_some_and(|a| a.decision == HostDecision::Approved);
        let kind = if approved { Cryptogram::Tc } else { Cryptogram::Aac };
        let list = self.card.objects.get(tags::CDOL2).and_then(|list| Dol::parse(list).ok());
        let command = list.and_then(|list| Command::generate_ac(kind, &self.fill(&list)).ok());
        match command {
            Some(command) => vec![self.send(command, Awaiting::SecondAc)],
            None => self.card_broken_after_host(),
        }
    }

    pub(super) fn on_second_ac(&mut self, response: Option<&Response>) -> Vec<Effect> {
        let Some(Ok(_)) = response.map(|r| self.read_cryptogram(r)) else {
            return self.card_broken_after_host();
        };
        // A card whose list asked for the issuer's proof checked it in this command (10.9).
        let in_second_ac = self
            .card
            .objects
            .get(tags::CDOL2)
            .and_then(|list| Dol::parse(list).ok())
            .is_some_and(|list| list.asks_for(tags::ISSUER_AUTH));
        let agreed = self.cryptogram_kind().is_ok_and(|g| g.kind == Cryptogram::Tc);
        let had_proof = self.card.host.as_ref().is_some_and(|a| !a.issuer_authentication.is_empty());
        self.card.issuer_authenticated |= in_second_ac && agreed && had_proof;
        if self.card.scripts.is_empty() { self.finish_chip() } else { self.send_script_command() }
    }

    fn finish_chip(&mut self) -> Vec<Effect> {
        let agreed = self.cryptogram_kind().is_ok_and(|g| g.kind == Cryptogram::Tc);
        let decision = self.card.host.as_ref().map_or(HostDecision::NoAnswer, |a| a.decision);
        let dissent = (decision == HostDecision::Approved && !agreed).then_some(Dissent::CardRefused);
        self.finish(decision, dissent)
    }

    pub(super) fn card_gone_after_host(&mut self) -> Vec<Effect> {
        let decision = self.card.host.as_ref().map_or(HostDecision::NoAnswer, |a| a.decision);
        self.finish(decision, Some(Dissent::CardRemoved))
    }

    fn card_broken_after_host(&mut self) -> Vec<Effect> {
        let decision = self.card.host.as_ref().map_or(HostDecision::NoAnswer, |a| a.decision);
        self.finish(decision, Some(Dissent::CardBroken))
    }

    fn finish(&mut self, decision: HostDecision, dissent: Option<Dissent>) -> Vec<Effect> {
        let closing = self.closing();
        let verdict = match (decision, dissent) {
            (HostDecision::Approved, None) => CardVerdict::Approved(closing),
            (HostDecision::Approved, Some(why)) => CardVerdict::NotHonoured(why, closing),
            (HostDecision::NoAnswer, _) => CardVerdict::Unanswered(closing),
            (HostDecision::WrongPin, None) if self.may_try_again() => return self.try_again(closing),
            (HostDecision::WrongPin | HostDecision::Declined, _) => CardVerdict::Declined(closing),
        };
        self.done(verdict)
    }

    fn may_try_again(&self) -> bool {
        self.card.pin_entered && self.card.inserted && self.card.attempt < MAX_PIN_ATTEMPTS
    }

    /// 106: the PIN may be entered again. For the chip that is a new transaction.
    fn try_again(&mut self, closing: Closing) -> Vec<Effect> {
        self.card.again(closing);
        match self.select_chosen() {
            Ok(effect) => vec![effect],
            Err(stop) => self.stop(stop),
        }
    }

    fn closing(&self) -> Closing {
        let chip = self.card.chosen.is_some();
        let mut emv_data = if chip { self.issuer_data() } else { Vec::new() };
        if !self.card.script_results.is_empty() {
            let results = Tlv::bytes(tags::SCRIPT_RESULTS, self.card.script_results.concat());
            emv_data.extend(tlv::write(&[results]));
        }
        Closing { emv_data, issuer_authenticated: self.card.issuer_authenticated }
    }
}

/// The commands of all scripts, those of templates 71 first, and a result for each script: "not
/// performed" and its identifier (tag 9F18; Book 4, annex A5). What is malformed is no script.
fn read_scripts(scripts: &[u8]) -> (VecDeque<ScriptCommand>, Vec<[u8; 5]>) {
    let objects = tlv::parse(scripts).unwrap_or_default();
    let ordered = [tags::SCRIPT_1, tags::SCRIPT_2].map(|tag| objects.iter().filter(move |o| o.tag == tag));
    let (mut commands, mut results) = (VecDeque::new(), Vec::new());
    for (script, template) in ordered.into_iter().flatten().enumerate() {
        let id =
            tlv::find_bytes(template.inner(), tags::SCRIPT_ID).and_then(|b| b.first_chunk::<4>().copied());
        let [a, b, c, d] = id.unwrap_or_default();
        results.push([0, a, b, c, d]);
        let bodies = template.inner().iter().filter(|o| o.tag == tags::SCRIPT_COMMAND);
        for (number, body) in (1_u8..).zip(bodies) {
            commands.push_back(ScriptCommand {
                script,
                before_second_ac: template.tag == tags::SCRIPT_1,
                number,
                bytes: body.primitive().unwrap_or_default().to_vec(),
            });
        }
    }
    commands.truncate(MAX_SCRIPT_COMMANDS);
    (commands, results)
}
