//! The editor: what each key does to the line, and what the shell has to do for it.

use std::collections::VecDeque;
use std::time::Duration;

use crossterm::event::Event;
use protocol::time::Time;
use protocol::wire::CatalogEntry;

use super::Look;
use super::buffer::{Buffer, Reach};
use super::completion::{Completion, Known};
use super::history::History;
use super::keys::{Key, meaning};
use super::layout::{Frame, Size, View};
use super::search::Search;
use crate::shell::command::LINE_LEN_MAX;

const PROMPT: &str = "framecast> ";
/// A second Ctrl-C within this time leaves.
const TWICE: Duration = Duration::from_secs(2);
/// A catalog is asked for no more often than this, however often Tab is pressed.
const CATALOG_AGE: Duration = Duration::from_secs(2);

/// How the editor behaves where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Manners {
    /// What the terminal can show.
    pub look: Look,
    /// Whether Docker or its like is between the terminal and the client: then one can detach.
    pub contained: bool,
    /// Whether Ctrl-D in an empty line leaves.
    pub eof_quits: bool,
}

/// What the shell has to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Say these lines above the prompt; none of them may be lost.
    Say(String),
    /// Carry out the commands of this text, of one line or several.
    Enter(String),
    /// Ask the broker for its catalog, without a word, for [`Editor::learn`].
    AskCatalog,
    /// Stop the process until it is continued.
    Suspend,
    /// Leave; at once where that goes on already.
    Quit,
}

/// The line editor.
#[derive(Debug)]
pub struct Editor {
    manners: Manners,
    size: Size,
    buffer: Buffer,
    history: History,
    search: Option<Search>,
    known: Known,
    /// When the catalog was last asked for.
    asked: Option<Time>,
    /// The line in which Tab has found nothing: it is looked at again when the catalog comes.
    tried: Option<String>,
    interrupted: Option<Time>,
    status: String,
    closed: bool,
    repaints: u32,
    clears: u32,
    actions: VecDeque<Action>,
}

impl Editor {
    /// An editor of an empty line.
    pub fn new(manners: Manners, size: Size, history: History) -> Self {
        Self {
            manners,
            size,
            buffer: Buffer::default(),
            history,
            search: None,
            known: Known::default(),
            asked: None,
            tried: None,
            interrupted: None,
            status: String::new(),
            closed: false,
            repaints: 0,
            clears: 0,
            actions: VecDeque::new(),
        }
    }

    /// Takes a key, a paste or a new size. [`Editor::poll_action`] and [`Editor::frame`] have the consequences.
    pub fn handle_event(&mut self, now: Time, event: &Event) {
        match event {
            Event::Resize(columns, rows) => {
                self.size = Size::new(*columns, *rows);
                self.repaint();
            }
            Event::Paste(text) => self.paste(text),
            Event::Key(key) => {
                if let Some(key) = meaning(*key) {
                    self.handle_key(now, key);
                }
            }
            Event::FocusGained | Event::FocusLost | Event::Mouse(_) => {}
        }
    }

    /// The newest catalog of the broker.
    pub fn learn(&mut self, catalog: &[CatalogEntry]) {
        self.known.learn(catalog);
        if self.tried.take().is_some_and(|line| line == self.buffer.text()) {
            self.complete();
        }
    }

    /// The subscriptions that stand.
    pub fn set_subscribed(&mut self, subscribed: Vec<protocol::id::Target>) {
        self.known.subscribed = subscribed;
    }

    /// What the row below the prompt says.
    pub fn set_status(&mut self, status: String) {
        self.status = status;
    }

    /// Paints everything anew: the terminal may show something else by now.
    pub const fn repaint(&mut self) {
        self.repaints = self.repaints.wrapping_add(1);
    }

    /// Somebody else than the keyboard wants the process to stop.
    pub fn suspend(&mut self) {
        self.actions.push_back(Action::Suspend);
    }

    /// Takes no further line and shows no prompt: the client is leaving.
    pub const fn close(&mut self) {
        self.closed = true;
    }

    /// What the shell has to do, until there is nothing more.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The lines of before, this session's included.
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// What is to be shown.
    pub fn frame(&self) -> Frame {
        let hint = self.hint().unwrap_or_default();
        let searching = self.search.as_ref().map(Search::prompt);
        let view = match (&self.search, &searching) {
            (Some(search), Some(prompt)) => {
                View { prompt, text: search.line(), cursor: search.cursor(), hint: "", status: &self.status }
            }
            _ => View {
                prompt: PROMPT,
                text: self.buffer.text(),
                cursor: self.buffer.cursor(),
                hint: &hint,
                status: &self.status,
            },
        };
        let frame = if self.closed { Frame::default() } else { view.lay_out(self.size, self.manners.look) };
        Frame { repaints: self.repaints, clears: self.clears, ..frame }
    }

    fn handle_key(&mut self, now: Time, key: Key) {
        let interrupted = self.interrupted.take();
        if key == Key::Interrupt {
            self.interrupt(now, interrupted);
        } else if !self.search_takes(key) && !self.closed {
            self.edit(now, key);
        }
    }

