//! See crates/fuzzing, target `center_bodies`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("center_bodies", bytes);
});
