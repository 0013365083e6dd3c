//! A client in a process of its own, at a pseudo-terminal; and the terminal of whoever looks at it.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::exit;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use client::io::{Console, Settings, Ui, run};
use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::PATIENCE;

/// The name of the test that is the child process.
const CHILD: &str = "terminal::the_client_at_the_other_end";
/// The variable that names the child's broker.
const BROKER: &str = "PTY_TEST_BROKER";
/// The variable with the ids that the child shows the pictures of, instead of a prompt.
pub(crate) const WATCH: &str = "PTY_TEST_WATCH";
/// The variable with the renderer; without it the terminal is asked.
pub(crate) const RENDERER: &str = "PTY_TEST_RENDERER";
/// The variable with the latency, in milliseconds.
pub(crate) const LATENCY: &str = "PTY_TEST_LATENCY";
/// The variable that, of any value, says that Docker or its like is between the terminal and the child.
pub(crate) const CONTAINED: &str = "PTY_TEST_CONTAINED";
/// A comment that makes the child panic when it is entered; and a text of each page that does.
const PANICS: [&[u8]; 3] = [b"#panic\r\n", b"paint everything anew", b"show those with this in id or name"];

/// A client at a pseudo-terminal.
pub(crate) struct Pty {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: mpsc::Receiver<Vec<u8>>,
    /// Whoever holds them has the terminal read nothing.
    eyes: Arc<Mutex<()>>,
    terminal: vt100::Parser,
    /// Everything that the client has written.
    pub(crate) bytes: Vec<u8>,
    mode_found: String,
}

