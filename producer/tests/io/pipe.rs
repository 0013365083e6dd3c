//! Pictures from a pipe.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, channel};

use producer::io::{Input, RunError};
use protocol::wire::Code;

use crate::broker::{Seen, TestBroker};
use crate::{beside, run, settings, soon};

/// The reading end of a pipe whose writer is the test.
struct Camera(Receiver<Vec<u8>>);

impl Read for Camera {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Ok(bytes) = self.0.recv() else { return Ok(0) };
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

fn picture(number: u8) -> Vec<u8> {
    [b"\xFF\xD8\xFF\xDA\x00\x02 picture ", &[number; 5_000][..], b"\xFF\xD9"].concat()
}

#[tokio::test]
async fn pictures_of_a_pipe_arrive_as_they_come_and_its_end_is_the_end() {
    let mut broker = TestBroker::start();
    let (camera, pictures) = channel();
    let input = Input::Mjpeg(Box::new(Camera(pictures)));
    let (ended, ()) = beside(run(settings(&broker.address(), b"key", input)), async {
        broker.until(|seen| matches!(seen, Seen::Live)).await;
        for number in 1..=5 {
            camera.send(picture(number)).unwrap();
            assert_eq!(broker.frames(1).await[0].data, picture(number));
        }
        drop(camera);
        assert!(matches!(broker.until(|seen| matches!(seen, Seen::Ended(_))).await, Seen::Ended(Code::Ok)));
    })
    .await;
    let summary = ended.unwrap();
    assert_eq!(summary.media.pipe.stream.pictures, 5);
    assert_eq!((summary.tracks[0].published, summary.tracks[0].unsent), (5, 0));
}

#[tokio::test]
async fn a_pipe_without_a_picture_is_an_error_that_says_so() {
    let broker = TestBroker::start();
    let input = Input::Mjpeg(Box::new(io::Cursor::new(b"ffmpeg: no such device")));
    let error = soon(run(settings(&broker.address(), b"key", input))).await.unwrap_err();
    assert!(matches!(error, RunError::NoPicture { bytes: 22 }), "{error}");
}
