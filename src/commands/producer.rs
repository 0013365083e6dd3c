//! `framecast producer`.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use ::producer::io::{Identity, Input, KeyError, RunError, Settings, read_key_file};
use ::producer::source::{FrameRate, Playback, SourceError, SourceOptions, Video};
use anyhow::anyhow;
use clap::ValueHint;
use clap_complete::engine::ArgValueCandidates;
use protocol::id::ProducerId;
use protocol::limits::{DATAGRAM_LEN, FRAME_LEN_MAX};
use tracing::info;

use crate::completion::words;
use crate::failure::{Failure, Status};
use crate::runtime;
use crate::setting::{Name, Setting, exclusive, secret};
use crate::{address, value};

/// Frames per second when nobody says so: what the samples were made with.
pub(super) const USUAL_RATE: f64 = 12.0;

/// Flags of `framecast producer`. Each has its variable; a flag wins, and an empty variable is none.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The broker: HOST or HOST:PORT [env: BROKER_ADDRESS] [default: 127.0.0.1:5000]
    #[arg(short, long, value_name = "ADDRESS")]
    broker: Option<String>,
    /// The id to publish under: six hexadecimal digits, such as 1AAA99 [env: PRODUCER_ID]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The channel's name for people, at most 64 bytes [env: PRODUCER_NAME]
    #[arg(long)]
    name: Option<String>,
    /// A folder of pictures: one kind of file, in natural order of their names [env: FRAMES]
    #[arg(long, value_name = "DIR", conflicts_with_all = ["stdin", "test_card"], value_hint = ValueHint::DirPath)]
    frames: Option<PathBuf>,
    /// A folder of sound: one file for each second of pictures [env: AUDIO]
    #[arg(long, value_name = "DIR", conflicts_with = "stdin", value_hint = ValueHint::DirPath)]
    audio: Option<PathBuf>,
    /// Pictures per second [env: RATE] [default: 12]
    #[arg(long, value_name = "FPS")]
    rate: Option<String>,
    /// Seconds to wait before the first picture [env: DELAY] [default: 0]
    #[arg(long, value_name = "SECONDS")]
    delay: Option<String>,
    /// Stop after the last picture instead of beginning again [env: ONCE=1]
    #[arg(long)]
    once: bool,
    /// Read pictures from standard input, live; the form is mjpeg [env: STDIN]
    #[arg(long, value_name = "FORM", conflicts_with = "test_card", add = ArgValueCandidates::new(|| words(&["mjpeg"])))]
    stdin: Option<String>,
    /// Publish the built-in test card: what happens without --frames and --stdin, too [env: TEST_CARD=1]
    #[arg(long)]
    test_card: bool,
    /// A file with the producer's secret, by which it keeps its id when it starts again; PRODUCER_KEY gives the
    /// secret itself; without either it is random [env: PRODUCER_KEY_FILE]
    #[arg(long, value_name = "FILE", hide_short_help = true, value_hint = ValueHint::FilePath)]
    key_file: Option<PathBuf>,
    /// Bytes of the largest datagram, 292 to 1452 [env: DATAGRAM_SIZE] [default: 1200]
    #[arg(long, value_name = "BYTES", hide_short_help = true)]
    datagram_size: Option<String>,
    /// Send every frame over a path to the broker that is too slow for all of them, too, instead of fewer, whole ones in time
    /// [env: NO_THIN=1]
    #[arg(long, hide_short_help = true)]
    no_thin: bool,
}

const EXAMPLES: &str = "\
Examples:
  framecast producer --id 1AAA99
  framecast producer --id 1AAA99 --frames media/1AAA99/frames --audio media/1AAA99/audio --rate 12
  ffmpeg -f v4l2 -i /dev/video0 -f mjpeg - | framecast producer --id 1AAA99 --stdin mjpeg";

const ID: Name = Name { flag: "--id", variable: "PRODUCER_ID" };
const NAME: Name = Name { flag: "--name", variable: "PRODUCER_NAME" };
const FRAMES: Name = Name { flag: "--frames", variable: "FRAMES" };
const AUDIO: Name = Name { flag: "--audio", variable: "AUDIO" };
const RATE: Name = Name { flag: "--rate", variable: "RATE" };
const DELAY: Name = Name { flag: "--delay", variable: "DELAY" };
const ONCE: Name = Name { flag: "--once", variable: "ONCE" };
const STDIN: Name = Name { flag: "--stdin", variable: "STDIN" };
const TEST_CARD: Name = Name { flag: "--test-card", variable: "TEST_CARD" };
const KEY_FILE: Name = Name { flag: "--key-file", variable: "PRODUCER_KEY_FILE" };
const DATAGRAM_SIZE: Name = Name { flag: "--datagram-size", variable: "DATAGRAM_SIZE" };
const NO_THIN: Name = Name { flag: "--no-thin", variable: "NO_THIN" };

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let settings = settings(args)?;
    let (runtime, mut signals) = runtime::with_signals()?;
    let ended = runtime.block_on(::producer::io::run(settings, signals.next()));
    ended.map(drop).map_err(|error| Failure::new(status(&error), error))
}

