//! Every limit of settlement, named.

use std::time::Duration;

/// Lines of a holiday file at most; the official one has about 1,100.
pub const HOLIDAY_LINES: usize = 2_000;
/// Bytes of a holiday's name at most.
pub const HOLIDAY_NAME_BYTES: usize = 90;
/// Days that a roll over closed days looks at; more closed days in a row than this do not happen.
pub const ROLL_DAYS: u16 = 366;
/// Characters of a cycle's or group's code at most.
pub const CODE_CHARS: usize = 24;
/// Windows of a month at most.
pub const WINDOWS_IN_A_MONTH: usize = 6;
/// Months between a window and its pay day at most.
pub const PAY_MONTHS: u8 = 3;
/// More days in a row than banks are ever closed (ten in 2019): pay days this far apart never pass each other.
pub const ROLLED_DAYS: i32 = 11;
/// Days from a window's last day to its nominal pay day at least, so that closing and notice come before it.
pub const PAY_AFTER_DAYS: i32 = 10;
/// Whole yen of one adjustment at most, either sign.
pub const ADJUSTMENT_YEN: i64 = 9_999_999_999;
/// Banks without a transfer fee in one entry of the terms at most.
pub const FREE_BANKS: usize = 100;
/// Characters of an account holder's name at most.
pub const HOLDER_CHARS: usize = 120;
/// Characters of an adjustment's reason.
pub const REASON_CHARS: std::ops::RangeInclusive<usize> = 4..=200;
/// Characters of what a notice says about an adjustment at most.
pub const SHOWN_CHARS: usize = 100;
/// Transfers of the book that are followed in one unit.
pub const FOLLOW_PAGE: i64 = 2_000;
/// Days that are scanned at once; the other readers are for those who wait at a screen.
pub const DAYS_AT_ONCE: usize = 2;
/// Documents that one unit writes: a payment that comes meanwhile waits for them, about two milliseconds.
pub const DOCUMENTS_IN_A_UNIT: usize = 10;
/// Days after which silence confirms a notice at most.
pub const SILENCE_DAYS: u8 = 60;
/// Notices that one unit issues.
pub const NOTICES_IN_A_UNIT: i64 = 40;
/// The hour in Tokyo from which a notice day's mails go out.
pub const NOTICE_FROM_HOUR: i8 = 9;
/// How long one run mails notices; with the longest mail behind it, less than a job's lease of ten minutes.
pub const NOTICE_RUN: Duration = Duration::from_mins(5);
/// Mails that one run hands over.
pub const NOTICE_MAILS_A_RUN: usize = 2_000;
/// How long a notice's mail waits after its first, second, … try that failed; from the last on always that long.
pub const NOTICE_PAUSES: [Duration; 7] = [
    Duration::from_mins(1),
    Duration::from_mins(2),
    Duration::from_mins(4),
    Duration::from_mins(8),
    Duration::from_mins(16),
    Duration::from_mins(32),
    Duration::from_hours(1),
];
/// Tries of a mail before it has failed: about a week.
pub const NOTICE_TRIES: i64 = 174;
/// How often a notice is mailed again on one day.
pub const RESENT_A_DAY: i64 = 10;
/// Payouts that one unit books as paid.
pub const PAYOUTS_IN_A_UNIT: i64 = 40;
/// Tries to pay one document at most.
pub const TRIES: u16 = 999;
/// What is listed of what cannot go into a bank file, at most.
pub const LISTED: usize = 20;
/// While companies are left out, the scheduler tries a closing again at most this often.
pub const CLOSE_AGAIN: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);
/// The hour in Tokyo from which the center closes the day before by itself: holds and midnight are over.
pub const CLOSE_FROM_HOUR: i8 = 3;
/// Rows of the bank master that one unit writes: a hundred and fifty units for the whole of Japan.
pub const BANK_ROWS_IN_A_UNIT: usize = 200;
/// The last year that a calendar knows.
pub const LAST_YEAR: i16 = 2099;
/// Entries of terms, issuer or paying account that a page lists.
pub const ENTRIES_LISTED: i64 = 200;
/// Companies that are left out of all pay days and that the board reads.
pub const LEFT_OUT_READ: i64 = 2_000;
