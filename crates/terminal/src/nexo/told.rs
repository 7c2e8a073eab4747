//! What the journal says about a payment or a giving back, as a register's answer. Pure.
//!
//! The answer is rendered anew each time it is wanted, so that a repeated answer, a status and the journal
//! cannot differ.

use super::{condition, plan};
use crate::attempt::Attempt;
use ::nexo::amount::Amount;
use ::nexo::pairs::Pairs;
use ::nexo::request::{Instalment, PaymentType, SaleData, TransactionId};
use ::nexo::response::{
    AcquirerData, AmountsResp, CardData, DocumentQualifier, ErrorCondition, InstrumentType, OutputContent,
    PaymentAnswer, PaymentInstrument, PaymentReceipt, PaymentResult, PoiData, Response, ReversalAnswer,
};
use codes::MoneyTaken;
use i18n::Lang;
use payment::{CodeEntry, Cvm, EntryMode, PaymentClass, ReceiptPolicy, StateName};
use receipt::{Copy, Printing};

/// What an answer depends on beside the journal.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) lang: Lang,
    pub(crate) receipt: ReceiptPolicy,
    /// The shop's number.
    pub(crate) merchant_id: String,
    /// The terminal's.
    pub(crate) terminal_id: String,
    /// The slips carry (再).
    pub(crate) again: bool,
    /// Which slips; all when empty.
    pub(crate) which: Vec<DocumentQualifier>,
    /// The register asked to stop it.
    pub(crate) aborted: bool,
}

/// Microseconds since 1970 as RFC 3339.
pub(crate) fn instant(at_us: i64) -> String {
    crate::context::instant(at_us).to_string()
}

/// The terminal's number of a payment: our id and its moment.
pub(crate) fn number(attempt: &Attempt) -> TransactionId {
    TransactionId { transaction_id: attempt.id.to_string(), time_stamp: instant(attempt.started_at_us) }
}

/// Whether there is something to answer: nothing changes any more, or a person has left the doubt behind.
pub(crate) fn is_told(attempt: &Attempt) -> bool {
    attempt.name().is_final() || (attempt.is_open() && attempt.acknowledged)
}

/// How it went. A doubt that staff have left is `UnavailableService` with `outcome=unknown`: never retry.
pub(crate) fn response(attempt: &Attempt, told: &Told) -> Response {
    let money = attempt.money_taken();
    let code = attempt.code();
    let base = match code {
        Some(code) => condition::pairs_of(told.lang, code, money),
        None => Pairs::new().with("money", money.word()),
    };
    let base = base
        .with("state", attempt.name().word())
        .with("public_id", payment::public_id(attempt.id))
        .with("slip", format!("{:04}", attempt.slip_no));
    match attempt.name() {
        StateName::Approved => {
            let slip = attempt.slip.as_deref();
            Response::success(
                &base
                    .with("order", slip.map(|slip| slip.order_code.clone()).unwrap_or_default())
                    .with("trace", slip.map(|slip| slip.trace_no.clone()).unwrap_or_default())
                    .with("class", attempt.class.to_string()),
            )
        }
        StateName::Declined | StateName::Failed => {
            let condition = code.map_or(ErrorCondition::Refusal, condition::of_code);
            Response::failure(condition, &base)
        }
        StateName::Abandoned if told.aborted => Response::failure(ErrorCondition::Aborted, &base),
        StateName::Abandoned => {
            Response::failure(code.map_or(ErrorCondition::Cancel, condition::of_code), &base)
        }
        // Asked, not answered in time, undone: nothing was taken.
        StateName::Reversed => {
            let condition = match code {
                Some(code) => condition::of_code(code),
                None if told.aborted => ErrorCondition::Aborted,
                None => ErrorCondition::UnreachableHost,
            };
            Response::failure(condition, &base.with("outcome", "undone"))
        }
        StateName::Released => Response::failure(ErrorCondition::Cancel, &base.with("outcome", "released")),
        StateName::Started | StateName::Sent | StateName::Authorized | StateName::InDoubt => {
            let unknown = Pairs::new().with("outcome", "unknown").with("money", MoneyTaken::Unknown.word());
            let more = ["code", "message", "what", "next", "state", "public_id", "slip"]
                .into_iter()
                .filter_map(|key| base.get(key).map(|value| (key, value.to_owned())))
                .fold(unknown, |pairs, (key, value)| pairs.with(key, value));
            Response::failure(ErrorCondition::UnavailableService, &more)
        }
    }
}

