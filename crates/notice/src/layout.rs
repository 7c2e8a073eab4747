//! The order and the columns of a payment notice on A4: what stands where, row by row.

use crate::facts::{Bank, Confirmation, Invoice, Line, LineKind, Notice, Outcome, SubTotal};
use crate::paper::{
    Align, BODY, Cell, FINE, GAP, HEADING, LEFT, Paper, RIGHT, Row, STRONG, Tag, height, leading,
};
use crate::text::{Len, Size};
use crate::{Fault, Unsound};
use jiff::civil::Date;

/// Columns of the lines' table: from, to, side.
const COLUMNS: [(&str, Len, Len, Align); 7] = [
    ("区分", LEFT, 5_500, Align::Left),
    ("取扱期間", 5_500, 9_200, Align::Left),
    ("件数", 9_200, 10_600, Align::Right),
    ("売上金額", 10_600, 12_900, Align::Right),
    ("料率", 12_900, 14_400, Align::Right),
    ("決済手数料", 14_400, 16_700, Align::Right),
    ("差引金額", 16_700, RIGHT, Align::Right),
];

/// Columns of the invoice's table.
const INVOICE: [(&str, Len, Len, Align); 3] = [
    ("内訳", LEFT, 11_000, Align::Left),
    ("対象額（税抜）", 11_000, 15_000, Align::Right),
    ("消費税額等", 15_000, RIGHT, Align::Right),
];

/// Where the labels of the totals begin.
const TOTALS: Len = 9_800;
/// Where a totals label ends and its amount may begin.
const AMOUNTS: Len = 16_400;
/// The bank block's columns: label, value, label, value.
const ACCOUNT: [(Len, Len); 4] = [(LEFT, 4_100), (4_100, 10_600), (10_800, 13_300), (13_300, RIGHT)];
/// Between blocks.
const SPACE: Len = 550;

const NOTE: Size = Size(80);

/// Lays a notice out.
pub(crate) fn lay(notice: &Notice) -> Result<Paper, Fault> {
    notice.check()?;
    let sub_total = notice.sub_total()?;
    let mut paper = Paper::new()?;
    head(&mut paper, notice);
    parties(&mut paper, notice);
    amount(&mut paper, notice);
    lines(&mut paper, notice, sub_total);
    totals(&mut paper, notice, sub_total)?;
    if let Some(figures) = &notice.invoice {
        invoice(&mut paper, figures);
    }
    bank(&mut paper, notice);
    notes(&mut paper, notice);
    paper.finish(&format!("通知番号 {}", notice.number), "支払通知書（続き）");
    Ok(paper)
}

/// The title; at the right the day of issue and the number.
fn head(paper: &mut Paper, notice: &Notice) {
    let title = paper.run("支払通知書");
    paper
        .within(Tag::Title("支払通知書"), |paper| paper.put(LEFT, 2_450, Align::Left, Size(160), title));
    for (y, text) in [
        (2_000, format!("発行日　{}", long(notice.issued_on))),
        (2_500, format!("通知番号　{}", notice.number)),
    ] {
        let run = paper.run(&text);
        paper.within(Tag::Paragraph, |paper| paper.put(RIGHT, y, Align::Right, BODY, run));
    }
    paper.rule(LEFT, RIGHT, 2_800, STRONG);
}

/// The company at the left, the issuer at the right.
fn parties(paper: &mut Paper, notice: &Notice) {
    const TOP: Len = 3_300;
    paper.y = TOP;
    paper.paragraph(&format!("{}　御中", notice.company), LEFT, 11_000, Size(120));
    if !notice.contact.is_empty() {
        paper.y = paper.y.saturating_add(100);
        paper.paragraph(&format!("ご担当　{}　様", notice.contact), LEFT, 11_000, Size(100));
    }
    let left = paper.y;
    paper.y = TOP.saturating_add(100);
    let issuer = &notice.issuer;
    paper.paragraph(&issuer.name, 12_000, RIGHT, Size(100));
    for line in &issuer.address {
        paper.paragraph(line, 12_000, RIGHT, NOTE);
    }
    if !issuer.phone.is_empty() {
        paper.paragraph(&format!("電話　{}", issuer.phone), 12_000, RIGHT, NOTE);
    }
    if !issuer.invoice_reg_no.is_empty() {
        // The registration number that an invoice needs. X-080
        paper.paragraph(&format!("登録番号　{}", issuer.invoice_reg_no), 12_000, RIGHT, NOTE);
    }
    paper.y = paper.y.max(left).saturating_add(500);
}

