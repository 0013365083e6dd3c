//! A channel whose sound and picture can be told to belong together: once a second a flash, and a beep with it.

use std::fs;
use std::process::Command;

use super::ffmpeg;

/// The folder of the channel, with `frames` and `audio` in it; none where there is no ffmpeg.
pub(super) fn flashes() -> Option<tempfile::TempDir> {
    if !ffmpeg::is_there() {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    for part in ["frames", "audio"] {
        fs::create_dir(folder.path().join(part)).unwrap();
    }
    // The flash is the seventh picture of each second, the beep begins half a second after its beginning.
    let pictures = "color=black:s=64x48:r=12:d=12,geq=lum='if(eq(mod(N,12),6),235,16)':cb=128:cr=128";
    let sound = "aevalsrc='0.8*sin(2*PI*1000*t)*between(mod(t,1),0.5,0.6)':s=44100:d=12";
    make(folder.path(), &["-f", "lavfi", "-i", pictures, "-q:v", "3", "frames/frame%d.jpg"]);
    // One sound, cut between MPEG frames: the pieces do not begin exactly with their seconds.
    let cut = ["-f", "segment", "-segment_time", "1", "-c:a", "libmp3lame", "audio/audio%d.mp3"];
    make(folder.path(), &[["-f", "lavfi", "-i", sound].as_slice(), &cut].concat());
    // What the encoder had left over is no second of its own.
    fs::remove_file(folder.path().join("audio/audio12.mp3")).ok();
    Some(folder)
}

fn make(folder: &std::path::Path, arguments: &[&str]) {
    let mut ffmpeg = Command::new("ffmpeg");
    let made = ffmpeg.args(["-nostdin", "-v", "error"]).args(arguments).current_dir(folder).status();
    assert!(made.unwrap().success(), "{arguments:?}");
}
