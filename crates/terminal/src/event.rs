//! What happens to a screen, and what a step wants done.

use crate::attempt::{Attempt, CodeFacts, Origin, Purpose};
use crate::context::LocalSettings;
use crate::screen::{CardHint, Filter, TaxChoice, Trouble, TypedParts};
use crate::secret::Password;
use center_api::{Activation, CardData, CodeToken, RefundOffer, Suspect};
use codes::Code;
use money::Yen;
use payment::{
    Brand, CodeEntry, Medium, Method, PasswordLack, PasswordStanding, PaymentClass, PaymentId, RefundKind,
    TaxParts,
};
use receipt::{CardFacts, Copy, Strokes};

/// Time and chance, handed to every step.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now, UTC microseconds.
    pub now_us: i64,
    /// An id that no payment has yet.
    pub fresh: PaymentId,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody pressed something on a page.
    Press(Press),
    /// A program on this device asks.
    Local(Local),
    /// The reader says something about the running payment.
    Reader(PaymentId, ReaderNews),
    /// A scanner or the camera has read a code.
    Scanned(ReadCode),
    /// Something that a step wanted is done.
    Done(Done),
    /// The moment that [`crate::step::deadline`] named has come.
    Tick,
}

/// A press on a page, read from its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Press {
    /// T1.
    Activate {
        /// As typed.
        terminal_id: String,
        /// As typed.
        password: Password,
    },
    /// Yes, this is the shop (W-031).
    ConfirmShop,
    /// T2.
    SignIn {
        /// As typed.
        login_id: String,
        /// As typed.
        password: Password,
    },
    /// To the new password.
    OpenNewPassword,
    /// The new password is typed.
    NewPassword {
        /// The current one, as typed.
        current: Password,
        /// The new one, as typed.
        new: Password,
        /// The same once more.
        again: Password,
    },
    /// Ends the clerk's session.
    SignOut,
    /// To the first screen.
    Home,
    /// To the screen before.
    Back,
    /// To the keypad.
    OpenSale,
    /// The amount is typed.
    Amount {
        /// As typed, normalised to NFKC.
        typed: String,
        /// Product note.
        note: String,
        /// How it is taxed, where that is asked.
        tax: TaxChoice,
    },
    /// The parts of the amount.
    Split(TypedParts),
    /// By card, with this class.
    Pay(PaymentClass),
    /// Show the classes.
    OpenClasses,
    /// The class for the card that was read.
    ChooseClass(PaymentClass),
    /// By code: show the scan screen.
    PayByCode,
    /// A code was typed, or a scanner typed it into the page.
    Code(ReadCode),
    /// Show the brands, to choose one by hand (M-042).
    OpenBrands,
    /// This brand; `None` leaves it to the code itself.
    ChooseBrand(Option<Brand>),
    /// Stop before the card is read.
    Cancel,
    /// It is not the same sale twice: go on.
    GoOn,
    /// The customer has signed.
    Sign(Strokes),
    /// Give the authorization back instead of signing.
    GiveBack,
    /// Take the signature of a payment that was left without one (M-028).
    Resume,
    /// The same sale once more, as a new payment.
    Again,
    /// The same sale, another way.
    OtherMethod,
    /// To the payment that was to be given back.
    Original,
    /// To what may be given back of the payment shown.
    OpenRefund,
    /// How much is given back, and why.
    Refund {
        /// As typed; empty for the whole.
        typed: String,
        /// Why.
        reason: String,
    },
    /// Yes, give it back.
    ConfirmRefund,
    /// Leave the result.
    Finish,
    /// Leave a doubt behind and serve another customer.
    AnotherCustomer,
    /// Ask about the doubt now.
    CheckNow,
    /// Print a copy.
    Print(Copy),
    /// To the mail form.
    OpenMail,
    /// Mail the receipt.
    Mail {
        /// As typed.
        address: String,
    },
    /// Show the code.
    ShowQr,
    /// To the history.
    OpenHistory(Filter),
    /// To one payment.
    Open(PaymentId),
    /// To the look-up.
    OpenLookup,
    /// Look a code up.
    Find {
        /// As typed or scanned.
        code: String,
    },
    /// To the settings.
    OpenSettings,
    /// Keep the settings.
    Save(LocalSettings),
    /// Only the language.
    Language(i18n::Lang),
    /// The online test.
    Echo,
}

