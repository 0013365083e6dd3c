use std::time::{Duration, Instant};

use protocol::wire::{Code, Message};
use tokio::sync::oneshot;

use broker::io::run;

use crate::peer::Peer;
use crate::{broker, settings};

#[tokio::test]
async fn a_stop_says_close_to_every_session_and_ends_within_a_second() {
    for workers in [1, 3] {
        let broker = broker(workers);
        let peers: Vec<Peer> = (0..9).map(|_| Peer::of(broker.local_addr())).collect();
        for peer in &peers {
            peer.open();
        }
        let before = Instant::now();
        broker.stop().await.unwrap();
        assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
        for peer in &peers {
            let (answer, _) = peer.receive();
            let Message::Close(close) = answer.message else { panic!("{answer:?}") };
            assert_eq!(close.code, Code::Shutdown);
        }
    }
}

#[tokio::test]
async fn a_broker_that_is_dropped_says_close_as_well() {
    let broker = broker(3);
    let peer = Peer::of(broker.local_addr());
    peer.open();
    drop(broker);
    assert!(matches!(peer.receive().0.message, Message::Close(_)));
}

#[tokio::test]
async fn a_run_ends_well_when_it_is_told_to_shut_down() {
    let (stop, told) = oneshot::channel::<()>();
    drop(stop);
    run(&settings(3), async { drop(told.await) }).await.unwrap();
}
