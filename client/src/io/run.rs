//! The loop: waits for whatever comes first, then lets everything that can go on go on.

mod commands;
mod events;
mod leave;
mod recordings;
mod typing;
mod watching;

use std::path::PathBuf;
use std::time::Duration;

use protocol::time::Time;
use protocol::wire::Role;
use tokio::sync::mpsc;

use super::absence::Absence;
use super::agenda::{Agenda, Busy, Order};
use super::answers::Answers;
use super::clock::Clock;
use super::console::Console;
use super::error::ShellError;
use super::lifetime::{End, Lifetime};
use super::lines::{self, Line};
use super::logbook::Logbook;
use super::neighbours::Neighbours;
use super::network::Network;
use super::pictures::Pictures;
use super::printer::{Front, Printer};
use super::recording::{News, Recording};
use super::screen::{Screen, Typed};
use super::settings::{Settings, Ui};
use super::snapshot::Snapshot;
use super::sound::Sound;
use super::stops::Stops;
use crate::editor::Painter;
use crate::shell::command::{CommandError, parse};
use crate::shell::output::{Format, Notice};
use crate::shell::recorder::Recorder;
use typing::next_typed;

/// The client's state, all on one thread.
pub(super) struct Shell {
    clock: Clock,
    latency: Duration,
    lifetime: Lifetime,
    network: Network,
    absence: Absence,
    /// `None` once the input has ended.
    input: Option<mpsc::Receiver<Line>>,
    /// Where lines are edited. There is no other input then.
    screen: Option<Screen>,
    /// The log, while the terminal is ours.
    logbook: Option<Logbook>,
    stops: Stops,
    agenda: Agenda,
    answers: Answers,
    neighbours: Neighbours,
    recording: Option<Recording>,
    /// The folder of the recording that begins when the present one is finished.
    next_folder: Option<PathBuf>,
    pictures: Pictures,
    /// A picture that is being written.
    snapshot: Option<Snapshot>,
    /// Where it is wanted.
    sound: Option<Sound>,
    printer: Printer,
    /// Nobody reads the output, and the client goes on without.
    unread: bool,
}

/// What ended a wait.
enum Wake {
    Network,
    Timer,
    Line(Option<Line>),
    Typed(Typed),
    Recording(News),
    Written(String),
    Heard(String),
    Logged(String),
    Room,
    Unread,
    Stop,
}

impl Shell {
    /// Binds the socket, begins the recording, starts the threads. Needs a runtime.
    pub(super) fn start(clock: Clock, settings: Settings, console: Console) -> Result<Self, ShellError> {
        let now = clock.now();
        // First what can fail because of a wrong setting: nothing has begun then.
        let network = Network::open(clock, settings.broker, settings.local, Role::Viewer)?;
        let recorder = settings.record.as_deref().map(Recorder::start).transpose()?;
        let recording = recorder.map(Recording::of).transpose().map_err(ShellError::Runtime)?;
        let stops = match console.stops {
            Some(stops) => stops,
            None => Stops::of_process().map_err(ShellError::Runtime)?,
        };
        let interactive = console.interactive && settings.commands.is_none();
        let lifetime = Lifetime::start(now, settings.at_end, interactive);
        // JSON is for programs, on a terminal too.
        let terminal = console.terminal.filter(|_| interactive && settings.format == Format::Text);
        if settings.ui != Ui::Line && terminal.is_none() {
            return Err(ShellError::NoTerminal);
        }
        let look = terminal.as_ref().map(|terminal| terminal.look);
        let pictures = Pictures::new(settings.renderer, terminal.as_ref());
        let screen = terminal
            .map(|terminal| Screen::start(now, terminal, lifetime.quits_at_end_of_input()))
            .transpose()
            .map_err(ShellError::Runtime)?;
        let front = match (look, console.prompt.filter(|_| interactive)) {
            (Some(look), _) => Front::Painted(Painter::new(look), clock),
            (None, Some(prompt)) => Front::Prompt(prompt),
            (None, None) => Front::Bare,
        };
        let mut agenda = Agenda::new(if interactive { Order::Person } else { Order::Script });
        let input = match settings.commands {
            Some(commands) => {
                agenda.extend(parse(&commands, &[]));
                None
            }
            None if screen.is_some() => None,
            None => Some(lines::read(console.input).map_err(ShellError::Runtime)?),
        };
        let mut printer =
            Printer::start(settings.format, console.output, front).map_err(ShellError::Runtime)?;
        if let Some(recording) = &recording {
            printer.answer(&Notice::RecordingStarted(recording.folder()));
        }
        let mut shell = Self {
            clock,
            latency: settings.latency,
            lifetime,
            network,
            absence: Absence::since(now),
            input,
            logbook: screen.is_some().then(Logbook::open),
            screen,
            stops,
            agenda,
            answers: Answers::default(),
            neighbours: Neighbours::default(),
            recording,
            next_folder: None,
            pictures,
            snapshot: None,
            sound: Sound::start(settings.audio, clock).map_err(ShellError::Runtime)?,
            printer,
            unread: false,
        };
        match &settings.ui {
            Ui::Line => {}
            Ui::Full => shell.show_top(now, true),
            Ui::Watch(targets) => shell.watch_alone(now, targets),
        }
        Ok(shell)
    }

