//! Notices to look at, to test and to measure with.

use crate::facts::{
    Adjustment, Bank, Confirmation, FeeTax, Invoice, InvoiceRate, InvoiceReturn, Issuer, Line, LineKind,
    Notice, Number, Outcome,
};
use jiff::civil::{Date, date};

/// Every sample with its name.
pub fn all() -> Vec<(&'static str, Notice)> {
    vec![
        ("fortnight", fortnight()),
        ("carried", carried()),
        ("many", many(90)),
        ("names", names()),
        ("largest", largest()),
        ("bare", bare()),
    ]
}

const OCTOBER: (Date, Date) = (date(2019, 10, 1), date(2019, 10, 15));
const SEPTEMBER: (Date, Date) = (date(2019, 9, 16), date(2019, 9, 30));

fn number(issue: u16) -> Number {
    match Number::new(270_212_122, issue, date(2019, 10, 31)) {
        Some(number) => number,
        None => unreachable!("nine digits, three digits and a day of this century"),
    }
}

fn line(kind: LineKind, group: &str, period: (Date, Date), count: u32, sales_yen: i64, fee_yen: i64) -> Line {
    let (first, last) = period;
    let net_yen = sales_yen.saturating_sub(fee_yen);
    let group = group.to_owned();
    Line { kind, group, first, last, count, backs: 0, sales_yen, rate_ppm: 32_400, fee_yen, net_yen }
}

/// A normal fortnight with a red slip and a carried balance: what `spec/model.md` 3.5 reckons.
pub fn fortnight() -> Notice {
    let mut visa = line(LineKind::Sales, "VISA/MASTER", OCTOBER, 12, 14_140, 458);
    visa.backs = 1;
    Notice {
        number: number(1),
        issued_on: date(2019, 10, 29),
        company: "株式会社帳場テスト商店".into(),
        contact: "山田 太郎".into(),
        issuer: Issuer {
            name: "帳場ペイメント株式会社".into(),
            address: vec!["〒100-0001 東京都千代田区1-1".into(), "帳場ビル 3階".into()],
            phone: "03-0000-0000".into(),
            invoice_reg_no: "T1234567890123".into(),
        },
        lines: vec![
            visa,
            line(LineKind::Sales, "JCB・その他", OCTOBER, 1, 2_000, 64),
            line(LineKind::Red, "VISA/MASTER", SEPTEMBER, 1, -4_000, -129),
        ],
        fee_taxes: vec![FeeTax { rate_ppm: 100_000, tax_yen: 7 }],
        adjustments: Vec::new(),
        carried_in_yen: -7_126,
        outcome: Outcome::Paid {
            transfer_fee_yen: 180,
            transfer_tax_yen: 18,
            paid_yen: 4_416,
            transfer_on: date(2019, 10, 31),
        },
        invoice: Some(Invoice {
            rates: vec![InvoiceRate { rate_ppm: 100_000, amount_yen: 257, tax_yen: 25 }],
            exempt_yen: 316,
            returns: vec![InvoiceReturn {
                first: SEPTEMBER.0,
                last: SEPTEMBER.1,
                rate_ppm: 80_000,
                amount_yen: -25,
                tax_yen: -2,
            }],
            confirmation: Confirmation::AfterDays(7),
        }),
        bank: Bank::Account {
            bank: "みずほ見本銀行".into(),
            branch: "本店営業部".into(),
            kind: "普通".into(),
            last_digits: "567".into(),
            holder: "ｶ)ﾁﾖｳﾊﾞﾃｽﾄｼﾖｳﾃﾝ".into(),
        },
    }
}

/// A red slip larger than the sales: nothing is paid.
pub fn carried() -> Notice {
    Notice {
        number: number(2),
        lines: vec![
            line(LineKind::Sales, "VISA/MASTER", OCTOBER, 2, 3_000, 97),
            line(LineKind::Red, "VISA/MASTER", SEPTEMBER, 1, -50_000, -1_620),
        ],
        fee_taxes: vec![FeeTax { rate_ppm: 100_000, tax_yen: -30 }],
        carried_in_yen: 0,
        outcome: Outcome::Carried { carried_yen: -45_447 },
        invoice: Some(Invoice {
            rates: vec![InvoiceRate { rate_ppm: 100_000, amount_yen: 19, tax_yen: 1 }],
            exempt_yen: 78,
            returns: vec![InvoiceReturn {
                first: SEPTEMBER.0,
                last: SEPTEMBER.1,
                rate_ppm: 100_000,
                amount_yen: -320,
                tax_yen: -32,
            }],
            confirmation: Confirmation::NotAsked,
        }),
        ..fortnight()
    }
}

