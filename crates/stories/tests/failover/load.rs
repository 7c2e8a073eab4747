//! The load: every terminal pays as fast as it is answered, by the product's own client, and asks for what
//! had no answer by its id, as a terminal does.

use crate::cast::Terminal;
use crate::reader::Till;
use crate::town::Town;
use anyhow::{Result, bail};
use center_api::{CenterClient, Counter, Fault, PaymentView, ReversalRequest, Signer};
use clock::Clock;
use codes::{MoneyTaken, api};
use payment::PaymentId;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// As the terminal's policy has it; a center that waits for its database answers later than usual.
const ANSWER: Duration = Duration::from_secs(35);
/// Looks for one payment, with the pause below between them.
const LOOKS: u32 = 600;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// How the payments ended, as the terminals were told.
#[derive(Default)]
pub(crate) struct Settled {
    /// Money was taken: the sum in yen.
    pub(crate) taken: BTreeMap<PaymentId, i64>,
    /// No money was taken.
    pub(crate) not_taken: Vec<PaymentId>,
    /// Of all of them, those that had no answer at first, and of these the taken ones.
    pub(crate) by_id: usize,
    pub(crate) by_id_taken: usize,
}

impl Settled {
    pub(crate) fn extend(&mut self, other: Self) {
        self.taken.extend(other.taken);
        self.not_taken.extend(other.not_taken);
        self.by_id += other.by_id;
        self.by_id_taken += other.by_id_taken;
    }

    fn note(&mut self, id: PaymentId, yen: i64, taken: bool) {
        if taken {
            self.taken.insert(id, yen);
        } else {
            self.not_taken.push(id);
        }
    }
}

/// A terminal with its reader and cards. They live on through all rounds: a reader that counted from one again
/// would be refused by the network, as every copy of a reader is.
pub(crate) type WithReader = (Till, Terminal);

/// A load under way.
pub(crate) struct Load {
    runtime: Runtime,
    terminals: JoinSet<Result<(WithReader, Settled)>>,
    stop: Arc<AtomicBool>,
    approved: Arc<AtomicUsize>,
    begun: Instant,
}

/// Grows over the rounds: the machine's time in milliseconds begins it.
struct Numbers(AtomicI64);

impl Counter for Numbers {
    fn next(&self) -> Result<i64, String> {
        Ok(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

impl Load {
    /// All terminals begin.
    pub(crate) fn start(town: &Town, all: Vec<WithReader>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let (stop, approved) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (begun, mut terminals) = (Instant::now(), JoinSet::new());
        for (till, terminal) in all {
            let client = CenterClient::new(&[format!("http://{}", town.center)], Clock::real(), ANSWER)?;
            let counter = Arc::new(Numbers(AtomicI64::new(Clock::real().now_us() / 1_000)));
            let Terminal { id, key, .. } = terminal.clone();
            let signer = Signer { terminal: id, key: Arc::new(key), counter };
            let pays = Pays { client, signer, stop: Arc::clone(&stop), approved: Arc::clone(&approved) };
            let work = async move {
                let (till, settled) = pays.on(till).await?;
                Ok(((till, terminal), settled))
            };
            terminals.spawn_on(work, runtime.handle());
        }
        Ok(Self { runtime, terminals, stop, approved, begun })
    }

    /// Payments approved so far.
    pub(crate) fn approved(&self) -> usize {
        self.approved.load(Ordering::Relaxed)
    }

    /// Payments approved in a second so far.
    pub(crate) fn per_second(&self) -> u128 {
        self.approved() as u128 * 1_000 / self.begun.elapsed().as_millis().max(1)
    }

    /// Nobody begins another payment; returns when every one has ended.
    pub(crate) fn end(mut self) -> Result<(Vec<WithReader>, Settled)> {
        self.stop.store(true, Ordering::Relaxed);
        self.runtime.block_on(async {
            let (mut all, mut ended) = (Vec::new(), Settled::default());
            while let Some(done) = self.terminals.join_next().await {
                let (terminal, settled) = done??;
                all.push(terminal);
                ended.extend(settled);
            }
            Ok((all, ended))
        })
    }
}

/// One terminal.
struct Pays {
    client: CenterClient,
    signer: Signer,
    stop: Arc<AtomicBool>,
    approved: Arc<AtomicUsize>,
}

impl Pays {
    async fn on(self, mut till: Till) -> Result<(Till, Settled)> {
        let (clock, mut settled) = (Clock::real(), Settled::default());
        while !self.stop.load(Ordering::Relaxed) {
            let mut random = [0; 10];
            getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
            let request = till.request(PaymentId::mint(clock.now_us(), random)).await?;
            let (id, yen) = (request.id, request.amount.get());
            let taken = match self.client.pay(&self.signer, &request).await {
                Ok(view) if view.state.is_final() => view.money_taken == MoneyTaken::Yes,
                Err(Fault::NotSent(_)) => false,
                Err(Fault::Refused(problem)) if problem.money_taken == MoneyTaken::No => false,
                Ok(_) | Err(Fault::Unknown(_) | Fault::Refused(_)) => {
                    let undo = ReversalRequest {
                        amount: request.amount,
                        method: request.method,
                        class: request.class,
                        reason: api::UNAVAILABLE,
                    };
                    settled.by_id += 1;
                    let taken = self.found(id, &undo).await?.money_taken == MoneyTaken::Yes;
                    settled.by_id_taken += usize::from(taken);
                    taken
                }
            };
            settled.note(id, yen, taken);
            self.approved.fetch_add(usize::from(taken), Ordering::Relaxed);
        }
        Ok((till, settled))
    }

    /// Asks by id until it has ended. What the center never heard of is undone, so that it cannot come late.
    async fn found(&self, id: PaymentId, undo: &ReversalRequest) -> Result<PaymentView> {
        for _ in 0..LOOKS {
            let view = match self.client.payment(&self.signer, id).await {
                Ok(None) => self.client.reverse(&self.signer, id, undo).await.ok(),
                Ok(view) => view,
                Err(_) => None,
            };
            if let Some(view) = view.filter(|view| view.state.is_final()) {
                return Ok(view);
            }
            Clock::real().sleep(BETWEEN_LOOKS).await;
        }
        bail!("{id} does not end")
    }
}
