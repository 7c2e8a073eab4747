//! The real programs as real processes, killed by the kernel (kill -9): what was under way is settled
//! when they start again, and `choba admin verify` finds nothing wrong.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail by panicking, as the test does"
)]

use clock::Clock;
use serde_json::{Value, json};
use std::cell::Cell;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use stories::http::{get, post, submit};
use stories::page;
use stories::register::{Register, lines};

const TERMINAL: &str = "000000358002";
/// What a blocked terminal says (codes.ftl, 431 and 432).
const COPIED: &str = "端末データが複製されています";
const BEHIND: &str = "端末のデータが古くなっています";
const CAST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../choba/data/cast.toml");

fn choba() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| stories::program::built().unwrap())
}

/// One town at a time: each is three processes that should not wait for a processor.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn free() -> SocketAddr {
    store::testing::free_address().unwrap()
}

/// A process that dies with the test.
struct Process {
    child: Child,
}

impl Process {
    /// Starts the program and waits for its line `ready …`.
    fn start(args: &[String]) -> Self {
        let mut child = Command::new(choba()).args(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("ready ")));
        assert!(ready.is_some(), "{args:?} ended before it was ready");
        Self { child }
    }

    /// kill -9
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A register's message on its way to its answer.
type Answering = tokio::task::JoinHandle<std::io::Result<Value>>;

struct Town {
    folder: tempfile::TempDir,
    desk: SocketAddr,
    card: SocketAddr,
    smtp: SocketAddr,
    printer: SocketAddr,
    center: SocketAddr,
    terminal: SocketAddr,
    _networks: Process,
}

