//! See crates/fuzzing, target `holder_name`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("holder_name", bytes);
});
