//! `framecast watch`.

mod out;

use ::client::io::{self, AtEnd, Console, FeedError, FeedSettings, Settings, Ui, feed};
use ::client::shell::duration::{parse_duration, parse_latency};
use ::client::view::Renderer;
use anyhow::anyhow;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};
use protocol::id::Target;
use protocol::limits::{LATENCY, SUBSCRIPTIONS_MAX};

use super::audio::Sound;
use super::client::{Ends, FOR, LATENCY_OF, Link, leave};
use crate::completion::{ids, words};
use crate::failure::{Failure, Status};
use crate::setting::Name;
use crate::value;
use out::{Goal, Out};

/// Flags of `framecast watch`. Each has its variable; a flag wins, and an empty variable is none.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to watch: producers such as 1AAA99; several are shown side by side
    #[arg(required = true, value_name = "ID", add = ArgValueCompleter::new(ids))]
    ids: Vec<String>,
    #[command(flatten)]
    link: Link,
    /// Latency: 100ms to 10s, or 0 for the newest picture at once [env: LATENCY] [default: 500ms]
    #[arg(long, value_name = "DURATION")]
    latency: Option<String>,
    /// Leave this long after the broker's first answer, such as 10s or 2m [env: FOR]
    #[arg(long = "for", value_name = "DURATION")]
    run_for: Option<String>,
    /// How pictures are shown: kitty, sixel, iterm, half, quarter, ascii, or auto to have the terminal asked
    /// [env: FRAMECAST_RENDERER] [default: auto]
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(|| words(RENDERERS)))]
    renderer: Option<String>,
    #[command(flatten)]
    sound: Sound,
    #[command(flatten)]
    out: Out,
}

const EXAMPLES: &str = "\
Examples:
  framecast watch 1AAA99 --broker host:5000
  framecast watch 1AAA99 2BBB99 --latency 100ms
  framecast watch 1AAA99 --audio pipe
  framecast watch 1AAA99 --out - | mpv -
  framecast watch 1AAA99 --out - --latency 200ms | ffplay -
  framecast watch 1AAA99 --out door.mkv --for 10m";

/// What Tab offers.
pub(super) const RENDERERS: &[&str] = &["auto", "kitty", "sixel", "iterm", "half", "quarter", "ascii"];
const RENDERER: Name = Name { flag: "--renderer", variable: "FRAMECAST_RENDERER" };

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let targets = targets(&args.ids)?;
    let at_end = FOR.value(args.run_for, parse_duration)?.map(AtEnd::LeaveAfter);
    let latency = LATENCY_OF.value(args.latency, parse_latency)?.unwrap_or(LATENCY);
    let renderer = renderer(args.renderer)?;
    let audio = args.sound.read()?;
    let goal = args.out.goal()?;
    let Ends { broker, local } = args.link.ends()?;
    if let Some(Goal { out, form }) = goal {
        let target = only_one(&targets)?;
        let at_end = at_end.unwrap_or(AtEnd::Stay);
        return write(FeedSettings { broker, local, target, latency, out, form, at_end, stops: None });
    }
    let settings = Settings {
        local,
        latency,
        renderer,
        audio,
        ui: Ui::Watch(targets),
        at_end: at_end.unwrap_or(AtEnd::Leave),
        ..Settings::new(broker)
    };
    leave(io::run(settings, Console::of_process()))
}

fn write(settings: FeedSettings) -> Result<(), Failure> {
    match feed(settings) {
        Ok(_) => Ok(()),
        Err(FeedError::Client(error)) => leave(Err(error)),
        Err(error) => Err(Failure::new(out::status(&error), error)),
    }
}

/// The renderer that was chosen; `None` where the terminal is to be asked.
pub(super) fn renderer(given: Option<String>) -> Result<Option<Renderer>, Failure> {
    Ok(RENDERER.value(given, value::renderer)?.flatten())
}

fn targets(ids: &[String]) -> Result<Vec<Target>, Failure> {
    if ids.len() > SUBSCRIPTIONS_MAX {
        return Err(usage(format!("{} ids are too many: at most {SUBSCRIPTIONS_MAX} are shown", ids.len())));
    }
    let target = |id: &String| id.parse().map_err(|error| usage(format!("{id}: {error}")));
    ids.iter().map(target).collect()
}

fn only_one(targets: &[Target]) -> Result<Target, Failure> {
    match targets {
        [target] => Ok(*target),
        _ => Err(usage(format!(
            "--out takes one channel, and {} ids are named: name one, and start another watch for each of the others",
            targets.len()
        ))),
    }
}

fn usage(why: String) -> Failure {
    Failure::new(Status::Usage, anyhow!(why))
}
