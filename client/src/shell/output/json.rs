//! Objects for programs: `docs/SCRIPTING.md` lists them all. Keys may be added, none is renamed or removed.

use std::time::Duration;

use protocol::id::{ProducerId, StreamId, Target};
use protocol::wire::{CatalogEntry, CatalogTrack, Code, Thinning, TrackInfo};
use serde_json::Value;

use super::object::Object;
use super::units::{milliseconds, rate_of, thousandths};
use super::{Hints, Notice, Recording, Report};
use crate::engine::event::{Event, Snapshot, StreamStatus, Subscribed};
use crate::shell::verb::Verb;

/// The line of a notice, but for frames.
pub(super) fn render(notice: &Notice<'_>) -> Option<String> {
    let object = match *notice {
        Notice::Event(event, hints) => of_event(event, hints)?,
        Notice::Status(report) => status(report),
        Notice::Stats(report) => stats(report),
        Notice::Summary(report) => summary(report),
        Notice::RecordingStarted(folder) => {
            Object::of_type("recording").with("state", "started").with("folder", folder.to_string_lossy())
        }
        Notice::RecordingResumed { recording, missed } => {
            recorded(Object::of_type("recording").with("state", "resumed"), recording).with("missed", missed)
        }
        Notice::RecordingStopped(recording) => {
            recorded(Object::of_type("recording").with("state", "stopped"), recording)
        }
        Notice::RecordError { fault, not_written } => Object::of_type("record_error")
            .with("message", fault.to_string())
            .with("not_written", not_written),
        Notice::Error(message) => Object::of_type("error").with("message", message.to_string()),
        Notice::Help(verb) => help(verb),
    };
    Some(object.line())
}

fn of_event(event: &Event, hints: Hints) -> Option<Object> {
    let object = match event {
        Event::Connected { broker, rtt, again } => Object::of_type("connected")
            .with("broker", broker.to_string())
            .with("rtt_ms", milliseconds(*rtt))
            .with("again", *again),
        Event::Disconnected { reason } => Object::of_type("disconnected").with("reason", reason.as_str()),
        Event::Subscribed(facts) => subscribed(facts, hints.rtt),
        Event::LatencyRaised { target, wanted, before, latency } => about("latency_raised", *target)
            .with("asked_ms", milliseconds(*wanted))
            .with("before_ms", milliseconds(*before))
            .with("latency_ms", milliseconds(*latency)),
        Event::Waiting { target } => about("waiting", *target).with("nearest", id_or_null(hints.nearest)),
        Event::Refused { target, status } => outcome("refused", *target, *status),
        Event::Unsubscribed { target, status } => outcome("unsubscribed", *target, *status),
        Event::Ended { target, reason } => outcome("ended", *target, *reason),
        Event::Thinned { producer, stream, thinning } => {
            let status = if *thinning == Thinning::Paused { Code::TooFarBehind } else { Code::Ok };
            Object::of_type("thinned")
                .with("producer", producer.to_string())
                .with("stream", stream.to_string())
                .with("frames", thinning.name())
                .with("status", status.name())
                .with("reason", thinning.to_string())
        }
        Event::Catalog(entries) => {
            Object::of_type("catalog").with_list("producers", entries.iter().map(catalog_entry))
        }
        Event::Frame(_) => return None,
    };
    Some(object)
}

fn about(kind: &str, target: Target) -> Object {
    Object::of_type(kind).with("id", target.to_string()).with("producer", target.producer.to_string())
}

fn outcome(kind: &str, target: Target, status: Code) -> Object {
    about(kind, target).with("status", status.name()).with("reason", status.to_string())
}

fn subscribed(facts: &Subscribed, rtt: Option<Duration>) -> Object {
    about("subscribed", facts.target)
        .with("name", facts.name.as_str())
        .with("epoch", facts.epoch)
        .with("asked_ms", milliseconds(facts.wanted))
        .with("latency_ms", milliseconds(facts.latency))
        .with_list("tracks", facts.tracks.iter().map(track))
        .with("rtt_ms", ms_or_null(rtt))
        .with("again", facts.again)
}

fn track(track: &TrackInfo) -> Object {
    Object::new()
        .with("stream", track.stream.to_string())
        .with("kind", track.kind.to_string())
        .with("codec", track.codec.as_str())
        .with("extension", track.extension.as_str())
        .with("rate", rate_of(track.frame_duration))
}

fn catalog_entry(entry: &CatalogEntry) -> Object {
    Object::new()
        .with("producer", entry.producer.to_string())
        .with("name", entry.name.as_str())
        .with("epoch", entry.epoch)
        .with("viewers", entry.viewers)
        .with("stalled", entry.stalled)
        .with_list("tracks", entry.tracks.iter().map(catalog_track))
}

fn catalog_track(track: &CatalogTrack) -> Object {
    Object::new()
        .with("stream", track.stream.to_string())
        .with("kind", track.kind.to_string())
        .with("extension", track.extension.as_str())
        .with("rate", rate_of(track.frame_duration))
}

