//! 売上票 and 売上取消票 of the mPOS profile: bilingual labels, fields of M-058 and M-059, signature M-062.

use super::{approval, class_ja, codes, copy_ja, date, masked, tax};
use crate::{CardFacts, Copy, Line, SlipFacts};
use payment::{EntryMode, Method, PaymentClass, ReceiptPolicy, RefundKind};

const TAX: tax::Words = tax::Words {
    tax: "内消費税(TAX)",
    exempt: "対象外(NOT TAXED)",
    mark: "※軽減税率対象(REDUCED RATE)",
    sold: "売上日時(SALE DATE)",
    item: "商品名(ITEM)",
    registration: "登録番号(REG. NO)",
    minus: "-",
};

pub(super) fn lines(facts: &SlipFacts, policy: &ReceiptPolicy, copy: Copy) -> Vec<Line> {
    let mut lines = head(facts);
    lines.extend(deal(facts, policy, copy));
    lines.extend(facts.card.iter().flat_map(chip));
    if let Some(note) = &facts.note {
        let label = if facts.refund.is_some() { "理由(REASON)" } else { "商品名(ITEM)" };
        lines.push(Line::Pair(
            label.into(),
            if facts.refund.is_some() { note.clone() } else { tax::marked(facts, note) },
        ));
    }
    if let Some(operator) = &facts.operator {
        lines.push(Line::Pair("担当者(CLERK)".into(), operator.name.clone()));
    }
    if let Some(signature) = &facts.signature {
        lines.push(Line::Text("サイン(SIGNATURE)".into()));
        lines.push(Line::Signature(signature.clone()));
    }
    lines.push(Line::Rule);
    lines.push(codes(facts, copy));
    if !facts.merchant.message.is_empty() {
        lines.push(Line::Center(facts.merchant.message.clone()));
    }
    lines.push(Line::Center(match copy {
        Copy::Customer => format!("{}(CUSTOMER'S COPY)", copy_ja(copy)),
        Copy::Merchant => format!("{}(MERCHANT'S COPY)", copy_ja(copy)),
    }));
    lines
}

fn head(facts: &SlipFacts) -> Vec<Line> {
    let merchant = &facts.merchant;
    vec![
        Line::Title(title(facts).into()),
        Line::Blank,
        Line::Text(merchant.name.clone()),
        Line::Text(format!("〒{}", merchant.postal_code)),
        Line::Text(merchant.address.clone()),
        Line::Text(format!("TEL {}", merchant.phone)),
        Line::Rule,
    ]
}

fn title(facts: &SlipFacts) -> &'static str {
    match (facts.refund.as_ref().map(|refund| refund.kind), facts.method) {
        (None, _) => "売上票",
        // M-059
        (Some(RefundKind::Void | RefundKind::Return), _) | (Some(RefundKind::Refund), Method::Card) => {
            "売上取消票"
        }
        (Some(RefundKind::Refund), Method::Code) => "返金票",
    }
}

fn deal(facts: &SlipFacts, policy: &ReceiptPolicy, copy: Copy) -> Vec<Line> {
    let class = match facts.class {
        PaymentClass::Lump => format!("{}(SINGLE PAYMENT)", class_ja(facts.class)),
        PaymentClass::Installments(count) => format!("{}({count} INSTALMENTS)", class_ja(facts.class)),
        PaymentClass::Revolving => format!("{}(REVOLVING)", class_ja(facts.class)),
        PaymentClass::BonusLump => format!("{}(BONUS)", class_ja(facts.class)),
    };
    let mut lines = vec![
        Line::Pair("取引日時(DATE)".into(), date(facts.taken_at_us)),
        Line::Pair("取引種別(TRANSACTION TYPE)".into(), kind(facts).into()),
    ];
    if let Some(card) = &facts.card {
        let entry = match card.entry_mode {
            EntryMode::ContactIc => "IC",
            EntryMode::Magstripe => "磁気(MAGSTRIPE)",
            EntryMode::Contactless => "非接触IC(CONTACTLESS)",
        };
        let number = format!("{} {}", card.brand.name(), masked(&card.pan, policy, copy));
        lines.extend([
            Line::Pair("支払方法(PAYMENT METHOD)".into(), "CREDIT CARD".into()),
            Line::Pair("支払区分(ARRANGEMENT)".into(), class),
            Line::Pair("カード番号(CARD NO)".into(), number),
            Line::Pair("承認番号(APPROVAL CODE)".into(), approval(facts)),
            Line::Pair("カード種別(CARD TYPE)".into(), entry.into()),
        ]);
    }
    if let Some(code) = &facts.code {
        lines.push(Line::Pair("支払方法(PAYMENT METHOD)".into(), code.brand.name().to_owned()));
        // M-044: the number that the customer's app shows too.
        let number = code.center_txn_id.clone().unwrap_or_default();
        lines.push(Line::Pair("センター取引ID(CENTER ID)".into(), number));
    }
    lines.extend([Line::Rule, Line::Total("金額(AMOUNT)".into(), amount(facts))]);
    lines.extend(tax::lines(facts, &TAX));
    lines.extend([Line::Rule, Line::Pair("取引ID(TRANSACTION ID)".into(), facts.public_id.clone())]);
    lines
}

fn kind(facts: &SlipFacts) -> &'static str {
    match (&facts.refund, facts.method) {
        (None, _) => "売上(CAPTURE)",
        (Some(_), Method::Card) => "売上取消(REFUND)",
        (Some(_), Method::Code) => "返金(REFUND)",
    }
}

/// D-39: mPOS prints what is given back with a minus.
fn amount(facts: &SlipFacts) -> String {
    match facts.refund {
        Some(_) => format!("-{}", facts.amount),
        None => facts.amount.to_string(),
    }
}

fn chip(card: &CardFacts) -> Vec<Line> {
    [("AID", &card.aid), ("ATC", &card.atc), ("PANSEQ", &card.pan_seq), ("APP LABEL", &card.app_label)]
        .into_iter()
        .filter_map(|(label, value)| value.clone().map(|value| Line::Pair(label.to_owned(), value)))
        .collect()
}
