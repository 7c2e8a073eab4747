//! A reader on the desk as a value: what its terminal says and what a person does go in, what the
//! hardware would say comes out. It stands for card slot, field, stripe head, display and PIN pad.

use crate::cards::{Card, Way};
use emv::bench::{HexBytes, Hint, Interfaces, Pin, PinEntry, Sound, ToDesk, ToTerminal};
use money::Yen;
use std::collections::BTreeMap;

/// Every card by its name. Their chips count on from one payment to the next.
pub type Wallet = BTreeMap<String, Card>;

/// A reader and its pad.
#[derive(Debug, Default)]
pub struct Reader {
    serial: String,
    armed: Option<Armed>,
    card: Option<Held>,
    pad: Option<Pad>,
    planned_pin: Option<Pin>,
    hint: Option<Hint>,
    sound: Option<Sound>,
}

/// What the terminal waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Armed {
    /// Which ways in are open.
    pub interfaces: Interfaces,
    /// The amount on the display.
    pub amount: Yen,
    /// `ja` or `en`: the language of the display.
    pub language: String,
}

/// A card in the slot or in the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub card: String,
    /// How.
    pub way: Way,
}

/// A pad that waits for digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pad {
    /// The amount on its display.
    pub amount: Yen,
    /// 1 for the first time, 2 after a wrong PIN.
    pub attempt: u8,
}

/// Why a person's hand finds nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nothing {
    /// The terminal does not wait for a card.
    NotArmed,
    /// A card is being read.
    CardInside,
    /// The card cannot be read this way.
    NotThisWay,
    /// There is no such card.
    NoSuchCard,
    /// The pad does not ask.
    NotAsking,
}

impl Reader {
    /// A reader that has just connected.
    pub fn connected() -> Self {
        Self::default()
    }

    /// The reader's serial number; empty before it said so.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// What the terminal waits for.
    pub const fn armed(&self) -> Option<&Armed> {
        self.armed.as_ref()
    }

    /// The card that is being read.
    pub const fn card(&self) -> Option<&Held> {
        self.card.as_ref()
    }

    /// The pad, while it asks.
    pub const fn pad(&self) -> Option<Pad> {
        self.pad
    }

    /// What the display says.
    pub const fn hint(&self) -> Option<Hint> {
        self.hint
    }

    /// The sound that was made last.
    pub const fn sound(&self) -> Option<Sound> {
        self.sound
    }

    /// Whether a card can be presented now.
    pub const fn waits_for_card(&self) -> bool {
        self.armed.is_some() && self.card.is_none()
    }

    /// The terminal says something.
    pub fn hear(&mut self, wallet: &mut Wallet, said: ToDesk) -> Vec<ToTerminal> {
        match said {
            ToDesk::Hello { reader, pinpad: _ } => {
                *self = Self { serial: reader, ..Self::default() };
                Vec::new()
            }
            ToDesk::Arm { interfaces, amount_yen, language } => {
                let serial = std::mem::take(&mut self.serial);
                let armed = Some(Armed { interfaces, amount: amount_yen, language });
                *self = Self { serial, armed, hint: Some(Hint::Present), ..Self::default() };
                Vec::new()
            }
            ToDesk::Disarm => {
                self.armed = None;
                self.pad = None;
                self.planned_pin = None;
                // What became of it stays on the display; what was going on is over, and the card is taken.
                let ended = [Hint::Approved, Hint::Refused];
                self.hint = self.hint.filter(|hint| ended.contains(hint));
                self.take_away()
            }
            ToDesk::Apdu { hex } => {
                let card = self.card.as_ref().and_then(|held| wallet.get_mut(&held.card));
                let answer = card.map(|card| card.apdu(&hex.0)).unwrap_or_default();
                vec![ToTerminal::Apdu { hex: HexBytes(answer) }]
            }
            ToDesk::AskPin { amount_yen, attempt } => {
                let Some(pin) = self.planned_pin.take() else {
                    self.pad = Some(Pad { amount: amount_yen, attempt });
                    return Vec::new();
                };
                // The hand is faster than anybody else's: the pad asks nobody.
                self.pad = None;
                type_in(pin)
            }
            ToDesk::PinDone => {
                self.pad = None;
                Vec::new()
            }
            ToDesk::Show { hint } => self.show(hint),
            ToDesk::Beep { sound } => {
                self.sound = Some(sound);
                Vec::new()
            }
        }
    }

