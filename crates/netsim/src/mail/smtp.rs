//! One SMTP dialogue as a value: a line in, a reply out (RFC 5321, with SIZE of RFC 1870, 8BITMIME of
//! RFC 6152 and PIPELINING of RFC 2920). No socket, no clock.
//!
//! Two recipients are magic, so that a mailer's handling of refusals can be tried: the local part
//! `busy` is refused for now (451), `bounce` for ever (550).

use crate::limits;

/// What the client said so far.
#[derive(Debug, Default)]
pub struct Dialogue {
    greeted: bool,
    from: Option<String>,
    to: Vec<String>,
    data: Option<Vec<u8>>,
    too_big: bool,
}

/// A mail as it was handed over: the envelope and the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The reverse path; empty for a notice that must not bounce.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Header and body, dots already unstuffed.
    pub bytes: Vec<u8>,
}

/// What follows from a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Answer and go on.
    Say(String),
    /// A line of the mail: no answer.
    Hush,
    /// The mail is complete: keep it, then answer.
    Keep(Letter, String),
    /// Answer and hang up.
    Bye(String),
}

/// The first line of the server.
pub const GREETING: &str = "220 networks.choba.test ESMTP mail catcher, delivers nothing\r\n";
/// The answer to a line that is longer than any line may be.
pub const LINE_TOO_LONG: &str = "500 5.5.2 line too long\r\n";

impl Dialogue {
    /// Takes one line without its CR LF.
    pub fn line(&mut self, line: &[u8]) -> Next {
        if self.data.is_some() {
            return self.data_line(line);
        }
        let Ok(text) = std::str::from_utf8(line) else { return say("500 5.5.2 commands are text") };
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" => self.hello(verb, rest),
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest),
            "DATA" => self.start_data(),
            "RSET" => {
                self.reset();
                say("250 2.0.0 forgotten")
            }
            "NOOP" => say("250 2.0.0 still here"),
            "VRFY" => say("252 2.1.5 every address is taken"),
            "QUIT" => Next::Bye("221 2.0.0 bye\r\n".into()),
            _ => say("502 5.5.1 command not known here"),
        }
    }

    fn reset(&mut self) {
        *self = Self { greeted: self.greeted, ..Self::default() };
    }

    fn hello(&mut self, verb: &str, name: &str) -> Next {
        if name.trim().is_empty() {
            return say("501 5.5.4 who is calling?");
        }
        self.reset();
        self.greeted = true;
        if verb.eq_ignore_ascii_case("HELO") {
            return say("250 networks.choba.test");
        }
        Next::Say(format!(
            "250-networks.choba.test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-PIPELINING\r\n250 SIZE {}\r\n",
            limits::MAIL_BYTES
        ))
    }

    fn mail(&mut self, rest: &str) -> Next {
        if !self.greeted {
            return say("503 5.5.1 EHLO first");
        }
        if self.from.is_some() {
            return say("503 5.5.1 the sender is already known");
        }
        let Some((address, parameters)) = path(rest, "FROM:") else {
            return say("501 5.1.7 write MAIL FROM:<address>");
        };
        for parameter in parameters.split_ascii_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.to_ascii_uppercase().as_str() {
                "SIZE" => match value.parse::<usize>() {
                    Ok(size) if size <= limits::MAIL_BYTES => {}
                    Ok(_) => return say("552 5.3.4 the mail is too large"),
                    Err(_) => return say("501 5.5.4 SIZE is a number"),
                },
                "BODY" | "SMTPUTF8" => {}
                _ => return say("555 5.5.4 parameter not known here"),
            }
        }
        self.from = Some(address.to_owned());
        say("250 2.1.0 sender noted")
    }

    fn rcpt(&mut self, rest: &str) -> Next {
        if self.from.is_none() {
            return say("503 5.5.1 MAIL first");
        }
        let Some((address, _)) = path(rest, "TO:").filter(|(address, _)| address.contains('@')) else {
            return say("501 5.1.3 write RCPT TO:<address>");
        };
        match address.split('@').next() {
            Some("busy") => return say("451 4.3.0 this recipient is busy by its name, try later"),
            Some("bounce") => return say("550 5.1.1 this recipient does not exist by its name"),
            _ => {}
        }
        if self.to.len() >= limits::MAIL_RECIPIENTS {
            return say("452 4.5.3 too many recipients");
        }
        self.to.push(address.to_owned());
        say("250 2.1.5 recipient noted")
    }

    fn start_data(&mut self) -> Next {
        if self.to.is_empty() {
            return say("503 5.5.1 RCPT first");
        }
        self.data = Some(Vec::new());
        say("354 go on, end with a line of one dot")
    }

    fn data_line(&mut self, line: &[u8]) -> Next {
        if line == b"." {
            return self.end_data();
        }
        // RFC 5321, 4.5.2: a leading dot was doubled by the sender.
        let line = line.strip_prefix(b".").unwrap_or(line);
        if let Some(data) = &mut self.data {
            if data.len().saturating_add(line.len()) > limits::MAIL_BYTES {
                self.too_big = true;
                data.clear();
            }
            if !self.too_big {
                data.extend_from_slice(line);
                data.extend_from_slice(b"\r\n");
            }
        }
        Next::Hush
    }

    fn end_data(&mut self) -> Next {
        let (bytes, too_big) = (self.data.take().unwrap_or_default(), self.too_big);
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        self.reset();
        if too_big {
            return say("552 5.3.4 the mail is too large");
        }
        Next::Keep(Letter { from, to, bytes }, "250 2.0.0 caught\r\n".into())
    }
}

fn say(reply: &str) -> Next {
    Next::Say(format!("{reply}\r\n"))
}

