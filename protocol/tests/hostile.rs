//! What may not be said is refused: malformed bytes of every kind, none of which panics.

#[cfg(test)]
mod support;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use bytes::Bytes;
use proptest::prelude::*;
use protocol::wire::{self, Code, Control, ControlHeader, Datagram, DecodeError, Event, Message};

use support::goldens;

/// The golden files, read once for all cases.
static GOLDENS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| goldens().into_values().collect());

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1_500)) {
        assert_canonical(&bytes);
        prop_assert!(wire::DataHeader::split_run(&bytes).count() <= bytes.len() / 37);
        let is_control = bytes.first().and_then(|first| Event::from_wire(*first)) > Some(Event::Data);
        prop_assert_eq!(wire::peek_session(&bytes).is_some(), is_control && bytes.len() >= 24);
        prop_assert!(bytes.len() >= 1_200 || !wire::wants_versions(&bytes));
    }

    #[test]
    fn random_bodies_behind_a_right_header_and_crc_decode_to_one_spelling(
        event in proptest::sample::select(Event::ALL),
        body in proptest::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 0..120),
    ) {
        let head = [event as u8, 0x1A, 0xAA, 0x99, 1, 0x10, 0, 0];
        assert_canonical(&with_crc(&[&head[..], &[0; 16], &body].concat()));
    }

    #[test]
    fn goldens_with_other_bytes_in_them_decode_to_one_spelling(
        pick: proptest::sample::Index,
        edits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = pick.get(&GOLDENS).clone();
        for (place, value) in edits {
            *place.get_mut(&mut bytes) = value;
        }
        let covered = bytes.len() - 4;
        assert_canonical(&if bytes[0] == 0 { with_data_crc(bytes) } else { with_crc(&bytes[..covered]) });
    }
}

/// What decodes re-encodes to the same value, and to the same bytes where it uses no freedom of the specification.
#[cfg(test)]
fn assert_canonical(bytes: &[u8]) {
    match wire::decode(bytes) {
        Ok(Datagram::Control(Control { header, message, unknown_extensions })) => {
            let again = wire::encode(&header, &message);
            let Ok(Datagram::Control(Control { header: header_again, message: message_again, .. })) =
                wire::decode(&again)
            else {
                panic!("{message:?} does not decode again");
            };
            assert_eq!((header_again, &message_again), (header, &message));
            let ignored_bits = bytes[5] & 3 != 0 || bytes[7] != header.flags;
            let is_free = unknown_extensions > 0 || bytes[6] > 0 || ignored_bits || names_internal(&message);
            assert!(is_free || message.event() == Event::Hello || again == bytes, "{message:?}");
        }
        Ok(Datagram::Data(header, shard)) => assert_eq!([&header.encode()[..], shard].concat(), bytes),
        Ok(Datagram::Unknown(first)) => assert_eq!(Event::from_wire(first), None),
        Err(_) => {}
    }
}

/// Whether a code is INTERNAL, as which every unknown number reads.
fn names_internal(message: &Message) -> bool {
    let code = match message {
        Message::AnnounceAck(ack) => ack.status,
        Message::SubscribeAck(ack) => ack.status,
        Message::UnsubscribeAck(ack) => ack.status,
        Message::End(end) => end.reason,
        Message::Close(close) => close.code,
        _ => Code::Ok,
    };
    code == Code::Internal
}

