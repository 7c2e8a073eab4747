//! Cycles as data: which days are settled together, and when they are paid and told (U-060 … U-066, X-066).

use super::calendar::Calendar;
use crate::limits;
use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::LazyLock;

/// A short word of small letters, digits and `_`, cheap to copy.
macro_rules! code {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// The word, or an error for another kind of text.
            pub fn new(word: &str) -> Result<Self, crate::rules::cycle::BadCode> {
                crate::rules::cycle::check_code(word).map(|()| Self(word.into()))
            }

            /// The stored word.
            pub fn word(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::rules::cycle::BadCode;
            fn try_from(word: String) -> Result<Self, crate::rules::cycle::BadCode> {
                Self::new(&word)
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0.as_ref().to_owned()
            }
        }
    };
}
pub(super) use code;

code! {
    /// The code of a cycle, for example `card`.
    CycleCode
}

/// Not a code: 1 to 24 small letters, digits and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCode(pub String);

impl fmt::Display for BadCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a code of 1 to {} small letters, digits and _: {:?}", limits::CODE_CHARS, self.0)
    }
}

impl std::error::Error for BadCode {}

pub(super) fn check_code(word: &str) -> Result<(), BadCode> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if word.is_empty() || word.len() > limits::CODE_CHARS || !word.bytes().all(fits) {
        return Err(BadCode(word.to_owned()));
    }
    Ok(())
}

/// Where a pay day goes on which the banks are closed (U-064).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Roll {
    /// To the business day before.
    Previous,
    /// To the business day after.
    Next,
}

/// A day of any month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml::Value")]
enum DayOfMonth {
    /// 1 to 28.
    Day(i8),
    /// The last one.
    End,
}

impl TryFrom<toml::Value> for DayOfMonth {
    type Error = String;
    fn try_from(value: toml::Value) -> Result<Self, String> {
        let day =
            value.as_integer().and_then(|day| i8::try_from(day).ok()).filter(|day| (1..=28).contains(day));
        match (value.as_str(), day) {
            (Some("end"), _) => Ok(Self::End),
            (_, Some(day)) => Ok(Self::Day(day)),
            _ => Err(format!("a day of the month is 1 to 28 or \"end\", not {value}")),
        }
    }
}

