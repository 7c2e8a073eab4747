//! What page and API can do alike, and why it may come to nothing.

use super::Desk;
use super::bench::NoGesture;
use super::reader::Nothing;
use crate::cards::Way;
use crate::faults::Refused;
use crate::host::book::Change;
use crate::host::tables::{self, TENANT};
use crate::limits;
use emv::bench::Pin;
use http::StatusCode;
use jiff::Timestamp;
use std::time::Duration;
use store::DbError;

/// Why a press or a call came to nothing: a status, a stable word and a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct No {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: &'static str,
}

const fn no(status: StatusCode, code: &'static str, message: &'static str) -> No {
    No { status, code, message }
}

pub(super) const NO_TERMINAL: No =
    no(StatusCode::NOT_FOUND, "no-such-terminal", "There is no such terminal: see GET /desk/terminals.");
pub(super) const NO_CARD: No =
    no(StatusCode::NOT_FOUND, "no-such-card", "There is no such card: see GET /desk/cards.");
const BOOK: No =
    no(StatusCode::SERVICE_UNAVAILABLE, "book", "The network's book cannot be written or read now.");
const BACKWARDS: No =
    no(StatusCode::CONFLICT, "clock-backwards", "The clock only goes forward: that moment is over.");
const TOO_FAR: No =
    no(StatusCode::UNPROCESSABLE_ENTITY, "clock-too-far", "The clock is moved by a year at most.");

impl From<NoGesture> for No {
    fn from(why: NoGesture) -> Self {
        const C: StatusCode = StatusCode::CONFLICT;
        match why {
            NoGesture::NoSuchTerminal => NO_TERMINAL,
            NoGesture::NotConnected => {
                no(C, "not-connected", "The terminal's reader is not connected: start the terminal.")
            }
            NoGesture::Nothing(Nothing::NoSuchCard) => NO_CARD,
            NoGesture::Nothing(Nothing::NotArmed) => {
                no(C, "nothing-waits", "Nothing is waiting: start a payment at the terminal first.")
            }
            NoGesture::Nothing(Nothing::CardInside) => {
                no(C, "card-inside", "A card is being read: wait, or take it out.")
            }
            NoGesture::Nothing(Nothing::NotThisWay) => {
                no(C, "not-this-way", "This card cannot be read this way: see its ways in GET /desk/cards.")
            }
            NoGesture::Nothing(Nothing::NotAsking) => {
                no(C, "not-asking", "The PIN pad does not ask for anything now.")
            }
        }
    }
}

impl From<Refused> for No {
    fn from(why: Refused) -> Self {
        const U: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
        match why {
            Refused::NotBuilt => {
                no(StatusCode::NOT_FOUND, "no-such-network", "This network is not simulated yet.")
            }
            Refused::NotHere => no(U, "no-such-fault", "This network has no such fault."),
            Refused::BadCode => no(
                U,
                "bad-code",
                "`code` is two letters or digits other than 00, and only `decline` takes it.",
            ),
            Refused::TooLong => no(U, "too-long", "`ms` is at most 600000."),
            Refused::NeverStrikes => no(U, "never", "`times` is at least 1."),
            Refused::TooMany => {
                no(StatusCode::CONFLICT, "too-many", "Too many faults are in force: clear them.")
            }
        }
    }
}

impl Desk {
    /// A person presents a card.
    pub(super) fn present(&self, id: &str, card: &str, way: Way, pin: Option<Pin>) -> Result<(), No> {
        self.0.benches.present(id, card, way, pin).map_err(No::from)
    }

    /// Forgets the wrong PINs of a card.
    pub(super) async fn unblock(&self, card: &str) -> Result<(), No> {
        let name = self.card(card).ok_or(NO_CARD)?.name.clone();
        let written = self.0.host.db.write(TENANT, move |tx| {
            tables::save(tx, &[Change::WrongPins(name.clone(), 0)])?;
            Ok::<_, DbError>(())
        });
        written.await.map_err(|error| {
            tracing::error!(%error, "wrong PINs could not be forgotten");
            BOOK
        })?;
        self.0.live.changed();
        Ok(())
    }

    /// Moves the clock to a moment.
    pub(super) fn clock_to(&self, to: Timestamp) -> Result<Timestamp, No> {
        let ahead = to.duration_since(self.0.clock.now());
        Duration::try_from(ahead).map_err(|_| BACKWARDS).and_then(|ahead| self.clock_by(ahead))
    }

    /// Moves the clock forward.
    pub(super) fn clock_by(&self, ahead: Duration) -> Result<Timestamp, No> {
        if ahead > limits::CLOCK_MOVE {
            return Err(TOO_FAR);
        }
        self.0.clock.advance(ahead);
        self.0.live.changed();
        Ok(self.0.clock.now())
    }

    /// Charges as the book has them, oldest first.
    pub(super) async fn charges(&self) -> Result<Vec<crate::host::book::Entry>, No> {
        self.0.host.db.read(tables::all).await.map_err(|error| {
            tracing::error!(%error, "the book of charges could not be read");
            BOOK
        })
    }

    /// What a page needs of the book: the newest charges and the wrong PINs by card.
    pub(super) async fn glance(&self) -> (Vec<crate::host::book::Entry>, Vec<(String, u8)>) {
        let read = self.0.host.db.read(|tx| {
            Ok::<_, DbError>((tables::newest(tx, super::view::CHARGES_SHOWN)?, tables::wrong_pins(tx)?))
        });
        read.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the book of charges could not be read");
            (Vec::new(), Vec::new())
        })
    }
}