/// `FROM:<a@b> SIZE=1` → (`a@b`, ` SIZE=1`).
fn path<'a>(rest: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let head = rest.get(..word.len())?;
    let tail = rest.get(word.len()..)?.trim_start();
    let (address, parameters) = tail.strip_prefix('<')?.split_once('>')?;
    let fits = head.eq_ignore_ascii_case(word)
        && address.len() <= limits::MAIL_ADDRESS
        && !address.contains(|c: char| c.is_control() || c == ' ');
    fits.then_some((address, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(lines: &[&str], expected: &Expect) {
        let mut dialogue = Dialogue::default();
        let mut out = String::new();
        for line in lines {
            out += &match dialogue.line(line.as_bytes()) {
                Next::Say(reply) => format!("{line}\n  {}", reply.trim_end().replace("\r\n", "\n  ")),
                Next::Hush => line.to_string(),
                Next::Keep(letter, reply) => {
                    let text = String::from_utf8(letter.bytes).unwrap();
                    format!("{line}\n  {} <{}> -> {:?} {text:?}", reply.trim_end(), letter.from, letter.to)
                }
                Next::Bye(reply) => format!("{line}\n  {} (hangs up)", reply.trim_end()),
            };
            out.push('\n');
        }
        expected.assert_eq(&out);
    }

    #[test]
    fn a_mail_is_caught_with_its_envelope_and_its_dots() {
        check(
            &[
                "EHLO center",
                "MAIL FROM:<receipt@choba.test> BODY=8BITMIME SIZE=300",
                "RCPT TO:<hana@example.test>",
                "DATA",
                "Subject: x",
                "",
                "..hidden",
                ".",
                "QUIT",
            ],
            &expect![[r#"
                EHLO center
                  250-networks.choba.test
                  250-8BITMIME
                  250-SMTPUTF8
                  250-PIPELINING
                  250 SIZE 10485760
                MAIL FROM:<receipt@choba.test> BODY=8BITMIME SIZE=300
                  250 2.1.0 sender noted
                RCPT TO:<hana@example.test>
                  250 2.1.5 recipient noted
                DATA
                  354 go on, end with a line of one dot
                Subject: x

                ..hidden
                .
                  250 2.0.0 caught <receipt@choba.test> -> ["hana@example.test"] "Subject: x\r\n\r\n.hidden\r\n"
                QUIT
                  221 2.0.0 bye (hangs up)
            "#]],
        );
    }

    #[test]
    fn commands_out_of_order_and_magic_recipients_are_refused() {
        check(
            &[
                "MAIL FROM:<a@b>",
                "EHLO",
                "HELO me",
                "RCPT TO:<a@b>",
                "DATA",
                "MAIL FROM:a@b",
                "MAIL FROM:<> SIZE=99999999",
                "MAIL FROM:<> RET=FULL",
                "MAIL FROM:<>",
                "MAIL FROM:<x@y>",
                "RCPT TO:<nobody>",
                "RCPT TO:<busy@example.test>",
                "RCPT TO:<bounce@example.test>",
                "DATA",
                "RSET",
                "RCPT TO:<a@b>",
                "NOOP",
                "STARTTLS",
            ],
            &expect![[r"
                MAIL FROM:<a@b>
                  503 5.5.1 EHLO first
                EHLO
                  501 5.5.4 who is calling?
                HELO me
                  250 networks.choba.test
                RCPT TO:<a@b>
                  503 5.5.1 MAIL first
                DATA
                  503 5.5.1 RCPT first
                MAIL FROM:a@b
                  501 5.1.7 write MAIL FROM:<address>
                MAIL FROM:<> SIZE=99999999
                  552 5.3.4 the mail is too large
                MAIL FROM:<> RET=FULL
                  555 5.5.4 parameter not known here
                MAIL FROM:<>
                  250 2.1.0 sender noted
                MAIL FROM:<x@y>
                  503 5.5.1 the sender is already known
                RCPT TO:<nobody>
                  501 5.1.3 write RCPT TO:<address>
                RCPT TO:<busy@example.test>
                  451 4.3.0 this recipient is busy by its name, try later
                RCPT TO:<bounce@example.test>
                  550 5.1.1 this recipient does not exist by its name
                DATA
                  503 5.5.1 RCPT first
                RSET
                  250 2.0.0 forgotten
                RCPT TO:<a@b>
                  503 5.5.1 MAIL first
                NOOP
                  250 2.0.0 still here
                STARTTLS
                  502 5.5.1 command not known here
            "]],
        );
    }

    #[test]
    fn a_mail_beyond_the_limit_is_refused_and_the_next_one_is_taken() {
        let mut dialogue = Dialogue::default();
        for line in ["EHLO me", "MAIL FROM:<>", "RCPT TO:<a@b>", "DATA"] {
            dialogue.line(line.as_bytes());
        }
        let long = vec![b'a'; 1_000_000];
        for _ in 0..11 {
            assert_eq!(dialogue.line(&long), Next::Hush);
        }
        assert_eq!(dialogue.line(b"."), say("552 5.3.4 the mail is too large"));
        for line in ["MAIL FROM:<>", "RCPT TO:<a@b>", "DATA", "x"] {
            dialogue.line(line.as_bytes());
        }
        assert!(matches!(dialogue.line(b"."), Next::Keep(letter, _) if letter.bytes == b"x\r\n"));
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm() {
        let mut dialogue = Dialogue::default();
        assert_eq!(dialogue.line(&[0xFF, 0xFE]), say("500 5.5.2 commands are text"));
        assert_eq!(dialogue.line("MAIL FRＯM:<a@b>".as_bytes()), say("503 5.5.1 EHLO first"));
    }
}
