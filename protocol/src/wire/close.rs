//! CLOSE 0x0F (PROTOCOL 4.4).

use crate::id::ProducerId;

use super::announce::LastFrame;
use super::code::Code;
use super::error::DecodeError;
use super::reader::Reader;
use super::text::Text;
use super::writer::Writer;

/// Where a track of the session ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionLast {
    /// The producer.
    pub producer: ProducerId,
    /// Its track and the last frame.
    pub last: LastFrame,
}

/// CLOSE 0x0F.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Close {
    /// Why.
    pub code: Code,
    /// For people.
    pub reason: Text,
    /// Expected runs to here.
    pub last: Vec<SessionLast>,
}

impl Close {
    /// Last frames that one message carries.
    pub const LAST_MAX: usize = 80;

    /// A CLOSE that names no frames.
    pub fn new(code: Code, reason: &str) -> Self {
        Self { code, reason: Text::new(reason), last: Vec::new() }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            code: Code::from_wire(reader.u16("code")?),
            reason: reader.text("reason")?,
            last: reader.list(Self::LAST_MAX, "last frames", |reader| {
                Ok(SessionLast { producer: reader.producer()?, last: LastFrame::read(reader)? })
            })?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u16(self.code as u16);
        writer.text(&self.reason);
        writer.list(Self::LAST_MAX, &self.last, |writer, last| {
            writer.producer(last.producer);
            last.last.write(writer);
        });
    }
}
