//! Processes of the binary, and what they say.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What has not happened by then never will.
pub(crate) const GUARD: Duration = Duration::from_secs(30);
/// Within a second every role ends once it is asked to; as much again is for a machine that has much else to do. What does
/// not end by itself takes [`GUARD`].
pub(crate) const STOP: Duration = Duration::from_secs(3);

/// The command with these arguments (parted by blanks) and none of the variables that the tests run with.
pub(crate) fn framecast(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_framecast"));
    command.args(arguments.split_whitespace()).env_clear().current_dir(std::env::temp_dir());
    command.stdin(Stdio::null());
    command
}

/// What a process that ends by itself said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

/// Runs the command to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    Process::start(command).ended()
}

/// The line that a failing command ends with.
pub(crate) fn failure(command: &mut Command, status: i32) -> String {
    let ended = run(command);
    assert_eq!(ended.status, Some(status), "{ended:?}");
    let line = ended.stderr.lines().last().unwrap_or_default().to_owned();
    assert!(line.starts_with("framecast: "), "{ended:?}");
    line
}

/// A process that runs, killed at the end of the test if it still does.
pub(crate) struct Process {
    child: Child,
    started: Instant,
    stdin: Option<ChildStdin>,
    lines: Receiver<(Stream, String)>,
    stdout: String,
    stderr: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stream {
    Stdout,
    Stderr,
}

impl Process {
    /// Starts the command. Its input is what the command says.
    pub(crate) fn start(command: &mut Command) -> Self {
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        read(Stream::Stdout, stdout, sender.clone());
        read(Stream::Stderr, stderr, sender);
        let stdin = child.stdin.take();
        Self { child, started, stdin, lines, stdout: String::new(), stderr: String::new() }
    }

    /// Waits for a line of either stream that holds `text`, and gives it.
    pub(crate) fn until(&mut self, text: &str) -> String {
        loop {
            match self.next_line() {
                Some(line) if line.contains(text) => return line,
                Some(_) => {}
                None => panic!("no line with '{text}'\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr),
            }
        }
    }

    /// Types a line.
    pub(crate) fn type_line(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Nobody types any more.
    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to end, waits until it has, and measures how long that took.
    pub(crate) fn stop(mut self, signal: &str) -> Ended {
        self.signal(signal);
        self.started = Instant::now();
        self.ended()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([format!("-{signal}"), self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end.
    pub(crate) fn ended(mut self) -> Ended {
        while self.next_line().is_some() {}
        // Both streams are closed: what is left is the end itself.
        let status: ExitStatus = self.child.wait().unwrap();
        let (stdout, stderr) = (std::mem::take(&mut self.stdout), std::mem::take(&mut self.stderr));
        Ended { status: status.code(), stdout, stderr, took: self.started.elapsed() }
    }

    /// `None` once both streams are closed.
    fn next_line(&mut self) -> Option<String> {
        let (stream, line) = match self.lines.recv_timeout(GUARD) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {
                panic!("nothing more was said\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr)
            }
        };
        let said = if stream == Stream::Stdout { &mut self.stdout } else { &mut self.stderr };
        said.push_str(&line);
        Some(line)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn read(stream: Stream, input: impl Read + Send + 'static, lines: Sender<(Stream, String)>) {
    thread::spawn(move || {
        let mut input = BufReader::new(input);
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line).unwrap_or(0) > 0 {
            let text = String::from_utf8_lossy(&line).into_owned();
            line.clear();
            if lines.send((stream, text)).is_err() {
                return;
            }
        }
    });
}

/// A broker that serves, and where.
pub(crate) struct Broker {
    pub(crate) process: Process,
    pub(crate) address: String,
}

impl Broker {
    /// At a port of the system's choice.
    pub(crate) fn start() -> Self {
        Self::start_at("127.0.0.1:0")
    }

    pub(crate) fn start_at(address: &str) -> Self {
        let mut process = Process::start(framecast("broker --listen").arg(address));
        let line = process.until("the broker listens");
        let address = line.split("address=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        Self { process, address }
    }

    /// A client's command line to this broker.
    pub(crate) fn client(&self, arguments: &str) -> Command {
        let mut command = framecast("client");
        command.args(["--broker", &self.address]).args(arguments.split_whitespace());
        command
    }

    /// The same with commands.
    pub(crate) fn exec(&self, commands: &str, arguments: &str) -> Command {
        let mut command = self.client(arguments);
        command.args(["--exec", commands]);
        command
    }

    /// A producer that is live: the test card.
    pub(crate) fn producer(&self, id: &str) -> Process {
        let mut producer = Process::start(&mut self.producer_command(id));
        producer.until("live");
        producer
    }

    pub(crate) fn producer_command(&self, id: &str) -> Command {
        let mut command = framecast("producer");
        command.args(["--broker", &self.address, "--id", id]);
        command
    }
}

/// A port that is free and stays so: below those that the system gives to whoever asks for any.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let mut ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed));
    ports.find(|&port| UdpSocket::bind(("127.0.0.1", port)).is_ok()).unwrap()
}

/// An address at which somebody listens and never answers, as long as this lives.
pub(crate) struct Nobody(UdpSocket);

impl Nobody {
    pub(crate) fn listens() -> Self {
        Self(UdpSocket::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }
}

/// A file or folder of the project.
pub(crate) fn of_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The paths of all files below a folder, hidden ones as well.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Says loudly that a test could not do its work here.
#[expect(clippy::print_stderr, reason = "whoever reads the tests' output has to know")]
pub(crate) fn not_run(why: &str) {
    eprintln!("NOT RUN: {why}");
}

/// Whether the tests run as the user that may do everything.
pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

/// The value of a key in one line of JSON, as far as these tests need it: a whole number, or the whole part of one.
pub(crate) fn number(line: &str, key: &str) -> u64 {
    let after = line.split(&format!("\"{key}\":")).nth(1).unwrap_or_else(|| panic!("no {key} in {line}"));
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("no number {key} in {line}"))
}

/// Frames that a stream has delivered, as a line of JSON counts them. On a busy machine some of them late enough to be
/// asked for again.
pub(crate) fn delivered(line: &str) -> u64 {
    ["direct", "repaired_arq", "repaired_fec"].into_iter().map(|key| number(line, key)).sum()
}

/// A command with a variable.
pub(crate) fn with(mut command: Command, name: &str, value: impl AsRef<OsStr>) -> Command {
    command.env(name, value);
    command
}
