//! Framecast, with `framecast bench` as its load.

use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::cores;
use crate::load::{Load, WARM_UP};
use crate::outcome::Outcome;
use crate::server::Server;

/// The broker listens by then: a viewer that comes too early tries again.
const STARTED: Duration = Duration::from_millis(200);

/// A run of the broker with one worker.
pub(crate) fn run(framecast: &Path, load: Load) -> anyhow::Result<Outcome> {
    let address = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string();
    let mut command = Command::new(framecast);
    command.args(["broker", "--quiet", "--workers", "1", "--listen", &address]);
    let server = cores::apart(|| Server::start(&mut command, &[]))?;
    std::thread::sleep(STARTED);
    let empty = server.usage()?.rss;
    let mut bench = Command::new(framecast);
    bench.args(["bench", "--json", "--threads", "1", "--ramp", "500", "--broker", &address]);
    bench.args(["--broker-pid", &server.pid().to_string()]);
    bench.args(["--viewers", &load.viewers.to_string(), "--rate", &load.rate.to_string()]);
    bench.args(["--frame-bytes", &load.frame_bytes.to_string()]);
    bench.args(["--warm-up", &format!("{}s", WARM_UP.as_secs())]);
    bench.args(["--for", &format!("{}s", load.window.as_secs())]);
    let output = bench.stdin(Stdio::null()).output().context("starting framecast bench")?;
    if !output.status.success() {
        bail!("framecast bench: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let report: Value = serde_json::from_slice(&output.stdout).context("the report")?;
    let number = |path: &str| report.pointer(path).and_then(Value::as_f64).unwrap_or(f64::NAN);
    Ok(Outcome {
        cost_us: number("/broker/cpu_us_per_frame"),
        median_ms: number("/latency_ms/p50"),
        p99_ms: number("/latency_ms/p99"),
        late_median_ms: number("/load/publish_delay_ms/p50"),
        late_p99_ms: number("/load/publish_delay_ms/p99"),
        memory_kib: (number("/broker/rss") - empty as f64) / 1_024.0 / load.viewers as f64,
        missed: number("/frames/lost"),
    })
}
