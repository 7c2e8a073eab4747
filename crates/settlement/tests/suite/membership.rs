//! Which window and line an item belongs to.

use crate::world::{BANK, COMPANY, World, day, net, rates};
use payment::Brand;
use settlement::rules::{CycleCode, Cycles, Ground, ItemKey, LineKind, NoPlace, Overlay, belongs};

fn place(world: &World, on: &str, seq: i64) -> String {
    let item = ItemKey { company: COMPANY, brand: Brand::Visa, day: day(on), seq };
    let ground = Ground { book: &world.book, cycles: Cycles::embedded(), cuts: &world.cuts };
    let place = belongs(item, ground).unwrap();
    let late = if place.late { " late" } else { "" };
    format!("{} {}..{}{late}", place.span.cycle, place.span.first, place.span.last)
}

#[test]
fn an_item_posted_after_the_cut_goes_to_the_next_window_that_is_open_to_it() {
    let mut world = World::new(26_000, 6_400);
    world.seq = 10;
    world.cut("2026-02-16"); // January and the first half of February, each with a sequence of its own
    let feb_a = world.cuts.of(&Cycles::embedded().all()[0].span_of(day("2026-02-01"))).unwrap();
    assert_eq!(place(&world, "2026-02-15", feb_a), "card 2026-02-01..2026-02-15");
    assert_eq!(place(&world, "2026-02-15", feb_a + 1), "card 2026-02-16..2026-02-28 late");
    assert_eq!(place(&world, "2026-02-16", feb_a + 1), "card 2026-02-16..2026-02-28");
    // An old date, for example by a clock that was set back, is late by as many windows as were cut before it.
    world.cut("2026-03-01");
    assert_eq!(place(&world, "2026-01-20", world.seq + 1), "card 2026-03-01..2026-03-15 late");
    assert_eq!(place(&world, "2026-01-20", feb_a), "card 2026-02-01..2026-02-15 late");
}

#[test]
fn a_late_item_follows_the_cycle_that_holds_after_its_window() {
    let to_code = Overlay { cycle: Some(CycleCode::new("code").unwrap()), ..rates(26_000, 6_400) };
    let mut world = World::new(26_000, 6_400).with_contract(Brand::Visa, "2026-02-16", to_code);
    world.cut("2026-02-16");
    assert_eq!(place(&world, "2026-02-15", world.seq + 1), "code 2026-02-01..2026-02-28 late");
    assert_eq!(place(&world, "2026-02-16", world.seq + 1), "code 2026-02-01..2026-02-28");
}

#[test]
fn a_void_before_the_cut_undoes_its_sale_and_a_later_one_is_a_red_slip() {
    // U-072
    let mut world = World::new(26_000, 6_400);
    let sale = world.sale(Brand::Visa, "2026-02-15", 3_000);
    world.sale(Brand::Visa, "2026-02-15", 1_000);
    let mut later = world.clone();
    world.void(sale, "2026-02-16"); // after midnight, and before the cut
    world.cut("2026-02-16");
    let document = world.document("2026-02-27", BANK, &[], 0);
    assert_eq!((document.batch.sales, document.lines[0].count, document.lines[0].backs), (net(1_000), 1, 0));
    assert!(world.document("2026-03-16", BANK, &[], 0).lines.is_empty());

    later.cut("2026-02-16");
    later.void(sale, "2026-02-16"); // a terminal that was offline
    later.cut("2026-03-01");
    assert_eq!(later.document("2026-02-27", BANK, &[], 0).batch.sales, net(4_000));
    let red = later.document("2026-03-16", BANK, &[], 0);
    assert_eq!((red.lines[0].key.kind, red.batch.sales), (LineKind::Red, net(-3_000)));
}

#[test]
fn a_refund_of_a_late_sale_nets_in_the_late_line() {
    let mut world = World::new(26_000, 6_400);
    world.cut("2026-02-16");
    let sale = world.sale(Brand::Visa, "2026-02-14", 3_000);
    world.refund(sale, "2026-02-18", 1_000);
    world.cut("2026-03-01");
    let document = world.document("2026-03-16", BANK, &[], 0);
    let [line] = &*document.lines else { panic!("{document:?}") };
    assert_eq!((line.key.kind, line.count, line.backs, line.sales), (LineKind::Late, 1, 1, net(2_000)));
    assert_eq!((line.from, line.to), (day("2026-02-14"), day("2026-02-18")));
}

#[test]
fn a_red_slip_has_the_rate_of_its_sale() {
    // U-072
    let mut world = World::new(26_000, 6_400).with_contract(Brand::Visa, "2026-02-10", rates(10_000, 0));
    let sale = world.sale(Brand::Visa, "2026-02-05", 10_000);
    world.cut("2026-02-16");
    world.refund(sale, "2026-02-20", 10_000);
    world.cut("2026-03-01");
    let paid = world.document("2026-02-27", BANK, &[], 0).batch;
    let back = world.document("2026-03-16", BANK, &[], 0).batch;
    assert_eq!((paid.fee.total, back.fee.total), (net(324), net(-324)));
    assert_eq!((paid.fee_tax, back.fee_tax), (net(6), net(-6)));
}

#[test]
fn a_direct_brand_is_in_no_line_and_leaves_the_books() {
    // U-072, U-075
    let direct = Overlay { direct: Some(true), ..Overlay::default() };
    let mut world = World::new(26_000, 6_400).with_contract(Brand::Jcb, "2026-02-04", direct);
    let sale = world.sale(Brand::Jcb, "2026-02-05", 10_000);
    world.sale(Brand::Jcb, "2026-02-03", 1_000);
    world.refund(sale, "2026-02-06", 4_000);
    world.cut("2026-02-16");
    let document = world.document("2026-02-27", BANK, &[], 0);
    assert_eq!((document.lines.len(), document.batch.sales), (1, net(1_000)));
    assert_eq!(document.lines[0].to, day("2026-02-03"));
    let direct = document.movements.last().unwrap();
    assert_eq!((direct.what.word(), direct.amount), ("direct", net(6_000)));
    assert_eq!(
        (direct.debit.to_string(), direct.credit.to_string()),
        ("merchant_payable:00008".to_owned(), "network_receivable:jcb".to_owned())
    );
}

#[test]
fn an_item_without_a_rate_blocks_and_one_of_a_direct_brand_does_not() {
    let mut world = World::new(0, 0);
    world.book = settlement::rules::TermsBook::default();
    world.sale(Brand::Visa, "2026-02-05", 10_000);
    let Err(NoPlace::Terms(why)) = world.entries(COMPANY, world.seq, &world.cuts) else {
        panic!("it has no rate")
    };
    assert_eq!(why.to_string(), "company 00008 has no rate for visa on 2026-02-05");
    let direct = Overlay { direct: Some(true), ..Overlay::default() };
    let world = world.with_contract(Brand::Visa, "2026-01-01", direct);
    assert_eq!(world.entries(COMPANY, world.seq, &world.cuts).unwrap().len(), 1);
}
