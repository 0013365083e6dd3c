//! `framecast watch --out`: streams that other programs read.

mod ffmpeg;
mod flashes;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::{Broker, Process, STOP, failure, of_project, run};
use ffmpeg::Film;
use flashes::flashes;

/// A producer of a sample channel: pictures and sound.
fn sample(broker: &Broker) -> Process {
    media(broker, &of_project("media/1AAA99/frames"), &of_project("media/1AAA99/audio"))
}

fn media(broker: &Broker, frames: &Path, audio: &Path) -> Process {
    let mut producer = broker.producer_command("1AAA99");
    let mut producer = Process::start(producer.arg("--frames").arg(frames).arg("--audio").arg(audio));
    producer.until("live");
    producer
}

fn watch(broker: &Broker, arguments: &str) -> Command {
    let mut command = crate::support::framecast("-v watch 1AAA99 --broker");
    command.arg(&broker.address).args(arguments.split_whitespace());
    command
}

/// The number behind `name=` in the last line that has it.
fn told(log: &str, name: &str) -> u64 {
    let line = log.lines().rfind(|line| line.contains("the stream ends")).unwrap_or_else(|| panic!("{log}"));
    let after = line.split(&format!("{name}=")).nth(1).unwrap_or_else(|| panic!("no {name} in {line}"));
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

#[test]
fn a_recorded_file_is_read_by_ffmpeg_to_the_last_frame() {
    let broker = Broker::start();
    let _producer = sample(&broker);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film.mkv");
    let ended = run(watch(&broker, "--for 3s --out").arg(&file));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let (pictures, sounds) = (told(&ended.stderr, "pictures"), told(&ended.stderr, "sounds"));
    assert!(pictures >= 30 && sounds >= 100, "{ended:?}");
    let Some(film) = Film::read(&file) else { return };
    assert_eq!(film.packets("v"), pictures);
    assert_eq!(film.packets("a"), sounds);
    assert_eq!(film.decoded_pictures(), pictures);
    for stream in ["v", "a"] {
        let times = film.times(stream);
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{stream}: {times:?}");
    }
    assert!(film.duration().is_some_and(|duration| duration > 2.5), "a finished file knows its duration");
    assert_eq!(film.complaints(), "");
}

#[test]
fn the_sound_comes_with_its_picture() {
    let Some(flashes) = flashes() else { return };
    let broker = Broker::start();
    let _producer = media(&broker, &flashes.path().join("frames"), &flashes.path().join("audio"));
    let file = flashes.path().join("film.mkv");
    let ended = run(watch(&broker, "--for 6s --out").arg(&file));
    assert_eq!(ended.status, Some(0), "{ended:?}");
    let Some(film) = Film::read(&file) else { return };
    let (seen, heard) = (film.flashes(), film.beeps());
    assert!(seen.len() >= 4 && heard.len() >= 4, "{seen:?} {heard:?}");
    for flash in &seen[1..seen.len() - 1] {
        let nearest = heard.iter().map(|beep| (beep - flash).abs()).fold(f64::MAX, f64::min);
        assert!(nearest < 0.04, "the flash at {flash} s: {heard:?}");
    }
}

#[test]
fn a_signal_completes_the_file() {
    let broker = Broker::start();
    let _producer = sample(&broker);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film.mkv");
    let mut watcher = Process::start(watch(&broker, "--out").arg(&file));
    watcher.until("subscribed");
    while fs::metadata(&file).map_or(0, |file| file.len()) < 100_000 {
        std::thread::yield_now();
    }
    let ended = watcher.stop("TERM");
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(ended.took < STOP, "{ended:?}");
    let bytes = fs::read(&file).unwrap();
    let cues = [0x1C, 0x53, 0xBB, 0x6B];
    assert!(bytes.windows(4).filter(|at| *at == cues).count() >= 2, "named in front, written behind");
    if let Some(film) = Film::read(&file) {
        assert_eq!(film.packets("v"), told(&ended.stderr, "pictures"));
        assert_eq!(film.complaints(), "");
    }
}

#[test]
fn a_player_that_leaves_ends_it_with_status_0() {
    let broker = Broker::start();
    let _producer = sample(&broker);
    for format in ["", "--format mjpeg"] {
        let mut watcher = streaming(&broker, &format!("--out - {format}"));
        let mut begin = [0; 4];
        watcher.stdout.as_mut().unwrap().read_exact(&mut begin).unwrap();
        let expected = if format.is_empty() { [0x1A, 0x45, 0xDF, 0xA3] } else { [0xFF, 0xD8, 0xFF, 0xE0] };
        assert_eq!(begin, expected, "{format}");
        drop(watcher.stdout.take());
        assert_eq!(watcher.wait().unwrap().code(), Some(0), "{format}");
    }
}

#[test]
fn a_player_that_takes_nothing_costs_nobody_anything_and_ends_in_time() {
    let broker = Broker::start();
    let _producer = sample(&broker);
    let watcher = streaming(&broker, "--out - --for 2s");
    let started = std::time::Instant::now();
    let id = watcher.id().to_string();
    assert!(
        run(&mut broker.exec("subscribe 1AAA99", "--for 1s --output json")).stdout.contains(r#""lost":0"#)
    );
    let asked = Command::new("kill").args(["-TERM", &id]).status();
    assert!(asked.unwrap().success());
    let ended = watcher.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert!(started.elapsed() < STOP * 4, "{ended:?}");
}

#[test]
fn nothing_that_is_there_is_replaced_and_nothing_empty_is_left() {
    let broker = Broker::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film.mkv");
    fs::write(&file, "from before").unwrap();
    let line = failure(watch(&broker, "--out").arg(&file), 1);
    assert!(line.contains("film.mkv is there already: name a new file"), "{line}");
    assert_eq!(fs::read(&file).unwrap(), b"from before");
    let missing = folder.path().join("not/there/film.mkv");
    let line = failure(watch(&broker, "--out").arg(&missing), 1);
    assert!(line.contains("cannot open") && line.contains("No such file"), "{line}");
    let never = folder.path().join("never.mkv");
    let ended = run(watch(&broker, "--for 100ms --out").arg(&never));
    assert_eq!((ended.status, never.exists()), (Some(0), false), "{ended:?}");
    assert!(ended.stderr.contains("waiting for 1AAA99"), "{ended:?}");
}

#[test]
fn a_producer_that_comes_again_goes_on_in_the_same_file() {
    let broker = Broker::start();
    let mut first = sample(&broker);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("film.mkv");
    let mut watcher = Process::start(watch(&broker, "--out").arg(&file));
    watcher.until("subscribed");
    let grown = |than: u64| {
        while fs::metadata(&file).map_or(0, |file| file.len()) < than {
            std::thread::yield_now();
        }
    };
    grown(100_000);
    first.kill();
    let _second = sample(&broker);
    watcher.until("goes on");
    grown(fs::metadata(&file).unwrap().len() + 100_000);
    let ended = watcher.stop("TERM");
    let Some(film) = Film::read(&file) else { return };
    for stream in ["v", "a"] {
        let times = film.times(stream);
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{stream}: {times:?}");
    }
    assert_eq!((film.packets("v"), film.complaints().as_str()), (told(&ended.stderr, "pictures"), ""));
}

fn streaming(broker: &Broker, arguments: &str) -> Child {
    let mut command = watch(broker, arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}
