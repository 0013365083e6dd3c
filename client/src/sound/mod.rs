//! Sound: MP3 segments decoded, and each sample heard when its picture is seen.
//!
//! ```text
//! segments of frames ──> Decoder ──> Speaker ──> samples for whoever asks, by the time at which they are heard
//! ```
//!
//! Pure: the device, or the command that plays, is in `io`.

mod decoder;
mod speaker;
mod wav;

pub use decoder::{Decoder, Piece};
pub use speaker::{Sample, Speaker};
pub use wav::{RATE as WAV_RATE, header as wav_header, put as put_wav};
