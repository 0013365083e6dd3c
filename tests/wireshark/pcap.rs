//! Capture files: just enough to hand datagrams to tshark and to read what dumpcap took.

use std::fs;
use std::path::Path;

const MAGIC: u32 = 0xA1B2_C3D4;
/// Link types: IPv4 without a link header, and Ethernet, which loopback counts as.
const LINK_IPV4: u32 = 228;
const LINK_ETHERNET: u32 = 1;
const ETHERNET_HEADER: usize = 14;
const IP_AND_UDP_HEADERS: usize = 28;
const MICROSECONDS: u64 = 1_000_000;

/// A datagram between two ports of 127.0.0.1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Packet {
    /// us since the first one.
    pub(crate) at: u64,
    pub(crate) from: u16,
    pub(crate) to: u16,
    pub(crate) payload: Vec<u8>,
    /// How much of the payload the capture holds.
    pub(crate) captured: usize,
}

impl Packet {
    pub(crate) fn new(at: u64, (from, to): (u16, u16), payload: &[u8]) -> Self {
        Self { at, from, to, payload: payload.to_vec(), captured: payload.len() }
    }

    fn headers(&self) -> Vec<u8> {
        let udp_length = u16::try_from(8 + self.payload.len()).unwrap();
        let mut bytes = vec![0x45, 0];
        bytes.extend((20 + udp_length).to_be_bytes());
        bytes.extend([0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
        for field in [self.from, self.to, udp_length, 0] {
            bytes.extend(field.to_be_bytes());
        }
        bytes
    }
}

pub(crate) fn write(file: &Path, packets: &[Packet]) {
    let mut bytes = Vec::new();
    for word in [MAGIC, 0x0004_0002, 0, 0, 0x0004_0000, LINK_IPV4] {
        bytes.extend(word.to_le_bytes());
    }
    for packet in packets {
        let headers = packet.headers();
        let (seconds, us) = (packet.at / MICROSECONDS, packet.at % MICROSECONDS);
        let lengths = [headers.len() + packet.captured, headers.len() + packet.payload.len()];
        for word in [seconds, us].into_iter().chain(lengths.map(|length| length as u64)) {
            bytes.extend(u32::try_from(word).unwrap().to_le_bytes());
        }
        bytes.extend(headers);
        bytes.extend(&packet.payload[..packet.captured]);
    }
    fs::write(file, bytes).unwrap();
}

/// The UDP datagrams of a capture of loopback in the classic format, with the time since the first one.
pub(crate) fn read(file: &Path) -> Vec<Packet> {
    let bytes = fs::read(file).unwrap();
    let word = |bytes: &[u8], at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((word(&bytes, 0), word(&bytes, 20)), (MAGIC, LINK_ETHERNET), "not a capture of loopback");
    let mut packets: Vec<Packet> = Vec::new();
    let (mut rest, mut begin) = (&bytes[24..], None);
    while rest.len() >= 16 {
        let at = u64::from(word(rest, 0)) * MICROSECONDS + u64::from(word(rest, 4));
        let (frame, next) = rest[16..].split_at(word(rest, 8) as usize);
        let datagram = &frame[ETHERNET_HEADER..];
        let port = |at| u16::from_be_bytes([datagram[at], datagram[at + 1]]);
        let at = at - *begin.get_or_insert(at);
        packets.push(Packet::new(at, (port(20), port(22)), &datagram[IP_AND_UDP_HEADERS..]));
        rest = next;
    }
    packets
}
