//! For the tests: a few cards, and a terminal with its reader that makes requests of them.

use crate::cards::Standing;
use crate::code::auth::Credentials;
use crate::code::http::Brands;
use crate::code::rules::Rules;
use crate::faults::Faults;
use crate::host::issuer::{Account, Accounts};
use crate::host::line::Host;
use crate::host::opened::BaseKeys;
use crate::host::tables;
use crate::log::Log;
use cardkeys::dukpt::{self, Ksn, Usage};
use cardkeys::{CardData, Pan, Pin, cardcipher, cryptogram, dukpt_tdes, pinblock, test_keys};
use clock::Clock;
use emv::dictionary::tags;
use emv::tlv;
use iso8583::private::{EncryptedCard, EncryptedPin, KeySerial, OriginalData, SecureData};
use iso8583::{Message, Mti};
use money::Yen;
use std::time::Duration;
use store::Db;

pub(crate) const READER: [u8; 8] = test_keys::INITIAL_KEY_ID;

fn account(name: &str, pan: &str) -> Account {
    Account {
        name: name.into(),
        pan: Pan::parse(pan).unwrap(),
        card_number: emv::Pan::new(pan).unwrap(),
        sequence: 1,
        expiry_yymm: "3012".into(),
        pin: Pin::parse("1234").ok(),
        standing: Standing::Good,
        limit: Yen::new(300_000).unwrap(),
        instalments_max: 24,
        chip: true,
        contactless: true,
        key: std::sync::OnceLock::new(),
    }
}

pub(crate) fn accounts() -> Accounts {
    Accounts::new(vec![
        account("visa", "4111111111111111"),
        Account { standing: Standing::Lost, ..account("lost", "5555555555554444") },
        Account { standing: Standing::Stolen, ..account("stolen", "5105105105105100") },
        Account { standing: Standing::Refused, ..account("refused", "4012888888881881") },
        Account { expiry_yymm: "2610".into(), ..account("expired", "3530111333300000") },
        Account { chip: false, contactless: false, pin: None, ..account("stripe", "378282246310005") },
        Account { instalments_max: 1, contactless: false, ..account("lump", "6200000000000005") },
    ])
}

pub(crate) fn clock() -> Clock {
    Clock::by_hand("2026-11-21T03:00:00Z".parse().unwrap())
}

pub(crate) fn host(folder: &std::path::Path, clock: &Clock) -> Host {
    let url = store::Url::Sqlite(folder.join("networks.sqlite"));
    Host {
        db: Db::open(&url, &tables::migrations(), clock.clone()).unwrap(),
        clock: clock.clone(),
        accounts: accounts(),
        bdk: BaseKeys { aes: test_keys::bdk(), tdes: test_keys::tdes_bdk() },
        issuer_key: test_keys::issuer(),
        magic: true,
        late: Duration::from_secs(30),
        faults: Faults::default(),
        log: Log::new(|| ()),
    }
}

pub(crate) fn brands(folder: &std::path::Path, clock: &Clock) -> Brands {
    let host = host(folder, clock);
    Brands {
        db: host.db,
        clock: clock.clone(),
        rules: Rules::built_in().unwrap(),
        credentials: Credentials::test(),
        magic: true,
        late: Duration::from_secs(30),
        faults: host.faults,
        log: host.log,
    }
}

/// What a request says beside the defaults: ¥880 at once, lump sum, chip, the right PIN.
#[derive(Clone, Copy)]
pub(crate) struct Try<'a> {
    pub(crate) card: &'a str,
    pub(crate) hold: bool,
    pub(crate) rrn: u32,
    pub(crate) amount: u64,
    pub(crate) class: &'a str,
    pub(crate) entry: &'a str,
    pub(crate) pin: Option<&'a str>,
    /// What the chip was told, when it is not the amount.
    pub(crate) chip_amount: Option<u64>,
    /// Reuse this key counter.
    pub(crate) counter: Option<u32>,
    /// A reader with triple DES keys.
    pub(crate) older: bool,
}

impl Default for Try<'_> {
    fn default() -> Self {
        Self {
            card: "visa",
            hold: false,
            rrn: 1,
            amount: 880,
            class: "1000",
            entry: "051",
            pin: Some("1234"),
            chip_amount: None,
            counter: None,
            older: false,
        }
    }
}

#[derive(Default)]
pub(crate) struct Terminal {
    counter: u32,
    stan: u64,
}

