//! The common header of control messages and its extensions (PROTOCOL 2.3).

use crate::id::{ProducerId, SessionId, StreamId};
use crate::limits::VERSION;
use crate::serial::Serial;
use crate::time::Stamp;

use super::error::DecodeError;
use super::event::Event;
use super::reader::{COUNT_MAX, Reader};
use super::writer::Writer;

/// CLOSE with this flag is a stateless reset.
pub(super) const FLAG_RESET: u8 = 0x01;
/// Words of extensions that a message may carry: two bits of the field are kept.
const EXT_WORDS_MAX: usize = 63;
/// An extension type with this bit must be known.
const CRITICAL: u8 = 0x80;
/// The extension type that fills up to a whole word.
const PADDING: u8 = 0x00;
/// The extension that means nothing and keeps receivers used to unknown ones (RFC 9170).
const GREASE: [u8; 4] = [0x1A, 2, 0x5A, 0xA5];

/// What stands before the body of every control message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ControlHeader {
    /// The producer, [`ProducerId::NONE`] for the session itself.
    pub producer: ProducerId,
    /// The stream, [`StreamId::ALL`] for the whole producer or session.
    pub stream: StreamId,
    /// Those flags that this version knows for the event. RESET follows from the message when it is written.
    pub flags: u8,
    /// The session.
    pub session: SessionId,
    /// Number in this session and direction.
    pub seq: Serial,
    /// The sender's clock.
    pub sent: Stamp,
}

impl ControlHeader {
    /// Reads the header behind the event byte and the extensions; with it, how many of those were unknown.
    pub(super) fn read(event: Event, reader: &mut Reader<'_>) -> Result<(Self, u8), DecodeError> {
        let producer = if names_producer(event) { reader.producer()? } else { reader.producer_or_none()? };
        let stream = StreamId(reader.u8("stream id")?);
        check_mode(reader.u8("version")?)?;
        let ext_words = usize::from(reader.u8("ext words")?);
        if ext_words > EXT_WORDS_MAX {
            return Err(DecodeError::Value("ext words"));
        }
        let known_flags = if event == Event::Close { FLAG_RESET } else { 0 };
        let header = Self {
            producer,
            stream,
            flags: reader.u8("flags")? & known_flags,
            session: SessionId(reader.u64("session id")?),
            seq: reader.serial("sequence number")?,
            sent: Stamp(reader.u32("send time")?),
        };
        let unknown = count_extensions(reader.take(ext_words * 4, "extensions")?)?;
        Ok((header, unknown))
    }

    /// Writes the header behind the event byte; `grease` adds the extension without meaning.
    pub(super) fn write(&self, flags: u8, grease: bool, writer: &mut Writer<'_>) {
        writer.producer(self.producer);
        writer.u8(self.stream.0);
        writer.u8(VERSION << 4);
        writer.u8(u8::from(grease));
        writer.u8(flags);
        writer.u64(self.session.0);
        writer.u32(self.seq.0);
        writer.u32(self.sent.0);
        if grease {
            writer.bytes(&GREASE);
        }
    }
}

/// Whether version and mode, which share a byte of every datagram, are spoken here.
pub(super) const fn check_mode(byte: u8) -> Result<(), DecodeError> {
    if byte >> 4 != VERSION {
        Err(DecodeError::Version { found: byte >> 4 })
    } else if byte & 0x0C != 0 {
        Err(DecodeError::Mode(byte >> 2 & 3))
    } else {
        Ok(())
    }
}

/// Whether a message makes no sense without the producer in its header (PROTOCOL 2.1).
const fn names_producer(event: Event) -> bool {
    matches!(event, Event::Subscribe | Event::Unsubscribe | Event::Announce | Event::End | Event::Skip)
}

/// How many extensions there are, all of them unknown to this version.
fn count_extensions(area: &[u8]) -> Result<u8, DecodeError> {
    let mut reader = Reader::new(area);
    let mut unknown = 0_u8;
    while !reader.is_empty() {
        let kind = reader.u8("extension type")?;
        if kind == PADDING {
            continue;
        }
        reader.counted(COUNT_MAX, "extension")?;
        if kind & CRITICAL != 0 {
            return Err(DecodeError::CriticalExtension(kind));
        }
        unknown = unknown.saturating_add(1);
    }
    Ok(unknown)
}
