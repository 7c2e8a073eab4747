//! Terms by date.

use crate::world::{COMPANY, World, day, rates};
use money::Yen;
use payment::Brand;
use settlement::rules::{BadTerm, CycleCode, Cycles, GroupCode, Level, Overlay, Ppm, TermsBook, ZipMode};

fn yen(yen: i64) -> Option<Yen> {
    Yen::new(yen).ok()
}

#[test]
fn every_brand_names_a_cycle_that_exists() {
    // U-060, U-069
    let book = World::new(26_000, 6_400).book;
    for &brand in Brand::ALL {
        let terms = book.at(COMPANY, brand, day("2026-02-05")).unwrap();
        assert!(Cycles::embedded().get(&terms.cycle).is_ok(), "{brand:?}");
    }
}

#[test]
fn the_newest_entry_of_each_level_lies_over_the_level_above() {
    let mut book = World::new(26_000, 6_400).book;
    let company = || Level::Company(COMPANY.to_owned());
    book.add(company(), day("2026-02-01"), rates(20_000, 0)).unwrap();
    book.add(company(), day("2026-03-01"), Overlay { transfer_fee_yen: yen(300), ..Overlay::default() })
        .unwrap();
    let group = Overlay { group: GroupCode::new("own").ok(), ..Overlay::default() };
    book.add(Level::Contract(COMPANY.to_owned(), Brand::Visa), day("2026-02-10"), group).unwrap();
    let at = |on: &str| {
        let terms = book.at(COMPANY, Brand::Visa, day(on)).unwrap();
        format!("{} {}", terms.group, terms.rates.total().percent())
    };
    assert_eq!(at("2026-01-31"), "visa_master 3.24%");
    assert_eq!(at("2026-02-01"), "visa_master 2%");
    assert_eq!(at("2026-02-10"), "own 2%");
    // An entry ends the one before it: what it does not name comes from the level above again.
    assert_eq!(at("2026-03-01"), "own 3.24%");
    let pay = |on: &str| book.pay_terms(COMPANY, day(on));
    assert_eq!(
        (pay("2026-02-28").transfer_fee, pay("2026-03-01").transfer_fee),
        (yen(180).unwrap(), yen(300).unwrap())
    );
    // U-065, U-071
    let to_bank = |bank| pay("2026-02-27").to_bank(bank, day("2026-02-27"));
    assert_eq!((to_bank("0005").fee.get(), to_bank("0005").tax.get()), (180, 18));
    assert_eq!((to_bank("0001").fee.get(), to_bank("0001").tax.get()), (0, 0));
}

#[test]
fn an_entry_that_cannot_hold_is_refused() {
    let contract = || Level::Contract(COMPANY.to_owned(), Brand::Visa);
    let half = Overlay { exempt_ppm: Ppm::new(1).ok(), ..Overlay::default() };
    let zip = Overlay { zip: Some(ZipMode::Zipcrypto), ..Overlay::default() };
    let bank = |code: &str| Overlay { free_banks: Some(vec![code.to_owned()]), ..Overlay::default() };
    let fee = |fee| Overlay { transfer_fee_yen: yen(fee), ..Overlay::default() };
    for (level, overlay, why) in [
        (contract(), half, BadTerm::Rates),
        (contract(), rates(600_000, 400_001), BadTerm::Rates),
        (contract(), zip, BadTerm::NotInAContract),
        (contract(), fee(180), BadTerm::NotInAContract),
        // X-081: the tax on 185 yen would be 18.5 yen.
        (Level::Tenant, fee(185), BadTerm::TransferFee),
        (Level::Tenant, bank("1"), BadTerm::Banks),
        (Level::Tenant, bank("00１1"), BadTerm::Banks),
        (
            Level::Tenant,
            Overlay { free_banks: Some(vec!["0001".into(); 101]), ..Overlay::default() },
            BadTerm::Banks,
        ),
    ] {
        assert_eq!(TermsBook::default().add(level, day("2026-02-01"), overlay), Err(why));
    }
    let mut book = TermsBook::default();
    book.add(Level::Tenant, day("2026-02-01"), fee(190)).unwrap();
    assert_eq!(book.add(Level::Tenant, day("2026-02-01"), fee(0)), Err(BadTerm::Taken));
}

