//! The actor: one task that owns the screen. It hears presses, the local API, the reader and what its
//! own tasks have done, moves the screen by [`crate::step::step`], and publishes what is to be seen.
//!
//! Every effect runs in a task of its own to its end. A browser that goes away stops nothing.

use crate::attempt::Attempt;
use crate::context::{Clerk, Context, Reader, instant};
use crate::event::{Done, Event, Local, Moment, NewPayment, Press};
use crate::handle::{Heard, NotNow, TerminalHandle};
use crate::screen::Screen;
use crate::shared::Shared;
use crate::step::{Step, deadline, step};
use crate::{tasks, view};
use center_api::TerminalConfig;
use codes::Code;
use payment::PaymentId;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// What comes to the actor.
#[derive(Debug)]
pub(crate) enum Message {
    /// Something happened.
    Event(Event),
    /// Somebody pressed something on the page with this revision; answered when it took effect.
    Press(Press, Option<String>, oneshot::Sender<()>),
    /// A program wants a payment, or one given back.
    Start(Box<NewPayment>, oneshot::Sender<Result<Heard, NotNow>>),
    /// The surroundings changed.
    Around(Around),
}

/// What changed around the screen.
#[derive(Clone, Debug)]
pub(crate) enum Around {
    Config(Box<TerminalConfig>),
    Clerk(Option<Clerk>),
    Reader(Reader),
    Center(bool),
    Standing(Option<Code>, Option<i64>),
    Mailed(PaymentId, String),
}

/// What is to be seen now.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) ctx: Context,
    pub(crate) screen: Screen,
    /// The body of the page, with [`view::REV_MARK`] where the revision goes.
    pub(crate) body: Arc<str>,
}

impl Shown {
    pub(crate) fn new(ctx: Context, screen: Screen, now_us: i64) -> Self {
        let body = view::body(&ctx, &screen, now_us).into_string().into();
        Self { ctx, screen, body }
    }
}

/// Runs until the last sender is gone.
pub(crate) async fn run(shared: Arc<Shared>, mut messages: mpsc::Receiver<Message>) {
    loop {
        let due = shared.with_shown(|shown| deadline(&shown.ctx, &shown.screen));
        let message = tokio::select! {
            message = messages.recv() => match message {
                Some(message) => message,
                None => return,
            },
            () = until(&shared, due) => Message::Event(Event::Tick),
        };
        hear(&shared, message).await;
    }
}

async fn until(shared: &Shared, due: Option<i64>) {
    match due {
        Some(at_us) => shared.clock.sleep_until(instant(at_us)).await,
        None => std::future::pending().await,
    }
}

async fn hear(shared: &Arc<Shared>, message: Message) {
    match message {
        Message::Event(event) => move_by(shared, event).await,
        Message::Around(around) => {
            shared.change_context(|ctx| surround(ctx, around));
            move_by(shared, Event::Done(Done::Context)).await;
        }
        Message::Press(press, rev, reply) => {
            // A stale or repeated press changes nothing; the answer is the current screen.
            if rev.is_none_or(|rev| shared.live.fits(&rev)) {
                let now_us = shared.clock.now_us();
                shared.change_context(|ctx| {
                    let alive = ctx.clerk_at(now_us).is_some();
                    if let Some(clerk) = ctx.clerk.as_mut().filter(|_| alive) {
                        clerk.seen_us = now_us;
                    }
                });
                if let Press::Language(lang) = press {
                    // At once, so that the page that is loaded next already speaks it; saved below.
                    shared.change_context(|ctx| ctx.settings.lang = lang);
                }
                move_by(shared, Event::Press(press)).await;
            } else {
                tracing::debug!("a press on an older screen was not applied");
            }
            let _ = reply.send(());
        }
        Message::Start(new, reply) => {
            let _ = reply.send(start_local(shared, *new).await);
        }
    }
}

fn surround(ctx: &mut Context, around: Around) {
    match around {
        Around::Config(config) => ctx.config = Some(*config),
        Around::Clerk(clerk) => ctx.clerk = clerk,
        Around::Reader(reader) => ctx.reader = reader,
        Around::Center(up) => ctx.center_up = up,
        Around::Standing(blocked, off_s) => (ctx.blocked, ctx.clock_off_s) = (blocked, off_s),
        Around::Mailed(id, address) => ctx.last_mail = Some((id, address)),
    }
}

/// Whether a wish is the one that began a payment before.
fn is_same(before: &Attempt, new: &NewPayment) -> bool {
    before.amount == new.amount
        && before.method == new.method
        && before.class == new.class
        && before.note == new.note
        && before.purpose == new.purpose()
}

/// Starts a payment for a program, unless something runs. The same id again is the same payment.
async fn start_local(shared: &Arc<Shared>, new: NewPayment) -> Result<Heard, NotNow> {
    let id = new.id;
    if let Some(attempt) = shared.journal.load(id).await? {
        let same = is_same(&attempt, &new);
        return if same { Ok(Heard { attempt, fresh: false }) } else { Err(NotNow::Conflict) };
    }
    if shared.with_shown(|shown| shown.ctx.config.is_none()) {
        return Err(NotNow::NotActivated);
    }
    if let Some(busy) = (TerminalHandle { shared: Arc::clone(shared) }).busy() {
        return Err(NotNow::Busy(busy));
    }
    move_by(shared, Event::Local(Local::Start(new))).await;
    match shared.journal.load(id).await? {
        Some(attempt) => Ok(Heard { attempt, fresh: true }),
        None => Err(NotNow::Refused(shared.with_shown(|shown| refused_with(&shown.screen)))),
    }
}

/// Why the journal did not take the intent, as the screen says it.
fn refused_with(screen: &Screen) -> Code {
    match screen {
        Screen::Result(finished) => finished.attempt.code().unwrap_or(codes::api::NO_SPACE),
        _ => codes::api::NO_SPACE,
    }
}

/// Applies an event, publishes the screen, sets the effects going.
async fn move_by(shared: &Arc<Shared>, event: Event) {
    let mut events = std::collections::VecDeque::from([event]);
    while let Some(event) = events.pop_front() {
        if let Event::Done(Done::Changed(attempt)) = &event {
            let attempt = attempt.clone();
            shared.change_context(|ctx| keep_open(ctx, &attempt));
        }
        let at = Moment { now_us: shared.clock.now_us(), fresh: shared.fresh_id() };
        let name = event_name(&event);
        let (ctx, screen) = shared.with_shown(|shown| (shown.ctx.clone(), shown.screen.clone()));
        let Step { screen, effects, heard } = step(&ctx, screen, event, at);
        if !heard {
            tracing::debug!(screen = screen.name(), event = name, "the screen does not listen to this");
        }
        shared.show(ctx, screen, at.now_us);
        for effect in effects {
            events.extend(tasks::perform(shared, effect).await);
        }
    }
}

fn keep_open(ctx: &mut Context, attempt: &Attempt) {
    ctx.open.retain(|open| open.id != attempt.id);
    if attempt.is_open() {
        ctx.open.push(attempt.clone());
        ctx.open.sort_by_key(|open| open.started_at_us);
    }
}

fn event_name(event: &Event) -> &'static str {
    match event {
        Event::Press(_) => "press",
        Event::Local(_) => "local",
        Event::Reader(_, _) => "reader",
        Event::Scanned(_) => "scanned",
        Event::Done(_) => "done",
        Event::Tick => "tick",
    }
}
