//! SUBSCRIBE, UNSUBSCRIBE, CATALOG and their acknowledgements.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use protocol::limits::DATAGRAM_LEN;
use protocol::time::{CaptureTime, Time};
use protocol::wire::{
    CATALOG_FIXED_LEN, CatalogEntry, CatalogPage, CatalogRequest, CatalogTrack, ClockPoint, Message, Start,
    Subscribe, SubscribeAck, Unsubscribe, UnsubscribeAck,
};

use super::publish::tracks;
use super::{
    code, fitting, kind, label, last_frames, micros32, millis16, producer, serial, stream, tag, text,
};

pub(super) fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        subscribe().prop_map(Message::Subscribe),
        subscribe_ack().prop_map(Message::SubscribeAck),
        serial().prop_map(|req| Message::Unsubscribe(Unsubscribe { req })),
        (serial(), code(), last_frames())
            .prop_map(|(req, status, last)| Message::UnsubscribeAck(UnsubscribeAck { req, status, last })),
        (serial(), option::of(producer()))
            .prop_map(|(req, after)| Message::Catalog(CatalogRequest { req, after })),
        catalog_page().prop_map(Message::CatalogAck),
    ]
}

fn subscribe() -> impl Strategy<Value = Subscribe> {
    let start = prop_oneof![Just(Start::NextGroup), Just(Start::CurrentGroup), Just(Start::LiveEdge)];
    (serial(), any::<u8>(), start, any::<u8>(), any::<u8>(), millis16(), any::<u16>()).prop_map(
        |(req, kinds, start, layer_max, parity, latency, rate_max)| Subscribe {
            req,
            kinds,
            start,
            layer_max,
            parity,
            latency,
            rate_max,
        },
    )
}

fn subscribe_ack() -> impl Strategy<Value = SubscribeAck> {
    let answer = (serial(), code(), millis16());
    (answer, any::<u64>(), tag(), any::<u16>(), clock_point(), text(), tracks(0)).prop_map(
        |((req, status, latency), epoch, tag, shard_size, clock, name, tracks)| SubscribeAck {
            req,
            status,
            latency,
            epoch,
            tag,
            shard_size,
            clock,
            name,
            tracks,
        },
    )
}

pub(super) fn clock_point() -> impl Strategy<Value = ClockPoint> {
    (any::<u32>(), any::<u64>(), any::<i16>(), any::<u32>()).prop_map(|(capture, broker, drift, error)| {
        ClockPoint { capture: CaptureTime(capture), broker: Time::from_micros(broker), drift, error }
    })
}

/// A page with as many entries as fit; one without any is the last one.
fn catalog_page() -> impl Strategy<Value = CatalogPage> {
    let entries = btree_map(producer(), entry(), 0..12);
    (serial(), any::<u32>(), any::<bool>(), entries).prop_map(|(req, generation, more, entries)| {
        let named = |(producer, entry)| CatalogEntry { producer, ..entry };
        let entries: Vec<CatalogEntry> = entries.into_iter().map(named).collect();
        let entries = fitting(entries, DATAGRAM_LEN - CATALOG_FIXED_LEN, CatalogEntry::encoded_len);
        CatalogPage { req, generation, more: more && !entries.is_empty(), entries }
    })
}

fn entry() -> impl Strategy<Value = CatalogEntry> {
    let track =
        (stream(), kind(), label(), micros32()).prop_map(|(stream, kind, extension, frame_duration)| {
            CatalogTrack { stream, kind, extension, frame_duration }
        });
    (producer(), any::<bool>(), any::<u64>(), any::<u32>(), text(), vec(track, 0..=16)).prop_map(
        |(producer, stalled, epoch, viewers, name, tracks)| CatalogEntry {
            producer,
            stalled,
            epoch,
            viewers,
            name,
            tracks,
        },
    )
}
