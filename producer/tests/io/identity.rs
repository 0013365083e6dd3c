//! Two producers with one id.

use producer::io::{RunError, Settings};
use tokio::sync::oneshot;

use crate::broker::{Seen, TestBroker};
use crate::{during, run, settings, soon, test_card};

#[tokio::test]
async fn another_identity_gives_up_while_the_first_goes_on() {
    let mut broker = TestBroker::start();
    let first = run(settings(&broker.address(), b"key of the first", test_card()));
    let second = run(settings(&broker.address(), b"another key", test_card()));
    let refused = during(first, async {
        broker.until(|seen| matches!(seen, Seen::Live)).await;
        let refused = second.await.unwrap_err();
        broker.frames(1).await;
        refused
    });
    let refused = refused.await;
    assert!(matches!(refused, RunError::IdTaken(_)), "{refused}");
    let message = refused.to_string();
    assert!(message.contains("1AAA99") && message.contains("PRODUCER_KEY"), "{message}");
}

#[tokio::test]
async fn whoever_waits_for_a_producer_hears_that_it_is_live_or_that_it_never_will_be() {
    let mut broker = TestBroker::start();
    let (ready, is_live) = oneshot::channel();
    let first =
        Settings { ready: Some(ready), ..settings(&broker.address(), b"key of the first", test_card()) };
    let (ready, is_stranger_live) = oneshot::channel();
    let second = Settings { ready: Some(ready), ..settings(&broker.address(), b"another key", test_card()) };
    during(run(first), async {
        is_live.await.unwrap();
        broker.until(|seen| matches!(seen, Seen::Live)).await;
        assert!(run(second).await.is_err());
        assert!(is_stranger_live.await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_later_life_of_the_same_identity_takes_over_and_the_former_is_told() {
    let mut broker = TestBroker::start();
    let address = broker.address();
    let settings = || settings(&address, b"key", test_card());
    let superseded = soon(async {
        let former = run(settings());
        let later = async {
            let first = broker.frames(1).await.remove(0);
            let test = async {
                loop {
                    let frame = broker.frames(1).await.remove(0);
                    if frame.epoch != first.epoch {
                        return frame.epoch > first.epoch;
                    }
                }
            };
            assert!(during(run(settings()), test).await);
        };
        tokio::join!(former, later).0
    });
    let error = superseded.await.unwrap_err();
    assert!(matches!(error, RunError::Superseded(_)), "{error}");
}
