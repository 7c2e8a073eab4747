//! The comparison: what terminals reported, what stands open, a network's file; each with the center's row
//! and the ledger. A run may stop anywhere and start over: what it finds again is the same case.

use super::differences::{ACKNOWLEDGED_WITHIN_US, AtNetwork, Books, DOUBT_MAX_US, Kind, Line, differences};
use super::file::{self, Charge, Name, NetworkFile};
use super::refunds;
use super::rows::{self, CaseState, Finding};
use crate::row::{self, Payment};
use center_base::{Base, Refusal, TerminalId};
use ledger::{Account, Kind as Posting};
use payment::{Method, PaymentId, StateName};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use store::{DbError, ReadTx, TenantId};

/// Payments that one round compares of each sort.
const ROUND: i64 = 500;
/// Where the minute's walk over the day's payments stands.
const WALK: &str = "walk";

/// A payment as the books have it now.
pub(super) struct Compared {
    pub(super) id: PaymentId,
    pub(super) found: Vec<Finding>,
    /// Open cases that are no more.
    pub(super) over: Vec<[u8; 16]>,
    /// The terminal's report agrees and need not be looked at again.
    pub(super) agreed: bool,
}

/// What a network's file says of a payment or refund; without one, what a file said before stays.
pub(super) type Said = Option<(AtNetwork, Json)>;

/// Compares one payment, or one refund.
fn compare(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    id: PaymentId,
    network: Said,
) -> Result<Option<Compared>, DbError> {
    let reported = rows::reported(tx, tenant, id)?;
    if let Some(compared) = refunds::compare(tx, tenant, id, reported.as_ref(), network.as_ref())? {
        return Ok(Some(compared));
    }
    let payment = row::load(tx, tenant, id)?;
    let terminal = match (&payment, &reported) {
        (Some(payment), _) => payment.terminal.clone(),
        (None, Some(reported)) => reported.terminal.clone(),
        (None, None) => return Ok(None),
    };
    let now_us = tx.now_us();
    let ledger_yen = payment.as_ref().map(|payment| moved(tx, tenant, payment)).transpose()?;
    let asked = network.is_some();
    let (at_network, network_says) = network.unwrap_or((AtNetwork::NotAsked, Json::Null));
    let books = Books {
        terminal: reported.as_ref().map(|said| Line { state: said.state, yen: said.yen }),
        terminal_reports: fleet::journal(tx, tenant, &terminal)?.is_some(),
        center: payment.as_ref().map(center_line),
        age_us: payment.as_ref().map_or(0, |payment| now_us.saturating_sub(payment.changed_at_us)),
        network: at_network,
        ledger_yen,
    };
    let kinds = differences(&books);
    let evidence = evidence(payment.as_ref(), reported.as_ref(), ledger_yen, &network_says);
    let place = place_of(tx, tenant, payment.as_ref(), &terminal)?;
    let yen = books.center.or(books.terminal).map(|line| line.yen);
    let finding = |kind: &Kind| Finding {
        kind: *kind,
        subject: id.to_string(),
        payment: Some(id),
        place: place.clone(),
        yen,
        evidence: evidence.clone(),
    };
    let by_network = [Kind::ChargedNotBooked, Kind::BookedNotCharged, Kind::AmountsDiffer];
    let over = over(tx, tenant, id, &kinds, if asked { &[] } else { &by_network })?;
    let still = books.center.is_some_and(|line| !line.state.is_final());
    Ok(Some(Compared {
        id,
        found: kinds.iter().map(finding).collect(),
        over,
        agreed: kinds.is_empty() && !still,
    }))
}

/// The open cases about a subject that were not found again, but for those of these kinds.
pub(super) fn over(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    id: PaymentId,
    found: &[Kind],
    but: &[Kind],
) -> Result<Vec<[u8; 16]>, DbError> {
    let cases = rows::of_subject(tx, tenant, &id.to_string())?;
    let is_over = |case: &rows::Case| {
        case.state == CaseState::Open && !found.contains(&case.kind) && !but.contains(&case.kind)
    };
    Ok(cases.into_iter().filter(is_over).map(|case| case.id).collect())
}

/// An approval that was voided at once is nothing taken.
fn center_line(payment: &Payment) -> Line {
    Line { state: payment.shown_state(), yen: payment.amount.get() }
}

