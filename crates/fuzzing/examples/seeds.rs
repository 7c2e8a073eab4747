//! Writes the seeds of every target into a folder, where a coverage-guided fuzzer begins: `seeds FOLDER`.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder: PathBuf = std::env::args().nth(1).unwrap_or_else(|| "fuzz/corpus".to_owned()).into();
    for target in fuzzing::TARGETS {
        let place = folder.join(target.name);
        std::fs::create_dir_all(&place)?;
        for (n, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(place.join(format!("seed-{n}")), seed)?;
        }
    }
    Ok(())
}
