//! The full screen as a scene: where each part is, and what is written there.

use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style as Look, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{
    Block, Borders, Paragraph, Row as TableRow, Sparkline, StatefulWidget, Table, TableState, Widget,
};

use super::channels::{COLUMNS, Row};
use super::history::Reading;
use super::{CommandLine, Keys, Top};
use crate::shell::output::units::{bit_rate, percent, span, span_or_dash};
use crate::view::area::Area;
use crate::view::cell::{COVERED, Cell, Style};
use crate::view::facts::Facts;
use crate::view::scene::{Scene, Tile};

/// Columns from which on there is a picture beside the table.
const COLUMNS_FOR_PICTURE: u16 = 64;
/// Rows from which on there are graphs; and those that they take.
const ROWS_FOR_GRAPHS: u16 = 18;
const GRAPH_ROWS: u16 = 5;
/// Rows from which on there is a log; and those that it takes.
const ROWS_FOR_LOG: u16 = 14;
const LOG_ROWS: u16 = 4;

const HELP: [&str; 11] = [
    "up, down  choose a channel",
    "Enter     subscribe to it, or no more",
    "/         show those with this in id or name",
    "o, O      sort by the next column; turn around",
    ":         a command, as in the shell",
    "space     hold the picture, and back to live",
    "s         the picture as a file",
    "r         record, or stop recording",
    "Ctrl-L    paint everything anew",
    "?         these keys",
    "q         leave",
];

/// Where each part is.
struct Plan {
    head: Rect,
    table: Rect,
    picture: Rect,
    graphs: Rect,
    log: Rect,
    line: Rect,
}

fn plan(columns: u16, rows: u16) -> Plan {
    let graphs = if rows >= ROWS_FOR_GRAPHS { GRAPH_ROWS } else { 0 };
    let log = if rows >= ROWS_FOR_LOG { LOG_ROWS } else { 0 };
    let parts = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(graphs),
        Constraint::Length(log),
        Constraint::Length(1),
    ]);
    let [head, middle, graphs, log, line] = parts.areas(Rect::new(0, 0, columns, rows));
    let beside = if columns >= COLUMNS_FOR_PICTURE { 50 } else { 0 };
    let parts = Layout::horizontal([Constraint::Min(0), Constraint::Percentage(beside)]);
    let [table, picture] = parts.areas(middle);
    Plan { head, table, picture, graphs, log, line }
}

/// The whole screen.
pub(super) fn scene(top: &Top, facts: &Facts<'_>, line: &CommandLine) -> Scene {
    let (columns, rows) = top.size;
    let plan = plan(columns, rows);
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    head(top, facts, plan.head, &mut buffer);
    table(top, plan.table, &mut buffer);
    graphs(top, plan.graphs, &mut buffer);
    log(top, plan.log, &mut buffer);
    foot(top, line, plan.line, &mut buffer);
    let mut scene = Scene::blank(columns, rows, 0, rows);
    (scene.cell, scene.repaints) = (top.cell, top.repaints);
    copy(&buffer, &mut scene, top.utf8);
    picture(top, facts, plan.picture, &mut scene);
    if top.has_help {
        crate::view::overlay::write(&mut scene, &HELP.map(str::to_owned));
    }
    scene
}

fn head(top: &Top, facts: &Facts<'_>, area: Rect, buffer: &mut Buffer) {
    let link = if facts.snapshot.connected { "connected" } else { "not connected" };
    let mut parts = vec![
        format!("broker {} {link}", facts.snapshot.broker),
        format!("rtt {}", span_or_dash(facts.snapshot.rtt)),
        count(top.channels.rows().len()),
    ];
    parts.extend(facts.is_recording.then(|| "REC".to_owned()));
    parts.extend(top.is_paused.then(|| "PAUSED".to_owned()));
    parts.extend(facts.is_idle.then(|| "IDLE: press a key".to_owned()));
    parts.extend(facts.figures.notice.map(str::to_owned));
    Paragraph::new(format!(" {}", parts.join(" | "))).reversed().render(area, buffer);
}

fn count(channels: usize) -> String {
    let plural = if channels == 1 { "" } else { "s" };
    format!("{channels} channel{plural}")
}

fn table(top: &Top, area: Rect, buffer: &mut Buffer) {
    let order = top.channels.order();
    // As many columns as fit, the first ones first.
    let mut room = area.width;
    let count = COLUMNS.iter().take_while(|(.., width)| {
        let fits = room >= *width;
        room = room.saturating_sub(width + 1);
        fits
    });
    let count = count.count();
    let names = COLUMNS.iter().take(count).map(|(column, name, _)| {
        if *column == order { Line::from(*name).underlined() } else { Line::from(*name) }
    });
    let rows = top.channels.rows();
    let lines = rows.iter().map(|row| {
        let line = TableRow::new(row.cells().into_iter().take(count));
        let is_live = row.playing.is_some_and(|playing| playing.is_live);
        if is_live { line } else { line.dim() }
    });
    let widths = COLUMNS.iter().take(count).map(|(.., width)| Constraint::Length(*width));
    let selected = top.producer();
    let place = rows.iter().position(|row: &&Row| Some(row.producer) == selected);
    let table = Table::new(lines, widths)
        .header(TableRow::new(names).bold())
        .column_spacing(1)
        .row_highlight_style(Look::new().add_modifier(Modifier::REVERSED));
    let mut state = TableState::new().with_selected(place);
    StatefulWidget::render(table, area, buffer, &mut state);
}

