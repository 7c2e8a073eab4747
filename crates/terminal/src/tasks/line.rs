//! The line to the center: tried by itself, shown by the lamp; the configuration comes with it.

use super::report;
use crate::agent::Around;
use crate::center::CenterFault;
use crate::event::Done;
use crate::limits;
use crate::screen::Trouble;
use crate::shared::Shared;
use center_api::TerminalConfig;
use std::sync::Arc;

/// Asks for the configuration; keeps and shows it when it changed.
async fn fetch(shared: &Shared) -> Result<(), CenterFault> {
    let asked = shared.clock.timeout(limits::PROBE_WAIT, shared.center.config()).await;
    let answer = asked.unwrap_or_else(|_| Err(CenterFault::NotReached("no answer in time".to_owned())));
    shared.heard_from_center(&answer).await;
    let config = answer?;
    take(shared, config).await;
    Ok(())
}

/// Keeps a configuration.
pub(crate) async fn take(shared: &Shared, config: TerminalConfig) {
    if shared.with_shown(|shown| shown.ctx.config.as_ref() == Some(&config)) {
        return;
    }
    if let Err(error) = shared.journal.keep_config(&config).await {
        tracing::error!(%error, "the configuration could not be kept");
    }
    shared.around(Around::Config(Box::new(config))).await;
}

/// One try of the line. True when the center is there.
pub(crate) async fn probe(shared: &Shared) -> bool {
    match fetch(shared).await {
        Ok(()) | Err(CenterFault::Refused(_)) => true,
        Err(CenterFault::NotReached(_) | CenterFault::Unanswered(_)) => false,
    }
}

/// Tries the line for as long as the program runs.
pub(crate) async fn watch(shared: Arc<Shared>) {
    loop {
        let activated = shared.with_shown(|shown| shown.ctx.config.is_some());
        if activated && probe(&shared).await {
            report::report(&shared).await;
        }
        let silent = activated && shared.is_silent();
        let pause = if silent { limits::PROBE_EVERY_DOWN } else { limits::PROBE_EVERY };
        tokio::select! {
            () = shared.clock.sleep(pause) => {}
            () = shared.fell_silent.notified() => {}
        }
    }
}

/// The online test of the settings.
pub(crate) async fn echo(shared: &Shared) {
    let since = shared.clock.now();
    let asked = shared.clock.timeout(limits::PROBE_WAIT, shared.center.echo()).await;
    let answer = asked.unwrap_or_else(|_| Err(CenterFault::Unanswered("no answer in time".to_owned())));
    shared.heard_from_center(&answer).await;
    let after_ms = i64::try_from(shared.clock.now().duration_since(since).as_millis()).unwrap_or(i64::MAX);
    let said = match answer {
        Ok(()) => Ok(after_ms),
        Err(CenterFault::Refused(problem)) => Err(Trouble::Code(problem.code)),
        Err(_) => Err(Trouble::NoCenter),
    };
    shared.tell(Done::Echoed(said)).await;
}
