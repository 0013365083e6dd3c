//! The producer's shell over real sockets, against the broker's engine and one viewer.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these tests are about real sockets, threads and clocks"
)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

mod broker;
mod ending;
mod folder;
mod identity;
mod pipe;

use std::future::{Future, pending};
use std::time::Duration;

use producer::io::{Identity, Input, Settings};
use producer::source::{FrameRate, Playback, SourceOptions, Video};

use broker::{Seen, TestBroker};

/// The producer of every test.
const ID: &str = "1AAA99";
/// What has not happened by then never will.
const GUARD: Duration = Duration::from_secs(20);

async fn soon<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(GUARD, event).await.expect("nothing happened")
}

/// Runs a producer beside a test that watches it: the results of both.
async fn beside<A, B>(producer: impl Future<Output = A>, test: impl Future<Output = B>) -> (A, B) {
    soon(async { tokio::join!(producer, test) }).await
}

/// Gives what `test` finds while the producer runs; that one must not end by itself.
async fn during<A: std::fmt::Debug, B>(
    producer: impl Future<Output = A>,
    test: impl Future<Output = B>,
) -> B {
    soon(async {
        tokio::select! {
            ended = producer => panic!("the producer ended: {ended:?}"),
            found = test => found,
        }
    })
    .await
}

fn settings(broker: &str, key: &[u8], input: Input) -> Settings {
    let identity = Identity {
        id: ID.parse().unwrap(),
        name: "Door".to_owned(),
        key: Some(key.to_vec()),
        datagram_size: 1_200,
    };
    Settings {
        broker: broker.to_owned(),
        local: None,
        delay: Duration::ZERO,
        input,
        identity,
        thins: true,
        ready: None,
    }
}

fn source(video: Video, rate: f64, playback: Playback) -> Input {
    Input::Source(SourceOptions {
        video,
        audio: None,
        rate: FrameRate::new(rate).unwrap(),
        playback,
        max_frame_bytes: 4 << 20,
    })
}

fn test_card() -> Input {
    source(Video::TestCard { id: ID.to_owned(), name: "Door".to_owned() }, 12.0, Playback::Loop)
}

async fn run(settings: Settings) -> Result<producer::io::Summary, producer::io::RunError> {
    producer::io::run(settings, pending()).await
}

#[tokio::test]
async fn a_test_card_is_live_at_once_and_its_pictures_arrive() {
    let mut broker = TestBroker::start();
    let started = std::time::Instant::now();
    let frames = during(run(settings(&broker.address(), b"key", test_card())), async {
        broker.until(|seen| matches!(seen, Seen::Live)).await;
        let first = started.elapsed();
        assert!(first < Duration::from_secs(1), "live after {first:?}");
        broker.frames(3).await
    });
    for frame in frames.await {
        assert!(frame.data.starts_with(b"\xFF\xD8\xFF") && frame.data.ends_with(b"\xFF\xD9"));
        assert_eq!(frame.extension.as_str(), "jpg");
    }
}
