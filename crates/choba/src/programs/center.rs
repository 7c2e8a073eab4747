//! `choba center`: the operator's server.

use super::StartFault;
use center::Center;
use clock::Clock;
use delivery::MailSettings;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use store::{Space, TenantId, Url};

/// The tenant of a center that serves one scheme.
pub const TENANT: TenantId = TenantId(1);

/// What a center is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folder of its secrets, and of its database when that is SQLite.
    pub data: PathBuf,
    /// Time.
    pub clock: Clock,
    /// The database; the folder's own SQLite file when none is named.
    pub database: Url,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where browsers and phones reach it.
    pub public_url: String,
    /// The card network, `host:port`.
    pub card_network: String,
    /// The code brands, in front of `/{brand}/v2/…`; without it no code is taken.
    pub code_gateway: Option<center::Gateway>,
    /// SMTP, `smtp://host:port`.
    pub smtp: String,
    /// A PEM file of root certificates that sign the mail server's own, beside the public ones.
    pub smtp_ca: Option<PathBuf>,
    /// The send-only sender of mails.
    pub mail_from: String,
    /// The machine's name among several centers on one database.
    pub instance: String,
    /// Host names beyond loopback that browsers may use.
    pub hosts: Vec<String>,
    /// Behind a proxy that speaks TLS.
    pub tls: bool,
    /// Accept readers that are loaded with the published test keys.
    pub test_keys: bool,
}

impl Settings {
    /// For a center of this folder whose books are opened by a tool or test, and which does not serve.
    pub fn unserved(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            clock: Clock::real(),
            database: own_database(data),
            listen: SocketAddr::from(([127, 0, 0, 1], 1)),
            public_url: "http://127.0.0.1:1".to_owned(),
            card_network: "127.0.0.1:1".to_owned(),
            code_gateway: None,
            smtp: "smtp://127.0.0.1:1".to_owned(),
            smtp_ca: None,
            mail_from: "no-reply@choba.example".to_owned(),
            instance: "a".to_owned(),
            hosts: Vec::new(),
            tls: false,
            test_keys: false,
        }
    }
}

/// The center's own SQLite file in its folder.
pub fn own_database(data: &Path) -> Url {
    Url::Sqlite(data.join("center.sqlite"))
}

/// Opens the database and puts the slices together. Blocks; for start-up.
pub fn open(settings: &Settings) -> Result<Center, StartFault> {
    super::folder(&settings.data)?;
    let db = center::open_db(&settings.database, settings.clock.clone()).map_err(StartFault::new)?;
    let told = center::Settings {
        tenant: TENANT,
        // The last part differs in every run, so that what an earlier run left is known as such.
        instance: format!("{}-{}", settings.instance, std::process::id()),
        public_url: settings.public_url.clone(),
        card_network: settings.card_network.clone(),
        code_brands: code_brands(settings.code_gateway.as_ref()),
        connections: 2,
        mail: mail(settings)?,
        port: settings.listen.port(),
        tls: settings.tls,
        hosts: settings.hosts.clone(),
        test_keys: settings.test_keys,
        space: space(&settings.database),
        root_key: root_key(&settings.data)?,
    };
    let center = Center::open(db, settings.clock.clone(), &told).map_err(StartFault::new)?;
    Ok(center.with_network_files(settings.data.join("network-files")))
}

/// How mail leaves; the file of root certificates is read now.
fn mail(settings: &Settings) -> Result<MailSettings, StartFault> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|why| {
            let path = path.display();
            StartFault::new(format!("The mail server's root certificates {path} cannot be read: {why}."))
        })
    };
    let ca_pem = settings.smtp_ca.as_ref().map(read).transpose()?;
    Ok(MailSettings { url: settings.smtp.clone(), from: settings.mail_from.clone(), ca_pem })
}

/// The room beside a file; a server's disk is its own.
fn space(database: &Url) -> Space {
    match database {
        Url::Sqlite(file) => Space::of(file.parent().unwrap_or(Path::new("."))),
        Url::Postgres(_) => Space::unseen(),
    }
}

/// Every code brand behind one gateway, each under its own word.
fn code_brands(gateway: Option<&center::Gateway>) -> Vec<(payment::Brand, center::Gateway)> {
    let Some(gateway) = gateway else { return Vec::new() };
    let base = gateway.url.trim_end_matches('/');
    payment::brands()
        .iter()
        .filter(|row| row.method == payment::Method::Code)
        .map(|row| {
            let url = format!("{base}/{}", row.code.word());
            (row.code, center::Gateway { url, ..gateway.clone() })
        })
        .collect()
}

/// The root of the installation's secrets: made at the first start, readable by its owner only.
fn root_key(data: &Path) -> Result<[u8; 32], StartFault> {
    let path = data.join("root.key");
    let fault =
        |why: String| StartFault::new(format!("The key file {} cannot be used: {why}.", path.display()));
    if path.exists() {
        let text = std::fs::read_to_string(&path).map_err(|why| fault(why.to_string()))?;
        let bytes = hex::decode(text.trim()).map_err(|_| fault("it must hold 64 hex digits".to_owned()))?;
        return bytes.try_into().map_err(|_| fault("it must hold 64 hex digits".to_owned()));
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|why| fault(why.to_string()))?;
    owners_only(&path)
        .and_then(|mut file| {
            file.write_all(hex::encode(key).as_bytes())?;
            file.sync_all()
        })
        .map_err(|why| fault(why.to_string()))?;
    Ok(key)
}

fn owners_only(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_key_is_made_once_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let first = root_key(folder.path()).unwrap();
        assert_eq!(root_key(folder.path()).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = folder.path().join("root.key").metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        std::fs::write(folder.path().join("root.key"), "short").unwrap();
        assert!(root_key(folder.path()).is_err());
    }
}
