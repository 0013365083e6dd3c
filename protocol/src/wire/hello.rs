//! HELLO, RETRY, WELCOME, VERSIONS (PROTOCOL 4.1 to 4.3, 4.5).

use std::time::Duration;

use bytes::Bytes;

use crate::limits::{COOKIE_LEN, TOKEN_LEN};
use crate::time::{Stamp, Time};

use super::error::DecodeError;
use super::reader::Reader;
use super::writer::Writer;

/// Versions that a HELLO or VERSIONS may list.
pub(super) const VERSIONS_MAX: usize = 8;
/// Bytes of a rider: a HELLO with the longest one still fits its 1 200 bytes.
const RIDER_LEN_MAX: usize = 1_024;

/// The list of a HELLO or VERSIONS: at least one.
pub(super) fn read_versions(reader: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    match reader.counted(VERSIONS_MAX, "versions")? {
        [] => Err(DecodeError::Value("versions")),
        versions => Ok(versions.to_vec()),
    }
}

/// What the dialling end wants to be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Role {
    /// Publishes.
    Producer = 1,
    /// Subscribes.
    Viewer = 2,
    /// Asks whether the broker is well.
    Probe = 3,
}

/// HELLO 0x09.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hello {
    /// What the sender wants to be.
    pub role: Role,
    /// The versions that it speaks, best first.
    pub versions: Vec<u8>,
    /// Names the attempt.
    pub nonce: [u8; TOKEN_LEN],
    /// The cookie of a RETRY.
    pub cookie: Option<[u8; COOKIE_LEN]>,
    /// Empty, or a complete SUBSCRIBE. It is decoded when the session stands.
    pub rider: Bytes,
}

impl Hello {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let role = match reader.u8("role")? {
            1 => Role::Producer,
            2 => Role::Viewer,
            3 => Role::Probe,
            _ => return Err(DecodeError::Value("role")),
        };
        let versions = read_versions(reader)?;
        let nonce = reader.array("nonce")?;
        let cookie = match reader.counted(COOKIE_LEN, "cookie")? {
            [] => None,
            bytes => Some(bytes.try_into().map_err(|_| DecodeError::Value("cookie"))?),
        };
        let rider_len = usize::from(reader.u16("rider")?);
        if rider_len > RIDER_LEN_MAX {
            return Err(DecodeError::Value("rider"));
        }
        let rider = Bytes::copy_from_slice(reader.take(rider_len, "rider")?);
        if reader.rest().iter().any(|byte| *byte != 0) {
            return Err(DecodeError::Value("padding"));
        }
        Ok(Self { role, versions, nonce, cookie, rider })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.u8(self.role as u8);
        writer.counted(VERSIONS_MAX, &self.versions);
        writer.bytes(&self.nonce);
        writer.counted(COOKIE_LEN, self.cookie.as_ref().map_or(&[], |cookie| cookie.as_slice()));
        let rider = if self.rider.len() <= RIDER_LEN_MAX { &*self.rider } else { &[] };
        writer.u16(u16::try_from(rider.len()).unwrap_or_default());
        writer.bytes(rider);
    }
}

/// RETRY 0x0A.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retry {
    /// Of the HELLO.
    pub nonce: [u8; TOKEN_LEN],
    /// To come back with the next HELLO.
    pub cookie: [u8; COOKIE_LEN],
}

impl Retry {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let nonce = reader.array("nonce")?;
        let cookie =
            reader.counted(COOKIE_LEN, "cookie")?.try_into().map_err(|_| DecodeError::Value("cookie"))?;
        Ok(Self { nonce, cookie })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(&self.nonce);
        writer.counted(COOKIE_LEN, &self.cookie);
    }
}

/// WELCOME 0x89.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Welcome {
    /// Of the HELLO.
    pub nonce: [u8; TOKEN_LEN],
    /// The version that both speak.
    pub version: u8,
    /// Send time of the HELLO.
    pub echo: Stamp,
    /// Between its arrival and this answer.
    pub hold: Duration,
    /// The broker's monotonic clock.
    pub broker_time: Time,
    /// Silence that ends the session.
    pub lease: Duration,
    /// The idle FEEDBACK interval.
    pub feedback: Duration,
    /// The largest frame, bytes.
    pub frame_max: u32,
    /// The largest datagram, bytes.
    pub datagram_max: u16,
    /// Subscriptions of one session.
    pub subscriptions_max: u16,
    /// What a stateless reset of this session will carry.
    pub reset_token: [u8; TOKEN_LEN],
}

impl Welcome {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            nonce: reader.array("nonce")?,
            version: reader.u8("version")?,
            echo: Stamp(reader.u32("echo")?),
            hold: reader.micros("hold")?,
            broker_time: Time::from_micros(reader.u64("broker time")?),
            lease: reader.millis32("lease")?,
            feedback: reader.millis16("feedback")?,
            frame_max: reader.u32("max frame")?,
            datagram_max: reader.u16("max datagram")?,
            subscriptions_max: reader.u16("max subscriptions")?,
            reset_token: reader.array("reset token")?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(&self.nonce);
        writer.u8(self.version);
        writer.u32(self.echo.0);
        writer.micros(self.hold);
        writer.u64(self.broker_time.as_micros());
        writer.millis32(self.lease);
        writer.millis16(self.feedback);
        writer.u32(self.frame_max);
        writer.u16(self.datagram_max);
        writer.u16(self.subscriptions_max);
        writer.bytes(&self.reset_token);
    }
}
