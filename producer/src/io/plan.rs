//! From settings to what the engine announces.

use std::time::Duration;

use protocol::id::StreamId;
use protocol::limits::{DATA_HEADER_LEN, SHARD_LEN_MAX, SHARD_LEN_MIN};
use protocol::random::Random;
use protocol::serial::Serial;
use protocol::wire::{Label, Text, TrackKind};

use super::settings::Identity;
use crate::engine::{Plan, PlannedTrack, identity};
use crate::source::{TrackInfo, TrackRole};

/// The publication: `since_1970` is its epoch. Frames are numbered from a random one, so that a former life of the
/// producer and this one share no numbers.
pub(super) fn plan(
    settings: Identity,
    (tracks, thins): (impl Iterator<Item = TrackInfo>, bool),
    since_1970: Duration,
    random: &mut Random,
) -> Plan {
    let Identity { id, name, key, datagram_size } = settings;
    let key = key.unwrap_or_else(|| random.block().to_vec());
    Plan {
        producer: id,
        identity: identity(&key, id),
        epoch: u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
        name: Text::new(&name),
        shard_size: shard_size(datagram_size),
        latency_min: Duration::ZERO,
        first_frame: Serial(random.nonzero_u32()),
        thins,
        // Sources name their kinds by plain extensions, all of which are labels.
        tracks: tracks.filter_map(|track| planned(&track)).collect(),
    }
}

/// The stream of a track.
pub(super) const fn stream(role: TrackRole) -> StreamId {
    match role {
        TrackRole::Video => StreamId::VIDEO,
        TrackRole::Audio => StreamId::AUDIO,
    }
}

fn planned(track: &TrackInfo) -> Option<PlannedTrack> {
    Some(PlannedTrack {
        stream: stream(track.role),
        kind: match track.role {
            TrackRole::Video => TrackKind::Video,
            TrackRole::Audio => TrackKind::Audio,
        },
        codec: Label::new(codec(&track.extension))?,
        extension: Label::new(&track.extension)?,
        frame_duration: track.frame_duration,
    })
}

/// What a shard may hold so that its datagram has `datagram_size` bytes at most; even, as the wire wants it.
fn shard_size(datagram_size: u16) -> u16 {
    let header = u16::try_from(DATA_HEADER_LEN).unwrap_or(u16::MAX);
    let size = datagram_size.saturating_sub(header).clamp(SHARD_LEN_MIN, SHARD_LEN_MAX);
    size - size % 2
}

fn codec(extension: &str) -> &str {
    match extension {
        "jpg" => "jpeg",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_never_exceed_the_size_asked_for_and_shards_are_even() {
        for (datagram, shard) in [(1_200, 1_164), (1_452, 1_416), (1_301, 1_264), (0, 256), (u16::MAX, 1_416)]
        {
            assert_eq!(shard_size(datagram), shard, "{datagram}");
        }
    }

    #[test]
    fn a_track_names_its_codec_and_keeps_its_extension() {
        let track = |role, extension: &str| {
            let frame_duration = Duration::from_secs(1);
            planned(&TrackInfo { role, extension: extension.to_owned(), frame_duration }).unwrap()
        };
        let video = track(TrackRole::Video, "jpg");
        assert_eq!((video.stream, video.kind), (StreamId::VIDEO, TrackKind::Video));
        assert_eq!((video.codec.as_str(), video.extension.as_str()), ("jpeg", "jpg"));
        let audio = track(TrackRole::Audio, "mp3");
        assert_eq!((audio.stream, audio.kind), (StreamId::AUDIO, TrackKind::Audio));
        assert_eq!((audio.codec.as_str(), audio.extension.as_str()), ("mp3", "mp3"));
    }

    #[test]
    fn the_same_key_gives_the_same_identity_and_none_a_fresh_one() {
        let plan = |key: Option<&[u8]>, seed| {
            let id = "1AAA99".parse().unwrap();
            let key = key.map(<[u8]>::to_vec);
            let identity = Identity { id, name: String::new(), key, datagram_size: 1_200 };
            plan(
                identity,
                (std::iter::empty(), true),
                Duration::from_millis(7),
                &mut Random::from_seed([seed; 32]),
            )
        };
        assert_eq!(plan(Some(b"key"), 1).identity, plan(Some(b"key"), 2).identity);
        assert_ne!(plan(None, 1).identity, plan(None, 2).identity);
        assert_eq!(plan(None, 1).epoch, 7);
    }
}
