//! The encrypting part of a reader: card data and PINs leave it only under DUKPT keys: of AES (X9.24-3), or, in
//! readers that came before it, of triple DES (X9.24-1).
//!
//! A counter is never used twice, not even over a power cut: counters are reserved in the terminal's store
//! before the first of them is used, a batch at a time; what was reserved and not used is lost, which costs
//! nothing (a reader has two million).

use crate::hardware::DeviceFault;
use crate::limits::COUNTER_BATCH;
use crate::reading::{CardRead, EncryptedCard, EncryptedPin, Reading};
use cardkeys::dukpt::{self, Ksn, Usage};
use cardkeys::pinblock::format0;
use cardkeys::{Key, TdesKey, cardcipher, dukpt_tdes, fingerprint, pinblock};
use emv::Pan;
use emv::bench::Pin;
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use zeroize::Zeroizing;

/// The store could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterFault(pub String);

impl fmt::Display for CounterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the key counters cannot be kept: {}", self.0)
    }
}

impl std::error::Error for CounterFault {}

/// Where the terminal keeps how far a reader's counters are used.
pub trait CounterStore: Send {
    /// The last counter of this reader that may have been used; 0 for a new one.
    fn last_reserved(
        &mut self,
        initial_key_id: [u8; 8],
    ) -> impl Future<Output = Result<u32, CounterFault>> + Send;
    /// Writes down that counters up to this one may have been used. Returns when that is on disk.
    fn reserve_through(
        &mut self,
        initial_key_id: [u8; 8],
        counter: u32,
    ) -> impl Future<Output = Result<(), CounterFault>> + Send;
}

/// The keys that a reader is loaded with.
#[derive(Clone)]
pub struct ReaderKeys {
    /// The keys that encrypt.
    pub scheme: KeyScheme,
    /// The acquirer's key for fingerprints.
    pub fingerprint: Key,
}

/// How a reader encrypts, and with which initial key.
#[derive(Clone)]
pub enum KeyScheme {
    /// AES DUKPT, PIN blocks of format 4.
    Aes {
        /// Which reader key (X9.24-3): base key ID and derivation ID.
        initial_key_id: [u8; 8],
        /// The initial key that belongs to it.
        initial: Key,
    },
    /// Triple DES DUKPT, PIN blocks of format 0.
    Tdes {
        /// Which reader key (X9.24-1); its counter does not matter.
        serial: dukpt_tdes::Ksn,
        /// The initial key that belongs to it.
        initial: dukpt_tdes::ReaderKey,
    },
}

impl KeyScheme {
    /// What names the initial key, whatever the counter.
    const fn id(&self) -> [u8; 8] {
        match self {
            Self::Aes { initial_key_id, .. } => *initial_key_id,
            Self::Tdes { serial, .. } => serial.reader(),
        }
    }

    /// The counter after this one; `None` when the key is used up.
    fn next_counter(&self, counter: u32) -> Option<u32> {
        match self {
            Self::Aes { .. } => dukpt::next_counter(counter),
            Self::Tdes { serial, .. } => Some(serial.with_counter(counter)?.next()?.counter()),
        }
    }
}

impl fmt::Debug for ReaderKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReaderKeys({})", hex::encode_upper(self.scheme.id()))
    }
}

/// What one counter's keys are for.
#[derive(Clone, Copy)]
enum Use {
    Card,
    Pin,
}

/// A key for one use, with its serial number.
enum WorkingKey {
    Aes(Ksn, Key),
    Tdes(dukpt_tdes::Ksn, TdesKey),
}

/// Where the reader gets numbers that nobody can foresee.
pub type Chance = Box<dyn FnMut() -> [u8; 8] + Send>;

/// A reader's keys at work.
pub struct SecureReader<S> {
    keys: ReaderKeys,
    store: S,
    chance: Chance,
    last: Option<u32>,
    ready: VecDeque<u32>,
}

impl<S> fmt::Debug for SecureReader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecureReader({:?}, {} counters ready)", self.keys, self.ready.len())
    }
}

impl<S: CounterStore> SecureReader<S> {
    /// A reader with its keys, the terminal's store of counters and a source of chance.
    pub fn new(keys: ReaderKeys, store: S, chance: Chance) -> Self {
        Self { keys, store, chance, last: None, ready: VecDeque::new() }
    }

    /// Reserves counters until there are enough for one payment with every PIN attempt.
    pub async fn top_up(&mut self) -> Result<(), DeviceFault> {
        let no_key = |fault: CounterFault| DeviceFault::NoKey(fault.to_string());
        let id = self.keys.scheme.id();
        while self.ready.len() < usize::try_from(COUNTER_BATCH).unwrap_or(usize::MAX) {
            let last = match self.last {
                Some(last) => last,
                None => self.store.last_reserved(id).await.map_err(no_key)?,
            };
            let mut batch = Vec::new();
            let mut counter = last;
            for _ in 0..COUNTER_BATCH {
                let Some(next) = self.keys.scheme.next_counter(counter) else { break };
                counter = next;
                batch.push(next);
            }
            if batch.is_empty() {
                return Err(DeviceFault::NoKey("all counters are used; the reader needs a new key".into()));
            }
            self.store.reserve_through(id, counter).await.map_err(no_key)?;
            self.last = Some(counter);
            self.ready.extend(batch);
        }
        Ok(())
    }

