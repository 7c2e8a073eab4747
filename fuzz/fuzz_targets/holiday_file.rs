//! See crates/fuzzing, target `holiday_file`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("holiday_file", bytes);
});
