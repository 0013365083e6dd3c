//! What is encoded decodes to the same value, fits a datagram, and there is one way to write it.

#[cfg(test)]
mod strategies;

use bytes::Bytes;
use proptest::prelude::*;
use protocol::limits::DATAGRAM_LEN;
use protocol::wire::{
    self, CATALOG_FIXED_LEN, CatalogEntry, Control, DataHeader, Datagram, FEEDBACK_FIXED_LEN,
    HEARTBEAT_FIXED_LEN, Message, MissingShards, TrackFeedback, TrackHeartbeat,
};

use strategies::{control, data_header, feedback_of_any_length, missing_indices, shard_of};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn every_control_message_comes_back_and_fits_a_datagram((header, message) in control()) {
        let bytes = wire::encode(&header, &message);
        prop_assert!(bytes.len() <= DATAGRAM_LEN, "{} bytes", bytes.len());
        let unknown_extensions = u8::from(matches!(message, Message::Hello(_)));
        prop_assert_eq!(wire::decode(&bytes), Ok(Datagram::Control(Control { header, message, unknown_extensions })));
    }

    #[test]
    fn an_encoded_len_is_the_length_on_the_wire((header, message) in control()) {
        let blocks = match &message {
            Message::Feedback(it) => FEEDBACK_FIXED_LEN + sum(&it.tracks, TrackFeedback::encoded_len),
            Message::Heartbeat(it) => HEARTBEAT_FIXED_LEN + sum(&it.tracks, TrackHeartbeat::encoded_len),
            Message::CatalogAck(it) => CATALOG_FIXED_LEN + sum(&it.entries, CatalogEntry::encoded_len),
            _ => return Ok(()),
        };
        prop_assert_eq!(wire::encode(&header, &message).len(), blocks);
    }

    #[test]
    fn a_report_with_more_to_say_than_fits_says_the_first_of_it(feedback in feedback_of_any_length()) {
        let header = wire::ControlHeader::default();
        let bytes = wire::encode(&header, &Message::Feedback(feedback.clone()));
        let Ok(Datagram::Control(Control { message: Message::Feedback(said), .. })) = wire::decode(&bytes) else {
            return Err(TestCaseError::fail("not a FEEDBACK"));
        };
        prop_assert!(feedback.tracks.starts_with(&said.tracks));
        let next = feedback.tracks.get(said.tracks.len()).map_or(DATAGRAM_LEN, TrackFeedback::encoded_len);
        prop_assert!(bytes.len() <= DATAGRAM_LEN && bytes.len() + next > DATAGRAM_LEN, "{} + {next}", bytes.len());
    }

    #[test]
    fn every_shard_comes_back(header in data_header()) {
        let shard = shard_of(&header);
        let bytes = [&header.encode()[..], &shard].concat();
        prop_assert_eq!(wire::decode(&bytes), Ok(Datagram::Data(header, &shard)));
        prop_assert!(wire::decode(&bytes[..bytes.len() - 1]).is_err());
        prop_assert!(wire::decode(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn what_is_missing_is_named_whole_or_from_its_first_shard_on((k, missing) in missing_indices()) {
        let shards = MissingShards::from_missing(&missing, k);
        let named = shards.indices(k);
        prop_assert!(missing.starts_with(&named));
        let whole = named.len() == missing.len();
        prop_assert!(whole || named.len() >= 64, "a long item names much: {}", named.len());
        let item = wire::Missing { frame: protocol::serial::Serial(1), round: 1, shards };
        prop_assert!(item.encoded_len() <= 264);
    }

    #[test]
    fn a_run_of_shards_splits_into_them(headers in proptest::collection::vec(data_header(), 0..20), junk: Vec<u8>) {
        let shards: Vec<(DataHeader, Vec<u8>)> = headers.iter().map(|header| (*header, shard_of(header))).collect();
        let run: Vec<u8> =
            shards.iter().flat_map(|(header, shard)| [&header.encode()[..], shard].concat()).collect();
        let split: Vec<(DataHeader, Vec<u8>)> =
            DataHeader::split_run(&run).map(|(header, shard)| (header, shard.to_vec())).collect();
        prop_assert_eq!(&split, &shards);
        let with_junk = [&run[..], &[0xFF], &junk].concat();
        prop_assert_eq!(DataHeader::split_run(&with_junk).count(), shards.len(), "ends at what is no DATA");
    }
}

fn sum<T>(items: &[T], encoded_len: impl Fn(&T) -> usize) -> usize {
    items.iter().map(encoded_len).sum()
}

#[test]
fn scattered_losses_of_the_largest_frame_are_asked_for_in_a_bitmap_that_covers_2_040_shards() {
    let missing: Vec<u16> = (0..3_604).step_by(10).collect();
    let shards = MissingShards::from_missing(&missing, 3_604);
    assert!(matches!(shards, MissingShards::Bitmap { .. }));
    assert_eq!(shards.indices(3_604).len(), 204);
}

#[test]
fn long_runs_are_asked_for_in_ranges_and_nothing_in_none() {
    let missing: Vec<u16> = (10..2_900).chain(3_000..3_500).collect();
    assert!(
        matches!(MissingShards::from_missing(&missing, 3_604), MissingShards::Ranges(runs) if runs.len() == 2)
    );
    assert_eq!(MissingShards::from_missing(&[], 9), MissingShards::Ranges(vec![]));
    assert_eq!(MissingShards::from_missing(&[0, 1, 2], 3), MissingShards::All);
    assert_eq!(MissingShards::from_missing(&[65_535], u16::MAX).indices(u16::MAX), [], "beyond k");
}

#[test]
fn a_rider_that_does_not_fit_is_left_out_and_not_half_written() {
    let hello = |rider: Bytes| {
        Message::Hello(wire::Hello {
            role: wire::Role::Viewer,
            versions: vec![1],
            nonce: [7; 16],
            cookie: None,
            rider,
        })
    };
    let bytes = wire::encode(&wire::ControlHeader::default(), &hello(Bytes::from(vec![1; 70_000])));
    let Ok(Datagram::Control(Control { message, .. })) = wire::decode(&bytes) else { panic!("not a HELLO") };
    assert_eq!(message, hello(Bytes::new()));
}
