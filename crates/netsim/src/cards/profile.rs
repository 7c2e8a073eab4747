//! A card as it was made, and the shelf of them.

use emv::bench::{Pin, SwipedTrack};
use emv::{Aid, Pan, Scheme, ServiceCode};
use money::Yen;
use serde::Deserialize;
use std::fmt;

/// The shelf that the desk offers.
const SHELF: &str = include_str!("../../data/cards.toml");

/// How a card can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Its chip, inserted.
    Insert,
    /// Held to the field.
    Tap,
    /// Its stripe.
    Swipe,
}

/// What the chip asks of the holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verify {
    /// A PIN that the issuer checks, else a signature.
    Pin,
    /// A signature.
    Signature,
    /// Nothing.
    None,
    /// It is a phone that verifies its holder itself.
    Device,
}

/// How the chip behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chip {
    /// As it should.
    #[default]
    Good,
    /// It is mute.
    Broken,
    /// It refuses every payment (AAC at the first GENERATE AC).
    Refuses,
    /// It signs with a key that is not its issuer's.
    Forged,
}

/// What its issuer thinks of the card, whoever shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing against it.
    #[default]
    Good,
    /// Reported lost.
    Lost,
    /// Reported stolen.
    Stolen,
    /// Refused without a reason.
    Refused,
    /// Its PIN was tried too often.
    PinBlocked,
}

/// A card as it was made.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The name on the desk and in its API.
    pub name: String,
    /// What people call it, in Japanese.
    pub ja: String,
    /// What people call it, in English.
    pub en: String,
    /// What it will do, in Japanese.
    pub does_ja: String,
    /// What it will do, in English.
    pub does_en: String,
    /// Its scheme; none for a card of a scheme that this product does not speak.
    pub scheme: Option<Scheme>,
    /// Its number.
    pub pan: Pan,
    /// Its sequence number (tag 5F34).
    pub sequence: u8,
    /// Its last month, `YYMM`.
    pub expiry_yymm: String,
    /// Its service code.
    pub service_code: String,
    /// Its PIN, where it has one.
    pub pin: Option<Pin>,
    /// How it can be read.
    pub ways: Vec<Way>,
    /// What its chip asks of the holder.
    pub verify: Verify,
    /// The application of its chip.
    pub aid: Option<Aid>,
    /// The application's label.
    pub label: String,
    /// The name its issuer prefers.
    pub preferred_name: Option<String>,
    /// How its chip behaves.
    pub chip: Chip,
    /// What its issuer thinks of it.
    pub standing: Standing,
    /// The most that one payment may be.
    pub limit: Yen,
    /// The most instalments that its issuer allows; 1 is lump sum only.
    pub instalments_max: u8,
}

/// A shelf that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadShelf(String);

impl fmt::Display for BadShelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the card shelf cannot be read: {}", self.0)
    }
}

impl std::error::Error for BadShelf {}

/// The cards that come with the program, in the order of the desk.
pub fn shelf() -> Result<Vec<Profile>, BadShelf> {
    shelf_from(SHELF)
}

/// Cards from a text like `data/cards.toml`.
pub fn shelf_from(text: &str) -> Result<Vec<Profile>, BadShelf> {
    let file: File = toml::from_str(text).map_err(|fault| BadShelf(fault.message().to_owned()))?;
    let cards: Vec<Profile> = file.card.into_iter().map(Row::read).collect::<Result<_, _>>()?;
    for (n, card) in cards.iter().enumerate() {
        let earlier = cards.iter().take(n).find(|c| c.name == card.name || c.pan == card.pan);
        if let Some(earlier) = earlier {
            return Err(BadShelf(format!("{} and {} are the same card", earlier.name, card.name)));
        }
    }
    Ok(cards)
}

impl Profile {
    /// Whether the card can be read this way.
    pub fn can(&self, way: Way) -> bool {
        self.ways.contains(&way)
    }

    /// Number, `=` or `D`, expiry, service code and the issuer's own digits.
    pub(super) fn track2(&self, separator: char) -> String {
        format!("{}{separator}{}{}0000000000", self.pan.unmask(), self.expiry_yymm, self.service_code)
    }

