//! The house of a story: everything that runs, and the one who acts in it.

mod back;
mod books;
mod codes;
pub mod settle;

use crate::http::{self, Answer};
use crate::page;
use crate::register::Register;
use crate::run::{ANY, Center, Outside, Terminal, TerminalPlace};
use crate::tell::{self, Told};
use crate::watchdog::Watchdog;
use choba::cast::{Cast, DEMO};
use choba::programs::terminal::ReaderScheme;
use clock::Clock;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long nothing may happen anywhere before a second passes.
const STILL: Duration = Duration::from_secs(5);

/// When every story begins: 2026/11/21 10:15:00 in Tokyo.
pub const MORNING: &str = "2026-11-21T01:15:00Z";

/// What a witness has seen of one terminal.
#[derive(Default)]
pub(crate) struct Seen {
    /// The screen that is shown.
    name: &'static str,
    /// Its text.
    lines: Vec<String>,
    /// Screens that the story has not told yet.
    untold: Vec<(&'static str, Vec<String>)>,
}

/// A running house.
pub struct House {
    folder: tempfile::TempDir,
    /// The one clock.
    pub clock: Clock,
    cast: Cast,
    outside: Outside,
    center: Option<Center>,
    center_at: SocketAddr,
    place: TerminalPlace,
    terminal: Option<Terminal>,
    seen: Arc<Mutex<Seen>>,
    news: Arc<watch::Sender<u64>>,
    /// The story so far.
    told: String,
    every_field: bool,
    line_notes: bool,
    totals: bool,
    watchdog: Watchdog,
}

/// Tells a story in a fresh house and gives its transcript. Afterwards all books must agree.
pub fn story(name: &str, title: &str, tell: impl AsyncFnOnce(&mut House)) -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut house = House::open(name).await;
        house.told = format!("{title}\n");
        tell(&mut house).await;
        house.end().await
    })
}

impl House {
    async fn open(name: &str) -> Self {
        let watchdog = Watchdog::new(name);
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::by_hand(MORNING.parse().unwrap());
        let cast = Cast::read(DEMO).unwrap();
        let outside = Outside::start(folder.path(), &clock, &cast.terminal).await;
        let center = Center::start(folder.path(), &clock, &outside.at, &cast, ANY).await;
        let device = cast.terminal[0].clone();
        let place = TerminalPlace {
            data: folder.path().join(format!("terminal-{}", device.id)),
            center: center.at,
            desk: outside.at.desk,
            printer: outside.at.printers[0].1,
            reader: device.reader.clone(),
            reader_keys: ReaderScheme::Aes,
            device,
            registers: false,
        };
        let mut house = Self {
            center_at: center.at,
            folder,
            clock,
            cast,
            outside,
            center: None,
            place,
            terminal: None,
            seen: Arc::default(),
            news: Arc::new(watch::Sender::new(0)),
            told: String::new(),
            every_field: false,
            line_notes: false,
            totals: false,
            watchdog,
        };
        house.hear_the_desk();
        house.take_in(center).await;
        house.start_terminal().await;
        house.until_screen("sign-in").await;
        house.sign_in().await;
        house
    }

    /// The clerk signs in, and everything is connected.
    async fn sign_in(&mut self) {
        self.press("sign-in", &[("login_id", "hanako"), ("password", "Choba-demo-3")]).await;
        self.until_screen("home").await;
        self.until_connected().await;
        self.forget_screens();
    }

    // ---- waiting ------------------------------------------------------------------------------

    fn hear_the_desk(&self) {
        let (live, news) = (self.outside.live.clone(), Arc::clone(&self.news));
        tokio::spawn(async move {
            let mut rev = live.rev();
            loop {
                rev = live.newer_than(rev).await;
                news.send_modify(|n| *n += 1);
            }
        });
    }

    async fn take_in(&mut self, center: Center) {
        let (mut commits, news) = (center.rooms.base.db.commits(), Arc::clone(&self.news));
        tokio::spawn(async move {
            while commits.changed().await.is_ok() {
                news.send_modify(|n| *n += 1);
            }
        });
        center.rooms.acquiring.line().up().await;
        self.center = Some(center);
    }

