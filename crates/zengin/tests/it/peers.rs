//! An implementation that is not ours: `zengin-fmt` writes the same bytes for a group and reads ours.

use crate::samples::{any_transfers, three};
use proptest::prelude::*;
use zengin::{EndMark, LineEnd, Options, Reference, Transfer, Transfers, read, write};
use zengin_fmt::general_transfer as theirs;
use zengin_fmt::{CodeDivision, Encoding, FileType, LineEnding, OutputFormat};

fn their_file(transfers: &Transfers) -> theirs::File {
    let from = &transfers.from;
    theirs::File {
        header: theirs::Header {
            kind_code: 21,
            code_division: CodeDivision::Jis,
            remitter_code: transfers.requester.to_string(),
            remitter_name: transfers.requester_name.to_string(),
            transfer_date: transfers.pay_day.to_string(),
            bank_code: from.bank.to_string(),
            bank_name: from.bank_name.to_string(),
            branch_code: from.branch.to_string(),
            branch_name: from.branch_name.to_string(),
            account_type: from.account_type.digit() - b'0',
            account_number: from.number.to_string(),
        },
        details: transfers.transfers.iter().map(their_detail).collect(),
        trailer: theirs::Trailer {
            total_count: u32::try_from(transfers.transfers.len()).unwrap(),
            total_amount: transfers.transfers.iter().map(|transfer| transfer.amount_yen).sum(),
        },
        end: theirs::End,
    }
}

fn their_detail(transfer: &Transfer) -> theirs::Detail {
    let (mut customer_code1, mut customer_code2) = (String::new(), String::new());
    let (mut edi_info, mut identification) = (String::new(), String::new());
    match &transfer.reference {
        Reference::Codes { first, second } => {
            customer_code1 = first.map(|code| code.to_string()).unwrap_or_default();
            customer_code2 = second.map(|code| code.to_string()).unwrap_or_default();
        }
        Reference::Edi(text) => {
            edi_info = text.to_string();
            identification.push('Y');
        }
    }
    let to = &transfer.to;
    theirs::Detail {
        bank_code: to.bank.to_string(),
        bank_name: to.bank_name.to_string(),
        branch_code: to.branch.to_string(),
        branch_name: to.branch_name.to_string(),
        clearing_house_number: "0000".to_owned(),
        account_type: to.account_type.digit() - b'0',
        account_number: to.number.to_string(),
        recipient_name: transfer.payee.to_string(),
        amount: transfer.amount_yen,
        new_code: match transfer.new_code {
            zengin::NewCode::First => "1",
            zengin::NewCode::Changed => "2",
            zengin::NewCode::Other => "0",
        }
        .to_owned(),
        customer_code1,
        customer_code2,
        edi_info,
        transfer_designated_type: "7".to_owned(),
        identification,
    }
}

/// Both ways, in every layout that both know.
fn check(transfers: &Transfers) {
    let file = their_file(transfers);
    for (line_end, line_ending) in [(LineEnd::None, LineEnding::None), (LineEnd::CrLf, LineEnding::Crlf)] {
        for (end_mark, eof) in [(EndMark::None, false), (EndMark::Sub, true)] {
            let options = Options { line_end, end_mark, ..Options::default() };
            let Ok(ours) = write(transfers, &options) else { return };
            let format = OutputFormat { encoding: Encoding::Jis, line_ending, eof };
            let theirs = zengin_fmt::to_bytes_as(&file, FileType::GeneralTransfer, format).unwrap();
            assert_eq!(ours, theirs, "{transfers:?}");
            assert_eq!(zengin_fmt::parse_general_transfer(&ours).unwrap(), file);
            assert_eq!(read(&theirs).unwrap().groups, std::slice::from_ref(transfers));
        }
    }
}

#[test]
fn zengin_fmt_writes_the_same_bytes_and_reads_ours() {
    //
    check(&three());
}

proptest! {
    #[test]
    fn zengin_fmt_agrees_on_any_group(transfers in any_transfers()) {
        check(&transfers);
    }
}
