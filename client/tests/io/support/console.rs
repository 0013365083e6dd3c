//! Ends of a console that a test holds.

use std::io::{self, Read, Write};
use std::sync::mpsc;

/// What is typed reaches the client when it is typed; dropped, the input ends.
pub(crate) struct Keyboard(mpsc::Sender<Vec<u8>>);

impl Keyboard {
    pub(crate) fn enter(&self, line: &str) {
        self.0.send(format!("{line}\n").into_bytes()).unwrap();
    }
}

/// A keyboard, the client's end of it, and what hears of each read at the end of the input.
pub(crate) fn keyboard() -> (Keyboard, impl Read + Send, mpsc::Receiver<()>) {
    let (keys, typed) = mpsc::channel();
    let (ends, reads_at_end) = mpsc::channel();
    (Keyboard(keys), Typed { keys: typed, rest: Vec::new(), ends }, reads_at_end)
}

struct Typed {
    keys: mpsc::Receiver<Vec<u8>>,
    rest: Vec<u8>,
    ends: mpsc::Sender<()>,
}

impl Read for Typed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            match self.keys.recv() {
                Ok(typed) => self.rest = typed,
                Err(_) => self.ends.send(()).unwrap(),
            }
        }
        let length = self.rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.rest[..length]);
        self.rest.drain(..length);
        Ok(length)
    }
}

/// Passes each line on; without a receiver it is a closed pipe.
pub(crate) struct Screen {
    lines: mpsc::Sender<String>,
    line: Vec<u8>,
}

impl Screen {
    pub(crate) fn new() -> (Self, mpsc::Receiver<String>) {
        let (lines, receiver) = mpsc::channel();
        (Self { lines, line: Vec::new() }, receiver)
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            self.line.push(*byte);
            if *byte == b'\n' {
                let line = String::from_utf8(std::mem::take(&mut self.line)).unwrap();
                self.lines.send(line).map_err(|_| io::ErrorKind::BrokenPipe)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes nothing until its other end is dropped; says when it is first written to.
pub(crate) struct StuckScreen {
    touched: mpsc::Sender<()>,
    released: mpsc::Receiver<()>,
}

impl StuckScreen {
    pub(crate) fn new() -> (Self, mpsc::Receiver<()>, mpsc::Sender<()>) {
        let (touched, hears) = mpsc::channel();
        let (release, released) = mpsc::channel();
        (Self { touched, released }, hears, release)
    }
}

impl Write for StuckScreen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.touched.send(()).ok();
        self.released.recv().ok();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
