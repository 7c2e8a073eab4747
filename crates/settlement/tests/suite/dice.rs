//! 100,000 random cases: half of them whole tenants over months, half of them fees alone.

use crate::world::{BANK, COMPANY, Document, FREE_BANK, World, day, net, post, rates};
use jiff::ToSpan as _;
use jiff::civil::Date;
use ledger::Account;
use money::Yen;
use payment::Brand;
use proptest::prelude::*;
use settlement::rules::{
    Calendar, CycleCode, Cycles, GiveKind, Level, Movement, Net, Overlay, Ppm, Rates, What, Window, cut, fee,
    is_needed, payday_hash,
};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const WORLDS: u32 = 50_000;
const FEES: u32 = 50_000;

/// Numbers from one number, each used once.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn yen(&mut self, below: i64) -> i64 {
        1 + i64::try_from(self.below(u64::try_from(below).unwrap())).unwrap()
    }

    fn brand(&mut self) -> Brand {
        [Brand::Visa, Brand::Mastercard, Brand::Jcb, Brand::PayPay, Brand::AuPay]
            [usize::try_from(self.below(5)).unwrap()]
    }

    fn days(&mut self, below: u64) -> jiff::Span {
        i64::try_from(self.below(below)).unwrap().days()
    }
}

/// The first day of business and the last one.
const START: &str = "2026-01-03";
const END: &str = "2026-04-03";
/// Days of all windows that an item may belong to: some items have an old date, and a late one of the last day goes
/// to the window after it.
const FIRST: &str = "2025-12-01";
const LAST: &str = "2026-04-30";

/// Every window that a world may touch, by pay day.
fn paydays() -> &'static BTreeMap<Date, Vec<Window>> {
    static PAYDAYS: LazyLock<BTreeMap<Date, Vec<Window>>> = LazyLock::new(|| {
        let mut paydays: BTreeMap<Date, Vec<Window>> = BTreeMap::new();
        for cycle in Cycles::embedded().all() {
            for window in cycle.windows(day(FIRST), day(LAST), Calendar::embedded()) {
                paydays.entry(window.pay).or_default().push(window);
            }
        }
        paydays
    });
    &PAYDAYS
}

/// A tenant, its business so far, and what people adjusted.
struct Story {
    world: World,
    today: Date,
    /// What is left of each sale.
    left: Vec<i64>,
    /// Sequence and yen.
    adjustments: Vec<(i64, Net)>,
}

impl Story {
    /// Terms of every kind, some of which change inside a window.
    fn begin(dice: &mut Dice) -> Self {
        let mut world = World::new(26_000, 6_400);
        let entries = dice.below(4);
        for _ in 0..entries {
            let from = day(START).checked_add(dice.days(80)).unwrap();
            let brand = dice.brand();
            let taxable = u32::try_from(dice.below(50_000)).unwrap();
            let overlay = match dice.below(5) {
                0 => Overlay { direct: Some(true), ..Overlay::default() },
                1 => Overlay { cycle: CycleCode::new("emoney").ok(), ..Overlay::default() },
                2 => Overlay { cycle: CycleCode::new("voucher").ok(), ..rates(0, taxable) },
                3 => rates(26_000, taxable),
                _ => rates(taxable, 0),
            };
            // A second entry of the same day is refused; that is no matter here.
            let _ = world.book.add(Level::Contract(COMPANY.to_owned(), brand), from, overlay);
        }
        if dice.below(3) == 0 {
            let minimum = Yen::new(i64::try_from(dice.below(20_000)).unwrap()).ok();
            let overlay = Overlay { minimum_payout_yen: minimum, ..Overlay::default() };
            world.book.add(Level::Company(COMPANY.to_owned()), day(START), overlay).unwrap();
        }
        Self { world, today: day(START), left: Vec::new(), adjustments: Vec::new() }
    }

    /// One thing that happens.
    fn step(&mut self, dice: &mut Dice) {
        if dice.below(4) == 0 {
            self.today = self.today.checked_add(dice.days(12)).unwrap().min(day(END));
        }
        // A clock that was set back, or a doubt that is settled late, writes an old date.
        let back = if dice.below(5) == 0 { dice.days(25) } else { 0.days() };
        let on = self.today.checked_sub(back).unwrap();
        let sales = u64::try_from(self.left.len()).unwrap();
        match dice.below(8) {
            0 => self.cut_due(dice),
            1 => {
                let seq = self.world.next_seq();
                let yen = dice.yen(20_000) - 10_000;
                self.adjustments.push((seq, net(if yen == 0 { 1 } else { yen })));
            }
            2 | 3 if sales > 0 => {
                let sale = usize::try_from(dice.below(sales)).unwrap();
                let amount = self.world.sales[sale].amount;
                if self.left[sale] == amount && dice.below(2) == 0 {
                    self.left[sale] = 0;
                    self.world.give(GiveKind::Void, sale, on, amount);
                } else if self.left[sale] > 0 {
                    let yen = dice.yen(self.left[sale]);
                    self.left[sale] -= yen;
                    self.world.give(GiveKind::Refund, sale, on, yen);
                }
            }
            _ => {
                let amount = if dice.below(20) == 0 { dice.yen(2_000_000) } else { dice.yen(9_000) };
                self.world.sale_of(COMPANY, dice.brand(), on, amount);
                self.left.push(amount);
            }
        }
    }

