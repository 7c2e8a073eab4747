//! How much of anything this crate writes or takes from outside.

/// Bytes of a record without its line end.
pub const RECORD: usize = 120;
/// Bytes of a file that is read: about a million records.
pub const MAX_FILE_BYTES: usize = 128_000_000;

/// Data records of one group that a bank takes if nothing else is agreed (GMO Aozora: 1 … 9,999).
pub const GROUP_MOST_USUAL: usize = 9_999;
/// Data records of one group that the trailer can count: six digits.
pub const GROUP_MOST: usize = 999_999;
/// Yen of one transfer: ten digits.
pub const AMOUNT_MOST_YEN: u64 = 9_999_999_999;
/// Yen of one group that the trailer can add up: twelve digits.
pub const SUM_MOST_YEN: u64 = 999_999_999_999;

/// Bytes of a payee's name.
pub const PAYEE: usize = 30;
/// Bytes of the requester's name.
pub const REQUESTER: usize = 40;
/// Bytes of the name of a bank or branch.
pub const BANK_NAME: usize = 15;
/// Bytes of EDI information.
pub const EDI: usize = 20;

/// Characters of a name before it is turned into kana.
pub const MAX_NAME_CHARS: usize = 200;

/// Bytes of a returned file.
pub const MAX_RETURNED_BYTES: usize = 16_000_000;
/// Returned transfers in one file: a whole bank file may come back.
pub const MAX_RETURNED: usize = 100_000;
/// Bytes of the bank file's number in a returned file.
pub const MAX_FILE_NUMBER: usize = 40;

/// Bytes of one file of the bank master; the largest in use has 0.3 MB.
pub const MAX_MASTER_BYTES: usize = 8_000_000;
/// Files with branches: a bank's number has four digits.
pub const MAX_BRANCH_FILES: usize = 10_000;
/// Characters of the name of a bank or branch in kanji; the longest in use has 23.
pub const MAX_MASTER_NAME: usize = 60;