    /// People do what the display asks: they take the card when they should.
    fn show(&mut self, hint: Hint) -> Vec<ToTerminal> {
        self.hint = Some(hint);
        let tapped = self.card.as_ref().is_some_and(|held| held.way == Way::Tap);
        match hint {
            Hint::RemoveCard | Hint::SwipeInstead | Hint::TapNotOffered => self.take_away(),
            // Nobody holds a card to the field while the network is asked.
            Hint::Asking | Hint::Approved | Hint::Refused if tapped => {
                self.card = None;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn take_away(&mut self) -> Vec<ToTerminal> {
        self.card.take().map(|_| ToTerminal::Removed).into_iter().collect()
    }

    /// A person inserts, taps or swipes a card, and will type this PIN when asked.
    pub fn present(
        &mut self,
        wallet: &mut Wallet,
        name: &str,
        way: Way,
        pin: Option<Pin>,
    ) -> Result<Vec<ToTerminal>, Nothing> {
        let card = wallet.get_mut(name).ok_or(Nothing::NoSuchCard)?;
        if self.armed.is_none() {
            return Err(Nothing::NotArmed);
        }
        if self.card.is_some() {
            return Err(Nothing::CardInside);
        }
        let said = match way {
            Way::Insert => card.insert().map(|atr| ToTerminal::Inserted { atr: HexBytes(atr) }),
            Way::Tap => card.tap().then_some(ToTerminal::Tapped),
            Way::Swipe => card.swipe().map(|track2| ToTerminal::Swiped { track2 }),
        };
        let said = said.ok_or(Nothing::NotThisWay)?;
        if way != Way::Swipe {
            self.card = Some(Held { card: name.to_owned(), way });
        }
        self.planned_pin = pin;
        Ok(vec![said])
    }

    /// A person takes the card out or away.
    pub fn remove(&mut self) -> Result<Vec<ToTerminal>, Nothing> {
        if self.card.is_none() {
            return Err(Nothing::NotArmed);
        }
        Ok(self.take_away())
    }

    /// A person ends the entry on the pad.
    pub fn enter(&mut self, entry: PinEntry) -> Result<Vec<ToTerminal>, Nothing> {
        if self.pad.take().is_none() {
            return Err(Nothing::NotAsking);
        }
        Ok(match entry {
            PinEntry::Entered { pin } => type_in(pin),
            PinEntry::Bypassed | PinEntry::Cancelled => vec![ToTerminal::Pin { entry }],
        })
    }
}

/// The digits one after the other, then the green key.
fn type_in(pin: Pin) -> Vec<ToTerminal> {
    let digits = u8::try_from(pin.unmask().len()).unwrap_or(12);
    let counts = (1..=digits).map(|n| ToTerminal::PinDigitsCount { n });
    counts.chain([ToTerminal::Pin { entry: PinEntry::Entered { pin } }]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::shelf;
    use cardkeys::test_keys;
    use expect_test::{Expect, expect};

    struct Bench {
        reader: Reader,
        wallet: Wallet,
        out: String,
    }

    impl Bench {
        fn new() -> Self {
            let cards = shelf().unwrap().into_iter();
            let wallet = cards.map(|p| (p.name.clone(), Card::new(p, &test_keys::issuer()))).collect();
            Self { reader: Reader::connected(), wallet, out: String::new() }
        }

        fn hear(mut self, json: &str) -> Self {
            let said = self.reader.hear(&mut self.wallet, serde_json::from_str(json).unwrap());
            self.out += &format!("terminal {json}\n");
            self.write(said);
            self
        }

        fn present(mut self, card: &str, way: Way, pin: Option<&str>) -> Self {
            let pin = pin.and_then(Pin::new);
            let said = self.reader.present(&mut self.wallet, card, way, pin);
            self.out += &format!("person {card} {way:?}\n");
            match said {
                Ok(said) => self.write(said),
                Err(nothing) => self.out += &format!("  {nothing:?}\n"),
            }
            self
        }

        fn enter(mut self, entry: PinEntry) -> Self {
            let said = self.reader.enter(entry);
            self.out += "person types\n";
            match said {
                Ok(said) => self.write(said),
                Err(nothing) => self.out += &format!("  {nothing:?}\n"),
            }
            self
        }

        fn write(&mut self, said: Vec<ToTerminal>) {
            for message in said {
                self.out += &format!("  {message:?}\n");
            }
        }

        fn check(self, expected: &Expect) {
            expected.assert_eq(&self.out);
        }
    }

    const ARM: &str = r#"{"say":"arm","interfaces":"three","amount_yen":880,"language":"ja"}"#;

    #[test]
    fn a_chip_card_is_inserted_asked_for_its_pin_and_taken_out() {
        Bench::new()
            .hear(r#"{"say":"hello","reader":"BENCH-1","pinpad":true}"#)
            .present("visa", Way::Insert, None)
            .hear(ARM)
            .present("visa", Way::Insert, Some("1234"))
            .present("jcb", Way::Tap, None)
            .hear(r#"{"say":"apdu","hex":"00A404000E315041592E5359532E444446303100"}"#)
            .hear(r#"{"say":"ask_pin","amount_yen":880,"attempt":1}"#)
            .hear(r#"{"say":"pin_done"}"#)
            .hear(r#"{"say":"show","hint":"remove_card"}"#)
            .hear(r#"{"say":"disarm"}"#)
            .check(&expect![[r#"
                terminal {"say":"hello","reader":"BENCH-1","pinpad":true}
                person visa Insert
                  NotArmed
                terminal {"say":"arm","interfaces":"three","amount_yen":880,"language":"ja"}
                person visa Insert
                  Inserted { atr: <12 bytes> }
                person jcb Tap
                  CardInside
                terminal {"say":"apdu","hex":"00A404000E315041592E5359532E444446303100"}
                  Apdu { hex: <32 bytes> }
                terminal {"say":"ask_pin","amount_yen":880,"attempt":1}
                  PinDigitsCount { n: 1 }
                  PinDigitsCount { n: 2 }
                  PinDigitsCount { n: 3 }
                  PinDigitsCount { n: 4 }
                  Pin { entry: Entered { pin: Pin(****) } }
                terminal {"say":"pin_done"}
                terminal {"say":"show","hint":"remove_card"}
                  Removed
                terminal {"say":"disarm"}
            "#]]);
    }

    #[test]
    fn a_reader_that_is_let_go_says_nothing_of_what_went_on() {
        let mut bench = Bench::new().hear(ARM).hear(r#"{"say":"show","hint":"asking"}"#);
        assert_eq!(bench.reader.hint(), Some(Hint::Asking));
        bench = bench.hear(r#"{"say":"disarm"}"#);
        assert_eq!(bench.reader.hint(), None, "nobody is asked any more");
        bench = bench.hear(ARM).hear(r#"{"say":"show","hint":"approved"}"#).hear(r#"{"say":"disarm"}"#);
        assert_eq!(bench.reader.hint(), Some(Hint::Approved));
    }

    #[test]
    fn a_planned_pin_is_typed_once_and_nobody_types_after_it() {
        Bench::new()
            .hear(ARM)
            .present("visa", Way::Insert, Some("9999"))
            .hear(r#"{"say":"ask_pin","amount_yen":880,"attempt":1}"#)
            .enter(PinEntry::Entered { pin: Pin::new("1234").unwrap() })
            .check(&expect![[r#"
                terminal {"say":"arm","interfaces":"three","amount_yen":880,"language":"ja"}
                person visa Insert
                  Inserted { atr: <12 bytes> }
                terminal {"say":"ask_pin","amount_yen":880,"attempt":1}
                  PinDigitsCount { n: 1 }
                  PinDigitsCount { n: 2 }
                  PinDigitsCount { n: 3 }
                  PinDigitsCount { n: 4 }
                  Pin { entry: Entered { pin: Pin(****) } }
                person types
                  NotAsking
            "#]]);
    }

    #[test]
    fn without_a_plan_the_pad_waits_for_a_hand() {
        Bench::new()
            .hear(ARM)
            .present("visa", Way::Insert, None)
            .enter(PinEntry::Bypassed)
            .hear(r#"{"say":"ask_pin","amount_yen":880,"attempt":1}"#)
            .enter(PinEntry::Entered { pin: Pin::new("9999").unwrap() })
            .hear(r#"{"say":"pin_done"}"#)
            .hear(r#"{"say":"ask_pin","amount_yen":880,"attempt":2}"#)
            .enter(PinEntry::Cancelled)
            .enter(PinEntry::Cancelled)
            .check(&expect![[r#"
                terminal {"say":"arm","interfaces":"three","amount_yen":880,"language":"ja"}
                person visa Insert
                  Inserted { atr: <12 bytes> }
                person types
                  NotAsking
                terminal {"say":"ask_pin","amount_yen":880,"attempt":1}
                person types
                  PinDigitsCount { n: 1 }
                  PinDigitsCount { n: 2 }
                  PinDigitsCount { n: 3 }
                  PinDigitsCount { n: 4 }
                  Pin { entry: Entered { pin: Pin(****) } }
                terminal {"say":"pin_done"}
                terminal {"say":"ask_pin","amount_yen":880,"attempt":2}
                person types
                  Pin { entry: Cancelled }
                person types
                  NotAsking
            "#]]);
    }

    #[test]
    fn a_mute_chip_is_taken_out_and_swiped_and_a_tap_leaves_the_field_by_itself() {
        Bench::new()
            .hear(ARM)
            .present("broken-chip", Way::Tap, None)
            .present("broken-chip", Way::Insert, None)
            .hear(r#"{"say":"show","hint":"swipe_instead"}"#)
            .present("broken-chip", Way::Swipe, None)
            .hear(ARM)
            .present("visa", Way::Tap, None)
            .hear(r#"{"say":"show","hint":"asking"}"#)
            .hear(r#"{"say":"apdu","hex":"00A4040000"}"#)
            .present("nobody", Way::Tap, None)
            .check(&expect![[r#"
                terminal {"say":"arm","interfaces":"three","amount_yen":880,"language":"ja"}
                person broken-chip Tap
                  NotThisWay
                person broken-chip Insert
                  Inserted { atr: <0 bytes> }
                terminal {"say":"show","hint":"swipe_instead"}
                  Removed
                person broken-chip Swipe
                  Swiped { track2: SwipedTrack(<36 characters>) }
                terminal {"say":"arm","interfaces":"three","amount_yen":880,"language":"ja"}
                person visa Tap
                  Tapped
                terminal {"say":"show","hint":"asking"}
                terminal {"say":"apdu","hex":"00A4040000"}
                  Apdu { hex: <0 bytes> }
                person nobody Tap
                  NoSuchCard
            "#]]);
    }
}
