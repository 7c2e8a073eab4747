//! The bench wire: what a terminal's bench driver and the networks desk say to each other.
//!
//! `ws://…/desk/bench/{terminal}` carries one JSON message a frame. The desk stands for the hardware:
//! card slot, contactless field, stripe head, the reader's small display and the PIN pad. A driver for a
//! real reader replaces the terminal's side of this wire and nothing else.
//!
//! The PIN: the desk's pad is the reader's own pad, so digits travel on this wire to the driver and
//! nowhere else; the driver makes an encrypted PIN block of them at once.

use money::Yen;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What the terminal's driver says to the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ToDesk {
    /// The first message on a connection.
    Hello {
        /// The reader's serial number.
        reader: String,
        /// Whether the reader has a pad of its own.
        pinpad: bool,
    },
    /// Wait for a card.
    Arm {
        /// Which ways in are open (M-032).
        interfaces: Interfaces,
        /// The amount on the reader's display.
        amount_yen: Yen,
        /// `ja` or `en`.
        language: String,
    },
    /// Stop waiting; forget the card and any PIN entry.
    Disarm,
    /// A command for the card.
    Apdu {
        /// The command.
        hex: HexBytes,
    },
    /// Ask for the PIN on the pad.
    AskPin {
        /// The amount on the pad's display.
        amount_yen: Yen,
        /// 1 for the first time, 2 after a wrong PIN.
        attempt: u8,
    },
    /// The PIN entry is over; clear the pad.
    PinDone,
    /// Show this on the reader's display.
    Show {
        /// What to show.
        hint: Hint,
    },
    /// Sound.
    Beep {
        /// Which sound.
        sound: Sound,
    },
}

/// What the desk says to the terminal's driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum ToTerminal {
    /// A card was inserted and reset.
    Inserted {
        /// Its answer to reset; empty when it is mute.
        atr: HexBytes,
    },
    /// A card or phone lies in the field.
    Tapped,
    /// A card was swiped.
    Swiped {
        /// What the head read.
        track2: SwipedTrack,
    },
    /// The card left the slot or the field.
    Removed,
    /// The card's answer to the last command; empty when it did not answer.
    Apdu {
        /// The answer.
        hex: HexBytes,
    },
    /// How many digits are on the pad, for the asterisks on a display.
    PinDigitsCount {
        /// 0 to 12.
        n: u8,
    },
    /// The scanner read a code from the customer's phone (CPM).
    Scanned {
        /// What it read.
        code: ScannedCode,
    },
    /// The pad's green key, with or without digits, or its red key.
    Pin {
        /// What was entered.
        entry: PinEntry,
    },
}

/// The end of a PIN entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "key", rename_all = "snake_case")]
pub enum PinEntry {
    /// Digits and the green key.
    Entered {
        /// The digits.
        pin: Pin,
    },
    /// The green key without digits (M-026).
    Bypassed,
    /// The red key.
    Cancelled,
}

/// Which ways in are open (M-032).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interfaces {
    /// Chip and stripe.
    Two,
    /// Chip, stripe and contactless.
    Three,
}

/// What the reader's display says. The desk and the terminal have the words in each language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// Insert, swipe (or tap) the card.
    Present,
    /// The card is being read: leave it.
    Reading,
    /// Enter the PIN.
    EnterPin,
    /// A PIN is needed: the green key alone is not enough (X-010).
    PinNeeded,
    /// The PIN was wrong: once more.
    WrongPin,
    /// The network is being asked.
    Asking,
    /// The chip could not be read: swipe.
    SwipeInstead,
    /// This terminal does not take taps now (M-032).
    TapNotOffered,
    /// The stripe could not be read: swipe once more.
    SwipeAgain,
    /// Take the card.
    RemoveCard,
    /// Approved.
    Approved,
    /// Refused.
    Refused,
}

/// What the reader sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sound {
    /// Done (M-023).
    Done,
    /// Refused.
    Refused,
    /// Nobody knows.
    Unknown,
    /// A key was pressed or a card was noticed.
    Click,
}

/// Bytes of an APDU, hexadecimal in JSON. Debug shows only how many: an answer may carry a track.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HexBytes(pub Vec<u8>);

impl fmt::Debug for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode_upper(&self.0))
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(Self).map_err(|_| serde::de::Error::custom("not hexadecimal"))
    }
}

/// A PIN: four to twelve digits (ISO 9564-1). Masked, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Pin(String);

