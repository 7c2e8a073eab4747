//! The bank master: the real one as the Python package gives it, and what is refused.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use zengin::master::{Master, read};

/// What the package itself says: its folder of files, and every bank and branch as it loads them.
const QUESTION: &str = "
import json, os, zengin_code
banks = {code: [bank.name, bank.kana, {no: [branch.name, branch.kana] for no, branch in bank.branches.items()}]
         for code, bank in zengin_code.Bank.all.items()}
print(json.dumps({'folder': os.path.join(os.path.dirname(zengin_code.__file__), 'source-data', 'data'), 'banks': banks}))
";

fn python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join(".venv/bin/python"))
        .find(|python| python.exists())
        .expect("no .venv with the Python peers: run `cargo xtask test`, which makes it from tests/requirements.txt")
}

fn real() -> Value {
    let output = Command::new(python()).args(["-c", QUESTION]).output().expect("the Python of .venv starts");
    assert!(output.status.success(), "no bank master; `cargo xtask test` installs it");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Full width to half width by rule, apart from the product's table: what the real files have and no more.
fn half(kana: &str) -> String {
    let full = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";
    let marked = "ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ";
    let plain = "カキクケコサシスセソタチツテトハヒフヘホウ";
    let ringed = "パピプペポ";
    let nth = |list: &str, c: char| list.chars().position(|it| it == c);
    let of =
        |c: char| nth(full, c).and_then(|at| char::from_u32(0xFF71 + u32::try_from(at).unwrap())).unwrap();
    let text: String = kana
        .chars()
        .map(|c| match c {
            '－' => "-".to_owned(),
            '．' | '　' => " ".to_owned(),
            'Ａ'..='Ｚ' | '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0).unwrap().to_string(),
            _ if nth(marked, c).is_some() => {
                format!("{}ﾞ", of(plain.chars().nth(nth(marked, c).unwrap()).unwrap()))
            }
            _ if nth(ringed, c).is_some() => {
                format!("{}ﾟ", of("ハヒフヘホ".chars().nth(nth(ringed, c).unwrap()).unwrap()))
            }
            _ => of(c).to_string(),
        })
        .collect();
    text.trim().to_owned()
}

#[test]
fn the_real_master_is_read_whole() {
    let said = real();
    let folder = Path::new(said["folder"].as_str().unwrap());
    let files: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder.join("branches"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect();
    let branches: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).collect();
    let master = read(&std::fs::read(folder.join("banks.json")).unwrap(), &branches).unwrap();

    let count = |master: &Master| master.banks.iter().map(|bank| bank.branches.len()).sum::<usize>();
    assert_eq!((master.banks.len(), count(&master), master.passed_over.len()), (1_146, 28_944, 241));
    let banks = said["banks"].as_object().unwrap();
    assert_eq!(banks.len(), master.banks.len());
    for bank in &master.banks {
        let their = &banks[&bank.no.to_string()];
        assert_eq!(bank.name, their[0].as_str().unwrap());
        assert_eq!(bank.kana.as_str(), half(their[1].as_str().unwrap()));
        assert_eq!(bank.branches.len(), their[2].as_object().unwrap().len());
        for branch in &bank.branches {
            let their = &their[2][&branch.no.to_string()];
            assert_eq!(branch.name, their[0].as_str().unwrap());
            assert_eq!(branch.kana.as_str(), half(their[1].as_str().unwrap()));
        }
    }
}

const BANKS: &str = r#"{
"0001":{
"code":"0001",
"name":"みずほ",
"kana":"ミズホ",
"hira":"みずほ",
"roma":"mizuho"
}
}"#;

const BRANCHES: &str = r#"{
"001":{"code":"001","name":"東京","kana":"トウキヨウ","hira":"","roma":""},
"004":{"code":"004","name":"丸の内","kana":"マルノウチ","hira":"","roma":""}
}"#;

#[test]
fn a_bad_master_is_refused_with_file_line_and_reason() {
    let says = |banks: &str, branches: &[(&str, &str)]| {
        let files: Vec<(&str, &[u8])> =
            branches.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        read(banks.as_bytes(), &files).map(|master| master.banks.len()).map_err(|bad| bad.to_string())
    };
    let file = "0001.json";
    assert_eq!(says(BANKS, &[(file, BRANCHES)]), Ok(1));
    assert_eq!(says(BANKS, &[(file, BRANCHES), ("0002.json", BRANCHES)]), Ok(1));
    for (branches, why) in [
        (vec![], "banks.json: no file 0001.json"),
        (vec![(file, BRANCHES), (file, BRANCHES)], "0001.json: stands there twice"),
        (vec![("1.json", BRANCHES)], "1.json: is not named by the number of a bank"),
        (vec![("md5", BRANCHES)], "md5: is not named by the number of a bank"),
        (vec![(file, "{}")], "0001.json: is empty"),
    ] {
        assert_eq!(says(BANKS, &branches), Err(why.to_owned()));
    }
    for (from, to, why) in [
        (r#""0001":"#, r#""001":"#, r#"banks.json, line 2: "001" is no number of 4 digits"#),
        (r#""code":"0001""#, r#""code":"0002""#, "banks.json, line 9: code 0002 under 0001"),
        (
            "\"みずほ\",\n\"kana\"",
            "\"\",\n\"kana\"",
            "banks.json, line 4: the name is empty, too long or has controls",
        ),
        ("ミズホ", "水穂", "banks.json, line 5: '水' is none of the bank's characters"),
        ("ミズホ", "ミズホ(ア", "banks.json, line 5: '(' is none of the bank's characters"),
        ("ミズホ", "アアアアアアアアガガガガ", "banks.json, line 5: kana of 16 bytes, not from 1 to 15"),
        ("ミズホ", "", "banks.json, line 5: kana of 0 bytes, not from 1 to 15"),
        (
            "\"hira\"",
            "\"x\"",
            "banks.json, line 6: unknown field `x`, expected one of `code`, `name`, `kana`, `hira`, `roma`",
        ),
    ] {
        assert!(BANKS.contains(from), "{from}");
        assert_eq!(says(&BANKS.replacen(from, to, 1), &[(file, BRANCHES)]), Err(why.to_owned()), "{to}");
    }
    let twice = BRANCHES.replace("\"004\"", "\"001\"");
    assert_eq!(says(BANKS, &[(file, &twice)]), Err("0001.json, line 3: 001 stands there twice".to_owned()));
    let cut = &BRANCHES[..BRANCHES.len() - 1];
    assert!(says(BANKS, &[(file, cut)]).unwrap_err().starts_with("0001.json, line 4: EOF"));
    assert!(says("[]", &[]).unwrap_err().starts_with("banks.json, line 1: invalid type"));
}
