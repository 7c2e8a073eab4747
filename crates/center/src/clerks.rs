//! `POST /api/v1/clerk-sessions`: a clerk signs in at a terminal, and `POST /api/v1/clerk-passwords`: a clerk
//! chooses a new password there (W-033). Staff checks the password, fleet the terminal's counter; neither knows the
//! other, so the operations stand where they meet.

use axum::extract::State;
use axum::http::Method;
use center_api::{ClerkNewPassword, ClerkPasswordAnswer, ClerkSession, ClerkSignIn};
use center_base::{Access, Caller, Doc, JsonBody, Refusal, Routes, Table};
use staff::{Clerk, ClerkChange, Secret, Staff};

/// The operations.
pub(crate) fn routes(staff: Staff) -> Table {
    let wrong = |doc: Doc| {
        doc.problem(401, "Unknown, or wrong password").problem(423, "Locked after too many wrong passwords")
    };
    let sign_in_doc = Doc::new("clerkSignIn", "terminals", "A clerk signs in at the terminal")
        .body::<ClerkSignIn>()
        .answer::<ClerkSession>(200, "The clerk, as printed on slips");
    let new_doc = Doc::new("clerkNewPassword", "terminals", "A clerk chooses a new password at the terminal")
        .body::<ClerkNewPassword>()
        .answer::<ClerkPasswordAnswer>(200, "The clerk, signed in; or what the new password lacks");
    Routes::new(staff)
        .api(Method::POST, "/api/v1/clerk-sessions", Access::TERMINAL, wrong(sign_in_doc), sign_in)
        .api(Method::POST, "/api/v1/clerk-passwords", Access::TERMINAL, wrong(new_doc), new_password)
        .table()
}

async fn sign_in(
    State(staff): State<Staff>,
    caller: Caller,
    JsonBody(asked): JsonBody<ClerkSignIn>,
) -> Result<axum::Json<ClerkSession>, Refusal> {
    let by = caller.terminal()?.clone();
    let counted = by.clone();
    let secret = Secret::new(&asked.password);
    let also = move |tx: &mut store::Tx<'_>| fleet::advance_counter(tx, &counted);
    let clerk = staff.clerk_sign_in(&by, &asked.login_id, &secret, also).await?;
    Ok(axum::Json(session(clerk)))
}

async fn new_password(
    State(staff): State<Staff>,
    caller: Caller,
    JsonBody(asked): JsonBody<ClerkNewPassword>,
) -> Result<axum::Json<ClerkPasswordAnswer>, Refusal> {
    let by = caller.terminal()?.clone();
    let counted = by.clone();
    let (current, new) = (Secret::new(&asked.current), Secret::new(&asked.new));
    let also = move |tx: &mut store::Tx<'_>| fleet::advance_counter(tx, &counted);
    let change = staff.clerk_new_password(&by, &asked.login_id, &current, &new, also).await?;
    Ok(axum::Json(match change {
        ClerkChange::Changed(clerk) => ClerkPasswordAnswer::Changed(session(clerk)),
        ClerkChange::Lacks(lack) => ClerkPasswordAnswer::Lacks(lack),
    }))
}

fn session(clerk: Clerk) -> ClerkSession {
    ClerkSession { operator: clerk.operator, password: clerk.password }
}