/// What the ledger moved to the merchant for a payment, its immediate void included.
fn moved(tx: &mut ReadTx<'_>, tenant: TenantId, payment: &Payment) -> Result<i64, DbError> {
    let mut entries = books::of_payment(tx, tenant, payment.id)?;
    entries.extend(books::of_payment(tx, tenant, payment.void_id())?);
    let yen = |entry: &books::Entry| match (entry.transfer.kind, &entry.transfer.credit) {
        (Posting::Posted | Posting::PostPending, Account::MerchantPayable { .. }) => {
            entry.transfer.amount.get()
        }
        (Posting::Posted | Posting::PostPending, _) => entry.transfer.amount.get().saturating_neg(),
        (Posting::Pending | Posting::ReleasePending | Posting::Moved, _) => 0,
    };
    Ok(entries.iter().map(yen).fold(0, i64::saturating_add))
}

fn evidence(
    payment: Option<&Payment>,
    reported: Option<&rows::Reported>,
    ledger_yen: Option<i64>,
    network: &Json,
) -> Json {
    json!({
        "terminal": reported.map(rows::Reported::evidence),
        "center": payment.map(|payment| json!({
            "state": payment.standing.state.name().word(),
            "yen": payment.amount.get(),
            "code": payment.standing.state.code().map(codes::Code::key),
            "approval": payment.standing.state.approval().and_then(|approval| approval.code.clone()),
            "rrn": payment.id.rrn(),
            "at_us": payment.changed_at_us,
        })),
        "ledger": ledger_yen.map(|yen| json!({ "yen": yen })),
        "network": network,
    })
}

pub(super) type Place = (center_base::CompanyId, center_base::ShopId, TerminalId);

pub(super) fn place_of(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    payment: Option<&Payment>,
    terminal: &TerminalId,
) -> Result<Place, DbError> {
    if let Some(payment) = payment {
        return Ok((payment.company.clone(), payment.shop.clone(), payment.terminal.clone()));
    }
    Ok(match fleet::terminal(tx, tenant, terminal)? {
        Some(row) => (row.company, row.shop, terminal.clone()),
        None => ("".into(), "".into(), terminal.clone()),
    })
}

/// Writes what comparisons found; a round that finds nothing new costs no commit.
async fn keep(base: &Base, compared: Vec<Compared>, extra: Vec<Finding>) -> Result<usize, Refusal> {
    let nothing = |one: &Compared| one.found.is_empty() && one.over.is_empty() && !one.agreed;
    if compared.iter().all(nothing) && extra.is_empty() {
        return Ok(0);
    }
    base.write(move |tx| {
        let mut opened = 0;
        for one in &compared {
            for found in &one.found {
                opened += usize::from(rows::open(tx, found)?);
            }
            one.over.iter().try_for_each(|id| rows::clear(tx, id))?;
            if one.agreed {
                rows::set_checked(tx, one.id)?;
            }
        }
        for found in &extra {
            opened += usize::from(rows::open(tx, found)?);
        }
        Ok(opened)
    })
    .await
}

/// The minute's round: what terminals reported since, doubts that have become old, payments that no
/// terminal acknowledged, cases that may be over, terminals that are blocked. Gives the cases opened.
pub async fn sweep(base: &Base) -> Result<usize, Refusal> {
    let (tenant, today) = (base.tenant, base.clock.today());
    let days = [today.yesterday().unwrap_or(today).to_string(), today.to_string()];
    let (compared, blocked, walked) = base
        .read_behind(move |tx| {
            let now_us = tx.now_us();
            let mut ids: BTreeSet<PaymentId> = rows::unchecked(tx, tenant, ROUND)?.into_iter().collect();
            ids.extend(rows::old_doubts(tx, tenant, now_us.saturating_sub(DOUBT_MAX_US), ROUND)?);
            ids.extend(rows::with_open_cases(tx, tenant, ROUND)?);
            let before = rows::mark(tx, tenant, WALK)?.and_then(|text| text.parse().ok()).unwrap_or(0_i64);
            let mut walked = before;
            for day in &days {
                // By sequence, so that no clock can make it miss one.
                for (id, seq, sent_us) in rows::of_day(tx, tenant, day, before, ROUND)? {
                    if sent_us > now_us.saturating_sub(ACKNOWLEDGED_WITHIN_US) {
                        break;
                    }
                    ids.insert(id);
                    walked = walked.max(seq);
                }
            }
            let mut compared = Vec::new();
            for id in ids {
                compared.extend(compare(tx, tenant, id, None)?);
            }
            let walked = (walked != before).then_some(walked);
            Ok((compared, fleet::blocked_terminals(tx, tenant)?, walked))
        })
        .await?;
    let blocked = blocked.iter().map(blocked_finding).collect();
    let opened = keep(base, compared, blocked).await?;
    if let Some(walked) = walked {
        base.write(move |tx| Ok(rows::set_mark(tx, WALK, &walked.to_string())?)).await?;
    }
    if opened > 0 {
        tracing::warn!(opened, "cases were opened");
    }
    Ok(opened)
}

