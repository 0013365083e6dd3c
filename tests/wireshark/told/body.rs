//! The bodies of PROTOCOL 4 to 6, 7.7 and 8.

use protocol::wire::{
    Announce, AnnounceAck, CatalogEntry, CatalogPage, ClockPoint, Close, End, Hello, LastFrame, Message,
    Subscribe, SubscribeAck, TrackInfo, UnsubscribeAck, Welcome,
};

use super::{Told, told};

impl Told {
    pub(super) fn body(&mut self, message: &Message) {
        match message {
            Message::Hello(hello) => self.hello(hello),
            Message::Retry(retry) => {
                self.bytes("nonce", &retry.nonce);
                self.cookie(&retry.cookie);
            }
            Message::Welcome(welcome) => self.welcome(welcome),
            Message::Announce(announce) => self.announce(announce),
            Message::AnnounceAck(ack) => self.announce_ack(ack),
            Message::Subscribe(subscribe) => self.subscribe(subscribe),
            Message::SubscribeAck(ack) => self.subscribe_ack(ack),
            Message::Unsubscribe(unsubscribe) => self.dec("req", unsubscribe.req.0),
            Message::UnsubscribeAck(ack) => self.unsubscribe_ack(ack),
            Message::Catalog(request) => {
                self.dec("req", request.req.0);
                self.dec("catalog.from_start", u8::from(request.after.is_none()));
                self.producer("catalog.after", request.after.unwrap_or_default());
            }
            Message::CatalogAck(page) => self.catalog_page(page),
            Message::End(end) => self.end(end),
            Message::EndAck(ack) => self.dec("req", ack.req.0),
            Message::Skip(skip) => self.skip(skip),
            Message::Heartbeat(heartbeat) => self.heartbeat(heartbeat),
            Message::Feedback(feedback) => self.feedback(feedback),
            Message::PathChallenge(data) | Message::PathResponse(data) => self.bytes("path.data", data),
            Message::Clock => {}
            Message::ClockAck(ack) => {
                self.dec("clock_ack.echo", ack.echo.0);
                self.dec("clock_ack.hold", ack.hold.as_micros());
                self.dec("clock_ack.broker_time", ack.broker.as_micros());
            }
            Message::Close(close) => self.close(close),
            Message::Reset(token) => self.bytes("reset_token", token),
            Message::Versions(versions) => self.versions(versions),
        }
    }

    fn hello(&mut self, hello: &Hello) {
        self.dec("hello.role", hello.role as u8);
        self.versions(&hello.versions);
        self.bytes("nonce", &hello.nonce);
        self.cookie(hello.cookie.as_ref().map_or(&[], |cookie| cookie));
        self.dec("hello.rider_length", hello.rider.len());
        if !hello.rider.is_empty() {
            self.0.extend(told(&hello.rider));
        }
    }

    fn versions(&mut self, versions: &[u8]) {
        self.dec("versions.count", versions.len());
        for version in versions {
            self.dec("versions.version", version);
        }
    }

    fn cookie(&mut self, cookie: &[u8]) {
        self.dec("length", cookie.len());
        self.bytes("cookie", cookie);
    }

    fn welcome(&mut self, welcome: &Welcome) {
        self.bytes("nonce", &welcome.nonce);
        self.dec("welcome.version", welcome.version);
        self.dec("welcome.echo", welcome.echo.0);
        self.dec("welcome.hold", welcome.hold.as_micros());
        self.dec("welcome.broker_time", welcome.broker_time.as_micros());
        self.dec("welcome.lease", welcome.lease.as_millis());
        self.dec("welcome.feedback", welcome.feedback.as_millis());
        self.dec("welcome.max_frame", welcome.frame_max);
        self.dec("welcome.max_datagram", welcome.datagram_max);
        self.dec("welcome.max_subscriptions", welcome.subscriptions_max);
        self.bytes("reset_token", &welcome.reset_token);
    }

    fn close(&mut self, close: &Close) {
        self.dec("close.code", close.code as u16);
        self.text("reason", close.reason.as_str());
        self.dec("last.count", close.last.len());
        for last in &close.last {
            self.producer("last.producer", last.producer);
            self.last_frame(&last.last);
        }
    }

    fn last_frame(&mut self, last: &LastFrame) {
        self.hex("last.stream_id", last.stream.0, 1);
        self.hex("last.tag", last.tag.0, 4);
        self.dec("last.frame", last.frame.0);
    }

