//! Terms by date: whose cycle, group and rates hold on a day, tenant over company over contract.

use super::cycle::{CycleCode, Cycles, Span, code};
use super::fee::{Ppm, Rates, cut, tax_at};
use crate::limits;
use jiff::civil::Date;
use money::Yen;
use payment::Brand;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

code! {
    /// The code of a group of brands that shares a line of the notice (U-069), for example `visa_master`.
    GroupCode
}

/// How the notice's ZIP is locked (U-067).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZipMode {
    /// AES-256.
    #[default]
    Aes,
    /// The old cipher that every Windows opens by itself.
    Zipcrypto,
}

impl ZipMode {
    /// Every way.
    pub(crate) const ALL: [Self; 2] = [Self::Aes, Self::Zipcrypto];

    /// Its word in forms and texts.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Aes => "aes",
            Self::Zipcrypto => "zipcrypto",
        }
    }
}

/// An entry's partial terms; what is `None` comes from the level below. Both parts of a rate come together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overlay {
    /// Settlement cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle: Option<CycleCode>,
    /// The fee's part without tax, parts per million.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exempt_ppm: Option<Ppm>,
    /// The fee's part with tax, parts per million.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taxable_ppm: Option<Ppm>,
    /// The company has a contract with the brand itself: its items are in no notice (U-072).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direct: Option<bool>,
    /// Group of the notice's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupCode>,
    /// Transfer fee in whole yen, without tax; not in a contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_fee_yen: Option<Yen>,
    /// Bank codes to which a transfer is free; not in a contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_banks: Option<Vec<String>>,
    /// Below this many whole yen nothing is paid; not in a contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_payout_yen: Option<Yen>,
    /// How the notice's ZIP is locked; not in a contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<ZipMode>,
}

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The whole tenant.
    Tenant,
    /// One company.
    Company(String),
    /// One company and brand.
    Contract(String, Brand),
}

/// An entry that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadTerm {
    /// Only one part of a rate, or more than the whole.
    Rates,
    /// Fields of payment in a contract.
    NotInAContract,
    /// A transfer fee whose tax is no whole yen.
    TransferFee,
    /// A bank code that has not four digits, or too many of them.
    Banks,
    /// No such cycle.
    Cycle(CycleCode),
    /// An entry of this level and day stands already; entries are never edited.
    Taken,
    /// The day is not after today, so items that are collected would change.
    NotAfterToday,
}

impl fmt::Display for BadTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rates => f.write_str("both parts of a rate come together and are at most the whole"),
            Self::NotInAContract => f.write_str("terms of payment belong to a tenant or a company"),
            Self::TransferFee => f.write_str("the tax on this transfer fee is no whole yen"),
            Self::Banks => f.write_str("a bank code has four digits"),
            Self::Cycle(code) => write!(f, "no such settlement cycle: {code}"),
            Self::Taken => f.write_str("there are terms from this day on, and terms are never edited"),
            Self::NotAfterToday => f.write_str("new terms begin after today"),
        }
    }
}

impl std::error::Error for BadTerm {}

/// What holds for a company's brand on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Settlement cycle.
    pub cycle: CycleCode,
    /// Group of the notice's line.
    pub group: GroupCode,
    /// Rates of the fee.
    pub rates: Rates,
    /// Whether the brand pays the company itself.
    pub direct: bool,
}

/// A company's brand has no rate on a day: its items wait and its document is blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTerms {
    /// Company id.
    pub company: String,
    /// The brand.
    pub brand: Brand,
    /// The day, a date in Tokyo.
    pub day: Date,
}

impl fmt::Display for NoTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "company {} has no rate for {} on {}", self.company, self.brand.word(), self.day)
    }
}

impl std::error::Error for NoTerms {}

/// What holds for a company's payouts on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayTerms {
    /// Transfer fee in whole yen, without tax (U-065).
    pub transfer_fee: Yen,
    /// Bank codes to which a transfer is free.
    pub free_banks: Vec<String>,
    /// Below this many whole yen nothing is paid.
    pub minimum: Yen,
    /// How the notice's ZIP is locked.
    pub zip: ZipMode,
}

