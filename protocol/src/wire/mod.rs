//! Bytes and values: one file per message family, all of them behind [`decode`] and [`encode`] (PROTOCOL 2 to 7).
//!
//! Decoding is total: any bytes give a value or a [`DecodeError`], in time and memory bounded by their length.

mod announce;
mod catalog;
mod clock;
mod close;
mod code;
mod data;
mod error;
mod event;
mod feedback;
mod header;
mod heartbeat;
mod hello;
mod missing;
mod reader;
mod skip;
mod subscribe;
mod text;
mod thinning;
mod writer;

use bytes::{Bytes, BytesMut};

pub use announce::{Announce, AnnounceAck, End, EndAck, LastFrame, TrackInfo, TrackKind};
pub use catalog::{CATALOG_FIXED_LEN, CatalogEntry, CatalogPage, CatalogRequest, CatalogTrack};
pub use clock::{ClockAck, ClockPoint};
pub use close::{Close, SessionLast};
pub use code::Code;
pub(crate) use data::OFFSET_CRC;
pub use data::{DataFlags, DataHeader, OFFSET_FLAGS, OFFSET_MODE, OFFSET_PENDING, OFFSET_TAG, parity_shards};
pub use error::DecodeError;
pub use event::Event;
pub use feedback::{FEEDBACK_FIXED_LEN, Feedback, ReportedCounters, TrackFeedback};
pub use header::ControlHeader;
pub use heartbeat::{Departure, HEARTBEAT_FIXED_LEN, Heartbeat, TrackHeartbeat, peek_heartbeat, restamp};
pub use hello::{Hello, Retry, Role, Welcome};
pub use missing::{Missing, MissingShards, ShardRange};
pub use skip::{Skip, SkipItem, SkipRange, SkipReason};
pub use subscribe::{Start, Subscribe, SubscribeAck, Unsubscribe, UnsubscribeAck};
pub use text::{Label, Text};
pub use thinning::Thinning;

use crate::id::SessionId;
use crate::limits::{
    CONTROL_CRC_LEN, CONTROL_HEADER_LEN, DATAGRAM_LEN, DATAGRAM_LEN_MAX, TOKEN_LEN, VERSION,
};
use crate::serial::Serial;
use crate::time::Stamp;

use header::{FLAG_RESET, check_mode};
use reader::Reader;
use writer::Writer;

/// A datagram, decoded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Datagram<'a> {
    /// One shard.
    Data(DataHeader, &'a [u8]),
    /// A control message.
    Control(Control),
    /// An event that this version does not know: skip and count it.
    Unknown(u8),
}

/// A control message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Control {
    /// Its header.
    pub header: ControlHeader,
    /// Its body.
    pub message: Message,
    /// Extensions that were skipped.
    pub unknown_extensions: u8,
}

/// The body of a control message.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "each variant is the message of its name")]
pub enum Message {
    Hello(Hello),
    Retry(Retry),
    Welcome(Welcome),
    Announce(Announce),
    AnnounceAck(AnnounceAck),
    Subscribe(Subscribe),
    SubscribeAck(SubscribeAck),
    Unsubscribe(Unsubscribe),
    UnsubscribeAck(UnsubscribeAck),
    Catalog(CatalogRequest),
    CatalogAck(CatalogPage),
    End(End),
    EndAck(EndAck),
    Skip(Skip),
    Heartbeat(Heartbeat),
    Feedback(Feedback),
    PathChallenge([u8; 8]),
    PathResponse([u8; 8]),
    Clock,
    ClockAck(ClockAck),
    Close(Close),
    /// A CLOSE with flag RESET: the token of WELCOME.
    Reset([u8; TOKEN_LEN]),
    /// The versions that the broker speaks.
    Versions(Vec<u8>),
}

