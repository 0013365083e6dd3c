//! A recording and its thread: the disk may be slow, the network does not wait for it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::sync::mpsc;

use crate::engine::event::Frame;
use crate::shell::recorder::{Outcome, RecordCounters, RecordFault, Recorder};

/// Frames that may wait for the disk: some seconds of a dozen streams.
const FRAMES_MAX: usize = 1_024;
/// Bytes of frames that may wait for the disk: what a stalled disk may cost of memory.
const BYTES_MAX: usize = 64 << 20;

/// A recording, seen from the loop.
pub(super) struct Recording {
    folder: PathBuf,
    /// `None` once the recording is being finished.
    frames: Option<mpsc::Sender<Frame>>,
    waiting_bytes: Arc<AtomicUsize>,
    reports: mpsc::UnboundedReceiver<Report>,
    started: bool,
    written: RecordCounters,
    left_out: u64,
    /// Of these, those of the shortage that was told and is not over.
    shortage: u64,
}

/// Something that the loop has to know of a recording.
#[derive(Debug)]
pub(super) enum News {
    /// The folder takes files.
    Started,
    /// It does not; the recording is over.
    NotStarted(RecordFault),
    /// A kind of trouble has begun.
    Failed(RecordFault),
    /// It is over, and so many frames are missing.
    Resumed {
        /// Frames that the trouble cost.
        missed: u64,
    },
    /// Everything is written.
    Finished,
}

/// What the thread reports: counters with everything, so that news and figures agree.
struct Report {
    counters: RecordCounters,
    news: Option<News>,
}

impl Recording {
    /// A recording whose folder is known to take files.
    pub(super) fn of(recorder: Recorder) -> io::Result<Self> {
        let folder = recorder.folder().to_owned();
        let mut recording = Self::begin(folder, move |_| Some(recorder))?;
        recording.started = true;
        Ok(recording)
    }

    /// A recording below `folder`. [`News::Started`] or [`News::NotStarted`] follows.
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        Self::begin(folder.clone(), move |news| match Recorder::start(&folder) {
            Ok(recorder) => {
                report(news, RecordCounters::default(), Some(News::Started));
                Some(recorder)
            }
            Err(fault) => {
                report(news, RecordCounters::default(), Some(News::NotStarted(fault)));
                None
            }
        })
    }

    fn begin(
        folder: PathBuf,
        start: impl FnOnce(&mpsc::UnboundedSender<Report>) -> Option<Recorder> + Send + 'static,
    ) -> io::Result<Self> {
        let (frames, queue) = mpsc::channel(FRAMES_MAX);
        // Unbounded, because the loop never waits for the thread nor it for the loop: it holds one report for each
        // written frame at the most, and frames come through the loop.
        let (sender, reports) = mpsc::unbounded_channel();
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let waiting = Arc::clone(&waiting_bytes);
        thread::Builder::new().name("recorder".to_owned()).spawn(move || {
            if let Some(recorder) = start(&sender) {
                write_all(recorder, queue, &waiting, &sender);
            }
        })?;
        let written = RecordCounters::default();
        let frames = Some(frames);
        Ok(Self { folder, frames, waiting_bytes, reports, started: false, written, left_out: 0, shortage: 0 })
    }

    /// The folder of the recording.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What was written so far, and what was not.
    pub(super) fn counters(&self) -> RecordCounters {
        RecordCounters { not_written: self.written.not_written + self.left_out, ..self.written }
    }

    /// Whether its folder takes files.
    pub(super) const fn is_started(&self) -> bool {
        self.started
    }

    /// Whether it is being started or finished: a word of it is due.
    pub(super) const fn is_changing(&self) -> bool {
        !self.started || self.frames.is_none()
    }

    /// Queues a frame. News where that begins or ends a shortage.
    pub(super) fn take(&mut self, frame: Frame) -> Option<News> {
        let frames = self.frames.as_ref()?;
        let bytes = frame.data.len();
        let waiting = self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let fits = waiting == bytes || waiting <= BYTES_MAX;
        if fits && frames.try_send(frame).is_ok() {
            let relieved = self.shortage > 0 && waiting <= BYTES_MAX / 2;
            return relieved.then(|| News::Resumed { missed: std::mem::take(&mut self.shortage) });
        }
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.left_out += 1;
        self.shortage += 1;
        (self.shortage == 1).then(|| News::Failed(RecordFault::Behind { folder: self.folder.clone() }))
    }

    /// No more frames: [`News::Finished`] comes when all are written.
    pub(super) fn finish(&mut self) {
        self.frames = None;
    }

    /// What is new. Safe to cancel.
    pub(super) async fn news(&mut self) -> News {
        while let Some(report) = self.reports.recv().await {
            self.written = report.counters;
            if let Some(news) = report.news {
                self.started |= matches!(news, News::Started);
                return news;
            }
        }
        News::Finished
    }
}

