//! The center: its slices in their order, one router, the workers beside it.
//!
//! Knows no rule of its own: who may do what stands in the slices' route tables, what happens to money
//! in acquiring. What is decided here is only what belongs together: which database, which network,
//! which authenticators, which workers, and what happens first when a process starts.

mod clerks;
mod export;
mod sales;
mod verify;

pub use export::{ExportError, export};
pub use verify::{AccountReport, Chain, Report, TenantReport, verify};

use acquiring::console::{self, Console};
use acquiring::networks::code_http::CodeNetwork;
pub use acquiring::networks::code_http::Gateway;
use acquiring::networks::line::Line;
use acquiring::places::Places;
use acquiring::refund::Refunds;
use acquiring::service::{Acquiring, Advices};
use axum::Router;
use center_base::outbox::Worker;
use center_base::{Base, Secrets, Table, health, jobs, peers};
use clock::Clock;
use delivery::{MailSettings, Mailer, Receipts};
use fleet::Fleet;
use pages::cookie::SessionCookie;
use pages::secure::{SecureConfig, secure};
use sales::AcquiredSales;
use settlement::Settlement;
use staff::Staff;
use std::future::Future;
use std::sync::Arc;
use store::{Db, Migration, OpenError, Space, TenantId, Url};
use tenancy::Tenancy;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Everything that a center needs to know to start.
#[derive(Clone)]
pub struct Settings {
    /// Whose center.
    pub tenant: TenantId,
    /// This process among several on one database: a name of the machine, a hyphen, something that no
    /// other run has (`a-4711`). After a crash the same machine's next run settles what this one left.
    pub instance: String,
    /// Where browsers and phones reach it, `http://127.0.0.1:8700`.
    pub public_url: String,
    /// The card network's `host:port`.
    pub card_network: String,
    /// The code brands that it is connected to, and as whom.
    pub code_brands: Vec<(payment::Brand, Gateway)>,
    /// Connections to the card network, one or two.
    pub connections: usize,
    /// How mail leaves.
    pub mail: MailSettings,
    /// Names the session cookie, together with the program.
    pub port: u16,
    /// Served by TLS, here or by a proxy in front.
    pub tls: bool,
    /// Host names beyond loopback that browsers may use.
    pub hosts: Vec<String>,
    /// Accept readers that are loaded with the published test keys; never with real cards.
    pub test_keys: bool,
    /// The room that its books have.
    pub space: Space,
    /// The root of this installation's secrets; never printed.
    pub root_key: [u8; 32],
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("tenant", &self.tenant)
            .field("instance", &self.instance)
            .field("public_url", &self.public_url)
            .field("card_network", &self.card_network)
            .field("mail", &self.mail)
            .finish_non_exhaustive()
    }
}

/// Why a center did not start: one sentence for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings of the code brands.
    #[error("the code brands cannot be asked: {0}")]
    CodeBrands(String),
    /// The mail settings.
    #[error("The mail settings cannot be used: {0}.")]
    Mail(String),
}

/// Every table of the center, in the order of the slices.
pub fn migrations() -> Vec<Migration> {
    [
        center_base::MIGRATIONS,
        tenancy::MIGRATIONS,
        staff::MIGRATIONS,
        fleet::MIGRATIONS,
        books::MIGRATIONS,
        acquiring::row::MIGRATIONS,
        acquiring::cases::MIGRATIONS,
        console::MIGRATIONS,
        acquiring::refund::MIGRATIONS,
        acquiring::cases::REFUND_MIGRATIONS,
        acquiring::totals::MIGRATIONS,
        acquiring::taken::MIGRATIONS,
        delivery::MIGRATIONS,
        settlement::MIGRATIONS,
    ]
    .concat()
}

/// Every statement of the center, for the test that prepares them all.
pub fn statements() -> Vec<&'static str> {
    [
        center_base::STATEMENTS,
        tenancy::STATEMENTS,
        staff::STATEMENTS,
        fleet::STATEMENTS,
        books::STATEMENTS,
        acquiring::row::STATEMENTS,
        acquiring::cases::STATEMENTS,
        acquiring::refund::STATEMENTS,
        acquiring::totals::STATEMENTS,
        acquiring::taken::STATEMENTS,
        acquiring::duplicates::STATEMENTS,
        console::STATEMENTS,
        delivery::STATEMENTS,
        settlement::statements().as_slice(),
    ]
    .concat()
}

/// Opens the center's database, applying what it lacks. Blocks; for start-up.
pub fn open_db(url: &Url, clock: Clock) -> Result<Db, OpenError> {
    Db::open(url, &migrations(), clock)
}

/// A center that is put together and not yet running.
pub struct Center {
    /// What every slice was handed.
    pub base: Base,
    /// Companies, shops, policies, contracts.
    pub tenancy: Tenancy,
    /// People and sessions.
    pub staff: Staff,
    /// Terminals and readers.
    pub fleet: Fleet,
    /// Payments.
    pub acquiring: Acquiring,
    /// What companies are paid.
    pub settlement: Settlement,
    console: Console,
    settlement_console: settlement::console::Console,
    receipts: Receipts,
    secure: SecureConfig,
    network_files: Option<std::path::PathBuf>,
}

