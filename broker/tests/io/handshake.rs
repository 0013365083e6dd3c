use protocol::limits::LEASE;
use protocol::wire::Message;

use crate::broker;
use crate::peer::Peer;

#[tokio::test]
async fn a_hello_draws_a_retry_and_its_cookie_a_session_at_the_worker_it_came_to() {
    for workers in [1, 3] {
        let broker = broker(workers);
        for _ in 0..8 {
            let (session, welcome) = Peer::of(broker.local_addr()).open();
            assert!(session.worker() < workers, "{session:?} of {workers} workers");
            assert_eq!(welcome.lease, LEASE);
            assert!(welcome.broker_time.as_micros() > 0);
        }
        broker.stop().await.unwrap();
    }
}

/// The kernel spreads these sixteen addresses over all workers; the session belongs to one of them.
#[tokio::test]
async fn a_session_is_served_whichever_worker_its_datagrams_reach() {
    for workers in [1, 3] {
        let broker = broker(workers);
        let peer = Peer::of(broker.local_addr());
        let (session, _) = peer.open();
        for number in 2..18 {
            let challenge = [u8::try_from(number).unwrap(); 8];
            Peer::of(broker.local_addr()).send(session, number, &Message::PathChallenge(challenge));
            peer.expect(|message| (*message == Message::PathResponse(challenge)).then_some(()));
        }
        broker.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_hello_that_is_repeated_finds_its_session_again() {
    let broker = broker(3);
    let peer = Peer::of(broker.local_addr());
    assert_eq!(peer.open().0, peer.open().0);
    broker.stop().await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_replayed_is_not_answered() {
    let broker = broker(1);
    let peer = Peer::of(broker.local_addr());
    let (session, _) = peer.open();
    for number in [2, 2, 3] {
        peer.send(session, u32::from(number), &Message::PathChallenge([number; 8]));
    }
    let answer = |message: &Message| match message {
        Message::PathResponse(data) => Some(*data),
        _ => None,
    };
    assert_eq!([peer.expect(answer), peer.expect(answer)], [[2; 8], [3; 8]]);
    broker.stop().await.unwrap();
}
