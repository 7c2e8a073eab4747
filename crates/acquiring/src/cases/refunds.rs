//! The comparison of voids, returns and refunds: what terminals reported, the center's rows, the ledger, and
//! the network's file. A case is about the refund's own id and belongs to the payment that it gives back.

use super::differences::{AtNetwork, Kind, Line, RefundBooks, refund_differences};
use super::file::{Name, NetworkFile};
use super::reconcile::{Compared, Said, absent, charge_json, days, is_of, over, place_of};
use super::rows::{self, Finding, Reported};
use crate::refund::{self, Refund};
use crate::row::{self, Payment};
use center_base::{Base, Refusal};
use ledger::Account;
use payment::{Method, PaymentId, RefundKind, StateName};
use serde_json::{Value as Json, json};
use store::{DbError, ReadTx, TenantId};

/// Refunds that one read takes.
const PAGE: i64 = 500;

/// Compares one refund; nothing when the id is none's.
pub(super) fn compare(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    id: PaymentId,
    reported: Option<&Reported>,
    network: Option<&(AtNetwork, Json)>,
) -> Result<Option<Compared>, DbError> {
    let refund = refund::load(tx, tenant, id)?;
    let of = refund.as_ref().map(|refund| refund.payment);
    let Some(of) = of.or_else(|| reported.and_then(|said| said.refund_of)) else { return Ok(None) };
    let payment = row::load(tx, tenant, of)?;
    let terminal = match (&payment, reported) {
        (Some(payment), _) => payment.terminal.clone(),
        (None, Some(said)) => said.terminal.clone(),
        (None, None) => return Ok(None),
    };
    let ledger_yen = refund.as_ref().map(|refund| moved_back(tx, tenant, refund.id)).transpose()?;
    let nothing = (AtNetwork::NotAsked, Json::Null);
    let (at_network, network_says) = network.unwrap_or(&nothing);
    let now_us = tx.now_us();
    let books = RefundBooks {
        terminal: reported.map(|said| Line { state: said.state, yen: said.yen }),
        center: refund.as_ref().map(center_line),
        age_us: refund.as_ref().map_or(0, |refund| now_us.saturating_sub(refund.changed_at_us)),
        network: *at_network,
        ledger_yen,
    };
    let kinds = refund_differences(&books);
    let evidence = evidence(refund.as_ref(), reported, ledger_yen, network_says);
    let place = place_of(tx, tenant, payment.as_ref(), &terminal)?;
    let yen = books.center.or(books.terminal).map(|line| line.yen);
    let finding = |kind: &Kind| Finding {
        kind: *kind,
        subject: id.to_string(),
        payment: payment.as_ref().map(|payment| payment.id),
        place: place.clone(),
        yen,
        evidence: evidence.clone(),
    };
    let by_network = [Kind::RefundedNotBooked, Kind::BookedNotRefunded, Kind::AmountsDiffer];
    let over = over(tx, tenant, id, &kinds, if network.is_some() { &[] } else { &by_network })?;
    let still = books.center.is_some_and(|line| !line.state.is_final());
    let found: Vec<Finding> = kinds.iter().map(finding).collect();
    Ok(Some(Compared { id, agreed: found.is_empty() && !still, found, over }))
}

fn center_line(refund: &Refund) -> Line {
    Line { state: refund.standing.state.name(), yen: refund.amount.get() }
}

/// What the ledger took back from the merchant.
fn moved_back(tx: &mut ReadTx<'_>, tenant: TenantId, id: PaymentId) -> Result<i64, DbError> {
    let entries = books::of_payment(tx, tenant, id)?;
    let back = entries.iter().filter(|entry| matches!(entry.transfer.debit, Account::MerchantPayable { .. }));
    Ok(back.map(|entry| entry.transfer.amount.get()).fold(0, i64::saturating_add))
}

