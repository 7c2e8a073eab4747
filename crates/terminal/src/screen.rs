//! Screens as values: what the terminal shows now, and nothing else. The browser holds no state.

mod entry;

pub use entry::{AmountEntry, AmountError, Draft, Split, TaxChoice, TypedParts};

use crate::attempt::Attempt;
use crate::context::LocalSettings;
use crate::event::{Offered, ReadCode, RefundTerms};
use center_api::{Activation, CardData, RefundOffer, Suspect};
use codes::{Code, MoneyTaken};
use i18n::Lang;
use money::Yen;
use payment::{Brand, PasswordLack, PasswordStanding, PaymentClass, PaymentId, TaxParts};
use receipt::Copy;

/// The screen.
#[derive(Clone, Debug)]
pub enum Screen {
    /// T1: terminal id and password (W-030).
    Activate(Activate),
    /// T1: is this your shop? (W-031).
    ConfirmShop(ConfirmShop),
    /// T2: the clerk signs in.
    SignIn(SignIn),
    /// T2: the clerk chooses a new password (W-033, U-081).
    NewPassword(NewPassword),
    /// T4.
    Home,
    /// T5: keypad and product note (M-020).
    Amount(AmountEntry),
    /// T6: how is it paid.
    Method(Draft),
    /// T7b: how many payments.
    Class(Draft),
    /// T5: which part of the amount is taxed how.
    Split(Split),
    /// T7, T8: the reader waits, reads, asks for the PIN.
    Present(Present),
    /// T7b again, with the card read: its brand does not take the chosen class.
    ClassAgain(ClassAgain),
    /// T13w: such a card has just paid the same sum (R-071 … R-075).
    Duplicate(Duplicate),
    /// T11: the customer's code is waited for (M-040).
    Scan(Scan),
    /// T11: the brand is chosen by hand (M-042).
    Brands(Brands),
    /// T12: somebody is being asked.
    Processing(Processing),
    /// T9: the customer signs.
    Sign(Sign),
    /// T13, T14, T15: what became of it.
    Result(Finished),
    /// The receipt by mail (M-050, M-055).
    Mail(MailForm),
    /// The receipt as a code to scan (M-053).
    Qr(Delivery),
    /// T17 (M-070).
    History(History),
    /// T18 (M-071).
    Detail(Detail),
    /// T20: what is given back of a payment.
    GiveBack(GiveBack),
    /// T24: by the code on the receipt (M-068, M-080).
    Lookup(Lookup),
    /// T27.
    Settings(SettingsPage),
    /// T29: what was interrupted is being settled.
    Recovering(Recovering),
}

/// What went wrong with something that is not a payment; the catalogue has `trouble-<word>` for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Not twelve digits, or no password.
    ActivationIncomplete,
    /// Terminal id or password wrong.
    ActivationRefused,
    /// Too many wrong tries.
    Locked,
    /// Login id or password wrong.
    SignInRefused,
    /// The current password is wrong.
    PasswordWrong,
    /// The new password was not typed twice alike.
    PasswordDiffers,
    /// The center did not answer a change of password: it may have been changed.
    PasswordUnanswered,
    /// Something was left empty.
    Incomplete,
    /// The center cannot be reached.
    NoCenter,
    /// No paper.
    PaperOut,
    /// The printer's cover is open.
    CoverOpen,
    /// The printer cannot be reached or does not answer.
    PrinterOffline,
    /// No printer is set up.
    NoPrinter,
    /// Not a mail address.
    BadAddress,
    /// This receipt was mailed as often as allowed (D-20).
    MailLimit,
    /// Nothing under this code.
    NotFound,
    /// The signature is missing.
    NoSignature,
    /// Any other answer of the center.
    Code(Code),
}

impl Trouble {
    /// The catalogue key, or the code that has its own texts.
    pub const fn key(self) -> Result<&'static str, Code> {
        Ok(match self {
            Self::ActivationIncomplete => "trouble-activation-incomplete",
            Self::ActivationRefused => "trouble-activation-refused",
            Self::Locked => "trouble-locked",
            Self::SignInRefused => "trouble-sign-in-refused",
            Self::PasswordWrong => "trouble-password-wrong",
            Self::PasswordDiffers => "trouble-password-differs",
            Self::PasswordUnanswered => "trouble-password-unanswered",
            Self::Incomplete => "trouble-incomplete",
            Self::NoCenter => "trouble-no-center",
            Self::PaperOut => "trouble-paper-out",
            Self::CoverOpen => "trouble-cover-open",
            Self::PrinterOffline => "trouble-printer-offline",
            Self::NoPrinter => "trouble-no-printer",
            Self::BadAddress => "trouble-bad-address",
            Self::MailLimit => "trouble-mail-limit",
            Self::NotFound => "trouble-not-found",
            Self::NoSignature => "trouble-no-signature",
            Self::Code(code) => return Err(code),
        })
    }
}