/// What a program on this device asks for (design.md, fixed outside face).
#[derive(Clone, Debug)]
pub enum Local {
    /// Take this payment, or give one back.
    Start(NewPayment),
    /// Stop before the card is read; where a customer has still to confirm, ask and undo.
    Cancel(PaymentId),
    /// It is not the same sale twice: go on.
    GoOn(PaymentId),
    /// The signature.
    Sign(PaymentId, Strokes),
}

/// A payment to be started, or one to be given back. The id exists before anything else does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPayment {
    /// The id.
    pub id: PaymentId,
    /// Whole yen, above zero and within the limits.
    pub amount: Yen,
    /// By card, or by code.
    pub method: Method,
    /// Class.
    pub class: PaymentClass,
    /// Product note; the reason, where money is given back.
    pub note: Option<String>,
    /// What of the amount is not taxed at the standard rate, where somebody says it.
    pub tax: Option<TaxParts>,
    /// Who asks.
    pub origin: Origin,
    /// Since when (401).
    pub since_us: i64,
    /// When whoever asks no longer wants an answer: cleared then, if no card or code was read.
    pub deadline_us: Option<i64>,
    /// What is given back, instead of taken.
    pub refund: Option<Box<RefundTerms>>,
    /// A code that came with the wish to pay: nothing needs to be scanned.
    pub code: Option<ReadCode>,
}

impl NewPayment {
    /// A card sale from the keypad; the other fields are set beside.
    pub fn sale(id: PaymentId, amount: Yen, class: PaymentClass, since_us: i64) -> Self {
        Self {
            id,
            amount,
            method: Method::Card,
            class,
            note: None,
            tax: None,
            origin: Origin::Keypad,
            since_us,
            deadline_us: None,
            refund: None,
            code: None,
        }
    }

    /// Taken, or given back.
    pub fn purpose(&self) -> Purpose {
        self.refund.as_ref().map_or(Purpose::Sale, |terms| Purpose::Refund { of: terms.of, kind: terms.kind })
    }
}

/// On which terms something is given back: what the center offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundTerms {
    /// The payment.
    pub of: PaymentId,
    /// Void, return or refund.
    pub kind: RefundKind,
    /// What the customer must show.
    pub medium: Medium,
    /// The customer signs for it.
    pub signature: bool,
    /// The card that paid.
    pub card: Option<CardFacts>,
    /// The code that paid.
    pub code_paid: Option<CodeFacts>,
}

/// A code as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadCode {
    /// The text; it pays once.
    pub token: CodeToken,
    /// How it came in.
    pub entry: CodeEntry,
    /// The brand that was chosen beforehand (M-042).
    pub brand: Option<Brand>,
}

/// What the reader says.
#[derive(Clone, Debug)]
pub enum ReaderNews {
    /// It waits for a card now.
    Armed,
    /// Something must be done differently.
    Hint(CardHint),
    /// A card was noticed and is being read: too late to cancel.
    Reading,
    /// The PIN is asked for on the reader's pad.
    PinAsked {
        /// 1 for the first time.
        attempt: u8,
        /// The green key alone is not enough.
        needed: bool,
    },
    /// So many digits stand on the pad.
    PinDigits(u8),
    /// Read, verified, ready to be asked about.
    Read(Box<CardData>),
    /// It will not come to anything.
    Failed(Code),
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Done {
    /// The center knows the terminal.
    Activated(Activation),
    /// It does not.
    NotActivated(Trouble),
    /// The shop is confirmed; the context has the configuration.
    Confirmed,
    /// It is not.
    NotConfirmed(Trouble),
    /// The context has the clerk.
    SignedIn,
    /// It has not.
    NotSignedIn(Trouble),
    /// The password was right and must be changed first; the context has no clerk.
    PasswordDue(PasswordStanding),
    /// The new password was not taken.
    PasswordLacks(PasswordLack),
    /// The password was not changed, or nobody knows.
    PasswordNotChanged(Trouble),
    /// The journal has something new about a payment.
    Changed(Box<Attempt>),
    /// A payment could not even be journaled; nothing was done.
    NotStarted(PaymentId, Code),
    /// The center has not answered in time; the program keeps asking.
    Unanswered(PaymentId),
    /// A copy came out.
    Printed(PaymentId, Copy),
    /// It did not.
    NotPrinted(PaymentId, Copy, Trouble),
    /// The center took the mail.
    Mailed(PaymentId),
    /// It did not.
    NotMailed(PaymentId, Trouble),
    /// The list.
    Listed(Filter, Vec<Attempt>),
    /// One payment that was asked for.
    Loaded(Option<Box<Attempt>>),
    /// What may be given back of a payment now.
    Offered(PaymentId, Result<Box<Offered>, Trouble>),
    /// The same sum from such a card just now, if there is one.
    Checked(PaymentId, Option<Suspect>),
    /// What the code belongs to.
    Found(Option<Box<Attempt>>),
    /// The settings are kept; the context has them.
    Saved,
    /// The center answered the online test after so many milliseconds.
    Echoed(Result<i64, Trouble>),
    /// Something in the context changed: draw again.
    Context,
}

/// What the center offers to give back of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// On which terms; `None` when nothing may be given back now.
    pub offer: Option<RefundOffer>,
    /// What was given back already.
    pub given_back: Yen,
}

