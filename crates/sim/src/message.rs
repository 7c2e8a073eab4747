//! What the parties say to each other, and who they are.

use codes::Code;
use iso8583::Message;
use money::Yen;
use payment::{PaymentId, StateName};
use std::fmt;

/// Lanes: a register with its terminal (R-002: one register a terminal).
pub(crate) const LANES: usize = 2;

/// A party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Party {
    /// The register of a lane.
    Register(usize),
    /// The terminal of a lane.
    Terminal(usize),
    /// The center.
    Center,
    /// The card network.
    Network,
    /// The code brand.
    Brand,
}

impl Party {
    /// Every party.
    pub(crate) const ALL: [Self; 7] = [
        Self::Register(0),
        Self::Terminal(0),
        Self::Register(1),
        Self::Terminal(1),
        Self::Center,
        Self::Network,
        Self::Brand,
    ];

    /// Its place in a table of all parties.
    pub(crate) const fn index(self) -> usize {
        match self {
            Self::Register(lane) => lane * 2,
            Self::Terminal(lane) => lane * 2 + 1,
            Self::Center => LANES * 2,
            Self::Network => LANES * 2 + 1,
            Self::Brand => LANES * 2 + 2,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(lane) => f.pad(if *lane == 0 { "register A" } else { "register B" }),
            Self::Terminal(lane) => f.pad(if *lane == 0 { "terminal A" } else { "terminal B" }),
            Self::Center => f.pad("center"),
            Self::Network => f.pad("network"),
            Self::Brand => f.pad("brand"),
        }
    }
}

/// The register's name of a service (nexo ServiceID): one per attempt to have a cart paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Service(pub u32);

/// A question of a terminal to the center, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CallNo(pub u64);

/// A message.
#[derive(Clone, Debug)]
pub(crate) enum Letter {
    /// Register to terminal: have this paid. The same service again is the same payment.
    Sale(Service, Yen),
    /// Register to terminal: give so much of this payment back.
    GiveBack(Service, PaymentId, Yen),
    /// Register to terminal: what became of it?
    Status(Service),
    /// Terminal to register.
    Told(Service, Told),
    /// Terminal to center. The number grows with every request of the device (its signature covers it).
    Ask { call: CallNo, counter: i64, id: PaymentId, what: Question },
    /// Terminal to center: are you there? (`GET /api/v1/terminal`)
    Ping(CallNo),
    /// Center to terminal: yes.
    Pong(CallNo),
    /// Center to terminal.
    Answer(CallNo, Result<View, Code>),
    /// Center to network and back.
    Iso(Box<Message>),
    /// Center to code brand: one exchange.
    ToBrand(u64, BrandAsk),
    /// Its answer: HTTP status and body.
    FromBrand(u64, u16, Vec<u8>),
}

/// What the center asks a code brand (docs/networks/code-http.md, section 3).
#[derive(Clone, Debug)]
pub(crate) enum BrandAsk {
    /// `POST /v2/payments`.
    Pay { id: PaymentId, amount: Yen, code: String },
    /// `GET /v2/payments/{id}`.
    Inquire(PaymentId),
    /// `DELETE /v2/payments/{id}`.
    Cancel(PaymentId),
    /// `POST /v2/refunds`.
    Refund { id: PaymentId, of: PaymentId, amount: Yen },
    /// `GET /v2/refunds/{id}`.
    InquireRefund { id: PaymentId, of: PaymentId },
}

impl fmt::Display for BrandAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pay { id, amount, .. } => write!(f, "{} pays {amount} by code", Short(*id)),
            Self::Inquire(id) => write!(f, "how does {} stand?", Short(*id)),
            Self::Cancel(id) => write!(f, "cancel {}", Short(*id)),
            Self::Refund { id, of, amount } => {
                write!(f, "{} gives {amount} of {} back", Short(*id), Short(*of))
            }
            Self::InquireRefund { id, .. } => write!(f, "was {} given back?", Short(*id)),
        }
    }
}

/// What the terminal says to its register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It never heard of the service.
    Unknown,
    /// Another one is on the screen; nothing was done.
    Busy,
    /// The intent could not be written; nothing was done.
    NotStarted,
    /// Nobody knows yet.
    Underway,
    /// Money was taken: the payment's id.
    Paid(PaymentId),
    /// No money was taken.
    NotPaid,
}

/// What a terminal asks about a payment.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// `POST /api/v1/payments`.
    Pay { amount: Yen, signature_follows: bool, key_counter: u32, code: Option<String> },
    /// `GET`.
    Look,
    /// `POST …/reversal`.
    Reverse { amount: Yen, reason: Code },
    /// `POST …/refunds`: the refund has an id of its own.
    GiveBack { of: PaymentId, amount: Yen },
    /// `POST …/refunds/{id}/reversal`.
    ReverseRefund { of: PaymentId, amount: Yen },
    /// `POST …/completion`.
    Complete,
    /// `POST …/release`.
    Release,
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pay { amount, code: Some(_), .. } => write!(f, "pay {amount} by code"),
            Self::Pay { amount, signature_follows: false, .. } => write!(f, "pay {amount}"),
            Self::Pay { amount, .. } => write!(f, "pay {amount}, a signature follows"),
            Self::GiveBack { of, amount } => write!(f, "give {amount} of {} back", Short(*of)),
            Self::ReverseRefund { of, .. } => write!(f, "undo it, it gives {} back", Short(*of)),
            Self::Look => f.write_str("how does it stand?"),
            Self::Reverse { reason, .. } => write!(f, "undo it ({})", reason.key()),
            Self::Complete => f.write_str("complete it"),
            Self::Release => f.write_str("give the hold back"),
        }
    }
}

/// The center's view of a payment, as far as the simulation needs it.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// The payment.
    pub(crate) id: PaymentId,
    /// Where it stands.
    pub(crate) state: StateName,
    /// Why.
    pub(crate) code: Option<Code>,
    /// How much.
    pub(crate) amount: Yen,
    /// Of a refund: the payment.
    pub(crate) of: Option<PaymentId>,
    /// The customer must still confirm on the phone.
    pub(crate) waits_for_user: bool,
}

/// A payment's id, short.
pub(crate) struct Short(pub PaymentId);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Ids of one run differ in their last bytes.
        let [.., high, low] = self.0.bytes();
        write!(f, "P{}", u16::from_be_bytes([*high, *low]))
    }
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sale(service, amount) => write!(f, "service {}: pay {amount}", service.0),
            Self::GiveBack(service, of, amount) => {
                write!(f, "service {}: give {amount} of {} back", service.0, Short(*of))
            }
            Self::Status(service) => write!(f, "service {}: what became of it?", service.0),
            Self::Told(service, told) => write!(f, "service {}: {told:?}", service.0),
            Self::Ask { id, what, .. } => write!(f, "{} {what}", Short(*id)),
            Self::Ping(_) => f.write_str("are you there?"),
            Self::Pong(_) => f.write_str("yes"),
            Self::Answer(_, Ok(view)) => write!(f, "{} is {}", Short(view.id), view.state.word()),
            Self::Answer(_, Err(code)) => write!(f, "refused: {}", code.key()),
            Self::ToBrand(_, ask) => write!(f, "{ask}"),
            Self::FromBrand(_, status, _) => write!(f, "HTTP {status}"),
            Self::Iso(message) => {
                write!(f, "{} {}", message.mti(), message.text(37).unwrap_or("-"))?;
                message.text(39).map_or(Ok(()), |code| write!(f, " code {code}"))
            }
        }
    }
}
