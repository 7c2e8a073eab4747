//! What a payment request means on this terminal: method, class, deadline; or why it is not taken. Pure.

use super::limits;
use ::nexo::pairs::Pairs;
use ::nexo::request::{Payment, PaymentType};
use center_api::TerminalConfig;
use codes::{Code, api, pay};
use money::Yen;
use payment::{Brand, Method, PaymentClass, Policy, TaxParts};

/// What is to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) method: Method,
    pub(crate) class: PaymentClass,
    pub(crate) note: Option<String>,
    /// What is not taxed at the standard rate, where the register says it.
    pub(crate) tax: Option<TaxParts>,
    /// Seconds until the screen is cleared.
    pub(crate) deadline_s: i64,
}

/// Why a request is not taken. Nothing was started and no money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotTaken {
    pub(crate) code: Code,
    /// For the register's maker.
    pub(crate) why: &'static str,
}

const fn not_taken(code: Code, why: &'static str) -> NotTaken {
    NotTaken { code, why }
}

/// Reads a request. Without a configuration only the terminal itself can say why it takes nothing.
///
/// `offered` are the classes that may be asked for now.
pub(crate) fn plan(
    payment: &Payment,
    config: Option<&TerminalConfig>,
    offered: &[PaymentClass],
) -> Result<Plan, NotTaken> {
    let kind =
        payment.payment_data.as_ref().and_then(|data| data.payment_type).unwrap_or(PaymentType::Normal);
    match kind {
        PaymentType::Normal | PaymentType::Instalment => {}
        PaymentType::Refund => {
            return Err(not_taken(
                api::NOT_ALLOWED,
                "giving back without its payment is not taken: Reversal",
            ));
        }
        PaymentType::CashAdvance
        | PaymentType::CashDeposit
        | PaymentType::Completion
        | PaymentType::FirstReservation
        | PaymentType::IssuerInstalment
        | PaymentType::OneTimeReservation
        | PaymentType::PaidOut
        | PaymentType::Recurring
        | PaymentType::UpdateReservation => {
            return Err(not_taken(api::NOT_ALLOWED, "PaymentType: Normal or Instalment"));
        }
    }
    let method = method(payment, config)?;
    let class = class(payment)?;
    if method == Method::Card && config.is_some() && !offered.contains(&class) {
        return Err(not_taken(pay::CLASS_NOT_ALLOWED, "no contract of this shop has this class now"));
    }
    if method != Method::Card && class != PaymentClass::Lump {
        return Err(not_taken(pay::CLASS_NOT_ALLOWED, "a code is paid at once"));
    }
    let pairs = payment.sale_data.pairs();
    Ok(Plan {
        method,
        class,
        note: pairs.get("note").map(str::to_owned),
        tax: tax_parts(&pairs, Some(payment.payment_transaction.amounts_req.requested_amount.0))?,
        deadline_s: deadline_s(pairs.get("deadline"), config)?,
    })
}

/// `reduced=` and `exempt=` of `SaleToPOIData`: what of the amount is taxed at the reduced rate and what is not
/// taxed, whole yen with tax. One of them is enough. `amount`: of what; unknown where all that is left is
/// given back.
pub(crate) fn tax_parts(pairs: &Pairs, amount: Option<Yen>) -> Result<Option<TaxParts>, NotTaken> {
    let yen = |key| match pairs.get(key) {
        None => Ok(None),
        Some(text) => {
            let yen = text.parse::<i64>().ok().and_then(|yen| Yen::new(yen).ok());
            yen.map(Some).ok_or(not_taken(api::BAD_REQUEST, "reduced, exempt: whole yen"))
        }
    };
    let (reduced, exempt) = match (yen("reduced")?, yen("exempt")?) {
        (None, None) => return Ok(None),
        (reduced, exempt) => (reduced.unwrap_or_default(), exempt.unwrap_or_default()),
    };
    let parts = TaxParts { reduced, exempt };
    if amount.is_some_and(|amount| parts.standard(amount).is_none()) {
        return Err(not_taken(api::BAD_REQUEST, "reduced and exempt: more than the amount"));
    }
    Ok(Some(parts))
}

fn deadline_s(text: Option<&str>, config: Option<&TerminalConfig>) -> Result<i64, NotTaken> {
    let Some(text) = text else { return Ok(usual_deadline_s(config)) };
    let seconds = text.parse::<i64>().ok().filter(|seconds| (1..=limits::DEADLINE_MAX_S).contains(seconds));
    seconds.ok_or(not_taken(api::BAD_REQUEST, "deadline: whole seconds, 1 to 1800"))
}

