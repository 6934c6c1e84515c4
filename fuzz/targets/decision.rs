//! Policies and requests made of bytes: the engine and the plain chart agree.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(flaw) = postern_plain_policy::try_decision(bytes) {
        panic!("{flaw}");
    }
});