#[test]
fn new_terms_begin_after_today_so_that_no_collected_item_changes() {
    let cycles = Cycles::embedded();
    let contract = Level::Contract(COMPANY.to_owned(), Brand::Visa);
    let today = Some(day("2026-02-10"));
    let check = |book: &TermsBook, from: &str, overlay: Overlay| {
        book.check_new(&contract, day(from), &overlay, today, cycles)
    };
    let known = World::new(26_000, 6_400).book;
    assert_eq!(check(&known, "2026-02-10", rates(1, 1)), Err(BadTerm::NotAfterToday));
    assert_eq!(check(&known, "2026-02-11", rates(1, 1)), Ok(()));
    // Days without a rate get one: that ends a block.
    let empty = TermsBook::default();
    assert_eq!(check(&empty, "2026-01-01", rates(1, 1)), Ok(()));
    let with_group = Overlay { group: GroupCode::new("own").ok(), ..rates(1, 1) };
    assert_eq!(check(&empty, "2026-01-01", with_group), Err(BadTerm::NotAfterToday));
    // Where nothing was ever collected nothing can change.
    let first = |overlay: &Overlay| known.check_new(&contract, day("2026-01-01"), overlay, None, cycles);
    assert_eq!(first(&Overlay { group: GroupCode::new("own").ok(), ..rates(1, 1) }), Ok(()));
    let mut later = TermsBook::default();
    later.add(contract.clone(), day("2026-03-01"), rates(1, 1)).unwrap();
    assert_eq!(check(&later, "2026-01-01", rates(1, 1)), Ok(()));
    assert_eq!(check(&later, "2026-03-01", rates(1, 1)), Err(BadTerm::Taken));
    let cycle = CycleCode::new("weekly").unwrap();
    let weekly = Overlay { cycle: Some(cycle.clone()), ..rates(1, 1) };
    assert_eq!(check(&known, "2026-03-01", weekly), Err(BadTerm::Cycle(cycle)));
}

#[test]
fn rates_may_be_given_to_past_days_that_have_none_at_any_level() {
    let (cycles, today) = (Cycles::embedded(), day("2026-02-10"));
    let contract = || Level::Contract(COMPANY.to_owned(), Brand::Visa);
    let company = || Level::Company(COMPANY.to_owned());
    let check = |book: &TermsBook, level: &Level, from: &str| {
        book.check_new(level, day(from), &rates(1, 1), Some(today), cycles)
    };
    let refused = Err(BadTerm::NotAfterToday);
    // Whoever entered the tenant's rates first, from tomorrow, may still give the days before theirs.
    let mut book = TermsBook::default();
    book.add(Level::Tenant, day("2026-02-11"), rates(26_000, 6_400)).unwrap();
    for level in [Level::Tenant, company(), contract()] {
        assert_eq!(check(&book, &level, "2026-01-01"), Ok(()), "{level:?}");
    }
    // Not behind the first entry of the same level, and not over rates that a weaker level has on one of the days.
    book.add(Level::Tenant, day("2026-02-01"), rates(26_000, 6_400)).unwrap();
    assert_eq!(check(&book, &Level::Tenant, "2026-02-05"), refused);
    assert_eq!(check(&book, &Level::Tenant, "2026-01-01"), Ok(()));
    for level in [company(), contract()] {
        for from in ["2026-01-01", "2026-02-05"] {
            assert_eq!(check(&book, &level, from), refused, "{level:?} {from}");
        }
    }
    // A stronger level keeps its own.
    let mut book = TermsBook::default();
    book.add(contract(), day("2026-02-01"), rates(9, 9)).unwrap();
    assert_eq!(check(&book, &company(), "2026-01-01"), Ok(()));
    assert_eq!(check(&book, &contract(), "2026-01-01"), Ok(()));
    // A direct contract is not given rates behind its back.
    let direct = Overlay { direct: Some(true), ..Overlay::default() };
    book.add(company(), day("2026-01-15"), direct).unwrap();
    assert_eq!(check(&book, &contract(), "2026-01-10"), refused);
    assert_eq!(check(&book, &company(), "2026-01-20"), refused);
}

#[test]
fn an_overlay_is_stored_as_json_and_read_back() {
    let overlay = Overlay {
        cycle: CycleCode::new("emoney").ok(),
        direct: Some(true),
        free_banks: Some(vec!["0001".to_owned()]),
        zip: Some(ZipMode::Zipcrypto),
        ..rates(26_000, 6_400)
    };
    let text = serde_json::to_string(&overlay).unwrap();
    assert_eq!(
        text,
        r#"{"cycle":"emoney","exempt_ppm":26000,"taxable_ppm":6400,"direct":true,"free_banks":["0001"],"zip":"zipcrypto"}"#
    );
    assert_eq!(serde_json::from_str::<Overlay>(&text).unwrap(), overlay);
    assert!(serde_json::from_str::<Overlay>(r#"{"rate":1}"#).is_err());
    assert!(serde_json::from_str::<Overlay>(r#"{"cycle":"E-Money"}"#).is_err());
}