impl Terminal {
    pub(crate) fn request(&mut self, asked: &Try<'_>) -> Message {
        self.counter = dukpt::next_counter(self.counter).unwrap();
        let counter = asked.counter.unwrap_or(self.counter);
        let accounts = accounts();
        let account = accounts.named(asked.card).unwrap();
        let mti = if asked.hold { Mti::AUTHORIZATION_REQUEST } else { Mti::FINANCIAL_REQUEST };
        let mut message = self.header(mti, asked.rrn, asked.amount);
        message.set(18, "5999").unwrap().set(22, asked.entry).unwrap().set(25, "00").unwrap();
        message.set(48, asked.class).unwrap();
        if matches!(&asked.entry[..2], "05" | "07") {
            let pin = asked.pin.is_some() && asked.entry.starts_with("05");
            let chip = chip_data(account, asked.chip_amount.unwrap_or(asked.amount), pin, self.counter);
            message.set_bytes(55, &chip).unwrap();
        }
        let secret = if asked.older { older_secret } else { secret }(account, counter, asked.pin);
        message.set_bytes(63, &secret.encode().unwrap()).unwrap();
        message
    }

    pub(crate) fn advice(&mut self, mti: &str, original: &Message) -> Message {
        let rrn = original.text(37).unwrap().parse().unwrap();
        let mut message = self.header(Mti::parse(mti).unwrap(), rrn, original.number(4).unwrap());
        message.set(25, "00").unwrap().set_original(OriginalData::of(original).unwrap()).unwrap();
        if mti.starts_with("042") {
            message.set(39, "68").unwrap();
        }
        message
    }

    /// 0400, 0401 of a payment; with its card read again when `card` is named.
    pub(crate) fn void(&mut self, mti: &str, original: &Message, card: Option<&str>) -> Message {
        let rrn = original.text(37).unwrap().parse().unwrap();
        let message = self.header(Mti::parse(mti).unwrap(), rrn, original.number(4).unwrap());
        self.back(message, original, card)
    }

    /// 0200 with processing code 200000.
    pub(crate) fn give_back(
        &mut self,
        rrn: u32,
        amount: u64,
        original: &Message,
        card: Option<&str>,
    ) -> Message {
        let mut message = self.header(Mti::FINANCIAL_REQUEST, rrn, amount);
        message.set(3, "200000").unwrap().set(48, original.text(37).unwrap()).unwrap();
        self.back(message, original, card)
    }

    fn back(&mut self, mut message: Message, original: &Message, card: Option<&str>) -> Message {
        message.set(25, "00").unwrap().set_original(OriginalData::of(original).unwrap()).unwrap();
        if let Some(card) = card {
            self.counter = dukpt::next_counter(self.counter).unwrap();
            let accounts = accounts();
            let secret = secret(accounts.named(card).unwrap(), self.counter, None);
            message.set(22, "051").unwrap().set_bytes(63, &secret.encode().unwrap()).unwrap();
        }
        message
    }

    pub(crate) fn management(&mut self, code: &str) -> Message {
        self.stan += 1;
        let mut message = Message::new(Mti::NETWORK_REQUEST);
        message.set(7, "1121030000").unwrap().set_number(11, self.stan).unwrap().set(70, code).unwrap();
        message
    }

    fn header(&mut self, mti: Mti, rrn: u32, amount: u64) -> Message {
        self.stan += 1;
        let mut message = Message::new(mti);
        message.set(3, "000000").unwrap().set_number(4, amount).unwrap().set(7, "1121030000").unwrap();
        message.set_number(11, self.stan).unwrap().set(12, "120000").unwrap().set(13, "1121").unwrap();
        message.set(37, &format!("{rrn:012}")).unwrap().set(41, "00000001").unwrap();
        message.set_padded(42, "SHOP1").unwrap().set(49, "392").unwrap();
        message
    }
}

fn secret(account: &Account, counter: u32, pin: Option<&str>) -> SecureData {
    let initial = dukpt::derive_initial_key(&test_keys::bdk(), READER);
    let ksn = Ksn { initial_key_id: READER, counter };
    let data_key = dukpt::working_key(&initial, ksn, Usage::DataEncryption).unwrap();
    let data = CardData::from_pan_and_expiry(account.pan.clone(), &account.expiry_yymm).unwrap();
    let pin_key = dukpt::working_key(&initial, ksn, Usage::PinEncryption).unwrap();
    let card = EncryptedCard {
        ksn: KeySerial::Aes(ksn.to_bytes()),
        ciphertext: cardcipher::encrypt(&data_key, &data.expose_plain()),
    };
    let pin = pin.map(|pin| EncryptedPin::Aes {
        ksn: ksn.to_bytes(),
        block: pinblock::encode(&Pin::parse(pin).unwrap(), &account.pan, &pin_key, [7; 8]),
    });
    SecureData { card: Some(card), pin, fingerprint: None, device_model: None }
}

