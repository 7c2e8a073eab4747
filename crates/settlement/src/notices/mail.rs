//! The mail job: notices go out from nine o'clock in Tokyo on their notice day, or as soon as they are issued after
//! that. The row says what was asked and what became of it, so a center that starts again goes on where it stopped.
//!
//! A notice is mailed once for each time that it is asked for. Only where the answer of the mail server is lost, or the
//! center dies between that answer and its row, does the same mail go twice; both then have the same Message-ID.

use super::rows::{self, Issued, MailState};
use super::{facts, issuer, password};
use crate::close::Settlement;
use crate::limits;
use crate::rows::{payees, payouts, terms, today};
use crate::rules::{PayoutState, ZipMode};
use center_base::{Base, Refusal, Secrets, audit};
use delivery::{FileMail, MailAddress, Mailer, Sent, Trouble};
use i18n::{Lang, t, ta};
use jiff::civil::Date;
use notice::{Mode, Notice, Password};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use store::{DbError, ReadTx, TenantId};

/// Everything that one mail is made of.
struct Parcel {
    issued: Issued,
    notice: Notice,
    to: Option<MailAddress>,
    password: Password,
    mode: Mode,
    issuer: issuer::Issuer,
    /// Its payout is held, and what it says is not paid.
    is_held: bool,
}

/// How a company's ZIPs are locked today (U-067).
pub(super) fn mode(tx: &mut ReadTx<'_>, tenant: TenantId, company: &str, on: Date) -> Result<Mode, DbError> {
    Ok(match terms::of_payment(tx, tenant, company)?.pay_terms(company, on).zip {
        ZipMode::Aes => Mode::Aes256,
        ZipMode::Zipcrypto => Mode::ZipCrypto,
    })
}

/// The next mail that is due: its notice, and the parcel or why there cannot be one.
type Next = (Issued, Result<Parcel, Refusal>);

fn next(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    secrets: &Secrets,
    now_us: i64,
) -> Result<Option<Next>, Refusal> {
    let Some(issued) = rows::due(tx, tenant, now_us)? else { return Ok(None) };
    let parcel = parcel(tx, tenant, secrets, now_us, &issued);
    Ok(Some((issued, parcel)))
}

fn parcel(
    tx: &mut ReadTx<'_>,
    tenant: TenantId,
    secrets: &Secrets,
    now_us: i64,
    issued: &Issued,
) -> Result<Parcel, Refusal> {
    let company = issued.company.as_str();
    let payee = payees::payee(tx, tenant, company)?;
    let password = password::current(tx, tenant, secrets, company)?;
    let (Some(payee), Some(password)) = (payee, password) else {
        return Err(Refusal::internal(format!("notice {} has no payee", issued.number)));
    };
    let payout = payouts::of_company(tx, tenant, issued.pay_on, company)?.pop();
    Ok(Parcel {
        is_held: payout.is_some_and(|payout| payout.state == PayoutState::Held),
        notice: facts::of(tx, tenant, issued)?,
        to: MailAddress::typed(&payee.facts.mail),
        password,
        mode: mode(tx, tenant, company, today(now_us))?,
        issuer: issuer::issuer(tx, tenant, today(now_us))?,
        issued: issued.clone(),
    })
}

/// The trouble of a notice whose payout is held: it would tell of money that does not come.
const HELD: &str = "held";

/// What became of a mail.
enum Fate {
    Mailed([u8; 32]),
    Later(Trouble),
    Never(MailState, String),
}

/// A trouble of the mail server or of our way to it, not of this mail: others would fare no better now.
fn is_general(trouble: Trouble) -> bool {
    // RFC 5321 4.2.1, RFC 4954 6: 421 closing, 454 login not now, 530 to 538 about the login.
    matches!(trouble, Trouble::Unreachable | Trouble::Tls | Trouble::Later(421 | 454 | 530..=538))
}

