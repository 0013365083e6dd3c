//! The Wireshark dissector, run by tshark (docs/WIRESHARK.md). Says so and passes where there is no tshark.

#[cfg(test)]
mod channel;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod live;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod pcap;
#[cfg(test)]
mod told;
#[cfg(test)]
mod tshark;

use std::fs;
use std::path::Path;
use std::process::Command;

use protocol::id::StreamId;
use protocol::slab::Slab;
use protocol::time::CaptureTime;
use protocol::wire::DataHeader;

use channel::{announce, clock, media, pictures, slab, video};
use golden::goldens;
use mutation::{Random, is_accepted, mutate};
use pcap::Packet;
use tshark::{Tshark, printed};

/// From a producer to the broker's usual port.
const UP: (u16, u16) = (40_000, 5_000);
/// Between ports that nothing is said about: the contents have to do.
const ELSEWHERE: (u16, u16) = (40_000, 41_000);
const MUTATIONS: usize = 10_000;

/// One packet per item, a millisecond apart.
fn packets<T: AsRef<[u8]>>(ports: (u16, u16), payloads: impl IntoIterator<Item = T>) -> Vec<Packet> {
    (0..).zip(payloads).map(|(i, payload)| Packet::new(i * 1_000, ports, payload.as_ref())).collect()
}

/// The datagrams of slabs, each on its own.
fn plain(slabs: &[Slab]) -> Vec<Vec<u8>> {
    slabs.iter().flat_map(|slab| slab.datagrams().chunks(slab.segment()).map(<[u8]>::to_vec)).collect()
}

#[test]
fn every_field_of_every_golden_message_equals_what_our_decoder_says() {
    let Some(tshark) = Tshark::find() else { return };
    let goldens = goldens();
    let capture = tshark.capture("golden", &packets(UP, goldens.values()));
    let fields = tshark.fields(&capture);
    assert_eq!(fields.len(), goldens.len());
    for ((name, bytes), dissected) in goldens.iter().zip(&fields) {
        assert_eq!(dissected, &told::told(bytes), "{name}");
    }
}

#[test]
fn messages_are_recognised_at_any_port_by_their_contents() {
    let Some(tshark) = Tshark::find() else { return };
    let goldens = goldens();
    let capture = tshark.capture("elsewhere", &packets(ELSEWHERE, goldens.values()));
    assert_eq!(tshark.shown(&capture, "framecast").len(), goldens.len());
    let noise = (0..200_u8).map(|i| vec![i; 36 + usize::from(i)]);
    let capture = tshark.capture("noise", &packets(ELSEWHERE, noise));
    assert!(tshark.shown(&capture, "framecast").is_empty());
}

#[test]
fn a_changed_preference_moves_the_port() {
    let Some(tshark) = Tshark::find() else { return };
    let unknown = [0x1A, 0x1A, 0xAA, 0x99, 1, 0x10, 0];
    let capture = tshark.capture("port", &packets(ELSEWHERE, [unknown]));
    assert!(tshark.shown(&capture, "framecast").is_empty());
    let moved = tshark.print(&capture, &["-o", "framecast.ports:41000", "-Y", "framecast.expert.unknown"]);
    assert_eq!(moved.lines().count(), 1);
}

#[test]
fn runs_and_single_datagrams_give_the_same_frames_byte_for_byte() {
    let Some(tshark) = Tshark::find() else { return };
    let pictures = pictures(8);
    let slabs = video(&pictures);
    let runs = tshark.capture("runs", &packets(UP, slabs.iter().map(Slab::datagrams)));
    assert_eq!(tshark.frames(&runs), pictures);
    let single = tshark.capture("single", &packets(UP, plain(&slabs)));
    assert_eq!(tshark.frames(&single), pictures);
    for capture in [runs, single] {
        assert_eq!(tshark.shown(&capture, "_ws.expert").len(), 0);
        assert_eq!(tshark.values(&capture, "image-jfif").len(), pictures.len(), "handed on as pictures");
    }
}

#[test]
fn shards_in_any_order_give_the_frame() {
    let Some(tshark) = Tshark::find() else { return };
    let pictures = pictures(2);
    let mut datagrams = plain(&video(&pictures));
    datagrams.reverse();
    let capture = tshark.capture("reversed", &packets(UP, &datagrams));
    let mut frames = tshark.frames(&capture);
    frames.reverse();
    assert_eq!(frames, pictures);
    assert_eq!(tshark.shown(&capture, "framecast.expert.reordered").len(), datagrams.len() - 1);
}

