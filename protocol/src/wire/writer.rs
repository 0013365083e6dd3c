//! Values to bytes. Writing can't fail: what a list may not hold, or what a datagram has no room for, is left out at
//! the end of its list, so that the peer takes what was written.

use std::time::Duration;

use bytes::{BufMut, BytesMut};

use crate::id::{ProducerId, TrackKey};
use crate::limits::{CONTROL_CRC_LEN, DATAGRAM_LEN};
use crate::time::{micros32, millis16, millis32};

use super::reader::COUNT_MAX;
use super::text::{Label, Text};

/// The message so far.
pub(super) struct Writer<'a> {
    bytes: &'a mut BytesMut,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(bytes: &'a mut BytesMut) -> Self {
        Self { bytes }
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.bytes.put_u8(value);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.bytes.put_u16(value);
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.bytes.put_u32(value);
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.bytes.put_u64(value);
    }

    pub(super) fn bytes(&mut self, value: &[u8]) {
        self.bytes.put_slice(value);
    }

    pub(super) fn micros(&mut self, value: Duration) {
        self.u32(micros32(value));
    }

    pub(super) fn millis32(&mut self, value: Duration) {
        self.u32(millis32(value));
    }

    pub(super) fn millis16(&mut self, value: Duration) {
        self.u16(millis16(value));
    }

    pub(super) fn producer(&mut self, id: ProducerId) {
        self.bytes(&id.to_bytes());
    }

    pub(super) fn track(&mut self, key: &TrackKey) {
        self.producer(key.producer);
        self.u8(key.stream.0);
        self.u32(key.tag.0);
    }

    /// Up to `max` bytes behind their length, which is one byte.
    pub(super) fn counted(&mut self, max: usize, value: &[u8]) {
        let value = value.get(..max.min(COUNT_MAX)).unwrap_or(value);
        self.u8(u8::try_from(value.len()).unwrap_or(u8::MAX));
        self.bytes(value);
    }

    pub(super) fn text(&mut self, value: &Text) {
        self.counted(COUNT_MAX, value.as_str().as_bytes());
    }

    pub(super) fn label(&mut self, value: &Label) {
        self.counted(COUNT_MAX, value.as_str().as_bytes());
    }

    /// Up to `max` items behind their count, which is one byte.
    pub(super) fn list<T>(&mut self, max: usize, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        let items = items.get(..max.min(COUNT_MAX)).unwrap_or(items);
        self.u8(u8::try_from(items.len()).unwrap_or(u8::MAX));
        for value in items {
            item(self, value);
        }
    }

    /// The first of `items` that a datagram still has room for behind `ahead` further bytes.
    pub(super) fn fitting<'t, T>(
        &self,
        ahead: usize,
        items: &'t [T],
        encoded_len: impl Fn(&T) -> usize,
    ) -> &'t [T] {
        let room = DATAGRAM_LEN.saturating_sub(CONTROL_CRC_LEN + self.bytes.len() + ahead);
        let ends = items.iter().scan(0, |end, item| {
            *end += encoded_len(item);
            Some(*end)
        });
        let count = ends.take(COUNT_MAX).take_while(|end| *end <= room).count();
        items.get(..count).unwrap_or_default()
    }
}
