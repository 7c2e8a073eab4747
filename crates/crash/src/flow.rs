//! What clerk and customer do, and how they go on when a program dies under their hands.
//!
//! The person looks at what the terminal and the reader wait for and does it; nothing is timed. So a flow
//! goes on by itself after any restart, as it would at a counter.

use crate::http;
use crate::town::{TERMINAL, Town};
use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How the card is presented.
#[derive(Clone, Copy, Debug)]
pub struct Card<'c> {
    /// Of the desk's shelf.
    pub name: &'c str,
    /// `insert`, `tap` or `swipe`.
    pub how: &'c str,
    /// Typed when the pad asks.
    pub pin: Option<&'c str>,
}

/// One thing that is done at the counter.
#[derive(Clone, Copy, Debug)]
pub enum Act<'c> {
    /// A card payment of so many yen.
    Pay(i64, Card<'c>),
    /// A payment that is cancelled before a card comes.
    Cancel(i64),
}

/// A flow.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// Its word on the command line.
    pub name: &'static str,
    /// In a few words.
    pub about: &'static str,
    /// Trouble on the network, as the desk's API names it, for the first message.
    pub trouble: Option<&'static str>,
    /// Done before the calls are counted.
    pub before: &'static [Act<'static>],
    /// Done while a program may be struck.
    pub acts: &'static [Act<'static>],
}

const CHIP: Card<'static> = Card { name: "visa", how: "insert", pin: Some("1234") };
/// A tap that is approved.
pub const TAP: Card<'static> = Card { name: "jcb", how: "tap", pin: None };
const SWIPE: Card<'static> = Card { name: "visa-stripe", how: "swipe", pin: None };
const LAST: Card<'static> = Card { name: "mastercard", how: "tap", pin: None };

const fn flow(name: &'static str, about: &'static str, acts: &'static [Act<'static>]) -> Flow {
    Flow { name, about, trouble: None, before: &[], acts }
}

/// Every flow.
pub const FLOWS: &[Flow] = &[
    flow("chip", "chip and PIN", &[Act::Pay(880, CHIP)]),
    flow("tap", "contactless", &[Act::Pay(700, TAP)]),
    flow("swipe", "stripe and signature: held, signed, completed", &[Act::Pay(1_200, SWIPE)]),
    flow("cancel", "cancelled before a card comes", &[Act::Cancel(640)]),
    flow("refused", "refused by the issuer", &[Act::Pay(14_051, TAP)]),
    Flow {
        trouble: Some("drop_answer"),
        ..flow("silent", "charged, the answer never comes: in doubt, reversed", &[Act::Pay(910, TAP)])
    },
    Flow {
        trouble: Some("drop_request"),
        ..flow("unheard", "the request is lost: in doubt, reversed unseen", &[Act::Pay(920, TAP)])
    },
];

/// The flow of a name.
pub fn named(name: &str) -> Option<&'static Flow> {
    FLOWS.iter().find(|flow| flow.name == name)
}

/// How long one act may take to its end, restarts included.
const ACT: Duration = Duration::from_mins(1);
/// How long the disk stays full.
const FULL: Duration = Duration::from_millis(1_500);
/// How often a card is presented in one act; a restart of the terminal asks for it again.
const PRESENTED_MOST: u32 = 12;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(4);

/// What the person saw of a payment.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The first final state that the terminal told; it must never change.
    pub last_word: Option<String>,
    /// Whether the terminal ever said that money was taken.
    pub taken: bool,
}

/// Who stands at the counter.
pub struct Person<'a> {
    /// The town.
    pub town: &'a mut Town,
    /// Payments by id.
    pub seen: BTreeMap<String, Seen>,
    /// What was done and seen, for the story.
    pub story: Vec<String>,
    /// A power cut: nobody goes on after the call was struck.
    pub leaves_when_struck: bool,
    /// Times that the card of this act was presented.
    presented: u32,
    begun: Instant,
    struck_at: Option<Instant>,
}

