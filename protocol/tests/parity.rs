//! Parity is what PROTOCOL 13 says, byte for byte: `golden/parity.txt` comes from a second implementation
//! (`golden/reed_solomon.py`) that evaluates the polynomials one by one.

#![expect(clippy::unwrap_used, reason = "a frame that can't be made fails the test")]

use protocol::id::{EpochTag, ProducerId, StreamId};
use protocol::limits::DATA_HEADER_LEN;
use protocol::serial::Serial;
use protocol::slab::Slab;
use protocol::time::CaptureTime;
use protocol::wire::{DataFlags, DataHeader};

const SIZE: u16 = 70;

fn slab(length: usize) -> Slab {
    let header = DataHeader {
        producer: ProducerId::from_bytes([0x1A, 0xAA, 0x99]),
        stream: StreamId::VIDEO,
        round: 0,
        flags: DataFlags::default(),
        pending: 0,
        tag: EpochTag(1),
        frame: Serial(1),
        group: Serial(1),
        length: 0,
        index: 0,
        shard_size: SIZE,
        capture: CaptureTime(0),
        crc: 0,
    };
    let frame: Vec<u8> = (1..=length).map(|i| u8::try_from(i * i % 251).unwrap()).collect();
    Slab::pack(header, &frame).unwrap()
}

#[test]
fn parity_is_the_golden_one() {
    let lines = include_str!("golden/parity.txt").lines().filter(|line| !line.starts_with('#'));
    let mut seen = 0;
    for line in lines {
        let fields: Vec<&str> = line.split(' ').collect();
        let (length, number): (usize, usize) = (fields[0].parse().unwrap(), fields[1].parse().unwrap());
        let slab = slab(length);
        let all = slab.parity(64).unwrap();
        let datagram = all.chunks(slab.segment()).nth(number).unwrap();
        let hex =
            datagram[DATA_HEADER_LEN..].iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02X}"));
        assert_eq!(hex, fields[2], "a frame of {length} bytes, parity shard {number}");
        seen += 1;
    }
    assert_eq!(seen, 33);
}
