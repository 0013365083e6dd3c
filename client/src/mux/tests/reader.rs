//! A small reader of Matroska, written from RFC 8794 and RFC 9559.

use super::super::matroska::id;

/// What a player would find in a stream.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) tick: u64,
    pub(super) title: String,
    pub(super) duration: Option<f64>,
    /// Codec, size or sample rate and channels, nanoseconds of a frame.
    pub(super) tracks: Vec<(String, (u64, u64), Option<u64>)>,
    pub(super) blocks: Vec<Played>,
    /// Position from the segment's data, and time.
    pub(super) clusters: Vec<(u64, u64)>,
    pub(super) cues: Vec<(u64, u64)>,
    pub(super) seeks: Vec<(u32, u64)>,
    /// Every element of the segment: identity and position.
    pub(super) parts: Vec<(u32, u64)>,
    /// The segment says its size, and it is right.
    pub(super) sized: bool,
}

/// A block.
#[derive(Debug)]
pub(super) struct Played {
    track: u64,
    /// In ticks.
    at: u64,
    pub(super) data: Vec<u8>,
    pub(super) discard: Option<i64>,
}

struct Element<'a> {
    id: u32,
    at: u64,
    data: &'a [u8],
}

impl Stream {
    pub(super) fn read(file: &[u8]) -> Self {
        let (ebml, rest) = element(file, 0);
        assert_eq!(ebml.id, id::EBML);
        assert_eq!(text(child(ebml.data, id::DOC_TYPE).unwrap()), "matroska");
        let (segment, rest_of_segment) = element(rest, 0);
        assert_eq!((segment.id, rest_of_segment.len()), (id::SEGMENT, 0));
        let mut stream =
            Self { sized: rest[4..12] != [1, 255, 255, 255, 255, 255, 255, 255], ..Self::default() };
        for part in children(segment.data) {
            stream.parts.push((part.id, part.at));
            stream.take(&part);
        }
        stream
    }

    fn take(&mut self, part: &Element<'_>) {
        match part.id {
            id::INFO => {
                self.tick = number(child(part.data, id::TIMESTAMP_SCALE).unwrap());
                self.title = text(child(part.data, id::TITLE).unwrap());
                self.duration = child(part.data, id::DURATION).map(real);
            }
            id::TRACKS => self.tracks = children(part.data).map(|entry| track(entry.data)).collect(),
            id::CLUSTER => self.cluster(part),
            id::CUES => self.cues.extend(children(part.data).map(|point| {
                let place = child(point.data, id::CUE_TRACK_POSITIONS).unwrap();
                let position = number(child(place, id::CUE_CLUSTER_POSITION).unwrap());
                (number(child(point.data, id::CUE_TIME).unwrap()), position)
            })),
            id::SEEK_HEAD => self.seeks.extend(children(part.data).map(|seek| {
                let wanted = number(child(seek.data, id::SEEK_ID).unwrap());
                (u32::try_from(wanted).unwrap(), number(child(seek.data, id::SEEK_POSITION).unwrap()))
            })),
            0xEC => assert!(part.data.iter().all(|byte| *byte == 0), "room is empty"),
            other => panic!("no element that belongs here: {other:X}"),
        }
    }

    fn cluster(&mut self, cluster: &Element<'_>) {
        let start = number(child(cluster.data, id::TIMESTAMP).unwrap());
        self.clusters.push((cluster.at, start));
        for part in children(cluster.data) {
            match part.id {
                id::SIMPLE_BLOCK => self.blocks.push(block(start, part.data, None)),
                id::BLOCK_GROUP => {
                    let discard = child(part.data, id::DISCARD_PADDING);
                    let discard = discard.map(|data| i64::from_be_bytes(data.try_into().unwrap()));
                    self.blocks.push(block(start, child(part.data, id::BLOCK).unwrap(), discard));
                }
                other => assert_eq!(other, id::TIMESTAMP),
            }
        }
    }

    /// The blocks of a track, as they stand in the stream.
    pub(super) fn of(&self, track: u64) -> impl Iterator<Item = &Played> {
        self.blocks.iter().filter(move |block| block.track == track)
    }

    /// Their times, in ticks.
    pub(super) fn times(&self, track: u64) -> Vec<u64> {
        self.of(track).map(|block| block.at).collect()
    }
}

fn track(entry: &[u8]) -> (String, (u64, u64), Option<u64>) {
    let format = match (child(entry, id::VIDEO), child(entry, id::AUDIO)) {
        (Some(video), None) => {
            (number(child(video, id::PIXEL_WIDTH).unwrap()), number(child(video, id::PIXEL_HEIGHT).unwrap()))
        }
        (None, Some(audio)) => {
            let rate = real(child(audio, id::SAMPLING_FREQUENCY).unwrap());
            (rate.to_string().parse().unwrap(), number(child(audio, id::CHANNELS).unwrap()))
        }
        both => panic!("{both:?}"),
    };
    (text(child(entry, id::CODEC_ID).unwrap()), format, child(entry, id::DEFAULT_DURATION).map(number))
}

fn block(start: u64, data: &[u8], discard: Option<i64>) -> Played {
    assert_eq!((data[0] & 0x80, data[3] & 0x06), (0x80, 0), "a short track number, and no lacing");
    let distance = i16::from_be_bytes([data[1], data[2]]);
    let at = start.checked_add_signed(distance.into()).unwrap();
    Played { track: u64::from(data[0] & 0x7F), at, data: data[4..].to_vec(), discard }
}

/// The first element, and what is behind it. One of unknown size has all the rest.
fn element(bytes: &[u8], at: u64) -> (Element<'_>, &[u8]) {
    let id_len = bytes[0].leading_zeros() as usize + 1;
    let id = bytes[..id_len].iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let size_len = bytes[id_len].leading_zeros() as usize + 1;
    let coded = &bytes[id_len..id_len + size_len];
    let size =
        coded.iter().fold(0_u64, |size, byte| size << 8 | u64::from(*byte)) & ((1 << (7 * size_len)) - 1);
    let rest = &bytes[id_len + size_len..];
    let unknown = size == (1 << (7 * size_len)) - 1;
    let size = if unknown { rest.len() } else { usize::try_from(size).unwrap() };
    (Element { id, at, data: &rest[..size] }, &rest[size..])
}

fn children(data: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let mut rest = data;
    std::iter::from_fn(move || {
        (!rest.is_empty()).then(|| {
            let (element, behind) = element(rest, (data.len() - rest.len()) as u64);
            rest = behind;
            element
        })
    })
}

fn child(data: &[u8], id: u32) -> Option<&[u8]> {
    children(data).find(|element| element.id == id).map(|element| element.data)
}

fn number(data: &[u8]) -> u64 {
    data.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn real(data: &[u8]) -> f64 {
    f64::from_be_bytes(data.try_into().unwrap())
}

fn text(data: &[u8]) -> String {
    String::from_utf8(data.to_vec()).unwrap()
}
