//! Session cookies. Browsers send cookies to every port of a host, so the name says program and port.

use http::{HeaderMap, header};

/// One program's session cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    name: String,
    secure: bool,
}

impl SessionCookie {
    /// `choba-terminal-8710`, with TLS `__Host-choba-center-443`.
    pub fn new(program: &str, port: u16, tls: bool) -> Self {
        let prefix = if tls { "__Host-" } else { "" };
        Self { name: format!("{prefix}choba-{program}-{port}"), secure: tls }
    }

    /// The cookie's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The token that a request carries.
    pub fn read(&self, headers: &HeaderMap) -> Option<String> {
        value(headers, &self.name)
    }

    /// The `Set-Cookie` value that gives a token for `seconds`. The token is URL-safe text.
    pub fn set(&self, token: &str, seconds: u64) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", self.name)
    }

    /// The `Set-Cookie` value that takes the token away.
    pub fn clear(&self) -> String {
        self.set("", 0)
    }
}

/// The value of a cookie of a request.
pub fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    pairs
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_program_and_port_and_tls_binds_it_to_the_host() {
        let plain = SessionCookie::new("terminal", 8710, false);
        assert_eq!(
            plain.set("t0k", 60),
            "choba-terminal-8710=t0k; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
        let tls = SessionCookie::new("center", 443, true);
        assert_eq!(
            tls.clear(),
            "__Host-choba-center-443=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
        );
    }

    #[test]
    fn a_token_is_read_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append("cookie", "choba-terminal-87100=no; choba-terminal-8710=yes=1".parse().unwrap());
        assert_eq!(SessionCookie::new("terminal", 8710, false).read(&headers).as_deref(), Some("yes=1"));
        assert_eq!(SessionCookie::new("terminal", 871, false).read(&headers), None);
    }
}
