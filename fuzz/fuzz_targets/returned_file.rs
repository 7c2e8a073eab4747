//! See crates/fuzzing, target `returned_file`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("returned_file", bytes);
});