fn older_secret(account: &Account, counter: u32, pin: Option<&str>) -> SecureData {
    let bdk = test_keys::tdes_bdk();
    let ksn = dukpt_tdes::Ksn::from_bytes([0xFF, 0xFF, 0x98, 0x76, 0x54, 0x32, 0x10, 0xE0, 0, 0]);
    let ksn = ksn.with_counter(counter).unwrap();
    let key = |usage| dukpt_tdes::working_key(&bdk, ksn, usage).unwrap();
    let data = CardData::from_pan_and_expiry(account.pan.clone(), &account.expiry_yymm).unwrap();
    let card = EncryptedCard {
        ksn: KeySerial::Tdes(ksn.to_bytes()),
        ciphertext: cardcipher::tdes::encrypt(&key(dukpt_tdes::Usage::DataRequest), &data.expose_plain()),
    };
    let pin = pin.map(|pin| {
        let key = key(dukpt_tdes::Usage::PinEncryption);
        let block = pinblock::format0::encode(&Pin::parse(pin).unwrap(), &account.pan, &key).unwrap();
        EncryptedPin::Tdes { ksn: ksn.to_bytes(), block }
    });
    SecureData { card: Some(card), pin, fingerprint: None, device_model: None }
}

fn chip_data(account: &Account, amount: u64, pin: bool, counter: u32) -> Vec<u8> {
    let counter = u16::try_from(counter).unwrap().to_be_bytes();
    let amount = emv::numeric::amount(Yen::new(i64::try_from(amount).unwrap()).unwrap());
    let cvm: [u8; 3] = if pin { [0x02, 0x00, 0x00] } else { [0x1F, 0x00, 0x02] };
    let signed: [(emv::Tag, &[u8]); 11] = [
        (tags::AMOUNT, &amount),
        (tags::AMOUNT_OTHER, &[0; 6]),
        (tags::COUNTRY, &[0x03, 0x92]),
        (tags::TVR, &[0; 5]),
        (tags::CURRENCY, &[0x03, 0x92]),
        (tags::DATE, &[0x26, 0x11, 0x21]),
        (tags::TYPE, &[0]),
        (tags::UNPREDICTABLE, &[1, 2, 3, 4]),
        (tags::AIP, &[0x18, 0x00]),
        (tags::ATC, &counter),
        (tags::ISSUER_DATA, &[0x06, 0x01, 0x12, 0x03, 0xA0, 0xB8, 0x00]),
    ];
    let card = cryptogram::card_master_key(&test_keys::issuer(), &account.pan, account.sequence);
    let session = cryptogram::session_key(&card, counter);
    let parts: Vec<&[u8]> = signed.iter().map(|(_, value)| *value).collect();
    let arqc = cryptogram::application_cryptogram(&session, &parts);
    let rest: [(emv::Tag, &[u8]); 4] = [
        (tags::CRYPTOGRAM, &arqc),
        (tags::CRYPTOGRAM_INFO, &[0x80]),
        (tags::CVM_RESULTS, &cvm),
        (tags::DF_NAME, &[0xA0, 0x00, 0x00, 0x00, 0x03, 0x10, 0x10]),
    ];
    signed.iter().chain(&rest).flat_map(|(tag, value)| tlv::encode(*tag, value)).collect()
}

/// Wakes whoever waits for something to happen in the simulators, so that no test sleeps.
#[derive(Clone)]
pub(crate) struct Bell(tokio::sync::watch::Sender<u64>);

impl Bell {
    pub(crate) fn new() -> Self {
        Self(tokio::sync::watch::Sender::new(0))
    }

    pub(crate) fn ring(&self) -> impl Fn() + Send + Sync + 'static {
        let bell = self.0.clone();
        move || bell.send_modify(|rings| *rings += 1)
    }

    /// Waits until `found` finds something, looking again at every ring.
    pub(crate) async fn until<T>(&self, mut found: impl FnMut() -> Option<T>) -> T {
        let mut rings = self.0.subscribe();
        loop {
            rings.borrow_and_update();
            if let Some(found) = found() {
                return found;
            }
            rings.changed().await.unwrap();
        }
    }
}

/// A table of `docs/integrators/test-inputs.md` is what the program says it is.
pub(crate) fn check_section(name: &str, table: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/integrators/test-inputs.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (begin, end) = (format!("<!-- {name}: written by netsim -->\n"), format!("<!-- end of {name} -->"));
    let (head, rest) = text.split_once(&begin).unwrap();
    let (old, tail) = rest.split_once(&end).unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|wish| wish == "1") {
        std::fs::write(path, format!("{head}{begin}{table}{end}{tail}")).unwrap();
        return;
    }
    assert_eq!(old, table, "run the tests of netsim once with UPDATE_EXPECT=1");
}
