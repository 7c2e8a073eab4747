//! What is true around the screen: configuration, clerk, settings, reader, line, open doubts. A step
//! reads it and never changes it.

use crate::attempt::Attempt;
use crate::screen::named;
use center_api::TerminalConfig;
use codes::Code;
use i18n::Lang;
use jiff::Timestamp;
use payment::{
    Brand, Interfaces, Keypad, Method, Operator, PasswordStanding, PaymentClass, PaymentId, Policy,
};
use serde::{Deserialize, Serialize};

/// The surroundings of the screen.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// What the center said about this terminal; `None` before activation.
    pub config: Option<TerminalConfig>,
    /// Who is at the terminal.
    pub clerk: Option<Clerk>,
    /// What was chosen on this device.
    pub settings: LocalSettings,
    /// The reader.
    pub reader: Reader,
    /// Whether the center answered the last time it was asked.
    pub center_up: bool,
    /// Why the center lets this device take no payments, whatever else works.
    pub blocked: Option<Code>,
    /// How far this device's clock is off the center's, in seconds, when that is more than a minute (R9).
    pub clock_off_s: Option<i64>,
    /// Payments that nobody can answer for yet, oldest first.
    pub open: Vec<Attempt>,
    /// Whether a printer is set up.
    pub printer: bool,
    /// The last address that a receipt was mailed to in this run (M-055); not kept on disk.
    pub last_mail: Option<(PaymentId, String)>,
    /// The program's version, for the settings screen.
    pub version: &'static str,
    /// The address of the center, for the settings screen.
    pub center_url: String,
}

/// The clerk at the terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clerk {
    /// As printed on slips.
    pub operator: Operator,
    /// When the session began, UTC microseconds.
    pub since_us: i64,
    /// The last press, UTC microseconds.
    pub seen_us: i64,
    /// How the password stood when the clerk signed in (D-04).
    #[serde(default)]
    pub password: PasswordStanding,
}

/// The card reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reader {
    /// It does not answer.
    #[default]
    Offline,
    /// It is there.
    Online {
        /// Its serial number (M-014).
        serial: String,
    },
}

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the device is set.
    #[default]
    Device,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}
named!(Theme { Device = "device", Light = "light", Dark = "dark" });

/// What may be set on the device itself; `None` leaves it to the policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LocalSettings {
    /// Language of the screens.
    pub lang: Lang,
    /// Two or three ways to read a card; never more than the policy allows (M-032).
    pub interfaces: Option<Interfaces>,
    /// Order of the keys.
    pub keypad: Option<Keypad>,
    /// Light or dark.
    pub theme: Theme,
}

impl Context {
    /// The policy, or the defaults before activation.
    pub fn policy(&self) -> Policy {
        self.config.as_ref().map(|config| config.policy.clone()).unwrap_or_default()
    }

    /// The language of the screens.
    pub fn lang(&self) -> Lang {
        self.settings.lang
    }

    /// The ways to read a card that are open: the device may close one, never open one (M-032).
    pub fn interfaces(&self) -> Interfaces {
        match (self.policy().interfaces, self.settings.interfaces) {
            (Interfaces::Two, _) | (_, Some(Interfaces::Two)) => Interfaces::Two,
            (Interfaces::Three, Some(Interfaces::Three) | None) => Interfaces::Three,
        }
    }

    /// The order of the keys.
    pub fn keypad(&self) -> Keypad {
        self.settings.keypad.unwrap_or_else(|| self.policy().keypad)
    }

    /// The clerk, unless the session has ended.
    pub fn clerk_at(&self, now_us: i64) -> Option<&Clerk> {
        let clerk = self.clerk.as_ref()?;
        (now_us < self.clerk_until(clerk)).then_some(clerk)
    }

    /// When the clerk's session ends if nothing is pressed.
    pub fn clerk_until(&self, clerk: &Clerk) -> i64 {
        let session = self.policy().session;
        let idle = clerk.seen_us.saturating_add(minutes(session.idle_min));
        idle.min(clerk.since_us.saturating_add(minutes(session.absolute_min)))
    }

    /// The classes that at least one contract and its brand allow now, lump sum first.
    pub fn classes(&self, now_us: i64) -> Vec<PaymentClass> {
        let mut classes: Vec<PaymentClass> = Vec::new();
        for brand in self.brands_of(Method::Card) {
            for class in self.classes_of(brand, now_us) {
                if !classes.contains(&class) {
                    classes.push(class);
                }
            }
        }
        classes.sort();
        classes
    }

    /// The brands of a method that the shop has under contract, in the order of the contract (M-030).
    pub fn brands_of(&self, method: Method) -> Vec<Brand> {
        let contracts = self.config.iter().flat_map(|config| &config.contracts);
        contracts
            .map(|contract| contract.brand)
            .filter(|brand| brand.row().is_ok_and(|row| row.method == method))
            .collect()
    }

    /// The code brands that the shop has under contract.
    pub fn code_brands(&self) -> Vec<Brand> {
        self.brands_of(Method::Code)
    }

    /// The classes that the contract and the brand both allow now; none without a contract (201). A bonus lump
    /// sum has its seasons.
    pub fn classes_of(&self, brand: Brand, now_us: i64) -> Vec<PaymentClass> {
        let Some(contract) =
            self.config.iter().flat_map(|config| &config.contracts).find(|contract| contract.brand == brand)
        else {
            return Vec::new();
        };
        let most = brand.row().map(|row| row.classes.as_slice()).unwrap_or_default();
        let mut classes: Vec<PaymentClass> =
            contract.classes.iter().copied().filter(|class| most.contains(class)).collect();
        if payment::bonus::pays_month(brand, clock::business_date(instant(now_us))).is_none() {
            classes.retain(|class| *class != PaymentClass::BonusLump);
        }
        classes.sort();
        classes
    }

    /// Whether a new sale on the keypad must wait: a doubt that nobody has acknowledged (model 3.3 rule 1).
    pub fn unacknowledged(&self) -> Option<&Attempt> {
        self.open.iter().find(|attempt| !attempt.acknowledged)
    }
}

/// Whole minutes as microseconds.
pub(crate) fn minutes(count: i64) -> i64 {
    count.saturating_mul(60_000_000)
}

/// Whole seconds as microseconds.
pub(crate) fn seconds(count: i64) -> i64 {
    count.saturating_mul(1_000_000)
}

/// Microseconds since 1970 as an instant.
pub(crate) fn instant(at_us: i64) -> Timestamp {
    Timestamp::from_microsecond(at_us).unwrap_or(Timestamp::UNIX_EPOCH)
}
