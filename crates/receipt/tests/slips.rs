//! Every slip × copy × profile × width as text, read before it was accepted.

use expect_test::expect_file;
use jiff::civil::date;
use payment::{Policy, Profile, TaxKind, TaxParts};
use receipt::{Copy, Printing, document, samples};

#[test]
fn every_slip_is_the_one_that_was_read() {
    // M-058, M-060, M-062, R-044, R-045, X-013, X-014, X-015
    for (name, profile) in [("mpos", Profile::Mpos), ("usen", Profile::Usen)] {
        for width in [32, 48] {
            let mut policy = Policy::profile(profile).unwrap().receipt;
            policy.width = width;
            let mut text = String::new();
            for facts in [samples::chip_sale(), samples::signed_swipe()] {
                for copy in [Copy::Customer, Copy::Merchant] {
                    text.push_str(&document(&facts, &policy, copy, Printing::First).text());
                    text.push_str("=== cut ===\n");
                }
            }
            text.push_str(&document(&samples::chip_sale(), &policy, Copy::Customer, Printing::Again).text());
            expect_file![format!("golden/{name}-{width}.txt")].assert_eq(&text);
        }
    }
}

#[test]
fn every_slip_of_giving_back_and_of_codes_is_the_one_that_was_read() {
    // M-044, M-059, R-046, R-049, D-39, D-40
    for (name, profile) in [("mpos", Profile::Mpos), ("usen", Profile::Usen)] {
        let policy = Policy::profile(profile).unwrap().receipt;
        let mut text = String::new();
        for facts in [samples::chip_void(), samples::code_sale(), samples::code_refund()] {
            for copy in [Copy::Customer, Copy::Merchant] {
                text.push_str(&document(&facts, &policy, copy, Printing::First).text());
                text.push_str("=== cut ===\n");
            }
        }
        expect_file![format!("golden/{name}-back.txt")].assert_eq(&text);
    }
}

#[test]
fn every_slip_that_states_its_tax_is_the_one_that_was_read() {
    //
    for (name, profile) in [("mpos", Profile::Mpos), ("usen", Profile::Usen)] {
        let policy = Policy::profile(profile).unwrap().receipt;
        let mut reduced = samples::code_sale();
        reduced.tax =
            TaxParts::all(TaxKind::Reduced, reduced.amount).lines(reduced.amount, date(2026, 11, 21));
        let mut text = String::new();
        for facts in [samples::taxed_sale(), samples::taxed_return(), reduced] {
            text.push_str(&document(&facts, &policy, Copy::Customer, Printing::First).text());
            text.push_str("=== cut ===\n");
        }
        expect_file![format!("golden/{name}-tax.txt")].assert_eq(&text);
    }
}

#[test]
fn no_slip_shows_more_of_the_card_number_than_its_profile_allows() {
    // X-013, M-060, R-045
    for profile in [Profile::Mpos, Profile::Usen] {
        let policy = Policy::profile(profile).unwrap().receipt;
        let text = document(&samples::chip_sale(), &policy, Copy::Customer, Printing::First).text();
        let shows_first6 = text.contains("476173");
        assert_eq!(shows_first6, profile == Profile::Mpos);
        assert!(!text.contains("4761739001010010"));
    }
}
