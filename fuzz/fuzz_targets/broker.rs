//! Whatever peers do, the broker keeps its promises and forgets them when they have gone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use testkit::fuzz::broker_ops;

fuzz_target!(|script: &[u8]| broker_ops(script));
