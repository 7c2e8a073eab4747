//! What the device keeps beside the journal: its key, its configuration, who is signed in, counters.

use super::{Journal, JournalError, TENANT, rows};
use crate::context::{Clerk, LocalSettings};
use center_api::TerminalConfig;
use device::CounterStore;
use device::secure_reader::CounterFault;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{ReadTx, Tx, params};
use zeroize::Zeroizing;

const CONFIG: &str = "config";
const CLERK: &str = "clerk";
const SETTINGS: &str = "settings";
const KEY: &str = "device_key";
const TERMINAL: &str = "terminal_id";
const REQUEST_COUNTER: &str = "request";

fn get(tx: &mut ReadTx<'_>, name: &str) -> Result<Option<String>, JournalError> {
    let sql = "SELECT value FROM keep WHERE tenant = $1 AND name = $2";
    Ok(tx.query_opt(sql, params![TENANT, name], |row| row.text(0).map(str::to_owned))?)
}

fn put(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<(), JournalError> {
    tx.execute(
        "INSERT INTO keep (tenant, name, value) VALUES ($1, $2, $3)
         ON CONFLICT (tenant, name) DO UPDATE SET value = $3",
        params![TENANT, name, value],
    )?;
    Ok(())
}

/// What was kept, when the terminal starts.
#[derive(Debug, Default)]
pub struct Kept {
    /// The configuration of the last time the center was reached.
    pub config: Option<TerminalConfig>,
    /// Who was signed in.
    pub clerk: Option<Clerk>,
    /// What was chosen on the device.
    pub settings: LocalSettings,
    /// The terminal id, once its shop was confirmed.
    pub terminal_id: Option<String>,
}

impl Journal {
    /// What was kept. A value that this version cannot read counts as not kept. Blocks; for start-up.
    pub fn kept(&self) -> Result<Kept, JournalError> {
        fn parsed<T: DeserializeOwned>(text: Option<String>) -> Option<T> {
            text.and_then(|text| serde_json::from_str(&text).ok())
        }
        Ok(self.db.read_blocking(|tx| {
            Ok::<_, JournalError>(Kept {
                config: parsed(get(tx, CONFIG)?),
                clerk: parsed(get(tx, CLERK)?),
                settings: parsed(get(tx, SETTINGS)?).unwrap_or_default(),
                terminal_id: get(tx, TERMINAL)?,
            })
        })?)
    }

    async fn keep<T: Serialize + Sync>(&self, name: &'static str, value: &T) -> Result<(), JournalError> {
        let text = serde_json::to_string(value).map_err(|e| JournalError::Broken(e.to_string()))?;
        Ok(self.db.write(TENANT, move |tx| put(tx, name, &text)).await?)
    }

    /// Reads one value that [`Journal::keep_value`] kept; one that this version cannot read counts as not kept.
    pub(crate) async fn keep_read<T: DeserializeOwned + Send + 'static>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, JournalError> {
        let text = self.db.read(move |tx| get(tx, name)).await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Keeps one value beside the journal.
    pub(crate) async fn keep_value<T: Serialize + Sync>(
        &self,
        name: &'static str,
        value: &T,
    ) -> Result<(), JournalError> {
        self.keep(name, value).await
    }

    /// Keeps the configuration, so that the terminal starts without the center.
    pub async fn keep_config(&self, config: &TerminalConfig) -> Result<(), JournalError> {
        self.keep(CONFIG, config).await
    }

    /// Keeps who is signed in.
    pub async fn keep_clerk(&self, clerk: Option<&Clerk>) -> Result<(), JournalError> {
        self.keep(CLERK, &clerk).await
    }

    /// Keeps the settings of the device.
    pub async fn keep_settings(&self, settings: &LocalSettings) -> Result<(), JournalError> {
        self.keep(SETTINGS, settings).await
    }

    /// Keeps which terminal this is.
    pub async fn keep_terminal(&self, terminal_id: String) -> Result<(), JournalError> {
        Ok(self.db.write(TENANT, move |tx| put(tx, TERMINAL, &terminal_id)).await?)
    }

    /// The seed of the device's Ed25519 key, made at the first call from `fresh`. Blocks; for start-up.
    pub fn device_key(&self, fresh: &Zeroizing<[u8; 32]>) -> Result<Zeroizing<[u8; 32]>, JournalError> {
        let fresh = Zeroizing::new(hex::encode(fresh.as_slice()));
        let text = self.db.write_blocking(TENANT, move |tx| {
            if let Some(text) = get(tx, KEY)? {
                return Ok(Zeroizing::new(text));
            }
            put(tx, KEY, &fresh)?;
            Ok::<_, JournalError>(fresh.clone())
        })?;
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.as_str(), seed.as_mut_slice())
            .map_err(|_| JournalError::Broken("the device key in the file is damaged".to_owned()))?;
        Ok(seed)
    }

    /// Reserves `count` request numbers and gives the first: no number is ever used twice, also after a
    /// crash; what was reserved and not used is skipped. Blocks for one commit.
    pub fn reserve_requests(&self, count: i64) -> Result<i64, JournalError> {
        let unit = move |tx: &mut Tx<'_>| {
            let last = rows::counter(tx, REQUEST_COUNTER)?;
            rows::set_counter(tx, REQUEST_COUNTER, last.saturating_add(count))?;
            Ok::<_, JournalError>(last.saturating_add(1))
        };
        Ok(self.db.write_blocking(TENANT, unit)?)
    }
}

/// Where the encrypting reader keeps how far its key counters are used (X9.24-3: never twice).
#[derive(Clone, Debug)]
pub struct KeyCounters(pub Journal);

fn counter_name(initial_key_id: [u8; 8]) -> String {
    format!("dukpt-{}", hex::encode(initial_key_id))
}

impl CounterStore for KeyCounters {
    async fn last_reserved(&mut self, initial_key_id: [u8; 8]) -> Result<u32, CounterFault> {
        let name = counter_name(initial_key_id);
        let fault = |error: JournalError| CounterFault(error.to_string());
        let last = self.0.db.read(move |tx| rows::counter(tx, &name)).await.map_err(|e| fault(e.into()))?;
        u32::try_from(last).map_err(|_| CounterFault("the stored counter is too large".to_owned()))
    }

    async fn reserve_through(&mut self, initial_key_id: [u8; 8], counter: u32) -> Result<(), CounterFault> {
        let name = counter_name(initial_key_id);
        let unit = move |tx: &mut Tx<'_>| rows::set_counter(tx, &name, i64::from(counter));
        self.0.db.write(TENANT, unit).await.map_err(|e| CounterFault(JournalError::from(e).to_string()))
    }
}
