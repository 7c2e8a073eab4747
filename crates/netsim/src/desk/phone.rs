//! The customers' phones: which wallet is looked at, and the code that each shows.

use super::Desk;
use super::press::No;
use crate::code::book::{Charge, Status};
use crate::code::shown::{self, Shown};
use crate::code::{step, tables};
use crate::host::tables::TENANT;
use clock::Clock;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use store::DbError;

/// A phone makes a new code before the old one dies.
const FRESH: SignedDuration = SignedDuration::from_mins(4);

const NO_WALLET: No = No {
    status: StatusCode::NOT_FOUND,
    code: "no-such-wallet",
    message: "There is no such wallet: see GET /desk/wallets.",
};
const NO_CHARGE: No = No {
    status: StatusCode::NOT_FOUND,
    code: "no-such-payment",
    message: "There is no such code payment: see GET /desk/charges.",
};
const NOT_WAITING: No = No {
    status: StatusCode::CONFLICT,
    code: "nothing-waits",
    message: "The payment does not wait for its customer (any more).",
};
const BOOK: No = No {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "book",
    message: "The network's book cannot be written or read now.",
};

/// The phones.
#[derive(Debug, Default)]
pub(super) struct Phones(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    picked: String,
    shown: BTreeMap<String, (Timestamp, Shown)>,
    serial: u64,
}

impl Phones {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Desk {
    /// The wallet that the page shows.
    pub(super) fn picked_wallet(&self) -> String {
        let picked = self.0.phones.with(|phones| phones.picked.clone());
        let rules = &self.0.brands.rules;
        if rules.wallet(&picked).is_some() {
            return picked;
        }
        rules.wallets.first().map(|wallet| wallet.name.clone()).unwrap_or_default()
    }

    pub(super) fn pick_wallet(&self, name: &str) {
        if self.0.brands.rules.wallet(name).is_some() {
            self.0.phones.with(|phones| name.clone_into(&mut phones.picked));
        }
    }

    /// The code on a wallet's screen: the same until it is shown to a scanner or becomes old.
    pub(super) fn code_of(&self, name: &str) -> Option<Shown> {
        let now = self.0.clock.now();
        let is_fresh = |made: Timestamp| now.duration_since(made) < FRESH;
        self.0.phones.with(|phones| {
            if let Some((_, shown)) = phones.shown.get(name).filter(|(made, _)| is_fresh(*made)) {
                return Some(shown.clone());
            }
            self.new_code(phones, name, &self.0.clock)
        })
    }

    /// A new code, as a phone makes one after it was scanned.
    pub(super) fn renew_code(&self, name: &str) -> Option<Shown> {
        self.0.phones.with(|phones| self.new_code(phones, name, &self.0.clock))
    }

    fn new_code(&self, phones: &mut State, name: &str, clock: &Clock) -> Option<Shown> {
        let rules = &self.0.brands.rules;
        let wallet = rules.wallet(name)?;
        let now = clock.now();
        phones.serial = phones.serial.wrapping_add(1);
        // Codes of an earlier run of the same minute differ by the second in front.
        let second = u64::try_from(now.as_second().rem_euclid(60)).unwrap_or(0);
        let serial = second.saturating_mul(17).saturating_add(phones.serial);
        let shown = shown::make(rules.brand(&wallet.brand)?, wallet, now, serial);
        phones.shown.insert(name.to_owned(), (now, shown.clone()));
        Some(shown)
    }

    /// Holds the phone with this wallet in front of a terminal's scanner.
    pub(super) fn scan_wallet(&self, terminal: &str, name: &str) -> Result<(), No> {
        let shown = self.code_of(name).ok_or(NO_WALLET)?;
        self.0.benches.scan(terminal, &shown.qr).map_err(No::from)?;
        self.renew_code(name);
        Ok(())
    }

    /// The customer presses a button on the phone.
    pub(super) async fn answer_code(&self, brand: &str, id: &str, confirms: bool) -> Result<(), No> {
        let (brand, id, clock) = (brand.to_owned(), id.to_owned(), self.0.clock.clone());
        let written = self.0.brands.db.write(TENANT, move |tx| {
            let all = tables::all(tx)?;
            let Some(charge) = all.iter().find(|charge| charge.key.brand == brand && charge.key.id == id)
            else {
                return Ok::<_, DbError>(Err(NO_CHARGE));
            };
            let Some(change) = step::answer(charge, confirms, clock.now()) else {
                return Ok(Err(NOT_WAITING));
            };
            tables::save(tx, &[change])?;
            Ok(Ok(()))
        });
        let done = written.await.map_err(|error| {
            tracing::error!(%error, "a customer's answer could not be written");
            BOOK
        })?;
        self.0.live.changed();
        done
    }

    /// Every code payment, oldest first.
    pub(super) async fn code_book(&self) -> Result<Vec<Charge>, No> {
        self.0.brands.db.read(tables::all).await.map_err(|error| {
            tracing::error!(%error, "the book of code payments could not be read");
            BOOK
        })
    }

    /// Every refund of the code brands.
    pub(super) async fn code_refunds(&self) -> Result<Vec<crate::code::book::Refund>, No> {
        self.0.brands.db.read(tables::all_refunds).await.map_err(|error| {
            tracing::error!(%error, "the book of code refunds could not be read");
            BOOK
        })
    }

    /// The newest code payments, newest first.
    pub(super) async fn newest_code_charges(&self) -> Vec<Charge> {
        let read = self.0.brands.db.read(|tx| tables::newest(tx, super::view::CHARGES_SHOWN));
        read.await.unwrap_or_else(|error: store::ReadError<DbError>| {
            tracing::error!(%error, "the book of code payments could not be read");
            Vec::new()
        })
    }
}

/// Whether a payment waits for its customer.
pub(super) fn waits(charge: &Charge) -> bool {
    charge.status == Status::Created
}