    fn next_key(&mut self, wanted: Use) -> Result<WorkingKey, DeviceFault> {
        let none = || DeviceFault::NoKey("no counter is reserved".into());
        let counter = self.ready.pop_front().ok_or_else(none)?;
        let invalid = |invalid: dukpt::InvalidCounter| DeviceFault::NoKey(invalid.to_string());
        match &self.keys.scheme {
            KeyScheme::Aes { initial_key_id, initial } => {
                let ksn = Ksn { initial_key_id: *initial_key_id, counter };
                let usage = match wanted {
                    Use::Card => Usage::DataEncryption,
                    Use::Pin => Usage::PinEncryption,
                };
                Ok(WorkingKey::Aes(ksn, dukpt::working_key(initial, ksn, usage).map_err(invalid)?))
            }
            KeyScheme::Tdes { serial, initial } => {
                let ksn = serial.with_counter(counter).ok_or_else(none)?;
                let usage = match wanted {
                    Use::Card => dukpt_tdes::Usage::DataRequest,
                    Use::Pin => dukpt_tdes::Usage::PinEncryption,
                };
                Ok(WorkingKey::Tdes(ksn, initial.working_key(ksn, usage).map_err(invalid)?))
            }
        }
    }

    /// Encrypts a card that was read: from here on nothing of it is in the clear.
    pub fn seal(&mut self, read: &CardRead, pin: Option<EncryptedPin>) -> Result<Reading, DeviceFault> {
        let plain = Zeroizing::new(read.track2.unmask());
        let (ksn, ciphertext) = match self.next_key(Use::Card)? {
            WorkingKey::Aes(ksn, key) => {
                (ksn.to_bytes().to_vec(), cardcipher::encrypt(&key, plain.as_bytes()))
            }
            WorkingKey::Tdes(ksn, key) => {
                (ksn.to_bytes().to_vec(), cardcipher::tdes::encrypt(&key, plain.as_bytes()))
            }
        };
        let card = EncryptedCard {
            ksn,
            ciphertext,
            fingerprint: fingerprint::fingerprint(&self.keys.fingerprint, &number(read.pan())?).0,
            masked: read.pan().masked(),
            brand: read.brand,
        };
        Ok(Reading {
            entry_mode: read.entry_mode,
            fallback: read.fallback,
            card,
            pin,
            pin_attempt: read.pin_attempt,
            pan_sequence: read.pan_sequence,
            application: read.application.clone(),
            atc: read.atc,
            emv_data: read.emv_data.clone(),
            cvm: read.cvm,
        })
    }

    /// The PIN block for this card: ISO 9564-1 format 4 under AES, format 0 under triple DES.
    pub fn pin_block(&mut self, pin: &Pin, pan: &Pan) -> Result<EncryptedPin, DeviceFault> {
        let bad = |_| DeviceFault::Malfunction("the pad gave something that is no PIN".into());
        let pin = cardkeys::Pin::parse(pin.unmask()).map_err(bad)?;
        let pan = number(pan)?;
        match self.next_key(Use::Pin)? {
            WorkingKey::Aes(ksn, key) => {
                let block = pinblock::encode(&pin, &pan, &key, (self.chance)());
                Ok(EncryptedPin { ksn: ksn.to_bytes().to_vec(), block: block.to_vec() })
            }
            WorkingKey::Tdes(ksn, key) => {
                let too_short = || DeviceFault::Malfunction("the card number is too short for a PIN".into());
                let block = format0::encode(&pin, &pan, &key).ok_or_else(too_short)?;
                Ok(EncryptedPin { ksn: ksn.to_bytes().to_vec(), block: block.to_vec() })
            }
        }
    }
}