/// Activation form.
#[derive(Clone, Debug, Default)]
pub struct Activate {
    /// What was typed as terminal id.
    pub terminal_id: String,
    /// The center is being asked.
    pub busy: bool,
    /// Why the last try failed.
    pub trouble: Option<Trouble>,
}

/// The shop to confirm.
#[derive(Clone, Debug)]
pub struct ConfirmShop {
    /// What the center says.
    pub activation: Activation,
    /// The center is being told.
    pub busy: bool,
    /// Why the last try failed.
    pub trouble: Option<Trouble>,
}

/// Sign-in form.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// What was typed as login id.
    pub login_id: String,
    /// The center is being asked.
    pub busy: bool,
    /// Why the last try failed.
    pub trouble: Option<Trouble>,
}

/// New password form.
#[derive(Clone, Debug, Default)]
pub struct NewPassword {
    /// Whose.
    pub login_id: String,
    /// Why it is changed; one that must be changed comes before everything else.
    pub standing: PasswordStanding,
    /// The center is being asked.
    pub busy: bool,
    /// What the last new one lacked.
    pub lack: Option<PasswordLack>,
    /// Why the last try failed otherwise.
    pub trouble: Option<Trouble>,
}

/// The reader at work.
#[derive(Clone, Debug)]
pub struct Present {
    /// The payment.
    pub attempt: Box<Attempt>,
    /// Since when the whole payment has been going on (401).
    pub since_us: i64,
    /// Since when the reader has been waiting (404).
    pub armed_us: i64,
    /// How far the card is.
    pub stage: Stage,
    /// The terms, where money is given back.
    pub terms: Option<Box<RefundTerms>>,
}

/// How far the card is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The intent is being journaled.
    Starting,
    /// The reader is being told to wait.
    Arming,
    /// The reader waits; a hint may say what went wrong at the last try.
    Waiting(Option<CardHint>),
    /// The chip or the phone is being read: leave it.
    Reading,
    /// The customer enters the PIN on the reader's own pad.
    Pin {
        /// Digits on the pad so far.
        digits: u8,
        /// 1 for the first time.
        attempt: u8,
        /// The green key alone was pressed and is not enough.
        needed: bool,
    },
    /// It is being given up; back to the first screen when the clerk or the register wished it.
    Stopping {
        /// Without a result screen.
        quietly: bool,
    },
}

/// What the reader asks the customer to do differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardHint {
    /// The chip could not be read: swipe.
    SwipeInstead,
    /// The stripe could not be read: once more.
    SwipeAgain,
    /// Taps are not offered here (M-032).
    TapNotOffered,
    /// Insert instead.
    InsertInstead,
}

/// The same sale twice?
#[derive(Clone, Debug)]
pub struct Duplicate {
    /// The payment.
    pub attempt: Box<Attempt>,
    /// Since when the payment has been going on (401).
    pub since_us: i64,
    /// The class that would go out.
    pub class: PaymentClass,
    /// The card that was read.
    pub card: Box<CardData>,
    /// What was paid just now; `None` while the center is being asked.
    pub suspect: Option<Suspect>,
}

/// The customer's code.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The payment.
    pub attempt: Box<Attempt>,
    /// Since when the payment has been going on (401).
    pub since_us: i64,
    /// Since when a code has been waited for (404).
    pub armed_us: i64,
    /// The intent is on disk: a code may be read.
    pub ready: bool,
    /// The brand that was chosen by hand (M-042).
    pub brand: Option<Brand>,
    /// Why the last code was not taken.
    pub hint: Option<ScanHint>,
    /// A code that came with the wish to pay.
    pub given: Option<ReadCode>,
}

/// Why a code was not taken; nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanHint {
    /// It is no payment code: a product's, a web address, half of one.
    NotACode,
    /// It is a shop's own code or a link: the customer has to show theirs.
    ShopsCode,
    /// It is of a service that is not taken, by its name.
    NotTaken(&'static str),
    /// Its brand is not under contract here.
    NotAccepted(Brand),
    /// It is of another brand than the one that was chosen.
    OtherBrand(Brand),
}

/// The brands to choose from.
#[derive(Clone, Debug)]
pub struct Brands {
    /// The wait that it belongs to.
    pub scan: Scan,
    /// The code whose brand the table does not know; `None` when none was read yet.
    pub read: Option<ReadCode>,
    /// The brands that may be chosen.
    pub offered: Vec<Brand>,
}