fn blocked_finding(row: &fleet::BlockedTerminal) -> Finding {
    let kind = match row.standing {
        center_api::JournalStanding::Copied | center_api::JournalStanding::Fine => Kind::TerminalCopied,
        center_api::JournalStanding::TerminalBehind => Kind::TerminalBehind,
        center_api::JournalStanding::CenterBehind => Kind::CenterBehind,
    };
    Finding {
        kind,
        subject: format!("{}@{}", row.terminal, row.seen_seq),
        payment: None,
        place: (row.company.clone(), row.shop.clone(), row.terminal.clone()),
        yen: None,
        evidence: json!({ "seen_seq": row.seen_seq, "standing": row.standing.word() }),
    }
}

/// A gap in a terminal's journal is a case by itself.
pub(crate) fn gap(tx: &mut store::Tx<'_>, by: &center_base::SignedBy, after: i64) -> Result<(), DbError> {
    let found = Finding {
        kind: Kind::JournalGap,
        subject: format!("{}@{after}", by.terminal),
        payment: None,
        place: (by.company.clone(), by.shop.clone(), by.terminal.clone()),
        yen: None,
        evidence: json!({ "after": after }),
    };
    rows::open(tx, &found).map(drop)
}

/// What a file's comparison found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FileReport {
    /// Which network.
    pub network: String,
    /// Which day.
    pub on: String,
    /// Payments in the file.
    pub lines: usize,
    /// Payments of ours that were compared.
    pub compared: usize,
    /// Cases that were opened.
    pub opened: usize,
}

/// Compares a network's file of one day with the center's payments of that day.
///
/// A payment near midnight may stand under another day there: its name is looked for in the file of its own
/// day only once the day's file is read, and what is charged without a payment of that day is looked up
/// among the days beside it before it becomes a case.
pub async fn reconcile_file(base: &Base, text: &str) -> Result<FileReport, Refusal> {
    let file = file::read(text).map_err(|bad| Refusal::bad(bad.to_string()))?;
    let ours = ours_around(base, &file).await?;
    let back = refunds::ours_around(base, &file).await?;
    let names: BTreeSet<&Name> = ours.iter().map(|one| &one.name).collect();
    let back_names: BTreeSet<&Name> = back.iter().map(|one| &one.name).collect();
    let mut strays: Vec<Finding> = file
        .charges
        .iter()
        .filter(|(name, charge)| (charge.charged || charge.state == "voided") && !names.contains(name))
        .map(|(name, charge)| stray(Kind::ChargedNotBooked, &file, name, charge))
        .collect();
    let back_strays = file.refunds.iter().filter(|(name, there)| there.charged && !back_names.contains(name));
    strays.extend(back_strays.map(|(name, there)| stray(Kind::RefundedNotBooked, &file, name, there)));
    let mut wanted: Vec<(PaymentId, (AtNetwork, Json))> = ours
        .iter()
        .filter(|one| one.own_day || file.charges.contains_key(&one.name))
        .map(|one| (one.id, at_network(&file, one)))
        .collect();
    wanted.extend(back.iter().filter_map(|one| Some((one.id, refunds::at_network(&file, one)?))));
    let tenant = base.tenant;
    let (mut compared, mut opened) = (0, keep(base, Vec::new(), strays).await?);
    for part in wanted.chunks(usize::try_from(ROUND).unwrap_or(1)) {
        let part = part.to_vec();
        let found = base
            .read_behind(move |tx| {
                let mut all = Vec::new();
                for (id, network) in part.clone() {
                    all.extend(compare(tx, tenant, id, Some(network))?);
                }
                Ok(all)
            })
            .await?;
        compared += found.len();
        opened += keep(base, found, Vec::new()).await?;
    }
    let (network, on) = (file.network.clone(), file.on.clone());
    let mark = (on.clone(), network.clone());
    base.write(move |tx| Ok(rows::set_compared(tx, &mark.0, &mark.1)?)).await?;
    let report = FileReport { network, on, lines: file.charges.len() + file.refunds.len(), compared, opened };
    tracing::info!(?report, "a network's file was compared");
    Ok(report)
}