    /// Cuts each window that has ended, or leaves it for another time.
    fn cut_due(&mut self, dice: &mut Dice) {
        for window in paydays().values().flatten() {
            let is_due = window.last < self.today && self.world.cuts.of(&window.span()).is_none();
            if is_due && dice.below(5) > 0 {
                let seq = self.world.next_seq();
                self.world.cuts.add(window.cycle.clone(), window.last, seq);
            }
        }
    }

    /// Everything is cut in the end.
    fn end(&mut self) {
        for window in paydays().values().flatten() {
            if self.world.cuts.of(&window.span()).is_none() {
                let seq = self.world.next_seq();
                self.world.cuts.add(window.cycle.clone(), window.last, seq);
            }
        }
    }

    /// The document of a pay day, from what is known up to a commit sequence.
    fn document(&self, pay_on: Date, head: i64, adjustments: &[Net], carried_in: Net) -> Document {
        // What is cut later is not known yet.
        let mut cuts = settlement::rules::Cuts::default();
        for window in paydays().values().flatten() {
            if let Some(seq) = self.world.cuts.of(&window.span()).filter(|&seq| seq <= head) {
                cuts.add(window.cycle.clone(), window.last, seq);
            }
        }
        let entries = self.world.entries(COMPANY, head, &cuts).unwrap();
        let bank = if pay_on.month() % 2 == 0 { FREE_BANK } else { BANK };
        self.world.assemble(&entries, pay_on, &paydays()[&pay_on], bank, adjustments, carried_in)
    }

    /// Assembles every pay day in order, each at any time after its last window was cut; gives the documents with
    /// the balances that they leave.
    fn close(&self, dice: &mut Dice) -> Vec<(Date, Document)> {
        let mut documents = Vec::new();
        let (mut carried, mut taken, mut head) = (Net::ZERO, 0, 0);
        for (&pay_on, windows) in paydays() {
            let cut = windows.iter().map(|window| self.world.cuts.of(&window.span()).unwrap()).max().unwrap();
            head = cut.max(head);
            // Adjustments are taken by what is approved when every document before is assembled: here by the
            // cut, so that two tellings of a story have the same ones.
            let upto = self.adjustments.iter().filter(|(seq, _)| *seq <= head).count();
            let adjustments: Vec<Net> = self.adjustments[taken..upto].iter().map(|(_, yen)| *yen).collect();
            taken = upto;
            let later = i64::try_from(dice.below(40)).unwrap();
            let document = self.document(pay_on, (head + later).min(self.world.seq), &adjustments, carried);
            if !is_needed(&document.lines, &adjustments, carried) {
                assert_eq!((document.batch.paid, document.batch.carried_out), (Net::ZERO, Net::ZERO));
                assert!(document.movements.iter().all(|movement| movement.what == What::Direct));
            }
            carried = document.batch.carried_out;
            documents.push((pay_on, document));
        }
        documents
    }
}

fn balance(balances: &BTreeMap<Account, i64>, account: &Account) -> i64 {
    balances.get(account).copied().unwrap_or(0)
}

/// What the items and adjustments themselves did to the ledger.
fn opening(story: &Story) -> BTreeMap<Account, i64> {
    let payable = Account::MerchantPayable { company: COMPANY.to_owned() };
    let network = |brand: Brand| Account::NetworkReceivable { brand: brand.word().to_owned() };
    let mut balances = BTreeMap::new();
    for sale in &story.world.sales {
        *balances.entry(network(sale.brand)).or_default() += sale.amount;
        *balances.entry(payable.clone()).or_default() -= sale.amount;
    }
    for give in &story.world.gives {
        let brand = story.world.sales[give.sale].brand;
        *balances.entry(network(brand)).or_default() -= give.amount;
        *balances.entry(payable.clone()).or_default() += give.amount;
    }
    for (_, yen) in &story.adjustments {
        post(&mut balances, day(START), &[Movement::adjust(COMPANY, *yen)]);
    }
    balances
}

