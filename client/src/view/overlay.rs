//! Boxes of text before the pictures: the keys, the figures.

use protocol::id::ProducerId;

use super::area::Area;
use super::cell::{Cell, Ink};
use super::facts::Facts;
use super::scene::Scene;
use crate::shell::output::units::{bit_rate, byte_rate, frame_rate, percent, span, span_or_dash};

/// Nearly black: not the terminal's own colour, which would let the picture through.
const BACK: Ink = Ink::Index(235);
const FORE: Ink = Ink::Index(252);

/// The keys and what they do.
pub(super) const KEYS: [&str; 10] = [
    "space     pause, and back to the live picture",
    "1 to 9    the channel with that number",
    "arrows    the channel before, the next one",
    "g         all channels side by side, or one",
    "s         the picture as a file",
    "r         record, or stop recording",
    "i         the figures of the channel",
    "Ctrl-L    paint everything anew",
    "?         these keys",
    "q         leave",
];

/// Puts a box with these lines into the top left corner.
pub(super) fn write(scene: &mut Scene, lines: &[String]) {
    let longest = lines.iter().map(|line| line.chars().count()).max().unwrap_or_default();
    let width = u16::try_from(longest + 2).unwrap_or(u16::MAX).min(scene.columns);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(scene.height().saturating_sub(1));
    let style = Cell { fore: FORE, back: BACK, ..Cell::BLANK };
    scene.fill(Area::of_size(width, height), style);
    for (row, line) in (0..height).zip(lines) {
        scene.write(1, row, width, line, style);
    }
}

/// Everything that is known of a channel.
pub(super) fn statistics(facts: &Facts<'_>, producer: ProducerId) -> Vec<String> {
    let shown = facts.shown(producer);
    let mut lines = vec![format!("channel    {producer}")];
    if let Some(video) = facts.video(producer) {
        let counters = &video.counters;
        lines.extend([
            format!("received   {} {}", frame_rate(video.frames_per_second), bit_rate(video.bits_per_second)),
            format!("shown      {} broken {}", frame_rate(facts.rates.shown(producer)), shown.broken),
            format!(
                "frames     {} of {}",
                counters.direct + counters.repaired_arq + counters.repaired_fec,
                counters.expected
            ),
            format!("repaired   arq {} fec {}", counters.repaired_arq, counters.repaired_fec),
            format!("missed     late {} lost {} skipped {}", counters.late, counters.lost, counters.skipped),
            format!("loss       {} duplicates {}", percent(video.loss), counters.duplicates),
            format!("latency    {} of {}", span_or_dash(shown.lag), span(video.latency)),
            format!("first      {}", span_or_dash(video.first_frame)),
        ]);
    }
    lines.extend([
        format!("rtt        {} jitter {}", span_or_dash(facts.snapshot.rtt), span(facts.snapshot.jitter)),
        format!("terminal   {} {}", facts.renderer, byte_rate(facts.rates.bytes())),
        format!("given up   {}", facts.figures.notice.unwrap_or("nothing")),
    ]);
    lines
}
