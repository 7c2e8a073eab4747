//! A mail of plain text with one file: what other slices send through the same mail server.

use crate::Trouble;
use crate::address::MailAddress;
use crate::mail::words::one_line;
use crate::mail::{Unmade, instant, marked};
use crate::smtp::{Mailer, Sent};
use clock::Clock;
use i18n::Lang;
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

/// A mail with a file.
#[derive(Clone)]
pub struct FileMail {
    /// Where it goes.
    pub to: MailAddress,
    /// The name beside the send-only address; may be empty.
    pub sender: String,
    /// Where answers go; nowhere when there is none.
    pub reply_to: Option<MailAddress>,
    /// One line. Never holds amounts.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The text's language.
    pub lang: Lang,
    /// The left side of its Message-ID, the same whenever it is sent again: letters, digits, `-` and `.`.
    pub id: String,
    /// The file's name.
    pub file_name: String,
    /// The file's media type, `application/zip`.
    pub file_kind: &'static str,
    /// The file.
    pub file: Vec<u8>,
}

impl std::fmt::Debug for FileMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileMail").field("to", &self.to).field("id", &self.id).finish_non_exhaustive()
    }
}

impl Mailer {
    /// Hands a mail with a file to the mail server.
    pub async fn send_file(&self, clock: &Clock, mail: FileMail) -> Sent {
        let id = mail.id.clone();
        match message(mail, self.from(), clock.now_us()) {
            Ok(message) => self.send(clock, &message).await,
            Err(error) => {
                tracing::error!(id, %error, "a mail with a file could not be made");
                Sent::Never(Trouble::Unmade)
            }
        }
    }
}

fn message(mail: FileMail, from: &Mailbox, now_us: i64) -> Result<Message, Unmade> {
    let address = |address: &MailAddress| {
        let parsed =
            address.reveal().parse().map_err(|_| Unmade("the address is not one that can be sent to"));
        parsed.map(|parsed| Mailbox::new(None, parsed))
    };
    let kind = ContentType::parse(mail.file_kind).map_err(|_| Unmade("the file's media type"))?;
    let sender = one_line(&mail.sender);
    let name = (!sender.is_empty()).then_some(sender).or_else(|| from.name.clone());
    let mut builder = Message::builder()
        .from(Mailbox::new(name, from.email.clone()))
        .to(address(&mail.to)?)
        .subject(one_line(&mail.subject))
        .date(instant(now_us))
        .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())));
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(address(reply_to)?);
    }
    let body = MultiPart::mixed()
        .boundary(format!("choba-{}", mail.id))
        .singlepart(SinglePart::plain(mail.text))
        .singlepart(Attachment::new(mail.file_name).body(mail.file, kind));
    let message = builder.multipart(body).map_err(|_| Unmade("the mail's headers do not fit together"))?;
    marked(message, mail.lang)
}
