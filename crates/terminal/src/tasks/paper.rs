//! The receipt: to the printer, and to the center for a mail.

use super::record;
use crate::agent::Around;
use crate::center::CenterFault;
use crate::event::Done;
use crate::journal::Fact;
use crate::screen::Trouble;
use crate::shared::Shared;
use center_api::MailReceiptRequest;
use codes::api;
use device::hardware::PrinterStatus;
use payment::PaymentId;
use receipt::{Copy, Printing};

fn trouble(status: PrinterStatus) -> Trouble {
    match status {
        PrinterStatus::PaperOut => Trouble::PaperOut,
        PrinterStatus::CoverOpen => Trouble::CoverOpen,
        PrinterStatus::Offline | PrinterStatus::Ready => Trouble::PrinterOffline,
    }
}

/// Prints a copy: first journaled as begun, so that a crash leaves a trace and the next one says (再).
pub(crate) async fn print(shared: &Shared, id: PaymentId, copy: Copy, from_history: bool) {
    let done = match try_print(shared, id, copy, from_history).await {
        Ok(()) => Done::Printed(id, copy),
        Err(trouble) => Done::NotPrinted(id, copy, trouble),
    };
    shared.tell(done).await;
}

async fn try_print(shared: &Shared, id: PaymentId, copy: Copy, from_history: bool) -> Result<(), Trouble> {
    let mut printer = shared.printer.lock().await;
    let printer = printer.as_mut().ok_or(Trouble::NoPrinter)?;
    let attempt = shared.journal.load(id).await.ok().flatten().ok_or(Trouble::NotFound)?;
    let slip = attempt.slip.as_ref().ok_or(Trouble::NotFound)?;
    let again = from_history || attempt.printed_before(copy);
    let policy = shared.with_shown(|shown| shown.ctx.policy().receipt);
    let printing = if again { Printing::Again } else { Printing::First };
    let bytes = escpos::encode(&receipt::document(slip, &policy, copy, printing));
    // Known to be in the way before anything is sent: no copy begins, and the next one is no reprint.
    match printer.state().await {
        PrinterStatus::Ready => {}
        status => return Err(trouble(status)),
    }
    record(shared, id, Fact::Printing { copy, again }).await.ok_or(Trouble::Code(api::NO_SPACE))?;
    printer.print_all(&bytes).await.map_err(trouble)?;
    record(shared, id, Fact::Printed { copy }).await;
    Ok(())
}

/// Asks the center to mail the receipt.
pub(crate) async fn mail(shared: &Shared, id: PaymentId, address: String) {
    let lang = shared.with_shown(|shown| shown.ctx.lang());
    let request = MailReceiptRequest { address: address.clone(), lang };
    let asked = shared.clock.timeout(crate::limits::PRINT_WAIT, shared.center.mail(id, request)).await;
    let answer = asked.unwrap_or_else(|_| Err(CenterFault::Unanswered("no answer in time".to_owned())));
    shared.heard_from_center(&answer).await;
    let done = match answer {
        Ok(()) => {
            record(shared, id, Fact::Mailed).await;
            shared.around(Around::Mailed(id, address)).await;
            Done::Mailed(id)
        }
        Err(CenterFault::Refused(problem)) if problem.code == api::BAD_REQUEST => {
            Done::NotMailed(id, Trouble::BadAddress)
        }
        Err(CenterFault::Refused(problem)) if problem.code == api::TOO_MANY => {
            Done::NotMailed(id, Trouble::MailLimit)
        }
        Err(CenterFault::Refused(problem)) => Done::NotMailed(id, Trouble::Code(problem.code)),
        Err(_) => Done::NotMailed(id, Trouble::NoCenter),
    };
    shared.tell(done).await;
}