#[test]
fn the_kind_of_a_frame_is_what_was_announced_else_what_it_looks_like() {
    let Some(tshark) = Tshark::find() else { return };
    let (picture, sound) = (media("frames/frame1.jpg"), media("audio/audio1.mp3"));
    let frames = [slab(StreamId::VIDEO, 1, &picture), slab(StreamId::AUDIO, 1, &sound)];
    let capture = tshark.capture("looks", &packets(UP, plain(&frames)));
    assert_eq!(tshark.values(&capture, "framecast.frame.kind"), ["image/jpeg", "audio/mpeg"]);
    assert_eq!(tshark.values(&capture, "mpeg-audio").len(), 1, "handed on as sound");
    let announced = [vec![announce("png")], plain(&frames)].concat();
    let capture = tshark.capture("announced", &packets(UP, announced));
    assert_eq!(tshark.values(&capture, "framecast.frame.kind"), ["image/png", "audio/mpeg"]);
}

#[test]
fn losses_repairs_and_duplicates_are_marked_where_they_show() {
    let Some(tshark) = Tshark::find() else { return };
    let pictures = pictures(5);
    let slabs = video(&pictures);
    let datagrams: Vec<Vec<Vec<u8>>> = slabs.iter().map(|slab| plain(std::slice::from_ref(slab))).collect();
    let mut sent = datagrams[0].clone();
    sent.extend_from_slice(&datagrams[1][..3]); // 3
    let gap_in_frame = sent.len();
    sent.extend_from_slice(&datagrams[1][5..]);
    let repair = sent.len();
    sent.push(slabs[1].repair(&[3, 4], 1).to_vec());
    let duplicate = sent.len();
    sent.push(datagrams[1][0].clone());
    let gap_of_frames = sent.len();
    sent.extend_from_slice(&datagrams[4]); // frames 2 and 3 did not come
    let capture = tshark.capture("loss", &packets(UP, &sent));

    let shown = |expert: &str| tshark.shown(&capture, &format!("framecast.expert.{expert}"));
    assert_eq!(shown("gap"), [gap_in_frame, gap_of_frames].into());
    assert_eq!(shown("repair"), [repair].into());
    assert_eq!(shown("duplicate"), [duplicate].into());
    assert_eq!(tshark.frames(&capture), [&*pictures[0], &*pictures[1], &*pictures[4]]);
    assert_eq!(tshark.values(&capture, "framecast.frame.repaired"), ["0", "2", "0"]);
    let table = tshark.print(&capture, &["-q", "-z", "framecast,streams"]);
    let row: Vec<&str> = table.lines().last().unwrap().split_whitespace().collect();
    assert_eq!((row[0], row[4]), ("1AAA99/01", "image/jpeg"));
    let shards = sent.len() + 1; // the repair holds two
    assert_eq!(row[5], shards.to_string());
    assert_eq!(row[8..], ["3", "3", "1", "2", "1", "2", "0"], "{table}");
}

#[test]
fn a_control_message_that_comes_later_was_overtaken_and_is_no_gap() {
    let Some(tshark) = Tshark::find() else { return };
    let numbers = [10, 12, 11, 13, 17, 15]; // 14 and 16 never come
    let capture = tshark.capture("overtaken", &packets(UP, numbers.map(clock)));
    assert_eq!(tshark.shown(&capture, "framecast.expert.reordered"), [2, 5].into());
    assert_eq!(tshark.shown(&capture, "framecast.expert.gap"), [4].into());
    let told = ["-Y", "framecast.expert.gap", "-T", "fields", "-e", "_ws.expert.message"];
    assert_eq!(tshark.print(&capture, &told).trim(), "Did not come before: 2 control message(s)");
}

#[test]
fn a_shard_with_a_wrong_crc_and_one_that_disagrees_are_marked() {
    let Some(tshark) = Tshark::find() else { return };
    let pictures = pictures(1);
    let mut datagrams = plain(&video(&pictures));
    let (header, shard) = DataHeader::decode(&datagrams[1]).unwrap();
    let disagrees = DataHeader { capture: CaptureTime(0), ..header }.with_crc(shard);
    let disagrees = [&disagrees.encode(), shard].concat();
    let mut flipped = datagrams[2].clone();
    flipped[40] ^= 1;
    datagrams.splice(1..1, [disagrees, flipped]);
    let capture = tshark.capture("wrong", &packets(UP, &datagrams));
    assert_eq!(tshark.shown(&capture, "framecast.expert.conflict"), [1].into());
    assert_eq!(tshark.shown(&capture, "framecast.expert.bad_crc"), [2].into());
    assert_eq!(tshark.frames(&capture), pictures, "what was dropped takes no place");
    let unchecked = ["-o", "framecast.check_data:FALSE", "-Y", "framecast.expert.bad_crc"];
    assert!(tshark.print(&capture, &unchecked).is_empty());
}

