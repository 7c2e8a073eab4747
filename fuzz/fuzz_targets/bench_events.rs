//! See crates/fuzzing, target `bench_events`.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fuzzing::run("bench_events", bytes);
});
