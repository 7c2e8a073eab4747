//! What the terminal's tasks share: journal, center, orders to the reader, the printer, what is shown.

use crate::agent::{Around, Message, Shown};
use crate::center::{Center, CenterFault};
use crate::context::Context;
use crate::event::{Done, Event};
use crate::journal::Journal;
use crate::printer::AnyPrinter;
use crate::reader::Order;
use crate::screen::Screen;
use crate::tasks::settling::Settling;
use center_api::{Activation, JournalStanding};
use clock::Clock;
use device::hardware::Battery;
use pages::frame::Link;
use pages::live::Live;
use payment::PaymentId;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Space;
use tokio::sync::{Notify, mpsc, watch};

/// Hears every screen that is shown, in order: its name and the inside of its page. Stories read along;
/// it is called by the screen's own task and must not wait.
pub type Witness = Arc<dyn Fn(&'static str, &str) + Send + Sync>;

/// Sixteen random bytes at a time.
pub type Chance = Arc<dyn Fn() -> [u8; 16] + Send + Sync>;

pub(crate) struct Shared {
    pub(crate) journal: Journal,
    pub(crate) center: Arc<dyn Center>,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) printer: tokio::sync::Mutex<Option<Box<dyn AnyPrinter>>>,
    pub(crate) battery: Box<dyn Battery>,
    pub(crate) clock: Clock,
    pub(crate) space: Space,
    pub(crate) chance: Chance,
    pub(crate) live: Live,
    pub(crate) public_key: String,
    pub(crate) reader_serial: String,
    pub(crate) messages: mpsc::Sender<Message>,
    /// Wakes whoever pauses before a doubt is asked about again.
    pub(crate) ask_again: Notify,
    /// Wakes whoever waits for the center's word about a doubt: it was silent, and answers again.
    pub(crate) line_is_back: Notify,
    /// Wakes whoever tries the line: a question was not answered.
    pub(crate) fell_silent: Notify,
    /// A question was not answered, and none has been since.
    silent: AtomicBool,
    /// The center has said in this run that the journal goes on from what it has seen.
    pub(crate) proved: AtomicBool,
    /// Held while the journal is told to the center: of two uploads at once the shorter one could arrive last
    /// and look like an old backup.
    pub(crate) reporting: tokio::sync::Mutex<()>,
    /// Payments that a task is settling.
    pub(crate) settling: Settling,
    /// What the center said at the activation, until the clerk has confirmed it.
    pub(crate) activation: Mutex<Option<Activation>>,
    /// When the last camera frame was looked at, UTC microseconds; held while one is.
    pub(crate) frames: tokio::sync::Mutex<i64>,
    witness: Option<Witness>,
    shown: Mutex<Shown>,
    /// Grows with everything that the screen's task has heard.
    pub(crate) heard: watch::Sender<u64>,
}

pub(crate) struct Parts {
    pub(crate) journal: Journal,
    pub(crate) center: Arc<dyn Center>,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) printer: Option<Box<dyn AnyPrinter>>,
    pub(crate) battery: Box<dyn Battery>,
    pub(crate) clock: Clock,
    pub(crate) space: Space,
    pub(crate) chance: Chance,
    pub(crate) public_key: String,
    pub(crate) reader_serial: String,
    pub(crate) messages: mpsc::Sender<Message>,
    pub(crate) ctx: Context,
    pub(crate) screen: Screen,
    pub(crate) witness: Option<Witness>,
}

