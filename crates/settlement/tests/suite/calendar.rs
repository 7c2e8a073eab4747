//! Dates: two years as a table, every day of thirteen years against two foreign libraries, chains of closed days.

use crate::world::day;
use expect_test::expect_file;
use jiff::civil::{Date, Weekday, date};
use settlement::rules::{Calendar, CycleCode, Cycles, Roll, Window, rule_holidays};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Something that the test run installs at the root of the repository.
fn installed(what: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join(what))
        .find(|path| path.exists())
        .ok_or_else(|| {
            format!("{what} is missing: run `cargo xtask test`, which installs the foreign implementations")
        })
        .unwrap()
}

/// The holidays of these years, as a foreign library knows them.
fn ask(mut peer: Command, first: i16, last: i16) -> BTreeSet<Date> {
    let output = peer
        .args([first.to_string(), last.to_string()])
        .output()
        .expect("the program of the peer starts; `cargo xtask test` says what is missing");
    assert!(output.status.success(), "{peer:?} failed; `cargo xtask test` installs what it needs");
    String::from_utf8(output.stdout).unwrap().lines().map(day).collect()
}

fn peers() -> [Command; 2] {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
    let mut python = Command::new(installed(".venv/bin/python"));
    python.arg(scripts.join("holidays.py"));
    let mut node = Command::new("node");
    node.arg(scripts.join("holidays.cjs")).arg(installed("tests/peers-npm/node_modules/@holiday-jp/../"));
    [python, node]
}

fn days(first: i16, last: i16) -> impl Iterator<Item = Date> {
    date(first, 1, 1).series(jiff::ToSpan::days(1)).take_while(move |day| day.year() <= last)
}

#[test]
fn every_day_of_thirteen_years_is_what_two_foreign_libraries_say() {
    // X-094: the embedded table 2020 to 2027 and the rule behind it; the rule alone from 2022.
    let (embedded, rule) = (Calendar::embedded(), Calendar::by_rule());
    for peer in peers() {
        let name = format!("{peer:?}");
        let holidays = ask(peer, 2020, 2032);
        assert!(holidays.len() > 13 * 15, "{name}");
        for day in days(2020, 2032) {
            let is_holiday = holidays.contains(&day);
            assert_eq!(embedded.holiday(day).is_some(), is_holiday, "{day} by {name}");
            if day.year() >= 2022 {
                assert_eq!(rule.holiday(day).is_some(), is_holiday, "{day} by rule and {name}");
            }
            // U-064: bank business days, whatever the source of the holidays.
            let is_closed = is_holiday
                || matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
                || matches!((day.month(), day.day()), (12, 31) | (1, 1..=3));
            assert_eq!(embedded.is_open(day), !is_closed, "{day} by {name}");
        }
    }
}

#[test]
fn the_rule_gives_the_official_names_where_both_are_known() {
    // X-094
    for year in 2022..=2027 {
        let by_rule: Vec<(Date, String)> =
            rule_holidays(year).into_iter().map(|(day, name)| (day, name.to_owned())).collect();
        let official: Vec<(Date, String)> =
            Calendar::embedded().holidays(year).into_iter().map(|it| (it.day, it.name)).collect();
        assert_eq!(by_rule, official);
    }
    assert_eq!((rule_holidays(2021), rule_holidays(2100)), (Vec::new(), Vec::new()));
}

#[test]
fn an_embedded_year_is_the_table_s_and_a_later_one_the_rule_s() {
    let calendar = Calendar::embedded();
    for year in 2020..=2099 {
        assert!(calendar.holidays(year).len() >= 15, "{year}");
    }
    // The Olympics moved three of them.
    assert_eq!(calendar.holiday(day("2020-07-24")), Some("スポーツの日"));
    assert_eq!(calendar.holiday(day("2021-08-09")), Some("休日"));
    assert_eq!(calendar.holiday(day("2026-09-22")), Some("休日"));
}

const WEEKDAYS: [&str; 7] = ["月", "火", "水", "木", "金", "土", "日"];

fn dates(window: &Window) -> String {
    let weekday = |day: Date| WEEKDAYS[usize::try_from(day.weekday().to_monday_zero_offset()).unwrap()];
    let short = |day: Date| format!("{:02}-{:02}{}", day.month(), day.day(), weekday(day));
    let year = if window.pay.year() == window.first.year() {
        String::new()
    } else {
        format!("{:02}-", window.pay.year() % 100)
    };
    format!("{year}{} {}", short(window.pay), short(window.notice))
}