impl Town {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [desk, card, smtp, printer, center, terminal] = [free(), free(), free(), free(), free(), free()];
        let networks = words(&format!(
            "networks --data {}/networks --listen {desk} --card {card} --smtp {smtp} --code 127.0.0.1:0 --code-tls 127.0.0.1:0 --printer {TERMINAL}={printer}",
            folder.path().display()
        ));
        let networks = Process::start(&networks);
        let center_data = folder.path().join("center");
        let loaded = Command::new(choba())
            .args(["admin", "load", "--data"])
            .arg(&center_data)
            .arg(CAST)
            .output()
            .unwrap();
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        Self { folder, desk, card, smtp, printer, center, terminal, _networks: networks }
    }

    fn start_center(&self) -> Process {
        let Self { card, smtp, center, .. } = self;
        Process::start(&words(&format!(
            "center --data {}/center --listen {center} --card-network {card} --smtp smtp://{smtp} --test-keys",
            self.folder.path().display()
        )))
    }

    fn start_terminal(&self, printer: SocketAddr) -> Process {
        self.start_terminal_with(printer, "")
    }

    fn start_terminal_with(&self, printer: SocketAddr, more: &str) -> Process {
        self.start_terminal_on(&self.terminal_data(), self.terminal, printer, more)
    }

    /// The same on another device's data and address.
    fn start_terminal_on(&self, data: &Path, at: SocketAddr, printer: SocketAddr, more: &str) -> Process {
        let Self { desk, center, .. } = self;
        Process::start(&words(&format!(
            "terminal --data {} --listen {at} --center http://{center} \
             --bench ws://{desk}/desk/bench/{TERMINAL} --printer {printer} --reader MP200L-0085 \
             --id {TERMINAL} --password 5282 {more}",
            data.display()
        )))
    }

    /// A card payment on a terminal to its end.
    async fn ends(&self, terminal: SocketAddr) -> Value {
        let id = self.tap_at(terminal).await;
        self.settled_at(terminal, &id).await
    }

    /// Payments are tried on a terminal until its page says why it takes none.
    async fn refused(&self, terminal: SocketAddr, titles: &[&str]) {
        let card = json!({ "card": "visa", "how": "tap" });
        // Each try another sum: the same one again would be asked about first.
        let yen = Cell::new(1_000);
        until("the terminal refuses and says why", async || {
            if self.says(terminal, titles).await.is_some() {
                return Some(());
            }
            yen.set(yen.get() + 1);
            let asked = json!({ "amount": yen.get(), "method": "card" });
            // Whichever of the two is not possible now is refused.
            post(terminal, "/local/payments", &asked).await.ok()?;
            post(self.desk, &format!("/desk/terminals/{TERMINAL}/present"), &card).await.ok()?;
            None
        })
        .await;
    }

    /// Whether a terminal's page says one of these now.
    async fn says(&self, terminal: SocketAddr, texts: &[&str]) -> Option<()> {
        let shown = page::lines(&get(terminal, "/").await.ok()?.body);
        shown.iter().any(|line| texts.iter().any(|text| line.contains(text))).then_some(())
    }

    /// The terminal was let in: a payment on it is approved, at the latest after some tries.
    async fn pays_again(&self) {
        until("the terminal pays again", async || {
            let view = self.ends(self.terminal).await;
            (view["state"] == "approved").then_some(())
        })
        .await;
    }

    /// `choba admin let-in-terminal`, while the center is stopped: its file has one writer.
    fn let_in(&self) {
        let done = Command::new(choba())
            .args(["admin", "let-in-terminal", "--terminal", TERMINAL, "--reason", "the copy was erased"])
            .arg("--data")
            .arg(self.folder.path().join("center"))
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn verified(&self) -> Value {
        let done = Command::new(choba())
            .args(["admin", "verify", "--json", "--data"])
            .arg(self.folder.path())
            .output()
            .unwrap();
        serde_json::from_slice(&done.stdout).unwrap()
    }

    fn terminal_data(&self) -> PathBuf {
        self.folder.path().join(format!("terminal-{TERMINAL}"))
    }

    /// A terminal that serves registers, once it is paired.
    fn start_terminal_for_registers(&self, nexo: SocketAddr) -> Process {
        self.start_terminal_with(self.printer, &format!("--nexo {nexo} --nexo-plain"))
    }

    /// The register, paired with the terminal.
    fn paired(&self, nexo: SocketAddr) -> Register {
        let data = self.terminal_data();
        let paired = Command::new(choba())
            .args(["terminal", "pair", "--terminal", TERMINAL, "--folder"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(paired.status.success(), "{}", String::from_utf8_lossy(&paired.stderr));
        Register::new(nexo, &terminal::nexo::certificate_file(&data), terminal::nexo::poi_id(TERMINAL))
    }

    /// A register's payment, asked for until the terminal takes it and waits for a card: its number, the
    /// message, and the answer that is to come.
    async fn begun_by(&self, register: &Register, yen: i64) -> (String, Value, Answering) {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let begun = std::sync::Mutex::new(None::<(String, Value, Answering)>);
        until("the terminal waits for a card", async || {
            let refused = begun.lock().unwrap().as_ref().is_none_or(|(_, _, answer)| answer.is_finished());
            if refused {
                let number = format!("P{:09}", NUMBERS.fetch_add(1, Ordering::Relaxed));
                let asked = register.payment(&number, yen);
                let answer = register.begin(&asked);
                *begun.lock().unwrap() = Some((number, asked, answer));
            }
            let shown = get(self.desk, "/desk/terminals").await.ok()?.json();
            shown.as_array()?.iter().any(|shown| shown["waits_for"] == "card").then_some(())
        })
        .await;
        begun.into_inner().unwrap().unwrap()
    }

    /// Taps a card as soon as the reader waits for one.
    async fn tap_card(&self) {
        let path = format!("/desk/terminals/{TERMINAL}/present");
        until("the reader takes the card", async || {
            let card = json!({ "card": "visa", "how": "tap" });
            let answer = post(self.desk, &path, &card).await.ok()?;
            (answer.status == 202).then_some(())
        })
        .await;
    }

    /// Begins a payment of ¥880 as soon as the terminal takes it, taps a card, and gives the id.
    async fn tap(&self) -> String {
        self.tap_at(self.terminal).await
    }

    async fn tap_at(&self, terminal: SocketAddr) -> String {
        let asked = json!({ "amount": 880, "method": "card" });
        let begun = until("the terminal begins a payment", async || {
            let answer = post(terminal, "/local/payments", &asked).await.ok()?;
            (answer.status == 201).then(|| answer.json())
        })
        .await;
        let id = begun["id"].as_str().unwrap().to_owned();
        self.tap_card().await;
        id
    }

    async fn until_charged(&self) {
        until("the network has charged", async || {
            let charges = get(self.desk, "/desk/charges").await.ok()?.json();
            charges
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one["state"] == "charged"))
                .then_some(())
        })
        .await;
    }

    async fn settled(&self, id: &str) -> Value {
        self.settled_at(self.terminal, id).await
    }

    async fn settled_at(&self, terminal: SocketAddr, id: &str) -> Value {
        until("the payment is final", async || {
            let view = get(terminal, &format!("/local/payments/{id}")).await.ok()?.json();
            if view["waits_for"] == "clerk" {
                // The same card pays the same sum again and again here.
                let path = format!("/local/payments/{id}/continue");
                let _ = post(terminal, &path, &json!({})).await;
            }
            (view["is_final"] == true).then_some(view)
        })
        .await
    }

    /// `choba admin verify --json` until nothing is open: sound, and no difference.
    async fn books_are_sound(&self) {
        let report = until("no payment is open in any book", async || {
            let report = self.verified();
            let open = report["center"]["tenants"][0]["open"].as_array().unwrap().len();
            (open == 0).then_some(report)
        })
        .await;
        assert_eq!((&report["sound"], &report["differences"]), (&json!(true), &json!([])), "{report}");
    }
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// Looks again and again; the programs run on the machine's clock here.
async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let clock = Clock::real();
    for _ in 0..1_200 {
        if let Some(found) = look().await {
            return found;
        }
        clock.sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to this: {what}");
}

#[test]
fn a_program_that_nobody_listens_to_goes_on() {
    let (nobody, stdout) = std::io::pipe().unwrap();
    drop(nobody);
    let folder = tempfile::tempdir().unwrap();
    let done = Command::new(choba())
        .args(["admin", "migrate", "--data"])
        .arg(folder.path())
        .stdout(stdout)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_center_killed_in_mid_payment_reverses_it_when_it_starts_again() {
    let _turn = TURN.lock().await;
    // Crash points P6 to P10 of the payment: the network charged, nobody heard.
    let town = Town::open();
    let center = town.start_center();
    let _terminal = town.start_terminal(town.printer);
    let fault = json!({ "network": "card", "fault": "drop_answer", "times": 1 });
    assert_eq!(post(town.desk, "/desk/faults", &fault).await.unwrap().status, 200);
    let id = town.tap().await;
    town.until_charged().await;
    center.kill();
    let _center = town.start_center();
    let view = town.settled(&id).await;
    assert_eq!((&view["state"], &view["money_taken"]), (&json!("reversed"), &json!("no")));
    let charges = get(town.desk, "/desk/charges").await.unwrap().json();
    assert!(charges.as_array().unwrap().iter().all(|one| one["state"] == "reversed"), "{charges}");
    town.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_killed_while_printing_offers_the_slip_again_with_its_mark() {
    let _turn = TURN.lock().await;
    // P15; R-044
    let town = Town::open();
    let _center = town.start_center();
    let printer = stories::stall::Printer::start().await;
    let terminal = town.start_terminal(printer.at);
    let id = town.tap().await;
    assert_eq!(town.settled(&id).await["money_taken"], "yes");
    press(&town, "print-customer").await;
    printer.until_it_has_bytes().await;
    terminal.kill();

    let _terminal = town.start_terminal(town.printer);
    let shown = page::lines(&get(town.terminal, "/").await.unwrap().body);
    for said in ["お支払いが完了しました", "¥880", "印刷が途中で止まった可能性があります"]
    {
        assert!(shown.iter().any(|line| line == said), "{said}: {shown:?}");
    }
    press(&town, "print-customer").await;
    let paper = until("the paper comes out", async || {
        let papers = get(town.desk, &format!("/desk/paper/{TERMINAL}")).await.ok()?.json();
        papers[0]["text"].as_str().map(str::to_owned)
    })
    .await;
    assert!(paper.contains("(再)"), "{paper}");
    town.books_are_sound().await;
}

async fn press(town: &Town, what: &str) {
    let rev = page::revision(&get(town.terminal, "/").await.unwrap().body);
    let answer = submit(town.terminal, &format!("/events/{what}"), &[("rev", &rev)]).await.unwrap();
    assert_eq!(answer.status, 303, "{}", answer.body);
}

/// What a register hears of its message once the terminal knows how it ended.
async fn status_at_last(register: &Register, of: &str) -> Vec<String> {
    let asked = AtomicU64::new(1);
    until("the status is no longer in progress", async || {
        let number = format!("S{}{:05}", &of[6..], asked.fetch_add(1, Ordering::Relaxed));
        let told = lines(&register.status(&number, of).await.ok()?);
        (!told.iter().any(|line| line.contains("InProgress"))).then_some(told)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_register_hears_the_truth_of_a_payment_in_which_the_terminal_was_killed() {
    let _turn = TURN.lock().await;
    // R-078, J-070; nexo.md rules 1, 2 and 5
    let town = Town::open();
    let _center = town.start_center();
    let nexo = free();
    let register = town.paired(nexo);
    let terminal = town.start_terminal_for_registers(nexo);

    // Killed while it waits for a card: nothing has begun, and nobody is charged.
    let (number, _, lost) = town.begun_by(&register, 770).await;
    terminal.kill();
    assert!(lost.await.unwrap().is_err(), "the register lost its line");
    let terminal = town.start_terminal_for_registers(nexo);
    let told = status_at_last(&register, &number).await;
    assert!(told[1].starts_with("payment Failure Cancel") && told[1].contains("money=no"), "{told:?}");

    // Killed when the network has charged and has not answered yet: the charge stands, and is told.
    let delay = json!({ "network": "card", "fault": "delay", "ms": 1500, "times": 1 });
    assert_eq!(post(town.desk, "/desk/faults", &delay).await.unwrap().status, 200);
    let (number, asked, lost) = town.begun_by(&register, 880).await;
    town.tap_card().await;
    town.until_charged().await;
    terminal.kill();
    assert!(lost.await.unwrap().is_err(), "the register lost its line");
    let _terminal = town.start_terminal_for_registers(nexo);
    let told = status_at_last(&register, &number).await;
    assert!(told[1].starts_with("payment Success") && told[1].contains("money=yes"), "{told:?}");
    assert_eq!(told[2], "amount 880");
    let again = register.ask(&asked).await.unwrap();
    assert!(lines(&again)[0].starts_with("payment Success"), "{again}");
    let charges = get(town.desk, "/desk/charges").await.unwrap().json();
    assert_eq!(charges.as_array().unwrap().len(), 1, "{charges}");
    town.books_are_sound().await;
}

/// Copies the data of a device that is switched off.
fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_terminal_is_noticed_when_both_run_and_the_one_that_is_kept_is_let_in_again() {
    let _turn = TURN.lock().await;
    // S9
    let town = Town::open();
    let center = town.start_center();
    let kept = town.start_terminal(town.printer);
    assert_eq!(town.ends(town.terminal).await["state"], "approved");
    kept.kill();
    let (folder, copy_at) = (tempfile::tempdir().unwrap(), free());
    copied(&town.terminal_data(), folder.path());
    let _kept = town.start_terminal(town.printer);
    assert_eq!(town.ends(town.terminal).await["state"], "approved");

    let copy = town.start_terminal_on(folder.path(), copy_at, town.printer, "");
    town.refused(copy_at, &[COPIED]).await;
    town.refused(town.terminal, &[COPIED]).await;
    copy.kill();
    center.kill();
    town.let_in();
    let _center = town.start_center();
    town.pays_again().await;
    town.books_are_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_on_an_old_backup_is_blocked_and_what_it_lost_is_a_difference_when_it_is_let_in() {
    let _turn = TURN.lock().await;
    // R11, S9
    let town = Town::open();
    let center = town.start_center();
    let terminal = town.start_terminal(town.printer);
    assert_eq!(town.ends(town.terminal).await["state"], "approved");
    terminal.kill();
    let backup = tempfile::tempdir().unwrap();
    copied(&town.terminal_data(), backup.path());
    let terminal = town.start_terminal(town.printer);
    let lost = town.ends(town.terminal).await;
    assert_eq!(lost["state"], "approved");
    terminal.kill();
    std::fs::remove_dir_all(town.terminal_data()).unwrap();
    copied(backup.path(), &town.terminal_data());

    // A center that runs on knows the last requests and takes the old data for a copy's.
    center.kill();
    let center = town.start_center();
    let _terminal = town.start_terminal(town.printer);
    // A payment that begins before the first report makes a second end of the journal: a copy's sign.
    town.refused(town.terminal, &[BEHIND, COPIED]).await;
    center.kill();
    town.let_in();
    let _center = town.start_center();
    town.pays_again().await;
    let report = town.verified();
    let differences = report["differences"].as_array().unwrap();
    let payments: Vec<&Value> = differences.iter().map(|one| &one["payment"]).collect();
    assert_eq!(payments, [&lost["id"]], "{report}");
}