#[test]
fn mutated_datagrams_are_refused_where_our_decoder_refuses_them_and_break_nothing() {
    let Some(tshark) = Tshark::find() else { return };
    let mut originals: Vec<Vec<u8>> = goldens().into_values().collect();
    let run = plain(&video(&pictures(1)))[7..].concat();
    originals.extend([run.clone(), run]);
    let mut random = Random::new(0x5EED);
    let mut payloads = Vec::new();
    for _ in 0..MUTATIONS {
        let (one, other) = (random.below(originals.len()), random.below(originals.len()));
        payloads.push(mutate(&mut random, &originals[one], &originals[other]));
    }
    let capture = tshark.capture("mutated", &packets(UP, &payloads));
    let accepted = tshark.shown(
        &capture,
        "framecast && !framecast.expert.malformed && !framecast.expert.bad_crc \
         && !framecast.expert.foreign && !framecast.expert.unknown",
    );
    let right = payloads.iter().filter(|payload| is_accepted(payload)).count();
    assert!(right > MUTATIONS / 50 && right < MUTATIONS, "{right}: the mutations prove nothing");
    for (number, payload) in payloads.iter().enumerate() {
        assert_eq!(accepted.contains(&number), is_accepted(payload), "packet {}: {payload:02X?}", number + 1);
    }
}

#[test]
fn datagrams_that_the_capture_cut_short_break_nothing() {
    let Some(tshark) = Tshark::find() else { return };
    let run = plain(&video(&pictures(1)))[7..].concat();
    let cut = |payload: Vec<u8>| {
        let lengths = (0..payload.len().min(130)).chain([payload.len().saturating_sub(1)]);
        lengths.map(move |captured| Packet { captured, ..Packet::new(0, UP, &payload) }).collect::<Vec<_>>()
    };
    let packets: Vec<Packet> = goldens().into_values().chain([run]).flat_map(cut).collect();
    let capture = tshark.capture("cut", &packets);
    assert!(!tshark.print(&capture, &["-V"]).is_empty());
    assert!(tshark.shown(&capture, "framecast.expert.malformed || framecast.expert.bad_crc").is_empty());
    assert!(tshark.shown(&capture, "framecast.expert.cut").len() > packets.len() / 2);
}

#[test]
fn an_installed_dissector_is_found_without_naming_it() {
    let Some(tshark) = Tshark::find() else { return };
    let framecast = |option: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_framecast"));
        command.args(["wireshark", option]).env("HOME", tshark.path("home"));
        printed(&command.env_remove("XDG_CONFIG_HOME").output().unwrap())
    };
    fs::create_dir_all(tshark.path("home")).unwrap();
    let says = framecast("--install");
    let text = fs::read_to_string(says.split_once(": ").unwrap().0).unwrap();
    assert_eq!(text, framecast("--print"));
    let capture = tshark.capture("installed", &packets(UP, goldens().values()));
    let mut command = Command::new("tshark");
    command.env("HOME", tshark.path("home")).env_remove("XDG_CONFIG_HOME");
    let listed = printed(&command.arg("-r").arg(&capture).output().unwrap());
    assert!(listed.contains("Framecast") && listed.contains("1AAA99/01 DATA frame 1001"), "{listed}");
}

#[test]
fn the_samples_show_what_they_are_for() {
    let Some(tshark) = Tshark::find() else { return };
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("wireshark/samples");
    let join = samples.join("join.pcap");
    // HELLO, RETRY, WELCOME, SUBSCRIBE, SUBSCRIBE_ACK, FEEDBACK, HEARTBEAT, DATA
    for event in [0x09, 0x0A, 0x89, 0x01, 0x81, 0x80, 0x07, 0x00] {
        let shown = tshark.shown(&join, &format!("framecast.event == {event}"));
        assert!(!shown.is_empty(), "join.pcap has no event {event:#04x}");
    }
    assert!(!tshark.frames(&join).is_empty());
    let loss = samples.join("loss.pcap");
    for expert in ["gap", "repair"] {
        assert!(!tshark.shown(&loss, &format!("framecast.expert.{expert}")).is_empty(), "{expert}");
    }
    for capture in [join, loss] {
        assert!(tshark.shown(&capture, "!framecast || framecast.expert.malformed").is_empty());
        assert!(fs::metadata(capture).unwrap().len() < 200_000);
    }
}