#[test]
fn two_years_of_every_cycle() {
    // U-060, U-061, U-062, U-063, U-064, U-066, X-066: pay day and notice day of each window.
    let calendar = Calendar::embedded();
    let of_month = |cycle: &str, month: Date| -> Vec<String> {
        let cycle = Cycles::embedded().get(&CycleCode::new(cycle).unwrap()).unwrap();
        let windows = cycle.windows(month, month.last_of_month(), calendar);
        assert!(windows.iter().all(|window| window.pay > window.last && window.notice < window.pay));
        windows.iter().map(dates).collect()
    };
    let mut text = String::new();
    for n in 0..25 {
        let month = date(2025, 12, 1).saturating_add(jiff::ToSpan::months(n));
        let (card, voucher) = (of_month("card", month), of_month("voucher", month));
        let monthly = of_month("emoney", month);
        assert_eq!(monthly, of_month("code", month));
        text.push_str(&format!(
            "{} A {} | B {} | M {} | voucher A {} | voucher B {}\n",
            &month.to_string()[..7],
            card[0],
            card[1],
            monthly[0],
            voucher[0],
            voucher[1]
        ));
    }
    expect_file!["../golden/two_years.txt"].assert_eq(&text);
}

#[test]
fn a_pay_day_in_a_chain_of_closed_days_rolls_over_all_of_them() {
    // U-064
    let text = r#"
        [[cycle]]
        code = "early"
        window = [
            { first = 1, last = 15, pay = { months = 1, day = 5 }, roll = "next" },
            { first = 16, last = "end", pay = { months = 2, day = 3 }, roll = "next" },
        ]
        [[cycle]]
        code = "earlier"
        window = [
            { first = 1, last = 15, pay = { months = 1, day = 5 }, roll = "previous" },
            { first = 16, last = "end", pay = { months = 2, day = 3 }, roll = "previous" },
        ]
    "#;
    let cycles = Cycles::read(text).unwrap();
    let window = |cycle: &str, on: &str| {
        let window =
            cycles.get(&CycleCode::new(cycle).unwrap()).unwrap().window_of(day(on), Calendar::embedded());
        format!("{} {} {}", window.nominal, window.pay, window.notice)
    };
    assert_eq!(window("early", "2026-04-10"), "2026-05-05 2026-05-07 2026-04-30");
    assert_eq!(window("earlier", "2026-04-10"), "2026-05-05 2026-05-01 2026-04-28");
    assert_eq!(window("early", "2026-11-16"), "2027-01-03 2027-01-04 2026-12-29");
    assert_eq!(window("earlier", "2026-11-30"), "2027-01-03 2026-12-30 2026-12-28");
}

#[test]
fn the_windows_of_a_cycle_cover_every_day_once_and_are_paid_after_they_end() {
    let calendar = Calendar::embedded();
    for cycle in Cycles::embedded().all() {
        for day in days(2020, 2060) {
            let window = cycle.window_of(day, calendar);
            assert!(window.first <= day && day <= window.last, "{day} {window:?}");
            assert_eq!(cycle.span_of(window.first), cycle.span_of(window.last));
            assert!(window.last < window.notice && window.notice < window.pay, "{window:?}");
            assert!(calendar.is_open(window.pay) && calendar.is_open(window.notice), "{window:?}");
            if day == window.last {
                assert_ne!(cycle.span_of(day.tomorrow().unwrap()), window.span());
                assert!(cycle.paid_on(window.pay, calendar).contains(&window), "{window:?}");
            }
        }
    }
}

#[test]
fn card_and_monthly_windows_meet_on_one_pay_day() {
    // Example 12: card 1 to 15 February and code of January.
    let all = Cycles::embedded().all().iter();
    let windows: Vec<String> = all
        .flat_map(|cycle| cycle.paid_on(day("2026-02-27"), Calendar::embedded()))
        .map(|window| format!("{} {} {}", window.cycle, window.first, window.last))
        .collect();
    assert_eq!(
        windows,
        ["card 2026-02-01 2026-02-15", "emoney 2026-01-01 2026-01-31", "code 2026-01-01 2026-01-31"]
    );
}