impl Message {
    /// The first byte of the message.
    pub const fn event(&self) -> Event {
        match self {
            Self::Hello(_) => Event::Hello,
            Self::Retry(_) => Event::Retry,
            Self::Welcome(_) => Event::Welcome,
            Self::Announce(_) => Event::Announce,
            Self::AnnounceAck(_) => Event::AnnounceAck,
            Self::Subscribe(_) => Event::Subscribe,
            Self::SubscribeAck(_) => Event::SubscribeAck,
            Self::Unsubscribe(_) => Event::Unsubscribe,
            Self::UnsubscribeAck(_) => Event::UnsubscribeAck,
            Self::Catalog(_) => Event::Catalog,
            Self::CatalogAck(_) => Event::CatalogAck,
            Self::End(_) => Event::End,
            Self::EndAck(_) => Event::EndAck,
            Self::Skip(_) => Event::Skip,
            Self::Heartbeat(_) => Event::Heartbeat,
            Self::Feedback(_) => Event::Feedback,
            Self::PathChallenge(_) => Event::PathChallenge,
            Self::PathResponse(_) => Event::PathResponse,
            Self::Clock => Event::Clock,
            Self::ClockAck(_) => Event::ClockAck,
            Self::Close(_) | Self::Reset(_) => Event::Close,
            Self::Versions(_) => Event::Versions,
        }
    }

    fn read(event: Event, header: &ControlHeader, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match event {
            Event::Data => return Err(DecodeError::Value("event")),
            Event::Hello => Self::Hello(Hello::read(reader)?),
            Event::Retry => Self::Retry(Retry::read(reader)?),
            Event::Welcome => Self::Welcome(Welcome::read(reader)?),
            Event::Announce => Self::Announce(Announce::read(reader)?),
            Event::AnnounceAck => Self::AnnounceAck(AnnounceAck::read(reader)?),
            Event::Subscribe => Self::Subscribe(Subscribe::read(reader)?),
            Event::SubscribeAck => Self::SubscribeAck(SubscribeAck::read(reader)?),
            Event::Unsubscribe => Self::Unsubscribe(Unsubscribe { req: reader.serial("req")? }),
            Event::UnsubscribeAck => Self::UnsubscribeAck(UnsubscribeAck::read(reader)?),
            Event::Catalog => Self::Catalog(CatalogRequest::read(reader)?),
            Event::CatalogAck => Self::CatalogAck(CatalogPage::read(reader)?),
            Event::End => Self::End(End::read(reader)?),
            Event::EndAck => Self::EndAck(EndAck { req: reader.serial("req")? }),
            Event::Skip => Self::Skip(Skip::read(reader)?),
            Event::Heartbeat => Self::Heartbeat(Heartbeat::read(reader)?),
            Event::Feedback => Self::Feedback(Feedback::read(reader)?),
            Event::PathChallenge => Self::PathChallenge(reader.array("challenge")?),
            Event::PathResponse => Self::PathResponse(reader.array("response")?),
            Event::Clock => Self::Clock,
            Event::ClockAck => Self::ClockAck(ClockAck::read(reader)?),
            Event::Close if header.flags & FLAG_RESET != 0 => Self::Reset(reader.array("reset token")?),
            Event::Close => Self::Close(Close::read(reader)?),
            Event::Versions => Self::Versions(hello::read_versions(reader)?),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Hello(body) => body.write(writer),
            Self::Retry(body) => body.write(writer),
            Self::Welcome(body) => body.write(writer),
            Self::Announce(body) => body.write(writer),
            Self::AnnounceAck(body) => body.write(writer),
            Self::Subscribe(body) => body.write(writer),
            Self::SubscribeAck(body) => body.write(writer),
            Self::Unsubscribe(body) => writer.u32(body.req.0),
            Self::UnsubscribeAck(body) => body.write(writer),
            Self::Catalog(body) => body.write(writer),
            Self::CatalogAck(body) => body.write(writer),
            Self::End(body) => body.write(writer),
            Self::EndAck(body) => writer.u32(body.req.0),
            Self::Skip(body) => body.write(writer),
            Self::Heartbeat(body) => body.write(writer),
            Self::Feedback(body) => body.write(writer),
            Self::PathChallenge(data) | Self::PathResponse(data) => writer.bytes(data),
            Self::Clock => {}
            Self::ClockAck(body) => body.write(writer),
            Self::Close(body) => body.write(writer),
            Self::Reset(token) => writer.bytes(token),
            Self::Versions(versions) => writer.counted(hello::VERSIONS_MAX, versions),
        }
    }
}

/// What a datagram says.
///
/// # Errors
/// [`DecodeError`] names the first fault; the whole datagram is to be dropped.
pub fn decode(datagram: &[u8]) -> Result<Datagram<'_>, DecodeError> {
    let first = *datagram.first().ok_or(DecodeError::Truncated("event"))?;
    match Event::from_wire(first) {
        None => Ok(Datagram::Unknown(first)),
        Some(Event::Data) => {
            DataHeader::decode(datagram).map(|(header, payload)| Datagram::Data(header, payload))
        }
        Some(event) => decode_control(event, datagram).map(Datagram::Control),
    }
}

