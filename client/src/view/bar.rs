//! The row that says how a channel does.

use protocol::id::ProducerId;

use super::cell::{Cell, Style};
use super::facts::Facts;
use super::scene::Scene;
use crate::shell::echo::Echo;
use crate::shell::output::units::{bit_rate, frame_rate, percent, span, span_or_dash};

/// Writes the bar of a channel into a row. What does not fit is left out, the least telling first.
pub(super) fn write(scene: &mut Scene, row: u16, facts: &Facts<'_>, producer: ProducerId, is_paused: bool) {
    let blank = Cell::styled(' ', Style::Reverse);
    for column in 0..scene.columns {
        scene.set(column, row, blank);
    }
    let mut column = 1;
    for (index, part) in parts(facts, producer, is_paused).into_iter().enumerate() {
        let text = if index == 0 { part } else { format!(" | {part}") };
        let width = u16::try_from(unicode_width::UnicodeWidthStr::width(text.as_str())).unwrap_or(u16::MAX);
        // Half a figure is a wrong one. The name alone is cut.
        if index > 0 && width > scene.columns.saturating_sub(column) {
            break;
        }
        column = scene.write(column, row, scene.columns, &text, blank);
    }
}

/// What the bar says, the most telling first.
pub(super) fn parts(facts: &Facts<'_>, producer: ProducerId, is_paused: bool) -> Vec<String> {
    let mut parts = Vec::new();
    let shown = facts.shown(producer);
    let name = facts.video(producer).map(|video| video.name.as_str()).filter(|name| !name.is_empty());
    let name = name.map(|name| format!(" \"{}\"", Echo(name))).unwrap_or_default();
    let size = shown.size.map(|(width, height)| format!(" {width}x{height}")).unwrap_or_default();
    parts.push(format!("{producer}{name}{size}"));
    parts.extend(is_paused.then(|| "PAUSED".to_owned()));
    parts.extend(facts.is_idle.then(|| "IDLE: press a key".to_owned()));
    parts.extend((!facts.snapshot.connected).then(|| "NOT CONNECTED".to_owned()));
    parts.extend(facts.is_recording.then(|| "REC".to_owned()));
    let Some(video) = facts.video(producer) else { return parts };
    parts.push(format!(
        "{} of {}",
        frame_rate(facts.rates.shown(producer)).trim_end_matches("/s"),
        frame_rate(video.frames_per_second)
    ));
    parts.extend(facts.figures.notice.map(str::to_owned));
    parts.extend((shown.broken > 0).then(|| format!("{} broken", shown.broken)));
    parts.push(bit_rate(video.bits_per_second));
    let repaired = video.counters.repaired_arq + video.counters.repaired_fec;
    parts.push(format!("loss {} repaired {repaired}", percent(video.loss)));
    parts.push(format!("latency {} of {}", span_or_dash(shown.lag), span(video.latency)));
    parts.push(format!("rtt {}", span_or_dash(facts.snapshot.rtt)));
    parts
}
