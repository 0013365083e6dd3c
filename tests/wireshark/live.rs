//! A capture of real processes on loopback.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use protocol::wire::DataHeader;

use crate::pcap::{self, Packet};
use crate::tshark::Tshark;

/// A process that ends with the test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap())
    }

    /// The way a person ends it: with Ctrl-C.
    fn interrupt(&mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A port of loopback that nobody has.
#[expect(clippy::disallowed_types, reason = "asks the kernel for a free port")]
fn free_port() -> u16 {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// dumpcap, once it listens; None, and said so, where it may not.
fn dumpcap(port: u16, file: &Path) -> Option<Running> {
    let mut command = Command::new("dumpcap");
    command.args(["-i", "lo", "-P", "-q", "-f", &format!("udp port {port}"), "-w"]).arg(file);
    let mut running = Running(command.stderr(Stdio::piped()).spawn().ok()?);
    let lines = BufReader::new(running.0.stderr.take()?).lines();
    let mut said = Vec::new();
    for line in lines.map_while(Result::ok) {
        if line.starts_with("File:") {
            return Some(running);
        }
        said.push(line);
    }
    eprintln!("not run: dumpcap may not capture on loopback here: {}", said.join(" "));
    None
}

fn framecast(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_framecast"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).stderr(Stdio::null());
    command
}

/// A broker that answers.
fn broker(address: &str) -> Running {
    let broker = Running::start(&mut framecast(&["broker", "--listen", address]));
    let health = framecast(&["health", "--broker", address, "--timeout", "20s"]).output().unwrap();
    assert!(health.status.success(), "the broker does not answer");
    broker
}

/// A producer, and a client for three seconds.
fn broadcast(address: &str) {
    let media = ["--frames", "media/1AAA99/frames", "--audio", "media/1AAA99/audio"];
    let producer = [&["producer", "--broker", address, "--id", "1AAA99"][..], &media].concat();
    let _producer = Running::start(&mut framecast(&producer));
    let client = ["client", "--broker", address, "--exec", "subscribe 1AAA99", "--for", "3s"];
    assert!(framecast(&client).stdout(Stdio::null()).status().unwrap().success());
}

/// What goes over loopback meanwhile; None where it may not be captured.
fn capture(tshark: &Tshark) -> Option<Vec<Packet>> {
    let (port, file) = (free_port(), tshark.path("live.pcap"));
    let address = format!("127.0.0.1:{port}");
    let _broker = broker(&address);
    let mut dumpcap = dumpcap(port, &file)?;
    broadcast(&address);
    dumpcap.interrupt();
    Some(pcap::read(&file))
}

/// The same packets as a network interface without segmentation offload would have carried them.
fn split(packets: &[Packet]) -> Vec<Packet> {
    let single = |packet: &Packet| {
        let shards: Vec<&[u8]> = DataHeader::split_run(&packet.payload).map(|(_, shard)| shard).collect();
        let mut rest = &packet.payload[..];
        let datagrams = shards.iter().map(|shard| {
            let (datagram, next) = rest.split_at(protocol::limits::DATA_HEADER_LEN + shard.len());
            rest = next;
            Packet::new(packet.at, (packet.from, packet.to), datagram)
        });
        if shards.is_empty() { vec![packet.clone()] } else { datagrams.collect() }
    };
    packets.iter().flat_map(single).collect()
}

fn files(folder: &str) -> BTreeSet<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("media/1AAA99").join(folder);
    fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn frames_of_a_live_capture_are_byte_identical_to_their_files() {
    let Some(tshark) = Tshark::find() else { return };
    let Some(packets) = capture(&tshark) else { return };
    let captured = tshark.capture("captured", &packets);
    let frames = tshark.frames(&captured);
    let (pictures, sounds) = (files("frames"), files("audio"));
    let shown = frames.iter().filter(|frame| pictures.contains(*frame)).count();
    assert_eq!(shown + frames.iter().filter(|frame| sounds.contains(*frame)).count(), frames.len());
    assert!(shown > 40, "two hops of 12 pictures a second: {shown} in all");
    assert!(
        packets.iter().any(|packet| DataHeader::split_run(&packet.payload).count() > 1),
        "no run is in it"
    );
    let plain = tshark.capture("plain", &split(&packets));
    assert_eq!(tshark.frames(&plain), frames);
    let wrong =
        "!framecast || framecast.expert.malformed || framecast.expert.bad_crc || framecast.expert.gap";
    let about = ["-Y", wrong, "-T", "fields", "-e", "_ws.col.Info", "-e", "_ws.expert.message"];
    assert_eq!(tshark.print(&captured, &about), "");
}

#[test]
fn questions_and_answers_of_a_live_capture_are_linked() {
    let Some(tshark) = Tshark::find() else { return };
    let Some(packets) = capture(&tshark) else { return };
    let captured = tshark.capture("linked", &packets);
    let unanswered = "framecast.event in {0x01, 0x02, 0x03, 0x09} && !framecast.analysis.response_in";
    assert_eq!(tshark.print(&captured, &["-Y", unanswered]), "");
    let stray = "framecast.event in {0x0a, 0x81, 0x82, 0x83, 0x89} && !framecast.analysis.response_to";
    assert_eq!(tshark.print(&captured, &["-Y", stray]), "");
    assert!(!tshark.shown(&captured, "framecast.event == 0x80 && framecast.analysis.rtt").is_empty());
    assert!(!tshark.shown(&captured, "framecast.event == 0x07 && framecast.analysis.echo_of").is_empty());
}