/// What will be paid and when, or that nothing will be.
fn amount(paper: &mut Paper, notice: &Notice) {
    let (sentence, figures) = match notice.outcome {
        // Amounts are planned ones. U-075
        Outcome::Paid { paid_yen, transfer_on, .. } => (
            "下記のとおりお支払いを予定しておりますので、ご通知申し上げます。記載の金額はお振込みの予定額です。",
            [format!("¥{}", yen(paid_yen)), format!("お振込予定日　{}", long(transfer_on))],
        ),
        Outcome::Carried { carried_yen } => (
            "下記のとおり精算いたしましたので、ご通知申し上げます。今回はお振込みがなく、差引額を次回へ繰り越します。",
            ["¥0".to_owned(), format!("次回への繰越額　{} 円", yen(carried_yen))],
        ),
    };
    paper.paragraph(sentence, LEFT, RIGHT, BODY);
    let base = paper.y.saturating_add(1_000);
    let [sum, beside] = figures.map(|text| paper.run(&text));
    let label = paper.run("お振込予定金額");
    let room = Len::saturating_sub(9_600 - LEFT - GAP, label.width(Size(100)));
    let size = [Size(140), Size(120)].into_iter().find(|size| sum.width(*size) <= room).unwrap_or(Size(100));
    paper.within(Tag::Paragraph, |paper| {
        paper.put(LEFT, base, Align::Left, Size(100), label);
        paper.put(9_600, base, Align::Right, size, sum);
    });
    paper.within(Tag::Paragraph, |paper| paper.put(10_400, base, Align::Left, Size(100), beside));
    paper.rule(LEFT, 9_600, base.saturating_add(180), STRONG);
    paper.y = base.saturating_add(SPACE);
}

fn columns<const N: usize>(paper: &mut Paper, columns: [(&str, Len, Len, Align); N]) -> Row {
    let cells = columns.map(|(text, from, to, align)| Cell {
        tag: Tag::ColumnHead,
        from,
        to,
        align,
        text: text.to_owned(),
    });
    paper.measure(cells.into(), STRONG)
}

fn cells<const N: usize>(columns: [(&str, Len, Len, Align); N], texts: [String; N]) -> Vec<Cell> {
    let mut out = Vec::with_capacity(N);
    for ((_, from, to, align), text) in columns.into_iter().zip(texts) {
        let tag = if out.is_empty() { Tag::RowHead } else { Tag::Cell };
        out.push(Cell { tag, from, to, align, text });
    }
    out
}

/// The table of lines and its sum. U-069
fn lines(paper: &mut Paper, notice: &Notice, sum: SubTotal) {
    let head = columns(paper, COLUMNS);
    let mut rows = Vec::with_capacity(notice.lines.len().saturating_add(1));
    for line in &notice.lines {
        rows.push(paper.measure(cells(COLUMNS, line_texts(line)), FINE));
    }
    let texts = [
        "小計".to_owned(),
        String::new(),
        count(sum.count, sum.backs),
        yen(sum.sales_yen),
        String::new(),
        yen(sum.fee_yen),
        yen(sum.net_yen),
    ];
    rows.push(paper.measure(cells(COLUMNS, texts), STRONG));
    let first = rows.first().map_or(0, |row| row.high);
    paper.keep(HEADING.saturating_add(head.high).saturating_add(first));
    paper.heading("お支払明細", LEFT);
    paper.flow("お支払明細", &head, &rows);
    paper.y = paper.y.saturating_add(SPACE);
}

fn line_texts(line: &Line) -> [String; 7] {
    let group = match line.kind {
        LineKind::Sales => line.group.clone(),
        LineKind::Late => format!("{} *2", line.group),
        LineKind::Red => format!("{} *1", line.group),
    };
    [
        group,
        period(line.first, line.last),
        count(line.count, line.backs),
        yen(line.sales_yen),
        rate(line.rate_ppm),
        yen(line.fee_yen),
        yen(line.net_yen),
    ]
}

/// From the sum of the lines to what is paid. U-071
fn totals(paper: &mut Paper, notice: &Notice, sum: SubTotal) -> Result<(), Fault> {
    let minus = |amount: i64| amount.checked_neg().ok_or(Unsound::Amount);
    let mut rows = vec![("差引金額の小計".to_owned(), yen(sum.net_yen))];
    for tax in &notice.fee_taxes {
        rows.push((format!("手数料に係る消費税等（{}）", rate(tax.rate_ppm)), yen(minus(tax.tax_yen)?)));
    }
    for adjustment in &notice.adjustments {
        let text = match adjustment.text.as_str() {
            "" => "調整".to_owned(),
            text => format!("調整　{text}"),
        };
        rows.push((text, yen(adjustment.yen)));
    }
    rows.push(("前期末精算金額".to_owned(), yen(notice.carried_in_yen)));
    let last = match notice.outcome {
        Outcome::Paid { transfer_fee_yen, transfer_tax_yen, paid_yen, .. } => {
            rows.push(("振込手数料".to_owned(), yen(minus(transfer_fee_yen)?)));
            rows.push(("振込手数料に係る消費税等".to_owned(), yen(minus(transfer_tax_yen)?)));
            ("差引お振込金額", paid_yen)
        }
        Outcome::Carried { carried_yen } => ("次回へ繰越", carried_yen),
    };
    rows.push((last.0.to_owned(), yen(last.1)));
    let end = rows.len().saturating_sub(1);
    let rows: Vec<Row> = rows
        .into_iter()
        .enumerate()
        .map(|(at, (label, amount))| {
            let weight = if at.saturating_add(1) >= end { STRONG } else { FINE };
            paper.measure(pair(label, amount), weight)
        })
        .collect();
    paper.keep(height(&rows));
    paper.list("お振込金額の計算", &rows);
    paper.y = paper.y.saturating_add(SPACE);
    Ok(())
}

