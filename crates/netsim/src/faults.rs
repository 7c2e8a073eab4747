//! Trouble on order: what may happen to requests and answers of a network, and for how long.

use crate::code::reply;
use crate::limits;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A network that faults can be ordered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// The card network.
    Card,
    /// Code brands.
    Code,
    /// The e-money center.
    Emoney,
}

impl Network {
    /// How this network refuses when it is not told how.
    const fn refusal(self) -> &'static str {
        match self {
            Self::Card | Self::Emoney => "05",
            Self::Code => "NO_SUFFICIENT_FUND",
        }
    }

    /// Whether this network is simulated yet.
    pub const fn is_built(self) -> bool {
        matches!(self, Self::Card | Self::Code)
    }
}

/// What may be ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The request never arrives.
    DropRequest,
    /// The request is served, the answer never leaves.
    DropAnswer,
    /// The answer comes later, but in time.
    Delay,
    /// The answer comes after the other side has given up.
    Late,
    /// The answer comes twice.
    Duplicate,
    /// The request is served, the answer is garbage.
    Garbage,
    /// The request is served, the line is cut instead of an answer.
    Close,
    /// Payments are refused with a code.
    Decline,
    /// The card network's own totals of a day are others than the acquirer's.
    TotalsDiffer,
    /// A charge is left out of the day's file.
    FileMissing,
    /// The day's file has a charge that nobody asked for.
    FileExtra,
    /// A charge in the day's file has another amount.
    FileAmount,
}

impl Fault {
    /// Every fault, in the order of the desk.
    pub const ALL: [Self; 12] = [
        Self::DropAnswer,
        Self::DropRequest,
        Self::Late,
        Self::Delay,
        Self::Duplicate,
        Self::Garbage,
        Self::Close,
        Self::Decline,
        Self::TotalsDiffer,
        Self::FileMissing,
        Self::FileExtra,
        Self::FileAmount,
    ];

    /// Whether it can be ordered of this network.
    pub const fn strikes_at(self, network: Network) -> bool {
        matches!(network, Network::Card) || !matches!(self, Self::TotalsDiffer)
    }

    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::DropRequest => "drop_request",
            Self::DropAnswer => "drop_answer",
            Self::Delay => "delay",
            Self::Late => "late",
            Self::Duplicate => "duplicate",
            Self::Garbage => "garbage",
            Self::Close => "close",
            Self::Decline => "decline",
            Self::TotalsDiffer => "totals_differ",
            Self::FileMissing => "file_missing",
            Self::FileExtra => "file_extra",
            Self::FileAmount => "file_amount",
        }
    }

    const fn strike(self) -> Option<Strike> {
        match self {
            Self::DropRequest => Some(Strike::DropRequest),
            Self::DropAnswer => Some(Strike::DropAnswer),
            Self::Delay => Some(Strike::Delay),
            Self::Late => Some(Strike::Late),
            Self::Duplicate => Some(Strike::Duplicate),
            Self::Garbage => Some(Strike::Garbage),
            Self::Close => Some(Strike::Close),
            Self::Decline | Self::TotalsDiffer | Self::FileMissing | Self::FileExtra | Self::FileAmount => {
                None
            }
        }
    }
}

/// What strikes one exchange on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strike {
    /// See [`Fault::DropRequest`].
    DropRequest,
    /// See [`Fault::DropAnswer`].
    DropAnswer,
    /// See [`Fault::Delay`].
    Delay,
    /// See [`Fault::Late`].
    Late,
    /// See [`Fault::Duplicate`].
    Duplicate,
    /// See [`Fault::Garbage`].
    Garbage,
    /// See [`Fault::Close`].
    Close,
}

/// An order for trouble, as `POST /desk/faults` takes it and answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Whose.
    pub network: Network,
    /// What.
    pub fault: Fault,
    /// The answer code of `decline`; 05 unless told (code: a result code, `NO_SUFFICIENT_FUND` unless told).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// How long `delay` and `late` wait, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// How many exchanges are still struck; until it is cleared when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// Why an order is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// This network is not simulated yet.
    NotBuilt,
    /// This network has no such fault.
    NotHere,
    /// `code` is no answer code of this network's refusals, or stands beside another fault than `decline`.
    BadCode,
    /// `ms` is beyond ten minutes.
    TooLong,
    /// `times` is nought.
    NeverStrikes,
    /// Too many orders are in force.
    TooMany,
}

