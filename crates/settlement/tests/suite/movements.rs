//! Ids and hashes that must never change: what is written once is found again by them.

use crate::world::{BANK, COMPANY, World, day};
use payment::Brand;
use settlement::rules::{What, movement_id, payday_hash};
use std::collections::BTreeSet;

#[test]
fn the_id_of_a_movement_is_the_same_on_every_repetition_and_its_own() {
    let pay_on = day("2026-02-27");
    let id = |pay_on: &str, company: &str, what, n| movement_id(day(pay_on), company, what, n);
    let first = id("2026-02-27", COMPANY, What::Payout, 1);
    assert_eq!(first, movement_id(pay_on, COMPANY, What::Payout, 1));
    assert_eq!(first.to_string(), "019c9a76-c180-7bce-a5b7-3fea73d56fce");
    let others = [
        id("2026-02-26", COMPANY, What::Payout, 1),
        id("2026-02-27", "0000", What::Payout, 1),
        id("2026-02-27", COMPANY, What::Paid, 1),
        id("2026-02-27", COMPANY, What::Payout, 2),
        first,
    ];
    assert_eq!(others.iter().collect::<BTreeSet<_>>().len(), others.len());
    // Ids grow with the pay days, as those of payments do with time.
    assert!(others[0] < first);
}

#[test]
fn the_hash_of_a_document_is_over_every_figure() {
    let hash = |amount: i64, adjustments: &[i64], carried: i64, bank: &str| {
        let mut world = World::new(26_000, 6_400);
        world.sale(Brand::Visa, "2026-02-03", amount);
        world.cut("2026-02-16");
        world.document("2026-02-27", bank, adjustments, carried).hash
    };
    let first = hash(5_000, &[-300], 0, BANK);
    assert_eq!(hex::encode(first), "e64dae9be83495db986f0013d49ca70e160df2ca300845af1956b7de8831e8d5");
    let others = [
        first,
        hash(5_001, &[-300], 0, BANK),
        hash(5_000, &[-200, -100], 0, BANK),
        hash(5_000, &[-300], 1, BANK),
        hash(5_000, &[-300], 0, "0006"),
    ];
    assert_eq!(others.iter().collect::<BTreeSet<_>>().len(), others.len());
    assert_ne!(payday_hash(day("2026-02-27"), [first]), payday_hash(day("2026-03-16"), [first]));
}
