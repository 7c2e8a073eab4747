//! `Print`: a register's own text on the terminal's printer.

use super::Registers;
use super::condition;
use ::nexo::pairs::Pairs;
use ::nexo::request::Print;
use ::nexo::response::{Answer, ErrorCondition, OutputContent, OutputFormat, PrintAnswer, Response};
use codes::{MoneyTaken, api};
use device::hardware::PrinterStatus;
use receipt::{Document, Line};

/// Half-width cells on 58 mm paper; wider paper leaves a margin.
const WIDTH: usize = 32;

/// The rows as a document; nothing for a form that is not taken.
fn document(content: &OutputContent) -> Option<Document> {
    let lines = match content.output_format {
        OutputFormat::Text => content.text().lines().map(line).collect(),
        OutputFormat::BarCode => {
            let code = content.output_barcode.as_ref()?.barcode_value.clone();
            vec![Line::Qr(code.clone(), code)]
        }
        OutputFormat::MessageRef | OutputFormat::Xhtml => return None,
    };
    Some(Document { width: WIDTH, lines })
}

fn line(text: &str) -> Line {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    if clean.is_empty() { Line::Blank } else { Line::Text(clean) }
}

impl Registers {
    /// Prints, and answers when the paper is out.
    pub(super) async fn print(&self, asked: &Print) -> Answer {
        let output = &asked.print_output;
        let answer =
            |response| Answer::Print(PrintAnswer { document_qualifier: output.document_qualifier, response });
        let failure = |condition, reason: &str| {
            let pairs = condition::pairs_of(self.handle.lang(), api::WRONG_STATE, MoneyTaken::No);
            answer(Response::failure(condition, &pairs.with("reason", reason)))
        };
        let Some(document) = document(&output.output_content) else {
            return failure(ErrorCondition::UnavailableService, "output_format");
        };
        // A code that does not fit its picture is refused by the encoder as an empty picture; rows always fit.
        let bytes = escpos::encode(&document);
        let mut printer = self.shared().printer.lock().await;
        let Some(printer) = printer.as_mut() else {
            return failure(ErrorCondition::UnavailableDevice, "no_printer");
        };
        let printed = match printer.state().await {
            PrinterStatus::Ready => printer.print_all(&bytes).await,
            status => Err(status),
        };
        match printed {
            Ok(()) => answer(Response::success(&Pairs::new())),
            Err(PrinterStatus::PaperOut) => failure(ErrorCondition::DeviceOut, "paper_out"),
            Err(PrinterStatus::CoverOpen) => failure(ErrorCondition::DeviceOut, "cover_open"),
            Err(PrinterStatus::Offline | PrinterStatus::Ready) => {
                failure(ErrorCondition::UnavailableDevice, "printer_offline")
            }
        }
    }
}
