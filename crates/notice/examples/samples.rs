//! Writes every sample as a PDF and as ZIPs into a folder: `cargo run -p notice --example samples -- DIR`.

use notice::{Mode, Password, pdf, samples, zip};
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("which folder?")?);
    std::fs::create_dir_all(&folder)?;
    let password = Password::parse("012345678").ok_or("nine digits")?;
    for (name, notice) in samples::all() {
        let bytes = pdf(&notice)?;
        for (mode, end) in [(Mode::Aes256, "aes"), (Mode::ZipCrypto, "zipcrypto")] {
            let zip = zip(&bytes, &notice.number.pdf_name(), notice.issued_on, &password, mode)?;
            std::fs::write(folder.join(format!("{name}.{end}.zip")), zip)?;
        }
        std::fs::write(folder.join(format!("{name}.pdf")), bytes)?;
    }
    Ok(())
}
