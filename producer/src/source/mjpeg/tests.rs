use jpeg_encoder::{ColorType, Encoder};
use proptest::prelude::*;

use super::*;

const LIMIT: usize = 64 * 1024;

/// What one splitter finds when the stream comes in pieces of these lengths, over and over.
fn split_in_pieces(stream: &[u8], lengths: &[usize], limit: usize) -> (Vec<Bytes>, MjpegCounters) {
    let mut splitter = MjpegSplitter::new(limit);
    let mut pictures = Vec::new();
    let mut rest = stream;
    for length in lengths.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (mut piece, after) = rest.split_at((*length).min(rest.len()));
        rest = after;
        while let Some(picture) = splitter.next_picture(&mut piece) {
            pictures.push(picture);
        }
        assert!(piece.is_empty(), "an input is consumed before the next one");
        assert!(splitter.picture.len() <= limit, "no more than one picture is held");
    }
    splitter.finish();
    (pictures, splitter.counters())
}

fn split(stream: &[u8]) -> (Vec<Bytes>, MjpegCounters) {
    split_in_pieces(stream, &[stream.len().max(1)], LIMIT)
}

/// A real picture of noise, so that its scan is full of stuffed bytes.
fn jpeg(seed: u32, configure: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut state = seed;
    let pixels: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    })
    .take(48 * 32 * 3)
    .collect();
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, 90);
    configure(&mut encoder);
    encoder.encode(&pixels, 48, 32, ColorType::Rgb).unwrap();
    out
}

fn plain(seed: u32) -> Vec<u8> {
    jpeg(seed, |_| {})
}

fn with_thumbnail(seed: u32) -> Vec<u8> {
    let thumbnail = plain(seed ^ 0xFFFF);
    jpeg(seed, |encoder| encoder.add_app_segment(1, [b"Exif\0\0", &thumbnail[..]].concat()).unwrap())
}

fn with_restarts(seed: u32) -> Vec<u8> {
    let picture = jpeg(seed, |encoder| encoder.set_restart_interval(2));
    assert!(picture.windows(2).any(|pair| pair == [PREFIX, 0xD3]), "the picture has restart markers");
    picture
}

fn progressive(seed: u32) -> Vec<u8> {
    let picture = jpeg(seed, |encoder| encoder.set_progressive(true));
    assert!(
        picture.windows(2).filter(|pair| *pair == [PREFIX, SOS]).count() > 1,
        "the picture has several scans"
    );
    picture
}

#[test]
fn pictures_of_every_make_come_out_byte_for_byte() {
    let pictures = [plain(1), with_thumbnail(2), with_restarts(3), progressive(4), plain(5)];
    let (found, counters) = split(&pictures.concat());
    assert_eq!(found, pictures);
    assert_eq!(counters, MjpegCounters { pictures: 5, ..MjpegCounters::default() });
}

#[test]
fn bytes_between_pictures_are_skipped_and_counted() {
    let stream =
        [b"--frame\r\nContent-Type: image/jpeg\r\n\r\n", &plain(1)[..], b"\r\n\xFF\xFF\xD8?", &plain(2)]
            .concat();
    let (found, counters) = split(&stream);
    assert_eq!(found, [plain(1), plain(2)]);
    assert_eq!(counters, MjpegCounters { pictures: 2, garbage_bytes: 37 + 6, ..MjpegCounters::default() });
}

#[test]
fn a_picture_that_breaks_off_costs_only_itself() {
    let broken = plain(1);
    let cut = &broken[..broken.len() - 40];
    let (found, counters) = split(&[cut, &plain(2)].concat());
    assert_eq!(found, [plain(2)]);
    let garbage_bytes = cut.len() as u64;
    assert_eq!(counters, MjpegCounters { pictures: 1, garbage_bytes, malformed: 1, oversized: 0 });
}

#[test]
fn a_picture_cut_by_the_end_of_the_stream_is_counted() {
    let (found, counters) = split(&plain(1)[..100]);
    assert!(found.is_empty());
    assert_eq!(counters, MjpegCounters { malformed: 1, garbage_bytes: 100, ..MjpegCounters::default() });
}