/// Golden file, offset, the bytes there, and the fault that they are.
const FAULTS: &[(&str, usize, &[u8], DecodeError)] = &[
    ("DATA", 1, &[0, 0, 0], DecodeError::Value("producer id")),
    ("DATA", 4, &[0], DecodeError::Value("stream id")),
    ("DATA", 5, &[0x20], DecodeError::Version { found: 2 }),
    ("DATA", 5, &[0x18], DecodeError::Mode(2)),
    ("DATA", 20, &[0, 0, 0, 0], DecodeError::Value("frame length")),
    ("DATA", 20, &[0, 0x40, 0, 1], DecodeError::Value("frame length")),
    ("DATA", 26, &[0, 0], DecodeError::Value("shard size")),
    ("DATA", 26, &[0, 15], DecodeError::Value("shard size")),
    ("DATA", 26, &[5, 0x8A], DecodeError::Value("shard size")),
    ("DATA", 24, &[0, 3], DecodeError::Value("index")),
    ("DATA-parity", 24, &[0, 2], DecodeError::Value("index")),
    ("DATA-parity", 24, &[0, 19], DecodeError::Value("index")),
    ("DATA-key", 16, &[0, 0, 3, 0xE8], DecodeError::Value("group")),
    ("SUBSCRIBE", 1, &[0, 0, 0], DecodeError::Value("producer id")),
    ("UNSUBSCRIBE", 1, &[0, 0, 0], DecodeError::Value("producer id")),
    ("ANNOUNCE", 1, &[0, 0, 0], DecodeError::Value("producer id")),
    ("END", 1, &[0, 0, 0], DecodeError::Value("producer id")),
    ("SKIP", 1, &[0, 0, 0], DecodeError::Value("producer id")),
    ("SUBSCRIBE", 6, &[64], DecodeError::Value("ext words")),
    ("SUBSCRIBE", 6, &[4], DecodeError::Truncated("extensions")),
    ("SUBSCRIBE", 29, &[3], DecodeError::Value("start")),
    ("HELLO", 28, &[0], DecodeError::Value("role")),
    ("HELLO", 29, &[0], DecodeError::Value("versions")),
    ("HELLO", 29, &[9], DecodeError::Value("versions")),
    ("HELLO", 47, &[20], DecodeError::Value("cookie")),
    ("HELLO", 48, &[4, 1], DecodeError::Value("rider")),
    ("HELLO", 1_195, &[1], DecodeError::Value("padding")),
    ("RETRY", 40, &[22], DecodeError::Value("cookie")),
    ("VERSIONS", 24, &[0], DecodeError::Value("versions")),
    ("ANNOUNCE", 60, &[65], DecodeError::Value("name")),
    ("ANNOUNCE", 61, &[0xFF], DecodeError::Value("name")),
    ("ANNOUNCE", 67, &[17], DecodeError::Value("tracks")),
    ("ANNOUNCE", 68, &[0], DecodeError::Value("stream id")),
    ("ANNOUNCE", 68, &[2], DecodeError::Value("tracks")),
    ("ANNOUNCE", 69, &[4], DecodeError::Value("kind")),
    ("ANNOUNCE", 70, &[0], DecodeError::Value("codec")),
    ("ANNOUNCE", 71, b"/", DecodeError::Value("codec")),
    ("ANNOUNCE", 76, b".", DecodeError::Value("extension")),
    ("CATALOG", 28, &[2], DecodeError::Value("from start")),
    ("CATALOG", 29, &[0, 0, 1], DecodeError::Value("from start")),
    ("CATALOG_ACK", 32, &[2], DecodeError::Value("more")),
    ("CATALOG_ACK", 34, &[0, 0, 0], DecodeError::Value("producer id")),
    ("CATALOG_ACK", 34, &[0x2B, 0xBB, 0x99], DecodeError::Value("entries")),
    ("CATALOG_ACK", 37, &[3], DecodeError::Value("state")),
    ("CATALOG_ACK-empty", 32, &[1], DecodeError::Value("entries")),
    ("CLOSE-last", 26, &[0, 81], DecodeError::Value("last frames")),
    ("END", 30, &[17], DecodeError::Value("last frames")),
    ("SKIP", 24, &[65], DecodeError::Value("ranges")),
    ("SKIP", 34, &[0, 0, 3, 0xE2], DecodeError::Value("skip range")),
    ("SKIP", 34, &[0x80, 0, 3, 0xE3], DecodeError::Value("skip range")),
    ("SKIP", 38, &[0], DecodeError::Value("skip reason")),
    ("HEARTBEAT-first", 43, &[1], DecodeError::Value("echo")),
    ("HEARTBEAT", 52, &[2], DecodeError::Value("flags")),
    ("HEARTBEAT", 54, &[0, 0, 0], DecodeError::Value("producer id")),
    ("HEARTBEAT", 77, &[8], DecodeError::Value("thinning")),
    ("HEARTBEAT", 96, &[17], DecodeError::Value("skipped")),
    ("FEEDBACK-whole", 77, &[4], DecodeError::Value("block flags")),
    ("FEEDBACK-whole", 123, &[0], DecodeError::Value("round")),
    ("FEEDBACK-whole", 124, &[3], DecodeError::Value("form")),
    ("FEEDBACK-ranges", 101, &[65], DecodeError::Value("ranges")),
    ("FEEDBACK-ranges", 104, &[0, 0], DecodeError::Value("range")),
    ("FEEDBACK-ranges", 104, &[0x0B, 0xB9], DecodeError::Value("range")),
    ("FEEDBACK-ranges", 106, &[0xFF, 0xFF, 0, 2], DecodeError::Value("range")),
];