fn decode_control(event: Event, datagram: &[u8]) -> Result<Control, DecodeError> {
    let (covered, crc) = datagram
        .split_last_chunk::<CONTROL_CRC_LEN>()
        .filter(|(covered, _)| covered.len() >= CONTROL_HEADER_LEN)
        .ok_or(DecodeError::Truncated("header"))?;
    // Another version or mode may end in something else than a CRC; of this one nothing is believed before it.
    check_mode(*covered.get(OFFSET_MODE).ok_or(DecodeError::Truncated("version"))?)?;
    // A HELLO alone may be longer: its padding finds out what the path carries.
    let longest = if event == Event::Hello { DATAGRAM_LEN_MAX } else { DATAGRAM_LEN };
    if datagram.len() > longest {
        return Err(DecodeError::Length);
    }
    if u32::from_be_bytes(*crc) != crc32c::crc32c(covered) {
        return Err(DecodeError::Crc);
    }
    let mut reader = Reader::new(covered);
    reader.u8("event")?;
    let (header, unknown_extensions) = ControlHeader::read(event, &mut reader)?;
    if event == Event::Hello && datagram.len() < DATAGRAM_LEN {
        return Err(DecodeError::Truncated("padding"));
    }
    let message = Message::read(event, &header, &mut reader)?;
    reader.finish("body")?;
    Ok(Control { header, message, unknown_extensions })
}

/// The session that a control message names, at a glance: enough to hand it to its worker, nothing is checked.
pub fn peek_session(datagram: &[u8]) -> Option<(Event, SessionId)> {
    let event = Event::from_wire(*datagram.first()?).filter(|event| *event != Event::Data)?;
    let bytes = datagram.get(8..CONTROL_HEADER_LEN)?.first_chunk::<8>()?;
    Some((event, SessionId(u64::from_be_bytes(*bytes))))
}

/// Bytes that most messages fit into.
const USUAL_LEN: usize = 256;

/// The bytes of a message, at most 1 200. HELLO is padded to that length and carries the extension that means
/// nothing. Of a list that is longer than the specification allows, or than the datagram, the end is left out.
pub fn encode(header: &ControlHeader, message: &Message) -> Bytes {
    // HEARTBEATs wait in queues by the thousand: they take no more than they need.
    let len = if let Message::Heartbeat(heartbeat) = message { heartbeat.encoded_len() } else { USUAL_LEN };
    let mut bytes = BytesMut::with_capacity(len);
    encode_into(header, message, &mut bytes);
    bytes.freeze()
}

/// Like [`encode`], into a buffer that is emptied before.
pub fn encode_into(header: &ControlHeader, message: &Message, bytes: &mut BytesMut) {
    bytes.clear();
    let is_hello = matches!(message, Message::Hello(_));
    let flags = if matches!(message, Message::Reset(_)) { FLAG_RESET } else { 0 };
    let mut writer = Writer::new(bytes);
    writer.u8(message.event() as u8);
    header.write(flags, is_hello, &mut writer);
    message.write(&mut writer);
    if is_hello && bytes.len() < DATAGRAM_LEN - CONTROL_CRC_LEN {
        bytes.resize(DATAGRAM_LEN - CONTROL_CRC_LEN, 0);
    }
    let crc = crc32c::crc32c(bytes);
    Writer::new(bytes).u32(crc);
}

/// A stateless reset: 44 bytes (PROTOCOL 4.4).
pub fn encode_reset(session: SessionId, token: [u8; TOKEN_LEN]) -> Bytes {
    let header = ControlHeader { session, seq: Serial(0), sent: Stamp(0), ..ControlHeader::default() };
    encode(&header, &Message::Reset(token))
}

/// Whether a datagram of another version may be answered by VERSIONS: it is as long as a HELLO and is none itself.
pub fn wants_versions(datagram: &[u8]) -> bool {
    let other = datagram.get(OFFSET_MODE).is_some_and(|mode| mode >> 4 != VERSION);
    datagram.len() >= DATAGRAM_LEN && other && datagram.first() != Some(&(Event::Versions as u8))
}
