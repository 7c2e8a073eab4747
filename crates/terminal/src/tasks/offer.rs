//! What may be given back of a payment: asked of the center, never guessed here.

use crate::attempt::Attempt;
use crate::center::CenterFault;
use crate::event::{Done, Offered};
use crate::journal::Fact;
use crate::limits;
use crate::screen::Trouble;
use crate::shared::Shared;
use center_api::PaymentView;
use money::Yen;
use payment::{PaymentId, StateName};

/// Asks the center. What it says was given back already is written down where it is new.
pub(crate) async fn ask(shared: &Shared, id: PaymentId) -> Result<Offered, CenterFault> {
    let asked = shared.clock.timeout(limits::OFFER_WAIT, shared.center.look(id)).await;
    let answer = asked.unwrap_or_else(|_| Err(CenterFault::Unanswered("no answer in time".to_owned())));
    shared.heard_from_center(&answer).await;
    let Some(view) = answer? else { return Ok(Offered { offer: None, given_back: Yen::ZERO }) };
    if let Ok(Some(known)) = shared.journal.load(id).await {
        let (total, elsewhere) = (view.given_back, elsewhere(&known, &view));
        if (known.given_back, known.given_back_elsewhere) != (total, elsewhere) {
            super::record(shared, id, Fact::GivenBack { total, elsewhere }).await;
        }
    }
    Ok(Offered { offer: view.refund_offer, given_back: view.given_back })
}

/// What was given back of a payment by refunds that were not begun here.
fn elsewhere(known: &Attempt, view: &PaymentView) -> Yen {
    let others = view
        .refunds
        .iter()
        .filter(|refund| refund.state == StateName::Approved && !known.refunds.contains(&refund.id));
    others.fold(Yen::ZERO, |sum, refund| sum.plus(refund.amount).unwrap_or(sum))
}

/// Asks and tells the screen.
pub(crate) async fn tell(shared: &Shared, id: PaymentId) {
    let offered = ask(shared, id).await.map(Box::new).map_err(|fault| match fault {
        CenterFault::Refused(problem) => Trouble::Code(problem.code),
        CenterFault::NotReached(_) | CenterFault::Unanswered(_) => Trouble::NoCenter,
    });
    shared.tell(Done::Offered(id, offered)).await;
}