/// Without a deadline of the register's own.
pub(crate) fn usual_deadline_s(config: Option<&TerminalConfig>) -> i64 {
    config.map_or_else(|| Policy::default().register_wait_s, |config| config.policy.register_wait_s)
}

/// By card unless the register asks for a code: a scanned one, a phone, or brands that are all of codes.
fn method(payment: &Payment, config: Option<&TerminalConfig>) -> Result<Method, NotTaken> {
    let conditions = payment.payment_transaction.transaction_conditions.as_ref();
    let instrument = payment
        .payment_data
        .as_ref()
        .and_then(|data| data.payment_instrument_data.as_ref())
        .and_then(|asked| asked.payment_instrument_type.as_deref());
    let forced: &[String] =
        conditions.map(|conditions| conditions.force_entry_mode.as_slice()).unwrap_or_default();
    let wanted: &[String] =
        conditions.map(|conditions| conditions.allowed_payment_brand.as_slice()).unwrap_or_default();
    let brands = wanted
        .iter()
        .map(|word| {
            brand_of(word).ok_or(not_taken(pay::BRAND_NOT_ACCEPTED, "AllowedPaymentBrand: not a brand here"))
        })
        .collect::<Result<Vec<Brand>, _>>()?;
    let codes = brands.iter().filter(|brand| is_code(**brand)).count();
    let by_code = match (instrument, forced) {
        (Some("Mobile"), _) => true,
        (Some("Card") | None, []) => !brands.is_empty() && codes == brands.len(),
        (Some("Card") | None, forced) => {
            forced.iter().any(|mode| matches!(mode.as_str(), "Scanned" | "Keyed"))
        }
        _ => return Err(not_taken(api::NOT_ALLOWED, "PaymentInstrumentType: Card or Mobile")),
    };
    if brands.is_empty() {
        return Ok(if by_code { Method::Code } else { Method::Card });
    }
    if by_code != (codes == brands.len()) || (codes > 0 && codes < brands.len()) {
        return Err(not_taken(api::NOT_ALLOWED, "AllowedPaymentBrand: cards or codes, not both"));
    }
    narrowed(&brands, by_code, config)?;
    Ok(if by_code { Method::Code } else { Method::Card })
}

/// A restriction that the terminal could not keep must be refused: it takes every brand of its contracts.
fn narrowed(brands: &[Brand], by_code: bool, config: Option<&TerminalConfig>) -> Result<(), NotTaken> {
    let contracts = config.map(|config| config.contracts.as_slice()).unwrap_or_default();
    let mut kin = contracts.iter().map(|contract| contract.brand).filter(|brand| is_code(*brand) == by_code);
    if kin.all(|brand| brands.contains(&brand)) {
        Ok(())
    } else {
        Err(not_taken(
            api::NOT_ALLOWED,
            "AllowedPaymentBrand: all cards or all codes of this shop, or leave it out",
        ))
    }
}

fn is_code(brand: Brand) -> bool {
    brand.row().is_ok_and(|row| row.method == Method::Code)
}

/// A brand by its word, also as other makers write it.
fn brand_of(word: &str) -> Option<Brand> {
    let word = word.to_ascii_lowercase();
    let word = match word.as_str() {
        "mc" => "mastercard",
        "cup" => "unionpay",
        other => other,
    };
    Brand::from_word(word)
}

/// `PlanID` carries the Japanese code of the class: 10, 61 with a count, 80, 21 and 31.
fn class(payment: &Payment) -> Result<PaymentClass, NotTaken> {
    let unknown =
        not_taken(pay::CLASS_NOT_ALLOWED, "Instalment: PlanID 10, 21, 61 with TotalNbOfPayments, or 80");
    let Some(instalment) = payment.payment_data.as_ref().and_then(|data| data.instalment.as_ref()) else {
        return match payment.payment_data.as_ref().and_then(|data| data.payment_type) {
            Some(PaymentType::Instalment) => Err(unknown),
            _ => Ok(PaymentClass::Lump),
        };
    };
    let count = instalment.total_nb_of_payments;
    let text = match (instalment.plan_id.as_deref(), count) {
        (Some("10"), None | Some(1)) => "lump".to_owned(),
        (Some("21"), None | Some(1)) => "bonus".to_owned(),
        (Some("80"), None) => "revolving".to_owned(),
        (Some("61") | None, Some(count)) => format!("installments-{count}"),
        _ => return Err(unknown),
    };
    text.parse().map_err(|_| unknown)
}

