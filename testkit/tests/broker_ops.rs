//! The fuzz target of the broker's engine in the ordinary tests: its corpus, and scripts made of random bytes.

use std::fs;
use std::path::Path;

use testkit::{for_each_seed, fuzz};

#[test]
fn every_input_of_the_corpus_keeps_the_brokers_promises() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/broker");
    let inputs: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
    assert!(inputs.len() >= 5, "the corpus has gone");
    for input in inputs {
        fuzz::broker_ops(&input);
    }
}

#[test]
fn random_scripts_keep_the_brokers_promises() {
    for_each_seed(300, |seed| {
        let mut rng = fastrand::Rng::with_seed(seed);
        let script: Vec<u8> = (0..1_500).map(|_| rng.u8(..)).collect();
        fuzz::broker_ops(&script);
    });
}