    fn edit(&mut self, now: Time, key: Key) {
        match key {
            Key::Insert(character) => self.insert(character.encode_utf8(&mut [0; 4])),
            Key::Go(Reach::Right | Reach::End) if self.buffer.is_at_end() => self.take_hint(),
            Key::Go(Reach::WordRight) if self.buffer.is_at_end() => self.take_hinted_word(),
            Key::Go(reach) => self.buffer.go(reach),
            Key::Delete(reach) => self.buffer.delete(reach),
            Key::Cut(reach) => self.buffer.cut(reach),
            Key::PasteCut => {
                if !self.buffer.paste_cut() {
                    self.refuse_long();
                }
            }
            Key::Older => {
                if let Some(line) = self.history.older(self.buffer.text()) {
                    self.buffer.set(line);
                }
            }
            Key::Newer => {
                if let Some(line) = self.history.newer() {
                    self.buffer.set(&line);
                }
            }
            Key::Search => self.search = Some(Search::begin(self.buffer.text().to_owned())),
            Key::Complete => {
                self.complete();
                self.ask(now);
            }
            Key::Enter => self.enter(),
            Key::Clear => self.clears = self.clears.wrapping_add(1),
            Key::EndOfInput if !self.buffer.is_empty() => self.buffer.delete(Reach::Right),
            Key::EndOfInput if self.manners.eof_quits => self.actions.push_back(Action::Quit),
            Key::EndOfInput => self.say_how_to_leave(),
            Key::Suspend => self.actions.push_back(Action::Suspend),
            Key::Interrupt | Key::Escape => {}
        }
    }

    /// Whether a search is going on and the key belongs to it. Another key ends it, with the found line to edit.
    fn search_takes(&mut self, key: Key) -> bool {
        let Some(search) = &mut self.search else { return false };
        match key {
            Key::Insert(character) => search.extend(&self.history, character),
            Key::Delete(Reach::Left) => search.shorten(&self.history),
            Key::Search => search.older(&self.history),
            _ => {
                let line = if key == Key::Escape || search.line().is_empty() {
                    &search.typed
                } else {
                    search.line()
                };
                self.buffer.set(line);
                self.search = None;
                return matches!(key, Key::Escape | Key::Complete);
            }
        }
        true
    }

    /// Line ends within a paste stay in the line and part commands there, as Enter would: nothing that was pasted
    /// is carried out before Enter is pressed. Those at its end are left out.
    fn paste(&mut self, text: &str) {
        if let Some(search) = self.search.take() {
            self.buffer.set(&search.typed);
        }
        if !self.closed {
            self.insert(text.trim_end_matches(['\r', '\n']));
        }
    }

    fn insert(&mut self, text: &str) {
        if !self.buffer.insert(text) {
            self.refuse_long();
        }
    }

    fn refuse_long(&mut self) {
        let limit =
            format!("error: a line has {LINE_LEN_MAX} bytes at most: give more with --exec or from a pipe\n");
        self.say(limit);
    }

    fn enter(&mut self) {
        let text = self.buffer.take();
        for line in text.split('\n') {
            self.say(format!("{PROMPT}{line}\n"));
            self.history.push(line);
        }
        if !text.trim().is_empty() {
            self.actions.push_back(Action::Enter(text));
        }
    }

    fn interrupt(&mut self, now: Time, before: Option<Time>) {
        if self.closed || before.is_some_and(|before| now.since(before) < TWICE) {
            self.actions.push_back(Action::Quit);
            return;
        }
        self.interrupted = Some(now);
        let search = self.search.take();
        let text = self.buffer.take();
        if search.is_none() && text.is_empty() {
            self.say_how_to_leave();
        } else {
            self.say(format!("{PROMPT}{}^C\n", text.replace('\n', "; ")));
        }
    }

    fn say_how_to_leave(&mut self) {
        let how = if self.manners.contained {
            "'quit' or Ctrl-C twice to leave, Ctrl-P Ctrl-Q to detach\n"
        } else {
            "'quit' or Ctrl-C twice to leave\n"
        };
        self.say(how.to_owned());
    }

    fn say(&mut self, lines: String) {
        self.actions.push_back(Action::Say(lines));
    }

    fn complete(&mut self) {
        let completion = Completion::of(self.buffer.before_cursor(), &self.known);
        if completion.is_empty() {
            self.tried = completion.is_id.then(|| self.buffer.text().to_owned());
            return;
        }
        match completion.insertion() {
            Some(text) => {
                let start = self.buffer.cursor() - completion.partial_len();
                self.buffer.replace_from(start, &text);
            }
            None => self.actions.push_back(Action::Say(completion.listing())),
        }
    }

    /// Asks for a newer catalog, for the next Tab or for this one.
    fn ask(&mut self, now: Time) {
        let is_fresh = self.asked.is_some_and(|asked| now.since(asked) < CATALOG_AGE);
        if Completion::of(self.buffer.before_cursor(), &self.known).is_id && !is_fresh {
            self.asked = Some(now);
            self.actions.push_back(Action::AskCatalog);
        }
    }

    /// What would probably follow: as in a line of before, else a command or an id.
    fn hint(&self) -> Option<String> {
        let line = self.buffer.text();
        let wanted = self.manners.look.colour && self.buffer.is_at_end() && !line.is_empty();
        if !wanted {
            return None;
        }
        let before = self.history.continuation(line).map(str::to_owned);
        before.or_else(|| Completion::of(line, &self.known).continuation().map(str::to_owned))
    }

    fn take_hint(&mut self) {
        if let Some(hint) = self.hint() {
            self.buffer.insert(&hint);
        }
    }

    fn take_hinted_word(&mut self) {
        if let Some(hint) = self.hint() {
            let word = hint.trim_start();
            let end = hint.len() - word.len() + word.find(char::is_whitespace).unwrap_or(word.len());
            self.buffer.insert(hint.get(..end).unwrap_or(&hint));
        }
    }
}
