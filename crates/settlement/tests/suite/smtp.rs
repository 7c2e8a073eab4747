//! A real mail server (aiosmtpd) that demands STARTTLS and a login, with a certificate of the test's own.

use delivery::{MailSettings, Mailer};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// The server; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    said: Receiver<String>,
    folder: TempDir,
    ca_pem: String,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Server {
    /// With STARTTLS.
    pub(crate) fn start() -> Self {
        Self::begin(true)
    }

    /// One that offers no encryption.
    pub(crate) fn without_tls() -> Self {
        Self::begin(false)
    }

    fn begin(tls: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ca_pem, certificate, key) = certificates();
        let [certificate_file, key_file] =
            [("server.pem", certificate), ("server.key", key)].map(|(name, text)| {
                let file = folder.path().join(name);
                std::fs::write(&file, text).unwrap();
                file
            });
        let python = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|folder| folder.join(".venv/bin/python"))
            .find(|python| python.exists())
            .expect("no .venv: run `cargo xtask test`, which makes it from tests/requirements.txt");
        let mut command = Command::new(python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp_server.py")).arg(folder.path());
        if tls {
            command.args([certificate_file, key_file]);
        } else {
            command.args(["-", "-"]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (tell, said) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                drop(tell.send(line));
            }
        });
        let mut server = Self { child, input, said, folder, ca_pem, port: 0 };
        server.port = server.next().parse().unwrap();
        server
    }

    fn next(&self) -> String {
        self.said.recv_timeout(Duration::from_secs(30)).expect("the mail server says something")
    }

    /// What clients did since the last time.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.try_iter().collect()
    }

    /// The next recipient is answered by this.
    pub(crate) fn will(&mut self, answer: &str) {
        writeln!(self.input, "{answer}").unwrap();
        while self.next() != "told" {}
    }

    /// The mails that it took, the first one first.
    pub(crate) fn mails(&self) -> Vec<Vec<u8>> {
        (1..)
            .map_while(|number| std::fs::read(self.folder.path().join(format!("{number}.eml"))).ok())
            .collect()
    }

    /// A way to it with this password.
    pub(crate) fn mailer(&self, password: &str) -> Mailer {
        self.mailer_by(password, Some(self.ca_pem.clone()))
    }

    /// A way to it that trusts only the public roots.
    pub(crate) fn stranger(&self) -> Mailer {
        self.mailer_by("p%40ss", None)
    }

    fn mailer_by(&self, password: &str, ca_pem: Option<String>) -> Mailer {
        let url = format!("smtp://choba:{password}@127.0.0.1:{}?tls=required", self.port);
        let from = "Choba <no-reply@choba.example>".to_owned();
        Mailer::new(&MailSettings { url, from, ca_pem }).unwrap()
    }
}

/// A root, and a certificate of 127.0.0.1 with its key.
fn certificates() -> (String, String, String) {
    let root_key = KeyPair::generate().unwrap();
    let mut root = CertificateParams::new(Vec::<String>::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_pem = root.self_signed(&root_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let own = own.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
    (root_pem, own.pem(), key.serialize_pem())
}
