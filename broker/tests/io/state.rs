use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use broker::io::{Running, Settings, StartError};
use protocol::limits::TOKEN_LEN;
use protocol::wire::Message;

use crate::peer::{Peer, feedback};
use crate::settings;

/// A broker that keeps its state in `dir`, if anywhere.
fn start(dir: Option<&Path>, workers: u8) -> Result<Running, StartError> {
    Running::start(&Settings { state_dir: dir.map(PathBuf::from), ..settings(workers) })
}

/// The token that a session is granted by one broker, and the one in the reset that the next broker sends to it.
async fn tokens_across_a_restart(dir: Option<&Path>, workers: u8) -> [[u8; TOKEN_LEN]; 2] {
    let former = start(dir, workers).unwrap();
    let (session, welcome) = Peer::of(former.local_addr()).open();
    former.stop().await.unwrap();

    let broker = start(dir, workers).unwrap();
    let stranger = Peer::of(broker.local_addr());
    let asked = stranger.send(session, 2, &feedback());
    let (answer, answered) = stranger.receive();
    let Message::Reset(token) = answer.message else { panic!("{answer:?}") };
    assert_eq!(answer.header.session, session);
    assert!(answered < asked, "a reset of {answered} bytes for {asked}");
    broker.stop().await.unwrap();
    [welcome.reset_token, token]
}

#[tokio::test]
async fn with_state_a_session_of_before_the_restart_recognises_the_reset() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("state");
    for workers in [1, 3] {
        let [granted, reset] = tokens_across_a_restart(Some(&dir), workers).await;
        assert_eq!(granted, reset);
    }
    let key = fs::metadata(dir.join("reset.key")).unwrap();
    assert_eq!((key.len(), key.permissions().mode() & 0o7777), (32, 0o600));
}

#[tokio::test]
async fn without_state_nobody_can_take_the_reset_for_the_former_brokers() {
    let [granted, reset] = tokens_across_a_restart(None, 1).await;
    assert_ne!(granted, reset);
}

#[tokio::test]
async fn a_key_that_others_can_read_is_refused_before_anything_is_bound() {
    let home = tempfile::tempdir().unwrap();
    start(Some(home.path()), 1).unwrap().stop().await.unwrap();
    let path = home.path().join("reset.key");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let error = start(Some(home.path()), 1).err().expect("the broker started").to_string();
    assert!(error.contains(path.to_str().unwrap()) && error.contains("0644"), "{error}");
}
