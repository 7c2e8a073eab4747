//! See crates/fuzzing, target `emv_lists`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("emv_lists", bytes);
});
