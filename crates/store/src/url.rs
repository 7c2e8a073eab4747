//! Where a database is: `sqlite:/path/file.sqlite` or `postgres://user@host/name`, with commas between
//! the hosts of several servers.

use crate::error::OpenError;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The place of a database. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub enum Url {
    /// A file of this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL URL as the server's own tools take it.
    Postgres(String),
}

impl FromStr for Url {
    type Err = OpenError;

    fn from_str(text: &str) -> Result<Self, OpenError> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.trim_start_matches('/').is_empty() => {
                // sqlite:///path is what some tools write for sqlite:/path.
                let path = path.strip_prefix("//").unwrap_or(path);
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") => {
                Ok(Self::Postgres(text.to_owned()))
            }
            _ => Err(OpenError::NotADatabase(without_password(text))),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(text) => f.write_str(&without_password(text)),
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The URL with `***` where a password stands, in `user:password@` and in `?password=`.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (before, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    // The password may hold an unescaped slash or @ by mistake, so everything up to the last @ is the login.
    let place = match before.rsplit_once('@') {
        Some((login, place)) => match login.split_once(':') {
            Some((user, _)) => format!("{user}:***@{place}"),
            None => format!("{login}@{place}"),
        },
        None => before.to_owned(),
    };
    let query = query.map_or_else(String::new, |query| {
        let kept: Vec<String> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((key, _)) if key.contains("pass") => format!("{key}=***"),
                _ => pair.to_owned(),
            })
            .collect();
        format!("?{}", kept.join("&"))
    });
    format!("{scheme}://{place}{query}")
}

/// The PostgreSQL URLs of each server that a URL names: `postgres://user@a:5432,b:5432/name` is two.
pub(crate) fn each_server(text: &str) -> Vec<String> {
    let one = || vec![text.to_owned()];
    let Some((scheme, rest)) = text.split_once("://") else { return one() };
    let end = rest.find('?').unwrap_or(rest.len());
    let (before, query) = rest.split_at(end);
    let (login, place) = match before.rsplit_once('@') {
        Some((login, place)) => (format!("{login}@"), place),
        None => (String::new(), before),
    };
    let Some((hosts, name)) = place.split_once('/') else { return one() };
    hosts.split(',').map(|host| format!("{scheme}://{login}{host}/{name}{query}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (text, shown) in [
            ("sqlite:/var/lib/choba/center.sqlite", "sqlite:/var/lib/choba/center.sqlite"),
            ("sqlite:///var/center.sqlite", "sqlite:/var/center.sqlite"),
            ("sqlite:center.sqlite", "sqlite:center.sqlite"),
            ("postgres://choba@db/choba", "postgres://choba@db/choba"),
            ("postgres://choba:geheim@db:5432/choba", "postgres://choba:***@db:5432/choba"),
            ("postgres://choba:ge@h/eim@db/choba", "postgres://choba:***@db/choba"),
            ("postgresql://db/choba?user=c&password=geheim", "postgresql://db/choba?user=c&password=***"),
        ] {
            let url: Url = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
        }
    }

    #[test]
    fn a_url_of_several_servers_is_the_urls_of_each() {
        assert_eq!(each_server("postgres://db/choba"), ["postgres://db/choba"]);
        assert_eq!(
            each_server("postgres://c:ge,h@a:5432,b:5433/choba?connect_timeout=2"),
            [
                "postgres://c:ge,h@a:5432/choba?connect_timeout=2",
                "postgres://c:ge,h@b:5433/choba?connect_timeout=2"
            ]
        );
    }

    #[test]
    fn a_text_that_names_no_database_is_refused_without_showing_a_password() {
        for text in ["", "sqlite:", "mysql://root:geheim@db/x", "/var/center.sqlite", "postgres:choba"] {
            let sentence = text.parse::<Url>().unwrap_err().to_string();
            assert!(sentence.contains("is not a database") && !sentence.contains("geheim"), "{sentence}");
        }
    }
}
