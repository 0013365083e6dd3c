//! Settings: by flag, by variable, right and wrong.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::support::{Broker, Process, failure, framecast, free_port, run, with};

/// A variable with a value that can't be right.
pub(crate) struct Wrong {
    pub(crate) variable: &'static str,
    pub(crate) value: &'static str,
    pub(crate) status: i32,
    /// What the last line says beside the name.
    pub(crate) says: &'static str,
    pub(crate) commands: &'static [&'static str],
}

const fn wrong(
    variable: &'static str,
    value: &'static str,
    status: i32,
    says: &'static str,
    commands: &'static [&'static str],
) -> Wrong {
    Wrong { variable, value, status, says, commands }
}

const EVERY: &[&str] = &["up", "broker", "producer", "client", "watch", "health", "bench", "impair"];
const SHELL: &[&str] = &["up", "client"];
const VIEWER: &[&str] = &["up", "client", "watch"];
const RUNS: &[&str] = &["up", "client", "watch", "impair"];
const IMPAIR: &[&str] = &["impair"];
const PRODUCER: &[&str] = &["producer"];
const BENCH: &[&str] = &["bench"];
const LONG: &str = "a name that is far too long for the wire: sixty-five bytes are it!";

/// Every variable of every command.
pub(crate) const WRONG_VALUES: &[Wrong] = &[
    wrong("RUST_LOG", "a=b=c", 78, "'a=b=c'", EVERY),
    wrong("RUST_LOG", "debgu", 78, "write a level (info)", EVERY),
    wrong("LOG_FORMAT", "xml", 78, "'xml': no format: write text or json", EVERY),
    wrong("LISTEN", "127.0.0.1:70000", 78, "a port is a number from 0 to 65535", &["broker"]),
    wrong("WORKERS", "0", 78, "'0': not a number: write one from 1 to", &["broker"]),
    wrong("STATE_DIR", "/dev/null/state", 78, "Not a directory", &["broker"]),
    wrong("SESSIONS_PER_PREFIX", "many", 78, "'many': not a number: write one from 0 to", &["broker"]),
    wrong("EGRESS_RATE", "fast", 78, "'fast'", &["broker"]),
    wrong("CHANNEL_MEMORY", "none", 78, "'none': no size for memory: write one from 1MiB", &["broker"]),
    wrong("FRAME_MEMORY", "5", 78, "'5': no size for memory: write one from 1MiB", &["broker"]),
    wrong(
        "BROKER_ADDRESS",
        ":5000",
        78,
        "names no host",
        &["producer", "client", "watch", "health", "bench"],
    ),
    wrong("CLIENT_ADDRESS", "127.0.0.1:x", 78, "no valid port", &["client", "watch", "health"]),
    wrong("HEALTH_TIMEOUT", "5", 78, "'5' has no unit", &["health"]),
    wrong("EXEC", "lst", 2, "1 command was wrong", SHELL),
    wrong("FOR", "soon", 78, "'soon' is not a duration", RUNS),
    wrong("NO_THIN", "maybe", 78, "'maybe': neither yes nor no: write 1 or 0", &["broker", "producer"]),
    wrong("STAY", "maybe", 78, "'maybe': neither yes nor no: write 1 or 0", SHELL),
    wrong("RECORD", "/dev/null/out", 1, "/dev/null/out", SHELL),
    wrong("LATENCY", "50ms", 78, "write 100ms to 10s", &["up", "client", "watch", "bench"]),
    wrong("OUTPUT", "JSON5", 78, "'JSON5': no format: write text or json", &["up", "client", "impair"]),
    wrong("FRAMECAST_RENDERER", "vga", 78, "'vga': no renderer: write kitty, sixel", VIEWER),
    wrong("UI", "grid", 78, "'grid': no kind of screen: write line or full", SHELL),
    wrong("AUDIO_OUT", "loud", 78, "'loud': no place for sound: write off, device or pipe", VIEWER),
    wrong("AUDIO_COMMAND", "aplay", 78, "'aplay': is for --audio pipe: ask for that", VIEWER),
    wrong("OUT", "film.avi", 78, "'film.avi': asks for a form that is not written: call it .mkv", &["watch"]),
    wrong("OUT_FORMAT", "mp4", 78, "'mp4': no form of a stream: write matroska or mjpeg", &["watch"]),
    wrong("ENV_FILE", "nowhere.env", 66, "no file nowhere.env: name one with --file", &["up"]),
    wrong("PRODUCER_ID", "1AAA9X", 78, "'1AAA9X': not a producer id: write six", PRODUCER),
    wrong("PRODUCER_NAME", LONG, 78, "shorten the name to 64", PRODUCER),
    wrong("FRAMES", "nowhere/frames", 66, "no folder nowhere/frames", PRODUCER),
    wrong("AUDIO", "nowhere/audio", 66, "no folder nowhere/audio", PRODUCER),
    wrong("RATE", "abc", 78, "'abc': not a rate: write frames per second from 0.1 to 240", PRODUCER),
    wrong("DELAY", "1h", 78, "'1h': not a delay: write seconds from 0 to 3600", PRODUCER),
    wrong("ONCE", "2", 78, "'2': neither yes nor no", PRODUCER),
    wrong("STDIN", "h264", 78, "'h264': can't be read from standard input: write mjpeg", PRODUCER),
    wrong("TEST_CARD", "ja", 78, "'ja': neither yes nor no", PRODUCER),
    wrong("PRODUCER_KEY_FILE", "nowhere.key", 66, "nowhere.key", PRODUCER),
    wrong("IMPAIR_LISTEN", "127.0.0.1:70000", 78, "a port is a number from 0 to 65535", IMPAIR),
    wrong("IMPAIR_TO", "127.0.0.1:0", 78, "'127.0.0.1:0': not a port: write a number", IMPAIR),
    wrong("IMPAIR_SEED", "x", 78, "'x': not a number: write a whole one, such as 7", IMPAIR),
    wrong("IMPAIR_LOSS", "5", 78, "'5': not a share: write per cent from 0% to 100%", IMPAIR),
    wrong("IMPAIR_BURST", "20", 78, "'20': not a time: write milliseconds or seconds up to 60s", IMPAIR),
    wrong("IMPAIR_DELAY", "1h", 78, "'1h': not a time", IMPAIR),
    wrong("IMPAIR_JITTER", "-1ms", 78, "'-1ms': not a time", IMPAIR),
    wrong("IMPAIR_REORDER", "1%/2%/3%", 78, "write one value for both, or UP/DOWN", IMPAIR),
    wrong("IMPAIR_REORDER_BY", "ms", 78, "'ms': not a time", IMPAIR),
    wrong("IMPAIR_DUPLICATE", "101%", 78, "'101%': not a share", IMPAIR),
    wrong("IMPAIR_CORRUPT", "0.001", 78, "'0.001': not a share", IMPAIR),
    wrong("IMPAIR_RATE", "2m", 78, "'2m': not a rate: write bits per second from 1kbit", IMPAIR),
    wrong("IMPAIR_QUEUE", "2kB", 78, "'2kB': not a time", IMPAIR),
    wrong("IMPAIR_MTU", "20", 78, "'20': not a number: write one from 68 to 65535", IMPAIR),
    wrong("IMPAIR_BLACKOUT", "10s@2s", 78, "'10s@2s': not a blackout: write 2s@10s", IMPAIR),
    wrong("BROKER_PID", "0", 78, "'0': not a number: write one from 1 to", BENCH),
    wrong("BROKER_WORKERS", "65", 78, "'65': not a number: write one from 1 to", BENCH),
    wrong("BENCH_PRODUCERS", "none", 78, "'none': not a number: write one from 1 to", BENCH),
    wrong("BENCH_PUBLISHING", "0", 78, "'0': not a number: write one from 1 to", BENCH),
    wrong("BENCH_VIEWERS", "-5", 78, "'-5': not a number: write one from 1 to", BENCH),
    wrong("BENCH_RATE", "12fps", 78, "'12fps': not a rate: write a number per second", BENCH),
    wrong("BENCH_FRAME_BYTES", "19", 78, "'19': not a size: write bytes from 20 to", BENCH),
    wrong("BENCH_RAMP", "0/s", 78, "'0/s': out of range: write 1 to 1000000 per second", BENCH),
    wrong("BENCH_WARM_UP", "1", 78, "'1' has no unit", BENCH),
    wrong("BENCH_FOR", "soon", 78, "'soon' is not a duration", BENCH),
    wrong("BENCH_DELAY", "3s", 78, "'3s': out of range: write at most 2s", BENCH),
    wrong("BENCH_LOSS", "0.01", 78, "'0.01': not a share: write per cent from 0% to 50%", BENCH),
    wrong("BENCH_CHURN", "all", 78, "'all': not a rate", BENCH),
    wrong("BENCH_NO_GRO", "off?", 78, "'off?': neither yes nor no", BENCH),
    wrong("BENCH_THREADS", "65", 78, "'65': not a number: write one from 1 to 64", BENCH),
    wrong("BENCH_FAIL_IF", "p98>1s", 78, "'p98' is no figure: write one of p50,", BENCH),
    wrong("BENCH_JSON", "maybe", 78, "'maybe': neither yes nor no", BENCH),
    wrong("DATAGRAM_SIZE", "1500", 78, "write an even number of bytes from 292 to 1452", PRODUCER),
];

