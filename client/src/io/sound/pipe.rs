//! A command that plays: WAV on its standard input, at the pace of the clock.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::Duration;

use protocol::time::Time;

use super::super::clock::Clock;
use super::Heard;
use crate::shell::echo::Clean;
use crate::sound::{Decoder, Sample, Speaker, WAV_RATE, put_wav, wav_header};

/// Samples go out in pieces of this length.
const PIECE: Duration = Duration::from_millis(20);
/// So much goes out before its time, so that the command is never without.
const AHEAD: Duration = Duration::from_millis(60);
/// A command that has not read for this long is not given what it missed.
const BEHIND_MAX: Duration = Duration::from_millis(200);

/// Plays what comes until nobody sends any more. Blocks.
pub(super) fn play(command: &str, queue: &Receiver<Heard>, clock: Clock) -> Result<(), String> {
    let mut child = start(command)?;
    let result = feed(&mut child, queue, clock);
    // Its input ends with this: it plays what it has, and ends.
    drop(child.stdin.take());
    match result {
        Ok(()) => Ok(()),
        Err(error) => {
            let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            Err(format!("'{}' takes nothing any more ({error}): {status}", Clean(command)))
        }
    }
}

fn start(command: &str) -> Result<Child, String> {
    let mut shell = Command::new("sh");
    // What it says would run through the picture.
    shell.args(["-c", command]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().map_err(|error| format!("'{}' can't be started: {error}", Clean(command)))
}

fn feed(child: &mut Child, queue: &Receiver<Heard>, clock: Clock) -> std::io::Result<()> {
    let Some(input) = child.stdin.as_mut() else { return Ok(()) };
    input.write_all(&wav_header())?;
    let (mut decoder, mut speaker) = (Decoder::default(), Speaker::default());
    let mut samples = vec![Sample::default(); samples_in(PIECE)];
    let mut bytes = Vec::new();
    let mut written: Time = clock.now();
    loop {
        loop {
            match queue.try_recv() {
                Ok(heard) => {
                    decoder
                        .decode(heard.play_at, &heard.data)
                        .into_iter()
                        .for_each(|piece| speaker.add(piece));
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
        }
        let now = clock.now();
        if now.since(written) > BEHIND_MAX {
            written = now;
        }
        while written.since(now) < AHEAD {
            speaker.fill(written, WAV_RATE, &mut samples);
            bytes.clear();
            put_wav(&mut bytes, &samples);
            input.write_all(&bytes)?;
            written = written + PIECE;
        }
        thread::sleep(PIECE / 2);
    }
}

fn samples_in(span: Duration) -> usize {
    usize::try_from(span.as_millis()).unwrap_or(0) * WAV_RATE as usize / 1_000
}
