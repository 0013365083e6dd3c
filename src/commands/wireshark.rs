//! `framecast wireshark`: the dissector, installed or printed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use thiserror::Error;

use crate::failure::{Failure, Status};
use crate::page;

const ENTRY: &str = include_str!("../../wireshark/framecast.lua");
const TITLE: &str = "-- Framecast for Wireshark, in one file: written by `framecast wireshark`.\n";
const FILE: &str = "framecast.lua";
/// Where Wireshark looks for scripts of one person, below the home folder, unless it was built to look elsewhere.
const USUAL_FOLDER: &str = ".local/lib/wireshark/plugins";
/// How `tshark -G folders` calls that folder.
const REPORTED_AS: &str = "Personal Lua Plugins:";

macro_rules! modules {
    ($($name:literal)*) => {
        /// The modules that the dissector requires: name and text.
        const MODULES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../wireshark/framecast/", $name, ".lua")))),*];
    };
}

modules! {
    "arithmetic" "bodies" "channels" "control" "data" "fields" "frames" "guess" "lessons" "links" "marks" "memory"
    "parts" "pictures" "prefix" "prefs" "reader" "reliability" "session" "streams" "summary" "wire"
}

/// Flags of `framecast wireshark`.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Write the dissector to the folder where Wireshark looks for scripts
    #[arg(long)]
    install: bool,
    /// Write the dissector to standard output
    #[arg(long)]
    print: bool,
}

const EXAMPLES: &str = "\
Examples:
  framecast wireshark --install
  framecast wireshark --print > framecast.lua";

#[derive(Debug, Error)]
#[error(
    "HOME is not set, so there is no folder to install to: set it, or write 'framecast wireshark --print > {FILE}' \
     where Wireshark looks (Help, About, Folders)"
)]
struct NoHome;

#[expect(clippy::needless_pass_by_value, reason = "every command takes its flags for itself")]
pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let text = if args.print {
        dissector()
    } else {
        let folder = folder().ok_or_else(|| Failure::new(Status::BadConfiguration, NoHome))?;
        let file = install(&folder)?;
        format!("{}: reload it in Wireshark with Ctrl-Shift-L, or start tshark\n", file.display())
    };
    page::print(text.as_bytes())
}

/// The dissector in one file: Wireshark would take each further one for a plugin of its own.
fn dissector() -> String {
    let preloaded = MODULES
        .iter()
        .map(|(name, text)| format!("package.preload[\"framecast.{name}\"] = function()\n{text}end\n\n"));
    [TITLE.to_owned()].into_iter().chain(preloaded).chain([ENTRY.to_owned()]).collect()
}

fn folder() -> Option<PathBuf> {
    reported_folder().or_else(|| {
        let home = env::var_os("HOME").filter(|home| !home.is_empty())?;
        Some(Path::new(&home).join(USUAL_FOLDER))
    })
}

/// What tshark says, where there is one.
fn reported_folder() -> Option<PathBuf> {
    let output = Command::new("tshark").args(["-G", "folders"]).output().ok()?;
    parse_folders(&String::from_utf8_lossy(&output.stdout))
}

fn parse_folders(report: &str) -> Option<PathBuf> {
    let folder = report.lines().find_map(|line| line.trim_start().strip_prefix(REPORTED_AS))?.trim();
    Some(PathBuf::from(folder)).filter(|folder| folder.is_absolute())
}

/// Writes the file under another name first: a Wireshark that starts meanwhile finds all of it or the former one.
fn install(folder: &Path) -> anyhow::Result<PathBuf> {
    let file = folder.join(FILE);
    let draft = folder.join(".framecast.lua.part");
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    fs::write(&draft, dissector()).with_context(|| format!("cannot write {}", draft.display()))?;
    fs::rename(&draft, &file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_that_tshark_reports_wins() {
        let report = "Temp:                \t/tmp\nPersonal Plugins:    \t/home/a b/lib/4.0\n\
                      Personal Lua Plugins:\t/home/a b/lib\nGlobal Lua Plugins:  \t/usr/lib\n";
        assert_eq!(parse_folders(report), Some(PathBuf::from("/home/a b/lib")));
        for nothing in ["", "Personal Plugins:\t/x", "Personal Lua Plugins:\t", "Personal Lua Plugins:\tlib"]
        {
            assert_eq!(parse_folders(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn every_module_of_the_folder_is_in_it() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("wireshark/framecast");
        let mut files: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        assert_eq!(files, MODULES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    #[test]
    fn an_installed_dissector_replaces_the_former_one_whole() {
        let folder = tempfile::tempdir().unwrap();
        let plugins = folder.path().join("not/there/yet");
        let file = install(&plugins).unwrap();
        fs::write(&file, "former").unwrap();
        install(&plugins).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), dissector());
        assert_eq!(fs::read_dir(&plugins).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_takes_no_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(install(&file).unwrap_err().to_string().contains("file"));
    }
}