#[test]
fn a_wrong_variable_is_named_with_its_value_and_the_remedy() {
    let broker = Broker::start();
    let folder = topology(free_port());
    for case in WRONG_VALUES {
        for name in case.commands {
            let mut command = framecast(name);
            match *name {
                "producer" => drop(command.args(["--broker", &broker.address]).env("PRODUCER_ID", "1AAA99")),
                "client" | "health" => drop(command.env("BROKER_ADDRESS", &broker.address)),
                "watch" => {
                    let place = [("BROKER_ADDRESS", &*broker.address), ("OUT", "/dev/null")];
                    command.arg("1AAA99").envs(place);
                }
                "up" => drop(command.current_dir(folder.path())),
                _ => drop(command.env("LISTEN", "127.0.0.1:0")),
            }
            if case.variable == "BROKER_ADDRESS" {
                command = framecast(name);
                if *name == "watch" {
                    command.args(["1AAA99", "--out", "/dev/null"]);
                }
            }
            let line = failure(&mut with(command, case.variable, case.value), case.status);
            assert!(line.contains(case.says), "{name}: {line}");
            if case.status == 78 && case.variable != "STATE_DIR" {
                assert!(line.starts_with(&format!("framecast: {}='", case.variable)), "{name}: {line}");
            }
        }
    }
}

