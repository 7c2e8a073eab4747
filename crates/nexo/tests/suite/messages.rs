//! Messages in the form that the stock client sends, read, refused and answered.

use nexo::header::{Category, Header};
use nexo::message::{
    Envelope, Request, Unread, read_answer, read_envelope, read_request, write_answer, write_request,
};
use nexo::pairs::Pairs;
use nexo::request::{Body, PaymentType};
use nexo::response::{Answer, ErrorCondition, PaymentAnswer, Response};
use nexo::unlisted::{self, Around};
use serde_json::{Value, json};

fn header(category: &str) -> Value {
    json!({ "ProtocolVersion": "3.0", "MessageClass": "Service", "MessageCategory": category,
        "MessageType": "Request", "ServiceID": "0123456789", "SaleID": "REG1", "POIID": "CHOBA-000000358002" })
}

fn payment(amounts: &Value) -> Value {
    json!({ "SaleToPOIRequest": { "MessageHeader": header("Payment"), "PaymentRequest": {
        "SaleData": {
            "SaleTransactionID": { "TransactionID": "TSU3-0003377", "TimeStamp": "2026-11-28T10:00:00+09:00" },
            "OperatorID": "hanako", "SaleToPOIData": "deadline=60&note=%E3%82%B3%E3%83%BC%E3%83%92%E3%83%BC",
            "TokenRequestedType": "Customer" },
        "PaymentTransaction": { "AmountsReq": amounts,
            "TransactionConditions": { "AllowedPaymentBrand": ["visa"], "SomethingNew": { "a": [1] } } },
        "PaymentData": { "PaymentType": "Instalment", "Instalment": { "PlanID": "61", "TotalNbOfPayments": 3 } },
    } } })
}

fn read(value: &Value) -> Result<Request, Unread> {
    match read_envelope(value.to_string().as_bytes())? {
        Envelope::Clear(value) => read_request(&value),
        Envelope::Sealed(_) => unreachable!("in clear"),
    }
}

#[test]
fn a_payment_is_read_with_its_slip_amount_class_and_deadline_and_unknown_fields_are_tolerated() {
    //
    let request =
        read(&payment(&json!({ "Currency": "JPY", "RequestedAmount": 880, "PaidAmount": 120.0 }))).unwrap();
    let Body::Payment(payment) = &request.body else { panic!("{:?}", request.body) };
    assert_eq!(payment.payment_transaction.amounts_req.requested_amount.0.get(), 880);
    assert_eq!(payment.sale_data.sale_transaction_id.transaction_id, "TSU3-0003377");
    let pairs = payment.sale_data.pairs();
    assert_eq!((pairs.get("deadline"), pairs.get("note")), (Some("60"), Some("コーヒー")));
    let data = payment.payment_data.as_ref().unwrap();
    assert_eq!(data.payment_type, Some(PaymentType::Instalment));
    assert_eq!(data.instalment.as_ref().unwrap().total_nb_of_payments, Some(3));
}

#[test]
fn an_amount_that_is_not_whole_yen_above_zero_is_a_format_error_in_the_payments_category() {
    let bad = [
        json!({ "Currency": "EUR", "RequestedAmount": 880 }),
        json!({ "Currency": "JPY", "RequestedAmount": 880.5 }),
        json!({ "Currency": "JPY", "RequestedAmount": -1 }),
        json!({ "Currency": "JPY", "RequestedAmount": 0 }),
        json!({ "Currency": "JPY", "RequestedAmount": "880" }),
        json!({ "Currency": "JPY", "RequestedAmount": 100_000_000 }),
        json!({ "Currency": "JPY", "RequestedAmount": 880, "CashBackAmount": 100 }),
        json!({ "Currency": "JPY" }),
    ];
    for amounts in bad {
        match read(&payment(&amounts)) {
            Err(Unread::Body { header, .. }) => assert_eq!(header.category, Category::Payment),
            other => panic!("{amounts}: {other:?}"),
        }
    }
}

#[test]
fn a_message_without_a_readable_header_has_no_category_to_answer_in() {
    let bad = [
        json!({}),
        json!({ "SaleToPOIRequest": {} }),
        json!({ "SaleToPOIRequest": { "MessageHeader": header("Dance") } }),
        json!({ "SaleToPOIRequest": { "MessageHeader": { "MessageClass": "Service" } } }),
        json!([1, 2]),
    ];
    for value in bad {
        assert!(matches!(read(&value), Err(Unread::Message(_))), "{value}");
    }
    assert!(matches!(read_envelope(b"\xff{"), Err(Unread::Message(_))));
}

#[test]
fn every_category_of_the_standard_is_known_by_name_and_has_an_answer_or_none() {
    for category in Category::ALL {
        let mut value = json!({ "SaleToPOIRequest": { "MessageHeader": header(category.word()) } });
        let spoken = ["Login", "Payment", "Reversal", "Abort", "Print"].contains(&category.word());
        let (header, asked) = match read(&value) {
            Ok(request) => (request.header, Value::Null),
            Err(Unread::Body { header, body, .. }) if spoken => (*header, body),
            other => panic!("{category:?}: {other:?}"),
        };
        let response =
            Response::failure(ErrorCondition::UnavailableService, &Pairs::new().with("money", "no"));
        let around = Around { asked: &asked, now: "2026-11-28T01:00:00Z" };
        let answer = unlisted::answer(&header, &response, &around);
        assert_eq!(answer.is_some(), category.has_answer(), "{category:?}");
        if let Some(answer) = answer {
            value = write_answer(&header, &answer);
            let text = value.to_string();
            assert!(text.contains("UnavailableService") && text.contains("money=no"), "{text}");
        }
    }
}

#[test]
fn what_is_written_is_read_back_and_nothing_absent_is_written() {
    let request = read(&payment(&json!({ "Currency": "JPY", "RequestedAmount": 880 }))).unwrap();
    let again = write_request(&request);
    assert_eq!(read(&again).unwrap(), request);
    assert!(!again.to_string().contains("null"));

    let Body::Payment(payment) = request.body else { unreachable!("a payment") };
    let answer = PaymentAnswer {
        response: Response::failure(
            ErrorCondition::Busy,
            &Pairs::new().with("code", "busy").with("money", "no"),
        ),
        sale_data: payment.sale_data,
        poi_data: nexo::response::PoiData {
            poi_transaction_id: nexo::request::TransactionId {
                transaction_id: "0198".to_owned(),
                time_stamp: "2026-11-28T01:00:00Z".to_owned(),
            },
            poi_reconciliation_id: None,
        },
        payment_result: None,
        payment_receipt: Vec::new(),
    };
    let asked = Header::request(Category::Payment, "1", "REG1", "CHOBA-1");
    let value = write_answer(&asked, &Answer::Payment(Box::new(answer.clone())));
    assert!(!value.to_string().contains("null") && !value.to_string().contains("[]"));
    let (header, read) = read_answer::<PaymentAnswer>(&value).unwrap();
    assert_eq!((header, read), (asked.answer(), answer));
}