impl Settlement {
    /// One run: issues what is approved, then mails what is due, for five minutes at most.
    pub(crate) async fn notices_by_clock(&self) -> Result<(), Refusal> {
        // Counted from the beginning: another center may take the job over when its lease ends.
        let until_us = self.base.clock.now_us().saturating_add(micros(limits::NOTICE_RUN));
        self.issue_notices().await?;
        let Some(mailer) = &self.mailer else { return Ok(()) };
        for _ in 0..limits::NOTICE_MAILS_A_RUN {
            let now_us = self.base.clock.now_us();
            let (tenant, secrets) = (self.base.tenant, self.base.secrets.clone());
            let due = self.base.read(move |tx| next(tx, tenant, &secrets, now_us)).await?;
            let Some((issued, parcel)) = due.filter(|_| now_us <= until_us) else { break };
            let (number, asks, tries) = (issued.number, issued.asks, issued.tries);
            let fate = match parcel {
                Ok(parcel) => send(&self.base, mailer, parcel).await,
                Err(refusal) => unmade(&issued, &refusal),
            };
            let goes_on = !matches!(&fate, Fate::Later(trouble) if is_general(*trouble));
            self.note(number.to_string(), asks, tries, fate).await?;
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    /// Writes down what became of a mail.
    async fn note(&self, number: String, asks: i64, tries: i64, fate: Fate) -> Result<(), Refusal> {
        let is_last = tries.saturating_add(1) >= limits::NOTICE_TRIES;
        let (state, trouble, wait, pdf_hash) = match fate {
            Fate::Mailed(hash) => (MailState::Mailed, String::new(), Duration::ZERO, Some(hash)),
            Fate::Later(trouble) if is_last => (MailState::Failed, trouble.to_string(), Duration::ZERO, None),
            Fate::Later(trouble) => (MailState::Waiting, trouble.to_string(), pause(tries), None),
            Fate::Never(state, trouble) => (state, trouble, Duration::ZERO, None),
        };
        match state {
            MailState::Mailed => tracing::info!(number, "a payment notice was taken by the mail server"),
            MailState::Waiting => tracing::warn!(number, trouble, "a payment notice could not be mailed yet"),
            MailState::Failed | MailState::NoAddress => {
                tracing::warn!(number, trouble, "a payment notice could not be mailed");
            }
        }
        let of = format!("notice {number}");
        self.base
            .write_outcome(of, move |tx, _| {
                let due_us = tx.now_us().saturating_add(micros(wait));
                if let Some(hash) = &pdf_hash {
                    rows::mailed(tx, &number, asks, hash)?;
                    let about = format!("notice {number}");
                    let detail = serde_json::json!({ "pdf_sha256": hex::encode(hash), "ask": asks });
                    audit::record(
                        tx,
                        &audit::Act { who: crate::BY_ITSELF, what: "notice_mailed", about: &about, detail },
                    )?;
                    return Ok(());
                }
                Ok(rows::not_mailed(tx, &number, asks, state, &trouble, due_us)?)
            })
            .await
    }
}

/// How long a mail waits after so many tries before this one.
fn pause(tries: i64) -> Duration {
    let place = usize::try_from(tries).unwrap_or(usize::MAX);
    let [.., longest] = limits::NOTICE_PAUSES;
    limits::NOTICE_PAUSES.get(place).copied().unwrap_or(longest)
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// One notice that cannot be made keeps no other mail waiting.
fn unmade(issued: &Issued, why: &dyn std::fmt::Display) -> Fate {
    tracing::error!(number = %issued.number, %why, "a payment notice could not be made");
    Fate::Never(MailState::Failed, Trouble::Unmade.to_string())
}

/// Makes the mail and hands it over.
async fn send(base: &Base, mailer: &Mailer, parcel: Parcel) -> Fate {
    let Parcel { issued, notice, to, password, mode, issuer, is_held } = parcel;
    if is_held {
        return Fate::Never(MailState::Failed, HELD.to_owned());
    }
    let Some(to) = to else { return Fate::Never(MailState::NoAddress, String::new()) };
    if notice.hash() != issued.facts_hash {
        return unmade(&issued, &"it does not say any more what was issued");
    }
    let pdf = match notice::pdf(&notice) {
        Ok(pdf) => pdf,
        Err(error) => return unmade(&issued, &error),
    };
    let name = notice.number.pdf_name();
    let file = match notice::zip(&pdf, &name, notice.issued_on, &password, mode) {
        Ok(file) => file,
        Err(error) => return unmade(&issued, &error),
    };
    let letter = letter(Lang::Ja, &notice, &issued, &issuer);
    let reply_to = MailAddress::typed(&issuer.reply_to);
    let mail = FileMail {
        to,
        sender: if issuer.sender.is_empty() { issuer.name } else { issuer.sender },
        reply_to,
        subject: letter.subject,
        text: letter.text,
        lang: Lang::Ja,
        id: format!("notice-{}.{}", issued.number, issued.asks),
        file_name: notice.number.zip_name(),
        file_kind: "application/zip",
        file,
    };
    match mailer.send_file(&base.clock, mail).await {
        Sent::Taken => Fate::Mailed(Sha256::digest(&pdf).into()),
        Sent::NotNow(trouble) => Fate::Later(trouble),
        Sent::Never(trouble) => Fate::Never(MailState::Failed, trouble.to_string()),
    }
}

/// Subject and text of a mail; no amount is in either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// What the mail of a notice says in a language.
pub fn letter(lang: Lang, notice: &Notice, issued: &Issued, issuer: &issuer::Issuer) -> Letter {
    let day = match lang {
        Lang::Ja => issued.pay_on.strftime("%Y年%-m月%-d日").to_string(),
        Lang::En => issued.pay_on.to_string(),
    };
    let name = notice.issuer.name.as_str();
    let number = notice.number.to_string();
    let mut lines = vec![ta(lang, "notice-mail-company", &[("company", &notice.company)])];
    if !notice.contact.is_empty() {
        lines.push(ta(lang, "notice-mail-contact", &[("contact", &notice.contact)]));
    }
    lines.push(String::new());
    lines.push(ta(lang, "notice-mail-opening", &[("issuer", name)]));
    lines.push(ta(lang, "notice-mail-announce", &[("day", &day), ("number", &number)]));
    if issued.asks > 1 {
        lines.push(t(lang, "notice-mail-again"));
    }
    lines.extend([String::new(), t(lang, "notice-mail-password"), t(lang, "notice-mail-questions")]);
    lines.extend([String::new(), name.to_owned()]);
    lines.extend(notice.issuer.address.iter().cloned());
    if !notice.issuer.phone.is_empty() {
        lines.push(ta(lang, "mail-phone", &[("phone", &notice.issuer.phone)]));
    }
    if issuer.reply_to.is_empty() {
        lines.extend([String::new(), t(lang, "mail-send-only")]);
    }
    lines.push(String::new());
    Letter {
        subject: ta(lang, "notice-mail-subject", &[("issuer", name), ("day", &day)]),
        text: lines.join("\r\n"),
    }
}
