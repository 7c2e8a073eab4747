//! The caught mails, newest first, in memory.

use super::smtp::Letter;
use crate::limits;
use jiff::Timestamp;
use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// A caught mail, read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// 1 for the first mail since the program started.
    pub id: u64,
    /// When it was handed over.
    pub received_at: Timestamp,
    /// The reverse path of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The subject, decoded; empty without one.
    pub subject: String,
    /// The text part, if there is one.
    pub text: Option<String>,
    /// The HTML part, if there is one. Untrusted: show it in a sandbox only.
    pub html: Option<String>,
    /// Names of attachments.
    pub attachments: Vec<String>,
    /// Size of header and body, bytes.
    pub bytes: usize,
}

/// The inbox. Cheap to clone; all clones are the same inbox.
#[derive(Clone)]
pub struct Inbox(Arc<Shelf>);

struct Shelf {
    mails: Mutex<Mails>,
    arrived: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Mails {
    newest_first: VecDeque<Mail>,
    last_id: u64,
}

impl Inbox {
    /// An empty inbox; `arrived` is called after every mail.
    pub fn new(arrived: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shelf { mails: Mutex::default(), arrived: Box::new(arrived) }))
    }

    /// Reads a letter and keeps it.
    pub fn keep(&self, letter: &Letter, now: Timestamp) {
        {
            let mut mails = self.0.mails.lock().unwrap_or_else(PoisonError::into_inner);
            mails.last_id = mails.last_id.saturating_add(1);
            let mail = read(letter, mails.last_id, now);
            mails.newest_first.push_front(mail);
            mails.newest_first.truncate(limits::MAILS_KEPT);
        }
        (self.0.arrived)();
    }

    /// Every kept mail, newest first.
    pub fn all(&self) -> Vec<Mail> {
        self.lock().newest_first.iter().cloned().collect()
    }

    /// A mail by its id.
    pub fn get(&self, id: u64) -> Option<Mail> {
        self.lock().newest_first.iter().find(|mail| mail.id == id).cloned()
    }

    /// How many mails are kept.
    pub fn count(&self) -> usize {
        self.lock().newest_first.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Mails> {
        self.0.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A letter that is no mail at all is shown as the text that it is.
fn read(letter: &Letter, id: u64, received_at: Timestamp) -> Mail {
    let message = MessageParser::default().parse(&letter.bytes);
    let as_text = || Some(String::from_utf8_lossy(&letter.bytes).into_owned());
    Mail {
        id,
        received_at,
        from: letter.from.clone(),
        to: letter.to.clone(),
        subject: message.as_ref().and_then(Message::subject).unwrap_or_default().to_owned(),
        text: message.as_ref().map_or_else(as_text, text_part),
        html: message.as_ref().and_then(html_part),
        attachments: message.as_ref().map(attachments).unwrap_or_default(),
        bytes: letter.bytes.len(),
    }
}

fn text_part(message: &Message<'_>) -> Option<String> {
    message.text_bodies().find_map(|part| match &part.body {
        PartType::Text(text) => Some(text.clone().into_owned()),
        _ => None,
    })
}

fn html_part(message: &Message<'_>) -> Option<String> {
    message.html_bodies().find_map(|part| match &part.body {
        PartType::Html(html) => Some(html.clone().into_owned()),
        _ => None,
    })
}

fn attachments(message: &Message<'_>) -> Vec<String> {
    message.attachments().map(|part| part.attachment_name().unwrap_or("?").to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caught(text: &str) -> Mail {
        let inbox = Inbox::new(|| ());
        let letter = Letter {
            from: "receipt@choba.test".into(),
            to: vec!["hana@example.test".into()],
            bytes: text.replace('\n', "\r\n").into_bytes(),
        };
        inbox.keep(&letter, Timestamp::UNIX_EPOCH);
        inbox.get(1).unwrap()
    }

    #[test]
    fn subject_text_and_html_are_read() {
        let mail = caught(
            "Subject: =?utf-8?B?44GU5Yip55So5o6n44GI?=\nMIME-Version: 1.0\n\
             Content-Type: multipart/alternative; boundary=x\n\n\
             --x\nContent-Type: text/plain; charset=utf-8\n\nAmount 880\n\
             --x\nContent-Type: text/html; charset=utf-8\n\n<b>880</b>\n--x--\n",
        );
        assert_eq!(mail.subject, "ご利用控え");
        assert_eq!(mail.text.as_deref().map(str::trim), Some("Amount 880"));
        assert_eq!(mail.html.as_deref().map(str::trim), Some("<b>880</b>"));
    }

    #[test]
    fn a_plain_mail_has_no_html_and_an_html_mail_no_text() {
        let plain = caught("Subject: a\n\nhello\n");
        assert_eq!((plain.text.as_deref().map(str::trim), plain.html), (Some("hello"), None));
        let html = caught("Subject: a\nContent-Type: text/html\n\n<p>hello\n");
        assert_eq!((html.text, html.html.as_deref().map(str::trim)), (None, Some("<p>hello")));
    }

    #[test]
    fn only_the_newest_mails_are_kept() {
        let inbox = Inbox::new(|| ());
        let letter = Letter { from: String::new(), to: vec![], bytes: b"Subject: x\r\n\r\ny\r\n".to_vec() };
        for _ in 0..=limits::MAILS_KEPT {
            inbox.keep(&letter, Timestamp::UNIX_EPOCH);
        }
        assert_eq!(inbox.count(), limits::MAILS_KEPT);
        assert_eq!((inbox.get(1), inbox.all()[0].id), (None, 201));
    }
}
