//! Where everything of the demo listens: the fixed outside face, moved as one by `--port-base`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The center's port when nothing is moved; every other port keeps its distance to it.
pub const BASE: u16 = 8700;

/// The addresses of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    shift: i32,
}

impl Ports {
    /// Ports around `base`, or nothing when one of them would not be a port.
    pub fn around(base: u16) -> Option<Self> {
        let ports = Self { shift: i32::from(base) - i32::from(BASE) };
        let lowest = ports.number(8443)?;
        let highest = ports.number(8799)?;
        (lowest >= 1024 && highest < u16::MAX).then_some(ports)
    }

    fn number(self, usual: u16) -> Option<u16> {
        u16::try_from(i32::from(usual) + self.shift).ok()
    }

    /// The address whose usual port this is.
    pub fn at(self, usual: u16) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.number(usual).unwrap_or(usual))
    }

    /// Console, receipts, API.
    pub fn center(self) -> SocketAddr {
        self.at(8700)
    }

    /// Desk page and API, mail inbox.
    pub fn desk(self) -> SocketAddr {
        self.at(8701)
    }

    /// Screens and local API of the terminal with this index.
    pub fn terminal(self, index: u16) -> SocketAddr {
        self.at(8710 + index)
    }

    /// The server for registers of the terminal with this index: each has a loopback address of its own,
    /// because the stock client knows one port only.
    pub fn registers(self, index: u16) -> SocketAddr {
        let last = u8::try_from(index.saturating_add(1)).unwrap_or(u8::MAX);
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), self.at(8443).port())
    }

    /// ISO 8583.
    pub fn card(self) -> SocketAddr {
        self.at(8583)
    }

    /// The printer of the terminal with this index.
    pub fn printer(self, index: u16) -> SocketAddr {
        self.at(8791 + index)
    }

    /// Code brands, HTTP.
    pub fn code(self) -> SocketAddr {
        self.at(8702)
    }

    /// Code brands, HTTPS.
    pub fn code_tls(self) -> SocketAddr {
        self.at(8703)
    }

    /// SMTP.
    pub fn smtp(self) -> SocketAddr {
        self.at(8725)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_moves_by_the_same_difference() {
        let usual = Ports::around(8700).unwrap();
        assert_eq!(
            (usual.card().port(), usual.terminal(1).port(), usual.printer(0).port()),
            (8583, 8711, 8791)
        );
        assert_eq!(usual.registers(0).to_string(), "127.0.0.1:8443");
        assert_eq!(usual.registers(1).to_string(), "127.0.0.2:8443");
        let moved = Ports::around(18700).unwrap();
        assert_eq!((moved.card().port(), moved.smtp().port()), (18583, 18725));
        assert_eq!((Ports::around(900), Ports::around(65_500)), (None, None));
    }
}
