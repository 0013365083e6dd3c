//! One run of `framecast bench`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::cores::Cores;
use crate::server::Server;

/// Each viewer has got a frame by then, and is known to the reference sender.
const FRAMES_FLOW: Duration = Duration::from_millis(400);

/// The programs that are measured, and where they run.
pub(crate) struct Lab {
    framecast: PathBuf,
    myself: PathBuf,
    cores: Cores,
}

impl Lab {
    /// The `framecast` that was built beside this program.
    pub(crate) fn of_this_build() -> Result<Self> {
        let myself = std::env::current_exe().context("the program does not know where it is")?;
        let framecast = myself.with_file_name("framecast");
        if !framecast.exists() {
            bail!("there is no {}: build it with `cargo build --release`", framecast.display());
        }
        Ok(Self { framecast, myself, cores: Cores::deal()? })
    }

    pub(crate) fn framecast(&self) -> &Path {
        &self.framecast
    }

    pub(crate) fn myself(&self) -> &Path {
        &self.myself
    }

    pub(crate) const fn cores(&self) -> &Cores {
        &self.cores
    }

    /// Starts `server`, puts the load on it and gives the report.
    pub(crate) fn run(&self, server: Server, load: &str) -> Result<Measured> {
        let pinned = !matches!(server, Server::Broker { workers: 2.. });
        self.run_on(server, load, pinned)
    }

    /// The same, on cores of the system's choice where it is not `pinned`.
    pub(crate) fn run_on(&self, server: Server, load: &str, pinned: bool) -> Result<Measured> {
        let running = server.start(self, pinned)?;
        let mut command = Command::new(&self.framecast);
        command.args(["bench", "--json", "--verbose", "--threads", "1"]);
        command.args(["--broker", &running.address().to_string()]);
        command.args(["--broker-pid", &running.pid().to_string()]);
        command.args(load.split_whitespace()).env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.cores.on_load(pinned, || command.spawn().context("starting framecast bench"))?;
        let stderr = child.stderr.take().context("its log")?;
        let mut said = Vec::new();
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if line.contains("the viewers have joined") {
                thread::sleep(FRAMES_FLOW);
                running.arm()?;
            }
            said.push(line);
        }
        let mut json = String::new();
        child.stdout.take().context("its report")?.read_to_string(&mut json)?;
        if !child.wait()?.success() {
            bail!("framecast bench {load}: {}", said.last().map_or("no word", String::as_str));
        }
        Ok(Measured(serde_json::from_str(&json).context("its report")?))
    }
}

/// A report.
pub(crate) struct Measured(Value);

impl Measured {
    /// A number by its path, such as `/broker/cpu_us_per_frame`; NaN where there is none.
    pub(crate) fn number(&self, path: &str) -> f64 {
        self.0.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN)
    }

    /// The broker's CPU time per delivered frame, microseconds.
    pub(crate) fn cost(&self) -> f64 {
        self.number("/broker/cpu_us_per_frame")
    }

    /// Share of user time in the broker's CPU time.
    pub(crate) fn user_share(&self) -> f64 {
        let (user, system) = (self.number("/broker/cpu_user_s"), self.number("/broker/cpu_system_s"));
        user / (user + system)
    }

    /// Frames that viewers were owed and did not get as they should.
    pub(crate) fn spoilt(&self) -> f64 {
        ["lost", "misordered", "wrong"].iter().map(|name| self.number(&format!("/frames/{name}"))).sum()
    }

    /// Whether the load was the limit.
    pub(crate) fn is_load_bound(&self) -> bool {
        self.0.pointer("/load/bound").and_then(Value::as_bool).unwrap_or(true)
    }

    /// CPU seconds of the broker's two busiest threads.
    pub(crate) fn busiest_threads(&self) -> (f64, f64) {
        let threads = self.0.pointer("/broker/threads_cpu_s").and_then(Value::as_array);
        let mut spent: Vec<f64> = threads.into_iter().flatten().filter_map(Value::as_f64).collect();
        spent.sort_by(|a, b| b.total_cmp(a));
        (spent.first().copied().unwrap_or(f64::NAN), spent.get(1).copied().unwrap_or(f64::NAN))
    }
}