#[test]
fn each_value_that_a_field_cannot_have_is_named() {
    let goldens = goldens();
    for (name, offset, value, fault) in FAULTS {
        let mut bytes = goldens[*name].clone();
        bytes[*offset..offset + value.len()].copy_from_slice(value);
        let covered = bytes.len() - 4;
        let bytes = if name.starts_with("DATA") { bytes } else { with_crc(&bytes[..covered]) };
        assert_eq!(wire::decode(&bytes), Err(*fault), "{name} with {value:02X?} at {offset}");
    }
}

#[test]
fn an_extension_is_skipped_and_counted_unless_it_is_critical() {
    let unknown = |extensions: &[u8]| match wire::decode(&subscribe_with(extensions)) {
        Ok(Datagram::Control(control)) => Ok(control.unknown_extensions),
        Ok(other) => panic!("{other:?}"),
        Err(fault) => Err(fault),
    };
    assert_eq!(unknown(&[0, 0, 0, 0]), Ok(0), "padding");
    assert_eq!(unknown(&[0x2A, 1, 0xFF, 0]), Ok(1));
    assert_eq!(unknown(&[0x2A, 0, 0x3A, 0, 0x4A, 2, 0, 0]), Ok(3));
    let six = [&[0x2A, 40][..], &[0xFF; 40]].concat().repeat(6);
    assert_eq!((six.len() / 4, unknown(&six)), (63, Ok(6)), "as many words as there can be");
    assert_eq!(unknown(&[0xAA, 2, 0, 0]), Err(DecodeError::CriticalExtension(0xAA)));
    assert_eq!(unknown(&[0x2A, 3, 0, 0]), Err(DecodeError::Truncated("extension")), "beyond its area");
    assert_eq!(unknown(&[0, 0, 0, 0x2A]), Err(DecodeError::Truncated("extension")), "without a length");
}

#[test]
fn bits_without_a_meaning_are_ignored_and_not_kept() {
    let golden = &goldens()["SUBSCRIBE"];
    let mut bytes = golden.clone();
    bytes[5] |= 0b11;
    bytes[7] = 0xFF;
    let bytes = with_crc(&bytes[..bytes.len() - 4]);
    assert_eq!(wire::decode(&bytes), wire::decode(golden));
}

#[test]
fn only_a_close_can_be_a_reset() {
    let mut bytes = goldens()["CLOSE"].clone();
    bytes[7] = 1;
    let bytes = with_crc(&bytes[..bytes.len() - 4]);
    assert_eq!(wire::decode(&bytes), Err(DecodeError::Truncated("reset token")));
}

