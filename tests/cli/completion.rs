//! What a shell completes when somebody presses Tab: real shells on a pseudo-terminal.

use std::env;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

use crate::support::{Broker, GUARD, Nobody, framecast, not_run, run};

/// A shell, how it is told to read nobody's settings, and what loads the completions.
struct Kind {
    name: &'static str,
    arguments: &'static [&'static str],
    setup: &'static str,
}

const BASH: Kind =
    Kind { name: "bash", arguments: &["--norc", "-i"], setup: "source <(framecast completions bash)" };
const ZSH: Kind = Kind {
    name: "zsh",
    arguments: &["-f", "-i"],
    setup: "autoload -U compinit; compinit -u; source <(framecast completions zsh)",
};

/// A shell at a prompt.
struct Shell {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn std::io::Write + Send>,
    screen: Receiver<String>,
    shown: String,
}

impl Shell {
    /// `None` where there is no such shell.
    fn start(kind: &Kind) -> Option<Self> {
        if Command::new(kind.name).args(["-c", ":"]).status().is_err() {
            not_run(&format!("there is no {}", kind.name));
            return None;
        }
        let pair =
            native_pty_system().openpty(PtySize { rows: 24, cols: 200, ..PtySize::default() }).unwrap();
        let mut command = CommandBuilder::new(kind.name);
        command.args(kind.arguments);
        command.env_clear();
        let program = Path::new(env!("CARGO_BIN_EXE_framecast")).parent()?;
        let path =
            env::join_paths([program.to_owned()].into_iter().chain(env::split_paths(&env::var_os("PATH")?)));
        for (name, value) in
            [("TERM", "dumb".into()), ("HOME", env::temp_dir().into_os_string()), ("PATH", path.unwrap())]
        {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let Some(text) = buffer.get(..count) else { return };
                if sender.send(String::from_utf8_lossy(text).into_owned()).is_err() {
                    return;
                }
            }
        });
        let mut shell =
            Self { child, keyboard: pair.master.take_writer().unwrap(), screen, shown: String::new() };
        shell.press(&format!("{}; echo rea''dy\n", kind.setup));
        shell.until("ready");
        Some(shell)
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits for a text on the screen.
    fn until(&mut self, text: &str) {
        while !self.shown.contains(text) {
            let more = self.screen.recv_timeout(GUARD);
            self.shown.push_str(&more.unwrap_or_else(|_| panic!("no '{text}' in\n{}", self.shown)));
        }
        self.shown.clear();
    }

    /// Types, presses Tab, and waits for the line to become this.
    fn completes(&mut self, typed: &str, line: &str) {
        self.press(&format!("{typed}\t"));
        self.until(line);
        // Ctrl-U: the next one begins on an empty line.
        self.press("\x15");
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn tab_completes_commands_flags_and_the_ids_that_the_broker_has() {
    let broker = Broker::start();
    let _producers = [broker.producer("1AAA99"), broker.producer("2BBB99")];
    for kind in [BASH, ZSH] {
        let Some(mut shell) = Shell::start(&kind) else { continue };
        shell.completes("framecast completi", "framecast completions ");
        shell.completes("framecast watch --form", "framecast watch --format ");
        shell.completes("framecast man wat", "framecast man watch ");
        shell.completes("framecast client --ui f", "framecast client --ui full ");
        let watch = format!("framecast watch --broker {}", broker.address);
        shell.completes(&format!("{watch} 1"), &format!("{watch} 1AAA99"));
        shell.completes(&format!("{watch} 2BBB9901"), &format!("{watch} 2BBB9901 "));
        let short = format!("framecast watch -b {}", broker.address);
        shell.completes(&format!("{short} 2b"), &format!("{short} 2bbb99"));
    }
}

#[test]
fn tab_asks_no_longer_than_a_moment_and_says_nothing_where_no_broker_answers() {
    let nobody = Nobody::listens();
    let mut command = framecast("-- framecast watch --broker");
    command.args([&nobody.address(), "1"]).envs([
        ("FRAMECAST_COMPLETE", "bash"),
        ("_CLAP_COMPLETE_INDEX", "4"),
        ("_CLAP_IFS", "\n"),
    ]);
    let ended = run(&mut command);
    assert_eq!((ended.status, &*ended.stdout, &*ended.stderr), (Some(0), "", ""), "{ended:?}");
    assert!((200..1_000).contains(&ended.took.as_millis()), "{ended:?}");
}

#[test]
fn there_is_a_script_for_each_shell_and_no_other() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = run(&mut framecast(&format!("completions {shell}")));
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert!(
            ended.stdout.contains(&format!("FRAMECAST_COMPLETE={shell}"))
                || ended.stdout.contains(&format!("FRAMECAST_COMPLETE=\"{shell}\"")),
            "{ended:?}"
        );
    }
    let ended = run(&mut framecast("completions csh"));
    assert_eq!(ended.status, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("bash, zsh, fish"), "{ended:?}");
}
