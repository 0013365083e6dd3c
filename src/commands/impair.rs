//! `framecast impair`.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use ::client::shell::duration::parse_duration;
use ::client::shell::output::Format;
use ::impair::io::Settings;
use ::impair::{LinkModel, Links, Rate, Report, spelling};
use anyhow::anyhow;

use crate::address;
use crate::failure::{Failure, Status};
use crate::runtime;
use crate::setting::Name;
use crate::value;

/// The port of a relay whose address names none: the one after the broker's.
const PORT: u16 = address::BROKER_PORT + 1;
/// Where the relay listens when nobody says otherwise.
const LISTEN_AT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT);
/// The longest time that a bottleneck lets a datagram wait when nobody says otherwise.
const USUAL_QUEUE: Duration = Duration::from_millis(100);
/// How much later the overtaken come at the most when nobody says otherwise.
const USUAL_REORDER: Duration = Duration::from_millis(10);
/// The smallest MTU that may be asked for: every IPv4 path takes 68 bytes.
const MTU_MIN: usize = 68;
/// The largest: that of loopback.
const MTU_MAX: usize = 65_535;

/// Flags of `framecast impair`. Each has its variable; a flag wins, and an empty variable is none.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where clients dial the relay: HOST or HOST:PORT [env: IMPAIR_LISTEN] [default: 127.0.0.1:5001]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where their datagrams go: HOST or HOST:PORT [env: IMPAIR_TO] [default: 127.0.0.1:5000]
    #[arg(long, value_name = "ADDRESS")]
    to: Option<String>,
    /// What all randomness follows from: the same seed does the same again [env: IMPAIR_SEED] [default: another
    /// each time]
    #[arg(long, value_name = "N")]
    seed: Option<String>,
    /// End by itself after this time, such as 10s or 2m [env: FOR]
    #[arg(long = "for", value_name = "DURATION")]
    run_for: Option<String>,
    /// The counters at the end and on SIGUSR1: text or json [env: OUTPUT] [default: text]
    #[arg(long, value_name = "FORMAT")]
    output: Option<String>,
    #[command(flatten)]
    path: Path,
}

const EXAMPLES: &str = "\
Each value of the path is for both directions, or UP/DOWN for one each: --loss 5%/1%, --rate 2mbit/-

Examples:
  framecast impair --loss 5% --burst 20ms --delay 20ms --jitter 5ms
  framecast impair --listen 0.0.0.0:5001 --to host:5000 --rate 2mbit --queue 100ms --blackout 2s@10s --seed 7
  framecast client --broker 127.0.0.1:5001 --exec 'subscribe 1AAA99' --for 10s";

/// What happens on the path.
#[derive(clap::Args)]
#[command(next_help_heading = "The path")]
struct Path {
    /// Share that is lost, such as 5% [env: IMPAIR_LOSS]
    #[arg(long, value_name = "SHARE")]
    loss: Option<String>,
    /// How long a loss lasts in the mean; without it each datagram is lost on its own [env: IMPAIR_BURST]
    #[arg(long, value_name = "TIME")]
    burst: Option<String>,
    /// How long every datagram takes, such as 20ms [env: IMPAIR_DELAY]
    #[arg(long, value_name = "TIME")]
    delay: Option<String>,
    /// What queues add to that in the mean; the order stays [env: IMPAIR_JITTER]
    #[arg(long, value_name = "TIME")]
    jitter: Option<String>,
    /// Share that later ones overtake [env: IMPAIR_REORDER]
    #[arg(long, value_name = "SHARE")]
    reorder: Option<String>,
    /// How much later the overtaken come at the most [env: IMPAIR_REORDER_BY] [default: 10ms]
    #[arg(long, value_name = "TIME")]
    reorder_by: Option<String>,
    /// Share that comes twice [env: IMPAIR_DUPLICATE]
    #[arg(long, value_name = "SHARE")]
    duplicate: Option<String>,
    /// Share that comes with one to three bits flipped [env: IMPAIR_CORRUPT]
    #[arg(long, value_name = "SHARE")]
    corrupt: Option<String>,
    /// What the bottleneck passes, headers included, such as 2mbit [env: IMPAIR_RATE]
    #[arg(long, value_name = "RATE")]
    rate: Option<String>,
    /// How long a datagram waits for the bottleneck before it is dropped [env: IMPAIR_QUEUE] [default: 100ms]
    #[arg(long, value_name = "TIME")]
    queue: Option<String>,
    /// Bytes of the largest IP packet that passes [env: IMPAIR_MTU]
    #[arg(long, value_name = "BYTES")]
    mtu: Option<String>,
    /// When nothing passes: 2s@10s for 2 s every 10 s, 2s@10s:once for one that starts after 10 s
    /// [env: IMPAIR_BLACKOUT]
    #[arg(long, value_name = "WHEN")]
    blackout: Option<String>,
}

