//! The kinds of slips, one file each. A slip's own words are part of the form and stay Japanese
//! (bilingual where the profile prints both); screens and mails around it have their languages.

mod mpos_sale;
mod tax;
mod usen_sale;

use crate::{Copy, Document, Line, Printing, SlipFacts};
use payment::{MaskedPan, PanMask, PaymentClass, Profile, ReceiptPolicy};

/// The slip of a card sale in the layout of the shop's profile.
pub fn document(facts: &SlipFacts, policy: &ReceiptPolicy, copy: Copy, printing: Printing) -> Document {
    let mut lines = Vec::new();
    if printing == Printing::Again {
        // the mark stands on top.
        lines.push(Line::Center("(再)".to_owned()));
    }
    lines.extend(match policy.profile {
        Profile::Mpos => mpos_sale::lines(facts, policy, copy),
        Profile::Usen => usen_sale::lines(facts, policy, copy),
    });
    Document { width: policy.width, lines }
}

fn masked(pan: &MaskedPan, policy: &ReceiptPolicy, copy: Copy) -> String {
    let mask = match copy {
        Copy::Customer => policy.customer_mask,
        Copy::Merchant => policy.merchant_mask,
    };
    match mask {
        PanMask::Last4 => pan.last4_only(),
        PanMask::First6Last2 => pan.first6_last2(),
        PanMask::First6Last4 => pan.first6_last4(),
    }
}

fn class_ja(class: PaymentClass) -> String {
    match class {
        PaymentClass::Lump => "一括".to_owned(),
        PaymentClass::Installments(count) => format!("分割({count}回)"),
        PaymentClass::Revolving => "リボ".to_owned(),
        PaymentClass::BonusLump => "ボーナス一括".to_owned(),
    }
}

fn copy_ja(copy: Copy) -> &'static str {
    match copy {
        Copy::Customer => "お客様控え",
        Copy::Merchant => "加盟店控え",
    }
}

/// a missing approval number prints as six zeros.
fn approval(facts: &SlipFacts) -> String {
    facts.approval_code.clone().unwrap_or_else(|| "000000".to_owned())
}

fn date(at_us: i64) -> String {
    jiff::Timestamp::from_microsecond(at_us).map(clock::tokyo_text).unwrap_or_default()
}

/// The code by which the slip is found again: a QR code of the transaction id (M-068), and on the
/// customer's copy the page of the receipt (M-053).
fn codes(facts: &SlipFacts, copy: Copy) -> Line {
    match (copy, &facts.link) {
        (Copy::Customer, Some(link)) => Line::Qr(link.clone(), "電子レシート".to_owned()),
        _ => Line::Qr(facts.public_id.clone(), format!("取引照会 {}", facts.public_id)),
    }
}
