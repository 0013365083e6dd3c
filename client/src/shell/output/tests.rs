use bytes::Bytes;
use protocol::id::{ProducerId, StreamId};
use protocol::serial::Serial;
use protocol::time::Time;
use protocol::wire::{Code, Label, TrackKind};
use serde_json::Value;

use super::samples::{NAME, catalog, events, fault, recording, snapshot, subscribed, with_all};
use super::*;
use crate::engine::event::{Frame, StreamCounters, Subscribed};
use crate::shell::echo::steers;

const SCRIPTING: &str = include_str!("../../../../docs/SCRIPTING.md");

#[test]
fn the_objects_are_those_of_the_documentation() {
    let documented: Vec<_> =
        SCRIPTING.lines().filter(|line| line.starts_with("{\"type\":")).map(str::to_owned).collect();
    let said: Vec<_> = with_all(NAME, json).into_iter().map(|line| line.trim_end().to_owned()).collect();
    for (documented, said) in documented.iter().zip(&said) {
        assert_eq!(documented, said);
    }
    assert_eq!(documented.len(), said.len());
}

#[test]
fn each_object_is_one_line_of_json_with_a_type() {
    let types = with_all(NAME, |notice| {
        let line = json(notice);
        assert_eq!(line.find('\n'), Some(line.len() - 1), "{line}");
        let object: Value = serde_json::from_str(&line).unwrap();
        object["type"].as_str().unwrap().to_owned()
    });
    assert_eq!(
        types,
        [
            "connected",
            "disconnected",
            "subscribed",
            "latency_raised",
            "waiting",
            "refused",
            "unsubscribed",
            "ended",
            "thinned",
            "catalog",
            "status",
            "stats",
            "recording",
            "recording",
            "recording",
            "record_error",
            "error",
            "help",
            "summary",
        ]
    );
}

#[test]
fn the_counters_of_a_summary_add_up_under_the_names_of_the_contract() {
    let summary: Value = serde_json::from_str(&with_all(NAME, json).pop().unwrap()).unwrap();
    let stream = &summary["streams"][0];
    let count = |key: &str| stream[key].as_u64().unwrap();
    assert_eq!(
        count("expected"),
        ["direct", "repaired_arq", "repaired_fec", "late", "lost", "skipped"].map(count).iter().sum::<u64>()
    );
    assert_eq!((count("duplicates"), count("bytes")), (3, 1_253_904));
    assert_eq!((count("parity"), count("parity_bytes")), (18, 21_600));
    assert_eq!((&summary["loss"], &summary["loss_run"]), (&0.0023.into(), &1.25.into()));
    assert_eq!((&stream["producer"], &stream["stream"]), (&"1AAA99".into(), &"01".into()));
    assert_eq!(stream["first_frame_ms"], 23.418);
    assert_eq!(summary["streams"][1]["first_frame_ms"], Value::Null);
    assert_eq!(summary["rtt_ms"], 0.412);
}

#[test]
fn events_are_lines_for_people() {
    let said: String = events().iter().map(|(event, hints)| text(&Notice::Event(event, *hints))).collect();
    assert_eq!(
        said,
        format!(
            "\
connected to 127.0.0.1:5000, rtt 0.4 ms
disconnected: nothing heard for 15 s; trying again until the broker answers
subscribed 1AAA99 \"Aurora\" video jpg 12.0/s, audio mp3 1.0/s, latency 500 ms
warning: 1AAA99 plays 350 ms after capture, not 100 ms: its path or its channel needs that long
waiting for 9DDD99: no such producer yet, it starts when that one comes; did you mean 3DDD99?
refused 2BBB9902: {}
unsubscribed 1AAA99
ended 1AAA99: {}; it goes on when that one comes again
1AAA9901: slow path: every 2nd frame
id      state    viewers  streams                                  name
1AAA99  live          12  01 video jpg 12.0/s, 02 audio mp3 1.0/s  \"Aurora\"
2BBB99  stalled        0  03 data json
",
            Code::Limit,
            Code::ProducerLost
        )
    );
}

