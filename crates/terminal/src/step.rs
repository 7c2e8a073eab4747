//! The one function that moves screens: `step(context, screen, event, moment) -> (screen, effects)`.
//!
//! Pure: no clock, no chance, no IO. What a screen does not listen to leaves it as it is and is
//! reported as not heard, so that the program can log it.

use crate::attempt::{Attempt, Remedy, remedy};
use crate::context::{Context, seconds};
use crate::event::{Done, Effect, Event, Local, Moment, NewPayment, Press};
use crate::flows;
use crate::limits;
use crate::screen::{
    Activate, AmountEntry, Finished, History, Lookup, Recovering, Screen, SettingsPage, Sign, SignIn, Stage,
};

/// What a step leads to.
#[derive(Clone, Debug)]
pub struct Step {
    /// The screen now.
    pub screen: Screen,
    /// What is to be done, in order.
    pub effects: Vec<Effect>,
    /// Whether the screen listens to this event at all.
    pub heard: bool,
}

impl Step {
    /// A screen and nothing to do.
    pub(crate) fn to(screen: Screen) -> Self {
        Self { screen, effects: Vec::new(), heard: true }
    }

    /// The screen does not listen to this.
    pub(crate) fn deaf(screen: Screen) -> Self {
        Self { screen, effects: Vec::new(), heard: false }
    }