/// A payment that a network was asked for.
struct Ours {
    id: PaymentId,
    /// Its name there.
    name: Name,
    /// The file's day is its own.
    own_day: bool,
    /// Something was given back of it, or is being.
    given_back: bool,
}

/// The days around the file's: a payment near midnight may stand under another day there.
pub(super) fn days(file: &NetworkFile) -> Result<[jiff::civil::Date; 3], Refusal> {
    let day: jiff::civil::Date = file.on.parse().map_err(|_| Refusal::bad("the file's day"))?;
    Ok([day.yesterday().unwrap_or(day), day, day.tomorrow().unwrap_or(day)])
}

/// Whether a payment is one of the network's.
pub(super) fn is_of(file: &NetworkFile, payment: &Payment) -> bool {
    match payment.method {
        Method::Card => file.network == "card",
        Method::Code => payment.brand().is_some_and(|brand| brand.word() == file.network),
    }
}

/// The payments that a network was asked for on the file's day and the days beside it.
async fn ours_around(base: &Base, file: &NetworkFile) -> Result<Vec<Ours>, Refusal> {
    let tenant = base.tenant;
    let mut all = Vec::new();
    for on in days(file)? {
        let mut after = 0;
        loop {
            let text = on.to_string();
            let page = base
                .read_behind(move |tx| {
                    let mut page = Vec::new();
                    for (id, seq, _) in rows::of_day(tx, tenant, &text, after, ROUND)? {
                        page.extend(row::load(tx, tenant, id)?.map(|payment| (seq, payment)));
                    }
                    Ok(page)
                })
                .await?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            let asked = |payment: &Payment| {
                is_of(file, payment)
                    && !payment.order_code.is_empty()
                    && payment.standing.state.name() != StateName::Sent
            };
            let payments = page.into_iter().map(|(_, payment)| payment).filter(asked);
            all.extend(payments.map(|payment| Ours {
                id: payment.id,
                name: Name::of(payment.method, &payment.merchant_no, payment.id),
                own_day: on.to_string() == file.on,
                given_back: !payment.refunded.is_zero() || !payment.refunding.is_zero(),
            }));
        }
    }
    Ok(all)
}

/// What was given back whole had been charged, when we gave back; else nothing is charged.
fn at_network(file: &NetworkFile, ours: &Ours) -> (AtNetwork, Json) {
    match file.charges.get(&ours.name) {
        None => (AtNetwork::Absent, absent(file)),
        Some(charge) => {
            let taken = charge.charged || (charge.state == "voided" && ours.given_back);
            let at = if taken { AtNetwork::Charged(charge.yen) } else { AtNetwork::NotCharged };
            (at, charge_json(file, charge))
        }
    }
}

/// The file does not have it.
pub(super) fn absent(file: &NetworkFile) -> Json {
    json!({ "network": file.network, "on": file.on, "state": "absent" })
}

/// A line of the file.
pub(super) fn charge_json(file: &NetworkFile, charge: &Charge) -> Json {
    json!({
        "network": file.network, "on": file.on, "state": charge.state, "yen": charge.yen,
        "approval": charge.approval,
    })
}

/// The network moved money for something that nobody here knows.
fn stray(kind: Kind, file: &NetworkFile, name: &Name, charge: &Charge) -> Finding {
    let mut network = charge_json(file, charge);
    if let Some(fields) = network.as_object_mut() {
        fields.insert("rrn".to_owned(), json!(name.rrn));
        fields.insert("merchant".to_owned(), json!(name.merchant));
        fields.insert("terminal".to_owned(), json!(charge.terminal));
    }
    Finding {
        kind,
        subject: format!("{}/{}", name.merchant, name.rrn),
        payment: None,
        place: ("".into(), "".into(), "".into()),
        yen: Some(charge.yen),
        evidence: json!({ "network": network }),
    }
}