/// What strikes the exchange at hand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Struck {
    /// On the line, with the ordered wait.
    pub line: Option<(Strike, Option<Duration>)>,
    /// The answer code that is forced.
    pub decline: Option<String>,
    /// Whether the network's own totals are others.
    pub other_totals: bool,
}

/// What the exchange is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exchange {
    /// The other side asks for money.
    Payment,
    /// It compares the totals of a day.
    DayTotals,
    /// Anything else.
    #[default]
    Other,
}

/// What is wrong with a day's file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileTrouble {
    /// See [`Fault::FileMissing`].
    pub missing: bool,
    /// See [`Fault::FileExtra`].
    pub extra: bool,
    /// See [`Fault::FileAmount`].
    pub amount: bool,
}

/// The orders in force. Cheap to clone; all clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Order>>>);

impl Faults {
    /// Takes an order. The same fault again replaces the older order.
    pub fn order(&self, order: Order) -> Result<(), Refused> {
        if !order.network.is_built() {
            return Err(Refused::NotBuilt);
        }
        if !order.fault.strikes_at(order.network) {
            return Err(Refused::NotHere);
        }
        let code_fits = |code: &String| match order.network {
            Network::Code => reply::find(code).is_some_and(|result| result.status >= 400),
            Network::Card | Network::Emoney => {
                code.len() == 2 && code != "00" && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }
        };
        if order.code.as_ref().is_some_and(|code| order.fault != Fault::Decline || !code_fits(code)) {
            return Err(Refused::BadCode);
        }
        if order.ms.is_some_and(|ms| ms > limits::FAULT_MS) {
            return Err(Refused::TooLong);
        }
        if order.times == Some(0) {
            return Err(Refused::NeverStrikes);
        }
        let mut orders = self.lock();
        orders.retain(|old| (old.network, old.fault) != (order.network, order.fault));
        if orders.len() >= limits::FAULTS {
            return Err(Refused::TooMany);
        }
        orders.push(order);
        Ok(())
    }

    /// The orders in force, oldest first.
    pub fn in_force(&self) -> Vec<Order> {
        self.lock().clone()
    }

    /// Ends one fault.
    pub fn end(&self, network: Network, fault: Fault) {
        self.lock().retain(|order| (order.network, order.fault) != (network, fault));
    }

    /// Ends all trouble.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// What strikes an exchange of this network, using up what is counted: the oldest order for the
    /// line, when the other side asks for money the order to refuse, and of a day's totals the order to differ.
    pub fn strike(&self, network: Network, exchange: Exchange) -> Struck {
        let mut struck = Struck::default();
        self.use_up(network, |order| match (order.fault.strike(), exchange, order.fault) {
            (Some(strike), _, _) if struck.line.is_none() => {
                struck.line = Some((strike, order.ms.map(Duration::from_millis)));
                true
            }
            (None, Exchange::DayTotals, Fault::TotalsDiffer) => {
                struck.other_totals = true;
                true
            }
            (None, Exchange::Payment, Fault::Decline) => {
                struck.decline = Some(order.code.clone().unwrap_or_else(|| network.refusal().to_owned()));
                true
            }
            _ => false,
        });
        struck
    }

    /// What is wrong with a day's file that this network makes now, using up what is counted.
    pub fn strike_file(&self, network: Network) -> FileTrouble {
        let mut trouble = FileTrouble::default();
        self.use_up(network, |order| {
            let which = match order.fault {
                Fault::FileMissing => &mut trouble.missing,
                Fault::FileExtra => &mut trouble.extra,
                Fault::FileAmount => &mut trouble.amount,
                _ => return false,
            };
            *which = true;
            true
        });
        trouble
    }

