//! The terminal: what it can show, and its mode while lines are edited.

use std::io::{self, Write};
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::terminal;

use crate::editor::{LEAVE, Look, Size};
use crate::view::{CellSize, LEAVE_BLOCK, LEAVE_PAGE, Mode, Palette};

/// Process 1: its end is the end of its container.
const INIT: u32 = 1;
/// Files by which a container can be told, of Docker and of Podman.
const CONTAINER_MARKS: [&str; 2] = ["/.dockerenv", "/run/.containerenv"];
/// Columns and rows where none are known: nobody looks yet.
const SIZE_USUAL: (u16, u16) = (80, 24);
/// What is on the screen, for a panic: a prompt, a block of pictures, a page.
static MODE: AtomicU8 = AtomicU8::new(0);
/// Held by whoever writes to the terminal.
static WRITING: Mutex<()> = Mutex::new(());
/// A panic waits no longer for a terminal that takes nothing.
const WRITE_PATIENCE: Duration = Duration::from_millis(50);
static GIVEN_UP: AtomicBool = AtomicBool::new(false);
const HISTORY_FILE: &str = "framecast/history";

/// What is known of the terminal, and how the editor behaves on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terminal {
    /// What it can show.
    pub look: Look,
    /// The colours that it is known to take.
    pub palette: Palette,
    /// Whether tmux or screen is between: they pass no pixels on.
    pub multiplexed: bool,
    /// Whether Docker or its like is between the person and the client.
    pub contained: bool,
    /// Whether Ctrl-D in an empty line leaves.
    pub eof_quits: bool,
    /// Where the lines of before are kept, if they are.
    pub history: Option<PathBuf>,
}

impl Terminal {
    /// The terminal of the process, as its environment describes it; `None` for one that edits nothing.
    ///
    /// Read are `TERM`, `NO_COLOR`, the locale, `EOF_QUITS`, `HISTORY`, `XDG_STATE_HOME` and `HOME`.
    pub fn of_process() -> Option<Self> {
        let is_marked = CONTAINER_MARKS.iter().any(|mark| Path::new(mark).exists());
        Self::described(|name| std::env::var(name).ok(), is_init(), is_marked)
    }

    fn described(variable: impl Fn(&str) -> Option<String>, is_init: bool, is_marked: bool) -> Option<Self> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        set("TERM").filter(|term| term != "dumb")?;
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        let contained = is_init || is_marked;
        let state = set("XDG_STATE_HOME").map(PathBuf::from);
        let state = state.or_else(|| set("HOME").map(|home| Path::new(&home).join(".local/state")));
        // Nobody looks for a history in a container, and the next container would not have it.
        let usual = state.filter(|_| !contained).map(|state| state.join(HISTORY_FILE));
        Some(Self {
            look: Look {
                utf8: locale.contains("utf-8") || locale.contains("utf8"),
                colour: set("NO_COLOR").is_none(),
            },
            palette: palette(&set),
            multiplexed: set("TMUX").is_some() || set("STY").is_some(),
            contained,
            eof_quits: !is_init || set("EOF_QUITS").is_some_and(|value| value == "1"),
            history: set("HISTORY").map(PathBuf::from).or(usual),
        })
    }
}

/// Whether the client is process 1 of a container.
pub(super) fn is_init() -> bool {
    std::process::id() == INIT
}

/// The colours that the environment promises.
fn palette(set: &impl Fn(&str) -> Option<String>) -> Palette {
    if set("NO_COLOR").is_some() {
        return Palette::Grey;
    }
    let is_exact = set("COLORTERM").is_some_and(|colours| ["truecolor", "24bit"].contains(&colours.as_str()));
    if is_exact { Palette::FULL } else { Palette::Indexed }
}

/// The mode in which each key comes as it is pressed. The terminal is as it was found when this is dropped, and
/// already when a panic is reported.
pub(super) struct RawMode(());

impl RawMode {
    pub(super) fn enter() -> io::Result<Self> {
        static PANICS: Once = Once::new();
        PANICS.call_once(|| {
            let report = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                give_back();
                report(panic);
            }));
        });
        terminal::enable_raw_mode()?;
        Ok(Self(()))
    }

    /// The size of the terminal, as far as it is known.
    pub(super) fn size() -> Size {
        let (columns, rows) = Self::columns_and_rows();
        Size::new(columns, rows)
    }

    /// Columns and rows as the terminal says them, 0 where it does not know.
    pub(super) fn columns_and_rows() -> (u16, u16) {
        terminal::window_size().map_or((0, 0), |size| (size.columns, size.rows))
    }

    /// Columns and rows of the terminal, and the pixels of a cell.
    pub(super) fn window() -> ((u16, u16), CellSize) {
        match terminal::window_size() {
            Ok(size) if size.columns > 0 && size.rows > 0 => {
                ((size.columns, size.rows), CellSize::of(size.columns, size.rows, size.width, size.height))
            }
            _ => (SIZE_USUAL, CellSize::default()),
        }
    }

    /// Whatever has changed the mode, it is raw again.
    pub(super) fn renew() {
        // Entered where it is not left, crossterm would believe that nothing has changed.
        let renewed = terminal::disable_raw_mode().and_then(|()| terminal::enable_raw_mode());
        if let Err(error) = renewed {
            tracing::warn!("the terminal can't be made raw again: {error}; 'quit' leaves");
        }
    }

    /// Ends the mode until [`RawMode::renew`].
    pub(super) fn pause() {
        // The terminal may be gone: then nobody misses its mode.
        terminal::disable_raw_mode().ok();
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        Self::pause();
    }
}

