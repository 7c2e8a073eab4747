//! Settings of the device (M-090, M-032, M-098, T27).

use crate::context::{Context, LocalSettings};
use crate::event::{Done, Effect, Event, Press};
use crate::screen::{Echo, Screen, SettingsPage};
use crate::step::Step;
use payment::Interfaces;

pub(crate) fn settings(ctx: &Context, page: SettingsPage, event: Event) -> Step {
    match event {
        Event::Press(Press::Save(chosen)) => {
            let chosen = within_policy(ctx, chosen);
            let page = SettingsPage { saved: false, chosen: Some(chosen), ..page };
            Step::to(Screen::Settings(page)).with(Effect::Save(chosen))
        }
        Event::Done(Done::Saved) => {
            Step::to(Screen::Settings(SettingsPage { saved: true, chosen: None, ..page }))
        }
        Event::Press(Press::Echo) if page.echo != Echo::Running => {
            let page = SettingsPage { echo: Echo::Running, saved: false, ..page };
            Step::to(Screen::Settings(page)).with(Effect::Echo)
        }
        Event::Done(Done::Echoed(answer)) => {
            let echo = match answer {
                Ok(after_ms) => Echo::Answered { after_ms },
                Err(trouble) => Echo::Failed(trouble),
            };
            Step::to(Screen::Settings(SettingsPage { echo, ..page }))
        }
        Event::Press(Press::Back) => Step::to(Screen::Home),
        _ => Step::deaf(Screen::Settings(page)),
    }
}

/// The device may close the contactless field, never open it against the policy (M-032).
fn within_policy(ctx: &Context, chosen: LocalSettings) -> LocalSettings {
    match ctx.policy().interfaces {
        Interfaces::Two => LocalSettings { interfaces: None, ..chosen },
        Interfaces::Three => chosen,
    }
}