    /// Counts down the orders of a network that strike.
    fn use_up(&self, network: Network, mut strikes: impl FnMut(&Order) -> bool) {
        let mut orders = self.lock();
        for order in orders.iter_mut().filter(|order| order.network == network) {
            if strikes(order)
                && let Some(times) = &mut order.times
            {
                *times = times.saturating_sub(1);
            }
        }
        orders.retain(|order| order.times != Some(0));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Order>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYMENT: Exchange = Exchange::Payment;

    fn order(json: &str) -> Result<Order, serde_json::Error> {
        serde_json::from_str(json)
    }

    fn in_force(json: &str) -> Faults {
        let faults = Faults::default();
        faults.order(order(json).unwrap()).unwrap();
        faults
    }

    #[test]
    fn an_order_strikes_as_often_as_it_says_or_until_it_is_cleared() {
        let twice = in_force(r#"{"network":"card","fault":"drop_answer","times":2}"#);
        for strikes in [true, true, false] {
            assert_eq!(twice.strike(Network::Card, PAYMENT).line.is_some(), strikes);
        }
        assert_eq!(twice.in_force(), []);
        let always = in_force(r#"{"network":"card","fault":"close"}"#);
        for _ in 0..9 {
            assert_eq!(always.strike(Network::Card, Exchange::default()).line, Some((Strike::Close, None)));
        }
        always.clear();
        assert_eq!(always.strike(Network::Card, Exchange::default()), Struck::default());
    }

    #[test]
    fn only_payments_are_refused_and_a_refusal_may_be_late_too() {
        let faults = in_force(r#"{"network":"card","fault":"decline","code":"51","times":1}"#);
        faults.order(order(r#"{"network":"card","fault":"late","ms":70}"#).unwrap()).unwrap();
        let late = Some((Strike::Late, Some(Duration::from_millis(70))));
        assert_eq!(
            faults.strike(Network::Card, Exchange::default()),
            Struck { line: late, ..Struck::default() }
        );
        assert_eq!(
            faults.strike(Network::Card, PAYMENT),
            Struck { line: late, decline: Some("51".into()), ..Struck::default() }
        );
        assert_eq!(faults.strike(Network::Card, PAYMENT).decline, None, "it was ordered once");
    }

    #[test]
    fn only_a_days_totals_are_struck_by_the_order_that_they_differ() {
        let faults = in_force(r#"{"network":"card","fault":"totals_differ","times":1}"#);
        assert_eq!(faults.strike(Network::Card, PAYMENT), Struck::default());
        let day = Exchange::DayTotals;
        for differs in [true, false] {
            assert_eq!(faults.strike(Network::Card, day).other_totals, differs, "it was ordered once");
        }
    }

    #[test]
    fn a_days_file_is_struck_by_its_own_orders_alone() {
        let faults = in_force(r#"{"network":"card","fault":"file_missing","times":1}"#);
        faults.order(order(r#"{"network":"card","fault":"drop_answer","times":1}"#).unwrap()).unwrap();
        assert_eq!(faults.strike_file(Network::Code), FileTrouble::default());
        let missing = FileTrouble { missing: true, ..FileTrouble::default() };
        assert_eq!(faults.strike_file(Network::Card), missing);
        assert_eq!(faults.strike_file(Network::Card), FileTrouble::default(), "it was ordered once");
        assert!(faults.strike(Network::Card, PAYMENT).line.is_some(), "still in force");
    }

    #[test]
    fn the_same_fault_again_replaces_the_older_order() {
        let faults = in_force(r#"{"network":"card","fault":"delay","ms":1}"#);
        faults.order(order(r#"{"network":"card","fault":"delay","ms":2}"#).unwrap()).unwrap();
        assert_eq!(faults.in_force().iter().map(|o| o.ms).collect::<Vec<_>>(), [Some(2)]);
    }

    #[test]
    fn orders_that_make_no_sense_are_refused() {
        let faults = Faults::default();
        for (json, why) in [
            (r#"{"network":"emoney","fault":"close"}"#, Refused::NotBuilt),
            (r#"{"network":"code","fault":"totals_differ"}"#, Refused::NotHere),
            (r#"{"network":"code","fault":"decline","code":"51"}"#, Refused::BadCode),
            (r#"{"network":"code","fault":"decline","code":"SUCCESS"}"#, Refused::BadCode),
            (r#"{"network":"card","fault":"decline","code":"00"}"#, Refused::BadCode),
            (r#"{"network":"card","fault":"decline","code":"051"}"#, Refused::BadCode),
            (r#"{"network":"card","fault":"close","code":"05"}"#, Refused::BadCode),
            (r#"{"network":"card","fault":"delay","ms":600001}"#, Refused::TooLong),
            (r#"{"network":"card","fault":"delay","times":0}"#, Refused::NeverStrikes),
        ] {
            assert_eq!(faults.order(order(json).unwrap()), Err(why), "{json}");
        }
        for json in [r#"{"network":"card","fault":"explode"}"#, r#"{"network":"card","fault":"close","x":1}"#]
        {
            assert!(order(json).is_err(), "{json}");
        }
    }

    #[test]
    fn every_fault_is_called_the_same_in_code_and_json() {
        for fault in Fault::ALL {
            assert_eq!(serde_json::to_string(&fault).unwrap(), format!("\"{}\"", fault.word()));
        }
    }
}
