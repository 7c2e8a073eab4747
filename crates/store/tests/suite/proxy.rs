//! A line to the server that can be cut at the worst moment: just before or just after a COMMIT.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use store::Url;

/// When the line is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Not at all.
    Never,
    /// The next COMMIT does not reach the server.
    BeforeCommit,
    /// The next COMMIT reaches the server; its answer does not come back.
    AfterCommit,
    /// As before, and no later connection gets through.
    EverythingAfterCommit,
    /// The client loses the line at the next COMMIT, which reaches the server only at [`Proxy::release`].
    HoldCommit,
    /// Every connection, the standing ones at their next word.
    Everything,
}

pub(crate) struct Proxy {
    pub(crate) url: Url,
    plan: Arc<Mutex<Plan>>,
}

struct Plan {
    cut: Cut,
    cuts: u32,
    held: Option<(Line, Vec<u8>)>,
}

/// What becomes of bytes from the client.
enum Verdict {
    Go,
    Hold,
    Stop,
}

/// Either kind of socket, as two ends that can be closed from anywhere.
#[derive(Clone)]
enum Line {
    Tcp(Arc<TcpStream>),
    Unix(Arc<UnixStream>),
}

impl Line {
    fn to_server(config: &postgres::Config) -> Self {
        let port = config.get_ports().first().copied().unwrap_or(5432);
        match &config.get_hosts()[0] {
            postgres::config::Host::Tcp(host) => {
                Self::Tcp(Arc::new(TcpStream::connect((host.as_str(), port)).unwrap()))
            }
            postgres::config::Host::Unix(folder) => {
                Self::Unix(Arc::new(UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).unwrap()))
            }
        }
    }

    fn read(&self, bytes: &mut [u8]) -> usize {
        match self {
            Self::Tcp(line) => (&**line).read(bytes),
            Self::Unix(line) => (&**line).read(bytes),
        }
        .unwrap_or(0)
    }

    fn write(&self, bytes: &[u8]) {
        // A line that is cut meanwhile is noticed at its reading end.
        drop(match self {
            Self::Tcp(line) => (&**line).write_all(bytes),
            Self::Unix(line) => (&**line).write_all(bytes),
        });
    }

    fn close(&self) {
        drop(match self {
            Self::Tcp(line) => line.shutdown(Shutdown::Both),
            Self::Unix(line) => line.shutdown(Shutdown::Both),
        });
    }
}

impl Proxy {
    /// Listens on a port of its own in front of the server of `url`.
    pub(crate) fn start(url: &Url) -> Self {
        let Url::Postgres(text) = url else { unreachable!("a PostgreSQL database") };
        let config: postgres::Config = text.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let user = config.get_user().unwrap_or("postgres");
        let secret =
            config.get_password().map_or_else(String::new, |p| format!(":{}", String::from_utf8_lossy(p)));
        let url = format!("postgres://{user}{secret}@127.0.0.1:{port}/{}", config.get_dbname().unwrap());
        let plan = Arc::new(Mutex::new(Plan { cut: Cut::Never, cuts: 0, held: None }));
        let shared = Arc::clone(&plan);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = Line::Tcp(Arc::new(client.unwrap()));
                if shared.lock().unwrap().cut == Cut::Everything {
                    client.close();
                    continue;
                }
                connect(&client, &Line::to_server(&config), &shared);
            }
        });
        Self { url: url.parse().unwrap(), plan }
    }

    pub(crate) fn cut(&self, cut: Cut) {
        self.plan.lock().unwrap().cut = cut;
    }

    /// Lets the held COMMIT go on to the server.
    pub(crate) fn release(&self) {
        let (server, bytes) = self.plan.lock().unwrap().held.take().unwrap();
        server.write(&bytes);
    }

    pub(crate) fn cuts(&self) -> u32 {
        self.plan.lock().unwrap().cuts
    }
}

/// Carries bytes both ways until either side closes or the plan says so.
fn connect(client: &Line, server: &Line, plan: &Arc<Mutex<Plan>>) {
    let mute = Arc::new(AtomicBool::new(false));
    thread::spawn({
        let (client, server, mute) = (client.clone(), server.clone(), Arc::clone(&mute));
        move || {
            let mut bytes = vec![0; 65_536];
            loop {
                let count = server.read(&mut bytes);
                if count == 0 || mute.load(Ordering::SeqCst) {
                    break;
                }
                client.write(&bytes[..count]);
            }
            client.close();
            server.close();
        }
    });
    let (client, server, plan) = (client.clone(), server.clone(), Arc::clone(plan));
    thread::spawn(move || {
        let mut bytes = vec![0; 65_536];
        loop {
            let count = client.read(&mut bytes);
            let verdict = if count == 0 { Verdict::Stop } else { judge(&bytes[..count], &plan, &mute) };
            match verdict {
                Verdict::Go => server.write(&bytes[..count]),
                Verdict::Hold => {
                    plan.lock().unwrap().held = Some((server, bytes[..count].to_vec()));
                    return client.close();
                }
                Verdict::Stop => break,
            }
        }
        if !mute.load(Ordering::SeqCst) {
            client.close();
            server.close();
        }
    });
}

/// Whether these bytes may go on to the server; sets `mute` when the answer must not come back.
fn judge(bytes: &[u8], plan: &Mutex<Plan>, mute: &AtomicBool) -> Verdict {
    let commit = bytes.windows(7).any(|window| window == b"COMMIT\0");
    let mut plan = plan.lock().unwrap();
    let cut = plan.cut;
    match cut {
        Cut::Never => return Verdict::Go,
        Cut::Everything => return Verdict::Stop,
        _ if !commit => return Verdict::Go,
        _ => {}
    }
    plan.cuts += 1;
    plan.cut = if cut == Cut::EverythingAfterCommit { Cut::Everything } else { Cut::Never };
    mute.store(cut != Cut::BeforeCommit, Ordering::SeqCst);
    match cut {
        Cut::BeforeCommit => Verdict::Stop,
        Cut::HoldCommit => Verdict::Hold,
        _ => Verdict::Go,
    }
}
