use std::sync::mpsc as std_mpsc;

use protocol::id::Target;

use super::page::ERASE_LINE;
use super::*;
use crate::editor::{LEAVE, Look};
use crate::engine::event::Event;
use crate::shell::output::Hints;

/// Waits for a permit before each write, and passes on what was written.
struct Gate {
    permits: std_mpsc::Receiver<()>,
    written: std_mpsc::Sender<String>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.permits.recv().ok();
        self.written.send(String::from_utf8_lossy(bytes).into()).ok();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same, and says when it begins to wait.
struct Slow {
    gate: Gate,
    begun: std_mpsc::Sender<()>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.send(()).ok();
        self.gate.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_slow_reader_costs_events_and_no_answer() {
    let (permit, permits) = std_mpsc::channel();
    let (written, pages) = std_mpsc::channel();
    let (begun, begins) = std_mpsc::channel();
    let output = Box::new(Slow { gate: Gate { permits, written }, begun });
    let mut printer = Printer::start(Format::Text, output, Front::Bare).unwrap();
    let target: Target = "1AAA99".parse().unwrap();
    let event = Event::Waiting { target };
    let said = NOTICES_MAX * 3;
    printer.event(&Notice::Event(&event, Hints::default()));
    // From here on the thread takes nothing until it may write.
    begins.recv().unwrap();
    for _ in 1..said {
        printer.event(&Notice::Event(&event, Hints::default()));
    }
    printer.answer(&Notice::Error(&"the answer"));
    assert!(printer.is_behind());

    drop(permit);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(printer.room_and_finish()).unwrap();
    let text: String = pages.iter().collect();
    let events = text.lines().filter(|line| line.starts_with("waiting for 1AAA99")).count();
    let answer = text.find("error: the answer").unwrap();
    let owned_up = format!("error: {} events are left out here", said - events);
    assert!(events >= NOTICES_MAX);
    assert!(text.find(&owned_up).unwrap() < answer, "what is missing is missing before the answer");
    assert!(text.ends_with("error: the answer\n"));
}

impl Printer {
    async fn room_and_finish(mut self) -> io::Result<()> {
        self.room().await;
        self.pass_on();
        self.finish().await
    }
}

#[test]
fn the_prompt_is_the_last_line_and_gives_way() {
    let (written, pages) = std_mpsc::channel();
    let (permit, permits) = std_mpsc::channel();
    drop(permit);
    let output = Box::new(Gate { permits, written });
    let mut printer = Printer::start(Format::Text, output, Front::Prompt("> ")).unwrap();
    assert_eq!(pages.recv().unwrap(), "> ");
    printer.answer(&Notice::Error(&"news"));
    assert_eq!(pages.recv().unwrap(), format!("{ERASE_LINE}error: news\n> "));
    printer.note_entered();
    assert_eq!(pages.recv().unwrap(), "> ");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(printer.finish()).unwrap();
    assert_eq!(pages.iter().collect::<String>(), ERASE_LINE);
}

#[test]
fn where_a_person_types_events_are_few_and_answers_are_all_there() {
    let (written, pages) = std_mpsc::channel();
    let (permit, permits) = std_mpsc::channel();
    drop(permit);
    let look = Look { utf8: true, colour: true };
    let front = Front::Painted(Painter::new(look), Clock::start());
    let mut printer = Printer::start(Format::Text, Box::new(Gate { permits, written }), front).unwrap();
    let event = Event::Waiting { target: "1AAA99".parse().unwrap() };
    for _ in 0..300 {
        printer.event(&Notice::Event(&event, Hints::default()));
        printer.answer(&Notice::Error(&"the answer"));
    }
    assert!(printer.poll_timeout().is_some(), "what was withheld is to be owned up to");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(printer.finish()).unwrap();
    let text: String = pages.iter().collect();
    assert_eq!(text.matches("error: the answer\r\n").count(), 300);
    assert!((1..100).contains(&text.matches("waiting for 1AAA99").count()));
    assert!(text.ends_with(LEAVE));
}