/// The same card number in the type of the key arithmetic.
fn number(pan: &Pan) -> Result<cardkeys::Pan, DeviceFault> {
    cardkeys::Pan::parse(pan.unmask()).map_err(|bad| DeviceFault::Malfunction(bad.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::MemoryCounters;
    use crate::reading::{Cvm, EntryMode};
    use cardkeys::test_keys;
    use emv::{Scheme, Track2};

    fn keys() -> ReaderKeys {
        let initial = dukpt::derive_initial_key(&test_keys::bdk(), test_keys::INITIAL_KEY_ID);
        let scheme = KeyScheme::Aes { initial_key_id: test_keys::INITIAL_KEY_ID, initial };
        ReaderKeys { scheme, fingerprint: test_keys::fingerprint() }
    }

    fn reader(store: MemoryCounters) -> SecureReader<MemoryCounters> {
        SecureReader::new(keys(), store, Box::new(|| [7; 8]))
    }

    fn read() -> CardRead {
        CardRead {
            entry_mode: EntryMode::Magstripe,
            fallback: false,
            brand: Scheme::Visa,
            track2: Track2::parse(";4111111111111111=30121010000012345678?").unwrap(),
            pin_attempt: 0,
            pan_sequence: None,
            application: None,
            atc: None,
            emv_data: Vec::new(),
            cvm: Cvm::Signature,
        }
    }

    #[tokio::test]
    async fn the_network_reads_what_the_reader_sealed_and_nobody_else() {
        let mut reader = reader(MemoryCounters::default());
        reader.top_up().await.unwrap();
        let pin = reader.pin_block(&Pin::new("1234").unwrap(), read().pan()).unwrap();
        let sealed = reader.seal(&read(), Some(pin)).unwrap();
        let shown = format!("{sealed:?}");
        assert!(shown.contains("411111*****1111") && !shown.contains("111111111"), "{shown}");

        let initial = dukpt::derive_initial_key(&test_keys::bdk(), test_keys::INITIAL_KEY_ID);
        let serial = |bytes: &[u8]| Ksn::from_bytes(bytes.try_into().unwrap());
        let key = dukpt::working_key(&initial, serial(&sealed.card.ksn), Usage::DataEncryption).unwrap();
        let plain = cardcipher::decrypt(&key, &sealed.card.ciphertext).unwrap();
        assert_eq!(plain.as_slice(), b"4111111111111111=30121010000012345678");
        let pin = sealed.pin.unwrap();
        assert_ne!(pin.ksn, sealed.card.ksn, "one counter, one use");
        let key = dukpt::working_key(&initial, serial(&pin.ksn), Usage::PinEncryption).unwrap();
        let pan = cardkeys::Pan::parse("4111111111111111").unwrap();
        let block: [u8; 16] = pin.block.as_slice().try_into().unwrap();
        assert_eq!(pinblock::decode(&block, &pan, &key).unwrap().expose().as_str(), "1234");
    }

    #[tokio::test]
    async fn an_older_reader_seals_under_triple_des_and_makes_pin_blocks_of_format_0() {
        let bdk = test_keys::tdes_bdk();
        let serial = dukpt_tdes::Ksn::from_bytes([0xFF, 0xFF, 0x98, 0x76, 0x54, 0x32, 0x10, 0xE0, 0, 0]);
        let initial = dukpt_tdes::ReaderKey::derive(&bdk, serial);
        let scheme = KeyScheme::Tdes { serial, initial };
        let keys = ReaderKeys { scheme, fingerprint: test_keys::fingerprint() };
        let store = MemoryCounters::default();
        let mut reader = SecureReader::new(keys.clone(), store.clone(), Box::new(|| [7; 8]));
        reader.top_up().await.unwrap();
        let pin = reader.pin_block(&Pin::new("1234").unwrap(), read().pan()).unwrap();
        let sealed = reader.seal(&read(), Some(pin)).unwrap();
        let ksn = |bytes: &[u8]| dukpt_tdes::Ksn::from_bytes(bytes.try_into().unwrap());
        let (card, pin) = (&sealed.card, sealed.pin.as_ref().unwrap());
        assert_eq!((ksn(&pin.ksn).counter(), ksn(&card.ksn).counter()), (1, 2), "one counter, one use");
        let key = dukpt_tdes::working_key(&bdk, ksn(&card.ksn), dukpt_tdes::Usage::DataRequest).unwrap();
        let plain = cardcipher::tdes::decrypt(&key, &card.ciphertext).unwrap();
        assert_eq!(plain.as_slice(), b"4111111111111111=30121010000012345678");
        let key = dukpt_tdes::working_key(&bdk, ksn(&pin.ksn), dukpt_tdes::Usage::PinEncryption).unwrap();
        let pan = cardkeys::Pan::parse("4111111111111111").unwrap();
        let block: [u8; 8] = pin.block.as_slice().try_into().unwrap();
        assert_eq!(format0::decode(&block, &pan, &key).unwrap().expose().as_str(), "1234");
        // Switched off and on again: no counter comes twice.
        let mut again = SecureReader::new(keys, store, Box::new(|| [7; 8]));
        again.top_up().await.unwrap();
        assert!(ksn(&again.seal(&read(), None).unwrap().card.ksn).counter() > 2);
    }

    #[tokio::test]
    async fn no_counter_is_used_twice_over_a_power_cut() {
        let store = MemoryCounters::default();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..5 {
            // A new reader on the same store is a terminal that was switched off in between.
            let mut reader = reader(store.clone());
            reader.top_up().await.unwrap();
            for _ in 0..3 {
                assert!(seen.insert(reader.seal(&read(), None).unwrap().card.ksn));
            }
        }
    }

    #[tokio::test]
    async fn nothing_is_sealed_before_its_counter_is_written_down() {
        let mut reader = reader(MemoryCounters::failing());
        assert!(matches!(reader.top_up().await, Err(DeviceFault::NoKey(_))));
        assert!(matches!(reader.seal(&read(), None), Err(DeviceFault::NoKey(_))));
    }

    #[tokio::test]
    async fn a_reader_whose_counters_are_used_up_says_so() {
        let mut reader = reader(MemoryCounters::at(0xFFFF_0000));
        assert!(matches!(reader.top_up().await, Err(DeviceFault::NoKey(_))));
    }
}
