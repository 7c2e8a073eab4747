//! クレジットカード売上票 and 取消票 of the USEN profile: fields of.

use super::{approval, class_ja, codes, copy_ja, date, masked, tax};
use crate::{CardFacts, Copy, Line, SlipFacts};
use payment::{EntryMode, Method, ReceiptPolicy, RefundKind};

const TAX: tax::Words = tax::Words {
    tax: "内消費税",
    exempt: "対象外",
    mark: "※は軽減税率の対象です",
    sold: "売上日",
    item: "商品",
    registration: "登録番号",
    minus: "",
};

pub(super) fn lines(facts: &SlipFacts, policy: &ReceiptPolicy, copy: Copy) -> Vec<Line> {
    let mut lines = vec![
        Line::Center(title(facts).into()),
        Line::Blank,
        Line::Text(facts.merchant.name.clone()),
        Line::Text(format!("TEL {}", facts.merchant.phone)),
        Line::Rule,
        Line::Pair("受注コード".into(), facts.order_code.clone()),
        Line::Pair("ご利用日".into(), date(facts.taken_at_us)),
        Line::Pair("端末番号".into(), facts.terminal.clone()),
    ];
    lines.extend(facts.card.iter().flat_map(|of| card(facts, of, policy, copy)));
    if let Some(code) = &facts.code {
        lines.push(Line::Pair("ブランド".into(), code.brand.name().to_owned()));
        // M-044: the number that the customer's app shows too.
        lines.push(Line::Pair("センター取引ID".into(), code.center_txn_id.clone().unwrap_or_default()));
        lines.push(Line::Pair("伝票番号".into(), format!("{:04}", facts.slip_no)));
        lines.push(Line::Pair("取引内容".into(), kind(facts).into()));
    }
    lines.push(Line::Rule);
    lines.push(Line::Pair("金額".into(), facts.amount.to_string()));
    lines.push(Line::Total("合計".into(), facts.amount.to_string()));
    lines.extend(tax::lines(facts, &TAX));
    lines.push(Line::Rule);
    if let Some(signature) = &facts.signature {
        lines.push(Line::Text("ご署名".into()));
        lines.push(Line::Signature(signature.clone()));
    }
    lines.extend(facts.card.iter().flat_map(chip));
    if let Some(note) = &facts.note {
        let label = if facts.refund.is_some() { "理由" } else { "商品" };
        lines.push(Line::Pair(
            label.into(),
            if facts.refund.is_some() { note.clone() } else { tax::marked(facts, note) },
        ));
    }
    let clerk = facts.operator.as_ref().map(|operator| operator.name.clone()).unwrap_or_default();
    lines.push(Line::Pair("売場".into(), facts.merchant.counter.clone()));
    lines.push(Line::Pair("係員".into(), clerk));
    lines.push(codes(facts, copy));
    if !facts.merchant.message.is_empty() {
        lines.push(Line::Center(facts.merchant.message.clone()));
    }
    lines.push(Line::Center(copy_ja(copy).into()));
    lines
}

fn card(facts: &SlipFacts, of: &CardFacts, policy: &ReceiptPolicy, copy: Copy) -> Vec<Line> {
    let entry = match of.entry_mode {
        EntryMode::ContactIc => "IC",
        EntryMode::Magstripe => "MS",
        EntryMode::Contactless => "NFC",
    };
    let company = of.brand.row().map_or_else(|_| String::new(), |row| row.card_company.clone());
    vec![
        Line::Pair(
            "会員番号".into(),
            format!("{} {} {entry}", masked(&of.pan, policy, copy), of.brand.name()),
        ),
        Line::Pair("伝票番号".into(), format!("{:04}", facts.slip_no)),
        // the expiry is never printed.
        Line::Pair("有効期限".into(), "XX/XX".into()),
        Line::Pair("取引内容".into(), kind(facts).into()),
        Line::Pair("支払区分".into(), class_ja(facts.class)),
        Line::Pair("取扱区分".into(), policy.handling_class.clone()),
        Line::Pair("商品区分".into(), policy.product_class.clone()),
        Line::Pair("カード会社".into(), company),
        Line::Pair("承認番号".into(), approval(facts)),
        Line::Pair("処理番号".into(), facts.trace_no.clone()),
    ]
}

fn title(facts: &SlipFacts) -> &'static str {
    match (facts.method, facts.refund.as_ref().map(|refund| refund.kind)) {
        (Method::Card, None) => "クレジットカード売上票",
        //
        (Method::Card, Some(RefundKind::Void)) => "クレジットカード取消票",
        (Method::Card, Some(RefundKind::Return | RefundKind::Refund)) => "クレジットカード返品票",
        (Method::Code, None) => "コード決済売上票",
        (Method::Code, Some(_)) => "コード決済返金票",
    }
}

fn kind(facts: &SlipFacts) -> &'static str {
    match facts.refund.as_ref().map(|refund| refund.kind) {
        None => "売上",
        Some(RefundKind::Void) => "取消",
        Some(RefundKind::Return) => "返品",
        Some(RefundKind::Refund) => "返金",
    }
}

fn chip(card: &CardFacts) -> Vec<Line> {
    [("AID", &card.aid), ("APL", &card.app_label), ("ATC", &card.atc)]
        .into_iter()
        .filter_map(|(label, value)| value.clone().map(|value| Line::Pair(label.to_owned(), value)))
        .collect()
}
