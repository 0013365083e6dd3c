//! Lines for people. Programs read the other format: these may change.

use std::time::Duration;

use protocol::id::Target;
use protocol::wire::{CatalogEntry, Code, Label, Text, Thinning, TrackKind};

use super::table::table;
use super::units::{bit_rate, bytes, frame_rate, percent, rate_of, span, span_or_dash, whole_ms};
use super::{Hints, Notice, Recording, Report};
use crate::engine::event::{Event, Snapshot, StreamStatus, Subscribed};
use crate::shell::echo::Clean;
use crate::shell::verb::Verb;

/// The lines of a notice, but for frames.
pub(super) fn render(notice: &Notice<'_>) -> Option<String> {
    let lines = match *notice {
        Notice::Event(event, hints) => of_event(event, hints)? + "\n",
        Notice::Status(report) => status(report),
        Notice::Stats(report) => stats(report),
        Notice::Summary(report) => summary(report),
        Notice::RecordingStarted(folder) => {
            format!("recording to {}\n", Clean(&folder.to_string_lossy()))
        }
        Notice::RecordingResumed { recording, missed } => {
            let folder = recording.folder.to_string_lossy();
            format!("recording again to {}: {missed} frames are missing\n", Clean(&folder))
        }
        Notice::RecordingStopped(recording) => recorded("recorded to", recording) + "\n",
        Notice::RecordError { fault, .. } => format!("{fault}\n"),
        Notice::Error(message) => format!("error: {message}\n"),
        Notice::Help(None) => help(),
        Notice::Help(Some(verb)) => explained(verb),
    };
    Some(lines)
}

fn of_event(event: &Event, hints: Hints) -> Option<String> {
    let line = match event {
        Event::Connected { broker, rtt, again } => {
            let again = if *again { " again" } else { "" };
            format!("connected to {broker}{again}, rtt {}", span(*rtt))
        }
        Event::Disconnected { reason } => {
            format!("disconnected: {}; trying again until the broker answers", Clean(reason))
        }
        Event::Subscribed(facts) => subscribed(facts),
        Event::LatencyRaised { target, wanted, latency, .. } => too_far(*target, *wanted, *latency),
        Event::Waiting { target } => {
            let nearest = hints.nearest.map(|id| format!("; did you mean {id}?")).unwrap_or_default();
            format!("waiting for {target}: no such producer yet, it starts when that one comes{nearest}")
        }
        Event::Refused { target, status: Code::NoSuchStream } => {
            format!("refused {target}: {}; 'list' shows the streams", Code::NoSuchStream)
        }
        Event::Refused { target, status } => format!("refused {target}: {status}"),
        Event::Unsubscribed { target, status: Code::Ok } => format!("unsubscribed {target}"),
        Event::Unsubscribed { target, status: Code::NoSuchStream } => {
            format!("not subscribed to {target}: 'status' shows what is")
        }
        Event::Unsubscribed { target, status } => format!("unsubscribed {target}: {status}"),
        Event::Ended { target, reason: Code::Ok } => {
            format!("ended {target}: the producer has finished; it goes on when that one comes again")
        }
        Event::Ended { target, reason } => {
            format!("ended {target}: {reason}; it goes on when that one comes again")
        }
        Event::Thinned { producer, stream, thinning } => {
            thinned(Target { producer: *producer, stream: *stream }, *thinning)
        }
        Event::Catalog(entries) => catalog(entries),
        Event::Frame(_) => return None,
    };
    Some(line)
}

fn subscribed(facts: &Subscribed) -> String {
    let tracks = facts.tracks.iter();
    let mut parts: Vec<_> =
        tracks.map(|track| described(track.kind, &track.extension, track.frame_duration)).collect();
    parts.push(format!("latency {}", span(facts.latency)));
    let verb = if facts.again { "goes on" } else { "subscribed" };
    let name = quoted(&facts.name);
    let blank = if name.is_empty() { "" } else { " " };
    let line = format!("{verb} {}{blank}{name} {}", facts.target, parts.join(", "));
    if facts.latency > facts.wanted {
        return line + "\n" + &too_far(facts.target, facts.wanted, facts.latency);
    }
    line
}

