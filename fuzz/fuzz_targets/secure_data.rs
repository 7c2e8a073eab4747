//! See crates/fuzzing, target `secure_data`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("secure_data", bytes);
});