fn settings(args: Args) -> Result<Settings, Failure> {
    let broker = address::broker(args.broker)?;
    let id = ID.value(args.id, value::id)?.ok_or_else(|| {
        let remedy = "name the producer, six hexadecimal digits, with --id 1AAA99 or PRODUCER_ID";
        Failure::new(Status::Usage, anyhow!("whose pictures? {remedy}"))
    })?;
    let name = NAME.value(args.name, value::name)?.unwrap_or_default();
    let default_size = u16::try_from(DATAGRAM_LEN).unwrap_or(u16::MAX);
    let datagram_size =
        DATAGRAM_SIZE.value(args.datagram_size, value::datagram_size)?.unwrap_or(default_size);
    let delay = DELAY.value(args.delay, value::delay)?.unwrap_or_default();
    let wish = Wish {
        frames: FRAMES.path(args.frames),
        audio: AUDIO.path(args.audio),
        stdin: STDIN.text(args.stdin)?,
        test_card: TEST_CARD.switch(args.test_card)?,
        rate: RATE.value(args.rate, value::rate)?.map_or_else(|| FrameRate::new(USUAL_RATE), Ok)?,
        once: ONCE.switch(args.once)?.is_some(),
    };
    let input = input(wish, id, &name)?;
    let key = key(KEY_FILE.path(args.key_file))?;
    let identity = Identity { id, name, key, datagram_size };
    let thins = NO_THIN.switch(args.no_thin)?.is_none();
    Ok(Settings { broker: broker.to_string(), local: None, delay, input, identity, thins, ready: None })
}

/// What is asked for as input, before the contradictions are sorted out.
struct Wish {
    frames: Option<Setting<PathBuf>>,
    audio: Option<Setting<PathBuf>>,
    stdin: Option<Setting<String>>,
    test_card: Option<Setting<()>>,
    rate: FrameRate,
    once: bool,
}

fn input(wish: Wish, id: ProducerId, name: &str) -> Result<Input, Failure> {
    let Wish { frames, stdin, test_card, .. } = wish;
    // A flag silences the variables of both other inputs, before those are compared with each other.
    let by_flag = is_by_flag(frames.as_ref()) || is_by_flag(stdin.as_ref()) || is_by_flag(test_card.as_ref());
    let frames = frames.filter(|given| given.is_flag() || !by_flag);
    let stdin = stdin.filter(|given| given.is_flag() || !by_flag);
    let test_card = test_card.filter(|given| given.is_flag() || !by_flag);
    let (frames, stdin) = exclusive(frames, stdin)?;
    let (frames, test_card) = exclusive(frames, test_card)?;
    let (stdin, test_card) = exclusive(stdin, test_card)?;
    let (stdin, audio) = exclusive(stdin, wish.audio)?;
    if let Some(stdin) = stdin {
        stdin.parse(value::stdin_form)?;
        return pipe();
    }
    if frames.is_none() && test_card.is_none() {
        info!(producer = %id, "no --frames and no --stdin: publishing the test card");
    }
    let test_card = Video::TestCard { id: id.to_string(), name: name.to_owned() };
    let video = frames.map_or(test_card, |folder| Video::Folder(folder.into_value()));
    Ok(Input::Source(SourceOptions {
        video,
        audio: audio.map(Setting::into_value),
        rate: wish.rate,
        playback: if wish.once { Playback::Once } else { Playback::Loop },
        max_frame_bytes: FRAME_LEN_MAX as usize,
    }))
}

fn is_by_flag<T>(given: Option<&Setting<T>>) -> bool {
    given.is_some_and(Setting::is_flag)
}

/// Standard input, unless a person sits at it.
fn pipe() -> Result<Input, Failure> {
    if io::stdin().is_terminal() {
        let remedy = "standard input is a terminal: put a program that writes motion JPEG before a pipe, as in \
                      `ffmpeg .. -f mjpeg - | framecast producer --stdin mjpeg`";
        return Err(Failure::new(Status::Usage, anyhow!(remedy)));
    }
    Ok(Input::Mjpeg(Box::new(io::stdin())))
}

/// The secret: a file named by flag, `PRODUCER_KEY`, or a file named by variable.
fn key(file: Option<Setting<PathBuf>>) -> Result<Option<Vec<u8>>, Failure> {
    let by_flag = is_by_flag(file.as_ref());
    if !by_flag && let Some(key) = secret("PRODUCER_KEY") {
        return Ok(Some(key));
    }
    let Some(file) = file else { return Ok(None) };
    let read = read_key_file(file.value());
    read.map(Some).map_err(|error| {
        let missing =
            matches!(&error, KeyError::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::NotFound);
        Failure::new(if missing { Status::InputMissing } else { Status::BadConfiguration }, error)
    })
}

/// The exit status of a producer that failed.
fn status(error: &RunError) -> Status {
    match error {
        RunError::UnknownBroker(_) => Status::Unreachable,
        RunError::Source(error) if !matches!(error, SourceError::TestCard(_)) => Status::InputMissing,
        RunError::Pipe(_) | RunError::NoPicture { .. } => Status::InputMissing,
        RunError::IdTaken(_) => Status::NotAllowed,
        // The command has resolved the broker's address already.
        RunError::BadBroker(_)
        | RunError::Source(_)
        | RunError::Bind(_)
        | RunError::Superseded(_)
        | RunError::Random(_)
        | RunError::System(_) => Status::Failed,
    }
}
