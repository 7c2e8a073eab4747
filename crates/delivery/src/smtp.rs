//! The mail server: SMTP with STARTTLS, TLS or nothing, with or without a login, as one URL says.

use crate::deliveries::Trouble;
use crate::limits;
use clock::Clock;
use lettre::message::Mailbox;
use lettre::transport::smtp::{Error as SmtpError, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use std::fmt;

/// Where mail goes out.
#[derive(Clone)]
pub struct MailSettings {
    /// `smtp://127.0.0.1:8725` (plain), `smtp://user:password@host:587?tls=required` (STARTTLS),
    /// `smtps://user:password@host` (TLS). Never shown: it may hold a password.
    pub url: String,
    /// The sender, for sending only (M-050): `no-reply@example.jp` or `Choba <no-reply@example.jp>`.
    pub from: String,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSettings").field("from", &self.from).finish_non_exhaustive()
    }
}

/// Settings that cannot work: one sentence for the person who started the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadMailSettings(String);

impl fmt::Display for BadMailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadMailSettings {}

/// The way to the mail server.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailer(from {})", self.from.email)
    }
}

/// How handing over a mail went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The server answers for it now.
    Taken,
    /// The server will never take it.
    Never(Trouble),
    /// Perhaps another time.
    NotNow(Trouble),
}

impl Mailer {
    /// Reads the settings; connects only when there is something to send.
    pub fn new(settings: &MailSettings) -> Result<Self, BadMailSettings> {
        let from: Mailbox = settings.from.parse().map_err(|_| {
            BadMailSettings(
                "the sender of mails (mail from) is not an address like no-reply@example.jp".into(),
            )
        })?;
        // The library's own words may repeat the URL with its password.
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.url).map_err(|_| {
            BadMailSettings(
                "the mail server's address is not like smtp://host:587?tls=required or smtps://user:password@host"
                    .into(),
            )
        })?;
        let pool = PoolConfig::new().max_size(limits::SMTP_CONNECTIONS);
        Ok(Self { transport: builder.timeout(Some(limits::SMTP_STEP)).pool_config(pool).build(), from })
    }

    pub(crate) fn from(&self) -> &Mailbox {
        &self.from
    }

    pub(crate) async fn send(&self, clock: &Clock, message: &Message) -> Sent {
        let bytes = message.formatted();
        let talk = self.transport.send_raw(message.envelope(), &bytes);
        match clock.timeout(limits::SMTP_WHOLE, talk).await {
            Ok(Ok(_)) => Sent::Taken,
            Ok(Err(error)) => told(&error),
            Err(_) => Sent::NotNow(Trouble::Unreachable),
        }
    }
}

fn told(error: &SmtpError) -> Sent {
    let code = error.status().map(u16::from);
    match code {
        // RFC 5321 4.2.1. A login that is refused (530, 534, 535) is our trouble, not the address's.
        Some(code @ (530 | 534 | 535)) => Sent::NotNow(Trouble::Later(code)),
        Some(code) if error.is_permanent() => Sent::Never(Trouble::Refused(code)),
        Some(code) => Sent::NotNow(Trouble::Later(code)),
        None if error.is_tls() => Sent::NotNow(Trouble::Tls),
        None => Sent::NotNow(Trouble::Unreachable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str, from: &str) -> MailSettings {
        MailSettings { url: url.to_owned(), from: from.to_owned() }
    }

    #[tokio::test]
    async fn every_way_of_reaching_a_server_is_understood() {
        for url in [
            "smtp://127.0.0.1:8725",
            "smtp://user:p%40ss@mail.example.jp:587?tls=required",
            "smtp://mail.example.jp?tls=opportunistic",
            "smtps://user:pass@mail.example.jp",
        ] {
            assert!(Mailer::new(&settings(url, "Choba <no-reply@example.jp>")).is_ok(), "{url}");
        }
    }

    #[tokio::test]
    async fn settings_that_cannot_work_are_one_sentence_without_the_password() {
        for (url, from) in [
            ("http://user:hunter2@mail.example.jp", "no-reply@example.jp"),
            ("hunter2", "no-reply@example.jp"),
            ("smtp://user:hunter2@mail.example.jp?tls=perhaps", "no-reply@example.jp"),
            ("smtp://127.0.0.1:8725", "nobody"),
        ] {
            let error = Mailer::new(&settings(url, from)).unwrap_err().to_string();
            assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
        }
        assert!(!format!("{:?}", settings("smtp://u:hunter2@h", "a@b.jp")).contains("hunter2"));
    }
}