/// What one payout costs the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferTerms {
    /// Transfer fee in whole yen, without tax.
    pub fee: Yen,
    /// Consumption tax on it, whole yen.
    pub tax: Yen,
    /// Below this many whole yen nothing is paid.
    pub minimum: Yen,
}

impl PayTerms {
    /// What a transfer to this bank costs on a pay day.
    pub fn to_bank(&self, bank: &str, pay_on: Date) -> TransferTerms {
        let is_free = self.free_banks.iter().any(|free| free == bank);
        let fee = if is_free { Yen::ZERO } else { self.transfer_fee };
        TransferTerms { fee, tax: cut(fee.into(), tax_at(pay_on)).size(), minimum: self.minimum }
    }
}

/// The transfer fee where no terms name one, whole yen (U-071).
const TRANSFER_FEE: Yen = match Yen::new(180) {
    Ok(yen) => yen,
    Err(_) => Yen::ZERO,
};
/// The bank to which a transfer is free where no terms name others (U-065).
const FREE_BANK: &str = "0001";

type Entries = BTreeMap<Date, Overlay>;

/// All terms of a tenant, by level and day.
#[derive(Clone, Debug)]
pub struct TermsBook {
    brands: BTreeMap<Brand, (CycleCode, GroupCode)>,
    tenant: Entries,
    companies: BTreeMap<String, Entries>,
    contracts: BTreeMap<String, BTreeMap<Brand, Entries>>,
}

impl Default for TermsBook {
    fn default() -> Self {
        let of_row = |row: &payment::BrandRow| {
            let words = (CycleCode::new(&row.settle_cycle).ok()?, GroupCode::new(&row.settle_group).ok()?);
            Some((row.code, words))
        };
        Self {
            brands: payment::brands().iter().filter_map(of_row).collect(),
            tenant: Entries::new(),
            companies: BTreeMap::new(),
            contracts: BTreeMap::new(),
        }
    }
}

impl Overlay {
    /// The rates that it names; `None` when it names none.
    fn rates(&self) -> Result<Option<Rates>, BadTerm> {
        match (self.exempt_ppm, self.taxable_ppm) {
            (None, None) => Ok(None),
            (Some(exempt), Some(taxable)) => {
                Rates::new(exempt, taxable).map(Some).map_err(|_| BadTerm::Rates)
            }
            _ => Err(BadTerm::Rates),
        }
    }

    fn has_terms_of_payment(&self) -> bool {
        self.transfer_fee_yen.is_some()
            || self.free_banks.is_some()
            || self.minimum_payout_yen.is_some()
            || self.zip.is_some()
    }

    /// What holds for an entry at any time.
    fn check(&self, level: &Level, valid_from: Date) -> Result<(), BadTerm> {
        self.rates()?;
        if matches!(level, Level::Contract(..)) && self.has_terms_of_payment() {
            return Err(BadTerm::NotInAContract);
        }
        let tax = u64::from(tax_at(valid_from).get());
        let is_whole = |fee: Yen| {
            let product = u64::try_from(fee.get()).unwrap_or(0).saturating_mul(tax);
            product.checked_rem(1_000_000) == Some(0)
        };
        if self.transfer_fee_yen.is_some_and(|fee| !is_whole(fee)) {
            return Err(BadTerm::TransferFee);
        }
        let is_bank = |code: &String| code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit());
        let banks = self.free_banks.as_deref().unwrap_or_default();
        if banks.len() > limits::FREE_BANKS || !banks.iter().all(is_bank) {
            return Err(BadTerm::Banks);
        }
        Ok(())
    }
}

/// The newest entry that holds on a day.
fn newest(entries: Option<&Entries>, day: Date) -> Option<&Overlay> {
    entries?.range(..=day).next_back().map(|(_, overlay)| overlay)
}

