//! Codes with which settlement refuses what a person enters or decides. No customer's money moves by any of them.

use crate::{Code, MoneyTaken::No, Retry, Row};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $cause:literal, $retry:expr, $source:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code(&Row {
            family: "settle", id: $id, cause: $cause, money: No, retry: $retry, status: 422, source: $source,
        });)*
        /// The family in order.
        pub const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    /// Who entered an adjustment cannot approve it.
    OWN_ADJUSTMENT = "101", "an adjustment is approved by another person than entered it", Retry::Never, "U-065, own";
    /// The adjustment was approved or withdrawn meanwhile.
    ADJUSTMENT_OVER = "102", "the adjustment is approved or withdrawn already", Retry::Never, "own";
    /// Not whole yen of at most ten digits, or zero.
    ADJUSTMENT_YEN = "103", "an adjustment is whole yen of at most ten digits, and not zero", Retry::Different, "U-065, own";
    /// The reason is too short or too long.
    ADJUSTMENT_REASON = "104", "a reason has 4 to 200 characters, the text of the notice at most 100", Retry::Different, "own";
    /// The company is not there.
    NO_COMPANY = "105", "no such company", Retry::Different, "own";
    /// Who entered an account cannot confirm it.
    OWN_ACCOUNT = "201", "an account is confirmed by another person than entered it", Retry::Never, "own";
    /// No account waits, or another one than was seen.
    NO_ACCOUNT_WAITS = "202", "no account waits to be confirmed", Retry::Never, "own";
    /// Bank, branch, kind or number cannot be those of an account.
    ACCOUNT_DIGITS = "203", "an account is bank (4 digits), branch (3), kind 1, 2 or 4, number (7)", Retry::Different, "X-090";
    /// The holder's name is missing or too long.
    ACCOUNT_HOLDER = "204", "the account's holder is missing or too long", Retry::Different, "X-090";
    /// The company has no settlement number yet.
    NO_PAYEE = "205", "the company has no settlement number yet", Retry::Different, "U-066";
    /// A settlement number has nine digits.
    NUMBER_DIGITS = "206", "a settlement number has at most nine digits, and is not zero", Retry::Different, "U-066";
    /// The settlement number is another company's.
    NUMBER_TAKEN = "207", "the settlement number is another company's", Retry::Different, "U-066";
    /// The number that was typed to confirm an account is not the one that waits.
    ACCOUNT_DIFFERS = "208", "the number that was typed is not the one that waits", Retry::Different, "own";
    /// The holder is not the company, and nobody said why that is right.
    HOLDER_REASON = "209", "the holder is not the company by its kana name, and no reason is given", Retry::Different, "X-092";
    /// The day cannot be read, or is out of the years that a calendar knows.
    BAD_DAY = "301", "a day is YYYY-MM-DD, 2020 to 2099", Retry::Different, "X-094";
    /// A changed day without a name.
    DAY_NAME = "302", "a changed day has a reason of at most 30 characters", Retry::Different, "own";
    /// The contract has no rate on the day.
    NO_RATE = "303", "the company's brand has no rate on this day", Retry::Different, "U-070";
    /// A decision about a payout without a reason.
    REASON = "401", "a reason has 4 to 200 characters", Retry::Different, "own";
    /// The pay day has other documents than the person saw.
    NOT_AS_SEEN = "402", "the pay day is not what was shown", Retry::Same, "own";
    /// Who closed a pay day cannot approve it.
    OWN_PAY_DAY = "403", "a pay day is approved by another person than closed it", Retry::Never, "model.md 3.5";
    /// Who approved a pay day cannot make its bank file.
    OWN_APPROVAL = "404", "the bank file is made by another person than approved the pay day", Retry::Never, "own";
    /// The state does not allow the step; somebody may have been faster.
    WRONG_STEP = "405", "the state of the pay day or payout does not allow this", Retry::Never, "own";
    /// No paying account, or one that no file can have.
    NO_REMITTER = "406", "no paying account is entered, or it cannot stand in a file", Retry::Never, "X-090";
    /// Nothing is to be transferred.
    NOTHING_WAITS = "407", "no payout of this pay day waits", Retry::Never, "own";
    /// The file cannot be made of these transfers.
    UNFIT = "408", "the bank file cannot be made", Retry::Never, "X-091";
    /// The company has no account that is confirmed.
    NO_ACCOUNT = "409", "the company has no confirmed account", Retry::Never, "own";
    /// The account is the one that was used before.
    SAME_ACCOUNT = "410", "the confirmed account is the one that was used", Retry::Never, "X-093";
    /// Who said that a transfer came back, or that the bank has not taken a file, decides nothing more about it.
    OWN_RETURN = "412", "another person decides about what came back, or makes the file again", Retry::Never, "X-093, own";
    /// Only a person approves.
    NOT_A_PERSON = "413", "an approval is a person's", Retry::Never, "own";
    /// The file is transferred, or the bank has not taken it.
    FILE_OVER = "414", "the bank file is transferred or rejected already", Retry::Never, "own";
    /// The pay day is still to come.
    NOT_YET = "411", "the pay day has not come", Retry::Same, "own";
    /// Terms that would begin on a day that may be collected already.
    TERM_DAY = "501", "new terms begin after today, so that nothing that is collected changes", Retry::Different, "U-065, own";
    /// Terms of this level and day stand already.
    TERM_TAKEN = "502", "there are terms from this day on, and terms are never edited", Retry::Different, "own";
    /// One part of a rate alone, or more than the whole.
    TERM_RATES = "503", "both parts of a rate come together and are at most the whole", Retry::Different, "U-070, X-084";
    /// A transfer fee that is no sum, or whose tax is no whole yen.
    TERM_TRANSFER_FEE = "504", "the tax on this transfer fee is no whole yen", Retry::Different, "U-065, X-081";
    /// A bank code that has not four digits, or too many of them.
    TERM_BANKS = "505", "a bank code has four digits", Retry::Different, "U-065";
    /// No such cycle.
    TERM_CYCLE = "506", "no such settlement cycle", Retry::Different, "U-060";
    /// Terms of payment in a contract with a brand.
    TERM_LEVEL = "507", "terms of payment belong to a tenant or a company", Retry::Different, "own";
    /// The smallest payout cannot be read.
    TERM_MINIMUM = "508", "the smallest payout is whole yen", Retry::Different, "model.md 3.5";
    /// Terms that have begun are not withdrawn.
    TERM_BEGUN = "509", "terms that have begun are not withdrawn", Retry::Different, "own";
    /// The brand, or another choice, is none of those offered.
    TERM_CHOICE = "510", "a choice that is not offered", Retry::Different, "own";
    /// The day lies before today, or cannot be read.
    FROM_DAY = "601", "an entry holds from today or a later day on", Retry::Different, "own";
    /// What is entered holds already.
    NOTHING_NEW = "602", "nothing differs from what holds on this day", Retry::Different, "own";
    /// A text of the issuer is too long.
    ISSUER_TEXT = "603", "a text of the issuer is longer than 200 characters, or not one line", Retry::Different, "X-080";
    /// The issuer has no name.
    ISSUER_NAME = "604", "the issuer's name is missing", Retry::Different, "X-080, U-068";
    /// Too many lines of address.
    ISSUER_ADDRESS = "605", "the issuer's address has more than six lines", Retry::Different, "U-068";
    /// The registration number is none.
    ISSUER_REG_NO = "606", "an invoice registration number is T and thirteen digits", Retry::Different, "X-080, X-085";
    /// Too many days of silence.
    ISSUER_SILENCE = "607", "silence confirms after 60 days at most", Retry::Different, "X-083";
    /// The address for answers is none.
    ISSUER_REPLY_TO = "608", "the address for answers is not a mail address", Retry::Different, "U-066";
    /// The bank's number of the requester is none.
    REMITTER_REQUESTER = "609", "the requester's number has ten digits", Retry::Different, "X-090";
    /// The requester's name does not fit the file.
    REMITTER_NAME = "610", "the requester's name is kana of at most 40 bytes", Retry::Different, "X-090";
    /// The paying bank's code is none.
    REMITTER_BANK = "611", "the paying bank has four digits", Retry::Different, "X-090";
    /// The paying branch's code is none.
    REMITTER_BRANCH = "612", "the paying branch has three digits", Retry::Different, "X-090";
    /// A name of bank or branch does not fit the file.
    REMITTER_PLACE = "613", "a name of bank or branch is kana of at most 15 bytes", Retry::Different, "X-090";
    /// The paying account's kind or number is none.
    REMITTER_ACCOUNT = "614", "the paying account is kind 1, 2 or 9 and seven digits", Retry::Different, "X-090";
    /// Too few or too many transfers behind a header.
    REMITTER_GROUP = "615", "transfers behind one header are 1 to the most that a file can say", Retry::Different, "X-091";
}