impl Pin {
    /// A PIN from its digits; `None` unless there are four to twelve.
    pub fn new(digits: &str) -> Option<Self> {
        let fits = (4..=12).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| Self(digits.to_owned()))
    }

    /// The digits. Only a PIN block may be made of them.
    pub fn unmask(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(****)")
    }
}

impl Serialize for Pin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Pin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = String::deserialize(deserializer)?;
        let pin = Self::new(&text);
        text.zeroize();
        pin.ok_or_else(|| serde::de::Error::custom("a PIN has four to twelve digits"))
    }
}

/// The text of a swiped track 2, as the head read it. Masked, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SwipedTrack(String);

impl SwipedTrack {
    /// The text of a track.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of a track, to be read by [`crate::Track2::parse`].
    pub fn unmask(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SwipedTrack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SwipedTrack(<{} characters>)", self.0.len())
    }
}

/// The text of a code that was scanned: it pays once. Masked, wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScannedCode(String);

impl ScannedCode {
    /// The text of a code.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text of a code, to be read by the crate `cpm`.
    pub fn unmask(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ScannedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScannedCode(<{} characters>)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn the_messages_look_like_this_and_come_back() {
        let to_desk = [
            ToDesk::Hello { reader: "BENCH-1".into(), pinpad: true },
            ToDesk::Arm {
                interfaces: Interfaces::Three,
                amount_yen: Yen::new(880).unwrap(),
                language: "ja".into(),
            },
            ToDesk::Apdu { hex: HexBytes(vec![0x00, 0xA4]) },
            ToDesk::AskPin { amount_yen: Yen::new(880).unwrap(), attempt: 1 },
            ToDesk::Show { hint: Hint::SwipeInstead },
            ToDesk::Beep { sound: Sound::Done },
            ToDesk::Disarm,
        ];
        let to_terminal = [
            ToTerminal::Inserted { atr: HexBytes(vec![0x3B]) },
            ToTerminal::Tapped,
            ToTerminal::Swiped { track2: SwipedTrack::new(";4111111111111111=30121010000?") },
            ToTerminal::Scanned { code: ScannedCode::new("900081818801234567890123") },
            ToTerminal::Pin { entry: PinEntry::Entered { pin: Pin::new("1234").unwrap() } },
            ToTerminal::Pin { entry: PinEntry::Bypassed },
        ];
        let mut lines = String::new();
        for message in to_desk {
            let json = serde_json::to_string(&message).unwrap();
            assert_eq!(serde_json::from_str::<ToDesk>(&json).unwrap(), message);
            lines += &format!("{json}\n");
        }
        for message in to_terminal {
            let json = serde_json::to_string(&message).unwrap();
            assert_eq!(serde_json::from_str::<ToTerminal>(&json).unwrap(), message);
            lines += &format!("{json}\n");
        }
        expect![[r#"
            {"say":"hello","reader":"BENCH-1","pinpad":true}
            {"say":"arm","interfaces":"three","amount_yen":880,"language":"ja"}
            {"say":"apdu","hex":"00A4"}
            {"say":"ask_pin","amount_yen":880,"attempt":1}
            {"say":"show","hint":"swipe_instead"}
            {"say":"beep","sound":"done"}
            {"say":"disarm"}
            {"say":"inserted","atr":"3B"}
            {"say":"tapped"}
            {"say":"swiped","track2":";4111111111111111=30121010000?"}
            {"say":"scanned","code":"900081818801234567890123"}
            {"say":"pin","entry":{"key":"entered","pin":"1234"}}
            {"say":"pin","entry":{"key":"bypassed"}}
        "#]]
        .assert_eq(&lines);
    }

    #[test]
    fn a_pin_and_a_track_never_show_in_debug() {
        let pin = ToTerminal::Pin { entry: PinEntry::Entered { pin: Pin::new("1234").unwrap() } };
        let swipe = ToTerminal::Swiped { track2: SwipedTrack::new(";4111111111111111=3012?") };
        let scan = ToTerminal::Scanned { code: ScannedCode::new("900081818801234567890123") };
        let shown = format!("{pin:?} {swipe:?} {scan:?}");
        assert!(!shown.contains("1234") && !shown.contains("4111") && !shown.contains("9000"), "{shown}");
        for bad in ["123", "1234567890123", "12a4", ""] {
            assert_eq!(Pin::new(bad), None, "{bad}");
            assert!(serde_json::from_str::<Pin>(&format!("\"{bad}\"")).is_err());
        }
    }
}
