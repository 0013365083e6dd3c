//! A cursor over untrusted bytes: it can't read past the end and can't panic.

use std::time::Duration;

use crate::id::{EpochTag, ProducerId, StreamId, TrackKey};
use crate::serial::Serial;

use super::error::DecodeError;
use super::text::{Label, Text};

/// Items that a count of one byte can announce.
pub(super) const COUNT_MAX: usize = 255;

/// The unread rest of a message.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(DecodeError::Truncated(what))?;
        self.rest = rest;
        Ok(head)
    }

    pub(super) fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(DecodeError::Truncated(what))?;
        self.rest = rest;
        Ok(*head)
    }

    pub(super) fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.array(what).map(u64::from_be_bytes)
    }

    pub(super) fn serial(&mut self, what: &'static str) -> Result<Serial, DecodeError> {
        self.u32(what).map(Serial)
    }

    pub(super) fn micros(&mut self, what: &'static str) -> Result<Duration, DecodeError> {
        self.u32(what).map(|us| Duration::from_micros(us.into()))
    }

    pub(super) fn millis32(&mut self, what: &'static str) -> Result<Duration, DecodeError> {
        self.u32(what).map(|ms| Duration::from_millis(ms.into()))
    }

    pub(super) fn millis16(&mut self, what: &'static str) -> Result<Duration, DecodeError> {
        self.u16(what).map(|ms| Duration::from_millis(ms.into()))
    }

    /// Three bytes that may be zero: the header of a message about the session, the start of a catalog page.
    pub(super) fn producer_or_none(&mut self) -> Result<ProducerId, DecodeError> {
        self.array("producer id").map(ProducerId::from_bytes)
    }

    /// The id of a producer: anything but zero.
    pub(super) fn producer(&mut self) -> Result<ProducerId, DecodeError> {
        match self.producer_or_none()? {
            ProducerId::NONE => Err(DecodeError::Value("producer id")),
            id => Ok(id),
        }
    }

    /// A stream id of a track: anything but the whole producer.
    pub(super) fn stream(&mut self) -> Result<StreamId, DecodeError> {
        match self.u8("stream id")? {
            0 => Err(DecodeError::Value("stream id")),
            id => Ok(StreamId(id)),
        }
    }

    pub(super) fn tag(&mut self) -> Result<EpochTag, DecodeError> {
        self.u32("epoch tag").map(EpochTag)
    }

    pub(super) fn track(&mut self) -> Result<TrackKey, DecodeError> {
        Ok(TrackKey { producer: self.producer()?, stream: self.stream()?, tag: self.tag()? })
    }

    /// Bytes behind a length of one byte.
    pub(super) fn counted(&mut self, max: usize, what: &'static str) -> Result<&'a [u8], DecodeError> {
        let len = usize::from(self.u8(what)?);
        if len > max { Err(DecodeError::Value(what)) } else { self.take(len, what) }
    }

    pub(super) fn text(&mut self, what: &'static str) -> Result<Text, DecodeError> {
        let bytes = self.counted(crate::limits::TEXT_LEN_MAX, what)?;
        std::str::from_utf8(bytes).map(Text::new).map_err(|_| DecodeError::Value(what))
    }

    pub(super) fn label(&mut self, what: &'static str) -> Result<Label, DecodeError> {
        let bytes = self.counted(crate::limits::LABEL_LEN_MAX, what)?;
        std::str::from_utf8(bytes).ok().and_then(Label::new).ok_or(DecodeError::Value(what))
    }

    /// A list behind a count of one byte. Nothing is reserved for it: each item has to be there.
    pub(super) fn list<T>(
        &mut self,
        max: usize,
        what: &'static str,
        mut item: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = usize::from(self.u8(what)?);
        if count > max {
            return Err(DecodeError::Value(what));
        }
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Bytes that are left.
    pub(super) const fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) const fn finish(&self, what: &'static str) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::Trailing(what)) }
    }
}