    /// Runs until the end, and leaves in order.
    pub(super) async fn run(mut self) -> Result<(), ShellError> {
        loop {
            let now = self.clock.now();
            if let Err(error) = self.take_actions(now).await {
                return Err(Box::pin(self.abandon(error)).await);
            }
            self.advance(now);
            if self.is_over(now) {
                return Box::pin(self.leave()).await;
            }
            let wake = self.wait(now).await;
            if let Err(error) = self.take(wake) {
                return Err(Box::pin(self.abandon(error)).await);
            }
        }
    }

    /// Lets everything that can go on go on.
    fn advance(&mut self, now: Time) {
        self.network.receive(now);
        self.take_events(now);
        while let Some(item) = self.next_item() {
            self.carry_out(now, item);
            self.take_events(now);
        }
        if let Some(end) = self.lifetime.due_end(now, self.is_idle()) {
            self.begin_end(now, end);
        }
        self.tell_absence(now);
        self.network.send();
        self.printer.pass_on();
        self.show(now);
    }

    fn tell_absence(&mut self, now: Time) {
        if self.absence.tell(now) {
            let broker = self.network.broker();
            if self.screen.is_some() {
                // It is news for whoever sits there, and no log.
                self.printer.say(format!("waiting for the broker at {broker}: no answer yet\n"));
            } else {
                tracing::warn!("waiting for the broker at {broker}: no answer yet");
            }
        }
    }

    fn next_item(&mut self) -> Option<super::agenda::Item> {
        if self.lifetime.is_ending() || self.printer.is_behind() {
            return None;
        }
        self.agenda.next(Busy {
            broker: self.answers.are_owed(),
            recording: self.recording.as_ref().is_some_and(Recording::is_changing),
            unmet: !self.lifetime.has_met(),
        })
    }

    /// No commands are left, and all are answered.
    fn is_idle(&self) -> bool {
        self.input.is_none()
            && self.screen.is_none()
            && self.agenda.is_empty()
            && !self.answers.are_owed()
            && !self.recording.as_ref().is_some_and(Recording::is_changing)
            && !self.printer.is_behind()
    }

    fn is_over(&self, now: Time) -> bool {
        let closed = self.network.client.is_closed() && self.network.is_sent();
        closed || self.lifetime.is_ending() && self.lifetime.is_overdue(now)
    }