/// What a step wants done. Each is carried out to its end by a task of the program, whatever the
/// browser does, and answered with a [`Done`] or with [`ReaderNews`].
#[derive(Clone, Debug)]
pub enum Effect {
    /// Ask the center to activate.
    Activate {
        /// Twelve digits.
        terminal_id: String,
        /// The password.
        password: Password,
    },
    /// Confirm the shop.
    ConfirmShop,
    /// Ask the center about the clerk.
    SignIn {
        /// Login id.
        login_id: String,
        /// The password.
        password: Password,
    },
    /// Ask the center for a new password of a clerk.
    NewPassword {
        /// Login id.
        login_id: String,
        /// The current password.
        current: Password,
        /// The new one.
        new: Password,
    },
    /// Forget the clerk.
    SignOut,
    /// Journal the intent, then answer `Changed`.
    Start(NewPayment),
    /// Let the reader wait for a card.
    Arm(Box<Attempt>),
    /// Let it stop.
    Disarm(PaymentId),
    /// Journal that nothing will be sent.
    Abandon(PaymentId, Code),
    /// Journal what is sent, send it, let the chip finish, journal the outcome.
    Ask {
        /// The payment.
        id: PaymentId,
        /// The class that goes out.
        class: PaymentClass,
        /// The card.
        card: Box<CardData>,
    },
    /// Ask the center whether such a card has just paid the same sum; go on if it does not answer.
    CheckDuplicate {
        /// The payment.
        id: PaymentId,
        /// Whole yen.
        amount: Yen,
        /// The brand.
        brand: Brand,
        /// The last four digits.
        last4: String,
    },
    /// Journal what is sent, send the code, journal the outcome.
    AskCode(PaymentId, ReadCode),
    /// Journal the signature and what is sent, ask for the money to be given back, journal the outcome.
    AskRefund {
        /// The refund.
        id: PaymentId,
        /// The card, where it had to be shown again.
        card: Option<Box<CardData>>,
        /// The signature, where one had to be given.
        signature: Option<Strokes>,
    },
    /// Ask what may be given back of a payment.
    Offer(PaymentId),
    /// Journal the signature, ask for the completion, journal the outcome.
    Complete(PaymentId, Strokes),
    /// Journal that the authorization is given back, ask for it, journal the outcome.
    GiveBack(PaymentId),
    /// Journal that the clerk goes on with another customer.
    Acknowledge(PaymentId),
    /// Ask about a doubt now instead of later.
    Inquire(PaymentId),
    /// Journal that the clerk has left the result.
    Close(PaymentId),
    /// Print.
    Print {
        /// The payment.
        id: PaymentId,
        /// Which copy.
        copy: Copy,
        /// From the history: marked (再) in any case.
        from_history: bool,
    },
    /// Mail the receipt.
    Mail(PaymentId, String),
    /// Look up the list.
    List(Filter),
    /// Look up one payment.
    Load(PaymentId),
    /// Look up a receipt's code.
    Find(String),
    /// Keep the settings.
    Save(LocalSettings),
    /// The online test.
    Echo,
}