/// The four graphs of the chosen channel side by side.
fn graphs(top: &Top, area: Rect, buffer: &mut Buffer) {
    let Some(producer) = top.producer().filter(|_| area.height > 1) else { return };
    let newest = top.history.readings(producer).next_back().unwrap_or_default();
    let micros = std::time::Duration::from_micros;
    let titles = [
        format!("rate {}", bit_rate(newest.rate as f64)),
        format!("loss {}", percent(newest.loss as f64 / 1_000.0)),
        format!("latency {}", span(micros(newest.latency))),
        format!("rtt {}", span(micros(newest.rtt))),
    ];
    let figures: [fn(Reading) -> u64; 4] = [|one| one.rate, |one| one.loss, |one| one.latency, |one| one.rtt];
    let parts = Layout::horizontal([Constraint::Ratio(1, 4); 4]).spacing(1).split(area);
    for ((part, title), value) in parts.iter().zip(titles).zip(figures) {
        let columns = usize::from(part.width);
        let mut values: Vec<u64> = top.history.readings(producer).rev().take(columns).map(value).collect();
        values.reverse();
        let largest = values.iter().copied().max().unwrap_or_default().max(1);
        let block = Block::new().borders(Borders::TOP).title(title);
        Sparkline::default().block(block).data(values).max(largest).render(*part, buffer);
    }
}

fn log(top: &Top, area: Rect, buffer: &mut Buffer) {
    if area.height < 2 {
        return;
    }
    let lines: Vec<Line<'_>> = top.journal.newest(usize::from(area.height) - 1).map(Line::from).collect();
    Paragraph::new(lines).block(Block::new().borders(Borders::TOP).title("log")).render(area, buffer);
}

fn foot(top: &Top, line: &CommandLine, area: Rect, buffer: &mut Buffer) {
    let text = match top.keys {
        Keys::Command => line.text.clone(),
        Keys::Filter => format!("/{}", top.channels.filter()),
        Keys::Table if !top.channels.filter().is_empty() => {
            format!("/{}  Esc shows all | : command | ? keys | q leave", top.channels.filter())
        }
        Keys::Table => "Enter subscribe | / filter | o sort | : command | ? keys | q leave".to_owned(),
    };
    Paragraph::new(text).render(area, buffer);
    let cursor = match top.keys {
        Keys::Command => Some(line.cursor),
        Keys::Filter => u16::try_from(top.channels.filter().chars().count() + 1).ok(),
        Keys::Table => None,
    };
    // The terminal's own cursor is hidden.
    let cell = cursor.and_then(|column| buffer.cell_mut((area.x + column, area.y)));
    if let Some(cell) = cell {
        cell.set_style(Look::new().add_modifier(Modifier::REVERSED));
    }
}

fn picture(top: &Top, facts: &Facts<'_>, area: Rect, scene: &mut Scene) {
    let Some(producer) = top.producer().filter(|_| !area.is_empty()) else { return };
    let is_subscribed = facts.video(producer).is_some_and(|video| video.live);
    if !is_subscribed {
        // And no last picture, which would look like one that stands still.
        let note = format!("Enter subscribes to {producer}");
        let width = u16::try_from(note.len()).unwrap_or(u16::MAX).min(area.width);
        let column = area.x + (area.width - width) / 2;
        scene.write(column, area.y + area.height / 2, area.right(), &note, Cell::styled(' ', Style::Dim));
        return;
    }
    let note = facts.note(producer);
    let area = Area { column: area.x, row: area.y, columns: area.width, rows: area.height };
    scene.tiles.push(Tile { producer, area, note });
}

/// What ratatui has written. A part without symbols has no say in what the picture shows.
fn copy(buffer: &Buffer, scene: &mut Scene, utf8: bool) {
    for row in 0..buffer.area.height {
        let mut covered = false;
        for column in 0..buffer.area.width {
            let Some(cell) = buffer.cell((column, row)) else { continue };
            let mut symbols = cell.symbol().chars();
            let symbol = symbols.next().unwrap_or(' ');
            let symbol = if utf8 { symbol } else { plain(symbol) };
            let style = match cell.modifier {
                modifier if modifier.contains(Modifier::REVERSED) => Style::Reverse,
                modifier if modifier.contains(Modifier::DIM) => Style::Dim,
                modifier if modifier.intersects(Modifier::BOLD | Modifier::UNDERLINED) => Style::Bold,
                _ => Style::Plain,
            };
            let symbol = if std::mem::take(&mut covered) { COVERED } else { symbol };
            covered = unicode_width::UnicodeWidthChar::width(symbol) == Some(2);
            let is_blank = symbol == ' ' && style != Style::Reverse;
            scene.set(column, row, if is_blank { Cell::BLANK } else { Cell::styled(symbol, style) });
        }
    }
}

/// The symbol where only ASCII is shown.
const fn plain(symbol: char) -> char {
    match symbol {
        '─' => '-',
        '│' => '|',
        '▁' | '▂' | '▃' => '.',
        '▄' | '▅' | '▆' => ':',
        '▇' | '█' => '#',
        _ if symbol.is_ascii() => symbol,
        _ => '?',
    }
}