/// A total's label and its amount.
fn pair(label: String, amount: String) -> Vec<Cell> {
    vec![
        Cell { tag: Tag::RowHead, from: TOTALS, to: AMOUNTS, align: Align::Left, text: label },
        Cell { tag: Tag::Cell, from: AMOUNTS, to: RIGHT, align: Align::Right, text: amount },
    ]
}

/// The figures of a qualified invoice. X-085
fn invoice(paper: &mut Paper, invoice: &Invoice) {
    let head = columns(paper, INVOICE);
    let mut texts = Vec::new();
    for row in &invoice.rates {
        // One paper is invoice and return invoice together: its sums are after the returns, which are told apart below.
        let is_after = invoice.returns.iter().any(|back| back.rate_ppm == row.rate_ppm);
        let label = format!("{}対象{}", rate(row.rate_ppm), if is_after { "（返還差引後）" } else { "" });
        texts.push([label, yen(row.amount_yen), yen(row.tax_yen)]);
    }
    texts.push(["非課税".to_owned(), yen(invoice.exempt_yen), "―".to_owned()]);
    for row in &invoice.returns {
        // A return of taxable fees with the period of the original. X-082
        let label = format!("うち返還　{}対象　{}", rate(row.rate_ppm), period(row.first, row.last));
        texts.push([label, yen(row.amount_yen), yen(row.tax_yen)]);
    }
    let end = texts.len().saturating_sub(1);
    let rows: Vec<Row> = texts
        .into_iter()
        .enumerate()
        .map(|(at, texts)| paper.measure(cells(INVOICE, texts), if at == end { STRONG } else { FINE }))
        .collect();
    let note = match invoice.confirmation {
        Confirmation::NotAsked => String::new(),
        // Silence counts as confirmation. X-083
        Confirmation::AfterDays(days) => format!(
            "本書の記載内容について、受領後{days}日以内に誤りのご連絡がない場合は、ご確認いただいたものといたします。"
        ),
    };
    let high = [head.high, height(&rows), HEADING, leading(NOTE)].into_iter().fold(0, Len::saturating_add);
    paper.keep(high);
    paper.heading("手数料の消費税等の内訳", LEFT);
    paper.flow("手数料の消費税等の内訳", &head, &rows);
    paper.y = paper.y.saturating_add(100);
    paper.paragraph(&note, LEFT, RIGHT, NOTE);
    paper.y = paper.y.saturating_add(SPACE);
}

/// Where the money goes, the account's number masked. U-073
fn bank(paper: &mut Paper, notice: &Notice) {
    let mut texts = Vec::new();
    if let Bank::Account { bank, branch, kind, last_digits, holder } = &notice.bank {
        texts.extend([
            ("金融機関", bank.clone()),
            ("支店", branch.clone()),
            ("種別", kind.clone()),
            ("口座番号", format!("***{last_digits}")),
            ("口座名義", holder.clone()),
        ]);
    }
    let mut note = "";
    if let Outcome::Paid { transfer_on, .. } = notice.outcome {
        texts.push(("お振込予定日", long(transfer_on)));
        note = "お振込みの時刻はご指定いただけません。";
    }
    let end = texts.len().div_ceil(2).saturating_sub(1);
    let rows: Vec<Row> = texts
        .chunks(2)
        .enumerate()
        .map(|(at, pair)| {
            let weight = if at == end { STRONG } else { FINE };
            paper.measure(account_cells(pair), weight)
        })
        .collect();
    let missing = match notice.bank {
        Bank::Missing => "お振込先の口座が登録されていません。ご登録までお振込みできません。",
        Bank::Account { .. } => "",
    };
    paper.keep(
        [height(&rows), HEADING, leading(NOTE), leading(BODY)].into_iter().fold(0, Len::saturating_add),
    );
    paper.heading("お振込先", LEFT);
    paper.paragraph(missing, LEFT, RIGHT, BODY);
    if !rows.is_empty() {
        paper.list("お振込先", &rows);
    }
    paper.y = paper.y.saturating_add(100);
    paper.paragraph(note, LEFT, RIGHT, NOTE);
    paper.y = paper.y.saturating_add(SPACE / 2);
}

