//! The worked examples, with every figure written out.

use crate::world::{BANK, COMPANY, Document, FREE_BANK, World, day, net, post, print, rates};
use expect_test::{Expect, expect};
use ledger::Account;
use money::Yen;
use payment::Brand;
use settlement::rules::{Level, Movement, Overlay};
use std::collections::BTreeMap;

fn check(document: &Document, expected: &Expect) {
    expected.assert_eq(&print(document));
}

/// The fortnight of model.md 3.5.
fn fortnight() -> World {
    let mut world = World::new(26_000, 6_400);
    let january = world.sale(Brand::Visa, "2026-01-20", 4_000);
    world.cut("2026-02-01");
    world.sale(Brand::Visa, "2026-02-02", 10_000);
    world.sale(Brand::Mastercard, "2026-02-03", 4_000);
    world.sale(Brand::Visa, "2026-02-15", 140);
    world.sale(Brand::Jcb, "2026-02-01", 1_500);
    world.sale(Brand::Amex, "2026-02-09", 500);
    world.refund(january, "2026-02-05", 4_000);
    world.cut("2026-02-16");
    world
}

#[test]
fn example_1_a_normal_fortnight() {
    // U-065, U-069, U-070, U-071, U-072, X-081, X-084
    let paid = fortnight().document("2026-02-27", BANK, &[], -7_126);
    check(
        &paid,
        &expect![[r"
            sales jcb_other 2026-02-01..2026-02-15 count 2 sales 2,000 rate 3.24% fee 64 (taxable 12) net 1,936
            sales visa_master 2026-02-01..2026-02-15 count 3 sales 14,140 rate 3.24% fee 458 (taxable 90) net 13,682
            red visa_master 2026-02-01..2026-02-15 count 1 sales -4,000 rate 3.24% fee -129 (taxable -25) net -3,871
            fees 393 = exempt 316 + taxable 77, tax 7
            adjusted 0, carried in -7,126, sum 4,614, transfer fee 180 + 18, paid 4,416, carried out 0
        "]],
    );
    // U-065: a transfer to the bank 0001 costs nothing.
    let free = fortnight().document("2026-02-27", FREE_BANK, &[], -7_126);
    assert_eq!((free.batch.paid, free.batch.transfer_fee), (net(4_614), net(0)));
}

#[test]
fn example_1_in_the_ledger_ends_at_zero() {
    let payable = Account::MerchantPayable { company: COMPANY.into() };
    let carried = Account::CarriedBalance { company: COMPANY.into() };
    let transit = Account::PayoutInTransit { company: COMPANY.into() };
    let pay_on = day("2026-02-27");
    // The items have credited 12,140; a carried balance of -7,126 is a debit.
    let mut balances = BTreeMap::from([(payable.clone(), -12_140), (carried.clone(), 7_126)]);
    let document = fortnight().document("2026-02-27", BANK, &[], -7_126);
    let listed: Vec<(&str, i64)> =
        document.movements.iter().map(|movement| (movement.what.word(), movement.amount.get())).collect();
    assert_eq!(
        listed,
        [
            ("fee_exempt", 316),
            ("fee_taxable", 77),
            ("fee_tax", 7),
            ("carry_in", 7_126),
            ("transfer_fee", 180),
            ("transfer_tax", 18),
            ("payout", 4_416)
        ]
    );
    post(&mut balances, pay_on, &document.movements);
    assert_eq!((balances[&payable], balances[&carried], balances[&transit]), (0, 0, -4_416));
    post(&mut balances, pay_on, &[Movement::paid(COMPANY, net(4_416))]);
    assert_eq!((balances[&transit], balances[&Account::Bank]), (0, -4_416));
    // Example 11: it came back and goes to the next document.
    post(&mut balances, pay_on, &[Movement::unpaid(COMPANY, net(4_416))]);
    assert_eq!((balances[&transit], balances[&Account::Bank]), (-4_416, 0));
    post(&mut balances, pay_on, &[Movement::to_carry(COMPANY, net(4_416))]);
    assert_eq!((balances[&transit], balances[&carried]), (0, -4_416));
}

/// Sales of January that are given back in February, beside sales of February.
fn red(sales: i64, back: i64) -> World {
    let mut world = World::new(26_000, 6_400);
    let january = world.sale(Brand::Visa, "2026-01-10", back);
    world.cut("2026-02-01");
    world.sale(Brand::Visa, "2026-02-03", sales);
    world.refund(january, "2026-02-04", back);
    world.cut("2026-02-16");
    world
}

#[test]
fn example_2_a_red_slip_larger_than_the_sales_is_carried() {
    // U-072: nothing is transferred and no transfer fee is taken; the tax is cut toward zero.
    check(
        &red(3_000, 50_000).document("2026-02-27", BANK, &[], 0),
        &expect![[r"
            sales visa_master 2026-02-01..2026-02-15 count 1 sales 3,000 rate 3.24% fee 97 (taxable 19) net 2,903
            red visa_master 2026-02-01..2026-02-15 count 1 sales -50,000 rate 3.24% fee -1,620 (taxable -320) net -48,380
            fees -1,523 = exempt -1,222 + taxable -301, tax -30
            adjusted 0, carried in 0, sum -45,447, transfer fee 0 + 0, paid 0, carried out -45,447
        "]],
    );
}

#[test]
fn example_3_the_next_document_takes_the_balance() {
    let mut world = World::new(26_000, 6_400);
    world.sale(Brand::Visa, "2026-02-20", 60_000);
    world.cut("2026-03-01");
    check(
        &world.document("2026-03-16", BANK, &[], -45_447),
        &expect![[r"
            sales visa_master 2026-02-16..2026-02-28 count 1 sales 60,000 rate 3.24% fee 1,944 (taxable 384) net 58,056
            fees 1,944 = exempt 1,560 + taxable 384, tax 38
            adjusted 0, carried in -45,447, sum 12,571, transfer fee 180 + 18, paid 12,373, carried out 0
        "]],
    );
}

#[test]
fn example_4_a_change_of_rates_makes_two_lines() {
    // U-069: each has its own handling period.
    let mut world = World::new(26_000, 6_400).with_contract(Brand::Visa, "2026-02-09", rates(29_500, 0));
    world.sale(Brand::Visa, "2026-02-08", 10_010);
    world.sale(Brand::Visa, "2026-02-09", 9_990);
    world.cut("2026-02-16");
    check(
        &world.document("2026-02-27", BANK, &[], 0),
        &expect![[r"
            sales visa_master 2026-02-01..2026-02-08 count 1 sales 10,010 rate 3.24% fee 324 (taxable 64) net 9,686
            sales visa_master 2026-02-09..2026-02-15 count 1 sales 9,990 rate 2.95% fee 294 (taxable 0) net 9,696
            fees 618 = exempt 554 + taxable 64, tax 6
            adjusted 0, carried in 0, sum 19,376, transfer fee 180 + 18, paid 19,178, carried out 0
        "]],
    );
}

#[test]
fn example_5_code_brands_have_a_line_each_and_are_taxable() {
    // U-063, X-084
    let mut world = World::new(26_000, 6_400)
        .with_contract(Brand::PayPay, "2026-01-01", rates(0, 32_400))
        .with_contract(Brand::AuPay, "2026-01-01", rates(0, 29_800));
    world.sale(Brand::PayPay, "2026-01-31", 10_000);
    world.sale(Brand::AuPay, "2026-01-01", 1_234);
    world.cut("2026-02-01");
    check(
        &world.document("2026-02-27", BANK, &[], 0),
        &expect![[r"
            sales aupay 2026-01-01..2026-01-31 count 1 sales 1,234 rate 2.98% fee 36 (taxable 36) net 1,198
            sales paypay 2026-01-01..2026-01-31 count 1 sales 10,000 rate 3.24% fee 324 (taxable 324) net 9,676
            fees 360 = exempt 0 + taxable 360, tax 36
            adjusted 0, carried in 0, sum 10,838, transfer fee 180 + 18, paid 10,640, carried out 0
        "]],
    );
}

#[test]
fn example_6_a_sum_that_the_transfer_fee_eats_is_carried() {
    // U-065
    let document = |yen| {
        let mut world = World::new(0, 0);
        world.sale(Brand::Visa, "2026-02-03", yen);
        world.cut("2026-02-16");
        let batch = world.document("2026-02-27", BANK, &[], 0).batch;
        (batch.paid.get(), batch.transfer_fee.get(), batch.carried_out.get())
    };
    assert_eq!((document(197), document(198), document(199)), ((0, 0, 197), (0, 0, 198), (1, 180, 0)));
}

#[test]
fn example_7_below_the_minimum_nothing_is_paid() {
    let document = |minimum: i64| {
        let mut world = World::new(26_000, 6_400);
        let terms = Overlay { minimum_payout_yen: Some(Yen::new(minimum).unwrap()), ..Overlay::default() };
        world.book.add(Level::Company(COMPANY.to_owned()), day("2026-01-01"), terms).unwrap();
        world.sale(Brand::Visa, "2026-02-03", 1_000);
        world.cut("2026-02-16");
        world.document("2026-02-27", BANK, &[], 0)
    };
    check(
        &document(1_000),
        &expect![[r"
            sales visa_master 2026-02-01..2026-02-15 count 1 sales 1,000 rate 3.24% fee 32 (taxable 6) net 968
            fees 32 = exempt 26 + taxable 6, tax 0
            adjusted 0, carried in 0, sum 968, transfer fee 0 + 0, paid 0, carried out 968
        "]],
    );
    assert_eq!((document(900).batch.paid, document(968).batch.paid), (net(770), net(770)));
    assert_eq!(document(969).batch.paid, net(0));
}

#[test]
fn example_8_an_adjustment_has_no_fee_and_no_tax() {
    let mut world = World::new(26_000, 6_400);
    world.sale(Brand::Visa, "2026-02-03", 5_000);
    world.cut("2026-02-16");
    check(
        &world.document("2026-02-27", BANK, &[-500, 200], 0),
        &expect![[r"
            sales visa_master 2026-02-01..2026-02-15 count 1 sales 5,000 rate 3.24% fee 162 (taxable 32) net 4,838
            fees 162 = exempt 130 + taxable 32, tax 3
            adjusted -300, carried in 0, sum 4,535, transfer fee 180 + 18, paid 4,337, carried out 0
        "]],
    );
}

#[test]
fn example_9_a_refund_nets_in_its_window_and_is_a_red_slip_after_it() {
    // U-072
    let mut world = World::new(26_000, 6_400);
    world.sale(Brand::Visa, "2026-02-03", 5_000);
    let sale = world.sale(Brand::Visa, "2026-02-04", 3_000);
    let mut later = world.clone();
    world.refund(sale, "2026-02-15", 3_000);
    world.cut("2026-02-16");
    check(
        &world.document("2026-02-27", FREE_BANK, &[], 0),
        &expect![[r"
            sales visa_master 2026-02-01..2026-02-15 count 2(-1) sales 5,000 rate 3.24% fee 162 (taxable 32) net 4,838
            fees 162 = exempt 130 + taxable 32, tax 3
            adjusted 0, carried in 0, sum 4,835, transfer fee 0 + 0, paid 4,835, carried out 0
        "]],
    );
    later.cut("2026-02-16");
    later.refund(sale, "2026-02-16", 3_000);
    later.cut("2026-03-01");
    check(
        &later.document("2026-02-27", FREE_BANK, &[], 0),
        &expect![[r"
            sales visa_master 2026-02-01..2026-02-15 count 2 sales 8,000 rate 3.24% fee 259 (taxable 51) net 7,741
            fees 259 = exempt 208 + taxable 51, tax 5
            adjusted 0, carried in 0, sum 7,736, transfer fee 0 + 0, paid 7,736, carried out 0
        "]],
    );
    check(
        &later.document("2026-03-16", FREE_BANK, &[], 0),
        &expect![[r"
            red visa_master 2026-02-16..2026-02-28 count 1 sales -3,000 rate 3.24% fee -97 (taxable -19) net -2,903
            fees -97 = exempt -78 + taxable -19, tax -1
            adjusted 0, carried in 0, sum -2,902, transfer fee 0 + 0, paid 0, carried out -2,902
        "]],
    );
}

#[test]
fn example_10_a_doubt_settled_after_the_cut_is_a_late_line() {
    let mut world = World::new(26_000, 6_400);
    world.sale(Brand::Visa, "2026-02-15", 1_000);
    world.cut("2026-02-16");
    // Its business date is the 15th, it was approved on the 17th.
    world.sale(Brand::Visa, "2026-02-15", 2_000);
    world.cut("2026-03-01");
    let first = world.document("2026-02-27", BANK, &[], 0);
    assert_eq!((first.lines.len(), first.batch.sales), (1, net(1_000)));
    check(
        &world.document("2026-03-16", BANK, &[], 0),
        &expect![[r"
            late visa_master 2026-02-15..2026-02-15 count 1 sales 2,000 rate 3.24% fee 64 (taxable 12) net 1,936
            fees 64 = exempt 52 + taxable 12, tax 1
            adjusted 0, carried in 0, sum 1,935, transfer fee 180 + 18, paid 1,737, carried out 0
        "]],
    );
}

#[test]
fn example_12_two_cycles_on_one_pay_day_are_one_document() {
    let mut world = World::new(26_000, 6_400);
    world.sale(Brand::PayPay, "2026-01-05", 1_000);
    world.sale(Brand::Visa, "2026-02-05", 1_000);
    world.cut("2026-02-16");
    let document = world.document("2026-02-27", BANK, &[], 0);
    assert_eq!((document.lines.len(), document.batch.transfer_fee), (2, net(180)));
    assert_eq!(document.batch.paid, net(2_000 - 64 - 1 - 198));
}

#[test]
fn example_13_a_tiny_red_slip_has_no_fee() {
    // U-070
    let document = red(1_000, 10).document("2026-02-27", BANK, &[], 0);
    let tiny = document.lines.last().unwrap();
    assert_eq!((tiny.fee.total, tiny.net), (net(0), net(-10)));
}

#[test]
fn tax_is_rounded_once_for_all_lines_of_a_rate() {
    // X-081: two lines with a taxable part of 6 each give a tax of 1 and not of 0.
    let mut world = World::new(26_000, 6_400);
    world.sale(Brand::Visa, "2026-02-03", 1_000);
    world.sale(Brand::Jcb, "2026-02-03", 1_000);
    world.cut("2026-02-16");
    let batch = world.document("2026-02-27", BANK, &[], 0).batch;
    assert_eq!((batch.fee.taxable, batch.fee_tax, batch.tax_rows.len()), (net(12), net(1), 1));
}
