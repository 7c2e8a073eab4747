//! A receipt as a mail: HTML and text side by side (M-050), the pictures inside the mail.

mod html;
mod plain;
mod png;
pub(crate) mod words;

use crate::address::MailAddress;
use crate::sale::Sale;
use clock::tokyo_text;
use escpos::draw_strokes;
use i18n::{Lang, t, ta};
use jiff::Timestamp;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use receipt::{Copy, Document, Line, Printing};
use std::fmt;
use std::time::{Duration, SystemTime};

use crate::limits;

/// What is to be written to whom.
pub(crate) struct Letter<'a> {
    pub(crate) sale: &'a Sale,
    pub(crate) lang: Lang,
    pub(crate) copy: Copy,
    pub(crate) printing: Printing,
}

/// A mail that could not be made. Names no address.
#[derive(Debug)]
pub(crate) struct Unmade(pub(crate) &'static str);

impl fmt::Display for Unmade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Letter<'_> {
    /// The subject.
    pub(crate) fn subject(&self) -> String {
        let facts = &self.sale.facts;
        let shop = words::one_line(&facts.merchant.name);
        match self.copy {
            Copy::Customer => ta(self.lang, "mail-subject", &[("shop", &shop)]),
            Copy::Merchant => ta(
                self.lang,
                "mail-merchant-subject",
                &[("amount", &facts.amount.to_string()), ("id", &facts.public_id)],
            ),
        }
    }

    fn slip(&self) -> Document {
        self.sale.slip(self.copy, self.printing)
    }

    /// The whole mail: alternative(text, related(HTML, pictures)).
    pub(crate) fn message(
        &self,
        from: &Mailbox,
        to: &MailAddress,
        id: &[u8; 16],
        now_us: i64,
    ) -> Result<Message, Unmade> {
        let to = to.reveal().parse().map_err(|_| Unmade("the address is not one that can be sent to"))?;
        let id = hex::encode(id);
        let mut html = MultiPart::related()
            .boundary(format!("choba-html-{id}"))
            .singlepart(SinglePart::html(html::page(self)));
        for picture in self.pictures() {
            html = html.singlepart(picture);
        }
        let body = MultiPart::alternative()
            .boundary(format!("choba-{id}"))
            .singlepart(SinglePart::plain(plain::text(self)))
            .multipart(html);
        let message = Message::builder()
            .from(self.sender(from))
            .to(Mailbox::new(None, to))
            .subject(self.subject())
            .date(instant(now_us))
            .message_id(Some(format!("<{id}@{}>", from.email.domain())))
            .multipart(body)
            .map_err(|_| Unmade("the mail's headers do not fit together"))?;
        marked(message, self.lang)
    }

    /// The customer sees the shop as the sender; the address is the send-only one (M-050).
    fn sender(&self, from: &Mailbox) -> Mailbox {
        match self.copy {
            Copy::Customer => {
                Mailbox::new(Some(words::one_line(&self.sale.facts.merchant.name)), from.email.clone())
            }
            Copy::Merchant => from.clone(),
        }
    }

    /// What the slip shows as pictures, named as the HTML part names them (M-062).
    fn pictures(&self) -> Vec<SinglePart> {
        let mut parts = Vec::new();
        for line in self.slip().lines {
            let (name, raster) = match line {
                Line::Signature(strokes) => ("signature", draw_strokes(&strokes, limits::SIGNATURE_DOTS)),
                Line::Qr(code, _) if words::link(&code).is_none() => match png::qr(&code) {
                    Some(raster) => ("qr", raster),
                    None => continue,
                },
                _ => continue,
            };
            if let (Some(bytes), Ok(kind)) = (png::encode(&raster), ContentType::parse("image/png")) {
                let file = format!("{name}.png");
                parts.push(Attachment::new_inline_with_name(name.to_owned(), file).body(bytes, kind));
            }
        }
        parts
    }

    /// `2026/11/21 10:15:30` (M-069).
    fn date(&self) -> String {
        Timestamp::from_microsecond(self.sale.facts.taken_at_us).map(tokyo_text).unwrap_or_default()
    }

    /// The last day of the receipt's page.
    fn until(&self) -> String {
        words::day(self.sale.page_until())
    }

    fn t(&self, key: &str) -> String {
        t(self.lang, key)
    }
}

/// Tells other mail servers that a program wrote it, and in which language.
pub(crate) fn marked(mut message: Message, lang: Lang) -> Result<Message, Unmade> {
    // RFC 3834: no out-of-office note comes back to an address that nobody reads.
    for (name, value) in [("Auto-Submitted", "auto-generated"), ("Content-Language", lang.tag())] {
        let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|_| Unmade("a header's name"))?;
        message.headers_mut().insert_raw(HeaderValue::new(name, value.to_owned()));
    }
    Ok(message)
}

pub(crate) fn instant(us: i64) -> SystemTime {
    let since = Duration::from_micros(u64::try_from(us).unwrap_or(0));
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
