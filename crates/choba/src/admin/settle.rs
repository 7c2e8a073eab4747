//! `choba admin calendar` and `choba admin bank-file`: what settlement knows without a database.

use crate::programs::StartFault;
use clock::Clock;
use jiff::civil::Date;
use serde_json::{Value, json};
use settlement::rules::{Calendar, Cycles, read_csv};
use std::path::Path;

/// The longest span of one answer: two years of every cycle are read at a glance.
const DAYS_MOST: i32 = 3_660;

/// Every window of every cycle that has a day between the two dates, both included, in the order of pay days
/// (docs/admin-json.md). The bank's holidays are the built-in ones, or those of a file of the Cabinet Office.
pub fn calendar(from: Date, to: Date, holidays: Option<&Path>) -> Result<Value, StartFault> {
    let days = from.until(to).map_err(StartFault::new)?.get_days();
    if !(0..=DAYS_MOST).contains(&days) {
        return Err(StartFault::new(format!("--to must be within {DAYS_MOST} days after --from")));
    }
    let calendar = match holidays {
        None => Calendar::embedded().clone(),
        Some(file) => with_holidays(file)?,
    };
    let mut windows: Vec<_> =
        Cycles::embedded().all().iter().flat_map(|cycle| cycle.windows(from, to, &calendar)).collect();
    windows.sort_by_key(|window| (window.pay, window.cycle.clone(), window.last));
    let rows = windows.iter().map(|window| {
        json!({
            "cycle": window.cycle.word(), "first": window.first, "cut_off": window.last,
            "nominal": window.nominal, "notice": window.notice, "pay": window.pay,
        })
    });
    Ok(rows.collect())
}

fn with_holidays(file: &Path) -> Result<Calendar, StartFault> {
    let bytes = std::fs::read(file).map_err(|error| fault(file, &error))?;
    let rows = read_csv(&bytes, Clock::real().today().year()).map_err(|bad| fault(file, &bad))?;
    Ok(Calendar::by_rule().with_table(&rows))
}

fn fault(file: &Path, why: &dyn std::fmt::Display) -> StartFault {
    StartFault::new(format!("{}: {why}", file.display()))
}

/// Windows as lines of text: cycle, days, notice, pay day.
pub fn calendar_text(rows: &Value) -> String {
    let mut text = String::from("cycle    first       cut-off     notice      pay");
    for row in rows.as_array().into_iter().flatten() {
        let word = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let [cycle, first, cut_off, notice, pay] = ["cycle", "first", "cut_off", "notice", "pay"].map(word);
        text.push_str(&format!("\n{cycle:<8} {first}  {cut_off}  {notice}  {pay}"));
    }
    text
}

/// Reads a bank file back: its transfers by group, or the first wrong byte, which is then `wrong`.
pub fn check_bank_file(file: &Path) -> Result<Value, StartFault> {
    let bytes = std::fs::read(file).map_err(|error| fault(file, &error))?;
    Ok(match zengin::read(&bytes) {
        Ok(read) => {
            let groups = read.groups.iter().map(|group| {
                let yen: u64 = group.transfers.iter().map(|one| one.amount_yen).fold(0, u64::saturating_add);
                json!({
                    "requester": group.requester.to_string(), "requester_name": group.requester_name.as_str(),
                    "pay_day": group.pay_day.to_string(), "transfers": group.transfers.len(), "yen": yen,
                })
            });
            json!({ "groups": groups.collect::<Vec<_>>(), "wrong": null })
        }
        Err(wrong) => json!({ "groups": [], "wrong": {
            "record": wrong.record, "byte": wrong.byte, "offset": wrong.offset, "why": wrong.to_string(),
        } }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn two_years_are_listed_in_the_order_of_pay_days_and_a_backward_span_is_refused() {
        // U-060 to U-064, X-094
        let rows = calendar(date(2026, 1, 1), date(2027, 12, 31), None).unwrap();
        let first = &rows[0];
        assert_eq!((&first["cycle"], &first["pay"]), (&json!("card"), &json!("2026-01-30")));
        let pays: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["pay"].as_str().unwrap()).collect();
        assert!(pays.is_sorted() && pays.len() > 100, "{}", pays.len());
        let text = calendar_text(&rows);
        assert!(text.contains("card     2026-01-01  2026-01-15  2026-01-28  2026-01-30"), "{text}");
        assert!(calendar(date(2026, 1, 2), date(2026, 1, 1), None).is_err());
    }

    #[test]
    fn a_file_of_holidays_is_taken_or_refused_with_its_line() {
        //
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("syukujitsu.csv");
        std::fs::write(&file, "not a holiday file\n").unwrap();
        let refused = calendar(date(2026, 1, 1), date(2026, 2, 1), Some(&file)).unwrap_err().to_string();
        assert!(refused.contains("syukujitsu.csv") && refused.contains('1'), "{refused}");
    }

    #[test]
    fn a_bank_file_that_is_wrong_is_told_by_its_first_wrong_byte() {
        //
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out.dat");
        std::fs::write(&file, b"9not a bank file").unwrap();
        let told = check_bank_file(&file).unwrap();
        assert_eq!(told["wrong"]["record"], 1, "{told}");
        assert!(check_bank_file(&folder.path().join("none")).is_err());
    }
}
