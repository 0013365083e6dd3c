//! The flags of a stream for other programs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use ::client::io::{Destination, FeedError, OutletError};
use ::client::mux::Form;
use clap::ValueHint;
use clap_complete::engine::ArgValueCandidates;

use crate::completion::words;
use crate::failure::{Failure, Status};
use crate::setting::{Name, Setting};
use crate::value::{self, Fault};

/// The name that stands for standard output.
const STDOUT: &str = "-";

/// Where pictures and sound go, if not to the screen.
#[derive(clap::Args)]
#[command(next_help_heading = "For other programs")]
pub(crate) struct Out {
    /// Write pictures and sound to a new file, or to standard output (-) for a player [env: OUT]
    #[arg(long, value_name = "FILE", conflicts_with = "audio", value_hint = ValueHint::FilePath)]
    out: Option<PathBuf>,
    /// matroska (pictures and sound) or mjpeg (pictures alone) [env: OUT_FORMAT] [default: as the file is called]
    #[arg(long, value_name = "FORMAT", add = ArgValueCandidates::new(|| words(&["matroska", "mjpeg"])))]
    format: Option<String>,
}

const OUT: Name = Name { flag: "--out", variable: "OUT" };
const OUT_FORMAT: Name = Name { flag: "--format", variable: "OUT_FORMAT" };

/// Where to, and in which form.
pub(super) struct Goal {
    pub(super) out: Destination,
    pub(super) form: Form,
}

impl Out {
    /// `None` where the screen is meant.
    pub(super) fn goal(self) -> Result<Option<Goal>, Failure> {
        let form = OUT_FORMAT.value(self.format, value::stream_form)?;
        let Some(out) = OUT.path(self.out) else { return Ok(None) };
        if out.value().as_os_str() == STDOUT {
            return Ok(Some(Goal { out: Destination::Stdout, form: form.unwrap_or(Form::Matroska) }));
        }
        let form = form.map_or_else(|| form_of(&out), Ok)?;
        Ok(Some(Goal { out: Destination::Path(out.into_value()), form }))
    }
}

/// The form that the name of a file asks for.
fn form_of(file: &Setting<PathBuf>) -> Result<Form, Failure> {
    let extension = Path::extension(file.value()).and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    match extension.as_deref() {
        None | Some("mkv" | "mka") => Ok(Form::Matroska),
        Some("mjpeg" | "mjpg") => Ok(Form::Mjpeg),
        Some(_) => Err(file.refuse(&Fault::FileName)),
    }
}

/// How a stream that failed ends the process.
pub(super) const fn status(error: &FeedError) -> Status {
    match error {
        FeedError::Outlet(OutletError::Terminal) => Status::Usage,
        _ => Status::Failed,
    }
}