/// More latency was granted than asked for.
fn too_far(target: Target, wanted: Duration, latency: Duration) -> String {
    let wanted = if wanted.is_zero() { "at once".to_owned() } else { span(wanted) };
    let latency = span(latency);
    format!(
        "warning: {target} plays {latency} after capture, not {wanted}: its path or its channel needs that long"
    )
}

/// `1AAA9901: slow path: every 2nd frame`.
fn thinned(target: Target, thinning: Thinning) -> String {
    match thinning {
        Thinning::Whole => format!("{target}: the path is fast enough: every frame"),
        Thinning::Paused => format!(
            "{target}: slow path: paused, too far behind; it is tried again by and by, and at once by 'subscribe {}'",
            target.producer
        ),
        _ => format!("{target}: slow path: {thinning}"),
    }
}

fn catalog(entries: &[CatalogEntry]) -> String {
    if entries.is_empty() {
        return "no producers yet: 'subscribe ID' waits for one".to_owned();
    }
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            let tracks = entry.tracks.iter().map(|track| {
                let what = described(track.kind, &track.extension, track.frame_duration);
                format!("{} {what}", track.stream)
            });
            vec![
                entry.producer.to_string(),
                if entry.stalled { "stalled" } else { "live" }.to_owned(),
                entry.viewers.to_string(),
                tracks.collect::<Vec<_>>().join(", "),
                quoted(&entry.name),
            ]
        })
        .collect();
    let lines = table(&["<id", "<state", ">viewers", "<streams", "<name"], &rows);
    lines.trim_end().to_owned()
}

fn status(report: Report<'_>) -> String {
    let snapshot = report.snapshot;
    let mut lines = if snapshot.streams.is_empty() {
        "no streams: 'list' names the producers, 'subscribe ID' starts one\n".to_owned()
    } else {
        let rows: Vec<_> = snapshot.streams.iter().map(status_row).collect();
        let header = [
            "<stream",
            "<kind",
            ">frames",
            ">rate",
            ">bit rate",
            ">loss",
            ">repaired",
            ">missed",
            ">latency",
        ];
        table(&header, &rows)
    };
    let slow = snapshot.streams.iter().filter(|stream| stream.live && stream.thinning != Thinning::Whole);
    lines.extend(slow.map(|stream| format!("{}: slow path: {}\n", id(stream), stream.thinning)));
    lines.extend(snapshot.waiting.iter().map(|target| format!("waiting for {target}\n")));
    lines + &recording(report) + &session(snapshot)
}

/// How the newest frame stood against its deadline.
fn age(stream: &StreamStatus) -> Option<String> {
    let (age, error) = (stream.age?, stream.age_error?);
    let deadline =
        if stream.latency.is_zero() { "at once".to_owned() } else { format!("at {}", span(stream.latency)) };
    Some(format!("{} whole {} after capture (+- {}), shown {deadline}\n", id(stream), span(age), span(error)))
}

/// What fits the 80 columns of a small terminal; `stats` and the other format have the rest.
fn status_row(stream: &StreamStatus) -> Vec<String> {
    let counters = &stream.counters;
    let repaired = counters.repaired_arq + counters.repaired_fec;
    vec![
        id(stream),
        stream.kind.to_string(),
        (counters.direct + repaired).to_string(),
        if stream.live { frame_rate(stream.frames_per_second) } else { "off".to_owned() },
        bit_rate(stream.bits_per_second),
        percent(stream.loss),
        repaired.to_string(),
        (counters.late + counters.lost + counters.skipped).to_string(),
        latency(stream),
    ]
}

/// The age of the newest frame when it was delivered, if known, and its deadline: `31/500 ms`.
fn latency(stream: &StreamStatus) -> String {
    let deadline = span(stream.latency);
    stream.age.map_or_else(|| deadline.clone(), |age| format!("{}/{deadline}", whole_ms(age)))
}

fn stats(report: Report<'_>) -> String {
    let snapshot = report.snapshot;
    let drops = snapshot.drops.iter().filter(|&&(_, count)| count > 0);
    let drops: Vec<_> = drops.map(|(name, count)| format!("{name} {count}")).collect();
    let dropped = if drops.is_empty() { "none".to_owned() } else { drops.join(", ") };
    let parity: u64 = snapshot.streams.iter().map(|stream| stream.counters.parity).sum();
    let ages: String = snapshot.streams.iter().filter_map(age).collect();
    format!(
        "{}{ages}datagrams received {}, {parity} of them parity, sent {}\ndropped {dropped}\n{}{}",
        counters(&snapshot.streams),
        snapshot.datagrams_received,
        snapshot.datagrams_sent,
        recording(report),
        session(snapshot),
    )
}

