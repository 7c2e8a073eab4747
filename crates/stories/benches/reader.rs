//! Requests made beforehand: the product's own kernel and encrypting reader read simulated cards, whose
//! cryptograms and keys the network will really verify; the terminal signs.

use crate::cast::Terminal;
use anyhow::{Context, Result, bail};
use cardkeys::{dukpt, test_keys};
use center_api::signature::{
    COUNTER_HEADER, Covered, DIGEST_HEADER, INPUT_HEADER, SIGNATURE_HEADER, TERMINAL_HEADER, sign,
};
use center_api::{CardData, EncryptedPin, PaymentRequest};
use device::fakes::{AtPad, FakeReader, MemoryCounters};
use device::hardware::CardEvent;
use device::secure_reader::{KeyScheme, ReaderKeys};
use device::{Deal, ReaderPolicy, Reading, SecureReader, Session, TerminalData, Turn};
use emv::Scheme;
use money::Yen;
use netsim::cards::{Card, Way, shelf};
use payment::{Brand, Cvm, EntryMode, MaskedPan, Method, PaymentClass, PaymentId};
use std::sync::{Arc, Mutex, PoisonError};

const PATH: &str = "/api/v1/payments";

/// A whole HTTP request, ready to be written.
pub(crate) struct Prepared {
    pub(crate) bytes: Vec<u8>,
    pub(crate) yen: i64,
}

/// A terminal with its reader and the cards of its customers.
pub(crate) struct Till {
    terminal: Terminal,
    secure: SecureReader<MemoryCounters>,
    cards: Vec<Arc<Mutex<Card>>>,
    pins: Vec<emv::bench::Pin>,
    counter: i64,
}

impl Till {
    pub(crate) fn new(terminal: &Terminal) -> Result<Self> {
        let keys = ReaderKeys {
            scheme: KeyScheme::Aes {
                initial_key_id: terminal.reader_key,
                initial: dukpt::derive_initial_key(&test_keys::bdk(), terminal.reader_key),
            },
            fingerprint: test_keys::fingerprint(),
        };
        let wanted = |name: &str| ["visa", "mastercard", "jcb"].contains(&name);
        let profiles: Vec<_> = shelf()?.into_iter().filter(|profile| wanted(&profile.name)).collect();
        let pins = profiles.iter().filter_map(|profile| profile.pin.clone()).collect();
        let issuer = test_keys::issuer();
        let cards =
            profiles.into_iter().map(|profile| Arc::new(Mutex::new(Card::new(profile, &issuer)))).collect();
        let secure = SecureReader::new(keys, MemoryCounters::default(), Box::new(|| [9; 8]));
        Ok(Self { terminal: terminal.clone(), secure, cards, pins, counter: 0 })
    }

    /// The next payment of this terminal, to a center on `port`.
    pub(crate) async fn prepare(&mut self, id: PaymentId, port: u16) -> Result<Prepared> {
        let request = self.request(id).await?;
        let body = serde_json::to_vec(&request)?;
        Ok(Prepared { bytes: self.signed(&body, port), yen: request.amount.get() })
    }

    /// What it asks for. By turns a card is inserted, with its PIN, and tapped.
    pub(crate) async fn request(&mut self, id: PaymentId) -> Result<PaymentRequest> {
        self.counter += 1;
        let turn = usize::try_from(self.counter)?;
        let amount = Yen::new(100 + self.counter.rem_euclid(137) * 100)?;
        let way = if turn.is_multiple_of(2) { Way::Insert } else { Way::Tap };
        let reading = self.read(amount, way, turn / 2).await?;
        Ok(PaymentRequest {
            id,
            amount,
            method: Method::Card,
            class: PaymentClass::Lump,
            slip_no: self.counter.rem_euclid(9999) + 1,
            note: None,
            tax: None,
            operator: None,
            started_at_us: 0,
            signature_follows: false,
            card: Some(card_data(&reading, &self.terminal.reader)?),
            code: None,
        })
    }

