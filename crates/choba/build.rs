//! How the binary is linked.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Packed relocations (RELR; glibc 2.36, binutils 2.38): less than a tenth of the size. The loader reads all
    // of them at start, so a program at rest keeps that much less in memory. Older linkers ignore it.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux")
        && std::env::var("CARGO_CFG_TARGET_ENV").as_deref() == Ok("gnu")
    {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        // Functions with the same code become one: generic code makes many. It needs LLD, the toolchain's own
        // linker on this target.
        if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("x86_64") {
            println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
            // What runs at a start lies side by side (`cargo xtask order` writes the list): a third of the code
            // that would otherwise stay in memory. Names of another build are passed over.
            if std::env::var("PROFILE").as_deref() == Ok("release")
                && let Ok(here) = std::env::var("CARGO_MANIFEST_DIR")
            {
                println!("cargo:rerun-if-changed=start-order.txt");
                println!("cargo:rustc-link-arg-bins=-Wl,--symbol-ordering-file={here}/start-order.txt");
                println!("cargo:rustc-link-arg-bins=-Wl,--no-warn-symbol-ordering");
            }
        }
    }
}