impl TermsBook {
    fn entries(&self, level: &Level) -> Option<&Entries> {
        match level {
            Level::Tenant => Some(&self.tenant),
            Level::Company(company) => self.companies.get(company),
            Level::Contract(company, brand) => self.contracts.get(company)?.get(brand),
        }
    }

    /// Takes an entry as it is stored; its day may be past.
    pub fn add(&mut self, level: Level, valid_from: Date, overlay: Overlay) -> Result<(), BadTerm> {
        overlay.check(&level, valid_from)?;
        let entries = match level {
            Level::Tenant => &mut self.tenant,
            Level::Company(company) => self.companies.entry(company).or_default(),
            Level::Contract(company, brand) => {
                self.contracts.entry(company).or_default().entry(brand).or_default()
            }
        };
        if entries.contains_key(&valid_from) {
            return Err(BadTerm::Taken);
        }
        entries.insert(valid_from, overlay);
        Ok(())
    }

    /// Whether a person may enter this. It begins after the days of which items may be collected, which end today (a
    /// date in Tokyo), so that no collected item ever changes; `None`: the tenant has no payment at all, so it may begin
    /// on any day. Rates for collected days that have none may be given too, which ends a block.
    pub fn check_new(
        &self,
        level: &Level,
        valid_from: Date,
        overlay: &Overlay,
        collected_until: Option<Date>,
        cycles: &Cycles,
    ) -> Result<(), BadTerm> {
        overlay.check(level, valid_from)?;
        if let Some(code) = overlay.cycle.as_ref().filter(|code| cycles.get(code).is_err()) {
            return Err(BadTerm::Cycle(code.clone()));
        }
        if self.entries(level).is_some_and(|entries| entries.contains_key(&valid_from)) {
            return Err(BadTerm::Taken);
        }
        if collected_until
            .is_none_or(|last| valid_from > last || self.is_first_rate(level, valid_from, overlay, last))
        {
            return Ok(());
        }
        Err(BadTerm::NotAfterToday)
    }

    /// The overlay gives rates, and nothing else, to days that have none: it ends before the first entry of its own
    /// level, and no weaker level has rates or a direct contract on any of its collected days, which end on `last`.
    fn is_first_rate(&self, level: &Level, valid_from: Date, overlay: &Overlay, last: Date) -> bool {
        let rates_only = Overlay {
            exempt_ppm: overlay.exempt_ppm,
            taxable_ppm: overlay.taxable_ppm,
            ..Overlay::default()
        };
        if overlay.exempt_ppm.is_none() || *overlay != rates_only {
            return false;
        }
        let first = self.entries(level).and_then(|entries| entries.keys().next().copied());
        if first.is_some_and(|first| first <= valid_from) {
            return false;
        }
        let to = first.and_then(|first| first.yesterday().ok()).map_or(last, |before| before.min(last));
        let settles = |entry: &Overlay| entry.exempt_ppm.is_some() || entry.direct == Some(true);
        let is_free = |entries: &Entries| {
            !newest(Some(entries), valid_from).is_some_and(settles)
                && !entries.range(valid_from..=to).any(|(_, entry)| settles(entry))
        };
        let (tenant, none) = (&self.tenant, Entries::new());
        match level {
            Level::Tenant => true,
            Level::Company(_) => is_free(tenant),
            Level::Contract(company, _) => {
                is_free(tenant) && is_free(self.companies.get(company).unwrap_or(&none))
            }
        }
    }

    /// The entries that hold on a day, the strongest last.
    fn levels(&self, company: &str, brand: Brand, day: Date) -> [Option<&Overlay>; 3] {
        [
            newest(Some(&self.tenant), day),
            newest(self.companies.get(company), day),
            newest(self.contracts.get(company).and_then(|brands| brands.get(&brand)), day),
        ]
    }