    async fn read(&mut self, amount: Yen, way: Way, turn: usize) -> Result<Reading> {
        let kind = turn % self.cards.len().max(1);
        let card = self.cards.get(kind).context("no card")?;
        let pin = self.pins.get(kind).context("no PIN")?.clone();
        let mut reader = FakeReader { at_pad: [AtPad::Pin(pin)].into(), ..FakeReader::default() };
        {
            let mut card = card.lock().unwrap_or_else(PoisonError::into_inner);
            let event = if way == Way::Insert {
                CardEvent::Inserted { atr: card.insert().unwrap_or_default() }
            } else {
                card.tap();
                CardEvent::Tapped
            };
            reader.events.push_back(event);
        }
        let answering = Arc::clone(card);
        reader.card = Some(Box::new(move |command| {
            Some(answering.lock().unwrap_or_else(PoisonError::into_inner).apdu(command))
        }));
        let number = u32::try_from(self.counter)?;
        let [a, b, c, d] = number.to_be_bytes();
        let at = clock::Clock::real().now();
        let deal = Deal::new(amount, at, number, || [a ^ 0xBF, b, c, d]);
        let tail = self.terminal.id.get(4..).unwrap_or_default();
        let data = TerminalData {
            terminal_id: tail.to_owned(),
            merchant_id: self.terminal.shop.clone(),
            merchant_name: "CHOBA".into(),
            merchant_category: 5999,
            reader_serial: self.terminal.reader.clone(),
        };
        let (policy, secure) = (ReaderPolicy::default(), &mut self.secure);
        let mut session =
            Session::start(&mut reader, secure, policy, data, deal, "ja", Box::new(|_| ())).await?;
        match session.next().await? {
            Turn::Online(reading) => Ok(*reading),
            other => bail!("a card was not read: {other:?}"),
        }
    }

    fn signed(&self, body: &[u8], port: u16) -> Vec<u8> {
        let terminal = &self.terminal;
        let covered = Covered {
            method: "POST",
            path: PATH,
            query: "",
            terminal: &terminal.id,
            counter: self.counter,
            body,
        };
        let headers = sign(&terminal.key, &covered, clock::Clock::real().now().as_second());
        let mut bytes = format!(
            "POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\naccept-language: ja\r\n{DIGEST_HEADER}: {}\r\n{TERMINAL_HEADER}: {}\r\n\
             {COUNTER_HEADER}: {}\r\n{INPUT_HEADER}: {}\r\n{SIGNATURE_HEADER}: {}\r\n\r\n",
            body.len(),
            headers.digest,
            terminal.id,
            self.counter,
            headers.input,
            headers.signature
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }
}

/// The next `each` payments of every terminal, made in the order in which they would be taken.
pub(crate) async fn prepare(tills: &mut [Till], each: usize, port: u16) -> Result<Vec<Vec<Prepared>>> {
    let clock = clock::Clock::real();
    let mut work: Vec<Vec<Prepared>> = tills.iter().map(|_| Vec::with_capacity(each)).collect();
    for _ in 0..each {
        for (till, line) in tills.iter_mut().zip(&mut work) {
            let mut random = [0; 10];
            getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
            let id = PaymentId::mint(clock.now_us(), random);
            line.push(till.prepare(id, port).await?);
        }
    }
    Ok(work)
}

/// A reading in the words of the wire, as the terminal writes it.
fn card_data(reading: &Reading, serial: &str) -> Result<CardData> {
    let masked = &reading.card.masked;
    Ok(CardData {
        entry_mode: match reading.entry_mode {
            device::EntryMode::ContactIc => EntryMode::ContactIc,
            device::EntryMode::Magstripe => EntryMode::Magstripe,
            device::EntryMode::Contactless => EntryMode::Contactless,
        },
        fallback: reading.fallback,
        brand: match reading.card.brand {
            Scheme::Mastercard => Brand::Mastercard,
            Scheme::Jcb => Brand::Jcb,
            _ => Brand::Visa,
        },
        pan: MaskedPan::new(&masked.bin6, &masked.last4).context("a masked number")?,
        cvm: match reading.cvm {
            device::Cvm::Pin => Cvm::Pin,
            _ => Cvm::NoCvm,
        },
        pan_seq: reading.pan_sequence.map(|sequence| format!("{sequence:02}")),
        aid: reading.application.as_ref().map(|application| application.aid.to_string()),
        app_label: reading.application.as_ref().map(|application| application.label.clone()),
        atc: reading.atc_hex(),
        emv: hex::encode(&reading.emv_data),
        ksn: hex::encode(&reading.card.ksn),
        ciphertext: hex::encode(&reading.card.ciphertext),
        fingerprint: hex::encode(reading.card.fingerprint),
        pin: reading
            .pin
            .as_ref()
            .map(|pin| EncryptedPin { ksn: hex::encode(&pin.ksn), block: hex::encode(&pin.block) }),
        reader_serial: serial.to_owned(),
    })
}
