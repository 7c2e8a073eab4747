//! The mail server: SMTP with STARTTLS, TLS or nothing, with or without a login, as one URL says.

use crate::deliveries::Trouble;
use crate::limits;
use clock::Clock;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
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
    /// Certificates, as PEM, that sign the mail server's own beside the public roots.
    pub ca_pem: Option<String>,
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
pub enum Sent {
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
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.url).map_err(|_| {
            BadMailSettings(
                "the mail server's address is not like smtp://host:587?tls=required or smtps://user:password@host"
                    .into(),
            )
        })?;
        if let Some(pem) = &settings.ca_pem {
            builder = builder.tls(tls_by(pem, &settings.url)?);
        }
        let pool = PoolConfig::new().max_size(limits::SMTP_CONNECTIONS);
        Ok(Self { transport: builder.timeout(Some(limits::SMTP_STEP)).pool_config(pool).build(), from })
    }

    pub(crate) fn from(&self) -> &Mailbox {
        &self.from
    }

    /// Hands a mail to the server.
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

/// The encryption that the address asks for, with these roots beside the public ones.
fn tls_by(pem: &str, url: &str) -> Result<Tls, BadMailSettings> {
    let bad = |why: &str| BadMailSettings(why.to_owned());
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(bad("the mail server's root certificates are not in a PEM file"));
    }
    let roots = Certificate::from_pem(pem.as_bytes())
        .map_err(|_| bad("the mail server's root certificates cannot be read"))?;
    let url: http::Uri = url.parse().map_err(|_| {
        bad("the mail server's address has signs that must be percent-encoded before it can be used with root certificates")
    })?;
    let host = url.host().unwrap_or_default().to_owned();
    let parameters = TlsParameters::builder(host)
        .add_root_certificate(roots)
        .build()
        .map_err(|_| bad("the mail server's root certificates cannot be used"))?;
    let wanted = |text: &str| url.query().unwrap_or_default().split('&').any(|part| part == text);
    match url.scheme_str() {
        Some("smtps") => Ok(Tls::Wrapper(parameters)),
        _ if wanted("tls=required") => Ok(Tls::Required(parameters)),
        _ if wanted("tls=opportunistic") => Ok(Tls::Opportunistic(parameters)),
        _ => Err(bad("root certificates need an address with encryption, smtps:// or ?tls=required")),
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
        MailSettings { url: url.to_owned(), from: from.to_owned(), ca_pem: None }
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
    #[tokio::test]
    async fn root_certificates_are_a_pem_file_and_need_encryption() {
        let with = |url: &str, pem: &str| {
            let ca_pem = Some(pem.to_owned());
            Mailer::new(&MailSettings { ca_pem, ..settings(url, "no-reply@example.jp") })
                .map(drop)
                .map_err(|error| error.to_string())
        };
        let wrong = with("smtps://user:hunter2@mail.example.jp", "hunter2").unwrap_err();
        assert!(wrong.contains("PEM") && !wrong.contains("hunter2"), "{wrong}");
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let refused = with("smtps://mail.example.jp", broken).unwrap_err();
        assert!(refused.contains("cannot be used"), "{refused}");
    }
}
