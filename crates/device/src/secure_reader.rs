//! The encrypting part of a reader: card data and PINs leave it only under AES DUKPT keys (X9.24-3).
//!
//! A counter is never used twice, not even over a power cut: counters are reserved in the terminal's store
//! before the first of them is used, a batch at a time; what was reserved and not used is lost, which costs
//! nothing (a reader has two million).

use crate::hardware::DeviceFault;
use crate::limits::COUNTER_BATCH;
use crate::reading::{CardRead, EncryptedCard, EncryptedPin, Reading};
use cardkeys::dukpt::{self, Ksn, Usage};
use cardkeys::{Key, cardcipher, fingerprint, pinblock};
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
    /// Which reader key (X9.24-3): base key ID and derivation ID.
    pub initial_key_id: [u8; 8],
    /// The initial key that belongs to it.
    pub initial: Key,
    /// The acquirer's key for fingerprints.
    pub fingerprint: Key,
}

impl fmt::Debug for ReaderKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReaderKeys({})", hex::encode_upper(self.initial_key_id))
    }
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
        let id = self.keys.initial_key_id;
        while self.ready.len() < usize::try_from(COUNTER_BATCH).unwrap_or(usize::MAX) {
            let last = match self.last {
                Some(last) => last,
                None => self.store.last_reserved(id).await.map_err(no_key)?,
            };
            let mut batch = Vec::new();
            let mut counter = last;
            for _ in 0..COUNTER_BATCH {
                let Some(next) = dukpt::next_counter(counter) else { break };
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

    fn next_key(&mut self, usage: Usage) -> Result<(Ksn, Key), DeviceFault> {
        let none = || DeviceFault::NoKey("no counter is reserved".into());
        let counter = self.ready.pop_front().ok_or_else(none)?;
        let ksn = Ksn { initial_key_id: self.keys.initial_key_id, counter };
        let key = dukpt::working_key(&self.keys.initial, ksn, usage)
            .map_err(|invalid| DeviceFault::NoKey(invalid.to_string()))?;
        Ok((ksn, key))
    }

    /// Encrypts a card that was read: from here on nothing of it is in the clear.
    pub fn seal(&mut self, read: &CardRead, pin: Option<EncryptedPin>) -> Result<Reading, DeviceFault> {
        let (ksn, key) = self.next_key(Usage::DataEncryption)?;
        let plain = Zeroizing::new(read.track2.unmask());
        let card = EncryptedCard {
            ksn: ksn.to_bytes(),
            ciphertext: cardcipher::encrypt(&key, plain.as_bytes()),
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

    /// The PIN block of ISO 9564-1 format 4 for this card.
    pub fn pin_block(&mut self, pin: &Pin, pan: &Pan) -> Result<EncryptedPin, DeviceFault> {
        let (ksn, key) = self.next_key(Usage::PinEncryption)?;
        let bad = |_| DeviceFault::Malfunction("the pad gave something that is no PIN".into());
        let pin = cardkeys::Pin::parse(pin.unmask()).map_err(bad)?;
        let block = pinblock::encode(&pin, &number(pan)?, &key, (self.chance)());
        Ok(EncryptedPin { ksn: ksn.to_bytes(), block })
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
        ReaderKeys {
            initial_key_id: test_keys::INITIAL_KEY_ID,
            initial,
            fingerprint: test_keys::fingerprint(),
        }
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

        let ksn = Ksn::from_bytes(sealed.card.ksn);
        let key = dukpt::working_key(&keys().initial, ksn, Usage::DataEncryption).unwrap();
        let plain = cardcipher::decrypt(&key, &sealed.card.ciphertext).unwrap();
        assert_eq!(plain.as_slice(), b"4111111111111111=30121010000012345678");
        let pin = sealed.pin.unwrap();
        assert_ne!(pin.ksn, sealed.card.ksn, "one counter, one use");
        let key =
            dukpt::working_key(&keys().initial, Ksn::from_bytes(pin.ksn), Usage::PinEncryption).unwrap();
        let pan = cardkeys::Pan::parse("4111111111111111").unwrap();
        assert_eq!(pinblock::decode(&pin.block, &pan, &key).unwrap().expose().as_str(), "1234");
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