    /// The cycle of a company's brand on a day.
    pub fn cycle(&self, company: &str, brand: Brand, day: Date) -> CycleCode {
        let named =
            self.levels(company, brand, day).into_iter().flatten().rev().find_map(|it| it.cycle.clone());
        named.unwrap_or_else(|| self.default_of(brand).0)
    }

    /// The words of the brand's row; its own word where the row has none, which a test forbids.
    fn default_of(&self, brand: Brand) -> (CycleCode, GroupCode) {
        self.brands.get(&brand).cloned().unwrap_or_else(|| {
            unreachable!("every brand's row names a cycle and a group; a test over the rows says so")
        })
    }

    /// What holds for a company's brand on a day. A direct contract needs no rate.
    pub fn at(&self, company: &str, brand: Brand, day: Date) -> Result<Terms, NoTerms> {
        let (mut cycle, mut group) = self.default_of(brand);
        let (mut rates, mut direct) = (None, false);
        for overlay in self.levels(company, brand, day).into_iter().flatten() {
            if let Some(code) = &overlay.cycle {
                cycle.clone_from(code);
            }
            if let Some(code) = &overlay.group {
                group.clone_from(code);
            }
            rates = overlay.rates().unwrap_or_default().or(rates);
            direct = overlay.direct.unwrap_or(direct);
        }
        let rates = rates.or(direct.then_some(Rates::FREE));
        let rates = rates.ok_or_else(|| NoTerms { company: company.to_owned(), brand, day })?;
        Ok(Terms { cycle, group, rates, direct })
    }

    /// The strongest level that says what a company's brand costs on a day, by a rate or a direct contract.
    pub fn source(&self, company: &str, brand: Brand, day: Date) -> Option<Level> {
        let [tenant, own, contract] = self.levels(company, brand, day);
        let says = |overlay: Option<&Overlay>| {
            overlay.is_some_and(|overlay| overlay.exempt_ppm.is_some() || overlay.direct == Some(true))
        };
        if says(contract) {
            Some(Level::Contract(company.to_owned(), brand))
        } else if says(own) {
            Some(Level::Company(company.to_owned()))
        } else {
            says(tenant).then_some(Level::Tenant)
        }
    }

    /// The days of the window around `day` on which the same terms hold without a break: the handling period of a
    /// line ends where a rate changes.
    pub fn period(&self, company: &str, brand: Brand, span: &Span, day: Date) -> (Date, Date) {
        let contract = self.contracts.get(company).and_then(|brands| brands.get(&brand));
        let levels = [Some(&self.tenant), self.companies.get(company), contract];
        let mut changes: Vec<Date> = levels
            .into_iter()
            .flatten()
            .flat_map(|entries| entries.range(span.first..=span.last).map(|(&from, _)| from))
            .filter(|&from| from > span.first)
            .collect();
        changes.sort_unstable();
        let here = self.at(company, brand, day);
        let (mut from, mut to) = (span.first, span.last);
        for change in changes {
            let before = change.yesterday().unwrap_or(change);
            if change > day && self.at(company, brand, change) != here {
                to = to.min(before);
            }
            if change <= day && self.at(company, brand, before) != here {
                from = from.max(change);
            }
        }
        (from, to)
    }

    /// What holds for a company's payouts on a day.
    pub fn pay_terms(&self, company: &str, day: Date) -> PayTerms {
        let mut terms = PayTerms {
            transfer_fee: TRANSFER_FEE,
            free_banks: vec![FREE_BANK.to_owned()],
            minimum: Yen::ZERO,
            zip: ZipMode::Aes,
        };
        let levels = [newest(Some(&self.tenant), day), newest(self.companies.get(company), day)];
        for overlay in levels.into_iter().flatten() {
            terms.transfer_fee = overlay.transfer_fee_yen.unwrap_or(terms.transfer_fee);
            terms.minimum = overlay.minimum_payout_yen.unwrap_or(terms.minimum);
            terms.zip = overlay.zip.unwrap_or(terms.zip);
            if let Some(banks) = &overlay.free_banks {
                terms.free_banks.clone_from(banks);
            }
        }
        terms
    }
}
