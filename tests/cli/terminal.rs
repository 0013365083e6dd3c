//! What a person at a terminal sees of several roles in one process.

use std::io::{Read as _, Write as _};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

use crate::support::{GUARD, Process, framecast, free_port, of_project};

const SIZE: PtySize = PtySize { rows: 24, cols: 100, pixel_width: 0, pixel_height: 0 };

/// `framecast up` in the project's folder, at a terminal.
struct Up {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn std::io::Write + Send>,
    output: Receiver<Vec<u8>>,
    terminal: vt100::Parser,
}

impl Up {
    fn start(port: u16) -> Self {
        let pair = native_pty_system().openpty(SIZE).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_framecast"));
        command.arg("up");
        command.env_clear();
        command.cwd(of_project("."));
        for (name, value) in [("TERM", "xterm"), ("LANG", "C.UTF-8"), ("BROKER_PORT", &port.to_string())] {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                sender.send(buffer.get(..count).unwrap_or_default().to_vec()).ok();
            }
        });
        let keyboard = pair.master.take_writer().unwrap();
        Self { child, keyboard, output, terminal: vt100::Parser::new(SIZE.rows, SIZE.cols, 0) }
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// Waits until the rows of the screen are like that.
    fn until(&mut self, what: impl Fn(&[String]) -> bool) {
        loop {
            let rows: Vec<_> = self.terminal.screen().rows(0, SIZE.cols).collect();
            if what(&rows) {
                return;
            }
            match self.output.recv_timeout(GUARD) {
                Ok(bytes) => self.terminal.process(&bytes),
                Err(error) => panic!("{error}; the screen:\n{}", rows.join("\n")),
            }
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_warning_of_the_broker_stands_above_the_prompt_and_leaves_what_is_typed_alone() {
    let port = free_port();
    let mut up = Up::start(port);
    up.until(|rows| rows.iter().any(|row| row.contains("connected to 127.0.0.1")));
    up.press("half a comm");
    up.until(|rows| rows.iter().any(|row| row.trim_end() == "framecast> half a comm"));
    let mut other =
        Process::start(framecast("producer --id 1AAA99 --broker").arg(format!("127.0.0.1:{port}")));
    other.until("refuse");
    // Nothing of the warning below the prompt, nothing of the prompt in the warning.
    up.until(|rows| {
        let position = |what: &dyn Fn(&str) -> bool| rows.iter().position(|row| what(row.trim_end()));
        let warning = position(&|row| row.contains("WARN") && row.contains("announcement refused"));
        let prompt = position(&|row| row == "framecast> half a comm");
        let rest =
            prompt.map(|prompt| rows.iter().skip(prompt + 1).map(|row| row.trim_end()).collect::<Vec<_>>());
        warning < prompt
            && warning.is_some()
            && rest.is_some_and(|rest| {
                rest[0].starts_with("broker ") && rest[1..].iter().all(|row| row.is_empty())
            })
    });
    up.press("\x03top\r");
    up.until(|rows| rows.iter().any(|row| row.contains("Enter subscribe") || row.contains("? keys")));
    let mut third =
        Process::start(framecast("producer --id 2BBB99 --broker").arg(format!("127.0.0.1:{port}")));
    third.until("refuse");
    up.until(|rows| rows.iter().any(|row| row.contains("announcement refused producer=2BBB99")));
    up.press("qquit\r");
    assert!(up.child.wait().unwrap().success());
}