#[test]
fn a_wrong_flag_is_a_usage_error_that_names_the_value_and_the_remedy() {
    for (arguments, says) in [
        ("producer --id 1AAA99 --rate abc", "--rate 'abc': not a rate: write frames per second"),
        ("producer --id 1AAA99 --rate 0", "--rate '0': not a rate"),
        ("producer --id 1AAA9", "--id '1AAA9': not a producer id: write six hexadecimal digits"),
        ("producer --id 000000", "choose 000001 to FFFFFF"),
        ("producer", "name the producer, six hexadecimal digits, with --id 1AAA99 or PRODUCER_ID"),
        ("producer --id 1AAA99 --stdin h264", "--stdin 'h264': can't be read"),
        ("producer --id 1AAA99 --broker 127.0.0.1:0", "--broker '127.0.0.1:0': not a port: write a number"),
        ("broker --listen 127.0.0.1:70000", "a port is a number from 0 to 65535"),
        ("broker --listen localhost:http", "no valid port"),
        ("broker --workers 65", "--workers '65': not a number: write one from 1 to"),
        ("client --broker 127.0.0.1:0", "--broker '127.0.0.1:0': not a port"),
        ("client --broker ::1:5000:x", "is no IPv6 address"),
        ("client --latency 50ms", "--latency '50ms': latency '50ms' is out of range: write 100ms to 10s"),
        ("client --for 0.5", "'0.5' has no unit: write 0.5ms or 0.5s"),
        ("client --broker [::1]:5000 --client 127.0.0.1", "choose one of the same kind of IP"),
        ("impair --loss 5%/x", "--loss '5%/x': not a share: write per cent"),
        ("impair --burst 20ms", "--burst alone does nothing: a burst needs --loss 5% beside it"),
        ("impair --queue 20ms", "--queue alone does nothing: a queue needs --rate 2mbit beside it"),
        ("impair --for 5", "--for '5': '5' has no unit"),
        ("bench --loss 60%", "--loss '60%': not a share: write per cent from 0% to 50%"),
        ("bench --fail-if p99>20", "--fail-if 'p99>20': 'p99>20' has no value that fits: write a time"),
        ("watch 1AAA9 --out -", "1AAA9"),
        ("watch 1AAA99 2BBB99 --out -", "--out takes one channel, and 2 ids are named: name one, and"),
        ("watch 1AAA99 --out film.avi", "--out 'film.avi': asks for a form that is not written"),
        ("watch 1AAA99 --out - --format avi", "--format 'avi': no form of a stream: write matroska or mjpeg"),
        ("health --timeout soon", "--timeout 'soon': 'soon' is not a duration"),
    ] {
        let line = failure(&mut framecast(arguments), 2);
        assert!(line.contains(says), "{arguments}: {line}");
    }
}

