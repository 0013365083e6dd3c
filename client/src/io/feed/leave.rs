//! The last steps of a feed: everything written, everything said.

use super::super::outlet::{Ended, LeftOut};
use super::super::patience::unless_stopped;
use super::{Feed, FeedError};
use crate::mux::Counters;

impl Feed {
    /// Writes what is left, as long as nobody asks for the end; then for the rest of its second.
    pub(super) async fn leave(mut self) -> Result<Counters, FeedError> {
        self.muxer.finish();
        self.pass_on();
        if let Some(outlet) = &mut self.outlet {
            outlet.finish();
            match unless_stopped(self.clock, &mut self.stops, &mut self.lifetime, outlet.ended()).await? {
                Some(Err(Ended::Failed(fault))) => return Err(fault.into()),
                Some(Ok(()) | Err(Ended::ReaderLeft)) => {}
                None => tracing::warn!("the reader does not take the rest: it is left out"),
            }
        }
        self.report();
        self.lifetime.verdict(self.network.broker(), self.outlet.is_none())?;
        Ok(self.muxer.counters())
    }

    fn report(&self) {
        let Counters { pictures, sounds, no_media, no_track, overlapping, outlived } = self.muxer.counters();
        tracing::info!(pictures, sounds, no_media, no_track, overlapping, outlived, "the stream ends");
        let LeftOut { pictures, sounds } =
            self.outlet.as_ref().map(super::Outlet::left_out).unwrap_or_default();
        if pictures + sounds > 0 {
            tracing::warn!(pictures, sounds, "left out, because the reader was too slow");
        }
        if no_media > 0 {
            tracing::warn!(frames = no_media, "left out, because they held no picture and no sound");
        }
    }
}