/// Choosing the class again.
#[derive(Clone, Debug)]
pub struct ClassAgain {
    /// The payment.
    pub attempt: Box<Attempt>,
    /// Since when the payment has been going on (401).
    pub since_us: i64,
    /// The card that was read.
    pub card: Box<CardData>,
    /// What its brand and the contract allow.
    pub allowed: Vec<PaymentClass>,
}

/// Somebody is being asked.
#[derive(Clone, Debug)]
pub struct Processing {
    /// The payment.
    pub attempt: Box<Attempt>,
    /// Brand, once known.
    pub brand: Option<Brand>,
    /// A chip card is in the slot and must stay.
    pub card_in: bool,
    /// Since when.
    pub since_us: i64,
    /// Longer than usual (T12).
    pub slow: bool,
}

/// The signature.
#[derive(Clone, Debug)]
pub struct Sign {
    /// The payment: authorized.
    pub attempt: Box<Attempt>,
    /// It was interrupted and is taken up again.
    pub interrupted: bool,
    /// It is being given back.
    pub stopping: bool,
    /// Why the last strokes were not taken.
    pub trouble: Option<Trouble>,
    /// Money is given back: the signature comes before anybody is asked.
    pub before: Option<Before>,
}

/// What waits for a signature before it is sent.
#[derive(Clone, Debug)]
pub struct Before {
    /// The card, where it had to be shown again.
    pub card: Option<Box<CardData>>,
    /// Since when it has been going on (401).
    pub since_us: i64,
}

/// What became of a payment.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The payment, as the journal has it now.
    pub attempt: Box<Attempt>,
    /// It was found at start-up, or settled after a doubt.
    pub interrupted: bool,
    /// The printer.
    pub printing: PrintState,
    /// The receipt was mailed from here.
    pub mailed: bool,
}

/// What the printer does for this screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PrintState {
    /// Nothing.
    #[default]
    Idle,
    /// A copy is on its way.
    Printing(Copy),
    /// The copy came out.
    Done(Copy),
    /// It did not.
    Failed(Copy, Trouble),
}

/// A receipt on its way to the customer, and the screen behind.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The payment.
    pub attempt: Box<Attempt>,
    /// The result or the detail to come back to.
    pub back: Box<Screen>,
}

/// Mail.
#[derive(Clone, Debug)]
pub struct MailForm {
    /// What, and where to come back to.
    pub delivery: Delivery,
    /// What was typed, or the last address of this receipt (M-055).
    pub address: String,
    /// How it goes.
    pub state: MailState,
}

/// How a mail goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// The address is being typed; why the last try failed.
    Editing(Option<Trouble>),
    /// The center is being asked.
    Sending,
    /// The center took it.
    Sent,
}

/// Which payments the history shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Days.
    pub period: Period,
    /// States.
    pub kind: Kind,
    /// Exactly this amount.
    pub amount: Option<Yen>,
}

/// Days of the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Period {
    /// Today in Tokyo.
    #[default]
    Today,
    /// Today and the six days before.
    Week,
    /// Everything.
    All,
}

/// States of the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// All.
    #[default]
    All,
    /// Money was taken.
    Sales,
    /// Nothing was taken.
    Refused,
    /// Not settled.
    Open,
}

macro_rules! named {
    ($name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $name {
            /// Every choice, in menu order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word of forms and of catalogue keys.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
            /// Reads [`Self::word`].
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|choice| choice.word() == word)
            }
        }
    };
}
pub(crate) use named;
named!(Period { Today = "today", Week = "week", All = "all" });
named!(Kind { All = "all", Sales = "sales", Refused = "refused", Open = "open" });

/// The list.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What is shown.
    pub filter: Filter,
    /// The payments, newest first; `None` while they are looked up.
    pub rows: Option<Vec<Attempt>>,
}

/// One payment.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The payment.
    pub attempt: Box<Attempt>,
    /// The printer.
    pub printing: PrintState,
    /// Where to come back to.
    pub back: Place,
    /// What may be given back of it.
    pub offer: Offering,
}

/// What may be given back, as far as the center has said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Offering {
    /// Not asked: nothing was taken, or it gives back itself.
    #[default]
    Nothing,
    /// The center is being asked.
    Asking,
    /// This.
    Known(Box<Offered>),
    /// The center cannot be asked now.
    Unasked(Trouble),
}

