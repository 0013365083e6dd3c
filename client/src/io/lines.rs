//! Lines of the input, read by a thread that may block.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::thread;

use tokio::sync::mpsc;

use crate::shell::command::LINE_LEN_MAX;

/// Lines that are read ahead: enough to keep a script going, few enough that a file of gigabytes stays where it is.
const LINES_MAX: usize = 16;

/// One line of the input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Line {
    /// A line without its end; what was no UTF-8 shows as replacement characters.
    Text(String),
    /// A line of so many bytes, more than [`LINE_LEN_MAX`]: nobody has typed it, nobody holds it.
    TooLong(usize),
}

/// Starts to read. The channel closes once at the end of the input, and nothing is read after it.
///
/// The thread is left behind where the client ends first: nothing can wake a blocked read.
pub(super) fn read(input: Box<dyn Read + Send>) -> io::Result<mpsc::Receiver<Line>> {
    let (sender, lines) = mpsc::channel(LINES_MAX);
    thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut input = BufReader::new(input);
        loop {
            match next_line(&mut input) {
                Ok(Some(line)) => {
                    if sender.blocking_send(line).is_err() {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!("standard input can't be read: {error}; taken for its end");
                    break;
                }
            }
        }
    })?;
    Ok(lines)
}

/// The next line, holding no more than [`LINE_LEN_MAX`] bytes of it; `None` at the end.
fn next_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let (mut line, mut length) = (Vec::new(), 0_usize);
    loop {
        let buffer = match input.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if buffer.is_empty() {
            return Ok((length > 0).then(|| finished(line, length)));
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let piece = end.map_or(buffer, |end| buffer.split_at(end).0);
        let room = LINE_LEN_MAX - line.len();
        line.extend(piece.iter().take(room));
        length += piece.len();
        let used = piece.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            return Ok(Some(finished(line, length)));
        }
    }
}

fn finished(line: Vec<u8>, length: usize) -> Line {
    if length > LINE_LEN_MAX {
        return Line::TooLong(length);
    }
    Line::Text(
        String::from_utf8(line).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_line_ends_and_the_last_one_needs_none() {
        assert_eq!(all(b"list\n\nquit"), [text("list"), text(""), text("quit")]);
        assert_eq!(all(b""), []);
    }

    #[test]
    fn a_line_that_nobody_typed_is_counted_and_not_held() {
        let fits = "x".repeat(LINE_LEN_MAX);
        let endless = vec![b'y'; 1 << 20];
        let input = [fits.as_bytes(), b"\n", &endless, b"\nlist\n"].concat();
        assert_eq!(all(&input), [text(&fits), Line::TooLong(1 << 20), text("list")]);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_end_the_input() {
        assert_eq!(all(b"l\xffst\nlist\n"), [text("l\u{fffd}st"), text("list")]);
    }

    fn text(line: &str) -> Line {
        Line::Text(line.to_owned())
    }

    fn all(mut input: &[u8]) -> Vec<Line> {
        std::iter::from_fn(|| next_line(&mut input).unwrap()).collect()
    }
}
