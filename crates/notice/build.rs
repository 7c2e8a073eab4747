//! Says which command fetches the font of the papers when it is missing.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../web/fonts");
    if !std::path::Path::new("../../web/fonts/BIZUDPGothic-Regular.ttf").is_file() {
        println!(
            "cargo::error=web/fonts is missing. Run `cargo xtask assets` (or: npm ci --prefix web && npm run build --prefix web)."
        );
    }
}
