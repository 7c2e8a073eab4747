//! The journal is told to the center: at start-up before the first payment, then whenever it has grown. Whether
//! it goes on from what the center has seen, and how far this clock is off, come back.

use crate::agent::Around;
use crate::limits;
use crate::shared::Shared;
use center_api::{JournalPoint, JournalStanding, JournalUpload};
use codes::Code;
use std::sync::atomic::Ordering;

/// Tells everything that has not been told. True when the center answered to all of it.
pub(crate) async fn report(shared: &Shared) -> bool {
    let _one_at_a_time = shared.reporting.lock().await;
    for _ in 0..limits::UPLOADS_AT_ONCE {
        let untold = match shared.journal.untold().await {
            Ok(untold) => untold,
            Err(error) => {
                tracing::error!(%error, "the journal could not be read for the center");
                return false;
            }
        };
        let last: JournalPoint = untold.links.last().unwrap_or(&untold.after).clone();
        let more = untold.links.len() == center_api::JOURNAL_LINKS_MAX;
        let upload = JournalUpload {
            after: untold.after,
            links: untold.links,
            attempts: untold.attempts,
            now_us: shared.clock.now_us(),
        };
        let asked = shared.clock.timeout(limits::PROBE_WAIT, shared.center.upload(upload)).await;
        let Ok(answer) = asked else { return false };
        shared.heard_from_center(&answer).await;
        let Ok(answer) = answer else { return false };
        let told = match answer.standing {
            JournalStanding::Fine => Some(Some(last)),
            // Once it is let in, everything is told again: the center compares what it has lost.
            JournalStanding::CenterBehind => Some(None),
            JournalStanding::Copied | JournalStanding::TerminalBehind => None,
        };
        if let Some(point) = told
            && let Err(error) = shared.journal.keep_told(point).await
        {
            tracing::error!(%error, "what the center knows could not be kept");
            return false;
        }
        let fine = answer.standing == JournalStanding::Fine;
        shared.proved.store(fine, Ordering::Relaxed);
        let off_s = answer.now_us.saturating_sub(shared.clock.now_us()) / 1_000_000;
        let off_s = Some(off_s).filter(|off_s| off_s.abs() > limits::CLOCK_OFF_S);
        let blocked = answer.standing.code();
        if shared.with_shown(|shown| (shown.ctx.blocked, shown.ctx.clock_off_s) != (blocked, off_s)) {
            shared.around(Around::Standing(blocked, off_s)).await;
        }
        if !fine || !more {
            return true;
        }
    }
    true
}

/// Why no payment may leave this device; asked before the first payment of a run, and while it is blocked.
pub(crate) async fn refusal(shared: &Shared) -> Option<Code> {
    if !shared.proved.load(Ordering::Relaxed) {
        report(shared).await;
        if !shared.proved.load(Ordering::Relaxed) {
            return shared.with_shown(|shown| shown.ctx.blocked);
        }
    }
    None
}
