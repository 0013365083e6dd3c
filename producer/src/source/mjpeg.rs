//! Cuts a stream of bytes (motion JPEG from a pipe) into pictures.
//!
//! The markers of each picture are followed from its start to its end (ITU-T T.81, annex B): segments are
//! stepped over by their length, so that a thumbnail inside one can't end the picture, and in a scan only a
//! real marker counts, not a stuffed byte and not a restart.

use bytes::Bytes;

/// Opens every marker; in a scan followed by [`STUFFING`] when it is meant as data.
const PREFIX: u8 = 0xFF;
/// After [`PREFIX`]: not a marker but the data byte 0xFF.
const STUFFING: u8 = 0x00;
/// Start of image.
const SOI: u8 = 0xD8;
/// End of image.
const EOI: u8 = 0xD9;
/// Start of scan: its segment is followed by entropy-coded data.
const SOS: u8 = 0xDA;
/// Markers that stand alone, without a segment: restarts, and TEM.
const RESTARTS: std::ops::RangeInclusive<u8> = 0xD0..=0xD7;
const TEM: u8 = 0x01;
/// A segment's length counts its own two bytes.
const LENGTH_BYTES: u16 = 2;

/// What became of the bytes of the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MjpegCounters {
    /// Pictures handed out.
    pub pictures: u64,
    /// Bytes between pictures, and those of broken pictures.
    pub garbage_bytes: u64,
    /// Pictures dropped because they broke off or their markers make no sense.
    pub malformed: u64,
    /// Pictures dropped because they are larger than the limit.
    pub oversized: u64,
}

/// Cuts a stream of bytes into JPEG pictures. Holds at most one unfinished picture, up to its limit.
///
/// ```
/// use producer::source::MjpegSplitter;
///
/// let mut splitter = MjpegSplitter::new(1024);
/// let picture = b"\xFF\xD8\xFF\xDA\x00\x02 scan \xFF\xD9";
/// let chunk = [b"--boundary\r\n", &picture[..], b"\r\n"].concat();
/// let mut input = &chunk[..];
/// while let Some(found) = splitter.next_picture(&mut input) {
///     assert_eq!(found, &picture[..]);
/// }
/// assert_eq!(splitter.counters().pictures, 1);
/// ```
#[derive(Debug)]
pub struct MjpegSplitter {
    place: Place,
    /// The picture so far; empty once it has outgrown the limit.
    picture: Vec<u8>,
    /// Length of the picture so far, kept or not.
    length: u64,
    max_bytes: usize,
    /// A picture without a scan shows nothing.
    has_scan: bool,
    counters: MjpegCounters,
}

/// Where in the grammar of the stream the next byte stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Between pictures; of `FF D8 FF`, which opens one, this many bytes were just seen.
    Between { seen: u8 },
    /// Before the prefix of a marker.
    Prefix,
    /// Between the prefix and the code of a marker, maybe after fill bytes.
    Code { in_scan: bool },
    /// Before the first byte of a segment's length.
    LengthHigh { marker: u8 },
    /// Before the second.
    LengthLow { marker: u8, high: u8 },
    /// In a segment.
    Segment { marker: u8, left: u16 },
    /// In entropy-coded data.
    Scan,
}

