//! Says which command makes the web bundle when it is missing.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../../web/dist");
    if !std::path::Path::new("../../web/dist/app.css").is_file() {
        println!(
            "cargo::error=web/dist is missing. Run `cargo xtask assets` (or: npm ci --prefix web && npm run build --prefix web)."
        );
    }
}