/// Writes every frame of the queue. The counters go with each, so that `status` shows them at any moment.
fn write_all(
    mut recorder: Recorder,
    mut queue: mpsc::Receiver<Frame>,
    waiting: &AtomicUsize,
    reports: &mpsc::UnboundedSender<Report>,
) {
    while let Some(frame) = queue.blocking_recv() {
        let bytes = frame.data.len();
        let news = match recorder.write(&frame) {
            Outcome::Written | Outcome::StillFailing => None,
            Outcome::Failed(fault) => Some(News::Failed(fault)),
            Outcome::Resumed { not_written } => Some(News::Resumed { missed: not_written }),
        };
        drop(frame);
        waiting.fetch_sub(bytes, Ordering::Relaxed);
        report(reports, recorder.counters(), news);
    }
}

fn report(reports: &mpsc::UnboundedSender<Report>, counters: RecordCounters, news: Option<News>) {
    // Nobody listens where the client has ended without waiting for the disk.
    reports.send(Report { counters, news }).ok();
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as std_mpsc;

    use bytes::Bytes;
    use protocol::id::StreamId;
    use protocol::serial::Serial;
    use protocol::wire::{Label, TrackKind};

    use super::*;

    #[test]
    fn a_disk_that_stalls_costs_frames_of_the_recording_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (release, stalled) = std_mpsc::channel::<()>();
        let root = folder.path().to_owned();
        let mut recording = Recording::begin(root.clone(), move |_| {
            stalled.recv().ok();
            Recorder::start(&root).ok()
        })
        .unwrap();

        let (taken, more) = (u32::try_from(FRAMES_MAX).unwrap(), 10);
        let news: Vec<News> = (1..=taken + more).filter_map(|number| recording.take(frame(number))).collect();
        assert!(matches!(&news[..], [News::Failed(RecordFault::Behind { .. })]), "{news:?}");
        assert_eq!(recording.counters().not_written, u64::from(more));

        drop(release);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            while recording.counters().written < u64::from(taken) {
                let report = recording.reports.recv().await.unwrap();
                recording.written = report.counters;
            }
            let news = recording.take(frame(taken + more + 1));
            assert!(matches!(news, Some(News::Resumed { missed }) if missed == u64::from(more)), "{news:?}");
            recording.finish();
            assert!(matches!(recording.news().await, News::Finished));
        });
        let all = u64::from(taken + more + 1);
        let counters = recording.counters();
        assert_eq!((counters.written, counters.not_written), (all - u64::from(more), u64::from(more)));
    }

    #[test]
    fn waiting_frames_are_bounded_in_bytes_and_one_always_fits() {
        let folder = tempfile::tempdir().unwrap();
        let (release, stalled) = std_mpsc::channel::<()>();
        let mut recording = Recording::begin(folder.path().to_owned(), move |_| {
            stalled.recv().ok();
            None
        })
        .unwrap();
        let large = Bytes::from(vec![0; BYTES_MAX + 1]);
        assert!(recording.take(Frame { data: large, ..frame(1) }).is_none());
        assert!(matches!(recording.take(frame(2)), Some(News::Failed(RecordFault::Behind { .. }))));
        drop(release);
    }

    fn frame(number: u32) -> Frame {
        Frame {
            producer: "1AAA99".parse().unwrap(),
            stream: StreamId::VIDEO,
            kind: TrackKind::Video,
            extension: Label::new("jpg").unwrap(),
            epoch: 1,
            number: Serial(number),
            media_time: protocol::time::CaptureTime(0),
            captured: protocol::time::Time::ZERO,
            captured_error: None,
            play_at: protocol::time::Time::ZERO,
            data: Bytes::from_static(b"picture"),
        }
    }
}