impl<'a> Person<'a> {
    /// Steps up to the counter.
    pub fn new(town: &'a mut Town) -> Self {
        Self {
            town,
            seen: BTreeMap::new(),
            story: Vec::new(),
            leaves_when_struck: false,
            presented: 0,
            begun: Instant::now(),
            struck_at: None,
        }
    }

    /// Adds to the story.
    pub fn say(&mut self, what: impl AsRef<str>) {
        let at = self.begun.elapsed().as_millis();
        self.story.push(format!("{at:>6} ms  {}", what.as_ref()));
    }

    /// Looks around before doing anything: who is dead is started again, a full disk is emptied after a
    /// while.
    pub(crate) fn look_around(&mut self) -> Result<()> {
        if self.leaves_when_struck && self.town.was_struck()? {
            bail!("the power is cut");
        }
        if self.town.revive()? {
            self.say("a program was dead and was started again");
        }
        if self.town.was_struck()? {
            let since = *self.struck_at.get_or_insert_with(Instant::now);
            if since.elapsed() > FULL {
                self.town.calm()?;
            }
        }
        Ok(())
    }

    /// Does one act to its end and gives the payment's id and final state.
    pub fn act(&mut self, act: Act<'_>) -> Result<(String, String)> {
        let since = Instant::now();
        let (amount, card) = match act {
            Act::Pay(amount, card) => (amount, Some(card)),
            Act::Cancel(amount) => (amount, None),
        };
        self.presented = 0;
        let id = self.begin(amount, since)?;
        loop {
            self.look_around()?;
            if since.elapsed() > ACT {
                bail!("payment {id} does not end: {}", self.shown(&id));
            }
            let path = format!("/local/payments/{id}");
            if let Ok(answer) = http::get(self.town.ports.terminal, &path) {
                if answer.status == 404 {
                    bail!("payment {id} was begun and is not in the journal any more");
                }
                let view = answer.json();
                if let Some(state) = self.note(&id, &view) {
                    return Ok((id, state));
                }
                // A card that is not taken this way is not presented for ever.
                let card = card.filter(|_| self.presented < PRESENTED_MOST);
                self.serve(&id, &view, card)?;
            }
            crate::tools::pause(LOOK);
        }
    }

    /// Begins a payment; when the terminal dies before it answers, its journal says whether it had begun.
    fn begin(&mut self, amount: i64, since: Instant) -> Result<String> {
        let asked = json!({ "amount": amount, "method": "card" });
        loop {
            self.look_around()?;
            if since.elapsed() > ACT {
                bail!("the terminal takes no payment of {amount} yen: {}", self.story.join("\n"));
            }
            match http::post(self.town.ports.terminal, "/local/payments", &asked) {
                Ok(answer) if answer.status == 201 => {
                    let id = word(&answer.json(), "id").to_owned();
                    self.say(format!("payment {id} of {amount} yen begun"));
                    self.seen.entry(id.clone()).or_default();
                    return Ok(id);
                }
                Ok(answer) => {
                    let detail = format!("not begun: {} {}", answer.status, answer.body.trim());
                    if self.story.last().is_none_or(|last| !last.contains(&detail)) {
                        self.say(detail);
                    }
                }
                Err(error) => {
                    self.say(format!("no answer to the request: {error:#}"));
                    self.look_around()?;
                    if let Some(id) = self.unknown_to_us()? {
                        self.say(format!("the journal has it: {id}"));
                        self.seen.entry(id.clone()).or_default();
                        return Ok(id);
                    }
                }
            }
            crate::tools::pause(LOOK);
        }
    }

    /// A payment of the journal that nobody told us.
    fn unknown_to_us(&self) -> Result<Option<String>> {
        let exported = crate::books::terminal(&self.town.folder)?;
        Ok(exported.into_keys().find(|id| !self.seen.contains_key(id)))
    }