#[test]
fn a_control_message_longer_than_a_datagram_is_refused_before_it_is_read() {
    let length = |event: u8, len: usize| {
        let mut covered = vec![0; len - 4];
        (covered[0], covered[5]) = (event, 0x10);
        wire::decode(&with_crc(&covered)).err() == Some(DecodeError::Length)
    };
    assert_eq!((length(0x09, 1_452), length(0x09, 1_453)), (false, true), "HELLO");
    assert_eq!((length(0x80, 1_200), length(0x80, 1_201)), (false, true), "FEEDBACK");
}

#[test]
fn the_corpus_of_the_fuzz_target_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/decode");
    let mut seeds = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let covered = fs::read(entry.unwrap().path()).unwrap();
        assert_canonical(&with_crc(&covered));
        assert_canonical(&with_data_crc(covered.clone()));
        assert_canonical(&covered);
        seeds += 1;
    }
    assert!(seeds >= GOLDENS.len(), "make.py writes a seed for every golden file: {seeds}");
}

#[test]
fn the_last_parity_shard_of_the_most_divided_frame_is_well_formed() {
    let mut bytes = goldens()["DATA-parity"].clone();
    bytes.truncate(36);
    bytes[20..24].copy_from_slice(&(65_472_u32 * 64).to_be_bytes());
    bytes[24..28].copy_from_slice(&[0xFF, 0xFF, 0, 64]);
    bytes.extend([0; 64]);
    let mut bytes = with_data_crc(bytes);
    assert!(matches!(wire::decode(&bytes), Ok(Datagram::Data(header, _)) if header.index == u16::MAX));
    bytes[20..24].copy_from_slice(&(65_473_u32 * 64).to_be_bytes());
    assert_eq!(wire::decode(&bytes), Err(DecodeError::Value("shard size")), "one shard too many");
}

#[test]
fn another_version_draws_versions_only_if_it_is_as_long_as_a_hello_and_no_versions_itself() {
    let datagram = |event: u8, mode: u8, len: usize| {
        let mut bytes = vec![0; len];
        (bytes[0], bytes[5]) = (event, mode);
        wire::wants_versions(&bytes)
    };
    assert!(datagram(0x09, 0x20, 1_200));
    assert!(!datagram(0x09, 0x20, 1_199));
    assert!(!datagram(0x09, 0x10, 1_200));
    assert!(!datagram(0x1F, 0x20, 1_200));
    assert!(!wire::wants_versions(&[]));
}

#[test]
fn a_rider_is_carried_as_bytes_and_not_judged() {
    let rider = Bytes::from_static(b"no SUBSCRIBE at all");
    let hello =
        wire::Hello { role: wire::Role::Viewer, versions: vec![1], nonce: [7; 16], cookie: None, rider };
    let message = Message::Hello(hello);
    let bytes = wire::encode(&ControlHeader::default(), &message);
    assert!(matches!(wire::decode(&bytes), Ok(Datagram::Control(control)) if control.message == message));
}

/// The golden SUBSCRIBE with these extensions, whole words.
#[cfg(test)]
fn subscribe_with(extensions: &[u8]) -> Vec<u8> {
    let golden = &goldens()["SUBSCRIBE"];
    let mut head = golden[..24].to_vec();
    head[6] = u8::try_from(extensions.len() / 4).unwrap();
    with_crc(&[&head, extensions, &golden[24..golden.len() - 4]].concat())
}

/// DATA with the CRC of PROTOCOL 3; what is too short for one stays as it is.
#[cfg(test)]
fn with_data_crc(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() >= 36 {
        let mut covered = bytes.clone();
        covered[5] &= !0b11;
        covered[6] &= !0x10;
        covered[7..12].fill(0);
        covered[32..36].fill(0);
        bytes[32..36].copy_from_slice(&crc32c::crc32c(&covered).to_be_bytes());
    }
    bytes
}

fn with_crc(covered: &[u8]) -> Vec<u8> {
    [covered, &crc32c::crc32c(covered).to_be_bytes()].concat()
}
