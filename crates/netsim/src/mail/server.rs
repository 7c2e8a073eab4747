//! The SMTP listener: one task a connection, each with its [`Dialogue`].

use super::inbox::Inbox;
use super::smtp::{Dialogue, GREETING, LINE_TOO_LONG, Next};
use crate::limits;
use clock::Clock;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Takes mails until the task is dropped.
pub async fn serve(listener: TcpListener, inbox: Inbox, clock: Clock) {
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
    loop {
        let stream = crate::tcp::accept(&listener, &clock).await;
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let (inbox, clock) = (inbox.clone(), clock.clone());
        tokio::spawn(async move {
            if let Err(error) = talk(stream, &inbox, &clock).await {
                tracing::debug!(%error, "a mail dialogue ended early");
            }
            drop(place);
        });
    }
}

async fn talk(stream: TcpStream, inbox: &Inbox, clock: &Clock) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut dialogue = Dialogue::default();
    let mut line = Vec::new();
    writer.write_all(GREETING.as_bytes()).await?;
    loop {
        line.clear();
        let Ok(read) = clock.timeout(limits::IDLE, read_line(&mut reader, &mut line)).await else {
            return Ok(());
        };
        match read? {
            Line::Whole => {}
            Line::TooLong => return writer.write_all(LINE_TOO_LONG.as_bytes()).await,
            Line::End => return Ok(()),
        }
        match dialogue.line(&line) {
            Next::Hush => {}
            Next::Say(reply) => writer.write_all(reply.as_bytes()).await?,
            Next::Keep(letter, reply) => {
                inbox.keep(&letter, clock.now());
                writer.write_all(reply.as_bytes()).await?;
            }
            Next::Bye(reply) => return writer.write_all(reply.as_bytes()).await,
        }
    }
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads up to CR LF and takes it off. A bare LF is part of the line (RFC 5321, 2.3.8).
async fn read_line(
    reader: &mut BufReader<tokio::net::tcp::OwnedReadHalf>,
    line: &mut Vec<u8>,
) -> io::Result<Line> {
    loop {
        let room = limits::MAIL_LINE.saturating_sub(line.len());
        let room = u64::try_from(room).unwrap_or(u64::MAX);
        if room == 0 {
            return Ok(Line::TooLong);
        }
        if (&mut *reader).take(room).read_until(b'\n', line).await? == 0 {
            return Ok(Line::End);
        }
        if line.ends_with(b"\r\n") {
            line.truncate(line.len().saturating_sub(2));
            return Ok(Line::Whole);
        }
    }
}
