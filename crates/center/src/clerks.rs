//! `POST /api/v1/clerk-sessions`: a clerk signs in at a terminal. Staff checks the password, fleet
//! the terminal's counter; neither knows the other, so the operation stands where they meet.

use axum::extract::State;
use axum::http::Method;
use center_api::{ClerkSession, ClerkSignIn};
use center_base::{Access, Caller, Doc, JsonBody, Refusal, Routes, Table};
use staff::{Secret, Staff};

/// The operation.
pub(crate) fn routes(staff: Staff) -> Table {
    let doc = Doc::new("clerkSignIn", "terminals", "A clerk signs in at the terminal")
        .body::<ClerkSignIn>()
        .answer::<ClerkSession>(200, "The clerk, as printed on slips")
        .problem(401, "Unknown, or wrong password")
        .problem(423, "Locked after too many wrong passwords");
    Routes::new(staff).api(Method::POST, "/api/v1/clerk-sessions", Access::TERMINAL, doc, sign_in).table()
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
    Ok(axum::Json(ClerkSession {
        operator: clerk.operator,
        must_change_password: clerk.must_change_password,
    }))
}
