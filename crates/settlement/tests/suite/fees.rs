//! Fees and signed sums.

use crate::world::{day, net};
use settlement::rules::{Net, Ppm, Rates, TooLarge, adjustment, cut, fee, tax_at};

fn ppm(ppm: u32) -> Ppm {
    Ppm::new(ppm).unwrap()
}

#[test]
fn a_fee_is_cut_toward_zero_and_its_parts_sum_to_it() {
    // U-070, X-084, model.md 3.5
    let both = Rates::new(ppm(26_000), ppm(6_400)).unwrap();
    for (sales, total, taxable) in [
        (14_140, 458, 90),
        (2_000, 64, 12),
        (-4_000, -129, -25),
        (30, 0, 0),
        (31, 1, 0),
        (-31, -1, 0),
        (0, 0, 0),
    ] {
        let fee = fee(net(sales), both);
        assert_eq!((fee.total, fee.taxable), (net(total), net(taxable)), "{sales}");
        assert_eq!(fee.exempt, net(total - taxable), "{sales}");
    }
    let all = Rates::new(ppm(0), ppm(1_000_000)).unwrap();
    assert_eq!(fee(net(999_999_999_999), all).total, net(999_999_999_999));
    assert_eq!(cut(net(-999_999_999_999), ppm(999_999)), net(-999_998_999_999));
}

#[test]
fn a_rate_is_at_most_the_whole() {
    assert!(Ppm::new(1_000_001).is_err() && serde_json::from_str::<Ppm>("1000001").is_err());
    assert!(Rates::new(ppm(600_000), ppm(400_001)).is_err() && serde_json::from_str::<Ppm>("-1").is_err());
    let printed = |of: u32| ppm(of).percent();
    assert_eq!(
        [printed(32_400), printed(29_800), printed(0), printed(100_000), printed(1)],
        ["3.24%", "2.98%", "0%", "10%", "0.0001%"]
    );
}

#[test]
fn the_tax_of_a_day_is_known() {
    //
    let tax = |on: &str| tax_at(day(on)).get();
    assert_eq!((tax("2019-09-30"), tax("2019-10-01"), tax("2026-02-27")), (80_000, 100_000, 100_000));
}

#[test]
fn a_signed_sum_has_twelve_digits_at_most() {
    let most = net(999_999_999_999);
    assert_eq!(most.plus(net(1)), Err(TooLarge));
    assert_eq!(most.opposite().minus(net(1)), Err(TooLarge));
    assert_eq!(Net::new(i64::MIN), Err(TooLarge));
    assert_eq!(Net::new(-1_000_000_000_000), Err(TooLarge));
    assert_eq!(most.plus(most.opposite()), Ok(Net::ZERO));
    assert_eq!((net(-3_871).to_string(), net(-3_871).size().get()), ("-3,871".to_owned(), 3_871));
    assert_eq!(serde_json::from_str::<Net>("-7126").unwrap(), net(-7_126));
    assert!(serde_json::from_str::<Net>("1000000000000").is_err());
}

#[test]
fn an_adjustment_is_not_zero_and_has_ten_digits_at_most() {
    assert_eq!(adjustment(-300), Some(net(-300)));
    assert_eq!(adjustment(9_999_999_999), Some(net(9_999_999_999)));
    for yen in [0, 10_000_000_000, -10_000_000_000, i64::MIN, i64::MAX] {
        assert_eq!(adjustment(yen), None, "{yen}");
    }
}