impl DayOfMonth {
    /// This day in the month of `day`.
    fn within(self, day: Date) -> Date {
        match self {
            Self::Day(of_month) => day.with().day(of_month).build().unwrap_or(day),
            Self::End => day.last_of_month(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct PayDay {
    months: u8,
    day: DayOfMonth,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowRule {
    first: i8,
    last: DayOfMonth,
    pay: PayDay,
    roll: Roll,
}

/// A cycle: the windows of a month and the pay day of each.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cycle {
    code: CycleCode,
    #[serde(rename = "window")]
    windows: Vec<WindowRule>,
}

/// The days of one window: what is settled together. It does not depend on any calendar.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First day, a date in Tokyo.
    pub first: Date,
    /// Last day (締め日).
    pub last: Date,
    /// Its cycle.
    pub cycle: CycleCode,
}

/// A window with its days of payment, by one calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its cycle.
    pub cycle: CycleCode,
    /// First day, a date in Tokyo.
    pub first: Date,
    /// Last day (締め日).
    pub last: Date,
    /// The pay day as the cycle names it.
    pub nominal: Date,
    /// The pay day, a bank business day.
    pub pay: Date,
    /// The day of the payment notice: two bank business days before the pay day (U-066, D-25).
    pub notice: Date,
}

/// Bank business days between notice and payment.
const NOTICE_DAYS: u8 = 2;

impl Window {
    /// Its days alone.
    pub fn span(&self) -> Span {
        Span { first: self.first, last: self.last, cycle: self.cycle.clone() }
    }
}

impl Cycle {
    /// Its code.
    pub const fn code(&self) -> &CycleCode {
        &self.code
    }

    /// The window that a day belongs to, with the rule of its pay day.
    fn rule_of(&self, day: Date) -> Option<(&WindowRule, Span)> {
        // The windows of a month are in order and cover it: the last one that has begun is the one.
        let rule = self.windows.iter().rev().find(|rule| rule.first <= day.day())?;
        let first = DayOfMonth::Day(rule.first).within(day);
        Some((rule, Span { first, last: rule.last.within(day), cycle: self.code.clone() }))
    }

    /// The days of the window that a day belongs to.
    pub fn span_of(&self, day: Date) -> Span {
        let alone = || Span { first: day, last: day, cycle: self.code.clone() };
        self.rule_of(day).map_or_else(alone, |(_, span)| span)
    }

    /// The window that a day belongs to.
    pub fn window_of(&self, day: Date, calendar: &Calendar) -> Window {
        let Some((rule, span)) = self.rule_of(day) else {
            return Window {
                cycle: self.code.clone(),
                first: day,
                last: day,
                nominal: day,
                pay: day,
                notice: day,
            };
        };
        let nominal = rule.nominal(&span);
        let pay = calendar.roll(nominal, rule.roll);
        let notice = calendar.back(pay, NOTICE_DAYS);
        Window { cycle: span.cycle, first: span.first, last: span.last, nominal, pay, notice }
    }

    /// Every window with a day in `from` to `to` (both inclusive), in order.
    pub fn windows(&self, from: Date, to: Date, calendar: &Calendar) -> Vec<Window> {
        let mut windows = Vec::new();
        let mut day = from;
        while day <= to {
            let window = self.window_of(day, calendar);
            let Ok(next) = window.last.tomorrow() else { break };
            windows.push(window);
            day = next;
        }
        windows
    }

    /// Every window whose pay day by this calendar is `pay`, in order.
    pub fn paid_on(&self, pay: Date, calendar: &Calendar) -> Vec<Window> {
        // One month more than a cycle may let pass, for the roll.
        let from =
            pay.first_of_month().saturating_sub(i64::from(limits::PAY_MONTHS).saturating_add(1).months());
        let mut windows = self.windows(from, pay, calendar);
        windows.retain(|window| window.pay == pay);
        windows
    }

    fn check(&self) -> Result<(), String> {
        let mut expected = Some(1);
        if self.windows.len() > limits::WINDOWS_IN_A_MONTH {
            return Err(format!("more than {} windows a month", limits::WINDOWS_IN_A_MONTH));
        }
        for rule in &self.windows {
            if Some(rule.first) != expected {
                return Err("the windows do not cover a month from 1 to \"end\" without a gap".to_owned());
            }
            expected = match rule.last {
                DayOfMonth::Day(last) if last >= rule.first => last.checked_add(1),
                DayOfMonth::Day(_) => return Err("a window ends before it begins".to_owned()),
                DayOfMonth::End => None,
            };
            rule.pay.check(rule.last)?;
        }
        if expected.is_some() {
            return Err("the last window does not go to \"end\"".to_owned());
        }
        self.check_order()
    }

    /// No window may be paid before the one in front of it: documents are made in the order of pay days. What holds for
    /// two years, one of them a leap year, holds for all; two pay days that move towards each other pass only when the
    /// banks are closed on every day between them, which is never for [`limits::ROLLED_DAYS`].
    fn check_order(&self) -> Result<(), String> {
        let (from, to) = (Date::constant(2027, 1, 1), Date::constant(2028, 12, 31));
        let (mut day, mut before) = (from, None::<(Date, Roll)>);
        while day <= to {
            let Some((rule, span)) = self.rule_of(day) else { break };
            let nominal = rule.nominal(&span);
            if let Some((earlier, roll)) = before {
                let apart = earlier.until(nominal).map_or(0, |span| span.get_days());
                if apart < 0 || (apart < limits::ROLLED_DAYS && roll != rule.roll) {
                    return Err("a later window is paid before an earlier one".to_owned());
                }
            }
            before = Some((nominal, rule.roll));
            let Ok(next) = span.last.tomorrow() else { break };
            day = next;
        }
        Ok(())
    }
}

impl WindowRule {
    /// The pay day of a window as the rule names it.
    fn nominal(&self, span: &Span) -> Date {
        let month = span.first.first_of_month().saturating_add(i64::from(self.pay.months).months());
        self.pay.day.within(month)
    }
}

impl PayDay {
    /// The pay day must lie behind the window by enough days for closing and notice, also in February.
    fn check(&self, last: DayOfMonth) -> Result<(), String> {
        if self.months > limits::PAY_MONTHS {
            return Err(format!("a pay day is at most {} months after its window", limits::PAY_MONTHS));
        }
        let in_month = |day: DayOfMonth| match day {
            DayOfMonth::Day(day) => i32::from(day),
            DayOfMonth::End => 28,
        };
        let pay = i32::from(self.months).saturating_mul(28).saturating_add(in_month(self.day));
        if pay.saturating_sub(in_month(last)) < limits::PAY_AFTER_DAYS {
            return Err(format!("a pay day is at least {} days after its window", limits::PAY_AFTER_DAYS));
        }
        Ok(())
    }
}

/// A file or block of cycles that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCycle(pub String);

impl fmt::Display for BadCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a settlement cycle: {}", self.0)
    }
}

impl std::error::Error for BadCycle {}

/// A cycle code that no block has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSuchCycle(pub CycleCode);

impl fmt::Display for NoSuchCycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no such settlement cycle: {}", self.0)
    }
}

impl std::error::Error for NoSuchCycle {}

/// All cycles of a tenant: the embedded ones and its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cycles {
    #[serde(rename = "cycle")]
    all: Vec<Cycle>,
}

impl Cycles {
    /// The cycles of `data/cycles.toml`.
    pub fn embedded() -> &'static Self {
        static ROWS: LazyLock<Cycles> =
            LazyLock::new(|| Cycles::read(include_str!("../../data/cycles.toml")).unwrap_or_default());
        &ROWS
    }

    /// Reads `[[cycle]]` blocks and checks each.
    pub fn read(text: &str) -> Result<Self, BadCycle> {
        let read: Self = toml::from_str(text).map_err(|error| BadCycle(error.message().to_owned()))?;
        let mut cycles = Self::default();
        for cycle in read.all {
            cycles = cycles.with(cycle)?;
        }
        Ok(cycles)
    }

    /// With the blocks of another text; a code may stand only once.
    pub fn with_text(self, text: &str) -> Result<Self, BadCycle> {
        Self::read(text)?.all.into_iter().try_fold(self, Self::with)
    }

    fn with(mut self, cycle: Cycle) -> Result<Self, BadCycle> {
        cycle.check().map_err(|why| BadCycle(format!("{}: {why}", cycle.code)))?;
        if self.get(&cycle.code).is_ok() {
            return Err(BadCycle(format!("{}: the code is taken", cycle.code)));
        }
        self.all.push(cycle);
        Ok(self)
    }

    /// The cycle of a code.
    pub fn get(&self, code: &CycleCode) -> Result<&Cycle, NoSuchCycle> {
        self.all.iter().find(|cycle| cycle.code == *code).ok_or_else(|| NoSuchCycle(code.clone()))
    }

    /// Every cycle, in the order of the blocks.
    pub fn all(&self) -> &[Cycle] {
        &self.all
    }
}