#[test]
fn a_cycle_that_cannot_be_paid_in_time_or_has_a_gap_is_refused() {
    let pay = |first: &str, last: &str, pay: &str| {
        format!(
            "[[cycle]]\ncode = \"x\"\nwindow = [{{ first = {first}, last = {last}, pay = {{ {pay} }}, roll = \"next\" }}]\n"
        )
    };
    for (text, why) in [
        (pay("1", "15", "months = 1, day = 1"), "does not go to"),
        (pay("2", "\"end\"", "months = 1, day = 15"), "without a gap"),
        (pay("1", "\"end\"", "months = 1, day = 9"), "at least 10 days"),
        (pay("1", "\"end\"", "months = 4, day = 9"), "at most 3 months"),
        (pay("1", "\"end\"", "months = 1, day = 29"), "1 to 28"),
        (pay("1", "\"end\"", "months = 1, day = 0"), "1 to 28"),
        (pay("1", "\"end\"", "months = 1, day = \"last\""), "1 to 28"),
        (pay("1", "\"end\"", "months = 1, day = 15, hour = 3"), "hour"),
        ("[[cycle]]\ncode = \"X\"\nwindow = []".to_owned(), "not a code"),
        ("[[cycle]]\ncode = \"x\"\nwindow = []".to_owned(), "does not go to"),
        (pay("1", "\"end\"", "months = 1, day = 15").repeat(2), "taken"),
        (pay("1", "\"end\"", "months = 1, day = 15").replace("next", "none"), "none"),
        (pay("1", "\"end\"", "months = 1, day = 15").replace("= \"x\"", "= \"card\""), "taken"),
    ] {
        let said = Cycles::embedded().clone().with_text(&text).unwrap_err().to_string();
        assert!(said.contains(why), "{text}\n{said}");
    }
    let two = |first: &str, second: &str| {
        let window = |days: &str, pay: &str| format!("{{ {days}, pay = {{ {pay} }}, roll = {{}} }}");
        format!(
            "[[cycle]]\ncode = \"x\"\nwindow = [{}, {}]\n",
            window("first = 1, last = 10", "months = 1, day = 20").replace("{}", first),
            window("first = 11, last = \"end\"", second).replace("{}", "\"previous\""),
        )
    };
    for (text, is_sound) in [
        (two("\"previous\"", "months = 1, day = 20"), true),
        (two("\"previous\"", "months = 1, day = 19"), false),
        // In the first days of May "next" would pass "previous".
        (two("\"next\"", "months = 1, day = 25"), false),
        (two("\"next\"", "months = 2, day = 5"), true),
    ] {
        let said = Cycles::embedded().clone().with_text(&text).map(drop).map_err(|bad| bad.to_string());
        let expected = "not a settlement cycle: x: a later window is paid before an earlier one".to_owned();
        assert_eq!(said, if is_sound { Ok(()) } else { Err(expected) }, "{text}");
    }
    let own = Cycles::embedded().clone().with_text(&pay("1", "\"end\"", "months = 1, day = 10")).unwrap();
    assert_eq!(own.all().len(), 5);
}

#[test]
fn a_single_change_is_stronger_than_the_table_and_weaker_than_the_weekend() {
    // X-094
    let calendar = Calendar::embedded().clone();
    let holiday = day("2026-02-11");
    assert!(calendar.clone().with_change(holiday, false).is_open(holiday));
    let calendar = calendar.with_change(day("2026-02-27"), true).with_change(day("2026-02-28"), false);
    assert!(!calendar.is_open(day("2026-02-27")) && !calendar.is_open(day("2026-02-28")));
    let card = Cycles::embedded().all()[0].window_of(day("2026-02-01"), &calendar);
    assert_eq!((card.pay, card.notice), (day("2026-02-26"), day("2026-02-24")));
}

#[test]
fn an_imported_year_is_taken_whole_or_not_at_all() {
    // X-094
    let mut table: Vec<(Date, String)> =
        Calendar::embedded().holidays(2030).into_iter().map(|it| (it.day, it.name)).collect();
    table.retain(|(day, _)| *day != date(2030, 2, 11));
    table.push((date(2030, 6, 3), "新しい祝日".to_owned()));
    let imported = Calendar::embedded().clone().with_table(&table);
    assert!(imported.is_open(date(2030, 2, 11)) && !imported.is_open(date(2030, 6, 3)));
    table.truncate(14);
    let short = Calendar::embedded().clone().with_table(&table);
    assert!(!short.is_open(date(2030, 2, 11)) && short.is_open(date(2030, 6, 3)));
    assert_eq!(imported.roll(date(2030, 6, 3), Roll::Next), date(2030, 6, 4));
}