/// The Japanese code of a class and the count, for the answer; nothing for a lump sum.
pub(crate) fn plan_id(class: PaymentClass) -> Option<(&'static str, Option<i64>)> {
    match class {
        PaymentClass::Lump => None,
        PaymentClass::Installments(count) => Some(("61", Some(i64::from(count)))),
        PaymentClass::Revolving => Some(("80", None)),
        PaymentClass::BonusLump => Some(("21", None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(more: &Value) -> Result<Plan, NotTaken> {
        let mut document = json!({
            "SaleData": { "SaleTransactionID": { "TransactionID": "1", "TimeStamp": "2026-11-28T01:00:00Z" } },
            "PaymentTransaction": { "AmountsReq": { "Currency": "JPY", "RequestedAmount": 880 } },
        });
        for (place, value) in more.as_object().unwrap() {
            document[place.as_str()] = value.clone();
        }
        let offered = [PaymentClass::Lump, PaymentClass::Installments(3), PaymentClass::Revolving];
        plan(&serde_json::from_value(document).unwrap(), None, &offered)
    }

    fn instalment(plan: &str, count: Option<i64>) -> Result<PaymentClass, NotTaken> {
        let instalment = json!({ "PlanID": plan, "TotalNbOfPayments": count });
        read(&json!({ "PaymentData": { "PaymentType": "Instalment", "Instalment": instalment } }))
            .map(|plan| plan.class)
    }

    #[test]
    fn a_plan_id_is_the_japanese_code_of_a_class() {
        //
        assert_eq!(instalment("10", None), Ok(PaymentClass::Lump));
        assert_eq!(instalment("61", Some(3)), Ok(PaymentClass::Installments(3)));
        assert_eq!(instalment("80", None), Ok(PaymentClass::Revolving));
        assert_eq!(instalment("21", None), Ok(PaymentClass::BonusLump));
        for (plan, count) in [("61", None), ("61", Some(1)), ("61", Some(100)), ("99", None), ("80", Some(3))]
        {
            assert!(instalment(plan, count).is_err(), "{plan} {count:?}");
        }
        assert!(read(&json!({ "PaymentData": { "PaymentType": "Instalment" } })).is_err());
    }

    #[test]
    fn a_code_is_asked_for_by_scanner_phone_or_brands_of_codes_only() {
        // M-040
        let conditions = |conditions: Value| {
            json!({ "PaymentTransaction": { "AmountsReq": { "Currency": "JPY",
                "RequestedAmount": 880 }, "TransactionConditions": conditions } })
        };
        let method = |told: &Value| read(told).map(|plan| plan.method);
        assert_eq!(method(&json!({})), Ok(Method::Card));
        assert_eq!(method(&conditions(json!({ "ForceEntryMode": ["Scanned"] }))), Ok(Method::Code));
        assert_eq!(method(&conditions(json!({ "ForceEntryMode": ["ICC"] }))), Ok(Method::Card));
        assert_eq!(method(&conditions(json!({ "AllowedPaymentBrand": ["paypay"] }))), Ok(Method::Code));
        assert_eq!(method(&conditions(json!({ "AllowedPaymentBrand": ["visa", "mc"] }))), Ok(Method::Card));
        let phone =
            json!({ "PaymentData": { "PaymentInstrumentData": { "PaymentInstrumentType": "Mobile" } } });
        assert_eq!(method(&phone), Ok(Method::Code));
        for bad in [json!(["visa", "paypay"]), json!(["dance"])] {
            assert!(method(&conditions(json!({ "AllowedPaymentBrand": bad }))).is_err());
        }
    }

    #[test]
    fn a_register_says_what_is_taxed_how() {
        //
        let tax = |pairs: &str| {
            let sale = json!({ "SaleTransactionID": { "TransactionID": "1", "TimeStamp": "2026-11-28T01:00:00Z" },
                "SaleToPOIData": pairs });
            read(&json!({ "SaleData": sale })).map(|plan| plan.tax)
        };
        let parts = |reduced, exempt| {
            Some(TaxParts { reduced: Yen::new(reduced).unwrap(), exempt: Yen::new(exempt).unwrap() })
        };
        assert_eq!(tax("note=x"), Ok(None));
        assert_eq!(tax("reduced=0"), Ok(parts(0, 0)));
        assert_eq!(tax("reduced=540&exempt=40"), Ok(parts(540, 40)));
        assert_eq!(tax("exempt=880"), Ok(parts(0, 880)));
        for bad in ["reduced=-1", "reduced=1.5", "exempt=x", "reduced=800&exempt=81"] {
            assert_eq!(tax(bad).unwrap_err().code, api::BAD_REQUEST, "{bad}");
        }
    }

    #[test]
    fn what_gives_money_back_without_its_payment_is_not_taken() {
        for kind in ["Refund", "CashAdvance", "OneTimeReservation"] {
            let refused = read(&json!({ "PaymentData": { "PaymentType": kind } })).unwrap_err();
            assert_eq!(refused.code, api::NOT_ALLOWED);
        }
    }
}
