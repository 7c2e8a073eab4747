//! What may be given back of a payment: asked of the center, never guessed here.

use crate::attempt::Attempt;
use crate::center::CenterFault;
use crate::event::{Done, Offered};
use crate::journal::Fact;
use crate::limits;
use crate::screen::Trouble;
use crate::shared::Shared;
use payment::PaymentId;

/// Asks the center. What it says was given back already is written down where it is new.
pub(crate) async fn ask(shared: &Shared, id: PaymentId) -> Result<Offered, CenterFault> {
    let asked = shared.clock.timeout(limits::OFFER_WAIT, shared.center.look(id)).await;
    let answer = asked.unwrap_or_else(|_| Err(CenterFault::Unanswered("no answer in time".to_owned())));
    shared.heard_from_center(&answer).await;
    let Some(view) = answer? else { return Ok(Offered { offer: None, given_back: money::Yen::ZERO }) };
    let known = shared.journal.load(id).await.ok().flatten();
    if known.is_some_and(|attempt: Attempt| attempt.given_back != view.given_back) {
        super::record(shared, id, Fact::GivenBack { total: view.given_back }).await;
    }
    Ok(Offered { offer: view.refund_offer, given_back: view.given_back })
}

/// Asks and tells the screen.
pub(crate) async fn tell(shared: &Shared, id: PaymentId) {
    let offered = ask(shared, id).await.map(Box::new).map_err(|fault| match fault {
        CenterFault::Refused(problem) => Trouble::Code(problem.code),
        CenterFault::NotReached(_) | CenterFault::Unanswered(_) => Trouble::NoCenter,
    });
    shared.tell(Done::Offered(id, offered)).await;
}