    /// Waits until something is so; looks again after everything that happens anywhere. Where nothing happens at all a
    /// second passes: on a slow machine a leap of the story's clock may overtake an exchange that is under way, and
    /// who was overtaken pauses by that clock before the next try.
    pub async fn until(&self, what: &str, so: impl AsyncFn() -> bool) {
        let mut news = self.news.subscribe();
        {
            let mut note = self.watchdog.note.lock().unwrap_or_else(PoisonError::into_inner);
            let seen = self.seen();
            *note = format!("waiting until {what}\nscreen {} {:?}\n{}", seen.name, seen.lines, self.told);
        }
        loop {
            news.borrow_and_update();
            if so().await {
                return;
            }
            if Clock::real().timeout(STILL, news.changed()).await.is_err() {
                self.clock.advance(Duration::from_secs(1));
            }
        }
    }

    /// Waits until the clerk sees this screen, and tells every screen up to it.
    pub async fn until_screen(&mut self, name: &str) {
        self.until(&format!("the screen is {name}"), async || self.seen().name == name).await;
        self.tell_screens();
    }

    /// Waits until the screen says this.
    pub async fn until_said(&mut self, text: &str) {
        let so = async || self.seen().lines.iter().any(|line| line.contains(text));
        self.until(&format!("the screen says {text}"), so).await;
        self.tell_screens();
    }

    /// Waits until the reader waits for `card` or `pin`.
    pub async fn until_reader(&self, waits_for: &str) {
        self.until_lamp(&format!("the reader waits for {waits_for}"), |shown| {
            shown["waits_for"] == waits_for
        })
        .await;
    }

    async fn until_lamp(&self, what: &str, so: impl Fn(&Value) -> bool) {
        let id = self.place.device.id.clone();
        self.until(what, async || {
            let all = http::get(self.outside.at.desk, "/desk/terminals").await.unwrap().json();
            all.as_array().unwrap().iter().any(|shown| shown["id"] == id.as_str() && so(shown))
        })
        .await;
    }

    /// Waits until the card network's log has so many lines with this in their title.
    pub async fn until_network(&self, title: &str, times: usize) {
        self.until(&format!("the network said {title}"), async || {
            self.outside.log.newest(usize::MAX).iter().filter(|line| line.title.contains(title)).count()
                >= times
        })
        .await;
    }

    /// Waits until the center's book says this of the newest payment.
    pub async fn until_center(&self, state: &str) {
        self.until(&format!("the center says {state}"), async || {
            let exported = self.exported(choba::admin::Which::Center);
            exported["tenants"][0]["payments"].as_array().is_some_and(|rows| {
                rows.last().is_some_and(|row| row["state"] == state && row["advice"].is_null())
            })
        })
        .await;
    }

    /// Waits until this is in the terminal's journal.
    pub async fn until_journal(&self, what: &str) {
        self.until(&format!("the journal says {what}"), async || {
            self.entries().iter().any(|entry| entry["fact"]["what"] == what)
        })
        .await;
    }

    fn entries(&self) -> Vec<Value> {
        let exported = self.exported(choba::admin::Which::Terminal);
        let journals = exported["journals"].as_object().unwrap();
        journals
            .values()
            .flat_map(|journal| journal["entries"].as_array().cloned().unwrap_or_default())
            .collect()
    }

    fn exported(&self, which: choba::admin::Which) -> Value {
        let places = choba::admin::Places::find(self.folder.path(), None).unwrap();
        choba::admin::export(which, &places, &self.clock).unwrap()
    }

    // ---- telling ------------------------------------------------------------------------------

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was shown since it was told is not told.
    pub fn forget_screens(&mut self) {
        self.seen().untold.clear();
    }

    fn tell_screens(&mut self) {
        let untold = std::mem::take(&mut self.seen().untold);
        self.told.push_str(&tell::screens(&untold));
    }

    /// Says what somebody does, in a sentence.
    pub fn say(&mut self, sentence: &str) {
        self.tell_screens();
        self.told.push_str(&format!("\n{sentence}\n"));
    }

    /// The transcript shows every field of the network's messages.
    pub fn show_every_field(&mut self) {
        self.every_field = true;
    }

    /// The transcript shows the figures of a day's totals.
    pub fn show_totals(&mut self) {
        self.totals = true;
    }

    /// The transcript shows when lines to the network come and go.
    pub fn show_the_line(&mut self) {
        self.line_notes = true;
    }

    // ---- acting -------------------------------------------------------------------------------

    fn screens(&self) -> SocketAddr {
        self.terminal.as_ref().expect("the terminal runs").at
    }

