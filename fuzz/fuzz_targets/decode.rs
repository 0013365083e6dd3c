//! Any bytes decode or are refused; what decodes is written as what decodes to the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::wire::{DataHeader, Datagram, decode, encode};

fuzz_target!(|covered: &[u8]| {
    // No mutation finds its CRC, so the input goes without one and is tried with it as well.
    for datagram in [covered, &[covered, &crc32c::crc32c(covered).to_be_bytes()].concat()] {
        if let Ok(Datagram::Control(said)) = decode(datagram) {
            let Ok(Datagram::Control(again)) = decode(&encode(&said.header, &said.message)) else { panic!() };
            assert_eq!((again.header, again.message), (said.header, said.message));
        }
    }
    if let Ok((header, shard)) = DataHeader::peek(covered) {
        let header = header.with_crc(shard);
        assert_eq!(decode(&[&header.encode(), shard].concat()), Ok(Datagram::Data(header, shard)));
    }
});