impl MjpegSplitter {
    /// A splitter that drops pictures larger than `max_bytes`.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            place: Place::Between { seen: 0 },
            picture: Vec::new(),
            length: 0,
            max_bytes,
            has_scan: false,
            counters: MjpegCounters::default(),
        }
    }

    /// What became of the bytes so far.
    pub fn counters(&self) -> MjpegCounters {
        self.counters
    }

    /// Consumes `input` up to the end of the next picture and returns that, or consumes all of it and returns
    /// none. Where the stream was cut into inputs makes no difference.
    pub fn next_picture(&mut self, input: &mut &[u8]) -> Option<Bytes> {
        while let Some(&byte) = input.first() {
            let run = self.take_plain_run(input);
            if run > 0 {
                let (data, rest) = input.split_at_checked(run)?;
                self.keep(data);
                *input = rest;
                continue;
            }
            *input = input.get(1..)?;
            if let Some(picture) = self.step(byte) {
                return Some(picture);
            }
        }
        None
    }

    /// The stream has ended: a picture that is not whole by now counts as malformed.
    pub fn finish(&mut self) {
        if let Place::Between { seen } = self.place {
            self.counters.garbage_bytes += u64::from(seen);
            self.place = Place::Between { seen: 0 };
        } else {
            self.discard_malformed();
        }
    }

    /// How many bytes at the start of `input` are plain content of a segment or a scan. They are taken in one
    /// go: nearly all bytes of a picture are of this sort.
    fn take_plain_run(&mut self, input: &[u8]) -> usize {
        match self.place {
            Place::Segment { marker, left } => {
                let run = usize::from(left).min(input.len());
                let left = left.saturating_sub(u16::try_from(run).unwrap_or(left));
                self.place = Place::Segment { marker, left };
                if left == 0 {
                    self.place = if marker == SOS { Place::Scan } else { Place::Prefix };
                }
                run
            }
            Place::Scan => input.iter().position(|byte| *byte == PREFIX).unwrap_or(input.len()),
            Place::Between { .. }
            | Place::Prefix
            | Place::Code { .. }
            | Place::LengthHigh { .. }
            | Place::LengthLow { .. } => 0,
        }
    }

    /// One byte of structure. Returns the picture that it completes.
    fn step(&mut self, byte: u8) -> Option<Bytes> {
        if let Place::Between { seen } = self.place {
            self.seek(seen, byte);
            return None;
        }
        self.keep(&[byte]);
        match self.place {
            Place::Prefix if byte == PREFIX => self.place = Place::Code { in_scan: false },
            Place::Scan => self.place = Place::Code { in_scan: true },
            Place::Code { in_scan } => return self.marker(byte, in_scan),
            Place::LengthHigh { marker } => self.place = Place::LengthLow { marker, high: byte },
            Place::LengthLow { marker, high } => self.segment(marker, u16::from_be_bytes([high, byte])),
            Place::Prefix | Place::Segment { .. } | Place::Between { .. } => self.discard_malformed(),
        }
        None
    }

    /// A byte between pictures, after `seen` bytes of the opening.
    fn seek(&mut self, seen: u8, byte: u8) {
        let seen = match (seen, byte) {
            (2, PREFIX) => return self.open(),
            (1, SOI) => 2,
            (_, PREFIX) => {
                self.counters.garbage_bytes += u64::from(seen);
                1
            }
            _ => {
                self.counters.garbage_bytes += u64::from(seen) + 1;
                0
            }
        };
        self.place = Place::Between { seen };
    }

    /// Starts a picture with the opening that was just seen.
    fn open(&mut self) {
        self.keep(&[PREFIX, SOI, PREFIX]);
        self.place = Place::Code { in_scan: false };
    }

    /// The code of a marker.
    fn marker(&mut self, code: u8, in_scan: bool) -> Option<Bytes> {
        match code {
            PREFIX => {}
            STUFFING if in_scan => self.place = Place::Scan,
            code if RESTARTS.contains(&code) && in_scan => self.place = Place::Scan,
            code if RESTARTS.contains(&code) || code == TEM => self.place = Place::Prefix,
            EOI if self.has_scan => return self.close(),
            SOI => {
                // The picture before broke off; this one may be whole.
                self.length = self.length.saturating_sub(2);
                self.discard_malformed();
                self.place = Place::Between { seen: 2 };
            }
            STUFFING | EOI => self.discard_malformed(),
            marker => self.place = Place::LengthHigh { marker },
        }
        None
    }

    /// The length of a segment, its own two bytes included.
    fn segment(&mut self, marker: u8, length: u16) {
        self.has_scan |= marker == SOS;
        match length.checked_sub(LENGTH_BYTES) {
            Some(0) if marker == SOS => self.place = Place::Scan,
            Some(0) => self.place = Place::Prefix,
            Some(left) => self.place = Place::Segment { marker, left },
            None => self.discard_malformed(),
        }
    }

    /// Keeps content of the picture, unless that has outgrown the limit.
    fn keep(&mut self, data: &[u8]) {
        self.length += data.len() as u64;
        if self.fits() {
            self.picture.extend_from_slice(data);
        } else {
            self.picture = Vec::new();
        }
    }

    fn fits(&self) -> bool {
        usize::try_from(self.length).is_ok_and(|length| length <= self.max_bytes)
    }

    /// The picture is whole: hands it out, or counts it as too large.
    fn close(&mut self) -> Option<Bytes> {
        let fits = self.fits();
        let picture = std::mem::take(&mut self.picture);
        self.reset();
        if fits {
            self.counters.pictures += 1;
            Some(picture.into())
        } else {
            self.counters.oversized += 1;
            None
        }
    }

    fn discard_malformed(&mut self) {
        self.counters.malformed += 1;
        self.counters.garbage_bytes += self.length;
        self.picture.clear();
        self.reset();
    }

    fn reset(&mut self) {
        self.place = Place::Between { seen: 0 };
        self.length = 0;
        self.has_scan = false;
    }
}

#[cfg(test)]
mod tests;
