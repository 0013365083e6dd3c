//! How a producer stops.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use producer::io::RunError;
use producer::source::{Playback, Video};
use protocol::wire::Code;
use tokio::sync::oneshot;

use crate::broker::{Seen, TestBroker};
use crate::{beside, settings, soon, source, test_card};

#[tokio::test]
async fn who_is_asked_to_stop_says_goodbye_within_a_second() {
    let mut broker = TestBroker::start();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async { stopped.await.unwrap() };
    let settings = settings(&broker.address(), b"key", test_card());
    let ((ended, ended_at), asked_at) =
        beside(async { (producer::io::run(settings, shutdown).await, Instant::now()) }, async {
            broker.frames(2).await;
            stop.send(()).unwrap();
            let asked_at = Instant::now();
            let end = broker.until(|seen| matches!(seen, Seen::Ended(_))).await;
            assert!(matches!(end, Seen::Ended(Code::Ok)), "{end:?}");
            broker.until(|seen| matches!(seen, Seen::Sessions(1))).await;
            asked_at
        })
        .await;
    ended.unwrap();
    let took = ended_at.duration_since(asked_at);
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn an_absent_broker_holds_nothing_up_and_its_frames_are_counted() {
    // Bound and never read: nobody answers there.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=3 {
        std::fs::write(folder.path().join(format!("frame{number}.jpg")), b"picture").unwrap();
    }
    let input = source(Video::Folder(folder.path().to_owned()), 60.0, Playback::Once);
    let settings = settings(&silent.local_addr().unwrap().to_string(), b"key", input);
    let summary = soon(crate::run(settings)).await.unwrap();
    assert_eq!((summary.tracks[0].published, summary.tracks[0].unsent), (3, 3));
}

#[tokio::test]
async fn a_broker_that_nobody_can_find_is_told_from_one_that_is_misspelt() {
    let unknown = soon(crate::run(settings("no\0where", b"key", test_card()))).await.unwrap_err();
    assert!(matches!(unknown, RunError::UnknownBroker(_)), "{unknown}");
    let misspelt = soon(crate::run(settings("localhost:port", b"key", test_card()))).await.unwrap_err();
    assert!(matches!(misspelt, RunError::BadBroker(_)), "{misspelt}");
    assert!(misspelt.to_string().contains("localhost:port"), "{misspelt}");
}
