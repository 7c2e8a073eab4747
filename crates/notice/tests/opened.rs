//! Notices opened by programs that are not ours: qpdf, poppler, 7-Zip, Info-ZIP and two Python packages.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's helpers fail by panicking, as the test does"
)]

use notice::{Bank, Mode, Notice, Outcome, Password, pdf, samples, unprintable, zip};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A program of the machine under one of its names. Never skipped: `cargo xtask test` installs it.
fn program(names: &[&str]) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = names
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
        .find(|file| file.is_file());
    Command::new(found.unwrap_or_else(|| panic!("none of {names:?} is here; `cargo xtask test` installs it")))
}

fn python() -> Command {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join(".venv/bin/python"))
        .find(|python| python.exists());
    Command::new(found.expect("no .venv: run `cargo xtask test`, which makes it from tests/requirements.txt"))
}

fn output(command: &mut Command) -> Output {
    command.output().expect("the program starts")
}

fn said(command: &mut Command) -> String {
    let output = output(command);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// A sample on the disk.
struct Written {
    name: &'static str,
    notice: Notice,
    bytes: Vec<u8>,
    file: PathBuf,
    _folder: TempDir,
}

fn written() -> Vec<Written> {
    let write = |(name, notice): (&'static str, Notice)| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(notice.number.pdf_name());
        let bytes = pdf(&notice).unwrap();
        std::fs::write(&file, &bytes).unwrap();
        Written { name, notice, bytes, file, _folder: folder }
    };
    samples::all().into_iter().map(write).collect()
}

/// The text of a page, in the places where it stands, and without the spaces.
fn text(file: &Path) -> (String, String) {
    let layout = said(program(&["pdftotext"]).args(["-layout", "-enc", "UTF-8"]).arg(file).arg("-"));
    let dense = layout.split_whitespace().collect();
    (layout, dense)
}

fn grouped(amount: i64) -> String {
    let mut digits = amount.unsigned_abs().to_string();
    let mut at = digits.len();
    while at > 3 {
        at -= 3;
        digits.insert(at, ',');
    }
    if amount < 0 { format!("-{digits}") } else { digits }
}

/// Every figure and every name that the notice must show.
fn facts(notice: &Notice) -> Vec<String> {
    let mut wanted = vec![notice.number.to_string(), grouped(notice.carried_in_yen)];
    for line in &notice.lines {
        wanted.extend([line.sales_yen, line.fee_yen, line.net_yen, i64::from(line.count)].map(grouped));
        wanted.push(line.first.strftime("%Y/%m/%d").to_string());
        wanted.push(line.last.strftime("%m/%d").to_string());
        wanted.push("3.24%".into());
    }
    let sum = notice.sub_total().unwrap();
    wanted.extend([sum.sales_yen, sum.fee_yen, sum.net_yen].map(grouped));
    wanted.extend(notice.fee_taxes.iter().map(|tax| grouped(-tax.tax_yen)));
    wanted.extend(notice.adjustments.iter().flat_map(|row| [grouped(row.yen), row.text.clone()]));
    match notice.outcome {
        Outcome::Paid { transfer_fee_yen, transfer_tax_yen, paid_yen, .. } => {
            wanted.extend([-transfer_fee_yen, -transfer_tax_yen, paid_yen].map(grouped));
            wanted.extend(["2019年10月31日".into(), "差引お振込金額".into()]);
        }
        Outcome::Carried { carried_yen } => wanted.extend([grouped(carried_yen), "次回へ繰越".into()]),
    }
    if let Some(invoice) = &notice.invoice {
        wanted.push(grouped(invoice.exempt_yen));
        wanted.extend(invoice.rates.iter().flat_map(|row| [row.amount_yen, row.tax_yen].map(grouped)));
        wanted.extend(invoice.returns.iter().flat_map(|row| [row.amount_yen, row.tax_yen].map(grouped)));
    }
    if let Bank::Account { bank, branch, kind, last_digits, .. } = &notice.bank {
        wanted.extend([bank.clone(), branch.clone(), kind.clone(), format!("***{last_digits}")]);
    }
    let issuer = &notice.issuer;
    wanted.extend([issuer.phone.clone(), issuer.invoice_reg_no.clone()]);
    wanted.extend(issuer.address.iter().cloned());
    wanted.extend(["2019年10月29日".into(), notice.contact.clone()]);
    wanted
}

#[test]
fn qpdf_finds_nothing_wrong() {
    for Written { name, file, .. } in written() {
        let told = said(program(&["qpdf"]).arg("--check").arg(file));
        assert!(told.contains("No syntax or stream encoding errors found"), "{name}: {told}");
    }
}

#[test]
fn every_figure_and_name_is_read_back() {
    for Written { name, notice, file, .. } in written() {
        let (_, dense) = text(&file);
        for fact in facts(&notice) {
            let fact: String = fact.split_whitespace().collect();
            assert!(dense.contains(&fact), "{name}: {fact} is not in\n{dense}");
        }
    }
    let first = &written()[0];
    let (layout, _) = text(&first.file);
    for whole in
        ["株式会社帳場テスト商店", "帳場ペイメント株式会社", "JCB・その他", "VISA/MASTER *1", "12(-1)"]
    {
        assert!(layout.contains(whole), "{whole}: {layout}");
    }
}

#[test]
fn rare_characters_are_kept_and_what_no_font_has_is_a_geta() {
    let it = written().into_iter().find(|it| it.name == "names").unwrap();
    let (_, dense) = text(&it.file);
    for shown in ["㈱髙﨑①商店〓濵田・辻・〓野・ﾊﾝｶｸ・がくせ", "髙﨑﨟子", "ﾕ)ﾀｶｻｷｼﾖｳﾃﾝ"]
    {
        assert!(dense.contains(shown), "{shown}: {dense}");
    }
    assert_eq!(unprintable(&it.notice).unwrap(), ['\u{1f363}', '\u{20bb7}', '\u{e0100}']);
    assert_eq!(unprintable(&samples::many(90)).unwrap(), []);
}

#[test]
fn the_tags_tell_what_is_read_in_which_order() {
    for Written { name, notice, file, .. } in written() {
        let told = said(program(&["pdfinfo"]).arg("-struct-text").arg(&file));
        let tags: Vec<&str> = told
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .map(|tag| tag.trim_end_matches(':'))
            .collect();
        assert_eq!(tags.first(), Some(&"Document"), "{name}: {told}");
        assert_eq!(tags.iter().filter(|tag| **tag == "H1").count(), 1, "{name}");
        for tag in ["H2", "P", "Table", "THead", "TBody", "TR", "TH", "TD"] {
            assert!(tags.contains(&tag), "{name}: no {tag}: {told}");
        }
        let order =
            ["支払通知書", "発行日", "御中", "登録番号", "お振込予定金額", "取扱期間", "小計", "お振込先"];
        let places: Vec<Option<usize>> = order.iter().map(|text| told.find(text)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{name}: {places:?} {told}");
        // A head that is repeated on a further page is not read out again.
        assert_eq!(told.matches("\"取扱期間\"").count(), 1, "{name}");
        let rows = notice.lines.len();
        assert!(tags.iter().filter(|tag| **tag == "TR").count() > rows, "{name}");
    }
}

#[test]
fn the_file_says_that_it_is_tagged_japanese_and_accessible() {
    for (at, Written { name, bytes, file, .. }) in written().iter().enumerate() {
        let about = said(program(&["pdfinfo"]).arg(file));
        assert!(about.contains("支払通知書 270212122-"), "{name}: {about}");
        assert!(about.lines().any(|line| line.starts_with("Tagged:") && line.ends_with("yes")), "{about}");
        assert!(!about.contains("Date:"), "no clock: {about}");
        let pages = [1, 1, 4, 2, 1, 1];
        let page_line = format!("Pages:           {}", pages[at]);
        assert!(about.contains(&page_line), "{name}: {about}");
        let meta = said(program(&["pdfinfo"]).arg("-meta").arg(file));
        assert!(meta.contains("pdfuaid:part") && !meta.contains("Date"), "{name}: {meta}");
        let json = said(program(&["qpdf"]).args(["--json", "--json-key=qpdf"]).arg(file));
        assert!(json.contains(r#""/Lang": "u:ja""#), "{name}");
        let fonts = said(program(&["pdffonts"]).arg(file));
        let font: Vec<&str> = fonts.lines().nth(2).unwrap().split_whitespace().collect();
        // Embedded, a subset, with its Unicode table.
        assert!(font[0].ends_with("+BIZUDPGothic-Regular"), "{fonts}");
        assert_eq!(font[font.len() - 5..font.len() - 2], ["yes", "yes", "yes"], "{fonts}");
        assert!(bytes.len() < 300_000, "{name}: {} bytes", bytes.len());
    }
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    for (name, notice) in samples::all() {
        assert_eq!(pdf(&notice).unwrap(), pdf(&notice.clone()).unwrap(), "{name}");
    }
    let hash = |notice: &Notice| (notice.hash(), pdf(notice).unwrap());
    assert_ne!(hash(&samples::fortnight()), hash(&samples::carried()));
}

const RIGHT: &str = "012345678";
const WRONG: &str = "112345678";

fn locked(mode: Mode, it: &Written) -> PathBuf {
    let password = Password::parse(RIGHT).unwrap();
    let notice = &it.notice;
    let bytes = zip(&it.bytes, &notice.number.pdf_name(), notice.issued_on, &password, mode).unwrap();
    let file = it.file.with_extension("zip");
    std::fs::write(&file, bytes).unwrap();
    file
}

const SEVEN: &[&str] = &["7zz", "7z"];

#[test]
fn seven_zip_opens_both_with_the_right_password_only() {
    let it = &written()[0];
    for (mode, method) in [(Mode::Aes256, "AES-256 Deflate"), (Mode::ZipCrypto, "ZipCrypto Deflate")] {
        let file = locked(mode, it);
        let listed = said(program(SEVEN).args(["l", "-slt"]).arg(&file));
        for line in [&format!("Method = {method}"), "Modified = 2019-10-29 00:00:00", "Encrypted = +"] {
            assert!(listed.contains(line), "{line}: {listed}");
        }
        assert!(listed.contains("Path = 270212122-001-20191031.pdf"), "{listed}");
        let opened = output(program(SEVEN).args(["x", "-so", &format!("-p{RIGHT}")]).arg(&file));
        assert!(opened.status.success() && opened.stdout == it.bytes, "{mode:?}");
        for wrong in [WRONG, "", "000000000"] {
            let refused = output(program(SEVEN).args(["t", &format!("-p{wrong}")]).arg(&file));
            assert!(!refused.status.success(), "{mode:?} opened with {wrong:?}");
        }
    }
}

#[test]
fn unzip_opens_zipcrypto_and_refuses_aes() {
    let it = &written()[0];
    let unzip = |file: &Path, password| output(program(&["unzip"]).args(["-P", password, "-p"]).arg(file));
    let file = locked(Mode::ZipCrypto, it);
    let opened = unzip(&file, RIGHT);
    assert!(opened.status.success() && opened.stdout == it.bytes);
    let refused = unzip(&file, WRONG);
    assert!(!refused.status.success() && refused.stdout != it.bytes);
    let refused = unzip(&locked(Mode::Aes256, it), RIGHT);
    assert!(!refused.status.success() && refused.stdout.is_empty());
}

#[test]
fn python_opens_both_with_the_right_password_only() {
    const SCRIPT: &str = "
import importlib, sys
reader = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])
with reader(sys.argv[3]) as archive:
    archive.setpassword(sys.argv[4].encode())
    name, = archive.namelist()
    sys.stdout.buffer.write(archive.read(name))
";
    let it = &written()[0];
    for (mode, module, class) in [
        (Mode::Aes256, "pyzipper", "AESZipFile"),
        (Mode::ZipCrypto, "pyzipper", "AESZipFile"),
        (Mode::ZipCrypto, "zipfile", "ZipFile"),
    ] {
        let file = locked(mode, it);
        let read = |password| output(python().args(["-c", SCRIPT, module, class]).arg(&file).arg(password));
        let opened = read(RIGHT);
        let told = String::from_utf8_lossy(&opened.stderr);
        assert!(opened.status.success() && opened.stdout == it.bytes, "{mode:?} {module}: {told}");
        let refused = read(WRONG);
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{mode:?} {module}");
    }
}
