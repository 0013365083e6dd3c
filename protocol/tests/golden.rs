//! The golden files under `golden/`: written from the specification by `make.py`, told once more as values in
//! `values/`, and compared with the codec in both directions.

#[cfg(test)]
mod support;
#[cfg(test)]
mod values;

use std::collections::BTreeSet;

use bytes::BytesMut;
use protocol::wire::{self, Datagram, DecodeError, Event};

use support::goldens;

#[test]
fn every_event_has_a_golden_file_and_every_golden_file_a_value() {
    let files: BTreeSet<String> = goldens().into_keys().collect();
    let controls = values::controls().into_iter().map(|(name, ..)| name);
    let valued: BTreeSet<String> =
        values::datas().into_iter().map(|(name, ..)| name).chain(controls).map(str::to_owned).collect();
    assert_eq!(files, valued);
    for event in Event::ALL {
        assert!(files.contains(event.name()), "tests/golden/make.py has no {}", event.name());
    }
}

#[test]
fn golden_control_messages_decode_to_their_values() {
    let goldens = goldens();
    for (name, header, message) in values::controls() {
        let control = match wire::decode(&goldens[name]) {
            Ok(Datagram::Control(control)) => control,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!((control.header, &control.message), (header, &message), "{name}");
        assert!(name.starts_with(message.event().name()), "{name}");
        let extensions = u8::from(message.event() == Event::Hello);
        assert_eq!(control.unknown_extensions, extensions, "{name}");
    }
}

#[test]
fn values_encode_to_the_golden_bytes_also_into_a_dirty_buffer() {
    let goldens = goldens();
    let mut dirty = BytesMut::from(&[0xEE; 2_000][..]);
    for (name, header, message) in values::controls() {
        assert_eq!(wire::encode(&header, &message), goldens[name], "{name}");
        wire::encode_into(&header, &message, &mut dirty);
        assert_eq!(dirty, goldens[name], "{name}");
    }
}

#[test]
fn golden_shards_decode_to_their_headers_and_back() {
    let goldens = goldens();
    for (name, header, shard) in values::datas() {
        assert_eq!(wire::decode(&goldens[name]), Ok(Datagram::Data(header, &shard)), "{name}");
        assert_eq!([&header.encode()[..], &shard].concat(), goldens[name], "{name}");
    }
}

#[test]
fn a_stateless_reset_is_the_golden_one() {
    let golden = &goldens()["CLOSE-reset"];
    let session = values::controls().into_iter().find(|(name, ..)| *name == "CLOSE-reset").unwrap().1.session;
    let token = golden[24..40].try_into().unwrap();
    assert_eq!(wire::encode_reset(session, token), *golden);
    assert_eq!(golden.len(), protocol::limits::RESET_LEN);
}

#[test]
fn the_session_of_a_control_message_is_seen_at_a_glance() {
    let goldens = goldens();
    for (name, header, message) in values::controls() {
        assert_eq!(wire::peek_session(&goldens[name]), Some((message.event(), header.session)), "{name}");
    }
    assert_eq!(wire::peek_session(&goldens["DATA"]), None);
}

#[test]
fn every_truncation_is_rejected() {
    for (name, golden) in goldens() {
        for len in 0..golden.len() {
            assert!(wire::decode(&golden[..len]).is_err(), "{name} cut to {len}");
        }
    }
}

#[test]
fn every_truncation_with_a_right_crc_is_rejected() {
    for (name, golden) in goldens().into_iter().filter(|(name, _)| !name.starts_with("DATA")) {
        for len in 0..golden.len() - 4 {
            let cut = with_crc(&golden[..len]);
            assert!(wire::decode(&cut).is_err(), "{name} cut to {len}");
        }
    }
}

#[test]
fn bytes_left_over_are_rejected_also_with_a_right_crc() {
    for (name, golden) in goldens() {
        for extra in [&[0][..], &[1], &[0; 4], &[0xFF; 300]] {
            let longer = [&golden, extra].concat();
            assert!(wire::decode(&longer).is_err(), "{name} and {} bytes", extra.len());
        }
        if !name.starts_with("DATA") {
            let longer = with_crc(&[&golden[..golden.len() - 4], &[1]].concat());
            assert!(wire::decode(&longer).is_err(), "{name} and a byte before its CRC");
        }
    }
}

#[test]
fn a_hello_may_be_padded_further() {
    let golden = &goldens()["HELLO"];
    let longer = with_crc(&[&golden[..golden.len() - 4], &[0; 200]].concat());
    assert_eq!(
        wire::decode(&longer).map(|datagram| matches!(datagram, Datagram::Control(_))),
        Ok(true),
        "a HELLO of 1 400 bytes"
    );
}

#[test]
fn a_flipped_bit_is_seen() {
    for (name, golden) in goldens() {
        for bit in 0..golden.len() * 8 {
            let mut flipped = golden.clone();
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            let outcome = wire::decode(&flipped);
            let as_expected = match (bit / 8, bit % 8) {
                (0, _) => is_dropped_as_another_event(flipped[0], &outcome),
                (5, 0..=3) => matches!(outcome, Err(DecodeError::Version { .. })),
                (5, 4..=5) => matches!(outcome, Err(DecodeError::Mode(_))),
                (at, bit) if golden[0] == 0 => is_refused_shard(at, bit, &outcome),
                _ => outcome == Err(DecodeError::Crc),
            };
            assert!(as_expected, "{name}, bit {bit}: {outcome:?}");
        }
    }
}

/// A shard with a flipped bit is refused, but for what each hop writes anew: round, RETX, pending and tag, none of which
/// is part of the frame.
fn is_refused_shard(at: usize, bit: usize, outcome: &Result<Datagram<'_>, DecodeError>) -> bool {
    let is_private = matches!((at, bit), (5, 6..=7) | (6, 3) | (7..=11, _));
    outcome.is_ok() == is_private
}

/// Of a message with another first byte nothing may be believed: skipped, read as a shard that it is not, or refused.
fn is_dropped_as_another_event(first: u8, outcome: &Result<Datagram<'_>, DecodeError>) -> bool {
    match Event::from_wire(first) {
        None => *outcome == Ok(Datagram::Unknown(first)),
        Some(Event::Data) => outcome.is_err(),
        Some(_) => *outcome == Err(DecodeError::Crc),
    }
}

fn with_crc(covered: &[u8]) -> Vec<u8> {
    [covered, &crc32c::crc32c(covered).to_be_bytes()].concat()
}
