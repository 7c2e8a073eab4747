//! A small HTTP client of the harness. Its lines begin at an address of their own, so that the preloaded
//! library can tell them from the product's.

use anyhow::{Context as _, Result};
use serde_json::Value;
use socket2::{Domain, Socket, Type};
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Where the harness's own lines begin.
pub const OBSERVER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

/// How long an answer may take; a process that is stopped or dead must not stop the harness.
const PATIENCE: Duration = Duration::from_secs(8);

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// Body.
    pub body: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// GET.
pub fn get(at: SocketAddr, path: &str) -> Result<Answer> {
    ask(at, "GET", path, "", "")
}

/// POST with JSON.
pub fn post(at: SocketAddr, path: &str, body: &Value) -> Result<Answer> {
    ask(at, "POST", path, "application/json", &body.to_string())
}

/// GET as somebody who is signed in.
pub fn get_as(at: SocketAddr, path: &str, cookie: &str) -> Result<Answer> {
    send(at, &format!("GET {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n"))
}

/// Signs in to the console and gives the session's cookie.
pub fn sign_in(at: SocketAddr, login: &str, password: &str) -> Result<String> {
    let body = format!("login={login}&password={password}");
    let answer = submit(at, "/login", &body)?;
    let cookie = answer.head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        (name.eq_ignore_ascii_case("set-cookie")).then(|| value.split(';').next().unwrap_or("").to_owned())
    });
    cookie.with_context(|| format!("{login} may not sign in: {} {}", answer.status, answer.body))
}

/// DELETE.
pub fn delete(at: SocketAddr, path: &str) -> Result<Answer> {
    ask(at, "DELETE", path, "", "")
}

/// POST of a form.
pub fn submit(at: SocketAddr, path: &str, body: &str) -> Result<Answer> {
    ask(at, "POST", path, "application/x-www-form-urlencoded", body)
}

fn ask(at: SocketAddr, method: &str, path: &str, kind: &str, body: &str) -> Result<Answer> {
    let content = if kind.is_empty() {
        String::new()
    } else {
        format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len())
    };
    send(at, &format!("{method} {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n{content}\r\n{body}"))
}

fn send(at: SocketAddr, request: &str) -> Result<Answer> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(IpAddr::V4(OBSERVER), 0).into())?;
    socket.connect_timeout(&at.into(), PATIENCE)?;
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").context("no answer")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { joined(body) } else { body.to_owned() };
    Ok(Answer { status, head: head.to_owned(), body })
}

/// A chunked body in one piece.
fn joined(body: &str) -> String {
    let mut out = String::new();
    let mut rest = body;
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        out.push_str(after.get(..size).unwrap_or(after));
        rest = after.get(size..).unwrap_or("").trim_start_matches("\r\n");
    }
    out
}
