//! Ports for programs that a test starts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range from which the system takes ports for whoever asks for any: between this answer and the
/// program's bind, nothing but another caller's program can take it.
const FIRST: u16 = 16_000;
const COUNT: u16 = 16_000;
static NEXT: AtomicU16 = AtomicU16::new(0);

/// An address of the loopback that is free now; a process never gets the same one twice in 16,000 calls, and
/// processes begin at different places.
pub fn free_address() -> io::Result<SocketAddr> {
    let begin = u16::try_from(std::process::id().wrapping_mul(61) % u32::from(COUNT)).unwrap_or(0);
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + begin.wrapping_add(step) % COUNT;
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(at).is_ok() {
            return Ok(at);
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no port is free"))
}