    /// Presses something on the terminal's page.
    pub async fn press(&mut self, press: &str, fields: &[(&str, &str)]) {
        let drawn = http::get(self.screens(), "/").await.unwrap().body;
        let rev = page::revision(&drawn);
        let mut fields = fields.to_vec();
        fields.push(("rev", &rev));
        let answer = http::submit(self.screens(), &format!("/events/{press}"), &fields).await.unwrap();
        assert_eq!(answer.status, 303, "{press}: {}", answer.body);
    }

    /// Follows a link of the terminal's page.
    pub async fn go(&mut self, place: &str) {
        let answer = http::get(self.screens(), place).await.unwrap();
        assert_eq!(answer.status, 303, "{place}");
    }

    /// The clerk types an amount.
    pub async fn keypad(&mut self, amount: &str) {
        self.say(&format!("The clerk types {amount}."));
        self.go("/go/sale").await;
        self.until_screen("amount").await;
        self.forget_screens();
        self.press("amount", &[("amount", amount)]).await;
    }

    /// The clerk types an amount and chooses card, one payment; the reader waits.
    pub async fn sale(&mut self, amount: &str) {
        self.keypad(amount).await;
        self.until_screen("method").await;
        self.by_card("lump").await;
    }

    /// The clerk chooses card with this class; the reader waits.
    pub async fn by_card(&mut self, class: &str) {
        self.say(&format!("The clerk chooses card, {class}."));
        self.press("pay", &[("class", class)]).await;
        self.until_reader("card").await;
        self.until_screen("present").await;
    }

    /// A program on the device asks for a payment.
    pub async fn local(&mut self, body: Value) -> Answer {
        self.say(&format!("A program on the device asks: POST /local/payments {body}."));
        http::post(self.screens(), "/local/payments", &body).await.unwrap()
    }

    /// What the local API says of the newest payment.
    pub async fn local_view(&self) -> Value {
        let entries = self.entries();
        let id = entries.iter().rev().find_map(|entry| entry["payment"].as_str()).unwrap();
        http::get(self.screens(), &format!("/local/payments/{id}")).await.unwrap().json()
    }

    /// The customer presents a card of the desk's shelf.
    pub async fn present(&mut self, card: &str, how: &str, pin: Option<&str>) {
        let with = pin.map(|pin| format!(" and enters {pin}")).unwrap_or_default();
        self.say(&format!("The customer {how}s the card \u{201c}{card}\u{201d}{with}."));
        let body = match pin {
            Some(pin) => json!({ "card": card, "how": how, "pin": pin }),
            None => json!({ "card": card, "how": how }),
        };
        let path = format!("/desk/terminals/{}/present", self.place.device.id);
        let answer = http::post(self.outside.at.desk, &path, &body).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
    }

    /// The customer enters a PIN on the reader's pad.
    pub async fn enter_pin(&mut self, pin: &str) {
        self.until_reader("pin").await;
        self.say(&format!("The customer enters {pin}."));
        let path = format!("/desk/terminals/{}/pin", self.place.device.id);
        let answer =
            http::post(self.outside.at.desk, &path, &json!({ "entered": { "pin": pin } })).await.unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
    }

    /// The customer signs on the screen.
    pub async fn sign(&mut self) {
        self.say("The customer signs on the screen.");
        let sheet = json!({ "width": 500, "height": 200, "strokes": [[[20, 150], [120, 40], [220, 160], [470, 60]]] });
        self.press("sign", &[("strokes", &sheet.to_string())]).await;
    }