    /// What a head reads from the stripe.
    pub fn stripe(&self) -> Option<SwipedTrack> {
        self.can(Way::Swipe).then(|| SwipedTrack::new(format!(";{}?", self.track2('='))))
    }

    /// Whether this is the card's PIN.
    pub fn is_pin(&self, pin: &Pin) -> bool {
        self.pin.as_ref() == Some(pin)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    card: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    ja: String,
    en: String,
    does_ja: String,
    does_en: String,
    scheme: Option<Scheme>,
    pan: String,
    #[serde(default)]
    sequence: u8,
    expiry: String,
    service: String,
    pin: Option<Pin>,
    ways: Vec<Way>,
    verify: Verify,
    aid: Option<String>,
    #[serde(default)]
    label: String,
    preferred: Option<String>,
    #[serde(default)]
    chip: Chip,
    #[serde(default)]
    standing: Standing,
    limit_yen: Option<Yen>,
    instalments_max: Option<u8>,
}

impl Row {
    fn read(self) -> Result<Profile, BadShelf> {
        let bad = |what: &str| BadShelf(format!("{}: {what}", self.name));
        let aid = self.aid.as_deref().map(|text| {
            hex::decode(text).ok().and_then(|bytes| Aid::new(&bytes)).ok_or_else(|| bad("its AID is none"))
        });
        let aid = aid.transpose()?;
        let month = self.expiry.get(2..).and_then(|m| m.parse::<u8>().ok());
        if self.expiry.len() != 4 || self.expiry.parse::<u16>().is_err() || !matches!(month, Some(1..=12)) {
            return Err(bad("its expiry is not YYMM"));
        }
        if ServiceCode::new(&self.service).is_none() {
            return Err(bad("its service code is not three digits"));
        }
        if aid.is_none() && self.ways.iter().any(|way| *way != Way::Swipe) {
            return Err(bad("a chip needs an AID"));
        }
        if self.sequence > 9 {
            return Err(bad("its sequence number has more than one digit"));
        }
        Ok(Profile {
            pan: Pan::new(&self.pan).map_err(|_| bad("its number is no card number"))?,
            limit: self.limit_yen.unwrap_or(Yen::new(1_000_000).unwrap_or_default()),
            instalments_max: self.instalments_max.unwrap_or(24),
            aid,
            name: self.name,
            ja: self.ja,
            en: self.en,
            does_ja: self.does_ja,
            does_en: self.does_en,
            scheme: self.scheme,
            sequence: self.sequence,
            expiry_yymm: self.expiry,
            service_code: self.service,
            pin: self.pin,
            ways: self.ways,
            verify: self.verify,
            label: self.label,
            preferred_name: self.preferred,
            chip: self.chip,
            standing: self.standing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shelf_reads_and_every_card_is_of_the_scheme_its_number_says() {
        let shelf = shelf().unwrap();
        assert!(shelf.len() >= 16);
        for card in &shelf {
            assert_eq!(card.pan.scheme(), card.scheme, "{}", card.name);
            assert!(!card.ja.is_empty() && !card.en.is_empty(), "{}", card.name);
            assert!(!card.does_ja.is_empty() && !card.does_en.is_empty(), "{}", card.name);
        }
        for scheme in Scheme::ALL {
            assert!(shelf.iter().any(|c| c.scheme == Some(scheme)), "{scheme}");
        }
    }

    #[test]
    fn a_shelf_with_a_mistake_names_the_card() {
        let card = "[[card]]\nname=\"a\"\nja=\"a\"\nen=\"a\"\ndoes_ja=\"a\"\ndoes_en=\"a\"\n\
                    pan=\"4111111111111111\"\nexpiry=\"3012\"\nservice=\"101\"\nways=[\"swipe\"]\nverify=\"none\"\n";
        assert!(shelf_from(card).is_ok());
        let fails = |text: &str| shelf_from(text).unwrap_err().to_string();
        assert!(fails(&card.repeat(2)).contains("same card"));
        for (right, wrong) in [("1111\"", "1112\""), ("3012", "3013"), ("101", "1O1"), ("swipe", "insert")] {
            let text = fails(&card.replace(right, wrong));
            assert!(text.contains("a: "), "{text}");
        }
    }
}
