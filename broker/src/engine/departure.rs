//! What leaves the worker's queue: HEARTBEATs say when that is.
//!
//! Behind a frame for thousands of viewers a HEARTBEAT stands in the queue for a good while. Its peer and its sender would take
//! that for the path's: round trips, clocks and the judgement of slow paths would all be wrong by it.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use protocol::time::Time;
use protocol::wire;

use super::Broker;
use super::fanout::is_orphan;
use super::lane::{Leaving, OwnedFrame};
use super::lanes::Next;
use super::outbox::Transmit;

/// A HEARTBEAT that waited for less says when it was made: no clock and no path is judged by so little.
const WAIT_MIN: Duration = Duration::from_millis(1);

impl Broker {
    /// The next datagrams to send.
    pub fn poll_transmit(&mut self, now: Time) -> Option<Transmit> {
        loop {
            self.recall_dropped(now);
            let sessions = &self.sessions;
            let is_orphan = |frame: OwnedFrame, datagrams: &Bytes| {
                let session = sessions.get(&frame.viewer);
                session.is_some_and(|session| is_orphan(session, frame.number, datagrams))
            };
            match self.outbox.pop(now, is_orphan)? {
                Next::Leaving(leaving) => return Some(self.depart(now, leaving)),
                Next::Group(producer) => {
                    self.offer_to_next_group(now, producer);
                }
                Next::Dropped => {}
            }
        }
    }

    fn depart(&mut self, now: Time, leaving: Leaving) -> Transmit {
        let Leaving { transmit, report } = leaving;
        let Some(report) = report else { return transmit };
        let media = &transmit.bytes;
        let mut bytes = BytesMut::with_capacity(media.len() + report.len());
        bytes.extend_from_slice(media);
        bytes.extend_from_slice(&report);
        self.restamp(now, bytes.split_at_mut(media.len()).1);
        // The one datagram before it may be shorter than a segment is.
        let segment = if media.is_empty() { report.len() } else { media.len() };
        Transmit { bytes: bytes.freeze(), segment, ..transmit }
    }

    /// A HEARTBEAT that waited says when it leaves, and so does its sender.
    fn restamp(&mut self, now: Time, report: &mut [u8]) {
        let Some((id, seq, made)) = wire::peek_heartbeat(report) else { return };
        if now.stamp().since(made) < WAIT_MIN {
            return;
        }
        // One of a session that has ended says what was true when it was made.
        let Some(viewer) = self.viewer(id) else { return };
        let departure = viewer.sender.note_left(now, seq);
        let restamped = wire::restamp(report, &departure);
        debug_assert!(restamped.is_ok(), "it was a HEARTBEAT a moment ago: {restamped:?}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use protocol::random::Random;

    use super::*;
    use crate::engine::{Config, Directory, Keys, SessionLimits};

    fn broker() -> Broker {
        let mut random = Random::from_seed([1; 32]);
        let keys = Keys::new(&mut random, None);
        let (directory, limits) = (Arc::new(Directory::default()), SessionLimits::default());
        Broker::new(Config { worker: 0, workers: 1, keys, directory, limits }, random)
    }

    #[test]
    fn a_report_is_a_datagram_of_its_own_behind_one_that_is_shorter_than_a_segment_and_behind_none() {
        let report = Bytes::from_static(b"a report");
        let leaving = |media: &'static [u8], report| {
            let to = "192.0.2.1:4000".parse().unwrap();
            let transmit = Transmit { to, from: None, bytes: Bytes::from_static(media), segment: 1_200 };
            broker().depart(Time::ZERO, Leaving { transmit, report })
        };
        let sent = leaving(b"a longer datagram", Some(report.clone()));
        let datagrams: Vec<&[u8]> = sent.bytes.chunks(sent.segment).collect();
        assert_eq!(datagrams, [&b"a longer datagram"[..], b"a report"]);
        let alone = leaving(b"", Some(report.clone()));
        assert_eq!((alone.bytes.clone(), alone.segment), (report, 8));
        let media = leaving(b"media", None);
        assert_eq!((&media.bytes[..], media.segment), (&b"media"[..], 1_200));
    }
}
