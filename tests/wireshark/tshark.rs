//! tshark with the dissector of this repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::pcap::{self, Packet};

/// A field of a packet and its value, as tshark writes them into JSON.
pub(crate) type Field = (String, String);

pub(crate) struct Tshark {
    folder: tempfile::TempDir,
    /// The option that loads the dissector.
    dissector: String,
}

impl Tshark {
    /// None, and said so, where no tshark is installed or it runs no scripts (Wireshark 4.4 as root).
    pub(crate) fn find() -> Option<Self> {
        if Command::new("tshark").arg("--version").output().is_err() {
            eprintln!("not run: there is no tshark here (Debian: apt-get install tshark)");
            return None;
        }
        let tshark = Self::new();
        tshark.runs_scripts().then_some(tshark)
    }

    fn new() -> Self {
        let dissector = format!("lua_script:{}/wireshark/framecast.lua", env!("CARGO_MANIFEST_DIR"));
        Self { folder: tempfile::tempdir().unwrap(), dissector }
    }

    fn runs_scripts(&self) -> bool {
        let (capture, script) = (self.capture("probe", &[]), self.path("probe.lua"));
        fs::write(&script, "print('scripts run')").unwrap();
        let script = format!("lua_script:{}", script.display());
        let output = Command::new("tshark").args(["-X", &script, "-r"]).arg(capture).output().unwrap();
        let runs = text(&output.stdout).contains("scripts run");
        if !runs {
            eprintln!("not run: this tshark runs no scripts: {}", text(&output.stderr));
        }
        runs
    }

    /// A file of these packets.
    pub(crate) fn capture(&self, name: &str, packets: &[Packet]) -> PathBuf {
        let file = self.path(&format!("{name}.pcap"));
        pcap::write(&file, packets);
        file
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What tshark prints of a capture, each packet dissected twice as in the window.
    pub(crate) fn print(&self, capture: &Path, options: &[&str]) -> String {
        let output = Command::new("tshark")
            .args(["-2", "-X", &self.dissector, "-r"])
            .arg(capture)
            .args(options)
            .output();
        printed(&output.unwrap())
    }

    /// The fields that our dissector read of each packet, in order; not what it concluded.
    pub(crate) fn fields(&self, capture: &Path) -> Vec<Vec<Field>> {
        let mut packets = Vec::new();
        for line in self.print(capture, &["-T", "json"]).lines().map(str::trim) {
            if line.starts_with("\"_index\"") {
                packets.push(Vec::new());
            } else if let Some(field) = wire_field(line) {
                packets.last_mut().unwrap().push(field);
            }
        }
        packets
    }

    /// The values of one field, a line per packet that has it.
    pub(crate) fn values(&self, capture: &Path, field: &str) -> Vec<String> {
        let text = self.print(capture, &["-Y", field, "-T", "fields", "-e", field]);
        text.lines().map(str::to_owned).collect()
    }

    /// Every frame that became whole, as the bytes that the dissector hands on.
    pub(crate) fn frames(&self, capture: &Path) -> Vec<Vec<u8>> {
        let values = self.values(capture, "framecast.frame.data");
        values.iter().flat_map(|line| line.split(',')).map(from_hex).collect()
    }

    /// The numbers of the packets that a display filter shows, from 0.
    pub(crate) fn shown(&self, capture: &Path, filter: &str) -> BTreeSet<usize> {
        let text = self.print(capture, &["-Y", filter, "-T", "fields", "-e", "frame.number"]);
        text.lines().map(|line| line.parse::<usize>().unwrap() - 1).collect()
    }
}

/// Standard output of a run in which no script failed.
pub(crate) fn printed(output: &Output) -> String {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{err}");
    for fault in ["Lua Error", "Lua:", "lua_script", "Dissector bug"] {
        let found = out.lines().chain(err.lines()).find(|line| line.contains(fault));
        assert_eq!(found, None, "tshark reports an error of the dissector");
    }
    out
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A leaf of the JSON that stands for bytes of the datagram.
fn wire_field(line: &str) -> Option<Field> {
    const CONCLUDED: [&str; 4] = ["analysis.", "expert.", "frame.", "padding"];
    let (key, value) = line.trim_end_matches(',').strip_prefix('"')?.split_once("\": \"")?;
    let name = key.strip_prefix("framecast.")?;
    if CONCLUDED.iter().any(|prefix| name.starts_with(prefix)) {
        return None;
    }
    let value = match value.strip_suffix('"')? {
        // How later versions write a flag.
        "True" => "1",
        "False" => "0",
        value => value,
    };
    Some((name.to_owned(), value.to_owned()))
}

fn from_hex(digits: &str) -> Vec<u8> {
    (0..digits.len() / 2).map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).unwrap()).collect()
}
