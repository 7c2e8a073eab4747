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
        let plan = Arc::new(Mutex::new(Plan { cut: Cut::Never, cuts: 0 }));
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
            if count == 0 || !pass(&bytes[..count], &plan, &mute) {
                break;
            }
            server.write(&bytes[..count]);
        }
        if !mute.load(Ordering::SeqCst) {
            client.close();
            server.close();
        }
    });
}

/// Whether these bytes may go on to the server; sets `mute` when the answer must not come back.
fn pass(bytes: &[u8], plan: &Mutex<Plan>, mute: &AtomicBool) -> bool {
    let commit = bytes.windows(7).any(|window| window == b"COMMIT\0");
    let mut plan = plan.lock().unwrap();
    match plan.cut {
        Cut::Never => true,
        Cut::Everything => false,
        _ if !commit => true,
        Cut::BeforeCommit => {
            *plan = Plan { cut: Cut::Never, cuts: plan.cuts + 1 };
            false
        }
        Cut::AfterCommit | Cut::EverythingAfterCommit => {
            let next = if plan.cut == Cut::AfterCommit { Cut::Never } else { Cut::Everything };
            *plan = Plan { cut: next, cuts: plan.cuts + 1 };
            mute.store(true, Ordering::SeqCst);
            true
        }
    }
}