fn evidence(
    refund: Option<&Refund>,
    reported: Option<&Reported>,
    ledger_yen: Option<i64>,
    network: &Json,
) -> Json {
    json!({
        "terminal": reported.map(Reported::evidence),
        "center": refund.map(|refund| json!({
            "state": refund.standing.state.name().word(),
            "yen": refund.amount.get(),
            "kind": refund.kind.word(),
            "code": refund.standing.state.code().map(codes::Code::key),
            "rrn": refund.id.rrn(),
            "who": refund.who,
            "at_us": refund.changed_at_us,
        })),
        "ledger": ledger_yen.map(|yen| json!({ "yen": yen })),
        "network": network,
    })
}

/// A refund that a network was asked for, as its file would have it.
pub(super) struct Back {
    pub(super) id: PaymentId,
    /// Its own name there.
    pub(super) name: Name,
    /// Where it undoes its payment as a whole: the payment's name. The file has no line of its own for it.
    undoes: Option<Name>,
    /// The file's day is the one that its line would stand under.
    own_day: bool,
    /// The center says that it was given back.
    returned: bool,
}

impl Back {
    fn new(file: &NetworkFile, refund: &Refund, payment: &Payment) -> Self {
        let undoes = match refund.method {
            Method::Card => refund.kind == RefundKind::Void,
            Method::Code => crate::code_pay::cancels(refund, payment),
        };
        let of = |id| Name::of(refund.method, &payment.merchant_no, id);
        // What undoes a payment stands in the file of the payment's day.
        let day = if undoes { &payment.business_date } else { &refund.business_date };
        Self {
            id: refund.id,
            name: of(refund.id),
            undoes: undoes.then(|| of(payment.id)),
            own_day: *day == file.on,
            returned: refund.standing.state.name() == StateName::Approved,
        }
    }
}

/// The refunds that a network was asked for on the file's day and the days beside it.
pub(super) async fn ours_around(base: &Base, file: &NetworkFile) -> Result<Vec<Back>, Refusal> {
    let tenant = base.tenant;
    let mut all = Vec::new();
    for on in days(file)? {
        let mut after = 0;
        loop {
            let text = on.to_string();
            let (page, last) = base
                .read_behind(move |tx| {
                    let ids = rows::refunds_of_day(tx, tenant, &text, after, PAGE)?;
                    let mut page = Vec::new();
                    for (id, _) in &ids {
                        let Some(refund) = refund::load(tx, tenant, *id)? else { continue };
                        let payment = row::load(tx, tenant, refund.payment)?;
                        page.extend(payment.map(|payment| (refund, payment)));
                    }
                    Ok((page, ids.last().map(|(_, seq)| *seq)))
                })
                .await?;
            let Some(last) = last else { break };
            after = last;
            let asked =
                |(refund, payment): &(Refund, Payment)| is_of(file, payment) && refund_was_asked(refund);
            all.extend(
                page.iter()
                    .filter(|both| asked(both))
                    .map(|(refund, payment)| Back::new(file, refund, payment)),
            );
        }
    }
    Ok(all)
}

/// What still waits for its answer says nothing yet.
fn refund_was_asked(refund: &Refund) -> bool {
    refund.standing.state.name() != StateName::Sent
}

/// What the file says of a refund; nothing when it is not the file to say it.
pub(super) fn at_network(file: &NetworkFile, back: &Back) -> Said {
    let Some(payment) = &back.undoes else {
        let there = file.refunds.get(&back.name);
        return match there {
            Some(there) if there.charged => Some((AtNetwork::Charged(there.yen), charge_json(file, there))),
            Some(there) => Some((AtNetwork::NotCharged, charge_json(file, there))),
            None => back.own_day.then(|| (AtNetwork::Absent, absent(file))),
        };
    };
    match file.charges.get(payment) {
        // Another refund may have undone it: of one that was refused the state says nothing.
        Some(_) if !back.returned => None,
        Some(charge) if charge.state == "voided" => {
            Some((AtNetwork::Charged(charge.yen), charge_json(file, charge)))
        }
        Some(charge) => Some((AtNetwork::NotCharged, charge_json(file, charge))),
        None => (back.own_day && back.returned).then(|| (AtNetwork::Absent, absent(file))),
    }
}
