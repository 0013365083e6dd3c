//! The bodies of PROTOCOL 7.

use protocol::id::TrackKey;
use protocol::wire::{
    Feedback, Heartbeat, Missing, MissingShards, Skip, SkipRange, TrackFeedback, TrackHeartbeat,
};

use super::Told;

impl Told {
    pub(super) fn feedback(&mut self, feedback: &Feedback) {
        self.dec("feedback.heartbeat", feedback.heartbeat.0);
        self.hex("heartbeat.nonce", feedback.nonce, 4);
        self.dec("feedback.hold", feedback.hold.as_micros());
        self.dec("feedback.datagrams", feedback.datagrams);
        self.dec("feedback.bytes", feedback.bytes);
        self.dec("feedback.duplicates", feedback.duplicates);
        self.dec("feedback.lost", feedback.lost);
        self.dec("feedback.runs", feedback.runs);
        self.dec("feedback.jitter", feedback.jitter.as_micros());
        self.dec("horizon", feedback.horizon.as_millis());
        self.dec("blocks.count", feedback.tracks.len());
        for block in &feedback.tracks {
            self.feedback_block(block);
        }
    }

    fn feedback_block(&mut self, block: &TrackFeedback) {
        self.track(&block.track);
        let (counters, whole) = (block.counters.is_some(), block.newest_whole.is_some());
        self.hex("block.flags", u8::from(counters) | u8::from(whole) << 1, 1);
        self.flag("block.flags.counters", counters);
        self.flag("block.flags.whole", whole);
        self.dec("block.done_before", block.done_before.0);
        self.dec("block.newest", block.newest.0);
        if let Some((number, digest)) = block.newest_whole {
            self.dec("block.whole", number.0);
            self.hex("block.whole_digest", digest, 4);
        }
        if let Some(counters) = &block.counters {
            self.dec("block.direct", counters.direct);
            self.dec("block.repaired_arq", counters.repaired_arq);
            self.dec("block.repaired_fec", counters.repaired_fec);
            self.dec("block.late", counters.late);
            self.dec("block.lost", counters.lost);
            self.dec("block.skipped", counters.skipped);
        }
        self.dec("missing.count", block.missing.len());
        for missing in &block.missing {
            self.missing(missing);
        }
    }

    fn track(&mut self, track: &TrackKey) {
        self.producer("block.producer", track.producer);
        self.hex("block.stream_id", track.stream.0, 1);
        self.hex("block.tag", track.tag.0, 4);
    }

    fn missing(&mut self, missing: &Missing) {
        self.dec("missing.frame", missing.frame.0);
        self.dec("missing.round", missing.round);
        match &missing.shards {
            MissingShards::All => self.dec("missing.form", 0),
            MissingShards::Bitmap { first, bits } => {
                self.dec("missing.form", 1);
                self.dec("missing.first", first);
                self.dec("length", bits.len());
                self.bytes("missing.bitmap", bits);
            }
            MissingShards::Ranges(ranges) => {
                self.dec("missing.form", 2);
                self.dec("missing.ranges", ranges.len());
                for range in ranges {
                    self.dec("missing.range.first", range.first);
                    self.dec("missing.range.count", range.count);
                }
            }
        }
    }

    pub(super) fn heartbeat(&mut self, heartbeat: &Heartbeat) {
        self.hex("heartbeat.nonce", heartbeat.nonce, 4);
        self.dec("heartbeat.datagrams", heartbeat.datagrams);
        self.dec("heartbeat.bytes", heartbeat.bytes);
        let echo = heartbeat.echo;
        self.dec("heartbeat.echo", echo.map_or(0, |(stamp, _)| stamp.0));
        self.dec("heartbeat.hold", echo.map_or(u32::MAX.into(), |(_, hold)| hold.as_micros()));
        self.dec("catalog.generation", heartbeat.catalog);
        self.hex("heartbeat.flags", u8::from(heartbeat.asks), 1);
        self.flag("heartbeat.flags.asks", heartbeat.asks);
        self.dec("blocks.count", heartbeat.tracks.len());
        for block in &heartbeat.tracks {
            self.heartbeat_block(block);
        }
    }

    fn heartbeat_block(&mut self, block: &TrackHeartbeat) {
        self.track(&block.track);
        self.dec("block.newest", block.newest.0);
        self.dec("block.length", block.length);
        self.dec("block.held", block.held);
        self.hex("block.pending", block.pending, 1);
        self.dec("block.oldest", block.oldest_held.0);
        self.dec("block.thinning", block.thinning as u8);
        self.clock(&block.clock);
        self.dec("skip.count", block.skipped.len());
        for range in &block.skipped {
            self.skip_range(range);
        }
    }

    fn skip_range(&mut self, range: &SkipRange) {
        self.dec("skip.from", range.from.0);
        self.dec("skip.to", range.to.0);
        self.dec("skip.reason", range.reason as u8);
    }

    pub(super) fn skip(&mut self, skip: &Skip) {
        self.dec("skip.count", skip.ranges.len());
        for item in &skip.ranges {
            self.hex("skip.stream_id", item.stream.0, 1);
            self.hex("skip.tag", item.tag.0, 4);
            self.skip_range(&item.range);
        }
    }
}