#[test]
fn a_flag_wins_over_its_variable_and_an_empty_variable_is_none() {
    let broker = Broker::start();
    let right = with(with(broker.exec("list", "--output json"), "OUTPUT", "nonsense"), "LATENCY", "");
    let ended = run(&mut with(with(right, "FOR", ""), "LOG_FORMAT", ""));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(ended.stdout.contains(r#""type":"summary""#));
}

#[test]
fn settings_that_exclude_each_other_are_told_unless_a_flag_decides() {
    let broker = Broker::start();
    let both = with(with(broker.exec("list", ""), "FOR", "1s"), "STAY", "1");
    assert!(failure(&mut { both }, 78).contains("STAY and FOR are both given"));
    let decided = with(with(broker.exec("list", "--for 1ms"), "STAY", "1"), "LATENCY", "1s");
    assert_eq!(run(&mut { decided }).status, Some(0));
    let mut stays = Process::start(&mut with(broker.exec("list", "--stay"), "FOR", "0"));
    stays.until("no producers yet");
    assert_eq!(stays.stop("TERM").status, Some(0));

    let mut two = framecast("producer --id 1AAA99");
    two.env("FRAMES", "/nowhere").env("TEST_CARD", "1");
    assert!(failure(&mut two, 78).contains("FRAMES and TEST_CARD are both given"));
    let mut decided = broker.producer_command("1AAA99");
    decided.arg("--test-card").env("FRAMES", "/nowhere").env("STDIN", "mjpeg");
    Process::start(&mut decided).until("live");
}

#[test]
fn a_variable_that_is_no_text_is_named() {
    let command = framecast("producer --id 1AAA99");
    let line = failure(&mut with(command, "RATE", OsStr::from_bytes(b"\xff12")), 78);
    assert!(line.contains("RATE='\u{fffd}12': holds bytes that are no UTF-8"), "{line}");
}

#[test]
fn what_a_message_repeats_steers_no_terminal() {
    for (variable, value) in
        [("RATE", "\x1b[2J"), ("FRAMES", "/\x1b[2J\n"), ("BROKER_ADDRESS", "\x1b]0;x\x07:x")]
    {
        let line = failure(&mut with(framecast("producer --id 1AAA99"), variable, value), {
            if variable == "FRAMES" { 66 } else { 78 }
        });
        assert!(!line.contains(char::is_control) && line.contains(r"\u{1b}"), "{line}");
    }
}

#[test]
fn a_broker_does_not_listen_where_others_dial() {
    let mut command = framecast("broker --listen 127.0.0.1:0");
    command.env("BROKER_ADDRESS", "192.0.2.1:5000");
    Process::start(&mut command).until("the broker listens");
    let mut command = framecast("broker --workers 1");
    command.env("BROKER_ADDRESS", "192.0.2.1:5000").env("LISTEN", "");
    Process::start(&mut command).until("BROKER_ADDRESS is where others dial this broker: set LISTEN");
}

fn topology(port: u16) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("frames")).unwrap();
    std::fs::write(folder.path().join("frames/frame1.jpg"), b"picture").unwrap();
    let text = format!("BROKER_PORT={port}\nPRODUCER_ID1=1AAA99\nPRODUCER_FRAMES1=frames\n");
    std::fs::write(folder.path().join(".env"), text).unwrap();
    folder
}