impl Center {
    /// Puts the slices together on an open database. Nothing runs before [`Center::run`] or
    /// [`Center::serve`].
    pub fn open(db: Db, clock: Clock, settings: &Settings) -> Result<Self, StartError> {
        let secrets = Secrets::new(settings.root_key);
        let base =
            Base::new(db, clock.clone(), settings.tenant, &settings.instance, &settings.public_url, secrets);
        let tenancy = Tenancy::new(&base);
        let cookie = SessionCookie::new("center", settings.port, settings.tls);
        let staff = Staff::new(&base, &tenancy, cookie);
        let fleet = Fleet::new(&base, &tenancy);
        let line = Line::new(&settings.card_network, settings.connections, clock);
        let places = Places::new(&base, &tenancy);
        let places = if settings.test_keys { places.with_test_keys() } else { places };
        let codes = CodeNetwork::new(base.clock.clone(), settings.code_brands.iter().cloned());
        let codes = codes.map_err(StartError::CodeBrands)?;
        let acquiring = Acquiring::new(&base, line, places).with_codes(codes).within(settings.space.clone());
        let console = Console::new(&acquiring, &tenancy, &staff);
        // Only the base: who holds the console holds the staff, and would keep the database open for ever.
        let counting = base.clone();
        staff.count_open_by(Arc::new(move |scope| {
            let counting = counting.clone();
            Box::pin(async move { acquiring::console::open_cases(&counting, scope).await })
        }));
        let mailer = Mailer::new(&settings.mail).map_err(|error| StartError::Mail(error.to_string()))?;
        let sales = Arc::new(AcquiredSales { base: base.clone(), acquiring: acquiring.clone() });
        let settlement = Settlement::new(&base).with_mailer(mailer.clone());
        let settlement_console = settlement::console::Console::new(&settlement, &staff);
        let receipts = Receipts::new(base.clone(), sales, mailer, fleet::advance_counter);
        let mut secure = SecureConfig::loopback(settings.port);
        secure.tls = settings.tls;
        for host in &settings.hosts {
            secure = secure.host(host);
        }
        Ok(Self {
            base,
            tenancy,
            staff,
            fleet,
            acquiring,
            settlement,
            console,
            settlement_console,
            receipts,
            secure,
            network_files: None,
        })
    }

    /// Compares the networks' daily files that come into this folder.
    pub fn with_network_files(mut self, folder: std::path::PathBuf) -> Self {
        self.network_files = Some(folder);
        self
    }

    /// The one route table.
    pub fn table(&self) -> Table {
        Table::join([
            health::routes(self.base.clone()),
            staff::routes(self.staff.clone()),
            fleet::routes(self.fleet.clone()),
            clerks::routes(self.staff.clone()),
            acquiring::routes(self.acquiring.clone()),
            console::routes(self.console.clone()),
            delivery::routes(self.receipts.clone()),
            settlement::console::routes(self.settlement_console.clone()),
        ])
    }

    /// Pages, API and assets behind the guards: own host names, same-origin writes, strict headers.
    pub fn router(&self) -> Router {
        let authenticators = vec![self.fleet.authenticator(), self.staff.authenticator()];
        let routes =
            self.table().router(authenticators).merge(pages::assets::routes()).merge(pages::lang::routes());
        secure(routes, self.secure.clone())
    }

    /// The outbox's worker with every consumer.
    pub fn worker(&self) -> Worker {
        let advices = Arc::new(Advices(self.acquiring.clone()));
        let refunds = Arc::new(Refunds(self.acquiring.clone()));
        Worker::new(&self.base, vec![advices, refunds, Arc::new(self.receipts.clone())])
    }

    /// What works beside the router, until the future is dropped: the network's line, recovery and sweep
    /// of payments, the outbox, the jobs, and the eyes on other centers' changes.
    ///
    /// Recovery comes before the first new payment could be asked: see [`Center::serve`].
    pub async fn run(&self) {
        let mut jobs = vec![self.staff.sweep()];
        jobs.push(acquiring::cases::job());
        jobs.push(acquiring::totals::job(self.acquiring.clone()));
        jobs.extend(self.network_files.clone().map(acquiring::cases::network_files));
        jobs.extend(delivery::jobs());
        let mut tasks = JoinSet::new();
        let line = self.acquiring.line().clone();
        tasks.spawn(async move { line.run().await });
        let acquiring = self.acquiring.clone();
        tasks.spawn(async move { acquiring.run().await });
        let console = self.console.clone();
        tasks.spawn(async move { console.follow().await });
        tasks.spawn(self.worker().run());
        tasks.spawn(jobs::run(self.base.clone(), jobs));
        // Jobs run one after the other, and a closing is long.
        tasks.spawn(jobs::run(self.base.clone(), self.settlement.jobs()));
        tasks.spawn(peers::run(self.base.clone()));
        let base = self.base.clone();
        tasks.spawn(async move { base.follow_configuration().await });
        while tasks.join_next().await.is_some() {}
    }

    /// Serves until `until` is done: settles what an earlier run left, then accepts, and works beside it.
    /// A failed write of the database ends it with the reason.
    pub async fn serve(
        &self,
        listener: TcpListener,
        until: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), String> {
        health::start_metrics();
        self.base.refresh().await.map_err(|refusal| refusal.to_string())?;
        let left = self.acquiring.recover().await.map_err(|refusal| refusal.to_string())?;
        if left > 0 {
            tracing::warn!(
                payments = left,
                "payments of an earlier run were under way and are being reversed"
            );
        }
        // Open streams would keep the server from stopping.
        let console = self.console.clone();
        let until = async move {
            until.await;
            console.close();
        };
        let served = axum::serve(listener, self.router()).with_graceful_shutdown(until);
        tokio::select! {
            ended = served.into_future() => ended.map_err(|error| error.to_string()),
            () = self.run() => Ok(()),
            why = self.base.db.fatal() => Err(format!("the database failed and the center must start again: {why}")),
        }
    }
}

#[cfg(test)]
mod tests;
