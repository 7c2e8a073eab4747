//! What clerk and customer do, and how they go on when a program dies under their hands.
//!
//! The person looks at what the terminal and the reader wait for and does it; nothing is timed. So a flow
//! goes on by itself after any restart, as it would at a counter.

use crate::http;
use crate::nexo::{self, Register, Word};
use crate::town::{TERMINAL, Town};
use anyhow::{Context as _, Result, bail};
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
    /// A payment by the code on the phone of this wallet of the desk.
    Code(i64, &'c str),
    /// Gives the last approved payment back: so many yen, or all that is left.
    Back(Option<i64>),
    /// A register asks for a card payment of so many yen, by nexo over HTTPS.
    Register(i64, Card<'c>),
    /// A register gives the last approved payment back: so many yen, or all that is left, by nexo over HTTPS.
    RegisterBack(Option<i64>),
}

/// What the customer holds ready.
#[derive(Clone, Copy, Debug, Default)]
struct Hand<'c> {
    card: Option<Card<'c>>,
    wallet: Option<&'c str>,
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
    /// The night goes by before the rest.
    pub next_day: bool,
    /// Done while a program may be struck.
    pub acts: &'static [Act<'static>],
}

const CHIP: Card<'static> = Card { name: "visa", how: "insert", pin: Some("1234") };
/// A tap that is approved.
pub const TAP: Card<'static> = Card { name: "jcb", how: "tap", pin: None };
const SWIPE: Card<'static> = Card { name: "visa-stripe", how: "swipe", pin: None };
const LAST: Card<'static> = Card { name: "mastercard", how: "tap", pin: None };