    /// Keeps what the terminal says; gives the state when it is final.
    fn note(&mut self, id: &str, view: &Value) -> Option<String> {
        let (state, taken) = (word(view, "state").to_owned(), word(view, "money_taken") == "yes");
        let is_final = view.get("is_final").and_then(Value::as_bool) == Some(true);
        let text = format!("{id} is {state}, money taken {}", word(view, "money_taken"));
        if self.story.last().is_none_or(|last| !last.contains(&text)) {
            self.say(text);
        }
        let seen = self.seen.entry(id.to_owned()).or_default();
        seen.taken |= taken;
        if !is_final {
            return None;
        }
        seen.last_word.get_or_insert_with(|| state.clone());
        Some(state)
    }

    fn shown(&self, id: &str) -> String {
        let path = format!("/local/payments/{id}");
        http::get(self.town.ports.terminal, &path)
            .map_or_else(|error| error.to_string(), |answer| answer.body)
    }

    /// Does what is waited for.
    fn serve(&mut self, id: &str, view: &Value, card: Option<Card<'_>>) -> Result<()> {
        let waits = word(view, "waits_for").to_owned();
        let ports = self.town.ports;
        match (waits.as_str(), card) {
            ("card" | "pin", None) => {
                let path = format!("/local/payments/{id}/cancel");
                let answer = http::post(ports.terminal, &path, &json!({}));
                self.say(format!("cancelled: {:?}", answer.map(|answer| answer.status).ok()));
            }
            ("card" | "pin", Some(card)) => {
                let Some(reader) = self.reader() else { return Ok(()) };
                let wanted = word(&reader, "waits_for");
                let empty = reader.get("card").is_none_or(Value::is_null);
                if (wanted == "card" && empty) || (wanted == "pin" && !empty && waits == "pin") {
                    self.present(card, wanted)?;
                }
            }
            ("signature", _) => {
                let strokes = json!({ "strokes": [[[20, 150], [120, 40], [220, 160], [470, 60]]] });
                let path = format!("/local/payments/{id}/signature");
                let answer = http::post(ports.terminal, &path, &strokes);
                self.say(format!("signed: {:?}", answer.map(|answer| answer.status).ok()));
            }
            _ => {}
        }
        Ok(())
    }

    fn reader(&self) -> Option<Value> {
        let all = http::get(self.town.ports.desk, "/desk/terminals").ok()?.json();
        all.as_array()?.iter().find(|shown| word(shown, "id") == TERMINAL).cloned()
    }

    /// Gives the card; the desk types its PIN as soon as the pad asks. While the pad asks, the same call
    /// types the PIN of the card that is in the slot.
    fn present(&mut self, card: Card<'_>, wanted: &str) -> Result<()> {
        self.presented += 1;
        let mut body = json!({ "card": card.name, "how": card.how });
        if let (Some(pin), Some(fields)) = (card.pin, body.as_object_mut()) {
            fields.insert("pin".to_owned(), json!(pin));
        } else if wanted == "pin" {
            bail!("the pad asks for a PIN that {} does not have", card.name);
        }
        let path = format!("/desk/terminals/{TERMINAL}/present");
        let answer = http::post(self.town.ports.desk, &path, &body);
        self.say(format!("{wanted}: {:?}", answer.map(|answer| answer.status).ok()));
        Ok(())
    }

    /// Life goes on: a last customer's payment must be approved, at the latest after some tries.
    pub fn last_customer(&mut self) -> Result<()> {
        let since = Instant::now();
        self.town.calm()?;
        drop(http::delete(self.town.ports.desk, "/desk/faults"));
        while since.elapsed() < ACT {
            let (_, state) = self.act(Act::Pay(300, LAST))?;
            if state == "approved" {
                return Ok(());
            }
        }
        bail!("no payment is approved any more")
    }
}

/// A text of a JSON object; empty when there is none.
pub fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
