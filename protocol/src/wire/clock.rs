//! The clock chain: CLOCK_ACK (PROTOCOL 7.7), and the point that SUBSCRIBE_ACK and HEARTBEAT carry (6.2, 7.3).

use std::time::Duration;

use crate::time::{CaptureTime, Stamp, Time, micros32};

use super::error::DecodeError;
use super::reader::Reader;
use super::writer::Writer;

/// This capture time was that broker time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockPoint {
    /// On the producer's clock.
    pub capture: CaptureTime,
    /// On the broker's clock.
    pub broker: Time,
    /// 0.1 ppm.
    pub drift: i16,
    /// us; `u32::MAX`: not known.
    pub error: u32,
}

impl Default for ClockPoint {
    /// Not known.
    fn default() -> Self {
        Self { capture: CaptureTime(0), broker: Time::ZERO, drift: 0, error: u32::MAX }
    }
}

impl ClockPoint {
    /// Bytes on the wire.
    pub(super) const LEN: usize = 4 + 8 + 2 + 4;

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            capture: CaptureTime(reader.u32("clock")?),
            broker: Time::from_micros(reader.u64("clock")?),
            drift: reader.u16("clock")?.cast_signed(),
            error: reader.u32("clock")?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.capture.0);
        writer.u64(self.broker.as_micros());
        writer.u16(self.drift.cast_unsigned());
        writer.u32(self.error);
    }
}

/// CLOCK_ACK 0x8C: what the broker's clock showed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockAck {
    /// Send time of the CLOCK.
    pub echo: Stamp,
    /// us between its arrival and this answer.
    pub hold: Duration,
    /// The broker's clock when it answered.
    pub broker: Time,
}

impl ClockAck {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            echo: Stamp(reader.u32("echo")?),
            hold: reader.micros("hold")?,
            broker: Time::from_micros(reader.u64("broker time")?),
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u32(self.echo.0);
        writer.u32(micros32(self.hold));
        writer.u64(self.broker.as_micros());
    }
}
