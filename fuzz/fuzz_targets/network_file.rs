//! See crates/fuzzing, target `network_file`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("network_file", bytes);
});
