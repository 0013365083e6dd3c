//! The flags of sound.

use ::client::io::Audio;
use clap_complete::engine::ArgValueCandidates;

use crate::completion::words;
use crate::failure::Failure;
use crate::setting::{Name, Setting};
use crate::value::{self, Fault};

/// What plays sound where nobody names another: it comes with ALSA.
const USUAL_COMMAND: &str = "aplay -q -";

/// Where sound is heard.
#[derive(clap::Args)]
pub(crate) struct Sound {
    /// Where sound is heard: off, device (the default one), or pipe (into a command) [env: AUDIO_OUT] [default: off]
    #[arg(long, value_name = "WHERE", add = ArgValueCandidates::new(|| words(&["off", "device", "pipe"])))]
    audio: Option<String>,
    /// The command of --audio pipe, which reads WAV from its standard input [env: AUDIO_COMMAND]
    /// [default: 'aplay -q -']
    #[arg(long, value_name = "COMMAND", hide_short_help = true)]
    audio_command: Option<String>,
}

const AUDIO_OUT: Name = Name { flag: "--audio", variable: "AUDIO_OUT" };
const AUDIO_COMMAND: Name = Name { flag: "--audio-command", variable: "AUDIO_COMMAND" };

/// The places, without what they need.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Off,
    Device,
    Pipe,
}

impl Sound {
    /// Where sound goes. A command is used where a pipe is asked for.
    pub(super) fn read(self) -> Result<Audio, Failure> {
        let place = AUDIO_OUT.value(self.audio, value::audio)?.unwrap_or(Place::Off);
        let command = AUDIO_COMMAND.text(self.audio_command)?;
        if let Some(unused) = command.as_ref().filter(|_| place != Place::Pipe) {
            return Err(unused.refuse(unused.status(), &Fault::AudioCommand));
        }
        Ok(match place {
            Place::Off => Audio::Off,
            Place::Device => Audio::Device,
            Place::Pipe => Audio::Pipe(command.map_or_else(|| USUAL_COMMAND.to_owned(), Setting::into_value)),
        })
    }
}