const fn flow(name: &'static str, about: &'static str, acts: &'static [Act<'static>]) -> Flow {
    Flow { name, about, trouble: None, before: &[], next_day: false, acts }
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
    Flow {
        before: &[Act::Pay(930, TAP)],
        ..flow("void", "a card payment given back on its day", &[Act::Back(None)])
    },
    flow("code", "a code that is paid at once", &[Act::Code(1_500, "aoi-paypay")]),
    flow("confirm", "a code whose customer confirms on the phone", &[Act::Code(1_600, "haru-paypay")]),
    flow("code-silent", "paid by code, the answer never comes: found", &[Act::Code(14_243, "aoi-paypay")]),
    flow("code-unheard", "the brand never hears of it: cancelled", &[Act::Code(14_241, "aoi-paypay")]),
    Flow {
        before: &[Act::Code(1_500, "aoi-paypay")],
        ..flow("refund", "a part of a code payment given back", &[Act::Back(Some(600))])
    },
    Flow {
        before: &[Act::Code(14_342, "aoi-paypay")],
        ..flow("refund-silent", "given back by code, the answer never comes", &[Act::Back(Some(600))])
    },
    flow("register", "a register's payment by nexo, chip and PIN", &[Act::Register(1_700, CHIP)]),
    Flow {
        before: &[Act::Register(1_800, CHIP)],
        ..flow("reversal", "a register gives a card payment back whole", &[Act::RegisterBack(None)])
    },
    Flow {
        before: &[Act::Code(1_500, "aoi-paypay")],
        ..flow(
            "reversal-part",
            "a register gives a code payment back, a part and then the rest",
            &[Act::RegisterBack(Some(600)), Act::RegisterBack(None)],
        )
    },
    Flow {
        before: &[Act::Pay(940, TAP)],
        next_day: true,
        ..flow("return", "a card payment returned on a later business day", &[Act::Back(None)])
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
/// When a code is held in front of the scanner again.
const AGAIN: Duration = Duration::from_millis(400);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(4);

/// What the person saw of a payment.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The first final state that the terminal told; it must never change.
    pub last_word: Option<String>,
    /// Whether the terminal ever said that money was taken, or returned by a refund.
    pub taken: bool,
    /// Whether a register was told that no money was taken.
    pub denied: bool,
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
    /// What somebody else began is stopped, so that the own payment can begin.
    pub clears_the_way: bool,
    /// Receipts that were sent by mail.
    pub mailed: usize,
    /// Times that the card of this act was presented.
    presented: u32,
    /// When a code was last held in front of the scanner.
    scanned_at: Option<Instant>,
    /// The newest approved payment.
    approved: Option<String>,
    /// Ids and numbers that were made here.
    minted: u32,
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
            clears_the_way: false,
            mailed: 0,
            presented: 0,
            scanned_at: None,
            approved: None,
            minted: 0,
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
        (self.presented, self.scanned_at) = (0, None);
        let (id, hand) = match act {
            Act::Pay(amount, card) => {
                (self.begin(amount, "card", since)?, Hand { card: Some(card), ..Hand::default() })
            }
            Act::Cancel(amount) => (self.begin(amount, "card", since)?, Hand::default()),
            Act::Code(amount, wallet) => {
                (self.begin(amount, "code", since)?, Hand { wallet: Some(wallet), ..Hand::default() })
            }
            Act::Back(amount) => (self.begin_back(amount, since)?, Hand::default()),
            Act::Register(amount, card) => return self.at_register(amount, card, since),
            Act::RegisterBack(amount) => return self.back_at_register(amount, since),
        };
        let state = self.follow(&id, hand, since)?;
        if state == "approved" && !matches!(act, Act::Back(_)) {
            self.approved = Some(id.clone());
        }
        Ok((id, state))
    }

    /// Does what a payment or refund waits for until it is final.
    fn follow(&mut self, id: &str, hand: Hand<'_>, since: Instant) -> Result<String> {
        loop {
            self.look_around()?;
            if since.elapsed() > ACT {
                bail!("payment {id} does not end: {}", self.shown(id));
            }
            let path = format!("/local/payments/{id}");
            if let Ok(answer) = http::get(self.town.ports.terminal, &path) {
                if answer.status == 404 {
                    bail!("payment {id} was begun and is not in the journal any more");
                }
                let view = answer.json();
                if let Some(state) = self.note(id, &view) {
                    return Ok(state);
                }
                // A card that is not taken this way is not presented for ever.
                let card = hand.card.filter(|_| self.presented < PRESENTED_MOST);
                self.serve(id, &view, Hand { card, ..hand })?;
            }
            crate::tools::pause(LOOK);
        }
    }

    /// An id of our own, in the form of a UUID of version 7.
    fn mint(&mut self) -> String {
        self.minted += 1;
        let now_us = clock::Clock::real().now_us().max(0);
        let (tail, millis) = (now_us % 0x1_0000_0000_0000, now_us / 1_000);
        format!("{:08x}-{:04x}-7{:03x}-8000-{tail:012x}", millis >> 16, millis & 0xffff, self.minted % 0x1000)
    }

    /// Begins to give the last approved payment back, under an id of ours: asked again after every silence,
    /// it is one refund.
    fn begin_back(&mut self, amount: Option<i64>, since: Instant) -> Result<String> {
        let of = self.approved.clone().context("nothing was approved that could be given back")?;
        let id = self.mint();
        let mut asked = json!({ "id": id });
        if let (Some(amount), Some(fields)) = (amount, asked.as_object_mut()) {
            fields.insert("amount".to_owned(), json!(amount));
        }
        loop {
            self.look_around()?;
            if since.elapsed() > ACT {
                bail!("the terminal gives nothing back: {}", self.story.join("\n"));
            }
            match http::post(self.town.ports.terminal, &format!("/local/payments/{of}/refunds"), &asked) {
                Ok(answer) if matches!(answer.status, 200 | 201) => {
                    self.say(format!("refund {id} of {of} begun"));
                    self.seen.entry(id.clone()).or_default();
                    return Ok(id);
                }
                Ok(answer) => {
                    self.say_once(format!("not given back: {} {}", answer.status, answer.body.trim()));
                }
                Err(error) => self.say_once(format!("no answer to the refund: {error:#}")),
            }
            crate::tools::pause(LOOK);
        }
    }

    /// A register asks for a payment; only when the terminal never heard of it, it asks anew.
    fn at_register(&mut self, amount: i64, card: Card<'_>, since: Instant) -> Result<(String, String)> {
        let asked = nexo::Asked::Payment(amount);
        loop {
            let (number, word) = self.told_at_register(&asked, Some(card), since)?;
            let ids = self.news(word, |books| books.payments)?;
            match (word, ids.iter().collect::<Vec<_>>().as_slice()) {
                (Word::Paid, [(id, row)])
                    if self::word(row, "state") == "approved"
                        && row.get("amount").and_then(Value::as_i64) == Some(amount) =>
                {
                    self.approved = Some((*id).clone());
                    return Ok(((*id).clone(), "approved".to_owned()));
                }
                (Word::Paid, rows) => bail!("the register was told of a payment, the journal has {rows:?}"),
                (Word::NotFound, []) | (Word::Busy, _) => {}
                (Word::NotFound, rows) => bail!("{number} is not found, the journal has {rows:?}"),
                (Word::NotPaid | Word::Open, _) => return Ok((number, "not paid".to_owned())),
            }
        }
    }

    /// A register gives back what was approved last, and asks anew when nothing was given back: a refusal
    /// while the terminal or the center is just starting says that no money moved.
    fn back_at_register(&mut self, amount: Option<i64>, since: Instant) -> Result<(String, String)> {
        let of = self.approved.clone().context("nothing was approved that could be given back")?;
        let asked = nexo::Asked::Reversal(of, amount);
        loop {
            let (number, word) = self.told_at_register(&asked, None, since)?;
            let ids = self.news(word, |books| books.refunds)?;
            match (word, ids.iter().collect::<Vec<_>>().as_slice()) {
                (Word::Paid, [(id, row)])
                    if self::word(row, "state") == "approved"
                        && amount.is_none_or(|amount| {
                            row.get("amount").and_then(Value::as_i64) == Some(amount)
                        }) =>
                {
                    return Ok(((*id).clone(), "approved".to_owned()));
                }
                (Word::Paid, rows) => bail!("the register was told of a refund, the journal has {rows:?}"),
                (Word::NotFound, []) | (Word::Busy | Word::NotPaid | Word::Open, _) => {}
                (Word::NotFound, rows) => bail!("{number} is not found, the journal has {rows:?}"),
            }
        }
    }

    /// What the journal has that nobody told us, as the register was told of it.
    fn news(
        &mut self,
        told: Word,
        of: impl Fn(crate::books::Both) -> crate::books::Rows,
    ) -> Result<crate::books::Rows> {
        let mut ids = of(crate::books::terminal(&self.town.folder)?);
        ids.retain(|id, _| !self.seen.contains_key(id));
        for (id, row) in &ids {
            let seen = self.seen.entry(id.clone()).or_default();
            seen.taken = told == Word::Paid;
            seen.denied = told != Word::Paid;
            seen.last_word = (told == Word::Paid).then(|| word(row, "state").to_owned());
        }
        Ok(ids)
    }

    /// A register's message up to a word that is not open. It keeps the number of its message, and after a
    /// silence asks what became of it (docs/integrators/registers).
    fn told_at_register(
        &mut self,
        asked: &nexo::Asked,
        card: Option<Card<'_>>,
        since: Instant,
    ) -> Result<(String, Word)> {
        let register = Register::of(self.town)?;
        self.minted += 1;
        let number = format!("R{:09}", self.minted);
        self.say(format!("register: {number}, {asked:?}"));
        let mut waits = Some(register.begin(&number, asked));
        let word = loop {
            self.look_around()?;
            if since.elapsed() > ACT {
                bail!("the register's message {number} does not end");
            }
            if let Some(card) = card {
                self.serve_reader(card)?;
            }
            let heard = match &waits {
                Some(answer) => match answer.try_recv() {
                    Err(std::sync::mpsc::TryRecvError::Empty) => None,
                    Ok(Ok(word)) => Some(word),
                    Ok(Err(_)) | Err(_) => {
                        self.say("register: no answer");
                        waits = None;
                        None
                    }
                },
                None => register.status(asked, &number, &format!("S{:09}", self.minted)).ok(),
            };
            match heard {
                Some(word) if word.is_open() => waits = None,
                Some(word) => break word,
                None => {}
            }
            self.minted += u32::from(waits.is_none());
            crate::tools::pause(LOOK);
        };
        self.say(format!("register: told {word:?}"));
        Ok((number, word))
    }

    /// Presents the card when the reader waits, whoever asked for it.
    fn serve_reader(&mut self, card: Card<'_>) -> Result<()> {
        let Some(reader) = self.reader() else { return Ok(()) };
        let wanted = word(&reader, "waits_for").to_owned();
        let empty = reader.get("card").is_none_or(Value::is_null);
        if self.presented < PRESENTED_MOST && ((wanted == "card" && empty) || (wanted == "pin" && !empty)) {
            self.present(card, &wanted)?;
        }
        Ok(())
    }

    fn say_once(&mut self, what: String) {
        if self.story.last().is_none_or(|last| !last.contains(&what)) {
            self.say(what);
        }
    }

    /// Begins a payment; when the terminal dies before it answers, its journal says whether it had begun.
    fn begin(&mut self, amount: i64, method: &str, since: Instant) -> Result<String> {
        let asked = json!({ "amount": amount, "method": method });
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
                Ok(answer) if self.clears_the_way && crate::hammer::busy_with(&answer).is_some() => {
                    let id = crate::hammer::busy_with(&answer).unwrap_or_default();
                    let path = format!("/local/payments/{id}/cancel");
                    drop(http::post(self.town.ports.terminal, &path, &json!({})));
                }
                Ok(answer) => self.say_once(format!("not begun: {} {}", answer.status, answer.body.trim())),
                Err(error) => {
                    self.say(format!("no answer to the request: {error:#}"));
                    self.look_around()?;
                    if let Some(id) = self.unknown_to_us()?.into_keys().next() {
                        self.say(format!("the journal has it: {id}"));
                        self.seen.entry(id.clone()).or_default();
                        return Ok(id);
                    }
                }
            }
            crate::tools::pause(LOOK);
        }
    }

    /// Payments of the journal that nobody told us.
    fn unknown_to_us(&self) -> Result<crate::books::Rows> {
        let mut exported = crate::books::terminal(&self.town.folder)?.payments;
        exported.retain(|id, _| !self.seen.contains_key(id));
        Ok(exported)
    }

    /// Keeps what the terminal says; gives the state when it is final.
    fn note(&mut self, id: &str, view: &Value) -> Option<String> {
        let moved = ["money_taken", "money_returned"].map(|key| word(view, key)).concat();
        let (state, taken) = (word(view, "state").to_owned(), moved == "yes");
        let is_final = view.get("is_final").and_then(Value::as_bool) == Some(true);
        self.say_once(format!("{id} is {state}, money {moved}"));
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
    fn serve(&mut self, id: &str, view: &Value, hand: Hand<'_>) -> Result<()> {
        let waits = word(view, "waits_for").to_owned();
        let ports = self.town.ports;
        match (waits.as_str(), hand.card) {
            ("code", _) => {
                if let Some(wallet) = hand.wallet {
                    self.scan(wallet)?;
                }
            }
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
            // Points pay the same sum with the same card: the terminal warns, and it is another sale.
            ("clerk", _) => {
                let path = format!("/local/payments/{id}/continue");
                let answer = http::post(ports.terminal, &path, &json!({}));
                self.say(format!("went on: {:?}", answer.map(|answer| answer.status).ok()));
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

    /// Holds a fresh code of the wallet in front of the scanner; again when nothing came of it.
    fn scan(&mut self, wallet: &str) -> Result<()> {
        if self.scanned_at.is_some_and(|at| at.elapsed() < AGAIN) {
            return Ok(());
        }
        let Ok(answer) = http::get(self.town.ports.desk, "/desk/wallets") else { return Ok(()) };
        let wallets = answer.json();
        let shown = wallets.as_array().into_iter().flatten().find(|shown| word(shown, "name") == wallet);
        let code = word(shown.with_context(|| format!("there is no wallet {wallet}"))?, "code");
        let path = format!("/desk/terminals/{TERMINAL}/scan");
        let answer = http::post(self.town.ports.desk, &path, &json!({ "code": code }));
        self.say(format!("code: {:?}", answer.map(|answer| answer.status).ok()));
        self.scanned_at = Some(Instant::now());
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

    /// Sends the receipt of the payment that the screen shows as approved, and goes back to it.
    pub fn mail_the_receipt(&mut self, address: &str) -> Result<()> {
        self.press("open-mail", "", "name=\"address\"")?;
        self.press("mail", &format!("&address={address}"), "受け付けました")?;
        self.mailed += 1;
        self.press("back", "", "open-mail")
    }

    /// Presses until the page shows what comes of it.
    fn press(&mut self, what: &str, fields: &str, shows: &str) -> Result<()> {
        let (since, at) = (Instant::now(), self.town.ports.terminal);
        let mut pressed = false;
        while since.elapsed() < ACT {
            let page = http::get(at, "/")?.body;
            if pressed && page.contains(shows) {
                return Ok(());
            }
            let rev = page.split_once("data-rev=\"").and_then(|(_, after)| after.split('"').next());
            // A stale revision is a no-op, so a press may be repeated.
            let body = format!("rev={}{fields}", rev.unwrap_or_default());
            pressed = http::submit(at, &format!("/events/{what}"), &body)?.status == 303;
            crate::tools::pause(LOOK);
        }
        bail!("{what} was pressed and {shows:?} is not to be seen");
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
