//! A mail server of the test: takes mails on a free port, answers by its script, keeps what it took.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with the next mail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Does {
    /// Refuses or defers the recipient with this line.
    Recipient(&'static str),
    /// Reads the mail and answers with this line.
    Data(&'static str),
    /// Hangs up in the middle of the mail.
    HangsUp,
}

/// One mail that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) raw: Vec<u8>,
}

#[derive(Default)]
struct Kept {
    script: VecDeque<Does>,
    taken: Vec<Taken>,
    said: Vec<String>,
}

/// The server; without a script it takes everything.
pub(crate) struct Server {
    port: u16,
    kept: Arc<Mutex<Kept>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Arc::new(Mutex::new(Kept::default()));
        let for_talks = Arc::clone(&kept);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&for_talks)));
            }
        });
        Self { port, kept }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The address with a login or options in it.
    pub(crate) fn url_with(&self, login: &str, options: &str) -> String {
        format!("smtp://{login}127.0.0.1:{}{options}", self.port)
    }

    /// Every command so far.
    pub(crate) fn said(&self) -> Vec<String> {
        self.kept.lock().unwrap().said.clone()
    }

    pub(crate) fn will(&self, script: &[Does]) {
        self.kept.lock().unwrap().script = script.iter().copied().collect();
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.kept.lock().unwrap().taken.clone()
    }
}

async fn talk(stream: TcpStream, kept: Arc<Mutex<Kept>>) -> Option<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read);
    write.write_all(b"220 test ESMTP\r\n").await.ok()?;
    let (mut from, mut to) = (String::new(), String::new());
    let mut next = None;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        kept.lock().unwrap().said.push(line.to_owned());
        let answer = match line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "EHLO" => "250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME".to_owned(),
            "MAIL" => {
                from = path(line);
                next = kept.lock().unwrap().script.pop_front();
                "250 2.1.0 ok".to_owned()
            }
            "RCPT" => {
                to = path(line);
                if let Some(Does::Recipient(answer)) = next { answer } else { "250 2.1.5 ok" }.to_owned()
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                let raw = data(&mut lines, matches!(next, Some(Does::HangsUp))).await?;
                if let Some(Does::Data(answer)) = next {
                    answer.to_owned()
                } else {
                    kept.lock().unwrap().taken.push(Taken { from: from.clone(), to: to.clone(), raw });
                    "250 2.0.0 taken".to_owned()
                }
            }
            // RFC 4616: nothing, user and password with zero bytes between, in base 64.
            "AUTH" if line == "AUTH PLAIN AHVzZXIAcEBzcw==" => "235 2.7.0 welcome".to_owned(),
            "AUTH" => "535 5.7.8 wrong".to_owned(),
            "QUIT" => return None,
            _ => "250 2.0.0 ok".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}

/// The mail up to its lone dot, with doubled dots single again; nothing when the server hangs up.
async fn data(lines: &mut (impl tokio::io::AsyncBufRead + Unpin), hang_up: bool) -> Option<Vec<u8>> {
    let mut raw = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line).await.ok()? == 0 || hang_up {
            return None;
        }
        if line == b".\r\n" {
            return Some(raw);
        }
        raw.extend(line.strip_prefix(b".").unwrap_or(&line));
    }
}

fn path(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