    /// Waits for whatever comes first.
    async fn wait(&mut self, now: Time) -> Wake {
        let timers = [
            self.network.client.poll_timeout(now),
            self.lifetime.poll_timeout(),
            self.absence.poll_timeout(),
            self.printer.poll_timeout(),
            self.screen.as_ref().and_then(|screen| screen.poll_timeout(now)),
            self.pictures.poll_timeout(),
        ];
        let hungry = !self.agenda.is_full() && !self.printer.is_behind() && !self.lifetime.is_ending();
        let Self {
            clock, network, input, screen, recording, snapshot, sound, printer, stops, logbook, ..
        } = self;
        tokio::select! {
            ready = network.ready() => {
                // Fails only while the runtime shuts down.
                ready.ok();
                Wake::Network
            }
            () = clock.sleep_until(timers.into_iter().flatten().min()) => Wake::Timer,
            line = next_line(input), if hungry => Wake::Line(line),
            // While the terminal takes nothing, nothing is taken from it.
            typed = next_typed(screen), if !printer.is_behind() => Wake::Typed(typed),
            news = next_news(recording) => Wake::Recording(news),
            said = written(snapshot) => Wake::Written(said),
            said = heard(sound) => Wake::Heard(said),
            lines = logged(logbook) => Wake::Logged(lines),
            () = printer.room() => Wake::Room,
            () = printer.closed(), if !self.unread => Wake::Unread,
            () = stops.next() => Wake::Stop,
        }
    }

    fn take(&mut self, wake: Wake) -> Result<(), ShellError> {
        let now = self.clock.now();
        match wake {
            // Each turn begins with these.
            Wake::Network | Wake::Timer | Wake::Room => {}
            Wake::Line(Some(line)) => self.take_line(&line),
            Wake::Line(None) => {
                self.input = None;
                if self.lifetime.quits_at_end_of_input() {
                    self.begin_end(now, End::Done);
                }
            }
            Wake::Typed(typed) => self.take_typed(now, typed),
            Wake::Recording(news) => self.take_news(news),
            Wake::Written(said) => {
                self.snapshot = None;
                self.printer.say(said);
            }
            // It is news for whoever sits there, and no log.
            Wake::Heard(said) if self.screen.is_some() => self.printer.say(said),
            Wake::Heard(said) => tracing::warn!("{}", said.trim_end()),
            Wake::Logged(lines) => self.printer.log(lines),
            Wake::Unread => self.note_unread(now),
            Wake::Stop if self.lifetime.note_stop(now) => self.begin_end(now, End::Stopped),
            Wake::Stop => return Err(ShellError::Interrupted),
        }
        Ok(())
    }

    fn take_line(&mut self, line: &Line) {
        self.printer.note_entered();
        match line {
            Line::Text(text) => self.agenda.extend(parse(text, self.neighbours.known())),
            Line::TooLong(length) => {
                self.agenda.extend([Err(CommandError::LineTooLong { length: *length })]);
            }
        }
    }

    fn note_unread(&mut self, now: Time) {
        self.unread = true;
        if self.lifetime.needs_reader() {
            self.begin_end(now, End::Done);
        } else {
            tracing::warn!("nobody reads standard output any more: going on without it");
        }
    }

    /// Ends every subscription and says goodbye, if that has not begun.
    fn begin_end(&mut self, now: Time, end: End) {
        let latencies = self.network.client.snapshot(now).streams.into_iter().map(|stream| stream.latency);
        let limit = self.lifetime.begin_end(end, latencies.max().unwrap_or(self.latency));
        self.agenda.clear();
        self.network.client.shut_down(now, limit);
        if let Some(screen) = &mut self.screen {
            screen.editor().close();
        }
        // The rest of the time belongs to the summary.
        self.pictures.end();
        self.take_events(now);
    }
}

async fn next_line(input: &mut Option<mpsc::Receiver<Line>>) -> Option<Line> {
    match input {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}

async fn written(snapshot: &mut Option<Snapshot>) -> String {
    match snapshot {
        Some(snapshot) => snapshot.done().await,
        None => std::future::pending().await,
    }
}

async fn heard(sound: &mut Option<Sound>) -> String {
    match sound {
        Some(sound) => sound.news().await,
        None => std::future::pending().await,
    }
}

async fn logged(logbook: &mut Option<Logbook>) -> String {
    match logbook {
        Some(logbook) => logbook.next().await,
        None => std::future::pending().await,
    }
}

async fn next_news(recording: &mut Option<Recording>) -> News {
    match recording {
        Some(recording) => recording.news().await,
        None => std::future::pending().await,
    }
}