    /// Time passes.
    #[expect(clippy::unused_async, reason = "it reads like the other acts of a story")]
    pub async fn advance(&mut self, seconds: u64) {
        let sentence = match seconds {
            0..=119 => format!("({seconds} seconds later.)"),
            _ => format!("({} minutes later.)", seconds / 60),
        };
        self.say(&sentence);
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A few seconds pass, as many as it takes, until the clerk sees this screen: for what the programs
    /// try again by the clock. How many there are is not told, since nothing promises it.
    pub async fn a_little_later(&mut self, screen: &str) {
        // Whatever comes from now on, and what may just have come, is told under this line.
        self.told.push_str("\n(A little later.)\n");
        self.let_seconds_pass(async |house| house.seen().name == screen).await;
        self.until_screen(screen).await;
    }

    /// The same until the networks' log has a line with this in it.
    pub async fn a_little_later_in_the_log(&mut self, title: &str) {
        self.told.push_str("\n(A little later.)\n");
        let so =
            |house: &Self| house.outside.log.newest(usize::MAX).iter().any(|line| line.title.contains(title));
        self.let_seconds_pass(async |house| so(house)).await;
        self.until_network(title, 1).await;
    }

    async fn let_seconds_pass(&self, so: impl AsyncFn(&Self) -> bool) {
        let mut news = self.news.subscribe();
        for _ in 0..300 {
            if so(self).await {
                break;
            }
            news.borrow_and_update();
            // Nothing may happen at all in a second of this clock, so the wait for news has an end.
            drop(Clock::real().timeout(Duration::from_millis(20), news.changed()).await);
            self.clock.advance(Duration::from_secs(1));
        }
    }

    /// The center waits as long as it does for the network, and gives it up.
    pub async fn center_gives_up(&mut self) {
        self.advance(10).await;
        let so = async || {
            let lines = self.seen().lines.join(" ");
            lines.contains("もう少しお待ちください") || lines.contains("wait a little longer")
        };
        self.until("the screen says that it takes longer", so).await;
        self.advance(15).await;
        self.until_screen("unknown").await;
    }

    /// Waits until the card network has written down a charge or a hold for so many payments.
    pub async fn until_charged(&self, payments: usize) {
        self.until("the card network has charged", async || {
            self.exported(choba::admin::Which::Networks)["charges"].as_array().map_or(0, Vec::len) >= payments
        })
        .await;
    }

    /// Trouble on the line to the card network.
    pub async fn fault(&mut self, fault: &str, times: u32) {
        self.trouble("card", "the card network", fault, times).await;
    }

    /// The next answer of the card network comes so many minutes late.
    pub async fn answer_late(&mut self, minutes: u64) {
        self.say(&format!("(Trouble at the card network: late, by {minutes} minutes, 1 time.)"));
        let ms = Duration::from_mins(minutes).as_millis();
        self.order(&json!({ "network": "card", "fault": "late", "ms": ms, "times": 1 })).await;
    }

    async fn trouble(&mut self, network: &str, place: &str, fault: &str, times: u32) {
        let plural = if times == 1 { "" } else { "s" };
        self.say(&format!("(Trouble at {place}: {fault}, {times} time{plural}.)"));
        self.order(&json!({ "network": network, "fault": fault, "times": times })).await;
    }

    async fn order(&self, body: &Value) {
        let answer = http::post(self.outside.at.desk, "/desk/faults", body).await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    /// Power cut at the center.
    pub async fn kill_center(&mut self) {
        self.say("(The center loses its power.)");
        self.center.take().expect("the center runs").kill().await;
    }

    /// The center comes back.
    pub async fn restart_center(&mut self) {
        self.say("(The center starts again.)");
        let center =
            Center::start(self.folder.path(), &self.clock, &self.outside.at, &self.cast, self.center_at)
                .await;
        self.take_in(center).await;
    }

    /// Power cut at the terminal.
    pub async fn kill_terminal(&mut self) {
        self.say("(The terminal loses its power.)");
        self.terminal.take().expect("the terminal runs").kill().await;
    }

    /// The terminal comes back.
    pub async fn restart_terminal(&mut self) {
        self.say("(The terminal starts again.)");
        self.start_terminal().await;
    }

    async fn start_terminal(&mut self) {
        let (seen, news) = (Arc::clone(&self.seen), Arc::clone(&self.news));
        let witness: terminal::Witness = Arc::new(move |name, body| {
            let lines = page::lines(body);
            {
                let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.name = name;
                seen.lines.clone_from(&lines);
                seen.untold.push((name, lines));
            }
            news.send_modify(|n| *n += 1);
        });
        self.terminal = Some(Terminal::start(&self.place, &self.clock, witness).await);
    }

    /// The terminal speaks English from now on.
    pub async fn english(&mut self) {
        self.go("/lang/en").await;
        let so = async || self.seen().lines.iter().any(|line| line == "Menu");
        self.until("the terminal speaks English", so).await;
        self.forget_screens();
    }

    /// Waits until the reader has found its desk, and the menu knows it.
    pub async fn until_connected(&self) {
        self.until_lamp("the reader is connected", |shown| shown["connected"] == true).await;
        self.until("the menu is without a warning", async || {
            let seen = self.seen();
            seen.name == "home" && !seen.lines.iter().any(|line| line.contains("つながっていません"))
        })
        .await;
    }

    /// Another reader is plugged in.
    pub async fn plug_in_reader(&mut self, serial: &str) {
        self.say("(Another reader is plugged in.)");
        serial.clone_into(&mut self.place.reader);
        self.plugged_in().await;
    }

    /// The reader is one that came before AES: it is loaded with triple DES keys.
    pub async fn plug_in_older_reader(&mut self) {
        self.say("(A reader with triple DES keys is plugged in.)");
        self.place.reader_keys = ReaderScheme::Tdes;
        self.plugged_in().await;
    }

    /// A register is connected with the terminal.
    pub async fn plug_in_register(&mut self) -> Register {
        self.place.registers = true;
        self.plugged_in().await;
        self.register()
    }

    /// The register, as it finds the terminal now.
    pub fn register(&self) -> Register {
        let at =
            self.terminal.as_ref().and_then(|terminal| terminal.registers).expect("registers are served");
        let certificate = terminal::nexo::certificate_file(&self.place.data);
        Register::new(at, &certificate, terminal::nexo::poi_id(&self.place.device.id))
    }

    /// Another printer is plugged in.
    pub async fn plug_in_printer(&mut self, at: SocketAddr) {
        self.say("(A printer that stalls is plugged in.)");
        self.place.printer = at;
        self.plugged_in().await;
    }

    /// The terminal takes up what was plugged in.
    async fn plugged_in(&mut self) {
        self.terminal.take().expect("the terminal runs").kill().await;
        self.start_terminal().await;
        self.until_connected().await;
        self.forget_screens();
    }

    /// The printer of the desk is plugged in again, from the next start of the terminal on.
    pub fn plug_in_the_desks_printer(&mut self) {
        self.place.printer = self.outside.at.printers[0].1;
    }

    /// The clerk prints a copy and the paper comes out.
    pub async fn print(&mut self, copy: &str) {
        let before = self.papers().await.len();
        let printed = self.entries().iter().filter(|entry| entry["fact"]["what"] == "printed").count();
        self.say(&format!("The clerk prints the {copy}\u{2019}s copy."));
        self.press(&format!("print-{copy}"), &[]).await;
        self.until("the paper comes out", async || self.papers().await.len() > before).await;
        self.until("the printer is done", async || {
            self.entries().iter().filter(|entry| entry["fact"]["what"] == "printed").count() > printed
                && self
                    .seen()
                    .lines
                    .iter()
                    .any(|line| line.contains("控えを印刷しました") || line.ends_with("copy printed"))
        })
        .await;
        self.tell_screens();
    }

    /// What was printed, oldest first.
    pub async fn papers(&self) -> Vec<String> {
        let path = format!("/desk/paper/{}", self.place.device.id);
        let sheets = http::get(self.outside.at.desk, &path).await.unwrap().json();
        sheets
            .as_array()
            .unwrap()
            .iter()
            .rev()
            .map(|sheet| sheet["text"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Mails that were caught.
    pub async fn mails(&self) -> Vec<Value> {
        http::get(self.outside.at.desk, "/desk/mails").await.unwrap().json().as_array().unwrap().clone()
    }

    /// A page of the center, as anybody's browser gets it.
    pub async fn center_page(&self, path: &str) -> Answer {
        http::get(self.center_at, path).await.unwrap()
    }

    /// Adds a text of its own to the story.
    pub fn quote(&mut self, heading: &str, lines: &[String]) {
        self.tell_screens();
        self.told.push_str(&tell::quoted(heading, lines));
    }

    // ---- the end ------------------------------------------------------------------------------

    /// Waits until nothing is open, proves the books, and gives the transcript.
    async fn end(mut self) -> String {
        self.tell_screens();
        self.until("no payment is open", async || {
            let report = self.verified();
            report["sound"] == true && tell::open_payments(&report) == 0
        })
        .await;
        let report = self.verified();
        let told = Told {
            story: &self.told,
            log: &self.outside.log.newest(usize::MAX),
            every_field: self.every_field,
            line_notes: self.line_notes,
            totals: self.totals,
            entries: &self.entries(),
            center: &self.exported(choba::admin::Which::Center),
            network: &self.exported(choba::admin::Which::Networks),
            papers: &self.papers().await,
            report: &report,
            ports: &BTreeMap::from([
                (self.center_at.port(), "CENTER"),
                (self.outside.at.desk.port(), "DESK"),
            ]),
        };
        told.text()
    }

    fn verified(&self) -> Value {
        let places = choba::admin::Places::find(self.folder.path(), None).unwrap();
        choba::admin::verify(&places, &self.clock).unwrap()
    }

    /// Where the house keeps its books.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}
