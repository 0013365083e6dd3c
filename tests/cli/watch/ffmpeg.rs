//! What ffmpeg and ffprobe make of a file.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::not_run;

/// A file as ffmpeg reads it.
pub(super) struct Film(PathBuf);

impl Film {
    /// `None` where there is no ffmpeg.
    pub(super) fn read(file: &Path) -> Option<Self> {
        is_there().then(|| Self(file.to_owned()))
    }

    fn probe(&self, arguments: &str) -> String {
        let mut probe = Command::new("ffprobe");
        probe
            .args(["-v", "error", "-of", "default=nw=1:nk=1"])
            .args(arguments.split_whitespace())
            .arg(&self.0);
        String::from_utf8(probe.output().unwrap().stdout).unwrap()
    }

    fn decode(&self, level: &str, filter: [&str; 2]) -> String {
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-nostdin", "-hide_banner", "-v", level, "-i"]).arg(&self.0).args(filter);
        let output = ffmpeg.args(["-fps_mode", "passthrough", "-f", "null", "-"]).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    }

    /// How many packets a stream has, `v` or `a`.
    pub(super) fn packets(&self, stream: &str) -> u64 {
        let entries = format!("-count_packets -select_streams {stream} -show_entries stream=nb_read_packets");
        self.probe(&entries).trim().parse().unwrap()
    }

    pub(super) fn decoded_pictures(&self) -> u64 {
        self.probe("-count_frames -select_streams v -show_entries stream=nb_read_frames")
            .trim()
            .parse()
            .unwrap()
    }

    /// The times of a stream's packets, in seconds.
    pub(super) fn times(&self, stream: &str) -> Vec<f64> {
        let text = self.probe(&format!("-select_streams {stream} -show_entries packet=pts_time"));
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    pub(super) fn duration(&self) -> Option<f64> {
        self.probe("-show_entries format=duration").trim().parse().ok()
    }

    /// What ffmpeg has to say while it decodes all of it.
    pub(super) fn complaints(&self) -> String {
        self.decode("warning", ["-map", "0"])
    }

    /// When the picture turns bright, in seconds.
    pub(super) fn flashes(&self) -> Vec<f64> {
        let said = self.decode("info", ["-vf", "blackdetect=d=0.2:pic_th=0.9:pix_th=0.5"]);
        values(&said, "black_end:")
    }

    /// When the sound begins after silence, in seconds.
    pub(super) fn beeps(&self) -> Vec<f64> {
        values(&self.decode("info", ["-af", "silencedetect=noise=-20dB:d=0.2"]), "silence_end: ")
    }
}

fn values(text: &str, name: &str) -> Vec<f64> {
    let after = text.split(name).skip(1);
    after.filter_map(|rest| rest.split_whitespace().next()?.parse().ok()).collect()
}

pub(super) fn is_there() -> bool {
    let found = Command::new("ffmpeg").arg("-version").output().is_ok()
        && Command::new("ffprobe").arg("-version").output().is_ok();
    if !found {
        not_run("there is no ffmpeg");
    }
    found
}
