//! The rules of settlement, pure: calendar, cycles, terms, membership, fees, batches, movements, hashes.

mod batch;
mod calendar;
mod cycle;
mod fee;
mod hash;
mod holiday_csv;
mod member;
mod movement;
mod net;
mod state;
mod terms;

pub use batch::{
    Batch, Day, Gathered, Line, LineKey, LineKind, Sheet, TaxRow, adjustment, batch, is_needed, tax_rows,
};
pub use calendar::{Calendar, Holiday, rule_holidays};
pub use cycle::{BadCode, BadCycle, Cycle, CycleCode, Cycles, NoSuchCycle, Roll, Span, Window};
pub use fee::{BadRates, Fee, Ppm, Rates, cut, fee, tax_at};
pub use hash::{DayDigest, ItemsHash, batch_hash, payday_hash};
pub use holiday_csv::{BadFile, WhyBad, read_csv};
pub use member::{
    Cuts, Entry, Give, GiveKind, Ground, Item, ItemKey, NoPlace, OnTime, Place, Sale, Target, Timely,
    belongs, entry_of_give, entry_of_sale,
};
pub use movement::{Movement, What, movement_id, movements};
pub use net::{Net, TooLarge};
pub use state::{NoSuchMove, PayDayEvent, PayDayState, PayoutEvent, PayoutState};
pub use terms::{
    BadTerm, GroupCode, Level, NoTerms, Overlay, PayTerms, Terms, TermsBook, TransferTerms, ZipMode,
};