/// What is given back of a payment.
#[derive(Clone, Debug)]
pub struct GiveBack {
    /// The payment.
    pub of: Box<Attempt>,
    /// On which terms.
    pub offer: RefundOffer,
    /// How much; the whole to begin with.
    pub amount: Yen,
    /// Why, as typed.
    pub reason: String,
    /// Why the amount was not taken.
    pub error: Option<AmountError>,
    /// The parts of the amount as typed, where they are asked for.
    pub parts: TypedParts,
    /// The parts were not taken.
    pub parts_wrong: bool,
    /// The parts that were taken.
    pub tax: Option<TaxParts>,
    /// Which of its pages.
    pub page: BackPage,
    /// Where the detail leads back to.
    pub back: Place,
}

/// A page of giving back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackPage {
    /// How much, and why.
    Amount,
    /// Which part of it was taxed how.
    Split,
    /// Only the last word is missing.
    Confirm,
}

/// Where a screen leads back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first screen.
    Home,
    /// The list, as it was filtered.
    History(Filter),
    /// Look-up.
    Lookup,
}

/// Look-up.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// What was typed or scanned.
    pub typed: String,
    /// It is being looked up.
    pub busy: bool,
    /// Why nothing was found.
    pub trouble: Option<Trouble>,
}

/// Settings.
#[derive(Clone, Debug, Default)]
pub struct SettingsPage {
    /// Shows that the settings were kept.
    pub saved: bool,
    /// The online test.
    pub echo: Echo,
    /// The settings shown, when they were just changed.
    pub chosen: Option<LocalSettings>,
}

/// The online test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echo {
    /// Not tried.
    #[default]
    Idle,
    /// Under way.
    Running,
    /// The center answered after so many milliseconds.
    Answered {
        /// Milliseconds.
        after_ms: i64,
    },
    /// It did not.
    Failed(Trouble),
}

/// What was interrupted.
#[derive(Clone, Debug)]
pub struct Recovering {
    /// The payments that are being settled; settled ones stay until the last one is.
    pub attempts: Vec<Attempt>,
}