#[test]
fn the_rarer_forms_of_events_are_told_apart() {
    let target = "1AAA99".parse().unwrap();
    let broker = "[::1]:5000".parse().unwrap();
    for (event, expected) in [
        (Event::Connected { broker, rtt: Duration::from_millis(40), again: true }, {
            "connected to [::1]:5000 again, rtt 40 ms\n"
        }),
        (Event::Subscribed(subscribed("", true)), {
            "goes on 1AAA99 video jpg 12.0/s, audio mp3 1.0/s, latency 500 ms\n"
        }),
        (Event::Subscribed(Subscribed { wanted: Duration::ZERO, ..subscribed("", false) }), {
            "subscribed 1AAA99 video jpg 12.0/s, audio mp3 1.0/s, latency 500 ms\n\
             warning: 1AAA99 plays 500 ms after capture, not at once: its path or its channel needs that long\n"
        }),
        (Event::Waiting { target }, {
            "waiting for 1AAA99: no such producer yet, it starts when that one comes\n"
        }),
        (Event::Refused { target, status: Code::NoSuchStream }, {
            "refused 1AAA99: no such stream; 'list' shows the streams\n"
        }),
        (Event::Unsubscribed { target, status: Code::NoSuchStream }, {
            "not subscribed to 1AAA99: 'status' shows what is\n"
        }),
        (Event::Ended { target, reason: Code::Ok }, {
            "ended 1AAA99: the producer has finished; it goes on when that one comes again\n"
        }),
        (Event::Catalog(Vec::new()), "no producers yet: 'subscribe ID' waits for one\n"),
    ] {
        assert_eq!(text(&Notice::Event(&event, Hints::default())), expected);
    }
}

#[test]
fn status_is_a_table_with_the_session_below() {
    let snapshot = snapshot(NAME);
    let report = Report { snapshot: &snapshot, recording: Some(recording()) };
    assert_eq!(
        text(&Notice::Status(report)),
        "\
stream    kind   frames    rate  bit rate   loss  repaired  missed    latency
1AAA9901  video     123  12.0/s  982 kb/s  0.2 %         5       3  31/500 ms
1AAA9902  audio       0     off     0 b/s  0.0 %         0       0     500 ms
1AAA9901: slow path: every 2nd frame
waiting for 9DDD99
recording to clips: 123 frames, 1.3 MB, 3 not written
broker 127.0.0.1:5000, rtt 0.4 ms, jitter 0.1 ms, loss 0.2 % in runs of 1.2
"
    );
}

#[test]
fn status_without_streams_or_session_says_so() {
    let mut snapshot = snapshot(NAME);
    (snapshot.streams, snapshot.waiting) = (Vec::new(), Vec::new());
    (snapshot.connected, snapshot.rtt) = (false, None);
    let report = Report { snapshot: &snapshot, recording: None };
    assert_eq!(
        text(&Notice::Status(report)),
        "\
no streams: 'list' names the producers, 'subscribe ID' starts one
broker 127.0.0.1:5000 (not connected), rtt -, jitter 0.1 ms, loss 0.2 % in runs of 1.2
"
    );
    assert_eq!(text(&Notice::Summary(report)), "no streams\nrtt -\n");
}

#[test]
fn stats_and_summary_show_every_counter() {
    let snapshot = snapshot(NAME);
    let report = Report { snapshot: &snapshot, recording: None };
    let counters = "\
stream    expected  direct  arq  fec  late  lost  skipped  dup   bytes  first
1AAA9901       126     118    4    1     1     2        0    3  1.3 MB  23 ms
1AAA9902         0       0    0    0     0     0        0    0     0 B      -
";
    assert_eq!(
        text(&Notice::Stats(report)),
        format!(
            "{counters}\
1AAA9901 whole 31 ms after capture (+- 0.3 ms), shown at 500 ms
datagrams received 1312, 18 of them parity, sent 97
dropped unknown_tag 2, replay 1
broker 127.0.0.1:5000, rtt 0.4 ms, jitter 0.1 ms, loss 0.2 % in runs of 1.2
"
        )
    );
    assert_eq!(text(&Notice::Summary(report)), format!("{counters}rtt 0.4 ms\n"));
}