fn status(report: Report<'_>) -> Object {
    let snapshot = report.snapshot;
    let waiting: Vec<_> = snapshot.waiting.iter().map(Target::to_string).collect();
    session("status", report)
        .with_list("streams", snapshot.streams.iter().map(stream_status))
        .with("waiting", waiting)
        .recording(report.recording)
}

fn stream_status(stream: &StreamStatus) -> Object {
    let counters = &stream.counters;
    of_stream(stream)
        .with("name", stream.name.as_str())
        .with("live", stream.live)
        .with("frames", counters.direct + counters.repaired_arq + counters.repaired_fec)
        .with("frames_per_second", thousandths(stream.frames_per_second))
        .with("bits_per_second", stream.bits_per_second.round())
        .with("loss", millionths(stream.loss))
        .with("repaired", counters.repaired_arq + counters.repaired_fec)
        .with("late", counters.late)
        .with("lost", counters.lost)
        .with("skipped", counters.skipped)
        .with("frames_sent", stream.thinning.name())
        .with("delay_ms", milliseconds(stream.delay))
        .with("age_ms", ms_or_null(stream.age))
        .with("age_error_ms", ms_or_null(stream.age_error))
        .with("latency_ms", milliseconds(stream.latency))
}

fn stats(report: Report<'_>) -> Object {
    let snapshot = report.snapshot;
    let drops = snapshot.drops.iter().fold(Object::new(), |drops, &(name, count)| drops.with(name, count));
    session("stats", report)
        .with("datagrams_received", snapshot.datagrams_received)
        .with("datagrams_sent", snapshot.datagrams_sent)
        .with_object("drops", drops)
        .with_list("streams", snapshot.streams.iter().map(counted))
        .recording(report.recording)
}

fn summary(report: Report<'_>) -> Object {
    let streams = report.snapshot.streams.iter();
    Object::of_type("summary")
        .with_list("streams", streams.map(counted))
        .with("rtt_ms", ms_or_null(report.snapshot.rtt))
        .with("jitter_ms", milliseconds(report.snapshot.jitter))
        .losses(report.snapshot)
        .recording(report.recording)
}

fn session(kind: &str, report: Report<'_>) -> Object {
    Object::of_type(kind)
        .with("broker", report.snapshot.broker.to_string())
        .with("connected", report.snapshot.connected)
        .with("rtt_ms", ms_or_null(report.snapshot.rtt))
        .with("jitter_ms", milliseconds(report.snapshot.jitter))
        .losses(report.snapshot)
}

fn millionths(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

fn of_stream(stream: &StreamStatus) -> Object {
    let (producer, stream_id): (ProducerId, StreamId) = (stream.producer, stream.stream);
    Object::new()
        .with("producer", producer.to_string())
        .with("stream", stream_id.to_string())
        .with("kind", stream.kind.to_string())
}

fn counted(stream: &StreamStatus) -> Object {
    let counters = &stream.counters;
    of_stream(stream)
        .with("expected", counters.expected)
        .with("direct", counters.direct)
        .with("repaired_arq", counters.repaired_arq)
        .with("repaired_fec", counters.repaired_fec)
        .with("late", counters.late)
        .with("lost", counters.lost)
        .with("skipped", counters.skipped)
        .with("duplicates", counters.duplicates)
        .with("parity", counters.parity)
        .with("parity_bytes", counters.parity_bytes)
        .with("bytes", counters.bytes)
        .with("first_frame_ms", ms_or_null(stream.first_frame))
}

impl Object {
    fn losses(self, snapshot: &Snapshot) -> Self {
        self.with("loss", millionths(snapshot.loss)).with("loss_run", snapshot.loss_run.map(thousandths))
    }

    fn recording(self, recording: Option<Recording<'_>>) -> Self {
        match recording {
            Some(recording) => self.with_object("recording", recorded(Self::new(), recording)),
            None => self.with("recording", Value::Null),
        }
    }
}

fn recorded(object: Object, recording: Recording<'_>) -> Object {
    object
        .with("folder", recording.folder.to_string_lossy())
        .with("written", recording.counters.written)
        .with("bytes", recording.counters.bytes)
        .with("not_written", recording.counters.not_written)
}

fn help(only: Option<Verb>) -> Object {
    let verbs = Verb::ALL.into_iter().filter(|&verb| only.is_none_or(|only| only == verb));
    Object::of_type("help").with_list("commands", verbs.map(explained))
}

fn explained(verb: Verb) -> Object {
    let aliases: Vec<_> = verb.names().skip(1).collect();
    Object::new()
        .with("name", verb.name())
        .with("aliases", aliases)
        .with("usage", verb.usage())
        .with("summary", verb.summary())
        .with("details", verb.details())
}

fn ms_or_null(measured: Option<Duration>) -> Value {
    measured.map_or(Value::Null, |span| milliseconds(span).into())
}

fn id_or_null(id: Option<ProducerId>) -> Value {
    id.map_or(Value::Null, |id| id.to_string().into())
}
