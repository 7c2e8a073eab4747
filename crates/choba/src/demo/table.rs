//! What the demo prints when it is ready: addresses, logins, cards.

use super::Ports;
use super::registers::{KEY, PASSPHRASE, Row};
use crate::cast::Cast;

/// The table under the `ready` line.
pub fn table(ports: Ports, cast: &Cast, registers: &[Row], data: &std::path::Path) -> String {
    let mut out = String::from("\n");
    let mut row = |what: &str, value: &str| out.push_str(&format!("  {what:<12} {value}\n"));
    for (index, device) in (0_u16..).zip(&cast.terminal) {
        row("terminal", &format!("http://{}   {} {}", ports.terminal(index), device.id, device.name));
    }
    for register in registers {
        match &register.skipped {
            None => row("register", &format!("https://{}/nexo/   {}", register.address, register.poi_id)),
            Some(why) => row("register", &format!("skipped: {why}")),
        }
    }
    row("desk", &format!("http://{}   cards, reader, printer, trouble; mail at /mail", ports.desk()));
    row("console", &format!("http://{}", ports.center()));
    row("API", &format!("http://{}/api/openapi.json", ports.center()));
    row("ISO 8583", &format!("tcp {}", ports.card()));
    row("code brands", &format!("http://{}, https://{}", ports.code(), ports.code_tls()));
    row("SMTP", &format!("{}", ports.smtp()));
    row("printers", &format!("tcp {}, {}", ports.printer(0), ports.printer(1)));
    row("data", &data.display().to_string());
    out.push_str(&format!("\n  registers (nexo): key {KEY} version 1, passphrase {PASSPHRASE}\n"));
    for register in registers.iter().filter(|register| register.skipped.is_none()) {
        out.push_str(&format!("    {:<18} {}\n", register.poi_id, register.certificate.display()));
    }
    out.push_str("\n  logins (console and clerks)\n");
    for person in &cast.person {
        out.push_str(&format!("    {:<10} {:<14} {}\n", person.login, person.password, person.name));
    }
    out.push_str("\n  cards (on the desk)\n");
    for card in netsim::cards::shelf().unwrap_or_default() {
        out.push_str(&format!("    {:<16} {}\n", card.name, card.does_en));
    }
    out.push_str("\n  wallets (on the desk)\n");
    for wallet in netsim::code::rules::Rules::built_in().map(|rules| rules.wallets).unwrap_or_default() {
        out.push_str(&format!("    {:<16} {}\n", wallet.name, wallet.does_en()));
    }
    out
}
