//! See crates/fuzzing, target `iso8583_packed`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("iso8583_packed", bytes);
});
