//! Sound: into a command, and where there is nothing to play it.

use std::fs;
use std::process::Command;

use crate::support::{Broker, Process, of_project, run};

/// Bytes of a second: 48 kHz, two channels, 16 bits.
const SECOND: usize = 48_000 * 4;
const HEADER: usize = 44;

fn sample(broker: &Broker) -> Process {
    let mut producer = broker.producer_command("1AAA99");
    producer.arg("--frames").arg(of_project("media/1AAA99/frames"));
    producer.arg("--audio").arg(of_project("media/1AAA99/audio"));
    let mut producer = Process::start(&mut producer);
    producer.until("live");
    producer
}

/// A client that hears the sample for a while.
fn hearing(broker: &Broker, audio: &str) -> Command {
    let mut client = broker.exec("subscribe 1AAA99", "--for 3s --output json");
    client.args(["--audio", audio]).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    client
}

#[test]
fn a_command_gets_the_sound_as_wav_at_the_pace_of_the_clock() {
    let broker = Broker::start();
    let _producer = sample(&broker);
    let folder = tempfile::tempdir().unwrap();
    let mut client = hearing(&broker, "pipe");
    client.args(["--audio-command", "cat > heard.wav"]).current_dir(folder.path());
    let ended = run(&mut client);
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert!(!ended.stderr.contains("no sound"), "{ended:?}");
    let wav = fs::read(folder.path().join("heard.wav")).unwrap();
    assert!(wav.starts_with(b"RIFF") && wav[8..16] == *b"WAVEfmt ", "{:02X?}", &wav[..HEADER]);
    let seconds = (wav.len() - HEADER) as f64 / SECOND as f64;
    assert!((2.0..6.0).contains(&seconds), "{seconds} s");
    let values = wav[HEADER..].chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]]));
    let loud = values.filter(|value| value.unsigned_abs() > 300).count();
    assert!(loud > 20_000, "there is something to hear: {loud}");
}

#[test]
fn without_anything_that_plays_it_is_one_line_and_the_client_goes_on() {
    let broker = Broker::start();
    let _producer = sample(&broker);
    let pipe = ["--audio-command", "exit 7"];
    for (audio, command, says) in [
        ("device", [].as_slice(), "no sound: "),
        ("pipe", &pipe, "no sound: 'exit 7' takes nothing any more"),
    ] {
        let ended = run(hearing(&broker, audio).args(command));
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert_eq!(ended.stderr.matches("no sound").count(), 1, "{ended:?}");
        assert!(ended.stderr.contains(says), "{ended:?}");
        assert!(ended.stdout.lines().last().unwrap().contains(r#""lost":0"#), "{ended:?}");
    }
}
