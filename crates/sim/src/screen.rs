//! What the clerk sees: the product's own `step` moves the screen of a terminal, the simulation only says what
//! happened, and asks what the screen says.

use crate::message::LANES;
use center_api::{Contract, Shop, TerminalConfig};
use codes::MoneyTaken;
use payment::{Brand, Operator, PaymentClass, PaymentId, Policy};
use receipt::Merchant;
use terminal::attempt::Attempt;
use terminal::context::{Clerk, Context, LocalSettings, Reader};
use terminal::event::{Done, Effect, Event, Local, Moment, NewPayment, Press};
use terminal::screen::Screen;
use terminal::step::{Step, opening, step};

const READER: &str = "SIM";

/// A terminal's screen and what is true around it.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    ctx: Context,
    screen: Screen,
    /// Events so far: a screen that nothing has happened to is not looked at twice.
    turns: u64,
}

impl Front {
    /// The screen of a terminal that was never started.
    pub(crate) fn new(lane: usize) -> Self {
        let ctx = Context {
            config: Some(config(lane)),
            clerk: None,
            settings: LocalSettings::default(),
            reader: Reader::Online { serial: READER.to_owned() },
            center_up: true,
            ..Context::default()
        };
        Self { ctx, screen: Screen::Home, turns: 0 }
    }

    /// The terminal starts: `left` is not final in its journal, `last` is its newest payment if that was approved.
    pub(crate) fn opens(&mut self, left: &[Attempt], last: Option<Attempt>, now_us: i64) {
        self.sits_down(now_us);
        self.ctx.open = left.iter().filter(|attempt| attempt.is_open()).cloned().collect();
        self.screen = opening(&self.ctx, left, last, at(now_us));
        self.turns = self.turns.saturating_add(1);
    }

    /// Somebody is at the counter: sessions are tried elsewhere.
    fn sits_down(&mut self, now_us: i64) {
        let operator = Operator { id: "clerk".to_owned(), name: String::new() };
        self.ctx.clerk = Some(Clerk {
            operator,
            since_us: now_us,
            seen_us: now_us,
            password: payment::PasswordStanding::Good,
        });
    }

    /// Something happened; what the screen wants done about it.
    pub(crate) fn hears(&mut self, event: Event, now_us: i64) -> Vec<Effect> {
        if let Some(clerk) = &mut self.ctx.clerk {
            clerk.seen_us = now_us;
        }
        let screen = std::mem::replace(&mut self.screen, Screen::Home);
        let Step { screen, effects, .. } = step(&self.ctx, screen, event, at(now_us));
        self.screen = screen;
        self.turns = self.turns.saturating_add(1);
        effects
    }

    /// The journal has something new.
    pub(crate) fn changed(&mut self, attempt: &Attempt, now_us: i64) {
        self.ctx.open.retain(|open| open.id != attempt.id);
        if attempt.is_open() {
            self.ctx.open.push(attempt.clone());
            self.ctx.open.sort_by_key(|open| open.started_at_us);
        }
        self.hears(Event::Done(Done::Changed(Box::new(attempt.clone()))), now_us);
    }

    /// Whether a register may begin something.
    pub(crate) fn is_free(&self) -> bool {
        self.screen.busy_with().is_none() && self.ctx.unacknowledged().is_none()
    }

    /// A register begins something.
    pub(crate) fn begins(&mut self, new: NewPayment, now_us: i64) {
        self.hears(Event::Local(Local::Start(new)), now_us);
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        self.screen.name()
    }

    /// Events so far.
    pub(crate) const fn turns(&self) -> u64 {
        self.turns
    }

    /// What it says about the money of the payment that it shows.
    pub(crate) fn says(&self) -> Option<(PaymentId, MoneyTaken)> {
        self.screen.says()
    }

    /// Whether the clerk can see that nobody knows yet what became of this payment.
    pub(crate) fn shows_doubt(&self, id: PaymentId) -> bool {
        match &self.screen {
            Screen::Result(finished) => finished.id() == id && finished.money() == MoneyTaken::Unknown,
            Screen::Recovering(recovering) => recovering.attempts.iter().any(|attempt| attempt.id == id),
            Screen::Processing(processing) => processing.attempt.id == id,
            // Its banner, and the doubt itself before the next sale.
            screen => screen.is_idle() && self.ctx.open.iter().any(|open| open.id == id),
        }
    }

    /// What is offered here and leads nowhere; or nothing is offered, and nobody works on the payment.
    pub(crate) fn dead_end(&self, works: impl Fn(PaymentId) -> bool) -> Option<String> {
        let offered: &[Press] = match &self.screen {
            Screen::Result(_) | Screen::Mail(_) | Screen::Qr(_) => match self.says() {
                Some((_, MoneyTaken::Unknown)) => &[Press::CheckNow, Press::AnotherCustomer],
                _ => &[Press::Finish],
            },
            Screen::Recovering(_) => &[Press::CheckNow, Press::AnotherCustomer],
            Screen::Sign(form) if !form.stopping => &[Press::GiveBack],
            screen if screen.may_cancel() => &[Press::Cancel],
            screen => {
                let stuck = screen.running().filter(|attempt| !works(attempt.id));
                return stuck.map(|_| "nobody works on it".to_owned());
            }
        };
        let now_us = self.ctx.clerk.as_ref().map_or(0, |clerk| clerk.seen_us);
        let deaf = |press: &&Press| {
            !step(&self.ctx, self.screen.clone(), Event::Press((*press).clone()), at(now_us)).heard
        };
        offered.iter().find(deaf).map(|press| format!("{press:?} is offered and not heard"))
    }
}

fn at(now_us: i64) -> Moment {
    Moment { now_us, fresh: PaymentId::from_u128(0) }
}

fn config(lane: usize) -> TerminalConfig {
    let lump = |brand| Contract { brand, classes: vec![PaymentClass::Lump] };
    let merchant = Merchant {
        name: "sim".to_owned(),
        postal_code: String::new(),
        address: String::new(),
        phone: String::new(),
        invoice_reg_no: None,
        counter: String::new(),
        message: String::new(),
    };
    TerminalConfig {
        terminal_id: format!("{:012}", LANES.saturating_add(lane)),
        shop: Shop { id: "000358".to_owned(), code: "SIM1".to_owned(), merchant },
        contracts: vec![lump(Brand::Visa), lump(Brand::PayPay)],
        policy: Policy::default(),
        reader_serial: READER.to_owned(),
        support_phone: String::new(),
    }
}