/// So many lines, over several pages, and corrections with reasons.
pub fn many(count: u16) -> Notice {
    let groups = ["VISA/MASTER", "JCB・その他", "交通系電子マネー", "PayPay", "楽天Edy", "iD・QUICPay"];
    let kinds = [LineKind::Sales, LineKind::Sales, LineKind::Late];
    let mut notice = fortnight();
    notice.lines.clear();
    let mut net = 0_i64;
    for (at, (group, kind)) in (1..=count).zip(groups.iter().cycle().zip(kinds.iter().cycle())) {
        let sales = i64::from(at).saturating_mul(12_345);
        let fee = sales.saturating_mul(324) / 10_000;
        let row = line(*kind, group, OCTOBER, u32::from(at), sales, fee);
        net = net.saturating_add(row.net_yen);
        notice.lines.push(row);
    }
    notice.number = number(3);
    notice.adjustments = vec![
        Adjustment { text: "9月分の端末使用料を二重に差し引いたため".into(), yen: 3_300 },
        Adjustment { text: String::new(), yen: -300 },
    ];
    // Tax 7, corrections 3,000, carried in -7,126, transfer 198.
    let paid_yen = net.saturating_sub(7).saturating_add(3_000).saturating_sub(7_126).saturating_sub(198);
    notice.outcome = Outcome::Paid {
        transfer_fee_yen: 180,
        transfer_tax_yen: 18,
        paid_yen,
        transfer_on: date(2019, 10, 31),
    };
    notice
}

/// Names with characters that are rare, and some that no font of the trade has.
pub fn names() -> Notice {
    let mut notice = fortnight();
    notice.company =
        "㈱髙﨑①商店\u{1f363} 濵田・辻\u{e0100}・𠮷野・ﾊﾝｶｸ・か\u{3099}くせい有限責任事業組合連合会".into();
    notice.contact = "髙﨑 﨟子".into();
    notice.issuer.name =
        "とても長い名前の決済サービスを提供する帳場ペイメントホールディングス株式会社".into();
    for row in &mut notice.lines {
        row.group = format!("{}（とても長い名前のカードグループ・その他各社）", row.group);
        row.last = date(2020, 1, 15);
    }
    notice.bank = Bank::Account {
        bank: "見本県信用農業協同組合連合会".into(),
        branch: "名前のとても長い見本駅前第二出張所".into(),
        kind: "当座".into(),
        last_digits: "001".into(),
        holder: "ﾕ)ﾀｶｻｷｼﾖｳﾃﾝ ".repeat(6),
    };
    notice
}

/// The largest figures that a notice may have.
pub fn largest() -> Notice {
    let mut notice = fortnight();
    let sales = 400_000_000_000;
    notice.lines = vec![
        line(LineKind::Sales, "VISA/MASTER", OCTOBER, 99_999_999, sales, 12_960_000_000),
        line(LineKind::Red, "JCB・その他", SEPTEMBER, 9_999_999, -9_999_999_999, -323_999_999),
    ];
    for row in &mut notice.lines {
        row.backs = 1_234;
    }
    notice.outcome = Outcome::Paid {
        transfer_fee_yen: 0,
        transfer_tax_yen: 0,
        paid_yen: 387_040_000_000 - 9_676_000_000 - 7 - 7_126,
        transfer_on: date(2019, 10, 31),
    };
    notice
}

/// As little as a notice may say: no contact, no bank, no invoice, no lines.
pub fn bare() -> Notice {
    Notice {
        contact: String::new(),
        lines: Vec::new(),
        fee_taxes: Vec::new(),
        outcome: Outcome::Carried { carried_yen: -7_126 },
        invoice: None,
        bank: Bank::Missing,
        ..fortnight()
    }
}
