//! The last steps: everything recorded, the summary, everything written.

use super::super::error::ShellError;
use super::super::patience::unless_stopped;
use super::super::recording::News;
use super::commands::Figures;
use super::{Shell, next_news};

impl Shell {
    /// Waits for the disk and the output, as long as nobody asks for the end; then for the rest of its second.
    pub(super) async fn leave(mut self) -> Result<(), ShellError> {
        let now = self.clock.now();
        self.take_events(now);
        self.printer.divert(false);
        self.leave_screen().await?;
        self.finish_recording().await?;
        self.report(self.clock.now(), Figures::Summary);
        let abandoned = self.printer.is_closed();
        let Self { clock, mut lifetime, mut stops, printer, network, .. } = self;
        let written = unless_stopped(clock, &mut stops, &mut lifetime, printer.finish()).await?;
        written.unwrap_or(Ok(())).map_err(ShellError::Output)?;
        lifetime.verdict(network.broker(), abandoned)
    }

    /// Ends at once, but with the terminal as it was found.
    pub(super) async fn abandon(self, error: ShellError) -> ShellError {
        self.leave_terminal().await;
        error
    }

    /// Gives the terminal back: whatever else takes its time, Ctrl-C is a signal again.
    async fn leave_screen(&mut self) -> Result<(), ShellError> {
        self.leave_terminal().await;
        if let Some(mut screen) = self.screen.take() {
            let Self { clock, lifetime, stops, logbook, .. } = self;
            screen.give_back();
            *logbook = None;
            unless_stopped(*clock, stops, lifetime, screen.save_history()).await?;
        }
        Ok(())
    }

    /// Everything that was delivered becomes a file. The recording stays, for the summary.
    async fn finish_recording(&mut self) -> Result<(), ShellError> {
        self.next_folder = None;
        if let Some(recording) = &mut self.recording {
            recording.finish();
        }
        while self.recording.is_some() {
            let Self { clock, lifetime, stops, recording, .. } = self;
            match unless_stopped(*clock, stops, lifetime, next_news(recording)).await? {
                Some(News::Finished) | None => break,
                Some(news) => self.take_news(news),
            }
        }
        Ok(())
    }
}