impl Pty {
    /// Starts a client at a terminal of that size with these variables.
    pub(crate) fn start(
        broker: std::net::SocketAddr,
        (columns, rows): (u16, u16),
        variables: &[(&str, &str)],
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--quiet", "--nocapture", "--ignored", "--exact", CHILD]);
        for name in ["NO_COLOR", "LC_ALL", "LC_CTYPE", "HISTORY"] {
            command.env_remove(name);
        }
        command.env(BROKER, broker.to_string());
        for (name, value) in [("TERM", "xterm"), ("LANG", "C.UTF-8")].iter().chain(variables) {
            command.env(name, value);
        }
        let mode_found = mode(&*pair.master);
        let child = pair.slave.spawn_command(command).unwrap();
        let (sender, output) = mpsc::channel();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let eyes = Arc::new(Mutex::new(()));
        let open = Arc::clone(&eyes);
        thread::spawn(move || {
            let mut buffer = [0; 4_096];
            // The end of the child's side shows as an error.
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                sender.send(buffer[..length].to_vec()).ok();
                drop(open.lock().unwrap());
            }
        });
        let keys = pair.master.take_writer().unwrap();
        let terminal = vt100::Parser::new(24, 80, 0);
        Self { master: pair.master, keys, child, output, eyes, terminal, bytes: Vec::new(), mode_found }
    }

    /// Presses these keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Looks at the client with an empty terminal of that size, as `docker attach` does.
    pub(crate) fn attach(&mut self, columns: u16, rows: u16) {
        self.terminal = vt100::Parser::new(rows, columns, 0);
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Waits until the screen is like that.
    pub(crate) fn wait_until(&mut self, what: impl Fn(&vt100::Screen) -> bool) {
        while !what(self.terminal.screen()) {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => {
                    self.terminal.process(&bytes);
                    self.bytes.extend(bytes);
                }
                Err(error) => panic!("{error}; the screen:\n{}", self.terminal.screen().contents()),
            }
        }
    }

    /// Takes what the client has written so far, without waiting for more.
    pub(crate) fn look(&mut self) {
        for bytes in self.output.try_iter().collect::<Vec<_>>() {
            self.terminal.process(&bytes);
            self.bytes.extend(bytes);
        }
    }

    /// What holds the terminal's eyes, to keep them closed: it reads nothing as long as the guard lives.
    pub(crate) fn eyes(&self) -> Arc<Mutex<()>> {
        Arc::clone(&self.eyes)
    }

    /// Bytes of memory that the process has.
    pub(crate) fn memory(&self) -> usize {
        let status = format!("/proc/{}/status", self.pid().as_raw_nonzero());
        let status = std::fs::read_to_string(status).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        resident.split_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
    }

    /// Whether the client has written this, as far as its output was looked at.
    pub(crate) fn has_written(&self, text: &str) -> bool {
        self.bytes.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// Waits until the client has written this, whatever it shows as.
    pub(crate) fn wait_for_bytes(&mut self, text: &str) {
        while !self.has_written(text) {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => {
                    self.terminal.process(&bytes);
                    self.bytes.extend(bytes);
                }
                Err(error) => panic!("{error}; the screen:\n{}", self.terminal.screen().contents()),
            }
        }
    }

    /// Waits until the client has written so many bytes.
    pub(crate) fn wait_until_bytes(&mut self, count: usize) {
        while self.bytes.len() < count {
            let bytes = self.output.recv_timeout(PATIENCE).unwrap();
            self.terminal.process(&bytes);
            self.bytes.extend(bytes);
        }
    }

    /// Waits until this text is on the screen.
    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait_until(|screen| screen.contents().contains(text));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until the process is stopped.
    pub(crate) fn wait_for_stop(&self) {
        let begun = Instant::now();
        let path = PathBuf::from(format!("/proc/{}/stat", self.pid().as_raw_nonzero()));
        while !std::fs::read_to_string(&path).unwrap().contains(") T ") {
            assert!(begun.elapsed() < PATIENCE, "the process does not stop");
            thread::yield_now();
        }
    }

    /// Whether the terminal's mode is the one in which it was found.
    pub(crate) fn is_whole(&self) -> bool {
        mode(&*self.master) == self.mode_found
    }

    /// Waits for the end of the process; the screen has all that it wrote.
    pub(crate) fn join(&mut self) -> ExitStatus {
        loop {
            match self.output.recv_timeout(PATIENCE) {
                Ok(bytes) => {
                    self.terminal.process(&bytes);
                    self.bytes.extend(bytes);
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.child.wait().unwrap(),
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("the client does not end"),
            }
        }
    }

    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.terminal.screen()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.process_id().unwrap()).unwrap()).unwrap()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // A test that has failed leaves its client behind.
        self.child.kill().ok();
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { cols: columns, rows, ..PtySize::default() }
}

fn mode(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

/// The child process: a client at the terminal that it was started with, until it ends or has to panic.
pub(crate) fn run_child() {
    let variable = |name: &str| std::env::var(name).ok();
    let mut settings = Settings::new(variable(BROKER).unwrap().parse().unwrap());
    if let Some(ids) = variable(WATCH) {
        settings.ui = Ui::Watch(ids.split(' ').map(|id| id.parse().unwrap()).collect());
    }
    settings.renderer = variable(RENDERER).map(|name| name.parse().unwrap());
    if let Some(latency) = variable(LATENCY) {
        settings.latency = Duration::from_millis(latency.parse().unwrap());
    }
    let mut console = Console::of_process();
    if let Some(terminal) = console.terminal.as_mut().filter(|_| variable(CONTAINED).is_some()) {
        terminal.contained = true;
    }
    let (panic, panics) = mpsc::channel();
    thread::spawn(move || {
        let output = Box::new(Watched { output: io::stdout(), panic });
        let ended = run(settings, Console { output, ..console });
        exit(i32::from(ended.is_err()));
    });
    panics.recv().unwrap();
    panic!("asked to");
}

/// Standard output; says when the line came that asks for a panic.
struct Watched {
    output: io::Stdout,
    panic: mpsc::Sender<()>,
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.output.write(bytes)?;
        if PANICS.iter().any(|panic| bytes.windows(panic.len()).any(|window| window == *panic)) {
            self.panic.send(()).ok();
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