#[test]
fn tables_and_help_fit_a_terminal_of_80_columns() {
    let mut snapshot = snapshot(NAME);
    snapshot.streams[0].counters = StreamCounters {
        expected: 999_999,
        direct: 999_000,
        repaired_arq: 990,
        repaired_fec: 9,
        duplicates: 999,
        bytes: 99_000_000_000,
        ..snapshot.streams[0].counters
    };
    snapshot.streams[0].first_frame = Some(Duration::from_millis(999));
    let report = Report { snapshot: &snapshot, recording: None };
    for notice in [
        Notice::Help(None),
        Notice::Status(report),
        Notice::Stats(report),
        Notice::Event(&Event::Catalog(catalog("")), Hints::default()),
        Notice::Event(&Event::Subscribed(subscribed(NAME, false)), Hints::default()),
    ] {
        let said = text(&notice);
        assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    }
    for verb in Verb::ALL {
        let said = text(&Notice::Help(Some(verb)));
        assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
        assert!(said.replace('\n', " ").contains(verb.details()), "{said}");
    }
}

#[test]
fn recordings_and_errors_are_one_line_each() {
    let fault = fault();
    for (notice, expected) in [
        (Notice::RecordingStarted(Path::new("clips")), "recording to clips\n"),
        (Notice::RecordingResumed { recording: recording(), missed: 3 }, {
            "recording again to clips: 3 frames are missing\n"
        }),
        (Notice::RecordingStopped(recording()), { "recorded to clips: 123 frames, 1.3 MB, 3 not written\n" }),
        (Notice::RecordError { fault: &fault, not_written: 1 }, {
            "cannot record to clips/1AAA99/01: No space left on device (os error 28): \
             make room, recording goes on by itself\n"
        }),
        (Notice::Error(&"no such thing"), "error: no such thing\n"),
    ] {
        assert_eq!(text(&notice), expected);
    }
}

#[test]
fn help_lists_the_commands_or_explains_one() {
    let all = text(&Notice::Help(None));
    assert!(all.contains("\nsubscribe ID [ID..] [--latency 500ms]  receive producers,"), "{all}");
    assert_eq!(all.lines().count(), 1 + Verb::ALL.len() + 1);
    assert_eq!(
        text(&Notice::Help(Some(Verb::List))),
        "\
list: the producers that the broker has
Names, streams and the number of viewers, in the order of the ids.
Also written ls.
"
    );
}

#[test]
fn names_and_reasons_from_the_wire_steer_no_terminal() {
    let evil = "\x1b[2J\u{9b}31m\x07\u{202e}\r\n";
    let told = [
        Event::Disconnected { reason: evil.to_owned() },
        Event::Subscribed(subscribed(evil, false)),
        Event::Catalog(catalog(evil)),
    ];
    let snapshot = snapshot(evil);
    let folder = Path::new(evil);
    let recording = Recording { folder, ..recording() };
    let fault = RecordFault::Occupied { folder: folder.to_owned() };
    let report = Report { snapshot: &snapshot, recording: Some(recording) };
    let notices = [
        Notice::Status(report),
        Notice::Stats(report),
        Notice::Summary(report),
        Notice::RecordingStarted(folder),
        Notice::RecordingStopped(recording),
        Notice::RecordingResumed { recording, missed: 1 },
        Notice::RecordError { fault: &fault, not_written: 1 },
    ];
    let events = told.iter().map(|event| Notice::Event(event, Hints::default()));
    for notice in notices.into_iter().chain(events) {
        for lines in [text(&notice), json(&notice)] {
            assert!(!lines.contains(|c| c != '\n' && steers(c)), "{lines:?}");
            assert!(!lines.contains("\n\n"), "the line ends of the name are no line ends");
        }
    }
    let subscribed: Value = serde_json::from_str(&json(&Notice::Event(&told[1], Hints::default()))).unwrap();
    assert_eq!(subscribed["name"], evil, "a program gets the name as it is");
}

#[test]
fn frames_are_not_said() {
    let frame = Event::Frame(Frame {
        producer: ProducerId::from_bytes([1, 2, 3]),
        stream: StreamId::VIDEO,
        kind: TrackKind::Video,
        extension: Label::new("jpg").unwrap(),
        epoch: 1,
        number: Serial(1),
        media_time: protocol::time::CaptureTime(0),
        captured: Time::ZERO,
        captured_error: None,
        play_at: Time::ZERO,
        data: Bytes::new(),
    });
    for format in [Format::Text, Format::Json] {
        assert_eq!(format.render(&Notice::Event(&frame, Hints::default())), None);
    }
}

fn text(notice: &Notice<'_>) -> String {
    Format::Text.render(notice).unwrap()
}

fn json(notice: &Notice<'_>) -> String {
    Format::Json.render(notice).unwrap()
}
