//! What a payment's slip states of the consumption tax, and what giving it back in parts makes of it.

use super::brand::Brand as TestBrand;
use super::by_code::{center, code_json};
use super::*;
use crate::code_pay::CodeAsk;
use crate::refund::path::{Giver, Wanted};
use center_api::RefundView;
use codes::{api, pay};
use payment::{TaxKind, TaxLine, TaxParts};
use serde_json::json;

fn yen(yen: i64) -> Yen {
    Yen::new(yen).unwrap()
}

fn parts(reduced: i64, exempt: i64) -> TaxParts {
    TaxParts { reduced: yen(reduced), exempt: yen(exempt) }
}

fn told(lines: &[TaxLine]) -> Vec<(TaxKind, i64, i64)> {
    lines.iter().map(|line| (line.kind, line.amount.get(), line.tax.get())).collect()
}

async fn back(center: &Center, refund: u128, amount: i64, tax: Option<TaxParts>) -> RefundView {
    let wanted = Wanted {
        id: id(refund),
        payment: id(1),
        amount: yen(amount),
        slip_no: 2,
        operator: None,
        reason: None,
        tax,
        card: None,
    };
    center.acquiring.give_back(Giver::Terminal(by()), wanted).await.unwrap()
}

async fn sold(center: &Center, amount: i64, tax: Option<TaxParts>) -> PaymentView {
    let mut request = code_json(id(1), amount);
    request["tax"] = json!(tax);
    let ask = CodeAsk::read(serde_json::from_value(request).unwrap()).unwrap();
    center.acquiring.pay_by_code(by(), ask).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_states_the_tax_that_was_stated_and_nothing_otherwise() {
    //
    for (db, _) in each().await {
        let brand = TestBrand::start().await;
        let center = center(&db, &brand).await;
        let view = sold(&center, 5_500, Some(parts(3_240, 60))).await;
        let lines =
            [(TaxKind::Standard, 2_200, 200), (TaxKind::Reduced, 3_240, 240), (TaxKind::Exempt, 60, 0)];
        assert_eq!(told(&view.slip.unwrap().tax), lines);
        assert_eq!(center.row(id(1)).await.tax, Some(parts(3_240, 60)), "as it rests");
        assert_eq!(view.refund_offer.unwrap().tax, Some(parts(3_240, 60)));
        assert_eq!(center.paid_by_code(id(2), 880).await.slip.unwrap().tax, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_payment_keeps_its_tax_and_the_number_of_its_day() {
    // who registers tomorrow issued no invoice today, and who gives the number back did.
    for (db, network) in each().await {
        let center = Center::start(&db, &network.address, "a-1");
        let mut taxed = request(id(1), 880);
        taxed.tax = Some(parts(540, 0));
        center.paid(Ask::read(taxed).unwrap()).await;
        center.paid(ask(id(2), 880)).await;
        let mut later = place();
        later.merchant.invoice_reg_no = Some("T0000000000009".into());
        let slip = async |number| {
            center.acquiring.view_of(center.row(id(number)).await, &later).await.unwrap().slip.unwrap()
        };
        let first = slip(1).await;
        assert_eq!(first.merchant.invoice_reg_no.as_deref(), Some("T0000000000008"));
        assert_eq!(told(&first.tax), [(TaxKind::Standard, 340, 30), (TaxKind::Reduced, 540, 40)]);
        assert_eq!(slip(2).await.merchant.invoice_reg_no, None, "no tax, no invoice");
    }
}

#[test]
fn parts_that_are_more_than_the_amount_are_refused_and_nothing_is_asked() {
    //
    let mut request = code_json(id(1), 880);
    request["tax"] = json!(parts(800, 81));
    let read = CodeAsk::read(serde_json::from_value(request).unwrap());
    assert_eq!(read.map(drop).unwrap_err().code, api::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_several_kinds_comes_back_as_it_is_stated_and_the_rest_as_it_is_left() {
    //
    for (db, _) in each().await {
        let brand = TestBrand::start().await;
        let center = center(&db, &brand).await;
        sold(&center, 50_000, Some(parts(21_600, 0))).await;
        let too_much = back(&center, 10, 22_000, Some(parts(21_700, 0))).await;
        assert_eq!((too_much.state, too_much.code), (StateName::Declined, Some(pay::PARTS_ABOVE_REST)));
        let first = back(&center, 11, 12_000, Some(parts(10_800, 0))).await.slip.unwrap();
        assert_eq!(told(&first.tax), [(TaxKind::Standard, 1_200, 109), (TaxKind::Reduced, 10_800, 800)]);
        assert!(first.refund.unwrap().sold_at_us <= first.taken_at_us);
        let offer =
            center.acquiring.view_of(center.row(id(1)).await, &place()).await.unwrap().refund_offer.unwrap();
        assert_eq!((offer.most, offer.tax), (yen(38_000), Some(parts(10_800, 0))));
        let rest = back(&center, 12, 38_000, None).await.slip.unwrap();
        assert_eq!(told(&rest.tax), [(TaxKind::Standard, 27_200, 2_472), (TaxKind::Reduced, 10_800, 800)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_stated_is_not_guessed() {
    // a register that states its parts itself gives back without saying which.
    for (db, _) in each().await {
        let brand = TestBrand::start().await;
        let center = center(&db, &brand).await;
        sold(&center, 1_000, Some(parts(600, 0))).await;
        assert_eq!(back(&center, 11, 400, None).await.slip.unwrap().tax, []);
        let offer =
            center.acquiring.view_of(center.row(id(1)).await, &place()).await.unwrap().refund_offer.unwrap();
        assert_eq!((offer.most, offer.tax), (yen(600), None));
        assert_eq!(back(&center, 12, 600, None).await.slip.unwrap().tax, []);
    }
}
