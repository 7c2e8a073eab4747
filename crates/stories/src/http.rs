//! A small HTTP client: one request on one connection, as `curl` would do it.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Body as text.
    pub body: String,
    /// The cookies that it sets, as a browser sends them back.
    pub cookies: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|why| panic!("{why}: {}", self.body))
    }
}

/// `GET`.
pub async fn get(at: SocketAddr, path: &str) -> std::io::Result<Answer> {
    ask(at, "GET", path, "", ("", "")).await
}

/// `GET` with cookies.
pub async fn get_as(at: SocketAddr, path: &str, cookies: &str) -> std::io::Result<Answer> {
    ask(at, "GET", path, cookies, ("", "")).await
}

/// `POST` of JSON.
pub async fn post(at: SocketAddr, path: &str, body: &serde_json::Value) -> std::io::Result<Answer> {
    ask(at, "POST", path, "", ("application/json", &body.to_string())).await
}

/// `POST` of a form, as a page without script sends it.
pub async fn submit(at: SocketAddr, path: &str, fields: &[(&str, &str)]) -> std::io::Result<Answer> {
    submit_as(at, path, "", fields).await
}

/// The same with cookies.
pub async fn submit_as(
    at: SocketAddr,
    path: &str,
    cookies: &str,
    fields: &[(&str, &str)],
) -> std::io::Result<Answer> {
    let body: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    ask(at, "POST", path, cookies, ("application/x-www-form-urlencoded", &body.join("&"))).await
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

async fn ask(
    at: SocketAddr,
    method: &str,
    path: &str,
    cookies: &str,
    (kind, body): (&str, &str),
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(at).await?;
    let content = if kind.is_empty() {
        String::new()
    } else {
        format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len())
    };
    let cookies = if cookies.is_empty() { String::new() } else { format!("cookie: {cookies}\r\n") };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n{cookies}{content}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let body = if head.to_lowercase().contains("transfer-encoding: chunked") {
        joined(body)
    } else {
        body.to_owned()
    };
    let cookies: Vec<&str> = head
        .lines()
        .filter_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")))
        .filter_map(|(_, cookie)| cookie.split(';').next())
        .collect();
    Ok(Answer { status, body, cookies: cookies.join("; ") })
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