    /// Adds something to do.
    pub(crate) fn with(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// Adds something to do in front of the rest.
    fn first(mut self, effect: Option<Effect>) -> Self {
        if let Some(effect) = effect {
            self.effects.insert(0, effect);
        }
        self
    }
}

/// Moves the screen.
pub fn step(ctx: &Context, screen: Screen, event: Event, at: Moment) -> Step {
    match event {
        Event::Press(Press::Language(lang)) => {
            let settings = crate::context::LocalSettings { lang, ..ctx.settings };
            Step::to(screen).with(Effect::Save(settings))
        }
        Event::Done(Done::Context) => Step::to(screen),
        Event::Press(ref press) if leaves(&screen) && leads_away(press) => leave(ctx, &screen, press, at),
        Event::Local(Local::Start(new)) if screen.busy_with().is_none() && ctx.config.is_some() => {
            begin(ctx, new, at).first(closing(&screen))
        }
        Event::Tick if screen.is_idle() && ctx.clerk.is_some() && ctx.clerk_at(at.now_us).is_none() => {
            Step::to(Screen::SignIn(SignIn::default())).with(Effect::SignOut)
        }
        event => listen(ctx, screen, event, at),
    }
}

fn listen(ctx: &Context, screen: Screen, event: Event, at: Moment) -> Step {
    use flows::{
        activation, card, code, delivery, duplicate, history, recover, refund, result, sale, settings, sign,
    };
    match screen {
        Screen::Activate(form) => activation::activate(form, event),
        Screen::ConfirmShop(form) => activation::confirm(form, event),
        Screen::SignIn(form) => activation::sign_in(ctx, form, event, at),
        Screen::NewPassword(form) => activation::new_password(ctx, form, event, at),
        Screen::Home => history::home(event),
        Screen::Amount(entry) => sale::amount(ctx, entry, event, at),
        Screen::Method(draft) => sale::method(ctx, draft, event, at),
        Screen::Class(draft) => sale::class(ctx, draft, event, at),
        Screen::Split(split) => sale::split(ctx, split, event, at),
        Screen::Present(present) => card::present(ctx, present, event, at),
        Screen::ClassAgain(again) => card::class_again(ctx, again, event, at),
        Screen::Duplicate(asked) => duplicate::duplicate(ctx, asked, event, at),
        Screen::Scan(scan) => code::scan(ctx, scan, event, at),
        Screen::Brands(list) => code::brands(ctx, list, event, at),
        Screen::GiveBack(form) => refund::give_back(ctx, form, event, at),
        Screen::Processing(processing) => card::processing(processing, event, at),
        Screen::Sign(form) => sign::sign(ctx, form, event, at),
        Screen::Result(finished) => result::result(ctx, finished, event, at),
        Screen::Mail(form) => delivery::mail(form, event),
        Screen::Qr(shown) => delivery::qr(shown, event),
        Screen::History(list) => history::list(list, event),
        Screen::Detail(detail) => history::detail(ctx, detail, event, at),
        Screen::Lookup(form) => history::lookup(form, event),
        Screen::Settings(page) => settings::settings(ctx, page, event),
        Screen::Recovering(recovering) => recover::recovering(ctx, recovering, event, at),
    }
}

/// Whether the menu leads away from here.
fn leaves(screen: &Screen) -> bool {
    screen.is_idle() || matches!(screen, Screen::Mail(_) | Screen::Qr(_)) || settled(screen).is_some()
}

/// The payment whose result is on the screen and is no longer open.
fn settled(screen: &Screen) -> Option<&Attempt> {
    match screen {
        Screen::Result(finished) if finished.money() != codes::MoneyTaken::Unknown => Some(&finished.attempt),
        Screen::Mail(form) => settled(&form.delivery.back),
        Screen::Qr(shown) => settled(&shown.back),
        _ => None,
    }
}

fn leads_away(press: &Press) -> bool {
    matches!(
        press,
        Press::Home
            | Press::OpenSale
            | Press::OpenHistory(_)
            | Press::OpenLookup
            | Press::OpenSettings
            | Press::OpenNewPassword
            | Press::Finish
            | Press::SignOut
    )
}

/// The clerk is done with the result that was shown.
fn closing(screen: &Screen) -> Option<Effect> {
    settled(screen).filter(|attempt| !attempt.closed).map(|attempt| Effect::Close(attempt.id))
}

fn leave(ctx: &Context, screen: &Screen, press: &Press, at: Moment) -> Step {
    let signed_in = ctx.clerk_at(at.now_us).is_some();
    let step = match press {
        Press::SignOut => Step::to(Screen::SignIn(SignIn::default())).with(Effect::SignOut),
        _ if !signed_in => home(ctx, at),
        Press::OpenSale => open_sale(ctx),
        // Paid: the next customer is waiting.
        Press::Finish
            if settled(screen).is_some_and(|attempt| attempt.name() == payment::StateName::Approved) =>
        {
            open_sale(ctx)
        }
        Press::OpenHistory(filter) => {
            Step::to(Screen::History(History { filter: filter.clone(), rows: None }))
                .with(Effect::List(filter.clone()))
        }
        Press::OpenNewPassword => flows::activation::open_new_password(ctx, at),
        Press::OpenLookup => Step::to(Screen::Lookup(Lookup::default())),
        Press::OpenSettings => Step::to(Screen::Settings(SettingsPage::default())),
        _ => home(ctx, at),
    };
    step.first(closing(screen))
}

/// The first screen for whoever is there.
pub(crate) fn home(ctx: &Context, at: Moment) -> Step {
    match (&ctx.config, ctx.clerk_at(at.now_us)) {
        (None, _) => Step::to(Screen::Activate(Activate::default())),
        (Some(_), None) => Step::to(Screen::SignIn(SignIn::default())),
        (Some(_), Some(_)) => Step::to(Screen::Home),
    }
}

/// The keypad, unless a doubt must be seen first (model 3.3 rule 1).
fn open_sale(ctx: &Context) -> Step {
    match ctx.unacknowledged() {
        Some(open) => Step::to(Screen::Result(Finished::new(open.clone()))),
        None => Step::to(Screen::Amount(AmountEntry::default())),
    }
}

/// Starts a payment: the intent goes to the journal before the reader hears of it.
pub(crate) fn begin(ctx: &Context, mut new: NewPayment, at: Moment) -> Step {
    if let Some(open) = ctx.unacknowledged() {
        return Step::to(Screen::Result(Finished::new(open.clone())));
    }
    if new.refund.is_none() {
        // where every sale of a shop is alike, nobody needs to say it.
        new.tax = new.tax.or_else(|| ctx.policy().receipt.tax.parts(new.amount));
    }
    let operator = ctx.clerk_at(at.now_us).map(|clerk| clerk.operator.clone());
    let attempt = Box::new(Attempt::planned(&new, operator, at.now_us));
    let screen = match (&new.refund, new.method) {
        (None, payment::Method::Code) => flows::code::first_screen(attempt, &new, at),
        (Some(_), _) | (None, payment::Method::Card) => flows::refund::first_screen(attempt, &new, at),
    };
    Step::to(screen).with(Effect::Start(new))
}

/// The screen that a running payment leads to when its journal has something new.
pub(crate) fn follow(attempt: Attempt, at: Moment) -> Step {
    use payment::StateName as S;
    if attempt.wants_signature() {
        return Step::to(Screen::Sign(Sign {
            attempt: Box::new(attempt),
            interrupted: false,
            stopping: false,
            trouble: None,
            before: None,
        }));
    }
    match attempt.name() {
        S::Started | S::Sent | S::Authorized => flows::card::asking(attempt, at),
        S::InDoubt | S::Approved | S::Declined | S::Failed | S::Reversed | S::Released | S::Abandoned => {
            Step::to(Screen::Result(Finished::new(attempt)))
        }
    }
}

/// The screen at start-up: what was interrupted comes first.
///
/// `left` are the payments of the journal that are not final, `last` is the newest one if it was
/// approved and the clerk never left its result.
pub fn opening(ctx: &Context, left: &[Attempt], last: Option<Attempt>, at: Moment) -> Screen {
    let asked: Vec<Attempt> = left
        .iter()
        .filter(|attempt| !matches!(remedy(attempt), Remedy::None | Remedy::Tombstone))
        .cloned()
        .collect();
    if ctx.config.is_none() {
        return Screen::Activate(Activate::default());
    }
    if asked.iter().any(|attempt| !attempt.acknowledged) {
        return Screen::Recovering(Recovering { attempts: asked });
    }
    if let Some(unsigned) = left.iter().rev().find(|attempt| attempt.wants_signature()) {
        let attempt = Box::new(unsigned.clone());
        return Screen::Sign(Sign {
            attempt,
            interrupted: true,
            stopping: false,
            trouble: None,
            before: None,
        });
    }
    match last {
        Some(attempt) => Screen::Result(Finished { interrupted: true, ..Finished::new(attempt) }),
        None => home(ctx, at).screen,
    }
}

/// When the screen wants an [`Event::Tick`], UTC microseconds.
pub fn deadline(ctx: &Context, screen: &Screen) -> Option<i64> {
    let policy = ctx.policy();
    let session = |since_us: i64| since_us.saturating_add(seconds(policy.session_wait_s));
    let clerk = ctx.clerk.as_ref().filter(|_| screen.is_idle()).map(|clerk| ctx.clerk_until(clerk));
    let whole = |attempt: &Attempt, since_us| flows::card::until_us(ctx, attempt, since_us);
    let own = match screen {
        Screen::Method(draft) | Screen::Class(draft) => Some(session(draft.since_us)),
        Screen::Present(present) => match present.stage {
            Stage::Starting | Stage::Stopping { .. } => None,
            Stage::Arming | Stage::Waiting(_) => {
                let waited = present.armed_us.saturating_add(seconds(policy.present_wait_s));
                Some(waited.min(whole(&present.attempt, present.since_us)))
            }
            Stage::Reading | Stage::Pin { .. } => Some(whole(&present.attempt, present.since_us)),
        },
        Screen::ClassAgain(again) => Some(whole(&again.attempt, again.since_us)),
        Screen::Duplicate(asked) => Some(whole(&asked.attempt, asked.since_us)),
        Screen::Scan(scan) => Some(flows::code::deadline_us(ctx, scan)).filter(|_| scan.ready),
        Screen::Brands(list) => Some(whole(&list.scan.attempt, list.scan.since_us)),
        Screen::Sign(form) if !form.stopping => Some(match &form.before {
            Some(before) => whole(&form.attempt, before.since_us),
            None => flows::sign::until_us(ctx, form),
        }),
        Screen::Processing(processing) if !processing.slow && !processing.attempt.waits_for_user => {
            Some(processing.since_us.saturating_add(seconds(limits::SLOW_AFTER_S)))
        }
        _ => None,
    };
    own.into_iter().chain(clerk).min()
}
