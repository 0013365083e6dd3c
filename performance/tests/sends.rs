//! How many sends the broker needs for what it has to say.

use performance::Stage;

const VIEWERS: usize = 3;
/// Frames until the path counts as calm.
const WARM_UP: usize = 60;
/// Eight seconds of frames.
const FRAMES: usize = 96;

/// Sends of the broker while it gives out [`FRAMES`] of so many bytes, CLOCK_ACK included.
fn sends(frame_bytes: usize) -> usize {
    let mut stage = Stage::new(VIEWERS, frame_bytes);
    let mut play = |frames: usize| -> usize {
        let turn = |_| {
            let frame = stage.next_frame();
            stage.broker_takes(&frame);
            stage.broker_ticks();
            let sends = stage.broker_sends();
            stage.viewers_hear();
            let said = stage.viewers_say();
            stage.broker_hears(&said);
            sends
        };
        (0..frames).map(turn).sum()
    };
    play(WARM_UP);
    play(FRAMES)
}

#[test]
fn a_heartbeat_takes_no_send_of_its_own_behind_a_frame_of_one_datagram() {
    let (one, several) = (sends(1_000), sends(2_000));
    assert!(one >= VIEWERS * FRAMES, "{one}");
    let heartbeats = several - one;
    assert!((VIEWERS * 3..=VIEWERS * 5).contains(&heartbeats), "{heartbeats}: one per viewer in two seconds");
}