/// The slips, as printed.
fn receipts(attempt: &Attempt, told: &Told) -> Vec<PaymentReceipt> {
    let Some(slip) = attempt.slip.as_deref().filter(|_| attempt.name() == StateName::Approved) else {
        return Vec::new();
    };
    let printing = if told.again { Printing::Again } else { Printing::First };
    [
        (DocumentQualifier::CustomerReceipt, Copy::Customer),
        (DocumentQualifier::CashierReceipt, Copy::Merchant),
    ]
    .into_iter()
    .filter(|(qualifier, _)| told.which.is_empty() || told.which.contains(qualifier))
    .map(|(document_qualifier, copy)| PaymentReceipt {
        document_qualifier,
        required_signature_flag: Some(false),
        output_content: OutputContent::rows(&receipt::document(slip, &told.receipt, copy, printing).text()),
    })
    .collect()
}

fn instrument(attempt: &Attempt) -> Option<PaymentInstrument> {
    if let Some(card) = &attempt.card {
        let mode = match card.entry_mode {
            EntryMode::ContactIc => "ICC",
            EntryMode::Magstripe => "MagStripe",
            EntryMode::Contactless => "Contactless",
        };
        return Some(PaymentInstrument {
            payment_instrument_type: InstrumentType::Card,
            card_data: Some(CardData {
                payment_brand: Some(card.brand.word().to_owned()),
                masked_pan: Some(format!("{} **** {}", card.pan.first6, card.pan.last4)),
                entry_mode: vec![mode.to_owned()],
            }),
        });
    }
    let code = attempt.code_paid.as_ref()?;
    let mode = match code.entry {
        CodeEntry::Camera | CodeEntry::Scanner => "Scanned",
        CodeEntry::Typed => "Keyed",
    };
    Some(PaymentInstrument {
        payment_instrument_type: InstrumentType::Mobile,
        card_data: Some(CardData {
            payment_brand: code.brand.map(|brand| brand.word().to_owned()),
            masked_pan: None,
            entry_mode: vec![mode.to_owned()],
        }),
    })
}

/// How the customer was verified, in the standard's words.
fn methods(attempt: &Attempt) -> Vec<String> {
    let Some(card) = &attempt.card else { return Vec::new() };
    let word = match card.cvm {
        Cvm::Pin => "OnlinePIN",
        Cvm::Signature => "SignatureCapture",
        Cvm::PinBypassed => "Bypass",
        Cvm::NoCvm | Cvm::DeviceCvm => return Vec::new(),
    };
    vec![word.to_owned()]
}

fn result(attempt: &Attempt, told: &Told) -> PaymentResult {
    let slip = attempt.slip.as_deref();
    let center = attempt.code_paid.as_ref().and_then(|code| code.center_txn_id.clone());
    let trace = center.or_else(|| slip.map(|slip| slip.trace_no.clone()));
    let class = plan::plan_id(attempt.class);
    PaymentResult {
        payment_type: Some(if attempt.class == PaymentClass::Lump {
            PaymentType::Normal
        } else {
            PaymentType::Instalment
        }),
        payment_instrument_data: instrument(attempt),
        amounts_resp: Some(AmountsResp::yen(attempt.amount)),
        instalment: class.map(|(plan_id, count)| Instalment {
            plan_id: Some(plan_id.to_owned()),
            total_nb_of_payments: count,
        }),
        merchant_override_flag: None,
        online_flag: Some(true),
        authentication_method: methods(attempt),
        payment_acquirer_data: Some(AcquirerData {
            merchant_id: told.merchant_id.clone(),
            acquirer_poi_id: told.terminal_id.clone(),
            acquirer_transaction_id: trace.map(|trace| TransactionId {
                transaction_id: trace,
                time_stamp: instant(attempt.changed_at_us),
            }),
            approval_code: slip.and_then(|slip| slip.approval_code.clone()),
        }),
    }
}

/// A payment as an answer.
pub(crate) fn payment(attempt: &Attempt, sale_data: SaleData, told: &Told) -> PaymentAnswer {
    let approved = attempt.name() == StateName::Approved;
    PaymentAnswer {
        response: response(attempt, told),
        sale_data,
        poi_data: PoiData { poi_transaction_id: number(attempt), poi_reconciliation_id: None },
        payment_result: approved.then(|| result(attempt, told)),
        payment_receipt: receipts(attempt, told),
    }
}

/// A giving back as an answer.
pub(crate) fn reversal(attempt: &Attempt, told: &Told) -> ReversalAnswer {
    let approved = attempt.name() == StateName::Approved;
    ReversalAnswer {
        response: response(attempt, told),
        poi_data: Some(PoiData { poi_transaction_id: number(attempt), poi_reconciliation_id: None }),
        reversed_amount: approved.then_some(Amount(attempt.amount)),
        payment_receipt: receipts(attempt, told),
    }
}
