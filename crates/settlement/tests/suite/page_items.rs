//! The file of items: it makes every line again to the yen, streams page by page, and says when it does not agree.

use crate::cast::{manager, operator};
use crate::till::{Act, T, Till, sale};
use encoding_rs::SHIFT_JIS;
use payment::Brand;
use settlement::rows::batches;
use settlement::rules::Line;
use std::collections::BTreeMap;

/// The rows of a file, without its head.
fn rows(text: &str) -> Vec<Vec<String>> {
    let cells = |row: &str| row.split(',').map(|cell| cell.trim_matches('"').to_owned()).collect();
    text.trim_start_matches('\u{feff}').lines().skip(1).map(cells).collect()
}

impl Till {
    async fn items_file(&self, path: &str) -> String {
        let answer = self.seen_by(operator("aoki")).ask("GET", path, &[("accept-language", "en")], "").await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/csv; charset=utf-8"));
        assert!(answer.header("content-disposition").starts_with("attachment; filename=\"20"));
        answer.text()
    }

    async fn lines_of(&self, pay_on: &str, company: &'static str) -> Vec<Line> {
        let pay_on = pay_on.parse().unwrap();
        self.base.read(move |tx| Ok(batches::lines_of(tx, T, pay_on, company)?)).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_items_of_every_line_sum_to_its_sales() {
    // U-070: reproducible to the yen.
    for till in Till::each_without_rates().await {
        till.fill().await;
        till.close("2027-01-01").await;
        let mut kinds: Vec<String> = Vec::new();
        for (pay_on, company) in [
            ("2026-12-15", "00008"),
            ("2026-12-30", "00008"),
            ("2026-12-30", "00009"),
            ("2027-01-15", "00008"),
        ] {
            let all =
                rows(&till.items_file(&format!("/settlement/documents/{pay_on}.{company}/items")).await);
            let mut sums: BTreeMap<usize, i64> = BTreeMap::new();
            for row in &all {
                *sums.entry(row[1].parse().unwrap()).or_default() += row[11].parse::<i64>().unwrap();
                kinds.push(row[2].clone());
            }
            let lines = till.lines_of(pay_on, company).await;
            assert!(!lines.is_empty());
            for (number, line) in (1..).zip(&lines) {
                assert_eq!(
                    sums.get(&number),
                    Some(&line.sales.get()),
                    "line {number} of {company} on {pay_on}"
                );
                let path = format!("/settlement/documents/{pay_on}.{company}/items?line={number}");
                let of_line = rows(&till.items_file(&path).await);
                let wanted: Vec<_> = all.iter().filter(|row| row[1] == number.to_string()).collect();
                assert_eq!(of_line.len(), wanted.len());
                assert!(of_line.iter().zip(wanted).all(|(one, other)| one[2..] == other[2..]), "{path}");
            }
            assert_eq!(sums.len(), lines.len(), "no item without a line");
        }
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds, ["Refund", "Sale"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_behind_the_cut_is_told_with_its_payment() {
    for till in Till::each().await {
        till.with_cast().await;
        till.each_alone(vec![sale(1, "00008", Brand::Visa, "2026-12-02", 880), Act::Void(1)]).await;
        till.each_alone(vec![sale(2, "00008", Brand::Visa, "2026-12-03", 1_360)]).await;
        till.close("2026-12-16").await;
        till.each_alone(vec![Act::Void(2)]).await;
        till.close("2027-01-01").await;
        let first = rows(&till.items_file("/settlement/documents/2026-12-30.00008/items").await);
        assert_eq!(
            first.iter().map(|row| row[11].as_str()).collect::<Vec<_>>(),
            ["1360"],
            "undone at once is no item"
        );
        let second = rows(&till.items_file("/settlement/documents/2027-01-15.00008/items").await);
        assert_eq!(
            second.iter().map(|row| (row[2].as_str(), row[11].as_str())).collect::<Vec<_>>(),
            [("Void", "-1360")]
        );
        assert_eq!(second[0][9], first[0][9], "the payment that it undid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_items_than_one_unit_reads_come_whole_and_in_the_order_of_the_hash() {
    // Pages of 2,000: the cursor goes on inside a shop's day.
    for till in Till::each().await {
        till.with_cast().await;
        let acts = |from: u128, day: &'static str, count: u128| -> Vec<Act> {
            (from..from + count)
                .map(|n| sale(n, "00008", Brand::Visa, day, 100 + i64::try_from(n % 7).unwrap()))
                .collect()
        };
        // Many in a unit share its sequence: the id orders them.
        till.write(acts(1, "2026-12-02", 5_003)).await;
        till.write(acts(10_000, "2026-12-02", 10)).await;
        till.write(acts(20_000, "2026-12-03", 4)).await;
        till.close("2026-12-16").await;
        assert_eq!(till.faults().await, Vec::<String>::new());
        let all = rows(&till.items_file("/settlement/documents/2026-12-30.00008/items").await);
        assert_eq!(all.len(), 5_017, "and no row that says they differ");
        let numbers: Vec<usize> = all.iter().map(|row| row[0].parse().unwrap()).collect();
        assert_eq!(numbers, (1..=5_017).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_what_was_closed_ends_with_a_row_that_says_so() {
    for till in Till::each_without_rates().await {
        till.fill().await;
        let path = "/settlement/documents/2026-12-15.00008/items";
        assert!(!till.items_file(path).await.contains("ERROR"));
        let change = async |sql: &'static str| {
            till.base.write(move |tx| Ok(tx.execute(sql, store::params![T])?)).await.unwrap();
        };
        change("UPDATE payment SET amount_yen = 8801 WHERE tenant = $1 AND amount_yen = 8800").await;
        let text = till.items_file(path).await;
        let last = text.lines().last().unwrap();
        assert!(last.starts_with("\"ERROR\",\"2\",\"These items are not those"), "{last}");
        assert!(text.contains(",8801"), "what there is, is shown");
        // Another line of the same document is still proven.
        let jcb = till.items_file(&format!("{path}?line=1")).await;
        assert!(!jcb.contains("ERROR"), "{jcb}");
        change("UPDATE payment SET amount_yen = 8800 WHERE tenant = $1 AND amount_yen = 8801").await;
        assert!(!till.items_file(path).await.contains("ERROR"));
        // The same sum by another item is not the same.
        change("UPDATE payment SET posted_seq = 999999 WHERE tenant = $1 AND amount_yen = 8800").await;
        assert!(till.items_file(path).await.contains("ERROR"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_on_says_so_and_does_not_only_stop() {
    for till in Till::each_without_rates().await {
        till.fill().await;
        let spoil = "UPDATE payment SET brand = 'nobody' WHERE tenant = $1 AND amount_yen = 8800";
        till.base.write(move |tx| Ok(tx.execute(spoil, store::params![T])?)).await.unwrap();
        let text = till.items_file("/settlement/documents/2026-12-15.00008/items").await;
        let last = text.lines().last().unwrap();
        assert!(last.starts_with("\"ERROR\",\"\",\"The file ends here because"), "{last}");
        assert_eq!(text.matches("ERROR").count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_in_shift_jis_where_that_is_asked() {
    for till in Till::each_without_rates().await {
        till.fill().await;
        let path = "/settlement/documents/2026-12-30.00008/items?charset=sjis";
        let answer = till.seen_by(manager("00008")).ask("GET", path, &[("accept-language", "ja")], "").await;
        assert_eq!(answer.header("content-type"), "text/csv; charset=shift_jis");
        let (text, _, is_bad) = SHIFT_JIS.decode(&answer.body);
        assert!(!is_bad && text.starts_with("\"番号\",\"行\",\"種別\""), "{text}");
        assert!(text.contains("\"返金\"") && text.contains("-12400"), "{text}");
    }
}