    fn last_frames(&mut self, last: &[LastFrame]) {
        self.dec("last.count", last.len());
        for last in last {
            self.last_frame(last);
        }
    }

    fn announce(&mut self, announce: &Announce) {
        self.dec("req", announce.req.0);
        self.dec("epoch", announce.epoch);
        self.bytes("announce.identity", &announce.identity);
        self.dec("announce.max_rate", announce.rate_kbps);
        self.dec("announce.min_latency", announce.latency_min.as_millis());
        self.dec("shard_size", announce.shard_size);
        self.text("name", announce.name.as_str());
        self.tracks(&announce.tracks);
    }

    fn tracks(&mut self, tracks: &[TrackInfo]) {
        self.dec("tracks.count", tracks.len());
        for track in tracks {
            self.hex("track.stream_id", track.stream.0, 1);
            self.dec("track.kind", track.kind as u8);
            self.text("track.codec", track.codec.as_str());
            self.text("track.extension", track.extension.as_str());
            self.dec("track.duration", track.frame_duration.as_micros());
            self.dec("track.sync_group", track.sync_group);
            self.dec("track.layer", track.layer);
            self.dec("track.next", track.next_frame.0);
        }
    }

    fn announce_ack(&mut self, ack: &AnnounceAck) {
        self.dec("req", ack.req.0);
        self.dec("status", ack.status as u16);
        self.dec("epoch", ack.epoch);
        self.hex("tag", ack.tag.0, 4);
        self.dec("horizon", ack.horizon.as_millis());
        self.text("reason", ack.reason.as_str());
    }

    fn end(&mut self, end: &End) {
        self.dec("req", end.req.0);
        self.dec("end.reason", end.reason as u16);
        self.last_frames(&end.last);
    }

    fn subscribe(&mut self, subscribe: &Subscribe) {
        self.dec("req", subscribe.req.0);
        self.hex("subscribe.kinds", subscribe.kinds, 1);
        for (name, mask) in [("video", 1), ("audio", 2), ("data", 4)] {
            self.flag(&format!("subscribe.kinds.{name}"), subscribe.kinds & mask != 0);
        }
        self.dec("subscribe.start", subscribe.start as u8);
        self.dec("subscribe.max_layer", subscribe.layer_max);
        self.dec("subscribe.parity", subscribe.parity);
        self.dec("latency", subscribe.latency.as_millis());
        self.dec("subscribe.max_rate", subscribe.rate_max);
    }

    fn subscribe_ack(&mut self, ack: &SubscribeAck) {
        self.dec("req", ack.req.0);
        self.dec("status", ack.status as u16);
        self.dec("latency", ack.latency.as_millis());
        self.dec("epoch", ack.epoch);
        self.hex("tag", ack.tag.0, 4);
        self.dec("shard_size", ack.shard_size);
        self.clock(&ack.clock);
        self.text("name", ack.name.as_str());
        self.tracks(&ack.tracks);
    }

    pub(super) fn clock(&mut self, clock: &ClockPoint) {
        self.dec("clock.capture", clock.capture.0);
        self.dec("clock.broker", clock.broker.as_micros());
        self.dec("clock.drift", clock.drift);
        self.dec("clock.error", clock.error);
    }

    fn unsubscribe_ack(&mut self, ack: &UnsubscribeAck) {
        self.dec("req", ack.req.0);
        self.dec("status", ack.status as u16);
        self.last_frames(&ack.last);
    }

    fn catalog_page(&mut self, page: &CatalogPage) {
        self.dec("req", page.req.0);
        self.dec("catalog.generation", page.generation);
        self.dec("catalog.more", u8::from(page.more));
        self.dec("catalog.count", page.entries.len());
        for entry in &page.entries {
            self.catalog_entry(entry);
        }
    }

    fn catalog_entry(&mut self, entry: &CatalogEntry) {
        self.producer("catalog.producer", entry.producer);
        self.dec("catalog.state", if entry.stalled { 2 } else { 1 });
        self.dec("epoch", entry.epoch);
        self.dec("catalog.viewers", entry.viewers);
        self.text("name", entry.name.as_str());
        self.dec("tracks.count", entry.tracks.len());
        for track in &entry.tracks {
            self.hex("track.stream_id", track.stream.0, 1);
            self.dec("track.kind", track.kind as u8);
            self.text("track.extension", track.extension.as_str());
            self.dec("track.duration", track.frame_duration.as_micros());
        }
    }
}