/// Writes to the terminal, unless a panic has given it back: then nothing more comes but its report.
pub(super) fn unless_given_up<T>(write: impl FnOnce() -> io::Result<T>, instead: T) -> io::Result<T> {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    if GIVEN_UP.load(Ordering::SeqCst) { Ok(instead) } else { write() }
}

/// The terminal shows that from now on.
pub(super) fn note_mode(mode: Mode) {
    let mode = match mode {
        Mode::Line => 0,
        Mode::Block { .. } => 1,
        Mode::Page => 2,
    };
    MODE.store(mode, Ordering::Relaxed);
}

/// What a panic leaves behind: its report is the next thing on the screen, in the first column.
fn give_back() {
    if terminal::is_raw_mode_enabled().unwrap_or(false) {
        GIVEN_UP.store(true, Ordering::SeqCst);
        // What is being written comes to its end, if the terminal takes it, and nothing follows.
        let begun = Instant::now();
        while WRITING.try_lock().is_err() && begun.elapsed() < WRITE_PATIENCE {
            thread::yield_now();
        }
        RawMode::pause();
        let mut output = io::stdout();
        let leave = match MODE.load(Ordering::Relaxed) {
            0 => LEAVE,
            1 => LEAVE_BLOCK,
            _ => LEAVE_PAGE,
        };
        output.write_all(leave.as_bytes()).and_then(|()| output.flush()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_that_only_shows_lines_edits_none() {
        assert_eq!(described(&[], false, false), None);
        assert_eq!(described(&[("TERM", "dumb")], false, false), None);
        assert!(described(&[("TERM", "xterm")], false, false).is_some());
    }

    #[test]
    fn the_locale_that_counts_says_whether_utf8_is_shown() {
        let utf8 = |variables: &[(&str, &str)]| {
            described(&[&[("TERM", "xterm")], variables].concat(), false, false).unwrap().look.utf8
        };
        assert!(!utf8(&[]));
        assert!(!utf8(&[("LANG", "C")]));
        assert!(utf8(&[("LANG", "de_DE.UTF-8")]));
        assert!(utf8(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
        assert!(!utf8(&[("LC_ALL", "POSIX"), ("LANG", "de_DE.UTF-8")]));
    }

    #[test]
    fn no_colour_is_a_wish_of_any_value_but_none() {
        let colour =
            |value| described(&[("TERM", "xterm"), ("NO_COLOR", value)], false, false).unwrap().look.colour;
        assert!(colour(""));
        assert!(!colour("0"));
    }

    #[test]
    fn the_history_is_kept_with_the_state_and_in_a_container_only_where_it_is_named() {
        let home = [("TERM", "xterm"), ("HOME", "/home/eve")];
        let history = |more: &[(&str, &str)], is_init, is_marked| {
            described(&[&home, more].concat(), is_init, is_marked).unwrap().history
        };
        let path = |path: &str| Some(PathBuf::from(path));
        assert_eq!(history(&[], false, false), path("/home/eve/.local/state/framecast/history"));
        assert_eq!(history(&[("XDG_STATE_HOME", "/state")], false, false), path("/state/framecast/history"));
        assert_eq!(history(&[], true, false), None);
        assert_eq!(history(&[], false, true), None);
        assert_eq!(history(&[("HISTORY", "/data/history")], true, true), path("/data/history"));
    }

    #[test]
    fn process_1_ends_at_the_end_of_input_only_where_that_is_wished() {
        let quits = |more: &[(&str, &str)], is_init| {
            described(&[&[("TERM", "xterm")], more].concat(), is_init, is_init).unwrap().eof_quits
        };
        assert!(quits(&[], false));
        assert!(!quits(&[], true));
        assert!(quits(&[("EOF_QUITS", "1")], true));
        assert!(!quits(&[("EOF_QUITS", "0")], true));
    }

    fn described(variables: &[(&str, &str)], is_init: bool, is_marked: bool) -> Option<Terminal> {
        let value = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Terminal::described(value, is_init, is_marked)
    }
}