const LISTEN: Name = Name { flag: "--listen", variable: "IMPAIR_LISTEN" };
const TO: Name = Name { flag: "--to", variable: "IMPAIR_TO" };
const SEED: Name = Name { flag: "--seed", variable: "IMPAIR_SEED" };
const FOR: Name = Name { flag: "--for", variable: "FOR" };
const OUTPUT: Name = Name { flag: "--output", variable: "OUTPUT" };
const LOSS: Name = Name { flag: "--loss", variable: "IMPAIR_LOSS" };
const BURST: Name = Name { flag: "--burst", variable: "IMPAIR_BURST" };
const DELAY: Name = Name { flag: "--delay", variable: "IMPAIR_DELAY" };
const JITTER: Name = Name { flag: "--jitter", variable: "IMPAIR_JITTER" };
const REORDER: Name = Name { flag: "--reorder", variable: "IMPAIR_REORDER" };
const REORDER_BY: Name = Name { flag: "--reorder-by", variable: "IMPAIR_REORDER_BY" };
const DUPLICATE: Name = Name { flag: "--duplicate", variable: "IMPAIR_DUPLICATE" };
const CORRUPT: Name = Name { flag: "--corrupt", variable: "IMPAIR_CORRUPT" };
const RATE: Name = Name { flag: "--rate", variable: "IMPAIR_RATE" };
const QUEUE: Name = Name { flag: "--queue", variable: "IMPAIR_QUEUE" };
const MTU: Name = Name { flag: "--mtu", variable: "IMPAIR_MTU" };
const BLACKOUT: Name = Name { flag: "--blackout", variable: "IMPAIR_BLACKOUT" };

/// Relays until SIGINT or SIGTERM, or until its time is over, and prints what it did.
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let listen = LISTEN.text(args.listen)?.map(|text| address::resolve(&text, PORT)).transpose()?;
    let to = TO.text(args.to)?.map(|text| address::dialled(&text)).transpose()?;
    let seed = SEED.value(args.seed, value::number)?;
    let format = OUTPUT.value(args.output, value::format)?.unwrap_or_default();
    let settings = Settings {
        listen: listen.unwrap_or(LISTEN_AT),
        to: to.unwrap_or(address::BROKER),
        links: args.path.links()?,
        seed,
        run_for: FOR.value(args.run_for, parse_duration)?,
    };
    let (runtime, mut signals) = runtime::with_signals()?;
    let say = |report: &Report| print(report, format);
    let report = runtime.block_on(::impair::io::run(&settings, signals.next(), say))?;
    print(&report, format);
    Ok(())
}

/// Nobody may read it: that is no failure of the relay.
fn print(report: &Report, format: Format) {
    let text = match format {
        Format::Text => report.to_string(),
        Format::Json => format!("{}\n", report.to_json()),
    };
    io::stdout().write_all(text.as_bytes()).ok();
}

impl Path {
    fn links(self) -> Result<Links, Failure> {
        let mut links = Links::default();
        let span = |text: &str| spelling::directions(text, spelling::span);
        let share = |text: &str| spelling::directions(text, spelling::share);
        set(&mut links, LOSS.value(self.loss, share)?, |link, loss| link.loss = loss);
        set(&mut links, BURST.value(self.burst, span)?, |link, burst| link.burst = burst);
        set(&mut links, DELAY.value(self.delay, span)?, |link, delay| link.delay = delay);
        set(&mut links, JITTER.value(self.jitter, span)?, |link, jitter| link.jitter = jitter);
        set(&mut links, REORDER.value(self.reorder, share)?, |link, reorder| link.reorder = reorder);
        set(&mut links, Some((Some(USUAL_REORDER), Some(USUAL_REORDER))), |link, by| link.reorder_by = by);
        set(&mut links, REORDER_BY.value(self.reorder_by, span)?, |link, by| link.reorder_by = by);
        set(&mut links, DUPLICATE.value(self.duplicate, share)?, |link, share| link.duplicate = share);
        set(&mut links, CORRUPT.value(self.corrupt, share)?, |link, share| link.corrupt = share);
        let rate = |text: &str| spelling::directions(text, spelling::rate);
        set(&mut links, RATE.value(self.rate, rate)?, |link, bits_per_second| {
            link.rate = Some(Rate { bits_per_second, queue: USUAL_QUEUE });
        });
        let queue = QUEUE.value(self.queue, span)?;
        if queue.is_some() && links.up.rate.or(links.down.rate).is_none() {
            return Err(useless("a queue", "--queue", "--rate 2mbit"));
        }
        set(&mut links, queue, |link, queue| link.rate = link.rate.map(|rate| Rate { queue, ..rate }));
        set(&mut links, MTU.value(self.mtu, mtu)?, |link, mtu| link.mtu = Some(mtu));
        let blackout = |text: &str| spelling::directions(text, spelling::blackout);
        set(&mut links, BLACKOUT.value(self.blackout, blackout)?, |link, when| link.blackout = Some(when));
        let lossless = links.up.loss.max(links.down.loss) <= 0.0;
        if lossless && !links.up.burst.max(links.down.burst).is_zero() {
            return Err(useless("a burst", "--burst", "--loss 5%"));
        }
        Ok(links)
    }
}

/// Sets a value in the directions that it is given for.
fn set<T>(links: &mut Links, value: Option<(Option<T>, Option<T>)>, act: impl Fn(&mut LinkModel, T)) {
    let (up, down) = value.unwrap_or((None, None));
    for (value, link) in [(up, &mut links.up), (down, &mut links.down)] {
        if let Some(value) = value {
            act(link, value);
        }
    }
}

fn mtu(text: &str) -> Result<(Option<usize>, Option<usize>), value::Fault> {
    let read = |text: &str| {
        if text == "-" { Ok(None) } else { value::count(MTU_MIN, MTU_MAX)(text).map(Some) }
    };
    match text.split_once('/') {
        None => read(text).map(|both| (both, both)),
        Some((up, down)) => Ok((read(up)?, read(down)?)),
    }
}

fn useless(what: &str, flag: &str, remedy: &str) -> Failure {
    Failure::new(Status::Usage, anyhow!("{flag} alone does nothing: {what} needs {remedy} beside it"))
}
