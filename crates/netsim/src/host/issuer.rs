//! The issuer's side of the cards: what is decided about each, apart from its key.

use crate::cards::issuer;
use crate::cards::{Profile, Standing, Way};
use cardkeys::{Pan, Pin, TdesKey};
use money::Yen;
use std::sync::{Arc, OnceLock};

/// A card as its issuer knows it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name on the shelf and in the desk API.
    pub name: String,
    /// Its number, as readers encrypt it.
    pub pan: Pan,
    /// Its number, as chips sign with it.
    pub card_number: emv::Pan,
    /// Its sequence number, tag 5F34.
    pub sequence: u8,
    /// Its last month as the card carries it, `YYMM`.
    pub expiry_yymm: String,
    /// Its PIN.
    pub pin: Option<Pin>,
    /// Whether it stands well.
    pub standing: Standing,
    /// The most that one payment may be; more is 51.
    pub limit: Yen,
    /// The most instalments that are allowed; 1 is lump sum only.
    pub instalments_max: u8,
    /// It has a chip.
    pub chip: bool,
    /// It can be held close.
    pub contactless: bool,
    /// Its key under the issuer's, once it was needed.
    pub key: OnceLock<Option<TdesKey>>,
}

/// Every card that the network's issuers gave out. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Accounts(Arc<[Account]>);

impl Account {
    /// The account of a card as it was made; nothing for a number that no reader would encrypt.
    pub fn of(card: &Profile) -> Option<Self> {
        Some(Self {
            name: card.name.clone(),
            pan: Pan::parse(card.pan.unmask()).ok()?,
            card_number: card.pan.clone(),
            sequence: card.sequence,
            expiry_yymm: card.expiry_yymm.clone(),
            pin: card.pin.as_ref().and_then(|pin| Pin::parse(pin.unmask()).ok()),
            standing: card.standing,
            limit: card.limit,
            instalments_max: card.instalments_max,
            chip: card.can(Way::Insert),
            contactless: card.can(Way::Tap),
            key: OnceLock::new(),
        })
    }

    /// The card's own key under the one key that its issuer has; computed once.
    pub fn key(&self, issuer: &TdesKey) -> Option<&TdesKey> {
        self.key.get_or_init(|| issuer::card_key(issuer, &self.card_number, self.sequence)).as_ref()
    }
}

impl Accounts {
    /// The accounts of these cards.
    pub fn new(accounts: Vec<Account>) -> Self {
        Self(accounts.into())
    }

    /// The account of a card number.
    pub fn of(&self, pan: &Pan) -> Option<&Account> {
        self.0.iter().find(|account| account.pan == *pan)
    }

    /// The account of a card by its name on the shelf.
    pub fn named(&self, name: &str) -> Option<&Account> {
        self.0.iter().find(|account| account.name == name)
    }
}
