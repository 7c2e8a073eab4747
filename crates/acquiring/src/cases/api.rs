//! `POST /api/v1/journal`: what a terminal's journal says.

use super::{reconcile, rows};
use crate::service::Acquiring;
use axum::Json;
use axum::extract::State;
use center_api::{JOURNAL_LINKS_MAX, JournalAnswer, JournalPoint, JournalStanding, JournalUpload};
use center_base::{Access, Caller, Doc, JsonBody, Refusal, Routes};
use fleet::Point;
use http::Method;

/// The operation.
pub(crate) fn add(routes: Routes<Acquiring>) -> Routes<Acquiring> {
    let doc = Doc::new("uploadJournal", "terminals", "What the terminal's journal says")
        .description(
            "Numbers and hashes of the journal's entries since the last acknowledged one, and the payments \
             that they are about. A journal that does not go on from what the center has seen blocks the \
             terminal: its data was copied, or one side runs on an old backup. A terminal that is blocked so \
             may still ask here how it stands.",
        )
        .body::<JournalUpload>()
        .answer::<JournalAnswer>(200, "How the journal stands, and the center's clock");
    routes.api(Method::POST, fleet::JOURNAL_PATH, Access::TERMINAL, doc, upload)
}

fn point(from: &JournalPoint) -> Result<Point, Refusal> {
    let mut hash = [0; 32];
    hex::decode_to_slice(&from.hash, &mut hash).map_err(|_| Refusal::bad("hash"))?;
    if from.seq < 0 {
        return Err(Refusal::bad("seq"));
    }
    Ok(Point { seq: from.seq, hash })
}

async fn upload(
    State(acquiring): State<Acquiring>,
    caller: Caller,
    JsonBody(upload): JsonBody<JournalUpload>,
) -> Result<Json<JournalAnswer>, Refusal> {
    let by = caller.terminal()?.clone();
    if upload.links.len() > JOURNAL_LINKS_MAX || upload.attempts.len() > JOURNAL_LINKS_MAX {
        return Err(Refusal::bad("too many entries"));
    }
    let after = point(&upload.after)?;
    let links = upload.links.iter().map(point).collect::<Result<Vec<_>, _>>()?;
    let base = &acquiring.base;
    let judged = base
        .write(move |tx| {
            let judged = fleet::follow_journal(tx, &by, after, &links)?;
            if judged.standing == JournalStanding::Fine {
                for attempt in &upload.attempts {
                    rows::report(tx, &by.terminal, attempt)?;
                }
                if judged.gap {
                    reconcile::gap(tx, &by, after.seq)?;
                }
            }
            Ok(judged)
        })
        .await?;
    if judged.standing != JournalStanding::Fine {
        base.refresh().await?;
    }
    Ok(Json(JournalAnswer { standing: judged.standing, now_us: base.clock.now_us() }))
}