fn summary(report: Report<'_>) -> String {
    let rtt = span_or_dash(report.snapshot.rtt);
    format!("{}{}rtt {rtt}\n", counters(&report.snapshot.streams), recording(report))
}

fn counters(streams: &[StreamStatus]) -> String {
    if streams.is_empty() {
        return "no streams\n".to_owned();
    }
    // No kind: `status` has it, and with it no row would fit the 80 columns of a small terminal.
    let header = [
        "<stream",
        ">expected",
        ">direct",
        ">arq",
        ">fec",
        ">late",
        ">lost",
        ">skipped",
        ">dup",
        ">bytes",
        ">first",
    ];
    let rows: Vec<_> = streams
        .iter()
        .map(|stream| {
            let counters = &stream.counters;
            let counts = [
                counters.expected,
                counters.direct,
                counters.repaired_arq,
                counters.repaired_fec,
                counters.late,
                counters.lost,
                counters.skipped,
                counters.duplicates,
            ];
            let mut row = vec![id(stream)];
            row.extend(counts.map(|count| count.to_string()));
            row.extend([bytes(counters.bytes), span_or_dash(stream.first_frame)]);
            row
        })
        .collect();
    table(&header, &rows)
}

fn session(snapshot: &Snapshot) -> String {
    let lost = if snapshot.connected { "" } else { " (not connected)" };
    let (rtt, jitter) = (span_or_dash(snapshot.rtt), span(snapshot.jitter));
    let runs = snapshot.loss_run.map(|run| format!(" in runs of {run:.1}")).unwrap_or_default();
    let loss = percent(snapshot.loss);
    format!("broker {}{lost}, rtt {rtt}, jitter {jitter}, loss {loss}{runs}\n", snapshot.broker)
}

fn recording(report: Report<'_>) -> String {
    report.recording.map(|recording| recorded("recording to", recording) + "\n").unwrap_or_default()
}

fn recorded(verb: &str, recording: Recording<'_>) -> String {
    let counters = recording.counters;
    format!(
        "{verb} {}: {} frames, {}, {} not written",
        Clean(&recording.folder.to_string_lossy()),
        counters.written,
        bytes(counters.bytes),
        counters.not_written,
    )
}

fn help() -> String {
    let rows: Vec<_> =
        Verb::ALL.into_iter().map(|verb| vec![verb.usage().to_owned(), verb.summary().to_owned()]).collect();
    table(&["<command", "<what it does"], &rows) + Verb::Help.details() + "\n"
}

fn explained(verb: Verb) -> String {
    let aliases: Vec<_> = verb.names().skip(1).collect();
    let aliases =
        if aliases.is_empty() { String::new() } else { format!("Also written {}.\n", aliases.join(", ")) };
    format!("{}: {}\n{}{aliases}", verb.usage(), verb.summary(), wrapped(verb.details()))
}

/// Columns of the smallest terminal that prose is broken for, between words.
const COLUMNS: usize = 80;

/// Lines that no terminal breaks within a word.
fn wrapped(prose: &str) -> String {
    let (mut lines, mut room) = (String::new(), COLUMNS);
    for word in prose.split(' ') {
        let length = word.chars().count();
        if lines.is_empty() || length < room {
            let blank = if lines.is_empty() { "" } else { " " };
            lines = lines + blank + word;
            room = room.saturating_sub(length + blank.len());
        } else {
            lines = lines + "\n" + word;
            room = COLUMNS.saturating_sub(length);
        }
    }
    lines + "\n"
}

fn id(stream: &StreamStatus) -> String {
    Target { producer: stream.producer, stream: stream.stream }.to_string()
}

/// `video jpg 12.0/s`.
fn described(kind: TrackKind, extension: &Label, frame_duration: Duration) -> String {
    match rate_of(frame_duration) {
        Some(rate) => format!("{kind} {extension} {}", frame_rate(rate)),
        None => format!("{kind} {extension}"),
    }
}

/// The name in quotes; nothing where there is none.
fn quoted(name: &Text) -> String {
    if name.is_empty() { String::new() } else { format!("\"{name}\"") }
}