impl Shared {
    pub(crate) fn new(parts: Parts) -> Self {
        let live = Live::new(&parts.clock);
        live.set_link(link(parts.ctx.center_up));
        let shown = Shown::new(parts.ctx, parts.screen, parts.clock.now_us());
        if let Some(witness) = &parts.witness {
            witness(shown.screen.name(), &shown.body);
        }
        Self {
            journal: parts.journal,
            center: parts.center,
            orders: parts.orders,
            printer: tokio::sync::Mutex::new(parts.printer),
            battery: parts.battery,
            clock: parts.clock,
            space: parts.space,
            chance: parts.chance,
            live,
            public_key: parts.public_key,
            reader_serial: parts.reader_serial,
            messages: parts.messages,
            ask_again: Notify::new(),
            line_is_back: Notify::new(),
            fell_silent: Notify::new(),
            silent: AtomicBool::new(false),
            proved: AtomicBool::new(false),
            reporting: tokio::sync::Mutex::default(),
            settling: Settling::default(),
            activation: Mutex::default(),
            frames: tokio::sync::Mutex::default(),
            witness: parts.witness,
            shown: Mutex::new(shown),
            heard: watch::Sender::new(0),
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what is shown.
    pub(crate) fn with_shown<R>(&self, look: impl FnOnce(&Shown) -> R) -> R {
        look(&self.shown())
    }

    /// Changes the surroundings; what is seen changes with the next [`Shared::show`].
    pub(crate) fn change_context(&self, change: impl FnOnce(&mut Context)) {
        change(&mut self.shown().ctx);
    }

    /// Shows a screen. The revision grows only if something to be seen has changed, so that a press on
    /// an unchanged screen is never stale.
    pub(crate) fn show(&self, ctx: Context, screen: Screen, now_us: i64) {
        self.live.set_link(link(ctx.center_up));
        let next = Shown::new(ctx, screen, now_us);
        let (name, body) = (next.screen.name(), Arc::clone(&next.body));
        let changed = {
            let mut shown = self.shown();
            let changed = shown.body != body || shown.screen.name() != name;
            *shown = next;
            changed
        };
        if changed {
            self.live.changed();
            if let Some(witness) = &self.witness {
                witness(name, &body);
            }
        }
        self.heard.send_modify(|heard| *heard = heard.wrapping_add(1));
    }

    /// An id that no payment has yet.
    pub(crate) fn fresh_id(&self) -> PaymentId {
        let chance = (self.chance)();
        let mut random = [0; 10];
        random.copy_from_slice(chance.first_chunk::<10>().unwrap_or(&[0; 10]));
        PaymentId::mint(self.clock.now_us(), random)
    }

    /// Tells the screen's task something.
    pub(crate) async fn tell(&self, done: Done) {
        let _ = self.messages.send(Message::Event(Event::Done(done))).await;
    }

    /// Tells the screen's task of a change around it.
    pub(crate) async fn around(&self, around: Around) {
        let _ = self.messages.send(Message::Around(around)).await;
    }

    /// Keeps the lamp in step with what a call to the center showed, and whether it still lets us pay (431 to 433):
    /// every request is refused then, the one that asks why among them.
    pub(crate) async fn heard_from_center<T: Sync>(&self, answer: &Result<T, CenterFault>) {
        if let Err(CenterFault::Refused(problem)) = answer
            && JournalStanding::ALL.iter().any(|standing| standing.code() == Some(problem.code))
        {
            self.proved.store(false, Ordering::Relaxed);
            let (blocked, off_s) = self.with_shown(|shown| (shown.ctx.blocked, shown.ctx.clock_off_s));
            if blocked != Some(problem.code) {
                self.around(Around::Standing(Some(problem.code), off_s)).await;
            }
        }
        let answered = matches!(answer, Ok(_) | Err(CenterFault::Refused(_)));
        let was_silent = self.silent.swap(!answered, Ordering::Relaxed);
        // One unanswered question is no line that is down.
        let unclear = matches!(answer, Err(CenterFault::Unanswered(_)));
        let was_up = self.with_shown(|shown| shown.ctx.center_up);
        if !unclear && was_up != answered {
            self.around(Around::Center(answered)).await;
        }
        if answered && (was_silent || !was_up) {
            self.line_is_back.notify_waiters();
            self.ask_again.notify_waiters();
        }
        if !answered && !was_silent {
            self.fell_silent.notify_waiters();
        }
    }

    /// Whether nothing was heard from the center since a question was not answered.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed)
    }
}

fn link(up: bool) -> Link {
    if up { Link::Up } else { Link::Down }
}