/// Money is conserved to the yen, in the documents and in the ledger.
fn check_money(story: &Story, documents: &[(Date, Document)]) {
    let captured: i64 = story.world.sales.iter().map(|sale| sale.amount).sum();
    let given: i64 = story.world.gives.iter().map(|give| give.amount).sum();
    let adjusted: i64 = story.adjustments.iter().map(|(_, yen)| yen.get()).sum();
    let sum = |part: fn(&Document) -> Net| documents.iter().map(|(_, it)| part(it).get()).sum::<i64>();
    let direct: i64 = documents
        .iter()
        .flat_map(|(_, it)| &it.movements)
        .filter(|movement| movement.what == What::Direct)
        .map(|movement| movement.amount.get())
        .sum();
    let paid = sum(|it| it.batch.paid);
    let carried = documents.last().map_or(0, |(_, it)| it.batch.carried_out.get());
    let fees = sum(|it| it.batch.fee.total) + sum(|it| it.batch.fee_tax);
    let transfers = sum(|it| it.batch.transfer_fee) + sum(|it| it.batch.transfer_tax);
    assert_eq!(paid + carried, captured - given - direct - fees - transfers + adjusted);

    let mut balances = opening(story);
    for (pay_on, document) in documents {
        post(&mut balances, *pay_on, &document.movements);
        if !document.batch.paid.is_zero() {
            post(&mut balances, *pay_on, &[Movement::paid(COMPANY, document.batch.paid)]);
        }
    }
    let company = || COMPANY.to_owned();
    assert_eq!(balance(&balances, &Account::MerchantPayable { company: company() }), 0);
    assert_eq!(balance(&balances, &Account::PayoutInTransit { company: company() }), 0);
    assert_eq!(balance(&balances, &Account::CarriedBalance { company: company() }), -carried);
    assert_eq!(balance(&balances, &Account::Bank), -paid);
    assert_eq!(balances.values().sum::<i64>(), 0);
}

fn check_world(seed: u64) {
    let dice = &mut Dice(seed);
    let mut story = Story::begin(dice);
    for _ in 0..4 + dice.below(16) {
        story.step(dice);
    }
    story.end();
    let documents = story.close(dice);
    check_money(&story, &documents);
    // The items in another order, the windows assembled at other times, everything twice: the same documents.
    story.world.sales.reverse_order(&mut story.world.gives);
    let again = story.close(dice);
    let hash = |documents: &[(Date, Document)]| {
        payday_hash(day(START), documents.iter().map(|(_, document)| document.hash))
    };
    assert_eq!(hash(&documents), hash(&again));
    assert_eq!(documents, again);
}

/// Turns a list around and keeps the places that give-backs name.
trait Reversed<G> {
    fn reverse_order(&mut self, gives: &mut Vec<G>);
}

impl Reversed<crate::world::GiveRow> for Vec<crate::world::SaleRow> {
    fn reverse_order(&mut self, gives: &mut Vec<crate::world::GiveRow>) {
        self.reverse();
        let last = self.len().saturating_sub(1);
        for give in gives.iter_mut() {
            give.sale = last - give.sale;
        }
        gives.reverse();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: WORLDS, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_work_changes_a_document_and_no_yen_is_lost(seed in any::<u64>()) {
        // U-065, U-070, U-072, X-081
        check_world(seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: FEES, ..ProptestConfig::default() })]

    #[test]
    fn the_fee_of_the_opposite_is_the_opposite_fee(
        yen in -999_999_999_999i64..=999_999_999_999,
        exempt in 0u32..=500_000,
        taxable in 0u32..=500_000,
        tax in 0u32..=1_000_000,
    ) {
        // U-070: everything toward zero.
        let (sales, tax) = (net(yen), Ppm::new(tax).unwrap());
        let rates = Rates::new(Ppm::new(exempt).unwrap(), Ppm::new(taxable).unwrap()).unwrap();
        let (there, back) = (fee(sales, rates), fee(sales.opposite(), rates));
        prop_assert_eq!(back.total, there.total.opposite());
        prop_assert_eq!(back.taxable, there.taxable.opposite());
        prop_assert_eq!(back.exempt, there.exempt.opposite());
        prop_assert_eq!(there.exempt.plus(there.taxable).unwrap(), there.total);
        prop_assert_eq!(cut(there.taxable.opposite(), tax), cut(there.taxable, tax).opposite());
        prop_assert!(there.total.size() <= sales.size());
        let exact = i128::from(yen) * i128::from(exempt + taxable);
        let error = exact - i128::from(there.total.get()) * 1_000_000;
        prop_assert!(error.abs() < 1_000_000 && error.signum() * exact.signum() >= 0);
    }
}
