//! The demo's servers for registers: a fixed pairing, one loopback address for each terminal.

use super::{Settings, stopped};
use crate::cast::CastDevice;
use crate::programs::registers::{self, Pairing};
use crate::programs::{self, StartFault};
use ::terminal::Terminal;
use ::terminal::nexo::{self, Passphrase};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The passphrase of every terminal of the demo. Public, like every password of the cast.
pub const PASSPHRASE: &str = "choba-demo-register-passphrase";
/// The name of its key.
pub const KEY: &str = "choba-demo";

/// What the table says of a terminal's server for registers.
#[derive(Clone, Debug)]
pub struct Row {
    /// The terminal's name in messages.
    pub poi_id: String,
    /// Where it is.
    pub address: SocketAddr,
    /// The certificate that a register needs.
    pub certificate: PathBuf,
    /// Why it is not served.
    pub skipped: Option<String>,
}

/// Serves registers of a terminal. An address that this machine lacks is skipped and said.
pub(super) async fn serve(
    settings: &Settings,
    index: u16,
    device: &CastDevice,
    running: &Arc<Terminal>,
    stop: &watch::Sender<bool>,
    tasks: &mut JoinSet<Result<(), StartFault>>,
) -> Result<Row, StartFault> {
    let folder = settings.data.join(format!("terminal-{}", device.id));
    let address = settings.ports.registers(index);
    if !nexo::is_paired(&folder) {
        let told = Pairing {
            terminal: device.id.clone(),
            common_name: None,
            key: Some(KEY.to_owned()),
            passphrase: Passphrase::new(PASSPHRASE),
        };
        registers::pair(folder.clone(), told, &settings.clock).await?;
    }
    let row = Row {
        poi_id: nexo::poi_id(&device.id),
        address,
        certificate: nexo::certificate_file(&folder),
        skipped: None,
    };
    // 127.0.0.1 is everywhere; where it is taken, that is a fault like any other.
    let listener = match tokio::net::TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(why) if why.kind() == std::io::ErrorKind::AddrNotAvailable => {
            return Ok(Row {
                skipped: Some(format!("{address} cannot be used on this machine: {why}")),
                ..row
            });
        }
        Err(_) => programs::listen("terminal, for registers", address).await?,
    };
    let opened = registers::open(running, &folder, true)?;
    let until = stopped(stop);
    tasks.spawn(async move {
        tokio::select! {
            ended = opened.serve(listener) => ended.map_err(StartFault::new),
            () = until => Ok(()),
        }
    });
    Ok(row)
}
