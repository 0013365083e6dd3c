use std::time::Duration;

use protocol::time::Time;

use super::theatre::{Theatre, jpeg};
use crate::view::budget::BYTES_PER_SECOND;
use crate::view::{CellSize, Palette, Picture, Renderer};

const SECONDS: usize = 12;

/// Noise that changes with each frame: nothing costs more.
fn noise(seed: u32, width: usize, height: usize) -> Picture {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let blocks: Vec<u8> = (0..width / 8 * height / 8 * 3)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect();
    let pixels = (0..width * height).flat_map(|at| {
        let (x, y) = (at % width / 8, at / width / 8);
        let index = (y * (width / 8) + x) * 3;
        [blocks[index], blocks[index + 1], blocks[index + 2]]
    });
    Picture::new(width, height, pixels.collect()).unwrap()
}

/// Plays noise as the thread of the terminal does: the newest frame when its time has come.
fn play(theatre: &mut Theatre, per_second: u64) -> (Vec<(Time, usize)>, usize) {
    let frames: Vec<Vec<u8>> = (0..8).map(|seed| jpeg(&noise(seed, 640, 480))).collect();
    let begin = theatre.now;
    let (mut writes, mut shown) = (Vec::new(), 0);
    let mut waiting = None;
    for tick in 0..(SECONDS as u64 * 1_000 / 5) {
        theatre.now = begin + Duration::from_millis(tick * 5);
        if tick * 5 * per_second / 1_000 != (tick + 1) * 5 * per_second / 1_000 {
            waiting = Some(&frames[usize::try_from(tick).unwrap() / 16 % frames.len()]);
        }
        let is_due = theatre.stage.poll_timeout(theatre.now).is_none();
        if let Some(frame) = waiting.filter(|_| is_due) {
            waiting = None;
            theatre.stage.take(super::theatre::producer("1AAA99"), frame);
            shown += 1;
            theatre.show_page();
            writes.push((theatre.now, theatre.bytes.len()));
        }
    }
    (writes, shown)
}

#[test]
fn the_wildest_picture_stays_within_its_bytes_in_every_second_and_above_six_frames() {
    for (rate, size) in [(12, (160, 45)), (25, (160, 45)), (12, (240, 67))] {
        let mut theatre = Theatre::new(size, &["1AAA99"]);
        let (writes, shown) = play(&mut theatre, rate);
        for (index, (begin, _)) in writes.iter().enumerate() {
            let second =
                writes[index..].iter().take_while(|(at, _)| at.since(*begin) < Duration::from_secs(1));
            let bytes: usize = second.map(|(_, bytes)| bytes).sum();
            assert!(bytes <= BYTES_PER_SECOND, "{bytes} bytes in a second, at {size:?}");
        }
        assert!(shown >= SECONDS * 6, "{shown} frames in {SECONDS} s, at {size:?}");
        let notice = theatre.stage.figures().notice;
        assert_eq!(notice, Some("256 colours, fewer frames"), "colours first, then frames, and it is said");
    }
}

#[test]
fn pictures_that_are_written_whole_become_so_small_that_they_stay_within_their_bytes_too() {
    // A picture that is too large is known only when it is written: the first seconds pay for that.
    const LEARNING: Duration = Duration::from_secs(4);
    for renderer in [Renderer::Sixel, Renderer::Kitty, Renderer::Iterm] {
        let mut theatre = Theatre::new((160, 45), &["1AAA99"]);
        theatre.cell = CellSize::of(160, 45, 1_600, 900);
        theatre.page.resize(theatre.size, theatre.cell);
        theatre.stage.choose(renderer, Palette::FULL);
        let begin = theatre.now + LEARNING;
        let (writes, shown) = play(&mut theatre, 12);
        for (index, (from, _)) in writes.iter().enumerate().filter(|(_, (at, _))| *at >= begin) {
            let second =
                writes[index..].iter().take_while(|(at, _)| at.since(*from) < Duration::from_secs(1));
            let bytes: usize = second.map(|(_, bytes)| bytes).sum();
            assert!(bytes <= BYTES_PER_SECOND, "{renderer}: {bytes} bytes in a second");
        }
        assert!(shown >= SECONDS * 6, "{renderer}: {shown} frames in {SECONDS} s");
    }
}

#[test]
fn a_calm_picture_gets_its_colours_back() {
    let mut theatre = Theatre::new((160, 45), &["1AAA99"]);
    play(&mut theatre, 12);
    assert!(theatre.stage.figures().notice.is_some());
    let calm = super::theatre::frame([90, 120, 40]);
    for _ in 0..600 {
        theatre.pass(Duration::from_millis(150));
        theatre.play("1AAA99", &calm);
    }
    assert_eq!(theatre.stage.figures().notice, None);
    assert!(theatre.shows(80, 20, [90, 120, 40]));
}