/// Two labels with their values; the second may be missing.
fn account_cells(pair: &[(&str, String)]) -> Vec<Cell> {
    let mut texts = Vec::with_capacity(ACCOUNT.len());
    for (label, value) in pair {
        texts.extend([(Tag::RowHead, (*label).to_owned()), (Tag::Cell, value.clone())]);
    }
    let last = texts.len().saturating_sub(1);
    let cell = |(at, ((tag, text), (from, to)))| {
        // The last value has the rest of the row.
        let to = if at == last { RIGHT } else { to };
        Cell { tag, from, to, align: Align::Left, text }
    };
    texts.into_iter().zip(ACCOUNT).enumerate().map(cell).collect()
}

/// What the marks mean, and whom to ask. U-072, U-075
fn notes(paper: &mut Paper, notice: &Notice) {
    let mut texts = Vec::new();
    if notice.lines.iter().any(|line| line.kind == LineKind::Red) {
        texts.push(
            "*1　すでにお支払いした取引の取消・変更分を差し引いています。カード会社と直接ご契約の取引は含みません。",
        );
    }
    if notice.lines.iter().any(|line| line.kind == LineKind::Late) {
        texts.push("*2　以前の取扱期間の取引のうち、締切後に成立が確認されたものです。");
    }
    texts.push("・本書のファイルを開く9桁の番号は、別途お送りする書面に記載しています。");
    texts.push("・ご入金を確認できない場合は、お取引の金融機関へお問い合わせください。");
    texts.push("・カード会社と直接ご契約の取引については、各カード会社へお問い合わせください。");
    let lines = Len::try_from(texts.len()).unwrap_or(Len::MAX);
    paper.keep(leading(NOTE).saturating_mul(lines.saturating_add(1)));
    for text in texts {
        paper.paragraph(text, LEFT, RIGHT, NOTE);
    }
}

/// Digits in groups of three, a minus before a negative amount.
pub(crate) fn yen(amount: i64) -> String {
    let digits = amount.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len().saturating_mul(2));
    if amount < 0 {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && digits.len().saturating_sub(at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Millionths as a percentage without trailing zeros.
pub(crate) fn rate(ppm: u32) -> String {
    let whole = ppm / 10_000;
    let rest = format!("{:04}", ppm % 10_000);
    match rest.trim_end_matches('0') {
        "" => format!("{whole}%"),
        rest => format!("{whole}.{rest}%"),
    }
}

/// Payments, and behind them the give-backs that were netted inside.
fn count(payments: u32, backs: u32) -> String {
    let payments = yen(i64::from(payments));
    if backs == 0 { payments } else { format!("{payments}(-{})", yen(i64::from(backs))) }
}

/// A period; the year of its last day is told when it is another one.
fn period(first: Date, last: Date) -> String {
    let end = if first.year() == last.year() { "%m/%d" } else { "%Y/%m/%d" };
    format!("{}～{}", first.strftime("%Y/%m/%d"), last.strftime(end))
}

fn long(day: Date) -> String {
    format!("{}年{}月{}日", day.year(), day.month(), day.day())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;
    use jiff::civil::date;

    #[test]
    fn figures_print_as_the_trade_writes_them() {
        let shown: Vec<String> = [0, 7, -999, 1_000, -3_871, 1_234_567, i64::MIN].map(yen).into();
        assert_eq!(shown, ["0", "7", "-999", "1,000", "-3,871", "1,234,567", "-9,223,372,036,854,775,808"]);
        assert_eq!([0, 32_400, 100_000, 29_805, 1].map(rate), ["0%", "3.24%", "10%", "2.9805%", "0.0001%"]);
        assert_eq!([count(12, 0), count(1_200, 3)], ["12", "1,200(-3)"]);
        assert_eq!(period(date(2019, 10, 1), date(2019, 10, 15)), "2019/10/01～10/15");
        assert_eq!(period(date(2019, 12, 16), date(2020, 1, 15)), "2019/12/16～2020/01/15");
    }

    #[test]
    fn nothing_leaves_its_page_or_meets_its_neighbour() {
        for (name, notice) in samples::all() {
            let paper = lay(&notice).unwrap();
            for page in &paper.pages {
                for line in &page.lines {
                    let end = line.x + line.run.width(line.size);
                    assert!(line.x >= LEFT && end <= RIGHT + 5, "{name}: {}", line.run.text);
                    assert!((1_500..=28_600).contains(&line.y), "{name}: {}", line.run.text);
                    for other in page.lines.iter().filter(|other| other.y == line.y && other.x > line.x) {
                        assert!(other.x >= end, "{name}: {} over {}", line.run.text, other.run.text);
                    }
                }
            }
        }
    }
}
