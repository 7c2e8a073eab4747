//! What every listener here does alike.

use clock::Clock;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long a listener rests when the system has no room for another connection.
const BREATH: Duration = Duration::from_millis(50);

/// The next connection, without Nagle's delay. Trouble of the system is waited out.
pub(crate) async fn accept(listener: &TcpListener, clock: &Clock) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a connection keeps Nagle's delay");
                }
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                clock.sleep(BREATH).await;
            }
        }
    }
}