impl Screen {
    /// The name in the page (a change of it moves the focus and is announced) and of its golden file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Activate(_) => "activate",
            Self::ConfirmShop(_) => "confirm-shop",
            Self::SignIn(_) => "sign-in",
            Self::NewPassword(_) => "new-password",
            Self::Home => "home",
            Self::Amount(_) => "amount",
            Self::Method(_) => "method",
            Self::Class(_) => "class",
            Self::Split(_) => "split",
            Self::Present(present) => match present.stage {
                Stage::Pin { .. } => "pin",
                Stage::Reading => "reading",
                Stage::Starting | Stage::Arming => "preparing",
                Stage::Waiting(_) => "present",
                Stage::Stopping { .. } => "stopping",
            },
            Self::ClassAgain(_) => "class-again",
            Self::Duplicate(Duplicate { suspect: None, .. }) => "processing",
            Self::Duplicate(_) => "duplicate",
            Self::Scan(Scan { ready: false, .. }) => "preparing",
            Self::Scan(_) => "scan",
            Self::Brands(_) => "brands",
            Self::GiveBack(GiveBack { page: BackPage::Confirm, .. }) => "refund-confirm",
            Self::GiveBack(GiveBack { page: BackPage::Split, .. }) => "refund-split",
            Self::GiveBack(_) => "refund",
            Self::Processing(processing) if processing.is_undoing() => "undoing",
            Self::Processing(processing) if processing.attempt.waits_for_user => "customer",
            Self::Processing(_) => "processing",
            Self::Sign(_) => "sign",
            Self::Result(finished) => finished.tone(),
            Self::Mail(_) => "mail",
            Self::Qr(_) => "qr",
            Self::History(_) => "history",
            Self::Detail(_) => "detail",
            Self::Lookup(_) => "lookup",
            Self::Settings(_) => "settings",
            Self::Recovering(_) => "recovering",
        }
    }

    /// The payment that this screen is about while it is under way: cancel, signature and answers of
    /// another payment do not touch it.
    pub fn running(&self) -> Option<&Attempt> {
        match self {
            Self::Present(present) => Some(&present.attempt),
            Self::ClassAgain(again) => Some(&again.attempt),
            Self::Duplicate(duplicate) => Some(&duplicate.attempt),
            Self::Scan(scan) => Some(&scan.attempt),
            Self::Brands(brands) => Some(&brands.scan.attempt),
            Self::Processing(processing) => Some(&processing.attempt),
            Self::Sign(sign) => Some(&sign.attempt),
            Self::Result(finished) if finished.money() == MoneyTaken::Unknown => Some(&finished.attempt),
            Self::Result(_)
            | Self::Activate(_)
            | Self::ConfirmShop(_)
            | Self::SignIn(_)
            | Self::NewPassword(_)
            | Self::Home
            | Self::Amount(_)
            | Self::Method(_)
            | Self::Class(_)
            | Self::Split(_)
            | Self::Mail(_)
            | Self::Qr(_)
            | Self::History(_)
            | Self::Detail(_)
            | Self::GiveBack(_)
            | Self::Lookup(_)
            | Self::Settings(_)
            | Self::Recovering(_) => None,
        }
    }

    /// What the clerk is told about the money of the payment whose end is on the screen; `None` while nothing
    /// is told yet, or no one payment is shown.
    pub fn says(&self) -> Option<(PaymentId, MoneyTaken)> {
        match self {
            Self::Result(finished) => Some((finished.id(), finished.money())),
            Self::Mail(form) => form.delivery.back.says(),
            Self::Qr(shown) => shown.back.says(),
            _ => None,
        }
    }

    /// Why a payment asked for from outside cannot begin now: the name of what runs.
    pub fn busy_with(&self) -> Option<&'static str> {
        match self {
            Self::Activate(_) | Self::ConfirmShop(_) => Some("activation"),
            Self::Method(_)
            | Self::Class(_)
            | Self::Split(_)
            | Self::GiveBack(GiveBack { page: BackPage::Split | BackPage::Confirm, .. }) => {
                Some("a payment on the terminal's own screen")
            }
            Self::Recovering(_) => Some("recovery of an interrupted payment"),
            other => other.running().map(|attempt| {
                let unknown = matches!(self, Self::Result(_)) || attempt.is_open();
                if unknown { "a payment whose result is not known yet" } else { "a payment" }
            }),
        }
    }

    /// Whether cancelling is possible: nothing was sent and no card is being read, or a customer has still
    /// to confirm on the phone (then somebody is asked first, and what stands is undone).
    pub fn may_cancel(&self) -> bool {
        match self {
            Self::Present(present) => {
                matches!(present.stage, Stage::Starting | Stage::Arming | Stage::Waiting(_))
            }
            Self::ClassAgain(_) | Self::Scan(_) | Self::Brands(_) => true,
            Self::Duplicate(duplicate) => duplicate.suspect.is_some(),
            Self::Sign(sign) => sign.before.is_some(),
            Self::Processing(processing) => processing.attempt.waits_for_user && !processing.is_undoing(),
            _ => false,
        }
    }

    /// Whether the clerk is between two payments: the session may end here.
    pub fn is_idle(&self) -> bool {
        matches!(
            self,
            Self::Home
                | Self::NewPassword(_)
                | Self::Amount(_)
                | Self::Method(_)
                | Self::Class(_)
                | Self::History(_)
                | Self::Detail(_)
                | Self::GiveBack(_)
                | Self::Lookup(_)
                | Self::Settings(_)
        )
    }
}

impl Processing {
    /// Whether the clerk has cancelled while the customer had still to confirm: what stands is undone.
    pub fn is_undoing(&self) -> bool {
        self.attempt.undo.is_some() && self.attempt.waits_for_user
    }
}

impl Finished {
    /// A result as it is first shown.
    pub fn new(attempt: Attempt) -> Self {
        Self { attempt: Box::new(attempt), interrupted: false, printing: PrintState::Idle, mailed: false }
    }

    /// What the screen says about the money: taken by a sale, returned by a refund.
    pub fn money(&self) -> MoneyTaken {
        use payment::StateName as S;
        if self.attempt.is_open() {
            return MoneyTaken::Unknown;
        }
        match self.attempt.name() {
            S::Approved => MoneyTaken::Yes,
            S::Declined | S::Failed | S::Abandoned | S::Reversed | S::Released => MoneyTaken::No,
            S::Started | S::Sent | S::Authorized | S::InDoubt => MoneyTaken::Unknown,
        }
    }

    /// Whether it ended by being undone.
    pub(crate) fn is_undone(&self) -> bool {
        matches!(self.attempt.name(), payment::StateName::Reversed | payment::StateName::Released)
    }

    /// The kind of result: screen name and sound.
    pub fn tone(&self) -> &'static str {
        match self.money() {
            MoneyTaken::Yes => "approved",
            MoneyTaken::No if self.is_undone() => "undone",
            MoneyTaken::No => "refused",
            MoneyTaken::Unknown => "unknown",
        }
    }

    /// The payment's id.
    pub fn id(&self) -> PaymentId {
        self.attempt.id
    }
}

/// The languages of the settings menu.
pub const LANGUAGES: [Lang; 2] = Lang::ALL;