#[test]
fn a_picture_above_the_limit_is_dropped_counted_and_not_held() {
    let (small, large) = (plain(1), with_thumbnail(2));
    let (found, counters) = split_in_pieces(&[&large[..], &small].concat(), &[100], large.len() - 1);
    assert_eq!(found, [small]);
    assert_eq!(counters, MjpegCounters { pictures: 1, oversized: 1, ..MjpegCounters::default() });
    let (found, _) = split_in_pieces(&large, &[100], large.len());
    assert_eq!(found, [large], "the limit itself is allowed");
}

#[test]
fn endless_data_without_an_end_marker_is_not_held() {
    let mut splitter = MjpegSplitter::new(LIMIT);
    let opening = plain(1);
    assert_eq!(splitter.next_picture(&mut &opening[..opening.len() - 2]), None);
    for _ in 0..1_000 {
        assert_eq!(splitter.next_picture(&mut &[0x55; 1_024][..]), None);
        assert!(splitter.picture.capacity() <= 2 * LIMIT);
    }
    assert!(splitter.picture.is_empty());
}

#[test]
fn markers_that_make_no_sense_drop_the_picture() {
    let nonsense: [&[u8]; 4] = [
        b"\xFF\xD8\xFF\xD9",             // an end without a scan
        b"\xFF\xD8\xFF\x00",             // stuffing outside a scan
        b"\xFF\xD8\xFF\xE0\x00\x01",     // a segment shorter than its length
        b"\xFF\xD8\xFF\xE0\x00\x03xyz!", // no marker after a segment
    ];
    for bytes in nonsense {
        let (found, counters) = split(&[bytes, &plain(1)].concat());
        assert_eq!((found.len(), counters.malformed), (1, 1), "{bytes:02X?}");
        assert_eq!(counters.garbage_bytes, bytes.len() as u64, "{bytes:02X?}");
    }
}

#[test]
fn a_picture_without_a_scan_is_dropped_after_one_that_had_it() {
    let (found, counters) = split(&[&plain(1)[..], b"\xFF\xD8\xFF\xD9"].concat());
    assert_eq!((found.len(), counters.malformed), (1, 1));
}

#[test]
fn markers_may_be_preceded_by_fill_bytes() {
    let picture = b"\xFF\xD8\xFF\xFF\xFF\xE0\x00\x03x\xFF\xFF\xDA\x00\x02scan\xFF\xFF\xD9";
    let (found, counters) = split(picture);
    assert_eq!(found, [&picture[..]]);
    assert_eq!(counters, MjpegCounters { pictures: 1, ..MjpegCounters::default() });
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<u32>().prop_map(plain),
        any::<u32>().prop_map(with_thumbnail),
        any::<u32>().prop_map(progressive),
        (any::<u32>(), 0_usize..1_000).prop_map(|(seed, cut)| plain(seed).into_iter().take(cut).collect()),
        prop::collection::vec(any::<u8>(), 0..50),
        prop::collection::vec(marker_byte(), 0..50),
    ]
}

/// Bytes that garbage has to be made of to get far.
fn marker_byte() -> impl Strategy<Value = u8> {
    prop::sample::select(vec![PREFIX, PREFIX, SOI, EOI, SOS, 0xD0, 0xE0, STUFFING, TEM, 2])
}

proptest! {
    #[test]
    fn any_cutting_of_any_stream_gives_the_same_pictures(
        pieces in prop::collection::vec(piece(), 0..6),
        lengths in prop::collection::vec(1_usize..5_000, 1..20),
        limit in 1_000_usize..20_000,
    ) {
        let stream = pieces.concat();
        let whole = split_in_pieces(&stream, &[stream.len().max(1)], limit);
        prop_assert_eq!(&split_in_pieces(&stream, &lengths, limit), &whole);
        prop_assert_eq!(&split_in_pieces(&stream, &[1], limit), &whole);
    }

    #[test]
    fn every_byte_of_garbage_is_accounted_for(
        garbage in prop::collection::vec(prop_oneof![any::<u8>(), marker_byte()], 0..3_000),
    ) {
        let (found, counters) = split(&garbage);
        let kept: usize = found.iter().map(Bytes::len).sum();
        prop_assert_eq!(kept as u64 + counters.garbage_bytes, garbage.len() as u64);
    }
}
