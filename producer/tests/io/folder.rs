//! Folders, from the disk to the viewer.

use std::fs;
use std::path::Path;

use producer::io::RunError;
use producer::source::{Playback, SourceError, Video};
use protocol::wire::Code;

use crate::broker::{Seen, TestBroker};
use crate::{beside, run, settings, soon, source};

/// Writes frames of a few bytes and of many datagrams; gives their contents.
fn film(folder: &Path, frames: usize) -> Vec<Vec<u8>> {
    let contents = (1..=frames).map(|number| {
        let data: Vec<u8> = (0..=250).cycle().skip(number).take(number * number * 97).collect();
        fs::write(folder.join(format!("frame{number}.jpg")), &data).unwrap();
        data
    });
    contents.collect()
}

#[tokio::test]
async fn a_film_shown_once_arrives_whole_from_its_first_frame_to_its_last_and_then_ends() {
    let folder = tempfile::tempdir().unwrap();
    let film = film(folder.path(), 30);
    let mut broker = TestBroker::start();
    let input = source(Video::Folder(folder.path().to_owned()), 60.0, Playback::Once);
    let (ended, frames) = beside(run(settings(&broker.address(), b"key", input)), async {
        let frames = broker.frames(film.len()).await;
        assert!(matches!(broker.until(|seen| matches!(seen, Seen::Ended(_))).await, Seen::Ended(Code::Ok)));
        broker.until(|seen| matches!(seen, Seen::Sessions(1))).await;
        frames
    })
    .await;
    for (position, (frame, original)) in frames.iter().zip(&film).enumerate() {
        assert!(frame.data == original[..], "frame {position} differs");
        let first = frames[0].number;
        assert_eq!(frame.number.0.wrapping_sub(first.0) as usize, position);
    }
    let summary = ended.unwrap();
    let track = summary.tracks[0];
    assert_eq!((track.published, track.unsent, track.refused), (30, 0, 0));
    assert_eq!(track.bytes, film.iter().map(|frame| frame.len() as u64).sum::<u64>());
    let counters = track.broker.expect("the broker's report");
    assert_eq!((counters.expected, counters.lost, counters.late), (30, 0, 0));
    assert!(counters.add_up());
}

#[tokio::test]
async fn an_empty_folder_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let input = source(Video::Folder(folder.path().to_owned()), 12.0, Playback::Loop);
    let error = soon(run(settings("127.0.0.1:9", b"key", input))).await.unwrap_err();
    assert!(matches!(&error, RunError::Source(SourceError::EmptyFolder { .. })), "{error}");
    assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
}

#[tokio::test]
async fn a_folder_without_one_usable_file_ends_the_producer_with_goodbye() {
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=3 {
        fs::write(folder.path().join(format!("frame{number}.jpg")), b"").unwrap();
    }
    let mut broker = TestBroker::start();
    let input = source(Video::Folder(folder.path().to_owned()), 60.0, Playback::Loop);
    let (ended, ()) = beside(run(settings(&broker.address(), b"key", input)), async {
        broker.until(|seen| matches!(seen, Seen::Live)).await;
        assert!(matches!(broker.until(|seen| matches!(seen, Seen::Ended(_))).await, Seen::Ended(Code::Ok)));
    })
    .await;
    let error = ended.unwrap_err();
    assert!(matches!(&error, RunError::Source(SourceError::NothingUsable { files: 3, .. })), "{error}");
}
