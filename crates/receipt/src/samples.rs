//! Sample facts for previews, the receipt editor and tests: published test numbers, a made-up shop.

use crate::{CardFacts, CodeFacts, Merchant, RefundFacts, SlipFacts, Strokes};
use money::Yen;
use payment::{
    Brand, Cvm, EntryMode, MaskedPan, Method, Operator, PaymentClass, PaymentId, RefundKind, TaxParts,
};

/// A chip sale of ¥880 with PIN.
pub fn chip_sale() -> SlipFacts {
    SlipFacts {
        payment: PaymentId::from_u128(0x019a_a000_0000_7000_8000_0000_0000_0001),
        public_id: "7Kq2Mz".into(),
        order_code: "CHB1-0000001".into(),
        merchant: Merchant {
            name: "喫茶 帳場 恵比寿店".into(),
            postal_code: "150-0013".into(),
            address: "東京都渋谷区恵比寿1-2-3 みどりビル1階".into(),
            phone: "03-0000-0001".into(),
            invoice_reg_no: None,
            counter: "1".into(),
            message: "ご来店ありがとうございました".into(),
        },
        taken_at_us: 1_795_223_730_000_000,
        amount: Yen::new(880).unwrap_or_default(),
        method: Method::Card,
        class: PaymentClass::Lump,
        card: Some(CardFacts {
            brand: Brand::Visa,
            pan: MaskedPan { first6: "476173".into(), last4: "0010".into() },
            entry_mode: EntryMode::ContactIc,
            cvm: Cvm::Pin,
            aid: Some("A0000000031010".into()),
            atc: Some("001C".into()),
            pan_seq: Some("01".into()),
            app_label: Some("VISA CREDIT".into()),
        }),
        code: None,
        refund: None,
        approval_code: Some("123456".into()),
        trace_no: "00000042".into(),
        slip_no: 250,
        terminal: "000000358002".into(),
        operator: Some(Operator { id: "hanako".into(), name: "佐藤 花子".into() }),
        note: Some("ブレンドとトースト".into()),
        tax: Vec::new(),
        signature: None,
        link: Some("http://127.0.0.1:8700/r/sample".into()),
    }
}

/// A swipe of ¥15,800 in three instalments, signed.
pub fn signed_swipe() -> SlipFacts {
    let mut facts = chip_sale();
    facts.amount = Yen::new(15_800).unwrap_or_default();
    facts.class = PaymentClass::Installments(3);
    facts.card = Some(CardFacts {
        brand: Brand::Jcb,
        pan: MaskedPan { first6: "353011".into(), last4: "0000".into() },
        entry_mode: EntryMode::Magstripe,
        cvm: Cvm::Signature,
        aid: None,
        atc: None,
        pan_seq: None,
        app_label: None,
    });
    facts.approval_code = None;
    facts.note = None;
    facts.signature = Some(Strokes(vec![vec![(100, 300), (300, 80), (500, 300), (700, 80), (900, 300)]]));
    facts
}

/// The void of [`chip_sale`], an hour later, with its own clock and ATC (M-059, R-046).
pub fn chip_void() -> SlipFacts {
    let mut facts = chip_sale();
    facts.refund = Some(RefundFacts {
        kind: RefundKind::Void,
        id: PaymentId::from_u128(0x019a_a000_0000_7000_8000_0000_0000_0002),
        sold_at_us: facts.taken_at_us,
        item: None,
    });
    facts.taken_at_us = facts.taken_at_us.saturating_add(3_600_000_000);
    if let Some(card) = &mut facts.card {
        card.atc = Some("001D".into());
    }
    facts.trace_no = "00000057".into();
    facts.note = Some("色違いのため".into());
    facts.link = None;
    facts
}

/// A code payment of ¥880 (M-044).
pub fn code_sale() -> SlipFacts {
    let mut facts = chip_sale();
    facts.method = Method::Code;
    facts.card = None;
    facts.code = Some(CodeFacts { brand: Brand::PayPay, center_txn_id: Some("04857123456789012345".into()) });
    facts.approval_code = None;
    facts
}

/// A part of [`code_sale`] given back.
pub fn code_refund() -> SlipFacts {
    let mut facts = code_sale();
    facts.refund = Some(RefundFacts {
        kind: RefundKind::Refund,
        id: PaymentId::from_u128(0x019a_a000_0000_7000_8000_0000_0000_0003),
        sold_at_us: facts.taken_at_us,
        item: None,
    });
    facts.taken_at_us = facts.taken_at_us.saturating_add(3_600_000_000);
    facts.amount = Yen::new(300).unwrap_or_default();
    facts.note = None;
    facts.link = None;
    facts
}

/// A sale of ¥5,500 with its tax stated: the standard rate, the reduced one, and none. The number is made up.
pub fn taxed_sale() -> SlipFacts {
    let yen = |yen| Yen::new(yen).unwrap_or_default();
    let mut facts = chip_sale();
    facts.amount = yen(5_500);
    facts.merchant.invoice_reg_no = Some("T1234567890123".into());
    facts.tax = TaxParts { reduced: yen(3_240), exempt: yen(60) }
        .lines(facts.amount, jiff::civil::date(2026, 11, 21));
    facts
}

/// The whole of [`taxed_sale`] given back the next day.
pub fn taxed_return() -> SlipFacts {
    let mut facts = taxed_sale();
    facts.refund = Some(RefundFacts {
        kind: RefundKind::Return,
        id: PaymentId::from_u128(0x019a_a000_0000_7000_8000_0000_0000_0004),
        sold_at_us: facts.taken_at_us,
        item: facts.note.clone(),
    });
    facts.taken_at_us = facts.taken_at_us.saturating_add(24 * 3_600_000_000);
    facts.note = None;
    facts.link = None;
    facts
}
